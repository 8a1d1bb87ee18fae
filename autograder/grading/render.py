"""A function's result as the student reads it, in a notebook and on the feedback page: HTML with inline styles only."""

from __future__ import annotations

import pathlib
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from autograder.grading import next_words, words
from autograder.grading.results import FunctionResult, Outcome

TEMPLATES = pathlib.Path(__file__).parent / "templates"
EDGES = {"right": "#0072b2", "partly": "#e69f00", "wrong": "#d55e00"}  # Okabe and Ito: told apart by everyone
IN_A_LINE = (Outcome.HELD, Outcome.UNDECIDED)  # these cost nothing by themselves: their titles are enough
SHOWN_PICTURES = 2


def result_html(result: FunctionResult, unreadable: str = "") -> str:
    """Points, the mistake by name, the first wrong check in full, the others in a line, what is right, remarks.

    Words carry the meaning, colour repeats it; nothing needs a script.
    """
    extent = words.extent(result.points, result.max_points)
    wrong = [check for check in result.checks if check.lost and check.outcome not in IN_A_LINE]
    lines = {o: [c for c in result.checks if c.outcome is o] for o in (Outcome.RIGHT, *IN_A_LINE)}
    return box().render(
        result=result,
        unreadable=unreadable,
        extent=extent,
        edge=EDGES[extent],
        first=wrong[:1],
        others=[(check, words.further(check, wrong[:place])) for place, check in enumerate(wrong) if place],
        lines={outcome: checks for outcome, checks in lines.items() if checks},
        explained=list(next_words.explained(result.mistakes)),
        next_step=next_words.next_step(result),
        notes=list(dict.fromkeys(note for check in result.checks for note in check.notes)),
        pictures=SHOWN_PICTURES,
    )


@cache
def box() -> Template:
    """The template, compiled once."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["words"] = words
    return environment.get_template("result.html.j2")
