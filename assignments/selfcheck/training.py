"""A training loop, checked step by step against the differences of your own loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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
    """The first loss, two steps against differences of the loss, the later losses, and the loop in two pieces.

    The gradient has a check of its own, so at most `most` entries of each parameter are compared here.
    """
    start, hint = training.start, "a step that changes with its number, or a start that is changed in place"

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
    states = [start, after, run(start, 0, 2)[0]]
    moved, right = one_step(trial, training, states, 0, most)
    after_one = {key: f"{key} after one step" for key in start}
    for key, label in after_one.items():
        trial.array(label, after[key], start[key] + right[key], tolerance=TRAINING)
    if all(relative_error(after[key], start[key] - right[key], 0.0) <= TRAINING for key in start):
        trial.note("The first step goes up the slope of the loss; it must go down.")
    if training.max_norm < math.inf:
        hint = "a norm over other arrays, or no clipping"
        with trial.law("a clipped step is lr * max_norm long", hint, 1e-4) as same:
            same(norm(*moved.values()), training.lr * training.max_norm)
    _, right = one_step(trial, training, states, 1, most)
    second, expected = "parameters after two steps", {key: after[key] + right[key] for key in start}
    trial.array(second, joined(states[2]), joined(expected), tolerance=TRAINING, own=list(after_one.values()))
    end, losses = run(start, 0, 3)
    own = [training.loss(state, step) for step, state in enumerate(states)]
    trial.array("losses, each before its update", losses, own, tolerance=TRAINING, own=[*after_one.values(), second])
    with trial.law("one step, then the others: the same end", hint, TRAINING) as same:
        same(run(after, 1, 3)[0], end)
    with trial.law("called twice, the same", "something remembered between the calls", TRAINING) as same:
        same(run(start, 0, 3)[0], end)


def one_step(trial: Trial, training: Training, states: Sequence[Inputs], step: int, most: int) -> tuple[Inputs, Inputs]:
    """How far one of your steps goes, and how far it should go by differences of the loss at your own parameters."""
    before, after = states[step : step + 2]
    gradients = slopes(trial, lambda at: training.loss(at, step), before, most=most)
    moved, rate = {key: after[key] - before[key] for key in before}, training.lr
    if training.max_norm < math.inf:
        rate = abs(dot(moved, gradients)) / dot(gradients, gradients)  # one factor for all arrays
    return moved, {key: -rate * gradients[key] for key in before}


def joined(arrays: Inputs) -> Array:
    """All entries, one array after the other."""
    return np.concatenate([array.ravel() for array in arrays.values()])


def dot(a: Inputs, b: Inputs) -> float:
    """The dot product of two dicts of arrays; entries that are NaN do not count."""
    return sum(float(np.nansum(a[key] * b[key])) for key in a)


def norm(*arrays: Array) -> float:
    """The Euclidean norm of all entries together."""
    return math.sqrt(math.fsum(np.concatenate([array.ravel() for array in arrays]) ** 2))
