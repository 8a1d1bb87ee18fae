"""The course as a teacher sets it up: course.toml, beside the work that is graded or in the repository."""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

from autograder.course.assignment import Assignment
from autograder.course.points import RANGE, closest, full_name, own_points, valid
from autograder.kernels.cage import Limits
from autograder.typed import ADDED, SCRIPTS, typed

ROOT = pathlib.Path(__file__).parents[2]
FILE = "course.toml"
PACKAGES = "autograder.assignments"  # where an assignment is looked up that course.toml lists by its name alone
ISOLATION = ("strict", "standard", "none")
RUBRIC = ("steps", "samples", "none")
LARGEST = 1_000_000  # of a limit, in its own unit
KERNEL = ("python", "isolation")
SHOWN = 60  # characters of a wrong value in a message


class CourseError(ValueError):
    """course.toml says something that cannot be; the message tells what to write instead."""


@dataclass(frozen=True)
class Course:
    """What a teacher may change without touching code.

    repository holds assignments/ and the students' Python; directory is the course directory: source/, release/, what was
    handed in, the gradebook and the seed. Often they are one. listed: assignments by name, or by the dotted name of a
    package that grades them.
    """

    repository: pathlib.Path = ROOT
    directory: pathlib.Path = ROOT
    listed: tuple[str, ...] = ()
    cost_share: float = 0.125
    points: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    python: pathlib.Path = ROOT / ".venv-student/bin/python"
    isolation: str = "standard"
    rubric: str = "steps"

    @cached_property
    def assignments(self) -> Mapping[str, Assignment]:
        """The assignments of the course by name, in their order."""
        packages = {entry.rpartition(".")[2]: package_of(entry) for entry in self.listed}
        return {name: Assignment(name, package, self.repository, self.directory) for name, package in packages.items()}

    def assignment(self, name: str) -> Assignment:
        """One assignment. Raises CourseError for a name that the course does not have."""
        if name not in self.assignments:
            raise CourseError(f"{name} is not an assignment of this course; {closest(name, self.assignments)}.")
        return self.assignments[name]

    @property
    def selfcheck(self) -> pathlib.Path:
        """The package of the students' self-check: shared modules, and one named after each assignment."""
        return self.repository / "assignments" / "selfcheck"

    @property
    def given_selfcheck(self) -> pathlib.Path | None:
        """What students' code imports while it is graded: the package, which has the checks of every assignment.

        Where assignments/ is not on this machine, what was built for the first assignment; None where that has none.
        """
        built = self.directory / "source" / next(iter(self.assignments)) / "selfcheck.py"
        return next((path for path in (self.selfcheck, built) if path.exists()), None)

    def to_json(self) -> dict[str, Any]:
        """What the worker gets."""
        paths = {name: str(getattr(self, name)) for name in ("repository", "directory", "python")}
        return {**{f.name: getattr(self, f.name) for f in fields(self)}, **paths, "limits": asdict(self.limits)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Course:
        """The course of to_json."""
        paths = {name: pathlib.Path(told[name]) for name in ("repository", "directory", "python")}
        return cls(**{**told, **paths, "limits": Limits(**told["limits"]), "listed": tuple(told["listed"])})


def load_course(directory: pathlib.Path = ROOT, repository: pathlib.Path | None = None) -> Course:
    """Read the course.toml of a course directory; what it does not set is as in the course.toml of its repository.

    The repository is the one given, or the one that course.toml names, or the directory itself if it has assignments/, or
    ours. Packages that grade its assignments are imported from there. Raises CourseError for a name or value that cannot be
    meant.
    """
    own = read_table(directory / FILE)
    repository = repository or repository_of(own, directory)
    table = own if repository == directory else layered(read_table(repository / FILE), own)
    known(table, ("repository", "assignments", "cost_share", "points", "limits", "kernel", "feedback"), "course.toml")
    if str(repository) not in sys.path:
        sys.path.append(str(repository))
    limits = section(table, "limits", ("cell", "call", "submission", "experiments", "memory", "output"))
    kernel = section(table, "kernel", KERNEL)
    feedback = section(table, "feedback", ("rubric",))
    share = table.get("cost_share", 0.125)
    if not (is_number(share) and 0 <= share < 1):
        raise wrong("cost_share", share, "a number that is at least 0 and below 1")
    default = Limits()
    return Course(
        repository=repository,
        directory=directory,
        listed=assignments_of(table),
        cost_share=float(share),
        points=points_of(table, repository),
        limits=Limits(
            cell=limit(limits, "cell", default.cell),
            call=limit(limits, "call", default.call),
            submission=limit(limits, "submission", default.submission),
            experiments=limit(limits, "experiments", default.experiments),
            memory=int(limit(limits, "memory", default.memory >> 20) * (1 << 20)),
            output=int(limit(limits, "output", default.output >> 10) * (1 << 10)),
        ),
        python=python_of(kernel, directory, repository),
        isolation=isolation_of(kernel),
        rubric=text_of(feedback, "[feedback] rubric", "steps", RUBRIC),
    )


def nearest_course(folder: pathlib.Path) -> pathlib.Path:
    """The folder, where nbgrader is set up in it as a course directory; otherwise this repository."""
    return folder if (folder / "nbgrader_config.py").exists() else ROOT


def build_command(directory: pathlib.Path) -> str:
    """What builds source/ and release/ of a course directory: to type in it."""
    return "make source" if (directory / "Makefile").exists() else typed("autograder build")


def points_differ(course: Course, assignment: str) -> str:
    """One sentence where course.toml gives other points than source/ASSIGNMENT has; otherwise "".

    So it is after a change of course.toml or of the assignment's script, until somebody builds it again.
    """
    path = course.assignment(assignment).source
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        about = [cell["metadata"].get("nbgrader", {}) for cell in cells]
        built = {one["grade_id"]: one["points"] for one in about if one.get("grade")}
    except FileNotFoundError:
        return ""  # grading says so itself, and what to do
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return f"{path.relative_to(course.directory)} is damaged: run `{build_command(course.directory)}` to build it again."
    wanted = {**(script_points(course.repository, assignment) or {}), **course.points.get(assignment, {})}
    changed = [
        f"{name.removeprefix('test_')}: {built.get(name, 'not there')}, should be {points}"
        for name, points in wanted.items()
        if built.get(name) != points
    ]
    if not changed:
        return ""
    return (
        f"source/{assignment}/{assignment}.ipynb was built before the last change of its points "
        f"({'; '.join(changed[:4])}{'; …' * (len(changed) > 4)}): run `{build_command(course.directory)}`, then grade again."
    )


def scripts_on_path() -> None:
    """Put this Python's scripts on PATH: nbgrader calls ``alembic`` by its bare name when it opens a gradebook."""
    places = os.environ.get("PATH", "").split(os.pathsep)
    if str(SCRIPTS) not in places and ADDED not in places:
        os.environ["PATH"] = os.pathsep.join([ADDED, *places])


def read_table(path: pathlib.Path) -> dict[str, Any]:
    """A TOML file as a dict, empty where there is no file. Raises CourseError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CourseError(f"course.toml could not be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CourseError("course.toml is not UTF-8 text: save it as UTF-8.") from error
    except RecursionError as error:
        raise CourseError("course.toml is nested too deeply.") from error
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        raise CourseError(f"course.toml is not TOML: {' '.join(str(error).split())}.") from error


def repository_of(table: Mapping[str, Any], directory: pathlib.Path) -> pathlib.Path:
    """Where the assignments of a course directory are written. Raises CourseError."""
    if "repository" in table:
        found = (directory / text_of(table, "repository", "")).resolve()
        if not (found / "assignments").is_dir():
            raise wrong("repository", table["repository"], "a folder that holds assignments/")
        return found
    return directory if (directory / "assignments").is_dir() else ROOT


def layered(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Two tables as one: what the second does not set is as in the first, in their sections too."""
    merged = {**base, **own}
    both = (key for key in base.keys() & own.keys() if isinstance(base[key], dict) and isinstance(own[key], dict))
    return {**merged, **{key: layered(base[key], own[key]) for key in both}}


def section(table: Mapping[str, Any], name: str, keys: Sequence[str]) -> Mapping[str, Any]:
    """One table of course.toml. Raises CourseError for what is no table, or has a key that nothing reads."""
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise wrong(name, found, f"a table: a line [{name}], then one setting a line below it")
    known(found, keys, f"[{name}]")
    return found


def known(table: Mapping[str, Any], names: Sequence[str], where: str) -> None:
    """Raise CourseError for a key that nothing reads: a misspelt limit would silently be none."""
    for name in table:
        if name not in names:
            raise CourseError(f"{where} has no {toml(name)}; known keys: {', '.join(sorted(names))}.")


def assignments_of(table: Mapping[str, Any]) -> tuple[str, ...]:
    """The assignments of the course, in their order. Raises CourseError."""
    known_here = packaged()
    found = table.get("assignments", known_here)
    if not (isinstance(found, list) and found and all(isinstance(name, str) for name in found)):
        raise wrong("assignments", found, 'a list of names, such as ["a1_linear_fit"]')
    names = [entry.rpartition(".")[2] for entry in found]
    for number, name in enumerate(found):
        if not is_package(name):
            raise CourseError(
                f"course.toml: assignments has {toml(name)}, which no package grades; {closest(name, known_here)}."
            )
        if names[number] in names[:number]:
            raise CourseError(f"course.toml: assignments has {toml(name)} twice: delete one.")
    return tuple(found)


def packaged() -> list[str]:
    """The assignments that this package grades, by name."""
    folder = pathlib.Path(__file__).parents[1] / PACKAGES.rpartition(".")[2]
    return sorted(path.parent.name for path in folder.glob("*/contract.py"))


def package_of(entry: str) -> str:
    """The dotted name of the package that grades what course.toml lists."""
    return entry if "." in entry else f"{PACKAGES}.{entry}"


def is_package(entry: str) -> bool:
    """Whether a package of this name has a contract."""
    if not all(part.isidentifier() for part in entry.split(".")):
        return False
    try:
        return importlib.util.find_spec(f"{package_of(entry)}.contract") is not None
    except ImportError:
        return False


def points_of(table: Mapping[str, Any], root: pathlib.Path) -> dict[str, dict[str, float]]:
    """Points that differ from the notebooks' own, by assignment and grade_id. Raises CourseError."""
    found = table.get("points", {})
    if not isinstance(found, dict):
        raise wrong("points", found, "a table for each assignment, such as [points.a4_bptt]")
    points: dict[str, dict[str, float]] = {}
    for assignment, given in found.items():
        where = f"[points.{assignment}]"
        if not isinstance(given, dict):
            raise wrong(f"[points] {assignment}", given, "below a line such as [points.a4_bptt]")
        listed = {entry.rpartition(".")[2]: entry for entry in assignments_of(table)}
        if assignment not in listed:
            raise CourseError(f"course.toml has points for {toml(assignment)}; {closest(assignment, listed)}.")
        script = script_points(root, assignment)
        functions = importlib.import_module(f"{package_of(listed[assignment])}.contract").FUNCTIONS
        names = list(script) if script is not None else [f"test_{one.name}" for one in functions]
        cells = points[assignment] = {}
        for key, value in given.items():
            name = full_name(key, names) or (key if script is None else None)
            if name is None:
                raise CourseError(f"{where} has {toml(key)}, which is no graded cell; {closest(key, names)}.")
            if name in cells:
                raise CourseError(f"{where} has {toml(name.removeprefix('test_'))} twice, with and without test_.")
            if not valid(value):
                raise wrong(f"{where} {key}", value, RANGE)
            cells[name] = int(value) if value == int(value) else value
    return points


def script_points(root: pathlib.Path, assignment: str) -> dict[str, Any] | None:
    """The points that an assignment's author gives, by grade_id; None where assignments/ is not on this machine."""
    path = root / "assignments" / assignment / f"{assignment}.py"
    try:
        return own_points(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def limit(limits: Mapping[str, Any], key: str, default: float) -> float:
    """One of the limits. Raises CourseError."""
    found = limits.get(key, default)
    if not (is_number(found) and 0 < found <= LARGEST):
        raise wrong(f"[limits] {key}", found, f"a number above 0 and at most {LARGEST}")
    return float(found)


def text_of(table: Mapping[str, Any], where: str, default: str, choices: Sequence[str] = ()) -> str:
    """A setting that is text, named as a reader finds it: "[kernel] python". Raises CourseError."""
    found = table.get(where.split()[-1], default)
    if choices and found not in choices:
        raise wrong(where, found, f"one of {', '.join(choices)}")
    if not (isinstance(found, str) and found.strip()):
        raise wrong(where, found, "text in quotes")
    return found


def python_of(kernel: Mapping[str, Any], directory: pathlib.Path, repository: pathlib.Path) -> pathlib.Path:
    """The students' Python: a relative path is looked up in the course directory, then in the repository."""
    path = text_of(kernel, "[kernel] python", str(ROOT / ".venv-student/bin/python"))
    return directory / path if (directory / path).exists() else repository / path


def isolation_of(kernel: Mapping[str, Any]) -> str:
    """The walls around student code, from the environment or course.toml; "cage" is "standard". Raises CourseError."""
    forced = os.environ.get("AUTOGRADER_ISOLATION")
    where = "[kernel] isolation" if forced is None else "AUTOGRADER_ISOLATION"
    found = kernel.get("isolation", "standard") if forced is None else forced
    return text_of({where.split()[-1]: "standard" if found == "cage" else found}, where, "standard", ISOLATION)


def is_number(value: Any) -> bool:
    """Whether a value of course.toml is a number: in Python, true is one."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def wrong(where: str, value: Any, right: str) -> CourseError:
    """The sentence for a value that cannot be meant."""
    return CourseError(f"course.toml: {' '.join(where.split())} = {toml(value)} should be {right}.")


def toml(value: Any) -> str:
    """A value about as course.toml has it, cut to a readable length."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return "…"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
