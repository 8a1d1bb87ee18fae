"""How a submission of the sample class is made: the notebook as given out, with answers put in and accidents added."""

from __future__ import annotations

import copy
import importlib
import json
import pathlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from autograder.course.answers import split_answers
from autograder.course.assignment import Assignment
from autograder.course.cells import function_of, is_test, nbgrader_of, points_of
from autograder.course.settings import Course, load_course, package_of

Notebook = dict[str, Any]
Handed = Notebook | bytes | None  # a notebook, a file that is none, no file at all
Accident = Callable[[Notebook], Handed]
Answers = Mapping[str, str]


@dataclass(frozen=True)
class Recipe:
    """One submission. A function is answered as ``answers`` has it, else in the style of the file right/STYLE.py, else as our
    solution does.

    kind says in a line what this submission is. loses: the share of its points that a function loses (1 = all); a
    function not named loses nothing. stubs: functions left as they were given out. accident: what happens to the
    finished notebook (None from it: no file). repaired: what the list of repairs must name. stopped: how many cells had
    to be stopped. slips: a function is written and returns nothing, which a person should see. course: where the
    assignment is; None is this repository.
    """

    assignment: str
    kind: str
    student: str = ""
    style: str = ""
    answers: Answers = field(default_factory=dict)
    stubs: tuple[str, ...] = ()
    loses: Mapping[str, float] = field(default_factory=dict)
    loses_all: bool = False
    accident: Accident | None = None
    needs_look: bool = False
    file: str = ""
    repaired: tuple[str, ...] = ()
    stopped: int = 0
    slips: bool = False
    course: Course | None = field(default=None, compare=False, repr=False)

    @property
    def of(self) -> Assignment:
        """The assignment that this is a submission of."""
        return (self.course or our_course()).assignment(self.assignment)

    @property
    def styled(self) -> Answers:
        """The answers of this student's style, by function."""
        return self.of.right[self.style] if self.style else {}

    def expected(self) -> dict[str, float]:
        """Points by function."""
        points = {}
        for cell in released(self.of)["cells"]:
            if is_test(cell):
                name = function_of(cell)
                lost = 1.0 if self.loses_all or name in self.stubs else self.loses.get(name, 0.0)
                points[name] = round(points_of(cell) * (1 - lost), 2)
        return points

    def make(self) -> bytes | None:
        """The file as handed in; None where nothing is."""
        notebook = released(self.of)
        answers = {
            **self.of.solutions,
            **self.styled,
            **{name: self.answer(name) for name in self.answers},
        }
        for cell in notebook["cells"]:
            name = nbgrader_of(cell).get("grade_id", "")
            if nbgrader_of(cell).get("solution") and cell["cell_type"] == "code" and name not in self.stubs:
                cell["source"] = answers[name]
        result = self.accident(notebook) if self.accident else notebook
        return saved(result) if isinstance(result, dict) else result

    def answer(self, name: str) -> str:
        """One of ``answers``, below the helpers that stand with the function in this student's style."""
        helpers = self.styled.get(name, "").partition(f"def {name}(")[0].strip()
        return f"{helpers}\n\n\n{self.answers[name]}" if helpers else self.answers[name]

    def hand_in(self, submitted: pathlib.Path) -> pathlib.Path:
        """Write the submission below a submitted/ folder; return its folder."""
        folder = submitted / self.student / self.assignment
        folder.mkdir(parents=True, exist_ok=True)
        data = self.make()
        if data is not None:
            (folder / (self.file or f"{self.assignment}.ipynb")).write_bytes(data)
        return folder


def seated(first: int, recipes: Sequence[Recipe]) -> tuple[Recipe, ...]:
    """A class: each recipe gets a student, beginning with number ``first``, so that nobody is of one kind everywhere."""
    numbers = [(first - 1 + place) % len(recipes) + 1 for place in range(len(recipes))]
    named = [replace(recipe, student=f"student-{n:03}") for n, recipe in zip(numbers, recipes, strict=True)]
    return tuple(sorted(named, key=lambda recipe: recipe.student))


def written(assignment: str, text: str) -> dict[str, str]:
    """A piece of Python as answers by function, see split_answers; assignment is a name as course.toml lists it."""
    functions = importlib.import_module(f"{package_of(assignment)}.contract").FUNCTIONS
    return split_answers(text, {one.name for one in functions})


def in_style(assignment: str, style: str) -> Answers:
    """The answers of right/STYLE.py of an assignment of this course, by function."""
    return our_course().assignment(assignment).right[style]


@cache
def our_course() -> Course:
    """The course of this repository, read once."""
    return load_course()


def released(assignment: Assignment) -> Notebook:
    """A fresh copy of the notebook as given out, cell texts joined."""
    return copy.deepcopy(read_released(assignment))


@cache
def read_released(assignment: Assignment) -> Notebook:
    """The notebook as given out, read once."""
    notebook: Notebook = json.loads(assignment.release.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def saved(notebook: Notebook) -> bytes:
    """The notebook as today's Jupyter writes it."""
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()
