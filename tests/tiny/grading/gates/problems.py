"""What the suite of gates draws: one step of a cell with two gates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autograder.checks.draw import away_from_zero


@dataclass(frozen=True, eq=False)
class GateProblem:
    """x (N, inputs), h, c and candidate (N, H), and params: weights (2H, inputs) and (2H, H), two biases (2H,)."""

    x: np.ndarray
    h: np.ndarray
    c: np.ndarray
    candidate: np.ndarray
    params: Mapping[str, np.ndarray]


def draw_gates(rng: np.random.Generator, n: int = 3, inputs: int = 5, hidden: int = 4) -> GateProblem:
    """A step with all sizes different and pre-activations around 1."""
    params = {
        "weight_ih": away_from_zero(rng, 2 * hidden, inputs) / np.sqrt(inputs),
        "weight_hh": away_from_zero(rng, 2 * hidden, hidden) / np.sqrt(hidden),
        "bias_ih": away_from_zero(rng, 2 * hidden),
        "bias_hh": away_from_zero(rng, 2 * hidden),
    }
    h, c, candidate = (away_from_zero(rng, n, hidden) for _ in range(3))
    return GateProblem(away_from_zero(rng, n, inputs), h, c, candidate, params)
