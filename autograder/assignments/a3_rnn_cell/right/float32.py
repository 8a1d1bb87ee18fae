"""float32 throughout: right to 7 digits."""

import numpy as np


def single(value):
    return np.asarray(value, dtype=np.float32)


def rnn_cell_forward(x, h_prev, params):
    x, h_prev = single(x), single(h_prev)
    params = {name: single(value) for name, value in params.items()}
    h = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"])
    return h, (x, h_prev, h, params)


def rnn_cell_backward(grad_h, cache):
    x, h_prev, h, params = cache
    grad_z = single(grad_h) * (1 - h**2)
    return {
        "x": grad_z @ params["weight_ih"],
        "h_prev": grad_z @ params["weight_hh"],
        "weight_ih": grad_z.T @ x,
        "weight_hh": grad_z.T @ h_prev,
        "bias_ih": grad_z.sum(axis=0),
        "bias_hh": grad_z.sum(axis=0),
    }


def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
    xt, a_prev, Wax, Waa, Wya, ba, by = map(single, (xt, a_prev, Wax, Waa, Wya, ba, by))
    a_next = np.tanh(Wax @ xt + Waa @ a_prev + ba)
    return a_next, softmax((Wya @ a_next + by).T).T


def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
    da_next, xt, a_prev, Wax, Waa, ba = map(single, (da_next, xt, a_prev, Wax, Waa, ba))
    dz = da_next * (1 - np.tanh(Wax @ xt + Waa @ a_prev + ba) ** 2)
    grads = {"dxt": Wax.T @ dz, "da_prev": Waa.T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T}
    return grads | {"dba": dz.sum(axis=1, keepdims=True)}


def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
    second = rnn_cell_backward(grad_h2, cache_2)
    first = rnn_cell_backward(grad_h1 + second["h_prev"], cache_1)
    total = {name: first[name] + second[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    return {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"]} | total


def readout_forward(outputs, params):
    outputs, weight = single(outputs), single(params["weight_ho"])
    return outputs @ weight.T + single(params["bias_ho"]), (outputs, weight)


def readout_backward(grad_logits, cache):
    outputs, weight = cache
    grad_logits = single(grad_logits)
    rows, grad_rows = (array.reshape(-1, array.shape[-1]) for array in (outputs, grad_logits))
    return {"outputs": grad_logits @ weight, "weight_ho": grad_rows.T @ rows, "bias_ho": grad_rows.sum(axis=0)}


def sequence_loss(logits, target):
    logits = single(logits)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    right = np.eye(logits.shape[-1], dtype=np.float32)[target]
    return -(right * log_p).sum() / np.float32(target.size), (np.exp(log_p) - right) / np.float32(target.size)
