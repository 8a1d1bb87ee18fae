"""Hints to the teacher: code that defines numbers with operators of their own, or reaches where no answer needs to."""

from __future__ import annotations

import json
import time

import pytest

from autograder.course.settings import load_course
from autograder.grading.handed_in import HandedIn, notebook_of
from autograder.grading.hints import MAX_READ, hints, is_written, told
from autograder.grading.results import FlagKind, SubmissionResult
from autograder.grading.worker import given_code
from autograder.plugins.marks import reasons
from autograder.sample.recipes import Recipe
from tests.classroom import template
from tests.course import CLASSES, NAMES

OPERATORS = "defines numbers with operators of their own, as automatic differentiation does"
IMPORTS = "names the machinery by which Python imports modules"
PROGRAM = "reaches into the program that runs the cells"
VALUE = """
class Value:
    def __add__(self, other): return Value(self.data + other.data, (self, other))
    def __mul__(self, other): return Value(self.data * other.data, (self, other))
    def backward(self): pass
"""
CODE = {
    VALUE: [OPERATORS],
    f"%matplotlib inline\n!ls\n{VALUE}": [OPERATORS],
    "class T(np.ndarray):\n    __add__ = f\n    __matmul__ = g": [OPERATORS],
    "T = type('T', (), {'__add__': f, '__mul__': g})": [OPERATORS],
    "exec('class T:\\n def __add__(s, o): pass\\n def __mul__(s, o): pass')": [OPERATORS],
    "T.__add__, T.__mul__ = f, g": [OPERATORS],
    "import sys\nsys.meta_path.insert(0, Finder())": [IMPORTS],
    "import builtins\nbuiltins.__import__ = f": [IMPORTS],
    "class F:\n    def find_spec(self, name): pass": [IMPORTS],
    "from inside import session": [PROGRAM],
    "import sys\nsys.modules['inside.session'].changes = f": [PROGRAM],
    "class Point:\n    def __init__(self): pass\n    def __repr__(self): pass\n    def __add__(self, o): pass": [],
    "def backward(cache):\n    # inside the loop __add__ and __mul__\n    return cache": [],
    "class T(:\n    def __add__": [],
    "x = " + "-" * 100_000 + "__a": [],
}


@pytest.mark.parametrize("code", CODE, ids=range(len(CODE)))
def test_what_is_a_hint(code: str) -> None:
    assert list(told(code)) == CODE[code]


@pytest.mark.parametrize("assignment", NAMES)
def test_honest_code_gives_none(assignment: str) -> None:
    """The solutions, every style of right answers, the known class."""
    a = load_course().assignments[assignment]
    for code in [*a.solutions.values(), *(code for style in a.right.values() for code in style.values())]:
        assert list(told(code)) == [], code
    for recipe in CLASSES[assignment][:6]:
        data = recipe.make()
        if data is not None:
            notebook = notebook_of(HandedIn("a.ipynb", {"a.ipynb": data}), template(assignment))
            assert hints(notebook, given_code(template(assignment))) == []


def test_a_hint_is_the_teachers_alone() -> None:
    raw = json.loads(Recipe("a1_linear_fit", "right").make() or b"")
    raw["cells"] += [{"cell_type": "code", "metadata": {}, "source": VALUE, "outputs": [], "execution_count": None}] * 3
    known = template("a1_linear_fit")
    notebook = notebook_of(HandedIn("a.ipynb", {"a.ipynb": json.dumps(raw).encode()}), known)
    (flag,) = found = hints(notebook, given_code(known))
    assert flag.kind is FlagKind.HINT
    assert OPERATORS in flag.reason
    assert hints(notebook, {VALUE}) == []  # not what was handed out
    result = SubmissionResult(flags=tuple(found))
    assert result.needs_look
    assert reasons(result) == []


def test_a_lot_of_code_takes_little_time() -> None:
    """No more than a little of it is parsed, whatever it is."""
    cell = {"cell_type": "code", "metadata": {}, "source": "def __f(\n" * 20_000}
    began = time.process_time()
    assert hints({"cells": [cell] * 40}, ()) == []
    assert len(cell["source"]) * 40 > 10 * MAX_READ
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("def f(x):\n    'What it does.'\n    y = 2 * x", True),
        ("def f(x):\n    if x: return 1", True),
        ("%time\ndef f(x):\n    y = x", True),
        ("def f(x): pass", False),
        ("def f(x):\n    'What it does.'\n    ...\n    return None", False),
        ("def g(x):\n    y = f(x)", False),
        ("def f(x:\n    y = x", False),
    ],
)
def test_a_function_with_nothing_in_it_is_not_written(code: str, written: bool) -> None:
    assert is_written("f", [{"source": "import numpy"}, {"source": code}]) == written
