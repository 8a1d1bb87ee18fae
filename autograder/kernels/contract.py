"""What an assignment's contract is written in: a row for each function that students write.

``returns`` tells the student's process what to send back: ``"array"`` (whatever np.asarray makes of it), ``"keep"``
(stays there, behind a number: a cache), ``"text"``, a dict of these by key, a tuple of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Spec = Any  # "array" | "keep" | "text" | dict[str, Spec] | tuple[Spec, ...]


@dataclass(frozen=True)
class Function:
    """One function of an assignment.

    needs names the functions that its inputs come from or that it is built of. composed: it is nothing but these put
    together, so that it can be judged, and a mistake in it named, upon the student's own.
    """

    name: str
    arguments: tuple[str, ...]
    returns: Spec
    needs: tuple[str, ...] = ()
    composed: bool = False


def arrays(*names: str) -> dict[str, Spec]:
    """A dict of arrays under these keys."""
    return dict.fromkeys(names, "array")
