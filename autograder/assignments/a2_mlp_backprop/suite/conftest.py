"""The problems that the suite of a2_mlp_backprop draws. Hidden: nothing of this file leaves the grader."""

from __future__ import annotations

import pytest

from autograder.assignments.a2_mlp_backprop.problems import ClassesProblem, MLPProblem, draw_classes, draw_mlp
from autograder.checks.draw import Draw


@pytest.fixture
def problem(draw: Draw) -> MLPProblem:
    """Five rows, three inputs, four hidden units, two outputs: the problem that decides points."""
    return draw(draw_mlp)


@pytest.fixture
def classes(draw: Draw) -> ClassesProblem:
    """Scores of five rows for four classes."""
    return draw(draw_classes)
