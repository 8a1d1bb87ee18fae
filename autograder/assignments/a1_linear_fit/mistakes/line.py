"""Known mistakes of a1_linear_fit: line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a1_linear_fit.mistakes.shared import Array
from autograder.naming.bank import Functions, Own, mistake

LINE = "1.1, 'The line': ŷ = w x + b."


@mistake("predict", id="b_forgotten", title="b is not added", reread=LINE)
def b_forgotten(own: Own) -> Functions:
    return {"predict": lambda x, w, b: w * x}


@mistake(
    "predict",
    id="b_subtracted",
    title="b is taken away, not added",
    reread=f"{LINE} At b = −6 it already has its sign.",
)
def b_subtracted(own: Own) -> Functions:
    return {"predict": lambda x, w, b: w * x - b}


@mistake("predict", id="w_and_b_exchanged", title="w and b are exchanged", reread=LINE)
def w_and_b_exchanged(own: Own) -> Functions:
    return {"predict": lambda x, w, b: b * x + w}


@mistake(
    "predict",
    id="b_fixed",
    title="b is fixed at −6, as in the article, instead of the argument",
    reread=LINE,
    seen_in="the article of this notebook",
)
def b_fixed(own: Own) -> Functions:
    return {"predict": lambda x, w, b: w * x - 6.0}


@mistake(
    "predict",
    id="prediction_column",
    title="the predictions are a column of shape (N, 1), not (N,)",
    reread=f"{LINE} One number for each x, in the shape of x.",
    seen_in="DLS 119220 nearby",
)
def prediction_column(own: Own) -> Functions:
    return {"predict": lambda x, w, b: np.reshape(w * x + b, (-1, 1))}


MEAN = "1.2, 'One number for how wrong it is': square each error, then take the mean."


def loss(of: Callable[[Array], Any]) -> Functions:
    """An mse_loss made of the errors."""
    return {"mse_loss": lambda prediction, target: float(of(np.asarray(prediction) - target))}


@mistake(
    "mse_loss",
    id="loss_sum",
    title="the squares are added, not averaged",
    reread=f"{MEAN} Its third law tells a mean from a sum.",
    seen_in="hunkim/DeepLearningZeroToAll #173",
)
def loss_sum(own: Own) -> Functions:
    return loss(lambda error: np.sum(error**2))


@mistake(
    "mse_loss", id="loss_half", title="the loss is halved", reread=f"{MEAN} Its second law: off by one everywhere is 1."
)
def loss_half(own: Own) -> Functions:
    return loss(lambda error: np.mean(error**2) / 2)


@mistake("mse_loss", id="loss_root", title="a root is taken of the mean of squares", reread=MEAN)
def loss_root(own: Own) -> Functions:
    return loss(lambda error: np.sqrt(np.mean(error**2)))


@mistake("mse_loss", id="loss_absolute", title="these are absolute errors, not squares", reread=MEAN)
def loss_absolute(own: Own) -> Functions:
    return loss(lambda error: np.mean(np.abs(error)))


@mistake(
    "mse_loss",
    id="loss_not_squared",
    title="this is the mean of the errors themselves: the square is missing",
    reread=f"{MEAN} Without it too high and too low cancel.",
)
def loss_not_squared(own: Own) -> Functions:
    return loss(np.mean)


@mistake(
    "mse_loss",
    id="square_of_mean",
    title="the mean is squared, not the errors: too high and too low cancel",
    reread=MEAN,
)
def square_of_mean(own: Own) -> Functions:
    return loss(lambda error: np.mean(error) ** 2)


@mistake(
    "mse_loss",
    id="loss_broadcast",
    title="a column minus a row: every prediction is compared with every target",
    reread="1.2: prediction and target are both (N,). Look at the shape of their difference.",
    seen_in="DLS 119220 nearby",
)
def loss_broadcast(own: Own) -> Functions:
    return {"mse_loss": lambda prediction, target: float(np.mean((np.asarray(prediction)[:, None] - target) ** 2))}


@mistake(
    "mse_loss",
    id="loss_writes_prediction",
    title="prediction itself is written into, and the caller's array changes",
    reread="1.2: prediction -= target writes into the caller's array. prediction - target makes a new one.",
)
def loss_writes_prediction(own: Own) -> Functions:
    def mse_loss(prediction: Array, target: Array) -> float:
        prediction -= target
        return float(np.mean(prediction**2))

    return {"mse_loss": mse_loss}


NUDGE = "2.1, 'Nudge it and see': nudge both ways and divide by the whole distance."


@mistake(
    "numerical_derivative",
    id="nudged_up_only",
    title="the nudge goes up only: f(a + ε) − f(a)",
    reread=NUDGE,
    rtol=1e-7,
)
def nudged_up_only(own: Own) -> Functions:
    return {"numerical_derivative": lambda f, at, eps=1e-6: (f(at + eps) - f(at)) / eps}


@mistake(
    "numerical_derivative",
    id="nudged_down_only",
    title="the nudge goes down only: f(a) − f(a − ε)",
    reread=NUDGE,
    rtol=1e-7,
)
def nudged_down_only(own: Own) -> Functions:
    return {"numerical_derivative": lambda f, at, eps=1e-6: (f(at) - f(at - eps)) / eps}


@mistake(
    "numerical_derivative",
    id="half_the_distance",
    title="the difference of both sides is divided by ε, not by 2ε",
    reread=NUDGE,
    rtol=1e-7,
)
def half_the_distance(own: Own) -> Functions:
    return {"numerical_derivative": lambda f, at, eps=1e-6: (f(at + eps) - f(at - eps)) / eps}


@mistake(
    "numerical_derivative",
    id="distance_forgotten",
    title="the difference is not divided by the distance",
    reread=NUDGE,
    rtol=1e-7,
)
def distance_forgotten(own: Own) -> Functions:
    return {"numerical_derivative": lambda f, at, eps=1e-6: f(at + eps) - f(at - eps)}


@mistake(
    "numerical_derivative",
    id="sides_exchanged",
    title="the two sides are exchanged, so the sign is wrong",
    reread=NUDGE,
    rtol=1e-7,
)
def sides_exchanged(own: Own) -> Functions:
    return {"numerical_derivative": lambda f, at, eps=1e-6: (f(at - eps) - f(at + eps)) / (2 * eps)}


@mistake(
    "numerical_derivative",
    id="eps_ignored",
    title="the given ε is not used: the nudge has always the same size",
    reread=NUDGE,
    rtol=1e-7,
)
def eps_ignored(own: Own) -> Functions:
    return {"numerical_derivative": lambda f, at, eps=1e-6: (f(at + 1e-6) - f(at - 1e-6)) / 2e-6}
