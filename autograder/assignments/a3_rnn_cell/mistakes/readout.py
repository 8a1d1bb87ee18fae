"""Known mistakes of a3_rnn_cell: readout."""

from __future__ import annotations

from collections.abc import Callable

from autograder.assignments.a3_rnn_cell.mistakes.shared import Array, Grads, Params
from autograder.assignments.classification import Classes
from autograder.naming.bank import Functions, MistakesIn, Own

in_readout_forward = MistakesIn("readout_forward")


def readout(outputs: Array, params: Params) -> tuple[Array, tuple[Array, Params]]:
    """The right readout."""
    return outputs @ params["weight_ho"].T + params["bias_ho"], (outputs, params)


in_readout_forward(
    "readout_bias_forgotten",
    "bias_ho is not added",
    "4.1, the line of the readout.",
    lambda own: {"readout_forward": lambda outputs, params: (outputs @ params["weight_ho"].T, None)},
)
in_readout_forward(
    "readout_softmax",
    "the readout ends in a softmax: these are probabilities, not logits",
    "4: the softmax belongs to the loss.",
    lambda own: {
        "readout_forward": lambda outputs, params: (Classes().probabilities(readout(outputs, params)[0]), None)
    },
)
in_readout_forward(
    "readout_last_step",
    "only the last step is read out",
    "4: logits have the leading axes of outputs.",
    lambda own: {"readout_forward": lambda outputs, params: (readout(outputs, params)[0][-1], None)},
)


@in_readout_forward(
    "readout_two_axes", "outputs is reshaped to two leading axes, whatever it has", "4.1: one or more leading axes."
)
def readout_two_axes(own: Own) -> Functions:
    def readout_forward(outputs: Array, params: Params) -> tuple[Array, tuple[Array, Params]]:
        two_axes = outputs.reshape(len(outputs), -1, outputs.shape[-1])
        return readout(two_axes, params)[0], (outputs, params)

    return {"readout_forward": readout_forward}


READOUT = "4.2, 'Readout, backwards': W_ho serves every step and every sample, so both add up."


def readout_back(own: Own, change: Callable[[Array, Array, Params, Grads], Grads]) -> Functions:
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


in_readout_backward = MistakesIn("readout_backward", readout_back)

in_readout_backward(
    "readout_bias_first_axis",
    "bias_ho is summed over the first axis only",
    f"{READOUT} Make one long list of rows first.",
    change=lambda g, outputs, params, right: {"bias_ho": g.sum(axis=0)},
    seen_in="DLS 241052",
)
in_readout_backward(
    "readout_bias_mean",
    "bias_ho is a mean over steps and samples, not a sum",
    f"{READOUT} Backward never divides.",
    change=lambda g, outputs, params, right: {"bias_ho": g.reshape(-1, g.shape[-1]).mean(axis=0)},
    seen_in="kvfrans/notes #5",
)


@in_readout_backward(
    "readout_last_step_only",
    "weight_ho and bias_ho get the last step's share alone",
    READOUT,
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
def readout_last_step_only(own: Own) -> Functions:
    def change(g: Array, outputs: Array, params: Params, right: Grads) -> Grads:
        if g.ndim < 3:
            return {}
        rows, states = g[-1].reshape(-1, g.shape[-1]), outputs[-1].reshape(-1, outputs.shape[-1])
        return {"weight_ho": rows.T @ states, "bias_ho": rows.sum(axis=0)}

    return readout_back(own, change)


@in_readout_backward(
    "readout_weight_last_step", "weight_ho gets the last step's share alone, bias_ho has all of them", READOUT
)
def readout_weight_last_step(own: Own) -> Functions:
    def change(g: Array, outputs: Array, params: Params, right: Grads) -> Grads:
        return {"weight_ho": g[-1].T @ outputs[-1]} if g.ndim == 3 else {}

    return readout_back(own, change)


in_readout_backward(
    "readout_mean",
    "weight_ho and bias_ho are divided by the number of rows",
    f"{READOUT} Backward never divides.",
    change=lambda g, outputs, params, right: {k: right[k] * g.shape[-1] / g.size for k in ("weight_ho", "bias_ho")},
    seen_in="DLS 63071",
)
in_readout_backward(
    "readout_weight_turned",
    "the gradient of weight_ho is transposed",
    "4.2: (classes, hidden_size), as weight_ho.",
    change=lambda g, outputs, params, right: {"weight_ho": right["weight_ho"].T},
)
in_readout_backward(
    "readout_with_tanh",
    "the gradient of outputs has a factor for tanh, but the readout has no tanh",
    "4.1: the readout is a plain layer; tanh belongs to the cell.",
    change=lambda g, outputs, params, right: {"outputs": right["outputs"] * (1 - outputs**2)},
)
