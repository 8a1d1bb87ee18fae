"""What is graded already: read from graded notebooks, pages and gradebook, compared with what was handed in."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Any

from nbgrader.api import Assignment, Grade, Gradebook, GradeCell, MissingEntry, SubmittedAssignment, SubmittedNotebook

from autograder.course.settings import Course, load_course, scripts_on_path
from autograder.grading.files import files_below, read_file
from autograder.grading.repair import KEY
from autograder.grading.results import ResultsError, SubmissionResult
from autograder.plugins.marks import Marks

DECIDES = ("kernels", "course", "checks", "naming", "grading")  # rooms whose code decides a mark
METADATA = '\n "metadata": {'  # where a notebook's own metadata begin
STATE = ".shown"  # beside a feedback page: a hash of what the page shows


def source_folder(coursedir: Any) -> pathlib.Path:
    """source/ASSIGNMENT."""
    return pathlib.Path(coursedir.format_path(coursedir.source_directory, ".", coursedir.assignment_id))


def digest(submitted: pathlib.Path, coursedir: Any) -> str:
    """Four hashes: of the notebooks handed in and when, of the assignment's own source, of the grader, and of the rubric."""
    result, source = hashlib.sha256(), hashlib.sha256()
    for inside in sorted(map(pathlib.PurePosixPath, files_below(submitted).files)):
        if inside.suffix == ".ipynb" or inside.name == "timestamp.txt":
            result.update(f"{os.fsencode(inside)!r} {submitted_digest(submitted, str(inside))}\n".encode())
    for path in sorted(source_folder(coursedir).glob("*.ipynb")):
        source.update(source_digest(str(path), path.stat().st_mtime_ns).encode())
    grader = grader_digest(pathlib.Path(coursedir.root), coursedir.assignment_id)
    return f"{result.hexdigest()}-{source.hexdigest()}-{grader}-{rubric_digest(coursedir)}"


def why_again(earlier: SubmissionResult | None, now: str, settings: str) -> str:
    """Why a submission is graded again that has these results and, now, this digest and settings; "" where it is not."""
    if earlier is None:
        return "grading was interrupted"
    before, after = earlier.submission.split("-"), now.split("-")
    if len(before) != len(after):
        return "an earlier version graded it"
    if before[0] != after[0]:
        return "what was handed in has changed"
    if before[1] != after[1]:
        return "the assignment in source/ has changed"
    if before[2:3] != after[2:3]:
        return "the hidden tests, or other code of the grader, have changed"
    if before != after:
        return "the rubric has changed"
    return "" if earlier.settings == settings else "a setting (course.toml, due date, late work) has changed"


@cache
def grader_digest(root: pathlib.Path, name: str) -> str:
    """A hash of the code that grades an assignment: read once, as a worker does."""
    return code_digest(load_course(root), name)


def code_digest(course: Course, name: str) -> str:
    """A hash of the code that grades an assignment, whatever the machine."""
    own = course.assignment(name).folder
    others = {contract.parent for contract in own.parent.glob("*/contract.py")} - {own}
    engine = pathlib.Path(__file__).parents[1]
    shared = own.parent if (own.parent / "__init__.py").exists() else own  # what assignments have in common
    folders = [*(engine / room for room in DECIDES), shared]
    files = [path for folder in folders for path in sorted(folder.rglob("*.py")) if others.isdisjoint(path.parents)]
    packages = "".join(version(package) for package in ("numpy", "torch", "pytest"))
    return hashlib.sha256(packages.encode() + b"".join(path.read_bytes() for path in files)).hexdigest()


@lru_cache(maxsize=16)
def source_digest(path: str, changed: int) -> str:
    """A hash of a source notebook, which is the same for a whole class."""
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def rubric_digest(coursedir: Any) -> str:
    """A hash of the assignment's rubric, which the graded notebook and the feedback page show."""
    path = load_course(pathlib.Path(coursedir.root)).assignment(coursedir.assignment_id).rubric
    return hashlib.sha256(path.read_bytes() if path.exists() else b"").hexdigest()


def submitted_digest(folder: pathlib.Path, path: str) -> str:
    """A hash of one file of a submission."""
    try:
        return hashlib.sha256(read_file(folder, path)).hexdigest()
    except OSError as error:
        return f"unreadable: {error.strerror}"


def read(path: pathlib.Path) -> dict[str, Any]:
    """What grading left in a graded notebook; nothing where there is none, or where writing it was interrupted."""
    try:
        text = path.read_text(encoding="utf-8")
        # nbformat writes it after the cells, which are nearly all of the file: no line of a JSON text is inside a string
        kept = json.loads("{" + text[at:] if (at := text.rfind(METADATA)) >= 0 else text)["metadata"][KEY]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def results(path: pathlib.Path) -> SubmissionResult | None:
    """The results in a graded notebook; None where it is not wholly graded, or somebody has changed them."""
    kept = read(path)
    try:
        return SubmissionResult.from_json(kept) if "functions" in kept else None
    except ResultsError:
        return None


def settings(coursedir: Any, config: Any, course: Course) -> str:
    """A hash of what decides marks besides the submission: the course's settings, the due date and the late policy."""
    scripts_on_path()
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            due = gradebook.find_assignment(coursedir.assignment_id).duedate
        except MissingEntry:
            due = None
    policy = {name: value for name, value in config.items() if "Late" in name}
    decides = [course.cost_share, asdict(course.limits), course.isolation, due, policy, version("backprop-by-hand")]
    return hashlib.sha256(json.dumps(decides, default=str, sort_keys=True).encode()).hexdigest()


def results_of(coursedir: Any, students: Sequence[str]) -> dict[str, SubmissionResult]:
    """What grading left for those of these students whose submission is wholly graded."""
    name = coursedir.assignment_id
    found = {}
    for student in sorted(scored_students(coursedir) & set(students)):
        folder = pathlib.Path(coursedir.format_path(coursedir.autograded_directory, student, name))
        result = results(folder / f"{name}.ipynb")
        if result is not None:
            found[student] = result
    return found


def marks_above_maximum(gradebook: Gradebook, assignment: str) -> str:
    """A sentence on marks given by hand above the points of their question, as they are after a change of points; or ""."""
    found = [
        f"{student}, {cell.removeprefix('test_')}: marked {mark:g} of {most:g}"
        for student, cell, mark, most in above_maximum(gradebook, assignment)
    ]
    return f"Marks given by hand above the maximum; change them in the formgrader: {'; '.join(found)}." if found else ""


def above_maximum(gradebook: Gradebook, assignment: str) -> list[tuple[str, str, float, float]]:
    """Student, cell, mark and maximum of each such mark; extra points are not counted."""
    rows = (
        gradebook.db.query(SubmittedAssignment.student_id, GradeCell.name, Grade.manual_score, GradeCell.max_score)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(GradeCell, GradeCell.id == Grade.cell_id)
        .filter(Assignment.name == assignment, Grade.manual_score > GradeCell.max_score)
    )
    return sorted(map(tuple, rows))


def unmarked_points(gradebook: Gradebook) -> dict[tuple[str, str], float]:
    """The points of each submission, by assignment and student, that neither the machine nor a person has decided yet."""
    rows = (
        gradebook.db.query(Assignment.name, SubmittedAssignment.student_id, Grade.max_score)
        .join(SubmittedAssignment, SubmittedAssignment.assignment_id == Assignment.id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .filter(Grade.auto_score.is_(None), Grade.manual_score.is_(None))
    )
    found: dict[tuple[str, str], float] = {}
    for assignment, student, most in rows:
        found[assignment, student] = found.get((assignment, student), 0.0) + most
    return found


def class_list(coursedir: Any) -> dict[str, tuple[str, ...]]:
    """Everybody in the gradebook with the names that a list of students gave them; none for who was graded without one."""
    scripts_on_path()
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        return {s.id: tuple(n for n in (s.first_name, s.last_name, s.email) if n) for s in gradebook.students}


def registered_assignments(coursedir: Any) -> list[str]:
    """The assignments that the gradebook has."""
    scripts_on_path()
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        return [assignment.name for assignment in gradebook.assignments]


def late_students(coursedir: Any) -> list[str]:
    """The students who handed the assignment in after its due date, extensions counted."""
    scripts_on_path()
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        columns = (SubmittedAssignment.student_id, SubmittedAssignment.timestamp, SubmittedAssignment.extension)
        rows = (
            gradebook.db.query(Assignment.duedate, *columns)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == coursedir.assignment_id, Assignment.duedate.is_not(None))
            .all()
        )
    return sorted(student for due, student, at, longer in rows if at and at > due + (longer or timedelta()))


def scored_students(coursedir: Any) -> frozenset[str]:
    """The students for whom the gradebook has a score of every test cell of the assignment."""
    scripts_on_path()
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        rows = (
            gradebook.db.query(SubmittedAssignment.student_id, GradeCell.name, Grade.auto_score)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .join(GradeCell, GradeCell.id == Grade.cell_id)
            .filter(Assignment.name == coursedir.assignment_id)
            .all()
        )
    everyone = {student for student, _, _ in rows}
    without = {student for student, cell, score in rows if score is None and cell.startswith("test_")}
    return frozenset(everyone - without)


def feedback_state(coursedir: Any, graded: pathlib.Path, marks: Marks) -> str:
    """A hash of all that a feedback page shows: the graded notebook, the rubric, every mark, comment and penalty."""
    shown: list[Any] = [version("backprop-by-hand"), load_course(pathlib.Path(coursedir.root)).rubric]
    shown += [rubric_digest(coursedir)]
    shown += [
        hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(graded.glob("*.ipynb")) if path.is_file()
    ]
    shown += [sorted((name, asdict(mark)) for name, mark in marks.marks.items())]
    shown += [sorted(marks.comments.items()), marks.late_penalty]
    return hashlib.sha256(json.dumps(shown, default=str).encode()).hexdigest()


def read_state(folder: pathlib.Path) -> str:
    """The state that a page's folder was written with."""
    try:
        return (folder / STATE).read_text().strip()
    except (OSError, ValueError):
        return "none"


def write_state(folder: pathlib.Path, state: str) -> None:
    """Record the state that a page shows."""
    (folder / STATE).unlink(missing_ok=True)
    (folder / STATE).write_text(state + "\n")
