"""Builds source/ and release/ from assignments/: `make source`.

source/ASSIGNMENT/ASSIGNMENT.ipynb is the author's jupytext script with ids that stay the same and one hidden line in
each graded cell; release/ is what nbgrader's own generate_assignment makes of it. Both are committed, and a test builds
them again and compares every byte.
"""

from __future__ import annotations

import hashlib
import itertools
import pathlib
import re
import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from typing import Any

from autograder.course import Course, load_course, scripts_on_path

SELF_CHECK_POINTS = re.compile(r"(points=)\d+(\.\d+)?")
# A number above any maximum wherever our grading did not run (nbgrader then refuses to give marks); beside the source
# notebook, in an instructor's Jupyter, the hidden suite runs.
HIDDEN = """
### BEGIN HIDDEN TESTS
__import__("autograder.instructor").instructor.run("{name}") if __import__("os").path.exists("../../course.toml") else 1e9
### END HIDDEN TESTS"""
HIDDEN_REGION = re.compile(r"\n?### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS", re.DOTALL)
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
FAMILIAR = ("nbgrader", "tags")


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
        shutil.copyfile(course.selfcheck, folder / "selfcheck.py")
        (folder / "requirements.txt").write_text("\n".join(student_requirements(course.root)) + "\n")
    release(target, course.assignments)
    return list(course.assignments)


def source_notebook(course: Course, assignment: str) -> dict[str, Any]:
    """The source notebook of one assignment as nbformat 4.5 JSON. Raises BuildError."""
    import jupytext

    path = course.root / "assignments" / assignment / f"{assignment}.py"
    if not path.exists():
        raise BuildError(
            f"{path.relative_to(course.root)} is missing. Write the assignment there, then run `make source`."
        )
    notebook = jupytext.reads(path.read_text(), fmt="py:percent")
    points = course.points.get(assignment, {})
    cells = [cell_json(cell, points, assignment) for cell in notebook.cells]
    seen: dict[str, int] = {}
    for cell in cells:
        stem = cell["metadata"].get("nbgrader", {}).get("grade_id") or digest(cell["source"])
        seen[stem] = seen.get(stem, 0) + 1
        if "nbgrader" in cell["metadata"] and seen[stem] > 1:
            raise BuildError(f"{assignment}: two cells have the grade_id {stem}. Give one of them another.")
        cell["id"] = re.sub(r"[^a-zA-Z0-9_-]", "-", stem if seen[stem] == 1 else f"{stem}-{seen[stem]}")[:64]
    fill_reports(cells, assignment)
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def cell_json(cell: Any, points: Mapping[str, float], assignment: str) -> dict[str, Any]:
    """One cell with the metadata that matters, points of course.toml, and its hidden line if it is graded by us."""
    metadata = {key: cell.metadata[key] for key in FAMILIAR if key in cell.metadata}
    nbgrader = metadata.get("nbgrader", {})
    source = cell.source
    name = nbgrader.get("grade_id", "")
    if nbgrader.get("grade") and name in points:
        nbgrader["points"] = points[name]
        source = SELF_CHECK_POINTS.sub(rf"\g<1>{points[name]:g}", source)
    if nbgrader.get("grade") and not nbgrader.get("solution"):
        if not name.startswith("test_") or cell.cell_type != "code":
            raise BuildError(f"{assignment}: the graded cell {name!r} should be a code cell named test_FUNCTION.")
        source += HIDDEN.format(name=name.removeprefix("test_"))
    result: dict[str, Any] = {"cell_type": cell.cell_type, "metadata": metadata, "source": source}
    if cell.cell_type == "code":
        result |= {"execution_count": None, "outputs": []}
    return result


def fill_reports(cells: list[dict[str, Any]], assignment: str) -> None:
    """Write the six printed reports of name_the_mistake, and their key into its solution, where a notebook asks for them."""
    places = [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == "mistake_reports"]
    if not places:
        return
    from autograder.mistakes.reports import mistake_key, mistake_reports

    for cell in places:
        cell["source"] = cell["source"].replace("<!-- mistake reports -->", mistake_reports(assignment))
    for cell in cells:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "name_the_mistake":
            cell["source"] = cell["source"].replace("# filled by the build", mistake_key(assignment))


def digest(text: str) -> str:
    """A short id from what a cell says, so that it stays the same from build to build."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def student_requirements(root: pathlib.Path) -> list[str]:
    """What a student installs: the ``student`` group of pyproject.toml, pins and all."""
    table = tomllib.loads((root / "pyproject.toml").read_text())
    return list(table["project"]["optional-dependencies"]["student"])


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


def main() -> None:
    """Build the repository's own source/ and release/, elsewhere first: what is there stays until all is built."""
    course = load_course()
    with tempfile.TemporaryDirectory(dir=course.root, prefix=".build-") as scratch:
        built = build(course, pathlib.Path(scratch))
        for tree, assignment in itertools.product(("source", "release"), built):
            place = course.root / tree / assignment
            shutil.rmtree(place, ignore_errors=True)
            place.parent.mkdir(exist_ok=True)
            (pathlib.Path(scratch) / tree / assignment).rename(place)
    print(f"Built source/ and release/ for {', '.join(built)}.")


if __name__ == "__main__":
    main()
