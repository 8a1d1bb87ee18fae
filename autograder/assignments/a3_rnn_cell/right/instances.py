"""The cache is an instance of a class that knows how to go back."""

import numpy as np


class Step:
    def __init__(self, x, h_prev, params):
        self.x, self.h_prev, self.params = x, h_prev, params
        joined = np.hstack([x, h_prev]) @ np.hstack([params["weight_ih"], params["weight_hh"]]).T
        self.h = np.tanh(joined + params["bias_ih"] + params["bias_hh"])

    def back(self, grad_h):
        grad_z = grad_h * (1 - self.h) * (1 + self.h)
        grads = {"x": grad_z @ self.params["weight_ih"], "h_prev": grad_z @ self.params["weight_hh"]}
        grads |= {"weight_ih": grad_z.T @ self.x, "weight_hh": grad_z.T @ self.h_prev}
        return grads | {"bias_ih": grad_z.sum(0), "bias_hh": grad_z.sum(0)}


def rnn_cell_forward(x, h_prev, params):
    step = Step(x, h_prev, params)
    return step.h, step


def rnn_cell_backward(grad_h, cache):
    return cache.back(grad_h)


def as_row_params(Wax, Waa, ba):
    return {"weight_ih": Wax, "weight_hh": Waa, "bias_ih": ba[:, 0], "bias_hh": np.zeros(len(ba))}


def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
    h, _ = rnn_cell_forward(xt.T, a_prev.T, as_row_params(Wax, Waa, ba))
    return h.T, softmax(h @ Wya.T + by.T).T


def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
    _, step = rnn_cell_forward(xt.T, a_prev.T, as_row_params(Wax, Waa, ba))
    grads = step.back(da_next.T)
    names = {"dxt": "x", "da_prev": "h_prev"}
    result = {ours: grads[theirs].T for ours, theirs in names.items()}
    return result | {"dWax": grads["weight_ih"], "dWaa": grads["weight_hh"], "dba": grads["bias_ih"][:, None]}


def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
    second = cache_2.back(grad_h2)
    first = cache_1.back(grad_h1 + second["h_prev"])
    total = {name: first[name] + second[name] for name in cache_1.params if name in first}
    return {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"], **total}


class Readout:
    def __init__(self, outputs, params):
        self.outputs, self.weight = outputs, params["weight_ho"]
        self.logits = np.matmul(outputs, self.weight.T) + params["bias_ho"]

    def back(self, grad_logits):
        axes = tuple(range(grad_logits.ndim - 1))
        weight = np.tensordot(grad_logits, self.outputs, axes=(axes, axes))
        return {"outputs": np.matmul(grad_logits, self.weight), "weight_ho": weight, "bias_ho": grad_logits.sum(axes)}


def readout_forward(outputs, params):
    readout = Readout(outputs, params)
    return readout.logits, readout


def readout_backward(grad_logits, cache):
    return cache.back(grad_logits)


def sequence_loss(logits, target):
    p = softmax(logits)
    top = logits.max(axis=-1)
    log_sum = top + np.log(np.exp(logits - top[..., None]).sum(axis=-1))
    picked = np.take_along_axis(logits, target[..., None], axis=-1)[..., 0]
    grad = p.copy()
    np.put_along_axis(grad, target[..., None], np.take_along_axis(p, target[..., None], -1) - 1, axis=-1)
    return np.mean(log_sum - picked), grad / target.size
