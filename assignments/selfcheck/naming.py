"""The exercise that asks for the name of each mistake: only the form of the answer is checked."""

from __future__ import annotations

from .tables import Row
from .trial import Trial
from .values import MISSING, kind_of

NAMES = "whether your names are the right ones: only their form is checked."


def check_names(trial: Trial, name: str) -> None:
    """One row a letter: is there a name, and is it in the list?"""
    listed = trial.space.get("mistake_names")  # the list above the cell, where the notebook gives it that name
    for letter, given in trial.mapping(trial.call(name), list("ABCDEF")).items():
        if given is MISSING:
            words = "this key is missing in your dict"
        elif not isinstance(given, str) or not given.strip():
            words = "no name yet" if given in ("", None) else f"expected a name from the list, got {kind_of(given)}"
        else:
            words = "" if not listed or given in listed else f"{given!r} is not in the list of names"
        trial.add(Row("array", letter, not words, words))
