"""Repair: whatever happens to a notebook on the way, what was written in it is kept and every graded cell is there once."""

from __future__ import annotations

import ast
import copy
import json
import pathlib
import random
import re
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.grading.handed_in import HandedIn, notebook_of
from autograder.grading.reading import UnreadableError, read_notebook
from autograder.grading.repair import KEY, Repair, empty_notebook, parses
from autograder.sample import editors
from autograder.sample.accidents import cell_of, double_cell, drop_cells, edit_cell, move_function, split_cell
from autograder.sample.recipes import Recipe
from tests.classroom import template
from tests.course import named

ASSIGNMENTS = ("a1_linear_fit", "a4_bptt")
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Notebook = dict[str, Any]
Cell = dict[str, Any]
Step = Callable[[list[Cell], random.Random], None]


def answered(assignment: str) -> Notebook:
    """A notebook with every function written and every question answered, as handed in."""
    data = Recipe(assignment, "right").make()
    assert data is not None
    notebook: Notebook = json.loads(data)
    for cell in notebook["cells"]:
        meta = nbgrader(cell)
        if meta.get("grade") and meta.get("solution"):
            cell["source"] = f"The answer to {meta['grade_id']}.\n\nIn two lines."
    return notebook


def nbgrader(cell: Cell) -> dict[str, Any]:
    """A cell's nbgrader metadata, or an empty dict."""
    found: dict[str, Any] = cell["metadata"].get("nbgrader", {})
    return found


def fix(assignment: str, notebook: Notebook) -> Notebook:
    """The notebook through a file and back, repaired."""
    return Repair(template(assignment)).fix(read_notebook(json.dumps(notebook).encode()))


def said(notebook: Notebook) -> str:
    """All that was repaired."""
    return "\n".join(notebook["metadata"][KEY]["repairs"])


def assert_well_made(assignment: str, notebook: Notebook) -> None:
    """nbformat 4.5 without a fault, and every graded cell once with metadata and tests of the source."""
    nbformat.validate(nbformat.from_dict(notebook))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(ids) == len(set(ids))
    names = [nbgrader(cell)["grade_id"] for cell in notebook["cells"] if nbgrader(cell)]
    assert len(names) == len(set(names))
    known = template(assignment).known
    graded = {name: item for name, item in known.items() if item.kind in ("test", "manual")}
    for name, item in graded.items():
        cell = cell_of(notebook, name)
        assert cell["metadata"] == item.metadata
        assert cell["cell_type"] == item.cell_type
        if item.kind == "test":
            assert cell["source"] == item.source


# ---- what students and their programs do to a notebook ----------------------------------------------------------------


def delete(cells: list[Cell], rng: random.Random) -> None:
    """Any cell but one that holds an answer."""
    spare = [n for n, cell in enumerate(cells) if not is_answer(cell)]
    del cells[rng.choice(spare)]


def double(cells: list[Cell], rng: random.Random) -> None:
    """Copy and paste."""
    n = rng.randrange(len(cells))
    cells.insert(rng.randrange(len(cells) + 1), copy.deepcopy(cells[n]))


def split(cells: list[Cell], rng: random.Random) -> None:
    """Two cells out of one, both with its metadata."""
    n = rng.randrange(len(cells))
    lines = cells[n]["source"].split("\n")
    at = rng.randrange(len(lines) + 1)
    cells.insert(n + 1, {**copy.deepcopy(cells[n]), "source": "\n".join(lines[at:])})
    cells[n]["source"] = "\n".join(lines[:at])


def shuffle(cells: list[Cell], rng: random.Random) -> None:
    """Another order."""
    rng.shuffle(cells)


def retype(cells: list[Cell], rng: random.Random) -> None:
    """Code becomes text, or text code."""
    cell = rng.choice(cells)
    cell["cell_type"] = rng.choice(["code", "markdown", "raw"])


def strip_ids(cells: list[Cell], rng: random.Random) -> None:
    """As an older nbformat."""
    for cell in cells:
        cell.pop("id", None)


def strip_metadata(cells: list[Cell], rng: random.Random) -> None:
    """Of one cell."""
    rng.choice(cells)["metadata"] = {}


def strip_all_metadata(cells: list[Cell], rng: random.Random) -> None:
    """Pasted into a new notebook."""
    for cell in cells:
        cell["metadata"] = {}


def scribble(cells: list[Cell], rng: random.Random) -> None:
    """A line more, anywhere."""
    rng.choice(cells)["source"] += f"\n# a line of mine, number {rng.randrange(1000)}"


def is_answer(cell: Cell) -> bool:
    """Whether somebody wrote into this cell, or into a part of it."""
    written = ("In two lines.", "def ", "of mine")
    return bool(nbgrader(cell).get("solution") or any(words in cell["source"] for words in written))


STEPS: list[Step] = [delete, double, split, shuffle, retype, strip_ids, strip_metadata, strip_all_metadata, scribble]


@QUICK
@given(st.sampled_from(ASSIGNMENTS), st.lists(st.sampled_from(STEPS), max_size=8), st.integers(0, 2**32))
def test_nothing_written_is_lost(assignment: str, steps: list[Step], seed: int) -> None:
    """Whatever is done to the cells, each line that was written stands in the fixed notebook, which is well made."""
    notebook = answered(assignment)
    rng = random.Random(seed)
    for step in steps:
        step(notebook["cells"], rng)
    lines = {
        line for cell in notebook["cells"] for line in cell["source"].split("\n") if "selfcheck.check(" not in line
    }
    fixed = fix(assignment, notebook)
    assert_well_made(assignment, fixed)
    kept = "\n".join(cell["source"] for cell in fixed["cells"])
    assert not [line for line in lines if line not in kept]


@QUICK
@given(
    st.sampled_from(ASSIGNMENTS),
    st.lists(st.sampled_from([delete, double, retype, strip_ids, strip_metadata, strip_all_metadata]), max_size=8),
    st.sampled_from([shuffle, split]),
    st.integers(0, 2**32),
)
def test_every_function_is_run(assignment: str, steps: list[Step], first: Step, seed: int) -> None:
    """As long as its cell is there in one piece, or in two with its name, each function is defined by a code cell."""
    notebook = answered(assignment)
    rng = random.Random(seed)
    first(notebook["cells"], rng)
    if first is split:
        steps = [step for step in steps if step not in (retype, double, strip_metadata, strip_all_metadata)]
    for step in steps:
        step(notebook["cells"], rng)
    defined = set()
    for cell in fix(assignment, notebook)["cells"]:
        if cell["cell_type"] == "code" and parses(cell["source"]):
            defined |= {getattr(node, "name", "") for node in ast.parse(cell["source"]).body}
    assert set(named(assignment).functions) <= defined


KEYS = st.sampled_from(
    [
        "cells",
        "metadata",
        "cell_type",
        "source",
        "nbgrader",
        "grade_id",
        "worksheets",
        "attachments",
        "id",
        "nbformat",
        "input",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        ["code", "markdown", "raw", "predict", "test_predict", "derive_loss_gradient", "def predict(x):\n  0"]
    )
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=30
)
CELLS = st.lists(st.dictionaries(KEYS, JSON, max_size=6) | JSON, max_size=8)


@QUICK
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_file_is_read_or_refused(data: bytes) -> None:
    """Any bytes and any JSON: a notebook that is well made, or an UnreadableError."""
    try:
        raw = read_notebook(data)
    except UnreadableError:
        return
    assert_well_made("a1_linear_fit", Repair(template("a1_linear_fit")).fix(raw))


@QUICK
@given(CELLS)
def test_any_cells_are_fixed(cells: list[Any]) -> None:
    """Cells of any form whatever."""
    assert_well_made("a1_linear_fit", fix("a1_linear_fit", {"cells": cells, "nbformat": 4, "nbformat_minor": 5}))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b'{"cells": "\xff"}', "UTF-8"),
        (b"\xff\xfe\x00", "UTF-16"),
        (b'{"cells": [', "line 1"),
        (b"[" * 200_000, "deeply"),
        (b"[1]", "not a notebook"),
        (b'{"cells": 3}', "no cells"),
        (b'{"cells": [' + b"9" * 5000 + b"]}", "number"),
    ],
)
def test_the_reason_is_said(data: bytes, why: str) -> None:
    """A file that is no notebook is refused with a reason in words."""
    with pytest.raises(UnreadableError, match=why):
        read_notebook(data)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_notebook_in_another_encoding_is_read_and_said(encoding: str) -> None:
    """As some editors on Windows save it; the same bytes cut in the middle are refused with the encoding's name."""
    name = "a1_linear_fit.ipynb"
    data = json.dumps(answered("a1_linear_fit"), ensure_ascii=False).encode(encoding)
    kept = notebook_of(HandedIn(name, {name: data}), template("a1_linear_fit"))
    assert kept["cells"] == fix("a1_linear_fit", answered("a1_linear_fit"))["cells"]
    called = "UTF-8 with a byte order mark" if encoding == "utf-8-sig" else encoding[:6].upper()
    assert said(kept) == f"The file was saved as {called}; it was read all the same."
    if encoding != "utf-8-sig":
        with pytest.raises(UnreadableError, match=f"the file is not {called}"):
            read_notebook(data[:-1])


# ---- what is said and kept ---------------------------------------------------------------------------------------------


def test_a_notebook_that_is_whole_is_not_touched() -> None:
    """Nothing is said, and every cell stays as it was handed in, but for hidden lines and given cells of source."""
    notebook = answered("a4_bptt")
    fixed = fix("a4_bptt", notebook)
    assert said(fixed) == ""
    tests = {name for name, item in template("a4_bptt").known.items() if item.kind == "test"}
    for before, after in zip(notebook["cells"], fixed["cells"], strict=True):
        assert before["cell_type"] == after["cell_type"]
        assert before["id"] == after["id"]
        assert before["source"] == after["source"] or nbgrader(after)["grade_id"] in tests


def add_to_imports(notebook: Notebook) -> Notebook:
    """A line of the student's own above the imports."""
    notebook["cells"][1]["source"] = "import seaborn\n" + notebook["cells"][1]["source"]
    return notebook


@pytest.mark.parametrize("texts", [(), ("A note of mine.",)])
def test_restored_imports_are_below_the_title(texts: tuple[str, ...]) -> None:
    """Where they were given out; at the very top they would be the first thing on the graded page."""
    notebook = answered("a1_linear_fit")
    title, _, *rest = notebook["cells"]
    own = [{"cell_type": "markdown", "metadata": {}, "source": one} for one in texts]
    data = json.dumps(notebook | {"cells": [title, *own, *rest]}).encode()
    cells = Repair(template("a1_linear_fit")).fix(read_notebook(data))["cells"]
    assert "".join(title["source"]).startswith("# ")
    assert cells[0]["source"] == "".join(title["source"])
    assert "import numpy" in cells[1]["source"]


@pytest.mark.parametrize(
    ("accident", "words"),
    [
        (drop_cells("test_predict"), "test_predict: was missing; restored."),
        (drop_cells("predict"), "predict: no cell defines it."),
        (
            lambda nb: nb | {"cells": nb["cells"][2:]},
            "begins with `import matplotlib.pyplot as plt`: was missing; restored.",
        ),
        (
            add_to_imports,
            "begins with `import matplotlib.pyplot as plt`: had been changed; the released one runs before",
        ),
        (double_cell("predict"), "predict: found 2 times"),
        (double_cell("derive_loss_gradient"), "derive_loss_gradient: the answer was in 2 cells"),
        (split_cell("gradient_descent", "return"), "gradient_descent: was split across 2 cells; joined again."),
        (move_function("online_fit"), "online_fit: identified by content"),
        (edit_cell("test_predict", "17"), "test_predict: had been edited"),
        (lambda nb: nb | {"cells": nb["cells"][:3] + nb["cells"][:2:-1]}, "not in their original order"),
        (editors.by_ipython_notebook, "not in nbformat 4"),
    ],
)
def test_what_was_repaired_is_listed(accident: Callable[[Notebook], Notebook | bytes], words: str) -> None:
    """One line for each thing that was fixed."""
    handed = accident(answered("a1_linear_fit"))
    data = handed if isinstance(handed, bytes) else json.dumps(handed).encode()
    assert words in said(Repair(template("a1_linear_fit")).fix(read_notebook(data)))


@QUICK
@given(st.sampled_from(ASSIGNMENTS), st.lists(st.integers(1, 5000).map(lambda n: n / 100), min_size=40, max_size=40))
def test_other_points_accuse_nobody(assignment: str, points: list[float]) -> None:
    """A notebook given out before the points changed: nothing is said, no cell is added, the points are today's."""
    notebook = answered(assignment)
    for cell, number in zip((c for c in notebook["cells"] if nbgrader(c).get("grade")), points, strict=False):
        nbgrader(cell)["points"] = number
        cell["source"] = re.sub(r"points=[\d.]+", f"points={number:g}", cell["source"])
    fixed = fix(assignment, notebook)
    assert said(fixed) == ""
    assert_well_made(assignment, fixed)
    assert len(fixed["cells"]) == len(notebook["cells"])


@pytest.mark.parametrize(
    "change", [(", points=", ", seed=1, points="), ("predict", "mse_loss"), ("points=", "points=-")]
)
def test_points_hide_no_other_change(change: tuple[str, str]) -> None:
    """A self-check in which more than a number of points is another had been edited."""
    notebook = answered("a1_linear_fit")
    cell = cell_of(notebook, "test_predict")
    cell["source"] = re.sub(r"points=[\d.]+", "points=99", cell["source"]).replace(*change)
    assert "test_predict: had been edited" in said(fix("a1_linear_fit", notebook))


def test_an_answer_to_a_question_of_other_points_is_found() -> None:
    """Pasted into a new notebook, below the question as it was before its points changed."""
    notebook = answered("a1_linear_fit")
    place = notebook["cells"].index(cell_of(notebook, "derive_loss_gradient"))
    asked = notebook["cells"][place - 1]
    asked["source"], changes = re.subn(r"\([\d.]+ points?\)", "(7.5 points)", asked["source"])
    assert changes == 1
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    fixed = fix("a1_linear_fit", notebook)
    assert cell_of(fixed, "derive_loss_gradient")["source"].startswith("The answer to derive_loss_gradient.")


def test_code_in_a_test_cell_is_run() -> None:
    """A helper that was written below a self-check stays, in a cell of its own before the test."""
    notebook = answered("a1_linear_fit")
    cell_of(notebook, "test_predict")["source"] += "\n\nslope = 2\ndef helper():\n    return slope"
    fixed = fix("a1_linear_fit", notebook)
    assert_well_made("a1_linear_fit", fixed)
    place = fixed["cells"].index(cell_of(fixed, "test_predict"))
    assert fixed["cells"][place - 1]["source"] == "slope = 2\ndef helper():\n    return slope"


def test_a_given_cell_has_the_last_word() -> None:
    """What a student made of a given cell is run before the given one, so that the given one counts."""
    notebook = answered("a4_bptt")
    cell_of(notebook, "given_sequence_loss")["source"] = "def sequence_loss(logits, target):\n    return 0, logits"
    fixed = fix("a4_bptt", notebook)
    sources = [cell["source"] for cell in fixed["cells"]]
    own = next(n for n, source in enumerate(sources) if "return 0, logits" in source)
    assert sources[own + 1] == template("a4_bptt").known["given_sequence_loss"].source


@pytest.mark.parametrize("nested", ["a notebook.ipynb/", "empty/"])
def test_a_folder_in_place_of_the_file(tmp_path: pathlib.Path, nested: str) -> None:
    """A folder that is named like the notebook is no notebook."""
    (tmp_path / "a1_linear_fit.ipynb").mkdir()
    (tmp_path / nested).mkdir()
    graded = notebook_of(HandedIn.read(tmp_path, "a1_linear_fit.ipynb"), template("a1_linear_fit"))
    assert "No notebook was handed in" in graded["metadata"][KEY]["unreadable"]


def test_the_largest_of_several_files_counts(tmp_path: pathlib.Path) -> None:
    """Where no file has the right name."""
    data = Recipe("a1_linear_fit", "right").make()
    assert data is not None
    (tmp_path / "draft.ipynb").write_bytes(b"{}")
    (tmp_path / "last.ipynb").write_bytes(data)
    graded = notebook_of(HandedIn.read(tmp_path, "a1_linear_fit.ipynb"), template("a1_linear_fit"))
    assert "last.ipynb" in said(graded) + str(graded["metadata"][KEY]["flags"])
    assert "w * x + b" in cell_of(graded, "predict")["source"]


def test_an_unreadable_file_has_every_graded_cell() -> None:
    """It is graded 0 by the same way as all others."""
    assert_well_made("a1_linear_fit", empty_notebook(template("a1_linear_fit"), "no JSON"))
