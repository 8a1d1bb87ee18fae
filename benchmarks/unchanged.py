"""How long `autograder grade` takes where nothing has changed: a class is graded in part, and the rest are copies of it.

.venv/bin/python -m benchmarks.unchanged --size 1000
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing

from autograder.course.settings import ROOT
from benchmarks.bulk import hand_in, run

GRADED = 5  # students who are graded; all others are copies
# The rows of a student: each with its own id, and those that it refers to, lengthened by the copy's name.
MINE = "select n.id from submitted_notebook n join submitted_assignment s on s.id = n.assignment_id where s.student_id = ?2"
ROWS = {
    "student": ("?1, first_name, last_name, email, lms_user_id", "id = ?2"),
    "submitted_assignment": ("id || ?1, assignment_id, ?1, timestamp, extension", "student_id = ?2"),
    "submitted_notebook": (
        "id || ?1, assignment_id || ?1, notebook_id, flagged, late_submission_penalty",
        f"id in ({MINE})",
    ),
    "grade": (
        "id || ?1, notebook_id || ?1, cell_id, auto_score, manual_score, extra_credit, needs_manual_grade",
        f"notebook_id in ({MINE})",
    ),
    "comment": ("id || ?1, notebook_id || ?1, cell_id, auto_comment, manual_comment", f"notebook_id in ({MINE})"),
}


def main() -> None:
    """Print the median and all times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignment", default="a4_bptt")
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=pathlib.Path, help="keep the class here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = options.folder or pathlib.Path(scratch)
        if not (root / "gradebook.db").exists():
            make(root, options.assignment, options.size)
        found = []
        for _ in range(options.repeats):
            before = time.perf_counter()
            children = os.times()
            run(root, "autograder", "grade", options.assignment)
            after = os.times()
            cpu = after.children_user + after.children_system - children.children_user - children.children_system
            found.append((time.perf_counter() - before, cpu))
    seconds, cpu = (statistics.median(column) for column in zip(*found, strict=True))
    print(
        f"{options.size} unchanged submissions of {options.assignment}: {seconds:.1f} s, of these {cpu:.1f} s CPU; {found}"
    )


def make(root: pathlib.Path, assignment: str, size: int) -> None:
    """Grade a few students, and copy what they have under other names."""
    hand_in(root, assignment, GRADED, lean=False)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    for tree in ("source", "release"):
        shutil.copytree(ROOT / tree / assignment, root / tree / assignment)
    run(root, "autograder", "grade", assignment)
    originals = sorted(path.name for path in (root / "submitted").iterdir())
    with closing(sqlite3.connect(root / "gradebook.db")) as gradebook:
        for number in range(GRADED, size):
            original, copy = originals[number % GRADED], f"student-{number:04}"
            for tree in ("submitted", "autograded"):
                shutil.copytree(root / tree / original, root / tree / copy)
            for table, (columns, of) in ROWS.items():
                gradebook.execute(f"insert into {table} select {columns} from {table} where {of}", (copy, original))
        gradebook.commit()


if __name__ == "__main__":
    main()
