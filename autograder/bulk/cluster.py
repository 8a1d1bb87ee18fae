"""Grades on a Dask cluster: an executor whose workers are on other machines. Imported only with --dask."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
from concurrent.futures import Future
from functools import partial
from typing import Any

from distributed import Client
from distributed import Future as Remote
from distributed.scheduler import KilledWorker

from autograder.bulk.cluster_worker import Grader, grade
from autograder.course.settings import Course
from autograder.grading.executor import Graded, GradingError
from autograder.grading.handed_in import HandedIn

SECONDS = 10  # for a scheduler to answer
JOINS = 30  # seconds for a first worker to be there
AHEAD = 2  # submissions that a thread of a worker has: the one that it grades, and the next
JOIN = "dask worker {} --nthreads 1"


class Cluster:
    """An executor for one assignment whose workers are those of a Dask scheduler, also such as join later."""

    def __init__(self, address: str, course: Course, seed: str, assignment: str, log: Any) -> None:
        """Connect, and let every worker make ready. Raises GradingError with what to do."""
        for name in ("distributed", "distributed.client", "tornado.application"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of it is said here
        self.address, self.log = address, log
        self._name = f"autograder {assignment} of {course.directory} on {socket.gethostname()}"
        self._given = self._told = False
        self._remote: set[Remote[Any]] = set()  # Dask forgets what nobody holds
        try:
            self._client = Client(address, timeout=SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise GradingError(
                f"No Dask scheduler answers at {address}. Start one with `dask scheduler`, or give the address that it prints."
            ) from error
        try:
            self._prepare(Grader(course, seed, assignment))
        except BaseException:
            self.shutdown()
            raise

    @property
    def room(self) -> int:
        """The submissions that keep all of its workers busy."""
        return int(AHEAD * sum(self._client.nthreads().values()))

    def _prepare(self, grader: Grader) -> None:
        try:
            self._client.wait_for_workers(1, JOINS)
        except TimeoutError as error:
            raise GradingError(
                f"The Dask scheduler at {self.address} has no worker. Start one with `{JOIN.format(self.address)}`."
            ) from error
        self._given = True
        try:
            self._client.register_plugin(grader, self._name)
        except GradingError:
            raise
        except Exception as error:  # whatever reading our class raises there
            raise GradingError(
                f"A Dask worker at {self.address} cannot load backprop-by-hand ({type(error).__name__}: {error}). Install there "
                "what is installed here."
            ) from error

    def submit(self, handed_in: HandedIn, assignment: str) -> Future[Graded]:
        """Grade a submission, as Executor.submit does. Those of a worker that is lost are graded by others."""
        found: Future[Graded] = Future()
        data = json.dumps(handed_in.to_json()).encode()
        remote = self._client.submit(grade, self._name, data, assignment, pure=False)
        self._remote.add(remote)
        remote.add_done_callback(partial(self._pass_on, found))
        return found

    def _pass_on(self, found: Future[Graded], remote: Remote[Any]) -> None:
        """Give what came of a task to the future that stands for it here."""
        self._remote.discard(remote)
        try:
            found.set_result(Graded(json.loads(remote.result())))
        except GradingError as error:
            found.set_exception(error)
        except KilledWorker as error:
            found.set_exception(RuntimeError(f"{error.allowed_failures + 1} Dask workers have ended at it."))
        except BaseException as error:  # such as CancelledError: the scheduler is gone
            gone = GradingError(
                f"The Dask scheduler at {self.address} has ended ({type(error).__name__}). What was graded is kept. Start it "
                "again, then run the same command."
            )
            gone.__cause__ = error
            found.set_exception(gone)

    def another(self) -> Cluster:
        """Itself, for one more submission at once where some take long; says so where no worker is left."""
        if not self._told and not self._client.nthreads():
            self._told = True
            self.log.warning("No Dask worker is left. Grading goes on when one joins: %s", JOIN.format(self.address))
        return self

    def shutdown(self) -> None:
        """Take from the workers what they were given, and leave the cluster."""
        with contextlib.suppress(OSError):  # the scheduler is gone
            if self._given and self._client.status == "running":
                self._given = False
                self._client.cancel(list(self._remote))
                self._client.unregister_worker_plugin(self._name)
        self._client.close()
