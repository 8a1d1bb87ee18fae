"""The calls of this assignment."""

from __future__ import annotations

import numpy as np

from .public import CALLS

N, INPUTS, HIDDEN = 2, 3, 4
X, STATE = np.ones((N, INPUTS)), np.ones((N, HIDDEN))
SHAPES = {"weight_ih": (INPUTS,), "weight_hh": (HIDDEN,), "bias_ih": (), "bias_hh": ()}
PARAMS = {key: np.ones((2 * HIDDEN, *shape)) for key, shape in SHAPES.items()}

CALLS["gates"] = lambda gates: gates(X, STATE, PARAMS)
CALLS["new_state"] = lambda new_state: new_state(X, STATE, STATE, STATE, PARAMS)
