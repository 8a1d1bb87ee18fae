"""Known mistakes of a2_mlp_backprop: classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a2_mlp_backprop.mistakes.shared import Array
from autograder.naming.bank import Functions, Own, mistake

SOFTMAX = "4.1, 'Softmax': per row, axis=-1 and keepdims=True."


def probabilities(logits: Array, axis: int | None = -1) -> Array:
    """Softmax along an axis, or over everything."""
    powers = np.exp(logits - np.max(logits, axis=axis, keepdims=True))
    result: Array = powers / powers.sum(axis=axis, keepdims=True)
    return result


@mistake(
    "softmax",
    id="softmax_of_everything",
    title="the softmax runs over the whole array: all rows together add up to 1, not each",
    reread=SOFTMAX,
    seen_in="the article of a3's exercise 6-2P",
)
def softmax_of_everything(own: Own) -> Functions:
    return {"softmax": lambda logits: probabilities(logits, axis=None)}


@mistake(
    "softmax",
    id="softmax_of_columns",
    title="the softmax runs along the first axis, over the samples",
    reread=SOFTMAX,
)
def softmax_of_columns(own: Own) -> Functions:
    return {"softmax": lambda logits: probabilities(logits, axis=0)}


@mistake(
    "softmax",
    id="softmax_overflows",
    title="exp overflows at large logits: the largest of each row is not taken away first",
    reread="4.1: take away the largest score of each row first.",
)
def softmax_overflows(own: Own) -> Functions:
    return {"softmax": lambda logits: np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)}


@mistake(
    "softmax",
    id="softmax_shifted_by_all",
    title="the largest of the whole array is taken away, not that of each row, so other rows are left with zeros",
    reread="4.1: take away the largest score of each row first.",
)
def softmax_shifted_by_all(own: Own) -> Functions:
    def softmax(logits: Array) -> Array:
        powers = np.exp(logits - np.max(logits))
        result: Array = powers / powers.sum(axis=-1, keepdims=True)
        return result

    return {"softmax": softmax}


@mistake("softmax", id="not_normalised", title="the powers are not divided by their sum", reread=SOFTMAX)
def not_normalised(own: Own) -> Functions:
    return {"softmax": lambda logits: np.exp(logits - np.max(logits, axis=-1, keepdims=True))}


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


@mistake(
    "cross_entropy",
    id="ce_summed",
    title="the rows' losses are added, not averaged",
    reread=f"{CE} A net that knows nothing has log C, whatever N.",
    seen_in="hunkim/DeepLearningZeroToAll #173; d2l-ai/d2l-en PR #1000",
)
def ce_summed(own: Own) -> Functions:
    return {"cross_entropy": lambda logits, target: float(-np.sum(picked(log_probabilities(logits), target)))}


@mistake("cross_entropy", id="ce_sign", title="the minus in front of the log is missing", reread=CE)
def ce_sign(own: Own) -> Functions:
    return {"cross_entropy": lambda logits, target: float(np.mean(picked(log_probabilities(logits), target)))}


@mistake(
    "cross_entropy",
    id="ce_over_everything",
    title="the softmax inside runs over the whole matrix, not over each row",
    reread=f"{CE} The sum runs over the classes of one row.",
)
def ce_over_everything(own: Own) -> Functions:
    return {"cross_entropy": lambda logits, target: float(-np.mean(picked(log_probabilities(logits, None), target)))}


@mistake(
    "cross_entropy",
    id="ce_softmax_twice",
    title="softmax is applied twice: what goes into the log is a softmax of probabilities",
    reread=f"{CE} The input is logits, and softmax is applied once.",
    seen_in="zhuozhiyongde/Fundamentals-of-Artificial-Intelligence #1",
)
def ce_softmax_twice(own: Own) -> Functions:
    return {
        "cross_entropy": lambda logits, target: float(
            -np.mean(picked(log_probabilities(probabilities(logits)), target))
        )
    }


@mistake(
    "cross_entropy",
    id="ce_mean_over_entries",
    title="the loss is divided by all entries, rows times classes",
    reread=f"{CE} One loss a row.",
)
def ce_mean_over_entries(own: Own) -> Functions:
    return {
        "cross_entropy": lambda logits, target: float(-np.sum(picked(log_probabilities(logits), target)) / logits.size)
    }


@mistake(
    "cross_entropy",
    id="ce_log_of_softmax",
    title="the log is taken of a probability that has become 0 at large logits",
    reread="4.3: np.log(softmax(logits)) is not enough.",
)
def ce_log_of_softmax(own: Own) -> Functions:
    return {"cross_entropy": lambda logits, target: float(-np.mean(np.log(picked(probabilities(logits), target))))}


@mistake(
    "cross_entropy",
    id="ce_epsilon",
    title="a small number is added inside the log, so a loss that should be large stops at a limit",
    reread="4.3: the log of the sum needs no such number.",
)
def ce_epsilon(own: Own) -> Functions:
    return {"cross_entropy": lambda z, target: float(-np.mean(np.log(picked(probabilities(z), target) + 1e-12)))}


@mistake(
    "cross_entropy",
    id="ce_overflows",
    title="exp overflows at large logits, and with it the loss: the largest of each row is not taken away first",
    reread="4.3: with the largest score taken away, no positive number enters exp.",
)
def ce_overflows(own: Own) -> Functions:
    def cross_entropy(logits: Array, target: Array) -> float:
        return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - picked(logits, target)))

    return {"cross_entropy": cross_entropy}


@mistake(
    "cross_entropy",
    id="ce_binary",
    title="this is the binary cross-entropy of the probabilities: the other classes' log(1 − p) are added",
    reread=f"{CE} One term a row.",
    seen_in="the article of a4's 5.2",
)
def ce_binary(own: Own) -> Functions:
    def cross_entropy(logits: Array, target: Array) -> float:
        p, hot = probabilities(logits), np.eye(logits.shape[1])[target]
        return float(-np.sum(hot * np.log(p) + (1 - hot) * np.log(1 - p)) / len(target))

    return {"cross_entropy": cross_entropy}


LAST = "4.2, the last line of the derivation: (p − [c = y]) / N."


def ce_back(gradient: Callable[[Array, Array], Array]) -> Functions:
    """A cross_entropy_backward of probabilities and one-hot rows."""
    return {
        "cross_entropy_backward": lambda logits, target: gradient(
            probabilities(logits), np.eye(logits.shape[-1])[target]
        )
    }


@mistake(
    "cross_entropy_backward",
    id="one_hot_not_subtracted",
    title="the 1 of the true class is not taken off: no entry is negative",
    reread=f"{LAST} Each row sums to 0.",
    seen_in="mantasu/cs231n #10",
)
def one_hot_not_subtracted(own: Own) -> Functions:
    return ce_back(lambda p, y: p / len(p))


@mistake(
    "cross_entropy_backward",
    id="ce_not_divided",
    title="the gradient is not divided by the number of rows",
    reread=f"{LAST} This is the loss that divides.",
    seen_in="hunkim/DeepLearningZeroToAll #173",
)
def ce_not_divided(own: Own) -> Functions:
    return ce_back(lambda p, y: p - y)


@mistake(
    "cross_entropy_backward",
    id="ce_divided_by_entries",
    title="the gradient is divided by rows times classes",
    reread=LAST,
)
def ce_divided_by_entries(own: Own) -> Functions:
    return ce_back(lambda p, y: (p - y) / p.size)


@mistake(
    "cross_entropy_backward", id="ce_sign_turned", title="the gradient of the logits has the wrong sign", reread=LAST
)
def ce_sign_turned(own: Own) -> Functions:
    return ce_back(lambda p, y: (y - p) / len(p))


@mistake(
    "cross_entropy_backward",
    id="ce_extra_slope",
    title="the gradient of the logits has an extra factor p(1 − p)",
    reread=f"{LAST} The slope of softmax is in it already.",
    seen_in="deeplearning4j/libnd4j #440; jorgenkg/python-neural-network PR #6",
)
def ce_extra_slope(own: Own) -> Functions:
    return ce_back(lambda p, y: (p - y) * p * (1 - p) / len(p))


@mistake(
    "cross_entropy_backward",
    id="ce_diagonal_only",
    title="only the diagonal of softmax's slopes is used: the wrong classes get nothing",
    reread="4.2: the log of the sum contains every class.",
    seen_in="zhuozhiyongde/Fundamentals-of-Artificial-Intelligence #1",
)
def ce_diagonal_only(own: Own) -> Functions:
    return ce_back(lambda p, y: y * (p - 1) / len(p))


@mistake(
    "cross_entropy_backward",
    id="ce_back_over_everything",
    title="the softmax inside the gradient runs over the whole matrix",
    reread=f"{LAST} p is a softmax per row.",
)
def ce_back_over_everything(own: Own) -> Functions:
    return {
        "cross_entropy_backward": lambda logits, target: (
            (probabilities(logits, axis=None) - np.eye(logits.shape[-1])[target]) / len(target)
        )
    }


@mistake(
    "cross_entropy_backward",
    id="ce_back_overflows",
    title="exp overflows at large logits, and with it the gradient: the largest of each row is not taken away first",
    reread="4.1: take away the largest score of each row first.",
)
def ce_back_overflows(own: Own) -> Functions:
    def cross_entropy_backward(logits: Array, target: Array) -> Array:
        powers = np.exp(logits)
        gradient: Array = powers / powers.sum(axis=-1, keepdims=True) - np.eye(logits.shape[-1])[target]
        return gradient / len(target)

    return {"cross_entropy_backward": cross_entropy_backward}


@mistake(
    "cross_entropy_backward",
    id="ce_back_softmax_twice",
    title="softmax is applied twice before the 1 is taken off",
    reread=LAST,
)
def ce_back_softmax_twice(own: Own) -> Functions:
    return ce_back(lambda p, y: (probabilities(p) - y) / len(p))


@mistake(
    "cross_entropy_backward",
    id="ce_back_columns",
    title="p[:, target] takes the 1 off whole columns, not off one entry of each row",
    reread=f"{LAST} Row n meets its own class: p[np.arange(N), target].",
)
def ce_back_columns(own: Own) -> Functions:
    def cross_entropy_backward(logits: Array, target: Array) -> Array:
        gradient = probabilities(logits)
        gradient[:, target] -= 1
        return gradient / len(target)

    return {"cross_entropy_backward": cross_entropy_backward}


@mistake(
    "cross_entropy_backward",
    id="ce_back_writes_logits",
    title="the logits themselves are written into, and the caller's array changes",
    reread="4.1: logits -= … writes into the caller's array.",
)
def ce_back_writes_logits(own: Own) -> Functions:
    def cross_entropy_backward(logits: Array, target: Array) -> Array:
        logits -= logits.max(axis=1, keepdims=True)
        gradient: Array = probabilities(logits) - np.eye(logits.shape[-1])[target]
        return gradient / len(target)

    return {"cross_entropy_backward": cross_entropy_backward}
