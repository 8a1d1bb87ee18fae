"""How a submission of the sample class is made: the notebook as given out, with answers put in and accidents added."""

from __future__ import annotations

import copy
import json
import pathlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.solutions import ROOT, nbgrader_of, solution_code

Notebook = dict[str, Any]
Accident = Callable[[Notebook], Notebook | bytes | None]


@dataclass(frozen=True)
class Recipe:
    """One submission. ``answers`` replaces solutions by function; a function not named is answered rightly.

    loses: the share of its points that a function loses (1 = all); a function not named loses nothing.
    stubs: functions left as they were given out. accident: what happens to the finished notebook (None: no file).
    """

    student: str
    assignment: str
    answers: Mapping[str, str] = field(default_factory=dict)
    stubs: tuple[str, ...] = ()
    loses: Mapping[str, float] = field(default_factory=dict)
    loses_all: bool = False
    accident: Accident | None = None
    needs_look: bool = False
    file: str = ""

    def expected(self) -> dict[str, float]:
        """Points by function."""
        points = {}
        for cell in released(self.assignment)["cells"]:
            meta = nbgrader_of(cell)
            if meta.get("grade") and not meta.get("solution"):
                name = meta["grade_id"].removeprefix("test_")
                lost = 1.0 if self.loses_all or name in self.stubs else self.loses.get(name, 0.0)
                points[name] = round(meta["points"] * (1 - lost), 2)
        return points

    def make(self) -> bytes | None:
        """The file as handed in; None where nothing is."""
        notebook = released(self.assignment)
        solutions = solution_code(self.assignment)
        for cell in notebook["cells"]:
            name = nbgrader_of(cell).get("grade_id", "")
            if nbgrader_of(cell).get("solution") and cell["cell_type"] == "code" and name not in self.stubs:
                cell["source"] = self.answers.get(name, solutions[name])
        result: Notebook | bytes | None = self.accident(notebook) if self.accident else notebook
        return json.dumps(result, indent=1).encode() if isinstance(result, dict) else result

    def hand_in(self, submitted: pathlib.Path) -> pathlib.Path:
        """Write the submission below a submitted/ folder; return its folder."""
        folder = submitted / self.student / self.assignment
        folder.mkdir(parents=True, exist_ok=True)
        data = self.make()
        if data is not None:
            (folder / (self.file or f"{self.assignment}.ipynb")).write_bytes(data)
        return folder


def released(assignment: str) -> Notebook:
    """A fresh copy of the notebook as given out, cell texts joined."""
    path = ROOT / "release" / assignment / f"{assignment}.ipynb"
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return copy.deepcopy(notebook)


def cell_of(notebook: Notebook, grade_id: str) -> dict[str, Any]:
    """The cell of this grade_id. Raises StopIteration where there is none."""
    return next(c for c in notebook["cells"] if nbgrader_of(c).get("grade_id") == grade_id)


def drop_cells(*grade_ids: str) -> Accident:
    """Somebody deleted these cells."""

    def accident(notebook: Notebook) -> Notebook:
        notebook["cells"] = [c for c in notebook["cells"] if nbgrader_of(c).get("grade_id") not in grade_ids]
        return notebook

    return accident


def add_cell(code: str) -> Accident:
    """Somebody wrote a code cell of their own at the end."""

    def accident(notebook: Notebook) -> Notebook:
        notebook["cells"].append({"cell_type": "code", "metadata": {}, "source": code, "execution_count": None, "outputs": []})
        return notebook

    return accident


def cut_file(notebook: Notebook) -> bytes:
    """The upload broke off: no JSON any more."""
    text = json.dumps(notebook, indent=1)
    return text[: len(text) // 2].encode()


def no_file(notebook: Notebook) -> None:
    """The folder was handed in empty."""
