"""All that we use of nbgrader (and nbconvert) beyond its documented interface: in one place, each checked by name.

An nbgrader that no longer has one of these is refused with a sentence when it starts, before it touches anything.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.preprocessors import CheckCellMetadata, Execute, SaveAutoGrades

# What we call or override, with its arguments; None is no method.
USED: dict[str, str | None] = {
    "nbgrader.converters.base:BaseConverter._format_source": "self assignment_id student_id escape",
    "nbgrader.converters.base:BaseConverter._format_dest": "self assignment_id student_id escape",
    "nbgrader.converters.base:BaseConverter.convert_single_notebook": "self notebook_filename",
    "nbgrader.converters.base:BaseConverter.init_destination": "self assignment_id student_id",
    "nbgrader.converters.base:BaseConverter.init_assignment": "self assignment_id student_id",
    "nbgrader.converters.base:BaseConverter.init_notebooks": "self",
    "nbgrader.converters.autograde:Autograde._init_preprocessors": "self",
    "nbgrader.coursedir:CourseDirectory.get_existing_timestamp": "self dest_path",
    "nbgrader.exchange.default.collect:ExchangeCollect._sort_by_timestamp": "self records",
    "nbgrader.exchange.default.collect:ExchangeCollect.init_src": "self",
    "nbgrader.exchange.default.release_feedback:ExchangeReleaseFeedback.init_src": "self",
    "nbgrader.exchange.default.release_feedback:ExchangeReleaseFeedback.copy_files": "self",
    "nbgrader.apps.zipcollectapp:ZipCollectApp._format_collect_path": "self collect_step",
    "nbconvert.exporters.exporter:Exporter._init_resources": "self resources",
    "nbconvert.exporters.exporter:Exporter._preprocessors": None,
}
# Where nbgrader's commands and its API look up the classes that ours stand in for: it has no configuration for them.
PLACES = {
    "Autograde": ("nbgrader.apps.autogradeapp", "nbgrader.apps.api"),
    "GenerateAssignment": ("nbgrader.apps.generateassignmentapp", "nbgrader.apps.api"),
    "GenerateFeedback": ("nbgrader.apps.generatefeedbackapp", "nbgrader.apps.api"),
    "Gradebook": ("nbgrader.apps.dbapp",),
}
# Where Autograde opens the gradebook, eight times a submission.
OPENED_IN = ("nbgrader.converters.autograde", "nbgrader.preprocessors.latesubmissions")
# Lists the handlers of the formgrader's server, which it reads after the configuration.
FORMGRADER = "nbgrader.server_extensions.formgrader.handlers"


def check() -> None:
    """Raise RuntimeError where the installed nbgrader is not the one that this module was written for."""
    for name, arguments in USED.items():
        module, _, path = name.partition(":")
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part, None)
        if found is None:
            raise changed(f"{module} has no {path}")
        if arguments is not None and " ".join(inspect.signature(found).parameters) != arguments:
            raise changed(f"{path} takes other arguments")
    for name, modules in (*PLACES.items(), ("Gradebook", OPENED_IN)):
        for module in modules:
            if not hasattr(importlib.import_module(module), name):
                raise changed(f"{module} has no {name}")
    autograde_preprocessors(SaveAutoGrades)


def changed(what: str) -> RuntimeError:
    """The error for another nbgrader."""
    return RuntimeError(f"nbgrader changed: {what}. Install the versions that pyproject.toml pins.")


def install(**classes: type) -> None:
    """Put our classes where nbgrader looks them up. Raises RuntimeError for an nbgrader that looks elsewhere."""
    check()
    for name, ours in classes.items():
        for module in PLACES[name]:
            setattr(importlib.import_module(module), name, ours)


def formgrader_starts() -> bool:
    """Whether this process is a Jupyter server that is loading nbgrader's formgrader: other commands never import it."""
    return FORMGRADER in sys.modules


def add_to_formgrader(handlers: Sequence[Any]) -> None:
    """Let the formgrader's server answer at these addresses too; ours come before nbgrader's, and are added once."""
    theirs = getattr(sys.modules[FORMGRADER], "default_handlers", None)
    if not isinstance(theirs, list):
        raise changed(f"{FORMGRADER} has no list of handlers")
    theirs[:0] = [handler for handler in handlers if handler not in theirs]


def source_of(converter: BaseConverter, assignment: str, student: str) -> str:
    """The folder that a converter reads."""
    return str(converter._format_source(assignment, student))


def target_of(converter: BaseConverter, assignment: str, student: str) -> str:
    """The folder that a converter writes."""
    return str(converter._format_dest(assignment, student))


def convert_once(converter: BaseConverter, notebook_filename: str, preprocessors: Sequence[Any]) -> None:
    """Convert one notebook in a single pass: nbgrader's Autograde reads and writes it twice, first to sanitize it."""
    converter.exporter._preprocessors = []
    for preprocessor in preprocessors:
        converter.exporter.register_preprocessor(preprocessor)
    BaseConverter.convert_single_notebook(converter, notebook_filename)


def autograde_preprocessors(save: type) -> list[type]:
    """nbgrader's own list: without Execute, since our worker has run the code, and with marks saved by ``save``.

    Without CheckCellMetadata, which costs a third of nbgrader's own time: reading a submission gives every cell its
    metadata from release/, where generate_assignment has checked them. Raises RuntimeError for another nbgrader.
    """
    default = list(Autograde.autograde_preprocessors.default())
    ours: dict[type, list[type]] = {Execute: [], CheckCellMetadata: [], SaveAutoGrades: [save]}
    for one in ours:
        if one not in default:
            raise changed(f"{one.__name__} is not among the preprocessors of Autograde")
    return [replacement for one in default for replacement in ours.get(one, [one])]


@contextmanager
def one_transaction(gradebook: Gradebook) -> Iterator[None]:
    """Commit what happens inside at once, or nothing of it: SaveAutoGrades commits after every cell."""
    session = gradebook.db
    commit, session.commit = session.commit, session.flush
    try:
        yield
    except BaseException:
        session.rollback()
        raise
    finally:
        session.commit = commit
    session.commit()


class OpenGradebook(Gradebook):  # type: ignore[misc]
    """A gradebook that the next submission uses, too."""

    def __exit__(self, *raised: Any) -> None:
        """Stay open; undo what an error has left half done."""
        if raised[0] is not None:
            self.db.rollback()


@contextmanager
def one_gradebook(db_url: str, course_id: str) -> Iterator[Gradebook]:
    """One connection to the gradebook for all that nbgrader's Autograde does in this block."""
    gradebook = OpenGradebook(db_url, course_id)
    modules = [importlib.import_module(name) for name in OPENED_IN]
    before = [vars(module)["Gradebook"] for module in modules]
    for module in modules:
        vars(module)["Gradebook"] = lambda *arguments: gradebook
    try:
        yield gradebook
    finally:
        for module, theirs in zip(modules, before, strict=True):
            vars(module)["Gradebook"] = theirs
        gradebook.close()
