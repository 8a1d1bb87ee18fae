"""What happens to notebooks on the way: cells deleted, doubled, split, moved, retyped, and files that are none.

Each of these takes a finished notebook, as JSON with joined cell texts, and gives what is handed in.
"""

from __future__ import annotations

import copy
import random
from typing import Any

from autograder.course.cells import nbgrader_of
from autograder.sample.recipes import Accident, Handed, Notebook, saved

Cell = dict[str, Any]


def cell_of(notebook: Notebook, grade_id: str) -> Cell:
    """The cell of this grade_id. Raises StopIteration where there is none."""
    found: Cell = next(c for c in notebook["cells"] if nbgrader_of(c).get("grade_id") == grade_id)
    return found


def own_cell(code: str) -> Cell:
    """A code cell of the student's own."""
    return {"cell_type": "code", "metadata": {}, "source": code, "execution_count": None, "outputs": []}


def one_after_another(*accidents: Accident) -> Accident:
    """Several accidents; what makes another kind of file of a notebook comes last."""

    def accident(notebook: Notebook) -> Handed:
        handed: Handed = notebook
        for step in accidents:
            assert isinstance(handed, dict)
            handed = step(handed)
        return handed

    return accident


def drop_cells(*grade_ids: str) -> Accident:
    """Somebody deleted these cells."""

    def accident(notebook: Notebook) -> Notebook:
        notebook["cells"] = [c for c in notebook["cells"] if nbgrader_of(c).get("grade_id") not in grade_ids]
        return notebook

    return accident


def add_cell(code: str, before: str = "") -> Accident:
    """Somebody wrote a code cell of their own, before the cell of a grade_id or at the end."""

    def accident(notebook: Notebook) -> Notebook:
        cells = notebook["cells"]
        cells.insert(cells.index(cell_of(notebook, before)) if before else len(cells), own_cell(code))
        return notebook

    return accident


def double_cell(grade_id: str) -> Accident:
    """Copy and paste: the cell stands twice, metadata, id and all."""

    def accident(notebook: Notebook) -> Notebook:
        cell = cell_of(notebook, grade_id)
        notebook["cells"].insert(notebook["cells"].index(cell) + 1, copy.deepcopy(cell))
        return notebook

    return accident


def split_cell(grade_id: str, at: str) -> Accident:
    """Ctrl-Shift-Minus before the line that holds ``at``: two cells, each with the metadata of the one.

    Raises StopIteration where no line holds it.
    """

    def accident(notebook: Notebook) -> Notebook:
        cell = cell_of(notebook, grade_id)
        lines = cell["source"].split("\n")
        line = next(i for i, text in enumerate(lines) if at in text)
        rest = {**copy.deepcopy(cell), "source": "\n".join(lines[line:])}
        cell["source"] = "\n".join(lines[:line])
        notebook["cells"].insert(notebook["cells"].index(cell) + 1, rest)
        return notebook

    return accident


def shuffle_cells(seed: int) -> Accident:
    """The cells stand in another order; only the imports stay in front."""

    def accident(notebook: Notebook) -> Notebook:
        cells = notebook["cells"]
        first = next(i for i, c in enumerate(cells) if c["cell_type"] == "code")
        rest = cells[first + 1 :]
        random.Random(seed).shuffle(rest)
        notebook["cells"] = cells[: first + 1] + rest
        return notebook

    return accident


def move_function(grade_id: str, leave: str = "") -> Accident:
    """The code was cut out of its cell and pasted into a new one at the end; the old cell keeps the text ``leave``."""

    def accident(notebook: Notebook) -> Notebook:
        cell = cell_of(notebook, grade_id)
        notebook["cells"].append(own_cell(cell["source"]))
        cell["source"] = leave
        return notebook

    return accident


def retype_cell(grade_id: str, kind: str) -> Accident:
    """Esc-M or Esc-R: a code cell became text."""

    def accident(notebook: Notebook) -> Notebook:
        cell = cell_of(notebook, grade_id)
        cell["cell_type"] = kind
        for key in ("execution_count", "outputs"):
            cell.pop(key, None)
        return notebook

    return accident


def edit_cell(grade_id: str, source: str) -> Accident:
    """Somebody wrote something else into a cell that was locked."""

    def accident(notebook: Notebook) -> Notebook:
        cell_of(notebook, grade_id)["source"] = source
        return notebook

    return accident


def cut_file(notebook: Notebook) -> bytes:
    """The upload broke off: no JSON any more."""
    data = saved(notebook)
    return data[: len(data) // 2]


def empty_file(notebook: Notebook) -> bytes:
    """The disk was full: a file of no bytes."""
    return b""


def merge_conflict(notebook: Notebook) -> bytes:
    """Two friends, one git repository: the marks of a conflict stand in the file."""
    half = saved(notebook).splitlines(keepends=True)
    middle = len(half) // 2
    marks = (b"<<<<<<< HEAD\n", b"=======\n", b">>>>>>> origin/main\n")
    return b"".join([*half[:middle], marks[0], half[middle], marks[1], half[middle], marks[2], *half[middle + 1 :]])


def login_page(notebook: Notebook) -> bytes:
    """The browser saved the page that asks for a password."""
    return b"<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><form>Your session is over.</form></body></html>\n"


def no_file(notebook: Notebook) -> None:
    """The folder was handed in empty."""
