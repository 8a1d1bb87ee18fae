"""What the known mistakes of a3_rnn_cell are made of, and what students reread."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.assignments.recurrent.sweep import Run, run_forward

Array = np.ndarray
Grads = dict[str, Any]
Params = dict[str, Array]

SLOPE = "1.3, 'What tanh lets through': each entry of grad_h is multiplied by 1 − h², h being the output."
LINES = "1.2, the derivation"
INSIDE = f"{LINES}: x, h_prev and the biases are inside tanh."
ENTERS = "1.4: with grad_h all ones you could ignore it, and nobody would see. And 1.1: samples do not meet."
INDEX = "1.4: weight_hh is square, so its shape cannot tell. Trust the index form."
DIVIDES = "1.2, why line G does not belong: backward adds over samples and never divides."
BIAS = f"{LINES}, part 3: one bias a unit, so only the samples add."
AGAIN = "3.3, the bug hunt 'called twice': begin each call afresh."

REREAD = {
    "injected": ENTERS,
    **dict.fromkeys(
        (
            "start",
            "entering",
            "bend",
            "beside",
            "window",
            "counted_ih",
            "counted_hh",
            "counted_bias",
            "x",
            "bias_ih",
            "delta_ih",
            "delta_hh",
        ),
        INSIDE,
    ),
    "crossing": f"{LINES}, by index: Δ W_hh.",
    "slope": SLOPE,
    "h0": f"{LINES}, part 3: six arrays go in.",
    "delta_x": INSIDE,
    "delta_bias": INSIDE,
    "reads_hh": f"{LINES}, part 3: Δᵀ H_prev.",
    "reads_ih": f"{LINES}, part 3: Δᵀ X.",
    "weight_hh": INDEX,
    "weight_ih": INDEX,
    "parameters": DIVIDES,
    "biases": BIAS,
    "bias_hh": f"{LINES}, part 3: why are the two bias gradients equal?",
    "added": BIAS,
    "every": f"{LINES}: no line cuts anything off.",
    "carry_divided_by_batch": DIVIDES,
    "bias_mean_over_batch": DIVIDES,
    "whole_numbers": "Words and shapes: grads has the shape of its namesake, and its dtype.",
    "sums_never_cleared": AGAIN,
    "writes_into_states": "1.4: no function changes what was handed to it.",
}
WORDS = {
    "carry": "the gradient of h_prev",
    "back": "through",
    "g": "grad_h",
    "h0": "h_prev",
    "injected": "grad_h",
    "h_before": "h_prev, the old state",
    "step_0": "step 1",
    "nothing_joins": "grad_h is not used",
    "rows_kept": "not added up: there is still a row for each sample",
    "bias_twice": "each bias gets the gradient of both: twice too large",
    "what_h": ", the new state",
    "again": "",
    "through_time": "",
    "at_every_step": "",
    "of_every_step": "",
    "first_state": "H_1",
    "state_left": "the new state",
    "state_entered": "the old one",
    "whose_h0": "",
    "who_clips": "",
}


def one_step(x: Array, h_prev: Array, params: Params) -> tuple[Array, Run]:
    """The right rnn_cell_forward: a layer of one step."""
    run = run_forward(x[None], h_prev, params)
    return run.after[0].copy(), run
