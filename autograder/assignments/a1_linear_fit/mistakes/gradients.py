"""Known mistakes of a1_linear_fit: gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a1_linear_fit.mistakes.shared import Array
from autograder.naming.bank import Functions, MistakesIn, Own

SLOPES = "2.3, 'The slope as a formula'"


def slopes(own: Own, dw: Callable[[Array, Array], Any], db: Callable[[Array, Array], Any]) -> Functions:
    """An mse_gradients made of errors and x."""

    def mse_gradients(x: Array, target: Array, w: float, b: float) -> tuple[float, float]:
        error = w * x + b - target
        return float(dw(error, x)), float(db(error, x))

    return {"mse_gradients": mse_gradients}


in_mse_gradients = MistakesIn("mse_gradients", slopes)

in_mse_gradients(
    "gradients_of_sum",
    "both slopes are sums, not means",
    f"{SLOPES}: the loss divides by N, and so do its slopes.",
    dw=lambda error, x: 2 * np.sum(error * x),
    db=lambda error, x: 2 * np.sum(error),
    seen_in="hunkim/DeepLearningZeroToAll #173",
)
in_mse_gradients(
    "two_forgotten",
    "the factor 2 of the square is missing",
    f"{SLOPES}: the slope of a square.",
    dw=lambda error, x: np.mean(error * x),
    db=lambda error, x: np.mean(error),
    seen_in="markroxor/fromscratchtoml #65; bighuang624 #10",
)
in_mse_gradients(
    "target_minus_prediction",
    "both slopes have the wrong sign: target minus prediction",
    f"{SLOPES}: which of the two does w move?",
    dw=lambda error, x: -2 * np.mean(error * x),
    db=lambda error, x: -2 * np.mean(error),
)
in_mse_gradients(
    "x_forgotten",
    "the factor x is missing in dw, so both slopes are the same",
    f"{SLOPES}: for w only the last factor changes. And 4.2, where the article forgets it.",
    dw=lambda error, x: 2 * np.mean(error),
    db=lambda error, x: 2 * np.mean(error),
    seen_in="the article of this notebook",
)
in_mse_gradients(
    "x_in_db",
    "db is multiplied by x as well",
    f"{SLOPES}: a nudge of b moves every prediction by itself.",
    dw=lambda error, x: 2 * np.mean(error * x),
    db=lambda error, x: 2 * np.mean(error * x),
    seen_in="rust0258/Deeplearning.ai-Natural-Language-Processing-Specialization #64",
)
in_mse_gradients(
    "slopes_exchanged",
    "dw and db are handed back in the wrong order",
    "2.3: return (dw, db).",
    dw=lambda error, x: 2 * np.mean(error),
    db=lambda error, x: 2 * np.mean(error * x),
)
in_mse_gradients(
    "product_of_means",
    "dw is the mean error times the mean x",
    f"{SLOPES}: multiply for each point first, then take the mean.",
    dw=lambda error, x: 2 * np.mean(error) * np.mean(x),
    db=lambda error, x: 2 * np.mean(error),
    seen_in="FesianXu/AI_Blog #1",
)
in_mse_gradients(
    "mean_taken_twice",
    "both slopes are divided by N twice",
    f"{SLOPES}: one mean, one division.",
    dw=lambda error, x: 2 * np.mean(error * x) / len(x),
    db=lambda error, x: 2 * np.mean(error) / len(x),
    seen_in="DLS 63071",
)
in_mse_gradients(
    "db_zero",
    "db is left at zero: b does not learn",
    f"{SLOPES}: the line of b.",
    dw=lambda error, x: 2 * np.mean(error * x),
    db=lambda error, x: 0.0,
)
in_mse_gradients(
    "db_sum",
    "db is a sum, dw is a mean",
    f"{SLOPES}: both lines have the same 1/N.",
    dw=lambda error, x: 2 * np.mean(error * x),
    db=lambda error, x: 2 * np.sum(error),
    seen_in="kvfrans/notes #5 (the other way round)",
)


@in_mse_gradients(
    "gradients_broadcast",
    "a column minus a row: every prediction meets every target",
    "2.3: all arrays are (N,). Look at the shape of the error.",
    seen_in="DLS 119220 nearby",
)
def gradients_broadcast(own: Own) -> Functions:
    def mse_gradients(x: Array, target: Array, w: float, b: float) -> tuple[float, float]:
        error = (w * x + b)[:, None] - target
        return float(2 * np.mean(error * x)), float(2 * np.mean(error))

    return {"mse_gradients": mse_gradients}


in_mse_gradients(
    "slope_of_line",
    "the error is squared in the slope: the square is not differentiated",
    f"{SLOPES}: the slope of error² is 2 error.",
    dw=lambda error, x: np.mean(error**2 * x),
    db=lambda error, x: np.mean(error**2),
)
