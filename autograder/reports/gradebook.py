"""What nbgrader's gradebook knows of an assignment: who is in the course, who was late, what a person has marked."""

from __future__ import annotations

import enum
import pathlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


class MarkState(enum.Enum):
    """How far a person is with a hand-graded answer."""

    MARKED = "marked"
    REVIEW = "marked, then graded again"  # nbgrader asks for a second look
    WAITING = "not marked yet"
    NO_ANSWER = "no answer"


@dataclass(frozen=True)
class HandMark:
    """The mark of one answer. points is None unless a person gave some."""

    student: str
    answer: str
    points: float | None
    max_points: float
    state: MarkState


@dataclass(frozen=True)
class Late:
    """A submission after its due date, extensions counted, and what that costs."""

    student: str
    seconds: float
    penalty: float


@dataclass(frozen=True)
class Records:
    """The gradebook of one assignment. students: everybody in the course, with the other names a text may hold."""

    students: Mapping[str, tuple[str, ...]]
    submitted: frozenset[str]
    late: tuple[Late, ...]
    marks: tuple[HandMark, ...]  # of every graded cell; of a test cell, a mark means that a person overruled it
    assignments: tuple[str, ...] = ()  # all that the gradebook has


def read_records(coursedir: Any, assignment: str) -> Records | None:
    """Read the gradebook; None where there is none."""
    with open_gradebook(coursedir) as gradebook:
        if gradebook is None:
            return None
        people = {s.id: tuple(n for n in (s.first_name, s.last_name, s.email) if n) for s in gradebook.students}
        submissions = gradebook.assignment_submissions(assignment)
        return Records(
            students=people,
            submitted=frozenset(s.student_id for s in submissions),
            late=tuple(late for s in submissions if (late := lateness(s)) is not None),
            marks=tuple(hand_marks(gradebook, assignment)),
            assignments=tuple(one.name for one in gradebook.assignments),
        )


@contextmanager
def open_gradebook(coursedir: Any) -> Iterator[Any]:
    """nbgrader's Gradebook; None where the database file does not exist: opening it would make one."""
    from nbgrader.api import Gradebook

    kind, _, path = coursedir.db_url.partition(":///")
    if kind == "sqlite" and not pathlib.Path(path).exists():
        yield None
        return
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        yield gradebook


def lateness(submission: Any) -> Late | None:
    """How late a submission was; None where it was in time, or nobody knows."""
    seconds = submission.total_seconds_late if submission.assignment.duedate is not None else 0
    penalty = submission.late_submission_penalty or 0.0
    return Late(submission.student_id, float(seconds), float(penalty)) if seconds > 0 or penalty > 0 else None


def hand_marks(gradebook: Any, assignment: str) -> Iterator[HandMark]:
    """What the gradebook has of every graded cell of every submission."""
    from nbgrader.api import Assignment, BaseCell, Grade, SubmittedAssignment, SubmittedNotebook

    rows = (
        gradebook.db.query(SubmittedAssignment.student_id, BaseCell.name, Grade)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .filter(Assignment.name == assignment)
        .order_by(SubmittedAssignment.student_id)
    )
    for student, name, grade in rows:
        state = mark_state(grade)
        by_person = state in (MarkState.MARKED, MarkState.REVIEW)
        most = float(grade.max_score or 0.0)
        yield HandMark(student, name, float(grade.score) if by_person else None, most, state)


def mark_state(grade: Any) -> MarkState:
    """nbgrader gives an answer that is as it was given out an automatic 0, and no other answer any automatic score."""
    if grade.manual_score is not None:
        return MarkState.REVIEW if grade.needs_manual_grade else MarkState.MARKED
    if grade.auto_score is not None:
        return MarkState.NO_ANSWER
    return MarkState.WAITING


def comment_on(coursedir: Any, assignment: str, student: str, answer: str) -> str:
    """What a person wrote about an answer in the formgrader; "" for nothing."""
    from nbgrader.api import MissingEntry

    with open_gradebook(coursedir) as gradebook:
        try:
            return gradebook.find_comment(answer, assignment, assignment, student).manual_comment or ""
        except (AttributeError, MissingEntry):  # no gradebook, or no such answer in it
            return ""
