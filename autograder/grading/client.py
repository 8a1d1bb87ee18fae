"""The front's side of grading: starts the worker, asks it, starts it again when it dies. Imports no torch, no student code."""

from __future__ import annotations

import atexit
import contextlib
import socket
import subprocess
import sys
import threading
from typing import Any

from autograder.course.settings import Course
from autograder.grading.messages import receive_json, send_json
from autograder.grading.repair import KEY

TRIES = 3
START_SECONDS = 120.0


class GradingError(RuntimeError):
    """Grading itself cannot go on (not the student's fault); the message says what to do."""


class Grader:
    """A worker process behind a socket. ``grade`` may be called from several threads; one notebook is graded at a time."""

    def __init__(self, course: Course, seed: str) -> None:
        self.course, self.seed = course, seed
        self._lock = threading.Lock()
        self._sock: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        if course.isolation == "none":
            print(
                'WARNING: isolation = "none": student code runs on this machine with your rights, files and network.',
                file=sys.stderr,
            )
        atexit.register(self.close)

    def start(self) -> None:
        """Start the worker without waiting for it: it loads torch while the front does other things."""
        if self._sock is not None:
            return
        ours, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "autograder.grading.worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C stops the front, which closes the socket: the worker ends in order
            cwd=self.course.repository,
        )
        theirs.close()
        send_json(ours, {"course": self.course.to_json(), "seed": self.seed})
        self._sock, self._ready = ours, False

    def ready(self) -> None:
        """Return when the worker and its cage can grade. Raises GradingError with what keeps them from it."""
        with self._lock:
            try:
                self._begin()
            except (EOFError, ConnectionError, TimeoutError) as error:
                self._stop()
                raise GradingError(
                    "The grading process ended while it was starting. Run `make test` in the course's repository to see why."
                ) from error
            except BaseException:
                self._stop()
                raise

    def grade(self, notebook: dict[str, Any], assignment: str) -> dict[str, Any]:
        """The graded notebook. One that ends TRIES workers comes back with 0 points and that reason.

        Raises GradingError when no worker can start, or a suite is not in order: then nobody gets a mark.
        """
        with self._lock:
            for _ in range(TRIES):
                try:
                    return self._ask({"notebook": notebook, "assignment": assignment})
                except (EOFError, ConnectionError, TimeoutError):
                    self._stop()
                except BaseException:
                    self._stop()  # an answer may still be on its way: this worker's next one would be read as another's
                    raise
            notebook["metadata"].setdefault(KEY, {})["unreadable"] = (
                f"Grading this notebook ended the grading process {TRIES} times. Nothing of it is graded; your teacher has "
                "been told and will look at it."
            )
            return self._ask({"notebook": notebook, "assignment": assignment})

    def _begin(self) -> None:
        self.start()
        assert self._sock is not None
        if not self._ready:
            self._sock.settimeout(START_SECONDS)
            said = receive_json(self._sock)
            if "broken" in said:
                raise GradingError(said["broken"])
            self._ready = True

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        self._begin()
        assert self._sock is not None
        self._sock.settimeout(START_SECONDS + 3 * self.course.limits.submission)
        send_json(self._sock, request)
        answer = receive_json(self._sock)
        if "broken" in answer:
            raise GradingError(answer["broken"])
        return answer["notebook"]  # type: ignore[no-any-return]

    def _stop(self) -> None:
        if self._sock is not None:
            self._sock.close()
            self._sock = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End the worker, and with it the cage and whatever runs in it."""
        with self._lock:
            self._stop()
