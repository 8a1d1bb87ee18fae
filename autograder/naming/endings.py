"""How a hidden test ended, as what can be compared: the student's ending with a known mistake's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.hidden import Finding, HiddenTest
from autograder.kernels.student import Odd

LINE = re.compile(r" \(line \d+ of (?:its cell|another cell|the cell of \w+)\)")
SINGLE_RTOL = 1e-5  # where the numbers are float32's


@dataclass(frozen=True)
class Ending:
    """How one hidden test ended: passed, with these verdicts and at most ceiling, or by an exception in these words."""

    passed: bool = False
    verdicts: tuple[tuple[str, bool, Any], ...] = ()
    ceiling: float = 1.0
    raised: str = ""


Endings = list[tuple[HiddenTest, Ending]]


def agree(endings: Endings, replayed: Iterator[Ending], rtol: float) -> bool:
    """Whether a replay ends as the student did, test by test; where there are numbers, they alone are looked at."""
    numbers = any(ending.verdicts for _, ending in endings)
    return all(alike(mine, other, rtol, numbers) for (_, mine), other in zip(endings, replayed, strict=True))


def ending_of(finding: Finding) -> Ending:
    """A finding as what can be compared."""
    if finding.failure is not None:
        said = finding.failure.kind == "raised" and ": " in finding.failure.full
        return Ending(raised=LINE.sub("", finding.failure.full) if said else "")
    if finding.ruling is None:
        return Ending(passed=finding.error is None)
    verdicts = tuple((v.name, v.ok, v.sentence if v.actual is None else v.actual) for v in finding.ruling.verdicts)
    return Ending(False, verdicts, finding.ruling.ceiling)


def alike(mine: Ending, other: Ending, rtol: float, numbers: bool) -> bool:
    """Whether a test ended for the mistake as for the student. Beside numbers, a call that failed says nothing."""
    if not mine.passed and not mine.verdicts:
        return numbers or (bool(mine.raised) and mine.raised == other.raised)
    if mine.passed or other.passed:
        return mine.passed and other.passed
    if mine.ceiling != other.ceiling or len(mine.verdicts) != len(other.verdicts):
        return False  # the one compared with PyTorch, the other with differences of a wrong forward
    return all(
        name == their_name and ok == their_ok and same_value(value, theirs, rtol)
        for (name, ok, value), (their_name, their_ok, theirs) in zip(mine.verdicts, other.verdicts, strict=True)
    )


def same_value(mine: Any, other: Any, rtol: float) -> bool:
    """Equal to rounding; a sentence, or what stands where an array should, to the letter."""
    if isinstance(mine, (str, Odd)) or isinstance(other, (str, Odd)):
        return type(mine) is type(other) and bool(mine == other)
    a, b = np.asarray(mine), np.asarray(other)
    if a.shape != b.shape or a.dtype.kind not in "fiub" or b.dtype.kind not in "fiub":
        return False
    a, b = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(all="ignore"):
        if np.array_equal(a, a.astype(np.float32)):
            rtol = max(rtol, SINGLE_RTOL)
        scale = float(np.max(np.abs(b[np.isfinite(b)]), initial=0.0))
        close = (np.abs(a - b) <= rtol * scale) | (a == b) | (np.isnan(a) & np.isnan(b))
    return bool(close.all())
