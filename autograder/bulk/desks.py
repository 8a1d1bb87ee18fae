"""Processes that finish graded notebooks and make feedback pages: all of nbgrader's work that needs no gradebook.

They are forked from the command, so they know its configuration without reading it again, and end when it ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any

TOOL: list[Any] = []  # in a desk: the object whose method does the work


class Desks:
    """Some processes that call ``tool.work(…)``, each for one submission at a time."""

    def __init__(self, tool: Any, count: int) -> None:
        """Start them: while this process has one thread, since a fork copies no other."""
        self._pool = ProcessPoolExecutor(count, multiprocessing.get_context("fork"), begin, (tool,))
        self._pool.submit(os.getpid).result()

    def submit(self, *arguments: Any) -> Future[Any]:
        """What ``tool.work(*arguments)`` returns, in time. Raises BrokenProcessPool when a desk has ended."""
        return self._pool.submit(work, *arguments)

    def __enter__(self) -> Desks:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End them; what is not begun is cancelled."""
        self._pool.shutdown(cancel_futures=True)


def begin(tool: Any) -> None:
    """In a desk: Ctrl-C is for the command, and when that ends, however it does, this ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    TOOL[:] = [tool]
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """End this process with its parent."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(1)


def work(*arguments: Any) -> Any:
    """In a desk: what it is for."""
    return TOOL[0].work(*arguments)
