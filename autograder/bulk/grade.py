"""Grades a class in parallel: nbgrader's Autograde with its work in another order, and its gradebook written in batches.

Worker processes grade, desks finish the notebooks, and this process alone writes. A notebook is written once its marks are in
the gradebook, so whoever has a whole notebook has the right marks: a run that is killed is completed by the next one.
"""

from __future__ import annotations

import contextlib
import pathlib
import queue
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from typing import Any

import nbformat
from nbgrader.preprocessors import AssignLatePenalties, NbGraderPreprocessor

from autograder.bulk.desks import Desks
from autograder.bulk.moves import Move, moves
from autograder.bulk.show import Watch
from autograder.bulk.slots import Grader, Slots
from autograder.course.settings import CourseError
from autograder.grading.executor import Executor, Graded, GradingError
from autograder.grading.handed_in import HandedIn
from autograder.grading.results import SubmissionResult
from autograder.plugins import records
from autograder.plugins.converters import CourseAutograde
from autograder.plugins.grading import check_setup, close_executor, completed
from autograder.plugins.looked_at import to_look_at
from autograder.plugins.marks import Marks, marks_of
from autograder.plugins.saving import SaveGrades, Scores, save, scores_of
from autograder.plugins.seams import one_transaction, target_of
from autograder.plugins.summary import Summary, graded_again, reasons_to_look

BATCH = 25  # submissions whose marks are written at once, or
DRAFT = ".graded"  # a notebook while it is written
SECONDS = 0.5  # those that were finished in this time


@dataclass(frozen=True)
class Job:
    """A submission to grade: whose it is, its notebook, a digest of what was handed in, and how it was graded earlier."""

    student: str
    notebook: str
    submission: str
    earlier: SubmissionResult | None = field(repr=False)


@dataclass(frozen=True)
class Finished:
    """A graded notebook as its file will be, with what it has for the gradebook."""

    text: str
    resources: dict[str, Any]
    scores: Scores


class CollectScores(NbGraderPreprocessor):  # type: ignore[misc]
    """At a desk in place of SaveGrades: the scores go to the process that writes the gradebook."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Read the scores."""
        resources["scores"] = scores_of(nb)
        return nb, resources


class BulkAutograde(CourseAutograde):
    """Autograde for many submissions at once. students: those that were asked for; none: everybody."""

    workers = 1
    dask = ""  # the address of a scheduler, where a cluster is to grade
    dry_run = False
    students: Sequence[str] = ()
    watch: Watch

    def start(self) -> None:
        """Grade; summary and moved then say what was done."""
        self.summary, self.moved = Summary(self.coursedir.assignment_id), list[Move]()
        self.known: dict[str, SubmissionResult] = {}  # what is graded
        began = time.monotonic()
        try:
            super().start()
        finally:
            self.summary.seconds = time.monotonic() - began

    def init_notebooks(self) -> None:
        """Find the folders of those who were asked for."""
        found = {}
        for student in self.students or ["*"]:
            self.coursedir.student_id = student
            super().init_notebooks()
            found.update(self.assignments)
        self.assignments = found

    def check(self) -> None:
        """Check what can be checked before a worker is there: none starts where nothing is to be graded."""
        self.executor = check_setup(self, start=False)
        database = pathlib.Path(str(self.coursedir.db_url).removeprefix("sqlite:///"))
        if self.dry_run and str(self.coursedir.db_url).startswith("sqlite:///") and not database.exists():
            raise CourseError(
                f"Nothing is graded yet, so no mark can move. Run `autograder grade {self.coursedir.assignment_id}`."
            )

    def register(self) -> None:
        """Make the gradebook know the assignment."""
        if not self.dry_run:
            super().register()

    def grade_everybody(self) -> None:
        """Grade whatever is not graded or has changed, in parallel."""
        jobs = list(self.jobs())
        if not jobs:
            return
        self.exporter._preprocessors = []
        for one in self.autograde_preprocessors:
            if one is not AssignLatePenalties:
                self.exporter.register_preprocessor(CollectScores if one is SaveGrades else one)
        self.penalties = AssignLatePenalties(parent=self.exporter)
        self.before: dict[str, Marks] = marks_of(self.gradebook, self.coursedir.assignment_id) if self.dry_run else {}
        self.gradebook.db.remove()
        self.gradebook.engine.dispose()  # no desk has a copy of the connection
        self.done: queue.SimpleQueue[tuple[Job, Future[Any]]] = queue.SimpleQueue()
        with Desks(self, min(self.workers, len(jobs))) as self.desks:
            slots = self.cluster(len(jobs)) if self.dask else self.own_workers(min(self.workers, len(jobs)))
            try:
                with self.watch.over(self.coursedir.assignment_id, len(jobs)):
                    slots.grade(jobs)
                    self.store_all(slots, len(jobs))
            finally:
                slots.stop()
                close_executor(pathlib.Path(self.coursedir.root))

    def own_workers(self, count: int) -> Slots[Job]:
        """Workers of this machine, ready to grade."""
        course, seed = self.executor.course, self.executor.seed
        executors = [self.executor, *(Executor(course, seed, quiet=True) for _ in range(count - 1))]
        for executor in executors:
            executor.start()
        for executor in executors:
            executor.ready("autograder grade …")
        return Slots(executors, lambda: Executor(course, seed, quiet=True), self.begin, self.to_desk)

    def cluster(self, count: int) -> Slots[Job]:
        """The workers of a Dask cluster, ready to grade. Raises GradingError."""
        try:
            from autograder.bulk.cluster import Cluster
        except ImportError as error:
            raise GradingError("--dask needs Dask here: run `pip install 'backprop-by-hand[dask]'`.") from error
        cluster = Cluster(self.dask, self.executor.course, self.executor.seed, self.coursedir.assignment_id, self.log)
        return Slots([cluster] * min(cluster.room, count), cluster.another, self.begin, self.to_desk)

    def jobs(self) -> Iterator[Job]:
        """What is to be graded."""
        excluded = self.excluded()
        for folder, notebooks in sorted(self.assignments.items()):
            self.stop_if_interrupted()
            path = pathlib.Path(folder)
            student = path.parent.name
            if student in excluded:
                continue
            target = self.target(student)
            earlier = lean(records.results(target / pathlib.Path(notebooks[0]).name))
            submission = records.digest(path, self.coursedir)
            graded = earlier if student in self.scored else None
            if graded is not None:
                self.known[student] = graded
            why = records.why_again(graded, submission, self.settings) if target.exists() else ""
            if target.exists() and not self.force and not why:
                self.summary.unchanged.append(student)
                continue
            if why:
                self.again.setdefault(why, []).append(student)
            self.summary.not_reached.append(student)
            yield Job(student, notebooks[0], submission, earlier)

    def target(self, student: str) -> pathlib.Path:
        """autograded/STUDENT/ASSIGNMENT."""
        return pathlib.Path(target_of(self, self.coursedir.assignment_id, student))

    # ---- in a worker's thread, then at a desk ----------------------------------------------------------------------------

    def begin(self, executor: Grader, job: Job) -> Future[Graded]:
        """Read a submission and send it to a worker."""
        path = pathlib.Path(job.notebook)
        return executor.submit(HandedIn.read(path.parent, path.name), self.coursedir.assignment_id)

    def to_desk(self, job: Job, graded: Future[Graded]) -> None:
        """Send a graded notebook to a desk, and what happened to it to the writer."""
        later: Future[Any] = graded
        if graded.exception() is None:
            try:
                later = self.desks.submit(graded.result().notebook, job.notebook, job.submission)
            except BrokenProcessPool as error:
                later = Future()
                later.set_exception(error)
        later.add_done_callback(lambda finished: self.done.put((job, finished)))

    def work(self, notebook: dict[str, Any], path: str, submission: str) -> Finished:
        """At a desk: the graded notebook as nbgrader writes it."""
        where = pathlib.Path(path)
        shown, _ = completed(Graded(notebook), self, self.executor.course, where.parent, submission)
        resources = self.init_single_notebook_resources(path)
        resources["metadata"] = {"name": where.stem, "path": str(where.parent)}
        text, resources = self.exporter.from_notebook_node(nbformat.from_dict(shown), resources=resources)
        return Finished(text, resources, resources.pop("scores"))

    # ---- the writer ------------------------------------------------------------------------------------------------------

    def store_all(self, slots: Slots[Job], left: int) -> None:
        """Write what is finished, until all of it is."""
        while left:
            batch: list[tuple[Job, Future[Any]]] = []
            end = time.monotonic() + SECONDS
            while len(batch) < min(BATCH, left) and (wait := end - time.monotonic()) > 0:
                with contextlib.suppress(queue.Empty):
                    batch.append(self.done.get(timeout=wait))
            self.stop_if_interrupted()
            left -= len(batch)
            finished = [(job, one) for job, future in batch if (one := self.result(job, future)) is not None]
            if finished:
                self.store(finished)
            self.watch.moved(len(batch), [job.student for job in slots.running])
            slots.grow()

    def result(self, job: Job, future: Future[Any]) -> Finished | None:
        """What came of a submission; None, with the reason noted, where it cannot be graded. Raises GradingError."""
        try:
            return future.result()  # type: ignore[no-any-return]
        except GradingError:
            raise
        except BrokenProcessPool as error:
            raise GradingError("A process that finishes notebooks has ended. Run the same command again.") from error
        except Exception as error:
            self.fail_one(job, error)
            return None

    def fail_one(self, job: Job, error: Exception) -> None:
        """Note that a submission could not be graded; as with nbgrader, no folder stays of it."""
        self.log.debug("%s", job.student, exc_info=error)
        self.summary.not_reached.remove(job.student)
        self.summary.not_graded[job.student] = f"{type(error).__name__}: {error}"
        if not self.dry_run:
            self.known.pop(job.student, None)
            shutil.rmtree(self.target(job.student), ignore_errors=True)

    def store(self, finished: list[tuple[Job, Finished]]) -> None:
        """Write the marks of some submissions in one transaction, then their files."""
        if self.dry_run:
            for job, one in finished:
                self.moved += moves(job.student, self.before.get(job.student, Marks()), one.scores)
                self.note(job, one.scores.results)
            return
        try:
            with one_transaction(self.gradebook):
                for job, one in finished:
                    self.save(job, one)
        except Exception as error:
            if len(finished) == 1:
                self.fail_one(finished[0][0], error)
                return
            for each in finished:  # so that one of them does not keep the others from their marks
                self.store([each])
            return
        for job, one in finished:
            self.write_notebook(job, one.text)
            self.set_permissions(self.coursedir.assignment_id, job.student)
            self.run_post_convert_hook()
            self.note(job, one.scores.results)

    def save(self, job: Job, one: Finished) -> None:
        """Make nbgrader's rows and folder of a submission, and record its marks and its penalty.

        An earlier graded notebook stays until the new one takes its place: it says what a person has marked already.
        """
        target = self.target(job.student)
        for path in target.iterdir() if target.is_dir() else ():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != pathlib.Path(job.notebook).name:
                path.unlink()
        self.notebooks = [job.notebook]
        self.run_pre_convert_hook()
        self.init_assignment(self.coursedir.assignment_id, job.student)
        row = save(self.gradebook, one.resources["nbgrader"], one.scores, job.earlier)
        self.gradebook.db.flush()
        self.gradebook.db.expire(row, ["score"])
        if AssignLatePenalties in self.autograde_preprocessors:
            self.penalties.preprocess(nbformat.v4.new_notebook(), one.resources)

    def write_notebook(self, job: Job, text: str) -> None:
        """Write the graded notebook, at once or not at all."""
        draft = self.target(job.student) / DRAFT
        draft.write_text(text, encoding="utf-8")
        draft.replace(draft.with_name(pathlib.Path(job.notebook).name))

    def note(self, job: Job, results: SubmissionResult) -> None:
        """Remember that a submission is graded."""
        self.summary.not_reached.remove(job.student)
        self.summary.graded.append(job.student)
        self.known[job.student] = replace(results, functions={})

    def say_what_was_done(self) -> None:
        """Complete the summary."""
        seen = to_look_at(self.coursedir, self.known)
        self.summary.look = reasons_to_look({student: self.known[student] for student in seen})
        self.summary.again = graded_again(self.again, self.summary.graded)
        everyone = {*self.summary.graded, *self.summary.unchanged}
        self.summary.late = [student for student in records.late_students(self.coursedir) if student in everyone]
        self.say_what_is_odd()


def lean(results: SubmissionResult | None) -> SubmissionResult | None:
    """Results without those of the functions, which are large: a class of them would fill the memory."""
    return None if results is None else replace(results, functions={})
