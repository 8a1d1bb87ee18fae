"""The checks of this assignment: backpropagation through time, truncated, clipped, and in training.

No check holds an answer: every step is undone with arctanh and compared with the step before it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .cells import cell_params, draw_readout_params
from .differences import DIFFERENCES, differences, slopes, some_of
from .layers import Backward, Layer, check_batch, check_cache, check_cost, check_linear, check_seconds
from .losses import draw_labels
from .naming import NAMES, check_names
from .registry import BELOW, CACHE, OWN, checks, gives, ties
from .through_time import (
    check_backward_in_time,
    check_forward_in_time,
    check_one_step,
    check_pieces,
    draw_rnn,
    outputs_of,
    rnn_layer,
    tie_through_time,
)
from .tolerance import Array, Inputs
from .training import Training, check_training, norm
from .trial import Trial, forward, mixed

gives("rnn_cell_forward(x, h_prev, params)", "(h, cache)")
gives("readout_forward(outputs, params)", "(logits, cache)")
gives("readout_backward(grad_logits, cache)", "a dict")
gives("sequence_loss(logits, target)", "(loss, grad_logits)")
gives("sgd_step(params, grads, lr)", "a dict")

SIZE_ONE = "axes of size 1 that are dropped, or a single step that is treated apart"
LISTED = (  # the names below the reports of name_the_mistake
    "bias_before_tanh",
    "carry_dropped",
    "carry_not_transposed",
    "h0_zero",
    "mean_over_batch",
    "overwritten",
    "sign_turned_through_time",
    "state_after",
    "tanh_missing",
)


# -- forward


@checks("rnn_forward(x, h0, params)", "(outputs, cache)", blind=CACHE)
def check_rnn_forward(trial: Trial) -> None:
    check_forward_in_time(trial, "rnn")


ties("rnn_forward", "rnn_cell_forward")(check_one_step)


@ties("rnn_forward")
def tie_rnn_forward(trial: Trial) -> None:
    check_pieces(trial, "rnn_forward", draw_rnn(trial))


# -- credit


def forward_with_cache(trial: Trial, at: Inputs) -> tuple[Array, Any]:
    shape = (len(at["x"]), *at["h0"].shape)
    return forward(trial, "rnn_forward", at["x"], at["h0"], cell_params(at), shape=shape)


def credit_of(trial: Trial, at: Inputs, outputs: Array, state: int, upstream: Array) -> list[float]:
    """Norms of what each step from `state` on puts on the h before it: differences of the rest of the forward."""
    rest = lambda h: outputs_of(trial, "rnn_forward", {**at, "x": at["x"][state:], "h0": h})
    until = time.process_time() + DIFFERENCES / len(at["x"])
    shares = differences(trial, rest, outputs[state - 1] if state else at["h0"], until)
    return [norm(np.einsum("ijkl,kl->ij", shares[:, :, j], each)) for j, each in enumerate(upstream[state:])]


@checks("credit_matrix(grad_outputs, cache)", "an array", "rnn_forward", blind=OWN)
def check_credit_matrix(trial: Trial) -> None:
    name, at = "credit_matrix", draw_rnn(trial)
    outputs, cache = forward_with_cache(trial, at)
    upstream = trial.normal(*outputs.shape)
    actual = trial.call(name, upstream, cache)
    expected = np.diag([norm(step) for step in upstream])
    expected[np.tril_indices_from(expected, -1)] = np.nan
    for state in some_of(trial, range(1, len(expected))):
        expected[state:, state - 1] = credit_of(trial, at, outputs, state, upstream)
    if trial.array("credit", actual, expected) or trial.readable():
        credit = trial.value(name, upstream, cache, shape=expected.shape)
        hint = "rows and columns exchanged: [t, s], t injects"
        with trial.law("no step is credited to a later one", hint) as same:
            same(np.triu(credit, 1), np.zeros_like(credit))
        with trial.law("the diagonal is the norm of what is injected", "a crossing or a tanh' too many") as same:
            same(np.diag(credit), np.diag(expected))
        hint = "squares instead of norms, clipping, or rounding"
        with trial.law("n times the upstream, |n| times the credit", hint) as same:
            for factor in (1e4, 1e-4, 0.0):
                same(trial.value(name, -factor * upstream, cache, shape=expected.shape), factor * credit)
        with trial.law("right for one step of one sample", SIZE_ONE, follows=True) as same:
            one = forward_with_cache(trial, {**at, "x": at["x"][:1, :1], "h0": at["h0"][:1]})[1]
            same(trial.value(name, upstream[:1, :1], one, shape=(1, 1)), [[norm(upstream[0, 0])]])
    trial.twice(name, upstream, cache)


# -- backward


@checks("rnn_backward(grad_outputs, cache)", "a dict", "rnn_forward", blind=OWN)
def check_rnn_backward(trial: Trial) -> None:
    check_backward_in_time(trial, "rnn")


@ties("rnn_backward", "rnn_forward")
def tie_rnn(trial: Trial) -> None:
    tie_through_time(trial, "rnn")


# -- truncation


def truncated_layer(trial: Trial, at: Inputs, k: int) -> Layer:
    """The layer whose forward is the truncated one: what is more than k crossings back keeps its value."""
    layer, fixed = rnn_layer(trial, at), outputs_of(trial, "rnn_forward", at)

    def truncated_forward(moved: Inputs) -> Array:
        outputs = []
        for step in range(len(moved["x"])):
            begin = max(0, step - k)
            before = fixed[begin - 1] if begin else at["h0"]
            piece = {**moved, "x": moved["x"][begin : step + 1], "h0": moved["h0"] if step + 1 <= k else before}
            outputs.append(outputs_of(trial, "rnn_forward", piece)[-1])
        return np.stack(outputs)

    def run(moved: Inputs) -> Backward:
        cache = forward(trial, "rnn_forward", moved["x"], moved["h0"], cell_params(moved))[1]
        return lambda upstream: trial.call("rnn_backward_truncated", upstream, cache, k)

    used = truncated_forward if k < len(fixed) else layer.forward
    return replace(layer, name="rnn_backward_truncated", forward=used, run=run)


@checks("rnn_backward_truncated(grad_outputs, cache, k)", "a dict", "rnn_forward", blind=OWN)
def check_rnn_backward_truncated(trial: Trial) -> None:
    steps = 6 if trial.large else 4
    at = draw_rnn(trial, steps=steps)
    for k in (0, int(trial.rng.integers(1, steps - 1))):
        layer = truncated_layer(trial, at, k)
        upstream = layer.draw_upstream(trial)
        actual = trial.mapping(layer.run(at)(upstream), list(at))
        expected = layer.slopes(trial, upstream, 0.4, most=20)
        for key in at:
            trial.array(f"{key} (k = {k})", actual[key], expected[key], steps=key == "x")
    if trial.readable():
        full = truncated_layer(trial, at, steps).slopes(trial, upstream, 0.3)
        check_truncation_ends(trial, at, upstream, full)
        check_window(trial, at, upstream)
        check_linear(trial, layer)
        check_cache(trial, layer)
        check_batch(trial, layer)
        one_step = truncated_layer(trial, {**at, "x": at["x"][:1]}, 0)
        with trial.law("right for T = 1", "a loop that expects an earlier step") as same:
            same(one_step.grads(trial, upstream[:1]), one_step.slopes(trial, upstream[:1], 0.2, most=20))
        check_cost(trial, truncated_layer(trial, draw_rnn(trial, (2, 1, 8, 40)), 1))


def check_truncation_ends(trial: Trial, at: Inputs, upstream: Array, full: Inputs) -> None:
    """k ≥ T is the full gradient `full`; k = T - 1 is full but for h0."""
    steps = len(at["x"])
    for k, title in ((steps, "k = T"), (steps + 3, "k = T + 3"), (steps - 1, "k = T - 1, but for h0,")):
        with trial.law(f"{title} is the full gradient", "truncation a step early") as same:
            grads = truncated_layer(trial, at, k).grads(trial, upstream)
            same(grads, {key: grad for key, grad in full.items() if key != "h0" or k >= steps})
    hint = "truncation a step late: s + 1 ≤ k"
    with trial.law("with k = T - 1 the last step does not reach h0", hint) as same:
        grads = truncated_layer(trial, at, steps - 1).grads(trial, only(upstream, -1))
        same(grads["h0"], 0 * at["h0"])


def check_window(trial: Trial, at: Inputs, upstream: Array) -> None:
    """With k = 1 the error of each step alone reaches that step and the one before it, in x."""
    hint = "chunks (an error just after a cut then reaches nothing before it: a window goes along with t), or another k"
    with trial.law("with k = 1 every step reaches itself and one step back", hint) as same:
        for step in range(1, len(upstream)):
            alone = only(upstream, step)
            short, full = (truncated_layer(trial, at, k).grads(trial, alone)["x"] for k in (1, len(upstream)))
            full[: step - 1] = 0.0
            same(short, full)


def only(upstream: Array, step: int) -> Array:
    """The upstream gradient of a loss at one step alone."""
    alone = np.zeros_like(upstream)
    alone[step] = upstream[step]
    return alone


@ties("rnn_backward_truncated", "rnn_backward")
def tie_truncated(trial: Trial) -> None:
    layer = rnn_layer(trial, draw_rnn(trial))
    upstream = layer.draw_upstream(trial)
    check_truncation_ends(trial, layer.inputs, upstream, layer.grads(trial, upstream))
    check_window(trial, layer.inputs, upstream)


# -- vanishing, residual nets, clipping


@checks("state_gradient_norms(grad_last, cache)", "an array", "rnn_forward", blind=OWN)
def check_state_gradient_norms(trial: Trial) -> None:
    name, at = "state_gradient_norms", draw_rnn(trial, steps=11 if trial.large else 6)  # no axis has T + 1
    outputs, cache = forward_with_cache(trial, at)
    upstream = np.zeros(outputs.shape)
    upstream[-1] = trial.normal(*outputs.shape[1:])
    actual = trial.call(name, upstream[-1], cache)
    expected = np.append(np.full(len(outputs), np.nan), norm(upstream[-1]))
    for state in some_of(trial, range(len(outputs))):
        expected[state] = credit_of(trial, at, outputs, state, upstream)[-1]
    if trial.array("norms", actual, expected, steps=True) or trial.readable():
        own = trial.value(name, upstream[-1], cache, shape=expected.shape)
        hint = "a crossing too many: outputs[T-1] is touched directly"
        with trial.law("the last is the norm of grad_last", hint) as same:
            same(own[-1], expected[-1])
        hint = "squares instead of norms, clipping, or rounding"
        with trial.law("n times the upstream, |n| times the norms", hint) as same:
            for factor in (1e4, 1e-4, 0.0):
                same(trial.value(name, -factor * upstream[-1], cache, shape=expected.shape), factor * own)
        with trial.law("right for one step of one sample", SIZE_ONE, follows=True) as same:
            one = forward_with_cache(trial, {**at, "x": at["x"][:1, :1], "h0": at["h0"][:1]})[1]
            same(trial.value(name, upstream[-1, :1], one, shape=(2,))[1], norm(upstream[-1, :1]))
    trial.twice(name, upstream[-1], cache)


@ties("credit_matrix", "state_gradient_norms")
def tie_credit(trial: Trial) -> None:
    at = draw_rnn(trial)
    outputs, cache = forward(trial, "rnn_forward", at["x"], at["h0"], cell_params(at))
    upstream, steps = trial.normal(*outputs.shape), len(outputs)
    hint = "one of the two: both follow one error"
    with trial.law("the last row of the matrix is the norms without h0", hint) as same:
        credit = trial.value("credit_matrix", upstream, cache, shape=(steps, steps))
        norms = trial.value("state_gradient_norms", upstream[-1], cache, shape=(steps + 1,))
        same(credit[-1], norms[1:])


@checks("residual_rnn_forward(x, h0, params)", "(outputs, cache)", blind=CACHE)
def check_residual_rnn_forward(trial: Trial) -> None:
    check_forward_in_time(trial, "residual_rnn")


@checks("residual_rnn_backward(grad_outputs, cache)", "a dict", "residual_rnn_forward", blind=OWN)
def check_residual_rnn_backward(trial: Trial) -> None:
    check_backward_in_time(trial, "residual_rnn")


@ties("residual_rnn_backward", "residual_rnn_forward")
def tie_residual(trial: Trial) -> None:
    check_pieces(trial, "residual_rnn_forward", draw_rnn(trial, kind="residual_rnn"))
    tie_through_time(trial, "residual_rnn")


@checks("clip_grad_norm(grads, max_norm)", "(grads, total_norm)")
def check_clip_grad_norm(trial: Trial) -> None:
    name, near, (n, d) = "clip_grad_norm", 1e-5, trial.draw_sizes("N", "D")  # PyTorch adds 1e-6 to the norm: right
    grads = {"weight": trial.spread(2.0, n, d), "square": trial.spread(1.0, n, n), "bias": trial.spread(0.5, n)}
    total, zeros = norm(*grads.values()), {key: 0 * array for key, array in grads.items()}

    def clip(given: Inputs, max_norm: float) -> tuple[Inputs, Any]:
        clipped, total_norm = trial.parts(name, given, max_norm)
        found = trial.mapping(clipped, list(given), f"{name}, as grads,")
        return {key: trial.as_array(found[key], array.shape, key) for key, array in given.items()}, total_norm

    clipped, total_norm = clip(grads, total / 3)
    trial.array("total_norm", total_norm, total)
    for key, array in grads.items():
        trial.array(f"{key}: clipped / given", clipped[key] / array, np.full(array.shape, 1 / 3), tolerance=near)
    hint = "an array at a time, or the largest entry"
    with trial.law("clipped, one norm over all arrays is max_norm", hint, near) as same:
        same(norm(*clipped.values()), total / 3)
    with trial.law("below max_norm nothing changes", "clipping although the norm is small", near) as same:
        same(clip(grads, 2 * total)[0], grads)
    with trial.law("all zero stays all zero", "a division by the norm without a look at 0") as same:
        kept, total_norm = clip(zeros, 1.0)
        same(kept, zeros)
        same(trial.as_array(total_norm, (), "total_norm"), 0.0)
    trial.twice(name, grads, 1.0)


# -- a whole network


def draw_network(trial: Trial, sizes: Sequence[int] = ()) -> tuple[Array, Array, Inputs, int]:
    """x, h0, the six parameters, and the number of classes."""
    t, n, d, h, c = sizes or trial.draw_sizes("T", "N", "D", "H", "C")
    at = draw_rnn(trial, (t, n, d, h))
    return at["x"], at["h0"], {**cell_params(at), **draw_readout_params(trial, c, h)}, c


def network_loss(trial: Trial, x: Array, h0: Array, target: Array, params: Inputs, last: bool = False) -> float:
    """The loss of your own rnn_forward, readout_forward and sequence_loss."""
    outputs = forward(trial, "rnn_forward", x, h0, params)[0]
    logits = forward(trial, "readout_forward", outputs[-1:] if last else outputs, params)[0]
    return float(trial.value("sequence_loss", logits, target[None] if last else target, part=0))


@checks("loss_and_gradients(x, h0, target, params)", "(loss, grads)", "rnn_forward rnn_backward", blind=BELOW)
def check_loss_and_gradients(trial: Trial) -> None:
    name, (x, h0, params, c) = "loss_and_gradients", draw_network(trial)
    target = draw_labels(trial, c, *x.shape[:2])
    own = lambda at: network_loss(trial, x, h0, target, at)
    loss, grads = trial.parts(name, x, h0, target, mixed(params))
    trial.array("loss", loss, own(params))
    few = 12 if trial.large else 10**6
    expected = slopes(trial, own, params, most=few)
    actual = trial.mapping(grads, list(params), f"{name}, as grads,")
    for key in params:
        trial.array(key, actual[key], expected[key])
    with trial.law("a sample three times is that sample", "a loss that is no mean over the batch") as same:
        one = (x[:, :1], h0[:1], target[:, :1])
        many = (np.repeat(x[:, :1], 3, axis=1), np.repeat(h0[:1], 3, axis=0), np.repeat(target[:, :1], 3, axis=1))
        same(*(trial.value(name, *each, params, part=0) for each in (one, many)))
    with trial.law("right for one step of one sample", SIZE_ONE, follows=True) as same:
        one = (x[:1, :1], h0[:1], target[:1, :1])
        same(trial.value(name, *one, params, part=0), network_loss(trial, *one, params))
    trial.twice(name, x, h0, target, params)
    x, h0, params, c = draw_network(trial, (2, 1, 8, 40, 5))
    weights = sum(each.size for each in params.values())
    check_seconds(trial, lambda: trial.call(name, x, h0, np.array([[1], [2]]), params), 2 * weights)


def check_batches(trial: Trial, name: str, last: bool, *max_norm: float, bits: bool = False) -> None:
    """Training over given batches, h0 = 0, against differences of your own loss. `bits`: with one input a step."""
    x, h0, params, c = draw_network(trial)
    if bits:
        x, trial.sizes["D"] = x[..., :1], 1
        params["weight_ih"] = params["weight_ih"][:, :1]
    axes = x.shape[1:2] if last else x.shape[:2]
    batches = [(trial.spread(1.7, *x.shape), draw_labels(trial, c, *axes)) for _ in range(3)]

    def loss(at: Inputs, step: int) -> float:
        return network_loss(trial, batches[step][0], 0 * h0, batches[step][1], at, last)

    def run(at: Inputs, first: int, end: int) -> Any:
        return trial.parts(name, batches[first:end], at, 0.5, *max_norm)

    clipped = max_norm[0] if max_norm and max_norm[0] < 1 else math.inf
    check_training(trial, Training(name, params, 0.5, run, loss, clipped))


@checks("train_adder(batches, params, lr)", "(params, losses)", "loss_and_gradients", blind=BELOW)
def check_train_adder(trial: Trial) -> None:
    check_batches(trial, "train_adder", False)


@checks(
    "train_first_xor_last(batches, params, lr, max_norm)",
    "(params, losses)",
    "rnn_backward clip_grad_norm",
    blind=BELOW,
)
def check_train_first_xor_last(trial: Trial) -> None:
    for title, max_norm in (("clipped", 0.01), ("not clipped", 100.0)):
        before = len(trial.rows)
        check_batches(trial, "train_first_xor_last", True, max_norm, bits=title == "not clipped")
        trial.rows[before:] = [replace(row, name=f"{title}: {row.name}") for row in trial.rows[before:]]


@checks("name_the_mistake()", "a dict", blind=NAMES)
def check_name_the_mistake(trial: Trial) -> None:
    check_names(trial, "name_the_mistake", LISTED)
