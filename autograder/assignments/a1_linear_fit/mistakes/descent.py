"""Known mistakes of a1_linear_fit: descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a1_linear_fit.mistakes.shared import Array
from autograder.naming.bank import Functions, MistakesIn, Own

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


in_gradient_descent = MistakesIn("gradient_descent", descent)

in_gradient_descent(
    "losses_after",
    "each loss is taken after its step",
    f"{WALK} losses contains each loss before its step.",
    after=True,
)
in_gradient_descent(
    "walks_up",
    "the update goes up the slope: plus instead of minus",
    f"{WALK} Down is against the slope.",
    step=lambda w, b, dw, db, lr: (w + lr * dw, b + lr * db),
    seen_in="the article of this notebook, whose error has the other sign",
)
in_gradient_descent(
    "b_stays",
    "b is never moved",
    WALK,
    step=lambda w, b, dw, db, lr: (w - lr * dw, b),
    seen_in="the article of this notebook, where b is fixed",
)
in_gradient_descent(
    "w_before_b",
    "w moves first, and the slope of b is taken at the new w",
    f"{WALK} Both slopes belong to the same point.",
    one_by_one=True,
    seen_in="joelgrus/data-science-from-scratch #31 (one layer up)",
)
in_gradient_descent(
    "slopes_of_start", "every step takes the slopes of the start", f"{WALK} And again, at the new place.", frozen=True
)
in_gradient_descent(
    "lr_not_used",
    "lr is not used: each step is a whole slope long",
    WALK,
    step=lambda w, b, dw, db, lr: (w - dw, b - db),
)


@in_gradient_descent(
    "lr_over_n", "lr is divided by the number of points", "3.1: the slopes are means already.", seen_in="DLS 63071"
)
def lr_over_n(own: Own) -> Functions:
    right = descent(own)["gradient_descent"]
    return {"gradient_descent": lambda x, target, w, b, lr, steps: right(x, target, w, b, lr / len(x), steps)}


@in_gradient_descent("one_step_short", "w and b are one step short of the end", f"{WALK} As many steps as losses.")
def one_step_short(own: Own) -> Functions:
    right = descent(own)["gradient_descent"]

    def gradient_descent(x: Array, target: Array, w: float, b: float, lr: float, steps: int) -> tuple[Any, Any, Array]:
        _, _, losses = right(x, target, w, b, lr, steps)
        return (*right(x, target, w, b, lr, steps - 1)[:2], losses)

    return {"gradient_descent": gradient_descent}


@in_gradient_descent(
    "one_loss_more", "losses also includes the final loss", "3.1: losses is (steps,), each before its step."
)
def one_loss_more(own: Own) -> Functions:
    right = descent(own)["gradient_descent"]

    def gradient_descent(x: Array, target: Array, w: float, b: float, lr: float, steps: int) -> tuple[Any, Any, Array]:
        end_w, end_b, losses = right(x, target, w, b, lr, steps)
        return end_w, end_b, np.append(losses, own["mse_loss"](own["predict"](x, end_w, end_b), target))

    return {"gradient_descent": gradient_descent}
