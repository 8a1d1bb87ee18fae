"""Arrays that are easier to undo than to copy: your sigmoid or tanh is inverted, and what went into it is compared."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .tables import Row
from .tolerance import EXACT, ROUGH, Array
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
) -> bool:
    """One row: `inverse` of your array is `expected`; for functions that are easier to undo than to copy."""
    try:
        array = trial.read(actual, expected.shape)
        outside = int(np.sum((array <= low) | (array >= high)))
        if outside:
            between = f"between {low:g} and {high:g}" if high < math.inf else f"above {low:g}"
            raise Odd(f"{entries(outside, array.size, 'is', 'are') if array.ndim else 'the number is'} not {between}")
        with np.errstate(all="ignore"):
            undone = inverse(array)
        if not np.all(np.isfinite(undone)):
            raise Odd("the function that gave these entries is not the one of the course")
    except Odd as odd:
        trial.add(Row("array", label, False, str(odd)))
        return False
    return trial.array(label, undone, expected, tolerance=ROUGH if trial.single else EXACT)
