"""What counts as the same numbers, in one place, and how a difference is put into words.

Equal is max |a - b| <= r * max |b| over the whole array: r = 1e-7, or 1e-4 for a returned float32 (docs/marking.md). Where b
is all zero the scale is that of the upstream gradient. Trainings: 1e-6, float32 1e-3.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.kernels.student import Odd

RTOL = {"float64": 1e-7, "float32": 1e-4}
CLEARLY = RTOL["float64"] ** 2
RTOL_TRAINING = {"float64": 1e-6, "float32": 1e-3}
SMALL = 9  # a wrong size is shown up to this: the student's code could have put hidden inputs there


@dataclass(frozen=True)
class Verdict:
    """One array compared. ``sentence`` is for the student and holds no hidden number; ``wrong`` marks the entries off."""

    name: str
    ok: bool
    sentence: str = ""
    wrong: np.ndarray | None = None
    actual: Any = None
    expected: np.ndarray | None = None


@dataclass(frozen=True)
class Ruling:
    """What one check found: a verdict an array, and the most it can earn (less than 1 on follow-through).

    keeps: the most that its function can earn with this, less than 1 for a backward that costs too much.
    """

    verdicts: tuple[Verdict, ...]
    ceiling: float = 1.0
    sentence: str = ""
    arrays: bool = True  # False: the one verdict is on a check that compares no arrays
    keeps: float = 1.0

    @property
    def share(self) -> float:
        """The part of the check's points that is earned: right arrays over all arrays."""
        return self.ceiling * sum(v.ok for v in self.verdicts) / max(len(self.verdicts), 1)


class Wrong(AssertionError):
    """A check that is not passed in full; carries its ruling."""

    def __init__(self, ruling: Ruling) -> None:
        off = [v for v in ruling.verdicts if not v.ok]
        lines = [ruling.sentence, *(f"{v.name}: {v.sentence}" if ruling.arrays else v.sentence for v in off)]
        super().__init__("\n".join(line for line in lines if line))
        self.ruling = ruling


class Undecided(Exception):
    """A check that has nothing to compare: it is neither passed nor failed, and does not count."""


_notes: ContextVar[list[str]] = ContextVar("notes")


@contextmanager
def noting() -> Iterator[list[str]]:
    """Collect the remarks of one check that cost nothing, such as a float32 answer."""
    lines: list[str] = []
    token = _notes.set(lines)
    try:
        yield lines
    finally:
        _notes.reset(token)


def note(line: str) -> None:
    """Remark something to whoever runs this check."""
    _notes.get([]).append(line)


def assert_same(
    actual: Any, expected: Any, name: str = "result", *, upstream: Any = None, training: bool = False
) -> None:
    """One array (or number) is the expected one. Raises Wrong."""
    assert_arrays({name: actual}, {name: expected}, upstream=upstream, training=training)


def assert_arrays(
    actual: Mapping[str, Any],
    expected: Mapping[str, Any],
    *,
    upstream: Any = None,
    training: bool = False,
    rtol: float | None = None,
    ceiling: float = 1.0,
    sentence: str = "",
) -> None:
    """Every expected array is there and the same; each is a share of the check. Raises Wrong; Undecided for no arrays.

    upstream sets the scale where an expected array is all zero. ceiling < 1 (with a sentence that says why) makes even
    an agreement worth only that part. rtol replaces the tolerance where the expected numbers are themselves inexact.
    """
    if not expected:
        raise Undecided
    if ceiling == 1 and clearly_agree(actual, expected):
        return
    verdicts = tuple(
        compare(name, actual[name], value, upstream=upstream, training=training, rtol=rtol)
        for name, value in expected.items()
    )
    if ceiling < 1 or not all(v.ok for v in verdicts):
        raise Wrong(Ruling(verdicts, ceiling, sentence))


def assert_gradients(grads: Mapping[str, Any], expected: Mapping[str, Any], *, upstream: Any = None) -> None:
    """Every gradient, input and parameter, is the expected one. Raises Wrong."""
    assert_arrays(grads, expected, upstream=upstream)


def assert_names(actual: Mapping[str, Any], expected: Mapping[str, str]) -> None:
    """Every name is the expected one, however it is spaced or capitalised; each is a share. Raises Wrong."""
    verdicts = tuple(
        Verdict(
            key,
            isinstance(actual[key], str) and actual[key].strip(" \n`").lower() == name.lower(),
            "this is not the name of the mistake.",
        )
        for key, name in expected.items()
    )
    if not all(v.ok for v in verdicts):
        raise Wrong(Ruling(verdicts))


def fail(sentence: str) -> None:
    """Fail a check that compares no arrays, with the reason. Raises Wrong."""
    raise Wrong(Ruling((Verdict("", False, sentence),), arrays=False))


def same(actual: Any, expected: Any, *, upstream: Any = None, training: bool = False) -> bool:
    """Whether the two count as the same."""
    return clearly_same(actual, expected) or compare("", actual, expected, upstream=upstream, training=training).ok


def compare(
    name: str, actual: Any, expected: Any, *, upstream: Any = None, training: bool = False, rtol: float | None = None
) -> Verdict:
    """One array against the expected one: shape, dtype, finite, close.

    expected may be the student's own: an Odd one agrees with nothing, a float32 one is as coarse as a float32 answer.
    """
    if isinstance(expected, Odd):
        return Verdict(name, False, f"the first call returned {expected.sentence}.", actual=actual)
    wanted = np.asarray(np.real(expected), dtype=np.float64)  # the student's first answer may be complex
    if isinstance(actual, Odd):
        return Verdict(name, False, f"expected {form(wanted)}, got {actual.sentence}.", actual=actual, expected=wanted)
    value = np.asarray(actual)
    if value.dtype.kind not in "fiub":
        sentence = f"expected dtype float64, got {value.dtype.name}."
        return Verdict(name, False, sentence, actual=value, expected=wanted)
    if value.dtype.char == "e":
        sentence = "expected dtype float64, got float16, which is too imprecise for a gradient."
        return Verdict(name, False, sentence, actual=value, expected=wanted)
    if value.shape != wanted.shape:
        sentence = f"expected shape {wanted.shape}, got {shape_in_words(value.shape, wanted.shape)}."
        return Verdict(name, False, sentence, actual=value, expected=wanted)
    single = value.dtype.char == "f"
    allowed = max(tolerance(single or is_single(expected), training), rtol or 0.0)
    value = np.asarray(value, dtype=np.float64)
    wrong = entries_off(value, wanted, allowed * scale(wanted, upstream))
    if wrong.any():
        return Verdict(name, False, how_many(wrong, value), wrong, value, wanted)
    if single:
        note("Your arrays are float32: correct, but only to about 7 digits. NumPy's default, float64, gives about 16.")
    return Verdict(name, True, actual=value, expected=wanted)


def tolerance(single: bool, training: bool = False) -> float:
    """The relative tolerance for a returned float32, or for any other dtype; integers count as float64."""
    return (RTOL_TRAINING if training else RTOL)["float32" if single else "float64"]


def is_single(value: Any) -> bool:
    """Whether this is float32."""
    return isinstance(value, (np.ndarray, np.generic)) and value.dtype.char == "f"


def clearly_same(value: Any, wanted: Any) -> bool:
    """Whether two float64 arrays are the same by the rule alone: what is right, nearly always, needs nothing more.

    Two dot products bound max |a - b| from above and max |b| from below, so nothing passes that the rule would not let
    pass, and it costs a fifth of it.
    """
    if not (type(value) is type(wanted) is np.ndarray and value.dtype.char == wanted.dtype.char == "d"):
        return False
    if value.shape != wanted.shape:
        return False
    if value.tobytes() == wanted.tobytes():  # a second call's answer
        return True
    off, size = (value - wanted).ravel(), wanted.ravel()
    return bool(off.dot(off) * size.size <= CLEARLY * size.dot(size) < np.inf)


def clearly_agree(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether every expected array is clearly the same."""
    return all(clearly_same(actual[name], value) for name, value in expected.items())


def coarse(*values: Any) -> float | None:
    """The tolerance for float64 numbers that were computed from these values of the student: float32's if one is that."""
    return RTOL["float32"] if any(map(is_single, values)) else None


def scale(expected: np.ndarray, upstream: Any = None) -> float:
    """The largest entry of the expected array, or of the upstream where that is all zero, or 1."""
    for array in (expected, upstream):
        if array is not None:
            values = np.abs(np.asarray(array, dtype=np.float64))
            largest = float(np.max(values[np.isfinite(values)], initial=0.0))
            if largest > 0:
                return largest
    return 1.0


def entries_off(value: np.ndarray, wanted: np.ndarray, allowed: float) -> np.ndarray:
    """A mask of the entries that differ by more than allowed; NaN and infinity differ unless both have them."""
    with np.errstate(invalid="ignore", over="ignore"):
        close = np.abs(value - wanted) <= allowed
    return np.asarray(~(close | (value == wanted) | (np.isnan(value) & np.isnan(wanted))))


def how_many(wrong: np.ndarray, value: np.ndarray) -> str:
    """How much of an array is off, in words and without a number of the right answer."""
    if wrong.size == 1:
        text = "the number is wrong" if wrong.ndim == 0 else "its only entry is wrong"
    elif wrong.all():
        text = f"all {wrong.size} entries are wrong"
    else:
        text = f"{int(wrong.sum())} of {wrong.size} entries are wrong"
    if not np.isfinite(value).all():
        text += "; it contains NaN or infinite values"
    return text + "."


def shape_in_words(shape: Collection[int], wanted: Collection[int]) -> str:
    """A wrong shape: its small sizes and those that were expected."""
    if len(shape) > len(wanted) + 1:
        return f"an array with {len(shape)} axes"
    sizes = [str(n) if n <= SMALL or n in wanted else "a larger size" for n in shape]
    return f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"


def form(array: np.ndarray) -> str:
    """A shape in words."""
    return "a number" if array.ndim == 0 else f"an array of shape {array.shape}"
