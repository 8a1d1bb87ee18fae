"""The warm parent of all students' processes: Python with NumPy, matplotlib and IPython ready, and a fork for each.

It runs inside the cage, started with ``python -m inside.parent FD OPTIONS``; over that socket the worker sends a
descriptor for every submission. The parent itself never runs student code. Each fork gets user, pid, ipc, mount and
network namespaces of its own, so nothing that one submission does outlives it or reaches another, nor this parent.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import resource
import signal
import socket
import struct
import sys

NEEDED = ("numpy", "IPython", "matplotlib")
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = (
    0x20000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
MS_NOSUID, MS_NODEV = 2, 4
HOME = "/home/student"


def main() -> None:
    """Warm up, say so, then fork for every descriptor that comes, until the worker is gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    options = json.loads(sys.argv[2])
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        say_missing(control, missing)
        return
    try:
        from . import session, wire

        shell = session.make_shell()
        session.warm_up(shell)
    except ModuleNotFoundError as error:  # a package that one of these needs
        say_missing(control, [str(error.name)])
        return
    with_course_files()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the middle processes
    wire.send(control, {"ready": os.getpid()})
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not data:
            return
        sock = socket.socket(fileno=descriptors[0])
        try:
            child = os.fork()
        except OSError as error:
            wire.send(sock, refusal(error))
        else:
            if child == 0:
                control.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                middle(sock, shell, options)
        sock.close()


def say_missing(control: socket.socket, names: list[str]) -> None:
    """Send {"missing": names} in the form of wire, which cannot be imported where NumPy is missing."""
    text = json.dumps({"missing": names}).encode()
    control.sendall(struct.pack("<IQ", len(text), 0) + text)


def refusal(error: OSError | ValueError) -> dict[str, object]:
    """What the worker is told of a call that the host refused; a limit that may not be raised is a ValueError."""
    if isinstance(error, OSError):
        return {"refused": f"{error.filename or 'fork'}: {error.strerror}", "errno": error.errno}
    return {"refused": f"setrlimit: {error}", "errno": None}


def with_course_files() -> None:
    """Import what students are given beside the notebook, once; it is theirs to read, and holds no answer."""
    try:
        import selfcheck  # noqa: F401
    except ImportError:
        return


def middle(sock: socket.socket, shell: object, options: dict[str, object]) -> None:
    """Unshare, fork the process that will be PID 1 of its own world, wait for it and tell the worker how it ended."""
    from . import wire

    status = 0
    try:
        if options["namespaces"]:
            unshare()
        child = os.fork()
        if child == 0:
            student(sock, shell, options)
        _, status = os.waitpid(child, 0)
        wire.send(sock, {"ended": os.waitstatus_to_exitcode(status)})
    except OSError as error:
        wire.send(sock, refusal(error))
    finally:
        os._exit(0)


def student(sock: socket.socket, shell: object, options: dict[str, object]) -> None:
    """Become the student's process: private files, limits, no rights; then serve."""
    from . import session, wire

    try:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        try:
            if options["namespaces"]:
                private_files(int(options["disk"]))  # type: ignore[call-overload]
            else:
                os.setsid()
            limit(int(options["memory"]))  # type: ignore[call-overload]
        except (OSError, ValueError) as error:
            wire.send(sock, refusal(error))
            return
        drop_rights()
        wire.send(sock, {"started": True})
        session.Session(shell, sock, int(options["output"])).serve()  # type: ignore[call-overload]
    except (OSError, EOFError, wire.ProtocolError):
        os._exit(70)
    finally:
        os._exit(0)


def unshare() -> None:
    """Leave for namespaces of one's own and map the same user into them. Raises OSError where that is not allowed."""
    uid, gid = os.getuid(), os.getgid()
    LIBC.prctl(PR_SET_DUMPABLE, 1)
    checked(LIBC.unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    LIBC.prctl(PR_SET_DUMPABLE, 0)


def private_files(size: int) -> None:
    """Mount a fresh tmpfs as home and as /tmp, and a /proc of this pid namespace where the host allows it."""
    for place in ("/tmp", "/home", "/dev/shm"):
        checked(
            LIBC.mount(b"tmpfs", place.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, f"size={size},mode=0755".encode()),
            place,
        )
    LIBC.mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV, None)
    os.mkdir(HOME)
    os.chdir(HOME)


def limit(memory: int) -> None:
    """Bound memory above what the warm parent has mapped already, files and core dumps."""
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + memory, mapped + memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (64, 64))


def drop_rights() -> None:
    """Give up every capability that the new user namespace brought."""
    for capability in range(64):
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    LIBC.capset(header, (ctypes.c_uint32 * 6)())


def checked(result: int, what: str) -> None:
    """Raise OSError for a failed call of libc."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


if __name__ == "__main__":
    main()
