"""nbgrader's Execute, replaced: the notebook goes to our worker and comes back graded."""

from __future__ import annotations

import atexit
import os
import pathlib
import sys
from functools import cache
from typing import Any

from nbgrader.apps import AutogradeApp
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.course import load_course
from autograder.grading.front import Grader
from autograder.grading.repair import KEY
from autograder.plugins.rubrics import rubrics, with_rubrics
from autograder.seeds import course_seed


@cache
def shared_grader(root: pathlib.Path) -> Grader:
    """One worker for all that this process grades in a course directory."""
    return Grader(load_course(), course_seed(root))


class GradeInWorker(NbGraderPreprocessor):  # type: ignore[misc]
    """Hands a notebook to the worker; SaveAutoGrades then reads the points from the graded cells' outputs."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """The graded notebook, and an exit code that tells a script when somebody should look."""
        import nbformat

        converter = self.parent.parent
        grader = shared_grader(pathlib.Path(converter.coursedir.root))
        assignment = resources["nbgrader"]["assignment"]
        graded = grader.grade(nb, assignment)
        graded = with_rubrics(graded, rubrics(grader.course.root / "assignments" / assignment / "rubric.md"))
        if graded["metadata"][KEY]["needs_look"]:
            self.log.error("%s needs a look: see the autograded notebook.", resources["nbgrader"]["student"])
            if isinstance(converter.parent, AutogradeApp):
                end_with_failure()
        return nbformat.from_dict(graded), resources


@cache
def end_with_failure() -> None:
    """Make the command end with exit code 1 although the class was graded to the end.

    nbgrader has no way to say "graded, but look at this": an error would delete what was graded.
    """

    def leave() -> None:
        shared_grader.cache_clear()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)

    atexit.register(leave)
