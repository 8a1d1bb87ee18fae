"""Every number that the text of a3_rnn_cell states and a computation gives: computed here, then looked up there."""

import re
import textwrap
from pathlib import Path
from typing import Any

import jupytext
import numpy as np
import pytest

from tests.notebooks import points_by_part, prose

FOLDER = Path(__file__).parents[1] / "assignments" / "a3_rnn_cell"
NOTEBOOK = jupytext.read(FOLDER / "a3_rnn_cell.py")
PROSE = "\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")
WORDS = " ".join(PROSE.split())
CODE = "\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "code")
RUBRIC = " ".join((FOLDER / "rubric.md").read_text(encoding="utf-8").split())

Array = np.ndarray[Any, np.dtype[np.float64]]


def names() -> dict[str, Any]:
    """Run the given, helper and solution cells: no graded cell and no illustration."""
    space: dict[str, Any] = {"np": np}
    for cell in NOTEBOOK.cells:
        about = cell.metadata.get("nbgrader", {})
        plain = "illustration" not in cell.metadata.get("tags", []) and not about.get("grade")
        if cell.cell_type == "code" and plain and "selfcheck" not in cell.source:
            exec(cell.source, space)
    return space


A3 = names()


def cell_with(text: str) -> str:
    (source,) = (cell.source for cell in NOTEBOOK.cells if cell.cell_type == "code" and text in cell.source)
    return str(source)


def define(name: str) -> Any:
    """A class or function that an illustration defines, out of its cell."""
    space = dict(A3)
    for cell in NOTEBOOK.cells:
        if found := re.search(rf"^(?:class|def) {name}\b.*?(?=^\S|\Z)", cell.source, re.MULTILINE | re.DOTALL):
            exec(found[0], space)
    return space[name]


def states(*phrases: str, where: str = WORDS) -> None:
    for phrase in phrases:
        assert phrase in where, f"the text does not say {phrase!r}"


def checkpoint() -> dict[str, Array]:
    return dict(zip(A3["drawn"], A3["article_numbers"](*A3["drawn"].values()), strict=True))


def second_checkpoint() -> dict[str, Array]:
    shapes = (3, 10, 4), (5, 10), (5, 5), (5, 3), (2, 5), (5, 1), (2, 1)
    return dict(zip(("x", "a_prev", "Waa", "Wax", "Wya", "ba", "by"), A3["article_numbers"](*shapes), strict=True))


def column_gradients(arrays: dict[str, Array]) -> list[float]:
    grads = A3["column_cell_backward"](**{name: arrays[name] for name in arrays if name not in ("Wya", "by")})
    return [float(grads[name][row, column]) for name, row, column in A3["printed"]]


def test_the_map_adds_up() -> None:
    text = prose("a3_rnn_cell")
    rows = re.findall(r"^\| (\d) · .* \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    parts, by_hand = points_by_part("a3_rnn_cell")
    assert [0, *(int(points) for _, points, _ in rows), 0] == parts
    assert sum(int(minutes) for *_, minutes in rows) == 205
    assert (sum(parts), by_hand) == (30, 5)
    states("30 points, 5 of them for written answers; about three and a half hours", where=text)
    for name, points in {
        "derive_cell": "3 points",
        "explain_bug_tanh": "1 point",
        "explain_bug_softmax": "1 point",
    }.items():
        assert f"## {name}" in RUBRIC
        assert re.search(rf"`{name}`[^.\n]*{points}\b", text)


def test_the_share_that_tanh_lets_through() -> None:
    share = 1 - np.tanh(2.0) ** 2
    states(f"At $|z| = 2$ only {100 * share:.0f} % of the gradient does")
    at = np.array([0, 0.5, 1, 2, 4])
    for name, row in (("h = \\tanh z", np.tanh(at)), ("1 - h^2", 1 - np.tanh(at) ** 2)):
        states(f"| ${name}$ | " + " | ".join(f"{value:.4f}" for value in row) + " |")
    states(f"$1 - 4 = {1 - 2**2}$, the right one {share:.4f}")
    z = 1e-2
    assert ((1 - np.tanh(z) ** 2) - (1 - z**2)) / z**4 == pytest.approx(2 / 3, rel=1e-3)
    states("by about $\\tfrac{2}{3} z^4$")
    states(f"the factor is −{abs(1 - 2**2)}, the right one about {share:.2f}", where=RUBRIC)


def test_a_zero_state_silences_one_gradient() -> None:
    x, h_prev, params = A3["random_cell"](seed=0)
    h, cache = A3["rnn_cell_forward"](x, np.zeros_like(h_prev), params)
    grads = A3["rnn_cell_backward"](np.random.default_rng(1).standard_normal(h.shape), cache)
    assert [name for name, grad in grads.items() if not grad.any()] == ["weight_hh"]
    states("the gradient of `weight_hh` is zero too")


def gradient_norms(scale: float) -> tuple[Array, Array]:
    """The norm of each sample's gradient in x, and |z|, where all weights are scaled."""
    (seed, N) = re.findall(r"random_cell\(seed=(\d+), N=(\d+), scale=scale\)", CODE)[0]
    x, h_prev, params = A3["random_cell"](seed=int(seed), N=int(N), scale=scale)
    states(f"for {int(N):,} samples")
    h, cache = A3["rnn_cell_forward"](x, h_prev, params)
    z = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]
    grad_x = A3["rnn_cell_backward"](np.random.default_rng(1).standard_normal(h.shape), cache)["x"]
    return np.linalg.norm(grad_x, axis=1), np.abs(z)


def test_large_weights_shrink_the_median_gradient() -> None:
    norms, z = gradient_norms(10.0)
    states(
        f"At scale 10 the median sample gets a gradient of {np.median(norms):.3f}, while the mean is {norms.mean():.1f}"
    )
    assert np.mean(z > 2) > 0.5
    small, smaller = gradient_norms(0.01)[0], gradient_norms(0.001)[0]
    assert np.median(small) / np.median(smaller) == pytest.approx(10, rel=0.01), "in proportion"


def test_where_the_colleague_passes() -> None:
    colleague = define("colleagues_grad_x")
    grad_h = np.random.default_rng(1).standard_normal((2, 4))

    def error(scale: float) -> tuple[float, float]:
        x, h_prev, params = A3["random_cell"](seed=2, scale=scale)
        h, cache = A3["rnn_cell_forward"](x, h_prev, params)
        right = A3["rnn_cell_backward"](grad_h, cache)["x"]
        worst = np.abs(colleague(grad_h, x, h_prev, params) - right).max() / np.abs(right).max()
        return float(np.arctanh(np.abs(h).max())), float(worst)

    at = [error(scale) for scale in np.geomspace(1e-3, 3e-2, 400)]
    passes = max(size for size, worst in at if worst < 1e-7)
    states(f"as long as the largest $|z|$ is below {passes:.3f}, and the test passes")
    drawn = [error(scale) for scale in np.geomspace(1e-3, 1, 31)]
    assert f"np.geomspace(1e-3, 1, {len(drawn)})" in CODE
    states(f"Of the sizes in the figure {max(size for size, worst in drawn if worst < 1e-7):.3f} is the last below")
    sizes, errors = np.log(at).T
    slope = np.polyfit(sizes, errors, 1)[0]
    assert slope == pytest.approx(4, abs=0.01)
    states("The error grows like the fourth power of $|z|$")


def test_the_second_checkpoint_in_columns() -> None:
    """Four steps in columns give the article's rows; its softmax over the whole matrix does not."""
    arrays = second_checkpoint()
    x, a = arrays.pop("x"), arrays.pop("a_prev")
    article = define("softmax_of_the_article")
    steps = []
    for t in range(x.shape[2]):
        a, y = A3["column_cell_forward"](x[:, :, t], a, **arrays)
        steps.append((a[4, 1], y[1, 3], article(arrays["Wya"] @ a + arrays["by"])[1, 3]))
    states_row, y_row, wrong_row = np.transpose(steps)
    for name, row in (("a[4][1]  ", states_row), ("y[1][3]   ", y_row)):
        states(f"checkpoint, {name} " + " ".join(f"{v:.8f}".rjust(11) for v in row).lstrip(), where=CODE)
    assert (wrong_row < 0.05 * y_row).all(), "far too small"


def test_a_gradient_check_passes_the_softmax_of_the_article() -> None:
    source = cell_with("gradient check: largest difference").split("print(")[0]
    space = A3 | {"softmax_of_the_article": define("softmax_of_the_article")}
    exec(source, space)
    worst = np.abs(space["differences"] - space["grad"]).max()
    assert worst < 1e-10
    states("the check agrees to 1e-10", where=RUBRIC)
    assert space["logits"].shape == (3, 4)
    states("for 3 classes and 4 samples in columns")
    sums = space["softmax_of_the_article"](space["logits"]).sum(axis=0)
    assert sums.sum() == pytest.approx(1), "all four together"
    states(f"they do not ({sums[0]:.3f} …)", where=RUBRIC)

    def per_column(logits: Array) -> Array:
        exp = np.exp(logits - np.max(logits))
        return exp / np.sum(exp, axis=0, keepdims=True)

    cured = space | {"softmax_of_the_article": per_column}
    exec(source, cured)
    assert np.abs(cured["differences"] - cured["grad"]).max() > 1, "with the cure the check fails"
    exec(source.replace("grad = 4 *", "grad = 1 *"), cured)
    assert np.abs(cured["differences"] - cured["grad"]).max() < 1e-8, "the 4 becomes 1"


def test_the_checkpoint_and_its_leftover() -> None:
    """The right numbers are the cell's; the printed ones are those of the second checkpoint's ba, and of no other."""
    arrays, other, printed = checkpoint(), second_checkpoint(), list(A3["printed"].values())
    article = [-0.4605641030588796, 0.08429686538067724, 0.39308187392193034, -0.28483955786960663, 0.80517166]
    assert printed == article
    right = [-1.3872130506020928, -0.1523994937739543, 0.41077282493545836, 1.1503450668497135, 0.20023491]
    np.testing.assert_allclose(column_gradients(arrays)[:4], right[:4], rtol=1e-12)
    assert column_gradients(arrays)[4] == pytest.approx(right[4], abs=5e-9)
    met = {
        name: int(np.isclose(column_gradients(arrays | {name: other[name]}), printed).sum())
        for name in ("a_prev", "Wax", "Waa", "ba")
    }
    assert met == {"a_prev": 0, "Wax": 0, "Waa": 0, "ba": 5}
    np.testing.assert_allclose(column_gradients(arrays | {"ba": other["ba"]})[:4], printed[:4], rtol=1e-13)
    states("It prints five numbers", "all five printed numbers come out")
    assert len(printed) == 5


def paths_to_the_weight(T: int) -> int:
    """Each path leaves the loss at one step and ends in the copy of that step or of an earlier one."""
    return sum(1 for injected in range(T) for _ in range(injected + 1))


def test_the_number_of_paths() -> None:
    assert paths_to_the_weight(2) == 3
    states("three paths lead from $L$ back to `weight_hh`", f"Ten steps would have {paths_to_the_weight(10)}.")


def test_what_changes_without_the_carry() -> None:
    x, h0, params = A3["random_cell"](seed=5, scale=0.7)
    grad_outputs = np.random.default_rng(1).standard_normal((2, *h0.shape))
    h1, cache_1 = A3["rnn_cell_forward"](x, h0, params)
    _, cache_2 = A3["rnn_cell_forward"](x[::-1], h1, params)
    right = A3["two_step_backward"](*grad_outputs, cache_1, cache_2)
    first, second = (A3["rnn_cell_backward"](g, c) for g, c in zip(grad_outputs, (cache_1, cache_2), strict=True))
    without = {name: first[name] + second[name] for name in params}
    without |= {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"]}
    assert [name for name in right if np.array_equal(right[name], without[name])] == ["x_2"]
    assert len(right) == 7
    states("Which of the seven arrays change", "Only `x_2` stays")


def test_the_stacks_of_the_article_add_up() -> None:
    x, h0, params = A3["random_cell"](seed=5)
    h1, cache_1 = A3["rnn_cell_forward"](x, h0, params)
    _, cache_2 = A3["rnn_cell_forward"](x, h1, params)
    grad_outputs = np.random.default_rng(1).standard_normal((2, *h0.shape))
    right = A3["two_step_backward"](*grad_outputs, cache_1, cache_2)["weight_hh"]
    cell = define("CellOfTheArticle")()
    ratios = [cell.backward(*grad_outputs, cache_1, cache_2)[1] / right for _ in range(3)]
    for call, ratio in enumerate(ratios, 1):
        np.testing.assert_allclose(ratio, call, rtol=1e-12)
    states("The first call is right. The second gives twice the gradient, the third three times")


def test_the_sizes_of_the_loss() -> None:
    loss, _ = A3["sequence_loss"](np.array([[[1000.0, -1000.0]]]), np.array([[1]]))
    states(f"The second line gives the loss, {loss:.0f}")
    assert A3["softmax"](np.array([1000.0, -1000.0]))[1] == 0
    equal, _ = A3["sequence_loss"](np.zeros((7, 5, 10)), np.zeros((7, 5), dtype=int))
    states(f"with 10 classes that costs $\\log 10 = {equal:.3f}$")
    states(f"With T = 7 and N = 5, a loss of {35 * equal:.1f} would be the sum over {7 * 5} of them")


def test_the_table_by_calculator(capsys: pytest.CaptureFixture[str]) -> None:
    """Its rules, followed, are what the verdicts find by differences; one wrong number is told alone."""
    h1, h2, _ = A3["small_loss"]()
    states("$\\tanh(0.8)$", "$L = 2 h_1 + 3 h_2$")
    assert h1 == pytest.approx(np.tanh(0.8))
    delta_2 = 3 * (1 - h2**2)
    carry = delta_2 * 0.6
    grad_h1 = 2 + carry
    delta_1 = grad_h1 * (1 - h1**2)
    numbers = {"h1": h1, "h2": h2, "delta_2": delta_2, "carry": carry, "grad_h1": grad_h1, "delta_1": delta_1}
    numbers |= {"grad_u": delta_2 * h1 + delta_1 * 0.5, "grad_h0": delta_1 * 0.6}
    four_digits = {name: float(f"{value:.4g}") for name, value in numbers.items()}

    def verdicts(**changed: Any) -> dict[str, str]:
        A3["small_verdicts"](four_digits | changed)
        return {line.split()[0]: line[9:] for line in capsys.readouterr().out.splitlines()}

    assert verdicts() == dict.fromkeys(numbers, "right")
    assert verdicts(h2=...) == dict.fromkeys(numbers, "right") | {"h2": "to do"}
    one_path = delta_2 * h1
    assert verdicts(grad_u=one_path) == dict.fromkeys(numbers, "right") | {"grad_u": "not right yet"}


def test_the_figure_survives_the_cure() -> None:
    """With the colleague's line cured every error is 0, and a log axis has no place for 0."""
    source = textwrap.dedent(cell_with("an error of 0 has no place").partition("\n")[2]).partition("fig, ax")[0]
    space = A3 | {
        "colleagues_grad_x": lambda g, x, h, p: (g * (1 - A3["rnn_cell_forward"](x, h, p)[0] ** 2)) @ p["weight_ih"]
    }
    exec(source, space)
    assert all(0 < error < 1e-14 for _, error in space["points"])


def test_the_cell_that_remembers() -> None:
    source = cell_with("target = np.array([[0, 0, 1, 1], [0, 1, 1, 0]])")
    space = A3 | {"train_to_remember": define("train_to_remember")}
    exec(textwrap.dedent(source.partition("\n")[2]).partition("fig, ax")[0], space)
    losses = space["losses"]
    below = next(step for step, loss in enumerate(losses) if loss < 0.1)
    states(
        f"It starts at $\\log 2 = {losses[0]:.3f}$, no opinion, is below 0.1 after {below} training steps, "
        f"and ends at {losses[-1]:.3f} (seed 3)"
    )
    assert losses[0] == pytest.approx(np.log(2))
    assert np.array_equal(space["logits"].argmax(axis=2), space["target"])
    assert np.array_equal(space["target"], [space["bits"][0], space["bits"][0] ^ space["bits"][1]])
