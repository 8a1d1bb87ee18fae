"""The checks of this assignment: one recurrent cell, in rows and in columns, two cells in a row, and the readout.

No check holds an answer: a state is undone with arctanh and compared with weighted sums, entry by entry.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .cells import affine, cell_clues, cell_params, cell_sums, draw_cell_params, draw_readout_params
from .differences import slopes
from .layers import (
    Backward,
    Layer,
    check_batch,
    check_cost,
    check_gradients,
    check_linear,
    check_rows,
    layer_with_cache,
)
from .losses import (
    EXTREME,
    FAR,
    FAR_OUT,
    NEAR,
    ONE_MAXIMUM,
    ONE_ROW,
    check_class_loss,
    check_softmax_values,
    draw_labels,
    no_overflow,
)
from .registry import CACHE, OWN, checks, gives, ties
from .tolerance import EXACT, Array, Inputs, relative_error
from .trial import Trial, forward, mixed
from .undone import array_undone
from .values import Uncopied

gives("softmax(logits)", "an array")


def draw_cell(trial: Trial, sizes: Sequence[int] = ()) -> Inputs:
    n, d, h = sizes or trial.draw_sizes("N", "D", "H")
    return {"x": trial.spread(1.7, n, d), "h_prev": trial.spread(0.9, n, h), **draw_cell_params(trial, d, h)}


def cell_layer(trial: Trial, at: Inputs) -> Layer:
    return layer_with_cache(trial, "rnn_cell_forward", "rnn_cell_backward", at, {"x": 0, "h_prev": 0, "output": 0})


@checks("rnn_cell_forward(x, h_prev, params)", "(h, cache)", blind=CACHE)
def check_rnn_cell_forward(trial: Trial) -> None:
    name, at = "rnn_cell_forward", draw_cell(trial)
    params = mixed(cell_params(at), **draw_readout_params(trial, 6, trial.sizes["H"]))
    rows = at["x"], at["h_prev"]
    h, expected = trial.parts(name, *rows, params)[0], cell_sums(*rows, at)
    label, clues = "sum inside tanh, recovered from h", cell_clues(*rows, at)
    array_undone(trial, label, h, expected, np.arctanh, -1.0, 1.0, clues)
    check_rows(trial, name, params, *rows)


@checks("rnn_cell_backward(grad_h, cache)", "a dict", "rnn_cell_forward", blind=OWN)
def check_rnn_cell_backward(trial: Trial) -> None:
    if check_gradients(trial, cell_layer(trial, draw_cell(trial))):
        check_cost(trial, cell_layer(trial, draw_cell(trial, (1, 12, 40))))


@ties("rnn_cell_backward", "rnn_cell_forward")
def tie_cell(trial: Trial) -> None:
    layer = cell_layer(trial, draw_cell(trial))
    check_linear(trial, layer)
    check_batch(trial, layer)


def draw_columns(trial: Trial, sizes: Sequence[int] = ()) -> Inputs:
    """The cell's problem in the textbook's layout: a sample is a column."""
    n, d, h, c = sizes or trial.draw_sizes("N", "D", "H", "C")
    at, readout = draw_cell(trial, (n, d, h)), draw_readout_params(trial, c, h)
    return {
        "xt": at["x"].T.copy(),
        "a_prev": at["h_prev"].T.copy(),
        "Wax": at["weight_ih"],
        "Waa": at["weight_hh"],
        "Wya": readout["weight_ho"],
        "ba": trial.spread(0.9, h, 1),
        "by": readout["bias_ho"][:, None],
    }


def as_rows(at: Inputs) -> Inputs:
    """A problem in columns as one of the row cell."""
    half = at["ba"][:, 0] / 2
    return {
        "x": at["xt"].T.copy(),
        "h_prev": at["a_prev"].T.copy(),
        "weight_ih": at["Wax"],
        "weight_hh": at["Waa"],
        "bias_ih": half,
        "bias_hh": half,
    }


def column_layer(trial: Trial, at: Inputs) -> Layer:
    keys = {"xt": "dxt", "a_prev": "da_prev", "Wax": "dWax", "Waa": "dWaa", "ba": "dba"}

    def run_forward(moved: Inputs) -> Array:
        given = [moved.get(key, each) for key, each in at.items()]
        return trial.value("column_cell_forward", *given, part=0, shape=moved["a_prev"].shape)

    def run(moved: Inputs) -> Backward:
        return lambda upstream: trial.call("column_cell_backward", upstream, *(moved[key] for key in keys))

    inputs, rows = {key: at[key] for key in keys}, {"xt": 1, "a_prev": 1, "output": 1}
    return Layer("column_cell_backward", inputs, run_forward, run, rows, keys, cached=False)


@checks("column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by)", "(a_next, yt_pred)", "rnn_cell_forward")
def check_column_cell_forward(trial: Trial) -> None:
    name, at = "column_cell_forward", draw_columns(trial)
    a_next, y = trial.parts(name, *at.values())
    rows = as_rows(at)
    expected = cell_sums(rows["x"], rows["h_prev"], rows).T
    array_undone(trial, "sum inside tanh, recovered from a_next", a_next, expected, np.arctanh, -1.0, 1.0)
    logits = affine(trial.as_array(a_next, at["a_prev"].shape, "a_next").T, at["Wya"], at["by"][:, 0]).T
    check_softmax_values(trial, "a column of yt_pred", y, logits, axis=0)
    if trial.readable():
        hint = "a softmax over the whole matrix, or over rows"
        with trial.law("a column alone gives the same column", hint) as same:
            alone = trial.parts(name, *{**at, "xt": at["xt"][:, :1], "a_prev": at["a_prev"][:, :1]}.values())
            for label, one, whole in zip(("a_next", "yt_pred"), alone, (a_next, y), strict=True):
                same(trial.as_array(one, None, "a column alone"), np.asarray(whole)[:, :1], label)
    trial.twice(name, *at.values())


@ties("column_cell_forward", "rnn_cell_forward")
def tie_column_forward(trial: Trial) -> None:
    at = draw_columns(trial)
    rows = as_rows(at)
    a_next, y = trial.parts("column_cell_forward", *at.values())
    with trial.law("column cell = row cell, transposed", "one of the two, or the biases do not add up") as same:
        h = forward(trial, "rnn_cell_forward", rows["x"], rows["h_prev"], cell_params(rows))[0]
        same(trial.as_array(a_next, at["a_prev"].shape, "a_next"), h.T)
    with trial.law("the columns of yt_pred sum to 1", "a softmax over the whole matrix") as same:
        sums = trial.as_array(y, None, "yt_pred").sum(axis=0)
        same(sums, np.ones(trial.sizes["N"]))


@checks(
    "column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba)",
    "a dict",
    "column_cell_forward rnn_cell_backward",
    blind=OWN,
)
def check_column_cell_backward(trial: Trial) -> None:
    if check_gradients(trial, column_layer(trial, draw_columns(trial))):
        check_cost(trial, column_layer(trial, draw_columns(trial, (1, 12, 40, 3))))


@ties("column_cell_backward", "rnn_cell_backward", "rnn_cell_forward")
def tie_column_backward(trial: Trial) -> None:
    at = draw_columns(trial)
    upstream = trial.normal(*at["a_prev"].shape)
    with trial.law("column gradients = row gradients, transposed", "one of the two backwards") as same:
        column = column_layer(trial, at).grads(trial, upstream)
        row = cell_layer(trial, as_rows(at)).grads(trial, upstream.T.copy())
        same(column["xt"], row["x"].T, "xt")
        same(column["a_prev"], row["h_prev"].T, "a_prev")
        same(column["Wax"], row["weight_ih"], "Wax")
        same(column["Waa"], row["weight_hh"], "Waa")
        same(column["ba"][:, 0], row["bias_ih"], "ba")


def two_steps(trial: Trial, sizes: Sequence[int] = ()) -> Layer:
    """Two cells in a row as one layer: inputs x_1, x_2, h0; the output is both h."""
    cell = draw_cell(trial, sizes)
    inputs = {
        "x_1": cell["x"],
        "x_2": trial.spread(1.7, *cell["x"].shape),
        "h0": cell["h_prev"],
        **cell_params(cell),
    }

    def both(at: Inputs) -> tuple[Array, Uncopied, Uncopied]:
        name, params, shape = "rnn_cell_forward", cell_params(at), at["h0"].shape
        h1, cache_1 = forward(trial, name, at["x_1"], at["h0"], params, shape=shape)
        h2, cache_2 = forward(trial, name, at["x_2"], h1, params, shape=shape)
        return np.stack([h1, h2]), cache_1, cache_2

    def run(at: Inputs) -> Backward:
        caches = both(at)[1:]
        return lambda upstream: trial.call("two_step_backward", *upstream, *caches)

    rows = {"x_1": 0, "x_2": 0, "h0": 0, "output": 1}
    return Layer("two_step_backward", inputs, lambda at: both(at)[0], run, rows)


@checks(
    "two_step_backward(grad_h1, grad_h2, cache_1, cache_2)",
    "a dict",
    "rnn_cell_forward rnn_cell_backward",
    blind=OWN,
)
def check_two_step_backward(trial: Trial) -> None:
    layer = two_steps(trial)
    check_gradients(trial, layer)
    if trial.readable():
        upstream = layer.draw_upstream(trial)
        first_step = np.array([[[1.0]], [[0.0]]])
        only_2, more_1 = upstream * (1 - first_step), upstream + first_step
        as_drawn, without_1, with_more_1 = (layer.grads(trial, each) for each in (upstream, only_2, more_1))
        carried = all(np.any(np.abs(without_1[key]) > 1e-9) for key in ("x_1", "h0"))
        title = "with grad_h1 = 0 the carry still reaches x_1 and h0"
        trial.rule(title, carried, "usual causes: the carry is dropped")
        hint = "time running backwards: a loss at step 1 cannot move step 2"
        with trial.law("grad_h1 does not touch x_2", hint) as same:
            same(with_more_1["x_2"], as_drawn["x_2"])
        check_cost(trial, two_steps(trial, (1, 12, 40)))


@ties("two_step_backward", "rnn_cell_backward", "rnn_cell_forward")
def tie_two_steps(trial: Trial) -> None:
    """An error at step 2 alone: its own cell's gradients, and what the carry adds to them."""
    layer = two_steps(trial)
    at, upstream = layer.inputs, layer.draw_upstream(trial) * [[[0.0]], [[1.0]]]
    both = layer.grads(trial, upstream)
    second = {"x": at["x_2"], "h_prev": layer.forward(at)[0], **cell_params(at)}
    alone = cell_layer(trial, second).grads(trial, upstream[1])
    for key, grad in both.items():
        without = alone["x"] if key == "x_2" else alone.get(key, 0 * grad)
        changes = relative_error(grad, without, 1.0) > EXACT
        title = f"{key} {'stays' if key == 'x_2' else 'changes'} when the carry is dropped"
        trial.rule(title, changes == (key != "x_2"), "usual causes: the carry is dropped, or goes to the wrong place")
    check_linear(trial, layer)


@checks("readout_forward(outputs, params)", "(logits, cache)", blind=CACHE)
def check_readout_forward(trial: Trial) -> None:
    name, (t, n, h, c) = "readout_forward", trial.draw_sizes("T", "N", "H", "C")
    more, params = draw_cell_params(trial, 6, h), draw_readout_params(trial, c, h)
    for label, axes in (("logits (T, N, C)", (t, n)), ("logits (N, C)", (n,)), ("three leading axes", (2, t, n))):
        outputs = trial.spread(0.9, *axes, h)
        expected = affine(outputs.reshape(-1, h), params["weight_ho"], params["bias_ho"]).reshape(*axes, c)
        trial.array(label, trial.parts(name, outputs, mixed(params, **more))[0], expected)
    check_rows(trial, name, mixed(params, **more), trial.spread(0.9, n, h))


@checks("readout_backward(grad_logits, cache)", "a dict", "readout_forward", blind=OWN)
def check_readout_backward(trial: Trial) -> None:
    t, n, h, c = trial.draw_sizes("T", "N", "H", "C")

    def layer(*axes: int) -> Layer:
        at = {"outputs": trial.normal(*axes, h), **draw_readout_params(trial, c, h)}
        return layer_with_cache(trial, "readout_forward", "readout_backward", at, {"outputs": 0, "output": 0})

    check_gradients(trial, layer(t, n))
    for label, axes in (("one sample", (t, 1)), ("one leading axis", (n,)), ("three leading axes", (2, 2, n))):
        with trial.law(f"right with {label}, too", "a sum over a fixed number of axes", follows=True) as same:
            upstream, other = trial.normal(*axes, c), layer(*axes)
            same(other.grads(trial, upstream), other.slopes(trial, upstream, 0.3))


@checks("sequence_loss(logits, target)", "(loss, grad_logits)")
def check_sequence_loss(trial: Trial) -> None:
    name, (t, n, c) = "sequence_loss", trial.draw_sizes("T", "N", "C")
    logits, target = trial.spread(3.0, t, n, c), draw_labels(trial, c, t, n)
    loss = lambda logits, target: float(trial.value(name, logits, target, part=0))
    table = check_class_loss(trial, lambda row, label: loss(row[None], label[None]), logits)
    actual_loss, actual_grad = trial.parts(name, logits, target)
    losses = np.take_along_axis(table, target[..., None], axis=2)
    trial.array("loss", actual_loss, math.fsum(losses.ravel()) / (t * n), own=ONE_ROW)
    expected = slopes(trial, lambda at: loss(at["logits"], target), {"logits": logits})["logits"]
    trial.array("grad_logits", actual_grad, expected, own=["loss", *ONE_ROW])
    with trial.law("uniform logits give log C, whatever T and N", "a sum, or a mean over N alone") as same:
        same(loss(np.full((t, n, c), 0.3), target), math.log(c))
    hint = "the 1 of the target is not subtracted, or p(1 - p) too many"
    with trial.law("each row of grad_logits sums to 0", hint) as same:
        same(trial.as_array(actual_grad, logits.shape, "grad_logits").sum(axis=2), np.zeros((t, n)))
    with trial.law(FAR_OUT, ONE_MAXIMUM, follows=True) as same, no_overflow(trial):
        far, labels = EXTREME[:, None], np.array([[1], [2]])
        same(loss(far, labels), 1000.0 + math.log1p(math.exp(-1.0)) / 2)
        grad = trial.value(name, far, labels, part=1, shape=far.shape)
        same(grad[0, 0], np.array([0.5, -0.5, 0.0, 0.0]))
        for part, shape in ((0, ()), (1, (2, 1, 4))):
            same(*(trial.value(name, rows[:, None], labels, part=part, shape=shape) for rows in (FAR, NEAR)))
    trial.twice(name, logits, target)
