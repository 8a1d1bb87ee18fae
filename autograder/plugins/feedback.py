"""nbgrader's feedback page, made at less than half the price: what is the same for every student is done once.

Compiled templates and highlighted code are kept between pages, and the page is not parsed again after it is written;
nbconvert does that only to give pictures a text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter

WITHOUT_TEXT = re.compile(r"<img (?![^>]*\balt=)")
WITH_TEXT = '<img alt="A picture that this notebook\'s code made" '


class Compiled(BytecodeCache):
    """Compiled templates, kept in memory from page to page."""

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template its code, where it was compiled before."""
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template's code."""
        self.code[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


@lru_cache(maxsize=4096)
def highlighted(source: str) -> str:
    """One code cell as HTML; most cells of a class are the same."""
    return str(Highlight2HTML(pygments_lexer="ipython3")(source))


class FeedbackExporter(HTMLExporter):  # type: ignore[misc]
    """HTMLExporter with nbgrader's feedback template, quick for a class."""

    def _create_environment(self) -> Environment:
        environment: Environment = super()._create_environment()
        environment.bytecode_cache = COMPILED
        return environment

    def from_notebook_node(self, nb: Any, resources: Any = None, **kwargs: Any) -> tuple[str, Any]:
        """The page of one graded notebook."""
        resources = self._init_resources(resources)
        types = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("highlight_code", lambda source, *_, **__: highlighted(source))
        self.register_filter("filter_data_type", types)
        html, resources = TemplateExporter.from_notebook_node(self, nb, resources, **kwargs)
        return WITHOUT_TEXT.sub(WITH_TEXT, html), resources
