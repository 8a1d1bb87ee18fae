"""Joins the modules of assignments/selfcheck/ into the one file that the students of an assignment get.

The file holds the module named after the assignment, the public module, and what these use of the shared modules: each
definition with its comments, in the order of the imports. The same modules give the same bytes.
"""

from __future__ import annotations

import ast
import itertools
import pathlib
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

PUBLIC = "public"  # the module of what a notebook calls
BANNER = "# " + "-" * 117
DEFINITION = ast.FunctionDef | ast.ClassDef
POINTS = re.compile(r"^POINTS\b.*= \{\}.*$", re.MULTILINE)


class JoinError(ValueError):
    """The modules cannot be joined; the message tells their author what to write."""


@dataclass(frozen=True)
class Piece:
    """One statement at the top of a module: its text with the comments above it, and the names it binds and uses."""

    text: str
    node: ast.stmt
    close: bool  # no blank line above it

    @cached_property
    def names(self) -> frozenset[str]:
        """What it defines; nothing for a statement that only does something."""
        if isinstance(self.node, DEFINITION):
            return frozenset({self.node.name})
        return frozenset(n.id for n in ast.walk(self.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))

    @cached_property
    def uses(self) -> frozenset[str]:
        """Every name in it, those of its annotations too."""
        return frozenset(n.id for n in ast.walk(self.node) if isinstance(n, ast.Name))


@dataclass(frozen=True)
class Module:
    """One module of the package: its statements and its imports."""

    name: str
    docstring: str
    pieces: tuple[Piece, ...]
    outside: tuple[ast.Import | ast.ImportFrom, ...]
    inside: tuple[str, ...]  # the modules of the package that it imports from


def join(package: pathlib.Path, assignment: str, points: Mapping[str, str]) -> str:
    """The text of selfcheck.py for one assignment, with the points of its functions. Raises JoinError."""
    modules = in_order(package, (PUBLIC, assignment))
    refuse_doubles(modules.values())
    for module in modules.values():
        if module.name not in (PUBLIC, assignment) and not all(piece.names for piece in module.pieces):
            raise JoinError(f"{module.name}.py does something at its top: only the module of an assignment may.")
    kept = reachable(modules, [*modules[PUBLIC].pieces, *modules[assignment].pieces])
    docstring = f'"""{modules[PUBLIC].docstring}\n\n{modules[assignment].docstring}\n"""\n'
    sections = [section(module, kept) for module in modules.values() if kept.intersection(module.pieces)]
    body = "\n\n\n".join(sections)
    text, places = POINTS.subn(points_table(points), f"{docstring}\n{imports(modules.values(), kept)}\n\n{body}\n")
    if places != 1:
        raise JoinError(f"{package.name}/ needs one line `POINTS: dict[str, float] = {{}}`, which the build fills.")
    return text


def in_order(package: pathlib.Path, entries: Iterable[str]) -> dict[str, Module]:
    """The modules that the entries need, each after those that it imports from."""
    found: dict[str, Module] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise JoinError(f"{package.name}: {' imports '.join((*path, name))}: modules cannot be joined in a circle.")
        if name not in found:
            module = read_module(package / f"{name}.py")
            for lower in module.inside:
                visit(lower, (*path, name))
            found[name] = module

    for entry in entries:
        visit(entry, ())
    return found


def read_module(path: pathlib.Path) -> Module:
    """Read one module. Raises JoinError for an import that joining could not resolve."""
    source = path.read_text(encoding="utf-8")
    tree, lines = ast.parse(source), source.splitlines()
    docstring = ast.get_docstring(tree)
    if not docstring:
        raise JoinError(f"{path.name} needs a docstring: its first line is the heading of its part of the joined file.")
    pieces, outside, inside = [], [], []
    ends = [0, *(node.end_lineno or 0 for node in tree.body)]
    for end, node in zip(ends, tree.body, strict=False):
        if isinstance(node, ast.ImportFrom) and node.level:
            if node.module is None or "." in node.module or any(one.asname for one in node.names):
                raise JoinError(f"{path.name}, line {node.lineno}: write `from .module import name`, without `as`.")
            inside.append(node.module)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            outside.append(node)
        elif node is not tree.body[0]:
            block = lines[end : node.end_lineno]
            pieces.append(Piece("\n".join(block).strip("\n"), node, bool(block[0].strip())))
    return Module(path.stem, docstring, tuple(pieces), tuple(outside), tuple(inside))


def refuse_doubles(modules: Iterable[Module]) -> None:
    """Raise JoinError where two modules define one name."""
    owner: dict[str, str] = {}
    for module in modules:
        for name in itertools.chain.from_iterable(piece.names for piece in module.pieces):
            if owner.setdefault(name, module.name) != module.name:
                raise JoinError(f"{name} is defined in {owner[name]}.py and in {module.name}.py: rename one of them.")


def reachable(modules: Mapping[str, Module], roots: Iterable[Piece]) -> set[Piece]:
    """The roots, and every definition that they use, directly or through others."""
    defined = {name: piece for module in modules.values() for piece in module.pieces for name in piece.names}
    kept: set[Piece] = set()
    waiting = list(roots)
    while waiting:
        piece = waiting.pop()
        if piece not in kept:
            kept.add(piece)
            waiting += [defined[name] for name in piece.uses if name in defined]
    return kept


def section(module: Module, kept: set[Piece]) -> str:
    """What is kept of one module, below a heading."""
    heading = module.docstring.partition("\n")[0]
    text, before = f"{BANNER}\n# {heading}\n{BANNER}", None
    for piece in module.pieces:
        if piece in kept:
            text += gap(before, piece) + piece.text
            before = piece
    return text


def gap(before: Piece | None, after: Piece) -> str:
    """The line breaks between two statements: two blank lines around definitions, as everywhere in Python."""
    if isinstance(after.node, DEFINITION) or (before and isinstance(before.node, DEFINITION)):
        return "\n\n\n"
    return "\n" if before and after.close else "\n\n"


def imports(modules: Iterable[Module], kept: set[Piece]) -> str:
    """The import lines of the joined file: what is used of the standard library, then NumPy."""
    used = frozenset().union(*(piece.uses for piece in kept))
    lines: set[str] = set()
    members: dict[str, set[str]] = {}
    for node in itertools.chain.from_iterable(module.outside for module in modules):
        for one in node.names:
            bound = one.asname or one.name.partition(".")[0]
            if isinstance(node, ast.ImportFrom) and (bound in used or node.module == "__future__"):
                members.setdefault(str(node.module), set()).add(one.name)
            elif isinstance(node, ast.Import) and bound in used:
                lines.add(f"import {one.name} as {one.asname}" if one.asname else f"import {one.name}")
    future = [f"from __future__ import {name}\n" for name in sorted(members.pop("__future__", ()))]
    outside = [line for line in lines if line.split()[1].partition(".")[0] not in sys.stdlib_module_names]
    from_lines = [f"from {name} import {', '.join(sorted(members[name]))}" for name in sorted(members)]
    return "\n".join([*future, *sorted(lines.difference(outside)), *from_lines, "", *sorted(outside)])


def points_table(points: Mapping[str, str]) -> str:
    """The line of POINTS, filled."""
    rows = "".join(f'    "{name}": {value},\n' for name, value in points.items())
    return f"POINTS: dict[str, float] = {{\n{rows}}}  # by function" if rows else "POINTS: dict[str, float] = {}"
