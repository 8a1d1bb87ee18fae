"""Puts the rubric of each hand-graded answer below it, in the autograded notebook: the formgrader and the feedback show it."""

from __future__ import annotations

import pathlib
import re
from functools import lru_cache
from typing import Any

SECTION = re.compile(r"^## (?P<name>\w+) \([\d.]+ points?\)\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def rubrics(path: pathlib.Path) -> dict[str, str]:
    """The sections of a rubric.md by the answer they are for; none where there is no such file."""
    return _read(path, path.stat().st_mtime_ns) if path.exists() else {}


@lru_cache(maxsize=16)
def _read(path: pathlib.Path, _: int) -> dict[str, str]:
    return {m["name"]: m["text"].strip() for m in SECTION.finditer(path.read_text(encoding="utf-8"))}


def with_rubrics(notebook: dict[str, Any], sections: dict[str, str]) -> dict[str, Any]:
    """The notebook with a text cell behind each answer that has a rubric. The submission itself is not touched."""
    cells = []
    for cell in notebook["cells"]:
        cells.append(cell)
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name in sections and cell["metadata"]["nbgrader"].get("solution"):
            text = f"**Rubric for {name}, for the grader and for you**\n\n{sections[name]}"
            cells.append({"cell_type": "markdown", "id": f"rubric-{name}"[:64], "metadata": {}, "source": text})
    return {**notebook, "cells": cells}
