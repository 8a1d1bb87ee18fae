"""A function's result as the student reads it, in a notebook and on the feedback page: HTML with inline styles only."""

from __future__ import annotations

from html import escape

from autograder.grading.judge import Check, FunctionResult
from autograder.grading.picture import picture_html

BOX = (
    "border:1px solid #888;border-left:6px solid {edge};border-radius:4px;padding:8px 12px;margin:4px 0;"
    "font-family:sans-serif;font-size:14px"
)
EDGES = {"right": "#0072b2", "partly": "#e69f00", "wrong": "#d55e00"}  # Okabe and Ito: told apart by everyone
TABLE = "border-collapse:collapse;margin:4px 0 4px 0;font-size:13px"
CELL = "border:1px solid #bbb;padding:2px 8px;text-align:left"


def result_html(result: FunctionResult, unreadable: str = "") -> str:
    """Points, what is right, what is not and what was seen. Words carry the meaning, colour repeats it."""
    if unreadable:
        lines = [f"<p>{escape(unreadable)}</p>"]
    else:
        lines = [mistake_html(m) for m in result.mistakes]
        lines += [check_html(c) for c in result.checks if c.share < 1 or c.sentence or c.notes]
        right = [c.title.rstrip(".") for c in result.checks if c.share == 1]
        if right:
            lines.append(f"<p style='margin:4px 0'>✓ Right: {escape('; '.join(right))}.</p>")
    edge = "right" if result.points >= result.max_points else "partly" if result.points > 0 else "wrong"
    head = f"<b>{escape(result.name)}</b>: {result.points:g} of {result.max_points:g} points ({edge})"
    return f'<div style="{BOX.format(edge=EDGES[edge])}"><p style="margin:0 0 4px 0">{head}</p>{"".join(lines)}</div>'


def mistake_html(mistake: object) -> str:
    """A known mistake by name and what to reread."""
    assert isinstance(mistake, dict)
    return (
        f"<p style='margin:4px 0'><b>Your numbers are exactly those of a known mistake: {escape(mistake['title'])}.</b> "
        f"{escape(mistake['reread'])}</p>"
    )


def check_html(check: Check) -> str:
    """One check that was not passed in full, or that has something to say."""
    sign = "✓" if check.share == 1 else "✗" if check.share == 0 else "◐"
    lines = [f"<p style='margin:4px 0'>{sign} {escape(check.title)} {escape(check.sentence)}</p>"]
    if any(not ok for _, ok, _ in check.arrays):
        rows = "".join(
            f"<tr><td style='{CELL}'><code>{escape(name)}</code></td><td style='{CELL}'>{'right' if ok else '<b>wrong</b>'}</td>"
            f"<td style='{CELL}'>{escape(sentence)}</td></tr>"
            for name, ok, sentence in check.arrays
        )
        lines.append(f"<table style='{TABLE}'>{rows}</table>")
    lines += [picture_html(*picture) for picture in check.pictures]
    lines += [f"<p style='margin:4px 0'>Note: {escape(note)}</p>" for note in check.notes]
    return "".join(lines)


def one_line(result: FunctionResult) -> str:
    """The first thing wrong with a function, for a table."""
    if result.mistakes:
        return f"{result.name}: {result.mistakes[0]['title']}"
    for check in result.checks:
        if check.share < 1:
            off = [name for name, ok, _ in check.arrays if not ok]
            return (
                f"{result.name}: {', '.join(off)} wrong" if off else check.sentence or f"{result.name}: {check.title}"
            )
    return ""
