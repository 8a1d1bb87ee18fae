"""Exact arithmetic with fractions: rounded once, at the very end."""

from fractions import Fraction

import numpy as np


def exact(values):
    return [Fraction(float(value)) for value in values]


def predict(x, w, b):
    w, b = exact([w, b])
    return [float(w * x_n + b) for x_n in exact(x)]


def mse_loss(prediction, target):
    return float(sum((p - y) ** 2 for p, y in zip(exact(prediction), exact(target))) / len(target))


def mse_gradients(x, target, w, b):
    n, (w, b), points = len(x), exact([w, b]), list(zip(exact(x), exact(target)))
    errors = [w * x_n + b - y_n for x_n, y_n in points]
    dw = sum(error * x_n for error, (x_n, _) in zip(errors, points))
    return float(2 * dw / n), float(2 * sum(errors) / n)


def online_fit(x, target, w, lr, passes, b=-6.0):
    lr, b, weights = Fraction(lr), Fraction(b), [Fraction(w)]
    for _ in range(passes):
        for x_n, y_n in zip(exact(x), exact(target)):
            weights.append(weights[-1] - lr * (weights[-1] * x_n + b - y_n) * x_n)
    return np.array([float(weight) for weight in weights])


def counterexample():
    return [-3.0, -1.0, -2.0], [-12.0, -8.0, -10.0], 4, float(Fraction(1, 20))
