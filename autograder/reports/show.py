"""A class report as tables in a terminal and as one HTML page that needs no network."""

from __future__ import annotations

import pathlib

from rich.console import Console
from rich.table import Table

from autograder.reports.class_report import ClassReport, Question

BAR = 20


def print_report(report: ClassReport, console: Console) -> None:
    """The report as tables, the result first."""
    marks = sorted(report.marks.values())
    middle = marks[len(marks) // 2]
    console.print(
        f"[bold]{report.assignment}[/bold]: {len(marks)} graded; of {report.max_points:g} points the lowest mark is "
        f"{marks[0]:g}, the middle {middle:g}, the highest {marks[-1]:g}."
    )
    table = Table(title="Marks by question")
    for heading in ("question", "points", "mean", "", "in full", "in part", "none"):
        table.add_column(heading, justify="left" if heading in ("question", "") else "right")
    for q in report.questions:
        waiting = f" ({q.waiting} to be marked)" if q.waiting else ""
        table.add_row(
            q.name + waiting, f"{q.max_points:g}", f"{q.mean:.2f}", bar(q), str(q.full), str(q.part), str(q.none)
        )
    console.print(table)
    if report.mistakes:
        table = Table(title="Known mistakes", show_lines=True)
        for heading in ("students", "mistake", "in", "who"):
            table.add_column(heading, justify="right" if heading == "students" else "left")
        for m in report.mistakes:
            table.add_row(str(len(m.students)), m.title, ", ".join(m.functions), ", ".join(m.students))
        console.print(table)
    for title, rows in (("Wrong in other ways", report.unnamed), ("Repaired, stopped or unreadable", report.odd)):
        if rows:
            console.print(f"[bold]{title}[/bold]")
            for name, lines in rows.items():
                console.print(f"  {name}")
                for line in lines:
                    console.print(f"    {line}", highlight=False)


def bar(question: Question) -> str:
    """The mean share as a bar of characters."""
    full = round(BAR * question.share)
    return "█" * full + "·" * (BAR - full)


def write_page(report: ClassReport, path: pathlib.Path) -> pathlib.Path:
    """The report as one HTML file; return its path."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(pathlib.Path(__file__).parent), autoescape=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(environment.get_template("page.html").render(report=report), encoding="utf-8")
    return path
