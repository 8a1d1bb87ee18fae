"""nbgrader's SaveAutoGrades: all marks of a notebook in one transaction, and a flag on what a person should look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbgrader.api import BaseCell, Comment, Grade, Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task

from autograder.grading.repair import KEY
from autograder.grading.results import FlagKind, SubmissionResult
from autograder.grading.words import joined, number
from autograder.plugins.looked_at import Seen, looked_at
from autograder.plugins.seams import one_transaction

ISOLATION_OFF = 'Graded with isolation = "none": student code ran without a sandbox.'


@dataclass(frozen=True)
class Scores:
    """What a graded notebook has for the gradebook, by cell. A score of None: a person decides it.

    first_answer is the cell whose comment tells why a person should look at the submission.
    """

    scores: Mapping[str, float | None]
    comments: Mapping[str, str | None]
    first_answer: str
    results: SubmissionResult


def scores_of(nb: Any) -> Scores:
    """Read the scores in a graded notebook, by nbgrader's own rules."""
    graded = {cell.metadata.nbgrader["grade_id"]: cell for cell in nb.cells if is_grade(cell)}
    answers = {cell.metadata.nbgrader["grade_id"]: cell for cell in nb.cells if is_solution(cell)}
    tasks = {cell.metadata.nbgrader["grade_id"]: None for cell in nb.cells if is_task(cell)}
    comments = {
        name: "No response." if cell.metadata.nbgrader.get("checksum") == compute_checksum(cell) else None
        for name, cell in answers.items()
    }
    return Scores(
        {name: determine_grade(cell)[0] for name, cell in graded.items()},
        {**comments, **tasks},
        next(iter(answers), ""),
        SubmissionResult.from_json(nb["metadata"][KEY]),
    )


class SaveGrades(NbGraderPreprocessor):  # type: ignore[misc]
    """Saves the marks of a notebook at once, so that an interrupted run leaves all of them or none."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Record every mark; flag the submission in the formgrader where something is out of the ordinary."""
        converter, names, found = self.parent.parent, resources["nbgrader"], scores_of(nb)
        with one_transaction(converter.gradebook):
            submission = save(converter.gradebook, names, found, converter.earlier)
            said = points_line(rows(converter.gradebook, Grade, submission), found.results)
        self.log.info("%s: %s", names["student"], said)
        return nb, resources


def points_line(grades: Mapping[str, Any], results: SubmissionResult) -> str:
    """The points of the functions in a line; a mark that a person has given counts, and is named."""
    points, by_hand = results.points, []
    for name, result in results.functions.items():
        grade = grades[f"test_{name}"]
        points += grade.score - result.points
        if grade.manual_score is not None:
            by_hand.append(f"{name} is marked {number(grade.manual_score)} by hand, not {number(result.points)}")
    return joined(f"{number(points)} of {number(results.max_points)} points", *by_hand)


def save(gradebook: Gradebook, names: Mapping[str, str], found: Scores, earlier: SubmissionResult | None) -> Any:
    """Record the scores and comments of a submission, as nbgrader does, and its flag; return its row.

    What a person has marked goes back to be marked only where the answer or the score changed since it was graded earlier.
    """
    earlier = earlier or SubmissionResult()
    submission = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
    grades = rows(gradebook, Grade, submission)
    for name, score in found.scores.items():
        grade = grades[name]
        same = found.results.answers.get(name) == earlier.answers.get(name) and grade.auto_score == score
        if grade.manual_score is None or not same:
            grade.needs_manual_grade = grade.manual_score is not None or score is None
        grade.auto_score = score
    comments = rows(gradebook, Comment, submission)
    for name, comment in found.comments.items():
        comments[name].auto_comment = comment
    seen = looked_at(gradebook, names["assignment"], names["student"]).get(names["student"])
    flag(submission, comments.get(found.first_answer), found.results, earlier, seen)
    return submission


def rows(gradebook: Gradebook, kind: type, submission: Any) -> dict[str, Any]:
    """The grades, or the comments, of a submitted notebook by cell: in one query."""
    query = gradebook.db.query(BaseCell.name, kind).join(kind.cell)  # type: ignore[attr-defined]
    return dict(query.filter(kind.notebook_id == submission.id).all())  # type: ignore[attr-defined]


def flag(
    submission: Any, comment: Any, results: SubmissionResult, earlier: SubmissionResult, seen: Seen | None
) -> None:
    """Set nbgrader's flag, and put the reasons into the comment of the first answer.

    A flag that we set is taken back when the reason is gone; one that a person set stays. Where a person has looked at
    the same reasons of the same work already, there is none.
    """
    reasons = [flag.reason for flag in results.flags if flag.kind is not FlagKind.HINT]  # students read these
    if reasons:
        submission.flagged = submission.flagged or not (seen and seen.covers(results.submission, results.looks))
    elif earlier.flags:
        submission.flagged = False
    notes = [f"Needs a look: {' '.join(reasons)}"] if reasons else []
    notes += [ISOLATION_OFF] if results.isolation == "none" else []
    if comment is not None and notes:
        comment.auto_comment = "\n\n".join(filter(None, [comment.auto_comment, *notes]))
