"""The trusted process: torch, the hidden suites and the cage, loaded once; then a submission in, a graded notebook out.

Started by autograder.grading.executor as ``python -m autograder.grading.worker FD``, in a session of its own; it ends when
the front closes the pipe. It alone decides a score, from values that the student's process never held.
"""

from __future__ import annotations

import contextlib
import os
import sys
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Any

from autograder.course.assignment import Assignment
from autograder.course.settings import Course
from autograder.grading.handed_in import HandedIn, notebook_of
from autograder.grading.hints import hints
from autograder.grading.messages import receive, send
from autograder.grading.repair import KEY, Template, empty_notebook, read_template
from autograder.kernels.cage import Cage
from autograder.kernels.cage_errors import CageError

IDLE_SECONDS = 900.0  # a Lab server that once graded keeps no torch in memory all day; the front starts another worker


def main() -> None:
    """Start the cage, meanwhile load torch and the suites, then serve."""
    pipe: Connection[Any, Any] = Connection(int(sys.argv[1]))
    told = receive(pipe)
    course, seed = Course.from_json(told["course"]), told["seed"]
    try:
        cage = Cage(course.python, course.limits, course.isolation, course.given_selfcheck)  # on its way up
        judge = load_suites(course, seed)
        cage.wait()
    except Exception as error:  # whatever it is: the front shows it to the teacher
        send(pipe, {"broken": in_words(error)})
        return
    with contextlib.suppress(ConnectionError):  # the front has gone meanwhile
        send(pipe, {"ready": os.getpid(), "lacks": cage.lacks})
    try:
        serve(pipe, course, judge, cage)
    finally:
        cage.close()


def load_suites(course: Course, seed: str) -> Any:
    """The judge with every suite of the course collected; this is what imports torch."""
    from autograder.grading.judge import Judge

    return Judge.of(tuple(course.assignments.values()), seed, course.cost_share, naming=True)


def serve(pipe: Connection[Any, Any], course: Course, judge: Any, cage: Cage) -> None:
    """One answer for each submission, until the front is gone or has asked nothing for IDLE_SECONDS."""
    while True:
        try:
            request = receive(pipe, IDLE_SECONDS)
        except (EOFError, OSError, TimeoutError):
            return
        assignment = course.assignment(request["assignment"])
        try:
            answer: dict[str, Any] = {"notebook": graded(request, assignment, judge, cage)}
        except Exception as error:  # a suite or a cage that does not work: no mark is given, and the front shows why
            answer = {"broken": in_words(error)}
        send(pipe, answer)


def graded(request: dict[str, Any], assignment: Assignment, judge: Any, cage: Cage) -> dict[str, Any]:
    """The graded notebook; where a submission makes us fail, its text with the reason. Raises what is nobody's submission."""
    from autograder.grading.step import grade_notebook
    from autograder.grading.suites import SuiteError

    template = template_of(assignment)
    try:
        notebook = notebook_in(request, template)
        flags = notebook["metadata"][KEY].setdefault("flags", [])
        flags += [flag.to_json() for flag in hints(notebook, given_code(template))]
        return grade_notebook(notebook, assignment, judge, cage)
    except (CageError, SuiteError, OSError, ImportError, MemoryError):
        raise
    except Exception as error:
        reason = (
            f"The grader failed at this notebook ({type(error).__name__}). Nothing of it is graded; your teacher has been told "
            "and will look at it."
        )
        return grade_notebook(empty_notebook(template, reason), assignment, judge, cage)


def notebook_in(request: dict[str, Any], template: Template) -> dict[str, Any]:
    """The repaired notebook of a submission; of one that workers have ended at, with that as the reason not to run it."""
    if "give_up" not in request:
        return notebook_of(HandedIn.from_json(request["handed_in"]), template)
    tries, keep_text = request["give_up"]
    reason = (
        f"Grading this notebook ended the grading process {tries} times. Nothing of it is graded; your teacher has been told "
        "and will look at it."
    )
    if not keep_text:
        return empty_notebook(template, reason)
    notebook = notebook_of(HandedIn.from_json(request["handed_in"]), template)
    notebook["metadata"][KEY]["unreadable"] = reason
    return notebook


def given_code(template: Template) -> frozenset[str]:
    """The code of every cell as it was given out."""
    return template.plain | {text for known in template.known.values() for text in (known.stub, known.source)}


def template_of(assignment: Assignment) -> Template:
    """What was given out of this assignment. Raises FileNotFoundError."""
    return cached_template(assignment, *(path.stat().st_mtime_ns for path in (assignment.source, assignment.release)))


@lru_cache(maxsize=16)
def cached_template(assignment: Assignment, source_time: int, release_time: int) -> Template:
    """read_template, once for each state of the two files."""
    return read_template(assignment.source, assignment.release)


def in_words(error: Exception) -> str:
    """What the teacher reads. Our own errors are sentences already; any other is named, for its author to find."""
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("autograder"):
        return f"Grading needs {error.name}, which {sys.executable} lacks. Install it there, or delete .venv and run `make venv`."
    ours = type(error).__module__.startswith("autograder.")
    return str(error) if ours else f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
