"""Known mistakes of a3_rnn_cell: loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.columns import softmax
from autograder.assignments.a3_rnn_cell.mistakes.shared import Array
from autograder.naming.bank import Functions, MistakesIn, Own

STABLE = "4.3: take away the largest score of each row first, and the log before the exp."


LOSS = "4.3, 'The loss of a sequence': the mean over T·N, and (p − one-hot) / (T·N)."


def loss_of(
    own: Own, loss: Callable[[Array, Array], Any] | None = None, gradient: Callable[[Array, Array], Array] | None = None
) -> Functions:
    """A sequence_loss with another loss(log p, one-hot) or another gradient(p, one-hot)."""

    def sequence_loss(logits: Array, target: Array) -> tuple[Any, Array]:
        shifted = logits - logits.max(axis=-1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        y = np.eye(logits.shape[-1])[target]
        value = loss(log_p, y) if loss else -np.sum(y * log_p) / target.size
        return float(value), gradient(np.exp(log_p), y) if gradient else (np.exp(log_p) - y) / target.size

    return {"sequence_loss": sequence_loss}


in_sequence_loss = MistakesIn("sequence_loss", loss_of)


in_sequence_loss(
    "sequence_summed",
    "loss and gradient are sums over steps and samples, not means",
    f"{LOSS} An expected size shows it: equal logits give log C.",
    loss=lambda log_p, y: -np.sum(y * log_p),
    gradient=lambda p, y: p - y,
    seen_in="hunkim/DeepLearningZeroToAll #173; d2l-ai/d2l-en PR #1000",
)
in_sequence_loss(
    "sequence_divided_by_samples",
    "loss and gradient are divided by N alone: the steps are added up",
    LOSS,
    loss=lambda log_p, y: -np.sum(y * log_p) / y.shape[1],
    gradient=lambda p, y: (p - y) / y.shape[1],
    seen_in="danijar/layered #1",
)
in_sequence_loss(
    "sequence_divided_by_steps",
    "loss and gradient are divided by T alone: the samples are added up",
    LOSS,
    loss=lambda log_p, y: -np.sum(y * log_p) / len(y),
    gradient=lambda p, y: (p - y) / len(y),
)
in_sequence_loss(
    "sequence_gradient_summed", "the loss is a mean, its gradient belongs to the sum", LOSS, gradient=lambda p, y: p - y
)
in_sequence_loss(
    "sequence_loss_summed",
    "the loss is a sum, its gradient belongs to the mean",
    LOSS,
    loss=lambda log_p, y: -np.sum(y * log_p),
)
in_sequence_loss(
    "sequence_loss_divided_by_steps",
    "the loss is divided by T alone, its gradient by T·N",
    LOSS,
    loss=lambda log_p, y: -np.sum(y * log_p) / len(y),
)
in_sequence_loss(
    "sequence_over_entries",
    "loss and gradient are divided by T·N·classes",
    LOSS,
    loss=lambda log_p, y: -np.sum(y * log_p) / y.size,
    gradient=lambda p, y: (p - y) / y.size,
)
in_sequence_loss(
    "sequence_one_hot_missing",
    "the 1 of the right class is not taken off in grad_logits",
    f"{LOSS} Each row sums to 0.",
    gradient=lambda p, y: p * y.shape[-1] / y.size,
    seen_in="mantasu/cs231n #10",
)
in_sequence_loss(
    "sequence_sign", "grad_logits has the wrong sign", LOSS, gradient=lambda p, y: (y - p) * y.shape[-1] / y.size
)
in_sequence_loss(
    "sequence_extra_slope",
    "grad_logits has an extra factor p(1 − p)",
    f"{LOSS} The slope of softmax is in p − one-hot already.",
    gradient=lambda p, y: (p - y) * p * (1 - p) * y.shape[-1] / y.size,
    seen_in="deeplearning4j/libnd4j #440; jorgenkg/python-neural-network PR #6",
)
in_sequence_loss(
    "sequence_extra_factor",
    "grad_logits has an extra factor p",
    f"{LOSS} The slope of softmax is in p − one-hot already.",
    gradient=lambda p, y: (p - y) * p * y.shape[-1] / y.size,
)


@in_sequence_loss(
    "sequence_last_step", "only the last step is counted", "4.3: every step of every sample.", seen_in="DLS 11690"
)
def sequence_last_step(own: Own) -> Functions:
    def last(array: Array) -> Array:
        return np.concatenate([0 * array[:-1], array[-1:]])

    return loss_of(own, lambda log_p, y: -np.sum((y * log_p)[-1]) / y.shape[1], lambda p, y: last(p - y) / y.shape[1])


in_sequence_loss(
    "sequence_binary",
    "the loss is the sum of binary cross-entropies, the gradient that of the categorical one",
    "4.3: −log of the right class's probability, and nothing of the others.",
    loss=lambda log_p, y: -np.sum(y * log_p + (1 - y) * np.log1p(-np.exp(log_p))) * y.shape[-1] / y.size,
    seen_in="the article of a4's 5.2",
)


@in_sequence_loss(
    "sequence_softmax_over_steps",
    "the softmax runs along the first axis, over the steps",
    "4.3: the classes are the last axis.",
)
def sequence_softmax_over_steps(own: Own) -> Functions:
    def sequence_loss(logits: Array, target: Array) -> tuple[float, Array]:
        p, y = softmax(logits, 0), np.eye(logits.shape[-1])[target]
        return float(-np.sum(y * np.log(p)) / target.size), (p - y) / target.size

    return {"sequence_loss": sequence_loss}


@in_sequence_loss(
    "sequence_overflows", "exp overflows at large logits: the largest of each row is not taken away first", STABLE
)
def sequence_overflows(own: Own) -> Functions:
    def sequence_loss(logits: Array, target: Array) -> tuple[float, Array]:
        p, y = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True), np.eye(logits.shape[-1])[target]
        return float(-np.sum(y * np.log(p)) / target.size), (p - y) / target.size

    return {"sequence_loss": sequence_loss}


def loss_with_shift(shift: Callable[[Array], Any]) -> Functions:
    """A sequence_loss that subtracts something else than the largest logit of each row."""

    def sequence_loss(logits: Array, target: Array) -> tuple[float, Array]:
        shifted, y = logits - shift(logits), np.eye(logits.shape[-1])[target]
        log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return float(-np.sum(y * log_p) / target.size), (np.exp(log_p) - y) / target.size

    return {"sequence_loss": sequence_loss}


in_sequence_loss(
    "sequence_log_overflows",
    "log p is the logits less the log of a plain sum of exp, which overflows at large logits",
    STABLE,
    lambda own: loss_with_shift(np.zeros_like),
)
in_sequence_loss(
    "sequence_one_maximum",
    "one maximum is subtracted from all rows: exp of a row far below it is 0, and its log is not finite",
    STABLE,
    lambda own: loss_with_shift(np.max),
)


@in_sequence_loss(
    "sequence_overflow_unused",
    "the numbers are right, but exp of the plain logits is computed too and overflows",
    STABLE,
)
def sequence_overflow_unused(own: Own) -> Functions:
    def sequence_loss(logits: Array, target: Array) -> tuple[float, Array]:
        np.exp(logits)
        answer: tuple[float, Array] = own["sequence_loss"](logits, target)
        return answer

    return {"sequence_loss": sequence_loss}


@in_sequence_loss(
    "sequence_writes_into_logits",
    "logits itself is written into, and the caller's array changes",
    "1.4: write a = a - b, not a -= b.",
)
def sequence_writes_into_logits(own: Own) -> Functions:
    def sequence_loss(logits: Array, target: Array) -> tuple[float, Array]:
        logits -= logits.max(axis=-1, keepdims=True)
        answer: tuple[float, Array] = own["sequence_loss"](logits, target)
        return answer

    return {"sequence_loss": sequence_loss}
