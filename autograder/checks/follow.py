"""Follow-through: a mistake costs its points once (docs/marking.md).

A backward under a wrong forward is compared with differences of that same forward, for part of its points. A function
built of others is right if it equals PyTorch or what the student's own lower functions give when the worker composes
them. No answer enters the student's process: the worker calls the student's functions as any test does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograder.checks.compare import Ruling, Verdict, Wrong, clearly_agree, compare, note
from autograder.kernels.student import CallFailed, Odd

WRONG_FORWARD_CEILING = 0.5
DIFFERENCE_RTOL = 1e-5
EPS = 1e-5

Arrays = Mapping[str, Any]


def assert_backward(
    grads: Arrays,
    expected: Arrays,
    *,
    forward_is_right: bool,
    own: Callable[[], Arrays | None],
    forward: str,
    upstream: Any = None,
    rtol: float | None = None,
    answered: Callable[[], Arrays] | None = None,
) -> None:
    """PyTorch's gradients; or, where the student's forward is wrong, the gradients of that forward, for half.

    own gives the latter (see differences) and is called only when needed; None where the forward cannot be used for
    it. An array that the wrong forward does not depend on earns nothing. rtol: see coarse. answered gives the student's
    gradients for the problem of own, where that is another, smaller one. The better of the two counts. Raises Wrong.
    """
    if clearly_agree(grads, expected):
        return
    right = tuple(compare(n, grads[n], value, upstream=upstream, rtol=rtol) for n, value in expected.items())
    if all(v.ok for v in right):
        return
    try:
        ground = None if forward_is_right else own()
        found = grads if answered is None or ground is None else answered()
    except (CallFailed, TypeError, ValueError):  # dead, or another type or shape from one call to the next
        ground = None
    if ground is None:
        raise Wrong(Ruling(right))
    verdicts = tuple(
        compare(name, found[name], value, upstream=upstream, rtol=max(DIFFERENCE_RTOL, rtol or 0.0))
        if np.any(value) or not np.any(expected[name])
        else Verdict(name, False, f"your {forward} does not depend on it.")
        for name, value in ground.items()
    )
    sentence = (
        f"Your {forward} is wrong, so this was compared with finite differences of your own {forward}, "
        "for at most half of the points."
    )
    followed = Ruling(verdicts, WRONG_FORWARD_CEILING, sentence)
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
    compose: Callable[[], Arrays | Iterable[Arrays] | None],
    *,
    lower: str,
    upstream: Any = None,
    training: bool = False,
    rtol: float | None = None,
) -> None:
    """The expected arrays, or what the student's own lower functions give, composed by the worker.

    compose returns the latter, or several forms of it (each lower function called, or its work done in place), or None
    where the lower functions cannot be used (wrong shape, or the same for two draws); it may raise CallFailed
    (a stub, a dead function): then PyTorch alone decides. Raises Wrong.
    """

    def verdicts(wanted: Arrays) -> tuple[Verdict, ...]:
        return tuple(
            compare(n, actual[n], wanted[n], upstream=upstream, training=training, rtol=rtol) for n in expected
        )

    if clearly_agree(actual, expected):
        return
    right = verdicts(expected)
    if all(v.ok for v in right):
        return
    try:
        composed = compose()
        grounds = [] if composed is None else [composed] if isinstance(composed, Mapping) else list(composed)
    except CallFailed as failure:
        raise Wrong(Ruling(right, sentence=f"Blocked by {failure.function}: {failure.sentence}")) from None
    except (TypeError, ValueError):  # another type or shape from one call to the next: not usable
        raise Wrong(Ruling(right)) from None
    best, sentence = right, ""
    for ground in grounds:
        if any(np.shape(ground[name]) != np.shape(value) for name, value in expected.items()):
            continue
        followed = verdicts(ground)
        if all(v.ok for v in followed):
            note(
                f"These numbers are wrong only because {lower} is wrong. You use it correctly, so you lose nothing here."
            )
            return
        if sum(v.ok for v in followed) > sum(v.ok for v in best):
            best, sentence = followed, f"Compared with what a correct use of your own {lower} gives."
    raise Wrong(Ruling(best, sentence=sentence))


def varies(first: Any, second: Any) -> bool:
    """Whether a lower function's results for two draws differ and are numbers: a constant cannot be used."""
    return sound(first) and sound(second) and not np.array_equal(first, second)


def sound(value: Any, like: Any = None) -> bool:
    """Whether a value is finite numbers, and of the shape of like."""
    if isinstance(value, Odd):
        return False
    array = np.asarray(value)
    return (
        array.dtype.kind in "fiu" and bool(np.isfinite(array).all()) and (like is None or array.shape == np.shape(like))
    )


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


def tried(*ways: Callable[[], dict[str, Any] | None]) -> list[dict[str, Any]]:
    """What these ways of composing give, where they give anything. Raises CallFailed where every one of them failed."""
    found, failures = [], []
    for way in ways:
        try:
            found.append(way())
        except CallFailed as failure:
            failures.append(failure)
    if len(failures) == len(ways):
        raise failures[0]
    return [ground for ground in found if ground is not None]


def are_sound(found: Any, like: Mapping[str, Any]) -> bool:
    """Whether each of these arrays is present, numeric and of the expected shape."""
    return isinstance(found, dict) and all(sound(found[name], value) for name, value in like.items())


def all_vary(found: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether no array is the same for two draws."""
    return all(varies(found[name], other[name]) for name in found)
