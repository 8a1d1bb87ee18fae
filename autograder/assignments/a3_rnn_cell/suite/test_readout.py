"""What a3_rnn_cell asks of the student's code: readout. Hidden: nothing of this file leaves the grader."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.assignments.a3_rnn_cell import references as torch_rnn
from autograder.assignments.a3_rnn_cell.own import own_logits_gradient, own_readout_gradients
from autograder.assignments.a3_rnn_cell.problems import (
    LogitsProblem,
    ReadoutProblem,
    draw_huge_logits,
    draw_logits,
    draw_readout_problem,
    draw_steep_readout,
)
from autograder.checks.compare import assert_arrays, assert_gradients, assert_same, coarse, fail
from autograder.checks.draw import Draw, mixed
from autograder.checks.edges import Edge, edges, one_sample, one_step
from autograder.checks.follow import assert_backward
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Strided, Student


def assert_logits(student: Student, problem: ReadoutProblem) -> None:
    """readout_forward is PyTorch's."""
    assert_same(
        student.readout_forward(problem.outputs, problem.params)[0], torch_rnn.readout_logits(problem), "logits"
    )


@pytest.mark.weight(8)
def test_readout_forward_agrees_with_torch(student: Student, readout: ReadoutProblem) -> None:
    """The logits of all steps and samples are those of torch.nn.Linear, each parameter found by its name."""
    logits, _ = student.readout_forward(readout.outputs, mixed(readout.params, weight_ih=readout.outputs))
    assert_same(logits, torch_rnn.readout_logits(readout), "logits")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_readout_forward_of_one_leading_axis(student: Student, rows: ReadoutProblem) -> None:
    """One leading axis works like two."""
    assert_logits(student, rows)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_readout_forward_of_three_leading_axes(student: Student, three_axes: ReadoutProblem) -> None:
    """More leading axes work like two."""
    assert_logits(student, three_axes)


@edges(one_sample(leading=(3, 1)))
def test_readout_forward_of_one_sample(student: Student, draw: Draw, edge: Edge) -> None:
    """Batches of unusual sizes work like any other."""
    assert_logits(student, draw(draw_readout_problem, edge.name, **edge.sizes))


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_readout_forward_can_be_called_again(student: Student, readout: ReadoutProblem, rows: ReadoutProblem) -> None:
    """Two calls give the same, also with another call in between, and no argument is changed."""
    between = lambda: student.readout_forward(rows.outputs, rows.params)
    assert_repeatable(
        student, "readout_forward", readout.outputs, readout.params, between=between, parts=("logits", "cache")
    )


def assert_readout_gradients(
    student: Student, problem: ReadoutProblem, small: ReadoutProblem, layout: Callable[[np.ndarray], Any] = np.asarray
) -> None:
    """readout_backward is PyTorch's, or that of the student's own wrong readout on the small problem."""
    logits, cache = student.readout_forward(layout(problem.outputs), problem.params)

    def answered() -> dict[str, np.ndarray]:
        _, small_cache = student.readout_forward(small.outputs, small.params)
        return student.readout_backward(small.grad_logits, small_cache)  # type: ignore[no-any-return]

    assert_backward(
        student.readout_backward(layout(problem.grad_logits), cache),
        torch_rnn.readout_gradients(problem),
        own=lambda own: own_readout_gradients(own, small),
        answered=answered,
        forward=("readout_forward",),
        rtol=coarse(logits),
    )


@pytest.mark.weight(8)
def test_readout_backward_agrees_with_autograd(student: Student, draw: Draw, readout: ReadoutProblem) -> None:
    """The gradients of the states and of both parameters are PyTorch's, summed over steps and samples."""
    small = draw(draw_readout_problem, "small", leading=(3, 2), hidden_size=2, classes=3)
    assert_readout_gradients(student, readout, small)


@pytest.mark.weight(2)
def test_readout_backward_is_linear(student: Student, draw: Draw, rows: ReadoutProblem) -> None:
    """A gradient from above that is ten thousand times as large gives gradients that are as much larger."""
    assert_readout_gradients(student, draw(draw_steep_readout), rows)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_readout_backward_of_one_leading_axis(student: Student, rows: ReadoutProblem) -> None:
    """One leading axis works like two."""
    assert_readout_gradients(student, rows, rows)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_readout_backward_of_three_leading_axes(student: Student, three_axes: ReadoutProblem) -> None:
    """More leading axes work like two."""
    assert_readout_gradients(student, three_axes, three_axes)


@edges(one_sample(leading=(3, 1)))
def test_readout_backward_of_one_sample(student: Student, draw: Draw, edge: Edge, rows: ReadoutProblem) -> None:
    """Batches of unusual sizes work like any other."""
    assert_readout_gradients(student, draw(draw_readout_problem, edge.name, **edge.sizes), rows)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_readout_backward_of_strided_arrays(student: Student, readout: ReadoutProblem, rows: ReadoutProblem) -> None:
    """States and gradients that are not contiguous in memory work like any other."""
    assert_readout_gradients(student, readout, rows, Strided)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_readout_backward_of_zeros(student: Student, readout: ReadoutProblem) -> None:
    """Where the gradient from above is zero, every gradient is zero."""
    _, cache = student.readout_forward(readout.outputs, readout.params)
    grads = student.readout_backward(np.zeros_like(readout.grad_logits), cache)
    inputs = {"outputs": readout.outputs, **readout.params}
    assert_gradients(grads, {name: np.zeros_like(value) for name, value in inputs.items()})


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_readout_backward_can_be_called_again(student: Student, readout: ReadoutProblem, rows: ReadoutProblem) -> None:
    """The same cache gives the same gradients again, also after another forward, and no argument is changed."""
    _, cache = student.readout_forward(readout.outputs, readout.params)
    between = lambda: student.readout_forward(rows.outputs, rows.params)
    assert_repeatable(student, "readout_backward", readout.grad_logits, cache, between=between)


@pytest.mark.weight(4)
def test_sequence_loss_agrees_with_torch(student: Student, logits: LogitsProblem) -> None:
    """The loss is the mean of F.cross_entropy over all steps and samples."""
    loss, _ = student.sequence_loss(logits.logits, logits.target)
    assert_same(loss, torch_rnn.loss_of_logits(logits), "loss")


@pytest.mark.weight(8)
def test_sequence_loss_gradient_agrees_with_autograd(student: Student, draw: Draw, logits: LogitsProblem) -> None:
    """The gradient of the loss is PyTorch's."""
    small = draw(draw_logits, "small", steps=3, n=2, classes=4)
    assert_backward(
        {"grad_logits": student.sequence_loss(logits.logits, logits.target)[1]},
        {"grad_logits": torch_rnn.gradient_of_logits(logits)},
        own=lambda own: own_logits_gradient(own, small),
        answered=lambda: {"grad_logits": student.sequence_loss(small.logits, small.target)[1]},
        forward=("sequence_loss",),
        said="loss",
    )


@pytest.mark.weight(4)
@pytest.mark.behaviour
def test_sequence_loss_of_huge_logits(student: Student, draw: Draw) -> None:
    """Logits that are huge, or very negative, give PyTorch's numbers, and nothing overflows."""
    huge = draw(draw_huge_logits)
    answer = student.ask("sequence_loss", huge.logits, huge.target)
    loss, grad_logits = answer.value
    expected = {"loss": torch_rnn.loss_of_logits(huge), "grad_logits": torch_rnn.gradient_of_logits(huge)}
    assert_arrays({"loss": loss, "grad_logits": grad_logits}, expected)
    if answer.overflow:
        fail(
            "The numbers are right, but NumPy warned of an overflow. Subtract the largest logit of each row before exp."
        )


@edges(one_step(steps=1), one_sample(n=1))
def test_sequence_loss_of_other_sizes(student: Student, draw: Draw, edge: Edge) -> None:
    """Sequences of unusual sizes work like any other."""
    single = draw(draw_logits, edge.name, **edge.sizes)
    loss, grad_logits = student.sequence_loss(single.logits, single.target)
    expected = {"loss": torch_rnn.loss_of_logits(single), "grad_logits": torch_rnn.gradient_of_logits(single)}
    assert_arrays({"loss": loss, "grad_logits": grad_logits}, expected)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_sequence_loss_can_be_called_again(student: Student, draw: Draw, logits: LogitsProblem) -> None:
    """Two calls give the same, also with another call in between, and no argument is changed."""
    other = draw(draw_logits, "other", steps=3, n=2, classes=5)
    between = lambda: student.sequence_loss(other.logits, other.target)
    assert_repeatable(
        student, "sequence_loss", logits.logits, logits.target, between=between, parts=("loss", "grad_logits")
    )
