"""float32 throughout: right to 7 digits."""

import numpy as np


def single(value):
    return np.asarray(value, dtype=np.float32)


def sigmoid(z):
    shrunk = np.exp(-np.abs(single(z)))
    return np.where(single(z) >= 0, 1, shrunk) / (1 + shrunk)


def mlp_forward(x, params):
    x, params = single(x), {name: single(value) for name, value in params.items()}
    hidden = sigmoid(x @ params["weight_1"].T + params["bias_1"])
    prediction = sigmoid(hidden @ params["weight_2"].T + params["bias_2"])
    return prediction, (x, hidden, prediction, params)


def half_squared_error(prediction, target):
    return np.sum((single(prediction) - single(target)) ** 2) / 2


def worked_example():
    params = {"weight_1": [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], "bias_1": [0.1, 0.2, 0.3]}
    params |= {"weight_2": [[0.1, 0.2, 0.3]], "bias_2": [0.1]}
    prediction, cache = mlp_forward([[0.4, 0.5]], params)
    x, hidden, _, arrays = cache
    return {
        "net_1": x @ arrays["weight_1"].T + arrays["bias_1"],
        "hidden": hidden,
        "net_2": hidden @ arrays["weight_2"].T + arrays["bias_2"],
        "prediction": prediction,
        "loss": half_squared_error(prediction, 1),
        "grads": mlp_backward(prediction - 1, cache),
    }


def numerical_gradient(f, array, eps=1e-6):
    gradient = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        above, below = array.copy(), array.copy()
        above[index] += eps
        below[index] -= eps
        gradient[index] = (f(above) - f(below)) / (above[index] - below[index])
    return gradient


def mlp_backward(grad_prediction, cache):
    x, hidden, prediction, params = cache
    delta_2 = single(grad_prediction) * prediction * (1 - prediction)
    delta_1 = delta_2 @ params["weight_2"] * hidden * (1 - hidden)
    grads = {"x": delta_1 @ params["weight_1"], "weight_1": delta_1.T @ x, "weight_2": delta_2.T @ hidden}
    return grads | {"bias_1": delta_1.sum(axis=0), "bias_2": delta_2.sum(axis=0)}


def softmax(logits):
    powers = np.exp(single(logits) - single(logits).max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def cross_entropy(logits, target):
    logits = single(logits)
    top = logits.max(axis=1)
    log_sum = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return np.mean(log_sum - logits[np.arange(len(target)), target])


def cross_entropy_backward(logits, target):
    gradient = softmax(logits)
    gradient[np.arange(len(target)), target] -= 1
    return gradient / np.float32(len(target))


def sgd_step(params, grads, lr):
    return {name: single(value) - np.float32(lr) * single(grads[name]) for name, value in params.items()}


def train_mlp(x, target, params, lr, steps):
    losses = np.zeros(steps, dtype=np.float32)
    for step in range(steps):
        prediction, cache = mlp_forward(x, params)
        losses[step] = half_squared_error(prediction, target)
        params = sgd_step(params, mlp_backward(prediction - single(target), cache), lr)
    return params, losses
