"""A next step for whoever has no name for a mistake: one true thing about what is right, as a kind and its values.

Nothing is guessed, and no hidden number is said: only which arrays, steps, sizes and checks are right, and how others differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from autograder.checks.compare import Verdict
from autograder.checks.hidden import Finding, HiddenTest
from autograder.kernels.contract import Array, Function
from autograder.kernels.student import Odd
from autograder.naming.patterns import closeness, factor_in_words, factor_of, has_time, listed, sizes_of

CLOSE = 1e-3  # relative: what is nearer than this is told in digits
STEEP = 100.0  # so many times larger upstream gradients are another case


class Kind(Enum):
    """What is right, or what it points at."""

    SLOW = "slow"
    CHANGES_ARGUMENT = "changes argument"
    NUMBERS_RIGHT = "numbers right"
    RIGHT_BUT_ONE_STEP = "right but for one step"
    RIGHT_BUT_ONE_ROW = "right but for one row"
    STOPS = "stops"
    FORM = "form"
    NOT_FINITE = "not finite"
    EXCHANGED = "exchanged"
    DIGITS = "digits"
    FACTOR = "factor"
    FACTORS = "factors"
    AT_ONE_STEP = "at one step"
    AT_ONE_ROW = "at one row"
    WHERE_SMALL = "where small"
    FLOW_RIGHT = "flow right"
    SUMS_RIGHT = "sums right"
    ARRAYS_RIGHT = "arrays right"
    LAST_STEPS = "last steps"
    FIRST_STEPS = "first steps"
    FIRST_UPDATE = "first update"
    DIAGONAL = "diagonal"
    OTHER_CHECK = "other check"
    ROW_FACTOR = "row factor"
    COLUMN_FACTOR = "column factor"
    SIGNS = "signs"
    SOME_ENTRIES = "some entries"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Clue:
    """One kind of next step, with the names, counts and words that its sentence needs."""

    kind: Kind
    values: tuple[str, ...] = ()


Found = Sequence[tuple[HiddenTest, Finding]]


def clue(found: Found, function: Function) -> Clue | None:
    """What to tell of a function that lost points; None where there is no code yet or nothing could be compared."""
    lost = [(test, finding) for test, finding in found if finding.share < 1 and not finding.undecided]
    if not lost and any(finding.changed for _, finding in found):  # charged by the judge: no test fails by it
        return Clue(Kind.CHANGES_ARGUMENT)
    if not lost or any(unwritten(finding) for _, finding in lost):
        return None
    decided = [(test, finding) for test, finding in lost if not (test.behaviour or test.cost)]
    if not decided:
        return right_but(lost, function)
    compared = [finding.ruling.verdicts for _, finding in decided if finding.ruling is not None]
    if not compared:
        return Clue(Kind.STOPS)
    return next(seen(compared[0], found, function), Clue(Kind.NOTHING))


def unwritten(finding: Finding) -> bool:
    """Whether the function, or one below it, is not there."""
    return finding.failure is not None and finding.failure.kind in ("missing", "stub")


def right_but(lost: Found, function: Function) -> Clue:
    """For who has lost nothing by the numbers that decide."""
    if all(test.cost for test, _ in lost):
        return Clue(Kind.SLOW)
    if any(finding.changed for _, finding in lost):
        return Clue(Kind.CHANGES_ARGUMENT)
    sizes = [sizes_given(finding, function) for test, finding in lost if not test.cost]
    for kind, axis in ((Kind.RIGHT_BUT_ONE_STEP, "T"), (Kind.RIGHT_BUT_ONE_ROW, "N")):
        if all(each.get(axis) == 1 for each in sizes):
            return Clue(kind)
    return Clue(Kind.NUMBERS_RIGHT)


def seen(verdicts: Sequence[Verdict], found: Found, function: Function) -> Iterator[Clue]:
    """Everything that is true of some wrong numbers, the most telling first."""
    wrong, right = [v for v in verdicts if not v.ok], [v.name for v in verdicts if v.ok]
    names = tuple(v.name for v in wrong)
    odd = tuple(v.name for v in wrong if v.wrong is None or v.expected is None)
    if odd:
        yield Clue(Kind.FORM, odd)
        return
    infinite = tuple(v.name for v in wrong if not np.isfinite(v.actual).all())
    if infinite:
        yield Clue(Kind.NOT_FINITE, infinite)
        return
    yield from exchanged(wrong)
    yield from digits(wrong)
    yield from factors(wrong, function)
    yield from at_sizes(found, function)
    if right:
        flows = {v.name: "N" in function.axes_of(v.name, v.expected.ndim) for v in verdicts if v.expected is not None}
        flowing, summed = [n for n in flows if flows[n]], [n for n in flows if not flows[n]]
        if flowing and not any(name in names for name in flowing):
            yield Clue(Kind.FLOW_RIGHT, (listed(flowing), listed(names)))
        if function.upstream and summed and not any(name in names for name in summed):
            yield Clue(Kind.SUMS_RIGHT, (listed(summed), listed(names)))
    yield from steps(wrong, function)
    if right:
        yield Clue(Kind.ARRAYS_RIGHT, (listed(right), listed(names)))
    yield from entries(wrong, function)
    yield from other_checks(found)


def exchanged(wrong: Sequence[Verdict]) -> Iterator[Clue]:
    """Each wrong array is the right one of another name."""
    order = []
    for one in wrong:
        same = [v.name for v in wrong if v is not one and closeness(one.actual)(one.actual, wanted(v))]
        order += same[:1]
    if len(wrong) > 1 and sorted(order) == sorted(v.name for v in wrong):
        yield Clue(Kind.EXCHANGED, (listed([v.name for v in wrong]), listed(order)))


def digits(wrong: Sequence[Verdict]) -> Iterator[Clue]:
    """All wrong arrays are close to the right ones."""
    off = max(float(np.max(np.abs(v.actual - wanted(v))) / (np.max(np.abs(wanted(v))) or 1.0)) for v in wrong)
    if 0 < off < CLOSE:
        yield Clue(Kind.DIGITS, (listed([v.name for v in wrong]), str(int(-np.log10(off)))))


def factors(wrong: Sequence[Verdict], function: Function) -> Iterator[Clue]:
    """Each wrong array of several numbers is the right one times one number."""
    sizes, said = sizes_of(wrong, function), []
    for v in wrong:
        factor = factor_of(v.actual, wanted(v))
        if factor is None or v.actual.size == 1:
            return
        said.append(factor_in_words(factor, sizes))
    names = listed([v.name for v in wrong])
    yield Clue(Kind.FACTOR if len(set(said)) == 1 else Kind.FACTORS, (names,))


def at_sizes(found: Found, function: Function) -> Iterator[Clue]:
    """The same function is right for one step, for one row, or where nothing large is injected."""
    passed = [finding for test, finding in found if finding.share == 1 and not finding.undecided and not test.cost]
    failed = [finding for test, finding in found if finding.ruling is not None and not test.behaviour]
    for kind, axis in ((Kind.AT_ONE_STEP, "T"), (Kind.AT_ONE_ROW, "N")):
        if any(sizes_given(finding, function).get(axis) == 1 for finding in passed):
            yield Clue(kind)
    if function.upstream:
        fine = [
            largest_upstream(f, function)
            for test, f in found
            if f.share == 1 and not (f.undecided or test.behaviour or test.cost)
        ]
        bad = [largest_upstream(finding, function) for finding in failed]
        if fine and bad and min(bad) > STEEP * max(fine) > 0:
            yield Clue(Kind.WHERE_SMALL)


def steps(wrong: Sequence[Verdict], function: Function) -> Iterator[Clue]:
    """Along time the first or the last steps of an array are right."""
    for v in wrong:
        if v.wrong is None or v.wrong.ndim == 0 or not has_time(v, function) or v.wrong.all():
            continue
        off = np.flatnonzero(v.wrong.reshape(len(v.wrong), -1).any(axis=1))
        axis = function.axes_of(v.name, v.wrong.ndim)[0]
        last, first = len(v.wrong) - 1 - int(off[-1]), int(off[0])
        if axis == "updates" and first:
            yield Clue(Kind.FIRST_UPDATE, (v.name, str(first)))
        elif function.upstream and last:
            yield Clue(Kind.LAST_STEPS, (v.name, str(last)))
        elif not function.upstream and first:
            yield Clue(Kind.FIRST_STEPS, (v.name, str(first)))


def entries(wrong: Sequence[Verdict], function: Function) -> Iterator[Clue]:
    """How the entries of one array are related to the right ones."""
    for v in wrong:
        right, value = wanted(v), np.asarray(v.actual, dtype=np.float64)
        if v.wrong is None or v.wrong.size < 2:
            continue
        if v.wrong.ndim == 2 and v.wrong.shape[0] == v.wrong.shape[1] and not np.diag(v.wrong).any():
            yield Clue(Kind.DIAGONAL, (v.name,))
        if not v.wrong.all():
            yield Clue(Kind.SOME_ENTRIES, (v.name, str(int((~v.wrong).sum())), str(v.wrong.size)))
        with np.errstate(all="ignore"):
            ratio = value / right
        if not np.isfinite(ratio).all():
            continue
        if ratio.ndim > 1:
            for kind, axis in ((Kind.ROW_FACTOR, -1), (Kind.COLUMN_FACTOR, tuple(range(ratio.ndim - 1)))):
                if ratio.shape[-1] > 1 and np.ptp(ratio, axis=axis).max() <= 1e-7 * np.abs(ratio).max():
                    yield Clue(kind, (v.name,))
        if (ratio > 0).all() or (ratio < 0).all():
            yield Clue(Kind.SIGNS, (v.name, "" if ratio.flat[0] > 0 else "opposite"))


def other_checks(found: Found) -> Iterator[Clue]:
    """Another check of the same numbers was passed."""
    for test, finding in found:
        if finding.share == 1 and not (finding.undecided or test.behaviour or test.cost):
            yield Clue(Kind.OTHER_CHECK, (test.title,))


# ---- what a test gave ------------------------------------------------------------------------------------------------


def given(finding: Finding, function: Function) -> Iterator[tuple[str, Array, np.ndarray]]:
    """The arrays that the tested function was given: by argument, as the contract calls them."""
    for call in finding.calls:
        if call.name == function.name:
            for (argument, spec), value in zip(function.arguments.items(), call.arguments, strict=False):
                for name, one in spec.items() if isinstance(spec, Mapping) else ((argument, spec),):
                    part = value.get(name) if isinstance(value, Mapping) else value
                    if isinstance(one, Array) and isinstance(part, np.ndarray):
                        yield argument, one, part


def sizes_given(finding: Finding, function: Function) -> dict[str, int]:
    """The sizes of the axes of what the tested function was given."""
    sizes: dict[str, int] = {}
    for _, spec, value in given(finding, function):
        if spec.axes is not None and len(spec.axes) == value.ndim:
            sizes |= dict(zip(spec.axes, value.shape, strict=True))
    return sizes


def largest_upstream(finding: Finding, function: Function) -> float:
    """The largest entry of what was injected."""
    values = [value for argument, _, value in given(finding, function) if argument in function.upstream]
    return max((float(np.max(np.abs(value))) for value in values if value.size), default=0.0)


def wanted(verdict: Verdict) -> Any:
    """The right array."""
    assert verdict.expected is not None
    assert not isinstance(verdict.actual, Odd)
    return verdict.expected
