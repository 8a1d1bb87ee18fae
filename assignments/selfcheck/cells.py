"""Weighted sums entry by entry, and the random parameters of a recurrent net."""

from __future__ import annotations

import math

import numpy as np

from .tolerance import Array, Inputs
from .trial import Trial

CELL = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def affine(rows: Array, weight: Array, bias: Array) -> Array:
    """Weighted sums plus bias, entry by entry from the definition."""
    return np.array([[math.fsum([b, *(w * row)]) for w, b in zip(weight, bias, strict=True)] for row in rows])


def cell_sums(x: Array, h: Array, at: Inputs) -> Array:
    """What goes into the tanh, for one step."""
    return affine(x, at["weight_ih"], at["bias_ih"]) + affine(h, at["weight_hh"], at["bias_hh"])


def cell_clues(x: Array, h: Array, at: Inputs) -> dict[str, Array]:
    """What goes into the tanh after a mistake that is made often, by what is said of it."""
    clues = {f"these are the numbers without {key}": cell_sums(x, h, {**at, key: 0 * at[key]}) for key in CELL}
    turned = {**at, "weight_hh": at["weight_hh"].T}
    return {**clues, "these are the numbers with weight_hh transposed": cell_sums(x, h, turned)}


def cell_params(at: Inputs) -> Inputs:
    return {key: at[key] for key in CELL}


def draw_cell_params(trial: Trial, d: int, h: int, scale: float = 1.0) -> Inputs:
    """Weights that make pre-activations around 1 and are not symmetric."""
    return {
        "weight_ih": trial.spread(1.3 * scale / math.sqrt(d), h, d),
        "weight_hh": trial.spread(1.7 * scale / math.sqrt(h), h, h),
        "bias_ih": trial.spread(0.6, h),
        "bias_hh": trial.spread(0.6, h),
    }


def draw_readout_params(trial: Trial, c: int, h: int) -> Inputs:
    return {"weight_ho": trial.spread(2.0 / math.sqrt(h), c, h), "bias_ho": trial.spread(0.6, c)}
