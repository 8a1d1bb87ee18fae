"""Known mistakes of a2_mlp_backprop: training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.assignments.a2_mlp_backprop.mistakes.forward import zeroed
from autograder.assignments.a2_mlp_backprop.mistakes.shared import Array, Backward, Grads, Params, forward
from autograder.naming.bank import Functions, MistakesIn, Own

STEP = "5.1, 'One step': new = old − lr · slope, and params is not changed."


def moved(own: Own, step: Callable[[str, Array, Array, float], Array]) -> Functions:
    """An sgd_step of step(name, value, gradient, lr)."""
    return {"sgd_step": lambda params, grads, lr: {k: step(k, v, grads[k], lr) for k, v in params.items()}}


in_sgd_step = MistakesIn("sgd_step", moved)

in_sgd_step(
    "step_uphill",
    "the step goes up the slope: plus instead of minus",
    STEP,
    step=lambda name, value, grad, lr: value + lr * grad,
)
in_sgd_step("lr_forgotten", "lr is not used", STEP, step=lambda name, value, grad, lr: value - grad)
in_sgd_step(
    "biases_stay",
    "the biases do not move",
    f"{STEP} It walks over all names.",
    step=lambda name, value, grad, lr: value if "bias" in name else value - lr * grad,
)
in_sgd_step(
    "step_returned",
    "the step itself is returned, not where it leads",
    STEP,
    step=lambda name, value, grad, lr: -lr * grad,
)


@in_sgd_step(
    "params_moved_in_place", "the caller's params are changed in place", f"{STEP} -= writes into the old array."
)
def params_moved_in_place(own: Own) -> Functions:
    def sgd_step(params: Params, grads: Grads, lr: float) -> Params:
        for name in params:
            params[name] -= lr * grads[name]
        return params

    return {"sgd_step": sgd_step}


in_sgd_step(
    "step_walks_grads",
    "the step walks over the names in grads, and grads may hold more than params",
    f"{STEP} Which of the two dicts has the names of the parameters?",
    lambda own: {"sgd_step": lambda params, grads, lr: {name: params[name] - lr * grads[name] for name in grads}},
)

LOOP = "5.2, 'Many steps': forward, loss, backward, step, and again."


def train(
    own: Own,
    upstream: Callable[[Array, Array], Array] = lambda prediction, target: prediction - target,
    step: Callable[[Params, Grads, float, Array, Array], Params] | None = None,
    after: bool = False,
    frozen: bool = False,
    losses_of: Callable[[list[Any]], Any] = np.array,
) -> Functions:
    """train_mlp over the functions below it, right by default."""

    def train_mlp(x: Array, target: Array, params: Params, lr: float, steps: int) -> tuple[Params, Any]:
        losses: list[Any] = []
        first = params
        for _ in range(steps):
            prediction, cache = own["mlp_forward"](x, first if frozen else params)
            losses.append(own["half_squared_error"](prediction, target))
            grads = own["mlp_backward"](upstream(np.asarray(prediction), target), cache)
            params = step(params, grads, lr, x, target) if step else own["sgd_step"](params, grads, lr)
            if after:
                losses[-1] = own["half_squared_error"](own["mlp_forward"](x, params)[0], target)
        return params, losses_of(losses)

    return {"train_mlp": train_mlp}


in_train_mlp = MistakesIn("train_mlp", train)

in_train_mlp(
    "train_losses_after", "the losses are taken after their updates", "5.2: each loss before its update.", after=True
)
in_train_mlp(
    "train_sign",
    "the training climbs: target − prediction is handed to the backward",
    "1.4: the gradient of the half squared error is prediction − target.",
    upstream=lambda prediction, target: target - prediction,
    seen_in="the article of part 1",
)
in_train_mlp(
    "train_mean",
    "the gradient of the loss is divided by the number of rows, the loss is a sum",
    "1.4: half squared error is a plain ½Σ.",
    upstream=lambda prediction, target: (prediction - target) / len(target),
)
in_train_mlp(
    "train_doubled",
    "the gradient of the loss is 2 (prediction − target): the half is forgotten",
    "1.4: the half is there for that derivative.",
    upstream=lambda prediction, target: 2 * (prediction - target),
    seen_in="bighuang624/Andrew-Ng-Deep-Learning-notes #10",
)
in_train_mlp(
    "train_prediction_upstream",
    "the prediction itself is handed to the backward, not the gradient of the loss",
    f"{LOOP} What is the gradient of the half squared error at the prediction?",
    upstream=lambda prediction, target: prediction,
)


@in_train_mlp(
    "train_layer_by_layer",
    "layer 2 is moved before the gradients of layer 1 are taken",
    "5.1: all gradients come first, then all updates.",
    seen_in="kim-marcel/basic_neural_network #7; joelgrus/data-science-from-scratch #31",
)
def train_layer_by_layer(own: Own) -> Functions:
    def step(params: Params, grads: Grads, lr: float, x: Array, target: Array) -> Params:
        prediction, net = forward(x, params)
        moved = own["sgd_step"](params, grads, lr)
        late = replace(net, params={**params, "weight_2": moved["weight_2"]})
        return {**moved, **own["sgd_step"](zeroed(params, "weight_2"), Backward()(prediction - target, late), lr)} | {
            "weight_2": moved["weight_2"],
            "bias_2": moved["bias_2"],
        }

    return train(own, step=step)


@in_train_mlp(
    "train_pass_for_each_layer",
    "layer 1 gets a forward and a backward of its own, after layer 2 has moved",
    "5.1: all gradients come first, then all updates.",
)
def train_pass_for_each_layer(own: Own) -> Functions:
    def step(params: Params, grads: Grads, lr: float, x: Array, target: Array) -> Params:
        half = {**params, **{k: v for k, v in own["sgd_step"](params, grads, lr).items() if k.endswith("2")}}
        prediction, cache = own["mlp_forward"](x, half)
        moved = own["sgd_step"](half, own["mlp_backward"](prediction - target, cache), lr)
        return {k: half[k] if k.endswith("2") else v for k, v in moved.items()}

    return train(own, step=step)


in_train_mlp(
    "train_at_start",
    "every gradient is taken at the first parameters, so all steps are the same",
    f"{LOOP} The next forward gets the new params.",
    frozen=True,
)


@in_train_mlp(
    "train_biases_stay",
    "the training never moves the biases",
    f"{LOOP} And 5.3, line (h).",
    seen_in="the article of part 1",
)
def train_biases_stay(own: Own) -> Functions:
    def step(params: Params, grads: Grads, lr: float, x: Array, target: Array) -> Params:
        return {k: params[k] if "bias" in k else v for k, v in own["sgd_step"](params, grads, lr).items()}

    return train(own, step=step)


@in_train_mlp(
    "train_losses_averaged", "the losses are divided by the number of rows", "1.4: half squared error is a plain ½Σ."
)
def train_losses_averaged(own: Own) -> Functions:
    right = train(own)["train_mlp"]

    def train_mlp(x: Array, target: Array, params: Params, lr: float, steps: int) -> tuple[Params, Any]:
        found, losses = right(x, target, params, lr, steps)
        return found, losses / len(x)

    return {"train_mlp": train_mlp}


@in_train_mlp(
    "train_in_place", "the training moves the caller's params in place", f"{STEP} -= writes into the old array."
)
def train_in_place(own: Own) -> Functions:
    def step(params: Params, grads: Grads, lr: float, x: Array, target: Array) -> Params:
        for name, value in own["sgd_step"](params, grads, lr).items():
            params[name][...] = value
        return params

    return train(own, step=step)
