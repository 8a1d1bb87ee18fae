"""Runs the hidden suites on one student and turns what pytest saw into points and reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from autograder.compare import NOTES, Ruling, Wrong
from autograder.grading.picture import rows_of
from autograder.kernels.contract import CONTRACT, Function
from autograder.kernels.student import CallFailed, Student
from autograder.mistakes.patterns import describe, has_time, sizes_of

STUDENT: pytest.StashKey[Student] = pytest.StashKey()
SEED: pytest.StashKey[str] = pytest.StashKey()
DRAWN: pytest.StashKey[dict[Any, Any]] = pytest.StashKey()

MARKERS = (
    "weight(n): the share of its function's points that a hidden test decides",
    "behaviour: counts only as far as the function's own numbers are right",
    "cost: takes the share of the points that course.toml sets aside for cost; runs last, since it may outlast a limit",
)


CAPPED = "This holds, and counts as far as the numbers are right."


class SuiteError(RuntimeError):
    """A hidden suite is not well made; the message tells its author what to do."""


@dataclass(frozen=True)
class Check:
    """One hidden test's finding, fit for the student's eyes."""

    title: str
    weight: float
    share: float
    sentence: str = ""
    arrays: tuple[tuple[str, bool, str], ...] = ()
    notes: tuple[str, ...] = ()
    behaviour: bool = False
    pictures: tuple[tuple[str, tuple[str, ...], bool], ...] = ()  # array, its lines, whether they are time steps


@dataclass(frozen=True)
class FunctionResult:
    """One function's points and why. ``blocked_by`` names the lower function without which nothing could be decided."""

    name: str
    points: float
    max_points: float
    checks: tuple[Check, ...] = ()
    blocked_by: str = ""
    mistakes: tuple[Mapping[str, str], ...] = ()
    faults: tuple[str, ...] = ()


@dataclass
class Item:
    """A collected hidden test with what its markers say."""

    test: pytest.Function
    function: str
    title: str
    weight: float
    behaviour: bool
    cost: bool
    arguments: dict[str, Any] | None = None  # what pytest's fixtures gave; all but the student is the same for everyone


@dataclass
class Finding:
    """How one test ended: nothing (passed), a ruling, a failed call, or an error of the suite itself."""

    ruling: Ruling | None = None
    failure: CallFailed | None = None
    error: BaseException | None = None
    notes: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """The part of the test's points that was earned."""
        if self.failure is not None or self.error is not None:
            return 0.0
        return self.ruling.share if self.ruling is not None else 1.0


Diagnose = Callable[["Judge", Sequence[tuple[Item, Finding]], Student], Sequence[Mapping[str, str]]]


@dataclass
class Judge:
    """The suites, collected once. A pytest plugin: it sees each test's exception as it is."""

    seed: str
    cost_share: float | None = None
    diagnose: Diagnose | None = None
    items: dict[str, list[Item]] = field(default_factory=dict)
    config: pytest.Config | None = None
    replays: dict[Any, Any] = field(default_factory=dict)  # how the tests end for known mistakes
    _seen: BaseException | None = None
    _arguments: dict[str, Any] | None = None
    _graded: tuple[Student | None, dict[str, Finding]] = (None, {})

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make the course seed known to the suites' fixtures."""
        config.stash[SEED] = self.seed
        config.stash[DRAWN] = {}
        self.config = config

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Keep the exception of a test: it carries the ruling."""
        if call.excinfo is not None:
            self._seen = call.excinfo.value
            if call.when == "call":  # nobody reads pytest's own words, and a traceback in words costs 50 ms
                call.excinfo = None
        return (yield)

    def collect(self, tests: Iterable[pytest.Item]) -> None:
        """Sort the tests by assignment and function, those on cost last. Raises SuiteError."""
        for test in tests:
            assert isinstance(test, pytest.Function)
            assignment = test.module.__name__.rpartition("test_")[2]
            item = read_item(test, CONTRACT[assignment])
            self.items.setdefault(assignment, []).append(item)
        for assignment, items in self.items.items():
            items.sort(key=lambda i: i.cost)
            missing = [f.name for f in CONTRACT[assignment] if f.name not in {i.function for i in items}]
            if missing:
                raise SuiteError(
                    f"suites/test_{assignment}.py has no test for {', '.join(missing)}. Add test_{missing[0]}_…."
                )

    def run(self, item: Item, student: Student) -> Finding:
        """Run one test on one student. State between runs: none but the drawn problems.

        The first time pytest runs it and resolves its fixtures; these depend on the course seed alone, so from then on
        the test function is called with them and another student, at a tenth of the price.
        """
        NOTES.lines.clear()
        seen = self._by_pytest(item, student) if item.arguments is None else called(item, student)
        notes = tuple(dict.fromkeys(NOTES.lines))
        if isinstance(seen, Wrong):
            return Finding(ruling=seen.ruling, notes=notes)
        if isinstance(seen, CallFailed):
            return Finding(failure=seen, notes=notes)
        return Finding(error=seen, notes=notes)

    def _by_pytest(self, item: Item, student: Student) -> BaseException | None:
        assert self.config is not None
        self.config.stash[STUDENT] = student
        self._seen = None
        item.test._initrequest()
        runtestprotocol(item.test, log=False, nextitem=None)
        item.arguments, self._arguments = self._arguments, None
        return self._seen

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Any:
        """Keep what the fixtures gave to a test."""
        self._arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
        return (yield)

    def finding(self, item: Item, student: Student) -> Finding:
        """As run, but a test is run only once on the student who is being graded."""
        if self._graded[0] is not student:
            self._graded = student, {}
        found = self._graded[1]
        if item.test.nodeid not in found:
            found[item.test.nodeid] = self.run(item, student)
        return found[item.test.nodeid]

    def grade(self, assignment: str, student: Student, points: Mapping[str, float]) -> dict[str, FunctionResult]:
        """Grade every function that has points in the notebook."""
        self._graded = student, {}
        findings: dict[str, list[tuple[Item, Finding]]] = {name: [] for name in points}
        for item in self.items.get(assignment, []):
            if item.function in findings:
                findings[item.function].append((item, self.finding(item, student)))
        return {name: self._result(name, points[name], found, student) for name, found in findings.items()}

    def _result(
        self, name: str, points: float, found: Sequence[tuple[Item, Finding]], student: Student
    ) -> FunctionResult:
        if not found:
            raise SuiteError(f"The notebook has points for {name}, but no hidden suite grades it.")
        weights = [self._weight(item, [i for i, _ in found]) for item, _ in found]
        main = [(w, f.share) for w, (i, f) in zip(weights, found, strict=True) if not i.behaviour]
        cap = sum(w * s for w, s in main) / sum(w for w, _ in main) if main else 1.0
        shares = [min(f.share, cap) if i.behaviour else f.share for i, f in found]
        checks = tuple(check(i, f, w, s, name) for (i, f), w, s in zip(found, weights, shares, strict=True))
        earned = points * sum(w * s for w, s in zip(weights, shares, strict=True)) / sum(weights)
        blocked = next((f.failure.function for _, f in found if f.failure and f.failure.function != name), "")
        errors = tuple(f"{i.test.name}: {f.error!r}" for i, f in found if f.error is not None)
        mistakes: Sequence[Mapping[str, str]] = ()
        if self.diagnose is not None and earned < points:
            try:
                mistakes = self.diagnose(self, found, student)
            except Exception as error:  # the marks stand without a name for the mistake; the teacher is told
                errors += (f"naming the mistake in {name}: {error!r}",)
        return FunctionResult(name, round(earned, 2), points, checks, blocked, tuple(mistakes), errors)

    def _weight(self, item: Item, items: Sequence[Item]) -> float:
        """The marker's weight; the tests on cost together weigh what course.toml sets aside for cost."""
        if not item.cost or self.cost_share is None:
            return item.weight
        others = sum(i.weight for i in items if not i.cost)
        costs = sum(i.weight for i in items if i.cost)
        return others * self.cost_share / (1 - self.cost_share) * item.weight / costs


def called(item: Item, student: Student) -> BaseException | None:
    """Call a test with the fixtures that pytest resolved before, and this student; return what it raised."""
    assert item.arguments is not None
    try:
        item.test.obj(**{name: student if name == "student" else value for name, value in item.arguments.items()})
    except Exception as error:  # a ruling, a failed call, or an error of the suite: Finding tells them apart
        return error
    return None


def read_item(test: pytest.Function, contract: Sequence[Function]) -> Item:
    """What a hidden test's name, docstring and markers say. Raises SuiteError where one is missing."""
    rest = test.originalname.removeprefix("test_")
    names = [f.name for f in contract if rest == f.name or rest.startswith(f.name + "_")]
    title = (test.function.__doc__ or "").strip().split("\n\n")[0]
    weight = test.get_closest_marker("weight")
    if not names or not title or weight is None:
        raise SuiteError(
            f"{test.nodeid}: a hidden test is named test_FUNCTION_…, has a docstring that the student may read, and a "
            "@pytest.mark.weight(n)."
        )
    return Item(
        test,
        max(names, key=len),
        " ".join(title.split()),
        float(weight.args[0]),
        test.get_closest_marker("behaviour") is not None,
        test.get_closest_marker("cost") is not None,
    )


def check(item: Item, finding: Finding, weight: float, share: float, function: str) -> Check:
    """A finding in words."""
    arrays: tuple[tuple[str, bool, str], ...] = ()
    sentence = ""
    if finding.failure is not None:
        blocked = finding.failure.function != function
        sentence = (
            f"Blocked by {finding.failure.function}: {finding.failure.sentence}"
            if blocked
            else finding.failure.sentence
        )
    elif finding.ruling is not None:
        sizes = sizes_of(finding.ruling.verdicts)
        arrays = tuple(
            (v.name, v.ok, describe(v, has_time(v), sizes) if finding.ruling.ceiling else v.sentence)
            for v in finding.ruling.verdicts
            if v.name != "behaviour"
        )
        sentence = " ".join(
            [finding.ruling.sentence, *(v.sentence for v in finding.ruling.verdicts if v.name == "behaviour")]
        ).strip()
    elif finding.error is not None:
        sentence = "The grader itself failed here; your teacher has been told and will look at it."
    elif share < finding.share:
        sentence = CAPPED
    verdicts = finding.ruling.verdicts if finding.ruling is not None else ()
    pictures = tuple(
        (v.name, rows, v.wrong is not None and v.wrong.ndim == 3) for v in verdicts if (rows := rows_of(v.wrong))
    )
    return Check(item.title, weight, share, sentence, arrays, finding.notes, item.behaviour, pictures)
