"""Marks in the form that Canvas, Moodle and Gradescope import."""

from __future__ import annotations

import csv
import html
import io
import json
import pathlib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from autograder.authoring.pack import add_file
from autograder.grading.words import plain_cell
from autograder.lms.marks import Marked, Question

RUN = pathlib.Path(__file__).with_name("run_autograder.py")  # what Gradescope runs for each submission


@dataclass(frozen=True)
class Exported:
    """A file for a platform, and the students who are not in it: the platform would not know whose mark it is."""

    data: bytes
    left_out: tuple[str, ...] = ()


def canvas(marks: Sequence[Marked], column: str) -> Exported:
    """Canvas, "Import grades": its gradebook's columns, a row with the points possible, a row a student.

    Canvas finds a student by ID, then by SIS Login ID, for which our own id stands in. column: the assignment as Canvas's own
    export names it, "Title (12345)"; another name makes a new assignment.
    """
    rows = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", column],
        ["    Points Possible", "", "", "", "", marks[0].most],
    ]
    for one in marks:
        rows.append([one.name, one.known_as or one.lms_user_id, "", one.student, "", one.score])
    return Exported(table(rows))


def moodle(marks: Sequence[Marked], column: str) -> Exported:
    """Moodle, "Upload grading worksheet": Moodle finds a row by its Identifier, which is in the names of the zip.

    The import wants the columns Identifier, Grade and Last modified (grade); the feedback comments are HTML.
    """
    rows = [
        [
            "Identifier",
            "Full name",
            "Email address",
            "Status",
            "Grade",
            "Maximum grade",
            "Last modified (grade)",
            "Feedback comments",
        ]
    ]
    for one in marks:
        if one.known_as:
            name = f"{one.first_name} {one.last_name}".strip() or one.student
            told = "<br>".join(html.escape(line) for line in one.lines)
            rows.append([f"Participant {one.known_as}", name, one.email, "Graded", one.score, one.most, "", told])
    return Exported(table(rows), tuple(one.student for one in marks if not one.known_as))


def gradescope(marks: Sequence[Marked], column: str) -> Exported:
    """Gradescope, "Configure Autograder": an autograder that looks a submission's marks up, one results.json for each.

    No student's code runs in it. Students see the results when the marks are published.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        add_file(archive, "setup.sh", b"#!/bin/sh\n", 0o755)
        add_file(archive, "run_autograder", RUN.read_bytes(), 0o755)
        for one in marks:
            if one.known_as:
                text = json.dumps(results_json(one), indent=1, ensure_ascii=False)
                add_file(archive, f"marks/{one.known_as}.json", text.encode())
    return Exported(file.getvalue(), tuple(one.student for one in marks if not one.known_as))


Export = Callable[[Sequence[Marked], str], Exported]
EXPORTS: Mapping[str, tuple[Export, str]] = {
    "canvas": (canvas, "csv"),
    "moodle": (moodle, "csv"),
    "gradescope": (gradescope, "zip"),
}


def results_json(mark: Marked) -> dict[str, object]:
    """Gradescope, "Autograder specifications", results.json: the whole score, and a test for each question."""
    late = f"Late: {mark.penalty} points less." if mark.penalty != "0" else ""
    return {
        "score": float(mark.score),
        "output": late,
        "output_format": "text",
        "visibility": "after_published",
        "stdout_visibility": "hidden",
        "tests": [test_json(question) for question in mark.questions],
    }


def test_json(question: Question) -> dict[str, object]:
    """One question; one that nobody has marked yet has no score."""
    score = {} if question.points is None else {"score": round(question.points, 2)}
    words = {"output": question.words or "not marked yet", "output_format": "text", "visibility": "after_published"}
    return {"name": question.name, **score, "max_score": round(question.most, 2), **words}


def table(rows: Sequence[Sequence[str]]) -> bytes:
    """Rows as a CSV file. No cell of a student's is a formula."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([[plain_cell(cell) for cell in row] for row in rows])
    return file.getvalue().encode()
