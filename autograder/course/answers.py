"""Python text as students type it, cut into one answer for each function."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Container


def split_answers(text: str, functions: Container[str]) -> dict[str, str]:
    """The answers in a piece of Python, by function: its code and the helpers that stand before it.

    A function is defined by ``def``, ``class`` or ``name = ...``. A docstring of the file and its imports of numpy, which
    every notebook has, belong to no answer. Raises ValueError for helpers after the last function: no cell would hold them.
    """
    text = textwrap.dedent(text).strip() + "\n"
    lines = text.splitlines()
    answers, begin, end = {}, 0, 0
    for node in ast.parse(text).body:
        name, end = defined(node), node.end_lineno or 0
        if is_heading(node):
            lines[node.lineno - 1 : end] = [""] * (end - node.lineno + 1)
        elif name in functions:
            answers[name] = "\n".join(lines[begin:end]).strip()
            begin = end
    if begin < end:
        raise ValueError(f"No cell holds {lines[begin:end]}. End the file with a function of the assignment.")
    return answers


def defined(node: ast.stmt) -> str:
    """The name that a statement defines: that of a function, of a class, or of what is assigned first."""
    name = getattr(node, "name", None) or getattr(getattr(node, "targets", [None])[0], "id", "")
    return name if isinstance(name, str) else ""


def is_heading(node: ast.stmt) -> bool:
    """Whether a statement is a docstring of the file or ``import numpy as np``."""
    if isinstance(node, ast.Import):
        return all(name.name == "numpy" for name in node.names)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
