"""The sample class: every student hands in every assignment, and what each should get is known beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from autograder.course.settings import Course
from autograder.sample.recipes import Recipe


def classes(course: Course) -> Mapping[str, tuple[Recipe, ...]]:
    """The sample class of every assignment that has one, by the assignment's name."""
    return {
        name: tuple(replace(recipe, course=course) for recipe in one.part("sample").CLASS)
        for name, one in course.assignments.items()
        if one.has("sample")
    }
