"""The sample class in the real cage: every submission gets exactly the marks of its recipe, in any order, with reasons."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from autograder.course.cells import nbgrader_of
from autograder.grading.given import defines
from autograder.grading.results import FunctionResult
from autograder.grading.step import places_of
from autograder.grading.words import said, stopped_cell
from autograder.sample.accidents import add_cell
from autograder.sample.recipes import Accident, Notebook, Recipe
from tests.classroom import Classroom, Outcome, open_classroom
from tests.course import CLASSES, named

RECIPES = [recipe for recipes in CLASSES.values() for recipe in recipes]
FEWEST = 15


def name(recipe: Recipe) -> str:
    """The name of a test: who, and in which assignment."""
    return f"{recipe.assignment[:2]}-{recipe.student[-3:]}"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    """One worker and one cage for all."""
    with open_classroom(tmp_path_factory.mktemp("submitted")) as classroom:
        yield classroom


@pytest.fixture(scope="module")
def first_time() -> dict[str, Outcome]:
    """What the class got, as far as it is graded."""
    return {}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("recipe", RECIPES, ids=name)
def test_a_submission_gets_its_marks(recipe: Recipe, room: Classroom, first_time: dict[str, Outcome]) -> None:
    """Points by function, what had to be stopped, what was repaired, and a reason for every point that is lost."""
    graded = first_time[name(recipe)] = room.grade(recipe)
    assert graded.marks == recipe.expected(), graded.said()
    assert graded.shown == graded.marks  # what nbgrader reads is what our reports read
    assert graded.results.needs_look == (recipe.needs_look or recipe.slips)
    assert bool(graded.results.unreadable) == recipe.needs_look
    assert len(graded.results.stopped) == recipe.stopped
    assert all(line.startswith("Code cell ") for line in graded.results.stopped)
    repairs = "\n".join(graded.results.repairs)
    assert [part for part in recipe.repaired if part not in repairs] == []
    assert bool(repairs) == bool(recipe.repaired)
    for function in graded.results.functions.values():
        assert not function.faults
        assert function.points == function.max_points or reasons(function) or recipe.needs_look


def test_a_stopped_cell_is_named_by_its_number_and_a_heading_that_was_given_out() -> None:
    """Never by what a student wrote above it."""
    assignment = named("a1_linear_fit")
    given = next(c["source"] for c in assignment.cells if c["source"].startswith("### 2.3"))
    own = "# <script>mine</script>"
    texts = [("code", "a = 1"), ("markdown", given), ("markdown", own), ("code", "while True: pass")]
    cells = [{"cell_type": kind, "source": text} for kind, text in texts]
    place = places_of(cells, assignment)[id(cells[3])]
    said = stopped_cell(*place, "This cell was stopped: it was still running after 10 s.")
    heading = given.splitlines()[0].removeprefix("### ")
    assert said == f"Code cell 2 (under “{heading}”) was stopped: it was still running after 10 s."


def reasons(function: FunctionResult) -> list[str]:
    """What a student is told about lost points."""
    checks = [check for check in function.checks if check.lost]
    return list(filter(None, (text for c in checks for text in (said(c), *(array.sentence for array in c.off)))))


def test_order_and_number_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, first_time: dict[str, Outcome]
) -> None:
    """Some of the class, shuffled and in a new worker: the same marks, and the same pages to the letter."""
    quick = [r for r in RECIPES if "infinite loop" not in r.kind and name(r) in first_time]
    some = random.Random(7).sample(quick, min(len(quick), 16))
    with open_classroom(tmp_path_factory.mktemp("again")) as again:
        for recipe in some:
            graded = again.grade(recipe)
            assert graded.marks == first_time[name(recipe)].marks
            assert graded.feedback == first_time[name(recipe)].feedback


def no_imports(notebook: Notebook) -> Notebook:
    """The cell with the imports is deleted, and every other cell without an answer that defines something."""
    notebook["cells"] = [c for c in notebook["cells"] if nbgrader_of(c) or not defines(c["source"])]
    return notebook


def imports_that_fail(notebook: Notebook) -> Notebook:
    """A package that is not installed, above the others."""
    cell = next(c for c in notebook["cells"] if "import numpy" in c["source"])
    cell["source"] = f"import no_such_package\n{cell['source']}"
    return notebook


CARELESS: dict[str, Accident] = {
    "no imports": no_imports,
    "imports that fail": imports_that_fail,
    "a reset": add_cell("%reset -f"),
}


@pytest.mark.parametrize(
    "accident", ["no imports", pytest.param("imports that fail", marks=pytest.mark.thorough), "a reset"]
)
@pytest.mark.parametrize("assignment", CLASSES)
def test_what_was_right_when_it_ran_keeps_its_marks(assignment: str, accident: str, room: Classroom) -> None:
    """A given cell that is missing or fails, and a last cell that takes names away."""
    recipe = Recipe(assignment, "right", student="ada", accident=CARELESS[accident])
    graded = room.grade(recipe)
    assert graded.marks == recipe.expected(), graded.said()
    assert bool(graded.results.repairs) == ("imports" in accident)
    assert not graded.results.needs_look


@pytest.mark.parametrize("assignment", CLASSES)
def test_the_class_is_whole(assignment: str) -> None:
    """Everybody hands in everything, and each assignment has every kind of trouble."""
    recipes = CLASSES[assignment]
    assert len(recipes) >= FEWEST
    assert [r.student for r in recipes] == [r.student for r in CLASSES["a1_linear_fit"]]
    assert len({r.kind for r in recipes}) == len(recipes)
    kinds = "\n".join(r.kind for r in recipes)
    for word in (
        "loops",
        "einsum",
        "float32",
        "cache" if assignment != "a1_linear_fit" else "closures",
        "one mistake",
        "two mistakes",
        "an early mistake",
        "untouched",
        "half done",
        "a syntax error",
        "an infinite loop",
        "a dead kernel",
        "deleted",
        "pasted twice",
        "split in two",
        "another order",
        "moved",
        "turned into",
        "the wrong type",
        "an empty folder",
        "saved by",
    ):
        assert word in kinds, word
    assert sum(r.expected() == full(r) for r in recipes) >= 4
    assert sum("infinite loop" in r.kind for recipes in CLASSES.values() for r in recipes) <= 4


def full(recipe: Recipe) -> dict[str, float]:
    """The points of somebody who got all right."""
    return Recipe(recipe.assignment, "right").expected()
