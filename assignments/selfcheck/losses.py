"""Losses, and what they are made of, checked by the properties that define them."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .tolerance import Array, relative_error
from .trial import Stop, Trial
from .undone import array_undone
from .values import Odd

EXTREME = np.array([[1000.0, -1000.0, 0.0, 1.5], [-1000.0, -1000.0, 0.0, -1.0]])  # each row has its own maximum
# Rows around +1000 and around -1000 in one array: one maximum for both, or numbers that are cut off, are not enough.
FAR = np.array([[1000.0, 999.5, 998.0, 1000.5], [-1000.0, -1002.0, -999.0, -1000.5]])
NEAR = FAR - [[1000.0], [-1000.0]]
ONE_ROW = ("loss of one row, label j minus label 0", "loss of one row, exp(-loss) summed over the labels")
FAR_OUT = "right around +1000 and -1000, too"
ONE_MAXIMUM = "one maximum for all rows, or numbers that are cut off"


@contextlib.contextmanager
def no_overflow(trial: Trial) -> Iterator[None]:
    """Inside a law: NumPy reports no overflow (silencing it is fine)."""
    before = len(trial.caught)
    yield
    others = [each for each in trial.caught[before:] if "overflow" not in str(each.message)]
    if len(others) < len(trial.caught) - before:
        trial.caught[before:] = others  # this row says it, and that it costs points
        raise Stop("NumPy reports an overflow: exp of a large number. Shift the exponents so that none is above 0")


def draw_labels(trial: Trial, classes: int, *shape: int) -> Array:
    """Labels that are not all alike along any axis, nor 0, 1, 2, …: other labels than the right ones never fit."""
    while True:
        labels = trial.rng.integers(0, classes, shape)
        alike = any(np.any(np.ptp(labels, axis=axis) == 0) for axis in range(len(shape)))
        if not alike and not any(np.array_equal(row, np.arange(shape[-1])) for row in labels.reshape(-1, shape[-1])):
            return labels


def check_squared_loss(trial: Trial, name: str, shape: Sequence[int], one: float, mean: bool) -> None:
    """A loss that is a mean or a sum over single pairs; `one` is the loss of a pair that is off by one."""
    prediction, target, single = trial.normal(*shape), trial.normal(*shape), (1,) * len(shape)
    gap = float(trial.rng.uniform(0.3, 3.0))
    off_by_gap = trial.call(name, np.full(single, 2 + gap), np.full(single, 2.0))
    trial.array("loss of one pair", off_by_gap, one * gap**2)
    pairs = zip(prediction.flat, target.flat, strict=True)
    alone = [float(trial.value(name, *(np.full(single, each) for each in pair))) for pair in pairs]
    whole = math.fsum(alone) / (len(alone) if mean else 1)
    trial.array("loss", trial.call(name, prediction, target), whole, own=["loss of one pair"])
    with trial.law("equal arrays give 0", "a constant that does not belong there") as same:
        same(trial.value(name, target, target), 0.0)
    title = "the data twice changes nothing" if mean else "the data twice doubles the loss"
    with trial.law(title, "a sum instead of a mean, or a mean instead of a sum") as same:
        once = trial.value(name, prediction, target)
        same(trial.value(name, np.tile(prediction, 2), np.tile(target, 2)), once * (1 if mean else 2))
    if mean:
        with trial.law("every prediction off by one gives 1", "a factor that does not belong there, or a sum") as same:
            same(trial.value(name, target + 1, target), one)
    trial.twice(name, prediction, target)


def check_class_loss(trial: Trial, loss: Callable[[Array, Array], float], logits: Array) -> Array:
    """Two rows that only a cross-entropy of single rows passes; returns its values, a column a class."""
    classes = logits.shape[-1]
    rows = [[loss(row[None], np.array([j])) for j in range(classes)] for row in logits.reshape(-1, classes)]
    table = np.array(rows).reshape(logits.shape)
    limit = trial.limit
    trial.array(ONE_ROW[0], to_first(table), -to_first(logits), tolerance=limit)
    sums = np.exp(-table).sum(axis=-1)
    trial.array(ONE_ROW[1], sums, np.ones(logits.shape[:-1]), tolerance=limit)
    if relative_error(np.abs(np.log(sums)), np.abs(logits.max(axis=-1)), 0.0) <= limit:
        trial.note("The loss of a row is off by its largest score: is that taken away in one place only?")
    return table


def check_softmax_values(trial: Trial, label: str, actual: Any, logits: Array, axis: int = -1) -> None:
    """Two rows that only a softmax along `axis` passes: ratios and sums."""
    log_ratios = lambda p: to_first(np.log(p), axis)
    array_undone(trial, f"{label}: log(p / first p)", actual, to_first(logits, axis), log_ratios, 0.0)
    with contextlib.suppress(Odd):
        sums = trial.read(actual, logits.shape).sum(axis=axis)
        trial.array(f"{label}: sum of p", sums, np.ones_like(sums), tolerance=trial.limit)


def to_first(logs: Array, axis: int = -1) -> Array:
    """Logarithms of the ratios to the first entry along the axis."""
    return logs - np.take(logs, [0], axis)
