"""What a teacher may want to read in a submission's code: automatic differentiation, import hooks. Never a mark.

The code is read, not run: whoever wants to hide something from this can. It is here so that what is done openly is seen.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from autograder.course.cells import is_test
from autograder.grading.results import Flag, FlagKind

OPERATORS = frozenset(
    "__add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __truediv__ __pow__ __matmul__ __neg__ __array_ufunc__ "
    "__array_function__".split()
)
HOOKS = frozenset("meta_path path_hooks __import__ find_spec exec_module".split())
PROGRAM = re.compile(r"inside(\.\w+)?")  # the package that runs a student's cells
WORTH_READING = re.compile(r"__\w|\b(?:meta_path|path_hooks|find_spec|exec_module|inside)\b")
MAGIC = re.compile(r"^([ \t]*)[%!].*", re.MULTILINE)
MAX_READ = 500_000  # characters of a submission
ENOUGH = 2  # operators: one alone may be an exercise


def hints(notebook: Mapping[str, Any], given: Collection[str]) -> list[Flag]:
    """What the code cells define that no answer needs. given: the text of the cells that were handed out."""
    left = MAX_READ
    found: dict[str, None] = {}
    for cell in notebook["cells"]:
        code = cell["source"]
        own = cell["cell_type"] == "code" and not is_test(cell) and code not in given
        if own and len(code) <= left and WORTH_READING.search(code):
            left -= len(code)
            found |= dict.fromkeys(told(code))
    return [Flag(FlagKind.HINT, f"The code {what}. It costs nothing by itself; have a look.") for what in found]


def told(code: str) -> Iterator[str]:
    """What one cell does, as the end of a sentence; nothing for a cell that is no Python, since that does not run."""
    try:
        nodes = list(ast.walk(ast.parse(MAGIC.sub(r"\1pass", code))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    if any(len(OPERATORS & set(defined(one))) >= ENOUGH for one in classes) or operators_by_hand(nodes):
        yield "defines numbers with operators of their own, as automatic differentiation does"
    names = set(mentioned(nodes))
    if names & HOOKS:
        yield "names the machinery by which Python imports modules"
    if any(PROGRAM.fullmatch(name) for name in imported(nodes)):
        yield "reaches into the program that runs the cells"


def is_written(name: str, cells: Sequence[Mapping[str, Any]]) -> bool:
    """Whether some cell defines this function with more in it than a docstring, pass or a return of nothing."""
    left = MAX_READ
    for cell in cells:
        code = cell["source"]
        left -= len(code) if name in code else 0
        if name not in code or left < 0:
            continue
        try:
            body = ast.parse(MAGIC.sub(r"\1pass", code)).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        functions = [node for node in body if isinstance(node, ast.FunctionDef) and node.name == name]
        if any(not is_empty(statement) for function in functions for statement in function.body):
            return True
    return False


def is_empty(statement: ast.stmt) -> bool:
    """Whether a statement does nothing: pass, a text, an ellipsis, a return of nothing."""
    if isinstance(statement, (ast.Expr, ast.Return)):
        return statement.value is None or isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass)


def defined(body: ast.ClassDef) -> Iterator[str]:
    """The names of a class's methods and of what is assigned in it."""
    for node in body.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def operators_by_hand(nodes: list[ast.AST]) -> bool:
    """Whether operators are named in strings, as type(), setattr() and exec() take them, or assigned to attributes."""
    said = " ".join(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    stored = {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    return len(OPERATORS & ({*re.findall(r"__\w+__", said)} | stored)) >= ENOUGH


def mentioned(nodes: list[ast.AST]) -> Iterator[str]:
    """Every name, attribute and function of some code."""
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name


def imported(nodes: list[ast.AST]) -> Iterator[str]:
    """Every module that is imported, or named in brackets as in sys.modules["inside.session"]."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            yield str(node.slice.value)
