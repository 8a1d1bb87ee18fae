"""Whoever has no name gets what is true all the same: a rule on the right numbers, known parts, or a next step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.authoring.audit.validity import grade, judge_of
from autograder.grading.next_words import STEPS, explained, next_step
from autograder.grading.results import FunctionResult
from autograder.naming.bank import How
from autograder.naming.clues import Clue, Kind
from tests.course import named
from tests.harness import written

JUDGES = {name: judge_of(named(name), "next") for name in ("a1_linear_fit", "a2_mlp_backprop", "a4_bptt")}


def told(assignment: str, code: str, function: str) -> FunctionResult:
    """The result of a function that is written so."""
    namespace = written(assignment, code)
    return grade(JUDGES[assignment], named(assignment), namespace, function)[function]


def said(result: FunctionResult) -> str:
    """What the student reads of it beside the checks."""
    parts = "".join(text for paragraph in explained(result.mistakes) for text, _ in paragraph)
    return f"{parts} {next_step(result)}".strip()


SLOPES = """
    def mse_gradients(x, target, w, b):
        error = w * x + b - target
        return {dw}, {db}
"""
MEAN_X, MEAN = "2 * np.mean(error * x)", "2 * np.mean(error)"
RULES = {
    "dw and db are the right ones with the other sign": (f"-{MEAN_X}", f"-{MEAN}"),
    "dw is the right one times 0.7": (f"0.7 * {MEAN_X}", MEAN),
    "db is the right one times N": (MEAN_X, f"len(x) * {MEAN}"),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_on_the_right_numbers_is_told(rule: str) -> None:
    dw, db = RULES[rule]
    result = told("a1_linear_fit", SLOPES.format(dw=dw, db=db), "mse_gradients")
    assert rule in said(result) or result.mistakes[0].kind is How.KNOWN  # a listed mistake says the same
    assert result.clue is None


def test_a_constant_that_is_not_round_is_not_told() -> None:
    result = told("a1_linear_fit", SLOPES.format(dw=f"{MEAN_X} * 0.71828", db=MEAN), "mse_gradients")
    assert not result.mistakes
    assert result.clue is not None
    assert "db: right" in said(result)
    assert 'selfcheck.check("mse_gradients")' in said(result)


def test_what_agrees_on_one_draw_alone_has_no_name() -> None:
    """Where all errors have one sign, |error| and error are the same: other inputs tell them apart."""
    code = """
    def mse_loss(prediction, target):
        return np.mean(np.abs(prediction - target))
    """
    result = told("a1_linear_fit", code, "mse_loss")
    assert [m.id for m in result.mistakes] == ["loss_absolute"]


BACKWARD = """
    def rnn_backward(grad_outputs, cache):
        x, states, params = cache
        grads = {{k: np.zeros_like(v) for k, v in params.items() if k[-2:] in ("ih", "hh")}}
        dx, carry = np.zeros_like(x), 0
        for t in reversed(range(len(x))):
            dz = (grad_outputs[t] + carry) * (1 - states[t + 1] ** 2)
            carry = {carry}
            dx[t] = {dx}
            grads["weight_ih"] += dz.T @ x[t]
            grads["weight_hh"] += {hh}
            grads["bias_ih"] += {bias}
            grads["bias_hh"] += {bias}
        return {{**grads, "x": dx, "h0": carry}}
"""
RIGHT = {
    "carry": 'dz @ params["weight_hh"]',
    "dx": 'dz @ params["weight_ih"]',
    "hh": "dz.T @ states[t]",
    "bias": "dz.sum(axis=0)",
}
ODD = {
    Kind.AT_ONE_STEP: {"hh": "dz.T @ states[max(t - 1, 0)]"},
    Kind.LAST_STEPS: {"carry": 'np.sin(dz @ params["weight_hh"])'},
    Kind.FLOW_RIGHT: {"hh": "dz.T @ np.sin(states[t])", "bias": "np.sin(dz).sum(axis=0)"},
    Kind.SUMS_RIGHT: {"dx": 'dz @ np.sin(params["weight_ih"])'},
    Kind.DIGITS: {"bias": "dz.sum(axis=0) + 1e-5 * dz.sum(axis=0) ** 2"},
    Kind.FORM: {"bias": "np.sin(dz).sum()"},
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_right_decides_the_next_step(kind: Kind) -> None:
    code = BACKWARD.format(**{**RIGHT, **ODD[kind]})
    if kind is Kind.FORM:  # the sums stay arrays, and what is returned is not
        code = BACKWARD.format(**RIGHT).replace(
            '{**grads, "x": dx', '{**grads, "bias_ih": np.sin(grads["bias_ih"])[None], "x": dx'
        )
    result = told("a4_bptt", code, "rnn_backward")
    assert result.clue is not None
    assert result.clue.kind is kind, result.clue
    assert not any(m.kind is How.KNOWN for m in result.mistakes)


def test_some_arrays_of_a_known_mistake_are_told_and_the_others_are_not_guessed() -> None:
    """The carry is dropped, and the bias gradients are wrong in a way that nobody knows."""
    code = BACKWARD.format(**{**RIGHT, "carry": "0 * states[0]", "bias": "np.sin(dz).sum(axis=0) ** 3"})
    result = told("a4_bptt", code, "rnn_backward")
    assert [m.kind for m in result.mistakes] == [How.PARTLY]
    assert {"x", "weight_ih", "weight_hh"} <= {*result.mistakes[0].arrays}
    assert "bias_ih" not in result.mistakes[0].arrays
    assert "differ from it in another way" in said(result)


def test_a_known_mistake_and_a_rule_are_told_array_by_array() -> None:
    """The carry is dropped; and the gradient of x has a factor that nobody lists."""
    code = BACKWARD.format(**{**RIGHT, "carry": "0 * states[0]"}).replace(
        '"x": dx', '"x": dx, "weight_ih": 0.37 * grads["weight_ih"]'
    )
    result = told("a4_bptt", code, "rnn_backward")
    assert result.mistakes
    assert all(m.kind in (How.PARTS, How.PARTLY) for m in result.mistakes)
    assert "weight_hh" in result.mistakes[0].arrays


def test_right_numbers_get_their_own_opening() -> None:
    code = """
    def mse_loss(prediction, target):
        prediction -= target
        return np.mean(prediction ** 2)
    """
    result = told("a1_linear_fit", code, "mse_loss")
    assert said(result).startswith("Your numbers are right in the main check.")
    assert "exactly those" not in said(result)


def test_an_argument_that_is_changed_is_not_called_minus_equals() -> None:
    """The caller's dict is filled anew: nothing of it is an operator that writes in place."""
    code = """
    def sgd_step(params, grads, lr):
        for name in params:
            params[name] = params[name] - lr * grads[name]
        return params
    """
    result = told("a2_mlp_backprop", code, "sgd_step")
    assert result.points < 1
    assert "[...] =" in said(result) or "changed in place" in said(result)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_one_sentence(kind: Kind) -> None:
    values = {Kind.FIRST_STEPS: ("x", "2"), Kind.LAST_STEPS: ("x", "1"), Kind.FIRST_UPDATE: ("losses", "1")}
    clue = Clue(kind, values.get(kind, ("x and h0", "bias_ih", "7")[: 2 if kind is Kind.SIGNS else 3]))
    text = next_step(FunctionResult("f", 0, 1, clue=clue))
    assert "{" not in text
    assert text.endswith('Then try selfcheck.check("f").')
    assert ".." not in text.replace("...", "")
    assert STEPS[kind]


def test_no_step_for_a_stub() -> None:
    code = """
    def predict(x, w, b):
        raise NotImplementedError()
    """
    result = told("a1_linear_fit", code, "predict")
    assert result.clue is None
    assert not result.mistakes


def test_a_clue_says_no_hidden_number() -> None:
    """Only names, counts and words: no value of an array that was expected."""
    rng = np.random.default_rng(0)
    for _ in range(3):
        factor: Any = rng.standard_normal()
        result = told("a1_linear_fit", SLOPES.format(dw=f"{MEAN_X} + {factor}", db=MEAN), "mse_gradients")
        assert f"{factor:.3f}" not in said(result)
