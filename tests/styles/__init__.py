"""Right answers in really different styles: what any student may hand in and must get full points for.

A style is a function of ``own``, the reference functions by name, that returns the functions it puts in their place.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Own = Mapping[str, Callable[..., Any]]
Functions = dict[str, Callable[..., Any]]
Style = Callable[[Own], Functions]

STYLES: dict[str, dict[str, Style]] = {}


def style(function: str) -> Callable[[Style], Style]:
    """Register a style of one function under the decorated function's name."""

    def register(make: Style) -> Style:
        known = STYLES.setdefault(function, {})
        assert make.__name__ not in known, make.__name__
        known[make.__name__] = make
        return make

    return register


# ---- forms of a result -----------------------------------------------------------------------------------------------


class Grads(dict):
    """A dict of another class, with a method of its own."""

    def norm(self) -> float:
        """So that it is not only a name."""
        return float(np.sqrt(sum(np.sum(np.square(v)) for v in self.values())))


class Record(Mapping):
    """A mapping that is no dict."""

    def __init__(self, **items: Any) -> None:
        self.items_ = items

    def __getitem__(self, key: str) -> Any:
        return self.items_[key]

    def __iter__(self) -> Any:
        return iter(self.items_)

    def __len__(self) -> int:
        return len(self.items_)


def fortran(value: Any) -> Any:
    """Every array in Fortran's order."""
    return each(value, lambda array: np.asarray(array, order="F"))


def read_only(value: Any) -> Any:
    """Every array locked."""

    def lock(array: np.ndarray) -> np.ndarray:
        array = np.array(array)
        array.setflags(write=False)
        return array

    return each(value, lock)


def single(value: Any) -> Any:
    """Every array in float32."""
    return each(value, lambda array: np.asarray(array, dtype=np.float32))


def lists(value: Any) -> Any:
    """Every array as nested lists."""
    return each(value, lambda array: np.asarray(array).tolist())


def strided(value: Any) -> Any:
    """Every array as a view with holes in memory."""

    def holes(array: np.ndarray) -> np.ndarray:
        array = np.asarray(array, dtype=float)
        if array.ndim == 0:
            return array
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]))
        wide[..., ::2] = array
        return wide[..., ::2]

    return each(value, holes)


def longer(value: Any) -> Any:
    """Every array in the longest float that there is."""
    return each(value, lambda array: np.asarray(array, dtype=np.longdouble))


def each(value: Any, change: Callable[[Any], Any]) -> Any:
    """A dict, tuple or array with every array changed."""
    if isinstance(value, Mapping):
        return {key: each(part, change) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(each(part, change) for part in value)
    return change(value)


FORMS: dict[str, Callable[[Any], Any]] = {
    "fortran": fortran,
    "read_only": read_only,
    "float32": single,
    "lists": lists,
    "strided": strided,
    "long_double": longer,
    "ordered_dict": lambda value: OrderedDict(value) if isinstance(value, dict) else list(value),
    "own_dict_with_more": lambda value: Grads(value, extra=np.ones(3)) if isinstance(value, dict) else list(value),
    "mapping": lambda value: Record(**value) if isinstance(value, dict) else value,
}


def in_form(function: Callable[..., Any], form: Callable[[Any], Any]) -> Callable[..., Any]:
    """A function whose result has another form."""
    return lambda *arguments, **keywords: form(function(*arguments, **keywords))
