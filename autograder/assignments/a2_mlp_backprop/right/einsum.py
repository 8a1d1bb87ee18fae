"""Every product an einsum; sigmoid by tanh, log-sum-exp by logaddexp."""

import numpy as np


def sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(z)))


def mlp_forward(x, params):
    hidden = sigmoid(np.einsum("ni,hi->nh", x, params["weight_1"]) + params["bias_1"])
    prediction = sigmoid(np.einsum("nh,oh->no", hidden, params["weight_2"]) + params["bias_2"])
    return prediction, dict(x=x, hidden=hidden, prediction=prediction, params=params)


def half_squared_error(prediction, target):
    error = prediction - target
    return np.einsum("no,no->", error, error) / 2


def worked_example():
    x, label = np.array([[0.4, 0.5]]), np.array([[1.0]])
    params = {
        "weight_1": np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]),
        "bias_1": np.array([0.1, 0.2, 0.3]),
        "weight_2": np.array([[0.1, 0.2, 0.3]]),
        "bias_2": np.array([0.1]),
    }
    prediction, cache = mlp_forward(x, params)
    hidden = cache["hidden"]
    return {
        "net_1": np.log(hidden / (1 - hidden)),
        "hidden": hidden,
        "net_2": np.log(prediction / (1 - prediction)),
        "prediction": prediction,
        "loss": half_squared_error(prediction, label),
        "grads": mlp_backward(prediction - label, cache),
    }


def numerical_gradient(f, array, eps=1e-6):
    def along(index):
        step = np.zeros(array.shape)
        step[index] = eps
        return (f(array + step) - f(array - step)) / (2 * eps)

    return np.array([along(index) for index in np.ndindex(array.shape)]).reshape(array.shape)


def mlp_backward(grad_prediction, cache):
    x, hidden, prediction, params = (cache[key] for key in ("x", "hidden", "prediction", "params"))
    delta_2 = np.einsum("no,no,no->no", grad_prediction, prediction, 1 - prediction)
    delta_1 = np.einsum("no,oh,nh,nh->nh", delta_2, params["weight_2"], hidden, 1 - hidden)
    return {
        "x": np.einsum("nh,hi->ni", delta_1, params["weight_1"]),
        "weight_1": np.einsum("nh,ni->hi", delta_1, x),
        "bias_1": np.einsum("nh->h", delta_1),
        "weight_2": np.einsum("no,nh->oh", delta_2, hidden),
        "bias_2": np.einsum("no->o", delta_2),
        "hidden": np.einsum("no,oh->nh", delta_2, params["weight_2"]),
    }


def log_sum(logits):
    return np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def softmax(logits):
    return np.exp(logits - log_sum(logits))


def cross_entropy(logits, target):
    one_hot = np.eye(logits.shape[1])[target]
    return np.einsum("nc,nc->", one_hot, log_sum(logits) - logits) / len(logits)


def cross_entropy_backward(logits, target):
    return (softmax(logits) - np.eye(logits.shape[1])[target]) / len(logits)


def sgd_step(params, grads, lr):
    return {name: params[name] - lr * grads[name] for name in params}


def train_mlp(x, target, params, lr, steps):
    losses = np.empty(steps)
    for step in range(steps):
        prediction, cache = mlp_forward(x, params)
        losses[step] = half_squared_error(prediction, target)
        params = sgd_step(params, mlp_backward(prediction - target, cache), lr)
    return params, losses
