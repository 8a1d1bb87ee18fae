"""What a2_mlp_backprop asks of the student's code: net. Hidden: nothing of this file leaves the grader."""

from __future__ import annotations

import pytest

from autograder.assignments.a2_mlp_backprop.problems import MLPProblem, draw_array, draw_mlp, draw_thousands
from autograder.assignments.a2_mlp_backprop.references import article_net, mlp_loss, mlp_prediction, sigmoids
from autograder.assignments.a2_mlp_backprop.suite.made_of import (
    FOUR_DIGITS,
    assert_same_without_overflow,
    forwards_of_own_sigmoid,
    own_examples,
    stages_of,
)
from autograder.checks.compare import assert_arrays, assert_same
from autograder.checks.draw import Draw, mixed
from autograder.checks.follow import assert_right_or_composed
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Student


@pytest.mark.weight(4)
def test_sigmoid_agrees_with_torch(student: Student, draw: Draw) -> None:
    """Every entry is torch.sigmoid's."""
    z = draw(draw_array)
    assert_same(student.sigmoid(z), sigmoids(z), "sigmoid")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_sigmoid_of_large_numbers(student: Student, draw: Draw) -> None:
    """It is also right for very large and very small z, and nothing overflows."""
    z = draw(draw_thousands)
    assert_same_without_overflow(student.ask("sigmoid", z), sigmoids(z), "sigmoid")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_sigmoid_of_any_shape(student: Student, draw: Draw) -> None:
    """The result has the shape of z, also for an array without axes and for three axes."""
    arrays = {"0 axes": draw(draw_array, shape=()), "3 axes": draw(draw_array, shape=(2, 4, 3))}
    assert_arrays({k: student.sigmoid(z) for k, z in arrays.items()}, {k: sigmoids(z) for k, z in arrays.items()})


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_sigmoid_can_be_called_again(student: Student, draw: Draw) -> None:
    """The same z gives the same result again, and is not changed."""
    assert_repeatable(student, "sigmoid", draw(draw_array), parts="sigmoid")


@pytest.mark.weight(6)
def test_mlp_forward_agrees_with_torch(student: Student, problem: MLPProblem) -> None:
    """The prediction is that of two linear layers of PyTorch with a sigmoid after each, each parameter found by its name."""
    prediction, _ = student.mlp_forward(problem.x, mixed(problem.params, weight_0=problem.x))
    assert_right_or_composed(
        {"prediction": prediction},
        {"prediction": mlp_prediction(problem)},
        lambda own: forwards_of_own_sigmoid(own, {"prediction": problem}),
        lower=("sigmoid",),
    )


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_mlp_forward_of_one_row(student: Student, draw: Draw) -> None:
    """The prediction is also right for a single row, and for as many rows as inputs, hidden units and outputs."""
    nets = {"one row": draw(draw_mlp, "one", n=1), "equal sizes": draw(draw_mlp, "square", n=3, hidden=3, outputs=3)}
    assert_right_or_composed(
        {name: student.mlp_forward(p.x, p.params)[0] for name, p in nets.items()},
        {name: mlp_prediction(p) for name, p in nets.items()},
        lambda own: forwards_of_own_sigmoid(own, nets),
        lower=("sigmoid",),
    )


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_mlp_forward_can_be_called_again(student: Student, problem: MLPProblem) -> None:
    """The same call gives the same prediction again, and neither x nor a parameter is changed."""
    assert_repeatable(student, "mlp_forward", problem.x, problem.params, parts=("prediction", "cache"))


@pytest.mark.weight(4)
def test_half_squared_error_is_half_the_sum(student: Student, problem: MLPProblem) -> None:
    """The loss is half the sum of the squared differences, over every row and output."""
    assert_same(student.half_squared_error(mlp_prediction(problem), problem.target), mlp_loss(problem), "loss")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_half_squared_error_can_be_called_again(student: Student, problem: MLPProblem) -> None:
    """The same call gives the same loss again, and no argument is changed."""
    assert_repeatable(student, "half_squared_error", mlp_prediction(problem), problem.target, parts="loss")


@pytest.mark.weight(7)
def test_worked_example_is_the_net_put_right(student: Student) -> None:
    """Every stage, the loss and every gradient of the article's net are right to four digits."""
    assert_right_or_composed(
        stages_of(student.worked_example()),
        article_net(),
        own_examples,
        lower=("sigmoid", "half_squared_error", "mlp_forward", "mlp_backward"),
        rtol=FOUR_DIGITS,
    )


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_worked_example_can_be_called_again(student: Student) -> None:
    """A second call gives the same numbers."""
    assert_repeatable(student, "worked_example")
