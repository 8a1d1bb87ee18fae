"""Lists for tuples, locked arrays in Fortran's order, and dicts of every kind that the standard library has."""

import collections
import types

import numpy as np


def frozen(array):
    array = np.asfortranarray(array)
    array.flags.writeable = False
    return array


def rnn_forward(x, h0, params):
    states, x, params = [frozen(h0.copy())], frozen(x.copy()), types.MappingProxyType(params)
    for x_t in x:
        states.append(rnn_cell_forward(x_t, states[-1], params)[0])
    return [frozen(states[1:]), types.SimpleNamespace(x=x, states=frozen(states), params=params)]


def credit_matrix(grad_outputs, cache):
    slope, weight, T = 1 - cache.states[1:] ** 2, cache.params["weight_hh"], len(grad_outputs)
    share, credit = grad_outputs, np.zeros((T, T))
    for distance in range(T):  # diagonal by diagonal
        credit += np.diag(np.linalg.norm(share.reshape(len(share), -1), axis=1), -distance)
        share = ((share * slope[: len(share)]) @ weight)[1:]
    return frozen(credit)


class Grads(dict):
    "A dict of one's own."


def products(delta, h0, cache):
    bias = delta.sum(axis=(0, 1))
    weight_hh = np.einsum("tnh,tnk->hk", delta, cache.states[:-1])
    grads = Grads(x=delta @ cache.params["weight_ih"], h0=h0, weight_hh=weight_hh, bias_ih=bias, bias_hh=bias)
    return Grads({name: frozen(grad) for name, grad in grads.items()}, more=1)


def rnn_backward(grad_outputs, cache):
    delta, carry = np.zeros_like(cache.states[1:]), np.zeros_like(cache.states[0])
    for t in reversed(range(len(delta))):
        delta[t] = (grad_outputs[t] + carry) * (1 - cache.states[t + 1] ** 2)
        carry = delta[t] @ cache.params["weight_hh"]
    grads = products(delta, carry, cache)
    grads["weight_ih"] = frozen(np.einsum("tnh,tni->hi", delta, cache.x))
    return grads


def rnn_backward_truncated(grad_outputs, cache, k):
    slope, moving, h0 = 1 - cache.states[1:] ** 2, grad_outputs, 0 * cache.states[0]
    delta = np.zeros_like(slope)
    for crossed in range(min(k, len(slope) - 1) + 1):
        walking = moving * slope[: len(moving)]
        delta[: len(moving)] += walking
        if crossed < k:
            back = walking @ cache.params["weight_hh"]
            h0, moving = h0 + back[0], back[1:]
    grads = products(delta, h0, cache)
    grads["weight_ih"] = sum(d.T @ x_t for d, x_t in zip(delta, cache.x))
    return types.MappingProxyType(grads)


def state_gradient_norms(grad_last, cache):
    grads = [grad_last]
    for h in cache.states[:0:-1]:
        grads.append((grads[-1] * (1 - h**2)) @ cache.params["weight_hh"])
    return frozen(np.linalg.norm(grads, axis=(1, 2))[::-1])


def clip_grad_norm(grads, max_norm):
    total = np.linalg.norm(np.concatenate([grad.ravel() for grad in grads.values()]))
    factor = min(1.0, max_norm / (total + 1e-6))
    return [collections.OrderedDict((name, frozen(grad * factor)) for name, grad in grads.items()), np.array(total)]


def loss_and_gradients(x, h0, target, params):
    outputs, cache = rnn_forward(x, h0, params)
    logits, readout_cache = readout_forward(outputs, params)
    loss, grad_logits = sequence_loss(logits, target)
    readout = readout_backward(grad_logits, readout_cache)
    return np.array(loss), collections.ChainMap(readout, rnn_backward(readout["outputs"], cache))
