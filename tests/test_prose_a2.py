"""Every number that the text of a2_mlp_backprop states and a computation gives: computed here, then looked up there."""

import math
import re
from pathlib import Path
from typing import Any

import jupytext
import numpy as np
import pytest

from tests.notebooks import points_by_part, prose

SCRIPT = Path(__file__).parent.parent / "assignments" / "a2_mlp_backprop" / "a2_mlp_backprop.py"
NOTEBOOK = jupytext.read(SCRIPT)
CELLS = {cell.metadata["nbgrader"]["grade_id"]: cell for cell in NOTEBOOK.cells if "nbgrader" in cell.metadata}
PROSE = "\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown").replace("\u2212", "-")
WORDS = " ".join(PROSE.split())


def solutions() -> dict[str, Any]:
    """Run the given and the solution cells, and nothing else."""
    names: dict[str, Any] = {"np": np}
    for cell in NOTEBOOK.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if cell.cell_type == "code" and grade_id and not grade_id.startswith("test_"):
            exec(cell.source, names)
    return names


A2 = solutions()
X, LABEL = np.array([[0.4, 0.5]]), 1.0


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    return A2["worked_example"]()  # type: ignore[no-any-return]


def states(*phrases: str, where: str = WORDS) -> None:
    for phrase in phrases:
        assert phrase in where, f"the text does not say {phrase!r}"


def loss_after_step(grads: dict[str, np.ndarray], lr: float, names: tuple[str, ...]) -> float:
    params = A2["article_params"]()
    moved = {k: value - lr * grads[k] if k in names else value for k, value in params.items()}
    return float(A2["half_squared_error"](A2["mlp_forward"](X, moved)[0], LABEL))


def test_points_and_minutes_of_the_map() -> None:
    text = prose("a2_mlp_backprop")
    rows = re.findall(r"^\| (\d) \| .* \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    parts, _ = points_by_part("a2_mlp_backprop")
    assert [0, *(int(points) for _, points, _ in rows)] == parts == [0, 7, 3, 10, 7, 3]
    assert sum(int(minutes) for _, _, minutes in rows) == 270
    states("30 points in all", where=text)


def test_thirteen_parameters() -> None:
    sizes = {name: value.size for name, value in A2["article_params"]().items()}
    assert sizes["weight_1"] + sizes["weight_2"] == 9
    assert sizes["bias_1"] + sizes["bias_2"] == 4
    assert sizes["weight_2"] + sizes["bias_2"] == 4
    assert sizes["weight_1"] + sizes["bias_1"] == 9
    states("Nine weights", "four biases", "thirteen slopes", "serves the four slopes", "the other nine")


def test_the_largest_float() -> None:
    largest = np.finfo(float).max
    states(rf"${largest / 1e308:.1f} \cdot 10^{{308}}$", f"$e^{{{math.log(largest):.1f}}}$")


def test_steepest_slope_of_the_sigmoid() -> None:
    value = A2["sigmoid"](np.linspace(-8, 8, 1601))
    assert np.max(value * (1 - value)) == 0.25
    states("never exceeds 1/4", "by at most 1/4, two of them by at most 1/16")


def test_values_of_the_article(example: dict[str, Any]) -> None:
    """The published values that are right."""
    right = {
        "net_1": [[0.24, 0.52, 0.8]],
        "hidden": [[0.55971365, 0.62714777, 0.68997448]],
        "net_2": [[0.48839326]],
        "prediction": [[0.61972785]],
        "loss": 0.0723034528622083,
    }
    grads = {
        "weight_1": np.transpose([[-0.00088339, -0.00167643, -0.00230039], [-0.00110423, -0.00209554, -0.00287549]]),
        "bias_1": [-0.00220847, -0.00419109, -0.00575098],
        "weight_2": [[-0.05015982, -0.05620306, -0.06183339]],
        "bias_2": [-0.08961693],
    }
    for name, value in right.items():
        np.testing.assert_allclose(example[name], value, rtol=1e-7, atol=6e-9)
    assert example["loss"] == pytest.approx(0.0723034528622083, abs=1e-15)
    for name, value in grads.items():
        np.testing.assert_allclose(example["grads"][name], value, rtol=0, atol=6e-9)


def test_the_table_to_fill(example: dict[str, Any]) -> None:
    grads, hidden = example["grads"], example["hidden"][0]
    states(
        f"{example['net_1'][0, 0]:.2f}, ____, {example['net_1'][0, 2]:.2f}",
        f"{hidden[0]:.4f}, {hidden[1]:.4f}, ____",
        f"{example['prediction'].item():.4f} |",
        f"____, {grads['weight_2'][0, 1]:.4f}, ____",
        f"{grads['bias_1'][0]:.6f}, ____, ____",
        f"____, {grads['weight_1'][1, 0]:.6f}, ____",
        f"{grads['weight_1'][0, 1]:.6f}, ____, ____",
    )


def test_the_slope_done_together(example: dict[str, Any]) -> None:
    prediction, hidden = example["prediction"].item(), example["hidden"][0, 1]
    slope = prediction * (1 - prediction)
    product = (prediction - 1) * slope * hidden
    assert product == pytest.approx(example["grads"]["weight_2"][0, 1])
    states(rf"{prediction - 1:.4f} \cdot {slope:.4f} \cdot {hidden:.4f} = {product:.4f}")


def test_numbers_that_give_the_sums_away(example: dict[str, Any]) -> None:
    answer = " ".join(CELLS["explain_bug_worked_example"].source.split())
    prediction, grads = example["prediction"].item(), example["grads"]
    weights, wrong_way = ("weight_1", "weight_2"), {name: -value for name, value in grads.items()}
    states(
        f"${0.4 * 0.3:.2f} + {0.5 * 0.4:.2f} = {0.4 * 0.3 + 0.5 * 0.4:.2f}$, not 0.22",
        f"$0.32 + 0.2 = {example['net_1'][0, 1]:.2f}$",
        f"{0.5 * (1 - prediction):.6f}, half the squared error is {example['loss']:.6f}",
        f"{1 - prediction**2:.6f}, the neighbours say {prediction * (1 - prediction):.6f}",
        f"from {example['loss']:.7f} to {loss_after_step(wrong_way, 0.01, weights):.7f}",
        f"falls to {loss_after_step(grads, 0.01, weights):.7f}",
        where=answer,
    )


def test_four_of_five_numbers_are_not_put_back() -> None:
    numbers = np.random.default_rng(0).standard_normal(10_000)
    walked = numbers + 1e-6
    walked -= 2e-6
    walked += 1e-6
    assert np.mean(walked != numbers) == pytest.approx(0.8, abs=0.05)
    states("changes the last digit of four numbers in five")


def test_digits_of_the_differences() -> None:
    """As the figure of 2.3 computes them: orders of magnitude, for rounding differs from machine to machine."""
    z = np.random.default_rng(0).standard_normal(6)
    slope = A2["sigmoid"](z) * (1 - A2["sigmoid"](z))

    def error(eps: float) -> float:
        differences = A2["numerical_gradient"](lambda a: np.sum(A2["sigmoid"](a)), z, eps)
        return float(np.abs(differences - slope).max() / slope.max())

    assert 10 <= -math.log10(error(1e-5)) < 11
    assert 2.5 <= -math.log10(error(1e-12)) < 4
    states(r"right to ten digits at $\varepsilon = 10^{-5}$, and to three at $10^{-12}$")


def test_no_slope_under_a_threshold() -> None:
    params = A2["article_params"]()

    def loss(weight_1: np.ndarray) -> float:
        hidden = 1.0 * (X @ weight_1.T + params["bias_1"] > 0)
        prediction = A2["sigmoid"](hidden @ params["weight_2"].T + params["bias_2"])
        return float(A2["half_squared_error"](prediction, LABEL))

    slopes = A2["numerical_gradient"](loss, params["weight_1"])
    assert slopes.size == 6
    assert not slopes.any()
    states("all six slopes are exactly 0")


def test_loss_of_a_net_that_knows_nothing() -> None:
    one = A2["cross_entropy"](np.zeros((1, 10)), [3])
    ten = 10 * A2["cross_entropy"](np.zeros((10, 10)), np.zeros(10, dtype=int))
    states(f"{one:.4f} for ten classes", f"reads {ten:.0f} there")


def test_first_number() -> None:
    params = A2["article_params"]()
    net_1 = X @ params["weight_1"].T + params["bias_1"]
    states(rf"$0.4 \cdot 0.1 + 0.5 \cdot 0.2 + 0.1 = {net_1[0, 0]:.2f}$")
    assert net_1[0, 1] == pytest.approx(0.52), "what the figure waits for"


def test_witnesses_of_the_article(example: dict[str, Any]) -> None:
    """The table of 1.6: what each line gives, and what contradicts it."""
    prediction, net_2, grads = example["prediction"].item(), example["net_2"].item(), example["grads"]
    sigmoid, weights, wrong_way = A2["sigmoid"], ("weight_1", "weight_2"), {n: -g for n, g in grads.items()}
    neighbours = (sigmoid(net_2 + 1e-5) - sigmoid(net_2 - 1e-5)) / 2e-5
    states(
        f"| {net_2:.6f} | its sigmoid is {prediction:.6f}, and so is",
        f"| {0.5 * (1 - prediction):.6f} | `half_squared_error` gives {example['loss']:.6f} |",
        f"| {1 - prediction**2:.6f} | two neighbours of `net_2`, $10^{{-5}}$ away: slope {neighbours:.6f} |",
        f"| loss {loss_after_step(wrong_way, 0.01, weights):.7f} after the step | loss {example['loss']:.7f} before it |",
        f"after the cure of (e) the loss must fall to {loss_after_step(grads, 0.01, weights):.7f}",
    )


MIRROR = {
    "weighted_2": 'g["net_2"]',
    "weight_2": 'g["weighted_2"].T @ value["hidden"]',
    "hidden": 'g["weighted_2"] @ value["weight_2"]',
    "net_1": 'g["hidden"] * value["hidden"] * (1 - value["hidden"])',
    "bias_1": 'g["net_1"].sum(axis=0)',
    "weighted_1": 'g["net_1"]',
    "weight_1": 'g["weighted_1"].T @ value["x"]',
    "x": 'g["weighted_1"] @ value["weight_1"]',
}


def mirror(capsys: pytest.CaptureFixture[str], **lines: str) -> dict[str, str]:
    """The verdicts of 3.2 by the names of the gradients, with these lines filled in."""
    (source,) = (c.source for c in NOTEBOOK.cells if c.cell_type == "code" and "value, g = mirror_start" in c.source)
    for name, line in lines.items():
        source = source.replace(f'g["{name}"] = ...', f'g["{name}"] = {line}')
    exec(source, dict(A2))
    return dict(re.findall(r'^g\["(\w+)"\] +(.*)$', capsys.readouterr().out, re.MULTILINE))


def test_the_mirror_gives_a_verdict_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    done = {"prediction", "net_2", "bias_2"}
    assert mirror(capsys) == {name: "right" if name in done else "to do" for name in [*sorted(done), *MIRROR]}
    assert set(mirror(capsys, **MIRROR).values()) == {"right"}
    wrong = {"bias_1": 'g["net_1"].mean(axis=0)', "weight_1": 'value["x"].T @ g["weighted_1"]'}
    verdicts = mirror(capsys, **MIRROR | wrong)
    assert verdicts["bias_1"] == "WRONG: 3 of 3 entries differ"
    assert verdicts["weight_1"] == "WRONG: its shape is (2, 3), weight_1 has (3, 2)"
    assert [name for name, verdict in verdicts.items() if verdict != "right"] == list(wrong)


def test_spirals_are_learnt_by_the_right_gradient_and_by_two_mistakes() -> None:
    x, target = A2["spirals"]()
    params, right = A2["train_classes"](x, target)
    upper, still, sign = (
        A2["train_classes"](x, target, mistake=m)[1]
        for m in ("upper slope missing", "biases never move", "signs turned")
    )
    below = next(step for step, loss in enumerate(right) if loss < 0.2)
    states(
        rf"starts at $\log 3 = {right[0]:.4f}$, is below 0.2 after {below} steps, and ends at {right[-1]:.2f}",
        f"with all {len(x)} points in their own colour",
        rf"jumps to {max(upper):.2f} and zigzags at first, then ends lower than the right version, at {upper[-1]:.2f}",
        f"looks like the right one and ends at {still[-1]:.2f}",
    )
    assert right[0] == pytest.approx(math.log(3))
    assert np.array_equal(A2["mlp_forward"](x, params)[0].argmax(axis=1), target)
    assert np.all(np.diff(sign) > 0)
    assert max(upper) > right[0], "it jumps"
    assert np.sum(np.diff(upper) > 0) > 10, "and zigzags"
    assert np.all(np.diff(upper)[100:] < 0), "at first only"
    assert upper[-1] < right[-1]
    assert np.all(np.diff(right) < 0)
    assert np.all(np.diff(still) < 0)
    assert np.abs(np.subtract(still, right)).max() < 0.05, "the two curves look alike"


def test_the_three_bugs_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    """As it is, then with one line after the other fixed; the last has nothing but right verdicts."""
    (source,) = (c.source for c in NOTEBOOK.cells if c.cell_type == "code" and "def article_step" in c.source)
    source = source.partition("with selfcheck")[0] + "article_verdicts(article_forward, article_step)"
    fixes = {
        "": ["0.619728: not 0.607019", "stops: operands could not be broadcast"],
        "axis=0": ["0.619728: not 0.607019", "0.0722083: not 0.0721275"],
        "X @": ["0.607019: right", "0.0722083: not 0.0721275"],
        "return params | moved": ["0.607019: right", "0.0721275: right"],
    }
    better = {
        "X @": "x @",
        "return params | moved": "moved |= {'bias_1': params['bias_1'] - lr * delta_1[0], "
        "'bias_2': params['bias_2'] - lr * delta_2[0]}\n    return params | moved",
    }
    for broken, said in fixes.items():
        if broken == "axis=0":
            source = source.replace("np.concatenate([", "np.stack([")
        elif broken:
            source = source.replace(broken, better[broken])
        exec(source, dict(A2))
        for line, words in zip(capsys.readouterr().out.splitlines(), said, strict=True):
            assert words in line


def test_numbers_that_give_the_program_away(example: dict[str, Any]) -> None:
    grads, params = example["grads"], A2["article_params"]()
    states(
        f"gives {example['prediction'].item():.6f} at [0, 0] too",
        f"leaves the loss at {loss_after_step(grads, 0.01, ('weight_1', 'weight_2')):.7f}",
        f"leaves {loss_after_step(grads, 0.01, tuple(params)):.7f}",
    )
