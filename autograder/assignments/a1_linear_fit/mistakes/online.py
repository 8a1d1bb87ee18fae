"""Known mistakes of a1_linear_fit: online."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a1_linear_fit.mistakes.shared import Array
from autograder.naming.bank import Functions, Own, mistake

ONLINE = "4.1, 'Online updates': one step a point, on ½(ŷ − y)², whose slope is (ŷ − y) x."


def online(
    slope: Callable[[float, float], float] = lambda error, x: error * x,
    order: Callable[[Array], Array] = lambda points: points,
    keep: Callable[[Array, int], Array] = lambda weights, n: weights,
    bias: Callable[[float], float] = lambda b: b,
) -> Functions:
    """online_fit, right by default."""

    def online_fit(x: Array, target: Array, w: float, lr: float, passes: int, b: float = -6.0) -> Array:
        weights = [w]
        for _ in range(passes):
            for x_n, y_n in zip(order(x), order(target), strict=True):
                weights.append(weights[-1] - lr * slope(weights[-1] * x_n + bias(b) - y_n, x_n))
        return keep(np.array(weights), len(x))

    return {"online_fit": online_fit}


@mistake(
    "online_fit",
    id="article_rule",
    title="the step is the error alone, without the factor x: the article's rule",
    reread=f"{ONLINE} And 4.2, 'Twenty-six right numbers'.",
    seen_in="the article of this notebook",
)
def article_rule(own: Own) -> Functions:
    return online(slope=lambda error, x: error)


@mistake(
    "online_fit",
    id="online_two",
    title="each step is twice too long: a 2 that the half has taken away",
    reread=ONLINE,
    seen_in="bighuang624 #10",
)
def online_two(own: Own) -> Functions:
    return online(slope=lambda error, x: 2 * error * x)


@mistake("online_fit", id="online_sign", title="each step goes up the slope", reread=ONLINE)
def online_sign(own: Own) -> Functions:
    return online(slope=lambda error, x: -error * x)


@mistake(
    "online_fit",
    id="online_mean",
    title="each step is divided by the number of points",
    reread=f"{ONLINE} One point, no mean.",
)
def online_mean(own: Own) -> Functions:
    right = online()["online_fit"]
    return {"online_fit": lambda x, target, w, lr, passes, b=-6.0: right(x, target, w, lr / len(x), passes, b)}


@mistake("online_fit", id="b_taken_for_zero", title="b is taken for 0, not for −6", reread="4.1: b is fixed at −6.")
def b_taken_for_zero(own: Own) -> Functions:
    return online(bias=lambda b: 0.0)


@mistake(
    "online_fit",
    id="b_not_used",
    title="the given b is not used: it is always −6",
    reread="4.1: b is −6 where none is given.",
)
def b_not_used(own: Own) -> Functions:
    return online(bias=lambda b: -6.0)


@mistake(
    "online_fit",
    id="start_missing",
    title="the start is missing: there are passes·N weights and not one more",
    reread="4.1: first the start, last the end.",
)
def start_missing(own: Own) -> Functions:
    return online(keep=lambda weights, n: weights[1:])


@mistake(
    "online_fit",
    id="end_missing",
    title="the last weight is missing: each weight is the one before its step",
    reread="4.1: first the start, last the end.",
)
def end_missing(own: Own) -> Functions:
    return online(keep=lambda weights, n: weights[:-1])


@mistake(
    "online_fit",
    id="one_weight_a_pass",
    title="one weight a pass is kept, not one a step",
    reread="4.1: passes·N + 1 weights.",
)
def one_weight_a_pass(own: Own) -> Functions:
    return online(keep=lambda weights, n: weights[::n])


@mistake(
    "online_fit",
    id="points_reversed",
    title="the points are taken from the last to the first",
    reread="4.1: in their order.",
)
def points_reversed(own: Own) -> Functions:
    return online(order=lambda points: points[::-1])


@mistake(
    "online_fit",
    id="pass_at_once",
    title="the errors of a whole pass are taken at the weight with which it began",
    reread=f"{ONLINE} The next point meets the new w.",
)
def pass_at_once(own: Own) -> Functions:
    def online_fit(x: Array, target: Array, w: float, lr: float, passes: int, b: float = -6.0) -> Array:
        weights = [w]
        for _ in range(passes):
            start = weights[-1]
            for x_n, y_n in zip(x, target, strict=True):
                weights.append(weights[-1] - lr * (start * x_n + b - y_n) * x_n)
        return np.array(weights)

    return {"online_fit": online_fit}


LIMIT = "3.2, 'Where the limit comes from': 2 over the largest eigenvalue of the matrix of second derivatives."


def stable(rate: Callable[[Array], Any]) -> Functions:
    """A largest_stable_lr of x."""
    return {"largest_stable_lr": lambda x: float(rate(np.asarray(x)))}


def curvatures(x: Array) -> Array:
    """The two eigenvalues of the loss's second derivatives, smallest first."""
    return np.linalg.eigvalsh(2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]]))


@mistake(
    "largest_stable_lr",
    id="one_over_curvature",
    title="this is 1 over the largest curvature: half the limit",
    reread=LIMIT,
)
def one_over_curvature(own: Own) -> Functions:
    return stable(lambda x: 1 / curvatures(x)[-1])


@mistake(
    "largest_stable_lr",
    id="curvature_without_two",
    title="the 2 of the square is missing in the second derivatives: twice the limit",
    reread=LIMIT,
)
def curvature_without_two(own: Own) -> Functions:
    return stable(lambda x: 4 / curvatures(x)[-1])


@mistake(
    "largest_stable_lr",
    id="smallest_curvature",
    title="the smallest eigenvalue is taken, and the steepest direction explodes",
    reread=LIMIT,
)
def smallest_curvature(own: Own) -> Functions:
    return stable(lambda x: 2 / curvatures(x)[0])


@mistake(
    "largest_stable_lr",
    id="curvature_of_w_alone",
    title="only the curvature of w is used: the mixed term of w and b is missing",
    reread=f"{LIMIT} It is a 2 by 2 matrix.",
)
def curvature_of_w_alone(own: Own) -> Functions:
    return stable(lambda x: 1 / np.mean(x**2))


@mistake(
    "largest_stable_lr",
    id="curvature_of_sum",
    title="the second derivatives are those of a sum, not of a mean",
    reread=LIMIT,
    seen_in="hunkim/DeepLearningZeroToAll #173",
)
def curvature_of_sum(own: Own) -> Functions:
    return stable(lambda x: 2 / (len(x) * curvatures(x)[-1]))


@mistake(
    "largest_stable_lr",
    id="curvature_of_centred",
    title="x is centred first, which is another problem",
    reread="5, to go further: centring changes the valley.",
)
def curvature_of_centred(own: Own) -> Functions:
    return stable(lambda x: 2 / curvatures(x - np.mean(x))[-1])


@mistake(
    "largest_stable_lr",
    id="curvature_trace",
    title="the trace is taken, the sum of both eigenvalues, not the largest",
    reread=LIMIT,
)
def curvature_trace(own: Own) -> Functions:
    return stable(lambda x: 2 / curvatures(x).sum())
