"""What grading found out about one submission, as data: from the judge, through the graded notebook, to every report.

Nothing here is a sentence about an outcome (words.py makes those) and no code decides by a sentence. ``to_json`` gives
what a graded notebook keeps; ``from_json`` reads it back, also from notebooks that were graded before a key was there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from autograder.grading.kept import Json, each, items, mapping, number, string, text, texts
from autograder.naming.bank import How
from autograder.naming.clues import Clue, Kind

AGAIN = "Grade the submission again."


class ResultsError(ValueError):
    """What a notebook keeps cannot be read as results; the message says which part, and what to do."""


class Outcome(Enum):
    """How a check, or a function as a whole, ended."""

    RIGHT = "right"
    PARTLY = "partly"
    WRONG = "wrong"
    HELD = "held"  # passed, but credited in proportion to the correct arrays
    FAILED = "failed"  # a call of the function raised, was stopped, or returned something of another form
    UNWRITTEN = "unwritten"  # the stub that was given out
    BLOCKED = "blocked"  # a lower function failed
    UNDECIDED = "undecided"  # nothing could be compared: without weight
    FAULT = "fault"  # the grader's own error


class FlagKind(Enum):
    """Why a person should know about a submission."""

    UNREADABLE = "unreadable"
    TWO_NOTEBOOKS = "two notebooks"
    OTHER_ASSIGNMENT = "another assignment"
    NO_DATE = "no date"
    FAULT = "grader fault"
    DISAGREES = "check disagrees"
    NO_RETURN = "no return"  # for the teacher alone: a small slip that costs all points of a function
    OTHER_NAME = "another name"  # the same
    HINT = "hint"  # about the code, for the teacher alone
    BY_PERSON = "flagged by a person"  # in the formgrader
    ABOVE = "above the maximum"  # a mark given by hand, after a change of points
    REPAIRED = "repaired"  # the one kind that asks nobody to do anything


@dataclass(frozen=True)
class Flag:
    """Something a person should know about a submission, and the reason in a sentence.

    about: the function, or the answer. above: points that were lost in other functions, which need that one.
    """

    kind: FlagKind
    reason: str
    about: str = ""
    above: float = 0.0

    @property
    def key(self) -> str:
        """What the flag is about: the same in two gradings where it asks for the same look."""
        return f"{self.kind.value} {self.about}".rstrip()

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"kind": self.kind.value, "reason": self.reason, "about": self.about, "above": self.above}

    @classmethod
    def from_json(cls, kept: Any) -> Flag:
        """Read what to_json gave."""
        kept = mapping(kept)
        return cls(FlagKind(kept["kind"]), text(kept, "reason"), text(kept, "about"), number(kept.get("above", 0.0)))


@dataclass(frozen=True)
class ArrayResult:
    """One array of a check; the sentence says what is wrong with it."""

    name: str
    ok: bool
    sentence: str = ""


@dataclass(frozen=True)
class Picture:
    """Which entries of an array are wrong, as lines of signs (see picture.py); with time_first a line is a time step."""

    array: str
    rows: tuple[str, ...]
    time_first: bool = False


@dataclass(frozen=True)
class Named:
    """What explains the student's numbers: a known mistake, or two at once, whose ids have a + between them; or a rule."""

    id: str
    title: str
    reread: str
    kind: How = How.KNOWN
    arrays: tuple[str, ...] = ()  # those that it explains, where it does not explain all

    @property
    def two(self) -> bool:
        """Whether these are two mistakes at once."""
        return "+" in self.id


@dataclass(frozen=True)
class CheckResult:
    """One hidden test's finding, fit for the student's eyes. share: the part of its weight that counts.

    capped: its own arrays would have earned more than that.
    """

    title: str
    weight: float
    share: float
    outcome: Outcome
    sentence: str = ""
    arrays: tuple[ArrayResult, ...] = ()
    notes: tuple[str, ...] = ()
    behaviour: bool = False
    pictures: tuple[Picture, ...] = ()
    blocked_by: str = ""
    capped: bool = False

    @property
    def lost(self) -> bool:
        """Whether it cost points."""
        return self.share < 1 and self.outcome is not Outcome.UNDECIDED

    @property
    def off(self) -> tuple[ArrayResult, ...]:
        """The wrong arrays."""
        return tuple(array for array in self.arrays if not array.ok)


@dataclass(frozen=True)
class FunctionResult:
    """One function's points and why. ``blocked_by`` names the lower function without which nothing could be decided.

    ``fix_first`` names the lowest wrong function below one that lost points.
    """

    name: str
    points: float
    max_points: float
    checks: tuple[CheckResult, ...] = ()
    blocked_by: str = ""
    mistakes: tuple[Named, ...] = ()
    faults: tuple[str, ...] = ()
    fix_first: str = ""
    clue: Clue | None = None  # a next step where no mistake explains all
    numbers: str = ""  # digest of the wrong numbers, see numbers.py; for the teacher alone

    @property
    def first_lost(self) -> CheckResult | None:
        """The first check that cost points by itself; one that only shares in another's loss if there is no such."""
        lost = [check for check in self.checks if check.lost]
        return next((check for check in lost if check.outcome is not Outcome.HELD), lost[0] if lost else None)

    @property
    def failed(self) -> bool:
        """Whether it lost points in a check that decides them, and is more than the stub that was given out."""
        deciding = [check.outcome for check in self.checks if check.lost and not check.behaviour]
        return any(outcome not in (Outcome.UNWRITTEN, Outcome.BLOCKED) for outcome in deciding)

    @property
    def outcome(self) -> Outcome:
        """The points in a word; instead, why none could be earned, where the first lost check says it."""
        if self.points >= self.max_points:
            return Outcome.RIGHT
        first = self.first_lost
        if first is not None and not self.mistakes and first.outcome in (Outcome.UNWRITTEN, Outcome.BLOCKED):
            return first.outcome
        if self.points > 0:
            return Outcome.PARTLY
        return first.outcome if first is not None and first.outcome is Outcome.FAULT else Outcome.WRONG


@dataclass(frozen=True)
class SubmissionResult:
    """All that grading left of one submission."""

    assignment: str = ""
    seed: str = ""  # fingerprint of the course seed
    functions: Mapping[str, FunctionResult] = field(default_factory=dict)
    stopped: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    unreadable: str = ""
    submission: str = ""  # digest of what was graded
    settings: str = ""  # digest of the settings that it was graded with
    answers: Mapping[str, str] = field(default_factory=dict)  # digests of the answers that a person marks
    isolation: str = ""  # "standard", "strict" or "none"; empty in notebooks that were graded before it was recorded
    flags: tuple[Flag, ...] = ()

    @property
    def points(self) -> float:
        """Points of the autograded functions."""
        return round(sum(f.points for f in self.functions.values()), 2)

    @property
    def max_points(self) -> float:
        """Points that the autograded functions could give."""
        return sum(f.max_points for f in self.functions.values())

    @property
    def looks(self) -> tuple[Flag, ...]:
        """The flags that ask a person to look."""
        return tuple(flag for flag in self.flags if flag.kind is not FlagKind.REPAIRED)

    @property
    def needs_look(self) -> bool:
        """Whether a person should look."""
        return bool(self.looks)

    def unwritten(self, function: FunctionResult) -> bool:
        """Whether a function is still the stub that was given out, or needs one that is."""
        below = self.functions.get(function.blocked_by)
        waits = function.outcome is Outcome.BLOCKED and below is not None and below.outcome is Outcome.UNWRITTEN
        return waits or function.outcome is Outcome.UNWRITTEN

    def to_json(self) -> dict[str, Any]:
        """What a graded notebook keeps in its metadata."""
        return {
            "assignment": self.assignment,
            "seed": self.seed,
            "functions": {name: function_to_json(function) for name, function in self.functions.items()},
            "stopped": [*self.stopped],
            "repairs": [*self.repairs],
            "unreadable": self.unreadable,
            "submission": self.submission,
            "settings": self.settings,
            "answers": {**self.answers},
            "isolation": self.isolation,
            "flags": [flag.to_json() for flag in self.flags],
            "needs_look": self.needs_look,
        }

    @classmethod
    def from_json(cls, kept: Any) -> SubmissionResult:
        """Read what to_json gave. A missing key has its default. Raises ResultsError for anything else."""
        try:
            return read_submission(mapping(kept))
        except KeyError as error:
            raise ResultsError(f"The results in this graded notebook have no {error}. {AGAIN}") from error
        except (TypeError, ValueError) as error:
            raise ResultsError(f"The results in this graded notebook cannot be read: {error}. {AGAIN}") from error


# ---- to JSON ---------------------------------------------------------------------------------------------------------


def function_to_json(function: FunctionResult) -> dict[str, Any]:
    """One function; its outcome is there for readers in other languages, and made anew when it is read here."""
    return {
        "name": function.name,
        "outcome": function.outcome.value,
        "points": function.points,
        "max_points": function.max_points,
        "checks": [check_to_json(check) for check in function.checks],
        "blocked_by": function.blocked_by,
        "mistakes": [
            {"id": m.id, "title": m.title, "reread": m.reread, "kind": m.kind.value, "arrays": [*m.arrays]}
            for m in function.mistakes
        ],
        "faults": [*function.faults],
        "fix_first": function.fix_first,
        "clue": [function.clue.kind.value, *function.clue.values] if function.clue is not None else [],
        "numbers": function.numbers,
    }


def check_to_json(check: CheckResult) -> dict[str, Any]:
    """One check; an array is [name, ok, sentence], a picture [array, rows, time_first]."""
    return {
        "title": check.title,
        "outcome": check.outcome.value,
        "weight": check.weight,
        "share": check.share,
        "sentence": check.sentence,
        "arrays": [[a.name, a.ok, a.sentence] for a in check.arrays],
        "notes": [*check.notes],
        "behaviour": check.behaviour,
        "pictures": [[p.array, [*p.rows], p.time_first] for p in check.pictures],
        "blocked_by": check.blocked_by,
        "capped": check.capped,
    }


# ---- from JSON -------------------------------------------------------------------------------------------------------


def read_submission(kept: Json) -> SubmissionResult:
    """All of it."""
    functions = {
        name: read_function(name, mapping(found)) for name, found in mapping(kept.get("functions", {})).items()
    }
    repairs, unreadable = texts(kept, "repairs"), text(kept, "unreadable")
    if "flags" in kept:
        flags = each(kept, "flags", Flag.from_json)
    else:  # graded before flags were kept: the same is said in other places
        flags = (Flag(FlagKind.UNREADABLE, unreadable),) if unreadable else ()
        flags += tuple(Flag(FlagKind.FAULT, f"{f.name}: {fault}") for f in functions.values() for fault in f.faults)
        flags += tuple(Flag(FlagKind.REPAIRED, line) for line in repairs)
    return SubmissionResult(
        assignment=text(kept, "assignment"),
        seed=text(kept, "seed"),
        functions=functions,
        stopped=texts(kept, "stopped"),
        repairs=repairs,
        unreadable=unreadable,
        submission=text(kept, "submission"),
        settings=text(kept, "settings"),
        answers={name: string(found) for name, found in mapping(kept.get("answers", {})).items()},
        isolation=text(kept, "isolation"),
        flags=flags,
    )


def read_function(name: str, kept: Json) -> FunctionResult:
    """One function."""
    return FunctionResult(
        name=string(kept.get("name", name)),
        points=number(kept["points"]),
        max_points=number(kept["max_points"]),
        checks=each(kept, "checks", read_check),
        blocked_by=text(kept, "blocked_by"),
        mistakes=each(kept, "mistakes", read_named),
        faults=texts(kept, "faults"),
        fix_first=text(kept, "fix_first"),
        clue=read_clue(texts(kept, "clue")),
        numbers=text(kept, "numbers"),
    )


def read_named(kept: Any) -> Named:
    """One mistake."""
    kind = How(text(kept, "kind") or How.KNOWN.value)
    return Named(text(kept, "id"), text(kept, "title"), text(kept, "reread"), kind, texts(kept, "arrays"))


def read_clue(kept: Sequence[str]) -> Clue | None:
    """A next step: its kind, then its values."""
    return Clue(Kind(kept[0]), tuple(kept[1:])) if kept else None


def read_check(kept: Any) -> CheckResult:
    """One check."""
    kept = mapping(kept)
    share, behaviour = number(kept.get("share", 0.0)), bool(kept.get("behaviour", False))
    arrays = each(kept, "arrays", read_array)
    return CheckResult(
        title=text(kept, "title"),
        weight=number(kept.get("weight", 1.0)),
        share=share,
        outcome=Outcome(kept["outcome"]) if "outcome" in kept else by_share(share, behaviour and not arrays),
        sentence=text(kept, "sentence"),
        arrays=arrays,
        notes=texts(kept, "notes"),
        behaviour=behaviour,
        pictures=each(kept, "pictures", read_picture),
        blocked_by=text(kept, "blocked_by"),
        capped=bool(kept.get("capped", False)),
    )


def by_share(share: float, capped: bool = False) -> Outcome:
    """A share in a word; capped: what is partly earned was passed."""
    if share >= 1:
        return Outcome.RIGHT
    return Outcome.WRONG if share <= 0 else Outcome.HELD if capped else Outcome.PARTLY


def read_array(kept: Any) -> ArrayResult:
    """One array."""
    name, ok, sentence = items(kept)
    return ArrayResult(string(name), bool(ok), string(sentence))


def read_picture(kept: Any) -> Picture:
    """One picture."""
    array, rows, time_first = items(kept)
    return Picture(string(array), tuple(map(string, items(rows))), bool(time_first))
