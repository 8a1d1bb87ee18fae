"""Known mistakes as edits: a skeleton is right, an edit fills some of its slots wrongly, a view shows it in one function.

One list of edits serves every function that is the same computation: a recurrent layer, its truncated backward, one cell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.naming.bank import Build, MistakesIn


@dataclass(frozen=True)
class Edit:
    """Slots filled wrongly, and the words for it.

    ``says`` is a title in which {weight_hh} is what a view calls that array; ``hint`` ends what a student rereads.
    """

    id: str
    says: str
    slots: Mapping[str, Any]
    hint: str = ""
    seen_in: str = ""

    @property
    def place(self) -> str:
        """The first slot: it decides what to reread."""
        return next(iter(self.slots))


def edit(id: str, says: str, hint: str = "", *, seen_in: str = "", **slots: Any) -> Edit:
    """An edit of these slots."""
    return Edit(id, says, slots, hint, seen_in)


class Words(dict[str, str]):
    """What titles call an array in one function: by its own name where nothing else is said."""

    def __missing__(self, name: str) -> str:
        return name


@dataclass(frozen=True)
class View:
    """A function that is a skeleton seen from one side: ``build`` makes it with some slots filled wrongly.

    where: how a title begins. reread: by slot, or by id where one edit has a place of its own. words: what titles call
    an array here. ids: for edits whose name here is not ``prefix`` and their own.
    """

    function: str
    build: Build
    reread: Mapping[str, str]
    where: str = ""
    prefix: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)

    def show(self, edits: Iterable[Edit], *, but: Collection[str] = (), by_rule: bool = False) -> None:
        """Register these edits as known mistakes of this function, but for some that make no sense or no difference here."""
        known, words = MistakesIn(self.function, self.build, by_rule=by_rule), Words(self.words)
        for one in edits:
            if one.id in but:
                continue
            place = self.reread.get(one.id) or self.reread[one.place]
            known(
                self.ids.get(one.id, self.prefix + one.id),
                self.where + one.says.format_map(words),
                f"{place} {one.hint.format_map(words)}".strip(),
                seen_in=one.seen_in,
                **one.slots,
            )
