"""The cache is a list of functions, one for each step, called from the last to the first."""

from collections import deque

import numpy as np


def step_function(x_t, before, params):
    after = rnn_cell_forward(x_t, before, params)[0]

    def back(grad):
        delta = grad * (1 - after * after)
        return delta, x_t, before

    return after, back


def rnn_forward(x, h0, params):
    outputs, backs = [], []
    for x_t in x:
        h0, back = step_function(x_t, h0, params)
        outputs.append(h0)
        backs.append(back)
    return np.asfortranarray(outputs), (backs, params)


def credit_matrix(grad_outputs, cache):
    backs, params = cache
    rows = []
    for t, share in enumerate(grad_outputs):
        row = deque([0.0] * (len(backs) - t - 1))
        for back in backs[t::-1]:
            row.appendleft(np.linalg.norm(share))
            share = back(share)[0] @ params["weight_hh"]
        rows.append(row)
    return [list(row) for row in rows]


def products(delta, x, before, carry, params):
    delta, bias = np.array(delta), np.sum(delta, axis=(0, 1))
    return {
        "x": delta @ params["weight_ih"],
        "h0": carry,
        "weight_ih": np.einsum("tnj,tni->ji", delta, x),
        "weight_hh": np.einsum("tnj,tnk->jk", delta, before),
        "bias_ih": bias,
        "bias_hh": bias,
    }


def rnn_backward(grad_outputs, cache):
    backs, params = cache
    carry, steps = np.zeros_like(grad_outputs[0]), deque()
    for grad, back in zip(reversed(grad_outputs), reversed(backs)):
        steps.appendleft(back(grad + carry))
        carry = steps[0][0] @ params["weight_hh"]
    return products(*zip(*steps), carry, params)


def rnn_backward_truncated(grad_outputs, cache, k):
    backs, params = cache
    queue, steps = deque(maxlen=k + 1), []  # what has crossed 0, 1, ..., k times
    for t in reversed(range(len(backs))):
        queue.appendleft(grad_outputs[t])
        found = [backs[t](share) for share in queue]
        steps.insert(0, (sum(delta for delta, _, _ in found), *found[0][1:]))
        queue = deque((delta @ params["weight_hh"] for delta, _, _ in found[:k]), maxlen=k + 1)
    return products(*zip(*steps), sum(queue) if queue else np.zeros_like(grad_outputs[0]), params)


def state_gradient_norms(grad_last, cache):
    backs, params = cache
    norms = [np.linalg.norm(grad_last)]
    for back in backs[::-1]:
        grad_last = back(grad_last)[0] @ params["weight_hh"]
        norms.insert(0, np.linalg.norm(grad_last))
    return tuple(norms)


def residual_rnn_forward(x, h0, params):
    tanhs, states = [], [h0]
    for x_t in x:
        tanhs.append(rnn_cell_forward(x_t, states[-1], params)[0])
        states.append(states[-1] + tanhs[-1])
    return np.array(states[1:]), {"x": x, "states": states, "tanhs": tanhs, "params": params}


def residual_rnn_backward(grad_outputs, cache):
    deltas, carry = [], 0.0
    for grad, tanh in zip(grad_outputs[::-1], cache["tanhs"][::-1]):
        deltas.insert(0, (grad + carry) * (1 - tanh**2))
        carry = grad + carry + deltas[0] @ cache["params"]["weight_hh"]
    return products(deltas, cache["x"], cache["states"][:-1], carry, cache["params"])
