"""Points: read from an assignment's script, and written wherever its text shows them.

The metadata of a graded cell is the one place that has them (course.toml may change them). In a text cell,
``{points:rnn_backward}`` stands for the points of that cell; ``{points:rnn_forward + derive_bptt}`` for a sum;
``{points:part 7}`` for all graded cells below the heading ``## 7 · …``; ``{points:all}`` for the whole notebook.
``machine`` and ``hand`` keep one kind of cell: ``{points:machine}``, ``{points:part 7 hand}``. A word ``points`` right
behind it becomes ``point`` where the number is 1.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST = 1000  # far below the number that a graded cell shows where no suite ran
RANGE = f"a number above 0 and at most {MOST}, with at most two decimals"
HEADER = re.compile(r"^# %%.*?\bnbgrader=(\{[^{}]*\})", re.MULTILINE)
PART = re.compile(r"^## (\d+) · ", re.MULTILINE)
PLACEHOLDER = re.compile(r"\{points:([^{}\n]*)\}(?:(\s+)points?\b)?")
KINDS = {"all": (False, True), "machine": (False,), "hand": (True,)}  # graded by hand?
BRACE = re.compile(r"\{\s*(\w+)\s*[:=][^{}\n]*\}?")


class PointsError(ValueError):
    """A placeholder in an author's text that stands for nothing; the message says what to write."""


@dataclass(frozen=True)
class Graded:
    """A graded cell: its grade_id, its points, who grades it and the part of the notebook that it is in."""

    name: str
    points: float
    by_hand: bool
    part: str


def valid(value: Any) -> bool:
    """Whether nbgrader and our grading, which rounds to two decimals, can both give these points."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and 0 < value <= MOST and round(value, 2) == value


def shown(points: float) -> str:
    """Points as a reader expects them: 8, 2.5."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def own_points(script: str) -> dict[str, Any]:
    """The points of each graded cell by grade_id, from the text of a jupytext script."""
    found = {}
    for header in HEADER.finditer(script):
        try:
            about = json.loads(header[1])
        except json.JSONDecodeError:
            continue  # jupytext finds no metadata in such a line either
        if about.get("grade"):
            found[str(about.get("grade_id"))] = about.get("points")
    return found


def full_name(name: str, names: Iterable[str]) -> str | None:
    """The grade_id that a person means by a name: rnn_backward is test_rnn_backward; None where there is none."""
    return next((known for known in (name, f"test_{name}") if known in names), None)


def closest(name: str, names: Iterable[str]) -> str:
    """What somebody who wrote a wrong name may have meant, in words; functions without their test_."""
    known = [one.removeprefix("test_") for one in names]
    near = difflib.get_close_matches(name.removeprefix("test_"), known)
    return these(near) if near else f"known names: {', '.join(known) or 'none'}"


def these(near: Sequence[str]) -> str:
    """The closest names in words."""
    return f"the closest name is {near[0]}" if len(near) == 1 else f"the closest names are {', '.join(near)}"


def graded_cells(cells: Sequence[Mapping[str, Any]]) -> list[Graded]:
    """The graded cells of a notebook, in order."""
    part, found = "", []
    for cell in cells:
        if cell["cell_type"] == "markdown" and (heading := PART.search(cell["source"])):
            part = heading[1]
        about = cell["metadata"].get("nbgrader", {})
        if about.get("grade"):
            found.append(Graded(about.get("grade_id", ""), about.get("points", 0), bool(about.get("solution")), part))
    return found


def with_points(text: str, graded: Sequence[Graded]) -> str:
    """A text with its placeholders filled. Raises PointsError for one that names nothing."""

    def number(found: re.Match[str]) -> str:
        total = sum(one.points for term in found[1].split("+") for one in chosen(term, graded, found[1]))
        noun = "" if found[2] is None else f"{found[2]}{'point' if total == 1 else 'points'}"
        return shown(total) + noun

    filled = PLACEHOLDER.sub(number, text)
    for brace in BRACE.finditer(filled):
        if difflib.get_close_matches(brace[1].lower(), ["points"], cutoff=0.75):
            raise PointsError(f"{brace[0]} is not filled in: write {{points:NAME}}.")
    return filled


def chosen(term: str, graded: Sequence[Graded], whole: str) -> list[Graded]:
    """The cells that one term of a placeholder stands for. Raises PointsError where there are none."""
    words = term.split()
    name = full_name(" ".join(words), [one.name for one in graded])
    if name is not None:
        return [one for one in graded if one.name == name]
    among = graded
    if len(words) > 1 and words[0] == "part":
        among = [one for one in graded if one.part == words[1]]
        words = words[2:] or ["all"]
    kinds = KINDS.get(" ".join(words), ())
    found = [one for one in among if one.by_hand in kinds]
    if not found:
        parts = [f"part {part}" for part in dict.fromkeys(one.part for one in graded) if part]
        known = [*(one.name for one in graded), *parts, *KINDS]
        raise PointsError(f"{{points:{whole}}} stands for no graded cell; {closest(term.strip(), known)}.")
    return found
