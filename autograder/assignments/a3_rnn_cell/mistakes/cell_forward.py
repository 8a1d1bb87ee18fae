"""Known mistakes of a3_rnn_cell: cell forward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.shared import Array, Params, forward
from autograder.naming.bank import Functions, Own, mistake

CELL = "1.1, 'Forward': z is a sum of two products and two biases, h is its tanh."


def forward_with(
    change: Callable[[Array, Array, Params], tuple[Array, Array, Params]] = lambda x, h_prev, params: (
        x,
        h_prev,
        params,
    ),
    bend: Callable[[Array], Array] = np.tanh,
) -> Functions:
    """An rnn_cell_forward of other inputs, or with another function for tanh."""
    return {"rnn_cell_forward": lambda x, h_prev, params: forward(*change(x, h_prev, params), bend)}


@mistake(
    "rnn_cell_forward",
    id="state_ignored",
    title="the old state does not enter: this is a layer, not a cell",
    reread=CELL,
)
def state_ignored(own: Own) -> Functions:
    return forward_with(lambda x, h_prev, params: (x, 0 * h_prev, params))


@mistake("rnn_cell_forward", id="bias_hh_forgotten", title="bias_hh is not added", reread=CELL)
def bias_hh_forgotten(own: Own) -> Functions:
    return forward_with(lambda x, h_prev, params: (x, h_prev, {**params, "bias_hh": 0 * params["bias_hh"]}))


@mistake("rnn_cell_forward", id="bias_ih_forgotten", title="bias_ih is not added", reread=CELL)
def bias_ih_forgotten(own: Own) -> Functions:
    return forward_with(lambda x, h_prev, params: (x, h_prev, {**params, "bias_ih": 0 * params["bias_ih"]}))


@mistake(
    "rnn_cell_forward",
    id="forward_weight_hh_turned",
    title="weight_hh is used without its transpose, and no shape complains",
    reread="1.1, the sum by index: h_prev's unit k meets entry (j, k) of weight_hh.",
)
def forward_weight_hh_turned(own: Own) -> Functions:
    return forward_with(lambda x, h_prev, params: (x, h_prev, {**params, "weight_hh": params["weight_hh"].T}))


@mistake("rnn_cell_forward", id="tanh_forgotten", title="h is the sum itself: the tanh is missing", reread=CELL)
def tanh_forgotten(own: Own) -> Functions:
    return forward_with(bend=lambda z: z)


@mistake("rnn_cell_forward", id="cell_sigmoid", title="h is a sigmoid of the sum, not its tanh", reread=CELL)
def cell_sigmoid(own: Own) -> Functions:
    return forward_with(bend=lambda z: 1 / (1 + np.exp(-z)))
