"""Which student of the gradebook a zip means: by the platform's number, then by id or address, then by name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
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
        """The student's id. Raises UnknownStudentError, also where number and name are of two students."""
        by_id = self.looked_up(self.ids, person.ids)
        by_name = self.looked_up(self.names, person.names)
        if person.user in self.users:
            by_id = {self.users[person.user]}
        elif person.user:  # somebody of this name whom the platform knows by another number is another person
            by_name -= self.number_of.keys()
        found = by_id or by_name
        if by_id and by_name and not by_id & by_name:
            found = by_id | by_name
        if len(found) == 1:
            return found.pop()
        if found:
            raise UnknownStudentError(f"{shown(person.said)} may be {listed(sorted(found))} in the list of students")
        raise UnknownStudentError(f"{shown(person.said)} is nobody in the list of students")

    @staticmethod
    def looked_up(table: Mapping[str, set[str]], asked: Iterable[str]) -> set[str]:
        """The students whom a table has under any of these."""
        return set().union(*(table.get(plain(one), set()) for one in asked))


def plain(text: str) -> str:
    """A name without what programs change about it: case, spaces, signs, and how an accent is written."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
