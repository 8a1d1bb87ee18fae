"""The code that was given out in cells without a grade_id, such as the imports: what is missing of it is restored."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.course.cells import ILLUSTRATION, Cell, nbgrader_of
from autograder.grading.changes import Change, Changes

BINDS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Given:
    """A code cell that imports or defines something.

    behind: the grade_id of the last cell with one before it; texts: what is read between the two, in cells without code.
    """

    source: str
    behind: str | None
    texts: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is called where repairs are listed."""
        return f"the cell that begins with `{self.source.splitlines()[0]}`"


def given_code(cells: Sequence[Cell]) -> Iterator[Given]:
    """The cells of a released notebook on which others may depend. An illustration only shows."""
    behind, texts = None, tuple[str, ...]()
    for cell in cells:
        nbgrader = nbgrader_of(cell)
        if "grade_id" in nbgrader:
            behind, texts = nbgrader["grade_id"], ()
        elif cell["cell_type"] != "code":
            texts += (cell["source"].strip(),)
        shows = ILLUSTRATION in cell["metadata"].get("tags", [])
        if cell["cell_type"] == "code" and not nbgrader and not shows and defines(cell["source"]):
            yield Given(cell["source"], behind, texts)


def defines(source: str) -> bool:
    """Whether a cell imports or defines something; a cell with a line of IPython's own is not looked into."""
    try:
        return any(isinstance(node, BINDS) for node in ast.parse(source).body)
    except SyntaxError:
        return False


def restore(cells: list[Any], released: Sequence[Cell], changes: Changes) -> None:
    """Insert each of these cells that no cell begins with: behind the cell and the texts that it followed, or at the top.

    A changed one stays, behind the released one: what it cannot import, or no longer defines, is there already.
    """
    codes = [lines_of(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    for given in given_code(released):
        lines = lines_of(given.source)
        if any(code[: len(lines)] == lines for code in codes):
            continue
        changed = any(len(set(lines) & set(code)) * 2 > len(lines) for code in codes)
        changes.note(Change.CHANGED if changed else Change.MISSING, given.name)
        owners = [i for i, cell in enumerate(cells) if nbgrader_of(cell).get("grade_id") == given.behind]
        place = owners[0] + 1 if given.behind and owners else 0
        for at, cell in enumerate(cells[place:], place + 1):
            if cell["cell_type"] == "code" or nbgrader_of(cell):
                break
            if cell["source"].strip() in given.texts:
                place = at
        cells.insert(place, {"cell_type": "code", "source": given.source, "metadata": {}})


def lines_of(source: str) -> list[str]:
    """The lines of a cell that say something, without spaces at their ends."""
    return [line.rstrip() for line in source.splitlines() if line.strip()]
