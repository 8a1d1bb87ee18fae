"""nbgrader's converters with the course's rules: what is not wholly graded, or has changed, is done again.

nbgrader has no configuration for these classes, so ``install`` puts ours where its commands and its API look them up.
"""

from __future__ import annotations

import fnmatch
import glob
import logging
import os
import pathlib
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.apps import AutogradeApp
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import BaseConverter, NbGraderException

from autograder.course.seed import SeedError
from autograder.course.settings import CourseError, load_course, points_differ
from autograder.grading.executor import GradingError
from autograder.grading.files import MAX_FILE, files_below, read_file
from autograder.plugins import records, seams
from autograder.plugins.ahead import Ahead, forget
from autograder.plugins.course_files import folders
from autograder.plugins.dates import DatedGradebook, tolerate_timestamps
from autograder.plugins.grading import SubmissionExporter, check_setup, close_executor
from autograder.plugins.lock import CourseBusyError, course_lock, refuse_foreign
from autograder.plugins.looked_at import to_look_at
from autograder.plugins.marks import marks_of
from autograder.plugins.names import (
    Misplaced,
    UnknownNameError,
    misplaced,
    not_graded,
    not_handed_in,
    not_on_list,
    source_notebooks,
    unknown_assignments,
)
from autograder.plugins.registration import RegistrationError, register_if_needed
from autograder.plugins.seams import convert_once, one_gradebook, source_of, target_of
from autograder.plugins.summary import Summary, graded_again, reasons_to_look

# What keeps a command from doing anything; each says in one sentence what to do.
SETUP_ERRORS = (CourseError, CourseBusyError, GradingError, RegistrationError, SeedError, UnknownNameError)
COPIED = frozenset(".txt .csv .tsv .npy .npz .json .pdf .png .jpg .jpeg .gif .webp".split())
RELEASING = ("timestamp.txt", "submission_secret.txt")  # nbgrader release_feedback reads these two


class OwnFiles(BaseConverter):  # type: ignore[misc]
    """Copies of a submission only regular files of its own, of kinds that a browser shows and does not run."""

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Copy what the formgrader may serve: with the teacher's rights, and without asking what it is."""
        submitted = pathlib.Path(source_of(self, assignment_id, student_id))
        folder = pathlib.Path(target_of(self, assignment_id, student_id))
        folder.mkdir(parents=True, exist_ok=True)
        source = records.source_folder(self.coursedir)
        room = MAX_FILE
        for path in map(pathlib.PurePosixPath, files_below(submitted).files):
            ignored = any(fnmatch.fnmatch(part, glob) for part in path.parts for glob in self.coursedir.ignore)
            # a folder with the name of a file that nbgrader, or we, will write
            in_the_way = any(one.suffix == ".ipynb" or (source / one).is_file() for one in path.parents)
            if str(path).isprintable() and path.suffix.lower() in COPIED and not ignored and not in_the_way:
                room -= copy_file(submitted, str(path), folder, room)


def copy_file(source: pathlib.Path, path: str, target: pathlib.Path, room: int = MAX_FILE) -> int:
    """Copy a file below one folder to the same place below another; its size, or 0 where that is not possible."""
    try:
        data = read_file(source, path, room)
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).unlink(missing_ok=True)
        (target / path).write_bytes(data)
    except OSError:  # not to be read, too large, or a path that is too long there
        return 0
    return len(data)


class CourseAutograde(Autograde, OwnFiles):  # type: ignore[misc]
    """Autograde that checks the set-up before it touches a folder, and skips only what is wholly graded and unchanged."""

    def start(self) -> None:
        """Grade every submission asked for; say at the end what was graded, unchanged and not graded."""
        self.graded: list[str] = []
        self.unchanged: list[str] = []
        self.again: dict[str, list[str]] = {}  # why what is graded is graded again: who
        self.summary = Summary(self.coursedir.assignment_id)
        self.misplaced: list[Misplaced] = []
        self.interrupted = False
        by_command = isinstance(self.parent, AutogradeApp)
        try:
            with (
                course_lock(pathlib.Path(self.coursedir.root), self.log),
                self.interruptible(),
                one_line_each(self),
            ):
                tolerate_timestamps(self.coursedir)
                super().start()
        except SETUP_ERRORS as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from error
        except KeyboardInterrupt:
            again = "--force then begins with everybody" if self.force else "it grades the rest"
            self.log.error("Stopped. What was graded is kept. Run the same command again: %s.", again)
            if by_command:
                raise SystemExit(130) from None
            raise
        if (self.summary.look or self.misplaced) and by_command:
            raise SystemExit(1)  # graded to the end, but a script should notice

    def init_notebooks(self) -> None:
        """List every folder of the assignment: one without the right notebook gets a mark and a reason, too."""
        names = source_notebooks(self.coursedir)
        pattern = source_of(self, self.coursedir.assignment_id, self.coursedir.student_id)
        folders = [folder for folder in glob.glob(pattern) if os.path.isdir(folder)]
        if not folders:
            self.say_what_is_misplaced()
            raise UnknownNameError(not_handed_in(self.coursedir))
        self.assignments = {folder: [os.path.join(folder, name) for name in names] for folder in folders}
        self.notebooks: list[str] = []

    def convert_notebooks(self) -> None:
        """Grade folder after folder, once everything that grading needs is known to work."""
        # nbgrader goes on after an error in its configuration, without any of it.
        if not issubclass(self.exporter_class, SubmissionExporter):
            raise CourseError(
                "nbgrader_config.py was not read to its end (the error is above), so student code would run without its cage. "
                "Fix that file first."
            )
        self.check()
        refuse_foreign(self.destinations())
        self.register()
        self.scored = records.scored_students(self.coursedir)
        self.settings = records.settings(self.coursedir, self.config, load_course(pathlib.Path(self.coursedir.root)))
        try:
            with one_gradebook(self.coursedir.db_url, self.coursedir.course_id) as self.gradebook:
                self.grade_everybody()
        finally:
            self.say_what_was_done()

    def check(self) -> None:
        """Return when grading can begin. Raises one of SETUP_ERRORS."""
        self.executor = check_setup(self)
        self.executor.ready()

    def register(self) -> None:
        """Make the gradebook know the assignment."""
        register_if_needed(self.coursedir, self.log, self)

    def grade_everybody(self) -> None:
        """nbgrader's own loop, with the worker ahead of it."""
        self.ahead = Ahead(self)
        try:
            super().convert_notebooks()
        except (KeyboardInterrupt, SystemExit):
            close_executor(pathlib.Path(self.coursedir.root))  # waits for nobody
            raise
        finally:
            forget(pathlib.Path(notebook) for notebooks in self.assignments.values() for notebook in notebooks)

    def destinations(self) -> list[str]:
        """The folders that grading would replace."""
        return [target_of(self, self.coursedir.assignment_id, student) for student in self.everyone()]

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """Whether to grade this submission: unless the same content is graded already, by this source, to the end."""
        self.stop_if_interrupted()
        self.earlier, why = self.ahead.reached(student_id)
        if why:
            self.log.info("%s: %s; it is graded again.", student_id, why)
            self.again.setdefault(why, []).append(student_id)
            shutil.rmtree(target_of(self, assignment_id, student_id))
        wanted = bool(super().init_destination(assignment_id, student_id))
        if student_id not in self.excluded():
            (self.graded if wanted else self.unchanged).append(student_id)
        return wanted

    def excluded(self) -> list[str]:
        """The students whom nbgrader is to leave out."""
        return str(self.coursedir.student_id_exclude).split(",")

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Grade one notebook: it is read as the graded notebook, so there is nothing to sanitize first."""
        convert_once(self, notebook_filename, self.autograde_preprocessors)
        self.stop_if_interrupted()

    def say_what_was_done(self) -> None:
        """Who was graded, unchanged, late, to look at and not graded; then what was graded again, and why."""
        everyone = self.everyone()
        results = records.results_of(self.coursedir, everyone)
        graded = [student for student in self.graded if student in results]
        missing = [student for student in everyone if student not in results]
        self.summary = Summary(
            self.coursedir.assignment_id,
            graded=graded,
            unchanged=self.unchanged,
            not_reached=sorted({*everyone} - {*graded, *self.unchanged, *missing}),
            not_graded=dict.fromkeys(missing, ""),
            look=reasons_to_look({who: results[who] for who in to_look_at(self.coursedir, results)}),
            late=[student for student in records.late_students(self.coursedir) if student in everyone],
            again=graded_again(self.again, graded),
        )
        for reason in self.summary.reasons():
            self.log.error(reason)
        result, *again = self.summary.lines()
        self.log.log(logging.WARNING if missing or self.summary.look else logging.INFO, result)
        for line in again:
            self.log.info(line)
        self.say_what_is_odd()

    def everyone(self) -> list[str]:
        """The students whose folders were found."""
        return sorted(os.path.basename(os.path.dirname(folder)) for folder in self.assignments)

    def say_what_is_odd(self) -> None:
        """Warn of what is odd in the gradebook, in the list of students, and in the names of folders."""
        say_what_is_odd_in_the_gradebook(self)
        handed_in = {folder.student for folder in folders(self.coursedir, "submitted_directory")} | {*self.everyone()}
        for sentence in not_on_list(records.class_list(self.coursedir), handed_in):
            self.log.warning(sentence)
        self.say_what_is_misplaced()

    def say_what_is_misplaced(self) -> None:
        """Name the notebooks where a folder of a student, or of an assignment, is missing around them."""
        self.misplaced = misplaced(self.coursedir)
        for one in self.misplaced:
            self.log.warning(one.sentence)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Remember Ctrl-C: an interrupt raised inside a callback or a finalizer is otherwise swallowed by Python."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def remember(number: int, frame: Any) -> None:
            self.interrupted = True
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGINT, remember)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def stop_if_interrupted(self) -> None:
        """Raise an interrupt that somebody else swallowed."""
        if self.interrupted:
            raise KeyboardInterrupt


class CourseGenerateAssignment(GenerateAssignment):  # type: ignore[misc]
    """GenerateAssignment that registers an assignment also where release/ is there already, as in a fresh clone."""

    def start(self) -> None:
        """Release, or say in one sentence why not."""
        try:
            super().start()
        except SETUP_ERRORS as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from error

    def init_notebooks(self) -> None:
        """Find the source notebooks."""
        source_notebooks(self.coursedir)  # refuses an unknown name
        super().init_notebooks()

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """Whether to build the release anew."""
        wanted = bool(super().init_destination(assignment_id, student_id))
        if not wanted and not self.no_database:
            register_if_needed(self.coursedir, self.log, self)
        return wanted


class CourseFeedback(GenerateFeedback):  # type: ignore[misc]
    """GenerateFeedback that makes a page again when marks, comments or the graded notebook changed."""

    def start(self) -> None:
        """Make every page that is asked for."""
        try:
            with one_line_each(self):
                tolerate_timestamps(self.coursedir)
                super().start()
        except SETUP_ERRORS as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from error

    def init_notebooks(self) -> None:
        """Find the graded notebooks."""
        folder = source_of(self, self.coursedir.assignment_id, self.coursedir.student_id)
        if not glob.glob(os.path.join(folder, f"{self.coursedir.notebook_id}.ipynb")):
            source_notebooks(self.coursedir)  # refuses an unknown name
            raise UnknownNameError(not_graded(self.coursedir))
        super().init_notebooks()

    def convert_notebooks(self) -> None:
        """Make page after page, once it is known that every one may be written."""
        students = [os.path.basename(os.path.dirname(folder)) for folder in self.assignments]
        refuse_foreign(target_of(self, self.coursedir.assignment_id, student) for student in students)
        differ = points_differ(load_course(pathlib.Path(self.coursedir.root)), self.coursedir.assignment_id)
        if differ:
            raise CourseError(differ)
        self.made = 0
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            self.marks = marks_of(gradebook, self.coursedir.assignment_id)
        self.make_pages()
        self.say_what_is_odd()
        name, place = self.coursedir.assignment_id, target_of(self, self.coursedir.assignment_id, "STUDENT")
        self.log.info(
            "%s: feedback made: %d, unchanged: %d. Pages: %s", name, self.made, len(students) - self.made, place
        )

    def make_pages(self) -> None:
        """nbgrader's own loop."""
        super().convert_notebooks()

    def say_what_is_odd(self) -> None:
        """Warn of what is odd in the gradebook."""
        say_what_is_odd_in_the_gradebook(self)

    def init_single_notebook_resources(self, notebook_filename: str) -> dict[str, Any]:
        """What the page's exporter needs to know: also the marks."""
        resources: dict[str, Any] = super().init_single_notebook_resources(notebook_filename)
        resources["nbgrader"].update(vars(self.marks[resources["nbgrader"]["student"]]))
        return resources

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """Whether to make this page: unless there is one of the same marks, comments and notebook."""
        folder = pathlib.Path(target_of(self, assignment_id, student_id))
        graded = pathlib.Path(source_of(self, assignment_id, student_id))
        self.state = records.feedback_state(self.coursedir, graded, self.marks[student_id])
        if folder.exists() and not self.force and records.read_state(folder) != self.state:
            self.log.info("%s: what the page shows has changed; it is made again.", student_id)
            shutil.rmtree(folder)
        return bool(super().init_destination(assignment_id, student_id))

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Copy the two files that `nbgrader release_feedback` reads; the page needs nothing beside it."""
        graded = pathlib.Path(source_of(self, assignment_id, student_id))
        folder = pathlib.Path(target_of(self, assignment_id, student_id))
        folder.mkdir(parents=True, exist_ok=True)
        for name in RELEASING:
            copy_file(graded, name, folder)

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Write one page, then the state that it shows."""
        super().convert_single_notebook(notebook_filename)
        self.made += 1
        records.write_state(pathlib.Path(self.writer.build_directory), self.state)


def say_what_is_odd_in_the_gradebook(converter: Any) -> None:
    """Warn of marks given by hand that are above the points of their question, and of assignments of unknown names."""
    coursedir = converter.coursedir
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        above = records.marks_above_maximum(gradebook, coursedir.assignment_id)
    unknown = unknown_assignments(coursedir, records.registered_assignments(coursedir))
    if unknown:
        converter.log.warning(unknown)
    if above:
        converter.log.warning(above)


class OurLines(logging.Filter):
    """Lets through what the course says, and errors; nbgrader's own steps are for --debug."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to show a line."""
        return record.levelno >= logging.ERROR or f"{os.sep}autograder{os.sep}" in record.pathname


@contextmanager
def one_line_each(converter: Any) -> Iterator[None]:
    """Leave out nbgrader's dozen lines a submission, unless the user asked for them with --debug."""
    ours = OurLines()
    if getattr(converter.parent, "log_level", logging.INFO) >= logging.INFO:
        converter.log.addFilter(ours)
    try:
        yield
    finally:
        converter.log.removeFilter(ours)


def install() -> None:
    """Put our classes where nbgrader looks them up. Raises RuntimeError for an nbgrader that looks elsewhere."""
    seams.install(
        Autograde=CourseAutograde,
        GenerateAssignment=CourseGenerateAssignment,
        GenerateFeedback=CourseFeedback,
        Gradebook=DatedGradebook,
    )
