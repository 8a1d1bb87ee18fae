"""A row or an entry at a time, then the rows are added or stacked. The worked example is typed, cut and not rounded."""

import math

import numpy as np


def one(z):
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


sigmoid = np.vectorize(one, otypes=[float])


def half_squared_error(prediction, target):
    return 0.5 * math.fsum(float(np.dot(e, e)) for e in prediction - target)


def worked_example():
    return {
        "net_1": [[0.24, 0.52, 0.8]],
        "hidden": [[0.5597, 0.6271, 0.6899]],
        "net_2": [[0.4883]],
        "prediction": [[0.6197]],
        "loss": 0.0723,
        "grads": {
            "weight_1": [[-0.0008833, -0.001104], [-0.001676, -0.002095], [-0.0023, -0.002875]],
            "bias_1": [-0.002208, -0.004191, -0.00575],
            "weight_2": [[-0.05015, -0.0562, -0.06183]],
            "bias_2": [-0.08961],
        },
    }


def numerical_gradient(f, array, eps=1e-6):
    units = np.eye(array.size).reshape(array.size, *array.shape)
    return np.array([(f(array + eps * u) - f(array - eps * u)) / (2 * eps) for u in units]).reshape(array.shape)


def mlp_backward(grad_prediction, cache):
    x, hidden, prediction, weight_1, weight_2 = cache
    grads = {"x": np.zeros_like(x), "weight_1": np.zeros_like(weight_1), "bias_1": np.zeros(len(weight_1))}
    grads |= {"weight_2": np.zeros_like(weight_2), "bias_2": np.zeros(len(weight_2))}
    for n in range(len(x)):
        upper = grad_prediction[n] * prediction[n] * (1 - prediction[n])
        lower = (weight_2.T @ upper) * hidden[n] * (1 - hidden[n])
        grads["weight_2"] += np.outer(upper, hidden[n])
        grads["bias_2"] += upper
        grads["weight_1"] += np.outer(lower, x[n])
        grads["bias_1"] += lower
        grads["x"][n] = weight_1.T @ lower
    return grads


def softmax_of_a_row(row):
    powers = np.exp(row - row.max())
    return powers / powers.sum()


def softmax(logits):
    return np.apply_along_axis(softmax_of_a_row, -1, logits)


def cross_entropy(logits, target):
    return np.mean([np.logaddexp.reduce(row) - row[c] for row, c in zip(logits, target)])


def cross_entropy_backward(logits, target):
    grad = np.empty(logits.shape)
    for n, (row, right) in enumerate(zip(logits, target)):
        for c in range(len(row)):
            grad[n, c] = (1 / np.sum(np.exp(np.clip(row - row[c], None, 700))) - (c == right)) / len(target)
    return grad


def train_mlp(x, target, params, lr, steps):
    losses = []
    for _ in range(steps):
        total, loss = dict.fromkeys(params, 0.0), 0.0
        for n in range(len(x)):
            prediction, cache = mlp_forward(x[n : n + 1], params)
            grads = mlp_backward(prediction - target[n : n + 1], cache)
            loss += 0.5 * np.sum((prediction - target[n]) ** 2)
            total = {name: total[name] + grads[name] for name in params}
        losses.append(loss)
        params = {name: params[name] - lr * total[name] for name in params}
    return params, np.array(losses)
