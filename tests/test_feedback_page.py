"""The feedback page: marks on top, the rubric as far as course.toml says, formulas without a server, and nothing that runs."""

from __future__ import annotations

import base64
import json
import pathlib
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any, Literal
from xml.etree import ElementTree

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbgrader.api import Gradebook
from playwright.sync_api import sync_playwright

from autograder.commands.demo import course_api, in_folder
from autograder.course.assignment import Assignment
from autograder.course.cells import nbgrader_of
from autograder.course.settings import ROOT, load_course
from autograder.grading.results import SubmissionResult
from autograder.grading.words import joined, number, what_happened
from autograder.plugins import feedback, markdown, records
from autograder.plugins.feedback import FeedbackExporter
from autograder.plugins.formulas import converted, formula_html
from autograder.plugins.grading import close_executor
from autograder.plugins.markdown import highlighted, markdown_html
from autograder.plugins.marks import Mark, how_marked
from autograder.plugins.rubrics import for_students, rubrics
from autograder.plugins.safe_html import TAGS, Pictures, output_html
from autograder.sample.accidents import add_cell, cut_file
from autograder.sample.recipes import Notebook, Recipe
from tests.course import CLASSES, named
from tests.not_run import chromium

A = "a1_linear_fit"
QUESTION = "derive_loss_gradient"
POINTS = {nbgrader_of(c)["grade_id"]: nbgrader_of(c)["points"] for c in named(A).cells if nbgrader_of(c).get("grade")}
RUBRIC = rubrics(ROOT / "assignments" / A / "rubric.md")
SAMPLE = "All four steps are there, each with a reason."  # stands below a sample answer, and in no table
STEP = "The chain rule on the square"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
MATHML = frozenset(
    "math merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle msub "
    "msubsup msup mtable mtd mtext mtr munder munderover".split()
)
SCROLLED = """() => [...document.querySelectorAll('body, body *')].filter(e => {
    const style = getComputedStyle(e)
    const down = style.overflowY === 'auto' && e.scrollHeight > e.clientHeight
    const sideways = !e.matches('.formula') && e.scrollWidth > e.clientWidth
    return e.clientWidth && style.overflowX !== 'visible' && (down || sideways)
}).map(e => `${e.tagName}.${e.className}: ${e.innerText.slice(0, 80)}`)"""
ANSWER = r"""With $\frac{\partial L}{\partial b} = \frac{1}{N}\sum_n 2(\hat y_n - y_n)$ <script>alert("answer")</script>
and $\text{<script>alert("math")</script>}$ we get $$\begin{align} a &= b \\ &= c \end{align}$$ or $\nothing{known}$.

![my paper](paper.png) ![foreign](https://example.org/x.png) <img src=https://example.org/y.png onerror=alert(1)>
"""


# ---- reading a page ----------------------------------------------------------------------------------------------------


@dataclass
class Page(HTMLParser):
    """A page as a browser sees it: tags with attributes, the rows of its tables, and its text."""

    html: str
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    text: str = ""
    in_cell: bool = False

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] != "style":
            self.text += data
            if self.in_cell:
                self.rows[-1][-1] += data

    def row(self, name: str) -> list[str]:
        """The line of a function or an answer in the tables on top."""
        return next([" ".join(cell.split()) for cell in row] for row in self.rows if row and row[0].strip() == name)

    def total(self) -> str:
        """The line with the points of all."""
        found = re.search(r'<p class="total">(.*?)</p>', self.html, re.DOTALL)
        assert found
        return " ".join(re.sub("<[^>]*>", "", found[1]).split())

    def loads(self) -> list[str]:
        """Everything that a browser would fetch, or run, when it opens the page."""
        found = [tag for tag, _ in self.tags if tag in ("script", "link", "iframe", "object", "embed", "base", "video")]
        for tag, attributes in self.tags:
            found += [
                f"{tag} {name}" for name in attributes if name.startswith("on") or name in ("srcset", "background")
            ]
            found += [attributes["src"]] if not attributes.get("src", "data:").startswith("data:") else []
            found += re.findall(r"url\((?!data:)[^)]*", attributes.get("style", ""))
        style = "".join(re.findall(r"<style>(.*?)</style>", self.html, re.DOTALL))
        return found + re.findall(r"url\((?!data:)[^)]*|@import", style)


# ---- a small class -----------------------------------------------------------------------------------------------------


def answered(notebook: Notebook) -> Notebook:
    """One question answered; a cell of the student's that claims to be a rubric, by its metadata and by its id."""
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == QUESTION:
            cell["source"] = ANSWER
    forged = {"autograder": {"rubric": QUESTION}}
    source = "I am no rubric."
    notebook["cells"].append(
        {"cell_type": "markdown", "id": f"rubric-{QUESTION}", "metadata": forged, "source": source}
    )
    return notebook


RECIPES = (
    Recipe(A, "answered", student="ada", accident=answered),
    replace(next(r for r in CLASSES[A] if "no factor x" in r.kind), student="ben"),
    Recipe(A, "cut off", student="dan", accident=cut_file, loses_all=True, needs_look=True),
    Recipe(
        A,
        "a return forgotten, a function misspelt, a cell that stops",
        student="eli",
        answers={
            "mse_gradients": "def mse_gradients(x, target, w, b):\n    error = predict(x, w, b) - target",
            "largest_stable_lr": "def largest_stabel_lr(x):\n    return 1.0",
        },
        accident=add_cell("selfchek.summary()  # <b>"),
    ),
)


@dataclass(frozen=True)
class Course:
    """A graded course directory."""

    root: pathlib.Path
    api: Any

    def page(self, student: str) -> Page:
        """A student's page, made now."""
        with in_folder(self.root):
            answer = self.api.generate_feedback(A, student, force=True)
        assert answer["success"], answer
        return Page((self.root / "feedback" / student / A / f"{A}.html").read_text(encoding="utf-8"))

    def notebook(self, student: str) -> Any:
        """A student's graded notebook."""
        return nbformat.read(self.root / "autograded" / student / A / f"{A}.ipynb", as_version=4)

    def gradebook(self) -> Any:
        """The gradebook, to be closed."""
        return closing(Gradebook(f"sqlite:///{self.root}/gradebook.db"))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """Four submissions of one assignment, graded by nbgrader's API."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "source" / A, root / "source" / A)
    (root / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    for recipe in RECIPES:
        recipe.hand_in(root / "submitted")
    (root / "submitted/ada" / A / "paper.png").write_bytes(base64.b64decode(PIXEL))
    with in_folder(root):
        api = course_api(root)
        assert api.generate_assignment(A, force=True, create=True)["success"]
        for recipe in RECIPES:
            answer = api.autograde(A, recipe.student)
            assert answer["success"], answer
    yield Course(root, api)
    with in_folder(root):
        close_executor(root)


@pytest.fixture(scope="module")
def page(course: Course) -> Page:
    """The page of a student who answered one question, before anybody has marked it."""
    return course.page("ada")


# ---- the head ----------------------------------------------------------------------------------------------------------


def test_every_function_has_its_row(course: Course, page: Page) -> None:
    """Name, points, and a link to the cell with the reasons; "Test cell" is nowhere."""
    places = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    for name, points in RECIPES[0].expected().items():
        most = course.notebook("ada").metadata["autograder"]["functions"][name]["max_points"]
        assert page.row(name)[1:] == [f"{points:g} of {most:g}", "all right"]
        assert ("a", {"href": f"#cell-test_{name}"}) in page.tags
        assert f"cell-test_{name}" in places
    assert "Test cell" not in page.text


def test_a_known_mistake_is_named_on_top(course: Course) -> None:
    ben = course.page("ben")
    points = RECIPES[1].expected()
    name = next(name for name, got in points.items() if "known mistake" in ben.row(name)[2])
    assert ben.row(name)[1].startswith(f"{points[name]:g} of ")
    assert "factor x" in ben.row(name)[2]
    digest = course.notebook("ben").metadata["autograder"]["functions"][name][
        "numbers"
    ]  # for `autograder similar` alone
    assert digest
    assert digest not in ben.html


def test_an_answer_is_not_marked_until_it_is(course: Course, page: Page) -> None:
    """Then its mark and the comment are there, and the total is nbgrader's, with extra points and late penalty."""
    most, other, everything = POINTS[QUESTION], POINTS["explain_bug_missing_x"], sum(POINTS.values())
    assert page.row(QUESTION)[1:] == [f"– of {number(most)}", "not marked yet"]
    assert page.row("explain_bug_missing_x")[1:] == [f"0 of {number(other)}", "no answer"]
    assert page.total().startswith(f"{number(everything - most - other)} of {number(everything)} points so far: ")
    assert page.total().endswith(f": {number(most)} {'point is' if most == 1 else 'points are'} not marked yet")
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade(QUESTION, A, A, "ada")
        grade.manual_score, grade.extra_credit = 1.5, 0.25
        gradebook.find_comment(QUESTION, A, A, "ada").manual_comment = "Why <b>2</b>? See $\\frac{1}{N}$."
        notebook = gradebook.find_submission_notebook(A, A, "ada")
        notebook.late_submission_penalty = 3.0
        gradebook.db.commit()
        score = notebook.score - 3.0
    marked = course.page("ada")
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade(QUESTION, A, A, "ada")
        grade.manual_score = grade.extra_credit = None
        gradebook.find_comment(QUESTION, A, A, "ada").manual_comment = None
        gradebook.find_submission_notebook(A, A, "ada").late_submission_penalty = None
        gradebook.db.commit()
    assert marked.total() == f"{number(score)} of {number(everything)} points (a late penalty of 3 is subtracted)"
    row = marked.row(QUESTION)
    assert row[1] == f"1.75 of {number(most)}"
    assert row[2].startswith("marked; with 0.25 extra points")
    assert "Comment: Why 2? See" in row[2]
    assert "<mfrac>" in marked.html.split("Comment:")[1][:200]


def test_why_nothing_could_be_read_is_on_top(course: Course) -> None:
    dan = course.page("dan")
    total = f"0 of {number(sum(POINTS.values()))} points"
    assert dan.text.index("could not be read: the notebook is not JSON") < dan.text.index(total)
    assert {dan.row(name)[2] for name in (*RECIPES[2].expected(), QUESTION)} == {"not graded: see above"}


def test_what_failed_first_is_named_with_the_functions_above_it(course: Course) -> None:
    """Also in the box of the function; and a name that was misspelt is told from one that is not there."""
    eli = course.page("eli")
    first = "mse_gradients: expected (dw, db), got None: is the return missing?"
    assert eli.row("mse_gradients")[2] == first
    row = eli.row("gradient_descent")[2]
    assert row.startswith("Your mse_gradients is wrong; fix it first, then read on; gradient_descent raised TypeError")
    assert row.endswith(f" It depends on {first}")
    name = "largest_stable_lr"
    missing = f"The notebook defines no function {name}. It defines largest_stabel_lr: rename that to {name}."
    assert eli.row(name)[2] == missing
    assert eli.text.count(missing) == 2
    assert " ".join(eli.text.split()).count(f"It depends on {first}") == 2


def test_a_slip_that_costs_all_points_is_flagged_for_the_teacher_alone(course: Course, page: Page) -> None:
    """A return that is missing and a name that is misspelt, but nothing of a function that is not written."""
    flags = course.notebook("eli").metadata["autograder"]["flags"]
    lost = ", and 3 more lost in gradient_descent, which needs it"
    assert [(flag["kind"], flag["reason"]) for flag in flags if flag["kind"] != "repaired"] == [
        ("no return", f"mse_gradients is written, but returns None: 0 of 4 points{lost}. Is only a return missing?"),
        ("another name", "largest_stable_lr is missing, but largest_stabel_lr is defined: 0 of 2 points."),
    ]
    assert [flag["above"] for flag in flags if flag["kind"] != "repaired"] == [3, 0]
    assert "Is only a return missing" not in course.page("eli").text
    assert not course.notebook("ada").metadata["autograder"]["needs_look"]


def test_a_cell_that_stopped_is_told_on_top(course: Course, page: Page) -> None:
    said = "1 cell ended with an error when all cells were run from the top, the first with: NameError: name 'selfchek' is not"
    assert said in course.page("eli").text.partition("Your notebook")[0]
    assert "ended with an error" not in page.text


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(400, "dark"), (900, "light")])
def test_nothing_is_scrolled_sideways(course: Course, width: int, scheme: Literal["dark", "light"]) -> None:
    """Tables, code and printed text wrap, on a telephone too, but for formulas; nor is a cell scrolled up and down."""
    course.page("eli")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
        page.goto(f"file://{course.root}/feedback/eli/{A}/{A}.html")
        assert page.evaluate(SCROLLED) == []


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (Mark(2.0), "not marked yet"),
        (Mark(2.0, extra=1.0), "not marked yet"),
        (Mark(2.0, auto=0.0), "no answer"),
        (Mark(2.0, auto=0.0, manual=0.0), "marked"),
        (Mark(2.0, manual=2.0, extra=0.5), "marked; with 0.5 extra points"),
        (Mark(2.0, manual=3.0), "marked; this is more than the maximum of 2, ask your teacher"),
    ],
)
def test_how_far_the_marking_has_come(mark: Mark, words: str) -> None:
    assert how_marked(mark) == words


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (
            {"sentence": "f raised ValueError. Its other checks were skipped."},
            "f raised ValueError. Its other checks were skipped.",
        ),
        ({"sentence": "f is not written yet.", "outcome": "unwritten", "share": 0.0}, "not written yet"),
        ({"arrays": [["dw", False, ""], ["db", True, ""]]}, "wrong: dw"),
        ({"arrays": [[f"w{i}", False, ""] for i in range(6)]}, "wrong: w0, w1, w2, w3 and 2 more"),
        ({"arrays": [["f", False, ""]]}, "wrong: the result"),
        ({}, "not all checks are met"),
    ],
)
def test_what_happened_in_a_line(check: dict[str, Any], words: str) -> None:
    function = {"name": "f", "points": 1, "max_points": 2, "checks": [{"share": 1.0}, {"share": 0.5} | check]}
    result = SubmissionResult.from_json({"functions": {"f": function}})
    assert what_happened(result.functions["f"]) == words


def test_a_line_has_no_full_stop_in_the_middle() -> None:
    assert joined("f raised ValueError.", "", "marked by hand") == "f raised ValueError; marked by hand"
    assert joined("f raised ValueError.") == "f raised ValueError."
    assert joined() == ""


# ---- the rubric --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("setting", "step", "sample"), [("steps", 1, 0), ("samples", 1, 1), ("none", 0, 0)])
def test_the_rubric_is_what_course_toml_says(
    course: Course, monkeypatch: pytest.MonkeyPatch, setting: str, step: int, sample: int
) -> None:
    """Also on the page of somebody who handed in nothing readable."""
    monkeypatch.setattr(feedback, "load_course", lambda *_: replace(load_course(), rubric=setting))
    for student in ("ada", "dan"):
        text = course.page(student).text
        assert (text.count(STEP), text.count(SAMPLE)) == (step, sample)


def test_a_changed_rubric_reaches_class_and_pages(
    course: Course, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """Without --force: the page is made again with the new steps, and what is graded counts as changed, which says why."""
    course.page("ada")
    other = tmp_path / "rubric.md"
    other.write_text((ROOT / "assignments" / A / "rubric.md").read_text().replace(STEP, "A quite different step"))
    monkeypatch.setattr(Assignment, "rubric", other)
    with in_folder(course.root):
        log = course.api.generate_feedback(A, "ada", force=False)["log"]
        coursedir = course.api.coursedir
        coursedir.assignment_id = A
        graded = records.results_of(coursedir, ["ada"])["ada"]
        now = records.digest(course.root / "submitted" / "ada" / A, coursedir)
    assert "feedback made: 1, unchanged: 0" in log
    page = (course.root / "feedback" / "ada" / A / f"{A}.html").read_text()
    assert "A quite different step" in page
    assert STEP not in page
    assert records.why_again(graded, now, graded.settings) == "the rubric has changed"


def test_the_person_who_marks_sees_all_of_it(course: Course) -> None:
    """The graded notebook, which the formgrader shows, has every rubric whole, in a cell that says what it is."""
    cells = course.notebook("ada").cells
    found = {c.metadata["autograder"]["rubric"]: c.source for c in cells if "autograder" in c.metadata}
    assert set(found) == set(RUBRIC)
    assert all(RUBRIC[name] in found[name] for name in RUBRIC)
    assert len({c.id for c in cells}) == len(cells)


def test_no_student_makes_a_rubric(course: Course, page: Page) -> None:
    """A cell with a rubric's metadata and a rubric's id is a cell like any other."""
    cell = next(c for c in course.notebook("ada").cells if c.source == "I am no rubric.")
    assert "autograder" not in cell.metadata
    assert "I am no rubric." in page.text


@pytest.mark.parametrize("assignment", CLASSES)
def test_steps_are_the_table_and_nothing_else(assignment: str) -> None:
    for name, section in rubrics(ROOT / "assignments" / assignment / "rubric.md").items():
        first, blank, *table = for_students(f"**Rubric for {name}**\n\n{section}", "steps").splitlines()
        assert (first, blank) == (f"**Rubric for {name}**", "")
        assert len(table) >= 3, name
        assert all(line.startswith("|") for line in table)


# ---- nothing runs, nothing is loaded -----------------------------------------------------------------------------------


def test_a_page_loads_nothing(course: Course, page: Page) -> None:
    """No script, no style sheet, no picture and no font from anywhere; the browser is told to refuse them as well."""
    policy = next(attributes["content"] for tag, attributes in page.tags if "http-equiv" in attributes)
    assert "default-src 'none'" in policy
    for shown in (page, course.page("dan")):
        assert shown.loads() == []


def test_an_answer_is_shown_and_runs_nothing(page: Page) -> None:
    """Scripts are text at most; a formula that is none stays TeX; a picture of paper is in the page."""
    assert "<script" not in page.html
    assert "<mtext>&lt;script&gt;alert(”math”)&lt;/script&gt;</mtext>" in page.html
    assert r"<code>\nothing{known}</code>" in page.html
    assert f'src="data:image/png;base64,{PIXEL}"' in page.html
    assert "[picture foreign, not part of this page: " in page.html


def test_outputs_of_students_code_run_nothing(course: Course) -> None:
    """HTML is reduced to harmless tags, drawings are pictures, JavaScript is not shown."""
    html = '<table style="position:fixed;color:red"><tr onclick="x()"><td><b>seen<img src=http://example.org/z.png>'
    shown = exported(
        course,
        [
            {"text/html": html, "text/plain": "plain"},
            {"image/svg+xml": "<svg><script>alert(1)</script></svg>"},
            {"application/javascript": "alert(2)", "text/plain": "<Javascript>"},
            {"text/html": "x" * 200_000, "text/plain": "too long as HTML"},
        ],
    )
    assert shown.loads() == []
    assert '<table style="color:red"><tr><td><b>seen<span>[picture, not part' in shown.html
    assert "alert(2)" not in shown.html
    assert "too long as HTML" in shown.text


def test_what_is_no_html_is_text() -> None:
    """Angle brackets in a sentence are kept; presentation is left out; what is open is closed."""
    assert markdown_html("a <x and y> b, <center>c</center> <b>d") == "<p>a &lt;x and y&gt; b, c <b>d</b></p>\n"
    assert output_html("<td style='background:url(x.png);color:red'>1<!-- 2 --></p>") == '<td style="color:red">1</td>'


def test_flags_and_isolation_are_told(course: Course) -> None:
    shown = exported(
        course, [], flags=[{"kind": "repaired", "reason": "predict: <b>was</b> missing."}], isolation="none"
    )
    assert "predict: <b>was</b> missing." in shown.text
    assert "graded without isolation" in shown.text
    assert "graded without isolation" not in exported(course, [], isolation="standard").text


def exported(course: Course, outputs: list[dict[str, str]], **kept: Any) -> Page:
    """The page of a notebook whose code displayed this."""
    notebook = course.notebook("ada")
    notebook.metadata["autograder"].update(kept)
    cell = nbformat.v4.new_code_cell("show()")
    cell.outputs = [nbformat.v4.new_output("display_data", data) for data in outputs]
    notebook.cells.append(cell)
    names = {"assignment": A, "marks": {}, "comments": {}, "late_penalty": 0.0}
    return Page(FeedbackExporter().from_notebook_node(notebook, {"nbgrader": names})[0])


# ---- formulas ----------------------------------------------------------------------------------------------------------


def texts(assignment: str) -> list[str]:
    """Every text of an assignment: the released notebook's and the rubric's."""
    released = json.loads((ROOT / "release" / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(c["source"]) for c in released["cells"] if c["cell_type"] == "markdown"]
    return [*cells, (ROOT / "assignments" / assignment / "rubric.md").read_text(encoding="utf-8")]


@pytest.mark.parametrize("assignment", CLASSES)
def test_every_formula_of_the_course_converts(assignment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the notebook as given out and in the rubric, none is left as TeX."""
    met: list[tuple[str, bool]] = []
    monkeypatch.setattr(markdown, "formula_html", lambda tex, display: str(met.append((tex, display))))
    for text in texts(assignment):
        markdown.rendered(text, {}, Pictures())
    assert len(met) > 40
    assert [tex for tex, display in met if converted(tex, display) is None] == []


COMMANDS = (
    r"\frac \sum_ \hat \text{ \left( \right) { } ^ _ & \\ $ < > x 1 \begin{aligned} \end{aligned} \href{ \def\a{ \a"
)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(COMMANDS.split()), max_size=30).map(" ".join)),
    st.booleans(),
)
def test_any_tex_becomes_mathml_or_stays_tex(tex: str, display: bool) -> None:
    """It never raises; what comes is XML, of MathML's elements alone, and none of them links, loads or runs."""
    mathml = converted(tex, display)
    if mathml is None:
        assert formula_html(tex, display).startswith("<code>")
        assert "<" not in formula_html(tex, display)[6:-7]
        return
    for element in ElementTree.fromstring(mathml).iter():
        assert element.tag in MATHML
        assert not [name for name in element.attrib if name.startswith("on") or name in ("href", "src", "xlink:href")]


@pytest.mark.parametrize("unit", ["{", r"\hat ", r"\frac{", r"\left(", r"\begin{matrix}", r"\text{", "x^{", r"\sqrt["])
def test_deep_tex_ends_nothing(unit: str) -> None:
    """A recursive parser would exhaust its stack, and that would end the process."""
    for many in (4000 // len(unit), 100_000):
        assert formula_html(unit * many + "x" + "}" * (unit.count("{") * many), True)


@pytest.mark.parametrize("tex", ["[" * 40, "((({)))}" * 12, r"\def\x{[}" + r"\x " * 40])
def test_a_formula_without_end_is_shown_as_tex(tex: str) -> None:
    """Open brackets double math-core's time, each one: it is ended, and the next formula is set as ever."""
    started = time.monotonic()
    assert formula_html(tex, True).startswith("<code>")
    assert formula_html(f"x_{len(tex)}", True).startswith("<span")
    assert time.monotonic() - started < 10


def test_no_text_can_repeat_a_part_of_the_page() -> None:
    """A formula is put in at a place that no student can name, so it stands in the page once."""
    shown = markdown_html("$x^2$ <b>&#xe000;0&#xe001;&#xe000;0&#xe001;</b>")
    assert shown.count("<math") == 1


@pytest.mark.parametrize(
    "code", ["x=1\n" + " \n" * 9990 + "y=2", "\n   " * 4000, "*" * 19999, "a*" * 4000, "%%perl\n" + "m{a " * 1500]
)
def test_code_that_pygments_takes_minutes_for_is_shown_without_colours(code: str) -> None:
    assert "<span" not in highlighted(code)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=80), st.text("<>/=\"' \n$`![](){}&;:#*-|_abimgscrptonvhe", max_size=120)))
def test_any_markdown_is_harmless(text: str) -> None:
    """Whatever is written: known tags without scripts and without addresses to load."""
    for html in (markdown_html(text), output_html(text) or ""):
        shown = Page(html)
        assert shown.loads() == []
        assert {tag for tag, _ in shown.tags} <= TAGS | MATHML


@pytest.mark.parametrize("unit", ["\\\\[", r"\begin{a}", "<", "<!--", "<a b=", "[", "**", "|\n", "$", "a.", "<b>"])
def test_no_text_takes_long(unit: str) -> None:
    """Text made to keep a parser busy is shown, within seconds."""
    text = (unit * 20_000)[:20_000]
    begun = time.process_time()
    assert markdown_html(text)
    assert markdown_html(f"```python\n{text}\n```")
    assert output_html(text) is not None
    assert time.process_time() - begun < 5
