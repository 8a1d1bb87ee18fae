"""Loops over steps, samples and units; what is left of NumPy is a row at a time."""

import numpy as np


def one_step(x, h_prev, params):
    h = np.zeros_like(h_prev)
    for n in range(len(x)):
        for j in range(len(params["bias_ih"])):
            z = params["weight_ih"][j].dot(x[n]) + params["weight_hh"][j].dot(h_prev[n])
            h[n, j] = np.tanh(z + params["bias_ih"][j] + params["bias_hh"][j])
    return h


def rnn_forward(x, h0, params):
    outputs, h = [], h0
    for t in range(len(x)):
        h = one_step(x[t], h, params)
        outputs.append(h)
    return outputs, (x, h0, outputs, params)


def credit_matrix(grad_outputs, cache):
    x, h0, outputs, params = cache
    T = len(x)
    credit = [[0.0] * T for _ in range(T)]
    for t in range(T):
        grad_h = grad_outputs[t]
        for k in range(t, -1, -1):
            credit[t][k] = sum(value**2 for value in grad_h.ravel()) ** 0.5
            grad_h = (grad_h * (1 - outputs[k] ** 2)) @ params["weight_hh"]
    return credit


def no_gradients(x, h0, params):
    grads = {"x": np.zeros(np.shape(x)), "h0": np.zeros(np.shape(h0))}
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        grads[name] = np.zeros(np.shape(params[name]))
    return grads


def add_step(grads, t, grad_z, x, h_prev, params):
    carry = np.zeros_like(h_prev)
    for n in range(len(grad_z)):
        for j in range(len(grad_z[n])):
            grads["x"][t, n] += grad_z[n, j] * params["weight_ih"][j]
            grads["weight_ih"][j] += grad_z[n, j] * x[n]
            grads["weight_hh"][j] += grad_z[n, j] * h_prev[n]
            grads["bias_ih"][j] += grad_z[n, j]
            grads["bias_hh"][j] += grad_z[n, j]
            carry[n] += grad_z[n, j] * params["weight_hh"][j]
    return carry


def rnn_backward(grad_outputs, cache):
    x, h0, outputs, params = cache
    grads = no_gradients(x, h0, params)
    carry = np.zeros(np.shape(h0))
    for t in range(len(x) - 1, -1, -1):
        grad_z = (grad_outputs[t] + carry) * (1 - outputs[t] ** 2)
        h_prev = outputs[t - 1] if t > 0 else h0
        carry = add_step(grads, t, grad_z, x[t], h_prev, params)
    grads["h0"] = carry
    return grads


def rnn_backward_truncated(grad_outputs, cache, k):
    x, h0, outputs, params = cache
    grads = no_gradients(x, h0, params)
    for s in range(len(x)):
        grad_h = grad_outputs[s]
        for t in range(s, max(s - k, 0) - 1, -1):
            grad_z = grad_h * (1 - outputs[t] ** 2)
            grad_h = add_step(grads, t, grad_z, x[t], outputs[t - 1] if t > 0 else h0, params)
        if s + 1 <= k:
            grads["h0"] += grad_h
    return grads


def state_gradient_norms(grad_last, cache):
    x, h0, outputs, params = cache
    grad_h, norms = grad_last, []
    for t in range(len(x) - 1, -1, -1):
        norms.insert(0, float(np.sqrt(np.sum(grad_h**2))))
        grad_h = (grad_h * (1 - outputs[t] ** 2)) @ params["weight_hh"]
    return [float(np.sqrt(np.sum(grad_h**2)))] + norms


def clip_grad_norm(grads, max_norm):
    total = 0.0
    for name in grads:
        for value in np.ravel(grads[name]):
            total += value * value
    total = total**0.5
    if total <= max_norm:
        return grads, total
    return {name: np.array(grads[name]) * max_norm / total for name in grads}, total


def residual_rnn_forward(x, h0, params):
    outputs, tanhs, h = [], [], h0
    for t in range(len(x)):
        tanhs.append(one_step(x[t], h, params))
        h = h + tanhs[-1]
        outputs.append(h)
    return outputs, [x, h0, outputs, tanhs, params]


def residual_rnn_backward(grad_outputs, cache):
    x, h0, outputs, tanhs, params = cache
    grads = no_gradients(x, h0, params)
    carry = np.zeros(np.shape(h0))
    for t in range(len(x) - 1, -1, -1):
        grad_h = grad_outputs[t] + carry
        h_prev = outputs[t - 1] if t > 0 else h0
        carry = grad_h + add_step(grads, t, grad_h * (1 - tanhs[t] ** 2), x[t], h_prev, params)
    grads["h0"] = carry
    return grads


def loss_and_gradients(x, h0, target, params):
    outputs, cache = rnn_forward(x, h0, params)
    logits, readout_cache = readout_forward(np.array(outputs), params)
    loss, grad_logits = sequence_loss(logits, target)
    grads = readout_backward(grad_logits, readout_cache)
    recurrent = rnn_backward(grads.pop("outputs"), cache)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        grads[name] = recurrent[name]
    return loss, grads


def train_adder(batches, params, lr):
    losses = []
    for x, target in batches:
        loss, grads = loss_and_gradients(x, np.zeros((len(x[0]), len(params["bias_ih"]))), target, params)
        losses.append(loss)
        params = {name: params[name] - lr * grads[name] for name in params}
    return params, losses


def train_first_xor_last(batches, params, lr, max_norm):
    losses = []
    for x, target in batches:
        outputs, cache = rnn_forward(x, np.zeros((len(x[0]), len(params["bias_ih"]))), params)
        logits, readout_cache = readout_forward(outputs[-1][None], params)
        loss, grad_logits = sequence_loss(logits, target[None])
        grads = readout_backward(grad_logits, readout_cache)
        grad_outputs = [np.zeros_like(h) for h in outputs]
        grad_outputs[-1] = grads.pop("outputs")[0]
        recurrent = rnn_backward(grad_outputs, cache)
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            grads[name] = recurrent[name]
        grads, _ = clip_grad_norm(grads, max_norm)
        losses.append(loss)
        params = {name: params[name] - lr * grads[name] for name in params}
    return params, losses
