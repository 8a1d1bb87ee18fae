"""Reads the results that grading left in the autograded notebooks."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.grading.repair import KEY
from autograder.kernels.contract import CONTRACT


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
        if all(f["points"] == 0 for f in self.functions.values()) and all("not written" in reason(f) for f in lost):
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


def in_order(functions: Mapping[str, Any], assignment: str) -> dict[str, Any]:
    """The functions in the order of the course; a notebook's metadata come back sorted by name."""
    order = [f.name for f in CONTRACT.get(assignment, ())]
    return {name: functions[name] for name in sorted(functions, key=lambda n: order.index(n) if n in order else 99)}


def read_results(root: pathlib.Path, assignment: str) -> list[Graded]:
    """Every graded submission of an assignment, by student."""
    found = []
    for path in sorted(root.glob(f"autograded/*/{assignment}/{assignment}.ipynb")):
        kept = json.loads(path.read_text(encoding="utf-8"))["metadata"].get(KEY)
        if kept and "functions" in kept:
            found.append(
                Graded(
                    student=path.parent.parent.name,
                    assignment=assignment,
                    functions=in_order(kept["functions"], assignment),
                    repairs=tuple(kept["repairs"]),
                    stopped=tuple(kept["stopped"]),
                    unreadable=kept["unreadable"],
                    needs_look=kept["needs_look"],
                )
            )
    return found
