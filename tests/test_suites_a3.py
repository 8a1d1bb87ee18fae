"""The hidden suite of a3_rnn_cell: what is right keeps every point, what is wrong loses it in the right place."""

from __future__ import annotations

import pytest

from tests.harness import (
    SEEDS,
    Namespace,
    grade,
    lost,
    points,
    reference,
    sentences,
    stub,
    suite_seconds,
    written,
    wrong_arrays,
)

A3 = "a3_rnn_cell"
PARAMETERS = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}
CELL_ARRAYS = {"x", "h_prev", *PARAMETERS}
STEP_ARRAYS = {"x_1", "x_2", "h0", *PARAMETERS}
COLUMN_ARRAYS = {"dxt", "da_prev", "dWax", "dWaa", "dba"}

# One student's functions, in which each mistake below is a piece of text that is changed.
CODE = {
    "rnn_cell_forward": """
        def rnn_cell_forward(x, h_prev, params):
            z = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]
            h = np.tanh(z)
            return h, (x, h_prev, h, params)
        """,
    "rnn_cell_backward": """
        def rnn_cell_backward(grad_h, cache):
            x, h_prev, h, params = cache
            dz = grad_h * (1 - h**2)
            bias = dz.sum(axis=0)
            return {
                "x": dz @ params["weight_ih"], "h_prev": dz @ params["weight_hh"],
                "weight_ih": dz.T @ x, "weight_hh": dz.T @ h_prev, "bias_ih": bias, "bias_hh": bias,
            }
        """,
    "column_cell_forward": """
        def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
            a_next = np.tanh(Wax @ xt + Waa @ a_prev + ba)
            return a_next, softmax((Wya @ a_next + by).T).T
        """,
    "column_cell_backward": """
        def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
            a_next = np.tanh(Wax @ xt + Waa @ a_prev + ba)
            dz = da_next * (1 - a_next**2)
            return {"dxt": Wax.T @ dz, "da_prev": Waa.T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
                    "dba": dz.sum(axis=1, keepdims=True)}
        """,
    "two_step_backward": """
        def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
            second = rnn_cell_backward(grad_h2, cache_2)
            first = rnn_cell_backward(grad_h1 + second["h_prev"], cache_1)
            shared = {n: first[n] + second[n] for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
            return {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"], **shared}
        """,
    "readout_forward": """
        def readout_forward(outputs, params):
            return outputs @ params["weight_ho"].T + params["bias_ho"], (outputs, params)
        """,
    "readout_backward": """
        def readout_backward(grad_logits, cache):
            outputs, params = cache
            g = grad_logits.reshape(-1, grad_logits.shape[-1])
            return {"outputs": grad_logits @ params["weight_ho"], "weight_ho": g.T @ outputs.reshape(-1, outputs.shape[-1]),
                    "bias_ho": g.sum(axis=0)}
        """,
    "sequence_loss": """
        def sequence_loss(logits, target):
            shifted = logits - logits.max(axis=-1, keepdims=True)
            log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
            one_hot = np.eye(logits.shape[-1])[target]
            return -(one_hot * log_p).sum() / target.size, (np.exp(log_p) - one_hot) / target.size
        """,
}


def changed(name: str, old: str, new: str) -> str:
    """The code of one function with one piece of text changed."""
    assert old in CODE[name], f"{name} does not hold {old!r}"
    return CODE[name].replace(old, new)


def submission(*texts: str) -> Namespace:
    """CODE with other code on top."""
    return written(A3, *CODE.values(), *texts)


# ---- all or nothing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_solution_is_right_on_every_course_seed(seed: str) -> None:
    assert lost(A3, reference(A3), seed) == {}
    assert lost(A3, submission(), seed) == {}


def test_the_points_are_those_of_the_course() -> None:
    assert sum(points(A3).values()) == 25


def test_a_stub_earns_nothing() -> None:
    assert lost(A3, stub(A3)) == dict.fromkeys(points(A3), 0.0)


NONSENSE = [
    "None",
    "0.0",
    "float('nan')",
    "'text'",
    "[[1], [2, 3]]",
    "{'x': 1}",
    "np.zeros(10**6)",
    "(1, 2)",
    "(None, None)",
]


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_earns_nothing_and_breaks_nothing(value: str) -> None:
    namespace = written(A3, *(f"def {name}(*args): return {value}" for name in points(A3)))
    assert set(lost(A3, namespace).values()) == {0.0}


ODD = {
    "the first part is None": """
        def odd(value):
            if isinstance(value, tuple):
                return (None, *value[1:])
            return {name: None for name in value} if isinstance(value, dict) else None
        """,
    "another shape": """
        def odd(value):
            if isinstance(value, tuple):
                return (odd(value[0]), *value[1:])
            return {name: odd(part) for name, part in value.items()} if isinstance(value, dict) else np.asarray(value)[None]
        """,
    "no longer numbers": """
        def odd(value):
            if isinstance(value, tuple):
                return (odd(value[0]), *value[1:])
            return {name: odd(part) for name, part in value.items()} if isinstance(value, dict) else np.asarray(value) * np.nan
        """,
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", CODE)
def test_one_odd_function_breaks_nothing(name: str, kind: str) -> None:
    """Everything else is graded, and where it stands on the odd function alone it says so."""
    wrapped = f"right = {name}\ndef {name}(*args):\n    return odd(right(*args))"
    assert name in lost(A3, submission(ODD[kind], wrapped))


def test_zeros_of_the_right_shape_earn_nothing() -> None:
    """Constants agree with differences of a constant forward, and with what is composed of constants: not worth a point."""
    zeros = """
        def rnn_cell_forward(x, h_prev, params): return np.zeros_like(h_prev), (x, h_prev, params)
        def rnn_cell_backward(grad_h, cache):
            x, h_prev, params = cache
            return {n: np.zeros_like(v) for n, v in {"x": x, "h_prev": h_prev, **params}.items()}
        def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
            return np.zeros_like(a_prev), np.full((len(by), a_prev.shape[1]), 1 / len(by))
        def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
            pairs = {"dxt": xt, "da_prev": a_prev, "dWax": Wax, "dWaa": Waa, "dba": ba}
            return {n: np.zeros_like(v) for n, v in pairs.items()}
        def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
            x, h0, params = cache_1
            return {n: np.zeros_like(v) for n, v in {"x_1": x, "x_2": x, "h0": h0, **params}.items()}
        def readout_forward(outputs, params):
            return np.zeros((*outputs.shape[:-1], len(params["bias_ho"]))), (outputs, params)
        def readout_backward(grad_logits, cache):
            return {n: np.zeros_like(v) for n, v in {"outputs": cache[0], **cache[1]}.items()}
        def sequence_loss(logits, target): return 0.0, np.zeros_like(logits)
    """
    assert lost(A3, written(A3, zeros)) == dict.fromkeys(points(A3), 0.0)


# ---- one mistake -----------------------------------------------------------------------------------------------------

WRONG = {
    "cell: no bias_hh": ("rnn_cell_forward", ' + params["bias_hh"]', "", {"h"}),
    "cell: old state forgotten": ("rnn_cell_forward", "h_prev @", "0 * h_prev @", {"h"}),
    "cell: sigmoid": ("rnn_cell_forward", "np.tanh(z)", "1 / (1 + np.exp(-z))", {"h"}),
    "backward: no slope": ("rnn_cell_backward", "(1 - h**2)", "1", CELL_ARRAYS),
    "backward: 1 - h": ("rnn_cell_backward", "h**2", "h", CELL_ARRAYS),
    "backward: tanh twice": ("rnn_cell_backward", "h**2", "np.tanh(h)**2", CELL_ARRAYS),
    "backward: upstream ignored": ("rnn_cell_backward", "grad_h *", "(0 * grad_h + 1) *", CELL_ARRAYS),
    "backward: upstream's mean": ("rnn_cell_backward", "grad_h *", "grad_h.mean() *", CELL_ARRAYS),
    "backward: weight_hh not transposed": (
        "rnn_cell_backward", 'dz @ params["weight_hh"]', 'dz @ params["weight_hh"].T', {"h_prev"}
    ),
    "backward: bias by mean": ("rnn_cell_backward", "dz.sum(axis=0)", "dz.mean(axis=0)", {"bias_ih", "bias_hh"}),
    "backward: bias by total": ("rnn_cell_backward", "dz.sum(axis=0)", "dz.sum() + 0 * dz[0]", {"bias_ih", "bias_hh"}),
    "backward: bias from grad_h": ("rnn_cell_backward", "dz.sum(axis=0)", "grad_h.sum(axis=0)", {"bias_ih", "bias_hh"}),
    "backward: bias as a column": ("rnn_cell_backward", "dz.sum(axis=0)", "dz.sum(axis=0)[:, None]", {"bias_ih", "bias_hh"}),
    "backward: state after for before": ("rnn_cell_backward", "dz.T @ h_prev", "dz.T @ h", {"weight_hh"}),
    "backward: transposed result": ("rnn_cell_backward", "dz.T @ h_prev", "h_prev.T @ dz", {"weight_hh"}),
    "backward: mean over the batch": ("rnn_cell_backward", "dz.T @ x", "dz.T @ x / len(x)", {"weight_ih"}),
    "backward: clipped": ("rnn_cell_backward", "dz = grad_h", "dz = np.clip(grad_h, -0.5, 0.5)", CELL_ARRAYS),
    "backward: no state gradient": ("rnn_cell_backward", 'dz @ params["weight_hh"]', "None", {"h_prev"}),
    "backward: changes the upstream": (
        "rnn_cell_backward", "dz = grad_h * (1 - h**2)", "dz = grad_h\n            dz *= 1 - h**2", set()
    ),
    "columns: softmax over all": (
        "column_cell_forward",
        "softmax((Wya @ a_next + by).T).T",
        "softmax((Wya @ a_next + by).ravel()).reshape(len(by), -1)",
        {"yt_pred"},
    ),
    "columns: softmax over samples": (
        "column_cell_forward", "softmax((Wya @ a_next + by).T).T", "softmax(Wya @ a_next + by)", {"yt_pred"}
    ),
    "columns: no ba": ("column_cell_forward", " + ba)", ")", {"a_next", "yt_pred"}),
    "columns: the article's dba": ("column_cell_backward", "keepdims=True", "keepdims=False", {"dba"}),
    "columns: dba over everything": ("column_cell_backward", "dz.sum(axis=1, keepdims=True)", "dz.sum() + 0 * ba", {"dba"}),
    "columns: no slope": ("column_cell_backward", "(1 - a_next**2)", "1", COLUMN_ARRAYS),
    "columns: the new state for the old": ("column_cell_backward", "dz @ a_prev.T", "dz @ a_next.T", {"dWaa"}),
    "two steps: no carry": ("two_step_backward", ' + second["h_prev"]', "", STEP_ARRAYS - {"x_2"}),
    "two steps: no injected gradient": ("two_step_backward", "grad_h1 + ", "", STEP_ARRAYS - {"x_2"}),
    "two steps: overwritten": ("two_step_backward", "first[n] + second[n]", "first[n]", PARAMETERS),
    "two steps: swapped": (
        "two_step_backward", '"x_1": first["x"], "x_2": second', '"x_2": first["x"], "x_1": second', {"x_1", "x_2"}
    ),
    "two steps: h0 of the second": ("two_step_backward", '"h0": first', '"h0": second', {"h0"}),
    "readout: no bias": ("readout_forward", ' + params["bias_ho"]', "", {"logits"}),
    "readout: three axes alone": (
        "readout_forward", "outputs @", "outputs.reshape(len(outputs), -1, outputs.shape[-1]) @", {"logits"}
    ),
    "readout: bias over steps": ("readout_backward", "g.sum(axis=0)", "grad_logits.sum(axis=0)", {"bias_ho"}),
    "readout: bias by mean": ("readout_backward", "g.sum(axis=0)", "g.mean(axis=0)", {"bias_ho"}),
    "readout: the last step's weight": (
        "readout_backward", "g.T @ outputs.reshape(-1, outputs.shape[-1])", "grad_logits[-1].T @ outputs[-1]", {"weight_ho"}
    ),
    "loss: over steps only": ("sequence_loss", "target.size, (", "len(target), (", {"loss"}),
    "loss: gradient not divided": ("sequence_loss", "one_hot) / target.size", "one_hot)", {"grad_logits"}),
    "loss: one-hot not subtracted": ("sequence_loss", "(np.exp(log_p) - one_hot)", "np.exp(log_p)", {"grad_logits"}),
    "loss: sign": ("sequence_loss", "(np.exp(log_p) - one_hot)", "(one_hot - np.exp(log_p))", {"grad_logits"}),
    "loss: softmax's own slope": (
        "sequence_loss", "(np.exp(log_p) - one_hot)", "(np.exp(log_p) - one_hot) * np.exp(log_p)", {"grad_logits"}
    ),
    "loss: overflows": ("sequence_loss", "logits - logits.max(axis=-1, keepdims=True)", "logits", {"loss", "grad_logits"}),
    "loss: overflows, then mends it": (
        "sequence_loss", "one_hot = np", "naive = np.exp(logits)\n            one_hot = np", set()
    ),
    "loss: shifted by one maximum": (
        "sequence_loss", "logits.max(axis=-1, keepdims=True)", "logits.max()", {"loss", "grad_logits"}
    ),
    "loss: changes the logits": ("sequence_loss", "shifted = logits -", "shifted = logits\n            shifted -=", set()),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_loses_points_in_its_own_arrays(mistake: str) -> None:
    name, old, new, arrays = WRONG[mistake]
    results = grade(A3, submission(changed(name, old, new)), only=name)
    assert wrong_arrays(results[name]) == arrays
    assert results[name].points < results[name].max_points
    if arrays in (CELL_ARRAYS, COLUMN_ARRAYS, {"h"}):
        assert results[name].points == 0


@pytest.mark.parametrize("mistake", [m for m in WRONG if WRONG[m][0] not in ("rnn_cell_forward", "rnn_cell_backward")])
def test_a_mistake_costs_nothing_elsewhere(mistake: str) -> None:
    name, old, new, _ = WRONG[mistake]
    below = {"column_cell_forward": set(), "readout_forward": {"readout_backward"}}.get(name, set())
    assert set(lost(A3, submission(changed(name, old, new)))) <= {name, *below}


@pytest.mark.parametrize(
    "mistake", ["columns: no slope", "backward: no slope", "backward: no state gradient", "loss: sign"]
)
def test_a_mistake_is_found_on_every_course_seed(mistake: str) -> None:
    name, old, new, arrays = WRONG[mistake]
    for seed in SEEDS:
        assert wrong_arrays(grade(A3, submission(changed(name, old, new)), seed, name)[name]) == arrays


LISTS_NEVER_CLEARED = """
    class Stacks:
        grads = []

    def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
        a_next = np.tanh(Wax @ xt + Waa @ a_prev + ba)
        dz = da_next * (1 - a_next**2)
        Stacks.grads.append({"dxt": Wax.T @ dz, "da_prev": Waa.T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
                "dba": dz.sum(axis=1, keepdims=True)})
        same = [g for g in Stacks.grads if g["dxt"].shape == xt.shape and g["dWax"].shape == Wax.shape]
        return {name: sum(g[name] for g in same) for name in same[0]}
"""
GLOBAL_CACHE = """
    def rnn_cell_forward(x, h_prev, params):
        global kept
        h = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"])
        kept = x, h_prev, h, params
        return h, None

    def rnn_cell_backward(grad_h, cache):
        x, h_prev, h, params = kept
        dz = grad_h * (1 - h**2)
        bias = dz.sum(axis=0)
        return {"x": dz @ params["weight_ih"], "h_prev": dz @ params["weight_hh"],
                "weight_ih": dz.T @ x, "weight_hh": dz.T @ h_prev, "bias_ih": bias, "bias_hh": bias}
"""
NUMERICAL = """
    def numerical(f, arrays):
        grads = {}
        for name, array in arrays.items():
            array = array.copy()
            grads[name] = np.zeros_like(array)
            for i in np.ndindex(array.shape):
                centre = array[i]
                values = []
                for eps in (1e-6, -1e-6):
                    array[i] = centre + eps
                    values.append(f({**arrays, name: array}))
                array[i] = centre
                grads[name][i] = (values[0] - values[1]) / 2e-6
        return grads

    def rnn_cell_backward(grad_h, cache):
        x, h_prev, _, params = cache
        f = lambda a: float((rnn_cell_forward(a["x"], a["h_prev"], a)[0] * grad_h).sum())
        return numerical(f, {"x": x, "h_prev": h_prev, **params})
"""


def test_a_cache_that_is_used_up_loses_the_second_call_alone() -> None:
    used_up = changed("rnn_cell_backward", "bias = ", "h *= 0.5\n            bias = ")
    results = grade(A3, submission(used_up), only="rnn_cell_backward")
    assert 4 < results["rnn_cell_backward"].points < 6
    assert "The second call returned different numbers" in sentences(results["rnn_cell_backward"])


def test_lists_that_are_never_cleared_lose_the_second_call_alone() -> None:
    results = grade(A3, submission(LISTS_NEVER_CLEARED), only="column_cell_backward")
    assert results["column_cell_backward"].points < 3
    assert "The second call returned different numbers" in sentences(results["column_cell_backward"])


def test_a_global_in_place_of_the_cache_is_found() -> None:
    shares = lost(A3, submission(GLOBAL_CACHE))
    assert 0.5 < shares["rnn_cell_backward"] < 1
    assert "two_step_backward" in shares


def test_differences_in_place_of_a_gradient_lose_the_share_for_cost_once() -> None:
    assert lost(A3, submission(NUMERICAL)) == {"rnn_cell_backward": 0.875}


# ---- right in other ways ---------------------------------------------------------------------------------------------

RIGHT = {
    "loops": """
        def rnn_cell_forward(x, h_prev, params):
            N, H = h_prev.shape
            h = [[0.0] * H for _ in range(N)]
            for n in range(N):
                for j in range(H):
                    z = params["bias_ih"][j] + params["bias_hh"][j]
                    for i in range(x.shape[1]):
                        z += params["weight_ih"][j, i] * x[n, i]
                    for k in range(H):
                        z += params["weight_hh"][j, k] * h_prev[n, k]
                    h[n][j] = np.tanh(z)
            return h, {"x": x, "h_prev": h_prev, "h": h, "params": params}

        def rnn_cell_backward(grad_h, cache):
            x, h_prev, h, params = cache["x"], cache["h_prev"], cache["h"], cache["params"]
            grads = {n: np.zeros(v.shape) for n, v in {"x": x, "h_prev": h_prev, **params}.items()}
            for n in range(len(h)):
                for j in range(len(h[n])):
                    dz = grad_h[n, j] * (1 - h[n][j] ** 2)
                    grads["bias_ih"][j] += dz
                    grads["bias_hh"][j] += dz
                    for i in range(x.shape[1]):
                        grads["weight_ih"][j, i] += dz * x[n, i]
                        grads["x"][n, i] += dz * params["weight_ih"][j, i]
                    for k in range(h_prev.shape[1]):
                        grads["weight_hh"][j, k] += dz * h_prev[n, k]
                        grads["h_prev"][n, k] += dz * params["weight_hh"][j, k]
            return grads

        def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
            second = rnn_cell_backward(grad_h2, cache_2)
            first = rnn_cell_backward(grad_h1 + np.asarray(second["h_prev"]), cache_1)
            shared = {n: (first[n] + second[n]).tolist() for n in cache_1["params"]}
            return {"x_1": first["x"].tolist(), "x_2": second["x"], "h0": first["h_prev"], **shared}

        def sequence_loss(logits, target):
            T, N, C = logits.shape
            loss, grad = 0.0, np.zeros((T, N, C)).tolist()
            for t in range(T):
                for n in range(N):
                    row = logits[t, n]
                    top = max(row)
                    total = sum(np.exp(v - top) for v in row)
                    loss -= (row[target[t, n]] - top - np.log(total)) / (T * N)
                    for c in range(C):
                        grad[t][n][c] = (np.exp(row[c] - top) / total - (c == target[t, n])) / (T * N)
            return [loss, grad]
        """,
    "einsum and a class for a cache": """
        class Cell:
            def __init__(self, x, h_prev, params):
                self.x, self.h_prev, self.params = x, h_prev, dict(params)
                z = np.einsum("ni,hi->nh", x, params["weight_ih"]) + np.einsum("nk,hk->nh", h_prev, params["weight_hh"])
                self.h = np.tanh(z + params["bias_ih"] + params["bias_hh"])

            def back(self, grad_h):
                self.dz = np.einsum("nh,nh->nh", grad_h, 1 - np.square(self.h))
                bias = np.einsum("nh->h", self.dz)
                return {"x": np.einsum("nh,hi->ni", self.dz, self.params["weight_ih"]),
                        "h_prev": np.einsum("nh,hk->nk", self.dz, self.params["weight_hh"]),
                        "weight_ih": np.einsum("nh,ni->hi", self.dz, self.x),
                        "weight_hh": np.einsum("nh,nk->hk", self.dz, self.h_prev), "bias_ih": bias, "bias_hh": bias}

        def rnn_cell_forward(x, h_prev, params):
            cell = Cell(x, h_prev, params)
            return cell.h, cell

        def rnn_cell_backward(grad_h, cache): return cache.back(grad_h)

        def readout_forward(outputs, params):
            return np.einsum("...h,ch->...c", outputs, params["weight_ho"]) + params["bias_ho"], lambda: (outputs, params)

        def readout_backward(grad_logits, cache):
            outputs, params = cache()
            axes = tuple(range(outputs.ndim - 1))
            return {"outputs": np.einsum("...c,ch->...h", grad_logits, params["weight_ho"]),
                    "weight_ho": np.tensordot(grad_logits, outputs, (axes, axes)), "bias_ho": grad_logits.sum(axis=axes)}
        """,
    "closures, and gradients under a key of their own": """
        def rnn_cell_forward(x, h_prev, params):
            h = np.tanh(np.hstack([x, h_prev]) @ np.hstack([params["weight_ih"], params["weight_hh"]]).T
                        + (params["bias_ih"] + params["bias_hh"]))
            def back(grad_h):
                dz = grad_h * (1 - h) * (1 + h)
                both = dz.T @ np.hstack([x, h_prev])
                inputs = dz @ np.hstack([params["weight_ih"], params["weight_hh"]])
                cut = x.shape[1]
                return {"x": inputs[:, :cut], "h_prev": inputs[:, cut:], "weight_ih": both[:, :cut], "weight_hh": both[:, cut:],
                        "bias_ih": np.ones(len(dz)) @ dz, "bias_hh": np.ones(len(dz)) @ dz, "z": dz, "comment": "mine"}
            return h, back

        rnn_cell_backward = lambda grad_h, cache: cache(grad_h)

        def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
            p = {"weight_ih": Wax, "weight_hh": Waa, "bias_ih": ba.ravel(), "bias_hh": 0 * ba.ravel()}
            a_next, _ = rnn_cell_forward(xt.T, a_prev.T, p)
            e = np.exp(Wya @ a_next.T + by)
            return a_next.T, e / e.sum(axis=0)

        def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
            p = {"weight_ih": Wax, "weight_hh": Waa, "bias_ih": ba.ravel(), "bias_hh": 0 * ba.ravel()}
            g = rnn_cell_backward(da_next.T, rnn_cell_forward(xt.T, a_prev.T, p)[1])
            return dict(dxt=g["x"].T, da_prev=g["h_prev"].T, dWax=g["weight_ih"], dWaa=g["weight_hh"], dba=g["bias_hh"][:, None])
        """,
    "float32": """
        def rnn_cell_forward(x, h_prev, params):
            x, h_prev = np.float32(x), np.float32(h_prev)
            params = {n: v.astype(np.float32) for n, v in params.items()}
            h = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"])
            return h, (x, h_prev, h, params)

        def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
            a_next = np.tanh(Wax @ xt + Waa @ a_prev + ba)
            return a_next.astype("f4"), softmax((Wya @ a_next + by).T).T.astype("f4")

        def readout_forward(outputs, params):
            outputs = outputs.astype(np.float32)
            params = {n: v.astype(np.float32) for n, v in params.items()}
            return outputs @ params["weight_ho"].T + params["bias_ho"], (outputs, params)

        whole = sequence_loss
        def sequence_loss(logits, target):
            loss, grad = whole(logits.astype(np.float32), target)
            return np.float32(loss), np.float32(grad)
        """,
    "Fortran order, read-only, subclasses": """
        import collections, types
        cell, back, loss = rnn_cell_forward, rnn_cell_backward, sequence_loss

        def frozen(array):
            array = np.asfortranarray(array)
            array.flags.writeable = False
            return array

        class Grads(dict):
            "A dict of one's own."

        def rnn_cell_forward(x, h_prev, params):
            h, cache = cell(x, h_prev, params)
            return (frozen(h), cache)

        def rnn_cell_backward(grad_h, cache):
            return Grads({n: frozen(g) for n, g in back(grad_h, cache).items()})

        def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
            a_next = np.tanh(Wax @ xt + Waa @ a_prev + ba)
            dz = da_next * (1 - a_next**2)
            return types.MappingProxyType({"dxt": Wax.T @ dz, "da_prev": Waa.T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
                                           "dba": dz.sum(axis=1, keepdims=True)})

        def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
            second = rnn_cell_backward(grad_h2, cache_2)
            first = rnn_cell_backward(grad_h1 + second["h_prev"], cache_1)
            grads = collections.OrderedDict(first, x_1=first["x"], x_2=second["x"], h0=first["h_prev"])
            grads.update({n: first[n] + second[n] for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")})
            return grads

        def sequence_loss(logits, target):
            value, grad = loss(np.asfortranarray(logits), target)
            return np.array(value), frozen(grad)
        """,
    "objects that are called": """
        class Forward:
            def __call__(self, x, h_prev, params):
                z = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]
                return np.tanh(z), {"x": x, "h_prev": h_prev, "z": z, "params": params}

        class Backward:
            calls = 0
            def __call__(self, grad_h, cache):
                Backward.calls += 1
                cache["dz"] = dz = grad_h / np.cosh(cache["z"]) ** 2  # a cache is the student's business
                print("called", Backward.calls)
                bias = dz.sum(0)
                return {"x": dz @ cache["params"]["weight_ih"], "h_prev": dz @ cache["params"]["weight_hh"],
                        "weight_ih": dz.T @ cache["x"], "weight_hh": dz.T @ cache["h_prev"], "bias_ih": bias, "bias_hh": bias}

        rnn_cell_forward, rnn_cell_backward = Forward(), Backward()
        """,
    "logaddexp, and an overflow silenced": """
        def sequence_loss(logits, target):
            with np.errstate(all="ignore"):
                np.exp(logits * 10)
                log_p = logits - np.logaddexp.reduce(logits, axis=-1)[..., None]
                p = np.exp(log_p)
            picked = np.take_along_axis(log_p, target[..., None], -1)
            np.put_along_axis(p, target[..., None], np.take_along_axis(p, target[..., None], -1) - 1, -1)
            return -picked.mean(), p / target.size
        """,
    "two steps without the cell's backward": """
        def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
            (x1, h0, h1, p), (x2, _, h2, _) = cache_1, cache_2
            dz2 = grad_h2 * (1 - h2**2)
            dz1 = (grad_h1 + dz2 @ p["weight_hh"]) * (1 - h1**2)
            bias = (dz1 + dz2).sum(axis=0)
            return {"x_1": dz1 @ p["weight_ih"], "x_2": dz2 @ p["weight_ih"], "h0": dz1 @ p["weight_hh"],
                    "weight_ih": dz1.T @ x1 + dz2.T @ x2, "weight_hh": dz1.T @ h0 + dz2.T @ h1, "bias_ih": bias, "bias_hh": bias}
        """,
}


@pytest.mark.parametrize("style", RIGHT)
def test_other_right_ways_keep_every_point(style: str) -> None:
    assert lost(A3, submission(RIGHT[style])) == {}


def test_float32_is_right_and_told_so() -> None:
    results = grade(A3, submission(RIGHT["float32"]), only=("rnn_cell_forward", "sequence_loss"))
    assert all("float32" in sentences(result) for result in results.values())


# ---- a mistake costs its points once ---------------------------------------------------------------------------------

COMPOSED_COLUMNS = (
    RIGHT["closures, and gradients under a key of their own"]
    .split("rnn_cell_backward = lambda")[1]
    .split("cache(grad_h)\n")[1]
)


@pytest.mark.parametrize(
    "old_new", [("(1 - h**2)", "1"), ("dz.sum(axis=0)", "dz.mean(axis=0)"), ("dz.T @ h_prev", "dz.T @ h")]
)
def test_a_wrong_cell_backward_is_charged_once(old_new: tuple[str, str]) -> None:
    wrong = changed("rnn_cell_backward", *old_new)
    assert set(lost(A3, submission(wrong))) == {"rnn_cell_backward"}
    assert set(lost(A3, submission(wrong, COMPOSED_COLUMNS))) == {"rnn_cell_backward"}


def test_a_wrong_cell_leaves_its_backward_half_and_what_is_composed_whole() -> None:
    """The forward scales the old state, its backward knows that: right for this forward, and so half is earned."""
    forward = changed("rnn_cell_forward", "h_prev @ params", "0.5 * h_prev @ params")
    backward = changed("rnn_cell_backward", 'dz @ params["weight_hh"]', '0.5 * dz @ params["weight_hh"]').replace(
        "dz.T @ h_prev", "0.5 * dz.T @ h_prev"
    )
    expected = {"rnn_cell_forward": 0.0, "rnn_cell_backward": pytest.approx(0.5, abs=0.1)}
    assert lost(A3, submission(forward, backward)) == expected
    assert lost(A3, submission(forward, backward, COMPOSED_COLUMNS)) == expected
    results = grade(A3, submission(forward, backward, COMPOSED_COLUMNS))
    assert "differences of your own rnn_cell_forward" in sentences(results["rnn_cell_backward"])
    assert "you lose nothing here" in sentences(results["column_cell_backward"])


def test_a_column_backward_under_a_wrong_column_forward_earns_half() -> None:
    texts = [changed(name, " + ba)", " + 2 * ba)") for name in ("column_cell_forward", "column_cell_backward")]
    right_for_it = texts[1].replace("dz.sum(axis=1", "2 * dz.sum(axis=1")
    shares = lost(A3, submission(texts[0], right_for_it))
    assert shares == {"column_cell_forward": 0.0, "column_cell_backward": pytest.approx(0.5, abs=0.1)}


def test_a_loss_that_is_no_mean_leaves_half_of_its_gradient() -> None:
    sums = changed("sequence_loss", " / target.size", "")
    results = grade(A3, submission(sums), only="sequence_loss")
    assert 0 < results["sequence_loss"].points < 2
    assert wrong_arrays(results["sequence_loss"]) == {"loss", "grad_logits"}


def test_constant_lower_functions_carry_nothing() -> None:
    constant = """
        def rnn_cell_backward(grad_h, cache):
            x, h_prev, h, params = cache
            return {n: np.ones_like(v) for n, v in {"x": x, "h_prev": h_prev, **params}.items()}
    """
    shares = lost(A3, submission(constant, COMPOSED_COLUMNS))
    assert shares == {"rnn_cell_backward": 0.0, "column_cell_backward": 0.0, "two_step_backward": 0.0}


def test_a_dropped_carry_does_not_hide_behind_a_gradient_that_is_zero() -> None:
    """With a constant h_prev, composing gives what a dropped carry gives: no ground to stand on."""
    no_carry = changed("two_step_backward", ' + second["h_prev"]', "")
    zero = changed("rnn_cell_backward", 'dz @ params["weight_hh"]', "0 * h_prev")
    shares = lost(A3, submission(zero, no_carry))
    assert shares["two_step_backward"] < 0.5


def test_a_stub_below_is_named() -> None:
    namespace = submission("def rnn_cell_backward(grad_h, cache):\n    raise NotImplementedError()", COMPOSED_COLUMNS)
    results = grade(A3, namespace)
    assert results["two_step_backward"].blocked_by == "rnn_cell_backward"
    assert results["column_cell_backward"].blocked_by == "rnn_cell_backward"
    assert results["two_step_backward"].points == results["column_cell_backward"].points == 0
    assert lost(
        A3,
        submission(
            "def rnn_cell_backward(grad_h, cache):\n    raise NotImplementedError()",
            RIGHT["two steps without the cell's backward"],
        ),
    ) == {"rnn_cell_backward": 0.0}


def test_the_suite_itself_is_quick() -> None:
    namespace = reference(A3)
    suite_seconds(A3, namespace)
    assert min(suite_seconds(A3, namespace) for _ in range(5)) < 0.01
