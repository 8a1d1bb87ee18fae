"""A picture of a wrong array: which entries, or which time steps, are right and which are wrong. Words and signs, no script."""

from __future__ import annotations

import numpy as np

MAX_ENTRIES = 600
RIGHT, WRONG = "·", "✗"


def rows_of(wrong: np.ndarray | None) -> tuple[str, ...]:
    """The mask of a wrong array as lines of signs; nothing where all or none of it is wrong, or it is too large to see.

    An array with time first has a line for each step: its rows lie side by side.
    """
    if wrong is None or wrong.ndim == 0 or wrong.size > MAX_ENTRIES or wrong.all() or not wrong.any():
        return ()
    flat = np.atleast_2d(wrong) if wrong.ndim < 3 else wrong.reshape(len(wrong), -1)
    return tuple("".join(WRONG if entry else RIGHT for entry in row) for row in flat)
