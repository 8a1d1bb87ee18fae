"""What an assignment's contract is written in: a row for each function that students write.

A row says all that the rest of the program needs to know of a function: what it takes and returns, with shapes, what it
rests on, and which of its arguments are upstream gradients. Shapes are the names of axes, as in ``"T N H"``:

    T steps of time, N samples, I input_size, H hidden_size, C classes, O outputs, updates of a training

Any other word is an axis of its own. ``""`` is a number. Two axes with different names are different sizes in every
problem that decides points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

TIME = ("T", "T+1", "updates")  # along these axes one thing comes after another
CACHE = "keep"  # stays in the student's process, behind a number
TEXT = "text"

Spec = Any  # Array | CACHE | TEXT | dict[str, Spec] | tuple[Spec, ...]
Given = Any  # Array | Mapping[str, Array] | a word for anything else, such as "cache" or "batches"


@dataclass(frozen=True)
class Array:
    """An array, or a number, by its name and the names of its axes. axes None: any shape."""

    name: str
    axes: tuple[str, ...] | None = None


def array(name: str, axes: str) -> Array:
    """An array with these axes, as in ``array("outputs", "T N H")``."""
    return Array(name, tuple(axes.split()))


def arrays(**axes: str) -> dict[str, Array]:
    """Arrays by name, as in ``arrays(x="T N I", h0="N H")``."""
    return {name: array(name, each) for name, each in axes.items()}


def texts(*names: str) -> dict[str, str]:
    """Strings under these keys."""
    return dict.fromkeys(names, TEXT)


@dataclass(frozen=True)
class Function:
    """One function of an assignment.

    arguments: by name, in order. needs names the functions that its inputs come from or that it is built of. upstream
    names the arguments that are upstream gradients: what is returned is linear in them. composed: it is nothing but the
    functions it needs put together, so that it can be judged, and a mistake in it named, upon the student's own.
    """

    name: str
    arguments: Mapping[str, Given]
    returns: Spec
    needs: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    composed: bool = False

    @cached_property
    def wire(self) -> Any:
        """What the student's process is asked to send back: ``returns`` without names and shapes."""
        return plain(self.returns)

    @cached_property
    def arrays(self) -> tuple[Array, ...]:
        """Every array that it takes or returns."""
        return (*arrays_in(self.arguments), *arrays_in(self.returns))

    @property
    def in_words(self) -> bool:
        """Whether it returns text alone: there are no numbers to be wrong, nor another style to write it in."""
        return set(leaves(self.wire)) == {TEXT}

    def time_first(self, name: str, ndim: int) -> bool:
        """Whether the first axis of one of its arrays is time, and no other one."""
        axes = self.axes_of(name, ndim)
        return axes[:1] != () and axes[0] in TIME and axes.count(axes[0]) == 1

    def axes_of(self, name: str, ndim: int) -> tuple[str, ...]:
        """The names of the axes of one of its arrays; () where the contract does not name as many."""
        found = (a.axes for a in self.arrays if a.name == name and a.axes is not None and len(a.axes) == ndim)
        return next(found, ())


def plain(spec: Spec) -> Any:
    """A spec with the word "array" for every array."""
    if isinstance(spec, Array):
        return "array"
    if isinstance(spec, Mapping):
        return {key: plain(part) for key, part in spec.items()}
    return tuple(map(plain, spec)) if isinstance(spec, tuple) else spec


def leaves(wire: Any) -> Iterator[str]:
    """The words that a plain spec is made of."""
    if isinstance(wire, (Mapping, tuple)):
        for part in wire.values() if isinstance(wire, Mapping) else wire:
            yield from leaves(part)
    else:
        yield wire


def arrays_in(spec: Spec) -> Iterator[Array]:
    """Every array in a spec, or in the arguments of a function."""
    if isinstance(spec, Array):
        yield spec
    elif isinstance(spec, (Mapping, tuple)):
        for part in spec.values() if isinstance(spec, Mapping) else spec:
            yield from arrays_in(part)
