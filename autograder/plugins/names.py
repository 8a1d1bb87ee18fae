"""Names that a command asks for and the course does not have: one sentence with the names that it has."""

from __future__ import annotations

import difflib
import fnmatch
import glob
import os
import pathlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.course.points import closest, these
from autograder.course.settings import build_command, load_course
from autograder.grading.words import listed
from autograder.plugins.records import source_folder
from autograder.typed import typed


@dataclass(frozen=True)
class Misplaced:
    """A notebook that no assignment is graded from. student and assignment: whose and which it may be; "" where unknown."""

    sentence: str
    student: str = ""
    assignment: str = ""


class UnknownNameError(LookupError):
    """There is nothing of the name that was asked for; the message says what there is."""


def is_folder_name(name: str) -> bool:
    """Whether a folder of a student may have this name: it stays where it is put, and a terminal shows it as it is."""
    return name not in ("", ".", "..") and "/" not in name and name.isprintable()


def source_notebooks(coursedir: Any) -> list[str]:
    """The file names of the source notebooks that are asked for. Raises UnknownNameError where there are none."""
    assignment, folder = coursedir.assignment_id, source_folder(coursedir)
    there = sorted(path.name for path in folder.glob("*.ipynb"))
    if not there:
        raise UnknownNameError(
            unknown_assignment(coursedir)
            or f"{folder} holds no notebook. Run `{build_command(pathlib.Path(coursedir.root))}` to build it."
        )
    asked = fnmatch.filter(there, f"{coursedir.notebook_id}.ipynb")
    if not asked:
        names = [name.removesuffix(".ipynb") for name in there]
        raise UnknownNameError(
            f"{assignment} has no notebook {coursedir.notebook_id}; {closest(coursedir.notebook_id, names)}."
        )
    return asked


def known_assignments(coursedir: Any) -> list[str]:
    """The assignments of the course: those of course.toml, then others that have a source notebook."""
    listed_there = list(load_course(pathlib.Path(coursedir.root)).assignments)
    source = pathlib.Path(coursedir.format_path(coursedir.source_directory, ".", "."))
    return list(dict.fromkeys([*listed_there, *sorted(path.parent.name for path in source.glob("*/*.ipynb"))]))


def unknown_assignment(coursedir: Any) -> str:
    """One sentence where the course has no assignment of the name that was asked for; otherwise ""."""
    name, known = coursedir.assignment_id, known_assignments(coursedir)
    return "" if name in known else f"There is no assignment {name} in {coursedir.root}; {closest(name, known)}."


def misplaced(coursedir: Any) -> list[Misplaced]:
    """The notebooks where a folder of a student, or of an assignment, is missing around them or misspelt."""
    student = os.path.dirname(coursedir.format_path(coursedir.submitted_directory, "*", "*"))
    found = [
        Misplaced(
            f"{path} is in no folder of an assignment, so it is not graded. Move it to one.",
            os.path.basename(os.path.dirname(path)) if folder == student else "",
        )
        for folder in (os.path.dirname(student), student)
        for path in sorted(glob.glob(os.path.join(folder, "*.ipynb")))
    ]
    known = known_assignments(coursedir)
    for path in sorted(glob.glob(os.path.join(student, "*", "*.ipynb"))):
        name, whose = os.path.basename(os.path.dirname(path)), os.path.basename(os.path.dirname(os.path.dirname(path)))
        if name not in known:
            said = (
                f"{path} is not graded: its folder {name} is no assignment; {closest(name, known)}. Rename or move it."
            )
            near = difflib.get_close_matches(name, known, 1)
            swapped = whose in known  # submitted/ASSIGNMENT/STUDENT
            found.append(Misplaced(said, name, whose) if swapped else Misplaced(said, whose, "".join(near)))
    return found


def misplaced_students(coursedir: Any, assignment: str) -> dict[str, str]:
    """Who may have handed in this assignment in a wrong folder, each with a sentence on where."""
    found = [one for one in misplaced(coursedir) if one.student and one.assignment in ("", assignment)]
    return {one.student: one.sentence for one in reversed(found)}


def not_on_list(class_list: Mapping[str, Sequence[str]], handed_in: Collection[str]) -> list[str]:
    """A sentence on each folder of a student who is not on the list of students, but nearly somebody who handed in nothing.

    class_list: by id, the names that the list has; none for a student who is not on it.
    """
    absent = [student for student, names in class_list.items() if names and student not in handed_in]
    said = []
    for student in sorted(handed_in):
        if not class_list.get(student) and (near := difflib.get_close_matches(student, absent)):
            said.append(f"{student} is not in the list of students; {these(near)}, with nothing handed in.")
    return said


def unknown_assignments(coursedir: Any, registered: Iterable[str]) -> str:
    """One sentence where the gradebook has assignments that the course does not have; otherwise ""."""
    known = known_assignments(coursedir)
    unknown = sorted(set(registered) - set(known))
    if not unknown:
        return ""
    others = f"; nor has it {', '.join(unknown[1:])}" if unknown[1:] else ""
    return (
        f"{unknown[0]} is in the gradebook, but the course has no such assignment{others}; {closest(unknown[0], known)}. "
        f"To remove it: `{typed(f'nbgrader db assignment remove {unknown[0]}')}`."
    )


def not_handed_in(coursedir: Any) -> str:
    """What to say where `nbgrader autograde` finds no folder."""
    place = coursedir.format_path(coursedir.submitted_directory, "STUDENT", coursedir.assignment_id)
    if not students_of(coursedir, coursedir.submitted_directory):
        return f"Nothing of {coursedir.assignment_id} is handed in: there is no folder {place}."
    return unknown_student(coursedir, coursedir.submitted_directory, "handed in")


def not_graded(coursedir: Any) -> str:
    """What to say where `nbgrader generate_feedback` finds no graded notebook."""
    assignment, student = coursedir.assignment_id, coursedir.student_id
    if student in students_of(coursedir, coursedir.submitted_directory):
        command = typed(f"nbgrader autograde {assignment} --student={student}")
        return f"{assignment} of {student} is handed in, but not graded. Run `{command}` first."
    if not students_of(coursedir, coursedir.autograded_directory):
        return f"Nothing of {assignment} is graded. Run `{typed(f'nbgrader autograde {assignment}')}` first."
    return unknown_student(coursedir, coursedir.autograded_directory, "graded")


def unknown_student(coursedir: Any, directory: str, done: str) -> str:
    """What to say of a student without a folder in this directory, where others have one."""
    assignment, student = coursedir.assignment_id, coursedir.student_id
    students = students_of(coursedir, directory)
    count = "1 submission is" if len(students) == 1 else f"{len(students)} submissions are"
    return (
        f"There is no folder {coursedir.format_path(directory, student, assignment)}. {count} {done}; "
        f"{closest_students(student, students)}."
    )


def students_of(coursedir: Any, directory: str) -> list[str]:
    """The students who have a folder of the assignment in this directory."""
    folders = glob.glob(coursedir.format_path(directory, "*", coursedir.assignment_id))
    return sorted(os.path.basename(os.path.dirname(folder)) for folder in folders if os.path.isdir(folder))


def closest_students(student: str, students: Iterable[str]) -> str:
    """As closest, of a class that may be too long to list."""
    everybody = sorted(students)
    near = difflib.get_close_matches(student, everybody)
    return these(near) if near else f"known names: {listed(everybody, 5)}"
