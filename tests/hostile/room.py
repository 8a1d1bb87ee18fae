"""Where the hostile class is graded: canaries, a cage and a judge, an honest student after each attack, and every page."""

from __future__ import annotations

import json
import os
import pathlib
import re
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import nbformat
import numpy as np

from autograder.course.settings import ROOT, load_course
from autograder.grading.handed_in import HandedIn
from autograder.grading.judge import Judge
from autograder.grading.repair import KEY
from autograder.grading.results import SubmissionResult
from autograder.grading.worker import graded
from autograder.kernels.cage import Cage, Limits
from autograder.plugins.feedback import FeedbackExporter
from autograder.plugins.formgrader import harmless
from autograder.sample.recipes import Recipe
from tests.course import named
from tests.hostile.attack import DONE, A, Attack, Got, Targets
from tests.test_hostile import Active, in_formgrader

LIMITS = Limits(cell=1.0, call=1.0, submission=6.0, memory=256 << 20)
PATIENCE = 4.0  # seconds: what a plain process still does then, it would do for ever
MAX_NOTEBOOK = 6 << 20  # bytes of a graded notebook
SEED = "the seed of the hostile class"


class Room:
    """A grader with canaries around it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.secret = secrets.token_hex(16)
        self.python = load_course().python
        self.judges: dict[str, Judge] = {}
        self.cages: dict[str, Cage] = {}
        self.server = socket.create_server(("127.0.0.1", 0))
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", 0))
        self.named = socket.socket(socket.AF_UNIX)
        self.abstract = socket.socket(socket.AF_UNIX)
        self.listeners = (self.server, self.datagrams, self.named, self.abstract)
        self.victim = self.fresh_victim()
        for name in ("home", "work"):
            (folder / name).mkdir()
        self.put_files()
        self.named.bind(str(folder / "canary.sock"))
        self.abstract.bind(f"\0{self.secret[:8]}")
        for listener in self.listeners:
            listener.setblocking(False)
            if listener.type == socket.SOCK_STREAM:
                listener.listen()
        self.before = self.state()

    def close(self) -> None:
        """End what was started."""
        for cage in self.cages.values():
            cage.close()
        for listener in self.listeners:
            listener.close()
        self.victim.kill()
        self.victim.wait()

    # ---- canaries ----------------------------------------------------------------------------------------------------

    def at(self) -> Targets:
        """What the attacks are aimed at."""
        return {
            "folder": str(self.folder / "canary"),
            "course": str(ROOT),
            "victim": self.victim.pid,
            "tcp": self.server.getsockname()[1],
            "udp": self.datagrams.getsockname()[1],
            "unix": str(self.folder / "canary.sock"),
            "abstract": f"\0{self.secret[:8]}",
            "python": sys.executable,
        }

    def put_files(self) -> None:
        """A secret, and a classmate's right notebook with the secret in its answer."""
        (self.folder / "canary").mkdir()
        (self.folder / "canary" / "secret").write_text(self.secret)
        solved = Recipe(
            A, "right", accident=lambda notebook: {**notebook, "cells": [*notebook["cells"], self.signature]}
        )
        (self.folder / "canary" / "other.ipynb").write_bytes(solved.make() or b"")

    @property
    def signature(self) -> dict[str, Any]:
        """A cell that holds the secret."""
        return {"cell_type": "markdown", "metadata": {}, "source": self.secret}

    def fresh_victim(self) -> subprocess.Popen[bytes]:
        """A process of whoever grades, with a secret in its environment."""
        program = "import time; time.sleep(3600)"
        environment = {**os.environ, "CANARY": self.secret}
        return subprocess.Popen([sys.executable, "-I", "-S", "-c", program], env=environment)

    def state(self) -> dict[str, Any]:
        """All that an attack could have changed."""
        found: dict[str, Any] = {}
        for path in sorted((self.folder / "canary").rglob("*")):
            about = path.lstat()
            found[str(path)] = (about.st_mode, about.st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        alive = self.victim.poll() is None
        pid = self.victim.pid
        return {
            "a file": found,
            "a process": alive,
            "its priority": os.getpriority(os.PRIO_PROCESS, pid) if alive else 0,
            "its limits": resource.prlimit(pid, resource.RLIMIT_NOFILE) if alive else None,
            "its processors": os.sched_getaffinity(pid) if alive else None,
            "a connection": any(map(reached, self.listeners)),
        }

    def changed(self) -> tuple[str, ...]:
        """The canaries that are not as they were; all of them are renewed then."""
        now = self.state()
        found = tuple(name for name in now if name == "a process" or now["a process"] if now[name] != self.before[name])
        if found:
            shutil.rmtree(self.folder / "canary")
            self.put_files()
            self.victim.kill()
            self.victim.wait()
            self.victim = self.fresh_victim()
            self.before = self.state()
        return found

    # ---- grading -----------------------------------------------------------------------------------------------------

    def judge(self, assignment: str) -> Judge:
        """The hidden tests of an assignment."""
        if assignment not in self.judges:
            self.judges[assignment] = Judge.of([named(assignment)], SEED, load_course().cost_share, naming=True)
        return self.judges[assignment]

    def cage(self, isolation: str) -> Cage:
        """A cage, or none."""
        if isolation not in self.cages:
            cage = Cage(self.python, LIMITS, isolation, load_course().selfcheck)
            cage.wait()
            self.cages[isolation] = cage
        return self.cages[isolation]

    def submitted(self, attack: Attack) -> pathlib.Path:
        """The folder that the attacker hands in."""
        shutil.rmtree(self.folder / "submitted", ignore_errors=True)
        at = self.at()
        folder = attack.recipe(at).hand_in(self.folder / "submitted")
        if attack.files is not None:
            attack.files(folder, at)
        return folder

    def graded(self, folder: pathlib.Path, assignment: str, isolation: str = "standard") -> dict[str, Any]:
        """The graded notebook of a submission, as the worker makes it."""
        handed_in = HandedIn.from_json(json.loads(json.dumps(HandedIn.read(folder, f"{assignment}.ipynb").to_json())))
        request = {"handed_in": handed_in.to_json(), "assignment": assignment}
        notebook = graded(request, named(assignment), self.judge(assignment), self.cage(isolation))
        return json.loads(json.dumps(notebook))  # type: ignore[no-any-return]

    def walled(self, attack: Attack) -> Got:
        """What the attack gets from the grader as it is."""
        return self.graded_as(attack, "standard")

    def graded_as(self, attack: Attack, isolation: str) -> Got:
        """What it gets at one level of isolation."""
        folder = self.submitted(attack)
        notebook = self.graded(folder, attack.assignment, isolation)
        results = SubmissionResult.from_json(notebook["metadata"][KEY])
        assert not [r.faults for r in results.functions.values() if r.faults], results
        assert "The grader failed" not in results.unreadable, results.unreadable
        touched = self.touched(notebook, attack) + self.changed()
        touched += self.on_pages(notebook, folder) if isolation == "standard" else ()
        if attack.then is not None:
            touched += self.graded_as(attack.then, isolation).touched
        return Got(results.points, touched)

    def honest(self) -> tuple[float, str]:
        """The points of a right submission, and all that it is told."""
        folder = Recipe(A, "right", "ada").hand_in(self.folder / "honest")
        notebook = self.graded(folder, A)
        return SubmissionResult.from_json(notebook["metadata"][KEY]).points, json.dumps(told(notebook))

    def touched(self, notebook: dict[str, Any], attack: Attack) -> tuple[str, ...]:
        """What the attack shows in the graded notebook that it should not have."""
        outputs = [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
        found = ["it says so"] if DONE in json.dumps(outputs) else []
        whole = json.dumps(notebook)
        found += ["the secret"] if self.secret in whole else []
        found += [f"{len(whole) >> 20} MiB of notebook"] if len(whole) > MAX_NOTEBOOK else []
        found += ["a hidden input"] if self.leaks(json.dumps(told(notebook)), attack.assignment) else []
        return tuple(found)

    def leaks(self, text: str, assignment: str) -> bool:
        """Whether a text holds digits of a hidden input, as digits or as the letters a to j."""
        digits = re.sub(r"[^0-9]", "", text), re.sub(r"[^0-9]", "", text.translate(LETTERS))
        return any(secret in text for text in digits for secret in self.inputs(assignment))

    def inputs(self, assignment: str) -> set[str]:
        """Six digits of the first entry of every array that the hidden tests draw."""
        problems = [v for test in self.judge(assignment).tests[assignment] for v in test.arguments.values()]
        arrays = [v for p in problems for v in getattr(p, "__dict__", {}).values() if isinstance(v, np.ndarray)]
        return {digits_of(float(array.flat[0])) for array in arrays if array.size and array.dtype.kind == "f"}

    def on_pages(self, notebook: dict[str, Any], folder: pathlib.Path) -> tuple[str, ...]:
        """What runs on the feedback page or in the formgrader."""
        shown = self.pages(notebook, folder)
        found = {where: [one for one in Active(html).found if one not in self.ours] for where, html in shown.items()}
        told = tuple(f"{where}: {active[0]}" for where, active in found.items() if active)
        return told + (("the secret on a page",) if any(self.secret in html for html in shown.values()) else ())

    def pages(self, notebook: dict[str, Any], folder: pathlib.Path) -> dict[str, str]:
        """The feedback page, and what the formgrader shows of the cells that are not as they were given out."""
        safe = harmless(json.loads(json.dumps(notebook)), folder)
        nbformat.validate(nbformat.from_dict(safe))
        own = [cell for cell in safe["cells"] if cell["source"] not in self.given]
        names = {"assignment": A, "marks": {}, "comments": {}, "late_penalty": 0.0}
        feedback, _ = FeedbackExporter().from_notebook_node(nbformat.from_dict(safe), {"nbgrader": names})
        return {"the formgrader": in_formgrader(own), "the feedback page": str(feedback)}

    @cached_property
    def given(self) -> frozenset[str]:
        """The texts of the cells as they were given out and graded."""
        return frozenset(cell["source"] for cell in self.graded(self.blank, A)["cells"])

    @cached_property
    def ours(self) -> frozenset[str]:
        """What is active on the pages of a blank notebook: our own style."""
        shown = self.pages(self.graded(self.blank, A), self.blank)
        return frozenset(active for html in shown.values() for active in Active(html).found)

    @cached_property
    def blank(self) -> pathlib.Path:
        """The folder of a student who wrote nothing."""
        return Recipe(A, "blank", "ben", stubs=tuple(Recipe(A, "").expected())).hand_in(self.folder / "blank")


LETTERS = str.maketrans("abcdefghij", "0123456789")


def digits_of(number: float) -> str:
    """Six digits of a number."""
    return f"{abs(number):.5e}".replace(".", "")[:6]


def told(notebook: dict[str, Any]) -> list[Any]:
    """What a student reads of the graded cells."""
    graded_cells = [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")]
    return [cell["outputs"] for cell in graded_cells if cell["cell_type"] == "code"]


def reached(listener: socket.socket) -> bool:
    """Whether something came to this socket."""
    try:
        if listener.type == socket.SOCK_DGRAM:
            return bool(listener.recv(1))
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@contextmanager
def open_room() -> Iterator[Room]:
    """A room in a folder of its own, which every user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        room = Room(pathlib.Path(folder))
        try:
            yield room
        finally:
            room.close()


def plain_python(room: Room, *codes: str) -> Got:
    """Each code in a Python process of whoever grades, as a stock kernel is one."""
    touched: tuple[str, ...] = ()
    for code in codes:
        environment = {"HOME": str(room.folder / "home"), "PATH": os.environ["PATH"]}
        with subprocess.Popen(
            [str(room.python), "-c", code],
            cwd=room.folder / "work",
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                said, _ = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                touched += ("still running",)
                said = b""
            finally:
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    process.poll()
        touched += ("it says so",) if DONE.encode() in said else ()
        touched += ("the secret",) if room.secret.encode() in said else ()
        touched += (f"{len(said) >> 20} MiB of output",) if len(said) > MAX_NOTEBOOK else ()
    return Got(0.0, touched + room.changed())
