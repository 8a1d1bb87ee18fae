"""Styles of a2_mlp_backprop."""

from __future__ import annotations

import copy
import math
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.styles import FORMS, Functions, Own, Record, in_form, style

NAMES = ("weight_1", "bias_1", "weight_2", "bias_2")


def sig(z: Any) -> Any:
    """A sigmoid by way of tanh."""
    return 0.5 + 0.5 * np.tanh(0.5 * np.asarray(z))


@style("sigmoid")
def by_tanh(own: Own) -> Functions:
    return {"sigmoid": sig}


@style("sigmoid")
def masked(own: Own) -> Functions:
    def sigmoid(z):
        z = np.asarray(z, dtype=float)
        out = np.empty(z.shape)
        up = z >= 0
        out[up] = 1 / (1 + np.exp(-z[up]))
        powers = np.exp(z[~up])
        out[~up] = powers / (1 + powers)
        return out

    return {"sigmoid": sigmoid}


@style("sigmoid")
def silenced(own: Own) -> Functions:
    def sigmoid(z):
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-np.asarray(z, dtype=float)))

    return {"sigmoid": sigmoid}


@style("sigmoid")
def clipped(own: Own) -> Functions:
    return {"sigmoid": lambda z: 1 / (1 + np.exp(-np.clip(z, -500, 500)))}


@style("sigmoid")
def logaddexp(own: Own) -> Functions:
    return {"sigmoid": lambda z: np.exp(-np.logaddexp(0, -np.asarray(z)))}


@style("sigmoid")
def vectorized(own: Own) -> Functions:
    def one(z: float) -> float:
        return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))

    return {"sigmoid": np.vectorize(one, otypes=[float])}


@style("mlp_forward")
def columns(own: Own) -> Functions:
    def mlp_forward(x, params):
        hidden = sig(params["weight_1"] @ x.T + params["bias_1"][:, None])
        return sig(params["weight_2"] @ hidden + params["bias_2"][:, None]).T, None

    return {"mlp_forward": mlp_forward}


@style("mlp_forward")
def augmented(own: Own) -> Functions:
    def mlp_forward(x, params):
        for layer in "12":
            rows = np.column_stack([x, np.ones(len(x))])
            x = sig(rows @ np.column_stack([params["weight_" + layer], params["bias_" + layer]]).T)
        return [x, params]

    return {"mlp_forward": mlp_forward}


@style("mlp_forward")
def neuron_by_neuron(own: Own) -> Functions:
    def layer(rows, weight, bias):
        return [
            [1 / (1 + math.exp(-(b + sum(map(float.__mul__, w, r))))) for w, b in zip(weight, bias, strict=True)]
            for r in rows
        ]

    def mlp_forward(x, params):
        p = {name: value.tolist() for name, value in params.items()}
        hidden = layer(x.tolist(), p["weight_1"], p["bias_1"])
        return layer(hidden, p["weight_2"], p["bias_2"]), hidden

    return {"mlp_forward": mlp_forward}


@style("half_squared_error")
def inner_product(own: Own) -> Functions:
    return {"half_squared_error": lambda p, t: np.vdot(p - t, p - t) / 2}


@style("half_squared_error")
def fsum(own: Own) -> Functions:
    return {"half_squared_error": lambda p, t: 0.5 * math.fsum(((p - t) ** 2).ravel())}


@style("half_squared_error")
def frobenius(own: Own) -> Functions:
    return {"half_squared_error": lambda p, t: np.array(np.linalg.norm(p - t) ** 2 / 2)}


@style("worked_example")
def typed(own: Own) -> Functions:
    """From the calculator, four digits."""
    return {
        "worked_example": lambda: {
            "net_1": [[0.24, 0.52, 0.80]],
            "hidden": [[0.5597, 0.6271, 0.6900]],
            "net_2": [[0.4884]],
            "prediction": [[0.6197]],
            "loss": 0.07230,
            "grads": {
                "weight_1": [[-0.0008834, -0.001104], [-0.001676, -0.002096], [-0.002300, -0.002875]],
                "bias_1": [-0.002208, -0.004191, -0.005751],
                "weight_2": [[-0.05016, -0.05620, -0.06183]],
                "bias_2": [-0.08962],
            },
        }
    }


@style("worked_example")
def by_own_functions(own: Own) -> Functions:
    def worked_example():
        params = {
            "weight_1": np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]),
            "bias_1": np.array([0.1, 0.2, 0.3]),
            "weight_2": np.array([[0.1, 0.2, 0.3]]),
            "bias_2": np.array([0.1]),
        }
        x = np.array([[0.4, 0.5]])
        prediction, cache = own["mlp_forward"](x, params)
        net_1 = x @ params["weight_1"].T + params["bias_1"]
        hidden = own["sigmoid"](net_1)
        return Record(
            net_1=net_1,
            hidden=hidden,
            net_2=hidden @ params["weight_2"].T + params["bias_2"],
            prediction=prediction,
            loss=np.array(own["half_squared_error"](prediction, 1.0)),
            grads=own["mlp_backward"](prediction - 1.0, cache),
        )

    return {"worked_example": worked_example}


@style("numerical_gradient")
def in_place(own: Own) -> Functions:
    def numerical_gradient(f, array, eps=1e-6):
        gradient = np.empty(array.shape)
        walker = np.nditer(array, flags=["multi_index"])
        for _ in walker:
            index = walker.multi_index
            kept = array[index]
            array[index] = kept + eps
            up = f(array)
            array[index] = kept - eps
            gradient[index] = (up - f(array)) / (2 * eps)
            array[index] = kept
        return gradient

    return {"numerical_gradient": numerical_gradient}


@style("numerical_gradient")
def unit_vectors(own: Own) -> Functions:
    def numerical_gradient(f, array, eps=1e-6):
        units = np.eye(array.size).reshape(array.size, *array.shape)
        return np.array([(f(array + eps * u) - f(array - eps * u)) / (2 * eps) for u in units]).reshape(array.shape)

    return {"numerical_gradient": numerical_gradient}


@style("numerical_gradient")
def flat_copy(own: Own) -> Functions:
    def numerical_gradient(f, array, eps=1e-6):
        flat = array.flatten()
        slopes = []
        for i, kept in enumerate(flat.copy()):
            values = []
            for nudge in (eps, -eps):
                flat[i] = kept + nudge
                values.append(f(flat.reshape(array.shape)))
                flat[i] = kept
            slopes.append((values[0] - values[1]) / 2 / eps)
        return np.reshape(slopes, array.shape)

    return {"numerical_gradient": numerical_gradient}


# ---- mlp_backward ----------------------------------------------------------------------------------------------------


def forward_parts(x: Any, params: Any) -> tuple[Any, Any]:
    """hidden and prediction."""
    hidden = sig(x @ params["weight_1"].T + params["bias_1"])
    return hidden, sig(hidden @ params["weight_2"].T + params["bias_2"])


def tuple_forward(x, params):
    """A forward whose cache is a tuple."""
    hidden, prediction = forward_parts(x, params)
    return prediction, (x, hidden, prediction, params)


def matrix_backward(grad_prediction, cache):
    """The usual five products."""
    x, hidden, prediction, params = cache
    upper = grad_prediction * prediction * (1 - prediction)
    lower = upper @ params["weight_2"] * hidden * (1 - hidden)
    return {
        "x": lower @ params["weight_1"],
        "weight_1": lower.T @ x,
        "bias_1": lower.sum(axis=0),
        "weight_2": upper.T @ hidden,
        "bias_2": upper.sum(axis=0),
    }


def pair(backward: Any, forward: Any = tuple_forward) -> Functions:
    """Both functions."""
    return {"mlp_forward": forward, "mlp_backward": backward}


for _name, _form in FORMS.items():

    def _styled(own: Own, form: Any = _form) -> Functions:
        return pair(in_form(matrix_backward, form))

    _styled.__name__ = _name
    style("mlp_backward")(_styled)


@style("mlp_backward")
def einsum(own: Own) -> Functions:
    def mlp_backward(grad_prediction, cache):
        x, hidden, prediction, params = cache
        upper = np.einsum("nk,nk,nk->nk", grad_prediction, prediction, 1 - prediction)
        lower = np.einsum("nk,kj,nj,nj->nj", upper, params["weight_2"], hidden, 1 - hidden)
        return {
            "x": np.einsum("nj,ji->ni", lower, params["weight_1"]),
            "weight_1": np.einsum("nj,ni->ji", lower, x),
            "bias_1": np.einsum("nj->j", lower),
            "weight_2": np.einsum("nk,nj->kj", upper, hidden),
            "bias_2": np.einsum("nk->k", upper),
        }

    return pair(mlp_backward)


@style("mlp_backward")
def row_by_row(own: Own) -> Functions:
    def mlp_backward(grad_prediction, cache):
        x, hidden, prediction, params = cache
        grads = {name: np.zeros_like(params[name]) for name in NAMES} | {"x": np.zeros_like(x)}
        for n in range(len(x)):
            upper = grad_prediction[n] * prediction[n] * (1 - prediction[n])
            lower = (params["weight_2"].T @ upper) * hidden[n] * (1 - hidden[n])
            grads["weight_2"] += np.outer(upper, hidden[n])
            grads["bias_2"] += upper
            grads["weight_1"] += np.outer(lower, x[n])
            grads["bias_1"] += lower
            grads["x"][n] = params["weight_1"].T @ lower
        return grads

    return pair(mlp_backward)


@style("mlp_backward")
def entry_by_entry(own: Own) -> Functions:
    def mlp_backward(grad_prediction, cache):
        x, hidden, prediction, params = (part.tolist() if isinstance(part, np.ndarray) else part for part in cache)
        w1, w2 = params["weight_1"].tolist(), params["weight_2"].tolist()
        grads = {name: np.zeros(params[name].shape).tolist() for name in NAMES}
        grads["x"] = np.zeros((len(x), len(x[0]))).tolist()
        for n, g in enumerate(grad_prediction.tolist()):
            upper = [g[k] * p * (1 - p) for k, p in enumerate(prediction[n])]
            for k, u in enumerate(upper):
                grads["bias_2"][k] += u
                for j, h in enumerate(hidden[n]):
                    grads["weight_2"][k][j] += u * h
            for j, h in enumerate(hidden[n]):
                d = sum(u * w2[k][j] for k, u in enumerate(upper)) * h * (1 - h)
                grads["bias_1"][j] += d
                for i, value in enumerate(x[n]):
                    grads["weight_1"][j][i] += d * value
                    grads["x"][n][i] += d * w1[j][i]
        return grads

    return pair(mlp_backward)


@style("mlp_backward")
def transposed_inside(own: Own) -> Functions:
    def mlp_forward(x, params):
        columns = x.T
        a1 = sig(params["weight_1"] @ columns + params["bias_1"].reshape(-1, 1))
        a2 = sig(params["weight_2"] @ a1 + params["bias_2"].reshape(-1, 1))
        return a2.T, {"a0": columns, "a1": a1, "a2": a2, "W": [params["weight_1"], params["weight_2"]]}

    def mlp_backward(grad_prediction, cache):
        d2 = grad_prediction.T * cache["a2"] * (1 - cache["a2"])
        d1 = cache["W"][1].T @ d2 * cache["a1"] * (1 - cache["a1"])
        return {
            "weight_2": d2 @ cache["a1"].T,
            "bias_2": d2.sum(axis=1),
            "weight_1": d1 @ cache["a0"].T,
            "bias_1": d1.sum(axis=1),
            "x": (cache["W"][0].T @ d1).T,
        }

    return pair(mlp_backward, mlp_forward)


@style("mlp_backward")
def closure_as_cache(own: Own) -> Functions:
    """The cache is the backward itself."""

    def mlp_forward(x, params):
        hidden, prediction = forward_parts(x, params)
        return prediction, lambda grad: matrix_backward(grad, (x, hidden, prediction, params))

    return pair(lambda grad_prediction, cache: cache(grad_prediction), mlp_forward)


@dataclass(frozen=True)
class Kept:
    """A cache with fields."""

    x: Any
    params: Any


@style("mlp_backward")
def recomputed(own: Own) -> Functions:
    """The cache holds what came in; backward runs the forward again."""

    def mlp_backward(grad_prediction, cache):
        return matrix_backward(grad_prediction, (cache.x, *forward_parts(cache.x, cache.params), cache.params))

    return pair(mlp_backward, lambda x, params: (forward_parts(x, params)[1], Kept(x.copy(), copy.deepcopy(params))))


Layer = namedtuple("Layer", "input output weight")


@style("mlp_backward")
def recursion_over_layers(own: Own) -> Functions:
    def mlp_forward(x, params):
        layers = []
        for number in (1, 2):
            out = sig(x @ params[f"weight_{number}"].T + params[f"bias_{number}"])
            layers.append(Layer(x, out, params[f"weight_{number}"]))
            x = out
        return x, layers

    def mlp_backward(grad, layers):
        if not layers:
            return {"x": grad}
        *below, top = layers
        delta = grad * top.output * (1 - top.output)
        number = len(layers)
        return {
            f"weight_{number}": delta.T @ top.input,
            f"bias_{number}": delta.sum(0),
            **mlp_backward(delta @ top.weight, below),
        }

    return pair(mlp_backward, mlp_forward)


@style("mlp_backward")
def bias_as_a_weight(own: Own) -> Functions:
    """A column of ones, and one matrix a layer."""

    def with_one(rows):
        return np.hstack([rows, np.ones((len(rows), 1))])

    def mlp_forward(x, params):
        big = [np.hstack([params[f"weight_{i}"], params[f"bias_{i}"][:, None]]) for i in (1, 2)]
        hidden = sig(with_one(x) @ big[0].T)
        return sig(with_one(hidden) @ big[1].T), [x, hidden, *big]

    def mlp_backward(grad_prediction, cache):
        x, hidden, first, second = cache
        prediction = sig(with_one(hidden) @ second.T)
        upper = grad_prediction * prediction * (1 - prediction)
        lower = (upper @ second[:, :-1]) * hidden * (1 - hidden)
        slopes = [lower.T @ with_one(x), upper.T @ with_one(hidden)]
        parts = {f"weight_{i}": s[:, :-1] for i, s in enumerate(slopes, 1)}
        return parts | {f"bias_{i}": s[:, -1] for i, s in enumerate(slopes, 1)} | {"x": lower @ first[:, :-1]}

    return pair(mlp_backward, mlp_forward)


@style("mlp_backward")
def jacobians(own: Own) -> Functions:
    """A matrix of slopes for each row, multiplied from the left."""

    def mlp_backward(grad_prediction, cache):
        x, hidden, prediction, params = cache
        grads = []
        for g, row, h, p in zip(grad_prediction, x, hidden, prediction, strict=True):
            upper = g @ np.diag(p * (1 - p))
            lower = upper @ params["weight_2"] @ np.diag(h * (1 - h))
            grads.append((lower @ params["weight_1"], np.outer(lower, row), lower, np.outer(upper, h), upper))
        rows, *sums = zip(*grads, strict=True)
        names = ("weight_1", "bias_1", "weight_2", "bias_2")
        return {"x": np.array(rows), **{name: sum(part) for name, part in zip(names, sums, strict=True)}}

    return pair(mlp_backward)


class Tape:
    """Reverse-mode differentiation of whole arrays, in twenty lines."""

    def __init__(self, value: Any, parents: Any = ()) -> None:
        self.value, self.parents = np.asarray(value), parents

    def affine(self, weight: Tape, bias: Tape) -> Tape:
        """x @ weight.T + bias."""
        out = self.value @ weight.value.T + bias.value
        return Tape(
            out,
            [(self, lambda g: g @ weight.value), (weight, lambda g: g.T @ self.value), (bias, lambda g: g.sum(axis=0))],
        )

    def sigmoid(self) -> Tape:
        """Entry by entry."""
        out = sig(self.value)
        return Tape(out, [(self, lambda g: g * out * (1 - out))])

    def gradients(self, grad: Any, found: dict[int, Any]) -> dict[int, Any]:
        """The gradient of every tape below, by id."""
        found[id(self)] = found.get(id(self), 0) + grad
        for parent, back in self.parents:
            parent.gradients(back(grad), found)
        return found


@style("mlp_backward")
def a_tape(own: Own) -> Functions:
    def mlp_forward(x, params):
        leaves = {"x": Tape(x), **{name: Tape(params[name]) for name in NAMES}}
        hidden = leaves["x"].affine(leaves["weight_1"], leaves["bias_1"]).sigmoid()
        top = hidden.affine(leaves["weight_2"], leaves["bias_2"]).sigmoid()
        return top.value.copy(), (top, leaves)

    def mlp_backward(grad_prediction, cache):
        top, leaves = cache
        found = top.gradients(grad_prediction, {})
        return {name: found[id(leaf)] for name, leaf in leaves.items()}

    return pair(mlp_backward, mlp_forward)


class Net:
    """An object whose methods are the two functions."""

    def forward(self, x, params):
        """Prediction and a list as cache."""
        return forward_parts(x, params)[1], [x, *forward_parts(x, params), params]

    def backward(self, grad_prediction, cache):
        """The products with np.dot."""
        grads = matrix_backward(grad_prediction, cache)
        grads["weight_1"] = np.dot(np.transpose(cache[0]), _lower(grad_prediction, cache)).T
        return grads


def _lower(grad_prediction, cache):
    _, hidden, prediction, params = cache
    return np.dot(grad_prediction * (prediction - prediction**2), params["weight_2"]) * (hidden - hidden**2)


@style("mlp_backward")
def bound_methods(own: Own) -> Functions:
    net = Net()
    return pair(net.backward, net.forward)


# ---- classes ---------------------------------------------------------------------------------------------------------


@style("softmax")
def log_sum_exp(own: Own) -> Functions:
    def softmax(logits):
        logits = np.asarray(logits, dtype=float)
        return np.exp(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True))

    return {"softmax": softmax}


@style("softmax")
def along_axis(own: Own) -> Functions:
    def one(row):
        powers = np.exp(row - row.max())
        return powers / powers.sum()

    return {"softmax": lambda logits: np.apply_along_axis(one, -1, logits)}


@style("softmax")
def ratios(own: Own) -> Functions:
    def softmax(logits):
        with np.errstate(over="ignore"):
            return 1 / np.exp(logits[..., None, :] - logits[..., :, None]).sum(axis=-1)

    return {"softmax": softmax}


@style("cross_entropy")
def mean_of_differences(own: Own) -> Functions:
    def cross_entropy(logits, target):
        rows = np.arange(len(target))
        return np.mean(np.logaddexp.reduce(logits, axis=1) - logits[rows, target])

    return {"cross_entropy": cross_entropy}


@style("cross_entropy")
def one_hot(own: Own) -> Functions:
    def cross_entropy(logits, target):
        y = np.eye(logits.shape[1])[target]
        top = logits.max(axis=1)
        return float(np.mean(top + np.log(np.exp(logits - top[:, None]).sum(axis=1)) - (y * logits).sum(axis=1)))

    return {"cross_entropy": cross_entropy}


@style("cross_entropy")
def row_loop(own: Own) -> Functions:
    def cross_entropy(logits, target):
        total = 0.0
        for row, c in zip(logits.tolist(), target.tolist(), strict=True):
            total += math.log(sum(math.exp(s - max(row)) for s in row)) + max(row) - row[c]
        return total / len(target)

    return {"cross_entropy": cross_entropy}


@style("cross_entropy_backward")
def with_one_hot(own: Own) -> Functions:
    return {
        "cross_entropy_backward": lambda logits, target: (
            (own["softmax"](logits) - np.eye(logits.shape[1])[target]) / logits.shape[0]
        )
    }


@style("cross_entropy_backward")
def full_jacobian(own: Own) -> Functions:
    """Through the softmax's whole matrix of slopes, row by row."""

    def cross_entropy_backward(logits, target):
        out = []
        for row, c in zip(logits, target, strict=True):
            p = np.exp(row - row.max())
            p /= p.sum()
            if p[c] > 1e-100:
                upstream = np.zeros_like(p)
                upstream[c] = -1 / p[c]
                out.append((np.diag(p) - np.outer(p, p)) @ upstream)
            else:
                out.append(p - np.eye(len(p))[c])
        return np.array(out) / len(target)

    return {"cross_entropy_backward": cross_entropy_backward}


@style("cross_entropy_backward")
def subtract_at(own: Own) -> Functions:
    def cross_entropy_backward(logits, target):
        grad = own["softmax"](logits).copy()
        np.subtract.at(grad, (range(len(target)), target), 1)
        return np.asfortranarray(grad / len(target))

    return {"cross_entropy_backward": cross_entropy_backward}


# ---- training --------------------------------------------------------------------------------------------------------


@style("sgd_step")
def walk_params(own: Own) -> Functions:
    def sgd_step(params, grads, lr):
        new = copy.deepcopy(params)
        for name in new:
            new[name] -= lr * np.asarray(grads[name])
        return new

    return {"sgd_step": sgd_step}


@style("sgd_step")
def as_record(own: Own) -> Functions:
    return {
        "sgd_step": lambda params, grads, lr: Record(
            **{k: np.subtract(v, np.multiply(lr, grads[k])) for k, v in params.items()}
        )
    }


@style("train_mlp")
def upon_own(own: Own) -> Functions:
    def train_mlp(x, target, params, lr, steps):
        losses = []
        for _ in range(steps):
            prediction, cache = own["mlp_forward"](x, params)
            losses += [own["half_squared_error"](prediction, target)]
            params = own["sgd_step"](params, own["mlp_backward"](prediction - target, cache), lr)
        return params, losses

    return {"train_mlp": train_mlp}


@style("train_mlp")
def all_in_one(own: Own) -> Functions:
    def train_mlp(x, target, params, lr, steps):
        w1, b1, w2, b2 = (np.array(params[name]) for name in NAMES)
        losses = np.empty(steps)
        for step in range(steps):
            hidden = sig(x @ w1.T + b1)
            prediction = sig(hidden @ w2.T + b2)
            losses[step] = np.sum((prediction - target) ** 2) / 2
            upper = (prediction - target) * prediction * (1 - prediction)
            lower = upper @ w2 * hidden * (1 - hidden)
            w2 -= lr * upper.T @ hidden
            b2 -= lr * upper.sum(axis=0)
            w1 -= lr * lower.T @ x
            b1 -= lr * lower.sum(axis=0)
        return dict(zip(NAMES, (w1, b1, w2, b2), strict=True)), losses

    return {"train_mlp": train_mlp}


def steps_of(x: Any, target: Any, params: Any, lr: float) -> Any:
    """Losses and parameters, for ever."""
    while True:
        prediction, cache = tuple_forward(x, params)
        grads = matrix_backward(prediction - target, cache)
        yield 0.5 * np.sum((prediction - target) ** 2), params
        params = {name: params[name] - lr * grads[name] for name in NAMES}


@style("train_mlp")
def from_a_generator(own: Own) -> Functions:
    def train_mlp(x, target, params, lr, steps):
        walk = steps_of(x, target, params, lr)
        losses = [next(walk)[0] for _ in range(steps)]
        return next(walk)[1], losses

    return {"train_mlp": train_mlp}


@style("train_mlp")
def recursive(own: Own) -> Functions:
    def train_mlp(x, target, params, lr, steps):
        if not steps:
            return params, []
        prediction, cache = tuple_forward(x, params)
        grads = matrix_backward(prediction - target, cache)
        end, losses = train_mlp(x, target, {k: params[k] - lr * grads[k] for k in NAMES}, lr, steps - 1)
        return end, [0.5 * np.linalg.norm(prediction - target) ** 2, *losses]

    return {"train_mlp": train_mlp}


@style("train_mlp")
def one_flat_vector(own: Own) -> Functions:
    """All parameters in one array, as SciPy's optimisers want them."""

    def train_mlp(x, target, params, lr, steps):
        shapes = {name: params[name].shape for name in NAMES}
        cuts = np.cumsum([np.prod(shape, dtype=int) for shape in shapes.values()])[:-1]
        theta = np.concatenate([params[name].ravel() for name in NAMES])

        def unpack(vector):
            parts = np.split(vector, cuts)
            return {name: part.reshape(shapes[name]) for name, part in zip(NAMES, parts, strict=True)}

        losses = []
        for _ in range(steps):
            prediction, cache = tuple_forward(x, unpack(theta))
            grads = matrix_backward(prediction - target, cache)
            losses.append(0.5 * np.sum((prediction - target) ** 2))
            theta = theta - lr * np.concatenate([grads[name].ravel() for name in NAMES])
        return unpack(theta), np.array(losses)

    return {"train_mlp": train_mlp}


class Trainer:
    """A class with __call__ that keeps its work in the instance and begins anew at each call."""

    def __call__(self, x, target, params, lr, steps):
        self.params, self.losses = dict(params), []
        for _ in range(steps):
            self.step(x, target, lr)
        return self.params, np.array(self.losses)

    def step(self, x, target, lr):
        """One step."""
        prediction, cache = tuple_forward(x, self.params)
        self.losses.append(float(np.square(prediction - target).sum() / 2))
        for name, grad in matrix_backward(prediction - target, cache).items():
            if name in self.params:
                self.params[name] = self.params[name] - lr * grad


@style("train_mlp")
def trainer(own: Own) -> Functions:
    return {"train_mlp": Trainer()}


@style("train_mlp")
def rows_apart(own: Own) -> Functions:
    """The gradient of each row alone, then their sum."""

    def train_mlp(x, target, params, lr, steps):
        losses = []
        for _ in range(steps):
            total, loss = dict.fromkeys(NAMES, 0.0), 0.0
            for n in range(len(x)):
                prediction, cache = tuple_forward(x[n : n + 1], params)
                grads = matrix_backward(prediction - target[n : n + 1], cache)
                loss += 0.5 * np.sum((prediction - target[n]) ** 2)
                total = {name: total[name] + grads[name] for name in NAMES}
            losses.append(loss)
            params = {name: params[name] - lr * total[name] for name in NAMES}
        return params, np.array(losses)

    return {"train_mlp": train_mlp}


def plain_training(x, target, params, lr, steps):
    """The usual loop."""
    losses = np.zeros(steps)
    for step in range(steps):
        prediction, cache = tuple_forward(x, params)
        losses[step] = 0.5 * np.sum((prediction - target) ** 2)
        grads = matrix_backward(prediction - target, cache)
        params = {name: params[name] - lr * grads[name] for name in NAMES}
    return params, losses


@style("train_mlp")
def trained_in_float32(own: Own) -> Functions:
    def train_mlp(x, target, params, lr, steps):
        small = {name: value.astype(np.float32) for name, value in params.items()}
        return plain_training(x.astype(np.float32), target.astype(np.float32), small, np.float32(lr), steps)

    return {"train_mlp": train_mlp}


for _name in ("fortran", "read_only", "lists", "long_double"):

    def _trained(own: Own, form: Any = FORMS[_name]) -> Functions:
        return {"train_mlp": in_form(plain_training, form)}

    _trained.__name__ = _name
    style("train_mlp")(_trained)
