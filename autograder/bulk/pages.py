"""Makes the feedback pages of a class in parallel: those that show something else than the gradebook and notebooks have."""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool

from autograder.bulk.desks import Desks
from autograder.bulk.show import Watch
from autograder.grading.executor import GradingError
from autograder.plugins import records
from autograder.plugins.converters import CourseFeedback
from autograder.plugins.seams import target_of


class BulkFeedback(CourseFeedback):
    """GenerateFeedback for many pages at once. students: those that were asked for; none: everybody."""

    workers = 1
    students: Sequence[str] = ()
    watch: Watch
    assignments: dict[str, list[str]]

    def start(self) -> None:
        """Make the pages; failed then says whose could not be made, and why."""
        self.failed: dict[str, str] = {}
        super().start()

    def init_notebooks(self) -> None:
        """Find the graded notebooks of those who were asked for."""
        found = {}
        for student in self.students or ["*"]:
            self.coursedir.student_id = student
            super().init_notebooks()
            found.update(self.assignments)
        self.assignments = found

    def make_pages(self) -> None:
        """Make every page that is missing or shows something else."""
        excluded = self.coursedir.student_id_exclude.split(",")
        jobs = []
        for folder, notebooks in sorted(self.assignments.items()):
            student = pathlib.Path(folder).parent.name
            if student in self.marks and student not in excluded:
                state = records.feedback_state(self.coursedir, pathlib.Path(folder), self.marks[student])
                if self.force or records.read_state(self.target(student)) != state:
                    jobs.append((student, notebooks[0], state))
        if not jobs:
            return
        with Desks(self, min(self.workers, len(jobs))) as desks, self.watch.over("feedback", len(jobs)):
            futures = {desks.submit(*job): job[0] for job in jobs}
            for future in as_completed(futures):
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    raise GradingError("A process that makes pages has ended. Run the same command again.") from error
                if error is not None:
                    self.failed[futures[future]] = f"no feedback page: {type(error).__name__}: {error}"
                self.made += error is None
                self.watch.moved(1)

    def say_what_is_odd(self) -> None:
        """Nothing: grading has said it in the same command."""

    def target(self, student: str) -> pathlib.Path:
        """feedback/STUDENT/ASSIGNMENT."""
        return pathlib.Path(target_of(self, self.coursedir.assignment_id, student))

    def work(self, student: str, notebook: str, state: str) -> None:
        """At a desk: write one page."""
        self.state = state
        shutil.rmtree(self.target(student), ignore_errors=True)
        self.init_assignment(self.coursedir.assignment_id, student)
        self.convert_single_notebook(notebook)
        self.set_permissions(self.coursedir.assignment_id, student)
