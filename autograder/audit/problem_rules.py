"""Refuses hidden problems that hide mistakes, and shows what each rule catches.

The rules are for problems that decide points; edge cases stand beside them in the suites. Each rule comes with a spoiled
problem that breaks it, so that the known mistakes which it would hide can be counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes import Sweep, forward_of
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.course.settings import load_course
from autograder.naming.bank import mistakes_of

Array = np.ndarray
Rule = Callable[[Mapping[str, Array]], str]

SMALLEST_STEPS, SMALLEST_BATCH = 3, 2
SMALLEST_NET = 0.2  # a typical |z|; below it tanh and the sigmoid are straight lines
UPSTREAMS = ("grad_outputs", "grad_h", "grad_h1", "grad_h2", "grad_prediction", "grad_logits", "da_next")
STATES = ("h0", "h_prev", "a_prev")
RECURRENT = ("weight_hh", "Waa")
LAYERS = (("x", "weight_ih"), ("x", "weight_1"), ("xt", "Wax"))
TIME_FIRST = ("grad_outputs", "outputs")


def lint(problem: Any) -> list[str]:
    """What is wrong with a problem that shall decide points, in sentences for its author; nothing for a good one."""
    arrays = dict(arrays_of(problem))
    return [said for rule in RULES if (said := rule(arrays))]


def lint_source(text: str) -> list[str]:
    """What a suite's code must not hold: a tolerance of its own, or numbers that no course seed draws."""
    return [f"line {number}: {why}" for number, line in enumerate(text.splitlines(), 1) for why in refused(line)]


def refused(line: str) -> Iterator[str]:
    """What is wrong with a line of a suite."""
    for word in ("atol", "isclose", "allclose", "approx("):
        if word in line:
            yield f"{word} is a tolerance; tolerance lives in autograder/checks/compare.py."
    if "np.random" in line or "default_rng" in line:
        yield "take numbers from draw(…), so that they come from the course seed."


def arrays_of(problem: Any) -> Iterator[tuple[str, Array]]:
    """The arrays of a problem by name, those of its params and other mappings too."""
    for field in fields(problem):
        value = getattr(problem, field.name)
        if isinstance(value, Mapping):
            yield from ((k, np.asarray(v)) for k, v in value.items())
        elif isinstance(value, np.ndarray):
            yield field.name, value


# ---- rules -----------------------------------------------------------------------------------------------------------


def enough_steps(arrays: Mapping[str, Array]) -> str:
    """At least three steps: with one there is no carry, with two truncation and a missing h0 look alike."""
    short = [n for n in TIME_FIRST if n in arrays and arrays[n].ndim == 3 and len(arrays[n]) < SMALLEST_STEPS]
    return f"{short[0]} has {len(arrays[short[0]])} steps; take at least {SMALLEST_STEPS}." if short else ""


def enough_samples(arrays: Mapping[str, Array]) -> str:
    """At least two samples: with one a mean is a sum."""
    batch = {n: arrays[n].shape[-2] for n in (*UPSTREAMS, *STATES) if n in arrays and arrays[n].ndim >= 2}
    few = [n for n, size in batch.items() if size < SMALLEST_BATCH]
    return f"{few[0]} has one sample; take at least {SMALLEST_BATCH}." if few else ""


def different_sizes(arrays: Mapping[str, Array]) -> str:
    """No two axes of the same length but those that are the same axis: a transposed array has to stick out."""
    found: dict[str, int] = {}
    for name, axes in SIZES.items():
        if name in arrays and arrays[name].ndim == len(axes):
            found |= dict(zip(axes, arrays[name].shape, strict=True))
    twice = [(a, b) for a in found for b in found if a < b and found[a] == found[b]]
    return f"{twice[0][0]} and {twice[0][1]} are both {found[twice[0][0]]}; make all sizes different." if twice else ""


def start_not_zero(arrays: Mapping[str, Array]) -> str:
    """A first state that is not zero."""
    zero = [n for n in STATES if n in arrays and not arrays[n].any()]
    return f"{zero[0]} is all zero; draw it." if zero else ""


def recurrent_not_symmetric(arrays: Mapping[str, Array]) -> str:
    """A recurrent weight that is not its own transpose."""
    same = [n for n in RECURRENT if n in arrays and len(arrays[n]) > 1 and np.allclose(arrays[n], arrays[n].T)]
    return f"{same[0]} is symmetric, so a missing transpose is not seen; draw it." if same else ""


def upstream_drawn(arrays: Mapping[str, Array]) -> str:
    """An upstream gradient that is not the same everywhere, at every step."""
    flat = [n for n in UPSTREAMS if n in arrays and arrays[n].size > 1 and constant_somewhere(arrays[n])]
    return f"{flat[0]} is constant, or zero at some step; draw it everywhere." if flat else ""


def constant_somewhere(upstream: Array) -> bool:
    """Whether an upstream has the same number everywhere, at one step at least."""
    return any(np.ptp(step) == 0 for step in (upstream if upstream.ndim == 3 else upstream[None]))


def weights_not_tiny(arrays: Mapping[str, Array]) -> str:
    """Pre-activations around 1: where they are tiny, tanh is a straight line and its derivative is 1."""
    for data, weight in LAYERS:
        if data in arrays and weight in arrays and arrays[data].ndim >= 2:
            x = arrays[data] if data == "x" else arrays[data].T
            net = x @ arrays[weight].T
            if float(np.sqrt(np.mean(net**2))) < SMALLEST_NET:
                return f"{data} times {weight} is tiny, so tanh is a straight line; make the weights larger."
    return ""


RULES: tuple[Rule, ...] = (
    enough_steps,
    enough_samples,
    different_sizes,
    start_not_zero,
    recurrent_not_symmetric,
    upstream_drawn,
    weights_not_tiny,
)
SIZES: Mapping[str, tuple[str, ...]] = {
    "grad_outputs": ("T", "N", "H"),
    "h0": ("N", "H"),
    "h_prev": ("N", "H"),
    "a_prev": ("H", "N"),
    "weight_ih": ("H", "inputs"),
    "Wax": ("H", "inputs"),
    "weight_1": ("hidden", "inputs"),
    "weight_2": ("outputs", "hidden"),
    "grad_prediction": ("N", "outputs"),
    "weight_ho": ("classes", "H"),
    "logits": ("N", "classes"),
    "grad_logits": ("T", "N", "classes"),
}


# ---- what each rule catches ------------------------------------------------------------------------------------------


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
def catches() -> tuple[Catch, ...]:
    """For each spoiled problem the known mistakes whose gradients it cannot tell from the right ones."""
    known = mistakes_of(load_course().assignment("a4_bptt"), "rnn_backward")
    found = []
    for spoiled in SPOILED:
        problem = spoiled.change(draw_rnn(np.random.default_rng(1), **spoiled.sizes))
        right = gradients({"rnn_forward": forward_of(residual=False), "rnn_backward": Sweep()}, problem)
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
