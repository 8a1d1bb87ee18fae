"""`autograder queue`: who needs a look and why, and what somebody has looked at."""

from __future__ import annotations

import os
import pathlib
import shlex
from collections.abc import Sequence

from rich.console import Console

from autograder.plugins.course_files import course_directory
from autograder.reports.layout import paragraph, title
from autograder.typed import typed


def main(root: pathlib.Path, assignment: str, done: Sequence[str], undo: Sequence[str], console: Console) -> None:
    """Mark what was looked at, then show the queue. Raises LookupError where a name is not in it."""
    coursedir = course_directory(root)
    from autograder.plugins.names import unknown_assignment
    from autograder.plugins.queue import QueueError, course_queue, mark
    from autograder.reports.gradebook import open_gradebook

    coursedir.assignment_id = assignment
    if unknown := unknown_assignment(coursedir):
        raise LookupError(unknown)
    with open_gradebook(coursedir) as gradebook:
        items = course_queue(coursedir, gradebook, assignment)
        changes = [*((student, True) for student in done), *((student, False) for student in undo)]
        if changes and gradebook is None:
            raise QueueError("There is no gradebook here to keep that in.")
        for student, looked in changes:
            mark(gradebook, items, student, looked)
        items = course_queue(coursedir, gradebook, assignment) if changes else items
    waiting, seen = [i for i in items if not i.done], [i for i in items if i.done]
    paragraph(console, f"{assignment}: {len(waiting)} to look at, {len(seen)} looked at.", style="bold")
    for heading, rows in (("To look at", waiting), ("Looked at", seen)):
        if rows:
            title(console, heading)
        for item in rows:
            for sentence in item.sentences:
                paragraph(console, f"{item.student}: {sentence}", indent=2)
    if waiting:
        there = "" if root == pathlib.Path.cwd() else f" --course {shlex.quote(os.path.relpath(root))}"
        command = typed(f"autograder queue {assignment}{there} --done {shlex.quote(waiting[0].student)}")
        console.print()
        paragraph(console, f"Next: look at it in the formgrader, then `{command}`", hang=0)
