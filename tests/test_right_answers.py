"""Right answers keep every point and get no name of a mistake, in whatever style they are written.

The styles are files as students would type them: autograder/assignments/ASSIGNMENT/right/STYLE.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from autograder.grading.judge import Judge
from tests.course import NAMES, OURS, named
from tests.forms import FORMS, in_form
from tests.harness import SEEDS, lost, written

STYLES = [(assignment, style) for assignment in NAMES for style in named(assignment).right]
OFTEN = ("float32", "lists", "strided", "a dict class with one more key", "a mapping")  # the others in test-all
FUNCTIONS = [(assignment, name) for assignment in NAMES for name in named(assignment).functions]


@cache
def judge_of(assignment: str) -> Judge:
    """A judge of the whole suite, with its tests of cost and with names."""
    return Judge.of([named(assignment)], "styles", 0.125, naming=True)


def assert_nothing_lost(assignment: str, namespace: dict[str, Any], functions: Mapping[str, Any]) -> None:
    """Every one of these functions keeps all its points, and no mistake is named."""
    most = dict.fromkeys(functions, 8.0)
    for name, result in (
        judge_of(assignment).grade(named(assignment), named(assignment).student(namespace), most).items()
    ):
        assert not result.faults
        assert result.points == 8.0, (name, [(c.title, c.sentence, c.arrays) for c in result.checks if c.lost])
        assert not result.mistakes, name


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("assignment", "style"), STYLES)
def test_a_style_keeps_every_point(assignment: str, style: str) -> None:
    answers = named(assignment).right[style]
    assert_nothing_lost(assignment, written(assignment, *answers.values()), named(assignment).functions)


@pytest.mark.thorough
@pytest.mark.parametrize(("assignment", "style"), STYLES)
def test_a_style_is_right_on_every_course_seed(assignment: str, style: str) -> None:
    namespace = written(assignment, *named(assignment).right[style].values())
    assert [lost(assignment, namespace, seed) for seed in SEEDS] == [{}] * len(SEEDS)


@pytest.mark.parametrize("form", [f if f in OFTEN else pytest.param(f, marks=pytest.mark.thorough) for f in FORMS])
@pytest.mark.parametrize(("assignment", "name"), FUNCTIONS)
def test_a_result_in_another_form_keeps_every_point(assignment: str, name: str, form: str) -> None:
    namespace = named(assignment).namespace()
    cached = "keep" in named(assignment).functions[name].wire
    namespace[name] = in_form(namespace[name], FORMS[form], cached)
    assert_nothing_lost(assignment, namespace, {name: None})


def test_every_function_has_right_answers_in_several_styles() -> None:
    for assignment, name in FUNCTIONS:
        styles = [style for style, answers in named(assignment).right.items() if name in answers]
        wanted = 0 if name == "name_the_mistake" else 4 if assignment in OURS else 1
        assert len(styles) >= wanted, f"{name}: {styles}"
