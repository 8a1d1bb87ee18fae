"""nbgrader's SaveAutoGrades: all marks of a notebook in one transaction, and a flag on what a person should look at."""

from __future__ import annotations

from typing import Any

from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades

from autograder.grading.repair import KEY
from autograder.grading.results import FlagKind, SubmissionResult
from autograder.grading.words import joined, number
from autograder.plugins.seams import one_transaction

ISOLATION_OFF = 'Graded with isolation = "none": student code ran without a sandbox.'


class SaveGrades(SaveAutoGrades):  # type: ignore[misc]
    """Saves the marks of a notebook at once, so that an interrupted run leaves all of them or none."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Record every mark; flag the submission in the formgrader where something is out of the ordinary."""
        names = resources["nbgrader"]
        self.notebook_id, self.assignment_id = names["notebook"], names["assignment"]
        self.student_id, self.db_url = names["student"], names["db_url"]
        self.results = SubmissionResult.from_json(nb["metadata"][KEY])
        self.earlier = getattr(self.parent.parent, "earlier", None) or SubmissionResult()
        self.gradebook = Gradebook(self.db_url)
        with self.gradebook, one_transaction(self.gradebook):
            nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
            self.flag(nb)
            self.say_points()
        return nb, resources

    def say_points(self) -> None:
        """A line on the points of the functions; a mark that a person has given counts, and is named."""
        notebook = self.gradebook.find_submission_notebook(self.notebook_id, self.assignment_id, self.student_id)
        grades = {grade.name: grade for grade in notebook.grades}
        points, by_hand = self.results.points, []
        for name, result in self.results.functions.items():
            grade = grades[f"test_{name}"]
            points += grade.score - result.points
            if grade.manual_score is not None:
                by_hand.append(f"{name} is marked {number(grade.manual_score)} by hand, not {number(result.points)}")
        said = joined(f"{number(points)} of {number(self.results.max_points)} points", *by_hand)
        self.log.info("%s: %s", self.student_id, said)

    def _add_score(self, cell: Any, resources: Any) -> None:
        """As SaveAutoGrades; but what a person has marked goes back to be marked only where something changed."""
        name = cell.metadata["nbgrader"]["grade_id"]
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        before, score = grade.needs_manual_grade, grade.auto_score
        super()._add_score(cell, resources)
        same_answer = self.results.answers.get(name) == self.earlier.answers.get(name)
        if grade.manual_score is not None and same_answer and grade.auto_score == score:
            grade.needs_manual_grade = before

    def flag(self, nb: Any) -> None:
        """Set nbgrader's flag, and put the reasons into the comment of the first answer.

        A flag that we set is taken back when the reason is gone; one that a person set stays.
        """
        reasons = [flag.reason for flag in self.results.flags if flag.kind is not FlagKind.HINT]  # students read these
        submission = self.gradebook.find_submission_notebook(self.notebook_id, self.assignment_id, self.student_id)
        if reasons:
            submission.flagged = True
        elif self.earlier.flags:
            submission.flagged = False
        notes = [f"Needs a look: {' '.join(reasons)}"] if reasons else []
        notes += [ISOLATION_OFF] if self.results.isolation == "none" else []
        first = next((c for c in nb.cells if c.metadata.get("nbgrader", {}).get("solution")), None)
        if first is not None and notes:
            comment = self.gradebook.find_comment(
                first.metadata.nbgrader["grade_id"], self.notebook_id, self.assignment_id, self.student_id
            )
            comment.auto_comment = "\n\n".join(filter(None, [comment.auto_comment, *notes]))
