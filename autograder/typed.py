"""A command in a message as it can be typed here: by its name alone only where the terminal finds our program by it."""

from __future__ import annotations

import os
import pathlib
import shlex
import shutil
import sys

SCRIPTS = pathlib.Path(sys.executable).parent
ADDED = f"{SCRIPTS}{os.sep}."  # as a command adds it to its own PATH: no terminal has it in this form


def typed(command: str) -> str:
    """A command of our environment, such as "nbgrader autograde a4_bptt", with the path of its program where it needs one."""
    program, *arguments = command.split(" ", maxsplit=1)
    ours = SCRIPTS / program
    on_path = os.pathsep.join(place for place in os.environ.get("PATH", "").split(os.pathsep) if place != ADDED)
    found = shutil.which(program, path=on_path)
    if not ours.exists() or (found and os.path.samefile(found, ours)):
        return command
    near = pathlib.Path(".venv/bin", program)
    path = str(near) if near.exists() and near.samefile(ours) else min(os.path.relpath(ours), str(ours), key=len)
    return " ".join([shlex.quote(path), *arguments])
