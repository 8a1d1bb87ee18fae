"""One grader at a time in a course: two that write one gradebook at once would lose marks."""

from __future__ import annotations

import getpass
import os
import pathlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from filelock import FileLock, Timeout

FILE = ".autograder.lock"
OWNER = ".autograder.owner"


class CourseBusyError(RuntimeError):
    """The course cannot be graded now by this user; the message says why and what to do."""


@contextmanager
def course_lock(root: pathlib.Path, log: Any) -> Iterator[None]:
    """Hold the course's lock; wait for another grader to finish, after saying so. Raises CourseBusyError."""
    refuse_read_only(root)
    lock = FileLock(root / FILE, mode=0o664)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            log.warning("%s is grading in %s. Waiting until it has finished.", owner(root), root)
            lock.acquire()
    except PermissionError:
        raise CourseBusyError(
            f"{root / FILE} belongs to another user. Delete it if nobody is grading, or grade as that user."
        ) from None
    try:
        (root / OWNER).unlink(missing_ok=True)
        (root / OWNER).write_text(f"{getpass.getuser()} (process {os.getpid()})")
        yield
    finally:
        (root / OWNER).unlink(missing_ok=True)
        lock.release()


def owner(root: pathlib.Path) -> str:
    """Who holds the lock."""
    try:
        return (root / OWNER).read_text()[:80]
    except OSError:
        return "Another command"


def refuse_foreign(folders: Iterable[str]) -> None:
    """Raise where a folder that would be replaced belongs to another user."""
    for folder in folders:
        if os.path.isdir(folder) and not all(os.access(p, os.W_OK) for p in (os.path.dirname(folder), folder)):
            raise CourseBusyError(
                f"{folder} belongs to another user. Let that user run `chmod -R g+w {os.path.dirname(folder)}`; docs/operator.md "
                "says how to set up a course that several teachers grade."
            )


def refuse_read_only(root: pathlib.Path) -> None:
    """Raise where this user cannot write what grading writes."""
    places = [root, root / "autograded", root / "gradebook.db"]
    closed = [p for p in places if p.exists() and not os.access(p, os.W_OK)]
    if closed:
        raise CourseBusyError(
            f"{getpass.getuser()} cannot write to {closed[0]}. Grade as the user who owns it, or let that user share it with "
            f"the group of teachers: chmod g+w {closed[0]}. docs/operator.md says how to set up a course for several "
            "teachers (groupshared)."
        )
