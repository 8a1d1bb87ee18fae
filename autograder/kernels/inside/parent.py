"""The warm parent of all students' processes: Python with NumPy, matplotlib and IPython ready, and a fork for each.

It runs inside the cage, started with ``python -m inside.parent FD OPTIONS``; over that socket the worker sends a
descriptor for every submission. The parent itself never runs student code. Each fork gets user, pid, ipc, mount and
network namespaces of its own, so nothing that one submission does outlives it or reaches another, nor this parent.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import struct
import sys
from typing import Any

NEEDED = ("numpy", "IPython", "matplotlib")
RECURSION = 3000  # some frames for each of the 400 time steps with which cost is measured


def main() -> None:
    """Warm up, say so, then fork for every descriptor that comes, until the worker is gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    options = json.loads(sys.argv[2])
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        say_missing(control, missing)
        return
    try:
        from . import confinement, session, wire

        shell = session.make_shell()
        session.warm_up(shell)
    except ModuleNotFoundError as error:  # a package that one of these needs
        say_missing(control, [str(error.name)])
        return
    with_course_files()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the middle processes
    lacks = confinement.lacking(options["walls"])
    options["walls"] = [wall for wall in options["walls"] if wall not in lacks]
    wire.send(control, {"ready": os.getpid(), "lacks": lacks})
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
    """What the worker gets of a call that the host refused; a limit that may not be raised is a ValueError."""
    if isinstance(error, OSError):
        return {"refused": f"{error.filename or 'fork'}: {error.strerror}", "errno": error.errno}
    return {"refused": f"setrlimit: {error}", "errno": None}


def with_course_files() -> None:
    """Import what students are given beside the notebook, once; it is theirs to read, and holds no answer."""
    try:
        import selfcheck  # noqa: F401
    except ImportError:
        return


def middle(sock: socket.socket, shell: object, options: dict[str, Any]) -> None:
    """Unshare, fork the process that will be PID 1 of its own world, wait for it and tell the worker how it ended."""
    from . import confinement, wire

    status = 0
    try:
        if options["namespaces"]:
            confinement.unshare()
        child = os.fork()
        if child == 0:
            student(sock, shell, options)
        _, status = os.waitpid(child, 0)
        wire.send(sock, {"ended": os.waitstatus_to_exitcode(status)})
    except OSError as error:
        wire.send(sock, refusal(error))
    finally:
        os._exit(0)


def student(sock: socket.socket, shell: object, options: dict[str, Any]) -> None:
    """Become the student's process: walls and limits, no rights; then serve."""
    from . import confinement, session, wire

    try:
        try:
            confinement.end_with_parent()
            if "descriptors" in options["walls"]:
                sock = confinement.own_descriptors(sock)
            if options["namespaces"]:
                confinement.confine(options["memory"], options["disk"], options["walls"])
            else:
                os.setsid()
                confinement.limit(options["memory"])
                confinement.drop_rights()
        except (OSError, ValueError) as error:
            wire.send(sock, refusal(error))
            return
        wire.send(sock, {"started": True})
        sys.setrecursionlimit(RECURSION)
        session.Session(shell, sock, options["output"]).serve()
    except (OSError, EOFError, wire.ProtocolError):
        os._exit(70)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
