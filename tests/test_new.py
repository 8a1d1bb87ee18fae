"""`autograder new` writes an assignment that is complete at once, and functions that say what is still to be written."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
from typing import Any

import pytest

from autograder.authoring.build import make
from autograder.authoring.check import Found, check
from autograder.authoring.new import Example, NewError, listed, new_assignment, new_function, with_cells
from autograder.course.assignment import Assignment
from autograder.course.settings import ROOT, Course, load_course
from autograder.grading.judge import Judge
from autograder.sample.classes import classes

TINY = ROOT / "tests" / "tiny"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A repository of its own with our self-check and a new assignment, built."""
    root = tmp_path_factory.mktemp("new").resolve()
    shutil.copytree(TINY / "grading", root / "grading_of_new", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(TINY / "assignments" / "gates", root / "assignments" / "gates")
    shutil.copytree(ROOT / "assignments" / "selfcheck", root / "assignments" / "selfcheck")
    shutil.copy(ROOT / "assignments" / "student_readme.md", root / "assignments")
    (root / "course.toml").write_text('# One.\nassignments = [\n    "grading_of_new.gates",  # two gates\n]\n')
    new_assignment(root, "fresh")
    made = load_course(root)
    make(made)
    return made


def missing(course: Course, name: str) -> dict[str, tuple[str, ...]]:
    """What the checks of an assignment say."""
    found = [one for one in check(course, name) if isinstance(one, Found)]
    assert len(found) == 18
    return {one.name: one.missing for one in found if one.missing}


def graded(one: Assignment, judge: Judge, notebook: dict[str, Any]) -> dict[str, float]:
    """The points of a notebook, graded in this process."""
    space: dict[str, Any] = {"selfcheck": None}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and "selfcheck" not in "".join(cell["source"]):
            exec("".join(cell["source"]), space)
    space.setdefault("np", __import__("numpy"))
    results = judge.grade(one, one.student(space), one.points)
    return {name: result.points for name, result in results.items()}


def test_a_new_assignment_is_complete(course: Course) -> None:
    text = (course.directory / "course.toml").read_text()
    assert text == '# One.\nassignments = [\n    "grading_of_new.gates", "grading_of_new.fresh",  # two gates\n]\n'
    assert missing(course, "fresh") == {}


@pytest.mark.thorough
def test_its_sample_class_gets_the_marks_of_its_recipes(course: Course) -> None:
    one, judge = course.assignment("fresh"), Judge.of([course.assignment("fresh")], "new", naming=True)
    recipes = classes(course)["fresh"]
    assert len(recipes) == 4
    for recipe in recipes:
        assert graded(one, judge, json.loads(recipe.make() or b"")) == recipe.expected(), recipe.kind
    (wrong,) = (recipe for recipe in recipes if recipe.answers)
    space = {**one.namespace()}
    exec(wrong.answers["example"], space)
    (named,) = judge.grade(one, one.student(space), one.points)["example"].mistakes
    assert named.title == "the factor 2 of example is missing"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "example",
    [
        Example("mix_gates", ("x", "h0")),
        Example("mix_gates", ("x", "h0"), ("dx", "dw")),
        Example("mix_gates", ("x", "h0"), ("outputs",), params=("weight", "bias")),
    ],
    ids=["array", "dict", "layer"],
)
def test_a_new_function_says_what_is_still_to_be_written(
    course: Course, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, example: Example
) -> None:
    """In another copy, with hidden tests and mistakes in folders, as larger assignments have them."""
    package = f"marking_{len(example.returns)}_{len(example.params)}"
    shutil.copytree(course.directory, tmp_path / "copy")
    root = (tmp_path / "copy").resolve()
    (root / "grading_of_new").rename(root / package)
    folder = root / package / "fresh"
    for path in (*folder.rglob("*.py"), root / "course.toml"):
        path.write_text(path.read_text().replace("grading_of_new", package))
    for part, module in (("suite", "test_example"), ("mistakes", "example")):
        (folder / part).mkdir()
        (folder / f"{part}.py").rename(folder / part / f"{module}.py")
    (folder / "suite/__init__.py").write_text("")
    (folder / "mistakes/__init__.py").write_text('"""Known mistakes."""\n\nfrom . import example as example\n')
    monkeypatch.setattr(sys, "path", [*sys.path])
    written = new_function(root, "fresh", example)
    assert {str(path.relative_to(root)) for path in written} == {
        "assignments/fresh/fresh.py",
        "assignments/selfcheck/fresh.py",
        f"{package}/fresh/contract.py",
        f"{package}/fresh/problems.py",
        f"{package}/fresh/references.py",
        f"{package}/fresh/mistakes/__init__.py",
        f"{package}/fresh/mistakes/mix_gates.py",
        f"{package}/fresh/suite/test_mix_gates.py",
        f"{package}/fresh/right/loops.py",
    }
    for module in [name for name in sys.modules if name.startswith(package)]:
        monkeypatch.delitem(sys.modules, module)  # as in the next command's process
    found = missing(load_course(root), "fresh")
    assert found.keys() == {"nothing of the skeleton is left", "source/ and release/ are built"}
    left = {line.partition(",")[0] for line in found["nothing of the skeleton is left"]}
    marked = {str(path.relative_to(root)) for path in written if path.name != "__init__.py"}
    first = {f"{package}/fresh/{name}.py" for name in ("sample", "suite/test_example", "mistakes/example")}
    assert left == marked | first | {"assignments/fresh/rubric.md"}  # it has a function of its own now
    with pytest.raises(NewError, match=f"{example.functions[0]} is a function of fresh already"):
        new_function(root, "fresh", example)


def test_the_cells_of_a_new_function_are_above_the_closing_text() -> None:
    script = '# %% nbgrader={"grade": true}\none\n\n# %% [markdown]\n"""Closing."""\n'
    assert with_cells(script, "# %%\nnew\n") == script.replace("# %% [mark", "# %%\nnew\n\n# %% [mark")
    assert with_cells("", "# %%\nnew\n").strip() == "# %%\nnew"


# ---- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("5_gates", "cannot be a Python module"),
        ("class", "cannot be a Python module"),
        ("gates", "`autograder new gates FUNCTION`"),
        ("layers", "assignments/selfcheck/layers.py exists already"),
    ],
)
def test_a_name_is_refused(course: Course, name: str, said: str) -> None:
    before = sorted(course.directory.rglob("*"))
    with pytest.raises(NewError, match=said):
        new_assignment(course.directory, name)
    assert sorted(course.directory.rglob("*")) == before


@pytest.mark.parametrize(
    ("assignment", "example", "said"),
    [
        ("fresh", Example("two words"), "'two words' is no name"),
        ("fresh", Example("f", ("x", "lambda")), "'lambda' is no name"),
        ("fresh", Example("f", ()), "needs an argument"),
        ("fresh", Example("example"), "is a function of fresh already"),
        ("gates", Example("gates_"), None),
        ("frsh", Example("f"), "the closest name is fresh"),
    ],
)
def test_a_function_is_refused(course: Course, assignment: str, example: Example, said: str | None) -> None:
    before = (course.directory / "assignments/fresh/fresh.py").read_text()
    if said is None:
        draw = course.assignment("gates").folder / "problems.py"
        draw.write_text(draw.read_text() + "\n\ndef draw_gates_() -> None:\n    pass\n")
        said = "problems.py has draw_gates_ already"
    with pytest.raises(NewError, match=said):
        new_function(course.directory, assignment, example)
    assert (course.directory / "assignments/fresh/fresh.py").read_text() == before


def test_a_place_without_a_course_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(NewError, match=r"There is no course\.toml in"):
        new_assignment(tmp_path, "fresh")
    (tmp_path / "course.toml").write_text(f"repository = {json.dumps(str(TINY))}\n")
    with pytest.raises(NewError, match=f"takes its assignments from {TINY}: run this there"):
        new_assignment(tmp_path, "fresh")
    (tmp_path / "assignments").mkdir()
    (tmp_path / "course.toml").write_text('assignments = ["a1_linear_fit"]\n')
    with pytest.raises(NewError, match=f"The assignments of this course are in {ROOT}: run this there"):
        new_assignment(tmp_path, "fresh")


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("cost_share = 0.1\n", "cost_share = 0.1\n"),
        ("assignments = ['a']  # c\n[limits]\n", "assignments = ['a', \"b\"]  # c\n[limits]\n"),
        ('assignments = [\n  "a",\n]\n', 'assignments = [\n  "a", "b",\n]\n'),
        ('assignments = [\n  "a"  # the "first"\n]\n', None),
    ],
)
def test_course_toml_keeps_its_form(tmp_path: pathlib.Path, text: str, changed: str | None) -> None:
    path = tmp_path / "course.toml"
    path.write_text(text)
    if changed is None:
        with pytest.raises(NewError, match='add "b" to its assignments'):
            listed(path, "b")
    else:
        assert listed(path, "b") == changed


# ---- the commands ------------------------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_the_command_writes_into_this_package_and_says_what(tmp_path: pathlib.Path) -> None:
    """In a copy of the repository, as an author has it."""
    ignored = shutil.ignore_patterns("__pycache__", "right", "suite", "mistakes")
    for name in ("assignments", "autograder"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "course.toml", tmp_path)
    ran = subprocess.run(
        [sys.executable, "-m", "autograder.commands.cli", "new", "a5_gates"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    written = [line.removeprefix("wrote ") for line in lines if line.startswith("wrote ")]
    assert all((tmp_path / name).exists() for name in written)
    assert {"course.toml", "autograder/assignments/a5_gates/suite.py", "assignments/selfcheck/a5_gates.py"} <= {
        *written
    }
    assert lines[-3:] == [
        "  autograder build --course .",
        "  autograder check a5_gates",
        "  autograder new a5_gates FUNCTION",
    ]


@pytest.mark.parametrize("command", ["new", "check"])
def test_help_does_not_load_torch(command: str) -> None:
    code = (
        f"import sys; from autograder.commands.cli import app; app(['{command}', '--help'], standalone_mode=False); "
        "print('torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip().endswith("False")
