"""What a1_linear_fit asks of the student's code. Hidden: nothing of this file leaves the grader.

Walls. The points lie on no line and x is far from centred, so dw and db, the mean and the sum, the two axes of the
Hessian all differ. The curves bend more than they climb: a one-sided difference misses by ten times the tolerance, and
with a wide nudge every formula but the central one is far off. A second draw (other N, other b) finds what is fitted to
one problem, one sample finds a mean over the wrong thing, a second call finds changed arguments and state that stays.
The counterexample is believed only after both rules have run on it here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from autograder.assignments.a1_linear_fit.problems import (
    CurveProblem,
    LineProblem,
    draw_curve,
    draw_line,
    draw_steep_line,
)
from autograder.assignments.a1_linear_fit.references import (
    curve_difference,
    curve_slope,
    line,
    line_descent,
    line_loss,
    line_prediction,
    line_slopes,
    loss,
    online_weights,
    slopes,
    stable_lr,
)
from autograder.checks.compare import assert_arrays, assert_same, fail
from autograder.checks.draw import Draw
from autograder.checks.follow import (
    Arrays,
    assert_backward,
    assert_one_of,
    assert_right_or_composed,
    contracted,
    differences,
)
from autograder.checks.ground import Own, solved
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Made, Odd, Student

STEPS = 6
PASSES = 2  # over four samples: eight updates
ARTICLE_B = -6.0


@pytest.fixture
def problem(draw: Draw) -> LineProblem:
    """Seven points: the problem that decides points."""
    return draw(draw_line)


@pytest.fixture
def few(draw: Draw) -> LineProblem:
    """Four points, for updates a sample at a time."""
    return draw(draw_line, "few", n=4)


@pytest.mark.weight(4)
def test_predict_is_the_line(student: Student, problem: LineProblem) -> None:
    """The prediction is w x + b for every x."""
    assert_same(student.predict(problem.x, problem.w, problem.b), line_prediction(problem), "prediction")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_predict_can_be_called_again(student: Student, problem: LineProblem) -> None:
    """The same call gives the same prediction again, and no argument is changed."""
    assert_repeatable(student, "predict", problem.x, problem.w, problem.b, parts="prediction")


@pytest.mark.weight(4)
def test_mse_loss_is_the_mean_of_squares(student: Student, problem: LineProblem) -> None:
    """The loss is PyTorch's mean of the squared errors."""
    assert_same(student.mse_loss(line_prediction(problem), problem.target), line_loss(problem), "loss")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_mse_loss_can_be_called_again(student: Student, problem: LineProblem) -> None:
    """The same call gives the same loss again, and no argument is changed."""
    assert_repeatable(student, "mse_loss", line_prediction(problem), problem.target, parts="loss")


@pytest.mark.weight(4)
def test_numerical_derivative_is_the_slope(student: Student, draw: Draw) -> None:
    """The central difference gives the slope of a cubic and of a wave."""
    cubic, wave = draw(draw_curve), draw(draw_curve, family="wave")
    actual = {f"slope of a {c.family}": student.numerical_derivative(made(c), c.at) for c in (cubic, wave)}
    assert_arrays(actual, {f"slope of a {c.family}": curve_slope(c) for c in (cubic, wave)})


@pytest.mark.weight(2)
def test_numerical_derivative_nudges_by_eps(student: Student, draw: Draw) -> None:
    """It nudges in both directions by the given eps."""
    curve = draw(draw_curve)
    assert_same(student.numerical_derivative(made(curve), curve.at, curve.eps), curve_difference(curve), "slope")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_numerical_derivative_can_be_called_again(student: Student, draw: Draw) -> None:
    """The same call gives the same slope again, also with another function in between."""
    curve, wave = draw(draw_curve), draw(draw_curve, family="wave")
    between = lambda: student.numerical_derivative(made(wave), wave.at)
    assert_repeatable(student, "numerical_derivative", made(curve), curve.at, between=between, parts="slope")


@pytest.mark.weight(8)
def test_mse_gradients_agree_with_autograd(student: Student, problem: LineProblem) -> None:
    """Both slopes of the loss are PyTorch's."""
    assert_slopes(student, problem)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_mse_gradients_of_one_sample(student: Student, draw: Draw) -> None:
    """Both slopes are also right for a single sample."""
    assert_slopes(student, draw(draw_line, "one", n=1))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_mse_gradients_can_be_called_again(student: Student, problem: LineProblem) -> None:
    """The same call gives the same slopes again, and no argument is changed."""
    assert_repeatable(student, "mse_gradients", problem.x, problem.target, problem.w, problem.b, parts=("dw", "db"))


def assert_descent(student: Student, problem: LineProblem, steps: int = STEPS) -> None:
    """The walk is PyTorch's, or that of the student's own lower functions."""
    p = problem
    w, b, losses = student.gradient_descent(p.x, p.target, p.w, p.b, p.lr, steps)
    assert_right_or_composed(
        {"w": w, "b": b, "losses": losses},
        line_descent(problem, steps),
        lambda own: own_descents(own, problem, steps),
        lower=("predict", "mse_loss", "mse_gradients"),
        training=True,
    )


@pytest.mark.weight(6)
def test_gradient_descent_walks_as_sgd(student: Student, problem: LineProblem) -> None:
    """After some steps w and b are those of PyTorch's SGD, and every loss is the one before its step."""
    assert_descent(student, problem)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_gradient_descent_that_explodes(student: Student, draw: Draw) -> None:
    """With a learning rate that is too large every step is taken all the same, and the losses grow."""
    assert_descent(student, draw(draw_steep_line), 3)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_gradient_descent_can_be_called_again(student: Student, problem: LineProblem) -> None:
    """The same call gives the same w, b and losses again, and no argument is changed."""
    p = problem
    parts = ("w", "b", "losses")
    assert_repeatable(student, "gradient_descent", p.x, p.target, p.w, p.b, p.lr, 2, parts=parts)


@pytest.mark.weight(5)
def test_online_fit_walks_as_sgd(student: Student, few: LineProblem) -> None:
    """The first weight and the weight after every update are those of SGD, one sample at a time, with the article's b."""
    weights = student.online_fit(few.x, few.target, few.w, few.lr, PASSES)
    assert_online(few, weights, ARTICLE_B)


@pytest.mark.weight(2)
def test_online_fit_takes_another_b(student: Student, few: LineProblem) -> None:
    """The same is true for any given b."""
    weights = student.online_fit(few.x, few.target, few.w, few.lr, PASSES, few.b)
    assert_online(few, weights, few.b)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_online_fit_can_be_called_again(student: Student, few: LineProblem) -> None:
    """The same call gives the same weights again, and no argument is changed."""
    assert_repeatable(student, "online_fit", few.x, few.target, few.w, few.lr, 1, parts="weights")


@pytest.mark.weight(4)
def test_largest_stable_lr_is_two_over_the_curvature(student: Student, problem: LineProblem) -> None:
    """It is two over the largest eigenvalue of the loss's Hessian."""
    assert_same(student.largest_stable_lr(problem.x), stable_lr(problem), "learning rate")


@pytest.mark.weight(2)
def test_largest_stable_lr_of_other_points(student: Student, draw: Draw) -> None:
    """This is also true where x is small and b has most of the curvature."""
    small = draw(draw_line, "small", n=5, spread=0.3)
    assert_same(student.largest_stable_lr(small.x), stable_lr(small), "learning rate")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_largest_stable_lr_can_be_called_again(student: Student, problem: LineProblem) -> None:
    """The same x gives the same learning rate again, and is not changed."""
    assert_repeatable(student, "largest_stable_lr", problem.x, parts="learning rate")


@pytest.mark.weight(7)
def test_counterexample_tells_the_rules_apart(student: Student) -> None:
    """In one pass the article's rule ends farther from the best w than it began, and the true gradient nearer."""
    x, target, w, lr = student.counterexample()
    points = samples(x, target)
    if not (is_number(w) and is_number(lr) and float(lr) > 0):
        fail("w and lr should be numbers, and lr above 0.")
    if len({x_n for x_n, _ in points}) < 2:
        fail("At least two of the x should differ.")
    start, rate = float(w), float(lr)
    best = best_weight(points)
    article = one_pass(points, start, rate, lambda error, x_n: error)
    gradient = one_pass(points, start, rate, lambda error, x_n: error * x_n)
    if not math.isfinite(article):
        fail("The article's rule should end at a finite w: take a smaller lr, or smaller x.")
    if not abs(article - best) > abs(start - best):
        fail("The article's rule does not end farther from the best w than it began.")
    if not abs(gradient - best) < abs(start - best):
        fail("The true gradient does not end nearer to the best w than it began.")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_counterexample_can_be_called_again(student: Student) -> None:
    """A second call gives the same counterexample."""
    assert_repeatable(student, "counterexample", parts=("x", "target", "w", "lr"))


# ---- what the tests are made of --------------------------------------------------------------------------------------


def made(curve: CurveProblem) -> Made:
    """The curve as a function in the student's process."""
    return Made(curve.family, curve.coefficients)


def assert_slopes(student: Student, problem: LineProblem) -> None:
    """The slopes are PyTorch's, those of the student's own prediction, or those of the own loss of it. Raises Wrong."""
    arguments = problem.x, problem.target, problem.w, problem.b

    def slopes_of(functions: Any) -> Arrays:
        dw, db = functions.mse_gradients(*arguments)
        return {"dw": dw, "db": db}

    actual, expected = slopes_of(student), line_slopes(problem)
    assert_one_of(
        lambda: assert_right_or_composed(
            actual, expected, lambda own: slopes_of(solved(predict=own.predict)), lower=("predict",)
        ),
        lambda: assert_backward(
            actual,
            expected,
            own=lambda own: differences_of_own_loss(own, problem),
            forward=("predict", "mse_loss"),
        ),
    )


def differences_of_own_loss(student: Student, problem: LineProblem) -> Arrays:
    """Slopes of the student's own loss of the student's own prediction."""

    def f(at: dict[str, np.ndarray]) -> float:
        prediction = student.predict(problem.x, float(at["dw"]), float(at["db"]))
        return contracted(student.mse_loss(prediction, problem.target), np.ones(()))

    return differences(f, {"dw": np.array(problem.w), "db": np.array(problem.b)})


def own_descents(student: Own, problem: LineProblem, steps: int) -> Iterator[Arrays]:
    """The walks that the student's own lower functions give, each called or, for all it can tell, done in place."""
    torch: dict[str, Callable[..., Any]] = {
        "predict": line,
        "mse_loss": loss,
        "mse_gradients": lambda *arguments: tuple(slopes(*arguments).values()),
    }
    wrong = [name for name in torch if not student.is_right(name)]
    for own in product((True, False), repeat=len(wrong)):
        called = {name for name, is_own in zip(wrong, own, strict=True) if is_own}
        use = {name: getattr(student, name) if name in called else torch[name] for name in torch}
        w, b, walked = np.array(problem.w), np.array(problem.b), []
        for _ in range(steps):
            walked.append(use["mse_loss"](use["predict"](problem.x, float(w), float(b)), problem.target))
            dw, db = use["mse_gradients"](problem.x, problem.target, float(w), float(b))
            w, b = w - problem.lr * dw, b - problem.lr * db
        yield {"w": w, "b": b, "losses": np.array(walked)}


def assert_online(problem: LineProblem, weights: Any, b: float) -> None:
    """The weights are those of SGD, or of single updates with the student's own prediction. Raises Wrong."""

    def compose(student: Student) -> Arrays:
        walked = [np.array(problem.w)]
        for n in list(range(len(problem.x))) * PASSES:
            prediction = student.predict(problem.x[n : n + 1], float(walked[-1]), b)[0]
            walked.append(walked[-1] - problem.lr * (prediction - problem.target[n]) * problem.x[n])
        return {"weights": np.array(walked)}

    expected = {"weights": online_weights(problem, PASSES, b)}
    assert_right_or_composed({"weights": weights}, expected, compose, lower=("predict",), training=True)


def is_number(value: Any) -> bool:
    """Whether this is one finite real number."""
    return not isinstance(value, Odd) and value.shape == () and value.dtype.kind in "fiub" and bool(np.isfinite(value))


def samples(x: Any, target: Any) -> list[tuple[float, float]]:
    """The points of the counterexample. Raises Wrong for anything but two equally long rows of finite numbers."""
    for array in (x, target):
        if isinstance(array, Odd) or array.ndim != 1 or array.dtype.kind not in "fiub" or not np.isfinite(array).all():
            fail("x and target should be arrays of shape (N,) with finite numbers.")
    if len(x) != len(target):
        fail("x and target should have the same length.")
    return list(zip(x.astype(np.float64).tolist(), target.astype(np.float64).tolist(), strict=True))


def best_weight(points: list[tuple[float, float]]) -> float:
    """The w of the least squares for the article's b; x is scaled first, so that no square under- or overflows."""
    largest = max(abs(x_n) for x_n, _ in points)
    scaled = [(x_n / largest, y_n - ARTICLE_B) for x_n, y_n in points]
    return sum(x_n * y_n for x_n, y_n in scaled) / sum(x_n * x_n for x_n, _ in scaled) / largest


def one_pass(points: list[tuple[float, float]], w: float, lr: float, step: Callable[[float, float], float]) -> float:
    """w after one update a point, w += lr * step(error, x)."""
    for x_n, y_n in points:
        w += lr * step(y_n - (w * x_n + ARTICLE_B), x_n)
    return w
