"""The table of all marks that `nbgrader export` writes: nbgrader's own, with numbers as people write them."""

from __future__ import annotations

import pathlib
from typing import Any

from nbgrader.plugins import CsvExportPlugin

from autograder.grading.words import number

NUMBERS = 4  # the last columns of a row: points, late penalty, points that count, points there are


class RoundedCsv(CsvExportPlugin):  # type: ignore[misc]
    """nbgrader adds up points as binary fractions, which gives 12.299999999999999: here it is 12.3."""

    def export(self, gradebook: Any) -> None:
        """Write the table."""
        super().export(gradebook)
        path = pathlib.Path(self.to or "grades.csv")
        heading, *rows = path.read_text().splitlines()
        path.write_text("\n".join([heading, *map(rounded, rows)]) + "\n")


def rounded(row: str) -> str:
    """A row of the table with at most two decimals."""
    start, *points = row.rsplit(",", NUMBERS)
    return ",".join([start, *(number(float(one)) if one else "" for one in points)])
