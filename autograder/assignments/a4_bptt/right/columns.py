"""A sample is a column and time comes last, as in a textbook. The outputs are a view of the states in the cache."""

import numpy as np


def rnn_forward(x, h0, params):
    xs, states = x.transpose(2, 1, 0), np.zeros((h0.shape[1], len(h0), len(x) + 1))
    states[:, :, 0] = h0.T
    for t in range(len(x)):
        z = params["weight_ih"] @ xs[:, :, t] + params["weight_hh"] @ states[:, :, t]
        states[:, :, t + 1] = np.tanh(z + (params["bias_ih"] + params["bias_hh"])[:, None])
    states = states.transpose(2, 1, 0)
    return states[1:], (x, states, params)


def rnn_backward(grad_outputs, cache):
    xs, states, params = cache[0].transpose(2, 1, 0), cache[1].transpose(2, 1, 0), cache[2]
    delta, carry = np.zeros(states[:, :, 1:].shape), np.zeros(states.shape[:2])
    for t in reversed(range(xs.shape[2])):
        delta[:, :, t] = (grad_outputs[t].T + carry) * (1 - states[:, :, t + 1] ** 2)
        carry = params["weight_hh"].T @ delta[:, :, t]
    return {
        "x": np.tensordot(delta, params["weight_ih"], axes=(0, 0)).transpose(1, 0, 2),
        "h0": carry.T,
        "weight_ih": np.einsum("jnt,int->ji", delta, xs),
        "weight_hh": np.einsum("jnt,knt->jk", delta, states[:, :, :-1]),
        "bias_ih": delta.sum(axis=(1, 2)),
        "bias_hh": delta.sum(axis=(1, 2)),
    }
