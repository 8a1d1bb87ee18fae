"""Refuses hidden problems that hide mistakes.

The rules are for problems that decide points; edge cases stand beside them in the suites."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

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
    square = [n for n in RECURRENT if n in arrays and arrays[n].shape == arrays[n].T.shape and len(arrays[n]) > 1]
    same = [n for n in square if np.allclose(arrays[n], arrays[n].T)]
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
