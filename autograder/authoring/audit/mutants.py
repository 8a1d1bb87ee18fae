"""Machine-made mistakes: every reference solution with one small piece of its syntax changed.

Each mutant is a whole solution cell again. What the hidden suites do not kill is either the same function (MUTANTS in the
assignment's exempt.py says why) or a gap in a suite.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from autograder.authoring.audit.exempt import exempt
from autograder.course.assignment import Assignment

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.Pow: ast.Mult,
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
}
NAMES = {
    "mean": "sum",
    "sum": "mean",
    "max": "min",
    "min": "max",
    "zeros": "ones",
    "zeros_like": "ones_like",
    "tanh": "sin",
    "exp": "expm1",
    "log": "log1p",
    "greater_equal": "less",
    "stack": "hstack",
    "append": "extend",
}
PAIRS: tuple[str, ...] = (
    "weight_ih weight_hh",
    "bias_ih bias_hh",
    "weight_1 weight_2",
    "bias_1 bias_2",
    "grad_h1 grad_h2",
    "cache_1 cache_2",
    "delta_1 delta_2",
    "hidden prediction",
    "first second",
    "Wax Waa",
    "x_1 x_2",
    "x h0",
    "dw db",
)
NEIGHBOURS = {a: b for pair in PAIRS for a, b in (pair.split(), pair.split()[::-1])}


@dataclass(frozen=True)
class Mutant:
    """One changed cell. ``change`` says what was changed, and identifies it as long as that piece of code stays.

    ``why`` is the author's reason why it is right all the same, "" where there is none.
    """

    function: str
    change: str
    code: str
    why: str = ""

    @property
    def name(self) -> str:
        """Its name among the mutants of an assignment."""
        return f"{self.function}: {self.change}"


def mutants(assignment: Assignment) -> Iterator[Mutant]:
    """Every mutant of every solution of one assignment, each different from all others of its function."""
    cells, reasons = assignment.solutions, exempt(assignment, "MUTANTS")
    for function in assignment.functions:
        if assignment.functions[function].in_words:
            continue
        tree = ast.parse(cells[function])
        original = ast.unparse(tree)
        seen: dict[str, str] = {original: ""}
        for index, node in enumerate(ast.walk(tree)):
            for number, _ in enumerate(changes(node)):
                changed = copy.deepcopy(tree)
                target = list(ast.walk(changed))[index]
                put(changed, target, list(changes(target))[number])
                code = ast.unparse(ast.fix_missing_locations(changed))
                if code not in seen:
                    seen[code] = unique(difference(original, code), seen.values())
                    whys = (why for (name, piece), why in reasons.items() if name == function and piece in seen[code])
                    yield Mutant(function, seen[code], code, next(whys, ""))


def unique(name: str, taken: Iterable[str]) -> str:
    """The name, with a number where it is taken."""
    known = set(taken)
    return name if name not in known else next(n for i in count(2) if (n := f"{name} ({i})") not in known)


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in a node's place: one operator, bound, axis, index, transpose or constant changed."""
    if isinstance(node, ast.BinOp):
        yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
        if isinstance(node.op, (ast.MatMult, ast.Sub, ast.Div)):
            yield ast.BinOp(node.right, node.op, node.left)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        yield ast.Compare(node.left, [COMPARISONS[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.AugAssign) and type(node.op) in OPERATORS:
        yield ast.AugAssign(node.target, OPERATORS[type(node.op)](), node.value)
        yield ast.Assign([node.target], node.value)
    elif isinstance(node, ast.Attribute):
        if node.attr == "T":
            yield node.value
        elif node.attr in NAMES:
            yield ast.Attribute(node.value, NAMES[node.attr], node.ctx)
    elif isinstance(node, ast.Name) and node.id in {**NAMES, **NEIGHBOURS}:
        yield ast.Name({**NAMES, **NEIGHBOURS}[node.id], node.ctx)
    elif isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
        yield ast.Pass()
    elif isinstance(node, ast.Call):
        yield from of_call(node)
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Subscript) and not isinstance(node.slice, (ast.Slice, ast.Tuple, ast.Constant)):
        yield ast.Subscript(node.value, ast.BinOp(node.slice, ast.Add(), ast.Constant(1)), node.ctx)
        yield ast.Subscript(node.value, ast.BinOp(node.slice, ast.Sub(), ast.Constant(1)), node.ctx)
    elif isinstance(node, ast.Slice):
        if node.lower is not None:
            yield ast.Slice(None, node.upper, node.step)
        if node.upper is not None:
            yield ast.Slice(node.lower, None, node.step)
        if node.step is not None:
            yield ast.Slice(node.lower, node.upper, None)
    elif isinstance(node, ast.Constant):
        yield from of_constant(node)


def of_call(node: ast.Call) -> Iterator[ast.AST]:
    """Calls: reversed or copied no more, another bound of range, another keyword."""
    name = (
        node.func.id
        if isinstance(node.func, ast.Name)
        else node.func.attr
        if isinstance(node.func, ast.Attribute)
        else ""
    )
    if name in ("reversed", "float", "min", "max", "abs") and len(node.args) >= 1:
        yield from node.args
    if name == "copy" and isinstance(node.func, ast.Attribute) and not node.args:
        yield node.func.value
    if name == "range":
        last = len(node.args) - 1 if len(node.args) < 3 else 1
        for op in (ast.Sub(), ast.Add()):
            bound = ast.BinOp(node.args[last], op, ast.Constant(1))
            yield ast.Call(node.func, [*node.args[:last], bound, *node.args[last + 1 :]], node.keywords)
    for place, keyword in enumerate(node.keywords):
        before, after = node.keywords[:place], node.keywords[place + 1 :]
        if keyword.arg == "axis":
            for axis in (-1, 0, 1):
                yield ast.Call(node.func, node.args, [*before, ast.keyword("axis", ast.Constant(axis)), *after])
        if keyword.arg in ("axis", "keepdims"):
            yield ast.Call(node.func, node.args, [*before, *after])


def of_constant(node: ast.Constant) -> Iterator[ast.AST]:
    """Numbers: one more, one less, none, twice; names of arrays: a neighbour's."""
    value = node.value
    if isinstance(value, str) and value in NEIGHBOURS:
        yield ast.Constant(NEIGHBOURS[value])
    elif isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        for other in (value + 1, value - 1):
            yield ast.Constant(other)
    elif isinstance(value, float):
        yield ast.Constant(2 * value if value else 1.0)
        yield ast.Constant(-value if value else -1.0)


def put(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Put a node in the place of another."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list) and any(item is old for item in value):
                value[[item is old for item in value].index(True)] = new


def difference(before: str, after: str, context: int = 24) -> str:
    """The piece in which two texts differ, old → new, with a little of what stands around it."""
    start = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(map(len, (before, after)))
    )
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    left = max(before.rfind("\n", 0, start) + 1, start - context)
    stop = before.find("\n", len(before) - end)
    right = min(stop if stop >= 0 else len(before), len(before) - end + context) - (len(before) - end)
    old, new = (" ".join(text[left : len(text) - end + right].split()) for text in (before, after))
    return f"{old} → {new}"
