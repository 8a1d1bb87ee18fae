"""What the students' checker shows: tables, the summary, which function to fix first, and sentences around figures."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from autograder.naming.bank import find
from tests.checker import A1, A2, A3, A4, FUNCTIONS, HOME, STUB, check, checker, typed
from tests.course import named
from tests.forms import each, in_form
from tests.harness import written

Space = dict[str, Any]


def wrong(name: str, id: str) -> Any:
    """The result of a check of a function with a known mistake."""
    mistake = find(named(HOME[name]), id)
    return check(name, **mistake.make({**A1, **A2, **A3, **A4}))


# -- the table --------------------------------------------------------------------------------------------------------


def test_where_the_error_enters_is_counted_from_the_end() -> None:
    """The last step is right, the carry is not: the table says where the error enters, and which law breaks."""
    dropped = str(wrong("rnn_backward", "carry_dropped"))
    assert "the last step is right, the error enters 1 step before the last" in dropped
    assert "right for T = 1" in dropped
    assert "wrong from the last step on" in str(wrong("rnn_backward", "tanh_missing"))


@pytest.mark.parametrize(
    ("name", "id", "words"),
    [
        ("rnn_backward", "sign_turned_through_time", "the sign is the other way round"),
        ("rnn_backward", "h0_zero", "all zero"),
        ("rnn_backward", "weight_hh_turned", "these are the right numbers, transposed"),
        ("rnn_backward", "writes_into_grad_outputs", "grad_outputs of rnn_backward is changed by a call"),
        ("rnn_backward", "bias_mean_over_batch", "N is"),
        ("rnn_backward", "whole_numbers", "wrong dtype int64, expected float64"),
        ("numerical_gradient", "entry_not_restored", "keep the old value and write it back"),
    ],
)
def test_the_table_says_what_is_seen(name: str, id: str, words: str) -> None:
    assert words in str(wrong(name, id))


def test_the_points_are_a_bare_number() -> None:
    """nbgrader reads them from the text of the cell's last value."""
    assert repr(check("rnn_backward")) == "8"
    assert 0 < float(repr(wrong("rnn_backward", "bias_mean_over_batch"))) < 8
    assert repr(typed("a1_linear_fit", "selfcheck.check('predict', points=2.5)")) == "2.5"


def test_the_seed_draws_the_same_numbers_again() -> None:
    """A result names its seed, which gives the same table; without one the numbers are fresh."""
    first, second = (check("mse_gradients", seed=None) for _ in range(2))
    assert first.seed != second.seed
    assert f"seed {first.seed}" in str(first)
    assert str(check("mse_gradients", seed=first.seed)) == str(first)


def test_the_html_table_speaks_in_words() -> None:
    """Verdicts are words, colours come with them, and nothing depends on a script or a style sheet."""
    page = wrong("rnn_backward", "bias_mean_over_batch")._repr_html_()
    for words in (">OK<", ">WRONG<", ">holds<", ">BROKEN<", "What this cannot see", "relative error", "worst entry"):
        assert words in page
    assert "<script" not in page
    assert "class=" not in page
    assert page.count("<tr") == page.count("</tr>")


# -- a misspelt name --------------------------------------------------------------------------------------------------


def test_a_misspelt_name_is_answered_with_the_closest_ones() -> None:
    result = check("predit", "a1_linear_fit")
    assert repr(result) == "0"
    assert "This assignment has no function predit. Did you mean predict?" in str(result)
    assert "seed" not in str(result)
    everything = str(check("quite another thing", "a1_linear_fit"))
    assert "Did you mean" not in everything
    assert all(name in everything for name in named("a1_linear_fit").functions)
    assert "rnn_backward" not in everything


def test_a_misspelt_name_does_not_stay_in_the_summary() -> None:
    checker("a1_linear_fit").SESSION.clear()
    summary = typed("a1_linear_fit", "(selfcheck.check('predit'), selfcheck.check('predict'), selfcheck.summary())[-1]")
    assert "1 function checked: 1 of 1 points" in repr(summary)


def test_names_without_a_law_get_a_sentence() -> None:
    said = str(typed("a4_bptt", "selfcheck.laws('clip_grad_norm')"))
    assert "There is no law for these names. There are laws for rnn_forward" in said
    assert "There are laws for none." in str(typed("a1_linear_fit", "selfcheck.laws('predict')"))


# -- fix another function first ---------------------------------------------------------------------------------------


def doubled(assignment: str, name: str) -> Space:
    """A notebook in which one function returns twice what it should; the others call it."""
    space = named(assignment).namespace()
    cached = "keep" in named(assignment).functions[name].wire
    space[name] = in_form(space[name], lambda value: each(value, lambda v: v if callable(v) else 2 * v), cached)
    return space


ABOVE = [pair for pair in FUNCTIONS if pair[1] != "name_the_mistake"]


@pytest.mark.parametrize(("assignment", "name"), ABOVE)
def test_a_right_function_is_never_called_wrong_because_of_another(assignment: str, name: str) -> None:
    """Whichever function before it is wrong: it passes, or it is undecided and says what to fix first."""
    names = list(named(assignment).functions)
    for lower in names[: names.index(name)]:
        if lower != "name_the_mistake":
            result = check(name, assignment, space=doubled(assignment, lower))
            assert {row.verdict for row in result.rows} <= {"OK", "holds", "undecided"}, (lower, str(result))
            assert result.passed or result.fix_first == (lower,)


@pytest.mark.parametrize(
    ("assignment", "lower", "names"),
    [
        ("a1_linear_fit", "mse_loss", ("mse_gradients", "gradient_descent")),
        ("a1_linear_fit", "predict", ("mse_gradients", "gradient_descent")),
        ("a1_linear_fit", "mse_gradients", ("gradient_descent",)),
        ("a2_mlp_backprop", "half_squared_error", ("train_mlp",)),
        ("a2_mlp_backprop", "mlp_forward", ("mlp_backward", "train_mlp")),
        ("a2_mlp_backprop", "cross_entropy", ("cross_entropy_backward",)),
        ("a3_rnn_cell", "rnn_cell_backward", ("two_step_backward",)),
        ("a4_bptt", "rnn_backward", ("loss_and_gradients", "train_adder", "train_first_xor_last")),
    ],
)
def test_rows_sentence_and_summary_say_what_to_fix_first(assignment: str, lower: str, names: tuple[str, ...]) -> None:
    """And when it is fixed, the summary judges them again."""
    checker(assignment).SESSION.clear()
    checks = "".join(f"selfcheck.check({name!r}, seed=0), " for name in names)
    *results, summary = typed(assignment, f"[{checks} selfcheck.summary()]", doubled(assignment, lower))
    for name, result in zip(names, results, strict=True):
        assert result.verdict == "undecided", str(result)
        assert {row.words for row in result.rows if not row.ok} == {f"fix {lower} first"}
        assert f"{name}: undecided, " in str(result)
        assert f"fix {lower} first, until then undecided: " in result.words
        assert ">undecided<" in result._repr_html_()
    assert f"{len(names)} undecided: " in repr(summary)
    assert repr(summary).count(f"fix {lower} first") == len(names)
    assert "undecided" not in repr(typed(assignment, "selfcheck.summary()"))


def test_a_wrong_function_is_wrong_whatever_is_below_it() -> None:
    """Its own errors are not put down to a function that it does not use."""
    wrong_loss = doubled("a1_linear_fit", "mse_loss")["mse_loss"]
    assert check("predict", predict=lambda x, w, b: w * x - b, mse_loss=wrong_loss).verdict == "WRONG"
    half = check("mse_gradients", mse_gradients=lambda x, t, w, b: (None, 1.0), mse_loss=wrong_loss)
    assert half.verdict == "WRONG"
    assert [row.verdict for row in half.rows[:2]] == ["WRONG", "undecided"]


def test_the_lowest_wrong_function_is_named() -> None:
    """train_adder uses loss_and_gradients, which cannot be judged before rnn_backward: that is the one to fix."""
    assert check("train_adder", space=doubled("a4_bptt", "rnn_backward")).fix_first == ("rnn_backward",)


def test_what_is_fixed_meanwhile_is_not_blamed() -> None:
    """mse_gradients was undecided because of mse_loss, which is right now: gradient_descent has an error of its own."""
    checker("a1_linear_fit").SESSION.clear()
    assert typed("a1_linear_fit", "selfcheck.check('mse_gradients')", doubled("a1_linear_fit", "mse_loss")).fix_first
    uphill = """
        def gradient_descent(x, target, w, b, lr, steps):
            dw, db = mse_gradients(x, target, w, b)
            return w + lr * dw, b + lr * db, [mse_loss(predict(x, w, b), target)] * steps
    """
    space = {**written("a1_linear_fit", uphill), "mse_gradients": A1["mse_gradients"]}
    result = typed("a1_linear_fit", "selfcheck.check('gradient_descent')", space)
    assert (result.verdict, result.fix_first) == ("WRONG", ())


# -- the summary, figures, installation -------------------------------------------------------------------------------


def test_the_summary_recalls_and_repeats() -> None:
    """One line a function; a function that changed since is checked again."""
    checker("a1_linear_fit").SESSION.clear()
    summary = lambda **changed: typed("a1_linear_fit", "selfcheck.summary()", **changed)
    assert "No check has run yet" in str(summary())
    typed("a1_linear_fit", "[selfcheck.check(name, points=1) for name in ('predict', 'mse_loss')]")
    assert "2 functions checked: 2 of 2 points" in str(summary())
    second = summary(predict=STUB)
    assert "1 of 2 points" in second._repr_html_()
    assert "2 functions checked, 1 to do: 1 of 2 points, not counting written answers." in repr(second)
    assert "predict   to do  0 of 1     predict is not written yet." in repr(second)
    assert ">to do<" in second._repr_html_()
    assert ">WRONG<" not in second._repr_html_()
    assert ">WRONG<" in summary(predict=lambda *given: np.nan)._repr_html_()


def test_laws_of_what_is_not_written_are_to_do() -> None:
    result = typed("a4_bptt", "selfcheck.laws('rnn_forward', 'rnn_backward')", rnn_forward=STUB, rnn_backward=STUB)
    assert "is not written yet" in result._repr_html_()
    assert "BROKEN" not in str(result) + result._repr_html_()
    assert {row.verdict for row in result.rows} == {"to do"}


def needed(body: str, capsys: pytest.CaptureFixture[str], *names: str, **space: Any) -> str:
    scope = {"selfcheck": checker("a1_linear_fit"), "np": np, **space}
    exec(f"with selfcheck.needs(*{names!r}):\n    {body}", scope)
    return capsys.readouterr().out.strip()


def test_a_figure_that_needs_functions_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    scope: Space = {}
    exec("def mse_gradients():\n    raise NotImplementedError()", scope)
    sentence = "This figure needs mse_gradients: write it, then run this cell again."
    assert needed("mse_gradients()", capsys, "mse_gradients", "predict", **scope) == sentence
    assert needed("mse_gradients()", capsys, "mse_gradients") == sentence
    assert needed("print('fine')", capsys, "mse_gradients") == "fine"
    other = needed("np.zeros(3) @ np.zeros(4)", capsys, "mse_gradients", "predict")
    assert other.startswith("This figure needs mse_gradients and predict. It stopped with ValueError")
    assert len(other.splitlines()) == 1


@pytest.mark.parametrize(
    ("python", "numpy", "said"),
    [
        ((3, 13, 1), "2.4.6", "Ready: Python 3.13.1, NumPy 2.4.6, matplotlib, selfcheck."),
        ((3, 11, 0), "1.26.4", "Ready: Python 3.11.0, NumPy 1.26.4, matplotlib, selfcheck."),
        ((3, 11, 0), "2.5.0rc1", "Ready: Python 3.11.0, NumPy 2.5.0rc1, matplotlib, selfcheck."),
        (
            (3, 11, 0),
            "1.25.2",
            "This course needs NumPy 1.26 or newer; this notebook has 1.25.2. Run `%pip install -U numpy`, then restart "
            "the kernel.",
        ),
        (
            (3, 10, 13),
            "1.25.2",
            "This course needs Python 3.11 or newer; this notebook runs on 3.10.13. Install a newer Python, then follow "
            "README.md, Install, with it.",
        ),
    ],
)
def test_the_install_check_is_one_line(
    python: tuple[int, ...], numpy: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install_check = checker("a1_linear_fit").install_check
    monkeypatch.setattr(sys, "version_info", python)
    monkeypatch.setattr(np, "__version__", numpy)
    install_check()
    assert capsys.readouterr().out == said + "\n"


def test_a_notebook_that_uses_run_finds_its_names() -> None:
    """`%run selfcheck.py` puts check into the notebook itself; it looks the functions up there."""
    assert repr(eval("check('predict')", {**A1, "check": checker("a1_linear_fit").check})) == "1"
