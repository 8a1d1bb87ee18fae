"""What a Dask worker does when it grades: it has an executor of its own, with its own cage and students' Python.

What it needs besides (the notebooks of the assignment, the settings, the course seed) it gets from the command, in memory; only
the notebooks and the self-check are written, into a temporary folder.
"""

from __future__ import annotations

import asyncio
import json
import pathlib
import queue
import tempfile
from concurrent.futures import wait
from dataclasses import replace

from distributed import Worker, get_worker, secede
from distributed.diagnostics.plugin import WorkerPlugin

from autograder.bulk.slots import MOST, ROOM, STALLS, free_memory
from autograder.course.settings import Course, CourseError, load_course, nearest_course
from autograder.grading.executor import Executor, GradingError
from autograder.grading.handed_in import HandedIn
from autograder.plugins.records import code_digest

TREES = ("source", "release")


class Grader(WorkerPlugin):
    """What each worker of the cluster gets once, also one that joins later."""

    def __init__(self, course: Course, seed: str, assignment: str) -> None:
        """Read the files that decide marks."""
        listed = [entry for entry in course.listed if entry.rpartition(".")[2] == assignment]
        self.course, self.seed, self.assignment = replace(course, listed=tuple(listed)), seed, assignment
        self.code = code_digest(course, assignment)
        self.files = files_of(self.course, assignment)
        self.executors: list[Executor] = []

    async def setup(self, worker: Worker) -> None:
        """Be ready to grade. Raises GradingError with what this worker lacks."""
        try:
            await asyncio.to_thread(self.begin, worker.state.nthreads)
        except (CourseError, GradingError) as error:
            raise GradingError(f"The Dask worker {worker.address} cannot grade. {error}") from error

    def begin(self, threads: int) -> None:
        """Start as many executors as submissions come at once."""
        self.folder = tempfile.TemporaryDirectory(prefix="autograder-")
        root = pathlib.Path(self.folder.name)
        for name, data in self.files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        python = load_course(nearest_course(pathlib.Path.cwd())).python
        self.course = replace(self.course, repository=root, directory=root, python=python)
        if code_digest(self.course, self.assignment) != self.code:
            raise GradingError(
                "It has other code than the machine that asks: another version of backprop-by-hand, NumPy, PyTorch or pytest. "
                "Install there what is installed here."
            )
        self.idle: queue.SimpleQueue[Executor] = queue.SimpleQueue()
        self.executors += [Executor(self.course, self.seed) for _ in range(threads)]
        self.most = threads + MOST
        for executor in self.executors:
            executor.start()
        for executor in self.executors:
            executor.ready()
            self.idle.put(executor)

    async def teardown(self, worker: Worker) -> None:
        """End the executors, and forget what was sent."""
        for executor in self.executors:
            await asyncio.to_thread(executor.shutdown)
        self.folder.cleanup()

    def grade(self, data: bytes, assignment: str) -> bytes:
        """The graded notebook as JSON. One that waits for a time limit makes room for another one meanwhile."""
        try:
            executor = self.idle.get_nowait()
        except queue.Empty:  # after others made room
            executor = Executor(self.course, self.seed)
            self.executors.append(executor)
        future = executor.submit(HandedIn.from_json(json.loads(data)), assignment)
        if not wait([future], STALLS).done and len(self.executors) < self.most and free_memory() > ROOM:
            secede()
        try:
            return json.dumps(future.result().notebook).encode()
        finally:
            self.idle.put(executor)


def files_of(course: Course, assignment: str) -> dict[str, bytes]:
    """What grading an assignment reads besides code, by its path in a repository that is a course directory, too."""
    found = [getattr(course.assignment(assignment), tree) for tree in TREES]
    given = course.given_selfcheck
    if given is not None:
        found += sorted(given.rglob("*.py")) if given.is_dir() else [given]
    files = {}
    for path in found:
        root = course.directory if path.is_relative_to(course.directory) else course.repository
        files[str(path.relative_to(root))] = path.read_bytes()
    return files


def grade(name: str, data: bytes, assignment: str) -> bytes:
    """What the cluster runs for each submission."""
    grader = get_worker().plugins[name]
    assert isinstance(grader, Grader)
    return grader.grade(data, assignment)
