"""Fingerprints of a notebook's code that survive other names, comments and layout: winnowing over the syntax tree.

S. Schleimer, D. Wilkerson, A. Aiken, "Winnowing: local algorithms for document fingerprinting", 2003.
"""

from __future__ import annotations

import ast
import builtins
import re
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

LENGTH = 24  # tokens of a fingerprint: about two lines
WINDOW = 8  # of as many neighbours one is kept: any LENGTH + WINDOW - 1 tokens that two have in common are found
MAX_READ = 200_000  # characters of a submission
BASE, PRIME = 1_000_003, (1 << 61) - 1
MAGIC = re.compile(r"^([ \t]*)[%!].*", re.MULTILINE)
LINE = re.compile(r"\r\n?|\n")
BUILT_IN = frozenset(dir(builtins)) | {"np", "numpy"}
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
LEFT_OUT = frozenset({"annotation", "returns", "ctx"})  # fields


@dataclass(frozen=True)
class Piece:
    """A function or class of a student, as it was written."""

    name: str
    code: str


@dataclass(frozen=True)
class Mark:
    """One fingerprint, and the lines of its piece that it is about."""

    hash: int
    first: int
    last: int


def pieces(cells: Sequence[str]) -> Iterator[Piece]:
    """The functions and classes that code cells define at their top; of a name that is defined twice, both."""
    left = MAX_READ
    for code in cells:
        left -= len(code)
        tree = parsed(code) if left >= 0 else None
        for node in tree.body if tree is not None else ():
            if isinstance(node, DEFINITIONS):
                lines = LINE.split(code)[node.lineno - 1 : node.end_lineno]
                yield Piece(node.name, "\n".join(lines))


def parsed(code: str) -> ast.Module | None:
    """The syntax tree of a cell; None where it is no Python."""
    try:
        return ast.parse(MAGIC.sub(r"\1pass", code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def marks(code: str, kept: Collection[str]) -> list[Mark]:
    """The winnowed fingerprints of some code. kept: names that say something; all others are alike."""
    lines, found = hashes(code, kept)
    chosen: list[int] = []
    best = -1
    for end in range(max(min(WINDOW, len(found)) - 1, 0), len(found)):
        start = max(end - WINDOW + 1, 0)
        if best < start:
            best = max(range(start, end + 1), key=lambda at: (-found[at], at))  # the smallest, the last of equal ones
        elif found[end] <= found[best]:
            best = end
        if not chosen or chosen[-1] != best:
            chosen.append(best)
    return [Mark(found[at], min(part), max(part)) for at in chosen if (part := lines[at : at + LENGTH])]


def hashes(code: str, kept: Collection[str]) -> tuple[list[int], list[int]]:
    """The line of each token, and the fingerprint that begins at each token."""
    tree = parsed(code)
    found = list(tokens(tree, kept)) if tree is not None else []
    numbers = [zlib.crc32(word.encode()) for word, _ in found]
    top, value, result = pow(BASE, LENGTH - 1, PRIME), 0, []
    for at, number in enumerate(numbers):
        if at >= LENGTH:
            value -= numbers[at - LENGTH] * top
        value = (value * BASE + number) % PRIME
        if at >= LENGTH - 1:
            result.append(value)
    return [line for _, line in found], result


def tokens(tree: ast.AST, kept: Collection[str]) -> Iterator[tuple[str, int]]:
    """The tree from the top down as words with their lines: no docstring, no annotation, no name of a student's own."""
    stack: list[tuple[ast.AST, int]] = [(tree, 1)]
    while stack:
        node, above = stack.pop()
        line = getattr(node, "lineno", above)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring, or a sentence that does nothing
        yield word(node, kept), line
        children: list[tuple[ast.AST, int]] = []
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                children += [(child, line) for child in value if isinstance(child, ast.AST)]
            elif isinstance(value, ast.AST) and name not in LEFT_OUT:
                children.append((value, line))
        stack += reversed(children)


def word(node: ast.AST, kept: Collection[str]) -> str:
    """What a node of the tree is, as far as it is compared."""
    if isinstance(node, ast.Name):
        return node.id if node.id in kept or node.id in BUILT_IN else "name"
    if isinstance(node, ast.Attribute):
        return f".{node.attr}"
    if isinstance(node, ast.keyword):
        return f"{node.arg}="
    if isinstance(node, ast.Constant):
        return "text" if isinstance(node.value, (str, bytes)) else repr(node.value)[:40]
    return type(node).__name__
