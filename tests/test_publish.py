"""An assignment given out by git, or as a zip: pulled as nbgitpuller pulls, it destroys nothing that a student wrote."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.publish import PublishError, publish
from autograder.course.settings import ROOT
from autograder.plugins.course_files import course_directory
from tests.test_reports import A, blank_gradebook, run

NEXT = "a2_mlp_backprop"
NOTEBOOK = f"{A}/{A}.ipynb"


@pytest.fixture
def course(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A course directory with two releases; the first assignment was due in the past."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.edu")
    root = tmp_path / "course"
    for name in (A, NEXT):
        shutil.copytree(ROOT / "release" / name, root / "release" / name)
    (root / "gradebook.db").write_bytes(blank_gradebook())
    coursedir = course_directory(root)
    coursedir.assignment_id = A
    return coursedir


def git(folder: pathlib.Path, *arguments: str, fails: bool = False) -> str:
    """What git says."""
    ran = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    assert bool(ran.returncode) == fails, ran.stderr + ran.stdout
    return ran.stdout


def pull(folder: pathlib.Path) -> None:
    """As nbgitpuller does: commit all edits, then merge, and where both changed the same, the student's."""
    git(folder, "fetch", "--quiet")
    if git(folder, "status", "--porcelain", "--untracked-files=no"):
        git(folder, "commit", "--quiet", "-am", "Automatic commit by nbgitpuller")
    git(folder, "merge", "--quiet", "-Xours", "origin/main")


def edit(path: pathlib.Path, cell: str, line: str) -> None:
    """Add a line to the cell of this name."""
    notebook = json.loads(path.read_text())
    (found,) = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == cell]
    found["source"] = "".join(found["source"]) + f"\n{line}"
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


def fix(course: Any, line: str) -> None:
    """A new release: another text in two cells that students do not edit, and in the self-check."""
    release = pathlib.Path(course.root, "release", A)
    for cell in ("test_predict", "test_gradient_descent"):
        edit(release / f"{A}.ipynb", cell, line)
    (release / "selfcheck.py").write_text((release / "selfcheck.py").read_text() + f"{line}\n")


def test_a_new_release_destroys_no_edit(course: Any, tmp_path: pathlib.Path) -> None:
    """Whoever has begun keeps the whole notebook and gets the new self-check; whoever has not gets the new notebook."""
    students = tmp_path / "students"
    publish(course, students)
    clones = {name: tmp_path / name for name in ("ada", "ben")}
    for clone in clones.values():
        git(tmp_path, "clone", "--quiet", str(students), str(clone))
    edit(clones["ada"] / NOTEBOOK, "predict", "# my work")
    edit(clones["ada"] / NOTEBOOK, "test_predict", "# my note in the cell that changes")
    (clones["ada"] / A / "notes.txt").write_text("mine")
    before = (clones["ada"] / NOTEBOOK).read_text()
    fix(course, "# fixed")
    publish(course, students)
    for clone in clones.values():
        pull(clone)
        assert (clone / A / "selfcheck.py").read_text().endswith("# fixed\n")
        assert not git(clone, "status", "--porcelain", "--untracked-files=no")
    assert (clones["ada"] / NOTEBOOK).read_text() == before
    assert (clones["ada"] / A / "notes.txt").read_text() == "mine"
    assert "# fixed" in (clones["ben"] / NOTEBOOK).read_text()
    fix(course, "# again")
    publish(course, students)
    pull(clones["ada"])
    assert (clones["ada"] / NOTEBOOK).read_text() == before


def test_a_plain_pull_stops_and_keeps_the_students_notebook(course: Any, tmp_path: pathlib.Path) -> None:
    """The file is the student's, without marks of a conflict in it, and a commit keeps it; the new one can be looked at."""
    students, clone = tmp_path / "students", tmp_path / "ada"
    publish(course, students)
    git(tmp_path, "clone", "--quiet", str(students), str(clone))
    edit(clone / NOTEBOOK, "predict", "# my work")
    before = (clone / NOTEBOOK).read_text()
    fix(course, "# fixed")
    publish(course, students)
    git(clone, "commit", "--quiet", "-am", "My work")
    git(clone, "pull", "--quiet", "--no-rebase", "origin", "main", fails=True)
    assert (clone / NOTEBOOK).read_text() == before
    git(clone, "commit", "--quiet", "-a", "--no-edit")
    assert (clone / NOTEBOOK).read_text() == before
    assert "# fixed" in git(clone, "show", f"origin/main:{NOTEBOOK}")


def test_the_note_says_what_changed_by_heading(course: Any, tmp_path: pathlib.Path) -> None:
    """Newest first; a release that the repository has already makes no commit."""
    students = tmp_path / "students"
    assert publish(course, students, datetime(2027, 1, 1, tzinfo=UTC)).changes == ("the first release",)
    assert publish(course, students).changes == ()
    fix(course, "# fixed")
    release = pathlib.Path(course.root, "release", A)
    (release / "requirements.txt").unlink()
    (release / "data.csv").write_text("1\n")
    notebook = json.loads((release / f"{A}.ipynb").read_text())
    heading = {"cell_type": "markdown", "metadata": {}, "source": ["## Afterword\n", "Text"]}
    notebook["cells"].append(heading)
    (release / f"{A}.ipynb").write_text(json.dumps(notebook))
    changes = publish(course, students, datetime(2027, 1, 8, tzinfo=UTC)).changes
    predict, descend = (change for change in changes if change.endswith(": 1 cell changed"))
    assert changes == (
        predict,
        descend,
        "Afterword: 1 cell new",
        "data.csv: new",
        "requirements.txt: no longer there",
        "selfcheck.py: changed",
    )
    note = (students / "CHANGES.md").read_text()
    assert note.startswith(f"# What changed\n\n## {A}, 2027-01-08\n\n- {predict}\n")
    assert note.endswith(f"\n## {A}, 2027-01-01\n\n- the first release\n")
    assert git(students, "log", "--format=%s").splitlines() == [f"{A}: a new release", f"{A}: the first release"]
    assert not (students / A / "requirements.txt").exists()


def test_only_what_students_get_is_committed(course: Any, tmp_path: pathlib.Path) -> None:
    """Another file of that repository stays as it is, committed or not."""
    students = tmp_path / "students"
    students.mkdir()
    git(students, "init", "--quiet")
    (students / "draft.md").write_text("not yet")
    git(students, "add", "draft.md")
    publish(course, students)
    names = {path.name for path in (ROOT / "release" / A).iterdir()}
    committed = git(students, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
    assert set(committed) == {f"{A}/{name}" for name in names} | {"CHANGES.md", ".gitattributes"}
    assert git(students, "status", "--porcelain") == "A  draft.md\n"


def test_an_assignment_that_answers_an_open_one_comes_with_a_warning(course: Any, tmp_path: pathlib.Path) -> None:
    """The given code of an assignment is the answer of the one before it."""
    course.assignment_id = NEXT
    students = tmp_path / "students"
    assert publish(course, students).warning == ""
    with Gradebook(course.db_url) as gradebook:
        later = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=2)
        gradebook.update_or_create_assignment(A, duedate=later)
    (pathlib.Path(course.root) / "release" / NEXT / "README.md").write_text("new")
    warning = publish(course, students).warning
    assert f"{A} is due {later} UTC, and {NEXT} contains correct versions of its functions" in warning


def test_a_repository_that_is_not_fit_is_refused(course: Any, tmp_path: pathlib.Path) -> None:
    """The course itself, a folder of something else, edits that a commit would take along; nothing is touched."""
    students = tmp_path / "students"
    students.mkdir()
    (students / "thesis.tex").write_text("x")
    with pytest.raises(PublishError, match="is no git repository and not empty"):
        publish(course, students)
    with pytest.raises(PublishError, match="is a course directory, which has the solutions"):
        publish(course, pathlib.Path(course.root))
    (students / "thesis.tex").unlink()
    publish(course, students)
    (students / A / "README.md").write_text("edited by hand")
    fix(course, "# fixed")
    with pytest.raises(PublishError, match="not committed"):
        publish(course, students)
    assert (students / A / "README.md").read_text() == "edited by hand"


def test_the_zip_to_upload_is_the_release(course: Any, tmp_path: pathlib.Path) -> None:
    """The same bytes each time."""
    paths = [tmp_path / "one.zip", tmp_path / "two.zip"]
    for path in paths:
        assert run("zip", A, "--to", str(path), "--course", course.root).exit_code == 0
    with zipfile.ZipFile(paths[0]) as archive:
        there = {name: archive.read(name) for name in archive.namelist()}
    assert there == {f"{A}/{path.name}": path.read_bytes() for path in (ROOT / "release" / A).iterdir()}
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_an_unknown_assignment_ends_with_a_sentence(course: Any, tmp_path: pathlib.Path) -> None:
    for command in (("zip", "a1_linear_ft"), ("publish", "a1_linear_ft", str(tmp_path / "students"))):
        done = run(*command, "--course", course.root)
        assert done.exit_code == 1
        assert "There is no assignment a1_linear_ft" in done.output
        assert "Traceback" not in done.output
    done = run("publish", A, str(tmp_path / "students"), "--course", course.root)
    assert (done.exit_code, done.output.splitlines()[1]) == (0, "the first release")
