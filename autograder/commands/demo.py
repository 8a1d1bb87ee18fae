"""`make demo`: a class is made, graded by nbgrader, given feedback, exported and shown, in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from autograder.course.seed import SeedError
from autograder.course.settings import FILE, ROOT, CourseError, load_course, scripts_on_path
from autograder.grading.executor import GradingError
from autograder.grading.words import headline
from autograder.plugins.graded import Graded, read_results
from autograder.sample.recipes import Recipe
from autograder.typed import typed

CONFIG = """# Made by `make demo`: the course's own nbgrader_config.py serves here too.
from autograder.plugins import configure

c = get_config()
configure(c)
c.CourseDirectory.course_id = "backprop-demo"
"""
MARKER = ".autograder-demo"
MARKED = (
    f"`autograder demo` made this folder and empties it when it runs here again. To keep the folder, delete {MARKER}.\n"
)
# A course's folders, nbgrader's and ours: a demo in one of them would be graded, released or committed with the course.
TAKEN = frozenset(
    "source release submitted autograded feedback release_feedback reports downloaded exchange "
    "assignments autograder benchmarks docs node_modules tests".split()
)


class DemoError(RuntimeError):
    """The demo cannot run here; the message says what to do."""


def run_demo(
    folder: pathlib.Path, assignments: Sequence[str], console: Console, repository: pathlib.Path = ROOT
) -> bool:
    """Make the class below folder, grade it and show the marks; return whether every mark is the recipe's.

    nbgrader does all the work, through the API that the formgrader calls. Raises DemoError before anything is written
    where folder may not be used, and GradingError where grading cannot start.
    """
    from autograder.sample.classes import classes

    start = time.monotonic()
    scripts_on_path()
    claim(folder)
    recipes = [recipe for assignment in assignments for recipe in classes(load_course(repository))[assignment]]
    prepare(folder, recipes, repository)
    with in_folder(folder):
        failed = grade(folder, assignments, recipes, console)
    graded = {a: read_results(folder, a) for a in assignments}
    console.print(marks_table(graded, recipes))
    expected = sum(r.expected() == marks(graded, r) for r in recipes)
    seconds = time.monotonic() - start
    console.print(
        f"{len(recipes)} submissions: {sum(map(len, graded.values()))} graded in {seconds:.0f} s; "
        f"{expected} of {len(recipes)} marks are the recipe's own."
    )
    for recipe in recipes:
        if not any(g.student == recipe.student for g in graded[recipe.assignment]):
            reason = failed.get((recipe.student, recipe.assignment), "nbgrader left no graded notebook.")
            console.print(f"Not graded: {recipe.student} ({recipe.assignment}): {reason}")
    look = [f"{g.student} ({g.result.assignment})" for rows in graded.values() for g in rows if g.result.needs_look]
    shown = folder.relative_to(pathlib.Path.cwd()) if folder.is_relative_to(pathlib.Path.cwd()) else folder
    if look:
        why = f"{typed('autograder queue ASSIGNMENT')} --course {shown}"
        console.print(f"Somebody should look at: {', '.join(look)}. Why: {why}", soft_wrap=True)
    console.print(f"Feedback pages: {shown}/feedback/STUDENT/ASSIGNMENT/*.html")
    console.print(f"Grades: {shown}/grades.csv   Gradebook: {shown}/gradebook.db")
    scripts = os.path.relpath(ROOT / ".venv/bin", folder)
    console.print(f"Formgrader: cd {shown} && {scripts}/jupyter lab, then menu Nbgrader > Formgrader")
    return bool(expected == len(recipes))


def claim(folder: pathlib.Path) -> None:
    """Make folder an empty one with the demo's marker. Nothing but an earlier demo is ever emptied.

    Raises DemoError for anything else that holds files, for a folder of a course, and where nothing can be written.
    """
    other = f"Name another folder: `{typed('autograder demo FOLDER')}`."
    course = next((p for p in folder.parents if (p / "nbgrader_config.py").exists() and taken(folder, p)), None)
    if course is not None:
        raise DemoError(f"{folder} is in a folder that the course in {course} uses. {other}")
    if ROOT.is_relative_to(folder):
        raise DemoError(f"{folder} holds this repository. {other}")
    try:
        if folder.exists() and not folder.is_dir():
            raise DemoError(f"{folder} is a file. {other}")
        if folder.is_dir() and any(folder.iterdir()) and not (folder / MARKER).is_file():
            raise DemoError(
                f"{folder} is not empty, and no earlier demo made it. {other[:-1]}, or empty this one yourself."
            )
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKER).write_text(MARKED)
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != MARKER:
                entry.unlink()
    except OSError as error:
        raise DemoError(f"The demo cannot write to {folder} ({error.strerror}). {other}") from error


def taken(folder: pathlib.Path, course: pathlib.Path) -> bool:
    """Whether folder is, or is below, a folder that a course directory uses itself."""
    first = folder.relative_to(course).parts[0]
    return first in TAKEN or first.startswith(".")


def prepare(folder: pathlib.Path, recipes: Sequence[Recipe], repository: pathlib.Path) -> None:
    """A course directory of its own: config, source, and what the class handed in."""
    (folder / "nbgrader_config.py").write_text(CONFIG)
    if repository != ROOT:
        (folder / FILE).write_text(f"repository = {json.dumps(str(repository))}\n", encoding="utf-8")
    for assignment in sorted({r.assignment for r in recipes}):
        shutil.copytree(repository / "source" / assignment, folder / "source" / assignment)
    for recipe in recipes:
        recipe.hand_in(folder / "submitted")


def grade(
    folder: pathlib.Path, assignments: Sequence[str], recipes: Sequence[Recipe], console: Console
) -> dict[tuple[str, str], str]:
    """Generate, autograde, give feedback and export, with nbgrader's own API; return whom it could not grade, and why.

    Feedback is made in a second process. Raises GradingError where grading cannot start.
    """
    from nbgrader.api import Gradebook

    from autograder.plugins.export import CourseCsv
    from autograder.plugins.grading import shared_executor

    executor = shared_executor(folder)
    executor.start()
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    spawn = multiprocessing.get_context("spawn")
    with Progress(*columns, console=console) as progress, ProcessPoolExecutor(1, spawn) as second:
        made = progress.add_task("make assignments", total=len(assignments))
        marked = progress.add_task("autograde", total=len(recipes))
        told = progress.add_task("feedback", total=len(recipes))
        pages: list[Future[None]] = []
        failed: dict[tuple[str, str], str] = {}
        api = course_api(folder)
        for assignment in assignments:
            checked(api.generate_assignment(assignment, force=True, create=True), f"release {assignment}")
            progress.advance(made)
        executor.ready()
        # Folders without any notebook come last: nbgrader takes them only when it is asked for the whole class.
        for recipe in sorted(recipes, key=lambda r: r.make() is None):
            handed_in = any((folder / "submitted" / recipe.student / recipe.assignment).glob("*.ipynb"))
            result = api.autograde(recipe.assignment, recipe.student if handed_in else "*", force=False)
            progress.advance(marked)
            if not result["success"]:
                failed[recipe.student, recipe.assignment] = why(result)
                continue
            pages.append(second.submit(give_feedback, str(folder), recipe.assignment, recipe.student))
            pages[-1].add_done_callback(lambda _: progress.advance(told))
        for page in pages:
            page.result()
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        plugin = CourseCsv()
        plugin.to = str(folder / "grades.csv")
        plugin.log.setLevel("WARNING")
        plugin.export(gradebook)
    return failed


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
    """Raise DemoError where nbgrader says that something failed."""
    if not result["success"]:
        raise DemoError(f"nbgrader could not {what}: {why(result)}")


def why(result: dict[str, object]) -> str:
    """The first exception of nbgrader's traceback, which caused the rest; ours are sentences and need no type."""
    raised = re.search(r"^((?!SystemExit)[A-Za-z_][\w.]*): (.+)$", str(result.get("error") or ""), re.MULTILINE)
    if raised:
        return raised[2] if raised[1].startswith("autograder.") else raised[0]
    log = str(result.get("log") or "").strip().splitlines()
    return log[-1].strip() if log else "nbgrader does not say why."


def marks(graded: dict[str, list[Graded]], recipe: Recipe) -> dict[str, float]:
    """Points by function that a recipe's submission got."""
    row = next((g for g in graded[recipe.assignment] if g.student == recipe.student), None)
    return {name: f.points for name, f in row.result.functions.items()} if row else {}


def marks_table(graded: dict[str, list[Graded]], recipes: Sequence[Recipe]) -> Table:
    """Student by assignment: marks, and one line on what was wrong."""
    table = Table(title="Marks of the autograded functions", show_lines=False)
    for heading in ("student", "assignment"):
        table.add_column(heading, no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("what was wrong first", ratio=1)
    for rows in graded.values():
        for g in rows:
            recipe = next(r for r in recipes if (r.student, r.assignment) == (g.student, g.result.assignment))
            wrong = "" if recipe.expected() == marks(graded, recipe) else "NOT AS EXPECTED: "
            points = f"{g.result.points:g} / {g.result.max_points:g}"
            table.add_row(g.student, g.result.assignment, points, wrong + headline(g.result))
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


def main(folder: str = "demo", assignments: Sequence[str] = (), repository: pathlib.Path = ROOT) -> int:
    """Run the demo from the command line. Exit code 0: every mark is as expected; 1: some are not; 2: it did not run."""
    console = Console(width=max(Console().width, 100))
    try:
        names = wanted(assignments, repository)
        return 0 if run_demo(pathlib.Path(folder).resolve(), names, console, repository) else 1
    except (DemoError, CourseError, SeedError, GradingError) as error:
        print(error, file=sys.stderr)
        return 2


def wanted(names: Sequence[str], repository: pathlib.Path = ROOT) -> list[str]:
    """The assignments that are asked for, each once; all that have a sample class if none is. Raises DemoError."""
    from autograder.sample.classes import classes

    known = list(classes(load_course(repository)))
    if not known:
        raise DemoError("No assignment of this course has a sample class, so there is nothing to show.")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise DemoError(
            f"The course has no assignment {unknown[0]} with a sample class. Name one of {', '.join(known)}: "
            f"`{typed(f'autograder demo --assignment {known[0]}')}`."
        )
    return list(dict.fromkeys(names)) or known
