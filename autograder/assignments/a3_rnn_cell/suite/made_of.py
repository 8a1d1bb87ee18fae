"""What the tests of a3_rnn_cell are made of. Hidden: nothing of this file leaves the grader."""

from typing import Any

import numpy as np

from autograder.assignments.a3_rnn_cell.problems import (
    CellProblem,
    draw_cell,
)
from autograder.assignments.a3_rnn_cell.references import cell_gradients
from autograder.checks.compare import assert_arrays, coarse
from autograder.checks.cost import GENTLE, Check
from autograder.checks.draw import Draw
from autograder.kernels.student import Kept, Student

WIDE: dict[str, Any] = {
    "n": 2,
    "input_size": 64,
    "hidden_size": 96,
    "gain": 0.5,
    "upstream": GENTLE,
}  # where cost is measured
WIDE_MULTIPLICATIONS = 2 * 96 * (64 + 96)


def run(student: Student, problem: CellProblem) -> tuple[np.ndarray, Kept]:
    """(h, cache) of the cell."""
    return student.rnn_cell_forward(problem.x, problem.h_prev, problem.params)  # type: ignore[no-any-return]


def wide_cell(student: Student, draw: Draw, number: int) -> Check:
    """A forward and a backward of a cell of over ten thousand weights."""
    problem = draw(draw_cell, f"cost {number}", **WIDE)
    h, cache = run(student, problem)
    grads = student.rnn_cell_backward(problem.grad_h, cache)
    return lambda: assert_arrays(grads, cell_gradients(problem), rtol=coarse(h))
