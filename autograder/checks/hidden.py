"""One hidden test: what it asks, and how it ended for one student."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.checks.compare import Ruling, Undecided, Wrong, noting
from autograder.course.assignment import Assignment
from autograder.kernels.student import CallFailed, Student


@dataclass(frozen=True, eq=False)
class HiddenTest:
    """A test of a hidden suite, with what its markers say and what pytest's fixtures gave to it.

    weight is the share of its function's points that it decides. behaviour: it counts only as far as the function's own
    numbers are right. cost: it takes the share that course.toml sets aside for cost.
    """

    assignment: Assignment
    function: str
    name: str
    title: str
    weight: float
    behaviour: bool
    cost: bool
    call: Callable[..., None]
    arguments: Mapping[str, Any]  # the student is passed in for each run


@dataclass(frozen=True)
class Finding:
    """How one test ended: nothing (passed), a ruling, a failed call, an error of the suite itself, or undecided."""

    ruling: Ruling | None = None
    failure: CallFailed | None = None
    error: BaseException | None = None
    notes: tuple[str, ...] = ()
    undecided: bool = False

    @property
    def share(self) -> float:
        """The part of the test's points that was earned."""
        if self.failure is not None or self.error is not None:
            return 0.0
        return self.ruling.share if self.ruling is not None else 1.0


def run_test(test: HiddenTest, student: Student) -> Finding:
    """Run one test on one student."""
    arguments = {name: student if name == "student" else value for name, value in test.arguments.items()}
    with noting() as notes:
        try:
            test.call(**arguments)
        except Wrong as wrong:
            return Finding(ruling=wrong.ruling, notes=tuple(dict.fromkeys(notes)))
        except Undecided:
            return Finding(notes=tuple(dict.fromkeys(notes)), undecided=True)
        except CallFailed as failure:
            return Finding(failure=failure, notes=tuple(dict.fromkeys(notes)))
        except Exception as error:  # the suite's own: recorded as a fault and reported to the teacher
            return Finding(error=error, notes=tuple(dict.fromkeys(notes)))
    return Finding(notes=tuple(dict.fromkeys(notes)))
