"""Finds what a known mistake tells a student to reread: the headings of the notebook, by their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from autograder.course.assignment import Assignment
from autograder.naming.bank import bank

HEADING = re.compile(r"^#{1,4} (?:(\d(?:\.\d)?) · )?(.*)$", re.MULTILINE)
NUMBER = re.compile(r"(?<![\w.½−=/])([1-9](?:\.[1-9])?)(?:, '([^']+)'|(?=[:.,] |[:.]?$| and ))")
QUOTED = re.compile(r"(?:^|[.?] )'([^']+)'")  # a sentence that begins with a title


def headings(texts: Iterable[str]) -> dict[str, str]:
    """The titles of numbered headings, by number; a heading without a number by its title."""
    return {number or title: title for text in texts for number, title in HEADING.findall(text)}


def lost(assignment: Assignment, texts: Sequence[str]) -> list[str]:
    """A sentence for each known mistake whose ``reread`` names a heading, or quotes words, that these texts do not have.

    A reread may also be a rule in a sentence, which names no place.
    """
    known, prose = headings(texts), "\n".join(texts)
    said = []
    for mistake in bank(assignment):
        wrong = [
            f"{number}, {title!r}" if title else number
            for number, title in NUMBER.findall(mistake.reread)
            if number not in known or title not in known[number]
        ]
        wrong += [repr(words) for words in QUOTED.findall(mistake.reread) if words not in prose]
        if wrong:
            said.append(
                f"mistake {mistake.id}: reread names {wrong[0]}, which is no heading of the notebook; correct one of them."
            )
    return said
