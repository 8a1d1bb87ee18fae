"""Which student of the gradebook a zip means: by the platform's number, then by id or address, then by name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from autograder.grading.handed_in import shown
from autograder.grading.words import listed
from autograder.lms.presets import Person


class UnknownStudentError(LookupError):
    """No student of the list, or more than one, is meant; the message says so."""


class Roster:
    """The list of students, as nbgrader's gradebook has it."""

    def __init__(self, students: Iterable[Any]) -> None:
        self.users: dict[str, str] = {}
        self.ids: dict[str, set[str]] = {}
        self.names: dict[str, set[str]] = {}
        self.number_of: dict[str, str] = {}
        for student in students:
            first, last = student.first_name or "", student.last_name or ""
            if student.lms_user_id:
                self.users[student.lms_user_id] = student.id
                self.number_of[student.id] = student.lms_user_id
            for id in filter(None, (student.id, student.email)):
                self.ids.setdefault(plain(id), set()).add(student.id)
            for name in (f"{first}{last}", f"{last}{first}"):
                self.names.setdefault(plain(name), set()).add(student.id)
        self.names.pop("", None)

    def find(self, person: Person) -> str:
        """The student's id. Raises UnknownStudentError."""
        if person.user in self.users:
            return self.users[person.user]
        for table, asked in ((self.ids, person.ids), (self.names, person.names)):
            found = set().union(*(table.get(plain(one), set()) for one in asked))
            if person.user:  # somebody of this name whom the platform knows by another number is another person
                found = {student for student in found if self.number_of.get(student, person.user) == person.user}
            if len(found) == 1:
                return found.pop()
            if found:
                raise UnknownStudentError(
                    f"{shown(person.said)} may be {listed(sorted(found))}; set lms_user_id in the list of students"
                )
        raise UnknownStudentError(f"{shown(person.said)} is nobody in the list of students")


def plain(text: str) -> str:
    """A name without what programs change about it: case, spaces, signs, and how an accent is written."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
