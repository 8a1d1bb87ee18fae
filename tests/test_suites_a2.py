"""The hidden suite of a2_mlp_backprop: what is right keeps every point, what is wrong loses it in the right place."""

from __future__ import annotations

import pytest

from autograder.grading.results import Outcome
from tests.harness import (
    SEEDS,
    Namespace,
    grade,
    lost,
    points,
    reference,
    replaced,
    sentences,
    stub,
    suite_seconds,
    written,
    wrong_arrays,
)

A2 = "a2_mlp_backprop"


def code(*texts: str) -> Namespace:
    """The reference solutions with other code on top."""
    return written(A2, *texts)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_solution_is_right_on_every_course_seed(seed: str) -> None:
    assert lost(A2, reference(A2), seed) == {}


def test_the_points_are_those_of_the_course() -> None:
    assert sum(points(A2).values()) == 25


def test_a_stub_earns_nothing() -> None:
    assert lost(A2, stub(A2)) == dict.fromkeys(points(A2), 0.0)


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ("mlp_forward", "mlp_backward"),
        ("mlp_backward", "train_mlp"),
        ("sigmoid", "mlp_forward"),
        ("softmax", "cross_entropy_backward"),
    ],
)
def test_a_stub_below_is_named(lower: str, upper: str) -> None:
    results = grade(A2, code(f"def {lower}(*args): raise NotImplementedError()"), only=(lower, upper))
    assert results[upper].blocked_by == lower
    assert results[upper].points == 0


@pytest.mark.parametrize(
    "value",
    [
        "None",
        "0.0",
        "float('nan')",
        "'text'",
        "[[1], [2, 3]]",
        "{'weight_1': None, 'loss': 'x', 'grads': 3}",
        "MANY",
        "np.zeros(10**6)",
        "np.array([None])",
        "(1, 2)",
        "(np.zeros((5, 2)) * 1j, 2)",
        "(x for x in 'ab')",
    ],
)
def test_nonsense_earns_nothing_and_breaks_nothing(value: str) -> None:
    many = "MANY = {f'key {n}': n for n in range(10**6)}" if value == "MANY" else ""
    namespace = code(many, *(f"def {name}(*args): return {value}" for name in points(A2)))
    assert set(lost(A2, namespace).values()) == {0.0}


BACKWARD = """
    def mlp_backward(grad_prediction, cache):
        x, hidden, prediction, weight_1, weight_2 = cache
        delta_2 = {top}
        delta_1 = {down}
        return {{
            "x": {x},
            "weight_1": {weight_1},
            "bias_1": {bias_1},
            "weight_2": {weight_2},
            "bias_2": {bias_2},
        }}
    """
RIGHT_PARTS = {
    "top": "grad_prediction * prediction * (1 - prediction)",
    "down": "delta_2 @ weight_2 * hidden * (1 - hidden)",
    "x": "delta_1 @ weight_1",
    "weight_1": "delta_1.T @ x",
    "bias_1": "delta_1.sum(axis=0)",
    "weight_2": "delta_2.T @ hidden",
    "bias_2": "delta_2.sum(axis=0)",
}
LOWER = {"x", "weight_1", "bias_1"}
ALL = LOWER | {"weight_2", "bias_2"}
BACKWARDS = {
    "sign": ({"top": "-grad_prediction * prediction * (1 - prediction)"}, ALL),
    "factor 2": ({"top": "2 * grad_prediction * prediction * (1 - prediction)"}, ALL),
    "mean over rows": ({"top": "grad_prediction * prediction * (1 - prediction) / len(x)"}, ALL),
    "top slope missing": ({"top": "grad_prediction"}, ALL),
    "1 - square": ({"top": "grad_prediction * (1 - prediction**2)"}, ALL),
    "upstream ignored": ({"top": "prediction * (1 - prediction)"}, ALL),
    "upstream by its mean": ({"top": "grad_prediction.mean() * prediction * (1 - prediction)"}, ALL),
    "hidden slope missing": ({"down": "delta_2 @ weight_2"}, LOWER),
    "hidden slope twice": ({"down": "delta_2 @ weight_2 * (hidden * (1 - hidden))**2"}, LOWER),
    "divided again below": ({"down": "delta_2 @ weight_2 * hidden * (1 - hidden) / len(x)"}, LOWER),
    "bias by mean": ({"bias_1": "delta_1.mean(axis=0)", "bias_2": "delta_2.mean(axis=0)"}, {"bias_1", "bias_2"}),
    "bias over everything": ({"bias_2": "np.full(delta_2.shape[1], delta_2.sum())"}, {"bias_2"}),
    "bias keeps its axis": ({"bias_1": "delta_1.sum(axis=0, keepdims=True)"}, {"bias_1"}),
    "bias before the slope": ({"bias_1": "(delta_2 @ weight_2).sum(axis=0)"}, {"bias_1"}),
    "weight transposed": ({"weight_1": "x.T @ delta_1"}, {"weight_1"}),
    "weight of the wrong layer": ({"weight_2": "delta_2.T @ (hidden * (1 - hidden))"}, {"weight_2"}),
    "x from the sum of rows": ({"x": "np.tile(delta_1.mean(axis=0) @ weight_1, (len(x), 1))"}, {"x"}),
    "x missing": ({"x": "None"}, {"x"}),
    "clipped": ({"weight_2": "np.clip(delta_2.T @ hidden, -0.1, 0.1)"}, {"weight_2"}),
    "rounded": ({"weight_1": "np.round(delta_1.T @ x, 4)"}, {"weight_1"}),
}


def backward(**parts: str) -> str:
    """An mlp_backward with some of its parts in other words."""
    return BACKWARD.format(**{**RIGHT_PARTS, **parts})


@pytest.mark.parametrize("title", BACKWARDS)
@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_wrong_backward_loses_its_arrays(title: str, seed: str) -> None:
    parts, arrays = BACKWARDS[title]
    result = grade(A2, code(backward(**parts)), seed, only=("mlp_backward", "train_mlp"))
    main = result["mlp_backward"].checks[0]
    assert {array.name for array in main.off} == arrays
    assert main.share == pytest.approx(1 - len(arrays) / 5)
    assert result["mlp_backward"].points < 6
    if title not in ("bias keeps its axis", "weight transposed"):
        assert result["train_mlp"].points == 2  # built rightly upon it


WRONG = {
    "sigmoid: the other way": ("def sigmoid(z): return 1 / (1 + np.exp(z))", "sigmoid", 0.0),
    "sigmoid: tanh": ("def sigmoid(z): return np.tanh(z)", "sigmoid", 0.0),
    "sigmoid: overflows": ("def sigmoid(z): return 1 / (1 + np.exp(-z))", "sigmoid", 0.75),
    "sigmoid: NaN far out": ("def sigmoid(z): return np.exp(z) / (1 + np.exp(z))", "sigmoid", 0.75),
    "sigmoid: clipped": ("def sigmoid(z): return 1 / (1 + np.exp(-np.clip(z, -1, 1)))", "sigmoid", 0.0),
    "sigmoid: changes z": (
        "def sigmoid(z):\n    z *= -1\n    return 1 / (1 + np.exp(np.minimum(z, 700)))",
        "sigmoid",
        0.875,
    ),
    "mlp_forward: no sigmoid at the end": (
        "def mlp_forward(x, p):\n    h = sigmoid(x @ p['weight_1'].T + p['bias_1'])\n"
        "    y = h @ p['weight_2'].T + p['bias_2']\n    return y, (x, h, y, p['weight_1'], p['weight_2'])",
        "mlp_forward",
        0.0,
    ),
    "mlp_forward: a bias forgotten": (
        "def mlp_forward(x, p):\n    h = sigmoid(x @ p['weight_1'].T)\n    y = sigmoid(h @ p['weight_2'].T + p['bias_2'])\n"
        "    return y, (x, h, y, p['weight_1'], p['weight_2'])",
        "mlp_forward",
        0.0,
    ),
    "half_squared_error: without the half": (
        "def half_squared_error(p, t): return float(np.sum((p - t) ** 2))",
        "half_squared_error",
        0.0,
    ),
    "half_squared_error: the mean": (
        "def half_squared_error(p, t): return float(0.5 * np.mean((p - t) ** 2))",
        "half_squared_error",
        0.0,
    ),
    "half_squared_error: by rows": (
        "def half_squared_error(p, t): return 0.5 * np.sum((p - t) ** 2, axis=1)",
        "half_squared_error",
        0.0,
    ),
    "numerical_gradient: forward": (
        """def numerical_gradient(f, array, eps=1e-6):
            grad, here = np.zeros_like(array), f(array)
            for i in np.ndindex(array.shape):
                moved = array.copy(); moved[i] += eps
                grad[i] = (f(moved) - here) / eps
            return grad""",
        "numerical_gradient",
        0.0,
    ),
    "numerical_gradient: all entries at once": (
        "def numerical_gradient(f, array, eps=1e-6):\n"
        "    return np.full_like(array, (f(array + eps) - f(array - eps)) / (2 * eps))",
        "numerical_gradient",
        0.0,
    ),
    "numerical_gradient: not put back to the bit": (
        """def numerical_gradient(f, array, eps=1e-6):
            grad = np.zeros_like(array)
            for i in np.ndindex(array.shape):
                array[i] += eps; up = f(array)
                array[i] -= 2 * eps; down = f(array)
                array[i] += eps
                grad[i] = (up - down) / (2 * eps)
            return grad""",
        "numerical_gradient",
        0.833,
    ),
    "numerical_gradient: a flat view that is a copy": (
        """def numerical_gradient(f, array, eps=1e-6):
            flat, grad = array.reshape(-1), np.zeros(array.size)
            for i in range(array.size):
                old = flat[i]
                flat[i] = old + eps; up = f(array)
                flat[i] = old - eps; down = f(array)
                flat[i] = old
                grad[i] = (up - down) / (2 * eps)
            return grad.reshape(array.shape)""",
        "numerical_gradient",
        0.917,
    ),
    "numerical_gradient: two axes only": (
        """def numerical_gradient(f, array, eps=1e-6):
            grad = np.zeros_like(array)
            for i in range(array.shape[0]):
                for j in range(array.shape[1]):
                    old = array[i, j]
                    array[i, j] = old + eps; up = f(array)
                    array[i, j] = old - eps; down = f(array)
                    array[i, j] = old
                    grad[i, j] = (up - down) / (2 * eps)
            return grad""",
        "numerical_gradient",
        0.917,
    ),
    "softmax: over the whole matrix": ("def softmax(z): return np.exp(z) / np.exp(z).sum()", "softmax", 0.0),
    "softmax: down the columns": ("def softmax(z): return np.exp(z) / np.exp(z).sum(axis=0)", "softmax", 0.0),
    "softmax: axis 1": (
        "def softmax(z):\n    e = np.exp(z - z.max(axis=1, keepdims=True))\n    return e / e.sum(axis=1, keepdims=True)",
        "softmax",
        0.875,
    ),
    "softmax: overflows": ("def softmax(z): return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)", "softmax", 0.75),
    "softmax: shifted by the largest of all": (
        "def softmax(z):\n    e = np.exp(z - z.max())\n    return e / e.sum(axis=-1, keepdims=True)",
        "softmax",
        0.75,
    ),
    "cross_entropy: the sum": (
        "def cross_entropy(s, t):\n    s = s - s.max(axis=1, keepdims=True)\n"
        "    return np.sum(np.log(np.exp(s).sum(axis=1)) - s[range(len(t)), t])",
        "cross_entropy",
        0.0,
    ),
    "cross_entropy: the sign": (
        "def cross_entropy(s, t):\n    s = s - s.max(axis=1, keepdims=True)\n"
        "    return -np.mean(np.log(np.exp(s).sum(axis=1)) - s[range(len(t)), t])",
        "cross_entropy",
        0.0,
    ),
    "cross_entropy: log of softmax": (
        "def cross_entropy(s, t): return -np.mean(np.log(softmax(s)[range(len(t)), t]))",
        "cross_entropy",
        0.667,
    ),
    "cross_entropy: an epsilon in the log": (
        "def cross_entropy(s, t): return -np.mean(np.log(softmax(s)[range(len(t)), t] + 1e-12))",
        "cross_entropy",
        0.667,
    ),
    "cross_entropy: binary": (
        "def cross_entropy(s, t):\n    p = softmax(s); y = np.eye(s.shape[1])[t]\n"
        "    return -np.mean(np.sum(y * np.log(p) + (1 - y) * np.log(1 - p), axis=1))",
        "cross_entropy",
        0.0,
    ),
    "cross_entropy_backward: the sum": (
        "def cross_entropy_backward(s, t): return softmax(s) - np.eye(s.shape[1])[t]",
        "cross_entropy_backward",
        0.0,
    ),
    "cross_entropy_backward: one-hot forgotten": (
        "def cross_entropy_backward(s, t): return softmax(s) / len(s)",
        "cross_entropy_backward",
        0.0,
    ),
    "cross_entropy_backward: p (1 - p) again": (
        "def cross_entropy_backward(s, t):\n    p = softmax(s)\n    return (p - np.eye(s.shape[1])[t]) * p * (1 - p) / len(s)",
        "cross_entropy_backward",
        0.0,
    ),
    "cross_entropy_backward: divided by all entries": (
        "def cross_entropy_backward(s, t): return (softmax(s) - np.eye(s.shape[1])[t]) / s.size",
        "cross_entropy_backward",
        0.0,
    ),
    "cross_entropy_backward: columns for pairs": (
        "def cross_entropy_backward(s, t):\n    p = softmax(s)\n    p[:, t] -= 1\n    return p / len(s)",
        "cross_entropy_backward",
        0.0,
    ),
    "cross_entropy_backward: changes the logits": (
        "def cross_entropy_backward(s, t):\n    s -= s.max(axis=1, keepdims=True)\n"
        "    return (softmax(s) - np.eye(s.shape[1])[t]) / len(s)",
        "cross_entropy_backward",
        0.917,
    ),
    "cross_entropy_backward: overflows on its own": (
        "def cross_entropy_backward(s, t):\n    e = np.exp(s)\n"
        "    return (e / e.sum(axis=1, keepdims=True) - np.eye(s.shape[1])[t]) / len(s)",
        "cross_entropy_backward",
        0.833,
    ),
    "sgd_step: uphill": ("def sgd_step(p, g, lr): return {k: v + lr * g[k] for k, v in p.items()}", "sgd_step", 0.0),
    "sgd_step: in place": (
        "def sgd_step(p, g, lr):\n    for k in p: p[k] -= lr * g[k]\n    return p",
        "sgd_step",
        0.833,
    ),
    "sgd_step: into the same dict": (
        "def sgd_step(p, g, lr):\n    for k in p: p[k] = p[k] - lr * g[k]\n    return p",
        "sgd_step",
        0.833,
    ),
    "sgd_step: walks the gradients": (
        "def sgd_step(p, g, lr): return {k: p[k] - lr * g[k] for k in g}",
        "sgd_step",
        0.833,
    ),
    "train_mlp: losses after": (
        """def train_mlp(x, target, params, lr, steps):
            losses = []
            for _ in range(steps):
                y, cache = mlp_forward(x, params)
                params = sgd_step(params, mlp_backward(y - target, cache), lr)
                losses.append(half_squared_error(mlp_forward(x, params)[0], target))
            return params, losses""",
        "train_mlp",
        None,
    ),
    "train_mlp: label minus prediction": (
        """def train_mlp(x, target, params, lr, steps):
            losses = []
            for _ in range(steps):
                y, cache = mlp_forward(x, params)
                losses.append(half_squared_error(y, target))
                params = sgd_step(params, mlp_backward(target - y, cache), lr)
            return params, losses""",
        "train_mlp",
        0.0,
    ),
    "train_mlp: the mean": (
        """def train_mlp(x, target, params, lr, steps):
            losses = []
            for _ in range(steps):
                y, cache = mlp_forward(x, params)
                losses.append(half_squared_error(y, target))
                params = sgd_step(params, mlp_backward((y - target) / len(x), cache), lr)
            return params, losses""",
        "train_mlp",
        0.0,
    ),
    "train_mlp: in place": (
        """def train_mlp(x, target, params, lr, steps):
            losses = []
            for _ in range(steps):
                y, cache = mlp_forward(x, params)
                losses.append(half_squared_error(y, target))
                for name, grad in mlp_backward(y - target, cache).items():
                    if name != "x": params[name] -= lr * grad
            return params, losses""",
        "train_mlp",
        0.857,
    ),
    "train_mlp: the lower layer after the upper": (
        """def train_mlp(x, target, params, lr, steps):
            params, losses = dict(params), []
            for _ in range(steps):
                y, cache = mlp_forward(x, params)
                losses.append(half_squared_error(y, target))
                g = mlp_backward(y - target, cache)
                for name in ("weight_2", "bias_2"): params[name] = params[name] - lr * g[name]
                y, cache = mlp_forward(x, params)
                g = mlp_backward(y - target, cache)
                for name in ("weight_1", "bias_1"): params[name] = params[name] - lr * g[name]
            return params, losses""",
        "train_mlp",
        0.0,
    ),
    "mlp_backward: a cache in a global": (
        """
        def mlp_forward(x, params):
            global kept
            hidden = sigmoid(x @ params["weight_1"].T + params["bias_1"])
            kept = x, hidden, sigmoid(hidden @ params["weight_2"].T + params["bias_2"]), params["weight_1"], params["weight_2"]
            return kept[2], None
        right = mlp_backward
        def mlp_backward(grad_prediction, cache): return right(grad_prediction, kept)""",
        "mlp_backward",
        None,
    ),
    "mlp_backward: changes the upstream": (
        "right = mlp_backward\ndef mlp_backward(g, cache):\n    grads = right(g, cache)\n    g *= 2\n    return grads",
        "mlp_backward",
        None,
    ),
    "mlp_backward: changes the cache": (
        """
        right = mlp_backward
        def mlp_backward(g, cache):
            grads = right(g, cache)
            cache[2][...] = cache[2] * (1 - cache[2])
            return grads""",
        "mlp_backward",
        None,
    ),
    "mlp_backward: adds up from call to call": (
        """
        right, total = mlp_backward, {}
        def mlp_backward(g, cache):
            for name, grad in right(g, cache).items():
                total[name] = total[name] + grad if np.shape(total.get(name)) == grad.shape else grad
            return dict(total)""",
        "mlp_backward",
        None,
    ),
}


@pytest.mark.parametrize("title", WRONG)
def test_what_is_wrong_loses_points_where_it_is_wrong(title: str) -> None:
    text, function, share = WRONG[title]
    found = lost(A2, code(text))
    assert function in found
    if share is not None:
        assert found[function] == pytest.approx(share, abs=0.006)
    follows = {"mlp_forward": {"mlp_backward"}, "sigmoid": {"mlp_backward", "worked_example", "train_mlp"}}
    follows |= {"softmax": {"cross_entropy", "cross_entropy_backward"}, "half_squared_error": {"worked_example"}}
    follows |= {"sgd_step": {"train_mlp"}, "mlp_backward": {"train_mlp"}}
    assert set(found) <= {function} | follows.get(function, set()) or "by rows" in title, found


@pytest.mark.parametrize("title", WRONG)
def test_what_is_wrong_is_wrong_on_another_course_seed(title: str) -> None:
    text, function, share = WRONG[title]
    found = lost(A2, code(text), SEEDS[3], function)
    assert function in found
    assert share is None or found[function] == pytest.approx(share, abs=0.006)


WORKED = {
    "four digits": (
        """def worked_example():
            return {"net_1": [[0.24, 0.52, 0.8]], "hidden": [[0.5597, 0.6271, 0.69]], "net_2": [[0.4884]],
                    "prediction": [[0.6197]], "loss": 0.0723,
                    "grads": {"weight_1": [[-0.0008834, -0.001104], [-0.001676, -0.002096], [-0.0023, -0.002875]],
                              "bias_1": [-0.002208, -0.004191, -0.005751], "weight_2": [[-0.05016, -0.0562, -0.06183]],
                              "bias_2": [-0.08962]}}""",
        set(),
    ),
    "cut, not rounded": (
        """def worked_example():
            return {"net_1": [[0.24, 0.52, 0.8]], "hidden": [[0.5597, 0.6271, 0.6899]], "net_2": [[0.4883]],
                    "prediction": [[0.6197]], "loss": 0.0723,
                    "grads": {"weight_1": [[-0.0008833, -0.001104], [-0.001676, -0.002095], [-0.0023, -0.002875]],
                              "bias_1": [-0.002208, -0.004191, -0.00575], "weight_2": [[-0.05015, -0.0562, -0.06183]],
                              "bias_2": [-0.08961]}}""",
        set(),
    ),
    "the article's sum": (
        """def worked_example():
            return {"net_1": [[0.24, 0.42, 0.8]], "hidden": [[0.5597, 0.6271, 0.69]], "net_2": [[0.4884]],
                    "prediction": [[0.6197]], "loss": 0.0723,
                    "grads": {"weight_1": [[-0.0008834, -0.001104], [-0.001676, -0.002096], [-0.0023, -0.002875]],
                              "bias_1": [-0.002208, -0.004191, -0.005751], "weight_2": [[-0.05016, -0.0562, -0.06183]],
                              "bias_2": [-0.08962]}}""",
        {"net_1"},
    ),
    "the article's loss and sign, its own layout": (
        """
        right = worked_example
        def worked_example():
            example = right()
            grads = {name: -grad for name, grad in example["grads"].items()}
            grads["weight_1"] = -grads["weight_1"].T
            return {**example, "loss": 0.5 * (1 - example["prediction"].item()), "grads": grads}""",
        {"loss", "weight_1", "bias_1", "weight_2", "bias_2"},
    ),
    "no gradients": (
        "right = worked_example\ndef worked_example(): return {**right(), 'grads': None}",
        {"weight_1", "bias_1", "weight_2", "bias_2"},
    ),
    "flat": (
        "right = worked_example\ndef worked_example(): return {**right(), 'hidden': right()['hidden'][0]}",
        {"hidden"},
    ),
}


@pytest.mark.parametrize("title", WORKED)
def test_the_worked_example_is_right_to_four_digits(title: str) -> None:
    text, arrays = WORKED[title]
    result = grade(A2, code(text), only="worked_example")["worked_example"]
    assert wrong_arrays(result) == arrays
    assert (result.points == 2) == (not arrays)


RIGHT = {
    "plain Python loops and lists": """
        import math
        def sigmoid(z):
            z = np.asarray(z)
            flat = [1 / (1 + math.exp(-a)) if a > 0 else math.exp(a) / (1 + math.exp(a)) for a in z.ravel()]
            return np.array(flat).reshape(z.shape)
        def layer(rows, weight, bias):
            return [[float(sigmoid(sum(a * v for a, v in zip(row, unit)) + c)) for unit, c in zip(weight, bias)] for row in rows]
        def mlp_forward(x, params):
            hidden = layer(x, params["weight_1"], params["bias_1"])
            prediction = layer(hidden, params["weight_2"], params["bias_2"])
            return [prediction, {"x": x.tolist(), "hidden": hidden, "prediction": prediction, "params": params}]
        def half_squared_error(p, t):
            return 0.5 * sum((a - b) ** 2 for a, b in zip(np.ravel(p), np.ravel(np.broadcast_to(t, np.shape(p)))))
        def mlp_backward(g, cache):
            x, hidden, prediction = cache["x"], cache["hidden"], cache["prediction"]
            w1, w2 = cache["params"]["weight_1"], cache["params"]["weight_2"]
            n, i, h, o = len(x), len(x[0]), len(hidden[0]), len(prediction[0])
            d2 = [[g[r][k] * prediction[r][k] * (1 - prediction[r][k]) for k in range(o)] for r in range(n)]
            up = [[sum(d2[r][k] * w2[k][j] for k in range(o)) for j in range(h)] for r in range(n)]
            d1 = [[up[r][j] * hidden[r][j] * (1 - hidden[r][j]) for j in range(h)] for r in range(n)]
            return {
                "x": [[sum(d1[r][j] * w1[j][c] for j in range(h)) for c in range(i)] for r in range(n)],
                "weight_1": [[sum(d1[r][j] * x[r][c] for r in range(n)) for c in range(i)] for j in range(h)],
                "bias_1": [sum(d1[r][j] for r in range(n)) for j in range(h)],
                "weight_2": [[sum(d2[r][k] * hidden[r][j] for r in range(n)) for j in range(h)] for k in range(o)],
                "bias_2": [sum(d2[r][k] for r in range(n)) for k in range(o)],
            }
        def sgd_step(params, grads, lr):
            return {k: (np.array(v) - lr * np.array(grads[k])).tolist() for k, v in params.items()}
        def train_mlp(x, target, params, lr, steps):
            params, losses = {k: np.array(v) for k, v in params.items()}, []
            for _ in range(steps):
                p, cache = mlp_forward(x, params)
                losses.append(half_squared_error(p, target))
                grads = mlp_backward((np.array(p) - target).tolist(), cache)
                params = {k: v - lr * np.array(grads[k]) for k, v in params.items()}
            return [params, losses]
        """,
    "einsum": """
        def mlp_forward(x, p):
            h = sigmoid(np.einsum("ni,ji->nj", x, p["weight_1"]) + p["bias_1"])
            y = sigmoid(np.einsum("nj,kj->nk", h, p["weight_2"]) + p["bias_2"])
            return y, dict(x=x, h=h, y=y, p=p)
        def mlp_backward(g, c):
            d2 = g * c["y"] * (1 - c["y"])
            d1 = np.einsum("nk,kj,nj->nj", d2, c["p"]["weight_2"], c["h"] * (1 - c["h"]))
            return dict(x=np.einsum("nj,ji->ni", d1, c["p"]["weight_1"]), weight_1=np.einsum("nj,ni->ji", d1, c["x"]),
                        bias_1=np.einsum("nj->j", d1), weight_2=np.einsum("nk,nj->kj", d2, c["h"]), bias_2=np.einsum("nk->k", d2))
        """,
    "a sample at a time, by outer products": """
        def mlp_backward(g, cache):
            x, hidden, prediction, w1, w2 = cache
            grads = {"x": np.zeros_like(x), "weight_1": np.zeros_like(w1), "bias_1": np.zeros(len(w1)),
                     "weight_2": np.zeros_like(w2), "bias_2": np.zeros(len(w2))}
            for n in range(len(x)):
                d2 = g[n] * prediction[n] * (1 - prediction[n])
                d1 = (w2.T @ d2) * hidden[n] * (1 - hidden[n])
                grads["x"][n] = w1.T @ d1
                grads["weight_1"] += np.outer(d1, x[n]); grads["bias_1"] += d1
                grads["weight_2"] += np.outer(d2, hidden[n]); grads["bias_2"] += d2
            return grads
        """,
    "columns inside": """
        def mlp_forward(x, p):
            h = sigmoid(p["weight_1"] @ x.T + p["bias_1"][:, None])
            y = sigmoid(p["weight_2"] @ h + p["bias_2"][:, None])
            return y.T, (x.T, h, y, p)
        def mlp_backward(g, cache):
            x, h, y, p = cache
            d2 = g.T * y * (1 - y)
            d1 = p["weight_2"].T @ d2 * h * (1 - h)
            return {"x": (p["weight_1"].T @ d1).T, "weight_1": d1 @ x.T, "bias_1": d1.sum(1),
                    "weight_2": d2 @ h.T, "bias_2": d2.sum(1)}
        """,
    "bias inside the weight": """
        def mlp_forward(x, p):
            ones = np.ones((len(x), 1))
            a = [np.hstack([p["weight_1"], p["bias_1"][:, None]]), np.hstack([p["weight_2"], p["bias_2"][:, None]])]
            x1 = np.hstack([x, ones]); h = sigmoid(x1 @ a[0].T); h1 = np.hstack([h, ones]); y = sigmoid(h1 @ a[1].T)
            return y, [x1, h1, y, a]
        def mlp_backward(g, cache):
            x1, h1, y, a = cache
            d2 = g * y * (1 - y); d1 = (d2 @ a[1] * h1 * (1 - h1))[:, :-1]
            w2, w1 = d2.T @ h1, d1.T @ x1
            return {"x": (d1 @ a[0])[:, :-1], "weight_1": w1[:, :-1], "bias_1": w1[:, -1],
                    "weight_2": w2[:, :-1], "bias_2": w2[:, -1]}
        """,
    "a class instance for a cache": """
        class Tape:
            def __init__(self, x, params): self.x, self.params = x, params
            def run(self):
                self.h = sigmoid(self.x @ self.params["weight_1"].T + self.params["bias_1"])
                self.y = sigmoid(self.h @ self.params["weight_2"].T + self.params["bias_2"])
                return self.y
        class Forward:
            def __call__(self, x, params):
                tape = Tape(x, params)
                return tape.run(), tape
        mlp_forward = Forward()
        def mlp_backward(g, tape):
            d2 = g * tape.y * (1 - tape.y)
            d1 = d2 @ tape.params["weight_2"] * tape.h * (1 - tape.h)
            return {"x": d1 @ tape.params["weight_1"], "weight_1": d1.T @ tape.x, "bias_1": d1.sum(0),
                    "weight_2": d2.T @ tape.h, "bias_2": d2.sum(0)}
        """,
    "closures for a cache": """
        def mlp_forward(x, p):
            h = sigmoid(x @ p["weight_1"].T + p["bias_1"]); y = sigmoid(h @ p["weight_2"].T + p["bias_2"])
            def back(g):
                d2 = g * y * (1 - y); d1 = d2 @ p["weight_2"] * h * (1 - h)
                return {"x": d1 @ p["weight_1"], "weight_1": d1.T @ x, "bias_1": d1.sum(0),
                        "weight_2": d2.T @ h, "bias_2": d2.sum(0)}
            return y, back
        def mlp_backward(g, back): return back(g)
        """,
    "computes the forward again": """
        def mlp_forward(x, p):
            h = sigmoid(x @ p["weight_1"].T + p["bias_1"])
            return sigmoid(h @ p["weight_2"].T + p["bias_2"]), (x.copy(), {k: v.copy() for k, v in p.items()})
        def mlp_backward(g, cache):
            x, p = cache
            h = sigmoid(x @ p["weight_1"].T + p["bias_1"]); y = mlp_forward(x, p)[0]
            d2 = g * y * (1 - y); d1 = d2 @ p["weight_2"] * h * (1 - h)
            return {"x": d1 @ p["weight_1"], "weight_1": d1.T @ x, "bias_1": d1.sum(0), "weight_2": d2.T @ h, "bias_2": d2.sum(0)}
        """,
    "float32": """
        def sigmoid(z): return (0.5 + 0.5 * np.tanh(0.5 * np.asarray(z, np.float32))).astype(np.float32)
        def mlp_forward(x, p):
            p = {k: v.astype(np.float32) for k, v in p.items()}; x = x.astype(np.float32)
            h = sigmoid(x @ p["weight_1"].T + p["bias_1"]); y = sigmoid(h @ p["weight_2"].T + p["bias_2"])
            return y, (x, h, y, p["weight_1"], p["weight_2"])
        def half_squared_error(p, t): return np.float32(0.5 * np.sum((p - t) ** 2))
        right = softmax
        def softmax(z): return right(z).astype(np.float32)
        """,
    "Fortran order, read-only, strided": """
        right, right_softmax, right_step = mlp_backward, softmax, sgd_step
        def odd(a):
            wide = np.zeros((2,) + a.shape[::-1]).T
            wide[..., 1] = a
            out = wide[..., 1]
            out.flags.writeable = False
            return out
        def mlp_backward(g, cache): return {k: odd(v) for k, v in right(g, cache).items()}
        def softmax(z): return np.asfortranarray(right_softmax(z))
        def sgd_step(p, g, lr): return {k: odd(v) for k, v in right_step(p, g, lr).items()}
        def cross_entropy_backward(s, t): return odd((right_softmax(s) - np.eye(s.shape[1])[t]) / len(s))
        """,
    "dict subclasses, other mappings, extra keys": """
        import collections, types
        right, right_step, right_example = mlp_backward, sgd_step, worked_example
        class Grads(dict): pass
        class Store(collections.abc.Mapping):
            def __init__(self, d): self.d = d
            def __getitem__(self, k): return self.d[k]
            def __iter__(self): return iter(self.d)
            def __len__(self): return len(self.d)
        def mlp_backward(g, cache): return Grads({**right(g, cache), "net_1": np.zeros(3), "note": "mine"})
        def sgd_step(p, g, lr): return collections.OrderedDict(right_step(p, g, lr), step=1)
        def worked_example(): return types.MappingProxyType({**right_example(), "grads": Store(right_example()["grads"])})
        def train_mlp(x, target, params, lr, steps):
            losses = []
            params = {k: params[k] for k in ("weight_1", "bias_1", "weight_2", "bias_2")}
            for _ in range(steps):
                y, cache = mlp_forward(x, params)
                losses.append(half_squared_error(y, target))
                params = right_step(params, mlp_backward(y - target, cache), lr)
            return Store({**params, "momentum": None}), tuple(losses)
        """,
    "softmax and its loss by other roads": """
        def softmax(z):
            z = np.asarray(z, dtype=float)
            return np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))
        def cross_entropy(s, t):
            return np.mean([np.logaddexp.reduce(row) - row[k] for row, k in zip(s, t)])
        def cross_entropy_backward(s, t):
            grad = np.empty(s.shape)
            for n, (row, k) in enumerate(zip(s, t)):
                for c in range(len(row)):
                    grad[n, c] = (1 / np.sum(np.exp(np.clip(row - row[c], None, 700))) - (c == k)) / len(t)
            return grad
        """,
    "overflow silenced": """
        def sigmoid(z):
            with np.errstate(over="ignore"):
                return 1 / (1 + np.exp(-z))
        """,
    "numerical_gradient on the array itself": """
        def numerical_gradient(f, array, eps=1e-6):
            grad = np.zeros(array.shape)
            with np.nditer(array, flags=["multi_index"], op_flags=["readwrite"]) as each:
                for entry in each:
                    old = float(entry)
                    entry[...] = old + eps; up = f(array)
                    entry[...] = old - eps; down = f(array)
                    entry[...] = old
                    grad[each.multi_index] = (up - down) / (2 * eps)
            return grad
        """,
    "numerical_gradient by unit arrays": """
        def numerical_gradient(f, array, eps=1e-6):
            units = np.eye(array.size).reshape((array.size,) + array.shape)
            return np.reshape([(f(array + eps * u) - f(array - eps * u)) / (2 * eps) for u in units], array.shape).tolist()
        """,
    "training by hand": """
        def train_mlp(x, target, params, lr, steps):
            p, losses = {k: v.copy() for k, v in params.items()}, np.zeros(steps)
            for s in range(steps):
                h = sigmoid(x @ p["weight_1"].T + p["bias_1"]); y = sigmoid(h @ p["weight_2"].T + p["bias_2"])
                losses[s] = np.linalg.norm(y - target) ** 2 / 2
                d2 = (y - target) * y * (1 - y); d1 = d2 @ p["weight_2"] * h * (1 - h)
                p["weight_2"] -= lr * d2.T @ h; p["bias_2"] -= lr * d2.sum(0)
                p["weight_1"] -= lr * d1.T @ x; p["bias_1"] -= lr * d1.sum(0)
            return p, losses
        """,
    "names with other capitals": """
        right = name_the_mistake
        def name_the_mistake(): return {k: f" {v.upper()} " for k, v in right().items()}
        """,
}


@pytest.mark.parametrize("title", RIGHT)
@pytest.mark.parametrize("seed", SEEDS[:2])
def test_what_is_right_keeps_every_point(title: str, seed: str) -> None:
    assert lost(A2, code(RIGHT[title]), seed) == {}


def test_float32_is_told() -> None:
    assert "float32" in sentences(grade(A2, code(RIGHT["float32"]), only="mlp_forward")["mlp_forward"])


FOLLOWED = {
    "a wrong sigmoid": (
        "def sigmoid(z): return 0.5 + 0.25 * np.tanh(z)",
        {"sigmoid", "mlp_backward", "worked_example"},
    ),
    "a wrong forward": (
        "def mlp_forward(x, p):\n    h = sigmoid(x @ p['weight_1'].T - p['bias_1'])\n"
        "    y = sigmoid(h @ p['weight_2'].T + p['bias_2'])\n    return y, (x, h, y, p['weight_1'], p['weight_2'])",
        {"mlp_forward", "mlp_backward"},
    ),
    "a wrong backward": (backward(top="-grad_prediction * prediction * (1 - prediction)"), {"mlp_backward"}),
    "a wrong loss": (
        "def half_squared_error(p, t): return float(np.mean((p - t) ** 2))",
        {"half_squared_error", "worked_example"},
    ),
    "a wrong step": ("def sgd_step(p, g, lr): return {k: v - 2 * lr * g[k] for k, v in p.items()}", {"sgd_step"}),
    "a wrong softmax": (
        "def softmax(z):\n    e = np.exp(z - z.max())\n    return e / e.sum()",
        {"softmax", "cross_entropy_backward"},  # at the extremes what is below is no ground
    ),
    "loss, step and backward": (
        "def half_squared_error(p, t): return float(np.sum((p - t) ** 2))\n"
        "def sgd_step(p, g, lr): return {k: v - 2 * lr * g[k] for k, v in p.items()}\n"
        "def mlp_backward(g, cache):\n"
        "    x, h, y, w1, w2 = cache; d2 = g * y * (1 - y); d1 = d2 @ w2\n"
        "    return {'x': d1 @ w1, 'weight_1': d1.T @ x, 'bias_1': d1.sum(0), 'weight_2': d2.T @ h, 'bias_2': d2.sum(0)}\n",
        {"half_squared_error", "sgd_step", "mlp_backward", "worked_example"},
    ),
}


@pytest.mark.parametrize("title", FOLLOWED)
def test_a_mistake_costs_its_points_once(title: str) -> None:
    text, charged = FOLLOWED[title]
    assert set(lost(A2, code(text))) == charged


def test_a_right_backward_of_a_wrong_forward_earns_half() -> None:
    text = """
        def mlp_forward(x, p):
            h = sigmoid(x @ p["weight_1"].T + p["bias_1"]); y = h @ p["weight_2"].T + p["bias_2"]
            return y, (x, h, p)
        def mlp_backward(g, cache):
            x, h, p = cache
            d1 = g @ p["weight_2"] * h * (1 - h)
            return {"x": d1 @ p["weight_1"], "weight_1": d1.T @ x, "bias_1": d1.sum(0), "weight_2": g.T @ h, "bias_2": g.sum(0)}
        """
    found = lost(A2, code(text))
    assert set(found) == {"mlp_forward", "mlp_backward"}
    assert found["mlp_forward"] == 0
    assert 0.45 < found["mlp_backward"] <= 0.5


def test_what_has_nothing_to_compare_is_undecided_and_has_no_weight() -> None:
    """Where the forward is wrong for every net, the gradients of small nets are neither passed nor wrong."""
    wrong_forward = "right = mlp_forward\ndef mlp_forward(x, p): y, cache = right(x, p); return y + 1, cache"
    result = grade(A2, code(wrong_forward), only="mlp_backward")["mlp_backward"]
    (small,) = (check for check in result.checks if check.outcome is Outcome.UNDECIDED)
    assert "single row" in small.title
    assert (small.weight, small.share, small.lost) == (0.0, 0.0, False)
    assert result.points == result.max_points  # the gradients of y + 1 are those of y
    assert not result.first_lost
    only_one_row = """
        right = mlp_forward
        def mlp_forward(x, p): y, cache = right(x, p); return (y + 1 if len(x) == 1 else y), cache
        """
    result = grade(A2, code(only_one_row), only="mlp_backward")["mlp_backward"]
    assert {check.outcome for check in result.checks} == {Outcome.RIGHT}


def test_a_right_gradient_of_a_wrong_cross_entropy_earns_half() -> None:
    text = """
        def cross_entropy(s, t):
            s = s - s.max(axis=1, keepdims=True)
            return np.sum(np.log(np.exp(s).sum(axis=1)) - s[range(len(t)), t])
        def cross_entropy_backward(s, t): return softmax(s) - np.eye(s.shape[1])[t]
        """
    found = lost(A2, code(text))
    assert set(found) == {"cross_entropy", "cross_entropy_backward"}
    assert 0.3 < found["cross_entropy_backward"] <= 0.5


HALVES = "def mlp_forward(x, p): return np.full((len(x), len(p['bias_2'])), 0.5), (x, p)\n"
ZEROS = "def mlp_backward(g, cache): return {'x': 0 * cache[0], **{k: 0 * v for k, v in cache[1].items()}}\n"
KEEP = "right = mlp_forward\ndef mlp_forward(x, p): return right(x, p)[0], (x, p)\n"


@pytest.mark.parametrize(
    ("constant", "upper"),
    [
        ("def sigmoid(z): return np.full(np.shape(z), 0.5)", "mlp_forward"),
        ("def sigmoid(z): return np.full(np.shape(z), 0.5)", "mlp_backward"),
        (KEEP + ZEROS, "train_mlp"),
        (HALVES + ZEROS, "mlp_backward"),
        (HALVES + ZEROS, "train_mlp"),
        ("def half_squared_error(p, t): return 1.0", "train_mlp"),
        ("def sgd_step(p, g, lr): return {k: np.ones_like(v) for k, v in p.items()}", "train_mlp"),
        ("def softmax(z): return np.full(z.shape, 1 / z.shape[-1])", "cross_entropy_backward"),
        (
            "def cross_entropy(s, t): return 0.0\ndef cross_entropy_backward(s, t): return np.zeros(s.shape)",
            "cross_entropy_backward",
        ),
    ],
)
def test_a_constant_below_carries_nothing(constant: str, upper: str) -> None:
    assert upper in lost(A2, code(constant), only=upper)


def test_a_forward_that_looks_at_little_earns_no_gradients_of_zero() -> None:
    text = """
        def mlp_forward(x, p): return sigmoid(np.tile(x[:, :1], len(p["bias_2"]))), (x, p)
        def mlp_backward(g, cache): return {"x": 0 * cache[0], **{k: 0 * v for k, v in cache[1].items()}}
        """
    assert lost(A2, code(text), only="mlp_backward") == {"mlp_backward": 0.0}


DIFFERENCES = """
    def mlp_forward(x, p):
        h = sigmoid(x @ p["weight_1"].T + p["bias_1"])
        return sigmoid(h @ p["weight_2"].T + p["bias_2"]), (x, p)
    def mlp_backward(g, cache):
        at = {"x": cache[0].copy(), **{k: v.copy() for k, v in cache[1].items()}}
        f = lambda name: lambda a: np.sum(g * mlp_forward(a if name == "x" else at["x"], {**at, name: a})[0])
        return {name: numerical_gradient(f(name), value) for name, value in at.items()}
    """
COMPLEX_STEP = """
    def mlp_forward(x, p):
        h = sigmoid(x @ p["weight_1"].T + p["bias_1"])
        return sigmoid(h @ p["weight_2"].T + p["bias_2"]), (x, p)
    def mlp_backward(g, cache):
        x, p = cache
        s, w1, w2, tiny = lambda z: 1 / (1 + np.exp(-z)), p["weight_1"], p["weight_2"], 1e-30
        z1 = x @ w1.T + p["bias_1"]; h = s(z1); z2 = h @ w2.T + p["bias_2"]
        units, inputs = w1.shape
        below = lambda d: (s(s(z1 + 1j * d) @ w2.T + p["bias_2"]).imag * g).sum((1, 2)) / tiny
        above = lambda d: (s(z2 + 1j * d).imag * g).sum((1, 2)) / tiny
        grads = {k: np.zeros_like(v) for k, v in {"x": x, **p}.items()}
        for j in range(units):
            d = np.zeros((inputs + 1, len(x), units)); d[:-1, :, j] = tiny * x.T; d[-1, :, j] = tiny
            *grads["weight_1"][j], grads["bias_1"][j] = below(d)
        for n in range(len(x)):
            d = np.zeros((inputs, len(x), units)); d[:, n] = tiny * w1.T
            grads["x"][n] = below(d)
        for k in range(len(w2)):
            d = np.zeros((units + 1, len(x), len(w2))); d[:-1, :, k] = tiny * h.T; d[-1, :, k] = tiny
            *grads["weight_2"][k], grads["bias_2"][k] = above(d)
        return grads
    """


@pytest.mark.parametrize("text", [DIFFERENCES, COMPLEX_STEP], ids=["differences", "complex step"])
def test_only_cost_tells_differences_from_gradients(text: str) -> None:
    result = grade(A2, code(text), only="mlp_backward")["mlp_backward"]
    assert [check.share for check in result.checks[:-1]] == [1.0] * (len(result.checks) - 1)
    assert result.points == pytest.approx(6 * (1 - 0.125), abs=0.01)
    assert "CPU time" in result.checks[-1].sentence


def test_each_letter_is_a_share_of_name_the_mistake() -> None:
    text = "right = name_the_mistake\ndef name_the_mistake(): return {**right(), 'A': 'nothing', 'B': None, 'C': 3}"
    result = grade(A2, code(text), only="name_the_mistake")["name_the_mistake"]
    assert wrong_arrays(result) == {"A", "B", "C"}
    assert result.points == 0.5
    assert lost(A2, code("def name_the_mistake(): return {}"), only="name_the_mistake") == {"name_the_mistake": 0.0}


def test_one_changed_sign_in_the_cell_is_found() -> None:
    namespace = replaced(A2, "mlp_backward", "(1 - hidden)", "(1 + hidden)")
    assert set(lost(A2, namespace)) == {"mlp_backward"}


def test_titles_and_sentences_hold_no_hidden_number() -> None:
    results = grade(A2, code(*(text for text, _, _ in list(WRONG.values())[::5])))
    for result in results.values():
        assert not any(character in check.title for check in result.checks for character in "0123456789=[]")


def test_the_suites_own_time_is_small() -> None:
    namespace = reference(A2)
    assert min(suite_seconds(A2, namespace) for _ in range(5)) < 0.006  # 1.3 ms, on a busy machine more
