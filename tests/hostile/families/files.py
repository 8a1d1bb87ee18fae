"""Odd files in the submission's folder: links, pipes, names."""

from __future__ import annotations

import os
import pathlib
import socket
from collections.abc import Callable

from tests.hostile.attack import A, Attack, Targets
from tests.hostile.controls import copied

Files = Callable[[pathlib.Path, Targets], None]


def odd(name: str, files: Files, alone: bool = False) -> Attack:
    """An empty notebook, or none, with these files beside it."""
    return Attack(
        name,
        "a copy as nbgrader makes it",
        copied,
        lambda at: lambda notebook: None if alone else notebook,
        files=files,
    )


def link(name: str, target: str) -> Files:
    """A link of this name to a file beside the secret."""
    return lambda folder, at: (folder / name).symlink_to(at["folder"] + target)


def deep_link(folder: pathlib.Path, at: Targets) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "notes.txt").symlink_to(at["folder"] + "/secret")


def chain(folder: pathlib.Path, at: Targets) -> None:
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to(at["folder"])


def loop(folder: pathlib.Path, at: Targets) -> None:
    (folder / "loop").symlink_to("loop")


def pipe(folder: pathlib.Path, at: Targets) -> None:
    os.mkfifo(folder / "pipe.ipynb")


def listener(folder: pathlib.Path, at: Targets) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(folder)
        made.bind("s.ipynb")
        os.chdir(here)


ATTACKS = (
    odd("a link to a secret", link("notes.txt", "/secret")),
    odd("a link instead of the notebook", link(f"{A}.ipynb", "/other.ipynb"), alone=True),
    odd("a link to a folder", link("more", "")),
    odd("a link in a folder", deep_link),
    odd("a link to a link", chain),
    odd("a link as the time stamp", link("timestamp.txt", "/secret")),
    odd("a link to itself", loop),
    odd("a pipe", pipe),
    odd("a socket", listener),
    odd("a link as the self-check", link("selfcheck.py", "/secret")),
)
