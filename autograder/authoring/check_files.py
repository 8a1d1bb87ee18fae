"""What `autograder check` reads: the files of an assignment, before any of its code is graded."""

from __future__ import annotations

import dataclasses
import filecmp
import pathlib
import re
import traceback
from dataclasses import dataclass
from functools import cached_property

from autograder.authoring.audit.exempt import exempt
from autograder.authoring.audit.headings import lost
from autograder.authoring.audit.suite_rules import refused_files
from autograder.authoring.build import BuildError, build, rubric_notes, source_notebook
from autograder.course.assignment import Assignment
from autograder.course.cells import Cell, function_of, is_answer, is_test, nbgrader_of
from autograder.course.settings import Course
from autograder.naming.bank import bank
from autograder.typed import typed

MODULES = ("contract", "problems", "references")
SKELETON = "SKELETON"  # `autograder new` marks what its author replaces in a new function with this word,
EXAMPLE = "EXAMPLE"  # and with this one in a new assignment, whose example may stay until it has a function of its own
TREES = ("source", "release")


@dataclass(frozen=True)
class Looked:
    """One assignment that is looked at. scratch: an empty folder, in which it is built anew."""

    course: Course
    scratch: pathlib.Path

    @property
    def name(self) -> str:
        """The assignment's name."""
        return next(iter(self.course.assignments))

    @property
    def committed(self) -> Assignment:
        """The assignment with the source/ and release/ that are there."""
        return self.course.assignment(self.name)

    @cached_property
    def assignment(self) -> Assignment:
        """The assignment with source/ and release/ as they should be. Raises BuildError."""
        build(self.course, self.scratch)
        return dataclasses.replace(self.committed, directory=self.scratch)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of its source notebook, from its script. Raises BuildError."""
        return tuple(source_notebook(self.course, self.name)["cells"])

    def file(self, path: pathlib.Path) -> str:
        """A path as its author knows it."""
        root = self.course.repository
        return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)

    def module(self, name: str) -> str:
        """The file of a module of its package; the folder, where it is a package too."""
        path = self.committed.folder / name
        return self.file(path) if path.is_dir() else self.file(path.with_suffix(".py"))

    def stopped(self, error: BaseException) -> str:
        """An exception in a sentence, with the line of the author's code where it happened."""
        frames = [f for f in traceback.extract_tb(error.__traceback__) if str(self.committed.folder) in f.filename]
        place = f"{self.file(pathlib.Path(frames[-1].filename))}, line {frames[-1].lineno}: " if frames else ""
        return f"{place}{type(error).__name__}: {error}"


def parts(look: Looked) -> list[str]:
    """Every file is there and can be imported."""
    one, said = look.committed, []
    if not one.script.exists():
        said.append(f"{look.file(one.script)} is missing: write the notebook there as a jupytext script.")
    if not one.suite:
        said.append(f"{look.module('suite')} is missing: write the hidden tests there, see CONTRIBUTING.md.")
    for name in (*MODULES, *(name for name in ("mistakes", "sample", "exempt") if one.has(name))):
        if not one.has(name):
            said.append(f"{look.module(name)} is missing: CONTRIBUTING.md says what is in it.")
            continue
        try:
            one.part(name)
        except Exception as error:  # whatever an author's module does, the others are still looked at
            said.append(f"{look.module(name)} cannot be imported: {look.stopped(error)}")
    return said


def cells(look: Looked) -> list[str]:
    """Each function has a solution cell and a graded cell, each graded cell a function."""
    script, functions = look.file(look.committed.script), look.committed.functions
    try:
        found = look.cells
    except BuildError as error:
        return [str(error)]
    graded = [function_of(cell) for cell in found if is_test(cell)]
    solved = [nbgrader_of(c)["grade_id"] for c in found if c["cell_type"] == "code" and nbgrader_of(c).get("solution")]
    said = [f"{script} has no solution cell with the grade_id {name}." for name in functions if name not in solved]
    said += [
        f"{script} has no graded cell test_{name}: add it below the solution cell, with points."
        for name in functions
        if name not in graded
    ]
    said += [
        f"{look.module('contract')} has no row for {name}, which {script} grades."
        for name in graded
        if name not in functions
    ]
    return said


def rubric(look: Looked) -> list[str]:
    """Each answer that is graded by hand is in the rubric."""
    path = look.committed.rubric
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    known = re.findall(r"^## (\w+)", text, re.MULTILINE)
    answers = [nbgrader_of(cell)["grade_id"] for cell in look.cells if is_answer(cell)]
    said = [f"{look.file(path)} has no part ## {name}: say how it is marked." for name in answers if name not in known]
    said += [
        f"{look.file(path)} marks {name}, which is no answer of the notebook." for name in known if name not in answers
    ]
    return said + rubric_notes(look.course)


def mistakes(look: Looked) -> list[str]:
    """Each function has a known mistake, or a reason why not."""
    one, known = look.committed, {mistake.function for mistake in bank(look.committed)}
    excused = exempt(one, "MISTAKES")
    said = [
        f"{look.module('mistakes')} has no mistake of {name}: add one, or say in MISTAKES of exempt.py why there is none."
        for name in one.functions
        if not (name in known or name in excused or one.functions[name].in_words)
    ]
    said += [
        f"{look.module('exempt')}: {name} has a known mistake; delete its line." for name in excused if name in known
    ]
    wrong = [m for m in bank(one) if m.function not in one.functions]
    return said + [f"{look.module('mistakes')}: {m.id} is of {m.function}, which is no function here." for m in wrong]


def rereads(look: Looked) -> list[str]:
    """Each known mistake has a title and names a place to reread."""
    empty = [m.id for m in bank(look.committed) if not (m.title.strip() and m.reread.strip())]
    said = [f"mistake {id} should have a title and say what to reread." for id in empty]
    texts = [cell["source"] for cell in look.cells if cell["cell_type"] == "markdown"]
    return [f"{look.module('mistakes')}: {words}" for words in (*said, *lost(look.committed, texts))]


def styles(look: Looked) -> list[str]:
    """Each function has a right answer in another style."""
    one, folder = look.committed, look.file(look.committed.folder / "right")
    try:
        found = one.right
    except (ValueError, SyntaxError) as error:
        return [f"{folder}/: {error}"]
    return [
        f"{folder}/ has no answer of {name}: add it to a file there, as a student might write it."
        for name in one.functions
        if not one.functions[name].in_words and not any(name in answers for answers in found.values())
    ]


def suite_rules(look: Looked) -> list[str]:
    """The hidden tests have no tolerance and no random numbers of their own."""
    return refused_files(look.committed)


def skeleton(look: Looked) -> list[str]:
    """Nothing is left that `autograder new` wrote for its author to replace."""
    one = look.committed
    marks = [f"{SKELETON}:"] if set(one.functions) == {EXAMPLE.lower()} else [f"{SKELETON}:", f"{EXAMPLE}:"]
    files = [one.script, one.rubric, look.course.selfcheck / f"{look.name}.py", *sorted(one.folder.rglob("*.py"))]
    return [
        f"{look.file(path)}, line {number}: {line.strip().lstrip('# ')}"
        for path in files
        if path.exists()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if any(mark in line for mark in marks)
    ]


def built(look: Looked) -> list[str]:
    """source/ and release/ are what a build makes now."""
    fresh = look.assignment
    command = "make source" if (look.course.directory / "Makefile").exists() else typed("autograder build --course .")
    return [
        f"{tree}/{look.name}/{name} is not what assignments/{look.name}/ says: run `{command}`."
        for tree in TREES
        for name in changed(getattr(look.committed, tree).parent, getattr(fresh, tree).parent)
    ]


def changed(there: pathlib.Path, wanted: pathlib.Path) -> list[str]:
    """The files of two folders that differ, or that only one of them has."""
    names = {
        str(path.relative_to(folder))
        for folder in (there, wanted)
        for path in folder.rglob("*")
        if path.is_file() and "checkpoint" not in str(path.relative_to(folder))
    }
    _, differ, absent = filecmp.cmpfiles(there, wanted, sorted(names), shallow=False)
    return sorted([*differ, *absent])
