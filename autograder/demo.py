"""`make demo`: a class is made, graded by nbgrader, given feedback, exported and shown, in a folder of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pathlib
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from autograder.course import ROOT, load_course, scripts_on_path
from autograder.reports.results import Graded, read_results
from autograder.sample.recipes import Recipe

CONFIG = """# Made by `make demo`: the course's own nbgrader_config.py serves here too.
from autograder.plugins import configure

c = get_config()
configure(c)
c.CourseDirectory.course_id = "backprop-demo"
"""


def run_demo(folder: pathlib.Path, assignments: Sequence[str], console: Console) -> bool:
    """Make the class below folder, grade it and show what came; return whether every mark is the recipe's.

    nbgrader does all the work, through the API that the formgrader calls.
    """
    from autograder.sample.classes import CLASSES

    start = time.monotonic()
    scripts_on_path()
    recipes = [recipe for assignment in assignments for recipe in CLASSES[assignment]]
    prepare(folder, recipes)
    with in_folder(folder):
        grade(folder, assignments, recipes, console)
    graded = {a: read_results(folder, a) for a in assignments}
    console.print(marks_table(graded, recipes))
    expected = sum(r.expected() == marks(graded, r) for r in recipes)
    seconds = time.monotonic() - start
    console.print(
        f"{len(recipes)} submissions graded in {seconds:.0f} s; {expected} of {len(recipes)} marks are the recipe's own."
    )
    look = [f"{g.student} ({g.assignment})" for rows in graded.values() for g in rows if g.needs_look]
    if look:
        console.print(f"Somebody should look at: {', '.join(look)} (graded 0, with the reason in their feedback).")
    shown = folder.relative_to(pathlib.Path.cwd()) if folder.is_relative_to(pathlib.Path.cwd()) else folder
    console.print(f"Feedback pages: {shown}/feedback/STUDENT/ASSIGNMENT/*.html")
    console.print(f"Grades: {shown}/grades.csv   Gradebook: {shown}/gradebook.db")
    scripts = os.path.relpath(ROOT / ".venv/bin", folder)
    console.print(f"Formgrader: cd {shown} && {scripts}/jupyter lab, then menu Nbgrader > Formgrader")
    return bool(expected == len(recipes))


def prepare(folder: pathlib.Path, recipes: Sequence[Recipe]) -> None:
    """A course directory of its own: config, source, and what the class handed in."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(CONFIG)
    for assignment in sorted({r.assignment for r in recipes}):
        shutil.copytree(ROOT / "source" / assignment, folder / "source" / assignment)
    for recipe in recipes:
        recipe.hand_in(folder / "submitted")


def grade(folder: pathlib.Path, assignments: Sequence[str], recipes: Sequence[Recipe], console: Console) -> None:
    """Generate, autograde, give feedback and export, with nbgrader's own API. Feedback is made in a second process."""
    from nbgrader.api import Gradebook
    from nbgrader.plugins import CsvExportPlugin

    from autograder.plugins.grading import shared_grader

    shared_grader(folder).start()
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    spawn = multiprocessing.get_context("spawn")
    with Progress(*columns, console=console) as progress, ProcessPoolExecutor(1, spawn) as second:
        made = progress.add_task("make assignments", total=len(assignments))
        marked = progress.add_task("autograde", total=len(recipes))
        told = progress.add_task("feedback", total=len(recipes))
        pages: list[Future[None]] = []
        api = course_api(folder)
        for assignment in assignments:
            checked(api.generate_assignment(assignment, force=True, create=True), f"release {assignment}")
            progress.advance(made)
        # Folders without any notebook come last: nbgrader takes them only when it is asked for the whole class.
        for recipe in sorted(recipes, key=lambda r: r.make() is None):
            handed_in = any((folder / "submitted" / recipe.student / recipe.assignment).glob("*.ipynb"))
            result = api.autograde(recipe.assignment, recipe.student if handed_in else "*", force=False)
            checked(result, f"autograde {recipe.student}, {recipe.assignment}")
            progress.advance(marked)
            pages.append(second.submit(give_feedback, str(folder), recipe.assignment, recipe.student))
            pages[-1].add_done_callback(lambda _: progress.advance(told))
        for page in pages:
            page.result()
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        plugin = CsvExportPlugin()
        plugin.to = str(folder / "grades.csv")
        plugin.log.setLevel("WARNING")
        plugin.export(gradebook)


def course_api(folder: pathlib.Path) -> Any:
    """nbgrader's API on a course directory, set up as nbgrader_config.py does."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    from autograder.plugins import configure

    config = Config()
    configure(config)
    config.CourseDirectory.root = str(folder)
    return NbGraderAPI(config=config)


def give_feedback(folder: str, assignment: str, student: str) -> None:
    """Make one feedback page, in a process that keeps nbgrader loaded."""
    with in_folder(pathlib.Path(folder)):
        api = course_api(pathlib.Path(folder))
        checked(api.generate_feedback(assignment, student), f"feedback for {student}")


def checked(result: dict[str, object], what: str) -> None:
    """Raise where nbgrader says that something failed."""
    if not result["success"]:
        raise RuntimeError(f"nbgrader could not {what}:\n{result.get('log') or result.get('error')}")


def marks(graded: dict[str, list[Graded]], recipe: Recipe) -> dict[str, float]:
    """Points by function that a recipe's submission got."""
    row = next((g for g in graded[recipe.assignment] if g.student == recipe.student), None)
    return {name: float(f["points"]) for name, f in row.functions.items()} if row else {}


def marks_table(graded: dict[str, list[Graded]], recipes: Sequence[Recipe]) -> Table:
    """Student by assignment: marks, and one line on what was wrong."""
    table = Table(title="Marks of the autograded functions", show_lines=False)
    for heading in ("student", "assignment"):
        table.add_column(heading, no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("what was wrong first", ratio=1)
    for rows in graded.values():
        for g in rows:
            recipe = next(r for r in recipes if (r.student, r.assignment) == (g.student, g.assignment))
            wrong = "" if recipe.expected() == marks(graded, recipe) else "NOT AS EXPECTED: "
            table.add_row(g.student, g.assignment, f"{g.points:g} / {g.max_points:g}", wrong + g.headline())
        table.add_section()
    return table


@contextlib.contextmanager
def in_folder(folder: pathlib.Path) -> Iterator[None]:
    """nbgrader reads its configuration from the current folder."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def main(folder: str = "demo", assignments: Sequence[str] = ()) -> int:
    """Run the demo from the command line; the exit code says whether every mark was as expected."""
    console = Console(width=max(Console().width, 100))
    course = load_course()
    return 0 if run_demo(pathlib.Path(folder).resolve(), list(assignments or course.assignments), console) else 1
