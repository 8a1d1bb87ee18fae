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
from autograder.naming.bank import Functions, MistakesIn, Own

in_rnn_backward = MistakesIn("rnn_backward")


def paired(name: str, read: Callable[[Run], Array]) -> Functions:
    """A weight's gradient is made of these arrays instead of those that the weight multiplies."""
    return bptt(**but(lambda run, dz, right: {name: np.einsum("tnh,tnk->hk", dz, read(run))}))


def biases(grad: Callable[[Run, Array], Array]) -> Functions:
    """Both biases get grad(run, gradients of z)."""
    return bptt(**but(lambda run, dz, right: dict.fromkeys(("bias_ih", "bias_hh"), grad(run, dz))))


in_rnn_backward(
    "x_in_sweep_order",
    "the gradient of x is in the order of the sweep, last step first",
    "4, 'One sweep': what was appended first belongs to the last step.",
    lambda own: bptt(**but(lambda run, grad_z, right: {"x": right["x"][::-1]})),
)
in_rnn_backward(
    "state_after",
    "weight_hh is paired with the state that leaves a step, not with the one that enters it",
    "2.1: δ_tᵀ h_{t−1}. Which state does weight_hh multiply at step t?",
    lambda own: paired("weight_hh", lambda run: run.after),
    seen_in="VikParuchuri/zero_to_gpt #9",
)
in_rnn_backward(
    "x_one_early",
    "weight_ih is paired with the input of the step before",
    "2.1: δ_tᵀ x_t. Which input does weight_ih multiply at step t?",
    lambda own: bptt(**but(lambda run, dz, right: {"weight_ih": np.einsum("tnh,tni->hi", dz[1:], run.x[:-1])})),
)
in_rnn_backward(
    "h0_taken_for_zero",
    "in the gradient of weight_hh the state before step 0 is taken for zero",
    "2.1: δ_0ᵀ times the state before step 0, which is h0.",
    lambda own: bptt(**but(lambda run, dz, right: {"weight_hh": np.einsum("tnh,tnk->hk", dz[1:], run.before[1:])})),
    seen_in="DLS 555049, 620405",
)
in_rnn_backward(
    "index_wraps_round",
    "at step 0 the index t − 1 wraps round to the last state, in the gradient of weight_hh",
    "2.1: the state before step 0 is h0. In Python outputs[-1] is the last one.",
    lambda own: paired("weight_hh", lambda run: np.roll(run.after, 1, axis=0)),
    seen_in="DLS 555049",
)
in_rnn_backward(
    "x_index_wraps_round",
    "at step 0 the index t − 1 wraps round to the last input, in the gradient of weight_ih",
    "2.1: δ_tᵀ x_t. Which input does weight_ih multiply at step t?",
    lambda own: paired("weight_ih", lambda run: np.roll(run.x, 1, axis=0)),
)
in_rnn_backward(
    "weight_hh_turned",
    "the gradient of weight_hh is transposed",
    "2.1, by index: entry (i, j) of weight_hh ties unit i of the later state to unit j of the earlier.",
    lambda own: bptt(**but(lambda run, grad_z, right: {"weight_hh": right["weight_hh"].T})),
)
in_rnn_backward(
    "weight_ih_turned",
    "the gradient of weight_ih is transposed",
    "Names for the whole notebook: a gradient has the shape of its array, (hidden_size, input_size).",
    lambda own: bptt(**but(lambda run, grad_z, right: {"weight_ih": right["weight_ih"].T})),
)
in_rnn_backward(
    "h0_zero",
    "the gradient of h0 is left at zero",
    "2.1: h0 has one reader, step 0. What is left in the carry after the loop?",
    lambda own: bptt(**but(lambda run, grad_z, right: {"h0": 0 * right["h0"]})),
)
in_rnn_backward(
    "h0_one_late",
    "the gradient of h0 is that of outputs[0]: one crossing of weight_hh and one tanh are missing",
    "2.1: the gradient of h0 is the carry that leaves step 0, not the sum that enters it.",
    lambda own: bptt(**but(lambda run, grad_z, right: {"h0": grad_z[0] / (1 - run.after[0] ** 2)})),
)
in_rnn_backward(
    "h0_without_weight",
    "the gradient of h0 lacks its way through weight_hh",
    "2.1: h0 goes through weight_hh as every other state does.",
    lambda own: bptt(**but(lambda run, grad_z, right: {"h0": grad_z[0]})),
)
in_rnn_backward(
    "x_before_tanh",
    "the gradient of x is taken from the state's, before the slope of tanh",
    "2.1: x_t is inside tanh. Which gradient arrives there?",
    lambda own: bptt(**but(lambda run, dz, right: {"x": dz / (1 - run.after**2) @ run.params["weight_ih"]})),
)
in_rnn_backward(
    "bias_before_tanh",
    "the bias gradients add up the gradients of the states, before the slope of tanh",
    "2.1: a bias is added inside tanh. Which gradient arrives there?",
    lambda own: biases(lambda run, dz: (dz / (1 - run.after**2)).sum(axis=(0, 1))),
    seen_in="arthurdouillard/deepcourse PR #9",
)
in_rnn_backward(
    "bias_mean_over_batch",
    "the bias gradients are means over the batch, not sums",
    DIVIDES,
    lambda own: bptt(**but(per_weight(lambda run, grad, name: grad / run.x.shape[1] if "bias" in name else grad))),
    seen_in="kvfrans/notes #5",
)
in_rnn_backward(
    "bias_total",
    "the bias gradients are summed over the units too: every entry is the same total",
    "2.1: one bias a unit, so units stay separate while steps and rows are summed. Which axes are those?",
    lambda own: bptt(
        **but(per_weight(lambda run, grad, name: np.full_like(grad, grad.sum()) if "bias" in name else grad))
    ),
    seen_in="DLS 241052",
)
in_rnn_backward(
    "bias_rows_kept",
    "the bias gradients are summed over the steps and not over the rows",
    "2.1: one bias, used in every row of every step.",
    lambda own: biases(lambda run, dz: dz.sum(axis=0)),
)
in_rnn_backward(
    "bias_hh_left_out",
    "the gradient of bias_hh is left at zero",
    "2.1: both biases are added to the same sum, so a nudge of one does what a nudge of the other does.",
    lambda own: bptt(**but(lambda run, grad_z, right: {"bias_hh": 0 * right["bias_hh"]})),
)
in_rnn_backward(
    "bias_counted_twice",
    "each bias gets the gradient of both: twice too large",
    "2.1: there are two biases, and each gets the sum once.",
    lambda own: bptt(**but(per_weight(lambda run, grad, name: 2 * grad if "bias" in name else grad))),
)
in_rnn_backward(
    "bias_times_x",
    "the bias gradients are multiplied by the inputs' mean",
    "2.1: the factor of a bias is 1, not x.",
    lambda own: biases(lambda run, dz: (dz * run.x.mean(axis=2, keepdims=True)).sum(axis=(0, 1))),
    seen_in="rust0258/Deeplearning.ai-Natural-Language-Processing-Specialization #64",
)
in_rnn_backward(
    "mean_over_batch",
    "the gradients of the parameters are divided by the batch size",
    DIVIDES,
    lambda own: bptt(**but(per_weight(lambda run, grad, name: grad / run.x.shape[1]))),
    seen_in="DLS 63071",
)
in_rnn_backward(
    "mean_over_steps",
    "the gradients of the parameters are divided by the number of steps",
    DIVIDES,
    lambda own: bptt(**but(per_weight(lambda run, grad, name: grad / len(run.x)))),
)
in_rnn_backward(
    "carry_divided_by_batch",
    "the carry is divided by the batch size again at every step",
    DIVIDES,
    lambda own: bptt(step=lambda injected, carry, slope, w: ((z := (injected + carry) * slope), z @ w / len(z))),
    seen_in="DLS 63071",
)
in_rnn_backward(
    "sign_turned_through_time",
    "every gradient through time has the wrong sign",
    "2.1: nothing in it has a minus but 1 − h². Is one sign turned where grad_outputs comes in?",
    lambda own: bptt(injected=lambda g, t: -g[t]),
)
in_rnn_backward(
    "clipped_inside",
    "the gradients are clipped to [−1, 1], entry by entry, inside the backward",
    "7.3: clipping is its own function, and by one norm. A law: twice the injected, twice every array.",
    lambda own: bptt(**but(lambda run, grad_z, right: {k: np.clip(v, -1, 1) for k, v in right.items()})),
)
in_rnn_backward(
    "whole_numbers",
    "the sums of the parameters are whole numbers: they are stored in an array of integers",
    "np.zeros and np.zeros_like take the dtype that you give them. A gradient is float64.",
    lambda own: bptt(**but(per_weight(lambda run, grad, name: grad.astype(int)))),
)


@in_rnn_backward(
    "writes_into_grad_outputs",
    "grad_outputs itself is written into, and the caller's array changes",
    "No function changes its arguments: a = a + b makes a new array, a += b writes into the old one.",
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


@in_rnn_backward(
    "writes_into_states",
    "the slope of tanh is written over the stored states, which weight_hh and the next call still need",
    "5.1, 'A layer that overwrites its states'.",
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


@in_rnn_backward(
    "sums_never_cleared",
    "the sums of the parameters are never cleared: a second call adds to the first",
    "A cache can be used again: begin each call with fresh zeros.",
    seen_in="the article of a3's exercise 6-2P, whose stacks are never cleared",
)
def sums_never_cleared(own: Own) -> Functions:
    def change(run: Run, grad_z: Array, right: Grads) -> Grads:
        run.earlier.append(right)
        return {name: sum(grads[name] for grads in run.earlier) for name in WEIGHTS}

    return bptt(**but(change))


@in_rnn_backward(
    "latest_forward_used",
    "backward reads what the latest forward left behind, not its own cache",
    "A cache can be used again, also when another forward has run in between: read your argument.",
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
