"""From a submitted folder to the one notebook that is graded, with the reason where there was a choice."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.grading.repair import (
    Repair,
    Template,
    UnreadableError,
    but_for_points,
    empty_notebook,
    read_notebook,
    text,
)
from autograder.grading.results import Flag, FlagKind

SHOWN = 60  # characters of a student's file name in a message


def handed_in(path: pathlib.Path, template: Template) -> dict[str, Any]:
    """The notebook that was handed in, repaired; or the empty one with the reason why nothing could be read.

    path is where the notebook should be. Of several notebooks the only one with answers is graded, otherwise the one
    with the right name, and the submission is flagged.
    """
    found = notebooks_below(path.parent)
    if not found:
        held = ", ".join(shown(p) for p in sorted(path.parent.iterdir())[:5]) if path.parent.is_dir() else ""
        reason = f"No notebook was handed in: the folder contains {held or 'nothing'}. Hand in {path.name}."
        return empty_notebook(template, reason)
    readable: dict[pathlib.Path, dict[str, Any]] = {}
    unreadable: dict[pathlib.Path, str] = {}
    for one in found:
        try:
            readable[one] = read_notebook(one.read_bytes())
        except UnreadableError as error:
            unreadable[one] = str(error)
        except OSError as error:
            unreadable[one] = error.strerror or "it cannot be opened"
    if not readable:
        bad = path if path in unreadable else found[0]
        return empty_notebook(
            template,
            f"{shown(bad)} could not be read: {unreadable[bad]}. The file was kept unchanged; save the notebook again and hand "
            "it in again.",
        )
    repair = Repair(template)
    chosen, why = choose(path, readable, template)
    if chosen != path and len(found) == 1:
        where = "in the folder" if chosen.name == path.name else "named"
        place = chosen.parent.relative_to(path.parent) if chosen.name == path.name else chosen.name
        repair.said.append(f"The notebook was {where} {shown(pathlib.Path(place))}; it was found and graded.")
    if len(found) > 1:
        names = ", ".join(shown(p.relative_to(path.parent)) for p in found)
        reason = f"{len(found)} notebooks were handed in ({names}). Graded: {shown(chosen)}, {why}."
        repair.flags.append(Flag(FlagKind.TWO_NOTEBOOKS, reason).to_json())
    return repair.fix(readable[chosen])


def notebooks_below(folder: pathlib.Path) -> list[pathlib.Path]:
    """The notebooks in a submission's folder, also in subfolders of an unpacked zip; no checkpoints, no links."""
    return sorted(
        p
        for p in folder.rglob("*.ipynb")
        if p.is_file() and not p.is_symlink() and not any(part.startswith(".") for part in p.relative_to(folder).parts)
    )


def choose(
    path: pathlib.Path, readable: Mapping[pathlib.Path, Mapping[str, Any]], template: Template
) -> tuple[pathlib.Path, str]:
    """The notebook to grade, and why it was chosen."""
    answered = [p for p, raw in readable.items() if has_answers(raw, template)]
    if len(answered) == 1:
        return answered[0], "the only one with answers" if len(readable) > 1 else "the only one that can be read"
    if path in readable:
        return path, "which has the right name"
    among = answered or list(readable)
    return max(among, key=lambda p: p.stat().st_size), "the largest, since none has the right name"


def has_answers(raw: Mapping[str, Any], template: Template) -> bool:
    """Whether anybody wrote anything: a code cell or an answer that differs from the released one."""
    given = template.plain | {k.stub for k in template.known.values()} | {k.source for k in template.known.values()}
    stubs = {without_spaces(one) for one in given}
    cells: Sequence[Any] = raw["cells"]
    return any(isinstance(c, dict) and (said := without_spaces(text(c))) and said not in stubs for c in cells)


def without_spaces(source: str) -> str:
    """A text by which two copies of a cell are compared, whatever the points were when it was given out."""
    return re.sub(r"\s+", "", but_for_points(source))


def shown(path: pathlib.Path) -> str:
    """A file name of the student's, fit for a message: its last part, plain characters only, not long."""
    name = "/".join(path.parts) if not path.is_absolute() else path.name
    plain = re.sub(r"[^\w .()/-]", "?", name)
    return plain if len(plain) <= SHOWN else f"{plain[: SHOWN - 1]}…"
