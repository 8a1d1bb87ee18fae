"""Softmax and cross-entropy: the skeleton of all that is made of them, right by default, and its edits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.naming.edits import edit

Array = np.ndarray
Axis = int | None


def highest(logits: Array, axis: Axis) -> Any:
    """The largest of each row."""
    return np.max(logits, axis=axis, keepdims=True)


def no_shift(logits: Array, axis: Axis) -> Any:
    """Nothing is taken away: large logits overflow."""
    return np.zeros_like(logits)


def ratio(shifted: Array, axis: Axis) -> Array:
    """The powers over their sum."""
    powers = np.exp(shifted)
    result: Array = powers / powers.sum(axis=axis, keepdims=True)
    return result


def log_ratio(shifted: Array, axis: Axis) -> Array:
    """The log of that, by the log of the sum."""
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return result


def picked(log_p: Array, p: Array, y: Array) -> Array:
    """The loss of each row: −log p of its class."""
    rows: Array = -np.take_along_axis(log_p, y.argmax(axis=-1)[..., None], axis=-1)[..., 0]
    return rows


@dataclass(frozen=True)
class Classes:
    """Probabilities, the loss and its gradient, for (…, classes) logits and (…) targets."""

    given: Callable[[Array], Array] = lambda logits: logits
    axis: Axis = -1
    shift: Callable[[Array, Axis], Any] = highest
    p: Callable[[Array, Axis], Array] = ratio
    log_p: Callable[[Array, Axis], Array] = log_ratio
    rows: Callable[[Array, Array, Array], Array] = picked  # of log p, p and one-hot rows
    reduce: Callable[[Array, Array], Any] = lambda rows, y: rows.mean()
    gradient: Callable[[Array, Array], Array] = lambda p, y: p - y
    divide: Callable[[Array, Array], Array] = lambda gradient, y: gradient * y.shape[-1] / y.size

    def shifted(self, logits: Array) -> Array:
        """What enters exp."""
        logits = self.given(logits)
        result: Array = logits - self.shift(logits, self.axis)
        return result

    def probabilities(self, logits: Array) -> Array:
        """Softmax."""
        return self.p(self.shifted(logits), self.axis)

    def loss(self, logits: Array, target: Array) -> Any:
        """The mean cross-entropy."""
        y, shifted = np.eye(logits.shape[-1])[target], self.shifted(logits)
        return self.reduce(self.rows(self.log_p(shifted, self.axis), self.p(shifted, self.axis), y), y)

    def slope(self, logits: Array, target: Array) -> Array:
        """The gradient of the mean cross-entropy."""
        y = np.eye(logits.shape[-1])[target]
        return self.divide(self.gradient(self.probabilities(logits), y), y)


# ---- edits -----------------------------------------------------------------------------------------------------------

SOFTMAX = (
    edit(
        "over_everything",
        "the softmax{inside} runs over the whole {matrix}{together}",
        "The sum runs over the classes of one row.",
        seen_in="the article of a3's exercise 6-2P",
        axis=None,
    ),
    edit(
        "of_columns",
        "the softmax{inside} runs along the first axis, over the {first_axis}",
        "The classes are the last axis.",
        axis=0,
    ),
    edit("shifted_by_all", "{one_maximum}", shift=lambda logits, axis: np.max(logits)),
    edit(
        "not_normalised",
        "the powers{inside} are not divided by their sum",
        p=lambda shifted, axis: np.exp(shifted),
        log_p=lambda shifted, axis: shifted,
    ),
    edit(
        "softmax_twice",
        "softmax is applied twice{before}",
        "The input is logits, and softmax is applied once.",
        seen_in="zhuozhiyongde/Fundamentals-of-Artificial-Intelligence #1",
        given=lambda logits: Classes().probabilities(logits),
    ),
    edit(
        "overflows",
        "exp overflows at large logits{with_it}: the largest of each row is not taken away first",
        shift=no_shift,
        p=ratio,
        log_p=lambda shifted, axis: np.log(ratio(shifted, axis)),
    ),
)
LOSS = (
    edit(
        "log_overflows",
        "log p is the logits less the log of a plain sum of exp, which overflows at large logits",
        shift=no_shift,
    ),
    edit(
        "log_of_softmax",
        "the log is taken of a probability that has become 0 at large logits",
        "np.log(softmax(logits)) is not enough.",
        log_p=lambda shifted, axis: np.log(ratio(shifted, axis)),
    ),
    edit(
        "epsilon",
        "a small number is added inside the log, so a loss that should be large stops at a limit",
        "The log of the sum needs no such number.",
        log_p=lambda shifted, axis: np.log(ratio(shifted, axis) + 1e-12),
    ),
    edit("loss_sign", "the minus in front of the log is missing", rows=lambda log_p, p, y: -picked(log_p, p, y)),
    edit(
        "binary",
        "the loss is the binary cross-entropy of the probabilities: the other classes' log(1 − p) are added",
        "One term a row.",
        seen_in="the article of a4's 5.2",
        rows=lambda log_p, p, y: -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p), axis=-1),
    ),
)
SIZE = (
    edit(
        "summed",
        "{what_is} {a_sum} over {all_rows}, not {a_mean}",
        "An expected size shows it: equal logits give log C.",
        seen_in="hunkim/DeepLearningZeroToAll #173; d2l-ai/d2l-en PR #1000",
        reduce=lambda rows, y: rows.sum(),
        divide=lambda gradient, y: gradient,
    ),
    edit(
        "over_entries",
        "{what_is_divided} divided by all entries, {all_rows} times classes",
        "One loss a row.",
        reduce=lambda rows, y: rows.sum() / y.size,
        divide=lambda gradient, y: gradient / y.size,
    ),
)
GRADIENT = (
    edit(
        "one_hot_missing",
        "the 1 of the right class is not taken off{in_gradient}: no entry is negative",
        "Each row sums to 0.",
        seen_in="mantasu/cs231n #10",
        gradient=lambda p, y: p,
    ),
    edit("gradient_sign", "{gradient_of} has the wrong sign", gradient=lambda p, y: y - p),
    edit(
        "extra_slope",
        "{gradient_of} has an extra factor p(1 − p)",
        "The slope of softmax is in p − one-hot already.",
        seen_in="deeplearning4j/libnd4j #440; jorgenkg/python-neural-network PR #6",
        gradient=lambda p, y: (p - y) * p * (1 - p),
    ),
    edit(
        "extra_factor",
        "{gradient_of} has an extra factor p",
        "The slope of softmax is in p − one-hot already.",
        gradient=lambda p, y: (p - y) * p,
    ),
    edit(
        "diagonal_only",
        "only the diagonal of softmax's slopes is used: the wrong classes get nothing",
        "The log of the sum contains every class.",
        seen_in="zhuozhiyongde/Fundamentals-of-Artificial-Intelligence #1",
        gradient=lambda p, y: y * (p - 1),
    ),
)
