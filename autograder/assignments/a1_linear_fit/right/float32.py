"""float32 throughout: right to 7 digits."""

import numpy as np


def single(*values):
    return [np.asarray(value, dtype=np.float32) for value in values]


def predict(x, w, b):
    x, w, b = single(x, w, b)
    return w * x + b


def mse_loss(prediction, target):
    prediction, target = single(prediction, target)
    return np.mean((prediction - target) ** 2)


def numerical_derivative(f, at, eps=1e-6):
    return np.float32((f(at + eps) - f(at - eps)) / (2 * eps))


def mse_gradients(x, target, w, b):
    x, target, w, b = single(x, target, w, b)
    error = w * x + b - target
    return 2 * np.mean(error * x), 2 * np.mean(error)


def gradient_descent(x, target, w, b, lr, steps):
    x, target, w, b, lr = single(x, target, w, b, lr)
    losses = np.zeros(steps, dtype=np.float32)
    for step in range(steps):
        losses[step] = mse_loss(predict(x, w, b), target)
        dw, db = mse_gradients(x, target, w, b)
        w, b = w - lr * dw, b - lr * db
    return w, b, losses


def largest_stable_lr(x):
    (x,) = single(x)
    hessian = 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1]], dtype=np.float32)
    return np.float32(2) / np.linalg.eigvalsh(hessian)[-1]


def online_fit(x, target, w, lr, passes, b=-6.0):
    x, target, w, lr, b = single(x, target, w, lr, b)
    weights = [w]
    for _ in range(passes):
        for x_n, y_n in zip(x, target):
            w = w - lr * (w * x_n + b - y_n) * x_n
            weights.append(w)
    return np.stack(weights)


def counterexample():
    x = np.array([-2.0, -4.0, 0.5], dtype=np.float32)
    return x, 2 * x - 6, np.float32(5), np.float32(0.05)
