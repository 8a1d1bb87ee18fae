"""What a class did in one assignment: who is graded, marks by question, mistakes by frequency, what needs a look."""

from __future__ import annotations

import pathlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.grading.words import reason
from autograder.plugins.graded import Graded
from autograder.reports.class_data import ClassData, NotGraded, read_class, without_names
from autograder.reports.class_table import Change, Section
from autograder.reports.discrimination import discriminations
from autograder.reports.distribution import Distribution, distribution
from autograder.reports.gradebook import HandMark, Late, MarkState
from autograder.typed import typed

Said = Callable[[str], str]  # what is shown of a sentence: all of it, or all but names


@dataclass(frozen=True)
class Question:
    """One graded cell over the class: how many have it in full, in part and not at all.

    mean is over these, and None where nobody is marked yet. absent: graded before the notebook had this question. The last
    three are for answers that a person marks.
    """

    name: str
    max_points: float
    mean: float | None
    full: int
    part: int
    none: int
    by_hand: bool = False
    absent: tuple[str, ...] = ()
    no_answer: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    discrimination: float | None = None  # see discrimination.py; None where that cannot be said

    @property
    def n(self) -> int:
        """How many marks the mean is over."""
        return self.full + self.part + self.none

    @property
    def share(self) -> float:
        """Mean share of the points; 0 where nobody is marked yet."""
        return self.mean / self.max_points if self.mean is not None and self.max_points else 0.0


@dataclass(frozen=True)
class Mistake:
    """A known mistake and who made it, in which functions. reread: where to read, and what to say in class."""

    title: str
    reread: str
    functions: tuple[str, ...]
    students: tuple[str, ...]


@dataclass(frozen=True)
class ClassReport:
    """All of it, ready to be shown. Lists are by student, in the order of ids or, in an anonymous report, of numbers."""

    assignment: str
    students: tuple[str, ...]  # who is graded
    marks: Mapping[str, float]
    max_points: float
    spread: Distribution
    questions: tuple[Question, ...]
    mistakes: tuple[Mistake, ...]
    unnamed: Mapping[str, tuple[tuple[str, str], ...]]  # function -> students and reason: wrong, but no known mistake
    looks: Mapping[str, tuple[str, ...]]  # student -> why a person should look
    looked_at: tuple[str, ...]  # where somebody has looked already
    odd: Mapping[str, tuple[str, ...]]  # student -> what was repaired or stopped
    unreadable: tuple[str, ...]
    uncaged: tuple[str, ...]
    outdated: tuple[str, ...]
    not_graded: tuple[NotGraded, ...]
    missing: tuple[str, ...]
    misplaced: tuple[str, ...]  # a sentence each
    late: tuple[Late, ...]
    unrecorded: tuple[str, ...]  # graded, but not in the gradebook
    has_gradebook: bool
    unknown: str  # a sentence on assignments of the gradebook that the course does not have
    nothing: tuple[str, ...] = ()  # graded, with no point in any function
    changes: tuple[Change, ...] = ()  # since an earlier table
    sections: tuple[Section, ...] = ()

    @property
    def hardest(self) -> tuple[Question, ...]:
        """The machine-graded functions with the smallest mean share, the hardest first, without those all have in full."""
        lost = [q for q in self.questions if not q.by_hand and q.share < 1]
        return tuple(sorted(lost, key=lambda q: q.share)[:5])

    @property
    def by_difficulty(self) -> tuple[Question, ...]:
        """The machine-graded functions, the hardest first."""
        return tuple(sorted((q for q in self.questions if not q.by_hand), key=lambda q: q.share))

    @property
    def waiting(self) -> int:
        """How many hand-graded answers nobody has marked yet."""
        return sum(len(q.waiting) for q in self.questions)

    @property
    def grade_command(self) -> str:
        """What grades the assignment, as it can be typed here."""
        return typed(f"nbgrader autograde {self.assignment}")

    @property
    def next_step(self) -> str:
        """What to run or do now."""
        if self.not_graded or self.outdated:
            return self.grade_command
        feedback = typed(f"nbgrader generate_feedback {self.assignment}")
        if self.waiting:
            answers = "1 answer" if self.waiting == 1 else f"{self.waiting} answers"
            return f"mark {answers} by hand in the formgrader, then {feedback}"
        return feedback


def class_report(root: pathlib.Path, assignment: str, *, anonymous: bool = False) -> ClassReport:
    """Read the graded notebooks and the gradebook of a course directory. Raises LookupError where nothing is graded."""
    data, cover = read_class(root, assignment)
    if anonymous:
        return summary(without_names(data, cover.numbers), cover.text)
    return summary(data, str)


def summary(data: ClassData, said: Said) -> ClassReport:
    """Count and compare. said is applied to every sentence that may quote a student."""
    records = data.records
    marks = records.marks if records else ()
    graded = [overruled(g, marks) for g in data.graded]
    by_hand = tuple(dict.fromkeys(name for g in graded for name in g.by_hand))
    return ClassReport(
        assignment=data.assignment,
        students=tuple(g.student for g in graded),
        marks={g.student: g.result.points for g in graded},
        max_points=max(g.result.max_points for g in graded),
        spread=distribution([g.result.points for g in graded]),
        questions=(*machine_graded(graded), *hand_graded(graded, by_hand, marks)),
        mistakes=named_mistakes(graded),
        unnamed=unnamed_mistakes(graded, said),
        looks={item.student: tuple(map(said, item.sentences)) for item in data.queue if not item.done},
        looked_at=tuple(item.student for item in data.queue if item.done),
        odd={g.student: odd for g in graded if (odd := tuple(map(said, (*g.result.repairs, *g.result.stopped))))},
        unreadable=tuple(g.student for g in graded if g.result.unreadable),
        uncaged=tuple(g.student for g in graded if g.result.isolation == "none"),
        outdated=data.outdated,
        not_graded=data.not_graded,
        missing=data.missing,
        misplaced=data.misplaced,
        late=records.late if records else (),
        unrecorded=tuple(g.student for g in graded if records and g.student not in records.submitted),
        has_gradebook=records is not None,
        unknown=data.unknown,
        nothing=tuple(g.student for g in graded if not g.result.points and not g.result.unreadable),
    )


def overruled(g: Graded, marks: Sequence[HandMark]) -> Graded:
    """A submission with the points that a person has set for some of its functions."""
    by_person = {m.answer: m.points for m in marks if m.student == g.student and m.points is not None}
    functions = {
        name: replace(function, points=by_person.get(f"test_{name}", function.points))
        for name, function in g.result.functions.items()
    }
    return replace(g, result=replace(g.result, functions=functions))


def machine_graded(graded: Sequence[Graded]) -> list[Question]:
    """One row a function."""
    names = dict.fromkeys(name for g in graded for name in g.result.functions)
    found = discriminations(graded)
    return [replace(function_row(name, graded), discrimination=found.get(name)) for name in names]


def function_row(name: str, graded: Sequence[Graded]) -> Question:
    """The row of one function."""
    results = [g.result.functions[name] for g in graded if name in g.result.functions]
    scores = [(r.points, r.max_points) for r in results]
    full, none = sum(p >= most for p, most in scores), sum(p == 0 < most for p, most in scores)
    mean = sum(p for p, _ in scores) / len(scores)
    absent = tuple(g.student for g in graded if name not in g.result.functions)
    return Question(name, max(most for _, most in scores), mean, full, len(scores) - full - none, none, absent=absent)


def hand_graded(graded: Sequence[Graded], answers: Sequence[str], marks: Sequence[HandMark]) -> list[Question]:
    """One row a hand-graded answer, of the graded submissions; none without a gradebook."""
    students = {g.student for g in graded}
    rows = []
    for name in answers:
        found = [m for m in marks if m.answer == name and m.student in students]
        if found:
            rows.append(answer_row(name, found))
    return rows


def answer_row(name: str, marks: Sequence[HandMark]) -> Question:
    """The row of one answer. What nobody has marked is no 0."""
    points = [m.points for m in marks if m.points is not None]
    most = max(m.max_points for m in marks)
    full, none = sum(p >= most for p in points), sum(p == 0 < most for p in points)
    who = {state: tuple(m.student for m in marks if m.state is state) for state in MarkState}
    return Question(
        name=name,
        max_points=most,
        mean=sum(points) / len(points) if points else None,
        full=full,
        part=len(points) - full - none,
        none=none,
        by_hand=True,
        no_answer=who[MarkState.NO_ANSWER],
        waiting=who[MarkState.WAITING],
        review=who[MarkState.REVIEW],
    )


def named_mistakes(graded: Sequence[Graded]) -> tuple[Mistake, ...]:
    """Known mistakes, the most frequent first."""
    found: dict[str, tuple[str, set[str], list[str]]] = {}
    for g in graded:
        for function in g.result.functions.values():
            for mistake in function.mistakes:
                _, functions, students = found.setdefault(mistake.title, (mistake.reread, set(), []))
                functions.add(function.name)
                if g.student not in students:
                    students.append(g.student)
    rows = [Mistake(title, reread, tuple(sorted(f)), tuple(s)) for title, (reread, f, s) in found.items()]
    return tuple(sorted(rows, key=lambda m: (-len(m.students), m.title)))


def unnamed_mistakes(graded: Sequence[Graded], said: Said) -> dict[str, tuple[tuple[str, str], ...]]:
    """Per function the students who lost points in it without a known mistake, those of one first reason together."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for g in graded:
        for name, function in g.result.functions.items():
            lost = function.points < function.max_points
            if lost and not function.mistakes and not g.result.unreadable and not g.result.unwritten(function):
                found[name][said(reason(function))].append(g.student)
    return {name: tuple((", ".join(who), why) for why, who in rows.items()) for name, rows in found.items()}
