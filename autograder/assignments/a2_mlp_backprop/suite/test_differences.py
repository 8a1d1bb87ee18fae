"""What a2_mlp_backprop asks of the student's code: differences. Hidden: nothing of this file leaves the grader."""

from __future__ import annotations

import pytest

from autograder.assignments.a2_mlp_backprop.problems import draw_ridge
from autograder.assignments.a2_mlp_backprop.references import ridge_differences, ridge_slopes
from autograder.assignments.a2_mlp_backprop.suite.made_of import made
from autograder.checks.compare import assert_same, fail
from autograder.checks.draw import Draw
from autograder.checks.repeatable import assert_agree
from autograder.kernels.student import Strided, Student


@pytest.mark.weight(6)
def test_numerical_gradient_is_the_gradient(student: Student, draw: Draw) -> None:
    """Central differences give the gradient at every entry."""
    ridge = draw(draw_ridge)
    assert_same(student.numerical_gradient(made(ridge), ridge.array), ridge_slopes(ridge), "gradient")


@pytest.mark.weight(2)
def test_numerical_gradient_nudges_by_eps(student: Student, draw: Draw) -> None:
    """It nudges one entry at a time, in both directions, by the given eps."""
    ridge = draw(draw_ridge, "wide", shape=(2, 3))
    actual = student.numerical_gradient(made(ridge), ridge.array, ridge.eps)
    assert_same(actual, ridge_differences(ridge), "gradient")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_numerical_gradient_of_a_single_number(student: Student, draw: Draw) -> None:
    """An array without axes has a gradient without axes."""
    ridge = draw(draw_ridge, shape=())
    assert_same(student.numerical_gradient(made(ridge), ridge.array), ridge_slopes(ridge), "gradient")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_numerical_gradient_of_an_array_with_holes(student: Student, draw: Draw) -> None:
    """The gradient is also right for an array that is not contiguous in memory."""
    ridge = draw(draw_ridge, "holes", shape=(3, 2))
    assert_same(student.numerical_gradient(made(ridge), Strided(ridge.array)), ridge_slopes(ridge), "gradient")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_numerical_gradient_puts_the_array_back(student: Student, draw: Draw) -> None:
    """Afterwards the array is unchanged, to the last bit, and a second call gives the same."""
    ridge = draw(draw_ridge)
    first = student.ask("numerical_gradient", made(ridge), ridge.array)
    again = student.ask("numerical_gradient", made(ridge), ridge.array)
    if first.changed or again.changed:
        fail("The array was not restored: save each entry before you nudge it, and write that number back.")
    assert_agree({"gradient": again.value}, {"gradient": first.value})
