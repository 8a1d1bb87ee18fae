"""Commands in messages, as they can be typed in the terminal that shows them."""

from __future__ import annotations

import os
import pathlib

import pytest

from autograder.course.settings import scripts_on_path
from autograder.typed import SCRIPTS, typed

COMMAND = "nbgrader autograde a4_bptt"


@pytest.mark.parametrize("activated", [True, False])
def test_a_command_has_its_path_unless_the_environment_is_activated(
    activated: bool, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a command of ours puts its scripts on its own PATH changes nothing; nor does another nbgrader on PATH."""
    other = tmp_path / "other" / "nbgrader"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    places = [str(SCRIPTS)] * activated + [str(other.parent), os.defpath]
    monkeypatch.setenv("PATH", os.pathsep.join(places))
    monkeypatch.chdir(tmp_path)
    scripts_on_path()
    scripts_on_path()
    command = typed(COMMAND)
    assert command.endswith(COMMAND)
    assert (command == COMMAND) == activated
    assert (tmp_path / command.split()[0]).exists() != activated


def test_in_the_repository_the_path_is_the_one_of_the_documentation(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".venv").symlink_to(SCRIPTS.parent)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.defpath)
    assert typed(COMMAND) == f".venv/bin/{COMMAND}"
    assert typed("make source") == "make source"
