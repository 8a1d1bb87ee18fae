"""The sample class: every student hands in every assignment, and what each should get is known beforehand."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.sample import a1_linear_fit
from autograder.sample.recipes import Recipe

CLASSES: Mapping[str, tuple[Recipe, ...]] = {
    "a1_linear_fit": a1_linear_fit.CLASS,
}
