"""Check your own work, with NumPy alone.

Put this file beside the notebook and type, below a function that you wrote,

    import selfcheck
    selfcheck.check("the_function")

`check` draws fresh random numbers, calls your function and shows a table: one row an array, one row a law. A gradient
is compared with finite differences of your own forward function; a forward function is checked by the properties that
define it. Every table ends with what it cannot see.

    check(name, points, seed=…)   one function            laws(*names)      what ties several functions together
    summary()                     every check so far      needs(*names)     around figures that need your functions
    install_check()               is Python ready?

The checks of this assignment: backpropagation through time, truncated, clipped, and in training.

No check holds an answer: every step is undone with arctanh and compared with the step before it.
"""

from __future__ import annotations

import contextlib
import difflib
import html
import importlib.util
import io
import itertools
import linecache
import math
import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import CodeType, TracebackType
from typing import Any

import numpy as np

# ---------------------------------------------------------------------------------------------------------------------
# Values that go to your function and come back: copied, compared, and described in a few words.
# ---------------------------------------------------------------------------------------------------------------------


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


# ---------------------------------------------------------------------------------------------------------------------
# Your code seen from here: the notebook that called, the line that failed, the functions that a function calls.
# ---------------------------------------------------------------------------------------------------------------------


def notebook() -> Mapping[str, Any]:
    """The names of the notebook whose cell called."""
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        is_ours(frame.f_code.co_filename) or frame.f_code.co_filename == contextlib.__file__
    ):
        frame = frame.f_back
    return frame.f_globals


HERE = notebook.__code__.co_filename  # this file, however it was loaded


def is_ours(filename: str) -> bool:
    """Is this the file of the self-check? Its authors have it as a package: one folder of files."""
    return filename == HERE or (bool(__package__) and os.path.dirname(filename) == os.path.dirname(HERE))


def codes_in(trace: TracebackType | None) -> Iterator[tuple[CodeType, int]]:
    """The code and the line of every frame that an exception came through, without ours."""
    while trace is not None:
        code = trace.tb_frame.f_code
        if not is_ours(code.co_filename):
            yield code, trace.tb_lineno
        trace = trace.tb_next


def functions_in(error: BaseException) -> list[str]:
    """Names of your functions that an exception came through, the innermost last."""
    return [code.co_name for code, _ in codes_in(error.__traceback__)]


def line_of(error: BaseException) -> str:
    """Where in your code an exception arose: the last frame that is no library's."""
    found = ""
    for code, number in codes_in(error.__traceback__):
        library = code.co_filename.startswith(("<frozen", os.path.dirname(os.__file__)))
        if not library and "site-packages" not in code.co_filename:
            source = shortened(linecache.getline(code.co_filename, number), 80)
            line = number - code.co_firstlineno + 1
            found = f" ({code.co_name}, line {line}{': ' if source else ''}{source})"
    return found


def is_untouched(error: BaseException) -> bool:
    """Is the line above the one that raised still the notebook's own, so that nothing is written there?"""
    lines = [linecache.getline(code.co_filename, number - 1) for code, number in codes_in(error.__traceback__)]
    return bool(lines) and "YOUR CODE HERE" in lines[-1]


def unwritten_function(error: BaseException, names: Sequence[str]) -> str | None:
    """The function that is not written: the innermost frame of a NotImplementedError, or an undefined name."""
    if isinstance(error, NameError):
        return error.name if error.name in names else None
    inside = functions_in(error) if isinstance(error, NotImplementedError) else []
    return inside[-1] if inside and inside[-1].isidentifier() else None


def only_raises(function: Any) -> bool:
    """Is this nothing but a raise, as the stub that you were given?"""
    code = getattr(function, "__code__", None)
    return isinstance(code, CodeType) and len({line for *_, line in code.co_lines() if line}) <= 2


def is_stub(function: Any) -> bool:
    return only_raises(function) and "NotImplementedError" in function.__code__.co_names


def names_used(function: Any, space: Mapping[str, Any]) -> set[str]:
    """The names of the notebook that a function's code mentions, and those that its helpers mention."""
    found: set[str] = set()
    codes = [getattr(function, "__code__", None)]
    while codes:
        code = codes.pop()
        if isinstance(code, CodeType):
            new = set(code.co_names) - found
            found |= new
            codes += [getattr(space.get(name), "__code__", None) for name in new]
            codes += code.co_consts  # functions inside the function
    return found


class PrintCounter(io.TextIOBase):
    """Counts what is printed and forgets it."""

    count = 0

    def write(self, text: str) -> int:
        self.count += len(text)
        return len(text)


def open_figures() -> set[int]:
    """Numbers of the open figures; none before matplotlib is imported."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()


# ---------------------------------------------------------------------------------------------------------------------
# What this assignment has: its functions, how each is called and checked, and its points.
# ---------------------------------------------------------------------------------------------------------------------

# What a check cannot see, in the words below its table.
FULL = "nothing that we know of; the hidden tests use other numbers and sizes."
CACHE = "what you put into the cache: only the backward function shows that."
OWN = "a wrong {}: the differences are taken of your own, so a backward that fits a wrong forward passes here."
BELOW = "a wrong function below it: the steps are judged by differences of your own loss."


@dataclass(frozen=True)
class Form:
    """How a function is called, and what it returns."""

    call: str
    returns: str

    @property
    def arguments(self) -> list[str]:
        return [part.partition("=")[0].strip() for part in self.call.partition("(")[2].rstrip(")").split(",")]

    @property
    def parts(self) -> list[str]:
        """The names of what it returns, where that is a tuple."""
        return self.returns.strip("()").split(", ")


@dataclass(frozen=True)
class Contract(Form):
    """What the course says of a function that you write, and the function that checks it."""

    needs: tuple[str, ...]
    blind: str
    run: Callable[[Any], None]


CONTRACTS: dict[str, Contract] = {}  # by function, in the order of the notebook
GIVEN: dict[str, Form] = {}  # functions that the notebook gives you, by name
LAWS: dict[tuple[str, ...], Callable[[Any], None]] = {}  # by the functions that they tie together
POINTS: dict[str, float] = {
    "rnn_forward": 2,
    "credit_matrix": 3,
    "rnn_backward": 8,
    "rnn_backward_truncated": 4,
    "state_gradient_norms": 2,
    "residual_rnn_forward": 1,
    "residual_rnn_backward": 3,
    "clip_grad_norm": 1,
    "loss_and_gradients": 3,
    "train_adder": 2,
    "train_first_xor_last": 1,
    "name_the_mistake": 1,
}  # by function


def checks(call: str, returns: str, needs: str = "", *, blind: str = FULL) -> Callable[[Any], Any]:
    """Register the decorated function as the check of the function that is called like this.

    `needs` names the functions that it depends on; `blind` says what the check cannot see.
    """
    name, lower = call.partition("(")[0], tuple(needs.split())

    def register(run: Callable[[Any], None]) -> Callable[[Any], None]:
        CONTRACTS[name] = Contract(call, returns, lower, blind.format(lower[0] if lower else ""), run)
        return run

    return register


def gives(call: str, returns: str) -> None:
    """Register a function that the notebook gives you, and that checks call."""
    GIVEN[call.partition("(")[0]] = Form(call, returns)


def form_of(name: str) -> Form:
    """How a function of the notebook is called, and what it returns."""
    return CONTRACTS[name] if name in CONTRACTS else GIVEN[name]


def ties(*names: str) -> Callable[[Any], Any]:
    """Register laws across the functions `names`; the first one is the one that they say most about."""

    def register(run: Callable[[Any], None]) -> Callable[[Any], None]:
        LAWS[names] = run
        return run

    return register


# ---------------------------------------------------------------------------------------------------------------------
# What is shown: a table for each check, and one line a function in the summary.
# ---------------------------------------------------------------------------------------------------------------------

TO_DO = "to do"
UNDECIDED = "undecided"
LATER = "graded later"


@dataclass(frozen=True)
class Row:
    """One line of a table: an array that was compared, or a law that was checked."""

    kind: str  # "array", "law" or "name"
    name: str
    ok: bool
    words: str = ""
    shape: str = ""
    worst: str = ""
    error: str = ""
    todo: bool = False  # not judged: a function that it needs is not written yet
    uses: frozenset[str] = frozenset()  # your other functions that were called for this row
    fix_first: str = ""  # not judged: this function is wrong, and the row depends on it
    later: bool = False  # not judged: the form is right, and only the grader knows the rest
    own: bool = False  # not judged: it agrees with numbers of yours that are wrong

    @property
    def verdict(self) -> str:
        if self.todo:
            return TO_DO
        if self.fix_first or self.own:
            return UNDECIDED
        if self.later:
            return LATER
        return (("BROKEN", "holds") if self.kind == "law" else ("WRONG", "OK"))[self.ok]

    @property
    def judged(self) -> bool:
        """Does this row say whether your function is right?"""
        return not (self.todo or self.fix_first or self.later or self.own)

    @property
    def cells(self) -> list[str]:
        return [self.name, self.verdict, self.shape, self.error, self.worst, self.words]


@dataclass(frozen=True)
class Result:
    """What a check found. `repr` is the points, `str` the table as text; Jupyter shows the table in HTML."""

    name: str
    points: float
    of: float
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    blind: str = ""
    seed: int | None = None
    uses: frozenset[str] = frozenset()  # your functions that were called

    def __repr__(self) -> str:
        if self.verdict == LATER:
            return LATER  # no number: the check does not know it
        return f"{self.points:g}" if self.of else str(self)

    @property
    def passed(self) -> bool:
        return bool(self.rows) and all(row.ok for row in self.rows)

    @property
    def fix_first(self) -> tuple[str, ...]:
        """The wrong functions because of which some rows cannot be judged, the lowest first."""
        return tuple(sorted({row.fix_first for row in self.rows if row.fix_first}, key=list(CONTRACTS).index))

    @property
    def verdict(self) -> str:
        """OK or WRONG; to do, undecided or graded later where nothing is wrong as far as it can be judged."""
        if self.passed:
            return LATER if any(row.later for row in self.rows) else "OK"
        if not self.rows or any(row.judged and not row.ok for row in self.rows):
            return "WRONG"
        return TO_DO if any(row.todo for row in self.rows) else UNDECIDED

    @property
    def words(self) -> str:
        """The verdict in one sentence."""
        if len(self.rows) == 1 and not self.passed:
            return sentence(self.rows[0].words)
        parts = []
        if self.fix_first:
            waiting = ", ".join(row.name for row in self.rows if row.fix_first)
            parts.append(f"fix {self.fix_first[0]} first, until then undecided: {waiting}")
        parts += self.words_of_arrays()
        own = ", ".join(row.name for row in self.rows if row.own)
        parts += [f"undecided: {own}"] if own else []
        parts += self.words_of_laws()
        parts += dict.fromkeys(row.words.rstrip(".") for row in self.rows if row.todo)
        later = sum(row.later for row in self.rows)
        parts += [f"{count(later, 'name')} given, 0 points yet: graded after you hand in"] if later else []
        return sentence("; ".join(parts) or "nothing was checked")

    def words_of_arrays(self) -> list[str]:
        rows = [row for row in self.rows if row.kind != "law" and row.judged]
        wrong = [row.name for row in rows if not row.ok]
        if len(wrong) == len(rows) > 1:
            return [f"all {len(rows)} {rows[0].kind.replace('array', 'comparison')}s are wrong"]
        if wrong:
            return [f"wrong: {', '.join(wrong)}"]
        return [f"{count(len(rows), 'comparison')} right"] if rows else []

    def words_of_laws(self) -> list[str]:
        rows = [row for row in self.rows if row.kind == "law" and row.judged]
        broken = sum(not row.ok for row in rows)
        if broken:
            return [f"{broken} of {len(rows)} laws broken" if len(rows) > 1 else "1 law broken"]
        if len(rows) == 1:
            return ["1 law holds"]
        return [f"all {len(rows)} laws hold"] if rows else []

    @property
    def title(self) -> str:
        if not self.of:
            return f"Laws of {self.name}" if self.name else "selfcheck.laws"
        if self.verdict == LATER:
            return self.name
        if self.name not in CONTRACTS:
            return "selfcheck.check"
        open_verdict = f"{self.verdict}, " if self.verdict in (TO_DO, UNDECIDED) else ""
        return f"{self.name}: {open_verdict}{self.points:g} of {self.of:g} points"

    def tables(self) -> Iterator[tuple[list[str], list[list[str]]]]:
        """(heads, cells) of the array table and of the law table, without empty columns; one sentence needs none."""
        for kind in () if len(self.rows) == 1 and not self.passed else ("array", "name", "law"):
            rows = [row for row in self.rows if row.kind == kind]
            heads = [
                {"array": "comparison"}.get(kind, kind),
                "verdict",
                "shape",
                "relative error",
                "worst entry",
                "in words",
            ]
            kept = [j for j in range(len(heads)) if any(row.cells[j] for row in rows)]
            if rows:
                yield [heads[j] for j in kept], [[row.cells[j] for j in kept] for row in rows]

    def foot(self) -> list[str]:
        """The lines below the tables."""
        if all(row.todo for row in self.rows):
            return self.notes
        call = f'check("{self.name}", seed={self.seed})' if self.of else f"laws(…, seed={self.seed})"
        lines = [*self.notes]
        if self.blind and any(row.ok or row.error for row in self.rows):
            lines.append(f"What this cannot see: {self.blind}")
        if self.seed is not None and (self.name not in CONTRACTS or any(CONTRACTS[self.name].arguments)):
            lines.append(f"The numbers are those of seed {self.seed}; selfcheck.{call} draws them again.")
        return lines

    def __str__(self) -> str:
        lines = []
        for heads, cells in self.tables():
            widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
            for line in [heads, *cells]:
                lines.append("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        return "\n  ".join([f"{self.title}: {self.words}", *lines, *self.foot()])

    def _repr_html_(self) -> str:
        tables = "".join(html_table(heads, cells) for heads, cells in self.tables())
        foot = "".join(f"<div style='opacity:.85;font-size:90%'>{html.escape(line)}</div>" for line in self.foot())
        head = f"<b>{html.escape(self.title)}</b>: {html.escape(self.words)}"
        return f"<div style='margin:4px 0'>{head}{tables}{foot}</div>"


@dataclass(frozen=True)
class Summary:
    """One line for every function that was checked."""

    results: list[Result]
    unchecked: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        if not self.results:
            return "No check has run yet: run the cells below your functions first."
        earned = sum(result.points for result in self.results)
        total = sum(result.of for result in self.results)
        checked = f"{count(len(self.results), 'function')} checked"
        for verdict in (TO_DO, UNDECIDED, LATER):
            number = sum(result.verdict == verdict for result in self.results)
            checked += f", {number} {verdict}" if number else ""
        return f"{checked}: {earned:g} of {total:g} points, not counting written answers."

    @property
    def cells(self) -> list[list[str]]:
        return [[r.name, r.verdict, f"{r.points:g} of {r.of:g}", r.words] for r in self.results]

    def __repr__(self) -> str:
        wide = max((len(result.name) for result in self.results), default=0)
        mark_wide = max((len(result.verdict) for result in self.results), default=0)
        lines = [f"{name:{wide}}  {mark:{mark_wide}}  {points:9}  {words}" for name, mark, points, words in self.cells]
        return "\n  ".join([self.title, *lines, *self.foot()])

    def foot(self) -> list[str]:
        return [f"Not checked yet: {', '.join(self.unchecked)}."] if self.results and self.unchecked else []

    def _repr_html_(self) -> str:
        heads = ["function", "verdict", "points", "in words"]
        return f"<b>{self.title}</b>{html_table(heads, self.cells) if self.results else ''}{''.join(self.foot())}"


CELL_STYLE = "padding:2px 12px 2px 0;text-align:left;vertical-align:top;border-bottom:1px solid rgba(128,128,128,.35)"
BADGE_STYLE = "color:#fff;border-radius:3px;padding:0 6px;font-weight:600;white-space:nowrap;background:"
BLUE, VERMILION, GREY = "#0060a8", "#b34700", "#5c6370"
COLOURS = {
    "OK": BLUE,
    "holds": BLUE,
    "WRONG": VERMILION,
    "BROKEN": VERMILION,
    TO_DO: GREY,
    UNDECIDED: GREY,
    LATER: GREY,
}


def html_table(heads: list[str], cells: list[list[str]]) -> str:
    """A table whose verdicts are words on blue, vermilion or grey: readable without colour, on light and dark pages."""
    rows = ["".join(f"<th style='{CELL_STYLE}'>{head}</th>" for head in heads)]
    for line in cells:
        shown = [html.escape(cell) for cell in line]
        shown[1] = f"<span style='{BADGE_STYLE}{COLOURS[line[1]]}'>{shown[1]}</span>"
        rows.append("".join(f"<td style='{CELL_STYLE}'>{cell}</td>" for cell in shown))
    body = "".join(f"<tr style='background:transparent'>{row}</tr>" for row in rows)
    return f"<table style='border-collapse:collapse;margin:4px 0'>{body}</table>"


# ---------------------------------------------------------------------------------------------------------------------
# When two arrays count as the same: the largest difference is measured against the largest entry.
# ---------------------------------------------------------------------------------------------------------------------

Array = np.ndarray
Inputs = dict[str, np.ndarray]

EXACT = 1e-7  # the largest relative error allowed in float64
SINGLE = 1e-4  # the same where your array is float32
TRAINING = 1e-6  # after several steps, which add up their rounding
ROUGH = 3e-3  # where your forward returns float32: its finite differences are no better than this


def for_single(tolerance: float) -> float:
    """What a tolerance for float64 becomes for an array in float32."""
    return min(1000 * tolerance, 1e-3)


def scale(expected: Array, upstream: float) -> float:
    """What an error is measured against: the largest entry, or the upstream where all entries are (nearly) zero."""
    largest = float(np.nanmax(np.abs(expected)))
    return largest if largest > 1e-9 * upstream else upstream


def relative_error(actual: Array, expected: Array, upstream: float) -> float:
    """The largest difference over the largest entry. NaN in `expected` marks an entry that is not compared."""
    if actual.shape != expected.shape or np.any(np.isnan(actual)):
        return math.inf
    difference = float(np.nanmax(np.abs(actual - expected)))
    size = scale(expected, upstream)
    if size == 0:
        return 0.0 if difference == 0 else math.inf
    return difference / size


# ---------------------------------------------------------------------------------------------------------------------
# What can be seen of a wrong array, in words; nothing is guessed.
# ---------------------------------------------------------------------------------------------------------------------

PARTS = 60  # the largest product of the two numbers of a fraction that counts as small


def describe(actual: Array, expected: Array, off: Array, sizes: Mapping[str, int], steps: bool) -> str:
    """How `actual` differs: by a factor, a sign, a transpose, from a step on. `off` marks the entries that differ."""
    compared = ~np.isnan(expected)
    a, b = actual[compared], expected[compared]
    which = "" if compared.all() else "compared "
    words = [entries(int(off.sum()), a.size, "differs", "differ", which) if expected.ndim else "the number differs"]
    if not np.any(a):
        return entries(a.size, a.size, "is 0", "are 0", which) if expected.ndim else "the number is 0"
    factor = float(a @ b / (b @ b)) if np.any(b) else 0.0
    if abs(factor - 1) < 1e-5 and relative_error(a, b, 0.0) < 1e-3:
        words.append("close, but not close enough: is something rounded, or a difference to one side only?")
    elif factor and relative_error(a, factor * b, 0.0) < 1e-6:
        words = describe_factor(factor, sizes) or words
    elif is_transposed(actual, expected):
        words = ["these are the right numbers, transposed"]
    if not compared.all():
        words.append(f"{a.size} of {expected.size} entries are compared")
    if steps and len(off) > 1 and compared.all():
        words.append(describe_steps(off))
    return "; ".join(words)


def describe_factor(factor: float, sizes: Mapping[str, int]) -> list[str]:
    """A factor that all entries share, where it is a small fraction, and the axis whose size it is (or one over it).

    A 2 has too many other reasons to be called a size.
    """
    near = Fraction(factor).limit_denominator(PARTS)
    if abs(factor - near) > 1e-6 * abs(factor) or abs(near.numerator) * near.denominator > PARTS:
        return []
    words = "the sign is the other way round" if near == -1 else f"{near} times the right one"
    size = max(near, 1 / near)
    return [words, *(f"{name} is {size} here" for name, each in sizes.items() if each == size > 2)]


def is_transposed(actual: Array, expected: Array) -> bool:
    square = expected.ndim == 2 and expected.shape[0] == expected.shape[1]
    return square and relative_error(actual, expected.T, 0.0) < 1e-6


def describe_steps(off: Array) -> str:
    """Where the error enters, counted from the last step, since a backward begins there."""
    wrong_steps = np.flatnonzero(off.reshape(len(off), -1).any(axis=1))
    right = len(off) - 1 - int(wrong_steps[-1])
    if not right:
        return "wrong from the last step on"
    seen = "the last step is right" if right == 1 else f"the last {right} steps are right"
    return f"{seen}, the error enters {count(right, 'step')} before the last"


# ---------------------------------------------------------------------------------------------------------------------
# The trial of one function: calls with random numbers go in, rows of a table come out.
# ---------------------------------------------------------------------------------------------------------------------

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


# ---------------------------------------------------------------------------------------------------------------------
# From the rows of a trial to points, and to the function that must be fixed first.
# ---------------------------------------------------------------------------------------------------------------------

Kept = tuple[Mapping[str, Any], Result]  # what the result depends on, by name, as it was; and the result
SESSION: dict[str, Kept] = {}
LOWER: dict[str, Kept] = {}  # the same for functions below, while one check or summary runs


def judge(name: str, space: Mapping[str, Any], points: float | None, seed: int) -> Result:
    """Run the check of one function and count the points."""
    contract = CONTRACTS[name]
    of = POINTS.get(name, 1.0) if points is None else points
    trial = Trial(name, space, seed)
    with trial.listening():
        trial.follow(contract.run, name)
        if any(row.ok and row.judged for row in trial.rows):
            trial.untouched()
    if trial.sizes and not trial.rough and all(row.ok for row in trial.rows):
        trial.rows += larger_sizes(name, space, seed)
    share = share_earned(trial.rows)
    if share or len(trial.rows) > 1:
        note_lower_functions(trial)
    rows = rows_with_blame(trial)
    earned = of if share == 1 else math.floor(10 * of * share) / 10
    uses = frozenset(trial.called.union(contract.needs))
    return Result(name, float(earned), float(of), rows, trial.notes, contract.blind, seed, uses)


def larger_sizes(name: str, space: Mapping[str, Any], seed: int) -> list[Row]:
    """One row: all of the check again with larger sizes, which finds sizes that are written as numbers.

    None where the calls take long: a slow function is not wrong.
    """
    trial = Trial(name, space, seed, large=True)
    with trial.listening():
        trial.follow(CONTRACTS[name].run)
    failed = [row for row in trial.rows if not row.ok][:1]
    sizes = ", ".join(f"{axis} = {size}" for axis, size in trial.sizes.items())
    words = "".join(f"with {sizes}, {row.name}: {row.words}" for row in failed)
    if failed and trial.spent > SLOW_CALL:
        return []
    todo = any(row.todo for row in failed)
    return [Row("law", "right for larger sizes", not failed, words, todo=todo, uses=frozenset(trial.called))]


def unknown_name(name: str) -> str:
    """What to type instead of a name that this assignment does not have."""
    near = difflib.get_close_matches(name, CONTRACTS, n=3, cutoff=0.5)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    has = ", ".join(CONTRACTS)
    if not name.isidentifier():
        return f"Expected the name of a function, got {name or 'none'}.{meant} This assignment has {has}."
    return f"This assignment has no function {name}.{meant} It has {has}."


def share_earned(rows: list[Row]) -> float:
    """Part of the points: three quarters for arrays, a quarter for laws; laws alone earn nothing."""
    arrays = [row.ok and row.judged for row in rows if row.kind == "array"]
    laws = [row.ok for row in rows if row.kind == "law"]
    if not any(arrays):
        return 0.0
    right = sum(arrays) / len(arrays)
    return 0.75 * right + 0.25 * sum(laws) / len(laws) if laws else right


def note_lower_functions(trial: Trial) -> None:
    """A note for each function that this one depends on and that is not written, and for the lowest that is wrong."""
    needs = [lower for lower in CONTRACTS[trial.name].needs if lower in CONTRACTS and callable(trial.space.get(lower))]
    for lower in needs:
        if known(lower, trial.space).verdict == TO_DO:
            trial.note(f"{trial.name} depends on {lower}, which is not finished: write {lower} first.")
    wrong = lowest_wrong(needs, trial.space)
    if wrong:
        trial.note(f"{trial.name} depends on {wrong}, which does not pass its own check: fix {wrong} first.")


def rows_with_blame(trial: Trial) -> list[Row]:
    """The rows, where those that failed because another function is wrong say so and are not judged."""
    mentioned, above = names_used(trial.space.get(trial.name), trial.space), list(CONTRACTS)
    above = above[: above.index(trial.name)]
    rows = []
    for row in trial.rows:
        used = [lower for lower in above if lower in row.uses | mentioned and callable(trial.space.get(lower))]
        wrong = lowest_wrong(used, trial.space) if row.judged and not row.ok else ""
        if wrong:
            unread = "" if row.error or row.kind == "law" else f" ({known(wrong, trial.space).words.rstrip('.')})"
            row = replace(row, words=f"fix {wrong} first{unread}", fix_first=wrong)
        rows.append(row)
    return rows


def lowest_wrong(names: Iterable[str], space: Mapping[str, Any]) -> str:
    """The first function of the notebook that is wrong itself and makes one of `names` wrong; empty if none is."""
    found: set[str] = set()
    for name in names:
        result = known(name, space)
        found.update(result.fix_first[:1] or ([name] if result.verdict == "WRONG" else []))
    return min(found, key=list(CONTRACTS).index, default="")


def known(name: str, space: Mapping[str, Any]) -> Result:
    """The result of a function below: of this session if nothing has changed since, or a new one."""
    if is_fresh(SESSION, name, space) and not SESSION[name][1].fix_first:
        return SESSION[name][1]
    if not is_fresh(LOWER, name, space):
        keep(LOWER, name, space, judge(name, space, None, 0))
    return LOWER[name][1]


def keep(results: dict[str, Kept], name: str, space: Mapping[str, Any], result: Result) -> None:
    """Keep a result with what it depends on: its function, those that were called, and the names that these mention."""
    names = {name, *result.uses}
    for each in tuple(names):
        names |= names_used(space.get(each), space)
    results[name] = ({each: space.get(each) for each in names}, result)


def is_fresh(results: Mapping[str, Kept], name: str, space: Mapping[str, Any]) -> bool:
    """Is there a result, and is all that it depends on what it was?"""
    return name in results and all(space.get(each) is before for each, before in results[name][0].items())


# ---------------------------------------------------------------------------------------------------------------------
# Check your own work, with NumPy alone.
# ---------------------------------------------------------------------------------------------------------------------

__all__ = ["check", "install_check", "laws", "needs", "summary"]

OLDEST_PYTHON = (3, 11)
OLDEST_NUMPY = (1, 26)  # the oldest that the notebooks and their checks are tried with
HOW = 'selfcheck.check("the_function"), or selfcheck.check("the_function", seed=3) for the numbers of seed 3'


def check(name: Any = "", points: Any = None, *more: Any, seed: Any = None, **others: Any) -> Result:
    """Check the function `name` of your notebook and return the table; its `repr` is the points.

    Nothing you wrote makes this raise. Give `seed` (it is below the table) to see the same numbers again.
    """
    space = notebook()
    LOWER.clear()
    called = name_of(name, space)
    wrong = wrong_arguments(points, seed, more, others)
    if called not in CONTRACTS:
        wrong = unknown_name(called)
    if wrong:  # nothing was checked, so nothing stays in the summary
        return Result(called, 0.0, 1.0, [Row("array", called, False, wrong)])
    try:
        result = judge(called, space, points, new_seed() if seed is None else seed)
    except BaseException as error:  # our own fault, or the stop button: a sentence, never a traceback
        stopped = isinstance(error, KeyboardInterrupt)
        words = "The check was stopped." if stopped else f"The check itself failed: {brief(error)}."
        result = Result(called, 0.0, points or 1.0, [Row("array", called, False, words)])
    keep(SESSION, called, space, result)
    return result


def name_of(asked: Any, space: Mapping[str, Any]) -> str:
    """The name of a function that you gave by its name, or as the function itself."""
    if isinstance(asked, str):
        return asked
    for name in CONTRACTS:
        if callable(asked) and space.get(name) is asked:
            return name
    own = getattr(asked, "__name__", None) if callable(asked) else None
    return own if isinstance(own, str) else kind_of(asked)


def wrong_arguments(points: Any, seed: Any, more: Any, others: Any) -> str:
    """What to type instead of arguments that `check` and `laws` do not have; empty where they are right."""
    if more or others:
        extra = [shortened(repr(each), 40) for each in more] + [f"{key}=…" for key in others]
        near = [each for key in others for each in difflib.get_close_matches(key, ("name", "points", "seed"), n=1)]
        meant = f"Did you mean {near[0]}=…? " if near else ""
        return f"check has no place for {', '.join(extra)}. {meant}Type it as {HOW}."
    if not (seed is None or (isinstance(seed, (int, np.integer)) and seed >= 0)):
        return f"A seed is a whole number from 0 on, as below a table. Type it as {HOW}."
    if not (points is None or (isinstance(points, (int, float)) and 0 < points < math.inf)):
        return f"Points are a number above 0, or none. Type it as {HOW}."
    return ""


def laws(*names: Any, seed: Any = None) -> Result:
    """Show the laws that tie the functions `names` together. They need no answer key, and nothing raises."""
    space = notebook()
    called = [name_of(name, space) for name in names]
    title, wrong = " + ".join(called), wrong_arguments(None, seed, (), {})
    unknown = [name for name in called if name not in {*CONTRACTS, *GIVEN}]
    groups = {group: run for group, run in LAWS.items() if set(group) <= set(called)}
    if unknown:
        wrong = unknown_name(unknown[0])
    elif not wrong and not groups:
        known = "; ".join(" + ".join(group) for group in LAWS)
        wrong = f"There is no law for these names. There are laws for {known or 'none'}."
    if wrong:
        return Result(title, 0.0, 0.0, notes=[wrong])
    seed, rows, notes = new_seed() if seed is None else seed, [], []
    for group, run in groups.items():
        trial = Trial(group[0], space, seed)
        with trial.listening():
            trial.follow(run, *group)
        first = f"{group[0]}: " if len(groups) > 1 else ""
        rows += [replace(row, kind="law", name=first + row.name) for row in trial.rows]
        notes += [note for note in trial.notes if note not in notes]
    return Result(title, 0.0, 0.0, rows, notes, "a mistake that keeps all of these laws.", seed)


def summary() -> Summary:
    """Show every function checked in this session; where something that it depends on changed, it is checked again."""
    space = notebook()
    LOWER.clear()
    for name, (_, result) in list(SESSION.items()):
        if result.fix_first or not is_fresh(SESSION, name, space):
            with contextlib.suppress(BaseException):
                keep(SESSION, name, space, judge(name, space, result.of, new_seed()))
    return Summary([result for _, result in SESSION.values()], [name for name in CONTRACTS if name not in SESSION])


@contextlib.contextmanager
def needs(*names: Any) -> Iterator[None]:
    """Around the body of a cell: when a function is not written or not right yet, say so in one sentence."""
    before, called = open_figures(), [name_of(name, {}) for name in names]
    try:
        yield
    except Exception as error:
        yours = [name for name in called if name in CONTRACTS]
        missing, listed = unwritten_function(error, yours), " and ".join(not_right(called) or called)
        if missing or isinstance(error, NotImplementedError):
            print(f"This cell needs {missing or listed}: write it, then run this cell again.")
        elif isinstance(error, NameError) and (error.name in GIVEN or not set(functions_in(error)) & set(CONTRACTS)):
            print(f"This cell needs {error.name}: run the cell above that defines it, then this cell again.")
        else:
            print(f"This cell needs {listed}. It stopped with {brief(error)}: look at their checks first.")
        for number in open_figures() - before:
            sys.modules["matplotlib.pyplot"].close(number)


def not_right(names: list[str]) -> list[str]:
    """Those of your functions that do not pass their check."""
    LOWER.clear()
    space = notebook()
    return [name for name in names if name in CONTRACTS and known(name, space).verdict not in ("OK", LATER)]


def install_check() -> None:
    """Print one line: everything the notebook needs is there, or what to do."""
    python = ".".join(map(str, sys.version_info[:3]))
    wrong = []
    if first_two(np.__version__) < OLDEST_NUMPY:
        oldest = ".".join(map(str, OLDEST_NUMPY))
        wrong.append(
            f"This course needs NumPy {oldest} or newer; this notebook has {np.__version__}. "
            "Run `%pip install -U numpy`, then restart the kernel."
        )
    if importlib.util.find_spec("matplotlib") is None:
        wrong.append("matplotlib is missing. Run `%pip install matplotlib`, then restart the kernel.")
    if sys.version_info < OLDEST_PYTHON:  # no newer NumPy can be installed there: one thing at a time
        oldest = ".".join(map(str, OLDEST_PYTHON))
        wrong = [
            f"This course needs Python {oldest} or newer; this notebook runs on {python}. "
            "Install a newer Python, then follow README.md, Install, with it."
        ]
    print(" ".join(wrong) or f"Ready: Python {python}, NumPy {np.__version__}, matplotlib, selfcheck.")


def first_two(version: str) -> tuple[int, ...]:
    """The first two numbers of a version."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def new_seed() -> int:
    return int(np.random.SeedSequence().generate_state(1)[0]) % 1_000_000


# ---------------------------------------------------------------------------------------------------------------------
# Weighted sums entry by entry, and the random parameters of a recurrent net.
# ---------------------------------------------------------------------------------------------------------------------

CELL = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def affine(rows: Array, weight: Array, bias: Array) -> Array:
    """Weighted sums plus bias, entry by entry from the definition."""
    return np.array([[math.fsum([b, *(w * row)]) for w, b in zip(weight, bias, strict=True)] for row in rows])


def cell_sums(x: Array, h: Array, at: Inputs) -> Array:
    """What goes into the tanh, for one step."""
    return affine(x, at["weight_ih"], at["bias_ih"]) + affine(h, at["weight_hh"], at["bias_hh"])


def cell_params(at: Inputs) -> Inputs:
    return {key: at[key] for key in CELL}


def draw_cell_params(trial: Trial, d: int, h: int, scale: float = 1.0) -> Inputs:
    """Weights that make pre-activations around 1 and are not symmetric."""
    return {
        "weight_ih": trial.spread(1.3 * scale / math.sqrt(d), h, d),
        "weight_hh": trial.spread(1.7 * scale / math.sqrt(h), h, h),
        "bias_ih": trial.spread(0.6, h),
        "bias_hh": trial.spread(0.6, h),
    }


def draw_readout_params(trial: Trial, c: int, h: int) -> Inputs:
    return {"weight_ho": trial.spread(2.0 / math.sqrt(h), c, h), "bias_ho": trial.spread(0.6, c)}


# ---------------------------------------------------------------------------------------------------------------------
# Finite differences of your own functions: what a gradient is compared with.
# ---------------------------------------------------------------------------------------------------------------------

DIFFERENCES = 0.8  # seconds for the differences of one check: a slow forward is called for fewer entries


def slopes(trial: Trial, loss: Callable[[Inputs], float], at: Inputs, share: float = 1.0, most: int = 10**6) -> Inputs:
    """Central differences of `loss` for the entries of every array in `at`; NaN for those that are not taken.

    `share` is the part of the time that these may take, `most` the number of entries of each array.
    """
    total = sum(array.size for array in at.values())
    until = time.process_time() + 0.2
    found = {}
    for key, array in at.items():
        until += DIFFERENCES * share * array.size / total
        found[key] = differences(trial, lambda moved, key=key: loss({**at, key: moved}), array, until, most)
    return found


def some_of(trial: Trial, places: Sequence[int]) -> Sequence[int]:
    """All places where differences are taken, or one of them where the sizes are large."""
    return [int(trial.rng.choice(places))] if trial.large else places


def differences(trial: Trial, f: Callable[[Array], Any], at: Array, until: float, most: int = 10**6) -> Array:
    """d f / d at, of shape at.shape + f.shape, by a rule of four points; some entries only when time runs out.

    At most `most` entries are taken, in random order; of a large array a quarter of that, and each index once.
    """
    trial.differencing = True
    try:
        found = np.full(at.shape + np.shape(f(at)), np.nan)
        spots = list(np.ndindex(at.shape))
        if trial.large:
            spots = [tuple(j % size for size in at.shape) for j in range(max(at.shape, default=1))]
            most = most // 4
        eps = 0.06 if trial.rough else 1e-3
        for done, place in enumerate(trial.rng.permutation(len(spots))[:most]):
            if done >= 2 and time.process_time() > until:
                trial.note("Your forward is slow, so only some entries of each array were compared.")
                break
            spot = spots[place]
            moved, values = at.copy(), []
            for step in (-2, -1, 1, 2):
                moved[spot] = at[spot] + step * eps
                values.append(np.asarray(f(moved), dtype=np.float64))
            found[spot] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * eps)
        return found
    finally:
        trial.differencing = False


# ---------------------------------------------------------------------------------------------------------------------
# A forward function and its backward, checked together: against finite differences, and by laws.
# ---------------------------------------------------------------------------------------------------------------------

LOOPS = (
    10.0  # a right backward takes 0.01 of a plain loop, one that is itself made of loops up to 4, differences over 20
)

SAME_CACHE = "called twice with one cache, the same"
SAME_CALL = "called twice, the same"
BY_MEMORY = "the order in memory: x.shape = …, or an array that is read byte by byte"

Backward = Callable[[Array], Any]  # upstream gradient → whatever your backward returns


@dataclass(frozen=True)
class Layer:
    """Your forward and your backward as one thing: it can be differenced, and laws can be checked on it."""

    name: str  # the backward
    inputs: Inputs
    forward: Callable[[Inputs], Array]
    run: Callable[[Inputs], Backward]  # one forward; its result is the backward with that forward's cache
    rows: dict[str, int]  # axis of the samples, for each input that has one and for "output"
    keys: dict[str, str] = field(default_factory=dict)  # names of the gradients where they are not the inputs'
    steps: tuple[str, ...] = ()  # inputs whose first axis is time
    cached: bool = True  # the backward gets a cache, and not the inputs again

    def key(self, name: str) -> str:
        return self.keys.get(name, name)

    def grads(self, trial: Trial, upstream: Array) -> Inputs:
        """All gradients of one forward and one backward."""
        return self.read(trial, self.run(self.inputs)(upstream))

    def read(self, trial: Trial, actual: Any) -> Inputs:
        found = trial.mapping(actual, [self.key(name) for name in self.inputs], self.name)
        return {
            name: trial.as_array(found[self.key(name)], array.shape, self.key(name))
            for name, array in self.inputs.items()
        }

    def slopes(self, trial: Trial, upstream: Array, share: float = 1.0, most: int = 10**6) -> Inputs:
        """Differences of your own forward, contracted with the upstream gradient."""
        loss = lambda at: float(np.sum(upstream * self.forward(at)))
        return slopes(trial, loss, self.inputs, share, most)

    def draw_upstream(self, trial: Trial) -> Array:
        return trial.normal(*self.forward(self.inputs).shape)


def layer_with_cache(
    trial: Trial,
    forward_name: str,
    backward_name: str,
    inputs: Inputs,
    rows: dict[str, int],
    more_params: Inputs | None = None,
) -> Layer:
    """The layer of `forward(…, params)` and `backward(upstream, cache)`; inputs without rows are the params."""
    first = [key for key in inputs if key in rows]
    order = [key for key in inputs if key not in rows]
    trial.rng.shuffle(order)  # params are found by name, in whatever order

    def run_forward(at: Inputs) -> tuple[Array, Uncopied]:
        params = {**{key: at[key] for key in order}, **(more_params or {})}
        return forward(trial, forward_name, *(at[key] for key in first), params)

    def run(at: Inputs) -> Backward:
        cache = run_forward(at)[1]
        return lambda upstream: trial.call(backward_name, upstream, cache)

    return Layer(backward_name, inputs, lambda at: run_forward(at)[0], run, rows)


def check_gradients(trial: Trial, layer: Layer) -> bool:
    """Compare every array with differences, then check the laws of any backward; False if an array cannot be read."""
    upstream = layer.draw_upstream(trial)
    actual = layer.run(layer.inputs)(upstream)
    actual = trial.mapping(actual, [layer.key(key) for key in layer.inputs], layer.name)
    expected, size = layer.slopes(trial, upstream), float(np.max(np.abs(upstream)))
    for key in layer.inputs:
        label = layer.key(key)
        trial.array(label, actual[label], expected[key], upstream=size, steps=key in layer.steps)
    wrong = [row.name for row in trial.rows if not row.ok and isinstance(actual.get(row.name), np.ndarray)]
    for one, other in itertools.combinations(wrong, 2):
        if np.shares_memory(actual[one], actual[other]):
            trial.note(f"{one} and {other} are one array under two names: += on one of them changes both.")
    if not trial.readable():
        trial.note("The laws are checked when every array can be read.")
        return False
    check_linear(trial, layer)
    check_cache(trial, layer)
    check_batch(trial, layer)
    return True


def check_linear(trial: Trial, layer: Layer) -> None:
    """A backward is a linear map of the upstream gradient."""
    one, two = layer.draw_upstream(trial), layer.draw_upstream(trial)
    ones, a, b = layer.grads(trial, one), 1.7, -0.6
    with trial.law("zero upstream gives zero", "an upstream that is ignored or replaced") as same:
        same(layer.grads(trial, 0 * one), {key: 0 * grad for key, grad in ones.items()})
    with trial.law("linear in the upstream", "a square, or an upstream that is changed") as same:
        twos, both = (layer.grads(trial, upstream) for upstream in (two, a * one + b * two))
        same(both, {key: a * ones[key] + b * twos[key] for key in ones})
    with trial.law("also for 10000 times and a 10000th of the upstream", "clipping, or rounding") as same:
        for factor in (1e4, 1e-4):
            same(layer.grads(trial, factor * one), {key: factor * ones[key] for key in ones}, upstream=factor)
    with trial.law("an upstream that is a slice gives the same", BY_MEMORY) as same:
        same(layer.grads(trial, with_gaps(one)), ones)
    if "bias_hh" in ones:
        with trial.law("both biases get the same", "one of the two: they only enter as a sum") as same:
            same(ones["bias_ih"], ones["bias_hh"])


def check_cache(trial: Trial, layer: Layer) -> None:
    """A cache serves twice, and also after another forward; so does a backward without one."""
    backward, upstream = layer.run(layer.inputs), layer.draw_upstream(trial)
    first = layer.read(trial, backward(upstream))
    again, changed = (SAME_CACHE, "a cache") if layer.cached else (SAME_CALL, "an argument")
    with trial.law(again, f"{changed} changed in place, or lists that are never cleared") as same:
        same(layer.read(trial, backward(upstream)), first)
    what, where = ("the cache still works", "cache") if layer.cached else ("the same", "function")
    with trial.law(f"{what} after another forward", f"values kept outside the {where}, in a global name") as same:
        layer.run({key: trial.spread(1.0, *array.shape) for key, array in layer.inputs.items()})
        same(layer.read(trial, backward(upstream)), first)


def check_batch(trial: Trial, layer: Layer) -> None:
    """Samples do not see each other: gradients of inputs join, gradients of parameters add."""
    upstream, rows = layer.draw_upstream(trial), layer.rows
    hint = "a mean, a wrong axis, or samples that are mixed"
    with trial.law("one sample and the others give the whole", hint) as same:
        whole, halves = layer.grads(trial, upstream), []
        for piece in (slice(0, 1), slice(1, None)):
            part = {key: along(v, rows[key], piece) if key in rows else v for key, v in layer.inputs.items()}
            halves.append(replace(layer, inputs=part).grads(trial, along(upstream, rows["output"], piece)))
        for key, grad in whole.items():
            one, others = (half[key] for half in halves)
            joined = np.concatenate([one, others], rows[key]) if key in rows else one + others
            same(grad, joined, layer.key(key))


def check_cost(trial: Trial, layer: Layer) -> bool:
    """A backward costs a few forwards, not one for every weight. `layer` has many weights and a single sample.

    False also where a cache serves only once: then no call can be repeated.
    """
    trial.named = False
    if any(row.name in (SAME_CACHE, SAME_CALL) and not row.ok for row in trial.rows):
        return False
    run_backward, upstream = layer.run(layer.inputs), layer.draw_upstream(trial)
    steps = len(upstream) if upstream.ndim == 3 else 1
    weights = sum(each.size for key, each in layer.inputs.items() if key not in layer.rows and each.ndim == 2)
    return check_seconds(trial, lambda: run_backward(upstream), steps * weights)


def check_seconds(trial: Trial, backward: Callable[[], Any], multiplications: int) -> bool:
    """The backward takes no longer than a few plain loops over the multiplications of one forward, timed beside it."""
    if trial.large:
        return True
    for _ in range(4):  # a busy machine is measured again
        ok = seconds(backward) < LOOPS * multiplications * seconds(plain_loop) / PLAIN
        if ok:
            break
    words = "it takes as long as hundreds of forwards: differences instead of a derivation?"
    return trial.rule("costs a few forwards", ok, words)


PLAIN = 3600  # multiplications


def plain_loop() -> None:
    """Multiply a matrix and a vector by index."""
    size = math.isqrt(PLAIN)
    weights, total = np.ones((size, size)), np.zeros(size)
    for i in range(size):
        for j in range(size):
            total[i] += weights[i, j] * total[j]


def along(array: Array, axis: int, piece: slice) -> Array:
    """A piece of an array along one axis."""
    return array[(slice(None),) * axis + (piece,)].copy()


def seconds(run: Callable[[], Any]) -> float:
    """CPU time of a call, the best of three; a long one is measured once."""
    best = math.inf
    for _ in range(3):
        started = time.process_time()
        run()
        best = min(best, time.process_time() - started)
        if best > 0.05:
            break
    return max(best, 1e-6)


# ---------------------------------------------------------------------------------------------------------------------
# Arrays that are easier to undo than to copy: your sigmoid or tanh is inverted, and what went into it is compared.
# ---------------------------------------------------------------------------------------------------------------------


def array_undone(
    trial: Trial,
    label: str,
    actual: Any,
    expected: Array,
    inverse: Callable[[Array], Array],
    low: float,
    high: float = math.inf,
    clues: Mapping[str, Array] | None = None,
) -> bool:
    """One row: `inverse` of your array is `expected`; for functions that are easier to undo than to copy.

    `clues` are other arrays that it may be instead, by what is then to be said.
    """
    try:
        array = trial.read(actual, expected.shape)
        if relative_error(array, expected, 0.0) <= SINGLE:
            function = "the tanh" if low < 0 else "the sigmoid"
            raise Odd(f"the numbers are those that go into {function}: is it missing?")
        outside = int(np.sum((array <= low) | (array >= high)))
        if outside:
            between = f"between {low:g} and {high:g}" if high < math.inf else f"above {low:g}"
            raise Odd(f"{entries(outside, array.size, 'is', 'are') if array.ndim else 'the number is'} not {between}")
        with np.errstate(all="ignore"):
            undone = inverse(array)
        if not np.all(np.isfinite(undone)):
            raise Odd("another function than that of the course gave these entries")
        for words, other in (clues or {}).items():
            if relative_error(undone, other, 0.0) <= EXACT < relative_error(undone, expected, 0.0):
                raise Odd(words)
    except Odd as odd:
        trial.add(Row("array", label, False, str(odd)))
        return False
    return trial.array(label, undone, expected, tolerance=ROUGH if trial.single else EXACT)


# ---------------------------------------------------------------------------------------------------------------------
# Losses, and what they are made of, checked by the properties that define them.
# ---------------------------------------------------------------------------------------------------------------------


def draw_labels(trial: Trial, classes: int, *shape: int) -> Array:
    """Labels that are not all alike along any axis, nor 0, 1, 2, …: other labels than the right ones never fit."""
    while True:
        labels = trial.rng.integers(0, classes, shape)
        alike = any(np.any(np.ptp(labels, axis=axis) == 0) for axis in range(len(shape)))
        if not alike and not any(np.array_equal(row, np.arange(shape[-1])) for row in labels.reshape(-1, shape[-1])):
            return labels


# ---------------------------------------------------------------------------------------------------------------------
# The exercise that asks for the name of each mistake: only the form of the answer is checked.
# ---------------------------------------------------------------------------------------------------------------------

NAMES = "whether your names are the right ones: that is graded later."
NO_NAME = "no name yet"


def check_names(trial: Trial, name: str, names: Sequence[str]) -> None:
    """One row a letter: is there a name, and is it one of `names`, the list in the notebook?"""
    for letter, given in trial.mapping(trial.call(name), list("ABCDEF")).items():
        words = words_of_name(given, names)
        trial.add(Row("name", letter, not words, words, todo=words == NO_NAME, later=not words))


def words_of_name(given: Any, names: Sequence[str]) -> str:
    """What is wrong with one name; nothing where it is in the list, however it is spaced or capitalised."""
    if isinstance(given, Missing):
        return str(given)
    if given is None or (isinstance(given, str) and not given.strip()):
        return NO_NAME
    if not isinstance(given, str):
        return f"expected a name from the list, got {kind_of(given)}"
    name = given.strip(" \n`").lower()
    if name in names:
        return ""
    near = difflib.get_close_matches(name, names)
    meant = f"did you mean {' or '.join(near)}?" if near else f"the list has {', '.join(names)}"
    return f"{shortened(repr(given), 40)} is not in the list of names; {meant}"


# ---------------------------------------------------------------------------------------------------------------------
# A recurrent net through time: a forward and a backward over a whole sequence, plain or residual.
# ---------------------------------------------------------------------------------------------------------------------

GROWTH = 13.0  # six times the steps: linear costs 6 times as much, quadratic nearly 36


def draw_rnn(trial: Trial, sizes: Sequence[int] = (), kind: str = "rnn", steps: int = 0) -> Inputs:
    t, n, d, h = sizes or trial.draw_sizes("T", "N", "D", "H", steps=steps)
    scale = 1.0 if kind == "rnn" else 0.5  # the states of a residual net add up
    return {"x": trial.spread(1.7, t, n, d), "h0": trial.spread(0.9, n, h), **draw_cell_params(trial, d, h, scale)}


def rnn_layer(trial: Trial, at: Inputs, kind: str = "rnn") -> Layer:
    readout = {"weight_ho": np.ones((2, 7)), "bias_ho": np.ones(2)}  # the params of a whole network go in
    rows = {"x": 1, "h0": 0, "output": 1}
    layer = layer_with_cache(trial, f"{kind}_forward", f"{kind}_backward", at, rows, readout)
    return replace(layer, steps=("x",))


def outputs_of(trial: Trial, name: str, at: Inputs) -> Array:
    shape = (len(at["x"]), *at["h0"].shape)
    return trial.value(name, at["x"], at["h0"], cell_params(at), part=0, shape=shape)


def check_forward_in_time(trial: Trial, kind: str) -> None:
    """Every step from the one before it, undone; then the laws of time."""
    name, at = f"{kind}_forward", draw_rnn(trial, kind=kind)
    outputs = outputs_of(trial, name, at)
    before = np.concatenate([at["h0"][None], outputs[:-1]])
    expected = np.stack([cell_sums(x, h, at) for x, h in zip(at["x"], before, strict=True)])
    actual, label = (outputs, "outputs") if kind == "rnn" else (outputs - before, "changes of outputs")
    array_undone(trial, f"sum inside tanh, recovered from {label}", actual, expected, np.arctanh, -1.0, 1.0)
    check_pieces(trial, name, at)
    if callable(trial.space.get("rnn_cell_forward")):
        check_one_step(trial, kind)
    with trial.law("a sample alone gives the same", "samples that are mixed, or time and batch exchanged") as same:
        alone = {**at, "x": at["x"][:, :1].copy(), "h0": at["h0"][:1]}
        same(outputs_of(trial, name, alone), outputs[:, :1])
    with trial.law("more params, in another order, do no harm", "params that are not taken by name") as same:
        more = {"weight_ho": np.ones((2, 7)), **dict(reversed(cell_params(at).items()))}
        same(trial.value(name, at["x"], at["h0"], more, part=0, shape=None), outputs)
    with trial.law("called twice, the same", "something remembered between the calls") as same:
        same(outputs_of(trial, name, at), outputs)
    with trial.law("features that are 0 may be left out", "axes of size 1 that are dropped", follows=True) as same:
        few, zeros = {**at, "x": at["x"][..., :1], "weight_ih": at["weight_ih"][:, :1]}, at["x"].copy()
        zeros[..., 1:] = 0.0
        same(outputs_of(trial, name, few), outputs_of(trial, name, {**at, "x": zeros}))
    with trial.law("an x that is a slice gives the same", BY_MEMORY) as same:
        same(outputs_of(trial, name, {**at, "x": with_gaps(at["x"])}), outputs)


def check_pieces(trial: Trial, name: str, at: Inputs) -> None:
    """Forward in two pieces, the second starting where the first ended, is forward whole."""
    cut = int(trial.rng.integers(1, len(at["x"])))
    with trial.law("forward in two pieces is forward whole", "h0 is not the start, or steps out of order") as same:
        first = outputs_of(trial, name, {**at, "x": at["x"][:cut]})
        second = outputs_of(trial, name, {**at, "x": at["x"][cut:], "h0": first[-1]})
        same(np.concatenate([first, second]), outputs_of(trial, name, at))


def check_one_step(trial: Trial, kind: str = "rnn") -> None:
    at = draw_rnn(trial, kind=kind)
    title = "T = 1 is the cell" if kind == "rnn" else "T = 1 is h0 plus the cell"
    with trial.law(title, "the step itself, or where the loop begins") as same:
        shape = at["h0"].shape
        cell = forward(trial, "rnn_cell_forward", at["x"][0], at["h0"], cell_params(at), shape=shape)[0]
        one = outputs_of(trial, f"{kind}_forward", {**at, "x": at["x"][:1]})[0]
        same(one, cell if kind == "rnn" else at["h0"] + cell)


def check_backward_in_time(trial: Trial, kind: str) -> None:
    layer = rnn_layer(trial, draw_rnn(trial, kind=kind), kind)
    if check_gradients(trial, layer):
        check_first_step(trial, layer)
        check_cut(trial, layer, int(trial.rng.integers(1, len(layer.inputs["x"]))))
        if check_cost(trial, rnn_layer(trial, draw_rnn(trial, (2, 1, 8, 40), kind), kind)):
            check_linear_time(trial, kind)
        check_cut(trial, rnn_layer(trial, draw_rnn(trial, (30, 2, 3, 4), kind), kind), 15)


def check_cut(trial: Trial, layer: Layer, cut: int) -> None:
    """Backward over two pieces, the second's h0 gradient added to the first's last upstream, is backward whole."""
    at, outputs = layer.inputs, layer.forward(layer.inputs)
    upstream, hint = layer.draw_upstream(trial), "the carry, an overwritten sum, the first step, or h0's gradient"
    with trial.law(f"cut before step {cut}: two pieces give the whole", hint) as same:
        whole = layer.grads(trial, upstream)
        late = replace(layer, inputs={**at, "x": at["x"][cut:], "h0": outputs[cut - 1]}).grads(trial, upstream[cut:])
        meeting = upstream[:cut].copy()
        meeting[-1] += late["h0"]
        early = replace(layer, inputs={**at, "x": at["x"][:cut]}).grads(trial, meeting)
        same(whole["x"], np.concatenate([early["x"], late["x"]]), "x")
        same(whole, {"h0": early["h0"], **{key: early[key] + late[key] for key in CELL}})


def check_first_step(trial: Trial, layer: Layer) -> None:
    """With T = 1 there is no carry: only the step itself can be wrong."""
    one = replace(layer, inputs={**layer.inputs, "x": layer.inputs["x"][:1]})
    with trial.law("right for T = 1", "the step itself (tanh', transposes, biases) or h0's gradient") as same:
        upstream = one.draw_upstream(trial)
        same(one.grads(trial, upstream), one.slopes(trial, upstream, 0.4))


def check_linear_time(trial: Trial, kind: str) -> None:
    """Six times the steps may cost about six times as much."""
    if trial.large:
        return
    layers = [rnn_layer(trial, draw_rnn(trial, (t, 2, 3, 4), kind), kind) for t in (25, 150)]
    prepared = [(layer.run(layer.inputs), layer.draw_upstream(trial)) for layer in layers]
    for _ in range(4):  # a busy machine is measured again
        short, long = (seconds(lambda run=run, upstream=upstream: run(upstream)) for run, upstream in prepared)
        ok = long < max(GROWTH * short, 0.03)
        if ok or long > 0.1:
            break
    words = f"6 times the steps cost {long / short:.0f} times as much: walk back once and pass the carry on"
    trial.rule("time grows like T", ok, words)


def tie_through_time(trial: Trial, kind: str) -> None:
    layer = rnn_layer(trial, draw_rnn(trial, kind=kind), kind)
    for cut in range(1, len(layer.inputs["x"])):
        check_cut(trial, layer, cut)
    check_first_step(trial, layer)
    check_linear(trial, layer)
    check_batch(trial, layer)


# ---------------------------------------------------------------------------------------------------------------------
# A training loop, checked step by step against the differences of your own loss.
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Training:
    """Your training loop, and your own loss."""

    name: str
    start: Inputs
    lr: float
    run: Callable[[Inputs, int, int], tuple[Any, Any]]  # parameters, first step, end → (parameters, losses)
    loss: Callable[[Inputs, int], float]  # of these parameters at that step
    max_norm: float = math.inf  # below the norm of every gradient, where steps are clipped


def check_training(trial: Trial, training: Training, most: int = 8) -> None:
    """The first loss, two steps against differences of the loss, the later losses, and the loop in two pieces.

    The gradient has a check of its own, so at most `most` entries of each parameter are compared here.
    """
    start, hint = training.start, "a step that changes with its number, or a start that is changed in place"

    def run(begin: Inputs, first: int, end: int) -> tuple[Inputs, Array]:
        params, losses = training.run(mixed(begin), first, end)
        found = trial.mapping(params, list(begin), f"{training.name}, as params,")
        arrays = {key: trial.as_array(found[key], begin[key].shape, key) for key in begin}
        losses = trial.as_array(losses, None, "losses")
        if losses.shape != (end - first,):
            raise Stop(f"losses: expected {end - first}, one for each step, got shape {losses.shape}")
        return arrays, losses

    after, losses = run(start, 0, 1)
    trial.array("losses[0], before the first update", losses[0], training.loss(start, 0), tolerance=TRAINING)
    states = [start, after, run(start, 0, 2)[0]]
    moved, right = one_step(trial, training, states, 0, most)
    after_one = {key: f"{key} after one step" for key in start}
    for key, label in after_one.items():
        trial.array(label, after[key], start[key] + right[key], tolerance=TRAINING)
    if all(relative_error(after[key], start[key] - right[key], 0.0) <= TRAINING for key in start):
        trial.note("The first step goes up the slope of the loss; it must go down.")
    if training.max_norm < math.inf:
        hint = "a norm over other arrays, or no clipping"
        with trial.law("a clipped step is lr * max_norm long", hint, 1e-4) as same:
            same(norm(*moved.values()), training.lr * training.max_norm)
    _, right = one_step(trial, training, states, 1, most)
    second, expected = "parameters after two steps", {key: after[key] + right[key] for key in start}
    trial.array(second, joined(states[2]), joined(expected), tolerance=TRAINING, own=list(after_one.values()))
    end, losses = run(start, 0, 3)
    own = [training.loss(state, step) for step, state in enumerate(states)]
    trial.array("losses, each before its update", losses, own, tolerance=TRAINING, own=[*after_one.values(), second])
    with trial.law("one step, then the others: the same end", hint, TRAINING) as same:
        same(run(after, 1, 3)[0], end)
    with trial.law("called twice, the same", "something remembered between the calls", TRAINING) as same:
        same(run(start, 0, 3)[0], end)


def one_step(trial: Trial, training: Training, states: Sequence[Inputs], step: int, most: int) -> tuple[Inputs, Inputs]:
    """How far one of your steps goes, and how far it should go by differences of the loss at your own parameters."""
    before, after = states[step : step + 2]
    gradients = slopes(trial, lambda at: training.loss(at, step), before, most=most)
    moved, rate = {key: after[key] - before[key] for key in before}, training.lr
    if training.max_norm < math.inf:
        rate = abs(dot(moved, gradients)) / dot(gradients, gradients)  # one factor for all arrays
    return moved, {key: -rate * gradients[key] for key in before}


def joined(arrays: Inputs) -> Array:
    """All entries, one array after the other."""
    return np.concatenate([array.ravel() for array in arrays.values()])


def dot(a: Inputs, b: Inputs) -> float:
    """The dot product of two dicts of arrays; entries that are NaN do not count."""
    return sum(float(np.nansum(a[key] * b[key])) for key in a)


def norm(*arrays: Array) -> float:
    """The Euclidean norm of all entries together."""
    return math.sqrt(math.fsum(np.concatenate([array.ravel() for array in arrays]) ** 2))


# ---------------------------------------------------------------------------------------------------------------------
# The checks of this assignment: backpropagation through time, truncated, clipped, and in training.
# ---------------------------------------------------------------------------------------------------------------------

gives("rnn_cell_forward(x, h_prev, params)", "(h, cache)")
gives("readout_forward(outputs, params)", "(logits, cache)")
gives("readout_backward(grad_logits, cache)", "a dict")
gives("sequence_loss(logits, target)", "(loss, grad_logits)")
gives("sgd_step(params, grads, lr)", "a dict")

SIZE_ONE = "axes of size 1 that are dropped, or a single step that is treated apart"
LISTED = (  # the names below the reports of name_the_mistake
    "bias_before_tanh",
    "carry_dropped",
    "carry_not_transposed",
    "h0_zero",
    "mean_over_batch",
    "overwritten",
    "sign_turned_through_time",
    "state_after",
    "tanh_missing",
)


# -- forward


@checks("rnn_forward(x, h0, params)", "(outputs, cache)", blind=CACHE)
def check_rnn_forward(trial: Trial) -> None:
    check_forward_in_time(trial, "rnn")


ties("rnn_forward", "rnn_cell_forward")(check_one_step)


@ties("rnn_forward")
def tie_rnn_forward(trial: Trial) -> None:
    check_pieces(trial, "rnn_forward", draw_rnn(trial))


# -- credit


def forward_with_cache(trial: Trial, at: Inputs) -> tuple[Array, Any]:
    shape = (len(at["x"]), *at["h0"].shape)
    return forward(trial, "rnn_forward", at["x"], at["h0"], cell_params(at), shape=shape)


def credit_of(trial: Trial, at: Inputs, outputs: Array, state: int, upstream: Array) -> list[float]:
    """Norms of what each step from `state` on puts on the h before it: differences of the rest of the forward."""
    rest = lambda h: outputs_of(trial, "rnn_forward", {**at, "x": at["x"][state:], "h0": h})
    until = time.process_time() + DIFFERENCES / len(at["x"])
    shares = differences(trial, rest, outputs[state - 1] if state else at["h0"], until)
    return [norm(np.einsum("ijkl,kl->ij", shares[:, :, j], each)) for j, each in enumerate(upstream[state:])]


@checks("credit_matrix(grad_outputs, cache)", "an array", "rnn_forward", blind=OWN)
def check_credit_matrix(trial: Trial) -> None:
    name, at = "credit_matrix", draw_rnn(trial)
    outputs, cache = forward_with_cache(trial, at)
    upstream = trial.normal(*outputs.shape)
    actual = trial.call(name, upstream, cache)
    expected = np.diag([norm(step) for step in upstream])
    expected[np.tril_indices_from(expected, -1)] = np.nan
    for state in some_of(trial, range(1, len(expected))):
        expected[state:, state - 1] = credit_of(trial, at, outputs, state, upstream)
    if trial.array("credit", actual, expected) or trial.readable():
        credit = trial.value(name, upstream, cache, shape=expected.shape)
        hint = "rows and columns exchanged: [t, s], t injects"
        with trial.law("no step is credited to a later one", hint) as same:
            same(np.triu(credit, 1), np.zeros_like(credit))
        with trial.law("the diagonal is the norm of what is injected", "a crossing or a tanh' too many") as same:
            same(np.diag(credit), np.diag(expected))
        hint = "squares instead of norms, clipping, or rounding"
        with trial.law("n times the upstream, |n| times the credit", hint) as same:
            for factor in (1e4, 1e-4, 0.0):
                same(trial.value(name, -factor * upstream, cache, shape=expected.shape), factor * credit)
        with trial.law("right for one step of one sample", SIZE_ONE, follows=True) as same:
            one = forward_with_cache(trial, {**at, "x": at["x"][:1, :1], "h0": at["h0"][:1]})[1]
            same(trial.value(name, upstream[:1, :1], one, shape=(1, 1)), [[norm(upstream[0, 0])]])
    trial.twice(name, upstream, cache)


# -- backward


@checks("rnn_backward(grad_outputs, cache)", "a dict", "rnn_forward", blind=OWN)
def check_rnn_backward(trial: Trial) -> None:
    check_backward_in_time(trial, "rnn")


@ties("rnn_backward", "rnn_forward")
def tie_rnn(trial: Trial) -> None:
    tie_through_time(trial, "rnn")


# -- truncation


def truncated_layer(trial: Trial, at: Inputs, k: int) -> Layer:
    """The layer whose forward is the truncated one: what is more than k crossings back keeps its value."""
    layer, fixed = rnn_layer(trial, at), outputs_of(trial, "rnn_forward", at)

    def truncated_forward(moved: Inputs) -> Array:
        outputs = []
        for step in range(len(moved["x"])):
            begin = max(0, step - k)
            before = fixed[begin - 1] if begin else at["h0"]
            piece = {**moved, "x": moved["x"][begin : step + 1], "h0": moved["h0"] if step + 1 <= k else before}
            outputs.append(outputs_of(trial, "rnn_forward", piece)[-1])
        return np.stack(outputs)

    def run(moved: Inputs) -> Backward:
        cache = forward(trial, "rnn_forward", moved["x"], moved["h0"], cell_params(moved))[1]
        return lambda upstream: trial.call("rnn_backward_truncated", upstream, cache, k)

    used = truncated_forward if k < len(fixed) else layer.forward
    return replace(layer, name="rnn_backward_truncated", forward=used, run=run)


@checks("rnn_backward_truncated(grad_outputs, cache, k)", "a dict", "rnn_forward", blind=OWN)
def check_rnn_backward_truncated(trial: Trial) -> None:
    steps = 6 if trial.large else 4
    at = draw_rnn(trial, steps=steps)
    for k in (0, int(trial.rng.integers(1, steps - 1))):
        layer = truncated_layer(trial, at, k)
        upstream = layer.draw_upstream(trial)
        actual = trial.mapping(layer.run(at)(upstream), list(at))
        expected = layer.slopes(trial, upstream, 0.4, most=20)
        for key in at:
            trial.array(f"{key} (k = {k})", actual[key], expected[key], steps=key == "x")
    if trial.readable():
        full = truncated_layer(trial, at, steps).slopes(trial, upstream, 0.3)
        check_truncation_ends(trial, at, upstream, full)
        check_window(trial, at, upstream)
        check_linear(trial, layer)
        check_cache(trial, layer)
        check_batch(trial, layer)
        one_step = truncated_layer(trial, {**at, "x": at["x"][:1]}, 0)
        with trial.law("right for T = 1", "a loop that expects an earlier step") as same:
            same(one_step.grads(trial, upstream[:1]), one_step.slopes(trial, upstream[:1], 0.2, most=20))
        check_cost(trial, truncated_layer(trial, draw_rnn(trial, (2, 1, 8, 40)), 1))


def check_truncation_ends(trial: Trial, at: Inputs, upstream: Array, full: Inputs) -> None:
    """k ≥ T is the full gradient `full`; k = T - 1 is full but for h0."""
    steps = len(at["x"])
    for k, title in ((steps, "k = T"), (steps + 3, "k = T + 3"), (steps - 1, "k = T - 1, but for h0,")):
        with trial.law(f"{title} is the full gradient", "truncation a step early") as same:
            grads = truncated_layer(trial, at, k).grads(trial, upstream)
            same(grads, {key: grad for key, grad in full.items() if key != "h0" or k >= steps})
    hint = "truncation a step late: s + 1 ≤ k"
    with trial.law("with k = T - 1 the last step does not reach h0", hint) as same:
        grads = truncated_layer(trial, at, steps - 1).grads(trial, only(upstream, -1))
        same(grads["h0"], 0 * at["h0"])


def check_window(trial: Trial, at: Inputs, upstream: Array) -> None:
    """With k = 1 the error of each step alone reaches that step and the one before it, in x."""
    hint = "chunks (an error just after a cut then reaches nothing before it: a window goes along with t), or another k"
    with trial.law("with k = 1 every step reaches itself and one step back", hint) as same:
        for step in range(1, len(upstream)):
            alone = only(upstream, step)
            short, full = (truncated_layer(trial, at, k).grads(trial, alone)["x"] for k in (1, len(upstream)))
            full[: step - 1] = 0.0
            same(short, full)


def only(upstream: Array, step: int) -> Array:
    """The upstream gradient of a loss at one step alone."""
    alone = np.zeros_like(upstream)
    alone[step] = upstream[step]
    return alone


@ties("rnn_backward_truncated", "rnn_backward")
def tie_truncated(trial: Trial) -> None:
    layer = rnn_layer(trial, draw_rnn(trial))
    upstream = layer.draw_upstream(trial)
    check_truncation_ends(trial, layer.inputs, upstream, layer.grads(trial, upstream))
    check_window(trial, layer.inputs, upstream)


# -- vanishing, residual nets, clipping


@checks("state_gradient_norms(grad_last, cache)", "an array", "rnn_forward", blind=OWN)
def check_state_gradient_norms(trial: Trial) -> None:
    name, at = "state_gradient_norms", draw_rnn(trial, steps=11 if trial.large else 6)  # no axis has T + 1
    outputs, cache = forward_with_cache(trial, at)
    upstream = np.zeros(outputs.shape)
    upstream[-1] = trial.normal(*outputs.shape[1:])
    actual = trial.call(name, upstream[-1], cache)
    expected = np.append(np.full(len(outputs), np.nan), norm(upstream[-1]))
    for state in some_of(trial, range(len(outputs))):
        expected[state] = credit_of(trial, at, outputs, state, upstream)[-1]
    if trial.array("norms", actual, expected, steps=True) or trial.readable():
        own = trial.value(name, upstream[-1], cache, shape=expected.shape)
        hint = "a crossing too many: outputs[T-1] is touched directly"
        with trial.law("the last is the norm of grad_last", hint) as same:
            same(own[-1], expected[-1])
        hint = "squares instead of norms, clipping, or rounding"
        with trial.law("n times the upstream, |n| times the norms", hint) as same:
            for factor in (1e4, 1e-4, 0.0):
                same(trial.value(name, -factor * upstream[-1], cache, shape=expected.shape), factor * own)
        with trial.law("right for one step of one sample", SIZE_ONE, follows=True) as same:
            one = forward_with_cache(trial, {**at, "x": at["x"][:1, :1], "h0": at["h0"][:1]})[1]
            same(trial.value(name, upstream[-1, :1], one, shape=(2,))[1], norm(upstream[-1, :1]))
    trial.twice(name, upstream[-1], cache)


@ties("credit_matrix", "state_gradient_norms")
def tie_credit(trial: Trial) -> None:
    at = draw_rnn(trial)
    outputs, cache = forward(trial, "rnn_forward", at["x"], at["h0"], cell_params(at))
    upstream, steps = trial.normal(*outputs.shape), len(outputs)
    hint = "one of the two: both follow one error"
    with trial.law("the last row of the matrix is the norms without h0", hint) as same:
        credit = trial.value("credit_matrix", upstream, cache, shape=(steps, steps))
        norms = trial.value("state_gradient_norms", upstream[-1], cache, shape=(steps + 1,))
        same(credit[-1], norms[1:])


@checks("residual_rnn_forward(x, h0, params)", "(outputs, cache)", blind=CACHE)
def check_residual_rnn_forward(trial: Trial) -> None:
    check_forward_in_time(trial, "residual_rnn")


@checks("residual_rnn_backward(grad_outputs, cache)", "a dict", "residual_rnn_forward", blind=OWN)
def check_residual_rnn_backward(trial: Trial) -> None:
    check_backward_in_time(trial, "residual_rnn")


@ties("residual_rnn_backward", "residual_rnn_forward")
def tie_residual(trial: Trial) -> None:
    check_pieces(trial, "residual_rnn_forward", draw_rnn(trial, kind="residual_rnn"))
    tie_through_time(trial, "residual_rnn")


@checks("clip_grad_norm(grads, max_norm)", "(grads, total_norm)")
def check_clip_grad_norm(trial: Trial) -> None:
    name, near, (n, d) = "clip_grad_norm", 1e-5, trial.draw_sizes("N", "D")  # PyTorch adds 1e-6 to the norm: right
    grads = {"weight": trial.spread(2.0, n, d), "square": trial.spread(1.0, n, n), "bias": trial.spread(0.5, n)}
    total, zeros = norm(*grads.values()), {key: 0 * array for key, array in grads.items()}

    def clip(given: Inputs, max_norm: float) -> tuple[Inputs, Any]:
        clipped, total_norm = trial.parts(name, given, max_norm)
        found = trial.mapping(clipped, list(given), f"{name}, as grads,")
        return {key: trial.as_array(found[key], array.shape, key) for key, array in given.items()}, total_norm

    clipped, total_norm = clip(grads, total / 3)
    trial.array("total_norm", total_norm, total)
    for key, array in grads.items():
        trial.array(f"{key}: clipped / given", clipped[key] / array, np.full(array.shape, 1 / 3), tolerance=near)
    hint = "an array at a time, or the largest entry"
    with trial.law("clipped, one norm over all arrays is max_norm", hint, near) as same:
        same(norm(*clipped.values()), total / 3)
    with trial.law("below max_norm nothing changes", "clipping although the norm is small", near) as same:
        same(clip(grads, 2 * total)[0], grads)
    with trial.law("all zero stays all zero", "a division by the norm without a look at 0") as same:
        kept, total_norm = clip(zeros, 1.0)
        same(kept, zeros)
        same(trial.as_array(total_norm, (), "total_norm"), 0.0)
    trial.twice(name, grads, 1.0)


# -- a whole network


def draw_network(trial: Trial, sizes: Sequence[int] = ()) -> tuple[Array, Array, Inputs, int]:
    """x, h0, the six parameters, and the number of classes."""
    t, n, d, h, c = sizes or trial.draw_sizes("T", "N", "D", "H", "C")
    at = draw_rnn(trial, (t, n, d, h))
    return at["x"], at["h0"], {**cell_params(at), **draw_readout_params(trial, c, h)}, c


def network_loss(trial: Trial, x: Array, h0: Array, target: Array, params: Inputs, last: bool = False) -> float:
    """The loss of your own rnn_forward, readout_forward and sequence_loss."""
    outputs = forward(trial, "rnn_forward", x, h0, params)[0]
    logits = forward(trial, "readout_forward", outputs[-1:] if last else outputs, params)[0]
    return float(trial.value("sequence_loss", logits, target[None] if last else target, part=0))


@checks("loss_and_gradients(x, h0, target, params)", "(loss, grads)", "rnn_forward rnn_backward", blind=BELOW)
def check_loss_and_gradients(trial: Trial) -> None:
    name, (x, h0, params, c) = "loss_and_gradients", draw_network(trial)
    target = draw_labels(trial, c, *x.shape[:2])
    own = lambda at: network_loss(trial, x, h0, target, at)
    loss, grads = trial.parts(name, x, h0, target, mixed(params))
    trial.array("loss", loss, own(params))
    few = 12 if trial.large else 10**6
    expected = slopes(trial, own, params, most=few)
    actual = trial.mapping(grads, list(params), f"{name}, as grads,")
    for key in params:
        trial.array(key, actual[key], expected[key])
    with trial.law("a sample three times is that sample", "a loss that is no mean over the batch") as same:
        one = (x[:, :1], h0[:1], target[:, :1])
        many = (np.repeat(x[:, :1], 3, axis=1), np.repeat(h0[:1], 3, axis=0), np.repeat(target[:, :1], 3, axis=1))
        same(*(trial.value(name, *each, params, part=0) for each in (one, many)))
    with trial.law("right for one step of one sample", SIZE_ONE, follows=True) as same:
        one = (x[:1, :1], h0[:1], target[:1, :1])
        same(trial.value(name, *one, params, part=0), network_loss(trial, *one, params))
    trial.twice(name, x, h0, target, params)
    x, h0, params, c = draw_network(trial, (2, 1, 8, 40, 5))
    weights = sum(each.size for each in params.values())
    check_seconds(trial, lambda: trial.call(name, x, h0, np.array([[1], [2]]), params), 2 * weights)


def check_batches(trial: Trial, name: str, last: bool, *max_norm: float, bits: bool = False) -> None:
    """Training over given batches, h0 = 0, against differences of your own loss. `bits`: with one input a step."""
    x, h0, params, c = draw_network(trial)
    if bits:
        x, trial.sizes["D"] = x[..., :1], 1
        params["weight_ih"] = params["weight_ih"][:, :1]
    axes = x.shape[1:2] if last else x.shape[:2]
    batches = [(trial.spread(1.7, *x.shape), draw_labels(trial, c, *axes)) for _ in range(3)]

    def loss(at: Inputs, step: int) -> float:
        return network_loss(trial, batches[step][0], 0 * h0, batches[step][1], at, last)

    def run(at: Inputs, first: int, end: int) -> Any:
        return trial.parts(name, batches[first:end], at, 0.5, *max_norm)

    clipped = max_norm[0] if max_norm and max_norm[0] < 1 else math.inf
    check_training(trial, Training(name, params, 0.5, run, loss, clipped))


@checks("train_adder(batches, params, lr)", "(params, losses)", "loss_and_gradients", blind=BELOW)
def check_train_adder(trial: Trial) -> None:
    check_batches(trial, "train_adder", False)


@checks(
    "train_first_xor_last(batches, params, lr, max_norm)",
    "(params, losses)",
    "rnn_backward clip_grad_norm",
    blind=BELOW,
)
def check_train_first_xor_last(trial: Trial) -> None:
    for title, max_norm in (("clipped", 0.01), ("not clipped", 100.0)):
        before = len(trial.rows)
        check_batches(trial, "train_first_xor_last", True, max_norm, bits=title == "not clipped")
        trial.rows[before:] = [replace(row, name=f"{title}: {row.name}") for row in trial.rows[before:]]


@checks("name_the_mistake()", "a dict", blind=NAMES)
def check_name_the_mistake(trial: Trial) -> None:
    check_names(trial, "name_the_mistake", LISTED)
