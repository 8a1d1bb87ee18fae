"""The queue "needs a look" in nbgrader's formgrader: a page of its own, and a link to it above the submissions.

Only the formgrader's own process imports this module.
"""

from __future__ import annotations

import asyncio
import pathlib
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader
from nbgrader.api import Gradebook
from nbgrader.server_extensions.formgrader import handlers
from nbgrader.server_extensions.formgrader.base import BaseHandler, check_notebook_dir, check_xsrf
from tornado import web

from autograder.plugins.names import known_assignments
from autograder.plugins.queue import Item, QueueError, course_queue, mark


@cache
def templates() -> Environment:
    """Our templates, which extend nbgrader's. Everything that they are given is escaped."""
    folders = [pathlib.Path(__file__).parent / "templates", handlers.template_path]
    return Environment(loader=FileSystemLoader(folders), autoescape=True)


class OwnPage(BaseHandler):  # type: ignore[misc]
    """A page of the formgrader that is made from our templates."""

    def render(self, name: str, **ns: Any) -> str:
        """The page as HTML."""
        return templates().get_template(name).render(**ns)


class SubmissionsHandler(OwnPage, handlers.ManageSubmissionsHandler):  # type: ignore[misc]
    """nbgrader's table of submissions, with a link to the queue."""

    def render(self, name: str, **ns: Any) -> str:
        """The page as HTML."""
        return super().render("submissions_with_queue.tpl", **ns)


class QueueHandler(OwnPage):
    """The queue of an assignment; a click on a name opens the submission, a button marks it as looked at."""

    @web.authenticated
    @check_xsrf  # type: ignore[untyped-decorator]
    @check_notebook_dir  # type: ignore[untyped-decorator]
    async def get(self, assignment_id: str) -> None:
        """Show it. Reading a class takes a moment, in which the server answers others."""
        items = await asyncio.to_thread(read, self.coursedir, self.known(assignment_id))
        token = self.xsrf_token.decode()
        self.write(
            self.render("queue.tpl", assignment_id=assignment_id, base_url=self.base_url, items=items, token=token)
        )

    @web.authenticated
    @check_notebook_dir  # type: ignore[untyped-decorator]
    async def post(self, assignment_id: str) -> None:
        """Mark one submission as looked at, or not; then show the queue again."""
        student, done = self.get_body_argument("student"), self.get_body_argument("done") == "yes"
        try:
            await asyncio.to_thread(read, self.coursedir, self.known(assignment_id), (student, done))
        except QueueError as error:
            raise web.HTTPError(409, error.args[0]) from error
        self.redirect(f"{self.base_url}/formgrader/queue/{assignment_id}")

    def known(self, assignment: str) -> str:
        """The assignment, if the course has it: its name becomes a part of paths. Raises HTTPError."""
        if assignment not in known_assignments(self.coursedir):
            raise web.HTTPError(404, "The course has no such assignment.")
        return assignment


def read(coursedir: Any, assignment: str, change: tuple[str, bool] | None = None) -> tuple[Item, ...]:
    """The queue, after a change of it; with a connection to the gradebook that belongs to this thread."""
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        items = course_queue(coursedir, gradebook, assignment)
        if change is not None:
            mark(gradebook, items, *change)
        return items


HANDLERS = [
    (r"/formgrader/manage_submissions/([^/]+)/?", SubmissionsHandler),
    (r"/formgrader/queue/([^/]+)/?", QueueHandler),
]
