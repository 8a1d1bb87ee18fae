"""Known mistakes of a1_linear_fit: descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a1_linear_fit.mistakes.shared import Array
from autograder.naming.bank import Functions, Own, mistake

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
