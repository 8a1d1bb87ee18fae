"""What an attack is, and what it got: points that nobody earned, or a canary."""

from __future__ import annotations

import pathlib
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograder.sample.accidents import own_cell
from autograder.sample.recipes import Accident, Notebook, Recipe

if TYPE_CHECKING:
    from tests.hostile.room import Room

A = "a1_linear_fit"
DONE = "the attack was " + "done"
Targets = Mapping[str, Any]
MAKE_DONE = "'the attack was ' + 'done'"  # so that the text of a cell does not hold what the attack would print


@dataclass(frozen=True)
class Got:
    """What an attack got."""

    points: float = 0.0
    touched: tuple[str, ...] = ()

    def more_than(self, earned: float) -> bool:
        """Whether this is anything that its author should not have."""
        return bool(self.touched) or self.points > earned + 0.005


@dataclass(frozen=True)
class Attack:
    """A submission that wants something, and its control.

    change: what is done to the notebook as given out, where the canaries are known. control: the same attack where the wall
    is missing, said in without. solved: on top of right answers instead of none. earned: points that are rightly its own.
    files: what else is put into the submission's folder. then: a second attack, which wants what the first one left behind.
    """

    name: str
    without: str
    control: Callable[[Room, Attack], Got]
    change: Callable[[Targets], Accident] = lambda at: lambda notebook: notebook
    solved: bool = False
    assignment: str = A
    earned: float = 0.0
    files: Callable[[pathlib.Path, Targets], None] | None = None
    then: Attack | None = None
    code: str = ""

    def recipe(self, at: Targets, student: str = "mallory") -> Recipe:
        """The attack as a submission: what it does not answer is as it was given out."""
        stubs = () if self.solved else tuple(Recipe(self.assignment, "").expected())
        return Recipe(self.assignment, self.name, student, stubs=stubs, accident=self.change(at))


def script(code: str, at: Targets) -> str:
    """Code that tries an attack and says when it is done; what stops it is printed."""
    body = textwrap.indent(textwrap.dedent(code).strip(), "    ")
    return (
        f"at = {dict(at)!r}\ntry:\n{body}\nexcept BaseException as error:\n    print(repr(error)[:300])\n"
        f"else:\n    print({MAKE_DONE})"
    )


def in_front(code: str) -> Callable[[Targets], Accident]:
    """A cell before all others."""

    def change(at: Targets) -> Accident:
        def accident(notebook: Notebook) -> Notebook:
            notebook["cells"].insert(0, own_cell(code))
            return notebook

        return accident

    return change


def tries(code: str) -> Callable[[Targets], Accident]:
    """A cell in front that tries this."""
    return lambda at: in_front(script(code, at))(at)
