"""The trial of one function: calls with random numbers go in, rows of a table come out."""

from __future__ import annotations

import contextlib
import difflib
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .frames import PrintCounter, functions_in, is_ours, is_stub, is_untouched, line_of, only_raises
from .patterns import describe
from .registry import CONTRACTS, GIVEN, form_of
from .tables import Row
from .tolerance import EXACT, ROUGH, SINGLE, Array, Inputs, for_single, relative_error, scale
from .values import (
    Missing,
    Odd,
    Uncopied,
    alike,
    brief,
    copied,
    count,
    entries,
    kind_of,
    sentence,
    shortened,
    unchanged,
)

SLOW_CALL = 2.0  # seconds: one call on these small arrays takes far less than a millisecond
LARGE = 7  # the smallest of the large sizes: small ones are below it
BUDGET = 8.0  # seconds for all calls of one check


class Stop(Exception):
    """Nothing more can be checked; the text is the sentence for you."""


class TimeUp(Stop):
    """The calls took too long."""


class Unwritten(Stop):
    """A function that is needed is not written yet."""


class Trial:
    """One function of a notebook, called with random numbers, and the rows of its table."""

    def __init__(self, name: str, space: Mapping[str, Any], seed: int, large: bool = False) -> None:
        self.name = name
        self.space = space
        self.large = large  # sizes that are not the small ones, and few differences
        self.rng = np.random.default_rng(seed)
        self.rows: list[Row] = []
        self.notes: list[str] = []
        self.sizes: dict[str, int] = {}  # of the axes, by name
        self.called: set[str] = set()  # your functions that were called so far
        self.given: list[tuple[str, Sequence[Any], Sequence[Any]]] = []  # function, our arguments, the copies it got
        self.caught: list[warnings.WarningMessage] = []
        self.differencing = False  # while finite differences are taken
        self.named = True  # arrays have the sizes that were drawn
        self.single = False  # one of your arrays is float32
        self.rough = False  # one that is differenced is float32
        self.spent = 0.0

    def follow(self, run: Callable[[Trial], None], *names: str) -> None:
        """Run one check of the functions `names`, which must be written; what stops it becomes the last row."""
        try:
            for name in names:
                self.require(name)
            run(self)
        except Stop as stop:
            todo, uses = isinstance(stop, Unwritten), frozenset(self.called)
            self.add(Row("array", "the call", False, sentence(str(stop)), todo=todo, uses=uses))
        except Exception as error:  # a value so odd that our own arithmetic fails on it
            self.add(Row("array", self.name, False, f"what it returned cannot be checked ({brief(error)})."))

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    @property
    def limit(self) -> float:
        """The error allowed in numbers that are computed from yours."""
        return SINGLE if self.single else EXACT

    # -- random numbers

    def draw_sizes(self, *names: str, steps: int = 0) -> list[int]:
        """Sizes for the axes `names`: no two equal, none below 2, T from 3 on or `steps`; the more axes, the smaller.

        Large ones are larger than all small ones, so that no size written as a number fits both.
        """
        smallest = LARGE if self.large else 2
        while True:
            drawn = [int(size) for size in self.rng.permutation(range(max(len(names), 4)))[: len(names)] + smallest]
            self.sizes = dict(zip(names, drawn, strict=True))
            if steps:
                self.sizes["T"] = steps
            elif not self.large and not 3 <= self.sizes.get("T", 3) <= 8 - len(names):
                continue
            if len(set(self.sizes.values())) == len(names):
                return list(self.sizes.values())

    def normal(self, *shape: int) -> Array:
        return self.rng.standard_normal(shape)

    def spread(self, reach: float, *shape: int) -> Array:
        """Numbers from -reach to reach, none of them tiny."""
        return self.rng.uniform(0.15, 1.0, shape) * self.rng.choice([-1.0, 1.0], shape) * reach

    # -- calls

    def require(self, name: str) -> Callable[..., Any]:
        """Your function `name`, or Unwritten where there is none or a stub."""
        self.called.add(name)
        function = self.space.get(name)
        if function is None and name in GIVEN:
            raise Unwritten(self.about(name, "is not defined: run the cell above that defines it"))
        if function is None:
            raise Unwritten(self.about(name, f"is not defined yet{self.misspelt(name)}"))
        if is_stub(function):
            raise Unwritten(self.about(name, f"is not written yet{self.misspelt(name)}"))
        if not callable(function):
            raise Stop(self.about(name, f"is {kind_of(function)} and no function"))
        return function

    def call(self, name: str, *given: Any) -> Any:
        """Call your function `name` with copies of `given`; whatever goes wrong becomes one sentence."""
        function = self.require(name)
        copies = [value.value if isinstance(value, Uncopied) else copied(value) for value in given]
        if not self.differencing:
            self.given.append((name, given, copies))
        started = time.perf_counter()
        try:
            value = function(*copies)
        except BaseException as error:  # also SystemExit and the stop button: you read a sentence
            later = isinstance(error, NotImplementedError) or self.absent(error)
            raise (Unwritten if later else Stop)(self.failure(name, error)) from None
        self.count_time(name, time.perf_counter() - started)
        if value is None:
            raise Stop(self.about(name, f"returned None, expected {form_of(name).returns} (is the return missing?)"))
        return value

    def absent(self, error: BaseException) -> str:
        """The function of the notebook that your code calls and no cell has defined yet; empty if there is none."""
        name = getattr(error, "name", None) if isinstance(error, NameError) else None
        return name if name in {*CONTRACTS, *GIVEN} and name not in self.space else ""

    def count_time(self, name: str, seconds: float) -> None:
        """Stop where one call, or all calls together, took too long."""
        self.spent += seconds
        if seconds > SLOW_CALL:
            took = f"one call of {name} took {seconds:.1f} s, expected under {SLOW_CALL:g} s"
            raise TimeUp(f"{took}; the rest was not checked")
        if self.spent > BUDGET:
            raise TimeUp(f"the calls took {self.spent:.0f} s together, which is too slow; the rest was not checked")

    def about(self, name: str, what: str) -> str:
        return f"{name} {what}" if name == self.name else f"{self.name} depends on {name}, and {name} {what}"

    def misspelt(self, name: str) -> str:
        """A hint where the notebook has a function of nearly this name."""
        others = {
            each.lower(): each
            for each, value in self.space.items()
            if callable(value) and each not in {*CONTRACTS, *GIVEN} and not each.startswith("_")
        }
        near = difflib.get_close_matches(name, others, n=1, cutoff=0.85)
        return f", but {others[near[0]]} is defined: call it {name}" if near else ""

    def failure(self, name: str, error: BaseException) -> str:
        """What happened inside your function, in one sentence."""
        if isinstance(error, NotImplementedError):
            inside = functions_in(error)
            if len(inside) > 1 and inside[-1] != name:
                return self.about(name, f"calls {inside[-1]}: write that first")
            if not (only_raises(self.space[name]) or is_untouched(error)):
                where = f"reaches `raise NotImplementedError()`{line_of(error)}"
                return self.about(name, f"{where}: delete it, or write what is missing")
            return self.about(name, f"is not written yet{self.misspelt(name)}")
        if missing := self.absent(error):
            return self.about(name, f"needs {missing}, which is not defined: run the cell above that defines it")
        if isinstance(error, KeyboardInterrupt):
            return self.about(name, "was stopped by you: does a loop in it never end?")
        if isinstance(error, TypeError) and not line_of(error) and name in CONTRACTS:
            return self.about(name, f"cannot be called as {CONTRACTS[name].call}: {brief(error)}")
        why = ": is it misspelt, or is there a cell above that did not run?" if isinstance(error, NameError) else ""
        return self.about(name, f"stopped with {brief(error)}{line_of(error)}{why}")

    def parts(self, name: str, *given: Any) -> list[Any]:
        """The members of the tuple (or list) that your function `name` returns."""
        actual, expected = self.call(name, *given), form_of(name)
        if isinstance(actual, np.ndarray) and actual.ndim == 1:
            actual = list(actual)
        if not isinstance(actual, (tuple, list)) or len(actual) != len(expected.parts):
            length = f" of length {len(actual)}" if isinstance(actual, (tuple, list)) else ""
            got = f"{kind_of(actual)}{length}"
            raise Stop(f"{name} returned {got}, expected {expected.returns}")
        return list(actual)

    def mapping(self, actual: Any, keys: Sequence[str], name: str = "") -> dict[str, Any]:
        """The members `keys` of a dict that you returned; a missing one is marked."""
        if not isinstance(actual, Mapping):
            expected = f"expected a dict with the keys {', '.join(keys)}"
            raise Stop(f"{name or self.name} returned {kind_of(actual)}, {expected}")
        missing = Missing(tuple(key for key in actual if isinstance(key, str) and key not in keys))
        return {key: actual.get(key, missing) for key in keys}

    def value(self, name: str, *given: Any, shape: Sequence[int] | None = (), part: int | None = None) -> Array:
        """What your function `name` returns (or one part of it) as an array of `shape`."""
        if part is None:
            return self.as_array(self.call(name, *given), shape, f"what {name} returned")
        return self.as_array(self.parts(name, *given)[part], shape, form_of(name).parts[part])

    def as_array(self, actual: Any, shape: Sequence[int] | None, label: str) -> Array:
        """`actual` as a float64 array of `shape`, or Stop with a sentence."""
        try:
            return self.read(actual, shape)
        except Odd as odd:
            raise Stop(f"{label}: {odd}") from None

    def read(self, actual: Any, shape: Sequence[int] | None) -> Array:
        """`actual` as a float64 array of `shape`, or Odd that says what it is and what was expected."""
        expected = f"expected {'an array' if shape is None else self.shape_words(shape)}"
        if isinstance(actual, Missing):
            raise Odd(str(actual))
        if actual is None or isinstance(actual, (str, bytes, Mapping, set)) or callable(actual):
            raise Odd(f"{expected}, got {kind_of(actual)}")
        try:
            array = np.asarray(actual)
        except Exception as error:  # ragged lists and the like
            raise Odd(f"{expected}, got {kind_of(actual)} that is no array ({brief(error)})") from None
        if shape is not None and array.shape != tuple(shape):
            raise Odd(f"{expected}, got shape {array.shape}")
        if array.dtype.kind != "f" or array.dtype.itemsize < 4:
            raise Odd(f"wrong dtype {array.dtype}, expected float64")
        if array.dtype == np.float32:
            self.single, self.rough = True, self.rough or self.differencing
            self.note("Some of your arrays are float32: right, and compared more loosely. The course uses float64.")
        unusable = int(np.sum(~np.isfinite(array)))
        if unusable:
            raise Odd(
                f"{entries(unusable, array.size, 'is', 'are') if array.ndim else 'the number is'} NaN or infinite"
            )
        return array.astype(np.float64)

    def shape_words(self, shape: Sequence[int]) -> str:
        """A shape with the names of its axes: all sizes differ, so each has one."""
        if not len(shape):
            return "a number"
        names = {size: name for name, size in self.sizes.items()} if self.named else {}
        axes = ", ".join(names.get(size, str(size)) for size in shape) + "," * (len(shape) == 1)
        return f"shape {tuple(shape)} = ({axes})" if any(size in names for size in shape) else f"shape {tuple(shape)}"

    # -- rows

    def array(
        self,
        label: str,
        actual: Any,
        expected: Any,
        *,
        upstream: float = 1.0,
        tolerance: float = EXACT,
        steps: bool = False,
        own: Sequence[str] = (),
    ) -> bool:
        """One row: is `actual` the array `expected`? NaN in `expected` marks an entry that is not compared.

        `own` are the rows of numbers of yours that `expected` is computed from: where one is wrong, nothing is decided.
        """
        expected = np.asarray(expected, dtype=np.float64)
        before, self.single = self.single, False
        try:
            array = self.read(actual, expected.shape)
        except Odd as odd:
            self.add(Row("array", label, False, str(odd)))
            return False
        finally:
            is_single, self.single = self.single, self.single or before
        if is_single:
            tolerance = max(tolerance, for_single(tolerance))
        if self.rough:
            tolerance = max(tolerance, ROUGH)
        differences, error = np.abs(array - expected), relative_error(array, expected, upstream)
        ok = error <= tolerance
        off = differences > tolerance * scale(expected, upstream)
        words = "" if ok else describe(array, expected, off, self.sizes, steps)
        spot = np.unravel_index(int(np.nanargmax(differences)), expected.shape)
        worst = f"[{', '.join(str(int(j)) for j in spot)}]" if expected.ndim else ""
        shape = str(expected.shape) if expected.ndim else "number"
        wrong = [row.name for row in self.rows if ok and row.name in own and not row.ok]
        words = f"agrees with your own {wrong[0]}, which is wrong" if wrong else words
        uses = frozenset(self.called)
        self.add(Row("array", label, ok, words, shape, worst, f"{error:.0e}", uses=uses, own=bool(wrong)))
        return ok

    def readable(self) -> bool:
        """Could every array be compared at all?"""
        return all(row.error for row in self.rows if row.kind == "array")

    @contextlib.contextmanager
    def law(
        self, title: str, hint: str, tolerance: float = EXACT, *, follows: bool = False
    ) -> Iterator[Callable[..., None]]:
        """One row: the block calls `same(actual, expected)` on arrays or dicts; `hint` is where a broken law points.

        A law that `follows` breaks whenever an array is wrong: its hint is for those whose arrays are right.
        """
        broken: list[str] = []
        called_before, self.called = self.called, set()
        named_before, self.named = self.named, False

        def same(actual: Any, expected: Any, label: str = "", upstream: float = 1.0) -> None:
            allowed = max(tolerance, self.limit, ROUGH if self.rough else 0.0)
            for key in expected if isinstance(expected, dict) else [None]:
                a, b = (np.asarray(each if key is None else each[key], dtype=float) for each in (actual, expected))
                if relative_error(a, b, upstream) > allowed:
                    broken.append(key or label)

        try:
            yield same
        except TimeUp:
            raise
        except Stop as stop:
            todo = isinstance(stop, Unwritten)
            self.add(Row("law", title, False, sentence(str(stop)), todo=todo, uses=frozenset(self.called)))
            return
        finally:
            uses, self.called, self.named = frozenset(self.called), self.called | called_before, named_before
        seen = f" (seen in {', '.join(dict.fromkeys(broken))})" if all(broken) else ""
        known = follows and any(row.kind == "array" and not row.ok for row in self.rows)
        words = "fix what is wrong above first" if known else f"usual causes: {hint}{seen}"
        self.add(Row("law", title, not broken, words if broken else "", uses=uses))

    def rule(self, title: str, ok: bool, words: str) -> bool:
        """One row: a law that needs no comparison of arrays."""
        self.add(Row("law", title, bool(ok), "" if ok else words, uses=frozenset(self.called)))
        return bool(ok)

    def twice(self, name: str, *given: Any) -> None:
        """The same arguments give the same, for functions without a cache."""
        ok = alike(self.call(name, *given), self.call(name, *given))
        self.rule(
            "called twice, the same", ok, "usual causes: something remembered between the calls, or changed by them"
        )

    def untouched(self) -> None:
        """Every argument of every call is what it was before."""
        touched: dict[str, None] = {}
        for name, ours, theirs in self.given:
            labels = form_of(name).arguments
            for label, before, after in zip(labels, ours, theirs, strict=False):  # defaults may be missing
                if not isinstance(before, Uncopied) and not unchanged(before, after):
                    touched[f"{label} of {name}"] = None
        words = f"{', '.join(touched)} is changed by a call; a = a + b makes a new array, a += b does not"
        self.add(Row("law", "arguments untouched", not touched, words if touched else ""))

    # -- warnings and prints

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Around a whole check: warnings and prints become notes."""
        printed = PrintCounter()
        with (
            warnings.catch_warnings(record=True) as self.caught,
            np.errstate(all="warn", under="ignore"),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            warnings.simplefilter("always")
            yield
        texts = dict.fromkeys(shortened(str(each.message)) for each in self.caught if not is_ours(each.filename))
        for text in list(texts)[:3]:
            self.note(f"Your code warns: {text}. By itself this costs nothing; it often says where to look.")
        if printed.count:
            self.note(f"Your code prints ({count(printed.count, 'character')} in this check). It costs nothing.")


def mixed(params: Inputs, **others: Array) -> Inputs:
    """The same parameters by name, but in another order and after others: they are found by name alone."""
    return {**others, **dict(reversed(params.items()))}


def forward(trial: Trial, name: str, *given: Any, shape: Sequence[int] | None = None) -> tuple[Array, Uncopied]:
    """(output, cache) of your forward function `name`."""
    output, cache = trial.parts(name, *given)
    return trial.as_array(output, shape, form_of(name).parts[0]), Uncopied(cache)
