"""Styles of a4_bptt."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from typing import Any

import numpy as np

from tests.styles import FORMS, Functions, Own, in_form, style

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
SIX = (*NAMES, "weight_ho", "bias_ho")


def step(x_t: Any, h: Any, p: Any) -> Any:
    """One cell."""
    return np.tanh(x_t @ p["weight_ih"].T + h @ p["weight_hh"].T + (p["bias_ih"] + p["bias_hh"]))


def states_of(x: Any, h0: Any, params: Any) -> Any:
    """(T + 1, N, H): h0 first."""
    return np.array(list(accumulate(x, lambda h, x_t: step(x_t, h, params), initial=h0)))


def forward(x, h0, params):
    """A forward whose cache is a tuple."""
    states = states_of(x, h0, params)
    return states[1:].copy(), (x, states, params)


def products(delta, carry, x, before, params):
    """All gradients from those of z."""
    bias = np.sum(delta, axis=(0, 1))
    return {
        "x": delta @ params["weight_ih"],
        "h0": carry,
        "weight_ih": np.einsum("tnj,tni->ji", delta, x),
        "weight_hh": np.einsum("tnj,tnk->jk", delta, before),
        "bias_ih": bias,
        "bias_hh": bias,
    }


def sweep(grad_outputs, cache):
    """The usual loop."""
    x, states, params = cache
    delta, carry = np.zeros_like(states[1:]), np.zeros_like(states[0])
    for t in range(len(x) - 1, -1, -1):
        delta[t] = (grad_outputs[t] + carry) * (1 - states[t + 1] ** 2)
        carry = delta[t] @ params["weight_hh"]
    return products(delta, carry, x, states[:-1], params)


# ---- rnn_forward -----------------------------------------------------------------------------------------------------


@style("rnn_forward")
def preallocated(own: Own) -> Functions:
    def rnn_forward(x, h0, params):
        outputs = np.empty((len(x), *h0.shape))
        inputs = x @ params["weight_ih"].T + params["bias_ih"] + params["bias_hh"]
        h = h0
        for t in range(len(x)):
            h = outputs[t] = np.tanh(inputs[t] + h @ params["weight_hh"].T)
        return outputs, outputs

    return {"rnn_forward": rnn_forward}


@style("rnn_forward")
def recursive_forward(own: Own) -> Functions:
    def run(x, h, params):
        return [] if not len(x) else [(now := step(x[0], h, params)), *run(x[1:], now, params)]

    return {"rnn_forward": lambda x, h0, params: [run(x, h0, params), None]}


@style("rnn_forward")
def by_the_given_cell(own: Own) -> Functions:
    def rnn_forward(x, h0, params):
        caches, outputs = [], []
        for x_t in x:
            h0, cache = own["rnn_cell_forward"](x_t, h0, params)
            outputs.append(h0)
            caches.append(cache)
        return np.asfortranarray(outputs), caches

    return {"rnn_forward": rnn_forward}


# ---- rnn_backward ----------------------------------------------------------------------------------------------------


def pair(backward: Any, made: Any = forward) -> Functions:
    """rnn_forward and rnn_backward."""
    return {"rnn_forward": made, "rnn_backward": backward}


for _name, _form in FORMS.items():

    def _styled(own: Own, form: Any = _form) -> Functions:
        return pair(in_form(sweep, form))

    _styled.__name__ = _name
    style("rnn_backward")(_styled)


@style("rnn_backward")
def accumulated_in_the_loop(own: Own) -> Functions:
    def rnn_backward(grad_outputs, cache):
        x, states, params = cache
        grads = {name: np.zeros_like(params[name]) for name in NAMES} | {"x": np.zeros_like(x)}
        carry = 0
        for t in reversed(range(len(x))):
            delta = (grad_outputs[t] + carry) * (1 - states[t + 1] ** 2)
            grads["x"][t] = delta @ params["weight_ih"]
            grads["weight_ih"] += delta.T @ x[t]
            grads["weight_hh"] += delta.T @ states[t]
            grads["bias_ih"] += delta.sum(0)
            grads["bias_hh"] += delta.sum(0)
            carry = delta @ params["weight_hh"]
        return {**grads, "h0": carry}

    return pair(rnn_backward)


@style("rnn_backward")
def sample_by_sample(own: Own) -> Functions:
    """A loop over the samples outside, over the steps inside, vectors only."""

    def rnn_backward(grad_outputs, cache):
        x, states, params = cache
        grads = {name: np.zeros_like(params[name]) for name in NAMES}
        grads |= {"x": np.zeros_like(x), "h0": np.zeros_like(states[0])}
        for n in range(x.shape[1]):
            carry = np.zeros(states.shape[2])
            for t in reversed(range(len(x))):
                delta = (grad_outputs[t, n] + carry) * (1 - states[t + 1, n] ** 2)
                grads["x"][t, n] = params["weight_ih"].T @ delta
                grads["weight_ih"] += np.outer(delta, x[t, n])
                grads["weight_hh"] += np.outer(delta, states[t, n])
                grads["bias_ih"] += delta
                carry = params["weight_hh"].T @ delta
            grads["h0"][n] = carry
        grads["bias_hh"] = grads["bias_ih"].copy()
        return grads

    return pair(rnn_backward)


@style("rnn_backward")
def unit_by_unit(own: Own) -> Functions:
    """The carry by a sum over units in plain Python."""

    def rnn_backward(grad_outputs, cache):
        x, states, params = cache
        rows, size = params["weight_hh"].tolist(), states.shape[2]
        delta = np.zeros_like(states[1:])
        carry = np.zeros_like(states[0])
        for t in reversed(range(len(x))):
            for n in range(x.shape[1]):
                for j in range(size):
                    delta[t, n, j] = (grad_outputs[t, n, j] + carry[n, j]) * (1 - states[t + 1, n, j] ** 2)
                now = delta[t, n].tolist()
                carry[n] = [sum(now[j] * rows[j][k] for j in range(size)) for k in range(size)]
        return products(delta, carry, x, states[:-1], params)

    return pair(rnn_backward)


@style("rnn_backward")
def caches_of_cells(own: Own) -> Functions:
    """A list of caches, one a step, and a cell's backward."""

    def rnn_forward(x, h0, params):
        caches = []
        for x_t in x:
            h = step(x_t, h0, params)
            caches.append({"x": x_t, "h_prev": h0, "h": h, "p": params})
            h0 = h
        return np.stack([cache["h"] for cache in caches]), caches

    def cell_backward(grad, c):
        d = grad * (1 - c["h"] ** 2)
        return {
            "x": d @ c["p"]["weight_ih"],
            "h_prev": d @ c["p"]["weight_hh"],
            "weight_ih": d.T @ c["x"],
            "weight_hh": d.T @ c["h_prev"],
            "bias_ih": d.sum(0),
            "bias_hh": d.sum(0),
        }

    def rnn_backward(grad_outputs, caches):
        sums, xs, carry = dict.fromkeys(NAMES, 0.0), deque(), 0.0
        for grad, cache in zip(grad_outputs[::-1], reversed(caches), strict=True):
            found = cell_backward(grad + carry, cache)
            carry = found["h_prev"]
            xs.appendleft(found["x"])
            sums = {name: sums[name] + found[name] for name in NAMES}
        return {"x": np.array(xs), "h0": carry, **sums}

    return pair(rnn_backward, rnn_forward)


@style("rnn_backward")
def recursion(own: Own) -> Functions:
    """From the first step on: the rest of the sequence gives the carry."""

    def back(grad_outputs, x, states, params, t):
        if t == len(x):
            return np.zeros_like(states[0]), []
        carry, deltas = back(grad_outputs, x, states, params, t + 1)
        delta = (grad_outputs[t] + carry) * (1 - states[t + 1] ** 2)
        return delta @ params["weight_hh"], [*deltas, delta] if t else [*deltas, delta][::-1]

    def rnn_backward(grad_outputs, cache):
        x, states, params = cache
        if len(x) > 300:  # Python's own limit on depth: go on in pieces
            return in_pieces(grad_outputs, cache)
        carry, deltas = back(grad_outputs, x, states, params, 0)
        return products(np.array(deltas), carry, x, states[:-1], params)

    return pair(rnn_backward)


def in_pieces(grad_outputs, cache, size=50):
    """Backward over pieces, from the last to the first, by the cut law."""
    x, states, params = cache
    carry, found, sums = 0.0, [], dict.fromkeys(NAMES, 0.0)
    for start in range((len(x) - 1) // size * size, -1, -size):
        piece = slice(start, start + size)
        injected = np.array(grad_outputs[piece])
        injected[-1] += carry
        grads = sweep(injected, (x[piece], states[start : start + size + 1], params))
        carry = grads["h0"]
        found.insert(0, grads["x"])
        sums = {name: sums[name] + grads[name] for name in NAMES}
    return {"x": np.concatenate(found), "h0": carry, **sums}


@style("rnn_backward")
def pieces(own: Own) -> Functions:
    return pair(lambda grad_outputs, cache: in_pieces(grad_outputs, cache, size=2))


@style("rnn_backward")
def time_turned_round(own: Own) -> Functions:
    """All arrays turned round in time first; then an accumulate from left to right."""

    def rnn_backward(grad_outputs, cache):
        x, states, params = cache
        slopes, grads = (1 - states[1:] ** 2)[::-1], grad_outputs[::-1]
        walk = accumulate(
            zip(grads, slopes, strict=True),
            lambda delta, now: (now[0] + delta @ params["weight_hh"]) * now[1],
            initial=np.zeros_like(states[0]),
        )
        delta = np.array(list(walk)[1:])[::-1]
        return products(delta, delta[0] @ params["weight_hh"], x, states[:-1], params)

    return pair(rnn_backward)


@style("rnn_backward")
def with_reduce(own: Own) -> Functions:
    def rnn_backward(grad_outputs, cache):
        x, states, params = cache

        def back(found, t):
            carry, deltas = found
            delta = (grad_outputs[t] + carry) * (1 - states[t + 1] ** 2)
            return delta @ params["weight_hh"], (delta, deltas)

        carry, chain = reduce(back, reversed(range(len(x))), (np.zeros_like(states[0]), None))
        deltas = []
        while chain is not None:
            delta, chain = chain
            deltas.append(delta)
        return products(np.stack(deltas), carry, x, states[:-1], params)

    return pair(rnn_backward)


@style("rnn_backward")
def columns_inside(own: Own) -> Functions:
    """A sample a column, time last, as in the textbook."""

    def rnn_forward(x, h0, params):
        xs, states = x.transpose(2, 1, 0), np.zeros((h0.shape[1], len(h0), len(x) + 1))
        states[:, :, 0] = h0.T
        for t in range(len(x)):
            net = params["weight_ih"] @ xs[:, :, t] + params["weight_hh"] @ states[:, :, t]
            states[:, :, t + 1] = np.tanh(net + (params["bias_ih"] + params["bias_hh"])[:, None])
        return states[:, :, 1:].transpose(2, 1, 0), (xs, states, params)

    def rnn_backward(grad_outputs, cache):
        xs, states, params = cache
        delta, carry = np.zeros(states[:, :, 1:].shape), np.zeros(states.shape[:2])
        for t in reversed(range(xs.shape[2])):
            delta[:, :, t] = (grad_outputs[t].T + carry) * (1 - states[:, :, t + 1] ** 2)
            carry = params["weight_hh"].T @ delta[:, :, t]
        return {
            "x": np.tensordot(delta, params["weight_ih"], axes=(0, 0)).transpose(1, 0, 2),
            "h0": carry.T,
            "weight_ih": np.einsum("jnt,int->ji", delta, xs),
            "weight_hh": np.einsum("jnt,knt->jk", delta, states[:, :, :-1]),
            "bias_ih": delta.sum(axis=(1, 2)),
            "bias_hh": delta.sum(axis=(1, 2)),
        }

    return pair(rnn_backward, rnn_forward)


@style("rnn_backward")
def stacked_weights(own: Own) -> Functions:
    """Input, state and a one side by side, one weight for all."""

    def rnn_forward(x, h0, params):
        weight = np.hstack([params["weight_ih"], params["weight_hh"], (params["bias_ih"] + params["bias_hh"])[:, None]])
        h, wides = h0, []
        for x_t in x:
            wides.append(np.hstack([x_t, h, np.ones((len(h), 1))]))
            h = np.tanh(wides[-1] @ weight.T)
        after = np.array([wide[:, x.shape[2] : -1] for wide in wides[1:]] + [h])
        return after, (np.array(wides), after.copy(), weight, x.shape[2])

    def rnn_backward(grad_outputs, cache):
        wide, after, weight, size = cache
        down = np.zeros_like(wide)
        delta = np.zeros_like(after)
        carry = np.zeros_like(after[0])
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

    return pair(rnn_backward, rnn_forward)


@dataclass
class Memory:
    """A cache that knows how to go back."""

    x: Any
    h0: Any
    outputs: Any
    params: Any

    def __call__(self, grad_outputs):
        return sweep(grad_outputs, (self.x, np.concatenate([self.h0[None], self.outputs]), self.params))


@style("rnn_backward")
def cache_with_call(own: Own) -> Functions:
    def rnn_forward(x, h0, params):
        outputs = states_of(x, h0, params)[1:]
        return outputs, Memory(x, h0, outputs, params)

    return pair(lambda grad_outputs, cache: cache(grad_outputs), rnn_forward)


@style("rnn_backward")
def closures(own: Own) -> Functions:
    """A list of functions, one for each step, called from the last to the first."""

    def rnn_forward(x, h0, params):
        backs, outputs = [], []

        def one(x_t, before, after):
            def back(grad):
                delta = grad * (1 - after * after)
                return delta, x_t, before

            return back

        for x_t in x:
            h = step(x_t, h0, params)
            backs.append(one(x_t, h0, h))
            outputs.append(h)
            h0 = h
        return np.array(outputs), (backs, params)

    def rnn_backward(grad_outputs, cache):
        backs, params = cache
        carry, steps = np.zeros_like(grad_outputs[0]), []
        for grad, back in zip(reversed(grad_outputs), reversed(backs), strict=True):
            steps.append(back(grad + carry))
            carry = steps[-1][0] @ params["weight_hh"]
        delta, x, before = (np.array(part)[::-1] for part in zip(*steps, strict=True))
        return products(delta, carry, x, before, params)

    return pair(rnn_backward, rnn_forward)


# ---- rnn_backward_truncated ------------------------------------------------------------------------------------------


def crossings(grad_outputs, cache, k):
    """All steps walk at once, one crossing after the other."""
    x, states, params = cache
    slope = 1 - states[1:] ** 2
    walking = grad_outputs * slope
    delta, grad_h0 = walking.copy(), np.zeros_like(states[0])
    for _ in range(min(k, len(x))):
        crossed = walking @ params["weight_hh"]
        grad_h0 = grad_h0 + crossed[0]
        walking = crossed[1:] * slope[: len(crossed) - 1]
        delta[: len(walking)] += walking
    return products(delta, grad_h0, x, states[:-1], params)


def truncated(backward: Any) -> Functions:
    """rnn_forward and rnn_backward_truncated."""
    return {"rnn_forward": forward, "rnn_backward_truncated": backward}


for _name, _form in FORMS.items():

    def _window(own: Own, form: Any = _form) -> Functions:
        return truncated(in_form(crossings, form))

    _window.__name__ = _name
    style("rnn_backward_truncated")(_window)


@style("rnn_backward_truncated")
def nested_loops(own: Own) -> Functions:
    def backward(grad_outputs, cache, k):
        x, states, params = cache
        grads = {name: np.zeros_like(params[name]) for name in NAMES}
        grads |= {"x": np.zeros_like(x), "h0": np.zeros_like(states[0])}
        for t in range(len(x)):
            share = grad_outputs[t]
            for s in range(t, max(t - k, 0) - 1, -1):
                delta = share * (1 - states[s + 1] ** 2)
                grads["x"][s] += delta @ params["weight_ih"]
                grads["weight_ih"] += delta.T @ x[s]
                grads["weight_hh"] += delta.T @ states[s]
                grads["bias_ih"] += delta.sum(axis=0)
                share = delta @ params["weight_hh"]
            if t < k:
                grads["h0"] += share
        grads["bias_hh"] = grads["bias_ih"].copy()
        return grads

    return truncated(backward)


@style("rnn_backward_truncated")
def sum_of_windows(own: Own) -> Functions:
    """A full backward over each step's own window."""

    def backward(grad_outputs, cache, k):
        x, states, params = cache
        total = {name: np.zeros_like(params[name]) for name in NAMES}
        total |= {"x": np.zeros_like(x), "h0": np.zeros_like(states[0])}
        for t in range(len(x)):
            first = max(t - k, 0)
            alone = np.zeros_like(grad_outputs[first : t + 1])
            alone[-1] = grad_outputs[t]
            grads = sweep(alone, (x[first : t + 1], states[first : t + 2], params))
            total["x"][first : t + 1] += grads["x"]
            total["h0"] += grads["h0"] * (t + 1 <= k)
            for name in NAMES:
                total[name] += grads[name]
        return total

    return truncated(backward)


@style("rnn_backward_truncated")
def full_minus_the_rest(own: Own) -> Functions:
    """What has crossed k + 1 times is what is missing: walk it on and take it away."""

    def backward(grad_outputs, cache, k):
        x, states, params = cache
        slope = 1 - states[1:] ** 2
        if k >= len(x):
            return sweep(grad_outputs, cache)
        lost = grad_outputs * slope
        reached = np.zeros_like(states[0])
        for _ in range(k):
            crossed = lost @ params["weight_hh"]
            reached += crossed[0]
            lost = np.concatenate([crossed[1:], 0 * crossed[:1]]) * slope
        crossed = lost @ params["weight_hh"]
        rest = np.concatenate([crossed[1:], 0 * crossed[:1]])
        full, over = sweep(grad_outputs, cache), sweep(rest, cache)
        return {name: full[name] - over[name] for name in full} | {"h0": reached}

    return truncated(backward)


@style("rnn_backward_truncated")
def queue_of_shares(own: Own) -> Functions:
    """One sweep that carries a queue: the shares that have crossed 1, 2, …, k times."""

    def backward(grad_outputs, cache, k):
        x, states, params = cache
        delta, queue = np.zeros_like(states[1:]), deque(maxlen=k + 1)
        for t in reversed(range(len(x))):
            queue.appendleft(grad_outputs[t])
            shares = [share * (1 - states[t + 1] ** 2) for share in queue]
            delta[t] = sum(shares)
            queue = deque((share @ params["weight_hh"] for share in shares[:k]), maxlen=k + 1)
        h0 = sum(queue) if queue else np.zeros_like(states[0])
        return products(delta, h0, x, states[:-1], params)

    return truncated(backward)


@style("rnn_backward_truncated")
def recursive_window(own: Own) -> Functions:
    def backward(grad_outputs, cache, k):
        x, states, params = cache
        slope, total = 1 - states[1:] ** 2, {}

        def walk(share, s, left):
            if s < 0:
                total["h0"] = total.get("h0", 0.0) + share
                return
            delta = share * slope[s]
            total[s] = total.get(s, 0.0) + delta
            if left:
                walk(delta @ params["weight_hh"], s - 1, left - 1)

        for t in range(len(x)):
            walk(grad_outputs[t], t, k)
        delta = np.array([total[s] for s in range(len(x))])
        return products(delta, total.get("h0", np.zeros_like(states[0])), x, states[:-1], params)

    return truncated(backward)


# ---- credit_matrix, state_gradient_norms, clip_grad_norm -------------------------------------------------------------


@style("credit_matrix")
def all_rows_at_once(own: Own) -> Functions:
    def credit_matrix(grad_outputs, cache):
        _, states, params = cache
        steps = len(grad_outputs)
        credit, share = np.zeros((steps, steps)), np.zeros((steps, *grad_outputs[0].shape))
        for k in reversed(range(steps)):
            share[k] = grad_outputs[k]
            credit[:, k] = np.sqrt(np.einsum("tnh,tnh->t", share, share))
            share = (share * (1 - states[k + 1] ** 2)) @ params["weight_hh"]
        return credit

    return {"rnn_forward": forward, "credit_matrix": credit_matrix}


@style("credit_matrix")
def diagonal_by_diagonal(own: Own) -> Functions:
    def credit_matrix(grad_outputs, cache):
        _, states, params = cache
        share, credit = grad_outputs, np.zeros((len(grad_outputs),) * 2)
        for distance in range(len(grad_outputs)):
            credit += np.diag(np.linalg.norm(share.reshape(len(share), -1), axis=1), -distance)
            share = ((share * (1 - states[1 : len(share) + 1] ** 2)) @ params["weight_hh"])[1:]
        return credit.tolist()

    return {"rnn_forward": forward, "credit_matrix": credit_matrix}


@style("state_gradient_norms")
def by_rnn_backward(own: Own) -> Functions:
    def state_gradient_norms(grad_last, cache):
        x, states, params = cache
        found = []
        for t in range(len(x)):
            alone = np.zeros_like(states[t + 1 :])
            alone[-1] = grad_last
            found.append(np.linalg.norm(sweep(alone, (x[t:], states[t:], params))["h0"]))
        return [*found, np.linalg.norm(grad_last)]

    return {"rnn_forward": forward, "state_gradient_norms": state_gradient_norms}


@style("state_gradient_norms")
def filled_from_the_end(own: Own) -> Functions:
    def state_gradient_norms(grad_last, cache):
        _, states, params = cache
        norms, grad = np.zeros(len(states)), np.array(grad_last)
        for t in range(len(states) - 1, -1, -1):
            norms[t] = np.sqrt((grad**2).sum())
            grad = (grad * (1 - states[t] ** 2)) @ params["weight_hh"]
        return norms

    return {"rnn_forward": forward, "state_gradient_norms": state_gradient_norms}


@style("clip_grad_norm")
def flattened(own: Own) -> Functions:
    def clip_grad_norm(grads, max_norm):
        total = np.linalg.norm(np.concatenate([np.ravel(grad) for grad in grads.values()]))
        return {k: np.array(v) if total <= max_norm else v * (max_norm / total) for k, v in grads.items()}, total

    return {"clip_grad_norm": clip_grad_norm}


@style("clip_grad_norm")
def like_pytorch(own: Own) -> Functions:
    def clip_grad_norm(grads, max_norm):
        total = np.sqrt(sum(np.vdot(grad, grad) for grad in grads.values()))
        factor = min(1.0, max_norm / (total + 1e-6))
        return {name: factor * grad for name, grad in grads.items()}, np.array(total)

    return {"clip_grad_norm": clip_grad_norm}


@style("clip_grad_norm")
def by_maximum(own: Own) -> Functions:
    def clip_grad_norm(grads, max_norm):
        total = float(np.hypot.reduce([float(np.linalg.norm(grad)) for grad in grads.values()]))
        return [{name: grad / max(1.0, total / max_norm) for name, grad in grads.items()}, total]

    return {"clip_grad_norm": clip_grad_norm}


# ---- the residual layer ----------------------------------------------------------------------------------------------


def residual_forward(x, h0, params):
    """A cache of states; the tanh is the difference of two."""
    states = [h0]
    for x_t in x:
        states.append(states[-1] + step(x_t, states[-1], params))
    return np.array(states[1:]), (x, np.array(states), params)


def residual_sweep(grad_outputs, cache):
    """The usual loop, tanh from the differences of the states."""
    x, states, params = cache
    slope = 1 - np.diff(states, axis=0) ** 2
    delta, carry = np.zeros_like(slope), np.zeros_like(states[0])
    for t in reversed(range(len(x))):
        total = grad_outputs[t] + carry
        delta[t] = total * slope[t]
        carry = total + delta[t] @ params["weight_hh"]
    return products(delta, carry, x, states[:-1], params)


def residual(backward: Any, made: Any = residual_forward) -> Functions:
    """Both functions."""
    return {"residual_rnn_forward": made, "residual_rnn_backward": backward}


for _name, _form in FORMS.items():

    def _residual(own: Own, form: Any = _form) -> Functions:
        return residual(in_form(residual_sweep, form))

    _residual.__name__ = _name
    style("residual_rnn_backward")(_residual)


@style("residual_rnn_forward")
def running_sum(own: Own) -> Functions:
    def residual_rnn_forward(x, h0, params):
        total, outputs = np.array(h0), np.empty((len(x), *h0.shape))
        for t, x_t in enumerate(x):
            total = total + own["rnn_cell_forward"](x_t, total, params)[0]
            outputs[t] = total
        return outputs, None

    return {"residual_rnn_forward": residual_rnn_forward}


@style("residual_rnn_forward")
def with_accumulate(own: Own) -> Functions:
    def residual_rnn_forward(x, h0, params):
        return list(accumulate(x, lambda h, x_t: h + step(x_t, h, params), initial=h0))[1:], "no cache"

    return {"residual_rnn_forward": residual_rnn_forward}


@style("residual_rnn_backward")
def whole_jacobians(own: Own) -> Functions:
    """Each sample's step as one matrix, I + diag(slope) W."""

    def backward(grad_outputs, cache):
        x, states, params = cache
        slope = 1 - np.diff(states, axis=0) ** 2
        jacobian = np.eye(states.shape[2]) + slope[..., None] * params["weight_hh"]
        grad, delta = np.zeros_like(states[0]), np.zeros_like(slope)
        for t in reversed(range(len(x))):
            grad = grad_outputs[t] + grad
            delta[t] = grad * slope[t]
            grad = np.einsum("nj,njk->nk", grad, jacobian[t])
        return products(delta, grad, x, states[:-1], params)

    return residual(backward)


@style("residual_rnn_backward")
def tanh_kept(own: Own) -> Functions:
    def made(x, h0, params):
        kept, states = [], [h0]
        for x_t in x:
            kept.append(step(x_t, states[-1], params))
            states.append(states[-1] + kept[-1])
        return np.array(states[1:]), {"x": x, "states": states, "tanhs": kept, "params": params}

    def backward(grad_outputs, c):
        deltas, carry = [], 0.0
        for grad, tanh in zip(grad_outputs[::-1], c["tanhs"][::-1], strict=True):
            deltas.insert(0, (grad + carry) * (1 - tanh**2))
            carry = grad + carry + deltas[0] @ c["params"]["weight_hh"]
        return products(np.array(deltas), carry, c["x"], np.array(c["states"][:-1]), c["params"])

    return residual(backward, made)


@style("residual_rnn_backward")
def recomputed(own: Own) -> Functions:
    def backward(grad_outputs, cache):
        return residual_sweep(grad_outputs, residual_forward(*cache)[1])

    return residual(backward, lambda *given: (residual_forward(*given)[0], given))


@style("residual_rnn_backward")
def identity_apart(own: Own) -> Functions:
    """Two carries: one along the identity, one through weight_hh."""

    def backward(grad_outputs, cache):
        x, states, params = cache
        tanhs = states[1:] - states[:-1]
        along, through = np.zeros_like(states[0]), np.zeros_like(states[0])
        delta = np.zeros_like(tanhs)
        for t in range(len(x))[::-1]:
            along = grad_outputs[t] + along + through
            delta[t] = along - along * tanhs[t] ** 2
            through = np.matmul(delta[t], params["weight_hh"])
        return products(delta, along + through, x, states[:-1], params)

    return residual(backward)


# ---- all of it together ----------------------------------------------------------------------------------------------


def together_by(rnn_forward: Any, rnn_backward: Any, own: Own) -> Any:
    """The usual six lines."""

    def loss_and_gradients(x, h0, target, params):
        outputs, cache = rnn_forward(x, h0, params)
        logits, top = own["readout_forward"](outputs, params)
        loss, grad = own["sequence_loss"](logits, target)
        readout = own["readout_backward"](grad, top)
        return loss, {**rnn_backward(readout["outputs"], cache), **readout}

    return loss_and_gradients


for _name in ("fortran", "read_only", "float32", "lists", "strided", "long_double"):

    def _together(own: Own, form: Any = FORMS[_name]) -> Functions:
        return {"loss_and_gradients": in_form(together_by(forward, sweep, own), form)}

    _together.__name__ = _name
    style("loss_and_gradients")(_together)


@style("loss_and_gradients")
def upon_own(own: Own) -> Functions:
    return {"loss_and_gradients": together_by(own["rnn_forward"], own["rnn_backward"], own)}


def all_in_one(x, h0, target, params):
    """Without any lower function."""
    states = states_of(x, h0, params)
    logits = np.einsum("tnh,ch->tnc", states[1:], params["weight_ho"]) + params["bias_ho"]
    log_p = logits - np.logaddexp.reduce(logits, axis=2, keepdims=True)
    grad = (np.exp(log_p) - (target[..., None] == np.arange(logits.shape[2]))) / target.size
    loss = -np.take_along_axis(log_p, target[..., None], 2).sum() / target.size
    grads = sweep(grad @ params["weight_ho"], (x, states, params))
    return loss, grads | {"weight_ho": np.tensordot(grad, states[1:], 2 * [[0, 1]]), "bias_ho": grad.sum((0, 1))}


@style("loss_and_gradients")
def in_one_function(own: Own) -> Functions:
    return {"loss_and_gradients": all_in_one}


@style("loss_and_gradients")
def in_one_loop(own: Own) -> Functions:
    """Readout, loss and sweep in the same loop over the steps."""

    def loss_and_gradients(x, h0, target, params):
        states = states_of(x, h0, params)
        grads, loss, carry = {name: np.zeros_like(params[name]) for name in SIX}, 0.0, 0.0
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

    return {"loss_and_gradients": loss_and_gradients}


@style("loss_and_gradients")
def sample_by_sample_means(own: Own) -> Functions:
    """The mean of what each sample alone gives."""

    def loss_and_gradients(x, h0, target, params):
        each = [all_in_one(x[:, [n]], h0[[n]], target[:, [n]], params) for n in range(len(h0))]
        losses, grads = zip(*each, strict=True)
        return np.mean(losses), {name: np.mean([grad[name] for grad in grads], axis=0) for name in SIX}

    return {"loss_and_gradients": loss_and_gradients}


class Model:
    """A class with __call__."""

    def __call__(self, x, h0, target, params):
        loss, grads = all_in_one(x, h0, target, params)
        return [np.array(loss), {name: grads[name] for name in reversed(SIX)}]


@style("loss_and_gradients")
def callable_class(own: Own) -> Functions:
    return {"loss_and_gradients": Model()}


@style("train_adder")
def usual_loop(own: Own) -> Functions:
    def train_adder(batches, params, lr):
        losses = []
        for x, target in batches:
            loss, grads = all_in_one(x, np.zeros((x.shape[1], len(params["bias_hh"]))), target, params)
            losses.append(loss)
            params = {name: params[name] - lr * grads[name] for name in SIX}
        return params, losses

    return {"train_adder": train_adder}


@style("train_adder")
def folded(own: Own) -> Functions:
    def train_adder(batches, params, lr):
        def one(state, batch):
            params, losses = state
            h0 = np.zeros((batch[0].shape[1], params["weight_hh"].shape[0]))
            loss, grads = own["loss_and_gradients"](batch[0], h0, batch[1], params)
            return own["sgd_step"](params, grads, lr), (*losses, loss)

        return reduce(one, batches, (params, ()))

    return {"train_adder": train_adder}


@style("train_first_xor_last")
def targets_at_the_end(own: Own) -> Functions:
    """The whole sequence is read out, and all but the last step's gradient is set to zero."""

    def train_first_xor_last(batches, params, lr, max_norm):
        losses = []
        for x, target in batches:
            states = states_of(x, np.zeros((x.shape[1], len(params["bias_hh"]))), params)
            logits = states[1:] @ params["weight_ho"].T + params["bias_ho"]
            loss, last = own["sequence_loss"](logits[-1:], target[None])
            grad = np.zeros_like(logits)
            grad[-1] = last[0]
            grads = sweep(grad @ params["weight_ho"], (x, states, params))
            grads |= {"weight_ho": np.einsum("tnc,tnh->ch", grad, states[1:]), "bias_ho": grad.sum(axis=(0, 1))}
            norm = np.sqrt(sum(np.sum(grads[name] ** 2) for name in SIX))
            factor = lr * min(1.0, max_norm / norm)
            params = {name: params[name] - factor * grads[name] for name in SIX}
            losses.append(loss)
        return params, np.array(losses)

    return {"train_first_xor_last": train_first_xor_last}
