"""A page for marking by question, beside nbgrader's formgrader: answers only, the rubric's steps to choose, one key a step.

Marks are written into nbgrader's own tables, so that the formgrader, feedback and export show them.
"""

from __future__ import annotations

import hashlib
import json
import math
import pathlib
import secrets
from collections.abc import Callable
from typing import Any

import nbformat
from markupsafe import Markup
from nbgrader.server_extensions.formgrader.base import BaseApiHandler, BaseHandler, check_notebook_dir, check_xsrf
from nbgrader.server_extensions.formgrader.handlers import GradebookNotebookSubmissionsHandler
from sqlalchemy.exc import OperationalError
from tornado import web

from autograder.course.cells import is_answer, nbgrader_of
from autograder.course.settings import load_course
from autograder.grading.words import number
from autograder.plugins.by_question import Answer, Stored, answers, mark, questions
from autograder.plugins.feedback import TEMPLATES, templates, views
from autograder.plugins.markdown import markdown_html
from autograder.plugins.rubric_marks import Choice, Rubric, choice_of, comment_of, read_rubric, score_of
from autograder.plugins.rubrics import STEPS, rubrics
from autograder.plugins.safe_html import Pictures

SUBMISSIONS = "gradebook_notebook_submissions.tpl"
POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
BUSY = "Another program is writing to the gradebook. Try again in a moment."


def for_teachers(method: Callable[..., None]) -> Callable[..., Any]:
    """As every page of the formgrader: signed in, with a token against forged requests, in a course directory."""
    return web.authenticated(check_xsrf(check_notebook_dir(method)))


class ByQuestion(BaseHandler):  # type: ignore[misc]
    """What the page and its data have in common: one question of one assignment."""

    def section(self, assignment: str, question: str) -> str:
        """The question's section of the rubric; nothing where there is none."""
        known = self.course.assignments
        return rubrics(known[assignment].rubric).get(question, "") if assignment in known else ""

    @property
    def course(self) -> Any:
        """The course's settings, as they are now."""
        return load_course(pathlib.Path(self.coursedir.root))

    def path(self, assignment: str, answer: Answer) -> pathlib.Path:
        """The graded notebook that an answer is in."""
        folder = self.coursedir.format_path(self.coursedir.autograded_directory, answer.student, assignment)
        return pathlib.Path(folder) / f"{answer.notebook}.ipynb"

    def answers(self, assignment: str, question: str) -> list[Answer]:
        """The answers that are in a graded notebook. Raises HTTPError 404 where the class has none."""
        found = [a for a in answers(self.gradebook, assignment, question) if self.path(assignment, a).exists()]
        if not found:
            raise web.HTTPError(404, f"There are no graded answers to {question} in {assignment}.")
        return found


class Page(ByQuestion):
    """The page of one question, or of the first that has answers to mark."""

    @for_teachers
    def get(self, assignment: str, question: str = "") -> None:
        """The page, without answers: its script asks for them one by one."""
        own = f"{self.base_url}/formgrader/marking/{assignment}"
        known = questions(self.gradebook, assignment)
        if not question:
            waiting = (name for name in known if "open" in {a.state for a in answers(self.gradebook, assignment, name)})
            if not known:
                raise web.HTTPError(404, f"The gradebook has no question of {assignment} that a person marks.")
            self.redirect(f"{own}/{next(waiting, known[0])}")
            return
        section, first = self.section(assignment, question), self.answers(assignment, question)[0]
        rubric, nonce = read_rubric(section), secrets.token_urlsafe(16)
        self.set_header("Content-Security-Policy", POLICY.format(nonce=nonce))
        self.write(
            templates()
            .get_template("marking.html.j2")
            .render(
                assignment=assignment,
                question=question,
                questions=known,
                own=own,
                base_url=self.base_url,
                notebook=first.notebook,
                steps=[(in_line(step.text), step.points) for step in rubric.steps],
                turns=[in_line(turn) for turn in rubric.turns],
                rubric=Markup(markdown_html(STEPS.sub("", section, count=1))),
                most=number(first.most),
                nonce=nonce,
                xsrf=self.xsrf_token.decode(),
            )
        )


class Data(ByQuestion, BaseApiHandler):  # type: ignore[misc]
    """The answers as the page's script asks for them, and the marks that it sends."""

    @for_teachers
    def get(self, assignment: str, question: str, id: str = "") -> None:
        """The state of every answer, and one answer with all there is to show."""
        self.reply(assignment, question, id)

    @for_teachers
    def put(self, assignment: str, question: str, id: str) -> None:
        """Save a mark: 409 where another person has marked the answer since the page asked for it, or it was graded again."""
        answer = one(self.answers(assignment, question), id)
        digest = digest_of(cell_of(self.path(assignment, answer), question))
        rubric = read_rubric(self.section(assignment, question))
        try:
            sent = self.get_json_body()
            now = before(sent["back"]) if "back" in sent else self.chosen(choice(sent), rubric, answer.most)
            unchanged = sent["version"] == f"{answer.stored.version}-{digest}"
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            return self.refuse(400, str(error))
        again = answer.stored == now  # as when the page got no answer and sends a mark once more
        try:
            saved = again or (unchanged and mark(self.gradebook, answer, now))
        except OperationalError:
            return self.refuse(503, BUSY)
        self.set_status(200 if saved else 409)
        self.reply(assignment, question, id)

    def refuse(self, status: int, message: str) -> None:
        """Say why nothing was saved."""
        self.set_status(status)
        self.finish({"message": message})

    def chosen(self, choice: Choice, rubric: Rubric, most: float) -> Stored:
        """A choice as nbgrader stores it."""
        comment = comment_of(rubric, choice, quoted=self.course.rubric != "none")
        return Stored(score_of(rubric, choice, most), comment or None, waits=False)

    def reply(self, assignment: str, question: str, id: str) -> None:
        """Write the state of every answer as JSON, and one answer in full."""
        found = self.answers(assignment, question)
        told: dict[str, Any] = {"answers": [{"id": a.id, "state": a.state} for a in found]}
        if id:
            shown = one(found, id)
            path, rubric = self.path(assignment, shown), read_rubric(self.section(assignment, question))
            cell = cell_of(path, question)
            stored = shown.stored
            taken = choice_of(rubric, stored.score, stored.comment or "", shown.most)
            told["answer"] = {
                "id": id,
                "version": f"{stored.version}-{digest_of(cell)}",
                "html": html_of(cell, path.parent),
                "note": shown.note,
                "state": shown.state,
                "back": {"score": stored.score, "comment": stored.comment, "waits": stored.waits},
                "choice": {"shares": taken.shares, "turns": taken.turns, "text": taken.text, "score": taken.score},
                "address": f"{self.base_url}/formgrader/submissions/{shown.submission}/",
            }
        self.set_header("Cache-Control", "no-store")
        self.finish(told)


class Submissions(GradebookNotebookSubmissionsHandler):  # type: ignore[misc]
    """nbgrader's list of submissions, with a link to the page above it."""

    def render(self, name: str, **names: Any) -> str:
        """As nbgrader renders it; other templates, such as that of an error, are nbgrader's own."""
        if name != SUBMISSIONS:
            return str(super().render(name, **names))
        own = (TEMPLATES / "marking_link.html.j2").read_text(encoding="utf-8")
        return str(self.settings["nbgrader_jinja2_env"].from_string(own).render(**names))


def one(found: list[Answer], id: str) -> Answer:
    """The answer with this id. Raises HTTPError 404."""
    for answer in found:
        if answer.id == id:
            return answer
    raise web.HTTPError(404, "This answer is not among those that are graded.")


def choice(sent: Any) -> Choice:
    """A choice as the page sends it. Raises KeyError, TypeError or ValueError for anything else."""
    shares, turns = tuple(map(float, sent["shares"])), tuple(map(int, sent["turns"]))
    return Choice(shares, turns, str(sent["text"]), None if sent["score"] is None else float(sent["score"]))


def before(sent: Any) -> Stored:
    """An earlier mark as the page got it. Raises KeyError, TypeError or ValueError for anything else."""
    score, comment = sent["score"], sent["comment"]
    if score is not None and not math.isfinite(score):
        raise ValueError(f"{score} is no score.")
    return Stored(
        None if score is None else float(score), None if comment is None else str(comment), bool(sent["waits"])
    )


def cell_of(path: pathlib.Path, question: str) -> Any:
    """The answer's cell in a graded notebook; an empty one where there is none, as while it is graded again."""
    try:
        cells = nbformat.v4.reads(path.read_text(encoding="utf-8")).cells
    except (OSError, ValueError):
        cells = []
    empty = {"cell_type": "markdown", "metadata": {}, "source": ""}
    return next((c for c in cells if is_answer(c) and nbgrader_of(c)["grade_id"] == question), empty)


def digest_of(cell: Any) -> str:
    """A hash of an answer."""
    kept = [cell.get(part) for part in ("source", "attachments", "outputs")]
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]


def html_of(cell: Any, folder: pathlib.Path) -> str:
    """An answer as the feedback page shows it: safe HTML."""
    parts = []
    for view in views({"cells": [cell]}, {}, {}, {}, Pictures(folder)):
        parts += [Markup('<div class="{}">{}</div>').format(view.kind, view.body)] if view.body else []
        parts += [Markup('<div class="output">{}</div>').format(output) for output in view.outputs]
    return "".join(parts)


def in_line(markdown: str) -> Markup:
    """A line of the rubric as HTML that fits into a line."""
    return Markup(markdown_html(markdown).strip().removeprefix("<p>").removesuffix("</p>"))


HANDLERS = [
    (r"/formgrader/gradebook/([^/]+)/([^/]+)/?", Submissions),
    (r"/formgrader/marking/static/(marking\.js)", web.StaticFileHandler, {"path": str(TEMPLATES)}),
    (r"/formgrader/marking/([^/]+)/?", Page),
    (r"/formgrader/marking/([^/]+)/([^/]+)/?", Page),
    (r"/formgrader/api/marking/([^/]+)/([^/]+)/?", Data),
    (r"/formgrader/api/marking/([^/]+)/([^/]+)/([0-9a-f]{32})", Data),
]
