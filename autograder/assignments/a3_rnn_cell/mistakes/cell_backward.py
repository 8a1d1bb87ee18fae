"""Known mistakes of a3_rnn_cell: rnn_cell_backward, which is a sweep of one step."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.shared import (
    BIAS,
    DIVIDES,
    ENTERS,
    LINES,
    REREAD,
    WORDS,
    Array,
    Grads,
    one_step,
)
from autograder.assignments.recurrent import families, shares, walk
from autograder.assignments.recurrent.sweep import Run, Sweep
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import View


def cell(own: Own, **slots: Any) -> Functions:
    """rnn_cell_forward and an rnn_cell_backward with these slots of Sweep."""

    def rnn_cell_backward(grad_h: Array, run: Run) -> Grads:
        grads = Sweep(**slots)(grad_h[None], run)
        return {"x": grads.pop("x")[0], "h_prev": grads.pop("h0"), **grads}

    return {"rnn_cell_forward": one_step, "rnn_cell_backward": rnn_cell_backward}


view = View(
    "rnn_cell_backward",
    cell,
    REREAD,
    prefix="cell_",
    words=WORDS,
    ids={
        "tanh_missing": "slope_missing",
        "tanh_not_squared": "slope_not_squared",
        "tanh_with_plus": "slope_with_plus",
        "tanh_of_net": "slope_of_z",
        "tanh_twice": "slope_tanh_twice",
        "tanh_slope_squared": "slope_applied_twice",
        "sigmoid_for_tanh": "slope_of_sigmoid",
        "tanh_inverted": "slope_inverted",
        "tanh_at_state_before": "slope_of_old_state",
        "tanh_without_one": "slope_without_one",
        "injected_ones": "grad_h_ones",
        "injected_mean_over_batch": "grad_h_mean",
        "sign_turned_through_time": "cell_sign_turned",
        "carry_not_transposed": "h_prev_not_transposed",
        "carry_without_weight": "h_prev_without_weight",
        "carry_without_tanh": "h_prev_without_slope",
        "x_before_tanh": "x_without_slope",
        "h0_zero": "h_prev_zero",
        "state_after": "new_state_for_old",
        "bias_mean_over_batch": "cell_bias_mean",
        "bias_before_tanh": "cell_bias_without_slope",
        "bias_rows_kept": "cell_bias_rows",
        "bias_hh_left_out": "cell_bias_hh_zero",
        "mean_over_batch": "cell_mean",
        "writes_into_states": "cell_writes_into_h",
    },
)
view.show((*walk.SLOPE, *walk.INJECTED, *walk.CARRY, *shares.ONE_STEP), but=walk.OF_TIME)
view.show(families.at_one_step(), by_rule=True)

known = MistakesIn("rnn_cell_backward", cell)
known(
    "grad_h_one_mean",
    "grad_h is replaced by one number, the mean of all its entries",
    f"{ENTERS} And each unit has its own gradient.",
    injected=lambda g, t: np.full_like(g[t], g[t].mean()),
)
known(
    "grad_h_clipped",
    "grad_h is clipped to −0.5 … 0.5 before it is used",
    f"{LINES}: grad_h enters as it is.",
    injected=lambda g, t: np.clip(g[t], -0.5, 0.5),
)
known("h_prev_missing", "the gradient of h_prev is None", REREAD["h0"], h0=lambda right, way: None)
known(
    "cell_weight_ih_mean",
    "the gradient of weight_ih is divided by the number of samples",
    DIVIDES,
    weight_ih=lambda right, way: right / way.run.x.shape[1],
)
known(
    "cell_bias_column",
    "the bias gradients are (hidden_size, 1), and the biases are (hidden_size,)",
    f"{BIAS} And words and shapes: grads has the shape of its namesake.",
    biases=lambda right, way: right[:, None],
)


@MistakesIn("rnn_cell_backward")(
    "grad_h_for_target",
    "grad_h is taken for a target: the code uses h − grad_h instead of grad_h",
    "1, the words: you are handed one gradient, grad_h.",
)
def grad_h_for_target(own: Own) -> Functions:
    right = cell(own)
    return {**right, "rnn_cell_backward": lambda grad_h, run: right["rnn_cell_backward"](run.after[0] - grad_h, run)}


@MistakesIn("rnn_cell_backward")(
    "cell_writes_into_grad_h",
    "grad_h itself is written into, and the caller's array changes",
    "1.4: write a = a * b, not a *= b.",
    seen_in="Burton2000/CS231n-2017 #7",
)
def cell_writes_into_grad_h(own: Own) -> Functions:
    right = cell(own)

    def rnn_cell_backward(grad_h: Array, run: Run) -> Grads:
        grads: Grads = right["rnn_cell_backward"](grad_h, run)
        grad_h *= 1 - run.after[0] ** 2
        return grads

    return {**right, "rnn_cell_backward": rnn_cell_backward}
