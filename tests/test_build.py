"""source/ and release/ are what the assignments say, byte for byte; nobody edits them by hand."""

import dataclasses
import json
import pathlib
import re

import pytest

from autograder.authoring.build import BuildError, build, make, source_notebook, student_readme
from autograder.course.settings import ROOT, Course, load_course
from tests.course import NAMES


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


def test_a_change_in_an_assignment_shows_until_rebuilt(tmp_path: pathlib.Path) -> None:
    script = (ROOT / "assignments/a1_linear_fit/a1_linear_fit.py").read_text()
    course = copied(tmp_path, script.replace("return w * x + b", "return b + w * x", 1))
    assert script != (tmp_path / "assignments/a1_linear_fit/a1_linear_fit.py").read_text()
    assert source_notebook(course, "a1_linear_fit") != source_notebook(load_course(), "a1_linear_fit")


def test_a_graded_cell_of_another_name_is_refused(tmp_path: pathlib.Path) -> None:
    script = (ROOT / "assignments/a1_linear_fit/a1_linear_fit.py").read_text()
    course = copied(tmp_path, script.replace('"grade_id": "test_predict"', '"grade_id": "check_predict"'))
    with pytest.raises(BuildError, match="test_FUNCTION"):
        source_notebook(course, "a1_linear_fit")


def test_release_stubs_stop_with_nbgraders_own_error() -> None:
    for assignment in NAMES:
        notebook = json.loads((ROOT / "release" / assignment / f"{assignment}.ipynb").read_text())
        for cell in notebook["cells"]:
            meta = cell["metadata"].get("nbgrader", {})
            assert not cell.get("outputs")
            if meta.get("solution") and cell["cell_type"] == "code":
                assert "raise NotImplementedError()" in "".join(cell["source"])


@pytest.mark.parametrize("assignment", NAMES)
def test_every_assignment_has_a_readme_for_students(assignment: str) -> None:
    """It names this assignment's files and commands, fits on a screen, and is the same in source/ and release/."""
    text = (ROOT / "release" / assignment / "README.md").read_text()
    assert text == (ROOT / "source" / assignment / "README.md").read_text() == student_readme(load_course(), assignment)
    for words in (
        f"{assignment}.ipynb",
        "selfcheck.py",
        "pip install -r requirements.txt",
        f"nbgrader submit {assignment}",
    ):
        assert words in text
    assert "ASSIGNMENT" not in text
    assert "autograder" not in text
    assert len(text.splitlines()) < 60
    minimum = re.search(r'requires-python = ">=(\d\.\d+)"', (ROOT / "pyproject.toml").read_text())
    assert minimum is not None
    assert f"Python {minimum[1]} or newer" in text


def copied(root: pathlib.Path, script: str) -> Course:
    """A course with one changed script."""
    folder = root / "assignments" / "a1_linear_fit"
    folder.mkdir(parents=True)
    (folder / "a1_linear_fit.py").write_text(script)
    return dataclasses.replace(load_course(), repository=root, directory=root, points={})


def test_a_build_over_another_users_folders_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a sentence, and before anything is replaced."""
    kept = tmp_path / "source" / NAMES[0] / "kept.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("kept")
    course = dataclasses.replace(load_course(), directory=tmp_path, listed={NAMES[0]: NAMES[0]})
    monkeypatch.setattr("os.access", lambda place, mode: pathlib.Path(place) != kept.parent)
    with pytest.raises(BuildError, match=rf"{kept.parent} belongs to another user\. Ask them for `chmod"):
        make(course)
    assert kept.read_text() == "kept"
