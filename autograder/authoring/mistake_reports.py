"""The six printed reports of name_the_mistake: what the self-check says to six mistakes of the bank.

Called by the build, so it needs neither torch nor source/, and gives the same bytes on every machine: numbers that are
rounding alone are left out.
"""

from __future__ import annotations

import pathlib
import sys
from dataclasses import replace
from functools import cache
from types import ModuleType
from typing import Any

from autograder.authoring.join_selfcheck import join
from autograder.course.assignment import Assignment
from autograder.naming.bank import find
from autograder.naming.printed import Printed

CHOICE = "**The names to choose from**"


def mistake_reports(assignment: Assignment) -> str:
    """The six reports as one table, what the self-check says in words, and the list of names, as markdown."""
    printed: Printed = assignment.part("printed").PRINTED
    found = {letter: report(assignment, printed, id) for letter, id in printed.key.items()}
    told = {row.name: row.kind for result in found.values() for row in result.rows}
    lines = [f"| | {' | '.join(f'Report {letter}' for letter in found)} |", "| --- " * (len(found) + 1) + "|"]
    for name, kind in told.items():
        rows = [next((row for row in result.rows if row.name == name), None) for result in found.values()]
        if kind == "array" or any(row and not row.ok for row in rows):
            title = f"`{name}`" if kind == "array" else name
            lines.append(f"| {title} | {' | '.join(brief(row) for row in rows)} |")
    words = [f"* Report {letter} says of {said}" for letter, result in found.items() if (said := in_words(result))]
    names = [f"* `{id}`: {find(assignment, id).title}" for id in sorted((*printed.chosen, *printed.others))]
    legend = f"A number is the relative error of an array. All other laws hold. Seed {printed.seed}."
    return "\n\n".join(["\n".join(lines), legend, "\n".join(words), CHOICE, "\n".join(names)])


def brief(row: Any) -> str:
    """One entry of the table: the verdict, or the relative error of a wrong array."""
    if row is None:
        return "–"
    return str(row.verdict) if row.ok or not row.error else f"**{row.error}**"


def in_words(result: Any) -> str:
    """What a report says of its wrong arrays beyond numbers: where the error enters, or by which factor they are off."""
    arrays: dict[str, list[str]] = {}
    for row in result.rows:
        if row.kind == "array" and not row.ok:
            parts = [part for part in row.words.split("; ") if not part.endswith(("differ", "differs"))]
            arrays.setdefault(", ".join(parts), []).append(f"`{row.name}`")
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in arrays.items() if words)


def mistake_key(assignment: Assignment) -> str:
    """The line of the reference solution that gives the names. Released notebooks do not hold it."""
    pairs = "".join(f'\n        "{letter}": "{id}",' for letter, id in assignment.part("printed").PRINTED.key.items())
    return f"answers = {{{pairs}\n    }}"


def report(assignment: Assignment, printed: Printed, id: str) -> Any:
    """What selfcheck.check finds for one mistake, without the numbers that are rounding alone."""
    checker = selfcheck(assignment.repository / "assignments" / "selfcheck", assignment.name)
    namespace: dict[str, Any] = {"selfcheck": checker, **find(assignment, id).make({})}
    exec(f"result = selfcheck.check({printed.function!r}, seed={printed.seed})", namespace)
    result = namespace["result"]
    return replace(result, rows=[replace(row, error="" if row.ok else row.error) for row in result.rows])


@cache
def selfcheck(package: pathlib.Path, assignment: str) -> ModuleType:
    """The self-check of an assignment, with no limit on time: a busy machine prints what an idle one prints."""
    module = ModuleType("selfcheck_of_the_build")
    sys.modules[module.__name__] = module  # its dataclasses look themselves up
    exec(compile(join(package, assignment, {}), module.__name__, "exec"), module.__dict__)
    for limit in ("SLOW_CALL", "BUDGET", "DIFFERENCES", "COST", "GROWTH"):
        setattr(module, limit, 1e9)
    return module
