"""What `autograder grade` shows while it works."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from autograder.grading.words import listed, printable

NAMES = 3  # of what is running


class Watch:
    """A bar with the rate, the time left and what is running; nothing where nobody looks at a terminal."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._progress: Progress | None = None

    @contextmanager
    def over(self, what: str, total: int) -> Iterator[Watch]:
        """Show the bar of so many submissions."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[running]}", markup=False),
        )
        with Progress(*columns, console=self.console, disable=not self.console.is_terminal) as self._progress:
            self._task = self._progress.add_task(what, total=total, rate="", running="")
            yield self

    def moved(self, count: int, running: Sequence[str] = ()) -> None:
        """So many more are done; these are running, the longest first."""
        if self._progress is not None:
            self._progress.update(self._task, advance=count, running=printable(listed(running, NAMES)))
            speed = self._progress.tasks[self._task].speed
            self._progress.update(self._task, rate=f"{speed:.1f}/s" if speed else "")


class Lines(logging.Handler):
    """Prints what nbgrader, or we, warn of, above the bar."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print one message."""
        self.console.print(printable(record.getMessage()), markup=False, highlight=False, soft_wrap=True)
