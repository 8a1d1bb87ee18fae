"""`autograder grade`: the same marks, comments, notebooks and pages as plain nbgrader, whatever happens on the way."""

from __future__ import annotations

import json
import pathlib
import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import text

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


def gradebook_of(root: pathlib.Path) -> dict[str, list[Any]]:
    """All that the gradebook has of the class."""
    with closing(Gradebook(f"sqlite:///{root}/gradebook.db")) as gradebook:
        return {kind: sorted(map(repr, gradebook.db.execute(text(query)))) for kind, query in ROWS.items()}


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
    shutil.copytree(root, root.with_name("plain"))
    for each in (root, root.with_name("plain")):
        assert nbgrader(each, "generate_assignment", A, **SEED).returncode == 0
        assert nbgrader(each, "db", "assignment", "add", A, "--duedate=2026-03-01 00:00 UTC").returncode == 0
    plain = started(root.with_name("plain"), "autograde", A, **SEED)
    ran = grade(root, "--feedback")
    assert ran.returncode == 1, ran.stdout  # some are to be looked at
    assert f"{len(CLASS)} graded, 1 late, {len(CLASS)} feedback pages made" in ran.stdout
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
