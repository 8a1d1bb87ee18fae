"""Finite differences of your own functions: what a gradient is compared with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .tolerance import Array, Inputs
from .trial import Trial

DIFFERENCES = 0.8  # seconds for the differences of one check: a slow forward is called for fewer entries


def slopes(trial: Trial, loss: Callable[[Inputs], float], at: Inputs, share: float = 1.0, most: int = 10**6) -> Inputs:
    """Central differences of `loss` for the entries of every array in `at`; NaN for those that are not taken.

    `share` is the part of the time that these may take, `most` the number of entries of each array.
    """
    total = sum(array.size for array in at.values())
    until = time.process_time() + 0.2
    found = {}
    for key, array in at.items():
        until += DIFFERENCES * share * array.size / total
        found[key] = differences(trial, lambda moved, key=key: loss({**at, key: moved}), array, until, most)
    return found


def some_of(trial: Trial, places: Sequence[int]) -> Sequence[int]:
    """All places where differences are taken, or one of them where the sizes are large."""
    return [int(trial.rng.choice(places))] if trial.large else places


def differences(trial: Trial, f: Callable[[Array], Any], at: Array, until: float, most: int = 10**6) -> Array:
    """d f / d at, of shape at.shape + f.shape, by a rule of four points; some entries only when time runs out.

    At most `most` entries are taken, in random order; of a large array a quarter of that, and each index once.
    """
    trial.differencing = True
    try:
        found = np.full(at.shape + np.shape(f(at)), np.nan)
        spots = list(np.ndindex(at.shape))
        if trial.large:
            spots = [tuple(j % size for size in at.shape) for j in range(max(at.shape, default=1))]
            most = most // 4
        eps = 0.06 if trial.rough else 1e-3
        for done, place in enumerate(trial.rng.permutation(len(spots))[:most]):
            if done >= 2 and time.process_time() > until:
                trial.note("Your forward is slow, so only some entries of each array were compared.")
                break
            spot = spots[place]
            moved, values = at.copy(), []
            for step in (-2, -1, 1, 2):
                moved[spot] = at[spot] + step * eps
                values.append(np.asarray(f(moved), dtype=np.float64))
            found[spot] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * eps)
        return found
    finally:
        trial.differencing = False
