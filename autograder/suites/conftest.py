"""Fixtures of the hidden suites.

Under plain pytest the student is our own reference solution; under the worker and in an instructor's notebook the judge
provides the submission and the course seed.
"""

from __future__ import annotations

import pytest

from autograder.grading.judge import DRAWN, SEED, STUDENT
from autograder.kernels.student import Student
from autograder.problems import Draw
from autograder.solutions import reference_student


def pytest_configure(config: pytest.Config) -> None:
    """Where no judge set a course seed, the public one serves."""
    config.stash.setdefault(SEED, "public")
    config.stash.setdefault(DRAWN, {})


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Student:
    """The functions of the submission that is being graded."""
    found = request.config.stash.get(STUDENT, None)
    return found if found is not None else reference_student(request.module.__name__.rpartition("test_")[2])


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> Draw:
    """Draws this suite's problems from the course seed; the same call gives the same problem all run long."""
    stash = request.config.stash
    return Draw(stash[SEED], request.module.__name__.rpartition(".")[2], stash[DRAWN])
