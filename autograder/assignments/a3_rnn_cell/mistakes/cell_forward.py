"""Known mistakes of a3_rnn_cell: cell forward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.shared import Array, Params, forward
from autograder.naming.bank import Functions, MistakesIn

in_rnn_cell_forward = MistakesIn("rnn_cell_forward")

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


in_rnn_cell_forward(
    "state_ignored",
    "the old state does not enter: this is a layer, not a cell",
    CELL,
    lambda own: forward_with(lambda x, h_prev, params: (x, 0 * h_prev, params)),
)
in_rnn_cell_forward(
    "bias_hh_forgotten",
    "bias_hh is not added",
    CELL,
    lambda own: forward_with(lambda x, h_prev, params: (x, h_prev, {**params, "bias_hh": 0 * params["bias_hh"]})),
)
in_rnn_cell_forward(
    "bias_ih_forgotten",
    "bias_ih is not added",
    CELL,
    lambda own: forward_with(lambda x, h_prev, params: (x, h_prev, {**params, "bias_ih": 0 * params["bias_ih"]})),
)
in_rnn_cell_forward(
    "forward_weight_hh_turned",
    "weight_hh is used without its transpose, and no shape complains",
    "1.1, the sum by index: h_prev's unit k meets entry (j, k) of weight_hh.",
    lambda own: forward_with(lambda x, h_prev, params: (x, h_prev, {**params, "weight_hh": params["weight_hh"].T})),
)
in_rnn_cell_forward(
    "tanh_forgotten",
    "h is the sum itself: the tanh is missing",
    CELL,
    lambda own: forward_with(bend=lambda z: z),
)
in_rnn_cell_forward(
    "cell_sigmoid",
    "h is a sigmoid of the sum, not its tanh",
    CELL,
    lambda own: forward_with(bend=lambda z: 1 / (1 + np.exp(-z))),
)
