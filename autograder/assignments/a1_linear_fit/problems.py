"""What the suite of a1_linear_fit draws: scatters and curves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from autograder.checks.draw import away_from_zero


@dataclass(frozen=True, eq=False)
class LineProblem:
    """A scatter for the linear fit: x, target (N,), w, b and a learning rate below the stable one, all floats."""

    x: np.ndarray
    target: np.ndarray
    w: float
    b: float
    lr: float


def draw_line(rng: np.random.Generator, n: int = 7, spread: float = 2.0) -> LineProblem:
    """n points that lie on no line, x of both signs and far from centred."""
    x = spread * (0.75 + rng.standard_normal(n))
    target = float(rng.uniform(1, 3)) * x - 4.0 + rng.standard_normal(n)
    lr = float(rng.uniform(0.2, 0.35) / (np.mean(x**2) + 1))
    return LineProblem(x, target, float(rng.uniform(-2, 2)), float(rng.uniform(0.5, 2)), lr)


def draw_steep_line(rng: np.random.Generator) -> LineProblem:
    """A learning rate that is too large, so that every loss is larger than the one before."""
    line = draw_line(rng)
    return replace(line, lr=20 * line.lr)


@dataclass(frozen=True, eq=False)
class CurveProblem:
    """A function of one number that is made in the student's process (see FAMILIES there), where, and how far to nudge."""

    family: str
    coefficients: tuple[np.ndarray, ...]
    at: float
    eps: float


def draw_curve(rng: np.random.Generator, family: str = "cubic") -> CurveProblem:
    """A cubic or a sine wave that bends more than it climbs: a one-sided difference misses its slope."""
    at, eps = float(away_from_zero(rng)), float(rng.uniform(0.02, 0.08))
    if family == "wave":
        rate, angle = rng.uniform(2.0, 3.0), rng.uniform(0.9, 1.1)  # tan of the angle is above 1.2
        coefficients = np.array([rng.uniform(1.0, 2.0), rate, angle - rate * at])
    else:
        value, slope, bend, third = away_from_zero(rng, 4) + np.sign(rng.standard_normal(4)) * [0.0, 0.0, 4.0, 2.0]
        taylor = np.poly1d([third / 6, bend / 2, slope, value])
        coefficients = taylor(np.poly1d([1.0, -at])).coefficients[::-1].copy()
    return CurveProblem(family, (coefficients,), at, eps)
