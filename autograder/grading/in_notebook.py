"""The hidden suites in an instructor's own notebook: Run All on source/ASSIGNMENT/ASSIGNMENT.ipynb runs and shows them.

The build puts one hidden line into each graded cell; beside the source notebook it calls ``run``. The code that is
graded here is the instructor's, in the instructor's own kernel: nothing of this is ever used on a submission.
"""

from __future__ import annotations

import pathlib
import sys
from dataclasses import dataclass
from functools import cache

from autograder.course.assignment import Assignment
from autograder.course.seed import course_seed
from autograder.course.settings import FILE, ROOT, load_course
from autograder.grading.judge import Judge
from autograder.grading.render import result_html
from autograder.grading.results import FunctionResult


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
    course = load_course(course_directory())
    candidates = [assignment for assignment in course.assignments.values() if assignment.points.get(name)]
    if not candidates:
        raise KeyError(f"No source notebook has a cell test_{name}. Add it to assignments/, then run `make source`.")
    # name_the_mistake is a function of two assignments
    assignment = max(candidates, key=lambda candidate: sum(one in namespace for one in candidate.functions))
    student = assignment.student(namespace)
    return Shown(
        judge_of(assignment, course.cost_share).grade(assignment, student, {name: assignment.points[name]})[name]
    )


def course_directory() -> pathlib.Path:
    """The course directory of the calling notebook, which is in source/ASSIGNMENT/; ours from anywhere else."""
    here = pathlib.Path.cwd()
    return here.parents[1] if len(here.parents) > 1 and (here.parents[1] / FILE).exists() else ROOT


@cache
def judge_of(assignment: Assignment, cost_share: float) -> Judge:
    """The judge of one assignment, its suite collected once in this kernel."""
    return Judge.of([assignment], course_seed(assignment.directory), cost_share, naming=True)
