"""The formgrader's button that grades a submission: others use the server meanwhile.

nbgrader's own handler waits in the server's event loop until a submission is graded. Ours lets a worker grade it first, then
nbgrader find it graded.
"""

from __future__ import annotations

import asyncio
import json
import pathlib
from typing import Any

from nbgrader.server_extensions.formgrader.apihandlers import AutogradeHandler
from nbgrader.server_extensions.formgrader.base import check_notebook_dir, check_xsrf
from nbgrader.utils import temp_attrs
from tornado import web

from autograder.course.seed import SeedError
from autograder.course.settings import CourseError
from autograder.grading.executor import GradingError
from autograder.plugins.ahead import Sent, forget, send
from autograder.plugins.grading import shared_executor
from autograder.plugins.lock import CourseBusyError, course_lock


class GradeHandler(AutogradeHandler):  # type: ignore[misc]
    """The button's answer, for one submission."""

    @web.authenticated
    @check_xsrf  # type: ignore[untyped-decorator]
    @check_notebook_dir  # type: ignore[untyped-decorator]
    async def post(self, assignment_id: str, student_id: str) -> None:
        """Grade it in a worker, then answer what nbgrader's own handler answers."""
        coursedir = self.api.coursedir
        folder = coursedir.format_path(coursedir.submitted_directory, student_id, assignment_id)
        notebook = pathlib.Path(folder, f"{assignment_id}.ipynb")
        with temp_attrs(coursedir, assignment_id=assignment_id, student_id=student_id):
            sent = sent_ahead(coursedir, notebook)
        try:
            if sent is not None:
                await asyncio.wait([asyncio.wrap_future(sent.graded)])
                await asyncio.to_thread(until_free, pathlib.Path(coursedir.root), self.log)
            broken = sent and not sent.graded.cancelled() and sent.graded.exception()
            if isinstance(broken, GradingError):
                answer = {"success": False, "error": str(broken), "log": f"[ERROR] {broken}\n"}
            else:
                answer = self.api.autograde(assignment_id, student_id)
        finally:
            forget([notebook])
        self.write(json.dumps(answer))


def sent_ahead(coursedir: Any, notebook: pathlib.Path) -> Sent | None:
    """The submission on its way to a worker; None where nbgrader will say what is wrong with it."""
    try:
        executor = shared_executor(pathlib.Path(coursedir.root))
        assignment = executor.course.assignment(coursedir.assignment_id)
        needed = (
            notebook.parent,
            assignment.source,
            assignment.release,
        )  # nbgrader builds the last where it is missing
        return send(executor, coursedir, notebook) if all(path.exists() for path in needed) else None
    except (CourseError, SeedError, OSError):
        return None


def until_free(root: pathlib.Path, log: Any) -> None:
    """Return when nobody else grades in this course directory."""
    try:
        with course_lock(root, log):
            return
    except CourseBusyError:  # nbgrader's own way says so
        return


HANDLERS = [(r"/formgrader/api/submission/([^/]+)/([^/]+)/autograde", GradeHandler)]
