"""Workers that never wait for a staller: where submissions take long, others are graded by further workers meanwhile."""

from __future__ import annotations

import pathlib
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, Protocol, TypeVar

from autograder.grading.executor import Graded
from autograder.grading.handed_in import HandedIn

STALLS = 6.0  # seconds after which a submission is taken for one that waits for a time limit
MOST = 16  # workers besides the ones that were asked for
ROOM = 1 << 30  # bytes of free memory without which no further worker is started

Job = TypeVar("Job")


class Grader(Protocol):
    """An Executor, or what stands for one."""

    def submit(self, handed_in: HandedIn, assignment: str) -> Future[Graded]:
        """As Executor.submit."""

    def shutdown(self) -> None:
        """As Executor.shutdown."""


@dataclass
class Slot(Generic[Job]):
    """One worker, and what it grades since when."""

    executor: Grader
    job: Job | None = None
    since: float = field(default_factory=time.monotonic)


class Slots(Generic[Job]):
    """Workers that take the next job by themselves. begin(executor, job) submits one; done(job, future) gets the result.

    more() gives one more executor.
    """

    def __init__(
        self,
        executors: Iterable[Grader],
        more: Callable[[], Grader],
        begin: Callable[[Grader, Job], Future[Graded]],
        done: Callable[[Job, Future[Graded]], None],
    ) -> None:
        self._more, self._begin, self._done = more, begin, done
        self._slots = [Slot[Job](executor) for executor in executors]
        self._least = len(self._slots)
        self._jobs: deque[Job] = deque()

    def grade(self, jobs: Iterable[Job]) -> None:
        """Begin with these jobs; returns at once."""
        self._jobs.extend(jobs)
        for slot in self._slots:
            self._next(slot)

    @property
    def running(self) -> list[Job]:
        """What is graded at this moment, longest first."""
        busy = sorted((slot for slot in self._slots if slot.job is not None), key=lambda slot: slot.since)
        return [slot.job for slot in busy if slot.job is not None]

    def grow(self) -> None:
        """Start another worker where too few are free of stallers and memory has room for one."""
        before = time.monotonic() - STALLS
        stalled = sum(slot.job is not None and slot.since < before for slot in self._slots)
        short = len(self._slots) - stalled < self._least and len(self._slots) < self._least + MOST
        if self._jobs and short and free_memory() > ROOM:
            slot = Slot[Job](self._more())
            self._slots.append(slot)
            self._next(slot)

    def stop(self) -> None:
        """End every worker that was started here, and begin nothing more."""
        self._jobs.clear()
        for slot in self._slots:
            slot.executor.shutdown()

    def _next(self, slot: Slot[Job]) -> None:
        """Give a worker its next job: called when it is new, then by its own thread when it has finished one."""
        while self._jobs:
            try:
                job = self._jobs.popleft()
            except IndexError:  # another thread was faster
                break
            slot.job, slot.since = job, time.monotonic()
            try:
                future = self._begin(slot.executor, job)
            except Exception as error:  # such as a folder that is gone meanwhile
                future = Future()
                future.set_exception(error)
                self._done(job, future)
                continue
            future.add_done_callback(partial(self._ended, slot, job))
            return
        slot.job = None

    def _ended(self, slot: Slot[Job], job: Job, graded: Future[Graded]) -> None:
        if graded.cancelled():  # grading was stopped
            return
        self._done(job, graded)
        self._next(slot)


def free_memory() -> int:
    """Bytes that new processes can use; where the machine does not say, none."""
    try:
        lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
