"""Fuzzing: whatever is handed in, answered or shown ends in a mark or a recorded reason, within two seconds of our time.

A failure names its seeds: `notebook(SEED)`, `mutated_reply(…, random.Random(SEED))`, `odd_cells(SEED)` make the same again.
"""

from __future__ import annotations

import copy
import faulthandler
import itertools
import json
import random
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import nbformat
import pytest

from autograder.checks.hidden import run_test
from autograder.grading.handed_in import HandedIn, notebook_of
from autograder.grading.outputs import kept
from autograder.grading.repair import KEY
from autograder.grading.results import SubmissionResult
from autograder.kernels.inside import wire
from autograder.kernels.student import Student
from autograder.kernels.submission import LocalCode, ProcessDied
from autograder.sample import accidents, editors
from autograder.sample.recipes import Notebook, Recipe, saved
from tests.classroom import template
from tests.course import named
from tests.harness import judge_in_process, reference
from tests.hostile.attack import A
from tests.hostile.room import Room, open_room
from tests.test_hostile import TEXTS, UNITS, Active

READ, GRADED, REPLIES, PAGES = 10_000, 300, 100_000, 1_000  # make test-all
FEW_READ, FEW_GRADED, FEW_REPLIES, FEW_PAGES = 100, 3, 1_000, 10  # make test
PATIENCE = 2.0  # seconds of CPU for one of them
HANGS = 120.0  # seconds of wall clock: it never ends


def counts(few: int, all_of_them: int) -> pytest.MarkDecorator:
    """A test with few of them, and a thorough one with all."""
    return pytest.mark.parametrize("count", [few, pytest.param(all_of_them, marks=pytest.mark.thorough)])


def failures(seeds: Iterable[int], check: Callable[[int], None]) -> dict[int, str]:
    """What went wrong, by seed: an exception, or too much time, and again when tried once more: the machine may be busy."""
    wrong: dict[int, str] = {}
    for seed in seeds:
        try:
            seconds = took(check, seed)
            if seconds > PATIENCE and (seconds := took(check, seed)) > PATIENCE:
                wrong[seed] = f"{seconds:.1f} s"
        except Exception as error:
            wrong[seed] = repr(error)[:500]
    return wrong


def took(check: Callable[[int], None], seed: int) -> float:
    """Seconds of CPU for one of them. One that hangs ends the run: where C code holds Python's lock nothing else can."""
    faulthandler.dump_traceback_later(HANGS, exit=True)
    try:
        begun = time.process_time()
        check(seed)
        return time.process_time() - begun
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    """A cage and a judge."""
    with open_room() as room:
        room.honest()  # what is loaded once is no time of the first notebook
        room.pages(room.graded(room.blank, A), room.blank)
        yield room


# ---- notebooks -----------------------------------------------------------------------------------------------------------

ODD: tuple[Any, ...] = (
    "[/]",
    "\ud800",
    None,
    10**400,
    [[[]]],
    {"a": "<script>"},
    "derive_loss_gradient",
    -1,
    True,
    1e308,
    "",
    [None],
    {},
)
WORD = {
    '"': "\u201d",
    "'": "\u2019",
    " ": "\u00a0",
    "-": "\u2013",
    "\n": "\u2028",
    "...": "\u2026",
    "fi": "\ufb01",
}  # what Word makes of a text
HONEST = (
    saved,
    editors.by_vs_code(),
    editors.by_vs_code("\r\n"),
    editors.by_colab(),
    editors.by_colab(keeps_nbgrader=False),
    editors.by_old_jupyter(),
    editors.by_old_jupyter(mark=b"\xef\xbb\xbf"),
    editors.by_ipython_notebook,
    accidents.merge_conflict,
    accidents.double_cell("test_predict"),
    accidents.double_cell("predict"),
    accidents.shuffle_cells(1),
    accidents.move_function("predict"),
    accidents.retype_cell("mse_loss", "markdown"),
)


def notebook(seed: int) -> bytes:
    """A right notebook after an honest accident or none, and then some damage to its text, its JSON or its bytes."""
    rng = random.Random(seed)
    made = json.loads(Recipe(A, "right").make() or b"")
    if rng.random() < 0.5:
        misspell(made, rng)
    done = rng.choice(HONEST)(made)
    data = saved(done) if isinstance(done, dict) else done or b""
    for _ in range(rng.randrange(3)):
        data = rng.choice((cut, flip, repeat, odd_values))(data, rng)
    return data


def misspell(made: Notebook, rng: random.Random) -> None:
    """A few cells as Word, a tired student or a careless paste leaves them."""
    for cell in rng.sample(made["cells"], 5):
        lines = cell["source"].split("\n")
        kind = rng.randrange(4)
        if kind == 0:
            old, new = rng.choice(list(WORD.items()))
            cell["source"] = cell["source"].replace(old, new)
        elif kind == 1:
            lines.pop(rng.randrange(len(lines)))
            cell["source"] = "\n".join(lines)
        elif kind == 2:
            at = rng.randrange(len(cell["source"]) + 1)
            cell["source"] = cell["source"][:at] + rng.choice("()[]{}:'\"\\\t#$%!?\0\r\x1b") + cell["source"][at:]
        else:
            cell["source"] = "\n".join([*lines, *lines])


def cut(data: bytes, rng: random.Random) -> bytes:
    """The end is missing."""
    return data[: rng.randrange(len(data) + 1)]


def flip(data: bytes, rng: random.Random) -> bytes:
    """Some bits are turned over."""
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 9) if data else 0):
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def repeat(data: bytes, rng: random.Random) -> bytes:
    """A piece is there twice."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[max(0, at - rng.randrange(2000)) :]


def odd_values(data: bytes, rng: random.Random) -> bytes:
    """Some values are other ones, or are in another place; as it was where the file is no JSON."""
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except ValueError:
        return data
    for _ in range(rng.randrange(1, 12)):
        whole = replaced(whole, rng)
    return json.dumps(whole).encode()


def replaced(whole: Any, rng: random.Random) -> Any:
    """JSON in which one value somewhere is another one, is missing, or is another one's copy."""
    parents = [part for part in parts_of(whole) if isinstance(part, (dict, list)) and part]
    if not parents:
        return rng.choice(ODD)
    parent = rng.choice(parents)
    key: Any = rng.choice(list(parent)) if isinstance(parent, dict) else rng.randrange(len(parent))
    kind = rng.randrange(3)
    if kind == 0:
        parent[key] = copy.deepcopy(rng.choice(ODD))
    elif kind == 1:
        del parent[key]
    else:
        parent[key] = copy.deepcopy(rng.choice(parents))
    return whole


def parts_of(value: Any) -> Iterator[Any]:
    """All values in some JSON, itself first."""
    yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts_of(part)


@counts(FEW_READ, READ)
def test_any_notebook_is_read_and_repaired(count: int) -> None:
    """It becomes one that can be written, with every cell that has points; or the empty one, with the reason."""
    known = template(A).known.items()
    most = {name for name, one in known if one.kind in ("test", "manual")}

    def check(seed: int) -> None:
        made = notebook_of(HandedIn("a.ipynb", {"a.ipynb": notebook(seed)}), template(A))
        nbformat.validate(nbformat.from_dict(made))
        assert json.dumps(made, ensure_ascii=False).encode()
        assert most <= {cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in made["cells"]}

    assert failures(range(count), check) == {}


@counts(FEW_GRADED, GRADED)
def test_any_notebook_has_a_mark_and_two_pages(room: Room, count: int) -> None:
    folder = room.folder / "fuzz"
    folder.mkdir(exist_ok=True)
    most = sum(Recipe(A, "").expected().values())

    def check(seed: int) -> None:
        (folder / f"{A}.ipynb").write_bytes(notebook(1_000_000 + seed))
        graded = room.graded(folder, A)
        results = SubmissionResult.from_json(graded["metadata"][KEY])
        assert 0 <= results.points <= most
        assert "The grader failed" not in results.unreadable
        assert not [fault for one in results.functions.values() for fault in one.faults]
        for html in room.pages(graded, folder).values():
            assert [one for one in Active(html).found if one not in room.ours] == []

    assert failures(range(count), check) == {}


# ---- replies -------------------------------------------------------------------------------------------------------------


class Garbled(LocalCode):
    """Right answers, damaged on their way: in their JSON or in their bytes."""

    asked = 0

    def __init__(self, namespace: dict[str, Any], rng: random.Random) -> None:
        super().__init__(namespace)
        self.rng = rng

    def request(self, head: dict[str, Any], packer: wire.Packer) -> tuple[dict[str, Any], memoryview]:
        """As Submission.request."""
        self.asked += 1
        answer, body = super().request(head, packer)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.sendall(mutated_reply(answer, bytes(body), self.rng))
            ours.shutdown(socket.SHUT_WR)
            try:
                answer, body = wire.receive(theirs, time.monotonic() + 5)
            except (EOFError, ConnectionError, wire.ProtocolError):
                raise ProcessDied("it ended the kernel") from None
        if not isinstance(answer, dict) or "ended" in answer:
            raise ProcessDied("it ended the kernel")
        return answer, body


def mutated_reply(answer: dict[str, Any], body: bytes, rng: random.Random) -> bytes:
    """One message, damaged or not."""
    kind = rng.randrange(6)
    if kind < 3:
        answer = replaced(json.loads(json.dumps(answer)), rng)
    text = json.dumps(answer).encode()
    if kind == 3:
        body = flip(body, rng) if body else rng.randbytes(rng.randrange(99))
    message = wire.PREFIX.pack(len(text), len(body)) + text + body
    return rng.choice((flip, cut, repeat))(message, rng) if kind == 4 else message


@counts(FEW_REPLIES, REPLIES)
def test_any_reply_is_an_answer_or_a_failed_call(count: int) -> None:
    """In the middle of hidden tests: none of them meets an exception that it does not know."""
    namespace, tests = reference(A), judge_in_process(A).tests[A]
    asked = 0

    def check(seed: int) -> None:
        nonlocal asked
        code = Garbled(namespace, random.Random(seed))
        student = Student(code, named(A).functions)
        for test in code.rng.sample(tests, 4):
            finding = run_test(test, student)
            if finding.error is not None:
                raise finding.error
        asked += code.asked

    seeds = itertools.takewhile(lambda seed: asked < count, itertools.count())
    assert failures(seeds, check) == {}


# ---- pages ---------------------------------------------------------------------------------------------------------------

PIECES = (
    *TEXTS,
    *UNITS,
    "$",
    "$$",
    "\n\n",
    "```\n",
    "\\end{a}",
    "-->",
    "    ",
    "> ",
    "\x1b[1m",
    "\ud800",
    "\0",
    "<b>",
    "</div>",
    "🎈",
)
KINDS = (
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/png",
    "image/svg+xml",
    "application/json",
    "x/y",
)


def odd_text(rng: random.Random) -> str:
    """Pieces of what pages stumble over, some of them many times."""
    return "".join(piece * rng.choice((1, 1, 1, 1, 1, 2, 300)) for piece in rng.choices(PIECES, k=rng.randrange(1, 9)))


def odd_output(rng: random.Random) -> dict[str, Any]:
    """An output as a student's process may send it."""
    if rng.random() < 0.3:
        return {"output_type": "stream", "name": "stdout", "text": odd_text(rng)}
    if rng.random() < 0.3:
        words = {"ename": odd_text(rng), "evalue": odd_text(rng)}
        return {"output_type": "error", **words, "traceback": [odd_text(rng), odd_text(rng)]}
    data = {kind: odd_text(rng) for kind in rng.sample(KINDS, 2)}
    return {"output_type": "display_data", "data": data, "metadata": {kind: {"width": odd_text(rng)} for kind in data}}


def odd_cells(seed: int) -> list[dict[str, Any]]:
    """Cells with odd texts, names, attachments and outputs."""
    rng = random.Random(seed)
    cells = []
    for number in range(3):
        kind = rng.choice(("markdown", "markdown", "raw", "code"))
        cell: dict[str, Any] = {
            "cell_type": kind,
            "metadata": {odd_text(rng): odd_text(rng)},
            "source": odd_text(rng),
            "id": f"odd{number}",
        }
        if kind == "code":
            cell |= {"outputs": [odd_output(rng) for _ in range(3)], "execution_count": None}
        elif kind == "markdown" and rng.random() < 0.5:
            cell["attachments"] = {odd_text(rng): {rng.choice(KINDS): odd_text(rng)}}
        cells.append(cell)
    return cells


@counts(FEW_PAGES, PAGES)
def test_any_cell_is_shown_and_does_nothing(room: Room, count: int) -> None:
    """On the feedback page and in the formgrader, beside the cells that have points."""
    graded = room.graded(room.blank, A)
    marked = [cell for cell in graded["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")]

    def check(seed: int) -> None:
        cells = odd_cells(seed)
        handed = HandedIn("a.ipynb", {"a.ipynb": json.dumps({"cells": cells, "metadata": {}}).encode()})
        read = notebook_of(handed, template(A))["cells"]
        own = {cell["id"]: cell for cell in read if cell["id"].startswith("odd")}
        for cell in cells:
            if cell["cell_type"] == "code" and cell["id"] in own:
                own[cell["id"]]["outputs"] = kept([cell["outputs"]])[0]
        for html in room.pages({**graded, "cells": [*own.values(), *marked]}, room.blank).values():
            assert [one for one in Active(html).found if one not in room.ours] == []

    assert failures(range(count), check) == {}
