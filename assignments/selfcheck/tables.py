"""What is shown: a table for each check, and one line a function in the summary."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass, field

from .registry import CONTRACTS
from .values import count, sentence

TO_DO = "to do"
UNDECIDED = "undecided"
LATER = "graded later"


@dataclass(frozen=True)
class Row:
    """One line of a table: an array that was compared, or a law that was checked."""

    kind: str  # "array", "law" or "name"
    name: str
    ok: bool
    words: str = ""
    shape: str = ""
    worst: str = ""
    error: str = ""
    todo: bool = False  # not judged: a function that it needs is not written yet
    uses: frozenset[str] = frozenset()  # your other functions that were called for this row
    fix_first: str = ""  # not judged: this function is wrong, and the row depends on it
    later: bool = False  # not judged: the form is right, and only the grader knows the rest
    own: bool = False  # not judged: it agrees with numbers of yours that are wrong

    @property
    def verdict(self) -> str:
        if self.todo:
            return TO_DO
        if self.fix_first or self.own:
            return UNDECIDED
        if self.later:
            return LATER
        return (("BROKEN", "holds") if self.kind == "law" else ("WRONG", "OK"))[self.ok]

    @property
    def judged(self) -> bool:
        """Does this row say whether your function is right?"""
        return not (self.todo or self.fix_first or self.later or self.own)

    @property
    def cells(self) -> list[str]:
        return [self.name, self.verdict, self.shape, self.error, self.worst, self.words]


@dataclass(frozen=True)
class Result:
    """What a check found. `repr` is the points, `str` the table as text; Jupyter shows the table in HTML."""

    name: str
    points: float
    of: float
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    blind: str = ""
    seed: int | None = None
    uses: frozenset[str] = frozenset()  # your functions that were called

    def __repr__(self) -> str:
        if self.verdict == LATER:
            return LATER  # no number: the check does not know it
        return f"{self.points:g}" if self.of else str(self)

    @property
    def passed(self) -> bool:
        return bool(self.rows) and all(row.ok for row in self.rows)

    @property
    def fix_first(self) -> tuple[str, ...]:
        """The wrong functions because of which some rows cannot be judged, the lowest first."""
        return tuple(sorted({row.fix_first for row in self.rows if row.fix_first}, key=list(CONTRACTS).index))

    @property
    def verdict(self) -> str:
        """OK or WRONG; to do, undecided or graded later where nothing is wrong as far as it can be judged."""
        if self.passed:
            return LATER if any(row.later for row in self.rows) else "OK"
        if not self.rows or any(row.judged and not row.ok for row in self.rows):
            return "WRONG"
        return TO_DO if any(row.todo for row in self.rows) else UNDECIDED

    @property
    def words(self) -> str:
        """The verdict in one sentence."""
        if len(self.rows) == 1 and not self.passed:
            return sentence(self.rows[0].words)
        parts = []
        if self.fix_first:
            waiting = ", ".join(row.name for row in self.rows if row.fix_first)
            parts.append(f"fix {self.fix_first[0]} first, until then undecided: {waiting}")
        parts += self.words_of_arrays()
        own = ", ".join(row.name for row in self.rows if row.own)
        parts += [f"undecided: {own}"] if own else []
        parts += self.words_of_laws()
        parts += dict.fromkeys(row.words.rstrip(".") for row in self.rows if row.todo)
        later = sum(row.later for row in self.rows)
        parts += [f"{count(later, 'name')} given, 0 points yet: graded after you hand in"] if later else []
        return sentence("; ".join(parts) or "nothing was checked")

    def words_of_arrays(self) -> list[str]:
        rows = [row for row in self.rows if row.kind != "law" and row.judged]
        wrong = [row.name for row in rows if not row.ok]
        if len(wrong) == len(rows) > 1:
            return [f"all {len(rows)} {rows[0].kind.replace('array', 'comparison')}s are wrong"]
        if wrong:
            return [f"wrong: {', '.join(wrong)}"]
        return [f"{count(len(rows), 'comparison')} right"] if rows else []

    def words_of_laws(self) -> list[str]:
        rows = [row for row in self.rows if row.kind == "law" and row.judged]
        broken = sum(not row.ok for row in rows)
        if broken:
            return [f"{broken} of {len(rows)} laws broken" if len(rows) > 1 else "1 law broken"]
        if len(rows) == 1:
            return ["1 law holds"]
        return [f"all {len(rows)} laws hold"] if rows else []

    @property
    def title(self) -> str:
        if not self.of:
            return f"Laws of {self.name}" if self.name else "selfcheck.laws"
        if self.verdict == LATER:
            return self.name
        if self.name not in CONTRACTS:
            return "selfcheck.check"
        open_verdict = f"{self.verdict}, " if self.verdict in (TO_DO, UNDECIDED) else ""
        return f"{self.name}: {open_verdict}{self.points:g} of {self.of:g} points"

    def tables(self) -> Iterator[tuple[list[str], list[list[str]]]]:
        """(heads, cells) of the array table and of the law table, without empty columns; one sentence needs none."""
        for kind in () if len(self.rows) == 1 and not self.passed else ("array", "name", "law"):
            rows = [row for row in self.rows if row.kind == kind]
            heads = [
                {"array": "comparison"}.get(kind, kind),
                "verdict",
                "shape",
                "relative error",
                "worst entry",
                "in words",
            ]
            kept = [j for j in range(len(heads)) if any(row.cells[j] for row in rows)]
            if rows:
                yield [heads[j] for j in kept], [[row.cells[j] for j in kept] for row in rows]

    def foot(self) -> list[str]:
        """The lines below the tables."""
        if all(row.todo for row in self.rows):
            return self.notes
        call = f'check("{self.name}", seed={self.seed})' if self.of else f"laws(…, seed={self.seed})"
        lines = [*self.notes]
        if self.blind and any(row.ok or row.error for row in self.rows):
            lines.append(f"What this cannot see: {self.blind}")
        if self.seed is not None and (self.name not in CONTRACTS or any(CONTRACTS[self.name].arguments)):
            lines.append(f"The numbers are those of seed {self.seed}; selfcheck.{call} draws them again.")
        return lines

    def __str__(self) -> str:
        lines = []
        for heads, cells in self.tables():
            widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
            for line in [heads, *cells]:
                lines.append("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        return "\n  ".join([f"{self.title}: {self.words}", *lines, *self.foot()])

    def _repr_html_(self) -> str:
        tables = "".join(html_table(heads, cells) for heads, cells in self.tables())
        foot = "".join(f"<div style='opacity:.85;font-size:90%'>{html.escape(line)}</div>" for line in self.foot())
        head = f"<b>{html.escape(self.title)}</b>: {html.escape(self.words)}"
        return f"<div style='margin:4px 0'>{head}{tables}{foot}</div>"


@dataclass(frozen=True)
class Summary:
    """One line for every function that was checked."""

    results: list[Result]
    unchecked: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        if not self.results:
            return "No check has run yet: run the cells below your functions first."
        earned = sum(result.points for result in self.results)
        total = sum(result.of for result in self.results)
        checked = f"{count(len(self.results), 'function')} checked"
        for verdict in (TO_DO, UNDECIDED, LATER):
            number = sum(result.verdict == verdict for result in self.results)
            checked += f", {number} {verdict}" if number else ""
        return f"{checked}: {earned:g} of {total:g} points, not counting written answers."

    @property
    def cells(self) -> list[list[str]]:
        return [[r.name, r.verdict, f"{r.points:g} of {r.of:g}", r.words] for r in self.results]

    def __repr__(self) -> str:
        wide = max((len(result.name) for result in self.results), default=0)
        mark_wide = max((len(result.verdict) for result in self.results), default=0)
        lines = [f"{name:{wide}}  {mark:{mark_wide}}  {points:9}  {words}" for name, mark, points, words in self.cells]
        return "\n  ".join([self.title, *lines, *self.foot()])

    def foot(self) -> list[str]:
        return [f"Not checked yet: {', '.join(self.unchecked)}."] if self.results and self.unchecked else []

    def _repr_html_(self) -> str:
        heads = ["function", "verdict", "points", "in words"]
        return f"<b>{self.title}</b>{html_table(heads, self.cells) if self.results else ''}{''.join(self.foot())}"


CELL_STYLE = "padding:2px 12px 2px 0;text-align:left;vertical-align:top;border-bottom:1px solid rgba(128,128,128,.35)"
BADGE_STYLE = "color:#fff;border-radius:3px;padding:0 6px;font-weight:600;white-space:nowrap;background:"
BLUE, VERMILION, GREY = "#0060a8", "#b34700", "#5c6370"
COLOURS = {
    "OK": BLUE,
    "holds": BLUE,
    "WRONG": VERMILION,
    "BROKEN": VERMILION,
    TO_DO: GREY,
    UNDECIDED: GREY,
    LATER: GREY,
}


def html_table(heads: list[str], cells: list[list[str]]) -> str:
    """A table whose verdicts are words on blue, vermilion or grey: readable without colour, on light and dark pages."""
    rows = ["".join(f"<th style='{CELL_STYLE}'>{head}</th>" for head in heads)]
    for line in cells:
        shown = [html.escape(cell) for cell in line]
        shown[1] = f"<span style='{BADGE_STYLE}{COLOURS[line[1]]}'>{shown[1]}</span>"
        rows.append("".join(f"<td style='{CELL_STYLE}'>{cell}</td>" for cell in shown))
    body = "".join(f"<tr style='background:transparent'>{row}</tr>" for row in rows)
    return f"<table style='border-collapse:collapse;margin:4px 0'>{body}</table>"
