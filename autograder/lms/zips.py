"""A zip of submissions, read without unpacking it: no name in it decides where a file is written, and no size what is read."""

from __future__ import annotations

import io
import pathlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from autograder.grading.files import MAX_FILE
from autograder.grading.handed_in import MAX_NOTEBOOKS

MAX_ENTRIES = 50_000
MAX_TOTAL = 4 << 30  # bytes that are unpacked of one zip, whatever it says of itself
MAX_NAME = 100  # characters of a file's name that are kept
BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError)


class ZipError(ValueError):
    """A zip, or a file in it, cannot be read; the message says why."""


@dataclass(frozen=True)
class Entry:
    """A file in a zip: its path there, and what zipfile knows of it."""

    path: str
    info: zipfile.ZipInfo


class Archive:
    """An open zip. Raises ZipError where it is none."""

    def __init__(self, file: pathlib.Path | io.BytesIO, most: int = MAX_TOTAL) -> None:
        self.left = most
        try:
            self.zip = zipfile.ZipFile(file)
        except FileNotFoundError:
            raise ZipError("there is no such file") from None
        except PermissionError:
            raise ZipError("it may not be read") from None
        except BROKEN as error:
            raise ZipError("it is no whole zip: the download may have been interrupted. Download it again") from error
        files = [Entry(readable(info), info) for info in self.zip.infolist() if not info.is_dir()]
        if len(files) > MAX_ENTRIES:
            raise ZipError(f"it holds {len(files)} files; more than {MAX_ENTRIES} are not read")
        self.outside = [entry.path for entry in files if leads_out(entry.path)]
        self.entries = [one for one in files if not leads_out(one.path) and not made_by_a_system(one.path)]

    def read(self, entry: Entry) -> bytes:
        """The bytes of a file. Raises ZipError."""
        try:
            with self.zip.open(entry.info) as stream:
                data = stream.read(MAX_FILE + 1)
        except BROKEN as error:
            raise ZipError("it is damaged in the zip, or locked with a password") from error
        if len(data) > MAX_FILE:
            raise ZipError(f"it is larger than {MAX_FILE >> 20} MiB")
        self.left -= len(data)
        if self.left < 0:
            raise ZipError("what is in the zip is too large altogether")
        return data

    def notebooks_inside(self, entry: Entry) -> list[tuple[str, bytes]]:
        """The notebooks of a zip in this zip, by name; none of what is packed once more. Raises ZipError."""
        most = min(self.left, MAX_FILE)
        inner = Archive(io.BytesIO(self.read(entry)), most)
        notebooks = [one for one in inner.entries if one.path.endswith(".ipynb")]
        if len(notebooks) > MAX_NOTEBOOKS:
            raise ZipError(f"it holds {len(notebooks)} notebooks")
        self.outside += inner.outside
        found = [(safe_name(one.path), inner.read(one)) for one in notebooks]
        self.left -= most - inner.left
        return found


@contextmanager
def opened(path: pathlib.Path) -> Iterator[Archive]:
    """A zip that is closed at the end. Raises ZipError."""
    archive = Archive(path)
    try:
        yield archive
    finally:
        archive.zip.close()


def readable(info: zipfile.ZipInfo) -> str:
    """The path of a file. Many programs write it in UTF-8 without saying so, and zipfile then reads it as code page 437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def leads_out(path: str) -> bool:
    """Whether a path leads out of the folder that a zip is unpacked in."""
    return path.startswith(("/", "\\")) or ".." in path.replace("\\", "/").split("/")


def made_by_a_system(path: str) -> bool:
    """Whether a file is what macOS or Jupyter adds, not what a student handed in."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))


def safe_name(path: str) -> str:
    """The last part of a path as the name of a file: no folder, nothing hidden, nothing that does not print, not long.

    A notebook is named .ipynb, also where a browser saved it as .ipynb.txt or .ipynb.json.
    """
    name = "".join(c if c.isprintable() else "_" for c in path.replace("\\", "/").rpartition("/")[2]).lstrip(". ")
    for ending in (".ipynb", ".ipynb.txt", ".ipynb.json"):
        if name.lower().endswith(ending):
            name = f"{name[: -len(ending)]}.ipynb"
    stem, dot, suffix = name.rpartition(".")
    return f"{stem[:MAX_NAME]}{dot}{suffix[:MAX_NAME]}" if name else "file"
