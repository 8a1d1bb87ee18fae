"""Fewer arrays: a bias is one more column of its weight, and training moves all parameters as one flat vector."""

import numpy as np


def with_one(rows):
    return np.hstack([rows, np.ones((len(rows), 1))])


def mlp_forward(x, params):
    big = [np.hstack([params[f"weight_{i}"], params[f"bias_{i}"][:, None]]) for i in (1, 2)]
    hidden = sigmoid(with_one(x) @ big[0].T)
    return sigmoid(with_one(hidden) @ big[1].T), [x, hidden, *big]


def numerical_gradient(f, array, eps=1e-6):
    flat = array.flatten()
    slopes = []
    for i, kept in enumerate(flat.copy()):
        values = []
        for nudge in (eps, -eps):
            flat[i] = kept + nudge
            values.append(f(flat.reshape(array.shape)))
            flat[i] = kept
        slopes.append((values[0] - values[1]) / 2 / eps)
    return np.reshape(slopes, array.shape)


def mlp_backward(grad_prediction, cache):
    # the gradients of weight and bias are views of one array
    x, hidden, first, second = cache
    prediction = sigmoid(with_one(hidden) @ second.T)
    upper = grad_prediction * prediction * (1 - prediction)
    lower = (upper @ second[:, :-1]) * hidden * (1 - hidden)
    slopes = [lower.T @ with_one(x), upper.T @ with_one(hidden)]
    parts = {f"weight_{i}": s[:, :-1] for i, s in enumerate(slopes, 1)}
    return parts | {f"bias_{i}": s[:, -1] for i, s in enumerate(slopes, 1)} | {"x": lower @ first[:, :-1]}


def train_mlp(x, target, params, lr, steps):
    names = ("weight_1", "bias_1", "weight_2", "bias_2")
    shapes = {name: params[name].shape for name in names}
    cuts = np.cumsum([np.prod(shape, dtype=int) for shape in shapes.values()])[:-1]
    theta = np.concatenate([params[name].ravel() for name in names])

    def unpack(vector):
        return {name: part.reshape(shapes[name]) for name, part in zip(names, np.split(vector, cuts))}

    losses = []
    for _ in range(steps):
        prediction, cache = mlp_forward(x, unpack(theta))
        grads = mlp_backward(prediction - target, cache)
        losses.append(0.5 * np.sum((prediction - target) ** 2))
        theta = theta - lr * np.concatenate([grads[name].ravel() for name in names])
    return unpack(theta), np.array(losses)
