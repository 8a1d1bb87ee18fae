"""When two arrays count as the same: the largest difference is measured against the largest entry."""

from __future__ import annotations

import math

import numpy as np

Array = np.ndarray
Inputs = dict[str, np.ndarray]

EXACT = 1e-7  # the largest relative error allowed in float64
SINGLE = 1e-4  # the same where your array is float32
TRAINING = 1e-6  # after several steps, which add up their rounding
ROUGH = 3e-3  # where your forward returns float32: its finite differences are no better than this


def for_single(tolerance: float) -> float:
    """What a tolerance for float64 becomes for an array in float32."""
    return min(1000 * tolerance, 1e-3)


def scale(expected: Array, upstream: float) -> float:
    """What an error is measured against: the largest entry, or the upstream where all entries are (nearly) zero."""
    largest = float(np.nanmax(np.abs(expected)))
    return largest if largest > 1e-9 * upstream else upstream


def relative_error(actual: Array, expected: Array, upstream: float) -> float:
    """The largest difference over the largest entry. NaN in `expected` marks an entry that is not compared."""
    if actual.shape != expected.shape or np.any(np.isnan(actual)):
        return math.inf
    difference = float(np.nanmax(np.abs(actual - expected)))
    size = scale(expected, upstream)
    if size == 0:
        return 0.0 if difference == 0 else math.inf
    return difference / size
