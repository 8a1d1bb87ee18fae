"""The time that one notebook has, over all its runs, and what has hit a limit in it: that is not tried again."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.kernels.cage import Limits
from autograder.kernels.definitions import definitions

DEFINES = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)\b|^\w+[ \t]*=[ \t]*lambda\b", re.MULTILINE)
GRACE = 0.25  # seconds of a cell that defines no function when their share is used up: it may set a number
OVERDRAFT = 2.0  # seconds of such cells together
FOR_CALLS = 5.0  # seconds that cells leave to the calls
FOR_COST = 3.0  # seconds that are set aside for tests of cost, so that nothing else keeps them from running
LEAST = 1.0  # seconds of a cell that defines a function, and of a call after PATIENCE calls were stopped
PATIENCE = 3
CUT = "[The output was cut here: a cell keeps at most 1 MiB of output, and a notebook 2 MiB.]\n"
OUTPUTS = 8 << 20  # characters of all outputs, in JSON, that are held while cells run; a graded notebook keeps fewer
MAX_READ = 100_000  # characters of stopped cells in which definitions are looked for


@dataclass
class CellRun:
    """What running one cell gave: outputs as nbformat has them, and a sentence if it had to be stopped.

    seconds: how long it took when it first ran to its end. instead: what it defines, run in its place once it was stopped.
    left_out: that was stopped too, or there is none. size: characters of its outputs.
    """

    code: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    stopped: str | None = None
    seconds: float | None = None
    instead: str = ""
    left_out: bool = False
    size: int = 0

    @property
    def experiment(self) -> bool:
        """Whether the cell defines no function or class, as far as its lines show."""
        return DEFINES.search(self.code) is None


@dataclass(frozen=True)
class Allowance:
    """How long something may take, and what is said where it takes longer."""

    seconds: float
    reason: str


@dataclass
class Budget:
    """What is left of the time. Only what a student's process takes counts, not the worker's own work.

    dead has a sentence for each function of which a call was stopped. Outputs and the reading of stopped cells have room
    in it also.
    """

    limits: Limits
    dead: dict[str, str] = field(default_factory=dict)
    stopped_calls: int = 0
    runs: dict[tuple[str, int], CellRun] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reserve = min(FOR_COST, self.limits.submission / 10)
        self.left = self.limits.submission - self.reserve
        self.room, self.unread = OUTPUTS, MAX_READ
        self.experiments = min(self.limits.experiments, self.limits.submission)

    def runs_of(self, cells: Sequence[str]) -> list[CellRun]:
        """What is known of these cells from earlier runs, told apart by their code and, in copies, by their order."""
        copies: Counter[str] = Counter()
        found = []
        for code in cells:
            found.append(self.runs.setdefault((code, copies[code]), CellRun(code)))
            copies[code] += 1
        return found

    def skips(self, run: CellRun) -> bool:
        """Whether a cell is not run: it was stopped, or took longer than what its share has left."""
        slow = run.experiment and run.seconds is not None and run.seconds > GRACE
        return run.left_out or (slow and (run.seconds or 0.0) > self.experiments)

    def cell(self, run: CellRun) -> Allowance:
        """For a cell: one that defines no function can use up the share of such cells, not the time of the functions."""
        if not run.experiment:
            return self._within(self.limits.cell, max(self.left - FOR_CALLS, LEAST))
        if self.experiments >= self.limits.cell:
            return self._within(self.limits.cell, self.left)
        room = self.experiments if self.experiments > GRACE else min(GRACE, self.experiments + OVERDRAFT)
        limit = self.limits.experiments
        reason = f"the time limit of {limit:g} s for all cells that define no function was reached"
        return Allowance(min(room, self.left), reason)

    def call(self) -> Allowance:
        """For a call of a function."""
        most = self.limits.call if self.stopped_calls < PATIENCE else min(LEAST, self.limits.call)
        return self._within(most, self.left)

    def open_reserve(self) -> None:
        """Tests of cost begin, which are the last."""
        self.left, self.reserve = max(self.left, 0.0) + self.reserve, 0.0

    def spend(self, seconds: float, run: CellRun | None = None) -> None:
        """Subtract what a call, or a cell, has taken."""
        self.left -= seconds
        if run is not None and run.experiment:
            self.experiments -= seconds

    def collect(self, run: CellRun, outputs: list[dict[str, Any]]) -> None:
        """Hold what a cell gave in place of what it gave before; too much is replaced by a note and the error's name."""
        self.room += run.size
        try:
            run.outputs, run.size = outputs, len(json.dumps(outputs, ensure_ascii=False))
        except RecursionError:  # metadata nested as no library does
            run.size = OUTPUTS + 1
        if run.size > self.room:
            errors = [output for output in outputs if output["output_type"] == "error"]
            named = [{**e, "ename": e["ename"][:200], "evalue": e["evalue"][:200], "traceback": []} for e in errors[:1]]
            run.outputs, run.size = [*named, {"output_type": "stream", "name": "stderr", "text": CUT}], 0
        self.room -= run.size

    def replace(self, run: CellRun) -> None:
        """Of a cell that was stopped, run only the definitions from now on; of one whose definitions were, nothing."""
        if not (run.instead or run.left_out) and len(run.code) <= self.unread:
            self.unread -= len(run.code)
            run.instead = definitions(run.code)
            run.left_out = not run.instead
        else:
            run.instead, run.left_out = "", True

    def _within(self, seconds: float, room: float) -> Allowance:
        if seconds <= min(room, self.left):
            return Allowance(seconds, f"it was still running after {seconds:g} s")
        limit = self.limits.submission
        reason = f"the time limit of {limit:g} s for the whole notebook was reached"
        return Allowance(min(room, self.left), reason)
