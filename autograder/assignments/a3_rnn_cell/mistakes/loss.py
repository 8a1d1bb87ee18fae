"""Known mistakes of a3_rnn_cell: loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.shared import Array
from autograder.assignments.classification import GRADIENT, LOSS, SIZE, SOFTMAX, Classes, log_ratio
from autograder.assignments.classification_rules import NO_LOG, by_rule
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import View

STABLE = "4.3: take away the largest score of each row first, and the log before the exp."
SIZES = "4.3, 'The loss of a sequence': the mean over T·N, and (p − one-hot) / (T·N)."


def sequence_loss(own: Own, **slots: Any) -> Functions:
    """sequence_loss with these slots of Classes."""
    right = {
        "p": lambda shifted, axis: np.exp(log_ratio(shifted, axis)),
        "rows": lambda log_p, p, y: -np.sum(y * log_p, axis=-1),
    }
    classes = Classes(**{**right, **slots})
    return {"sequence_loss": lambda logits, target: (classes.loss(logits, target), classes.slope(logits, target))}


def last(array: Array) -> Array:
    """The last step's entries, all others zero."""
    return np.concatenate([0 * array[:-1], array[-1:]])


view = View(
    "sequence_loss",
    sequence_loss,
    {
        **dict.fromkeys(("given", "axis", "p", "rows", "reduce", "gradient", "divide"), SIZES),
        "shift": STABLE,
        "log_p": STABLE,
    },
    prefix="sequence_",
    words={
        "inside": "",
        "matrix": "array",
        "together": "",
        "first_axis": "steps",
        "one_maximum": "one maximum is subtracted from all rows: exp of a row far below it is 0, and its log is not finite",
        "before": "",
        "with_it": "",
        "what_is": "loss and gradient are",
        "what_is_divided": "loss and gradient are",
        "a_sum": "sums",
        "a_mean": "means",
        "all_rows": "steps and samples",
        "in_gradient": " in grad_logits",
        "gradient_of": "grad_logits",
    },
    ids={
        "of_columns": "sequence_softmax_over_steps",
        "shifted_by_all": "sequence_one_maximum",
        "softmax_twice": "sequence_softmax_twice",
        "gradient_sign": "sequence_sign",
    },
)
view.show((*SOFTMAX, *LOSS, *SIZE, *GRADIENT))
view.show(by_rule("given", "p", "rows", "reduce", "gradient", "divide"), but=NO_LOG, by_rule=True)

in_sequence_loss = MistakesIn("sequence_loss", sequence_loss)
in_sequence_loss(
    "sequence_divided_by_samples",
    "loss and gradient are divided by N alone: the steps are added up",
    SIZES,
    seen_in="danijar/layered #1",
    reduce=lambda rows, y: rows.sum() / y.shape[1],
    divide=lambda gradient, y: gradient / y.shape[1],
)
in_sequence_loss(
    "sequence_divided_by_steps",
    "loss and gradient are divided by T alone: the samples are added up",
    SIZES,
    reduce=lambda rows, y: rows.sum() / len(y),
    divide=lambda gradient, y: gradient / len(y),
)
in_sequence_loss(
    "sequence_last_step",
    "only the last step is counted",
    "4.3: every step of every sample.",
    seen_in="DLS 11690",
    reduce=lambda rows, y: rows[-1].mean(),
    divide=lambda gradient, y: last(gradient) / y.shape[1],
)
in_sequence_loss(
    "sequence_gradient_summed",
    "the loss is a mean, its gradient belongs to the sum",
    SIZES,
    divide=lambda gradient, y: gradient,
)
in_sequence_loss(
    "sequence_gradient_by_samples",
    "the loss is a mean over steps and samples, its gradient is divided by N alone",
    SIZES,
    divide=lambda gradient, y: gradient / y.shape[1],
)
in_sequence_loss(
    "sequence_gradient_by_steps",
    "the loss is a mean over steps and samples, its gradient is divided by T alone",
    SIZES,
    divide=lambda gradient, y: gradient / len(y),
)
in_sequence_loss(
    "sequence_loss_summed",
    "the loss is a sum, its gradient belongs to the mean",
    SIZES,
    reduce=lambda rows, y: rows.sum(),
)
in_sequence_loss(
    "sequence_loss_divided_by_steps",
    "the loss is divided by T alone, its gradient by T·N",
    SIZES,
    reduce=lambda rows, y: rows.sum() / len(y),
)
in_sequence_loss(
    "sequence_loss_divided_by_samples",
    "the loss is divided by N alone, its gradient by T·N",
    SIZES,
    reduce=lambda rows, y: rows.sum() / y.shape[1],
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
