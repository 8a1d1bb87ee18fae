"""Two known mistakes at once: every two that fill different slots of the same function, and a table to look numbers up in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from autograder.course.assignment import Assignment
from autograder.naming.bank import Mistake, mistakes_of

NEAR = 2e-5  # relative to the largest number: a first look, wide enough for float32; naming looks at all digits
Verdicts = Sequence[tuple[str, bool, Any]]
Form = tuple[tuple[str, tuple[int, ...]], ...]


@cache
def pairs_of(assignment: Assignment, function: str) -> tuple[Mistake, ...]:
    """Every two mistakes of one function that fill different slots of it, as one mistake."""
    found = []
    for one, other in combinations(mistakes_of(assignment, function), 2):
        if one.build is not None and one.build is other.build and one.slots.keys().isdisjoint(other.slots):
            found.append(both(one, other))
    return tuple(found)


def both(one: Mistake, other: Mistake) -> Mistake:
    """Two mistakes as one."""
    assert one.build is not None
    build, slots = one.build, {**one.slots, **other.slots}
    return Mistake(
        function=one.function,
        id=f"{one.id}+{other.id}",
        title=f"{one.title}; and {other.title}",
        reread=one.reread if one.reread == other.reread else f"{one.reread} And {other.reread}",
        seen_in="",
        make=lambda own: build(own, **slots),
        rtol=max(one.rtol, other.rtol),
        build=build,
        slots=slots,
    )


@dataclass(frozen=True)
class Table:
    """What each of some mistakes answers in one test: by the names and shapes of the arrays a matrix, a row a mistake."""

    rows: dict[Form, tuple[list[Mistake], np.ndarray]]

    @classmethod
    def of(cls, answers: Iterable[tuple[Mistake, Verdicts]]) -> Table:
        """A table of all answers that are numbers."""
        found: dict[Form, tuple[list[Mistake], list[np.ndarray]]] = {}
        for mistake, verdicts in answers:
            form = form_of(verdicts)
            if form:
                mistakes, vectors = found.setdefault(form, ([], []))
                mistakes.append(mistake)
                vectors.append(vector(verdicts))
        return cls({form: (mistakes, np.stack(vectors)) for form, (mistakes, vectors) in found.items()})

    def like(self, verdicts: Verdicts) -> list[Mistake]:
        """The mistakes that answer about the same."""
        mistakes, matrix = self.rows.get(form_of(verdicts), ([], np.zeros((0, 0))))
        if not mistakes:
            return []
        mine = vector(verdicts)
        with np.errstate(all="ignore"):
            close = np.abs(matrix - mine).max(axis=1) <= NEAR * np.abs(matrix).max(axis=1)
        return [mistakes[row] for row in np.flatnonzero(close)]


def form_of(verdicts: Verdicts) -> Form:
    """The arrays that were compared, with their shapes; empty where one is no array of finite numbers."""
    arrays = [(name, value) for name, _, value in verdicts]
    numbers = all(
        isinstance(value, (np.ndarray, np.generic, float, int))
        and np.asarray(value).dtype.kind in "fiub"
        and np.isfinite(value).all()
        for _, value in arrays
    )
    return tuple((name, np.shape(value)) for name, value in arrays) if numbers else ()


def vector(verdicts: Verdicts) -> np.ndarray:
    """All numbers of an answer in a row."""
    return np.concatenate([np.ravel(value).astype(np.float64) for _, _, value in verdicts])
