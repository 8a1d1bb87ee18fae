"""Check your own work, with NumPy alone and without an answer key.

Put this file beside the notebook and type, below the function you wrote,

    import selfcheck
    selfcheck.check("mse_gradients")

`check` draws fresh random numbers, calls your function and shows a table: one row an array, one row a law.
A gradient is compared with central differences of your own forward function; a forward function is asked for
its defining properties. So there are no answers in this file, and every table ends with what it cannot see.

    check(name, points, seed=…)   one function            laws(*names)      what ties several functions together
    summary()                     every check so far       needs(*names)     for figures that need your functions
    install_check()               is Python ready?
"""

from __future__ import annotations

import contextlib
import html
import importlib.util
import io
import linecache
import math
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

__all__ = ["check", "install_check", "laws", "needs", "summary"]

Array = np.ndarray
Inputs = dict[str, np.ndarray]

EXACT = 1e-7  # float64: largest error allowed, relative to the largest entry of the array
SINGLE = 1e-4  # the same where your array is float32
ROUGH = 3e-3  # where your forward is float32: its differences are not better than this
TRAINING = 1e-6  # several steps add up their rounding
SLOW_CALL = 2.0  # seconds: one call on these small arrays takes far less than a millisecond
BUDGET = 8.0  # seconds for all calls of one check
DIFFERENCES = 0.8  # seconds for differences: a slow forward is asked at fewer entries
COST = 400  # a backward that costs more than this many forwards is no backward
GROWTH = 9.0  # four times the steps: linear costs 4 times as much, quadratic nearly 16


# ---------------------------------------------------------------------------------------------------------------------
# What you call
# ---------------------------------------------------------------------------------------------------------------------


def check(name: str, points: float | None = None, *, seed: int | None = None) -> Result:
    """Check the function `name` of your notebook and return the table; `repr` of it is the points.

    Nothing you wrote makes this raise. Give `seed` (it stands below the table) to see the same numbers again.
    """
    space = _notebook()
    try:
        result = _judge(name, space, points, seed)
    except BaseException as error:  # our own fault or an interrupt: said in a sentence, never a traceback
        words = (
            "The check was stopped." if isinstance(error, KeyboardInterrupt) else f"The check failed: {_brief(error)}"
        )
        result = Result(name, 0.0, points or 0.0, [Row("array", name, False, words)], seed=seed or 0)
    _SESSION[name] = (space.get(name), result)
    return result


def laws(*names: str, seed: int | None = None) -> Result:
    """Show the laws that tie the functions `names` together. They need no answer key, and nothing raises."""
    space = _notebook()
    seed = _new_seed() if seed is None else seed
    title = " + ".join(names)
    groups = [group for group in _LAWS if group.names <= set(names)]
    if not groups:
        known = "; ".join(sorted(" + ".join(sorted(group.names)) for group in _LAWS))
        return Result(
            title, 0.0, 0.0, notes=[f"There is no law for these names. There are laws for: {known}."], seed=seed
        )
    asks = []
    for group in groups:
        ask = Ask(group.title, space, seed)
        with ask.listening():
            _ask(ask, group.run)
        asks.append(ask)
    rows = [replace(row, kind="law") for ask in asks for row in ask.rows]
    notes = list(dict.fromkeys(note for ask in asks for note in ask.notes))
    return Result(title, 0.0, 0.0, rows, notes, "a mistake that keeps all of these laws.", seed)


def summary() -> Summary:
    """Show every function checked in this session; one that you changed since is checked again."""
    space = _notebook()
    for name, (function, result) in list(_SESSION.items()):
        if space.get(name) is not function:
            with contextlib.suppress(BaseException):
                _SESSION[name] = (space.get(name), _judge(name, space, result.of, None))
    return Summary([result for _, result in _SESSION.values()])


@contextlib.contextmanager
def needs(*names: str) -> Iterator[None]:
    """Around the body of a figure: when a function is not written or not right yet, say so in one sentence."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    figures = set(pyplot.get_fignums()) if pyplot else set()
    try:
        yield
    except Exception as error:
        missing = _stub_behind(error, names)
        if isinstance(error, NotImplementedError) or missing:
            print(f"This figure needs {missing or ' and '.join(names)}: write it, then run this cell again.")
        else:
            print(
                f"This figure needs {' and '.join(names)}, and it stopped with {_brief(error)}. "
                "Look at the tables of their checks, then run this cell again."
            )
        pyplot = sys.modules.get("matplotlib.pyplot")
        for number in set(pyplot.get_fignums()) - figures if pyplot else ():
            pyplot.close(number)


def install_check() -> None:
    """Print one line: everything the notebook needs is there, or what to do."""
    python = ".".join(map(str, sys.version_info[:3]))
    wrong = []
    if sys.version_info < (3, 11):
        wrong.append(f"Python {python} is too old: use 3.11 or newer")
    if int(np.__version__.split(".")[0]) < 2:
        wrong.append(f"NumPy {np.__version__} is too old: run `%pip install --upgrade numpy`, then restart the kernel")
    if importlib.util.find_spec("matplotlib") is None:
        wrong.append("matplotlib is missing: run `%pip install matplotlib`, then restart the kernel")
    print(
        "; ".join(wrong) + "." if wrong else f"Ready: Python {python}, NumPy {np.__version__}, matplotlib, selfcheck."
    )


# ---------------------------------------------------------------------------------------------------------------------
# What is shown
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One line of a table: an array that was compared, or a law that was asked."""

    kind: str  # "array" or "law"
    name: str
    ok: bool
    words: str = ""
    shape: str = ""
    worst: str = ""
    error: str = ""

    @property
    def verdict(self) -> str:
        return {"array": ("WRONG", "OK"), "law": ("BROKEN", "holds")}[self.kind][self.ok]


@dataclass(frozen=True)
class Result:
    """What a check found. `repr` is the points, `str` the table, and Jupyter shows the table in HTML."""

    name: str
    points: float
    of: float
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    blind: str = ""
    seed: int = 0

    def __repr__(self) -> str:
        return f"{self.points:g}" if self.of else str(self)

    @property
    def passed(self) -> bool:
        return bool(self.rows) and all(row.ok for row in self.rows)

    @property
    def words(self) -> str:
        """The verdict in one sentence."""
        arrays, law_rows = ([row for row in self.rows if row.kind == kind] for kind in ("array", "law"))
        wrong, broken = ([row.name for row in rows if not row.ok] for rows in (arrays, law_rows))
        if len(self.rows) == 1 and wrong:
            return self.rows[0].words
        parts = [f"wrong: {', '.join(wrong)}"] if wrong else [f"{_count(len(arrays), 'array')} right"] if arrays else []
        if law_rows:
            parts.append(f"{_count(len(broken), 'law')} broken" if broken else f"{_count(len(law_rows), 'law')} hold")
        return "; ".join(parts) + "." if parts else "nothing was asked."

    @property
    def title(self) -> str:
        return f"{self.name}: {self.points:g} of {self.of:g} points" if self.of else f"Laws of {self.name}"

    @property
    def tables(self) -> list[tuple[list[str], list[Row], list[list[str]]]]:
        """(heads, rows, cells) of the array table and of the law table, empty columns left out."""
        found = []
        for kind, head in (("array", "array"), ("law", "law")):
            rows = [row for row in self.rows if row.kind == kind]
            heads = [head, "verdict", "shape", "relative error", "worst entry", "in words"]
            cells = [[row.name, row.verdict, row.shape, row.error, row.worst, row.words] for row in rows]
            kept = [j for j in range(len(heads)) if any(line[j] for line in cells)]
            if rows:
                found.append(([heads[j] for j in kept], rows, [[line[j] for j in kept] for line in cells]))
        return found

    @property
    def foot(self) -> list[str]:
        """The lines below the tables."""
        lines = list(self.notes)
        if self.blind and self.rows:
            lines.append(f"What this cannot see: {self.blind}")
        call = f'check("{self.name}", seed={self.seed})' if self.of else "laws(…, seed=%d)" % self.seed
        return [*lines, f"Random numbers of seed {self.seed}; {call} draws them again."]

    def __str__(self) -> str:
        blocks = [f"{self.title}: {self.words}"]
        for heads, _, cells in self.tables:
            widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
            for line in [heads, *cells]:
                padded = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
                blocks.append("  " + padded.rstrip())
        return "\n".join(blocks + ["  " + line for line in self.foot])

    def _repr_html_(self) -> str:
        parts = [f"<div style='margin:4px 0'><b>{_esc(self.title)}</b>: {_esc(self.words)}"]
        parts += [_html_table(heads, cells, [row.ok for row in rows]) for heads, rows, cells in self.tables]
        parts += [f"<div style='opacity:.85;font-size:90%;margin-top:3px'>{_esc(line)}</div>" for line in self.foot]
        return "".join(parts) + "</div>"


@dataclass(frozen=True)
class Summary:
    """One line for every function that was checked."""

    results: list[Result]

    @property
    def title(self) -> str:
        if not self.results:
            return "No check has run yet: run the cells below your functions first."
        earned, total = (sum(getattr(result, key) for result in self.results) for key in ("points", "of"))
        return (
            f"{_count(len(self.results), 'function')} checked, {earned:g} of {total:g} points (written answers apart)"
        )

    @property
    def cells(self) -> list[list[str]]:
        marks = {True: "OK", False: "WRONG"}
        return [[r.name, marks[r.passed], f"{r.points:g} of {r.of:g}", r.words] for r in self.results]

    def __str__(self) -> str:
        wide = max((len(result.name) for result in self.results), default=0)
        lines = [f"  {name:{wide}}  {mark:5}  {points:9}  {words}" for name, mark, points, words in self.cells]
        return "\n".join([self.title, *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        heads = ["function", "verdict", "points", "in words"]
        table = _html_table(heads, self.cells, [r.passed for r in self.results]) if self.results else ""
        return f"<div style='margin:4px 0'><b>{_esc(self.title)}</b>{table}</div>"


_VERDICT = "color:#fff;border-radius:3px;padding:0 6px;font-weight:600;background:"
_CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top;border-bottom:1px solid rgba(128,128,128,.35)"
_SAID = {"OK", "WRONG", "holds", "BROKEN"}


def _html_table(heads: list[str], cells: list[list[str]], oks: list[bool]) -> str:
    """A table whose verdicts are words on blue or vermilion, readable on a light and on a dark page."""
    rows = ["<tr>" + "".join(f"<th style='{_CELL}'>{_esc(head)}</th>" for head in heads) + "</tr>"]
    for line, ok in zip(cells, oks, strict=True):
        badge = _VERDICT + ("#0060a8" if ok else "#b34700")
        marked = [f"<span style='{badge}'>{_esc(cell)}</span>" if cell in _SAID else _esc(cell) for cell in line]
        rows.append("<tr>" + "".join(f"<td style='{_CELL}'>{cell}</td>" for cell in marked) + "</tr>")
    return f"<table style='border-collapse:collapse;margin:4px 0'>{''.join(rows)}</table>"


def _esc(text: str) -> str:
    return html.escape(text)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


# ---------------------------------------------------------------------------------------------------------------------
# How a function is asked
# ---------------------------------------------------------------------------------------------------------------------


class Stop(Exception):
    """Nothing more can be asked; the text is the sentence for the student."""


class TimeUp(Stop):
    """The calls took too long."""


class Odd(Exception):
    """A value that is no array of the right kind; the text says what came."""


@dataclass(frozen=True)
class Kept:
    """A value handed to the student's function as it is: a cache, a function, an array to be changed in place."""

    value: Any


@dataclass(frozen=True)
class Contract:
    """What the course says of one function, and how it is asked."""

    name: str
    call: str
    returns: str
    points: float
    rests_on: tuple[str, ...]
    blind: str
    run: Callable[[Ask], None]


@dataclass(frozen=True)
class LawGroup:
    """Laws that need several functions."""

    names: frozenset[str]
    run: Callable[[Ask], None]

    @property
    def title(self) -> str:
        return " + ".join(sorted(self.names))


_CONTRACTS: dict[str, Contract] = {}
_LAWS: list[LawGroup] = []
_SESSION: dict[str, tuple[Any, Result]] = {}  # function as it was, what was found
_MISSING = object()


def checks(call: str, returns: str, points: float, blind: str, rests_on: Sequence[str] = ()) -> Callable[[Any], Any]:
    """Register the check of the function whose call is written like `rnn_forward(x, h0, params)`."""
    name = call.partition("(")[0]

    def register(run: Callable[[Ask], None]) -> Callable[[Ask], None]:
        _CONTRACTS[name] = Contract(name, call, returns, points, tuple(rests_on), blind, run)
        return run

    return register


def ties(*names: str) -> Callable[[Any], Any]:
    """Register laws across the functions `names`."""

    def register(run: Callable[[Ask], None]) -> Callable[[Ask], None]:
        _LAWS.append(LawGroup(frozenset(names), run))
        return run

    return register


class Ask:
    """One conversation with one student's function: random numbers out, rows of a table in."""

    def __init__(self, name: str, space: Mapping[str, Any], seed: int) -> None:
        self.name, self.space, self.rng = name, space, np.random.default_rng(seed)
        self.rows: list[Row] = []
        self.notes: list[str] = []
        self.sizes: dict[str, int] = {}
        self.given: list[tuple[str, Sequence[Any], Sequence[Any]]] = []  # function, ours, the copy it got
        self.caught: list[warnings.WarningMessage] = []
        self.single = False  # something came as float32
        self.rough = False  # the forward came as float32: its differences are rough
        self.spent = 0.0

    # -- random numbers ------------------------------------------------------------------------------------------------

    def draw_sizes(self, *names: str) -> list[int]:
        """Sizes for the axes `names`, no two equal, none below 2 (T not below 3)."""
        while True:
            drawn = [int(size) for size in self.rng.permutation([2, 3, 4, 5, 6])[: len(names)]]
            self.sizes = dict(zip(names, drawn, strict=True))
            if 3 <= self.sizes.get("T", 3) <= 5 and self.sizes.get("H", 2) <= 5:
                return drawn

    def normal(self, *shape: int) -> Array:
        return self.rng.standard_normal(shape)

    def spread(self, reach: float, *shape: int) -> Array:
        """Numbers in [−reach, reach], none of them tiny."""
        return self.rng.uniform(0.15, 1.0, shape) * self.rng.choice([-1.0, 1.0], shape) * reach

    # -- calls ---------------------------------------------------------------------------------------------------------

    def call(self, name: str, *given: Any, watch: bool = True) -> Any:
        """Call the student's `name` with copies of `given`; whatever goes wrong becomes one sentence."""
        function = self.space.get(name)
        if function is None or not callable(function):
            raise Stop(
                self.rests(name, "is not defined yet" if function is None else f"is {_kind(function)}, no function")
            )
        copies = [value.value if isinstance(value, Kept) else _copy(value) for value in given]
        if watch:
            self.given.append((name, given, copies))
        started = time.perf_counter()
        try:
            value = function(*copies)
        except BaseException as error:  # also SystemExit and the stop button: the student reads a sentence
            raise Stop(self.failure(name, error)) from None
        finally:
            took = time.perf_counter() - started
            self.spent += took
        if took > SLOW_CALL:
            raise TimeUp(
                f"one call of {name} took {took:.1f} s, expected far under {SLOW_CALL:g} s; the rest was not asked"
            )
        if self.spent > BUDGET:
            raise TimeUp(f"the calls took {self.spent:.0f} s together, which is too slow; the rest was not asked")
        return value

    def rests(self, name: str, what: str) -> str:
        return f"{name} {what}" if name == self.name else f"this rests on {name}, and {name} {what}"

    def failure(self, name: str, error: BaseException) -> str:
        """What happened inside the student's function, in one sentence."""
        stub = _stub_behind(error, ())
        if isinstance(error, NotImplementedError):
            return (
                self.rests(name, "is not written yet")
                if stub in (None, name)
                else f"{name} calls {stub}: write it first"
            )
        if isinstance(error, KeyboardInterrupt):
            return self.rests(name, "was stopped by you: does a loop in it never end?")
        if isinstance(error, TypeError) and _line_of(error) == "" and name in _CONTRACTS:
            return self.rests(name, f"could not be called as {_CONTRACTS[name].call}: {_brief(error)}")
        return self.rests(name, f"stopped with {_brief(error)}{_line_of(error)}")

    def forward(
        self, name: str, *given: Any, shape: Sequence[int] | None = None, watch: bool = True
    ) -> tuple[Array, Kept]:
        """(output, cache) of a student's forward function."""
        came = self.call(name, *given, watch=watch)
        output, cache = self.split(came, 2, name, "a pair (output, cache)")
        return self.float_array(output, shape, f"the output of {name}", own=True), Kept(cache)

    def split(self, came: Any, number: int, name: str, expected: str) -> list[Any]:
        """The members of a tuple or a list."""
        if not isinstance(came, (tuple, list)) or len(came) != number:
            length = f" of length {len(came)}" if isinstance(came, (tuple, list)) else ""
            raise Stop(f"{name} returned {_kind(came)}{length}, expected {expected}{_hint_none(came)}")
        return list(came)

    def mapping(self, came: Any, name: str, keys: Sequence[str]) -> dict[str, Any]:
        """The members `keys` of a dict that the student returned; a missing one is marked."""
        if not isinstance(came, Mapping):
            raise Stop(
                f"{name} returned {_kind(came)}, expected a dict with the keys {', '.join(keys)}{_hint_none(came)}"
            )
        return {key: came[key] if key in came else _MISSING for key in keys}

    def float_array(self, came: Any, shape: Sequence[int] | None, label: str, *, own: bool = False) -> Array:
        """`came` as a float64 array of `shape`, or Stop with a sentence. `own`: it is differenced."""
        try:
            return self.read(came, shape, own=own)
        except Odd as odd:
            raise Stop(f"{label}: {odd}") from None

    def read(self, came: Any, shape: Sequence[int] | None, *, own: bool = False) -> Array:
        """`came` as a float64 array of `shape`, or Odd saying what came and what was expected."""
        wanted = f"expected {self.shape_words(shape)}" if shape is not None else "expected an array"
        if came is _MISSING:
            raise Odd("this key is missing in your dict")
        if came is None or isinstance(came, (str, bytes, Mapping, set)) or callable(came):
            raise Odd(f"{wanted}, came {_kind(came)}{_hint_none(came)}")
        try:
            array = np.asarray(came)
        except Exception as error:  # ragged lists and the like
            raise Odd(f"{wanted}, came {_kind(came)} that is no array ({_brief(error)})") from None
        if shape is not None and array.shape != tuple(shape):
            raise Odd(f"{wanted}, came shape {array.shape}")
        if array.dtype.kind != "f" or array.dtype.itemsize < 4:
            raise Odd(f"wrong dtype {array.dtype}, expected float64")
        if array.dtype == np.float32:
            self.single, self.rough = True, self.rough or own
            self.note(
                "Some of your arrays are float32. That is right; they are compared more loosely. The course uses float64."
            )
        bad = int(np.sum(~np.isfinite(array)))
        if bad:
            raise Odd(f"{bad} of {array.size} entries are NaN or infinite")
        return array.astype(np.float64)

    def shape_words(self, shape: Sequence[int]) -> str:
        """A shape with the names of its axes: all sizes differ, so each has one."""
        if not len(shape):
            return "a number"
        names = {size: name for name, size in self.sizes.items()}
        letters = [names.get(size, str(size)) for size in shape]
        named = f" = ({', '.join(letters)}{',' * (len(shape) == 1)})" if any(size in names for size in shape) else ""
        return f"shape {tuple(shape)}{named}"

    # -- rows ----------------------------------------------------------------------------------------------------------

    def array(
        self, label: str, came: Any, right: Any, *, upstream: float = 1.0, r: float = EXACT, steps: bool = False
    ) -> bool:
        """One row: is `came` the array `right`? NaN in `right` marks an entry that was not asked."""
        right = np.asarray(right, dtype=np.float64)
        was_single, self.single = self.single, False
        try:
            array = self.read(came, right.shape)
        except Odd as odd:
            self.rows.append(Row("array", label, False, str(odd)))
            return False
        finally:
            mine, self.single = self.single, self.single or was_single
        r = max(r, (SINGLE if r <= EXACT else 1e-3) if mine else 0.0, ROUGH if self.rough else 0.0)
        error, limit = _error(array, right, upstream), r
        off = np.abs(array - right) > limit * _scale(right, upstream)
        spot = np.unravel_index(int(np.nanargmax(np.abs(array - right))), right.shape) if right.size else ()
        worst = "" if not right.ndim else f"[{', '.join(map(str, map(int, spot)))}]"
        ok = error <= limit
        words = "" if ok else self.pattern(array, right, off, steps)
        self.rows.append(Row("array", label, ok, words, str(tuple(right.shape)), worst, f"{error:.0e}"))
        return bool(ok)

    def pattern(self, came: Array, right: Array, off: Array, steps: bool) -> str:
        """What can be seen of a wrong array, and nothing that is guessed."""
        asked = ~np.isnan(right)
        a, b = came[asked], right[asked]
        if not np.any(a):
            return "all zero"
        words = [f"{int(off.sum())} of {a.size} entries differ"] if right.ndim else ["differs"]
        factor = float(a @ b / (b @ b)) if np.any(b) else 0.0
        if factor and _error(a, factor * b, 0.0) < 1e-6:
            words = [
                f"every entry is {factor:.6g} times the right one"
                if right.ndim
                else f"{factor:.6g} times the right one"
            ]
            if abs(factor + 1) < 1e-6:
                words = ["the sign is the other way round"]
            for name, size in self.sizes.items():
                if abs(factor * size - 1) < 1e-6 or abs(factor / size - 1) < 1e-6:
                    words.append(f"{name} is {size} here")
        elif right.ndim == 2 and right.shape[0] == right.shape[1] and _error(came, right.T, 0.0) < 1e-6:
            words = ["these are the right numbers, transposed"]
        if steps and len(off) > 1 and off.any():
            last = int(np.flatnonzero(off.reshape(len(off), -1).any(axis=1))[-1])
            good = len(off) - 1 - last
            entry = f"the last {_count(good, 'step')} right, the error enters {_count(good, 'step')} before the last"
            words.append(entry if good else "wrong from the last step on")
        return "; ".join(words)

    def undo(
        self, label: str, came: Any, right: Array, inverse: Callable[[Array], Array], low: float, high: float
    ) -> bool:
        """One row: `inverse` of what came is `right`; for functions whose inverse is easier to check than they are."""
        try:
            array = self.read(came, right.shape)
        except Odd as odd:
            self.rows.append(Row("array", label, False, str(odd)))
            return False
        outside = int(np.sum((array <= low) | (array >= high)))
        if outside:
            between = f"strictly between {low:g} and {high:g}" if math.isfinite(high) else "above 0"
            self.rows.append(Row("array", label, False, f"{outside} of {array.size} entries are not {between}"))
            return False
        return self.array(label, inverse(array), right, r=SINGLE if self.single else EXACT)

    @contextlib.contextmanager
    def law(self, title: str, hint: str, r: float = EXACT) -> Iterator[Callable[..., None]]:
        """One row: the block calls `same(came, right)` on arrays or dicts of them; `hint` says what a broken law means."""
        broken: list[str] = []

        def same(came: Any, right: Any, label: str = "", upstream: float = 1.0) -> None:
            pairs = (
                [(key, came[key], right[key]) for key in right] if isinstance(right, dict) else [(label, came, right)]
            )
            for key, mine, other in pairs:
                limit = max(r, SINGLE if self.single else 0.0, ROUGH if self.rough else 0.0)
                if _error(np.asarray(mine, dtype=float), np.asarray(other, dtype=float), upstream) > limit:
                    broken.append(key)

        try:
            yield same
        except TimeUp:
            raise
        except Stop as stop:
            self.rows.append(Row("law", title, False, f"{stop}."))
            return
        where = f" ({', '.join(key for key in broken if key)})" if any(broken) else ""
        self.rows.append(Row("law", title, not broken, f"points to: {hint}{where}" if broken else ""))

    def note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    def law_untouched(self) -> None:
        """Every argument of every call is what it was before the call."""
        touched = sorted(
            {f"{name}: {part}" for name, ours, theirs in self.given for part in _changed(name, ours, theirs)}
        )
        words = f"changed by a call: {', '.join(touched)}; work on a copy (a = a + b makes one, a += b does not)"
        self.rows.append(Row("law", "arguments untouched", not touched, words if touched else ""))

    # -- warnings, prints, overflow --------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Around a whole check: prints and warnings are turned into notes."""
        sink = _Sink()
        with (
            warnings.catch_warnings(record=True) as caught,
            np.errstate(all="warn"),
            contextlib.redirect_stdout(sink),
            contextlib.redirect_stderr(sink),
        ):
            warnings.simplefilter("always")
            self.caught = caught
            yield
        texts = dict.fromkeys(_squeeze(str(each.message)) for each in caught if each.filename != __file__)
        for text in list(texts)[:3]:
            self.note(f"Your code warns: {text}. A warning costs nothing by itself; it often says where to look.")
        if sink.count:
            self.note(f"Your code prints ({_count(sink.count, 'character')} during this check). It costs nothing.")

    @contextlib.contextmanager
    def no_overflow(self) -> Iterator[None]:
        """A law: the block records no overflow warning (silencing it yourself is fine)."""
        before = len(self.caught)
        yield
        if any("overflow" in str(each.message) for each in self.caught[before:]):
            raise Stop("NumPy reports an overflow: shift the exponents so that none is above 0")

    # -- differences -----------------------------------------------------------------------------------------------------

    def slopes(self, loss: Callable[[Inputs], float], at: Inputs, share: float = 1.0) -> Inputs:
        """Central differences of `loss` for every entry of every array in `at`; NaN for entries left out."""
        return {
            key: self.differences(_only(loss, at, key), at[key], share, sum(v.size for v in at.values())) for key in at
        }

    def differences(self, f: Callable[[Array], Any], at: Array, share: float = 1.0, total: int = 0) -> Array:
        """d f / d at, of shape at.shape + f.shape. A slow f is asked at fewer entries."""
        started = time.perf_counter()
        shape = np.shape(f(at))
        seconds = (time.perf_counter() - started) * 4 * max(total, at.size)
        spots = list(np.ndindex(at.shape))
        if seconds > DIFFERENCES * share:
            keep = max(2, int(len(spots) * DIFFERENCES * share / seconds))
            if keep < len(spots):
                spots = [spots[j] for j in sorted(self.rng.choice(len(spots), keep, replace=False))]
                self.note("Your forward is slow, so only some entries of each array were compared.")
        slopes = np.full(at.shape + shape, np.nan)
        eps = 0.06 if self.rough else 1e-3
        for spot in spots:
            moved = at.copy()
            values = []
            for step in (-2, -1, 1, 2):
                moved[spot] = at[spot] + step * eps
                values.append(np.asarray(f(moved), dtype=np.float64))
            slopes[spot] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * eps)
        return slopes


def _only(loss: Callable[[Inputs], float], at: Inputs, key: str) -> Callable[[Array], float]:
    return lambda array: loss({**at, key: array})


def _scale(right: Array, upstream: float) -> float:
    """What an error is measured against: the largest entry, or the upstream where all are (nearly) zero."""
    largest = float(np.nanmax(np.abs(right))) if right.size else 0.0
    return largest if largest > 1e-9 * upstream else upstream


def _error(came: Array, right: Array, upstream: float) -> float:
    """Largest difference over largest entry."""
    if came.shape != right.shape:
        return math.inf
    if not right.size or np.all(np.isnan(right)):
        return 0.0
    scale = _scale(right, upstream)
    gap = float(np.nanmax(np.abs(came - right)))
    return gap / scale if scale else (0.0 if gap == 0 else math.inf)


class _Sink(io.TextIOBase):
    """Counts what is printed and forgets it."""

    count = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.count += len(text)
        return len(text)


def _notebook() -> Mapping[str, Any]:
    """The globals of the cell that called."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals is globals():
        frame = frame.f_back
    return frame.f_globals


def _new_seed() -> int:
    return int(np.random.SeedSequence().generate_state(1)[0]) % 1_000_000


def _judge(name: str, space: Mapping[str, Any], points: float | None, seed: int | None) -> Result:
    """Ask one function everything and count the points."""
    seed = _new_seed() if seed is None else seed
    contract = _CONTRACTS.get(name)
    if contract is None:
        return Result(
            name, 0.0, points or 1.0, [Row("array", name, False, f"the course has no function {name}")], seed=seed
        )
    of = contract.points if points is None else points
    ask = Ask(name, space, seed)
    with ask.listening():
        _ask(ask, contract.run)
        if ask.given and any(row.ok for row in ask.rows):
            ask.law_untouched()
    share = _share(ask.rows)
    if ask.rows and (share or len(ask.rows) > 1):
        _lower_functions(ask, contract)
    earned = of if share == 1 else math.floor(10 * of * share) / 10
    return Result(name, float(earned), float(of), ask.rows, ask.notes, contract.blind, seed)


def _ask(ask: Ask, run: Callable[[Ask], None]) -> None:
    """Run one set of questions; what stops it becomes the last row."""
    try:
        run(ask)
    except Stop as stop:
        ask.rows.append(Row("array", ask.name, False, f"{stop}."))
    except Exception as error:  # a value so odd that our own arithmetic stumbles over it
        words = f"what {ask.name} returned could not be judged ({_brief(error)})"
        ask.rows.append(Row("array", ask.name, False, words))


def _share(rows: list[Row]) -> float:
    """Part of the points: three quarters for arrays, a quarter for laws; laws alone earn nothing."""
    arrays, law_rows = ([row.ok for row in rows if row.kind == kind] for kind in ("array", "law"))
    if not any(arrays):
        return 0.0
    share = sum(arrays) / len(arrays)
    return 0.75 * share + 0.25 * sum(law_rows) / len(law_rows) if law_rows else share


def _lower_functions(ask: Ask, contract: Contract) -> None:
    """Say which function below this one does not pass its own check."""
    for lower in contract.rests_on:
        function = ask.space.get(lower)
        if not callable(function) or lower not in _CONTRACTS:
            continue
        known, result = _SESSION.get(lower, (None, None))
        if known is not function or result is None:
            result = _judge(lower, ask.space, None, 0)
        if not result.passed:
            ask.note(f"{contract.name} rests on {lower}, which does not pass its own check: mend {lower} first.")


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return type(value)(_copy(each) for each in value) if isinstance(value, (list, tuple)) else value


def _changed(name: str, ours: Sequence[Any], theirs: Sequence[Any]) -> Iterator[str]:
    """Names of the arguments in which the student's copy is no longer ours."""
    call = _CONTRACTS[name].call if name in _CONTRACTS else ""
    labels = [part.partition("=")[0].strip() for part in call.partition("(")[2].rstrip(")").split(",")]
    for place, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        if not isinstance(mine, Kept) and not _identical(mine, other):
            yield labels[place] if place < len(labels) else f"argument {place + 1}"


def _identical(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.shape == b.shape and bool(np.array_equal(a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(_identical(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_identical, a, b))
    return a is b or a == b


def _kind(value: Any) -> str:
    """A value in two words."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    word = type(value).__name__
    return f"an {word}" if word[0].lower() in "aeiou" else f"a {word}"


def _hint_none(value: Any) -> str:
    return " (is the return missing?)" if value is None else ""


def _squeeze(text: str, limit: int = 140) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _brief(error: BaseException) -> str:
    """An exception in one line; one whose own text fails is still named."""
    try:
        text = _squeeze(str(error))
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _line_of(error: BaseException) -> str:
    """Where in the student's code an exception arose: the last frame that is no library."""
    found, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        library = "site-packages" in code.co_filename or code.co_filename.startswith(("<frozen", sys.base_prefix))
        if code.co_filename != __file__ and not library:
            source = linecache.getline(code.co_filename, trace.tb_lineno).strip()
            found = f", in {code.co_name}, line {trace.tb_lineno - code.co_firstlineno + 1}"
            found += f": {_squeeze(source, 80)}" if source else ""
        trace = trace.tb_next
    return found


def _stub_behind(error: BaseException, names: Sequence[str]) -> str | None:
    """The function that is not written: the innermost frame of a NotImplementedError, or an undefined name."""
    if isinstance(error, NameError):
        return error.name if error.name in names else None
    if not isinstance(error, NotImplementedError):
        return None
    trace, found = error.__traceback__, None
    while trace is not None:
        code = trace.tb_frame.f_code.co_name
        found = code if code.isidentifier() else found
        trace = trace.tb_next
    return found


# ---------------------------------------------------------------------------------------------------------------------
# Questions that many functions share
# ---------------------------------------------------------------------------------------------------------------------

FORWARD_BLIND = "a mistake that the entries asked here do not show; the hidden tests use other numbers and sizes."
BACKWARD_BLIND = (
    "a wrong {forward}: the differences are taken of your own, so a backward that is consistent with a wrong forward "
    "passes here."
)


@dataclass(frozen=True)
class Machine:
    """A forward and a backward of the student's as one thing that can be differenced and asked for laws."""

    name: str  # the backward
    inputs: Inputs
    forward: Callable[[Inputs], Array]
    open: Callable[[Inputs], Callable[[Array], Any]]  # one forward; then upstream → what the backward returns
    rows: dict[str, int]  # axis of the samples, for each input that has one and for "output"
    keys: dict[str, str] = field(default_factory=dict)  # names of the gradients where they are not the inputs'
    steps: tuple[str, ...] = ()  # inputs whose first axis is time
    twins: tuple[str, str] | None = ("bias_ih", "bias_hh")

    def key(self, name: str) -> str:
        return self.keys.get(name, name)


def cached(ask: Ask, forward: str, backward: str, inputs: Inputs, first: Sequence[str], **more: Any) -> Machine:
    """The machine of `forward(*first, params)` and `backward(upstream, cache)`."""
    extra = more.pop("extra", {})
    tail = more.pop("tail", ())

    order = [key for key in inputs if key not in first]
    ask.rng.shuffle(order)

    def run(at: Inputs, watch: bool) -> tuple[Array, Kept]:
        params = {key: at[key] for key in order}
        return ask.forward(forward, *(at[key] for key in first), {**params, **extra}, watch=watch)

    def open_cache(at: Inputs) -> Callable[[Array], Any]:
        cache = run(at, True)[1]
        return lambda upstream: ask.call(backward, upstream, cache, *tail)

    return Machine(backward, inputs, lambda at: run(at, False)[0], open_cache, **more)


def read_grads(ask: Ask, machine: Machine, came: Any) -> Inputs:
    """All gradients as arrays, by the name of their input, or Stop."""
    found = ask.mapping(came, machine.name, [machine.key(name) for name in machine.inputs])
    return {
        name: ask.float_array(found[machine.key(name)], array.shape, machine.key(name))
        for name, array in machine.inputs.items()
    }


def differenced(ask: Ask, machine: Machine, upstream: Array, share: float = 1.0) -> Inputs:
    """The slopes of the student's own forward, contracted with the upstream."""
    return ask.slopes(lambda at: float(np.sum(upstream * machine.forward(at))), machine.inputs, share)


def ask_backward(ask: Ask, machine: Machine, right: Callable[[Array], Inputs] | None = None) -> bool:
    """Compare every array with differences, then ask the laws of any backward function."""
    upstream = ask.normal(*machine.forward(machine.inputs).shape)
    truth = right(upstream) if right else differenced(ask, machine, upstream)
    found = ask.mapping(machine.open(machine.inputs)(upstream), machine.name, [machine.key(k) for k in machine.inputs])
    size = float(np.max(np.abs(upstream)))
    oks = [
        ask.array(machine.key(key), found[machine.key(key)], truth[key], upstream=size, steps=key in machine.steps)
        for key in machine.inputs
    ]
    if any(row.kind == "array" and not row.error for row in ask.rows):
        ask.note("The laws are asked when every array can be read.")
    else:
        linear_laws(ask, machine)
        cache_laws(ask, machine)
        law_batch(ask, machine)
    return all(oks)


def linear_laws(ask: Ask, machine: Machine) -> None:
    """A backward is a linear map of the upstream."""
    back = machine.open(machine.inputs)
    one, two = (ask.normal(*machine.forward(machine.inputs).shape) for _ in range(2))
    a, b = 1.7, -0.6
    with ask.law("zero upstream gives zero", "an upstream that is ignored or replaced") as same:
        for key, grad in read_grads(ask, machine, back(np.zeros_like(one))).items():
            same(grad, np.zeros_like(grad), machine.key(key))
    ones = read_grads(ask, machine, back(one))
    with ask.law("linear in the upstream", "clipping, a square, or an upstream that is changed") as same:
        twos, both = (read_grads(ask, machine, back(upstream)) for upstream in (two, a * one + b * two))
        same(both, {key: a * ones[key] + b * twos[key] for key in ones})
    if machine.twins:
        with ask.law("both biases get the same", "one of the two bias gradients: they enter as a sum") as same:
            same(ones[machine.twins[0]], ones[machine.twins[1]])


def cache_laws(ask: Ask, machine: Machine) -> None:
    """A cache answers twice, and also after another forward."""
    back = machine.open(machine.inputs)
    upstream = ask.normal(*machine.forward(machine.inputs).shape)
    first = read_grads(ask, machine, back(upstream))
    with ask.law("called twice, the same", "a change in place of the cache, or lists that are never cleared") as same:
        same(read_grads(ask, machine, back(upstream)), first)
    with ask.law(
        "the cache still works after another forward", "values kept outside the cache, in a global name"
    ) as same:
        machine.open({key: ask.spread(1.0, *array.shape) for key, array in machine.inputs.items()})
        same(read_grads(ask, machine, back(upstream)), first)


def law_batch(ask: Ask, machine: Machine) -> None:
    """Samples do not see each other: inputs' gradients join, parameters' gradients add."""
    output = machine.forward(machine.inputs)
    upstream = ask.normal(*output.shape)
    hint = "a mean over the batch, samples that are mixed, or a sum over the wrong axis"
    with ask.law("batch: two halves give the whole", hint) as same:
        whole = read_grads(ask, machine, machine.open(machine.inputs)(upstream))
        halves = []
        for piece in (slice(0, 1), slice(1, None)):
            inputs = {
                k: _along(v, machine.rows[k], piece) if k in machine.rows else v for k, v in machine.inputs.items()
            }
            came = machine.open(inputs)(_along(upstream, machine.rows["output"], piece))
            halves.append(read_grads(ask, replace(machine, inputs=inputs), came))
        for key, grad in whole.items():
            parts = [half[key] for half in halves]
            joined = np.concatenate(parts, machine.rows[key]) if key in machine.rows else parts[0] + parts[1]
            same(grad, joined, machine.key(key))


def law_cost(ask: Ask, machine: Machine) -> None:
    """A backward costs a few forwards, not one for every weight."""
    upstream = ask.normal(*machine.forward(machine.inputs).shape)
    back = machine.open(machine.inputs)
    forwards = _seconds(lambda: machine.forward(machine.inputs), 3)
    backwards = _seconds(lambda: back(upstream), 1)
    ok = backwards < COST * forwards or backwards < 0.05
    words = f"costs {backwards / forwards:.0f} forwards; differences instead of a derivation?"
    ask.rows.append(Row("law", "costs a few forwards", ok, "" if ok else words))


def _seconds(run: Callable[[], Any], times: int) -> float:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        found.append(time.perf_counter() - started)
    return max(min(found), 1e-7)


def _along(array: Array, axis: int, piece: slice) -> Array:
    return array[(slice(None),) * axis + (piece,)].copy()


def _affine(rows: Array, weight: Array, bias: Array) -> Array:
    """Weighted sums plus bias, entry by entry from the definition."""
    return np.array([[math.fsum([b, *(w * row)]) for w, b in zip(weight, bias, strict=True)] for row in rows])


def _log_ratios(logits: Array, axis: int = -1) -> Array:
    """What log p − log p[first] must be for a softmax p: the differences of the logits."""
    return logits - np.take(logits, [0], axis)


def ask_softmax(ask: Ask, label: str, came: Any, logits: Array, axis: int = -1) -> None:
    """Two rows that only a softmax along `axis` passes: ratios and sums."""
    ask.undo(
        f"{label} (ratios)", came, _log_ratios(logits, axis), lambda p: _log_ratios(np.log(p), axis), 0.0, math.inf
    )
    with contextlib.suppress(Odd):
        sums = ask.read(came, logits.shape).sum(axis)
        ask.array(f"{label} (sums along axis {axis})", sums, np.ones_like(sums), r=SINGLE if ask.single else EXACT)


def number(ask: Ask, name: str, *given: Any, watch: bool = True, own: bool = False) -> float:
    """A float from a student's function."""
    return float(ask.float_array(ask.call(name, *given, watch=watch), (), f"the value of {name}", own=own))


def numbers(ask: Ask, name: str, words: str, *given: Any) -> list[float]:
    """A pair of floats from a student's function."""
    came = ask.split(ask.call(name, *given), len(words.split(", ")), name, f"({words})")
    return [float(ask.float_array(value, (), label)) for value, label in zip(came, words.split(", "), strict=True)]


def law_twice(ask: Ask, name: str, *given: Any) -> None:
    """For functions without a cache: the same arguments give the same."""
    first = ask.call(name, *given)
    second = ask.call(name, *given)
    ok = _alike(first, second)
    words = "points to: something remembered between the calls"
    ask.rows.append(Row("law", "called twice, the same", ok, "" if ok else words))


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return set(a) == set(b) and all(_alike(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_alike, a, b))
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, rtol=1e-6, atol=1e-12))


@dataclass(frozen=True)
class Training:
    """A training loop of the student's as something that can be asked."""

    name: str
    start: Inputs
    lr: float
    run: Callable[[Inputs, int, int], Any]  # parameters, first step, end → (parameters, losses)
    loss: Callable[[Inputs, int], float]  # the student's own loss of these parameters at that step
    scale: Callable[[Inputs], float] = lambda slopes: 1.0  # what clipping multiplies the slopes with


def ask_training(ask: Ask, training: Training) -> None:
    """The first loss, the first step against differences of the loss, the later losses, and the loop in two pieces."""

    def run(start: Inputs, first: int, end: int) -> tuple[Inputs, Array]:
        params, losses = training.run(start, first, end)
        found = ask.mapping(params, training.name, list(start))
        arrays = {key: ask.float_array(found[key], start[key].shape, key) for key in start}
        return arrays, ask.float_array(losses, (end - first,), "losses")

    after, losses = run(training.start, 0, 1)
    ask.array("losses[0]", losses[0], training.loss(training.start, 0), r=TRAINING)
    slopes = ask.slopes(lambda at: training.loss(at, 0), training.start)
    factor = training.scale(slopes)
    for key, start in training.start.items():
        ask.array(f"{key} after one step", after[key], start - training.lr * factor * slopes[key], r=TRAINING)
    end, losses = run(training.start, 0, 3)
    states = [training.start, after, run(training.start, 0, 2)[0]]
    own = [training.loss(state, step) for step, state in enumerate(states)]
    ask.array("losses (each before its update)", losses, own, r=TRAINING)
    with ask.law("one step, then the others: the same end", "a step that depends on its place", TRAINING) as same:
        same(run(after, 1, 3)[0], end)
    with ask.law("called twice, the same", "a start that was changed in place", TRAINING) as same:
        same(run(training.start, 0, 3)[0], end)


# ---------------------------------------------------------------------------------------------------------------------
# a1_linear_fit
# ---------------------------------------------------------------------------------------------------------------------


@checks("predict(x, w, b)", "an array (N,)", 1, "nothing that we know of: the line is asked for in full.")
def check_predict(ask: Ask) -> None:
    (n,) = ask.draw_sizes("N")
    x, w, b = ask.normal(n), 1.7, -0.6
    ask.array("prediction", ask.call("predict", x, w, b), np.polyval([w, b], x))
    with ask.law("w = 0 gives b everywhere", "b is missing, or has the wrong sign") as same:
        same(ask.float_array(ask.call("predict", x, 0.0, b), (n,), "prediction"), np.full(n, b))
    law_twice(ask, "predict", x, w, b)


def check_loss_of_pairs(ask: Ask, name: str, shape: Sequence[int], one: float, mean: bool) -> None:
    """A loss that is a mean or a sum over single pairs; `one` is the loss of a pair that is off by one."""
    prediction, target = ask.normal(*shape), ask.normal(*shape)
    single = (1,) * len(shape)
    gap = float(ask.rng.uniform(0.3, 3.0))
    off = number(ask, name, np.full(single, 2.0 + gap), np.full(single, 2.0))
    ask.array("loss of one pair", off, one * gap**2)
    alone = [
        number(ask, name, *(np.full(single, v) for v in pair))
        for pair in zip(prediction.flat, target.flat, strict=True)
    ]
    whole = math.fsum(alone) / (len(alone) if mean else 1)
    ask.array("loss", ask.call(name, prediction, target), whole)
    with ask.law("equal arrays give 0", "a constant that does not belong there") as same:
        same(number(ask, name, target, target), 0.0)
    twice = (np.concatenate([prediction, prediction]), np.concatenate([target, target]))
    words = "the data twice changes nothing" if mean else "the data twice doubles the loss"
    with ask.law(words, "sum and mean are mixed up" if mean else "a mean where the course has a sum") as same:
        same(number(ask, name, *twice), whole * (1 if mean else 2))
    law_twice(ask, name, prediction, target)


@checks("mse_loss(prediction, target)", "a float", 1, "nothing that we know of: the loss is asked for in full.")
def check_mse_loss(ask: Ask) -> None:
    check_loss_of_pairs(ask, "mse_loss", ask.draw_sizes("N"), 1.0, mean=True)


@checks(
    "numerical_derivative(f, at, eps=1e-6)",
    "a float",
    2,
    "how it fares with functions that jump or bend sharply: it is tried on polynomials and one sine.",
)
def check_numerical_derivative(ask: Ask) -> None:
    a, b, c = (float(value) for value in ask.spread(2.0, 3))
    at, eps = float(ask.rng.uniform(0.5, 2.0)), 0.125
    calls: list[float] = []

    def square(value: float) -> float:
        calls.append(float(value))
        return a * value**2 + b * value + c

    line = Kept(lambda value: a * value + b)
    cube = Kept(lambda value: c * value**3)
    wave = Kept(lambda value: math.sin(float(value)))
    name = "numerical_derivative"
    ask.array("of a line", ask.call(name, line, at, eps), a)
    ask.array("of a parabola, eps = 1/8", ask.call(name, Kept(square), at, eps), 2 * a * at + b, upstream=abs(a))
    ask.array("of a cube, eps = 1/8", ask.call(name, cube, at, eps), c * (3 * at**2 + eps**2))
    ask.array("of sin at 0.3, default eps", ask.call(name, wave, 0.3), math.cos(0.3))
    middle = sum(calls) / len(calls) if calls else math.nan
    words = "points to: differences to one side (f(at + eps) − f(at)) / eps are only half as good"
    ok = bool(calls) and abs(middle - at) < 1e-9
    ask.rows.append(Row("law", "f is asked left and right of the point", ok, "" if ok else words))
    law_twice(ask, name, line, at, eps)


def _line_problem(ask: Ask) -> tuple[Array, Array, float, float]:
    """x, target, w, b of a small fit, every target off by a good deal."""
    (n,) = ask.draw_sizes("N")
    return ask.spread(2.0, max(n, 3)), ask.spread(3.0, max(n, 3)), float(ask.normal()), float(ask.normal())


def _own_loss(ask: Ask, x: Array, target: Array) -> Callable[[Inputs], float]:
    """The student's own loss of (w, b)."""

    def loss(at: Inputs) -> float:
        prediction = ask.call("predict", x, float(at["w"]), float(at["b"]), watch=False)
        return number(ask, "mse_loss", prediction, target, watch=False, own=True)

    return loss


@checks(
    "mse_gradients(x, target, w, b)",
    "a pair of floats (dw, db)",
    4,
    "a wrong mse_loss: the slopes are those of your own loss, so a sum in place of the mean in both passes here.",
    ("predict", "mse_loss"),
)
def check_mse_gradients(ask: Ask) -> None:
    x, target, w, b = _line_problem(ask)
    right = ask.slopes(_own_loss(ask, x, target), {"w": np.array(w), "b": np.array(b)})
    came = ask.split(ask.call("mse_gradients", x, target, w, b), 2, "mse_gradients", "a pair of floats (dw, db)")
    ask.array("dw", came[0], right["w"])
    ask.array("db", came[1], right["b"])
    with ask.law("the data twice changes nothing", "a sum where the loss has a mean") as same:
        twice = numbers(ask, "mse_gradients", "dw, db", np.tile(x, 2), np.tile(target, 2), w, b)
        same(twice, numbers(ask, "mse_gradients", "dw, db", x, target, w, b))
    with ask.law("a perfect fit has no slope", "something beside the errors that does not vanish with them") as same:
        same(numbers(ask, "mse_gradients", "dw, db", x, np.polyval([w, b], x), w, b), [0.0, 0.0])
    law_twice(ask, "mse_gradients", x, target, w, b)


@checks(
    "gradient_descent(x, target, w, b, lr, steps)",
    "(w, b, losses)",
    3,
    "a wrong loss: the steps are judged by differences of your own.",
    ("predict", "mse_loss", "mse_gradients"),
)
def check_gradient_descent(ask: Ask) -> None:
    x, target, w, b = _line_problem(ask)
    lr, loss = 0.05, _own_loss(ask, x, target)

    def run(at: Inputs, first: int, end: int) -> Any:
        came = ask.call("gradient_descent", x, target, float(at["w"]), float(at["b"]), lr, end - first)
        last_w, last_b, losses = ask.split(came, 3, "gradient_descent", "(w, b, losses)")
        return {"w": last_w, "b": last_b}, losses

    start = {"w": np.array(w), "b": np.array(b)}
    ask_training(ask, Training("gradient_descent", start, lr, run, lambda at, step: loss(at)))


def _slope(f: Callable[[float], float], at: float) -> float:
    """Exact for parabolas, up to rounding."""
    return f(at + 0.5) - f(at - 0.5)


@checks(
    "online_fit(x, target, w, lr, passes, b=-6.0)",
    "an array (passes·N + 1,)",
    2,
    "nothing that we know of: every single step is compared.",
)
def check_online_fit(ask: Ask) -> None:
    x, target, w, _ = _line_problem(ask)
    passes, lr, n = 3, 0.06, len(x)
    for label, b, more in (("weights", -2.5, (-2.5,)), ("weights with the default b", -6.0, ())):
        came = ask.call("online_fit", x, target, w, lr, passes, *more)
        right = np.full(passes * n + 1, w)
        with contextlib.suppress(Odd):
            own = ask.read(came, right.shape)
            for step in range(passes * n):
                error = lambda v, s=step % n, b=b: 0.5 * (np.polyval([v, b], x[s]) - target[s]) ** 2  # noqa: E731
                right[step + 1] = own[step] - lr * _slope(error, float(own[step]))
        ask.array(label, came, right, r=SINGLE if ask.single else EXACT)
    with ask.law(
        "one pass, then the others: the same end", "a pass that does not begin where the last one ended"
    ) as same:
        first = ask.float_array(ask.call("online_fit", x, target, w, lr, 1, -2.5), (n + 1,), "weights")
        rest = ask.call("online_fit", x, target, float(first[-1]), lr, passes - 1, -2.5)
        whole = ask.float_array(ask.call("online_fit", x, target, w, lr, passes, -2.5), (passes * n + 1,), "weights")
        same(ask.float_array(rest, ((passes - 1) * n + 1,), "weights"), whole[n:])
    law_twice(ask, "online_fit", x, target, w, lr, passes)


@checks(
    "largest_stable_lr(x)",
    "a float",
    2,
    "nothing that we know of: at your rate the worst direction must neither grow nor shrink.",
)
def check_largest_stable_lr(ask: Ask) -> None:
    (n,) = ask.draw_sizes("N")
    x = ask.spread(3.0, max(n, 3)) + float(ask.normal())

    def slopes(w: float, b: float) -> Array:
        loss = lambda w, b: float(np.mean(np.polyval([w, b], x) ** 2))  # noqa: E731
        return np.array([_slope(lambda v: loss(v, b), w), _slope(lambda v: loss(w, v), b)])

    turn = np.stack([slopes(1.0, 0.0), slopes(0.0, 1.0)], axis=1)

    def growth(lr: float) -> float:
        """What one step of descent multiplies the worst direction with."""
        return float(np.max(np.abs(np.linalg.eigvals(np.eye(2) - lr * turn))))

    low, high = 0.0, 4.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if growth(middle) < 1 else (low, middle)
    came = ask.call("largest_stable_lr", x)
    ask.array("learning rate", came, low)
    with ask.law("1 % below, every direction shrinks", "the rate is too large") as same:
        same(growth(0.99 * float(np.asarray(came, dtype=float).ravel()[0])) < 1, True)
    with ask.law(
        "1 % above, one direction grows", "the rate is too small, or the factor 2 of the mean of squares"
    ) as same:
        same(growth(1.01 * float(np.asarray(came, dtype=float).ravel()[0])) > 1, True)
    law_twice(ask, "largest_stable_lr", x)


@checks("counterexample()", "(x, target, w, lr)", 2, "nothing: both rules are run on your numbers.")
def check_counterexample(ask: Ask) -> None:
    x, target, w, lr = ask.split(ask.call("counterexample"), 4, "counterexample", "(x, target, w, lr)")
    x, target = (np.asarray(value, dtype=float) for value in (x, target))
    w, lr = float(np.asarray(w, dtype=float)), float(np.asarray(lr, dtype=float))
    if x.ndim != 1 or x.shape != target.shape or len(set(x.tolist())) < 2:
        raise Stop(f"x and target must be (N,) with at least two different x; came {x.shape} and {target.shape}")
    if not (lr > 0 and np.all(np.isfinite([*x, *target, w, lr]))):
        raise Stop("lr must be above 0 and every number finite")
    best = float(np.linalg.lstsq(x[:, None], target + 6, rcond=None)[0][0])
    article = true = w
    for one, y in zip(x, target, strict=True):
        article += lr * (y - np.polyval([article, -6.0], one))
        true -= lr * _slope(lambda v, one=one, y=y: 0.5 * (np.polyval([v, -6.0], one) - y) ** 2, true)
    away = [abs(value - best) for value in (w, article, true)]
    said = f"the best w is {best:.4g}; the distance goes from {away[0]:.4g} to {{:.4g}}"
    for label, ok, distance in (
        ("the article's rule ends farther away", math.isfinite(article) and away[1] > away[0], away[1]),
        ("the true gradient ends nearer", away[2] < away[0], away[2]),
    ):
        ask.rows.append(Row("array", label, bool(ok), said.format(distance)))
    law_twice(ask, "counterexample")


# ---------------------------------------------------------------------------------------------------------------------
# a2_mlp_backprop
# ---------------------------------------------------------------------------------------------------------------------

EXTREME = np.array([[1000.0, -1000.0, 0.0, 1.5], [-1000.0, -1000.0, 1000.0, 999.0]])


def _log_odds(p: Array) -> Array:
    """What a sigmoid was made of."""
    return np.log(p) - np.log1p(-p)


@checks("sigmoid(z)", "an array like z", 1, "nothing that we know of: log(s / (1 − s)) must give z back.")
def check_sigmoid(ask: Ask) -> None:
    z = ask.spread(4.0, *ask.draw_sizes("N", "H"))
    ask.undo("sigmoid(z)", ask.call("sigmoid", z), z, _log_odds, 0.0, 1.0)
    with ask.law("σ(−z) = 1 − σ(z)", "something that is not symmetric around z = 0") as same:
        there, back = (ask.float_array(ask.call("sigmoid", v), v.shape, "sigmoid") for v in (z, -z))
        same(back, 1 - there)
    with (
        ask.law("no overflow at ±1000", "exp of a large number; use a form that only takes exp of −|z|") as same,
        ask.no_overflow(),
    ):
        far = np.array([-1000.0, 0.0, 1000.0])
        same(ask.float_array(ask.call("sigmoid", far), (3,), "sigmoid at −1000, 0, 1000"), np.array([0.0, 0.5, 1.0]))
    with ask.law("a single number works too", "indexing that needs an axis") as same:
        same(ask.float_array(ask.call("sigmoid", np.array(0.0)), (), "sigmoid of one number"), 0.5)
    law_twice(ask, "sigmoid", z)


def _mlp(ask: Ask) -> Inputs:
    n, d, h, o = ask.draw_sizes("N", "D", "H", "O")
    return {
        "x": ask.spread(1.7, n, d),
        "weight_1": ask.spread(2.2 / math.sqrt(d), h, d),
        "bias_1": ask.spread(0.8, h),
        "weight_2": ask.spread(2.2 / math.sqrt(h), o, h),
        "bias_2": ask.spread(0.8, o),
    }


@checks(
    "mlp_forward(x, params)",
    "(prediction, cache)",
    2,
    "what you put into the cache: only mlp_backward shows that.",
    ("sigmoid",),
)
def check_mlp_forward(ask: Ask) -> None:
    at = _mlp(ask)
    x, params = at.pop("x"), at
    n, h, o = len(x), ask.sizes["H"], ask.sizes["O"]
    through = {**params, "weight_2": np.eye(h), "bias_2": np.zeros(h)}  # shows the hidden layer at the output
    seen = ask.forward("mlp_forward", x, through, shape=(n, h), own=False)[0]
    with np.errstate(all="ignore"):
        hidden = _log_odds(seen)
    ask.undo("hidden layer", hidden, _affine(x, params["weight_1"], params["bias_1"]), _log_odds, 0.0, 1.0)
    came = ask.split(ask.call("mlp_forward", x, params), 2, "mlp_forward", "a pair (prediction, cache)")[0]
    if np.all(np.isfinite(hidden)):
        ask.undo("prediction", came, _affine(hidden, params["weight_2"], params["bias_2"]), _log_odds, 0.0, 1.0)
    law_rows(ask, "mlp_forward", x, {**params, "unused": np.ones(2)}, o)


def law_rows(ask: Ask, name: str, x: Array, params: Inputs, out: int, *more: Array) -> None:
    """Row i of the output depends on row i of the inputs alone; and the same call gives the same."""
    whole = ask.forward(name, x, *more, params, shape=(len(x), out), own=False)[0]
    with ask.law(
        "a row alone gives the same row", "samples that are mixed: a sum, a mean or a maximum over the batch"
    ) as same:
        alone = ask.forward(name, x[:1], *(each[:1] for each in more), params, shape=(1, out), own=False)[0]
        same(alone, whole[:1])
    with ask.law("called twice, the same", "something remembered between the calls") as same:
        same(ask.forward(name, x, *more, params, shape=(len(x), out), own=False)[0], whole)


@checks(
    "half_squared_error(prediction, target)", "a float", 1, "nothing that we know of: the loss is asked for in full."
)
def check_half_squared_error(ask: Ask) -> None:
    check_loss_of_pairs(ask, "half_squared_error", ask.draw_sizes("N", "O"), 0.5, mean=False)


@checks(
    "worked_example()",
    "a dict",
    2,
    "nothing that we know of: each number is compared to four digits with the net itself.",
)
def check_worked_example(ask: Ask) -> None:
    x, label = [0.4, 0.5], 1.0
    at = {
        "weight_1": np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]),
        "bias_1": np.array([0.1, 0.2, 0.3]),
        "weight_2": np.array([[0.1, 0.2, 0.3]]),
        "bias_2": np.array([0.1]),
    }

    def stages(at: Inputs) -> list[Any]:
        net_1 = _affine(np.array([x]), at["weight_1"], at["bias_1"])
        hidden = 0.5 + 0.5 * np.tanh(net_1 / 2)
        net_2 = _affine(hidden, at["weight_2"], at["bias_2"])
        prediction = 0.5 + 0.5 * np.tanh(net_2 / 2)
        return [net_1, hidden, net_2, prediction, 0.5 * float(prediction[0, 0] - label) ** 2]

    names, digits = ["net_1", "hidden", "net_2", "prediction", "loss"], 5e-4
    came = ask.mapping(ask.call("worked_example"), "worked_example", [*names, "grads"])
    for key, right in zip(names, stages(at), strict=True):
        ask.array(key, came[key], right, r=digits)
    try:
        grads = ask.mapping(came["grads"], "grads of worked_example", list(at))
    except Stop as stop:
        ask.rows.append(Row("array", "grads", False, str(stop)))
        return
    for key, right in ask.slopes(lambda moved: stages(moved)[-1], at).items():
        ask.array(f"grads: {key}", grads[key], right, r=digits)


@checks(
    "numerical_gradient(f, array, eps=1e-6)",
    "a float64 array like the one given",
    3,
    "how it fares with functions that jump or bend sharply: it is tried on squares, cubes and a sine.",
)
def check_numerical_gradient(ask: Ask) -> None:
    name, eps = "numerical_gradient", 0.125
    n, d = ask.draw_sizes("N", "D")
    cases = {
        "a matrix": ask.spread(2.0, n, d),
        "a 0-d array": np.array(0.7),
        "a vector": ask.spread(2.0, d),
        "a strided array": ask.spread(2.0, 2 * d, n)[::2].T,
    }
    changed, used = [], 0
    for label, array in cases.items():
        c, before = ask.spread(1.5, *array.shape), array.copy()
        calls = [0]

        def f(given: Any, c: Array = c, power: int = 3, calls: list[int] = calls) -> float:
            calls[0] += 1
            if np.shape(given) != c.shape:
                raise ValueError(f"f was called with shape {np.shape(given)}, it needs {c.shape}")
            return float(np.sum(c * np.asarray(given) ** power))

        came = ask.call(name, Kept(f), Kept(array), eps)
        ask.array(f"{label}, cubes, eps = 1/8", came, c * (3 * before**2 + eps**2))
        used = max(used, calls[0] / array.size)
        if not np.array_equal(array, before):
            changed.append(label)
            array[...] = before
        if label == "a matrix":
            came = ask.call(name, Kept(lambda given, c=c: f(given, c, 2)), Kept(array), eps)
            ask.array(f"{label}, squares, eps = 1/8", came, 2 * c * before, upstream=float(np.max(np.abs(c))))
            came = ask.call(name, Kept(lambda given, c=c: float(np.sum(c * np.sin(given)))), Kept(array))
            ask.array(f"{label}, sine, default eps", came, c * np.cos(before))
            with ask.law("called twice, the same", "an array that is not put back") as same:
                again = [
                    ask.float_array(ask.call(name, Kept(f), Kept(array)), array.shape, "gradient") for _ in range(2)
                ]
                same(*again)
    words = f"changed: {', '.join(changed)}; keep the old value and write it back (x + eps − eps is not x)"
    ask.rows.append(Row("law", "the array is put back to the bit", not changed, words if changed else ""))
    ok = 0 < used <= 4
    words = "f is never called" if not used else f"f is called {used:.0f} times for each entry, twice is enough"
    ask.rows.append(Row("law", "two calls of f an entry", ok, "" if ok else words))


@checks(
    "mlp_backward(grad_prediction, cache)",
    "a dict of gradients",
    6,
    BACKWARD_BLIND.format(forward="mlp_forward"),
    ("mlp_forward",),
)
def check_mlp_backward(ask: Ask) -> None:
    rows = {"x": 0, "output": 0}
    if ask_backward(ask, cached(ask, "mlp_forward", "mlp_backward", _mlp(ask), ["x"], rows=rows, twins=None)):
        large = {
            "x": ask.normal(2, 15),
            "weight_1": ask.normal(30, 15) / 4,
            "bias_1": ask.normal(30),
            "weight_2": ask.normal(4, 30) / 5,
            "bias_2": ask.normal(4),
        }
        law_cost(ask, cached(ask, "mlp_forward", "mlp_backward", large, ["x"], rows=rows, twins=None))


@checks(
    "softmax(logits)", "an array like logits", 1, "nothing that we know of: ratios and sums leave only one function."
)
def check_softmax(ask: Ask) -> None:
    t, n, c = ask.draw_sizes("T", "N", "C")
    for label, shape in (("rows", (n, c)), ("one row", (c,)), ("three axes", (t, n, c))):
        logits = ask.spread(3.0, *shape)
        ask_softmax(ask, label, ask.call("softmax", logits), logits)
    softmax_laws(ask)
    law_twice(ask, "softmax", logits)


def softmax_laws(ask: Ask) -> None:
    """Sums, shift, order of the rows, and large numbers."""
    n, c = ask.draw_sizes("N", "C")
    logits = ask.spread(3.0, n, c)
    p = ask.float_array(ask.call("softmax", logits), (n, c), "softmax")
    with ask.law("each row sums to 1", "a sum over the whole matrix or over the wrong axis") as same:
        same(p.sum(axis=-1), np.ones(n))
    with ask.law(
        "adding a number to a row changes nothing", "a sum over the whole matrix, or exp that is not divided"
    ) as same:
        moved = ask.call("softmax", logits + ask.spread(2.0, n, 1))
        same(ask.float_array(moved, (n, c), "softmax of shifted rows"), p)
    with (
        ask.law("no overflow at ±1000", "exp of a large number; take the row's largest off first") as same,
        ask.no_overflow(),
    ):
        far = ask.float_array(ask.call("softmax", EXTREME), EXTREME.shape, "softmax at ±1000")
        same(far.sum(axis=-1), np.ones(2))
        same(far[:, 2], np.array([0.0, math.e / (math.e + 1)]))


@checks(
    "cross_entropy(logits, target)",
    "a float",
    2,
    "nothing that we know of: differences between classes, the sum of probabilities and the mean leave only one loss.",
)
def check_cross_entropy(ask: Ask) -> None:
    n, c = ask.draw_sizes("N", "C")
    logits, target = ask.spread(3.0, n, c), ask.rng.integers(0, c, n)
    name = "cross_entropy"
    table = np.array([[number(ask, name, row[None], np.array([j])) for j in range(c)] for row in logits])
    ask.array("between the classes of one row", _log_ratios(table), -_log_ratios(logits))
    ask.array("probabilities of one row, summed", np.exp(-table).sum(axis=1), np.ones(n))
    ask.array("loss of all rows", ask.call(name, logits, target), math.fsum(table[np.arange(n), target]) / n)
    with ask.law("uniform logits give log C", "a sum where a mean is meant, or another base of the logarithm") as same:
        same(number(ask, name, np.full((n, c), 0.7), target), math.log(c))
    with ask.law("adding a number to a row changes nothing", "a softmax over the whole matrix") as same:
        same(number(ask, name, logits + ask.spread(2.0, n, 1), target), number(ask, name, logits, target))
    with (
        ask.law("no overflow at ±1000", "log of a probability that became 0; take the logarithm before exp") as same,
        ask.no_overflow(),
    ):
        same([number(ask, name, EXTREME[:1], np.array([j])) for j in range(4)], [0.0, 2000.0, 1000.0, 998.5])
    law_twice(ask, name, logits, target)


@checks(
    "cross_entropy_backward(logits, target)",
    "an array (N, classes)",
    3,
    "a wrong cross_entropy: the slopes are those of your own, so a sum in place of the mean in both passes here.",
    ("cross_entropy",),
)
def check_cross_entropy_backward(ask: Ask) -> None:
    n, c = ask.draw_sizes("N", "C")
    logits, target = ask.spread(3.0, n, c), ask.rng.integers(0, c, n)
    name = "cross_entropy_backward"

    def slopes(logits: Array, target: Array) -> Array:
        loss = lambda at: number(ask, "cross_entropy", at["logits"], target, watch=False, own=True)  # noqa: E731
        return ask.slopes(loss, {"logits": logits})["logits"]

    ask.array("grad_logits", ask.call(name, logits, target), slopes(logits, target))
    with ask.law("each row sums to 0", "the 1 of the target is not taken off, or an extra factor p(1 − p)") as same:
        same(
            ask.float_array(ask.call(name, logits, target), (n, c), "gradient").sum(axis=1), np.zeros(n), upstream=1 / n
        )
    with ask.law("the rows twice halve each entry", "the mean over rows: the loss divides by N") as same:
        twice = ask.call(name, np.tile(logits, (2, 1)), np.tile(target, 2))
        once = ask.float_array(ask.call(name, logits, target), (n, c), "gradient")
        same(ask.float_array(twice, (2 * n, c), "gradient of the rows twice")[:n], once / 2)
    with (
        ask.law("no overflow at ±1000", "exp of a large number; take the row's largest off first") as same,
        ask.no_overflow(),
    ):
        far = np.array([1, 3])
        same(ask.float_array(ask.call(name, EXTREME, far), EXTREME.shape, "gradient at ±1000").sum(axis=1), np.zeros(2))
    law_twice(ask, name, logits, target)


@checks("sgd_step(params, grads, lr)", "a dict of new params", 1, "nothing that we know of.")
def check_sgd_step(ask: Ask) -> None:
    n, d = ask.draw_sizes("N", "D")
    params = {"weight": ask.normal(n, d), "bias": ask.normal(n)}
    grads = {"x": ask.normal(d), **{key: ask.spread(1.0, *array.shape) for key, array in params.items()}}
    lr = 0.37
    came = ask.mapping(ask.call("sgd_step", params, grads, lr), "sgd_step", list(params))
    for key, array in params.items():
        moved = came[key]
        with contextlib.suppress(Odd):
            moved = (array - ask.read(moved, array.shape)) / lr
        ask.array(f"{key}: (old − new) / lr", moved, grads[key])
    with ask.law("lr = 0 moves nothing", "a step that does not depend on lr") as same:
        still = ask.mapping(ask.call("sgd_step", params, grads, 0.0), "sgd_step", list(params))
        same({key: ask.float_array(still[key], params[key].shape, key) for key in params}, params)
    law_twice(ask, "sgd_step", params, grads, lr)


@checks(
    "train_mlp(x, target, params, lr, steps)",
    "(params, losses)",
    2,
    "wrong functions below it: the steps are judged by differences of your own loss.",
    ("mlp_forward", "half_squared_error", "mlp_backward", "sgd_step"),
)
def check_train_mlp(ask: Ask) -> None:
    at = _mlp(ask)
    x, params = at.pop("x"), at
    target, lr = ask.rng.uniform(0, 1, (len(x), ask.sizes["O"])), 0.4

    def loss(at: Inputs, step: int) -> float:
        prediction = ask.forward("mlp_forward", x, at, watch=False)[0]
        return number(ask, "half_squared_error", prediction, target, watch=False, own=True)

    def run(at: Inputs, first: int, end: int) -> Any:
        return ask.split(ask.call("train_mlp", x, target, at, lr, end - first), 2, "train_mlp", "(params, losses)")

    ask_training(ask, Training("train_mlp", params, lr, run, loss))


@checks(
    "name_the_mistake()",
    "a dict with the keys A to F",
    1,
    "whether your names are the right ones: only their form is looked at here.",
)
def check_name_the_mistake(ask: Ask) -> None:
    letters = list("ABCDEF")
    came = ask.mapping(ask.call("name_the_mistake"), "name_the_mistake", letters)
    listed = ask.space.get("mistake_names")  # the list that stands above the cell, where the notebook names it
    for letter in letters:
        name = came[letter]
        if name is _MISSING:
            words = "this key is missing in your dict"
        elif not isinstance(name, str) or not name.strip():
            words = "no name yet" if name in ("", None) else f"expected a name from the list, came {_kind(name)}"
        else:
            words = "" if not listed or name in listed else f"{name!r} does not stand in the list of names"
        ask.rows.append(Row("array", letter, not words, words))


# ---------------------------------------------------------------------------------------------------------------------
# a3_rnn_cell
# ---------------------------------------------------------------------------------------------------------------------

CELL = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _cell_params(ask: Ask, d: int, h: int) -> Inputs:
    """Weights that make pre-activations around 1 and are not symmetric."""
    return {
        "weight_ih": ask.spread(1.7 / math.sqrt(d), h, d),
        "weight_hh": ask.spread(2.0 / math.sqrt(h), h, h),
        "bias_ih": ask.spread(0.6, h),
        "bias_hh": ask.spread(0.6, h),
    }


def _cell(ask: Ask) -> Inputs:
    n, d, h = ask.draw_sizes("N", "D", "H")
    return {"x": ask.spread(1.7, n, d), "h_prev": ask.spread(0.9, n, h), **_cell_params(ask, d, h)}


def _params(at: Inputs) -> Inputs:
    return {key: at[key] for key in CELL}


def _pre_activation(x: Array, h: Array, at: Inputs) -> Array:
    return _affine(x, at["weight_ih"], at["bias_ih"]) + _affine(h, at["weight_hh"], at["bias_hh"])


def _readout_params(ask: Ask, c: int, h: int) -> Inputs:
    return {"weight_ho": ask.spread(2.0 / math.sqrt(h), c, h), "bias_ho": ask.spread(0.6, c)}


@checks(
    "rnn_cell_forward(x, h_prev, params)",
    "(h, cache)",
    2,
    "what you put into the cache: only rnn_cell_backward shows that.",
)
def check_rnn_cell_forward(ask: Ask) -> None:
    at = _cell(ask)
    given = {**_params(at), **_readout_params(ask, 6, ask.sizes["H"])}
    came = ask.split(
        ask.call("rnn_cell_forward", at["x"], at["h_prev"], given), 2, "rnn_cell_forward", "a pair (h, cache)"
    )
    ask.undo("h (seen through arctanh)", came[0], _pre_activation(at["x"], at["h_prev"], at), np.arctanh, -1.0, 1.0)
    law_rows(ask, "rnn_cell_forward", at["x"], given, ask.sizes["H"], at["h_prev"])


def _cell_machine(ask: Ask, at: Inputs) -> Machine:
    rows = {"x": 0, "h_prev": 0, "output": 0}
    return cached(ask, "rnn_cell_forward", "rnn_cell_backward", at, ["x", "h_prev"], rows=rows)


@checks(
    "rnn_cell_backward(grad_h, cache)",
    "a dict of gradients",
    6,
    BACKWARD_BLIND.format(forward="rnn_cell_forward"),
    ("rnn_cell_forward",),
)
def check_rnn_cell_backward(ask: Ask) -> None:
    if ask_backward(ask, _cell_machine(ask, _cell(ask))):
        large = {"x": ask.normal(2, 12), "h_prev": ask.normal(2, 20), **_cell_params(ask, 12, 20)}
        law_cost(ask, _cell_machine(ask, large))


def _column(ask: Ask) -> Inputs:
    """The cell's problem in the textbook's layout: a sample is a column."""
    n, d, h, c = ask.draw_sizes("N", "D", "H", "C")
    return {
        "xt": ask.spread(1.7, d, n),
        "a_prev": ask.spread(0.9, h, n),
        "Wax": ask.spread(1.7 / math.sqrt(d), h, d),
        "Waa": ask.spread(2.0 / math.sqrt(h), h, h),
        "Wya": ask.spread(2.0 / math.sqrt(h), c, h),
        "ba": ask.spread(0.9, h, 1),
        "by": ask.spread(0.6, c, 1),
    }


def _column_forward(ask: Ask, at: Inputs, watch: bool = True, own: bool = False) -> tuple[Array, Any]:
    came = ask.call("column_cell_forward", *at.values(), watch=watch)
    a_next, y = ask.split(came, 2, "column_cell_forward", "a pair (a_next, yt_pred)")
    return ask.float_array(a_next, at["a_prev"].shape, "a_next", own=own), y


@checks(
    "column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by)",
    "(a_next, yt_pred)",
    2,
    "nothing that we know of: every entry of both arrays is compared with its definition.",
    ("rnn_cell_forward", "softmax"),
)
def check_column_cell_forward(ask: Ask) -> None:
    at = _column(ask)
    zeros = np.zeros(ask.sizes["H"])
    came = ask.split(
        ask.call("column_cell_forward", *at.values()), 2, "column_cell_forward", "a pair (a_next, yt_pred)"
    )
    right = (_affine(at["xt"].T, at["Wax"], at["ba"][:, 0]) + _affine(at["a_prev"].T, at["Waa"], zeros)).T
    if ask.undo("a_next (seen through arctanh)", came[0], right, np.arctanh, -1.0, 1.0):
        ask_softmax(ask, "yt_pred", came[1], _affine(np.asarray(came[0]).T, at["Wya"], at["by"][:, 0]).T, axis=0)
    else:
        ask.array("yt_pred sums of columns", np.sum(came[1], axis=0), np.ones(ask.sizes["N"]))
    with ask.law("a column alone gives the same column", "a softmax over the whole matrix, or over rows") as same:
        whole, y = _column_forward(ask, at)
        alone, y_alone = _column_forward(ask, {**at, "xt": at["xt"][:, :1], "a_prev": at["a_prev"][:, :1]})
        same(alone, whole[:, :1])
        same(ask.float_array(y_alone, (ask.sizes["C"], 1), "yt_pred"), np.asarray(y)[:, :1])
    law_twice(ask, "column_cell_forward", *at.values())


@checks(
    "column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba)",
    "a dict of gradients",
    3,
    BACKWARD_BLIND.format(forward="column_cell_forward"),
    ("column_cell_forward", "rnn_cell_backward"),
)
def check_column_cell_backward(ask: Ask) -> None:
    ask_backward(ask, _column_machine(ask, _column(ask)))


def _column_machine(ask: Ask, at: Inputs) -> Machine:
    used = ("xt", "a_prev", "Wax", "Waa", "ba")
    inputs = {key: at[key] for key in used}
    order = list(at)

    def forward(moved: Inputs) -> Array:
        return _column_forward(ask, {key: moved.get(key, at[key]) for key in order}, watch=False, own=True)[0]

    def opened(moved: Inputs) -> Callable[[Array], Any]:
        return lambda upstream: ask.call("column_cell_backward", upstream, *(moved[key] for key in used))

    keys = {"xt": "dxt", "a_prev": "da_prev", "Wax": "dWax", "Waa": "dWaa", "ba": "dba"}
    rows = {"xt": 1, "a_prev": 1, "output": 1}
    return Machine("column_cell_backward", inputs, forward, opened, rows, keys, twins=None)


def _two_steps(ask: Ask) -> Machine:
    """Two cells in a row as one machine: inputs x_1, x_2, h0; output both h."""
    cell = _cell(ask)
    at = {"x_1": cell["x"], "x_2": ask.spread(1.7, *cell["x"].shape), "h0": cell["h_prev"], **_params(cell)}

    def run(at: Inputs, watch: bool) -> tuple[Array, Kept, Kept]:
        h1, cache_1 = ask.forward("rnn_cell_forward", at["x_1"], at["h0"], _params(at), watch=watch)
        h2, cache_2 = ask.forward("rnn_cell_forward", at["x_2"], h1, _params(at), watch=watch)
        return np.stack([h1, h2]), cache_1, cache_2

    def opened(at: Inputs) -> Callable[[Array], Any]:
        _, cache_1, cache_2 = run(at, True)
        return lambda upstream: ask.call("two_step_backward", upstream[0], upstream[1], cache_1, cache_2)

    rows = {"x_1": 0, "x_2": 0, "h0": 0, "output": 1}
    return Machine("two_step_backward", at, lambda at: run(at, False)[0], opened, rows)


@checks(
    "two_step_backward(grad_h1, grad_h2, cache_1, cache_2)",
    "a dict of gradients",
    5,
    BACKWARD_BLIND.format(forward="rnn_cell_forward"),
    ("rnn_cell_forward", "rnn_cell_backward"),
)
def check_two_step_backward(ask: Ask) -> None:
    machine = _two_steps(ask)
    ask_backward(ask, machine)
    hint = "a carry that is dropped: with nothing injected at step 1, only the carry feeds x_1 and h0"
    with ask.law("the carry alone reaches x_1 and h0", hint) as same:
        upstream = ask.normal(*machine.forward(machine.inputs).shape)
        upstream[0] = 0.0
        grads = read_grads(ask, machine, machine.open(machine.inputs)(upstream))
        same(all(np.any(np.abs(grads[key]) > 1e-9) for key in ("x_1", "h0")), True)
    with ask.law(
        "grad_h1 does not touch x_2", "time running backwards: step 2 cannot be moved by a loss at step 1"
    ) as same:
        back = machine.open(machine.inputs)
        upstream = ask.normal(*machine.forward(machine.inputs).shape)
        other = np.stack([upstream[0] + 1.0, upstream[1]])
        same(*(read_grads(ask, machine, back(each))["x_2"] for each in (upstream, other)))


@checks(
    "readout_forward(outputs, params)",
    "(logits, cache)",
    1,
    "what you put into the cache: only readout_backward shows that.",
)
def check_readout_forward(ask: Ask) -> None:
    t, n, h, c = ask.draw_sizes("T", "N", "H", "C")
    params = {**_readout_params(ask, c, h), **_cell_params(ask, 6, h)}
    for label, axes in (
        ("logits (T, N, C)", (t, n)),
        ("logits (N, C)", (n,)),
        ("logits, three leading axes", (2, t, n)),
    ):
        outputs = ask.spread(0.9, *axes, h)
        right = _affine(outputs.reshape(-1, h), params["weight_ho"], params["bias_ho"]).reshape(*axes, c)
        came = ask.split(ask.call("readout_forward", outputs, params), 2, "readout_forward", "a pair (logits, cache)")
        ask.array(label, came[0], right)
    law_rows(ask, "readout_forward", ask.spread(0.9, n, h), params, c)


@checks(
    "readout_backward(grad_logits, cache)",
    "a dict of gradients",
    2,
    BACKWARD_BLIND.format(forward="readout_forward"),
    ("readout_forward",),
)
def check_readout_backward(ask: Ask) -> None:
    t, n, h, c = ask.draw_sizes("T", "N", "H", "C")
    params, more = _readout_params(ask, c, h), {"rows": {"outputs": 0, "output": 0}, "twins": None}
    for axes in ((n,), (2, t, n)):
        machine = cached(
            ask, "readout_forward", "readout_backward", {"outputs": ask.normal(*axes, h), **params}, ["outputs"], **more
        )
        with ask.law(
            f"{_count(len(axes), 'leading axis').replace('axiss', 'axes')}", "a sum over the first axis only"
        ) as same:
            upstream = ask.normal(*axes, c)
            grads = read_grads(ask, machine, machine.open(machine.inputs)(upstream))
            for key, right in differenced(ask, machine, upstream, 0.3).items():
                same(np.where(np.isnan(right), np.nan, grads[key]), right, key)
    inputs = {"outputs": ask.normal(t, n, h), **params}
    ask_backward(
        ask, cached(ask, "readout_forward", "readout_backward", inputs, ["outputs"], **more, steps=("outputs",))
    )


def _sequence_loss(ask: Ask, logits: Array, target: Array, watch: bool = True, own: bool = False) -> tuple[float, Any]:
    came = ask.call("sequence_loss", logits, target, watch=watch)
    loss, grad = ask.split(came, 2, "sequence_loss", "a pair (loss, grad_logits)")
    return float(ask.float_array(loss, (), "loss", own=own)), grad


@checks(
    "sequence_loss(logits, target)",
    "(loss, grad_logits)",
    4,
    "nothing that we know of: the loss is asked for in full, and the gradient is compared with differences of it.",
    ("softmax",),
)
def check_sequence_loss(ask: Ask) -> None:
    t, n, c = ask.draw_sizes("T", "N", "C")
    logits, target = ask.spread(3.0, t, n, c), ask.rng.integers(0, c, (t, n))
    one = lambda row, j: _sequence_loss(ask, row[None, None], np.array([[j]]))[0]  # noqa: E731
    table = np.array([[[one(row, j) for j in range(c)] for row in step] for step in logits])
    ask.array("loss between the classes of one row", _log_ratios(table), -_log_ratios(logits))
    ask.array("probabilities of one row, summed", np.exp(-table).sum(axis=2), np.ones((t, n)))
    loss, grad = _sequence_loss(ask, logits, target)
    picked = np.take_along_axis(table, target[..., None], axis=2)
    ask.array("loss", np.float64(loss), math.fsum(picked.ravel()) / (t * n))
    right = ask.slopes(lambda at: _sequence_loss(ask, at["logits"], target, False, True)[0], {"logits": logits})[
        "logits"
    ]
    ask.array("grad_logits", grad, right, steps=True)
    with ask.law(
        "uniform logits give log C, whatever T and N", "a sum in place of the mean, or a mean over N alone"
    ) as same:
        same(_sequence_loss(ask, np.full((t, n, c), 0.3), target)[0], math.log(c))
    with ask.law(
        "each row of grad_logits sums to 0", "the 1 of the target is not taken off, or a factor p(1 − p)"
    ) as same:
        same(ask.float_array(grad, (t, n, c), "grad_logits").sum(axis=2), np.zeros((t, n)), upstream=1 / (t * n))
    with (
        ask.law("no overflow at ±1000", "exp of a large number; take the row's largest off first") as same,
        ask.no_overflow(),
    ):
        far, pulled = _sequence_loss(ask, EXTREME[:, None], np.array([[1], [2]]))
        same(far, 1000.0 + math.log1p(math.exp(-1.0)) / 2)
        same(ask.float_array(pulled, (2, 1, 4), "grad_logits at ±1000")[0, 0], np.array([0.5, -0.5, 0.0, 0.0]))
    law_twice(ask, "sequence_loss", logits, target)


# ---------------------------------------------------------------------------------------------------------------------
# a4_bptt
# ---------------------------------------------------------------------------------------------------------------------


def _rnn(ask: Ask) -> Inputs:
    t, n, d, h = ask.draw_sizes("T", "N", "D", "H")
    return {"x": ask.spread(1.7, t, n, d), "h0": ask.spread(0.9, n, h), **_cell_params(ask, d, h)}


def _rnn_machine(ask: Ask, at: Inputs, kind: str = "rnn") -> Machine:
    rows = {"x": 1, "h0": 0, "output": 1}
    extra = {"weight_ho": np.ones((2, at["h0"].shape[1])), "bias_ho": np.ones(2)}
    return cached(ask, f"{kind}_forward", f"{kind}_backward", at, ["x", "h0"], rows=rows, steps=("x",), extra=extra)


def _outputs(ask: Ask, name: str, at: Inputs, watch: bool = True, own: bool = False) -> Array:
    shape = (len(at["x"]), *at["h0"].shape)
    return ask.forward(name, at["x"], at["h0"], _params(at), shape=shape, watch=watch, own=own)[0]


def ask_rnn_forward(ask: Ask, name: str, residual: bool) -> None:
    """Every step from the one before it, by the definition undone; then the laws of time."""
    at = _rnn(ask)
    came = ask.split(ask.call(name, at["x"], at["h0"], _params(at)), 2, name, "a pair (outputs, cache)")[0]
    outputs = ask.float_array(came, (len(at["x"]), *at["h0"].shape), "outputs")
    before = np.concatenate([at["h0"][None], outputs[:-1]])
    right = np.stack([_pre_activation(x, h, at) for x, h in zip(at["x"], before, strict=True)])
    label = "outputs[t] − outputs[t−1] (seen through arctanh)" if residual else "outputs (seen through arctanh)"
    ask.undo(label, outputs - before if residual else came, right, np.arctanh, -1.0, 1.0)
    law_pieces(ask, name, at)
    if not residual and callable(ask.space.get("rnn_cell_forward")):
        law_one_step(ask)
    with ask.law("a sample alone gives the same", "samples that are mixed, or time and batch exchanged") as same:
        alone = {**at, "x": at["x"][:, :1].copy(), "h0": at["h0"][:1]}
        same(_outputs(ask, name, alone), outputs[:, :1])
    with ask.law("extra params do no harm", "params taken by their order in place of their names") as same:
        more = dict(reversed([*_params(at).items(), ("weight_ho", np.ones((2, ask.sizes["H"])))]))
        same(ask.forward(name, at["x"], at["h0"], more, own=False)[0], outputs)
    law_twice(ask, name, at["x"], at["h0"], _params(at)) if False else None
    with ask.law("called twice, the same", "something remembered between the calls") as same:
        same(_outputs(ask, name, at), outputs)


def law_pieces(ask: Ask, name: str, at: Inputs) -> None:
    """Forward in two pieces, the second starting where the first ended, is forward whole."""
    cut = int(ask.rng.integers(1, len(at["x"])))
    with ask.law(
        "forward in two pieces is forward whole", "h0 is not used as the start, or the steps are not in order"
    ) as same:
        first = _outputs(ask, name, {**at, "x": at["x"][:cut]})
        second = _outputs(ask, name, {**at, "x": at["x"][cut:], "h0": first[-1]})
        same(np.concatenate([first, second]), _outputs(ask, name, at))


def law_one_step(ask: Ask) -> None:
    """T = 1 is the cell."""
    at = _rnn(ask)
    with ask.law("T = 1 is the cell", "the step itself, or where the loop begins") as same:
        cell = ask.forward("rnn_cell_forward", at["x"][0], at["h0"], _params(at), shape=at["h0"].shape, own=False)[0]
        same(_outputs(ask, "rnn_forward", {**at, "x": at["x"][:1]})[0], cell)


@checks(
    "rnn_forward(x, h0, params)",
    "(outputs, cache)",
    2,
    "what you put into the cache: only rnn_backward shows that.",
)
def check_rnn_forward(ask: Ask) -> None:
    ask_rnn_forward(ask, "rnn_forward", residual=False)


@checks(
    "residual_rnn_forward(x, h0, params)",
    "(outputs, cache)",
    1,
    "what you put into the cache: only residual_rnn_backward shows that.",
)
def check_residual_rnn_forward(ask: Ask) -> None:
    ask_rnn_forward(ask, "residual_rnn_forward", residual=True)


def law_cut(ask: Ask, machine: Machine, cut: int) -> None:
    """Backward over two pieces, the second's h0 gradient added to the first's last upstream, is backward whole."""
    at, outputs = machine.inputs, machine.forward(machine.inputs)
    upstream = ask.normal(*outputs.shape)
    hint = "the time flow: the carry between steps, a sum that is overwritten, the first step, or h0's gradient"
    with ask.law(f"cut after step {cut}: two pieces give the whole", hint) as same:
        early = replace(machine, inputs={**at, "x": at["x"][:cut]})
        late = replace(machine, inputs={**at, "x": at["x"][cut:], "h0": outputs[cut - 1]})
        whole = read_grads(ask, machine, machine.open(at)(upstream))
        second = read_grads(ask, late, late.open(late.inputs)(upstream[cut:]))
        meeting = upstream[:cut].copy()
        meeting[-1] += second["h0"]
        first = read_grads(ask, early, early.open(early.inputs)(meeting))
        joined = {key: first[key] + second[key] for key in CELL}
        same(whole, {"x": np.concatenate([first["x"], second["x"]]), "h0": first["h0"], **joined})


def law_first_step(ask: Ask, machine: Machine) -> None:
    """With T = 1 there is no carry: only the step itself can be wrong."""
    one = replace(machine, inputs={**machine.inputs, "x": machine.inputs["x"][:1]})
    with ask.law(
        "T = 1: one step alone is right", "the step itself (tanh′, transposes, biases), not the carry"
    ) as same:
        upstream = ask.normal(*one.forward(one.inputs).shape)
        grads = read_grads(ask, one, one.open(one.inputs)(upstream))
        for key, right in differenced(ask, one, upstream, 0.4).items():
            same(np.where(np.isnan(right), np.nan, grads[key]), right, key)


def law_linear_time(ask: Ask, kind: str) -> None:
    """Four times the steps may cost about four times as much."""
    machines = [
        _rnn_machine(ask, {"x": ask.normal(t, 2, 3), "h0": ask.normal(2, 4), **_cell_params(ask, 3, 4)}, kind)
        for t in (50, 200)
    ]
    asked = [(machine.open(machine.inputs), ask.normal(len(machine.inputs["x"]), 2, 4)) for machine in machines]
    ratio = math.inf
    for _ in range(4):
        short, long = (_seconds(lambda back=back, upstream=upstream: back(upstream), 2) for back, upstream in asked)
        ratio = min(ratio, long / short)
        if ratio < GROWTH or short + long > 1:
            break
    words = f"4 times the steps cost {ratio:.0f} times as much: walk back once and pass the carry on"
    ask.rows.append(Row("law", "time grows like T", ratio < GROWTH, "" if ratio < GROWTH else words))


def ask_bptt(ask: Ask, kind: str) -> None:
    """The questions to a backward through time."""
    machine = _rnn_machine(ask, _rnn(ask), kind)
    right = ask_backward(ask, machine)
    if all(row.error for row in ask.rows if row.kind == "array"):
        law_first_step(ask, machine)
        law_cut(ask, machine, int(ask.rng.integers(1, len(machine.inputs["x"]))))
        law_linear_time(ask, kind)
    if right:
        law_cost(
            ask,
            _rnn_machine(ask, {"x": ask.normal(16, 2, 8), "h0": ask.normal(2, 14), **_cell_params(ask, 8, 14)}, kind),
        )


@checks(
    "rnn_backward(grad_outputs, cache)",
    "a dict of gradients",
    8,
    BACKWARD_BLIND.format(forward="rnn_forward"),
    ("rnn_forward",),
)
def check_rnn_backward(ask: Ask) -> None:
    ask_bptt(ask, "rnn")


@checks(
    "residual_rnn_backward(grad_outputs, cache)",
    "a dict of gradients",
    3,
    BACKWARD_BLIND.format(forward="residual_rnn_forward"),
    ("residual_rnn_forward",),
)
def check_residual_rnn_backward(ask: Ask) -> None:
    ask_bptt(ask, "residual_rnn")


def _shares(ask: Ask, at: Inputs, outputs: Array, state: int) -> Array:
    """d outputs[state:] / d h, where h is the state before step `state`: differences of the rest of the forward.

    Shape (N, H, T − state, N, H).
    """

    def rest(h: Array) -> Array:
        return _outputs(ask, "rnn_forward", {**at, "x": at["x"][state:], "h0": h}, watch=False, own=True)

    return ask.differences(rest, at["h0"] if state == 0 else outputs[state - 1], 1.0, at["h0"].size * len(at["x"]))


def _norm(array: Array) -> float:
    return math.sqrt(math.fsum(array.ravel() ** 2))


@checks(
    "credit_matrix(grad_outputs, cache)",
    "an array (T, T)",
    3,
    BACKWARD_BLIND.format(forward="rnn_forward"),
    ("rnn_forward",),
)
def check_credit_matrix(ask: Ask) -> None:
    at = _rnn(ask)
    steps = len(at["x"])
    outputs, cache = ask.forward("rnn_forward", at["x"], at["h0"], _params(at), shape=(steps, *at["h0"].shape))
    grad_outputs = ask.normal(*outputs.shape)
    right = np.diag([_norm(step) for step in grad_outputs])
    for state in range(1, steps):
        share = _shares(ask, at, outputs, state)
        for later in range(state, steps):
            right[later, state - 1] = _norm(np.einsum("ijkl,kl->ij", share[:, :, later - state], grad_outputs[later]))
    came = ask.call("credit_matrix", grad_outputs, cache)
    ask.array("credit", came, right)
    credit_laws(ask, came, grad_outputs)
    with ask.law("twice the upstream, twice the credit", "squares in place of norms") as same:
        twice = ask.float_array(ask.call("credit_matrix", -2 * grad_outputs, cache), (steps, steps), "credit")
        same(twice, 2 * ask.float_array(came, (steps, steps), "credit"))
    law_twice(ask, "credit_matrix", grad_outputs, cache)


def credit_laws(ask: Ask, came: Any, grad_outputs: Array) -> None:
    """No credit for the future, and its own norm on the diagonal."""
    steps = len(grad_outputs)
    with ask.law("no step is credited to a later one", "rows and columns exchanged: t injects, k ≤ t receives") as same:
        same(np.triu(ask.float_array(came, (steps, steps), "credit"), 1), np.zeros((steps, steps)))
    with ask.law(
        "the diagonal is the norm of what is injected", "a crossing too many, or tanh′ at the injecting step"
    ) as same:
        diagonal = np.diag(ask.float_array(came, (steps, steps), "credit"))
        same(diagonal, np.array([_norm(step) for step in grad_outputs]))


@checks(
    "state_gradient_norms(grad_last, cache)",
    "an array (T + 1,)",
    2,
    BACKWARD_BLIND.format(forward="rnn_forward"),
    ("rnn_forward",),
)
def check_state_gradient_norms(ask: Ask) -> None:
    at = _rnn(ask)
    steps = len(at["x"])
    outputs, cache = ask.forward("rnn_forward", at["x"], at["h0"], _params(at), shape=(steps, *at["h0"].shape))
    grad_last = ask.normal(*at["h0"].shape)
    right = [_norm(np.einsum("ijkl,kl->ij", _shares(ask, at, outputs, j)[:, :, -1], grad_last)) for j in range(steps)]
    came = ask.call("state_gradient_norms", grad_last, cache)
    ask.array("norms", came, np.array([*right, _norm(grad_last)]), steps=True)
    with ask.law(
        "the last one is the norm of grad_last", "a crossing too many: the loss touches outputs[T−1] directly"
    ) as same:
        same(ask.float_array(came, (steps + 1,), "norms")[-1], _norm(grad_last))
    with ask.law("twice the upstream, twice the norms", "squares in place of norms") as same:
        twice = ask.float_array(ask.call("state_gradient_norms", -2 * grad_last, cache), (steps + 1,), "norms")
        same(twice, 2 * ask.float_array(came, (steps + 1,), "norms"))
    law_twice(ask, "state_gradient_norms", grad_last, cache)


def _window(ask: Ask, at: Inputs, k: int) -> Callable[[Inputs], Array]:
    """Outputs in which each step remembers k crossings: what lies before is held fixed at its value."""
    fixed = _outputs(ask, "rnn_forward", at, watch=False, own=True)

    def forward(moved: Inputs) -> Array:
        outputs = []
        for step in range(len(at["x"])):
            begin = max(0, step - k)
            before = fixed[begin - 1] if begin else at["h0"]
            start = moved["h0"] if step + 1 <= k else before
            piece = {**moved, "x": moved["x"][begin : step + 1], "h0": start}
            outputs.append(_outputs(ask, "rnn_forward", piece, watch=False, own=True)[-1])
        return np.stack(outputs)

    return forward


def _truncated(ask: Ask, at: Inputs, k: int) -> Machine:
    machine = _rnn_machine(ask, at)

    def opened(moved: Inputs) -> Callable[[Array], Any]:
        cache = ask.forward("rnn_forward", moved["x"], moved["h0"], _params(moved))[1]
        return lambda upstream: ask.call("rnn_backward_truncated", upstream, cache, k)

    return replace(machine, name="rnn_backward_truncated", open=opened)


@checks(
    "rnn_backward_truncated(grad_outputs, cache, k)",
    "a dict of gradients",
    4,
    BACKWARD_BLIND.format(forward="rnn_forward"),
    ("rnn_forward",),
)
def check_rnn_backward_truncated(ask: Ask) -> None:
    at = _rnn(ask)
    at["x"] = ask.spread(1.7, 4, *at["x"].shape[1:])
    ask.sizes["T"] = 4
    steps = len(at["x"])
    middle = int(ask.rng.integers(1, steps - 1))
    for k in (0, middle):
        machine = _truncated(ask, at, k)
        upstream = ask.normal(*machine.forward(at).shape)
        window = replace(machine, forward=_window(ask, at, k))
        right = differenced(ask, window, upstream, 0.4)
        found = ask.mapping(machine.open(at)(upstream), machine.name, list(at))
        for key in at:
            ask.array(f"{key}, k = {k}", found[key], right[key], upstream=3.0, steps=key == "x")
    if all(row.error for row in ask.rows):
        truncation_ends(ask, at)
        linear_laws(ask, machine)
        cache_laws(ask, machine)
        law_batch(ask, machine)


def truncation_ends(ask: Ask, at: Inputs) -> None:
    """k ≥ T is the full gradient, k = T − 1 is full but for h0."""
    steps = len(at["x"])
    full = _truncated(ask, at, steps)
    upstream = ask.normal(*full.forward(at).shape)
    right = differenced(ask, full, upstream, 0.3)
    for k in (steps, steps + 3):
        with ask.law(
            f"k = {'T' if k == steps else 'T + 3'} is the full gradient", "truncation one step early, or in chunks"
        ) as same:
            grads = read_grads(ask, full, _truncated(ask, at, k).open(at)(upstream))
            for key in at:
                same(np.where(np.isnan(right[key]), np.nan, grads[key]), right[key], key)
    with ask.law(
        "k = T − 1 is full but for h0", "truncation one step early or late: step s reaches h0 only if s + 1 ≤ k"
    ) as same:
        shorter = upstream.copy()
        shorter[-1] = 0.0
        right["h0"] = ask.slopes(
            lambda moved: float(np.sum(shorter * full.forward({**at, **moved}))), {"h0": at["h0"]}, 0.2
        )["h0"]
        grads = read_grads(ask, full, _truncated(ask, at, steps - 1).open(at)(upstream))
        for key in at:
            same(np.where(np.isnan(right[key]), np.nan, grads[key]), right[key], key)


@checks("clip_grad_norm(grads, max_norm)", "(grads, total_norm)", 1, "nothing that we know of.")
def check_clip_grad_norm(ask: Ask) -> None:
    n, d = ask.draw_sizes("N", "D")
    name, near = "clip_grad_norm", 1e-5  # PyTorch's 1e-6 beside the norm is right, too
    grads = {"weight": ask.spread(2.0, n, d), "bias": ask.spread(0.5, n)}
    total = _norm(np.concatenate([array.ravel() for array in grads.values()]))

    def clip(max_norm: float, given: Inputs) -> tuple[Inputs, Any]:
        clipped, norm = ask.split(ask.call(name, given, max_norm), 2, name, "(grads, total_norm)")
        found = ask.mapping(clipped, name, list(given))
        return {key: ask.float_array(found[key], given[key].shape, key) for key in given}, norm

    clipped, norm = clip(total / 3, grads)
    ask.array("total_norm", norm, total)
    for key, array in grads.items():
        ask.array(f"{key}: clipped / given", clipped[key] / array, np.full(array.shape, 1 / 3), r=near)
    with ask.law(
        "after clipping, one norm over all arrays is max_norm", "an array at a time, or the largest entry", near
    ) as same:
        same(_norm(np.concatenate([array.ravel() for array in clipped.values()])), total / 3)
    with ask.law("below max_norm nothing changes", "clipping although the norm is small", near) as same:
        kept, norm = clip(2 * total, grads)
        same(kept, grads)
        same(float(ask.float_array(norm, (), "total_norm")), total)
    with ask.law("all zero stays all zero", "a division by the norm without a look at 0") as same:
        zeros = {key: np.zeros_like(array) for key, array in grads.items()}
        kept, norm = clip(1.0, zeros)
        same(kept, zeros)
        same(float(ask.float_array(norm, (), "total_norm")), 0.0)
    law_twice(ask, name, grads, 1.0)


def _network(ask: Ask) -> tuple[Inputs, Inputs, int]:
    """(x and h0, the six parameters, classes)."""
    t, n, d, h, c = ask.draw_sizes("T", "N", "D", "H", "C")
    data = {"x": ask.spread(1.7, t, n, d), "h0": ask.spread(0.9, n, h)}
    return data, {**_cell_params(ask, d, h), **_readout_params(ask, c, h)}, c


def _own_network_loss(ask: Ask, x: Array, h0: Array, target: Array, params: Inputs, last: bool = False) -> float:
    """The loss that the student's own rnn_forward, readout_forward and sequence_loss give."""
    outputs = ask.forward("rnn_forward", x, h0, params, watch=False)[0]
    seen = outputs[-1:] if last else outputs
    logits = ask.forward("readout_forward", seen, params, watch=False)[0]
    return _sequence_loss(ask, logits, target[None] if last else target, False, True)[0]


@checks(
    "loss_and_gradients(x, h0, target, params)",
    "(loss, grads)",
    3,
    "wrong functions below it: the loss is compared with that of your own functions.",
    ("rnn_forward", "rnn_backward", "readout_forward", "readout_backward", "sequence_loss"),
)
def check_loss_and_gradients(ask: Ask) -> None:
    data, params, c = _network(ask)
    target = ask.rng.integers(0, c, data["x"].shape[:2])
    name = "loss_and_gradients"
    own = lambda at: _own_network_loss(ask, data["x"], data["h0"], target, at)  # noqa: E731
    loss, grads = ask.split(ask.call(name, *data.values(), target, params), 2, name, "a pair (loss, grads)")
    ask.array("loss", loss, own(params))
    right = ask.slopes(own, params)
    found = ask.mapping(grads, name, list(params))
    for key in params:
        ask.array(key, found[key], right[key])
    with ask.law("one sample repeated gives the same", "a loss or gradient that is not a mean over the batch") as same:
        one = (data["x"][:, :1].copy(), data["h0"][:1], target[:, :1].copy())
        many = (np.repeat(one[0], 3, axis=1), np.repeat(one[1], 3, axis=0), np.repeat(one[2], 3, axis=1))
        losses = [ask.split(ask.call(name, *each, params), 2, name, "a pair (loss, grads)")[0] for each in (one, many)]
        same(*(float(ask.float_array(loss, (), "loss")) for loss in losses))
    law_twice(ask, name, *data.values(), target, params)


def ask_batch_training(ask: Ask, name: str, last: bool, *more: float) -> None:
    """Training over given batches, h0 = 0, by differences of the student's own loss."""
    data, params, c = _network(ask)
    lr, steps, axes = 0.5, 3, data["x"].shape[:2]
    batches = [
        (ask.spread(1.7, *data["x"].shape), ask.rng.integers(0, c, axes[1:] if last else axes)) for _ in range(steps)
    ]

    def loss(at: Inputs, step: int) -> float:
        x, target = batches[step]
        return _own_network_loss(ask, x, np.zeros_like(data["h0"]), target, at, last)

    def run(at: Inputs, first: int, end: int) -> Any:
        return ask.split(ask.call(name, batches[first:end], at, lr, *more), 2, name, "(params, losses)")

    def scale(slopes: Inputs) -> float:
        known = [array[~np.isnan(array)].ravel() for array in slopes.values()]
        return min(1.0, more[0] / _norm(np.concatenate(known))) if more else 1.0

    ask_training(ask, Training(name, params, lr, run, loss, scale))


@checks(
    "train_adder(batches, params, lr)",
    "(params, losses)",
    2,
    "wrong functions below it; and that it learns to add proves nothing, as the notebook shows.",
    ("loss_and_gradients", "sgd_step"),
)
def check_train_adder(ask: Ask) -> None:
    ask_batch_training(ask, "train_adder", False)


@checks(
    "train_first_xor_last(batches, params, lr, max_norm)",
    "(params, losses)",
    1,
    "wrong functions below it: the steps are judged by differences of your own loss.",
    ("rnn_forward", "rnn_backward", "readout_forward", "readout_backward", "sequence_loss", "clip_grad_norm"),
)
def check_train_first_xor_last(ask: Ask) -> None:
    ask_batch_training(ask, "train_first_xor_last", True, 100.0)
    clipped = Ask(ask.name, ask.space, int(ask.rng.integers(1_000_000)))
    clipped.caught = ask.caught
    ask_batch_training(clipped, "train_first_xor_last", True, 0.05)
    ask.given += clipped.given
    ok = all(row.ok for row in clipped.rows)
    words = (
        "points to: max_norm is not used, or each array is clipped by itself, or the norm is taken over other arrays"
    )
    ask.rows.append(Row("law", "a small max_norm shortens the step and keeps its direction", ok, "" if ok else words))


# ---------------------------------------------------------------------------------------------------------------------
# Laws across functions
# ---------------------------------------------------------------------------------------------------------------------


@ties("softmax")
def tie_softmax(ask: Ask) -> None:
    softmax_laws(ask)


@ties("mlp_forward", "mlp_backward")
def tie_mlp(ask: Ask) -> None:
    machine = cached(ask, "mlp_forward", "mlp_backward", _mlp(ask), ["x"], rows={"x": 0, "output": 0}, twins=None)
    linear_laws(ask, machine)
    law_batch(ask, machine)


@ties("rnn_cell_forward", "rnn_cell_backward")
def tie_cell(ask: Ask) -> None:
    machine = _cell_machine(ask, _cell(ask))
    linear_laws(ask, machine)
    law_batch(ask, machine)


def _as_rows(at: Inputs) -> tuple[Array, Array, Inputs]:
    """A problem in columns as x, h_prev and params of the row cell."""
    half = at["ba"][:, 0] / 2
    params = {"weight_ih": at["Wax"], "weight_hh": at["Waa"], "bias_ih": half, "bias_hh": half}
    return at["xt"].T.copy(), at["a_prev"].T.copy(), params


@ties("rnn_cell_forward", "column_cell_forward")
def tie_column_forward(ask: Ask) -> None:
    at = _column(ask)
    with ask.law(
        "column cell = row cell, transposed", "one of the two forwards, or bias_ih and bias_hh not added up"
    ) as same:
        row = ask.forward("rnn_cell_forward", *_as_rows(at), own=False)[0]
        same(_column_forward(ask, at)[0], row.T)
    with ask.law("columns of yt_pred sum to 1", "a softmax over the whole matrix") as same:
        same(
            ask.float_array(_column_forward(ask, at)[1], (ask.sizes["C"], ask.sizes["N"]), "yt_pred").sum(0),
            np.ones(ask.sizes["N"]),
        )


@ties("rnn_cell_forward", "rnn_cell_backward", "column_cell_backward")
def tie_column_backward(ask: Ask) -> None:
    at = _column(ask)
    x, h, params = _as_rows(at)
    grad = ask.normal(*at["a_prev"].shape)
    with ask.law("column gradients = row gradients, transposed", "one of the two backwards") as same:
        machine = _column_machine(ask, at)
        mine = read_grads(ask, machine, machine.open(machine.inputs)(grad))
        rows = _cell_machine(ask, {"x": x, "h_prev": h, **params})
        row = read_grads(ask, rows, rows.open(rows.inputs)(grad.T.copy()))
        same(mine, {"xt": row["x"].T, "a_prev": row["h_prev"].T, "Wax": row["weight_ih"], "Waa": row["weight_hh"]})
        same(mine["ba"][:, 0], row["bias_ih"], "dba")


@ties("two_step_backward", "rnn_cell_backward", "rnn_cell_forward")
def tie_two_steps(ask: Ask) -> None:
    machine = _two_steps(ask)
    at, upstream = machine.inputs, ask.normal(*machine.forward(machine.inputs).shape)
    alone = upstream.copy()
    alone[0] = 0.0
    grads = read_grads(ask, machine, machine.open(at)(alone))
    second = {"x": at["x_2"], "h_prev": machine.forward(at)[0], **_params(at)}
    cell = _cell_machine(ask, second)
    step_2 = read_grads(ask, cell, cell.open(second)(alone[1]))
    for key in at:
        without = step_2["x"] if key == "x_2" else step_2[key] if key in CELL else np.zeros_like(at[key])
        carried = _error(grads[key], without, 1.0) > EXACT
        expected = key != "x_2"
        title = f"{key} {'changes' if expected else 'stays'} when the carry is left out"
        words = (
            ""
            if carried == expected
            else "points to: the carry is missing"
            if expected
            else "points to: time runs backwards"
        )
        ask.rows.append(Row("law", title, carried == expected, words))
    linear_laws(ask, machine)


@ties("rnn_forward")
def tie_rnn_forward(ask: Ask) -> None:
    law_pieces(ask, "rnn_forward", _rnn(ask))


@ties("rnn_forward", "rnn_cell_forward")
def tie_rnn_cell(ask: Ask) -> None:
    law_one_step(ask)


def _tie_through_time(ask: Ask, kind: str) -> None:
    machine = _rnn_machine(ask, _rnn(ask), kind)
    for cut in range(1, len(machine.inputs["x"])):
        law_cut(ask, machine, cut)
    law_first_step(ask, machine)
    linear_laws(ask, machine)
    law_batch(ask, machine)


@ties("rnn_forward", "rnn_backward")
def tie_rnn(ask: Ask) -> None:
    _tie_through_time(ask, "rnn")


@ties("residual_rnn_forward", "residual_rnn_backward")
def tie_residual(ask: Ask) -> None:
    law_pieces(ask, "residual_rnn_forward", _rnn(ask))
    _tie_through_time(ask, "residual_rnn")


@ties("rnn_backward", "rnn_backward_truncated")
def tie_truncated(ask: Ask) -> None:
    at = _rnn(ask)
    steps = len(at["x"])
    full = _rnn_machine(ask, at)
    upstream = ask.normal(*full.forward(at).shape)
    right = read_grads(ask, full, full.open(at)(upstream))
    for k, title in ((steps, "k = T"), (steps + 3, "k = T + 3"), (steps - 1, "k = T − 1, h0 apart,")):
        with ask.law(f"{title} is the full gradient", "truncation one step early, or in chunks") as same:
            grads = read_grads(ask, full, _truncated(ask, at, k).open(at)(upstream))
            same(grads, {key: grad for key, grad in right.items() if key != "h0" or k >= steps})
    with ask.law(
        "an error at the last step alone, k = 1, reaches two steps", "a window that is too long or too short"
    ) as same:
        last = np.zeros_like(upstream)
        last[-1] = upstream[-1]
        x = read_grads(ask, full, _truncated(ask, at, 1).open(at)(last))["x"]
        same([bool(np.any(step)) for step in x], [step >= steps - 2 for step in range(steps)])


@ties("rnn_forward", "credit_matrix")
def tie_credit(ask: Ask) -> None:
    at = _rnn(ask)
    outputs, cache = ask.forward("rnn_forward", at["x"], at["h0"], _params(at))
    grad_outputs = ask.normal(*outputs.shape)
    came = ask.call("credit_matrix", grad_outputs, cache)
    credit_laws(ask, came, grad_outputs)
    if callable(ask.space.get("state_gradient_norms")):
        with ask.law(
            "its last row is state_gradient_norms without h0", "one of the two: both follow the last error back"
        ) as same:
            norms = ask.float_array(
                ask.call("state_gradient_norms", grad_outputs[-1], cache), (len(outputs) + 1,), "norms"
            )
            same(ask.float_array(came, (len(outputs),) * 2, "credit")[-1], norms[1:])
