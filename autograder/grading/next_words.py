"""The words of what explains a function's numbers, and of the next step for who has no explanation: one place for both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.grading.results import FunctionResult, Named
from autograder.naming.bank import How
from autograder.naming.clues import Clue, Kind
from autograder.naming.patterns import listed, number

Paragraph = tuple[tuple[str, bool], ...]  # its parts, and whether each is bold

STEPS: dict[Kind, str] = {
    Kind.SLOW: "Your numbers are right; only their cost is not. Which line is run again for every step or every entry, and "
    "need not be?",
    Kind.CHANGES_ARGUMENT: "Your numbers are right, but an argument is no longer what it was. Look for a line that writes "
    "into it: +=, *=, [...] = or out=, also through another name for the same array.",
    Kind.NUMBERS_RIGHT: "In the main check your numbers are right: change only what the check above asks for.",
    Kind.RIGHT_BUT_ONE_STEP: "Your numbers are right but for a sequence of one step. Which line needs a second step?",
    Kind.RIGHT_BUT_ONE_ROW: "Your numbers are right but for a single sample. Look for squeeze, for a reshape, and for an "
    "axis that is summed or broadcast by accident.",
    Kind.STOPS: "It stops before there are numbers. Print the shapes in front of the line that stops, for a small example.",
    Kind.FORM: "Begin with the form of {0}: print its type and its shape just before the return.",
    Kind.NOT_FINITE: "Find the first line in which NaN or infinity appears on the way to {0}: print np.isfinite(…).all() "
    "after each.",
    Kind.EXCHANGED: "The numbers are right under other names: {0} hold those of {1}. Look at the order of the return.",
    Kind.DIGITS: "{0} agree with the right numbers to {1} digits and no further. Is something rounded, a small number added, "
    "or a difference taken to one side?",
    Kind.FACTOR: "All wrong entries of {0} have one factor. Look for a sum where a mean is meant, or for a division or a "
    "factor too many.",
    Kind.FACTORS: "Each of {0} is the right array times a factor of its own. Look for a division, a mean or a factor in the "
    "line of each.",
    Kind.AT_ONE_STEP: "With one step alone your numbers are right. Look at what goes from one step to the next, and at what "
    "is added up over the steps.",
    Kind.AT_ONE_ROW: "With one sample alone your numbers are right. Look at where samples meet: a mean, a sum, an axis.",
    Kind.WHERE_SMALL: "Your numbers are right for gradients of ordinary size and wrong for large ones. Is something clipped "
    "or rounded?",
    Kind.FLOW_RIGHT: "{0}: right. So what flows back is right, and what is added up from it for {1} is not.",
    Kind.SUMS_RIGHT: "{0}: right. So the gradients inside are right; look at the last product, which makes {1}.",
    Kind.ARRAYS_RIGHT: "{0}: right. Look at the lines that make {1}, and at nothing before they part.",
    Kind.LAST_STEPS: "{0} is right in {1}. So each step by itself is right; look at what a step hands back.",
    Kind.FIRST_STEPS: "{0} is right in {1}. Look at what a step hands to the next.",
    Kind.FIRST_UPDATE: "{0} is right in {1}. So what is computed before an update is right; look at gradient and update.",
    Kind.DIAGONAL: "The diagonal of {0} is right. So what enters is right; look at what happens on the way from a step to "
    "the one before it.",
    Kind.OTHER_CHECK: "Another check of the same numbers is passed: {0} What differs between the two?",
    Kind.ROW_FACTOR: "In {0} each row is the right one times a factor of its own. What do you multiply with, or divide by, "
    "row by row?",
    Kind.COLUMN_FACTOR: "In {0} each column is the right one times a factor of its own. What do you multiply with, or divide "
    "by, column by column?",
    Kind.SIGNS: "In {0} every sign is {1}, and the sizes are not right. A factor differs from entry to entry: which one?",
    Kind.SOME_ENTRIES: "In {0} {1} of {2} entries are right. What do the wrong ones have in common?",
    Kind.NOTHING: "Do the smallest case by hand, one sample, one step and two units, and print what each line gives.",
}


def next_step(function: FunctionResult) -> str:
    """What to do next, as one true sentence about what is right, and a call of the self-check; "" where there is no clue."""
    clue = function.clue
    if clue is None:
        return ""
    return f'{STEPS[clue.kind].format(*in_words(clue))} Then try selfcheck.check("{function.name}").'


def in_words(clue: Clue) -> tuple[str, ...]:
    """The values of a clue as its sentence needs them."""
    if clue.kind in (Kind.LAST_STEPS, Kind.FIRST_STEPS, Kind.FIRST_UPDATE):
        name, count = clue.values
        which, what = (
            ("last" if clue.kind is Kind.LAST_STEPS else "first"),
            ("entry" if clue.kind is Kind.FIRST_UPDATE else "step"),
        )
        many = f"{number(int(count))} {what.replace('entry', 'entrie')}s"
        return name, f"the {which} {what if count == '1' else many}"
    if clue.kind is Kind.SIGNS:
        name, opposite = clue.values
        return name, "the opposite of the right one" if opposite else "right"
    return clue.values


def explained(mistakes: Sequence[Named]) -> Iterator[Paragraph]:
    """What explains a function's numbers, a paragraph each; several that look alike in one."""
    whole = [m for m in mistakes if not m.arrays and m.kind is not How.RULE]
    if len(whole) > 1:
        yield (f"{opening(whole)} ", False), *either(whole)
    for m in mistakes:
        if m not in whole or len(whole) == 1:
            yield (f"{opening([m])} {m.title}.", True), (f" Reread {m.reread}" if m.reread else "", False)
    if any(m.kind is How.PARTLY for m in mistakes):
        yield (("The other wrong arrays differ from it in another way.", False),)


def either(mistakes: Sequence[Named]) -> Iterator[tuple[str, bool]]:
    """Several mistakes in one sentence, each with what to reread."""
    for m in mistakes:
        yield m.title, True
        yield f" (reread {m.reread.rstrip('.')}){'.' if m is mistakes[-1] else '; or '}", False


def opening(mistakes: Sequence[Named]) -> str:
    """How a paragraph on these begins."""
    first = mistakes[0]
    many = "a known mistake" if len(mistakes) == 1 else f"{len(mistakes)} known mistakes that look alike here. Either"
    if first.kind is How.BESIDE:
        return f"Your numbers are right in the main check. All else is exactly what is seen with {many}:"
    if first.kind is How.RULE:
        return "A rule makes your numbers of the right ones:"
    if first.kind is How.HERE:
        return f"In the main check your numbers are exactly those of {many}, and in another check they differ from it:"
    if first.kind in (How.PARTS, How.PARTLY):
        return f"{listed(first.arrays)}: exactly the numbers of {many}:"
    if first.two:
        pairs = "Two known mistakes together give exactly your numbers:"
        return (
            pairs
            if len(mistakes) == 1
            else f"Your numbers are exactly those of {len(mistakes)} pairs of known mistakes that look alike here. Either"
        )
    return f"Your numbers are exactly those of {many}" + (":" if len(mistakes) == 1 else "")
