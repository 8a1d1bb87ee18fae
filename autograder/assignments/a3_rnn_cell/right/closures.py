"""The cache is a function that goes back, and grads has entries that nobody asked for."""

import numpy as np


def rnn_cell_forward(x, h_prev, params):
    weight = np.hstack([params["weight_ih"], params["weight_hh"]])
    joined = np.hstack([x, h_prev])
    h = np.tanh(joined @ weight.T + (params["bias_ih"] + params["bias_hh"]))

    def back(grad_h):
        grad_z = grad_h * (1 - h) * (1 + h)
        below, weights, cut = grad_z @ weight, grad_z.T @ joined, x.shape[1]
        grads = {"x": below[:, :cut], "h_prev": below[:, cut:], "z": grad_z, "comment": "mine"}
        grads["weight_ih"], grads["weight_hh"] = weights[:, :cut], weights[:, cut:]
        grads["bias_ih"] = grads["bias_hh"] = np.ones(len(grad_z)) @ grad_z
        return grads

    return h.copy(), back


rnn_cell_backward = lambda grad_h, cache: cache(grad_h)


def row_params(Wax, Waa, ba):
    return {"weight_ih": Wax, "weight_hh": Waa, "bias_ih": 0 * ba.ravel(), "bias_hh": ba.ravel()}


def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
    a_next = rnn_cell_forward(xt.T, a_prev.T, row_params(Wax, Waa, ba))[0].T
    powers = np.exp(Wya @ a_next + by)
    return a_next, powers / powers.sum(axis=0)


def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
    back = rnn_cell_forward(xt.T, a_prev.T, row_params(Wax, Waa, ba))[1]
    grads = rnn_cell_backward(da_next.T, back)
    weights = dict(dWax=grads["weight_ih"], dWaa=grads["weight_hh"], dba=grads["bias_hh"][:, None])
    return dict(dxt=grads["x"].T, da_prev=grads["h_prev"].T, **weights)


def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
    later = cache_2(grad_h2)
    earlier = cache_1(grad_h1 + later["h_prev"])
    total = {name: earlier[name] + later[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    return dict(total, x_1=earlier["x"], x_2=later["x"], h0=earlier["h_prev"], carry=later["h_prev"])


def readout_forward(outputs, params):
    return [np.tensordot(outputs, params["weight_ho"], axes=(-1, 1)) + params["bias_ho"], lambda: (outputs, params)]


def readout_backward(grad_logits, cache):
    outputs, params = cache()
    axes = tuple(range(grad_logits.ndim - 1))
    return {
        "outputs": np.tensordot(grad_logits, params["weight_ho"], axes=1),
        "weight_ho": np.tensordot(grad_logits, outputs, axes=(axes, axes)),
        "bias_ho": grad_logits.sum(axis=axes),
    }
