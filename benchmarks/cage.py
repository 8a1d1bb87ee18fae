"""What the cage costs a submission: the same right answers with isolation and without, in turn.

`.venv/bin/python benchmarks/cage.py`. A submission here is a fresh process, its cells and its end; what calls of functions
cost is the same on both sides. Prints milliseconds, their difference and the ratio; on a
busy machine compare the fastest. Writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time

from autograder.course.settings import load_course
from autograder.kernels.cage import Cage
from autograder.kernels.submission import Submission
from autograder.sample.recipes import Recipe


def main() -> None:
    """Measure pairs, print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignment", default="a4_bptt")
    parser.add_argument("--pairs", type=int, default=40)
    options = parser.parse_args()
    course = load_course()
    cells = code_of(options.assignment)
    cages = {name: Cage(course.python, course.limits, name, course.selfcheck) for name in ("standard", "none")}
    for cage in cages.values():
        cage.wait()
        milliseconds(cage, cells)
    pairs = [{name: milliseconds(cage, cells) for name, cage in cages.items()} for _ in range(options.pairs)]
    for cage in cages.values():
        cage.close()
    print(f"{options.assignment}, {len(cells)} cells, {options.pairs} pairs, {os.cpu_count()} cores")
    for name in cages:
        times = [pair[name] for pair in pairs]
        print(f"  {name:<8} median {statistics.median(times):6.1f} ms a submission, fastest {min(times):6.1f} ms")
    more = [pair["standard"] - pair["none"] for pair in pairs]
    ratio = statistics.median(pair["standard"] / pair["none"] for pair in pairs)
    low, _, high = statistics.quantiles(more, n=4)
    print(f"  the cage costs {statistics.median(more):.1f} ms (quartiles {low:.1f}, {high:.1f}); ratio {ratio:.2f}")


def code_of(assignment: str) -> list[str]:
    """The code cells of a right submission, without pictures."""
    cells = json.loads(Recipe(assignment, "right").make() or b"")["cells"]
    return [
        "".join(cell["source"])
        for cell in cells
        if cell["cell_type"] == "code" and "illustration" not in cell["metadata"].get("tags", [])
    ]


def milliseconds(cage: Cage, cells: list[str]) -> float:
    """From the request for a process to its end."""
    start = time.perf_counter()
    submission = Submission(cage, cells)
    submission.begin()
    submission.end()
    return (time.perf_counter() - start) * 1e3


if __name__ == "__main__":
    main()
