"""Known mistakes of a4_bptt: rnn_backward_truncated."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import REREAD, WORDS, Array
from autograder.assignments.recurrent import families, shares, walk
from autograder.assignments.recurrent.sweep import Sweep, forward_of
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import View

WINDOW = "6, 'Cutting the past off'"
AT_MOST = f"{WINDOW}: with k = 0 an error stays at its own step, with k = 1 it crosses once."
EVERY = f"{WINDOW}: an error that stops at z stops for every array that z reads."
BAND = f"{WINDOW}, its last paragraph and the figure below it: a band, not blocks."
REACHES_H0 = f"{WINDOW}: step s reaches h0 if s + 1 ≤ k."
NOT_CROSSED = f"{WINDOW}, k = 0: the state before the step is read, not crossed."


def within(s: Array, t: Array, k: int, steps: int) -> Any:
    """Right: the error of step s crosses at most k recurrent connections on its way to step t."""
    return s - t <= k


def everywhere(s: Array, t: Array, k: int, steps: int) -> Any:
    """Nothing is cut off."""
    return s - t <= steps


def chunk(s: Array, t: Array, k: int, steps: int) -> Any:
    """Steps s and t are in the same chunk of k + 1; h0 is with the first, unless k is 0."""
    return (s // (k + 1) == np.maximum(t, 0) // (k + 1)) & ((t >= 0) | (k > 0))


def last_steps(s: Array, t: Array, k: int, steps: int) -> Any:
    """The sweep stops after k + 1 steps."""
    return (s < steps) & (t >= steps - 1 - k)


def truncated(own: Own, **slots: Any) -> Functions:
    """rnn_forward and an rnn_backward_truncated with these slots of Sweep."""
    return {"rnn_forward": forward_of(), "rnn_backward_truncated": Sweep(**{"window": within, **slots})}


known = MistakesIn("rnn_backward_truncated", truncated)
known(
    "window_one_short",
    "the window is one step short: an error crosses k − 1 recurrent connections",
    AT_MOST,
    seen_in="rsokl/MyGrad PR #7",
    window=lambda s, t, k, steps: s - t <= max(k - 1, 0),
)
known(
    "window_one_long",
    "the window is one step long: an error crosses k + 1 recurrent connections",
    AT_MOST,
    seen_in="rsokl/MyGrad PR #7",
    window=lambda s, t, k, steps: s - t <= k + 1,
)
known(
    "loop_one_short",
    "x and the parameters lack the last crossing of the window; h0 alone is right",
    f"{WINDOW}: with k = 0 an error still counts at its own step. Where does your inner loop stop?",
    window=lambda s, t, k, steps: s - t < k,
    window_h0=within,
)
known(
    "loop_one_long",
    "x and the parameters get one crossing too many; h0 alone is right",
    f"{WINDOW}: with k = 0 an error stays at its own step. Where does your inner loop stop?",
    window=lambda s, t, k, steps: s - t <= k + 1,
    window_h0=within,
)
known("chunks", "the sequence is cut into chunks of k + 1 steps, instead of a sliding window", BAND, window=chunk)
known(
    "chunks_but_h0",
    "the sequence is cut into chunks of k + 1 steps, instead of a sliding window; h0 alone is right",
    BAND,
    window=chunk,
    window_h0=within,
)
known(
    "last_steps_only",
    "the sweep stops after k + 1 steps: the errors of earlier steps are skipped",
    f"{WINDOW}: every step's error walks, each k crossings far, not the last one's alone.",
    window=last_steps,
)
known("weights_not_truncated", "x and h0 are truncated, the parameters are not", EVERY, window_parameters=everywhere)
known(
    "x_not_truncated",
    "the parameters are truncated, x and h0 are not",
    EVERY,
    window_x=everywhere,
    window_h0=everywhere,
)
known(
    "not_truncated",
    "k is not used: these are the full gradients",
    f"{WINDOW}. Where does your code use k?",
    window=everywhere,
)
known(
    "not_truncated_but_h0",
    "k is used for h0 alone: x and the parameters get their full gradients",
    f"{WINDOW}. Where does your code use k?",
    window=everywhere,
    window_h0=within,
)
known(
    "truncated_h0_always_full",
    "h0 gets its full gradient, although the errors of later steps stop before it",
    f"{WINDOW}: h0 is t + 1 crossings from step t.",
    window_h0=everywhere,
)
known(
    "truncated_h0_zero",
    "h0 gets nothing, although the first steps are within k crossings of it",
    REACHES_H0,
    h0=lambda right, way: 0 * right,
)
known(
    "truncated_h0_one_long",
    "h0 gets one crossing too many: the error of step k reaches it too",
    REACHES_H0,
    window_h0=lambda s, t, k, steps: s - t <= k + 1,
)
known(
    "own_step_without_weight_hh",
    "weight_hh gets no share from an error's own step, as if reading the state before it were a crossing",
    NOT_CROSSED,
    window_hh=lambda s, t, k, steps: (s - t <= k) & (s > t),
)
known(
    "weight_hh_one_short",
    "weight_hh lacks the earliest step of each window, as if reading the state before it were a crossing",
    NOT_CROSSED,
    window_hh=lambda s, t, k, steps: s - t < k,
)
known(
    "last_crossing_only",
    "only what has crossed exactly k times is counted, not what has crossed less often",
    f"{WINDOW}: at most k crossings. Add up 0, 1, …, k.",
    window=lambda s, t, k, steps: s - t == k,
    window_h0=within,
)
view = View(
    "rnn_backward_truncated",
    truncated,
    REREAD,
    where="truncated: ",
    prefix="truncated_",
    words=WORDS,
    ids={"tanh_on_injected_only": "walk_without_tanh"},
)
view.show(
    (
        *walk.CARRY,
        *walk.INJECTED,
        *walk.SLOPE,
        *shares.STEPS,
        *shares.X_AND_H0,
        *shares.WEIGHTS,
        *shares.BIASES,
        *shares.ALL,
    ),
    but=("carry_one_step", "h0_zero", "h0_one_late", "h0_without_weight", "x_in_sweep_order"),
)
view.show(
    families.every(),
    but=("carry_starts_with_ones", "carry_starts_with_last", "carry_two_steps", *families.OF_H0),
    by_rule=True,
)
