"""Runs the hidden suites on one student and turns what they found into points and reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.checks.hidden import Finding, HiddenTest, run_test
from autograder.course.assignment import Assignment
from autograder.grading.picture import rows_of
from autograder.grading.suites import SuiteError, collect
from autograder.kernels.student import Student
from autograder.naming.patterns import describe, has_time, sizes_of
from autograder.naming.replay import Findings, Namer

CAPPED = "This holds, and counts as far as the numbers are right."


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
class Judge:
    """The hidden suites of some assignments, ready to be run on one student after another."""

    seed: str
    tests: Mapping[str, Sequence[HiddenTest]]
    cost_share: float | None = None
    namer: Namer | None = None

    @classmethod
    def of(
        cls, assignments: Sequence[Assignment], seed: str, cost_share: float | None = None, *, naming: bool = False
    ) -> Judge:
        """A judge with these assignments' suites collected. Raises SuiteError."""
        tests = collect(assignments, seed)
        return cls(seed, tests, cost_share, Namer(tests) if naming else None)

    def grade(self, assignment: Assignment, student: Student, points: Mapping[str, float]) -> dict[str, FunctionResult]:
        """Grade every function that has points in the notebook."""
        findings: Findings = {name: [] for name in points}
        for test in self.tests.get(assignment.name, []):
            if test.function in findings:
                findings[test.function].append((test, run_test(test, student)))
        return {name: self._result(name, points[name], findings, student) for name in points}

    def _result(self, name: str, points: float, findings: Findings, student: Student) -> FunctionResult:
        found = findings[name]
        if not found:
            raise SuiteError(f"The notebook has points for {name}, but no hidden suite grades it.")
        weights = [self._weight(item, [i for i, _ in found]) for item, _ in found]
        main = [(w, f.share) for w, (i, f) in zip(weights, found, strict=True) if not i.behaviour]
        cap = sum(w * s for w, s in main) / sum(w for w, _ in main) if main else 1.0
        shares = [min(f.share, cap) if i.behaviour else f.share for i, f in found]
        checks = tuple(check(i, f, w, s, name) for (i, f), w, s in zip(found, weights, shares, strict=True))
        earned = points * sum(w * s for w, s in zip(weights, shares, strict=True)) / sum(weights)
        blocked = next((f.failure.function for _, f in found if f.failure and f.failure.function != name), "")
        errors = tuple(f"{i.name}: {f.error!r}" for i, f in found if f.error is not None)
        mistakes: Sequence[Mapping[str, str]] = ()
        if self.namer is not None and earned < points:
            try:
                mistakes = self.namer.diagnose(findings, name, student)
            except Exception as error:  # the marks stand without a name for the mistake; the teacher is told
                errors += (f"naming the mistake in {name}: {error!r}",)
        return FunctionResult(name, round(earned, 2), points, checks, blocked, tuple(mistakes), errors)

    def _weight(self, item: HiddenTest, items: Sequence[HiddenTest]) -> float:
        """The marker's weight; the tests on cost together weigh what course.toml sets aside for cost."""
        if not item.cost or self.cost_share is None:
            return item.weight
        others = sum(i.weight for i in items if not i.cost)
        costs = sum(i.weight for i in items if i.cost)
        return others * self.cost_share / (1 - self.cost_share) * item.weight / costs


def check(item: HiddenTest, finding: Finding, weight: float, share: float, function: str) -> Check:
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
