"""Whose marks would move if a class were graded now: what a teacher looks at after a hidden test was fixed."""

from __future__ import annotations

import csv
import pathlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields

from rich.table import Table

from autograder.grading.words import number, plain_cell
from autograder.plugins.marks import Mark, Marks
from autograder.plugins.saving import Scores


@dataclass(frozen=True)
class Move:
    """A score that would change. by_hand: what a person gave instead, which stays; None: the score is the mark."""

    student: str
    question: str  # the function, or the written answer
    before: float | None
    after: float | None
    by_hand: float | None

    @property
    def points(self) -> float:
        """By how much the student's mark would move."""
        return 0.0 if self.by_hand is not None else (self.after or 0.0) - (self.before or 0.0)


def moves(student: str, before: Marks, after: Scores) -> Iterator[Move]:
    """The scores of a student that would change."""
    for cell, score in after.scores.items():
        mark = before.marks.get(cell, Mark(0.0))
        if mark.auto != score:
            yield Move(student, cell.removeprefix("test_"), mark.auto, score, mark.manual)


def moves_table(found: Sequence[Move]) -> Table:
    """A row for each score that would change."""
    table = Table(title="Marks that would move")
    for heading in ("student", "question"):
        table.add_column(heading, no_wrap=True)
    for heading in ("before", "after", "moves by"):
        table.add_column(heading, justify="right")
    for move in sorted(found, key=lambda move: (move.student, move.question)):
        by = f"{move.points:+g}" if move.by_hand is None else f"marked by hand: {number(move.by_hand)}"
        table.add_row(move.student, move.question, number(move.before), number(move.after), by)
    return table


def write_csv(found: Sequence[Move], path: pathlib.Path) -> None:
    """The same as a file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, [*(one.name for one in fields(Move)), "points"])
        rows.writeheader()
        rows.writerows(
            {**asdict(move), "student": plain_cell(move.student), "points": move.points}
            for move in sorted(found, key=lambda m: (m.student, m.question))
        )
