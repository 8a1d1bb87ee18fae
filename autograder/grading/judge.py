"""Runs the hidden suites on one student and turns what they found into points and results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.checks.compare import Ruling, Verdict
from autograder.checks.hidden import Finding, HiddenTest, run_test
from autograder.course.assignment import Assignment
from autograder.grading.numbers import wrong_numbers
from autograder.grading.picture import rows_of
from autograder.grading.results import ArrayResult, CheckResult, FunctionResult, Named, Outcome, Picture, by_share
from autograder.grading.suites import SuiteError, collect
from autograder.kernels.student import Student
from autograder.naming.bank import How, mistakes_of
from autograder.naming.clues import Clue
from autograder.naming.endings import alike, ending_of
from autograder.naming.patterns import describe, has_time, sizes_of
from autograder.naming.replay import Findings, Namer

EXPLAINS_ALL = (How.KNOWN, How.RULE, How.PARTS)


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
        namer = Namer(tests)
        for test in (found[0] for found in tests.values()):
            test.suite.known = lambda findings: is_known(namer, findings)
        return cls(seed, tests, cost_share, namer if naming else None)

    def grade(self, assignment: Assignment, student: Student, points: Mapping[str, float]) -> dict[str, FunctionResult]:
        """Grade every function that has points in the notebook."""
        findings: Findings = {name: [] for name in points}
        for test in self.tests.get(assignment.name, []):
            if test.function in findings:
                findings[test.function].append((test, run_test(test, student)))
        results = {name: self._result(name, points[name], findings, student) for name in points}
        return {
            name: replace(result, fix_first=lowest_failed(name, assignment, results))
            if result.points < result.max_points
            else result
            for name, result in results.items()
        }

    def _result(self, name: str, points: float, findings: Findings, student: Student) -> FunctionResult:
        try:
            return self._judged(name, points, findings, student)
        except SuiteError:
            raise
        except Exception as error:  # whatever a student's numbers do to us costs this function, and the teacher sees it
            failed = CheckResult(f"All checks of {name}.", 1.0, 0.0, Outcome.FAULT)
            return FunctionResult(name, 0.0, points, (failed,), faults=(f"judging {name}: {error!r:.300}",))

    def _judged(self, name: str, points: float, findings: Findings, student: Student) -> FunctionResult:
        found = charged(findings[name])
        if not found:
            raise SuiteError(f"The notebook has points for {name}, but no hidden suite grades it.")
        decided = [item for item, finding in found if not finding.undecided]
        weights = [0.0 if finding.undecided else self._weight(item, decided) for item, finding in found]
        main = [(w, f.share) for w, (i, f) in zip(weights, found, strict=True) if w and not i.behaviour]
        cap = sum(w * s for w, s in main) / sum(w for w, _ in main) if main else 1.0
        shares = [min(f.share, cap) if i.behaviour else f.share for i, f in found]
        checks = tuple(check(i, f, w, s) for (i, f), w, s in zip(found, weights, shares, strict=True))
        errors = tuple(f"{i.name}: {f.error!r:.300}" for i, f in found if f.error is not None)
        if not decided:
            errors += (f"no hidden test of {name} had anything to compare",)
        keeps = min((f.ruling.keeps for _, f in found if f.ruling is not None), default=1.0)
        reached = sum(w * s for w, s in zip(weights, shares, strict=True)) / (sum(weights) or 1.0)
        earned = points * min(reached, keeps)
        blocked = next((c.blocked_by for c in checks if c.blocked_by), "")
        mistakes: tuple[Named, ...] = ()
        next_step: Clue | None = None
        if self.namer is not None and earned < points:
            try:
                mistakes = tuple(Named(**told) for told in self.namer.diagnose(findings, name, student))
                if not any(m.kind in EXPLAINS_ALL for m in mistakes):
                    next_step = self.namer.next_step(findings, name, student)
            except Exception as error:  # the marks count without a name for the mistake; the teacher sees it
                errors += (f"naming the mistake in {name}: {error!r:.300}",)
        numbers = wrong_numbers(found) if earned < points else ""
        return FunctionResult(
            name, round(earned, 2), points, checks, blocked, mistakes, errors, clue=next_step, numbers=numbers
        )

    def _weight(self, item: HiddenTest, items: Sequence[HiddenTest]) -> float:
        """The marker's weight; the tests on cost together weigh what course.toml sets aside for cost."""
        if not item.cost or self.cost_share is None:
            return item.weight
        others = sum(i.weight for i in items if not i.cost)
        costs = sum(i.weight for i in items if i.cost)
        return others * self.cost_share / (1 - self.cost_share) * item.weight / costs


def lowest_failed(name: str, assignment: Assignment, results: Mapping[str, FunctionResult]) -> str:
    """The first of the functions below this one, in the order of the notebook, that failed its own checks; or nothing."""
    below: set[str] = set()
    todo = [name]
    while todo:
        needed = set(assignment.functions[todo.pop()].needs) - below
        below |= needed
        todo += needed
    return next((f for f in assignment.functions if f in below and f in results and results[f].failed), "")


def is_known(namer: Namer, findings: Sequence[tuple[HiddenTest, Finding]]) -> bool:
    """Whether these findings on one function are those of one known mistake."""
    endings = [(test, ending_of(finding)) for test, finding in findings]
    first = endings[0][0]
    return any(ending.verdicts for _, ending in endings) and any(
        all(alike(ending, namer.replay(mistake, test), mistake.rtol, True) for test, ending in endings)
        for mistake in mistakes_of(first.assignment, first.function)
    )


def charged(found: Sequence[tuple[HiddenTest, Finding]]) -> list[tuple[HiddenTest, Finding]]:
    """The findings on one function; an argument that it changed in any call is charged, unless a check has done so."""
    changed = [
        (t, finding) for t, finding in found if finding.changed and finding.error is None and not finding.undecided
    ]
    if any(finding.ruling is not None and not finding.ruling.arrays for _, finding in changed):
        return list(found)
    pay = {test for test, _ in changed if test.behaviour} or {test for test, _ in changed}
    return [(test, untidy(finding) if test in pay else finding) for test, finding in found]


def untidy(finding: Finding) -> Finding:
    """The finding of a check in which an argument was changed."""
    return Finding(Ruling((Verdict("", False, finding.changed),), arrays=False), notes=finding.notes)


def check(item: HiddenTest, finding: Finding, weight: float, share: float) -> CheckResult:
    """A finding as a result, without the numbers that were compared. share: what of its weight counts."""
    ruling, failure, function = finding.ruling, finding.failure, item.function
    arrays: tuple[ArrayResult, ...] = ()
    pictures: tuple[Picture, ...] = ()
    sentence = failure.sentence if failure is not None else ""
    if ruling is not None:
        verdicts = ruling.verdicts if ruling.arrays else ()
        row = item.assignment.functions[function]
        sizes = sizes_of(verdicts, row)
        told = [describe(v, has_time(v, row), sizes) if ruling.ceiling else v.sentence for v in verdicts]
        arrays = tuple(ArrayResult(v.name, v.ok, said) for v, said in zip(verdicts, told, strict=True))
        shown = ((v, rows_of(v.wrong)) for v in verdicts)
        pictures = tuple(Picture(v.name, rows, v.wrong is not None and v.wrong.ndim == 3) for v, rows in shown if rows)
        sentence = " ".join(
            filter(None, [ruling.sentence, *(v.sentence for v in ruling.verdicts if not ruling.arrays)])
        )
    return CheckResult(
        title=item.title,
        weight=weight,
        share=0.0 if finding.undecided else share,
        outcome=outcome_of(finding, share, function),
        sentence=sentence,
        arrays=arrays,
        notes=finding.notes,
        behaviour=item.behaviour,
        pictures=pictures,
        blocked_by=failure.function if failure is not None and failure.function != function else "",
        capped=share < finding.share,
    )


def outcome_of(finding: Finding, share: float, function: str) -> Outcome:
    """How a test of a function ended, in a word."""
    if finding.undecided:
        return Outcome.UNDECIDED
    if finding.error is not None:
        return Outcome.FAULT
    if finding.failure is not None:
        if finding.failure.function != function:
            return Outcome.BLOCKED
        return Outcome.UNWRITTEN if finding.failure.kind == "stub" else Outcome.FAILED
    if finding.ruling is None and share < finding.share:
        return Outcome.HELD
    return by_share(share)
