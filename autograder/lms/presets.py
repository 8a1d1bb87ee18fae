"""Whose a file in a zip of submissions is: how Canvas, Moodle and Gradescope name the files of such a zip."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import yaml  # type: ignore[import-untyped]

from autograder.lms.zips import Archive, Entry, ZipError, safe_name

METADATA = "submission_metadata.yml"


class PresetError(ValueError):
    """This is no zip of this platform; the message says what it should be."""


@dataclass(frozen=True)
class Person:
    """What a zip says of a student: words to find it by, the platform's number for the import of marks, and what to match."""

    said: str
    number: str = ""
    user: str = ""  # the platform's number of a user, as in the column lms_user_id of a list of students
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def account(self) -> object:
        """What tells people of one name apart on the platform."""
        return self.user or self.ids or self.names


@dataclass(frozen=True)
class File:
    """A file that a student handed in. version: of two files of one name the one with the higher version is newer."""

    entry: Entry
    name: str
    version: int = 0


@dataclass(frozen=True)
class Handed:
    """What a zip has of one student. version: of two submissions the one with the higher version is newer."""

    person: Person
    files: tuple[File, ...]
    version: float = 0
    at: datetime | None = None  # in UTC, where the zip says it
    late: bool = False


@dataclass
class Zipped:
    """A zip as a preset reads it: submissions, and the paths that are not named as the platform names them."""

    handed: list[Handed] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)


Preset = Callable[[Archive, Collection[str]], Zipped]


def canvas(archive: Archive, users: Collection[str]) -> Zipped:
    """Canvas, "Download Submissions": lastnamefirstname_[LATE_]USER_ATTACHMENT_name.ipynb; -1, -2 … after a name is Canvas's.

    Under anonymous grading it is anon_CODE_ATTACHMENT_name.ipynb. A text that was typed into Canvas is NAME_USER_text.html.
    users: numbers of users that the list of students has; they decide where a student's own name has numbers in it.
    """
    found: dict[Person, Handed] = {}
    zipped = Zipped()
    for entry in archive.entries:
        parts = safe_name(entry.path).split("_")
        pairs = [at for at in range(len(parts) - 2) if digits(parts[at]) and digits(parts[at + 1])]
        typed = [
            at for at in range(1, len(parts) - 1) if digits(parts[at]) and parts[at + 1] in ("text.html", "link.html")
        ]
        anonymous = parts[:1] == ["anon"] or parts[:2] == ["LATE", "anon"]
        if anonymous and len(parts) > 3 + (parts[0] == "LATE"):
            at = parts.index("anon") + 1
            person = Person(f"anon_{parts[at]}", ids=(f"anon_{parts[at]}",))
        elif pairs or typed:
            at = next((at for at in pairs if parts[at] in users), (pairs or typed)[0])
            name = "_".join(part for part in parts[:at] if part != "LATE")
            person = Person(f"{name}_{parts[at]}", parts[at], parts[at], names=(name,))
        else:
            zipped.strange.append(entry.path)
            continue
        attachment = int(parts[at + 1]) if digits(parts[at + 1]) else 0
        file = File(entry, without_counter("_".join(parts[at + 2 :]) or parts[at + 1]), attachment)
        earlier = found.get(person, Handed(person, ()))
        found[person] = Handed(
            person, (*earlier.files, file), max(earlier.version, attachment), late=earlier.late or "LATE" in parts[:at]
        )
    zipped.handed = list(found.values())
    return zipped


def moodle(archive: Archive, users: Collection[str]) -> Zipped:
    """Moodle, "Download all submissions": Full Name_PARTICIPANT_assignsubmission_file/name.ipynb, or _name.ipynb in no folder.

    Moodle before 4.1 writes assignsubmission_file_/. Under blind marking the name is Participant. Some sites add an id number
    or a user name. The zip says neither when work was handed in nor that it was late.
    """
    found: dict[Person, Handed] = {}
    zipped = Zipped()
    for entry in archive.entries:
        folder = next((part for part in entry.path.split("/") if "_assignsubmission_" in part), "")
        who, _, rest = folder.partition("_assignsubmission_")
        name, _, number = who.rpartition("_")
        if not name or not digits(number):
            zipped.strange.append(entry.path)
            continue
        own = [part for part in (*name.split("_"), *name.split()) if any(map(str.isdigit, part))]
        person = Person(
            who, number, ids=(f"{name} {number}", *own), names=tuple(dict.fromkeys((name, *name.split("_"))))
        )
        last = entry.path.rpartition("/")[2]
        file = File(entry, safe_name(rest.partition("_")[2] if last == folder else last))
        found[person] = Handed(person, (*found.get(person, Handed(person, ())).files, file))
    zipped.handed = list(found.values())
    return zipped


def gradescope(archive: Archive, users: Collection[str]) -> Zipped:
    """Gradescope, "Export Submissions": submission_NUMBER/name.ipynb, and submission_metadata.yml with names and times."""
    about = metadata(archive)
    files: dict[str, list[File]] = {}
    zipped = Zipped()
    for entry in archive.entries:
        folder = next((part for part in entry.path.split("/") if digits(part.removeprefix("submission_"))), "")
        if folder in about:
            files.setdefault(folder, []).append(File(entry, safe_name(entry.path)))
        elif not entry.path.endswith(METADATA):
            zipped.strange.append(entry.path)
    for folder, theirs in files.items():
        at = in_utc(about[folder].get(":created_at"))
        number = folder.removeprefix("submission_")
        for one in about[folder].get(":submitters") or [{}]:
            name, student, email = (str(one.get(key) or "") for key in (":name", ":sid", ":email"))
            person = Person(
                f"{name or folder} ({folder})", number, ids=tuple(filter(None, (email, student))), names=(name,)
            )
            zipped.handed.append(Handed(person, tuple(theirs), at.timestamp() if at else 0, at))
    return zipped


PRESETS: Mapping[str, Preset] = {"canvas": canvas, "moodle": moodle, "gradescope": gradescope}


def metadata(archive: Archive) -> dict[str, dict[str, Any]]:
    """What Gradescope says of each submission, by folder. Raises PresetError where it does not."""
    entry = next((one for one in archive.entries if one.path.rpartition("/")[2] == METADATA), None)
    if entry is None:
        raise PresetError(f"it has no {METADATA}, so nobody knows whose the files are")
    try:
        read = yaml.load(archive.read(entry), Loader=PlainLoader)
    except (yaml.YAMLError, ZipError, ValueError, RecursionError) as error:
        raise PresetError(f"its {METADATA} is damaged") from error
    return {str(key): one for key, one in read.items() if isinstance(one, dict)} if isinstance(read, dict) else {}


class PlainLoader(yaml.CSafeLoader):  # type: ignore[misc]
    """YAML as plain data: Gradescope writes Ruby's classes into it, which are read as nothing."""


PlainLoader.add_multi_constructor("!", lambda loader, suffix, node: None)


def read_zip(name: str, archive: Archive, users: Collection[str]) -> Zipped:
    """What a preset reads of a zip. Raises PresetError where nothing in it is named as the platform does."""
    try:
        zipped = PRESETS[name](archive, users)
    except PresetError as error:
        raise PresetError(f"{error}{perhaps(name, archive)}") from None
    if not zipped.handed:
        what = f"none of its {len(archive.entries)} files" if archive.entries else "it is empty: no file"
        raise PresetError(f"{what} is named as {name} names submissions{perhaps(name, archive)}")
    return zipped


def perhaps(name: str, archive: Archive) -> str:
    """What else a zip may be, in half a sentence."""
    for other, preset in PRESETS.items():
        try:
            if other != name and preset(archive, ()).handed:
                return f"; it looks like a zip of {other}"
        except PresetError:
            continue
    return ""


def newest(handed: Handed) -> tuple[list[File], list[str]]:
    """The newest file of each name, and the names that there were older files of. Files of one version are all kept."""
    files = sorted(handed.files, key=lambda file: file.version)
    last = {file.name: file.version for file in files}
    older = [file.name for file in files if file.version < last[file.name]]
    return [file for file in files if file.version == last[file.name]], older


def without_counter(name: str) -> str:
    """A file's name without the -1, -2 … that Canvas adds when a student uploads a file of that name again."""
    stem, dot, suffix = name.rpartition(".")
    base, _, counter = stem.rpartition("-")
    return f"{base}{dot}{suffix}" if base and digits(counter) else name


def digits(text: str) -> bool:
    """Whether a text is a number as the platforms write it."""
    return text.isascii() and text.isdigit()


def in_utc(at: Any) -> datetime | None:
    """A date of the metadata without its time zone."""
    if not isinstance(at, datetime):
        return None
    return at.astimezone(UTC).replace(tzinfo=None, microsecond=0) if at.tzinfo else at.replace(microsecond=0)
