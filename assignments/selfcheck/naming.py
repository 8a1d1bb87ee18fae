"""The exercise that asks for the name of each mistake: only the form of the answer is checked."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from .tables import Row
from .trial import Trial
from .values import Missing, kind_of, shortened

NAMES = "whether your names are the right ones: that is graded later."
NO_NAME = "no name yet"


def check_names(trial: Trial, name: str, names: Sequence[str]) -> None:
    """One row a letter: is there a name, and is it one of `names`, the list in the notebook?"""
    for letter, given in trial.mapping(trial.call(name), list("ABCDEF")).items():
        words = words_of_name(given, names)
        trial.add(Row("name", letter, not words, words, todo=words == NO_NAME, later=not words))


def words_of_name(given: Any, names: Sequence[str]) -> str:
    """What is wrong with one name; nothing where it is in the list, however it is spaced or capitalised."""
    if isinstance(given, Missing):
        return str(given)
    if given is None or (isinstance(given, str) and not given.strip()):
        return NO_NAME
    if not isinstance(given, str):
        return f"expected a name from the list, got {kind_of(given)}"
    name = given.strip(" \n`").lower()
    if name in names:
        return ""
    near = difflib.get_close_matches(name, names)
    meant = f"did you mean {' or '.join(near)}?" if near else f"the list has {', '.join(names)}"
    return f"{shortened(repr(given), 40)} is not in the list of names; {meant}"
