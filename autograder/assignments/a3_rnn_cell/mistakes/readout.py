"""Known mistakes of a3_rnn_cell: readout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.columns import softmax
from autograder.assignments.a3_rnn_cell.mistakes.shared import Array, Grads, Params
from autograder.naming.bank import Functions, Own, mistake


def readout(outputs: Array, params: Params) -> tuple[Array, tuple[Array, Params]]:
    """The right readout."""
    return outputs @ params["weight_ho"].T + params["bias_ho"], (outputs, params)


@mistake(
    "readout_forward", id="readout_bias_forgotten", title="bias_ho is not added", reread="4.1, the line of the readout."
)
def readout_bias_forgotten(own: Own) -> Functions:
    return {"readout_forward": lambda outputs, params: (outputs @ params["weight_ho"].T, None)}


@mistake(
    "readout_forward",
    id="readout_softmax",
    title="the readout ends in a softmax: these are probabilities, not logits",
    reread="4: the softmax belongs to the loss.",
)
def readout_softmax(own: Own) -> Functions:
    return {"readout_forward": lambda outputs, params: (softmax(readout(outputs, params)[0], -1), None)}


@mistake(
    "readout_forward",
    id="readout_last_step",
    title="only the last step is read out",
    reread="4: logits have the leading axes of outputs.",
)
def readout_last_step(own: Own) -> Functions:
    return {"readout_forward": lambda outputs, params: (readout(outputs, params)[0][-1], None)}


READOUT = "4.2, 'Readout, backwards': W_ho serves every step and every sample, so both add up."


def readout_back(change: Callable[[Array, Array, Params, Grads], Grads]) -> Functions:
    """readout_forward, and a readout_backward with some other gradients: change(grad_logits, outputs, params, right)."""

    def readout_backward(grad_logits: Array, cache: tuple[Array, Params]) -> Grads:
        outputs, params = cache
        rows, states = grad_logits.reshape(-1, grad_logits.shape[-1]), outputs.reshape(-1, outputs.shape[-1])
        right = {
            "outputs": grad_logits @ params["weight_ho"],
            "weight_ho": rows.T @ states,
            "bias_ho": rows.sum(axis=0),
        }
        return {**right, **change(grad_logits, outputs, params, right)}

    return {"readout_forward": readout, "readout_backward": readout_backward}


@mistake(
    "readout_backward",
    id="readout_bias_first_axis",
    title="bias_ho is summed over the first axis only",
    reread=f"{READOUT} Make one long list of rows first.",
    seen_in="DLS 241052",
)
def readout_bias_first_axis(own: Own) -> Functions:
    return readout_back(lambda g, outputs, params, right: {"bias_ho": g.sum(axis=0)})


@mistake(
    "readout_backward",
    id="readout_bias_mean",
    title="bias_ho is a mean over steps and samples, not a sum",
    reread=f"{READOUT} Backward never divides.",
    seen_in="kvfrans/notes #5",
)
def readout_bias_mean(own: Own) -> Functions:
    return readout_back(lambda g, outputs, params, right: {"bias_ho": g.reshape(-1, g.shape[-1]).mean(axis=0)})


@mistake(
    "readout_backward",
    id="readout_last_step_only",
    title="weight_ho and bias_ho get the last step's share alone",
    reread=READOUT,
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
def readout_last_step_only(own: Own) -> Functions:
    def change(g: Array, outputs: Array, params: Params, right: Grads) -> Grads:
        if g.ndim < 3:
            return {}
        rows, states = g[-1].reshape(-1, g.shape[-1]), outputs[-1].reshape(-1, outputs.shape[-1])
        return {"weight_ho": rows.T @ states, "bias_ho": rows.sum(axis=0)}

    return readout_back(change)


@mistake(
    "readout_backward",
    id="readout_mean",
    title="weight_ho and bias_ho are divided by the number of rows",
    reread=f"{READOUT} Backward never divides.",
    seen_in="DLS 63071",
)
def readout_mean(own: Own) -> Functions:
    return readout_back(
        lambda g, outputs, params, right: {k: right[k] * g.shape[-1] / g.size for k in ("weight_ho", "bias_ho")}
    )


@mistake(
    "readout_backward",
    id="readout_weight_turned",
    title="the gradient of weight_ho is transposed",
    reread="4.2: (classes, hidden_size), as weight_ho.",
)
def readout_weight_turned(own: Own) -> Functions:
    return readout_back(lambda g, outputs, params, right: {"weight_ho": right["weight_ho"].T})


@mistake(
    "readout_backward",
    id="readout_with_tanh",
    title="the gradient of outputs has a factor for tanh, but the readout has no tanh",
    reread="4.1: the readout is a plain layer; tanh belongs to the cell.",
)
def readout_with_tanh(own: Own) -> Functions:
    return readout_back(lambda g, outputs, params, right: {"outputs": right["outputs"] * (1 - outputs**2)})


LOSS = "4.3, 'The loss of a sequence': the mean over T·N, and (p − one-hot) / (T·N)."


def loss_of(
    loss: Callable[[Array, Array], Any] | None = None, gradient: Callable[[Array, Array], Array] | None = None
) -> Functions:
    """A sequence_loss with another loss(log p, one-hot) or another gradient(p, one-hot)."""

    def sequence_loss(logits: Array, target: Array) -> tuple[Any, Array]:
        shifted = logits - logits.max(axis=-1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        y = np.eye(logits.shape[-1])[target]
        value = loss(log_p, y) if loss else -np.sum(y * log_p) / target.size
        return float(value), gradient(np.exp(log_p), y) if gradient else (np.exp(log_p) - y) / target.size

    return {"sequence_loss": sequence_loss}


@mistake(
    "sequence_loss",
    id="sequence_summed",
    title="loss and gradient are sums over steps and samples, not means",
    reread=f"{LOSS} An expected size shows it: equal logits give log C.",
    seen_in="hunkim/DeepLearningZeroToAll #173; d2l-ai/d2l-en PR #1000",
)
def sequence_summed(own: Own) -> Functions:
    return loss_of(lambda log_p, y: -np.sum(y * log_p), lambda p, y: p - y)


@mistake(
    "sequence_loss",
    id="sequence_divided_by_samples",
    title="loss and gradient are divided by N alone: the steps are added up",
    reread=LOSS,
    seen_in="danijar/layered #1",
)
def sequence_divided_by_samples(own: Own) -> Functions:
    return loss_of(lambda log_p, y: -np.sum(y * log_p) / y.shape[1], lambda p, y: (p - y) / y.shape[1])


@mistake(
    "sequence_loss",
    id="sequence_divided_by_steps",
    title="loss and gradient are divided by T alone: the samples are added up",
    reread=LOSS,
)
def sequence_divided_by_steps(own: Own) -> Functions:
    return loss_of(lambda log_p, y: -np.sum(y * log_p) / len(y), lambda p, y: (p - y) / len(y))


@mistake(
    "sequence_loss",
    id="sequence_gradient_summed",
    title="the loss is a mean, its gradient belongs to the sum",
    reread=LOSS,
)
def sequence_gradient_summed(own: Own) -> Functions:
    return loss_of(gradient=lambda p, y: p - y)


@mistake(
    "sequence_loss", id="sequence_loss_summed", title="the loss is a sum, its gradient belongs to the mean", reread=LOSS
)
def sequence_loss_summed(own: Own) -> Functions:
    return loss_of(lambda log_p, y: -np.sum(y * log_p))


@mistake("sequence_loss", id="sequence_over_entries", title="loss and gradient are divided by T·N·classes", reread=LOSS)
def sequence_over_entries(own: Own) -> Functions:
    return loss_of(lambda log_p, y: -np.sum(y * log_p) / y.size, lambda p, y: (p - y) / y.size)


@mistake(
    "sequence_loss",
    id="sequence_one_hot_missing",
    title="the 1 of the right class is not taken off in grad_logits",
    reread=f"{LOSS} Each row sums to 0.",
    seen_in="mantasu/cs231n #10",
)
def sequence_one_hot_missing(own: Own) -> Functions:
    return loss_of(gradient=lambda p, y: p * y.shape[-1] / y.size)


@mistake("sequence_loss", id="sequence_sign", title="grad_logits has the wrong sign", reread=LOSS)
def sequence_sign(own: Own) -> Functions:
    return loss_of(gradient=lambda p, y: (y - p) * y.shape[-1] / y.size)


@mistake(
    "sequence_loss",
    id="sequence_extra_slope",
    title="grad_logits has an extra factor p(1 − p)",
    reread=f"{LOSS} The slope of softmax is in p − one-hot already.",
    seen_in="deeplearning4j/libnd4j #440; jorgenkg/python-neural-network PR #6",
)
def sequence_extra_slope(own: Own) -> Functions:
    return loss_of(gradient=lambda p, y: (p - y) * p * (1 - p) * y.shape[-1] / y.size)


@mistake(
    "sequence_loss",
    id="sequence_last_step",
    title="only the last step is counted",
    reread="4.3: every step of every sample.",
    seen_in="DLS 11690",
)
def sequence_last_step(own: Own) -> Functions:
    def last(array: Array) -> Array:
        return np.concatenate([0 * array[:-1], array[-1:]])

    return loss_of(lambda log_p, y: -np.sum((y * log_p)[-1]) / y.shape[1], lambda p, y: last(p - y) / y.shape[1])


@mistake(
    "sequence_loss",
    id="sequence_binary",
    title="the loss is the sum of binary cross-entropies, the gradient that of the categorical one",
    reread="4.3: −log of the right class's probability, and nothing of the others.",
    seen_in="the article of a4's 5.2",
)
def sequence_binary(own: Own) -> Functions:
    return loss_of(
        lambda log_p, y: -np.sum(y * log_p + (1 - y) * np.log1p(-np.exp(log_p))) * y.shape[-1] / y.size,
    )


@mistake(
    "sequence_loss",
    id="sequence_softmax_over_steps",
    title="the softmax runs along the first axis, over the steps",
    reread="4.3: the classes are the last axis.",
)
def sequence_softmax_over_steps(own: Own) -> Functions:
    def sequence_loss(logits: Array, target: Array) -> tuple[float, Array]:
        p, y = softmax(logits, 0), np.eye(logits.shape[-1])[target]
        return float(-np.sum(y * np.log(p)) / target.size), (p - y) / target.size

    return {"sequence_loss": sequence_loss}


@mistake(
    "sequence_loss",
    id="sequence_overflows",
    title="exp overflows at large logits: the largest of each row is not taken away first",
    reread="4.3: take away the largest score of each row first, and the log before the exp.",
)
def sequence_overflows(own: Own) -> Functions:
    def sequence_loss(logits: Array, target: Array) -> tuple[float, Array]:
        p, y = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True), np.eye(logits.shape[-1])[target]
        return float(-np.sum(y * np.log(p)) / target.size), (p - y) / target.size

    return {"sequence_loss": sequence_loss}
