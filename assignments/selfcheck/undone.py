"""Arrays that are easier to undo than to copy: your sigmoid or tanh is inverted, and what went into it is compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .tables import Row
from .tolerance import EXACT, ROUGH, SINGLE, Array, relative_error
from .trial import Trial
from .values import Odd, entries


def array_undone(
    trial: Trial,
    label: str,
    actual: Any,
    expected: Array,
    inverse: Callable[[Array], Array],
    low: float,
    high: float = math.inf,
    clues: Mapping[str, Array] | None = None,
) -> bool:
    """One row: `inverse` of your array is `expected`; for functions that are easier to undo than to copy.

    `clues` are other arrays that it may be instead, by what is then to be said.
    """
    try:
        array = trial.read(actual, expected.shape)
        if relative_error(array, expected, 0.0) <= SINGLE:
            function = "the tanh" if low < 0 else "the sigmoid"
            raise Odd(f"the numbers are those that go into {function}: is it missing?")
        outside = int(np.sum((array <= low) | (array >= high)))
        if outside:
            between = f"between {low:g} and {high:g}" if high < math.inf else f"above {low:g}"
            raise Odd(f"{entries(outside, array.size, 'is', 'are') if array.ndim else 'the number is'} not {between}")
        with np.errstate(all="ignore"):
            undone = inverse(array)
        if not np.all(np.isfinite(undone)):
            raise Odd("another function than that of the course gave these entries")
        for words, other in (clues or {}).items():
            if relative_error(undone, other, 0.0) <= EXACT < relative_error(undone, expected, 0.0):
                raise Odd(words)
    except Odd as odd:
        trial.add(Row("array", label, False, str(odd)))
        return False
    return trial.array(label, undone, expected, tolerance=ROUGH if trial.single else EXACT)
