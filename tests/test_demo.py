"""`autograder demo`: which folders it takes, what it says instead of a traceback, and who is missing at the end."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from rich.console import Console

from autograder.commands import demo
from autograder.commands.demo import MARKER, DemoError, claim, wanted
from autograder.course.settings import ROOT
from autograder.sample.recipes import Recipe


def files(folder: pathlib.Path) -> set[str]:
    """What lies in a folder."""
    return {path.name for path in folder.iterdir()}


def test_a_new_folder_an_empty_one_and_an_earlier_demo_are_taken(tmp_path: pathlib.Path) -> None:
    """An earlier demo is known by its marker, and everything in it goes."""
    for folder in (tmp_path / "new" / "demo", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        claim(folder)
        assert files(folder) == {MARKER}
        (folder / "submitted" / "ada").mkdir(parents=True)
        (folder / "gradebook.db").write_text("marks")
        (folder / "link").symlink_to(tmp_path)
        claim(folder)
        assert files(folder) == {MARKER}
    assert "delete .autograder-demo" in (tmp_path / "empty" / MARKER).read_text()


def test_a_demo_that_was_interrupted_is_still_a_demo(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim(tmp_path / "demo")
    (tmp_path / "demo" / "submitted").mkdir()
    monkeypatch.setattr(shutil, "rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt):
        claim(tmp_path / "demo")
    monkeypatch.undo()
    claim(tmp_path / "demo")


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def refused(folder: pathlib.Path) -> str:
    """Why a folder is not taken."""
    with pytest.raises(DemoError) as caught:
        claim(folder)
    return str(caught.value)


@pytest.mark.parametrize("name", ["gradebook.db", "nbgrader_config.py", "thesis.txt", ".hidden"])
def test_a_folder_with_anything_in_it_is_left_alone(tmp_path: pathlib.Path, name: str) -> None:
    """Not even the config of a demo makes it one: a course may have been started from it."""
    (tmp_path / name).write_text(demo.CONFIG)
    assert refused(tmp_path) == (
        f"{tmp_path} is not empty, and no earlier demo made it. Name another folder: `autograder demo FOLDER`, or empty "
        "this one yourself."
    )
    assert files(tmp_path) == {name}


@pytest.mark.parametrize("name", ["source", "submitted", "autograder/demo", ".venv/demo", "release/a1_linear_fit"])
def test_a_folder_of_a_course_is_left_alone(tmp_path: pathlib.Path, name: str) -> None:
    """Empty or not there yet: what the demo put there would be the course's."""
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()")
    assert refused(tmp_path / name) == (
        f"{tmp_path / name} is in a folder that the course in {tmp_path} uses. Name another folder: "
        "`autograder demo FOLDER`."
    )
    claim(tmp_path / "demo")
    assert files(tmp_path) == {"nbgrader_config.py", "demo"}


def test_the_folder_that_holds_this_repository_is_left_alone() -> None:
    """Even where a demo once was."""
    for folder in (ROOT, ROOT.parent):
        assert refused(folder) == f"{folder} holds this repository. Name another folder: `autograder demo FOLDER`."


def test_a_folder_that_cannot_be_written(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    assert "is a file. Name another folder" in refused(tmp_path / "file")
    assert "(Not a directory). Name another folder" in refused(tmp_path / "file" / "demo")
    closed = pathlib.Path("/proc/demo")  # not even root can write there
    assert f"cannot write to {closed} (" in refused(closed)


def test_the_assignments_are_those_with_a_sample_class() -> None:
    everything = wanted([])
    assert everything[0] == "a1_linear_fit"
    assert wanted(["a4_bptt", "a1_linear_fit", "a4_bptt"]) == ["a4_bptt", "a1_linear_fit"]
    with pytest.raises(DemoError) as caught:
        wanted(["nope"])
    assert str(caught.value) == (
        f"The course has no assignment nope with a sample class. Name one of {', '.join(everything)}: "
        "`autograder demo --assignment a1_linear_fit`."
    )


@pytest.mark.parametrize("arguments", [["."], ["demo", "--assignment", "nope"]])
def test_the_command_says_a_sentence_and_touches_nothing(tmp_path: pathlib.Path, arguments: list[str]) -> None:
    (tmp_path / "course.toml").write_text("")
    command = [sys.executable, "-m", "autograder.commands.cli", "demo", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.rstrip().endswith((".", "`."))
    assert files(tmp_path) == {"course.toml"}


def test_make_clean_removes_a_demo_and_nothing_else(tmp_path: pathlib.Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    claim(tmp_path / "demo")
    for left in (set(), {"demo"}):
        subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
        assert files(tmp_path) - {"Makefile"} == left
        (tmp_path / "demo").mkdir(exist_ok=True)
        (tmp_path / "demo" / "gradebook.db").write_text("a course of that name")


def test_what_failed_is_the_first_exception() -> None:
    """Of ours the sentence alone; nbgrader's own last line is only that it stopped."""
    error = "Traceback …\n    raise x\nautograder.grading.front.GradingError: Run this.\n\nTraceback …\nSystemExit: 1"
    assert demo.why({"error": error, "log": "[INFO] x"}) == "Run this."
    assert (
        demo.why({"error": "Traceback …\nSystemExit: 1", "log": "[ERROR] no such folder\n"}) == "[ERROR] no such folder"
    )
    assert demo.why({"error": "", "log": None}) == "nbgrader does not say why."


def test_who_is_missing_is_named_at_the_end(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three students: nbgrader grades one, fails on one, and loses one without a word."""
    pair = [Recipe("a1_linear_fit", "right", f"student-00{number}") for number in (1, 2, 3)]
    monkeypatch.setattr("autograder.sample.classes.classes", lambda course: {"a1_linear_fit": tuple(pair)})
    real = demo.course_api

    class Api:
        """nbgrader's API, with two accidents."""

        def __init__(self, folder: pathlib.Path) -> None:
            self.generate_assignment, self.real = real(folder).generate_assignment, real(folder)

        def autograde(self, assignment: str, student: str, **_: object) -> dict[str, object]:
            if student == "student-001":
                return self.real.autograde(assignment, student, force=False)
            error = "Traceback:\n  File\nOSError: no space left on device\n\nTraceback:\nSystemExit: 1"
            return {"success": student == "student-003", "error": error}

    monkeypatch.setattr(demo, "course_api", Api)
    monkeypatch.setattr(demo, "give_feedback", os.path.join)  # runs in another process, which finds it by its name
    console = Console(width=200, record=True)
    assert not demo.run_demo(tmp_path / "demo", ["a1_linear_fit"], console)
    said = console.export_text()
    assert "3 submissions: 1 graded in " in said
    assert " s; 1 of 3 marks are the recipe's own." in said
    assert "Not graded: student-002 (a1_linear_fit): OSError: no space left on device" in said
    assert "Not graded: student-003 (a1_linear_fit): nbgrader left no graded notebook." in said
