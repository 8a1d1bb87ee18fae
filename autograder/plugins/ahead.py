"""Submissions that are graded before nbgrader asks for them: the worker grades while nbgrader reads and writes."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from autograder.grading.executor import Executor, Graded
from autograder.grading.handed_in import HandedIn
from autograder.grading.results import SubmissionResult
from autograder.plugins import records
from autograder.plugins.seams import target_of

COUNT = 3  # submissions that the worker has while nbgrader reads and writes one


@dataclass(frozen=True)
class Sent:
    """A submission on its way: who grades it, and the digest that it had when it was read."""

    executor: Executor
    submission: str
    graded: Future[Graded]


SENT: dict[pathlib.Path, Sent] = {}


class Ahead:
    """Looks a few submissions ahead of a converter's loop, and sends to the worker what is to be graded."""

    def __init__(self, converter: Any) -> None:
        self.converter = converter
        self.folders = {os.path.basename(os.path.dirname(folder)): folder for folder in sorted(converter.assignments)}
        self.seen: dict[str, tuple[SubmissionResult | None, str]] = {}

    def reached(self, student: str) -> tuple[SubmissionResult | None, str]:
        """How a submission was graded earlier, and why it is graded again: "" where it is not, or for the first time."""
        students = list(self.folders)
        at = students.index(student)
        for who in students[at : at + COUNT]:
            if who not in self.seen and who not in self.converter.excluded():
                self.seen[who] = self.look(who)
        return self.seen.pop(student, (None, ""))

    def look(self, student: str) -> tuple[SubmissionResult | None, str]:
        """Decide about one submission."""
        converter, folder = self.converter, self.folders[student]
        coursedir, why = converter.coursedir, ""
        target = pathlib.Path(target_of(converter, coursedir.assignment_id, student))
        earlier = records.results(target / f"{coursedir.assignment_id}.ipynb")
        if target.exists() and not converter.force:
            known = earlier if student in converter.scored else None
            why = records.why_again(known, records.digest(pathlib.Path(folder), coursedir), converter.settings)
        if why or converter.force or not target.exists():
            for notebook in converter.assignments[folder]:
                send(converter.executor, coursedir, pathlib.Path(notebook))
        return earlier, why


def send(executor: Executor, coursedir: Any, notebook: pathlib.Path) -> Sent:
    """Grade a submission; taken() gives it to whoever asks for it, as long as its files stay the same."""
    if notebook not in SENT:
        SENT[notebook] = read_and_sent(executor, coursedir, notebook)
    return SENT[notebook]


def taken(executor: Executor, coursedir: Any, notebook: pathlib.Path) -> Sent:
    """The submission that was sent ahead, or one that is sent now where there is none or its files have changed."""
    sent = SENT.pop(notebook, None)
    if sent is not None and sent.executor is executor and sent.submission == records.digest(notebook.parent, coursedir):
        return sent
    return read_and_sent(executor, coursedir, notebook)


def forget(notebooks: Iterable[pathlib.Path]) -> None:
    """Drop what nobody will ask for."""
    for notebook in notebooks:
        if (sent := SENT.pop(notebook, None)) is not None:
            sent.graded.cancel()


def read_and_sent(executor: Executor, coursedir: Any, notebook: pathlib.Path) -> Sent:
    """Read a submission and submit it."""
    submission = records.digest(notebook.parent, coursedir)  # before it is read: what changes meanwhile is graded again
    handed_in = HandedIn.read(notebook.parent, notebook.name)
    return Sent(executor, submission, executor.submit(handed_in, coursedir.assignment_id))
