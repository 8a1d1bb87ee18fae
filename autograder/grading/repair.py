"""Restores the released form of whatever was handed in, by the names of its cells; says what was repaired.

Functions are graded wherever they are, so the order of cells does not matter. What matters: every graded cell is there
once, with points, ids, tags and tests from source, and every answer is kept. The text is read, never run.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import json
import pathlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.grading.changes import Change, Changes
from autograder.grading.given import restore
from autograder.grading.reading import UnreadableError, is_bundle, read_notebook, text
from autograder.grading.results import Flag, FlagKind
from autograder.grading.words import another_assignment
from autograder.typed import typed

Cell = dict[str, Any]
KEY = "autograder"  # where a notebook keeps repairs and results, in its metadata
MAX_CELLS = 2000
MAX_PARSED = 500_000  # characters of one submission that are read as Python, to repair it
MAX_IDS = 1 << 20
POINTS = re.compile(r"(points=)?\b\d+(?:\.\d+)?(?(1)| points?\b)")
BOUND = re.compile(r"^(?:(?:async\s+)?(?:def|class)\s+(\w+)|(\w+)\s*=)", re.MULTILINE)
CALL = re.compile(r"""selfcheck\.check\(\s*["'](\w+)["']""")


@dataclass(frozen=True)
class Known:
    """A cell that source knows by its grade_id."""

    grade_id: str
    kind: str  # "test", "manual", "solution" or "given"
    cell_type: str
    source: str  # as graded: tests with their hidden line
    stub: str  # as given out
    metadata: Mapping[str, Any]
    question: str  # the text cell before it

    @property
    def function(self) -> str:
        """The function that the cell defines or tests."""
        return self.grade_id.removeprefix("test_") if self.kind == "test" else self.grade_id


@dataclass(frozen=True)
class Template:
    """What was given out: the cells with a grade_id, in order, and the text of all others.

    others: the grade_ids of the other assignments of the course, by assignment.
    """

    known: Mapping[str, Known]
    plain: frozenset[str]
    cells: tuple[Cell, ...]
    metadata: Mapping[str, Any]
    others: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read_template(source: pathlib.Path, release: pathlib.Path) -> Template:
    """The template from an assignment's source and release notebook. Raises FileNotFoundError with the command to run."""
    for path in (source, release):
        if not path.exists():
            command = typed(f"nbgrader generate_assignment {path.parent.name}")
            raise FileNotFoundError(f"{path} is missing. Run `{command}` first.")
    ours, given = (json.loads(p.read_text(encoding="utf-8")) for p in (source, release))
    known: dict[str, Known] = {}
    by_id = {c["metadata"]["nbgrader"]["grade_id"]: c for c in ours["cells"] if "nbgrader" in c["metadata"]}
    question = ""
    for cell in given["cells"]:
        meta = cell["metadata"].get("nbgrader")
        if meta:
            name = meta["grade_id"]
            kind = (
                ("manual" if meta["solution"] else "test")
                if meta["grade"]
                else "solution"
                if meta["solution"]
                else "given"
            )
            graded = text(by_id[name]) if kind in ("test", "given") else text(cell)
            known[name] = Known(name, kind, cell["cell_type"], graded, text(cell), cell["metadata"], question)
        question = text(cell)
    plain = frozenset(text(c) for c in given["cells"] if "nbgrader" not in c["metadata"])
    cells = tuple({**c, "source": text(c)} for c in given["cells"])
    return Template(known, plain, cells, given["metadata"], ids_of_others(source))


def ids_of_others(source: pathlib.Path) -> dict[str, frozenset[str]]:
    """The grade_ids of every other notebook in source/, by assignment; without those that are damaged."""
    found = {}
    for path in sorted(source.parents[1].glob("*/*.ipynb")):
        if path.parent != source.parent:
            with contextlib.suppress(OSError, UnreadableError):
                found[path.parent.name] = frozenset(ids_of(map(normal, read_notebook(path.read_bytes())["cells"])))
    return found


@dataclass
class Repair:
    """Repairs one notebook; ``said`` collects what was done, for the teacher."""

    template: Template
    said: list[str] = field(default_factory=list)
    flags: list[dict[str, str]] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)
    parsed: int = 0  # characters

    def fix(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The notebook in nbformat 4.5, in its released form."""
        if raw.get("nbformat", 4) != 4:
            self.said.append("The file is not in nbformat 4; it was read as if it were.")
        if len(raw["cells"]) > MAX_CELLS:
            self.said.append(f"The notebook has {len(raw['cells'])} cells; only the first {MAX_CELLS} were read.")
        cells = [c for c in map(normal, raw["cells"][:MAX_CELLS]) if c is not None]
        self.look_at_ids(set(ids_of(cells)))
        owners = self.find(cells)
        claimed = {k.function: claim for n, k in self.template.known.items() if (claim := claims(k, owners[n]))}
        for name, found in owners.items():
            self.settle(self.template.known[name], found)
        self.insert_missing(cells, {name for name, found in owners.items() if found})
        restore(cells, self.template.cells, self.changes)
        cells = [part for c in cells for part in (*c.pop("before", ()), c) if not c.pop("drop", False)]
        name_cells(cells)
        metadata = {
            **copy.deepcopy(dict(self.template.metadata)),
            KEY: {"repairs": [*self.said, *self.changes.lines()], "flags": self.flags, "claimed": claimed},
        }
        return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}

    def look_at_ids(self, ids: set[str]) -> None:
        """Flag a notebook that has more cells of another assignment than of this one, and not half of these."""
        own, others = ids & self.template.known.keys(), self.template.others
        likely = max(others, key=lambda name: len(ids & others[name]), default="")
        theirs = ids & others.get(likely, frozenset())
        if len(theirs) > len(own) and 2 * len(own) < len(self.template.known):
            reason = another_assignment(likely, len(theirs), len(own))
            self.flags.append(Flag(FlagKind.OTHER_ASSIGNMENT, reason).to_json())

    def find(self, cells: Sequence[Cell]) -> dict[str, list[Cell]]:
        """For every known name the cells that carry it; where none does, the one identified by its content."""
        owners: dict[str, list[Cell]] = {name: [] for name in self.template.known}
        for cell in cells:
            name = cell.pop("grade_id")
            if name in owners:
                owners[name].append(cell)
                cell["owned"] = True
        moved = []
        for name, known in self.template.known.items():
            lost_function = known.kind == "solution" and not any(name in c["binds"] for c in owners[name])
            if not owners[name] or lost_function:
                match = next(
                    (c for i, c in enumerate(cells) if not c.get("owned") and self.matches(known, cells, i)), None
                )
                if match is not None:
                    match["owned"] = True
                    for other in owners[name]:
                        other["owned"] = False
                    owners[name] = [match]
                    moved.append(name)
                    self.changes.note(Change.LOST_ID, name)
        self.look_at_order([found[0] for name, found in owners.items() if found and name not in moved], cells)
        return owners

    def look_at_order(self, given: Sequence[Cell], cells: Sequence[Cell]) -> None:
        """Report cells with their original ids, here in the order of the template, that are not in this order."""
        places = {id(cell): number for number, cell in enumerate(cells)}
        order = [places[id(cell)] for cell in given]
        if order != sorted(order):
            self.said.append("The cells are not in their original order; they were run in the order submitted.")

    def matches(self, known: Known, cells: Sequence[Cell], index: int) -> bool:
        """Whether a cell without an id is this one, by what it says."""
        source = cells[index]["source"]
        if known.kind == "test":
            return cells[index]["cell_type"] == "code" and bool(cells[index]["call"] == known.function)
        if known.kind == "given":
            return as_given(known, source)
        if known.kind == "solution":
            return known.function in cells[index]["binds"] and (
                cells[index]["cell_type"] == "code" or self.parses(source)
            )
        question = cells[index - 1]["source"] if index > 0 else ""
        about = len(known.question) / 2 <= len(question) <= 2 * len(known.question)
        asked = index > 0 and about and but_for_points(question) == but_for_points(known.question)
        return asked and not self.is_other(cells[index])

    def is_other(self, cell: Cell) -> bool:
        """Whether this is no answer to a question: a cell as given out, a self-check, or one of the functions."""
        known = self.template.known.values()
        return (
            cell["source"] in self.template.plain
            or any(cell["source"] == k.stub for k in known if k.kind != "manual")
            or bool(cell["call"])
            or any(k.function in cell["binds"] for k in known if k.kind == "solution")
        )

    def parses(self, source: str) -> bool:
        """Whether the text is valid Python. Says no when a lot has been read: text that is not takes long."""
        self.parsed += len(source)
        return self.parsed <= MAX_PARSED and parses(source)

    def settle(self, known: Known, found: list[Cell]) -> None:
        """Turn one or more cells of one name into the one that is graded, with source's metadata."""
        if not found:
            return
        keep = found[0]
        if len(found) > 1:
            keep = self.choose(known, found)
        if known.kind in ("test", "given"):
            whole = "\n".join(cell["source"] for cell in found)  # where it was split, it is whole again
            if not (as_given(known, keep["source"]) or as_given(known, whole)):
                self.changes.note(Change.EDITED, known.grade_id)
            if not as_given(known, whole):
                keep["before"] = [own for cell in found if (own := leftover(known, cell)) is not None]
            keep["source"] = known.source
        if keep["cell_type"] != known.cell_type:
            self.changes.note(Change.RETYPED, known.grade_id, was=keep["cell_type"], now=known.cell_type)
            retype(keep, known.cell_type)
        keep["metadata"] = copy.deepcopy(dict(known.metadata))

    def choose(self, known: Known, found: list[Cell]) -> Cell:
        """The cell to grade among several with one id; no answer is lost."""
        name = known.grade_id
        if known.kind in ("test", "given"):
            for cell in found[1:]:
                cell["drop"] = True
            self.changes.note(Change.COPIED, name, count=len(found))
            return found[0]
        if known.kind == "manual":
            answers = [c["source"] for c in found if c["source"].strip() and c["source"] != known.stub]
            found[0]["source"] = "\n\n".join(dict.fromkeys(answers)) or known.stub
            for cell in found[1:]:
                cell["drop"] = True
            self.changes.note(Change.ANSWERED, name, count=len(found))
            return found[0]
        joined = "\n".join(c["source"] for c in found)
        if not all(self.parses(c["source"]) for c in found) and self.parses(joined):
            found[0]["source"] = joined
            for cell in found[1:]:
                cell["drop"] = True
            self.changes.note(Change.SPLIT, name, count=len(found))
            return found[0]
        self.changes.note(Change.DEFINED, name, count=len(found))
        return next((c for c in reversed(found) if name in c["binds"]), found[-1])

    def insert_missing(self, cells: list[Cell], present: set[str]) -> None:
        """Restore missing given, test and answer cells, behind the cell that they followed."""
        behind: str | None = None
        for name, known in self.template.known.items():
            if name not in present and known.kind != "solution":
                cell = {
                    "cell_type": known.cell_type,
                    "source": known.source,
                    "metadata": copy.deepcopy(dict(known.metadata)),
                }
                index = position(cells, behind)
                cells.insert(min(index, len(cells)), cell)
                present.add(name)
                self.changes.note(Change.MISSING, name)
            elif name not in present:
                self.changes.note(Change.UNDEFINED, name)
            if name in present:
                behind = name


def empty_notebook(template: Template, reason: str) -> dict[str, Any]:
    """The notebook as released, for a submission that cannot be read: 0 points, with the reason on every page."""
    repair = Repair(template)
    notebook = repair.fix({"cells": template.cells})
    notebook["metadata"][KEY] = {"repairs": [], "flags": [], "unreadable": reason}
    return notebook


def normal(cell: Any) -> Cell | None:
    """One cell of any nbformat as type, text and grade_id; outputs and foreign metadata are left behind."""
    if not isinstance(cell, dict):
        return None
    kind = {"heading": "markdown", "html": "markdown"}.get(str(cell.get("cell_type")), cell.get("cell_type"))
    if kind not in ("code", "markdown", "raw"):
        return None
    meta = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
    nbgrader = meta.get("nbgrader") if isinstance(meta.get("nbgrader"), dict) else {}  # type: ignore[union-attr]
    result: Cell = {"cell_type": kind, "source": text(cell), "metadata": {}, "id": cell.get("id")}
    called = CALL.search(result["source"])
    result["call"] = called[1] if called else ""
    result["binds"] = binds(result["source"])
    result["grade_id"] = nbgrader.get("grade_id") if isinstance(nbgrader.get("grade_id"), str) else None  # type: ignore[union-attr]
    if kind == "code":
        result["claim"] = saved_number(cell.get("outputs"))
    elif isinstance(cell.get("attachments"), dict):
        named = cell["attachments"].items()
        result["attachments"] = {name: bundle for name, bundle in named if name.isprintable() and is_bundle(bundle)}
    return result


def saved_number(outputs: Any) -> float:
    """The number that a saved cell shows as its result, such as the points of a self-check; 0 where there is none."""
    for output in outputs if isinstance(outputs, list) else []:
        data = output.get("data") if isinstance(output, dict) else None
        plain = data.get("text/plain") if isinstance(data, dict) else None
        plain = "".join(line for line in plain if isinstance(line, str)) if isinstance(plain, list) else plain
        if isinstance(plain, str) and re.fullmatch(r"\d{1,4}(\.\d{1,4})?", plain):
            return float(plain)
    return 0.0


def claims(known: Known, cells: Sequence[Cell]) -> float:
    """The points that the saved output of a self-check shows. A hint for the teacher: anybody can write it."""
    return max((cell.get("claim", 0.0) for cell in cells), default=0.0) if known.kind == "test" else 0.0


def as_given(known: Known, source: str) -> bool:
    """Whether a cell says what was given out, perhaps before the course changed its points.

    A text may show points anywhere, in the reports of a4 for example: of it only the words are compared.
    """
    same = but_for_points if known.cell_type == "code" else but_for_numbers
    return same(source) in (same(known.stub), same(known.source))


def but_for_numbers(source: str) -> str:
    """A text without its numbers."""
    return re.sub(r"[0-9.]+", "0", source)


def but_for_points(source: str) -> str:
    """A text without the numbers of its points: ``points=8`` of a self-check, ``(2 points)`` of a question."""
    return POINTS.sub("points", source)


def leftover(known: Known, cell: Cell) -> Cell | None:
    """What a student wrote into a cell that is restored, as a cell of its own; None if nothing."""
    if as_given(known, cell["source"]):
        return None
    lines = cell["source"].split("\n")
    own = "\n".join(line for line in lines if not (known.kind == "test" and CALL.search(line))).strip("\n")
    return {"cell_type": cell["cell_type"], "source": own, "metadata": {}} if own.strip() else None


def retype(cell: Cell, kind: str) -> None:
    """Change a cell's type; an attachment has no place in code."""
    cell["cell_type"] = kind
    if kind == "code":
        cell.pop("attachments", None)


def ids_of(cells: Iterable[Cell | None]) -> list[str]:
    """The grade_ids that cells carry."""
    return [cell["grade_id"] for cell in cells if cell is not None and cell["grade_id"]]


def name_cells(cells: Sequence[Cell]) -> None:
    """Give every cell a valid id of its own, and code cells their empty outputs."""
    used: set[str] = set()
    for number, cell in enumerate(cells):
        for ours in ("owned", "claim", "call", "binds"):
            cell.pop(ours, None)
        wish = cell["metadata"].get("nbgrader", {}).get("grade_id") or cell.get("id")
        if not (isinstance(wish, str) and re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", wish)) or wish in used:
            wish = next(name for n in range(number, number + MAX_IDS) if (name := f"cell-{n}") not in used)
        cell["id"] = wish
        used.add(wish)
        if cell["cell_type"] == "code":
            cell.update(execution_count=None, outputs=[])


def position(cells: Sequence[Cell], behind: str | None) -> int:
    """The place right behind the cell of this grade_id; the top where there is none."""
    for index, cell in enumerate(cells):
        if behind is not None and cell["metadata"].get("nbgrader", {}).get("grade_id") == behind:
            return index + 1
    return 0 if behind is None else len(cells)


def binds(source: str) -> frozenset[str]:
    """The names that a cell's text binds at its top level."""
    return frozenset(found[1] or found[2] for found in BOUND.finditer(source))


def parses(source: str) -> bool:
    """Whether the text is valid Python."""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
