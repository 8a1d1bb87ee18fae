"""Puts the submissions of a learning platform's zip into submitted/, each into the folder of its student.

Nothing is lost: what a newer submission replaces is moved to downloaded/ASSIGNMENT/replaced/, and what cannot be collected is
named and stays in the zip. Run again, it changes only what has changed.
"""

from __future__ import annotations

import json
import pathlib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from autograder.grading.files import MAX_FILE, files_below, read_file
from autograder.grading.handed_in import shown
from autograder.grading.words import listed
from autograder.lms.presets import Handed, PresetError, newest, read_zip
from autograder.lms.roster import Roster, UnknownStudentError
from autograder.lms.zips import Archive, ZipError, opened
from autograder.plugins.names import unknown_assignment
from autograder.typed import typed

STAMP = "timestamp.txt"


class CollectError(LookupError):
    """Nothing can be collected; the message says why and what to do."""


@dataclass
class Collected:
    """What was done, by student; problems are sentences on what needs a look, notes on what was decided."""

    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def lines(self, assignment: str) -> list[str]:
        """The result, then what to look at."""
        counts = {"collected": self.new, "replaced by a newer one": self.replaced, "unchanged": self.unchanged}
        done = ", ".join(f"{len(who)} {what}" for what, who in counts.items() if who) or "nothing collected"
        late = f"; {len(self.late)} late: {listed(self.late)}" if self.late else ""
        return [f"{assignment}: {done}{late}.", *self.problems, *self.notes]


def collect(coursedir: Any, preset: str, path: pathlib.Path) -> Collected:
    """Collect the zip of a platform for coursedir.assignment_id. Raises CollectError, before anything is written."""
    assignment = coursedir.assignment_id
    if unknown := unknown_assignment(coursedir):
        raise CollectError(unknown)
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        roster = Roster(gradebook.students)
        ends = due_dates(gradebook, assignment)
    if not roster.ids:
        command = typed("nbgrader db student import students.csv")
        raise CollectError(
            f"The gradebook has no students, so nobody knows whose the files are. Import them: `{command}`."
        )
    try:
        with opened(path) as archive:
            return Collection(coursedir, preset, archive, roster, ends).run()
    except (ZipError, PresetError) as error:
        raise CollectError(f"{path} cannot be collected: {error}.") from error


def due_dates(gradebook: Gradebook, assignment: str) -> dict[str, datetime]:
    """When the work of each student is due, extensions counted; under "" when everybody's is. Empty without a due date."""
    try:
        found = gradebook.find_assignment(assignment)
    except MissingEntry:
        return {}
    if found.duedate is None:
        return {}
    longer = {one.student_id: found.duedate + one.extension for one in found.submissions if one.extension}
    return {"": found.duedate, **longer}


class Collection:
    """One run over one zip."""

    def __init__(
        self, coursedir: Any, preset: str, archive: Archive, roster: Roster, ends: Mapping[str, datetime]
    ) -> None:
        self.coursedir, self.preset, self.archive, self.roster, self.ends = coursedir, preset, archive, roster, ends
        self.folder = download_folder(coursedir)
        self.known = read_numbers(coursedir, preset)
        self.done = Collected()

    def run(self) -> Collected:
        """Collect everybody."""
        zipped = read_zip(self.preset, self.archive, self.roster.users)
        if zipped.strange:
            self.done.problems.append(
                f"Not collected, because {self.preset} does not name submissions so: {listed([*map(shown, zipped.strange)], 5)}."
            )
        for student, handed in sorted(self.matched(zipped.handed).items()):
            try:
                self.student(student, handed)
            except OSError as error:
                self.done.problems.append(
                    f"{student}: not collected: {error.strerror or error}. Run this command again."
                )
        if self.archive.outside:
            self.done.problems.append(
                f"Not collected, because it leads out of the zip: {listed([*map(shown, self.archive.outside)], 5)}."
            )
        write_numbers(self.coursedir, self.preset, self.known)
        return self.done

    def matched(self, everything: Iterable[Handed]) -> dict[str, Handed]:
        """The newest submission of each student; none where two people of the platform would be one student."""
        theirs: dict[str, Handed] = {}
        doubtful: dict[str, set[str]] = {}
        for handed in sorted(everything, key=lambda one: one.version):
            try:
                student = self.roster.find(handed.person)
            except UnknownStudentError as error:
                self.done.problems.append(f"{error}: not collected. Correct the list, then run this command again.")
                continue
            earlier = theirs.get(student)
            if earlier is not None and earlier.person.account != handed.person.account:
                doubtful.setdefault(student, set()).update(map(shown, (earlier.person.said, handed.person.said)))
            elif earlier is not None:
                self.done.notes.append(f"{student}: several submissions are in the zip; the newest is collected.")
            theirs[student] = handed
        for student, people in doubtful.items():
            del theirs[student]
            self.done.problems.append(
                f"{student}: not collected, since {listed(sorted(people))} have one name. Put one of them into "
                f"{submitted_folder(self.coursedir, student)} yourself."
            )
        return theirs

    def student(self, student: str, handed: Handed) -> None:
        """Collect one student's files. Raises OSError."""
        earlier = self.known.get(student, {})
        if handed.version < float(earlier.get("version", 0)):
            self.done.notes.append(f"{student}: a newer submission was collected before; it is kept.")
            self.done.unchanged.append(student)
            return
        files = self.contents(student, handed)
        if not files:
            self.done.problems.append(f"{student}: nothing could be collected.")
            return
        at = self.handed_in_at(student, handed)
        if at is not None:
            files[STAMP] = f"{at} UTC\n".encode()
        if at is not None and self.ends and at > self.ends.get(student, self.ends[""]):
            self.done.late.append(student)
        self.place(student, files)
        self.known[student] = {"number": handed.person.number, "version": str(handed.version)}

    def contents(self, student: str, handed: Handed) -> dict[str, bytes]:
        """The notebooks that a student handed in, by name; without any, all files, so that grading says what there was."""
        files, older = newest(handed)
        if older:
            self.done.notes.append(f"{student}: older files of {listed(sorted(set(older)))} are left in the zip.")
        notebooks: dict[str, bytes] = {}
        others: dict[str, bytes] = {}
        for file in files:
            try:
                if file.name.endswith(".zip"):
                    for name, data in self.archive.notebooks_inside(file.entry):
                        notebooks[unused(name, notebooks)] = data
                elif file.name.endswith(".ipynb"):
                    notebooks[unused(file.name, notebooks)] = self.archive.read(file.entry)
                    continue
                others[unused(file.name, others)] = self.archive.read(file.entry)
            except ZipError as error:
                self.done.problems.append(f"{student}: {file.name} is not collected: {error}.")
        others.pop(STAMP, None)  # nobody dates their own work
        if not notebooks:
            held = listed(sorted(others)) or "nothing that can be read"
            self.done.problems.append(f"{student}: no notebook was handed in, but {held}.")
            return others
        if strange := sorted(name for name in others if not name.endswith(".zip")):
            self.done.notes.append(f"{student}: {listed(strange)} is no notebook and is left in the zip.")
        if len(notebooks) > 1:
            self.done.problems.append(
                f"{student}: {len(notebooks)} notebooks, {listed(sorted(notebooks))}; grading takes one."
            )
        return notebooks

    def handed_in_at(self, student: str, handed: Handed) -> datetime | None:
        """When it was handed in, as far as the zip says it. Canvas says only that it was late: then a second too late."""
        if handed.at is not None or not handed.late:
            return handed.at
        if self.ends:
            return self.ends.get(student, self.ends[""]) + timedelta(seconds=1)
        command = typed(f'nbgrader db assignment add {self.coursedir.assignment_id} --duedate="…"')
        self.done.problems.append(
            f"{student}: marked late by {self.preset}, but the assignment has no due date. Run `{command}`, then this again."
        )
        return None

    def place(self, student: str, files: Mapping[str, bytes]) -> None:
        """Write a submission's folder, whole or not at all; an earlier one is moved away, not deleted. Raises OSError."""
        folder = submitted_folder(self.coursedir, student)
        there = folder.is_dir() and any(folder.iterdir())
        if there and same(folder, files):
            self.done.unchanged.append(student)
            return
        draft = folder.with_name(f".{folder.name}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            for name, data in files.items():
                (draft / name).write_bytes(data)
            if there:
                kept = self.folder / "replaced" / student
                kept.mkdir(parents=True, exist_ok=True)
                shutil.move(folder, kept / str(1 + len(list(kept.iterdir()))))
            elif folder.is_dir():
                folder.rmdir()
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        (self.done.replaced if there else self.done.new).append(student)


def submitted_folder(coursedir: Any, student: str) -> pathlib.Path:
    """submitted/STUDENT/ASSIGNMENT."""
    return pathlib.Path(coursedir.format_path(coursedir.submitted_directory, student, coursedir.assignment_id))


def same(folder: pathlib.Path, files: Mapping[str, bytes]) -> bool:
    """Whether a folder has these files and no other."""
    there = files_below(folder)
    return (
        not there.odd
        and set(there.files) == set(files)
        and all(read_file(folder, name, MAX_FILE) == data for name, data in files.items())
    )


def unused(name: str, taken: Mapping[str, bytes]) -> str:
    """The name, or one like it that is not taken."""
    stem, dot, suffix = name.rpartition(".")
    count = 1
    while name in taken:
        count += 1
        name = f"{stem} ({count}){dot}{suffix}"
    return name


# ---- the platform's numbers of those whose work was collected: its import of marks asks for them ------------------------


def download_folder(coursedir: Any) -> pathlib.Path:
    """downloaded/ASSIGNMENT, where nbgrader's zip_collect, too, keeps what came from a platform."""
    return pathlib.Path(coursedir.root, "downloaded", coursedir.assignment_id)


def read_numbers(coursedir: Any, preset: str) -> dict[str, dict[str, str]]:
    """By student: the platform's number of the student or the submission, and the version that was collected."""
    try:
        found = json.loads((download_folder(coursedir) / f"{preset}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_numbers(coursedir: Any, preset: str, numbers: Mapping[str, Mapping[str, str]]) -> None:
    """Keep them for the next zip, and for the export of marks."""
    folder = download_folder(coursedir)
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{preset}.json"
    draft.write_text(json.dumps(numbers, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(folder / f"{preset}.json")
