"""One submission's code at work: cells run once, then calls, in a process that may die and is started again.

A process that dies (exit, out of memory, too slow) costs what made it die and nothing else: the cells run again in a
fresh process with only the definitions of the cell that was guilty, or with every cell when a call was.
"""

from __future__ import annotations

import ctypes
import pathlib
import signal
import time
from collections.abc import Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np

from autograder.kernels.budget import Allowance, Budget, CellRun
from autograder.kernels.cage import Cage, Process
from autograder.kernels.inside import wire
from autograder.kernels.inside.session import Session

MAX_OUTPUTS = 1000  # of a cell
FAULTS = (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
SIGNALS = {int(one): one.name for one in FAULTS}
KEPT = " Its definitions were kept."
MAX_CALL_HEAD = 1 << 16  # bytes of what a call's answer says beside its arrays


class ProcessDied(Exception):
    """The student's process ended or was ended; the message says how, as a sentence for the student."""


class Code(Protocol):
    """Something that answers requests about a submission's functions."""

    def request(self, head: dict[str, Any], packer: wire.Packer) -> tuple[dict[str, Any], memoryview]:
        """Ask for one call. Raises ProcessDied."""
        ...

    def cpu_seconds(self) -> float:
        """CPU time that the code has used so far in its present process; one that has ended is started anew."""
        ...

    def open_reserve(self) -> None:
        """From now on calls may use the time that is set aside for tests of cost."""
        ...

    @property
    def generation(self) -> int:
        """Grows with each new process: what an earlier one kept is gone."""
        ...


class Submission:
    """The cells of one notebook in a caged process. ``runs`` holds what each cell gave.

    budget: what an earlier run of the same notebook has left of its time; by default all of it.
    """

    def __init__(self, cage: Cage, cells: Sequence[str], budget: Budget | None = None) -> None:
        self.cage = cage
        self.budget = budget or Budget(cage.limits)
        self.runs = self.budget.runs_of(cells)
        self.generation = 0
        self._asked = False
        self._process: Process | None = None

    def begin(self) -> None:
        """Run the cells; where one kills or outlasts the process, run all again, and of that one only what it defines."""
        while self._process is None:
            self._process = self.cage.start()
            self.generation += 1
            for run in self.runs:
                if not self.budget.skips(run):
                    self._run(run)
                if self._process is None:
                    break

    def _run(self, run: CellRun) -> None:
        """Run a cell. What is shown of it is from its first run without an error, and from before any call."""
        began = time.monotonic()
        try:
            room = wire.MAX_HEAD + 6 * self.cage.limits.output  # JSON writes a byte in six characters at most
            head, _ = self._exchange(
                {"op": "run", "code": run.instead or run.code}, wire.Packer(), self.budget.cell(run), room
            )
            if run.seconds is None or (not self._asked and has_error(run.outputs)):
                self.budget.collect(run, clean_outputs(head.get("outputs")))
                run.seconds = time.monotonic() - began
                if run.stopped and not has_error(run.outputs):
                    run.stopped = run.stopped.removesuffix(KEPT) + KEPT
        except ProcessDied as death:
            self.budget.replace(run)
            if run.stopped:
                run.stopped = run.stopped.removesuffix(KEPT)
            elif run.seconds is None:
                run.stopped = f"This cell was stopped: {death}."
        finally:
            self.budget.spend(time.monotonic() - began, run)

    def request(self, head: dict[str, Any], packer: wire.Packer) -> tuple[dict[str, Any], memoryview]:
        """Ask for one call, in a fresh process if the last one died. Raises ProcessDied when this call ends it."""
        self._asked = True
        if self.budget.left > 0:
            self.begin()
        began, allowed = time.monotonic(), self.budget.call()
        try:
            return self._exchange(head, packer, allowed, MAX_CALL_HEAD, head["room"])
        finally:
            self.budget.spend(time.monotonic() - began)

    def cpu_seconds(self) -> float:
        """CPU time of the present process, or of a new one where that has ended, perhaps after its last answer."""
        for _ in range(2):
            if self.budget.left > 0:
                self.begin()
            try:
                return self._process.cpu_seconds() if self._process else 0.0
            except OSError:
                self.end()
        return 0.0

    def open_reserve(self) -> None:
        """From now on calls may use the time that is set aside for tests of cost."""
        self.budget.open_reserve()

    def end(self) -> None:
        """End the process and all that it started."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def _exchange(
        self, head: dict[str, Any], packer: wire.Packer, allowed: Allowance, max_head: int, max_body: int = 0
    ) -> tuple[dict[str, Any], memoryview]:
        if self._process is None or allowed.seconds <= 0:
            raise ProcessDied(allowed.reason)
        until = time.monotonic() + allowed.seconds
        try:
            self._process.sock.settimeout(allowed.seconds)
            wire.send(self._process.sock, head, packer)
            answer, body = wire.receive(self._process.sock, until, max_head, max_body)
            if isinstance(answer, dict) and "ended" not in answer:
                return answer, body
            reason = how_it_ended(answer)
        except TimeoutError:
            reason = allowed.reason
            self.budget.stopped_calls += head["op"] == "call"
        except (EOFError, ConnectionError, wire.ProtocolError):
            reason = "it ended the kernel"
        self.end()
        raise ProcessDied(reason)


class LocalCode:
    """Functions of this very process, asked through the same messages: for trusted code (our solutions, our tests)."""

    generation = 0

    def __init__(self, namespace: dict[str, Any]) -> None:
        one_blas_thread()
        self._session = Session(SimpleNamespace(user_ns=namespace), None)

    def request(self, head: dict[str, Any], packer: wire.Packer) -> tuple[dict[str, Any], memoryview]:
        """Answer at once, by way of the same bytes that would go over a socket."""
        reply = wire.Packer()
        answer = self._session.answer(head, memoryview(b"".join(packer.chunks)), reply)
        return answer, memoryview(b"".join(reply.chunks))

    def cpu_seconds(self) -> float:
        """CPU time of this thread: those of NumPy's BLAS, which spin while they wait, are not the code's doing."""
        return time.thread_time()

    def open_reserve(self) -> None:
        """There is no limit of time."""


@cache
def one_blas_thread() -> None:
    """Hold the BLAS of NumPy's wheels to one thread, as the cage does: the time that two spend waiting is no one's cost."""
    site = pathlib.Path(np.__file__).parents[1]
    for library in [*site.glob("numpy.libs/*openblas*"), *site.glob("numpy/.dylibs/*openblas*")]:
        limit = getattr(ctypes.CDLL(str(library)), "scipy_openblas_set_num_threads64_", None)
        if limit is not None:
            limit(1)


def how_it_ended(answer: Any) -> str:
    """A dead process in words, none of them a number: its code may have chosen that, or sent this answer itself."""
    status = answer.get("ended") if isinstance(answer, dict) else None
    name = SIGNALS.get(-status) if isinstance(status, int) else None
    return f"the kernel was killed by {name}" if name else "it ended the kernel"


def has_error(outputs: Sequence[dict[str, Any]]) -> bool:
    """Whether a cell ended with an exception."""
    return any(output["output_type"] == "error" for output in outputs)


def clean_outputs(outputs: Any) -> list[dict[str, Any]]:
    """Keep of a cell's outputs what is well-formed nbformat; a student's process could have sent anything."""
    if not isinstance(outputs, list):
        return []
    more = {"output_type": "stream", "name": "stderr", "text": f"… only the first {MAX_OUTPUTS} outputs are shown\n"}
    kept = [output for output in outputs[:MAX_OUTPUTS] if well_formed(output)]
    return [*kept, more] if len(outputs) > MAX_OUTPUTS else kept


def well_formed(output: Any) -> bool:
    """Whether this is one output as nbformat 4 has them."""
    if not isinstance(output, dict):
        return False
    kind = output.get("output_type")
    if kind == "stream":
        return (
            set(output) == {"output_type", "name", "text"}
            and output["name"] in ("stdout", "stderr")
            and isinstance(output["text"], str)
        )
    if kind == "error":
        lines = output.get("traceback")
        return (
            set(output) == {"output_type", "ename", "evalue", "traceback"}
            and isinstance(output["ename"], str)
            and isinstance(output["evalue"], str)
            and isinstance(lines, list)
            and all(isinstance(line, str) for line in lines)
        )
    keys = {"output_type", "data", "metadata"} | ({"execution_count"} if kind == "execute_result" else set())
    return (
        kind in ("display_data", "execute_result")
        and set(output) == keys
        and isinstance(output["metadata"], dict)
        and isinstance(output["data"], dict)
        and all(isinstance(k, str) and "/" in k for k in output["data"])
        and all(isinstance(v, str) for k, v in output["data"].items() if not k.endswith("json"))
        and output.get("execution_count") is None
    )
