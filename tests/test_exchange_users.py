"""The exchange as docs/operator.md sets it up: a teacher and two students, each a user of this machine where root runs the tests.

Elsewhere they are one user with three homes, and nothing is asked of rights.
"""

from __future__ import annotations

import multiprocessing
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from nbgrader.api import Gradebook
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeSubmit

from autograder.course.settings import ROOT, load_course, scripts_on_path
from autograder.kernels.cage import bwrap
from autograder.plugins.exchange import Collect
from autograder.sample.recipes import Recipe
from tests.commands import SCRIPTS, code_scores

pytestmark = pytest.mark.thorough


A = "a4_bptt"
COURSE = "bptt-2027"
LAST = tuple(Recipe(A, "right").expected())[-1:]  # a function that no other needs
TEACHERS = 54321  # a group of no name, with the teacher alone in it
AS_ROOT = os.getuid() == 0
PAGE = (ROOT / "docs" / "operator.md").read_text()


def blocks(heading: str) -> list[str]:
    """The code of a section of the page, in its order."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [code for _, code in re.findall(r"^```(\w*)\n(.*?)^```", section, re.MULTILINE | re.DOTALL)]


def commands(who: str, does: str) -> list[list[str]]:
    """What the table of the exchange tells somebody to type."""
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {who} | {does} |")]
    return [command.split() for command in re.findall(r"`([^`]+)`", row)]


def seen_by_all() -> list[str]:
    """What has to be in front of a command so that any user can read Python and this repository, which root may keep closed."""
    needed = [pathlib.Path(p).resolve() for p in (sys.base_prefix, sys.prefix, ROOT, load_course().python.parents[1])]
    shut = [(p, place) for place in needed for p in place.parents if not p.stat().st_mode & 0o001]
    opened = {str(p / place.relative_to(p).parts[0]) for p, place in shut}
    hide = [word for path in {str(p) for p, _ in shut} for word in ("--tmpfs", path)]
    show = [word for path in opened for word in ("--ro-bind", path, path)]
    return [str(bwrap()), "--dev-bind", "/", "/", *hide, *show, "--cap-add", "ALL"] if shut else []


@dataclass(frozen=True)
class Person:
    """Somebody at this machine. uid: None where tests do not run as root; then student says who hands in."""

    name: str
    home: pathlib.Path
    uid: int | None = None
    gid: int = 0
    student: list[str] = field(default_factory=list)

    def run(self, folder: pathlib.Path, *command: str) -> subprocess.CompletedProcess[str]:
        """What a command says, and its exit code."""
        change = ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        before = [*seen_by_all(), *change] if self.uid is not None else []
        if "nbgrader" in command and ("submit" in command or "fetch_feedback" in command):
            command = (*command, *self.student)
        environment = {"HOME": str(self.home), "PATH": f"{SCRIPTS}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [*before, *command], cwd=folder, env=environment, text=True, capture_output=True, timeout=600
        )

    def does(self, folder: pathlib.Path, *command: str) -> str:
        """What a command says that has to succeed."""
        done = self.run(folder, *command)
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{self.name}: {' '.join(command)}\n{said}"
        return said

    def own(self, path: pathlib.Path) -> None:
        """Give them a file or a folder with what is in it."""
        for entry in (path, *path.rglob("*")):
            if self.uid is not None:
                os.chown(entry, self.uid, self.gid)


@dataclass(frozen=True)
class Machine:
    """An exchange, a course and three people."""

    exchange: pathlib.Path
    course: pathlib.Path
    teacher: Person
    ann: Person
    ben: Person


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """Set up by the page, line by line, in a folder that everybody may enter."""
    users = [entry for entry in pwd.getpwall() if 0 < entry.pw_uid < 60000][:3] if AS_ROOT else []
    with tempfile.TemporaryDirectory() as name:
        top = pathlib.Path(name)
        top.chmod(0o755)
        people = []
        for number, role in enumerate(("teacher", "ann", "ben")):
            home = top / "home" / role
            (home / ".jupyter").mkdir(parents=True)
            home.chmod(0o700)
            gid = TEACHERS if role == "teacher" else 54322 + number
            people.append(
                Person(users[number].pw_name, home, users[number].pw_uid, gid)
                if users
                else Person(role, home, student=[f"--student={role}"])
            )
        made = Machine(top / "exchange", top / "course", *people)
        teacher = made.teacher
        by_root, teachers_config, students_config = (written(made, block) for block in blocks("The exchange"))
        shared, groupshared, _ = (written(made, block) for block in blocks("Several teachers"))
        subprocess.run(["sh", "-ec", by_root], check=True)
        made.course.mkdir()
        for tree in ("source", "release"):
            shutil.copytree(ROOT / tree / A, made.course / tree / A)
        config = (ROOT / "nbgrader_config.py").read_text()
        (made.course / "nbgrader_config.py").write_text(config + groupshared + teachers_config)
        teacher.own(made.course)
        teacher.does(made.course, "sh", "-ec", shared)
        for student in (made.ann, made.ben):
            (student.home / ".jupyter" / "nbgrader_config.py").write_text(students_config)
        for person in people:
            person.own(person.home)
        yield made


def written(machine: Machine, block: str) -> str:
    """A block of the page, with the names of this machine."""
    group = TEACHERS if AS_ROOT else os.getgid()
    return (
        block.replace("/srv/nbgrader/exchange", str(machine.exchange))
        .replace("chgrp teachers", f"chgrp {group}")
        .replace("chgrp -R teachers", f"chgrp -R {group}")
    )


@dataclass(frozen=True)
class Term:
    """What was said on the way, and ann's second submission in the exchange."""

    said: dict[str, str]
    handed_in: list[str]


@pytest.fixture(scope="module")
def term(machine: Machine) -> Term:
    """Both students fetch; ann hands in twice in time, ben once and late; all is graded, and feedback fetched."""
    teacher, ann, ben = machine.teacher, machine.ann, machine.ben
    said = {}

    def walk(person: Person, role: str, does: str) -> None:
        folder = machine.course if role == "teacher" else person.home
        said[f"{person.home.name}: {does}"] = "".join(person.does(folder, *command) for command in commands(role, does))

    walk(teacher, "teacher", "release")
    for student in (ann, ben):
        walk(student, "student", "see what is released, and fetch it")
    walk(ann, "student", "hand in, as often as they like")
    answer(ann, Recipe(A, "right"))
    walk(ann, "student", "hand in, as often as they like")
    now = f"{datetime.now(UTC):%F %T} UTC"
    teacher.does(machine.course, "nbgrader", "db", "assignment", "add", A, f"--duedate={now}")
    answer(ben, Recipe(A, "one stub", stubs=LAST))
    walk(ben, "student", "hand in, as often as they like")
    for does in ("collect", "grade and make feedback", "release feedback"):
        walk(teacher, "teacher", does)
    for student in (ann, ben):
        walk(student, "student", "fetch feedback")
    return Term(said, sorted(os.listdir(machine.exchange / COURSE / "inbound")))


def answer(student: Person, recipe: Recipe) -> None:
    """Write a student's notebook over the one that was fetched."""
    notebook = recipe.make()
    assert notebook is not None
    (student.home / A / f"{A}.ipynb").write_bytes(notebook)


def test_the_page_leads_from_release_to_feedback(machine: Machine, term: Term) -> None:
    """With the marks of what was handed in last, and who was late."""
    full = Recipe(A, "right").expected()
    without = Recipe(A, "one stub", stubs=LAST).expected()
    assert f"{COURSE} {A}" in term.said["ann: see what is released, and fetch it"]
    assert len(term.handed_in) == 3
    assert code_scores(machine.course, A) == {
        machine.ann.name: round(sum(full.values()), 2),
        machine.ben.name: round(sum(without.values()), 2),
    }
    with closing(Gradebook(f"sqlite:///{machine.course}/gradebook.db")) as gradebook:
        late = {row.student.id: row.total_seconds_late > 0 for row in gradebook.assignment_submissions(A)}
    assert late == {machine.ann.name: False, machine.ben.name: True}
    for student, stubs in ((machine.ann, False), (machine.ben, True)):
        (page,) = student.home.glob(f"{A}/feedback/*/{A}.html")
        assert ("NotImplementedError" in page.read_text()) == stubs


@pytest.mark.skipif(not AS_ROOT, reason="only root can be several users")
def test_a_student_reads_and_writes_what_is_theirs_alone(machine: Machine, term: Term) -> None:
    """Neither another's work nor the source, the gradebook or the feedback of others; nor can anybody take the course's place."""
    ann, ben, top = machine.ann, machine.ben, machine.exchange.parent
    read = ben.run(top, "find", str(top), "-readable", "-type", "f").stdout.splitlines()
    released = [str(path) for path in (machine.exchange / COURSE / "outbound").rglob("*") if path.is_file()]
    assert sorted(path for path in read if not path.startswith(str(ben.home))) == sorted(released)
    writable = set(ben.run(top, "find", str(top), "-writable", "!", "-path", f"{ben.home}*").stdout.splitlines())
    assert writable == {str(machine.exchange), str(machine.exchange / COURSE / "inbound")}
    for attempt in (
        f"cat {ann.home}/{A}/{A}.ipynb",
        f"ls {ann.home}/.local/share/jupyter/nbgrader_cache",
        f"cat {machine.course}/source/{A}/{A}.ipynb",
        f"cat {machine.course}/gradebook.db",
        f"cat {machine.course}/.course_seed",
        f"ls {machine.exchange}/{COURSE}/inbound",
        f"ls {machine.exchange}/{COURSE}/feedback",
        f"mv {machine.exchange}/{COURSE} {machine.exchange}/mine",
        f"rm -r {machine.exchange}/{COURSE}/outbound/{A}",
    ):
        assert ben.run(top, "sh", "-c", attempt).returncode != 0, attempt


@pytest.mark.skipif(not AS_ROOT, reason="only root can be several users")
def test_each_refusal_is_one_sentence_and_what_was_handed_in_stays(machine: Machine, term: Term) -> None:
    """A closed inbound, a full disk, another's exchange; then all goes on as before."""
    inbound, (submit,) = machine.exchange / COURSE / "inbound", commands("student", "hand in, as often as they like")
    (collect,) = commands("teacher", "collect")
    rights = inbound.stat().st_mode & 0o7777
    inbound.chmod(0o700)
    closed = machine.ann.run(machine.ann.home, *submit).stderr
    assert f"You don't have write permissions to the directory: {inbound}" in closed
    assert "Traceback" not in closed
    inbound.chmod(rights)
    full = machine.ann.run(machine.ann.home, "prlimit", "--fsize=4096", *submit)
    assert full.returncode != 0
    assert full.stderr.rstrip().splitlines()[-1].startswith("shutil.Error: ")
    assert "File too large" in full.stderr
    before = machine.course.joinpath("submitted", machine.ann.name, A, f"{A}.ipynb").read_bytes()
    said = machine.teacher.does(machine.course, *collect)
    assert f"is not complete. Collect again; if it stays so, ask {machine.ann.name} to submit again." in said
    assert machine.course.joinpath("submitted", machine.ann.name, A, f"{A}.ipynb").read_bytes() == before
    outsider = machine.ben.run(machine.ben.home, "nbgrader", "collect", A)
    assert f"You don't have read permissions for the directory: {inbound}" in outsider.stderr
    machine.ann.does(machine.ann.home, *submit)
    machine.teacher.does(machine.course, *collect)
    assert set(term.handed_in) < set(os.listdir(inbound))


def hand_in_for(exchange: pathlib.Path, client: int, start: multiprocessing.synchronize.Barrier) -> None:
    """Hand in for ten students of a hub, from one of its servers."""
    folder = exchange.parent / f"client{client}"
    (folder / A).mkdir(parents=True)
    os.chdir(folder)
    start.wait(60)
    for number in range(10):
        student = f"student-{client:02}-{number}"
        (folder / A / f"{A}.ipynb").write_text(f'{{"student": "{student}"}}' + " " * 50_000)
        coursedir = CourseDirectory(root=str(folder), course_id=COURSE, student_id=student)
        coursedir.assignment_id = A
        ExchangeSubmit(coursedir, Authenticator(), root=str(exchange), cache=str(folder / "cache")).start()


def test_two_hundred_submissions_of_twenty_clients_at_once(tmp_path: pathlib.Path) -> None:
    """Nothing is lost, and what is collected meanwhile is whole."""
    exchange = tmp_path / "exchange"
    shutil.copytree(ROOT / "release" / A, exchange / COURSE / "outbound" / A)
    (exchange / COURSE / "inbound").mkdir()
    scripts_on_path()
    coursedir = CourseDirectory(root=str(tmp_path), course_id=COURSE, db_url=f"sqlite:///{tmp_path}/gradebook.db")
    coursedir.assignment_id = A
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(21)
    clients = [fork.Process(target=hand_in_for, args=(exchange, client, start)) for client in range(20)]
    for client in clients:
        client.start()
    start.wait(60)
    while any(client.is_alive() for client in clients):
        Collect(coursedir=coursedir, root=str(exchange), update=True).start()
        time.sleep(0.5)
    assert [client.exitcode for client in clients] == [0] * 20
    Collect(coursedir=coursedir, root=str(exchange), update=True).start()
    collected = {path.parts[-3]: path.read_text() for path in tmp_path.glob(f"submitted/*/{A}/{A}.ipynb")}
    assert len(collected) == 200
    for student, text in collected.items():
        assert text.startswith(f'{{"student": "{student}"}}')
        assert len(text) > 50_000
