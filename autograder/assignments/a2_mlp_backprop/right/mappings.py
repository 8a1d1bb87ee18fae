"""Other containers than dict and tuple: a mapping of its own, MappingProxyType, OrderedDict, keys that nobody asked for."""

import collections.abc
import types

import numpy as np


class Store(collections.abc.Mapping):
    def __init__(self, items):
        self.items_ = items

    def __getitem__(self, key):
        return self.items_[key]

    def __iter__(self):
        return iter(self.items_)

    def __len__(self):
        return len(self.items_)


class Grads(dict):
    pass


def mlp_forward(x, params):
    hidden = sigmoid(x @ params["weight_1"].T + params["bias_1"])
    prediction = sigmoid(hidden @ params["weight_2"].T + params["bias_2"])
    return [prediction, types.MappingProxyType({**params, "x": x, "hidden": hidden, "prediction": prediction})]


def worked_example():
    W, B1 = np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]), np.array([0.1, 0.2, 0.3])
    V, B2 = np.array([[0.1], [0.2], [0.3]]), np.array([0.1])
    params = Store({"weight_1": W.T, "bias_1": B1, "weight_2": V.T, "bias_2": B2})
    x = np.array([[0.4, 0.5]])
    prediction, cache = mlp_forward(x, params)
    hidden = cache["hidden"]
    example = dict(net_1=x @ W + B1, hidden=hidden, net_2=hidden @ V + B2, prediction=prediction)
    loss, grads = half_squared_error(prediction, 1.0), Store(mlp_backward(prediction - 1.0, cache))
    return types.MappingProxyType({**example, "loss": loss, "grads": grads})


def mlp_backward(grad_prediction, cache):
    hidden, prediction = cache["hidden"], cache["prediction"]
    upper = grad_prediction * prediction * (1 - prediction)
    lower = upper @ cache["weight_2"] * hidden * (1 - hidden)
    grads = Grads(x=lower @ cache["weight_1"], note="mine", hidden=upper @ cache["weight_2"])
    grads["weight_1"], grads["bias_1"] = lower.T @ cache["x"], lower.sum(axis=0)
    grads["weight_2"], grads["bias_2"] = upper.T @ hidden, upper.sum(axis=0)
    return grads


def name_the_mistake():
    names = [
        "bias_by_mean",
        "top_slope_missing",
        "bias_1_before_slope",
        "upstream_ones",
        "hidden_slope_missing",
        "sign_turned",
    ]
    return {letter: f" {name.upper()} " for letter, name in zip("ABCDEF", names)}


def sgd_step(params, grads, lr):
    return collections.OrderedDict(((name, params[name] - lr * grads[name]) for name in params), step=1)


def train_mlp(x, target, params, lr, steps):
    losses = []
    for _ in range(steps):
        prediction, cache = mlp_forward(x, params)
        losses.append(half_squared_error(prediction, target))
        grads = mlp_backward(prediction - target, cache)
        params = Store({name: params[name] - lr * grads[name] for name in params})
    return Store({**params, "momentum": None}), tuple(losses)
