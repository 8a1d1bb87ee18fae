"""Known mistakes of a3_rnn_cell: columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.cell_products import DIVIDES
from autograder.assignments.a3_rnn_cell.mistakes.shared import Array, Grads
from autograder.naming.bank import Functions, MistakesIn

in_column_cell_forward = MistakesIn("column_cell_forward")
in_column_cell_backward = MistakesIn("column_cell_backward")

COLUMNS = "2, 'The same cell in columns'"


def softmax(logits: Array, axis: int | None) -> Array:
    """Along an axis, or over everything."""
    powers = np.exp(logits - np.max(logits, axis=axis, keepdims=True))
    result: Array = powers / powers.sum(axis=axis, keepdims=True)
    return result


def columns(
    change: Callable[[dict[str, Array]], dict[str, Array]] = lambda given: given,
    axis: int | None = 0,
    answer: Callable[[Array, dict[str, Array]], Array] = lambda a_next, given: given["Wya"] @ a_next + given["by"],
) -> Functions:
    """A column_cell_forward of other arrays, with its softmax along another axis, or of other logits."""

    def column_cell_forward(
        xt: Array, a_prev: Array, Wax: Array, Waa: Array, Wya: Array, ba: Array, by: Array
    ) -> tuple[Array, Array]:
        given = change({"xt": xt, "a_prev": a_prev, "Wax": Wax, "Waa": Waa, "Wya": Wya, "ba": ba, "by": by})
        a_next = np.tanh(given["Wax"] @ given["xt"] + given["Waa"] @ given["a_prev"] + given["ba"])
        return a_next, softmax(answer(a_next, given), axis)

    return {"column_cell_forward": column_cell_forward}


in_column_cell_forward(
    "softmax_over_all",
    "the softmax runs over the whole matrix: all columns together add up to 1, not each",
    "2.1 and its bug hunt: a sample is a column. Mind the axis.",
    lambda own: columns(axis=None),
    seen_in="the article's exercise 6-2P",
)
in_column_cell_forward(
    "softmax_over_rows",
    "the softmax runs along the rows, over the samples",
    "2: a sample is a column, so its probabilities are below each other.",
    lambda own: columns(axis=1),
)
in_column_cell_forward(
    "column_bias_forgotten",
    "ba is not added",
    f"{COLUMNS}, the line of A_next.",
    lambda own: columns(lambda given: {**given, "ba": 0 * given["ba"]}),
)
in_column_cell_forward(
    "by_forgotten",
    "by is not added",
    f"{COLUMNS}, the row of the prediction.",
    lambda own: columns(lambda given: {**given, "by": 0 * given["by"]}),
)
in_column_cell_forward(
    "column_bias_twice",
    "ba is added twice, once for each bias of the row cell",
    f"{COLUMNS}: ours has two biases, theirs has one.",
    lambda own: columns(lambda given: {**given, "ba": 2 * given["ba"]}),
)
in_column_cell_forward(
    "Waa_turned",
    "Waa is transposed, and no shape complains",
    f"{COLUMNS}: the weights are the same arrays, not turned over.",
    lambda own: columns(lambda given: {**given, "Waa": given["Waa"].T}),
)
in_column_cell_forward(
    "column_state_ignored",
    "a_prev does not enter",
    f"{COLUMNS}, the line of A_next.",
    lambda own: columns(lambda given: {**given, "a_prev": 0 * given["a_prev"]}),
)
in_column_cell_forward(
    "prediction_of_old_state",
    "the prediction is made from the old state",
    f"{COLUMNS}: Wya @ a_next + by.",
    lambda own: columns(answer=lambda a_next, given: given["Wya"] @ given["a_prev"] + given["by"]),
)


BACK = "2.2, 'Backward in columns'"


@dataclass(frozen=True)
class ColumnBackward:
    """column_cell_backward, right by default."""

    slope: Callable[[Array], Array] = lambda a_next: 1 - a_next**2
    bias: Callable[[Array], Array] = lambda ba: ba
    change: Callable[[dict[str, Array]], Grads] = lambda given: {}

    def __call__(self, da_next: Array, xt: Array, a_prev: Array, Wax: Array, Waa: Array, ba: Array) -> Grads:
        a_next = np.tanh(Wax @ xt + Waa @ a_prev + self.bias(ba))
        dz = da_next * self.slope(a_next)
        right = {
            "dxt": Wax.T @ dz,
            "da_prev": Waa.T @ dz,
            "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True),
        }
        given = {"da_next": da_next, "xt": xt, "a_prev": a_prev, "Wax": Wax, "Waa": Waa, "a_next": a_next, "dz": dz}
        return {**right, **self.change({**given, **right})}


def column_back(**switches: Any) -> Functions:
    """A column_cell_backward with these switches."""
    return {"column_cell_backward": ColumnBackward(**switches)}


in_column_cell_backward(
    "column_slope_missing",
    "the slope of tanh is missing in the columns",
    f"{BACK}: Δ_c = Δᵀ, and Δ includes the slope.",
    lambda own: column_back(slope=np.ones_like),
)
in_column_cell_backward(
    "column_slope_not_squared",
    "in the columns the slope of tanh is written 1 − a, without the square",
    "1.3.",
    lambda own: column_back(slope=lambda a_next: 1 - a_next),
)
in_column_cell_backward(
    "leftover_bias",
    "a_next is computed again without ba",
    "2.3: the article's numbers come from a ba that is not the argument.",
    lambda own: column_back(bias=lambda ba: 0 * ba),
    seen_in="the article's exercise 6-2P (a global instead of an argument)",
)
in_column_cell_backward(
    "dba_flat",
    "dba is (hidden_size,), and ba is (hidden_size, 1)",
    f"{BACK}: dba is (hidden_size, 1), like ba. keepdims=True keeps the axis.",
    lambda own: column_back(change=lambda g: {"dba": g["dba"][:, 0]}),
    seen_in="DLS 119220 nearby",
)
in_column_cell_backward(
    "dba_over_units",
    "dba is summed over the units, and the samples stay",
    f"{BACK}: a sample is a column, so samples add along axis 1.",
    lambda own: column_back(change=lambda g: {"dba": g["dz"].sum(axis=0, keepdims=True)}),
    seen_in="DLS 241052",
)
in_column_cell_backward(
    "dba_total",
    "every entry of dba is the sum of everything",
    f"{BACK}: one bias a unit.",
    lambda own: column_back(change=lambda g: {"dba": np.full_like(g["dba"], g["dz"].sum())}),
    seen_in="DLS 241052",
)
in_column_cell_backward(
    "dba_mean",
    "dba is a mean over the samples, not a sum",
    DIVIDES,
    lambda own: column_back(change=lambda g: {"dba": g["dz"].mean(axis=1, keepdims=True)}),
    seen_in="kvfrans/notes #5",
)
in_column_cell_backward(
    "column_mean",
    "dWax, dWaa and dba are divided by the number of samples",
    DIVIDES,
    lambda own: column_back(change=lambda g: {name: g[name] / g["xt"].shape[1] for name in ("dWax", "dWaa", "dba")}),
    seen_in="DLS 63071",
)
in_column_cell_backward(
    "da_prev_not_transposed",
    "da_prev goes through Waa without its transpose, and no shape complains",
    f"{BACK}: turn (Δ W_hh)ᵀ over with care.",
    lambda own: column_back(change=lambda g: {"da_prev": g["Waa"] @ g["dz"]}),
    seen_in="DLS exercise 5 thread",
)
in_column_cell_backward(
    "dWaa_turned",
    "dWaa is transposed",
    f"{BACK}: Δ_c times a_prevᵀ, in that order.",
    lambda own: column_back(change=lambda g: {"dWaa": g["dWaa"].T}),
)
in_column_cell_backward(
    "dWaa_of_new_state",
    "Waa is paired with a_next, not with a_prev",
    f"{BACK}: what does Waa multiply?",
    lambda own: column_back(change=lambda g: {"dWaa": g["dz"] @ g["a_next"].T}),
    seen_in="VikParuchuri/zero_to_gpt #9",
)
in_column_cell_backward(
    "column_rows_returned",
    "the gradients of xt and a_prev are handed back a sample a row",
    f"{BACK}: each of the shape of its namesake.",
    lambda own: column_back(change=lambda g: {"dxt": g["dxt"].T, "da_prev": g["da_prev"].T}),
)
