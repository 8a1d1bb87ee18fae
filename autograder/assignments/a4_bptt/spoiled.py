"""What each rule for problems is good for: the known mistakes of rnn_backward that a problem would hide if it broke one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from autograder.assignments.recurrent.sweep import Sweep, forward_of
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.naming.bank import Mistake

# ---- what each rule catches ------------------------------------------------------------------------------------------

Array = np.ndarray


@dataclass(frozen=True)
class Catch:
    """The known mistakes of rnn_backward that a problem would hide if it broke one rule."""

    spoiled: str
    hidden: tuple[str, ...]
    of: int


@dataclass(frozen=True)
class Spoiled:
    """A problem that breaks one rule, and the tolerance at which it is looked at."""

    words: str
    change: Callable[[RNNProblem], RNNProblem]
    sizes: Mapping[str, int]
    rtol: float = 1e-7
    atol: float = 0.0


def weights(problem: RNNProblem, change: Callable[[str, Array], Array]) -> RNNProblem:
    """The problem with its weights changed."""
    return replace(problem, params={name: change(name, value) for name, value in problem.params.items()})


def turned(name: str, value: Array) -> Array:
    """weight_hh made symmetric."""
    return (value + value.T) / 2 if name == "weight_hh" else value


GOOD = {"steps": 5, "n": 3, "input_size": 2, "hidden_size": 4}


SPOILED = (
    Spoiled("one step, T = 1", lambda p: p, {**GOOD, "steps": 1}),
    Spoiled("two steps, T = 2", lambda p: p, {**GOOD, "steps": 2}),
    Spoiled("one step and h0 = 0", lambda p: replace(p, h0=0 * p.h0), {**GOOD, "steps": 1}),
    Spoiled("one sample, N = 1", lambda p: p, {**GOOD, "n": 1}),
    Spoiled("h0 = 0", lambda p: replace(p, h0=0 * p.h0), GOOD),
    Spoiled("a symmetric weight_hh", lambda p: weights(p, turned), GOOD),
    Spoiled("an upstream of ones", lambda p: replace(p, grad_outputs=np.ones_like(p.grad_outputs)), GOOD),
    Spoiled(
        "an upstream at the last step alone",
        lambda p: replace(p, grad_outputs=np.concatenate([0 * p.grad_outputs[:-1], p.grad_outputs[-1:]])),
        GOOD,
    ),
    Spoiled("weights times 0.3, atol 1e-2", lambda p: weights(p, lambda n, w: 0.3 * w), GOOD, 1e-4, 1e-2),
    Spoiled("weights times 0.1, atol 1e-2", lambda p: weights(p, lambda n, w: 0.1 * w), GOOD, 1e-4, 1e-2),
    Spoiled("weights times 0.01, atol 1e-2", lambda p: weights(p, lambda n, w: 0.01 * w), GOOD, 1e-4, 1e-2),
    Spoiled("weights times 0.001, the rule of the suites", lambda p: weights(p, lambda n, w: 0.001 * w), GOOD),
    Spoiled("none of this", lambda p: p, GOOD),
)


@cache
def catches(bank: tuple[Mistake, ...]) -> tuple[Catch, ...]:
    """For each spoiled problem the known mistakes whose gradients it cannot tell from the right ones."""
    known = [mistake for mistake in bank if mistake.function == "rnn_backward"]
    found = []
    for spoiled in SPOILED:
        problem = spoiled.change(draw_rnn(np.random.default_rng(1), **spoiled.sizes))
        right = gradients({"rnn_forward": forward_of(), "rnn_backward": Sweep()}, problem)
        told = [m.id for m in known if differs(gradients(m.make({}), problem), right, spoiled)]
        at_all = [m.id for m in known if m.id not in BEHAVIOUR]
        found.append(Catch(spoiled.words, tuple(i for i in at_all if i not in told), len(at_all)))
    return tuple(found)


BEHAVIOUR = ("writes_into_grad_outputs", "sums_never_cleared", "latest_forward_used")  # a first call is right


def gradients(functions: Mapping[str, Callable[..., Any]], problem: RNNProblem) -> Mapping[str, Array]:
    """What a backward gives for a problem."""
    _, run = functions["rnn_forward"](problem.x, problem.h0, problem.params)
    grads: Mapping[str, Array] = functions["rnn_backward"](problem.grad_outputs.copy(), run)
    return grads


def differs(grads: Mapping[str, Array], right: Mapping[str, Array], at: Spoiled) -> bool:
    """Whether any array is seen to be wrong."""
    return any(
        np.shape(grads[name]) != value.shape
        or float(np.max(np.abs(grads[name] - value))) > at.atol + at.rtol * float(np.max(np.abs(value)))
        for name, value in right.items()
    )
