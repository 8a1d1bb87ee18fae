"""A training loop, checked step by step against the differences of your own loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .differences import slopes
from .tolerance import TRAINING, Array, Inputs, relative_error
from .trial import Stop, Trial, mixed


@dataclass(frozen=True)
class Training:
    """Your training loop, and your own loss."""

    name: str
    start: Inputs
    lr: float
    run: Callable[[Inputs, int, int], tuple[Any, Any]]  # parameters, first step, end → (parameters, losses)
    loss: Callable[[Inputs, int], float]  # of these parameters at that step
    max_norm: float = math.inf  # below the norm of every gradient, where steps are clipped


def check_training(trial: Trial, training: Training, most: int = 8) -> None:
    """The first loss, the first step against differences of the loss, the later losses, and the loop in two pieces.

    The gradient has a check of its own, so at most `most` entries of each parameter are compared here.
    """
    start, hint = training.start, "a step that depends on its place, or a start that is changed in place"

    def run(begin: Inputs, first: int, end: int) -> tuple[Inputs, Array]:
        params, losses = training.run(mixed(begin), first, end)
        found = trial.mapping(params, list(begin), f"{training.name}, as params,")
        arrays = {key: trial.as_array(found[key], begin[key].shape, key) for key in begin}
        losses = trial.as_array(losses, None, "losses")
        if losses.shape != (end - first,):
            raise Stop(f"losses: expected {end - first}, one for each step, got shape {losses.shape}")
        return arrays, losses

    after, losses = run(start, 0, 1)
    trial.array("losses[0], before the first update", losses[0], training.loss(start, 0), tolerance=TRAINING)
    gradients = slopes(trial, lambda at: training.loss(at, 0), start, most=most)
    rate = training.lr
    if training.max_norm < math.inf:
        moved = {key: start[key] - after[key] for key in start}
        rate = abs(dot(moved, gradients)) / dot(gradients, gradients)  # one factor for all arrays
        with trial.law(
            "a clipped step is lr * max_norm long", "a norm over other arrays, or no clipping", 1e-4
        ) as same:
            same(norm(*moved.values()), training.lr * training.max_norm)
    after_one = {key: f"{key} after one step" for key in start}
    for key, label in after_one.items():
        trial.array(label, after[key], start[key] - rate * gradients[key], tolerance=TRAINING)
    uphill = {key: start[key] + rate * gradients[key] for key in start}
    if all(relative_error(after[key], uphill[key], 0.0) <= TRAINING for key in start):
        trial.note("The first step goes up the slope of the loss; it must go down.")
    end, losses = run(start, 0, 3)
    states = [start, after, run(start, 0, 2)[0]]
    own = [training.loss(state, step) for step, state in enumerate(states)]
    trial.array("losses, each before its update", losses, own, tolerance=TRAINING, own=list(after_one.values()))
    with trial.law("one step, then the others: the same end", hint, TRAINING) as same:
        same(run(after, 1, 3)[0], end)
    with trial.law("called twice, the same", "something remembered between the calls", TRAINING) as same:
        same(run(start, 0, 3)[0], end)


def dot(a: Inputs, b: Inputs) -> float:
    """The dot product of two dicts of arrays; entries that are NaN do not count."""
    return sum(float(np.nansum(a[key] * b[key])) for key in a)


def norm(*arrays: Array) -> float:
    """The Euclidean norm of all entries together."""
    return math.sqrt(math.fsum(np.concatenate([array.ravel() for array in arrays]) ** 2))
