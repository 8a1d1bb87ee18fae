"""What can be seen of a wrong array, in words; nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from .tolerance import Array, relative_error
from .values import count, entries

PARTS = 60  # the largest product of the two numbers of a fraction that counts as small


def describe(actual: Array, expected: Array, off: Array, sizes: Mapping[str, int], steps: bool) -> str:
    """How `actual` differs: by a factor, a sign, a transpose, from a step on. `off` marks the entries that differ."""
    compared = ~np.isnan(expected)
    a, b = actual[compared], expected[compared]
    which = "" if compared.all() else "compared "
    words = [entries(int(off.sum()), a.size, "differs", "differ", which) if expected.ndim else "the number differs"]
    if not np.any(a):
        return entries(a.size, a.size, "is 0", "are 0", which) if expected.ndim else "the number is 0"
    factor = float(a @ b / (b @ b)) if np.any(b) else 0.0
    if abs(factor - 1) < 1e-5 and relative_error(a, b, 0.0) < 1e-3:
        words.append("close, but not close enough: is something rounded, or a difference to one side only?")
    elif factor and relative_error(a, factor * b, 0.0) < 1e-6:
        words = describe_factor(factor, sizes) or words
    elif is_transposed(actual, expected):
        words = ["these are the right numbers, transposed"]
    if not compared.all():
        words.append(f"{a.size} of {expected.size} entries are compared")
    if steps and len(off) > 1 and compared.all():
        words.append(describe_steps(off))
    return "; ".join(words)


def describe_factor(factor: float, sizes: Mapping[str, int]) -> list[str]:
    """A factor that all entries share, where it is a small fraction, and the axis whose size it is (or one over it).

    A 2 has too many other reasons to be called a size.
    """
    near = Fraction(factor).limit_denominator(PARTS)
    if abs(factor - near) > 1e-6 * abs(factor) or abs(near.numerator) * near.denominator > PARTS:
        return []
    words = "the sign is the other way round" if near == -1 else f"{near} times the right one"
    size = max(near, 1 / near)
    return [words, *(f"{name} is {size} here" for name, each in sizes.items() if each == size > 2)]


def is_transposed(actual: Array, expected: Array) -> bool:
    square = expected.ndim == 2 and expected.shape[0] == expected.shape[1]
    return square and relative_error(actual, expected.T, 0.0) < 1e-6


def describe_steps(off: Array) -> str:
    """Where the error enters, counted from the last step, since a backward begins there."""
    wrong_steps = np.flatnonzero(off.reshape(len(off), -1).any(axis=1))
    right = len(off) - 1 - int(wrong_steps[-1])
    if not right:
        return "wrong from the last step on"
    seen = "the last step is right" if right == 1 else f"the last {right} steps are right"
    return f"{seen}, the error enters {count(right, 'step')} before the last"
