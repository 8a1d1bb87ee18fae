"""Edits of what each array gets of a sweep: what it reads, over what it is added, and what is done to it afterwards."""

from __future__ import annotations

import numpy as np

from autograder.assignments.recurrent.sweep import Array, Run
from autograder.naming.edits import edit


def one_early(array: Array) -> Array:
    """What the step before has; zeros for step 0."""
    return np.concatenate([0 * array[:1], array[:-1]])


def written_over(run: Run, t: int) -> Array:
    """The slope, written over the state."""
    slope: Array = 1 - run.tanhs[t] ** 2
    run.after[t] = run.tanhs[t] = slope
    return slope


def with_earlier(right: Array, run: Run, name: str) -> Array:
    """The sum with what earlier calls found."""
    run.earlier.append((name, right))
    total: Array = np.sum([value for other, value in run.earlier if other == name], axis=0)
    return total


STEPS = (
    edit(
        "overwritten",
        "the gradients of the parameters are overwritten at each step, not added up: the first step's share is left",
        seen_in="javaidnabi31/RNN-from-scratch #2",
        counted=lambda steps: steps[:1],
    ),
    edit(
        "last_step_only",
        "the gradients of the parameters contain the last step's share alone",
        counted=lambda steps: steps[-1:],
    ),
    edit(
        "mean_over_steps",
        "the gradients of the parameters are divided by the number of steps",
        parameters=lambda right, run, name: right / len(run.x),
    ),
)

X_AND_H0 = (
    edit(
        "x_in_sweep_order",
        "the gradient of {x} is in the order of the sweep, last step first",
        "What was appended first belongs to the last step.",
        x=lambda right, way: right[::-1],
    ),
    edit(
        "x_before_tanh",
        "the gradient of {x} is taken from the state's, before the slope of tanh",
        "{x} is inside tanh. Which gradient arrives there?",
        delta_x=lambda way: way.grad_h,
    ),
    edit("h0_zero", "the gradient of {h0} is left at zero", "{whose_h0}", h0=lambda right, way: 0 * right),
    edit(
        "h0_one_late",
        "the gradient of h0 is that of {first_state}: one crossing of weight_hh and one tanh are missing",
        "The gradient of h0 is the carry that leaves step 0, not the sum that enters it.",
        h0=lambda right, way: way.grad_h[0],
    ),
    edit(
        "h0_without_weight",
        "the gradient of {h0} lacks its way through {weight_hh}",
        "{h0} goes through {weight_hh} as every other state does.",
        h0=lambda right, way: way.grad_z[0],
    ),
)

WEIGHTS = (
    edit(
        "state_after",
        "{weight_hh} is paired with {state_left}, not with {state_entered}",
        "Which state does {weight_hh} multiply?",
        seen_in="VikParuchuri/zero_to_gpt #9",
        reads_hh=lambda run: run.after,
    ),
    edit(
        "x_one_early",
        "weight_ih is paired with the input of the step before",
        "Which input does weight_ih multiply at step t?",
        reads_ih=lambda run: one_early(run.x),
    ),
    edit(
        "h0_taken_for_zero",
        "in the gradient of weight_hh the state before {step_0} is taken for zero",
        "δ_0 meets the state before step 0, which is h0.",
        seen_in="DLS 555049, 620405",
        reads_hh=lambda run: np.concatenate([0 * run.before[:1], run.before[1:]]),
    ),
    edit(
        "index_wraps_round",
        "at {step_0} the index t − 1 wraps round to the last state, in the gradient of weight_hh",
        "The state before step 0 is h0. In Python outputs[-1] is the last one.",
        seen_in="DLS 555049",
        reads_hh=lambda run: np.roll(run.after, 1, axis=0),
    ),
    edit(
        "x_index_wraps_round",
        "at {step_0} the index t − 1 wraps round to the last input, in the gradient of weight_ih",
        "Which input does weight_ih multiply at step t?",
        reads_ih=lambda run: np.roll(run.x, 1, axis=0),
    ),
    edit(
        "weight_hh_turned",
        "the gradient of {weight_hh} is transposed",
        "Entry (i, j) of {weight_hh} ties unit i of the later state to unit j of the earlier.",
        weight_hh=lambda right, way: right.T,
    ),
    edit(
        "weight_ih_turned",
        "the gradient of {weight_ih} is transposed",
        "A gradient has the shape of its array, (hidden_size, input_size).",
        weight_ih=lambda right, way: right.T,
    ),
    edit(
        "mean_over_batch",
        "the gradients of the parameters are divided by the batch size",
        seen_in="DLS 63071",
        parameters=lambda right, run, name: right / run.x.shape[1],
    ),
)

BIASES = (
    edit(
        "bias_before_tanh",
        "the bias gradients add up the gradients of the states, before the slope of tanh",
        "A bias is added inside tanh. Which gradient arrives there?",
        seen_in="arthurdouillard/deepcourse PR #9",
        delta_bias=lambda way: way.grad_h,
    ),
    edit(
        "bias_mean_over_batch",
        "the bias gradients are means over the batch, not sums",
        "Backward never divides.",
        seen_in="kvfrans/notes #5",
        biases=lambda right, way: right / way.run.x.shape[1],
    ),
    edit(
        "bias_total",
        "the bias gradients are summed over the units too: every entry is the same total",
        "Units stay separate while rows are summed. Which axes are those?",
        seen_in="DLS 241052",
        biases=lambda right, way: np.full_like(right, right.sum()),
    ),
    edit(
        "bias_rows_kept",
        "the bias gradients are {rows_kept}",
        "One bias, used in every row{of_every_step}.",
        added=lambda delta: delta.sum(axis=0),
    ),
    edit(
        "bias_hh_left_out",
        "the gradient of bias_hh is left at zero",
        "A nudge of one bias does what a nudge of the other does.",
        bias_hh=lambda right, way: 0 * right,
    ),
    edit(
        "bias_counted_twice",
        "{bias_twice}",
        "There are two biases, and each gets the sum once.",
        biases=lambda right, way: 2 * right,
    ),
    edit(
        "bias_times_x",
        "the bias gradients are multiplied by the inputs' mean",
        "The factor of a bias is 1, not x.",
        seen_in="rust0258/Deeplearning.ai-Natural-Language-Processing-Specialization #64",
        delta_bias=lambda way: way.grad_z * way.run.x.mean(axis=2, keepdims=True),
    ),
)

ALL = (
    edit(
        "clipped_inside",
        "the gradients are clipped to [−1, 1], entry by entry, inside the backward",
        "{who_clips}A law: twice the injected, twice every array.",
        every=lambda array: np.clip(array, -1, 1),
    ),
    edit(
        "whole_numbers",
        "the sums of the parameters are whole numbers: they are stored in an array of integers",
        "np.zeros and np.zeros_like take the dtype that you give them. A gradient is float64.",
        parameters=lambda right, run, name: right.astype(int),
    ),
    edit(
        "writes_into_states",
        "the slope of tanh is written over the stored states, which weight_hh and the next call still need",
        "A cache can be used again.",
        seen_in="the article of 5.1",
        slope=written_over,
        reads_hh=lambda run: np.concatenate([run.before[:1], run.after[:-1]]),
    ),
    edit(
        "sums_never_cleared",
        "the sums of the parameters are never cleared: a second call adds to the first",
        "A cache can be used again: begin each call with fresh zeros.",
        seen_in="the article of a3's exercise 6-2P, whose stacks are never cleared",
        parameters=with_earlier,
    ),
)

ONE_STEP = tuple(
    one
    for one in (*X_AND_H0, *WEIGHTS, *BIASES, *ALL)
    if one.id
    not in (
        "x_in_sweep_order",
        "h0_one_late",
        "h0_without_weight",
        "x_one_early",
        "h0_taken_for_zero",
        "index_wraps_round",
        "x_index_wraps_round",
    )
)
