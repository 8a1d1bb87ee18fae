"""An instructor's Run All on a source notebook: the hidden suites run in the hidden lines, and our solutions pass."""

import json
import pathlib
import shutil

import nbclient
import nbformat
import pytest

from autograder.course.cells import HIDDEN_REGION
from autograder.course.settings import ROOT
from tests.course import NAMES, named


@pytest.mark.sampled(4)
@pytest.mark.parametrize("assignment", NAMES)
def test_run_all_on_a_source_notebook_gives_full_points(assignment: str) -> None:
    path = ROOT / "source" / assignment / f"{assignment}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [c for c in notebook.cells if "illustration" not in c.metadata.get("tags", [])]
    for cell in notebook.cells:  # the self-check has its own tests; here only the hidden line counts
        if HIDDEN_REGION.search(cell.source):
            cell.source = HIDDEN_REGION.search(cell.source).group(0)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    got = {}
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade") and not cell.metadata.nbgrader.solution:
            name = cell.metadata.nbgrader.grade_id.removeprefix("test_")
            got[name] = float(cell.outputs[-1]["data"]["text/plain"])
            assert "points (right)" in cell.outputs[-1]["data"]["text/html"]
    assert got == named(assignment).points


def test_elsewhere_the_hidden_line_is_the_alarm(tmp_path: pathlib.Path) -> None:
    """Away from the course, the line yields a number above any maximum: nbgrader then refuses to give marks."""
    source = json.loads((ROOT / "source/a1_linear_fit/a1_linear_fit.ipynb").read_text())
    line = next("".join(c["source"]) for c in source["cells"] if c["id"] == "test_predict")
    found = HIDDEN_REGION.search(line)
    assert found is not None
    code = found.group(0).strip().splitlines()[1]
    folder = tmp_path / "autograded" / "student" / "a1_linear_fit"
    folder.mkdir(parents=True)
    shutil.copyfile(ROOT / "course.toml", tmp_path / "course.toml")  # three folders up: a teacher's course directory
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert eval(code) > 1000


def test_a_function_that_no_assignment_knows_is_said() -> None:
    from autograder.instructor import run

    with pytest.raises(KeyError, match="make source"):
        run("no_such_function")
