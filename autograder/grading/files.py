"""The files of a submission: regular files inside its own folder, read through no link and never beyond a size."""

from __future__ import annotations

import os
import pathlib
import stat
from collections.abc import Iterator
from dataclasses import dataclass

MAX_FILE = 64 << 20
MAX_DEPTH = 20  # folders in folders; what is deeper is not looked at
MAX_FILES = 10_000  # what is below a folder; what comes later is not looked at


class RefusedError(OSError):
    """A file that is not read; the message says why."""


@dataclass(frozen=True)
class Found:
    """What is below a folder, by path relative to it: regular files, and everything else with what it is."""

    files: tuple[str, ...]
    odd: tuple[tuple[str, str], ...] = ()


def files_below(folder: pathlib.Path) -> Found:
    """Everything below a folder; a folder that is a link itself has nothing below it."""
    files: list[str] = []
    odd: list[tuple[str, str]] = []
    for path, mode in walk(folder):
        if stat.S_ISREG(mode):
            files.append(path)
        elif not stat.S_ISDIR(mode):
            odd.append((path, kind_of(mode)))
        if len(files) + len(odd) >= MAX_FILES:
            break
    return Found(tuple(sorted(files)), tuple(sorted(odd)))


def walk(folder: pathlib.Path) -> Iterator[tuple[str, int]]:
    """The path and the mode of all that is below a folder, through no link. What cannot be listed is skipped."""
    for parent, folders, names, here in os.fwalk(folder, follow_symlinks=False):
        inside = os.path.relpath(parent, folder)
        deep = inside.count("/") + 1 >= MAX_DEPTH
        for name in sorted([*folders, *names]):
            try:
                mode = os.stat(name, dir_fd=here, follow_symlinks=False).st_mode
            except OSError:  # gone meanwhile
                continue
            yield os.path.normpath(os.path.join(inside, name)), mode
        if deep:
            folders.clear()  # fwalk goes where this list leads, by one call of itself a folder


def kind_of(mode: int) -> str:
    """What a file is that is no regular one."""
    if stat.S_ISLNK(mode):
        return "a link"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def read_file(folder: pathlib.Path, path: str, most: int = MAX_FILE) -> bytes:
    """The bytes of a regular file below a folder. Raises OSError: RefusedError for a link on the way, or too large a file."""
    file = open_inside(folder, path)
    try:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode):
            raise RefusedError(f"it is {kind_of(about.st_mode)}")
        if about.st_size > most:
            raise RefusedError(f"the file is larger than {most >> 20} MiB")
        with os.fdopen(os.dup(file), "rb") as stream:
            return stream.read(most)
    finally:
        os.close(file)


def open_inside(folder: pathlib.Path, path: str) -> int:
    """A descriptor of a file below a folder, with no link on the way from the folder to it. Raises OSError."""
    *parents, name = pathlib.PurePosixPath(path).parts
    if os.path.isabs(path) or ".." in (*parents, name):
        raise RefusedError("it is outside the submission's folder")
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        for part in parents:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
            os.close(here)
            here = below
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=here)
    finally:
        os.close(here)
