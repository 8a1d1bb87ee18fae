"""The marks of an assignment with what a learning platform's import needs: whose they are, and why they are what they are."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from autograder.course.points import closest
from autograder.grading.words import number
from autograder.plugins import marks as gradebook_marks
from autograder.plugins import records
from autograder.plugins.export import marks as score_of


class ExportError(LookupError):
    """There are no marks to export; the message says why and what to do."""


@dataclass(frozen=True)
class Question:
    """A graded cell: points (None: not marked yet), and in plain text what happened and what a person wrote."""

    name: str
    points: float | None
    most: float
    words: str

    @property
    def line(self) -> str:
        """The question in a line."""
        return f"{self.name}: {number(self.points)} of {number(self.most)}{f'; {self.words}' if self.words else ''}"


@dataclass(frozen=True)
class Marked:
    """A student's mark. known_as: the platform's number, from the zip that was collected; "" where none was."""

    student: str
    first_name: str
    last_name: str
    email: str
    lms_user_id: str
    known_as: str
    score: str
    most: str
    penalty: str
    open_points: float
    questions: tuple[Question, ...]

    @property
    def name(self) -> str:
        """The name as in "Lovelace, Ada"; the id where there is none."""
        return ", ".join(filter(None, (self.last_name, self.first_name))) or self.student

    @property
    def lines(self) -> list[str]:
        """Every question in a line, then the penalty."""
        late = [f"Late: {self.penalty} points less."] if self.penalty != "0" else []
        return [*(question.line for question in self.questions), *late]


def marked(coursedir: Any, numbers: dict[str, dict[str, str]]) -> list[Marked]:
    """Everybody who is graded. Raises ExportError where nobody is."""
    name = coursedir.assignment_id
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            most = gradebook.find_assignment(name).max_score
        except MissingEntry:
            known = [one.name for one in gradebook.assignments]
            raise ExportError(f"The gradebook has no assignment {name}; {closest(name, known)}.") from None
        everybody = gradebook_marks.marks_of(gradebook, name)
        waiting = records.unmarked_points(gradebook)
        found = []
        for student in gradebook.students:
            score = score_of(gradebook, name, student.id, False, False)
            if score["handed_in"] != "yes":
                continue
            about = {key: getattr(student, key) or "" for key in ("first_name", "last_name", "email", "lms_user_id")}
            found.append(
                Marked(
                    student.id,
                    **about,
                    known_as=numbers.get(student.id, {}).get("number", ""),
                    score=score["score"],
                    most=number(most),
                    penalty=score["late_submission_penalty"],
                    open_points=waiting.get((name, student.id), 0.0),
                    questions=tuple(questions(coursedir, student.id, everybody.get(student.id))),
                )
            )
    if not found:
        raise ExportError(f"Nobody's {name} is graded yet.")
    return found


def questions(coursedir: Any, student: str, marks: gradebook_marks.Marks | None) -> Iterator[Question]:
    """What a student's feedback page has in its table; nothing where the graded notebook is missing."""
    name = coursedir.assignment_id
    path = pathlib.Path(coursedir.format_path(coursedir.autograded_directory, student, name)) / f"{name}.ipynb"
    results = records.results(path)
    if results is None or marks is None:
        return
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for row in gradebook_marks.table(notebook, marks.marks, {}, results):
        comment = marks.comments.get(row.name) or marks.comments.get(row.place) or ""
        words = " ".join(filter(None, (row.words, comment)))
        yield Question(row.name, row.mark.points, row.mark.most, words)
