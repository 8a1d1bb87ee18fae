"""Numbers instead of names, for a report that is shown to others.

The numbers are in a random order, drawn anew for each report and kept nowhere: nobody can get back from a report to a
student, and two reports cannot be put side by side to find out who is who.
"""

from __future__ import annotations

import pathlib
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autograder.grading.files import walk
from autograder.grading.handed_in import shown

ANY_NOTEBOOK = re.compile(r"[^\s(),:;\[\]]+\.ipynb\b", re.IGNORECASE)


@dataclass(frozen=True)
class Disguise:
    """Who is called what, and what must not be in any text."""

    numbers: Mapping[str, str]
    files: re.Pattern[str] | None
    ids: re.Pattern[str] | None
    names: re.Pattern[str] | None

    def text(self, said: str) -> str:
        """The text without the names of files and students."""
        if self.files is not None:
            said = self.files.sub(lambda match: unnamed(match.group()), said)
        said = ANY_NOTEBOOK.sub("the notebook", said)
        for pattern in (self.ids, self.names):
            if pattern is not None:
                said = pattern.sub("a student", said)
        return said


def disguise(students: Mapping[str, Iterable[str]], folders: Iterable[pathlib.Path]) -> Disguise:
    """Draw a number for every student. students: ids with a person's other names; folders: what they handed in."""
    shuffled = sorted(students)
    random.SystemRandom().shuffle(shuffled)
    digits = len(str(len(shuffled)))
    names = {name for others in students.values() for name in others if len(name) > 1}
    files = {name for folder in folders for name in names_below(folder)}
    return Disguise(
        numbers={student: f"#{number:0{digits}}" for number, student in enumerate(shuffled, 1)},
        files=any_of(files, re.IGNORECASE),
        ids=any_of(students, re.IGNORECASE),
        names=any_of(names),  # with its capital letter, since "Long" and "Page" are words, too
    )


def names_below(folder: pathlib.Path) -> set[str]:
    """The names of all files and folders below this one, as they are and as messages show them."""
    found = set()
    for inside, _ in walk(folder):
        name = pathlib.PurePath(inside).name
        found |= {name, inside, shown(name), shown(inside)}
    return found


def unnamed(name: str) -> str:
    """What is said instead of a file name."""
    return "the notebook" if name.lower().endswith(".ipynb") else "a file"


def any_of(words: Iterable[str], flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str] | None:
    """A pattern for any of these words, the longest first, never in the middle of another word."""
    longest_first = sorted({word for word in words if word}, key=len, reverse=True)
    if not longest_first:
        return None
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, longest_first))})(?![^\W_])", flags)
