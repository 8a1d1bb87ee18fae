"""Written into arrays of its own: out=, -=, *=, nditer, subtract.at. No argument is changed, or it is restored."""

import numpy as np


def sigmoid(z):
    out = np.array(z, dtype=float)
    np.tanh(np.multiply(out, 0.5, out=out), out=out)
    out += 1
    out *= 0.5
    return out


def mlp_forward(x, params):
    layers = [x]
    for number in "12":
        net = layers[-1] @ params["weight_" + number].T
        net += params["bias_" + number]
        layers.append(sigmoid(net))
    return layers[-1].copy(), (layers, params)


def half_squared_error(prediction, target):
    error = prediction - target
    np.square(error, out=error)
    error *= 0.5
    return np.add.reduce(error, axis=None)


def numerical_gradient(f, array, eps=1e-6):
    gradient = np.zeros(array.shape)
    with np.nditer(array, flags=["multi_index"], op_flags=["readwrite"]) as each:
        for entry in each:
            old = float(entry)
            entry[...] = old + eps
            above = f(array)
            entry[...] = old - eps
            gradient[each.multi_index] = (above - f(array)) / (2 * eps)
            entry[...] = old
    return gradient


def mlp_backward(grad_prediction, cache):
    (x, hidden, prediction), params = cache
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    delta = grad_prediction * prediction
    delta *= 1 - prediction
    np.matmul(delta.T, hidden, out=grads["weight_2"])
    np.sum(delta, axis=0, out=grads["bias_2"])
    delta = delta @ params["weight_2"]
    delta *= hidden
    delta *= 1 - hidden
    grads["weight_1"] += delta.T @ x
    for row in delta:
        grads["bias_1"] += row
    grads["x"] = np.matmul(delta, params["weight_1"])
    return grads


def softmax(logits):
    powers = np.array(logits, dtype=float)
    powers -= powers.max(axis=-1, keepdims=True)
    np.exp(powers, out=powers)
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers


def cross_entropy_backward(logits, target):
    grad = softmax(logits)
    np.subtract.at(grad, (range(len(target)), target), 1)
    grad /= len(target)
    return np.asfortranarray(grad)


def sgd_step(params, grads, lr):
    new = {name: np.copy(value) for name, value in params.items()}
    for name, value in new.items():
        value -= lr * grads[name]
    return new


def train_mlp(x, target, params, lr, steps):
    w1, b1, w2, b2 = (np.array(params[name]) for name in ("weight_1", "bias_1", "weight_2", "bias_2"))
    losses = np.empty(steps)
    for step in range(steps):
        hidden = sigmoid(x @ w1.T + b1)
        prediction = sigmoid(hidden @ w2.T + b2)
        losses[step] = np.sum((prediction - target) ** 2) / 2
        upper = (prediction - target) * prediction * (1 - prediction)
        lower = upper @ w2 * hidden * (1 - hidden)
        w2 -= lr * upper.T @ hidden
        b2 -= lr * upper.sum(axis=0)
        w1 -= lr * lower.T @ x
        b1 -= lr * lower.sum(axis=0)
    return {"weight_1": w1, "bias_1": b1, "weight_2": w2, "bias_2": b2}, losses
