"""source/ and release/ are what the assignments say, byte for byte; nobody edits them by hand."""

import dataclasses
import json
import pathlib

import pytest

from autograder.build import BuildError, build, source_notebook
from autograder.course import ROOT, Course, CourseError, load_course
from autograder.kernels.contract import CONTRACT


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """source/ and release/ built anew, elsewhere."""
    target = tmp_path_factory.mktemp("build")
    build(load_course(), target)
    return target


@pytest.mark.parametrize("tree", ["source", "release"])
def test_what_is_committed_is_what_is_built(rebuilt: pathlib.Path, tree: str) -> None:
    ours = {
        p.relative_to(ROOT / tree): p.read_bytes()
        for p in (ROOT / tree).rglob("*")
        if p.is_file() and "checkpoint" not in str(p)
    }
    again = {p.relative_to(rebuilt / tree): p.read_bytes() for p in (rebuilt / tree).rglob("*") if p.is_file()}
    assert ours.keys() == again.keys()
    changed = [str(name) for name in ours if ours[name] != again[name]]
    assert not changed, f"{tree}/ is not what assignments/ says: run `make source` and commit. Changed: {changed}"


@pytest.mark.parametrize("assignment", CONTRACT)
def test_points_add_up_to_the_courses_totals(assignment: str) -> None:
    totals = {"a1_linear_fit": 20, "a2_mlp_backprop": 30, "a3_rnn_cell": 30, "a4_bptt": 40}
    cells = source_notebook(load_course(), assignment)["cells"]
    assert sum(c["metadata"].get("nbgrader", {}).get("points", 0) for c in cells) == totals[assignment]


def test_a_change_in_an_assignment_shows_until_rebuilt(tmp_path: pathlib.Path) -> None:
    script = (ROOT / "assignments/a1_linear_fit/a1_linear_fit.py").read_text()
    course = copied(tmp_path, script.replace("return w * x + b", "return b + w * x", 1))
    assert script != (tmp_path / "assignments/a1_linear_fit/a1_linear_fit.py").read_text()
    assert source_notebook(course, "a1_linear_fit") != source_notebook(load_course(), "a1_linear_fit")


def test_points_of_the_course_file_reach_cell_and_self_check(tmp_path: pathlib.Path) -> None:
    course = dataclasses.replace(load_course(), points={"a1_linear_fit": {"test_predict": 2.5}})
    cell = next(c for c in source_notebook(course, "a1_linear_fit")["cells"] if c["id"] == "test_predict")
    assert cell["metadata"]["nbgrader"]["points"] == 2.5
    assert 'selfcheck.check("predict", points=2.5)' in cell["source"]


def test_a_graded_cell_of_another_name_is_refused(tmp_path: pathlib.Path) -> None:
    script = (ROOT / "assignments/a1_linear_fit/a1_linear_fit.py").read_text()
    course = copied(tmp_path, script.replace('"grade_id": "test_predict"', '"grade_id": "check_predict"'))
    with pytest.raises(BuildError, match="test_FUNCTION"):
        source_notebook(course, "a1_linear_fit")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[limits]\nsell = 3", "knows call, cell"),
        ("cost_share = 2", "below 1"),
        ("[kernel]\nisolation = 'glass'", "cage, none"),
        ("assignments = ['a9']", "a9"),
        ("cost_share = ", "not TOML"),
    ],
)
def test_a_course_file_that_cannot_be_meant_is_refused(tmp_path: pathlib.Path, text: str, said: str) -> None:
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(CourseError, match=said):
        load_course(tmp_path)


def test_release_stubs_stop_with_nbgraders_own_error() -> None:
    for assignment in CONTRACT:
        notebook = json.loads((ROOT / "release" / assignment / f"{assignment}.ipynb").read_text())
        for cell in notebook["cells"]:
            meta = cell["metadata"].get("nbgrader", {})
            assert not cell.get("outputs")
            if meta.get("solution") and cell["cell_type"] == "code":
                assert "raise NotImplementedError()" in "".join(cell["source"])


def copied(root: pathlib.Path, script: str) -> Course:
    """A course with one changed script."""
    folder = root / "assignments" / "a1_linear_fit"
    folder.mkdir(parents=True)
    (folder / "a1_linear_fit.py").write_text(script)
    return dataclasses.replace(load_course(), root=root)
