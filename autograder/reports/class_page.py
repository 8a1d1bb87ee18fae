"""The page to project in class: what went wrong and how often, without any student on it."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, FileSystemLoader

from autograder.grading.words import number
from autograder.reports.class_report import ClassReport
from autograder.reports.class_table import FEWEST
from autograder.reports.discrimination import FEW, in_words
from autograder.reports.distribution import bins

WIDTH, HEIGHT, LEFT, TOP, AXIS = 480, 250, 10, 20, 170  # of the histogram, in units of its drawing
ALONE = 2  # a mistake of fewer students than this is counted and not named: it would be somebody's own


@dataclass(frozen=True)
class Bar:
    """One bar of the histogram in units of the drawing, with what is written above and below it."""

    x: float
    y: float
    width: float
    height: float
    count: int
    low: str


@dataclass(frozen=True)
class Histogram:
    """Bars, and a box over the middle half of the marks with a line at the median, on the same scale."""

    bars: tuple[Bar, ...]
    low: float
    first: float
    median: float
    third: float
    high: float


def write_class_page(report: ClassReport, path: pathlib.Path) -> pathlib.Path:
    """Write the page, one file that needs no network; return its path."""
    environment = Environment(
        loader=FileSystemLoader(pathlib.Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(number=number, in_words=in_words)
    shared = [m for m in report.mistakes if len(m.students) >= ALONE]
    path.parent.mkdir(parents=True, exist_ok=True)
    page = environment.get_template("class_page.html").render(
        report=report,
        histogram=histogram(report),
        mistakes=shared,
        alone=len(report.mistakes) - len(shared),
        most=max((len(m.students) for m in shared), default=1),
        discriminates=any(q.discrimination is not None for q in report.questions),
        few=FEW,
        fewest=FEWEST,
        moves=moves(report),
    )
    path.write_text(page, encoding="utf-8")
    return path


def histogram(report: ClassReport) -> Histogram:
    """The marks of the class as a drawing."""
    found = bins(list(report.marks.values()), report.max_points)
    most, top = max((one.count for one in found), default=1), found[0].high * len(found) if found else 1

    def place(points: float) -> float:
        return round(LEFT + (WIDTH - 2 * LEFT) * points / top, 1)

    bars, width = [], round((WIDTH - 2 * LEFT) / max(len(found), 1), 1)
    for one in found:
        height = round((AXIS - TOP) * one.count / most, 1)
        bars.append(Bar(place(one.low), AXIS - height, width, height, one.count, number(one.low)))
    s = report.spread
    five = (s.low, s.first_quartile, s.median, s.third_quartile, s.high)
    return Histogram(tuple(bars), *map(place, five))


def moves(report: ClassReport) -> Sequence[tuple[str, int]]:
    """How many have more, as many, and fewer points than in the earlier table."""
    steps = [change.now - change.before for change in report.changes]
    counts = (sum(s > 0.005 for s in steps), sum(abs(s) <= 0.005 for s in steps), sum(s < -0.005 for s in steps))
    return list(zip(("more points", "as many", "fewer"), counts, strict=True)) if steps else []
