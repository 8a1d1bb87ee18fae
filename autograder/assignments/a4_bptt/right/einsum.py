"""Every product an einsum; the cache is a dict of slopes and states."""

import numpy as np


def rnn_forward(x, h0, params):
    inputs = np.einsum("tni,hi->tnh", x, params["weight_ih"]) + params["bias_ih"] + params["bias_hh"]
    states = np.empty((len(x) + 1, *h0.shape))
    states[0] = h0
    for t in range(len(x)):
        states[t + 1] = np.tanh(inputs[t] + np.einsum("nk,hk->nh", states[t], params["weight_hh"]))
    return states[1:].copy(), {"x": x, "before": states[:-1], "slope": 1 - states[1:] ** 2, "params": params}


def credit_matrix(grad_outputs, cache):
    # all walks at once: walk[t] is where the walk from step t has come to
    slope, weight = cache["slope"], cache["params"]["weight_hh"]
    T = len(slope)
    credit, walk = np.zeros((T, T)), np.array(grad_outputs)
    for back in range(T):
        for t in range(back, T):
            credit[t, t - back] = np.sqrt(np.einsum("nh,nh->", walk[t], walk[t]))
        walk[back:] = np.einsum("tnh,tnh,hk->tnk", walk[back:], slope[: T - back], weight)
    return credit


def from_grad_z(grad_z, cache, h0):
    bias = np.einsum("tnh->h", grad_z)
    return {
        "x": np.einsum("tnh,hi->tni", grad_z, cache["params"]["weight_ih"]),
        "h0": h0,
        "weight_ih": np.einsum("tnh,tni->hi", grad_z, cache["x"]),
        "weight_hh": np.einsum("tnh,tnk->hk", grad_z, cache["before"]),
        "bias_ih": bias,
        "bias_hh": bias,
    }


def rnn_backward(grad_outputs, cache):
    slope, weight = cache["slope"], cache["params"]["weight_hh"]
    grad_z, carry = np.zeros_like(slope), np.zeros_like(slope[0])
    for t in range(len(slope))[::-1]:
        grad_z[t] = (grad_outputs[t] + carry) * slope[t]
        carry = np.einsum("nh,hk->nk", grad_z[t], weight)
    return from_grad_z(grad_z, cache, carry)


def rnn_backward_truncated(grad_outputs, cache, k):
    slope, weight = cache["slope"], cache["params"]["weight_hh"]
    total, h0 = np.zeros_like(slope), np.zeros_like(slope[0])
    for s in range(len(slope)):
        share = grad_outputs[s]
        for t in range(s, max(-1, s - k - 1), -1):
            grad_z = share * slope[t]
            total[t] += grad_z
            share = np.einsum("nh,hk->nk", grad_z, weight)
        if k > s:
            h0 = h0 + share
    return from_grad_z(total, cache, h0)


def state_gradient_norms(grad_last, cache):
    slope, weight = cache["slope"], cache["params"]["weight_hh"]
    grads = [grad_last]
    for t in range(len(slope))[::-1]:
        grads.append(np.einsum("nh,nh,hk->nk", grads[-1], slope[t], weight))
    return np.sqrt(np.einsum("tnh,tnh->t", grads[::-1], grads[::-1]))


def clip_grad_norm(grads, max_norm):
    total = np.sqrt(sum(np.einsum("i,i->", g.ravel(), g.ravel()) for g in grads.values()))
    scale = min(1.0, max_norm / (total + 1e-6))
    return {name: g * scale for name, g in grads.items()}, total


def residual_rnn_forward(x, h0, params):
    inputs = np.einsum("tni,hi->tnh", x, params["weight_ih"]) + params["bias_ih"] + params["bias_hh"]
    states = np.empty((len(x) + 1, *h0.shape))
    states[0] = h0
    for t in range(len(x)):
        states[t + 1] = states[t] + np.tanh(inputs[t] + np.einsum("nk,hk->nh", states[t], params["weight_hh"]))
    slope = 1 - np.diff(states, axis=0) ** 2
    return states[1:].copy(), {"x": x, "before": states[:-1], "slope": slope, "params": params}


def residual_rnn_backward(grad_outputs, cache):
    slope, weight = cache["slope"], cache["params"]["weight_hh"]
    grad_z, carry = np.zeros_like(slope), np.zeros_like(slope[0])
    for t in range(len(slope))[::-1]:
        grad_h = grad_outputs[t] + carry
        grad_z[t] = grad_h * slope[t]
        carry = grad_h + np.einsum("nh,hk->nk", grad_z[t], weight)
    return from_grad_z(grad_z, cache, carry)


def loss_and_gradients(x, h0, target, params):
    outputs, cache = rnn_forward(x, h0, params)
    logits, readout_cache = readout_forward(outputs, params)
    loss, grad_logits = sequence_loss(logits, target)
    grads = readout_backward(grad_logits, readout_cache)
    return loss, {**rnn_backward(grads["outputs"], cache), "weight_ho": grads["weight_ho"], "bias_ho": grads["bias_ho"]}


def train_adder(batches, params, lr):
    losses = np.zeros(len(batches))
    for step, (x, target) in enumerate(batches):
        losses[step], grads = loss_and_gradients(x, np.zeros((x.shape[1], params["bias_hh"].size)), target, params)
        params = sgd_step(params, grads, lr)
    return params, losses


def train_first_xor_last(batches, params, lr, max_norm):
    losses = np.zeros(len(batches))
    for step, (x, target) in enumerate(batches):
        outputs, cache = rnn_forward(x, np.zeros((x.shape[1], params["bias_hh"].size)), params)
        logits, _ = readout_forward(outputs[-1], params)
        losses[step], grad_logits = sequence_loss(logits[None], target[None])
        injected = np.zeros_like(outputs)
        injected[-1] = np.einsum("nc,ch->nh", grad_logits[0], params["weight_ho"])
        grads = rnn_backward(injected, cache)
        grads["weight_ho"] = np.einsum("nc,nh->ch", grad_logits[0], outputs[-1])
        grads["bias_ho"] = grad_logits[0].sum(axis=0)
        clipped, _ = clip_grad_norm({name: grads[name] for name in params}, max_norm)
        params = sgd_step(params, clipped, lr)
    return params, losses
