"""Who should be told that their mark moved: an earlier table of marks against the gradebook, as a table for a mail merge."""

from __future__ import annotations

import csv
import pathlib
from typing import Any

from nbgrader.api import Gradebook

from autograder.plugins.export import CourseCsv

SAME = ("assignment", "student_id", "last_name", "first_name", "email")
COLUMNS = (*SAME, "before", "after")


def moved_since(coursedir: Any, told: pathlib.Path) -> list[dict[str, str]]:
    """A row for each mark that is another one now. told: a table of `nbgrader export`. Raises LookupError for another file."""
    try:
        with told.open(encoding="utf-8-sig", newline="") as file:
            before = {(row["assignment"], row["student_id"]): row["score"] for row in csv.DictReader(file)}
    except (KeyError, ValueError, csv.Error):
        raise LookupError(f"{told} is no table of marks as `nbgrader export` writes it.") from None
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        now = list(CourseCsv().rows(gradebook))
    found = []
    for row in now:
        earlier = before.get((row["assignment"], row["student_id"]), "")
        if row["handed_in"] == "yes" and earlier != row["score"]:
            found.append({name: row[name] or "" for name in SAME} | {"before": earlier, "after": row["score"]})
    return found


def write_moved(rows: list[dict[str, str]], path: pathlib.Path) -> None:
    """Write the rows as a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
