"""What a4_bptt asks of the student's code: residual. Hidden: nothing of this file leaves the grader."""

from collections.abc import Callable

import numpy as np
import pytest

from autograder.assignments.a4_bptt import references as torch_rnn
from autograder.assignments.a4_bptt.problems import ONE_SAMPLE, ONE_STEP, draw_steep_rnn
from autograder.assignments.a4_bptt.suite.made_of import (
    WIDE,
    WIDE_MULTIPLICATIONS,
    assert_layer_backward,
    run,
)
from autograder.assignments.a4_bptt.suite.test_layer import zeros_of
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.checks.compare import assert_arrays, assert_gradients, assert_same, coarse
from autograder.checks.cost import GENTLE, Check, assert_cheap, assert_linear_in_time
from autograder.checks.draw import Draw, mixed
from autograder.checks.edges import Edge, edges
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Student


@pytest.mark.weight(8)
def test_residual_rnn_forward_agrees_with_torch(student: Student, problem: RNNProblem) -> None:
    """Every state is the previous one plus the output of torch.nn.RNNCell, each parameter found by its name."""
    outputs, _ = student.residual_rnn_forward(problem.x, problem.h0, mixed(problem.params, weight_ho=problem.h0))
    assert_same(outputs, torch_rnn.residual_outputs(problem), "outputs")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_residual_rnn_forward_of_one_step(student: Student, one_step: RNNProblem) -> None:
    """A sequence of a single step works like any other."""
    assert_same(run(student, one_step, "residual_rnn")[0], torch_rnn.residual_outputs(one_step), "outputs")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_residual_rnn_forward_can_be_called_again(student: Student, problem: RNNProblem, other: RNNProblem) -> None:
    """Two calls give the same, also with another call in between, and no argument is changed."""
    assert_repeatable(
        student,
        "residual_rnn_forward",
        problem.x,
        problem.h0,
        problem.params,
        between=lambda: run(student, other, "residual_rnn"),
        parts=("outputs", "cache"),
    )


def assert_residual_gradients(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """residual_rnn_backward is PyTorch's, or that of the student's own residual layer."""
    assert_layer_backward(
        student,
        problem,
        small,
        lambda who, p, cache: who.residual_rnn_backward(p.grad_outputs, cache),
        torch_rnn.residual_gradients(problem),
        layer="residual_rnn",
    )


@pytest.mark.weight(8)
def test_residual_rnn_backward_agrees_with_autograd(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """Every gradient is PyTorch's, with an injected gradient at every step."""
    assert_residual_gradients(student, problem, small)


@pytest.mark.weight(2)
def test_residual_rnn_backward_is_linear(student: Student, draw: Draw, small: RNNProblem) -> None:
    """Injected gradients that are ten thousand times as large give gradients that are as much larger."""
    assert_residual_gradients(student, draw(draw_steep_rnn), small)


@edges(ONE_STEP, ONE_SAMPLE)
def test_residual_rnn_backward_of_other_sizes(student: Student, draw: Draw, edge: Edge) -> None:
    """Sequences of unusual sizes work like any other."""
    problem = draw(draw_rnn, edge.name, **edge.sizes)
    assert_residual_gradients(student, problem, problem)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_residual_rnn_backward_of_zeros(student: Student, problem: RNNProblem) -> None:
    """Where nothing is injected, every gradient is zero."""
    _, cache = run(student, problem, "residual_rnn")
    assert_gradients(student.residual_rnn_backward(np.zeros_like(problem.grad_outputs), cache), zeros_of(problem))


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_residual_rnn_backward_can_be_called_again(student: Student, problem: RNNProblem, other: RNNProblem) -> None:
    """The same cache gives the same gradients again, also after another forward, and no argument is changed."""
    _, cache = run(student, problem, "residual_rnn")
    between = lambda: run(student, other, "residual_rnn")
    assert_repeatable(student, "residual_rnn_backward", problem.grad_outputs, cache, between=between)


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_residual_rnn_backward_costs_one_sweep(student: Student, draw: Draw) -> None:
    """The backward costs about two forwards, and eight times as many steps cost about eight times as much."""

    def calls(number: int) -> Check:
        p = draw(draw_rnn, f"cost {number}", **WIDE, upstream=GENTLE)
        outputs, cache = run(student, p, "residual_rnn")
        grads = student.residual_rnn_backward(p.grad_outputs, cache)
        return lambda: assert_arrays(grads, torch_rnn.residual_gradients(p), rtol=coarse(outputs))

    def ready(steps: int, number: int) -> Callable[[], Check]:
        sizes = {"steps": steps, "n": 2, "input_size": 3, "hidden_size": 24}
        p = draw(draw_rnn, f"cost {number}", **sizes, gain=0.01, upstream=GENTLE)
        outputs, cache = run(student, p, "residual_rnn")

        def backward() -> Check:
            grads = student.residual_rnn_backward(p.grad_outputs, cache)
            return lambda: assert_arrays(grads, torch_rnn.residual_gradients(p), rtol=coarse(outputs))

        return backward

    assert_cheap(student, calls, WIDE_MULTIPLICATIONS)
    assert_linear_in_time(student, ready)
