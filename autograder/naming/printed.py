"""Printed reports of the self-check that students match with the mistakes that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LETTERS = "ABCDEF"


@dataclass(frozen=True)
class Printed:
    """Six mistakes of one function, in the order of the letters, and names that fit no report.

    seed is that of the numbers in the reports: one whose sizes all differ.
    """

    function: str
    chosen: tuple[str, ...]
    others: tuple[str, ...]
    seed: int

    @property
    def key(self) -> Mapping[str, str]:
        """The name behind each letter."""
        return dict(zip(LETTERS, self.chosen, strict=True))
