"""nbgrader's Execute, replaced: the notebook goes to our worker and comes back graded."""

from __future__ import annotations

import os
import pathlib
from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.course.seed import VARIABLE, SeedError, course_seed, fingerprint
from autograder.course.settings import CourseError, load_course, points_differ
from autograder.grading.client import Grader, GradingError
from autograder.grading.repair import KEY
from autograder.grading.results import SubmissionResult
from autograder.plugins import records
from autograder.plugins.rubrics import rubrics, with_rubrics

NEW_SEED = "COURSE_SEED_IS_NEW"
GRADERS: dict[pathlib.Path, Grader] = {}


def shared_grader(root: pathlib.Path) -> Grader:
    """One worker for all that this process grades in a course directory; another one when course.toml or seed change."""
    course, seed = load_course(root), course_seed(root)
    grader = GRADERS.get(root)
    if grader is not None and (grader.course, grader.seed) != (course, seed):
        grader.close()
        grader = None
    if grader is None:
        grader = GRADERS[root] = Grader(course, seed)
    return grader


def check_setup(converter: Any) -> None:
    """Return when all that grading needs works: before the first folder is touched.

    Raises CourseError, SeedError or GradingError, each with what to do.
    """
    coursedir = converter.coursedir
    root = pathlib.Path(coursedir.root)
    grader = shared_grader(root)
    grader.course.assignment(coursedir.assignment_id)
    grader.start()  # torch and the cage load while the rest is checked
    differ = points_differ(grader.course, coursedir.assignment_id)
    if differ:
        raise CourseError(differ)
    refuse_other_seed(coursedir, root)
    grader.ready()


def refuse_other_seed(coursedir: Any, root: pathlib.Path) -> None:
    """Raise where the class was graded with another course seed: half a class would meet other numbers."""
    if os.environ.get(NEW_SEED):
        return
    name = coursedir.assignment_id
    pattern = coursedir.format_path(coursedir.autograded_directory, "*", name)
    for folder in sorted(pathlib.Path(root).glob(os.path.relpath(pattern, root))):
        graded = records.read(folder / f"{name}.ipynb").get("seed")
        if graded not in (None, fingerprint(course_seed(root))):
            raise SeedError(
                f"{folder} was graded with another course seed than {VARIABLE} or .course_seed now gives. Restore the old "
                f"seed, or set {NEW_SEED}=1 and grade the whole class again with --force."
            )
        if graded is not None:
            return


class GradeInWorker(NbGraderPreprocessor):  # type: ignore[misc]
    """Hands a notebook to the worker; SaveAutoGrades then reads the points from the graded cells' outputs."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """The graded notebook. Grading that is broken for everybody ends the run: nobody else loses what they have."""
        import nbformat

        converter = self.parent.parent
        grader = shared_grader(pathlib.Path(converter.coursedir.root))
        assignment, student = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        try:
            graded = grader.grade(nb, assignment)
        except GradingError as error:
            self.log.error(str(error))
            raise SystemExit(1) from error
        graded = with_rubrics(graded, rubrics(grader.course.assignment(assignment).rubric))
        results = SubmissionResult.from_json(graded["metadata"][KEY])
        for flag in results.looks:
            self.log.error("%s needs a look: %s", student, flag.reason)
        self.log.info("%s: %g of %g points", student, results.points, results.max_points)
        return nbformat.from_dict(graded), resources
