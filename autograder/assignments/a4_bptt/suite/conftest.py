"""The problems that the suite of a4_bptt draws. Hidden: nothing of this file leaves the grader."""

import pytest

from autograder.assignments.a4_bptt.problems import EQUAL_SIZES, ONE_STEP
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.checks.draw import Draw


@pytest.fixture
def problem(draw: Draw) -> RNNProblem:
    """T = 5, N = 3, input_size = 2, hidden_size = 4: the problem that decides points."""
    return draw(draw_rnn)


@pytest.fixture
def small(draw: Draw) -> RNNProblem:
    """Where a forward is wrong: few enough entries for differences of it."""
    return draw(draw_rnn, "small", steps=4, n=2, input_size=1, hidden_size=3)


@pytest.fixture
def other(draw: Draw) -> RNNProblem:
    """A second draw of other sizes: what runs in between, and what no code can have been fitted to."""
    return draw(draw_rnn, "other", steps=4, n=2, input_size=5, hidden_size=3)


@pytest.fixture
def one_step(draw: Draw) -> RNNProblem:
    """T = 1: no carry."""
    return draw(draw_rnn, ONE_STEP.name, **ONE_STEP.sizes)


@pytest.fixture
def equal_sizes(draw: Draw) -> RNNProblem:
    """All sizes equal: code that tells axes apart by their length goes wrong."""
    return draw(draw_rnn, EQUAL_SIZES.name, **EQUAL_SIZES.sizes)
