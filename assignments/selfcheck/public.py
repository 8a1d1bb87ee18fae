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
"""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .frames import functions_in, notebook, open_figures, unwritten_function
from .judging import LOWER, SESSION, is_fresh, judge, keep, known, unknown_name
from .registry import CONTRACTS, GIVEN, LAWS
from .tables import LATER, Result, Row, Summary
from .trial import Trial
from .values import brief, kind_of, shortened

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
