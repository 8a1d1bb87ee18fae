"""Hostile and broken submissions: nothing from elsewhere is read, nothing runs on a page, each ends in a mark and a page."""

from __future__ import annotations

import copy
import json
import os
import pathlib
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from typer.testing import CliRunner

from autograder.checks.compare import Ruling, Verdict, Wrong
from autograder.commands.cli import app
from autograder.commands.demo import course_api, in_folder
from autograder.course.settings import ROOT
from autograder.grading.files import MAX_DEPTH, RefusedError, files_below, read_file, walk
from autograder.grading.handed_in import HandedIn, notebook_of
from autograder.grading.outputs import CELL, CUT, NOTEBOOK, kept, size_of
from autograder.grading.reading import MAX_WRITTEN, UnreadableError, read_notebook
from autograder.grading.repair import KEY
from autograder.grading.results import Outcome
from autograder.plugins.formgrader import MAX_ALL, harmless, is_harmless, written
from autograder.plugins.grading import close_executor
from autograder.plugins.markdown import markdown_html
from autograder.plugins.rubrics import rubrics, with_rubrics
from autograder.plugins.safe_html import MAX_PICTURES, output_html
from autograder.reports.anonymous import names_below
from autograder.sample.recipes import Notebook, Recipe
from tests.classroom import template
from tests.commands import code_scores, expected, graded, made
from tests.course import CLASSES, NAMES, named
from tests.harness import judge_in_process, points, reference

A = "a1_linear_fit"
RIGHT = Recipe(A, "right", student="ada")
SECRET = "the course seed, which nobody may read"
DOES = "alert(1)"
FUZZED = 20
NOWHERE = pathlib.Path("/nowhere")


# ---- the formgrader's rendering ------------------------------------------------------------------------------------------


class Active(HTMLParser):
    """What of some HTML would run, load, send or overlay something in a browser, and the names that it takes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in (
            "script",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "button",
            "base",
            "meta",
            "link",
            "style",
            "svg",
        ):
            self.found.append(tag)
        for name, value in attrs:
            bad = {
                "href": not str(value).startswith(("http://", "https://", "mailto:", "#")),
                "src": ":" in str(value) and not str(value).startswith("data:image/"),
                "style": "url" in str(value) or "position" in str(value),
                "class": "nbgrader" in str(value) or "btn" in str(value),
                "id": value == "derive_loss_gradient",
            }
            if name.startswith("on") or name in ("srcdoc", "srcset", "action", "background") or bad.get(name):
                self.found.append(f"{tag} {name}={value}")


def markdown_cell(source: str, **more: Any) -> dict[str, Any]:
    """A text of a student's."""
    return {"cell_type": "markdown", "id": "text", "metadata": {}, "source": source, **more}


def in_formgrader(cells: list[dict[str, Any]]) -> str:
    """These cells as nbconvert renders them for the formgrader, below what it puts on top."""
    notebook = nbformat.from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(notebook)
    return str(html).rpartition('<div class="container" id="notebook-container">')[2].partition("</body>")[0]


def made_harmless(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cells of a graded notebook that has these and an answer to be marked."""
    answer = {"grade_id": "derive_loss_gradient", "grade": True, "solution": True, "points": 1}
    field = {"cell_type": "markdown", "id": "answer", "metadata": {"nbgrader": answer}, "source": "answer"}
    made: list[dict[str, Any]] = harmless({"cells": [*copy.deepcopy(cells), field]}, NOWHERE)["cells"][:-1]
    return made


TEXTS = (
    f"<script>{DOES}</script>",
    f"<img src=x onerror={DOES}>",
    f"[x](javascript:{DOES})",
    f"[x](JaVaScRiPt&colon;{DOES})",
    f"<javascript:{DOES}>",
    f"[x]: javascript:{DOES}\n\n[x]",
    f'![x](x.png"onerror="{DOES})',
    f"<iframe srcdoc='<script>{DOES}</script>'>",
    f"<a href='data:text/html,<script>{DOES}</script>'>x</a>",
    "[x](notes.html) [y](..%2f..%2fsubmitted%2fada%2fnotes.html)",
    "![x](/api/shutdown) <img src=//example.org/x.png>",
    "<form action=/x><input name=a></form>",
    "<div style='position:fixed;top:0'>x</div>",
    "</div></div><p>outside",
    "# derive_loss_gradient",
    f"```mermaid\n</pre><script>{DOES}</script>\n```",
    f"`<b>` <style>@import 'x'</style> <!--<p>--> <svg onload={DOES}>",
    f"$\\href{{javascript:{DOES}}}{{x}}$",
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_does_nothing_in_the_formgrader(text: str) -> None:
    """Also as a raw cell."""
    cells = [markdown_cell(text), {**markdown_cell(text), "cell_type": "raw", "id": "raw"}]
    safe = made_harmless(cells)
    assert Active(in_formgrader(safe)).found == []
    assert written(safe[0]) == text
    assert safe[0]["source"] != text


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text("<>/=\"' \n$`![](){}&;:#*-|_abimgscrptonvhe\\", max_size=120),
        st.lists(
            st.sampled_from(
                [*TEXTS, "$", "$$", "\n\n", "`", "```\n", "\\begin{a}", "\\end{a}", "<!--", "-->", "- ", "    ", "> "]
            ),
            max_size=6,
        ).map("".join),
    )
)
def test_no_text_does_anything_in_the_formgrader(text: str) -> None:
    safe = made_harmless([markdown_cell(text)])[0]
    assert Active(MarkdownWithMath(renderer=IPythonRenderer(escape=False)).render(safe["source"])).found == []


def test_a_picture_that_is_attached_no_more_costs_no_page() -> None:
    """Copied with its text from another cell: nbconvert would raise, and the formgrader show no notebook at all."""
    cells = made_harmless([markdown_cell("see ![it](attachment:it.png)", attachments={})])
    assert "not part of this page" in in_formgrader(cells)


def test_a_picture_named_a_thousand_times_fills_no_page(tmp_path: pathlib.Path) -> None:
    """Of the folder, attached or in the text: the formgrader and the feedback page would be of gigabytes."""
    (tmp_path / "own.png").write_bytes(b"x" * (4 << 20))
    bundle = {"it.png": {"image/png": "A" * (4 << 20)}}
    many = "<script>\n" + "![](own.png) ![](attachment:it.png)\n" * 500
    inline = f"![](data:image/png;base64,{'A' * (1 << 20)})" + "![](picture:0)" * 1000
    safe = harmless(
        {"cells": [markdown_cell(text, attachments=bundle) for text in (many[9:], many, inline) * 3]}, tmp_path
    )
    assert sum(len(cell["source"]) for cell in safe["cells"]) < 3 * MAX_PICTURES
    assert len(markdown_html(inline)) < 2 * MAX_PICTURES
    unchanged = [cell for cell in safe["cells"] if cell["source"] == many[9:]]
    assert unchanged == []


def test_attachments_are_pictures() -> None:
    bundle = {"ok.png": {"image/png": "AAAA"}, "bad": {"text/html": "AAAA"}, "worse": {'image/png"onload="x': "AAAA"}}
    safe = made_harmless([markdown_cell("![it](attachment:ok.png)", attachments=bundle)])[0]
    assert safe["attachments"] == {"ok.png": {"image/png": "AAAA"}}
    assert safe["source"] == "![it](attachment:ok.png)"


@pytest.mark.parametrize("assignment", NAMES)
def test_honest_notebooks_keep_every_letter(assignment: str) -> None:
    """The sample class with its rubrics: what a person marks, and what nbgrader compares, is what was handed in."""
    sections = rubrics(ROOT / "assignments" / assignment / "rubric.md")
    read = 0
    for recipe in CLASSES[assignment]:
        data = recipe.make()
        try:
            raw = read_notebook(data or b"")
        except UnreadableError:
            continue
        handed = HandedIn("a.ipynb", {"a.ipynb": json.dumps(raw).encode()})
        notebook = with_rubrics(notebook_of(handed, template(assignment)), sections)
        assert harmless(copy.deepcopy(notebook), NOWHERE) == notebook, recipe.kind
        read += 1
    assert read > 5


# ---- outputs -------------------------------------------------------------------------------------------------------------


def display(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    """An output as a student's process sends it."""
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def printed(text: str) -> dict[str, Any]:
    """Text that a cell prints."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def shown(*outputs: dict[str, Any]) -> list[dict[str, Any]]:
    """What a graded notebook keeps of a cell's outputs."""
    cell = {"cell_type": "code", "id": "code", "metadata": {}, "source": "show()", "execution_count": 1}
    found: list[dict[str, Any]] = made_harmless([{**cell, "outputs": kept([list(outputs)])[0]}])[0]["outputs"]
    return found


def test_outputs_are_text_pictures_and_harmless_html() -> None:
    outputs = shown(
        display({"application/javascript": DOES}),
        display({"text/html": f"<b>seen</b><script>{DOES}</script>", "application/json": {"a": 1}}),
        display(
            {"image/png": "AAAA"}, {"image/png": {"width": f"1 onload={DOES}", "height": 5}, "filenames": {"x": "y"}}
        ),
        display({"image/png": f'" onerror="{DOES}', "text/plain": "plain"}),
        display({"text/markdown": f"**bold** [x](javascript:{DOES})"}),
        display({"image/svg+xml": f"<svg onload={DOES}>"}),
        display({"text/latex": "$\\href{javascript:x}{y}$"}),
        display({"text/html": "$\\href{javascript:x}{y}$"}),
    )
    assert [sorted(output["data"]) for output in outputs] == [
        ["text/html"],
        ["image/png"],
        ["text/plain"],
        *[["text/html"]] * 4,
    ]
    assert outputs[0]["data"] == {"text/html": "<b>seen</b>"}
    assert outputs[1]["metadata"] == {"image/png": {"height": 5}}
    cell = {"cell_type": "code", "id": "code", "metadata": {}, "source": "x", "execution_count": 1, "outputs": outputs}
    html = in_formgrader([cell])
    assert Active(html).found == []
    assert "<b>bold</b>" in html or "<strong>bold</strong>" in html
    assert '<div class="tex2jax_ignore">$\\href' in html


def test_too_much_output_is_cut_and_says_so() -> None:
    """1 MiB a cell, 2 MiB a notebook, counted here and not by the student's process; what fits is kept whole."""
    cells = kept(
        [[printed("a" * (CELL + 1)), printed("b")], [printed("🎈" * 700_000)], [printed("c")], [printed("d" * CELL)]]
    )
    assert size_of(cells) < NOTEBOOK + 1000
    assert [cell[-1].get("text") == CUT for cell in cells] == [True, True, True, True]
    assert all(size_of(cell) < CELL + 200 for cell in cells)
    whole = [[printed("a" * (CELL - 100))], [printed("b" * (CELL - 100))]]
    assert kept(whole) == whole


def test_outputs_of_any_depth_and_any_letters_can_be_written() -> None:
    deep: Any = 1
    for _ in range(600):
        deep = [deep]
    outputs = shown(display({"application/json": deep, "text/plain": "\ud800 x"}, {"a": deep}), printed("\udcff y"))
    assert [o.get("text") or o["data"]["text/plain"] for o in outputs] == ["? x", "? y"]
    assert json.dumps(outputs).encode()


@pytest.mark.parametrize("unit", ["\x1b[0m", "\x1b[1;", "\x1b[" + "1;" * 30, "\x1b", "\x1b[38;5;1mx"])
def test_colours_cost_nbconvert_no_time(unit: str) -> None:
    """As sent, half a megabyte of them takes nbconvert a minute or more."""
    text = shown(printed(unit * (500_000 // len(unit))))[0]["text"]
    begun = time.process_time()
    ansi2html(text)
    assert time.process_time() - begun < 3
    coloured = "\x1b[1;31mError\x1b[0m at \x1b[38;2;1;2;3mline\x1b[0m"
    assert shown(printed(coloured)) == [printed(coloured)]


@settings(max_examples=100, deadline=None)
@given(st.text("<>/=\"' &;:abimgsctdrly-", max_size=100))
def test_harmless_html_stays_as_it_is(text: str) -> None:
    """The feedback page reads again what was made harmless for the formgrader."""
    once = output_html(text)
    assert once is not None
    assert output_html(once) == once


# ---- time ----------------------------------------------------------------------------------------------------------------

UNITS = (
    "<img ",
    "<a b='",
    "a.a.",
    "`",
    "[",
    "![](",
    "](",
    "$",
    "\\begin{a}",
    "<!--",
    "|\n",
    "> ",
    "* ",
    "&#",
    "x\n\n\n",
    "def f\n",
    "points 1",
)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("unit", UNITS)
def test_a_megabyte_of_anything_is_read_in_seconds(unit: str) -> None:
    """As text, raw text, code, HTML and an answer: read, repaired, made harmless, and rendered by nbconvert."""
    text = unit * (1_000_000 // len(unit))
    source = json.loads(RIGHT.make() or b"")
    cells = source["cells"]
    cells += [{"cell_type": kind, "metadata": {}, "source": text} for kind in ("markdown", "raw", "code")]
    cells += [{"cell_type": "markdown", "metadata": {}, "source": text[:15_000]}]
    begun = time.process_time()
    notebook = notebook_of(HandedIn("a.ipynb", {"a.ipynb": json.dumps(source).encode()}), template(A))
    code = [
        cell for cell in notebook["cells"] if cell["cell_type"] == "code" and cell["source"] == text.replace("\r", "\n")
    ]
    assert len(code) == 1
    code[0]["outputs"] = kept([[display({"text/html": text, "text/plain": text}), printed(text)]])[0]
    safe = harmless(notebook, NOWHERE)
    assert time.process_time() - begun < 5
    begun = time.process_time()
    in_formgrader(safe["cells"])
    assert time.process_time() - begun < 20


def test_a_notebook_of_eight_megabytes_is_read_in_seconds() -> None:
    """Many cells without ids: each is searched once, and no more of it is parsed than a little."""
    cell = {"cell_type": "markdown", "metadata": {}, "source": "def predict(x):\n  (\n" * 2000}
    notebook = {"cells": [cell] * 180, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    begun = time.process_time()
    made = notebook_of(HandedIn("a.ipynb", {"a.ipynb": json.dumps(notebook).encode()}), template(A))
    safe = harmless(made, NOWHERE)
    assert time.process_time() - begun < 10
    assert sum(len(c["source"]) for c in safe["cells"]) < 2 * MAX_ALL


# ---- sizes and files -----------------------------------------------------------------------------------------------------


def test_a_file_of_nothing_but_brackets_is_refused_before_it_is_parsed() -> None:
    """It would take fifty times its size; brackets in a text are no parts."""
    with pytest.raises(UnreadableError, match="too many parts"):
        read_notebook(b'{"cells": [' + b"[]," * 600_000 + b'"\\""]}')
    code = {"cell_type": "code", "metadata": {}, "source": '[[{"' * 200_000, "outputs": []}
    assert len(read_notebook(json.dumps({"cells": [code]}).encode())["cells"]) == 1


def test_a_large_file_is_refused_before_it_is_read(tmp_path: pathlib.Path) -> None:
    """A sparse file of 2 GB takes no memory; outputs do not count, text does."""
    with open(tmp_path / f"{A}.ipynb", "wb") as file:
        file.truncate(2 << 30)
    assert HandedIn.read(tmp_path, f"{A}.ipynb").notebooks == {f"{A}.ipynb": "the file is larger than 64 MiB"}
    cell = {"cell_type": "code", "source": "1", "outputs": [printed("x" * (MAX_WRITTEN + 1))]}
    assert read_notebook(json.dumps({"cells": [cell]}).encode())
    with pytest.raises(UnreadableError, match="8 MiB, not counting its outputs"):
        read_notebook(json.dumps({"cells": [{"cell_type": "raw", "source": "x" * (MAX_WRITTEN + 1)}]}).encode())


def odd_files(folder: pathlib.Path, outside: pathlib.Path) -> None:
    """Links, a pipe and odd names, as an unpacked archive may hold them."""
    (folder / "notes.txt").symlink_to(outside / ".course_seed")
    (folder / "dangling.ipynb").symlink_to(folder / "nothing")
    (folder / "linked.ipynb").symlink_to(outside / "other" / f"{A}.ipynb")
    (folder / "parent").symlink_to(outside / "other")
    (folder / "timestamp.txt").symlink_to(outside / ".course_seed")
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "page.html").write_text(f"<script>{DOES}</script>")
    (folder / "data.csv").write_text("1,2")
    (folder / "selfcheck.py").mkdir()
    (folder / "selfcheck.py" / "x.txt").write_text("a folder where nbgrader puts a file")
    with open(os.fsencode(folder) + b"/\xff.txt", "wb") as file:
        file.write(b"x")


def test_only_files_of_the_folder_itself_are_read(tmp_path: pathlib.Path) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    (outside / "other").mkdir(parents=True)
    (outside / "other" / f"{A}.ipynb").write_bytes(RIGHT.make() or b"")
    (outside / ".course_seed").write_text(SECRET)
    folder.mkdir()
    odd_files(folder, outside)
    assert dict(files_below(folder).odd) == {
        **dict.fromkeys(("dangling.ipynb", "linked.ipynb", "notes.txt", "parent", "timestamp.txt"), "a link"),
        "pipe.ipynb": "a pipe",
    }
    handed = HandedIn.read(folder, f"{A}.ipynb")
    assert handed.notebooks == {}
    assert HandedIn.from_json(json.loads(json.dumps(handed.to_json()))) == handed
    for path in ("notes.txt", f"parent/{A}.ipynb", "../outside/.course_seed", "/etc/passwd"):
        with pytest.raises(OSError):  # noqa: PT011
            read_file(folder, path)
    with pytest.raises(RefusedError, match="it is a pipe"):
        read_file(folder, "pipe.ipynb")
    (tmp_path / "link").symlink_to(outside / "other")
    assert files_below(tmp_path / "link").files == ()


def test_folders_without_end_are_read_to_a_depth(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a1.ipynb").write_text("{}")
    (tmp_path / ("d/" * 100)).mkdir(parents=True)
    assert HandedIn.read(tmp_path, "a1.ipynb").notebooks == {"a1.ipynb": b"{}"}
    assert len(list(walk(tmp_path))) == 2 + MAX_DEPTH  # the file, and the folders in those that are looked into
    assert "a1.ipynb" in names_below(tmp_path)


# ---- judging -------------------------------------------------------------------------------------------------------------


class Strange(Exception):
    """An error that cannot be put into words."""

    def __repr__(self) -> str:
        return "Strange([/] <script>)"


@pytest.mark.parametrize("error", [Strange(), RecursionError(), OverflowError("[/]"), MemoryError(), UnicodeError()])
def test_an_error_while_judging_costs_one_function(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """In the hidden test itself, and in what is made of it."""
    judge = judge_in_process(A)
    student = named(A).student(reference(A))
    first = judge.tests[A][0]

    def fails(**_: Any) -> None:
        raise error

    def unreadable(**_: Any) -> None:
        raise Wrong(Ruling((Verdict("x", False, "", wrong=error),)))  # type: ignore[arg-type]

    for call in (fails, unreadable):
        tests = {A: [replace(test, call=call) if test is first else test for test in judge.tests[A]]}
        results = replace(judge, tests=tests).grade(named(A), student, points(A))
        hit = results.pop(first.function)
        assert hit.points < hit.max_points
        assert len(hit.faults) == 1
        assert Outcome.FAULT in {check.outcome for check in hit.checks}
        assert all(result.points == result.max_points and not result.faults for result in results.values())


# ---- a class of broken notebooks, from folder to page --------------------------------------------------------------------


def lost_picture(notebook: Notebook) -> bytes:
    """An answer copied from another notebook, without its picture; half a letter; and output that is nested deep."""
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "derive_loss_gradient":
            cell["source"] = "See ![my paper](attachment:lost.png) \ud800 <script>alert(1)</script>"
    shows = "from IPython.display import publish_display_data\ndeep = 1\nfor _ in range(600): deep = [deep]\n"
    shows += "publish_display_data({'application/json': deep, 'text/plain': 'seen [/] \\ud800'})\nprint('<b>[/]')"
    code = {"cell_type": "code", "metadata": {}, "source": shows, "outputs": [], "execution_count": None}
    notebook["cells"].insert(0, code)
    return json.dumps(notebook).encode()


def mutated(data: bytes, seed: int) -> bytes:
    """A notebook after one accident or another: cut, bits turned over, a piece twice, a value exchanged."""
    rng = random.Random(seed)
    kind = seed % 4
    at = rng.randrange(len(data))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    if kind == 2:
        return data[:at] + data[at - 100 : at + 100] + data[at:]
    notebook = json.loads(data)
    values = ["[/]", "\ud800", None, 10**400, [[[]]], {"a": "<script>"}, "derive_loss_gradient", -1, True]
    for _ in range(10):
        cell = rng.choice(notebook["cells"])
        if isinstance(cell, dict):
            cell[rng.choice(["source", "metadata", "cell_type", "id", "outputs", "attachments"])] = rng.choice(values)
    return json.dumps(notebook).encode()


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    """Links, accidents and fuzz, graded and given their pages, with an honest student between them."""
    root = made(
        tmp_path_factory.mktemp("hostile"),
        [RIGHT, replace(RIGHT, student="eve"), replace(RIGHT, student="odd", accident=lost_picture)],
    )
    (root / ".course_seed").write_text(SECRET)
    other = root / "other"
    other.mkdir()
    (other / f"{A}.ipynb").write_bytes(RIGHT.make() or b"")
    for student in ("link", "eve"):
        folder = root / "submitted" / student / A
        folder.mkdir(parents=True, exist_ok=True)
        odd_files(folder, root)
    for number in range(FUZZED):
        folder = root / "submitted" / f"f{number:02}" / A
        folder.mkdir(parents=True)
        (folder / f"{A}.ipynb").write_bytes(mutated(RIGHT.make() or b"", 1000 + number))
    with in_folder(root):
        api = course_api(root)
        for folder in sorted((root / "submitted").iterdir()):
            for step in (api.autograde, api.generate_feedback):
                answer = step(A, folder.name)
                assert answer["success"], answer
    yield root
    with in_folder(root):
        close_executor(root)


def test_every_submission_ends_in_a_mark_and_a_page(course: pathlib.Path) -> None:
    students = {path.name for path in (course / "submitted").iterdir()}
    assert set(code_scores(course, A)) == students == {path.name for path in (course / "feedback").iterdir()}
    full = expected([RIGHT])["ada"]
    assert {code_scores(course, A)[student] for student in ("ada", "eve", "odd")} == {full}
    assert code_scores(course, A)["link"] == 0
    report = CliRunner().invoke(app, ["report", A, "--course", str(course)])
    assert report.exit_code == 0, report.output


def test_nothing_from_elsewhere_comes_back(course: pathlib.Path) -> None:
    """What is no file of the submission is named to the teacher, and copied nowhere."""
    for tree in ("autograded", "feedback"):
        for path in (course / tree).rglob("*"):
            assert not path.is_symlink()
            assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path
    given = {path.name for path in (course / "source" / A).iterdir()}
    assert {path.name for path in (course / "autograded" / "eve" / A).iterdir()} == given | {"data.csv"}
    assert "notes.txt is a link" in " ".join(graded(course, "eve")["repairs"])
    assert "pipe.ipynb is a pipe" in graded(course, "link")["unreadable"]


def test_an_answer_that_lost_its_picture_can_be_marked(course: pathlib.Path) -> None:
    """The formgrader's own rendering of the whole notebook; the feedback page shows what was written."""
    notebook = nbformat.read(course / "autograded" / "odd" / A / f"{A}.ipynb", as_version=4)
    assert Active(in_formgrader([dict(cell) for cell in notebook.cells])).found == []
    page = (course / "feedback" / "odd" / A / f"{A}.html").read_text()
    assert "[picture my paper, not part of this page: <code>attachment:lost.png</code>]" in page
    assert "seen [/]" in page
    assert "&lt;b&gt;[/]" in page
    assert KEY in notebook.metadata
    assert not is_harmless(
        written(next(c for c in notebook.cells if "as_written" in c.metadata)), frozenset(), frozenset()
    )
