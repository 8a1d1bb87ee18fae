"""What a3_rnn_cell asks of the student's code: cell. Hidden: nothing of this file leaves the grader."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.assignments.a3_rnn_cell import references as torch_rnn
from autograder.assignments.a3_rnn_cell.own import gradients_of_own_state, own_cell_gradients
from autograder.assignments.a3_rnn_cell.problems import CellProblem, draw_cell, draw_steep_cell
from autograder.assignments.a3_rnn_cell.suite.made_of import WIDE_MULTIPLICATIONS, run, wide_cell
from autograder.checks.compare import assert_gradients, assert_same, coarse
from autograder.checks.cost import assert_cheap
from autograder.checks.draw import Draw, mixed
from autograder.checks.edges import Edge, edges, equal_sizes, one_input, one_sample, one_unit
from autograder.checks.follow import assert_backward, assert_one_of, assert_right_or_composed
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Strided, Student

SINGLE, SQUARE = one_sample("single", n=1), equal_sizes("square", n=3, input_size=3, hidden_size=3)
ONE_INPUT, ONE_UNIT = one_input(n=2, hidden_size=3), one_unit(n=2, input_size=3)


@pytest.mark.weight(8)
def test_rnn_cell_forward_agrees_with_torch(student: Student, cell: CellProblem) -> None:
    """The new state is that of torch.nn.RNNCell, each parameter found by its name."""
    h, _ = student.rnn_cell_forward(cell.x, cell.h_prev, mixed(cell.params, weight_ho=cell.x))
    assert_same(h, torch_rnn.cell_output(cell), "h")


@edges(SINGLE, ONE_INPUT, ONE_UNIT, SQUARE)
def test_rnn_cell_forward_of_other_sizes(student: Student, draw: Draw, edge: Edge) -> None:
    """Batches of unusual sizes work like any other."""
    problem = draw(draw_cell, edge.name, **edge.sizes)
    assert_same(run(student, problem)[0], torch_rnn.cell_output(problem), "h")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_cell_forward_of_strided_arrays(student: Student, cell: CellProblem) -> None:
    """Arrays that are not contiguous in memory work like any other."""
    h, _ = student.rnn_cell_forward(Strided(cell.x), Strided(cell.h_prev), cell.params)
    assert_same(h, torch_rnn.cell_output(cell), "h")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_rnn_cell_forward_can_be_called_again(student: Student, cell: CellProblem, other_cell: CellProblem) -> None:
    """Two calls give the same, also with another call in between, and no argument is changed."""
    between = lambda: run(student, other_cell)
    assert_repeatable(
        student, "rnn_cell_forward", cell.x, cell.h_prev, cell.params, between=between, parts=("h", "cache")
    )


def assert_cell_gradients(
    student: Student, problem: CellProblem, small: CellProblem, layout: Callable[[np.ndarray], Any] = np.asarray
) -> None:
    """rnn_cell_backward is PyTorch's.

    Under a wrong cell it is what a right backward makes of that cell's state, or the gradient of that cell on the small
    problem.
    """
    h, cache = run(student, problem)
    grads, expected = student.rnn_cell_backward(layout(problem.grad_h), cache), torch_rnn.cell_gradients(problem)
    assert_one_of(
        lambda: assert_right_or_composed(
            grads,
            expected,
            lambda own: gradients_of_own_state(own, problem),
            lower=("rnn_cell_forward",),
            rtol=coarse(h),
        ),
        lambda: assert_backward(
            grads,
            expected,
            own=lambda own: own_cell_gradients(own, small),
            answered=lambda: student.rnn_cell_backward(small.grad_h, run(student, small)[1]),
            forward=("rnn_cell_forward",),
            rtol=coarse(h),
        ),
    )


@pytest.mark.weight(10)
def test_rnn_cell_backward_agrees_with_autograd(student: Student, cell: CellProblem, small_cell: CellProblem) -> None:
    """The gradients of both inputs and of all four parameters are PyTorch's."""
    assert_cell_gradients(student, cell, small_cell)


@pytest.mark.weight(2)
def test_rnn_cell_backward_is_linear(student: Student, draw: Draw, small_cell: CellProblem) -> None:
    """A gradient from above that is ten thousand times as large gives gradients that are as much larger."""
    assert_cell_gradients(student, draw(draw_steep_cell), small_cell)


@edges(SINGLE, ONE_INPUT, ONE_UNIT, SQUARE)
def test_rnn_cell_backward_of_other_sizes(student: Student, draw: Draw, edge: Edge, small_cell: CellProblem) -> None:
    """Batches of unusual sizes work like any other."""
    assert_cell_gradients(student, draw(draw_cell, edge.name, **edge.sizes), small_cell)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_cell_backward_of_strided_arrays(student: Student, cell: CellProblem, small_cell: CellProblem) -> None:
    """A gradient that is not contiguous in memory works like any other."""
    assert_cell_gradients(student, cell, small_cell, Strided)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_cell_backward_of_zeros(student: Student, cell: CellProblem) -> None:
    """Where the gradient from above is zero, every gradient is zero."""
    _, cache = run(student, cell)
    inputs = {"x": cell.x, "h_prev": cell.h_prev, **cell.params}
    grads = student.rnn_cell_backward(np.zeros_like(cell.grad_h), cache)
    assert_gradients(grads, {name: np.zeros_like(value) for name, value in inputs.items()})


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_rnn_cell_backward_can_be_called_again(student: Student, cell: CellProblem, other_cell: CellProblem) -> None:
    """The same cache gives the same gradients again, also after another forward, and no argument is changed."""
    _, cache = run(student, cell)
    assert_repeatable(student, "rnn_cell_backward", cell.grad_h, cache, between=lambda: run(student, other_cell))


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_rnn_cell_backward_is_no_difference(student: Student, draw: Draw) -> None:
    """The backward costs about two forwards."""
    assert_cheap(student, lambda number: wide_cell(student, draw, number), WIDE_MULTIPLICATIONS)
