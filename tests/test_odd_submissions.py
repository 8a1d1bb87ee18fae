"""Odd submissions: each has a mark, and a reason where the teacher looks."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder.commands.cli import app
from autograder.commands.demo import course_api, in_folder
from autograder.course.cells import nbgrader_of
from autograder.plugins.grading import close_executor
from autograder.sample.accidents import cut_file, double_cell, no_file
from autograder.sample.recipes import Notebook, Recipe
from tests.commands import (
    code_scores,
    comments,
    expected,
    flagged,
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


# ---- what needs a look ---------------------------------------------------------------------------------------------------


def saved_as_full(notebook: Notebook) -> Notebook:
    """The saved output of every self-check says full points."""
    for cell in notebook["cells"]:
        meta = nbgrader_of(cell)
        if meta.get("grade") and not meta.get("solution"):
            data = {"text/plain": [f"{meta['points']:g}"]}
            cell["outputs"] = [{"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}]
    return notebook


ODD = (
    RIGHT,
    Recipe(A, "cut", student="cut", accident=cut_file, loses_all=True),
    Recipe(A, "empty", student="eve", accident=no_file, loses_all=True),
    Recipe(A, "twice", student="rep", accident=double_cell("test_predict")),
    Recipe(A, "blank, but the check said full", student="zed", stubs=ALL, accident=saved_as_full),
)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    """A class with everything that a teacher should look at, graded student by student as the formgrader does."""
    root = made(tmp_path_factory.mktemp("odd"), ODD)
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
        "two": {"two notebooks"},
        "both": {"two notebooks"},
        "zip": {"repaired"},
    }
    assert flagged(odd) == {student for student, found in kinds.items() if found}
    assert "the only one with answers" in comments(odd, "two")
    assert "the right name" in comments(odd, "both")
    assert "not JSON" in comments(odd, "cut")
    assert graded(odd, "two")["needs_look"]
    assert not graded(odd, "rep")["needs_look"]


def test_a_flag_goes_when_its_reason_goes(odd: pathlib.Path) -> None:
    """A new copy of an unreadable file clears our flag; a flag that a person set stays."""
    replace(RIGHT, student="cut").hand_in(odd / "submitted")
    with closing(Gradebook(f"sqlite:///{odd}/gradebook.db")) as gradebook:
        gradebook.find_submission_notebook(A, A, "ada").flagged = True
        gradebook.db.commit()
    with in_folder(odd):
        api = course_api(odd)
        assert api.autograde(A, "cut", force=False)["success"]
        assert api.autograde(A, "ada", force=True)["success"]
    assert "cut" not in flagged(odd)
    assert "ada" in flagged(odd)


def test_the_command_says_who_needs_a_look(odd: pathlib.Path) -> None:
    """Exit code 1, one line a student with the reason, and a count at the end."""
    ran = nbgrader(odd, "autograde", A, "--force")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stdout
    for student in ("eve", "two", "both", "zed"):
        assert f"{student} needs a look: " in ran.stdout
    assert "8 submissions, 8 graded, 0 unchanged, 4 to look at (both, eve, two, zed)" in ran.stdout
    again = nbgrader(odd, "autograde", A)
    assert again.returncode == 1
    assert "8 submissions, 0 graded, 8 unchanged, 4 to look at (both, eve, two, zed)" in again.stdout


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


def test_release_feedback_survives_a_mixed_class(odd: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Pages of work that came through the exchange are released; the others are named."""
    for name, text in (("timestamp.txt", "2026-01-02 03:04:05 UTC"), ("submission_secret.txt", "secret")):
        (odd / "submitted" / "two" / A / name).write_text(text)
    assert nbgrader(odd, "autograde", A).returncode == 1
    assert nbgrader(odd, "generate_feedback", A).returncode == 0
    exchange = f"--Exchange.root={tmp_path}"
    ran = nbgrader(odd, "release_feedback", A, "--course=c", exchange)
    assert ran.returncode == 0, ran.stdout
    assert "ada, both, cut" in ran.stdout
    assert len(list((tmp_path / "c" / "feedback").glob("*.html"))) == 1
