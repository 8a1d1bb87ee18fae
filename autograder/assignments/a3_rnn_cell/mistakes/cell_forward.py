"""Known mistakes of a3_rnn_cell: cell forward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.shared import Array, Params
from autograder.assignments.recurrent.sweep import Run, run_forward
from autograder.naming.bank import Functions, MistakesIn, Own

CELL = "1.1, 'Forward': z is a sum of two products and two biases, h is its tanh."


def forward_with(
    own: Own,
    inputs: Callable[[Array, Array, Params], tuple[Array, Array, Params]] = lambda *given: given,
    bend: Callable[[Array], Array] = np.tanh,
) -> Functions:
    """An rnn_cell_forward of other inputs, or with another function for tanh."""

    def rnn_cell_forward(x: Array, h_prev: Array, params: Params) -> tuple[Array, Run]:
        x, h_prev, params = inputs(x, h_prev, params)
        run = run_forward(x[None], h_prev, params, bend=bend)
        return run.after[0], run

    return {"rnn_cell_forward": rnn_cell_forward}


in_rnn_cell_forward = MistakesIn("rnn_cell_forward", forward_with)
in_rnn_cell_forward(
    "state_ignored",
    "the old state does not enter: this is a layer, not a cell",
    CELL,
    inputs=lambda x, h_prev, params: (x, 0 * h_prev, params),
)
in_rnn_cell_forward(
    "bias_hh_forgotten",
    "bias_hh is not added",
    CELL,
    inputs=lambda x, h_prev, params: (x, h_prev, {**params, "bias_hh": 0 * params["bias_hh"]}),
)
in_rnn_cell_forward(
    "bias_ih_forgotten",
    "bias_ih is not added",
    CELL,
    inputs=lambda x, h_prev, params: (x, h_prev, {**params, "bias_ih": 0 * params["bias_ih"]}),
)
in_rnn_cell_forward(
    "forward_weight_hh_turned",
    "weight_hh is used without its transpose, and no shape complains",
    "1.1, the sum by index: h_prev's unit k meets entry (j, k) of weight_hh.",
    inputs=lambda x, h_prev, params: (x, h_prev, {**params, "weight_hh": params["weight_hh"].T}),
)
in_rnn_cell_forward("tanh_forgotten", "h is the sum itself: the tanh is missing", CELL, bend=lambda z: z)
in_rnn_cell_forward(
    "cell_sigmoid", "h is a sigmoid of the sum, not its tanh", CELL, bend=lambda z: 1 / (1 + np.exp(-z))
)
