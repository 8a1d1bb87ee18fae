"""What a cell only defines: its imports, functions, classes and constants, without what it does with them."""

from __future__ import annotations

import ast
import re

MAGIC = re.compile(r"^([ \t]*)[%!].*", re.MULTILINE)
BINDS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def definitions(code: str) -> str:
    """A cell's definitions on the lines where they were; "" where it has none or is no Python."""
    text = re.sub("\r\n?", "\n", code)
    body = statements(text)
    if not body:
        text = MAGIC.sub(r"\1pass", text)
        body = statements(text)
    kept = [node for node in body if isinstance(node, BINDS) or is_constant(node)]
    lines = text.encode().split(b"\n")  # ast counts columns in bytes
    found = [b""] * len(lines)
    for node in kept:
        first, start = min(
            [(d.lineno, 0) for d in getattr(node, "decorator_list", [])] or [(node.lineno, node.col_offset)]
        )
        last = node.end_lineno or node.lineno
        for number in range(first - 1, last):
            line = lines[number][: node.end_col_offset if number == last - 1 else None]
            if number == first - 1:
                line = (found[number] and found[number] + b"; ") + line[start:]
            found[number] = line
    return b"\n".join(found).decode().rstrip()


def statements(text: str) -> list[ast.stmt]:
    """The statements of some code; none where it is no Python, as with a line of IPython's own."""
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def is_constant(node: ast.stmt) -> bool:
    """Whether a statement gives names a value that is written out: a number, a text, a list of such, a lambda."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    names = [name for target in targets for name in (target.elts if isinstance(target, ast.Tuple) else [target])]
    if not names or not all(isinstance(name, ast.Name) for name in names):
        return False
    value = getattr(node, "value", None)
    try:
        return isinstance(value, ast.Lambda) or (value is not None and ast.literal_eval(value) is not ...)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return False
