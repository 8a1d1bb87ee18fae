"""Edits of the walk back through time: what joins at a step, the slope, the carry, and the order of the steps."""

from __future__ import annotations

import numpy as np

from autograder.naming.edits import edit

CARRY = (
    edit(
        "carry_dropped",
        "the carry is dropped: every step sees only its own injected gradient",
        "What does step t + 1 hand to step t?",
        seen_in="DLS 11690; qixianbiao/RNN #2",
        entering=lambda carry: 0 * carry,
    ),
    edit(
        "carry_not_transposed",
        "{carry} goes {back} {weight_hh} the wrong way round",
        "Of the two axes of {weight_hh}, which is the later state?",
        seen_in="DLS exercise 5 thread",
        crossing=lambda at, w: at.grad_z @ w.T,
    ),
    edit(
        "carry_without_weight",
        "{carry} is the gradient behind tanh unchanged: {weight_hh} is missing",
        "What does z of the later step do to the state before it?",
        crossing=lambda at, w: at.grad_z,
    ),
    edit(
        "carry_without_tanh",
        "{carry} goes through {weight_hh} but not through tanh",
        "It passes the same tanh as everything else.",
        crossing=lambda at, w: at.grad_h @ w,
    ),
    edit(
        "tanh_on_injected_only",
        "the slope of tanh multiplies the injected gradient alone, and the carry is added behind it",
        "In which order do the sum and the slope come?",
        bend=lambda at: at.injected * at.slope + at.carry,
    ),
    edit(
        "carry_piles_up",
        "the carry is added to the older carries at each step instead of replacing them",
        "The sum at step t already contains everything from later steps. What is left of the old carry?",
        beside=lambda at: at.carry,
    ),
    edit(
        "carry_one_step",
        "each error goes back one step and is then forgotten",
        "Does the carry include the carry of the step after it?",
        seen_in="rsokl/MyGrad PR #7 (a limit that was off)",
        window=lambda s, t, k, steps: s - t <= 1,
    ),
    edit(
        "carry_divided_by_batch",
        "{carry} is divided by the batch size{again}",
        "If the loss is a mean, its 1/N is inside {g} already.",
        seen_in="DLS 63071",
        crossing=lambda at, w: at.grad_z @ w / w.dtype.type(at.grad_z.shape[-2]),
    ),
)

INJECTED = (
    edit(
        "injected_at_last_step_only",
        "only the last step's injected gradient is used, as if the loss touched the last state alone",
        "Here every step has an injected gradient.",
        seen_in="DLS 11690",
        injected=lambda g, t: g[t] if t == len(g) - 1 else 0 * g[t],
    ),
    edit(
        "nothing_injected",
        "{nothing_joins}, so every gradient is zero",
        seen_in="DLS 555129",
        injected=lambda g, t: 0 * g[t],
    ),
    edit(
        "injected_ones",
        "{g} is ignored, as if every entry of it were 1",
        "Where does your code use {g}? A law: zero injected gives zero.",
        seen_in="torch.autograd.gradcheck has a check for it",
        injected=lambda g, t: np.ones_like(g[t]),
    ),
    edit(
        "injected_mean_over_batch",
        "{injected} is replaced by its mean over the batch",
        "Rows do not know each other.",
        injected=lambda g, t: np.broadcast_to(g[t].mean(axis=0), g[t].shape),
    ),
    edit(
        "injected_one_early",
        "the injected gradients are one step off: step t gets that of outputs[t - 1]",
        "outputs[t] is the state that leaves step t. Which entry of {g} belongs to it?",
        seen_in="DLS 157244",
        injected=lambda g, t: g[t - 1] if t else 0 * g[t],
    ),
    edit(
        "sign_turned_through_time",
        "every gradient{through_time} has the wrong sign",
        "Nothing has a minus but 1 − h². Is one sign turned where {g} comes in?",
        injected=lambda g, t: -g[t],
    ),
)

SLOPE = (
    edit(
        "tanh_missing",
        "the slope of tanh is missing{at_every_step}",
        "What is between the state and the sum inside tanh?",
        seen_in="iamtrask/Grokking-Deep-Learning #50 (its sigmoid twin)",
        slope=lambda run, t: np.ones_like(run.z[t]),
    ),
    edit(
        "tanh_not_squared",
        "the slope of tanh is written 1 − {h}, without the square",
        slope=lambda run, t: 1 - run.tanhs[t],
    ),
    edit(
        "tanh_with_plus",
        "the slope of tanh is written 1 + {h}²",
        seen_in="Yiming-Wange/cs231n-solution #1",
        slope=lambda run, t: 1 + run.tanhs[t] ** 2,
    ),
    edit(
        "tanh_of_net",
        "the slope of tanh is written 1 − z²: the formula for the output, used on the sum inside",
        "The formula is for the output of tanh.",
        seen_in="DLS 31965",
        slope=lambda run, t: 1 - run.z[t] ** 2,
    ),
    edit(
        "tanh_twice",
        "the slope of tanh is written 1 − tanh({h})²: {h} is the tanh already",
        seen_in="PacktPublishing/Neural-Network-Projects-with-Python #4; DeepLearnToolbox #165",
        slope=lambda run, t: 1 - np.tanh(run.tanhs[t]) ** 2,
    ),
    edit(
        "tanh_slope_squared",
        "the slope of tanh is applied twice, (1 − {h}²)²{at_every_step}",
        "One tanh, one slope: {g} is the gradient of the state, not of z.",
        slope=lambda run, t: (1 - run.tanhs[t] ** 2) ** 2,
    ),
    edit(
        "sigmoid_for_tanh",
        "the slope is the sigmoid's, {h}(1 − {h}), and the layer is a tanh",
        slope=lambda run, t: run.tanhs[t] * (1 - run.tanhs[t]),
    ),
    edit(
        "tanh_inverted",
        "the gradient is divided by 1 − {h}², not multiplied by it",
        seen_in="oreilly-japan/deep-learning-from-scratch-2 #26",
        slope=lambda run, t: 1 / (1 - run.tanhs[t] ** 2),
    ),
    edit(
        "tanh_without_one",
        "the slope of tanh is written −{h}²: the 1 is lost",
        slope=lambda run, t: -(run.tanhs[t] ** 2),
    ),
    edit(
        "tanh_at_state_before",
        "the slope of tanh is read at the state that enters the step, not at the one that leaves it",
        "Which h is it?",
        slope=lambda run, t: 1 - run.before[t] ** 2,
    ),
    edit(
        "tanh_at_state_after",
        "the slope of tanh is read one step too late, at the {state} that follows",
        "An article of this notebook does this.",
        seen_in="the article of 5.1",
        slope=lambda run, t: 1 - run.tanhs[min(t + 1, len(run.tanhs) - 1)] ** 2,
    ),
    edit(
        "tanh_at_last_state",
        "the slope of tanh is read at the last {state} for every step",
        "Is a name from the forward loop still in use?",
        slope=lambda run, t: 1 - run.tanhs[-1] ** 2,
    ),
)

ORDER = (
    edit(
        "first_step_skipped",
        "the sweep stops one step early: step 0 is never visited",
        "The loop runs over t = T − 1, …, 0. What does your range stop at?",
        order=lambda steps: range(steps - 1, 0, -1),
    ),
    edit(
        "last_step_skipped",
        "the sweep starts one step late: the last step is never visited",
        "The loop runs over t = T − 1, …, 0. Where does your range start?",
        order=lambda steps: range(steps - 2, -1, -1),
    ),
    edit(
        "swept_forward",
        "the sweep runs from the first step to the last, so the carry goes the wrong way in time",
        "A later step hands its carry to an earlier one.",
        order=lambda steps: range(steps),
    ),
)

# What one step alone cannot show: there is no carry, and no other step.
OF_TIME = (
    "carry_dropped",
    "tanh_on_injected_only",
    "carry_piles_up",
    "carry_one_step",
    "injected_at_last_step_only",
    "injected_one_early",
    "tanh_at_state_after",
    "tanh_at_last_state",
)
