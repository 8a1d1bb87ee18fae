"""What gates asks of the student's code. Hidden: nothing of this file leaves the grader."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.checks.compare import assert_same, fail
from autograder.checks.draw import Draw
from autograder.checks.follow import assert_right_or_composed
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Student

from .problems import GateProblem, draw_gates
from .references import both_gates, state


@pytest.fixture
def problem(draw: Draw) -> GateProblem:
    """One step: the problem that decides points."""
    return draw(draw_gates)


@pytest.mark.weight(3)
def test_gates_are_torchs(student: Student, problem: GateProblem) -> None:
    """Both gates are PyTorch's."""
    assert_same(student.gates(problem.x, problem.h, problem.params), both_gates(problem), "gates")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_gates_depend_on_the_sum_of_the_biases(student: Student, problem: GateProblem) -> None:
    """The two biases may be exchanged."""
    params = dict(problem.params)
    params["bias_ih"], params["bias_hh"] = params["bias_hh"], params["bias_ih"]
    exchanged = student.gates(problem.x, problem.h, params)
    assert_same(exchanged, both_gates(problem), "gates")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_gates_can_be_called_again(student: Student, problem: GateProblem) -> None:
    """The same call gives the same gates again, and no argument is changed."""
    assert_repeatable(student, "gates", problem.x, problem.h, problem.params, parts="gates")


@pytest.mark.weight(3)
def test_new_state_is_mixed_by_the_gates(student: Student, problem: GateProblem) -> None:
    """The new state is PyTorch's, or what the student's own gates give."""
    p = problem
    compose = lambda own: {"new state": state(p, own.gates(p.x, p.h, p.params))}

    actual = {"new state": student.new_state(p.x, p.h, p.c, p.candidate, p.params)}
    assert_right_or_composed(actual, {"new state": state(p, both_gates(p))}, compose, lower=("gates",))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_new_state_of_nothing_is_nothing(student: Student, problem: GateProblem) -> None:
    """Where state and candidate are zero, the new state is zero."""
    nothing = np.zeros_like(problem.c)
    if np.any(np.asarray(student.new_state(problem.x, problem.h, nothing, nothing, problem.params))):
        fail("The new state is not zero.")
