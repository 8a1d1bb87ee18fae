"""Right answers in different styles get full points from the hidden suites."""

from __future__ import annotations

from functools import cache

import pytest

from autograder.grading.judge import Judge
from tests.course import NAMES, named
from tests.styles import STYLES, a1, a2, a3, a4

MODULES = dict(zip(NAMES, (a1, a2, a3, a4), strict=True))
LARGER = (
    "gradient_descent",
    "mlp_backward",
    "train_mlp",
    "rnn_cell_backward",
    "two_step_backward",
    "sequence_loss",
    "rnn_backward",
    "rnn_backward_truncated",
    "residual_rnn_backward",
    "loss_and_gradients",
)
CASES = [
    (assignment, function, name)
    for assignment in NAMES
    for function in named(assignment).functions
    for name in STYLES.get(function, {})
]


@cache
def judge_of(assignment: str) -> Judge:
    """A judge of the whole suite, its tests on cost included."""
    return Judge.of([named(assignment)], "styles", 0.125, naming=True)


@pytest.mark.parametrize(("assignment", "function", "name"), CASES, ids=[f"{f}-{n}" for _, f, n in CASES])
def test_a_right_answer_gets_full_points(assignment: str, function: str, name: str) -> None:
    namespace = named(assignment).namespace()
    namespace.update(STYLES[function][name](dict(namespace)))
    result = judge_of(assignment).grade(named(assignment), named(assignment).student(namespace), {function: 8.0})[
        function
    ]
    assert not result.faults
    lost = [(check.title, check.sentence, check.arrays) for check in result.checks if check.lost]
    assert result.points == 8.0, lost
    assert not result.mistakes


@pytest.mark.parametrize("function", LARGER)
def test_there_are_many_styles_of_the_larger_functions(function: str) -> None:
    assert len(STYLES[function]) >= 10


def test_there_is_a_style_of_every_function() -> None:
    names = {function for assignment in NAMES for function in named(assignment).functions} - {"name_the_mistake"}
    assert names == set(STYLES)
    assert all(module.__name__.startswith("tests.styles") for module in MODULES.values())
