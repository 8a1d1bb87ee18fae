"""Known mistakes of a4_bptt: backward."""

from __future__ import annotations

import numpy as np

from autograder.assignments.a4_bptt.mistakes.sweep import bptt, but, forward_of, parameters, step_back
from autograder.assignments.a4_bptt.mistakes.truncated import window
from autograder.naming.bank import Functions, Own, mistake

MEET = "4, 'One sweep': at each step the injected gradient joins the carry, and only their sum goes on."


FACTOR = "2.1, the line of δ: what does tanh let through, and at which state is it read?"


ADD = "2.1: each step has its own copy of the weight; set the copies equal and add."


DIVIDES = "'The loss divides, backward never does': if the loss is a mean, its 1/N is inside grad_outputs already."


@mistake(
    "rnn_backward",
    id="carry_dropped",
    title="the carry is dropped: every step sees only its own injected gradient",
    reread=f"{MEET} What does step t + 1 hand to step t?",
    seen_in="DLS 11690; qixianbiao/RNN #2",
)
def carry_dropped(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: step_back(injected, 0 * carry, slope, w))


@mistake(
    "rnn_backward",
    id="carry_not_transposed",
    title="the carry goes back through weight_hh the wrong way round",
    reread="2.1, the line of the carry, by index. Of the two axes of weight_hh, which is the later state?",
    seen_in="DLS exercise 5 thread",
)
def carry_not_transposed(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: step_back(injected, carry, slope, w.T))


@mistake(
    "rnn_backward",
    id="carry_without_weight",
    title="the carry is the gradient behind tanh unchanged: weight_hh is missing",
    reread="2.1, the line of the carry: what does z of the later step do to the state before it?",
)
def carry_without_weight(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: 2 * (step_back(injected, carry, slope, w)[0],))


@mistake(
    "rnn_backward",
    id="carry_without_tanh",
    title="the carry goes through weight_hh but not through tanh",
    reread=f"{FACTOR} The carry passes the same tanh as everything else.",
)
def carry_without_tanh(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: ((injected + carry) * slope, (injected + carry) @ w))


@mistake(
    "rnn_backward",
    id="tanh_on_injected_only",
    title="the slope of tanh multiplies the injected gradient alone, and the carry is added behind it",
    reread=f"{MEET} In which order do the sum and the slope come?",
)
def tanh_on_injected_only(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: ((z := injected * slope + carry), z @ w))


@mistake(
    "rnn_backward",
    id="carry_piles_up",
    title="the carry is added to the older carries at each step instead of replacing them",
    reread="4, 'One sweep': the sum at step t already contains everything from later steps. What is left of the old carry?",
)
def carry_piles_up(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: ((z := (injected + carry) * slope), carry + z @ w))


@mistake(
    "rnn_backward",
    id="carry_one_step",
    title="each error goes back one step and is then forgotten",
    reread=f"{MEET} Does the carry include the carry of the step after it?",
    seen_in="rsokl/MyGrad PR #7 (a limit that was off)",
)
def carry_one_step(own: Own) -> Functions:
    return {"rnn_forward": forward_of(residual=False), "rnn_backward": lambda g, run: window(g, run, 1)}


@mistake(
    "rnn_backward",
    id="injected_at_last_step_only",
    title="only the last step's injected gradient is used, as if the loss touched the last state alone",
    reread=f"{MEET} Here every step has an injected gradient.",
    seen_in="DLS 11690",
)
def injected_at_last_step_only(own: Own) -> Functions:
    return bptt(injected=lambda g, t: g[t] if t == len(g) - 1 else 0 * g[t])


@mistake(
    "rnn_backward",
    id="nothing_injected",
    title="the injected gradients never join the carry, so every gradient is zero",
    reread=f"{MEET}",
    seen_in="DLS 555129",
)
def nothing_injected(own: Own) -> Functions:
    return bptt(injected=lambda g, t: 0 * g[t])


@mistake(
    "rnn_backward",
    id="injected_ones",
    title="grad_outputs is ignored, as if every entry of it were 1",
    reread="4, 'One sweep': where does your code use grad_outputs? A law: zero injected gives zero.",
    seen_in="torch.autograd.gradcheck has a check for it",
)
def injected_ones(own: Own) -> Functions:
    return bptt(injected=lambda g, t: np.ones_like(g[t]))


@mistake(
    "rnn_backward",
    id="injected_mean_over_batch",
    title="the injected gradient of each step is its mean over the batch",
    reread=f"{DIVIDES} Rows do not know each other.",
)
def injected_mean_over_batch(own: Own) -> Functions:
    return bptt(injected=lambda g, t: np.broadcast_to(g[t].mean(axis=0), g[t].shape))


@mistake(
    "rnn_backward",
    id="injected_one_early",
    title="the injected gradients are one step off: step t gets that of outputs[t - 1]",
    reread="4, 'One sweep': outputs[t] is the state that leaves step t. Which entry of grad_outputs belongs to it?",
    seen_in="DLS 157244",
)
def injected_one_early(own: Own) -> Functions:
    return bptt(injected=lambda g, t: g[t - 1] if t else 0 * g[t])


@mistake(
    "rnn_backward",
    id="tanh_missing",
    title="the slope of tanh is missing at every step",
    reread=f"{FACTOR} What is between the state and the sum inside tanh?",
    seen_in="iamtrask/Grokking-Deep-Learning #50 (its sigmoid twin)",
)
def tanh_missing(own: Own) -> Functions:
    return bptt(slope=lambda run, t: np.ones_like(run.z[t]))


@mistake(
    "rnn_backward",
    id="tanh_not_squared",
    title="the slope of tanh is written 1 − h, without the square",
    reread=FACTOR,
)
def tanh_not_squared(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 - run.after[t])


@mistake(
    "rnn_backward",
    id="tanh_with_plus",
    title="the slope of tanh is written 1 + h²",
    reread=FACTOR,
    seen_in="Yiming-Wange/cs231n-solution #1",
)
def tanh_with_plus(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 + run.after[t] ** 2)


@mistake(
    "rnn_backward",
    id="tanh_of_net",
    title="the slope of tanh is written 1 − z²: the formula for the output, used on the sum inside",
    reread=f"{FACTOR} And a3, the bug hunt 'A cell that passes its test'.",
    seen_in="DLS 31965",
)
def tanh_of_net(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 - run.z[t] ** 2)


@mistake(
    "rnn_backward",
    id="tanh_twice",
    title="the slope of tanh is written 1 − tanh(h)²: h is the tanh already",
    reread=FACTOR,
    seen_in="PacktPublishing/Neural-Network-Projects-with-Python #4; DeepLearnToolbox #165",
)
def tanh_twice(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 - np.tanh(run.after[t]) ** 2)


@mistake(
    "rnn_backward",
    id="tanh_slope_squared",
    title="the slope of tanh is applied twice, (1 − h²)², at every step",
    reread=f"{FACTOR} One tanh, one slope: grad_outputs is the gradient of the state, not of z.",
)
def tanh_slope_squared(own: Own) -> Functions:
    return bptt(slope=lambda run, t: (1 - run.after[t] ** 2) ** 2)


@mistake(
    "rnn_backward",
    id="sigmoid_for_tanh",
    title="the slope is the sigmoid's, h(1 − h), and the layer is a tanh",
    reread=FACTOR,
)
def sigmoid_for_tanh(own: Own) -> Functions:
    return bptt(slope=lambda run, t: run.after[t] * (1 - run.after[t]))


@mistake(
    "rnn_backward",
    id="tanh_at_state_before",
    title="the slope of tanh is read at the state that enters the step, not at the one that leaves it",
    reread=FACTOR,
)
def tanh_at_state_before(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 - run.before[t] ** 2)


@mistake(
    "rnn_backward",
    id="tanh_at_state_after",
    title="the slope of tanh is read one step too late, at the state that follows",
    reread=f"{FACTOR} And 5.1, where an article does this.",
    seen_in="the article of 5.1",
)
def tanh_at_state_after(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 - run.after[min(t + 1, len(run.after) - 1)] ** 2)


@mistake(
    "rnn_backward",
    id="tanh_at_last_state",
    title="the slope of tanh is read at the last state for every step",
    reread=f"{FACTOR} Is a name from the forward loop still in use?",
)
def tanh_at_last_state(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 - run.after[-1] ** 2)


@mistake(
    "rnn_backward",
    id="overwritten",
    title="the gradients of the parameters are overwritten at each step, not added up: the first step's share is left",
    reread=ADD,
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
def overwritten(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: parameters(run, grad_z, slice(0, 1))))


@mistake(
    "rnn_backward",
    id="last_step_only",
    title="the gradients of the parameters contain the last step's share alone",
    reread=ADD,
)
def last_step_only(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: parameters(run, grad_z, slice(-1, None))))


@mistake(
    "rnn_backward",
    id="first_step_skipped",
    title="the sweep stops one step early: step 0 is never visited",
    reread="4, 'One sweep': the loop runs over t = T − 1, …, 0. What does your range stop at?",
)
def first_step_skipped(own: Own) -> Functions:
    return bptt(order=lambda steps: range(steps - 1, 0, -1))


@mistake(
    "rnn_backward",
    id="last_step_skipped",
    title="the sweep starts one step late: the last step is never visited",
    reread="4, 'One sweep': the loop runs over t = T − 1, …, 0. Where does your range start?",
)
def last_step_skipped(own: Own) -> Functions:
    return bptt(order=lambda steps: range(steps - 2, -1, -1))


@mistake(
    "rnn_backward",
    id="swept_forward",
    title="the sweep runs from the first step to the last, so the carry goes the wrong way in time",
    reread="4, 'One sweep': a later step hands its carry to an earlier one.",
)
def swept_forward(own: Own) -> Functions:
    return bptt(order=lambda steps: range(steps))
