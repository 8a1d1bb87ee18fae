"""Grades submissions in worker processes: ``submit(handed_in, assignment)`` returns a future, as concurrent.futures does.

nbgrader's plugin, the demo and ``autograder explain`` all grade by this class. It imports no torch and runs no student
code; a worker that dies is started again.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from typing import Any

from autograder.course.settings import Course
from autograder.grading.handed_in import HandedIn
from autograder.grading.messages import receive, send
from autograder.grading.repair import KEY
from autograder.grading.results import SubmissionResult
from autograder.kernels.cage_errors import walls_missed

TRIES = 3
START_SECONDS = 120.0
ENDED = (EOFError, OSError, TimeoutError)  # how the end of a worker looks from here


class GradingError(RuntimeError):
    """Grading itself cannot go on (not the student's fault); the message says what to do."""


@dataclass(frozen=True)
class Graded:
    """A graded notebook as nbformat JSON. Its results are in its metadata, where every report reads them."""

    notebook: dict[str, Any]

    @property
    def results(self) -> SubmissionResult:
        """What was found, as typed data."""
        return SubmissionResult.from_json(self.notebook["metadata"][KEY])


class Executor:
    """Workers that have loaded torch and the hidden suites, and grade one submission each at a time."""

    def __init__(self, course: Course, seed: str, workers: int = 1, *, quiet: bool = False) -> None:
        self.course, self.seed = course, seed
        self._told = quiet  # what this machine lacks: another executor of the same command says it
        self._workers = [Worker(course, seed) for _ in range(workers)]
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="grading")
        if course.isolation == "none" and not quiet:
            print(
                'WARNING: isolation = "none": student code runs on this machine with your rights, files and network.',
                file=sys.stderr,
            )
        atexit.register(self.shutdown)

    def start(self) -> None:
        """Start the workers without waiting for them: they load torch while their caller does other things."""
        for worker in self._workers:
            worker.start()

    def ready(self, command: str = "nbgrader autograde …") -> None:
        """Return when every worker and its cage can grade; say once which walls student code runs without.

        command: what to run in another way, where that would give a wall. Raises GradingError
        with what keeps them from it.
        """
        self.start()
        for worker in self._workers:
            worker.ready()
        lacks = self._workers[0].lacks
        if lacks and not self._told:
            print(walls_missed(lacks, command), file=sys.stderr)
        self._told = True

    def submit(self, handed_in: HandedIn, assignment: str) -> Future[Graded]:
        """Grade a submission. One that ends TRIES workers gets 0 points and that reason.

        The future raises GradingError when no worker can start, or a suite is not in order: then nobody gets a mark.
        """
        return self._threads.submit(self._grade, handed_in, assignment)

    def shutdown(self) -> None:
        """End the workers, and with them the cages and whatever runs in them; what is not graded yet is cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def _grade(self, handed_in: HandedIn, assignment: str) -> Graded:
        worker = self._idle.get()
        try:
            return Graded(worker.grade({"handed_in": handed_in.to_json(), "assignment": assignment}))
        finally:
            self._idle.put(worker)


class Worker:
    """One process of autograder.grading.worker, started again when it ends."""

    def __init__(self, course: Course, seed: str) -> None:
        self.course, self.seed = course, seed
        self._pipe: Connection[Any, Any] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = self._closed = False
        self.lacks: list[str] = []  # walls that this machine does not have
        self._lock = threading.Lock()  # held while a thread waits for an answer

    def start(self) -> None:
        """Start the process, without waiting for it."""
        if self._pipe is not None or self._closed:
            return
        ours, theirs = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "autograder.grading.worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C stops the front, which closes the pipe: the worker ends in order
            cwd=self.course.repository,
            # PyTorch makes this folder at the first use of torch.optim or torch.func: this one is there already.
            env={"TORCHINDUCTOR_CACHE_DIR": tempfile.gettempdir(), **os.environ},
        )
        theirs.close()
        send(ours, {"course": self.course.to_json(), "seed": self.seed})
        self._pipe, self._is_ready = ours, False

    def ready(self) -> None:
        """Return when it can grade. Raises GradingError."""
        with self._lock:
            try:
                self._begin()
            except ENDED as error:
                self._stop()
                raise GradingError(
                    "The grading process ended while it was starting. Run `make test` in the course's repository to see why."
                ) from error
            except BaseException:
                self._stop()
                raise

    def grade(self, request: dict[str, Any]) -> dict[str, Any]:
        """The graded notebook. After TRIES workers have ended at it, its code is not run, only its text is kept."""
        with self._lock:
            for attempt in range(TRIES + 2):
                give_up = {"give_up": (TRIES, attempt == TRIES)} if attempt >= TRIES else {}
                try:
                    return self._ask({**request, **give_up})
                except ENDED:
                    self._stop()
                except BaseException:
                    self._stop()  # an answer may still be on its way: the next one would be read as another's
                    raise
        raise GradingError("The grading process ends whatever it is asked. Run `make test` to see why.")

    def _begin(self) -> Connection[Any, Any]:
        self.start()
        if self._pipe is None:
            raise GradingError("Grading was stopped.")
        if not self._is_ready:
            said = receive(self._pipe, START_SECONDS)
            if "broken" in said:
                raise GradingError(said["broken"])
            self._is_ready, self.lacks = True, said["lacks"]
        return self._pipe

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        pipe = self._begin()
        send(pipe, request)
        answer = receive(pipe, START_SECONDS + 3 * self.course.limits.submission)
        if "broken" in answer:
            raise GradingError(answer["broken"])
        return answer["notebook"]  # type: ignore[no-any-return]

    def _stop(self) -> None:
        """End the process: it ends by itself when its pipe is closed, and is killed when it does not."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End the process for good, also while a thread waits for its answer."""
        self._closed = True
        if self._lock.acquire(blocking=False):
            try:
                self._stop()
            finally:
                self._lock.release()
        elif (process := self._process) is not None:
            process.kill()  # the thread that waits reads the end of the pipe, and starts no other
