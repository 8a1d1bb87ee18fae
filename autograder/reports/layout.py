"""Sentences and tables in a terminal of any width. Nothing is cut: what does not fit is wrapped, or laid out in lines."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.grading.words import printable

NARROWEST = 20  # columns; below, a terminal wraps by itself
COMFORTABLE = 28  # a column of text is not squeezed below this, or its own width


@dataclass(frozen=True)
class Column:
    """A column of a table; numbers go to the right."""

    heading: str
    right: bool = False


def title(console: Console, words: str) -> None:
    """A line that names what follows, after an empty one."""
    console.print()
    console.print(Text(plain(words), "bold"), soft_wrap=True)


def paragraph(console: Console, words: str, indent: int = 0, hang: int = 2, style: str = "") -> None:
    """Text from a margin on; its second and later lines are indented by hang more."""
    lines = textwrap.wrap(
        plain(words),
        width=max(console.width, NARROWEST),
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hang),
        break_on_hyphens=False,
    )
    for line in lines:
        console.print(Text(line, style), soft_wrap=True)


def table(console: Console, name: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """A table where it fits the terminal, otherwise a few lines for each row."""
    title(console, name)
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = column_widths([[c.heading for c in columns], *cells], console.width)
    if widths is None:
        for row in cells:
            print_row(console, columns, row)
        return
    drawn = Table(show_lines=any(len(cell) > width for row in cells for cell, width in zip(row, widths, strict=True)))
    for column, width in zip(columns, widths, strict=True):
        drawn.add_column(
            Text(column.heading), width=width, justify="right" if column.right else "left", overflow="fold"
        )
    for row in cells:
        drawn.add_row(*map(Text, row))
    console.print(drawn)


def column_widths(rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """A width for each column such that no word is broken; None where the table does not fit."""
    columns = list(zip(*rows, strict=True))
    natural = [max(map(wide, column)) for column in columns]
    words = [max(wide(word) for cell in column for word in cell.split() or [""]) for column in columns]
    least = [max(word, COMFORTABLE) if most > COMFORTABLE else word for word, most in zip(words, natural, strict=True)]
    room = width - 3 * len(columns) - 1
    if sum(least) > room:
        return None
    widths = list(natural)
    while sum(widths) > room:
        loose = max(range(len(widths)), key=lambda i: widths[i] - least[i])
        widths[loose] -= 1
    return widths


def print_row(console: Console, columns: Sequence[Column], row: Sequence[str]) -> None:
    """A row as lines: its first cell, the numbers together, then each text by itself."""
    others = list(zip(columns, row, strict=True))[1:]
    paragraph(console, row[0], indent=2, style="bold")
    numbers = ", ".join(f"{column.heading} {cell}" for column, cell in others if column.right and cell)
    if numbers:
        paragraph(console, numbers, indent=4)
    for column, cell in others:
        if not column.right and cell:
            paragraph(console, f"{column.heading}: {cell}", indent=4)


def wide(words: str) -> int:
    """How many columns of a terminal a text takes."""
    return Text(words).cell_len


def plain(words: str) -> str:
    """The text on one line, without what a terminal would act upon."""
    return printable(words).replace("\n", " ").strip()
