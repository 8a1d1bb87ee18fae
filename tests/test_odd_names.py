"""Names that students choose, where a terminal or a spreadsheet would act upon them."""

from __future__ import annotations

import csv
import io
import logging
import pathlib

import pytest
from nbgrader.api import Gradebook
from rich.console import Console

from autograder.bulk.moves import Move, write_csv
from autograder.bulk.show import Lines, Watch
from autograder.course.settings import scripts_on_path
from autograder.plugins.export import CourseCsv

CLEAR = "\x1b[2J"


def terminal() -> Console:
    """A terminal that can be read."""
    return Console(file=io.StringIO(), force_terminal=True, width=200, color_system=None)


def test_no_name_moves_the_cursor_or_ends_the_bar() -> None:
    console = terminal()
    with Watch(console).over("a1", 2) as watch:
        watch.moved(1, [f"[/eve]{CLEAR}"])
    Lines(console).emit(logging.LogRecord("", logging.WARNING, "", 0, "%s: odd", (f"[/eve]{CLEAR}",), None))
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert said.count("[/eve]") >= 2
    assert CLEAR not in said


FORMULAS = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1"]


@pytest.mark.parametrize("name", FORMULAS)
def test_no_name_in_a_table_of_moves_is_a_formula(tmp_path: pathlib.Path, name: str) -> None:
    write_csv([Move(name, "test_predict", 1.0, 0.0, None)], tmp_path / "moves.csv")
    with (tmp_path / "moves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["student"] for row in rows] == [f"'{name}"]
    assert rows[0]["points"] == "-1.0"


@pytest.mark.thorough
def test_no_name_in_the_table_of_marks_is_a_formula(tmp_path: pathlib.Path) -> None:
    scripts_on_path()
    table = CourseCsv()
    table.to = str(tmp_path / "grades.csv")
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.add_assignment("a1_linear_fit")
        gradebook.add_student("ada", first_name="Ada", last_name="O'Neil")
        for name in FORMULAS:
            gradebook.add_student(name, first_name=name, last_name=name, email=name)
        table.export(gradebook)
    with open(table.to, newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert rows["ada"]["last_name"] == "O'Neil"
    for name in FORMULAS:
        row = rows[f"'{name}"]
        assert {row[key] for key in ("first_name", "last_name", "email")} == {f"'{name}"}
