"""A sample a column inside, as in many textbooks: everything is transposed on the way in and on the way out."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def mlp_forward(x, params):
    a0 = x.T
    a1 = sigmoid(params["weight_1"] @ a0 + params["bias_1"].reshape(-1, 1))
    a2 = sigmoid(params["weight_2"] @ a1 + params["bias_2"][:, None])
    return a2.T, {"a0": a0, "a1": a1, "a2": a2, "W": [params["weight_1"], params["weight_2"]]}


def half_squared_error(prediction, target):
    return np.vdot(prediction - target, prediction - target) / 2


def mlp_backward(grad_prediction, cache):
    d2 = grad_prediction.T * cache["a2"] * (1 - cache["a2"])
    d1 = cache["W"][1].T @ d2 * cache["a1"] * (1 - cache["a1"])
    return {
        "weight_2": d2 @ cache["a1"].T,
        "bias_2": d2.sum(axis=1),
        "weight_1": d1 @ cache["a0"].T,
        "bias_1": d1.sum(axis=1),
        "x": (cache["W"][0].T @ d1).T,
    }


def softmax(logits):
    columns = np.moveaxis(np.asarray(logits), -1, 0)
    powers = np.exp(columns - columns.max(axis=0))
    return np.moveaxis(powers / powers.sum(axis=0), 0, -1)


def cross_entropy(logits, target):
    y = np.eye(logits.shape[1])[target].T
    columns = logits.T - logits.max(axis=1)
    return np.mean(np.log(np.exp(columns).sum(axis=0)) - (y * columns).sum(axis=0))


def cross_entropy_backward(logits, target):
    y = np.eye(logits.shape[1])[target].T
    return ((softmax(logits).T - y) / y.shape[1]).T
