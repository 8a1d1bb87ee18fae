"""What the suite of a3_rnn_cell draws: cells in both layouts, readouts and losses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from autograder.assignments.sequences import RNNProblem, draw_readout, draw_rnn
from autograder.checks.draw import Params, away_from_zero


@dataclass(frozen=True, eq=False)
class CellProblem:
    """One step: x (N, input_size), h_prev (N, hidden_size), params, grad_h (N, hidden_size)."""

    x: np.ndarray
    h_prev: np.ndarray
    params: Params
    grad_h: np.ndarray


def draw_cell(
    rng: np.random.Generator,
    n: int = 3,
    input_size: int = 2,
    hidden_size: int = 4,
    gain: float = 1.0,
    upstream: float = 1.0,
) -> CellProblem:
    """One step of a layer of these sizes."""
    layer = draw_rnn(rng, 1, n, input_size, hidden_size, gain, upstream)
    return CellProblem(layer.x[0], layer.h0, layer.params, layer.grad_outputs[0])


@dataclass(frozen=True, eq=False)
class ColumnProblem:
    """One step in the textbook's layout, a sample a column: xt (input_size, N), ba (hidden_size, 1) and so on."""

    xt: np.ndarray
    a_prev: np.ndarray
    Wax: np.ndarray
    Waa: np.ndarray
    Wya: np.ndarray
    ba: np.ndarray
    by: np.ndarray
    da_next: np.ndarray

    @property
    def forward_arguments(self) -> tuple[np.ndarray, ...]:
        """What column_cell_forward takes."""
        return self.xt, self.a_prev, self.Wax, self.Waa, self.Wya, self.ba, self.by

    @property
    def backward_arguments(self) -> tuple[np.ndarray, ...]:
        """What column_cell_backward takes."""
        return self.da_next, self.xt, self.a_prev, self.Wax, self.Waa, self.ba


def draw_columns(
    rng: np.random.Generator,
    n: int = 3,
    input_size: int = 2,
    hidden_size: int = 4,
    classes: int = 5,
    gain: float = 1.0,
    upstream: float = 1.0,
) -> ColumnProblem:
    """One step of these sizes; there is one bias, so it is as large as two."""
    cell = draw_cell(rng, n, input_size, hidden_size, gain, upstream)
    readout = draw_readout(rng, hidden_size, classes)
    return ColumnProblem(
        xt=cell.x.T.copy(),
        a_prev=cell.h_prev.T.copy(),
        Wax=cell.params["weight_ih"],
        Waa=cell.params["weight_hh"],
        Wya=readout["weight_ho"],
        ba=(cell.params["bias_ih"] + cell.params["bias_hh"])[:, None],
        by=readout["bias_ho"][:, None],
        da_next=cell.grad_h.T.copy(),
    )


@dataclass(frozen=True, eq=False)
class ReadoutProblem:
    """A linear readout: outputs (…, hidden_size), params, grad_logits (…, classes)."""

    outputs: np.ndarray
    params: Params
    grad_logits: np.ndarray


def draw_readout_problem(
    rng: np.random.Generator, leading: tuple[int, ...] = (5, 3), hidden_size: int = 4, classes: int = 6
) -> ReadoutProblem:
    """A readout of states with these leading axes, by default (T, N) = (5, 3)."""
    outputs = np.tanh(away_from_zero(rng, *leading, hidden_size))
    return ReadoutProblem(outputs, draw_readout(rng, hidden_size, classes), away_from_zero(rng, *leading, classes))


@dataclass(frozen=True, eq=False)
class LogitsProblem:
    """What a loss takes: logits (T, N, classes) and target (T, N)."""

    logits: np.ndarray
    target: np.ndarray


def draw_logits(rng: np.random.Generator, steps: int = 5, n: int = 3, classes: int = 4) -> LogitsProblem:
    """Moderate logits, any target."""
    return LogitsProblem(1.5 * away_from_zero(rng, steps, n, classes), rng.integers(0, classes, (steps, n)))


def draw_huge_logits(rng: np.random.Generator, steps: int = 5, n: int = 3, classes: int = 4) -> LogitsProblem:
    """Logits around -1000, 0 and 1000: all three in most rows, the least alone in one, the largest alone in another."""
    heights = rng.permuted(np.resize([1000.0, 0.0, -1000.0], (steps, n, classes)), axis=-1)
    heights[0, 0], heights[-1, -1] = -1000.0, 1000.0
    return LogitsProblem(heights + rng.standard_normal(heights.shape), rng.integers(0, classes, (steps, n)))


STEEP = 1e4  # upstream gradients so large that whatever is clipped or rounded shows


def draw_steep_cell(rng: np.random.Generator) -> CellProblem:
    """A cell under a steep gradient."""
    problem = draw_cell(rng)
    return replace(problem, grad_h=STEEP * problem.grad_h)


def draw_steep_columns(rng: np.random.Generator) -> ColumnProblem:
    """The same in columns."""
    problem = draw_columns(rng)
    return replace(problem, da_next=STEEP * problem.da_next)


def draw_steep_steps(rng: np.random.Generator) -> RNNProblem:
    """Two steps, each under a steep gradient."""
    problem = draw_rnn(rng, steps=2)
    return replace(problem, grad_outputs=STEEP * problem.grad_outputs)


def draw_steep_readout(rng: np.random.Generator) -> ReadoutProblem:
    """A readout under a steep gradient."""
    problem = draw_readout_problem(rng)
    return replace(problem, grad_logits=STEEP * problem.grad_logits)
