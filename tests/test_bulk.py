"""`autograder grade`: the same marks, comments, notebooks and pages as plain nbgrader, whatever happens on the way."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import pathlib
import random
import shutil
import signal
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import text

from autograder.bulk import slots
from autograder.course.settings import scripts_on_path
from autograder.plugins import records
from autograder.plugins.course_files import course_directory
from autograder.sample.recipes import Recipe
from tests.commands import code_scores, ended, expected, made, nbgrader, started
from tests.course import CLASSES

A = "a1_linear_fit"
ALL = tuple(Recipe(A, "right").expected())
RIGHT = Recipe(A, "right", student="ada")
CLASS = (
    RIGHT,
    Recipe(A, "blank", student="ben", stubs=ALL),
    Recipe(A, "half", student="cem", stubs=ALL[4:]),
    *(
        replace(recipe, student=f"odd-{n}")
        for n, recipe in enumerate(CLASSES[A])
        if recipe.repaired or recipe.needs_look
    ),
)
SEED = {"COURSE_SEED": "bulk"}
PENALTY = 'c.LateSubmissionPlugin.penalty_method = "zero"\n'
# Every row of the gradebook about a submission, without the random ids.
ROWS = {
    "submissions": """select s.student_id, s.timestamp, n.flagged, n.late_submission_penalty
        from submitted_assignment s join submitted_notebook n on n.assignment_id = s.id""",
    "grades": """select s.student_id, c.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade from grade g
        join base_cell c on c.id = g.cell_id join submitted_notebook n on n.id = g.notebook_id
        join submitted_assignment s on s.id = n.assignment_id""",
    "comments": """select s.student_id, c.name, m.auto_comment, m.manual_comment from comment m
        join base_cell c on c.id = m.cell_id join submitted_notebook n on n.id = m.notebook_id
        join submitted_assignment s on s.id = n.assignment_id""",
    "students": "select id from student",
}


def gradebook_of(root: pathlib.Path, url: str = "") -> dict[str, list[Any]]:
    """All that the gradebook has of the class."""
    with closing(Gradebook(url or f"sqlite:///{root}/gradebook.db", "bptt" if url else "")) as gradebook:
        rows = {kind: list(gradebook.db.execute(text(query))) for kind, query in ROWS.items()}
    return {kind: sorted(repr(tuple(map(plain, row))) for row in found) for kind, found in rows.items()}


def plain(value: Any) -> Any:
    """A value as SQLite has it, which knows neither truth values nor dates."""
    if isinstance(value, datetime):
        return f"{value:%F %T.%f}"
    return int(value) if isinstance(value, bool) else value


def files_of(folder: pathlib.Path) -> dict[str, tuple[bytes, int]]:
    """The files below a folder, with their modes."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode) for path in paths}


def grade(root: pathlib.Path, *arguments: str, **variables: str) -> Any:
    """Run `autograder grade`."""
    return ended(started(root, "grade", A, *arguments, script="autograder", **{**SEED, **variables}))


def as_json(root: pathlib.Path, *arguments: str) -> Mapping[str, Any]:
    """What `autograder grade --json` says."""
    ran = grade(root, "--json", *arguments)
    lines = [line for line in ran.stdout.splitlines() if line.startswith("{")]
    assert len(lines) == 1, ran.stdout
    found: Mapping[str, Any] = json.loads(lines[0])
    return found


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A class with accidents and late work, graded in bulk, with pages."""
    root = made(tmp_path_factory.mktemp("bulk"), CLASS)
    (root / "nbgrader_config.py").write_text((root / "nbgrader_config.py").read_text() + PENALTY)
    (root / "submitted" / "cem" / A / "timestamp.txt").write_text("2026-03-02 10:00:00 UTC")
    scripts_on_path()
    with closing(Gradebook(f"sqlite:///{root}/gradebook.db")) as gradebook:
        gradebook.update_or_create_assignment(A, duedate="2026-03-01 00:00:00 UTC")
    shutil.copytree(root, root.with_name("plain"))
    plain = started(root.with_name("plain"), "autograde", A, **SEED)
    ran = grade(root, "--feedback")
    assert ran.returncode == 1, ran.stdout  # some are to be looked at
    looks = [recipe for recipe in CLASS if recipe.needs_look]
    assert f"{len(CLASS)} graded, 0 unchanged, 1 late (cem), {len(looks)} to look at" in ran.stdout
    assert f"{len(CLASS)} feedback pages made" in ran.stdout
    assert ran.stdout.count("This machine lacks") <= 1  # several executors work, one says it
    assert ended(plain).returncode == 1
    assert nbgrader(root.with_name("plain"), "generate_feedback", A, **SEED).returncode == 0
    return root


def test_bulk_and_plain_nbgrader_leave_the_same(course: pathlib.Path) -> None:
    """Every row of the gradebook, every file and its rights: also of late work and of what cannot be read."""
    plain = course.with_name("plain")
    assert gradebook_of(course) == gradebook_of(plain)
    for folder in ("autograded", "feedback"):
        assert files_of(course / folder) == files_of(plain / folder)
    assert code_scores(course, A) == expected(CLASS)


@pytest.mark.thorough
def test_nothing_is_done_twice_and_what_a_person_gave_stays(course: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """First a dry run shows whose marks would move and writes nothing; then only the changed submission is graded."""
    with closing(Gradebook(f"sqlite:///{course}/gradebook.db")) as gradebook:
        grade = gradebook.find_grade("derive_loss_gradient", A, A, "ada")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 1.5, 0.5, False
        gradebook.find_comment("predict", A, A, "ada").manual_comment = "Well done."
        gradebook.db.commit()
    before, notebooks = gradebook_of(course), files_of(course / "autograded")
    replace(RIGHT, student="ben").hand_in(course / "submitted")

    dry = as_json(course, "--dry-run", "--csv", str(tmp_path / "moves.csv"))
    with (tmp_path / "moves.csv").open() as file:
        rows = {row["question"]: row for row in csv.DictReader(file)}
    points = RIGHT.expected()
    assert {name: float(row["points"]) for name, row in rows.items() if name in points} == points
    assert {move["student"] for move in dry["moves"]} == {"ben"}
    assert (gradebook_of(course), files_of(course / "autograded")) == (before, notebooks)

    said = as_json(course, "--student", "ben", "--student", "ada")
    assert (said["graded"], said["unchanged"]) == (["ben"], ["ada"])
    assert said["again"] == {"what was handed in has changed": ["ben"]}
    assert as_json(course, "--student", "ada", "--force")["graded"] == ["ada"]
    after = gradebook_of(course)
    assert [row for kind in after.values() for row in kind if "'ada'" in row] == [
        row for kind in before.values() for row in kind if "'ada'" in row
    ]
    assert code_scores(course, A)["ben"] == expected([RIGHT])["ada"]


def test_a_fixed_hidden_test_makes_a_class_stale(course: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was graded by other code of the grader is graded again, and the reason says so."""
    earlier = records.results(course / "autograded" / "ada" / A / f"{A}.ipynb")
    assert earlier is not None
    coursedir = course_directory(course)
    coursedir.assignment_id = A
    submitted = course / "submitted" / "ada" / A
    assert records.why_again(earlier, records.digest(submitted, coursedir), earlier.settings) == ""
    monkeypatch.setattr(records, "DECIDES", records.DECIDES[1:])
    records.grader_digest.cache_clear()
    try:
        why = records.why_again(earlier, records.digest(submitted, coursedir), earlier.settings)
    finally:
        records.grader_digest.cache_clear()
    assert why == "the hidden tests, or other code of the grader, have changed"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--student", "adda"], "the closest name is ada"), (["--course", "nowhere"], "does not exist")],
)
def test_a_wrong_name_gets_a_sentence(course: pathlib.Path, arguments: list[str], sentence: str) -> None:
    ran = grade(course, *arguments)
    assert ran.returncode != 0
    assert sentence in ran.stdout
    assert "Traceback" not in ran.stdout


@pytest.mark.thorough
def test_ctrl_c_stops_and_the_next_run_completes(course: pathlib.Path) -> None:
    """In the middle: exit code 130, how to go on, no process left; then the gradebook is the same."""
    before, now = gradebook_of(course), time.time()
    process = started(course, "grade", A, "--force", script="autograder", **SEED)
    notebooks = list((course / "autograded").glob(f"*/{A}/{A}.ipynb"))
    while process.poll() is None and not any(path.stat().st_mtime > now for path in notebooks):
        time.sleep(0.02)
    family = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    ran = ended(process)
    assert ran.returncode == 130, ran.stdout
    assert "Traceback" not in ran.stdout
    assert "Run the same command again" in ran.stdout
    end = time.monotonic() + 20
    while any(pathlib.Path(f"/proc/{one}").exists() for one in family):
        assert time.monotonic() < end
        time.sleep(0.05)
    said = as_json(course)
    assert len([*said["graded"], *said["unchanged"]]) == len(CLASS)
    assert gradebook_of(course) == before


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(50))
def test_a_killed_process_loses_nothing(course: pathlib.Path, seed: int) -> None:
    """Any process of the run, at any moment: a worker, a cage's parent, a desk, the writer itself.

    Not a student's own process: code that ends its process looks the same, and loses points.
    """
    chance, before, victim = random.Random(seed), gradebook_of(course), ""
    process = started(course, "grade", A, "--force", script="autograder", **SEED)
    time.sleep(chance.uniform(3, 12))
    if process.poll() is None:
        family = sorted(descendants(process.pid, students=False))
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            chosen = chance.choice([process.pid, *family])
            victim = " ".join(arguments_of(chosen))[:200]
            os.kill(chosen, signal.SIGKILL)
    ended(process)
    assert as_json(course)["not_graded"] == {}
    assert gradebook_of(course) == before, victim


def descendants(process: int, *, students: bool = True) -> set[int]:
    """The processes that a process has started, and those that they have; those of students only where asked for."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        program, *arguments = arguments_of(process)
        if not students and "inside.parent" in arguments and "python" in program:
            return found
    for task in pathlib.Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            children = {int(child) for child in task.read_text().split()}
            found |= children.union(*(descendants(child, students=students) for child in children))
    return found


def arguments_of(process: int) -> list[str]:
    """The command line of a process. Raises FileNotFoundError."""
    return pathlib.Path(f"/proc/{process}/cmdline").read_text().split("\0")


class Stalling:
    """Stands for an executor."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """As Executor."""

    def shutdown(self) -> None:
        """As Executor."""


def test_others_are_graded_while_some_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that waits for a time limit is replaced by another one, while there is work, room and nobody free."""
    asked: dict[str, Future[Any]] = {}
    done: list[str] = []

    def begin(executor: Any, job: str) -> Future[Any]:
        asked[job] = Future()
        return asked[job]

    found = slots.Slots[str]([Stalling(), Stalling()], Stalling, begin, lambda job, _: done.append(job))  # type: ignore
    found.grade(["sleeps", "a", "b", "c", "d"])
    asked["a"].set_result(None)
    found.grow()
    assert (found.running, done) == (["sleeps", "b"], ["a"])  # nobody stalls yet
    monkeypatch.setattr(slots, "STALLS", 0.0)
    found.grow()
    found.grow()
    assert found.running == ["sleeps", "b", "c", "d"]
    for job in ("b", "c", "d"):
        asked[job].set_result(None)
    found.grow()
    assert (found.running, done) == (["sleeps"], ["a", "b", "c", "d"])
    found.stop()
