"""What was done to the submissions of an assignment: said in the same words by `nbgrader autograde` and `autograder grade`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from autograder.grading.results import SubmissionResult
from autograder.grading.words import listed


@dataclass
class Summary:
    """Students by name, reasons by student. not_graded has a reason "" where the log has told it already."""

    assignment: str
    graded: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    not_reached: list[str] = field(default_factory=list)
    not_graded: dict[str, str] = field(default_factory=dict)
    look: dict[str, str] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)
    again: dict[str, list[str]] = field(default_factory=dict)  # why what was graded is graded again: who
    pages: int | None = None
    seconds: float | None = None

    def lines(self) -> Iterator[str]:
        """The result first, with who is out of the ordinary; then what was graded again, and why."""
        total = sum(map(len, (self.graded, self.unchanged, self.not_reached, self.not_graded)))
        parts = [f"{total} {'submission' if total == 1 else 'submissions'}", f"{len(self.graded)} graded"]
        parts += [f"{len(self.unchanged)} unchanged"]
        parts += [f"{len(self.not_reached)} not reached and left as they were"] if self.not_reached else []
        for words, who in (("late", self.late), ("to look at", self.look), ("not graded", self.not_graded)):
            parts += [f"{len(who)} {words} ({listed(list(who))})"] if who else []
        parts += [] if self.pages is None else [f"{self.pages} feedback pages made"]
        parts += [] if self.seconds is None else [f"{self.seconds:.0f} s"]
        yield f"{self.assignment}: {', '.join(parts)}."
        for why, students in self.again.items():
            yield f"Graded again, because {why}: {len(students)} ({listed(students)})."

    def reasons(self) -> Iterator[str]:
        """Why somebody is not graded, or is to be looked at."""
        yield from (f"{student}: not graded: {reason}" for student, reason in self.not_graded.items() if reason)
        yield from (f"{student} needs a look: {reason}" for student, reason in self.look.items())


def reasons_to_look(results: Mapping[str, SubmissionResult]) -> dict[str, str]:
    """Why a person should look at a submission, by student."""
    return {
        student: " ".join(flag.reason for flag in result.looks)
        for student, result in sorted(results.items())
        if result.looks
    }


def graded_again(wanted: Mapping[str, list[str]], graded: list[str]) -> dict[str, list[str]]:
    """Of what was to be graded again, by reason, those that were."""
    done = {why: sorted({*who} & {*graded}) for why, who in wanted.items()}
    return {why: who for why, who in done.items() if who}
