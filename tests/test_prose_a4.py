"""Every number that the text of a4_bptt states and a computation gives: computed here, then looked up there."""

import contextlib
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jupytext
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from tests.notebooks import points_by_part, prose

FOLDER = Path(__file__).parents[1] / "assignments" / "a4_bptt"
NOTEBOOK = jupytext.read(FOLDER / "a4_bptt.py")
PROSE = "\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")
WORDS = " ".join(PROSE.split())
RUBRIC = " ".join((FOLDER / "rubric.md").read_text(encoding="utf-8").split())

Array = np.ndarray[Any, np.dtype[np.float64]]
NEEDS = type("selfcheck", (), {"needs": staticmethod(lambda *_: contextlib.nullcontext())})


def names() -> dict[str, Any]:
    """Run the given and the solution cells, and of the figures the functions that they define."""
    space: dict[str, Any] = {"np": np}
    for cell in NOTEBOOK.cells:
        about, folded = cell.metadata.get("nbgrader"), "jupyter" in cell.metadata
        if cell.cell_type == "code" and (folded or (about and not about["grade"])):
            exec(f"\n{cell.source}".partition("\nwith selfcheck")[0] if folded else cell.source, space)
    return space


A4 = names()
A4["own_backward"] = A4["rnn_backward"]


@contextlib.contextmanager
def backward_is(name: str) -> Iterator[None]:
    """While inside, rnn_backward is another function of the notebook, as in the figures of 8.3 and 8.4."""
    A4["rnn_backward"] = A4[name]
    try:
        yield
    finally:
        A4["rnn_backward"] = A4["own_backward"]


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
    with contextlib.redirect_stdout(out):
        exec(source, A4 | {"selfcheck": NEEDS} | more)
    return out.getvalue().splitlines()


def test_the_map_adds_up() -> None:
    text = prose("a4_bptt")
    rows = re.findall(r"^\| \d · .* \| (\d+) \| (.+) \|$", text, re.MULTILINE)
    by_hand = sum(int(n) for _, points in rows for n in re.findall(r"(\d+) by hand", points))
    by_machine = sum(int(n) for _, points in rows for n in re.findall(r"(\d+)(?! by hand)(?=$| \+)", points))
    assert (len(rows), by_machine, by_hand, sum(int(minutes) for minutes, _ in rows)) == (9, 31, 9, 360)
    states("Six hours, in more than one sitting; 31 points by machine, 9 by hand", where=text)
    assert points_by_part("a4_bptt") == ([0, 2, 5, 3, 8, 2, 4, 9, 6, 1], 9)


def test_the_credit_matrix() -> None:
    rng = np.random.default_rng(0)
    _, cache = A4["rnn_forward"](rng.normal(size=(8, 4, 3)), np.ones((4, 16)), A4["new_params"](rng, 3, 16))
    credit = A4["credit_matrix"](rng.normal(size=(8, 4, 16)), cache)
    assert np.flatnonzero(credit[2]).tolist() == [0, 1, 2]
    states("only `outputs[2]` of a sequence of 8 steps", "Row 2 has three entries, at steps 0, 1 and 2")


def test_the_double_loop_against_the_sweep() -> None:
    crossings = 400 * 401 // 2
    states(f"At T = 400 your double loop takes {crossings} steps back, the sweep 400: {crossings // 400} times fewer")


# What a student writes, and what the calculator shows.
BY_HAND = {"grad_h_second": 2.0, "grad_z_second": 1.797, "grad_h_first": 2.438, "grad_z_first": 1.73, "grad_h0": 1.39}
BY_HAND |= {"grad_weight_hh": 1.83}
MIRROR = {
    "grad_h_second": "g[1]",
    "grad_z_second": "grad_h_second * (1 - h_second**2)",
    "grad_h_first": "g[0] + grad_z_second @ weight_hh",
    "grad_z_first": "grad_h_first * (1 - h_first**2)",
    "grad_h0": "grad_z_first @ weight_hh",
    "grad_weight_hh": "grad_z_second.T @ h_first + grad_z_first.T @ h0",
}


def test_the_table_for_the_calculator() -> None:
    z_0 = 0.2 + 0.8 * 0.5
    h_0 = np.tanh(z_0)
    z_1 = -0.1 + 0.8 * h_0
    h_1 = np.tanh(z_1)
    states(f"| step 0 | 0.2 | 0.5 | {z_0:.1f} | {h_0:.4f} | {1 - h_0**2:.4f} |")
    states(f"| step 1 | −0.1 | {h_0:.4f} | {z_1:.4f} | {h_1:.4f} | {1 - h_1**2:.4f} |")
    np.testing.assert_allclose(
        [A4["two_step_loss"](A4["ONE_UNIT"])], [1 * h_0 + 2 * h_1], err_msg="the helper has another loss"
    )


def verdicts(source: str) -> dict[str, str]:
    return {line.split()[0]: line.split(maxsplit=1)[1].strip() for line in printed(source)}


def test_numbers_by_hand_get_a_verdict_each() -> None:
    cell = cell_with("by_hand = {")
    open_lines = verdicts(cell)
    assert list(open_lines) == list(BY_HAND)
    assert list(open_lines.values()) == ["right", "right", *["to do"] * 4]
    for name, value in list(BY_HAND.items())[2:]:
        cell = cell.replace(f'"{name}": None', f'"{name}": {value}')
    assert set(verdicts(cell).values()) == {"right"}
    assert verdicts(cell.replace("2.438", "1.438"))["grad_h_first"].startswith("not right"), (
        "the injected gradient left out"
    )
    assert verdicts(cell.replace("1.83", "0.87"))["grad_weight_hh"].startswith("not right"), "one step alone"


def mirror(**changed: str) -> dict[str, str]:
    cell = cell_with("grad_h_second = ...")
    for name, line in (MIRROR | changed).items():
        cell = cell.replace(f"{name} = ...", f"{name} = {line}")
    return verdicts(cell)


def test_the_mirror_gets_a_verdict_a_line() -> None:
    assert set(verdicts(cell_with("grad_h_second = ...")).values()) == {"to do"}
    assert set(mirror().values()) == {"right"}
    wrong = mirror(grad_h_first="grad_z_second @ weight_hh")
    assert list(wrong.values())[:2] == ["right", "right"]
    assert all(verdict.startswith("not right") for verdict in list(wrong.values())[2:])
    transposed = mirror(grad_weight_hh="(grad_z_second.T @ h_first + grad_z_first.T @ h0).T")
    assert transposed["grad_weight_hh"].startswith("not right")
    assert mirror(grad_weight_hh="grad_z_second.T @ h_first @ h_first.T")["grad_weight_hh"].startswith(
        "expected the shape (4, 4)"
    )


def test_the_printed_numbers_are_those_of_torch() -> None:
    wave = A4["wave"]
    own = {"weight_ih": (300, 5, 4), "weight_hh": (400, 5, 5), "bias_ih": (500, 5), "bias_hh": (600, 5)}
    net = torch.nn.RNN(4, 5, dtype=torch.float64)
    with torch.no_grad():
        for name, size in own.items():
            getattr(net, f"{name}_l0").copy_(torch.tensor(wave(*size)))
    x = torch.tensor(wave(0, 3, 3, 4), requires_grad=True)
    outputs, _ = net(x, torch.tensor(wave(100, 3, 5))[None])
    outputs.backward(torch.tensor(wave(200, 3, 3, 5)))
    right = {"outputs": outputs.detach(), "x": x.grad} | {name: getattr(net, f"{name}_l0").grad for name in own}
    rows = [line.split() for line in A4["TORCH"].strip().split(";")]
    assert [name for name, *_ in rows] == list(right)
    for name, *numbers in rows:
        np.testing.assert_allclose(np.array(numbers, dtype=float), right[name].numpy().ravel(), rtol=0, atol=6e-7)
    lines = printed(cell_with("TORCH ="))
    assert len(lines) == 7
    assert all(line.endswith("all agree") for line in lines[1:])
    states("all five gradient arrays and the states")


FAULTS: dict[str, Callable[[str], str]] = {
    "overwritten": lambda layer: re.sub(r"(?m)^ *states\[j \+ 1\]\[:\] = .*\n", "", layer),
    "index": lambda layer: layer.replace("states[j + 1]", "states[j]"),
    "no derivative": lambda layer: layer.replace("np.diag(state[:, 0])", "np.diag(1 - state[:, 0] ** 2)"),
}


def first_and_second(*repairs: str) -> list[float]:
    """Relative errors of two calls of Article A's layer with these faults repaired."""
    layer = cell_with("def article_gradient")
    for repair in repairs:
        before, layer = layer, FAULTS[repair](layer)
        assert layer != before
    return [float(line.split()[-1]) for line in printed(layer)]


def test_the_layer_that_overwrites_has_three_faults() -> None:
    first, second = first_and_second()
    alone = sorted(first_and_second(fault)[0] for fault in FAULTS)
    assert second != first
    assert alone[-1] > first, "one repair alone makes it worse"
    states(f"the first call is off by {first:.3g} times the gradient", "Its code has three faults")
    states("it is off by {:.3g}, {:.3g} or {:.3g}: one of the repairs alone makes it worse".format(*alone))
    only_the_index = first_and_second("overwritten", "no derivative")
    states(f"With only the index left it is off by {only_the_index[0]:.3g}")
    assert max(first_and_second(*FAULTS)) < 1e-8
    states("Fix all three, and rounding is left, in every call")
    states(f"the first is off by {first:.3g} already", where=RUBRIC)


def second_net(source: str) -> list[dict[str, float]]:
    """The relative errors that the cell of 5.2 prints: a dict for each pair of loss and output."""
    lines = [line.partition("relative errors ")[2] for line in printed(source) if "relative errors" in line]
    return [{pair.split()[0]: float(pair.split()[1]) for pair in line.split(", ")} for line in lines]


def test_the_loss_that_does_not_fit() -> None:
    source = cell_with("classes = 5")
    categorical, sigmoid, mixed, long = second_net(source)
    assert max(*categorical.values(), *sigmoid.values()) < 1e-7
    assert min(mixed.values()) > 0.1
    assert long["V"] < 1e-7 < 1e-4 < min(long["U"], long["W"]), "the tenth step back matters"
    *fitting, half, _ = second_net(source.replace("classes = 5", "classes = 2"))
    assert max(value for errors in fitting for value in errors.values()) < 1e-7
    assert set(half.values()) == {0.5}
    states("the binary loss is exactly twice the categorical one: $o - y$ is half its gradient")
    states("$o - y$ is half the gradient", "With 2 classes the printed error is 0.5", where=RUBRIC)


def test_truncation() -> None:
    rng = np.random.default_rng(0)
    _, cache = A4["rnn_forward"](rng.normal(size=(20, 2, 3)), np.zeros((2, 16)), A4["new_params"](rng, 3, 16))
    injected = np.zeros((20, 2, 16))
    injected[-1] = 1
    reached = np.any(A4["rnn_backward_truncated"](injected, cache, 9)["x"], axis=(1, 2))
    assert reached.sum() == 10
    states("*at most 10 steps* from each $t$: its own, and nine more across nine", "and `k` counts them: `k = 9` here")

    errors = []
    for radius in (0.6, 1.0, 1.4):
        rng = np.random.default_rng(5)
        x, h0, injected = (rng.standard_normal(shape) for shape in ((20, 4, 3), (4, 16), (20, 4, 16)))
        _, cache = A4["rnn_forward"](x, h0, A4["new_params"](rng, 3, 16, radius=radius))
        full = A4["rnn_backward"](injected, cache)["weight_hh"]
        errors.append(norm_of(A4["rnn_backward_truncated"](injected, cache, 4)["weight_hh"] - full) / norm_of(full))
    small, middle, large = (100 * error for error in errors)
    states(f"at k = 4 the error of `weight_hh` is {small:.1f} %, {middle:.0f} % and {large:.0f} % of the gradient")


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


def test_a_weight_that_kills_the_residual_net_as_well() -> None:
    """The identity path does not save it: the factor is I + D W, and W = -0.9 I makes it small."""
    x, h0, params, grad_last = A4["radius_problem"](1.0)
    params["weight_hh"] = -0.9 * np.eye(32)
    left = A4["residual_norms"](x, h0, params, grad_last)[0]
    plain = A4["state_gradient_norms"](grad_last, A4["rnn_forward"](x, h0, params)[1])[0]
    powers = [f"$4 \\cdot 10^{{{power}}}$" for power in (-14, -3)]
    assert [f"{left:.0e}", f"{plain:.0e}"] == ["4e-14", "4e-03"]
    states(f"the residual net leaves {powers[0]} and the plain net {powers[1]}")
    states("with $W_{hh} = -0.9\\, I$ and $D_r$ near $I$ it is near $0.1\\, I$")
    with np.errstate(over="raise"):  # a wild number gives a line as well
        params["weight_hh"] = 90 * np.eye(32)
        assert np.isfinite(A4["residual_norms"](x, h0, params, grad_last)).all()


def test_a_clip_inside_backward_shows_when_the_injected_gradient_is_large() -> None:
    cell = cell_with("scale = 1")
    shares = [float(line.split()[-4]) for line in printed(cell)]
    assert shares == [1.0] * 6
    assert max(float(line.split()[-4]) for line in printed(cell.replace("scale = 1 ", "scale = 10_000 "))) < 0.1
    states("a clip to ±5", "We graded 203 public implementations of 86 authors")


def test_a_guess_that_is_no_number_ruins_nothing() -> None:
    assert [A4["as_number"](guess) for guess in (90, "0.5", "explodes", None, float("inf"))] == [
        90,
        0.5,
        None,
        None,
        None,
    ]


def test_the_loss_of_equal_logits() -> None:
    loss, _ = A4["sequence_loss"](np.zeros((7, 3, 2)), np.ones((7, 3), dtype=int))
    states(rf"$\log 2 = {loss:.3f}$ for two classes")


@pytest.mark.thorough
def test_the_articles_own_net() -> None:
    pairs = A4["PAIRS"]
    assert pairs.shape == (2, 16384)
    states("2,000 of the 16,384 pairs are held out")

    right: list[bool] = []
    source = cell_with("RandomState(0)").partition("\nwith selfcheck")[0]
    watched = source.replace(
        "        if update % 1000 == 0:", "        watch(guess, y)\n        if update % 1000 == 0:"
    )
    assert watched != source
    lines = printed(watched + "\ntrain_article_net()", watch=lambda o, y: right.append(bool(np.all((o > 0.5) == y))))
    assert [line.split()[0] for line in lines] == [str(n) for n in range(0, 8001, 1000)]
    assert lines[0].endswith("9 + 60 = 1")
    assert "pred 0 1 0 1 0 0 0 1  true 0 1 0 1 0 0 0 1" in lines[6]
    assert np.mean(right[7000:8000]) == 1
    share = 100 * np.mean(right[5000:6000])
    states(
        "the line of update 6000 is right",
        f"only {share:.0f} % of the 1000 sums before it were; of those before 8000, all",
    )


def test_the_students_adder() -> None:
    rng = np.random.default_rng(0)
    params, batches = A4["new_params"](rng, 2, 16), A4["adder_batches"](rng, 300)
    assert A4["adder_score"](A4["train_adder"](batches, params, lr=1.0)[0]) == 1
    states("After 300 batches all eight bits of all held-out sums are right")


@pytest.mark.thorough
def test_mistakes_that_learn_as_well() -> None:
    """The figure of 8.3, run among the notebook's own names, where a training finds the backward that is swapped in."""
    A4.update(selfcheck=NEEDS, plt=plt, guess_adds=0)
    lines = printed("exec(figure, names)", figure=cell_with("def last_error_only"), names=A4)
    assert lines[-2:] == ["last step's error only  never all sums right", "your guess for no carry: never"]
    (ax,) = plt.gcf().axes
    guess = ax.lines[-1].get_xdata()[0]
    assert guess == 800, "a guess of 0 is drawn at the end, not at batch 0"
    assert ax.get_title() == "2 mistakes of 3 learn to add"
    plt.close()
    right, no_carry, no_biases = (int(re.findall("after ([0-9]+) batches", line)[0]) for line in lines[:3])
    states(
        f"the net adds after {no_carry} batches, and with bias gradients of zero after {no_biases}, as with the right"
    )
    assert right == no_biases
    states("Only the last mistake shows", "with three mistakes, from the same start (seed 3)")


@pytest.mark.thorough
def test_no_carry_adds_from_every_start() -> None:
    needed = []
    for seed in range(5):
        rng, done = np.random.default_rng(seed), 0
        params = A4["new_params"](rng, 2, 16)
        while done < 4000 and A4["adder_score"](params) < 1:
            with backward_is("without_carry"):
                params, _ = A4["train_adder"](A4["adder_batches"](rng, 100), params, lr=1.0)
            done += 100
        needed.append(done)
    states(f"the starts of seeds 0 to 4 take {min(needed)} to {max(needed)} batches without carry")
    assert max(needed) < 4000


@pytest.mark.thorough
def test_first_xor_last() -> None:
    ends: dict[str, list[float]] = {}
    for name, backward in (("full", "own_backward"), ("none", "without_carry")):
        for seed in range(3):
            rng = np.random.default_rng(seed)
            params, scores = A4["new_params"](rng, 1, 16), []
            for _ in range(10):
                with backward_is(backward):
                    batches = A4["xor_batches"](rng, 20)
                    params, _ = A4["train_first_xor_last"](batches, params, lr=0.5, max_norm=1.0)
                scores.append(A4["xor_score"](params))
            ends.setdefault(name, []).append(scores[4 if name == "full" else -1])
    assert ends["full"] == [1, 1, 1]
    states(f"With the full gradient all {2**10} sequences are right by batch 100")
    low, middle, high = sorted(100 * end for end in ends["none"])
    states(f"Without carry the three starts are at {low:.0f} %, {middle:.0f} % and {high:.0f} % after batch 200")


def test_the_notebook_stays_short() -> None:
    assert len(NOTEBOOK.cells) <= 70
