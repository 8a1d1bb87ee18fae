"""What an author excuses from the checks, always with the reason: the module exempt.py of an assignment's package.

    MISTAKES = {"function": "why it has no known mistake"}
    TWINS = {("mistake", "mistake"): "why the suite cannot always tell them apart; then both are named"}
    UNSEEN = {"mistake": "why the self-check, which knows no answers, does not see it"}
    PROBLEMS = {"draw_function or function": "why its problems break a rule of autograder/authoring/audit/problem_rules.py"}
    TOLERANCES = {"NAME": "why the suite has a tolerance of its own under this name"}
    GIVEN = {"a line of a solution": "why the notebook shows it somewhere else"}
    MUTANTS = {("function", "a piece of the change"): "why the changed solution is right all the same"}

Each may be missing, and so may the module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.course.assignment import Assignment

NAMES = ("MISTAKES", "TWINS", "UNSEEN", "PROBLEMS", "TOLERANCES", "GIVEN", "MUTANTS")


def exempt(assignment: Assignment, name: str) -> Mapping[Any, str]:
    """One of the tables above; empty where the assignment has none."""
    if name not in NAMES:
        raise KeyError(name)
    found: Mapping[Any, str] = getattr(assignment.part("exempt"), name, {}) if assignment.has("exempt") else {}
    return found
