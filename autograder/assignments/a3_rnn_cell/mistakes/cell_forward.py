"""Known mistakes of a3_rnn_cell: rnn_cell_forward, which is a forward of one step."""

from __future__ import annotations

from typing import Any

from autograder.assignments.a3_rnn_cell.mistakes.shared import Array, Params
from autograder.assignments.recurrent.forward import EDITS, Forward, by_rule
from autograder.assignments.recurrent.sweep import Run
from autograder.naming.bank import Functions, Own
from autograder.naming.edits import View

CELL = "1.1, 'Forward': z is a sum of two products and two biases, h is its tanh."


def cell_forward(own: Own, **slots: Any) -> Functions:
    """rnn_cell_forward with these slots of Forward."""

    def rnn_cell_forward(x: Array, h_prev: Array, params: Params) -> tuple[Array, Run]:
        outputs, run = Forward(**slots)(x[None], h_prev, params)
        return outputs[0], run

    return {"rnn_cell_forward": rnn_cell_forward}


view = View(
    "rnn_cell_forward",
    cell_forward,
    {
        **dict.fromkeys(("weights", "bend", "reads", "behind", "joins"), CELL),
        "forward_weight_hh_turned": "1.1, the sum by index: h_prev's unit k meets entry (j, k) of weight_hh.",
    },
    words={
        "not_added": "not added",
        "state": "h",
        "weight_hh_turned": "weight_hh is used without its transpose, and no shape complains",
    },
    ids={
        "forward_without_bias_ih": "bias_ih_forgotten",
        "forward_without_bias_hh": "bias_hh_forgotten",
        "forward_without_tanh": "tanh_forgotten",
        "forward_sigmoid": "cell_sigmoid",
    },
)
view.show(EDITS)
view.show(by_rule("behind", "joins"), by_rule=True)
