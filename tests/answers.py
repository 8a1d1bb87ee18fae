"""A class whose written answers wait to be marked, made without a grader; and the formgrader's server on its course."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from nbgrader.api import Grade, Gradebook

from autograder.course.cells import is_answer, nbgrader_of
from autograder.course.settings import ROOT
from autograder.plugins.formgrader import harmless
from autograder.plugins.saving import rows
from autograder.plugins.seams import one_transaction
from tests.notebooks import cells

FORMGRADER = "--no-browser --allow-root --ip=127.0.0.1 --IdentityProvider.token= --ServerApp.password="
EXTENSION = "--ServerApp.jpserver_extensions=nbgrader.server_extensions.formgrader=True"


def handed_in(root: pathlib.Path, assignment: str, question: str, texts: Sequence[str]) -> pathlib.Path:
    """A course in which each text is a student's answer to the question; "" is one that was left blank."""
    (root / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    given = cells("release", assignment)
    with closing(Gradebook(f"sqlite:///{root}/gradebook.db")) as gradebook, one_transaction(gradebook):
        gradebook.update_or_create_assignment(assignment)
        gradebook.update_or_create_notebook(assignment, assignment)
        for cell in given:
            about, names = nbgrader_of(cell), {"notebook": assignment, "assignment": assignment}
            if about.get("grade"):
                worth = {"max_score": about["points"], "cell_type": cell["cell_type"]}
                gradebook.update_or_create_grade_cell(about["grade_id"], **names, **worth)
            if about.get("solution"):
                gradebook.update_or_create_solution_cell(about["grade_id"], **names)
        for n, text in enumerate(texts):
            student = f"student-{n:03}"
            gradebook.update_or_create_student(student)
            (submission,) = gradebook.update_or_create_submission(assignment, student).notebooks
            for name, grade in rows(gradebook, Grade, submission).items():
                waits = bool(text) and name == question
                grade.auto_score, grade.needs_manual_grade = None if waits else 0.0, waits
            write(root / "autograded" / student / assignment, assignment, question, text)
    return root


def write(folder: pathlib.Path, assignment: str, question: str, text: str) -> None:
    """A graded notebook in which the question has this answer."""
    notebook = {"cells": cells("release", assignment), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    for cell in notebook["cells"]:
        if text and is_answer(cell) and nbgrader_of(cell)["grade_id"] == question:
            cell["source"] = text
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{assignment}.ipynb").write_text(json.dumps(harmless(notebook, folder)))


@contextmanager
def formgrader(root: pathlib.Path, home: pathlib.Path) -> Iterator[str]:
    """The address of a Jupyter server with nbgrader's formgrader on this course, for a teacher with this home."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "server", *FORMGRADER.split(), EXTENSION, f"--ServerApp.port={port}"]
    own = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    environment = os.environ | own | {"HOME": str(home), "JUPYTER_NO_CONFIG": "1"}  # no other extension
    with (
        (home / "log").open("w") as log,
        subprocess.Popen(
            [*command, f"--ServerApp.root_dir={root}"], cwd=root, env=environment, stdout=log, stderr=log
        ) as server,
    ):
        try:
            wait_for(f"http://127.0.0.1:{port}/api/status", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Return as soon as the server answers. Raises AssertionError where it does not within a minute."""
    for _ in range(600):
        assert server.poll() is None, "the server stopped"
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{address} does not answer")
