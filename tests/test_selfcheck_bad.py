"""Whatever a student's function does, its check ends in a sentence; what is not written is to do, and not wrong."""

from __future__ import annotations

import collections
import sys
import time
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.checker import A1, A4, FUNCTIONS, STUB, check, checker, raising, worth


class Hostile:
    """Raises at whatever is done to it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("no")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no array")

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


BAD: dict[str, Any] = {
    "None": lambda *a: None,
    "an empty list": lambda *a: [],
    "an empty tuple": lambda *a: (),
    "an empty dict": lambda *a: {},
    "a text": lambda *a: "text",
    "a wrong shape": lambda *a: np.zeros((7, 1, 7)),
    "NaN": lambda *a: np.nan,
    "a pair of NaN arrays": lambda *a: (np.full((2, 2), np.nan), None),
    "a pair of None": lambda *a: (None, None),
    "three things": lambda *a: (1.0, 2.0, 3.0),
    "four texts": lambda *a: ("a", "b", "c", "d"),
    "a ragged list": lambda *a: [[1.0, 2.0], [3.0]],
    "objects": lambda *a: np.array([None, 1.0], dtype=object),
    "complex": lambda *a: np.zeros(3, dtype=complex),
    "half precision": lambda *a: np.float16(1.0),
    "an integer": lambda *a: 3,
    "a hostile object": lambda *a: Hostile(),
    "a pair of hostile objects": lambda *a: (Hostile(), Hostile()),
    "a dict of Nones": lambda *a: collections.defaultdict(lambda: None),
    "a generator": lambda *a: (each for each in (1, 2)),
    "a million keys": lambda *a: dict.fromkeys(range(10**5)),
    "itself": lambda *a: raising,
    "the first argument": lambda *a: a[0] if a else None,
    "raises": raising(ValueError),
    "a stub": STUB,
    "exits": raising(SystemExit),
    "interrupted": raising(KeyboardInterrupt),
    "recursion": raising(RecursionError),
    "of another signature": lambda: None,
    "no function": 3.0,
    "missing": None,
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_bad_answers_end_in_a_sentence(assignment: str, name: str) -> None:
    """Nothing raises, nothing earns points, and the table has words for it, never a traceback."""
    for label, bad in BAD.items():
        if label == "of another signature" and not checker(assignment).CONTRACTS[name].arguments[0]:
            continue  # takes no arguments
        result = check(name, assignment, **{name: bad})
        text = str(result) + result._repr_html_()
        assert repr(result) == "0", (label, text)
        assert not result.passed
        assert result.words
        assert "Traceback" not in text
        assert "The check itself failed" not in text


@pytest.mark.parametrize(
    ("name", "bad", "words"),
    [
        ("rnn_backward", "None", "rnn_backward returned None, expected a dict (is the return missing?)."),
        ("rnn_forward", "interrupted", "rnn_forward was stopped by you: does a loop in it never end?\n"),
        ("rnn_backward", "an empty tuple", "rnn_backward returned a tuple, expected a dict"),
        ("rnn_backward", "missing", "rnn_backward is not defined yet."),
        ("rnn_backward", "a stub", "rnn_backward is not written yet."),
        ("rnn_backward", "no function", "rnn_backward is a float and no function."),
        ("rnn_backward", "interrupted", "rnn_backward was stopped by you"),
        ("rnn_backward", "raises", "rnn_backward stopped with ValueError: a text of two lines"),
        ("rnn_backward", "of another signature", "cannot be called as rnn_backward(grad_outputs, cache)"),
        ("rnn_forward", "a pair of NaN arrays", "expected shape"),
        ("rnn_forward", "a text", "rnn_forward returned a str, expected (outputs, cache)"),
        ("mse_loss", "an integer", "wrong dtype int64, expected float64"),
        ("mse_loss", "a wrong shape", "expected a number, got shape (7, 1, 7)"),
        ("mse_loss", "NaN", "the number is NaN or infinite"),
        ("predict", "a ragged list", "that is no array"),
    ],
)
def test_the_sentence_says_what_was_expected_and_what_was_returned(name: str, bad: str, words: str) -> None:
    assert words in str(check(name, **{name: BAD[bad]}))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(FUNCTIONS),
    st.recursive(
        st.none() | st.floats() | st.integers() | st.text(max_size=3) | st.booleans() | st.binary(max_size=2),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.tuples(inner, inner)
            | st.dictionaries(st.sampled_from(["x", "h0", "weight_hh", "loss", "A"]), inner, max_size=4)
        ),
        max_leaves=6,
    ),
)
def test_whatever_is_returned_nothing_raises(function: tuple[str, str], value: Any) -> None:
    assignment, name = function
    result = check(name, assignment, **{name: lambda *args: value})
    assert 0 <= float(repr(result)) < worth(name)
    assert result._repr_html_()


# -- not written yet --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_what_is_not_written_is_to_do_and_not_wrong(assignment: str, name: str) -> None:
    """nbgrader's stub, and a cell that was never run: no points, and nowhere a verdict that something is wrong."""
    for unwritten in (STUB, None):
        result = check(name, assignment, **{name: unwritten})
        shown = str(result) + result._repr_html_()
        assert repr(result) == "0"
        assert result.verdict == "to do"
        assert f"{name}: to do, 0 of " in shown
        assert not any(word in shown for word in ("WRONG", "BROKEN", "seed"))


def test_a_stub_below_is_named() -> None:
    result = check("rnn_backward", rnn_forward=STUB)
    assert "rnn_backward depends on rnn_forward, and rnn_forward is not written yet." in str(result)
    assert result.verdict == "to do"


def truncated(factor: float) -> Callable[..., Any]:
    """Written for k = 0 alone."""

    def rnn_backward_truncated(upstream: Any, cache: Any, k: int) -> Any:
        if k > 0:
            raise NotImplementedError
        return {key: factor * each for key, each in A4["rnn_backward_truncated"](upstream, cache, k).items()}

    return rnn_backward_truncated


def test_a_branch_that_is_not_written_leaves_the_rest_judged() -> None:
    """What is there is right: the verdict is to do; what is there is wrong: it is WRONG, and the rest to do."""
    right, wrong = (check("rnn_backward_truncated", rnn_backward_truncated=truncated(each)) for each in (1.0, 2.0))
    assert right.verdict == "to do"
    assert right.words.startswith(
        "6 comparisons right; 1 law holds; rnn_backward_truncated reaches `raise NotImplementedE"
    )
    assert ">to do<" in right._repr_html_()
    assert wrong.verdict == "WRONG"
    assert "to do" in [row.verdict for row in wrong.rows]


def test_a_note_says_to_write_what_is_below() -> None:
    """A training that never calls the gradient that it should: the note says to write that, not to fix it."""
    right = A1["gradient_descent"]  # whose names are those of the solved notebook
    result = check("gradient_descent", mse_gradients=STUB, gradient_descent=right)
    words = "gradient_descent depends on mse_gradients, which is not finished: write mse_gradients first."
    assert words in result.notes


# -- slow, noisy ------------------------------------------------------------------------------------------------------


def test_a_slow_function_is_stopped_after_its_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0, calls=0)

    def rnn_forward(*args: Any) -> Any:
        clock.now, clock.calls = clock.now + 2.1, clock.calls + 1
        return A4["rnn_forward"](*args)

    fake = SimpleNamespace(perf_counter=lambda: clock.now, process_time=time.process_time)
    monkeypatch.setattr(checker("a4_bptt"), "time", fake)
    result = check("rnn_forward", rnn_forward=rnn_forward)
    assert clock.calls == 1
    assert "one call of rnn_forward took 2.1 s, expected under 2 s; the rest was not checked." in str(result)
    assert repr(result) == "0"


def test_prints_and_warnings_cost_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """The notes say so, and neither reaches the notebook."""

    def predict(x: Any, w: Any, b: Any) -> Any:
        print("hello", file=sys.stdout)
        print("hello", file=sys.stderr)
        warnings.warn("mind <the> step", stacklevel=1)
        return w * x + b

    result = check("predict", predict=predict)
    assert repr(result) == "1"
    assert "prints" in str(result)
    assert "mind <the> step" in str(result)
    assert "mind &lt;the&gt; step" in result._repr_html_()
    assert capsys.readouterr() == ("", "")


def test_nothing_outside_is_touched(capsys: pytest.CaptureFixture[str]) -> None:
    """Global random numbers, warning filters and output are as before, and check prints nothing by itself."""
    state, filters = np.random.get_state()[1].copy(), list(warnings.filters)
    check("rnn_backward")
    assert np.array_equal(np.random.get_state()[1], state)
    assert warnings.filters == filters
    assert capsys.readouterr() == ("", "")
