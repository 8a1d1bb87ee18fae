"""The students' checker: right answers lose nothing in any style, and known mistakes lose points.

Set SELFCHECK_SEEDS to check every right answer with more seeds (200 in the long test run).
"""

from __future__ import annotations

import copy
import inspect
import math
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from autograder.checks import compare
from autograder.kernels.contract import Array
from autograder.naming.bank import bank, find, registered
from tests.checker import A1, A2, A3, A4, FUNCTIONS, HOME, SPACES, check, checker, typed, worth
from tests.course import NAMES, named
from tests.forms import FORMS, each, in_form
from tests.harness import points, written

SEEDS = int(os.environ.get("SELFCHECK_SEEDS", "3"))


# -- right answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assignment", NAMES)
def test_every_function_has_a_check(assignment: str) -> None:
    """In the order of the notebook, which is what a function may depend on; arguments and points are the notebook's."""
    contracts = checker(assignment).CONTRACTS
    assert list(contracts) == list(points(assignment)) == list(checker(assignment).POINTS)
    for name, function in named(assignment).functions.items():
        given = [argument for argument in contracts[name].arguments if argument]
        assert tuple(given)[: len(function.arguments)] == tuple(function.arguments), name
        assert set(contracts[name].needs) <= set(SPACES[assignment]), name


@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_a_right_answer_loses_nothing(assignment: str, name: str) -> None:
    """Full points (or graded later), no complaint, no note, under two seconds, whatever the seed."""
    most = "graded later" if name == "name_the_mistake" else f"{points(assignment)[name]:g}"
    for seed in range(SEEDS):
        started = time.process_time()
        result = check(name, assignment, seed=seed)
        seconds = time.process_time() - started
        assert result.passed, str(result)
        assert repr(result) == most
        assert not result.notes
        assert seconds < 2.0


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("assignment", "style"), [(a, style) for a in NAMES for style in named(a).right])
def test_a_right_answer_in_another_style_loses_nothing(assignment: str, style: str) -> None:
    answers = named(assignment).right[style]
    space = written(assignment, *answers.values())
    for name in answers:
        result = check(name, assignment, space=space)
        assert result.passed, str(result)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_a_result_in_another_form_loses_nothing(assignment: str, name: str, form: str) -> None:
    """Also where the functions below return it in that form."""
    functions = named(assignment).functions
    lower = [each for each in checker(assignment).CONTRACTS[name].needs if each in functions]
    changed = {
        each: in_form(SPACES[assignment][each], FORMS[form], "keep" in functions[each].wire) for each in (name, *lower)
    }
    if name == "name_the_mistake" and form not in ("a mapping", "a dict class with one more key"):
        changed = {}  # its values are text
    result = check(name, assignment, **changed)
    assert result.passed, str(result)


@pytest.mark.parametrize(
    ("assignment", "name"),
    [pair for pair in FUNCTIONS if not pair[1].startswith("numerical_")],  # float64 by contract
)
def test_single_precision_throughout_loses_nothing(assignment: str, name: str) -> None:
    """A student who computes in float32 from the first line on, forward and backward."""

    def lower(value: Any) -> Any:
        is_float = isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")
        return np.asarray(value, dtype=np.float32) if is_float else value

    def single(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any) -> Any:
            down = [given if isinstance(given, float) else each(given, lower) for given in args]
            return each(function(*down), lower)

        return wrapped

    space = SPACES[assignment]
    changed = {name: single(space[name]) for name in named(assignment).functions}
    for seed in range(max(1, SEEDS // 3)):
        result = check(name, assignment, seed=seed, **changed)
        assert result.passed, str(result)


def test_float32_is_said() -> None:
    single = in_form(A1["predict"], FORMS["float32"], False)
    assert "float32" in str(check("predict", predict=single))


class Answer:
    """A function written as a class."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_a_class_with_call_is_a_function(assignment: str, name: str) -> None:
    assert check(name, assignment, **{name: Answer(SPACES[assignment][name])}).passed


def test_plain_python_loops_are_fast_enough() -> None:
    """A slow, right forward is called for fewer entries, and passes."""
    space = written("a4_bptt", named("a4_bptt").right["loops"]["rnn_forward"])
    slow = space["rnn_forward"]
    backward = lambda g, cache: A4["rnn_backward"](g, A4["rnn_forward"](*cache)[1])
    started = time.process_time()
    result = check("rnn_backward", rnn_forward=lambda *given: (slow(*given)[0], given), rnn_backward=backward)
    assert result.passed, str(result)
    assert time.process_time() - started < 3.0


def test_silenced_overflow_is_right() -> None:
    def sigmoid(z: Any) -> Any:
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-np.asarray(z)))

    assert check("sigmoid", sigmoid=sigmoid).passed


def test_a_student_who_makes_numpy_raise_sees_warnings_as_words() -> None:
    before = np.seterr(all="raise")
    try:
        assert check("softmax").passed
        assert np.geterr()["over"] == "raise"
    finally:
        np.seterr(**before)


def test_tolerances_are_the_graders() -> None:
    """What passes here passes there: the same error is allowed, in float32 and in trainings too."""
    ours = checker("a1_linear_fit")
    assert compare.RTOL["float64"] == ours.EXACT
    assert compare.RTOL["float32"] == ours.SINGLE == pytest.approx(ours.for_single(ours.EXACT))
    assert compare.RTOL_TRAINING["float64"] == ours.TRAINING
    assert ours.for_single(ours.TRAINING) == pytest.approx(compare.RTOL_TRAINING["float32"])


# -- known mistakes ---------------------------------------------------------------------------------------------------


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("assignment", "id"), [(a, mistake.id) for a in NAMES for mistake in bank(named(a))])
def test_a_known_mistake_loses_points(assignment: str, id: str) -> None:
    """Every mistake of the bank, and its function alone is wrong."""
    mistake = find(named(assignment), id)
    for seed in range(max(1, SEEDS // 40)):
        result = check(mistake.function, assignment, seed=seed, **mistake.make(dict(SPACES[assignment])))
        assert result.verdict == "WRONG", str(result)
        assert result.points < points(assignment)[mistake.function]
        assert_plain(str(result))


def assert_plain(text: str) -> None:
    """Nothing that a check prints counts badly, doubles a mark, or names a size that says nothing."""
    assert "cannot be checked" not in text
    assert not re.search(
        r"[.?!…]\.(?!\d)|\b1 of 1 |\b1 \w+(s are| differ\b)|all 1 |(\d+) of \1 entries| 1 times| is 2 here", text
    )
    for factor in re.findall(r"(\S+) times the right one", text):
        assert math.prod(abs(int(part)) for part in factor.split("/")) <= 60, text
    if "overflow" in text:
        assert re.search(r"NumPy reports an overflow|warns: overflow", text), text
    if not re.search(r"OK|holds|\de[-+]\d", text):
        assert "What this cannot see" not in text


@pytest.mark.thorough
@pytest.mark.parametrize("assignment", NAMES)
def test_what_is_made_by_rule_loses_points_and_is_said_plainly(assignment: str) -> None:
    """The mistakes of the bank that are made by rule: every slope and every share that people write."""
    for mistake in registered(named(assignment)):
        if mistake.by_rule:
            result = check(mistake.function, assignment, **mistake.make(dict(SPACES[assignment])))
            assert result.verdict == "WRONG", str(result)
            assert_plain(str(result))


def quadratic_time(upstream: Any, cache: Any) -> Any:
    """One sweep for each step."""
    alone = [np.where(np.arange(len(upstream))[:, None, None] == t, upstream, 0.0) for t in range(len(upstream))]
    parts = [A4["rnn_backward"](each, cache) for each in alone]
    return {key: sum(part[key] for part in parts) for key in parts[0]}


def made_of_differences(forward: Callable[..., Any], copied: bool) -> Callable[..., Any]:
    """A gradient without a derivation; the cache holds the arguments."""
    used = FunctionType(forward.__code__.replace(co_name="copy"), forward.__globals__) if copied else forward
    rows = [name for name in inspect.signature(forward).parameters if name != "params"]

    def backward(upstream: Any, cache: Any) -> Any:
        *given, params = (copy.deepcopy(each) for each in cache)
        at = {**dict(zip(rows, given, strict=True)), **{k: v for k, v in params.items() if k[-2:] != "ho"}}
        loss = lambda at: float(np.sum(upstream * used(*(at[name] for name in rows), at)[0]))
        moving = lambda key: lambda moved: loss({**at, key: moved})
        return {key: A2["numerical_gradient"](moving(key), array, 1e-5) for key, array in at.items()}

    return backward


def keeping_arguments(forward: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: (forward(*given)[0], given)


def one_maximum(logits: Any, target: Any) -> float:
    shifted = logits - logits.max()
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(target)), target]))


def mean_loss(logits: Any, chosen: Any) -> float:
    return float(-np.mean(np.log(A2["softmax"](logits))[chosen]))


# What the bank does not have, and what the table says of it.
OTHERS: dict[str, tuple[str, dict[str, Any], str]] = {
    "the article's own data": (
        "counterexample",
        {"counterexample": lambda: (np.array([2.0, 1, 3, 5, 6]), np.array([-2.0, -4, 0, 4, 6]), 5.0, 0.01)},
        "its distance goes from",
    ),
    "a name is missing": (
        "name_the_mistake",
        {"name_the_mistake": lambda: {**dict.fromkeys("ABCDE", "carry_dropped"), "F": ""}},
        "no name yet",
    ),
    "half precision": (
        "predict",
        {"predict": lambda *given: A1["predict"](*given).astype(np.float16)},
        "wrong dtype float16, expected float64",
    ),
    "a key is missing": (
        "rnn_backward",
        {"rnn_backward": lambda *given: {k: v for k, v in A4["rnn_backward"](*given).items() if k != "h0"}},
        "this key is missing in your dict",
    ),
    "quadratic time": ("rnn_backward", {"rnn_backward": quadratic_time}, "6 times the steps cost"),
    "five entries": (
        "predict",
        {"predict": lambda x, w, b: np.array([w * one + b for one, _ in zip(x, range(5), strict=False)])},
        "prediction: expected shape",
    ),
    "one maximum for all rows": (
        "softmax",
        {"softmax": lambda z: (e := np.exp(z - z.max())) / e.sum(axis=-1, keepdims=True)},
        "right around +1000 and -1000, too",
    ),
    "one maximum for all rows of a loss": (
        "cross_entropy",
        {"cross_entropy": one_maximum},
        "right around +1000 and -1000, too",
    ),
    "numbers that are cut off": (
        "cross_entropy_backward",
        {"cross_entropy_backward": lambda z, t: A2["cross_entropy_backward"](np.clip(z, -700, 700), t)},
        "numbers that are cut off",
    ),
    "all labels": ("cross_entropy", {"cross_entropy": lambda z, t: mean_loss(z, np.s_[:, t])}, "loss of all rows"),
    "the first label": (
        "cross_entropy",
        {"cross_entropy": lambda z, t: mean_loss(z, np.s_[:, t[0]])},
        "loss of all rows",
    ),
}


@pytest.mark.parametrize(
    "name", ["mlp_backward", "rnn_cell_backward", pytest.param("rnn_backward", marks=pytest.mark.thorough)]
)
@pytest.mark.parametrize("copied", [False, True])
def test_differences_instead_of_a_derivation_are_seen(name: str, copied: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their own forward, or a copy of it under another name, again and again."""
    for limit in ("SLOW_CALL", "BUDGET"):  # on a busy machine they are too slow already
        monkeypatch.setattr(checker(HOME[name]), limit, 1e9)
    forward = SPACES[HOME[name]][name.replace("backward", "forward")]
    changed = {forward.__name__: keeping_arguments(forward), name: made_of_differences(forward, copied)}
    result = check(name, **changed)
    broken = {row.name: row.words for row in result.rows if not row.ok}
    assert broken == {
        "costs a few forwards": "it takes as long as hundreds of forwards: differences instead of a derivation?"
    }


def test_differences_in_one_batch_are_seen() -> None:
    """All weights are moved at once, a copy of the net each."""
    sigmoid = A2["sigmoid"]

    def mlp_backward(upstream: Any, cache: Any) -> Any:
        *x, params = cache
        at, grads = {"x": x[0], **params}, {}
        for key, array in at.items():
            moved = 1e-5 * np.eye(array.size).reshape(-1, *array.shape)
            many = {name: value[None] for name, value in at.items()}
            losses = []
            for sign in (1, -1):
                many[key] = array + sign * moved
                sums = many["x"] @ many["weight_1"].swapaxes(1, 2) + many["bias_1"][:, None]
                sums = sigmoid(sums) @ many["weight_2"].swapaxes(1, 2) + many["bias_2"][:, None]
                losses.append(np.sum(upstream * sigmoid(sums), axis=(1, 2)))
            grads[key] = ((losses[0] - losses[1]) / 2e-5).reshape(array.shape)
        return grads

    result = check("mlp_backward", mlp_forward=keeping_arguments(A2["mlp_forward"]), mlp_backward=mlp_backward)
    assert [row.name for row in result.rows if not row.ok] == ["costs a few forwards"], str(result)


def arrays_in(value: Any) -> list[np.ndarray]:
    """The arrays that a call gives, also those in a dict of parameters."""
    parts = value.values() if isinstance(value, Mapping) else [value]
    return [np.asarray(part) for part in parts if isinstance(part, (np.ndarray, float))]


# Situations that the graders draw, each with functions whose check would meet it in no row if nobody asked for it.
SITUATIONS: dict[str, tuple[Callable[[np.ndarray], Any], str]] = {
    "numbers in the thousands": (
        lambda array: array.dtype.kind == "f" and np.max(np.abs(array), initial=0) > 2000,
        "mlp_backward rnn_cell_backward column_cell_backward two_step_backward readout_backward credit_matrix "
        "rnn_backward rnn_backward_truncated state_gradient_norms residual_rnn_backward",
    ),
    "an axis of size 1": (
        lambda array: 1 in array.shape,
        "mse_gradients cross_entropy_backward credit_matrix rnn_backward_truncated state_gradient_norms "
        "train_first_xor_last loss_and_gradients readout_backward",
    ),
    "a single feature": (
        lambda array: array.ndim > 1 and array.shape[-1] == 1,
        "rnn_forward residual_rnn_forward train_first_xor_last",
    ),
    "gaps in memory": (
        lambda array: not array.flags.forc,
        "rnn_cell_forward rnn_cell_backward column_cell_forward readout_backward rnn_forward rnn_backward "
        "residual_rnn_forward",
    ),
    "a negative number": (lambda array: array.ndim == 0 and array < 0, "numerical_derivative"),
    "three axes": (lambda array: array.ndim == 3, "sigmoid"),
    "one step": (
        lambda array: array.ndim == 3 and len(array) == 1,
        "rnn_forward residual_rnn_forward rnn_backward rnn_backward_truncated residual_rnn_backward",
    ),
    "twenty steps": (lambda array: array.ndim == 3 and len(array) > 20, "rnn_backward"),
    "all zero": (lambda array: array.dtype.kind == "f" and not np.any(array), "credit_matrix state_gradient_norms"),
    "a square array": (lambda array: array.ndim == 2 and len(set(array.shape)) == 1, "clip_grad_norm"),
}


@pytest.mark.thorough
@pytest.mark.parametrize(("situation", "name"), [(s, name) for s in SITUATIONS for name in SITUATIONS[s][1].split()])
def test_a_mistake_in_one_situation_is_seen(situation: str, name: str) -> None:
    """Every array that is returned is wrong there, and right everywhere else."""
    right, happens = SPACES[HOME[name]][name], SITUATIONS[situation][0]
    wrong = in_form(
        right,
        lambda value: each(value, lambda number: number if callable(number) else 1.3 * number + 0.1),
        "keep" in named(HOME[name]).functions[name].wire,
    )

    def spoiled(*given: Any) -> Any:
        met = any(happens(array) for value in given for array in arrays_in(value))
        return (wrong if met else right)(*given)

    result = check(name, **{name: spoiled})
    assert result.verdict == "WRONG", str(result)


@pytest.mark.parametrize("fault", OTHERS)
def test_another_fault_loses_points_and_is_said(fault: str) -> None:
    name, changed, words = OTHERS[fault]
    result = check(name, **changed)
    assert result.points < worth(name)
    assert words in str(result)


# -- what is drawn ----------------------------------------------------------------------------------------------------


@drawn(st.sampled_from(NAMES[1:]), st.integers(0, 10**6), st.permutations(range(2, 7)), st.booleans())
def test_no_other_labels_fit_by_chance(assignment: str, seed: int, sizes: list[int], in_time: bool) -> None:
    """No axis has one label throughout, and no row is 0, 1, 2, …"""
    ours = checker(assignment)
    classes, *shape = sizes[: 3 if in_time else 2]
    labels = ours.draw_labels(ours.Trial("", {}, seed), classes, *shape)
    assert labels.shape == tuple(shape)
    assert 0 <= labels.min() <= labels.max() < classes
    assert all(np.ptp(labels, axis=axis).all() for axis in range(labels.ndim))
    assert not any((row == np.arange(len(row))).all() for row in labels.reshape(-1, shape[-1]))


@drawn(st.integers(0, 10**6), st.integers(1, 5))
def test_small_and_large_sizes_are_never_the_same(seed: int, axes: int) -> None:
    ours = checker("a4_bptt")
    small, large = (ours.Trial("", {}, seed, large).draw_sizes(*"TNDHC"[:axes]) for large in (False, True))
    assert len({*small, *large}) == 2 * axes
    assert max(small) < ours.LARGE <= min(large)


def sizes_in(spec: Any, value: Any, found: dict[str, set[int]]) -> None:
    """Note the size of every axis that the contract names."""
    if isinstance(spec, Mapping):
        for key, part in spec.items():
            if key in value:
                sizes_in(part, value[key], found)
    elif isinstance(spec, Array) and np.ndim(value) == len(spec.axes or ()):
        for axis, size in zip(spec.axes or (), np.shape(value), strict=True):
            found[axis].add(size)


@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_no_size_written_as_a_number_passes(assignment: str, name: str) -> None:
    """In every check every axis of an argument has two sizes."""
    function, right, found = named(assignment).functions[name], SPACES[assignment][name], defaultdict(set)

    def recording(*given: Any) -> Any:
        for spec, value in zip(function.arguments.values(), given, strict=False):
            sizes_in(spec, value, found)
        return right(*given)

    assert check(name, assignment, **{name: recording}).passed
    assert {axis for axis, sizes in found.items() if len(sizes) < 2} <= {"1"}


# -- what cannot be seen ----------------------------------------------------------------------------------------------


def no_bias_hh(*given: Any) -> Any:
    *rows, params = given
    return A3["rnn_cell_forward"](*rows, {**params, "bias_hh": 0 * params["bias_hh"]})


# What the check of a function cannot see, and why. The hidden tests, which know PyTorch's answers, can.
UNSEEN: dict[str, tuple[str, dict[str, Any], str]] = {
    "a third of a sum in mse_loss and in mse_gradients": (
        "mse_gradients",
        {
            "mse_loss": lambda p, t: float(np.sum((p - t) ** 2)) / 3,
            "mse_gradients": lambda x, t, w, b: tuple(len(x) / 3 * g for g in A1["mse_gradients"](x, t, w, b)),
        },
        "the slopes are those of the student's own loss; only a law (the data twice) tells, and mse_loss's own check",
    ),
    "a factor 2 in cross_entropy and its gradient": (
        "cross_entropy_backward",
        {
            "cross_entropy": lambda z, t: 2 * A2["cross_entropy"](z, t),
            "cross_entropy_backward": lambda z, t: 2 * A2["cross_entropy_backward"](z, t),
        },
        "the same: a wrong loss with its own gradient",
    ),
    "h0 ignored in rnn_forward and in rnn_backward": (
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
            "rnn_cell_forward": no_bias_hh,
            "rnn_cell_backward": lambda g, c: {
                **A3["rnn_cell_backward"](g, c),
                "bias_hh": 0 * A3["rnn_cell_backward"](g, c)["bias_hh"],
            },
        },
        "the differences agree; only the law of the twin biases tells",
    ),
    "a wrong name in name_the_mistake": (
        "name_the_mistake",
        {"name_the_mistake": lambda: dict.fromkeys("ABCDEF", "carry_dropped")},
        "the key is not given out",
    ),
}


@pytest.mark.parametrize("mistake", UNSEEN)
def test_what_cannot_be_seen_is_said(mistake: str) -> None:
    """Every array passes although the function is wrong; the table says that it cannot see this."""
    name, changed, _ = UNSEEN[mistake]
    result = check(name, **changed)
    assert all(row.ok for row in result.rows if row.kind == "array"), str(result)
    assert result.blind
    assert result.blind in str(result)


# -- laws across functions --------------------------------------------------------------------------------------------

TIES = [(assignment, names) for assignment in NAMES for names in checker(assignment).LAWS]


@pytest.mark.parametrize(("assignment", "names"), TIES)
def test_laws_across_functions_hold_for_right_answers(assignment: str, names: tuple[str, ...]) -> None:
    for seed in range(SEEDS):
        result = typed(assignment, f"selfcheck.laws(*{names}, seed={seed})")
        assert result.passed, str(result)
        assert {row.kind for row in result.rows} == {"law"}
        assert "holds" in repr(result)


def test_laws_break_for_mistakes_without_any_answer() -> None:
    """The cut law sees the time flow, T = 1 the step."""
    for id, law in (("overwritten", "cut before step"), ("tanh_missing", "right for T = 1")):
        changed = find(named("a4_bptt"), id).make(dict(A4))
        result = typed("a4_bptt", "selfcheck.laws('rnn_forward', 'rnn_backward', seed=1)", **changed)
        broken = [row.name for row in result.rows if not row.ok]
        assert broken
        assert all(law in name for name in broken), broken


def test_every_tie_names_functions_of_the_notebook() -> None:
    assert {name for assignment, names in TIES for name in names if name not in HOME} == set()
