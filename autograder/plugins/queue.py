"""The queue "needs a look": one list for the command line, the report and the formgrader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbgrader.api import Assignment, Gradebook, SubmittedAssignment, SubmittedNotebook

from autograder.grading.results import Flag, FlagKind
from autograder.grading.words import number
from autograder.plugins.course_files import folders
from autograder.plugins.graded import Graded, read_graded
from autograder.plugins.looked_at import Seen, look, looked_at, work_of
from autograder.plugins.names import closest_students
from autograder.plugins.records import above_maximum

FOR_PERSON = Flag(FlagKind.BY_PERSON, "flagged by a person in the formgrader")


@dataclass(frozen=True)
class Item:
    """One submission that somebody should look at. notebook: its id in the formgrader; empty without a gradebook.

    work: a digest of what was handed in.
    """

    student: str
    assignment: str
    reasons: tuple[Flag, ...]
    done: bool
    work: str
    notebook: str = ""

    @property
    def sentences(self) -> tuple[str, ...]:
        """The reasons, each as a sentence."""
        bare = (FlagKind.UNREADABLE, FlagKind.ABOVE, FlagKind.BY_PERSON)  # whose reason says what it is
        return tuple(f.reason if f.kind in bare else f"{f.kind.value}: {f.reason}" for f in self.reasons)


class QueueError(LookupError):
    """A student whose submission is not in the queue; the message says who is."""


def course_queue(coursedir: Any, gradebook: Gradebook | None, assignment: str) -> tuple[Item, ...]:
    """The queue of an assignment as the course directory has it now."""
    found = folders(coursedir, "autograded_directory", assignment=assignment)
    return queue(gradebook, [graded for folder in found if (graded := read_graded(folder))], assignment)


def queue(gradebook: Gradebook | None, graded: Iterable[Graded], assignment: str) -> tuple[Item, ...]:
    """Every submission that somebody should look at or has looked at, by student; without a gradebook nobody has."""
    rows: Mapping[str, tuple[str, bool]] = {}
    above: Mapping[str, list[Flag]] = {}
    seen: Mapping[str, Seen] = {}
    if gradebook is not None:
        rows, above = submissions(gradebook, assignment), marks_above(gradebook, assignment)
        seen = looked_at(gradebook, assignment)
    items = []
    for g in graded:
        work = work_of(g.result.submission)
        notebook, flagged = rows.get(g.student, ("", False))
        once = seen.get(g.student)
        reasons = (*g.result.looks, *above.get(g.student, ()))
        if (flagged and not g.result.flags) or (once and FOR_PERSON.key in once.keys):
            reasons = (*reasons, FOR_PERSON)
        if reasons:
            by_person = flagged and FOR_PERSON in reasons
            done = once is not None and once.covers(g.result.submission, reasons) and not by_person
            items.append(Item(g.student, assignment, reasons, done, work, notebook))
    return tuple(items)


def mark(gradebook: Gradebook, items: Sequence[Item], student: str, done: bool) -> None:
    """Record that somebody has looked at a submission, or that nobody has; nbgrader's flag follows. Raises QueueError."""
    item = next((item for item in items if item.student == student), None)
    if item is None or not item.notebook:
        raise QueueError(f"{student} is not in the queue; {closest_students(student, [i.student for i in items])}.")
    seen = Seen(item.work, frozenset(flag.key for flag in item.reasons)) if done else None
    look(gradebook, item.assignment, student, seen)
    gradebook.find_submission_notebook_by_id(item.notebook).flagged = not done
    gradebook.db.commit()


def submissions(gradebook: Gradebook, assignment: str) -> dict[str, tuple[str, bool]]:
    """The id of each student's submitted notebook, and whether it has nbgrader's flag."""
    rows = (
        gradebook.db.query(SubmittedAssignment.student_id, SubmittedNotebook.id, SubmittedNotebook.flagged)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Assignment.name == assignment)
    )
    return {student: (str(notebook), bool(flagged)) for student, notebook, flagged in rows}


def marks_above(gradebook: Gradebook, assignment: str) -> dict[str, list[Flag]]:
    """Each student's marks that a person gave above the maximum, as they may be after a change of points."""
    found: dict[str, list[Flag]] = {}
    for student, cell, points, most in above_maximum(gradebook, assignment):
        name = cell.removeprefix("test_")
        reason = f"{name}: marked {number(points)} of {number(most)} by hand; change that mark in the formgrader."
        found.setdefault(student, []).append(Flag(FlagKind.ABOVE, reason, f"{name} {points:g}/{most:g}"))
    return found
