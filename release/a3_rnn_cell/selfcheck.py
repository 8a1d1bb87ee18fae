"""Check your own work, with NumPy alone and without an answer key.

Put this file beside the notebook and type, below the function you wrote,

    import selfcheck
    selfcheck.check("mse_gradients")

`check` draws fresh random numbers, calls your function and shows a table: one row an array, one row a law.
A gradient is compared with central differences of your own forward function; a forward function is asked for
its defining properties. So there are no answers in this file, and every table ends with what it cannot see.

    check(name, points, seed=…)   one function            laws(*names)      what ties several functions together
    summary()                     every check so far      needs(*names)     around figures that need your functions
    install_check()               is Python ready?
"""

from __future__ import annotations

import contextlib
import html
import importlib.util
import io
import linecache
import math
import os
import re
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
ROUGH = 3e-3  # where your forward is float32: its differences are no better than this
TRAINING = 1e-6  # several steps add up their rounding
SLOW_CALL = 2.0  # seconds: one call on these small arrays takes far less than a millisecond
BUDGET = 8.0  # seconds for all calls of one check
DIFFERENCES = 0.8  # seconds for differences: a slow forward is asked at fewer entries
COST = 400  # a backward that costs more forwards than this is made of differences
GROWTH = 13.0  # six times the steps: linear costs 6 times as much, quadratic nearly 36
OLDEST_PYTHON = (3, 11)
OLDEST_NUMPY = (1, 26)  # the oldest that the notebooks and their checks are tried with


# ---------------------------------------------------------------------------------------------------------------------
# What you call
# ---------------------------------------------------------------------------------------------------------------------


def check(name: str, points: float | None = None, *, seed: int | None = None) -> Result:
    """Check the function `name` of your notebook and return the table; its `repr` is the points.

    Nothing you wrote makes this raise. Give `seed` (it stands below the table) to see the same numbers again.
    """
    space = _notebook()
    try:
        result = _judge(name, space, points, seed)
    except BaseException as error:  # our own fault, or the stop button: a sentence, never a traceback
        stopped = isinstance(error, KeyboardInterrupt)
        words = "The check was stopped." if stopped else f"The check itself failed: {_brief(error)}."
        result = Result(name, 0.0, points or 1.0, [Row("array", name, False, words)])
    _SESSION[name] = (space.get(name), result)
    return result


def laws(*names: str, seed: int | None = None) -> Result:
    """Show the laws that tie the functions `names` together. They need no answer key, and nothing raises."""
    space, title = _notebook(), " + ".join(names)
    seed = _new_seed() if seed is None else seed
    groups = {group: run for group, run in _LAWS.items() if set(group) <= set(names)}
    if not groups:
        known = "; ".join(" + ".join(group) for group in _LAWS)
        return Result(title, 0.0, 0.0, notes=[f"There is no law for these names. There are laws for {known}."])
    rows, notes = [], []
    for group, run in groups.items():
        ask = Ask(group[0], space, seed)
        with ask.listening():
            ask.follow(run)
        first = f"{group[0]}: " if len(groups) > 1 else ""
        rows += [replace(row, kind="law", name=first + row.name) for row in ask.rows]
        notes += [note for note in ask.notes if note not in notes]
    return Result(title, 0.0, 0.0, rows, notes, "a mistake that keeps all of these laws.", seed)


def summary() -> Summary:
    """Show every function checked in this session; one that changed since is checked again."""
    space = _notebook()
    for name, (function, result) in list(_SESSION.items()):
        if space.get(name) is not function:
            with contextlib.suppress(BaseException):
                _SESSION[name] = (space.get(name), _judge(name, space, result.of, None))
    return Summary([result for _, result in _SESSION.values()])


@contextlib.contextmanager
def needs(*names: str) -> Iterator[None]:
    """Around the body of a figure: when a function is not written or not right yet, say so in one sentence."""
    before = _figures()
    try:
        yield
    except Exception as error:
        missing = _stub_behind(error, names)
        if missing or isinstance(error, NotImplementedError):
            print(f"This figure needs {missing or ' and '.join(names)}: write it, then run this cell again.")
        else:
            print(
                f"This figure needs {' and '.join(names)}. It stopped with {_brief(error)}: look at their checks first."
            )
        for number in _figures() - before:
            sys.modules["matplotlib.pyplot"].close(number)


def install_check() -> None:
    """Print one line: everything the notebook needs is there, or what to do."""
    python, wrong = ".".join(map(str, sys.version_info[:3])), []
    if _numbers(np.__version__) < OLDEST_NUMPY:
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


# ---------------------------------------------------------------------------------------------------------------------
# What is shown
# ---------------------------------------------------------------------------------------------------------------------

TO_DO = "to do"


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
    todo: bool = False  # not judged: a function that it needs is not written yet

    @property
    def verdict(self) -> str:
        return TO_DO if self.todo else {"array": ("WRONG", "OK"), "law": ("BROKEN", "holds")}[self.kind][self.ok]

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
    seed: int = 0

    def __repr__(self) -> str:
        return f"{self.points:g}" if self.of else str(self)

    @property
    def passed(self) -> bool:
        return bool(self.rows) and all(row.ok for row in self.rows)

    @property
    def verdict(self) -> str:
        """OK, WRONG, or to do where nothing is wrong as far as it is written."""
        if any(not (row.ok or row.todo) for row in self.rows):
            return "WRONG"
        return TO_DO if any(row.todo for row in self.rows) else "OK" if self.passed else "WRONG"

    @property
    def words(self) -> str:
        """The verdict in one sentence."""
        if len(self.rows) == 1 and not self.passed:
            return self.rows[0].words
        arrays, law_rows = (
            [row for row in self.rows if row.kind == kind and not row.todo] for kind in ("array", "law")
        )
        wrong, broken = ([row.name for row in rows if not row.ok] for rows in (arrays, law_rows))
        right = "every array is wrong" if len(wrong) == len(arrays) > 1 else f"wrong: {', '.join(wrong)}"
        parts = [right if wrong else f"{_count(len(arrays), 'array')} right"] if arrays else []
        if law_rows:
            held = f"all {len(law_rows)} laws hold" if len(law_rows) > 1 else "1 law holds"
            parts.append(f"{len(broken)} of {_count(len(law_rows), 'law')} broken" if broken else held)
        parts += dict.fromkeys(row.words.rstrip(".") for row in self.rows if row.todo)
        return "; ".join(parts) + "." if parts else "nothing was asked."

    @property
    def title(self) -> str:
        if not self.of:
            return f"Laws of {self.name}"
        return f"{self.name}: {'to do, ' * (self.verdict == TO_DO)}{self.points:g} of {self.of:g} points"

    def tables(self) -> Iterator[tuple[list[str], list[list[str]]]]:
        """(heads, cells) of the array table and of the law table, empty columns left out; one sentence needs none."""
        for kind in () if len(self.rows) == 1 and not self.passed else ("array", "law"):
            rows = [row for row in self.rows if row.kind == kind]
            heads = [kind, "verdict", "shape", "relative error", "worst entry", "in words"]
            kept = [j for j in range(len(heads)) if any(row.cells[j] for row in rows)]
            if rows:
                yield [heads[j] for j in kept], [[row.cells[j] for j in kept] for row in rows]

    def foot(self) -> list[str]:
        """The lines below the tables."""
        if all(row.todo for row in self.rows):
            return self.notes
        again = (
            f'selfcheck.check("{self.name}", seed={self.seed})' if self.of else f"selfcheck.laws(…, seed={self.seed})"
        )
        blind = [f"What this cannot see: {self.blind}"] if self.blind else []
        return [*self.notes, *blind, f"The numbers are those of seed {self.seed}; {again} draws them again."]

    def __str__(self) -> str:
        lines = []
        for heads, cells in self.tables():
            widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
            for line in [heads, *cells]:
                lines.append("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        return "\n  ".join([f"{self.title}: {self.words}", *lines, *self.foot()])

    def _repr_html_(self) -> str:
        tables = "".join(_html_table(heads, cells) for heads, cells in self.tables())
        foot = "".join(f"<div style='opacity:.85;font-size:90%'>{html.escape(line)}</div>" for line in self.foot())
        head = f"<b>{html.escape(self.title)}</b>: {html.escape(self.words)}"
        return f"<div style='margin:4px 0'>{head}{tables}{foot}</div>"


@dataclass(frozen=True)
class Summary:
    """One line for every function that was checked."""

    results: list[Result]

    @property
    def title(self) -> str:
        if not self.results:
            return "No check has run yet: run the cells below your functions first."
        earned, total = (sum(getattr(result, key) for result in self.results) for key in ("points", "of"))
        todo = sum(result.verdict == TO_DO for result in self.results)
        checked = f"{_count(len(self.results), 'function')} checked{f', {todo} to do' if todo else ''}"
        return f"{checked}: {earned:g} of {total:g} points, not counting written answers."

    @property
    def cells(self) -> list[list[str]]:
        return [[r.name, r.verdict, f"{r.points:g} of {r.of:g}", r.words] for r in self.results]

    def __repr__(self) -> str:
        wide = max((len(result.name) for result in self.results), default=0)
        lines = [f"{name:{wide}}  {mark:5}  {points:9}  {words}" for name, mark, points, words in self.cells]
        return "\n  ".join([self.title, *lines])

    def _repr_html_(self) -> str:
        heads = ["function", "verdict", "points", "in words"]
        return f"<b>{self.title}</b>{_html_table(heads, self.cells) if self.results else ''}"


_CELL = "padding:2px 12px 2px 0;text-align:left;vertical-align:top;border-bottom:1px solid rgba(128,128,128,.35)"
_BADGE = "color:#fff;border-radius:3px;padding:0 6px;font-weight:600;white-space:nowrap;background:"
_COLOURS = {"OK": "#0060a8", "holds": "#0060a8", "WRONG": "#b34700", "BROKEN": "#b34700", TO_DO: "#5c6370"}


def _html_table(heads: list[str], cells: list[list[str]]) -> str:
    """A table whose verdicts are words on blue, vermilion or grey: readable without colour, on light and dark pages."""
    rows = ["".join(f"<th style='{_CELL}'>{head}</th>" for head in heads)]
    for line in cells:
        shown = [html.escape(cell) for cell in line]
        shown[1] = f"<span style='{_BADGE}{_COLOURS[line[1]]}'>{shown[1]}</span>"
        rows.append("".join(f"<td style='{_CELL}'>{cell}</td>" for cell in shown))
    body = "".join(f"<tr style='background:transparent'>{row}</tr>" for row in rows)
    return f"<table style='border-collapse:collapse;margin:4px 0'>{body}</table>"


def _numbers(version: str) -> tuple[int, ...]:
    """The first two numbers of a version."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


# ---------------------------------------------------------------------------------------------------------------------
# The course: how each function is called, what it returns, its points
# ---------------------------------------------------------------------------------------------------------------------

FULL = "nothing that we know of; the hidden tests use other numbers and sizes."
CACHE = "what you put into the cache: only the backward function shows that."
SHAPE = "how it fares with functions that jump or bend sharply: it is tried on polynomials and a sine."
OWN = "a wrong {}: the differences are taken of your own, so a backward that fits a wrong forward passes here."
LOSS = "a wrong {}: the slopes are those of your own loss, so a sum in place of a mean in both passes here."
BELOW = "a wrong function below it: the steps are judged by differences of your own loss."
NAMES = "whether your names are the right ones: only their form is looked at."

_COURSE = [  # call, what it returns, functions it depends on, what the check cannot see
    ("predict(x, w, b)", "an array", "", FULL),
    ("mse_loss(prediction, target)", "a float", "", FULL),
    ("numerical_derivative(f, at, eps=1e-6)", "a float", "", SHAPE),
    ("mse_gradients(x, target, w, b)", "(dw, db)", "mse_loss predict", LOSS),
    ("gradient_descent(x, target, w, b, lr, steps)", "(w, b, losses)", "mse_loss predict mse_gradients", LOSS),
    ("online_fit(x, target, w, lr, passes, b=-6.0)", "an array", "", FULL),
    ("largest_stable_lr(x)", "a float", "", FULL),
    ("counterexample()", "(x, target, w, lr)", "", "nothing: both rules are run on your numbers."),
    ("sigmoid(z)", "an array", "", FULL),
    ("mlp_forward(x, params)", "(prediction, cache)", "sigmoid", CACHE),
    ("half_squared_error(prediction, target)", "a float", "", FULL),
    ("worked_example()", "a dict", "", "nothing: every number is compared with the net itself, to four digits."),
    ("numerical_gradient(f, array, eps=1e-6)", "an array", "", SHAPE),
    ("mlp_backward(grad_prediction, cache)", "a dict", "mlp_forward", OWN),
    ("softmax(logits)", "an array", "", FULL),
    ("cross_entropy(logits, target)", "a float", "softmax", FULL),
    ("cross_entropy_backward(logits, target)", "an array", "cross_entropy softmax", LOSS),
    ("sgd_step(params, grads, lr)", "a dict", "", FULL),
    ("train_mlp(x, target, params, lr, steps)", "(params, losses)", "mlp_forward mlp_backward sgd_step", BELOW),
    ("name_the_mistake()", "a dict", "", NAMES),
    ("rnn_cell_forward(x, h_prev, params)", "(h, cache)", "", CACHE),
    ("rnn_cell_backward(grad_h, cache)", "a dict", "rnn_cell_forward", OWN),
    ("column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by)", "(a_next, yt_pred)", "rnn_cell_forward", FULL),
    (
        "column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba)",
        "a dict",
        "column_cell_forward rnn_cell_backward",
        OWN,
    ),
    ("two_step_backward(grad_h1, grad_h2, cache_1, cache_2)", "a dict", "rnn_cell_forward rnn_cell_backward", OWN),
    ("readout_forward(outputs, params)", "(logits, cache)", "", CACHE),
    ("readout_backward(grad_logits, cache)", "a dict", "readout_forward", OWN),
    ("sequence_loss(logits, target)", "(loss, grad_logits)", "", FULL),
    ("rnn_forward(x, h0, params)", "(outputs, cache)", "", CACHE),
    ("credit_matrix(grad_outputs, cache)", "an array", "rnn_forward", OWN),
    ("rnn_backward(grad_outputs, cache)", "a dict", "rnn_forward", OWN),
    ("rnn_backward_truncated(grad_outputs, cache, k)", "a dict", "rnn_forward", OWN),
    ("state_gradient_norms(grad_last, cache)", "an array", "rnn_forward", OWN),
    ("clip_grad_norm(grads, max_norm)", "(grads, total_norm)", "", FULL),
    ("residual_rnn_forward(x, h0, params)", "(outputs, cache)", "", CACHE),
    ("residual_rnn_backward(grad_outputs, cache)", "a dict", "residual_rnn_forward", OWN),
    ("loss_and_gradients(x, h0, target, params)", "(loss, grads)", "rnn_forward rnn_backward", BELOW),
    ("train_adder(batches, params, lr)", "(params, losses)", "loss_and_gradients", BELOW),
    (
        "train_first_xor_last(batches, params, lr, max_norm)",
        "(params, losses)",
        "rnn_backward clip_grad_norm",
        BELOW,
    ),
]

_POINTS: dict[str, float] = {
    "predict": 1,
    "mse_loss": 1,
    "numerical_derivative": 2,
    "mse_gradients": 4,
    "gradient_descent": 3,
    "largest_stable_lr": 2,
    "online_fit": 2,
    "counterexample": 2,
    "sigmoid": 1,
    "mlp_forward": 2,
    "half_squared_error": 1,
    "worked_example": 2,
    "numerical_gradient": 3,
    "mlp_backward": 6,
    "name_the_mistake": 1,
    "softmax": 1,
    "cross_entropy": 2,
    "cross_entropy_backward": 3,
    "sgd_step": 1,
    "train_mlp": 2,
    "rnn_cell_forward": 2,
    "rnn_cell_backward": 6,
    "column_cell_forward": 2,
    "column_cell_backward": 3,
    "two_step_backward": 5,
    "readout_forward": 1,
    "readout_backward": 2,
    "sequence_loss": 4,
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
}


@dataclass(frozen=True)
class Contract:
    """What the course says of one function."""

    call: str
    returns: str
    lower: tuple[str, ...]
    blind: str

    @property
    def arguments(self) -> list[str]:
        return [part.partition("=")[0].strip() for part in self.call.partition("(")[2].rstrip(")").split(",")]

    @property
    def parts(self) -> list[str]:
        return self.returns.strip("()").split(", ")


_CONTRACTS = {
    call.partition("(")[0]: Contract(call, returns, tuple(lower.split()), blind.format(lower.partition(" ")[0]))
    for call, returns, lower, blind in _COURSE
}
_CHECKS: dict[str, Callable[[Ask], None]] = {}
_LAWS: dict[tuple[str, ...], Callable[[Ask], None]] = {}
_SESSION: dict[str, tuple[Any, Result]] = {}  # the function as it was, and what was found
_MISSING = object()


def checks(name: str) -> Callable[[Any], Any]:
    """Register the questions to the function `name`."""
    return lambda run: _CHECKS.setdefault(name, run)


def ties(*names: str) -> Callable[[Any], Any]:
    """Register laws across the functions `names`; the first one is the one they say most about."""
    return lambda run: _LAWS.setdefault(names, run)


# ---------------------------------------------------------------------------------------------------------------------
# How a function is asked
# ---------------------------------------------------------------------------------------------------------------------


class Stop(Exception):
    """Nothing more can be asked; the text is the sentence for the student."""


class TimeUp(Stop):
    """The calls took too long."""


class Unwritten(Stop):
    """A function that is needed is not written yet."""


class Odd(Exception):
    """A value that is no array of the right kind; the text says what came."""


@dataclass(frozen=True)
class Kept:
    """A value handed to the student's function as it is: a cache, a function, an array to be changed in place."""

    value: Any


class Ask:
    """One conversation with one student's function: random numbers out, rows of a table in."""

    def __init__(self, name: str, space: Mapping[str, Any], seed: int) -> None:
        self.name, self.space, self.rng = name, space, np.random.default_rng(seed)
        self.rows: list[Row] = []
        self.notes: list[str] = []
        self.sizes: dict[str, int] = {}
        self.given: list[tuple[str, Sequence[Any], Sequence[Any]]] = []  # function, ours, the copies it got
        self.caught: list[warnings.WarningMessage] = []
        self.differencing = False
        self.single = False  # something came as float32
        self.rough = False  # something that is differenced came as float32
        self.spent = 0.0

    def follow(self, run: Callable[[Ask], None]) -> None:
        """Ask one set of questions; what stops it becomes the last row."""
        try:
            run(self)
        except Stop as stop:
            self.rows.append(Row("array", self.name, False, f"{stop}.", todo=isinstance(stop, Unwritten)))
        except Exception as error:  # a value so odd that our own arithmetic stumbles over it
            self.rows.append(Row("array", self.name, False, f"what came cannot be judged ({_brief(error)})."))

    @property
    def limit(self) -> float:
        """The error allowed in numbers that are computed from what came."""
        return SINGLE if self.single else EXACT

    def note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    # -- random numbers

    def draw_sizes(self, *names: str) -> list[int]:
        """Sizes for the axes `names`: no two equal, none below 2, T at least 3; the more axes, the smaller."""
        while True:
            drawn = [int(size) for size in self.rng.permutation(range(2, 2 + max(len(names), 4)))[: len(names)]]
            self.sizes = dict(zip(names, drawn, strict=True))
            if 3 <= self.sizes.get("T", 3) <= 8 - len(names):
                return drawn

    def normal(self, *shape: int) -> Array:
        return self.rng.standard_normal(shape)

    def spread(self, reach: float, *shape: int) -> Array:
        """Numbers from -reach to reach, none of them tiny."""
        return self.rng.uniform(0.15, 1.0, shape) * self.rng.choice([-1.0, 1.0], shape) * reach

    # -- calls

    def call(self, name: str, *given: Any) -> Any:
        """Call the student's `name` with copies of `given`; whatever goes wrong becomes one sentence."""
        function = self.space.get(name)
        if function is None or not callable(function):
            if function is None:
                raise Unwritten(self.about(name, "is not defined yet"))
            raise Stop(self.about(name, f"is {_kind(function)} and no function"))
        copies = [value.value if isinstance(value, Kept) else _copy(value) for value in given]
        if not self.differencing:
            self.given.append((name, given, copies))
        started = time.perf_counter()
        try:
            value = function(*copies)
        except BaseException as error:  # also SystemExit and the stop button: the student reads a sentence
            kind = Unwritten if isinstance(error, NotImplementedError) else Stop
            raise kind(self.failure(name, error)) from None
        took = time.perf_counter() - started
        self.spent += took
        if took > SLOW_CALL:
            raise TimeUp(
                f"one call of {name} took {took:.1f} s, expected under {SLOW_CALL:g} s; the rest was not asked"
            )
        if self.spent > BUDGET:
            raise TimeUp(f"the calls took {self.spent:.0f} s together, which is too slow; the rest was not asked")
        return value

    def about(self, name: str, what: str) -> str:
        return f"{name} {what}" if name == self.name else f"{self.name} depends on {name}, and {name} {what}"

    def failure(self, name: str, error: BaseException) -> str:
        """What happened inside the student's function, in one sentence."""
        if isinstance(error, NotImplementedError):
            inside = _frames(error)
            own = len(inside) < 2 or inside[-1] == name
            return self.about(name, "is not written yet" if own else f"calls {inside[-1]}: write that first")
        if isinstance(error, KeyboardInterrupt):
            return self.about(name, "was stopped by you: does a loop in it never end?")
        if isinstance(error, TypeError) and not _line_of(error) and name in _CONTRACTS:
            return self.about(name, f"cannot be called as {_CONTRACTS[name].call}: {_brief(error)}")
        return self.about(name, f"stopped with {_brief(error)}{_line_of(error)}")

    def parts(self, name: str, *given: Any) -> list[Any]:
        """The members of the tuple (or list) that the student's `name` returns."""
        came, expected = self.call(name, *given), _CONTRACTS[name]
        if isinstance(came, np.ndarray) and came.ndim == 1:
            came = list(came)
        if not isinstance(came, (tuple, list)) or len(came) != len(expected.parts):
            length = f" of length {len(came)}" if isinstance(came, (tuple, list)) else ""
            raise Stop(f"{name} returned {_kind(came)}{length}, expected {expected.returns}{_hint_none(came)}")
        return list(came)

    def mapping(self, came: Any, keys: Sequence[str], name: str = "") -> dict[str, Any]:
        """The members `keys` of a dict that the student returned; a missing one is marked."""
        if not isinstance(came, Mapping):
            expected = f"expected a dict with the keys {', '.join(keys)}"
            raise Stop(f"{name or self.name} returned {_kind(came)}, {expected}{_hint_none(came)}")
        return {key: came.get(key, _MISSING) for key in keys}

    def value(self, name: str, *given: Any, shape: Sequence[int] | None = (), part: int | None = None) -> Array:
        """What the student's `name` returns (or one part of it) as an array of `shape`."""
        came = self.call(name, *given) if part is None else self.parts(name, *given)[part]
        return self.as_array(came, shape, f"what {name} returned" if part is None else _CONTRACTS[name].parts[part])

    def forward(self, name: str, *given: Any, shape: Sequence[int] | None = None) -> tuple[Array, Kept]:
        """(output, cache) of a student's forward function."""
        output, cache = self.parts(name, *given)
        return self.as_array(output, shape, _CONTRACTS[name].parts[0]), Kept(cache)

    def as_array(self, came: Any, shape: Sequence[int] | None, label: str) -> Array:
        """`came` as a float64 array of `shape`, or Stop with a sentence."""
        try:
            return self.read(came, shape)
        except Odd as odd:
            raise Stop(f"{label}: {odd}") from None

    def read(self, came: Any, shape: Sequence[int] | None) -> Array:
        """`came` as a float64 array of `shape`, or Odd saying what came and what was expected."""
        wanted = lambda: f"expected {'an array' if shape is None else self.shape_words(shape)}"
        if came is _MISSING:
            raise Odd("this key is missing in your dict")
        if came is None or isinstance(came, (str, bytes, Mapping, set)) or callable(came):
            raise Odd(f"{wanted()}, came {_kind(came)}{_hint_none(came)}")
        try:
            array = np.asarray(came)
        except Exception as error:  # ragged lists and the like
            raise Odd(f"{wanted()}, came {_kind(came)} that is no array ({_brief(error)})") from None
        if shape is not None and array.shape != tuple(shape):
            raise Odd(f"{wanted()}, came shape {array.shape}")
        if array.dtype.kind != "f" or array.dtype.itemsize < 4:
            raise Odd(f"wrong dtype {array.dtype}, expected float64")
        if array.dtype == np.float32:
            self.single, self.rough = True, self.rough or self.differencing
            self.note("Some of your arrays are float32: right, and compared more loosely. The course uses float64.")
        if not np.isfinite(array).all():
            raise Odd(f"{int(np.sum(~np.isfinite(array)))} of {array.size} entries are NaN or infinite")
        return array.astype(np.float64)

    def shape_words(self, shape: Sequence[int]) -> str:
        """A shape with the names of its axes: all sizes differ, so each has one."""
        if not len(shape):
            return "a number"
        names = {size: name for name, size in self.sizes.items()}
        axes = ", ".join(names.get(size, str(size)) for size in shape) + "," * (len(shape) == 1)
        return f"shape {tuple(shape)} = ({axes})" if any(size in names for size in shape) else f"shape {tuple(shape)}"

    # -- rows

    def array(
        self, label: str, came: Any, right: Any, *, upstream: float = 1.0, r: float = EXACT, steps: bool = False
    ) -> bool:
        """One row: is `came` the array `right`? NaN in `right` marks an entry that was not asked."""
        right = np.asarray(right, dtype=np.float64)
        before, self.single = self.single, False
        try:
            array = self.read(came, right.shape)
        except Odd as odd:
            self.rows.append(Row("array", label, False, str(odd)))
            return False
        finally:
            mine, self.single = self.single, self.single or before
        r = max(r, min(1e3 * r, 1e-3) if mine else 0.0, ROUGH if self.rough else 0.0)
        gaps, error = np.abs(array - right), _error(array, right, upstream)
        ok = error <= r
        spot = np.unravel_index(int(np.nanargmax(gaps)), right.shape)
        worst = f"[{', '.join(str(int(j)) for j in spot)}]" if right.ndim else ""
        words = "" if ok else self.pattern(array, right, gaps > r * _scale(right, upstream), steps)
        shape = str(right.shape) if right.ndim else "number"
        self.rows.append(Row("array", label, ok, words, shape, worst, f"{error:.0e}"))
        return ok

    def pattern(self, came: Array, right: Array, off: Array, steps: bool) -> str:
        """What can be seen of a wrong array; nothing is guessed."""
        a, b = came[~np.isnan(right)], right[~np.isnan(right)]
        if not np.any(a):
            return "all zero"
        words = [f"{int(off.sum())} of {a.size} entries differ"] if right.ndim else []
        factor = float(a @ b / (b @ b)) if np.any(b) else 0.0
        if abs(factor - 1) < 1e-5 and _error(a, b, 0.0) < 1e-3:
            words.append("close, but not close enough: is something rounded, or a difference to one side only?")
        elif factor and _error(a, factor * b, 0.0) < 1e-6:
            words = [
                "the sign is the other way round" if abs(factor + 1) < 1e-6 else f"{factor:.6g} times the right one"
            ]
            near = [k for k, size in self.sizes.items() if min(abs(factor * size - 1), abs(factor / size - 1)) < 1e-6]
            words += [f"{name} is {self.sizes[name]} here" for name in near]
        elif right.ndim == 2 and right.shape[0] == right.shape[1] and _error(came, right.T, 0.0) < 1e-6:
            words = ["these are the right numbers, transposed"]
        if steps and len(off) > 1:
            good = len(off) - 1 - int(np.flatnonzero(off.reshape(len(off), -1).any(axis=1))[-1])
            seen = f"the last {'step is' if good == 1 else f'{good} steps are'} right"
            enters = f"{seen}, the error enters {_count(good, 'step')} before the last"
            words.append(enters if good else "wrong from the last step on")
        return "; ".join(words)

    def undo(
        self, label: str, came: Any, right: Array, inverse: Callable[[Array], Array], low: float, high: float = math.inf
    ) -> bool:
        """One row: `inverse` of what came is `right`; for functions that are easier to undo than to copy."""
        try:
            array = self.read(came, right.shape)
            outside = int(np.sum((array <= low) | (array >= high)))
            if outside:
                between = f"between {low:g} and {high:g}" if high < math.inf else f"above {low:g}"
                raise Odd(f"{outside} of {array.size} entries are not {between}")
            with np.errstate(all="ignore"):
                undone = inverse(array)
            if not np.all(np.isfinite(undone)):
                raise Odd("the function that gave these entries is not the one of the course")
        except Odd as odd:
            self.rows.append(Row("array", label, False, str(odd)))
            return False
        return self.array(label, undone, right, r=ROUGH if self.single else EXACT)

    @contextlib.contextmanager
    def law(self, title: str, hint: str, r: float = EXACT) -> Iterator[Callable[..., None]]:
        """One row: the block calls `same(came, right)` on arrays or dicts; `hint` says what a broken law points to."""
        broken: list[str] = []

        def same(came: Any, right: Any, label: str = "", upstream: float = 1.0) -> None:
            limit = max(r, self.limit, ROUGH if self.rough else 0.0)
            for key in right if isinstance(right, dict) else [None]:
                a, b = (np.asarray(each if key is None else each[key], dtype=float) for each in (came, right))
                if _error(a, b, upstream) > limit:
                    broken.append(key or label)

        try:
            yield same
        except TimeUp:
            raise
        except Stop as stop:
            self.rows.append(Row("law", title, False, f"{stop}.", todo=isinstance(stop, Unwritten)))
            return
        seen = f" (seen in {', '.join(broken)})" if all(broken) else ""
        self.rows.append(Row("law", title, not broken, f"points to: {hint}{seen}" if broken else ""))

    def rule(self, title: str, ok: bool, words: str) -> bool:
        """One row: a law that needs no comparison of arrays."""
        self.rows.append(Row("law", title, bool(ok), "" if ok else words))
        return bool(ok)

    def twice(self, name: str, *given: Any) -> None:
        """The same arguments give the same, for functions without a cache."""
        ok = _alike(self.call(name, *given), self.call(name, *given))
        self.rule("called twice, the same", ok, "points to: something remembered between the calls, or changed by them")

    def untouched(self) -> None:
        """Every argument of every call is what it was before."""
        touched: dict[str, None] = {}
        for name, ours, theirs in self.given:
            labels = _CONTRACTS[name].arguments
            for j, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
                if not isinstance(mine, Kept) and not _identical(mine, other):
                    touched[f"{labels[j]} of {name}"] = None
        words = f"{', '.join(touched)} is changed by a call; a = a + b makes a new array, a += b does not"
        self.rule("arguments untouched", not touched, words)

    # -- warnings and prints

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Around a whole check: warnings and prints become notes."""
        sink = _Sink()
        with (
            warnings.catch_warnings(record=True) as self.caught,
            np.errstate(all="warn", under="ignore"),
            contextlib.redirect_stdout(sink),
            contextlib.redirect_stderr(sink),
        ):
            warnings.simplefilter("always")
            yield
        for text in list({_squeeze(str(each.message)): None for each in self.caught if each.filename != _HERE})[:3]:
            self.note(f"Your code warns: {text}. By itself this costs nothing; it often says where to look.")
        if sink.count:
            self.note(f"Your code prints ({_count(sink.count, 'character')} in this check). It costs nothing.")

    @contextlib.contextmanager
    def no_overflow(self) -> Iterator[None]:
        """Inside a law: no overflow is recorded (silencing it is fine)."""
        before = len(self.caught)
        yield
        if any("overflow" in str(each.message) for each in self.caught[before:]):
            raise Stop("NumPy reports an overflow: shift the exponents so that none is above 0")

    # -- differences

    def slopes(self, loss: Callable[[Inputs], float], at: Inputs, share: float = 1.0, most: int = 10**6) -> Inputs:
        """Central differences of `loss` for the entries of every array in `at`; NaN for those left out."""
        one = lambda key: lambda array: loss({**at, key: array})
        total, until, found = sum(array.size for array in at.values()), time.process_time() + 0.2, {}
        for key, array in at.items():
            until += DIFFERENCES * share * array.size / total
            found[key] = self.differences(one(key), array, until, most)
        return found

    def differences(self, f: Callable[[Array], Any], at: Array, until: float, most: int = 10**6) -> Array:
        """d f / d at, of shape at.shape + f.shape, by a rule of four points; some entries only when time runs out.

        At most `most` entries are asked, in random order.
        """
        self.differencing = True
        try:
            slopes, spots = np.full(at.shape + np.shape(f(at)), np.nan), list(np.ndindex(at.shape))
            eps = 0.06 if self.rough else 1e-3
            for done, spot in enumerate(spots[j] for j in self.rng.permutation(len(spots))[:most]):
                if done >= 2 and time.process_time() > until:
                    self.note("Your forward is slow, so only some entries of each array were compared.")
                    break
                moved, values = at.copy(), []
                for step in (-2, -1, 1, 2):
                    moved[spot] = at[spot] + step * eps
                    values.append(np.asarray(f(moved), dtype=np.float64))
                slopes[spot] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * eps)
            return slopes
        finally:
            self.differencing = False


def _judge(name: str, space: Mapping[str, Any], points: float | None, seed: int | None) -> Result:
    """Ask one function everything and count the points."""
    seed = _new_seed() if seed is None else seed
    contract = _CONTRACTS.get(name)
    if contract is None:
        return Result(name, 0.0, points or 1.0, [Row("array", name, False, f"The course has no function {name}.")])
    of = _POINTS.get(name, 1.0) if points is None else points
    ask = Ask(name, space, seed)
    with ask.listening():
        ask.follow(_CHECKS[name])
        if any(row.ok for row in ask.rows):
            ask.untouched()
    share = _share(ask.rows)
    for lower in contract.lower if share or len(ask.rows) > 1 else ():
        verdict = _known(lower, space).verdict if callable(space.get(lower)) else "OK"
        if verdict == TO_DO:
            ask.note(f"{name} depends on {lower}, which is not finished: write {lower} first.")
        elif verdict != "OK":
            ask.note(f"{name} depends on {lower}, which does not pass its own check: fix {lower} first.")
    earned = of if share == 1 else math.floor(10 * of * share) / 10
    return Result(name, float(earned), float(of), ask.rows, ask.notes, contract.blind, seed)


def _known(name: str, space: Mapping[str, Any]) -> Result:
    """The result of this session for a function that did not change since, or a new one."""
    function, result = _SESSION.get(name, (None, None))
    return result if result is not None and function is space.get(name) else _judge(name, space, None, 0)


def _share(rows: list[Row]) -> float:
    """Part of the points: three quarters for arrays, a quarter for laws; laws alone earn nothing."""
    arrays, law_rows = ([row.ok for row in rows if row.kind == kind] for kind in ("array", "law"))
    if not any(arrays):
        return 0.0
    right = sum(arrays) / len(arrays)
    return 0.75 * right + 0.25 * sum(law_rows) / len(law_rows) if law_rows else right


def _scale(right: Array, upstream: float) -> float:
    """What an error is measured against: the largest entry, or the upstream where all are (nearly) zero."""
    largest = float(np.nanmax(np.abs(right)))
    return largest if largest > 1e-9 * upstream else upstream


def _error(came: Array, right: Array, upstream: float) -> float:
    """Largest difference over largest entry."""
    if came.shape != right.shape or np.any(np.isnan(came)):
        return math.inf
    gap, scale = float(np.nanmax(np.abs(came - right))), _scale(right, upstream)
    return gap / scale if scale else (0.0 if gap == 0 else math.inf)


_HERE = _error.__code__.co_filename  # this file, however it was loaded


class _Sink(io.TextIOBase):
    """Counts what is printed and forgets it."""

    count = 0

    def write(self, text: str) -> int:
        self.count += len(text)
        return len(text)


def _notebook() -> Mapping[str, Any]:
    """The globals of the cell that called."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename == _HERE:
        frame = frame.f_back
    return frame.f_globals


def _new_seed() -> int:
    return int(np.random.SeedSequence().generate_state(1)[0]) % 1_000_000


def _figures() -> set[int]:
    """Numbers of the open figures; none before matplotlib is imported."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return type(value)(_copy(each) for each in value) if isinstance(value, (list, tuple)) else value


def _identical(a: Any, b: Any) -> bool:
    """Is `b`, which a student's function was given, still what `a` is?"""
    if isinstance(a, dict):
        return list(a) == list(b) and all(_identical(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_identical, a, b))
    return a is b or bool(np.array_equal(a, b))


def _alike(a: Any, b: Any) -> bool:
    """Did two calls return the same, up to rounding?"""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return set(a) == set(b) and all(_alike(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_alike, a, b))
    if isinstance(a, str) or isinstance(b, str):
        return bool(a == b)
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, rtol=1e-6, atol=1e-12))


def _kind(value: Any) -> str:
    """A value in two words."""
    if value is None or isinstance(value, np.ndarray):
        return "None" if value is None else f"an array of shape {value.shape}"
    word = type(value).__name__
    return f"{'an' if word[0].lower() in 'aeiou' else 'a'} {word}"


def _hint_none(value: Any) -> str:
    return " (is the return missing?)" if value is None else ""


def _squeeze(text: str, limit: int = 140) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _brief(error: BaseException) -> str:
    """An exception in one line; one whose own text fails is still named."""
    text = ""
    with contextlib.suppress(Exception):
        text = _squeeze(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _line_of(error: BaseException) -> str:
    """Where in the student's code an exception arose: the last frame that is neither ours nor a library's."""
    found, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        ours = code.co_filename == _HERE or "site-packages" in code.co_filename
        if not ours and not code.co_filename.startswith(("<frozen", os.path.dirname(os.__file__))):
            source = _squeeze(linecache.getline(code.co_filename, trace.tb_lineno), 80)
            line = trace.tb_lineno - code.co_firstlineno + 1
            found = f" ({code.co_name}, line {line}{': ' if source else ''}{source})"
        trace = trace.tb_next
    return found


def _stub_behind(error: BaseException, names: Sequence[str]) -> str | None:
    """The function that is not written: the innermost frame of a NotImplementedError, or an undefined name."""
    if isinstance(error, NameError):
        return error.name if error.name in names else None
    inside = _frames(error) if isinstance(error, NotImplementedError) else []
    return inside[-1] if inside and inside[-1].isidentifier() else None


def _frames(error: BaseException) -> list[str]:
    """Names of the student's functions that an exception came through."""
    found, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found += [code.co_name] if code.co_filename != _HERE else []
        trace = trace.tb_next
    return found


# ---------------------------------------------------------------------------------------------------------------------
# Questions that many functions share
# ---------------------------------------------------------------------------------------------------------------------


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

    def key(self, name: str) -> str:
        return self.keys.get(name, name)

    def grads(self, ask: Ask, upstream: Array) -> Inputs:
        """All gradients of one forward and one backward."""
        return self.read(ask, self.open(self.inputs)(upstream))

    def read(self, ask: Ask, came: Any) -> Inputs:
        found = ask.mapping(came, [self.key(name) for name in self.inputs], self.name)
        each = self.inputs.items()
        return {name: ask.as_array(found[self.key(name)], array.shape, self.key(name)) for name, array in each}

    def slopes(self, ask: Ask, upstream: Array, share: float = 1.0, most: int = 10**6) -> Inputs:
        """Differences of the student's own forward, contracted with the upstream."""
        return ask.slopes(lambda at: float(np.sum(upstream * self.forward(at))), self.inputs, share, most)

    def draw_upstream(self, ask: Ask) -> Array:
        return ask.normal(*self.forward(self.inputs).shape)


def cached(
    ask: Ask, forward: str, backward: str, inputs: Inputs, rows: dict[str, int], extra: Inputs | None = None, *tail: Any
) -> Machine:
    """The machine of `forward(…, params)` and `backward(upstream, cache, *tail)`; inputs with rows are no params."""
    first, order = [key for key in inputs if key in rows], [key for key in inputs if key not in rows]
    ask.rng.shuffle(order)  # params are found by name, in whatever order

    def run(at: Inputs) -> tuple[Array, Kept]:
        return ask.forward(forward, *(at[key] for key in first), {**{key: at[key] for key in order}, **(extra or {})})

    def opened(at: Inputs) -> Callable[[Array], Any]:
        cache = run(at)[1]
        return lambda upstream: ask.call(backward, upstream, cache, *tail)

    return Machine(backward, inputs, lambda at: run(at)[0], opened, rows)


def ask_backward(ask: Ask, machine: Machine) -> bool:
    """Compare every array with differences, then ask the laws of any backward; False if an array cannot be read."""
    upstream = machine.draw_upstream(ask)
    found = ask.mapping(
        machine.open(machine.inputs)(upstream), [machine.key(key) for key in machine.inputs], machine.name
    )
    right, size = machine.slopes(ask, upstream), float(np.max(np.abs(upstream)))
    for key in machine.inputs:
        label = machine.key(key)
        ask.array(label, found[label], right[key], upstream=size, steps=key in machine.steps)
    if not readable(ask):
        ask.note("The laws are asked when every array can be read.")
        return False
    linear_laws(ask, machine)
    cache_laws(ask, machine)
    law_batch(ask, machine)
    return True


def readable(ask: Ask) -> bool:
    """Could every array be compared at all?"""
    return all(row.error for row in ask.rows if row.kind == "array")


def linear_laws(ask: Ask, machine: Machine) -> None:
    """A backward is a linear map of the upstream."""
    back, (one, two) = machine.open(machine.inputs), (machine.draw_upstream(ask) for _ in range(2))
    ones, a, b = machine.read(ask, back(one)), 1.7, -0.6
    with ask.law("zero upstream gives zero", "an upstream that is ignored or replaced") as same:
        same(machine.read(ask, back(0 * one)), {key: 0 * grad for key, grad in ones.items()})
    with ask.law("linear in the upstream", "clipping, a square, or an upstream that is changed") as same:
        twos, both = (machine.read(ask, back(upstream)) for upstream in (two, a * one + b * two))
        same(both, {key: a * ones[key] + b * twos[key] for key in ones})
    if "bias_hh" in ones:
        with ask.law("both biases get the same", "one of the two: they only enter as a sum") as same:
            same(ones["bias_ih"], ones["bias_hh"])


def cache_laws(ask: Ask, machine: Machine) -> None:
    """A cache answers twice, and also after another forward."""
    back, upstream = machine.open(machine.inputs), machine.draw_upstream(ask)
    first = machine.read(ask, back(upstream))
    with ask.law("called twice, the same", "a cache changed in place, or lists that are never cleared") as same:
        same(machine.read(ask, back(upstream)), first)
    with ask.law(
        "the cache still works after another forward", "values kept outside the cache, in a global name"
    ) as same:
        machine.open({key: ask.spread(1.0, *array.shape) for key, array in machine.inputs.items()})
        same(machine.read(ask, back(upstream)), first)


def law_batch(ask: Ask, machine: Machine) -> None:
    """Samples do not see each other: gradients of inputs join, gradients of parameters add."""
    upstream, rows = machine.draw_upstream(ask), machine.rows
    with ask.law("one sample and the others give the whole", "a mean, a wrong axis, or samples that are mixed") as same:
        whole, halves = machine.grads(ask, upstream), []
        for piece in (slice(0, 1), slice(1, None)):
            part = {key: _along(v, rows[key], piece) if key in rows else v for key, v in machine.inputs.items()}
            halves.append(replace(machine, inputs=part).grads(ask, _along(upstream, rows["output"], piece)))
        for key, grad in whole.items():
            pair = [half[key] for half in halves]
            same(grad, np.concatenate(pair, rows[key]) if key in rows else pair[0] + pair[1], machine.key(key))


def law_cost(ask: Ask, machine: Machine) -> bool:
    """A backward costs a few forwards, not one for every weight."""
    back, upstream = machine.open(machine.inputs), machine.draw_upstream(ask)
    forward, backward = _seconds(lambda: machine.forward(machine.inputs)), _seconds(lambda: back(upstream))
    words = f"it costs {backward / forward:.0f} forwards: differences in place of a derivation?"
    return ask.rule("costs a few forwards", backward < COST * forward or backward < 0.05, words)


def law_rows(ask: Ask, name: str, params: Inputs, *rows: Array) -> None:
    """Row i of the output depends on row i of the inputs alone; and the same call gives the same."""
    whole = ask.forward(name, *rows, params)[0]
    with ask.law("a row alone gives the same row", "a sum, mean or maximum over the batch") as same:
        same(ask.forward(name, *(each[:1] for each in rows), params)[0], whole[:1])
    with ask.law("called twice, the same", "something remembered between the calls") as same:
        same(ask.forward(name, *rows, params)[0], whole)


@dataclass(frozen=True)
class Training:
    """A training loop of the student's as something that can be asked."""

    name: str
    start: Inputs
    lr: float
    run: Callable[[Inputs, int, int], tuple[Any, Any]]  # parameters, first step, end → (parameters, losses)
    loss: Callable[[Inputs, int], float]  # the student's own loss of these parameters at that step
    max_norm: float = math.inf  # below the norm of every gradient, where steps are clipped


def ask_training(ask: Ask, training: Training, most: int = 8) -> None:
    """The first loss, the first step against differences of the loss, the later losses, and the loop in two pieces.

    The gradient has a check of its own, so at most `most` entries of each parameter are asked here.
    """
    start, hint = training.start, "a step that depends on its place, or a start that is changed in place"

    def run(begin: Inputs, first: int, end: int) -> tuple[Inputs, Array]:
        params, losses = training.run(begin, first, end)
        found = ask.mapping(params, list(begin), training.name)
        arrays = {key: ask.as_array(found[key], begin[key].shape, key) for key in begin}
        return arrays, ask.as_array(losses, (end - first,), "losses")

    after, losses = run(start, 0, 1)
    ask.array("losses[0], before the first update", losses[0], training.loss(start, 0), r=TRAINING)
    slopes = ask.slopes(lambda at: training.loss(at, 0), start, most=most)
    moved, rate = {key: start[key] - after[key] for key in start}, training.lr
    if training.max_norm < math.inf:  # one factor for all arrays, and the length of the whole step
        along, square = (sum(float(np.nansum(a[k] * slopes[k])) for k in start) for a in (moved, slopes))
        rate = along / square
        with ask.law("a clipped step is lr * max_norm long", "a norm over other arrays, or no clipping", 1e-4) as same:
            same(_norm(*moved.values()), training.lr * training.max_norm)
    for key in start:
        ask.array(f"{key} after one step", after[key], start[key] - rate * slopes[key], r=TRAINING)
    end, losses = run(start, 0, 3)
    own = [training.loss(state, step) for step, state in enumerate([start, after, run(start, 0, 2)[0]])]
    ask.array("losses, each before its update", losses, own, r=TRAINING)
    with ask.law("one step, then the others: the same end", hint, TRAINING) as same:
        same(run(after, 1, 3)[0], end)
    with ask.law("called twice, the same", "something remembered between the calls", TRAINING) as same:
        same(run(start, 0, 3)[0], end)


def ask_loss(ask: Ask, name: str, shape: Sequence[int], one: float, mean: bool) -> None:
    """A loss that is a mean or a sum over single pairs; `one` is the loss of a pair that is off by one."""
    prediction, target, single = ask.normal(*shape), ask.normal(*shape), (1,) * len(shape)
    gap = float(ask.rng.uniform(0.3, 3.0))
    ask.array("loss of one pair", ask.call(name, np.full(single, 2 + gap), np.full(single, 2.0)), one * gap**2)
    pairs = zip(prediction.flat, target.flat, strict=True)
    alone = [float(ask.value(name, *(np.full(single, each) for each in pair))) for pair in pairs]
    whole = math.fsum(alone) / (len(alone) if mean else 1)
    ask.array("loss", ask.call(name, prediction, target), whole)
    with ask.law("equal arrays give 0", "a constant that does not belong there") as same:
        same(ask.value(name, target, target), 0.0)
    title = "the data twice changes nothing" if mean else "the data twice doubles the loss"
    with ask.law(title, "a sum in place of a mean, or a mean in place of a sum") as same:
        same(ask.value(name, np.tile(prediction, 2), np.tile(target, 2)), whole * (1 if mean else 2))
    ask.twice(name, prediction, target)


def ask_class_loss(ask: Ask, loss: Callable[[Array, Array], float], logits: Array) -> Array:
    """Two rows that only a cross-entropy of single rows passes; returns its values, a column a class."""
    classes = logits.shape[-1]
    rows = [[loss(row[None], np.array([j])) for j in range(classes)] for row in logits.reshape(-1, classes)]
    table = np.array(rows).reshape(logits.shape)
    ask.array("loss between the classes of one row", _ratios(table), -_ratios(logits), r=ask.limit)
    ask.array("probabilities of one row, summed", np.exp(-table).sum(axis=-1), np.ones(logits.shape[:-1]), r=ask.limit)
    return table


def ask_softmax(ask: Ask, label: str, came: Any, logits: Array, axis: int = -1) -> None:
    """Two rows that only a softmax along `axis` passes: ratios and sums."""
    ask.undo(f"{label}: log of ratios", came, _ratios(logits, axis), lambda p: _ratios(np.log(p), axis), 0.0)
    with contextlib.suppress(Odd):
        sums = ask.read(came, logits.shape).sum(axis=axis)
        ask.array(f"{label}: sums", sums, np.ones_like(sums), r=ask.limit)


def _ratios(logs: Array, axis: int = -1) -> Array:
    """Logarithms of what stands to the first entry along the axis."""
    return logs - np.take(logs, [0], axis)


def _affine(rows: Array, weight: Array, bias: Array) -> Array:
    """Weighted sums plus bias, entry by entry from the definition."""
    return np.array([[math.fsum([b, *(w * row)]) for w, b in zip(weight, bias, strict=True)] for row in rows])


def _log_odds(p: Array) -> Array:
    """What a sigmoid was made of."""
    return np.log(p) - np.log1p(-p)


def _norm(*arrays: Array) -> float:
    return math.sqrt(math.fsum(np.concatenate([array.ravel() for array in arrays]) ** 2))


def _along(array: Array, axis: int, piece: slice) -> Array:
    return array[(slice(None),) * axis + (piece,)].copy()


def _seconds(run: Callable[[], Any]) -> float:
    """CPU time of a call, the best of three; a long one is not asked again."""
    best = math.inf
    for _ in range(3):
        started = time.process_time()
        run()
        best = min(best, time.process_time() - started)
        if best > 0.05:
            break
    return max(best, 1e-6)


# ---------------------------------------------------------------------------------------------------------------------
# a1_linear_fit
# ---------------------------------------------------------------------------------------------------------------------


@checks("predict")
def check_predict(ask: Ask) -> None:
    (n,) = ask.draw_sizes("N")
    x, w, b = ask.normal(n), 1.7, -0.6
    ask.array("prediction", ask.call("predict", x, w, b), np.polyval([w, b], x))
    with ask.law("w = 0 gives b everywhere", "b is missing, or has the wrong sign") as same:
        same(ask.value("predict", x, 0.0, b, shape=(n,)), np.full(n, b))
    ask.twice("predict", x, w, b)


@checks("mse_loss")
def check_mse_loss(ask: Ask) -> None:
    ask_loss(ask, "mse_loss", ask.draw_sizes("N"), 1.0, mean=True)


@checks("numerical_derivative")
def check_numerical_derivative(ask: Ask) -> None:
    name, eps, at = "numerical_derivative", 0.125, float(ask.rng.uniform(0.5, 2.0))
    a, b, c = (float(value) for value in ask.spread(2.0, 3))
    b = math.copysign(b, a)
    calls: list[float] = []

    def parabola(value: float) -> float:
        calls.append(float(value))
        return a * value**2 + b * value + c

    ask.array("of a line", ask.call(name, Kept(lambda v: a * v + b), at, eps), a)
    ask.array("of a parabola, eps = 1/8", ask.call(name, Kept(parabola), at, eps), 2 * a * at + b)
    ask.array("of a cube, eps = 1/8", ask.call(name, Kept(lambda v: c * v**3), at, eps), c * (3 * at**2 + eps**2))
    ask.array("of sin at 0.3, default eps", ask.call(name, Kept(lambda v: math.sin(float(v))), 0.3), math.cos(0.3))
    centre = sum(calls) / len(calls) if calls else math.nan
    ask.rule(
        "f is asked on both sides", abs(centre - at) < 1e-9, "points to: differences to one side, only half as good"
    )
    ask.twice(name, Kept(parabola), at, eps)


def _fit(ask: Ask) -> tuple[Array, Array, float, float]:
    """x, target, w, b of a fit whose targets are all off by a good deal."""
    n = max(ask.draw_sizes("N")[0], 3)
    ask.sizes["N"] = n
    return ask.spread(2.0, n), ask.spread(3.0, n), float(ask.normal()), float(ask.normal())


def _fit_loss(ask: Ask, x: Array, target: Array) -> Callable[[Inputs], float]:
    """The student's own loss of w and b."""
    return lambda at: float(ask.value("mse_loss", ask.call("predict", x, float(at["w"]), float(at["b"])), target))


@checks("mse_gradients")
def check_mse_gradients(ask: Ask) -> None:
    x, target, w, b = _fit(ask)
    both = ask.parts("mse_gradients", x, target, w, b)
    right = ask.slopes(_fit_loss(ask, x, target), {"w": np.array(w), "b": np.array(b)})
    for came, key in zip(both, right, strict=True):
        ask.array(f"d{key}", came, right[key])
    if readable(ask):
        pair = lambda *at: np.array([ask.value("mse_gradients", *at, w, b, part=j) for j in (0, 1)])
        with ask.law("the data twice changes nothing", "a sum where the loss has a mean") as same:
            same(pair(np.tile(x, 2), np.tile(target, 2)), pair(x, target))
        with ask.law("a perfect fit has no slope", "something that does not vanish with the errors") as same:
            same(pair(x, np.polyval([w, b], x)), np.zeros(2))
    ask.twice("mse_gradients", x, target, w, b)


@checks("gradient_descent")
def check_gradient_descent(ask: Ask) -> None:
    x, target, w, b = _fit(ask)
    name, lr, loss = "gradient_descent", 0.05, _fit_loss(ask, x, target)

    def run(at: Inputs, first: int, end: int) -> tuple[Any, Any]:
        *last, losses = ask.parts(name, x, target, float(at["w"]), float(at["b"]), lr, end - first)
        return dict(zip("wb", last, strict=True)), losses

    ask_training(ask, Training(name, {"w": np.array(w), "b": np.array(b)}, lr, run, lambda at, step: loss(at)))


def _slope(f: Callable[[float], float], at: float) -> float:
    """Exact for parabolas, up to rounding."""
    return f(at + 0.5) - f(at - 0.5)


def _true_step(w: float, x: float, y: float, b: float, lr: float) -> float:
    """w after one update with the true slope of half the squared error of one sample."""
    return w - lr * _slope(lambda v: 0.5 * float(np.polyval([v, b], x) - y) ** 2, w)


@checks("online_fit")
def check_online_fit(ask: Ask) -> None:
    x, target, w, _ = _fit(ask)
    name, passes, lr, n = "online_fit", 3, 0.06, len(x)
    for label, b in (("weights", [-2.5]), ("weights, default b", [])):
        came, right = ask.call(name, x, target, w, lr, passes, *b), np.full(passes * n + 1, w)
        with contextlib.suppress(Odd):
            own = ask.read(came, right.shape)
            steps = [(own[j], x[j % n], target[j % n], *(b or [-6.0]), lr) for j in range(passes * n)]
            right[1:] = [_true_step(*step) for step in steps]
        ask.array(label, came, right)
    with ask.law(
        "one pass, then the others: the same end", "a pass that does not begin where the last one ended"
    ) as same:
        whole = ask.value(name, x, target, w, lr, passes, shape=(passes * n + 1,))
        same(ask.value(name, x, target, float(whole[n]), lr, passes - 1, shape=None), whole[n:])
    ask.twice(name, x, target, w, lr, passes)


@checks("largest_stable_lr")
def check_largest_stable_lr(ask: Ask) -> None:
    x = _fit(ask)[0] + float(ask.normal())

    def slopes(w: float, b: float) -> list[float]:
        loss = lambda w, b: float(np.mean(np.polyval([w, b], x) ** 2))
        return [_slope(lambda v: loss(v, b), w), _slope(lambda v: loss(w, v), b)]

    turn = np.array([slopes(1.0, 0.0), slopes(0.0, 1.0)])

    def growth(lr: float) -> float:
        """What one step of descent multiplies the worst direction with."""
        return float(np.max(np.abs(np.linalg.eigvals(np.eye(2) - lr * turn))))

    low, high = 0.0, 4.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if growth(middle) < 1 else (low, middle)
    if ask.array("learning rate", ask.call("largest_stable_lr", x), low) or readable(ask):
        lr = float(ask.value("largest_stable_lr", x))
        ask.rule("1 % below it every direction shrinks", growth(0.99 * lr) < 1, "the rate is too large")
        ask.rule("1 % above it one direction grows", growth(1.01 * lr) > 1, "the rate is too small")
    ask.twice("largest_stable_lr", x)


@checks("counterexample")
def check_counterexample(ask: Ask) -> None:
    x, target, w, lr = (ask.as_array(np.asarray(v, dtype=float), None, "numbers") for v in ask.parts("counterexample"))
    if x.ndim != 1 or x.shape != target.shape or len(set(x)) < 2 or w.ndim or lr.ndim or lr <= 0:
        raise Stop("counterexample: expected x and target of one length, two different x, a number w, and lr above 0")
    best = float(np.linalg.lstsq(x[:, None], target + 6, rcond=None)[0][0])
    article = true = float(w)
    for one, y in zip(x, target, strict=True):
        article += float(lr) * (y - np.polyval([article, -6.0], one))
        true = _true_step(true, one, y, -6.0, float(lr))
    start, end, nearer = (abs(value - best) for value in (float(w), article, true))
    for label, ok, distance in (
        ("the article's rule ends farther away", math.isfinite(article) and end > start, end),
        ("the true gradient ends nearer", nearer < start, nearer),
    ):
        words = f"best w {best:.4g}: its distance goes from {start:.4g} to {distance:.4g}"
        ask.rows.append(Row("array", label, bool(ok), words))
    ask.twice("counterexample")


# ---------------------------------------------------------------------------------------------------------------------
# a2_mlp_backprop
# ---------------------------------------------------------------------------------------------------------------------

EXTREME = np.array([[1000.0, -1000.0, 0.0, 1.5], [-1000.0, -1000.0, 1000.0, 999.0]])
NO_OVERFLOW, LARGEST_OFF = "no overflow at ±1000", "exp of a large number: take the largest of the row off first"


@checks("sigmoid")
def check_sigmoid(ask: Ask) -> None:
    z, far = ask.spread(4.0, *ask.draw_sizes("N", "H")), np.array([-1000.0, 0.0, 1000.0])
    ask.undo("sigmoid, undone: z", ask.call("sigmoid", z), z, _log_odds, 0.0, 1.0)
    with ask.law("σ(-z) = 1 - σ(z)", "something that is not symmetric around 0") as same:
        same(ask.value("sigmoid", -z, shape=z.shape), 1 - ask.value("sigmoid", z, shape=z.shape))
    with ask.law(NO_OVERFLOW, "exp of a large number: use a form with exp of -|z| only") as same, ask.no_overflow():
        same(ask.value("sigmoid", far, shape=(3,)), np.array([0.0, 0.5, 1.0]))
    with ask.law("one number works, too", "indexing that needs an axis") as same:
        same(ask.value("sigmoid", np.array(0.0)), 0.5)
    ask.twice("sigmoid", z)


def _mlp(ask: Ask, sizes: Sequence[int] = ()) -> Inputs:
    n, d, h, o = sizes or ask.draw_sizes("N", "D", "H", "O")
    inputs = {
        "x": ask.spread(1.7, n, d),
        "weight_1": ask.spread(2.2 / math.sqrt(d), h, d),
        "bias_1": ask.spread(0.8, h),
    }
    return {**inputs, "weight_2": ask.spread(2.2 / math.sqrt(h), o, h), "bias_2": ask.spread(0.8, o)}


def _mlp_machine(ask: Ask, sizes: Sequence[int] = ()) -> Machine:
    return cached(ask, "mlp_forward", "mlp_backward", _mlp(ask, sizes), {"x": 0, "output": 0})


@checks("mlp_forward")
def check_mlp_forward(ask: Ask) -> None:
    params = _mlp(ask)
    x, h = params.pop("x"), ask.sizes["H"]
    see_hidden = {
        **params,
        "weight_2": np.eye(h),
        "bias_2": np.zeros(h),
    }  # the output is the sigmoid of the hidden layer
    came, right = ask.parts("mlp_forward", x, see_hidden)[0], _affine(x, params["weight_1"], params["bias_1"])
    if ask.undo("hidden layer, sigmoids undone", came, right, lambda p: _log_odds(_log_odds(p)), 0.0, 1.0):
        hidden = _log_odds(np.asarray(came, dtype=float))
        right = _affine(hidden, params["weight_2"], params["bias_2"])
        ask.undo("prediction, sigmoid undone", ask.parts("mlp_forward", x, params)[0], right, _log_odds, 0.0, 1.0)
    law_rows(ask, "mlp_forward", {**params, "unused": np.ones(2)}, x)


@checks("half_squared_error")
def check_half_squared_error(ask: Ask) -> None:
    ask_loss(ask, "half_squared_error", ask.draw_sizes("N", "O"), 0.5, mean=False)


@checks("worked_example")
def check_worked_example(ask: Ask) -> None:
    x, label, digits = np.array([[0.4, 0.5]]), 1.0, 5e-4
    first = {"weight_1": np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]), "bias_1": np.array([0.1, 0.2, 0.3])}
    at = {**first, "weight_2": np.array([[0.1, 0.2, 0.3]]), "bias_2": np.array([0.1])}

    def stages(at: Inputs) -> dict[str, Any]:
        net_1 = _affine(x, at["weight_1"], at["bias_1"])
        hidden = 0.5 + 0.5 * np.tanh(net_1 / 2)
        net_2 = _affine(hidden, at["weight_2"], at["bias_2"])
        prediction = 0.5 + 0.5 * np.tanh(net_2 / 2)
        loss = 0.5 * float(prediction[0, 0] - label) ** 2
        return {"net_1": net_1, "hidden": hidden, "net_2": net_2, "prediction": prediction, "loss": loss}

    right = stages(at)
    came = ask.mapping(ask.call("worked_example"), [*right, "grads"])
    for key, value in right.items():
        ask.array(key, came[key], value, r=digits)
    grads = ask.mapping(came["grads"], list(at), "worked_example, under grads,")
    for key, value in ask.slopes(lambda moved: stages(moved)["loss"], at).items():
        ask.array(f"grads: {key}", grads[key], value, r=digits)


@checks("numerical_gradient")
def check_numerical_gradient(ask: Ask) -> None:
    name, eps, (n, d) = "numerical_gradient", 0.125, ask.draw_sizes("N", "D")
    matrix = ask.spread(2.0, n, d)
    changed: list[str] = []
    used: list[float] = []
    cases = {"a matrix": matrix, "a vector": ask.spread(2.0, d), "a 0-d array": np.array(0.7)}
    cases["a strided array"] = ask.spread(2.0, 2 * d, n)[::2].T

    def polynomial(c: Array, power: int, calls: list[int]) -> Kept:
        def f(given: Any) -> float:
            calls.append(1)
            if np.shape(given) != c.shape:
                raise ValueError(f"f was called with shape {np.shape(given)}, it needs {c.shape}")
            return float(np.sum(c * np.asarray(given) ** power))

        return Kept(f)

    for label, array in cases.items():
        c, before = ask.spread(1.5, *array.shape), array.copy()
        calls: list[int] = []
        came = ask.call(name, polynomial(c, 3, calls), Kept(array), eps)
        ask.array(f"{label}: cubes, eps = 1/8", came, c * (3 * before**2 + eps**2))
        used.append(len(calls) / array.size)
        changed += [label] if not np.array_equal(array, before) else []
        array[...] = before
    c, before = ask.spread(1.5, n, d), matrix.copy()
    ask.array("a matrix: squares, eps = 1/8", ask.call(name, polynomial(c, 2, []), Kept(matrix), eps), 2 * c * before)
    wave = Kept(lambda given: float(np.sum(c * np.sin(given))))
    ask.array("a matrix: sine, default eps", ask.call(name, wave, Kept(before.copy())), c * np.cos(before))
    ask.twice(name, wave, Kept(matrix))
    words = f"{', '.join(changed)} came back changed: keep the old value and write it back (x + eps - eps is not x)"
    ask.rule("the array is put back to the bit", not changed, words)
    words = f"f is called {max(used):.0f} times an entry, expected 2" if max(used) else "f is never called"
    ask.rule("two calls of f an entry", 0 < max(used) <= 4, words)


@checks("mlp_backward")
def check_mlp_backward(ask: Ask) -> None:
    if ask_backward(ask, _mlp_machine(ask)):
        law_cost(ask, _mlp_machine(ask, (2, 15, 30, 4)))


@checks("softmax")
def check_softmax(ask: Ask) -> None:
    t, n, c = ask.draw_sizes("T", "N", "C")
    for label, shape in (("rows", (n, c)), ("one row", (c,)), ("three axes", (t, n, c))):
        logits = ask.spread(3.0, *shape)
        ask_softmax(ask, label, ask.call("softmax", logits), logits)
    softmax_laws(ask)
    ask.twice("softmax", logits)


@ties("softmax")
def softmax_laws(ask: Ask) -> None:
    n, c = ask.draw_sizes("N", "C")
    logits = ask.spread(3.0, n, c)
    p = ask.value("softmax", logits, shape=(n, c))
    with ask.law("each row sums to 1", "a sum over the whole matrix, or over the wrong axis") as same:
        same(p.sum(axis=-1), np.ones(n))
    with ask.law("adding a number to a row changes nothing", "a sum over the whole matrix, or no division") as same:
        same(ask.value("softmax", logits + ask.spread(2.0, n, 1), shape=(n, c)), p)
    with ask.law(NO_OVERFLOW, LARGEST_OFF) as same, ask.no_overflow():
        far = ask.value("softmax", EXTREME, shape=EXTREME.shape)
        same(far.sum(axis=-1), np.ones(2))
        same(far[:, 2], np.array([0.0, math.e / (math.e + 1)]))


@checks("cross_entropy")
def check_cross_entropy(ask: Ask) -> None:
    name, (n, c) = "cross_entropy", ask.draw_sizes("N", "C")
    logits, target = ask.spread(3.0, n, c), ask.rng.integers(0, c, n)
    table = ask_class_loss(ask, lambda row, label: float(ask.value(name, row, label)), logits)
    ask.array("loss of all rows", ask.call(name, logits, target), math.fsum(table[np.arange(n), target]) / n)
    with ask.law("uniform logits give log C", "a sum in place of a mean, or another logarithm") as same:
        same(ask.value(name, np.full((n, c), 0.7), target), math.log(c))
    with ask.law("adding a number to a row changes nothing", "a softmax over the whole matrix") as same:
        same(ask.value(name, logits + ask.spread(2.0, n, 1), target), ask.value(name, logits, target))
    with (
        ask.law(NO_OVERFLOW, "log of a probability that is 0: take the logarithm before exp") as same,
        ask.no_overflow(),
    ):
        far = [ask.value(name, EXTREME[:1], np.array([j])) for j in range(4)]
        same(np.array(far), np.array([0.0, 2000.0, 1000.0, 998.5]))
    ask.twice(name, logits, target)


@checks("cross_entropy_backward")
def check_cross_entropy_backward(ask: Ask) -> None:
    name, (n, c) = "cross_entropy_backward", ask.draw_sizes("N", "C")
    logits, target = ask.spread(3.0, n, c), ask.rng.integers(0, c, n)
    loss = lambda at: float(ask.value("cross_entropy", at["logits"], target))
    came = ask.call(name, logits, target)
    ask.array("grad_logits", came, ask.slopes(loss, {"logits": logits})["logits"])
    with ask.law("each row sums to 0", "the 1 of the target is not taken off, or a factor p(1 - p) too many") as same:
        same(ask.value(name, logits, target, shape=(n, c)).sum(axis=1), np.zeros(n))
    with ask.law("the rows twice halve each entry", "the mean over rows: the loss divides by N") as same:
        twice = ask.value(name, np.tile(logits, (2, 1)), np.tile(target, 2), shape=(2 * n, c))
        same(2 * twice[:n], ask.value(name, logits, target, shape=(n, c)))
    with ask.law(NO_OVERFLOW, LARGEST_OFF) as same, ask.no_overflow():
        same(ask.value(name, EXTREME, np.array([1, 3]), shape=EXTREME.shape)[0], np.array([0.5, -0.5, 0.0, 0.0]))
    ask.twice(name, logits, target)


@checks("sgd_step")
def check_sgd_step(ask: Ask) -> None:
    name, lr, (n, d) = "sgd_step", 0.37, ask.draw_sizes("N", "D")
    params = {"weight": ask.normal(n, d), "bias": ask.normal(n)}
    grads = {"x": ask.normal(d), **{key: ask.spread(1.0, *array.shape) for key, array in params.items()}}
    for key, moved in ask.mapping(ask.call(name, params, grads, lr), list(params)).items():
        with contextlib.suppress(Odd):
            moved = (params[key] - ask.read(moved, params[key].shape)) / lr
        ask.array(f"{key}: (old - new) / lr", moved, grads[key], r=ask.limit)
    with ask.law("lr = 0 moves nothing", "a step that does not depend on lr") as same:
        still = ask.mapping(ask.call(name, params, grads, 0.0), list(params))
        same({key: ask.as_array(still[key], params[key].shape, key) for key in params}, params)
    ask.twice(name, params, grads, lr)


@checks("train_mlp")
def check_train_mlp(ask: Ask) -> None:
    name, lr, params = "train_mlp", 0.4, _mlp(ask)
    x = params.pop("x")
    target = ask.rng.uniform(0, 1, (len(x), ask.sizes["O"]))

    def loss(at: Inputs, step: int) -> float:
        return float(ask.value("half_squared_error", ask.forward("mlp_forward", x, at)[0], target))

    def run(at: Inputs, first: int, end: int) -> Any:
        return ask.parts(name, x, target, at, lr, end - first)

    ask_training(ask, Training(name, params, lr, run, loss))


@checks("name_the_mistake")
def check_name_the_mistake(ask: Ask) -> None:
    listed = ask.space.get("mistake_names")  # the list above the cell, where the notebook gives it that name
    for letter, name in ask.mapping(ask.call("name_the_mistake"), list("ABCDEF")).items():
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


def _weights(ask: Ask, d: int, h: int, scale: float = 1.0) -> Inputs:
    """Weights that make pre-activations around 1 and are not symmetric."""
    w_ih, w_hh = ask.spread(1.3 * scale / math.sqrt(d), h, d), ask.spread(1.7 * scale / math.sqrt(h), h, h)
    return {"weight_ih": w_ih, "weight_hh": w_hh, "bias_ih": ask.spread(0.6, h), "bias_hh": ask.spread(0.6, h)}


def _readout(ask: Ask, c: int, h: int) -> Inputs:
    return {"weight_ho": ask.spread(2.0 / math.sqrt(h), c, h), "bias_ho": ask.spread(0.6, c)}


def _cell(ask: Ask, sizes: Sequence[int] = ()) -> Inputs:
    n, d, h = sizes or ask.draw_sizes("N", "D", "H")
    return {"x": ask.spread(1.7, n, d), "h_prev": ask.spread(0.9, n, h), **_weights(ask, d, h)}


def _cell_machine(ask: Ask, at: Inputs) -> Machine:
    return cached(ask, "rnn_cell_forward", "rnn_cell_backward", at, {"x": 0, "h_prev": 0, "output": 0})


def _params(at: Inputs) -> Inputs:
    return {key: at[key] for key in CELL}


def _sums(x: Array, h: Array, at: Inputs) -> Array:
    """What goes into the tanh, for one step."""
    return _affine(x, at["weight_ih"], at["bias_ih"]) + _affine(h, at["weight_hh"], at["bias_hh"])


@checks("rnn_cell_forward")
def check_rnn_cell_forward(ask: Ask) -> None:
    at = _cell(ask)
    params, rows = {**_readout(ask, 6, ask.sizes["H"]), **_params(at)}, (at["x"], at["h_prev"])
    ask.undo("h, tanh undone", ask.parts("rnn_cell_forward", *rows, params)[0], _sums(*rows, at), np.arctanh, -1.0, 1.0)
    law_rows(ask, "rnn_cell_forward", params, *rows)


@checks("rnn_cell_backward")
def check_rnn_cell_backward(ask: Ask) -> None:
    if ask_backward(ask, _cell_machine(ask, _cell(ask))):
        law_cost(ask, _cell_machine(ask, _cell(ask, (2, 12, 20))))


def _column(ask: Ask) -> Inputs:
    """The cell's problem in the textbook's layout: a sample is a column."""
    n, d, h, c = ask.draw_sizes("N", "D", "H", "C")
    at, out = _cell(ask, (n, d, h)), _readout(ask, c, h)
    given = {"xt": at["x"].T.copy(), "a_prev": at["h_prev"].T.copy(), "Wax": at["weight_ih"], "Waa": at["weight_hh"]}
    return {**given, "Wya": out["weight_ho"], "ba": ask.spread(0.9, h, 1), "by": out["bias_ho"][:, None]}


def _as_rows(at: Inputs) -> Inputs:
    """A problem in columns as one of the row cell."""
    half = at["ba"][:, 0] / 2
    return {
        **{"x": at["xt"].T.copy(), "h_prev": at["a_prev"].T.copy(), "weight_ih": at["Wax"], "weight_hh": at["Waa"]},
        **{"bias_ih": half, "bias_hh": half},
    }


def _column_machine(ask: Ask, at: Inputs) -> Machine:
    keys = {"xt": "dxt", "a_prev": "da_prev", "Wax": "dWax", "Waa": "dWaa", "ba": "dba"}

    def forward(moved: Inputs) -> Array:
        given = [moved.get(key, each) for key, each in at.items()]
        return ask.value("column_cell_forward", *given, part=0, shape=moved["a_prev"].shape)

    def opened(moved: Inputs) -> Callable[[Array], Any]:
        return lambda upstream: ask.call("column_cell_backward", upstream, *(moved[key] for key in keys))

    rows = {"xt": 1, "a_prev": 1, "output": 1}
    return Machine("column_cell_backward", {key: at[key] for key in keys}, forward, opened, rows, keys)


@checks("column_cell_forward")
def check_column_cell_forward(ask: Ask) -> None:
    name, at = "column_cell_forward", _column(ask)
    a_next, y = ask.parts(name, *at.values())
    rows = _as_rows(at)
    ask.undo("a_next, tanh undone", a_next, _sums(rows["x"], rows["h_prev"], rows).T, np.arctanh, -1.0, 1.0)
    logits = _affine(ask.as_array(a_next, at["a_prev"].shape, "a_next").T, at["Wya"], at["by"][:, 0]).T
    ask_softmax(ask, "yt_pred, along a column", y, logits, axis=0)
    if readable(ask):
        with ask.law("a column alone gives the same column", "a softmax over the whole matrix, or over rows") as same:
            alone = ask.parts(name, *{**at, "xt": at["xt"][:, :1], "a_prev": at["a_prev"][:, :1]}.values())
            for part, (one, whole) in enumerate(zip(alone, (a_next, y), strict=True)):
                same(ask.as_array(one, None, "a column alone"), np.asarray(whole)[:, :1], ("a_next", "yt_pred")[part])
    ask.twice(name, *at.values())


@checks("column_cell_backward")
def check_column_cell_backward(ask: Ask) -> None:
    ask_backward(ask, _column_machine(ask, _column(ask)))


def _two_steps(ask: Ask) -> Machine:
    """Two cells in a row as one machine: inputs x_1, x_2, h0; the output is both h."""
    cell = _cell(ask)
    at = {"x_1": cell["x"], "x_2": ask.spread(1.7, *cell["x"].shape), "h0": cell["h_prev"], **_params(cell)}

    def run(at: Inputs) -> tuple[Array, Kept, Kept]:
        h1, cache_1 = ask.forward("rnn_cell_forward", at["x_1"], at["h0"], _params(at), shape=at["h0"].shape)
        h2, cache_2 = ask.forward("rnn_cell_forward", at["x_2"], h1, _params(at), shape=at["h0"].shape)
        return np.stack([h1, h2]), cache_1, cache_2

    def opened(at: Inputs) -> Callable[[Array], Any]:
        caches = run(at)[1:]
        return lambda upstream: ask.call("two_step_backward", *upstream, *caches)

    rows = {"x_1": 0, "x_2": 0, "h0": 0, "output": 1}
    return Machine("two_step_backward", at, lambda at: run(at)[0], opened, rows)


@checks("two_step_backward")
def check_two_step_backward(ask: Ask) -> None:
    machine = _two_steps(ask)
    ask_backward(ask, machine)
    if readable(ask):
        upstream = machine.draw_upstream(ask)
        first_step = np.array([[[1.0]], [[0.0]]])
        only_2, other_1 = upstream * (1 - first_step), upstream + first_step
        first, second, third = (machine.grads(ask, each) for each in (upstream, only_2, other_1))
        carried = all(np.any(np.abs(second[key]) > 1e-9) for key in ("x_1", "h0"))
        ask.rule("with grad_h1 = 0 the carry still reaches x_1 and h0", carried, "points to: the carry is dropped")
        with ask.law(
            "grad_h1 does not touch x_2", "time running backwards: a loss at step 1 cannot move step 2"
        ) as same:
            same(third["x_2"], first["x_2"])


@checks("readout_forward")
def check_readout_forward(ask: Ask) -> None:
    t, n, h, c = ask.draw_sizes("T", "N", "H", "C")
    params = {**_weights(ask, 6, h), **_readout(ask, c, h)}
    for label, axes in (("logits (T, N, C)", (t, n)), ("logits (N, C)", (n,)), ("three leading axes", (2, t, n))):
        outputs = ask.spread(0.9, *axes, h)
        right = _affine(outputs.reshape(-1, h), params["weight_ho"], params["bias_ho"]).reshape(*axes, c)
        ask.array(label, ask.parts("readout_forward", outputs, params)[0], right)
    law_rows(ask, "readout_forward", params, ask.spread(0.9, n, h))


@checks("readout_backward")
def check_readout_backward(ask: Ask) -> None:
    t, n, h, c = ask.draw_sizes("T", "N", "H", "C")

    def machine(*axes: int) -> Machine:
        at = {"outputs": ask.normal(*axes, h), **_readout(ask, c, h)}
        return cached(ask, "readout_forward", "readout_backward", at, {"outputs": 0, "output": 0})

    ask_backward(ask, replace(machine(t, n), steps=("outputs",)))
    for label, axes in (("one leading axis", (n,)), ("three leading axes", (2, 2, n))):
        with ask.law(f"right with {label}, too", "a sum over a fixed number of axes") as same:
            upstream, other = ask.normal(*axes, c), machine(*axes)
            same(other.grads(ask, upstream), other.slopes(ask, upstream, 0.3))


@checks("sequence_loss")
def check_sequence_loss(ask: Ask) -> None:
    name, (t, n, c) = "sequence_loss", ask.draw_sizes("T", "N", "C")
    logits, target = ask.spread(3.0, t, n, c), ask.rng.integers(0, c, (t, n))
    loss = lambda logits, target: float(ask.value(name, logits, target, part=0))
    table = ask_class_loss(ask, lambda row, label: loss(row[None], label[None]), logits)
    own, grad = ask.parts(name, logits, target)
    ask.array("loss", own, math.fsum(np.take_along_axis(table, target[..., None], axis=2).ravel()) / (t * n))
    right = ask.slopes(lambda at: loss(at["logits"], target), {"logits": logits})
    ask.array("grad_logits", grad, right["logits"], steps=True)
    with ask.law("uniform logits give log C, whatever T and N", "a sum, or a mean over N alone") as same:
        same(loss(np.full((t, n, c), 0.3), target), math.log(c))
    with ask.law(
        "each row of grad_logits sums to 0", "the 1 of the target is not taken off, or p(1 - p) too many"
    ) as same:
        same(ask.as_array(grad, logits.shape, "grad_logits").sum(axis=2), np.zeros((t, n)))
    with ask.law(NO_OVERFLOW, LARGEST_OFF) as same, ask.no_overflow():
        far, labels = EXTREME[:, None], np.array([[1], [2]])
        same(loss(far, labels), 1000.0 + math.log1p(math.exp(-1.0)) / 2)
        same(ask.value(name, far, labels, part=1, shape=far.shape)[0, 0], np.array([0.5, -0.5, 0.0, 0.0]))
    ask.twice(name, logits, target)


# ---------------------------------------------------------------------------------------------------------------------
# a4_bptt
# ---------------------------------------------------------------------------------------------------------------------


def _rnn(ask: Ask, sizes: Sequence[int] = (), kind: str = "rnn") -> Inputs:
    t, n, d, h = sizes or ask.draw_sizes("T", "N", "D", "H")
    scale = 1.0 if kind == "rnn" else 0.5  # the states of a residual net add up
    return {"x": ask.spread(1.7, t, n, d), "h0": ask.spread(0.9, n, h), **_weights(ask, d, h, scale)}


def _rnn_machine(ask: Ask, at: Inputs, kind: str = "rnn") -> Machine:
    extra = {"weight_ho": np.ones((2, 7)), "bias_ho": np.ones(2)}  # the params of a whole network go in
    rows = {"x": 1, "h0": 0, "output": 1}
    return replace(cached(ask, f"{kind}_forward", f"{kind}_backward", at, rows, extra), steps=("x",))


def _outputs(ask: Ask, name: str, at: Inputs) -> Array:
    return ask.value(name, at["x"], at["h0"], _params(at), part=0, shape=(len(at["x"]), *at["h0"].shape))


def ask_rnn_forward(ask: Ask, kind: str) -> None:
    """Every step from the one before it, undone; then the laws of time."""
    name, at = f"{kind}_forward", _rnn(ask, kind=kind)
    outputs = _outputs(ask, name, at)
    before = np.concatenate([at["h0"][None], outputs[:-1]])
    right = np.stack([_sums(x, h, at) for x, h in zip(at["x"], before, strict=True)])
    came, what = (outputs, "outputs") if kind == "rnn" else (outputs - before, "changes of outputs")
    ask.undo(f"{what}, tanh undone", came, right, np.arctanh, -1.0, 1.0)
    law_pieces(ask, name, at)
    if kind == "rnn" and callable(ask.space.get("rnn_cell_forward")):
        law_one_step(ask)
    with ask.law("a sample alone gives the same", "samples that are mixed, or time and batch exchanged") as same:
        same(_outputs(ask, name, {**at, "x": at["x"][:, :1].copy(), "h0": at["h0"][:1]}), outputs[:, :1])
    with ask.law("more params, in another order, do no harm", "params that are not taken by name") as same:
        more = {"weight_ho": np.ones((2, 7)), **dict(reversed(_params(at).items()))}
        same(ask.value(name, at["x"], at["h0"], more, part=0, shape=None), outputs)
    with ask.law("called twice, the same", "something remembered between the calls") as same:
        same(_outputs(ask, name, at), outputs)


def law_pieces(ask: Ask, name: str, at: Inputs) -> None:
    """Forward in two pieces, the second starting where the first ended, is forward whole."""
    cut = int(ask.rng.integers(1, len(at["x"])))
    with ask.law("forward in two pieces is forward whole", "h0 is not the start, or steps out of order") as same:
        first = _outputs(ask, name, {**at, "x": at["x"][:cut]})
        second = _outputs(ask, name, {**at, "x": at["x"][cut:], "h0": first[-1]})
        same(np.concatenate([first, second]), _outputs(ask, name, at))


@ties("rnn_forward", "rnn_cell_forward")
def law_one_step(ask: Ask) -> None:
    at = _rnn(ask)
    with ask.law("T = 1 is the cell", "the step itself, or where the loop begins") as same:
        cell = ask.forward("rnn_cell_forward", at["x"][0], at["h0"], _params(at), shape=at["h0"].shape)[0]
        same(_outputs(ask, "rnn_forward", {**at, "x": at["x"][:1]})[0], cell)


@checks("rnn_forward")
def check_rnn_forward(ask: Ask) -> None:
    ask_rnn_forward(ask, "rnn")


@checks("residual_rnn_forward")
def check_residual_rnn_forward(ask: Ask) -> None:
    ask_rnn_forward(ask, "residual_rnn")


def law_cut(ask: Ask, machine: Machine, cut: int) -> None:
    """Backward over two pieces, the second's h0 gradient added to the first's last upstream, is backward whole."""
    at, outputs = machine.inputs, machine.forward(machine.inputs)
    upstream, hint = machine.draw_upstream(ask), "the carry, an overwritten sum, the first step, or h0's gradient"
    with ask.law(f"cut after step {cut}: two pieces give the whole", hint) as same:
        whole = machine.grads(ask, upstream)
        late = replace(machine, inputs={**at, "x": at["x"][cut:], "h0": outputs[cut - 1]}).grads(ask, upstream[cut:])
        meeting = upstream[:cut].copy()
        meeting[-1] += late["h0"]
        early = replace(machine, inputs={**at, "x": at["x"][:cut]}).grads(ask, meeting)
        same(whole["x"], np.concatenate([early["x"], late["x"]]), "x")
        same(whole, {"h0": early["h0"], **{key: early[key] + late[key] for key in CELL}})


def law_first_step(ask: Ask, machine: Machine) -> None:
    """With T = 1 there is no carry: only the step itself can be wrong."""
    one = replace(machine, inputs={**machine.inputs, "x": machine.inputs["x"][:1]})
    with ask.law("right for T = 1", "the step itself (tanh', transposes, biases) or h0's gradient") as same:
        upstream = one.draw_upstream(ask)
        same(one.grads(ask, upstream), one.slopes(ask, upstream, 0.4))


def law_linear_time(ask: Ask, kind: str) -> None:
    """Six times the steps may cost about six times as much."""
    machines = [_rnn_machine(ask, _rnn(ask, (t, 2, 3, 4), kind), kind) for t in (25, 150)]
    asked = [(machine.open(machine.inputs), machine.draw_upstream(ask)) for machine in machines]
    for _ in range(4):  # a busy machine is asked again
        short, long = (_seconds(lambda back=back, upstream=upstream: back(upstream)) for back, upstream in asked)
        if (ok := long < max(GROWTH * short, 0.03)) or long > 0.1:
            break
    words = f"6 times the steps cost {long / short:.0f} times as much: walk back once and pass the carry on"
    ask.rule("time grows like T", ok, words)


def ask_bptt(ask: Ask, kind: str) -> None:
    """The questions to a backward through time."""
    machine = _rnn_machine(ask, _rnn(ask, kind=kind), kind)
    if ask_backward(ask, machine):
        law_first_step(ask, machine)
        law_cut(ask, machine, int(ask.rng.integers(1, len(machine.inputs["x"]))))
        if law_cost(ask, _rnn_machine(ask, _rnn(ask, (16, 2, 8, 14), kind), kind)):
            law_linear_time(ask, kind)


@checks("rnn_backward")
def check_rnn_backward(ask: Ask) -> None:
    ask_bptt(ask, "rnn")


@checks("residual_rnn_backward")
def check_residual_rnn_backward(ask: Ask) -> None:
    ask_bptt(ask, "residual_rnn")


def _credit(ask: Ask, at: Inputs, outputs: Array, state: int, upstream: Array) -> list[float]:
    """Norms of what each step from `state` on puts on the h before it: differences of the rest of the forward."""
    rest = lambda h: _outputs(ask, "rnn_forward", {**at, "x": at["x"][state:], "h0": h})
    until = time.process_time() + DIFFERENCES / len(at["x"])
    shares = ask.differences(rest, outputs[state - 1] if state else at["h0"], until)
    return [_norm(np.einsum("ijkl,kl->ij", shares[:, :, j], each)) for j, each in enumerate(upstream[state:])]


@checks("credit_matrix")
def check_credit_matrix(ask: Ask) -> None:
    at = _rnn(ask)
    shape = (len(at["x"]), *at["h0"].shape)
    outputs, cache = ask.forward("rnn_forward", at["x"], at["h0"], _params(at), shape=shape)
    upstream = ask.normal(*shape)
    came = ask.call("credit_matrix", upstream, cache)
    right = np.diag([_norm(step) for step in upstream])
    for state in range(1, len(right)):
        right[state:, state - 1] = _credit(ask, at, outputs, state, upstream)
    if ask.array("credit", came, right) or readable(ask):
        credit = ask.value("credit_matrix", upstream, cache, shape=right.shape)
        with ask.law("no step is credited to a later one", "rows and columns exchanged: [t, k], t injects") as same:
            same(np.triu(credit, 1), np.zeros_like(credit))
        with ask.law("the diagonal is the norm of what is injected", "a crossing or a tanh' too many") as same:
            same(np.diag(credit), np.diag(right))
        with ask.law("twice the upstream, twice the credit", "squares in place of norms") as same:
            same(ask.value("credit_matrix", -2 * upstream, cache, shape=right.shape), 2 * credit)
    ask.twice("credit_matrix", upstream, cache)


@checks("state_gradient_norms")
def check_state_gradient_norms(ask: Ask) -> None:
    name, at = "state_gradient_norms", _rnn(ask)
    shape = (len(at["x"]), *at["h0"].shape)
    outputs, cache = ask.forward("rnn_forward", at["x"], at["h0"], _params(at), shape=shape)
    upstream = np.zeros(shape)
    upstream[-1] = ask.normal(*shape[1:])
    came = ask.call(name, upstream[-1], cache)
    norms = [_credit(ask, at, outputs, state, upstream)[-1] for state in range(len(outputs))]
    right = np.array([*norms, _norm(upstream[-1])])
    if ask.array("norms", came, right, steps=True) or readable(ask):
        came = ask.value(name, upstream[-1], cache, shape=right.shape)
        with ask.law(
            "the last is the norm of grad_last", "a crossing too many: outputs[T-1] is touched directly"
        ) as same:
            same(came[-1], right[-1])
        with ask.law("twice the upstream, twice the norms", "squares in place of norms") as same:
            same(ask.value(name, -2 * upstream[-1], cache, shape=right.shape), 2 * came)
    ask.twice(name, upstream[-1], cache)


def _truncated(ask: Ask, at: Inputs, k: int) -> Machine:
    """The machine whose forward is the truncated one: what lies more than k crossings back is held at its value."""
    machine, fixed = _rnn_machine(ask, at), _outputs(ask, "rnn_forward", at)

    def forward(moved: Inputs) -> Array:
        outputs = []
        for step in range(len(moved["x"])):
            begin = max(0, step - k)
            before = fixed[begin - 1] if begin else at["h0"]
            piece = {**moved, "x": moved["x"][begin : step + 1], "h0": moved["h0"] if step + 1 <= k else before}
            outputs.append(_outputs(ask, "rnn_forward", piece)[-1])
        return np.stack(outputs)

    def opened(moved: Inputs) -> Callable[[Array], Any]:
        cache = ask.forward("rnn_forward", moved["x"], moved["h0"], _params(moved))[1]
        return lambda upstream: ask.call("rnn_backward_truncated", upstream, cache, k)

    return replace(
        machine, name="rnn_backward_truncated", forward=forward if k < len(fixed) else machine.forward, open=opened
    )


@checks("rnn_backward_truncated")
def check_rnn_backward_truncated(ask: Ask) -> None:
    at, steps = _rnn(ask), 4
    ask.sizes["T"] = steps
    at["x"] = ask.spread(1.7, steps, *at["x"].shape[1:])
    for k in (0, int(ask.rng.integers(1, steps - 1))):
        machine = _truncated(ask, at, k)
        upstream = machine.draw_upstream(ask)
        found = ask.mapping(machine.open(at)(upstream), list(at))
        right = machine.slopes(ask, upstream, 0.4, most=20)
        for key in at:
            ask.array(f"{key} (k = {k})", found[key], right[key], steps=key == "x")
    if readable(ask):
        full = _truncated(ask, at, steps)
        right = full.slopes(ask, upstream, 0.3)
        truncation_ends(ask, at, upstream, right)
        linear_laws(ask, machine)
        cache_laws(ask, machine)


def truncation_ends(ask: Ask, at: Inputs, upstream: Array, full: Inputs) -> None:
    """k ≥ T is the full gradient `full`; k = T - 1 is full but for h0."""
    steps = len(at["x"])
    for k, title in ((steps, "k = T"), (steps + 3, "k = T + 3"), (steps - 1, "k = T - 1, but for h0,")):
        with ask.law(f"{title} is the full gradient", "truncation a step early, or in chunks") as same:
            grads = _truncated(ask, at, k).grads(ask, upstream)
            same(grads, {key: grad for key, grad in full.items() if key != "h0" or k >= steps})
    with ask.law("with k = T - 1 the last step does not reach h0", "truncation a step late: s + 1 ≤ k") as same:
        last = np.zeros_like(upstream)
        last[-1] = upstream[-1]
        same(_truncated(ask, at, steps - 1).grads(ask, last)["h0"], 0 * at["h0"])


@checks("clip_grad_norm")
def check_clip_grad_norm(ask: Ask) -> None:
    name, near, (n, d) = "clip_grad_norm", 1e-5, ask.draw_sizes("N", "D")  # PyTorch's 1e-6 beside the norm is right
    grads = {"weight": ask.spread(2.0, n, d), "bias": ask.spread(0.5, n)}
    total, zeros = _norm(*grads.values()), {key: 0 * array for key, array in grads.items()}

    def clip(given: Inputs, max_norm: float) -> tuple[Inputs, Any]:
        clipped, norm = ask.parts(name, given, max_norm)
        found = ask.mapping(clipped, list(given))
        return {key: ask.as_array(found[key], array.shape, key) for key, array in given.items()}, norm

    clipped, norm = clip(grads, total / 3)
    ask.array("total_norm", norm, total)
    for key, array in grads.items():
        ask.array(f"{key}: clipped / given", clipped[key] / array, np.full(array.shape, 1 / 3), r=near)
    with ask.law(
        "clipped, one norm over all arrays is max_norm", "an array at a time, or the largest entry", near
    ) as same:
        same(_norm(*clipped.values()), total / 3)
    with ask.law("below max_norm nothing changes", "clipping although the norm is small", near) as same:
        same(clip(grads, 2 * total)[0], grads)
    with ask.law("all zero stays all zero", "a division by the norm without a look at 0") as same:
        kept, norm = clip(zeros, 1.0)
        same(kept, zeros)
        same(ask.as_array(norm, (), "total_norm"), 0.0)
    ask.twice(name, grads, 1.0)


def _network(ask: Ask) -> tuple[Array, Array, Inputs, int]:
    """x, h0, the six parameters, and the number of classes."""
    t, n, d, h, c = ask.draw_sizes("T", "N", "D", "H", "C")
    at = _rnn(ask, (t, n, d, h))
    return at["x"], at["h0"], {**_params(at), **_readout(ask, c, h)}, c


def _network_loss(ask: Ask, x: Array, h0: Array, target: Array, params: Inputs, last: bool = False) -> float:
    """The loss of the student's own rnn_forward, readout_forward and sequence_loss."""
    outputs = ask.forward("rnn_forward", x, h0, params)[0]
    logits = ask.forward("readout_forward", outputs[-1:] if last else outputs, params)[0]
    return float(ask.value("sequence_loss", logits, target[None] if last else target, part=0))


@checks("loss_and_gradients")
def check_loss_and_gradients(ask: Ask) -> None:
    name, (x, h0, params, c) = "loss_and_gradients", _network(ask)
    target = ask.rng.integers(0, c, x.shape[:2])
    own = lambda at: _network_loss(ask, x, h0, target, at)
    loss, grads = ask.parts(name, x, h0, target, params)
    ask.array("loss", loss, own(params))
    right, found = ask.slopes(own, params), ask.mapping(grads, list(params))
    for key in params:
        ask.array(key, found[key], right[key])
    with ask.law("a sample three times is that sample", "a loss that is no mean over the batch") as same:
        one = (x[:, :1], h0[:1], target[:, :1])
        many = (np.repeat(x[:, :1], 3, axis=1), np.repeat(h0[:1], 3, axis=0), np.repeat(target[:, :1], 3, axis=1))
        same(*(ask.value(name, *each, params, part=0) for each in (one, many)))
    ask.twice(name, x, h0, target, params)


def ask_batches(ask: Ask, name: str, last: bool, *max_norm: float) -> None:
    """Training over given batches, h0 = 0, against differences of the student's own loss."""
    x, h0, params, c = _network(ask)
    axes = x.shape[1:2] if last else x.shape[:2]
    batches = [(ask.spread(1.7, *x.shape), ask.rng.integers(0, c, axes)) for _ in range(3)]

    def loss(at: Inputs, step: int) -> float:
        return _network_loss(ask, batches[step][0], 0 * h0, batches[step][1], at, last)

    def run(at: Inputs, first: int, end: int) -> Any:
        return ask.parts(name, batches[first:end], at, 0.5, *max_norm)

    clipped = max_norm[0] if max_norm and max_norm[0] < 1 else math.inf
    ask_training(ask, Training(name, params, 0.5, run, loss, clipped))


@checks("train_adder")
def check_train_adder(ask: Ask) -> None:
    ask_batches(ask, "train_adder", False)


@checks("train_first_xor_last")
def check_train_first_xor_last(ask: Ask) -> None:
    for title, max_norm in (("clipped", 0.01), ("not clipped", 100.0)):
        before = len(ask.rows)
        ask_batches(ask, "train_first_xor_last", True, max_norm)
        ask.rows[before:] = [replace(row, name=f"{title}: {row.name}") for row in ask.rows[before:]]


# ---------------------------------------------------------------------------------------------------------------------
# Laws across functions
# ---------------------------------------------------------------------------------------------------------------------


@ties("mlp_backward", "mlp_forward")
def tie_mlp(ask: Ask) -> None:
    machine = _mlp_machine(ask)
    linear_laws(ask, machine)
    law_batch(ask, machine)


@ties("rnn_cell_backward", "rnn_cell_forward")
def tie_cell(ask: Ask) -> None:
    machine = _cell_machine(ask, _cell(ask))
    linear_laws(ask, machine)
    law_batch(ask, machine)


@ties("column_cell_forward", "rnn_cell_forward")
def tie_column_forward(ask: Ask) -> None:
    at = _column(ask)
    rows = _as_rows(at)
    a_next, y = ask.parts("column_cell_forward", *at.values())
    with ask.law("column cell = row cell, transposed", "one of the two, or the biases do not add up") as same:
        h = ask.forward("rnn_cell_forward", rows["x"], rows["h_prev"], _params(rows))[0]
        same(ask.as_array(a_next, at["a_prev"].shape, "a_next"), h.T)
    with ask.law("the columns of yt_pred sum to 1", "a softmax over the whole matrix") as same:
        sums = ask.as_array(y, None, "yt_pred").sum(axis=0)
        same(sums, np.ones(ask.sizes["N"]))


@ties("column_cell_backward", "rnn_cell_backward", "rnn_cell_forward")
def tie_column_backward(ask: Ask) -> None:
    at = _column(ask)
    upstream = ask.normal(*at["a_prev"].shape)
    with ask.law("column gradients = row gradients, transposed", "one of the two backwards") as same:
        mine = _column_machine(ask, at).grads(ask, upstream)
        row = _cell_machine(ask, _as_rows(at)).grads(ask, upstream.T.copy())
        same(mine, {"xt": row["x"].T, "a_prev": row["h_prev"].T, "Wax": row["weight_ih"], "Waa": row["weight_hh"]})
        same(mine["ba"][:, 0], row["bias_ih"], "ba")


@ties("two_step_backward", "rnn_cell_backward", "rnn_cell_forward")
def tie_two_steps(ask: Ask) -> None:
    machine = _two_steps(ask)
    at, upstream = machine.inputs, machine.draw_upstream(ask) * [[[0.0]], [[1.0]]]
    both = machine.grads(ask, upstream)
    second = {"x": at["x_2"], "h_prev": machine.forward(at)[0], **_params(at)}
    alone = _cell_machine(ask, second).grads(ask, upstream[1])
    for key, grad in both.items():
        without = alone["x"] if key == "x_2" else alone.get(key, 0 * grad)
        changes = _error(grad, without, 1.0) > EXACT
        title = f"{key} {'stays' if key == 'x_2' else 'changes'} when the carry is left out"
        ask.rule(title, changes == (key != "x_2"), "points to: the carry is dropped, or goes to the wrong place")
    linear_laws(ask, machine)


@ties("rnn_forward")
def tie_rnn_forward(ask: Ask) -> None:
    law_pieces(ask, "rnn_forward", _rnn(ask))


def tie_through_time(ask: Ask, kind: str) -> None:
    machine = _rnn_machine(ask, _rnn(ask, kind=kind), kind)
    for cut in range(1, len(machine.inputs["x"])):
        law_cut(ask, machine, cut)
    law_first_step(ask, machine)
    linear_laws(ask, machine)
    law_batch(ask, machine)


@ties("rnn_backward", "rnn_forward")
def tie_rnn(ask: Ask) -> None:
    tie_through_time(ask, "rnn")


@ties("residual_rnn_backward", "residual_rnn_forward")
def tie_residual(ask: Ask) -> None:
    law_pieces(ask, "residual_rnn_forward", _rnn(ask, kind="residual_rnn"))
    tie_through_time(ask, "residual_rnn")


@ties("rnn_backward_truncated", "rnn_backward")
def tie_truncated(ask: Ask) -> None:
    machine = _rnn_machine(ask, _rnn(ask))
    upstream = machine.draw_upstream(ask)
    truncation_ends(ask, machine.inputs, upstream, machine.grads(ask, upstream))
    with ask.law("with k = 1 the last step reaches two steps", "a window that is too long or too short") as same:
        last = np.zeros_like(upstream)
        last[-1] = upstream[-1]
        reached = np.any(_truncated(ask, machine.inputs, 1).grads(ask, last)["x"], axis=(1, 2))
        same(reached, np.arange(len(last)) >= len(last) - 2)


@ties("credit_matrix", "state_gradient_norms")
def tie_credit(ask: Ask) -> None:
    at = _rnn(ask)
    outputs, cache = ask.forward("rnn_forward", at["x"], at["h0"], _params(at))
    upstream, steps = ask.normal(*outputs.shape), len(outputs)
    with ask.law("the last row of the matrix is the norms without h0", "one of the two: both follow one error") as same:
        credit = ask.value("credit_matrix", upstream, cache, shape=(steps, steps))
        same(credit[-1], ask.value("state_gradient_norms", upstream[-1], cache, shape=(steps + 1,))[1:])
