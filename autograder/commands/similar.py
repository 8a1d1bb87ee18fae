"""`autograder similar`: pairs of submissions with what they share, in the terminal and as a page for the teacher."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

from rich.console import Console

from autograder.course.cells import is_test, nbgrader_of
from autograder.course.settings import load_course
from autograder.grading.repair import binds
from autograder.plugins.course_files import course_directory, folders
from autograder.plugins.formgrader import written
from autograder.plugins.graded import read_graded, read_notebook
from autograder.plugins.names import unknown_assignment
from autograder.reports.layout import Column, paragraph, table
from autograder.reports.similar import MOST_PAIRS, Work, similar
from autograder.reports.similar_page import NO_VERDICT, others, write_similar_page

SHOWN = 20  # pairs in a terminal


def main(root: pathlib.Path, assignment: str, console: Console) -> None:
    """Compare, print and write the page. Raises LookupError where nothing is graded."""
    coursedir = course_directory(root)
    coursedir.assignment_id = assignment
    if unknown := unknown_assignment(coursedir):
        raise LookupError(unknown)
    works = list(class_work(coursedir, assignment))
    if not works:
        raise LookupError(f"Nothing of {assignment} is graded in {coursedir.root}.")
    course = load_course(root).assignment(assignment)
    given = given_code(course)
    kept = {*course.functions, *(name for code in given for name in binds(code))}
    pairs = similar(works, given, kept)
    page = write_similar_page(assignment, len(works), pairs, root / "reports" / f"{assignment}-similar.html")
    most = f" These are the first {MOST_PAIRS}." if len(pairs) == MOST_PAIRS else ""
    found = "1 pair that shares something" if len(pairs) == 1 else f"{len(pairs)} pairs that share something"
    paragraph(console, f"{assignment}: {len(works)} submissions, {found}.{most}", style="bold")
    if pairs:
        rows = [
            (
                " and ".join(pair.students),
                "; ".join(f"{row.name} {100 * row.part:.0f}%, {others(row.others)}" for row in pair.code[:3]),
                "; ".join(f"{row.name}, {others(row.others)}" for row in pair.numbers),
            )
            for pair in pairs[:SHOWN]
        ]
        table(console, "Pairs", (Column("students"), Column("code"), Column("equal wrong numbers")), rows)
    paragraph(console, NO_VERDICT, hang=0)
    print(f"\nAs a page, with the code side by side, for you alone: {page}")


def class_work(coursedir: Any, assignment: str) -> Iterator[Work]:
    """What is compared of each graded submission."""
    for folder in folders(coursedir, "autograded_directory", assignment=assignment):
        graded = read_graded(folder)
        if graded is None or graded.result.unreadable:
            continue
        cells = read_notebook(folder.path / f"{assignment}.ipynb").get("cells", [])
        functions = graded.result.functions.values()
        yield Work(
            student=folder.student,
            cells=tuple(code_of(cell) for cell in cells if cell.get("cell_type") == "code" and not is_test(cell)),
            numbers={f.name: f.numbers for f in functions if f.numbers},
            mistakes={f.name: f.mistakes[0].title for f in functions if f.mistakes},
        )


def code_of(cell: Any) -> str:
    """What the student wrote in a cell: a file has it as lines, too."""
    return written({**cell, "source": "".join(cell["source"])})


def given_code(assignment: Any) -> list[str]:
    """The code that was handed out: everything but the tests and, of the source notebook, the solutions."""
    return [
        cell["source"]
        for cell in assignment.cells
        if cell["cell_type"] == "code" and not is_test(cell) and not nbgrader_of(cell).get("solution")
    ]
