"""The walls around a student's process, from inside: each step is checked, and an OSError means that no code is run."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import socket
import sys
from collections.abc import Collection

from . import landlock, seccomp

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = (
    0x20000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 23, 24, 38
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
KEYCTL = {"x86_64": 250, "aarch64": 219}
JOIN_SESSION_KEYRING = 1
HOME = "/home/student"
FILES = 10_000  # of each tmpfs: an empty file takes the kernel's memory too
DESCRIPTORS, THREADS = 256, 64


def lacking(walls: Collection[str]) -> list[str]:
    """Which of these walls the kernel does not have, of those that it may lack."""
    here = {"seccomp": seccomp.supported(), "landlock": landlock.version() > 0}
    return [name for name, found in here.items() if name in walls and not found]


def unshare() -> None:
    """Leave for namespaces of one's own and map the same user into them. Raises OSError where that is not allowed."""
    uid, gid = os.getuid(), os.getgid()
    prctl(PR_SET_DUMPABLE, 1)
    checked(LIBC.unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        write(f"/proc/self/{name}", text)


def own_descriptors(sock: socket.socket) -> socket.socket:
    """Close all that was inherited but the socket to the worker, which is returned; 0, 1 and 2 are /dev/null."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    kept = socket.socket(fileno=os.dup(sock.detach()))
    highest = max(map(int, os.listdir("/proc/self/fd")))
    os.closerange(3, kept.fileno())
    os.closerange(kept.fileno() + 1, highest + 1)
    return kept


def confine(memory: int, disk: int, walls: Collection[str]) -> None:
    """Close the walls of a process that has just come into its namespaces with every capability there."""
    private_files(disk)
    if "keyring" in walls:
        own_keyring()
    if "nested" in walls:
        write("/proc/sys/user/max_user_namespaces", "0")
    write("/proc/self/oom_score_adj", "1000")  # the first to end where memory runs out, before the worker
    limit(memory)
    if "proc" in walls:
        options = b"size=4k,nr_inodes=2,mode=0555"
        flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
        checked(LIBC.mount(b"tmpfs", b"/proc", b"tmpfs", flags, options), "/proc")
    capability = 0
    while LIBC.prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0:
        prctl(PR_CAPBSET_DROP, capability)
        capability += 1
    drop_rights()
    prctl(PR_SET_DUMPABLE, 0)
    if "landlock" in walls:
        landlock.restrict()
    if "seccomp" in walls:
        seccomp.install()


def private_files(size: int) -> None:
    """Mount a fresh tmpfs as home, as /tmp and as /dev/shm."""
    for place in ("/tmp", "/home", "/dev/shm"):
        options = f"size={size},nr_inodes={FILES},mode=0755".encode()
        checked(LIBC.mount(b"tmpfs", place.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, options), place)
    os.mkdir(HOME)
    os.chdir(HOME)
    sys.path.append(HOME)  # for %%writefile helper.py and import helper; last, so that it hides no module


def own_keyring() -> None:
    """Leave the session keyring of whoever grades for an empty one. A kernel without keys has nothing to leave."""
    if platform.machine() in KEYCTL:
        result = LIBC.syscall(KEYCTL[platform.machine()], JOIN_SESSION_KEYRING, None)
        if result < 0 and ctypes.get_errno() != errno.ENOSYS:
            checked(result, "keyctl")


def limit(memory: int) -> None:
    """Bound memory above what the warm parent has mapped already, descriptors, threads, queues and core dumps."""
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + memory, mapped + memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (THREADS, THREADS))
    descriptors = min(DESCRIPTORS, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    resource.setrlimit(resource.RLIMIT_MSGQUEUE, (0, 0))


def end_with_parent() -> None:
    """Be killed when the process that waits for this one ends."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def drop_rights() -> None:
    """Give up every capability, for good."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    checked(LIBC.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def prctl(option: int, value: int) -> None:
    """Set something of this process. Raises OSError."""
    checked(LIBC.prctl(option, value, 0, 0, 0), f"prctl {option}")


def write(path: str, text: str) -> None:
    """Write to a file of the kernel. Raises OSError."""
    with open(path, "w") as file:
        file.write(text)


def checked(result: int, what: str) -> None:
    """Raise OSError for a failed call of libc."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
