"""Two known mistakes at once: every two that fill different slots of the same function, and a table to look numbers up in."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations

import numpy as np

from autograder.course.assignment import Assignment
from autograder.naming.bank import Mistake, mistakes_of
from autograder.naming.script import Answers, Key

NEAR = 2e-5  # relative to the largest number: a first look, wide enough for float32; naming looks at all digits


@cache
def pairs_of(assignment: Assignment, function: str) -> tuple[Mistake, ...]:
    """Every two listed mistakes of one function that fill different slots of it, as one mistake."""
    return tuple(all_pairs(combinations(mistakes_of(assignment, function), 2)))


def all_pairs(pairs: Iterable[tuple[Mistake, Mistake]]) -> Iterable[Mistake]:
    """Those of some pairs that compose, as one mistake each."""
    return (pair for one, other in pairs if (pair := both(one, other)) is not None)


def both(one: Mistake, other: Mistake) -> Mistake | None:
    """Two mistakes as one; None where they do not compose.

    Two that fill different slots of the same skeleton do, and whatever is done to an argument goes before any other.
    """
    if not one.slots.keys().isdisjoint(other.slots):
        return None
    first, then = (other, one) if one.before is not None else (one, other)
    if then.before is None and (one.build is None or one.build is not other.build):
        return None
    build, slots, before, make = first.build, {**first.slots, **then.slots}, then.before, first.make
    return Mistake(
        function=one.function,
        id=f"{one.id}+{other.id}",
        title=f"{one.title}; and {other.title}",
        reread=one.reread if one.reread == other.reread else f"{one.reread} And {other.reread}",
        seen_in="",
        make=(lambda own: before(make(own))) if before else (lambda own: build(own, **slots)),  # type: ignore[misc]
        rtol=max(one.rtol, other.rtol),
        build=build,
        slots=slots,
    )


@dataclass
class Table:
    """What each of some mistakes answers in one test, for each array a matrix with a row a mistake."""

    mistakes: list[Mistake] = field(default_factory=list)
    columns: dict[tuple[Key, tuple[int, ...]], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    @classmethod
    def of(cls, answers: Iterable[tuple[Mistake, Answers]]) -> Table:
        """A table of all answers that are numbers."""
        mistakes: list[Mistake] = []
        found: dict[tuple[Key, tuple[int, ...]], tuple[list[int], list[np.ndarray]]] = {}
        for mistake, arrays in answers:
            for key, array in arrays.items():
                places, rows = found.setdefault((key, array.shape), ([], []))
                places.append(len(mistakes))
                rows.append(array.ravel().astype(np.float64))
            mistakes.append(mistake)
        return cls(mistakes, {form: (np.array(places), np.stack(rows)) for form, (places, rows) in found.items()})

    def near(self, key: Key, array: np.ndarray) -> set[int]:
        """The places of the mistakes whose array of this name is about the same."""
        places, matrix = self.columns.get((key, array.shape), (np.array([], dtype=int), np.zeros((0, array.size))))
        with np.errstate(all="ignore"):
            off = np.abs(matrix - array.ravel()).max(axis=1, initial=0.0)
            return {*places[off <= NEAR * np.abs(matrix).max(axis=1, initial=0.0)].tolist()}

    def parallel(self, key: Key, array: np.ndarray) -> dict[int, float]:
        """The places of the mistakes whose array is about this one times a number, with that number."""
        places, matrix = self.columns.get((key, array.shape), (np.array([], dtype=int), np.zeros((0, array.size))))
        mine = array.ravel().astype(np.float64)
        with np.errstate(all="ignore"):
            factors = matrix @ mine / np.sum(matrix * matrix, axis=1)
            off = np.abs(mine - factors[:, None] * matrix).max(axis=1, initial=0.0)
            close = off <= NEAR * np.abs(mine).max()
        return {int(place): float(factor) for place, factor in zip(places[close], factors[close], strict=True)}

    def like(self, answers: Answers, keys: Collection[Key] | None = None) -> list[Mistake]:
        """The mistakes that answer about the same, in all arrays or in these."""
        found: set[int] | None = None
        for key in answers if keys is None else keys:
            near = self.near(key, answers[key])
            found = near if found is None else found & near
            if not found:
                return []
        return [self.mistakes[place] for place in sorted(found or ())]
