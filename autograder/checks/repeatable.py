"""What is checked of any function of the course: no argument is changed, and calling it twice returns the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.checks.compare import Ruling, Verdict, Wrong, clearly_agree, compare, fail
from autograder.checks.hidden import changed_argument
from autograder.kernels.student import Answer, CallFailed, Kept, Odd, Student


def assert_repeatable(
    student: Student, name: str, *arguments: Any, between: Callable[[], Any] | None = None, parts: Any = "result"
) -> None:
    """Two calls give the same, also with another call in between, and neither changes an argument. Raises Wrong.

    parts names the arrays of the answer: one name, or one for each of a tuple; a dict's have their own.
    """
    first = student.ask(name, *arguments)
    if between is not None:
        between()
    try:
        again = student.ask(name, *arguments)
    except CallFailed as failure:
        if failure.function != name or failure.kind == "died":
            raise
        cause = (
            "The first call with the same arguments worked: what the second one needs was used up or replaced since."
        )
        advice = " Keep it in the cache, and leave the cache as it is." * any(
            isinstance(argument, Kept) for argument in arguments
        )
        raise CallFailed(name, failure.kind, f"{failure.sentence} {cause}{advice}", failure.full) from None
    assert_untouched(name, first, again)
    assert_agree(flat(again.value, parts), flat(first.value, parts))


def assert_agree(now: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """The second answer is the first one. Raises Wrong."""
    if before.keys() != now.keys():
        fail("The second call returned a different type or structure than the first.")
    if clearly_agree(now, before):
        return
    verdicts = tuple(
        compare_again(part, now[part], value)
        for part, value in before.items()
        if not (isinstance(value, Odd) and value == now[part])  # no array, twice: charged where the numbers are
    )
    if not all(v.ok for v in verdicts):
        raise Wrong(Ruling(verdicts, 0.0, "The second call returned different numbers than the first."))


def compare_again(name: str, now: Any, before: Any) -> Verdict:
    """As compare, without a size of what was expected: it is the student's own."""
    if isinstance(before, Odd):
        return compare(name, now, before)
    if isinstance(now, Odd):
        return Verdict(name, False, f"the second call returned {now.sentence}.")
    if np.shape(now) != np.shape(before):
        return Verdict(name, False, "the second call returned an array of another shape.")
    return compare(name, now, before)


def assert_untouched(name: str, *answers: Answer) -> None:
    """No argument was changed by these calls of one function; a cache is the student's business. Raises Wrong."""
    for answer in answers:
        if changed := changed_argument(name, answer):
            fail(changed)


def flat(value: Any, names: Any = "result") -> dict[str, Any]:
    """The arrays of an answer by name, without caches."""
    if isinstance(value, Kept):
        return {}
    if isinstance(value, Mapping):
        return {name: array for key, part in value.items() for name, array in flat(part, key).items()}
    if isinstance(value, tuple):
        labels = names if isinstance(names, tuple) else tuple(f"{names} {i + 1}" for i in range(len(value)))
        return {n: a for label, part in zip(labels, value, strict=True) for n, a in flat(part, label).items()}
    return {str(names): value}
