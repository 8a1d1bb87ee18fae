"""Styles of a3_rnn_cell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.styles import FORMS, Functions, Own, in_form, style

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def cell(x: Any, h_prev: Any, params: Any) -> Any:
    """The new state."""
    z = x @ params["weight_ih"].T + h_prev @ params["weight_hh"].T + params["bias_ih"] + params["bias_hh"]
    return np.tanh(z)


# ---- rnn_cell_forward, rnn_cell_backward -----------------------------------------------------------------------------


def tuple_forward(x, h_prev, params):
    """A forward whose cache is a tuple."""
    h = cell(x, h_prev, params)
    return h, (x, h_prev, h.copy(), params)


def matrix_backward(grad_h, cache):
    """The usual products."""
    x, h_prev, h, params = cache
    delta = grad_h - grad_h * h * h
    bias = delta.sum(axis=0)
    return {
        "x": delta @ params["weight_ih"],
        "h_prev": delta @ params["weight_hh"],
        "weight_ih": delta.T @ x,
        "weight_hh": delta.T @ h_prev,
        "bias_ih": bias,
        "bias_hh": bias.copy(),
    }


def pair(backward: Any, forward: Any = tuple_forward) -> Functions:
    """Both functions."""
    return {"rnn_cell_forward": forward, "rnn_cell_backward": backward}


@style("rnn_cell_forward")
def stacked_forward(own: Own) -> Functions:
    def rnn_cell_forward(x, h_prev, params):
        weight = np.hstack([params["weight_ih"], params["weight_hh"]])
        h = np.tanh(np.hstack([x, h_prev]) @ weight.T + (params["bias_ih"] + params["bias_hh"]))
        return h, None

    return {"rnn_cell_forward": rnn_cell_forward}


@style("rnn_cell_forward")
def unit_loop(own: Own) -> Functions:
    def rnn_cell_forward(x, h_prev, params):
        h = np.zeros(h_prev.shape)
        for n, j in np.ndindex(h.shape):
            z = params["bias_ih"][j] + params["bias_hh"][j]
            for i, value in enumerate(x[n]):
                z += value * params["weight_ih"][j, i]
            for k, value in enumerate(h_prev[n]):
                z += value * params["weight_hh"][j, k]
            h[n, j] = math.tanh(z)
        return [h, {"h": h}]

    return {"rnn_cell_forward": rnn_cell_forward}


@style("rnn_cell_forward")
def exponentials(own: Own) -> Functions:
    def rnn_cell_forward(x, h_prev, params):
        z = params["weight_ih"] @ x.T + params["weight_hh"] @ h_prev.T
        z = z.T + params["bias_ih"] + params["bias_hh"]
        return 1 - 2 / (np.exp(2 * z) + 1), z

    return {"rnn_cell_forward": rnn_cell_forward}


for _name, _form in FORMS.items():

    def _styled(own: Own, form: Any = _form) -> Functions:
        return pair(in_form(matrix_backward, form))

    _styled.__name__ = _name
    style("rnn_cell_backward")(_styled)


@style("rnn_cell_backward")
def einsum(own: Own) -> Functions:
    def rnn_cell_backward(grad_h, cache):
        x, h_prev, h, params = cache
        slope = 1 - h**2
        return {
            "x": np.einsum("nj,nj,ji->ni", grad_h, slope, params["weight_ih"]),
            "h_prev": np.einsum("nj,nj,jk->nk", grad_h, slope, params["weight_hh"]),
            "weight_ih": np.einsum("nj,nj,ni->ji", grad_h, slope, x),
            "weight_hh": np.einsum("nj,nj,nk->jk", grad_h, slope, h_prev),
            "bias_ih": np.einsum("nj,nj->j", grad_h, slope),
            "bias_hh": np.einsum("nj,nj->j", grad_h, slope),
        }

    return pair(rnn_cell_backward)


@style("rnn_cell_backward")
def entry_by_entry(own: Own) -> Functions:
    def rnn_cell_backward(grad_h, cache):
        x, h_prev, h, params = cache
        wi, wh = params["weight_ih"].tolist(), params["weight_hh"].tolist()
        size, inputs = len(wh), len(wi[0])
        grads: dict[str, Any] = {
            "x": [[0.0] * inputs for _ in x],
            "h_prev": [[0.0] * size for _ in x],
            "weight_ih": [[0.0] * inputs for _ in wi],
            "weight_hh": [[0.0] * size for _ in wh],
            "bias_ih": [0.0] * size,
            "bias_hh": [0.0] * size,
        }
        rows = zip(x.tolist(), h_prev.tolist(), h.tolist(), grad_h.tolist(), strict=True)
        for n, (row, before, after, g) in enumerate(rows):
            for j in range(size):
                delta = g[j] * (1 - after[j] ** 2)
                grads["bias_ih"][j] += delta
                grads["bias_hh"][j] += delta
                for i, value in enumerate(row):
                    grads["weight_ih"][j][i] += delta * value
                    grads["x"][n][i] += delta * wi[j][i]
                for k, value in enumerate(before):
                    grads["weight_hh"][j][k] += delta * value
                    grads["h_prev"][n][k] += delta * wh[j][k]
        return grads

    return pair(rnn_cell_backward)


@style("rnn_cell_backward")
def stacked_weights(own: Own) -> Functions:
    """One matrix for input, state and bias."""

    def rnn_cell_forward(x, h_prev, params):
        wide = np.hstack([x, h_prev, np.ones((len(x), 2))])
        weight = np.column_stack([params[name] for name in NAMES])
        h = np.tanh(wide @ weight.T)
        return h, {"wide": wide, "weight": weight, "h": h, "cut": x.shape[1]}

    def rnn_cell_backward(grad_h, cache):
        delta, cut = grad_h * (1 - cache["h"] ** 2), cache["cut"]
        down, weights = delta @ cache["weight"], delta.T @ cache["wide"]
        return {
            "x": down[:, :cut],
            "h_prev": down[:, cut:-2],
            "weight_ih": weights[:, :cut],
            "weight_hh": weights[:, cut:-2],
            "bias_ih": weights[:, -2],
            "bias_hh": weights[:, -1],
        }

    return pair(rnn_cell_backward, rnn_cell_forward)


@style("rnn_cell_backward")
def transposed_inside(own: Own) -> Functions:
    def rnn_cell_backward(grad_h, cache):
        xt, at, ht = (part.T for part in cache[:3])
        params, delta = cache[3], grad_h.T * (1 - ht**2)
        return {
            "x": (params["weight_ih"].T @ delta).T,
            "h_prev": (params["weight_hh"].T @ delta).T,
            "weight_ih": delta @ xt.T,
            "weight_hh": delta @ at.T,
            **dict.fromkeys(("bias_ih", "bias_hh"), delta.sum(axis=1)),
        }

    return pair(rnn_cell_backward)


@dataclass
class State:
    """A cache with fields."""

    x: Any
    before: Any
    net: Any
    params: Any


@style("rnn_cell_backward")
def dataclass_and_cosh(own: Own) -> Functions:
    """The slope of tanh as 1 / cosh²."""

    def rnn_cell_forward(x, h_prev, params):
        net = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]
        return np.tanh(net), State(x, h_prev, net, params)

    def rnn_cell_backward(grad_h, cache):
        return matrix_backward_of(grad_h / np.cosh(cache.net) ** 2, cache.x, cache.before, cache.params)

    return pair(rnn_cell_backward, rnn_cell_forward)


def matrix_backward_of(delta, x, h_prev, params):
    """The products of a gradient of z."""
    ones = np.ones(len(delta))
    return {
        "x": np.matmul(delta, params["weight_ih"]),
        "h_prev": np.matmul(delta, params["weight_hh"]),
        "weight_ih": np.tensordot(delta, x, axes=(0, 0)),
        "weight_hh": np.tensordot(delta, h_prev, axes=(0, 0)),
        "bias_ih": ones @ delta,
        "bias_hh": ones @ delta,
    }


@style("rnn_cell_backward")
def closure_as_cache(own: Own) -> Functions:
    def rnn_cell_forward(x, h_prev, params):
        h = cell(x, h_prev, params)

        def back(grad_h):
            return matrix_backward_of(grad_h * (1 - h) * (1 + h), x, h_prev, params)

        return h.copy(), back

    return pair(lambda grad_h, cache: cache(grad_h), rnn_cell_forward)


@style("rnn_cell_backward")
def recomputed(own: Own) -> Functions:
    def rnn_cell_backward(grad_h, cache):
        h = cell(*cache)
        return matrix_backward_of(grad_h * (1 - np.square(h)), *cache)

    return pair(rnn_cell_backward, lambda *given: (cell(*given), given))


@style("rnn_cell_backward")
def sum_of_outer_products(own: Own) -> Functions:
    def rnn_cell_backward(grad_h, cache):
        x, h_prev, h, params = cache
        deltas = [g * (1 - s**2) for g, s in zip(grad_h, h, strict=True)]
        return {
            "x": np.array([d @ params["weight_ih"] for d in deltas]),
            "h_prev": np.array([d @ params["weight_hh"] for d in deltas]),
            "weight_ih": sum(np.outer(d, row) for d, row in zip(deltas, x, strict=True)),
            "weight_hh": sum(np.outer(d, row) for d, row in zip(deltas, h_prev, strict=True)),
            "bias_ih": sum(deltas),
            "bias_hh": np.add.reduce(deltas),
        }

    return pair(rnn_cell_backward)


class Cell:
    """Two functions as methods, and a namespace as cache."""

    def __call__(self, x, h_prev, params):
        h = cell(x, h_prev, params)
        return h, SimpleNamespace(x=x, h_prev=h_prev, h=h, params=params)

    def back(self, grad_h, cache):
        """From its own cache."""
        return matrix_backward(grad_h, (cache.x, cache.h_prev, cache.h, cache.params))


@style("rnn_cell_backward")
def callable_class(own: Own) -> Functions:
    made = Cell()
    return pair(made.back, made)


# ---- columns ---------------------------------------------------------------------------------------------------------


def halves(ba: Any) -> dict[str, Any]:
    """One bias as two."""
    return {"bias_ih": ba[:, 0] / 2, "bias_hh": ba[:, 0] / 2}


@style("column_cell_forward")
def by_the_row_cell(own: Own) -> Functions:
    def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
        params = {"weight_ih": Wax, "weight_hh": Waa, **halves(ba)}
        a_next = own["rnn_cell_forward"](xt.T, a_prev.T, params)[0].T
        powers = np.exp(Wya @ a_next + by)
        return a_next, powers / powers.sum(axis=0)

    return {"column_cell_forward": column_cell_forward}


@style("column_cell_forward")
def column_by_column(own: Own) -> Functions:
    def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
        states, answers = [], []
        for x, a in zip(xt.T, a_prev.T, strict=True):
            state = np.tanh(Wax.dot(x) + Waa.dot(a) + ba.ravel())
            scores = Wya.dot(state) + by.ravel()
            powers = np.exp(scores - scores.max())
            states.append(state)
            answers.append(powers / powers.sum())
        return np.transpose(states), np.transpose(answers)

    return {"column_cell_forward": column_cell_forward}


@style("column_cell_backward")
def by_the_row_backward(own: Own) -> Functions:
    def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
        params = {"weight_ih": Wax, "weight_hh": Waa, **halves(ba)}
        _, cache = own["rnn_cell_forward"](xt.T, a_prev.T, params)
        grads = own["rnn_cell_backward"](da_next.T, cache)
        return {
            "dxt": grads["x"].T,
            "da_prev": grads["h_prev"].T,
            "dWax": grads["weight_ih"],
            "dWaa": grads["weight_hh"],
            "dba": grads["bias_ih"][:, None],
        }

    return {"column_cell_backward": column_cell_backward}


@style("column_cell_backward")
def einsum_in_columns(own: Own) -> Functions:
    def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
        dz = da_next / np.cosh(Wax @ xt + Waa @ a_prev + ba) ** 2
        return {
            "dxt": np.einsum("ji,jn->in", Wax, dz),
            "da_prev": np.einsum("jk,jn->kn", Waa, dz),
            "dWax": np.einsum("jn,in->ji", dz, xt),
            "dWaa": np.einsum("jn,kn->jk", dz, a_prev),
            "dba": np.einsum("jn->j", dz).reshape(-1, 1),
        }

    return {"column_cell_backward": column_cell_backward}


# ---- two_step_backward -----------------------------------------------------------------------------------------------


def two_steps(grads_2: Any, grads_1: Any) -> dict[str, Any]:
    """The seven arrays from both steps'."""
    shared = {name: grads_1[name] + grads_2[name] for name in NAMES}
    return {"x_1": grads_1["x"], "x_2": grads_2["x"], "h0": grads_1["h_prev"], **shared}


def by_the_cell(own: Own) -> Any:
    """The usual five lines."""

    def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
        later = own["rnn_cell_backward"](grad_h2, cache_2)
        return two_steps(later, own["rnn_cell_backward"](grad_h1 + later["h_prev"], cache_1))

    return two_step_backward


for _name, _form in FORMS.items():

    def _two(own: Own, form: Any = _form) -> Functions:
        return {"two_step_backward": in_form(by_the_cell(own), form)}

    _two.__name__ = _name
    style("two_step_backward")(_two)


@style("two_step_backward")
def upon_the_cell(own: Own) -> Functions:
    return {"two_step_backward": by_the_cell(own)}


@style("two_step_backward")
def loop_over_steps(own: Own) -> Functions:
    def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
        carry, found, sums = 0.0, {}, dict.fromkeys(NAMES, 0.0)
        for name, grad, cache in (("x_2", grad_h2, cache_2), ("x_1", grad_h1, cache_1)):
            grads = own["rnn_cell_backward"](grad + carry, cache)
            carry, found[name] = grads["h_prev"], grads["x"]
            sums = {key: sums[key] + grads[key] for key in NAMES}
        return {**found, "h0": carry, **sums}

    return {"two_step_backward": two_step_backward}


@style("two_step_backward")
def recursion(own: Own) -> Functions:
    def back(grads, caches, carry):
        if not grads:
            return [], carry, dict.fromkeys(NAMES, 0.0)
        now = own["rnn_cell_backward"](grads[-1] + carry, caches[-1])
        xs, h0, sums = back(grads[:-1], caches[:-1], now["h_prev"])
        return [*xs, now["x"]], h0, {name: sums[name] + now[name] for name in NAMES}

    def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
        (x_1, x_2), h0, sums = back([grad_h1, grad_h2], [cache_1, cache_2], np.zeros_like(grad_h2))
        return {"x_1": x_1, "x_2": x_2, "h0": h0} | sums

    return {"two_step_backward": two_step_backward}


@style("two_step_backward")
def by_linearity(own: Own) -> Functions:
    """Step 1 twice: once for what is injected, once for the carry."""

    def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
        later = own["rnn_cell_backward"](grad_h2, cache_2)
        injected = own["rnn_cell_backward"](grad_h1, cache_1)
        carried = own["rnn_cell_backward"](later["h_prev"], cache_1)
        return two_steps(later, {name: injected[name] + carried[name] for name in injected})

    return {"two_step_backward": two_step_backward}


@style("two_step_backward")
def all_in_one(own: Own) -> Functions:
    """From one's own tuple caches, without the cell's backward."""

    def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
        (x_1, h0, h1, params), (x_2, _, h2, _) = cache_1, cache_2
        d2 = grad_h2 * (1 - h2**2)
        d1 = (grad_h1 + d2 @ params["weight_hh"]) * (1 - h1**2)
        bias = d1.sum(0) + d2.sum(0)
        return {
            "x_1": d1 @ params["weight_ih"],
            "x_2": d2 @ params["weight_ih"],
            "h0": d1 @ params["weight_hh"],
            "weight_ih": d1.T @ x_1 + d2.T @ x_2,
            "weight_hh": d1.T @ h0 + d2.T @ h1,
            "bias_ih": bias,
            "bias_hh": bias,
        }

    return {
        "rnn_cell_forward": tuple_forward,
        "rnn_cell_backward": matrix_backward,
        "two_step_backward": two_step_backward,
    }


@style("two_step_backward")
def both_steps_in_one_product(own: Own) -> Functions:
    def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
        (x_1, h0, h1, params), (x_2, _, h2, _) = cache_1, cache_2
        d2 = grad_h2 - grad_h2 * h2**2
        g1 = grad_h1 + d2 @ params["weight_hh"]
        delta = np.vstack([g1 - g1 * h1**2, d2])
        wide = np.hstack([np.vstack([x_1, x_2]), np.vstack([h0, h1]), np.ones((len(delta), 1))])
        weights, size = delta.T @ wide, x_1.shape[1]
        rows = delta @ params["weight_ih"]
        return {
            "x_1": rows[: len(x_1)],
            "x_2": rows[len(x_1) :],
            "h0": (delta @ params["weight_hh"])[: len(h0)],
            "weight_ih": weights[:, :size],
            "weight_hh": weights[:, size:-1],
            "bias_ih": weights[:, -1],
            "bias_hh": weights[:, -1].copy(),
        }

    return {
        "rnn_cell_forward": tuple_forward,
        "rnn_cell_backward": matrix_backward,
        "two_step_backward": two_step_backward,
    }


# ---- readout ---------------------------------------------------------------------------------------------------------


@style("readout_forward")
def dotted(own: Own) -> Functions:
    return {"readout_forward": lambda o, p: (np.tensordot(o, p["weight_ho"], axes=(-1, 1)) + p["bias_ho"], None)}


@style("readout_forward")
def einsum_readout(own: Own) -> Functions:
    return {"readout_forward": lambda o, p: [np.einsum("...h,ch->...c", o, p["weight_ho"]) + p["bias_ho"], [o, p]]}


@style("readout_backward")
def by_axes(own: Own) -> Functions:
    def readout_backward(grad_logits, cache):
        outputs, params = cache
        axes = tuple(range(grad_logits.ndim - 1))
        return {
            "outputs": np.einsum("...c,ch->...h", grad_logits, params["weight_ho"]),
            "weight_ho": np.tensordot(grad_logits, outputs, axes=(axes, axes)),
            "bias_ho": grad_logits.sum(axis=axes),
        }

    return {
        "readout_forward": lambda o, p: (o @ p["weight_ho"].T + p["bias_ho"], [o, p]),
        "readout_backward": readout_backward,
    }


@style("readout_backward")
def step_by_step(own: Own) -> Functions:
    def back(grad_logits, outputs, params):
        if grad_logits.ndim > 2:
            parts = [back(g, o, params) for g, o in zip(grad_logits, outputs, strict=True)]
            return {
                "outputs": np.stack([part["outputs"] for part in parts]),
                **{name: sum(part[name] for part in parts) for name in ("weight_ho", "bias_ho")},
            }
        return {
            "outputs": grad_logits @ params["weight_ho"],
            "weight_ho": grad_logits.T @ outputs,
            "bias_ho": grad_logits.sum(axis=0),
        }

    return {
        "readout_forward": lambda o, p: (o @ p["weight_ho"].T + p["bias_ho"], {"o": o, "p": p}),
        "readout_backward": lambda g, cache: back(g, cache["o"], cache["p"]),
    }


# ---- sequence_loss ---------------------------------------------------------------------------------------------------


def usual_loss(logits, target):
    """The usual lines."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    one_hot = np.eye(logits.shape[-1])[target]
    return -(one_hot * log_p).sum() / target.size, (np.exp(log_p) - one_hot) / target.size


for _name in ("fortran", "read_only", "float32", "lists", "strided", "long_double"):

    def _loss(own: Own, form: Any = FORMS[_name]) -> Functions:
        return {"sequence_loss": in_form(usual_loss, form)}

    _loss.__name__ = _name
    style("sequence_loss")(_loss)


@style("sequence_loss")
def one_list_of_rows(own: Own) -> Functions:
    def sequence_loss(logits, target):
        rows, classes = logits.reshape(-1, logits.shape[-1]), target.ravel()
        p = own["softmax"](rows)
        index = np.arange(len(rows))
        loss = np.mean(np.logaddexp.reduce(rows, axis=1) - rows[index, classes])
        p = p.copy()
        p[index, classes] -= 1
        return loss, (p / len(rows)).reshape(logits.shape)

    return {"sequence_loss": sequence_loss}


@style("sequence_loss")
def step_loop(own: Own) -> Functions:
    def sequence_loss(logits, target):
        losses, grads = [], []
        for scores, classes in zip(logits, target, strict=True):
            loss, grad = usual_loss(scores, classes)
            losses.append(loss)
            grads.append(grad / len(logits))
        return [np.mean(losses), grads]

    return {"sequence_loss": sequence_loss}


@style("sequence_loss")
def entry_loop(own: Own) -> Functions:
    def sequence_loss(logits, target):
        count, total = target.size, 0.0
        grad = np.zeros(logits.shape).tolist()
        for t, step in enumerate(logits.tolist()):
            for n, row in enumerate(step):
                right, top = int(target[t, n]), max(row)
                powers = [math.exp(score - top) for score in row]
                total += math.log(sum(powers)) + top - row[right]
                grad[t][n] = [(power / sum(powers) - (c == right)) / count for c, power in enumerate(powers)]
        return total / count, grad

    return {"sequence_loss": sequence_loss}


@style("sequence_loss")
def take_along_axis(own: Own) -> Functions:
    def sequence_loss(logits, target):
        log_p = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
        loss = -np.take_along_axis(log_p, target[..., None], axis=-1).mean()
        grad = np.exp(log_p)
        np.put_along_axis(grad, target[..., None], np.take_along_axis(grad, target[..., None], -1) - 1, axis=-1)
        return np.array(loss), grad / target.size

    return {"sequence_loss": sequence_loss}


@style("sequence_loss")
def classes_compared(own: Own) -> Functions:
    def sequence_loss(logits, target):
        hot = target[:, :, np.newaxis] == np.arange(logits.shape[2])
        top = logits.max(axis=2)
        powers = np.exp(logits - top[:, :, None])
        loss = (np.log(powers.sum(axis=2)) + top - logits[hot].reshape(target.shape)).sum()
        return float(loss / target.size), np.where(hot, -1.0, 0.0) / target.size + powers / powers.sum(
            2, keepdims=True
        ) / target.size

    return {"sequence_loss": sequence_loss}


class Loss:
    """A class with __call__ that is thrown away each time."""

    def __init__(self, logits, target):
        self.logits, self.target = logits, target
        self.p = np.apply_along_axis(self.softmax, -1, logits)

    @staticmethod
    def softmax(row):
        """Of one row."""
        powers = np.exp(row - np.max(row))
        return powers / np.sum(powers)

    def __iter__(self):
        with np.errstate(divide="ignore"):
            chosen = np.array([[self.logp(t, n) for n in range(self.p.shape[1])] for t in range(len(self.p))])
        yield -chosen.mean()
        yield (self.p - np.eye(self.p.shape[2])[self.target]) / self.target.size

    def logp(self, t, n):
        """The log of the right class's probability, from the scores."""
        row = self.logits[t, n]
        return row[self.target[t, n]] - row.max() - np.log(np.sum(np.exp(row - row.max())))


@style("sequence_loss")
def from_an_object(own: Own) -> Functions:
    return {"sequence_loss": lambda logits, target: tuple(Loss(logits, target))}
