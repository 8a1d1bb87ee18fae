"""Follow-through: a mistake costs its points once (course.md, Functions that rest on others).

A backward under a wrong forward is compared with differences of that same forward, for part of its points. A function
built of others is right if it equals PyTorch or what the student's own lower functions give when the worker composes
them. No answer enters the student's process: the worker calls the student's functions as any test does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.compare import NOTES, Ruling, Wrong, assert_arrays, compare, same
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
    own: Callable[[], Arrays],
    forward: str,
    upstream: Any = None,
) -> None:
    """PyTorch's gradients; or, where the student's forward is wrong, the gradients of that forward, for half.

    own gives the latter (see differences) and is called only when needed. Raises Wrong.
    """
    if forward_is_right or all(same(grads[name], value, upstream=upstream) for name, value in expected.items()):
        assert_arrays(grads, expected, upstream=upstream)
        return
    try:
        ground = own()
    except CallFailed:
        assert_arrays(grads, expected, upstream=upstream)
        return
    assert_arrays(
        grads,
        ground,
        upstream=upstream,
        rtol=DIFFERENCE_RTOL,
        ceiling=WRONG_FORWARD_CEILING,
        sentence=f"Your {forward} is wrong, so this is compared with differences of your own {forward}, for half of the points.",
    )


def differences(f: Callable[[dict[str, np.ndarray]], float], inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Central differences of a scalar f of named arrays, by every entry of every array; good to about 1e-9 relative."""
    arrays = {name: np.array(value, dtype=np.float64) for name, value in inputs.items()}
    slopes = {}
    for name, array in arrays.items():
        slope = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            centre = array[index]
            values = []
            for step in (EPS, -EPS):
                array[index] = centre + step
                values.append(f(arrays))
            array[index] = centre
            slope[index] = (values[0] - values[1]) / (2 * EPS)
        slopes[name] = slope
    return slopes


def assert_right_or_composed(
    actual: Arrays,
    expected: Arrays,
    compose: Callable[[], Arrays | None],
    *,
    lower: str,
    upstream: Any = None,
    training: bool = False,
) -> None:
    """The expected arrays, or what the student's own lower functions give, composed by the worker.

    compose returns the latter, or None where the lower functions are no ground to stand on (ill-shaped, or the same
    for two draws); it may raise CallFailed (a stub, a dead function): then PyTorch alone decides. Raises Wrong.
    """
    right = tuple(compare(n, actual[n], v, upstream=upstream, training=training) for n, v in expected.items())
    if all(v.ok for v in right):
        return
    try:
        ground = compose()
    except CallFailed as failure:
        raise Wrong(Ruling(right, sentence=f"Blocked by {failure.function}: {failure.sentence}")) from None
    if ground is not None and all(np.shape(ground[n]) == np.shape(v) for n, v in expected.items()):
        followed = tuple(compare(n, actual[n], v, upstream=upstream, training=training) for n, v in ground.items())
        if all(v.ok for v in followed):
            NOTES.lines.append(f"Wrong numbers, but only because {lower} is: built rightly upon it, so it costs nothing here.")
            return
        if sum(v.ok for v in followed) > sum(v.ok for v in right):
            raise Wrong(Ruling(followed, sentence=f"Compared with what your own {lower} would give."))
    raise Wrong(Ruling(right))


def varies(first: Any, second: Any) -> bool:
    """Whether a lower function's results for two draws differ and are numbers: a constant is no ground to stand on."""
    if isinstance(first, Odd) or isinstance(second, Odd):
        return False
    a, b = (np.asarray(value) for value in (first, second))
    return a.dtype.kind in "fiu" and bool(np.isfinite(a).all()) and (a.shape != b.shape or not np.array_equal(a, b))
