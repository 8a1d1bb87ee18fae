"""A course directory and nbgrader's own commands in it, as a teacher runs them."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

from nbgrader.api import Gradebook

from autograder.course.settings import ROOT
from autograder.plugins.records import read
from autograder.sample.recipes import Recipe

SCRIPTS = pathlib.Path(sys.executable).parent


def made(root: pathlib.Path, recipes: Sequence[Recipe], *, config: str = "", release: bool = False) -> pathlib.Path:
    """A course directory with the source of the recipes' assignments and what was handed in."""
    for assignment in sorted({recipe.assignment for recipe in recipes}):
        for tree in ("source", "release") if release else ("source",):
            shutil.copytree(ROOT / tree / assignment, root / tree / assignment)
    (root / "nbgrader_config.py").write_text(config or (ROOT / "nbgrader_config.py").read_text())
    for recipe in recipes:
        recipe.hand_in(root / "submitted")
    return root


def started(root: pathlib.Path, *arguments: str, script: str = "nbgrader", **variables: str) -> subprocess.Popen[str]:
    """One of nbgrader's commands in this folder, on its way."""
    environment = {**os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}", **variables}
    return subprocess.Popen(
        [str(SCRIPTS / script), *arguments],
        cwd=root,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def ended(process: subprocess.Popen[str], seconds: float = 240) -> subprocess.CompletedProcess[str]:
    """What a command said, and its exit code."""
    output, _ = process.communicate(timeout=seconds)
    return subprocess.CompletedProcess(process.args, process.returncode, output)


def nbgrader(root: pathlib.Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one of nbgrader's commands."""
    return ended(started(root, *arguments, **variables))


def interrupted(root: pathlib.Path, number: int, words: str, times: int, *arguments: str) -> tuple[int, str]:
    """Run a command and send it a signal when it has said these words so often; return exit code and output."""
    process = started(root, *arguments)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            times -= 1
            if times == 0:
                process.send_signal(number)
    return process.wait(60), "".join(lines)


def code_scores(root: pathlib.Path, assignment: str) -> dict[str, float]:
    """Machine-given points by student, as the gradebook has them."""
    with closing(Gradebook(f"sqlite:///{root}/gradebook.db")) as gradebook:
        rows = gradebook.assignment_submissions(assignment)
        return {row.student.id: round(sum(n.code_score for n in row.notebooks), 2) for row in rows}


def expected(recipes: Iterable[Recipe]) -> dict[str, float]:
    """Machine-given points by student, as the recipes have them."""
    return {recipe.student: round(sum(recipe.expected().values()), 2) for recipe in recipes}


def fresh_clone(target: pathlib.Path) -> pathlib.Path:
    """A clone of this repository as it is now, with the environments that `make` would install linked into it."""
    run = subprocess.run(
        ["git", "clone", "--quiet", str(ROOT), str(target)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--modified", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():  # while somebody works on it
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    for name in (".venv", ".venv-student", "node_modules"):
        if (ROOT / name).exists():
            (target / name).symlink_to((ROOT / name).resolve())
    return target


def graded(root: pathlib.Path, student: str, assignment: str = "a1_linear_fit") -> dict[str, Any]:
    """What grading left in a graded notebook."""
    return read(root / "autograded" / student / assignment / f"{assignment}.ipynb")


def flagged(root: pathlib.Path, assignment: str = "a1_linear_fit") -> set[str]:
    """The students whose submission carries the formgrader's flag."""
    with closing(Gradebook(f"sqlite:///{root}/gradebook.db")) as gradebook:
        return {
            s.student.id for s in gradebook.assignment_submissions(assignment) if any(n.flagged for n in s.notebooks)
        }


def comments(root: pathlib.Path, student: str, assignment: str = "a1_linear_fit") -> str:
    """All comments in the gradebook on a student's notebook."""
    with closing(Gradebook(f"sqlite:///{root}/gradebook.db")) as gradebook:
        notebook = gradebook.find_submission_notebook(assignment, assignment, student)
        return "\n".join(c.comment or "" for c in notebook.comments)
