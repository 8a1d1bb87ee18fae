"""Collects what a course directory holds of one assignment: who is graded, who is not, and what the gradebook adds."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from autograder.plugins.course_files import Folder, course_directory, folders
from autograder.plugins.graded import Graded, read_graded
from autograder.plugins.names import misplaced, misplaced_students, not_on_list, unknown_assignment, unknown_assignments
from autograder.plugins.queue import Item, queue
from autograder.reports.anonymous import Disguise, disguise
from autograder.reports.gradebook import HandMark, Late, Records, open_gradebook, read_records
from autograder.typed import typed

MISPLACED = "The folder of a notebook has the name of no assignment, or of no student; a report with names says which."


@dataclass(frozen=True)
class NotGraded:
    """A submission without a mark; interrupted where grading began and did not finish."""

    student: str
    interrupted: bool


@dataclass(frozen=True)
class ClassData:
    """Everything about one assignment, by student. records is None where there is no gradebook."""

    assignment: str
    graded: tuple[Graded, ...]
    not_graded: tuple[NotGraded, ...]
    missing: tuple[str, ...]  # in the gradebook, but nothing handed in, not even in a wrong folder
    outdated: tuple[str, ...]  # handed in again, or the assignment changed, after grading
    records: Records | None
    queue: tuple[Item, ...] = ()  # what needs a look, and what had one
    misplaced: tuple[str, ...] = ()  # notebooks that are in no folder of an assignment or of a student, in sentences
    unknown: str = ""  # what the gradebook has of assignments that the course does not have, in a sentence


def read_class(root: pathlib.Path, assignment: str) -> tuple[ClassData, Disguise]:
    """Read an assignment of a course directory, and prepare to leave out its names. Raises LookupError for none."""
    coursedir = course_directory(root)
    submitted = folders(coursedir, "submitted_directory", assignment=assignment)
    autograded = folders(coursedir, "autograded_directory", assignment=assignment)
    graded = [result for folder in autograded if (result := read_graded(folder)) is not None]
    if not graded:
        raise LookupError(nothing_graded(coursedir, assignment, len(submitted)))
    records = read_records(coursedir, assignment)
    with open_gradebook(coursedir) as gradebook:
        items = queue(gradebook, graded, assignment)
    done, begun = {g.student for g in graded}, {f.student for f in autograded}
    waiting = sorted({f.student for f in submitted} | begun - done)
    everybody = {student: records.students.get(student, ()) if records else () for student in done | set(waiting)}
    everybody |= records.students if records else {}
    data = ClassData(
        assignment=assignment,
        graded=tuple(graded),
        not_graded=tuple(NotGraded(student, student in begun) for student in waiting if student not in done),
        missing=tuple(
            sorted(everybody.keys() - done - set(waiting) - misplaced_students(coursedir, assignment).keys())
        ),
        outdated=tuple(changed_since(coursedir, graded, submitted)),
        records=records,
        queue=items,
        misplaced=(
            *(one.sentence for one in misplaced(coursedir)),
            *(not_on_list(records.students, done | set(waiting)) if records else ()),
        ),
        unknown=unknown_assignments(coursedir, records.assignments if records else ()),
    )
    return data, disguise(everybody, [f.path for f in (*submitted, *autograded)])


def nothing_graded(coursedir: Any, assignment: str, handed_in: int) -> str:
    """What to say of an assignment without any mark."""
    coursedir.assignment_id = assignment
    unknown = unknown_assignment(coursedir)
    if unknown and not handed_in:
        return unknown
    count = f"{handed_in} handed in" if handed_in else "nothing is handed in"
    command = typed(f"nbgrader autograde {assignment}")
    said = f"Nothing of {assignment} is graded in {coursedir.root}; {count}. Run `{command}` there first."
    return " ".join([said, *(one.sentence for one in misplaced(coursedir))])


def changed_since(coursedir: Any, graded: Iterable[Graded], submitted: Iterable[Folder]) -> list[str]:
    """The students whose files, or whose assignment, are not those that were graded."""
    from autograder.plugins.records import digest

    paths = {folder.student: folder.path for folder in submitted}
    found = []
    for g in graded:
        if g.result.submission and g.student in paths:
            coursedir.assignment_id = g.result.assignment
            if digest(paths[g.student], coursedir) != g.result.submission:
                found.append(g.student)
    return found


Row = TypeVar("Row", Graded, NotGraded, Late, HandMark, Item)


def without_names(data: ClassData, numbers: Mapping[str, str]) -> ClassData:
    """The same with numbers for students, each list in the order of the numbers: the alphabet tells nothing."""

    def rows(found: Iterable[Row]) -> tuple[Row, ...]:
        return tuple(sorted((replace(r, student=numbers[r.student]) for r in found), key=lambda r: r.student))

    def names(found: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(numbers[student] for student in found))

    records = data.records
    if records is not None:
        records = Records(
            students=dict.fromkeys(names(records.students), ()),
            submitted=frozenset(names(records.submitted)),
            late=rows(records.late),
            marks=rows(records.marks),
            assignments=records.assignments,
        )
    return ClassData(
        assignment=data.assignment,
        graded=rows(data.graded),
        not_graded=rows(data.not_graded),
        missing=names(data.missing),
        outdated=names(data.outdated),
        records=records,
        queue=rows(data.queue),
        misplaced=(MISPLACED,) * len(data.misplaced),
        unknown=data.unknown,
    )
