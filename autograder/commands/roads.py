"""The commands between this course and a learning platform, or a repository of the students'."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Sequence
from typing import Any

from autograder.course.points import closest
from autograder.course.settings import scripts_on_path
from autograder.grading.words import listed
from autograder.plugins.course_files import course_directory
from autograder.typed import typed


class RoadError(LookupError):
    """The command ends with this sentence."""


def run(work: Callable[[], tuple[Sequence[str], int]], say: Callable[..., None]) -> int:
    """Do the work and say what it says; an error is one sentence and exit code 1."""
    scripts_on_path()
    try:
        lines, code = work()
    except LookupError as error:
        say(str(error.args[0]), err=True)
        return 1
    except OSError as error:
        say(f"{error.filename or 'The disk'}: {error.strerror or error}.", err=True)
        return 1
    for line in lines:
        say(line)
    return code


def place(course: pathlib.Path, assignment: str) -> Any:
    """nbgrader's directory of the course, at this assignment."""
    coursedir = course_directory(course)
    coursedir.assignment_id = assignment
    return coursedir


def counted(marks: int) -> str:
    """So many marks."""
    return "1 mark" if marks == 1 else f"{marks} marks"


def known(platform: str, platforms: Sequence[str]) -> None:
    """Raise RoadError for a platform that we do not know."""
    if platform not in platforms:
        raise RoadError(f"There is no platform {platform}; {closest(platform, platforms)}.")


def collect_zip(course: pathlib.Path, platform: str, file: pathlib.Path, assignment: str) -> tuple[list[str], int]:
    """`autograder collect-zip`."""
    from autograder.lms.collect import collect
    from autograder.lms.presets import PRESETS

    known(platform, sorted(PRESETS))
    done = collect(place(course, assignment), platform, file)
    return [*done.lines(assignment), f"Next: {typed(f'nbgrader autograde {assignment}')}"], int(bool(done.problems))


def export(
    course: pathlib.Path, platform: str, assignment: str, to: pathlib.Path | None, column: str
) -> tuple[list[str], int]:
    """`autograder export`."""
    from autograder.lms.collect import read_numbers
    from autograder.lms.export import EXPORTS
    from autograder.lms.marks import marked

    known(platform, sorted(EXPORTS))
    write, suffix = EXPORTS[platform]
    coursedir = place(course, assignment)
    marks = marked(coursedir, read_numbers(coursedir, platform))
    made = write(marks, column or assignment)
    path = to or course / f"{assignment}-{platform}.{suffix}"
    path.write_bytes(made.data)
    said = [f"Wrote {path}: {counted(len(marks) - len(made.left_out))}."]
    if made.left_out:
        said.append(f"Left out, since no zip of {platform} with their work was collected: {listed(made.left_out)}.")
    if waiting := [one.student for one in marks if one.open_points]:
        said.append(f"Their marks may still rise, since not all answers are marked: {listed(waiting)}.")
    return said, int(bool(made.left_out))


def publish(course: pathlib.Path, assignment: str, repository: pathlib.Path) -> tuple[list[str], int]:
    """`autograder publish`."""
    from autograder.authoring.publish import publish as write

    done = write(place(course, assignment), repository)
    if not done.changes:
        return [f"{assignment}: {repository} has this release already."], 0
    warning = [f"WARNING: {done.warning}"] if done.warning else []
    return [f"{assignment}: committed in {repository}.", *done.changes, *warning, f"Next: git -C {repository} push"], 0


def pack(course: pathlib.Path, assignment: str, to: pathlib.Path | None) -> tuple[list[str], int]:
    """`autograder zip`."""
    from autograder.authoring.pack import pack as write

    path = to or course / f"{assignment}.zip"
    write(place(course, assignment), path)
    return [f"Wrote {path}: what students get."], 0


def moved(course: pathlib.Path, told: pathlib.Path, to: pathlib.Path | None) -> tuple[list[str], int]:
    """`autograder moved`."""
    from autograder.reports.told import moved_since, write_moved

    rows = moved_since(course_directory(course), told)
    path = to or course / "moved.csv"
    write_moved(rows, path)
    return [f"Wrote {path}: {counted(len(rows))} moved since {told}."], 0


def extend(course: pathlib.Path, assignment: str, student: str, hours: float) -> tuple[list[str], int]:
    """`autograder extend`."""
    from nbgrader.api import Gradebook, MissingEntry

    coursedir = place(course, assignment)
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            gradebook.grant_extension(assignment, student, hours=hours)
            due = gradebook.find_submission(assignment, student).duedate
        except MissingEntry:
            raise RoadError(
                f"Nothing of {student} is graded for {assignment}: nbgrader keeps an extension beside a submission. Grade first."
            ) from None
    if due is None:
        raise RoadError(f"{assignment} has no due date, so the extension of {student} changes nothing yet.")
    again = typed(f"nbgrader autograde {assignment} --student={student} --force")
    return [f"{assignment} of {student} is due {due} UTC.", f"Next: {again}"], 0
