"""The marks of every known mistake: what its function keeps of its points, and in which arrays it loses the rest.

``python -m tests.marks`` writes tests/marks.json again. Read its diff: every changed line is a changed mark.
"""

from __future__ import annotations

import json
from pathlib import Path

from autograder.authoring.audit.validity import grade_mistake, judge_of, wrong_arrays
from autograder.naming.bank import bank
from tests.course import NAMES, named

FILE = Path(__file__).with_name("marks.json")


def marks(assignment: str, part: int = 0, parts: int = 1) -> dict[str, list[object]]:
    """For each known mistake its function, its share of the points and its wrong arrays, on one course seed.

    Of so many parts of the bank, one: every second mistake, say, from the first or the second on.
    """
    judge, found = judge_of(named(assignment), "marks"), {}
    for mistake in bank(named(assignment))[part::parts]:
        result = grade_mistake(judge, named(assignment), mistake)
        found[mistake.id] = [mistake.function, round(result.points, 3), *wrong_arrays(result)]
    return found


def write() -> None:
    """Write the file, one line for each mistake."""
    blocks = []
    for assignment in NAMES:
        lines = (f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in marks(assignment).items())
        blocks.append(f' "{assignment}": {{\n' + ",\n".join(lines) + "\n }")
    FILE.write_text("{\n" + ",\n".join(blocks) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write()
