"""Check the form of your own work: which shape comes out. What the numbers are is for the hidden tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["check"]

CALLS: dict[str, Callable[[Any], Any]] = {}  # by function: calls it with arrays of ones
POINTS: dict[str, float] = {}  # filled by the build


def check(name: str, points: float | None = None) -> float:
    """Call the function `name` of your notebook, say what shape it returns, and return the points for this form."""
    found = CALLS[name](sys._getframe(1).f_globals[name])
    print(f"{name} returns an array of shape {np.shape(found)}.")
    return POINTS.get(name, points or 0.0)
