"""The block that a student reads for one function."""

import io
import re
from dataclasses import replace

import numpy as np
from rich.console import Console

from autograder.checks.compare import compare
from autograder.grading import words
from autograder.grading.picture import rows_of
from autograder.grading.render import result_html
from autograder.grading.results import ArrayResult, CheckResult, FunctionResult, Named, Outcome, Picture
from autograder.naming.patterns import describe
from autograder.reports.explain import print_checks
from tests.harness import edited, grade, written

A4 = "a4_bptt"

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


# ---- who is to blame -------------------------------------------------------------------------------------------------

FAR_OFF = """
    def rnn_forward(x, h0, params):
        outputs = np.cumsum(-5 * np.cos(7 * x.sum(axis=2))[..., None] * (1 + h0 @ params["weight_hh"]), axis=0)
        return outputs, (x, np.concatenate([h0[None], outputs]), params)
"""


def test_a_wrong_function_below_is_named_on_the_page_in_the_row_and_in_explain() -> None:
    """The lowest one, for every function that loses points; and only there."""
    results = grade(A4, written(A4, FAR_OFF), only=("rnn_forward", "state_gradient_norms", "loss_and_gradients"))
    assert {name: result.fix_first for name, result in results.items()} == {
        "rnn_forward": "",
        "state_gradient_norms": "rnn_forward",
        "loss_and_gradients": "rnn_forward",
    }
    result = results["loss_and_gradients"]
    said = "Your rnn_forward is wrong; fix it first, then read on."
    assert said in plain(result_html(result))
    assert words.what_happened(result).startswith("Your rnn_forward is wrong; fix it first, then read on; ")
    assert words.reason(result) == "loss_and_gradients: rnn_forward, which it needs, is wrong"  # for the teacher
    assert said in told_by_explain(result)


def test_a_function_above_one_that_is_not_written_blames_nobody() -> None:
    unwritten = "def rnn_forward(x, h0, params): raise NotImplementedError()"
    results = grade(A4, written(A4, unwritten), only=("rnn_forward", "rnn_backward"))
    assert {result.fix_first for result in results.values()} == {""}


def told_by_explain(result: FunctionResult) -> str:
    """What `autograder explain` prints of a function."""
    console = Console(width=200, record=True, file=io.StringIO())
    print_checks(result, console)
    return console.export_text()


def test_a_check_that_is_capped_says_so_beside_its_right_arrays() -> None:
    """Two arrays of three are right, and it earns nothing."""
    arrays = (ArrayResult("x", True), ArrayResult("h0", True), ArrayResult("bias_ih", False, "all wrong."))
    capped = CheckResult("One step works.", 1, 0.0, Outcome.WRONG, arrays=arrays, behaviour=True, capped=True)
    deciding = replace(WRONG, share=0.0)
    result = FunctionResult("rnn_backward", 0, 8, (deciding, capped))
    for told in (plain(result_html(result)), told_by_explain(result)):
        assert told.count(words.CAPPED) == 1


def test_every_check_of_a_wrong_function_says_why_it_lost() -> None:
    """Each lost hundredth: wrong arrays, a sentence, or the cap."""
    careless = edited(A4, "rnn_backward", ('"h0": carry', '"h0": 0.9 * carry'))
    for result in grade(A4, written(A4, FAR_OFF, careless), only=("rnn_forward", "rnn_backward")).values():
        for check in result.checks:
            finds = [array.ok for array in check.arrays]
            full = sum(finds) / len(finds) if finds else 1.0
            assert not check.lost or check.off or words.said(check)
            assert check.share >= full or check.capped or check.sentence


def test_explain_says_the_same_of_several_checks_once() -> None:
    off = (ArrayResult("x", False, "all wrong."), ArrayResult("h0", False, "all wrong."))
    checks = [
        CheckResult(f"Law {n}.", 1, 0.0, Outcome.WRONG, "No use.", arrays=off, notes=("float32",)) for n in (1, 2)
    ]
    told = told_by_explain(FunctionResult("rnn_backward", 0, 2, tuple(checks)))
    assert [told.count(each) for each in ("Law 1.", "Law 2.", "No use.", "x, h0: wrong: all wrong.", "float32")] == [
        1
    ] * 5
