"""What a4_bptt asks of the student's code: truncated. Hidden: nothing of this file leaves the grader."""

from typing import Any

import pytest

from autograder.assignments.a4_bptt import references as torch_rnn
from autograder.assignments.a4_bptt.own import own_truncated_gradients
from autograder.assignments.a4_bptt.problems import draw_steep_rnn
from autograder.assignments.a4_bptt.suite.made_of import (
    WIDE,
    WIDE_MULTIPLICATIONS,
    K,
    assert_layer_backward,
    run,
)
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.checks.compare import assert_arrays, coarse
from autograder.checks.cost import GENTLE, Check, assert_cheap
from autograder.checks.draw import Draw
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Student


def assert_truncated(student: Student, problem: RNNProblem, small: RNNProblem, k: int, small_k: int) -> None:
    """rnn_backward_truncated is PyTorch's, or that of the student's own layer."""

    def call(who: Any, p: RNNProblem, cache: Any) -> Any:
        return who.rnn_backward_truncated(p.grad_outputs, cache, k if p is problem else small_k)

    expected = torch_rnn.truncated_gradients(problem, k)
    own = lambda forward, p: own_truncated_gradients(forward, p, small_k)
    assert_layer_backward(student, problem, small, call, expected, own)


@pytest.mark.weight(8)
def test_rnn_backward_truncated_agrees_with_autograd(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """Every gradient is PyTorch's, with one graph per step, cut k steps back."""
    assert_truncated(student, problem, small, K, 1)


@pytest.mark.weight(2)
def test_rnn_backward_truncated_is_linear(student: Student, draw: Draw, small: RNNProblem) -> None:
    """Injected gradients that are ten thousand times as large give gradients that are as much larger."""
    assert_truncated(student, draw(draw_steep_rnn), small, K, 1)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_truncated_with_k_zero(student: Student, problem: RNNProblem, equal_sizes: RNNProblem) -> None:
    """Where no recurrent connection may be crossed, every step contributes only its own term."""
    assert_truncated(student, problem, equal_sizes, 0, 0)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_truncated_short_of_h0(student: Student, problem: RNNProblem, equal_sizes: RNNProblem) -> None:
    """With k one less than the number of steps, only the gradient of the initial state is incomplete."""
    assert_truncated(student, problem, equal_sizes, problem.steps - 1, equal_sizes.steps - 1)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_truncated_nowhere(student: Student, problem: RNNProblem, equal_sizes: RNNProblem) -> None:
    """With k as large as the number of steps, or larger, nothing is cut off."""
    assert_truncated(student, problem, equal_sizes, problem.steps, equal_sizes.steps)
    assert_truncated(student, problem, equal_sizes, problem.steps + 3, equal_sizes.steps + 3)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_truncated_of_one_step(student: Student, one_step: RNNProblem) -> None:
    """A sequence of a single step works like any other."""
    assert_truncated(student, one_step, one_step, 1, 1)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_rnn_backward_truncated_can_be_called_again(student: Student, problem: RNNProblem, other: RNNProblem) -> None:
    """The same cache gives the same gradients again, also after another forward, and no argument is changed."""
    _, cache = run(student, problem)
    between = lambda: run(student, other)
    assert_repeatable(student, "rnn_backward_truncated", problem.grad_outputs, cache, K, between=between)


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_rnn_backward_truncated_is_no_difference(student: Student, draw: Draw) -> None:
    """A short window costs no more than a few forwards."""

    def calls(number: int) -> Check:
        p = draw(draw_rnn, f"cost {number}", **WIDE, upstream=GENTLE)
        outputs, cache = run(student, p)
        grads = student.rnn_backward_truncated(p.grad_outputs, cache, 1)
        return lambda: assert_arrays(grads, torch_rnn.truncated_gradients(p, 1), rtol=coarse(outputs))

    assert_cheap(student, calls, WIDE_MULTIPLICATIONS)
