"""Every number that the text of a1_linear_fit states is computed here from its reference solutions."""

import math
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jupytext
import numpy as np
import pytest

from tests.notebooks import points_by_part, prose

NOTEBOOK = jupytext.read(Path(__file__).parents[1] / "assignments" / "a1_linear_fit" / "a1_linear_fit.py")
TEXT = " ".join("\n".join(cell.source for cell in NOTEBOOK.cells).split())
X = np.array([2.0, 1.0, 3.0, 5.0, 6.0])
Y = 2 * X - 6
START = (5.0, -6.0)


def solutions() -> dict[str, Any]:
    """The reference solutions by name."""
    names: dict[str, Any] = {"np": np}
    for cell in NOTEBOOK.cells:
        about = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and about.get("solution"):
            exec(cell.source, names)
    return names


A1 = solutions()
predict: Callable[..., Any] = A1["predict"]
mse_loss: Callable[..., Any] = A1["mse_loss"]
numerical_derivative: Callable[..., Any] = A1["numerical_derivative"]
mse_gradients: Callable[..., Any] = A1["mse_gradients"]
gradient_descent: Callable[..., Any] = A1["gradient_descent"]
online_fit: Callable[..., Any] = A1["online_fit"]
largest_stable_lr: Callable[..., Any] = A1["largest_stable_lr"]


def article_rule(x: np.ndarray, y: np.ndarray, w: float, lr: float, passes: int) -> list[float]:
    """The update that the article prints, with its missing x."""
    weights = [w]
    for x_n, y_n in zip(np.tile(x, passes), np.tile(y, passes), strict=True):
        weights.append(weights[-1] + lr * (y_n - (weights[-1] * x_n - 6)))
    return weights


def stated() -> dict[str, str]:
    """What is said, by what it is about: each phrase is put together from computed numbers."""
    errors = predict(X, *START) - Y
    e = [f"{error:.0f}" for error in errors]
    loss = mse_loss(predict(X, *START), Y)
    dw, db = mse_gradients(X, Y, *START)
    in_order = " + ".join(f"{error:.0f} \\cdot {x:.0f}" for error, x in zip(errors, X, strict=True))
    w_1, b_1, _ = gradient_descent(X, Y, *START, 0.01, 1)
    limit = largest_stable_lr(X)
    hessian = np.array([[2 * np.mean(X**2), 2 * np.mean(X)], [2 * np.mean(X), 2.0]])
    small, large = np.linalg.eigvalsh(hessian)
    slow, fast = online_fit(X, Y, 5.0, 0.01, 5), online_fit(X, Y, 5.0, 0.1, 5)
    factors = (fast[1:6] - 2) / (fast[:5] - 2)
    product = " \\cdot ".join(f"{f:.1f}" if f > 0 else f"({f:.1f})" for f in factors)
    rule = article_rule(X, Y, 5.0, 0.1, 5)
    shrink = [f"{(after - 2) / (before - 2):.1f}" for before, after in pairwise(rule[:6])]
    nudges = [
        numerical_derivative(lambda w, x=x, y=y: 0.5 * (w * x - 6 - y) ** 2, 5.0) for x, y in zip(X, Y, strict=True)
    ]
    ratio = sorted(round(nudge / error) for nudge, error in zip(nudges, errors, strict=True))
    assert ratio[0] == 1
    square = numerical_derivative(lambda w: w * 3 + w**2, 5.0)
    runaway = article_rule(np.array([-1.0]), np.array([-8.0]), 5.0, 0.1, 1)
    return {
        "errors of the start": f"The errors of the start are {', '.join(e[:4])} and {e[4]}: all positive",
        "loss of the start": "\\frac{"
        + " + ".join(f"{v}^2" for v in e)
        + f"}}{{5}} = \\frac{{{sum(errors**2):.0f}}}{{5}} = {loss:.0f}",
        "loss in 2.1": f"At $w = 5$, $b = -6$ the loss is {loss:.0f}.",
        "loss in the first guess": f"By how much does the loss change? It was {loss:.0f}.",
        "loss in the second guess": f"The loss of the start is {loss:.0f}.",
        "a value used twice": f"that is $3 + 10 = {square:.0f}$. Forget a use and you get 3, or 10.",
        "slope for w": f"$\\frac{{2}}{{5}} ({in_order}) = \\frac{{2}}{{5}} \\cdot {sum(errors * X):.0f} = {dw:.0f}$",
        "both slopes": f"your function should say $({dw:.0f},\\ {db:.1f})$",
        "one step": f"$w = 5 - {0.01 * dw:.1f} = {w_1:.1f}$ and $b = -6 - {0.01 * db:.3f} = {b_1:.3f}$",
        "factor at the limit": f"At $\\eta h = 2$ the factor is ${1 - limit * large:.0f}$",
        "first online update": f"$w = 5 - 0.1 \\cdot {errors[0]:.0f} \\cdot {X[0]:.0f} = {fast[1]:.1f}$",
        "how many weights": f"so 5 passes over 5 samples make {fast.size} numbers",
        "weights after each pass, lr 0.1": "| 0.1 | " + " | ".join(f"{w:.6f}" for w in fast[5::5]) + " |",
        "weights after each pass, lr 0.01": "| 0.01 | " + " | ".join(f"{w:.6f}" for w in slow[5::5]) + " |",
        "lr times curvature": f"so $\\eta h$ is {0.1 * X[3] ** 2:.1f} and {0.1 * X[4] ** 2:.1f} there",
        "factor of a pass": f"${product} = {np.prod(factors):.4f}$",
        "factors of the article": f"$1 - 0.1\\, x$: by {', '.join(shrink[:4])} and {shrink[4]}",
        "table of the nudge": f"{', '.join(map(str, ratio[1:4]))} and {ratio[4]} times at",
        "a rule that runs away": f"at $x = -1$ the factor is {(runaway[1] - 2) / (runaway[0] - 2):.1f}",
        "entries of the Hessian": "{:.0f} & {:.1f} \\\\ {:.1f} & {:.0f} \\end{{pmatrix}}".format(*hessian.ravel()),
        "steep direction": f"\\approx {hessian[0] @ (1, 0.23):.3f} \\begin{{pmatrix}} 1 \\\\ 0.23",
        "flat direction": f"\\approx {hessian[1] @ (-0.23, 1):.3f} \\begin{{pmatrix}} -0.23 \\\\ 1",
        "both curvatures": f"$h = {large:.3f}$ or ${small:.3f}$",
        "limit of the five points": f"here $2 / {large:.3f} = {limit:.4f}$",
        "condition number": f"its largest curvature is {large / small:.1f} times its smallest",
    }


@pytest.mark.parametrize("about", stated())
def test_the_text_states_the_computed_number(about: str) -> None:
    assert stated()[about] in TEXT


def test_the_article_numbers_are_its_rule_to_1e_12() -> None:
    (source,) = (cell.source for cell in NOTEBOOK.cells if "printed = " in cell.source)
    printed = re.search(r'"""(.*?)"""', source, re.DOTALL)
    assert printed is not None
    numbers = np.array(printed[1].split(), dtype=float)
    assert numbers.size == 26
    assert TEXT.lower().count("twenty-six right numbers") == 2
    np.testing.assert_allclose(numbers, article_rule(X, Y, 5.0, 0.1, 5), rtol=0, atol=1e-12)


def test_what_the_text_says_without_a_number() -> None:
    """Loss at and above the limit, overshoots, the bug's hiding place, the centred points."""
    limit = largest_stable_lr(X)
    drawn = re.search(r"limit = (0\.\d+)", TEXT)
    assert drawn is not None
    assert math.isclose(float(drawn[1]), limit, rel_tol=1e-14)
    half, near, at, above = (gradient_descent(X, Y, *START, part * limit, 401)[2] for part in (0.5, 0.95, 1, 1.01))
    assert near[-1] < half[-1] < 1e-5
    assert math.isclose(at[400], at[200], rel_tol=1e-6)
    assert 134 < at[400] < 135
    assert 0.9e9 < above[400] < 1.1e9
    assert half[1] < 0.1, "at half the limit the steep direction is done in one step"
    fast = online_fit(X, Y, 5.0, 0.1, 1) - 2
    over = [X[n] for n in range(5) if fast[n] * fast[n + 1] < 0 and abs(fast[n + 1]) > abs(fast[n])]
    assert over == [5, 6], "the samples at which w jumps over the goal"
    for points, steps in ((X, 414), (X - X.mean(), 26)):
        losses = gradient_descent(points, Y, *START, largest_stable_lr(points) / 2, 500)[2]
        assert np.argmax(losses < 1e-6) == steps
    assert math.isclose(np.linalg.cond(np.stack([X - X.mean(), np.ones(5)])) ** 2, 3.44)


def test_the_counterexample_breaks_the_article_and_not_the_gradient() -> None:
    x, target, w, lr = A1["counterexample"]()
    best = float(np.sum(x * (target + 6)) / np.sum(x**2))
    assert abs(article_rule(x, target, w, lr, 1)[-1] - best) > abs(w - best)
    assert abs(online_fit(x, target, w, lr, 1)[-1] - best) < abs(w - best)


def test_the_parts_add_up_to_the_minutes_and_points_of_the_map() -> None:
    rows = re.findall(r"^\| \d · .*\| (\d+) \| (\d+) \|$", prose("a1_linear_fit"), re.MULTILINE)
    parts, _ = points_by_part("a1_linear_fit")
    assert sum(int(minutes) for minutes, _ in rows) == 140
    assert [0, *(int(points) for _, points in rows), 0] == parts
    assert sum(parts) == 20
