"""Grades the sample class in the real cage: a recipe in, what plain nbgrader would find out.

room = Classroom(tmp_path)
graded = room.grade(recipe)      # marks by function, reasons, repairs
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from autograder.course.settings import ROOT, load_course
from autograder.grading.executor import Executor
from autograder.grading.handed_in import HandedIn
from autograder.grading.repair import KEY, Template, read_template
from autograder.grading.results import SubmissionResult
from autograder.sample.recipes import Recipe

SEED = "a seed of the tests"


@dataclass(frozen=True)
class Outcome:
    """One graded submission."""

    notebook: dict[str, Any]

    @property
    def results(self) -> SubmissionResult:
        """What grading left in the notebook's metadata."""
        return SubmissionResult.from_json(self.notebook["metadata"][KEY])

    @property
    def marks(self) -> dict[str, float]:
        """Points by function, as in the metadata."""
        return {name: function.points for name, function in self.results.functions.items()}

    @property
    def shown(self) -> dict[str, float]:
        """Points by function, as nbgrader reads them: the text of the graded cells' outputs."""
        return {name: float(output["data"]["text/plain"]) for name, output in self.graded_outputs()}

    @property
    def feedback(self) -> dict[str, str]:
        """The HTML that the student reads, by function."""
        return {name: output["data"]["text/html"] for name, output in self.graded_outputs()}

    def graded_outputs(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The one output of each graded cell."""
        for cell in self.notebook["cells"]:
            meta = cell["metadata"].get("nbgrader", {})
            if meta.get("grade") and not meta.get("solution"):
                (output,) = cell["outputs"]
                yield meta["grade_id"].removeprefix("test_"), output

    def said(self) -> str:
        """All that grading says about the submission, without tags."""
        return re.sub(r"<[^>]+>", " ", " ".join(self.feedback.values()))


class Classroom:
    """A grader of its own, with a seed of its own, and a folder for what is handed in."""

    def __init__(self, folder: pathlib.Path, seed: str = SEED) -> None:
        self.folder = folder
        self.executor = Executor(load_course(), seed)
        self.executor.start()

    def grade(self, recipe: Recipe) -> Outcome:
        """Hand in, read and repair as nbgrader's exporter does, grade."""
        handed_in = HandedIn.read(recipe.hand_in(self.folder), f"{recipe.assignment}.ipynb")
        return Outcome(self.executor.submit(handed_in, recipe.assignment).result().notebook)

    def close(self) -> None:
        """End the worker and its cage."""
        self.executor.shutdown()


@cache
def template(assignment: str) -> Template:
    """What was given out."""
    source, release = (ROOT / tree / assignment / f"{assignment}.ipynb" for tree in ("source", "release"))
    return read_template(source, release)


@contextmanager
def open_classroom(folder: pathlib.Path, seed: str = SEED) -> Iterator[Classroom]:
    """A classroom that is closed at the end."""
    room = Classroom(folder, seed)
    try:
        yield room
    finally:
        room.close()
