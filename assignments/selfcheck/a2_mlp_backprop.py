"""The checks of this assignment: a net of two layers, its gradients, and classification.

worked_example asks for given numbers, so its check computes the net itself and takes its slopes by differences. No
other check holds an answer.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .cells import affine
from .differences import slopes
from .layers import Layer, check_batch, check_cost, check_gradients, check_linear, check_rows, layer_with_cache
from .losses import (
    EXTREME,
    FAR,
    FAR_OUT,
    NEAR,
    ONE_MAXIMUM,
    ONE_ROW,
    check_class_loss,
    check_softmax_values,
    check_squared_loss,
    draw_labels,
    no_overflow,
)
from .naming import NAMES, check_names
from .registry import BELOW, CACHE, LOSS, OWN, SHAPE, checks, gives, ties
from .tolerance import Array, Inputs
from .training import Training, check_training
from .trial import Trial, forward, mixed
from .undone import array_undone
from .values import Odd, Uncopied

gives("article_params()", "a dict")

LISTED = (  # the names below the reports of name_the_mistake
    "bias_1_before_slope",
    "bias_by_mean",
    "doubled",
    "hidden_slope_missing",
    "mean_again",
    "sign_turned",
    "top_slope_missing",
    "upstream_ones",
    "weights_turned",
)


@checks("sigmoid(z)", "an array")
def check_sigmoid(trial: Trial) -> None:
    z, far = trial.spread(4.0, *trial.draw_sizes("rows", "columns")), np.array([-1000.0, 0.0, 1000.0])
    array_undone(trial, "z, recovered from sigmoid(z)", trial.call("sigmoid", z), z, log_odds, 0.0, 1.0)
    with trial.law("σ(-z) = 1 - σ(z)", "something that is not symmetric around 0") as same:
        same(trial.value("sigmoid", -z, shape=z.shape), 1 - trial.value("sigmoid", z, shape=z.shape))
    with trial.law(FAR_OUT, "numbers that are cut off", follows=True) as same, no_overflow(trial):
        same(trial.value("sigmoid", far, shape=(3,)), np.array([0.0, 0.5, 1.0]))
    with trial.law("any number of axes works, also none", "indexing that needs an axis") as same:
        same(trial.value("sigmoid", np.array(0.0)), 0.5)
        same(trial.value("sigmoid", z[None], shape=(1, *z.shape))[0], trial.value("sigmoid", z, shape=z.shape))
    trial.twice("sigmoid", z)


def log_odds(p: Array) -> Array:
    """What a sigmoid was made of."""
    return np.log(p) - np.log1p(-p)


def draw_mlp(trial: Trial, sizes: Sequence[int] = ()) -> Inputs:
    n, d, h, o = sizes or trial.draw_sizes("N", "inputs", "hidden", "outputs")
    return {
        "x": trial.spread(1.7, n, d),
        "weight_1": trial.spread(2.2 / math.sqrt(d), h, d),
        "bias_1": trial.spread(0.8, h),
        "weight_2": trial.spread(2.2 / math.sqrt(h), o, h),
        "bias_2": trial.spread(0.8, o),
    }


def mlp_layer(trial: Trial, sizes: Sequence[int] = ()) -> Layer:
    return layer_with_cache(trial, "mlp_forward", "mlp_backward", draw_mlp(trial, sizes), {"x": 0, "output": 0})


@checks("mlp_forward(x, params)", "(prediction, cache)", "sigmoid", blind=CACHE)
def check_mlp_forward(trial: Trial) -> None:
    """The upper layer without weights, then one that passes the hidden layer on, then both with weights."""
    name, params = "mlp_forward", draw_mlp(trial)
    x, h = params.pop("x"), trial.sizes["hidden"]
    cut_off = {**params, "weight_2": np.zeros_like(params["weight_2"])}
    actual, expected = trial.parts(name, x, cut_off)[0], np.tile(params["bias_2"], (len(x), 1))
    label = "upper layer: bias_2, recovered from the prediction where weight_2 = 0"
    upper_right = array_undone(trial, label, actual, expected, log_odds, 0.0, 1.0)
    passing_on = {**params, "weight_2": np.eye(h), "bias_2": np.zeros(h)}
    actual, expected = trial.parts(name, x, passing_on)[0], affine(x, params["weight_1"], params["bias_1"])
    if not upper_right:
        check_rows(trial, name, mixed(params, unused=np.ones(2)), x)
        trial.note("The hidden layer is compared when the upper layer is right.")
        return
    with np.errstate(all="ignore"):
        hidden = log_odds(trial.as_array(actual, expected.shape, "prediction"))
    if array_undone(trial, "hidden layer: net_1, recovered from hidden", hidden, expected, log_odds, 0.0, 1.0):
        expected = affine(hidden, params["weight_2"], params["bias_2"])
        prediction = trial.parts(name, x, mixed(params))[0]
        array_undone(
            trial, "both layers: net_2, recovered from the prediction", prediction, expected, log_odds, 0.0, 1.0
        )
    check_rows(trial, name, mixed(params, unused=np.ones(2)), x)


@checks("half_squared_error(prediction, target)", "a float")
def check_half_squared_error(trial: Trial) -> None:
    check_squared_loss(trial, "half_squared_error", trial.draw_sizes("N", "outputs"), 0.5, mean=False)


@checks(
    "worked_example()",
    "a dict",
    blind="nothing: every number is compared with the net itself, to four digits.",
)
def check_worked_example(trial: Trial) -> None:
    """This exercise asks for given numbers, so they are computed here: the net, and its slopes by differences."""
    label, digits = 1.0, 5e-4
    x = np.array([[0.4, 0.5]])
    params = {
        "weight_1": np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]),
        "bias_1": np.array([0.1, 0.2, 0.3]),
        "weight_2": np.array([[0.1, 0.2, 0.3]]),
        "bias_2": np.array([0.1]),
    }

    def stages(at: Inputs) -> dict[str, Any]:
        net_1 = affine(x, at["weight_1"], at["bias_1"])
        hidden = 0.5 + 0.5 * np.tanh(net_1 / 2)
        net_2 = affine(hidden, at["weight_2"], at["bias_2"])
        prediction = 0.5 + 0.5 * np.tanh(net_2 / 2)
        loss = 0.5 * float(prediction[0, 0] - label) ** 2
        return {"net_1": net_1, "hidden": hidden, "net_2": net_2, "prediction": prediction, "loss": loss}

    expected = stages(params)
    actual = trial.mapping(trial.call("worked_example"), [*expected, "grads"])
    for key, value in expected.items():
        trial.array(key, actual[key], value, tolerance=digits)
    grads = trial.mapping(actual["grads"], list(params), "worked_example, under grads,")
    for key, value in slopes(trial, lambda moved: stages(moved)["loss"], params).items():
        trial.array(f"grads: {key}", grads[key], value, tolerance=digits)


@checks("numerical_gradient(f, array, eps=1e-6)", "an array", blind=SHAPE)
def check_numerical_gradient(trial: Trial) -> None:
    """The error of a central difference is known: none for squares, eps² c for cubes c v³."""
    name, eps, (n, d) = "numerical_gradient", 0.125, trial.draw_sizes("rows", "columns")
    matrix = trial.spread(2.0, n, d)
    changed: list[str] = []
    calls_an_entry: list[float] = []
    cases = {
        "a matrix": matrix,
        "a vector": trial.spread(2.0, d),
        "a 0-d array": np.array(0.7),
        "a strided array": trial.spread(2.0, 2 * d, n)[::2].T,
    }
    for label, array in cases.items():
        c, before = trial.spread(1.5, *array.shape), array.copy()
        calls: list[int] = []
        actual = trial.call(name, power_sum(c, 3, calls), Uncopied(array), eps)
        trial.array(f"{label}: cubes, eps = 1/8", actual, c * (3 * before**2 + eps**2))
        calls_an_entry.append(len(calls) / array.size)
        if not np.array_equal(array, before):
            changed.append(label)
        array[...] = before
    c, before = trial.spread(1.5, n, d), matrix.copy()
    actual = trial.call(name, power_sum(c, 2, []), Uncopied(matrix), eps)
    trial.array("a matrix: squares, eps = 1/8", actual, 2 * c * before)
    wave = Uncopied(lambda given: float(np.sum(c * np.sin(given))))
    again = before.copy()
    trial.array("a matrix: sine, default eps", trial.call(name, wave, Uncopied(again)), c * np.cos(before))
    if not np.array_equal(again, before):
        changed.append("a matrix with the default eps")
    trial.twice(name, wave, Uncopied(matrix))
    words = f"{', '.join(changed)} is changed: keep the old value and write it back (x + eps - eps is not x)"
    trial.rule("the array is restored exactly", not changed, words)
    most = max(calls_an_entry)
    words = f"f is called {most:.0f} times an entry, expected 2" if most else "f is never called"
    trial.rule("two calls of f an entry", 0 < most <= 4, words)


def power_sum(c: Array, power: int, calls: list[int]) -> Uncopied:
    """The function sum of c v^power over the entries v, which counts its calls."""

    def f(given: Any) -> float:
        calls.append(1)
        if np.shape(given) != c.shape:
            raise ValueError(f"f was called with shape {np.shape(given)}, it needs {c.shape}")
        return float(np.sum(c * np.asarray(given) ** power))

    return Uncopied(f)


@checks("mlp_backward(grad_prediction, cache)", "a dict", "mlp_forward", blind=OWN)
def check_mlp_backward(trial: Trial) -> None:
    if check_gradients(trial, mlp_layer(trial)):
        check_cost(trial, mlp_layer(trial, (1, 20, 60, 4)))


@ties("mlp_backward", "mlp_forward")
def tie_mlp(trial: Trial) -> None:
    layer = mlp_layer(trial)
    check_linear(trial, layer)
    check_batch(trial, layer)


@checks("name_the_mistake()", "a dict", blind=NAMES)
def check_name_the_mistake(trial: Trial) -> None:
    check_names(trial, "name_the_mistake", LISTED)


@checks("softmax(logits)", "an array")
def check_softmax(trial: Trial) -> None:
    t, n, c = trial.draw_sizes("leading", "N", "classes")
    for label, shape in (("rows", (n, c)), ("one row", (c,)), ("three axes", (t, n, c))):
        logits = trial.spread(3.0, *shape)
        check_softmax_values(trial, label, trial.call("softmax", logits), logits)
    check_softmax_laws(trial)
    trial.twice("softmax", logits)


@ties("softmax")
def check_softmax_laws(trial: Trial) -> None:
    n, c = trial.draw_sizes("N", "classes")
    logits = trial.spread(3.0, n, c)
    p = trial.value("softmax", logits, shape=(n, c))
    with trial.law("each row sums to 1", "a sum over the whole matrix, or over the wrong axis") as same:
        same(p.sum(axis=-1), np.ones(n))
    with trial.law("adding a number to a row changes nothing", "a sum over the whole matrix, or no division") as same:
        same(trial.value("softmax", logits + trial.spread(2.0, n, 1), shape=(n, c)), p)
    with trial.law(FAR_OUT, ONE_MAXIMUM, follows=True) as same, no_overflow(trial):
        far = trial.value("softmax", EXTREME, shape=EXTREME.shape)
        same(far.sum(axis=-1), np.ones(2))
        same(far[:, 2], np.array([0.0, math.e / (math.e + 1)]))
        same(trial.value("softmax", FAR, shape=FAR.shape), trial.value("softmax", NEAR, shape=NEAR.shape))


@checks("cross_entropy(logits, target)", "a float", "softmax")
def check_cross_entropy(trial: Trial) -> None:
    name, (n, c) = "cross_entropy", trial.draw_sizes("N", "classes")
    logits, target = trial.spread(3.0, n, c), draw_labels(trial, c, n)
    table = check_class_loss(trial, lambda row, label: float(trial.value(name, row, label)), logits)
    trial.array(
        "loss of all rows", trial.call(name, logits, target), math.fsum(table[np.arange(n), target]) / n, own=ONE_ROW
    )
    with trial.law("uniform logits give log C", "a sum instead of a mean, or another logarithm", follows=True) as same:
        same(trial.value(name, np.full((n, c), 0.7), target), math.log(c))
    with trial.law("adding a number to a row changes nothing", "a softmax over the whole matrix", follows=True) as same:
        same(trial.value(name, logits + trial.spread(2.0, n, 1), target), trial.value(name, logits, target))
    with trial.law(FAR_OUT, ONE_MAXIMUM, follows=True) as same, no_overflow(trial):
        far = [trial.value(name, EXTREME[:1], np.array([j])) for j in range(4)]
        same(np.array(far), np.array([0.0, 2000.0, 1000.0, 998.5]))
        same(*(trial.value(name, rows, np.array([1, 2])) for rows in (FAR, NEAR)))
    trial.twice(name, logits, target)


@checks("cross_entropy_backward(logits, target)", "an array", "cross_entropy softmax", blind=LOSS)
def check_cross_entropy_backward(trial: Trial) -> None:
    name, (n, c) = "cross_entropy_backward", trial.draw_sizes("N", "classes")
    logits, target = trial.spread(3.0, n, c), draw_labels(trial, c, n)
    loss = lambda at: float(trial.value("cross_entropy", at["logits"], target))
    actual = trial.call(name, logits, target)
    trial.array("grad_logits", actual, slopes(trial, loss, {"logits": logits})["logits"])
    hint = "the 1 of the target is not subtracted, or a factor p(1 - p) too many"
    with trial.law("each row sums to 0", hint) as same:
        same(trial.value(name, logits, target, shape=(n, c)).sum(axis=1), np.zeros(n))
    with trial.law("the rows twice halve each entry", "the mean over rows: the loss divides by N") as same:
        twice = trial.value(name, np.tile(logits, (2, 1)), np.tile(target, 2), shape=(2 * n, c))
        same(2 * twice[:n], trial.value(name, logits, target, shape=(n, c)))
    with trial.law("a row alone is N times its part", "a division by another number than that of the rows") as same:
        alone = trial.value(name, logits[:1], target[:1], shape=(1, c))
        same(alone, n * trial.value(name, logits, target, shape=(n, c))[:1])
    with trial.law(FAR_OUT, ONE_MAXIMUM, follows=True) as same, no_overflow(trial):
        far = trial.value(name, EXTREME, np.array([1, 3]), shape=EXTREME.shape)
        same(far[0], np.array([0.5, -0.5, 0.0, 0.0]))
        same(*(trial.value(name, rows, np.array([1, 2]), shape=rows.shape) for rows in (FAR, NEAR)))
    trial.twice(name, logits, target)


@checks("sgd_step(params, grads, lr)", "a dict")
def check_sgd_step(trial: Trial) -> None:
    name, lr, (n, d) = "sgd_step", 0.37, trial.draw_sizes("rows", "columns")
    params = {"weight": trial.normal(n, d), "bias": trial.normal(n)}
    grads = {"x": trial.normal(d), **{key: trial.spread(1.0, *array.shape) for key, array in params.items()}}
    for key, moved in trial.mapping(trial.call(name, mixed(params), grads, lr), list(params)).items():
        with contextlib.suppress(Odd):
            moved = (params[key] - trial.read(moved, params[key].shape)) / lr
        trial.array(f"{key}: (old - new) / lr", moved, grads[key], tolerance=trial.limit)
    with trial.law("lr = 0 moves nothing", "a step that does not depend on lr") as same:
        still = trial.mapping(trial.call(name, params, grads, 0.0), list(params))
        same({key: trial.as_array(still[key], params[key].shape, key) for key in params}, params)
    trial.twice(name, params, grads, lr)


@checks(
    "train_mlp(x, target, params, lr, steps)",
    "(params, losses)",
    "mlp_forward mlp_backward sgd_step",
    blind=BELOW,
)
def check_train_mlp(trial: Trial) -> None:
    name, lr, params = "train_mlp", 0.4, draw_mlp(trial)
    x = params.pop("x")
    target = trial.rng.uniform(0, 1, (len(x), trial.sizes["outputs"]))

    def loss(at: Inputs, step: int) -> float:
        return float(trial.value("half_squared_error", forward(trial, "mlp_forward", x, at)[0], target))

    def run(at: Inputs, first: int, end: int) -> Any:
        return trial.parts(name, x, target, at, lr, end - first)

    check_training(trial, Training(name, params, lr, run, loss))
