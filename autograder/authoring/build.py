"""Builds source/ and release/ from assignments/: `make source`.

source/ASSIGNMENT/ASSIGNMENT.ipynb is the author's jupytext script with ids that stay the same, points wherever they are
shown and one hidden line in each graded cell; release/ is what nbgrader's own generate_assignment makes of it. Both are
committed, and a test builds them again and compares every byte.
"""

from __future__ import annotations

import itertools
import os
import pathlib
import re
import shutil
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.authoring.join_selfcheck import JoinError, join
from autograder.course.assignment import Assignment
from autograder.course.cells import digest
from autograder.course.points import RANGE, Graded, PointsError, graded_cells, shown, valid, with_points
from autograder.course.settings import ROOT, Course, CourseError, load_course, script_points, scripts_on_path
from autograder.course.sharing import share_with_group
from autograder.plugins.rubrics import step_points

CHECK_CALL = re.compile(r"""(selfcheck\.check\(\s*["']\w+["'])""")
POINTS_GIVEN = re.compile(r"\s*,\s*points=[\d.]+")
QUESTION = re.compile(r"^## (?=\w)", re.MULTILINE)
STEPS = re.compile(r"^\|.*\|\s*points\s*\|\n\|[-| :]+\|\n(?P<rows>(?:\|.*\|\n?)+)", re.MULTILINE | re.IGNORECASE)
# A number above any maximum wherever our grading did not run (nbgrader then refuses to give marks); beside the source
# notebook, in an instructor's Jupyter, the hidden suite runs.
HIDDEN = """
### BEGIN HIDDEN TESTS
__import__("autograder.instructor").instructor.run("{name}") if __import__("os").path.exists("../../course.toml") else 1e9
### END HIDDEN TESTS"""
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
FAMILIAR = ("jupyter", "nbgrader", "tags")  # "jupyter" folds the code of a figure


class BuildError(ValueError):
    """An assignment's script cannot be built; the message tells its author what to write."""


def build(course: Course, target: pathlib.Path) -> list[str]:
    """Build TARGET/source and TARGET/release for every assignment of the course; return the assignments built."""
    for assignment in course.assignments:
        folder = target / "source" / assignment
        notebook = source_notebook(course, assignment)  # first: a script that cannot be built removes nothing
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_notebook(notebook, folder / f"{assignment}.ipynb")
        if (course.selfcheck / f"{assignment}.py").exists():
            (folder / "selfcheck.py").write_text(self_check(course, assignment), encoding="utf-8")
        (folder / "README.md").write_text(student_readme(course, assignment), encoding="utf-8")
        (folder / "requirements.txt").write_text("\n".join(student_requirements(course.repository)) + "\n")
    release(target, tuple(course.assignments))
    return list(course.assignments)


def source_notebook(course: Course, assignment: str) -> dict[str, Any]:
    """The source notebook of one assignment as nbformat 4.5 JSON. Raises BuildError."""
    import jupytext

    path = course.repository / "assignments" / assignment / f"{assignment}.py"
    if not path.exists():
        raise BuildError(
            f"{path.relative_to(course.repository)} is missing. Write the assignment there, then run `make source`."
        )
    notebook = jupytext.reads(path.read_text(), fmt="py:percent")
    own = graded_cells(notebook.cells)
    changed = course.points.get(assignment, {})
    unknown = changed.keys() - {one.name for one in own}
    if unknown:
        raise BuildError(
            f"[points.{assignment}] in course.toml has {', '.join(sorted(unknown))}, which is no graded cell."
        )
    cells = [cell_json(cell, changed, assignment) for cell in notebook.cells]
    seen: dict[str, int] = {}
    for cell in cells:
        text = filled(
            cell, own, assignment
        )  # of the author's points: an id stays the same when course.toml changes them
        stem = cell["metadata"].get("nbgrader", {}).get("grade_id") or digest(text)
        seen[stem] = seen.get(stem, 0) + 1
        if "nbgrader" in cell["metadata"] and seen[stem] > 1:
            raise BuildError(f"{assignment}: two cells have the grade_id {stem}. Give one of them another.")
        cell["id"] = re.sub(r"[^a-zA-Z0-9_-]", "-", stem if seen[stem] == 1 else f"{stem}-{seen[stem]}")[:64]
    graded = graded_cells(cells)
    for cell in cells:
        cell["source"] = filled(cell, graded, assignment)
    fill_reports(cells, course.assignment(assignment))
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def cell_json(cell: Any, points: Mapping[str, float], assignment: str) -> dict[str, Any]:
    """One cell with the metadata that matters, points of course.toml, and its hidden line if it is graded by us."""
    metadata = {key: cell.metadata[key] for key in FAMILIAR if key in cell.metadata}
    nbgrader = metadata.get("nbgrader", {})
    source = cell.source
    name = nbgrader.get("grade_id", "")
    if nbgrader.get("grade"):
        if not valid(nbgrader.get("points")):
            raise BuildError(f"{assignment}: the points of the cell {name!r} should be {RANGE}.")
        nbgrader["points"] = points.get(name, nbgrader["points"])
    if nbgrader.get("grade") and not nbgrader.get("solution"):
        if not name.startswith("test_") or cell.cell_type != "code":
            raise BuildError(f"{assignment}: the graded cell {name!r} should be a code cell named test_FUNCTION.")
        call = rf"\g<1>, points={shown(nbgrader['points'])}"
        source = CHECK_CALL.sub(call, POINTS_GIVEN.sub("", source))
        source += HIDDEN.format(name=name.removeprefix("test_"))
    result: dict[str, Any] = {"cell_type": cell.cell_type, "metadata": metadata, "source": source}
    if cell.cell_type == "code":
        result |= {"execution_count": None, "outputs": []}
    return result


def filled(cell: Mapping[str, Any], graded: Sequence[Graded], assignment: str) -> str:
    """A cell's source, in a text cell with points where it shows them. Raises BuildError for a wrong placeholder."""
    source = str(cell["source"])
    if cell["cell_type"] != "markdown":
        return source
    try:
        return with_points(source, graded)
    except PointsError as error:
        raise BuildError(f"assignments/{assignment}/{assignment}.py: {error}") from error


def fill_reports(cells: list[dict[str, Any]], assignment: Assignment) -> None:
    """Write the six printed reports of name_the_mistake, and their key into its solution, where a notebook asks for them."""
    places = [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == "mistake_reports"]
    if not places:
        return
    from autograder.authoring.mistake_reports import mistake_key, mistake_reports

    for cell in places:
        cell["source"] = cell["source"].replace("<!-- mistake reports -->", mistake_reports(assignment))
    for cell in cells:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "name_the_mistake":
            cell["source"] = cell["source"].replace("# filled by the build", mistake_key(assignment))


def self_check(course: Course, assignment: str) -> str:
    """selfcheck.py of one assignment, with the points of its functions. Raises BuildError."""
    points = {**(script_points(course.repository, assignment) or {}), **course.points.get(assignment, {})}
    of_functions = {name.removeprefix("test_"): value for name, value in points.items() if name.startswith("test_")}
    table = {name: shown(value) for name, value in of_functions.items() if valid(value)}
    try:
        return join(course.selfcheck, assignment, table)
    except JoinError as error:
        raise BuildError(str(error)) from error


def student_readme(course: Course, assignment: str) -> str:
    """The README that goes with an assignment: how to install, work and hand in."""
    template = (course.repository / "assignments" / "student_readme.md").read_text(encoding="utf-8")
    return template.replace("ASSIGNMENT", assignment)


def rubric_notes(course: Course) -> list[str]:
    """A sentence for each hand-graded question whose rubric has steps that do not add up to its points."""
    notes = []
    for assignment in course.assignments:
        rubric = course.repository / "assignments" / assignment / "rubric.md"
        points = {**(script_points(course.repository, assignment) or {}), **course.points.get(assignment, {})}
        for question in QUESTION.split(rubric.read_text(encoding="utf-8") if rubric.exists() else "")[1:]:
            name, table = question.split()[0], STEPS.search(question)
            steps = sum(map(step_points, table["rows"].splitlines())) if table else 0.0
            if table and name in points and abs(steps - points[name]) > 0.005:
                notes.append(
                    f"assignments/{assignment}/rubric.md: the steps of {name} add up to {shown(steps)}, but the question "
                    f"has {shown(points[name])}: change the steps."
                )
    return notes


def student_requirements(root: pathlib.Path, *more: str) -> list[str]:
    """What a student installs: the ``student`` group of pyproject.toml, pins and all; ours where there is none. more: groups."""
    path = root / "pyproject.toml"
    table = tomllib.loads((path if path.exists() else ROOT / path.name).read_text())
    groups = table["project"]["optional-dependencies"]
    return [package for name in ("student", *more) for package in groups[name]]


def write_notebook(notebook: Mapping[str, Any], path: pathlib.Path) -> None:
    """Write a notebook as nbformat writes it."""
    import nbformat

    node = nbformat.from_dict(notebook)
    nbformat.validate(node)
    path.write_text(nbformat.writes(node) + "\n")


def release(target: pathlib.Path, assignments: tuple[str, ...]) -> None:
    """Run nbgrader's generate_assignment on TARGET/source, with a gradebook that is thrown away."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    scripts_on_path()
    with tempfile.TemporaryDirectory() as scratch:
        config = Config()
        config.CourseDirectory.root = str(target)
        config.CourseDirectory.db_url = f"sqlite:///{scratch}/gradebook.db"
        api = NbGraderAPI(config=config)
        for assignment in assignments:
            shutil.rmtree(target / "release" / assignment, ignore_errors=True)
            result = api.generate_assignment(assignment, force=True, create=True)
            if not result["success"]:
                raise BuildError(f"nbgrader could not release {assignment}:\n{result['log'] or result['error']}")


def main(directory: pathlib.Path = ROOT) -> None:
    """Build source/ and release/ of a course directory, elsewhere first: what is there stays until all is built."""
    share_with_group(directory)
    try:
        course = load_course(directory)
        notes = make(course)
    except (BuildError, CourseError) as error:
        raise SystemExit(str(error)) from None
    if notes and course.directory == course.repository:
        raise SystemExit("\n".join([*notes, "source/ and release/ are built all the same."]))
    print(*notes, sep="\n", end="\n" * bool(notes))  # a course that takes its rubric from elsewhere cannot change it


def make(course: Course) -> list[str]:
    """Build all of the course and say what was built; return what in its rubrics no longer fits its points."""
    with tempfile.TemporaryDirectory(dir=course.directory, prefix=".build-") as scratch:
        built = build(course, pathlib.Path(scratch))
        places = {(t, a): course.directory / t / a for t, a in itertools.product(("source", "release"), built)}
        foreign = [place for place in places.values() if place.exists() and not replaceable(place)]
        if foreign:
            raise BuildError(f"{foreign[0]} belongs to another user. Ask them for `chmod -R g+rwX {foreign[0]}`.")
        for (tree, assignment), place in places.items():
            shutil.rmtree(place, ignore_errors=True)
            place.parent.mkdir(exist_ok=True)
            (pathlib.Path(scratch) / tree / assignment).rename(place)
    print(f"Built source/ and release/ for {', '.join(built)} in {course.directory}.")
    return rubric_notes(course)


def replaceable(folder: pathlib.Path) -> bool:
    """Whether we may delete a folder with all that is in it."""
    return all(os.access(place, os.W_OK | os.X_OK) for place in (folder.parent, folder, *folder.glob("**/")))


if __name__ == "__main__":
    main()
