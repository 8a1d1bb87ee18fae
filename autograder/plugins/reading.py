"""How nbgrader reads a submission: whatever lies in the folder becomes a notebook that can be graded."""

from __future__ import annotations

import glob
import json
import os
import pathlib
from functools import lru_cache
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException

from autograder.grading.repair import (
    KEY,
    Repair,
    Template,
    UnreadableError,
    empty_notebook,
    read_notebook,
    read_template,
)
from autograder.plugins.grading import shared_grader
from autograder.seeds import VARIABLE, course_seed, fingerprint

NEW_SEED = "COURSE_SEED_IS_NEW"


class SubmissionExporter(NotebookExporter):  # type: ignore[misc]
    """Reads submissions defensively, and lets no folder of a submission pass unseen.

    nbgrader makes one for each run, after it has listed the folders and before it converts any: that is where folders
    without the right notebook are put on its list.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.parent, Autograde):
            root = pathlib.Path(self.parent.coursedir.root)
            refuse_other_seed(self.parent, root)
            list_every_folder(self.parent)
            shared_grader(root).start()  # torch and the cage load while nbgrader opens its gradebook

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> Any:
        """Read a submission by repairing it; read anything else as nbconvert does."""
        if not (isinstance(self.parent, Autograde) and self.parent._sanitizing):
            return super().from_filename(filename, resources=resources, **kwargs)
        import nbformat

        path = pathlib.Path(filename)
        resources.setdefault("metadata", {}).update(name=path.stem, path=str(path.parent))
        notebook = handed_in(path, template_of(self.parent, resources["nbgrader"]["assignment"], path.stem))
        for line in notebook["metadata"][KEY]["repairs"]:
            self.log.info("%s: %s", path, line)
        if notebook["metadata"][KEY].get("unreadable"):
            self.log.error("%s: %s", path, notebook["metadata"][KEY]["unreadable"])
        return self.from_notebook_node(nbformat.from_dict(notebook), resources=resources)


def handed_in(path: pathlib.Path, template: Template) -> dict[str, Any]:
    """The notebook that was handed in, repaired; or the empty one with the reason why nothing could be read."""
    repair = Repair(template)
    if not path.is_file():
        others = sorted(p for p in path.parent.glob("*.ipynb") if p.is_file())
        if not others:
            held = ", ".join(sorted(p.name for p in path.parent.iterdir())[:5]) or "nothing"
            return empty_notebook(template, f"No notebook was handed in: the folder holds {held}. Hand in {path.name}.")
        path = max(others, key=lambda p: p.stat().st_size)
        repair.said.append(f"The notebook is named {path.name}; it was graded as if it had the right name.")
    try:
        return repair.mend(read_notebook(path.read_bytes()))
    except (UnreadableError, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        return empty_notebook(
            template,
            f"{path.name} could not be read: {why}. It was kept as handed in; save the notebook anew and hand it in again.",
        )


def template_of(converter: Autograde, assignment: str, notebook: str) -> Template:
    """What was given out of this notebook."""
    coursedir = converter.coursedir
    folders = [
        pathlib.Path(coursedir.root) / coursedir.format_path(directory, ".", assignment)
        for directory in (coursedir.source_directory, coursedir.release_directory)
    ]
    paths = [folder / f"{notebook}.ipynb" for folder in folders]
    try:
        return cached_template(*((str(p), os.stat(p).st_mtime_ns) for p in paths))
    except FileNotFoundError as error:
        raise NbGraderException(f"{error} Run `nbgrader generate_assignment {assignment}` first.") from error


@lru_cache(maxsize=16)
def cached_template(source: tuple[str, int], release: tuple[str, int]) -> Template:
    """read_template, once for each state of the two files."""
    return read_template(pathlib.Path(source[0]), pathlib.Path(release[0]))


def list_every_folder(converter: Autograde) -> None:
    """Put the assignment's notebook on nbgrader's list for folders that hold none, or one of another name."""
    coursedir = converter.coursedir
    release = pathlib.Path(coursedir.root) / coursedir.format_path(
        coursedir.release_directory, ".", coursedir.assignment_id
    )
    names = [p.name for p in sorted(release.glob(f"{coursedir.notebook_id}.ipynb"))]
    pattern = converter._format_source(coursedir.assignment_id, coursedir.student_id)
    for folder in glob.glob(pattern):
        if os.path.isdir(folder):
            listed = converter.assignments.setdefault(folder, [])
            listed += [p for p in (os.path.join(folder, name) for name in names) if p not in listed]


def refuse_other_seed(converter: Autograde, root: pathlib.Path) -> None:
    """Raise where the class was graded with another course seed: half a class would meet other numbers."""
    if os.environ.get(NEW_SEED):
        return
    coursedir = converter.coursedir
    pattern = coursedir.format_path(coursedir.autograded_directory, "*", coursedir.assignment_id)
    for path in glob.glob(os.path.join(root, pattern, "*.ipynb"))[:1]:
        with open(path, encoding="utf-8") as file:
            graded = json.load(file)["metadata"].get(KEY, {}).get("seed")
        if graded not in (None, fingerprint(course_seed(root))):
            refusal = (
                f"{path} was graded with another course seed than {VARIABLE} or .course_seed now gives. Put the old seed "
                f"back, or set {NEW_SEED}=1 and grade the whole class again with --force."
            )
            converter.log.error(refusal)  # nbgrader's command swallows what the exception says
            raise NbGraderException(refusal)
