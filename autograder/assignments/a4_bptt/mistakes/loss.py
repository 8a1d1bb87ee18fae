"""Known mistakes of a4_bptt: loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import SIX, Array, Grads, Params
from autograder.naming.bank import Functions, MistakesIn, Own

TOGETHER = "8.1, 'All of it together'"


def network(
    own: Own,
    *,
    h0: Callable[[Array], Array] = lambda h0: h0,
    seen: Callable[[Array], Array] = lambda outputs: outputs,
    target: Callable[[Array], Array] = lambda target: target,
    logits: Callable[[Array], Array] = lambda grad: grad,
    outputs: Callable[[Array], Array] = lambda grad: grad,
    after: Callable[[Any, Grads, Array], tuple[Any, Grads]] = lambda loss, grads, target: (loss, grads),
) -> Callable[[Array, Array, Array, Params], tuple[Any, Grads]]:
    """loss_and_gradients of the functions below it, right by default; each switch changes what goes by."""

    def loss_and_gradients(x: Array, start: Array, wanted: Array, params: Params) -> tuple[Any, Grads]:
        states, rnn_cache = own["rnn_forward"](x, h0(start), params)
        scores, readout_cache = own["readout_forward"](seen(np.asarray(states)), params)
        loss, grad_logits = own["sequence_loss"](scores, target(wanted))
        readout = own["readout_backward"](logits(grad_logits), readout_cache)
        rnn = own["rnn_backward"](outputs(readout["outputs"]), rnn_cache)
        grads = {name: readout[name] if "ho" in name else rnn[name] for name in SIX}
        return after(loss, grads, wanted)

    return loss_and_gradients


def together(own: Own, **switches: Any) -> Functions:
    """loss_and_gradients with these switches of network."""
    return {"loss_and_gradients": network(own, **switches)}


in_loss_and_gradients = MistakesIn("loss_and_gradients", together)


def last_only(grad: Array) -> Array:
    """The last step's entries, all others zero."""
    return np.concatenate([0 * grad[:-1], grad[-1:]])


in_loss_and_gradients(
    "loss_summed",
    "the loss is a sum over steps and samples, the gradients belong to the mean",
    f"{TOGETHER}: sequence_loss is a mean over T·N.",
    after=lambda loss, grads, target: (loss * target.size, grads),
)
in_loss_and_gradients(
    "gradients_summed",
    "the gradients belong to a sum over steps and samples, the loss is a mean",
    f"{TOGETHER}: the 1/(T·N) of the loss is in grad_logits.",
    logits=lambda grad: grad * np.prod(grad.shape[:2]),
    seen_in="hunkim/DeepLearningZeroToAll #173; danijar/layered #1",
)
in_loss_and_gradients(
    "divided_again",
    "the gradients are divided by T·N a second time",
    "The loss divides, backward never does.",
    logits=lambda grad: grad / np.prod(grad.shape[:2]),
    seen_in="DLS 63071",
)
in_loss_and_gradients(
    "layer_divided_again",
    "what goes back into the layer is divided by T·N a second time; the readout's gradients are right",
    "The loss divides, backward never does.",
    outputs=lambda grad: grad / np.prod(grad.shape[:2]),
)
in_loss_and_gradients(
    "readout_error_at_last_step",
    "only the last step's error goes back into the layer",
    f"{TOGETHER}: the readout gives an injected gradient for every step.",
    outputs=last_only,
    seen_in="DLS 11690",
)
in_loss_and_gradients(
    "h0_replaced_by_zero", "h0 is replaced by zero", f"{TOGETHER}: h0 is an argument here.", h0=lambda h0: 0 * h0
)
in_loss_and_gradients(
    "readout_gradients_zero",
    "the readout's own gradients are left at zero",
    f"{TOGETHER}: six parameters, two of them in the readout.",
    after=lambda loss, grads, target: (loss, {k: 0 * v if "ho" in k else v for k, v in grads.items()}),
)
in_loss_and_gradients(
    "signs_turned",
    "all six gradients have the wrong sign",
    f"{TOGETHER}: sgd_step subtracts, so pass it the gradient unchanged.",
    logits=lambda grad: -grad,
)
in_loss_and_gradients(
    "target_one_late",
    "the targets are one step off",
    f"{TOGETHER}: target[t] belongs to outputs[t].",
    target=lambda target: np.roll(target, 1, axis=0),
)
