"""Known mistakes of a1_linear_fit: line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a1_linear_fit.mistakes.shared import Array
from autograder.naming.bank import Functions, MistakesIn, Own

in_predict = MistakesIn("predict")
in_numerical_derivative = MistakesIn("numerical_derivative")

LINE = "1.1, 'The line': ŷ = w x + b."

in_predict("b_forgotten", "b is not added", LINE, lambda own: {"predict": lambda x, w, b: w * x})
in_predict(
    "b_subtracted",
    "b is taken away, not added",
    f"{LINE} At b = −6 it already has its sign.",
    lambda own: {"predict": lambda x, w, b: w * x - b},
)
in_predict("w_and_b_exchanged", "w and b are exchanged", LINE, lambda own: {"predict": lambda x, w, b: b * x + w})
in_predict(
    "b_fixed",
    "b is fixed at −6, as in the article, instead of the argument",
    LINE,
    lambda own: {"predict": lambda x, w, b: w * x - 6.0},
    seen_in="the article of this notebook",
)
in_predict(
    "prediction_column",
    "the predictions are a column of shape (N, 1), not (N,)",
    f"{LINE} One number for each x, in the shape of x.",
    lambda own: {"predict": lambda x, w, b: np.reshape(w * x + b, (-1, 1))},
    seen_in="DLS 119220 nearby",
)

MEAN = "1.2, 'One number for how wrong it is': square each error, then take the mean."


def loss(own: Own, of: Callable[[Array], Any]) -> Functions:
    """An mse_loss made of the errors."""
    return {"mse_loss": lambda prediction, target: float(of(np.asarray(prediction) - target))}


in_mse_loss = MistakesIn("mse_loss", loss)

in_mse_loss(
    "loss_sum",
    "the squares are added, not averaged",
    f"{MEAN} Its third law tells a mean from a sum.",
    of=lambda error: np.sum(error**2),
    seen_in="hunkim/DeepLearningZeroToAll #173",
)
in_mse_loss(
    "loss_half",
    "the loss is halved",
    f"{MEAN} Its second law: off by one everywhere is 1.",
    of=lambda error: np.mean(error**2) / 2,
)
in_mse_loss("loss_root", "a root is taken of the mean of squares", MEAN, of=lambda error: np.sqrt(np.mean(error**2)))
in_mse_loss("loss_absolute", "these are absolute errors, not squares", MEAN, of=lambda error: np.mean(np.abs(error)))
in_mse_loss(
    "loss_not_squared",
    "this is the mean of the errors themselves: the square is missing",
    f"{MEAN} Without it too high and too low cancel.",
    of=np.mean,
)
in_mse_loss(
    "square_of_mean",
    "the mean is squared, not the errors: too high and too low cancel",
    MEAN,
    of=lambda error: np.mean(error) ** 2,
)
in_mse_loss(
    "loss_broadcast",
    "a column minus a row: every prediction is compared with every target",
    "1.2: prediction and target are both (N,). Look at the shape of their difference.",
    lambda own: {
        "mse_loss": lambda prediction, target: float(np.mean((np.asarray(prediction)[:, None] - target) ** 2))
    },
    seen_in="DLS 119220 nearby",
)


@in_mse_loss(
    "loss_writes_prediction",
    "prediction itself is written into, and the caller's array changes",
    "1.2: prediction -= target writes into the caller's array. prediction - target makes a new one.",
)
def loss_writes_prediction(own: Own) -> Functions:
    def mse_loss(prediction: Array, target: Array) -> float:
        prediction -= target
        return float(np.mean(prediction**2))

    return {"mse_loss": mse_loss}


NUDGE = "2.1, 'Nudge it and see': nudge both ways and divide by the whole distance."

in_numerical_derivative(
    "nudged_up_only",
    "the nudge goes up only: f(a + ε) − f(a)",
    NUDGE,
    lambda own: {"numerical_derivative": lambda f, at, eps=1e-6: (f(at + eps) - f(at)) / eps},
    rtol=1e-7,
)
in_numerical_derivative(
    "nudged_down_only",
    "the nudge goes down only: f(a) − f(a − ε)",
    NUDGE,
    lambda own: {"numerical_derivative": lambda f, at, eps=1e-6: (f(at) - f(at - eps)) / eps},
    rtol=1e-7,
)
in_numerical_derivative(
    "half_the_distance",
    "the difference of both sides is divided by ε, not by 2ε",
    NUDGE,
    lambda own: {"numerical_derivative": lambda f, at, eps=1e-6: (f(at + eps) - f(at - eps)) / eps},
    rtol=1e-7,
)
in_numerical_derivative(
    "distance_forgotten",
    "the difference is not divided by the distance",
    NUDGE,
    lambda own: {"numerical_derivative": lambda f, at, eps=1e-6: f(at + eps) - f(at - eps)},
    rtol=1e-7,
)
in_numerical_derivative(
    "sides_exchanged",
    "the two sides are exchanged, so the sign is wrong",
    NUDGE,
    lambda own: {"numerical_derivative": lambda f, at, eps=1e-6: (f(at - eps) - f(at + eps)) / (2 * eps)},
    rtol=1e-7,
)
in_numerical_derivative(
    "eps_ignored",
    "the given ε is not used: the nudge has always the same size",
    NUDGE,
    lambda own: {"numerical_derivative": lambda f, at, eps=1e-6: (f(at + 1e-6) - f(at - 1e-6)) / 2e-6},
    rtol=1e-7,
)
