"""What the known mistakes of a4_bptt are made of, and what students reread."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.assignments.recurrent.sweep import WEIGHTS

Array = np.ndarray
Grads = dict[str, Any]
Params = dict[str, Array]
SIX = (*WEIGHTS, "weight_ho", "bias_ho")

MEET = "4, 'One sweep': at each step the injected gradient joins the carry, and only their sum goes on."
CARRY = "2.1, the line of the carry, by index."
FACTOR = "2.1, the line of δ: what does tanh let through, and at which state is it read?"
ADD = "2.1: each step has its own copy of the weight; set the copies equal and add."
DIVIDES = "'The loss divides, backward never does': if the loss is a mean, its 1/N is inside grad_outputs already."
DELTA = "2.1, the line of δ."
READS = "2.1: δ_tᵀ x_t for weight_ih, δ_tᵀ h_{t−1} for weight_hh."
H0 = "2.1: h0 has one reader, step 0."
BIAS = "2.1: one bias a unit, used in every row of every step."
LAW = "7.3: clipping is its own function, and by one norm."

REREAD = {
    "start": MEET,
    "entering": MEET,
    "injected": MEET,
    "bend": MEET,
    "beside": MEET,
    "window": MEET,
    "crossing": CARRY,
    "slope": FACTOR,
    "order": "4, 'One sweep': t = T − 1, …, 0.",
    "counted": ADD,
    "counted_ih": ADD,
    "counted_hh": ADD,
    "counted_bias": ADD,
    "parameters": DIVIDES,
    "x": "4, 'One sweep'.",
    "h0": H0,
    "delta_x": DELTA,
    "delta_ih": DELTA,
    "delta_hh": DELTA,
    "delta_bias": DELTA,
    "reads_ih": READS,
    "reads_hh": READS,
    "weight_ih": READS,
    "weight_hh": READS,
    "biases": BIAS,
    "bias_ih": BIAS,
    "bias_hh": BIAS,
    "added": BIAS,
    "every": LAW,
    "carry_divided_by_batch": DIVIDES,
    "bias_mean_over_batch": DIVIDES,
    "whole_numbers": "The dtype of your sums.",
    "sums_never_cleared": "Begin each call afresh.",
    "writes_into_states": "5.1, 'A layer that overwrites its states'.",
}
WORDS = {
    "carry": "the carry",
    "back": "back through",
    "g": "grad_outputs",
    "h_before": "h, the state that enters the step",
    "step_0": "step 0",
    "nothing_joins": "the injected gradients never join the carry",
    "rows_kept": "summed over the steps and not over the rows",
    "bias_twice": "each bias gets the gradient of both: twice too large",
    "what_h": ", the state that leaves the step",
    "again": " again at every step",
    "injected": "the injected gradient of each step",
    "through_time": " through time",
    "at_every_step": " at every step",
    "of_every_step": " of every step",
    "first_state": "outputs[0]",
    "state_left": "the state that leaves a step",
    "state_entered": "the one that enters it",
    "whose_h0": "What is left in the carry after the loop?",
    "who_clips": "",
}
