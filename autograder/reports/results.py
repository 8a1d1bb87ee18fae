"""Reads the results that grading left in the autograded notebooks."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.course.settings import load_course
from autograder.grading.repair import KEY
from autograder.reports.course_files import Folder, course_directory, folders

REPAIRED = "repaired"  # the one kind of flag that asks nobody to do anything


@dataclass(frozen=True)
class Flag:
    """Something a person should know about a submission: its kind in a word or two, and the reason in a sentence."""

    kind: str
    reason: str


@dataclass(frozen=True)
class Graded:
    """One graded submission: results by function, and what was odd about the notebook."""

    student: str
    assignment: str
    functions: Mapping[str, Mapping[str, Any]]
    repairs: tuple[str, ...]
    stopped: tuple[str, ...]
    unreadable: str
    needs_look: bool
    flags: tuple[Flag, ...] = ()
    isolation: str = ""  # "cage" or "none"; empty in notebooks that were graded before it was recorded
    seed: str = ""  # fingerprint of the course seed
    submission: str = ""  # digest of what was graded
    by_hand: tuple[str, ...] = ()  # the answers that a person marks, in the notebook's order

    @property
    def points(self) -> float:
        """Points of the autograded functions."""
        return round(sum(float(f["points"]) for f in self.functions.values()), 2)

    @property
    def max_points(self) -> float:
        """Points that the autograded functions could give."""
        return sum(float(f["max_points"]) for f in self.functions.values())

    def headline(self) -> str:
        """One line on what was wrong, the first thing first."""
        if self.unreadable:
            return self.unreadable
        lost = [f for f in self.functions.values() if f["points"] < f["max_points"]]
        if not lost:
            return "; ".join(self.stopped[:1]) or "all right"
        if all(f["points"] == 0 for f in self.functions.values()) and all(unwritten(f) for f in lost):
            return "nothing written yet"
        lost.sort(key=lambda f: f["points"] - f["max_points"])
        more = f" (+{len(lost) - 1} more)" if len(lost) > 1 else ""
        return reason(lost[0]) + more


def reason(function: Mapping[str, Any]) -> str:
    """The first thing that cost a function points."""
    if function["mistakes"]:
        return f"{function['name']}: {function['mistakes'][0]['title']}"
    for check in function["checks"]:
        if check["share"] < 1:
            off = [name for name, ok, _ in check["arrays"] if not ok]
            if check["sentence"]:
                said = str(check["sentence"])
                return said if function["name"] in said else f"{function['name']}: {said}"
            if off:
                return f"{function['name']}: {', '.join(off)} wrong"
    return f"{function['name']}: full points were not reached"


def unwritten(function: Mapping[str, Any]) -> bool:
    """Whether a function is still the stub that was given out. Its results record this only as a sentence."""
    return "not written yet" in reason(function)


def read_results(root: pathlib.Path, assignment: str) -> list[Graded]:
    """Every wholly graded submission of an assignment, by student.

    A notebook without results is one whose grading was interrupted: it is skipped here.
    """
    found = folders(course_directory(root), "autograded_directory", assignment=assignment)
    return [graded for folder in found if (graded := read_graded(folder)) is not None]


def read_graded(folder: Folder) -> Graded | None:
    """The results in a folder of autograded/; None where it holds no wholly graded notebook."""
    notebook = read_notebook(folder.path / f"{folder.assignment}.ipynb")
    kept = dictionary(dictionary(notebook.get("metadata")).get(KEY))
    results = kept.get("functions")
    if not isinstance(results, dict):
        return None
    return Graded(
        student=folder.student,
        assignment=folder.assignment,
        functions=in_order(results, folder.assignment),
        repairs=tuple(kept.get("repairs", ())),
        stopped=tuple(kept.get("stopped", ())),
        unreadable=kept.get("unreadable", ""),
        needs_look=bool(kept.get("needs_look", False)),
        flags=read_flags(kept),
        isolation=kept.get("isolation", ""),
        seed=kept.get("seed", ""),
        submission=kept.get("submission", ""),
        by_hand=answers_by_hand(notebook),
    )


def read_notebook(path: pathlib.Path) -> dict[str, Any]:
    """A notebook as JSON; nothing where the file is missing, is no JSON or is cut off."""
    try:
        return dictionary(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return {}


def read_flags(kept: Mapping[str, Any]) -> tuple[Flag, ...]:
    """What grading flagged. Notebooks graded before flags were recorded say the same in other places."""
    if "flags" in kept:
        return tuple(Flag(flag["kind"], flag["reason"]) for flag in kept["flags"])
    flags = [Flag("unreadable", kept["unreadable"])] if kept.get("unreadable") else []
    flags += [Flag("grader fault", f"{f['name']}: {x}") for f in kept["functions"].values() for x in f["faults"]]
    return (*flags, *(Flag(REPAIRED, line) for line in kept.get("repairs", ())))


def graded_cells(notebook: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """The cells with points by grade_id, in the notebook's order, and whether a person marks them."""
    cells = notebook.get("cells")
    found = []
    for cell in cells if isinstance(cells, list) else []:
        meta = dictionary(dictionary(dictionary(cell).get("metadata")).get("nbgrader"))
        if meta.get("grade") or meta.get("task"):
            found.append((str(meta.get("grade_id")), bool(meta.get("solution") or meta.get("task"))))
    return found


def answers_by_hand(notebook: Mapping[str, Any]) -> tuple[str, ...]:
    """The answers of a notebook that a person marks."""
    return tuple(name for name, by_hand in graded_cells(notebook) if by_hand)


def in_order(functions: Mapping[str, Any], assignment: str) -> dict[str, Any]:
    """The functions in the order of the course; a notebook's metadata come back sorted by name."""
    known = load_course().assignments.get(assignment)
    order = list(known.functions) if known else []
    return {name: functions[name] for name in sorted(functions, key=lambda n: order.index(n) if n in order else 99)}


def dictionary(value: Any) -> dict[str, Any]:
    """The value where it is a dict, otherwise an empty one."""
    return value if isinstance(value, dict) else {}
