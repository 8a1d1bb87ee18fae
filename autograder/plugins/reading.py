"""How nbgrader reads a submission: whatever is in the folder becomes a notebook that can be graded."""

from __future__ import annotations

import os
import pathlib
from functools import lru_cache
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException

from autograder.grading.handed_in import handed_in
from autograder.grading.repair import KEY, Template, read_template
from autograder.plugins import records


class SubmissionExporter(NotebookExporter):  # type: ignore[misc]
    """Reads submissions defensively."""

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> Any:
        """Read a submission by repairing it; read anything else as nbconvert does."""
        if not (isinstance(self.parent, Autograde) and self.parent._sanitizing):
            return super().from_filename(filename, resources=resources, **kwargs)
        import nbformat

        path = pathlib.Path(filename)
        resources.setdefault("metadata", {}).update(name=path.stem, path=str(path.parent))
        notebook = handed_in(path, template_of(self.parent, resources["nbgrader"]["assignment"], path.stem))
        kept = notebook["metadata"][KEY]
        kept["settings"] = getattr(self.parent, "settings", "")
        kept["submission"] = records.digest(path.parent, self.parent.coursedir)
        for line in kept["repairs"]:
            self.log.info("%s: %s", resources["nbgrader"]["student"], line)
        return self.from_notebook_node(nbformat.from_dict(notebook), resources=resources)


def template_of(converter: Autograde, assignment: str, notebook: str) -> Template:
    """What was given out of this notebook."""
    coursedir = converter.coursedir
    folders = [
        pathlib.Path(coursedir.format_path(directory, ".", assignment))
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
