"""The students' checker: right answers lose nothing, known mistakes do, and nothing that a student writes breaks it.

Set SELFCHECK_SEEDS to ask every right answer with more seeds (200 in the long test run).
"""

import ast
import collections
import contextlib
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jupytext
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

ASSIGNMENTS = Path(__file__).parents[1] / "assignments"
sys.path.insert(0, str(ASSIGNMENTS))

import selfcheck  # noqa: E402

from autograder.course.points import own_points  # noqa: E402

SEEDS = int(os.environ.get("SELFCHECK_SEEDS", "3"))
NOTEBOOKS = ("a1_linear_fit", "a2_mlp_backprop", "a3_rnn_cell", "a4_bptt")
Space = dict[str, Any]


def load(assignment: str) -> Space:
    """The names of a notebook after its cells ran, illustrations and graded cells apart."""
    space: Space = {"__name__": assignment}
    for cell in jupytext.read(ASSIGNMENTS / assignment / f"{assignment}.py").cells:
        graded = cell.metadata.get("nbgrader", {}).get("grade")
        if cell.cell_type == "code" and not graded and "illustration" not in cell.metadata.get("tags", []):
            exec(compile(cell.source, f"<{assignment}>", "exec"), space)
    space["name_the_mistake"] = lambda: dict.fromkeys("ABCDEF", "carry dropped")  # its answers come with the build
    return space


def graded(assignment: str) -> dict[str, float]:
    """The functions that a notebook grades, with their points."""
    cells = own_points((ASSIGNMENTS / assignment / f"{assignment}.py").read_text())
    return {name.removeprefix("test_"): points for name, points in cells.items() if name.startswith("test_")}


FUNCTIONS = [(assignment, name) for assignment in NOTEBOOKS for name in graded(assignment)]
for notebook in NOTEBOOKS:
    selfcheck._POINTS.update(graded(notebook))  # as the build does in each copy that is given out
SPACES = {assignment: load(assignment) for assignment in NOTEBOOKS}
HOME = {name: assignment for assignment, name in FUNCTIONS}


def ask(name: str, *, seed: int | None = 0, space: Space | None = None, **changed: Any) -> selfcheck.Result:
    """The result of a check typed into a notebook in which some names are changed."""
    scope = {**(space or SPACES[HOME[name]]), **changed, "selfcheck": selfcheck, "seed": seed}
    exec(f"result = selfcheck.check({name!r}, seed=seed)", scope)
    return scope["result"]


def points(name: str) -> float:
    return selfcheck._POINTS[name]


@pytest.fixture(autouse=True)
def fresh_session() -> None:
    """No test sees the results of another."""
    selfcheck._SESSION.clear()


# -- right answers ----------------------------------------------------------------------------------------------------


def test_every_function_of_the_course_has_questions() -> None:
    """Forty functions in four notebooks, and the registry knows each with its points."""
    assert len(FUNCTIONS) == 40
    assert (
        {name for _, name in FUNCTIONS} == set(selfcheck._CONTRACTS) == set(selfcheck._CHECKS) == set(selfcheck._POINTS)
    )
    totals = [sum(points(name) for home, name in FUNCTIONS if home == assignment) for assignment in NOTEBOOKS]
    assert totals == [17, 25, 25, 31]


@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_a_right_answer_loses_nothing(assignment: str, name: str) -> None:
    """Full points, no complaint, no note, under two seconds, whatever the seed."""
    for seed in range(SEEDS):
        started = time.process_time()
        result = ask(name, seed=seed, space=SPACES[assignment])
        seconds = time.process_time() - started
        assert result.passed, str(result)
        assert repr(result) == f"{points(name):g}"
        assert not result.notes
        assert seconds < 2.0


def convert(value: Any, change: Callable[[Any], Any]) -> Any:
    """A student's answer in another style: every array, float and dict of it changed, a cache left alone."""
    if isinstance(value, Mapping):
        return {key: convert(each, change) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(convert(each, change) for each in value)
    if isinstance(value, np.ndarray) and value.dtype.kind != "f":
        return value
    return change(value) if isinstance(value, (np.ndarray, float)) else value


def read_only(array: Any) -> Any:
    array = np.array(array)
    array.flags.writeable = False
    return array


def every_other(array: Any) -> Any:
    """The same numbers, spread out in memory."""
    wide = np.zeros((*np.shape(array), 2))
    wide[..., 0] = array
    return wide[..., 0]


STYLES: dict[str, Callable[[Any], Any]] = {
    "lists": lambda a: a.tolist() if isinstance(a, np.ndarray) else a,
    "float32": lambda a: np.asarray(a, dtype=np.float32),
    "Fortran order": lambda a: np.asfortranarray(a) if isinstance(a, np.ndarray) and a.ndim else a,
    "read-only": read_only,
    "strided": every_other,
    "0-d arrays and NumPy floats": lambda a: np.array(a) if isinstance(a, float) else a,
    "long double": lambda a: np.asarray(a, dtype=np.longdouble),
}


def restyled(function: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    """`function` with its arrays in another style; the second member of (…, cache) is not touched."""

    def wrapped(*args: Any) -> Any:
        came = function(*args)
        if function.__name__.endswith("_forward") and function.__name__ != "column_cell_forward":
            return [convert(came[0], change), came[1]]
        return convert(came, change)

    return wrapped


@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_other_styles_of_right_answers_lose_nothing(assignment: str, name: str) -> None:
    """Lists, float32, memory layouts: whatever becomes a float array of the right shape is right."""
    space, quick = SPACES[assignment], not name.startswith(("train_", "loss_", "rnn_backward_"))
    for style, change in STYLES.items():
        if quick or SEEDS > 3 or style in ("lists", "float32"):
            lower = [each for each in selfcheck._CONTRACTS[name].lower if each in space]
            restyle = {each: restyled(space[each], change) for each in (name, *lower)}
            for seed in range(max(1, SEEDS // 10)):
                result = ask(name, space=space, seed=seed, **restyle)
                assert result.passed, (style, str(result))
                told = "float32" in " ".join(result.notes)
                assert told == (style == "float32") or name in ("name_the_mistake", "counterexample"), style


@pytest.mark.parametrize(
    ("assignment", "name"),
    [
        pair for pair in FUNCTIONS if pair[1] not in ("numerical_derivative", "numerical_gradient")
    ],  # float64 by contract
)
def test_single_precision_throughout_loses_nothing(assignment: str, name: str) -> None:
    """A student who computes in float32 from the first line on, forward and backward."""
    space = SPACES[assignment]

    def single(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any) -> Any:
            down = [convert(each, STYLES["float32"]) if not isinstance(each, float) else each for each in args]
            return convert(function(*down), STYLES["float32"])

        return wrapped

    changed = {each: single(space[each]) for each in selfcheck._CONTRACTS if each in space}
    for seed in range(max(1, SEEDS // 3)):
        result = ask(name, space=space, seed=seed, **changed)
        assert result.passed, str(result)


class Grads(dict):
    """A student's own dict."""


class Answer:
    """A function written as a class."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


@pytest.mark.parametrize("kind", [Grads, collections.OrderedDict, collections.UserDict, lambda d: {**d, "extra": "x"}])
@pytest.mark.parametrize("name", ["mlp_backward", "rnn_backward", "column_cell_backward", "sgd_step", "worked_example"])
def test_any_mapping_is_a_dict(name: str, kind: Callable[[Any], Any]) -> None:
    function = SPACES[HOME[name]][name]
    assert ask(name, **{name: lambda *args: kind(function(*args))}).passed


@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_a_class_with_call_is_a_function(assignment: str, name: str) -> None:
    assert ask(name, space=SPACES[assignment], **{name: Answer(SPACES[assignment][name])}).passed


def loop_rnn_forward(x: Any, h0: Any, params: Any) -> Any:
    """An honest answer in plain Python, a list of numbers at a time."""
    w, u = params["weight_ih"].tolist(), params["weight_hh"].tolist()
    b = (params["bias_ih"] + params["bias_hh"]).tolist()
    states = [h0.tolist()]
    for step in x.tolist():
        rows = []
        for row, before in zip(step, states[-1], strict=True):
            sums = [
                bias
                + sum(p * q for p, q in zip(a, row, strict=True))
                + sum(p * q for p, q in zip(c, before, strict=True))
                for bias, a, c in zip(b, w, u, strict=True)
            ]
            rows.append([float(np.tanh(total)) for total in sums])
        states.append(rows)
    return states[1:], (x, np.array(states), params)


def test_plain_python_loops_are_fast_enough() -> None:
    """A slow, right forward is asked at fewer entries, and passes."""
    space = SPACES["a4_bptt"]
    backward = lambda g, cache: space["rnn_backward"](g, space["rnn_forward"](cache[0], cache[1][0], cache[2])[1])
    started = time.process_time()
    result = ask("rnn_backward", rnn_forward=loop_rnn_forward, rnn_backward=backward)
    assert result.passed, str(result)
    assert time.process_time() - started < 3.0
    assert ask("rnn_forward", rnn_forward=loop_rnn_forward).passed


# -- known mistakes ---------------------------------------------------------------------------------------------------
# Ids are those of the catalogue of mistakes; those without one are families that students are known to make.


def tanh_factor(mistake: str, h: Any, z: Any, before: Any) -> Any:
    """The derivative of tanh, or what is taken for it."""
    return {
        "C1 tanh' missing": np.ones_like(h),
        "C2 1 - h": 1 - h,
        "C3 1 + h²": 1 + h**2,
        "C3 1 / (1 - h²)": 1 / (1 - h**2),
        "C4 1 - z²": 1 - z**2,
        "C5 tanh twice": 1 - np.tanh(h) ** 2,
        "C6 sigmoid's h (1 - h)": h * (1 - h),
        "C7 of the h before": 1 - before**2,
    }.get(mistake, 1 - h**2)


TANH = ["C1 tanh' missing", "C2 1 - h", "C3 1 + h²", "C3 1 / (1 - h²)", "C4 1 - z²", "C5 tanh twice"]
TANH += ["C6 sigmoid's h (1 - h)", "C7 of the h before"]
RNN = [
    *TANH,
    *("A3 sign", "A4 bias by mean", "A5 bias summed over everything", "A6 bias times x", "A7 bias from dh"),
    *("D1 upstream not added", "D2 carry dropped", "D3 upstream only at the last step", "D5 overwrite"),
    *("D6 loop skips t = 0", "D7 h_t for h_{t-1}", "D8 x off by one", "D9 h0 as zeros", "D9 index -1 wraps round"),
    *(
        "D10 carry without transpose",
        "D11 carry without weight_hh",
        "D11 carry without tanh'",
        "D12 tanh' on upstream only",
    ),
    *("D13 carry accumulates", "D14 truncated after two", "D15 weight_hh transposed", "D16 h0 zero", "D16 h0 missing"),
    *(
        "D17 clipped inside",
        "E1 upstream in place",
        "E1 cache in place",
        "E3 upstream ignored",
        "E3 mean of the upstream",
    ),
    *(
        "E4 a global in place of the cache",
        "E6 integers",
        "E6 half precision",
        "A2 mean in each step",
        "lists never cleared",
    ),
    *("quadratic time", "differences in place of a derivation"),
]


def wrong_rnn(mistake: str) -> Space:
    """A right rnn_forward and an rnn_backward with one mistake."""
    kept: Space = {"last": None, "grads": []}

    def rnn_forward(x: Any, h0: Any, params: Any) -> Any:
        outputs, sums, h = [], [], h0
        for step in x:
            z = step @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
            h = np.tanh(z)
            outputs.append(h)
            sums.append(z)
        cache = [x, h0, params, np.stack(outputs), np.stack(sums)]
        kept["last"] = cache
        return np.stack(outputs), cache

    def sweep(upstream: Any, cache: Any, last: int | None = None) -> Any:
        x, h0, params, outputs, sums = kept["last"] if mistake.startswith("E4") else cache
        w_ih, w_hh, steps = params["weight_ih"], params["weight_hh"], len(x)
        g = upstream if mistake == "E1 upstream in place" else upstream.copy()
        if mistake == "E3 upstream ignored":
            g = np.ones_like(g)
        if mistake == "E3 mean of the upstream":
            g = np.full_like(g, g.mean())
        grads = {key: np.zeros_like(params[key]) for key in selfcheck.CELL}
        grads["x"], carry = np.zeros_like(x), np.zeros_like(h0)
        for t in reversed(range(steps if last is None else last + 1)):
            before = outputs[t - 1] if t else h0
            if mistake == "D9 index -1 wraps round":
                before = outputs[t - 1]
            if mistake == "D9 h0 as zeros" and t == 0:
                before = np.zeros_like(h0)
            if mistake == "D6 loop skips t = 0" and t == 0:
                continue
            factor = tanh_factor(mistake, outputs[t], sums[t], before)
            injected = 0 if mistake == "D1 upstream not added" else g[t]
            if mistake == "D3 upstream only at the last step" and t < steps - 1:
                injected = 0
            if mistake == "E1 upstream in place":
                g[t] += carry
                dh = g[t]
            else:
                dh = injected + carry
            dz = injected * factor + carry if mistake == "D12 tanh' on upstream only" else dh * factor
            if mistake == "A2 mean in each step":
                dz = dz / len(h0)
            source = outputs[t] if mistake == "D7 h_t for h_{t-1}" else before
            new = {
                "weight_ih": dz.T @ (x[t - 1] if mistake == "D8 x off by one" else x[t]),
                "weight_hh": dz.T @ source,
                "bias_ih": (dh if mistake == "A7 bias from dh" else dz).sum(axis=0),
            }
            if mistake == "A4 bias by mean":
                new["bias_ih"] = dz.mean(axis=0)
            if mistake == "A5 bias summed over everything":
                new["bias_ih"] = np.full(len(w_hh), dz.sum())
            if mistake == "A6 bias times x":
                new["bias_ih"] = (dz * x[t].sum(axis=1, keepdims=True)).sum(axis=0)
            new["bias_hh"] = new["bias_ih"]
            for key, value in new.items():
                grads[key] = value if mistake == "D5 overwrite" else grads[key] + value
            grads["x"][t] = dz @ w_ih
            through = {
                "D2 carry dropped": 0 * dz,
                "D10 carry without transpose": dz @ w_hh.T,
                "D11 carry without weight_hh": dz,
                "D11 carry without tanh'": dh @ w_hh,
            }.get(mistake, dz @ w_hh)
            carry = carry + through if mistake == "D13 carry accumulates" else through
            if mistake == "D14 truncated after two" and t == steps - 2:
                carry = 0 * carry
        grads["h0"] = carry
        return grads

    def rnn_backward(upstream: Any, cache: Any) -> Any:
        if mistake == "quadratic time":
            parts = []
            for t in range(len(upstream)):
                alone = np.zeros_like(upstream)
                alone[t] = upstream[t]
                parts.append(sweep(alone, cache, t))
            return {key: sum(part[key] for part in parts) for key in parts[0]}
        if mistake == "differences in place of a derivation":
            x, h0, params = cache[:3]
            inputs = {"x": x.copy(), "h0": h0.copy(), **{key: params[key].copy() for key in selfcheck.CELL}}
            loss = lambda at: float(np.sum(upstream * rnn_forward(at["x"], at["h0"], at)[0]))
            one = lambda key: lambda array: loss({**inputs, key: array})
            return {key: central_differences(one(key), inputs[key]) for key in inputs}
        grads = sweep(upstream, cache)
        if mistake == "A3 sign":
            grads = {key: -value for key, value in grads.items()}
        if mistake == "D15 weight_hh transposed":
            grads["weight_hh"] = grads["weight_hh"].T
        if mistake == "D16 h0 zero":
            grads["h0"] = 0 * grads["h0"]
        if mistake == "D16 h0 missing":
            del grads["h0"]
        if mistake == "D17 clipped inside":
            grads = {key: np.clip(value, -0.5, 0.5) for key, value in grads.items()}
        if mistake == "E1 cache in place":
            cache[3] *= 0.5
        if mistake.startswith("E6"):
            grads = {key: value.astype(int if "integers" in mistake else np.float16) for key, value in grads.items()}
        if mistake == "lists never cleared":
            kept["grads"].append(grads["bias_ih"])
            grads["bias_ih"] = sum(each for each in kept["grads"] if each.shape == grads["bias_ih"].shape)
        return grads

    return {"rnn_forward": rnn_forward, "rnn_backward": rnn_backward}


@pytest.mark.parametrize("mistake", RNN)
def test_a_mistake_in_rnn_backward_loses_points(mistake: str) -> None:
    for seed in range(max(1, SEEDS // 3)):
        result = ask("rnn_backward", seed=seed, **wrong_rnn(mistake))
        assert float(repr(result)) < points("rnn_backward"), str(result)


def test_the_same_rnn_without_a_mistake_passes() -> None:
    result = ask("rnn_backward", **wrong_rnn("none"))
    assert result.passed, str(result)


CELL = [
    *TANH,
    *("A3 sign", "A4 bias by mean", "A5 bias summed over everything", "A7 bias from dh", "A9 product entry by entry"),
    *("D7 h for h_prev", "D10 h_prev without transpose", "D15 weight_hh transposed", "E3 upstream ignored"),
    *("E3 mean of the upstream", "D16 h_prev missing", "A10 input averaged over the batch", "one bias forgotten"),
]


def wrong_cell(mistake: str) -> Space:
    """A right rnn_cell_forward and an rnn_cell_backward with one mistake."""

    def rnn_cell_forward(x: Any, h_prev: Any, params: Any) -> Any:
        z = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]
        return np.tanh(z), (x, h_prev, z, params)

    def rnn_cell_backward(grad_h: Any, cache: Any) -> Any:
        x, h_prev, z, params = cache
        grad_h = {"E3 upstream ignored": np.ones_like(grad_h)}.get(mistake, grad_h)
        if mistake == "E3 mean of the upstream":
            grad_h = np.full_like(grad_h, grad_h.mean())
        h = np.tanh(z)
        dz = grad_h * tanh_factor(mistake, h, z, h_prev) * (-1 if mistake == "A3 sign" else 1)
        bias = (grad_h if mistake == "A7 bias from dh" else dz).sum(axis=0)
        bias = {
            "A4 bias by mean": dz.mean(axis=0),
            "A5 bias summed over everything": np.full(h.shape[1], dz.sum()),
        }.get(mistake, bias)
        source = h if mistake == "D7 h for h_prev" else h_prev
        grads = {
            "x": dz @ params["weight_ih"],
            "h_prev": dz
            @ (params["weight_hh"].T if mistake == "D10 h_prev without transpose" else params["weight_hh"]),
            "weight_ih": dz.T @ (x.mean(axis=0) + 0 * x if mistake == "A10 input averaged over the batch" else x),
            "weight_hh": (dz.T @ source).T if mistake == "D15 weight_hh transposed" else dz.T @ source,
            "bias_ih": bias,
            "bias_hh": 0 * bias if mistake == "one bias forgotten" else bias,
        }
        if mistake == "A9 product entry by entry":
            grads["weight_hh"] = dz * h_prev
        if mistake == "D16 h_prev missing":
            del grads["h_prev"]
        return grads

    return {"rnn_cell_forward": rnn_cell_forward, "rnn_cell_backward": rnn_cell_backward}


@pytest.mark.parametrize("mistake", CELL)
def test_a_mistake_in_the_cell_loses_points(mistake: str) -> None:
    result = ask("rnn_cell_backward", **wrong_cell(mistake))
    assert float(repr(result)) < points("rnn_cell_backward"), str(result)


def test_the_same_cell_without_a_mistake_passes() -> None:
    assert ask("rnn_cell_backward", **wrong_cell("none")).passed


MLP = [
    *(
        "A2 mean again in the hidden layer",
        "A3 sign",
        "A4 bias by mean",
        "A5 bias over the wrong axis",
        "A6 bias times x",
    ),
    *(
        "A7 bias from dh",
        "A9 product entry by entry",
        "A10 input averaged over the batch",
        "B3 σ' dropped at the output",
    ),
    *("B3 σ' twice at the output", "B4 factor 2", "B4 factor ½", "C1 σ' missing in the hidden layer", "1 - σ² for σ'"),
    *("σ' of σ", "E2 updated weights below", "E3 upstream ignored", "D15 weight_1 transposed", "x missing"),
]


def wrong_mlp(mistake: str) -> Space:
    """A right mlp_forward and an mlp_backward with one mistake."""
    sigmoid = lambda z: 0.5 + 0.5 * np.tanh(z / 2)

    def mlp_forward(x: Any, params: Any) -> Any:
        hidden = sigmoid(x @ params["weight_1"].T + params["bias_1"])
        return sigmoid(hidden @ params["weight_2"].T + params["bias_2"]), (x, hidden, params)

    def mlp_backward(grad: Any, cache: Any) -> Any:
        x, hidden, params = cache
        prediction = sigmoid(hidden @ params["weight_2"].T + params["bias_2"])
        slope = lambda s: s * (1 - s)
        if mistake == "1 - σ² for σ'":
            slope = lambda s: 1 - s * s
        if mistake == "σ' of σ":
            slope = lambda s: sigmoid(s) * (1 - sigmoid(s))
        grad = np.ones_like(grad) if mistake == "E3 upstream ignored" else grad
        top = grad * slope(prediction)
        if mistake == "B3 σ' dropped at the output":
            top = grad
        if mistake == "B3 σ' twice at the output":
            top = top * slope(prediction)
        weight_2 = params["weight_2"] - (0.1 * top.T @ hidden if mistake == "E2 updated weights below" else 0)
        dh = top @ weight_2
        low = dh if mistake == "C1 σ' missing in the hidden layer" else dh * slope(hidden)
        if mistake == "A2 mean again in the hidden layer":
            low = low / len(x)
        source = x.mean(axis=0) + 0 * x if mistake == "A10 input averaged over the batch" else x
        bias = {
            "A4 bias by mean": lambda: low.mean(axis=0),
            "A5 bias over the wrong axis": lambda: low.sum(axis=1),
            "A6 bias times x": lambda: (low * x.sum(axis=1, keepdims=True)).sum(axis=0),
            "A7 bias from dh": lambda: dh.sum(axis=0),
        }.get(mistake, lambda: low.sum(axis=0))()
        grads = {"x": low @ params["weight_1"], "weight_1": low.T @ source, "bias_1": bias}
        grads |= {"weight_2": top.T @ hidden, "bias_2": top.sum(axis=0)}
        factor = {"A3 sign": -1, "B4 factor 2": 2, "B4 factor ½": 0.5}.get(mistake, 1)
        grads = {key: factor * value for key, value in grads.items()}
        if mistake == "D15 weight_1 transposed":
            grads["weight_1"] = grads["weight_1"].T
        if mistake == "A9 product entry by entry":
            grads["weight_2"] = top * prediction
        if mistake == "x missing":
            del grads["x"]
        return grads

    return {"mlp_forward": mlp_forward, "mlp_backward": mlp_backward}


@pytest.mark.parametrize("mistake", MLP)
def test_a_mistake_in_the_mlp_loses_points(mistake: str) -> None:
    result = ask("mlp_backward", **wrong_mlp(mistake))
    assert float(repr(result)) < points("mlp_backward"), str(result)


def test_the_same_mlp_without_a_mistake_passes() -> None:
    assert ask("mlp_backward", **wrong_mlp("none")).passed


def plain_softmax(z: Any, axis: int | None = -1) -> Any:
    e = np.exp(z)
    return e / e.sum(axis=axis, keepdims=axis is not None)


def one_hot(target: Any, classes: int) -> Any:
    return np.eye(classes)[target]


def fit(x: Any, y: Any, w: float, b: float, lr: float, steps: int, sign: int = 1, early: bool = True) -> Any:
    losses = []
    for _ in range(steps):
        error = w * x + b - y
        losses.append(float(np.mean(error**2)))
        new_w = w - sign * lr * float(2 * np.mean(error * x))
        b = b - sign * lr * float(2 * np.mean(error if early else new_w * x + b - y))
        w = new_w
    return w, b, losses


def online(x: Any, y: Any, w: float, lr: float, passes: int, b: float = -6.0, rule: str = "") -> Any:
    weights = [w]
    for _ in range(passes):
        for one, other in zip(x, y, strict=True):
            error = weights[-1] * one + b - other
            weights.append(
                weights[-1] - lr * (error if rule == "no x" else 2 * error * one if rule == "2" else error * one)
            )
    return np.array(weights[1:] if rule == "no start" else weights)


def forward_differences(f: Any, array: Any, eps: float = 1e-6) -> Any:
    grad, base = np.zeros_like(array), f(array)
    for spot in np.ndindex(array.shape):
        kept = array[spot]
        array[spot] = kept + eps
        grad[spot] = (f(array) - base) / eps
        array[spot] = kept
    return grad


def central_differences(f: Any, array: Any, eps: float = 1e-6, restore: str = "") -> Any:
    grad = np.zeros_like(array)
    for spot in np.ndindex(array.shape):
        kept = array[spot]
        array[spot] += eps
        up = f(array)
        array[spot] -= 2 * eps
        down = f(array)
        array[spot] = array[spot] + eps if restore == "add" else array[spot] if restore == "none" else kept
        grad[spot] = (up - down) / (2 * eps)
    return grad


def flat_differences(f: Any, array: Any, eps: float = 1e-6) -> Any:
    """Perturbs array.ravel(), which is a copy where the array is strided."""
    flat, grad = array.ravel(), np.zeros(array.size)
    for j in range(array.size):
        kept = flat[j]
        flat[j] = kept + eps
        up = f(array)
        flat[j] = kept - eps
        grad[j] = (up - f(array)) / (2 * eps)
        flat[j] = kept
    return grad.reshape(array.shape)


A1, A2, A3, A4 = (SPACES[assignment] for assignment in NOTEBOOKS)
ROW = A3["rnn_cell_forward"], A3["rnn_cell_backward"]


def clip(grads: Any, max_norm: float, how: str) -> Any:
    total = float(np.sqrt(sum(np.sum(g**2) for g in grads.values())))
    if how == "an array at a time":
        return {k: g * min(1, max_norm / np.linalg.norm(g)) for k, g in grads.items()}, total
    if how == "always":
        return {k: g * max_norm / total for k, g in grads.items()}, total
    if how == "by value":
        return {k: np.clip(g, -max_norm, max_norm) for k, g in grads.items()}, total
    for g in grads.values():
        g *= min(1, max_norm / total) if total else 1
    return grads, total


def two_steps(g1: Any, g2: Any, c1: Any, c2: Any, wrong: str) -> Any:
    late = ROW[1](g2, c2)
    carry = 0 * g1 if wrong == "carry dropped" else late["h_prev"]
    early = ROW[1](carry if wrong == "grad_h1 left out" else g1 + carry, c1)
    sums = {k: early[k] + (0 if wrong == "overwrite" else late[k]) for k in selfcheck.CELL}
    xs = (early["x"], late["x"]) if wrong != "exchanged" else (late["x"], early["x"])
    return {"x_1": xs[0], "x_2": xs[1], "h0": early["h_prev"], **sums}


def truncated(g: Any, cache: Any, k: int, wrong: str) -> Any:
    right = A4["rnn_backward_truncated"]
    if wrong == "one early":
        return right(g, cache, max(k - 1, 0))
    if wrong == "one late":
        return right(g, cache, k + 1)
    if wrong == "always full":
        return A4["rnn_backward"](g, cache)
    if wrong == "chunks":
        masks = [(np.arange(len(g)) // (k + 1) == j)[:, None, None] for j in range(len(g))]
        parts = [right(g * mask, cache, k) for mask in masks]
        return {key: sum(part[key] * (1 if key != "h0" else 0) for part in parts) for key in parts[0]}
    x_only = right(g, cache, k)
    return {**A4["rnn_backward"](g, cache), "x": x_only["x"], "h0": x_only["h0"]}


def train(loss_and_gradients: Any, batches: Any, params: Any, lr: float, wrong: str) -> Any:
    losses = []
    for x, target in batches:
        h0 = np.zeros((x.shape[1], len(params["weight_hh"])))
        loss, grads = loss_and_gradients(x, h0, target, params)
        if wrong == "in place":
            for key in params:
                params[key] -= lr * grads[key]
        else:
            params = {k: v + (lr if wrong == "uphill" else -lr) * grads[k] for k, v in params.items()}
        losses.append(loss_and_gradients(x, h0, target, params)[0] if wrong == "losses after" else loss)
    return params, losses


def residual(wrong: str) -> Callable[..., Any]:
    def residual_rnn_forward(x: Any, h0: Any, params: Any) -> Any:
        h, outputs = h0, []
        for step in x:
            change = A4["rnn_cell_forward"](step, h, params)[0]
            h = (
                change
                if wrong == "no identity path"
                else np.tanh(h + change)
                if wrong == "tanh around it"
                else h + change
            )
            outputs.append(h)
        return np.stack(outputs), None

    return residual_rnn_forward


def residual_back(g: Any, cache: Any, wrong: str) -> Any:
    """The right gradients with the identity path of the last step left out of h0."""
    grads = A4["residual_rnn_backward"](g, cache)
    return {**grads, "h0": grads["h0"] - g[-1]} if wrong else grads


# What is wrong → the function, and what stands in its place (or several names that stand in place of theirs).
OTHERS: dict[str, tuple[str, Any]] = {
    "predict: b subtracted": ("predict", lambda x, w, b: w * x - b),
    "A1 mse_loss: a sum": ("mse_loss", lambda p, t: float(np.sum((p - t) ** 2))),
    "B4 mse_loss: a half too many": ("mse_loss", lambda p, t: float(0.5 * np.mean((p - t) ** 2))),
    "mse_loss: square lost": ("mse_loss", lambda p, t: float(np.mean(np.abs(p - t)))),
    "numerical_derivative: forward": ("numerical_derivative", lambda f, at, eps=1e-6: (f(at + eps) - f(at)) / eps),
    "numerical_derivative: eps for 2 eps": (
        "numerical_derivative",
        lambda f, at, eps=1e-6: (f(at + eps) - f(at - eps)) / eps,
    ),
    "numerical_derivative: eps ignored": (
        "numerical_derivative",
        lambda f, at, eps=1e-6: (f(at + 1e-5) - f(at - 1e-5)) / 2e-5,
    ),
    "A3 mse_gradients: sign": ("mse_gradients", lambda x, t, w, b: tuple(-g for g in A1["mse_gradients"](x, t, w, b))),
    "B4 mse_gradients: 2 lost": (
        "mse_gradients",
        lambda x, t, w, b: tuple(g / 2 for g in A1["mse_gradients"](x, t, w, b)),
    ),
    "A1 mse_gradients: sum": (
        "mse_gradients",
        lambda x, t, w, b: tuple(len(x) * g for g in A1["mse_gradients"](x, t, w, b)),
    ),
    "mse_gradients: x missing": (
        "mse_gradients",
        lambda x, t, w, b: (float(2 * np.mean(w * x + b - t)), float(2 * np.mean(w * x + b - t))),
    ),
    "A8 mse_gradients: (N, 1) minus (N,)": (
        "mse_gradients",
        lambda x, t, w, b: (
            float(2 * np.mean(((w * x + b)[:, None] - t) * x[:, None])),
            float(2 * np.mean((w * x + b)[:, None] - t)),
        ),
    ),
    "A3 gradient_descent: uphill": ("gradient_descent", lambda *args: fit(*args, sign=-1)),
    "E2 gradient_descent: b from the new w": ("gradient_descent", lambda *args: fit(*args, early=False)),
    "gradient_descent: losses after": (
        "gradient_descent",
        lambda *args: (*fit(*args)[:2], fit(*args[:5], args[5] + 1)[2][1:]),
    ),
    "online_fit: x missing (the article's rule)": ("online_fit", lambda *args: online(*args, rule="no x")),
    "B4 online_fit: factor 2": ("online_fit", lambda *args: online(*args, rule="2")),
    "online_fit: start not returned": ("online_fit", lambda *args: online(*args, rule="no start")),
    "largest_stable_lr: 2 lost": ("largest_stable_lr", lambda x: A1["largest_stable_lr"](x) / 2),
    "largest_stable_lr: b forgotten": ("largest_stable_lr", lambda x: float(1 / np.mean(x**2))),
    "counterexample: the article's own data": (
        "counterexample",
        lambda: (np.array([2.0, 1, 3, 5, 6]), np.array([-2.0, -4, 0, 4, 6]), 5.0, 0.01),
    ),
    "sigmoid: overflow": ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
    "sigmoid: sign": ("sigmoid", lambda z: 0.5 - 0.5 * np.tanh(z / 2)),
    "mlp_forward: no sigmoid at the output": (
        "mlp_forward",
        lambda x, p: (A2["mlp_forward"](x, p)[1] and x @ p["weight_1"].T @ p["weight_2"].T, None),
    ),
    "mlp_forward: bias_1 forgotten": (
        "mlp_forward",
        lambda x, p: A2["mlp_forward"](x, {**p, "bias_1": 0 * p["bias_1"]}),
    ),
    "half_squared_error: mean": ("half_squared_error", lambda p, t: float(0.5 * np.mean((p - t) ** 2))),
    "half_squared_error: ½ lost": ("half_squared_error", lambda p, t: float(np.sum((p - t) ** 2))),
    "worked_example: the article's 0.22": (
        "worked_example",
        lambda: {**A2["worked_example"](), "net_1": np.array([[0.24, 0.22, 0.8]])},
    ),
    "worked_example: sign": (
        "worked_example",
        lambda: {**A2["worked_example"](), "grads": {k: -v for k, v in A2["worked_example"]()["grads"].items()}},
    ),
    "numerical_gradient: forward": ("numerical_gradient", forward_differences),
    "numerical_gradient: not put back": ("numerical_gradient", lambda *a: central_differences(*a, restore="none")),
    "numerical_gradient: put back by adding": ("numerical_gradient", lambda *a: central_differences(*a, restore="add")),
    "numerical_gradient: ravel of a strided array": ("numerical_gradient", flat_differences),
    "softmax over the whole matrix": ("softmax", lambda z: plain_softmax(z - z.max(), None)),
    "softmax over columns": ("softmax", lambda z: plain_softmax(z - z.max(axis=0), 0)),
    "softmax: overflow": ("softmax", plain_softmax),
    "A1 cross_entropy: sum": ("cross_entropy", lambda z, t: len(z) * A2["cross_entropy"](z, t)),
    "cross_entropy: overflow": (
        "cross_entropy",
        lambda z, t: float(-np.mean(np.log(plain_softmax(z)[np.arange(len(z)), t]))),
    ),
    "cross_entropy: softmax over the whole matrix": (
        "cross_entropy",
        lambda z, t: float(-np.mean(np.log(plain_softmax(z, None)[np.arange(len(z)), t]))),
    ),
    "cross_entropy: binary loss on a softmax": (
        "cross_entropy",
        lambda z, t: float(
            -np.mean(
                np.sum(
                    np.where(one_hot(t, z.shape[1]) == 1, np.log(plain_softmax(z)), np.log1p(-plain_softmax(z))), axis=1
                )
            )
        ),
    ),
    "B1 cross_entropy_backward: 1 not taken off": ("cross_entropy_backward", lambda z, t: A2["softmax"](z) / len(z)),
    "A1 cross_entropy_backward: N forgotten": (
        "cross_entropy_backward",
        lambda z, t: A2["softmax"](z) - one_hot(t, z.shape[1]),
    ),
    "B2 cross_entropy_backward: p (1 - p)": (
        "cross_entropy_backward",
        lambda z, t: A2["cross_entropy_backward"](z, t) * A2["softmax"](z) * (1 - A2["softmax"](z)),
    ),
    "A3 cross_entropy_backward: sign": ("cross_entropy_backward", lambda z, t: -A2["cross_entropy_backward"](z, t)),
    "A3 sgd_step: plus": ("sgd_step", lambda p, g, lr: {k: p[k] + lr * g[k] for k in p}),
    "E1 sgd_step: in place": (
        "sgd_step",
        lambda p, g, lr: {k: np.subtract(v, lr * g[k], out=v) for k, v in p.items()},
    ),
    "train_mlp: losses after": (
        "train_mlp",
        lambda x, t, p, lr, n: (A2["train_mlp"](x, t, p, lr, n)[0], A2["train_mlp"](x, t, p, lr, n + 1)[1][1:]),
    ),
    "train_mlp: one step too many": (
        "train_mlp",
        lambda x, t, p, lr, n: (A2["train_mlp"](x, t, p, lr, n + 1)[0], A2["train_mlp"](x, t, p, lr, n)[1]),
    ),
    "name_the_mistake: a name missing": ("name_the_mistake", lambda: {**dict.fromkeys("ABCDE", "sign"), "F": ""}),
    "rnn_cell_forward: bias_hh forgotten": (
        "rnn_cell_forward",
        lambda x, h, p: ROW[0](x, h, {**p, "bias_hh": 0 * p["bias_hh"]}),
    ),
    "rnn_cell_forward: weight_hh not transposed": (
        "rnn_cell_forward",
        lambda x, h, p: ROW[0](x, h, {**p, "weight_hh": p["weight_hh"].T}),
    ),
    "column_cell_forward: softmax over the whole matrix": (
        "column_cell_forward",
        lambda *a: (
            A3["column_cell_forward"](*a)[0],
            plain_softmax(a[4] @ A3["column_cell_forward"](*a)[0] + a[6], None),
        ),
    ),
    "column_cell_backward: dba (hidden_size,)": (
        "column_cell_backward",
        lambda *a: {k: v.ravel() if k == "dba" else v for k, v in A3["column_cell_backward"](*a).items()},
    ),
    "column_cell_backward: tanh' twice": (
        "column_cell_backward",
        lambda g, *a: A3["column_cell_backward"](g * (1 - np.tanh(a[2] @ a[0] + a[3] @ a[1] + a[4]) ** 2), *a),
    ),
    **{
        f"two_step_backward: {wrong}": ("two_step_backward", lambda *a, wrong=wrong: two_steps(*a, wrong))
        for wrong in ("carry dropped", "grad_h1 left out", "overwrite", "exchanged")
    },
    "readout_forward: bias forgotten": ("readout_forward", lambda o, p: (o @ p["weight_ho"].T, None)),
    "readout_backward: bias by mean": (
        "readout_backward",
        lambda g, c: {
            **A3["readout_backward"](g, c),
            "bias_ho": g.reshape(-1, g.shape[-1]).mean(axis=0),
        },
    ),
    "readout_backward: only the first axis summed": (
        "readout_backward",
        lambda g, c: {**A3["readout_backward"](g, c), "bias_ho": g.sum(axis=0)},
    ),
    "A1 sequence_loss: mean over N alone": (
        "sequence_loss",
        lambda z, t: tuple(len(z) * each for each in A3["sequence_loss"](z, t)),
    ),
    "A1 sequence_loss: gradient not divided": (
        "sequence_loss",
        lambda z, t: (A3["sequence_loss"](z, t)[0], t.size * A3["sequence_loss"](z, t)[1]),
    ),
    "rnn_forward: h0 ignored": ("rnn_forward", lambda x, h0, p: A4["rnn_forward"](x, 0 * h0, p)),
    "rnn_forward: last output only": ("rnn_forward", lambda x, h0, p: (A4["rnn_forward"](x, h0, p)[0][-1], None)),
    "credit_matrix: transposed": ("credit_matrix", lambda g, c: A4["credit_matrix"](g, c).T),
    "credit_matrix: squares": ("credit_matrix", lambda g, c: A4["credit_matrix"](g, c) ** 2),
    "credit_matrix: all errors together": (
        "credit_matrix",
        lambda g, c: np.tril(np.cumsum(A4["credit_matrix"](g, c), axis=0)),
    ),
    "state_gradient_norms: reversed": ("state_gradient_norms", lambda g, c: A4["state_gradient_norms"](g, c)[::-1]),
    "state_gradient_norms: h0 missing": ("state_gradient_norms", lambda g, c: A4["state_gradient_norms"](g, c)[1:]),
    **{
        f"D14 rnn_backward_truncated: {wrong}": (
            "rnn_backward_truncated",
            lambda g, c, k, wrong=wrong: truncated(g, c, k, wrong),
        )
        for wrong in ("one early", "one late", "always full", "chunks", "only x cut")
    },
    **{
        f"D17 clip_grad_norm: {how}": ("clip_grad_norm", lambda g, m, how=how: clip(g, m, how))
        for how in ("an array at a time", "always", "by value", "in place")
    },
    "residual_rnn_forward: no identity path": ("residual_rnn_forward", residual("no identity path")),
    "residual_rnn_forward: tanh around it": ("residual_rnn_forward", residual("tanh around it")),
    "residual_rnn_backward: identity path forgotten": (
        "residual_rnn_backward",
        lambda g, c: residual_back(g, c, "identity path forgotten"),
    ),
    "loss_and_gradients: h0 ignored": (
        "loss_and_gradients",
        lambda x, h0, t, p: A4["loss_and_gradients"](x, 0 * h0, t, p),
    ),
    "loss_and_gradients: sum over time": (
        "loss_and_gradients",
        lambda x, h0, t, p: (
            len(x) * A4["loss_and_gradients"](x, h0, t, p)[0],
            {k: len(x) * v for k, v in A4["loss_and_gradients"](x, h0, t, p)[1].items()},
        ),
    ),
    **{
        f"train_adder: {wrong}": (
            "train_adder",
            lambda b, p, lr, wrong=wrong: train(A4["loss_and_gradients"], b, p, lr, wrong),
        )
        for wrong in ("uphill", "in place", "losses after")
    },
    "train_first_xor_last: not clipped": (
        "train_first_xor_last",
        lambda b, p, lr, m: A4["train_first_xor_last"](b, p, lr, 1e9),
    ),
    "train_first_xor_last: always clipped": (
        "train_first_xor_last",
        lambda b, p, lr, m: A4["train_first_xor_last"](b, p, lr, min(m, 0.05)),
    ),
}


@pytest.mark.parametrize("mistake", OTHERS)
def test_a_known_mistake_loses_points(mistake: str) -> None:
    name, wrong = OTHERS[mistake]
    result = ask(name, **{name: wrong})
    assert float(repr(result)) < points(name), str(result)
    assert "cannot be judged" not in str(result)


# What the check of a function cannot see, and why. The hidden tests, which know PyTorch's answers, can.
UNSEEN: dict[str, tuple[str, Space, str]] = {
    "A1 a sum in mse_loss and in mse_gradients": (
        "mse_gradients",
        {
            "mse_loss": lambda p, t: float(np.sum((p - t) ** 2)) / 3,
            "mse_gradients": lambda x, t, w, b: tuple(len(x) / 3 * g for g in A1["mse_gradients"](x, t, w, b)),
        },
        "the slopes are those of the student's own loss; only a law (the data twice) tells, and mse_loss's own check",
    ),
    "B4 a factor 2 in cross_entropy and its gradient": (
        "cross_entropy_backward",
        {
            "cross_entropy": lambda z, t: 2 * A2["cross_entropy"](z, t),
            "cross_entropy_backward": lambda z, t: 2 * A2["cross_entropy_backward"](z, t),
        },
        "the same: a consistent wrong loss",
    ),
    "D9 h0 ignored in rnn_forward and in rnn_backward": (
        "rnn_backward",
        {
            "rnn_forward": lambda x, h0, p: A4["rnn_forward"](x, 0 * h0, p),
            "rnn_backward": lambda g, c: {**A4["rnn_backward"](g, c), "h0": 0 * A4["rnn_backward"](g, c)["h0"]},
        },
        "the backward fits the wrong forward; the cut law and rnn_forward's own check tell",
    ),
    "bias_hh forgotten in both directions of the cell": (
        "rnn_cell_backward",
        {
            "rnn_cell_forward": lambda x, h, p: ROW[0](x, h, {**p, "bias_hh": 0 * p["bias_hh"]}),
            "rnn_cell_backward": lambda g, c: {**ROW[1](g, c), "bias_hh": 0 * ROW[1](g, c)["bias_hh"]},
        },
        "the differences agree; only the law of the twin biases tells",
    ),
    "a wrong name in name_the_mistake": (
        "name_the_mistake",
        {"name_the_mistake": lambda: dict.fromkeys("ABCDEF", "some other mistake")},
        "the key is not given out",
    ),
}


@pytest.mark.parametrize("mistake", UNSEEN)
def test_what_cannot_be_seen_is_said(mistake: str) -> None:
    """Every array passes although the function is wrong; the table says that it cannot see this."""
    name, changed, _ = UNSEEN[mistake]
    result = ask(name, **changed)
    assert all(row.ok for row in result.rows if row.kind == "array"), str(result)
    assert result.blind
    assert result.blind in str(result)


def test_where_the_error_enters_is_counted_from_the_end() -> None:
    """The last step is right, the carry is not: the table says where the error enters, and which law breaks."""
    dropped = str(ask("rnn_backward", **wrong_rnn("D2 carry dropped")))
    assert "the last step is right, the error enters 1 step before the last" in dropped
    assert "right for T = 1" in dropped
    assert "wrong from the last step on" in str(ask("rnn_backward", **wrong_rnn("C1 tanh' missing")))


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ("A3 sign", "the sign is the other way round"),
        ("D16 h0 zero", "all zero"),
        ("D15 weight_hh transposed", "these are the right numbers, transposed"),
        ("D16 h0 missing", "this key is missing in your dict"),
        ("E1 upstream in place", "grad_outputs of rnn_backward is changed by a call"),
        ("A4 bias by mean", "N is"),
        ("E6 integers", "wrong dtype int64, expected float64"),
        ("quadratic time", "6 times the steps cost"),
        ("differences in place of a derivation", "differences in place of a derivation"),
    ],
)
def test_the_table_says_what_is_seen(mistake: str, words: str) -> None:
    assert words in str(ask("rnn_backward", **wrong_rnn(mistake)))


def test_a_mistake_below_is_named() -> None:
    """A function that depends on a wrong one says which to fix first."""
    uphill = lambda x, t, w, b: tuple(-g for g in A1["mse_gradients"](x, t, w, b))
    scope = {**A1, "mse_gradients": uphill}
    exec(
        "def gradient_descent(x, target, w, b, lr, steps):\n    dw, db = mse_gradients(x, target, w, b)\n"
        "    return w - lr * dw, b - lr * db, [mse_loss(predict(x, w, b), target)] * steps",
        scope,
    )
    assert "fix mse_gradients first" in str(ask("gradient_descent", space=scope))


# -- bad input --------------------------------------------------------------------------------------------------------


def raising(error: type[BaseException]) -> Callable[..., Any]:
    def function(*args: Any) -> Any:
        raise error("a text\nof two lines")

    return function


class Hostile:
    """Raises at whatever is done to it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("no")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no array")

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


BAD: dict[str, Any] = {
    "None": lambda *a: None,
    "an empty list": lambda *a: [],
    "an empty tuple": lambda *a: (),
    "an empty dict": lambda *a: {},
    "a text": lambda *a: "text",
    "a wrong shape": lambda *a: np.zeros((7, 1, 7)),
    "NaN": lambda *a: np.nan,
    "a pair of NaN arrays": lambda *a: (np.full((2, 2), np.nan), None),
    "a pair of None": lambda *a: (None, None),
    "three things": lambda *a: (1.0, 2.0, 3.0),
    "four texts": lambda *a: ("a", "b", "c", "d"),
    "a ragged list": lambda *a: [[1.0, 2.0], [3.0]],
    "objects": lambda *a: np.array([None, 1.0], dtype=object),
    "complex": lambda *a: np.zeros(3, dtype=complex),
    "half precision": lambda *a: np.float16(1.0),
    "an integer": lambda *a: 3,
    "a hostile object": lambda *a: Hostile(),
    "a pair of hostile objects": lambda *a: (Hostile(), Hostile()),
    "a dict of Nones": lambda *a: collections.defaultdict(lambda: None),
    "a generator": lambda *a: (each for each in (1, 2)),
    "a million keys": lambda *a: dict.fromkeys(range(10**5)),
    "itself": lambda *a: raising,
    "the first argument": lambda *a: a[0] if a else None,
    "raises": raising(ValueError),
    "a stub": raising(NotImplementedError),
    "exits": raising(SystemExit),
    "interrupted": raising(KeyboardInterrupt),
    "recursion": raising(RecursionError),
    "of another signature": lambda: None,
    "no function": 3.0,
    "missing": None,
}


@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_bad_answers_end_in_a_sentence(assignment: str, name: str) -> None:
    """Nothing raises, nothing earns points, and the table has words for it, never a traceback."""
    for label, bad in BAD.items():
        if label == "of another signature" and not selfcheck._CONTRACTS[name].arguments[0]:
            continue  # takes no arguments
        result = ask(name, space=SPACES[assignment], **{name: bad})
        text = str(result) + result._repr_html_()
        assert repr(result) == "0", (label, text)
        assert not result.passed
        assert result.words
        assert "Traceback" not in text
        assert "The check itself failed" not in text


@pytest.mark.parametrize(
    ("name", "bad", "words"),
    [
        ("rnn_backward", "None", "rnn_backward returned None, expected a dict with the keys x, h0"),
        ("rnn_backward", "an empty tuple", "rnn_backward returned a tuple, expected a dict"),
        ("rnn_backward", "missing", "rnn_backward is not defined yet."),
        ("rnn_backward", "a stub", "rnn_backward is not written yet."),
        ("rnn_backward", "no function", "rnn_backward is a float and no function."),
        ("rnn_backward", "interrupted", "rnn_backward was stopped by you"),
        ("rnn_backward", "raises", "rnn_backward stopped with ValueError: a text of two lines"),
        ("rnn_backward", "of another signature", "cannot be called as rnn_backward(grad_outputs, cache)"),
        ("rnn_forward", "a pair of NaN arrays", "expected shape"),
        ("rnn_forward", "a text", "rnn_forward returned a str, expected (outputs, cache)"),
        ("mse_loss", "an integer", "wrong dtype int64, expected float64"),
        ("mse_loss", "a wrong shape", "expected a number, came shape (7, 1, 7)"),
        ("mse_loss", "NaN", "1 of 1 entries are NaN or infinite"),
        ("predict", "a ragged list", "that is no array"),
    ],
)
def test_the_sentence_says_what_was_expected_and_what_came(name: str, bad: str, words: str) -> None:
    assert words in str(ask(name, **{name: BAD[bad]}))


def test_a_stub_below_is_named() -> None:
    result = ask("rnn_backward", rnn_forward=BAD["a stub"])
    assert "rnn_backward depends on rnn_forward, and rnn_forward is not written yet." in str(result)
    assert result.verdict == "to do"


@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_what_is_not_written_is_to_do_and_not_wrong(assignment: str, name: str) -> None:
    """nbgrader's stub, and a cell that was never run: no points, and nowhere a verdict that something is wrong."""
    for unwritten in (BAD["a stub"], BAD["missing"]):
        result = ask(name, space=SPACES[assignment], **{name: unwritten})
        shown = str(result) + result._repr_html_()
        assert repr(result) == "0"
        assert result.verdict == "to do"
        assert f"{name}: to do, 0 of " in shown
        assert not any(word in shown for word in ("WRONG", "BROKEN", "seed"))


def test_a_branch_that_is_not_written_leaves_the_rest_judged() -> None:
    """What is there is right: the verdict is to do; what is there is wrong: it is WRONG, and the rest to do."""

    def truncated(factor: float) -> Callable[..., Any]:
        def rnn_backward_truncated(upstream: Any, cache: Any, k: int) -> Any:
            if k > 0:
                raise NotImplementedError
            return {key: factor * each for key, each in A4["rnn_backward_truncated"](upstream, cache, k).items()}

        return rnn_backward_truncated

    right, wrong = (ask("rnn_backward_truncated", rnn_backward_truncated=truncated(each)) for each in (1.0, 2.0))
    assert right.verdict == "to do"
    assert "6 arrays right; 1 law holds; rnn_backward_truncated is not written yet." in right.words
    assert ">to do<" in right._repr_html_()
    assert wrong.verdict == "WRONG"
    assert "to do" in [row.verdict for row in wrong.rows]


def test_a_note_says_to_write_what_is_below() -> None:
    """A training that never calls the gradient it should: the note says to write that, not to fix it."""
    result = ask("gradient_descent", mse_gradients=BAD["a stub"], gradient_descent=own_descent)
    assert (
        "gradient_descent depends on mse_gradients, which is not finished: write mse_gradients first." in result.notes
    )


def own_descent(x: Any, target: Any, w: float, b: float, lr: float, steps: int) -> Any:
    """Gradient descent that computes its gradients itself."""
    losses = []
    for _ in range(steps):
        error = w * x + b - target
        losses.append(float(np.mean(error**2)))
        w, b = w - lr * float(np.mean(2 * error * x)), b - lr * float(np.mean(2 * error))
    return w, b, losses


def test_a_slow_function_is_stopped_after_its_first_call() -> None:
    def rnn_forward(*args: Any) -> Any:
        time.sleep(2.1)
        return A4["rnn_forward"](*args)

    started = time.perf_counter()
    result = ask("rnn_forward", rnn_forward=rnn_forward)
    assert time.perf_counter() - started < 3.0
    assert "took 2.1 s" in str(result)
    assert repr(result) == "0"


def test_prints_and_warnings_cost_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """They are told in words, and neither reaches the notebook."""

    def predict(x: Any, w: Any, b: Any) -> Any:
        print("hello", file=sys.stdout)
        print("hello", file=sys.stderr)
        warnings.warn("mind <the> step", stacklevel=1)
        return w * x + b

    result = ask("predict", predict=predict)
    assert repr(result) == "1"
    assert "prints" in str(result)
    assert "mind <the> step" in str(result)
    assert "mind &lt;the&gt; step" in result._repr_html_()
    assert capsys.readouterr() == ("", "")


def test_silenced_overflow_is_right() -> None:
    def sigmoid(z: Any) -> Any:
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-np.asarray(z)))

    assert ask("sigmoid", sigmoid=sigmoid).passed


def test_a_student_who_makes_numpy_raise_sees_warnings_as_words() -> None:
    before = np.seterr(all="raise")
    try:
        assert ask("softmax").passed
        assert np.geterr()["over"] == "raise"
    finally:
        np.seterr(**before)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(FUNCTIONS),
    st.recursive(
        st.none() | st.floats() | st.integers() | st.text(max_size=3) | st.booleans() | st.binary(max_size=2),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.tuples(inner, inner)
            | st.dictionaries(st.sampled_from(["x", "h0", "weight_hh", "loss", "A"]), inner, max_size=4)
        ),
        max_leaves=6,
    ),
)
def test_whatever_comes_nothing_raises(function: tuple[str, str], value: Any) -> None:
    assignment, name = function
    result = ask(name, space=SPACES[assignment], **{name: lambda *args: value})
    assert 0 <= float(repr(result)) < points(name)
    assert result._repr_html_()


# -- what is shown ----------------------------------------------------------------------------------------------------


def test_the_points_are_a_bare_number() -> None:
    """nbgrader reads them from the text of the cell's last value."""
    assert repr(ask("rnn_backward")) == "8"
    half = float(repr(ask("rnn_backward", **wrong_rnn("A4 bias by mean"))))
    assert 0 < half < 8
    scope = {**A1, "selfcheck": selfcheck}
    exec("result = selfcheck.check('predict', points=2.5)", scope)
    assert repr(scope["result"]) == "2.5"


def test_the_seed_draws_the_same_numbers_again() -> None:
    """A result names its seed, which gives the same table; without one the numbers are fresh."""
    first, second = (ask("mse_gradients", seed=None) for _ in range(2))
    assert first.seed != second.seed
    assert f"seed {first.seed}" in str(first)
    again = ask("mse_gradients", seed=first.seed)
    assert [row.name for row in again.rows] == [row.name for row in first.rows]
    assert str(again) == str(first)


def test_nothing_outside_is_touched(capsys: pytest.CaptureFixture[str]) -> None:
    """Global random numbers, warning filters and output are as before, and check prints nothing by itself."""
    state, filters = np.random.get_state()[1].copy(), list(warnings.filters)
    ask("rnn_backward")
    assert np.array_equal(np.random.get_state()[1], state)
    assert warnings.filters == filters
    assert capsys.readouterr() == ("", "")


def test_the_html_table_speaks_in_words() -> None:
    """Verdicts are words, colours come with them, and nothing depends on a script or a style sheet."""
    page = ask("rnn_backward", **wrong_rnn("A4 bias by mean"))._repr_html_()
    for words in (">OK<", ">WRONG<", ">holds<", ">BROKEN<", "What this cannot see", "relative error", "worst entry"):
        assert words in page
    assert "<script" not in page
    assert "class=" not in page
    assert page.count("<tr") == page.count("</tr>")


@pytest.mark.parametrize(
    ("assignment", "names"),
    [
        ("a2_mlp_backprop", ("softmax",)),
        ("a2_mlp_backprop", ("mlp_forward", "mlp_backward")),
        ("a3_rnn_cell", ("rnn_cell_forward", "rnn_cell_backward")),
        ("a3_rnn_cell", ("rnn_cell_forward", "column_cell_forward")),
        ("a3_rnn_cell", ("rnn_cell_forward", "rnn_cell_backward", "column_cell_forward", "column_cell_backward")),
        ("a3_rnn_cell", ("rnn_cell_forward", "rnn_cell_backward", "two_step_backward")),
        ("a4_bptt", ("rnn_forward",)),
        ("a4_bptt", ("rnn_forward", "rnn_cell_forward")),
        ("a4_bptt", ("rnn_forward", "rnn_backward")),
        ("a4_bptt", ("rnn_backward", "rnn_backward_truncated", "rnn_forward")),
        ("a4_bptt", ("residual_rnn_forward", "residual_rnn_backward")),
        ("a4_bptt", ("credit_matrix", "state_gradient_norms", "rnn_forward")),
    ],
)
def test_laws_across_functions_hold_for_right_answers(assignment: str, names: tuple[str, ...]) -> None:
    scope = {**SPACES[assignment], "selfcheck": selfcheck, "names": names}
    for seed in range(SEEDS):
        exec(f"result = selfcheck.laws(*names, seed={seed})", scope)
        result = scope["result"]
        assert result.passed, str(result)
        assert {row.kind for row in result.rows} == {"law"}
        assert "holds" in repr(result)
        stub = {**scope, **dict.fromkeys(names, BAD["a stub"])}
        exec("result = selfcheck.laws(*names)", stub)
        assert "is not written yet" in stub["result"]._repr_html_()
        assert "BROKEN" not in str(stub["result"]) + stub["result"]._repr_html_()
        assert {row.verdict for row in stub["result"].rows} == {"to do"}


def test_laws_break_for_mistakes_without_any_answer() -> None:
    """The cut law sees the time flow, T = 1 the step; and a name without laws gets a sentence."""
    scope = {**A4, "selfcheck": selfcheck}
    for mistake, laws in (("D5 overwrite", "cut after step"), ("C1 tanh' missing", "right for T = 1")):
        scope |= wrong_rnn(mistake)
        exec("result = selfcheck.laws('rnn_forward', 'rnn_backward', seed=1)", scope)
        broken = [row.name for row in scope["result"].rows if not row.ok]
        assert broken
        assert all(laws in name for name in broken), broken
    exec("result = selfcheck.laws('predict')", scope)
    assert "There is no law for these names" in str(scope["result"])


def test_the_summary_recalls_and_repeats() -> None:
    """One line a function; a function that changed since is asked again."""
    scope = {**A1, "selfcheck": selfcheck}
    exec("empty = str(selfcheck.summary())\nselfcheck.check('predict', points=1)", scope)
    exec("selfcheck.check('mse_loss', points=1)\nfirst = selfcheck.summary()", scope)
    assert "No check has run yet" in scope["empty"]
    assert "2 functions checked: 2 of 2 points" in str(scope["first"])
    scope["predict"] = BAD["a stub"]
    exec("second = selfcheck.summary()", scope)
    assert "1 of 2 points" in scope["second"]._repr_html_()
    assert "2 functions checked, 1 to do: 1 of 2 points, not counting written answers." in repr(scope["second"])
    assert "predict   to do  0 of 1     predict is not written yet." in repr(scope["second"])
    assert ">to do<" in scope["second"]._repr_html_()
    assert ">WRONG<" not in scope["second"]._repr_html_()
    scope["predict"] = BAD["NaN"]
    exec("third = selfcheck.summary()", scope)
    assert ">WRONG<" in scope["third"]._repr_html_()


def needed(body: str, capsys: pytest.CaptureFixture[str], *names: str, **space: Any) -> str:
    scope = {"selfcheck": selfcheck, "np": np, **space}
    exec(f"with selfcheck.needs(*{names!r}):\n    {body}", scope)
    return capsys.readouterr().out.strip()


def test_a_figure_that_needs_functions_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    scope: Space = {}
    exec("def mse_gradients():\n    raise NotImplementedError()", scope)
    sentence = "This figure needs mse_gradients: write it, then run this cell again."
    assert needed("mse_gradients()", capsys, "mse_gradients", "predict", **scope) == sentence
    assert needed("mse_gradients()", capsys, "mse_gradients") == sentence
    assert needed("print('fine')", capsys, "mse_gradients") == "fine"
    other = needed("np.zeros(3) @ np.zeros(4)", capsys, "mse_gradients", "predict")
    assert other.startswith("This figure needs mse_gradients and predict. It stopped with ValueError")
    assert len(other.splitlines()) == 1


@pytest.mark.parametrize(
    ("python", "numpy", "said"),
    [
        ((3, 13, 1), "2.4.6", "Ready: Python 3.13.1, NumPy 2.4.6, matplotlib, selfcheck."),
        ((3, 11, 0), "1.26.4", "Ready: Python 3.11.0, NumPy 1.26.4, matplotlib, selfcheck."),
        ((3, 11, 0), "2.5.0rc1", "Ready: Python 3.11.0, NumPy 2.5.0rc1, matplotlib, selfcheck."),
        (
            (3, 11, 0),
            "1.25.2",
            "This course needs NumPy 1.26 or newer; this notebook has 1.25.2. Run `%pip install -U numpy`, then restart "
            "the kernel.",
        ),
        (
            (3, 10, 13),
            "1.25.2",
            "This course needs Python 3.11 or newer; this notebook runs on 3.10.13. Install a newer Python, then follow "
            "README.md, Install, with it.",
        ),
    ],
)
def test_the_install_check_is_one_line(
    python: tuple[int, ...], numpy: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", python)
    monkeypatch.setattr(np, "__version__", numpy)
    selfcheck.install_check()
    assert capsys.readouterr().out == said + "\n"


def test_an_older_python_can_read_the_file_and_say_so() -> None:
    """Otherwise the student of an older Python meets a SyntaxError in place of the install check's sentence."""
    for version in ((3, 9), (3, 10)):
        ast.parse((ASSIGNMENTS / "selfcheck.py").read_text(), feature_version=version)


def test_the_file_needs_numpy_alone_and_holds_no_graded_function() -> None:
    """One file, standard library and NumPy; no function of it bears the name of a graded one."""
    text = (ASSIGNMENTS / "selfcheck.py").read_text()
    imports = {line.split()[1].partition(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imports <= sys.stdlib_module_names | {"numpy"}
    assert not any(f"def {name}(" in text for name in selfcheck._CONTRACTS)


def test_a_notebook_that_uses_run_finds_its_names() -> None:
    """`%run selfcheck.py` puts check into the notebook itself; it looks the functions up there."""
    scope = {**A1, "check": selfcheck.check}
    exec("result = check('predict')", scope)
    assert repr(scope["result"]) == "1"
    with contextlib.suppress(KeyError):
        assert not scope["no_such_name"]
