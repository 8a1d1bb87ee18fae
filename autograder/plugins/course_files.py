"""Where a course directory keeps its files: nbgrader's own names, or those that its nbgrader_config.py sets."""

from __future__ import annotations

import glob
import pathlib
import re
from dataclasses import dataclass
from typing import Any

from autograder.course.settings import scripts_on_path

ANYBODY, ANYTHING = "\0", "\1"  # stand for a student and an assignment while a pattern is built


@dataclass(frozen=True)
class Folder:
    """One student's folder of one assignment, in submitted/ or autograded/."""

    student: str
    assignment: str
    path: pathlib.Path


def course_directory(root: pathlib.Path) -> Any:
    """nbgrader's CourseDirectory of this folder. Raises LookupError where its configuration cannot be read.

    Only the folder's own nbgrader_config.py is read; ROOT is the course directory unless that file names another one.
    """
    scripts_on_path()
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    config = Config()
    path = root / "nbgrader_config.py"
    if path.exists():
        try:
            config = PyFileConfigLoader(path.name, str(root)).load_config()
        except Exception as error:  # the file is Python, so anything can go wrong in it
            raise LookupError(f"{path} cannot be read: {error!r}. Fix that file; nbgrader reads it, too.") from error
    if "root" not in config.CourseDirectory:
        config.CourseDirectory.root = str(root.absolute())
    return CourseDirectory(config=config)


def folders(coursedir: Any, step: str, student: str = "", assignment: str = "") -> list[Folder]:
    """The folders of a step ("submitted_directory" or "autograded_directory"), by student; "" is any name."""
    place = coursedir.format_path(getattr(coursedir, step), student or ANYBODY, assignment or ANYTHING)
    wanted = glob.escape(place).replace(ANYBODY, "*").replace(ANYTHING, "*")
    names = re.escape(place)
    names = names.replace(re.escape(ANYBODY), "(?P<student>[^/]+)")
    names = names.replace(re.escape(ANYTHING), "(?P<assignment>[^/]+)")
    found = []
    for path in sorted(glob.glob(wanted)):
        match = re.fullmatch(names, path)
        if match and pathlib.Path(path).is_dir():
            known = {"student": student, "assignment": assignment, **match.groupdict()}
            found.append(Folder(known["student"], known["assignment"], pathlib.Path(path)))
    return found


def notebook_of(coursedir: Any, step: str, assignment: str) -> pathlib.Path:
    """The notebook of an assignment in source/ or release/ ("source_directory" or "release_directory")."""
    return pathlib.Path(coursedir.format_path(getattr(coursedir, step), ".", assignment)) / f"{assignment}.ipynb"
