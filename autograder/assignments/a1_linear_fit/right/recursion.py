"""Recursion in place of loops: one step, then the rest of the walk from there."""

import numpy as np


def mse_loss(prediction, target):
    def total(gaps):
        return gaps[0] ** 2 if len(gaps) == 1 else total(gaps[:1]) + total(gaps[1:])

    return total(np.subtract(target, prediction)) / len(target)


def gradient_descent(x, target, w, b, lr, steps):
    if steps == 0:
        return w, b, np.zeros(0)
    error = w * x + b - target
    after = gradient_descent(x, target, w - 2 * lr * np.mean(error * x), b - 2 * lr * np.mean(error), lr, steps - 1)
    return after[0], after[1], np.concatenate([[np.mean(error**2)], after[2]])


def online_fit(x, target, w, lr, passes, b=-6.0):
    def walk(w, points):
        if not points:
            return [w]
        x_n, y_n = points[0]
        return [w, *walk(w - lr * (w * x_n + b - y_n) * x_n, points[1:])]

    return walk(w, passes * list(zip(x, target)))
