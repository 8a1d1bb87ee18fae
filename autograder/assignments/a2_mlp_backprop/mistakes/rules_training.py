"""Known mistakes of a2_mlp_backprop made by rule: differences, one step, and many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.assignments.a2_mlp_backprop.mistakes.differences import NUDGE, differences
from autograder.assignments.a2_mlp_backprop.mistakes.shared import Array, Grads, Params
from autograder.assignments.a2_mlp_backprop.mistakes.training import LOOP, STEP, moved
from autograder.naming.bank import MistakesIn, Own

# ---- differences -----------------------------------------------------------------------------------------------------

known = MistakesIn("numerical_gradient", differences, by_rule=True)
QUOTIENT: dict[str, Any] = {
    "the differences look up only, and are divided by 2ε": lambda f, e: (f(e) - f(0.0)) / (2 * e),
    "the differences look down only": lambda f, e: (f(0.0) - f(-e)) / e,
    "the sign is wrong: below less above": lambda f, e: (f(-e) - f(e)) / (2 * e),
    "the two values are added": lambda f, e: (f(e) + f(-e)) / (2 * e),
    "the difference is halved and not divided by ε": lambda f, e: (f(e) - f(-e)) / 2,
    "the difference is divided by 2 and multiplied by ε": lambda f, e: (f(e) - f(-e)) / 2 * e,
    "the difference is divided by ε²": lambda f, e: (f(e) - f(-e)) / e**2,
    "the nudge is 2ε, and the distance is taken for 2ε": lambda f, e: (f(2 * e) - f(-2 * e)) / (2 * e),
    "the nudge is ε/2, and the distance is taken for 2ε": lambda f, e: (f(e / 2) - f(-e / 2)) / (2 * e),
    "the nudge is ε/2 up and down": lambda f, e: (f(e / 2) - f(-e / 2)) / e,
    "this is the second derivative": lambda f, e: (f(e) - 2 * f(0.0) + f(-e)) / e**2,
    "the slopes are taken without their signs": lambda f, e: abs(f(e) - f(-e)) / (2 * e),
    "the value of f is stored for each entry": lambda f, e: f(0.0),
    "only the second value is divided": lambda f, e: f(e) - f(-e) / (2 * e),
    **{
        f"the given ε is not used, but 1e-{n}": lambda f, e, h=10.0**-n: (f(h) - f(-h)) / (2 * h)
        for n in (1, 2, 3, 4, 5, 6, 7, 8)
    },
    **{
        f"the nudge goes up only, by 1e-{n} whatever ε is": lambda f, e, h=10.0**-n: (f(h) - f(0.0)) / h
        for n in (2, 3, 4, 5, 6, 7, 8)
    },
}
for words, quotient in QUOTIENT.items():
    known(f"quotient_{words}", words, NUDGE, quotient=quotient, rtol=1e-7)

# ---- one step, and many ----------------------------------------------------------------------------------------------

known = MistakesIn("sgd_step", moved, by_rule=True)
SGD: dict[str, Any] = {
    "the gradient is not used: the parameters are returned": lambda name, p, g, lr: p,
    "the gradient is returned": lambda name, p, g, lr: g,
    "lr times the gradient is returned": lambda name, p, g, lr: lr * g,
    "the step goes up, a whole gradient long": lambda name, p, g, lr: p + g,
    "the parameter is multiplied by lr too: lr (p − g)": lambda name, p, g, lr: lr * (p - g),
    "the gradient is divided by lr": lambda name, p, g, lr: p - g / lr,
    "lr is squared": lambda name, p, g, lr: p - lr**2 * g,
    "lr is taken away with the gradient: p − lr − g": lambda name, p, g, lr: p - lr - g,
    "the step is taken away the wrong way round": lambda name, p, g, lr: lr * g - p,
    "the step is multiplied with the parameter": lambda name, p, g, lr: p * lr * g,
    "the parameter is multiplied by 1 − lr g": lambda name, p, g, lr: p * (1 - lr * g),
    "the gradient is multiplied by the parameter": lambda name, p, g, lr: p - lr * g * p,
    "only the sign of the gradient counts": lambda name, p, g, lr: p - lr * np.sign(g),
    "each gradient is divided by its norm": lambda name, p, g, lr: p - lr * g / np.linalg.norm(g),
    "each gradient is divided by its length": lambda name, p, g, lr: p - lr * g / len(g),
    "each gradient is divided by its number of entries": lambda name, p, g, lr: p - lr * g / g.size,
    "each gradient is replaced by its mean": lambda name, p, g, lr: p - lr * g.mean(),
    "each gradient is squared": lambda name, p, g, lr: p - lr * g**2,
    "each gradient is taken without its sign": lambda name, p, g, lr: p - lr * np.abs(g),
    "each gradient is clipped to [−1, 1]": lambda name, p, g, lr: p - lr * np.clip(g, -1, 1),
    "the parameter shrinks by lr as well: a weight decay": lambda name, p, g, lr: (1 - lr) * p - lr * g,
    "the step is a mean of old and new": lambda name, p, g, lr: p - lr * g / 2,
    "the step is twice too long": lambda name, p, g, lr: p - 2 * lr * g,
    "the new parameters are those after two steps": lambda name, p, g, lr: p - lr * g - lr * g,
    "the weights do not move": lambda name, p, g, lr: p if "weight" in name else p - lr * g,
    "layer 1 does not move": lambda name, p, g, lr: p if name.endswith("1") else p - lr * g,
    "layer 2 does not move": lambda name, p, g, lr: p if name.endswith("2") else p - lr * g,
    "the biases move up": lambda name, p, g, lr: p + lr * g if "bias" in name else p - lr * g,
    "the biases do not use lr": lambda name, p, g, lr: p - g if "bias" in name else p - lr * g,
    "the weights do not use lr": lambda name, p, g, lr: p - lr * g if "bias" in name else p - g,
    "the new parameters are rounded to whole numbers": lambda name, p, g, lr: np.round(p - lr * g),
    **{f"lr is not used, but {c:g}": lambda name, p, g, lr, c=c: p - c * g for c in (0.1, 0.01, 0.001, 0.5)},
    **{
        f"a weight decay of {c:g} is added": lambda name, p, g, lr, c=c: p - lr * (g + c * p)
        for c in (0.1, 0.01, 0.001)
    },
    **{f"a momentum of {c:g} weakens the step": lambda name, p, g, lr, c=c: p - lr * (1 - c) * g for c in (0.9, 0.99)},
}
for words, step in SGD.items():
    if "two steps" not in words:
        known(f"sgd_{words}", words, STEP, step=step)


@dataclass(frozen=True)
class Training:
    """train_mlp, right by default. gradient: what is handed to the backward; grads: what its answer is made to."""

    own: Own
    gradient: Callable[[Array, Array], Array] = lambda prediction, target: prediction - target
    grads: Callable[[Grads, Params], Grads] = lambda grads, params: grads
    rate: Callable[[float, int, int, int], float] = lambda lr, t, steps, rows: lr
    momentum: float = 0.0
    averaged: bool = False
    shown: Callable[[Any, int, int], Any] = lambda loss, rows, entries: loss
    losses: Callable[[list[Any], Any], Any] = lambda losses, last: np.array(losses)
    ends: Callable[[list[Params]], Params] = lambda walked: walked[-1]
    reads: Callable[[Params, Params], Params] = lambda now, start: now

    def __call__(self, x: Array, target: Array, params: Params, lr: float, steps: int) -> tuple[Params, Any]:
        names = ("weight_1", "bias_1", "weight_2", "bias_2")
        walked, losses, speed = [params], [], {name: 0.0 * params[name] for name in names}
        for t in range(steps):
            prediction, cache = self.own["mlp_forward"](x, self.reads(walked[-1], params))
            losses.append(self.shown(self.own["half_squared_error"](prediction, target), len(x), target.size))
            found = self.own["mlp_backward"](self.gradient(prediction, target), cache)
            grads = self.grads({name: found[name] for name in names}, walked[-1])
            share = 1 - self.momentum if self.averaged else 1.0
            speed = {name: self.momentum * speed[name] + share * grads[name] for name in names}
            walked.append(self.own["sgd_step"](walked[-1], speed, self.rate(lr, t, steps, len(x))))
        last = self.shown(
            self.own["half_squared_error"](self.own["mlp_forward"](x, walked[-1])[0], target), len(x), target.size
        )
        return self.ends(walked), self.losses(losses, last)


def only(word: str) -> Callable[[Grads, Params], Grads]:
    """The gradients whose names hold this word, all others zero."""
    return lambda grads, params: {name: grad if word in name else 0 * grad for name, grad in grads.items()}


known = MistakesIn("train_mlp", lambda own, **slots: {"train_mlp": Training(own, **slots)}, by_rule=True)
TRAIN: dict[str, Any] = {
    "the target is handed to the backward": {"gradient": lambda p, t: t},
    "ones are handed to the backward": {"gradient": lambda p, t: 0 * p + 1},
    "prediction + target is handed to the backward": {"gradient": lambda p, t: p + t},
    "the gradient of the loss is halved": {"gradient": lambda p, t: (p - t) / 2},
    "the gradient of the loss is divided by the number of entries": {"gradient": lambda p, t: (p - t) / p.size},
    "the gradient of the loss is twice the error, divided by the number of rows": {
        "gradient": lambda p, t: 2 * (p - t) / len(p)
    },
    "the gradient of the loss is twice the error, divided by the number of entries": {
        "gradient": lambda p, t: 2 * (p - t) / p.size
    },
    "the gradient of the loss is divided by the number of outputs": {"gradient": lambda p, t: (p - t) / p.shape[1]},
    "the error is squared in the gradient of the loss": {"gradient": lambda p, t: (p - t) ** 2},
    "half the squared error is handed to the backward": {"gradient": lambda p, t: (p - t) ** 2 / 2},
    "only the sign of the error is handed to the backward": {"gradient": lambda p, t: np.sign(p - t)},
    "the absolute error is handed to the backward": {"gradient": lambda p, t: np.abs(p - t)},
    "the slope of the sigmoid is in what is handed to the backward already": {
        "gradient": lambda p, t: (p - t) * p * (1 - p)
    },
    "the upper slope is taken out before the backward, as for a cross-entropy": {
        "gradient": lambda p, t: (p - t) / (p * (1 - p))
    },
    "the error is averaged over the rows first": {"gradient": lambda p, t: 0 * p + (p - t).mean(axis=0)},
    "only the weights are trained": {"grads": only("weight")},
    "only the biases are trained": {"grads": only("bias")},
    "only layer 1 is trained": {"grads": only("_1")},
    "only layer 2 is trained": {"grads": only("_2")},
    "nothing is trained": {"grads": only("none")},
    "weight_1 is not trained": {"grads": lambda g, p: {**g, "weight_1": 0 * g["weight_1"]}},
    "weight_2 is not trained": {"grads": lambda g, p: {**g, "weight_2": 0 * g["weight_2"]}},
    "bias_1 is not trained": {"grads": lambda g, p: {**g, "bias_1": 0 * g["bias_1"]}},
    "bias_2 is not trained": {"grads": lambda g, p: {**g, "bias_2": 0 * g["bias_2"]}},
    "each gradient is divided by its norm": {"grads": lambda g, p: {k: v / np.linalg.norm(v) for k, v in g.items()}},
    "the gradients of the biases are divided by the number of their units": {
        "grads": lambda g, p: {k: v / len(v) if "bias" in k else v for k, v in g.items()}
    },
    **{
        f"a weight decay of {c:g} is added": {"grads": lambda g, p, c=c: {k: v + c * p[k] for k, v in g.items()}}
        for c in (0.1, 0.01, 0.001)
    },
    "lr is divided by the number of rows": {"rate": lambda lr, t, steps, n: lr / n},
    "lr is divided by the number of steps": {"rate": lambda lr, t, steps, n: lr / steps},
    "lr falls as 1/(t + 1)": {"rate": lambda lr, t, steps, n: lr / (t + 1)},
    "lr falls with the root of t + 1": {"rate": lambda lr, t, steps, n: lr / np.sqrt(t + 1)},
    "lr falls in a straight line to zero": {"rate": lambda lr, t, steps, n: lr * (1 - t / steps)},
    "lr is halved after each step": {"rate": lambda lr, t, steps, n: lr / 2**t},
    "lr is multiplied by t, so the first step has length zero": {"rate": lambda lr, t, steps, n: lr * t},
    "lr is used twice over": {"rate": lambda lr, t, steps, n: lr**2},
    "each step is twice as long": {"rate": lambda lr, t, steps, n: 2 * lr},
    "each step goes up the slope": {"rate": lambda lr, t, steps, n: -lr},
    **{
        f"lr is multiplied by {c:g} after each step": {"rate": lambda lr, t, steps, n, c=c: lr * c**t}
        for c in (0.9, 0.95, 0.99, 0.999)
    },
    **{f"lr is not used, but {c:g}": {"rate": lambda lr, t, steps, n, c=c: c} for c in (0.1, 0.01, 0.001, 0.5, 1)},
    **{f"the steps have a momentum of {c:g}": {"momentum": c} for c in (0.5, 0.8, 0.9, 0.95, 0.99)},
    "the gradients of all steps so far are added up": {"momentum": 1.0},
    **{
        f"each step is a running mean of the gradients, with {c:g} of the old one": {"momentum": c, "averaged": True}
        for c in (0.5, 0.9, 0.99)
    },
    "the losses are divided by the number of rows": {"shown": lambda loss, n, size: loss / n},
    "the losses are divided by the number of entries": {"shown": lambda loss, n, size: loss / size},
    "the losses are doubled: the half is missing": {"shown": lambda loss, n, size: 2 * loss},
    "the losses are means of squares, not half their sum": {"shown": lambda loss, n, size: 2 * loss / size},
    "the losses are twice the half squared error, divided by the number of rows": {
        "shown": lambda loss, n, size: 2 * loss / n
    },
    "each loss is the one after its update": {"losses": lambda losses, last: np.array([*losses[1:], last])},
    "losses has the final loss as well": {"losses": lambda losses, last: np.array([*losses, last])},
    "the first loss is missing": {"losses": lambda losses, last: np.array(losses[1:])},
    "the last loss is missing": {"losses": lambda losses, last: np.array(losses[:-1])},
    "only the final loss is returned": {"losses": lambda losses, last: last},
    "only the last loss before an update is returned": {"losses": lambda losses, last: losses[-1]},
    "only the first loss is returned": {"losses": lambda losses, last: losses[0]},
    "the losses are in reverse order": {"losses": lambda losses, last: np.array(losses[::-1])},
    "losses contains running sums": {"losses": lambda losses, last: np.cumsum(losses)},
    "losses contains running means": {"losses": lambda losses, last: np.cumsum(losses) / np.arange(1, len(losses) + 1)},
    "losses contains the first loss again and again": {"losses": lambda losses, last: np.full(len(losses), losses[0])},
    "losses contains the mean of all losses": {"losses": lambda losses, last: np.mean(losses)},
    "losses is left at zero": {"losses": lambda losses, last: np.zeros(len(losses))},
    "the parameters are those of the start": {"ends": lambda walked: walked[0]},
    "the parameters are one step short": {"ends": lambda walked: walked[-2]},
    "the parameters are those after the first step": {"ends": lambda walked: walked[1]},
    "the parameters are means over the whole training": {
        "ends": lambda walked: {k: np.mean([p[k] for p in walked], axis=0) for k in walked[1]}
    },
    "every gradient is taken at the first parameters": {"reads": lambda now, start: start},
    "layer 1 is never seen to move": {
        "reads": lambda now, start: {**now, "weight_1": start["weight_1"], "bias_1": start["bias_1"]}
    },
    "layer 2 is never seen to move": {
        "reads": lambda now, start: {**now, "weight_2": start["weight_2"], "bias_2": start["bias_2"]}
    },
    "the biases are never seen to move": {
        "reads": lambda now, start: {**now, "bias_1": start["bias_1"], "bias_2": start["bias_2"]}
    },
}
for words, slots in TRAIN.items():
    known(f"train_{words}", words, LOOP, **slots)
