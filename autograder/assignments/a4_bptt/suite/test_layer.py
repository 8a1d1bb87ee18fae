"""What a4_bptt asks of the student's code: layer. Hidden: nothing of this file leaves the grader."""

from collections.abc import Callable

import numpy as np
import pytest

from autograder.assignments.a4_bptt import references as torch_rnn
from autograder.assignments.a4_bptt.problems import (
    EQUAL_SIZES,
    ONE_INPUT,
    ONE_SAMPLE,
    ONE_STEP,
    ONE_UNIT,
    draw_steep_rnn,
)
from autograder.assignments.a4_bptt.suite.made_of import (
    WIDE_MULTIPLICATIONS,
    assert_layer_backward,
    run,
    wide_rnn,
)
from autograder.assignments.layers import rnn_outputs
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.checks.compare import assert_arrays, assert_gradients, assert_same, coarse
from autograder.checks.cost import GENTLE, Check, assert_cheap, assert_linear_in_time
from autograder.checks.draw import Draw, mixed
from autograder.checks.edges import Edge, edges
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Strided, Student


@pytest.mark.weight(8)
def test_rnn_forward_agrees_with_torch(student: Student, problem: RNNProblem) -> None:
    """The states of every step are those of torch.nn.RNN, each parameter found by its name."""
    outputs, _ = student.rnn_forward(problem.x, problem.h0, mixed(problem.params, weight_ho=problem.h0))
    assert_same(outputs, rnn_outputs(problem), "outputs")


@edges(ONE_STEP, ONE_SAMPLE, ONE_INPUT, ONE_UNIT, EQUAL_SIZES)
def test_rnn_forward_of_other_sizes(student: Student, draw: Draw, edge: Edge) -> None:
    """Sequences of unusual sizes work like any other."""
    problem = draw(draw_rnn, edge.name, **edge.sizes)
    assert_same(run(student, problem)[0], rnn_outputs(problem), "outputs")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_forward_of_strided_arrays(student: Student, problem: RNNProblem) -> None:
    """Arrays that are not contiguous in memory work like any other."""
    outputs, _ = student.rnn_forward(Strided(problem.x), Strided(problem.h0), problem.params)
    assert_same(outputs, rnn_outputs(problem), "outputs")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_rnn_forward_can_be_called_again(student: Student, problem: RNNProblem, other: RNNProblem) -> None:
    """Two calls give the same, also with another call in between, and no argument is changed."""
    arguments = problem.x, problem.h0, problem.params
    assert_repeatable(
        student, "rnn_forward", *arguments, between=lambda: run(student, other), parts=("outputs", "cache")
    )


def assert_rnn_gradients(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """rnn_backward is PyTorch's, or that of the student's own layer."""
    assert_layer_backward(
        student,
        problem,
        small,
        lambda who, p, cache: who.rnn_backward(p.grad_outputs, cache),
        torch_rnn.rnn_gradients(problem),
    )


@pytest.mark.weight(12)
def test_rnn_backward_agrees_with_autograd(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """Every gradient is PyTorch's, with an injected gradient at every step."""
    assert_rnn_gradients(student, problem, small)


@pytest.mark.weight(2)
def test_rnn_backward_is_linear(student: Student, draw: Draw, small: RNNProblem) -> None:
    """Injected gradients that are ten thousand times as large give gradients that are as much larger."""
    assert_rnn_gradients(student, draw(draw_steep_rnn), small)


@pytest.mark.weight(1)
def test_rnn_backward_of_a_long_sequence(student: Student, draw: Draw, small: RNNProblem) -> None:
    """Every gradient is also PyTorch's for a sequence of many steps."""
    assert_rnn_gradients(student, draw(draw_rnn, "fifty steps", steps=50), small)


@edges(ONE_STEP, ONE_SAMPLE, ONE_INPUT, ONE_UNIT, EQUAL_SIZES)
def test_rnn_backward_of_other_sizes(student: Student, draw: Draw, edge: Edge) -> None:
    """Sequences of unusual sizes work like any other."""
    problem = draw(draw_rnn, edge.name, **edge.sizes)
    assert_rnn_gradients(student, problem, problem)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_of_strided_arrays(student: Student, problem: RNNProblem, equal_sizes: RNNProblem) -> None:
    """An injected gradient that is not contiguous in memory works like any other."""
    assert_layer_backward(
        student,
        problem,
        equal_sizes,
        lambda who, p, cache: who.rnn_backward(Strided(p.grad_outputs) if who is student else p.grad_outputs, cache),
        torch_rnn.rnn_gradients(problem),
    )


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_of_zeros(student: Student, problem: RNNProblem) -> None:
    """Where nothing is injected, every gradient is zero."""
    _, cache = run(student, problem)
    assert_gradients(student.rnn_backward(np.zeros_like(problem.grad_outputs), cache), zeros_of(problem))


@pytest.mark.weight(3)
@pytest.mark.behaviour
def test_rnn_backward_can_be_called_again(student: Student, problem: RNNProblem, other: RNNProblem) -> None:
    """The same cache gives the same gradients again, also after another forward, and no argument is changed."""
    _, cache = run(student, problem)
    assert_repeatable(student, "rnn_backward", problem.grad_outputs, cache, between=lambda: run(student, other))


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_rnn_backward_costs_one_sweep(student: Student, draw: Draw) -> None:
    """The backward costs about two forwards, and eight times as many steps cost about eight times as much."""

    def ready(steps: int, number: int) -> Callable[[], Check]:
        sizes = {"steps": steps, "n": 2, "input_size": 3, "hidden_size": 24}
        p = draw(draw_rnn, f"cost {number}", **sizes, gain=0.5, upstream=GENTLE)
        outputs, cache = run(student, p)

        def backward() -> Check:
            grads = student.rnn_backward(p.grad_outputs, cache)
            return lambda: assert_arrays(grads, torch_rnn.rnn_gradients(p), rtol=coarse(outputs))

        return backward

    assert_cheap(student, lambda number: wide_rnn(student, draw, number), WIDE_MULTIPLICATIONS)
    assert_linear_in_time(student, ready)


def zeros_of(problem: RNNProblem) -> dict[str, np.ndarray]:
    """A zero gradient for every input and parameter."""
    return {name: np.zeros_like(v) for name, v in {"x": problem.x, "h0": problem.h0, **problem.params}.items()}
