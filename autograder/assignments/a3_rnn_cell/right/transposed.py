"""Everything the other way round: the row cell works in columns, the columns are a row cell; two steps without the cell."""

import numpy as np


def rnn_cell_backward(grad_h, cache):
    xt, at, ht = (part.T for part in cache[:3])
    params, dz = cache[3], grad_h.T * (1 - ht**2)
    return {
        "x": (params["weight_ih"].T @ dz).T,
        "h_prev": (params["weight_hh"].T @ dz).T,
        "weight_ih": dz @ xt.T,
        "weight_hh": dz @ at.T,
        **dict.fromkeys(("bias_ih", "bias_hh"), dz.sum(axis=1)),
    }


def halves(ba):
    return {"bias_ih": ba[:, 0] / 2, "bias_hh": ba[:, 0] / 2}


def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
    params = {"weight_ih": Wax, "weight_hh": Waa, **halves(ba)}
    a_next = rnn_cell_forward(xt.T, a_prev.T, params)[0].T
    powers = np.exp(Wya @ a_next + by)
    return a_next, powers / powers.sum(axis=0)


def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
    _, cache = rnn_cell_forward(xt.T, a_prev.T, {"weight_ih": Wax, "weight_hh": Waa, **halves(ba)})
    grads = rnn_cell_backward(da_next.T, cache)
    return {
        "dxt": grads["x"].T,
        "da_prev": grads["h_prev"].T,
        "dWax": grads["weight_ih"],
        "dWaa": grads["weight_hh"],
        "dba": grads["bias_ih"][:, None],
    }


def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
    (x_1, h0, h1, params), (x_2, _, h2, _) = cache_1, cache_2
    dz_2 = grad_h2.T * (1 - h2.T**2)
    dz_1 = (grad_h1.T + params["weight_hh"].T @ dz_2) * (1 - h1.T**2)
    bias = (dz_1 + dz_2).sum(axis=1)
    return {
        "x_1": (params["weight_ih"].T @ dz_1).T,
        "x_2": (params["weight_ih"].T @ dz_2).T,
        "h0": (params["weight_hh"].T @ dz_1).T,
        "weight_ih": dz_1 @ x_1 + dz_2 @ x_2,
        "weight_hh": dz_1 @ h0 + dz_2 @ h1,
        "bias_ih": bias,
        "bias_hh": bias,
    }
