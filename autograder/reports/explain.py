"""Says why one mark is what it is, for appeals: a function is graded once more, an answer's mark is looked up."""

from __future__ import annotations

import os
import pathlib
from itertools import groupby
from typing import Any

from rich.console import Console

from autograder.course.points import closest
from autograder.grading.next_words import explained, next_step
from autograder.grading.results import CheckResult, FlagKind, FunctionResult, SubmissionResult
from autograder.grading.words import fix_first
from autograder.grading.words import said as said_of
from autograder.plugins.course_files import Folder, course_directory, folders, notebook_of
from autograder.plugins.graded import Graded, graded_cells, read_graded, read_notebook
from autograder.plugins.names import closest_students, known_assignments, misplaced
from autograder.reports.class_data import changed_since
from autograder.reports.gradebook import HandMark, MarkState, comment_on, open_gradebook, read_records
from autograder.reports.layout import paragraph
from autograder.typed import typed

OF_THE_FILE = (FlagKind.UNREADABLE, FlagKind.TWO_NOTEBOOKS, FlagKind.OTHER_ASSIGNMENT)  # why every function may have 0


def explain(root: pathlib.Path, student: str, name: str, console: Console, assignment: str = "") -> bool:
    """Print why a student has this mark for a function or answer; return whether the mark stands.

    A function is graded again from what was handed in, with the seed it was graded with; nothing is written. A mark that
    a person gave always stands. Raises LookupError where there is no such mark, with what to do.
    """
    coursedir = course_directory(root)
    recorded = find(coursedir, student, name, assignment)
    if name in recorded.by_hand:
        explain_answer(coursedir, recorded, name, console)
        return True
    return explain_function(coursedir, recorded, name.removeprefix("test_"), console)


def find(coursedir: Any, student: str, name: str, assignment: str) -> Graded:
    """The graded submission that has this function or answer."""
    submitted = folders(coursedir, "submitted_directory", student=student)
    autograded = folders(coursedir, "autograded_directory", student=student)
    theirs = sorted({f.assignment for f in (*submitted, *autograded)} & {*known_assignments(coursedir)})
    lost = [one.sentence for one in misplaced(coursedir) if one.student == student]
    if not theirs:
        raise LookupError(" ".join(lost) or unknown_student(coursedir, student))
    if assignment and assignment not in theirs:
        said = f"{student} has handed in no {assignment}. {student} has handed in {', '.join(theirs)}."
        raise LookupError(" ".join([said, *lost]))
    results = {f.assignment: read_graded(f) for f in autograded}
    asked = {a: names_in(coursedir, a, results.get(a)) for a in ([assignment] if assignment else theirs)}
    holders = [a for a, known in asked.items() if name in known]
    if not holders:
        known = sorted({one.removeprefix("test_") for names in asked.values() for one in names})
        said = f"No function or answer of {', '.join(asked)} is named {name}; {closest(name, known)}."
        raise LookupError(" ".join([said, *lost]))
    if len(holders) > 1:
        commands = " or ".join(f"`{typed(f'autograder explain {student} {name} --assignment {a}')}`" for a in holders)
        raise LookupError(f"{name} is in {' and in '.join(holders)}. Say which one you mean: run {commands}.")
    graded = results.get(holders[0])
    if graded is None:
        why = "is half graded: grading was interrupted" if holders[0] in results else "is handed in, but not graded"
        raise LookupError(f"{holders[0]} of {student} {why}. Run `{typed(f'nbgrader autograde {holders[0]}')}` first.")
    if name not in names_of(graded):
        raise LookupError(
            f"{name} was added to {holders[0]} after {student} was graded. "
            f"Run `{typed(f'nbgrader autograde {holders[0]}')}` again."
        )
    return graded


def unknown_student(coursedir: Any, student: str) -> str:
    """What to say of a student without any submission."""
    with open_gradebook(coursedir) as gradebook:
        registered = {s.id for s in gradebook.students} if gradebook is not None else set()
    if student in registered:
        return f"{student} has handed in nothing: there is no folder {coursedir.submitted_directory}/{student}."
    steps = ("submitted_directory", "autograded_directory")
    known = registered | {f.student for step in steps for f in folders(coursedir, step)}
    if not known:
        return f"No graded submission of {student}: nothing is handed in in {coursedir.root}."
    return f"No graded submission of {student}: there is no student of that name; {closest_students(student, known)}."


def names_in(coursedir: Any, assignment: str, graded: Graded | None) -> set[str]:
    """What may be asked about in an assignment, by its source or release notebook and by this graded submission."""
    found = names_of(graded) if graded else set()
    for step in ("source_directory", "release_directory"):
        for name, _ in graded_cells(read_notebook(notebook_of(coursedir, step, assignment))):
            found |= {name, name.removeprefix("test_")}
    return found


def names_of(graded: Graded) -> set[str]:
    """The functions, their test cells, and the answers that a person marks."""
    functions = graded.result.functions
    return {*functions, *(f"test_{name}" for name in functions), *graded.by_hand}


def explain_function(coursedir: Any, recorded: Graded, name: str, console: Console) -> bool:
    """Grade a submission once more and print every check of one function."""
    student, assignment = recorded.student, recorded.result.assignment
    again = grade_again(coursedir, recorded)
    result, before = again.functions[name], recorded.result.functions[name]
    overruled = mark_of(coursedir, recorded, f"test_{name}")
    by_hand = overruled.points if overruled is not None else None
    points, machine = f"of {result.max_points:g} points", f"{result.points:g}"
    counts = (
        f"{machine} {points}"
        if by_hand is None
        else f"{by_hand:g} {points}, set by hand. The autograder gives {machine}"
    )
    paragraph(console, f"{student}, {assignment}, {name}: {counts}.", style="bold")
    for flag in recorded.result.looks:
        if flag.kind in OF_THE_FILE:
            paragraph(console, flag.reason, indent=2)
    print_checks(result, console)
    for repair in recorded.result.repairs:
        paragraph(console, f"Repaired: {repair}", indent=2)
    whose = "The recorded mark" if by_hand is None else "The autograder's recorded mark"
    if result.points == before.points:
        paragraph(console, f"{whose} is the same.")
        return True
    paragraph(
        console,
        f"{whose} is {before.points:g}. Grade the submission again: "
        f"`nbgrader autograde {assignment} --student {student} --force`.",
    )
    return False


def print_checks(result: FunctionResult, console: Console) -> None:
    """Every check of a function with its share of the points, and what it found; the same of several is said once."""
    if result.fix_first:
        paragraph(console, fix_first(result), indent=2)
    total = sum(check.weight for check in result.checks) or 1.0
    groups: dict[tuple[str, ...], list[CheckResult]] = {}
    for check in result.checks:
        groups.setdefault(tuple(lines_on(check)), []).append(check)
    for found, checks in groups.items():
        for check in checks:
            worth = result.max_points * check.weight / total
            paragraph(console, f"{worth * check.share:.2f} of {worth:.2f}  {check.title}", indent=2, hang=4)
        for line in found:
            paragraph(console, line, indent=6)
    for note in dict.fromkeys(note for check in result.checks for note in check.notes):
        paragraph(console, f"note: {note}", indent=2)
    for parts in explained(result.mistakes):
        paragraph(console, "".join(text for text, _ in parts), indent=2)
    if result.clue is not None:
        paragraph(console, next_step(result), indent=2)


def lines_on(check: CheckResult) -> list[str]:
    """What a check found, a line for the right arrays and one for those that are wrong in the same way."""
    wrong = groupby(sorted(check.off, key=lambda array: array.sentence), key=lambda array: array.sentence)
    right = [array.name for array in check.arrays if array.ok]
    lines = [said_of(check), f"right: {', '.join(right)}" if right else ""]
    lines += [f"{', '.join(array.name for array in arrays)}: wrong: {sentence}" for sentence, arrays in wrong]
    return [line for line in lines if line]


def grade_again(coursedir: Any, recorded: Graded) -> SubmissionResult:
    """The results of grading what was handed in once more, with the seed of the recorded mark; nothing is written.

    Raises LookupError where the submission, the assignment or the seed is not the recorded one, or nothing can be graded.
    """
    from autograder.course.seed import SeedError
    from autograder.course.settings import CourseError
    from autograder.grading.executor import GradingError
    from autograder.grading.handed_in import HandedIn
    from autograder.plugins.grading import close_executor, shared_executor

    student, assignment = recorded.student, recorded.result.assignment
    root = pathlib.Path(coursedir.root)
    submitted = folders(coursedir, "submitted_directory", student, assignment)
    try:
        refuse_other_inputs(coursedir, recorded, submitted, root)
        try:
            handed_in = HandedIn.read(submitted[0].path, f"{assignment}.ipynb")
            return shared_executor(root).submit(handed_in, assignment).result().results
        finally:
            close_executor(root)
    except (CourseError, GradingError, SeedError, OSError) as error:
        raise LookupError(f"{assignment} of {student} could not be graded again: {error}") from error


def refuse_other_inputs(coursedir: Any, recorded: Graded, submitted: list[Folder], root: pathlib.Path) -> None:
    """Raise where grading again would not repeat what was recorded: another seed, another file, another assignment."""
    from autograder.course.seed import FILE, VARIABLE, course_seed, fingerprint

    student, assignment = recorded.student, recorded.result.assignment
    if not submitted:
        raise LookupError(
            f"What {student} handed in of {assignment} is gone, so it cannot be graded again. Restore it."
        )
    has_seed = bool(os.environ.get(VARIABLE)) or (root / FILE).exists()  # otherwise a new one would be made
    if recorded.result.seed and not (has_seed and fingerprint(course_seed(root)) == recorded.result.seed):
        raise LookupError(
            f"{assignment} of {student} was graded with another course seed than {VARIABLE} or {FILE} now gives. Restore "
            "the old seed: other hidden inputs could not explain this mark."
        )
    if changed_since(coursedir, [recorded], submitted):
        raise LookupError(
            f"What {student} handed in, or {assignment} itself, has changed since it was graded. "
            f"Run `{typed(f'nbgrader autograde {assignment}')}` first."
        )


def explain_answer(coursedir: Any, recorded: Graded, name: str, console: Console) -> None:
    """Print the mark that a person gave an answer, the comment, and where the rubric is."""
    student, assignment = recorded.student, recorded.result.assignment
    mark = mark_of(coursedir, recorded, name)
    head = f"{student}, {assignment}, {name}:"
    paragraph(console, f"{head} {'not in the gradebook' if mark is None else said(mark)}.", style="bold")
    if mark is None:
        paragraph(
            console,
            f"A person marks this answer. Run `{typed(f'nbgrader autograde {assignment}')}` to record it.",
            indent=2,
        )
    elif mark.state is MarkState.WAITING:
        paragraph(console, "A person marks this answer: open it in the formgrader, under Manual Grading.", indent=2)
    elif mark.state is MarkState.NO_ANSWER:
        paragraph(console, "The cell is as it was given out.", indent=2)
    comment = comment_on(coursedir, assignment, student, name)
    if comment:
        paragraph(console, f"Comment: {comment}", indent=2)
    elif mark is not None and mark.points is not None:
        paragraph(console, "There is no comment.", indent=2)
    paragraph(console, rubric_of(coursedir, assignment, name), indent=2)


def said(mark: HandMark) -> str:
    """A mark in a few words."""
    if mark.state is MarkState.WAITING:
        return f"not marked yet, of {mark.max_points:g} points"
    points = f"{mark.points or 0:g} of {mark.max_points:g} points"
    return {
        MarkState.MARKED: f"{points}, marked by hand",
        MarkState.REVIEW: f"{points}, marked by hand; it was graded again since, so look at it once more",
        MarkState.NO_ANSWER: f"{points}, no answer",
    }[mark.state]


def mark_of(coursedir: Any, recorded: Graded, name: str) -> HandMark | None:
    """What the gradebook has of one cell; None where there is no gradebook, or it does not know the cell."""
    records = read_records(coursedir, recorded.result.assignment)
    marks = records.marks if records else ()
    return next((m for m in marks if (m.student, m.answer) == (recorded.student, name)), None)


def rubric_of(coursedir: Any, assignment: str, name: str) -> str:
    """Where the rubric of an answer is."""
    from autograder.course.settings import load_course
    from autograder.plugins.rubrics import rubrics

    path = load_course(pathlib.Path(coursedir.root)).assignment(assignment).rubric
    if name not in rubrics(path):
        return f"There is no rubric for it: {path} has no section {name}."
    here = pathlib.Path.cwd()
    return f"Rubric: {path.relative_to(here) if path.is_relative_to(here) else path}, section {name}."
