"""A recurrent net through time: a forward and a backward over a whole sequence, plain or residual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .cells import CELL, cell_params, cell_sums, draw_cell_params
from .layers import BY_MEMORY, Layer, check_batch, check_cost, check_gradients, check_linear, layer_with_cache, seconds
from .tolerance import Array, Inputs
from .trial import Trial, forward
from .undone import array_undone
from .values import with_gaps

GROWTH = 13.0  # six times the steps: linear costs 6 times as much, quadratic nearly 36


def draw_rnn(trial: Trial, sizes: Sequence[int] = (), kind: str = "rnn", steps: int = 0) -> Inputs:
    t, n, d, h = sizes or trial.draw_sizes("T", "N", "D", "H", steps=steps)
    scale = 1.0 if kind == "rnn" else 0.5  # the states of a residual net add up
    return {"x": trial.spread(1.7, t, n, d), "h0": trial.spread(0.9, n, h), **draw_cell_params(trial, d, h, scale)}


def rnn_layer(trial: Trial, at: Inputs, kind: str = "rnn") -> Layer:
    readout = {"weight_ho": np.ones((2, 7)), "bias_ho": np.ones(2)}  # the params of a whole network go in
    rows = {"x": 1, "h0": 0, "output": 1}
    layer = layer_with_cache(trial, f"{kind}_forward", f"{kind}_backward", at, rows, readout)
    return replace(layer, steps=("x",))


def outputs_of(trial: Trial, name: str, at: Inputs) -> Array:
    shape = (len(at["x"]), *at["h0"].shape)
    return trial.value(name, at["x"], at["h0"], cell_params(at), part=0, shape=shape)


def check_forward_in_time(trial: Trial, kind: str) -> None:
    """Every step from the one before it, undone; then the laws of time."""
    name, at = f"{kind}_forward", draw_rnn(trial, kind=kind)
    outputs = outputs_of(trial, name, at)
    before = np.concatenate([at["h0"][None], outputs[:-1]])
    expected = np.stack([cell_sums(x, h, at) for x, h in zip(at["x"], before, strict=True)])
    actual, label = (outputs, "outputs") if kind == "rnn" else (outputs - before, "changes of outputs")
    array_undone(trial, f"sum inside tanh, recovered from {label}", actual, expected, np.arctanh, -1.0, 1.0)
    check_pieces(trial, name, at)
    if callable(trial.space.get("rnn_cell_forward")):
        check_one_step(trial, kind)
    with trial.law("a sample alone gives the same", "samples that are mixed, or time and batch exchanged") as same:
        alone = {**at, "x": at["x"][:, :1].copy(), "h0": at["h0"][:1]}
        same(outputs_of(trial, name, alone), outputs[:, :1])
    with trial.law("more params, in another order, do no harm", "params that are not taken by name") as same:
        more = {"weight_ho": np.ones((2, 7)), **dict(reversed(cell_params(at).items()))}
        same(trial.value(name, at["x"], at["h0"], more, part=0, shape=None), outputs)
    with trial.law("called twice, the same", "something remembered between the calls") as same:
        same(outputs_of(trial, name, at), outputs)
    with trial.law("features that are 0 may be left out", "axes of size 1 that are dropped", follows=True) as same:
        few, zeros = {**at, "x": at["x"][..., :1], "weight_ih": at["weight_ih"][:, :1]}, at["x"].copy()
        zeros[..., 1:] = 0.0
        same(outputs_of(trial, name, few), outputs_of(trial, name, {**at, "x": zeros}))
    with trial.law("an x that is a slice gives the same", BY_MEMORY) as same:
        same(outputs_of(trial, name, {**at, "x": with_gaps(at["x"])}), outputs)


def check_pieces(trial: Trial, name: str, at: Inputs) -> None:
    """Forward in two pieces, the second starting where the first ended, is forward whole."""
    cut = int(trial.rng.integers(1, len(at["x"])))
    with trial.law("forward in two pieces is forward whole", "h0 is not the start, or steps out of order") as same:
        first = outputs_of(trial, name, {**at, "x": at["x"][:cut]})
        second = outputs_of(trial, name, {**at, "x": at["x"][cut:], "h0": first[-1]})
        same(np.concatenate([first, second]), outputs_of(trial, name, at))


def check_one_step(trial: Trial, kind: str = "rnn") -> None:
    at = draw_rnn(trial, kind=kind)
    title = "T = 1 is the cell" if kind == "rnn" else "T = 1 is h0 plus the cell"
    with trial.law(title, "the step itself, or where the loop begins") as same:
        shape = at["h0"].shape
        cell = forward(trial, "rnn_cell_forward", at["x"][0], at["h0"], cell_params(at), shape=shape)[0]
        one = outputs_of(trial, f"{kind}_forward", {**at, "x": at["x"][:1]})[0]
        same(one, cell if kind == "rnn" else at["h0"] + cell)


def check_backward_in_time(trial: Trial, kind: str) -> None:
    layer = rnn_layer(trial, draw_rnn(trial, kind=kind), kind)
    if check_gradients(trial, layer):
        check_first_step(trial, layer)
        check_cut(trial, layer, int(trial.rng.integers(1, len(layer.inputs["x"]))))
        if check_cost(trial, rnn_layer(trial, draw_rnn(trial, (2, 1, 8, 40), kind), kind)):
            check_linear_time(trial, kind)
        check_cut(trial, rnn_layer(trial, draw_rnn(trial, (30, 2, 3, 4), kind), kind), 15)


def check_cut(trial: Trial, layer: Layer, cut: int) -> None:
    """Backward over two pieces, the second's h0 gradient added to the first's last upstream, is backward whole."""
    at, outputs = layer.inputs, layer.forward(layer.inputs)
    upstream, hint = layer.draw_upstream(trial), "the carry, an overwritten sum, the first step, or h0's gradient"
    with trial.law(f"cut before step {cut}: two pieces give the whole", hint) as same:
        whole = layer.grads(trial, upstream)
        late = replace(layer, inputs={**at, "x": at["x"][cut:], "h0": outputs[cut - 1]}).grads(trial, upstream[cut:])
        meeting = upstream[:cut].copy()
        meeting[-1] += late["h0"]
        early = replace(layer, inputs={**at, "x": at["x"][:cut]}).grads(trial, meeting)
        same(whole["x"], np.concatenate([early["x"], late["x"]]), "x")
        same(whole, {"h0": early["h0"], **{key: early[key] + late[key] for key in CELL}})


def check_first_step(trial: Trial, layer: Layer) -> None:
    """With T = 1 there is no carry: only the step itself can be wrong."""
    one = replace(layer, inputs={**layer.inputs, "x": layer.inputs["x"][:1]})
    with trial.law("right for T = 1", "the step itself (tanh', transposes, biases) or h0's gradient") as same:
        upstream = one.draw_upstream(trial)
        same(one.grads(trial, upstream), one.slopes(trial, upstream, 0.4))


def check_linear_time(trial: Trial, kind: str) -> None:
    """Six times the steps may cost about six times as much."""
    if trial.large:
        return
    layers = [rnn_layer(trial, draw_rnn(trial, (t, 2, 3, 4), kind), kind) for t in (25, 150)]
    prepared = [(layer.run(layer.inputs), layer.draw_upstream(trial)) for layer in layers]
    for _ in range(4):  # a busy machine is measured again
        short, long = (seconds(lambda run=run, upstream=upstream: run(upstream)) for run, upstream in prepared)
        ok = long < max(GROWTH * short, 0.03)
        if ok or long > 0.1:
            break
    words = f"6 times the steps cost {long / short:.0f} times as much: walk back once and pass the carry on"
    trial.rule("time grows like T", ok, words)


def tie_through_time(trial: Trial, kind: str) -> None:
    layer = rnn_layer(trial, draw_rnn(trial, kind=kind), kind)
    for cut in range(1, len(layer.inputs["x"])):
        check_cut(trial, layer, cut)
    check_first_step(trial, layer)
    check_linear(trial, layer)
    check_batch(trial, layer)
