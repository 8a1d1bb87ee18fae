"""Reads the results that grading left in the autograded notebooks."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from autograder.grading.repair import KEY
from autograder.grading.results import FunctionResult, ResultsError, SubmissionResult
from autograder.plugins.course_files import Folder, course_directory, folders
from autograder.typed import typed


@dataclass(frozen=True)
class Graded:
    """One graded submission: whose it is, its results, and the answers that a person marks, in the notebook's order."""

    student: str
    result: SubmissionResult
    by_hand: tuple[str, ...] = ()


def read_results(root: pathlib.Path, assignment: str) -> list[Graded]:
    """Every wholly graded submission of an assignment, by student.

    A notebook without results is one whose grading was interrupted: it is skipped here.
    """
    found = folders(course_directory(root), "autograded_directory", assignment=assignment)
    return [graded for folder in found if (graded := read_graded(folder)) is not None]


def read_graded(folder: Folder) -> Graded | None:
    """The results in a folder of autograded/; None where it holds no wholly graded notebook.

    Raises LookupError, with the command to run, where the results are no longer what grading wrote.
    """
    path = folder.path / f"{folder.assignment}.ipynb"
    notebook = read_notebook(path)
    kept = dictionary(dictionary(notebook.get("metadata")).get(KEY))
    if not isinstance(kept.get("functions"), dict):
        return None
    try:
        result = SubmissionResult.from_json(kept)
    except ResultsError as error:
        again = typed(f"nbgrader autograde {folder.assignment} --student {folder.student}")
        raise LookupError(f"{path}: {error} Run `{again}`.") from error
    functions = in_order(result.functions, notebook)
    result = replace(result, assignment=folder.assignment, functions=functions)
    return Graded(folder.student, result, answers_by_hand(notebook))


def read_notebook(path: pathlib.Path) -> dict[str, Any]:
    """A notebook as JSON; nothing where the file is missing, is no JSON or is cut off."""
    try:
        return dictionary(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return {}


def graded_cells(notebook: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """The cells with points by grade_id, in the notebook's order, and whether a person marks them."""
    cells = notebook.get("cells")
    found = []
    for cell in cells if isinstance(cells, list) else []:
        meta = dictionary(dictionary(dictionary(cell).get("metadata")).get("nbgrader"))
        if meta.get("grade") or meta.get("task"):
            found.append((str(meta.get("grade_id")), bool(meta.get("solution") or meta.get("task"))))
    return found


def answers_by_hand(notebook: Mapping[str, Any]) -> tuple[str, ...]:
    """The answers of a notebook that a person marks."""
    return tuple(name for name, by_hand in graded_cells(notebook) if by_hand)


def in_order(functions: Mapping[str, FunctionResult], notebook: Mapping[str, Any]) -> dict[str, FunctionResult]:
    """The functions in the order of their test cells; a notebook's metadata come back sorted by name."""
    order = [name.removeprefix("test_") for name, by_hand in graded_cells(notebook) if not by_hand]
    return {name: functions[name] for name in sorted(functions, key=lambda n: order.index(n) if n in order else 99)}


def dictionary(value: Any) -> dict[str, Any]:
    """The value where it is a dict, otherwise an empty one."""
    return value if isinstance(value, dict) else {}
