"""Dates that people write: due dates on the command line, and timestamp.txt beside a submission."""

from __future__ import annotations

import os
import pathlib
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from nbgrader.api import Gradebook
from traitlets.config import Application
from traitlets.log import get_logger

from autograder.grading.files import read_file
from autograder.plugins.names import unknown_assignments

MAX_TIMESTAMP = 1000  # bytes
NO_DATE = "timestamp.txt is no date, so nobody knows whether this is late. It should be a line such as 2027-01-31 23:59:00 UTC."
DATE = re.compile(r"(\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?) ?(|[+-]\d\d:?\d\d|[A-Za-z][\w/+-]*)")


class DatedGradebook(Gradebook):  # type: ignore[misc]
    """The gradebook of `nbgrader db`: says how it understood a due date, and in a sentence that it did not."""

    def update_or_create_assignment(self, name: str, **kwargs: Any) -> Any:
        """Register an assignment. Ends the command where its due date is no date."""
        due = kwargs.get("duedate")
        if due and isinstance(due, str):
            try:
                kwargs["duedate"] = in_utc(due)
            except (ValueError, LookupError, OverflowError):
                get_logger().error(
                    '"%s" is no date that can be read in one way only. Write the due date as in '
                    '--duedate="2027-01-31 23:59 Europe/Berlin"; without a time zone it is UTC.',
                    due,
                )
                raise SystemExit(1) from None
        assignment = super().update_or_create_assignment(name, **kwargs)
        get_logger().info(
            "%s %s.", name, f"is due {assignment.duedate} UTC" if assignment.duedate else "has no due date"
        )
        return assignment

    def __exit__(self, *error: Any) -> None:
        """Say at the end of a command which assignments the course does not have."""
        coursedir = getattr(Application.instance(), "coursedir", None) if Application.initialized() else None
        registered = [one.name for one in self.assignments] if error[0] is None else []
        if coursedir is not None and (unknown := unknown_assignments(coursedir, registered)):
            get_logger().warning(unknown)
        super().__exit__(*error)


def in_utc(text: str) -> datetime:
    """A date with or without a time and a time zone, in UTC. Raises ValueError or LookupError for any other way to write it.

    nbgrader takes 05.11. for May the 11th, drops the name of a zone that it does not know, and reads +0100 as a few minutes.
    """
    found = DATE.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    at, zone = datetime.fromisoformat(found[1]), found[2]
    if zone in ("", "UTC", "Z"):
        return at
    offset = datetime.strptime(zone, "%z").tzinfo if zone[0] in "+-" else ZoneInfo(zone)
    return at.replace(tzinfo=offset).astimezone(UTC).replace(tzinfo=None)


def tolerate_timestamps(coursedir: Any) -> None:
    """Read a timestamp.txt that is no date as none: nbgrader would end with a traceback. Grading flags it."""

    def tolerant(path: str) -> Any:
        return None if no_date(coursedir, path) else strict(coursedir, path)

    coursedir.get_existing_timestamp = tolerant


def no_date(coursedir: Any, folder: str) -> str:
    """Why nobody knows when a submission was handed in, where its timestamp.txt cannot be read; otherwise ""."""
    if not os.path.lexists(os.path.join(folder, "timestamp.txt")):
        return ""
    try:
        read_file(pathlib.Path(folder), "timestamp.txt", MAX_TIMESTAMP)  # no link, and no pipe that would block
        readable = strict(coursedir, folder) is not None
    except (AttributeError, OSError, ValueError, OverflowError):
        readable = False
    return "" if readable else NO_DATE


def strict(coursedir: Any, folder: str) -> Any:
    """The date of a submission, as nbgrader reads it; None where the file is missing or empty."""
    return type(coursedir).get_existing_timestamp(coursedir, folder)
