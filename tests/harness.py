"""Grades code in this very process, as the worker would: for tests of the hidden suites.

    from tests.harness import grade, lost, reference, stub, written

    lost("a2_mlp_backprop", written("a2_mlp_backprop", "def sigmoid(z): return z"))   # {"sigmoid": 0.0, …}

A submission is a namespace in which the assignment's functions are defined. No cage: trusted code only.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from functools import cache
from typing import Any

from autograder.course.points import own_points
from autograder.course.settings import ROOT
from autograder.grading.judge import Judge
from autograder.grading.results import FunctionResult
from autograder.grading.words import said
from autograder.naming.bank import find
from tests.course import named

SEED = "seed-0"
SEEDS = tuple(f"seed-{number}" for number in range(5))
COST_SHARE = 0.125

Namespace = dict[str, Any]


# ---- submissions -----------------------------------------------------------------------------------------------------


def reference(assignment: str) -> Namespace:
    """The reference solutions in a fresh namespace."""
    return named(assignment).namespace()


def written(assignment: str, *code: str, **objects: Any) -> Namespace:
    """The reference solutions with other source run on top, then other objects put under their names.

    Source sees the reference functions as its globals, so a function that it redefines is also what the others call.
    """
    namespace = reference(assignment)
    for text in code:
        exec(compile(textwrap.dedent(text), "<submission>", "exec", dont_inherit=True), namespace)
    namespace.update(objects)
    return namespace


def edited(assignment: str, name: str, *changes: tuple[str, str]) -> str:
    """The cell of one reference solution with pieces of its text changed: (old, new)."""
    code = named(assignment).solutions[name]
    for old, new in changes:
        assert old in code, f"{name} does not contain {old!r}"
        code = code.replace(old, new)
    return code


def replaced(assignment: str, name: str, old: str, new: str) -> Namespace:
    """The reference solutions with one piece of text changed in the cell of one function."""
    return written(assignment, edited(assignment, name, (old, new)))


def with_mistake(assignment: str, *ids: str) -> Namespace:
    """The reference solutions with known mistakes in them; a later mistake is built of the functions before it."""
    namespace = reference(assignment)
    for id in ids:
        namespace.update(find(named(assignment), id).make(dict(namespace)))
    return namespace


def stub(assignment: str) -> Namespace:
    """What is handed in by someone who wrote nothing: given cells are there, every function raises."""
    empty = [f"def {name}(*_, **__): raise NotImplementedError()" for name in named(assignment).functions]
    return written(assignment, *empty)


def points(assignment: str) -> dict[str, float]:
    """The points of every function as its author gives them, whatever course.toml says."""
    cells = own_points((ROOT / "assignments" / assignment / f"{assignment}.py").read_text())
    return {name.removeprefix("test_"): float(most) for name, most in cells.items() if name.startswith("test_")}


# ---- judging ---------------------------------------------------------------------------------------------------------


@cache
def judge_in_process(assignment: str, seed: str = SEED) -> Judge:
    """A judge with this assignment's suite collected and its problems drawn from this course seed."""
    return Judge.of([named(assignment)], seed, COST_SHARE)


def grade(
    assignment: str, namespace: Namespace, seed: str = SEED, only: str | tuple[str, ...] = ()
) -> Mapping[str, FunctionResult]:
    """Points and reasons for every function, or for those in only. An error of the suite itself fails the caller."""
    results = judge_in_process(assignment, seed).grade(
        named(assignment), named(assignment).student(namespace), wanted(assignment, only)
    )
    faults = [fault for result in results.values() for fault in result.faults]
    assert not faults, faults
    return results


def wanted(assignment: str, only: str | tuple[str, ...]) -> dict[str, float]:
    """The points of some functions, or of all."""
    names = (only,) if isinstance(only, str) else only
    return {name: most for name, most in points(assignment).items() if not names or name in names}


def lost(assignment: str, namespace: Namespace, seed: str = SEED, only: str | tuple[str, ...] = ()) -> dict[str, float]:
    """The functions that did not earn full points, with the share of their points that they earned."""
    results = grade(assignment, namespace, seed, only)
    return {name: round(r.points / r.max_points, 3) for name, r in results.items() if r.points < r.max_points}


def wrong_arrays(result: FunctionResult) -> set[str]:
    """The names of the arrays that some check of this function found wrong."""
    return {array.name for check in result.checks for array in check.off}


def sentences(result: FunctionResult) -> str:
    """All that the student reads about one function."""
    return "\n".join(
        line
        for check in result.checks
        for line in (said(check), *(f"{array.name}: {array.sentence}" for array in check.off), *check.notes)
        if line
    )
