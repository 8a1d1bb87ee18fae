"""The notebooks as students get and run them: release/ copied out, solved or untouched, and run in .venv-student."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from autograder.authoring.build import source_notebook
from autograder.course.cells import nbgrader_of
from autograder.course.settings import ROOT, load_course

RUN_ALL = pathlib.Path(__file__).with_name("run_all.py")
Cell = Mapping[str, Any]


def cells(tree: str, assignment: str) -> list[dict[str, Any]]:
    """The cells of the committed notebook in source/ or release/, each with its source as one string."""
    notebook = json.loads((ROOT / tree / assignment / f"{assignment}.ipynb").read_text())
    return [{**cell, "source": "".join(cell["source"])} for cell in notebook["cells"]]


@cache
def as_written(assignment: str) -> tuple[dict[str, Any], ...]:
    """The cells of the source notebook with the points of its author, whatever course.toml says."""
    course = dataclasses.replace(load_course(), points={})
    return tuple(source_notebook(course, assignment)["cells"])


def prose(assignment: str) -> str:
    """All text cells of the notebook, with the points of its author."""
    return "\n".join(cell["source"] for cell in as_written(assignment) if cell["cell_type"] == "markdown")


def points_by_part(assignment: str) -> tuple[list[float], float]:
    """The author's points of each part (in place 0, of what stands before the first), and how many are given by hand."""
    parts, by_hand = [0.0], 0.0
    for cell in as_written(assignment):
        if cell["cell_type"] == "markdown" and re.search(r"^## \d+ · ", cell["source"], re.MULTILINE):
            parts.append(0.0)
        points = nbgrader_of(cell).get("points", 0)
        parts[-1] += points
        by_hand += points if nbgrader_of(cell).get("solution") else 0
    return parts, by_hand


def hand_out(
    assignment: str, folder: pathlib.Path, *solved: str, guesses: Mapping[str, Any] | None = None
) -> pathlib.Path:
    """Copy release/ASSIGNMENT to folder and put these solutions in ("all": every one); return the notebook's path."""
    shutil.copytree(ROOT / "release" / assignment, folder, dirs_exist_ok=True)
    path = folder / f"{assignment}.ipynb"
    notebook = json.loads(path.read_text())
    source = {cell["id"]: cell["source"] for cell in cells("source", assignment) if nbgrader_of(cell).get("solution")}
    for cell in notebook["cells"]:
        if cell["id"] in source and ("all" in solved or cell["id"] in solved):
            cell["source"] = source[cell["id"]]
        for name, guess in (guesses or {}).items():
            cell["source"] = re.sub(rf"(?m)^{name} = (None|{{}}|\[\])", f"{name} = {guess!r}", "".join(cell["source"]))
    path.write_text(json.dumps(notebook))
    return path


@dataclass(frozen=True)
class Ran:
    """A notebook after Run All."""

    cells: tuple[dict[str, Any], ...]
    seconds: float  # of the processor, so that a busy machine does not matter
    memory: float  # MiB, at most
    figures: tuple[dict[str, Any], ...]

    def outputs(self) -> Iterator[tuple[Cell, dict[str, Any]]]:
        """Every output with its cell."""
        for cell in self.cells:
            for output in cell.get("outputs", ()):
                yield cell, output

    def complaints(self) -> list[str]:
        """What stopped, and what came over stderr: warnings come that way."""
        return [
            f"{cell['id']}: {output.get('evalue', '')}{''.join(output.get('text', ''))}"
            for cell, output in self.outputs()
            if output["output_type"] == "error" or output.get("name") == "stderr"
        ]

    def pictures(self) -> dict[str, str]:
        """The figure that each cell shows, by the cell's id."""
        return {
            cell["id"]: output["data"]["image/png"]
            for cell, output in self.outputs()
            if "image/png" in output.get("data", {})
        }

    def shown(self, kind: str) -> dict[str, str]:
        """What graded cells show, by grade_id: kind is text/plain or text/html."""
        return {
            nbgrader_of(cell)["grade_id"]: "".join(output["data"].get(kind, ""))
            for cell, output in self.outputs()
            if nbgrader_of(cell).get("grade") and output["output_type"] == "execute_result"
        }


def run_all(notebook: pathlib.Path) -> Ran:
    """Run every cell with the students' Python, in the notebook's own folder."""
    target = notebook.with_name("ran.ipynb")
    command = [str(load_course().python), str(RUN_ALL), str(notebook), str(target)]
    subprocess.run(command, cwd=notebook.parent, check=True, capture_output=True, timeout=300)
    ran = json.loads(target.read_text())
    about = ran["metadata"]["ran"]
    read = tuple({**cell, "source": "".join(cell["source"])} for cell in ran["cells"])
    return Ran(read, about["seconds"], about["memory"], tuple(about["figures"]))
