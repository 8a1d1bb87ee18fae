"""Results in words: every sentence about an outcome that a student, a teacher or an author reads is made here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from autograder.grading.results import CheckResult, FunctionResult, Outcome, SubmissionResult
from autograder.naming.bank import How

UNDECIDED = "Could not be checked, because the functions that it calls give wrong numbers. It does not count."
FAULT = "The grader itself failed here; your teacher has been told and will look at it."
CAPPED = "It is credited in proportion to the checks that decide the points."
HEADS = {
    Outcome.RIGHT: "✓ Passed",
    Outcome.PARTLY: "◐ Partly met",
    Outcome.WRONG: "✗ Not met",
    Outcome.FAILED: "✗ Not met",
    Outcome.UNWRITTEN: "✗ Not met",
    Outcome.BLOCKED: "✗ Not met",
    Outcome.HELD: "◐ Also correct (credited in proportion to the correct arrays)",
    Outcome.UNDECIDED: "– Could not be checked, and does not count",
    Outcome.FAULT: "– Not checked",
}
SHOWN_ARRAYS = 4
SHOWN_MESSAGE = 120  # characters
STOPPED = "Stopped"  # in place of an error's name: the cell was stopped, and the message says why


def number(points: float | None) -> str:
    """Points as a reader writes them: no trailing zeros, two digits at most; a dash for none."""
    return "–" if points is None else f"{round(points, 2):g}"


def extent(points: float, most: float) -> str:
    """How much of the points was reached, in a word."""
    return "right" if points >= most else "partly" if points > 0 else "wrong"


def joined(*parts: str) -> str:
    """What there is to say in one line, without a full stop in the middle of it."""
    *first, last = [part for part in parts if part] or [""]
    return "; ".join([*(part.rstrip(".") for part in first), last])


def ended(text: str) -> str:
    """A sentence with one mark at its end."""
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def printable(text: str) -> str:
    """The text without what a terminal would act upon; a student's file name may hold anything."""
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)


def plain_cell(text: str) -> str:
    """A text for a cell of a table: a spreadsheet would compute one that begins as a formula does."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names in a line; many are cut."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


# ---- a check ---------------------------------------------------------------------------------------------------------


def said(check: CheckResult) -> str:
    """What happened in a check; empty where its arrays say it."""
    if check.outcome is Outcome.HELD:
        return f"{HEADS[Outcome.HELD].removeprefix('◐ ')}."
    if check.outcome is Outcome.BLOCKED:
        return f"Blocked by {check.blocked_by}: {check.sentence}"
    sentence = {Outcome.UNDECIDED: UNDECIDED, Outcome.FAULT: FAULT}.get(check.outcome, check.sentence)
    return " ".join(filter(None, [sentence, CAPPED if check.capped else ""]))


def further(check: CheckResult, told: Sequence[CheckResult]) -> str:
    """The same for a check that comes after others; empty where one of them has said it."""
    return "" if said(check) in map(said, told) else said(check)


def titles(checks: Sequence[CheckResult]) -> str:
    """The titles of several checks as one sentence."""
    return ended(joined(*(check.title for check in checks)))


# ---- a function ------------------------------------------------------------------------------------------------------


def what_happened(function: FunctionResult) -> str:
    """A function's result in a line beside its name: the wrong function below it, the mistake, or what first cost points."""
    if function.points >= function.max_points:
        return "all right"
    if function.fix_first:
        return f"{fix_first(function).rstrip('.')}; {what_happened(replace(function, fix_first=''))}"
    if function.mistakes:
        told = function.mistakes[0]
        kind = "two known mistakes" if told.two else "a rule" if told.kind is How.RULE else "known mistake"
        return f"{kind}: {('; and ' if told.arrays else '; or ').join(mistake.title for mistake in function.mistakes)}"
    first = function.first_lost
    if first is None:
        return "not all checks are met"
    if first.outcome is Outcome.UNWRITTEN:
        return "not written yet"
    if said(first):
        return said(first)
    off = ["the result" if array.name == function.name else array.name for array in first.off]
    return f"wrong: {listed(off, SHOWN_ARRAYS)}" if off else "not all checks are met"


def reason(function: FunctionResult) -> str:
    """The first thing that cost a function points, as a sentence for the teacher that names the function."""
    if function.fix_first:
        return f"{function.name}: {function.fix_first}, which it needs, is wrong"
    if function.mistakes:
        return f"{function.name}: {function.mistakes[0].title}"
    first = function.first_lost
    if first is not None and first.outcome in (Outcome.UNWRITTEN, Outcome.FAILED):
        return first.sentence  # it begins with the function
    if first is not None and first.outcome is Outcome.FAULT:
        return f"{function.name}: the grader itself failed here"
    if first is not None and first.off:
        off = ["the result" if array.name == function.name else array.name for array in first.off]
        return f"{function.name}: {', '.join(off)} wrong"
    if first is not None and said(first):
        return f"{function.name}: {said(first)}"
    return f"{function.name}: full points were not reached"


def fix_first(function: FunctionResult) -> str:
    """Which wrong function below this one is to be fixed before anything else; empty where there is none."""
    return f"Your {function.fix_first} is wrong; fix it first, then read on." if function.fix_first else ""


def misspelt(name: str, defined: str) -> str:
    """A function is missing, and the notebook defines one of a name much like it."""
    return f"It defines {defined}: rename that to {name}."


def no_return(function: FunctionResult, above: Sequence[FunctionResult]) -> str:
    """A function was written, and returns None. above: the functions that lost points and need it."""
    lost = f"0 of {function.max_points:g} points{lost_above(above)}"
    return f"{function.name} is written, but returns None: {lost}. Is only a return missing?"


def other_name(function: FunctionResult, defined: str, above: Sequence[FunctionResult]) -> str:
    """A function is missing, and one of a name much like it is there. above: as for no_return."""
    lost = f"0 of {function.max_points:g} points{lost_above(above)}"
    return f"{function.name} is missing, but {defined} is defined: {lost}."


def lost_above(functions: Sequence[FunctionResult]) -> str:
    """What functions lost that need a wrong one, as the end of a sentence; "" where there is none."""
    lost = sum(function.max_points - function.points for function in functions)
    names = listed([function.name for function in functions])
    return (
        f", and {number(lost)} more lost in {names}, which {'needs' if len(functions) == 1 else 'need'} it"
        if lost
        else ""
    )


def depends_on(lower: str, sentence: str) -> str:
    """A function failed that depends on one that failed before it, as the sentence says."""
    return f"It depends on {lower}: {sentence.removeprefix(f'{lower}: ')}"


def disagrees(function: FunctionResult) -> str:
    """The saved self-check output says otherwise than the hidden suite."""
    return f"{function.name}: 0 of {function.max_points:g} points, but the self-check output saved with it says full."


# ---- a submission ----------------------------------------------------------------------------------------------------


def ended_early(cells: int, error: str, message: str) -> str:
    """Some cells ended with an error, and how the first did; its message is the student's own."""
    first = f"{error}: {message}" if message and error != STOPPED else message or error
    first = "".join(character for character in first if character.isprintable())
    count = "1 cell" if cells == 1 else f"{cells} cells"
    return (
        f"{count} ended with an error when all cells were run from the top, the first with: {ended(first[:SHOWN_MESSAGE])} "
        "Restart the kernel and run all cells to see it."
    )


def stopped_cell(number: int, heading: str, sentence: str) -> str:
    """What is said of a cell that was stopped, where it is not beside the cell. heading: the released one above it."""
    under = f" (under “{heading}”)" if heading else ""
    return f"Code cell {number}{under} {sentence.removeprefix('This cell ')}"


def another_assignment(name: str, theirs: int, own: int) -> str:
    """The cells of the notebook are those of another assignment."""
    return (
        f"This looks like the notebook of {name}: it has {theirs} of that assignment's cells and {own} of this one's. "
        "Hand in the right file."
    )


def headline(result: SubmissionResult) -> str:
    """One line on what was wrong, the first thing first."""
    if result.unreadable:
        return result.unreadable
    lost = [f for f in result.functions.values() if f.points < f.max_points]
    if not lost:
        return "; ".join(result.stopped[:1]) or "all right"
    if result.points == 0 and all(map(result.unwritten, lost)):
        return "nothing written yet"
    lost.sort(key=lambda f: f.points - f.max_points)
    more = f" (+{len(lost) - 1} more)" if len(lost) > 1 else ""
    return reason(lost[0]).rstrip(".") + more if more else reason(lost[0])
