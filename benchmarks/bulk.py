"""What grading a class costs, against stock nbgrader with PyTorch tests in the student's kernel: `make bench`.

Both sides grade the same submissions in one run on one machine, and must give the same marks: right ones in several styles,
and some with one function unwritten on which nothing depends. Seconds a submission are the slope between two class sizes, so
that no start-up is in them. "lean": figures and demonstrations are taken out of the submissions for both sides, since ours
leaves them out anyway. Writes docs/performance.md with --write; all else goes to a scratch folder.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.course.cells import ILLUSTRATION, nbgrader_of
from autograder.course.settings import ROOT, load_course
from autograder.sample.recipes import Recipe
from tests.commands import SCRIPTS, code_scores

TEST = "from benchmarks.stock_tests import passes\nassert passes({assignment!r}, {name!r}, globals())\n"
STUB_EVERY = 5  # every so many submissions lack one function
PAGE = ROOT / "docs" / "performance.md"


@dataclass(frozen=True)
class Way:
    """A way to grade: its commands, the sizes of its two classes, and whether it is stock nbgrader."""

    name: str
    commands: Sequence[Sequence[str]]
    sizes: tuple[int, int]
    stock: bool = False


def ways(assignment: str, sizes: tuple[int, int], stock: tuple[int, int]) -> list[Way]:
    """The ways that are compared; those with pages after those without."""
    grade, plain = ("autograder", "grade", assignment), ("nbgrader", "autograde", assignment)
    pages = ("nbgrader", "generate_feedback", assignment)
    return [
        Way("stock nbgrader", [plain], stock, stock=True),
        Way("nbgrader autograde with our config", [plain], (sizes[0] // 2, sizes[1] // 2)),
        Way("autograder grade, 1 worker", [(*grade, "--workers", "1")], sizes),
        Way("autograder grade", [grade], sizes),
        Way("stock nbgrader with pages", [plain, pages], stock, stock=True),
        Way("autograder grade --feedback", [(*grade, "--feedback")], sizes),
    ]


def main() -> None:
    """Run every way and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignment", default="a4_bptt")
    parser.add_argument("--sizes", type=int, nargs=2, default=(20, 80), help="classes for our ways")
    parser.add_argument("--stock", type=int, nargs=2, default=(2, 6), help="classes for stock nbgrader")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = parser.parse_args()
    lines = []
    for lean in (True, False):
        lines += table(options.assignment, tuple(options.sizes), tuple(options.stock), options.repeats, lean)
    print("\n".join(lines))
    if options.write:
        before = PAGE.read_text(encoding="utf-8").partition("<!-- measured -->")[0]
        PAGE.write_text(before + "\n".join(["<!-- measured -->", "", *lines, ""]), encoding="utf-8")


def table(assignment: str, sizes: tuple[int, int], stock: tuple[int, int], repeats: int, lean: bool) -> list[str]:
    """One class: a line for each way with median, spread, and the ratio to the stock way of the same kind."""
    found: dict[str, list[float]] = {}
    for _ in range(repeats):
        for way in ways(assignment, sizes, stock):
            found.setdefault(way.name, []).append(slope(way, assignment, lean))
            print(f"{way.name}: {found[way.name][-1]:.3f} s", file=sys.stderr)
    kind = "figures taken out on both sides" if lean else "as handed in"
    runs = "one run" if repeats == 1 else f"{repeats} runs"
    lines = [f"{assignment}, {kind}, {os.cpu_count()} cores, {runs}:", ""]
    lines += ["| way | seconds a submission | from, to | ratio |", "| --- | ---: | ---: | ---: |"]
    base = 0.0
    for name, seconds in found.items():
        median = statistics.median(seconds)
        base = median if name.startswith("stock") else base
        lines.append(f"| {name} | {median:.3f} | {min(seconds):.3f}, {max(seconds):.3f} | {base / median:.0f} × |")
    return [*lines, ""]


def slope(way: Way, assignment: str, lean: bool) -> float:
    """Seconds that one more submission costs."""
    small, large = (seconds(way, assignment, size, lean) for size in way.sizes)
    return (large - small) / (way.sizes[1] - way.sizes[0])


def seconds(way: Way, assignment: str, size: int, lean: bool) -> float:
    """How long a class takes, without what stock tests take to be found. Every mark must be the recipe's."""
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch)
        recipes = hand_in(root, assignment, size, lean)
        config = "" if way.stock else (ROOT / "nbgrader_config.py").read_text()
        (root / "nbgrader_config.py").write_text(config or "c = get_config()\n")
        shutil.copytree(ROOT / "source" / assignment, root / "source" / assignment)
        if way.stock:
            in_kernel_tests(root / "source" / assignment / f"{assignment}.ipynb", assignment)
        run(root, "nbgrader", "generate_assignment", assignment)
        begin = time.perf_counter()
        for command in way.commands:
            run(root, *command)
        took = time.perf_counter() - begin
        expected = {recipe.student: round(sum(recipe.expected().values()), 2) for recipe in recipes}
        assert code_scores(root, assignment) == expected, way.name
        setup = root / "setup"
        return took - (sum(map(float, setup.read_text().split())) if setup.exists() else 0.0)


def run(root: pathlib.Path, script: str, *arguments: str) -> None:
    """Run a command in a course directory."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "BENCH_SETUP": str(root / "setup"), "PYTHONPATH": path}
    environment["PATH"] = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        [SCRIPTS / script, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]


def hand_in(root: pathlib.Path, assignment: str, size: int, lean: bool) -> list[Recipe]:
    """An honest class: our solution and those of other styles in turn, some without one function."""
    functions = load_course().assignment(assignment).functions
    lower = {need for function in functions.values() for need in function.needs}
    leaf = [name for name in functions if name not in lower][-1]
    recipes = []
    for number in range(size):
        stubs = (leaf,) if number % STUB_EVERY == STUB_EVERY - 1 else ()
        recipe = Recipe(assignment, "right", student=f"student-{number:04}", stubs=stubs)
        path = recipe.hand_in(root / "submitted") / f"{assignment}.ipynb"
        if lean:
            notebook = json.loads(path.read_text())
            cells = notebook["cells"]
            notebook["cells"] = [cell for cell in cells if ILLUSTRATION not in cell["metadata"].get("tags", [])]
            path.write_text(json.dumps(notebook))
        recipes.append(recipe)
    return recipes


def in_kernel_tests(path: pathlib.Path, assignment: str) -> None:
    """Give a source notebook in-kernel tests, as a stock nbgrader course has them."""
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        meta = nbgrader_of(cell)
        if meta.get("grade") and not meta.get("solution"):
            cell["source"] = TEST.format(assignment=assignment, name=meta["grade_id"].removeprefix("test_"))
    path.write_text(json.dumps(notebook))


if __name__ == "__main__":
    main()
