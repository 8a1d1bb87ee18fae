"""Known mistakes of a3_rnn_cell: columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.cell_products import DIVIDES
from autograder.assignments.a3_rnn_cell.mistakes.shared import Array, Grads
from autograder.naming.bank import Functions, Own, mistake

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


@mistake(
    "column_cell_forward",
    id="softmax_over_all",
    title="the softmax runs over the whole matrix: all columns together add up to 1, not each",
    reread="2.1 and its bug hunt: a sample is a column. Mind the axis.",
    seen_in="the article's exercise 6-2P",
)
def softmax_over_all(own: Own) -> Functions:
    return columns(axis=None)


@mistake(
    "column_cell_forward",
    id="softmax_over_rows",
    title="the softmax runs along the rows, over the samples",
    reread="2: a sample is a column, so its probabilities are below each other.",
)
def softmax_over_rows(own: Own) -> Functions:
    return columns(axis=1)


@mistake(
    "column_cell_forward", id="column_bias_forgotten", title="ba is not added", reread=f"{COLUMNS}, the line of A_next."
)
def column_bias_forgotten(own: Own) -> Functions:
    return columns(lambda given: {**given, "ba": 0 * given["ba"]})


@mistake(
    "column_cell_forward", id="by_forgotten", title="by is not added", reread=f"{COLUMNS}, the row of the prediction."
)
def by_forgotten(own: Own) -> Functions:
    return columns(lambda given: {**given, "by": 0 * given["by"]})


@mistake(
    "column_cell_forward",
    id="column_bias_twice",
    title="ba is added twice, once for each bias of the row cell",
    reread=f"{COLUMNS}: ours has two biases, theirs has one.",
)
def column_bias_twice(own: Own) -> Functions:
    return columns(lambda given: {**given, "ba": 2 * given["ba"]})


@mistake(
    "column_cell_forward",
    id="Waa_turned",
    title="Waa is transposed, and no shape complains",
    reread=f"{COLUMNS}: the weights are the same arrays, not turned over.",
)
def waa_turned(own: Own) -> Functions:
    return columns(lambda given: {**given, "Waa": given["Waa"].T})


@mistake(
    "column_cell_forward",
    id="column_state_ignored",
    title="a_prev does not enter",
    reread=f"{COLUMNS}, the line of A_next.",
)
def column_state_ignored(own: Own) -> Functions:
    return columns(lambda given: {**given, "a_prev": 0 * given["a_prev"]})


@mistake(
    "column_cell_forward",
    id="prediction_of_old_state",
    title="the prediction is made from the old state",
    reread=f"{COLUMNS}: Wya @ a_next + by.",
)
def prediction_of_old_state(own: Own) -> Functions:
    return columns(answer=lambda a_next, given: given["Wya"] @ given["a_prev"] + given["by"])


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


@mistake(
    "column_cell_backward",
    id="column_slope_missing",
    title="the slope of tanh is missing in the columns",
    reread=f"{BACK}: Δ_c = Δᵀ, and Δ includes the slope.",
)
def column_slope_missing(own: Own) -> Functions:
    return column_back(slope=np.ones_like)


@mistake(
    "column_cell_backward",
    id="column_slope_not_squared",
    title="in the columns the slope of tanh is written 1 − a, without the square",
    reread="1.3.",
)
def column_slope_not_squared(own: Own) -> Functions:
    return column_back(slope=lambda a_next: 1 - a_next)


@mistake(
    "column_cell_backward",
    id="leftover_bias",
    title="a_next is computed again without ba",
    reread="2.3: the article's numbers come from a ba that is not the argument.",
    seen_in="the article's exercise 6-2P (a global instead of an argument)",
)
def leftover_bias(own: Own) -> Functions:
    return column_back(bias=lambda ba: 0 * ba)


@mistake(
    "column_cell_backward",
    id="dba_flat",
    title="dba is (hidden_size,), and ba is (hidden_size, 1)",
    reread=f"{BACK}: dba is (hidden_size, 1), like ba. keepdims=True keeps the axis.",
    seen_in="DLS 119220 nearby",
)
def dba_flat(own: Own) -> Functions:
    return column_back(change=lambda g: {"dba": g["dba"][:, 0]})


@mistake(
    "column_cell_backward",
    id="dba_over_units",
    title="dba is summed over the units, and the samples stay",
    reread=f"{BACK}: a sample is a column, so samples add along axis 1.",
    seen_in="DLS 241052",
)
def dba_over_units(own: Own) -> Functions:
    return column_back(change=lambda g: {"dba": g["dz"].sum(axis=0, keepdims=True)})


@mistake(
    "column_cell_backward",
    id="dba_total",
    title="every entry of dba is the sum of everything",
    reread=f"{BACK}: one bias a unit.",
    seen_in="DLS 241052",
)
def dba_total(own: Own) -> Functions:
    return column_back(change=lambda g: {"dba": np.full_like(g["dba"], g["dz"].sum())})


@mistake(
    "column_cell_backward",
    id="dba_mean",
    title="dba is a mean over the samples, not a sum",
    reread=DIVIDES,
    seen_in="kvfrans/notes #5",
)
def dba_mean(own: Own) -> Functions:
    return column_back(change=lambda g: {"dba": g["dz"].mean(axis=1, keepdims=True)})


@mistake(
    "column_cell_backward",
    id="column_mean",
    title="dWax, dWaa and dba are divided by the number of samples",
    reread=DIVIDES,
    seen_in="DLS 63071",
)
def column_mean(own: Own) -> Functions:
    return column_back(change=lambda g: {name: g[name] / g["xt"].shape[1] for name in ("dWax", "dWaa", "dba")})


@mistake(
    "column_cell_backward",
    id="da_prev_not_transposed",
    title="da_prev goes through Waa without its transpose, and no shape complains",
    reread=f"{BACK}: turn (Δ W_hh)ᵀ over with care.",
    seen_in="DLS exercise 5 thread",
)
def da_prev_not_transposed(own: Own) -> Functions:
    return column_back(change=lambda g: {"da_prev": g["Waa"] @ g["dz"]})


@mistake(
    "column_cell_backward",
    id="dWaa_turned",
    title="dWaa is transposed",
    reread=f"{BACK}: Δ_c times a_prevᵀ, in that order.",
)
def dwaa_turned(own: Own) -> Functions:
    return column_back(change=lambda g: {"dWaa": g["dWaa"].T})


@mistake(
    "column_cell_backward",
    id="dWaa_of_new_state",
    title="Waa is paired with a_next, not with a_prev",
    reread=f"{BACK}: what does Waa multiply?",
    seen_in="VikParuchuri/zero_to_gpt #9",
)
def dwaa_of_new_state(own: Own) -> Functions:
    return column_back(change=lambda g: {"dWaa": g["dz"] @ g["a_next"].T})


@mistake(
    "column_cell_backward",
    id="column_rows_returned",
    title="the gradients of xt and a_prev are handed back a sample a row",
    reread=f"{BACK}: each of the shape of its namesake.",
)
def column_rows_returned(own: Own) -> Functions:
    return column_back(change=lambda g: {"dxt": g["dxt"].T, "da_prev": g["da_prev"].T})
