"""What this assignment has: its functions, how each is called and checked, and its points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# What a check cannot see, in the words below its table.
FULL = "nothing that we know of; the hidden tests use other numbers and sizes."
CACHE = "what you put into the cache: only the backward function shows that."
SHAPE = "how it fares with functions that jump or bend sharply: it is tried on polynomials and a sine."
OWN = "a wrong {}: the differences are taken of your own, so a backward that fits a wrong forward passes here."
LOSS = "a wrong {}: the slopes are those of your own loss, so a factor that is wrong in both passes here."
BELOW = "a wrong function below it: the steps are judged by differences of your own loss."


@dataclass(frozen=True)
class Form:
    """How a function is called, and what it returns."""

    call: str
    returns: str

    @property
    def arguments(self) -> list[str]:
        return [part.partition("=")[0].strip() for part in self.call.partition("(")[2].rstrip(")").split(",")]

    @property
    def parts(self) -> list[str]:
        """The names of what it returns, where that is a tuple."""
        return self.returns.strip("()").split(", ")


@dataclass(frozen=True)
class Contract(Form):
    """What the course says of a function that you write, and the function that checks it."""

    needs: tuple[str, ...]
    blind: str
    run: Callable[[Any], None]


CONTRACTS: dict[str, Contract] = {}  # by function, in the order of the notebook
GIVEN: dict[str, Form] = {}  # functions that the notebook gives you, by name
LAWS: dict[tuple[str, ...], Callable[[Any], None]] = {}  # by the functions that they tie together
POINTS: dict[str, float] = {}  # by function; the build fills it from the notebook


def checks(call: str, returns: str, needs: str = "", *, blind: str = FULL) -> Callable[[Any], Any]:
    """Register the decorated function as the check of the function that is called like this.

    `needs` names the functions that it depends on; `blind` says what the check cannot see.
    """
    name, lower = call.partition("(")[0], tuple(needs.split())

    def register(run: Callable[[Any], None]) -> Callable[[Any], None]:
        CONTRACTS[name] = Contract(call, returns, lower, blind.format(lower[0] if lower else ""), run)
        return run

    return register


def gives(call: str, returns: str) -> None:
    """Register a function that the notebook gives you, and that checks call."""
    GIVEN[call.partition("(")[0]] = Form(call, returns)


def form_of(name: str) -> Form:
    """How a function of the notebook is called, and what it returns."""
    return CONTRACTS[name] if name in CONTRACTS else GIVEN[name]


def ties(*names: str) -> Callable[[Any], Any]:
    """Register laws across the functions `names`; the first one is the one that they say most about."""

    def register(run: Callable[[Any], None]) -> Callable[[Any], None]:
        LAWS[names] = run
        return run

    return register
