"""Known mistakes of a4_bptt: training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes.loss import network
from autograder.assignments.a4_bptt.mistakes.shared import SIX, Array, Grads, Params
from autograder.assignments.recurrent.sweep import WEIGHTS
from autograder.naming.bank import Functions, MistakesIn, Own

LOOP = "8.2: the loss and all gradients of a batch first, then one step with all of them."

Batch = tuple[Array, Array]

Lesson = Callable[[Batch, Params, Array], tuple[Any, Grads]]


@dataclass(frozen=True)
class Training:
    """A loop over batches, right by default. ``lesson`` gives a batch's loss and gradients at these parameters."""

    own: Own
    lesson: Lesson
    step: Callable[[Own, Params, Grads, float], Params] = lambda own, params, grads, lr: own["sgd_step"](
        params, grads, lr
    )
    losses: Callable[[list[Any]], Any] = np.array
    after: bool = False  # losses after their update
    carried: bool = False  # h0 is what the last batch ended in
    frozen: bool = False  # gradients always at the first parameters

    def __call__(self, batches: list[Batch], params: Params, lr: float) -> tuple[Params, Any]:
        first, losses, h0 = params, [], None
        for batch in batches:
            zero = np.zeros((batch[0].shape[1], len(params["bias_hh"])))
            h0 = zero if h0 is None or not self.carried else h0
            loss, grads = self.lesson(batch, first if self.frozen else params, h0)
            h0 = self.own["rnn_forward"](batch[0], h0, params)[0][-1] if self.carried else None
            params = self.step(self.own, params, grads, lr)
            losses.append(self.lesson(batch, params, zero)[0] if self.after else loss)
        return params, self.losses(losses)


def adder(own: Own, **switches: Any) -> Functions:
    """train_adder with these switches of Training."""
    lesson: Lesson = lambda batch, params, h0: own["loss_and_gradients"](batch[0], h0, batch[1], params)
    return {"train_adder": Training(own, lesson, **switches)}


in_train_adder = MistakesIn("train_adder", adder)


def only(*words: str) -> Callable[[Own, Params, Grads, float], Params]:
    """A step that moves the parameters whose names hold one of these words."""
    return lambda own, params, grads, lr: {
        name: own["sgd_step"]({name: value}, grads, lr)[name] if any(word in name for word in words) else value
        for name, value in params.items()
    }


in_train_adder(
    "adder_losses_after",
    "each loss is taken after its update",
    "8.2: losses contains each loss before its update.",
    after=True,
)
in_train_adder(
    "adder_climbs",
    "the parameters are moved up the slope: plus instead of minus",
    "8.2: new = old − lr · slope.",
    step=lambda own, params, grads, lr: own["sgd_step"](params, grads, -lr),
)
in_train_adder(
    "adder_not_moved",
    "no parameter is ever moved",
    "8.2: new = old − lr · slope, and the next batch meets the new parameters.",
    step=lambda own, params, grads, lr: params,
)


@in_train_adder(
    "adder_writes_into_params",
    "the parameters are updated in place, so the caller's arrays change",
    "No function changes its arguments: params = sgd_step(…) makes new arrays, params[name] -= … does not.",
)
def adder_writes_into_params(own: Own) -> Functions:
    def step(own: Own, params: Params, grads: Grads, lr: float) -> Params:
        for name, value in params.items():
            value -= lr * grads[name]
        return params

    return adder(own, step=step)


in_train_adder(
    "adder_readout_frozen",
    "the readout is never trained: only the layer's four parameters move",
    LOOP,
    step=only("ih", "hh"),
)
in_train_adder(
    "adder_biases_frozen", "the biases are never moved", f"{LOOP} sgd_step walks over all names.", step=only("weight")
)
in_train_adder(
    "adder_gradients_at_start",
    "every gradient is taken at the first parameters",
    f"{LOOP} The next batch meets the new parameters.",
    frozen=True,
)
in_train_adder(
    "adder_state_kept",
    "a batch starts from the state in which the last one ended",
    "8.2: every batch starts from h0 = 0.",
    carried=True,
)


@in_train_adder(
    "adder_lr_shared", "the learning rate is divided by the number of batches", f"{LOOP} Each step is a whole one."
)
def adder_lr_shared(own: Own) -> Functions:
    right = adder(own)["train_adder"]
    return {"train_adder": lambda batches, params, lr: right(batches, params, lr / len(batches))}


in_train_adder(
    "adder_losses_averaged",
    "losses contains running means, not the losses",
    "8.2: losses contains each loss before its update.",
    losses=lambda losses: np.cumsum(losses) / np.arange(1, len(losses) + 1),
)

XOR = "8.4, 'A task that needs the past'"


def xor(
    own: Own,
    clip: Callable[[Grads, float], Grads] | None = None,
    lesson: Callable[[float], Lesson] | None = None,
    **switches: Any,
) -> Functions:
    """train_first_xor_last with another clipping, another lesson, or these switches of Training."""

    def step(max_norm: float) -> Callable[[Own, Params, Grads, float], Params]:
        clipped = clip or (lambda grads, most: own["clip_grad_norm"](grads, most)[0])
        return lambda own, params, grads, lr: own["sgd_step"](params, clipped(grads, max_norm), lr)

    def train(batches: list[Batch], params: Params, lr: float, max_norm: float) -> tuple[Params, Any]:
        chosen = lesson(max_norm) if lesson else last_step_lesson(own)
        return Training(own, chosen, **{"step": step(max_norm), **switches})(batches, params, lr)

    return {"train_first_xor_last": train}


in_train_first_xor_last = MistakesIn("train_first_xor_last", xor)


def last_step_lesson(
    own: Own, rnn: Callable[[Grads], Grads] = lambda grads: grads, seen: slice = slice(-1, None)
) -> Lesson:
    """Cross-entropy of the last step alone. seen: the steps at which its error is injected."""

    def lesson(batch: Batch, params: Params, h0: Array) -> tuple[Any, Grads]:
        outputs, rnn_cache = own["rnn_forward"](batch[0], h0, params)
        logits, readout_cache = own["readout_forward"](np.asarray(outputs)[-1:], params)
        loss, grad_logits = own["sequence_loss"](logits, batch[1][None])
        readout = own["readout_backward"](grad_logits, readout_cache)
        grad_outputs = np.zeros_like(outputs)
        grad_outputs[seen] = readout["outputs"]
        back = own["rnn_backward"](grad_outputs, rnn_cache)
        return loss, rnn({name: readout[name] if "ho" in name else back[name] for name in SIX})

    return lesson


@in_train_first_xor_last(
    "xor_every_step",
    "the loss looks at every step, not at the last one alone",
    f"{XOR}: the answer is needed at the last step.",
)
def xor_every_step(own: Own) -> Functions:
    lesson: Lesson = lambda batch, params, h0: network(own)(
        batch[0], h0, np.broadcast_to(batch[1], batch[0].shape[:2]), params
    )
    return xor(own, lesson=lambda max_norm: lesson)


in_train_first_xor_last(
    "xor_error_at_every_step",
    "the error of the last step is injected at every step",
    f"{XOR}: the loss reads the last state alone, so all other injected gradients are zero.",
    lambda own: xor(own, lesson=lambda max_norm: last_step_lesson(own, seen=slice(None))),
)
in_train_first_xor_last(
    "xor_not_clipped", "nothing is clipped", "7.3, and where it is called.", clip=lambda grads, most: grads
)


@in_train_first_xor_last(
    "xor_clipped_to_lr",
    "the gradients are clipped to lr · max_norm, not to max_norm",
    "7.3 and 8.4: clipping comes before the step and does not know lr.",
)
def xor_clipped_to_lr(own: Own) -> Functions:
    right = xor(own)["train_first_xor_last"]
    return {"train_first_xor_last": lambda batches, params, lr, most: right(batches, params, lr, lr * most)}


@in_train_first_xor_last(
    "xor_clipped_one_by_one",
    "each gradient is clipped by itself, not the six together",
    "7.3: one norm over every array of the dict.",
)
def xor_clipped_one_by_one(own: Own) -> Functions:
    clip = own["clip_grad_norm"]
    return xor(own, clip=lambda grads, most: {k: clip({k: grad}, most)[0][k] for k, grad in grads.items()})


@in_train_first_xor_last(
    "xor_readout_not_clipped",
    "only the layer's four gradients are clipped, and the readout's two are missing from the norm",
    "7.3 and 8.4: the six gradients are clipped together.",
)
def xor_readout_not_clipped(own: Own) -> Functions:
    def clip(grads: Grads, most: float) -> Grads:
        return {**grads, **own["clip_grad_norm"]({name: grads[name] for name in WEIGHTS}, most)[0]}

    return xor(own, clip=clip)


in_train_first_xor_last(
    "xor_losses_after",
    "each loss of the task is taken after its update",
    "8.2: losses contains each loss before its update.",
    after=True,
)


@in_train_first_xor_last(
    "xor_layer_frozen",
    "only the readout is trained: nothing goes back into the layer",
    f"{XOR}: without going back, the net cannot learn to keep the first bit.",
)
def xor_layer_frozen(own: Own) -> Functions:
    stopped = lambda grads: {name: grad if "ho" in name else 0 * grad for name, grad in grads.items()}
    return xor(own, lesson=lambda max_norm: last_step_lesson(own, stopped))
