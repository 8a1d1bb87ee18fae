"""The cache is the arguments, and the state is computed a second time; what overflows on the way is silenced, not used."""

import numpy as np


def state(x, h_prev, params):
    z = x @ params["weight_ih"].T + h_prev @ params["weight_hh"].T + params["bias_ih"] + params["bias_hh"]
    return np.tanh(z)


rnn_cell_forward = lambda *given: (state(*given), given)


def rnn_cell_backward(grad_h, cache):
    x, h_prev, params = cache
    grad_z = grad_h * (1 - np.square(state(*cache)))
    ones = np.ones(len(grad_z))
    return {
        "x": np.matmul(grad_z, params["weight_ih"]),
        "h_prev": np.matmul(grad_z, params["weight_hh"]),
        "weight_ih": np.tensordot(grad_z, x, axes=(0, 0)),
        "weight_hh": np.tensordot(grad_z, h_prev, axes=(0, 0)),
        "bias_ih": ones @ grad_z,
        "bias_hh": ones @ grad_z,
    }


def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
    # back through step 1 twice: once with what is injected, once with the carry
    later = rnn_cell_backward(grad_h2, cache_2)
    injected, carried = rnn_cell_backward(grad_h1, cache_1), rnn_cell_backward(later["h_prev"], cache_1)
    first = {name: injected[name] + carried[name] for name in injected}
    shared = {name: first[name] + later[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    return {"x_1": first["x"], "x_2": later["x"], "h0": first["h_prev"]} | shared


def sequence_loss(logits, target):
    with np.errstate(all="ignore"):
        np.exp(logits * 10)
        log_p = logits - np.logaddexp.reduce(logits, axis=-1)[..., None]
        grad = np.exp(log_p)
    right = target[..., None]
    np.put_along_axis(grad, right, np.take_along_axis(grad, right, -1) - 1, axis=-1)
    return np.array(-np.take_along_axis(log_p, right, -1).mean()), grad / target.size
