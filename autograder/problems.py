"""Random inputs of the hidden suites, drawn from the course seed by rules that hide no mistake.

The problems that decide points have T >= 3, N >= 2, sizes that all differ, non-zero h0, asymmetric weights, a random
upstream gradient at every step, pre-activations around 1 and float64 (facts in docs/validity.md). Edge cases stand
beside them in the suites.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

Params = dict[str, np.ndarray]
Problem = TypeVar("Problem")


def rng_for(seed: str, name: str) -> np.random.Generator:
    """The generator of one named problem: the same for a whole class, another for each name and each course seed."""
    return np.random.default_rng([int.from_bytes(seed.encode(), "big"), zlib.crc32(name.encode())])


@dataclass(frozen=True)
class Draw:
    """Draws problems by name and keeps them: ``draw(draw_rnn, "long", steps=400)``.

    The same class meets the same numbers, and PyTorch's answers to them are computed once.
    """

    seed: str
    suite: str
    drawn: dict[Any, Any]

    def __call__(self, kind: Callable[..., Problem], name: str = "main", **sizes: Any) -> Problem:
        key = (self.seed, self.suite, kind.__name__, name, *sorted(sizes.items()))
        if key not in self.drawn:
            self.drawn[key] = kind(rng_for(self.seed, "/".join(map(str, key[1:]))), **sizes)
        return self.drawn[key]  # type: ignore[no-any-return]


def away_from_zero(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Normal numbers none of which is near 0, so that no entry of a product vanishes by chance. float64, any shape."""
    values = rng.standard_normal(shape)
    return np.sign(values) * (0.2 + np.abs(values))


@dataclass(frozen=True, eq=False)
class LineProblem:
    """A scatter for the linear fit: x, target (N,), w and b floats."""

    x: np.ndarray
    target: np.ndarray
    w: float
    b: float


def draw_line(rng: np.random.Generator, n: int = 7) -> LineProblem:
    """n points that lie on no line, x of both signs and far from centred."""
    x = 1.5 + 2.0 * rng.standard_normal(n)
    target = float(rng.uniform(1, 3)) * x - 4.0 + rng.standard_normal(n)
    return LineProblem(x, target, float(rng.uniform(-2, 2)), float(rng.uniform(0.5, 2)))


@dataclass(frozen=True, eq=False)
class MLPProblem:
    """Two sigmoid layers: x (N, in), target (N, out), params, and an upstream gradient of the prediction."""

    x: np.ndarray
    target: np.ndarray
    params: Params
    grad_prediction: np.ndarray


def draw_mlp(rng: np.random.Generator, n: int = 5, inputs: int = 3, hidden: int = 4, outputs: int = 2) -> MLPProblem:
    """A net of sizes n, inputs, hidden, outputs; by default all different."""
    params = {
        "weight_1": away_from_zero(rng, hidden, inputs) / np.sqrt(inputs),
        "bias_1": 0.5 * away_from_zero(rng, hidden),
        "weight_2": away_from_zero(rng, outputs, hidden) / np.sqrt(hidden),
        "bias_2": 0.5 * away_from_zero(rng, outputs),
    }
    return MLPProblem(away_from_zero(rng, n, inputs), rng.uniform(0, 1, (n, outputs)), params, away_from_zero(rng, n, outputs))


@dataclass(frozen=True, eq=False)
class RNNProblem:
    """A recurrent layer: x (T, N, input_size), h0 (N, hidden_size), params, grad_outputs (T, N, hidden_size)."""

    x: np.ndarray
    h0: np.ndarray
    params: Params
    grad_outputs: np.ndarray

    @cached_property
    def steps(self) -> int:
        """T."""
        return len(self.x)


def draw_rnn(
    rng: np.random.Generator, steps: int = 5, n: int = 3, input_size: int = 2, hidden_size: int = 4, gain: float = 1.0
) -> RNNProblem:
    """A layer of these sizes; by default T = 5, N = 3, input 2, hidden 4, all different."""
    params = {
        "weight_ih": gain * away_from_zero(rng, hidden_size, input_size) / np.sqrt(2 * input_size),
        "weight_hh": gain * away_from_zero(rng, hidden_size, hidden_size) / np.sqrt(1.5 * hidden_size),
        "bias_ih": 0.3 * away_from_zero(rng, hidden_size),
        "bias_hh": 0.3 * away_from_zero(rng, hidden_size),
    }
    return RNNProblem(
        away_from_zero(rng, steps, n, input_size),
        0.6 * away_from_zero(rng, n, hidden_size),
        params,
        away_from_zero(rng, steps, n, hidden_size),
    )


def draw_readout(rng: np.random.Generator, hidden_size: int = 4, classes: int = 6) -> Params:
    """weight_ho (classes, hidden_size) and bias_ho (classes,)."""
    return {"weight_ho": away_from_zero(rng, classes, hidden_size), "bias_ho": 0.5 * away_from_zero(rng, classes)}
