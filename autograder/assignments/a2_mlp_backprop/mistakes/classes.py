"""Known mistakes of a2_mlp_backprop: classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a2_mlp_backprop.mistakes.shared import Array
from autograder.naming.bank import Functions, MistakesIn, Own

in_softmax = MistakesIn("softmax")
in_cross_entropy = MistakesIn("cross_entropy")

SOFTMAX = "4.1, 'Softmax': per row, axis=-1 and keepdims=True."


def probabilities(logits: Array, axis: int | None = -1) -> Array:
    """Softmax along an axis, or over everything."""
    powers = np.exp(logits - np.max(logits, axis=axis, keepdims=True))
    result: Array = powers / powers.sum(axis=axis, keepdims=True)
    return result


in_softmax(
    "softmax_of_everything",
    "the softmax runs over the whole array: all rows together add up to 1, not each",
    SOFTMAX,
    lambda own: {"softmax": lambda logits: probabilities(logits, axis=None)},
    seen_in="the article of a3's exercise 6-2P",
)
in_softmax(
    "softmax_of_columns",
    "the softmax runs along the first axis, over the samples",
    SOFTMAX,
    lambda own: {"softmax": lambda logits: probabilities(logits, axis=0)},
)
in_softmax(
    "softmax_overflows",
    "exp overflows at large logits: the largest of each row is not taken away first",
    "4.1: take away the largest score of each row first.",
    lambda own: {"softmax": lambda logits: np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)},
)


@in_softmax(
    "softmax_shifted_by_all",
    "the largest of the whole array is taken away, not that of each row, so other rows are left with zeros",
    "4.1: take away the largest score of each row first.",
)
def softmax_shifted_by_all(own: Own) -> Functions:
    def softmax(logits: Array) -> Array:
        powers = np.exp(logits - np.max(logits))
        result: Array = powers / powers.sum(axis=-1, keepdims=True)
        return result

    return {"softmax": softmax}


in_softmax(
    "not_normalised",
    "the powers are not divided by their sum",
    SOFTMAX,
    lambda own: {"softmax": lambda logits: np.exp(logits - np.max(logits, axis=-1, keepdims=True))},
)


CE = "4.2, 'The loss of a probability': the mean over rows of −log of the true class's probability."


def log_probabilities(logits: Array, axis: int | None = -1) -> Array:
    """log softmax along an axis, or over everything."""
    shifted = logits - np.max(logits, axis=axis, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return result


def picked(table: Array, target: Array) -> Array:
    """The true class's entry of each row."""
    result: Array = table[np.arange(len(target)), target]
    return result


in_cross_entropy(
    "ce_summed",
    "the rows' losses are added, not averaged",
    f"{CE} A net that knows nothing has log C, whatever N.",
    lambda own: {"cross_entropy": lambda logits, target: float(-np.sum(picked(log_probabilities(logits), target)))},
    seen_in="hunkim/DeepLearningZeroToAll #173; d2l-ai/d2l-en PR #1000",
)
in_cross_entropy(
    "ce_sign",
    "the minus in front of the log is missing",
    CE,
    lambda own: {"cross_entropy": lambda logits, target: float(np.mean(picked(log_probabilities(logits), target)))},
)
in_cross_entropy(
    "ce_over_everything",
    "the softmax inside runs over the whole matrix, not over each row",
    f"{CE} The sum runs over the classes of one row.",
    lambda own: {
        "cross_entropy": lambda logits, target: float(-np.mean(picked(log_probabilities(logits, None), target)))
    },
)
in_cross_entropy(
    "ce_softmax_twice",
    "softmax is applied twice: what goes into the log is a softmax of probabilities",
    f"{CE} The input is logits, and softmax is applied once.",
    lambda own: {
        "cross_entropy": lambda logits, target: float(
            -np.mean(picked(log_probabilities(probabilities(logits)), target))
        )
    },
    seen_in="zhuozhiyongde/Fundamentals-of-Artificial-Intelligence #1",
)
in_cross_entropy(
    "ce_mean_over_entries",
    "the loss is divided by all entries, rows times classes",
    f"{CE} One loss a row.",
    lambda own: {
        "cross_entropy": lambda logits, target: float(-np.sum(picked(log_probabilities(logits), target)) / logits.size)
    },
)
in_cross_entropy(
    "ce_log_of_softmax",
    "the log is taken of a probability that has become 0 at large logits",
    "4.3: np.log(softmax(logits)) is not enough.",
    lambda own: {
        "cross_entropy": lambda logits, target: float(-np.mean(np.log(picked(probabilities(logits), target))))
    },
)
in_cross_entropy(
    "ce_epsilon",
    "a small number is added inside the log, so a loss that should be large stops at a limit",
    "4.3: the log of the sum needs no such number.",
    lambda own: {"cross_entropy": lambda z, target: float(-np.mean(np.log(picked(probabilities(z), target) + 1e-12)))},
)


@in_cross_entropy(
    "ce_overflows",
    "exp overflows at large logits, and with it the loss: the largest of each row is not taken away first",
    "4.3: with the largest score taken away, no positive number enters exp.",
)
def ce_overflows(own: Own) -> Functions:
    def cross_entropy(logits: Array, target: Array) -> float:
        return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - picked(logits, target)))

    return {"cross_entropy": cross_entropy}


@in_cross_entropy(
    "ce_binary",
    "this is the binary cross-entropy of the probabilities: the other classes' log(1 − p) are added",
    f"{CE} One term a row.",
    seen_in="the article of a4's 5.2",
)
def ce_binary(own: Own) -> Functions:
    def cross_entropy(logits: Array, target: Array) -> float:
        p, hot = probabilities(logits), np.eye(logits.shape[1])[target]
        return float(-np.sum(hot * np.log(p) + (1 - hot) * np.log(1 - p)) / len(target))

    return {"cross_entropy": cross_entropy}


LAST = "4.2, the last line of the derivation: (p − [c = y]) / N."


def ce_back(own: Own, gradient: Callable[[Array, Array], Array]) -> Functions:
    """A cross_entropy_backward of probabilities and one-hot rows."""
    return {
        "cross_entropy_backward": lambda logits, target: gradient(
            probabilities(logits), np.eye(logits.shape[-1])[target]
        )
    }


in_cross_entropy_backward = MistakesIn("cross_entropy_backward", ce_back)


in_cross_entropy_backward(
    "one_hot_not_subtracted",
    "the 1 of the true class is not taken off: no entry is negative",
    f"{LAST} Each row sums to 0.",
    gradient=lambda p, y: p / len(p),
    seen_in="mantasu/cs231n #10",
)
in_cross_entropy_backward(
    "ce_not_divided",
    "the gradient is not divided by the number of rows",
    f"{LAST} This is the loss that divides.",
    gradient=lambda p, y: p - y,
    seen_in="hunkim/DeepLearningZeroToAll #173",
)
in_cross_entropy_backward(
    "ce_divided_by_entries",
    "the gradient is divided by rows times classes",
    LAST,
    gradient=lambda p, y: (p - y) / p.size,
)
in_cross_entropy_backward(
    "ce_sign_turned", "the gradient of the logits has the wrong sign", LAST, gradient=lambda p, y: (y - p) / len(p)
)
in_cross_entropy_backward(
    "ce_extra_slope",
    "the gradient of the logits has an extra factor p(1 − p)",
    f"{LAST} The slope of softmax is in it already.",
    gradient=lambda p, y: (p - y) * p * (1 - p) / len(p),
    seen_in="deeplearning4j/libnd4j #440; jorgenkg/python-neural-network PR #6",
)
in_cross_entropy_backward(
    "ce_diagonal_only",
    "only the diagonal of softmax's slopes is used: the wrong classes get nothing",
    "4.2: the log of the sum contains every class.",
    gradient=lambda p, y: y * (p - 1) / len(p),
    seen_in="zhuozhiyongde/Fundamentals-of-Artificial-Intelligence #1",
)
in_cross_entropy_backward(
    "ce_back_over_everything",
    "the softmax inside the gradient runs over the whole matrix",
    f"{LAST} p is a softmax per row.",
    lambda own: {
        "cross_entropy_backward": lambda logits, target: (
            (probabilities(logits, axis=None) - np.eye(logits.shape[-1])[target]) / len(target)
        )
    },
)


@in_cross_entropy_backward(
    "ce_back_overflows",
    "exp overflows at large logits, and with it the gradient: the largest of each row is not taken away first",
    "4.1: take away the largest score of each row first.",
)
def ce_back_overflows(own: Own) -> Functions:
    def cross_entropy_backward(logits: Array, target: Array) -> Array:
        powers = np.exp(logits)
        gradient: Array = powers / powers.sum(axis=-1, keepdims=True) - np.eye(logits.shape[-1])[target]
        return gradient / len(target)

    return {"cross_entropy_backward": cross_entropy_backward}


in_cross_entropy_backward(
    "ce_back_softmax_twice",
    "softmax is applied twice before the 1 is taken off",
    LAST,
    gradient=lambda p, y: (probabilities(p) - y) / len(p),
)


@in_cross_entropy_backward(
    "ce_back_columns",
    "p[:, target] takes the 1 off whole columns, not off one entry of each row",
    f"{LAST} Row n meets its own class: p[np.arange(N), target].",
)
def ce_back_columns(own: Own) -> Functions:
    def cross_entropy_backward(logits: Array, target: Array) -> Array:
        gradient = probabilities(logits)
        gradient[:, target] -= 1
        return gradient / len(target)

    return {"cross_entropy_backward": cross_entropy_backward}


@in_cross_entropy_backward(
    "ce_back_writes_logits",
    "the logits themselves are written into, and the caller's array changes",
    "4.1: logits -= … writes into the caller's array.",
)
def ce_back_writes_logits(own: Own) -> Functions:
    def cross_entropy_backward(logits: Array, target: Array) -> Array:
        logits -= logits.max(axis=1, keepdims=True)
        gradient: Array = probabilities(logits) - np.eye(logits.shape[-1])[target]
        return gradient / len(target)

    return {"cross_entropy_backward": cross_entropy_backward}
