"""What the known mistakes of a1_linear_fit are made of."""

from __future__ import annotations

import numpy as np

Array = np.ndarray

Data = tuple[Array, Array, float, float]
