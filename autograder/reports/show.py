"""A class report in a terminal, and as one HTML page that needs no network."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from markupsafe import Markup, escape
from rich.console import Console

from autograder.reports.class_data import NotGraded
from autograder.reports.class_report import ClassReport, Question
from autograder.reports.class_table import FEWEST
from autograder.reports.discrimination import FEW
from autograder.reports.distribution import bins
from autograder.reports.gradebook import Late
from autograder.reports.layout import Column, paragraph, table, title

BAR = 20
WIDE = 100  # from here on a bar is beside the numbers

POINTS = "Points of the autograded functions"
NO_GRADEBOOK = (
    "There is no gradebook here, so this report knows nothing of hand-graded answers, of late submissions, or of students "
    "who handed in nothing."
)
BY_HAND = (
    "Means are over the marked answers alone. An answer that is not marked yet, or was never written, is not in them."
)


def print_report(report: ClassReport, console: Console) -> None:
    """The report: the result, exceptions by name, then tables."""
    paragraph(console, f"{report.assignment}: {counts(report)}.", style="bold")
    paragraph(console, marks_line(report))
    print_exceptions(report, console)
    print_questions(report, console)
    if report.mistakes:
        columns = (Column("mistake"), Column("students", True), Column("in"), Column("who"))
        rows = [(m.title, str(len(m.students)), ", ".join(m.functions), ", ".join(m.students)) for m in report.mistakes]
        table(console, "Known mistakes", columns, rows)
    for heading, lines in comparisons(report):
        title(console, heading)
        for line in lines:
            paragraph(console, line, indent=2)
    if report.unnamed:
        title(console, "Wrong in other ways")
        for name, students in report.unnamed.items():
            paragraph(console, name, indent=2)
            for student, why in students:
                paragraph(console, f"{student}: {why}", indent=4)


def counts(report: ClassReport) -> str:
    """How many are graded, and how many are not, late or odd."""
    parts = [f"{len(report.students)} graded"]
    parts += [f"{len(report.not_graded)} handed in but not graded"] if report.not_graded else []
    parts += [f"{len(report.missing)} with nothing handed in"] if report.missing else []
    parts += [f"{len(report.misplaced)} in a wrong folder"] if report.misplaced else []
    parts += [f"{len(report.late)} late"] if report.late else []
    parts += [f"{len(report.looks)} to look at"] if report.looks else []
    return ", ".join(parts)


def marks_line(report: ClassReport) -> str:
    """The distribution of the marks in a sentence, and whose marks those are."""
    s = report.spread
    unreadable = (
        f", {len(report.unreadable)} of them without a readable notebook: 0 points" if report.unreadable else ""
    )
    return (
        f"{POINTS}, out of {report.max_points:g}: mean {number(s.mean)}, median {number(s.median)}, quartiles "
        f"{number(s.first_quartile)} and {number(s.third_quartile)}, lowest {number(s.low)}, highest {number(s.high)} "
        f"(n = {s.n}{unreadable})."
    )


def print_exceptions(report: ClassReport, console: Console) -> None:
    """What is out of the ordinary, by name, each with its reason."""
    if report.not_graded:
        title(console, f"Not graded: run `{report.grade_command}`")
        for row in report.not_graded:
            paragraph(console, f"{row.student}: {not_graded_reason(row)}", indent=2)
    if report.outdated:
        title(console, f"Changed since they were graded: run `{report.grade_command}`")
        paragraph(console, names(report.outdated, report.students), indent=2)
    if report.missing:
        title(console, "Nothing handed in")
        paragraph(console, ", ".join(report.missing), indent=2)
    if report.misplaced:
        title(console, "In a wrong folder")
        for sentence in report.misplaced:
            paragraph(console, sentence, indent=2)
    if report.late:
        title(console, "Late")
        for late in report.late:
            paragraph(console, f"{late.student}: {lateness(late)}", indent=2)
    for heading, rows in (("To look at", report.looks), ("Repaired or stopped", report.odd)):
        if rows:
            title(console, heading)
            for student, reasons in rows.items():
                for reason in reasons:
                    paragraph(console, f"{student}: {reason}", indent=2)
    for heading, students in other_lists(report):
        title(console, heading)
        paragraph(console, names(students, report.students), indent=2)
    if not report.has_gradebook:
        title(console, "No gradebook")
        paragraph(console, NO_GRADEBOOK, indent=2, hang=0)
    if report.unknown:
        title(console, "An assignment of an unknown name")
        paragraph(console, report.unknown, indent=2, hang=0)


def print_questions(report: ClassReport, console: Console) -> None:
    """Marks by question: the functions, then the answers that a person marks."""
    columns = [Column("function"), *(Column(h, True) for h in ("points", "mean", "n", "full", "part", "none"))]
    discriminates = any(q.discrimination is not None for q in report.questions)
    machine = [q for q in report.questions if not q.by_hand]
    rows = [(q.name, f"{q.max_points:g}", mean(q), *map(str, (q.n, q.full, q.part, q.none))) for q in machine]
    if discriminates:
        columns.append(Column("discrimination", True))
        rows = [(*row, correlation(q)) for row, q in zip(rows, machine, strict=True)]
    if console.width >= WIDE:
        columns.append(Column("mean share"))
        rows = [(*row, bar(q)) for row, q in zip(rows, machine, strict=True)]
    table(console, "Functions", columns, rows)
    if report.hardest:
        hardest = ", ".join(f"{q.name} {100 * q.share:.0f}%" for q in report.hardest)
        paragraph(console, f"The hardest, by mean share of the points: {hardest}.")
    for line in absent_lines(report):
        paragraph(console, line)
    answers = [q for q in report.questions if q.by_hand]
    if answers:
        columns = [
            Column(h, h != "answer") for h in ("answer", "points", "mean", "marked", "not marked yet", "no answer")
        ]
        rows = [
            (q.name, f"{q.max_points:g}", mean(q), *map(str, (q.n, len(q.waiting), len(q.no_answer)))) for q in answers
        ]
        table(console, "Answers marked by hand", columns, rows)
        paragraph(console, BY_HAND, hang=0)
        for line in answer_lines(report):
            paragraph(console, line, indent=2)


def absent_lines(report: ClassReport) -> list[str]:
    """Who is not counted in a function's row, by function."""
    again = f"run `{report.grade_command} --force`"
    return [
        f"{q.name}: not asked when these were graded, so {again}: {', '.join(q.absent)}"
        for q in report.questions
        if q.absent
    ]


def answer_lines(report: ClassReport) -> list[str]:
    """Who waits for a mark, gave no answer, or should be looked at again, by answer."""
    lines = []
    for q in report.questions:
        if q.waiting:
            lines.append(f"{q.name}: not marked yet: {names(q.waiting, report.students)}")
        if q.no_answer:
            lines.append(f"{q.name}: no answer from {names(q.no_answer, report.students)}")
        if q.review:
            lines.append(f"{q.name}: marked, then graded again; look at it once more: {', '.join(q.review)}")
    return lines


def mean(question: Question) -> str:
    """The mean of a question's marks."""
    return "–" if question.mean is None else f"{question.mean:.2f}"


def correlation(question: Question) -> str:
    """How well a question separates those who know."""
    return "–" if question.discrimination is None else f"{question.discrimination:.2f}"


def comparisons(report: ClassReport) -> list[tuple[str, list[str]]]:
    """What is compared, each with its lines: with an earlier table, those who improved most first; and section by section."""
    moved = [c for c in report.changes if c.before != c.now]
    changes = [f"{c.student}: {number(c.before)}, now {number(c.now)}" for c in moved]
    sections = [
        f"{one.name}: {one.n} students, mean {number(one.spread.mean)}, median {number(one.spread.median)}, quartiles "
        f"{number(one.spread.first_quartile)} and {number(one.spread.third_quartile)}"
        if one.spread
        else f"{one.name}: {one.n} students; fewer than {FEWEST} are not compared"
        for one in report.sections
    ]
    found = (("Since the earlier table", changes), ("Sections", sections))
    return [(heading, lines) for heading, lines in found if lines]


def bar(question: Question) -> str:
    """The mean share as a bar of characters."""
    full = round(BAR * question.share)
    return "█" * full + "·" * (BAR - full)


def other_lists(report: ClassReport) -> list[tuple[str, tuple[str, ...]]]:
    """Lists of students that are mostly empty, with what they say."""
    found = (
        ("Looked at: needs no more", report.looked_at),
        ("Graded, without a point", report.nothing),
        ('Graded with isolation = "none": their code ran without a sandbox', report.uncaged),
        ("Graded, but not in the gradebook", report.unrecorded),
    )
    return [(heading, students) for heading, students in found if students]


def names(students: Sequence[str], everybody: Sequence[str]) -> str:
    """Students in a line."""
    return "everybody" if len(students) == len(everybody) > 1 else ", ".join(students)


def not_graded_reason(row: NotGraded) -> str:
    """Why there is no mark."""
    return "grading was interrupted" if row.interrupted else "handed in, not graded"


def lateness(late: Late) -> str:
    """How late, and what that costs."""
    penalty = f"penalty {number(late.penalty)} points" if late.penalty else "no penalty"
    return f"{duration(late.seconds)} late, {penalty}" if late.seconds else penalty


def duration(seconds: float) -> str:
    """A time in its two largest units."""
    left, parts = round(seconds), []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def number(value: float) -> str:
    """A number with at most two decimals."""
    return f"{round(value, 2):g}"


def with_code(words: str) -> Markup:
    """A sentence as HTML, with what is between backticks as code."""
    parts = [escape(part) for part in words.split("`")]
    if len(parts) % 2 == 0:  # one that opens and does not close
        return escape(words)
    return Markup("").join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))


def write_page(report: ClassReport, path: pathlib.Path) -> pathlib.Path:
    """The report as one HTML file; return its path."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(pathlib.Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(number=number, lateness=lateness, why=not_graded_reason, code=with_code)
    page = environment.get_template("page.html").render(
        report=report,
        counts=counts(report),
        marks_line=marks_line(report),
        bins=bins(list(report.marks.values()), report.max_points),
        lists=[(heading, names(students, report.students)) for heading, students in other_lists(report)],
        outdated=names(report.outdated, report.students),
        absent_lines=absent_lines(report),
        answer_lines=answer_lines(report),
        mean=mean,
        correlation=correlation,
        discriminates=any(q.discrimination is not None for q in report.questions),
        few=FEW,
        comparisons=comparisons(report),
        by_hand=BY_HAND,
        no_gradebook=NO_GRADEBOOK,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path
