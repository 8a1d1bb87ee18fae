"""What the suite of a4_bptt draws: sequences with targets, trainings and gradients to clip."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from autograder.assignments.sequences import RNNProblem, draw_readout, draw_rnn, rnn_params
from autograder.checks.draw import Params
from autograder.checks.edges import equal_sizes, one_input, one_sample, one_step, one_unit

ONE_STEP = one_step(steps=1, n=2, input_size=4, hidden_size=3)
ONE_SAMPLE = one_sample(steps=3, n=1, input_size=2, hidden_size=2)
ONE_INPUT = one_input(steps=3, n=2, hidden_size=4)
ONE_UNIT = one_unit(steps=3, n=2, input_size=4)
EQUAL_SIZES = equal_sizes(steps=2, n=2, input_size=2, hidden_size=2)


@dataclass(frozen=True, eq=False)
class SequenceProblem:
    """A layer with a readout and targets: x (T, N, input_size), h0, target (T, N), six params."""

    x: np.ndarray
    h0: np.ndarray
    target: np.ndarray
    params: Params


def draw_sequence(
    rng: np.random.Generator, steps: int = 5, n: int = 3, input_size: int = 2, hidden_size: int = 4, classes: int = 6
) -> SequenceProblem:
    """A layer and a readout of these sizes, by default all different."""
    layer = draw_rnn(rng, steps, n, input_size, hidden_size)
    params = {**layer.params, **draw_readout(rng, hidden_size, classes)}
    return SequenceProblem(layer.x, layer.h0, rng.integers(0, classes, (steps, n)), params)


@dataclass(frozen=True, eq=False)
class TrainingProblem:
    """What a training takes: batches of (x, target), six params to start from, lr, and max_norm where it clips."""

    batches: list[tuple[np.ndarray, np.ndarray]]
    params: Params
    lr: float
    max_norm: float = 0.0


def draw_adder(
    rng: np.random.Generator, updates: int = 4, steps: int = 6, n: int = 3, hidden_size: int = 5
) -> TrainingProblem:
    """Pairs of binary numbers, lowest bit first, and the bits of their sums."""
    batches = []
    for _ in range(updates):
        bits = rng.integers(0, 2, (steps, n, 2))
        places = 2 ** np.arange(steps)[:, None]
        total = (bits * places[:, :, None]).sum(axis=(0, 2))
        batches.append((bits.astype(np.float64), total // places % 2))
    params = {**rnn_params(rng, 2, hidden_size), **draw_readout(rng, hidden_size, 2)}
    return TrainingProblem(batches, params, float(rng.uniform(0.3, 0.6)))


def draw_first_xor_last(
    rng: np.random.Generator,
    updates: int = 4,
    steps: int = 5,
    n: int = 6,
    hidden_size: int = 4,
    max_norm: float = 0.1,
) -> TrainingProblem:
    """Rows of bits and whether the first differs from the last; in each batch both answers come up."""
    batches = []
    for _ in range(updates):
        bits = rng.integers(0, 2, (steps, n, 1))
        bits[-1, :2, 0] = bits[0, :2, 0] ^ np.array([0, 1])
        batches.append((bits.astype(np.float64), bits[0, :, 0] ^ bits[-1, :, 0]))
    params = {**rnn_params(rng, 1, hidden_size), **draw_readout(rng, hidden_size, 2)}
    return TrainingProblem(batches, params, float(rng.uniform(0.3, 0.6)), max_norm * float(rng.uniform(0.8, 1.2)))


@dataclass(frozen=True, eq=False)
class ClipProblem:
    """Six gradients and the norm that they shall not exceed."""

    grads: Params
    max_norm: float


def draw_clip(rng: np.random.Generator, share: float = 0.1, size: float = 1.0) -> ClipProblem:
    """Gradients of about this size, and a max_norm that is about this share of their norm."""
    grads = {**rnn_params(rng, 2, 4), **draw_readout(rng, 4, 3)}
    grads = {name: size * grad for name, grad in grads.items()}
    norm = float(np.sqrt(sum(np.sum(grad**2) for grad in grads.values())))
    return ClipProblem(grads, share * (norm or 1.0))


STEEP = 1e4  # upstream gradients so large that whatever is clipped or rounded shows


def draw_steep_rnn(rng: np.random.Generator) -> RNNProblem:
    """A layer with injected gradients so large that whatever is clipped or rounded shows."""
    problem = draw_rnn(rng)
    return replace(problem, grad_outputs=STEEP * problem.grad_outputs)
