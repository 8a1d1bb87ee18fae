"""Known mistakes of a2_mlp_backprop: softmax, the cross-entropy and its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.assignments.a2_mlp_backprop.mistakes.shared import Array
from autograder.assignments.classification import GRADIENT, LOSS, SIZE, SOFTMAX, Classes
from autograder.assignments.classification_rules import NO_LOG, by_rule
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import View

ROWS = "4.1, 'Softmax': per row, axis=-1 and keepdims=True."
STABLE = "4.1: take away the largest score of each row first."
CE = "4.2, 'The loss of a probability': the mean over rows of −log of the true class's probability."
LOG = "4.3: with the largest score taken away, no positive number enters exp."
LAST = "4.2, the last line of the derivation: (p − [c = y]) / N."


def softmax(own: Own, **slots: Any) -> Functions:
    """softmax with these slots of Classes."""
    return {"softmax": Classes(**slots).probabilities}


def cross_entropy(own: Own, **slots: Any) -> Functions:
    """cross_entropy with these slots of Classes."""
    return {"cross_entropy": Classes(**slots).loss}


def ce_back(own: Own, **slots: Any) -> Functions:
    """cross_entropy_backward with these slots of Classes."""
    return {"cross_entropy_backward": Classes(**slots).slope}


in_softmax = View(
    "softmax",
    softmax,
    {"axis": ROWS, "shift": STABLE, "p": ROWS, "given": ROWS},
    prefix="softmax_",
    words={
        "inside": "",
        "matrix": "array",
        "together": ": all rows together add up to 1, not each",
        "first_axis": "samples",
        "one_maximum": "the largest of the whole array is taken away, not that of each row, so other rows are left with zeros",
        "before": "",
        "with_it": "",
    },
    ids={
        "over_everything": "softmax_of_everything",
        "not_normalised": "not_normalised",
        "softmax_twice": "softmax_twice",
    },
)
in_softmax.show(SOFTMAX)
in_softmax.show(by_rule("given", "p"), by_rule=True)
in_cross_entropy = View(
    "cross_entropy",
    cross_entropy,
    {**dict.fromkeys(("given", "axis", "p", "rows", "reduce"), CE), "shift": LOG, "log_p": "4.3."},
    prefix="ce_",
    words={
        "inside": " inside the loss",
        "matrix": "matrix",
        "together": ", not over each row",
        "first_axis": "samples",
        "before": ": what goes into the log is a softmax of probabilities",
        "what_is": "the loss is",
        "what_is_divided": "the loss is",
        "a_sum": "a sum",
        "a_mean": "a mean",
        "all_rows": "the rows",
    },
    ids={
        "log_overflows": "ce_overflows",
        "softmax_twice": "ce_softmax_twice",
        "loss_sign": "ce_sign",
        "over_entries": "ce_mean_over_entries",
    },
)
in_cross_entropy.show((*SOFTMAX, *LOSS, *SIZE), but=("overflows", "shifted_by_all"))
in_cross_entropy.show(by_rule("given", "p", "rows", "reduce"), but=NO_LOG, by_rule=True)
in_backward = View(
    "cross_entropy_backward",
    ce_back,
    {**dict.fromkeys(("given", "axis", "p", "gradient", "divide", "reduce"), LAST), "shift": STABLE},
    prefix="ce_back_",
    words={
        "inside": " inside the gradient",
        "matrix": "matrix",
        "together": "",
        "first_axis": "samples",
        "one_maximum": "inside the gradient one maximum is subtracted from all rows, not each row's own",
        "before": " before the 1 is taken off",
        "with_it": ", and with it the gradient",
        "what_is": "the gradient belongs to",
        "what_is_divided": "the gradient is",
        "a_sum": "a sum",
        "a_mean": "to a mean",
        "all_rows": "the rows",
        "in_gradient": "",
        "gradient_of": "the gradient of the logits",
    },
    ids={
        "one_hot_missing": "one_hot_not_subtracted",
        "summed": "ce_not_divided",
        "over_entries": "ce_divided_by_entries",
        "gradient_sign": "ce_sign_turned",
        "extra_slope": "ce_extra_slope",
        "diagonal_only": "ce_diagonal_only",
    },
)
in_backward.show((*SOFTMAX, *SIZE, *GRADIENT))
in_backward.show(by_rule("given", "p", "gradient", "divide"), by_rule=True)

in_cross_entropy_backward = MistakesIn("cross_entropy_backward")


@in_cross_entropy_backward(
    "ce_back_columns",
    "p[:, target] takes the 1 off whole columns, not off one entry of each row",
    f"{LAST} Row n meets its own class: p[np.arange(N), target].",
)
def ce_back_columns(own: Own) -> Functions:
    def cross_entropy_backward(logits: Array, target: Array) -> Array:
        gradient = Classes().probabilities(logits)
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
        gradient: Array = Classes().probabilities(logits) - np.eye(logits.shape[-1])[target]
        return gradient / len(target)

    return {"cross_entropy_backward": cross_entropy_backward}
