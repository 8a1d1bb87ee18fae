"""From the rows of a trial to points, and to the function that must be fixed first."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .frames import names_used
from .registry import CONTRACTS, POINTS
from .tables import TO_DO, Result, Row
from .trial import SLOW_CALL, Trial

Kept = tuple[Mapping[str, Any], Result]  # what the result depends on, by name, as it was; and the result
SESSION: dict[str, Kept] = {}
LOWER: dict[str, Kept] = {}  # the same for functions below, while one check or summary runs


def judge(name: str, space: Mapping[str, Any], points: float | None, seed: int) -> Result:
    """Run the check of one function and count the points."""
    contract = CONTRACTS[name]
    of = POINTS.get(name, 1.0) if points is None else points
    trial = Trial(name, space, seed)
    with trial.listening():
        trial.follow(contract.run, name)
        if any(row.ok and row.judged for row in trial.rows):
            trial.untouched()
    if trial.sizes and not trial.rough and all(row.ok for row in trial.rows):
        trial.rows += larger_sizes(name, space, seed)
    share = share_earned(trial.rows)
    if share or len(trial.rows) > 1:
        note_lower_functions(trial)
    rows = rows_with_blame(trial)
    earned = of if share == 1 else math.floor(10 * of * share) / 10
    uses = frozenset(trial.called.union(contract.needs))
    return Result(name, float(earned), float(of), rows, trial.notes, contract.blind, seed, uses)


def larger_sizes(name: str, space: Mapping[str, Any], seed: int) -> list[Row]:
    """One row: all of the check again with larger sizes, which finds sizes that are written as numbers.

    None where the calls take long: a slow function is not wrong.
    """
    trial = Trial(name, space, seed, large=True)
    with trial.listening():
        trial.follow(CONTRACTS[name].run)
    failed = [row for row in trial.rows if not row.ok][:1]
    sizes = ", ".join(f"{axis} = {size}" for axis, size in trial.sizes.items())
    words = "".join(f"with {sizes}, {row.name}: {row.words}" for row in failed)
    if failed and trial.spent > SLOW_CALL:
        return []
    todo = any(row.todo for row in failed)
    return [Row("law", "right for larger sizes", not failed, words, todo=todo, uses=frozenset(trial.called))]


def unknown_name(name: str) -> str:
    """What to type instead of a name that this assignment does not have."""
    near = difflib.get_close_matches(name, CONTRACTS, n=3, cutoff=0.5)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    has = ", ".join(CONTRACTS)
    if not name.isidentifier():
        return f"Expected the name of a function, got {name or 'none'}.{meant} This assignment has {has}."
    return f"This assignment has no function {name}.{meant} It has {has}."


def share_earned(rows: list[Row]) -> float:
    """Part of the points: three quarters for arrays, a quarter for laws; laws alone earn nothing."""
    arrays = [row.ok and row.judged for row in rows if row.kind == "array"]
    laws = [row.ok for row in rows if row.kind == "law"]
    if not any(arrays):
        return 0.0
    right = sum(arrays) / len(arrays)
    return 0.75 * right + 0.25 * sum(laws) / len(laws) if laws else right


def note_lower_functions(trial: Trial) -> None:
    """A note for each function that this one depends on and that is not written, and for the lowest that is wrong."""
    needs = [lower for lower in CONTRACTS[trial.name].needs if lower in CONTRACTS and callable(trial.space.get(lower))]
    for lower in needs:
        if known(lower, trial.space).verdict == TO_DO:
            trial.note(f"{trial.name} depends on {lower}, which is not finished: write {lower} first.")
    wrong = lowest_wrong(needs, trial.space)
    if wrong:
        trial.note(f"{trial.name} depends on {wrong}, which does not pass its own check: fix {wrong} first.")


def rows_with_blame(trial: Trial) -> list[Row]:
    """The rows, where those that failed because another function is wrong say so and are not judged."""
    mentioned, above = names_used(trial.space.get(trial.name), trial.space), list(CONTRACTS)
    above = above[: above.index(trial.name)]
    rows = []
    for row in trial.rows:
        used = [lower for lower in above if lower in row.uses | mentioned and callable(trial.space.get(lower))]
        wrong = lowest_wrong(used, trial.space) if row.judged and not row.ok else ""
        if wrong:
            unread = "" if row.error or row.kind == "law" else f" ({known(wrong, trial.space).words.rstrip('.')})"
            row = replace(row, words=f"fix {wrong} first{unread}", fix_first=wrong)
        rows.append(row)
    return rows


def lowest_wrong(names: Iterable[str], space: Mapping[str, Any]) -> str:
    """The first function of the notebook that is wrong itself and makes one of `names` wrong; empty if none is."""
    found: set[str] = set()
    for name in names:
        result = known(name, space)
        found.update(result.fix_first[:1] or ([name] if result.verdict == "WRONG" else []))
    return min(found, key=list(CONTRACTS).index, default="")


def known(name: str, space: Mapping[str, Any]) -> Result:
    """The result of a function below: of this session if nothing has changed since, or a new one."""
    if is_fresh(SESSION, name, space) and not SESSION[name][1].fix_first:
        return SESSION[name][1]
    if not is_fresh(LOWER, name, space):
        keep(LOWER, name, space, judge(name, space, None, 0))
    return LOWER[name][1]


def keep(results: dict[str, Kept], name: str, space: Mapping[str, Any], result: Result) -> None:
    """Keep a result with what it depends on: its function, those that were called, and the names that these mention."""
    names = {name, *result.uses}
    for each in tuple(names):
        names |= names_used(space.get(each), space)
    results[name] = ({each: space.get(each) for each in names}, result)


def is_fresh(results: Mapping[str, Kept], name: str, space: Mapping[str, Any]) -> bool:
    """Is there a result, and is all that it depends on what it was?"""
    return name in results and all(space.get(each) is before for each, before in results[name][0].items())
