"""The checks of this assignment: a line, its loss, and gradient descent.

A line and its loss are checked by what defines them. largest_stable_lr is found here by bisection, and the updates of
online_fit come from the slope of a parabola: both are other ways to your numbers than the notebook's.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .differences import slopes
from .losses import check_squared_loss
from .registry import BELOW, LOSS, SHAPE, checks
from .tables import Row
from .tolerance import Array, Inputs, relative_error
from .training import Training, check_training
from .trial import Stop, Trial
from .values import Odd, Uncopied

ARTICLE_BIAS = -6.0  # the bias of the article's fit, which it never moves


@checks("predict(x, w, b)", "an array")
def check_predict(trial: Trial) -> None:
    (n,) = trial.draw_sizes("N")
    x, w, b = trial.normal(n), 1.7, -0.6
    trial.array("prediction", trial.call("predict", x, w, b), np.polyval([w, b], x))
    with trial.law(
        "w = 0 gives b everywhere", "b is missing, has the wrong sign, or has changed places with w"
    ) as same:
        same(trial.value("predict", x, 0.0, b, shape=(n,)), np.full(n, b))
    trial.twice("predict", x, w, b)


@checks("mse_loss(prediction, target)", "a float")
def check_mse_loss(trial: Trial) -> None:
    check_squared_loss(trial, "mse_loss", trial.draw_sizes("N"), 1.0, mean=True)


@checks("numerical_derivative(f, at, eps=1e-6)", "a float", blind=SHAPE)
def check_numerical_derivative(trial: Trial) -> None:
    """The error of a central difference is known: none for a parabola, eps² c for a cube c v³."""
    name, eps, at = "numerical_derivative", 0.125, float(trial.rng.uniform(0.5, 2.0))
    a, b, c = (float(value) for value in trial.spread(2.0, 3))
    b = math.copysign(b, a)
    calls: list[float] = []

    def line(value: float) -> float:
        return a * value + b

    def parabola(value: float) -> float:
        calls.append(float(value))
        return a * value**2 + b * value + c

    def cube(value: float) -> float:
        return c * value**3

    trial.array("of a line", trial.call(name, Uncopied(line), at, eps), a)
    trial.array("of a parabola, eps = 1/8", trial.call(name, Uncopied(parabola), at, eps), 2 * a * at + b)
    third = trial.call(name, Uncopied(cube), -at, eps)
    ok = trial.array("of a cube, eps = 1/8", third, c * (3 * at**2 + eps**2))
    with contextlib.suppress(Odd):
        if not ok and relative_error(trial.read(third, ()), np.array(3 * c * at**2), 0.0) < 1e-3:
            trial.note("Of a cube your number is that of a tiny eps: is the eps that you are given used?")
    sine = Uncopied(lambda value: math.sin(float(value)))
    trial.array("of sin at 0.3, default eps", trial.call(name, sine, 0.3), math.cos(0.3))
    centre = sum(calls) / len(calls) if calls else math.nan
    hint = "usual causes: differences to one side, only half as good"
    trial.rule("f is called on both sides", abs(centre - at) < 1e-9, hint)
    trial.twice(name, Uncopied(parabola), at, eps)


def draw_fit(trial: Trial) -> tuple[Array, Array, float, float]:
    """x, target, w, b of a fit whose targets are all off by a good deal."""
    n = max(trial.draw_sizes("N")[0], 3)
    trial.sizes["N"] = n
    return trial.spread(2.0, n), trial.spread(3.0, n), float(trial.normal()), float(trial.normal())


def own_loss(trial: Trial, x: Array, target: Array) -> Callable[[Inputs], float]:
    """Your own loss of w and b."""

    def loss(at: Inputs) -> float:
        prediction = trial.call("predict", x, float(at["w"]), float(at["b"]))
        return float(trial.value("mse_loss", prediction, target))

    return loss


@checks("mse_gradients(x, target, w, b)", "(dw, db)", "mse_loss predict", blind=LOSS)
def check_mse_gradients(trial: Trial) -> None:
    name = "mse_gradients"
    x, target, w, b = draw_fit(trial)
    actual = trial.parts(name, x, target, w, b)
    expected = slopes(trial, own_loss(trial, x, target), {"w": np.array(w), "b": np.array(b)})
    for value, key in zip(actual, expected, strict=True):
        trial.array(f"d{key}", value, expected[key])
    if trial.readable():
        pair = lambda *data: np.array([trial.value(name, *data, w, b, part=j) for j in (0, 1)])
        with trial.law("the data twice changes nothing", "a sum where the loss has a mean") as same:
            same(pair(np.tile(x, 2), np.tile(target, 2)), pair(x, target))
        hint = "another number of samples than len(x), or a product of means for a mean of products"
        with trial.law("the mean over single samples is the same", hint) as same:
            single = [pair(*one) for one in zip(x[:, None], target[:, None], strict=True)]
            same(np.mean(single, axis=0), pair(x, target))
        with trial.law("a perfect fit has no slope", "something that does not vanish with the errors") as same:
            same(pair(x, np.polyval([w, b], x)), np.zeros(2))
    trial.twice(name, x, target, w, b)


@checks(
    "gradient_descent(x, target, w, b, lr, steps)",
    "(w, b, losses)",
    "mse_loss predict mse_gradients",
    blind=BELOW,
)
def check_gradient_descent(trial: Trial) -> None:
    x, target, w, b = draw_fit(trial)
    name, lr, loss = "gradient_descent", 0.05, own_loss(trial, x, target)

    def run(at: Inputs, first: int, end: int) -> tuple[Any, Any]:
        *last, losses = trial.parts(name, x, target, float(at["w"]), float(at["b"]), lr, end - first)
        return dict(zip("wb", last, strict=True)), losses

    start = {"w": np.array(w), "b": np.array(b)}
    check_training(trial, Training(name, start, lr, run, lambda at, step: loss(at)))


def slope_of_parabola(f: Callable[[float], float], at: float) -> float:
    """Exact for parabolas, up to rounding."""
    return f(at + 0.5) - f(at - 0.5)


@checks("largest_stable_lr(x)", "a float")
def check_largest_stable_lr(trial: Trial) -> None:
    """Bisection: the rate at which the worst direction of the error neither shrinks nor grows."""
    x = draw_fit(trial)[0] + float(trial.normal())
    curvature = np.array([slopes_of_bowl(x, 1.0, 0.0), slopes_of_bowl(x, 0.0, 1.0)])

    def growth(lr: float) -> float:
        """What one step of descent multiplies the worst direction with."""
        return float(np.max(np.abs(np.linalg.eigvals(np.eye(2) - lr * curvature))))

    low, high = 0.0, 4.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if growth(middle) < 1 else (low, middle)
    if trial.array("learning rate", trial.call("largest_stable_lr", x), low) or trial.readable():
        lr = float(trial.value("largest_stable_lr", x))
        trial.rule("1 % below it every direction shrinks", growth(0.99 * lr) < 1, "the rate is too large")
        trial.rule("1 % above it one direction grows", growth(1.01 * lr) > 1, "the rate is too small")
    trial.twice("largest_stable_lr", x)


def slopes_of_bowl(x: Array, w: float, b: float) -> list[float]:
    """Both slopes of the mean squared error when every target is 0."""
    loss = lambda w, b: float(np.mean(np.polyval([w, b], x) ** 2))
    return [slope_of_parabola(lambda v: loss(v, b), w), slope_of_parabola(lambda v: loss(w, v), b)]


def true_step(w: float, x: float, y: float, b: float, lr: float) -> float:
    """w after one update with the true slope of half the squared error of one sample."""
    return w - lr * slope_of_parabola(lambda v: 0.5 * float(np.polyval([v, b], x) - y) ** 2, w)


@checks("online_fit(x, target, w, lr, passes, b=-6.0)", "an array")
def check_online_fit(trial: Trial) -> None:
    """Every update is checked from your own weight before it."""
    x, target, w, _ = draw_fit(trial)
    name, passes, lr, n = "online_fit", 3, 0.06, len(x)
    for label, b in (("weights", [-2.5]), ("weights, default b", [])):
        actual, expected = trial.call(name, x, target, w, lr, passes, *b), np.full(passes * n + 1, w)
        wrong = np.array([])
        with contextlib.suppress(Odd):
            own = trial.read(actual, expected.shape)
            bias = b[0] if b else ARTICLE_BIAS
            for j in range(passes * n):
                expected[j + 1] = true_step(own[j], x[j % n], target[j % n], bias, lr)
            wrong = np.flatnonzero(np.abs(own - expected) > trial.limit * np.max(np.abs(expected)))
        trial.array(label, actual, expected)
        if wrong.size:
            each, first = "each is compared with one update of your own weight before it", int(wrong[0])
            taken, right = own[first] - own[first - 1], expected[first] - own[first - 1]
            told = first > 0 and abs(taken - right) > 0.01 * abs(right) > 0
            step = f"; your step divided by the right one is {taken / right:.3g}" if told else ""
            trial.note(f"{label}: the first wrong one is weights[{first}]; {each}{step}.")
    hint = "a pass that does not begin where the last one ended"
    with trial.law("one pass, then the others: the same end", hint) as same:
        whole = trial.value(name, x, target, w, lr, passes, shape=(passes * n + 1,))
        same(trial.value(name, x, target, float(whole[n]), lr, passes - 1, shape=None), whole[n:])
    trial.twice(name, x, target, w, lr, passes)


@checks("counterexample()", "(x, target, w, lr)", blind="nothing: both rules are run on your numbers.")
def check_counterexample(trial: Trial) -> None:
    parts = trial.parts("counterexample")
    x, target, w, lr = (trial.as_array(np.asarray(part, dtype=float), None, "numbers") for part in parts)
    for wrong, words in (
        (x.ndim != 1 or x.shape != target.shape, "x and target of one shape (N,)"),
        (len(set(x.flat)) < 2, "at least two different x"),
        (w.ndim or lr.ndim, "numbers for w and lr"),
        (np.any(lr <= 0), "lr above 0"),
    ):
        if wrong:
            raise Stop(f"counterexample: expected {words}")
    best = float(np.linalg.lstsq(x[:, None], target - ARTICLE_BIAS, rcond=None)[0][0])
    article = true = float(w)
    for one, y in zip(x, target, strict=True):
        article += float(lr) * (y - np.polyval([article, ARTICLE_BIAS], one))
        true = true_step(true, one, y, ARTICLE_BIAS, float(lr))
    start, end, nearer = (abs(value - best) for value in (float(w), article, true))
    for label, ok, distance in (
        ("the article's rule ends farther away", math.isfinite(article) and end > start, end),
        ("the true gradient ends nearer", nearer < start, nearer),
    ):
        words = f"best w {best:.4g}: its distance goes from {start:.4g} to {distance:.4g}"
        trial.add(Row("array", label, bool(ok), words))
    trial.twice("counterexample")
