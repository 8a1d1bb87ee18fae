"""What a3_rnn_cell asks of the student's code: columns. Hidden: nothing of this file leaves the grader."""

import numpy as np
import pytest

from autograder.assignments.a3_rnn_cell import references as torch_rnn
from autograder.assignments.a3_rnn_cell.own import (
    composed_column_gradients,
    composed_column_outputs,
    own_column_gradients,
)
from autograder.assignments.a3_rnn_cell.problems import ColumnProblem, draw_columns, draw_steep_columns
from autograder.assignments.a3_rnn_cell.suite.made_of import WIDE, WIDE_MULTIPLICATIONS, wide_cell
from autograder.checks.compare import assert_gradients
from autograder.checks.cost import Check, assert_cheap
from autograder.checks.draw import Draw
from autograder.checks.follow import assert_backward, assert_one_of, assert_right_or_composed
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Student


def assert_column_outputs(student: Student, problem: ColumnProblem) -> None:
    """column_cell_forward is PyTorch's, or what the student's own row cell gives."""
    a_next, yt_pred = student.column_cell_forward(*problem.forward_arguments)
    assert_right_or_composed(
        {"a_next": a_next, "yt_pred": yt_pred},
        torch_rnn.column_outputs(problem),
        lambda own: composed_column_outputs(own, problem),
        lower=("rnn_cell_forward",),
    )


@pytest.mark.weight(8)
def test_column_cell_forward_agrees_with_torch(student: Student, draw: Draw) -> None:
    """The new state and the prediction are PyTorch's, transposed."""
    assert_column_outputs(student, draw(draw_columns))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_forward_of_one_column(student: Student, draw: Draw) -> None:
    """A single column works like any number of columns."""
    assert_column_outputs(student, draw(draw_columns, "single", n=1))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_forward_of_equal_sizes(student: Student, draw: Draw) -> None:
    """Sizes that happen to be equal change nothing."""
    assert_column_outputs(student, draw(draw_columns, "square", n=3, input_size=3, hidden_size=3, classes=3))


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_column_cell_forward_can_be_called_again(student: Student, draw: Draw) -> None:
    """Two calls give the same, also with another call in between, and no argument is changed."""
    other = draw(draw_columns, "other", n=2, input_size=5, hidden_size=3, classes=4)
    between = lambda: student.column_cell_forward(*other.forward_arguments)
    arguments = draw(draw_columns).forward_arguments
    assert_repeatable(student, "column_cell_forward", *arguments, between=between, parts=("a_next", "yt_pred"))


def assert_column_gradients(student: Student, problem: ColumnProblem, small: ColumnProblem) -> None:
    """column_cell_backward is PyTorch's, what the own row cell gives, or that of the own wrong column_cell_forward."""
    grads = student.column_cell_backward(*problem.backward_arguments)
    expected = torch_rnn.column_gradients(problem)
    assert_one_of(
        lambda: assert_right_or_composed(
            grads,
            expected,
            lambda own: composed_column_gradients(own, problem),
            lower=("rnn_cell_forward", "rnn_cell_backward"),
        ),
        lambda: assert_backward(
            grads,
            expected,
            own=lambda own: own_column_gradients(own, small),
            answered=lambda: student.column_cell_backward(*small.backward_arguments),
            forward=("column_cell_forward",),
        ),
    )


@pytest.mark.weight(8)
def test_column_cell_backward_agrees_with_autograd(student: Student, draw: Draw, small_columns: ColumnProblem) -> None:
    """All five gradients are PyTorch's, in the textbook's layout."""
    assert_column_gradients(student, draw(draw_columns), small_columns)


@pytest.mark.weight(2)
def test_column_cell_backward_is_linear(student: Student, draw: Draw, small_columns: ColumnProblem) -> None:
    """A gradient from above that is ten thousand times as large gives gradients that are as much larger."""
    assert_column_gradients(student, draw(draw_steep_columns), small_columns)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_backward_of_one_column(student: Student, draw: Draw, small_columns: ColumnProblem) -> None:
    """A single column works like any number of columns."""
    assert_column_gradients(student, draw(draw_columns, "single", n=1), small_columns)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_backward_of_equal_sizes(student: Student, draw: Draw, small_columns: ColumnProblem) -> None:
    """Sizes that happen to be equal change nothing."""
    square = draw(draw_columns, "square", n=3, input_size=3, hidden_size=3)
    assert_column_gradients(student, square, small_columns)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_backward_of_zeros(student: Student, draw: Draw) -> None:
    """Where the gradient from above is zero, every gradient is zero."""
    problem = draw(draw_columns)
    da_next, *inputs = problem.backward_arguments
    grads = student.column_cell_backward(np.zeros_like(da_next), *inputs)
    names = ("dxt", "da_prev", "dWax", "dWaa", "dba")
    assert_gradients(grads, {name: np.zeros_like(value) for name, value in zip(names, inputs, strict=True)})


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_column_cell_backward_can_be_called_again(student: Student, draw: Draw) -> None:
    """Two calls give the same, also with another call in between: nothing is carried over from one sequence to the next."""
    other = draw(draw_columns, "other", n=2, input_size=5, hidden_size=3, classes=4)
    between = lambda: student.column_cell_backward(*other.backward_arguments)
    assert_repeatable(student, "column_cell_backward", *draw(draw_columns).backward_arguments, between=between)


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_column_cell_backward_is_no_difference(student: Student, draw: Draw) -> None:
    """The backward costs about two forwards."""

    def calls(number: int) -> Check:
        problem = draw(draw_columns, f"cost {number}", **WIDE)
        grads = student.column_cell_backward(*problem.backward_arguments)
        return lambda: assert_gradients(grads, torch_rnn.column_gradients(problem))

    assert_cheap(student, calls, WIDE_MULTIPLICATIONS, lower=lambda number: wide_cell(student, draw, number))
