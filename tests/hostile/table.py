"""The table of the hostile class: what each attack gets from the grader, and what it gets where the wall is missing."""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from tests.hostile import families
from tests.hostile.attack import Attack, Got
from tests.hostile.room import Room, open_room


@dataclass(frozen=True)
class Line:
    """An attack, and what it got both ways."""

    family: str
    attack: Attack
    walled: Got
    bare: Got
    honest: bool
    seconds: float

    @property
    def wrong(self) -> str:
        """What is not as it should be; "" where all is."""
        if self.walled.more_than(self.attack.earned):
            return f"it got {self.walled}"
        if not self.honest:
            return "the honest student beside it has another mark, or other words"
        return "" if self.bare.more_than(self.attack.earned) else "its control got nothing"


def all_attacks() -> dict[str, tuple[Attack, ...]]:
    """Every family with its attacks."""
    names = sorted(module.name for module in pkgutil.iter_modules(families.__path__))
    return {name: importlib.import_module(f"tests.hostile.families.{name}").ATTACKS for name in names}


def tried(room: Room, family: str, attack: Attack, honest: tuple[float, str]) -> Line:
    """One attack both ways, and the honest student after it."""
    begun = time.monotonic()
    walled = room.walled(attack)
    seconds = time.monotonic() - begun
    return Line(family, attack, walled, attack.control(room, attack), room.honest() == honest, seconds)


def lines(room: Room, chosen: Mapping[str, Sequence[Attack]]) -> Iterator[Line]:
    """All of these attacks."""
    honest = room.honest()
    for family, attacks in chosen.items():
        for attack in attacks:
            yield tried(room, family, attack, honest)


def run(console: Console, names: Sequence[str] = ()) -> int:
    """Try all families, or some, and print the table. Exit code 1: something is wrong."""
    chosen = {name: attacks for name, attacks in all_attacks().items() if not names or name in names}
    table = Table("family", "attack", "with walls", "the wall that is missing", "without it", "s", "")
    wrong = 0
    with open_room() as room:
        for line in lines(room, chosen):
            wrong += bool(line.wrong)
            table.add_row(
                line.family,
                line.attack.name,
                shown(line.walled),
                line.attack.without,
                shown(line.bare),
                f"{line.seconds:.1f}",
                line.wrong,
            )
    console.print(table)
    console.print(f"{table.row_count} attacks, {wrong} not as they should be.")
    return 1 if wrong else 0


def shown(got: Got) -> str:
    """Points and canaries in a few words."""
    return f"{got.points:g} points" + (f"; {', '.join(got.touched)}" if got.touched else "")
