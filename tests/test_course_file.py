"""course.toml: what may stand in it, and one sentence for whatever cannot be meant."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import tempfile
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.course.points import own_points, valid
from autograder.course.settings import ISOLATION, ROOT, RUBRIC, CourseError, build_command, load_course, nearest_course
from tests.course import NAMES

A4 = own_points((ROOT / "assignments/a4_bptt/a4_bptt.py").read_text())


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A course with our assignments and a course.toml of its own."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "assignments").symlink_to(ROOT / "assignments")
    return folder


def refusal(root: pathlib.Path, text: str | bytes) -> str:
    """What is said of a course.toml that is refused: one sentence in one line."""
    (root / "course.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CourseError) as caught:
        load_course(root)
    return assert_sentence(str(caught.value))


def assert_sentence(text: str) -> str:
    """One line that ends in a full stop."""
    assert len(text.splitlines()) == 1, text
    assert text.endswith("."), text
    assert len(text) < 2000
    return text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[limits]\nsell = 3", "known keys: call, cell, experiments, memory, output, submission"),
        ("limits = 3", "limits = 3 should be a table: a line [limits]"),
        ("limits = [1, 2]", "limits = [1, 2] should be a table"),
        ('[limits]\ncell = "10"', '[limits] cell = "10" should be a number above 0'),
        ("[limits]\ncell = true", "cell = true should be a number"),
        ("[limits]\nmemory = nan", "memory = NaN should be a number"),
        ("[limits]\nmemory = inf", "memory = Infinity should be a number"),
        ("[limits]\ncall = 0", "call = 0 should be a number above 0"),
        ("[limits]\ncall = [5]", "call = [5] should be a number above 0"),
        ("cost_share = 2", "at least 0 and below 1"),
        ("cost_share = false", "cost_share = false should be a number"),
        ('cost_share = "a lot"', "should be a number"),
        ("cost_share = nan", "should be a number"),
        ("cost_share = ", "not TOML"),
        ("cost_share = 0.1\ncost_share = 0.2", "not TOML"),
        (b"\xff\xfe", "not UTF-8"),
        ("x = " + "9" * 5000, "not TOML"),
        ("x = " + "[" * 5000, "too deeply"),
        ("[kernel]\nisolation = 'glass'", 'isolation = "glass" should be one of strict, standard, none'),
        ("[kernel]\nisolation = 1", "should be one of strict, standard, none"),
        ("[kernel]\npython = 3.11", "python = 3.11 should be text in quotes"),
        ("[kernel]\npython = ''", "should be text in quotes"),
        ("kernel = 'cage'", "should be a table"),
        ("[feedback]\nrubric = 'all'", "should be one of steps, samples, none"),
        ("assignments = ['a4_btt']", "the closest name is a4_bptt"),
        ("assignments = 'a4_bptt'", "should be a list of names"),
        ("assignments = []", "should be a list of names"),
        ("assignments = [4]", "should be a list of names"),
        ("assignments = ['a4_bptt', 'a4_bptt']", "twice"),
        ("point = 3", 'course.toml has no "point"'),
        ("points = 5", "points = 5 should be a table for each assignment, such as [points.a4_bptt]"),
        ("[points]\nrnn_backward = 5", "should be below a line such as [points.a4_bptt]"),
        ("[points.a9]\nx = 1", 'has points for "a9"; known names: a1_linear_fit'),
        ("[points.a4_btt]\nrnn_backward = 1", "the closest name is a4_bptt"),
        ("[points.a4_bptt]\nrnn_bakward = 5", "the closest names are rnn_backward"),
        ("[points.a4_bptt]\ntest_rnn_bakward = 5", "the closest names are rnn_backward"),
        ("[points.a4_bptt]\nderive_bpt = 5", "the closest name is derive_bptt"),
        ("[points.a4_bptt]\nzzz = 5", "known names: rnn_forward, derive_bptt"),
        ("[points.a4_bptt]\nrnn_backward = -1", "rnn_backward = -1 should be a number above 0"),
        ("[points.a4_bptt]\nrnn_backward = 0", "rnn_backward = 0 should be a number above 0"),
        ("[points.a4_bptt]\nrnn_backward = nan", "should be a number above 0"),
        ("[points.a4_bptt]\nrnn_backward = inf", "should be a number above 0"),
        ("[points.a4_bptt]\nrnn_backward = 1e12", "at most 1000"),
        ("[points.a4_bptt]\nrnn_backward = 2.345", "at most two decimals"),
        ("[points.a4_bptt]\nrnn_backward = '8'", 'rnn_backward = "8" should be a number'),
        ("[points.a4_bptt]\nrnn_backward = true", "rnn_backward = true should be a number"),
        ("[points.a4_bptt]\nrnn_backward = [8]", "rnn_backward = [8] should be a number"),
        ("[points.a4_bptt]\nrnn_backward = 1979-05-27", 'rnn_backward = "1979-05-27" should be a number'),
        ("[points.a4_bptt]\nrnn_backward = 8\ntest_rnn_backward = 9", "twice"),
    ],
)
def test_what_cannot_be_meant_is_said_in_a_sentence(root: pathlib.Path, text: str | bytes, said: str) -> None:
    assert said in refusal(root, text)


def test_a_folder_in_place_of_the_file_is_said(tmp_path: pathlib.Path) -> None:
    (tmp_path / "course.toml").mkdir()
    with pytest.raises(CourseError, match="could not be read"):
        load_course(tmp_path)


def test_the_environment_names_the_wall_and_its_mistake(root: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "course.toml").write_text("")
    monkeypatch.setenv("AUTOGRADER_ISOLATION", "none")
    assert load_course(root).isolation == "none"
    monkeypatch.setenv("AUTOGRADER_ISOLATION", "glass")
    with pytest.raises(CourseError, match="AUTOGRADER_ISOLATION"):
        load_course(root)


@settings(deadline=None)  # a busy machine takes its time
@given(
    st.dictionaries(st.sampled_from(sorted(A4)), st.integers(1, 100_000).map(lambda n: n / 100), max_size=6), st.data()
)
def test_points_go_by_function_or_by_cell(root: pathlib.Path, points: dict[str, float], data: st.DataObject) -> None:
    """rnn_backward means test_rnn_backward; what is answered by hand goes by its own name."""
    lines = [
        f"{name.removeprefix('test_') if data.draw(st.booleans()) else name} = {value}"
        for name, value in points.items()
    ]
    (root / "course.toml").write_text("\n".join(["[points.a4_bptt]", *lines]))
    assert load_course(root).points == {"a4_bptt": points}


# ---- whatever is written there -----------------------------------------------------------------------------------------

KEYS = st.sampled_from(
    [
        *(
            "assignments",
            "cost_share",
            "points",
            "limits",
            "kernel",
            "feedback",
            "cell",
            "memory",
            "python",
            "isolation",
        ),
        *(
            "rubric",
            "a1_linear_fit",
            "a4_bptt",
            "rnn_backward",
            "test_rnn_backward",
            "derive_bptt",
            "predict",
            "x\ny",
            "",
        ),
    ]
)
LEAVES = (
    st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.integers(0, 30)
    | st.floats()
    | st.floats(0, 50).map(lambda x: round(x, 2))
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    | st.sampled_from([*ISOLATION, *RUBRIC, *NAMES])
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
TABLES = st.dictionaries(KEYS, VALUES, max_size=5) | st.fixed_dictionaries(
    {},
    optional={
        "points": st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=2),
        "limits": st.dictionaries(KEYS, VALUES, max_size=3),
        "kernel": st.dictionaries(KEYS, VALUES, max_size=3),
    },
)


def toml(value: Any) -> str:
    """A value as TOML writes it, tables in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def assert_read_or_refused(text: bytes) -> None:
    """A course with values that grading can use, or a CourseError in one sentence."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "assignments").symlink_to(ROOT / "assignments")
        (root / "course.toml").write_bytes(text)
        try:
            course = load_course(root)
        except CourseError as error:
            assert_sentence(str(error))
            return
    assert course.assignments
    assert set(course.assignments) | set(course.points) <= set(NAMES)
    assert all(valid(points) for one in course.points.values() for points in one.values())
    assert all(0 < limit < 1e13 for limit in vars(course.limits).values())
    assert 0 <= course.cost_share < 1
    assert course.isolation in ISOLATION
    assert course.rubric in RUBRIC
    json.dumps(course.to_json())


@settings(max_examples=400, deadline=None)
@given(TABLES)
def test_any_table_is_read_or_refused(table: dict[str, Any]) -> None:
    assert_read_or_refused("\n".join(f"{json.dumps(key)} = {toml(value)}" for key, value in table.items()).encode())


@settings(deadline=None)  # a busy machine takes its time
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
@example(b"\xef\xbb\xbfcost_share = 0.5\r\n")
@example(b"[limits]\nmemory = 0x" + b"f" * 5000)
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    assert_read_or_refused(text)


def test_reading_the_course_is_cheap() -> None:
    """Grading reads course.toml often: it loads neither jupytext nor nbformat for that."""
    code = "import sys, autograder.course; print([m for m in ('jupytext', 'nbformat', 'nbgrader') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_relative_python_is_looked_up_here_then_in_the_repository(tmp_path: pathlib.Path) -> None:
    """So a copy of the repository's course.toml works in a course directory of its own."""
    (tmp_path / "course.toml").write_text('[kernel]\npython = ".venv-student/bin/python"\n')
    assert load_course(tmp_path).python == ROOT / ".venv-student/bin/python"
    own = tmp_path / ".venv-student/bin/python"
    own.parent.mkdir(parents=True)
    own.touch()
    assert load_course(tmp_path).python == own


def test_build_knows_the_course_directory_that_it_is_called_in(tmp_path: pathlib.Path) -> None:
    assert nearest_course(tmp_path) == ROOT
    (tmp_path / "nbgrader_config.py").touch()
    assert nearest_course(tmp_path) == tmp_path
    assert (build_command(tmp_path), build_command(ROOT)) == ("autograder build", "make source")
