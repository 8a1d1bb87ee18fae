"""What a2_mlp_backprop asks of the student's code: backward. Hidden: nothing of this file leaves the grader."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.assignments.a2_mlp_backprop.problems import MLPProblem, draw_mlp, draw_steep_mlp
from autograder.assignments.a2_mlp_backprop.references import mlp_gradients, mlp_prediction
from autograder.assignments.a2_mlp_backprop.suite.made_of import differences_of_own_forward, gradients_of_own_layers
from autograder.checks.compare import assert_arrays, assert_gradients, coarse, same
from autograder.checks.cost import GENTLE, Check, assert_cheap
from autograder.checks.draw import Draw
from autograder.checks.follow import assert_backward, assert_one_of, assert_right_or_composed
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Student


def assert_mlp_gradients(student: Student, problem: MLPProblem) -> None:
    """mlp_backward is PyTorch's.

    Under a wrong forward it is what a right backward makes of that forward's layers, or the gradient of that forward.
    """
    prediction, cache = student.mlp_forward(problem.x, problem.params)
    grads, expected = student.mlp_backward(problem.grad_prediction, cache), mlp_gradients(problem)
    assert_one_of(
        lambda: assert_right_or_composed(
            grads,
            expected,
            lambda own: gradients_of_own_layers(own, problem),
            lower=("mlp_forward",),
            upstream=problem.grad_prediction,
            rtol=coarse(prediction),
        ),
        lambda: assert_backward(
            grads,
            expected,
            own=lambda own: differences_of_own_forward(own, problem),
            forward=("mlp_forward",),
            upstream=problem.grad_prediction,
            rtol=coarse(prediction),
        ),
    )


@pytest.mark.weight(14)
def test_mlp_backward_agrees_with_autograd(student: Student, problem: MLPProblem) -> None:
    """Every gradient is PyTorch's, for any upstream gradient."""
    assert_mlp_gradients(student, problem)


@pytest.mark.weight(2)
def test_mlp_backward_is_linear(student: Student, draw: Draw) -> None:
    """An upstream gradient that is ten thousand times as large gives gradients that are as much larger."""
    assert_mlp_gradients(student, draw(draw_steep_mlp))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_mlp_backward_of_nothing_is_nothing(student: Student, problem: MLPProblem) -> None:
    """An upstream gradient of zero gives gradients of zero."""
    _, cache = student.mlp_forward(problem.x, problem.params)
    grads = student.mlp_backward(np.zeros_like(problem.grad_prediction), cache)
    expected = {name: np.zeros_like(value) for name, value in {"x": problem.x, **problem.params}.items()}
    assert_gradients(grads, expected, upstream=problem.grad_prediction)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_mlp_backward_can_be_called_again(student: Student, problem: MLPProblem, draw: Draw) -> None:
    """The same cache gives the same gradients again, also after another forward, and no argument is changed."""
    other = draw(draw_mlp, "other", n=4, inputs=2, hidden=5, outputs=3)
    _, cache = student.mlp_forward(problem.x, problem.params)
    between = lambda: student.mlp_forward(other.x, other.params)
    assert_repeatable(student, "mlp_backward", problem.grad_prediction, cache, between=between)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_mlp_backward_of_one_row(student: Student, draw: Draw) -> None:
    """The gradients are also right for a single row, and when all sizes are equal."""
    actual: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    rtol = None
    nets = {"one row": draw(draw_mlp, "one", n=1), "equal sizes": draw(draw_mlp, "square", n=3, hidden=3, outputs=3)}
    for title, p in nets.items():
        prediction, cache = student.mlp_forward(p.x, p.params)
        grads = student.mlp_backward(p.grad_prediction, cache)
        if same(prediction, mlp_prediction(p)):  # what is wrong is charged to mlp_forward
            actual |= {f"{title}: {name}": value for name, value in grads.items()}
            expected |= {f"{title}: {name}": value for name, value in mlp_gradients(p).items()}
            rtol = rtol or coarse(prediction)
    assert_arrays(actual, expected, rtol=rtol)


@pytest.mark.weight(2)
@pytest.mark.behaviour
@pytest.mark.cost
def test_mlp_backward_costs_a_few_forwards(student: Student, draw: Draw) -> None:
    """The backward of a larger net costs about two forwards."""

    def calls(number: int) -> Check:
        p = draw(draw_mlp, f"cost {number}", n=2, inputs=50, hidden=300, outputs=4, upstream=GENTLE)
        prediction, cache = student.mlp_forward(p.x, p.params)
        grads = student.mlp_backward(p.grad_prediction, cache)
        return lambda: assert_arrays(grads, mlp_gradients(p), rtol=coarse(prediction))

    assert_cheap(student, calls, multiplications=2 * (50 + 4) * 300)
