"""What a2_mlp_backprop asks of the student's code: classes. Hidden: nothing of this file leaves the grader."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from autograder.assignments.a2_mlp_backprop.problems import (
    ClassesProblem,
    draw_array,
    draw_classes,
    draw_extreme_classes,
)
from autograder.assignments.a2_mlp_backprop.references import class_gradients, class_loss, probabilities
from autograder.assignments.a2_mlp_backprop.suite.made_of import (
    assert_same_without_overflow,
    differences_of_own_loss,
    gradients_of_own_softmax,
    loss_of_own_softmax,
)
from autograder.checks.compare import Undecided, Wrong, assert_arrays, assert_same, same
from autograder.checks.draw import Draw
from autograder.checks.follow import assert_backward, assert_one_of, assert_right_or_composed
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Student


@pytest.mark.weight(4)
def test_softmax_agrees_with_torch(student: Student, classes: ClassesProblem) -> None:
    """Every row is torch.softmax's."""
    assert_same(student.softmax(classes.logits), probabilities(classes.logits), "probabilities")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_softmax_of_large_numbers(student: Student, draw: Draw) -> None:
    """Rows of very large and very small scores are also right, and nothing overflows."""
    extreme = draw(draw_extreme_classes)
    assert_same_without_overflow(student.ask("softmax", extreme.logits), probabilities(extreme.logits), "probabilities")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_softmax_runs_along_the_last_axis(student: Student, draw: Draw) -> None:
    """With any number of axes the probabilities run along the last one."""
    arrays = {"1 axis": draw(draw_array, shape=(4,)), "3 axes": draw(draw_array, shape=(2, 4, 3))}
    actual = {name: student.softmax(logits) for name, logits in arrays.items()}
    assert_arrays(actual, {name: probabilities(logits) for name, logits in arrays.items()})


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_softmax_can_be_called_again(student: Student, classes: ClassesProblem) -> None:
    """The same logits give the same probabilities again, and are not changed."""
    assert_repeatable(student, "softmax", classes.logits, parts="probabilities")


@pytest.mark.weight(5)
def test_cross_entropy_agrees_with_torch(student: Student, classes: ClassesProblem) -> None:
    """The loss is PyTorch's cross-entropy, the mean over rows."""
    loss = student.cross_entropy(classes.logits, classes.target)
    compose = lambda own: loss_of_own_softmax(own, classes)
    assert_right_or_composed({"loss": loss}, {"loss": class_loss(classes)}, compose, lower=("softmax",))


@pytest.mark.weight(3)
@pytest.mark.behaviour
def test_cross_entropy_of_large_numbers(student: Student, draw: Draw) -> None:
    """For very large and very small scores the loss is also PyTorch's, and nothing overflows."""
    extreme = draw(draw_extreme_classes)
    assert_same_without_overflow(
        student.ask("cross_entropy", extreme.logits, extreme.target), class_loss(extreme), "loss"
    )


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_cross_entropy_can_be_called_again(student: Student, classes: ClassesProblem) -> None:
    """The same call gives the same loss again, and no argument is changed."""
    assert_repeatable(student, "cross_entropy", classes.logits, classes.target, parts="loss")


def assert_class_gradients(student: Student, drawn: Mapping[str, ClassesProblem]) -> None:
    """The gradients are PyTorch's, those of the student's own softmax, or those of the own loss. Raises Wrong."""
    actual = {name: student.cross_entropy_backward(p.logits, p.target) for name, p in drawn.items()}
    expected = {name: class_gradients(p) for name, p in drawn.items()}
    composed = lambda own: gradients_of_own_softmax(own, drawn)
    slopes = lambda own: {name: differences_of_own_loss(own, p) for name, p in drawn.items()}
    assert_one_of(
        lambda: assert_right_or_composed(actual, expected, composed, lower=("softmax",)),
        lambda: assert_backward(actual, expected, own=slopes, forward=("cross_entropy",)),
    )


@pytest.mark.weight(8)
def test_cross_entropy_backward_agrees_with_autograd(student: Student, classes: ClassesProblem) -> None:
    """The gradient at every logit is PyTorch's."""
    assert_class_gradients(student, {"logits": classes})


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_cross_entropy_backward_of_large_numbers(student: Student, draw: Draw) -> None:
    """For very large and very small scores the gradient is also right, and nothing overflows."""
    extreme = draw(draw_extreme_classes)
    answer = student.ask("cross_entropy_backward", extreme.logits, extreme.target)
    try:
        assert_same_without_overflow(answer, class_gradients(extreme), "logits")
    except Wrong:
        below = student.ask("softmax", extreme.logits)
        if below.overflow or not same(below.value, probabilities(extreme.logits)):
            raise Undecided from None  # charged to softmax
        raise


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_cross_entropy_backward_of_one_row(student: Student, draw: Draw) -> None:
    """The gradients are also right for a single row, and for as many rows as classes."""
    assert_class_gradients(student, {"one row": draw(draw_classes, n=1), "equal sizes": draw(draw_classes, n=4)})


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_cross_entropy_backward_can_be_called_again(student: Student, classes: ClassesProblem) -> None:
    """The same call gives the same gradient again, and neither logits nor target is changed."""
    assert_repeatable(student, "cross_entropy_backward", classes.logits, classes.target, parts="logits")
