"""A picture of a wrong array: which entries, or which time steps, are right and which are wrong. Words and signs, no script."""

from __future__ import annotations

from html import escape

import numpy as np

MAX_ENTRIES = 600
RIGHT, WRONG = "·", "✗"
STYLE = {
    RIGHT: "background:#dbeaf5;color:#0072b2",
    WRONG: "background:#d55e00;color:#fff;font-weight:bold",
}
ENTRY = "display:inline-block;width:1.15em;text-align:center;border:1px solid #fff;font-family:monospace;"
LABEL = "padding:0 8px 0 0;font-size:12px"
CAPTION = "caption-side:top;text-align:left;padding:2px 0;white-space:nowrap;font-size:13px"


def rows_of(wrong: np.ndarray | None) -> tuple[str, ...]:
    """The mask of a wrong array as lines of signs; nothing where all or none of it is wrong, or it is too large to see.

    An array with time first has a line for each step: its rows lie side by side.
    """
    if wrong is None or wrong.ndim == 0 or wrong.size > MAX_ENTRIES or wrong.all() or not wrong.any():
        return ()
    flat = np.atleast_2d(wrong) if wrong.ndim < 3 else wrong.reshape(len(wrong), -1)
    return tuple("".join(WRONG if entry else RIGHT for entry in row) for row in flat)


def picture_html(name: str, rows: tuple[str, ...], time_first: bool) -> str:
    """The lines as a small table with a legend in words."""
    steps = [f"step {i} of {len(rows)}" if time_first else f"row {i}" for i in range(1, len(rows) + 1)]
    lines = "".join(
        f"<tr><td style='{LABEL}'>{label if len(rows) > 1 else ''}</td><td style='padding:0;white-space:nowrap'>"
        + "".join(f"<span style='{ENTRY}{STYLE[sign]}'>{sign}</span>" for sign in row)
        + "</td></tr>"
        for label, row in zip(steps, rows, strict=True)
    )
    legend = f"<code>{escape(name)}</code>, entry by entry: {RIGHT} right, {WRONG} wrong"
    caption = f"<caption style='{CAPTION}'>{legend}</caption>"
    return f"<table style='border-collapse:collapse;margin:0 0 6px 0'>{caption}{lines}</table>"
