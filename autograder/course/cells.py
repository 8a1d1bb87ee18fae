"""What nbgrader's metadata say of a cell: asked here, and nowhere in other words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

Cell = Mapping[str, Any]
TEST = "test_"  # a graded code cell is named test_FUNCTION
HIDDEN_REGION = re.compile(r"\n?### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS", re.DOTALL)
ILLUSTRATION = "illustration"  # the tag of a cell that only shows something


def nbgrader_of(cell: Cell) -> Mapping[str, Any]:
    """A cell's nbgrader metadata, or an empty dict."""
    return cell.get("metadata", {}).get("nbgrader", {})  # type: ignore[no-any-return]


def is_test(cell: Cell) -> bool:
    """Whether a hidden suite grades this cell: its output is ours to write."""
    about = nbgrader_of(cell)
    return bool(cell["cell_type"] == "code" and about.get("grade") and not about.get("solution"))


def is_answer(cell: Cell) -> bool:
    """Whether a person grades this cell."""
    about = nbgrader_of(cell)
    return bool(about.get("grade") and about.get("solution"))


def function_of(cell: Cell) -> str:
    """The function that a test cell grades, or that a solution cell defines."""
    return str(nbgrader_of(cell).get("grade_id", "")).removeprefix(TEST)


def points_of(cell: Cell) -> float:
    """The points of a graded cell."""
    return float(nbgrader_of(cell)["points"])


def machine_points(cells: Iterable[Cell]) -> dict[str, float]:
    """Points by function, from the test cells of a notebook."""
    return {function_of(cell): points_of(cell) for cell in cells if is_test(cell)}


def digest(text: str) -> str:
    """A short id from what a cell says, so that it stays the same from build to build."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
