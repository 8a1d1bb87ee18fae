"""Results as data: to JSON and back, old notebooks, and what each outcome is called."""

import json
import pathlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.grading import words
from autograder.grading.repair import KEY
from autograder.grading.results import (
    ArrayResult,
    CheckResult,
    Flag,
    FlagKind,
    FunctionResult,
    Named,
    Outcome,
    Picture,
    ResultsError,
    SubmissionResult,
)
from autograder.naming.bank import How
from autograder.naming.clues import Clue, Kind
from autograder.plugins import records

TEXT = st.text(max_size=8)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
SHARE = st.floats(0, 1)
CHECKS = st.builds(
    CheckResult,
    title=TEXT,
    weight=SHARE,
    share=SHARE,
    outcome=st.sampled_from(Outcome),
    sentence=TEXT,
    arrays=st.lists(st.builds(ArrayResult, TEXT, st.booleans(), TEXT), max_size=2).map(tuple),
    notes=TEXTS,
    behaviour=st.booleans(),
    pictures=st.lists(st.builds(Picture, TEXT, TEXTS, st.booleans()), max_size=1).map(tuple),
    blocked_by=TEXT,
    capped=st.booleans(),
)
FUNCTIONS = st.builds(
    FunctionResult,
    name=TEXT,
    points=st.floats(0, 9),
    max_points=st.floats(0, 9),
    checks=st.lists(CHECKS, max_size=3).map(tuple),
    blocked_by=TEXT,
    mistakes=st.lists(st.builds(Named, TEXT, TEXT, TEXT, st.sampled_from(How), TEXTS), max_size=2).map(tuple),
    faults=TEXTS,
    fix_first=TEXT,
    clue=st.none() | st.builds(Clue, st.sampled_from(Kind), TEXTS),
    numbers=TEXT,
)
SUBMISSIONS = st.builds(
    SubmissionResult,
    assignment=TEXT,
    seed=TEXT,
    functions=st.dictionaries(TEXT, FUNCTIONS, max_size=2),
    stopped=TEXTS,
    repairs=TEXTS,
    unreadable=TEXT,
    submission=TEXT,
    settings=TEXT,
    answers=st.dictionaries(TEXT, TEXT, max_size=2),
    isolation=TEXT,
    flags=st.lists(st.builds(Flag, st.sampled_from(FlagKind), TEXT, TEXT, SHARE), max_size=2).map(tuple),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])  # results are large: a hundred take 12 seconds
@given(SUBMISSIONS)
def test_results_come_back_from_json_as_they_were(result: SubmissionResult) -> None:
    assert SubmissionResult.from_json(json.loads(json.dumps(result.to_json()))) == result


@given(SUBMISSIONS)
def test_every_result_has_a_line(result: SubmissionResult) -> None:
    assert isinstance(words.headline(result), str)
    for function in result.functions.values():
        assert function.outcome in Outcome
        assert words.reason(function) is not None
        assert words.what_happened(function)


def test_a_notebook_graded_before_outcomes_is_read() -> None:
    """Missing keys have their defaults; flags are made of what said the same."""
    checks = [
        {"title": "a", "share": 1.0},
        {"share": 0.5, "behaviour": True},
        {"share": 0, "arrays": [["x", False, ""]]},
    ]
    kept = {
        "functions": {"f": {"name": "f", "points": 1, "max_points": 2, "checks": checks, "faults": ["it broke"]}},
        "repairs": ["f: restored."],
        "unreadable": "not JSON",
        "needs_look": True,
    }
    result = SubmissionResult.from_json(kept)
    outcomes = [check.outcome for check in result.functions["f"].checks]
    assert outcomes == [Outcome.RIGHT, Outcome.HELD, Outcome.WRONG]
    assert [flag.kind for flag in result.flags] == [FlagKind.UNREADABLE, FlagKind.FAULT, FlagKind.REPAIRED]
    assert result.needs_look
    assert SubmissionResult.from_json({}) == SubmissionResult()


@pytest.mark.parametrize(
    "kept",
    [
        [],
        {"functions": []},
        {"functions": {"f": {"points": "2", "max_points": 2}}},
        {"functions": {"f": {"points": 2}}},
        {"functions": {"f": {"points": 2, "max_points": 2, "checks": [{"outcome": "splendid"}]}}},
        {"functions": {"f": {"points": 2, "max_points": 2, "checks": [{"arrays": [["x"]]}]}}},
        {"flags": [{"kind": "a whim", "reason": ""}]},
        {"repairs": [3]},
    ],
)
def test_anything_else_is_one_clear_error(kept: Any) -> None:
    with pytest.raises(ResultsError, match=r"^The results in this graded notebook .*Grade the submission again"):
        SubmissionResult.from_json(kept)


def test_a_graded_notebook_that_somebody_changed_counts_as_not_graded(tmp_path: pathlib.Path) -> None:
    """`nbgrader autograde` then grades it again by itself."""
    path = tmp_path / "a.ipynb"
    for functions, whole in (({}, True), ({"f": {"points": 1, "max_points": 2}}, True), ({"f": {}}, False), (3, False)):
        path.write_text(json.dumps({"metadata": {KEY: {"functions": functions}}}))
        assert (records.results(path) is not None) is whole
    path.write_text(json.dumps({"metadata": {KEY: {}}}))
    assert records.results(path) is None


# ---- outcomes and words ------------------------------------------------------------------------------------------------


def lost(outcome: Outcome, share: float = 0.0, **more: Any) -> FunctionResult:
    """A function with one check that ended like this."""
    return FunctionResult("f", 2 * share, 2, (CheckResult("T.", 1, share, outcome, **more),))


def test_what_decides_is_the_outcome_and_no_sentence() -> None:
    """The same sentence, once of a stub and once of a call that failed."""
    said = "f is not written yet."
    result = SubmissionResult(functions={"f": lost(Outcome.UNWRITTEN, sentence=said)})
    assert words.headline(result) == "nothing written yet"
    result = SubmissionResult(functions={"f": lost(Outcome.FAILED, sentence=said)})
    assert words.headline(result) == said


def test_what_waits_for_a_stub_is_unwritten_and_what_waits_for_an_error_is_not() -> None:
    blocked = FunctionResult(
        "g", 0, 2, (CheckResult("T.", 1, 0.0, Outcome.BLOCKED, "", blocked_by="f"),), blocked_by="f"
    )
    for below, waits in ((Outcome.UNWRITTEN, True), (Outcome.FAILED, False)):
        result = SubmissionResult(functions={"f": lost(below), "g": blocked})
        assert result.unwritten(result.functions["g"]) is waits


@pytest.mark.parametrize(
    ("function", "outcome", "line"),
    [
        (FunctionResult("f", 2, 2), Outcome.RIGHT, "all right"),
        (lost(Outcome.PARTLY, 0.5, arrays=(ArrayResult("dw", False),)), Outcome.PARTLY, "wrong: dw"),
        (lost(Outcome.WRONG, sentence="It changes x."), Outcome.WRONG, "It changes x."),
        (lost(Outcome.UNWRITTEN), Outcome.UNWRITTEN, "not written yet"),
        (lost(Outcome.BLOCKED, sentence="g died.", blocked_by="g"), Outcome.BLOCKED, "Blocked by g: g died."),
        (lost(Outcome.FAULT), Outcome.FAULT, words.FAULT),
    ],
)
def test_a_function_in_a_word_and_in_a_line(function: FunctionResult, outcome: Outcome, line: str) -> None:
    assert function.outcome is outcome
    assert words.what_happened(function) == line


def test_every_outcome_has_its_words() -> None:
    assert set(words.HEADS) == set(Outcome)
    assert words.said(CheckResult("T.", 1, 0.5, Outcome.HELD)) == (
        "Also correct (credited in proportion to the correct arrays)."
    )
