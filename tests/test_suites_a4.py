"""The hidden suite of a4_bptt: what is right keeps every point, what is wrong loses it in the right place."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.assignments.a4_bptt.problems import draw_adder, draw_clip, draw_first_xor_last, draw_sequence
from autograder.assignments.a4_bptt.trainings import adder_training, first_xor_last_training
from autograder.assignments.sequences import draw_rnn
from autograder.checks.draw import Draw
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

A4 = "a4_bptt"
PARAMETERS = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}
BIASES = {"bias_ih", "bias_hh"}
ALL = {"x", "h0", *PARAMETERS}
SIX = {*PARAMETERS, "weight_ho", "bias_ho"}

# One student's functions, in which each mistake below is a piece of text that is changed.
CODE = {
    "rnn_forward": """
        def rnn_forward(x, h0, params):
            h, states = h0, []
            for x_t in x:
                z = x_t @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
                h = np.tanh(z)
                states.append(h)
            outputs = np.stack(states)
            before = np.concatenate([h0[None], outputs[:-1]])
            return outputs.copy(), (x, before, outputs, params)
        """,
    "credit_matrix": """
        def credit_matrix(grad_outputs, cache):
            x, before, outputs, params = cache
            credit = np.zeros((len(x), len(x)))
            for t in range(len(x)):
                share = grad_outputs[t]
                for k in range(t, -1, -1):
                    credit[t, k] = np.sqrt((share**2).sum())
                    share = (share * (1 - outputs[k] ** 2)) @ params["weight_hh"]
            return credit
        """,
    "rnn_backward": """
        def rnn_backward(grad_outputs, cache):
            x, before, outputs, params = cache
            grads = {n: np.zeros_like(v) for n, v in params.items() if n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
            grads["x"] = np.zeros_like(x)
            carry = np.zeros_like(before[0])
            for t in reversed(range(len(x))):
                dz = (grad_outputs[t] + carry) * (1 - outputs[t] ** 2)
                grads["x"][t] = dz @ params["weight_ih"]
                grads["weight_ih"] += dz.T @ x[t]
                grads["weight_hh"] += dz.T @ before[t]
                grads["bias_ih"] += dz.sum(axis=0)
                grads["bias_hh"] += dz.sum(axis=0)
                carry = dz @ params["weight_hh"]
            grads["h0"] = carry
            return grads
        """,
    "rnn_backward_truncated": """
        def rnn_backward_truncated(grad_outputs, cache, k):
            x, before, outputs, params = cache
            grads = {n: np.zeros_like(v) for n, v in params.items() if n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
            grads.update(x=np.zeros_like(x), h0=np.zeros_like(before[0]))
            for s in range(len(x)):
                dh = grad_outputs[s]
                for t in range(s, max(s - k, 0) - 1, -1):
                    dz = dh * (1 - outputs[t] ** 2)
                    grads["x"][t] += dz @ params["weight_ih"]
                    grads["weight_ih"] += dz.T @ x[t]
                    grads["weight_hh"] += dz.T @ before[t]
                    grads["bias_ih"] += dz.sum(axis=0)
                    grads["bias_hh"] += dz.sum(axis=0)
                    dh = dz @ params["weight_hh"]
                if s + 1 <= k:
                    grads["h0"] += dh
            return grads
        """,
    "state_gradient_norms": """
        def state_gradient_norms(grad_last, cache):
            x, before, outputs, params = cache
            grad, norms = grad_last, [np.linalg.norm(grad_last)]
            for h in outputs[::-1]:
                grad = (grad * (1 - h**2)) @ params["weight_hh"]
                norms.append(np.linalg.norm(grad))
            return norms[::-1]
        """,
    "clip_grad_norm": """
        def clip_grad_norm(grads, max_norm):
            total = np.sqrt(sum((g**2).sum() for g in grads.values()))
            if total > max_norm:
                grads = {n: g * (max_norm / total) for n, g in grads.items()}
            return grads, total
        """,
    "residual_rnn_forward": """
        def residual_rnn_forward(x, h0, params):
            h, states, steps = h0, [], []
            for x_t in x:
                z = x_t @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
                steps.append(np.tanh(z))
                h = h + steps[-1]
                states.append(h)
            outputs = np.stack(states)
            return outputs, (x, np.concatenate([h0[None], outputs[:-1]]), np.stack(steps), params)
        """,
    "residual_rnn_backward": """
        def residual_rnn_backward(grad_outputs, cache):
            x, before, steps, params = cache
            dz = np.zeros_like(steps)
            carry = np.zeros_like(before[0])
            for t in reversed(range(len(x))):
                dh = grad_outputs[t] + carry
                dz[t] = dh * (1 - steps[t] ** 2)
                carry = dh + dz[t] @ params["weight_hh"]
            bias = dz.sum(axis=(0, 1))
            return {"x": dz @ params["weight_ih"], "h0": carry, "weight_ih": np.einsum("tnh,tni->hi", dz, x),
                    "weight_hh": np.einsum("tnh,tnk->hk", dz, before), "bias_ih": bias, "bias_hh": bias}
        """,
    "loss_and_gradients": """
        def loss_and_gradients(x, h0, target, params):
            outputs, cache = rnn_forward(x, h0, params)
            logits, readout_cache = readout_forward(outputs, params)
            loss, grad_logits = sequence_loss(logits, target)
            readout = readout_backward(grad_logits, readout_cache)
            rnn = rnn_backward(readout["outputs"], cache)
            return loss, {n: readout[n] if n in readout else rnn[n] for n in params}
        """,
    "train_adder": """
        def train_adder(batches, params, lr):
            losses = []
            for x, target in batches:
                loss, grads = loss_and_gradients(x, np.zeros((x.shape[1], len(params["bias_ih"]))), target, params)
                params = {n: p - lr * grads[n] for n, p in params.items()}
                losses.append(loss)
            return params, losses
        """,
    "train_first_xor_last": """
        def train_first_xor_last(batches, params, lr, max_norm):
            losses = []
            for x, target in batches:
                outputs, cache = rnn_forward(x, np.zeros((x.shape[1], len(params["bias_ih"]))), params)
                logits, readout_cache = readout_forward(outputs[-1][None], params)
                loss, grad_logits = sequence_loss(logits, target[None])
                readout = readout_backward(grad_logits, readout_cache)
                grad_outputs = np.zeros_like(outputs)
                grad_outputs[-1] = readout["outputs"][0]
                rnn = rnn_backward(grad_outputs, cache)
                grads, _ = clip_grad_norm({n: readout[n] if n in readout else rnn[n] for n in params}, max_norm)
                params = {n: p - lr * grads[n] for n, p in params.items()}
                losses.append(loss)
            return params, losses
        """,
}


def changed(name: str, old: str, new: str) -> str:
    """The code of one function with one piece of text changed."""
    assert old in CODE[name], f"{name} does not hold {old!r}"
    return CODE[name].replace(old, new)


def submission(*texts: str) -> Namespace:
    """CODE with other code on top."""
    return written(A4, *CODE.values(), *texts)


# ---- all or nothing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_solution_is_right_on_every_course_seed(seed: str) -> None:
    assert lost(A4, reference(A4), seed) == {}
    assert lost(A4, submission(), seed) == {}


def test_the_points_are_those_of_the_course() -> None:
    assert sum(points(A4).values()) == 31


def test_a_stub_earns_nothing() -> None:
    assert lost(A4, stub(A4)) == dict.fromkeys(points(A4), 0.0)


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
    namespace = written(A4, *(f"def {name}(*args): return {value}" for name in points(A4)))
    assert set(lost(A4, namespace).values()) == {0.0}


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
    assert name in lost(A4, submission(ODD[kind], wrapped))


def test_zeros_of_the_right_shape_earn_nothing() -> None:
    """Constants agree with differences of a constant forward, and with what is composed of constants: not worth a point."""
    zeros = """
        def rnn_forward(x, h0, params): return np.zeros((len(x), *h0.shape)), (x, h0, params)
        residual_rnn_forward = rnn_forward
        def rnn_backward(grad_outputs, cache):
            x, h0, params = cache
            return {n: np.zeros_like(v) for n, v in {"x": x, "h0": h0, **params}.items()}
        residual_rnn_backward = rnn_backward
        def rnn_backward_truncated(grad_outputs, cache, k): return rnn_backward(grad_outputs, cache)
        def credit_matrix(grad_outputs, cache): return np.zeros((len(cache[0]),) * 2)
        def state_gradient_norms(grad_last, cache): return np.zeros(len(cache[0]) + 1)
        def clip_grad_norm(grads, max_norm): return {n: 0 * g for n, g in grads.items()}, 0.0
        def loss_and_gradients(x, h0, target, params): return 0.0, {n: 0 * p for n, p in params.items()}
        def train_adder(batches, params, lr): return params, np.zeros(len(batches))
        def train_first_xor_last(batches, params, lr, max_norm): return params, np.zeros(len(batches))
        def name_the_mistake(): return dict.fromkeys("ABCDEF", "")
    """
    assert lost(A4, written(A4, zeros)) == dict.fromkeys(points(A4), 0.0)


# ---- one mistake -----------------------------------------------------------------------------------------------------

WRONG = {
    "forward: no bias_hh": ("rnn_forward", ' + params["bias_hh"]', "", {"outputs"}),
    "forward: starts at zero": ("rnn_forward", "h, states = h0, []", "h, states = 0 * h0, []", {"outputs"}),
    "forward: one state late": ("rnn_forward", "return outputs.copy()", "return before.copy()", {"outputs"}),
    "forward: the last state alone": ("rnn_forward", "return outputs.copy()", "return outputs[-1]", {"outputs"}),
    "credit: summed over t": ("credit_matrix", "return credit", "return credit.cumsum(axis=0)", {"credit_matrix"}),
    "credit: transposed": ("credit_matrix", "return credit", "return credit.T", {"credit_matrix"}),
    "credit: squared": ("credit_matrix", "np.sqrt((share**2).sum())", "(share**2).sum()", {"credit_matrix"}),
    "credit: no slope": ("credit_matrix", "(1 - outputs[k] ** 2)", "1", {"credit_matrix"}),
    "credit: the neighbour's slope": ("credit_matrix", "outputs[k]", "before[k]", {"credit_matrix"}),
    "credit: changes the upstream": (
        "credit_matrix",
        "share = (share * (1 - outputs[k] ** 2))",
        "share *= 1 - outputs[k] ** 2\n                    share = share",
        set(),
    ),
    "backward: no carry": ("rnn_backward", "grad_outputs[t] + carry", "grad_outputs[t]", ALL),
    "backward: carry transposed": ("rnn_backward", 'dz @ params["weight_hh"]', 'dz @ params["weight_hh"].T', ALL),
    "backward: no slope": ("rnn_backward", "(1 - outputs[t] ** 2)", "1", ALL),
    "backward: the neighbour's slope": ("rnn_backward", "outputs[t] ** 2", "before[t] ** 2", ALL),
    "backward: last step's upstream": (
        "rnn_backward", "grad_outputs[t] + carry", "(grad_outputs[t] if t == len(x) - 1 else 0) + carry", ALL
    ),
    "backward: overwritten": ("rnn_backward", "] += ", "] = ", PARAMETERS),
    "backward: skips the first step": ("rnn_backward", "reversed(range(len(x)))", "range(len(x) - 1, 0, -1)", ALL),
    "backward: state after for before": ("rnn_backward", "dz.T @ before[t]", "dz.T @ outputs[t]", {"weight_hh"}),
    "backward: h0 zeroed": ("rnn_backward", "dz.T @ before[t]", "dz.T @ (before[t] * (t > 0))", {"weight_hh"}),
    "backward: x off by one": ("rnn_backward", "dz.T @ x[t]", "dz.T @ x[t - 1]", {"weight_ih"}),
    "backward: no h0": ("rnn_backward", 'grads["h0"] = carry', 'grads["h0"] = 0 * carry', {"h0"}),
    "backward: bias by mean": ("rnn_backward", "dz.sum(axis=0)", "dz.mean(axis=0)", BIASES),
    "backward: carry piles up": ("rnn_backward", "carry = dz", "carry = carry + dz", ALL),
    "backward: transposed result": ("rnn_backward", "dz.T @ before[t]", "before[t].T @ dz", {"weight_hh"}),
    "backward: clipped": (
        "rnn_backward", "return grads", "return {n: np.clip(g, -1, 1) for n, g in grads.items()}", None
    ),
    "truncated: one early": ("rnn_backward_truncated", "max(s - k, 0) - 1", "max(s - k + 1, 0) - 1", ALL - {"h0"}),
    "truncated: one late": ("rnn_backward_truncated", "max(s - k, 0) - 1", "max(s - k - 1, 0) - 1", ALL - {"h0"}),
    "truncated: h0 one late": ("rnn_backward_truncated", "s + 1 <= k", "s <= k and s - k <= 0", {"h0"}),
    "truncated: h0 never": ("rnn_backward_truncated", "s + 1 <= k", "False", {"h0"}),
    "truncated: weight_hh of crossed connections alone": (
        "rnn_backward_truncated", "dz.T @ before[t]", "dz.T @ before[t] * (t > s - k)", {"weight_hh"}
    ),
    "truncated: chunks": ("rnn_backward_truncated", "max(s - k, 0) - 1", "s - s % (k + 1) - 1", ALL - {"h0"}),
    "truncated: not at all": ("rnn_backward_truncated", "max(s - k, 0) - 1", "-1", ALL - {"h0"}),
    "norms: other way round": ("state_gradient_norms", "norms[::-1]", "norms", {"norms"}),
    "norms: no h0": ("state_gradient_norms", "norms[::-1]", "norms[-2::-1]", {"norms"}),
    "norms: a mean over samples": (
        "state_gradient_norms", "return norms[::-1]", "return np.array(norms)[::-1] / len(grad) ** 0.5", {"norms"}
    ),
    "norms: no slope": ("state_gradient_norms", "(grad * (1 - h**2))", "grad", {"norms"}),
    "norms: largest entry": ("state_gradient_norms", "np.linalg.norm(", "np.max(", {"norms"}),
    "clip: an array at a time": (
        "clip_grad_norm", "g * (max_norm / total)", "g * min(1, max_norm / np.sqrt((g**2).sum()))", None
    ),
    "clip: small norms too": ("clip_grad_norm", "if total > max_norm:", "if True:", None),
    "clip: entries": ("clip_grad_norm", "g * (max_norm / total)", "np.clip(g, -max_norm, max_norm)", None),
    "clip: the norm after": ("clip_grad_norm", "return grads, total", "return grads, min(total, max_norm)", {"total_norm"}),
    "clip: squared norm": ("clip_grad_norm", "return grads, total", "return grads, total**2", {"total_norm"}),
    "clip: in place": (
        "clip_grad_norm",
        "grads = {n: g * (max_norm / total) for n, g in grads.items()}",
        "for g in grads.values(): g *= max_norm / total",
        None,
    ),
    "residual forward: no identity": ("residual_rnn_forward", "h = h + steps[-1]", "h = steps[-1]", {"outputs"}),
    "residual: identity forgotten": ("residual_rnn_backward", "carry = dh + ", "carry = ", ALL),
    "residual: identity of the slope": ("residual_rnn_backward", "carry = dh + ", "carry = dz[t] + ", ALL),
    "residual: slope of the state": (
        "residual_rnn_backward", "(1 - steps[t] ** 2)", "(1 - (before[t] + steps[t]) ** 2)", ALL
    ),
    "residual: no carry": ("residual_rnn_backward", "grad_outputs[t] + carry", "grad_outputs[t]", ALL),
    "all: summed loss": ("loss_and_gradients", "return loss,", "return loss * target.size,", {"loss"}),
    "all: divided twice": ("loss_and_gradients", "rnn_backward(readout", "rnn_backward(1 / target.size * readout", PARAMETERS),
    "all: the last step's readout": (
        "loss_and_gradients",
        'readout["outputs"], cache',
        'readout["outputs"] * (np.arange(len(x)) == len(x) - 1)[:, None, None], cache',
        PARAMETERS,
    ),
    "all: h0 zeroed": ("loss_and_gradients", "rnn_forward(x, h0", "rnn_forward(x, 0 * h0", {"loss", *SIX}),
    "adder: losses after": (
        "train_adder",
        "losses.append(loss)",
        'losses.append(loss_and_gradients(x, np.zeros((x.shape[1], len(params["bias_ih"]))), target, params)[0])',
        {"losses"},
    ),
    "adder: adds": ("train_adder", "p - lr", "p + lr", {*SIX, "losses"}),
    "adder: forgets the readout": ("train_adder", "lr * grads[n]", 'lr * grads[n] * ("ho" not in n)', {*SIX, "losses"}),
    "adder: no updates": ("train_adder", "p - lr * grads[n]", "p", {*SIX, "losses"}),
    "adder: in place": (
        "train_adder",
        "params = {n: p - lr * grads[n] for n, p in params.items()}",
        "for n in params: params[n] -= lr * grads[n]",
        None,
    ),
    "xor: not clipped": ("train_first_xor_last", "}, max_norm)", "}, 1e9)", {*SIX, "losses"}),
    "xor: loss of every step": ("train_first_xor_last", "grad_outputs[-1] =", "grad_outputs[:] =", None),
    "xor: readout left out of the norm": (
        "train_first_xor_last",
        "clip_grad_norm({n: readout[n] if n in readout else rnn[n] for n in params}, max_norm)",
        "({**readout, **clip_grad_norm({n: rnn[n] for n in params if n in rnn}, max_norm)[0]}, 0)",
        {*SIX, "losses"},
    ),
    "xor: clipped to the rate": ("train_first_xor_last", "}, max_norm)", "}, lr * max_norm)", {*SIX, "losses"}),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_loses_points_in_its_own_arrays(mistake: str) -> None:
    name, old, new, arrays = WRONG[mistake]
    result = grade(A4, submission(changed(name, old, new)), only=name)[name]
    assert result.points < result.max_points
    assert arrays is None or wrong_arrays(result) == arrays
    if arrays in (ALL, {"outputs"}, {"credit_matrix"}, {"norms"}):
        assert result.points == 0


@pytest.mark.parametrize("mistake", [m for m in WRONG if "forward" not in WRONG[m][0]])
def test_a_mistake_costs_nothing_elsewhere(mistake: str) -> None:
    name, old, new, _ = WRONG[mistake]
    carried_on = {"train_adder"} if mistake == "all: summed loss" else set()
    assert set(lost(A4, submission(changed(name, old, new)))) == {name, *carried_on}


@pytest.mark.parametrize(
    "mistake", ["backward: h0 zeroed", "truncated: chunks", "clip: small norms too", "xor: not clipped"]
)
def test_a_mistake_is_found_on_every_course_seed(mistake: str) -> None:
    name, old, new, _ = WRONG[mistake]
    for seed in SEEDS:
        assert name in lost(A4, submission(changed(name, old, new)), seed, name)


def test_wrong_names_of_mistakes_lose_their_letters_only() -> None:
    half = """
        right = name_the_mistake
        def name_the_mistake():
            return {**right(), "A": "no idea", "C": None, "E": 3, "G": "not asked"}
    """
    assert lost(A4, submission(half)) == {"name_the_mistake": 0.5}
    shouted = (
        "right = name_the_mistake\ndef name_the_mistake(): return {k: f' {v.upper()} ' for k, v in right().items()}"
    )
    assert lost(A4, submission(shouted)) == {}


IN_PLACE = """
    def rnn_backward(grad_outputs, cache):
        x, before, outputs, params = cache
        for t in reversed(range(len(x))):
            grad_outputs[t] *= 1 - outputs[t] ** 2
            if t:
                grad_outputs[t - 1] += grad_outputs[t] @ params["weight_hh"]
        dz = grad_outputs
        bias = dz.sum(axis=(0, 1))
        return {"x": dz @ params["weight_ih"], "h0": dz[0] @ params["weight_hh"], "weight_ih": np.einsum("tnh,tni->hi", dz, x),
                "weight_hh": np.einsum("tnh,tnk->hk", dz, before), "bias_ih": bias, "bias_hh": bias}
"""
QUADRATIC = """
    def rnn_backward(grad_outputs, cache):
        x, before, outputs, params = cache
        dz = np.zeros_like(outputs)
        h0 = 0
        for s in range(len(x)):
            dh = grad_outputs[s]
            for t in range(s, -1, -1):
                step = dh * (1 - outputs[t] ** 2)
                dz[t] += step
                dh = step @ params["weight_hh"]
            h0 = h0 + dh
        bias = dz.sum(axis=(0, 1))
        return {"x": dz @ params["weight_ih"], "h0": h0, "weight_ih": np.einsum("tnh,tni->hi", dz, x),
                "weight_hh": np.einsum("tnh,tnk->hk", dz, before), "bias_ih": bias, "bias_hh": bias}
"""
USED_UP = """
    swept = rnn_backward
    def rnn_backward(grad_outputs, cache):
        x, before, outputs, params = cache
        grads = swept(grad_outputs, cache)
        outputs *= 0.5
        return grads
"""


def test_an_upstream_changed_in_place_loses_the_repeated_call_alone() -> None:
    shares = lost(A4, submission(IN_PLACE))
    assert set(shares) == {"rnn_backward"}
    assert 0.5 < shares["rnn_backward"] < 1
    assert "changed its argument grad_outputs" in sentences(
        grade(A4, submission(IN_PLACE), only="rnn_backward")["rnn_backward"]
    )


def test_a_cache_that_is_used_up_loses_the_repeated_call_alone() -> None:
    shares = lost(A4, submission(USED_UP))
    assert set(shares) == {"rnn_backward"}
    assert 0.5 < shares["rnn_backward"] < 1


def test_a_quadratic_sweep_loses_the_share_for_cost() -> None:
    assert lost(A4, submission(QUADRATIC)) == {"rnn_backward": 0.875}


DIFFERENCES = """
    def rnn_backward(grad_outputs, cache):
        x, before, outputs, params = cache
        arrays = {"x": x, "h0": before[0], **params}
        f = lambda a: float((rnn_forward(a["x"], a["h0"], a)[0] * grad_outputs).sum())
        grads = {}
        for name, array in arrays.items():
            grads[name] = np.zeros_like(array)
            for i in np.ndindex(array.shape):
                step = np.zeros_like(array)
                step[i] = 1e-5
                grads[name][i] = (f({**arrays, name: array + step}) - f({**arrays, name: array - step})) / 2e-5
        return grads
"""


@pytest.mark.thorough
def test_differences_lose_the_share_for_cost() -> None:
    """In this process nothing ends a call after its time, so this takes half a minute."""
    assert lost(A4, submission(DIFFERENCES), only="rnn_backward") == {"rnn_backward": 0.875}


# ---- right in other ways ---------------------------------------------------------------------------------------------

RIGHT = {
    "loops": """
        def rnn_forward(x, h0, params):
            T, N, I = x.shape
            H = h0.shape[1]
            Wi, Wh = params["weight_ih"].tolist(), params["weight_hh"].tolist()
            bias = (params["bias_ih"] + params["bias_hh"]).tolist()
            xs, states = x.tolist(), [h0.tolist()]
            for t in range(T):
                new = []
                for n in range(N):
                    z = [sum(Wi[j][i] * xs[t][n][i] for i in range(I)) for j in range(H)]
                    z = [z[j] + bias[j] + sum(Wh[j][k] * states[t][n][k] for k in range(H)) for j in range(H)]
                    new.append([np.tanh(value) for value in z])
                states.append(new)
            return np.array(states[1:]), {"x": x, "states": np.array(states), "params": params}

        def rnn_backward(grad_outputs, cache):
            x, states, params = cache["x"], cache["states"].tolist(), cache["params"]
            T, N, I = x.shape
            H = len(states[0][0])
            xs, Wi, Wh, g = x.tolist(), params["weight_ih"].tolist(), params["weight_hh"].tolist(), grad_outputs.tolist()
            dx = [[[0.0] * I for _ in range(N)] for _ in range(T)]
            dWi, dWh, db = [[0.0] * I for _ in range(H)], [[0.0] * H for _ in range(H)], [0.0] * H
            carry = [[0.0] * H for _ in range(N)]
            for t in reversed(range(T)):
                new = [[0.0] * H for _ in range(N)]
                for n in range(N):
                    for j in range(H):
                        dz = (g[t][n][j] + carry[n][j]) * (1 - states[t + 1][n][j] ** 2)
                        db[j] += dz
                        for i in range(I):
                            dWi[j][i] += dz * xs[t][n][i]
                            dx[t][n][i] += dz * Wi[j][i]
                        for k in range(H):
                            dWh[j][k] += dz * states[t][n][k]
                            new[n][k] += dz * Wh[j][k]
                carry = new
            arrays = {"weight_ih": np.array(dWi), "weight_hh": np.array(dWh), "bias_ih": np.array(db), "bias_hh": np.array(db)}
            return {"x": dx, "h0": carry, **arrays}

        def credit_matrix(grad_outputs, cache):
            states, W = cache["states"], cache["params"]["weight_hh"]
            T = len(cache["x"])
            rows = []
            for t in range(T):
                row, share = [0.0] * T, grad_outputs[t]
                for k in range(t, -1, -1):
                    row[k] = sum(v**2 for v in share.ravel()) ** 0.5
                    share = (share * (1 - states[k + 1] ** 2)) @ W
                rows.append(row)
            return rows

        def rnn_backward_truncated(grad_outputs, cache, k):
            x, states, params = cache["x"], cache["states"], cache["params"]
            total = None
            for s in range(len(x)):
                start = max(0, s - k)
                alone = np.zeros((s + 1 - start, *grad_outputs.shape[1:]))
                alone[-1] = grad_outputs[s]
                part = rnn_backward(alone, {"x": x[start : s + 1], "states": states[start : s + 2], "params": params})
                part = {n: np.array(v) for n, v in part.items()}
                part["x"] = np.concatenate([0 * x[:start], part["x"], 0 * x[s + 1 :]])
                part["h0"] = part["h0"] * (s < k)
                total = part if total is None else {n: total[n] + part[n] for n in part}
            return total

        def state_gradient_norms(grad_last, cache):
            states, W = cache["states"], cache["params"]["weight_hh"]
            norms, grad = [np.linalg.norm(grad_last)], grad_last
            for h in states[:0:-1]:
                grad = (grad * (1 - h**2)) @ W
                norms.insert(0, np.linalg.norm(grad))
            return tuple(norms)
        """,
    "recursion, closures and objects": """
        class Layer:
            def __init__(self, x, h0, params):
                self.x, self.h0, self.p = x, h0, params
                self.h = []
                self.step(0, h0)

            def step(self, t, h):
                if t < len(self.x):
                    both = np.concatenate([self.x[t], h], axis=1)
                    weight = np.concatenate([self.p["weight_ih"], self.p["weight_hh"]], axis=1)
                    h = np.tanh(both @ weight.T + self.p["bias_ih"] + self.p["bias_hh"])
                    self.h.append(h)
                    self.step(t + 1, h)

        class rnn_forward_:
            def __call__(self, x, h0, params):
                layer = Layer(x, h0, params)
                return np.array(layer.h), layer
        rnn_forward = rnn_forward_()

        def rnn_backward(grad_outputs, cache, k=None):
            layer, T = cache, len(cache.x)
            before = [layer.h0, *layer.h[:-1]]
            W = layer.p["weight_hh"]
            def down(t, carry):
                if t < 0:
                    return [], carry
                dz = (grad_outputs[t] + carry) / np.cosh(np.arctanh(layer.h[t])) ** 2
                rest, h0 = down(t - 1, dz @ W)
                return [*rest, dz], h0
            dz, h0 = down(T - 1, np.zeros_like(layer.h0))
            return dict(x=[d @ layer.p["weight_ih"] for d in dz], h0=h0, weight_ih=sum(d.T @ v for d, v in zip(dz, layer.x)),
                        weight_hh=sum(d.T @ v for d, v in zip(dz, before)), bias_ih=np.sum(dz, axis=(0, 1)),
                        bias_hh=sum(d.sum(0) for d in dz), dz=dz)

        def credit_matrix(grad_outputs, cache):
            T = len(cache.x)
            def share(t, k):
                if k == t:
                    return grad_outputs[t]
                return (share(t, k + 1) * (1 - cache.h[k + 1] ** 2)) @ cache.p["weight_hh"]
            return np.array([[np.linalg.norm(share(t, k)) if k <= t else 0 for k in range(T)] for t in range(T)])

        def rnn_backward_truncated(grad_outputs, cache, k):
            # differences of full sweeps over windows: what reaches step t from step s
            T, W, p = len(cache.x), cache.p["weight_hh"], cache.p
            dz, h0 = [np.zeros_like(cache.h0) for _ in range(T)], np.zeros_like(cache.h0)
            for s in range(T):
                g, crossed, t = grad_outputs[s], 0, s
                while True:
                    part = g * (1 - cache.h[t] ** 2)
                    dz[t] = dz[t] + part
                    if crossed == k:
                        break
                    g, crossed, t = part @ W, crossed + 1, t - 1
                    if t < 0:
                        h0 = h0 + g
                        break
            before = [cache.h0, *cache.h[:-1]]
            return dict(x=[d @ p["weight_ih"] for d in dz], h0=h0, weight_ih=sum(d.T @ v for d, v in zip(dz, cache.x)),
                        weight_hh=sum(d.T @ v for d, v in zip(dz, before)), bias_ih=np.sum(dz, axis=(0, 1)),
                        bias_hh=sum(d.sum(0) for d in dz))

        def state_gradient_norms(grad_last, cache):
            norms = []
            def down(t, g):
                norms.append(np.linalg.norm(g))
                if t >= 0:
                    down(t - 1, (g * (1 - cache.h[t] ** 2)) @ cache.p["weight_hh"])
            down(len(cache.x) - 1, grad_last)
            norms.reverse()
            return norms
        """,
    "transposed inside, read-only, mappings": """
        import collections, types
        layer, sweep = rnn_forward, rnn_backward

        def frozen(array):
            array = np.asfortranarray(array)
            array.flags.writeable = False
            return array

        def rnn_forward(x, h0, params):
            outputs, cache = layer(np.asfortranarray(x), np.asfortranarray(h0), params)
            return [frozen(outputs), types.SimpleNamespace(cache=cache)]

        class Grads(dict):
            "A dict of one's own."

        def rnn_backward(grad_outputs, cache):
            return Grads({n: frozen(g) for n, g in sweep(grad_outputs, cache.cache).items()}, more=1)

        def rnn_backward_truncated(grad_outputs, cache, k):
            x, before, outputs, params = cache.cache
            T = len(x)
            slope, dz, moving, h0 = 1 - outputs**2, 0 * outputs, grad_outputs, 0 * before[0]
            for crossed in range(min(k, T) + 1):
                walking = moving * slope[: T - crossed] if crossed < T else moving[:0]
                dz[: T - crossed] += walking
                if crossed < k and len(walking):
                    back = walking @ params["weight_hh"]
                    h0 = h0 + back[0]
                    moving = back[1:]
            bias = dz.sum(axis=(0, 1))
            grads = {"x": dz @ params["weight_ih"], "h0": h0, "weight_ih": np.einsum("tnh,tni->hi", dz, x),
                     "weight_hh": np.einsum("tnh,tnk->hk", dz, before), "bias_ih": bias, "bias_hh": bias}
            return types.MappingProxyType(grads)

        credit_, norms_ = credit_matrix, state_gradient_norms
        def credit_matrix(grad_outputs, cache): return frozen(credit_(grad_outputs, cache.cache))
        def state_gradient_norms(grad_last, cache): return frozen(norms_(grad_last, cache.cache))

        def clip_grad_norm(grads, max_norm):
            total = np.linalg.norm(np.concatenate([g.ravel() for g in grads.values()]))
            factor = min(1.0, max_norm / (total + 1e-6))
            return collections.OrderedDict((n, frozen(g * factor)) for n, g in grads.items()), np.array(total)

        def loss_and_gradients(x, h0, target, params):
            outputs, cache = rnn_forward(x, h0, params)
            logits, readout_cache = readout_forward(outputs, params)
            loss, grad_logits = sequence_loss(logits, target)
            readout = readout_backward(grad_logits, readout_cache)
            return np.array(loss), collections.ChainMap(readout, rnn_backward(readout["outputs"], cache))
        """,
    "PyTorch's clipping, in the training too": """
        def clip_grad_norm(grads, max_norm):
            total = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
            factor = max_norm / (total + 1e-6)
            return ({n: g * factor for n, g in grads.items()} if factor < 1 else grads), total
        """,
    "float32": """
        def rnn_forward(x, h0, params):
            x, h, states = x.astype("f4"), h0.astype("f4"), [h0.astype("f4")]
            params = {n: p.astype("f4") for n, p in params.items()}
            for x_t in x:
                h = np.tanh(x_t @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"])
                states.append(h)
            return np.stack(states[1:]), (x, np.stack(states[:-1]), np.stack(states[1:]), params)

        def residual_rnn_forward(x, h0, params):
            x, h, states, steps = x.astype("f4"), h0.astype("f4"), [h0.astype("f4")], []
            params = {n: p.astype("f4") for n, p in params.items()}
            for x_t in x:
                z = x_t @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
                steps.append(np.tanh(z))
                h = h + steps[-1]
                states.append(h)
            return np.stack(states[1:]), (x, np.stack(states[:-1]), np.stack(steps), params)

        exact = clip_grad_norm
        def clip_grad_norm(grads, max_norm):
            return exact({n: np.float32(g) for n, g in grads.items()}, max_norm)
        """,
}


@pytest.mark.parametrize("style", RIGHT)
def test_other_right_ways_keep_every_point(style: str) -> None:
    assert lost(A4, submission(RIGHT[style])) == {}


def test_float32_is_right_and_told_so() -> None:
    results = grade(A4, submission(RIGHT["float32"]), only=("rnn_forward", "clip_grad_norm"))
    assert all("float32" in sentences(result) for result in results.values())


def test_float32_is_right_on_every_course_seed() -> None:
    assert [lost(A4, submission(RIGHT["float32"]), seed) for seed in SEEDS] == [{}] * len(SEEDS)


# ---- a mistake costs its points once ---------------------------------------------------------------------------------

WEAK_FORWARD = changed("rnn_forward", "h @ params", "0.5 * h @ params")
WEAK_LAYER = (
    WEAK_FORWARD,
    changed("rnn_backward", "carry = dz", "carry = 0.5 * dz").replace("dz.T @ before[t]", "0.5 * dz.T @ before[t]"),
    changed("rnn_backward_truncated", "dh = dz", "dh = 0.5 * dz").replace("dz.T @ before[t]", "0.5 * dz.T @ before[t]"),
    changed("credit_matrix", '@ params["weight_hh"]', '@ (0.5 * params["weight_hh"])'),
    changed("state_gradient_norms", '@ params["weight_hh"]', '@ (0.5 * params["weight_hh"])'),
)
HALF = pytest.approx(0.5, abs=0.08)


def test_under_a_wrong_forward_what_is_right_for_it_earns_half_and_what_is_composed_all() -> None:
    assert lost(A4, submission(*WEAK_LAYER)) == {
        "rnn_forward": 0.0,
        "credit_matrix": HALF,
        "rnn_backward": HALF,
        "rnn_backward_truncated": HALF,
        "state_gradient_norms": HALF,
    }


def test_under_a_wrong_forward_what_is_wrong_for_it_earns_nothing() -> None:
    shares = lost(A4, submission(WEAK_FORWARD))
    below = ("credit_matrix", "rnn_backward", "rnn_backward_truncated", "state_gradient_norms")
    assert {name: shares[name] for name in ("rnn_forward", *below)} == dict.fromkeys(("rnn_forward", *below), 0.0)


def test_a_wrong_residual_layer_and_its_own_backward() -> None:
    texts = [
        changed("residual_rnn_forward", "h = h + steps", "h = 0.5 * h + steps"),
        changed("residual_rnn_backward", "carry = dh + ", "carry = 0.5 * dh + "),
    ]
    assert lost(A4, submission(*texts)) == {"residual_rnn_forward": 0.0, "residual_rnn_backward": HALF}


def test_a_forward_that_forgets_an_input_earns_nothing_for_its_gradient() -> None:
    texts = [changed("rnn_forward", ' + params["bias_hh"]', "")]
    results = grade(A4, submission(*texts))
    assert wrong_arrays(results["rnn_backward"]) == {"bias_hh"}
    assert "does not depend on it" in sentences(results["rnn_backward"])
    assert 0.3 < results["rnn_backward"].points / 8 < 0.5


@pytest.mark.parametrize(
    "mistake", ["backward: no carry", "backward: overwritten", "backward: bias by mean", "clip: small norms too"]
)
def test_what_is_built_of_a_wrong_function_keeps_its_points_and_says_why(mistake: str) -> None:
    name, old, new, _ = WRONG[mistake]
    results = grade(A4, submission(changed(name, old, new)))
    assert [n for n, r in results.items() if r.points < r.max_points] == [name]
    built = "train_first_xor_last" if name == "clip_grad_norm" else "loss_and_gradients"
    assert "you lose nothing here" in sentences(results[built])


def test_trainings_built_without_loss_and_gradients_stand_on_the_layer() -> None:
    """loss_and_gradients is a stub and rnn_backward is wrong: a training of one's own loop is still right upon it."""
    inline = """
        def loss_and_gradients(x, h0, target, params):
            raise NotImplementedError()

        def train_adder(batches, params, lr):
            losses = []
            for x, target in batches:
                outputs, cache = rnn_forward(x, np.zeros((x.shape[1], len(params["bias_ih"]))), params)
                logits, readout_cache = readout_forward(outputs, params)
                loss, grad_logits = sequence_loss(logits, target)
                readout = readout_backward(grad_logits, readout_cache)
                grads = {**rnn_backward(readout["outputs"], cache), **readout}
                params = {n: p - lr * grads[n] for n, p in params.items()}
                losses.append(loss)
            return params, losses
    """
    wrong = changed("rnn_backward", "grad_outputs[t] + carry", "grad_outputs[t]")
    assert set(lost(A4, submission(wrong, inline))) == {"rnn_backward", "loss_and_gradients"}


def test_a_wrong_training_on_wrong_functions_loses_its_own_points() -> None:
    texts = [
        changed("rnn_backward", "grad_outputs[t] + carry", "grad_outputs[t]"),
        changed("train_adder", "p - lr", "p + lr"),
    ]
    shares = lost(A4, submission(*texts))
    assert set(shares) == {"rnn_backward", "train_adder"}
    assert shares["train_adder"] < 0.2


def test_a_wrong_loss_is_not_carried_on_where_the_forward_is_right() -> None:
    """The loss itself is PyTorch's when the forward is right."""
    shares = lost(A4, submission(changed("loss_and_gradients", "return loss,", "return 2 * loss,")))
    assert set(shares) == {"loss_and_gradients", "train_adder"}
    assert shares["train_adder"] > 0.8


CONSTANT_BACKWARD = """
    def rnn_backward(grad_outputs, cache):
        x, before, outputs, params = cache
        return {n: np.ones_like(v) for n, v in {"x": x, "h0": before[0], **params}.items()}
"""


def test_constant_lower_functions_carry_nothing() -> None:
    shares = lost(A4, submission(CONSTANT_BACKWARD))
    assert set(shares) == {"rnn_backward", "loss_and_gradients", "train_adder", "train_first_xor_last"}
    assert shares["rnn_backward"] == 0
    assert max(shares.values()) < 0.5  # the loss and the readout's gradients are right


def stub_of(name: str) -> str:
    """An unwritten function."""
    return f"def {name}(*args):\n    raise NotImplementedError()"


def test_a_stub_below_is_named() -> None:
    results = grade(A4, submission(stub_of("rnn_backward")))
    for name in ("loss_and_gradients", "train_adder", "train_first_xor_last"):
        assert results[name].points == 0
        assert results[name].blocked_by == "rnn_backward"
    assert set(lost(A4, submission(stub_of("rnn_forward")))) == set(points(A4)) - {
        "clip_grad_norm",
        "residual_rnn_forward",
        "residual_rnn_backward",
        "name_the_mistake",
    }


def test_an_unwritten_training_is_its_own_stub() -> None:
    results = grade(A4, submission(stub_of("train_adder")))
    assert [n for n, r in results.items() if r.points < r.max_points] == ["train_adder"]
    assert results["train_adder"].blocked_by == ""
    assert "train_adder is not written yet" in sentences(results["train_adder"])


# ---- the problems ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_deciding_problems_hide_no_mistake(seed: str) -> None:
    draw = Draw(seed, "test_a4_bptt", {})
    layer, sequence = draw(draw_rnn), draw(draw_sequence)
    sizes = {*layer.x.shape, layer.h0.shape[1]}
    assert len(sizes) == 4
    assert min(len(layer.x), layer.x.shape[1]) >= 3
    for problem in (layer, sequence):
        w = problem.params["weight_hh"]
        assert np.abs(w - w.T).max() > 0.1
        assert np.abs(problem.h0).min() > 0
        states = [problem.h0]
        for x_t in problem.x:
            z = (
                x_t @ problem.params["weight_ih"].T
                + states[-1] @ w.T
                + problem.params["bias_ih"]
                + problem.params["bias_hh"]
            )
            assert 0.3 < np.abs(z).mean() < 3
            states.append(np.tanh(z))


@pytest.mark.parametrize("seed", SEEDS)
def test_clipping_decides_in_one_training_and_never_comes_in_the_other(seed: str) -> None:
    draw = Draw(seed, "test_a4_bptt", {})
    clipped, free = draw(draw_first_xor_last), draw(draw_first_xor_last, "free", updates=2, max_norm=100.0)
    end = first_xor_last_training(clipped, True)
    moved = np.sqrt(sum(np.sum((end[n] - p) ** 2) for n, p in clipped.params.items()))
    assert moved <= clipped.lr * clipped.max_norm * len(clipped.batches)
    unclipped = first_xor_last_training(type(clipped)(clipped.batches, clipped.params, clipped.lr, 1e9), True)
    assert max(np.abs(end[n] - unclipped[n]).max() for n in end) > 1e-3
    assert np.isfinite(first_xor_last_training(free, False)["losses"]).all()
    problem = draw(draw_clip)
    assert problem.max_norm < np.sqrt(sum(np.sum(g**2) for g in problem.grads.values()))


def test_trainings_are_short() -> None:
    draw = Draw(SEEDS[0], "test_a4_bptt", {})
    for problem in (draw(draw_adder), draw(draw_first_xor_last)):
        assert len(problem.batches) <= 8
    assert adder_training(draw(draw_adder))["losses"].shape == (len(draw(draw_adder).batches),)


def test_the_suite_itself_is_quick() -> None:
    namespace = reference(A4)
    suite_seconds(A4, namespace)
    assert min(suite_seconds(A4, namespace) for _ in range(5)) < 0.015
