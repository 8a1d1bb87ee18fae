"""One submission's code at work: cells run once, then calls, in a process that may die and is started again.

A process that dies (exit, out of memory, too slow) costs what made it die and nothing else: the cells run again in a
fresh process without the cell that was guilty, or with every cell when a call was.
"""

from __future__ import annotations

import ctypes
import pathlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np

from autograder.kernels.cage import Cage, Process
from autograder.kernels.inside import wire
from autograder.kernels.inside.session import Session


class ProcessDied(Exception):
    """The student's process ended or was ended; the message says how, as a sentence for the student."""


class Code(Protocol):
    """Something that answers requests about a submission's functions."""

    def request(self, head: dict[str, Any], packer: wire.Packer) -> tuple[dict[str, Any], memoryview]:
        """Ask for one call. Raises ProcessDied."""
        ...

    def cpu_seconds(self) -> float:
        """CPU time that the code has used so far in its present process."""
        ...

    @property
    def generation(self) -> int:
        """Grows with each new process: what an earlier one kept is gone."""
        ...


@dataclass
class CellRun:
    """What running one cell gave: outputs as nbformat has them, and a sentence if it had to be stopped."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    stopped: str | None = None


class Submission:
    """The cells of one notebook in a caged process. ``runs`` holds what each cell gave."""

    def __init__(self, cage: Cage, cells: Sequence[str]) -> None:
        self.cage = cage
        self.cells = list(cells)
        self.runs = [CellRun() for _ in self.cells]
        self.generation = 0
        self.deadline = time.monotonic() + cage.limits.submission
        self._process: Process | None = None

    def begin(self) -> None:
        """Run the cells; where one kills or outlasts the process, run all others again without it."""
        while self._process is None:
            self._process = self.cage.start()
            self.generation += 1
            for code, run in zip(self.cells, self.runs, strict=True):
                if run.stopped is None:
                    try:
                        limit = self.cage.limits.cell
                        head, _ = self._exchange({"op": "run", "code": code}, wire.Packer(), limit)
                        run.outputs = clean_outputs(head.get("outputs"))
                    except ProcessDied as death:
                        run.stopped, run.outputs = f"This cell was stopped: {death}.", []
                        if self._process is None:
                            break

    def request(self, head: dict[str, Any], packer: wire.Packer) -> tuple[dict[str, Any], memoryview]:
        """Ask for one call, in a fresh process if the last one died. Raises ProcessDied when this call ends it."""
        self.begin()
        return self._exchange(head, packer, self.cage.limits.call)

    def cpu_seconds(self) -> float:
        """CPU time of the present process."""
        return self._process.cpu_seconds() if self._process else 0.0

    def end(self) -> None:
        """End the process and all that it started."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def _exchange(self, head: dict[str, Any], packer: wire.Packer, seconds: float) -> tuple[dict[str, Any], memoryview]:
        assert self._process is not None
        now = time.monotonic()
        if now >= self.deadline:
            raise ProcessDied(self._used_up())
        until = min(now + seconds, self.deadline)
        try:
            self._process.sock.settimeout(seconds)
            wire.send(self._process.sock, head, packer)
            answer, body = wire.receive(self._process.sock, until)
            if isinstance(answer, dict) and "ended" not in answer:
                return answer, body
            reason = how_it_ended(answer)
        except TimeoutError:
            reason = self._used_up() if until == self.deadline else f"it was still running after {seconds:g} s"
        except (EOFError, ConnectionError, wire.ProtocolError):
            reason = "it ended the kernel"
        self.end()
        raise ProcessDied(reason)

    def _used_up(self) -> str:
        return f"the time limit of {self.cage.limits.submission:g} s for the whole notebook was reached"


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


@cache
def one_blas_thread() -> None:
    """Hold the BLAS of NumPy's wheels to one thread, as the cage does: the time that two spend waiting is no one's cost."""
    site = pathlib.Path(np.__file__).parents[1]
    for library in [*site.glob("numpy.libs/*openblas*"), *site.glob("numpy/.dylibs/*openblas*")]:
        limit = getattr(ctypes.CDLL(str(library)), "scipy_openblas_set_num_threads64_", None)
        if limit is not None:
            limit(1)


def how_it_ended(answer: Any) -> str:
    """A dead process in words."""
    status = answer.get("ended") if isinstance(answer, dict) else None
    if isinstance(status, int) and status < 0:
        return f"the kernel was killed by signal {-status}"
    return f"it ended the kernel (exit status {status})" if isinstance(status, int) else "it ended the kernel"


def clean_outputs(outputs: Any) -> list[dict[str, Any]]:
    """Keep of a cell's outputs what is well-formed nbformat; a student's process could have sent anything."""
    if not isinstance(outputs, list):
        return []
    return [output for output in outputs[:1000] if well_formed(output)]


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
