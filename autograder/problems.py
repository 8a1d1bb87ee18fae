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


def draw_mlp(rng: np.random.Generator, n: int = 5, inputs: int = 3, hidden: int = 4, outputs: int = 2) -> MLPProblem:
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
        away_from_zero(rng, n, outputs),
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
    params = rnn_params(rng, input_size, hidden_size, gain)
    return RNNProblem(
        away_from_zero(rng, steps, n, input_size),
        0.6 * away_from_zero(rng, n, hidden_size),
        params,
        away_from_zero(rng, steps, n, hidden_size),
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


@dataclass(frozen=True, eq=False)
class CellProblem:
    """One step: x (N, input_size), h_prev (N, hidden_size), params, grad_h (N, hidden_size)."""

    x: np.ndarray
    h_prev: np.ndarray
    params: Params
    grad_h: np.ndarray


def draw_cell(
    rng: np.random.Generator, n: int = 3, input_size: int = 2, hidden_size: int = 4, gain: float = 1.0
) -> CellProblem:
    """One step of a layer of these sizes."""
    layer = draw_rnn(rng, 1, n, input_size, hidden_size, gain)
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
) -> ColumnProblem:
    """One step of these sizes; there is one bias, so it is as large as two."""
    cell = draw_cell(rng, n, input_size, hidden_size, gain)
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
