"""What a person has looked at: a table of ours in the gradebook's database, beside nbgrader's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nbgrader.api import Gradebook
from sqlalchemy import Column, MetaData, String, Table, Text, delete, insert, inspect, select

from autograder.grading.results import Flag, SubmissionResult

TABLE = Table(
    "autograder_looked_at",
    MetaData(),
    Column("assignment", String(255), primary_key=True),
    Column("student", String(255), primary_key=True),
    Column("work", String(255), nullable=False),
    Column("reasons", Text, nullable=False),
)


@dataclass(frozen=True)
class Seen:
    """The work that was looked at, as a digest, and the reasons that it was looked at for."""

    work: str
    keys: frozenset[str]

    def covers(self, submission: str, flags: Iterable[Flag]) -> bool:
        """Whether these reasons, of a submission with this digest, are all looked at."""
        return self.work == work_of(submission) and self.keys >= {flag.key for flag in flags}


def work_of(submission: str) -> str:
    """The part of a submission's digest that says what was handed in; the rest is about source/ and the grader."""
    return submission.split("-")[0]


def looked_at(gradebook: Gradebook, assignment: str, student: str = "") -> dict[str, Seen]:
    """What was looked at, by student; of one student alone where one is named."""
    if not inspect(gradebook.db.connection()).has_table(TABLE.name):
        return {}
    wanted = select(TABLE.c.student, TABLE.c.work, TABLE.c.reasons).where(TABLE.c.assignment == assignment)
    if student:
        wanted = wanted.where(TABLE.c.student == student)
    return {who: Seen(work, frozenset(json.loads(keys))) for who, work, keys in gradebook.db.execute(wanted)}


def look(gradebook: Gradebook, assignment: str, student: str, seen: Seen | None) -> None:
    """Record that a person has looked, or with None that nobody has; the caller commits."""
    TABLE.create(gradebook.db.connection(), checkfirst=True)
    whose = (TABLE.c.assignment == assignment) & (TABLE.c.student == student)
    gradebook.db.execute(delete(TABLE).where(whose))
    if seen is not None:
        row = {"assignment": assignment, "student": student, "work": seen.work}
        gradebook.db.execute(insert(TABLE).values(**row, reasons=json.dumps(sorted(seen.keys))))


def to_look_at(coursedir: Any, results: Mapping[str, SubmissionResult]) -> list[str]:
    """The students whose work somebody should look at and nobody has."""
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        seen = looked_at(gradebook, coursedir.assignment_id)
    return [
        student
        for student, result in results.items()
        if result.needs_look and not (student in seen and seen[student].covers(result.submission, result.looks))
    ]
