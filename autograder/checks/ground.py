"""Which of a student's wrong functions a check may build on, and how near they are to the right ones (docs/marking.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograder.checks.compare import Verdict, same
from autograder.checks.hidden import Call, Finding, own_tests, run_test, running
from autograder.kernels.student import Answer, CallFailed, Kept, Odd, Strided, Student

LARGE, SMALL = 0.3, 0.03  # changes of an argument, relative to its largest entry
CLEAR = 1e-3  # the least relative change of a result that LARGE has to make
IN_PROPORTION = 0.6  # SMALL makes at most this part of it: noise is the same for both
ALONG = 0.02  # the least part of the right array that a near one has in its direction
ALIKE = 0.9  # the cosine from which on it is the right array but for a factor


class Unfit(Exception):
    """Nothing can be built on a function; the message, where there is one, is for the student."""


@dataclass
class Own(Student):
    """The student's own functions, for what is composed of them.

    One that passed its own tests must still give the right numbers. called: the others that were called.
    """

    called: set[str] = field(default_factory=set)
    right: dict[str, bool] = field(default_factory=dict)
    fit: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Nothing of its own: the run's student is asked."""

    @classmethod
    def now(cls) -> Own:
        """The functions of the student that is tested now."""
        return cls(running().student.code, running().student.functions)

    def ask(self, name: str, *arguments: Any) -> Answer:
        """As Student.ask. Raises Unfit for a function that was right in its own tests and is not here, and for no numbers."""
        answer = running().student.ask(name, *arguments)
        seen = name in self.called
        if not self.is_right(name):
            self.called.add(name)
        if not seen and not caches(arguments):
            try:
                wanted = arrays(running().test.assignment.reference.ask(name, *arguments).value)
            except CallFailed:  # our own function cannot take these numbers
                raise Unfit from None
            if not all(map(same if self.is_right(name) else sound, arrays(answer.value), wanted)):
                raise Unfit
        return answer

    def is_right(self, name: str) -> bool:
        """Whether a function has PyTorch's numbers in its own tests."""
        if name not in self.right:
            self.right[name] = all(found.share == 1 and not found.followed for _, found in own_tests(name))
        return self.right[name]


def fit(own: Own, names: Iterable[str]) -> None:
    """Check that those of these functions that are wrong can be built on, each once. Raises Unfit.

    One that does not clearly vary with each of its inputs cannot, unless it is a known mistake; nor one that answers its
    own tests otherwise than before, or that needs such a function.
    """
    for name in names:
        if name in own.fit or own.is_right(name):
            continue
        found, known = own_tests(name), is_known(name)
        try:
            some, each = how_it_varies(name, [call for _, finding in found for call in finding.calls], level=known)
        except (CallFailed, TypeError, ValueError):
            raise Unfit from None
        if not some or not (each or known):
            raise Unfit
        for test, before in found:
            again = run_test(test, running().student)
            if not all(map(same, answers(again), answers(before))):
                raise Unfit(
                    f"{name} gave other numbers when its own check was run again, so nothing is compared with it."
                )
        own.fit.add(name)
        fit(own, [needed for needed in own.functions[name].needs if answered(needed)])


def answered(name: str) -> bool:
    """Whether every one of a function's own tests got something to compare: it is no stub."""
    return all(finding.failure is None for _, finding in own_tests(name))


def is_known(name: str) -> bool:
    """Whether a function has exactly the numbers of a known mistake."""
    return running().test.suite.known(own_tests(name))


def is_explained(own: Own, name: str) -> bool:
    """Whether a function is right, a known mistake, or right but for such functions below it."""
    if own.is_right(name) or is_known(name):
        return True
    followed = all(found.share == 1 for _, found in own_tests(name))
    return followed and all(is_explained(own, needed) for needed in own.functions[name].needs)


def solved(**lower: Callable[..., Any]) -> SimpleNamespace:
    """The functions of the source notebook, with these in place of its own: what right ones make of wrong lower ones."""
    assignment = running().test.assignment
    if not lower:
        return assignment.solved
    namespace = assignment.namespace()
    namespace.update(lower)  # its functions find them there
    return SimpleNamespace(**namespace)


def answers(finding: Finding) -> list[Any]:
    """The arrays that the student answered in a test, call by call."""
    return arrays([call.value for call in finding.calls])


def is_near(own: Own, name: str) -> bool:
    """Whether a function is right, a known mistake, off by at most its own size, or wrong because of such a function."""
    if own.is_right(name):
        return True
    _, found = max(own_tests(name), key=lambda pair: pair[0].weight)
    with_torch = found.failure is None and not found.followed and (found.ruling is None or found.ruling.ceiling == 1)
    if with_torch and all(map(nearly, found.ruling.verdicts if found.ruling is not None else ())):
        return True
    below = [needed for needed in own.functions[name].needs if not own.is_right(needed)]
    return (bool(below) and all(is_near(own, needed) for needed in below)) or is_known(name)


def how_it_varies(name: str, calls: Sequence[Call], level: bool) -> tuple[bool, bool]:
    """Whether some array of a function's answer varies clearly with some argument, and with each one that can be changed.

    calls are those of its tests, where its own first one is looked at. level: an array may be one number all over.
    Raises ValueError where it was not called.
    """
    rng, student = np.random.default_rng(0), running().student
    arguments = first(call for call in calls if call.name == name).arguments
    before = arrays(student.ask(name, *(changed(part, 0.0, rng, calls) for part in arguments)).value)
    numbers = [np.ravel(array) for array in before if sound(array)]
    if not numbers or (is_level(np.concatenate(numbers)) and not level):
        return False, False
    varies = []
    for place, argument in enumerate(arguments):
        if not any(isinstance(part, (Kept, np.ndarray)) for part in leaves(argument)) or is_whole(argument):
            continue
        steps = []
        for size in (LARGE, SMALL):
            sizes = [size if place == other else 0.0 for other in range(len(arguments))]
            asked = (changed(part, size, rng, calls) for part, size in zip(arguments, sizes, strict=True))
            after = arrays(student.ask(name, *asked).value)
            steps.append([relative_change(a, b, level) for a, b in zip(before, after, strict=True)])
        varies.append(
            any(large >= CLEAR and small <= IN_PROPORTION * large for large, small in zip(*steps, strict=True))
        )
    return any(varies), all(varies)


def is_whole(argument: Any) -> bool:
    """Whether these are whole numbers, such as classes: there is no small change of them."""
    return isinstance(argument, np.ndarray) and argument.dtype.kind != "f"


def changed(argument: Any, size: float, rng: np.random.Generator, calls: Sequence[Call]) -> Any:
    """An argument with the real numbers in its arrays changed by about this size; for a cache, one made of such arrays."""
    if isinstance(argument, Kept):
        made = first(call for call in calls if argument in caches(call.value))
        again = running().student.ask(made.name, *(changed(part, size, rng, calls) for part in made.arguments))
        return caches(again.value)[0]
    if isinstance(argument, Strided):
        return Strided(changed(argument.array, size, rng, calls))
    if isinstance(argument, Mapping):
        return {key: changed(part, size, rng, calls) for key, part in argument.items()}
    if isinstance(argument, (list, tuple)):
        return type(argument)(changed(part, size, rng, calls) for part in argument)
    if isinstance(argument, np.ndarray) and argument.dtype.kind == "f":
        largest = float(np.max(np.abs(argument), initial=0.0)) or 1.0
        return argument + size * largest * rng.uniform(0.5, 1.0, argument.shape) * rng.choice([-1, 1], argument.shape)
    return argument


def relative_change(before: Any, after: Any, level: bool) -> float:
    """The largest change of an array relative to its largest entry; 0 where it has no numbers, or but one all over."""
    if not (sound(before) and sound(after, before)) or (is_level(before) and not level):
        return 0.0
    before, after = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    return float(np.max(np.abs(after - before)) / (np.max(np.abs(before)) or 1.0))


def nearly(verdict: Verdict) -> bool:
    """Whether a compared array is off by at most its own size, or by a factor. One number all over says nothing."""
    if verdict.ok or (verdict.actual is None and verdict.expected is None):
        return True
    if verdict.expected is None or not sound(verdict.actual, verdict.expected):
        return False
    value, wanted = np.asarray(verdict.actual, dtype=np.float64), verdict.expected
    if is_level(value):
        return True
    along, size = float(np.sum(value * wanted)), float(np.sum(wanted**2))
    if along >= ALIKE * np.sqrt(size * np.sum(value**2)) > 0:
        return True
    return bool(np.max(np.abs(value - wanted)) <= np.max(np.abs(wanted)) and along >= ALONG * size > 0)


def sound(value: Any, like: Any = None) -> bool:
    """Whether a value is finite numbers, and of the shape of like."""
    if isinstance(value, Odd):
        return False
    array = np.asarray(value)
    return (
        array.dtype.kind in "fiu" and bool(np.isfinite(array).all()) and (like is None or array.shape == np.shape(like))
    )


def is_level(value: Any) -> bool:
    """Whether an array has several entries and all are the same number, to six digits."""
    array = np.asarray(value, dtype=np.float64)
    return array.size > 1 and bool(np.ptp(array) <= 1e-6 * np.max(np.abs(array)))


def is_faint(value: Any, expected: Any) -> bool:
    """Whether all numbers of an array are next to nothing beside the expected ones, as after saturated states."""
    return bool(np.max(np.abs(value), initial=0.0) < ALONG * np.max(np.abs(expected), initial=0.0))


def leaves(value: Any) -> Iterator[Any]:
    """What an answer or an argument is made of, in order."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from leaves(part)
    elif isinstance(value, Strided):
        yield value.array
    else:
        yield value


def arrays(value: Any) -> list[Any]:
    """The leaves of an answer without its caches."""
    return [part for part in leaves(value) if not isinstance(part, Kept)]


def caches(value: Any) -> list[Kept]:
    """The caches in an answer."""
    return [part for part in leaves(value) if isinstance(part, Kept)]


def first(calls: Iterator[Call]) -> Call:
    """The first of some calls. Raises ValueError where there is none."""
    for call in calls:
        return call
    raise ValueError
