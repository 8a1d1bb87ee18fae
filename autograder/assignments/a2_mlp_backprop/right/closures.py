"""The cache is a closure: the forward returns the function that goes back."""

import numpy as np


def sigmoid(z):
    z = np.asarray(z, dtype=float)
    result = np.empty_like(z)
    positive = z >= 0
    result[positive] = 1 / (1 + np.exp(-z[positive]))
    result[~positive] = np.exp(z[~positive]) / (1 + np.exp(z[~positive]))
    return result


def dense(weight, bias):
    def forward(rows):
        values = sigmoid(rows @ weight.T + bias)

        def backward(upstream):
            delta = upstream * values * (1 - values)
            return delta @ weight, delta.T @ rows, delta.sum(axis=0)

        return values, backward

    return forward


def mlp_forward(x, params):
    hidden, first = dense(params["weight_1"], params["bias_1"])(x)
    prediction, second = dense(params["weight_2"], params["bias_2"])(hidden)

    def backward(upstream):
        grads = {}
        grad_hidden, grads["weight_2"], grads["bias_2"] = second(upstream)
        grads["x"], grads["weight_1"], grads["bias_1"] = first(grad_hidden)
        return grads

    return prediction, backward


def half_squared_error(prediction, target):
    return 0.5 * np.linalg.norm(np.subtract(prediction, target)) ** 2


def worked_example():
    x, label = np.array([[0.4, 0.5]]), 1.0
    W, B1 = np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]), np.array([0.1, 0.2, 0.3])
    V, B2 = np.array([[0.1], [0.2], [0.3]]), np.array([0.1])
    prediction, backward = mlp_forward(x, {"weight_1": W.T, "bias_1": B1, "weight_2": V.T, "bias_2": B2})
    hidden = sigmoid(x @ W + B1)
    grads = backward(prediction - label)
    loss = half_squared_error(prediction, label)
    return dict(net_1=x @ W + B1, hidden=hidden, net_2=hidden @ V + B2, prediction=prediction, loss=loss, grads=grads)


def numerical_gradient(f, array, eps=1e-6):
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index].copy()
        array[index] = kept + eps
        gradient[index] = f(array)
        array[index] = kept - eps
        gradient[index] -= f(array)
        array[index] = kept
    return gradient / (2 * eps)


def mlp_backward(grad_prediction, cache):
    return cache(grad_prediction)


def log_softmax(logits):
    moved = logits - logits.max(axis=-1, keepdims=True)
    return moved - np.log(np.exp(moved).sum(axis=-1, keepdims=True))


def softmax(logits):
    return np.exp(log_softmax(logits))


def cross_entropy(logits, target):
    return -np.take_along_axis(log_softmax(logits), target[:, None], axis=1).mean()


def cross_entropy_backward(logits, target):
    grad = np.exp(log_softmax(logits))
    grad[range(len(target)), target] -= 1
    grad /= len(target)
    return grad


class Params(dict):
    def __sub__(self, other):
        return Params({name: self[name] - other[name] for name in self})


def sgd_step(params, grads, lr):
    return Params(params) - {name: lr * grads[name] for name in params}


def train_mlp(x, target, params, lr, steps):
    losses = []
    for _ in range(steps):
        prediction, backward = mlp_forward(x, params)
        losses.append(half_squared_error(prediction, target))
        params = sgd_step(params, backward(prediction - target), lr)
    return params, losses
