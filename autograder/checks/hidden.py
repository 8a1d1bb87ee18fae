"""One hidden test: what it asks, and how it ended for one student."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

from autograder.checks.compare import Ruling, Undecided, Wrong, noting
from autograder.course.assignment import Assignment
from autograder.kernels.student import Answer, CallFailed, Student
from autograder.kernels.submission import Code


@dataclass(frozen=True, eq=False)
class HiddenTest:
    """A test of a hidden suite, with what its markers say and what pytest's fixtures gave to it.

    weight is the share of its function's points that it decides. behaviour: it counts only as far as the function's own
    numbers are right. cost: it takes the share that course.toml sets aside for cost. suite: all tests of its assignment.
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
    suite: Suite


@dataclass(frozen=True)
class Call:
    """One call of a student's function."""

    name: str
    arguments: tuple[Any, ...]
    value: Any


@dataclass(frozen=True)
class Finding:
    """How one test ended: nothing (passed), a ruling, a failed call, an error of the suite itself, or undecided.

    calls: what the student was asked on the way, and answered. changed says which argument the tested function changed.
    followed: it passed because its wrong numbers are what the student's own lower functions give.
    """

    ruling: Ruling | None = None
    failure: CallFailed | None = None
    error: BaseException | None = None
    notes: tuple[str, ...] = ()
    undecided: bool = False
    calls: tuple[Call, ...] = ()
    changed: str = ""
    followed: bool = False

    @property
    def share(self) -> float:
        """The part of the test's points that was earned."""
        if self.failure is not None or self.error is not None:
            return 0.0
        return self.ruling.share if self.ruling is not None else 1.0


Findings = Sequence[tuple[HiddenTest, Finding]]


@dataclass(eq=False)
class Suite:
    """The hidden tests of one assignment, the problems drawn for them, and whether findings are a known mistake's."""

    drawn: Mapping[Any, Any] = field(default_factory=dict)  # as in Draw, of all suites that were collected together
    tests: list[HiddenTest] = field(default_factory=list)
    known: Callable[[Findings], bool] = lambda findings: False


@dataclass
class Run:
    """A hidden test that runs now, on one student, and what is noticed of it."""

    test: HiddenTest
    student: Student
    calls: list[Call] = field(default_factory=list)
    changed: str = ""
    followed: bool = False


@dataclass
class Watched(Student):
    """The student of a run: notices what is asked and answered, and the arguments that the tested function changes."""

    run: Run | None = None

    def __post_init__(self) -> None:
        """Nothing of its own: the run's student is asked."""

    def ask(self, name: str, *arguments: Any) -> Answer:
        """As Student.ask."""
        assert self.run is not None
        answer = self.run.student.ask(name, *arguments)
        self.run.calls.append(Call(name, arguments, answer.value))
        if name == self.run.test.function:
            self.run.changed = self.run.changed or changed_argument(name, answer)
        return answer


_running: ContextVar[Run] = ContextVar("running")
_first: WeakKeyDictionary[Code, dict[HiddenTest, Finding]] = WeakKeyDictionary()  # of each submission


def running() -> Run:
    """The innermost hidden test that runs now."""
    return _running.get()


def run_test(test: HiddenTest, student: Student) -> Finding:
    """Run one test on one student."""
    run = Run(test, student)
    watched = Watched(student.code, student.functions, student.dead, run=run)
    arguments = {name: watched if name == "student" else value for name, value in test.arguments.items()}
    with noting() as notes, innermost(run):
        found = ending(lambda: test.call(**arguments))
    found = replace(
        found,
        notes=tuple(dict.fromkeys(notes)),
        calls=tuple(run.calls),
        changed=run.changed,
        followed=run.followed,
    )
    if found.error is None:
        _first.setdefault(student.code, {}).setdefault(test, found)
    return found


def ending(call: Callable[[], None]) -> Finding:
    """How a call of a test's own function ends."""
    try:
        call()
    except Wrong as wrong:
        return Finding(ruling=wrong.ruling)
    except Undecided:
        return Finding(undecided=True)
    except CallFailed as failure:
        return Finding(failure=failure)
    except Exception as error:  # the suite's own: recorded as a fault and reported to the teacher
        return Finding(error=error)
    return Finding()


@contextmanager
def innermost(run: Run) -> Iterator[None]:
    """Make this the test that runs now."""
    token = _running.set(run)
    try:
        yield
    finally:
        _running.reset(token)


def own_tests(function: str, cost: bool = False) -> Findings:
    """How the tests of a function ended when they first ran on this student, but for the one that is running.

    Those that decide its points; for a test of behaviour all but those on cost, or these alone. A test that has not run
    yet runs now.
    """
    here = running()
    tests = [
        test
        for test in here.test.suite.tests
        if test.function == function
        and test is not here.test
        and test.cost == cost
        and (here.test.behaviour or not test.behaviour)
    ]
    known = _first.setdefault(here.student.code, {})
    return [(test, known.get(test) or run_test(test, here.student)) for test in tests]


def changed_argument(name: str, answer: Answer) -> str:
    """The sentence on an argument that a call changed, or nothing; a cache is the student's business."""
    changed = [argument for argument in answer.changed if not argument.startswith("cache")]
    return f"{name} changed its argument {changed[0]}. Work on a copy." if changed else ""
