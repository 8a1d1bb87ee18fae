"""The sample class: every student hands in every assignment, and what each should get is known beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from autograder.course.settings import Course
from autograder.sample.recipes import Recipe


def classes(course: Course) -> Mapping[str, tuple[Recipe, ...]]:
    """The sample class of every assignment that has one, by the assignment's name."""
    return {name: found for name, assignment in course.assignments.items() if (found := class_of(assignment.package))}


@cache
def class_of(package: str) -> tuple[Recipe, ...]:
    """The sample class of one assignment's package; empty where it has none."""
    import importlib
    import importlib.util

    if importlib.util.find_spec(f"{package}.sample") is None:
        return ()
    found: tuple[Recipe, ...] = importlib.import_module(f"{package}.sample").CLASS
    return found
