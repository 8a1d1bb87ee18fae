"""Arrays made once and added to in a loop, with a carry that starts as the number 0; two carries in the residual layer."""

import numpy as np


def rnn_backward(grad_outputs, cache):
    x, states, params = cache
    grads = {name: np.zeros_like(params[name]) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    grads["x"] = np.zeros_like(x)
    carry = 0
    for t in reversed(range(len(x))):
        delta = grad_outputs[t] + carry
        delta *= 1 - states[t + 1] ** 2
        grads["x"][t] = delta @ params["weight_ih"]
        grads["weight_ih"] += delta.T @ x[t]
        grads["weight_hh"] += delta.T @ states[t]
        grads["bias_ih"] += delta.sum(0)
        grads["bias_hh"] += delta.sum(0)
        carry = delta @ params["weight_hh"]
    return {**grads, "h0": carry}


def clip_grad_norm(grads, max_norm):
    # as PyTorch does; where nothing is to be done the given dict is handed back
    total = np.sqrt(sum(np.vdot(grad, grad) for grad in grads.values()))
    factor = max_norm / (total + 1e-6)
    return ({name: grad * factor for name, grad in grads.items()} if factor < 1 else grads), np.array(total)


def residual_rnn_backward(grad_outputs, cache):
    x, states, tanhs, params = cache
    along, through = np.zeros_like(states[0]), np.zeros_like(states[0])
    delta = np.zeros_like(tanhs)
    for t in range(len(x))[::-1]:
        along += grad_outputs[t] + through
        delta[t] = along - along * tanhs[t] ** 2
        np.matmul(delta[t], params["weight_hh"], out=through)
    bias = delta.sum(axis=(0, 1))
    return {
        "x": delta @ params["weight_ih"],
        "h0": along + through,
        "weight_ih": np.einsum("tnj,tni->ji", delta, x),
        "weight_hh": np.einsum("tnj,tnk->jk", delta, states[:-1]),
        "bias_ih": bias,
        "bias_hh": bias,
    }


def loss_and_gradients(x, h0, target, params):
    states = [h0]
    for x_t in x:
        states.append(rnn_cell_forward(x_t, states[-1], params)[0])
    grads, loss, carry = {name: np.zeros_like(params[name]) for name in params}, 0.0, 0.0
    for t in reversed(range(len(x))):
        scores = states[t + 1] @ params["weight_ho"].T + params["bias_ho"]
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        p, rows = powers / powers.sum(axis=1, keepdims=True), np.arange(len(scores))
        loss -= np.log(p[rows, target[t]]).sum() / target.size
        p[rows, target[t]] -= 1
        grads["weight_ho"] += p.T @ states[t + 1] / target.size
        grads["bias_ho"] += p.sum(axis=0) / target.size
        delta = (p / target.size @ params["weight_ho"] + carry) * (1 - states[t + 1] ** 2)
        grads["weight_ih"] += delta.T @ x[t]
        grads["weight_hh"] += delta.T @ states[t]
        for bias in ("bias_ih", "bias_hh"):
            grads[bias] += delta.sum(axis=0)
        carry = delta @ params["weight_hh"]
    return loss, grads
