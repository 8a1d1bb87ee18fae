"""Known mistakes of a4_bptt: backward shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from autograder.assignments.a4_bptt.mistakes.backward import DIVIDES
from autograder.assignments.a4_bptt.mistakes.shared import WEIGHTS, Array, Grads, Params
from autograder.assignments.a4_bptt.mistakes.sweep import (
    Run,
    Sweep,
    bptt,
    but,
    forward_of,
    per_weight,
    products,
    run_forward,
    step_back,
)
from autograder.naming.bank import Functions, Own, mistake


def paired(name: str, read: Callable[[Run], Array]) -> Functions:
    """A weight's gradient is made of these arrays instead of those that the weight multiplies."""
    return bptt(**but(lambda run, dz, right: {name: np.einsum("tnh,tnk->hk", dz, read(run))}))


def biases(grad: Callable[[Run, Array], Array]) -> Functions:
    """Both biases get grad(run, gradients of z)."""
    return bptt(**but(lambda run, dz, right: dict.fromkeys(("bias_ih", "bias_hh"), grad(run, dz))))


@mistake(
    "rnn_backward",
    id="x_in_sweep_order",
    title="the gradient of x is in the order of the sweep, last step first",
    reread="4, 'One sweep': what was appended first belongs to the last step.",
)
def x_in_sweep_order(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"x": right["x"][::-1]}))


@mistake(
    "rnn_backward",
    id="state_after",
    title="weight_hh is paired with the state that leaves a step, not with the one that enters it",
    reread="2.1: δ_tᵀ h_{t−1}. Which state does weight_hh multiply at step t?",
    seen_in="VikParuchuri/zero_to_gpt #9",
)
def state_after(own: Own) -> Functions:
    return paired("weight_hh", lambda run: run.after)


@mistake(
    "rnn_backward",
    id="x_one_early",
    title="weight_ih is paired with the input of the step before",
    reread="2.1: δ_tᵀ x_t. Which input does weight_ih multiply at step t?",
)
def x_one_early(own: Own) -> Functions:
    return bptt(**but(lambda run, dz, right: {"weight_ih": np.einsum("tnh,tni->hi", dz[1:], run.x[:-1])}))


@mistake(
    "rnn_backward",
    id="h0_taken_for_zero",
    title="in the gradient of weight_hh the state before step 0 is taken for zero",
    reread="2.1: δ_0ᵀ times the state before step 0, which is h0.",
    seen_in="DLS 555049, 620405",
)
def h0_taken_for_zero(own: Own) -> Functions:
    return bptt(**but(lambda run, dz, right: {"weight_hh": np.einsum("tnh,tnk->hk", dz[1:], run.before[1:])}))


@mistake(
    "rnn_backward",
    id="index_wraps_round",
    title="at step 0 the index t − 1 wraps round to the last state, in the gradient of weight_hh",
    reread="2.1: the state before step 0 is h0. In Python outputs[-1] is the last one.",
    seen_in="DLS 555049",
)
def index_wraps_round(own: Own) -> Functions:
    return paired("weight_hh", lambda run: np.roll(run.after, 1, axis=0))


@mistake(
    "rnn_backward",
    id="x_index_wraps_round",
    title="at step 0 the index t − 1 wraps round to the last input, in the gradient of weight_ih",
    reread="2.1: δ_tᵀ x_t. Which input does weight_ih multiply at step t?",
)
def x_index_wraps_round(own: Own) -> Functions:
    return paired("weight_ih", lambda run: np.roll(run.x, 1, axis=0))


@mistake(
    "rnn_backward",
    id="weight_hh_turned",
    title="the gradient of weight_hh is transposed",
    reread="2.1, by index: entry (i, j) of weight_hh ties unit i of the later state to unit j of the earlier.",
)
def weight_hh_turned(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"weight_hh": right["weight_hh"].T}))


@mistake(
    "rnn_backward",
    id="weight_ih_turned",
    title="the gradient of weight_ih is transposed",
    reread="Names for the whole notebook: a gradient has the shape of its array, (hidden_size, input_size).",
)
def weight_ih_turned(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"weight_ih": right["weight_ih"].T}))


@mistake(
    "rnn_backward",
    id="h0_zero",
    title="the gradient of h0 is left at zero",
    reread="2.1: h0 has one reader, step 0. What is left in the carry after the loop?",
)
def h0_zero(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"h0": 0 * right["h0"]}))


@mistake(
    "rnn_backward",
    id="h0_one_late",
    title="the gradient of h0 is that of outputs[0]: one crossing of weight_hh and one tanh are missing",
    reread="2.1: the gradient of h0 is the carry that leaves step 0, not the sum that enters it.",
)
def h0_one_late(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"h0": grad_z[0] / (1 - run.after[0] ** 2)}))


@mistake(
    "rnn_backward",
    id="h0_without_weight",
    title="the gradient of h0 lacks its way through weight_hh",
    reread="2.1: h0 goes through weight_hh as every other state does.",
)
def h0_without_weight(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"h0": grad_z[0]}))


@mistake(
    "rnn_backward",
    id="x_before_tanh",
    title="the gradient of x is taken from the state's, before the slope of tanh",
    reread="2.1: x_t is inside tanh. Which gradient arrives there?",
)
def x_before_tanh(own: Own) -> Functions:
    return bptt(**but(lambda run, dz, right: {"x": dz / (1 - run.after**2) @ run.params["weight_ih"]}))


@mistake(
    "rnn_backward",
    id="bias_before_tanh",
    title="the bias gradients add up the gradients of the states, before the slope of tanh",
    reread="2.1: a bias is added inside tanh. Which gradient arrives there?",
    seen_in="arthurdouillard/deepcourse PR #9",
)
def bias_before_tanh(own: Own) -> Functions:
    return biases(lambda run, dz: (dz / (1 - run.after**2)).sum(axis=(0, 1)))


@mistake(
    "rnn_backward",
    id="bias_mean_over_batch",
    title="the bias gradients are means over the batch, not sums",
    reread=DIVIDES,
    seen_in="kvfrans/notes #5",
)
def bias_mean_over_batch(own: Own) -> Functions:
    return bptt(**but(per_weight(lambda run, grad, name: grad / run.x.shape[1] if "bias" in name else grad)))


@mistake(
    "rnn_backward",
    id="bias_total",
    title="the bias gradients are summed over the units too: every entry is the same total",
    reread="2.1: one bias a unit, so units stay separate while steps and rows are summed. Which axes are those?",
    seen_in="DLS 241052",
)
def bias_total(own: Own) -> Functions:
    return bptt(**but(per_weight(lambda run, grad, name: np.full_like(grad, grad.sum()) if "bias" in name else grad)))


@mistake(
    "rnn_backward",
    id="bias_rows_kept",
    title="the bias gradients are summed over the steps and not over the rows",
    reread="2.1: one bias, used in every row of every step.",
)
def bias_rows_kept(own: Own) -> Functions:
    return biases(lambda run, dz: dz.sum(axis=0))


@mistake(
    "rnn_backward",
    id="bias_hh_left_out",
    title="the gradient of bias_hh is left at zero",
    reread="2.1: both biases are added to the same sum, so a nudge of one does what a nudge of the other does.",
)
def bias_hh_left_out(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"bias_hh": 0 * right["bias_hh"]}))


@mistake(
    "rnn_backward",
    id="bias_counted_twice",
    title="each bias gets the gradient of both: twice too large",
    reread="2.1: there are two biases, and each gets the sum once.",
)
def bias_counted_twice(own: Own) -> Functions:
    return bptt(**but(per_weight(lambda run, grad, name: 2 * grad if "bias" in name else grad)))


@mistake(
    "rnn_backward",
    id="bias_times_x",
    title="the bias gradients are multiplied by the inputs' mean",
    reread="2.1: the factor of a bias is 1, not x.",
    seen_in="rust0258/Deeplearning.ai-Natural-Language-Processing-Specialization #64",
)
def bias_times_x(own: Own) -> Functions:
    return biases(lambda run, dz: (dz * run.x.mean(axis=2, keepdims=True)).sum(axis=(0, 1)))


@mistake(
    "rnn_backward",
    id="mean_over_batch",
    title="the gradients of the parameters are divided by the batch size",
    reread=DIVIDES,
    seen_in="DLS 63071",
)
def mean_over_batch(own: Own) -> Functions:
    return bptt(**but(per_weight(lambda run, grad, name: grad / run.x.shape[1])))


@mistake(
    "rnn_backward",
    id="mean_over_steps",
    title="the gradients of the parameters are divided by the number of steps",
    reread=DIVIDES,
)
def mean_over_steps(own: Own) -> Functions:
    return bptt(**but(per_weight(lambda run, grad, name: grad / len(run.x))))


@mistake(
    "rnn_backward",
    id="carry_divided_by_batch",
    title="the carry is divided by the batch size again at every step",
    reread=DIVIDES,
    seen_in="DLS 63071",
)
def carry_divided_by_batch(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: ((z := (injected + carry) * slope), z @ w / len(z)))


@mistake(
    "rnn_backward",
    id="sign_turned_through_time",
    title="every gradient through time has the wrong sign",
    reread="2.1: nothing in it has a minus but 1 − h². Is one sign turned where grad_outputs comes in?",
)
def sign_turned_through_time(own: Own) -> Functions:
    return bptt(injected=lambda g, t: -g[t])


@mistake(
    "rnn_backward",
    id="clipped_inside",
    title="the gradients are clipped to [−1, 1], entry by entry, inside the backward",
    reread="7.3: clipping is its own function, and by one norm. A law: twice the injected, twice every array.",
)
def clipped_inside(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {k: np.clip(v, -1, 1) for k, v in right.items()}))


@mistake(
    "rnn_backward",
    id="whole_numbers",
    title="the sums of the parameters are whole numbers: they are stored in an array of integers",
    reread="np.zeros and np.zeros_like take the dtype that you give them. A gradient is float64.",
)
def whole_numbers(own: Own) -> Functions:
    return bptt(**but(per_weight(lambda run, grad, name: grad.astype(int))))


@mistake(
    "rnn_backward",
    id="writes_into_grad_outputs",
    title="grad_outputs itself is written into, and the caller's array changes",
    reread="No function changes its arguments: a = a + b makes a new array, a += b writes into the old one.",
    seen_in="Burton2000/CS231n-2017 #7",
)
def writes_into_grad_outputs(own: Own) -> Functions:
    def rnn_backward(grad_outputs: Array, run: Run) -> Grads:
        grad_z = np.zeros_like(run.z)
        for t in reversed(range(len(run.x))):
            grad_z[t] = grad_outputs[t] * (1 - run.after[t] ** 2)
            if t:
                grad_outputs[t - 1] += grad_z[t] @ run.params["weight_hh"]
        return products(run, grad_z, grad_z[0] @ run.params["weight_hh"])

    return {"rnn_forward": forward_of(residual=False), "rnn_backward": rnn_backward}


@mistake(
    "rnn_backward",
    id="writes_into_states",
    title="the slope of tanh is written over the stored states, which weight_hh and the next call still need",
    reread="5.1, 'A layer that overwrites its states'.",
    seen_in="the article of 5.1",
)
def writes_into_states(own: Own) -> Functions:
    def rnn_backward(grad_outputs: Array, run: Run) -> Grads:
        grad_z, carry = np.zeros_like(run.z), np.zeros_like(run.before[0])
        for t in reversed(range(len(run.x))):
            run.after[t] = 1 - run.after[t] ** 2
            grad_z[t], carry = step_back(grad_outputs[t], carry, run.after[t], run.params["weight_hh"])
        return products(replace(run, before=np.concatenate([run.before[:1], run.after[:-1]])), grad_z, carry)

    return {"rnn_forward": forward_of(residual=False), "rnn_backward": rnn_backward}


@mistake(
    "rnn_backward",
    id="sums_never_cleared",
    title="the sums of the parameters are never cleared: a second call adds to the first",
    reread="A cache can be used again: begin each call with fresh zeros.",
    seen_in="the article of a3's exercise 6-2P, whose stacks are never cleared",
)
def sums_never_cleared(own: Own) -> Functions:
    def change(run: Run, grad_z: Array, right: Grads) -> Grads:
        run.earlier.append(right)
        return {name: sum(grads[name] for grads in run.earlier) for name in WEIGHTS}

    return bptt(**but(change))


@mistake(
    "rnn_backward",
    id="latest_forward_used",
    title="backward reads what the latest forward left behind, not its own cache",
    reread="A cache can be used again, also when another forward has run in between: read your argument.",
    seen_in="nbgrader's own advice for autograding (a global instead of an argument)",
)
def latest_forward_used(own: Own) -> Functions:
    latest: list[Run] = []

    def rnn_forward(x: Array, h0: Array, params: Params) -> tuple[Array, Run]:
        latest[:] = [run_forward(x, h0, params)]
        return latest[0].after.copy(), latest[0]

    def rnn_backward(grad_outputs: Array, run: Run) -> Grads:
        steps = min(len(grad_outputs), len(latest[0].x))
        return Sweep()(grad_outputs[:steps], latest[0])

    return {"rnn_forward": rnn_forward, "rnn_backward": rnn_backward}
