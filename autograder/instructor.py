"""The hidden suites in an instructor's own notebook: Run All on source/ASSIGNMENT/ASSIGNMENT.ipynb runs and shows them.

The build puts one hidden line into each graded cell; beside the source notebook it calls ``run``. The code that is
graded here is the instructor's, in the instructor's own kernel: nothing of this is ever used on a submission.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

from autograder.course import load_course
from autograder.grading.collection import open_suites
from autograder.grading.judge import FunctionResult, Judge
from autograder.grading.render import result_html
from autograder.kernels.contract import CONTRACT
from autograder.seeds import course_seed
from autograder.solutions import local_student, nbgrader_of, source_cells


@dataclass(frozen=True)
class Shown:
    """A result as a notebook shows it: the points as a bare number, the reasons as HTML."""

    result: FunctionResult

    def __repr__(self) -> str:
        return f"{self.result.points:g}"

    def _repr_html_(self) -> str:
        return result_html(self.result)


def run(name: str) -> Shown:
    """Grade one function of the calling cell with its hidden suite. Raises KeyError for one that no assignment knows."""
    namespace = sys._getframe(1).f_globals
    candidates = [assignment for assignment in CONTRACT if points_of(assignment).get(name)]
    if not candidates:
        raise KeyError(f"No source notebook has a cell test_{name}. Add it to assignments/, then run `make source`.")
    assignment = max(candidates, key=lambda candidate: known(candidate, namespace))
    points = {name: points_of(assignment)[name]}
    return Shown(judge_of(assignment).grade(assignment, local_student(assignment, namespace), points)[name])


def known(assignment: str, namespace: dict[str, Any]) -> int:
    """How many of an assignment's functions a namespace holds: name_the_mistake is a function of two assignments."""
    return sum(function.name in namespace for function in CONTRACT[assignment])


def points_of(assignment: str) -> dict[str, float]:
    """Points by function, from the source notebook."""
    return {
        nbgrader_of(c)["grade_id"].removeprefix("test_"): float(nbgrader_of(c)["points"])
        for c in source_cells(assignment)
        if nbgrader_of(c).get("grade") and not nbgrader_of(c).get("solution")
    }


@cache
def judge_of(assignment: str) -> Judge:
    """The judge of one assignment, its suite collected once in this kernel."""
    from autograder.mistakes.naming import diagnose

    course = load_course()
    return open_suites(Judge(course_seed(course.root), course.cost_share, diagnose), [assignment])
