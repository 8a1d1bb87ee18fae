"""What can be seen of a wrong array without a name for its mistake: how much, where, since when, and in what pattern.

Nothing here is a guess, and nothing of the hidden inputs or of the right numbers is said: counts, places, shapes, and
factors between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.compare import RTOL, Verdict
from autograder.kernels.contract import Function
from autograder.kernels.student import Odd

Array = np.ndarray

FACTORS = (1e-3, 1e3)  # those that are said in digits, two of them: more would tell students their inputs
NAMED = ("N", "T", "C")  # sizes by which people divide, or forget to


def describe(verdict: Verdict, time_axis: bool, sizes: Mapping[str, int] | None = None) -> str:
    """What is wrong with one array, in sentences for the student; "" for a right one.

    time_axis: whether its first axis is time. sizes: those that may be called by name, see sizes_of.
    """
    value, wanted = verdict.actual, verdict.expected
    if verdict.ok or value is None or wanted is None or isinstance(value, Odd):
        return "" if verdict.ok else verdict.sentence
    value = np.asarray(value)
    if value.dtype.kind not in "fiub":
        return verdict.sentence
    if value.shape != wanted.shape:
        with np.errstate(all="ignore"):
            return sentences(verdict.sentence, reshaped(value, wanted))
    if verdict.wrong is None or not np.isfinite(value).all() or not np.isfinite(wanted).all():
        return sentences(verdict.sentence, not_finite(value))
    with np.errstate(all="ignore"):
        whole = whole_pattern(value, wanted, closeness(value), sizes or {})
        parts = [whole] if whole else places(verdict.wrong, np.abs(value - wanted), time_axis)
    return sentences(verdict.sentence, *parts)


def sizes_of(verdicts: Iterable[Verdict], function: Function) -> dict[str, int]:
    """The sizes T, N and C that the shapes of a check's arrays show, by the axes that the contract gives them."""
    sizes: dict[str, int] = {}
    for verdict in verdicts:
        if verdict.expected is not None:
            axes = function.axes_of(verdict.name, verdict.expected.ndim)
            sizes |= {name: size for name, size in zip(axes, verdict.expected.shape, strict=False) if name in NAMED}
    return sizes


def has_time(verdict: Verdict, function: Function) -> bool:
    """Whether the first axis of this array is time."""
    return verdict.expected is not None and function.time_first(verdict.name, verdict.expected.ndim)


def sentences(*parts: str) -> str:
    """Parts as sentences, one after the other."""
    ended = (part if part.endswith(".") else f"{part}." for part in parts if part)
    return " ".join(part[0].upper() + part[1:] if i else part for i, part in enumerate(ended))


# ---- one rule for all entries ----------------------------------------------------------------------------------------


def whole_pattern(value: Array, wanted: Array, near: Callable[[Array, Array], bool], sizes: Mapping[str, int]) -> str:
    """How all entries are related to the right ones."""
    if not value.any():
        return "all entries are zero" if value.size > 1 else "it is zero"
    if not wanted.any():
        return "the correct value is zero"
    factor = factor_of(value, wanted)
    if factor is not None:
        words = factor_in_words(factor, sizes)
        if words == "-1":
            return "the sign is flipped"
        if value.size > 1:
            if words or FACTORS[0] <= abs(factor) <= FACTORS[1]:
                return f"every entry is the right one times {words or format(factor, '.2g')}"
            return "every entry is the right one times one and the same number"
        return f"it is the right one times {words}" if words else ""
    if value.size == 1:
        return ""
    if value.ndim == 2 and value.shape[0] == value.shape[1] and near(value, wanted.T):
        return "these are the right numbers, transposed"
    if near(value, wanted[::-1]):
        return "these are the right numbers in reverse order"
    if near(value, np.full_like(value, value.flat[0])):
        return "all entries are the same number, but the right ones differ"
    if near(value - wanted, np.full_like(value, (value - wanted).flat[0])):
        return "every entry is off by the same amount"
    return ""


def factor_of(value: Array, wanted: Array) -> float | None:
    """The number by which all right entries have been multiplied, if it is that."""
    if value.shape != wanted.shape or not wanted.any():
        return None
    factor = float(np.sum(value * wanted) / np.sum(wanted * wanted))
    return factor if factor and closeness(value)(value, factor * wanted) else None


def factor_in_words(factor: float, sizes: Mapping[str, int]) -> str:
    """A constant by its name if common mistakes produce it, such as 1/(N·T); else ""."""
    known = {"-1": -1.0, "2": 2.0, "1/2": 0.5, "-2": -2.0, "-1/2": -0.5, "4": 4.0, "1/4": 0.25}
    names = [name for name in NAMED if sizes.get(name, 1) > 1]
    products = {name: float(sizes[name]) for name in names}
    products |= {f"{a}·{b}": float(sizes[a] * sizes[b]) for a, b in (("N", "T"), ("N", "C")) if {a, b} <= {*names}}
    if {"N", "T", "C"} <= {*names}:
        products["N·T·C"] = float(sizes["N"] * sizes["T"] * sizes["C"])
    for name, size in products.items():
        known |= {name: size, f"1/{name}" if len(name) == 1 else f"1/({name})": 1 / size}
    return " or ".join(name for name, value in known.items() if abs(factor / value - 1) < 1e-6)


def reshaped(value: Array, wanted: Array) -> str:
    """How numbers of another shape are related to the right ones."""
    near = closeness(value)
    if value.size == wanted.size and value.ndim == wanted.ndim == 2 and near(value, wanted.T):
        return "these are the right numbers, transposed"
    if value.size == wanted.size and near(value.reshape(wanted.shape), wanted):
        return "the numbers are right, only their shape is not"
    rows_kept = wanted.ndim == 1 and value.ndim > 1 and value.shape[-1:] == wanted.shape
    if rows_kept and near(value.reshape(-1, *wanted.shape).sum(axis=0), wanted):
        return "summed over its first axes, it would be right"
    if value.ndim == wanted.ndim and value.shape[1:] == wanted.shape[1:] and len(value) and len(wanted):
        shared = min(len(value), len(wanted))
        first, last = near(value[:shared], wanted[:shared]), near(value[-shared:], wanted[-shared:])
        if first or last:
            more = {1: "there is one too many", -1: "one is missing"}.get(len(value) - len(wanted), "")
            where = "at the end" if first else "at the beginning"
            return f"the numbers are right, but {more} {where}" if more else ""
    return ""


# ---- places ----------------------------------------------------------------------------------------------------------


def places(wrong: Array, error: Array, time_axis: bool) -> list[str]:
    """Where the wrong entries are, and where the worst of them is."""
    if wrong.ndim == 0 or wrong.size == 1:
        return []
    worst = np.unravel_index(int(np.argmax(np.where(wrong, error, -1.0))), wrong.shape)
    index = ", ".join(str(int(i)) for i in worst)
    if wrong.sum() == 1:
        return [f"it is entry [{index}]"]
    return [steps(wrong) if time_axis and len(wrong) > 1 else rows(wrong), f"the worst one is entry [{index}]"]


def steps(wrong: Array) -> str:
    """In which steps an array with time first is wrong, counted from the end where the end is right."""
    off = np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))
    last, first = len(wrong) - 1 - int(off[-1]), int(off[0])
    if len(off) == 1 and len(wrong) > 2:
        place = "the last step" if last == 0 else "the first step" if first == 0 else f"one step, {ago(last)}"
        return f"only {place} is wrong"
    if last:
        return f"{the(last, 'last')} right; the error enters {ago(last)}"
    if first:
        return f"{the(first, 'first')} right; the last one is wrong"
    return "the last step is already wrong" if wrong.ndim == 3 else ""


def rows(wrong: Array) -> str:
    """Whether the wrong entries fill some rows or columns."""
    flat = wrong.reshape(len(wrong), -1)
    off = np.flatnonzero(flat.any(axis=1))
    if flat.shape[1] > 1 and len(off) < len(flat):
        if len(off) == 1:
            return f"they are all in row {int(off[0])}"
        if off[-1] == len(off) - 1:
            return f"they are all in the first {len(off)} rows"
        if off[0] == len(flat) - len(off):
            return f"they are all in the last {len(off)} rows"
    columns = np.flatnonzero(flat.any(axis=0))
    if len(flat) > 1 and len(columns) == 1 and flat.shape[1] > 1 and wrong.ndim == 2:
        return f"they are all in column {int(columns[0])}"
    return ""


def not_finite(value: Array) -> str:
    """How much of an array is NaN or infinite."""
    off = ~np.isfinite(value)
    if not off.any():
        return ""
    if value.size == 1:
        return f"{'it' if value.ndim == 0 else 'the entry'} is {'NaN' if np.isnan(value).all() else 'infinite'}"
    count = int(off.sum())
    return f"{count} of {value.size} entries {'is' if count == 1 else 'are'} NaN or infinite"


def ago(count: int) -> str:
    """So many steps before the end."""
    return f"{number(count)} step{'' if count == 1 else 's'} before the end"


def the(count: int, which: str) -> str:
    """The last step is, the first two steps are."""
    return f"the {which} step is" if count == 1 else f"the {which} {number(count)} steps are"


def listed(names: Sequence[str]) -> str:
    """Names as in a sentence: a, b and c."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def number(count: int) -> str:
    """A small number in words."""
    return {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}.get(count, str(count))


def closeness(value: Array) -> Callable[[Array, Array], bool]:
    """Equality at the precision of the student's numbers."""
    with np.errstate(all="ignore"):
        single = value.dtype.itemsize <= 4 or np.array_equal(value, value.astype(np.float32))

    def near(a: Any, b: Array) -> bool:
        scale = float(np.max(np.abs(b), initial=0.0))
        return a.shape == b.shape and bool(
            np.abs(a - b).max(initial=0.0) <= RTOL["float32" if single else "float64"] * scale
        )

    return near
