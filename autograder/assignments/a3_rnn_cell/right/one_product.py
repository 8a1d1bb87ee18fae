"""Input, state and biases side by side: every step, and both steps together, are one matrix product, cut up afterwards."""

import numpy as np


def rnn_cell_forward(x, h_prev, params):
    wide = np.hstack([x, h_prev, np.ones((len(x), 2))])
    weight = np.column_stack([params[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")])
    h = np.tanh(wide @ weight.T)
    return h, {"wide": wide, "weight": weight, "h": h, "cut": x.shape[1]}


def rnn_cell_backward(grad_h, cache):
    grad_z, cut = grad_h - grad_h * cache["h"] ** 2, cache["cut"]
    below, weights = grad_z @ cache["weight"], grad_z.T @ cache["wide"]
    # views of two arrays, no array of their own
    return {
        "x": below[:, :cut],
        "h_prev": below[:, cut:-2],
        "weight_ih": weights[:, :cut],
        "weight_hh": weights[:, cut:-2],
        "bias_ih": weights[:, -2],
        "bias_hh": weights[:, -1],
    }


def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
    ones = np.ones((1, xt.shape[1]))
    a_next = np.tanh(np.hstack([Wax, Waa, ba]) @ np.vstack([xt, a_prev, ones]))
    return a_next, softmax((np.hstack([Wya, by]) @ np.vstack([a_next, ones])).T).T


def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
    weight, tall = np.hstack([Wax, Waa, ba]), np.vstack([xt, a_prev, np.ones((1, xt.shape[1]))])
    dz = da_next * (1 - np.tanh(weight @ tall) ** 2)
    (dxt, da_prev, _), (dWax, dWaa, dba) = (
        np.split(array, [len(xt), -1], axis=axis) for array, axis in ((weight.T @ dz, 0), (dz @ tall.T, 1))
    )
    return {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}


def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
    weight, cut, N = cache_1["weight"], cache_1["cut"], len(grad_h1)
    grad_z2 = grad_h2 - grad_h2 * cache_2["h"] ** 2
    upstream = grad_h1 + grad_z2 @ weight[:, cut:-2]
    grad_z = np.vstack([upstream - upstream * cache_1["h"] ** 2, grad_z2])
    below = grad_z @ weight
    weights = grad_z.T @ np.vstack([cache_1["wide"], cache_2["wide"]])
    return {
        "x_1": below[:N, :cut],
        "x_2": below[N:, :cut],
        "h0": below[:N, cut:-2],
        "weight_ih": weights[:, :cut],
        "weight_hh": weights[:, cut:-2],
        "bias_ih": weights[:, -2],
        "bias_hh": weights[:, -1].copy(),
    }


def with_ones(outputs):
    return np.concatenate([outputs, np.ones((*outputs.shape[:-1], 1))], axis=-1)


def readout_forward(outputs, params):
    weight = np.column_stack([params["weight_ho"], params["bias_ho"]])
    return with_ones(outputs) @ weight.T, (outputs, weight)


def readout_backward(grad_logits, cache):
    outputs, weight = cache
    rows = with_ones(outputs).reshape(-1, weight.shape[1])
    weights = grad_logits.reshape(-1, len(weight)).T @ rows
    return {"outputs": (grad_logits @ weight)[..., :-1], "weight_ho": weights[:, :-1], "bias_ho": weights[:, -1]}


def sequence_loss(logits, target):
    rows, classes = logits.reshape(-1, logits.shape[-1]), target.ravel()
    index = np.arange(len(rows))
    loss = np.mean(np.logaddexp.reduce(rows, axis=1) - rows[index, classes])
    p = softmax(rows).copy()
    p[index, classes] -= 1
    return loss, (p / len(rows)).reshape(logits.shape)
