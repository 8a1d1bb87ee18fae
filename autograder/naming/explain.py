"""What explains wrong numbers beside a known mistake alone: a rule upon the right ones, or known mistakes array by array.

As everywhere in naming nothing is guessed: each sentence is what all deciding tests show, to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.compare import Verdict
from autograder.naming.patterns import closeness, factor_in_words, factor_of, listed

Array = np.ndarray
Shift = Callable[[Array], Any]
DIGITS = 3  # a constant is told where it has no more
ROUND = 1e-9
OTHER = "the numbers of "
TIMES = "times "

SAME_SHAPE: tuple[tuple[str, Shift], ...] = (
    ("left at zero", lambda a: 0 * a),
    ("without its signs", np.abs),
    ("squared", np.square),
    ("under a root", lambda a: np.sqrt(np.abs(a))),
    ("in reverse order", lambda a: a[::-1]),
    ("one place late", lambda a: np.concatenate([0 * a[:1], a[:-1]])),
    ("one place early", lambda a: np.concatenate([a[1:], 0 * a[:1]])),
    ("one place late, its end first", lambda a: np.roll(a, 1, axis=0)),
    ("one place early, its beginning last", lambda a: np.roll(a, -1, axis=0)),
    ("added up along its first axis", lambda a: np.cumsum(a, axis=0)),
    ("as running means along its first axis", lambda a: (np.cumsum(a, axis=0).T / np.arange(1, len(a) + 1)).T),
    ("with the mean along its first axis in every row", lambda a: 0 * a + a.mean(axis=0)),
    ("with the sum along its first axis in every row", lambda a: 0 * a + a.sum(axis=0)),
    ("with the mean along its last axis in every entry", lambda a: 0 * a + a.mean(axis=-1, keepdims=True)),
    ("with the sum along its last axis in every entry", lambda a: 0 * a + a.sum(axis=-1, keepdims=True)),
    ("with the sum of all its entries in every entry", lambda a: 0 * a + a.sum()),
    ("with the mean of all its entries in every entry", lambda a: 0 * a + a.mean()),
    ("with its first row alone, all others zero", lambda a: np.concatenate([a[:1], 0 * a[1:]])),
    ("with its last row alone, all others zero", lambda a: np.concatenate([0 * a[:-1], a[-1:]])),
    ("with its first row left at zero", lambda a: np.concatenate([0 * a[:1], a[1:]])),
    ("with its last row left at zero", lambda a: np.concatenate([a[:-1], 0 * a[-1:]])),
    ("divided by its norm", lambda a: a / np.linalg.norm(a)),
    ("as whole numbers, cut off behind the point", np.trunc),
    ("transposed", lambda a: a.T),
)
OTHER_SHAPE: tuple[tuple[str, Shift], ...] = (
    ("transposed", lambda a: a.T),
    ("without its last row", lambda a: a[:-1]),
    ("without its first row", lambda a: a[1:]),
    ("in its last row alone", lambda a: a[-1]),
    ("in its first row alone", lambda a: a[0]),
    ("summed over its first axis", lambda a: a.sum(axis=0)),
    ("summed over its last axis", lambda a: a.sum(axis=-1)),
    ("as a mean over its first axis", lambda a: a.mean(axis=0)),
    ("summed over all axes: a number", np.sum),
    ("as a mean over all axes: a number", np.mean),
    ("as its norm: a number", np.linalg.norm),
    ("with another axis in front", lambda a: a[None]),
    ("as a column", lambda a: np.ravel(a)[:, None]),
    ("in one long row", np.ravel),
)


def rule_between(value: Any, right: Array, sizes: Mapping[str, int]) -> Iterator[str]:
    """Every rule that makes the value of the right array, as the end of a sentence."""
    value = np.asarray(value)
    if (
        value.dtype.kind not in "fiub"
        or not np.isfinite(value).all()
        or not np.isfinite(right).all()
        or not right.any()
    ):
        return
    near = closeness(value)
    value = value.astype(np.float64)
    with np.errstate(all="ignore"):
        factor = factor_of(value, right)
        if factor is not None:
            yield from factor_words(factor, sizes)
        if factor is not None and value.size > 1:
            return
        if value.shape != right.shape:
            yield from made_by(OTHER_SHAPE, value, right, near)
            more = right.ndim and value.ndim > right.ndim and value.shape[-right.ndim :] == right.shape
            if more and near(value.reshape(-1, *right.shape).sum(axis=0), right):
                yield "not summed over its first axes"
        else:
            yield from made_by(SAME_SHAPE, value, right, near)
            yield from constants(value, right, near)


def made_by(
    rules: Sequence[tuple[str, Shift]], value: Array, right: Array, near: Callable[[Any, Array], bool]
) -> Iterator[str]:
    """The words of each rule that gives the value."""
    for words, make in rules:
        if right.ndim == 0 and words not in ("left at zero", "squared", "under a root"):
            continue
        try:
            made = np.asarray(make(right), dtype=np.float64)
        except (ValueError, IndexError):
            continue
        if made.shape == value.shape and near(value, made):
            yield words


def constants(value: Array, right: Array, near: Callable[[Any, Array], bool]) -> Iterator[str]:
    """A bound, a number of decimals or an offset that explains every entry with one round number."""
    bound = float(np.max(np.abs(value)))
    if (
        value.size > 1
        and bound < np.max(np.abs(right))
        and is_round(bound)
        and near(value, np.clip(right, -bound, bound))
    ):
        yield f"clipped to [−{bound:g}, {bound:g}]"
    for decimals in range(7):
        if near(value, np.round(right, decimals)):
            yield f"rounded to {decimals} decimals"
            break
    offset = float(np.mean(value - right))
    if is_round(offset) and near(value, right + offset):
        yield f"plus {offset:g}" if offset > 0 else f"less {-offset:g}"


def factor_words(factor: float, sizes: Mapping[str, int]) -> Iterator[str]:
    """A constant factor, if it is a round one or has a name."""
    words = factor_in_words(factor, sizes)
    if words == "-1":
        yield "with the other sign"
    elif words:
        yield from (f"times {word}" for word in words.split(" or "))
    elif is_round(factor):
        yield f"times {factor:.{DIGITS}g}"


def is_round(number: float) -> bool:
    """Whether a number has few digits."""
    return number != 0 and abs(float(f"{number:.{DIGITS}g}") / number - 1) < ROUND


def rules_upon_right(tests: Sequence[tuple[Sequence[Verdict], Mapping[str, int]]]) -> list[str]:
    """By which rules the wrong arrays of every test come from the right ones, a clause each; none if one array has none."""
    found: dict[str, list[str]] = {}
    for verdicts, sizes in tests:
        rights = {v.name: v.expected for v in verdicts if v.expected is not None}
        for v in verdicts:
            if v.ok:
                continue
            if v.expected is None or not isinstance(v.actual, (np.ndarray, np.generic, float, int)):
                return []
            words = [*rule_between(v.actual, v.expected, sizes), *others(v, rights)]
            found[v.name] = [word for word in found.get(v.name, words) if word in words]
            if not found[v.name]:
                return []
    by_words: dict[str, list[str]] = {}
    for name, words in found.items():
        common = [word for word in words if all(word in each for each in found.values())]
        by_words.setdefault(either(common or words), []).append(name)
    return [said(names, words) for words, names in by_words.items()]


def either(words: Sequence[str]) -> str:
    """The first of some rules; all names of a factor that has several."""
    factors = [word.removeprefix(TIMES) for word in words if word.startswith(TIMES)]
    return TIMES + " or ".join(factors) if words[0].startswith(TIMES) else words[0]


def said(names: Sequence[str], words: str) -> str:
    """One rule of some arrays."""
    are, ones = ("are", "ones") if len(names) > 1 else ("is", "one")
    if words.startswith("left"):
        return f"{listed(names)} {are} {words}"
    return (
        f"{listed(names)} {are} {words[len(OTHER) :]}, by another name"
        if words.startswith(OTHER)
        else f"{listed(names)} {are} the right {ones} {words}"
    )


def others(verdict: Verdict, rights: Mapping[str, Array]) -> Iterator[str]:
    """The other array whose right numbers these are."""
    value = np.asarray(verdict.actual)
    if value.dtype.kind in "fiub":
        for name, right in rights.items():
            if name != verdict.name and value.shape == right.shape and right.any() and closeness(value)(value, right):
                yield f"{OTHER}{name}"
