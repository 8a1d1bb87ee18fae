"""Recursion instead of a loop over time. rnn_forward is an instance that can be called, its cache another instance."""

import numpy as np


class Layer:
    def __init__(self, x, h0, params):
        self.x, self.h0, self.params, self.h = x, h0, params, []
        self.step(h0)

    def step(self, h):
        t = len(self.h)
        if t < len(self.x):
            both = np.concatenate([self.x[t], h], axis=1)
            weight = np.concatenate([self.params["weight_ih"], self.params["weight_hh"]], axis=1)
            self.h.append(np.tanh(both @ weight.T + self.params["bias_ih"] + self.params["bias_hh"]))
            self.step(self.h[-1])


class Forward:
    def __call__(self, x, h0, params):
        layer = Layer(x, h0, params)
        return np.array(layer.h), layer


rnn_forward = Forward()


def credit_matrix(grad_outputs, cache):
    def share(t, k):
        if k == t:
            return grad_outputs[t]
        return (share(t, k + 1) * (1 - cache.h[k + 1] ** 2)) @ cache.params["weight_hh"]

    T = len(cache.x)
    return np.array([[np.linalg.norm(share(t, k)) if k <= t else 0 for k in range(T)] for t in range(T)])


def all_grads(dz, h0, layer):
    before = [layer.h0, *layer.h[:-1]]
    return dict(
        x=[d @ layer.params["weight_ih"] for d in dz],
        h0=h0,
        weight_ih=sum(d.T @ x for d, x in zip(dz, layer.x)),
        weight_hh=sum(d.T @ h for d, h in zip(dz, before)),
        bias_ih=np.sum(dz, axis=(0, 1)),
        bias_hh=sum(d.sum(axis=0) for d in dz),
        dz=dz,
    )


def rnn_backward(grad_outputs, cache):
    def down(t, carry):
        if t < 0:
            return [], carry
        dz = (grad_outputs[t] + carry) / np.cosh(np.arctanh(cache.h[t])) ** 2
        rest, h0 = down(t - 1, dz @ cache.params["weight_hh"])
        return [*rest, dz], h0

    return all_grads(*down(len(cache.x) - 1, np.zeros_like(cache.h0)), cache)


def rnn_backward_truncated(grad_outputs, cache, k):
    dz = {}

    def walk(share, t, left):
        if t >= 0:
            share = share * (1 - cache.h[t] ** 2)
        dz[t] = dz.get(t, 0) + share
        if t >= 0 and left > 0:
            walk(share @ cache.params["weight_hh"], t - 1, left - 1)

    for t, injected in enumerate(grad_outputs):
        walk(injected, t, k)
    h0 = dz.pop(-1, np.zeros_like(cache.h0))
    return all_grads([dz[t] for t in range(len(cache.x))], h0, cache)


def state_gradient_norms(grad_last, cache):
    norms = []

    def down(t, grad):
        norms.append(np.linalg.norm(grad))
        if t >= 0:
            down(t - 1, (grad * (1 - cache.h[t] ** 2)) @ cache.params["weight_hh"])

    down(len(cache.x) - 1, grad_last)
    norms.reverse()
    return norms
