"""The class as a table: student by question, with the ids of mistakes. Also for research, and to compare two gradings."""

from __future__ import annotations

import csv
import hashlib
import hmac
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.grading.words import plain_cell
from autograder.plugins.graded import Graded
from autograder.reports.class_data import ClassData, without_names
from autograder.reports.distribution import Distribution, distribution

STUDENT, SECTION, POINTS = "student", "section", "points"
FEWEST = 5  # of a section that is shown: less would show single students


@dataclass(frozen=True)
class Change:
    """One student's points in an earlier table and now."""

    student: str
    before: float
    now: float


@dataclass(frozen=True)
class Section:
    """The marks of a part of the class; spread is None for one that is too small to show."""

    name: str
    n: int
    spread: Distribution | None


def write_table(path: pathlib.Path, data: ClassData, graded: Sequence[Graded], sections: Mapping[str, str]) -> None:
    """Write a row for each graded student; an answer that nobody has marked is empty."""
    functions = list(dict.fromkeys(name for g in graded for name in g.result.functions))
    answers = list(dict.fromkeys(name for g in graded for name in g.by_hand))
    by_hand = {(m.student, m.answer): m.points for m in (data.records.marks if data.records else ())}
    head = [STUDENT, *([SECTION] if sections else []), POINTS]
    head += [cell for name in functions for cell in (name, f"{name} mistakes")] + answers
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for g in graded:
            row = [plain_cell(g.student), *([plain_cell(sections.get(g.student, ""))] if sections else [])]
            row += [plain(g.result.points), *(cell for name in functions for cell in cells(g, name))]
            writer.writerow([*row, *(plain(by_hand.get((g.student, name))) for name in answers)])


def cells(g: Graded, name: str) -> Iterator[str]:
    """The points of a function, and the ids of its mistakes."""
    function = g.result.functions.get(name)
    yield plain(function.points if function else None)
    yield "; ".join(mistake.id for mistake in function.mistakes) if function else ""


def plain(points: float | None) -> str:
    """Points as a spreadsheet reads them; empty for none."""
    return "" if points is None else f"{round(points, 2):g}"


def hashed(data: ClassData, seed: str) -> ClassData:
    """The same with a keyed hash for each id: one student's rows of several assignments go together, and only the course
    seed leads back to a student."""
    key = hmac.digest(seed.encode(), b"ids for research", "sha256")
    everybody = {g.student for g in data.graded} | {row.student for row in data.not_graded} | set(data.missing)
    everybody |= {m.student for m in data.records.marks} | {*data.records.students} if data.records else set()
    return without_names(
        data, {student: hmac.digest(key, student.encode(), hashlib.sha256).hex()[:16] for student in everybody}
    )


# ---- read what is beside the course ------------------------------------------------------------------------------------


def read_column(path: pathlib.Path, keys: tuple[str, ...], value: str) -> dict[str, str]:
    """A column of a CSV file by student. keys: the names that the column of students may have. Raises LookupError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            head = rows.fieldnames or ()
            key = next((name for name in keys if name in head), None)
            if key is None or value not in head:
                raise LookupError(
                    f"{path} needs the columns {keys[0]} and {value}; it has: {', '.join(head) or 'none'}."
                )
            return {row[key].removeprefix("'"): row[value].strip() for row in rows if row[key] and row[value]}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LookupError(f"{path} cannot be read: {error}.") from error


def read_sections(path: pathlib.Path) -> dict[str, str]:
    """Students by section, from a list of students with the columns id and section. Raises LookupError."""
    return {student: name.removeprefix("'") for student, name in read_column(path, ("id", STUDENT), SECTION).items()}


def changes(path: pathlib.Path, marks: Mapping[str, float]) -> tuple[Change, ...]:
    """What became of the students of an earlier table, those who improved most first. Raises LookupError."""
    try:
        before = {student: float(points) for student, points in read_column(path, (STUDENT,), POINTS).items()}
    except ValueError as error:
        raise LookupError(f"{path} has no numbers in the column {POINTS}: {error}.") from error
    found = [Change(student, before[student], round(now, 2)) for student, now in marks.items() if student in before]
    return tuple(sorted(found, key=lambda change: (change.before - change.now, change.student)))


def compared(marks: Mapping[str, float], sections: Mapping[str, str]) -> tuple[Section, ...]:
    """The sections side by side, by name; students without one are not in them."""
    by_section: dict[str, list[float]] = {}
    for student, points in marks.items():
        if student in sections:
            by_section.setdefault(sections[student], []).append(points)
    return tuple(
        Section(name, len(found), distribution(found) if len(found) >= FEWEST else None)
        for name, found in sorted(by_section.items())
    )
