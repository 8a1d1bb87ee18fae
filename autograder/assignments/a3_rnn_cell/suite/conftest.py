"""The problems that the suite of a3_rnn_cell draws. Hidden: nothing of this file leaves the grader."""

import pytest

from autograder.assignments.a3_rnn_cell.problems import (
    CellProblem,
    ColumnProblem,
    LogitsProblem,
    ReadoutProblem,
    draw_cell,
    draw_columns,
    draw_logits,
    draw_readout_problem,
)
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.checks.draw import Draw


@pytest.fixture
def cell(draw: Draw) -> CellProblem:
    """N = 3, input_size = 2, hidden_size = 4: the problem that decides points."""
    return draw(draw_cell)


@pytest.fixture
def other_cell(draw: Draw) -> CellProblem:
    """A second draw of other sizes: what runs in between, and what no code can have been fitted to."""
    return draw(draw_cell, "other", n=2, input_size=5, hidden_size=3)


@pytest.fixture
def small_cell(draw: Draw) -> CellProblem:
    """Where a forward is wrong: few enough entries for differences of it."""
    return draw(draw_cell, "small", n=2, input_size=1, hidden_size=3)


@pytest.fixture
def small_columns(draw: Draw) -> ColumnProblem:
    """Where a forward is wrong: few enough entries for differences of it."""
    return draw(draw_columns, "small", n=2, input_size=1, hidden_size=3)


@pytest.fixture
def steps(draw: Draw) -> RNNProblem:
    """Two steps, N = 3, input_size = 2, hidden_size = 4, an injected gradient at both."""
    return draw(draw_rnn, steps=2)


@pytest.fixture
def small_steps(draw: Draw) -> RNNProblem:
    """Where a forward is wrong: few enough entries for differences of it."""
    return draw(draw_rnn, "small", steps=2, n=2, input_size=1, hidden_size=3)


@pytest.fixture
def readout(draw: Draw) -> ReadoutProblem:
    """T = 5, N = 3, hidden_size = 4, classes = 6: the problem that decides points."""
    return draw(draw_readout_problem)


@pytest.fixture
def rows(draw: Draw) -> ReadoutProblem:
    """One leading axis."""
    return draw(draw_readout_problem, "rows", leading=(2,), hidden_size=3, classes=4)


@pytest.fixture
def three_axes(draw: Draw) -> ReadoutProblem:
    """Three leading axes."""
    return draw(draw_readout_problem, "three axes", leading=(2, 3, 4), hidden_size=2, classes=3)


@pytest.fixture
def logits(draw: Draw) -> LogitsProblem:
    """T = 5, N = 3, classes = 4: the problem that decides points."""
    return draw(draw_logits)
