"""Replays one mark and says why it is what it is: for appeals."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from autograder.grading.repair import KEY
from autograder.reports.results import read_results


def explain(root: pathlib.Path, student: str, function: str, console: Console) -> bool:
    """Grade the submission that holds this function once more and print every check; return whether the mark stands.

    Raises LookupError for a student or function that was never graded.
    """
    recorded = find(root, student, function)
    assignment = recorded.assignment
    replayed = grade_again(root, student, assignment)["functions"][function]
    before = recorded.functions[function]
    console.print(
        f"[bold]{student}, {assignment}, {function}[/bold]: {replayed['points']:g} of {replayed['max_points']:g} points."
    )
    total = sum(c["weight"] for c in replayed["checks"]) or 1.0
    for check in replayed["checks"]:
        worth = replayed["max_points"] * check["weight"] / total
        console.print(f"  {worth * check['share']:.2f} of {worth:.2f}  {check['title']}", highlight=False)
        if check["sentence"]:
            console.print(f"      {check['sentence']}", highlight=False)
        for name, ok, sentence in check["arrays"]:
            console.print(f"      {name}: {'right' if ok else 'wrong: ' + sentence}", highlight=False)
        for note in check["notes"]:
            console.print(f"      note: {note}", highlight=False)
    for mistake in replayed["mistakes"]:
        console.print(f"  Known mistake: {mistake['title']}. {mistake['reread']}", highlight=False)
    for repair in recorded.repairs:
        console.print(f"  Repaired: {repair}", highlight=False)
    stands = bool(replayed["points"] == before["points"])
    console.print(
        "The recorded mark is the same."
        if stands
        else f"The recorded mark is {before['points']:g}: grade the submission again."
    )
    return stands


def find(root: pathlib.Path, student: str, function: str) -> Any:
    """The recorded result that holds this function of this student."""
    graded = {p.parent.name for p in root.glob(f"autograded/{student}/*/*.ipynb")}
    for assignment in sorted(graded):
        for row in read_results(root, assignment):
            if row.student == student and function in row.functions:
                return row
    raise LookupError(
        f"No graded submission of {student} holds {function}. Graded are: {', '.join(sorted(graded)) or 'none'}; "
        "run `nbgrader autograde ASSIGNMENT` first, or look at the spelling."
    )


def grade_again(root: pathlib.Path, student: str, assignment: str) -> Mapping[str, Any]:
    """The results of grading what was handed in once more, with the course's own seed; nothing is written."""
    from autograder.grading.repair import read_template
    from autograder.plugins.grading import shared_grader
    from autograder.plugins.reading import handed_in

    name = f"{assignment}/{assignment}.ipynb"
    template = read_template(root / "source" / name, root / "release" / name)
    notebook = handed_in(root / "submitted" / student / name, template)
    grader = shared_grader(root)
    try:
        return grader.grade(notebook, assignment)["metadata"][KEY]  # type: ignore[no-any-return]
    finally:
        grader.close()
