"""What was repaired in the cells of a notebook, in words: a line for each cell, or one line for many of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from autograder.grading.words import listed

MANY = 3  # the same change of more cells than this is one line


class Change(Enum):
    """A repair: what is said of one cell behind its name, and of many in front of the first names."""

    LOST_ID = (
        "identified by content; the cell had lost its id",
        "cells had lost their ids and were found by their content",
    )
    EDITED = "had been edited; restored to the released version", "cells had been edited and were restored as released"
    RETYPED = "was a {was} cell; changed back to a {now} cell", "cells were of another type; changed back"
    COPIED = "found {count} times; one copy kept", "cells were found several times; one copy of each kept"
    ANSWERED = "the answer was in {count} cells; joined into one", "answers were in several cells each; joined"
    SPLIT = "was split across {count} cells; joined again", "cells had been split; joined again"
    DEFINED = (
        "found {count} times; all copies were run, so the last definition counts",
        "cells were found several times; all copies were run, so the last definitions count",
    )
    MISSING = "was missing; restored", "cells were missing; restored"
    CHANGED = "had been changed; the released one runs before it", "cells had been changed; the released ones run first"
    UNDEFINED = "no cell defines it", "functions are defined in no cell"


@dataclass
class Changes:
    """The repairs of one notebook, in the order in which each kind was first made."""

    cells: dict[Change, dict[str, str]] = field(default_factory=dict)

    def note(self, change: Change, name: str, **details: object) -> None:
        """Remember what was done with the cell of this grade_id."""
        self.cells.setdefault(change, {})[name] = change.value[0].format(**details)

    def lines(self) -> list[str]:
        """All of it."""
        lines = []
        for change, cells in self.cells.items():
            if len(cells) > MANY:
                lines.append(f"{len(cells)} {change.value[1]}: {listed(list(cells), MANY)}.")
            else:
                lines += [f"{name}: {said}." for name, said in cells.items()]
        return lines
