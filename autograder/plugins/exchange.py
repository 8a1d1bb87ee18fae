"""nbgrader's exchange for a shared machine: nobody hands in for somebody else, and feedback goes where it can be fetched."""

from __future__ import annotations

import errno
import glob
import os
import pwd
import shutil
import stat
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from nbgrader.exchange.default import (
    Exchange,
    ExchangeCollect,
    ExchangeReleaseAssignment,
    ExchangeReleaseFeedback,
)
from nbgrader.utils import ignore_patterns, temp_attrs

from autograder.grading.words import listed, printable
from autograder.plugins.converters import RELEASING
from autograder.plugins.dates import tolerate_timestamps
from autograder.plugins.names import closest_students, is_folder_name, unknown_assignment
from autograder.typed import typed

SLACK = timedelta(minutes=10)  # between a timestamp.txt and the moment at which the file was written
FULL = (errno.ENOSPC, errno.EDQUOT)

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
        try:
            super().start()
        except OSError as error:
            self.fail(f"Stopped: {reason(error)}. Nothing is lost: run the command again when this is corrected.")

    def do_copy(self, src: str, dest: str, log: object = None) -> None:
        """Copy a folder wholly or not at all: nobody fetches or grades half of it."""
        part = os.path.join(os.path.dirname(dest), f".{os.path.basename(dest)}.part")
        shutil.rmtree(part, ignore_errors=True)  # of a command that was killed
        try:
            self.copy_to(src, part)
            os.rename(part, dest)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def copy_to(self, src: str, dest: str) -> None:
        """nbgrader's own way to copy a folder."""
        super().do_copy(src, dest)


class ReleaseAssignment(CheckedFirst, ExchangeReleaseAssignment):  # type: ignore[misc]
    """nbgrader's own."""

    without = "nothing was released: give each student the folder release/{} yourself"


class Collect(CheckedFirst, ExchangeCollect):  # type: ignore[misc]
    """Leaves what one user handed in under another's name and what is not complete; says where a date may be invented.

    Students own their folders in inbound/, so they can name them as they like, write any date into timestamp.txt, and put
    links into them. Where student ids are no users of this machine, as on many hubs, names and dates cannot be checked.
    """

    without = "nothing was collected: put the work into submitted/STUDENT/{} yourself"
    src_records: list[Record]

    def start(self) -> None:
        """Collect; a timestamp.txt that is no date ends nothing."""
        tolerate_timestamps(self.coursedir)
        super().start()

    def init_src(self) -> None:
        """Find the latest submission of everybody."""
        super().init_src()
        self.src_records = [r for r in self.src_records if not self.refusal(r) and self.is_complete(r)]
        for record in self.src_records:
            self.say_if_backdated(self.folder(record))

    def copy_files(self) -> None:
        """Collect from everybody; at the end, name those whose folder could not be copied."""
        student = self.coursedir.student_id
        if not self.src_records and student != "*":
            folders = glob.glob(os.path.join(self.inbound_path, f"*+{self.coursedir.assignment_id}+*"))
            known = {os.path.basename(folder).split("+")[0] for folder in folders}
            self.fail(f"There is nothing of {student} to collect; {closest_students(student, known)}.")
        self.not_copied: list[str] = []
        super().copy_files()
        if self.not_copied:
            self.fail(f"Not collected: {listed(sorted(self.not_copied))}; the reasons are above.")

    def do_copy(self, src: str, dest: str, log: object = None) -> None:
        """Copy what one student handed in. What is wrong with it does not keep the others' from being collected."""
        try:
            super().do_copy(src, dest)
        except (OSError, RuntimeError) as error:  # nbgrader's RuntimeError: the folder is too large
            if isinstance(error, OSError) and error.errno in FULL:
                raise
            student = os.path.basename(os.path.dirname(dest))
            self.log.error("%s: %s was not copied: %s.", printable(student), printable(src), reason(error))
            self.not_copied.append(student)

    def copy_to(self, src: str, dest: str) -> None:
        """Copy files and folders alone. A link could name any file of the teacher's, and feedback would show it."""
        rights = stat.S_ISGID | 0o770 if self.coursedir.groupshared else 0o700
        size, most = self.get_size(src), 1000 * self.coursedir.max_dir_size
        if size > most:
            raise RuntimeError(f"it has {size} bytes, and max_dir_size allows {most}")
        ignore = ignore_patterns(self.coursedir.ignore, self.coursedir.include, self.coursedir.max_file_size, self.log)
        for folder, folders, files, here in os.fwalk(src, onerror=self.stop):
            place = os.path.normpath(os.path.join(dest, os.path.relpath(folder, src)))
            os.mkdir(place)
            os.chmod(place, rights)
            out = ignore(folder, [*folders, *files])
            folders[:] = [name for name in folders if name not in out]
            for name in files:
                if name not in out:
                    self.copy_file(name, here, os.path.join(place, name), rights & 0o660)
        if not os.path.isdir(dest):
            raise NotADirectoryError(errno.ENOTDIR, "it is not a folder", src)

    def copy_file(self, name: str, folder: int, dest: str, rights: int) -> None:
        """Copy an ordinary file of an open folder; its owner may exchange it for something else at any moment."""
        try:
            number = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            self.log.warning("%s is a link, which is not collected.", printable(dest))
            return
        with open(number, "rb") as file:
            if stat.S_ISREG(os.fstat(number).st_mode):
                with open(dest, "wb") as copy:
                    shutil.copyfileobj(file, copy)
                    os.fchmod(copy.fileno(), rights)

    def stop(self, error: OSError) -> None:
        """What os.fwalk calls where a folder cannot be read."""
        raise error

    def _path_to_record(self, path: str) -> Record:
        """nbgrader's record of a folder in inbound/, also where its name gives no date."""
        try:
            return dict(super()._path_to_record(path))
        except (ValueError, OverflowError):
            name = os.path.basename(path)
            return {"username": name.split("+")[0], "filename": name, "timestamp": datetime.min}

    def _sort_by_timestamp(self, records: Sequence[Record]) -> list[Record]:
        """Newest first, without those that are not collected."""
        for record in records:
            if why := self.refusal(record):
                self.log.error("Not collected: %s %s", printable(self.folder(record)), why)
        genuine = super()._sort_by_timestamp([record for record in records if not self.refusal(record)])
        if genuine and not self.is_complete(genuine[0]):
            self.log.error(
                "Not collected: %s is not complete. Collect again; if it stays so, ask %s to submit again.",
                printable(self.folder(genuine[0])),
                printable(genuine[0]["username"]),
            )
        return [record for record in genuine if self.is_complete(record)] or list(records)

    def folder(self, record: Record) -> str:
        """What was handed in."""
        return os.path.join(self.inbound_path, record["filename"])

    def is_complete(self, record: Record) -> bool:
        """Whether `nbgrader submit` came to its end: it writes these two files last."""
        paths = [os.path.join(self.folder(record), name) for name in RELEASING]
        return all(os.path.isfile(path) and os.path.getsize(path) > 0 for path in paths)

    def refusal(self, record: Record) -> str:
        """Why this folder is never collected; "" where it may be."""
        student = record["username"]
        if record["timestamp"] == datetime.min or not is_folder_name(student):
            return "is not named STUDENT+ASSIGNMENT+DATE+CODE."
        if not stat.S_ISDIR(os.lstat(self.folder(record)).st_mode):
            return "is not a folder."
        owner = self.forged_by(record)
        return f"claims to be {printable(student)}'s, but belongs to {owner}." if owner else ""

    def forged_by(self, record: Record) -> str:
        """The user who handed this in for another user of this machine; "" where it is all right."""
        user = os.lstat(self.folder(record)).st_uid
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
            self.log.warning(
                "%s gives %s UTC, but was written at %s UTC: perhaps late.", printable(path), said, f"{at:%F %T}"
            )


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


def reason(error: Exception) -> str:
    """What went wrong, in words: of an error of many files (shutil.Error) the first."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        source, _, said = error.args[0][0]
        return f"{source}: {said}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
