"""What the students' checker shows: tables, the summary, which function to fix first, and sentences around figures."""

from __future__ import annotations

import re
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
        ("rnn_backward", "h0_zero", "all 10 entries are 0"),
        ("rnn_backward", "weight_hh_turned", "these are the right numbers, transposed"),
        ("rnn_backward", "writes_into_grad_outputs", "grad_outputs of rnn_backward is changed by a call"),
        ("rnn_backward", "bias_mean_over_batch", "1/2 times the right one"),
        ("rnn_backward_truncated", "chunks", "an error just after a cut then reaches nothing before it"),
        ("rnn_backward", "whole_numbers", "wrong dtype int64, expected float64"),
        ("numerical_gradient", "entry_not_restored", "keep the old value and write it back"),
    ],
)
def test_the_table_says_what_is_seen(name: str, id: str, words: str) -> None:
    assert words in str(wrong(name, id))


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (4.0, ["4 times the right one", "T is 4 here"]),
        (0.2, ["1/5 times the right one", "N is 5 here"]),
        (2.0, ["2 times the right one"]),
        (-1.5, ["-3/2 times the right one"]),
        (-1.0, ["the sign is the other way round"]),
        (0.368584, []),
        (1.00002, []),
    ],
)
def test_a_factor_is_a_small_fraction_and_a_size_from_three_on(factor: float, words: list[str]) -> None:
    assert checker("a4_bptt").describe_factor(factor, {"T": 4, "N": 5, "D": 2}) == words


@pytest.mark.parametrize(
    ("off", "right", "words"),
    [
        ([0], [1.0, 2.0], "1 of 2 entries differs"),
        ([0, 1], [1.0, 2.0], "all 2 entries differ"),
        ([0], [1.0], "the entry differs"),
        ([0, 2], [1.0, np.nan, 2.0], "all 2 compared entries differ; 2 of 3 entries are compared"),
        ([0], [1.0, np.nan, 2.0], "1 of 2 compared entries differs; 2 of 3 entries are compared"),
    ],
)
def test_entries_are_counted_as_people_count(off: list[int], right: list[float], words: str) -> None:
    ours, wrong = checker("a4_bptt"), np.array(right)
    wrong[off] += [0.1 * (3 + place) for place in off]
    differs = np.isin(np.arange(len(right)), off)
    assert ours.describe(np.nan_to_num(wrong), np.array(right), differs, {}, False) == words


def test_the_first_wrong_update_is_named() -> None:
    """Of an online fit every update is compared, not where it ends."""

    def online_fit(x: Any, target: Any, *given: Any) -> Any:
        weights = A1["online_fit"](x, target, *given)
        weights[3:] += 0.1
        return weights

    assert "weights: the first wrong one is weights[3]; each is compared" in str(
        check("online_fit", online_fit=online_fit)
    )


def test_a_cache_that_serves_once_is_one_broken_law() -> None:
    """What a second call misses is not said again by the laws that need no second call."""

    def rnn_backward(upstream: Any, cache: Any) -> Any:
        return A4["rnn_backward"](upstream, cache.pop())

    def rnn_forward(*given: Any) -> Any:
        outputs, cache = A4["rnn_forward"](*given)
        return outputs, [cache]

    result = check("rnn_backward", rnn_forward=rnn_forward, rnn_backward=rnn_backward)
    broken = [row.name for row in result.rows if not row.ok]
    assert broken == ["called twice with one cache, the same", "the cache still works after another forward"]


def forwards(upper: Any, lower: Any) -> Any:
    """An mlp_forward with other functions after its layers."""

    def mlp_forward(x: Any, params: Any) -> Any:
        hidden = lower(x @ params["weight_1"].T + params["bias_1"])
        return upper(hidden @ params["weight_2"].T + params["bias_2"]), ()

    return mlp_forward


def cross_entropy_unshifted(logits: Any, target: Any) -> float:
    """The largest score is taken away below the logarithm only."""
    sums = np.log(np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1))
    return float(np.mean(sums - logits[np.arange(len(target)), target]))


def as_sums(logits: Any, target: Any) -> Any:
    return tuple(target.size * each for each in A3["sequence_loss"](logits, target))


def cell_without_bias_hh(x: Any, h_prev: Any, params: Any) -> Any:
    return A3["rnn_cell_forward"](x, h_prev, {**params, "bias_hh": 0 * params["bias_hh"]})


# Function, what it is instead, what the table says, and what it does not say.
SEEN: dict[str, tuple[str, Any, str, str]] = {
    "no upper sigmoid": ("mlp_forward", forwards(np.copy, A2["sigmoid"]), "wrong: upper layer", "wrong: hidden layer"),
    "no hidden sigmoid": (
        "mlp_forward",
        forwards(A2["sigmoid"], np.copy),
        "into the sigmoid: is it missing?",
        "in upper",
    ),
    "an overflow": (
        "sigmoid",
        lambda z: 1 / (1 + np.exp(-np.asarray(z))),
        "NumPy reports an overflow",
        "costs nothing",
    ),
    "no half": (
        "half_squared_error",
        lambda prediction, target: float(np.sum((prediction - target) ** 2)),
        "agrees with your own loss of one pair, which is wrong",
        "OK",
    ),
    "one maximum too few": (
        "cross_entropy",
        cross_entropy_unshifted,
        "off by its largest score: is that taken away in one place only?",
        "usual causes",
    ),
    "N times the gradient": (
        "cross_entropy_backward",
        lambda logits, target: len(target) * A2["cross_entropy_backward"](logits, target),
        "fix what is wrong above first",
        "one maximum",
    ),
    "a training uphill": (
        "train_mlp",
        lambda x, target, params, lr, steps: A2["train_mlp"](x, target, params, -lr, steps),
        "The first step goes up the slope",
        "losses, each before its update  OK",
    ),
    "a sum": ("sequence_loss", as_sums, "agrees with your own loss, which is wrong", "last step"),
    "no bias_hh": ("rnn_cell_forward", cell_without_bias_hh, "these are the numbers without bias_hh", "tanh: is it"),
    "no tanh": (
        "rnn_cell_forward",
        lambda *given: (np.arctanh(A3["rnn_cell_forward"](*given)[0]), ()),
        "into the tanh: is it missing?",
        "without bias",
    ),
    "another key": (
        "rnn_cell_backward",
        lambda *given: {k.replace("h_prev", "grad_h"): v for k, v in A3["rnn_cell_backward"](*given).items()},
        "this key is missing in your dict; it has 'grad_h' instead",
        "BROKEN",
    ),
}


@pytest.mark.parametrize("case", SEEN)
def test_the_table_says_what_is_wrong_and_nothing_else(case: str) -> None:
    """It blames the right layer, counts nothing as right that agrees with a wrong number, and names no other cause."""
    name, instead, said, unsaid = SEEN[case]
    result = check(name, **{name: instead})
    assert result.verdict == "WRONG"
    assert said in str(result)
    assert unsaid not in str(result)


def test_a_backward_without_a_cache_hears_of_none() -> None:
    assert "cache" not in str(check("column_cell_backward"))


def test_an_array_is_named_once() -> None:
    broken = "usual causes: clipping, or rounding (seen in x, weight_ih)"
    ours = checker("a4_bptt")
    trial = ours.Trial("rnn_backward", A4, 0)
    with trial.law("a law", "clipping, or rounding") as same:
        for _ in range(2):
            same({"x": 1.0, "weight_ih": 1.0}, {"x": 2.0, "weight_ih": 2.0})
    assert trial.rows[0].words == broken


def test_one_array_under_two_names_is_named() -> None:
    """Where it makes numbers wrong: the same array twice may also be right."""
    assert "one array under two names" not in str(check("rnn_backward", rnn_backward=lambda *a: shared(*a, 1)))
    words = "bias_ih and bias_hh are one array under two names: += on one of them changes both."
    assert words in check("rnn_backward", rnn_backward=lambda *a: shared(*a, 2)).notes


def shared(upstream: Any, cache: Any, factor: float) -> Space:
    grads = A4["rnn_backward"](upstream, cache)
    bias = factor * grads["bias_ih"]
    return {**grads, "bias_ih": bias, "bias_hh": bias}


def test_sizes_are_named_only_where_they_are_the_drawn_ones() -> None:
    """T + 1 norms, three losses and rows around ±1000 have no axis of the draw."""
    for name, wrong in (
        ("state_gradient_norms", lambda *given: A4["state_gradient_norms"](*given)[1:]),
        ("gradient_descent", lambda *given: (*A1["gradient_descent"](*given)[:2], np.zeros(9))),
        ("softmax", lambda z: A2["softmax"](z) if np.max(z) < 99 else np.zeros(5)),
    ):
        for seed in range(4):
            assert "= (" not in str(check(name, seed=seed, **{name: wrong}))


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


def test_what_a_misspelt_name_left_unchecked_is_in_the_summary() -> None:
    checker("a1_linear_fit").SESSION.clear()
    summary = typed(
        "a1_linear_fit", "(selfcheck.check('mse_los'), selfcheck.check('predict'), selfcheck.summary())[-1]"
    )
    assert "1 function checked: 1 of 1 points" in repr(summary)
    for shown in (repr(summary), summary._repr_html_()):
        assert "Not checked yet: mse_loss, numerical_derivative, mse_gradients" in shown


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("check()", "Expected the name of a function, got none. This assignment has predict, mse_loss"),
        ("check(3)", "Expected the name of a function, got an int."),
        ("check(np.zeros(3))", "Expected the name of a function, got an array of shape (3,)."),
        ("check('predict()')", "Expected the name of a function, got predict(). Did you mean predict?"),
        ("check(np)", "Expected the name of a function, got a module."),
        ("check('predict', 'mse_loss')", "Points are a number above 0, or none."),
        ("check('predict', 1, 3)", "check has no place for 3."),
        ("check('predict', sed=3)", "check has no place for sed=…. Did you mean seed=…? Type it as"),
        ("check('predict', point=3)", "check has no place for point=…. Did you mean points=…? Type it as"),
        ("check()", "selfcheck.check: Expected"),
        ("check('predict', seed='3')", "A seed is a whole number from 0 on"),
        ("check('predict', seed=-1)", "A seed is a whole number from 0 on"),
        ("laws('predict', seed=0.5)", "A seed is a whole number from 0 on"),
        ("laws('predit')", "This assignment has no function predit. Did you mean predict?"),
    ],
)
def test_wrong_arguments_are_answered_with_what_to_type(call: str, words: str) -> None:
    checker("a1_linear_fit").SESSION.clear()
    result = typed("a1_linear_fit", f"selfcheck.{call}")
    assert words in str(result)
    assert not result.passed
    assert "The check itself failed" not in str(result)
    assert "No check has run yet" in repr(typed("a1_linear_fit", "selfcheck.summary()"))


def test_a_function_may_be_given_itself() -> None:
    for asked in ("predict", "'predict'"):
        assert "predict: 1 of 1 points" in str(typed("a1_linear_fit", f"selfcheck.check({asked}, seed=np.int64(3))"))
    laws = typed("a4_bptt", "selfcheck.laws(rnn_forward, rnn_backward, seed=0)")
    assert laws.title == "Laws of rnn_forward + rnn_backward"
    assert laws.passed


@pytest.mark.parametrize("stub", [STUB, None])
@pytest.mark.parametrize(
    ("name", "written_as"),
    [("rnn_backward", "rnn_bakward"), ("rnn_backward", "rnnBackward"), ("clip_grad_norm", "clip_gradnorm")],
)
def test_a_misspelt_definition_is_named(name: str, written_as: str, stub: Any) -> None:
    """Also where the function of the right name is still the stub, and by what depends on it."""
    space = {**A4, name: stub, written_as: A4[name]}
    result = check(name, space=space)
    assert f", but {written_as} is defined: call it {name}." in result.words
    assert result.verdict == "to do"


@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_no_name_of_the_notebook_is_taken_for_a_misspelt_one(assignment: str, name: str) -> None:
    """The notebook as given out has helpers of its own."""
    assert f"{name} is not written yet." in check(name, assignment, **{name: STUB}).words


# -- name the mistake -------------------------------------------------------------------------------------------------

NAMES = ("a2_mlp_backprop", "a4_bptt")


def named_as(assignment: str, *names: Any) -> Any:
    """The result of name_the_mistake with these names, of which the last one is also that of the other letters."""
    answers = dict(zip("ABCDEF", (*names, *names[-1:] * 6), strict=False))
    return check("name_the_mistake", assignment, name_the_mistake=lambda: answers)


@pytest.mark.parametrize("assignment", NAMES)
def test_a_name_of_the_list_is_graded_later_and_not_right(assignment: str) -> None:
    """However it is spaced or capitalised, as the hidden test reads it; right or wrong."""
    for name in checker(assignment).LISTED:
        result = named_as(assignment, name, f" `{name.upper()}`\n")
        assert (result.verdict, result.points, repr(result)) == ("graded later", 0, "graded later")
        assert str(result).startswith("name_the_mistake: 6 names given, 0 points yet: graded after you hand in.")
        assert "right" not in result.words
    checker(assignment).SESSION.clear()
    typed(assignment, "selfcheck.check('name_the_mistake')")
    assert "1 function checked, 1 graded later: 0 of 1 points" in repr(typed(assignment, "selfcheck.summary()"))


@pytest.mark.parametrize("assignment", NAMES)
def test_the_list_is_the_notebooks(assignment: str) -> None:
    printed = named(assignment).part("printed").PRINTED
    assert set(checker(assignment).LISTED) == {*printed.chosen, *printed.others}


def test_a_name_that_is_not_in_the_list_is_answered_with_the_closest_ones() -> None:
    result = named_as("a4_bptt", "carry_droped", "banana", "", 3, "h0_zero")
    assert result.verdict == "WRONG"
    assert [row.verdict for row in result.rows] == ["WRONG", "WRONG", "to do", "WRONG", "graded later", "graded later"]
    assert result.rows[0].words.startswith("'carry_droped' is not in the list of names; did you mean carry_dropped")
    assert result.rows[1].words.startswith("'banana' is not in the list of names; the list has bias_before_tanh, ")
    assert result.rows[3].words == "expected a name from the list, got an int"
    assert named_as("a4_bptt", "h0_zero", "").verdict == "to do"


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


@pytest.mark.sampled(2)
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
    result = check("train_adder", space=doubled("a4_bptt", "rnn_backward"))
    assert result.fix_first == ("rnn_backward",)
    assert not [line for line in (*result.notes, result.words) if "fix loss_and_gradients" in line]


def test_of_several_wrong_functions_the_lowest_is_named() -> None:
    """In rows, sentence and notes: mse_gradients calls predict and mse_loss, both wrong."""
    space = doubled("a1_linear_fit", "mse_loss") | {"predict": lambda x, w, b: w * x - b}
    for name in ("mse_gradients", "gradient_descent"):
        said = str(check(name, space={**A1, **space, name: A1[name]}))
        assert "fix predict first" in said
        assert "fix mse_loss first" not in said


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


def test_what_rests_on_a_changed_function_is_checked_again() -> None:
    """The summary shows no result that is older than a function that was called for it, also through a helper."""
    checker("a1_linear_fit").SESSION.clear()
    summary = lambda space: repr(typed("a1_linear_fit", "selfcheck.summary()", space))
    typed("a1_linear_fit", "[selfcheck.check(name) for name in ('mse_gradients', 'gradient_descent')]")
    assert "OK" in summary(A1)
    assert summary(doubled("a1_linear_fit", "predict")).count("fix predict first") == 2
    assert "2 functions checked: 7 of 7 points" in summary(A1)
    helped = {**written("a1_linear_fit", "def predict(x, w, b):\n    return helper(x, w) + b")}
    helped["helper"] = lambda x, w: w * x
    checker("a1_linear_fit").SESSION.clear()
    typed("a1_linear_fit", "selfcheck.check('predict')", helped)
    assert "WRONG" in summary({**helped, "helper": lambda x, w: 2 * w * x})


def without(assignment: str, name: str, *code: str) -> Space:
    """A notebook in which one cell did not run, and other code in its place."""
    space = written(assignment, *code)
    del space[name]
    return space


@pytest.mark.parametrize("name", ["rnn_forward", "rnn_backward", "loss_and_gradients", "train_adder"])
def test_a_given_cell_that_did_not_run_is_named(name: str) -> None:
    """Nothing that you wrote is wrong then."""
    result = check(name, space=without("a4_bptt", "rnn_cell_forward"))
    assert result.words.endswith("needs rnn_cell_forward, which is not defined: run the cell above that defines it.")
    assert result.verdict == "to do"


def test_another_name_without_a_value_may_be_misspelt() -> None:
    said = check("predict", space=written("a1_linear_fit", "def predict(x, w, b):\n    return slope * x + b")).words
    assert said.endswith("(predict, line 2): is it misspelt, or is there a cell above that did not run?")


def test_a_stub_is_to_do_whatever_is_wrong_below_it() -> None:
    """In its table, in the laws and in the summary."""
    broken = "def rnn_forward(x, h0, params):\n    raise ValueError('no')"
    space = written("a4_bptt", broken, "def rnn_backward(grad_outputs, cache):\n    raise NotImplementedError()")
    result = check("rnn_backward", space=space)
    assert result.words == "rnn_backward is not written yet."
    assert result.verdict == "to do"
    laws = typed("a4_bptt", "selfcheck.laws('rnn_forward', 'rnn_backward')", space)
    assert [row.verdict for row in laws.rows] == ["BROKEN", "to do"]
    assert "rnn_backward  to do" in repr(typed("a4_bptt", "selfcheck.summary()", space))


def test_a_raise_that_was_left_below_the_code_is_named() -> None:
    left = "def predict(x, w, b):\n    y = w * x + b\n    raise NotImplementedError()"
    result = check("predict", space=written("a1_linear_fit", left))
    assert result.words == (
        "predict reaches `raise NotImplementedError()` (predict, line 3): delete it, or write what is missing."
    )
    assert result.verdict == "to do"


@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_a_forgotten_return_is_one_row(assignment: str, name: str) -> None:
    """And nothing is said of what a check cannot see: it saw nothing."""
    result = check(name, assignment, **{name: lambda *given: None})
    assert len(result.rows) == 1
    assert "returned None, expected" in result.words
    assert "What this cannot see" not in str(result)


def test_a_forgotten_return_below_is_told_where_it_is() -> None:
    space = written("a4_bptt", "def loss_and_gradients(x, h0, target, params):\n    pass")
    assert check("train_adder", space=space).words == (
        "fix loss_and_gradients first (loss_and_gradients returned None, expected (loss, grads) (is the return missing?))."
    )


def test_laws_of_what_is_not_written_are_to_do() -> None:
    result = typed("a4_bptt", "selfcheck.laws('rnn_forward', 'rnn_backward')", rnn_forward=STUB, rnn_backward=STUB)
    assert "is not written yet" in result._repr_html_()
    assert "BROKEN" not in str(result) + result._repr_html_()
    assert {row.verdict for row in result.rows} == {"to do"}


def once(x: Any, target: Any, w: float, b: float, lr: float, steps: int) -> Any:
    """Gradient descent that never asks for the slopes again."""
    dw, db = A1["mse_gradients"](x, target, w, b)
    losses = [A1["mse_loss"](A1["predict"](x, w - k * lr * dw, b - k * lr * db), target) for k in range(steps)]
    return w - steps * lr * dw, b - steps * lr * db, np.array(losses)


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("gradient_descent", once, r"parameters after two steps +WRONG"),
        ("mse_loss", lambda p, t: float(np.sqrt(np.mean((p - t) ** 2))), r"the data twice changes nothing +holds"),
        ("mse_loss", lambda p, t: 0.5 * float(np.mean((p - t) ** 2)), r"every prediction off by one gives 1 +BROKEN"),
        (
            "online_fit",
            lambda *given: 2 * given[2] - A1["online_fit"](*given),
            "your step divided by the right one is -1",
        ),
        (
            "credit_matrix",
            lambda *given: A4["credit_matrix"](*given) ** 2,
            r"one sample +BROKEN +fix what is wrong above",
        ),
        (
            "numerical_derivative",
            lambda f, at, eps=0: A1["numerical_derivative"](f, at),
            "is the eps that you are given",
        ),
        ("counterexample", lambda: ([1.0, 1.0], [2.0, 2.0], 1.0, 0.1), "expected at least two different x"),
        ("counterexample", lambda: ([1.0, 2.0], [2.0, 2.0], 1.0, -0.1), "expected lr above 0"),
    ],
)
def test_what_a_reader_stumbled_over(name: str, wrong: Any, said: str) -> None:
    assert re.search(said, str(check(name, **{name: wrong})))


def needed(body: str, capsys: pytest.CaptureFixture[str], *names: str, **space: Any) -> str:
    scope = {"selfcheck": checker("a1_linear_fit"), "np": np, **space}
    exec(f"with selfcheck.needs(*{names!r}):\n    {body}", scope)
    return capsys.readouterr().out.strip()


def test_a_figure_that_needs_functions_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    scope: Space = {}
    exec("def mse_gradients():\n    raise NotImplementedError()", scope)
    sentence = "This cell needs mse_gradients: write it, then run this cell again."
    assert needed("mse_gradients()", capsys, "mse_gradients", "predict", **scope) == sentence
    assert needed("mse_gradients()", capsys, "mse_gradients") == sentence
    assert needed("print('fine')", capsys, "mse_gradients") == "fine"
    given = needed("as_number(1)", capsys, "mse_gradients", "as_number", **scope)
    assert given == "This cell needs as_number: run the cell above that defines it, then this cell again."
    guess = needed("predict(guess)", capsys, "predict", predict=A1["predict"])
    assert guess == "This cell needs guess: run the cell above that defines it, then this cell again."
    half = needed("np.zeros(3) @ np.zeros(4)", capsys, "mse_gradients", "predict", predict=A1["predict"])
    assert half.startswith("This cell needs mse_gradients. It stopped with ValueError")
    other = needed("np.zeros(3) @ np.zeros(4)", capsys, "mse_gradients", "predict")
    assert other.startswith("This cell needs mse_gradients and predict. It stopped with ValueError")
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
