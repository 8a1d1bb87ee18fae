"""`autograder check`: everything that an assignment needs before it is released, one line a check."""

from __future__ import annotations

import dataclasses
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from autograder.authoring.build import BuildError
from autograder.authoring.check_files import Looked
from autograder.course.settings import Course, CourseError, load_course

SHOWN = 25  # sentences of one check


@dataclass(frozen=True)
class Check:
    """One check: what it looks at, and a function that says what is missing. gate: without it the later ones cannot run."""

    name: str
    run: Callable[[Looked], list[str]]
    gate: bool = False


@dataclass(frozen=True)
class Found:
    """What one check found: nothing, or what to fix, in sentences."""

    name: str
    missing: tuple[str, ...] = ()


def checks() -> tuple[Check, ...]:
    """All checks, quick ones first."""
    from autograder.authoring import check_files as files
    from autograder.authoring import check_runs as runs

    return (
        Check("every file is there and can be imported", files.parts, gate=True),
        Check("each function has a solution cell and a graded cell", files.cells, gate=True),
        Check("each answer marked by hand is in the rubric", files.rubric),
        Check("nothing of the skeleton is left", files.skeleton),
        Check("each function has a known mistake", files.mistakes),
        Check("each known mistake names a place to reread", files.rereads),
        Check("each function has a right answer in another style", files.styles),
        Check("the hidden tests have no tolerance of their own", files.suite_rules),
        Check("source/ and release/ are built", files.built),
        Check("each function has a hidden test that decides", runs.tests, gate=True),
        Check("release/ has nothing of the solution or the hidden tests", runs.leaks),
        Check("problems that decide points hide no mistake", runs.problems),
        Check("the solution gets full points on three seeds", runs.solution),
        Check("the notebook as given out gets no points", runs.stub),
        Check("right answers in other styles get full points", runs.right),
        Check("each known mistake loses points and is named, alone", runs.killed),
        Check("a small change of the solution loses points", runs.mutants),
        Check("the self-check passes right answers and fails each known mistake", runs.seen),
    )


def check(course: Course, name: str) -> Iterator[Found | str]:
    """Look at one assignment: what each check found, and a last sentence where a gate kept the others from running."""
    entry = course.listed[list(course.assignments).index(name)]
    with tempfile.TemporaryDirectory(prefix="autograder-check-") as scratch:
        look = Looked(dataclasses.replace(course, listed=(entry,)), pathlib.Path(scratch))
        todo = checks()
        for place, one in enumerate(todo, 1):
            gate = one.gate
            try:
                said = tuple(one.run(look))
            except BuildError as error:
                said, gate = (str(error),), True
            except Exception as error:  # the author's code stopped: a sentence says where, and the next check goes on
                said = (look.stopped(error),)
            yield Found(one.name, said)
            if said and gate and place < len(todo):
                yield f"{len(todo) - place} more checks run when this is fixed."
                return


def show(course: Course, name: str, console: Console) -> bool:
    """Print what the checks of one assignment found; whether all is well."""
    began, total, bad = time.monotonic(), 0, 0
    console.print(Text(name, style="bold"))
    for found in check(course, name):
        if isinstance(found, str):
            console.print(f"      {found}")
            continue
        total, bad = total + 1, bad + bool(found.missing)
        mark = Text("  fix ", style="red") if found.missing else Text("  ok  ", style="green")
        console.print(mark + Text(found.name))
        for sentence in found.missing[:SHOWN]:
            console.print(Text(f"      {sentence}"))
        if len(found.missing) > SHOWN:
            console.print(f"      … and {len(found.missing) - SHOWN} more.")
    seconds = f"{time.monotonic() - began:.0f} s"
    console.print(
        f"{name}: {total - bad} of {total} checks are ok, {seconds}." if bad else f"{name}: all ok, {seconds}."
    )
    return not bad


def main(directory: pathlib.Path, names: Sequence[str], console: Console) -> int:
    """Check these assignments of a course, or all; 1 if anything is to be fixed."""
    try:
        course = load_course(directory)
        chosen = [course.assignment(name).name for name in names] or list(course.assignments)
    except CourseError as error:
        console.print(Text(str(error)))
        return 1
    well = [show(course, name, console) for name in chosen]
    return 0 if all(well) else 1
