"""Every number that the text of a4_bptt states and a computation gives: computed here, then looked up there."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import jupytext
import numpy as np

from tests.notebooks import points_by_part, prose

FOLDER = Path(__file__).parents[1] / "assignments" / "a4_bptt"
NOTEBOOK = jupytext.read(FOLDER / "a4_bptt.py")
PROSE = "\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")
WORDS = " ".join(PROSE.split())
RUBRIC = " ".join((FOLDER / "rubric.md").read_text(encoding="utf-8").split())

Array = np.ndarray[Any, np.dtype[np.float64]]


def names() -> dict[str, Any]:
    """Run the given and the solution cells: no graded cell and no illustration."""
    space: dict[str, Any] = {"np": np, "contextlib": contextlib}
    for cell in NOTEBOOK.cells:
        about = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and about and not about["grade"]:
            exec(cell.source, space)
    return space


A4 = names()


def cell_with(text: str) -> str:
    (source,) = (cell.source for cell in NOTEBOOK.cells if cell.cell_type == "code" and text in cell.source)
    return str(source)


def states(*phrases: str, where: str = WORDS) -> None:
    for phrase in phrases:
        assert phrase in where, f"the text does not say {phrase!r}"


def norm_of(array: Any) -> float:
    return float(np.linalg.norm(array))


def printed(source: str, **more: Any) -> list[str]:
    """Run an illustration cell and return the lines that it prints."""
    out = io.StringIO()
    needs = type("selfcheck", (), {"needs": staticmethod(lambda *_: contextlib.nullcontext())})
    with contextlib.redirect_stdout(out):
        exec(source, A4 | {"selfcheck": needs} | more)
    return out.getvalue().splitlines()


def test_the_map_adds_up() -> None:
    text = prose("a4_bptt")
    rows = re.findall(r"^\| \d · .* \| (\d+) \| (.+) \|$", text, re.MULTILINE)
    by_hand = sum(int(n) for _, points in rows for n in re.findall(r"(\d+) by hand", points))
    by_machine = sum(int(n) for _, points in rows for n in re.findall(r"(\d+)(?! by hand)(?=$| \+)", points))
    assert (len(rows), by_machine, by_hand, sum(int(minutes) for minutes, _ in rows)) == (9, 31, 9, 240)
    states("Four hours; 31 points by machine, 9 by hand", where=text)
    assert points_by_part("a4_bptt") == ([0, 2, 5, 3, 8, 2, 4, 9, 6, 1], 9)


def test_the_credit_matrix() -> None:
    rng = np.random.default_rng(0)
    _, cache = A4["rnn_forward"](rng.normal(size=(8, 4, 3)), np.ones((4, 16)), A4["new_params"](rng, 3, 16))
    credit = A4["credit_matrix"](rng.normal(size=(8, 4, 16)), cache)
    assert np.flatnonzero(credit[2]).tolist() == [0, 1, 2]
    states("A sequence has 8 steps", "Row 2 has three entries, at steps 0, 1 and 2")


def test_the_sweep_against_the_nested_loop() -> None:
    crossings = 400 * 401 // 2
    states(f"At T = 400 the loop takes {crossings} steps back where the sweep takes 400")
    rng, params = np.random.default_rng(1), A4["new_params"](np.random.default_rng(1), 3, 8)
    x, h0, injected = (rng.standard_normal(shape) for shape in ((10, 4, 3), (4, 8), (10, 4, 8)))
    outputs, cache = A4["rnn_forward"](x, h0, params)
    right = A4["nested_backward"](injected, x, h0, outputs, params)["x"]
    error = np.abs(A4["rnn_backward"](injected, cache)["x"] - right).max(axis=(1, 2)) / np.abs(right).max()
    assert error.max() < 1e-15
    alone = A4["rnn_backward_truncated"](injected, cache, 0)["x"]
    wrong = np.abs(alone - right).max(axis=(1, 2)) / np.abs(right).max()
    assert wrong[-1] < 1e-15
    assert wrong[:-1].min() > 1e-3
    states("Rounding leaves about $10^{-16}$ or nothing", "Without the carry the last step is right")


def test_the_layer_that_overwrites() -> None:
    printed_layer, comparison = cell_with("def article_gradient"), cell_with("default_rng(782)")
    index = {"states[k + 1]": "states[k]"}
    in_place = {
        "states[k + 1][:] = 1 - states[k + 1] ** 2": "slope = 1 - states[k + 1] ** 2",
        "np.diag(state[:, 0])": "np.diag(slope[:, 0])",
    }
    found = []
    for repairs in ({}, index, in_place, in_place | index):
        layer = printed_layer
        for old, new in repairs.items():
            assert old in layer
            layer = layer.replace(old, new)
        space = dict(A4)
        exec(layer, space)
        lines = printed(comparison.replace("{error:.2f}", "{error}"), article_gradient=space["article_gradient"])
        found.append([float(line.split()[-1]) for line in lines])
    (first, second), (only_index, _), (only_in_place, _), both = found
    states(f"The first call is off by {first:.2f} times the gradient, the second by {second:.2f} times")
    states(f"one repair alone leaves {only_index:.2f}, the other alone {only_in_place:.2f}")
    assert max(both) < 1e-8
    states("both together rounding, in every call")
    states(f"the first is off by {first:.2f} already", where=RUBRIC)


def test_the_loss_that_does_not_fit() -> None:
    source = cell_with("losses_of")
    categorical, sigmoid, mixed = (float(line.split()[-1]) for line in printed(source))
    assert max(categorical, sigmoid) < 1e-7 < 0.1 < mixed
    two = [float(line.split()[-1]) for line in printed(source.replace("classes = 5", "classes = 2"))]
    assert max(two[:2]) < 1e-7
    assert abs(two[2] - 0.5) < 1e-6
    states("the binary loss is exactly twice the categorical one: $o - y$ is half its gradient")
    states("$o - y$ is half the gradient", "With 2 classes the printed error is 0.5", where=RUBRIC)


def test_truncation() -> None:
    rng = np.random.default_rng(0)
    _, cache = A4["rnn_forward"](rng.normal(size=(20, 2, 3)), np.zeros((2, 16)), A4["new_params"](rng, 3, 16))
    injected = np.zeros((20, 2, 16))
    injected[-1] = 1
    reached = np.any(A4["rnn_backward_truncated"](injected, cache, 9)["x"], axis=(1, 2))
    assert reached.sum() == 10
    states("*at most 10 steps* from each $t$: its own, and nine more across nine", "That is `k = 9` here")

    errors = []
    for radius in (0.6, 1.0, 1.4):
        rng = np.random.default_rng(5)
        x, h0, injected = (rng.standard_normal(shape) for shape in ((20, 4, 3), (4, 16), (20, 4, 16)))
        _, cache = A4["rnn_forward"](x, h0, A4["new_params"](rng, 3, 16, radius=radius))
        full = A4["rnn_backward"](injected, cache)["weight_hh"]
        errors.append(norm_of(A4["rnn_backward_truncated"](injected, cache, 4)["weight_hh"] - full) / norm_of(full))
    small, middle, large = (100 * error for error in errors)
    states(f"At k = 4 the error of `weight_hh` is {small:.1f} %, {middle:.0f} % and {large:.0f} % of the gradient")


def test_dying_and_exploding() -> None:
    plain, residual = {}, {}
    for radius in (0.5, 0.9, 1.0, 1.5):
        x, h0, params, grad_last = A4["radius_problem"](radius)
        assert np.allclose(np.linalg.svd(params["weight_hh"])[1], radius)
        plain[radius] = A4["state_gradient_norms"](grad_last, A4["rnn_forward"](x, h0, params)[1])[0]
        injected = np.concatenate([np.zeros((29, 4, 32)), grad_last[None]])
        _, cache = A4["residual_rnn_forward"](x, h0, params)
        residual[radius] = norm_of(A4["residual_rnn_backward"](injected, cache)["h0"])
    states(
        f"so 30 steps at 0.9 leave {100 * 0.9**30:.0f} %", f"radius 1 dies as well ({100 * plain[1.0]:.2f} % are left)"
    )
    states(f"1.5, which would grow to {1.5**30:.2g}".replace("1.9e+05", "190000"), f"ends near {plain[1.5]:.0f}")
    states(f"the gradient grows {residual[0.5]:.0f} times at radius 0.5", f"and {residual[1.5]:.0f} times at 1.5")
    states(f"left ${plain[0.5] * 1e12:.0f} \\cdot 10^{{-12}}$ of it")
    assert min(residual.values()) > 1
    states(f"1.1^50 = {1.1**50:.0f}", where=RUBRIC)


def test_the_cliff() -> None:
    grid = np.linspace(1.4, 2.1, 1401)
    losses, slopes = zip(
        *((loss, abs(grads["weight_hh"].item())) for loss, grads in map(A4["cliff"], grid)), strict=True
    )
    states(f"The valley at $w = {grid[np.argmin(losses)]:.1f}$ ends in a cliff, with a slope up to {max(slopes):.0f}")
    ends = []
    for max_norm in (np.inf, 0.1):
        path = [2.0]
        for _ in range(60):
            clipped, _ = A4["clip_grad_norm"](A4["cliff"](path[-1])[1], max_norm)
            path.append(path[-1] - 0.1 * clipped["weight_hh"].item())
        ends.append(A4["cliff"](path[-1])[0])
        if max_norm == np.inf:
            assert max(np.abs(np.diff(path))) > 0.1, "no jump over the valley"
    states(f"ends at a loss of {ends[0]:.2f}; the clipped steps end in the valley, at {ends[1]:.3f}")


def test_the_loss_of_equal_logits() -> None:
    loss, _ = A4["sequence_loss"](np.zeros((7, 3, 2)), np.ones((7, 3), dtype=int))
    states(rf"$\log 2 = {loss:.3f}$ for two classes")


def test_the_articles_own_net() -> None:
    source = cell_with("RandomState(0)")
    pairs = A4["PAIRS"]
    assert pairs.shape == (2, 16384)
    states("2,000 of the 16,384 pairs are held out")

    right: list[bool] = []
    watched = source.replace("    if update % 1000 == 0:", "    watch(guess, y)\n    if update % 1000 == 0:")
    assert watched != source
    lines = printed(watched, watch=lambda guess, y: right.append(bool(np.all((guess > 0.5) == y))))
    assert [line.split()[0] for line in lines] == [str(n) for n in range(0, 8001, 1000)]
    assert lines[0].endswith("9 + 60 = 1")
    assert "pred 0 1 0 1 0 0 0 1  true 0 1 0 1 0 0 0 1" in lines[6]
    assert np.mean(right[7000:8000]) == 1
    share = 100 * np.mean(right[5000:6000])
    states(
        "At update 6000 the line is right",
        f"only {share:.0f} % of the 1000 sums before it were; of those before 8000, all",
    )


def test_the_students_adder() -> None:
    lines = printed(cell_with("held-out sums right"))
    assert lines[-1] == "held-out sums right: 100.0%"
    states("After 300 batches all eight bits of all held-out sums are right")


def test_mistakes_that_learn_as_well() -> None:
    scores = {}
    for name, (function, wrong) in A4["MISTAKES"].items():
        rng = np.random.default_rng(3)
        with A4["swapped"](function, wrong):
            params, _ = A4["train_adder"](A4["adder_batches"](rng, 800), A4["new_params"](rng, 2, 16), lr=1.0)
        scores[name] = A4["adder_score"](params)
    failed = [name for name, score in scores.items() if score < 1]
    assert failed == ["last step's error only"]
    assert scores[failed[0]] < 0.05
    assert len(scores) == 6
    states("Only the last mistake shows")
    assert "Four mistakes of five learn to add" in cell_with("MISTAKES.items()")


def test_no_carry_adds_from_every_start() -> None:
    needed = []
    for seed in range(5):
        rng, done = np.random.default_rng(seed), 0
        params = A4["new_params"](rng, 2, 16)
        with A4["swapped"]("rnn_backward", A4["no_carry"]):
            while done < 4000 and A4["adder_score"](params) < 1:
                params, _ = A4["train_adder"](A4["adder_batches"](rng, 100), params, lr=1.0)
                done += 100
        needed.append(done)
    states(f"five others take {min(needed)} to {max(needed)} batches without carry, but each of them gets there")
    assert max(needed) < 4000


def test_first_xor_last() -> None:
    ends: dict[str, list[float]] = {}
    for name, wrong in (("full", lambda yours: yours), ("none", A4["no_carry"])):
        for seed in range(3):
            rng = np.random.default_rng(seed)
            params, scores = A4["new_params"](rng, 1, 16), []
            for _ in range(10):
                with A4["swapped"]("rnn_backward", wrong):
                    batches = A4["xor_batches"](rng, 20)
                    params, _ = A4["train_first_xor_last"](batches, params, lr=0.5, max_norm=1.0)
                scores.append(A4["xor_score"](params))
            ends.setdefault(name, []).append(scores[4 if name == "full" else -1])
    assert ends["full"] == [1, 1, 1]
    states(f"With the full gradient all {2**10} sequences are right by batch 100")
    low, middle, high = sorted(100 * end for end in ends["none"])
    states(f"without carry the three are at {low:.0f} %, {middle:.0f} % and {high:.0f} % after batch 200")
