"""tanh written with exponentials and its slope as 1 / cosh², from a dataclass; classes compared with a range, not one-hot."""

from dataclasses import dataclass

import numpy as np


@dataclass
class State:
    x: np.ndarray
    before: np.ndarray
    net: np.ndarray
    params: dict


def rnn_cell_forward(x, h_prev, params):
    net = (params["weight_ih"] @ x.T + params["weight_hh"] @ h_prev.T).T + params["bias_ih"] + params["bias_hh"]
    return 1 - 2 / (np.exp(2 * net) + 1), State(x, h_prev, net, params)


def rnn_cell_backward(grad_h, cache):
    grad_z = grad_h / np.cosh(cache.net) ** 2
    return {
        "x": grad_z @ cache.params["weight_ih"],
        "h_prev": grad_z @ cache.params["weight_hh"],
        "weight_ih": grad_z.T @ cache.x,
        "weight_hh": grad_z.T @ cache.before,
        "bias_ih": grad_z.sum(axis=0),
        "bias_hh": grad_z.sum(axis=0),
    }


def sequence_loss(logits, target):
    hot = target[:, :, np.newaxis] == np.arange(logits.shape[2])
    top = logits.max(axis=2)
    powers = np.exp(logits - top[:, :, None])
    loss = (np.log(powers.sum(axis=2)) + top - logits[hot].reshape(target.shape)).sum()
    grad = np.where(hot, -1.0, 0.0) / target.size + powers / powers.sum(2, keepdims=True) / target.size
    return float(loss / target.size), grad
