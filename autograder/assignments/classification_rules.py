"""Softmax and cross-entropy: what people write in each slot, by rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.assignments.classification import Array, log_ratio, ratio
from autograder.naming.edits import Edit

NO_LOG = ("p_share", "p_log", "p_hard")  # their log is not finite


GIVEN: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "negative": ("the logits{inside} enter with the other sign", lambda z: -z),
    "absolute": ("the logits{inside} enter without their signs", np.abs),
    "half": ("the logits{inside} are halved", lambda z: z / 2),
    "twice": ("the logits{inside} are doubled", lambda z: 2 * z),
    "squared": ("the logits{inside} are squared", lambda z: z**2),
    "bent": ("the logits{inside} go through tanh first", np.tanh),
    "sigmoid": ("the logits{inside} go through a sigmoid first", lambda z: 1 / (1 + np.exp(-z))),
    "relu": ("the logits{inside} go through a ReLU first", lambda z: np.maximum(z, 0)),
    "normed": ("the logits{inside} are divided by their norm", lambda z: z / np.linalg.norm(z, axis=-1, keepdims=True)),
    "by_largest": (
        "the logits{inside} are divided by their largest, not diminished by it",
        lambda z: z / z.max(axis=-1, keepdims=True),
    ),
    "standard": (
        "the logits{inside} are standardised first",
        lambda z: (z - z.mean(axis=-1, keepdims=True)) / z.std(axis=-1, keepdims=True),
    ),
    "by_root": (
        "the logits{inside} are divided by the root of the number of classes",
        lambda z: z / np.sqrt(z.shape[-1]),
    ),
    "by_classes": ("the logits{inside} are divided by the number of classes", lambda z: z / z.shape[-1]),
}
POWERS: dict[str, tuple[str, Any]] = {
    "sigmoid": ("a sigmoid of each logit stands for the softmax{inside}", lambda z, axis: 1 / (1 + np.exp(-z))),
    "share": (
        "each logit is divided by their sum{inside}: exp is missing",
        lambda z, axis: z / z.sum(axis=axis, keepdims=True),
    ),
    "by_largest": (
        "the powers{inside} are divided by the largest, not by their sum",
        lambda z, axis: np.exp(z) / np.exp(z).max(axis=axis, keepdims=True),
    ),
    "by_mean": (
        "the powers{inside} are divided by their mean, not by their sum",
        lambda z, axis: np.exp(z) / np.exp(z).mean(axis=axis, keepdims=True),
    ),
    "one_more": (
        "a 1 is added to the sum of the powers{inside}",
        lambda z, axis: np.exp(z) / (1 + np.exp(z).sum(axis=axis, keepdims=True)),
    ),
    "by_norm": (
        "the powers{inside} are divided by their norm, not by their sum",
        lambda z, axis: np.exp(z) / np.linalg.norm(np.exp(z), axis=axis, keepdims=True),
    ),
    "others": (
        "the sum of the powers{inside} leaves out the entry itself",
        lambda z, axis: np.exp(z) / (np.exp(z).sum(axis=axis, keepdims=True) - np.exp(z)),
    ),
    "base_two": (
        "the powers{inside} are those of 2, not of e",
        lambda z, axis: 2**z / (2**z).sum(axis=axis, keepdims=True),
    ),
    "squares": ("the probabilities{inside} are squared", lambda z, axis: ratio(z, axis) ** 2),
    "log": ("the logs of the probabilities stand for the probabilities{inside}", log_ratio),
    "hard": (
        "the largest logit gets all{inside}: a 1 among zeros",
        lambda z, axis: (z == z.max(axis=-1, keepdims=True)) * 1.0,
    ),
    "sum_of_logits": (
        "the powers{inside} are divided by the power of the sum of the logits",
        lambda z, axis: np.exp(z) / np.exp(z.sum(axis=axis, keepdims=True)),
    ),
    "one_minus": ("1 − p stands for p{inside}", lambda z, axis: 1 - ratio(z, axis)),
    **{
        f"plus_1e_{n}": (
            f"1e-{n} is added to the sum of the powers{{inside}}",
            lambda z, axis, n=n: np.exp(z) / (np.exp(z).sum(axis=axis, keepdims=True) + 10.0**-n),
        )
        for n in (1, 2, 3, 4, 5, 6)
    },
}
ROWS: dict[str, tuple[str, Any]] = {
    "probability": (
        "the loss of a row is −p of its class: the log is missing",
        lambda log_p, p, y: -np.sum(y * p, axis=-1),
    ),
    "one_less": (
        "the loss of a row is 1 − p of its class: there is no log",
        lambda log_p, p, y: 1 - np.sum(y * p, axis=-1),
    ),
    "inverse": ("the loss of a row is 1 / p of its class", lambda log_p, p, y: 1 / np.sum(y * p, axis=-1)),
    "of_the_others": (
        "the loss of a row is −log(1 − p) of its class",
        lambda log_p, p, y: -np.log(1 - np.sum(y * p, axis=-1)),
    ),
    "all_classes": (
        "−log p of all classes is added up, not that of the row's own",
        lambda log_p, p, y: -log_p.sum(axis=-1),
    ),
    "class_mean": (
        "−log p is averaged over all classes, not taken at the row's own",
        lambda log_p, p, y: -log_p.mean(axis=-1),
    ),
    "entropy": (
        "−p log p is added up over the classes: the entropy, in which no target enters",
        lambda log_p, p, y: -np.sum(p * log_p, axis=-1),
    ),
    "p_log_p": (
        "−log p of the row's class is multiplied by p again",
        lambda log_p, p, y: -np.sum(y * p * log_p, axis=-1),
    ),
    "squared_error": (
        "the loss is a squared error of the probabilities",
        lambda log_p, p, y: np.sum((p - y) ** 2, axis=-1),
    ),
    "half_squared_error": (
        "the loss is half a squared error of the probabilities",
        lambda log_p, p, y: np.sum((p - y) ** 2, axis=-1) / 2,
    ),
    "mean_squared_error": (
        "the loss is a squared error of the probabilities, averaged over the classes",
        lambda log_p, p, y: np.mean((p - y) ** 2, axis=-1),
    ),
    "absolute_error": ("the loss is the sum of |p − one-hot|", lambda log_p, p, y: np.abs(p - y).sum(axis=-1)),
    "base_two": ("the log is taken to base 2", lambda log_p, p, y: -np.sum(y * log_p, axis=-1) / np.log(2)),
    "base_ten": ("the log is taken to base 10", lambda log_p, p, y: -np.sum(y * log_p, axis=-1) / np.log(10)),
    "next_class": (
        "the class to the right of the target is taken",
        lambda log_p, p, y: -np.sum(np.roll(y, 1, axis=-1) * log_p, axis=-1),
    ),
    "class_before": (
        "the class to the left of the target is taken",
        lambda log_p, p, y: -np.sum(np.roll(y, -1, axis=-1) * log_p, axis=-1),
    ),
    "first_class": ("the first class is taken, whatever the target is", lambda log_p, p, y: -log_p[..., 0]),
    "last_class": ("the last class is taken, whatever the target is", lambda log_p, p, y: -log_p[..., -1]),
    "likeliest": ("the likeliest class is taken, whatever the target is", lambda log_p, p, y: -log_p.max(axis=-1)),
    "log_of_one_more": ("the log is that of 1 + p", lambda log_p, p, y: -np.log1p(np.sum(y * p, axis=-1))),
    "squared": ("log p is squared", lambda log_p, p, y: np.sum(y * log_p, axis=-1) ** 2),
    "others_too": (
        "log(1 − p) of the wrong classes is taken, not log p of the right one",
        lambda log_p, p, y: -np.sum((1 - y) * np.log(1 - p), axis=-1),
    ),
    "wrong_classes": ("−log p of the wrong classes is added up", lambda log_p, p, y: -np.sum((1 - y) * log_p, axis=-1)),
    **{
        f"plus_1e_{n}": (
            f"1e-{n} is added inside the log",
            lambda log_p, p, y, n=n: -np.log(np.sum(y * p, axis=-1) + 10.0**-n),
        )
        for n in (1, 2, 3, 4, 5, 6, 7)
    },
    **{
        f"clipped_1e_{n}": (
            f"p is kept between 1e-{n} and 1 − 1e-{n} inside the log",
            lambda log_p, p, y, n=n: -np.log(np.clip(np.sum(y * p, axis=-1), 10.0**-n, 1 - 10.0**-n)),
        )
        for n in (1, 2)
    },
}
REDUCED: dict[str, tuple[str, Callable[[Array, Array], Any]]] = {
    "half": ("the mean of the losses is halved", lambda rows, y: rows.mean() / 2),
    "twice": ("the mean of the losses is doubled", lambda rows, y: 2 * rows.mean()),
    "largest": ("the largest of the losses is taken, not their mean", lambda rows, y: rows.max()),
    "median": ("the median of the losses is taken, not their mean", lambda rows, y: np.median(rows)),
    "first": ("only the first row's loss counts", lambda rows, y: rows[0].mean()),
    "last": ("only the last row's loss counts", lambda rows, y: rows[-1].mean()),
    "total": ("the losses are added, not averaged", lambda rows, y: rows.sum()),
    "by_classes": (
        "the losses are added and divided by the number of classes",
        lambda rows, y: rows.sum() / y.shape[-1],
    ),
    "by_entries": (
        "the losses are added and divided by the number of all entries",
        lambda rows, y: rows.sum() / y.size,
    ),
    "one_less": (
        "the losses are added and divided by one less than there are",
        lambda rows, y: rows.sum() / (rows.size - 1),
    ),
    "again": ("the mean of the losses is divided by their number once more", lambda rows, y: rows.mean() / rows.size),
    "each": ("there is a loss for each row, not their mean", lambda rows, y: rows),
    "without_sign": ("the loss is taken without its sign", lambda rows, y: -rows.mean()),
    "root": ("a root is taken of the mean loss", lambda rows, y: np.sqrt(rows.mean())),
    "exp": ("exp is taken of the mean loss", lambda rows, y: np.exp(rows.mean())),
    "log_of_mean": (
        "the log is taken of the mean probability, not the mean of the logs",
        lambda rows, y: -np.log(np.exp(-rows).mean()),
    ),
}
SLOPES: dict[str, tuple[str, Callable[[Array, Array], Array]]] = {
    "one_less": ("{gradient_of} is p − 1 in every class", lambda p, y: p - 1),
    "twice": ("{gradient_of} is 2 (p − one-hot)", lambda p, y: 2 * (p - y)),
    "half": ("{gradient_of} is half of p − one-hot", lambda p, y: (p - y) / 2),
    "by_classes": ("{gradient_of} is divided by the number of classes", lambda p, y: (p - y) / p.shape[-1]),
    "one_hot_by_classes": ("{gradient_of} is p − one-hot / classes", lambda p, y: p - y / p.shape[-1]),
    "of_log": (
        "{gradient_of} is that of log p by p, −one-hot / p: the slope of softmax is missing",
        lambda p, y: -y / p,
    ),
    "of_log_positive": ("{gradient_of} is one-hot / p, the sign and the slope of softmax missing", lambda p, y: y / p),
    "one_hot": ("{gradient_of} is the one-hot row alone", lambda p, y: y),
    "one_hot_negative": ("{gradient_of} is minus the one-hot row", lambda p, y: -y),
    "wrong_only": ("{gradient_of} leaves out the right class", lambda p, y: p * (1 - y)),
    "added": ("{gradient_of} is p + one-hot", lambda p, y: p + y),
    "slope": ("{gradient_of} is p (1 − p) alone", lambda p, y: p * (1 - p)),
    "diagonal_of_log": (
        "{gradient_of} is −one-hot / p times p (1 − p): the diagonal of softmax's slopes alone",
        lambda p, y: -y * (1 - p),
    ),
    "through_softmax": (
        "p − one-hot goes back through softmax once more",
        lambda p, y: p * ((p - y) - np.sum((p - y) * p, axis=-1, keepdims=True)),
    ),
    "through_softmax_twice": (
        "2 (p − one-hot) goes back through softmax: the gradient of a squared error",
        lambda p, y: 2 * p * ((p - y) - np.sum((p - y) * p, axis=-1, keepdims=True)),
    ),
    "squared": ("{gradient_of} is (p − one-hot)²", lambda p, y: (p - y) ** 2),
    "absolute": ("{gradient_of} is |p − one-hot|", lambda p, y: np.abs(p - y)),
    "next_class": ("the 1 is taken off the class to the right of the target", lambda p, y: p - np.roll(y, 1, axis=-1)),
    "class_before": (
        "the 1 is taken off the class to the left of the target",
        lambda p, y: p - np.roll(y, -1, axis=-1),
    ),
    "first_class": (
        "the 1 is taken off the first class, whatever the target is",
        lambda p, y: p - np.eye(p.shape[-1])[0 * y.argmax(axis=-1)],
    ),
    "likeliest": (
        "the 1 is taken off the likeliest class, whatever the target is",
        lambda p, y: p - np.eye(p.shape[-1])[p.argmax(axis=-1)],
    ),
    "over_p": ("{gradient_of} is divided by p", lambda p, y: (p - y) / p),
    "over_slope": ("{gradient_of} is divided by p (1 − p)", lambda p, y: (p - y) / (p * (1 - p))),
    "of_binary": (
        "the 1 is taken off once, and once more for each of the other classes",
        lambda p, y: p * p.shape[-1] - y,
    ),
    "target_again": ("2 is taken off at the target, not 1", lambda p, y: p - 2 * y),
    "target_zero": (
        "{gradient_of} is zero at the right class, and p − one-hot elsewhere",
        lambda p, y: np.where(y > 0, 0.0, p),
    ),
    "minus_p": ("{gradient_of} is −p: the one-hot row and the sign are missing", lambda p, y: -p),
    "logs": ("{gradient_of} is log p − one-hot", lambda p, y: np.log(p) - y),
}
DIVIDED: dict[str, tuple[str, Callable[[Array, Array], Array]]] = {
    "again": ("the gradient is divided by the number of rows once more", lambda g, y: g * (y.shape[-1] / y.size) ** 2),
    "total": ("the gradient is that of a sum, not of a mean", lambda g, y: g),
    "by_classes": ("the gradient is divided by the number of classes, not of rows", lambda g, y: g / y.shape[-1]),
    "by_entries": ("the gradient is divided by the number of all entries", lambda g, y: g / y.size),
    "one_less": (
        "the gradient is divided by one less than the number of rows",
        lambda g, y: g / (y.size / y.shape[-1] - 1),
    ),
    "times": ("the gradient is multiplied by the number of rows, not divided", lambda g, y: g * y.size / y.shape[-1]),
}


def by_rule(*slots: str) -> Iterator[Edit]:
    """Each value that people write into these slots."""
    families: dict[str, dict[str, tuple[str, Any]]] = {
        "given": GIVEN, "p": POWERS, "rows": ROWS, "reduce": REDUCED, "gradient": SLOPES, "divide": DIVIDED,
    }  # fmt: skip
    for slot in slots:
        for name, (words, value) in families[slot].items():
            log = {"log_p": lambda z, axis, value=value: np.log(value(z, axis))} if slot == "p" else {}
            yield Edit(f"{slot}_{name}", words, {slot: value, **log})
