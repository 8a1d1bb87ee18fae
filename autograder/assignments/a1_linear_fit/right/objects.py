"""Objects that are called: a class whose instances keep what they need, closures, partial functions."""

import numpy as np


class Line:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def __call__(self, x):
        return self.w * x + self.b

    def slopes(self, x, target):
        double = 2 * (self(x) - target)
        return np.mean(double * x), np.mean(double)

    def step(self, slopes, lr):
        return Line(self.w - lr * slopes[0], self.b - lr * slopes[1])


def predict(x, w, b):
    return Line(w, b)(x)


class MeanSquare:
    def __call__(self, prediction, target):
        return np.square(np.subtract(prediction, target)).mean()


mse_loss = MeanSquare()

numerical_derivative = lambda f, at, eps=1e-6: (f(at + eps) - f(at - eps)) / (2 * eps)


def mse_gradients(x, target, w, b):
    return Line(w, b).slopes(x, target)


def gradient_descent(x, target, w, b, lr, steps):
    line, losses = Line(w, b), []
    while len(losses) < steps:
        losses.append(mse_loss(line(x), target))
        line = line.step(line.slopes(x, target), lr)
    return line.w, line.b, losses


def largest_stable_lr(x):
    return 2 / np.linalg.eigvals([[2 * np.mean(x * x), 2 * np.mean(x)], [2 * np.mean(x), 2]]).max()


def walker(x, target, lr, b):
    def walk(w):
        for x_n, y_n in zip(x, target):
            w = w - lr * (Line(w, b)(x_n) - y_n) * x_n
            yield w

    return walk


def online_fit(x, target, w, lr, passes, b=-6.0):
    weights, walk = [w], walker(x, target, lr, b)
    for _ in range(passes):
        weights.extend(walk(weights[-1]))
    return weights


def counterexample():
    x = np.linspace(-3, -1, 4)
    return x, 1.5 * x - 6, 3.0, 0.02
