"""What a4_bptt asks of the student's code: training. Hidden: nothing of this file leaves the grader."""

from collections.abc import Iterable
from typing import Any

import pytest

from autograder.assignments.a4_bptt import references as torch_rnn
from autograder.assignments.a4_bptt import trainings as torch_training
from autograder.assignments.a4_bptt.own import composed_adders, composed_first_xor_last, composed_loss_and_gradients
from autograder.assignments.a4_bptt.problems import (
    ClipProblem,
    SequenceProblem,
    TrainingProblem,
    draw_adder,
    draw_clip,
    draw_first_xor_last,
    draw_sequence,
)
from autograder.assignments.a4_bptt.suite.made_of import WIDE, WIDE_MULTIPLICATIONS, run, wide_rnn
from autograder.assignments.sequences import RNNProblem
from autograder.checks.compare import assert_arrays, assert_names
from autograder.checks.cost import Check, assert_cheap
from autograder.checks.draw import Draw, mixed
from autograder.checks.edges import Edge, edges, one_sample, one_step
from autograder.checks.follow import assert_one_of, assert_right_or_composed
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Student


def assert_clipped(student: Student, problem: ClipProblem) -> None:
    """The gradients and total_norm are PyTorch's, with or without its 1e-6."""
    grads, total_norm = student.clip_grad_norm(problem.grads, problem.max_norm)
    answer = {**under(problem.grads, grads), "total_norm": total_norm}
    forms = [torch_training.clipped(problem, with_epsilon) for with_epsilon in (False, True)]
    assert_one_of(*(lambda form=form: assert_arrays(answer, form) for form in forms))


@pytest.mark.weight(6)
def test_clip_grad_norm_scales_all_arrays_together(student: Student, draw: Draw) -> None:
    """Gradients with a large norm are PyTorch's after clipping, and total_norm is the norm before it."""
    assert_clipped(student, draw(draw_clip))


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_clip_grad_norm_leaves_small_gradients(student: Student, draw: Draw) -> None:
    """Gradients whose norm is below max_norm are unchanged."""
    assert_clipped(student, draw(draw_clip, "small", share=1.7, size=0.3))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_clip_grad_norm_at_the_bound(student: Student, draw: Draw) -> None:
    """Gradients whose norm is exactly max_norm are unchanged."""
    assert_clipped(student, draw(draw_clip, "bound", share=1.0))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_clip_grad_norm_of_zeros(student: Student, draw: Draw) -> None:
    """Gradients that are all zero stay zero: nothing is divided by their norm."""
    assert_clipped(student, draw(draw_clip, "zeros", size=0.0))


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_clip_grad_norm_can_be_called_again(student: Student, draw: Draw) -> None:
    """Two calls give the same, and the given gradients are not changed."""
    problem = draw(draw_clip)
    assert_repeatable(student, "clip_grad_norm", problem.grads, problem.max_norm, parts=("grads", "total_norm"))


def under(names: Iterable[str], part: Any) -> dict[str, Any]:
    """A dict of arrays; what was returned instead of one, under every name."""
    return part if isinstance(part, dict) else dict.fromkeys(names, part)


def assert_loss_and_gradients(student: Student, problem: SequenceProblem) -> None:
    """The loss and six gradients are PyTorch's, or those of the student's own layer under the given readout and loss."""
    loss, grads = student.loss_and_gradients(problem.x, problem.h0, problem.target, mixed(problem.params))
    expected_loss, expected = torch_rnn.sequence_gradients(problem)
    assert_right_or_composed(
        {"loss": loss, **under(expected, grads)},
        {"loss": expected_loss, **expected},
        lambda own: composed_loss_and_gradients(own, problem),
        lower=("rnn_forward", "rnn_backward"),
    )


@pytest.mark.weight(8)
def test_loss_and_gradients_agree_with_autograd(student: Student, draw: Draw) -> None:
    """The loss and the gradients of all six parameters are PyTorch's."""
    assert_loss_and_gradients(student, draw(draw_sequence))


@edges(one_step(steps=1), one_sample(n=1))
def test_loss_and_gradients_of_other_sizes(student: Student, draw: Draw, edge: Edge) -> None:
    """Sequences of unusual sizes work like any other."""
    assert_loss_and_gradients(student, draw(draw_sequence, edge.name, **edge.sizes))


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_loss_and_gradients_can_be_called_again(student: Student, draw: Draw, other: RNNProblem) -> None:
    """Two calls give the same, also after another forward, and no argument is changed."""
    p = draw(draw_sequence)
    between = lambda: run(student, other)
    assert_repeatable(
        student, "loss_and_gradients", p.x, p.h0, p.target, p.params, between=between, parts=("loss", "grads")
    )


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_loss_and_gradients_are_no_differences(student: Student, draw: Draw) -> None:
    """All of it together costs about three forwards."""

    def calls(number: int) -> Check:
        p = draw(draw_sequence, f"cost {number}", **WIDE, classes=5)
        loss, grads = student.loss_and_gradients(p.x, p.h0, p.target, p.params)

        def check() -> None:
            expected_loss, expected = torch_rnn.sequence_gradients(p)
            assert_arrays({"loss": loss, **under(expected, grads)}, {"loss": expected_loss, **expected})

        return check

    lower = lambda number: wide_rnn(student, draw, number, upstream=1.0)  # more than what the loss sends back
    assert_cheap(student, calls, WIDE_MULTIPLICATIONS, "loss_and_gradients", lower)


def named(trained: tuple[Any, Any], problem: TrainingProblem) -> dict[str, Any]:
    """A training's answer as one dict of arrays."""
    params, losses = trained
    return {**under(problem.params, params), "losses": losses}


@pytest.mark.weight(6)
def test_train_adder_agrees_with_torch(student: Student, draw: Draw) -> None:
    """After a few updates the six parameters and all losses are those of torch.optim.SGD."""
    problem = draw(draw_adder)
    assert_right_or_composed(
        named(student.train_adder(problem.batches, mixed(problem.params), problem.lr), problem),
        torch_training.adder_training(problem),
        lambda own: composed_adders(own, problem),
        lower=("loss_and_gradients", "rnn_forward", "rnn_backward"),
        training=True,
    )


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_train_adder_can_be_called_again(student: Student, draw: Draw) -> None:
    """Two trainings from the same start give the same result, and neither batches nor parameters are changed."""
    p = draw(draw_adder, "again", updates=2, steps=3)
    assert_repeatable(student, "train_adder", p.batches, p.params, p.lr, parts=("params", "losses"))


def assert_first_xor_last(student: Student, problem: TrainingProblem) -> None:
    """The training is PyTorch's with either form of clipping, or that of the student's own layer and clipping."""
    trained = student.train_first_xor_last(problem.batches, mixed(problem.params), problem.lr, problem.max_norm)
    answer = named(trained, problem)
    with_epsilon, without = (torch_training.first_xor_last_training(problem, form) for form in (True, False))
    assert_one_of(
        lambda: assert_arrays(answer, without, training=True),
        lambda: assert_right_or_composed(
            answer,
            with_epsilon,
            lambda own: composed_first_xor_last(own, problem),
            lower=("rnn_forward", "rnn_backward", "clip_grad_norm"),
            training=True,
        ),
    )


@pytest.mark.weight(6)
def test_train_first_xor_last_agrees_with_torch(student: Student, draw: Draw) -> None:
    """After a few clipped updates the six parameters and all losses are those of the same loop in PyTorch."""
    assert_first_xor_last(student, draw(draw_first_xor_last))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_train_first_xor_last_without_clipping(student: Student, draw: Draw) -> None:
    """Where max_norm is never reached the updates are those of plain SGD."""
    free = draw(draw_first_xor_last, "free", updates=2, max_norm=100.0)
    assert_first_xor_last(student, free)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_train_first_xor_last_can_be_called_again(student: Student, draw: Draw) -> None:
    """Two trainings from the same start give the same result, and neither batches nor parameters are changed."""
    p = draw(draw_first_xor_last, "again", updates=2, steps=3)
    assert_repeatable(
        student, "train_first_xor_last", p.batches, p.params, p.lr, p.max_norm, parts=("params", "losses")
    )


@pytest.mark.weight(1)
def test_name_the_mistake_reads_the_reports(student: Student) -> None:
    """Each report is matched with the mistake that produced it."""
    from autograder.assignments.a4_bptt.printed import PRINTED

    assert_names(student.name_the_mistake(), PRINTED.key)
