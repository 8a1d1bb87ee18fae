"""A gradebook in PostgreSQL, through nbgrader's own db_url: the same rows as in SQLite, from a real server."""

from __future__ import annotations

import csv
import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from nbgrader.api import Gradebook

from autograder.course.settings import scripts_on_path
from autograder.sample.recipes import Recipe
from tests.commands import ended, made, nbgrader, started
from tests.not_run import postgres
from tests.test_bulk import ALL, RIGHT, SEED, A, files_of, grade, gradebook_of

CLASS = (RIGHT, Recipe(A, "blank", student="ben", stubs=ALL), Recipe(A, "half", student="cem", stubs=ALL[4:]))
CONFIG = 'c.CourseDirectory.db_url = "{}"\nc.CourseDirectory.course_id = "bptt"\n'


@pytest.fixture
def server() -> Iterator[str]:
    """The address of an empty database. PostgreSQL does not run as root: there it gets another user."""
    programs = postgres()
    assert programs is not None
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
        as_user = ["setpriv", "--reuid=nobody", "--clear-groups"]
    make = [*as_user, programs / "initdb", "-D", folder / "data", "-U", "teacher", "--auth=trust", "--no-sync"]
    subprocess.run(make, cwd=folder, check=True, capture_output=True)
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    control = [*as_user, programs / "pg_ctl", "-D", folder / "data", "-w"]
    start = [*control, "-o", options, "-l", folder / "data" / "log", "start"]
    subprocess.run(start, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    try:
        subprocess.run([programs / "createdb", "-h", folder, "-U", "teacher", "gradebook"], check=True)
        yield f"postgresql+psycopg2://teacher@/gradebook?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder)


@pytest.mark.thorough
@pytest.mark.postgres
def test_a_gradebook_in_postgresql_has_the_same_rows(server: str, tmp_path: pathlib.Path) -> None:
    """Graded, exported, marked by hand and graded again: by `autograder grade` and, at the end, by plain nbgrader."""
    roots = {}
    scripts_on_path()
    for name, url in (("sqlite", ""), ("server", server)):
        root = roots[name] = made(tmp_path / name, CLASS)
        url = url or f"sqlite:///{root}/gradebook.db"
        with (root / "nbgrader_config.py").open("a") as config:
            config.write(CONFIG.format(url))
        (root / "submitted" / "cem" / A / "timestamp.txt").write_text("2026-03-02 10:00:00 UTC")
        with closing(Gradebook(url, "bptt")) as gradebook:
            gradebook.update_or_create_assignment(A, duedate="2026-03-01 00:00:00 UTC")
        assert grade(root, "--feedback").returncode == 0
        with closing(Gradebook(url, "bptt")) as gradebook:
            gradebook.find_grade("derive_loss_gradient", A, A, "ada").manual_score = 1.5
            gradebook.db.commit()
        replace(RIGHT, student="ben").hand_in(root / "submitted")
        assert grade(root).returncode == 0
        assert ended(started(root, "autograde", A, "--force", **SEED)).returncode == 0
        assert nbgrader(root, "export").returncode == 0
    assert not (roots["server"] / "gradebook.db").exists()
    assert gradebook_of(roots["server"], server) == gradebook_of(roots["sqlite"])
    for folder in ("autograded", "feedback"):
        assert files_of(roots["server"] / folder) == files_of(roots["sqlite"] / folder)
    tables = [list(csv.DictReader((root / "grades.csv").open())) for root in roots.values()]
    assert sorted(map(str, tables[0])) == sorted(map(str, tables[1]))
