"""A teacher's first hour: the roads that people walked, and where they stumbled."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from autograder.course.settings import ROOT, load_course
from autograder.grading.handed_in import shown
from autograder.plugins.grading import close_executor, shared_executor
from autograder.sample.recipes import Recipe
from tests.commands import (
    SCRIPTS,
    code_scores,
    comments,
    expected,
    fresh_clone,
    graded,
    made,
    nbgrader,
)

A = "a1_linear_fit"
ALL = tuple(Recipe(A, "right").expected())
RIGHT = Recipe(A, "right", student="ada")
BLANK = Recipe(A, "blank", student="ben", stubs=ALL)
HALF = Recipe(A, "half", student="cem", stubs=ALL[4:])
CLASS = (RIGHT, BLANK, HALF, *(replace(RIGHT, student=f"s{n}") for n in range(3)))


# ---- a fresh clone -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The repository as somebody gets it, with one submission put into it."""
    root = fresh_clone(tmp_path_factory.mktemp("clone") / "course")
    RIGHT.hand_in(root / "submitted")
    return root


def in_clone(root: pathlib.Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the README there, with the clone's own code, in a terminal where no environment is activated."""
    path = os.pathsep.join(place for place in os.environ["PATH"].split(os.pathsep) if place != str(SCRIPTS))
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(root), **variables}
    return subprocess.run(
        command,
        shell=True,
        cwd=root,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=240,
        check=False,
    )


def commands_of(page: str, *words: str) -> list[str]:
    """The commands of a page in backticks or indented blocks that contain one of these words, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(r"`(\.venv/bin/[^`]+)`|^    (\.venv/bin/.+)$", text, re.MULTILINE)
    lines = [one or other for one, other in found]
    return [line for line in lines if any(word in line for word in words)]


def test_the_readmes_commands_grade_in_a_fresh_clone(clone: pathlib.Path) -> None:
    """release/ is committed and nothing is registered: the commands, word for word, give a mark, a page and a report."""
    commands = commands_of("README.md", "nbgrader", "report", "explain")
    assert len(commands) == 4
    printed = []
    for command in commands:
        ran = in_clone(clone, command.replace("a4_bptt", A).replace("STUDENT", "ada").replace("FUNCTION", "predict"))
        assert ran.returncode == 0, ran.stdout
        assert "Traceback" not in ran.stdout
        assert "nrecognized" not in ran.stdout  # a trait of our config that nothing reads
        printed.append(ran.stdout)
    assert f"Next: .venv/bin/nbgrader generate_feedback {A}\n" in printed[2]  # as it can be typed here
    assert sum(said.count("This machine lacks") for said in printed[1:]) == 0  # once, where a class is graded
    assert code_scores(clone, A) == expected([RIGHT])
    assert (clone / "feedback" / "ada" / A / f"{A}.html").exists()


def test_an_old_python_is_refused_before_pip_is_asked(tmp_path: pathlib.Path) -> None:
    """For each of the two environments, in our own words."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / ".venv").mkdir()
    old = tmp_path / "python3.10"
    code = "import sys; sys.version_info = (3, 10, 4); exec(sys.argv[2])"
    old.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{code}' \"$@\"\n")
    old.chmod(0o755)
    for name in (".venv", ".venv-student"):
        ran = subprocess.run(
            ["make", "venv", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ran.returncode != 0
        assert f"{name}/installed" in ran.stderr
        assert ran.stderr.startswith("This needs Python 3.11 or newer, found 3.10. Name another one: make venv PYTHON=")
        (tmp_path / ".venv" / "installed").touch()


def test_autograde_alone_registers_the_assignment(clone: pathlib.Path) -> None:
    """Whoever forgets generate_assignment is graded all the same."""
    (clone / "gradebook.db").unlink()
    ran = in_clone(clone, f".venv/bin/nbgrader autograde {A}")
    assert ran.returncode == 0, ran.stdout
    assert code_scores(clone, A) == expected([RIGHT])


BROKEN = {
    'python = ".venv-student/bin/python"': ('python = "nowhere/bin/python"', "nowhere/bin/python"),
    "call = 5": ("sell = 5", "sell"),
    "cost_share = 0.125": ("cost_share = ", "course.toml"),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("line", BROKEN)
def test_a_broken_set_up_touches_no_folder(clone: pathlib.Path, line: str) -> None:
    """Under --force, too: one sentence, and what was graded stays."""
    before = graded(clone, "ada")
    path = clone / "course.toml"
    text = path.read_text()
    assert line in text
    path.write_text(text.replace(line, BROKEN[line][0]))
    try:
        ran = in_clone(clone, f".venv/bin/nbgrader autograde {A} --force")
    finally:
        path.write_text(text)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stdout
    (said,) = [line for line in ran.stdout.splitlines() if "ERROR" in line]
    assert BROKEN[line][1] in said
    assert graded(clone, "ada") == before


def test_isolation_off_is_said_wherever_marks_are_read(clone: pathlib.Path) -> None:
    """The graded notebook and the gradebook's comment say so."""
    ran = in_clone(clone, f".venv/bin/nbgrader autograde {A} --force", AUTOGRADER_ISOLATION="none")
    assert ran.returncode == 0, ran.stdout
    assert 'isolation = "none"' in ran.stdout
    assert graded(clone, "ada")["isolation"] == "none"
    assert 'isolation = "none"' in comments(clone, "ada")


# ---- sentences in place of tracebacks ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A course directory with one submission."""
    return made(tmp_path_factory.mktemp("small"), [RIGHT])


def test_a_renamed_assignment_gets_a_sentence(course: pathlib.Path) -> None:
    """hw4 made from a1: one line, no KeyError a student."""
    shutil.copytree(course / "source" / A, course / "source" / "hw4")
    shutil.copytree(course / "submitted" / "ada" / A, course / "submitted" / "ada" / "hw4")
    (course / "source" / "hw4" / f"{A}.ipynb").rename(course / "source" / "hw4" / "hw4.ipynb")
    ran = nbgrader(course, "autograde", "hw4")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stdout
    assert "hw4 is not an assignment of this course" in ran.stdout


def test_a_course_directorys_own_settings_count(course: pathlib.Path) -> None:
    """Wherever it is: its course.toml is the one that is read, and refused."""
    (course / "course.toml").write_text("[limits]\ncall = 1\n")
    assert load_course(course).limits.call == 1
    (course / "course.toml").write_text("[limits]\nsell = 1\n")
    ran = nbgrader(course, "autograde", A)
    (course / "course.toml").unlink()
    assert ran.returncode == 1
    assert "Traceback" not in ran.stdout
    assert '[limits] has no "sell"' in ran.stdout


def test_a_running_server_rereads_the_course_file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Lab that graded once takes new limits for the next submission; unchanged settings keep their worker."""
    first = shared_executor(tmp_path)
    assert shared_executor(tmp_path) is first
    changed = replace(load_course(), cost_share=0.25)
    monkeypatch.setattr("autograder.plugins.grading.load_course", lambda *_: changed)
    second = shared_executor(tmp_path)
    assert second is not first
    assert second.course.cost_share == 0.25
    close_executor(tmp_path)


def test_a_shared_course_stays_writable_for_its_group(tmp_path: pathlib.Path) -> None:
    """In a folder that its group may write and that hands on its group, the group may write what a command makes."""
    code = (
        "import os, pathlib; from autograder.course.sharing import share_with_group; os.umask(0o022); here = pathlib.Path();"
        "share_with_group(here); pathlib.Path('made').mkdir(); pathlib.Path('gradebook.db').touch(0o644)"
    )
    for mode, rights, gradebook in ((0o755, 0o755, 0o644), (0o2775, 0o775, 0o664)):
        folder = tmp_path / oct(mode)
        folder.mkdir()
        folder.chmod(mode)
        subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
        assert (folder / "made").stat().st_mode & 0o777 == rights
        assert (folder / "gradebook.db").stat().st_mode & 0o777 == gradebook


def test_a_students_file_name_is_fit_for_a_message() -> None:
    """Plain characters only, and not long."""
    assert shown("a <script>alert(1)</script>\x1b[31m.ipynb") == "a ?script?alert(1)?/script???31m.ipynb"
    assert len(shown("x" * 300)) == 60
