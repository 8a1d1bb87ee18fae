"""float32 throughout: right to 7 digits."""

import numpy as np


def single(value):
    return {k: single(v) for k, v in value.items()} if isinstance(value, dict) else np.asarray(value, dtype=np.float32)


def rnn_forward(x, h0, params):
    x, params, states = single(x), single(params), [single(h0)]
    for x_t in x:
        z = x_t @ params["weight_ih"].T + params["bias_ih"] + states[-1] @ params["weight_hh"].T + params["bias_hh"]
        states.append(np.tanh(z))
    states = np.stack(states)
    return states[1:], (x, states, params, states[1:])


def credit_matrix(grad_outputs, cache):
    _, states, params, _ = cache
    credit = np.zeros((len(grad_outputs),) * 2, dtype=np.float32)
    for t, share in enumerate(single(grad_outputs)):
        for k in range(t, -1, -1):
            credit[t, k] = np.linalg.norm(share)
            share = (share * (1 - states[k + 1] ** 2)) @ params["weight_hh"]
    return credit


def gather(delta, x, states, params, h0):
    sums = {"weight_ih": np.tensordot(delta, x, ((0, 1), (0, 1)))}
    sums["weight_hh"] = np.tensordot(delta, states[:-1], ((0, 1), (0, 1)))
    sums["bias_ih"] = sums["bias_hh"] = delta.sum(axis=(0, 1))
    return {"x": delta @ params["weight_ih"], "h0": h0, **sums}


def rnn_backward(grad_outputs, cache):
    x, states, params, tanhs = cache
    slope, grad_outputs = 1 - tanhs**2, single(grad_outputs)
    delta, carry = np.empty_like(slope), np.zeros_like(slope[0])
    for t in reversed(range(len(x))):
        delta[t] = (grad_outputs[t] + carry) * slope[t]
        carry = delta[t] @ params["weight_hh"]
    return gather(delta, x, states, params, carry)


def rnn_backward_truncated(grad_outputs, cache, k):
    x, states, params, tanhs = cache
    slope = 1 - tanhs**2
    delta, h0 = np.zeros_like(slope), np.zeros_like(slope[0])
    for s, share in enumerate(single(grad_outputs)):
        for t in range(s, max(s - k, 0) - 1, -1):
            step = share * slope[t]
            delta[t] += step
            share = step @ params["weight_hh"]
        if s < k:
            h0 += share
    return gather(delta, x, states, params, h0)


def state_gradient_norms(grad_last, cache):
    _, states, params, _ = cache
    grad_h = single(grad_last)
    norms = [np.linalg.norm(grad_h)]
    for h in states[:0:-1]:
        grad_h = (grad_h * (1 - h**2)) @ params["weight_hh"]
        norms.append(np.linalg.norm(grad_h))
    return single(norms[::-1])


def clip_grad_norm(grads, max_norm):
    grads = single(grads)
    total = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    scale = np.float32(max_norm) / total if total > max_norm else np.float32(1)
    return {name: scale * g for name, g in grads.items()}, total


def residual_rnn_forward(x, h0, params):
    x, params, states, tanhs = single(x), single(params), [single(h0)], []
    for x_t in x:
        z = x_t @ params["weight_ih"].T + params["bias_ih"] + states[-1] @ params["weight_hh"].T + params["bias_hh"]
        tanhs.append(np.tanh(z))
        states.append(states[-1] + tanhs[-1])
    states = np.stack(states)
    return states[1:], (x, states, params, np.stack(tanhs))


def residual_rnn_backward(grad_outputs, cache):
    x, states, params, tanhs = cache
    slope, grad_outputs = 1 - tanhs**2, single(grad_outputs)
    delta, carry = np.empty_like(slope), np.zeros_like(slope[0])
    for t in reversed(range(len(x))):
        delta[t] = (grad_outputs[t] + carry) * slope[t]
        carry = grad_outputs[t] + carry + delta[t] @ params["weight_hh"]
    return gather(delta, x, states, params, carry)


def loss_and_gradients(x, h0, target, params):
    outputs, cache = rnn_forward(x, h0, params)
    logits, readout_cache = readout_forward(outputs, single(params))
    loss, grad_logits = sequence_loss(logits, target)
    grads = readout_backward(single(grad_logits), readout_cache)
    grads |= rnn_backward(grads["outputs"], cache)
    return np.float32(loss), {name: grads[name] for name in params}


def train_adder(batches, params, lr):
    params, losses = single(params), []
    for x, target in batches:
        h0 = np.zeros((x.shape[1], len(params["bias_hh"])), dtype=np.float32)
        loss, grads = loss_and_gradients(x, h0, target, params)
        params = sgd_step(params, grads, np.float32(lr))
        losses.append(loss)
    return params, losses


def train_first_xor_last(batches, params, lr, max_norm):
    params, losses = single(params), []
    for x, target in batches:
        outputs, cache = rnn_forward(x, np.zeros((x.shape[1], len(params["bias_hh"]))), params)
        logits, readout_cache = readout_forward(outputs[-1:], params)
        loss, grad_logits = sequence_loss(logits, np.asarray(target)[None])
        grads = readout_backward(single(grad_logits), readout_cache)
        upstream = np.zeros_like(outputs)
        upstream[-1:] = grads["outputs"]
        grads |= rnn_backward(upstream, cache)
        clipped, _ = clip_grad_norm({name: grads[name] for name in params}, max_norm)
        params = sgd_step(params, clipped, np.float32(lr))
        losses.append(np.float32(loss))
    return params, losses
