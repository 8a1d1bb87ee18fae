"""Fixtures of the hidden suites.

Under plain pytest the student is our own reference solution; where suites are graded, each run passes in a student, and the
course gives the seed.
"""

from __future__ import annotations

import pytest

from autograder.checks.draw import Draw
from autograder.course.settings import FILE, ROOT, load_course
from autograder.kernels.student import Student

SEED: pytest.StashKey[str] = pytest.StashKey()
DRAWN: pytest.StashKey[dict[object, object]] = pytest.StashKey()


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Student | None:
    """The functions of the submission that is graded: passed in later where suites are collected for grading."""
    if SEED in request.config.stash:
        return None
    repository = next((folder for folder in request.path.parents if (folder / FILE).exists()), ROOT)
    return load_course(repository).assignment(name_of(request)).reference


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> Draw:
    """Draws this suite's problems from the course seed; the same call gives the same problem all run long."""
    stash = request.config.stash
    return Draw(stash.get(SEED, "public"), f"test_{name_of(request)}", stash.setdefault(DRAWN, {}))


def name_of(request: pytest.FixtureRequest) -> str:
    """The assignment that a suite belongs to: the package that holds it."""
    folder = request.path.parent
    return folder.parent.name if folder.name == "suite" else folder.name
