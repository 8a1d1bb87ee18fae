"""A function's result as the student reads it, in a notebook and on the feedback page: HTML with inline styles only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from autograder.grading.judge import CAPPED, Check, FunctionResult
from autograder.grading.picture import picture_html

BOX = (
    "border:1px solid #888;border-left:6px solid {edge};border-radius:4px;padding:8px 12px;margin:4px 0;"
    "font-family:sans-serif;font-size:14px"
)
EDGES = {"right": "#0072b2", "partly": "#e69f00", "wrong": "#d55e00"}  # Okabe and Ito: told apart by everyone
TABLE = "border-collapse:collapse;margin:4px 0 4px 0;font-size:13px"
CELL = "border:1px solid #bbb;padding:2px 8px;text-align:left"


def result_html(result: FunctionResult, unreadable: str = "") -> str:
    """Points, the mistake by name, the first wrong check in full, the others in a line, what is right, remarks.

    Words carry the meaning, colour repeats it; nothing needs a script.
    """
    edge = "right" if result.points >= result.max_points else "partly" if result.points > 0 else "wrong"
    head = f"<b>{escape(result.name)}</b>: {result.points:g} of {result.max_points:g} points ({edge})"
    lines = [escape(unreadable)] if unreadable else reasons(result)
    paragraphs = "".join(line if line.startswith("<table") else f"<p style='margin:4px 0'>{line}</p>" for line in lines)
    return f'<div style="{BOX.format(edge=EDGES[edge])}"><p style="margin:0 0 4px 0">{head}</p>{paragraphs}</div>'


def reasons(result: FunctionResult) -> list[str]:
    """The lines of a result, the most telling first, as HTML."""
    wrong = [c for c in result.checks if c.share < 1 and c.sentence != CAPPED]
    capped = [c for c in result.checks if c.share < 1 and c.sentence == CAPPED]
    lines = [mistakes_html(result.mistakes)] if result.mistakes else []
    lines += in_full(wrong[0]) if wrong else []
    told = {wrong[0].sentence} if wrong else set()
    for check in wrong[1:]:
        said = "" if check.sentence in told else check.sentence
        told.add(check.sentence)
        lines.append(f"{sign(check)} {escape(check.title)} {escape(said)} {arrays_in_a_line(check)}")
    lines += [f"✓ {escape(c.title)} {escape(c.sentence)}" for c in result.checks if c.share == 1 and c.sentence]
    right = [c.title.rstrip(".") for c in result.checks if c.share == 1 and not c.sentence]
    if right:
        lines.append(f"✓ Right: {escape('; '.join(right))}.")
    if capped:
        titles = "; ".join(c.title.rstrip(".") for c in capped)
        lines.append(f"◐ Held, and counted as far as the numbers are right: {escape(titles)}.")
    notes = dict.fromkeys(note for c in result.checks for note in c.notes)
    return lines + [f"Note: {escape(note)}" for note in notes]


def mistakes_html(mistakes: Sequence[Mapping[str, str]]) -> str:
    """A known mistake by name and what to reread; two that these inputs cannot tell apart, as either or."""
    if len(mistakes) == 1:
        title, reread = escape(mistakes[0]["title"]), escape(mistakes[0]["reread"])
        return f"<b>Your numbers are exactly those of a known mistake: {title}.</b> Reread {reread}"
    either = "; or ".join(f"<b>{escape(m['title'])}</b> (reread {escape(m['reread'].rstrip('.'))})" for m in mistakes)
    return f"Your numbers are exactly those of {len(mistakes)} known mistakes that look alike here. Either {either}."


def in_full(check: Check) -> list[str]:
    """A wrong check with its arrays one by one, and a picture where part of an array is right."""
    lines = [f"{sign(check)} {escape(check.title)} {escape(check.sentence)}"]
    off = [(name, sentence) for name, ok, sentence in check.arrays if not ok]
    right = [f"<code>{escape(name)}</code>" for name, ok, _ in check.arrays if ok]
    if off:
        rows = "".join(
            f"<tr><td style='{CELL}'><code>{escape(name)}</code></td><td style='{CELL}'><b>wrong</b></td>"
            f"<td style='{CELL}'>{escape(sentence)}</td></tr>"
            for name, sentence in off
        )
        lines.append(f"<table style='{TABLE}'>{rows}</table>")
    if right and off:
        lines.append(f"right: {', '.join(right)}")
    return lines + [picture_html(*picture) for picture in check.pictures[:2]]


def arrays_in_a_line(check: Check) -> str:
    """Which arrays of a further check are wrong."""
    off = [f"<code>{escape(name)}</code>" for name, ok, _ in check.arrays if not ok]
    return f"Wrong: {', '.join(off)}." if off and len(off) < len(check.arrays) else "Wrong as well." if off else ""


def sign(check: Check) -> str:
    """A check's outcome as a sign."""
    return "✓" if check.share == 1 else "✗" if check.share == 0 else "◐"
