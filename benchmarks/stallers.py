"""How long the worst stallers hold up a class: `.venv/bin/python benchmarks/stallers.py --students 20 --stallers 4`.

One worker grades right answers, with submissions between them that use up all the time they can get. Prints the seconds of
both, and how many more the class took because of the stallers. Writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time

from autograder.course.settings import load_course
from autograder.grading.executor import Executor
from autograder.grading.handed_in import HandedIn
from autograder.sample.accidents import own_cell
from autograder.sample.recipes import Recipe

ENDLESS_CELLS = ["while True: pass"] * 5 + ["def own():\n    pass\nwhile True: pass"] * 5
ALL_SLEEP = """
import time
def sleeping(function, seconds):
    def call(*given):
        time.sleep(seconds)
        return function(*given)
    return call
for name, value in list(globals().items()):
    if callable(value) and getattr(value, "__module__", None) == "__main__" and name not in ("sleeping", "time"):
        globals()[name] = sleeping(value, SECONDS)
"""
MISSING = "def needs():\n    return 1\nnever_defined"  # all cells run again
STALLERS = {
    "cells that never end": ENDLESS_CELLS,
    "functions just within their limit": [ALL_SLEEP.replace("SECONDS", "4.8")],
    "functions that never end": [ALL_SLEEP.replace("SECONDS", "1000")],
    "all of it, and a name that is missing": [*ENDLESS_CELLS[3:7], ALL_SLEEP.replace("SECONDS", "4.8"), MISSING],
}


def main() -> None:
    """Grade the class and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignment", default="a4_bptt")
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--stallers", type=int, default=10)
    options = parser.parse_args()
    course = load_course()
    right = Recipe(options.assignment, "right").make() or b""
    executor = Executor(course, "stallers")
    executor.ready()
    seconds_of(executor, options.assignment, right)
    honest = [seconds_of(executor, options.assignment, right) for _ in range(options.students - options.stallers)]
    usual = statistics.median(honest)
    print(
        f"{options.assignment}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: {usual:.2f} s a right submission"
    )
    more = 0.0
    for number in range(options.stallers):
        name = list(STALLERS)[number % len(STALLERS)]
        took = seconds_of(executor, options.assignment, with_cells(right, STALLERS[name]))
        more += took - usual
        print(f"  {took:6.1f} s  {name}", flush=True)
    executor.shutdown()
    print(
        f"{options.stallers} stallers among {options.students}: {more:.0f} s longer, {more / options.stallers:.1f} s each"
    )


def with_cells(notebook: bytes, code: list[str]) -> bytes:
    """The same notebook with these cells at its end."""
    made = json.loads(notebook)
    made["cells"] += map(own_cell, code)
    return json.dumps(made).encode()


def seconds_of(executor: Executor, assignment: str, notebook: bytes) -> float:
    """What grading one submission takes."""
    start = time.perf_counter()
    executor.submit(HandedIn(f"{assignment}.ipynb", {f"{assignment}.ipynb": notebook}), assignment).result()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
