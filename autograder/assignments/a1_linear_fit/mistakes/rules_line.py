"""Known mistakes of a1_linear_fit made by rule: what people write in each place of each formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.assignments.a1_linear_fit.mistakes.gradients import SLOPES
from autograder.assignments.a1_linear_fit.mistakes.line import LINE, MEAN, NUDGE
from autograder.assignments.a1_linear_fit.mistakes.shared import Array
from autograder.assignments.errors import losses, of_difference
from autograder.naming.bank import MistakesIn

# ---- predict and mse_loss --------------------------------------------------------------------------------------------

known = MistakesIn("predict", lambda own, whole: {"predict": whole}, by_rule=True)
PREDICT: dict[str, Any] = {
    "w, x and b are all multiplied": lambda x, w, b: w * x * b,
    "w, x and b are all added": lambda x, w, b: w + x + b,
    "b is added to x before the product: w (x + b)": lambda x, w, b: w * (x + b),
    "x is divided by w": lambda x, w, b: x / w + b,
    "the line is (w + b) x": lambda x, w, b: (w + b) * x,
    "the line is w x² + b": lambda x, w, b: w * x**2 + b,
    "the sum over all x is taken": lambda x, w, b: np.sum(w * x + b),
    "the product is summed over all x: a number": lambda x, w, b: np.sum(w * x) + b,
    "the prediction is a mean over all x": lambda x, w, b: np.mean(w * x + b),
    "the prediction is centred": lambda x, w, b: w * (x - x.mean()) + b,
    "the prediction goes through a sigmoid": lambda x, w, b: 1 / (1 + np.exp(-w * x - b)),
    "the predictions are rounded to whole numbers": lambda x, w, b: np.round(w * x + b),
}
for words, line in PREDICT.items():
    known(f"predict_{len(words)}_{words[:24]}", words, LINE, whole=line)

known = MistakesIn("mse_loss", lambda own, whole: {"mse_loss": whole}, by_rule=True)
for id, words, value in losses("mean_squared", "by_rows_squared", "mean_of_square_squared", "each_row_mean_squared"):
    known(f"mse_{id}", words, MEAN, whole=of_difference(value))
for id, words, formula in (
    ("relative", "the errors are divided by the targets", lambda p, t: np.mean(((p - t) / t) ** 2)),
    (
        "of_squares",
        "the squares of prediction and target are compared, not the errors squared",
        lambda p, t: np.mean(p**2 - t**2),
    ),
    ("sum_of_both", "prediction and target are added, not subtracted", lambda p, t: np.mean((p + t) ** 2)),
    ("product", "prediction and target are multiplied", lambda p, t: np.mean(p * t)),
    ("of_prediction", "the target does not enter", lambda p, t: np.mean(p**2)),
    ("of_means", "the means of prediction and target are compared", lambda p, t: (np.mean(p) - np.mean(t)) ** 2),
    (
        "determination",
        "this is the share of variance that is explained",
        lambda p, t: 1 - np.sum((p - t) ** 2) / np.sum((t - t.mean()) ** 2),
    ),
):
    known(f"mse_{id}", words, MEAN, whole=formula)

# ---- differences -----------------------------------------------------------------------------------------------------


def with_epsilon(quotient: Callable[..., float]) -> Callable[..., float]:
    """A quotient of f, at and ε as numerical_derivative is called."""

    def numerical_derivative(f: Callable[[float], float], at: float, eps: float = 1e-6) -> float:
        return quotient(f, at, eps)

    return numerical_derivative


known = MistakesIn("numerical_derivative", lambda own, whole: {"numerical_derivative": whole}, by_rule=True)
QUOTIENTS: dict[str, Any] = {
    "the nudge goes up only, and is divided by 2ε": lambda f, a, e: (f(a + e) - f(a)) / (2 * e),
    "the nudge goes down only, and is divided by 2ε": lambda f, a, e: (f(a) - f(a - e)) / (2 * e),
    "the nudge goes up only, and the sign is wrong": lambda f, a, e: (f(a) - f(a + e)) / e,
    "the two values are added, not subtracted": lambda f, a, e: (f(a + e) + f(a - e)) / (2 * e),
    "the difference is divided by ε²": lambda f, a, e: (f(a + e) - f(a - e)) / e**2,
    "the difference is divided by 2ε²": lambda f, a, e: (f(a + e) - f(a - e)) / (2 * e**2),
    "the difference is halved and not divided by ε": lambda f, a, e: (f(a + e) - f(a - e)) / 2,
    "the difference is divided by 2 and multiplied by ε: a bracket is missing in 2ε": lambda f, a, e: (
        (f(a + e) - f(a - e)) / 2 * e
    ),
    "the difference is multiplied by 2ε": lambda f, a, e: (f(a + e) - f(a - e)) * 2 * e,
    "only the second value is divided": lambda f, a, e: f(a + e) - f(a - e) / (2 * e),
    "the nudge is 2ε, and the distance is taken for 2ε": lambda f, a, e: (f(a + 2 * e) - f(a - 2 * e)) / (2 * e),
    "the nudge is ε/2, and the distance is taken for 2ε": lambda f, a, e: (f(a + e / 2) - f(a - e / 2)) / (2 * e),
    "the nudge is 2ε up and down, divided by 4ε": lambda f, a, e: (f(a + 2 * e) - f(a - 2 * e)) / (4 * e),
    "the nudge is ε/2 up and down, divided by ε": lambda f, a, e: (f(a + e / 2) - f(a - e / 2)) / e,
    "this is the second derivative": lambda f, a, e: (f(a + e) - 2 * f(a) + f(a - e)) / e**2,
    "the nudge goes up by 2ε only": lambda f, a, e: (f(a + 2 * e) - f(a)) / (2 * e),
    "the nudge is a share of a, and is divided by 2ε": lambda f, a, e: (f(a * (1 + e)) - f(a * (1 - e))) / (2 * e),
    "the nudge is a share of a": lambda f, a, e: (f(a * (1 + e)) - f(a * (1 - e))) / (2 * e * a),
    "the slope is taken without its sign": lambda f, a, e: abs(f(a + e) - f(a - e)) / (2 * e),
    "the value itself is returned": lambda f, a, e: f(a),
    "the values of f(ε) and f(−ε) are compared, and a does not enter": lambda f, a, e: (f(e) - f(-e)) / (2 * e),
    "f is divided by a": lambda f, a, e: f(a) / a,
    "the difference is divided by a": lambda f, a, e: (f(a + e) - f(a - e)) / (2 * a),
    "the mean of both values is returned": lambda f, a, e: (f(a + e) + f(a - e)) / 2,
    **{
        f"the given ε is not used, but 1e-{n}": lambda f, a, e, h=10.0**-n: (f(a + h) - f(a - h)) / (2 * h)
        for n in (1, 2, 3, 4, 5, 7, 8)
    },
    **{
        f"the nudge goes up only, by 1e-{n} whatever ε is": lambda f, a, e, h=10.0**-n: (f(a + h) - f(a)) / h
        for n in (2, 3, 4, 5, 6, 7, 8)
    },
}
for place, (words, quotient) in enumerate(QUOTIENTS.items()):
    known(
        f"quotient_{place}",
        words,
        NUDGE,
        whole=with_epsilon(quotient),
        rtol=1e-7,
    )

# ---- slopes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slopes:
    """mse_gradients, right by default, with a slot at every place."""

    error: Callable[..., Array] = lambda x, t, w, b: w * x + b - t
    reads_w: Callable[..., Any] = lambda x, t, w, b: x
    reads_b: Callable[..., Any] = lambda x, t, w, b: 1
    size: Callable[[Array], Any] = lambda v: 2 * np.mean(v)
    size_w: Callable[[Array], Any] | None = None
    size_b: Callable[[Array], Any] | None = None
    answer: Callable[[Any, Any], Any] = lambda dw, db: (dw, db)

    def __call__(self, x: Array, t: Array, w: float, b: float) -> Any:
        error = self.error(x, t, w, b)
        dw = (self.size_w or self.size)(error * self.reads_w(x, t, w, b))
        return self.answer(dw, (self.size_b or self.size)(error * self.reads_b(x, t, w, b)))


known = MistakesIn("mse_gradients", lambda own, **slots: {"mse_gradients": Slopes(**slots)}, by_rule=True)
ERRORS: dict[str, Callable[..., Any]] = {
    "the error is target minus prediction": lambda x, t, w, b: t - w * x - b,
    "b is missing from the prediction": lambda x, t, w, b: w * x - t,
    "b is subtracted in the prediction": lambda x, t, w, b: w * x - b - t,
    "the target is missing from the error": lambda x, t, w, b: w * x + b,
    "the target is added, not subtracted": lambda x, t, w, b: w * x + b + t,
    "the prediction is missing from the error": lambda x, t, w, b: -t,
    "the target alone stands for the error": lambda x, t, w, b: t,
    "the error is squared in the slopes": lambda x, t, w, b: (w * x + b - t) ** 2,
    "the absolute error enters the slopes": lambda x, t, w, b: np.abs(w * x + b - t),
    "the sign of the error enters, not its size": lambda x, t, w, b: np.sign(w * x + b - t),
    "w and b are exchanged in the prediction": lambda x, t, w, b: b * x + w - t,
    "b is fixed at −6 in the prediction": lambda x, t, w, b: w * x - 6 - t,
    "w is missing from the prediction": lambda x, t, w, b: x + b - t,
    "the error is averaged before it is multiplied": lambda x, t, w, b: 0 * x + np.mean(w * x + b - t),
    "the error is that of the first point": lambda x, t, w, b: 0 * x + (w * x + b - t)[0],
    "the error is that of the last point": lambda x, t, w, b: 0 * x + (w * x + b - t)[-1],
    "the error is divided by the target": lambda x, t, w, b: (w * x + b - t) / t,
    "every prediction meets every target: a column minus a row": lambda x, t, w, b: (w * x + b)[:, None] - t,
}
READ: dict[str, Callable[..., Any]] = {
    "left out": lambda x, t, w, b: 1,
    "squared": lambda x, t, w, b: x**2,
    "replaced by its mean": lambda x, t, w, b: np.mean(x),
    "replaced by its sum": lambda x, t, w, b: np.sum(x),
    "replaced by w": lambda x, t, w, b: w,
    "multiplied by w": lambda x, t, w, b: w * x,
    "replaced by the prediction": lambda x, t, w, b: w * x + b,
    "replaced by the target": lambda x, t, w, b: t,
    "centred": lambda x, t, w, b: x - np.mean(x),
    "taken with the other sign": lambda x, t, w, b: -x,
    "replaced by the next point's": lambda x, t, w, b: np.roll(x, -1),
    "divided by, not multiplied with": lambda x, t, w, b: 1 / x,
}
READ_B: dict[str, Callable[..., Any]] = {
    "x": lambda x, t, w, b: x,
    "b": lambda x, t, w, b: b,
    "w": lambda x, t, w, b: w,
    "the mean of x": lambda x, t, w, b: np.mean(x),
    "the prediction": lambda x, t, w, b: w * x + b,
    "−1": lambda x, t, w, b: -1,
}
SIZED: dict[str, Callable[[Array], Any]] = {
    "means without the factor 2": np.mean,
    "sums": np.sum,
    "sums times 2": lambda v: 2 * np.sum(v),
    "means times 4": lambda v: 4 * np.mean(v),
    "means divided by 2": lambda v: np.mean(v) / 2,
    "divided by N twice": lambda v: 2 * np.mean(v) / len(v),
    "divided by N twice and without the factor 2": lambda v: np.mean(v) / len(v),
    "divided by N − 1": lambda v: 2 * np.sum(v) / (v.size - 1),
    "means of the wrong sign": lambda v: -2 * np.mean(v),
    "means of the wrong sign and without the factor 2": lambda v: -np.mean(v),
    "those of the first point": lambda v: 2 * np.ravel(v)[0],
    "those of the last point": lambda v: 2 * np.ravel(v)[-1],
    "medians": lambda v: 2 * np.median(v),
    "one for each point, not added up": lambda v: 2 * v,
    "one for each point, divided by N and not added up": lambda v: 2 * v / len(v),
    "zero": lambda v: 0.0,
    "the largest of all points'": lambda v: 2 * np.max(v),
    "square roots of means of squares": lambda v: 2 * np.sqrt(np.mean(v**2)),
}
for words, value in ERRORS.items():
    known(f"slope_error_{words}", words, SLOPES, error=value)
for words, value in READ.items():
    known(f"dw_reads_{words}", f"the factor x of dw is {words}", SLOPES, reads_w=value)
for words, value in READ_B.items():
    known(f"db_reads_{words}", f"db has a factor that it should not have: {words}", SLOPES, reads_b=value)
for words, value in SIZED.items():
    known(f"slopes_{words}", f"both slopes are {words}", SLOPES, size=value)
    known(f"dw_{words}", f"dw is taken as one of these: {words}", SLOPES, size_w=value)
    known(f"db_{words}", f"db is taken as one of these: {words}", SLOPES, size_b=value)
ANSWER_ANSWER: dict[str, Any] = {
    "dw and db are exchanged": lambda dw, db: (db, dw),
    "dw is returned twice": lambda dw, db: (dw, dw),
    "db is returned twice": lambda dw, db: (db, db),
    "both slopes are divided by their common norm": lambda dw, db: (dw / np.hypot(dw, db), db / np.hypot(dw, db)),
}
for words, value in ANSWER_ANSWER.items():
    known(f"answer_{words}", words, SLOPES, answer=value)
