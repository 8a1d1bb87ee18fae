"""What a student handed in, as bytes, and from it the one notebook that is graded, with the reason where there was a choice."""

from __future__ import annotations

import base64
import pathlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.grading.files import MAX_FILE, RefusedError, files_below, read_file
from autograder.grading.reading import UnreadableError, other_encoding, read_notebook, text
from autograder.grading.repair import Repair, Template, but_for_points, empty_notebook
from autograder.grading.results import Flag, FlagKind

SHOWN = 60  # characters of a student's file name in a message
SHOWN_FILES = 5
MAX_NOTEBOOKS = 50


@dataclass(frozen=True)
class HandedIn:
    """A submission: the name that its notebook should have, its notebooks by path, and what else was in the folder.

    A notebook that could not be read is the reason why, as a string.
    """

    name: str
    notebooks: Mapping[str, bytes | str]
    others: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()  # what is neither a file nor a folder, in words

    @classmethod
    def read(cls, folder: pathlib.Path, name: str) -> HandedIn:
        """Read the notebooks of a submission's folder, also in subfolders of an unpacked zip; no checkpoints, no links."""
        below = files_below(folder)
        found: dict[str, bytes | str] = {}
        room = MAX_FILE
        for path in [path for path in below.files if is_notebook(path)][:MAX_NOTEBOOKS]:
            found[path] = contents(folder, path, room)
            room -= len(found[path])
        names = dict.fromkeys(path.partition("/")[0] for path in (*below.files, *(path for path, _ in below.odd)))
        others = () if found else tuple(shown(name) for name in sorted(names)[:SHOWN_FILES])
        return cls(name, found, others, tuple(f"{shown(path)} is {kind}" for path, kind in below.odd[:SHOWN_FILES]))

    def to_json(self) -> dict[str, Any]:
        """As JSON, for another process or another machine."""
        files = {p: [base64.b64encode(d).decode()] if isinstance(d, bytes) else d for p, d in self.notebooks.items()}
        return {"name": self.name, "notebooks": files, "others": list(self.others), "ignored": list(self.ignored)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> HandedIn:
        """The submission of ``to_json``."""
        files = {p: base64.b64decode(d[0]) if isinstance(d, list) else str(d) for p, d in value["notebooks"].items()}
        return cls(value["name"], files, tuple(value["others"]), tuple(value["ignored"]))


def contents(folder: pathlib.Path, path: str, room: int) -> bytes | str:
    """The bytes of a file, or why it is not read."""
    try:
        return read_file(folder, path, room)
    except OSError as error:
        return str(error) if isinstance(error, RefusedError) else error.strerror or "it cannot be opened"


def is_notebook(path: str) -> bool:
    """Whether this is the path of a notebook that somebody handed in, and no checkpoint."""
    return path.endswith(".ipynb") and not any(part.startswith(".") for part in path.split("/"))


def notebook_of(handed: HandedIn, template: Template) -> dict[str, Any]:
    """The notebook that was handed in, repaired; or the empty one with the reason why nothing could be read.

    Of several notebooks the only one with answers is graded, otherwise the one with the right name, and the submission is
    flagged.
    """
    if not handed.notebooks:
        held = ", ".join(handed.others) or "nothing"
        odd = f" Ignored: {', '.join(handed.ignored)}." if handed.ignored else ""
        return empty_notebook(
            template, f"No notebook was handed in: the folder contains {held}.{odd} Hand in {handed.name}."
        )
    readable: dict[str, dict[str, Any]] = {}
    unreadable: dict[str, str] = {}
    for path, data in handed.notebooks.items():
        try:
            readable[path] = read_notebook(bytes_of(data))
        except UnreadableError as error:
            unreadable[path] = str(error)
    if not readable:
        bad = handed.name if handed.name in unreadable else next(iter(unreadable))
        return empty_notebook(
            template,
            f"{shown(bad)} could not be read: {unreadable[bad]}. The file was kept unchanged; save the notebook again and hand "
            "it in again.",
        )
    repair = Repair(template)
    if handed.ignored:
        repair.said.append(
            f"Ignored, because only files of the submission itself are read: {', '.join(handed.ignored)}."
        )
    chosen, why = choose(handed, readable, template)
    if chosen != handed.name and len(handed.notebooks) == 1:
        parent, _, name = chosen.rpartition("/")
        where, place = ("in the folder", parent) if name == handed.name else ("named", name)
        repair.said.append(f"The notebook was {where} {shown(place)}; it was found and graded.")
    if len(handed.notebooks) > 1:
        names = ", ".join(map(shown, list(handed.notebooks)[:SHOWN_FILES]))
        reason = f"{len(handed.notebooks)} notebooks were handed in ({names}). Graded: {shown(chosen)}, {why}."
        repair.flags.append(Flag(FlagKind.TWO_NOTEBOOKS, reason).to_json())
    if saved_as := other_encoding(bytes_of(handed.notebooks[chosen])):
        repair.said.append(f"The file was saved as {saved_as}; it was read all the same.")
    return repair.fix(readable[chosen])


def bytes_of(data: bytes | str) -> bytes:
    """The bytes of a notebook that could be opened. Raises UnreadableError."""
    if isinstance(data, str):
        raise UnreadableError(data)
    return data


def choose(handed: HandedIn, readable: Mapping[str, Mapping[str, Any]], template: Template) -> tuple[str, str]:
    """The notebook to grade, and why it was chosen."""
    answered = [path for path, raw in readable.items() if has_answers(raw, template)]
    if len(answered) == 1:
        return answered[0], "the only one with answers" if len(readable) > 1 else "the only one that can be read"
    if handed.name in readable:
        return handed.name, "which has the right name"
    among = answered or list(readable)
    return max(among, key=lambda path: len(handed.notebooks[path])), "the largest, since none has the right name"


def has_answers(raw: Mapping[str, Any], template: Template) -> bool:
    """Whether anybody wrote anything: a code cell or an answer that differs from the released one."""
    given = template.plain | {k.stub for k in template.known.values()} | {k.source for k in template.known.values()}
    stubs = {without_spaces(one) for one in given}
    cells: Sequence[Any] = raw["cells"]
    return any(isinstance(c, dict) and (said := without_spaces(text(c))) and said not in stubs for c in cells)


def without_spaces(source: str) -> str:
    """A text by which two copies of a cell are compared, whatever the points were when it was given out."""
    return re.sub(r"\s+", "", but_for_points(source))


def shown(name: str) -> str:
    """A file name of the student's, fit for a message: plain characters only, not long."""
    plain = re.sub(r"[^\w .()/-]", "?", name)
    return plain if len(plain) <= SHOWN else f"{plain[: SHOWN - 1]}…"
