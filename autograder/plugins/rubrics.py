"""Puts the rubric of each hand-graded answer below it: all of it for the grader, what course.toml says for students."""

from __future__ import annotations

import pathlib
import re
import unicodedata
from functools import lru_cache
from typing import Any

from autograder.grading.repair import KEY

SECTION = re.compile(r"^## (?P<name>\w+)(?: \([\d.]+ points?\))?\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
STEPS = re.compile(r"^\|.*\n(?:\|.*(?:\n|\Z))+", re.MULTILINE)  # the first table


def rubrics(path: pathlib.Path) -> dict[str, str]:
    """The sections of a rubric.md by the answer they are for; none where there is no such file."""
    return _read(path, path.stat().st_mtime_ns) if path.exists() else {}


@lru_cache(maxsize=16)
def _read(path: pathlib.Path, _: int) -> dict[str, str]:
    return {m["name"]: m["text"].strip() for m in SECTION.finditer(path.read_text(encoding="utf-8"))}


def with_rubrics(notebook: dict[str, Any], sections: dict[str, str]) -> dict[str, Any]:
    """The notebook with a text cell behind each answer that has a rubric: the formgrader shows all of it.

    The cell's metadata say what it is. Students cannot write them: repair keeps no metadata of theirs.
    """
    cells = []
    taken = {cell.get("id") for cell in notebook["cells"]}
    for cell in notebook["cells"]:
        cells.append(cell)
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name in sections and cell["metadata"]["nbgrader"].get("solution"):
            wish = f"rubric-{name}"[:60]
            free = next(i for i in (wish, *(f"{wish}-{n}" for n in range(len(taken) + 1))) if i not in taken)
            taken.add(free)
            cells.append(
                {
                    "cell_type": "markdown",
                    "id": free,
                    "metadata": {KEY: {"rubric": name}},
                    "source": titled(name, sections),
                }
            )
    return {**notebook, "cells": cells}


def titled(name: str, sections: dict[str, str]) -> str:
    """The rubric of an answer under its heading; "" where there is none."""
    return f"**Rubric for {name}**\n\n{sections[name]}" if name in sections else ""


def for_students(source: str, rubric: str) -> str:
    """What a student reads of a rubric cell: "samples" is all of it, "steps" its heading and the table of steps."""
    if rubric == "samples":
        return source
    steps = STEPS.search(source) if rubric == "steps" else None
    return f"{source.splitlines()[0]}\n\n{steps[0]}" if steps else ""


def step_points(row: str) -> float:
    """The number in the last column of a row of steps: 0.5, ½, 1½; 0 where there is none."""
    last = row.rstrip().removesuffix("|").rpartition("|")[2].strip()
    number = re.fullmatch(r"(\d*(?:\.\d+)?)([¼½¾]?)", last)
    return float(number[1] or 0) + (unicodedata.numeric(number[2]) if number[2] else 0.0) if number else 0.0
