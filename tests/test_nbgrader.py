"""Plain nbgrader, untouched: its command line and the formgrader's API grade a small class through nbgrader_config.py alone."""

from __future__ import annotations

import csv
import pathlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.commands.demo import course_api, in_folder
from autograder.course.cells import nbgrader_of
from autograder.course.settings import ROOT, scripts_on_path
from autograder.plugins.graded import Graded, read_results
from autograder.plugins.grading import close_executor
from autograder.sample.accidents import Accident, add_cell, cut_file, no_file
from autograder.sample.recipes import Notebook, Recipe
from tests.commands import ended, made, nbgrader, started
from tests.course import CLASSES

A = "a1_linear_fit"
STDERR = "import sys\n\nprint('a warning', file=sys.stderr)"
ANSWER = "The chain rule, twice: the square and the line."


def without_illustrations(then: Accident | None = None) -> Accident:
    """A notebook as handed in, with its questions answered and without its figures: nbgrader's own kernel runs it quicker."""

    def accident(notebook: Notebook) -> Notebook | bytes | None:
        notebook["cells"] = [c for c in notebook["cells"] if "illustration" not in c["metadata"].get("tags", [])]
        for cell in notebook["cells"]:
            if nbgrader_of(cell).get("grade") and nbgrader_of(cell).get("solution"):
                cell["source"] = ANSWER
        return then(notebook) if then else notebook

    return accident


def mistake(words: str, student: str) -> Recipe:
    """The submission of the sample class that these words describe, under another name."""
    return replace(next(r for r in CLASSES[A] if words in r.kind), student=student)


RECIPES = (
    Recipe(A, "right", student="ada"),
    mistake("no factor x", "ben"),
    mistake("saved by Colab", "cleo"),
    Recipe(A, "cut off", student="dan", accident=cut_file, loses_all=True, needs_look=True),
    Recipe(A, "nothing handed in", student="eve", accident=no_file, loses_all=True, needs_look=True),
    Recipe(A, "stderr everywhere", student="fay", accident=add_cell(STDERR, before="test_predict")),
    mistake("downloaded twice", "gus"),
)


@dataclass(frozen=True)
class Course:
    """A course directory of its own, and what nbgrader's commands said in it."""

    root: pathlib.Path
    ran: dict[str, subprocess.CompletedProcess[str]]

    def graded(self) -> dict[str, Graded]:
        """What grading left, by student."""
        return {row.student: row for row in read_results(self.root, A)}

    def page(self, student: str) -> str:
        """A student's feedback page."""
        return (self.root / "feedback" / student / A / f"{A}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Somebody's own folder: the notebook as given out, the same solved, and the self-check beside them."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copy(ROOT / "release" / A / "selfcheck.py", folder)
    for name, stubs in (("stub", tuple(CLASSES[A][0].expected())), ("solved", ())):
        data = Recipe(A, name, stubs=stubs, accident=without_illustrations()).make()
        assert data is not None
        (folder / f"{name}.ipynb").write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, subprocess.CompletedProcess[str]]:
    """The course directory after generate_assignment, and what that said."""
    root = made(tmp_path_factory.mktemp("course"), RECIPES)
    return root, nbgrader(root, "generate_assignment", A)


@pytest.fixture(scope="module")
def elsewhere(
    released: tuple[pathlib.Path, subprocess.CompletedProcess[str]], home: pathlib.Path
) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """What needs kernels of nbgrader's own runs beside the rest: validate, and a course whose config lost our grading."""
    right = replace(RECIPES[0], accident=without_illustrations())
    stock = made(released[0].parent / f"{released[0].name}-stock", (right,), config="c = get_config()\n")
    shutil.copytree(released[0] / "release", stock / "release")
    shutil.copy(released[0] / "gradebook.db", stock)
    running = {name: started(home, "validate", f"{name}.ipynb") for name in ("stub", "solved")}
    running["stock"] = started(stock, "autograde", A)
    yield running
    for process in running.values():
        process.kill()


@pytest.fixture(scope="module")
def course(
    released: tuple[pathlib.Path, subprocess.CompletedProcess[str]], elsewhere: dict[str, subprocess.Popen[str]]
) -> Iterator[Course]:
    """The small class, graded by four commands."""
    root, generated = released
    ran = {"generate": generated, "autograde": nbgrader(root, "autograde", A)}
    feedback, export = started(root, "generate_feedback", A), started(root, "export")
    ran["feedback"], ran["export"] = ended(feedback), ended(export)
    yield Course(root, ran)
    with in_folder(root):
        close_executor(root)


def scores(root: pathlib.Path) -> dict[str, tuple[float, float]]:
    """Autograded and hand-given points by student, as the gradebook has them."""
    with closing(Gradebook(f"sqlite:///{root}/gradebook.db")) as gradebook:
        rows = gradebook.assignment_submissions(A)
        return {row.student.id: (sum(n.code_score for n in row.notebooks), row.written_score) for row in rows}


# ---- the command line --------------------------------------------------------------------------------------------------


def test_commands_run(course: Course) -> None:
    """Each ends as it should: with exit code 1 only where two submissions need a look."""
    for name, process in course.ran.items():
        assert process.returncode == (1 if name == "autograde" else 0), process.stdout
        assert "Traceback" not in process.stdout
    for student in ("dan", "eve"):
        assert f"{student} needs a look" in course.ran["autograde"].stdout


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.student)
def test_marks_are_the_recipes_own(course: Course, recipe: Recipe) -> None:
    """The class is graded to the end: in our results and in nbgrader's gradebook. stderr and a wrong name cost nothing."""
    row = course.graded()[recipe.student]
    assert {name: f.points for name, f in row.result.functions.items()} == recipe.expected()
    assert row.result.needs_look == recipe.needs_look
    assert scores(course.root)[recipe.student][0] == pytest.approx(sum(recipe.expected().values()))


def test_export_has_the_same(course: Course) -> None:
    """grades.csv has a line for everybody."""
    with open(course.root / "grades.csv", encoding="utf-8", newline="") as file:
        rows = {row["student_id"]: float(row["raw_score"]) for row in csv.DictReader(file)}
    assert rows == {r.student: pytest.approx(sum(r.expected().values())) for r in RECIPES}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.student)
def test_feedback_gives_nothing_away(course: Course, recipe: Recipe) -> None:
    """A page for everybody: points and reasons; no hidden line, no test source, no traceback."""
    page = course.page(recipe.student)
    assert "points (" in page
    for word in (
        "HIDDEN",
        "autograder.instructor",
        "1e9",
        "__import__",
        "Traceback (most recent",
        "def test_",
        "pytest",
        "course_seed",
    ):
        assert word not in page, word
    for name in recipe.expected():
        assert f"<b>{name}</b>" in page


def test_feedback_says_what_was_seen(course: Course) -> None:
    """Which array is wrong, which is right; and why nothing could be read."""
    assert "<code>dw</code>" in course.page("ben")
    assert "not JSON" in course.page("dan")
    assert "No notebook was handed in" in course.page("eve")


def test_another_course_seed_is_refused(course: Course) -> None:
    """Half a class would meet other numbers: nothing is graded, and what was stays."""
    before = course.graded()
    process = nbgrader(course.root, "autograde", A, "--force", COURSE_SEED="another")
    assert process.returncode != 0
    assert "another course seed" in process.stdout
    assert course.graded() == before


# ---- the formgrader's API ----------------------------------------------------------------------------------------------


def test_formgrader_regrades_and_keeps_what_was_given_by_hand(
    course: Course, capfd: pytest.CaptureFixture[str]
) -> None:
    """NbGraderAPI grades as the command does; points, extra points and comments of a person survive it."""
    scripts_on_path()
    with closing(Gradebook(f"sqlite:///{course.root}/gradebook.db")) as gradebook:
        grade = gradebook.find_grade("derive_loss_gradient", A, A, "ada")
        grade.manual_score = 1.5
        comment = gradebook.find_comment("derive_loss_gradient", A, A, "ada")
        comment.manual_comment = "Say where the 2 comes from."
        extra = gradebook.find_grade("test_predict", A, A, "ada")
        extra.extra_credit = 0.25
        gradebook.db.commit()
    recipe = replace(mistake("article's rule", "ada"))
    recipe.hand_in(course.root / "submitted")
    with in_folder(course.root):
        api = course_api(course.root)
        answer: dict[str, Any] = api.autograde(A, "ada")
        assert answer["success"], answer
        failing: dict[str, Any] = api.autograde(A, "dan")
        assert "not JSON" in failing["log"]
        assert api.generate_feedback(A, "ada", force=True)["success"]
    graded = course.graded()
    assert {name: f.points for name, f in graded["ada"].result.functions.items()} == recipe.expected()
    assert graded["dan"].result.needs_look
    points, by_hand = scores(course.root)["ada"]
    assert points == pytest.approx(sum(recipe.expected().values()) + 0.25)
    assert by_hand == 1.5
    assert "Say where the 2 comes from." in course.page("ada")
    capfd.readouterr()


# ---- without our grading -----------------------------------------------------------------------------------------------


def test_without_our_grading_there_are_no_marks(elsewhere: dict[str, subprocess.Popen[str]], released: Any) -> None:
    """The hidden line's alarm: nbgrader's own Execute meets a number above any maximum, and fails."""
    process = ended(elsewhere["stock"])
    assert process.returncode == 1, process.stdout
    assert "ValueError" in process.stdout, process.stdout
    root = released[0].parent / f"{released[0].name}-stock"
    assert not list(root.glob("autograded/*/*/*.ipynb"))
    assert not sum(points for points, _ in scores(root).values())


def test_validate_knows_a_stub(elsewhere: dict[str, subprocess.Popen[str]]) -> None:
    """`nbgrader validate` on the notebook as given out: partial credit, and nothing raises."""
    process = ended(elsewhere["stub"])
    assert "Partial credit" in process.stdout
    assert "VALIDATION FAILED ON" in process.stdout
    assert "Error" not in process.stdout.replace("NotImplementedError", "")
    assert process.returncode == 0


def test_validate_knows_a_right_answer(elsewhere: dict[str, subprocess.Popen[str]]) -> None:
    """`nbgrader validate` on the solved notebook: success."""
    process = ended(elsewhere["solved"])
    assert "Success! Your notebook passes all the tests." in process.stdout
    assert process.returncode == 0
