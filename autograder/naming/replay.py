"""Names a known mistake by replay: the same hidden tests, run on wrong references, give exactly the student's numbers.

A name is given only where it must be true. Every hidden test of the function (those on cost apart) has to end for the
mistake as it ended for the student: the same arrays to rounding, the same ones wrong, the same tests passed. The bank's
answers are computed once a run. Where functions below are wrong, the numbers may be theirs: then a function that is
built of them is replayed upon the student's own, and any other is not named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import CodeType
from typing import Any

import numpy as np

from autograder.checks.hidden import Finding, HiddenTest, run_test
from autograder.course.assignment import Assignment
from autograder.kernels.student import Answer, CallFailed, Student
from autograder.naming.bank import NAME_RTOL, How, Mistake, mistakes_of
from autograder.naming.case import Case
from autograder.naming.clues import Clue, clue, sizes_given
from autograder.naming.endings import Ending, Endings, agree, ending_of, same_value
from autograder.naming.pairs import Table
from autograder.naming.script import Script

Findings = dict[str, list[tuple[HiddenTest, Finding]]]


@dataclass
class Namer:
    """Names mistakes by replaying hidden tests on the bank; its answers are computed once."""

    tests: Mapping[str, Sequence[HiddenTest]]
    replayed: dict[tuple[str, str, str], Ending] = field(default_factory=dict)
    scripts: dict[HiddenTest, Script] = field(default_factory=dict)
    seconds: dict[HiddenTest, Script] = field(default_factory=dict)
    tables: dict[tuple[str, HiddenTest], Table] = field(default_factory=dict)  # by kind of mistake; made when asked for

    def diagnose(self, findings: Findings, function: str, student: Student) -> list[dict[str, Any]]:
        """What explains all findings of one function; several known mistakes where these inputs cannot tell them apart.

        Each is a dict with id, title and reread, and kind and arrays where it is not a known mistake alone. None is
        given that is not exactly what the student's numbers are.
        """
        endings = [(test, ending_of(finding)) for test, finding in findings[function] if not test.cost]
        if not any(ending.verdicts or (ending.raised and t.behaviour) for t, ending in endings):
            return []
        assignment = endings[0][0].assignment
        decided, behaved = self.ground_is_right(assignment, function, findings, student)
        if not decided:
            return [m.told() for m in upon_own(assignment, function, endings, student)]
        if not behaved:  # what repeats, changes or overflows may come from below
            endings = [(t, ending) for t, ending in endings if not t.behaviour]
            if all(ending.passed for _, ending in endings):
                return []
        endings = ordered(endings)
        test, ending = endings[0]
        calls = next(finding.calls for other, finding in findings[function] if other is test)
        if test.behaviour or not ending.verdicts:
            named = self.that_agree(mistakes_of(assignment, function), endings)
            return [{**m.told(), "kind": How.BESIDE} for m in named]
        answers = self.script(test).given_by(calls)
        if not answers:
            return [m.told() for m in self.that_agree(mistakes_of(assignment, function), endings)]
        row = assignment.functions[function]
        found = {t: f for t, f in findings[function] if f.ruling is not None}
        rulings = [
            (found[t].ruling.verdicts, sizes_given(found[t], row))  # type: ignore[union-attr]
            for t, ending in endings
            if not t.behaviour and ending.verdicts
        ]
        case = Case(self, row, endings, answers, rulings, student)
        return case.named() if behaved else case.known(case.listed)  # a lower one that changes its argument does much

    def next_step(self, findings: Findings, function: str, student: Student) -> Clue | None:
        """What to tell who has no name; None where the functions below are wrong, since those come first."""
        tests = findings[function]
        if not tests or not self.ground_is_right(tests[0][0].assignment, function, findings, student)[0]:
            return None
        return clue(tests, tests[0][0].assignment.functions[function])

    def that_agree(self, mistakes: Iterable[Mistake], endings: Endings) -> list[Mistake]:
        """Those that end every test as the student did; if there is none, those that end every deciding one so."""
        mistakes = [*mistakes]
        deciding = [(test, ending) for test, ending in endings if not test.behaviour]
        for tests in (endings, deciding):
            if any(ending.verdicts or ending.raised for _, ending in tests):
                found = [m for m in mistakes if agree(tests, (self.replay(m, test) for test, _ in tests), m.rtol)]
                if found:
                    return found
        return []

    def script(self, test: HiddenTest) -> Script:
        """The calls of one test."""
        if test not in self.scripts:
            self.scripts[test] = Script.of(test, reference(test.assignment))
        return self.scripts[test]

    def second_script(self, test: HiddenTest) -> Script:
        """The calls of one test with other numbers."""
        if test not in self.seconds:
            self.seconds[test] = self.script(test).varied(reference(test.assignment))
        return self.seconds[test]

    def right(self, assignment: Assignment) -> Mapping[str, Any]:
        """The right functions."""
        return reference(assignment)

    def table(self, kind: str, test: HiddenTest, mistakes: Callable[[], Iterable[Mistake]]) -> Table:
        """What all mistakes of one kind answer in one test."""
        if (kind, test) not in self.tables:
            self.tables[kind, test] = self.tabled(test, mistakes())
        return self.tables[kind, test]

    def tabled(self, test: HiddenTest, mistakes: Iterable[Mistake]) -> Table:
        """What these mistakes answer in one test."""
        script, right = self.script(test), reference(test.assignment)
        return Table.of((m, script.answers(m.make(right), right)) for m in mistakes)

    def replay(self, mistake: Mistake, test: HiddenTest) -> Ending:
        """How a hidden test ends for a mistake over right functions; computed once."""
        key = (test.assignment.name, mistake.id, test.name)
        if key not in self.replayed:
            namespace = {**reference(test.assignment), **wrong(test.assignment, mistake)}
            self.replayed[key] = run(test, namespace)
        return self.replayed[key]

    def ground_is_right(
        self, assignment: Assignment, function: str, findings: Findings, student: Student
    ) -> tuple[bool, bool]:
        """Whether the functions that this one may rest on have right numbers, and whether all else about them is right too.

        One that is not written carries nothing: it is no ground, right or wrong.
        """
        decided = behaved = True
        for test in self.tests[assignment.name]:
            if test.function not in below(assignment, function) or test.cost:
                continue
            known = (found for other, found in findings.get(test.function, ()) if other is test)
            finding = next(known, None) or run_test(test, student)
            if finding.share < 1 and not unwritten(finding.failure, test.function):
                behaved = False
                decided = decided and test.behaviour
        return decided, behaved


def ordered(endings: Endings) -> Endings:
    """Those that tell most first: arrays that decide, other arrays, then tests that were passed."""
    return sorted(endings, key=lambda pair: (not pair[1].verdicts, pair[0].behaviour))


# ---- replays ---------------------------------------------------------------------------------------------------------


def run(test: HiddenTest, namespace: Mapping[str, Any]) -> Ending:
    """How a hidden test ends for the functions of a namespace."""
    return ending_of(run_test(test, test.assignment.student(dict(namespace))))


@cache
def reference(assignment: Assignment) -> Mapping[str, Any]:
    """The right functions."""
    return assignment.namespace()


@cache
def wrong(assignment: Assignment, mistake: Mistake) -> Mapping[str, Any]:
    """The functions of a mistake over the right ones."""
    return mistake.make(reference(assignment))


def upon_own(assignment: Assignment, function: str, endings: Endings, student: Student) -> list[Mistake]:
    """The mistakes of a composed function that give the student's numbers upon the student's own lower functions.

    Only the function's own answer is listened to, in the tests that decide: what a suite then makes of it costs more.
    """
    deciding = [test for test, ending in endings if not test.behaviour]
    passed = all(ending.passed for test, ending in endings if not test.behaviour)
    if passed or not assignment.functions[function].composed:
        return []
    said = [answer(test, student, function) for test in deciding]
    ground = {**reference(assignment), **proxies(assignment, function, student)}
    right = dict(ground)
    exec(compile(assignment.solutions[function], f"<{assignment.name}: {function}>", "exec"), right)

    def says_the_same(namespace: Mapping[str, Any], rtol: float) -> bool:
        other = assignment.student(dict(namespace))
        return all(
            mine is not None and same_answer(mine, answer(test, other, function), rtol)
            for test, mine in zip(deciding, said, strict=True)
        )

    if says_the_same(right, NAME_RTOL):  # the lower functions' numbers, rightly put together
        return []
    made = [(mistake, mistake.make(ground)) for mistake in mistakes_of(assignment, function)]
    calls = [
        (mistake, functions) for mistake, functions in made if functions.keys() == {function}
    ]  # it calls the others
    return [mistake for mistake, functions in calls if says_the_same({**ground, **functions}, mistake.rtol)]


class Heard(Exception):
    """Ends a test when what was listened for has been said."""


@dataclass
class Listener(Student):
    """A student who says one thing: the first answer of one function."""

    listened: str = ""
    said: Any = None

    def ask(self, name: str, *arguments: Any) -> Answer:
        """As Student.ask. Raises Heard with the answer kept."""
        answer = super().ask(name, *arguments)
        if name == self.listened:
            self.said = answer.value
            raise Heard
        return answer


def answer(test: HiddenTest, student: Student, function: str) -> Any:
    """What a function answers first in a hidden test; None where it fails."""
    listener = Listener(student.code, student.functions, dict(student.dead), listened=function)
    run_test(test, listener)
    return listener.said


def same_answer(mine: Any, other: Any, rtol: float) -> bool:
    """Two answers of the same form with the same numbers."""
    if isinstance(mine, dict):
        return isinstance(other, dict) and all(same_answer(mine[key], other[key], rtol) for key in mine)
    if isinstance(mine, tuple):
        return isinstance(other, tuple) and all(same_answer(a, b, rtol) for a, b in zip(mine, other, strict=True))
    return other is not None and same_value(mine, other, rtol)


def proxies(assignment: Assignment, function: str, student: Student) -> dict[str, Callable[..., Any]]:
    """The student's functions but this one, as functions of this process that ask once; a stub leaves the right one."""
    shadow = Student(student.code, student.functions, dict(student.dead))
    kept: dict[Any, Any] = {}

    def proxy(name: str) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            key = (name, *map(frozen, arguments))
            if key not in kept:
                kept[key] = shadow.ask(name, *arguments).value
            return kept[key]

        return ask

    written = [name for name in assignment.functions if not is_stub(student, name)]
    return {name: proxy(name) for name in written if name != function}


def frozen(value: Any) -> Any:
    """An argument as a key."""
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, Mapping):
        return tuple((key, frozen(part)) for key, part in value.items())
    return tuple(map(frozen, value)) if isinstance(value, (list, tuple)) else value


def is_stub(student: Student, name: str) -> bool:
    """Whether a function is known not to be written."""
    fault = student.faults.get(name)
    return fault is not None and fault.kind in ("missing", "stub") and fault.function == name


# ---- the ground ------------------------------------------------------------------------------------------------------


def unwritten(failure: CallFailed | None, function: str) -> bool:
    """Whether a test failed because this function is not there."""
    return failure is not None and failure.function == function and failure.kind in ("missing", "stub")


@cache
def below(assignment: Assignment, function: str) -> frozenset[str]:
    """The functions that this one may rest on: by the contract, and by what the reference solutions call."""
    contract, namespace = assignment.functions, reference(assignment)
    found: set[str] = set()
    todo = [function]
    while todo:
        name = todo.pop()
        code = getattr(namespace.get(name), "__code__", None)
        needed = contract[name].needs if name in contract else ()
        for other in {*needed, *(names_in(code) if code else ())} - found:
            if callable(namespace.get(other)) and other != function:
                found.add(other)
                todo.append(other)
    return frozenset(found & contract.keys())


def names_in(code: CodeType) -> set[str]:
    """The global names that a function uses, also in what is nested in it."""
    inner = (names_in(const) for const in code.co_consts if isinstance(const, CodeType))
    return set(code.co_names).union(*inner)
