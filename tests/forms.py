"""Forms in which a right result may come back: another dtype, another memory layout, another container."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np


class Grads(dict):
    """A dict of another class, with a method of its own."""

    def norm(self) -> float:
        """The 2-norm of all arrays together."""
        return float(np.sqrt(sum(np.sum(np.square(v)) for v in self.values())))


class Record(Mapping):
    """A mapping that is not a dict."""

    def __init__(self, **items: Any) -> None:
        self.stored = items

    def __getitem__(self, key: str) -> Any:
        return self.stored[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.stored)

    def __len__(self) -> int:
        return len(self.stored)


def each(value: Any, change: Callable[[Any], Any], text: bool = False) -> Any:
    """A dict, tuple or array with every array and number changed, and text too where that is asked for."""
    if isinstance(value, Mapping):
        return {key: each(part, change, text) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(each(part, change, text) for part in value)
    return value if isinstance(value, str) and not text else change(value)


def read_only(array: Any) -> np.ndarray:
    """The same numbers, locked."""
    array = np.array(array)
    array.setflags(write=False)
    return array


def strided(array: Any) -> np.ndarray:
    """The same numbers as a view with gaps in memory."""
    array = np.asarray(array, dtype=float)
    if array.ndim == 0:
        return array
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]))
    wide[..., ::2] = array
    return wide[..., ::2]


FORMS: dict[str, Callable[[Any], Any]] = {
    "fortran order": lambda value: each(value, lambda array: np.asarray(array, order="F")),
    "read-only": lambda value: each(value, read_only),
    "float32": lambda value: each(value, np.float32),
    "lists": lambda value: each(value, lambda array: np.asarray(array).tolist()),
    "strided": lambda value: each(value, strided),
    "long double": lambda value: each(value, np.longdouble),
    "0-d arrays": lambda value: each(value, np.asarray),
    "an ordered dict, or a list for a tuple": lambda v: OrderedDict(v) if isinstance(v, dict) else listed(v),
    "a dict class with one more key": lambda v: Grads(v, extra=np.ones(3)) if isinstance(v, dict) else listed(v),
    "a mapping": lambda value: Record(**value) if isinstance(value, dict) else value,
}


def listed(value: Any) -> Any:
    """A list in place of a tuple."""
    return list(value) if isinstance(value, tuple) else value


def in_form(function: Callable[..., Any], form: Callable[[Any], Any], cached: bool) -> Callable[..., Any]:
    """A function whose result has another form. cached: the last of several results is a cache, which stays as it is."""

    def formed(*arguments: Any) -> Any:
        if not cached:
            return form(function(*arguments))
        *results, cache = function(*arguments)
        return *map(form, results), cache

    return formed
