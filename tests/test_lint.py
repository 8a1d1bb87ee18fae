"""Nothing that a course leaves in the clone is linted, collected or committed; everything of the project is.

mypy is not run again: it reads the package `autograder` by name, wherever else files lie.
"""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from autograder.course.settings import ROOT

MISSPELT = "teh cat\n"  # codespell:ignore
UGLY = "import os,sys\nx = { 'a':1 }   \ndef test_x( ):\n  assert False\n"
LEFT = {
    "submitted/ada/a1_linear_fit/a1_linear_fit.ipynb": MISSPELT,
    "submitted/ada/a1_linear_fit/test_x.py": UGLY,
    "submitted/ada/a1_linear_fit/pyproject.toml": "[tool.ruff]\nline-length = 1\n",
    "autograded/ada/a1_linear_fit/a1_linear_fit.ipynb": MISSPELT,
    "feedback/ada/a1_linear_fit/a1_linear_fit.html": MISSPELT,
    "release_feedback/ada/a1_linear_fit.html": MISSPELT,
    "reports/a1_linear_fit.html": MISSPELT,
    "demo/submitted/ada/a1_linear_fit/selfcheck.py": UGLY,
    "exchange/backprop/inbound/ada+a1_linear_fit/a1_linear_fit.py": UGLY,
    "downloaded/a1_linear_fit/archive/ada.zip": MISSPELT,
    "hub/jupyterhub_config.py": UGLY,
    "hub/notes.md": MISSPELT,
    "logs/grading.log": MISSPELT,
    "test_x.py": UGLY,
    "conftest.py": "raise RuntimeError('a conftest.py of a student')\n",
    "ada.md": MISSPELT,
    "a1_linear_fit.ipynb": MISSPELT,
    "a1_linear_fit.zip": MISSPELT,
    "grades.csv": MISSPELT,
    "gradebook.db": MISSPELT,
    "gradebook.db.2026-01-01": MISSPELT,
    ".course_seed": MISSPELT,
    "assignments/a1_linear_fit/.ipynb_checkpoints/test_x.py": UGLY,
    "assignments/a1_linear_fit/a1_linear_fit.ipynb": MISSPELT,
}


def own() -> set[str]:
    """The files and folders at the root that .gitignore names as the project's."""
    return set(re.findall(r"^!/([\w.-]+)/?$", (ROOT / ".gitignore").read_text(), re.MULTILINE))


def linted() -> set[str]:
    """The files and folders that `make lint` names."""
    named = re.findall(r"^(?:CODE|TEXT) := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return set(" ".join(named).replace("$(CODE)", "").split())


def git(clone: pathlib.Path, *arguments: str) -> str:
    """What git says; whoever commits here is nobody in particular."""
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments]
    return subprocess.run(command, cwd=clone, check=True, capture_output=True, text=True).stdout


def make(clone: pathlib.Path, *targets: str) -> subprocess.CompletedProcess[str]:
    """Run targets of the Makefile with this repository's environment; nothing is installed."""
    command = ["make", "-o", "venv", "-o", "node_modules/installed", *targets, f"BIN={ROOT / '.venv/bin'}"]
    environment = os.environ | {"RUFF_NO_CACHE": "true"}
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True)


def leave(clone: pathlib.Path) -> None:
    """Leave behind what a course leaves."""
    for name, text in LEFT.items():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text(text)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The repository as it is now, committed, in which a course was held."""
    folder = tmp_path_factory.mktemp("clone") / "course"
    folder.mkdir()
    for name in own():
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
            )
        else:
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "The project")
    leave(folder)
    return folder


def test_nothing_of_a_course_is_committed(clone: pathlib.Path) -> None:
    assert git(clone, "status", "--porcelain", "--untracked-files=all") == ""


def test_nothing_of_a_course_is_linted(clone: pathlib.Path) -> None:
    """In a clone, and in a copy without .git, where no .gitignore helps."""
    done = make(clone, "style")
    assert done.returncode == 0, done.stdout + done.stderr
    (clone / ".git").rename(clone.with_name("git"))
    try:
        done = make(clone, "style")
    finally:
        clone.with_name("git").rename(clone / ".git")
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_of_a_course_is_collected(tmp_path: pathlib.Path) -> None:
    """`make test` in a clone whose own tests are a single one."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_one.py").write_text("def test_one():\n    pass\n")
    leave(tmp_path)
    done = make(tmp_path, "-o", "lint", "test")
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("docs/new.md", MISSPELT, "docs/new.md"),
        ("autograder/new.py", UGLY, "autograder/new.py"),
        ("autograder/reports/new.html", MISSPELT, "autograder/reports/new.html"),
        ("tests/new.py", "x = { 'a':1 }\n", "tests/new.py"),
    ],
)
def test_what_an_author_adds_is_linted(clone: pathlib.Path, name: str, text: str, said: str) -> None:
    """Before it is committed, too."""
    (clone / name).write_text(text)
    try:
        done = make(clone, "style")
    finally:
        (clone / name).unlink()
    assert done.returncode != 0
    assert said in done.stdout + done.stderr


def test_every_file_of_the_project_is_named() -> None:
    """.gitignore and the Makefile name the same; what is built, and files without prose, are not linted."""
    assert own() == linted() | {"source", "release", ".ci", ".gitignore"}
    if (ROOT / ".git").exists():
        assert {name.split("/")[0] for name in git(ROOT, "ls-files").splitlines()} == own()
