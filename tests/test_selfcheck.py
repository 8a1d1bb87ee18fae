"""The students' checker: right answers lose nothing in any style, and known mistakes lose points.

Set SELFCHECK_SEEDS to check every right answer with more seeds (200 in the long test run).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.checks import compare
from autograder.naming.bank import bank, find
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
    """Full points, no complaint, no note, under two seconds, whatever the seed."""
    for seed in range(SEEDS):
        started = time.process_time()
        result = check(name, assignment, seed=seed)
        seconds = time.process_time() - started
        assert result.passed, str(result)
        assert repr(result) == f"{points(assignment)[name]:g}"
        assert not result.notes
        assert seconds < 2.0


@pytest.mark.parametrize(("assignment", "style"), [(a, style) for a in NAMES for style in named(a).right])
def test_a_right_answer_in_another_style_loses_nothing(assignment: str, style: str) -> None:
    answers = named(assignment).right[style]
    space = written(assignment, *answers.values())
    for name in answers:
        result = check(name, assignment, space=space)
        assert result.passed, str(result)


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


@pytest.mark.parametrize(("assignment", "id"), [(a, mistake.id) for a in NAMES for mistake in bank(named(a))])
def test_a_known_mistake_loses_points(assignment: str, id: str) -> None:
    """Every mistake of the bank, and its function alone is wrong."""
    mistake = find(named(assignment), id)
    for seed in range(max(1, SEEDS // 40)):
        result = check(mistake.function, assignment, seed=seed, **mistake.make(dict(SPACES[assignment])))
        assert result.verdict == "WRONG", str(result)
        assert result.points < points(assignment)[mistake.function]
        assert "cannot be checked" not in str(result)


def quadratic_time(upstream: Any, cache: Any) -> Any:
    """One sweep for each step."""
    alone = [np.where(np.arange(len(upstream))[:, None, None] == t, upstream, 0.0) for t in range(len(upstream))]
    parts = [A4["rnn_backward"](each, cache) for each in alone]
    return {key: sum(part[key] for part in parts) for key in parts[0]}


def made_of_differences(upstream: Any, cache: Any) -> Any:
    """A gradient without a derivation; the cache holds the arguments."""
    x, h0, params = cache
    at = {"x": x.copy(), "h0": h0.copy(), **{key: params[key].copy() for key in checker("a4_bptt").CELL}}
    loss = lambda _: float(np.sum(upstream * A4["rnn_forward"](at["x"], at["h0"], at)[0]))
    return {key: A2["numerical_gradient"](loss, array) for key, array in at.items()}


def keeping_arguments(*given: Any) -> Any:
    return A4["rnn_forward"](*given)[0], given


# What the bank does not have, and what the table says of it.
OTHERS: dict[str, tuple[str, dict[str, Any], str]] = {
    "the article's own data": (
        "counterexample",
        {"counterexample": lambda: (np.array([2.0, 1, 3, 5, 6]), np.array([-2.0, -4, 0, 4, 6]), 5.0, 0.01)},
        "its distance goes from",
    ),
    "a name is missing": (
        "name_the_mistake",
        {"name_the_mistake": lambda: {**dict.fromkeys("ABCDE", "sign_turned"), "F": ""}},
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
    "differences instead of a derivation": (
        "rnn_backward",
        {"rnn_forward": keeping_arguments, "rnn_backward": made_of_differences},
        "forwards: differences instead of a derivation?",
    ),
}


@pytest.mark.parametrize("fault", OTHERS)
def test_another_fault_loses_points_and_is_said(fault: str) -> None:
    name, changed, words = OTHERS[fault]
    result = check(name, **changed)
    assert result.points < worth(name)
    assert words in str(result)


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
    for id, law in (("overwritten", "cut after step"), ("tanh_missing", "right for T = 1")):
        changed = find(named("a4_bptt"), id).make(dict(A4))
        result = typed("a4_bptt", "selfcheck.laws('rnn_forward', 'rnn_backward', seed=1)", **changed)
        broken = [row.name for row in result.rows if not row.ok]
        assert broken
        assert all(law in name for name in broken), broken


def test_every_tie_names_functions_of_the_notebook() -> None:
    assert {name for assignment, names in TIES for name in names if name not in HOME} == set()
