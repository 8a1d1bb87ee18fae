"""The table of all marks that `nbgrader export` writes: nbgrader's own, and what a mark of 0 or a low one may mean."""

from __future__ import annotations

import csv
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import CsvExportPlugin

from autograder.course.points import closest
from autograder.grading.words import number, plain_cell
from autograder.plugins.names import misplaced_students, students_of
from autograder.plugins.records import marks_above_maximum, unmarked_points

COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),  # so far nbgrader's
    "handed_in",  # yes, no, not graded, or wrong folder
    "not_marked",  # points of the answers that nobody has marked yet: until it is 0, the score may still rise
)
Row = dict[str, Any]


class CourseCsv(CsvExportPlugin):  # type: ignore[misc]
    """nbgrader's table with numbers as people write them, any name in its own column, and two columns of ours."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the table. Ends the command where it names an assignment or a student that the gradebook does not have."""
        self.refuse_unknown(self.assignment, [one.name for one in gradebook.assignments], "assignment")
        self.refuse_unknown(self.student, [one.id for one in gradebook.students], "student")
        rows = list(self.rows(gradebook))
        path = pathlib.Path(self.to or "grades.csv")
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
        self.log.info(
            "Wrote %s: %d rows, %d with answers that nobody has marked yet, %d without a graded submission.",
            path,
            len(rows),
            sum(row["not_marked"] != "0" for row in rows),
            sum(row["handed_in"] != "yes" for row in rows),
        )

    def refuse_unknown(self, wanted: list[Any], known: list[str], what: str) -> None:
        """End the command where it asks for something of another name."""
        for name in map(str, wanted):
            if name not in known:
                self.log.error("The gradebook has no %s %s; %s.", what, name, closest(name, known))
                raise SystemExit(1)

    def rows(self, gradebook: Gradebook) -> Iterator[Row]:
        """A row for each assignment and student that is asked for."""
        unmarked = unmarked_points(gradebook)
        for assignment in gradebook.assignments:
            if self.assignment and assignment.name not in map(str, self.assignment):
                continue
            waiting, lost = self.folders(assignment.name), self.misplaced(assignment.name)
            self.say_what_is_above(gradebook, assignment.name)
            for student in gradebook.students:
                if not self.student or student.id in map(str, self.student):
                    row = {
                        "assignment": assignment.name,
                        "duedate": assignment.duedate,
                        "student_id": plain_cell(student.id),
                    }
                    row |= {
                        name: plain_cell(getattr(student, name) or "") for name in ("last_name", "first_name", "email")
                    }
                    yield row | {
                        **marks(gradebook, assignment.name, student.id, student.id in waiting, student.id in lost),
                        "max_score": number(assignment.max_score),
                        "not_marked": number(unmarked.get((assignment.name, student.id), 0.0)),
                    }

    def folders(self, assignment: str) -> frozenset[str]:
        """The students who have a folder in submitted/, as far as this is known."""
        coursedir = getattr(self.parent, "coursedir", None)
        if coursedir is None:
            return frozenset()
        coursedir.assignment_id = assignment
        return frozenset(students_of(coursedir, coursedir.submitted_directory))

    def misplaced(self, assignment: str) -> Mapping[str, str]:
        """The students whose work may be in a wrong folder."""
        coursedir = getattr(self.parent, "coursedir", None)
        return misplaced_students(coursedir, assignment) if coursedir is not None else {}

    def say_what_is_above(self, gradebook: Gradebook, assignment: str) -> None:
        """Warn of marks above their maximum: the table has them as they are."""
        if above := marks_above_maximum(gradebook, assignment):
            self.log.warning("%s: %s", assignment, above)


def marks(gradebook: Gradebook, assignment: str, student: str, handed_in: bool, misplaced: bool) -> Row:
    """The part of a row that depends on what was handed in."""
    try:
        submission = gradebook.find_submission(assignment, student)
    except MissingEntry:
        none = dict.fromkeys(("raw_score", "late_submission_penalty", "score"), "0")
        return {**none, "handed_in": "not graded" if handed_in else "wrong folder" if misplaced else "no"}
    penalty = submission.late_submission_penalty or 0.0
    return {
        "timestamp": submission.timestamp,
        "raw_score": number(submission.score),
        "late_submission_penalty": number(penalty),
        "score": number(max(0.0, submission.score - penalty)),
        "handed_in": "yes",
    }
