"""The block that a student reads for one function."""

import numpy as np

from autograder.grading.judge import CAPPED, Check, FunctionResult
from autograder.grading.picture import rows_of
from autograder.grading.render import result_html

WRONG = Check(
    "Every gradient is PyTorch's.",
    3,
    0.5,
    arrays=(("x", True, ""), ("weight_hh", False, "all 16 entries are wrong.")),
    notes=("Your arrays are float32.",),
)
HELD = Check("Two calls give the same.", 1, 0.5, CAPPED, behaviour=True)
CARRY = {"id": "carry_dropped", "title": "the carry is dropped", "reread": "4, 'One sweep'."}


def test_a_wrong_function_says_points_arrays_and_what_held() -> None:
    page = result_html(FunctionResult("rnn_backward", 4, 8, (WRONG, HELD)))
    assert "4 of 8 points (partly)" in page
    assert "all 16 entries are wrong." in page
    assert "right: <code>x</code>" in page
    assert "Held, and counted as far as the numbers are right: Two calls give the same." in page
    assert page.count("float32") == 1


def test_one_mistake_is_named_and_two_are_either_or() -> None:
    one = result_html(FunctionResult("rnn_backward", 0, 8, (WRONG,), mistakes=(CARRY,)))
    assert "exactly those of a known mistake: the carry is dropped." in one
    other = {**CARRY, "title": "the carry is multiplied by zero"}
    two = result_html(FunctionResult("rnn_backward", 0, 8, (WRONG,), mistakes=(CARRY, other)))
    assert "Either <b>the carry is dropped</b>" in two
    assert "or <b>the carry is multiplied by zero</b>" in two


def test_what_a_student_can_choose_is_escaped() -> None:
    check = Check("A title.", 1, 0.0, "<script>alert(1)</script>", arrays=(("<img src=x>", False, "<b>"),))
    page = result_html(FunctionResult("f", 0, 1, (check,), mistakes=()))
    assert "<script>" not in page
    assert "<img" not in page


def test_a_picture_has_a_line_for_each_step_and_none_where_nothing_is_right() -> None:
    wrong = np.zeros((3, 2, 2), bool)
    wrong[:2] = True
    assert rows_of(wrong) == ("✗✗✗✗", "✗✗✗✗", "····")
    assert rows_of(np.ones((2, 2), bool)) == ()
    assert rows_of(np.zeros((2, 2), bool)) == ()
