"""What a3_rnn_cell asks of the student's code: two steps. Hidden: nothing of this file leaves the grader."""

import numpy as np
import pytest

from autograder.assignments.a3_rnn_cell import references as torch_rnn
from autograder.assignments.a3_rnn_cell.own import composed_two_steps, own_two_step_gradients, two_caches
from autograder.assignments.a3_rnn_cell.problems import CellProblem, draw_steep_steps
from autograder.assignments.a3_rnn_cell.suite.made_of import (
    WIDE,
    WIDE_MULTIPLICATIONS,
    run,
    wide_cell,
)
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.checks.compare import assert_arrays, assert_gradients, coarse
from autograder.checks.cost import Check, assert_cheap
from autograder.checks.draw import Draw
from autograder.checks.edges import Edge, edges, equal_sizes, one_sample
from autograder.checks.follow import assert_backward, assert_one_of, assert_right_or_composed
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Answer, Student


def ask_two_steps(student: Student, problem: RNNProblem) -> Answer:
    """One call of two_step_backward on the caches of the student's own two cells."""
    return student.ask("two_step_backward", *problem.grad_outputs, *two_caches(student, problem)[1])


def assert_two_steps(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """two_step_backward is PyTorch's, two calls of the own rnn_cell_backward, or that of the own wrong cell."""
    states, caches = two_caches(student, problem)
    grads = student.two_step_backward(*problem.grad_outputs, *caches)
    expected = torch_rnn.two_step_gradients(problem)
    rtol = coarse(*states)
    assert_one_of(
        lambda: assert_right_or_composed(
            grads,
            expected,
            lambda own: composed_two_steps(own, problem),
            lower=("rnn_cell_forward", "rnn_cell_backward"),
            rtol=rtol,
        ),
        lambda: assert_backward(
            grads,
            expected,
            own=lambda own: own_two_step_gradients(own, small),
            answered=lambda: ask_two_steps(student, small).value,
            forward=("rnn_cell_forward",),
            rtol=rtol,
        ),
    )


@pytest.mark.weight(8)
def test_two_step_backward_agrees_with_autograd(student: Student, steps: RNNProblem, small_steps: RNNProblem) -> None:
    """All seven gradients are PyTorch's, with an injected gradient at both steps."""
    assert_two_steps(student, steps, small_steps)


@pytest.mark.weight(2)
def test_two_step_backward_is_linear(student: Student, draw: Draw, small_steps: RNNProblem) -> None:
    """Gradients from above that are ten thousand times as large give gradients that are as much larger."""
    assert_two_steps(student, draw(draw_steep_steps), small_steps)


@edges(one_sample("single", n=1), equal_sizes("square", n=2, input_size=2, hidden_size=2))
def test_two_step_backward_of_other_sizes(student: Student, draw: Draw, edge: Edge, small_steps: RNNProblem) -> None:
    """Batches of unusual sizes work like any other."""
    assert_two_steps(student, draw(draw_rnn, edge.name, steps=2, **edge.sizes), small_steps)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_two_step_backward_of_zeros(student: Student, steps: RNNProblem) -> None:
    """Where nothing is injected, every gradient is zero."""
    _, caches = two_caches(student, steps)
    grads = student.two_step_backward(*np.zeros_like(steps.grad_outputs), *caches)
    inputs = {"x_1": steps.x[0], "x_2": steps.x[1], "h0": steps.h0, **steps.params}
    assert_gradients(grads, {name: np.zeros_like(value) for name, value in inputs.items()})


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_two_step_backward_can_be_called_again(student: Student, steps: RNNProblem, other_cell: CellProblem) -> None:
    """The same caches give the same gradients again, also after another forward, and no argument is changed."""
    _, caches = two_caches(student, steps)
    between = lambda: run(student, other_cell)
    assert_repeatable(student, "two_step_backward", *steps.grad_outputs, *caches, between=between)


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_two_step_backward_is_no_difference(student: Student, draw: Draw) -> None:
    """Two steps back cost about four forwards."""

    def calls(number: int) -> Check:
        problem = draw(draw_rnn, f"cost {number}", steps=2, **WIDE)
        states, caches = two_caches(student, problem)
        grads = student.two_step_backward(*problem.grad_outputs, *caches)
        return lambda: assert_arrays(grads, torch_rnn.two_step_gradients(problem), rtol=coarse(*states))

    assert_cheap(student, calls, 2 * WIDE_MULTIPLICATIONS, lower=lambda number: wide_cell(student, draw, number))
