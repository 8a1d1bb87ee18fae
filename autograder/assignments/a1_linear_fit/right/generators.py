"""Generators that could go on for ever, and itertools: the caller takes as many steps as it wants."""

import numpy as np


def predict(x, w, b):
    return np.fromiter((w * x_n + b for x_n in x), dtype=float, count=len(x))


def mse_loss(prediction, target):
    return sum((p - y) ** 2 for p, y in zip(prediction, target)) / len(target)


def walk(x, target, w, b, lr):
    while True:
        error = w * x + b - target
        yield w, b, np.mean(error**2)
        w, b = w - lr * np.mean(2 * error * x), b - lr * np.mean(2 * error)


def gradient_descent(x, target, w, b, lr, steps):
    seen = [state for state, _ in zip(walk(x, target, w, b, lr), range(steps + 1))]
    return seen[-1][0], seen[-1][1], np.array([loss for *_, loss in seen[:-1]])


from itertools import accumulate


def online_fit(x, target, w, lr, passes, b=-6.0):
    points = zip(np.tile(x, passes), np.tile(target, passes))
    return list(accumulate(points, lambda w, p: w * (1 - lr * p[0] ** 2) + lr * p[0] * (p[1] - b), initial=w))
