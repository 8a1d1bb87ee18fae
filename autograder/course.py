"""The course's configuration: course.toml at the root of the repository."""

from __future__ import annotations

import os
import pathlib
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from autograder.kernels.cage import Limits
from autograder.kernels.contract import CONTRACT

ROOT = pathlib.Path(__file__).parents[1]
ISOLATION = ("cage", "none")


class CourseError(ValueError):
    """course.toml says something that cannot be; the message tells what to write instead."""


@dataclass(frozen=True)
class Course:
    """What a teacher may change without touching code."""

    root: pathlib.Path = ROOT
    assignments: tuple[str, ...] = tuple(CONTRACT)
    cost_share: float = 0.125
    points: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    python: pathlib.Path = ROOT / ".venv-student/bin/python"
    isolation: str = "cage"

    @property
    def selfcheck(self) -> pathlib.Path:
        """The students' checker, given out beside each notebook."""
        return self.root / "assignments" / "selfcheck.py"

    def to_json(self) -> dict[str, Any]:
        """What the worker is told."""
        return {
            "cost_share": self.cost_share,
            "limits": asdict(self.limits),
            "python": str(self.python),
            "isolation": self.isolation,
            "selfcheck": str(self.selfcheck),
        }


def load_course(root: pathlib.Path = ROOT) -> Course:
    """Read ROOT/course.toml. Raises CourseError for a name or value that cannot be meant."""
    path = root / "course.toml"
    try:
        table = tomllib.loads(path.read_text()) if path.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"course.toml is not TOML: {error}. Mend that line.") from error
    known(table, {"assignments", "cost_share", "points", "limits", "kernel"}, "course.toml")
    limits = table.get("limits", {})
    known(limits, {"cell", "call", "submission", "memory", "output"}, "[limits]")
    kernel = table.get("kernel", {})
    known(kernel, {"python", "isolation"}, "[kernel]")
    assignments = tuple(table.get("assignments", CONTRACT))
    known(dict.fromkeys([*assignments, *table.get("points", {})]), set(CONTRACT), "assignments")
    isolation = os.environ.get("AUTOGRADER_ISOLATION", kernel.get("isolation", "cage"))
    if isolation not in ISOLATION:
        raise CourseError(f'[kernel] isolation = "{isolation}" is unknown; write one of {", ".join(ISOLATION)}.')
    default = Limits()
    share = float(table.get("cost_share", 0.125))
    numbers = [v for v in limits.values() if not (isinstance(v, (int, float)) and v > 0)]
    if numbers or not 0 <= share < 1:
        raise CourseError("course.toml: limits are numbers above 0, and cost_share is at least 0 and below 1.")
    return Course(
        root=root,
        assignments=assignments,
        cost_share=share,
        points=table.get("points", {}),
        limits=Limits(
            cell=float(limits.get("cell", default.cell)),
            call=float(limits.get("call", default.call)),
            submission=float(limits.get("submission", default.submission)),
            memory=int(limits.get("memory", default.memory >> 20)) << 20,
            output=int(limits.get("output", default.output >> 10)) << 10,
        ),
        python=root / kernel.get("python", ".venv-student/bin/python"),
        isolation=isolation,
    )


def scripts_on_path() -> None:
    """Put this Python's scripts on PATH: nbgrader calls ``alembic`` by its bare name when it opens a gradebook."""
    scripts = str(pathlib.Path(sys.executable).parent)
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])


def known(table: Mapping[str, Any], names: set[str], where: str) -> None:
    """Raise CourseError for a key that nothing reads: a misspelt limit would silently be none."""
    for name in table:
        if name not in names:
            raise CourseError(f"{where} has no {name!r}; it knows {', '.join(sorted(names))}.")
