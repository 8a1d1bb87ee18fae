"""A recurrent layer over a sequence, drawn by rules that hide no mistake."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autograder.checks.draw import Params, away_from_zero
from autograder.kernels.contract import arrays

# The parameters of a recurrent layer and of its readout, with their axes: torch.nn.RNN's and torch.nn.Linear's.
RNN = arrays(weight_ih="H I", weight_hh="H H", bias_ih="H", bias_hh="H")
READOUT = arrays(weight_ho="C H", bias_ho="C")


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
    rng: np.random.Generator,
    steps: int = 5,
    n: int = 3,
    input_size: int = 2,
    hidden_size: int = 4,
    gain: float = 1.0,
    upstream: float = 1.0,
) -> RNNProblem:
    """A layer of these sizes; by default T = 5, N = 3, input 2, hidden 4, all different. upstream: size of grad_outputs."""
    params = rnn_params(rng, input_size, hidden_size, gain)
    return RNNProblem(
        away_from_zero(rng, steps, n, input_size),
        0.6 * away_from_zero(rng, n, hidden_size),
        params,
        upstream * away_from_zero(rng, steps, n, hidden_size),
    )


def rnn_params(rng: np.random.Generator, input_size: int, hidden_size: int, gain: float = 1.0) -> Params:
    """The four parameters; with a gain of 1 sums of about 1 come before tanh."""
    return {
        "weight_ih": gain * away_from_zero(rng, hidden_size, input_size) / np.sqrt(2 * input_size),
        "weight_hh": gain * away_from_zero(rng, hidden_size, hidden_size) / np.sqrt(1.5 * hidden_size),
        "bias_ih": 0.3 * away_from_zero(rng, hidden_size),
        "bias_hh": 0.3 * away_from_zero(rng, hidden_size),
    }


def draw_readout(rng: np.random.Generator, hidden_size: int = 4, classes: int = 6) -> Params:
    """weight_ho (classes, hidden_size) and bias_ho (classes,)."""
    return {"weight_ho": away_from_zero(rng, classes, hidden_size), "bias_ho": 0.5 * away_from_zero(rng, classes)}
