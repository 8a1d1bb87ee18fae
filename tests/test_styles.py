"""Right answers in different styles get full points from the hidden suites."""

from __future__ import annotations

from functools import cache

import pytest

from autograder.grading.collection import open_suites
from autograder.grading.judge import Judge
from autograder.kernels.contract import CONTRACT
from autograder.mistakes.naming import diagnose
from autograder.solutions import local_student, reference_namespace
from tests.styles import STYLES, a1, a2, a3, a4

MODULES = dict(zip(CONTRACT, (a1, a2, a3, a4), strict=True))
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
    (assignment, function.name, name)
    for assignment, functions in CONTRACT.items()
    for function in functions
    for name in STYLES.get(function.name, {})
]


@cache
def judge_of(assignment: str) -> Judge:
    """A judge of the whole suite, its tests on cost included."""
    return open_suites(Judge("styles", 0.125, diagnose), [assignment])


@pytest.mark.parametrize(("assignment", "function", "name"), CASES, ids=[f"{f}-{n}" for _, f, n in CASES])
def test_a_right_answer_gets_full_points(assignment: str, function: str, name: str) -> None:
    namespace = reference_namespace(assignment)
    namespace.update(STYLES[function][name](dict(namespace)))
    result = judge_of(assignment).grade(assignment, local_student(assignment, namespace), {function: 8.0})[function]
    assert not result.faults
    lost = [(check.title, check.sentence, check.arrays) for check in result.checks if check.share < 1]
    assert result.points == 8.0, lost
    assert not result.mistakes


@pytest.mark.parametrize("function", LARGER)
def test_there_are_many_styles_of_the_larger_functions(function: str) -> None:
    assert len(STYLES[function]) >= 10


def test_there_is_a_style_of_every_function() -> None:
    names = {f.name for functions in CONTRACT.values() for f in functions} - {"name_the_mistake"}
    assert names == set(STYLES)
    assert all(module.__name__.startswith("tests.styles") for module in MODULES.values())
