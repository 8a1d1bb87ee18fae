"""Grading again: after a kill, a change, another rule or another teacher, every mark is right and nothing is lost."""

from __future__ import annotations

import ctypes
import json
import os
import pathlib
import re
import signal
import subprocess
from contextlib import closing
from dataclasses import replace

import pytest
from nbgrader.api import Gradebook

from autograder.grading.repair import KEY
from autograder.sample.accidents import edit_cell
from autograder.sample.recipes import Recipe
from tests.commands import (
    SCRIPTS,
    code_scores,
    ended,
    expected,
    graded,
    interrupted,
    made,
    nbgrader,
    started,
)
from tests.course import CLASSES

A = "a1_linear_fit"
ALL = tuple(Recipe(A, "right").expected())
RIGHT = Recipe(A, "right", student="ada")
BLANK = Recipe(A, "blank", student="ben", stubs=ALL)
HALF = Recipe(A, "half", student="cem", stubs=ALL[4:])
CLASS = (RIGHT, BLANK, HALF, *(replace(RIGHT, student=f"s{n}") for n in range(3)))


# ---- one class, interrupted ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A course directory with a small class."""
    return made(tmp_path_factory.mktemp("first-hour"), CLASS)


def test_an_interrupted_class_is_graded_to_the_end(course: pathlib.Path) -> None:
    """Killed, terminated and stopped at different moments; then every mark is right and everybody is accounted for."""
    for number, words, times in (
        (signal.SIGKILL, "Converting notebook", 2),
        (signal.SIGINT, "Overwriting files", 1),
        (signal.SIGTERM, "Writing", 3),
        (signal.SIGINT, "Converting notebook", 1),
    ):
        code, said = interrupted(course, number, words, times, "autograde", A, "--debug")
        assert code != 0, said
        if number == signal.SIGINT:
            assert "Traceback" not in said
            assert "Run the same command again: it grades the rest" in said
    last = nbgrader(course, "autograde", A)
    assert last.returncode == 0, last.stdout
    assert re.search(rf"{A}: {len(CLASS)} submissions, \d+ graded, \d+ unchanged\.", last.stdout)
    assert code_scores(course, A) == expected(CLASS)


@pytest.mark.thorough
def test_a_class_of_300_survives_two_kills(tmp_path: pathlib.Path) -> None:
    """300 submissions of the largest assignment, killed twice in the middle: every mark right, everybody accounted for."""
    kinds = [recipe for recipe in CLASSES["a4_bptt"] if not recipe.stopped and not recipe.needs_look]
    recipes = [replace(kinds[n % len(kinds)], student=f"student-{n:03}") for n in range(300)]
    root = made(tmp_path / "large", recipes)
    for submissions in (70, 110):
        code, said = interrupted(
            root, signal.SIGKILL, "Converting notebook", submissions, "autograde", "a4_bptt", "--debug"
        )
        assert code == -signal.SIGKILL, said
    last = ended(started(root, "autograde", "a4_bptt"), seconds=1800)
    assert "a4_bptt: 300 submissions, " in last.stdout
    assert "not graded" not in last.stdout
    assert code_scores(root, "a4_bptt") == expected(recipes)


@pytest.mark.thorough
@pytest.mark.parametrize("times", range(1, 13))
@pytest.mark.parametrize("words", ["Creating/updating", "Converting notebook", " points", "Writing"])
def test_ctrl_c_always_stops(tmp_path: pathlib.Path, words: str, times: int) -> None:
    """Wherever it comes: exit code 130, no traceback, and the class can be graded to the end."""
    recipes = [replace(RIGHT, student=f"s{n:02}") for n in range(12)]
    root = made(tmp_path / "stopped", recipes)
    code, said = interrupted(root, signal.SIGINT, words, times, "autograde", A, "--debug")
    assert code == 130, said
    assert "Traceback" not in said
    assert nbgrader(root, "autograde", A).returncode == 0
    assert code_scores(root, A) == expected(recipes)


def test_what_is_half_graded_is_graded_again(course: pathlib.Path) -> None:
    """Each state in which a kill can leave a submission: cut in writing, without results, without marks in the gradebook."""
    places = {s: course / "autograded" / s / A / f"{A}.ipynb" for s in ("ada", "ben", "cem", "s0")}
    for place in places.values():
        place.chmod(0o644)
    places["ada"].write_bytes(places["ada"].read_bytes()[:5000])
    notebook = json.loads(places["ben"].read_text())
    del notebook["metadata"][KEY]["functions"]
    places["ben"].write_text(json.dumps(notebook))
    places["cem"].unlink()
    with closing(Gradebook(f"sqlite:///{course}/gradebook.db")) as gradebook:
        gradebook.find_grade("test_predict", A, A, "s0").auto_score = None
        gradebook.db.commit()
    ran = nbgrader(course, "autograde", A)
    assert f"{len(CLASS)} submissions, 4 graded, 2 unchanged" in ran.stdout, ran.stdout
    assert code_scores(course, A) == expected(CLASS)
    assert all("functions" in graded(course, recipe.student) for recipe in CLASS)


def test_content_decides_what_is_stale(course: pathlib.Path) -> None:
    """A replaced file counts without a newer timestamp; the page follows the mark; nothing else is done again."""
    assert nbgrader(course, "generate_feedback", A).returncode == 0
    page = course / "feedback" / "ben" / A / f"{A}.html"
    old, others = page.read_text(), course / "feedback" / "ada" / A / f"{A}.html"
    before = others.stat().st_mtime_ns
    path = replace(RIGHT, student="ben").hand_in(course / "submitted") / f"{A}.ipynb"
    os.utime(path, (0, 0))
    ran = nbgrader(course, "autograde", A)
    assert f"{len(CLASS)} submissions, 1 graded, {len(CLASS) - 1} unchanged" in ran.stdout, ran.stdout
    assert code_scores(course, A)["ben"] == expected([RIGHT])["ada"]
    assert nbgrader(course, "generate_feedback", A).returncode == 0
    assert page.read_text() != old
    assert others.stat().st_mtime_ns == before
    assert not (page.parent / "selfcheck.py").exists()


@pytest.mark.thorough
def test_due_date_and_policy_reach_marks_that_are_given(course: pathlib.Path) -> None:
    """A late penalty comes and goes with the rule and the due date, without --force."""

    def penalty() -> float:
        with closing(Gradebook(f"sqlite:///{course}/gradebook.db")) as gradebook:
            return gradebook.find_submission(A, "ada").late_submission_penalty or 0.0

    (course / "submitted" / "ada" / A / "timestamp.txt").write_text("2026-03-02 10:00:00 UTC")
    config = (course / "nbgrader_config.py").read_text()
    rule = 'c.LateSubmissionPlugin.penalty_method = "zero"\n'
    (course / "nbgrader_config.py").write_text(config + rule)
    for due, expected_penalty in (("2026-03-01 00:00 UTC", True), ("2026-03-09 00:00 UTC", False)):
        assert nbgrader(course, "db", "assignment", "add", A, f"--duedate={due}").returncode == 0
        ran = nbgrader(course, "autograde", A)
        assert f"{len(CLASS)} graded, 0 unchanged" in ran.stdout, ran.stdout
        assert bool(penalty()) == expected_penalty
    (course / "nbgrader_config.py").write_text(config)


def test_a_timestamp_that_is_no_date_costs_nothing(course: pathlib.Path) -> None:
    """The submission is flagged, with a date as an example, and graded."""
    path = course / "submitted" / "s1" / A / "timestamp.txt"
    path.write_text("2 Feb, noon")
    (course / "submitted" / "stray.ipynb").write_text("{}")
    ran = nbgrader(course, "autograde", A)
    for left in (path, course / "submitted" / "stray.ipynb"):
        left.unlink()
    assert "Traceback" not in ran.stdout
    assert "s1 needs a look: timestamp.txt is no date" in ran.stdout
    assert "stray.ipynb is in no folder of an assignment" in ran.stdout
    assert code_scores(course, A)["s1"] == expected([RIGHT])["ada"]


def test_what_a_person_marked_waits_again_only_when_it_changed(course: pathlib.Path) -> None:
    """--force does not send a marked class back to be marked; a mark above the maximum is named."""

    def waiting(student: str, mark: float | None = None) -> bool:
        with closing(Gradebook(f"sqlite:///{course}/gradebook.db")) as gradebook:
            grade = gradebook.find_grade("derive_loss_gradient", A, A, student)
            if mark is not None:
                grade.manual_score, grade.needs_manual_grade = mark, False
                gradebook.db.commit()
            return bool(grade.needs_manual_grade)

    def overrule(student: str, mark: float | None) -> None:
        with closing(Gradebook(f"sqlite:///{course}/gradebook.db")) as gradebook:
            gradebook.find_grade("test_predict", A, A, student).manual_score = mark
            gradebook.db.commit()

    for student in ("s0", "s2"):
        waiting(student, 99.0)
    answer = replace(RIGHT, student="s2", accident=edit_cell("derive_loss_gradient", "Another answer."))
    answer.hand_in(course / "submitted")
    overrule("s1", 0.5)
    ran = nbgrader(course, "autograde", A, "--force")
    overrule("s1", None)
    assert "s1: 16.5 of 17 points; predict is marked 0.5 by hand, not 1" in ran.stdout
    assert "s2: 17 of 17 points\n" in ran.stdout
    assert "s0, derive_loss_gradient: marked 99 of 2" in ran.stdout
    assert not waiting("s0")
    assert waiting("s2")
    assert ran.stdout.count("\n") < 6 + 4 * len(CLASS)  # a line a student, and not nbgrader's dozen


def test_two_graders_take_turns(course: pathlib.Path) -> None:
    """Two commands at once: one waits and says so, nothing is lost, no traceback."""
    both = [started(course, "autograde", A, "--force") for _ in range(2)]
    ran = [ended(process) for process in both]
    assert [r.returncode for r in ran] == [0, 0], ran
    assert sum("Waiting until it has finished" in r.stdout for r in ran) == 1
    assert not any("Traceback" in r.stdout for r in ran)
    assert code_scores(course, A) == expected([*CLASS[:1], replace(RIGHT, student="ben"), *CLASS[2:]])


def without_override() -> None:
    """In a child of root: give up the right to read and write everybody's files."""
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.mark.parametrize("name", [".course_seed", "autograded", "gradebook.db"])
def test_another_system_user_gets_a_sentence(course: pathlib.Path, name: str) -> None:
    """Who may not read the seed, or write what grading writes, is told which file it is and what to do."""
    path, before = course / name, (course / name).stat()
    if os.getuid() == 0:
        os.chown(path, 65534, 65534)
    path.chmod(0o600 if os.getuid() == 0 else 0o000)
    try:
        ran = subprocess.run(
            [str(SCRIPTS / "nbgrader"), "autograde", A, "--force"],
            cwd=course,
            preexec_fn=without_override,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.chown(path, before.st_uid, before.st_gid)
        path.chmod(before.st_mode)
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    errors = [line for line in ran.stderr.splitlines() if "ERROR" in line]
    assert len(errors) == 1
    assert str(path) in errors[0]
    assert "chmod 640" in errors[0] or "groupshared" in errors[0]
    assert code_scores(course, A)["ada"] == expected([RIGHT])["ada"]
