"""The registry of known mistakes: one module an assignment, one small function a mistake.

A mistake is a wrong reference. Its function takes ``own``, the other functions of the assignment by name, and returns
those that stand in their place: for a backward its own right forward (whose cache it knows) and the wrong backward; for
a function that is built of others the wrong function alone, which calls them through ``own``.

Most are a right function, ``build``, with some ``slots`` filled wrongly; two that fill different slots compose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any

from autograder.course.assignment import Assignment

Own = Mapping[str, Callable[..., Any]]
Functions = dict[str, Callable[..., Any]]
Make = Callable[[Own], Functions]
Build = Callable[..., Functions]  # own, and the slots that are filled wrongly, by name


class How(Enum):
    """What is said of a student's numbers and a known mistake."""

    KNOWN = "known"  # they are exactly those of it
    BESIDE = "beside"  # they are right, and all else ends as it does for it
    RULE = "rule"  # no known mistake: a rule makes them of the right ones
    PARTS = "parts"  # these arrays are those of it, and the others are explained too
    PARTLY = "partly"  # these arrays are those of it
    HERE = "here"  # they are exactly those of it in the test that tells most, and not in others


NAME_RTOL = 1e-9  # two results are the same mistake when they are this close; wrong starts at 1e-7


@dataclass(frozen=True)
class Mistake:
    """One known mistake in one function. ``seen_in`` says where people make it; an empty one, that it is plausible.

    rtol is how close to its numbers a student's must be to carry its name.
    """

    function: str
    id: str
    title: str
    reread: str
    seen_in: str
    make: Make
    rtol: float = NAME_RTOL
    build: Build | None = None
    slots: Mapping[str, Any] = field(default_factory=dict, compare=False)
    by_rule: bool = False  # one of a family, such as every slope that people write: no case of its own
    before: Callable[[Own], Functions] | None = None  # what is done to the arguments of these functions, if it is that

    def told(self) -> dict[str, str]:
        """What a student and a teacher read of it."""
        return {"id": self.id, "title": self.title, "reread": self.reread}


_BANK: dict[str, list[Mistake]] = {}  # by module


class MistakesIn:
    """Registers the known mistakes of one function, in one of three forms.

    ``known(id, title, reread, slot=…)`` fills slots of ``build``; ``known(id, title, reread, make)`` needs no build, and
    the same without make decorates it.
    """

    def __init__(self, function: str, build: Build | None = None, *, by_rule: bool = False) -> None:
        self.function, self.build, self.by_rule = function, build, by_rule

    def __call__(
        self,
        id: str,
        title: str,
        reread: str,
        make: Make | None = None,
        *,
        seen_in: str = "",
        rtol: float = NAME_RTOL,
        **slots: Any,
    ) -> Callable[[Make], Make]:
        """Register a mistake. Raises ValueError for a second use of an id or a title."""
        if title.endswith(".") or "\n" in title:
            raise ValueError(f"The title of {id} should be one line without a full stop at its end.")
        build = self.build if slots else None

        def register(make: Make) -> Make:
            known = _BANK.setdefault((build or make).__module__, [])
            taken = any(id == m.id or (title, self.function) == (m.title, m.function) for m in known)
            if taken and self.by_rule:  # it is listed already
                return make
            if taken:
                raise ValueError(f"The id {id} or the title {title!r} is taken. Give this mistake another.")
            known.append(Mistake(self.function, id, title, reread, seen_in, make, rtol, build, slots, self.by_rule))
            return make

        if build is not None:
            register(lambda own: build(own, **slots))
        elif make is not None:
            register(make)
        return register


@cache
def bank(assignment: Assignment) -> tuple[Mistake, ...]:
    """Every known mistake of one assignment, in the order in which its modules tell them; none where it has no bank.

    Those that are made by rule are not among them.
    """
    return tuple(m for m in registered(assignment) if not m.by_rule)


@cache
def registered(assignment: Assignment) -> tuple[Mistake, ...]:
    """The same with those that are made by rule."""
    if not assignment.has("mistakes"):
        return ()
    package = assignment.part("mistakes").__name__
    return tuple(m for name, known in _BANK.items() for m in known if name == package or name.startswith(f"{package}."))


@cache
def mistakes_of(assignment: Assignment, function: str) -> tuple[Mistake, ...]:
    """The known mistakes of one function."""
    return tuple(m for m in bank(assignment) if m.function == function)


@cache
def made_by_rule(assignment: Assignment, function: str) -> tuple[Mistake, ...]:
    """Those of one function that are made by rule."""
    return tuple(m for m in registered(assignment) if m.by_rule and m.function == function)


def find(assignment: Assignment, id: str) -> Mistake:
    """One mistake by its id. Raises KeyError."""
    return {m.id: m for m in registered(assignment)}[id]
