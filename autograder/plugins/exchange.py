"""nbgrader's exchange for a shared machine: nobody hands in for somebody else, and feedback goes where it can be fetched."""

from __future__ import annotations

import glob
import os
import pwd
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from nbgrader.exchange.default import (
    Exchange,
    ExchangeCollect,
    ExchangeReleaseAssignment,
    ExchangeReleaseFeedback,
)
from nbgrader.utils import temp_attrs

from autograder.grading.words import listed
from autograder.plugins.converters import RELEASING
from autograder.plugins.names import unknown_assignment
from autograder.typed import typed

SLACK = timedelta(minutes=10)  # between a timestamp.txt and the moment at which the file was written

Record = Mapping[str, Any]


class CheckedFirst(Exchange):  # type: ignore[misc]
    """Refuses a name that the course does not have, and a course without an exchange, before anything else is looked at."""

    without = ""  # what to do by hand where there is no exchange

    def start(self) -> None:
        """Exchange, or say in one sentence why not."""
        if unknown := unknown_assignment(self.coursedir):
            self.fail(unknown)
        if not self.coursedir.course_id:
            by_hand = self.without.format(self.coursedir.assignment_id)
            self.fail(f"This course has no exchange, so {by_hand}. To set one up: docs/operator.md, The exchange.")
        super().start()


class ReleaseAssignment(CheckedFirst, ExchangeReleaseAssignment):  # type: ignore[misc]
    """nbgrader's own."""

    without = "nothing was released: give each student the folder release/{} yourself"


class Collect(CheckedFirst, ExchangeCollect):  # type: ignore[misc]
    """Leaves what one user handed in under another's name, and says where a date may be invented.

    Students own their folders in inbound/, so they can name them as they like and write any date into timestamp.txt. Where
    student ids are no users of this machine, as on many hubs, neither can be told: then all is as in nbgrader.
    """

    without = "nothing was collected: put the work into submitted/STUDENT/{} yourself"
    src_records: list[Record]

    def init_src(self) -> None:
        """Find the latest submission of everybody."""
        super().init_src()
        self.src_records = [record for record in self.src_records if not self.forged_by(record)]
        for record in self.src_records:
            self.say_if_backdated(os.path.join(self.inbound_path, record["filename"]))

    def _sort_by_timestamp(self, records: Sequence[Record]) -> list[Record]:
        """Newest first, without what somebody else handed in."""
        for record in records:
            if owner := self.forged_by(record):
                self.log.error(
                    "Not collected: %s claims to be %s's, but belongs to %s.",
                    os.path.join(self.inbound_path, record["filename"]),
                    record["username"],
                    owner,
                )
        genuine = [record for record in records if not self.forged_by(record)]
        return list(super()._sort_by_timestamp(genuine or records))

    def forged_by(self, record: Record) -> str:
        """The user who handed this in for another user of this machine; "" where it is all right."""
        user = os.stat(os.path.join(self.inbound_path, record["filename"])).st_uid
        try:
            claimed, owner = pwd.getpwnam(record["username"]), pwd.getpwuid(user).pw_name
        except KeyError:
            return ""
        return owner if self.check_owner and claimed.pw_uid != user else ""

    def say_if_backdated(self, folder: str) -> None:
        """Warn where timestamp.txt was written long after the date that it gives; a user cannot set that time."""
        path = os.path.join(folder, "timestamp.txt")
        try:
            said, written = self.coursedir.get_existing_timestamp(folder), os.stat(path).st_ctime
        except (OSError, ValueError, AttributeError, OverflowError):
            return  # autograde says what is wrong with it
        at = datetime.fromtimestamp(written, UTC).replace(tzinfo=None)
        if said is not None and at - said.replace(tzinfo=None) > SLACK:
            self.log.warning("%s gives %s UTC, but was written at %s UTC: perhaps late.", path, said, f"{at:%F %T}")


class ReleaseFeedback(CheckedFirst, ExchangeReleaseFeedback):  # type: ignore[misc]
    """Skips students whose work did not come through the exchange, which could not show them a page anyway."""

    without = "nothing was released: give each student their page from feedback/STUDENT/{} yourself"

    def init_src(self) -> None:
        """Find the pages, or end the command before it makes a folder in the exchange."""
        super().init_src()
        if not glob.glob(os.path.join(self.src_path, "*.html")):
            name = self.coursedir.assignment_id
            command = typed(f"nbgrader generate_feedback {name}")
            self.fail(f"There is no feedback page of {name} to release. Run `{command}` first.")

    def copy_files(self) -> None:
        """Copy the pages of everybody who handed in through the exchange; name the others."""
        folders = [os.path.dirname(page) for page in glob.glob(os.path.join(self.src_path, "*.html"))]
        by_hand = sorted(
            {
                os.path.basename(os.path.dirname(folder))
                for folder in folders
                if not all(os.path.isfile(os.path.join(folder, name)) for name in RELEASING)
            }
        )
        if by_hand:
            self.log.warning(
                "Not released through the exchange, because the work was not handed in through it: %s. Give these students "
                "their pages from %s yourself.",
                listed(by_hand),
                self.coursedir.feedback_directory,
            )
        exclude = ",".join(filter(None, [self.coursedir.student_id_exclude, *by_hand]))
        with temp_attrs(self.coursedir, student_id_exclude=exclude):
            super().copy_files()
        released = sorted({os.path.basename(os.path.dirname(folder)) for folder in folders} - set(exclude.split(",")))
        self.log.info(
            "%s: feedback of %d released (%s) to %s. They get it with `nbgrader fetch_feedback %s`.",
            self.coursedir.assignment_id,
            len(released),
            listed(released) or "nobody",
            self.dest_path,
            self.coursedir.assignment_id,
        )
        for page in glob.glob(os.path.join(self.dest_path, "*.html")):
            if os.stat(page).st_uid == os.getuid():
                os.chmod(page, 0o644)  # students read it, whatever the course directory's own rights are
