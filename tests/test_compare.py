"""What counts as the same, and what the sentences may say. The laws of docs/marking.md, on arrays that hypothesis makes."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from autograder.checks.compare import Wrong, assert_arrays, assert_same, compare, same
from autograder.checks.repeatable import compare_again
from autograder.kernels.student import Odd

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda v: v == 0 or abs(v) > 1e-6)
ARRAYS = arrays(np.float64, array_shapes(max_dims=3, max_side=5), elements=NUMBERS)


@given(ARRAYS)
def test_an_array_is_the_same_as_itself_in_any_memory_layout(array: np.ndarray) -> None:
    assert same(array, array)
    assert same(np.asfortranarray(array), array)
    assert same(array[::-1][::-1].tolist(), array)


@given(ARRAYS, st.floats(-0.9, 0.9))
def test_a_difference_below_the_tolerance_of_the_largest_entry_counts_as_none(array: np.ndarray, part: float) -> None:
    scale = np.max(np.abs(array)) or 1.0
    assert same(array + part * 1e-7 * scale, array)


@given(ARRAYS, st.integers(0, 10**6))
def test_one_entry_off_by_more_is_wrong_and_counted_once(array: np.ndarray, where: int) -> None:
    scale = np.max(np.abs(array)) or 1.0
    off = array.copy()
    off.flat[where % array.size] += 3e-7 * scale
    verdict = compare("x", off, array)
    assert not verdict.ok
    assert verdict.wrong is not None
    assert verdict.wrong.sum() == 1


@given(ARRAYS)
def test_honest_float32_is_right_and_float16_is_not(array: np.ndarray) -> None:
    assert same(array.astype(np.float32), array)
    assert not same(np.zeros(array.shape, np.float16), array)


@given(arrays(np.float64, (2, 3), elements=st.floats(0.001, 1000)))
def test_what_is_zero_is_measured_by_the_upstream(upstream: np.ndarray) -> None:
    zero = np.zeros(4)
    assert same(zero + 0.5e-7 * upstream.max(), zero, upstream=upstream)
    assert not same(zero + 2e-7 * upstream.max(), zero, upstream=upstream)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.ones((3, 2)), "expected shape (2, 3), got (3, 2)."),
        (np.ones(6), "expected shape (2, 3), got (6,)."),
        (np.ones((9, 731)), "expected shape (2, 3), got (9, a larger size)."),
        (np.ones((1, 1, 7, 31)), "expected shape (2, 3), got an array with 4 axes."),
        (np.full((2, 3), np.nan), "NaN"),
        (np.ones((2, 3), complex), "complex128"),
        (
            Odd("a list whose rows differ in length"),
            "expected an array of shape (2, 3), got a list whose rows differ in length.",
        ),
        (-np.ones((2, 3)), "all 6 entries are wrong"),
    ],
)
def test_a_wrong_array_is_one_sentence(value: object, said: str) -> None:
    assert said in compare("x", value, np.ones((2, 3))).sentence


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (np.ones((5, 731)), np.ones((17, 31)), "the second call returned an array of another shape."),
        (Odd("None"), np.ones((17, 31)), "the second call returned None."),
        (np.ones((17, 31)), Odd("None"), "the first call returned None."),
    ],
)
def test_of_two_answers_of_the_student_no_size_is_said(now: object, before: object, said: str) -> None:
    assert compare_again("x", now, before).sentence == said


@given(ARRAYS, ARRAYS)
def test_no_sentence_holds_a_number_of_the_right_answer(actual: np.ndarray, expected: np.ndarray) -> None:
    sentence = compare("x", actual, expected).sentence
    for number in re.findall(r"-?\d+\.\d+", sentence):
        assert float(number) not in expected


def test_each_array_is_a_share_of_the_check() -> None:
    expected = {"x": np.ones(2), "w": np.ones(3), "b": np.ones(4), "h": np.ones(1)}
    with pytest.raises(Wrong) as caught:
        assert_arrays({**expected, "w": np.zeros(3)}, expected)
    assert caught.value.ruling.share == 0.75
    assert [v.name for v in caught.value.ruling.verdicts if not v.ok] == ["w"]


def test_an_agreement_under_a_ceiling_earns_the_ceiling() -> None:
    with pytest.raises(Wrong) as caught:
        assert_arrays({"x": np.ones(2)}, {"x": np.ones(2)}, ceiling=0.5, sentence="half")
    assert caught.value.ruling.share == 0.5


def test_extra_keys_are_nobodys_business() -> None:
    assert_arrays({"x": np.ones(2), "more": "anything"}, {"x": np.ones(2)})


def test_trainings_have_their_own_tolerance() -> None:
    assert_same(np.ones(2) + 5e-7, np.ones(2), training=True)
    with pytest.raises(Wrong):
        assert_same(np.ones(2) + 5e-7, np.ones(2))
