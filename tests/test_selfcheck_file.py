"""selfcheck.py as it is given out: one file an assignment, joined from assignments/selfcheck/."""

from __future__ import annotations

import ast
import dataclasses
import pathlib
import re
import shutil
import subprocess
import symtable
import sys
from collections.abc import Mapping

import numpy as np
import pytest

from autograder.authoring.build import BuildError, self_check
from autograder.authoring.join_selfcheck import JoinError, join
from autograder.course.points import own_points
from autograder.course.settings import ROOT, Course, load_course
from autograder.kernels.cage import Cage
from autograder.kernels.student import Student
from autograder.kernels.submission import Submission
from tests.checker import checker, typed
from tests.course import NAMES, named

PACKAGE = ROOT / "assignments" / "selfcheck"
ASSIGNMENTS = pytest.mark.parametrize("assignment", NAMES)


def given_out(assignment: str) -> str:
    """The file that students get."""
    return (ROOT / "release" / assignment / "selfcheck.py").read_text()


def course_with(points: Mapping[str, Mapping[str, float]]) -> Course:
    """Our course with these changes of points and no others."""
    return dataclasses.replace(load_course(), points=points)


@ASSIGNMENTS
def test_what_is_committed_is_what_is_joined(assignment: str) -> None:
    joined = self_check(load_course(), assignment)
    for tree in ("source", "release"):
        assert (ROOT / tree / assignment / "selfcheck.py").read_text() == joined, "run `make source`"


@ASSIGNMENTS
def test_the_same_modules_give_the_same_bytes_elsewhere(assignment: str, tmp_path: pathlib.Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "selfcheck")
    assert join(tmp_path / "selfcheck", assignment, {}) == join(PACKAGE, assignment, {})


@ASSIGNMENTS
def test_the_file_is_formatted_like_all_our_code(assignment: str) -> None:
    for command in (["format", "--check"], ["check", "--select", "E,F,I,UP,B", "--ignore", "E731"]):
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length=120", "-"],
            input=given_out(assignment),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


@ASSIGNMENTS
def test_the_file_needs_numpy_alone(assignment: str) -> None:
    imports = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(given_out(assignment)))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert {name.partition(".")[0] for name in imports} <= sys.stdlib_module_names | {"numpy"}


@ASSIGNMENTS
def test_the_file_defines_nothing_that_it_does_not_use(assignment: str) -> None:
    text = given_out(assignment)
    used = set(checker(assignment).__all__)
    tables = [symtable.symtable(text, "selfcheck.py", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        used |= {one.get_name() for one in table.get_symbols() if one.is_global() and one.is_referenced()}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            registered = isinstance(node, ast.FunctionDef) and node.decorator_list
            assert node.name in used or registered, f"nothing uses {node.name}"


@ASSIGNMENTS
def test_the_file_speaks_of_its_own_assignment_alone(assignment: str) -> None:
    """No check, no worked example and no points of another assignment; no function has the name of a graded one."""
    text, own = given_out(assignment), set(named(assignment).functions)
    given = set(checker(assignment).GIVEN)
    others = {function for name in NAMES for function in named(name).functions} - own - given
    called = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    assert others.isdisjoint(called)
    assert not [name for name in others if re.search(rf"\b{name}\(", text)]
    assert not [name for name in NAMES if name in text]
    assert not [name for name in own if f"def {name}(" in text]
    assert set(checker(assignment).POINTS) == own


@ASSIGNMENTS
def test_docstrings_and_comments_are_kept(assignment: str) -> None:
    """The file says what it is, and what it holds; each part has its module's first line as heading."""
    text = given_out(assignment)
    docstring = ast.get_docstring(ast.parse(text)) or ""
    for words in ("Check your own work, with NumPy alone.", "selfcheck.check(", "finite differences", "properties"):
        assert words in docstring
    assert (ast.get_docstring(ast.parse((PACKAGE / f"{assignment}.py").read_text())) or "") in docstring
    assert "EXACT = 1e-7  # the largest relative error allowed in float64" in text
    assert "\n# When two arrays count as the same: " in text
    assert ("computes the net itself" in docstring) == ("worked_example" in named(assignment).functions)


@ASSIGNMENTS
def test_an_older_python_can_read_the_file_and_say_so(assignment: str) -> None:
    """Otherwise the student of an older Python meets a SyntaxError instead of the install check's sentence."""
    for version in ((3, 9), (3, 10)):
        ast.parse(given_out(assignment), feature_version=version)


def test_authors_import_every_check_at_once() -> None:
    """The package, as a script of assignments/ and the students' process import it; frames of all its files are ours."""
    code = (
        "import selfcheck\n"
        "from selfcheck.registry import CONTRACTS\n"
        "def predict(x, w, b):\n"
        "    raise ValueError('here')\n"
        "print(len(CONTRACTS))\n"
        "print(str(selfcheck.check('predict', points=1)))\n"
    )
    python = load_course().python
    environment = {"PYTHONPATH": str(ROOT / "assignments"), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False, env=environment)
    functions = {function for name in NAMES for function in named(name).functions}
    assert ran.stdout.startswith(f"{len(functions)}\n"), ran.stderr
    assert "predict stopped with ValueError: here (predict, line 2" in ran.stdout


def test_the_students_process_has_the_self_check() -> None:
    """A notebook's own cell with laws shows the same table when it is graded; a missing import costs that cell alone."""
    course = load_course()
    cage = Cage(course.python, course.limits, course.isolation, course.given_selfcheck)
    cage.wait()
    try:
        submission = Submission(cage, ["selfcheck.install_check()", "def predict(x, w, b):\n    return w * x + b"])
        submission.begin()
        names = [output.get("ename") for run in submission.runs for output in run.outputs]
        student = Student(submission, named("a1_linear_fit").functions)
        assert (names, student.predict(np.ones(1), 2.0, 1.0)) == (["NameError"], [3.0])
        submission.end()
        for assignment, names in (("a2_mlp_backprop", ("softmax",)), ("a4_bptt", ("rnn_forward", "rnn_backward"))):
            cells = [f"import numpy as np\nimport selfcheck\n{named(assignment).standard_imports}"]
            cells += [*named(assignment).solutions.values(), f"print(selfcheck.laws(*{names}, seed=0))"]
            submission = Submission(cage, cells)
            submission.begin()
            (output,) = submission.runs[-1].outputs
            submission.end()
            text = output["text"]
            assert text == f"{typed(assignment, f'selfcheck.laws(*{names}, seed=0)')}\n"
            assert "holds" in text
    finally:
        cage.close()


# -- points -----------------------------------------------------------------------------------------------------------


@ASSIGNMENTS
def test_the_file_knows_the_points(assignment: str) -> None:
    """Every function's, changed ones too."""
    points = {"a2_mlp_backprop": {"test_name_the_mistake": 2.5}, "a4_bptt": {"test_rnn_backward": 10}}
    text = self_check(course_with(points), assignment)
    (table,) = (
        node for node in ast.parse(text).body if isinstance(node, ast.AnnAssign) and "POINTS" in ast.dump(node.target)
    )
    assert table.value is not None
    script = (ROOT / "assignments" / assignment / f"{assignment}.py").read_text()
    own = own_points(script) | points.get(assignment, {})
    expected = {name.removeprefix("test_"): value for name, value in own.items() if name.startswith("test_")}
    assert ast.literal_eval(table.value) == expected


@pytest.mark.sampled(4)
@ASSIGNMENTS
def test_points_of_one_assignment_change_its_file_alone(assignment: str) -> None:
    name = f"test_{next(iter(named(assignment).functions))}"
    before, after = ({one: self_check(course_with(p), one) for one in NAMES} for p in ({}, {assignment: {name: 7.25}}))
    assert [one for one in NAMES if before[one] != after[one]] == [assignment]
    assert [line for line in after[assignment].splitlines() if line not in before[assignment].splitlines()] == [
        f'    "{name.removeprefix("test_")}": 7.25,'
    ]


# -- what cannot be joined --------------------------------------------------------------------------------------------

PUBLIC = '"""Calls."""\n\nfrom .shared import helper\n\nPOINTS: dict[str, float] = {}\n\n\ndef check():\n    helper()\n'
SHARED = '"""Shared."""\n\n\ndef helper():\n    pass\n'
OWN = '"""Own."""\n\nfrom .shared import helper\n\nhelper()\n'


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"public": PUBLIC.replace("POINTS", "MARKS")}, "one line `POINTS: dict"),
        ({"own": OWN.replace("import helper", "import helper as other")}, "without `as`"),
        ({"own": OWN.replace("from .shared", "from .")}, "write `from .module import name`"),
        ({"own": OWN + "\n\ndef check():\n    pass\n"}, "check is defined in public.py and in own.py"),
        ({"shared": SHARED + "\n\nhelper()\n"}, "shared.py does something at its top"),
        ({"shared": SHARED.replace('"""Shared."""', "from .own import x")}, "needs a docstring"),
        (
            {"shared": SHARED.replace("\n\n\n", "\n\nfrom .public import check\n\n\n")},
            "public imports shared imports public",
        ),
    ],
)
def test_what_cannot_be_joined_is_said(changed: Mapping[str, str], words: str, tmp_path: pathlib.Path) -> None:
    package = tmp_path / "assignments" / "selfcheck"
    package.mkdir(parents=True)
    for name, text in {"public": PUBLIC, "shared": SHARED, "own": OWN}.items():
        (package / f"{name}.py").write_text(text)
    assert 'POINTS: dict[str, float] = {\n    "f": 2,\n}' in join(package, "own", {"f": "2"})
    for name, text in changed.items():
        (package / f"{name}.py").write_text(text)
    with pytest.raises(JoinError, match=words):
        join(package, "own", {})
    with pytest.raises(BuildError, match=words):
        self_check(dataclasses.replace(course_with({}), repository=tmp_path), "own")
