"""Known mistakes of a4_bptt: backward."""

from __future__ import annotations

import numpy as np

from autograder.assignments.a4_bptt.mistakes.sweep import bptt, but, forward_of, parameters, step_back
from autograder.assignments.a4_bptt.mistakes.truncated import window
from autograder.naming.bank import MistakesIn

in_rnn_backward = MistakesIn("rnn_backward")

MEET = "4, 'One sweep': at each step the injected gradient joins the carry, and only their sum goes on."


FACTOR = "2.1, the line of δ: what does tanh let through, and at which state is it read?"


ADD = "2.1: each step has its own copy of the weight; set the copies equal and add."


DIVIDES = "'The loss divides, backward never does': if the loss is a mean, its 1/N is inside grad_outputs already."


in_rnn_backward(
    "carry_dropped",
    "the carry is dropped: every step sees only its own injected gradient",
    f"{MEET} What does step t + 1 hand to step t?",
    lambda own: bptt(step=lambda injected, carry, slope, w: step_back(injected, 0 * carry, slope, w)),
    seen_in="DLS 11690; qixianbiao/RNN #2",
)
in_rnn_backward(
    "carry_not_transposed",
    "the carry goes back through weight_hh the wrong way round",
    "2.1, the line of the carry, by index. Of the two axes of weight_hh, which is the later state?",
    lambda own: bptt(step=lambda injected, carry, slope, w: step_back(injected, carry, slope, w.T)),
    seen_in="DLS exercise 5 thread",
)
in_rnn_backward(
    "carry_without_weight",
    "the carry is the gradient behind tanh unchanged: weight_hh is missing",
    "2.1, the line of the carry: what does z of the later step do to the state before it?",
    lambda own: bptt(step=lambda injected, carry, slope, w: 2 * (step_back(injected, carry, slope, w)[0],)),
)
in_rnn_backward(
    "carry_without_tanh",
    "the carry goes through weight_hh but not through tanh",
    f"{FACTOR} The carry passes the same tanh as everything else.",
    lambda own: bptt(step=lambda injected, carry, slope, w: ((injected + carry) * slope, (injected + carry) @ w)),
)
in_rnn_backward(
    "tanh_on_injected_only",
    "the slope of tanh multiplies the injected gradient alone, and the carry is added behind it",
    f"{MEET} In which order do the sum and the slope come?",
    lambda own: bptt(step=lambda injected, carry, slope, w: ((z := injected * slope + carry), z @ w)),
)
in_rnn_backward(
    "carry_piles_up",
    "the carry is added to the older carries at each step instead of replacing them",
    "4, 'One sweep': the sum at step t already contains everything from later steps. What is left of the old carry?",
    lambda own: bptt(step=lambda injected, carry, slope, w: ((z := (injected + carry) * slope), carry + z @ w)),
)
in_rnn_backward(
    "carry_one_step",
    "each error goes back one step and is then forgotten",
    f"{MEET} Does the carry include the carry of the step after it?",
    lambda own: {"rnn_forward": forward_of(residual=False), "rnn_backward": lambda g, run: window(g, run, 1)},
    seen_in="rsokl/MyGrad PR #7 (a limit that was off)",
)
in_rnn_backward(
    "injected_at_last_step_only",
    "only the last step's injected gradient is used, as if the loss touched the last state alone",
    f"{MEET} Here every step has an injected gradient.",
    lambda own: bptt(injected=lambda g, t: g[t] if t == len(g) - 1 else 0 * g[t]),
    seen_in="DLS 11690",
)
in_rnn_backward(
    "nothing_injected",
    "the injected gradients never join the carry, so every gradient is zero",
    f"{MEET}",
    lambda own: bptt(injected=lambda g, t: 0 * g[t]),
    seen_in="DLS 555129",
)
in_rnn_backward(
    "injected_ones",
    "grad_outputs is ignored, as if every entry of it were 1",
    "4, 'One sweep': where does your code use grad_outputs? A law: zero injected gives zero.",
    lambda own: bptt(injected=lambda g, t: np.ones_like(g[t])),
    seen_in="torch.autograd.gradcheck has a check for it",
)
in_rnn_backward(
    "injected_mean_over_batch",
    "the injected gradient of each step is its mean over the batch",
    f"{DIVIDES} Rows do not know each other.",
    lambda own: bptt(injected=lambda g, t: np.broadcast_to(g[t].mean(axis=0), g[t].shape)),
)
in_rnn_backward(
    "injected_one_early",
    "the injected gradients are one step off: step t gets that of outputs[t - 1]",
    "4, 'One sweep': outputs[t] is the state that leaves step t. Which entry of grad_outputs belongs to it?",
    lambda own: bptt(injected=lambda g, t: g[t - 1] if t else 0 * g[t]),
    seen_in="DLS 157244",
)
in_rnn_backward(
    "tanh_missing",
    "the slope of tanh is missing at every step",
    f"{FACTOR} What is between the state and the sum inside tanh?",
    lambda own: bptt(slope=lambda run, t: np.ones_like(run.z[t])),
    seen_in="iamtrask/Grokking-Deep-Learning #50 (its sigmoid twin)",
)
in_rnn_backward(
    "tanh_not_squared",
    "the slope of tanh is written 1 − h, without the square",
    FACTOR,
    lambda own: bptt(slope=lambda run, t: 1 - run.after[t]),
)
in_rnn_backward(
    "tanh_with_plus",
    "the slope of tanh is written 1 + h²",
    FACTOR,
    lambda own: bptt(slope=lambda run, t: 1 + run.after[t] ** 2),
    seen_in="Yiming-Wange/cs231n-solution #1",
)
in_rnn_backward(
    "tanh_of_net",
    "the slope of tanh is written 1 − z²: the formula for the output, used on the sum inside",
    f"{FACTOR} And a3, the bug hunt 'A cell that passes its test'.",
    lambda own: bptt(slope=lambda run, t: 1 - run.z[t] ** 2),
    seen_in="DLS 31965",
)
in_rnn_backward(
    "tanh_twice",
    "the slope of tanh is written 1 − tanh(h)²: h is the tanh already",
    FACTOR,
    lambda own: bptt(slope=lambda run, t: 1 - np.tanh(run.after[t]) ** 2),
    seen_in="PacktPublishing/Neural-Network-Projects-with-Python #4; DeepLearnToolbox #165",
)
in_rnn_backward(
    "tanh_slope_squared",
    "the slope of tanh is applied twice, (1 − h²)², at every step",
    f"{FACTOR} One tanh, one slope: grad_outputs is the gradient of the state, not of z.",
    lambda own: bptt(slope=lambda run, t: (1 - run.after[t] ** 2) ** 2),
)
in_rnn_backward(
    "sigmoid_for_tanh",
    "the slope is the sigmoid's, h(1 − h), and the layer is a tanh",
    FACTOR,
    lambda own: bptt(slope=lambda run, t: run.after[t] * (1 - run.after[t])),
)
in_rnn_backward(
    "tanh_at_state_before",
    "the slope of tanh is read at the state that enters the step, not at the one that leaves it",
    FACTOR,
    lambda own: bptt(slope=lambda run, t: 1 - run.before[t] ** 2),
)
in_rnn_backward(
    "tanh_at_state_after",
    "the slope of tanh is read one step too late, at the state that follows",
    f"{FACTOR} And 5.1, where an article does this.",
    lambda own: bptt(slope=lambda run, t: 1 - run.after[min(t + 1, len(run.after) - 1)] ** 2),
    seen_in="the article of 5.1",
)
in_rnn_backward(
    "tanh_at_last_state",
    "the slope of tanh is read at the last state for every step",
    f"{FACTOR} Is a name from the forward loop still in use?",
    lambda own: bptt(slope=lambda run, t: 1 - run.after[-1] ** 2),
)
in_rnn_backward(
    "overwritten",
    "the gradients of the parameters are overwritten at each step, not added up: the first step's share is left",
    ADD,
    lambda own: bptt(**but(lambda run, grad_z, right: parameters(run, grad_z, slice(0, 1)))),
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
in_rnn_backward(
    "last_step_only",
    "the gradients of the parameters contain the last step's share alone",
    ADD,
    lambda own: bptt(**but(lambda run, grad_z, right: parameters(run, grad_z, slice(-1, None)))),
)
in_rnn_backward(
    "first_step_skipped",
    "the sweep stops one step early: step 0 is never visited",
    "4, 'One sweep': the loop runs over t = T − 1, …, 0. What does your range stop at?",
    lambda own: bptt(order=lambda steps: range(steps - 1, 0, -1)),
)
in_rnn_backward(
    "last_step_skipped",
    "the sweep starts one step late: the last step is never visited",
    "4, 'One sweep': the loop runs over t = T − 1, …, 0. Where does your range start?",
    lambda own: bptt(order=lambda steps: range(steps - 2, -1, -1)),
)
in_rnn_backward(
    "swept_forward",
    "the sweep runs from the first step to the last, so the carry goes the wrong way in time",
    "4, 'One sweep': a later step hands its carry to an earlier one.",
    lambda own: bptt(order=lambda steps: range(steps)),
)
