"""The page of what submissions share: pairs, how many in the class share it too, and the code side by side."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from jinja2 import Environment, FileSystemLoader

from autograder.reports.similar import Pair

NO_VERDICT = (
    "This compares; it does not say why. Two may share code or numbers because they learnt together, from the same page or "
    "from each other, or because there is one natural way to write it. Read the code and ask before you conclude anything."
)
MOST_LINES = 120  # of a function


def write_similar_page(assignment: str, count: int, pairs: Sequence[Pair], path: pathlib.Path) -> pathlib.Path:
    """Write the page; return its path. Everything on it is a student's, so everything is escaped."""
    environment = Environment(
        loader=FileSystemLoader(pathlib.Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("similar.html").render(
        assignment=assignment, count=count, pairs=pairs, no_verdict=NO_VERDICT, others=others, lines=lines
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8", errors="replace")
    return path


def others(count: int) -> str:
    """How many more share it."""
    return "nobody else" if count <= 0 else f"{count} more" if count > 1 else "1 more"


def lines(code: str, shared: frozenset[int]) -> list[tuple[bool, str]]:
    """The lines of a function, each with whether it is shared."""
    found = [(number in shared, line[:300]) for number, line in enumerate(code.split("\n"), 1)]
    return found[:MOST_LINES]
