"""The block that a student reads for one function."""

import re
from dataclasses import replace

import numpy as np

from autograder.checks.compare import compare
from autograder.grading.picture import rows_of
from autograder.grading.render import result_html
from autograder.grading.results import ArrayResult, CheckResult, FunctionResult, Named, Outcome, Picture
from autograder.naming.patterns import describe

WRONG = CheckResult(
    "Every gradient is PyTorch's.",
    3,
    0.5,
    Outcome.PARTLY,
    arrays=(ArrayResult("x", True), ArrayResult("weight_hh", False, "all 16 entries are wrong.")),
    notes=("Your arrays are float32.",),
)
HELD = CheckResult("Two calls give the same.", 1, 0.5, Outcome.HELD, behaviour=True)
UNDECIDED = CheckResult("A single row has its gradients.", 0, 0.0, Outcome.UNDECIDED, behaviour=True)
CARRY = Named("carry_dropped", "the carry is dropped", "4, 'One sweep'.")


def plain(page: str) -> str:
    """The text of a page, on one line."""
    return " ".join(re.sub(r"<[^>]+>", "", page).split())


def test_a_wrong_function_says_points_arrays_and_what_held() -> None:
    page = result_html(FunctionResult("rnn_backward", 4, 8, (WRONG, HELD)))
    assert "4 of 8 points (partly)" in page
    assert "◐ Partly met: Every gradient is PyTorch&#39;s." in page
    assert "all 16 entries are wrong." in page
    assert "right: <code>x</code>" in page
    assert "◐ Also correct (credited in proportion to the correct arrays): Two calls give the same." in page
    assert page.count("float32") == 1


def test_what_could_not_be_checked_is_said_and_is_neither_passed_nor_wrong() -> None:
    page = plain(result_html(FunctionResult("mlp_backward", 4, 8, (WRONG, UNDECIDED))))
    assert "– Could not be checked, and does not count: A single row has its gradients." in page
    assert page.count("A single row") == 1


def test_further_checks_are_a_line_each_and_say_nothing_twice() -> None:
    failed = CheckResult("It is right.", 1, 0.0, Outcome.BLOCKED, "f raised ValueError.", blocked_by="f")
    page = plain(result_html(FunctionResult("g", 0, 2, (failed, replace(failed, title="It repeats."), WRONG))))
    assert page.count("Blocked by f: f raised ValueError.") == 1
    assert "✗ Not met: It is right. Blocked by f" in page
    assert "✗ Not met: It repeats." in page
    assert "Wrong: weight_hh." in page


def test_one_mistake_is_named_and_two_are_either_or() -> None:
    one = result_html(FunctionResult("rnn_backward", 0, 8, (WRONG,), mistakes=(CARRY,)))
    assert "exactly those of a known mistake: the carry is dropped." in one
    other = replace(CARRY, title="the carry is multiplied by zero")
    two = result_html(FunctionResult("rnn_backward", 0, 8, (WRONG,), mistakes=(CARRY, other)))
    assert "Either <b>the carry is dropped</b>" in two
    assert "or <b>the carry is multiplied by zero</b>" in two


def test_two_mistakes_at_once_are_told_together() -> None:
    both = Named("carry_dropped+bias_total", "the carry is dropped; and the biases are summed", "2.1.")
    page = plain(result_html(FunctionResult("rnn_backward", 0, 8, (WRONG,), mistakes=(both,))))
    assert "Two known mistakes together give exactly your numbers: the carry is dropped; and the biases" in page
    several = plain(result_html(FunctionResult("rnn_backward", 0, 8, (WRONG,), mistakes=(both, both))))
    assert (
        "exactly those of 2 pairs of known mistakes that look alike here. Either the carry is dropped; and" in several
    )


def test_what_a_student_can_choose_is_escaped() -> None:
    evil = "<script>alert(1)</script><img src=x>"
    check = CheckResult(
        evil,
        1,
        0.0,
        Outcome.WRONG,
        evil,
        (ArrayResult(evil, False, evil), ArrayResult(evil, True)),
        (evil,),
        pictures=(Picture(evil, ("·✗",)),),
    )
    for mistakes in ((), (Named("", evil, evil),), (Named("", evil, evil),) * 2):
        page = result_html(FunctionResult(evil, 0, 1, (check, check), mistakes=mistakes))
        assert "<script" not in page
        assert "<img" not in page
    assert "<script" not in result_html(FunctionResult("f", 0, 1), evil)


def test_a_picture_has_a_line_for_each_step_and_none_where_nothing_is_right() -> None:
    wrong = np.zeros((3, 2, 2), bool)
    wrong[:2] = True
    assert rows_of(wrong) == ("✗✗✗✗", "✗✗✗✗", "····")
    assert rows_of(np.ones((2, 2), bool)) == ()
    assert rows_of(np.zeros((2, 2), bool)) == ()


def test_the_picture_and_the_sentence_count_from_0() -> None:
    """One wrong entry, in the second of five steps: both say 1, as NumPy does."""
    expected = np.arange(1.0, 31.0).reshape(5, 3, 2)
    actual = expected.copy()
    actual[1, 0, 0] = -1.0
    verdict = compare("x", actual, expected)
    sentence = describe(verdict, time_axis=True)
    assert "entry [1, 0, 0]" in sentence
    check = CheckResult(
        "T.",
        1,
        0.0,
        Outcome.WRONG,
        arrays=(ArrayResult("x", False, sentence),),
        pictures=(Picture("x", rows_of(verdict.wrong), True),),
    )
    page = plain(result_html(FunctionResult("f", 0, 1, (check,))))
    assert "step 0······step 1✗·····step 2······" in page.replace(" ·", "·").replace(" ✗", "✗").replace(" step", "step")
    assert "counted from 0" in page
    assert "step 5" not in page
