"""`autograder report`: in the terminal, as a page for the teacher and one for the class, and as a table."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass, replace

from rich.console import Console

from autograder.course.seed import course_seed
from autograder.reports.class_data import read_class, without_names
from autograder.reports.class_page import write_class_page
from autograder.reports.class_report import overruled, summary
from autograder.reports.class_table import changes, compared, hashed, read_sections, write_table
from autograder.reports.show import print_report, write_page


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    assignment: str
    anonymous: bool = False
    research: bool = False
    roster: pathlib.Path | None = None
    before: pathlib.Path | None = None


def main(course: pathlib.Path, options: Options, console: Console) -> None:
    """Write the files, print the report. Raises LookupError where nothing is graded or a file cannot be read."""
    data, cover = read_class(course.resolve(), options.assignment)
    sections = read_sections(options.roster) if options.roster else {}
    report = summary(data, str)
    moved = changes(options.before, report.marks) if options.before else ()
    report = replace(report, sections=compared(report.marks, sections), changes=moved)
    place, name, shown = course / "reports", options.assignment, data
    for_class = write_class_page(report, place / f"{name}-class.html")
    tables = {}
    if options.research:
        tables[place / f"{name}-research.csv"] = hashed(data, course_seed(course.resolve()))
    if options.anonymous:
        name, shown, by_section = f"{name}-anonymous", without_names(data, cover.numbers), report.sections
        moved = tuple(sorted((replace(c, student=cover.numbers[c.student]) for c in moved), key=lambda c: c.student))
        report = replace(summary(shown, cover.text), sections=by_section, changes=moved)
    tables[place / f"{name}.csv"] = shown
    page = write_page(report, place / f"{name}.html")
    for path, rows in tables.items():
        marks = rows.records.marks if rows.records else ()
        write_table(path, rows, [overruled(g, marks) for g in rows.graded], sections if rows is data else {})
    print_report(report, console)
    print(f"\nAs a page: {page}\nTo project in class, without a name: {for_class}")
    print(f"As a table: {', '.join(map(str, tables))}\nNext: {report.next_step}")
