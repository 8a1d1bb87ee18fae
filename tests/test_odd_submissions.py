"""Odd submissions: each has a mark, and a reason where the teacher looks."""

from __future__ import annotations

import json
import pathlib
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder.commands.cli import app
from autograder.commands.demo import course_api, in_folder
from autograder.course.cells import nbgrader_of
from autograder.course.settings import ROOT
from autograder.grading.repair import KEY, Repair
from autograder.grading.results import SubmissionResult
from autograder.plugins.grading import close_executor
from autograder.plugins.records import why_again
from autograder.sample.accidents import cut_file, double_cell, no_file
from autograder.sample.recipes import Notebook, Recipe, released
from tests.classroom import template
from tests.commands import (
    code_scores,
    comments,
    expected,
    flagged,
    graded,
    made,
    nbgrader,
)
from tests.course import named

A = "a1_linear_fit"
ALL = tuple(Recipe(A, "right").expected())
RIGHT = Recipe(A, "right", student="ada")
BLANK = Recipe(A, "blank", student="ben", stubs=ALL)
HALF = Recipe(A, "half", student="cem", stubs=ALL[4:])
CLASS = (RIGHT, BLANK, HALF, *(replace(RIGHT, student=f"s{n}") for n in range(3)))


# ---- what needs a look ---------------------------------------------------------------------------------------------------


def saved_as_full(notebook: Notebook) -> Notebook:
    """The saved output of every self-check says full points."""
    for cell in notebook["cells"]:
        meta = nbgrader_of(cell)
        if meta.get("grade") and not meta.get("solution"):
            data = {"text/plain": [f"{meta['points']:g}"]}
            cell["outputs"] = [{"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}]
    return notebook


def of_another_assignment(notebook: Notebook) -> Notebook:
    """A finished notebook of another assignment, in the file of this one."""
    return released(named("a2_mlp_backprop"))


def without_ids(notebook: Notebook) -> Notebook:
    """Cells copied into a new notebook: their metadata is gone."""
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    return notebook


ODD = (
    RIGHT,
    Recipe(A, "cut", student="cut", accident=cut_file, loses_all=True),
    Recipe(A, "empty", student="eve", accident=no_file, loses_all=True),
    Recipe(A, "twice", student="rep", accident=double_cell("test_predict")),
    Recipe(A, "blank, but the check said full", student="zed", stubs=ALL, accident=saved_as_full),
    Recipe(A, "another assignment's notebook", student="oth", accident=of_another_assignment, loses_all=True),
    Recipe(A, "a date that is none", student="dat"),
)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    """A class with everything that a teacher should look at, graded student by student as the formgrader does."""
    root = made(tmp_path_factory.mktemp("odd"), ODD)
    shutil.copytree(ROOT / "source" / "a2_mlp_backprop", root / "source" / "a2_mlp_backprop")
    (root / "submitted" / "dat" / A / "timestamp.txt").write_text("Friday noon")
    (root / "submitted" / "rep" / A / "timestamp.txt").write_text("2026-03-02 10:00:00 UTC")
    for name, recipe in (("two", replace(RIGHT, student="two")), ("both", replace(BLANK, student="both"))):
        folder = recipe.hand_in(root / "submitted")
        other = BLANK if name == "two" else replace(BLANK, student="both")
        (folder / f"{A}.ipynb").rename(folder / f"{A} (1).ipynb")
        (folder / f"{A}.ipynb").write_bytes(other.make() or b"")
    nested = replace(RIGHT, student="zip").hand_in(root / "submitted")
    (nested / "inner").mkdir()
    (nested / f"{A}.ipynb").rename(nested / "inner" / "my work.ipynb")
    with in_folder(root):
        api = course_api(root)
        for folder in sorted((root / "submitted").iterdir()):
            answer = api.autograde(A, folder.name)
            assert answer["success"], answer
    yield root
    close_executor(root)


def test_marks_of_odd_submissions(odd: pathlib.Path) -> None:
    """An empty folder asked for by name has a mark and a reason; of two notebooks the one with answers counts."""
    scores = code_scores(odd, A)
    full = expected([RIGHT])["ada"]
    assert scores == {**expected(ODD), "two": full, "both": 0.0, "zip": full}
    assert "No notebook was handed in" in graded(odd, "eve")["unreadable"]


def test_odd_submissions_are_flagged_with_a_reason(odd: pathlib.Path) -> None:
    """In the formgrader's own column, in the comment beside the answer, and in the graded notebook."""
    kinds = {s: {f["kind"] for f in graded(odd, s)["flags"]} for s in (*expected(ODD), "two", "both", "zip")}
    assert kinds == {
        "ada": set(),
        "cut": {"unreadable"},
        "eve": {"unreadable"},
        "rep": {"repaired"},
        "zed": {"check disagrees"},
        "oth": {"another assignment", "repaired"},
        "dat": {"no date"},
        "two": {"two notebooks"},
        "both": {"two notebooks"},
        "zip": {"repaired"},
    }
    assert flagged(odd) == {student for student, found in kinds.items() if found}
    assert "the only one with answers" in comments(odd, "two")
    assert "the right name" in comments(odd, "both")
    assert "not JSON" in comments(odd, "cut")
    assert "looks like the notebook of a2_mlp_backprop: it has " in comments(odd, "oth")
    assert "timestamp.txt is no date" in comments(odd, "dat")
    assert graded(odd, "two")["needs_look"]
    assert not graded(odd, "rep")["needs_look"]


def test_what_happened_to_many_cells_is_one_line() -> None:
    """Forty cells without ids are a number and the first names; a few are named one by one."""
    known = template(A)
    lost = Repair(known).fix(without_ids(json.loads(RIGHT.make() or b"")))["metadata"][KEY]["repairs"]
    *first, last = list(known.known)[:4]
    count = len(known.known)
    assert lost == [
        f"{count} cells had lost their ids and were found by their content: {', '.join(first)} and {count - 3} more."
    ]
    assert last not in lost[0]


@pytest.mark.parametrize(
    ("now", "settings", "why"),
    [
        ("work-source", "s", ""),
        ("other-source", "s", "what was handed in has changed"),
        ("other-other", "s", "what was handed in has changed"),
        ("work-other", "s", "the assignment in source/ has changed"),
        ("work-source", "t", "a setting (course.toml, due date, late work) has changed"),
        ("work", "s", "an earlier version graded it"),
    ],
)
def test_why_something_is_graded_again(now: str, settings: str, why: str) -> None:
    assert why_again(SubmissionResult(submission="work-source", settings="s"), now, settings) == why
    assert why_again(None, now, settings) == "grading was interrupted"


def test_a_flag_goes_when_its_reason_goes(odd: pathlib.Path) -> None:
    """A new copy of an unreadable file clears our flag; a flag that a person set stays.

    One that is looked at comes back for other work alone, not where the same is graded again.
    """
    replace(RIGHT, student="cut").hand_in(odd / "submitted")
    for student in ("both", "two"):
        assert student in flagged(odd)
        assert CliRunner().invoke(app, ["queue", A, "--course", str(odd), "--done", student]).exit_code == 0
    replace(RIGHT, student="two").hand_in(odd / "submitted")
    with closing(Gradebook(f"sqlite:///{odd}/gradebook.db")) as gradebook:
        gradebook.find_submission_notebook(A, A, "ada").flagged = True
        gradebook.db.commit()
    with in_folder(odd):
        api = course_api(odd)
        assert api.autograde(A, "cut", force=False)["success"]
        assert api.autograde(A, "ada", force=True)["success"]
        assert api.autograde(A, "both", force=True)["success"]
        assert api.autograde(A, "two", force=False)["success"]
    assert "both" not in flagged(odd)
    assert "two" in flagged(odd)
    assert "cut" not in flagged(odd)
    assert "ada" in flagged(odd)


def test_the_command_says_who_needs_a_look(odd: pathlib.Path) -> None:
    """Exit code 1, one line a student with the reason, and a count at the end, with who was late."""
    with closing(Gradebook(f"sqlite:///{odd}/gradebook.db")) as gradebook:
        gradebook.update_or_create_assignment(A, duedate="2026-03-01 00:00 UTC")
        gradebook.add_assignment("a1_linear_ft")
    ran = nbgrader(odd, "autograde", A, "--force")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stdout
    look = "5 to look at (dat, eve, oth, two, zed)"  # somebody has looked at that of both
    for student in ("eve", "two", "zed", "oth", "dat"):
        assert f"{student} needs a look: " in ran.stdout
    assert ran.stdout.count("is no date") == 1
    assert f"10 submissions, 10 graded, 0 unchanged, 1 late (rep), {look}" in ran.stdout
    unknown = f"a1_linear_ft is in the gradebook, but the course has no such assignment; the closest name is {A}."
    assert unknown in ran.stdout
    again = nbgrader(odd, "autograde", A)
    assert again.returncode == 1
    assert f"10 submissions, 0 graded, 10 unchanged, 1 late (rep), {look}" in again.stdout
    assert "Graded again" not in again.stdout


def test_explain_says_that_it_is_another_assignments_notebook(odd: pathlib.Path) -> None:
    """That is why a function is missing."""
    said = CliRunner().invoke(app, ["explain", "oth", "predict", "--course", str(odd)]).output
    assert f"oth, {A}, predict: 0 of 1 points. This looks like the notebook of a2_mlp" in " ".join(said.split())


def test_an_empty_folder_is_said_to_be_empty(odd: pathlib.Path) -> None:
    """In the report, its page, explain and the feedback: no notebook was handed in; not that it could not be read."""
    said = "No notebook was handed in: the folder contains nothing."
    report, explained = (
        " ".join(CliRunner().invoke(app, [*arguments, "--course", str(odd)]).output.split())
        for arguments in (("report", A), ("explain", "eve", "predict"))
    )
    assert f"eve: {said}" in report
    assert "1 of them without a readable notebook: 0 points)" in report
    assert said in (odd / "reports" / f"{A}.html").read_text()
    assert said in explained
    with in_folder(odd):
        answer = course_api(odd).generate_feedback(A, "eve")
    assert answer["success"]
    assert f"{A}: feedback made: 1, unchanged: 0. Pages: {odd}/feedback/STUDENT/{A}" in answer["log"]
    page = (odd / "feedback" / "eve" / A / f"{A}.html").read_text()
    assert said in page
    assert "could not be read" not in page


@pytest.mark.thorough
def test_release_feedback_survives_a_mixed_class(odd: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Pages of work that came through the exchange are released; the others are named."""
    for name, text in (("timestamp.txt", "2026-01-02 03:04:05 UTC"), ("submission_secret.txt", "secret")):
        (odd / "submitted" / "two" / A / name).write_text(text)
    ran = nbgrader(odd, "autograde", A)
    assert ran.returncode == 1
    assert "Graded again, because what was handed in has changed: 1 (two)." in ran.stdout
    assert nbgrader(odd, "generate_feedback", A).returncode == 0
    exchange = f"--Exchange.root={tmp_path}"
    ran = nbgrader(odd, "release_feedback", A, "--course=c", exchange)
    assert ran.returncode == 0, ran.stdout
    assert "ada, both, cut, dat" in ran.stdout
    assert len(list((tmp_path / "c" / "feedback").glob("*.html"))) == 1
