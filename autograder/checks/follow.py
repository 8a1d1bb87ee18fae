"""Follow-through: a mistake costs its points once (docs/marking.md).

A backward under a wrong forward is compared with differences of that same forward, for part of its points. A function
built of others is right if it equals PyTorch or what the student's own wrong lower functions give when the worker
composes them. No answer enters the student's process: the worker calls the student's functions as any test does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.checks.compare import Ruling, Verdict, Wrong, clearly_agree, compare, note
from autograder.checks.ground import Own, Unfit, fit, is_explained, is_faint, is_level, is_near, sound
from autograder.checks.hidden import own_tests, running
from autograder.kernels.student import CallFailed, Odd, Student

CEILING = 0.5  # of what is compared with a wrong forward, or with a lower function that is far from right
DIFFERENCE_RTOL = 1e-5
EPS = 1e-5

Arrays = Mapping[str, Any]


def assert_backward(
    grads: Arrays,
    expected: Arrays,
    *,
    forward: tuple[str, ...],
    own: Callable[[Student], Arrays | None],
    said: str = "",
    upstream: Any = None,
    rtol: float | None = None,
    answered: Callable[[], Arrays] | None = None,
) -> None:
    """PyTorch's gradients; or, where a forward failed its own tests, the gradients of that forward, for half.

    own gives the latter from the student's functions (see differences) and is called only when needed; None where the
    forward cannot be used for it. An array that the wrong forward does not depend on earns nothing. rtol: see coarse.
    answered gives the student's gradients for the problem of own, where that is another, smaller one. said: the forward
    in words. The better of the two counts. Raises Wrong.
    """
    if clearly_agree(grads, expected):
        return
    right = tuple(compare(n, grads[n], value, upstream=upstream, rtol=rtol) for n, value in expected.items())
    if all(v.ok for v in right):
        return
    mine = Own.now()
    if all(map(mine.is_right, forward)):
        raise Wrong(Ruling(right))
    try:
        fit(mine, forward)
        ground = own(mine)
        found = grads if answered is None or ground is None else answered()
    except Unfit as unfit:
        raise Wrong(Ruling(right, sentence=str(unfit))) from None
    except (CallFailed, TypeError, ValueError, IndexError):  # dead, or another type or shape from one call to the next
        ground = None
    if ground is None:
        raise Wrong(Ruling(right))
    said = said or " or ".join(forward)
    verdicts = tuple(
        compare(name, found[name], value, upstream=upstream, rtol=max(DIFFERENCE_RTOL, rtol or 0.0))
        if usable(value, expected[name])
        else Verdict(name, False, f"your {said} does not depend on it.")
        for name, value in ground.items()
    )
    sentence = (
        f"Your {said} is wrong, so this was compared with finite differences of your own {said}, "
        "for at most half of the points."
    )
    followed = Ruling(verdicts, CEILING, sentence)
    raise Wrong(max(followed, Ruling(right), key=lambda ruling: ruling.share))


def differences(f: Callable[[dict[str, np.ndarray]], Any], inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Central differences of f of named arrays, by every entry of every array; good to about 1e-9 relative.

    f gives a number, or an array: then each slope has the axes of the input and after them those of f.
    """
    arrays = {name: np.array(value, dtype=np.float64) for name, value in inputs.items()}
    slopes = {}
    for name, array in arrays.items():
        slope = []
        for index in np.ndindex(array.shape):
            centre = array[index]
            values = []
            for step in (EPS, -EPS):
                array[index] = centre + step
                values.append(f(arrays))
            array[index] = centre
            slope.append((values[0] - values[1]) / (2 * EPS))
        slopes[name] = np.array(slope).reshape(array.shape + np.shape(slope[0]))
    return slopes


def assert_right_or_composed(
    actual: Arrays,
    expected: Arrays,
    compose: Callable[[Own], Arrays | Iterable[Arrays] | None],
    *,
    lower: tuple[str, ...],
    upstream: Any = None,
    training: bool = False,
    rtol: float | None = None,
) -> None:
    """The expected arrays, or what the student's own lower functions give, composed by the worker.

    Where all lower functions passed their own tests, PyTorch alone decides. compose gets the student's functions and
    returns what they give, or several forms of it (each lower function called, or its work done in place), or None where
    they cannot be used; it may raise CallFailed (a stub, a dead function): then PyTorch alone decides too. An array that
    is composed of nothing (not finite, or all its entries alike) is compared with PyTorch's. Lower functions that are
    far from right carry half. Raises Wrong.
    """

    def compared(name: str, wanted: Any, answer: Any = None) -> Verdict:
        answer = actual[name] if answer is None else answer
        return compare(name, answer, wanted, upstream=upstream, training=training, rtol=rtol)

    if clearly_agree(actual, expected):
        return
    right = {name: compared(name, value) for name, value in expected.items()}
    best = Ruling(tuple(right.values()))
    if best.share == 1:
        return
    own = Own.now()
    if all(map(own.is_right, lower)):
        raise Wrong(best)
    try:
        for ground in grounds(compose(own), own):
            try:
                fit(own, sorted(own.called))
            except Unfit as unfit:
                best = best if best.sentence else Ruling(best.verdicts, sentence=str(unfit))
                continue
            explained = all(is_explained(own, name) for name in own.called)
            near = explained or all(is_near(own, name) for name in own.called)
            if explained and has_diverged([ground[name] for name in expected]):
                parts = {name: finite_part(actual[name], ground[name]) for name in expected}
                followed = tuple(compared(name, part[1], part[0]) for name, part in parts.items() if part is not None)
            else:
                followed = tuple(
                    compared(name, ground[name])
                    if sound(ground[name], value)
                    and (explained or (usable(ground[name], value) and not is_faint(ground[name], value)))
                    else right[name]
                    for name, value in expected.items()
                )
            names = " and ".join(sorted(own.called))
            verb = "are" if len(own.called) > 1 else "is"
            if near and all(v.ok for v in followed):
                running().followed = True
                note(wrong_below(sorted(own.called)))
                return
            sentence = f"Compared with what a correct use of your own {names} gives."
            if not near:
                sentence = f"{sentence[:-1]}, for at most half of the points: {names} {verb} far from right."
            ruling = Ruling(followed, 1.0 if near else CEILING, sentence)
            best = max(best, ruling, key=lambda each: each.share)
    except CallFailed as failure:
        best = (
            best
            if best.sentence
            else Ruling(best.verdicts, sentence=f"Blocked by {failure.function}: {failure.sentence}")
        )
    except (
        TypeError,
        ValueError,
        IndexError,
        Unfit,
    ):  # another type, shape or number from one call to the next: not usable
        pass
    raise Wrong(best)


def grounds(composed: Arrays | Iterable[Arrays] | None, own: Own) -> Iterator[Arrays]:
    """The forms of what is composed, one by one; own.called holds the functions that went into the present one."""
    if isinstance(composed, Mapping):
        composed = [composed]
    for ground in composed or ():
        yield ground
        if not isinstance(composed, list):
            own.called.clear()


def wrong_below(called: list[str]) -> str:
    """A remark that names the functions below that failed their own checks; not those that are right but for others."""
    wrong = [name for name in called if any(found.share < 1 for _, found in own_tests(name))] or called
    names, them = " and ".join(wrong), "them" if wrong[1:] else "it"
    verb = "are" if wrong[1:] else "is"
    return f"These numbers are wrong only because {names} {verb} wrong. You use {them} correctly, so you lose nothing here."


def has_diverged(ground: Iterable[Any]) -> bool:
    """Whether some of these numbers are not finite, as in a training that diverges, and at least two in one array are."""
    finite = [np.isfinite(np.asarray(value, dtype=np.float64)) for value in ground]
    return not all(each.all() for each in finite) and any(each.sum() > 1 for each in finite)


def finite_part(answer: Any, wanted: Any) -> tuple[Any, Any] | None:
    """Both with 0 where the wanted number is not finite; None where none is."""
    finite = np.isfinite(np.asarray(wanted, dtype=np.float64))
    if not finite.any():
        return None
    if isinstance(answer, Odd) or np.shape(answer) != np.shape(wanted):
        return answer, wanted
    return np.where(finite, answer, 0), np.where(finite, wanted, 0)


def usable(value: Any, expected: Any) -> bool:
    """Whether an array made of wrong functions can be compared with: finite, and not one number all over."""
    return sound(value) and (not is_level(value) or is_level(expected))


def assert_one_of(*checks: Callable[[], None]) -> None:
    """One of these checks passes; if none does, the one that earned most is reported. Raises Wrong."""
    found = []
    for check in checks:
        try:
            check()
        except Wrong as wrong:
            found.append(wrong)
        else:
            return
    raise max(found, key=lambda wrong: wrong.ruling.share)


def contracted(output: Any, upstream: np.ndarray) -> float:
    """Σ output·upstream; NaN, which agrees with nothing, where the output is not an array of that shape."""
    return float(np.sum(np.asarray(output) * upstream)) if sound(output, upstream) else np.nan


def tried(own: Own, *ways: Callable[[], dict[str, Any] | None]) -> Iterator[dict[str, Any]]:
    """What these ways of composing give, where they give anything. Raises CallFailed where every one of them failed."""
    failures = []
    for way in ways:
        own.called.clear()
        try:
            found = way()
        except CallFailed as failure:
            failures.append(failure)
        except Unfit:
            continue
        else:
            if found is not None:
                yield found
    if len(failures) == len(ways):
        raise failures[0]


def are_sound(found: Any, like: Mapping[str, Any]) -> bool:
    """Whether each of these arrays is present, numeric and of the expected shape."""
    return isinstance(found, dict) and all(sound(found[name], value) for name, value in like.items())
