"""What a1_linear_fit asks of the student's code. Hidden: nothing of this file leaves the grader."""

import pytest

from autograder.compare import assert_same
from autograder.kernels.student import Student
from autograder.problems import Draw, draw_line


@pytest.mark.weight(1)
def test_predict_is_the_line(student: Student, draw: Draw) -> None:
    """The prediction is w x + b for every x."""
    problem = draw(draw_line)
    assert_same(student.predict(problem.x, problem.w, problem.b), problem.w * problem.x + problem.b, "prediction")
