"""Registers an assignment in nbgrader's gradebook from source/, where nobody has run `nbgrader generate_assignment`."""

from __future__ import annotations

import json
import logging
import pathlib
import tempfile
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import make_url

from autograder.course.cells import nbgrader_of
from autograder.course.settings import build_command, scripts_on_path
from autograder.plugins.records import source_folder
from autograder.typed import typed


class RegistrationError(RuntimeError):
    """An assignment cannot be registered; the message says what to do."""


def register_if_needed(coursedir: Any, log: Any, parent: Any) -> None:
    """Make the gradebook know the assignment as source/ has it, and release/ exist. Raises RegistrationError.

    nbgrader's own GenerateAssignment does it; a release that is there already is left as it is.
    """
    scripts_on_path()
    refuse_server(coursedir)
    assignment = coursedir.assignment_id
    release = pathlib.Path(coursedir.format_path(coursedir.release_directory, ".", assignment))
    built = any(release.glob("*.ipynb"))
    if built and registered(coursedir) == source_cells_of(coursedir):
        return
    log.info("Registering %s in the gradebook, from %s.", assignment, source_folder(coursedir))
    quiet = logging.getLogger("autograder.registration")
    quiet.setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as scratch:
        target = scratch if built else coursedir.release_directory
        copy = CourseDirectory(
            parent=parent, root=coursedir.root, db_url=coursedir.db_url, release_directory=target, log=quiet
        )
        copy.assignment_id = assignment
        try:
            generate = GenerateAssignment(coursedir=copy, parent=parent, log=quiet)
            generate.force = True
            generate.start()
        except NbGraderException as error:
            raise RegistrationError(refusal(coursedir, assignment)) from error


def refuse_server(coursedir: Any) -> None:
    """Raise RegistrationError where the gradebook is on a database server, and something that it needs is missing."""
    url = make_url(coursedir.db_url)
    if url.get_backend_name() == "sqlite":
        return
    try:
        url.get_dialect().import_dbapi()
    except ImportError as error:
        raise RegistrationError(
            f"c.CourseDirectory.db_url needs the package {error.name}. For PostgreSQL run `pip install "
            "'backprop-by-hand[postgres]'` and begin the address with postgresql+psycopg2://."
        ) from error
    if not coursedir.course_id:
        raise RegistrationError(
            'A gradebook on a database server needs the name of the course: add c.CourseDirectory.course_id = "NAME" to '
            "nbgrader_config.py."
        )


def refusal(coursedir: Any, assignment: str) -> str:
    """Why nbgrader would not register an assignment, in a sentence."""
    before, now = registered(coursedir), source_cells_of(coursedir)
    changed = sorted(before.keys() ^ now.keys())
    if before and changed:
        return (
            f"{', '.join(changed)}: cells were added to or removed from {assignment} after work was handed in, and nbgrader "
            "cannot change a registered notebook in that way. Restore them in source/, or start a new gradebook."
        )
    command = typed(f"nbgrader generate_assignment {assignment} --force")
    return f"nbgrader could not register {assignment}. Run `{command}` to see why."


def registered(coursedir: Any) -> dict[str, tuple[float, str]]:
    """Graded cells that the gradebook has of the assignment: points, and the text of locked ones."""
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            notebooks = gradebook.find_assignment(coursedir.assignment_id).notebooks
        except MissingEntry:
            return {}
        texts = {c.name: c.source for n in notebooks for c in n.source_cells if c.locked}
        return {c.name: (float(c.max_score), texts.get(c.name, "")) for n in notebooks for c in n.grade_cells}


def source_cells_of(coursedir: Any) -> dict[str, tuple[float, str]]:
    """The same, of source/. Raises RegistrationError where there is no source notebook."""
    folder = source_folder(coursedir)
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        raise RegistrationError(
            f"{folder} holds no notebook. Run `{build_command(pathlib.Path(coursedir.root))}` to build it."
        )
    cells = [cell for path in paths for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    graded = [cell for cell in cells if nbgrader_of(cell).get("grade")]
    return {
        nbgrader_of(c)["grade_id"]: (
            float(nbgrader_of(c)["points"]),
            "" if nbgrader_of(c).get("solution") else "".join(c["source"]),
        )
        for c in graded
    }
