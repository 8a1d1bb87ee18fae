"""What the tests of a3_rnn_cell are made of. Hidden: nothing of this file leaves the grader."""

import numpy as np

from autograder.assignments.a3_rnn_cell.problems import CellProblem
from autograder.kernels.student import Kept, Student


def run(student: Student, problem: CellProblem) -> tuple[np.ndarray, Kept]:
    """(h, cache) of the cell."""
    return student.rnn_cell_forward(problem.x, problem.h_prev, problem.params)  # type: ignore[no-any-return]
