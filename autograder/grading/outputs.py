"""The outputs of a student's cells, made anew from what the student's process sent: known forms only, and never too much."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from autograder.kernels.budget import CUT

Output = dict[str, Any]
CELL = 1 << 20  # bytes of output that are kept of one cell
NOTEBOOK = 2 << 20  # and of all cells together
MAX_SIDE = 10_000  # pixels
PICTURES = ("image/png", "image/jpeg")
KINDS = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml", "image/gif", *PICTURES)
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
ESCAPE = re.compile(r"\x1b(?!\[[\d;]{0,40}m)")  # that begins no colour
MAX_COLOURS = 10_000  # in a notebook: nbconvert copies the rest of the text at each


def kept(runs: Iterable[Iterable[Output]]) -> list[list[Output]]:
    """The outputs of each cell; what is too much is cut, and the output says so."""
    left = NOTEBOOK
    cells: list[list[Output]] = []
    for outputs in runs:
        cell, used = capped(outputs, min(CELL, left))
        left = max(0, left - used)
        cells.append(cell)
    return cells if colours(cells) <= MAX_COLOURS else without_colours(cells)


def capped(outputs: Iterable[Output], room: int) -> tuple[list[Output], int]:
    """The first outputs that have room, and how much of it they take."""
    cell: list[Output] = []
    used = 0
    for output in filter(None, map(remade, outputs)):
        if used + size_of(output) > room:
            start = beginning(output, room - used)
            return [*cell, start, {"output_type": "stream", "name": "stderr", "text": CUT}], used + size_of(start)
        cell.append(output)
        used += size_of(output)
    return cell, used


def beginning(output: Output, room: int) -> Output:
    """As much of a text as has room; nothing of anything else."""
    said = output["text"].encode()[: max(0, room)].decode(errors="ignore") if output["output_type"] == "stream" else ""
    return {"output_type": "stream", "name": output.get("name", "stdout"), "text": said}


def size_of(value: Any) -> int:
    """The bytes of all text in an output."""
    if isinstance(value, str):
        return len(value.encode())
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return sum(map(size_of, parts))


def remade(output: Output) -> Output | None:
    """An output of a known form; None for any other, such as a script or a widget."""
    kind = output["output_type"]
    if kind == "stream":
        return {"output_type": kind, "name": output["name"], "text": plain(output["text"])}
    if kind == "error":
        lines = [plain(line) for line in output["traceback"][:1000]]
        words = {name: plain(output[name])[:10_000] for name in ("ename", "evalue")}
        return {"output_type": kind, **words, "traceback": lines}
    data = {name: plain(value) for name, value in output["data"].items() if name in KINDS and isinstance(value, str)}
    data = {name: value for name, value in data.items() if name not in PICTURES or BASE64.fullmatch(value)}
    if not data:
        return None
    made: Output = {"output_type": kind, "data": data, "metadata": sizes(output["metadata"])}
    return made if kind == "display_data" else {**made, "execution_count": None}


def sizes(metadata: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Of an output's metadata the width and height of its pictures, as integers."""
    found = {}
    for kind in PICTURES:
        given = metadata.get(kind)
        sides = given if isinstance(given, dict) else {}
        whole = {s: sides[s] for s in ("width", "height") if type(sides.get(s)) is int and 0 < sides[s] <= MAX_SIDE}
        found.update({kind: whole} if whole else {})
    return found


def plain(text: str) -> str:
    """Text that fits into a file, with no escapes but those of colours."""
    return ESCAPE.sub("", text.encode("utf-8", "replace").decode())


def colours(value: Any) -> int:
    """How often the colour changes in all text of some outputs."""
    if isinstance(value, str):
        return value.count("\x1b")
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return sum(map(colours, parts))


def without_colours(value: Any) -> Any:
    """The same outputs in one colour."""
    if isinstance(value, str):
        return value.replace("\x1b", "")
    if isinstance(value, list):
        return [without_colours(part) for part in value]
    return {name: without_colours(part) for name, part in value.items()} if isinstance(value, dict) else value
