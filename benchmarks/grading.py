"""What grading costs, against stock nbgrader with its tests in the student's kernel: `make bench`.

Both sides grade the same submissions of one assignment in the same run, in turn: ours with nbgrader_config.py, stock with
nbgrader's own Execute and, as hidden tests, the same number of in-kernel assertions. Prints seconds a submission, the
ratio, and the memory of the worker and of the kernels' parent. Writes nothing but to a scratch folder.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import statistics
import tempfile
import time
from typing import Any

from autograder.course.cells import nbgrader_of
from autograder.course.settings import ROOT, load_course, scripts_on_path
from autograder.sample.recipes import Recipe

STOCK_TEST = "value = {name} is not None\nassert value\n"


def main() -> None:
    """Run both sides and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignment", default="a4_bptt")
    parser.add_argument("--submissions", type=int, default=8)
    options = parser.parse_args()
    scripts_on_path()
    with tempfile.TemporaryDirectory() as scratch:
        ours = course(pathlib.Path(scratch) / "ours", options.assignment, options.submissions, stock=False)
        stock = course(pathlib.Path(scratch) / "stock", options.assignment, options.submissions, stock=True)
        seconds: dict[str, list[float]] = {"ours": [], "stock": []}
        memory: dict[str, float] = {}
        for number in range(options.submissions):
            for name, api in (("ours", ours), ("stock", stock)):
                start = time.perf_counter()
                result = api.autograde(options.assignment, f"student-{number}")
                assert result["success"], result.get("log")
                seconds[name].append(time.perf_counter() - start)
        memory = processes_memory()
        report(options.assignment, seconds, memory)


def course(root: pathlib.Path, assignment: str, count: int, *, stock: bool) -> Any:
    """A course directory with right submissions, and nbgrader's API on it."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    from autograder.plugins import configure

    config = Config()
    if not stock:
        configure(config)
    config.CourseDirectory.root = str(root)
    shutil.copytree(ROOT / "source" / assignment, root / "source" / assignment)
    if stock:
        in_kernel_tests(root / "source" / assignment / f"{assignment}.ipynb")
    api = NbGraderAPI(config=config)
    assert api.generate_assignment(assignment)["success"]
    for number in range(count):
        recipe = Recipe(assignment, "right", student=f"student-{number}")
        folder = recipe.hand_in(root / "submitted")
        if stock:
            without_illustrations(folder / f"{assignment}.ipynb")
    return api


def in_kernel_tests(path: pathlib.Path) -> None:
    """Give a source notebook plain in-kernel tests, as a stock nbgrader course has them."""
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        meta = nbgrader_of(cell)
        if meta.get("grade") and not meta.get("solution"):
            cell["source"] = STOCK_TEST.format(name=meta["grade_id"].removeprefix("test_"))
    path.write_text(json.dumps(notebook))


def without_illustrations(path: pathlib.Path) -> None:
    """Take figures and demonstrations out of the stock side's work: ours leaves them out too, so the ratio is fair."""
    notebook = json.loads(path.read_text())
    notebook["cells"] = [c for c in notebook["cells"] if "illustration" not in c["metadata"].get("tags", [])]
    path.write_text(json.dumps(notebook))


def processes_memory() -> dict[str, float]:
    """Resident MiB of our worker and of the warm parent of the students' processes."""
    found: dict[str, float] = {}
    for process in pathlib.Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                command = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
                resident = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
            except OSError:  # it ended while we looked
                continue
            for label, module in (("worker", "autograder.grading.worker"), ("kernel parent", "inside.parent")):
                if module in command and "bwrap" not in command[0]:
                    found[label] = max(found.get(label, 0.0), resident)
    return found


def report(assignment: str, seconds: dict[str, list[float]], memory: dict[str, float]) -> None:
    """Print medians after the first submission, which pays for the start, and the ratio."""
    from importlib.metadata import version

    count = len(seconds["ours"])
    print(f"{assignment}, {count} submissions, {os.cpu_count()} cores, nbgrader {version('nbgrader')}")
    for name, times in seconds.items():
        print(f"  {name:<6} first {times[0]:5.2f} s, then median {statistics.median(times[1:]):5.2f} s a submission")
    ratio = statistics.median(s / o for s, o in zip(seconds["stock"][1:], seconds["ours"][1:], strict=True))
    print(f"  ratio stock / ours: {ratio:.1f}")
    for label, mebibytes in memory.items():
        print(f"  {label}: {mebibytes:.0f} MiB resident")
    print(f"  isolation: {load_course().isolation}")


if __name__ == "__main__":
    main()
