"""The cache is a dataclass with copies of what came in, and the backward runs the forward again; training is a generator."""

import copy
from dataclasses import dataclass

import numpy as np


def sigmoid(z):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-np.asarray(z, dtype=float)))


@dataclass(frozen=True)
class Kept:
    x: np.ndarray
    params: dict

    def layers(self):
        hidden = sigmoid(self.x @ self.params["weight_1"].T + self.params["bias_1"])
        return hidden, sigmoid(hidden @ self.params["weight_2"].T + self.params["bias_2"])


def mlp_forward(x, params):
    return Kept(x, params).layers()[1], Kept(x.copy(), copy.deepcopy(params))


def mlp_backward(grad_prediction, cache):
    hidden, prediction = cache.layers()
    upper = grad_prediction * prediction * (1 - prediction)
    lower = upper @ cache.params["weight_2"] * hidden * (1 - hidden)
    return {
        "x": lower @ cache.params["weight_1"],
        "weight_1": lower.T @ cache.x,
        "bias_1": lower.sum(axis=0),
        "weight_2": upper.T @ hidden,
        "bias_2": upper.sum(axis=0),
    }


def sgd_step(params, grads, lr):
    new = copy.deepcopy(params)
    for name in new:
        new[name] -= lr * np.asarray(grads[name])
    return new


def walk(x, target, params, lr):
    while True:
        prediction, cache = mlp_forward(x, params)
        yield 0.5 * np.sum((prediction - target) ** 2), params
        params = sgd_step(params, mlp_backward(prediction - target, cache), lr)


def train_mlp(x, target, params, lr, steps):
    steps_of_walk = walk(x, target, params, lr)
    losses = [next(steps_of_walk)[0] for _ in range(steps)]
    return next(steps_of_walk)[1], losses
