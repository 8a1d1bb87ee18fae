"""Known mistakes of a4_bptt: loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import SIX, Array, Grads, Params
from autograder.naming.bank import Functions, Own, mistake

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


def last_only(grad: Array) -> Array:
    """The last step's entries, all others zero."""
    return np.concatenate([0 * grad[:-1], grad[-1:]])


@mistake(
    "loss_and_gradients",
    id="loss_summed",
    title="the loss is a sum over steps and samples, the gradients belong to the mean",
    reread=f"{TOGETHER}: sequence_loss is a mean over T·N.",
)
def loss_summed(own: Own) -> Functions:
    return together(own, after=lambda loss, grads, target: (loss * target.size, grads))


@mistake(
    "loss_and_gradients",
    id="gradients_summed",
    title="the gradients belong to a sum over steps and samples, the loss is a mean",
    reread=f"{TOGETHER}: the 1/(T·N) of the loss is in grad_logits.",
    seen_in="hunkim/DeepLearningZeroToAll #173; danijar/layered #1",
)
def gradients_summed(own: Own) -> Functions:
    return together(own, logits=lambda grad: grad * np.prod(grad.shape[:2]))


@mistake(
    "loss_and_gradients",
    id="divided_again",
    title="the gradients are divided by T·N a second time",
    reread="The loss divides, backward never does.",
    seen_in="DLS 63071",
)
def divided_again(own: Own) -> Functions:
    return together(own, logits=lambda grad: grad / np.prod(grad.shape[:2]))


@mistake(
    "loss_and_gradients",
    id="layer_divided_again",
    title="what goes back into the layer is divided by T·N a second time; the readout's gradients are right",
    reread="The loss divides, backward never does.",
)
def layer_divided_again(own: Own) -> Functions:
    return together(own, outputs=lambda grad: grad / np.prod(grad.shape[:2]))


@mistake(
    "loss_and_gradients",
    id="readout_error_at_last_step",
    title="only the last step's error goes back into the layer",
    reread=f"{TOGETHER}: the readout gives an injected gradient for every step.",
    seen_in="DLS 11690",
)
def readout_error_at_last_step(own: Own) -> Functions:
    return together(own, outputs=last_only)


@mistake(
    "loss_and_gradients",
    id="h0_replaced_by_zero",
    title="h0 is replaced by zero",
    reread=f"{TOGETHER}: h0 is an argument here.",
)
def h0_replaced_by_zero(own: Own) -> Functions:
    return together(own, h0=lambda h0: 0 * h0)


@mistake(
    "loss_and_gradients",
    id="readout_gradients_zero",
    title="the readout's own gradients are left at zero",
    reread=f"{TOGETHER}: six parameters, two of them in the readout.",
)
def readout_gradients_zero(own: Own) -> Functions:
    return together(
        own, after=lambda loss, grads, target: (loss, {k: 0 * v if "ho" in k else v for k, v in grads.items()})
    )


@mistake(
    "loss_and_gradients",
    id="signs_turned",
    title="all six gradients have the wrong sign",
    reread=f"{TOGETHER}: sgd_step subtracts, so pass it the gradient unchanged.",
)
def signs_turned(own: Own) -> Functions:
    return together(own, logits=lambda grad: -grad)


@mistake(
    "loss_and_gradients",
    id="target_one_late",
    title="the targets are one step off",
    reread=f"{TOGETHER}: target[t] belongs to outputs[t].",
)
def target_one_late(own: Own) -> Functions:
    return together(own, target=lambda target: np.roll(target, 1, axis=0))
