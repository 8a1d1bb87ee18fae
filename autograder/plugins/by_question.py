"""The answers of a class to one question, in nbgrader's own tables: read, and marked without overwriting anybody's mark."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import update


@dataclass(frozen=True)
class Stored:
    """What nbgrader's tables have of a person's mark. waits: the answer needs to be marked."""

    score: float | None = None
    comment: str | None = None
    waits: bool = True

    @property
    def version(self) -> str:
        """Another text for every other mark."""
        return hashlib.sha256(json.dumps(astuple(self)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Answer:
    """One student's answer: the ids of its rows, whose it is, and its mark. note: a comment of the autograder."""

    id: str
    comment_id: str
    submission: str
    student: str
    notebook: str
    most: float
    auto: float | None
    note: str
    stored: Stored

    @property
    def state(self) -> str:
        """Where its marking stands, in a word: "open", "marked" or "blank"."""
        if self.stored.waits or self.stored.score is self.auto is None:
            return "open"
        return "blank" if self.stored.score is None else "marked"


def questions(gradebook: Gradebook, assignment: str) -> list[str]:
    """The questions of an assignment that a person marks, in alphabetical order."""
    cells = [_cells(gradebook, kind, assignment) for kind in (GradeCell, SolutionCell)]
    return sorted(cells[0] & cells[1])


def _cells(gradebook: Gradebook, kind: Any, assignment: str) -> set[str]:
    query = gradebook.db.query(kind.name).join(Notebook, kind.notebook_id == Notebook.id)
    joined = query.join(Assignment, Notebook.assignment_id == Assignment.id).filter(Assignment.name == assignment)
    return {name for (name,) in joined}


def answers(gradebook: Gradebook, assignment: str, question: str) -> list[Answer]:
    """The answers to a question, in the order in which the formgrader numbers submissions."""
    return sorted(_answers(gradebook, assignment, question), key=lambda answer: answer.submission)


def _answers(gradebook: Gradebook, assignment: str, question: str) -> Iterator[Answer]:
    def rows(kind: Any, cell: Any, *columns: Any) -> Any:
        """Rows of a kind on this question: columns, not objects, since another process may have changed them."""
        query = gradebook.db.query(kind.notebook_id, *columns).join(cell, kind.cell_id == cell.id)
        query = query.join(SubmittedNotebook, kind.notebook_id == SubmittedNotebook.id)
        query = query.join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
        query = query.join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        query = query.join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        return query.filter(Assignment.name == assignment, cell.name == question)

    found = rows(Comment, SolutionCell, Comment.id, Comment.manual_comment, Comment.auto_comment)
    comments = {submission: row for submission, *row in found}
    whose = (SubmittedAssignment.student_id, Notebook.name, GradeCell.max_score)
    marks = (Grade.auto_score, Grade.manual_score, Grade.needs_manual_grade)
    for submission, id, student, notebook, most, auto, score, waits in rows(Grade, GradeCell, Grade.id, *whose, *marks):
        if submission in comments:
            comment_id, comment, note = comments[submission]
            stored = Stored(score, comment, waits)
            yield Answer(id, comment_id, submission, student, notebook, most, auto, note or "", stored)


def mark(gradebook: Gradebook, answer: Answer, now: Stored) -> bool:
    """Write a mark in one transaction; False, and nothing is written, where it is no longer the one in ``answer``."""
    before = answer.stored
    grade = update(Grade).where(
        Grade.id == answer.id,
        Grade.manual_score.is_not_distinct_from(before.score),
        Grade.needs_manual_grade == before.waits,
    )
    comment = update(Comment).where(
        Comment.id == answer.comment_id, Comment.manual_comment.is_not_distinct_from(before.comment)
    )
    steps = (
        grade.values(manual_score=now.score, needs_manual_grade=now.waits),
        comment.values(manual_comment=now.comment),
    )
    session = gradebook.db
    session.rollback()
    try:
        written = all(
            session.execute(step, execution_options={"synchronize_session": False}).rowcount == 1 for step in steps
        )
    except BaseException:
        session.rollback()
        raise
    session.commit() if written else session.rollback()
    return written
