"""Everything as a product: einsum, and the whole line as one vector of two parameters."""

import numpy as np


def design(x):
    return np.stack([x, np.ones_like(x)])


def predict(x, w, b):
    return np.einsum("p,pn->n", np.array([w, b]), design(x))


def mse_loss(prediction, target):
    error = prediction - target
    return np.einsum("n,n->", error, error) / error.size


def numerical_derivative(f, at, eps=1e-6):
    above, below = (f(at + step) for step in (eps, -eps))
    return np.einsum("s,s->", [above, below], [0.5 / eps, -0.5 / eps])


def mse_gradients(x, target, w, b):
    error = predict(x, w, b) - target
    return tuple(np.einsum("pn,n->p", design(x), error) * 2 / len(x))


def gradient_descent(x, target, w, b, lr, steps):
    theta, losses = np.array([w, b], dtype=float), np.zeros(steps)
    for step in range(steps):
        losses[step] = mse_loss(predict(x, *theta), target)
        theta = theta - lr * np.array(mse_gradients(x, target, *theta))
    return theta[0], theta[1], losses


def largest_stable_lr(x):
    curvature = 2 * np.einsum("pn,qn->pq", design(x), design(x)) / len(x)
    return 2 / np.linalg.norm(curvature, 2)


def online_fit(x, target, w, lr, passes, b=-6.0):
    weights = np.full(passes * len(x) + 1, float(w))
    for step, n in enumerate(np.tile(np.arange(len(x)), passes)):
        weights[step + 1] = weights[step] - lr * (weights[step] * x[n] + b - target[n]) * x[n]
    return weights


def counterexample():
    return np.array([-1.0, 0.5]), np.array([-8.0, -5.0]), 6.0, 0.2
