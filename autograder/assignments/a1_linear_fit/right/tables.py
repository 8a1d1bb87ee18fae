"""All steps in one table, a row a step: what comes back are its columns, views with gaps in memory, one of them locked."""

import numpy as np


def mse_gradients(x, target, w, b):
    table = np.empty((len(x), 2))
    table[:, 1] = 2 * (w * x + b - target)
    table[:, 0] = table[:, 1] * x
    return table.mean(axis=0)


from itertools import pairwise


def gradient_descent(x, target, w, b, lr, steps):
    table = np.zeros((steps + 1, 3))
    table[0, :2] = w, b
    for old, new in pairwise(table):
        error = old[0] * x + old[1] - target
        old[2] = np.mean(np.square(error))
        new[:2] = old[:2] - lr * 2 * np.mean([error * x, error], axis=1)
    losses = table[:-1, 2]
    losses.setflags(write=False)
    return table[-1, 0], table[-1, 1], losses


def largest_stable_lr(x):
    table = np.stack([x, np.ones(len(x))], axis=1)
    return np.array(2 / max(np.linalg.eigvals(2 * table.T @ table / len(x)).real))


def online_fit(x, target, w, lr, passes, b=-6.0):
    table = np.zeros((passes * len(x) + 1, 2))
    table[0] = w, 0
    for step, (old, new) in enumerate(pairwise(table)):
        n = step % len(x)
        old[1] = (old[0] * x[n] + b - target[n]) * x[n]
        new[0] = old[0] - lr * old[1]
    return table[:, 0]


def counterexample():
    table = np.array([[-1.5, -9.0], [-1.0, -8.1], [-0.5, -6.9]])
    return [table[:, 0], table[:, 1], np.float64(-3.0), np.array(0.1)]
