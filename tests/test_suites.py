"""What holds for the hidden suite of every assignment, whatever its exercises are.

What is special to one assignment, such as its rules of follow-through, is in test_suites_a1.py to test_suites_a4.py.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from autograder.naming.bank import bank
from tests.course import NAMES, named
from tests.forms import each, in_form
from tests.harness import SEEDS, lost, points, reference, stub, written
from tests.marks import FILE, marks

FUNCTIONS = [(assignment, name) for assignment in NAMES for name in named(assignment).functions]
NONSENSE = (
    "None",
    "0.0",
    "float('nan')",
    "'text'",
    "[[1], [2, 3]]",
    "{'x': 1}",
    "np.zeros(10**6)",
    "(1, 2)",
    "(None, None)",
)
ODD = {
    "None": lambda array: None,
    "another shape": lambda array: np.asarray(array)[None],
    "NaN": lambda array: np.asarray(array) * np.nan,
    "text": lambda array: "text",
}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("assignment", NAMES)
def test_the_reference_solution_is_right_on_every_course_seed(assignment: str, seed: str) -> None:
    assert lost(assignment, reference(assignment), seed) == {}


@pytest.mark.parametrize("assignment", NAMES)
def test_a_stub_earns_nothing(assignment: str) -> None:
    assert lost(assignment, stub(assignment)) == dict.fromkeys(points(assignment), 0.0)


@pytest.mark.parametrize("value", NONSENSE)
@pytest.mark.parametrize("assignment", NAMES)
def test_nonsense_earns_nothing_and_breaks_nothing(assignment: str, value: str) -> None:
    namespace = written(assignment, *(f"def {name}(*args): return {value}" for name in points(assignment)))
    assert lost(assignment, namespace) == dict.fromkeys(points(assignment), 0.0)


def zeros(value: Any) -> Any:
    """Zeros in place of all numbers, and no text."""
    return each(value, lambda part: 0 * part, text=True)


@pytest.mark.parametrize("assignment", NAMES)
def test_zeros_of_the_right_shape_earn_nothing(assignment: str) -> None:
    """They agree with differences of a constant forward, and with what is composed of zeros: not worth a point."""
    namespace = reference(assignment)
    for name, function in named(assignment).functions.items():
        namespace[name] = in_form(namespace[name], zeros, "keep" in function.wire)
    assert lost(assignment, namespace) == dict.fromkeys(points(assignment), 0.0)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_one_odd_function_loses_its_points_and_breaks_nothing(assignment: str, name: str, kind: str) -> None:
    """grade() fails the test if a hidden test fails by its own fault, so everything else is graded."""
    namespace = reference(assignment)
    cached = "keep" in named(assignment).functions[name].wire
    namespace[name] = in_form(namespace[name], lambda value: each(value, ODD[kind], text=True), cached)
    assert name in lost(assignment, namespace)


PARTS = 3


@pytest.mark.sampled(PARTS)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("assignment", NAMES)
def test_every_known_mistake_gets_the_marks_on_record(assignment: str, part: int) -> None:
    """A changed mark is a decision: run ``python -m tests.marks`` and read the diff."""
    on_record = json.loads(FILE.read_text())[assignment]
    assert marks(assignment, part, PARTS) == dict(list(on_record.items())[part::PARTS])


@pytest.mark.parametrize("assignment", NAMES)
def test_every_known_mistake_is_on_record(assignment: str) -> None:
    assert [mistake.id for mistake in bank(named(assignment))] == list(json.loads(FILE.read_text())[assignment])
