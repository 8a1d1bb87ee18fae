"""Known mistakes of a1_linear_fit: online."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a1_linear_fit.mistakes.shared import Array
from autograder.naming.bank import Functions, MistakesIn, Own

ONLINE = "4.1, 'Online updates': one step a point, on ½(ŷ − y)², whose slope is (ŷ − y) x."


def online(
    own: Own,
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


in_online_fit = MistakesIn("online_fit", online)

in_online_fit(
    "article_rule",
    "the step is the error alone, without the factor x: the article's rule",
    f"{ONLINE} And 4.2, 'Twenty-six right numbers'.",
    slope=lambda error, x: error,
    seen_in="the article of this notebook",
)
in_online_fit(
    "online_two",
    "each step is twice too long: a 2 that the half has taken away",
    ONLINE,
    slope=lambda error, x: 2 * error * x,
    seen_in="bighuang624 #10",
)
in_online_fit("online_sign", "each step goes up the slope", ONLINE, slope=lambda error, x: -error * x)


@in_online_fit("online_mean", "each step is divided by the number of points", f"{ONLINE} One point, no mean.")
def online_mean(own: Own) -> Functions:
    right = online(own)["online_fit"]
    return {"online_fit": lambda x, target, w, lr, passes, b=-6.0: right(x, target, w, lr / len(x), passes, b)}


in_online_fit("b_taken_for_zero", "b is taken for 0, not for −6", "4.1: b is fixed at −6.", bias=lambda b: 0.0)
in_online_fit(
    "b_not_used", "the given b is not used: it is always −6", "4.1: b is −6 where none is given.", bias=lambda b: -6.0
)
in_online_fit(
    "start_missing",
    "the start is missing: there are passes·N weights and not one more",
    "4.1: first the start, last the end.",
    keep=lambda weights, n: weights[1:],
)
in_online_fit(
    "end_missing",
    "the last weight is missing: each weight is the one before its step",
    "4.1: first the start, last the end.",
    keep=lambda weights, n: weights[:-1],
)
in_online_fit(
    "one_weight_a_pass",
    "one weight a pass is kept, not one a step",
    "4.1: passes·N + 1 weights.",
    keep=lambda weights, n: weights[::n],
)
in_online_fit(
    "points_reversed",
    "the points are taken from the last to the first",
    "4.1: in their order.",
    order=lambda points: points[::-1],
)


@in_online_fit(
    "pass_at_once",
    "the errors of a whole pass are taken at the weight with which it began",
    f"{ONLINE} The next point meets the new w.",
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


def stable(own: Own, rate: Callable[[Array], Any]) -> Functions:
    """A largest_stable_lr of x."""
    return {"largest_stable_lr": lambda x: float(rate(np.asarray(x)))}


in_largest_stable_lr = MistakesIn("largest_stable_lr", stable)


def curvatures(x: Array) -> Array:
    """The two eigenvalues of the loss's second derivatives, smallest first."""
    return np.linalg.eigvalsh(2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]]))


in_largest_stable_lr(
    "one_over_curvature",
    "this is 1 over the largest curvature: half the limit",
    LIMIT,
    rate=lambda x: 1 / curvatures(x)[-1],
)
in_largest_stable_lr(
    "curvature_without_two",
    "the 2 of the square is missing in the second derivatives: twice the limit",
    LIMIT,
    rate=lambda x: 4 / curvatures(x)[-1],
)
in_largest_stable_lr(
    "smallest_curvature",
    "the smallest eigenvalue is taken, and the steepest direction explodes",
    LIMIT,
    rate=lambda x: 2 / curvatures(x)[0],
)
in_largest_stable_lr(
    "curvature_of_w_alone",
    "only the curvature of w is used: the mixed term of w and b is missing",
    f"{LIMIT} It is a 2 by 2 matrix.",
    rate=lambda x: 1 / np.mean(x**2),
)
in_largest_stable_lr(
    "curvature_of_sum",
    "the second derivatives are those of a sum, not of a mean",
    LIMIT,
    rate=lambda x: 2 / (len(x) * curvatures(x)[-1]),
    seen_in="hunkim/DeepLearningZeroToAll #173",
)
in_largest_stable_lr(
    "curvature_of_centred",
    "x is centred first, which is another problem",
    "5, to go further: centring changes the valley.",
    rate=lambda x: 2 / curvatures(x - np.mean(x))[-1],
)
in_largest_stable_lr(
    "curvature_trace",
    "the trace is taken, the sum of both eigenvalues, not the largest",
    LIMIT,
    rate=lambda x: 2 / curvatures(x).sum(),
)
