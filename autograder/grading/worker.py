"""The trusted process: torch, the hidden suites and the cage, loaded once; then a notebook in, a graded notebook out.

Started by autograder.grading.front as ``python -m autograder.grading.worker FD``, in a session of its own; it ends when
the front closes the socket. It alone decides a score, from values that the student's process never held.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import sys
from typing import Any

from autograder.grading.messages import receive_json, send_json
from autograder.kernels.cage import Cage, Limits

IDLE_SECONDS = 900.0  # a Lab server that once graded keeps no torch in memory all day; the front starts another worker


def main() -> None:
    """Start the cage, meanwhile load torch and the suites, then serve."""
    sock = socket.socket(fileno=int(sys.argv[1]))
    options = receive_json(sock)
    try:
        cage = start_cage(options)
        judge = load_suites(options)
        cage.wait()
    except Exception as error:  # whatever keeps the worker from starting is told to the front, which tells the teacher
        send_json(sock, {"broken": in_words(error)})
        return
    with contextlib.suppress(ConnectionError):  # the front is gone: serve() ends at once
        send_json(sock, {"ready": os.getpid()})
    try:
        serve(sock, judge, cage)
    finally:
        cage.close()


def start_cage(options: dict[str, Any]) -> Cage:
    """The warm parent of the students' processes, on its way up."""
    limits = Limits(**options["limits"])
    return Cage(pathlib.Path(options["python"]), limits, options["isolation"], pathlib.Path(options["selfcheck"]))


def load_suites(options: dict[str, Any]) -> Any:
    """The judge with every suite of the course collected; this is what imports torch."""
    from autograder.grading.collection import open_suites
    from autograder.grading.judge import Judge
    from autograder.mistakes.naming import diagnose

    return open_suites(Judge(options["seed"], options["cost_share"], diagnose), options["assignments"])


def serve(sock: socket.socket, judge: Any, cage: Cage) -> None:
    """One answer for each notebook, until the front is gone or has asked nothing for IDLE_SECONDS."""
    from autograder.grading.step import grade_notebook

    while True:
        sock.settimeout(IDLE_SECONDS)
        try:
            request = receive_json(sock)
        except (EOFError, ConnectionError, TimeoutError):
            return
        sock.settimeout(None)
        try:
            answer: dict[str, Any] = {
                "notebook": grade_notebook(request["notebook"], request["assignment"], judge, cage)
            }
        except (
            Exception
        ) as error:  # a suite or a cage that is not in order: no mark is given, and the front is told why
            answer = {"broken": in_words(error)}
        send_json(sock, answer)


def in_words(error: Exception) -> str:
    """What the teacher reads. Our own errors are sentences already; any other is named, for its author to find."""
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("autograder"):
        return f"Grading needs {error.name}, which {sys.executable} lacks. Install it there, or delete .venv and run `make venv`."
    ours = type(error).__module__.startswith("autograder.")
    return str(error) if ours else f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
