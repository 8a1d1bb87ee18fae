"""Each wall of the cage, by an attack that it stops; with only the walls off that stop it, the same lines succeed."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import errno
import os
import pathlib
import platform
import re
import stat
import struct
import venv
from collections.abc import Callable, Collection, Iterator
from typing import Any

import pytest

from autograder.course.settings import load_course
from autograder.kernels import cage as cage_module
from autograder.kernels import cgroups
from autograder.kernels.cage import WALLS, WITHOUT_RIGHTS, Cage, Limits, is_root
from autograder.kernels.cage_errors import (
    CageError,
    CourseExposedError,
    RootRefusedError,
    WallsMissingError,
    parent_ended,
    walls_missed,
)
from autograder.kernels.inside import confinement, landlock, seccomp
from autograder.kernels.submission import CellRun, Submission

LIMITS = Limits(cell=5.0, call=1.0, submission=20.0, memory=256 << 20)
COLUMN = seccomp.MACHINES[platform.machine()][0]
ADD_KEY, SHMGET, PTRACE, PERSONALITY, INOTIFY, UNSHARE = (
    numbers[COLUMN] for numbers in ((248, 217), (29, 194), (101, 117), (135, 92), (294, 26), (272, 97))
)
CALL = "import ctypes; libc = ctypes.CDLL(None); assert libc.syscall({}) >= 0"
# What an attack does, and the walls of which each alone stops it.
ATTACKS: dict[str, tuple[tuple[str, ...], str]] = {
    "fork": (("seccomp",), "import os; os.fork() or os._exit(0); os.wait()"),
    "run a program": (
        ("seccomp", "landlock"),
        "import os, sys; assert os.posix_spawn(sys.executable, ['python', '-V'], {}) > 0 and os.wait()[1] == 0",
    ),
    "memory outside the limit": (
        ("seccomp",),
        "import os; assert os.write(os.memfd_create('x'), bytes(1 << 20)) == 1 << 20",
    ),
    "shared memory of System V": (("seccomp",), CALL.format(f"{SHMGET}, 0, 4096, 0o1600")),
    "a socket": (("seccomp",), "import socket; socket.socket()"),
    "a raw look at the network": (("seccomp",), "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)"),
    "a socket of a machine's host": (("seccomp",), "import socket; socket.socket(socket.AF_UNIX)"),
    "options of a socket": (("seccomp",), "import socket; socket.socketpair()[0].setsockopt(1, 7, 1 << 16)"),
    "lock what others read": (("seccomp",), "import fcntl, numpy; fcntl.flock(open(numpy.__file__), fcntl.LOCK_EX)"),
    "lock a part of it": (("seccomp",), "import fcntl, numpy; fcntl.lockf(open(numpy.__file__), fcntl.LOCK_SH)"),
    "be traced": (("seccomp",), CALL.format(f"{PTRACE}, 0, 0, 0, 0")),
    "change personality": (("seccomp",), CALL.format(f"{PERSONALITY}, 0xffffffff")),
    "watch files": (("seccomp",), CALL.format(f"{INOTIFY}, 0")),
    "dump its memory to the host": (("seccomp",), "import ctypes; assert ctypes.CDLL(None).prctl(4, 1, 0, 0, 0) == 0"),
    "namespaces of its own": (("seccomp", "nested"), CALL.format(f"{UNSHARE}, 0x10000000")),
    "mount in namespaces of its own": (
        ("seccomp", "nested", "landlock"),
        "import ctypes; libc = ctypes.CDLL(None); libc.unshare(0x10020000); "
        "assert libc.mount(b'x', b'/tmp', b'ramfs', 0, None) == 0",
    ),
    "see what is mounted from where": (("proc", "landlock"), "assert '/venv' in open('/proc/self/mountinfo').read()"),
    "see settings of the kernel": (("proc", "landlock"), "assert open('/proc/sys/kernel/core_pattern').read()"),
    "the teacher's keys": (
        ("seccomp", "keyring"),
        "import ctypes; libc = ctypes.CDLL(None); room = ctypes.create_string_buffer(9); "
        f"key = libc.syscall({confinement.KEYCTL[platform.machine()]}, 10, -3, b'user', b'canary', 0); "
        f"assert libc.syscall({confinement.KEYCTL[platform.machine()]}, 11, key, room, 9) == 4 and room.value == b'seed'",
    ),
}
ONE_WALL_LEFT = [(attack, wall) for attack, (walls, _) in ATTACKS.items() for wall in walls if len(walls) > 1]
Without = Callable[..., Cage]


@pytest.fixture(scope="module")
def without() -> Iterator[Without]:
    """A cage without these walls, one for all tests that ask for it; the grader's session has a key."""
    libc = ctypes.CDLL(None)
    libc.syscall(confinement.KEYCTL[platform.machine()], confinement.JOIN_SESSION_KEYRING, None)
    libc.syscall(ADD_KEY, b"user", b"canary", b"seed", 4, -3)
    cages: dict[frozenset[str], Cage] = {}

    def start(*walls: str) -> Cage:
        if frozenset(walls) not in cages:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(cage_module, "WALLS", tuple(wall for wall in WALLS if wall not in walls))
                cages[frozenset(walls)] = started()
        return cages[frozenset(walls)]

    yield start
    for cage in cages.values():
        cage.close()


def started(python: pathlib.Path | None = None, isolation: str = "standard") -> Cage:
    """A cage that is ready."""
    course = load_course()
    cage = Cage(python or course.python, LIMITS, isolation, course.selfcheck)
    try:
        cage.wait()
    except BaseException:
        cage.close()
        raise
    return cage


def run(cage: Cage, *cells: str) -> list[CellRun]:
    """Run cells in a fresh process of this cage."""
    submission = Submission(cage, cells)
    try:
        submission.begin()
    finally:
        submission.end()
    return submission.runs


def printed(cage: Cage, *cells: str) -> list[str]:
    """What each cell printed, or why it was stopped."""
    return [one.stopped or "".join(str(o.get("text", "")) for o in one.outputs).strip() for one in run(cage, *cells)]


def attempt(line: str) -> str:
    """A cell that tries an attack and prints "done", or what stopped it."""
    return f"try:\n    {line}\n    print('done')\nexcept BaseException as e:\n    print(type(e).__name__, e)"


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_fails(without: Without, attack: str) -> None:
    assert printed(without(), attempt(ATTACKS[attack][1])) != ["done"]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("attack", ATTACKS)
def test_it_succeeds_without_its_walls(without: Without, attack: str) -> None:
    walls, line = ATTACKS[attack]
    assert printed(without(*walls), attempt(line)) == ["done"]


@pytest.mark.parametrize(("attack", "wall"), ONE_WALL_LEFT)
def test_each_of_its_walls_is_enough(without: Without, attack: str, wall: str) -> None:
    walls, line = ATTACKS[attack]
    assert printed(without(*(other for other in walls if other != wall)), attempt(line)) != ["done"]


# -- two submissions ----------------------------------------------------------------------------------------------------

LEAVE = """
import os
for number in range(256):
    try: os.write(number, b'solution') if number != SOCKET else 0
    except OSError: pass
"""
TAKE = """
import os
found = []
for number in range(256):
    for name in (None, f'/proc/self/fd/{number}'):
        try:
            again = os.dup(number) if name is None else os.open(name, os.O_RDONLY | os.O_NONBLOCK)
            os.set_blocking(again, False)
            found.append(os.read(again, 100))
        except OSError: pass
print(b'solution' in b''.join(found))
"""
FIND_SOCKET = "import os, stat\nSOCKET = max(n for n in range(99) if OPEN(n) and stat.S_ISSOCK(os.fstat(n).st_mode))\n"
OPEN = "def OPEN(n):\n    try: return bool(os.fstat(n))\n    except OSError: return False\n"


def test_what_one_leaves_on_any_descriptor_the_next_cannot_read(without: Without) -> None:
    leave = "import os\n" + OPEN + FIND_SOCKET + LEAVE
    for cage, found in ((without(), "False"), (without("descriptors", "proc", "landlock"), "True")):
        assert cage.process.stderr is not None
        os.fchmod(cage.process.stderr.fileno(), 0o666)  # else only its owner, root say, may open that pipe again
        assert printed(cage, leave) == [""]
        assert printed(cage, TAKE) == [found]


def test_open_are_three_times_nothing_and_the_socket(without: Without) -> None:
    look = "import os\n" + OPEN + "print([(n, oct(os.fstat(n).st_mode)) for n in range(1024) if OPEN(n)])"
    ((*null, (_, sock)),) = map(eval, printed(without(), look))
    assert [number for number, _ in null] == [0, 1, 2]
    assert all(stat.S_ISCHR(int(mode, 8)) for _, mode in null)
    assert stat.S_ISSOCK(int(sock, 8))


# -- seen from outside --------------------------------------------------------------------------------------------------


def status(pid: int) -> dict[str, str]:
    """What the host's kernel says of a process."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: " ".join(value.split()) for key, _, value in (line.partition(":") for line in lines)}


def test_the_process_has_no_rights_and_is_not_root(without: Without) -> None:
    process = without().start()
    try:
        said = status(process.pid)
        user = WITHOUT_RIGHTS if is_root() else os.getuid()
        assert said["Uid"] == " ".join([str(user)] * 4)
        assert {said[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
        assert (said["NoNewPrivs"], said["Seccomp"]) == ("1", "2")
        assert pathlib.Path(f"/proc/{process.pid}/oom_score_adj").read_text() == "1000\n"
    finally:
        process.kill()


def test_the_warm_parent_is_not_root_either() -> None:
    cage = started()
    try:
        family, users = [cage.process.pid], {}
        for pid in family:  # grows meanwhile
            with contextlib.suppress(
                FileNotFoundError, ProcessLookupError
            ):  # the fork that the cage was tried by has ended
                users[pid] = status(pid)["Uid"]
                family += map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    finally:
        cage.close()
    user = WITHOUT_RIGHTS if is_root() else os.getuid()
    assert len(users) >= 2
    assert set(users.values()) == {" ".join([str(user)] * 4)}


def test_only_its_own_three_folders_can_be_written(without: Without) -> None:
    """Of the folders near the root, by the rights and the mounts; what the first line makes is found, so looking works."""
    look = """
import os
os.mkdir('/tmp/mine')
found = set()
for place, folders, _ in os.walk('/'):
    found |= {place} if os.access(place, os.W_OK) else set()
    folders[:] = folders if place.count('/') < 5 else []
print(sorted(found))
"""
    assert printed(without(), look) == [str(["/dev/shm", "/home", "/home/student", "/tmp", "/tmp/mine"])]


def test_nothing_inside_names_the_course(without: Without) -> None:
    """Neither a mount nor a setting; with isolation off the environment's own file does."""
    place = os.path.dirname(os.path.realpath(load_course().python.parents[1]))
    line = f"assert {place!r} in open(__import__('sys').prefix + '/pyvenv.cfg').read()"
    look = (
        "import os, sys\n"
        "said = map(str, [os.environ, sys.path, sys.prefix, sys.executable, os.listdir('/'), os.listdir('/proc')])\n"
        f"print({place!r} in ' '.join(said))"
    )
    assert printed(without(), attempt(line), look)[0].startswith("AssertionError")
    assert printed(without(), look) == ["False"]
    bare = started(isolation="none")
    try:
        assert printed(bare, attempt(line)) == ["done"]
    finally:
        bare.close()


def test_the_packages_of_the_base_python_are_hidden(without: Without) -> None:
    base = pathlib.Path(os.path.realpath(load_course().python)).parents[1]
    folders = sorted(str(path) for path in base.glob("lib/python3*/*-packages"))
    assert folders
    assert any(os.listdir(folder) for folder in folders)
    assert printed(without(), f"import os; print([os.listdir(f) for f in {folders}])") == [str([[] for _ in folders])]


# -- honest notebooks ---------------------------------------------------------------------------------------------------

HONEST = [
    "!pip install numpy\nfiles = !ls\n%pip install scipy\nimport numpy as np\ndef f(x): return x",
    "assert f(1) == 1 and files == []",
    "import threading\nt = threading.Thread(target=lambda: np.ones((300, 300)) @ np.ones((300, 300))); t.start(); t.join()",
    "from concurrent.futures import ThreadPoolExecutor\nassert sum(ThreadPoolExecutor(8).map(lambda n: n, range(9))) == 36",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.title('$x^2$'); plt.savefig('figure.png'); plt.show()",
    "import tempfile\nwith tempfile.NamedTemporaryFile() as file: np.save(file, np.ones(3))",
    "import tempfile, shutil\nwith tempfile.TemporaryDirectory() as d: shutil.copy('figure.png', d)",
    "import warnings\nwarnings.warn('mind this')\nnp.float64(1) / 0",
    "import time\ntime.sleep(0.01)",
    "import asyncio\nawait asyncio.sleep(0.01)",
    "from IPython.display import HTML, Markdown, display\ndisplay(HTML('<b>x</b>'), Markdown('x'))",
    "%timeit -n 1 -r 1 sum(range(9))",
    "import numpy.testing\nnumpy.testing.assert_allclose(1, 1)",
    "import os, secrets, platform, uuid\nos.cpu_count(); platform.platform(); uuid.uuid4(); secrets.token_hex()",
    "np.linalg.svd(np.random.default_rng(0).normal(size=(200, 200)))[1][0]",
    "from pathlib import Path\nPath('a/b').mkdir(parents=True); Path('a/b/c').write_text('x'); sorted(Path('.').rglob('*'))",
    "import multiprocessing, subprocess, socket, urllib.request, ctypes.util, sqlite3",
    "m = np.memmap('m', dtype='f8', mode='w+', shape=(100, 100)); m[:] = 1; m.flush()",
    "import signal\nsignal.signal(signal.SIGALRM, lambda *a: None); signal.setitimer(signal.ITIMER_REAL, 0.01); signal.pause()",
]


def test_honest_cells_run_as_before(without: Without) -> None:
    wrong = {}
    for code, ran in zip(HONEST, run(without(), *HONEST), strict=True):
        errors = [str(output["evalue"]) for output in ran.outputs if output["output_type"] == "error"]
        if errors or ran.stopped:
            wrong[code] = ran.stopped or errors[0]
    assert wrong == {}


# -- every step is checked ----------------------------------------------------------------------------------------------


class Fake:
    """A libc that does nothing but count; the call of this number fails."""

    def __init__(self, failing: int) -> None:
        self.failing, self.calls = failing, 0

    def answer(self, *arguments: Any) -> int:
        """0, or -1 for the call that fails."""
        self.calls += 1
        ctypes.set_errno(1)
        return -1 if self.calls == self.failing else 0

    mount = capset = syscall = answer

    def prctl(self, option: int, value: int, *rest: int) -> int:
        """As the others; three capabilities are known."""
        if option == confinement.PR_CAPBSET_READ:
            return 0 if value < 3 else -1
        return self.answer()


def confined_by(libc: Fake, patch: pytest.MonkeyPatch, written: Collection[str] = ()) -> list[str]:
    """Go through the confinement with this libc, in this process, which it does not touch; the files written to."""
    files: list[str] = []

    def write(path: str, text: str) -> None:
        if path in written:
            raise PermissionError(13, "Permission denied", path)
        files.append(path)

    patch.setattr(confinement, "LIBC", libc)
    patch.setattr(confinement, "write", write)
    patch.setattr(confinement.os, "mkdir", lambda path: None)
    patch.setattr(confinement.os, "chdir", lambda path: None)
    patch.setattr(confinement.resource, "setrlimit", lambda which, limits: None)
    patch.setattr(landlock, "restrict", lambda: None)
    patch.setattr(seccomp, "install", lambda: None)
    confinement.confine(1 << 30, 1 << 26, WALLS)
    return files


def test_every_step_that_fails_is_an_error() -> None:
    """A mount, the keyring, each right that is dropped, each setting: whatever fails, no student code runs."""
    with pytest.MonkeyPatch.context() as patch:
        libc = Fake(0)
        written = confined_by(libc, patch)
    assert libc.calls == 4 + 1 + 3 + 2 + 1  # mounts, keyring, capabilities one by one, settings, all capabilities
    for number in range(1, libc.calls + 1):
        with pytest.MonkeyPatch.context() as patch, pytest.raises(OSError, match="not permitted"):
            confined_by(Fake(number), patch)
    assert written == ["/proc/sys/user/max_user_namespaces", "/proc/self/oom_score_adj"]
    for path in written:
        with pytest.MonkeyPatch.context() as patch, pytest.raises(OSError, match="denied"):
            confined_by(Fake(0), patch, [path])


def test_a_step_that_the_host_refuses_refuses_to_grade() -> None:
    """A real one: a file system of a size that is none."""
    course = load_course()
    cage = Cage(course.python, dataclasses.replace(LIMITS, disk=-1), "standard", course.selfcheck)
    try:
        with pytest.raises(CageError, match="/tmp: Invalid argument"):
            cage.wait()
    finally:
        cage.close()


# -- levels, and who grades ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("isolation", ["strict", "standard"])
def test_a_machine_that_lacks_a_wall(isolation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """strict refuses; standard says which and goes on."""
    monkeypatch.setattr(cage_module.wire, "receive", lambda *_: ({"ready": 1, "lacks": ["seccomp", "landlock"]}, b""))
    monkeypatch.setattr(cage_module, "own_cgroup", lambda limits: None)
    course = load_course()
    cage = Cage(course.python, LIMITS, isolation, course.selfcheck)
    try:
        if isolation == "strict":
            with pytest.raises(
                WallsMissingError, match='lacks seccomp and landlock and cgroups, and isolation = "strict"'
            ):
                cage.wait()
        else:
            cage.wait()
            said = "This machine lacks seccomp and landlock and cgroups: student code runs without. `autograder doctor`"
            assert walls_missed(cage.lacks, "autograder grade …").startswith(said)
    finally:
        cage.close()


def test_strict_runs_where_every_wall_is_there() -> None:
    """A cgroup is delegated to few; where there is none, that alone is what strict refuses."""
    assert confinement.lacking(WALLS) == [], "this kernel lacks a wall, so strict cannot be tried on it"
    if cgroups.delegated() is None:
        with pytest.raises(WallsMissingError, match=r'^This machine lacks cgroups, and isolation = "strict"'):
            started(isolation="strict")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cage_module, "own_cgroup", lambda limits: pathlib.Path("/nowhere"))
        patch.setattr(cage_module, "joins", lambda cgroup: None)
        cage = started(isolation="strict")
    try:
        assert printed(cage, "print(1)") == ["1"]
    finally:
        cage.close()


# -- cgroups: no file system of this kind can be delegated inside a test, so a folder stands for one ---------------------

MOUNT = "29 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw"


def machine(
    folder: pathlib.Path, own: str = "0::/user.slice/run.scope", controllers: str = "cpu memory pids"
) -> pathlib.Path:
    """A machine with a cgroup v2 in which two processes are."""
    scope = folder / "sys/fs/cgroup" / own.partition("::/")[2]
    scope.mkdir(parents=True)
    (folder / "proc/self").mkdir(parents=True)
    (folder / "proc/self/cgroup").write_text(f"4:memory:/elsewhere\n{own}\n")
    (folder / "proc/self/mountinfo").write_text(f"28 24 0:25 / /proc rw - proc proc rw\n{MOUNT}\n")
    (scope / "cgroup.controllers").write_text(controllers + "\n")
    (scope / "cgroup.procs").write_text("11\n12\n")
    (scope / "cgroup.subtree_control").write_text("")
    return scope


def test_a_delegated_cgroup_is_found_also_by_the_second_grader(tmp_path: pathlib.Path) -> None:
    scope = machine(tmp_path)
    assert cgroups.delegated(tmp_path) == scope
    (scope / cgroups.OURS).mkdir()
    (tmp_path / "proc/self/cgroup").write_text(f"0::/user.slice/run.scope/{cgroups.OURS}\n")
    assert cgroups.delegated(tmp_path) == scope


def test_a_cgroup_that_is_not_delegated_is_left_alone(tmp_path: pathlib.Path) -> None:
    assert cgroups.delegated(tmp_path) is None
    scope = machine(tmp_path, controllers="cpu memory")
    assert cgroups.delegated(tmp_path) is None
    (scope / "cgroup.controllers").write_text("memory pids")
    (scope / "cgroup.subtree_control").unlink()  # root may write to anything that is there
    assert cgroups.delegated(tmp_path) is None
    (tmp_path / "proc/self/mountinfo").write_text("")
    assert cgroups.delegated(tmp_path) is None


def test_a_cgroup_bounds_memory_and_processes(tmp_path: pathlib.Path) -> None:
    """The graders' processes leave the cgroup first: one that has controllers below may hold none."""
    scope = machine(tmp_path)
    made = cgroups.make(scope, 1 << 30, "students")
    assert (scope / cgroups.OURS / "cgroup.procs").read_text() == "12"
    assert (scope / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert {path.name: path.read_text() for path in made.iterdir()} == {
        "memory.max": str((1 << 30) + cgroups.PARENT),
        "pids.max": str(cgroups.TASKS),
    }


def test_the_cage_runs_in_its_cgroup(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its program enters it before it does anything; a cgroup that cannot be made counts as none."""
    made = tmp_path / "students"
    made.mkdir()
    monkeypatch.setattr(cage_module, "own_cgroup", lambda limits: made)
    started().close()
    assert (made / "cgroup.procs").read_text() == "0"
    monkeypatch.undo()
    monkeypatch.setattr(cgroups, "delegated", lambda: tmp_path / "nowhere")
    assert cage_module.own_cgroup(LIMITS) is None


def test_a_students_python_that_root_keeps_to_itself(tmp_path: pathlib.Path) -> None:
    """Root is told what to do; an ordinary user who can read the environment needs nothing."""
    venv.create(tmp_path / "env", symlinks=True)
    (site,) = (tmp_path / "env").glob("lib/python3*/site-packages")
    site.chmod(0o700)
    with pytest.raises(CageError) as caught:
        started(tmp_path / "env/bin/python")
    assert isinstance(caught.value, RootRefusedError) == is_root()
    assert (f"({site}: Permission denied)" in str(caught.value)) == is_root()
    said = parent_ended(1, "unprivileged: /course/env: Permission denied", tmp_path)
    assert re.search(r"You grade as root.*\(/course/env: Permission denied\)\. Grade as an ordinary user", str(said))


def test_a_python_that_holds_the_course_is_refused(tmp_path: pathlib.Path) -> None:
    venv.create(tmp_path / "env", symlinks=True)
    (site,) = (tmp_path / "env").glob("lib/python3*/site-packages")
    (site / "selfcheck.py").write_text("")
    with pytest.raises(CourseExposedError, match=f"needs {site}, which holds {site}/selfcheck.py"):
        Cage(tmp_path / "env/bin/python", LIMITS, "standard", site / "selfcheck.py")


def answer(program: list[seccomp.Instruction], architecture: int, number: int, *arguments: int) -> int:
    """What a filter answers to a system call, as the kernel would read it."""
    call = struct.pack("<IIQ6Q", number, architecture, 0, *arguments, *([0] * (6 - len(arguments))))
    at, word = 0, 0
    while True:
        code, equal, other, value = program[at]
        at += 1
        if code == seccomp.RETURN:
            return value
        if code == seccomp.LOAD:
            (word,) = struct.unpack_from("<I", call, value)
        elif code == seccomp.AND:
            word &= value
        else:
            assert code == seccomp.EQUALS
            at += equal if word == value else other


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_the_filter_on_each_machine(machine: str) -> None:
    """By an interpreter of its program, since one machine cannot try the other's."""
    column, here = seccomp.MACHINES[machine]
    program = seccomp.program(machine)
    assert 300 < len(program) < 4096

    def says(table: str, *arguments: int) -> int:
        (number,) = seccomp.numbers(table, column)
        return answer(program, here, number, *arguments)

    no_such_call, refused = seccomp.FAIL | errno.ENOSYS, seccomp.FAIL | errno.EPERM
    for number in seccomp.numbers(seccomp.ALLOWED, column):
        assert answer(program, here, number) == seccomp.ALLOW
        assert answer(program, here, number | 0x40000000) == no_such_call  # x32
        assert answer(program, 0x40000003, number) == no_such_call  # a 32-bit program's call
    for number in seccomp.numbers(seccomp.REFUSED, column):
        assert answer(program, here, number) == refused
    clone, socketpair, limits = "clone:56:220", "socketpair:53:199", "prlimit64:302:261"
    thread = 0x3D0F00  # what pthread_create asks for
    assert says(clone, thread) == seccomp.ALLOW
    assert [says(clone, flags) for flags in (17, thread | 0x10000000, 0x10000 | 0x20000, 1 << 32)] == [refused] * 4
    assert [says(socketpair, family) for family in (1, 2, 16, 40)] == [seccomp.ALLOW, *[refused] * 3]
    assert [says(limits, pid) for pid in (0, 1)] == [seccomp.ALLOW, refused]
    assert says("clone3:435:435") == says("unshare:272:97") == says("bpf:321:280") == no_such_call
    assert answer(program, here, 9999) == no_such_call


def test_no_call_is_listed_twice() -> None:
    for column, _ in seccomp.MACHINES.values():
        calls = " ".join([seccomp.ALLOWED, seccomp.REFUSED, *seccomp.DEPENDS])
        together = seccomp.numbers(calls, column)
        assert len(together) == len(set(together))
