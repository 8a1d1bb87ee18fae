"""Collects hidden suites: pytest resolves every test's fixtures once, and from then on a test is a plain call."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from autograder.checks.fixtures import DRAWN, SEED
from autograder.checks.hidden import HiddenTest, Suite
from autograder.course.assignment import Assignment

MARKERS = (
    "weight(n): the share of its function's points that a hidden test decides",
    "behaviour: counts only as far as the function's own numbers are right",
    "title(text): what the student reads of a test with parameters, instead of the docstring",
    "cost: takes the share of the points that course.toml sets aside for cost; runs last, since it may outlast a limit",
)
OPTIONS = ("-c", os.devnull, "--import-mode=importlib", "--assert=plain", "-p", "autograder.checks.fixtures")
WITHOUT = ("cacheprovider", "logging", "capture", "warnings", "terminal", "xdist", "hypothesispytest")


class SuiteError(RuntimeError):
    """A hidden suite is not well made; the message tells its author what to do."""


class Collector:
    """A pytest plugin that keeps every test with the fixtures that pytest gave it, and runs none."""

    def __init__(self, assignments: Iterable[Assignment], seed: str) -> None:
        self.owners = {path: assignment for assignment in assignments for path in assignment.suite}
        self.drawn: dict[object, object] = {}
        self.suites = {assignment.name: Suite(self.drawn) for assignment in self.owners.values()}
        self.seed = seed
        self.tests: list[HiddenTest] = []
        self.troubles: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Tell the fixtures the course seed."""
        config.stash[SEED] = self.seed
        config.stash[DRAWN] = self.drawn
        for marker in MARKERS:
            config.addinivalue_line("markers", marker)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """Keep the test in place of running it."""
        names = pyfuncitem.function.__code__.co_varnames[: pyfuncitem.function.__code__.co_argcount]
        arguments = {name: pyfuncitem.funcargs[name] for name in names if name in pyfuncitem.funcargs}
        assignment = self.owners[pyfuncitem.path]
        try:
            self.tests.append(read_test(pyfuncitem, assignment, arguments, self.suites[assignment.name]))
        except SuiteError as error:
            self.troubles.append(str(error))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember a fixture that failed, or a test that is not well made."""
        if report.failed:
            self.troubles.append(f"{report.nodeid}: {report.longrepr}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember a suite that cannot be imported."""
        if report.failed:
            self.troubles.append(f"{report.nodeid}: {report.longrepr}")


def collect(assignments: Sequence[Assignment], seed: str) -> dict[str, list[HiddenTest]]:
    """The hidden tests of these assignments by name, lower functions first, those on cost last. Raises SuiteError."""
    collector = Collector(assignments, seed)
    arguments = [*map(str, collector.owners), *OPTIONS, *(part for name in WITHOUT for part in ("-p", f"no:{name}"))]
    pytest.main(arguments, plugins=[collector])
    if collector.troubles:
        raise SuiteError("\n".join(collector.troubles))
    found: dict[str, list[HiddenTest]] = {assignment.name: [] for assignment in assignments}
    for test in collector.tests:
        found[test.assignment.name].append(test)
    for assignment in assignments:
        place = list(assignment.functions).index
        found[assignment.name].sort(key=lambda test: (test.cost, place(test.function)))
        collector.suites[assignment.name].tests = found[assignment.name]
        missing = [name for name in assignment.functions if name not in {t.function for t in found[assignment.name]}]
        if missing:
            raise SuiteError(
                f"The hidden suite of {assignment.name} has no test for {', '.join(missing)}. Add test_{missing[0]}_…."
            )
    return found


def read_test(item: pytest.Function, assignment: Assignment, arguments: dict[str, Any], suite: Suite) -> HiddenTest:
    """What a hidden test's name, docstring and markers say. Raises SuiteError where one is missing."""
    rest = item.originalname.removeprefix("test_")
    names = [name for name in assignment.functions if rest == name or rest.startswith(f"{name}_")]
    marked = item.get_closest_marker("title")
    title = marked.args[0] if marked else (item.function.__doc__ or "").strip().split("\n\n")[0]
    weight = item.get_closest_marker("weight")
    if not names or not title or weight is None:
        raise SuiteError(
            f"{item.nodeid}: a hidden test is named test_FUNCTION_…, has a docstring that the student may read, and a "
            "@pytest.mark.weight(n)."
        )
    return HiddenTest(
        assignment=assignment,
        function=max(names, key=len),
        name=item.name,
        title=" ".join(title.split()),
        weight=float(weight.args[0]),
        behaviour=item.get_closest_marker("behaviour") is not None,
        cost=item.get_closest_marker("cost") is not None,
        call=item.obj,
        arguments=arguments,
        suite=suite,
    )
