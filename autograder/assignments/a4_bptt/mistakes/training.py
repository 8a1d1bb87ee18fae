"""Known mistakes of a4_bptt: the two trainings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes.loss import network
from autograder.assignments.a4_bptt.mistakes.shared import SIX, Array, Grads, Params
from autograder.assignments.recurrent.sweep import WEIGHTS
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import Edit, View, edit

Batch = tuple[Array, Array]
Lesson = Callable[[Batch, Params, Array], tuple[Any, Grads]]
Step = Callable[[Own, Params, Grads, float], Params]


def all_of_them(own: Own, params: Params, grads: Grads, lr: float) -> Params:
    """One step with all gradients."""
    moved: Params = own["sgd_step"](params, grads, lr)
    return moved


def only(*words: str) -> Step:
    """A step that moves the parameters whose names hold one of these words."""
    return lambda own, params, grads, lr: {
        name: own["sgd_step"]({name: value}, grads, lr)[name] if any(word in name for word in words) else value
        for name, value in params.items()
    }


def in_place(own: Own, params: Params, grads: Grads, lr: float) -> Params:
    """A step that writes into the arrays of its caller."""
    for name, value in params.items():
        value -= lr * grads[name]
    return params


@dataclass(frozen=True)
class Training:
    """A loop over batches, right by default. ``lesson`` gives a batch's loss and gradients at these parameters."""

    own: Own
    lesson: Lesson
    step: Step = all_of_them
    rate: Callable[[float, int], float] = lambda lr, batches: lr
    falls: Callable[[float, int, int], float] = lambda lr, t, batches: lr
    order: Callable[[list[Batch]], list[Batch]] = lambda batches: batches
    grads: Callable[[Grads, Params], Grads] = lambda grads, params: grads
    momentum: float = 0.0
    averaged: bool = False
    ends: Callable[[list[Params]], Params] = lambda walked: walked[-1]
    start: Callable[[Array], Array] = lambda zero: zero
    losses: Callable[[list[Any]], Any] = np.array
    after: bool = False  # losses after their update
    carried: bool = False  # h0 is what the last batch ended in
    frozen: bool = False  # gradients always at the first parameters

    def __call__(self, batches: list[Batch], params: Params, lr: float) -> tuple[Params, Any]:
        first, losses, h0, walked = params, [], None, [params]
        speed = {name: 0.0 * params[name] for name in SIX}
        for t, batch in enumerate(self.order(batches)):
            zero = self.start(np.zeros((batch[0].shape[1], len(params["bias_hh"]))))
            h0 = zero if h0 is None or not self.carried else h0
            loss, grads = self.lesson(batch, first if self.frozen else params, h0)
            h0 = self.own["rnn_forward"](batch[0], h0, params)[0][-1] if self.carried else None
            found, share = self.grads({name: grads[name] for name in SIX}, params), 1 - self.momentum * self.averaged
            speed = {name: self.momentum * speed[name] + share * found[name] for name in SIX}
            rate = self.falls(self.rate(lr, len(batches)), t, len(batches))
            params = self.step(self.own, params, speed, rate)
            walked.append(params)
            losses.append(self.lesson(batch, params, zero)[0] if self.after else loss)
        return self.ends(walked), self.losses(losses)


LOOP = (
    edit("losses_after", "{each_loss} is taken after its update", after=True),
    edit("climbs", "{task}the parameters are moved up the slope: plus instead of minus", rate=lambda lr, batches: -lr),
    edit("not_moved", "{task}no parameter is ever moved", step=lambda own, params, grads, lr: params),
    edit(
        "writes_into_params",
        "{task}the parameters are updated in place, so the caller's arrays change",
        "params = sgd_step(…) makes new arrays, params[name] -= … does not.",
        step=in_place,
    ),
    edit(
        "readout_frozen",
        "{task}the readout is never trained: only the layer's four parameters move",
        step=only("ih", "hh"),
    ),
    edit("biases_frozen", "{task}the biases are never moved", "sgd_step walks over all names.", step=only("weight")),
    edit(
        "gradients_at_start",
        "{task}every gradient is taken at the first parameters",
        "The next batch meets the new parameters.",
        frozen=True,
    ),
    edit("state_kept", "{task}a batch starts from the state in which the last one ended", carried=True),
    edit(
        "lr_shared",
        "{task}the learning rate is divided by the number of batches",
        "Each step is a whole one.",
        rate=lambda lr, batches: lr / batches,
    ),
    edit(
        "losses_averaged",
        "{task}losses contains running means, not the losses",
        losses=lambda losses: np.cumsum(losses) / np.arange(1, len(losses) + 1),
    ),
)


def loops() -> Iterator[Edit]:
    """What people write in each place of the loop."""
    for slot, values in VALUES.items():
        for place, (words, value) in enumerate(values.items()):
            yield Edit(f"loop_{slot}_{place}", f"{{task}}{words}", {slot: value})
    for momentum in (0.5, 0.8, 0.9, 0.95, 0.99, 1.0):
        yield edit(f"loop_momentum_{momentum}", f"{{task}}the steps have a momentum of {momentum:g}", momentum=momentum)
    for share in (0.5, 0.9, 0.99):
        words = f"{{task}}each step is a running mean of the gradients, with {share:g} of the old one"
        yield edit(f"loop_average_{share}", words, momentum=share, averaged=True)


VALUES: dict[str, dict[str, Any]] = {
    "falls": {
        "lr falls as 1/(t + 1)": lambda lr, t, n: lr / (t + 1),
        "lr falls with the root of t + 1": lambda lr, t, n: lr / np.sqrt(t + 1),
        "lr falls in a straight line to zero": lambda lr, t, n: lr * (1 - t / n),
        "lr is halved after each step": lambda lr, t, n: lr / 2**t,
        "lr is multiplied by t, so the first step has length zero": lambda lr, t, n: lr * t,
        "lr is squared": lambda lr, t, n: lr**2,
        "lr is doubled": lambda lr, t, n: 2 * lr,
        "lr is halved": lambda lr, t, n: lr / 2,
        **{f"lr is multiplied by {c:g} after each step": lambda lr, t, n, c=c: lr * c**t for c in (0.9, 0.95, 0.99)},
        **{f"the given lr is not used, but {c:g}": lambda lr, t, n, c=c: c for c in (0.1, 0.01, 0.001, 0.5, 1)},
    },
    "grads": {
        "each gradient is divided by its norm": lambda g, p: {k: v / np.linalg.norm(v) for k, v in g.items()},
        "each gradient is clipped to [−0.01, 0.01], entry by entry": lambda g, p: {
            k: np.clip(v, -0.01, 0.01) for k, v in g.items()
        },
        "only the signs of the gradients count": lambda g, p: {k: np.sign(v) for k, v in g.items()},
        "only the readout is trained": lambda g, p: {k: v if "ho" in k else 0 * v for k, v in g.items()},
        **{f"{name} is never moved": lambda g, p, name=name: {**g, name: 0 * g[name]} for name in SIX},
        "the weights are never moved": lambda g, p: {k: v if "bias" in k else 0 * v for k, v in g.items()},
        "the layer's biases are never moved": lambda g, p: {
            **g,
            "bias_ih": 0 * g["bias_ih"],
            "bias_hh": 0 * g["bias_hh"],
        },
        "bias_ih and bias_hh get each other's gradient, twice": lambda g, p: {
            **g,
            "bias_ih": 2 * g["bias_hh"],
            "bias_hh": 2 * g["bias_ih"],
        },
        **{
            f"a weight decay of {c:g} is added": lambda g, p, c=c: {k: v + c * p[k] for k, v in g.items()}
            for c in (0.1, 0.01, 0.001)
        },
    },
    "losses": {
        "the first loss is missing": lambda losses: np.array(losses[1:]),
        "the last loss is missing": lambda losses: np.array(losses[:-1]),
        "only the last loss is returned": lambda losses: losses[-1],
        "only the first loss is returned": lambda losses: losses[0],
        "the mean of all losses is returned": np.mean,
        "the losses are in reverse order": lambda losses: np.array(losses[::-1]),
        "losses contains running sums": np.cumsum,
        "losses contains the first loss again and again": lambda losses: np.full(len(losses), losses[0]),
        "losses contains the last loss again and again": lambda losses: np.full(len(losses), losses[-1]),
        "losses is left at zero": lambda losses: np.zeros(len(losses)),
        "the losses are divided by the number of batches": lambda losses: np.array(losses) / len(losses),
        "exp is taken of the losses": np.exp,
    },
    "order": {
        "the batches are taken from the last to the first": lambda batches: batches[::-1],
        "only the first batch is used, again and again": lambda batches: [batches[0]] * len(batches),
        "only the last batch is used, again and again": lambda batches: [batches[-1]] * len(batches),
        "the first batch is skipped": lambda batches: batches[1:],
        "the last batch is skipped": lambda batches: batches[:-1],
        "only the first batch is used, once": lambda batches: batches[:1],
        "all batches are used twice": lambda batches: [*batches, *batches],
        "each batch is used twice": lambda batches: [batch for batch in batches for _ in range(2)],
        "x is in reverse order in each batch": lambda batches: [(x[::-1], target) for x, target in batches],
        "the targets are in reverse order in each batch": lambda batches: [(x, target[::-1]) for x, target in batches],
    },
    "ends": {
        "the parameters are those of the start": lambda walked: walked[0],
        "the parameters are one step short": lambda walked: walked[-2],
        "the parameters are those after the first step": lambda walked: walked[1],
        "the parameters are means over the whole training": lambda walked: {
            k: np.mean([p[k] for p in walked], axis=0) for k in SIX
        },
    },
    "start": {
        "h0 is all ones": lambda zero: zero + 1,
        "h0 is 0.1 in every entry": lambda zero: zero + 0.1,
        "h0 is 0.01 in every entry": lambda zero: zero + 0.01,
    },
}
BEFORE = "8.2: losses contains each loss before its update."
REREAD = {
    "after": BEFORE,
    "losses": BEFORE,
    "step": "8.2: the loss and all gradients of a batch first, then one step with all of them.",
    "frozen": "8.2: the loss and all gradients of a batch first, then one step with all of them.",
    **dict.fromkeys(("rate", "falls", "grads", "momentum", "ends"), "8.2: new = old − lr · slope."),
    "order": "8.2: the batches in their order.",
    "start": "8.2: every batch starts from h0 = 0.",
    "carried": "8.2: every batch starts from h0 = 0.",
}


def adder(own: Own, **slots: Any) -> Functions:
    """train_adder with these slots of Training."""
    lesson: Lesson = lambda batch, params, h0: own["loss_and_gradients"](batch[0], h0, batch[1], params)
    return {"train_adder": Training(own, lesson, **slots)}


view = View("train_adder", adder, REREAD, prefix="adder_", words={"task": "", "each_loss": "each loss"})
view.show(LOOP)
view.show(loops(), by_rule=True)


def clipped_by_all(own: Own, grads: Grads, most: float) -> Grads:
    """Right: one norm over the six arrays."""
    clipped: Grads = own["clip_grad_norm"](grads, most)[0]
    return clipped


def xor(
    own: Own,
    clip: Callable[[Own, Grads, float], Grads] = clipped_by_all,
    most: Callable[[float, float], float] = lambda max_norm, lr: max_norm,
    seen: slice = slice(-1, None),
    layer: Callable[[Grads], Grads] = lambda grads: grads,
    every_step: bool = False,
    **slots: Any,
) -> Functions:
    """train_first_xor_last with these slots of Training; seen: the steps at which the last one's error is injected."""

    def lesson(batch: Batch, params: Params, h0: Array) -> tuple[Any, Grads]:
        if every_step:
            return network(own)(batch[0], h0, np.broadcast_to(batch[1], batch[0].shape[:2]), params)
        outputs, rnn_cache = own["rnn_forward"](batch[0], h0, params)
        logits, readout_cache = own["readout_forward"](np.asarray(outputs)[-1:], params)
        loss, grad_logits = own["sequence_loss"](logits, batch[1][None])
        readout = own["readout_backward"](grad_logits, readout_cache)
        grad_outputs = np.zeros_like(outputs)
        grad_outputs[seen] = readout["outputs"]
        back = layer(own["rnn_backward"](grad_outputs, rnn_cache))
        return loss, {name: readout[name] if "ho" in name else back[name] for name in SIX}

    def train(batches: list[Batch], params: Params, lr: float, max_norm: float) -> tuple[Params, Any]:
        def clipped(batch: Batch, params: Params, h0: Array) -> tuple[Any, Grads]:
            loss, grads = lesson(batch, params, h0)
            return loss, clip(own, grads, most(max_norm, lr))

        return Training(own, clipped, **slots)(batches, params, lr)

    return {"train_first_xor_last": train}


XOR = "8.4, 'A task that needs the past'"
view = View(
    "train_first_xor_last",
    xor,
    REREAD,
    prefix="xor_",
    words={"task": "in the task of first and last: ", "each_loss": "each loss of the task"},
)
view.show(LOOP)
view.show(loops(), by_rule=True)
in_xor = MistakesIn("train_first_xor_last", xor)
in_xor(
    "xor_every_step",
    "the loss looks at every step, not at the last one alone",
    f"{XOR}: the answer is needed at the last step.",
    every_step=True,
)
in_xor(
    "xor_error_at_every_step",
    "the error of the last step is injected at every step",
    f"{XOR}: the loss reads the last state alone, so all other injected gradients are zero.",
    seen=slice(None),
)
in_xor("xor_not_clipped", "nothing is clipped", "7.3, and where it is called.", clip=lambda own, grads, most: grads)
in_xor(
    "xor_clipped_to_lr",
    "the gradients are clipped to lr · max_norm, not to max_norm",
    "7.3 and 8.4: clipping comes before the step and does not know lr.",
    most=lambda max_norm, lr: lr * max_norm,
)
in_xor(
    "xor_clipped_one_by_one",
    "each gradient is clipped by itself, not the six together",
    "7.3: one norm over every array of the dict.",
    clip=lambda own, grads, most: {k: own["clip_grad_norm"]({k: grad}, most)[0][k] for k, grad in grads.items()},
)
in_xor(
    "xor_readout_not_clipped",
    "only the layer's four gradients are clipped, and the readout's two are missing from the norm",
    "7.3 and 8.4: the six gradients are clipped together.",
    clip=lambda own, grads, most: {**grads, **own["clip_grad_norm"]({name: grads[name] for name in WEIGHTS}, most)[0]},
)
in_xor(
    "xor_layer_frozen",
    "only the readout is trained: nothing goes back into the layer",
    f"{XOR}: without going back, the net cannot learn to keep the first bit.",
    layer=lambda grads: {name: 0 * grad for name, grad in grads.items()},
)
