"""Every slope is a whole matrix, multiplied from the left, a sample at a time; softmax without a shift, by ratios."""

import numpy as np


def sigmoid(z):
    return np.exp(-np.logaddexp(0, -np.asarray(z)))


def half_squared_error(prediction, target):
    return np.trace((prediction - target) @ (prediction - target).T) / 2


def mlp_backward(grad_prediction, cache):
    x, hidden, prediction, weight_1, weight_2 = cache
    grads = []
    for g, row, h, p in zip(grad_prediction, x, hidden, prediction):
        upper = g @ np.diag(p * (1 - p))
        lower = upper @ weight_2 @ np.diag(h * (1 - h))
        grads.append((lower @ weight_1, np.outer(lower, row), lower, np.outer(upper, h), upper))
    rows, *sums = zip(*grads)
    names = ("weight_1", "bias_1", "weight_2", "bias_2")
    return {"x": np.array(rows), **{name: sum(part) for name, part in zip(names, sums)}}


def softmax(logits):
    with np.errstate(over="ignore"):
        return 1 / np.exp(logits[..., None, :] - logits[..., :, None]).sum(axis=-1)


def cross_entropy(logits, target):
    gaps = logits - logits[np.arange(len(target)), target][:, None]
    return np.logaddexp.reduce(gaps, axis=1).mean()


def cross_entropy_backward(logits, target):
    rows = []
    for p, c in zip(softmax(logits), target):
        upstream = np.zeros_like(p)
        if p[c] > 1e-100:
            upstream[c] = -1 / p[c]
            rows.append((np.diag(p) - np.outer(p, p)) @ upstream)
        else:
            rows.append(p - np.eye(len(p))[c])
    return np.array(rows) / len(target)
