"""What the suite of a2_mlp_backprop draws: networks, classes, and functions to differentiate."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from autograder.checks.draw import Params, away_from_zero


@dataclass(frozen=True, eq=False)
class RidgeProblem:
    """A function of a whole array that is made in the student's process: its coefficients, where, how far to nudge."""

    coefficients: tuple[np.ndarray, np.ndarray]
    array: np.ndarray
    eps: float


def draw_ridge(rng: np.random.Generator, shape: tuple[int, ...] = (3, 4)) -> RidgeProblem:
    """Waves along every axis and a valley across all of them: no entry's slope is that of another."""
    waves, valley = 3.0 + away_from_zero(rng, *shape), away_from_zero(rng, *shape)
    array = np.asarray(away_from_zero(rng, *shape))  # 0-d too: NumPy makes a scalar of it, a student gets an array
    return RidgeProblem((np.asarray(waves), np.asarray(valley)), array, float(rng.uniform(0.02, 0.08)))


@dataclass(frozen=True, eq=False)
class MLPProblem:
    """Two sigmoid layers: x (N, in), target (N, out), params, an upstream gradient of the prediction, a learning rate."""

    x: np.ndarray
    target: np.ndarray
    params: Params
    grad_prediction: np.ndarray
    lr: float


def draw_mlp(
    rng: np.random.Generator, n: int = 5, inputs: int = 3, hidden: int = 4, outputs: int = 2, upstream: float = 1.0
) -> MLPProblem:
    """A net of sizes n, inputs, hidden, outputs; by default all different."""
    params = {
        "weight_1": away_from_zero(rng, hidden, inputs) / np.sqrt(inputs),
        "bias_1": 0.5 * away_from_zero(rng, hidden),
        "weight_2": away_from_zero(rng, outputs, hidden) / np.sqrt(hidden),
        "bias_2": 0.5 * away_from_zero(rng, outputs),
    }
    x, target, grad_prediction = (
        away_from_zero(rng, n, inputs),
        rng.uniform(0, 1, (n, outputs)),
        upstream * away_from_zero(rng, n, outputs),
    )
    return MLPProblem(x, target, params, grad_prediction, float(rng.uniform(0.3, 0.8)))


def draw_array(rng: np.random.Generator, shape: tuple[int, ...] = (4, 3)) -> np.ndarray:
    """An array of moderate numbers of both signs."""
    return np.asarray(1.5 * away_from_zero(rng, *shape))


def draw_thousands(rng: np.random.Generator, shape: tuple[int, ...] = (4, 3)) -> np.ndarray:
    """An array near +1000 and -1000 by turns, where exp overflows."""
    return 1000.0 * (-1.0) ** np.arange(np.prod(shape)).reshape(shape) + rng.standard_normal(shape)


@dataclass(frozen=True, eq=False)
class ClassesProblem:
    """Scores of a classifier: logits (N, classes), target (N,) of class numbers."""

    logits: np.ndarray
    target: np.ndarray


def draw_classes(rng: np.random.Generator, n: int = 5, classes: int = 4) -> ClassesProblem:
    """Moderate scores; the targets are several classes in no order."""
    target = rng.permutation(np.arange(n) % (classes - 1) + int(rng.integers(2)))
    return ClassesProblem(1.5 * away_from_zero(rng, n, classes), target)


def draw_extreme_classes(rng: np.random.Generator, n: int = 5, classes: int = 4) -> ClassesProblem:
    """Rows around +1000, -1000 and both, so that exp overflows in some rows and leaves nothing but zeros in others."""
    drawn = draw_classes(rng, n, classes)
    offsets = np.zeros((n, classes))
    offsets[0], offsets[1], offsets[2] = 1000.0, -1000.0, rng.permutation(1000.0 * (-1.0) ** np.arange(classes))
    drawn.target[2] = int(np.argmin(offsets[2]))
    return ClassesProblem(drawn.logits + offsets, drawn.target)


STEEP = 1e4  # upstream gradients so large that whatever is clipped or rounded shows


def draw_steep_mlp(rng: np.random.Generator) -> MLPProblem:
    """A net with an upstream gradient so large that whatever is clipped or rounded shows."""
    problem = draw_mlp(rng)
    return replace(problem, grad_prediction=STEEP * problem.grad_prediction)
