"""What is special to the hidden suite of a3_rnn_cell: a mistake costs its points once, and what a second call finds."""

from __future__ import annotations

import pytest

from autograder.naming.bank import bank
from tests.course import named
from tests.harness import SEEDS, edited, grade, lost, replaced, sentences, with_mistake, written, wrong_arrays

A3 = "a3_rnn_cell"
RIGHT = named(A3).right
CELLS = ("rnn_cell_forward", "rnn_cell_backward", "readout_forward")
ALONE = [(m.function, m.id) for m in bank(named(A3)) if m.function not in CELLS]
# The columns as a row cell: column_cell_forward and column_cell_backward call the student's own cell.
COLUMNS = {
    style: (RIGHT[style]["column_cell_forward"], RIGHT[style]["column_cell_backward"])
    for style in ("closures", "transposed")
}
BLANK = "def rnn_cell_backward(grad_h, cache): raise NotImplementedError()"


# ---- one mistake -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("function", "mistake"), ALONE)
def test_a_mistake_costs_nothing_elsewhere(function: str, mistake: str) -> None:
    assert set(lost(A3, with_mistake(A3, mistake))) == {function}


def test_a_wrong_readout_costs_its_backward_at_most() -> None:
    assert set(lost(A3, replaced(A3, "readout_forward", ' + params["bias_ho"]', ""))) <= {
        "readout_forward",
        "readout_backward",
    }


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("mistake", "function", "arrays"),
    [
        ("slope_missing", "rnn_cell_backward", {"x", "h_prev", "weight_ih", "weight_hh", "bias_ih", "bias_hh"}),
        ("h_prev_missing", "rnn_cell_backward", {"h_prev"}),
        ("column_slope_missing", "column_cell_backward", {"dxt", "da_prev", "dWax", "dWaa", "dba"}),
        ("sequence_sign", "sequence_loss", {"grad_logits"}),
    ],
)
def test_a_mistake_is_found_on_every_course_seed(mistake: str, function: str, arrays: set[str], seed: str) -> None:
    assert wrong_arrays(grade(A3, with_mistake(A3, mistake), seed, function)[function]) == arrays


def test_a_cache_that_is_used_up_loses_the_second_call_alone() -> None:
    result = grade(A3, with_mistake(A3, "cell_writes_into_h"), only="rnn_cell_backward")["rnn_cell_backward"]
    assert 4 < result.points < 6
    assert "The second call returned different numbers" in sentences(result)


def test_lists_that_are_never_cleared_lose_the_second_call_alone() -> None:
    namespace = written(
        A3,
        """
        once, kept = column_cell_backward, []

        def column_cell_backward(*given):
            kept.append(once(*given))
            alike = [g for g in kept if all(g[name].shape == kept[-1][name].shape for name in g)]
            return {name: sum(g[name] for g in alike) for name in kept[-1]}
        """,
    )
    result = grade(A3, namespace, only="column_cell_backward")["column_cell_backward"]
    assert result.points < 3
    assert "The second call returned different numbers" in sentences(result)


def test_a_global_in_place_of_the_cache_is_found() -> None:
    namespace = written(
        A3,
        """
        forward, backward = rnn_cell_forward, rnn_cell_backward

        def rnn_cell_forward(x, h_prev, params):
            global kept
            h, kept = forward(x, h_prev, params)
            return h, None

        def rnn_cell_backward(grad_h, cache):
            return backward(grad_h, kept)
        """,
    )
    shares = lost(A3, namespace)
    assert 0.5 < shares["rnn_cell_backward"] < 1
    assert "two_step_backward" in shares


def test_float32_is_right_and_told_so() -> None:
    namespace = written(A3, *RIGHT["float32"].values())
    assert all("float32" in sentences(result) for result in grade(A3, namespace).values())


# ---- a mistake costs its points once ---------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [(), *COLUMNS.values()], ids=["own", *COLUMNS])
@pytest.mark.parametrize(
    "change",
    [("(1 - h**2)", "1"), ("grad_z.sum(axis=0)", "grad_z.mean(axis=0)"), ("grad_z.T @ h_prev", "grad_z.T @ h")],
    ids=["no slope", "bias by mean", "new state for old"],
)
def test_a_wrong_cell_backward_is_charged_once(change: tuple[str, str], columns: tuple[str, ...]) -> None:
    wrong = edited(A3, "rnn_cell_backward", change)
    assert set(lost(A3, written(A3, wrong, *columns))) == {"rnn_cell_backward"}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("columns", [(), *COLUMNS.values()], ids=["own", *COLUMNS])
def test_a_wrong_cell_leaves_its_backward_what_is_right_over_it_and_what_is_composed_whole(
    columns: tuple[str, ...],
) -> None:
    """The forward scales the old state and its backward knows that: of six gradients only two change by it."""
    namespace = written(
        A3,
        edited(A3, "rnn_cell_forward", ("h_prev @ params", "0.5 * h_prev @ params")),
        edited(
            A3,
            "rnn_cell_backward",
            ('grad_z @ params["weight_hh"]', '0.5 * grad_z @ params["weight_hh"]'),
            ("grad_z.T @ h_prev", "0.5 * grad_z.T @ h_prev"),
        ),
        *columns,
    )
    assert lost(A3, namespace) == {"rnn_cell_forward": 0.0, "rnn_cell_backward": 0.667}
    results = grade(A3, namespace)
    assert "a correct use of your own rnn_cell_forward" in sentences(results["rnn_cell_backward"])
    assert ("you lose nothing here" in sentences(results["column_cell_backward"])) == bool(columns)


def test_a_column_backward_under_a_wrong_column_forward_earns_half() -> None:
    twice = (" + ba)", " + 2 * ba)")
    namespace = written(
        A3,
        edited(A3, "column_cell_forward", twice),
        edited(A3, "column_cell_backward", twice, ("dz.sum(axis=1", "2 * dz.sum(axis=1")),
    )
    half = pytest.approx(0.5, abs=0.1)
    assert lost(A3, namespace) == {"column_cell_forward": 0.0, "column_cell_backward": half}


def test_a_loss_that_is_no_mean_leaves_half_of_its_gradient() -> None:
    result = grade(A3, replaced(A3, "sequence_loss", " / target.size", ""), only="sequence_loss")["sequence_loss"]
    assert 0 < result.points < 2
    assert wrong_arrays(result) == {"loss", "grad_logits"}


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
def test_constant_lower_functions_carry_nothing(columns: tuple[str, ...]) -> None:
    constant = """
        def rnn_cell_backward(grad_h, cache):
            x, h_prev, h, params = cache
            return {n: np.ones_like(v) for n, v in {"x": x, "h_prev": h_prev, **params}.items()}
    """
    assert lost(A3, written(A3, constant, *columns)) == {
        "rnn_cell_backward": 0.0,
        "column_cell_backward": 0.0,
        "two_step_backward": 0.0,
    }


def test_a_dropped_carry_does_not_hide_behind_a_gradient_that_is_zero() -> None:
    """With a constant h_prev, composing gives what a dropped carry gives, so it is not compared with that."""
    assert lost(A3, with_mistake(A3, "h_prev_zero", "two_carry_dropped"))["two_step_backward"] < 0.5


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
def test_a_stub_below_is_named(columns: tuple[str, ...]) -> None:
    results = grade(A3, written(A3, BLANK, *columns))
    for name in ("two_step_backward", "column_cell_backward"):
        assert results[name].blocked_by == "rnn_cell_backward"
        assert results[name].points == 0


def test_two_steps_without_the_cell_need_no_cell() -> None:
    assert lost(A3, written(A3, BLANK, RIGHT["transposed"]["two_step_backward"])) == {"rnn_cell_backward": 0.0}
