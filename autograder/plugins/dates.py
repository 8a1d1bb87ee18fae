"""Dates that people write: due dates on the command line, and timestamp.txt beside a submission."""

from __future__ import annotations

import os
from typing import Any

from nbgrader.api import Gradebook
from traitlets.log import get_logger


class DatedGradebook(Gradebook):  # type: ignore[misc]
    """The gradebook of `nbgrader db`: says how it understood a due date, and in a sentence that it did not."""

    def update_or_create_assignment(self, name: str, **kwargs: Any) -> Any:
        """Register an assignment. Ends the command where its due date is no date."""
        try:
            assignment = super().update_or_create_assignment(name, **kwargs)
        except (ValueError, OverflowError):
            get_logger().error(
                '"%s" is no date. Write the due date as in --duedate="2027-01-31 23:59 UTC".', kwargs["duedate"]
            )
            raise SystemExit(1) from None
        get_logger().info(
            "%s %s.", name, f"is due {assignment.duedate} UTC" if assignment.duedate else "has no due date"
        )
        return assignment


def tolerate_timestamps(coursedir: Any, log: Any) -> None:
    """Read a timestamp.txt that is no date as none, after saying so: nbgrader would end with a traceback."""
    strict = type(coursedir).get_existing_timestamp

    def tolerant(path: str) -> Any:
        try:
            return strict(coursedir, path)
        except (AttributeError, OSError, ValueError, OverflowError):
            log.error(
                "%s is no date, so nobody knows whether this is late. Write one such as 2027-01-31 23:59:00 UTC.",
                os.path.join(path, "timestamp.txt"),
            )
            return None

    coursedir.get_existing_timestamp = tolerant
