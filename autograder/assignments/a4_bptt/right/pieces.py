"""A sequence in pieces: a backward of two steps at a time, and for a window the full backward of that window alone."""

import numpy as np


def piece_backward(grad_outputs, x, states, params):
    grads = {name: np.zeros_like(params[name]) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    grads["x"], carry = np.zeros_like(x), np.zeros_like(states[0])
    for t in range(len(x) - 1, -1, -1):
        delta = (grad_outputs[t] + carry) * (1 - states[t + 1] ** 2)
        grads["x"][t] = delta @ params["weight_ih"]
        grads["weight_ih"] += delta.T @ x[t]
        grads["weight_hh"] += delta.T @ states[t]
        grads["bias_ih"] += delta.sum(axis=0)
        carry = delta @ params["weight_hh"]
    return {**grads, "bias_hh": grads["bias_ih"].copy(), "h0": carry}


def rnn_backward(grad_outputs, cache):
    x, states, params = cache
    carry, found, total = 0.0, [], {}
    for start in range((len(x) - 1) // 2 * 2, -1, -2):
        injected = np.array(grad_outputs[start : start + 2])
        injected[-1] += carry
        grads = piece_backward(injected, x[start : start + 2], states[start : start + 3], params)
        carry = grads.pop("h0")
        found.insert(0, grads.pop("x"))
        total = {name: total.get(name, 0.0) + grad for name, grad in grads.items()}
    return {"x": np.concatenate(found), "h0": carry, **total}


def alone(grad, steps):
    grads = np.zeros((steps, *grad.shape))
    grads[-1] = grad
    return grads


def rnn_backward_truncated(grad_outputs, cache, k):
    x, states, params = cache
    total = {name: np.zeros_like(value) for name, value in params.items() if "ho" not in name}
    total |= {"x": np.zeros_like(x), "h0": np.zeros_like(states[0])}
    for t in range(len(x)):
        window = slice(max(t - k, 0), t + 1)
        grads = piece_backward(alone(grad_outputs[t], len(x[window])), x[window], states[window.start : t + 2], params)
        total["x"][window] += grads.pop("x")
        total["h0"] += grads.pop("h0") * (t + 1 <= k)
        for name, grad in grads.items():
            total[name] += grad
    return total


def state_gradient_norms(grad_last, cache):
    x, states, params = cache
    found = [piece_backward(alone(grad_last, len(x) - t), x[t:], states[t:], params)["h0"] for t in range(len(x))]
    return [np.linalg.norm(grad) for grad in [*found, grad_last]]
