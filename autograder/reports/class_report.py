"""What a class did in one assignment: marks by question, mistakes by frequency, the hardest functions, odd submissions."""

from __future__ import annotations

import pathlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.reports.results import Graded, read_results, reason


@dataclass(frozen=True)
class Question:
    """One graded cell over the class: how many have it in full, how many in part, how many not at all."""

    name: str
    max_points: float
    mean: float
    full: int
    part: int
    none: int
    by_hand: bool = False
    waiting: int = 0  # hand-graded answers that nobody has marked yet

    @property
    def share(self) -> float:
        """Mean share of the points."""
        return self.mean / self.max_points if self.max_points else 0.0


@dataclass(frozen=True)
class Mistake:
    """A known mistake and who made it, in which functions."""

    title: str
    reread: str
    functions: tuple[str, ...]
    students: tuple[str, ...]


@dataclass(frozen=True)
class ClassReport:
    """All of it, ready to be shown."""

    assignment: str
    students: tuple[str, ...]
    marks: Mapping[str, float]
    max_points: float
    questions: tuple[Question, ...]
    mistakes: tuple[Mistake, ...]
    unnamed: Mapping[str, tuple[str, ...]]  # function -> students whose wrong numbers are those of no known mistake
    odd: Mapping[str, tuple[str, ...]]  # student -> what was repaired, stopped or unreadable

    @property
    def hardest(self) -> tuple[Question, ...]:
        """The machine-graded functions with the smallest mean share, the hardest first."""
        return tuple(sorted((q for q in self.questions if not q.by_hand), key=lambda q: q.share)[:5])


def class_report(root: pathlib.Path, assignment: str, *, anonymous: bool = False) -> ClassReport:
    """Read the graded notebooks and the gradebook of a course directory. Raises LookupError where nothing is graded."""
    graded = read_results(root, assignment)
    if not graded:
        raise LookupError(
            f"Nothing of {assignment} is graded in {root}. Run `nbgrader autograde {assignment}` there first."
        )
    alias = {g.student: f"student {n}" if anonymous else g.student for n, g in enumerate(graded, 1)}
    by_hand = hand_graded(root, assignment)
    return ClassReport(
        assignment=assignment,
        students=tuple(alias.values()),
        marks={alias[g.student]: g.points for g in graded},
        max_points=max(g.max_points for g in graded),
        questions=(*machine_graded(graded), *by_hand),
        mistakes=named_mistakes(graded, alias),
        unnamed=unnamed_mistakes(graded, alias),
        odd={alias[g.student]: odd for g in graded if (odd := oddities(g))},
    )


def machine_graded(graded: Sequence[Graded]) -> list[Question]:
    """One row a function."""
    questions = []
    for name, first in graded[0].functions.items():
        scores = [float(g.functions[name]["points"]) for g in graded if name in g.functions]
        most = float(first["max_points"])
        full = sum(s >= most for s in scores)
        none = sum(s == 0 for s in scores)
        questions.append(Question(name, most, sum(scores) / len(scores), full, len(scores) - full - none, none))
    return questions


def hand_graded(root: pathlib.Path, assignment: str) -> list[Question]:
    """One row a hand-graded answer, from nbgrader's gradebook; none where the directory has no gradebook."""
    database = root / "gradebook.db"
    if not database.exists():
        return []
    from nbgrader.api import Gradebook

    from autograder.course import scripts_on_path

    scripts_on_path()
    scores: dict[str, list[tuple[float, float, bool]]] = defaultdict(list)
    with Gradebook(f"sqlite:///{database}") as gradebook:
        for submission in gradebook.assignment_submissions(assignment):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    if not grade.name.startswith("test_"):
                        scores[grade.name].append((grade.score, grade.max_score, bool(grade.needs_manual_grade)))
    rows = []
    for name, found in scores.items():
        points = [score for score, _, _ in found]
        most = found[0][1]
        full, none = sum(p >= most for p in points), sum(p == 0 for p in points)
        waiting = sum(w for _, _, w in found)
        rows.append(
            Question(name, most, sum(points) / len(points), full, len(points) - full - none, none, True, waiting)
        )
    return rows


def named_mistakes(graded: Sequence[Graded], alias: Mapping[str, str]) -> tuple[Mistake, ...]:
    """Known mistakes, the most frequent first."""
    found: dict[str, tuple[str, set[str], list[str]]] = {}
    for g in graded:
        for function in g.functions.values():
            for mistake in function["mistakes"]:
                _, functions, students = found.setdefault(mistake["title"], (mistake["reread"], set(), []))
                functions.add(function["name"])
                if alias[g.student] not in students:
                    students.append(alias[g.student])
    rows = [Mistake(title, reread, tuple(sorted(f)), tuple(s)) for title, (reread, f, s) in found.items()]
    return tuple(sorted(rows, key=lambda m: (-len(m.students), m.title)))


def unnamed_mistakes(graded: Sequence[Graded], alias: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Per function the students who lost points in it without a known mistake, each with the first reason."""
    found: dict[str, list[str]] = defaultdict(list)
    for g in graded:
        for name, function in g.functions.items():
            written = "not written yet" not in reason(function)
            if (
                function["points"] < function["max_points"]
                and not function["mistakes"]
                and not g.unreadable
                and written
            ):
                found[name].append(f"{alias[g.student]}: {reason(function)}")
    return {name: tuple(lines) for name, lines in found.items()}


def oddities(g: Graded) -> tuple[str, ...]:
    """What was out of the ordinary about a submission."""
    faults = tuple(f"grader: {fault}" for f in g.functions.values() for fault in f["faults"])
    return (*((g.unreadable,) if g.unreadable else ()), *g.repairs, *g.stopped, *faults)
