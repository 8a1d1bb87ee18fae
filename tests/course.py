"""The course that the tests look at: its assignments by name, and their sample classes."""

from __future__ import annotations

from autograder.course.assignment import Assignment
from autograder.course.settings import load_course
from autograder.sample.classes import classes

COURSE = load_course()
NAMES = tuple(COURSE.assignments)
CLASSES = classes(COURSE)
OURS = ("a1_linear_fit", "a2_mlp_backprop", "a3_rnn_cell", "a4_bptt")  # what these promise is not asked of any other


def named(name: str) -> Assignment:
    """One assignment by its name."""
    return COURSE.assignment(name)
