"""Refuses hidden suites with a tolerance of their own, or with numbers that the course seed does not draw.

A suite may pass ``rtol=coarse(...)`` on: that is a tolerance of autograder/checks/compare.py.
"""

from __future__ import annotations

import ast
import pathlib
from collections.abc import Container, Iterator

from autograder.authoring.audit.exempt import exempt
from autograder.course.assignment import Assignment

COMPARE = "autograder/checks/compare.py"
TOLERANCES = ("rtol", "atol", "rel_tol", "abs_tol", "rel", "abs", "decimal")
CLOSE = (
    "allclose",
    "isclose",
    "assert_allclose",
    "assert_almost_equal",
    "assert_array_almost_equal",
    "approx",
    "testing",
)
RANDOM = ("random", "default_rng", "RandomState")


def refused_files(assignment: Assignment) -> list[str]:
    """What the files of a hidden suite must not hold, each with its file and line."""
    folder, excused = assignment.folder / "suite", exempt(assignment, "TOLERANCES")
    files = sorted(folder.glob("*.py")) if folder.is_dir() else assignment.suite
    return [f"{short(path)}, {said}" for path in files for said in refused(path.read_text(encoding="utf-8"), excused)]


def short(path: pathlib.Path) -> str:
    """A file of a suite by its name, and its folder's."""
    return "/".join(path.parts[-2:])


def refused(text: str, excused: Container[str] = ()) -> list[str]:
    """What the code of a suite must not hold; excused: names of constants that may be a tolerance."""
    tree = ast.parse(text)
    ours = shared_tolerances(tree)
    found = sorted((line, why) for node in ast.walk(tree) for line, why in faults(node, ours, excused))
    return [f"line {line}: {why}" for line, why in dict.fromkeys(found)]


def faults(node: ast.AST, ours: Container[str], excused: Container[str]) -> Iterator[tuple[int, str]]:
    """What is wrong with one node, with its line."""
    for name, line in names_in(node):
        if name in CLOSE:
            yield line, f"{name} has a tolerance; tolerance is in {COMPARE} alone."
        if name in RANDOM:
            yield line, f"{name}: take numbers from draw(…), so that they come from the course seed."
    if isinstance(node, ast.Call):
        for word in node.keywords:
            if word.arg in TOLERANCES and not is_shared(word.value, ours, excused):
                yield node.lineno, f"{word.arg}= is a tolerance; pass coarse(…) of {COMPARE}, or nothing."


def names_in(node: ast.AST) -> Iterator[tuple[str, int]]:
    """The names that one node reads or imports, with their line."""
    if isinstance(node, ast.Name):
        yield node.id, node.lineno
    elif isinstance(node, ast.Attribute):
        yield node.attr, node.lineno
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        module = getattr(node, "module", None) or ""
        for part in (*module.split("."), *(word for one in node.names for word in one.name.split("."))):
            yield part, node.lineno


def shared_tolerances(tree: ast.AST) -> set[str]:
    """The names that only ever hold None or coarse(...)."""
    values: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    values.setdefault(target.id, []).append(node.value)
    return {name for name, found in values.items() if all(is_shared(value, {name}) for value in found)}


def is_shared(value: ast.expr, ours: Container[str], excused: Container[str] = ()) -> bool:
    """Whether a value is coarse(...), None, a name that holds these, or one of them or another."""
    if isinstance(value, ast.BoolOp):
        return all(is_shared(part, ours, excused) for part in value.values)
    if isinstance(value, ast.Name):
        return value.id in ours or value.id in excused
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "coarse"
    return isinstance(value, ast.Constant) and value.value is None
