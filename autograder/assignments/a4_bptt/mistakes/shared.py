"""What the known mistakes of a4_bptt are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray


Grads = dict[str, Any]


Params = dict[str, Array]


WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


SIX = (*WEIGHTS, "weight_ho", "bias_ho")
