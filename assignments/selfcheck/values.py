"""Values that go to your function and come back: copied, compared, and described in a few words."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Missing:
    """Marks a key that your dict does not have; the text says which unexpected ones it has."""

    others: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(shortened(repr(key), 40) for key in self.others[:3])
        instead = f"; it has {shown}{', …' if len(self.others) > 3 else ''} instead" if shown else ""
        return f"this key is missing in your dict{instead}"


class Odd(Exception):
    """A value that is not the expected array; the text says what it is instead."""


@dataclass(frozen=True)
class Uncopied:
    """A value that your function gets as it is: a cache, a function, an array that it may change in place."""

    value: Any


def copied(value: Any) -> Any:
    """A copy of the arrays in a value, so that your function cannot change ours."""
    if isinstance(value, np.ndarray):
        return value.copy() if value.flags.forc else with_gaps(value)
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(copied(each) for each in value)
    return value


def with_gaps(array: np.ndarray) -> np.ndarray:
    """A copy with gaps in memory, as a slice of a larger array has them."""
    return np.repeat(array, 2, axis=-1)[..., ::2]


def unchanged(before: Any, after: Any) -> bool:
    """Is `after`, which your function was given, still what `before` is?"""
    if isinstance(before, dict):
        return list(before) == list(after) and all(unchanged(before[key], after[key]) for key in before)
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(map(unchanged, before, after))
    return before is after or bool(np.array_equal(before, after))


def alike(a: Any, b: Any) -> bool:
    """Did two calls return the same, up to rounding?"""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return set(a) == set(b) and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, str) or isinstance(b, str):
        return bool(a == b)
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, rtol=1e-6, atol=1e-12, equal_nan=True))


def kind_of(value: Any) -> str:
    """A value in a few words."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    word = type(value).__name__
    return f"{'an' if word[0].lower() in 'aeiou' else 'a'} {word}"


def count(number: int, noun: str) -> str:
    """A number with its noun: 1 law, 2 laws."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def entries(number: int, of: int, one: str, many: str, which: str = "") -> str:
    """How many entries of an array do something: the entry differs, 1 of 4 entries differs, all 4 entries differ."""
    if of == 1:
        return f"the {which}entry {one}"
    if number == of:
        return f"all {of} {which}entries {many}"
    return f"{number} of {of} {which}entries {one if number == 1 else many}"


def sentence(text: str) -> str:
    """A text with a full stop, unless it ends with a mark of its own."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def shortened(text: str, limit: int = 140) -> str:
    """A text on one line, cut where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def brief(error: BaseException) -> str:
    """An exception in one line. One whose own text fails is still named."""
    text = ""
    with contextlib.suppress(Exception):
        text = shortened(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
