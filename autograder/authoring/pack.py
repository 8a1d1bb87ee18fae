"""What students get of one assignment, as a zip to upload: the same bytes from the same release."""

from __future__ import annotations

import pathlib
import zipfile
from typing import Any

from autograder.course.settings import build_command
from autograder.plugins.course_files import notebook_of
from autograder.plugins.names import unknown_assignment


def release_files(coursedir: Any) -> dict[str, bytes]:
    """The files of release/ASSIGNMENT, by name. Raises LookupError where there is no release."""
    if unknown := unknown_assignment(coursedir):
        raise LookupError(unknown)
    notebook = notebook_of(coursedir, "release_directory", coursedir.assignment_id)
    if not notebook.exists():
        raise LookupError(f"There is no {notebook}. Run `{build_command(pathlib.Path(coursedir.root))}` to build it.")
    return {path.name: path.read_bytes() for path in sorted(notebook.parent.iterdir()) if path.is_file()}


def pack(coursedir: Any, target: pathlib.Path) -> None:
    """Write the zip. Raises LookupError where there is no release."""
    files = release_files(coursedir)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            add_file(archive, f"{coursedir.assignment_id}/{name}", data)


def add_file(archive: zipfile.ZipFile, name: str, data: bytes, mode: int = 0o644) -> None:
    """Add a file without a date, so that the same files make the same zip."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (0o100000 | mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)
