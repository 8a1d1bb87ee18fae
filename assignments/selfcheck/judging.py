"""From the rows of a trial to points, and to the function that must be fixed first."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .frames import names_used
from .registry import CONTRACTS, POINTS
from .tables import TO_DO, UNDECIDED, Result, Row
from .trial import Trial

SESSION: dict[str, tuple[Any, Result]] = {}  # by name: the function as it was, and what was found
LOWER: dict[str, tuple[Any, Result]] = {}  # the same for functions below, while one check or summary runs


def judge(name: str, space: Mapping[str, Any], points: float | None, seed: int) -> Result:
    """Run the check of one function and count the points."""
    contract = CONTRACTS.get(name)
    if contract is None:
        return Result(name, 0.0, points or 1.0, [Row("array", name, False, unknown_name(name))])
    of = POINTS.get(name, 1.0) if points is None else points
    trial = Trial(name, space, seed)
    with trial.listening():
        trial.follow(contract.run)
        if any(row.ok for row in trial.rows):
            trial.untouched()
    share = share_earned(trial.rows)
    if share or len(trial.rows) > 1:
        note_lower_functions(trial)
    rows = rows_with_blame(trial)
    earned = of if share == 1 else math.floor(10 * of * share) / 10
    return Result(name, float(earned), float(of), rows, trial.notes, contract.blind, seed)


def unknown_name(name: str) -> str:
    """What to type instead of a name that this assignment does not have."""
    near = difflib.get_close_matches(name, CONTRACTS, n=3, cutoff=0.5)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"This assignment has no function {name}.{meant} It has {', '.join(CONTRACTS)}."


def share_earned(rows: list[Row]) -> float:
    """Part of the points: three quarters for arrays, a quarter for laws; laws alone earn nothing."""
    arrays = [row.ok for row in rows if row.kind == "array"]
    laws = [row.ok for row in rows if row.kind == "law"]
    if not any(arrays):
        return 0.0
    right = sum(arrays) / len(arrays)
    return 0.75 * right + 0.25 * sum(laws) / len(laws) if laws else right


def note_lower_functions(trial: Trial) -> None:
    """A note for each function that this one depends on and that is not written or not right."""
    for lower in CONTRACTS[trial.name].needs:
        if lower in CONTRACTS and callable(trial.space.get(lower)):
            verdict = known(lower, trial.space).verdict
            if verdict == TO_DO:
                trial.note(f"{trial.name} depends on {lower}, which is not finished: write {lower} first.")
            elif verdict in ("WRONG", UNDECIDED):
                trial.note(f"{trial.name} depends on {lower}, which does not pass its own check: fix {lower} first.")


def rows_with_blame(trial: Trial) -> list[Row]:
    """The rows, where those that failed because another function is wrong say so and are not judged."""
    mentioned = names_used(trial.space.get(trial.name), trial.space)
    rows = []
    for row in trial.rows:
        wrong = wrong_functions(trial.name, row.uses | mentioned, trial.space) if row.judged and not row.ok else ()
        if wrong:
            unread = "" if row.error or row.kind == "law" else f" ({row.words.rstrip('.')})"
            row = replace(row, words=f"fix {' and '.join(wrong)} first{unread}", fix_first=wrong)
        rows.append(row)
    return rows


def wrong_functions(name: str, uses: frozenset[str], space: Mapping[str, Any]) -> tuple[str, ...]:
    """The functions above `name` in the notebook that are used and wrong; the lowest ones, where these use others."""
    found: dict[str, None] = {}
    above = list(CONTRACTS)[: list(CONTRACTS).index(name)]
    for lower in above:
        if lower in uses and callable(space.get(lower)):
            result = known(lower, space)
            found |= dict.fromkeys(result.fix_first or ([lower] if result.verdict == "WRONG" else []))
    return tuple(found)


def known(name: str, space: Mapping[str, Any]) -> Result:
    """The result of a function below: of this session if the function has not changed since, or a new one."""
    function = space.get(name)
    before, result = SESSION.get(name, (None, None))
    if result is not None and before is function and not result.fix_first:
        return result
    before, result = LOWER.get(name, (None, None))
    if result is None or before is not function:
        result = judge(name, space, None, 0)
        LOWER[name] = (function, result)
    return result
