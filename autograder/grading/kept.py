"""Parts of what was kept as JSON, each of the type that it should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Json = Mapping[str, Any]


def each(kept: Any, key: str, read: Callable[[Any], T]) -> tuple[T, ...]:
    """The parts of a list, each read."""
    return tuple(map(read, items(mapping(kept).get(key, ()))))


def texts(kept: Any, key: str) -> tuple[str, ...]:
    """The strings of a list."""
    return each(kept, key, string)


def text(kept: Any, key: str) -> str:
    """A string; empty where it is missing."""
    return string(mapping(kept).get(key, ""))


def mapping(value: Any) -> Json:
    """The value if it is a dict. Raises TypeError."""
    if not isinstance(value, dict):
        raise TypeError(f"expected a dict, got {value!r:.40}")
    return value


def items(value: Any) -> Sequence[Any]:
    """The value if it is a list. Raises TypeError."""
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"expected a list, got {value!r:.40}")
    return value


def string(value: Any) -> str:
    """The value if it is a string. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"expected a string, got {value!r:.40}")
    return value


def number(value: Any) -> float:
    """The value if it is a number. Raises TypeError."""
    if not isinstance(value, (int, float)):
        raise TypeError(f"expected a number, got {value!r:.40}")
    return float(value)
