"""The marks of a submission as its feedback page tells them: points from the gradebook, and what happened in a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    SubmittedAssignment,
    SubmittedNotebook,
)

from autograder.grading.results import FlagKind, SubmissionResult
from autograder.grading.words import FAULT, ended_early, extent, joined, number, what_happened
from autograder.plugins.markdown import markdown_html

NOT_TOLD = (
    FlagKind.UNREADABLE,
    FlagKind.HINT,
    FlagKind.NO_RETURN,
    FlagKind.OTHER_NAME,
)  # said elsewhere, or not at all


@dataclass(frozen=True)
class Mark:
    """What the gradebook has for one graded cell. None: nobody has given that mark."""

    most: float
    auto: float | None = None
    manual: float | None = None
    extra: float = 0.0

    @property
    def points(self) -> float | None:
        """The points that count, as nbgrader adds them up; None where there are none yet."""
        given = self.auto if self.manual is None else self.manual
        return None if given is None else given + self.extra


@dataclass(frozen=True)
class Row:
    """A line of the table on top, and the head of the cell that it leads to."""

    name: str
    place: str
    is_function: bool
    mark: Mark
    state: str  # "right", "partly", "wrong" or "open"
    words: str  # what happened, in a line
    note: str  # what of it the cell itself does not say
    comment: Markup

    @property
    def points(self) -> str:
        """The points in words."""
        return f"{number(self.mark.points)} of {number(self.mark.most)}"


@dataclass(frozen=True)
class Marks:
    """What the gradebook has for a submitted notebook: marks and a person's comments by cell, and the penalty."""

    marks: Mapping[str, Mark] = field(default_factory=dict)
    comments: Mapping[str, str | None] = field(default_factory=dict)
    late_penalty: float = 0.0


def marks_of(gradebook: Gradebook, assignment: str, student: str = "") -> dict[str, Marks]:
    """The marks of one student, or of everybody, by student: each kind in one query."""
    wanted = [Assignment.name == assignment, *([SubmittedAssignment.student_id == student] if student else [])]

    def rows(*columns: Any) -> Any:
        query = gradebook.db.query(SubmittedAssignment.student_id, *columns).select_from(SubmittedNotebook)
        joined = query.join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        return joined.join(Assignment, SubmittedAssignment.assignment_id == Assignment.id).filter(*wanted)

    penalties = rows(SubmittedNotebook.late_submission_penalty)
    found = {who: Marks({}, {}, penalty or 0.0) for who, penalty in penalties}
    columns = (Grade.max_score, Grade.auto_score, Grade.manual_score, Grade.extra_credit)
    for who, name, most, auto, by_hand, extra in rows(BaseCell.name, *columns).join(Grade).join(Grade.cell):
        found[who].marks[name] = Mark(most, auto, by_hand, extra or 0.0)  # type: ignore[index]
    for who, name, comment in rows(BaseCell.name, Comment.manual_comment).join(Comment).join(Comment.cell):
        found[who].comments[name] = comment  # type: ignore[index]
    return found


def table(
    nb: Any, marks: Mapping[str, Mark], comments: Mapping[str, str | None], results: SubmissionResult
) -> Iterator[Row]:
    """A row for every graded cell, in the order of the notebook."""
    for cell in nb["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        place = meta.get("grade_id", "")
        if place not in marks or not (meta.get("grade") or meta.get("task")):
            continue
        mark, name = marks[place], place.removeprefix("test_")
        result = results.functions.get(name) if is_result(cell) else None
        if results.unreadable and mark.manual is None:
            words, note = "not graded: see above", ""
        elif is_result(cell):
            note = changed_by_hand(mark)
            words = joined(what_happened(result) if result else "", note)
        else:
            words = note = how_marked(mark)
        comment = comments.get(name) or comments.get(place) or ""
        yield Row(name, place, is_result(cell), mark, state(mark), words, note, Markup(markdown_html(comment)))


def state(mark: Mark) -> str:
    """How much of the points was reached, in a word."""
    return "open" if mark.points is None else extent(mark.points, mark.most)


def changed_by_hand(mark: Mark) -> str:
    """What a person changed about a mark of the autograder."""
    by_hand = "" if mark.manual is None else f"marked by hand, the autograder gave {number(mark.auto)}"
    return joined(by_hand, above_maximum(mark), extra_points(mark))


def how_marked(mark: Mark) -> str:
    """How far the marking of a written answer has come."""
    if mark.points is None:
        return "not marked yet"
    marked = "no answer" if mark.manual is None and mark.auto == 0 else "marked"
    return joined(marked, above_maximum(mark), extra_points(mark))


def above_maximum(mark: Mark) -> str:
    """That a mark given by hand is above the points there are, as it may be after a change of points."""
    if mark.manual is None or mark.manual <= mark.most:
        return ""
    return f"this is more than the maximum of {number(mark.most)}, ask your teacher"


def extra_points(mark: Mark) -> str:
    """The extra points that a person gave."""
    return f"with {number(mark.extra)} extra {'point' if mark.extra == 1 else 'points'}" if mark.extra else ""


def reasons(results: SubmissionResult) -> list[str]:
    """What was out of the ordinary about the submission, but for what the page says elsewhere or only the teacher reads."""
    told = [flag for flag in results.flags if flag.kind not in NOT_TOLD]
    # what exactly failed in the grader is for the teacher: the error could repeat what it was working on
    return list(dict.fromkeys(FAULT if flag.kind is FlagKind.FAULT else flag.reason for flag in told))


def errors(nb: Any) -> list[str]:
    """A sentence where cells ended with an error, other than that of a function which is not written yet."""
    outputs = (output for cell in nb["cells"] if cell["cell_type"] == "code" for output in cell["outputs"])
    found = [o for o in outputs if o["output_type"] == "error" and o["ename"] != "NotImplementedError"]
    return [ended_early(len(found), found[0]["ename"], found[0]["evalue"])] if found else []


def is_result(cell: Any) -> bool:
    """Whether this cell's output is the autograder's: the test of a function."""
    meta = cell["metadata"].get("nbgrader", {})
    return bool(cell["cell_type"] == "code" and meta.get("grade") and not meta.get("solution"))
