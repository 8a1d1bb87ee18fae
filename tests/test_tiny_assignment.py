"""A tiny assignment outside autograder/ is built, released, graded, named and reported by the same engine.

tests/tiny is a repository of its own: course.toml, assignments/gates for students, grading/gates for the grader.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from autograder.authoring.audit.problem_rules import lint
from autograder.authoring.audit.suite_rules import refused_files
from autograder.commands.demo import DemoError, run_demo, wanted
from autograder.course.settings import ROOT, Course, CourseError, load_course
from autograder.naming.bank import bank
from autograder.sample.classes import classes
from autograder.sample.recipes import Recipe
from tests.commands import code_scores, ended, expected, flagged, graded, nbgrader, started

TINY = ROOT / "tests" / "tiny"
A = "gates"
OWN = """
repository = {repository}
cost_share = 0.25

[points.gates]
gates = 4
two_biases = 1.5

[limits]
call = 4
"""


def course_at(root: pathlib.Path, settings: str) -> Course:
    """A course directory with these settings, built as an author builds it."""
    (root / "course.toml").write_text(settings)
    shutil.copyfile(TINY / "nbgrader_config.py", root / "nbgrader_config.py")
    ran = ours(root, "build", "--course", str(root))
    assert ran.returncode == 0, ran.stdout
    assert "Built source/ and release/" in ran.stdout
    return load_course(root)


def ours(root: pathlib.Path, *arguments: str) -> Any:
    """Run one of our own commands in a course directory."""
    return ended(started(root, *arguments, script="autograder"))


# ---- a teacher's course directory, elsewhere ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A teacher's course directory with settings of its own; the assignment stays in its repository."""
    return course_at(tmp_path_factory.mktemp("course"), OWN.format(repository=json.dumps(str(TINY))))


@pytest.fixture(scope="module")
def recipes(course: Course) -> Mapping[str, Recipe]:
    """The sample class by what each of them did."""
    return {recipe.kind: recipe for recipe in classes(course)[A]}


@pytest.fixture(scope="module")
def said(course: Course, recipes: Mapping[str, Recipe]) -> str:
    """What nbgrader's own commands say when they grade the class and write its feedback."""
    for recipe in recipes.values():
        recipe.hand_in(course.directory / "submitted")
    autograde = nbgrader(course.directory, "autograde", A)
    assert autograde.returncode == 1, autograde.stdout  # the upload that broke off is to be looked at
    feedback = nbgrader(course.directory, "generate_feedback", A)
    assert feedback.returncode == 0, feedback.stdout
    return autograde.stdout + feedback.stdout


def test_a_course_directory_says_only_what_differs(course: Course) -> None:
    repository = load_course(TINY)
    assert (course.repository, course.listed, course.python.resolve()) == (
        TINY,
        repository.listed,
        (ROOT / ".venv-student/bin/python").resolve(),
    )
    assert (course.cost_share, course.limits.call) == (0.25, 4.0)
    assert repository.cost_share == load_course().cost_share == 0.125
    assert list(course.assignments) == [A]


def test_it_is_built_and_released(course: Course) -> None:
    one = course.assignment(A)
    assert one.points == {"gates": 4, "new_state": 2}
    given = one.release.read_text()
    assert "7.5 points" in given  # 4 + 2 + 1.5
    assert "raise NotImplementedError()" in given
    assert not [word for word in ("BEGIN HIDDEN", "autograder", "np.split") if word in given]
    assert '    "gates": 4,' in one.release.with_name("selfcheck.py").read_text()
    assert (one.release.with_name("requirements.txt")).read_text() == (
        ROOT / "release" / "a1_linear_fit" / "requirements.txt"
    ).read_text()
    assert not (TINY / "source").exists()  # the repository itself is only read


def test_everybody_gets_the_marks_of_their_recipe(course: Course, recipes: Mapping[str, Recipe], said: str) -> None:
    assert len(recipes) == 6
    assert recipes["right"].expected() == {"gates": 4, "new_state": 2}
    assert code_scores(course.directory, A) == expected(recipes.values())
    assert flagged(course.directory, A) == {recipes["the upload broke off"].student}
    assert "Traceback" not in said
    assert "nrecognized" not in said
    assert "course.toml" not in said.replace(
        "more memory than course.toml allows", ""
    )  # said where cgroups are not ours


@pytest.mark.parametrize(
    ("kind", "function", "title"),
    [
        ("one mistake: bias_hh", "gates", "bias_hh is not added"),
        ("one mistake: tanh", "gates", "the gates go through tanh, not through the sigmoid"),
        ("one mistake: the gates exchanged", "new_state", "the two gates are exchanged"),
    ],
)
def test_every_mistake_is_named(
    course: Course, recipes: Mapping[str, Recipe], said: str, kind: str, function: str, title: str
) -> None:
    """By grading, and on the page that the student gets; a function built rightly upon a wrong one loses nothing."""
    student = recipes[kind].student
    found = graded(course.directory, student, A)["functions"]
    assert [one["title"] for one in found[function]["mistakes"]] == [title]
    assert [name for name, result in found.items() if result["mistakes"]] == [function]
    assert not [fault for result in found.values() for fault in result["faults"]]
    assert title in page(course, student)


def test_the_page_shows_the_rubric(course: Course, recipes: Mapping[str, Recipe], said: str) -> None:
    """Steps for students, without the sample answers; everybody has a page."""
    for recipe in recipes.values():
        shown = page(course, recipe.student)
        assert "Both biases are added, so only their sum counts" in shown
        assert "The derivative by each is the same" not in shown


def test_the_class_is_reported(course: Course, said: str) -> None:
    ran = ours(course.directory, "report", A)
    assert ran.returncode == 0, ran.stdout
    assert "Traceback" not in ran.stdout
    for words in ("new_state", "bias_hh is not added", "two_biases"):
        assert words in " ".join(ran.stdout.split()), ran.stdout
    assert (course.directory / "reports" / f"{A}.html").exists()


def test_a_mark_is_explained(course: Course, recipes: Mapping[str, Recipe], said: str) -> None:
    student = recipes["one mistake: tanh"].student
    ran = ours(course.directory, "explain", student, "gates")
    assert ran.returncode == 0, ran.stdout
    assert "the gates go through tanh" in " ".join(ran.stdout.split())
    ran = ours(course.directory, "explain", student, "two_biases")
    assert ran.returncode == 0, ran.stdout
    assert str(TINY / "assignments" / A / "rubric.md") in "".join(ran.stdout.split())


def page(course: Course, student: str) -> str:
    """The text of a feedback page."""
    html = (course.directory / "feedback" / student / A / f"{A}.html").read_text()
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("</head>")[2]).split())


# ---- an author's repository, with an assignment that is only begun -----------------------------------------------------


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A repository with a second assignment: no known mistakes, no sample class, and laws alone decide its points."""
    root = tmp_path_factory.mktemp("begun")
    shutil.copytree(TINY / "assignments", root / "assignments")
    shutil.copytree(TINY / "grading", root / "marking", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "assignments" / A, root / "assignments" / "plain")
    (root / "assignments" / "plain" / f"{A}.py").rename(root / "assignments" / "plain" / "plain.py")
    shutil.copytree(root / "marking" / A, root / "marking" / "plain")
    for name in ("mistakes.py", "sample.py"):
        (root / "marking" / "plain" / name).unlink()
    suite = root / "marking" / "plain" / "suite.py"
    suite.write_text(suite.read_text().replace("weight(3)\n", "weight(3)\n@pytest.mark.behaviour\n"))
    python = json.dumps(os.path.relpath(ROOT / ".venv-student" / "bin" / "python", root))
    return course_at(root, f'assignments = ["marking.{A}", "marking.plain"]\n[kernel]\npython = {python}\n')


@pytest.mark.thorough
def test_an_assignment_without_mistakes_and_class_is_graded(begun: Course) -> None:
    assert begun.repository == begun.directory
    assert not (begun.directory / "release" / "plain" / "selfcheck.py").exists()  # no module of this name
    assert bank(begun.assignment("plain")) == ()
    right, wrong = (r for r in classes(begun)[A] if r.kind in ("right", "one mistake: tanh"))
    submitted = begun.directory / "submitted"
    for recipe in (right, wrong):
        folder = recipe.hand_in(submitted)
        shutil.copytree(folder, folder.with_name("plain"))
        (folder.with_name("plain") / f"{A}.ipynb").rename(folder.with_name("plain") / "plain.ipynb")
    ran = nbgrader(begun.directory, "autograde", "plain")
    assert ran.returncode == 0, ran.stdout
    assert code_scores(begun.directory, "plain")[right.student] == 5
    found = graded(begun.directory, wrong.student, "plain")["functions"]
    assert not [one for result in found.values() for one in (*result["mistakes"], *result["faults"])]
    assert (found["gates"]["points"], found["new_state"]["points"]) == (
        0.6,
        1.25,
    )  # 1 of 5 laws; half for gates far off
    assert ours(begun.directory, "report", "plain").returncode == 0


@pytest.mark.thorough
def test_the_demo_shows_those_that_have_a_class(begun: Course, tmp_path: pathlib.Path) -> None:
    assert wanted([], begun.repository) == [A]
    console = Console(width=120, record=True)
    assert run_demo(tmp_path / "demo", wanted([], begun.repository), console, begun.repository)
    assert "6 of 6 marks are the recipe's own" in console.export_text()
    with pytest.raises(DemoError, match="no assignment plain with a sample class"):
        wanted(["plain"], begun.repository)


def test_a_course_without_any_class_has_no_demo(begun: Course, tmp_path: pathlib.Path) -> None:
    (tmp_path / "course.toml").write_text(
        f'repository = {json.dumps(str(begun.repository))}\nassignments = ["marking.plain"]\n'
    )
    with pytest.raises(DemoError, match="sample class"):
        wanted([], tmp_path)


# ---- what the engine says, and knows -----------------------------------------------------------------------------------


def test_a_repository_that_is_none_is_said(tmp_path: pathlib.Path) -> None:
    (tmp_path / "course.toml").write_text('repository = "nowhere"\n')
    with pytest.raises(CourseError, match="a folder that holds assignments/"):
        load_course(tmp_path)


def test_the_rules_for_problems_take_another_cell() -> None:
    """A weight that is not square, and a key bias_hh, are nothing special."""
    one = load_course(TINY).assignment(A)
    assert lint(one.part("problems").draw_gates(np.random.default_rng(3)), one) == []
    assert refused_files(one) == []


def test_the_engine_knows_nothing_of_it() -> None:
    text = "".join(path.read_text() for path in (ROOT / "autograder").rglob("*.py"))
    assert not [
        word for word in ("two_biases", "draw_gates", "tests/tiny", "tests.tiny", "grading.gates") if word in text
    ]
