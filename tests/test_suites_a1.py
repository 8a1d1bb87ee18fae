"""What is special to the hidden suite of a1_linear_fit: what follows from a mistake, and counterexamples.

What every suite promises is in test_suites.py, test_right_answers.py and test_mistakes.py.
"""

from __future__ import annotations

import pytest

from autograder.naming.bank import bank
from tests.course import named
from tests.harness import edited, grade, lost, sentences, with_mistake, written

A1 = "a1_linear_fit"


def test_a_stub_below_is_named() -> None:
    namespace = written(A1, "def predict(x, w, b): raise NotImplementedError()")
    results = grade(A1, namespace, only=("gradient_descent", "predict"))
    assert results["gradient_descent"].blocked_by == "predict"


def test_complex_numbers_earn_nothing() -> None:
    names = named(A1).functions
    assert lost(A1, written(A1, *(f"def {name}(*args): return 1j" for name in names))) == dict.fromkeys(names, 0.0)


def test_float32_is_told() -> None:
    namespace = written(A1, *named(A1).right["float32"].values())
    assert "float32" in sentences(grade(A1, namespace, only="predict")["predict"])


# ---- a mistake costs its points once ---------------------------------------------------------------------------------


@pytest.mark.parametrize("id", [mistake.id for mistake in bank(named(A1)) if mistake.id != "prediction_column"])
def test_a_mistake_costs_its_points_once(id: str) -> None:
    """A column as prediction also changes what is made of it."""
    (function,) = (mistake.function for mistake in bank(named(A1)) if mistake.id == id)
    assert set(lost(A1, with_mistake(A1, id))) == {function}


def test_two_mistakes_cost_their_points_once() -> None:
    assert set(lost(A1, with_mistake(A1, "loss_sum", "two_forgotten"))) == {"mse_loss", "mse_gradients"}


def test_a_right_walk_with_a_wrong_loss_in_it_is_followed() -> None:
    """The walk takes right slopes of its own and records the wrong loss."""
    slopes = "dw, db = 2 * np.mean((w * x + b - target) * x), 2 * np.mean(w * x + b - target)"
    walk = edited(A1, "gradient_descent", ("dw, db = mse_gradients(x, target, w, b)", slopes))
    mistakes = with_mistake(A1, "loss_sum", "two_forgotten")
    wrong = {name: mistakes[name] for name in ("mse_loss", "mse_gradients")}
    assert set(lost(A1, written(A1, walk, **wrong))) == {"mse_loss", "mse_gradients"}


def test_slopes_of_a_wrong_line_earn_half() -> None:
    """Right slopes of w x - b: that of b has another sign."""
    lines = (
        edited(A1, "predict", ("+ b", "- b")),
        edited(A1, "mse_gradients", ("float(2 * np.mean(error))", "float(-2 * np.mean(error))")),
    )
    assert 0.3 < lost(A1, written(A1, *lines))["mse_gradients"] < 0.6


CONSTANTS = {
    "slopes of zero": "def mse_gradients(x, t, w, b): return 0.0, 0.0",
    "slopes of one and two": "def mse_gradients(x, t, w, b): return 1.0, 2.0",
    "a loss of one": "def mse_loss(p, t): return 1.0",
    "predictions of zero": "def predict(x, w, b): return np.zeros_like(x)",
}


@pytest.mark.parametrize("title", CONSTANTS)
def test_a_constant_below_carries_nothing(title: str) -> None:
    assert "gradient_descent" in lost(A1, written(A1, CONSTANTS[title]))


def test_constants_everywhere_below_carry_nothing() -> None:
    zeros = CONSTANTS["slopes of zero"], "def mse_loss(p, t): return 0.0", CONSTANTS["predictions of zero"]
    found = lost(A1, written(A1, *zeros))
    assert found["gradient_descent"] == found["mse_gradients"] == found["mse_loss"] == found["predict"] == 0


# ---- counterexample --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        pytest.param("[-1.0, -2.0], [-8.0, -10.0], 5.0, 0.1", id="negative x"),
        pytest.param("[-1.0, -2.0, -3.0], [-7.0, -10.0, -13.0], 5.0, 0.05", id="off any line"),
        pytest.param("[0.5, -2.0], [-5.0, -10.0], 5.0, 0.1", id="one is positive"),
        pytest.param("np.array([-1, -3]), np.array([-8, -12]), -5, 0.1", id="start below"),
    ],
)
def test_a_counterexample_is_believed(values: str) -> None:
    assert lost(A1, written(A1, f"def counterexample(): return {values}"), only="counterexample") == {}


@pytest.mark.parametrize(
    "values",
    [
        pytest.param("[2., 1, 3, 5, 6], [-2., -4, 0, 4, 6], 5.0, 0.1", id="the article's own points"),
        pytest.param("[-10.0, -20.0], [-26.0, -46.0], 5.0, 1.0", id="both diverge"),
        pytest.param("[-1.0, -1.0], [-8.0, -8.0], 5.0, 0.1", id="equal x"),
        pytest.param("[-1.0, -2.0], [-8.0, -10.0], 5.0, 0.0", id="lr of zero"),
        pytest.param("[1.0, 2.0], [-4.0, -2.0], 5.0, -0.1", id="lr below zero"),
        pytest.param("[-1.0, -2.0], [-8.0, float('inf')], 5.0, 0.1", id="infinite"),
        pytest.param("[-1.0, -2.0], [-8.0], 5.0, 0.1", id="lengths differ"),
        pytest.param("[[-1.0, -2.0]], [[-8.0, -10.0]], 5.0, 0.1", id="a matrix"),
        pytest.param("[-1.0, -2.0], [-8.0, -10.0], [5.0], 0.1", id="w an array"),
        pytest.param("[], [], 5.0, 0.1", id="nothing"),
        pytest.param("[-1.0, -2.0], [-8.0, -10.0], 2.0, 0.1", id="begins at the best"),
        pytest.param("[-1e300, -2e300], [-8.0, -10.0], 5.0, 1e200", id="the rule runs to infinity"),
        pytest.param("'abc', 'def', 5.0, 0.1", id="text"),
        pytest.param("[-1j, -2.0], [-8.0, -10.0], 5.0, 0.1", id="complex"),
        pytest.param("[0.0, 0.0, 1e-200], [1.0, 2.0, 3.0], 5.0, 0.1", id="zeros"),
    ],
)
def test_a_counterexample_is_not_believed(values: str) -> None:
    namespace = written(A1, f"def counterexample(): return {values}")
    assert lost(A1, namespace, only="counterexample") == {"counterexample": 0.0}


def test_a_counterexample_that_changes_costs_a_little() -> None:
    text = "def counterexample(): return [-1.0, -2.0], [-8.0, -10.0], 5 + float(np.random.rand()), 0.1"
    assert lost(A1, written(A1, text), only="counterexample") == {"counterexample": 0.875}
