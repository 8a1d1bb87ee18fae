"""The feedback page: every mark with its reason in a table on top, the graded notebook below, and nothing to load.

A page is one file: style, font, pictures and formulas are in it, it has no script, and it asks no server for anything.
"""

from __future__ import annotations

import base64
import pathlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup
from nbconvert.exporters import Exporter
from nbconvert.filters import strip_ansi

from autograder.course.settings import ROOT, load_course
from autograder.grading.repair import KEY
from autograder.grading.results import SubmissionResult
from autograder.grading.words import number
from autograder.plugins.formgrader import shown_data, written
from autograder.plugins.markdown import highlighted, markdown_html
from autograder.plugins.marks import Row, errors, is_result, reasons, table
from autograder.plugins.rubrics import for_students, rubrics, titled
from autograder.plugins.safe_html import Pictures, output_html

TEMPLATES = pathlib.Path(__file__).parent / "templates"
PATIENCE = 10.0  # seconds of CPU for one page's text; what comes later is shown as it was written
SHOWN = (
    "text/html",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/svg+xml",
    "text/markdown",
    "text/latex",
    "text/plain",
)


@dataclass(frozen=True)
class View:
    """A cell as the page shows it."""

    kind: str  # "text", "code", "answer", "result" or "rubric"
    body: Markup
    outputs: tuple[Markup, ...] = ()
    row: Row | None = None
    comment: Markup | str = ""


class FeedbackExporter(Exporter):  # type: ignore[misc]
    """Makes the page of one graded notebook; its marks are in resources."""

    file_extension = ".html"
    output_mimetype = "text/html"
    export_from_notebook = None

    def from_file(self, file_stream: Any, resources: Any = None, **kwargs: Any) -> tuple[str, Any]:
        """The page of a file that grading wrote: it was validated then."""
        return self.from_notebook_node(nbformat.v4.reads(file_stream.read()), resources=resources, **kwargs)

    def from_notebook_node(self, nb: Any, resources: Any = None, **kwargs: Any) -> tuple[str, Any]:
        """The page as HTML."""
        resources = self._init_resources(resources)
        for preprocessor in self._preprocessors:  # on the notebook itself: nbconvert would copy it twice
            nb, resources = preprocessor(nb, resources)
        names, results = resources["nbgrader"], SubmissionResult.from_json(nb["metadata"].get(KEY, {}))
        marks = names["marks"].values()
        rows = {row.place: row for row in table(nb, names["marks"], names["comments"], results)}
        path = resources.get("metadata", {}).get("path")
        pictures = Pictures(pathlib.Path(path) if path else None)
        page = page_template().render(
            title=names["assignment"],
            functions=[row for row in rows.values() if row.is_function],
            answers=[row for row in rows.values() if not row.is_function],
            total=number(max(0.0, sum(mark.points or 0.0 for mark in marks) - names["late_penalty"])),
            most=number(sum(mark.most for mark in marks)),
            open=number(sum(mark.most for mark in marks if mark.points is None)),
            late_penalty=number(names["late_penalty"]) if names["late_penalty"] else "",
            unreadable=results.unreadable,
            reasons=[*reasons(results), *errors(nb)],
            isolated=results.isolation != "none",
            cells=list(views(nb, rows, names["comments"], self.rubrics_of(names["assignment"]), pictures)),
        )
        return page, resources

    def rubrics_of(self, assignment: str) -> dict[str, str]:
        """What students see of each rubric in this course, by answer, as the rubrics are now."""
        coursedir = getattr(self.parent, "coursedir", None)
        course = load_course(pathlib.Path(coursedir.root) if coursedir else ROOT)
        sections = rubrics(course.assignment(assignment).rubric)
        return {name: for_students(titled(name, sections), course.rubric) for name in sections}


def page_template() -> Template:
    """The page's template, compiled once."""
    return templates().get_template("page.html.j2")


@cache
def templates() -> Environment:
    """Our templates; style and font are one text that they all know."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    font = base64.b64encode((TEMPLATES / "math.woff2").read_bytes()).decode()
    environment.globals["style"] = Markup((TEMPLATES / "page.css").read_text(encoding="utf-8").replace("FONT", font))
    return environment


def views(
    nb: Any, rows: Mapping[str, Row], comments: Mapping[str, str | None], rubric: Mapping[str, str], pictures: Pictures
) -> Iterator[View]:
    """The cells as the page shows them."""
    end = time.process_time() + PATIENCE

    def text(source: str, cell: Any) -> Markup:
        if time.process_time() > end:
            return Markup("<pre>{}</pre>").format(source)
        return Markup(markdown_html(source, cell.get("attachments"), pictures))

    def code(source: str) -> Markup:
        if time.process_time() > end:
            return Markup("<pre>{}</pre>").format(source)
        return Markup(highlighted(source)) if source.strip() else Markup("")

    for cell in nb["cells"]:
        meta, source = cell["metadata"].get("nbgrader", {}), written(cell)
        row = rows.get(meta.get("grade_id", ""))
        if "rubric" in cell["metadata"].get(KEY, {}):
            steps = rubric.get(cell["metadata"][KEY]["rubric"])
            if steps:
                yield View("rubric", text(steps, cell))
        elif is_result(cell):
            ours = [Markup(output["data"]["text/html"]) for output in cell["outputs"] if "text/html" in output["data"]]
            yield View("result", Markup(""), tuple(ours), row)
        elif cell["cell_type"] == "code":
            comment = comments.get(meta.get("grade_id", "")) if meta.get("solution") else ""
            outputs = tuple(filter(None, (output_view(output, text) for output in cell["outputs"])))
            yield View("answer" if row else "code", code(source), outputs, row, text(comment, {}) if comment else "")
        elif cell["cell_type"] == "markdown":
            yield View("answer" if row else "text", text(source, cell), (), row)
        elif source.strip():
            yield View("text", Markup("<pre>{}</pre>").format(source))


def output_view(output: Any, text: Any) -> Markup:
    """An output of a student's code: text, a picture, or HTML that runs and loads nothing."""
    if output["output_type"] == "stream":
        return Markup("<pre>{}</pre>").format(strip_ansi(output["text"])) if output["text"].strip() else Markup("")
    if output["output_type"] == "error":
        lines = "\n".join(map(str, output["traceback"])) or f"{output['ename']}: {output['evalue']}"
        return Markup('<pre class="error">{}</pre>').format(strip_ansi(lines))
    data = shown_data(output)
    for kind in SHOWN:
        shown = as_html(kind, str(data[kind]), text) if kind in data else None
        if shown is not None:
            return shown
    return Markup("")


def as_html(kind: str, value: str, text: Any) -> Markup | None:
    """One form of an output as HTML; None where the next form is the better one."""
    if kind == "text/html":
        html = output_html(value)
        return None if html is None else Markup(html)
    if kind.startswith("image/"):
        data = base64.b64encode(value.encode()).decode() if kind == "image/svg+xml" else "".join(value.split())
        return Markup('<img src="data:{};base64,{}" alt="A picture that this cell\'s code made">').format(kind, data)
    if kind in ("text/markdown", "text/latex"):
        return text(value, {})  # type: ignore[no-any-return]
    return Markup("<pre>{}</pre>").format(strip_ansi(value))
