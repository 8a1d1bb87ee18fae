"""One student's wrong numbers in one function, and all that can be said of them by known mistakes, the shortest first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from autograder.checks.compare import Verdict, compare
from autograder.checks.hidden import HiddenTest
from autograder.course.assignment import Assignment
from autograder.kernels.contract import Function
from autograder.kernels.student import Student
from autograder.naming.bank import NAME_RTOL, How, Mistake, made_by_rule, mistakes_of
from autograder.naming.by_argument import by_argument
from autograder.naming.endings import Ending, Endings, alike, same_value
from autograder.naming.explain import factor_words, rules_upon_right
from autograder.naming.pairs import Table, all_pairs, pairs_of
from autograder.naming.patterns import listed
from autograder.naming.script import Answers, Script

Told = list[dict[str, Any]]
Ruled = tuple[Sequence[Verdict], Mapping[str, int]]  # what one test compared, and the sizes of its axes
ALIKE = 3  # so many that look alike are told; of more, none says much
PARTNERS = 4  # so many that explain some arrays are put together with all others
ALL_PAIRS = 8000  # where there are no more, every two are put together
COMMON = ("_zero", "_negative", "_twice", "_half", "_turned", "_reversed", "_one")  # of what is done to an argument


class Replays(Protocol):
    """What a case needs of the namer."""

    def that_agree(self, mistakes: Iterable[Mistake], endings: Endings) -> list[Mistake]:
        """Those that end every test as the student did."""

    def replay(self, mistake: Mistake, test: HiddenTest) -> Ending:
        """How a hidden test ends for a mistake over right functions."""

    def second_script(self, test: HiddenTest) -> Script:
        """The calls of one test with other numbers."""

    def right(self, assignment: Assignment) -> Mapping[str, Any]:
        """The right functions."""

    def table(self, kind: str, test: HiddenTest, mistakes: Any) -> Table:
        """What all mistakes of one kind answer in one test, computed once."""

    def tabled(self, test: HiddenTest, mistakes: Iterable[Mistake]) -> Table:
        """What these mistakes answer in one test."""


@dataclass
class Case:
    """Wrong numbers: how all tests ended, the answers in the first of them, and what each that decides compared."""

    replays: Replays
    function: Function
    endings: Endings
    answers: Answers
    rulings: Sequence[Ruled]
    student: Student

    @cached_property
    def sizes(self) -> dict[HiddenTest, Mapping[str, int]]:
        """The sizes of the axes in each deciding test that compared something."""
        tests = [test for test, ending in self.endings if not test.behaviour and ending.verdicts]
        return {test: sizes for test, (_, sizes) in zip(tests, self.rulings, strict=False)}

    @property
    def test(self) -> HiddenTest:
        """The test that tells most."""
        return self.endings[0][0]

    @property
    def assignment(self) -> Assignment:
        """Whose function it is."""
        return self.test.assignment

    def named(self) -> Told:
        """The first of these that says anything."""
        return (
            self.known(self.listed)
            or self.known(self.by_rule)
            or self.pattern(most=1)
            or self.known(self.by_argument)
            or self.known(self.pairs)
            or self.pattern()
            or self.known(self.partners())
            or self.with_a_factor()
            or self.array_by_array()
            or self.here_only()
        )

    # ---- tables ------------------------------------------------------------------------------------------------------

    def table(self, kind: str, mistakes: Any) -> Table:
        """A table of this function's mistakes."""
        return self.replays.table(kind, self.test, lambda: mistakes(self.assignment, self.function.name))

    @cached_property
    def listed(self) -> Table:
        """Those that the bank lists."""
        return self.table("listed", mistakes_of)

    @cached_property
    def by_rule(self) -> Table:
        """Those that the bank makes by rule."""
        return self.table("by rule", made_by_rule)

    @cached_property
    def by_argument(self) -> Table:
        """Those of the arguments."""
        return self.table("by argument", by_argument)

    @cached_property
    def pairs(self) -> Table:
        """Every two, as far as they are not too many."""
        return self.table("two at once", self.two_at_once)

    def two_at_once(self, assignment: Assignment, function: str) -> Iterable[Mistake]:
        """Every two that compose: of all where that is not too many, else with a listed one among them."""
        first = self.listed.mistakes
        rest = [*self.by_rule.mistakes, *(m for m in self.by_argument.mistakes if m.id.endswith(COMMON))]
        every = [*first, *rest]
        if len(every) ** 2 <= 2 * ALL_PAIRS and not self.function.composed:
            return all_pairs((one, other) for n, one in enumerate(every) for other in every[n + 1 :])
        if (
            len(self.answers) > 1 and not self.function.composed
        ):  # what explains some arrays is put together with all others
            return pairs_of(assignment, function)
        return all_pairs((one, other) for n, one in enumerate(first) for other in every[n + 1 :])

    @property
    def singles(self) -> tuple[Table, ...]:
        """All tables of one mistake alone."""
        return self.listed, self.by_rule, self.by_argument

    def partners(self) -> Table:
        """Those that explain some arrays, each together with every other one."""
        every = [m for table in self.singles for m in table.mistakes]
        first = [m for m, _ in self.explaining()[:PARTNERS]]
        return self.replays.tabled(self.test, all_pairs((one, other) for one in first for other in every))

    # ---- what is told ------------------------------------------------------------------------------------------------

    def known(self, table: Table) -> Told:
        """Known mistakes that give all numbers."""
        found = self.replays.that_agree(table.like(self.answers), self.endings)
        if table is self.listed:
            if len(found) > 1:
                found = [m for m in found if self.again(m)] or found
        else:
            found = [m for m in found if self.again(m)][:ALIKE]
        return [mistake.told() for mistake in found]

    # ---- a second look -----------------------------------------------------------------------------------------------

    @cached_property
    def second(self) -> tuple[Script, Answers]:
        """The same calls with other numbers, and what the student answers there."""
        script = self.replays.second_script(self.test)
        return script, script.asked(lambda name, arguments: self.student.ask(name, *arguments).value)

    def again(self, mistake: Mistake, factor: float = 1.0, arrays: Collection[str] = ()) -> bool:
        """Whether a mistake gives the student's numbers, or these arrays, for other inputs too: no coincidence of one draw."""
        script, mine = self.second
        theirs = script.answers(mistake.make(self.right), self.right)
        keys = [key for key in mine if not arrays or key[1] in arrays]
        return bool(keys) and all(
            key in theirs and same_value(mine[key], factor * theirs[key], max(mistake.rtol, NAME_RTOL)) for key in keys
        )

    @property
    def right(self) -> Mapping[str, Any]:
        """The right functions."""
        return self.replays.right(self.assignment)

    @cached_property
    def second_ruling(self) -> list[Ruled]:
        """The second look as a test that compares it with the right numbers; nothing where the arrays go by other names."""
        script, mine = self.second
        right = script.answers({}, self.right)
        if (
            not mine
            or {name for _, name in mine} != {v.name for v in self.rulings[0][0]}
            or len(mine) != len(self.rulings[0][0])
        ):
            return []
        verdicts = [compare(key[1], mine[key], right[key]) for key in mine if key in right]
        return [(verdicts, self.rulings[0][1])]

    def pattern(self, most: int | None = None) -> Told:
        """Rules that make all wrong arrays of the right ones, at most so many."""
        rules = self.rules
        if not rules or (most is not None and len(rules) > most):
            return []
        return [
            {"id": "rule", "title": "; ".join(rules), "reread": f"what makes {listed(self.wrong)}.", "kind": How.RULE}
        ]

    @cached_property
    def rules(self) -> list[str]:
        """The rules that make all wrong arrays of the right ones."""
        return rules_upon_right([*self.rulings, *self.second_ruling])

    def with_a_factor(self) -> Told:
        """A known mistake, and every number of it times one factor."""
        for table in self.singles:
            found: dict[int, list[float]] = {}
            for key, array in self.answers.items():
                parallel = table.parallel(key, array)
                found = {
                    n: [*found.get(n, []), f]
                    for n, f in parallel.items()
                    if key == next(iter(self.answers)) or n in found
                }
            told = [
                (words, table.mistakes[place])
                for place, factors in found.items()
                for words in self.one_factor(table.mistakes[place], factors)
                if self.again(table.mistakes[place], factors[0])
            ]
            for words, mistake in sorted(told, key=lambda each: len(each[0]))[:1]:
                title = f"{mistake.title}; and every number of it is {words}"
                return [{**mistake.told(), "id": f"{mistake.id}+factor", "title": title}]
        return []

    def one_factor(self, mistake: Mistake, factors: Sequence[float]) -> list[str]:
        """The words of a factor that all arrays of all deciding tests share; none for a factor without a name."""
        if np.ptp(factors) > 1e-6 * abs(factors[0]) or abs(factors[0] - 1) < 1e-6:
            return []
        common: list[str] | None = None
        for (test, mine), theirs in self.deciding(mistake):
            if not mine.verdicts or len(mine.verdicts) != len(theirs.verdicts):
                return []
            value = mine.verdicts[0][2]
            other = np.asarray(theirs.verdicts[0][2], dtype=np.float64)
            factor = float(np.sum(value * other) / np.sum(other * other))
            if not all(
                same_value(a, factor * np.asarray(b), mistake.rtol)
                for (_, _, a), (_, _, b) in zip(mine.verdicts, theirs.verdicts, strict=True)
            ):
                return []
            words = [*factor_words(factor, self.sizes[test])]
            common = words if common is None else [word for word in common if word in words]
        return (common or [])[:1]

    def array_by_array(self) -> Told:
        """Two known mistakes that give all wrong arrays between them, or one and a rule; else those arrays that one gives."""
        found = self.explaining()
        wrong = {*self.wrong}
        for one, first in found:
            rest = wrong - first
            if not rest:
                return [self.part(one, first, How.PARTS)]
            for other, second in found:
                if rest <= second and other is not one:
                    return [self.part(one, first, How.PARTS), self.part(other, rest, How.PARTS)]
            tests = [*self.rulings, *self.second_ruling]
            rules = rules_upon_right([([v for v in verdicts if v.name in rest], sizes) for verdicts, sizes in tests])
            if rules:
                rule = {
                    "id": "rule",
                    "title": "; ".join(rules),
                    "reread": "",
                    "kind": How.RULE,
                    "arrays": tuple(sorted(rest)),
                }
                return [self.part(one, first, How.PARTS), rule]
        if found:
            most = [each for each in found if len(each[1]) == len(found[0][1])]
            if len(most) < ALIKE:
                return [self.part(one, arrays, How.PARTLY) for one, arrays in most]
        return []

    def part(self, mistake: Mistake, arrays: set[str], kind: How) -> dict[str, Any]:
        """A mistake that gives some arrays."""
        return {**mistake.told(), "kind": kind, "arrays": tuple(name for name in self.wrong if name in arrays)}

    def here_only(self) -> Told:
        """A mistake that gives all numbers of the test that tells most, and not those of others."""
        for table in self.singles:
            like = [
                m
                for m in table.like(self.answers)
                if alike(self.endings[0][1], self.replays.replay(m, self.test), m.rtol, True) and self.again(m)
            ]
            if 0 < len(like) < ALIKE:
                return [{**m.told(), "kind": How.HERE} for m in like]
        return []

    # ---- array by array ----------------------------------------------------------------------------------------------

    @cached_property
    def wrong(self) -> list[str]:
        """The arrays that are wrong in any test that decides."""
        return [*dict.fromkeys(v.name for verdicts, _ in self.rulings for v in verdicts if not v.ok)]

    def explaining(self) -> list[tuple[Mistake, set[str]]]:
        """Each mistake that gives some wrong arrays exactly, in every deciding test, with those; the best first."""
        return self._explaining

    @cached_property
    def _explaining(self) -> list[tuple[Mistake, set[str]]]:
        found = []
        for table in self.singles:
            counts: dict[int, int] = {}
            for key, array in self.answers.items():
                if key[1] in self.wrong or len(self.answers) == 1:
                    for place in table.near(key, array):
                        counts[place] = counts.get(place, 0) + 1
            best = sorted(counts, key=lambda place: -counts[place])[: 3 * PARTNERS]
            for place in best:
                arrays, against = self.given_by(table.mistakes[place])
                if arrays and self.again(table.mistakes[place], arrays=arrays):
                    found.append((table.mistakes[place], arrays, against))
        found.sort(key=lambda each: (-len(each[1]), each[2]))
        return [(mistake, arrays) for mistake, arrays, _ in found]

    def given_by(self, mistake: Mistake) -> tuple[set[str], int]:
        """The wrong arrays that are a mistake's in every deciding test; and how many it has wrong that are right here."""
        same, against = {*self.wrong}, 0
        for (_, mine), theirs in self.deciding(mistake):
            if not mine.verdicts:
                continue
            other = {name: (ok, value) for name, ok, value in theirs.verdicts}
            for name, ok, value in mine.verdicts:
                their_ok, their_value = other.get(name, (True, None))
                if ok:
                    against += not their_ok
                elif their_value is None or not same_value(value, their_value, mistake.rtol):
                    same.discard(name)
        return same, against

    def deciding(self, mistake: Mistake) -> Iterator[tuple[tuple[HiddenTest, Ending], Ending]]:
        """Each deciding test as it ended here and for a mistake."""
        for test, mine in self.endings:
            if not test.behaviour:
                yield (test, mine), self.replays.replay(mistake, test)
