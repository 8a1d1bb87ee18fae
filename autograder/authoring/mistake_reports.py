"""The six printed reports of name_the_mistake: what the self-check says to six mistakes of the bank.

Called by the build, so it needs neither torch nor source/, and gives the same bytes on every machine: numbers that are
rounding alone are left out.
"""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

from autograder.authoring.join_selfcheck import join
from autograder.course.assignment import Assignment
from autograder.naming.bank import find
from autograder.naming.printed import Printed


def mistake_reports(assignment: Assignment, points: Mapping[str, float] = MappingProxyType({})) -> str:
    """The six reports and the list of names, as markdown; points are the functions' own, where they are known."""
    printed: Printed = assignment.part("printed").PRINTED
    blocks = [
        f"**Report {letter}**\n\n```text\n{report(assignment, printed, id, points.get(printed.function))}\n```"
        for letter, id in printed.key.items()
    ]
    names = [f"* `{id}`: {find(assignment, id).title}" for id in sorted((*printed.chosen, *printed.others))]
    return "\n\n".join([*blocks, "**The names to choose from**", "\n".join(names)])


def mistake_key(assignment: Assignment) -> str:
    """The line of the reference solution that gives the names. Released notebooks do not hold it."""
    pairs = "".join(f'\n        "{letter}": "{id}",' for letter, id in assignment.part("printed").PRINTED.key.items())
    return f"answers = {{{pairs}\n    }}"


def report(assignment: Assignment, printed: Printed, id: str, points: float | None) -> str:
    """What selfcheck.check prints for one mistake, without the numbers that are rounding alone."""
    checker = selfcheck(assignment.repository / "assignments" / "selfcheck", assignment.name)
    namespace: dict[str, Any] = {"selfcheck": checker, **find(assignment, id).make({})}
    exec(f"result = selfcheck.check({printed.function!r}, points={points!r}, seed={printed.seed})", namespace)
    result = namespace["result"]
    rows = [replace(row, worst="", error="" if row.ok else row.error) for row in result.rows]
    return str(replace(result, rows=rows, notes=[], blind=""))


@cache
def selfcheck(package: pathlib.Path, assignment: str) -> ModuleType:
    """The self-check of an assignment, with no limit on time: a busy machine prints what an idle one prints."""
    module = ModuleType("selfcheck_of_the_build")
    sys.modules[module.__name__] = module  # its dataclasses look themselves up
    exec(compile(join(package, assignment, {}), module.__name__, "exec"), module.__dict__)
    for limit in ("SLOW_CALL", "BUDGET", "DIFFERENCES", "COST", "GROWTH"):
        setattr(module, limit, 1e9)
    return module
