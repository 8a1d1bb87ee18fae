"""The self-check as students have it: the file of each assignment, and a check typed into a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

from autograder.authoring.build import self_check
from tests.course import COURSE, NAMES, named
from tests.harness import points

Space = dict[str, Any]


@cache
def checker(assignment: str) -> ModuleType:
    """The joined selfcheck.py of one assignment, with its author's points."""
    module = ModuleType(f"selfcheck_of_{assignment}")
    sys.modules[module.__name__] = module  # its dataclasses look themselves up
    exec(compile(self_check(COURSE, assignment), f"{module.__name__}.py", "exec"), module.__dict__)
    module.POINTS.update(points(assignment))
    return module


FUNCTIONS = [(assignment, name) for assignment in NAMES for name in named(assignment).functions]
HOME = {name: assignment for assignment, name in FUNCTIONS}
SPACES = {assignment: named(assignment).namespace() for assignment in NAMES}
A1, A2, A3, A4 = (SPACES[name] for name in ("a1_linear_fit", "a2_mlp_backprop", "a3_rnn_cell", "a4_bptt"))


def typed(assignment: str, code: str, space: Space | None = None, **changed: Any) -> Any:
    """The value of one line of code in a notebook in which some names are changed."""
    scope = {**(SPACES[assignment] if space is None else space), **changed, "selfcheck": checker(assignment)}
    return eval(code, scope)


def check(name: str, assignment: str = "", *, seed: int | None = 0, space: Space | None = None, **changed: Any) -> Any:
    """The result of a check of a function, in a session of its own."""
    home = assignment or HOME[name]
    checker(home).SESSION.clear()
    return typed(home, f"selfcheck.check({name!r}, seed={seed})", space, **changed)


def worth(name: str) -> float:
    """The points of a function."""
    return points(HOME[name])[name]


def raising(error: type[BaseException]) -> Callable[..., Any]:
    """A function that raises."""

    def function(*args: Any) -> Any:
        raise error("a text\nof two lines")

    return function


STUB = raising(NotImplementedError)
