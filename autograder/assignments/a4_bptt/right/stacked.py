"""Input, state and a one side by side, and one weight for all three. What a window cuts off is found and taken away."""

import numpy as np


def rnn_forward(x, h0, params):
    bias = params["bias_ih"] + params["bias_hh"]
    weight = np.hstack([params["weight_ih"], params["weight_hh"], bias[:, None]])
    h, wide = h0, []
    for x_t in x:
        wide.append(np.hstack([x_t, h, np.ones((len(h), 1))]))
        h = np.tanh(wide[-1] @ weight.T)
    after = np.array([row[:, x.shape[2] : -1] for row in wide[1:]] + [h])
    return after, (np.array(wide), after.copy(), weight, x.shape[2])


def credit_matrix(grad_outputs, cache):
    _, after, weight, size = cache
    credit, share = np.zeros((len(after), len(after))), np.zeros_like(after)
    for k in reversed(range(len(after))):  # every row at once
        share[k] = grad_outputs[k]
        credit[:, k] = np.sqrt(np.einsum("tnh,tnh->t", share, share))
        share = (share * (1 - after[k] ** 2)) @ weight[:, size:-1]
    return credit


def rnn_backward(grad_outputs, cache):
    wide, after, weight, size = cache
    down, delta, carry = np.zeros_like(wide), np.zeros_like(after), np.zeros_like(after[0])
    for t in reversed(range(len(wide))):
        delta[t] = (grad_outputs[t] + carry) * (1 - after[t] ** 2)
        down[t] = delta[t] @ weight
        carry = down[t, :, size:-1]
    total = np.tensordot(delta, wide, axes=([0, 1], [0, 1]))
    return {
        "x": down[:, :, :size],
        "h0": down[0, :, size:-1],
        "weight_ih": total[:, :size],
        "weight_hh": total[:, size:-1],
        "bias_ih": total[:, -1],
        "bias_hh": total[:, -1],
    }


def rnn_backward_truncated(grad_outputs, cache, k):
    _, after, weight, size = cache
    moving, h0 = grad_outputs, np.zeros_like(after[0])
    for crossed in range(min(k, len(after)) + 1):
        moving = (moving * (1 - after**2)) @ weight[:, size:-1]
        h0 += moving[0] * (crossed < k)
        moving = np.concatenate([moving[1:], np.zeros_like(moving[:1])])
    full, over = rnn_backward(grad_outputs, cache), rnn_backward(moving, cache)
    return {name: full[name] - over[name] for name in full} | {"h0": h0}


def state_gradient_norms(grad_last, cache):
    _, after, weight, size = cache
    norms, grad = np.zeros(len(after) + 1), np.array(grad_last)
    for t in range(len(after), -1, -1):
        norms[t] = np.sqrt((grad**2).sum())
        grad = (grad * (1 - after[t - 1] ** 2)) @ weight[:, size:-1]
    return norms
