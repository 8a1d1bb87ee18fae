"""Sizes and time: what takes a stock program minutes, or fills a page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from nbconvert.filters.highlight import Highlight2HTML

from tests.hostile.attack import Attack, Got
from tests.hostile.controls import system
from tests.hostile.room import Room
from tests.test_hostile import in_formgrader, markdown_cell

SHORT, TOO_SLOW = (
    16_000,
    1.0,
)  # characters, and seconds that a stock program takes for them: four times for twice as many


def slow(name: str, kind: str, unit: str, stock: Callable[[str], Any]) -> Attack:
    """A megabyte of this in a cell; the control gives a sixtieth of it to the stock program."""

    def change(notebook: dict[str, Any]) -> dict[str, Any]:
        source = unit * (1_000_000 // len(unit))
        notebook["cells"].insert(0, {"cell_type": kind, "metadata": {}, "source": source})
        return notebook

    def control(room: Room, attack: Attack) -> Got:
        begun = time.process_time()
        stock(unit * (3 * SHORT // len(unit)))
        return Got(0.0, ("slow",) if time.process_time() - begun > TOO_SLOW else ())

    return Attack(name, "nbconvert", control, lambda at: change)


def rendered(text: str) -> str:
    """As the stock formgrader shows it."""
    return in_formgrader([markdown_cell(text)])


PLAIN = "a plain process"
ATTACKS = (
    system("eight megabytes at once", "print('x' * (8 << 20))", PLAIN),
    slow("a megabyte of formulas without end", "markdown", "\\begin{a}", rendered),
    slow("a megabyte of names with dots", "code", "a.a.", Highlight2HTML()),
    system("eight megabytes of emoji", "print('🎈' * (2 << 20))", PLAIN),
    system(
        "eight megabytes of errors",
        "import sys\nfor _ in range(80): sys.stdout.write('e' * (100 << 10) + '\\x1b[1m')",
        PLAIN,
    ),
)
