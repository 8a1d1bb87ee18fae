"""Known mistakes of a2_mlp_backprop: differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a2_mlp_backprop.mistakes.shared import Array
from autograder.naming.bank import Functions, MistakesIn, Own

NUDGE = "2.1, 'Nudge one number at a time'"


def differences(own: Own, quotient: Callable[[Callable[[float], float], float], float]) -> Functions:
    """A numerical_gradient that makes each entry by quotient(f of the nudge, eps)."""

    def numerical_gradient(f: Callable[[Array], float], array: Array, eps: float = 1e-6) -> Array:
        nudged = np.array(array, dtype=float)
        gradient = np.zeros(nudged.shape)
        for index in np.ndindex(nudged.shape):
            at = nudged[index]

            def moved(by: float, index: tuple[int, ...] = index, at: Any = at) -> float:
                nudged[index] = at + by
                return f(nudged)

            gradient[index] = quotient(moved, eps)
            nudged[index] = at
        return gradient

    return {"numerical_gradient": numerical_gradient}


in_numerical_gradient = MistakesIn("numerical_gradient", differences)

in_numerical_gradient(
    "forward_differences",
    "the differences look to one side only: f(a + ε) − f(a)",
    f"{NUDGE}: up, then down. 2.3 shows how much that wins.",
    quotient=lambda f, eps: (f(eps) - f(0.0)) / eps,
    rtol=1e-7,
)
in_numerical_gradient(
    "divided_by_eps",
    "the difference of the two sides is divided by ε, not by 2ε",
    f"{NUDGE}: divide by the whole distance.",
    quotient=lambda f, eps: (f(eps) - f(-eps)) / eps,
    rtol=1e-7,
)
in_numerical_gradient(
    "not_divided",
    "the difference is not divided by anything",
    f"{NUDGE}: a slope is a change over a distance.",
    quotient=lambda f, eps: f(eps) - f(-eps),
    rtol=1e-7,
)


@in_numerical_gradient(
    "all_entries_at_once",
    "all entries are nudged at once, so every slope is the same sum",
    f"{NUDGE}: one entry, and the others do not change.",
    rtol=1e-7,
)
def all_entries_at_once(own: Own) -> Functions:
    def numerical_gradient(f: Callable[[Array], float], array: Array, eps: float = 1e-6) -> Array:
        return np.full(np.shape(array), (f(array + eps) - f(array - eps)) / (2 * eps))

    return {"numerical_gradient": numerical_gradient}


@in_numerical_gradient(
    "entry_not_restored",
    "a nudged entry is not restored, so the later slopes and the caller's array are wrong",
    f"{NUDGE}: keep the old number and write it back.",
    seen_in="chainer #488",
    rtol=1e-7,
)
def entry_not_restored(own: Own) -> Functions:
    def numerical_gradient(f: Callable[[Array], float], array: Array, eps: float = 1e-6) -> Array:
        gradient = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            array[index] += eps
            above = f(array)
            array[index] -= 2 * eps
            gradient[index] = (above - f(array)) / (2 * eps)
        return gradient

    return {"numerical_gradient": numerical_gradient}


@in_numerical_gradient(
    "restored_by_adding",
    "the nudge is undone by adding ε again, which does not give the old number to the last bit",
    f"{NUDGE}: keep the old number and write it back.",
    rtol=1e-7,
)
def restored_by_adding(own: Own) -> Functions:
    def numerical_gradient(f: Callable[[Array], float], array: Array, eps: float = 1e-6) -> Array:
        gradient = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            array[index] += eps
            above = f(array)
            array[index] -= 2 * eps
            gradient[index] = (above - f(array)) / (2 * eps)
            array[index] += eps
        return gradient

    return {"numerical_gradient": numerical_gradient}


@in_numerical_gradient(
    "flat_copy_nudged",
    "reshape makes a copy of an array with gaps in memory, and the copy is nudged in its place",
    f"{NUDGE}: what f gets must be what you nudge.",
    rtol=1e-7,
)
def flat_copy_nudged(own: Own) -> Functions:
    def numerical_gradient(f: Callable[[Array], float], array: Array, eps: float = 1e-6) -> Array:
        flat, gradient = array.reshape(-1), np.zeros(array.size)
        for i, at in enumerate(flat.copy()):
            flat[i] = at + eps
            above = f(array)
            flat[i] = at - eps
            gradient[i] = (above - f(array)) / (2 * eps)
            flat[i] = at
        return gradient.reshape(array.shape)

    return {"numerical_gradient": numerical_gradient}
