"""What `autograder grade` shows while it works, and what it says at the end: for a person, or as JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from autograder.grading.words import listed

NAMES = 3  # of what is running


@dataclass
class Summary:
    """What was done to the submissions of an assignment: students by name, reasons by student."""

    assignment: str
    graded: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    not_reached: list[str] = field(default_factory=list)
    not_graded: dict[str, str] = field(default_factory=dict)
    look: dict[str, str] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)
    again: dict[str, list[str]] = field(default_factory=dict)  # why what was graded is graded again: who
    pages: int | None = None
    seconds: float = 0.0

    def lines(self) -> Iterator[str]:
        """The result first, then exceptions by name."""
        counted = ("graded", "unchanged", "late", "not reached", "not graded")
        numbers = (self.graded, self.unchanged, self.late, self.not_reached, self.not_graded)
        parts = [f"{len(who)} {word}" for word, who in zip(counted, numbers, strict=True) if who or word == "graded"]
        parts += [] if self.pages is None else [f"{self.pages} feedback pages made"]
        yield f"{self.assignment}: {', '.join(parts)}, {self.seconds:.0f} s"
        for why, who in self.again.items():
            yield f"Graded again, because {why}: {len(who)} ({listed(who)})."
        for student, reason in (*self.not_graded.items(), *self.look.items()):
            yield f"{student}: {reason}"

    def to_json(self) -> str:
        """All of it as JSON."""
        return json.dumps(asdict(self))


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
            TextColumn("{task.fields[running]}"),
        )
        with Progress(*columns, console=self.console, disable=not self.console.is_terminal) as self._progress:
            self._task = self._progress.add_task(what, total=total, rate="", running="")
            yield self

    def moved(self, count: int, running: Sequence[str] = ()) -> None:
        """So many more are done; these are running, the longest first."""
        if self._progress is not None:
            self._progress.update(self._task, advance=count, running=listed(running, NAMES))
            speed = self._progress.tasks[self._task].speed
            self._progress.update(self._task, rate=f"{speed:.1f}/s" if speed else "")


class Lines(logging.Handler):
    """Prints what nbgrader, or we, warn of, above the bar."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print one message."""
        self.console.print(record.getMessage(), markup=False, highlight=False, soft_wrap=True)
