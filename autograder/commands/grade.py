"""`autograder grade`: a class in bulk, with the configuration that `nbgrader autograde` would read in the same folder."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console

from autograder.typed import typed


@dataclass(frozen=True)
class Options:
    """What the command line asks for. students: none is everybody."""

    assignment: str
    students: Sequence[str] = ()
    feedback: bool = False
    workers: int = 0
    dask: str = ""
    force: bool = False
    dry_run: bool = False
    csv: pathlib.Path | None = None
    as_json: bool = False


def main(root: pathlib.Path, options: Options) -> int:
    """Grade, and say what was done. Exit code 0: all graded; 1: something needs a look or failed; 130: stopped."""
    os.chdir(root)  # where nbgrader looks for its configuration
    from nbgrader.apps import AutogradeApp
    from nbgrader.converters.base import NbGraderException

    from autograder.bulk.grade import BulkAutograde
    from autograder.bulk.moves import moves_table, write_csv
    from autograder.bulk.show import Lines, Watch
    from autograder.course.settings import scripts_on_path
    from autograder.grading.words import printable

    scripts_on_path()
    errors = Console(stderr=True)
    app = AutogradeApp()
    app.initialize([])
    app.log.handlers[:] = [Lines(errors)]
    app.coursedir.assignment_id = options.assignment
    bulk = BulkAutograde(coursedir=app.coursedir, parent=app)
    bulk.workers = options.workers or len(os.sched_getaffinity(0))
    bulk.dask = options.dask
    bulk.dry_run, bulk.force, bulk.students, bulk.watch = (
        options.dry_run,
        options.force,
        options.students,
        Watch(errors),
    )
    code = 0
    try:
        bulk.start()
    except NbGraderException:
        code = 1
    except SystemExit as ended:
        code = int(ended.code or 0)
    summary = bulk.summary
    if options.feedback and not options.dry_run and code != 130 and bulk.known:
        code = max(code, feedback(app, bulk, options))
    code = code or int(bool(summary.not_graded))
    if options.as_json:
        print(json.dumps({**asdict(summary), "moves": [asdict(move) for move in bulk.moved]}))
    elif summary.graded or summary.unchanged or summary.not_graded:
        out = Console(soft_wrap=True, highlight=False, markup=False)
        out.print(printable("\n".join((*summary.lines(), *summary.reasons()))))
        if options.dry_run:
            Console().print(moves_table(bulk.moved) if bulk.moved else "No mark would move.")
            out.print(f"Wrote {options.csv}, and nothing else." if options.csv else "Nothing was written.")
        elif code != 130:
            out.print(next_step(options, summary))
    if options.csv:
        write_csv(bulk.moved, options.csv)
    return code


def feedback(app: Any, bulk: Any, options: Options) -> int:
    """Make the pages of those who are graded; 1 where some could not be made."""
    from nbgrader.converters.base import NbGraderException

    from autograder.bulk.pages import BulkFeedback

    pages = BulkFeedback(coursedir=app.coursedir, parent=app)
    pages.workers, pages.students, pages.watch = bulk.workers, options.students, bulk.watch
    try:
        pages.start()
    except NbGraderException:
        return 1
    bulk.summary.pages = pages.made
    bulk.summary.look.update(pages.failed)
    return int(bool(pages.failed))


def next_step(options: Options, summary: Any) -> str:
    """The next command."""
    if summary.not_graded:
        return f"Next: {typed(f'autograder grade {options.assignment} --student {next(iter(summary.not_graded))}')}"
    if not options.feedback:
        return f"Next: {typed(f'autograder grade {options.assignment} --feedback')}"
    return f"Next: {typed(f'autograder report {options.assignment}')}"
