"""The reference solutions, read from the source notebooks: what our own tests and an instructor's suites run on."""

from __future__ import annotations

import json
import pathlib
import re
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from autograder.kernels.contract import CONTRACT, functions
from autograder.kernels.student import Student
from autograder.kernels.submission import LocalCode

ROOT = pathlib.Path(__file__).parents[1]


@cache
def source_cells(assignment: str) -> tuple[Mapping[str, Any], ...]:
    """The cells of source/ASSIGNMENT/ASSIGNMENT.ipynb. Raises FileNotFoundError with the command that builds it."""
    path = ROOT / "source" / assignment / f"{assignment}.ipynb"
    if not path.exists():
        raise FileNotFoundError(
            f"{path.relative_to(ROOT)} is missing. Run `make source` to build it from assignments/."
        )
    notebook = json.loads(path.read_text())
    return tuple({**c, "source": "".join(c["source"])} for c in notebook["cells"])


def nbgrader_of(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """A cell's nbgrader metadata, or an empty dict."""
    return cell["metadata"].get("nbgrader", {})  # type: ignore[no-any-return]


def solution_code(assignment: str) -> dict[str, str]:
    """The code of every solution and given cell by grade_id, in order."""
    return {
        nbgrader_of(cell)["grade_id"]: cell["source"]
        for cell in source_cells(assignment)
        if cell["cell_type"] == "code" and nbgrader_of(cell) and not nbgrader_of(cell)["grade"]
    }


def reference_namespace(assignment: str) -> dict[str, Any]:
    """A fresh namespace in which every function of the assignment is defined as the source notebook has it."""
    import numpy as np

    namespace: dict[str, Any] = {"np": np, "__name__": assignment}
    exec(standard_imports(assignment), namespace)
    for name, code in solution_code(assignment).items():
        exec(compile(code, f"<{assignment}: {name}>", "exec"), namespace)
    return namespace


def standard_imports(assignment: str) -> str:
    """What the notebook imports of the standard library, in the cell with its other imports."""
    cells = (c for c in source_cells(assignment) if c["cell_type"] == "code" and not nbgrader_of(c))
    first = next((cell["source"] for cell in cells if "import numpy" in cell["source"]), "")
    lines = (re.fullmatch(r"import (\w+)", line) for line in first.splitlines())
    return "\n".join(found[0] for found in lines if found and found[1] in sys.stdlib_module_names)


def local_student(assignment: str, namespace: dict[str, Any]) -> Student:
    """A Student whose functions are those of this process: for trusted code only."""
    return Student(LocalCode(namespace), functions(assignment))


@cache
def reference_student(assignment: str) -> Student:
    """The Student that hands in the source notebook. Raises KeyError for an assignment the contract does not know."""
    if assignment not in CONTRACT:
        raise KeyError(f"{assignment} is no assignment of this course: {', '.join(CONTRACT)}.")
    return local_student(assignment, reference_namespace(assignment))
