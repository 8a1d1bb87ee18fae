"""Formulas worked out on paper first: moments for slopes, one step as an affine map, the larger root."""

import numpy as np


def predict(x, w, b):
    return np.polyval([w, b], x)


def mse_loss(prediction, target):
    gap = prediction - target
    return np.array(np.var(gap) + np.mean(gap) ** 2)


def mse_gradients(x, target, w, b):
    m = np.mean
    return [2 * (w * m(x * x) + b * m(x) - m(x * target)), 2 * (w * m(x) + b - m(target))]


def gradient_descent(x, target, w, b, lr, steps):
    hessian = 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])
    pull = 2 * np.array([np.mean(x * target), np.mean(target)])
    walk = [np.array([w, b], dtype=float)]
    for _ in range(steps):
        walk.append(walk[-1] - lr * (hessian @ walk[-1] - pull))
    losses = [theta @ hessian @ theta / 2 - pull @ theta + np.mean(target**2) for theta in walk[:-1]]
    return walk[-1][0], walk[-1][1], np.array(losses)


def largest_stable_lr(x):
    a, m = np.mean(x**2), np.mean(x)
    return 2 / (a + 1 + np.sqrt((a - 1) ** 2 + 4 * m**2))


def online_fit(x, target, w, lr, passes, b=-6.0):
    # the distance to what a sample alone would want shrinks by 1 - lr x**2
    weights = [w]
    for _ in range(passes):
        for x_n, y_n in zip(x, target):
            wanted = (y_n - b) / x_n
            weights.append(wanted + (1 - lr * x_n**2) * (weights[-1] - wanted))
    return np.stack(weights)
