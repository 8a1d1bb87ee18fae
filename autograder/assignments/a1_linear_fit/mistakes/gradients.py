"""Known mistakes of a1_linear_fit: gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a1_linear_fit.mistakes.shared import Array
from autograder.naming.bank import Functions, Own, mistake

SLOPES = "2.3, 'The slope as a formula'"


def slopes(dw: Callable[[Array, Array], Any], db: Callable[[Array, Array], Any]) -> Functions:
    """An mse_gradients made of errors and x."""

    def mse_gradients(x: Array, target: Array, w: float, b: float) -> tuple[float, float]:
        error = w * x + b - target
        return float(dw(error, x)), float(db(error, x))

    return {"mse_gradients": mse_gradients}


@mistake(
    "mse_gradients",
    id="gradients_of_sum",
    title="both slopes are sums, not means",
    reread=f"{SLOPES}: the loss divides by N, and so do its slopes.",
    seen_in="hunkim/DeepLearningZeroToAll #173",
)
def gradients_of_sum(own: Own) -> Functions:
    return slopes(lambda error, x: 2 * np.sum(error * x), lambda error, x: 2 * np.sum(error))


@mistake(
    "mse_gradients",
    id="two_forgotten",
    title="the factor 2 of the square is missing",
    reread=f"{SLOPES}: the slope of a square.",
    seen_in="markroxor/fromscratchtoml #65; bighuang624 #10",
)
def two_forgotten(own: Own) -> Functions:
    return slopes(lambda error, x: np.mean(error * x), lambda error, x: np.mean(error))


@mistake(
    "mse_gradients",
    id="target_minus_prediction",
    title="both slopes have the wrong sign: target minus prediction",
    reread=f"{SLOPES}: which of the two does w move?",
)
def target_minus_prediction(own: Own) -> Functions:
    return slopes(lambda error, x: -2 * np.mean(error * x), lambda error, x: -2 * np.mean(error))


@mistake(
    "mse_gradients",
    id="x_forgotten",
    title="the factor x is missing in dw, so both slopes are the same",
    reread=f"{SLOPES}: for w only the last factor changes. And 4.2, where the article forgets it.",
    seen_in="the article of this notebook",
)
def x_forgotten(own: Own) -> Functions:
    return slopes(lambda error, x: 2 * np.mean(error), lambda error, x: 2 * np.mean(error))


@mistake(
    "mse_gradients",
    id="x_in_db",
    title="db is multiplied by x as well",
    reread=f"{SLOPES}: a nudge of b moves every prediction by itself.",
    seen_in="rust0258/Deeplearning.ai-Natural-Language-Processing-Specialization #64",
)
def x_in_db(own: Own) -> Functions:
    return slopes(lambda error, x: 2 * np.mean(error * x), lambda error, x: 2 * np.mean(error * x))


@mistake(
    "mse_gradients",
    id="slopes_exchanged",
    title="dw and db are handed back in the wrong order",
    reread="2.3: return (dw, db).",
)
def slopes_exchanged(own: Own) -> Functions:
    return slopes(lambda error, x: 2 * np.mean(error), lambda error, x: 2 * np.mean(error * x))


@mistake(
    "mse_gradients",
    id="product_of_means",
    title="dw is the mean error times the mean x",
    reread=f"{SLOPES}: multiply for each point first, then take the mean.",
    seen_in="FesianXu/AI_Blog #1",
)
def product_of_means(own: Own) -> Functions:
    return slopes(lambda error, x: 2 * np.mean(error) * np.mean(x), lambda error, x: 2 * np.mean(error))


@mistake(
    "mse_gradients",
    id="mean_taken_twice",
    title="both slopes are divided by N twice",
    reread=f"{SLOPES}: one mean, one division.",
    seen_in="DLS 63071",
)
def mean_taken_twice(own: Own) -> Functions:
    return slopes(
        lambda error, x: 2 * np.mean(error * x) / len(x),
        lambda error, x: 2 * np.mean(error) / len(x),
    )


@mistake(
    "mse_gradients", id="db_zero", title="db is left at zero: b does not learn", reread=f"{SLOPES}: the line of b."
)
def db_zero(own: Own) -> Functions:
    return slopes(lambda error, x: 2 * np.mean(error * x), lambda error, x: 0.0)


@mistake(
    "mse_gradients",
    id="db_sum",
    title="db is a sum, dw is a mean",
    reread=f"{SLOPES}: both lines have the same 1/N.",
    seen_in="kvfrans/notes #5 (the other way round)",
)
def db_sum(own: Own) -> Functions:
    return slopes(lambda error, x: 2 * np.mean(error * x), lambda error, x: 2 * np.sum(error))


@mistake(
    "mse_gradients",
    id="gradients_broadcast",
    title="a column minus a row: every prediction meets every target",
    reread="2.3: all arrays are (N,). Look at the shape of the error.",
    seen_in="DLS 119220 nearby",
)
def gradients_broadcast(own: Own) -> Functions:
    def mse_gradients(x: Array, target: Array, w: float, b: float) -> tuple[float, float]:
        error = (w * x + b)[:, None] - target
        return float(2 * np.mean(error * x)), float(2 * np.mean(error))

    return {"mse_gradients": mse_gradients}


@mistake(
    "mse_gradients",
    id="slope_of_line",
    title="the error is squared in the slope: the square is not differentiated",
    reread=f"{SLOPES}: the slope of error² is 2 error.",
)
def slope_of_line(own: Own) -> Functions:
    return slopes(lambda error, x: np.mean(error**2 * x), lambda error, x: np.mean(error**2))
