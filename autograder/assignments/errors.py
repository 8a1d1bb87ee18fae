"""A loss made of errors, and a bend between layers: what people write there, for several functions of several assignments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Array = np.ndarray

POWERS: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "plain": ("of the errors themselves", lambda e: e),
    "opposite": ("of the errors the other way round", lambda e: -e),
    "absolute": ("of the absolute errors", np.abs),
    "squared": ("of the squared errors", np.square),
    "cubed": ("of the third powers of the errors", lambda e: e**3),
    "fourth": ("of the fourth powers of the errors", lambda e: e**4),
    "root": ("of the roots of the absolute errors", lambda e: np.sqrt(np.abs(e))),
    "log_cosh": ("of log cosh of the errors", lambda e: np.log(np.cosh(e))),
    "centred": ("of the squared errors without their mean", lambda e: (e - e.mean()) ** 2),
    "clipped": ("of the squared errors, each at most 1", lambda e: np.minimum(e**2, 1)),
}
SIZES: dict[str, tuple[str, Callable[[Array], Any]]] = {
    "mean": ("the mean", np.mean),
    "sum": ("the sum", np.sum),
    "half_mean": ("half the mean", lambda v: np.mean(v) / 2),
    "half_sum": ("half the sum", lambda v: np.sum(v) / 2),
    "twice_mean": ("twice the mean", lambda v: 2 * np.mean(v)),
    "twice_sum": ("twice the sum", lambda v: 2 * np.sum(v)),
    "by_rows": ("the sum, divided by the number of rows,", lambda v: np.sum(v) / len(v)),
    "half_by_rows": ("half the sum, divided by the number of rows,", lambda v: np.sum(v) / len(v) / 2),
    "one_less": ("the sum, divided by one less than the number of rows,", lambda v: np.sum(v) / (len(v) - 1)),
    "twice_divided": ("the mean, divided by the number of rows once more,", lambda v: np.mean(v) / len(v)),
    "root_of_mean": ("the root of the mean", lambda v: np.sqrt(np.mean(v))),
    "root_of_sum": ("the root of the sum", lambda v: np.sqrt(np.sum(v))),
    "half_root": ("half the root of the sum", lambda v: np.sqrt(np.sum(v)) / 2),
    "square_of_mean": ("the square of the mean", lambda v: np.mean(v) ** 2),
    "square_of_sum": ("the square of the sum", lambda v: np.sum(v) ** 2),
    "half_square_of_sum": ("half the square of the sum", lambda v: np.sum(v) ** 2 / 2),
    "mean_of_square": ("the mean, taken without its sign,", lambda v: np.abs(np.mean(v))),
    "largest": ("the largest", np.max),
    "smallest": ("the smallest", np.min),
    "median": ("the median", np.median),
    "first": ("the first", lambda v: np.ravel(v)[0]),
    "last": ("the last", lambda v: np.ravel(v)[-1]),
    "product": ("the product", np.prod),
    "deviation": ("the standard deviation", np.std),
    "each": ("each", lambda v: v),
    "each_half": ("half of each", lambda v: v / 2),
    "each_row": ("the sum over each row", lambda v: v.sum(axis=-1)),
    "each_row_mean": ("the mean over each row", lambda v: v.mean(axis=-1)),
}


def of_both(reduce: Callable[[Array], Any], power: Callable[[Array], Array]) -> Callable[[Array], Any]:
    """A size of a power of the errors."""
    return lambda errors: reduce(power(errors))


def of_difference(loss: Callable[[Array], Any]) -> Callable[[Array, Array], Any]:
    """A loss of the errors as a loss of prediction and target."""
    return lambda prediction, target: loss(prediction - target)


def losses(*right: str) -> Iterator[tuple[str, str, Callable[[Array], Any]]]:
    """Every size of every power of the errors but the right one: its id, its title, and the loss."""
    for size, (taken, reduce) in SIZES.items():
        for power, (words, raised) in POWERS.items():
            of_signs = "root" in size and power in ("plain", "opposite", "cubed")  # no root of a negative number
            if f"{size}_{power}" not in right and not of_signs:
                yield f"{size}_{power}", f"the loss is {taken} {words}", of_both(reduce, raised)


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(−z)) without overflow."""
    result: Array = 0.5 * (1 + np.tanh(z / 2))
    return result


BENDS: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "nothing": ("missing", lambda z: z),
    "tanh": ("tanh", np.tanh),
    "sigmoid": ("a sigmoid", sigmoid),
    "relu": ("a ReLU", lambda z: np.maximum(z, 0)),
    "leaky": ("a leaky ReLU", lambda z: np.where(z > 0, z, 0.01 * z)),
    "tanh_twice": ("tanh of tanh", lambda z: np.tanh(np.tanh(z))),
    "sigmoid_twice": ("a sigmoid of a sigmoid", lambda z: sigmoid(sigmoid(z))),
    "negative_tanh": ("tanh with the other sign", lambda z: -np.tanh(z)),
    "mirrored": ("a sigmoid of −z", lambda z: sigmoid(-z)),
    "minus_sigmoid": ("a sigmoid with the other sign", lambda z: -sigmoid(z)),
    "tanh_half": ("tanh of z / 2", lambda z: np.tanh(z / 2)),
    "tanh_twice_z": ("tanh of 2 z", lambda z: np.tanh(2 * z)),
    "sigmoid_twice_z": ("a sigmoid of 2 z", lambda z: sigmoid(2 * z)),
    "sigmoid_half": ("a sigmoid of z / 2", lambda z: sigmoid(z / 2)),
    "slope_of_tanh": ("the slope of tanh, 1 − tanh²", lambda z: 1 - np.tanh(z) ** 2),
    "slope_of_sigmoid": ("the slope of the sigmoid, σ(1 − σ)", lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "sine": ("a sine", np.sin),
    "cosine": ("a cosine", np.cos),
    "arctan": ("arctan", np.arctan),
    "sinh": ("sinh", np.sinh),
    "cosh": ("cosh", np.cosh),
    "arctanh": ("arctanh of z, cut to its range", lambda z: np.arctanh(np.clip(z, -0.999999, 0.999999))),
    "exp": ("exp", np.exp),
    "exp_of_minus": ("exp(−z)", lambda z: np.exp(-z)),
    "one_plus_exp": ("1 + exp(−z), not one over it", lambda z: 1 + np.exp(-z)),
    "one_over_one_minus": ("1 / (1 − exp(−z))", lambda z: 1 / (1 - np.exp(-z))),
    "exp_over": ("exp(−z) / (1 + exp(z))", lambda z: np.exp(-z) / (1 + np.exp(z))),
    "softplus": ("log(1 + exp(z))", lambda z: np.logaddexp(0, z)),
    "softsign": ("z / (1 + |z|)", lambda z: z / (1 + np.abs(z))),
    "swish": ("z times a sigmoid of z", lambda z: z * sigmoid(z)),
    "sign": ("the sign of z", np.sign),
    "step": ("1 where z is above 0, else 0", lambda z: (z > 0) * 1.0),
    "hard_tanh": ("z clipped to [−1, 1]", lambda z: np.clip(z, -1, 1)),
    "hard_sigmoid": ("z clipped to [0, 1]", lambda z: np.clip(z, 0, 1)),
    "squared": ("z²", lambda z: z**2),
    "two_sigmoid_less_one": ("2σ(z) − 1, which is tanh(z / 2)", lambda z: 2 * sigmoid(z) - 1),
    "rescaled_tanh": ("(1 + tanh(z)) / 2, which is a sigmoid of 2 z", lambda z: (1 + np.tanh(z)) / 2),
    "one_plus_tanh": ("1 + tanh", lambda z: 1 + np.tanh(z)),
    "absolute": ("a sigmoid of |z|", lambda z: sigmoid(np.abs(z))),
    "tanh_absolute": ("tanh of |z|", lambda z: np.tanh(np.abs(z))),
    "softmax": ("a softmax over the units", lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)),
    "softmax_rows": ("a softmax over the rows", lambda z: np.exp(z) / np.exp(z).sum(axis=0, keepdims=True)),
    "log_sigmoid": ("the log of a sigmoid", lambda z: -np.logaddexp(0, -z)),
}
