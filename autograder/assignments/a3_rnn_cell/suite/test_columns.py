"""What a3_rnn_cell asks of the student's code: columns. Hidden: nothing of this file leaves the grader."""

import numpy as np
import pytest

from autograder.assignments.a3_rnn_cell import references as torch_rnn
from autograder.assignments.a3_rnn_cell.own import (
    composed_column_gradients,
    composed_column_outputs,
    own_column_gradients,
)
from autograder.assignments.a3_rnn_cell.problems import CellProblem, ColumnProblem, draw_columns
from autograder.assignments.a3_rnn_cell.suite.made_of import run
from autograder.checks.compare import assert_gradients, same
from autograder.checks.cost import assert_cheap
from autograder.checks.draw import Draw
from autograder.checks.follow import assert_backward, assert_one_of, assert_right_or_composed
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Answer, CallFailed, Student


def assert_column_outputs(student: Student, problem: ColumnProblem, twin: ColumnProblem) -> None:
    """column_cell_forward is PyTorch's, or what the student's own row cell gives."""
    a_next, yt_pred = student.column_cell_forward(*problem.forward_arguments)
    assert_right_or_composed(
        {"a_next": a_next, "yt_pred": yt_pred},
        torch_rnn.column_outputs(problem),
        lambda: composed_column_outputs(student, problem, twin),
        lower="rnn_cell_forward",
    )


@pytest.mark.weight(8)
def test_column_cell_forward_agrees_with_torch(student: Student, draw: Draw) -> None:
    """The new state and the prediction are PyTorch's, transposed."""
    assert_column_outputs(student, draw(draw_columns), draw(draw_columns, "twin"))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_forward_of_one_column(student: Student, draw: Draw) -> None:
    """A single column works like any number of columns."""
    assert_column_outputs(student, draw(draw_columns, "single", n=1), draw(draw_columns, "twin", n=1))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_forward_of_equal_sizes(student: Student, draw: Draw) -> None:
    """Sizes that happen to be equal change nothing."""
    square, twin = (
        draw(draw_columns, name, n=3, input_size=3, hidden_size=3, classes=3) for name in ("square", "twin")
    )
    assert_column_outputs(student, square, twin)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_column_cell_forward_can_be_called_again(student: Student, draw: Draw) -> None:
    """Two calls give the same, also with another call in between, and no argument is changed."""
    other = draw(draw_columns, "other", n=2, input_size=5, hidden_size=3, classes=4)
    between = lambda: student.column_cell_forward(*other.forward_arguments)
    arguments = draw(draw_columns).forward_arguments
    assert_repeatable(student, "column_cell_forward", *arguments, between=between, parts=("a_next", "yt_pred"))


def assert_column_gradients(
    student: Student, problem: ColumnProblem, twin: ColumnProblem, small: ColumnProblem
) -> None:
    """column_cell_backward is PyTorch's, what the own row cell gives, or that of the own wrong column_cell_forward."""
    grads = student.column_cell_backward(*problem.backward_arguments)
    expected = torch_rnn.column_gradients(problem)

    def forward_is_right() -> bool:
        try:
            return same(
                student.column_cell_forward(*problem.forward_arguments)[0], torch_rnn.column_outputs(problem)["a_next"]
            )
        except CallFailed:
            return True  # there is none to be wrong with

    assert_one_of(
        lambda: assert_right_or_composed(
            grads,
            expected,
            lambda: composed_column_gradients(student, problem, twin),
            lower="rnn_cell_forward or rnn_cell_backward",
        ),
        lambda: assert_backward(
            grads,
            expected,
            forward_is_right=forward_is_right(),
            own=lambda: own_column_gradients(student, small),
            answered=lambda: student.column_cell_backward(*small.backward_arguments),
            forward="column_cell_forward",
        ),
    )


@pytest.mark.weight(8)
def test_column_cell_backward_agrees_with_autograd(student: Student, draw: Draw, small_columns: ColumnProblem) -> None:
    """All five gradients are PyTorch's, in the textbook's layout."""
    assert_column_gradients(student, draw(draw_columns), draw(draw_columns, "twin"), small_columns)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_backward_of_one_column(student: Student, draw: Draw, small_columns: ColumnProblem) -> None:
    """A single column works like any number of columns."""
    single, twin = (draw(draw_columns, name, n=1) for name in ("single", "twin"))
    assert_column_gradients(student, single, twin, small_columns)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_backward_of_equal_sizes(student: Student, draw: Draw, small_columns: ColumnProblem) -> None:
    """Sizes that happen to be equal change nothing."""
    square, twin = (draw(draw_columns, name, n=3, input_size=3, hidden_size=3) for name in ("square", "twin"))
    assert_column_gradients(student, square, twin, small_columns)


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
def test_column_cell_backward_is_no_difference(student: Student, draw: Draw, large_cell: CellProblem) -> None:
    """The backward costs about two forwards."""
    problem = draw(draw_columns, "cost", n=2, input_size=64, hidden_size=96, gain=0.5)
    assert_cheap(
        lambda: student.ask("column_cell_forward", *problem.forward_arguments),
        lambda: student.ask("column_cell_backward", *problem.backward_arguments),
        lower=lambda: ask_cell_backward(student, large_cell),
    )


def ask_cell_backward(student: Student, problem: CellProblem) -> Answer:
    """One call of rnn_cell_backward."""
    return student.ask("rnn_cell_backward", problem.grad_h, run(student, problem)[1])
