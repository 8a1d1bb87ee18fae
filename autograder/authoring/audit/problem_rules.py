"""Refuses hidden problems that hide mistakes.

The rules are for problems that decide points; edge cases stand beside them in the suites."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from autograder.authoring.audit.exempt import exempt
from autograder.course.assignment import Assignment
from autograder.grading.judge import Judge
from autograder.naming.replay import run

Array = np.ndarray
SMALLEST_STEPS, SMALLEST_BATCH = 3, 2
SMALLEST_NET = 0.2  # a typical |z|; below it tanh and the sigmoid are straight lines


@dataclass(frozen=True)
class Drawn:
    """One array of a problem, with the names of its axes and whether it is an upstream gradient."""

    name: str
    value: Array
    axes: tuple[str, ...]
    upstream: bool

    def size(self, axis: str) -> int:
        """The length of an axis that it has."""
        return int(self.value.shape[self.axes.index(axis)])


Rule = Callable[[Iterable[Drawn]], str]


def lint(problem: Any, assignment: Assignment) -> list[str]:
    """What is wrong with a problem that decides points, in sentences for its author; nothing for a good one.

    The contract of the assignment says what the axes of an array are by its name.
    """
    drawn = [found for name, value in arrays_of(problem) if (found := look_up(name, value, assignment))]
    return [said for rule in RULES if (said := rule(drawn))]


def look_up(name: str, value: Array, assignment: Assignment) -> Drawn | None:
    """An array as the contract has it; None where the contract does not name its axes."""
    functions = assignment.functions.values()
    for function in functions:
        axes = function.axes_of(name, value.ndim)
        if axes:
            return Drawn(name, value, axes, any(name in each.upstream for each in functions))
    return None


def hiding(assignment: Assignment, judge: Judge) -> list[str]:
    """What is wrong with the problems that the deciding tests of an assignment draw for the right solution.

    Problems with another name than "main" are edge cases. PROBLEMS of the assignment's exempt.py excuses a function that
    draws, or a function whose tests do.
    """
    excused, tests = exempt(assignment, "PROBLEMS"), judge.tests[assignment.name]
    drawn = tests[0].suite.drawn
    before, deciding = set(drawn), [t for t in tests if not t.behaviour and t.function not in excused]
    for test in deciding:
        run(test, assignment.namespace())
    looked_at = {id(value) for test in deciding for value in test.arguments.values()}
    said = []
    for key, problem in drawn.items():
        kind, name = key[2:4]
        decides = key not in before or id(problem) in looked_at
        if decides and name == "main" and kind not in excused and is_dataclass(problem):
            said += [f"{kind}: {words}" for words in lint(problem, assignment)]
    return said


def arrays_of(problem: Any) -> Iterator[tuple[str, Array]]:
    """The arrays of a problem by name, those of its params and other mappings too."""
    for field in fields(problem):
        value = getattr(problem, field.name)
        if isinstance(value, Mapping):
            yield from ((k, np.asarray(v)) for k, v in value.items())
        elif isinstance(value, np.ndarray):
            yield field.name, value


# ---- rules -----------------------------------------------------------------------------------------------------------


def enough_steps(arrays: Iterable[Drawn]) -> str:
    """At least three steps: with one there is no carry, with two truncation and a missing h0 look alike."""
    short = [a for a in arrays if "T" in a.axes and a.size("T") < SMALLEST_STEPS]
    return f"{short[0].name} has {short[0].size('T')} steps; take at least {SMALLEST_STEPS}." if short else ""


def enough_samples(arrays: Iterable[Drawn]) -> str:
    """At least two samples: with one a mean is a sum."""
    few = [a.name for a in arrays if "N" in a.axes and a.size("N") < SMALLEST_BATCH]
    return f"{few[0]} has one sample; take at least {SMALLEST_BATCH}." if few else ""


def different_sizes(arrays: Iterable[Drawn]) -> str:
    """No two axes of the same length but those that are the same axis: a transposed array has to stick out."""
    found = {axis: size for a in arrays for axis, size in zip(a.axes, a.value.shape, strict=True) if axis != "1"}
    twice = [(a, b) for a in found for b in found if a < b and found[a] == found[b]]
    return f"{twice[0][0]} and {twice[0][1]} are both {found[twice[0][0]]}; make all sizes different." if twice else ""


def start_not_zero(arrays: Iterable[Drawn]) -> str:
    """A first state that is not zero."""
    zero = [a.name for a in arrays if set(a.axes) == {"N", "H"} and not a.upstream and not a.value.any()]
    return f"{zero[0]} is all zero; draw it." if zero else ""


def recurrent_not_symmetric(arrays: Iterable[Drawn]) -> str:
    """A recurrent weight that is not its own transpose."""
    square = [a for a in arrays if len(a.axes) == 2 and a.axes[0] == a.axes[1] and len(a.value) > 1]
    same = [a.name for a in square if np.allclose(a.value, a.value.T)]
    return f"{same[0]} is symmetric, so a missing transpose is not seen; draw it." if same else ""


def upstream_drawn(arrays: Iterable[Drawn]) -> str:
    """An upstream gradient that is not the same everywhere, at every step."""
    flat = [a.name for a in arrays if a.upstream and a.value.size > 1 and constant_somewhere(a.value)]
    return f"{flat[0]} is constant, or zero at some step; draw it everywhere." if flat else ""


def constant_somewhere(upstream: Array) -> bool:
    """Whether an upstream has the same number everywhere, at one step at least."""
    return any(np.ptp(step) == 0 for step in (upstream if upstream.ndim == 3 else upstream[None]))


def weights_not_tiny(arrays: Iterable[Drawn]) -> str:
    """Pre-activations around 1: where they are tiny, tanh is a straight line and its derivative is 1."""
    inputs = [a for a in arrays if "I" in a.axes and "N" in a.axes]
    weights = [a for a in arrays if "I" in a.axes and "N" not in a.axes and len(a.axes) == 2]
    for x in inputs:
        for weight in weights:
            net = np.tensordot(x.value, weight.value, axes=(x.axes.index("I"), weight.axes.index("I")))
            if float(np.sqrt(np.mean(net**2))) < SMALLEST_NET:
                return f"{x.name} times {weight.name} is tiny, so tanh is a straight line; make the weights larger."
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
