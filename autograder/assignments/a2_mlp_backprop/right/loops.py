"""Plain Python: lists and loops over samples, units and inputs; the worked example typed from a calculator."""

import math

import numpy as np


def squash(number):
    if number < 0:
        small = math.exp(number)
        return small / (1 + small)
    return 1 / (1 + math.exp(-number))


def sigmoid(z):
    return np.reshape([squash(number) for number in np.ravel(z)], np.shape(z))


def layer(rows, weight, bias):
    result = []
    for row in rows:
        units = []
        for j in range(len(bias)):
            net = bias[j]
            for i in range(len(row)):
                net += weight[j][i] * row[i]
            units.append(squash(net))
        result.append(units)
    return result


def mlp_forward(x, params):
    hidden = layer(x, params["weight_1"], params["bias_1"])
    prediction = layer(hidden, params["weight_2"], params["bias_2"])
    return prediction, [x, hidden, prediction, params]


def half_squared_error(prediction, target):
    total = 0
    for row, wanted in zip(prediction, target):
        for p, y in zip(row, wanted):
            total += (p - y) ** 2
    return total / 2


def worked_example():
    return {
        "net_1": [[0.24, 0.52, 0.8]],
        "hidden": [[0.5597, 0.6271, 0.6900]],
        "net_2": [[0.4884]],
        "prediction": [[0.6197]],
        "loss": 0.07230,
        "grads": {
            "weight_1": [[-0.0008834, -0.001104], [-0.001676, -0.002096], [-0.002300, -0.002875]],
            "bias_1": [-0.002208, -0.004191, -0.005751],
            "weight_2": [[-0.05016, -0.05620, -0.06183]],
            "bias_2": [-0.08962],
        },
    }


def numerical_gradient(f, array, eps=1e-6):
    slopes = []
    for index in np.ndindex(np.shape(array)):
        values = []
        for step in (eps, -eps):
            moved = np.array(array, dtype=float)
            moved[index] = moved[index] + step
            values.append(f(moved))
        slopes.append((values[0] - values[1]) / (2 * eps))
    return np.reshape(slopes, np.shape(array))


def zeros(rows, columns):
    return [[0.0] * columns for _ in range(rows)]


def layer_backward(deltas, rows, weight):
    n_out, n_in = len(weight), len(weight[0])
    grad_rows, grad_weight, grad_bias = zeros(len(rows), n_in), zeros(n_out, n_in), [0.0] * n_out
    for n, row in enumerate(rows):
        for j in range(n_out):
            grad_bias[j] += deltas[n][j]
            for i in range(n_in):
                grad_weight[j][i] += deltas[n][j] * row[i]
                grad_rows[n][i] += deltas[n][j] * weight[j][i]
    return grad_rows, grad_weight, grad_bias


def through_sigmoid(grads, values):
    return [[g * v * (1 - v) for g, v in zip(grad, row)] for grad, row in zip(grads, values)]


def mlp_backward(grad_prediction, cache):
    x, hidden, prediction, params = cache
    deltas = through_sigmoid(grad_prediction, prediction)
    grad_hidden, weight_2, bias_2 = layer_backward(deltas, hidden, params["weight_2"])
    deltas = through_sigmoid(grad_hidden, hidden)
    grad_x, weight_1, bias_1 = layer_backward(deltas, x, params["weight_1"])
    return dict(x=grad_x, weight_1=weight_1, bias_1=bias_1, weight_2=weight_2, bias_2=bias_2)


def softmax_row(row):
    top = max(row)
    powers = [math.exp(value - top) for value in row]
    return [power / sum(powers) for power in powers]


def softmax(logits):
    rows = np.reshape(logits, (-1, np.shape(logits)[-1]))
    return np.reshape([softmax_row(row) for row in rows], np.shape(logits))


def cross_entropy(logits, target):
    total = 0
    for row, right in zip(logits, target):
        top = max(row)
        total += top + math.log(sum(math.exp(value - top) for value in row)) - row[right]
    return total / len(target)


def cross_entropy_backward(logits, target):
    grad = []
    for row, right in zip(logits, target):
        p = softmax_row(row)
        p[right] -= 1
        grad.append([value / len(target) for value in p])
    return grad


def sgd_step(params, grads, lr):
    new = {}
    for name in params:
        new[name] = np.array(params[name]) - lr * np.array(grads[name])
    return new


def train_mlp(x, target, params, lr, steps):
    losses = []
    for _ in range(steps):
        prediction, cache = mlp_forward(x, params)
        losses.append(half_squared_error(prediction, target))
        upstream = [[p - y for p, y in zip(row, wanted)] for row, wanted in zip(prediction, target)]
        params = sgd_step(params, mlp_backward(upstream, cache), lr)
    return params, losses
