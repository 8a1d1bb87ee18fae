"""Known mistakes of a1_linear_fit: the line, its loss, its two slopes, and the walk down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.naming.bank import Functions, Own, mistake

Array = np.ndarray
Data = tuple[Array, Array, float, float]

# ---------------------------------------------------------------------------------------------------------------------
# predict, mse_loss, numerical_derivative
# ---------------------------------------------------------------------------------------------------------------------

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


# ---------------------------------------------------------------------------------------------------------------------
# mse_gradients
# ---------------------------------------------------------------------------------------------------------------------

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


# ---------------------------------------------------------------------------------------------------------------------
# gradient_descent
# ---------------------------------------------------------------------------------------------------------------------

WALK = "3.1, 'Gradient descent': the loss first, then both slopes, then both steps."


def descent(
    own: Own,
    step: Callable[[float, float, Any, Any, float], tuple[Any, Any]] = lambda w, b, dw, db, lr: (
        w - lr * dw,
        b - lr * db,
    ),
    after: bool = False,
    frozen: bool = False,
    one_by_one: bool = False,
) -> Functions:
    """gradient_descent over the functions below it, right by default."""

    def gradient_descent(x: Array, target: Array, w: float, b: float, lr: float, steps: int) -> tuple[Any, Any, Array]:
        losses = []
        first = (w, b)
        for _ in range(steps):
            losses.append(own["mse_loss"](own["predict"](x, w, b), target))
            dw, db = own["mse_gradients"](x, target, *(first if frozen else (w, b)))
            old = b
            w, b = step(w, b, dw, db, lr)
            if one_by_one:
                b = step(w, old, dw, own["mse_gradients"](x, target, w, old)[1], lr)[1]
            if after:
                losses[-1] = own["mse_loss"](own["predict"](x, w, b), target)
        return w, b, np.array(losses)

    return {"gradient_descent": gradient_descent}


@mistake(
    "gradient_descent",
    id="losses_after",
    title="each loss is taken after its step",
    reread=f"{WALK} losses contains each loss before its step.",
)
def losses_after(own: Own) -> Functions:
    return descent(own, after=True)


@mistake(
    "gradient_descent",
    id="walks_up",
    title="the update goes up the slope: plus instead of minus",
    reread=f"{WALK} Down is against the slope.",
    seen_in="the article of this notebook, whose error has the other sign",
)
def walks_up(own: Own) -> Functions:
    return descent(own, step=lambda w, b, dw, db, lr: (w + lr * dw, b + lr * db))


@mistake(
    "gradient_descent",
    id="b_stays",
    title="b is never moved",
    reread=WALK,
    seen_in="the article of this notebook, where b is fixed",
)
def b_stays(own: Own) -> Functions:
    return descent(own, step=lambda w, b, dw, db, lr: (w - lr * dw, b))


@mistake(
    "gradient_descent",
    id="w_before_b",
    title="w moves first, and the slope of b is taken at the new w",
    reread=f"{WALK} Both slopes belong to the same point.",
    seen_in="joelgrus/data-science-from-scratch #31 (one layer up)",
)
def w_before_b(own: Own) -> Functions:
    return descent(own, one_by_one=True)


@mistake(
    "gradient_descent",
    id="slopes_of_start",
    title="every step takes the slopes of the start",
    reread=f"{WALK} And again, at the new place.",
)
def slopes_of_start(own: Own) -> Functions:
    return descent(own, frozen=True)


@mistake("gradient_descent", id="lr_not_used", title="lr is not used: each step is a whole slope long", reread=WALK)
def lr_not_used(own: Own) -> Functions:
    return descent(own, step=lambda w, b, dw, db, lr: (w - dw, b - db))


@mistake(
    "gradient_descent",
    id="lr_over_n",
    title="lr is divided by the number of points",
    reread="3.1: the slopes are means already.",
    seen_in="DLS 63071",
)
def lr_over_n(own: Own) -> Functions:
    right = descent(own)["gradient_descent"]
    return {"gradient_descent": lambda x, target, w, b, lr, steps: right(x, target, w, b, lr / len(x), steps)}


@mistake(
    "gradient_descent",
    id="one_step_short",
    title="w and b are one step short of the end",
    reread=f"{WALK} As many steps as losses.",
)
def one_step_short(own: Own) -> Functions:
    right = descent(own)["gradient_descent"]

    def gradient_descent(x: Array, target: Array, w: float, b: float, lr: float, steps: int) -> tuple[Any, Any, Array]:
        _, _, losses = right(x, target, w, b, lr, steps)
        return (*right(x, target, w, b, lr, steps - 1)[:2], losses)

    return {"gradient_descent": gradient_descent}


@mistake(
    "gradient_descent",
    id="one_loss_more",
    title="losses also includes the final loss",
    reread="3.1: losses is (steps,), each before its step.",
)
def one_loss_more(own: Own) -> Functions:
    right = descent(own)["gradient_descent"]

    def gradient_descent(x: Array, target: Array, w: float, b: float, lr: float, steps: int) -> tuple[Any, Any, Array]:
        end_w, end_b, losses = right(x, target, w, b, lr, steps)
        return end_w, end_b, np.append(losses, own["mse_loss"](own["predict"](x, end_w, end_b), target))

    return {"gradient_descent": gradient_descent}


# ---------------------------------------------------------------------------------------------------------------------
# online_fit and largest_stable_lr
# ---------------------------------------------------------------------------------------------------------------------

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
