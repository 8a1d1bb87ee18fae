"""Mistakes by rule in any function: one of its arguments is missing, turned, shifted or scaled, or the result is.

An assignment need not list these: they follow from the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from autograder.course.assignment import Assignment
from autograder.kernels.contract import Array, Function
from autograder.naming.bank import Functions, Mistake

Values = np.ndarray
Edit = tuple[str, str, Callable[[Any], Any]]  # id, words, and what is made of the argument

ANY: tuple[Edit, ...] = (
    ("zero", "is taken for zero", lambda a: 0 * a),
    ("negative", "enters with the other sign", lambda a: -a),
    ("twice", "enters twice as large", lambda a: 2 * a),
    ("half", "enters half as large", lambda a: a / 2),
    ("squared", "is squared", lambda a: a**2),
    ("absolute", "enters without its sign", lambda a: np.abs(a)),
)
NUMBER: tuple[Edit, ...] = (
    ("one", "is not used, as if it were 1", lambda a: 1 + 0 * a),
    ("one_more", "is one too large", lambda a: a + 1),
    ("one_less", "is one too small", lambda a: a - 1),
    ("root", "enters under a root", lambda a: np.sqrt(a)),
)
ROWS: tuple[Edit, ...] = (
    ("ones", "is not used, as if every entry were 1", lambda a: 0 * a + 1),
    ("reversed", "is taken from its end to its beginning", lambda a: a[::-1]),
    ("late", "is one place late along its first axis", lambda a: np.concatenate([0 * a[:1], a[:-1]])),
    ("early", "is one place early along its first axis", lambda a: np.concatenate([a[1:], 0 * a[:1]])),
    (
        "late_wrapped",
        "is one place late along its first axis, and its end comes first",
        lambda a: np.roll(a, 1, axis=0),
    ),
    (
        "early_wrapped",
        "is one place early along its first axis, and its beginning comes last",
        lambda a: np.roll(a, -1, axis=0),
    ),
    ("first_only", "counts in its first row alone", lambda a: np.concatenate([a[:1], 0 * a[1:]])),
    ("last_only", "counts in its last row alone", lambda a: np.concatenate([0 * a[:-1], a[-1:]])),
    ("first_everywhere", "is its first row everywhere", lambda a: np.broadcast_to(a[:1], a.shape).copy()),
    ("last_everywhere", "is its last row everywhere", lambda a: np.broadcast_to(a[-1:], a.shape).copy()),
    ("without_last", "is used without its last row", lambda a: a[:-1]),
    ("without_first", "is used without its first row", lambda a: a[1:]),
    ("mean", "is replaced by its mean along its first axis", lambda a: 0 * a + a.mean(axis=0)),
    ("sum", "is replaced by its sum along its first axis", lambda a: 0 * a + a.sum(axis=0)),
    ("centred", "has its mean taken away first", lambda a: a - a.mean(axis=0)),
    ("by_length", "is divided by its length", lambda a: a / len(a)),
    ("times_length", "is multiplied by its length", lambda a: a * len(a)),
)
SQUARE: tuple[Edit, ...] = (("turned", "is used transposed", lambda a: a.T),)
BATCH: tuple[Edit, ...] = (
    ("batch_mean", "is replaced by its mean over the samples", lambda a: 0 * a + a.mean(axis=-2, keepdims=True)),
    ("by_batch", "is divided by the number of samples", lambda a: a / a.shape[-2]),
)


@cache
def by_argument(assignment: Assignment, function: str) -> tuple[Mistake, ...]:
    """What can be done to the arguments of one function."""
    return tuple(made(assignment.functions[function]))


def made(function: Function) -> Iterator[Mistake]:
    """Each edit of each argument, and each two of the same form exchanged."""
    places = [*named(function)]
    for place, path, spec in places:
        edits = [*ANY]
        if spec.axes == ():
            edits += NUMBER
        else:
            edits += ROWS
            axes = spec.axes or ()
            edits += SQUARE if len(axes) == 2 and axes[0] == axes[1] else ()
            edits += BATCH if axes[-2:-1] == ("N",) and len(axes) == 3 else ()
        for id, words, change in edits:
            name = path or [*function.arguments][place]
            yield of(function, f"{name}_{id}", f"{name} {words}", name, changed(place, path, change))
    for (place, path, spec), (other, way, alike) in combinations(places, 2):
        if spec.axes is not None and spec.axes == alike.axes:
            one, two = (key or [*function.arguments][at] for at, key in ((place, path), (other, way)))
            yield of(
                function,
                f"{one}_for_{two}",
                f"{one} and {two} are exchanged",
                f"{one} and {two}",
                exchanged((place, path), (other, way)),
            )


def named(function: Function) -> Iterator[tuple[int, str, Array]]:
    """Every array that is an argument, or under a key of one: its place, the key, and its axes."""
    for place, spec in enumerate(function.arguments.values()):
        if isinstance(spec, Array):
            yield place, "", spec
        elif isinstance(spec, Mapping):
            for key, part in spec.items():
                yield place, key, part


Change = Callable[[list[Any]], None]


def changed(place: int, key: str, change: Callable[[Any], Any]) -> Change:
    """Change one argument, or what is under a key of it."""

    def do(arguments: list[Any]) -> None:
        if key:
            arguments[place] = {**arguments[place], key: change(arguments[place][key])}
        else:
            arguments[place] = change(arguments[place])

    return do


def exchanged(one: tuple[int, str], other: tuple[int, str]) -> Change:
    """Exchange two arguments, or what is under two keys."""

    def do(arguments: list[Any]) -> None:
        values = [arguments[place][key] if key else arguments[place] for place, key in (one, other)]
        for (place, key), value in zip((one, other), reversed(values), strict=True):
            changed(place, key, lambda _, value=value: value)(arguments)  # type: ignore[misc]

    return do


def of(function: Function, id: str, title: str, arguments: str, change: Change) -> Mistake:
    """The mistake of calling a right function with other arguments than it was given."""
    name = function.name

    def before(functions: Mapping[str, Callable[..., Any]]) -> Functions:
        def call(*arguments: Any) -> Any:
            given = [*arguments]
            change(given)
            return functions[name](*given)

        return {**functions, name: call}

    return Mistake(
        function=name,
        id=f"{name}_{id}",
        title=title,
        reread=f"the line of {name} that uses {arguments}.",
        seen_in="",
        make=lambda right: before({name: right[name]}),
        slots={f"argument {arguments}": id},
        by_rule=True,
        before=before,
    )
