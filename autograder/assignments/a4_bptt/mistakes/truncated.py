"""Known mistakes of a4_bptt: truncated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import WEIGHTS, Array, Grads
from autograder.assignments.a4_bptt.mistakes.sweep import Run, forward_of, products, step_back
from autograder.naming.bank import Functions, MistakesIn, Own

in_rnn_backward_truncated = MistakesIn("rnn_backward_truncated")

WINDOW = "6, 'Cutting the past off'"


def walks(grad_outputs: Array, run: Run, k: int) -> tuple[list[Array], Array]:
    """For each number of crossings up to k the gradients of z (T, N, H) that have crossed so often; the one of h0."""
    slope = 1 - run.after**2
    parts = [grad_outputs * slope]
    grad_h0 = np.zeros_like(run.before[0])
    for _ in range(min(k, len(run.x))):
        crossed = parts[-1] @ run.params["weight_hh"]
        grad_h0 = grad_h0 + crossed[0]
        parts.append(np.concatenate([crossed[1:], 0 * crossed[:1]]) * slope)
    return parts, grad_h0


def window(grad_outputs: Array, run: Run, k: int) -> Grads:
    """Right: each step's error crosses at most k recurrent connections."""
    parts, grad_h0 = walks(grad_outputs, run, k)
    return products(run, np.sum(parts, axis=0), grad_h0)


def truncated(backward: Callable[[Array, Run, int], Grads]) -> Functions:
    """rnn_forward and this rnn_backward_truncated."""
    return {"rnn_forward": forward_of(residual=False), "rnn_backward_truncated": backward}


in_rnn_backward_truncated(
    "window_one_short",
    "the window is one step short: an error crosses k − 1 recurrent connections",
    f"{WINDOW}: with k = 0 an error stays at its own step, with k = 1 it crosses once.",
    lambda own: truncated(lambda g, run, k: window(g, run, max(k - 1, 0))),
    seen_in="rsokl/MyGrad PR #7",
)
in_rnn_backward_truncated(
    "window_one_long",
    "the window is one step long: an error crosses k + 1 recurrent connections",
    f"{WINDOW}: with k = 0 an error stays at its own step, with k = 1 it crosses once.",
    lambda own: truncated(lambda g, run, k: window(g, run, k + 1)),
    seen_in="rsokl/MyGrad PR #7",
)


def but_h0(backward: Callable[[Array, Run, int], Grads]) -> Functions:
    """As backward has it, but h0 is right: in a double loop it has a condition of its own."""
    return truncated(lambda g, run, k: {**backward(g, run, k), "h0": window(g, run, k)["h0"]})


def one_short(g: Array, run: Run, k: int) -> Grads:
    """What has crossed fewer than k times; nothing if k is 0."""
    parts, grad_h0 = walks(g, run, k)
    return products(run, sum(parts[:k], np.zeros_like(run.z)), grad_h0)


in_rnn_backward_truncated(
    "loop_one_short",
    "x and the parameters lack the last crossing of the window; h0 alone is right",
    f"{WINDOW}: with k = 0 an error still counts at its own step. Where does your inner loop stop?",
    lambda own: but_h0(one_short),
)
in_rnn_backward_truncated(
    "loop_one_long",
    "x and the parameters get one crossing too many; h0 alone is right",
    f"{WINDOW}: with k = 0 an error stays at its own step. Where does your inner loop stop?",
    lambda own: but_h0(lambda g, run, k: window(g, run, k + 1)),
)


@in_rnn_backward_truncated(
    "chunks",
    "the sequence is cut into chunks of k + 1 steps, instead of a sliding window",
    f"{WINDOW}, its last paragraph and the figure below it: a band, not blocks.",
)
def chunks(own: Own) -> Functions:
    def backward(grad_outputs: Array, run: Run, k: int) -> Grads:
        grad_z, carry = np.zeros_like(run.z), np.zeros_like(run.before[0])
        for t in reversed(range(len(run.x))):
            carry = 0 * carry if (t + 1) % (k + 1) == 0 else carry
            grad_z[t], carry = step_back(grad_outputs[t], carry, 1 - run.after[t] ** 2, run.params["weight_hh"])
        return products(run, grad_z, carry if k else 0 * carry)

    return truncated(backward)


in_rnn_backward_truncated(
    "chunks_but_h0",
    "the sequence is cut into chunks of k + 1 steps, instead of a sliding window; h0 alone is right",
    f"{WINDOW}, its last paragraph and the figure below it: a band, not blocks.",
    lambda own: but_h0(chunks(own)["rnn_backward_truncated"]),
)


@in_rnn_backward_truncated(
    "last_steps_only",
    "the sweep stops after k + 1 steps: the errors of earlier steps are skipped",
    f"{WINDOW}: every step's error walks, each k crossings far, not the last one's alone.",
)
def last_steps_only(own: Own) -> Functions:
    def backward(grad_outputs: Array, run: Run, k: int) -> Grads:
        first = max(len(run.x) - 1 - k, 0)
        grad_z, carry = np.zeros_like(run.z), np.zeros_like(run.before[0])
        for t in range(len(run.x) - 1, first - 1, -1):
            grad_z[t], carry = step_back(grad_outputs[t], carry, 1 - run.after[t] ** 2, run.params["weight_hh"])
        return products(run, grad_z, carry if k >= len(run.x) else 0 * carry)

    return truncated(backward)


in_rnn_backward_truncated(
    "weights_not_truncated",
    "x and h0 are truncated, the parameters are not",
    f"{WINDOW}: an error that stops at z stops for every array that z reads.",
    lambda own: truncated(
        lambda g, run, k: {
            **window(g, run, len(g)),
            **{name: grad for name, grad in window(g, run, k).items() if name not in WEIGHTS},
        }
    ),
)
in_rnn_backward_truncated(
    "x_not_truncated",
    "the parameters are truncated, x and h0 are not",
    f"{WINDOW}: an error that stops at z stops for every array that z reads.",
    lambda own: truncated(
        lambda g, run, k: {
            **window(g, run, len(g)),
            **{name: grad for name, grad in window(g, run, k).items() if name in WEIGHTS},
        }
    ),
)
in_rnn_backward_truncated(
    "not_truncated",
    "k is not used: these are the full gradients",
    f"{WINDOW}. Where does your code use k?",
    lambda own: truncated(lambda g, run, k: window(g, run, len(g))),
)
in_rnn_backward_truncated(
    "not_truncated_but_h0",
    "k is used for h0 alone: x and the parameters get their full gradients",
    f"{WINDOW}. Where does your code use k?",
    lambda own: but_h0(lambda g, run, k: window(g, run, len(g))),
)
in_rnn_backward_truncated(
    "truncated_h0_always_full",
    "h0 gets its full gradient, although the errors of later steps stop before it",
    f"{WINDOW}: h0 is t + 1 crossings from step t.",
    lambda own: truncated(lambda g, run, k: {**window(g, run, k), "h0": window(g, run, len(g))["h0"]}),
)
in_rnn_backward_truncated(
    "truncated_h0_zero",
    "h0 gets nothing, although the first steps are within k crossings of it",
    f"{WINDOW}: step s reaches h0 if s + 1 ≤ k.",
    lambda own: truncated(lambda g, run, k: {**(right := window(g, run, k)), "h0": 0 * right["h0"]}),
)
in_rnn_backward_truncated(
    "truncated_h0_one_long",
    "h0 gets one crossing too many: the error of step k reaches it too",
    f"{WINDOW}: step s reaches h0 if s + 1 ≤ k.",
    lambda own: truncated(lambda g, run, k: {**window(g, run, k), "h0": window(g, run, k + 1)["h0"]}),
)


@in_rnn_backward_truncated(
    "own_step_without_weight_hh",
    "weight_hh gets no share from an error's own step, as if reading the state before it were a crossing",
    f"{WINDOW}, k = 0: the state before the step is read, not crossed.",
)
def own_step_without_weight_hh(own: Own) -> Functions:
    def backward(g: Array, run: Run, k: int) -> Grads:
        parts, _ = walks(g, run, k)
        later = np.sum(parts[1:], axis=0) if len(parts) > 1 else 0 * run.z
        return {**window(g, run, k), "weight_hh": np.einsum("tnh,tnk->hk", later, run.before)}

    return truncated(backward)


in_rnn_backward_truncated(
    "weight_hh_one_short",
    "weight_hh lacks the earliest step of each window, as if reading the state before it were a crossing",
    f"{WINDOW}, k = 0: the state before the step is read, not crossed.",
    lambda own: truncated(
        lambda g, run, k: {**window(g, run, k), "weight_hh": one_short(g, run, k)["weight_hh"]},
    ),
)


@in_rnn_backward_truncated(
    "last_crossing_only",
    "only what has crossed exactly k times is counted, not what has crossed less often",
    f"{WINDOW}: at most k crossings. Add up 0, 1, …, k.",
)
def last_crossing_only(own: Own) -> Functions:
    def backward(g: Array, run: Run, k: int) -> Grads:
        parts, grad_h0 = walks(g, run, k)
        return products(run, parts[-1], grad_h0)

    return truncated(backward)


@in_rnn_backward_truncated(
    "walk_without_tanh",
    "on its way back an error passes weight_hh but no tanh of the steps that it reaches",
    f"{WINDOW} and 2.2: how does δ go from k to k − 1?",
)
def walk_without_tanh(own: Own) -> Functions:
    def backward(g: Array, run: Run, k: int) -> Grads:
        walking = g * (1 - run.after**2)
        grad_z, grad_h0 = walking.copy(), np.zeros_like(run.before[0])
        for _ in range(min(k, len(run.x))):
            crossed = walking @ run.params["weight_hh"]
            grad_h0 = grad_h0 + crossed[0]
            walking = crossed[1:]
            grad_z[: len(walking)] += walking
        return products(run, grad_z, grad_h0)

    return truncated(backward)
