"""The six printed reports of name_the_mistake: what the self-check says to six mistakes of the bank.

Called by the build, so it needs neither torch nor source/, and gives the same bytes on every machine: numbers that are
rounding alone are left out.
"""

from __future__ import annotations

import importlib.util
import pathlib
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

from autograder.mistakes.bank import find

SELFCHECK = pathlib.Path(__file__).parents[2] / "assignments" / "selfcheck.py"
LETTERS = "ABCDEF"
SEEDS = {"a2_mlp_backprop": 2024, "a4_bptt": 6}  # of the numbers in the reports: sizes that tell N from T from H
# The function whose mistakes are shown, the six in the order of the letters, and names that fit no report.
CHOSEN = {
    "a2_mlp_backprop": (
        "mlp_backward",
        (
            "bias_by_mean",
            "top_slope_missing",
            "bias_1_before_slope",
            "upstream_ones",
            "hidden_slope_missing",
            "sign_turned",
        ),
        ("mean_again", "doubled", "weights_turned"),
    ),
    "a4_bptt": (
        "rnn_backward",
        ("overwritten", "carry_not_transposed", "state_after", "tanh_missing", "bias_before_tanh", "carry_dropped"),
        ("mean_over_batch", "h0_zero", "sign_turned_through_time"),
    ),
}


def mistake_reports(assignment: str, points: Mapping[str, float] = MappingProxyType({})) -> str:
    """The six reports and the list of names, as markdown; points are the functions' own, where they are known.

    Raises KeyError for an assignment that has none.
    """
    function, chosen, others = CHOSEN[assignment]
    blocks = [
        f"**Report {letter}**\n\n```text\n{report(assignment, function, id, points.get(function))}\n```"
        for letter, id in zip(LETTERS, chosen, strict=True)
    ]
    names = [f"* `{id}`: {find(assignment, id).title}" for id in sorted((*chosen, *others))]
    return "\n\n".join([*blocks, "**The names to choose from**", "\n".join(names)])


def answer_key(assignment: str) -> dict[str, str]:
    """The name behind each letter."""
    return dict(zip(LETTERS, CHOSEN[assignment][1], strict=True))


def mistake_key(assignment: str) -> str:
    """The line of the reference solution that gives the names. Released notebooks do not hold it."""
    pairs = "".join(f'\n        "{letter}": "{id}",' for letter, id in answer_key(assignment).items())
    return f"answers = {{{pairs}\n    }}"


def report(assignment: str, function: str, id: str, points: float | None) -> str:
    """What selfcheck.check prints for one mistake, without the numbers that are rounding alone."""
    checker = selfcheck()
    namespace: dict[str, Any] = {"selfcheck": checker, **find(assignment, id).make({})}
    exec(f"result = selfcheck.check({function!r}, points={points!r}, seed={SEEDS[assignment]})", namespace)
    result = namespace["result"]
    rows = [replace(row, worst="", error="" if row.ok else row.error) for row in result.rows]
    return str(replace(result, rows=rows, notes=[], blind=""))


@cache
def selfcheck() -> ModuleType:
    """assignments/selfcheck.py, with no limit on time: a busy machine prints what an idle one prints."""
    spec = importlib.util.spec_from_file_location("selfcheck_of_the_build", SELFCHECK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    for limit in ("SLOW_CALL", "BUDGET", "DIFFERENCES", "COST", "GROWTH"):
        setattr(module, limit, 1e9)
    return module
