"""Check the form of your own work: which shape comes out. What the numbers are is for the hidden tests."""

from __future__ import annotations

import sys

import numpy as np

_POINTS: dict[str, float] = {}  # filled by the build


def check(name: str, points: float | None = None) -> float:
    """Call the function `name` of your notebook, say what shape it returns, and return the points for this form."""
    function = sys._getframe(1).f_globals[name]
    n, inputs, hidden = 2, 3, 4
    x, h, c, candidate = (np.ones((n, size)) for size in (inputs, hidden, hidden, hidden))
    shapes = {"weight_ih": (inputs,), "weight_hh": (hidden,), "bias_ih": (), "bias_hh": ()}
    params = {key: np.ones((2 * hidden, *shape)) for key, shape in shapes.items()}
    found = function(x, h, params) if name == "gates" else function(x, h, c, candidate, params)
    print(f"{name} returns an array of shape {np.shape(found)}.")
    return _POINTS.get(name, points or 0.0)
