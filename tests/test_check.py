"""`autograder check` finds each thing that an assignment can lack, and says it in the one line where it belongs.

A copy of tests/tiny, built, is broken in one place at a time.
"""

from __future__ import annotations

import io
import pathlib
import shutil
import sys
from collections.abc import Callable
from itertools import count

import pytest
from rich.console import Console

from autograder.authoring import check_files, check_runs
from autograder.authoring.audit.validity import judge_of, kill_table
from autograder.authoring.build import make
from autograder.authoring.check import Found, check, main, show
from autograder.course.settings import ROOT, Course, load_course

TINY = ROOT / "tests" / "tiny"
NUMBER = count(1)
SCRIPT, PACKAGE = "assignments/gates/gates.py", "{package}/gates"
Change = Callable[[str], str]


def put(old: str, new: str) -> Change:
    """A change of a text in one place."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


def without(begin: str, end: str = "") -> Change:
    """A text without a piece: from its beginning up to the next end, or to the end of the file."""

    def change(text: str) -> str:
        before, _, rest = text.partition(begin)
        assert rest
        return before + (end + rest.partition(end)[2] if end else "")

    return change


def add(line: str) -> Change:
    """A text with one more line."""
    return lambda text: f"{text}\n{line}\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One course seed is enough here; and the repositories of these tests stay on sys.path for one test only."""
    monkeypatch.setattr(check_runs, "SEEDS", check_runs.SEEDS[:1])
    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A copy of tests/tiny with source/ and release/."""
    root = tmp_path_factory.mktemp("tiny") / "repository"
    shutil.copytree(TINY, root, ignore=shutil.ignore_patterns("__pycache__"))
    make(load_course(root))
    return root


def copied(built: pathlib.Path, folder: pathlib.Path) -> tuple[Course, str]:
    """Another copy, whose package has a name of its own: Python keeps what it has imported."""
    package, root = f"grading_{next(NUMBER)}", folder / "repository"
    shutil.copytree(built, root)
    (root / "grading").rename(root / package)
    (root / "course.toml").write_text(f'assignments = ["{package}.gates"]\n')
    return load_course(root), package


def missing(course: Course) -> dict[str, str]:
    """What the checks say, by their names, where they say something."""
    found = [one for one in check(course, "gates") if isinstance(one, Found)]
    return {one.name: " ".join(one.missing) for one in found if one.missing}


BROKEN = {
    "a file": (PACKAGE + "/references.py", None, "every file", "references.py is missing: CONTRIBUTING.md"),
    "an import": (PACKAGE + "/problems.py", add("import nothing_like_it"), "every file", "problems.py, line"),
    "syntax": (PACKAGE + "/contract.py", add("FUNCTIONS = ("), "every file", "contract.py"),
    "a row": (
        PACKAGE + "/contract.py",
        put("FUNCTIONS = (", 'FUNCTIONS = (\n    Function("carry", STATES, array("carry", "N H")),'),
        "a graded cell",
        "no solution cell with the grade_id carry",
    ),
    "a graded cell": (
        SCRIPT,
        without('# %% nbgrader={"schema_version": 3, "grade_id": "test_new_state"', "# %% [markdown]"),
        "a graded cell",
        "no graded cell test_new_state",
    ),
    "two cells of a name": (SCRIPT, put('"test_new_state"', '"test_gates"'), "a graded cell", "two cells"),
    "a rubric": ("assignments/gates/rubric.md", put("## two_biases", "## other"), "rubric", "no part ## two_biases"),
    "a skeleton": (PACKAGE + "/suite.py", add("# SKELETON: replace it."), "skeleton", "suite.py, line 65: SKELETON"),
    "a mistake": (
        PACKAGE + "/mistakes.py",
        without("@in_new_state("),
        "has a known mistake",
        "no mistake of new_state",
    ),
    "a heading": (PACKAGE + "/mistakes.py", put("2, 'The new", "2, 'The old"), "reread", "gates_exchanged"),
    "a style": (PACKAGE + "/right/loops.py", without("def new_state"), "in another style", "no answer of new_state"),
    "a tolerance": (
        PACKAGE + "/suite.py",
        add("def near(a: object, b: object) -> object:\n    return np.testing.assert_allclose(a, b)"),
        "tolerance of their own",
        "suite.py, line 66",
    ),
    "a deciding test": (
        PACKAGE + "/suite.py",
        put("weight(3)\n", "weight(3)\n@pytest.mark.behaviour\n"),
        "hidden test that decides",
        "no test of gates that compares",
    ),
    "a hidden test": (
        PACKAGE + "/suite.py",
        lambda text: text.replace("def test_new_state", "def no_test_new_state"),
        "hidden test that decides",
        "no test for new_state",
    ),
    "a size of its own": (
        PACKAGE + "/problems.py",
        put("hidden: int = 4", "hidden: int = 5"),
        "hide no mistake",
        "both",
    ),
    "a right answer": (
        PACKAGE + "/right/loops.py",
        put("1 / (1 +", "2 / (1 +"),
        "right answers in other styles",
        "loops.py: gates gets",
    ),
    "what makes it wrong": (
        PACKAGE + "/mistakes.py",
        put(""", {**p, "bias_hh": np.zeros_like(p["bias_hh"])})""", ", p)"),
        "loses points",
        "bias_hh_forgotten of gates keeps full points",
    ),
    "a term of the sum": (
        PACKAGE + "/suite.py",
        put("p = problem\n", 'p = __import__("dataclasses").replace(problem, candidate=0 * problem.candidate)\n'),
        "small change of the solution",
        "suite.py: new_state keeps full points when its solution is changed (",
    ),
    "a reason": (PACKAGE + "/exempt.py", put('"tanh_gate": SHAPES, ', ""), "self-check passes", "tanh_gate passes"),
    "a check of its own": (
        "assignments/selfcheck/gates.py",
        without('CALLS["new_state"]'),
        "self-check passes",
        "the self-check of new_state stops: KeyError",
    ),
    "a false alarm": (
        "assignments/selfcheck/public.py",
        put(
            "return POINTS",
            'return 0.0 if sys._getframe(1).f_globals[name].__code__.co_filename == "<loops>" else POINTS',
        ),
        "self-check passes",
        "right/loops.py: new_state is right and does not pass",
    ),
}


def as_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the checks take what is built for what a build makes, which takes seconds."""
    monkeypatch.setattr(check_files.Looked, "assignment", property(lambda look: look.committed))


def test_nothing_is_missing(built: pathlib.Path, tmp_path: pathlib.Path) -> None:
    course, _ = copied(built, tmp_path)
    console = Console(record=True, soft_wrap=True, file=io.StringIO())
    assert show(course, "gates", console)
    assert "gates: all ok" in console.export_text()


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_missing_is_said_once(
    built: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    file, change, name, words = BROKEN[what]
    course, package = copied(built, tmp_path)
    path = course.repository / file.format(package=package)
    if change is None:
        path.unlink()
    else:
        path.write_text(change(path.read_text()))
    as_built(monkeypatch)
    found = missing(course)
    assert len(found) == 1, found
    assert name in next(iter(found))
    assert words in next(iter(found.values()))


def test_what_is_not_built_is_said(built: pathlib.Path, tmp_path: pathlib.Path) -> None:
    course, _ = copied(built, tmp_path)
    (course.directory / "release/gates/README.md").unlink()
    script = course.assignment("gates").script
    script.write_text(script.read_text().replace("A cell keeps", "Every cell keeps"))
    found = missing(course)
    assert list(found) == ["source/ and release/ are built"]
    for file in ("source/gates/gates.ipynb", "release/gates/gates.ipynb", "release/gates/README.md"):
        assert file in found["source/ and release/ are built"]
    assert "run `autograder build --course .`" in found["source/ and release/ are built"]


def rebuilt(course: Course, *changes: Change) -> dict[str, str]:
    """What the checks say after some changes of the script and a build."""
    script = course.assignment("gates").script
    for change in changes:
        script.write_text(change(script.read_text()))
    make(course)
    return missing(course)


def test_what_students_should_not_get_is_said(
    built: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line of the hidden suite, and half a solution."""
    as_built(monkeypatch)
    found = rebuilt(
        copied(built, tmp_path)[0],
        put("A cell keeps", "exchanged = student.gates(problem.x, problem.h, params)\n\nA cell keeps"),
        put("    ### BEGIN SOLUTION\n    net", "    net"),
        put("np.exp(-net))\n", "np.exp(-net))\n    ### BEGIN SOLUTION\n"),
    )
    assert found.keys() == {
        "release/ has nothing of the solution or the hidden tests",
        "the notebook as given out gets no points",
    }
    said = " ".join(found.values())
    assert "the hidden suite's line 'exchanged = student.gates(problem.x, problem.h, params)' is there" in said
    assert "gates as given out gets 3 points" in said


def test_a_wrong_solution_loses_points(
    built: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_built(monkeypatch)
    found = rebuilt(copied(built, tmp_path)[0], put("np.exp(-net)", "np.exp(-2 * net)"))
    said = found["the solution gets full points on three seeds"]
    assert "gates.py, the solution: gates gets 0 of 3 points: Both gates are PyTorch's." in said


def test_two_mistakes_with_the_same_numbers_are_told_apart_or_excused(
    built: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    course, package = copied(built, tmp_path)
    folder = course.repository / package / "gates"
    text = (folder / "mistakes.py").read_text()
    twin = text[text.index("@in_gates(") : text.index("@in_new_state(")]
    changed = twin.replace("tanh_gate", "tanh_twin").replace("the gates go", "both gates go")
    (folder / "mistakes.py").write_text(f"{text}\n\n{changed}")
    exempt = (folder / "exempt.py").read_text()
    (folder / "exempt.py").write_text(f'{exempt}TWINS = {{("tanh_gate", "tanh_twin"): "the same"}}\n')
    one = course.assignment("gates")
    table = kill_table(one, [judge_of(one, "twins")])
    assert check_runs.survivors(one, table) == []
    one.part("exempt").TWINS.clear()
    assert [said.partition(":")[0] for said in check_runs.survivors(one, table)] == [
        "tanh_gate of gates is also named tanh_twin",
        "tanh_twin of gates is also named tanh_gate",
    ]


def test_what_cannot_be_checked_is_said(tmp_path: pathlib.Path) -> None:
    console = Console(record=True, soft_wrap=True, file=io.StringIO())
    assert main(ROOT, ["a1_linear"], console) == 1
    assert "a1_linear is not an assignment of this course; the closest name is a1_linear_fit" in console.export_text()
