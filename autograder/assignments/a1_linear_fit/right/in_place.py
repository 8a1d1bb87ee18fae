"""Everything is written into arrays of its own: out=, +=, -=. No argument is touched."""

import numpy as np


def predict(x, w, b):
    prediction = x.copy()
    prediction *= w
    prediction += b
    return prediction


def mse_loss(prediction, target):
    error = np.array(prediction, dtype=float)
    np.subtract(error, target, out=error)
    np.square(error, out=error)
    return error.mean()


def mse_gradients(x, target, w, b):
    error, slopes = predict(x, w, b), np.empty(2)
    error -= target
    error *= 2 / len(x)
    slopes[:] = error @ x, error.sum()
    return slopes


def gradient_descent(x, target, w, b, lr, steps):
    theta, losses = np.array([float(w), float(b)]), np.zeros(steps)
    for step in range(steps):
        losses[step] = mse_loss(predict(x, *theta), target)
        theta -= lr * mse_gradients(x, target, *theta)
    return *theta, losses


def largest_stable_lr(x):
    hessian = np.full((2, 2), 2.0)
    hessian[0] *= np.mean(x)
    hessian[:, 0] *= np.mean(x)
    hessian[0, 0] += 2 * np.var(x)
    return np.divide(2, np.linalg.eigvalsh(hessian).max())


def online_fit(x, target, w, lr, passes, b=-6.0):
    weights = np.full(passes * len(x) + 1, float(w))
    for step in range(passes * len(x)):
        n = step % len(x)
        weights[step + 1 :] -= lr * (weights[step] * x[n] + b - target[n]) * x[n]
    return weights
