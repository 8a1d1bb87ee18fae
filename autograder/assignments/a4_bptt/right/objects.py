"""Caches that are objects: an instance that remembers its steps, and for the residual layer a closure."""

import numpy as np


class Step:
    def __init__(self, x, h_prev, params):
        self.x, self.h_prev, self.params = x, h_prev, params
        self.h, _ = rnn_cell_forward(x, h_prev, params)

    def back(self, grad_h):
        delta = grad_h * (1 - self.h**2)
        grads = {"weight_ih": delta.T @ self.x, "weight_hh": delta.T @ self.h_prev}
        grads["bias_ih"] = grads["bias_hh"] = delta.sum(axis=0)
        return delta @ self.params["weight_hh"], delta @ self.params["weight_ih"], grads


class Memory(list):
    def run(self, x, h0, params):
        for x_t in x:
            self.append(Step(x_t, self[-1].h if self else h0, params))
        return np.array([step.h for step in self])


def rnn_forward(x, h0, params):
    memory = Memory()
    return memory.run(x, h0, params), memory


def credit_matrix(grad_outputs, cache):
    rows = []
    for t in range(len(cache)):
        row, share = np.zeros(len(cache)), grad_outputs[t]
        for k in range(t, -1, -1):
            row[k] = np.linalg.norm(share)
            share, _, _ = cache[k].back(share)
        rows.append(row)
    return rows


class Sum(dict):
    def __iadd__(self, other):
        for name, value in other.items():
            self[name] = self[name] + value if name in self else value
        return self


def rnn_backward(grad_outputs, cache):
    total, carry, grad_x = Sum(), 0, []
    for step, injected in zip(reversed(cache), grad_outputs[::-1]):
        carry, grad_x_t, grads = step.back(injected + carry)
        grad_x.insert(0, grad_x_t)
        total += grads
    total += {"x": np.array(grad_x), "h0": carry}
    return total


def rnn_backward_truncated(grad_outputs, cache, k):
    total = Sum(x=np.array([0 * step.x for step in cache]), h0=0 * cache[0].h_prev)
    for s in range(len(cache)):
        share, t = grad_outputs[s], s
        while t >= 0 and s - t <= k:
            share, grad_x, grads = cache[t].back(share)
            total["x"][t] += grad_x
            total += grads
            t -= 1
        if t < 0 and s + 1 <= k:
            total += {"h0": share}
    return total


def state_gradient_norms(grad_last, cache):
    norms = [np.linalg.norm(grad_last)]
    for step in reversed(cache):
        grad_last, _, _ = step.back(grad_last)
        norms.append(np.linalg.norm(grad_last))
    return norms[::-1]


def clip_grad_norm(grads, max_norm):
    total = np.linalg.norm(np.concatenate([np.ravel(g) for g in grads.values()]))
    return {k: g * (max_norm / total if total > max_norm else 1) for k, g in grads.items()}, total


def residual_rnn_forward(x, h0, params):
    steps, h, outputs = [], h0, []
    for x_t in x:
        steps.append(Step(x_t, h, params))
        h = h + steps[-1].h
        outputs.append(h)

    def backward(grad_outputs):
        total, carry, grad_x = Sum(), 0, [None] * len(steps)
        for t in range(len(steps) - 1, -1, -1):
            grad_h = grad_outputs[t] + carry
            through, grad_x[t], grads = steps[t].back(grad_h)
            carry = grad_h + through
            total += grads
        return dict(total, x=np.array(grad_x), h0=carry)

    return np.array(outputs), backward


def residual_rnn_backward(grad_outputs, cache):
    return cache(grad_outputs)


def loss_and_gradients(x, h0, target, params):
    outputs, memory = rnn_forward(x, h0, params)
    logits, readout = readout_forward(outputs, params)
    loss, grad_logits = sequence_loss(logits, target)
    grads = readout_backward(grad_logits, readout)
    return loss, {**grads, **rnn_backward(grads["outputs"], memory)}


def zero_state(x, params):
    return np.zeros((x.shape[1], params["weight_hh"].shape[0]))


def train_adder(batches, params, lr):
    def step(batch):
        nonlocal params
        x, target = batch
        loss, grads = loss_and_gradients(x, zero_state(x, params), target, params)
        params = sgd_step(params, grads, lr)
        return loss

    losses = [step(batch) for batch in batches]
    return params, losses


def train_first_xor_last(batches, params, lr, max_norm):
    losses = []
    for x, target in batches:
        outputs, memory = rnn_forward(x, zero_state(x, params), params)
        logits, readout = readout_forward(outputs[-1:], params)
        loss, grad_logits = sequence_loss(logits, target[np.newaxis])
        losses.append(loss)
        grads = readout_backward(grad_logits, readout)
        upstream = np.concatenate([0 * outputs[:-1], grads["outputs"]])
        grads |= rnn_backward(upstream, memory)
        params = sgd_step(params, clip_grad_norm({k: grads[k] for k in params}, max_norm)[0], lr)
    return params, losses
