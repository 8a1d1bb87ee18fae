"""Marks by follow-through: lower functions that answer anything, and upper ones that fit them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.hostile.controls import believing

X, T = np.array([1.0, -2.0, 3.5, 0.4]), np.array([0.3, 0.1, 0.2, -1.0])
UPPER = """
def gradient_descent(x, target, w, b, lr, steps):
    losses = []
    for _ in range(int(steps)):
        losses.append(mse_loss(predict(x, w, b), target))
        dw, db = mse_gradients(x, target, w, b)
        w, b = w - lr * dw, b - lr * db
    return w, b, np.array(losses)

def online_fit(x, target, w, lr, passes, b=-6.0):
    weights = [w]
    for n in list(range(len(x))) * int(passes):
        w = w - lr * (predict(x[n:n+1], w, b)[0] - target[n]) * x[n]
        weights.append(w)
    return np.array(weights)
"""


def fits(names: dict[str, Any]) -> bool:
    """Whether the descent is what the lower functions give: all that a believing grader asks."""
    w, b = 0.7, -0.4
    with np.errstate(all="ignore"):
        for _ in range(3):
            dw, db = names["mse_gradients"](X, T, w, b)
            w, b = w - 0.1 * dw, b - 0.1 * db
        found = names["gradient_descent"](X, T, 0.7, -0.4, 0.1, 3)
    return bool(np.allclose(found[:2], (w, b), equal_nan=True))


def lower(prediction: str, loss: str, slopes: str) -> str:
    """Three lower functions with these bodies, and the upper ones built of them."""
    return (
        "import numpy as np\n"
        f"def predict(x, w, b): return {prediction}\ndef mse_loss(prediction, target): return {loss}\n"
        f"def mse_gradients(x, target, w, b): return {slopes}\n{UPPER}"
    )


LIAR = """
import numpy as np
calls = {"predict": 0, "loss": 0, "slopes": 0}
def lies(name, after):
    calls[name] += 1
    return calls[name] > after
def predict(x, w, b): return w * x + b if not lies("predict", AFTER) else np.ones(len(x)) * w
def mse_loss(prediction, target): return np.mean((prediction - target) ** 2) if not lies("loss", AFTER) else np.sum(prediction)
def mse_gradients(x, target, w, b):
    error = w * x + b - target
    return (2 * np.mean(error * x), 2 * np.mean(error)) if not lies("slopes", AFTER) else (w * 0.5, b * 0.25)
"""
LOW, HALF = 6.0, 2.5  # the three right lower functions; half of the two upper ones

ATTACKS = (
    believing("ones everywhere", lower("np.ones(len(x))", "1.0", "(1.0, 1.0)"), fits),
    believing("zeros everywhere", lower("np.zeros(len(x))", "0.0", "(0.0, 0.0)"), fits),
    believing(
        "what does not vary",
        lower("1 + 1e-9 * x", "1 + 1e-9 * np.sum(target)", "(1 + 1e-9 * w, 1 + 1e-9 * b)"),
        fits,
    ),
    believing("not a number", lower("x * np.nan", "np.nan", "(np.nan, np.nan)"), fits),
    believing("infinity", lower("x * np.inf", "np.inf", "(np.inf, np.inf)"), fits),
    believing(
        "sums of everything",
        lower(
            "np.full(len(x), x.sum() + w + b)",
            "np.sum(prediction) + np.sum(target)",
            "(x.sum() + w + b, target.sum() + w + b)",
        ),
        fits,
        earned=HALF,
    ),
    believing("one argument alone", lower("np.full(len(x), w)", "target[0]", "(w, w)"), fits, earned=HALF),
    believing(
        "other answers from call to call",
        "import itertools\ncount = itertools.count(1)\n"
        + lower("x * next(count)", "float(next(count))", "(1.0 * next(count), 1.0)"),
        lambda names: True,
    ),
    *(
        believing(f"right for {after} calls", LIAR.replace("AFTER", str(after)) + UPPER, fits, LOW + 3.0, earned=LOW)
        for after in (6, 8)
    ),
)
