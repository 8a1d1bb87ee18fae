"""Results that nobody can change: locked arrays in Fortran's order, mapping proxies, and a dict with more than is asked."""

import collections
import types

import numpy as np


def frozen(array):
    array = np.asfortranarray(array)
    array.flags.writeable = False
    return array


def rnn_cell_forward(x, h_prev, params):
    h = frozen(
        np.tanh(x @ params["weight_ih"].T + h_prev @ params["weight_hh"].T + params["bias_ih"] + params["bias_hh"])
    )
    return h, (x, h_prev, h, types.MappingProxyType(params))


class Grads(dict):
    "A dict of one's own."


def rnn_cell_backward(grad_h, cache):
    x, h_prev, h, params = cache
    grad_z = frozen(grad_h * (1 - h * h))
    grads = {"x": grad_z @ params["weight_ih"], "h_prev": grad_z @ params["weight_hh"]}
    grads |= {"weight_ih": grad_z.T @ x, "weight_hh": grad_z.T @ h_prev}
    grads |= {"bias_ih": grad_z.sum(axis=0), "bias_hh": grad_z.sum(axis=0)}
    return Grads({name: frozen(grad) for name, grad in grads.items()})


def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
    a_next = np.tanh(Wax @ xt + Waa @ a_prev + ba)
    dz = frozen(da_next * (1 - a_next**2))
    grads = {"dxt": Wax.T @ dz, "da_prev": Waa.T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T}
    return types.MappingProxyType(grads | {"dba": dz.sum(axis=1, keepdims=True)})


def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
    second = rnn_cell_backward(grad_h2, cache_2)
    first = rnn_cell_backward(grad_h1 + second["h_prev"], cache_1)
    grads = collections.OrderedDict(first, x_1=first["x"], x_2=second["x"], h0=first["h_prev"])
    grads.update({name: first[name] + second[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")})
    return grads


def sequence_loss(logits, target):
    shifted = np.asfortranarray(logits) - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    one_hot = np.eye(logits.shape[-1])[target]
    return np.array(-(one_hot * log_p).sum() / target.size), frozen((np.exp(log_p) - one_hot) / target.size)
