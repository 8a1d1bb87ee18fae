"""What a backward pass may cost, by the CPU time of the student's process (docs/marking.md)."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from autograder.checks.compare import fail
from autograder.kernels.student import Answer, CallFailed

MAX_FORWARDS = 2000  # honest: about 2, honest Python loops up to 800, one-by-one differences 25,000
MAX_GROWTH = 24.0  # from T = 50 to T = 400: linear 7 to 9, quadratic 60
MAX_LOWER_CALLS = 4  # of the own lower function, where that is what costs so much
TRIES = 2
FLOOR = 50e-6  # seconds; a shorter time is the call itself, not the student's arithmetic


def assert_cheap(
    forward: Callable[[], Answer],
    backward: Callable[[], Answer],
    what: str = "backward",
    lower: Callable[[], Answer] | None = None,
) -> None:
    """The backward costs at most MAX_FORWARDS of its own forwards. Raises Wrong.

    A missing forward counts as one that costs next to nothing. lower is the student's own function of which
    the backward may be built: what that costs is charged there and not here again.
    """
    forward_seconds = [answer_of(forward).inside]
    seconds = backward().cpu
    if seconds <= MAX_FORWARDS * max(*forward_seconds, FLOOR):
        return
    forward_seconds += [answer_of(forward).inside for _ in range(2)]
    if seconds <= MAX_FORWARDS * max(median(forward_seconds), FLOOR):
        return
    if lower is None or seconds > MAX_LOWER_CALLS * answer_of(lower).cpu:
        fail(
            f"One {what} costs more CPU time than {MAX_FORWARDS:,} of your own forward passes. About 2 are enough: "
            "one sweep back that reuses what the forward pass saved, instead of finite differences."
        )


def answer_of(call: Callable[[], Answer]) -> Answer:
    """The answer of a call, or an empty one where it fails."""
    try:
        return call()
    except CallFailed:
        return Answer(None)


def assert_linear_in_time(short: Callable[[], Answer], long: Callable[[], Answer]) -> None:
    """CPU time at T = 400 over that at T = 50 stays under MAX_GROWTH. Raises Wrong.

    A machine that is busy can make any single time wrong. So one measurement is enough to pass; for what looks too slow, the
    median of more short times counts, and the minimum of more long ones.
    """
    short_seconds, long_seconds = [short().cpu for _ in range(2)], [long().cpu]
    if min(long_seconds) <= MAX_GROWTH * max(min(short_seconds), FLOOR):
        return
    for _ in range(TRIES):
        short_seconds += [short().cpu for _ in range(3)]
        long_seconds += [long().cpu]
        if min(long_seconds) <= MAX_GROWTH * max(median(short_seconds), FLOOR):
            return
    fail(
        f"Eight times as many steps cost more than {MAX_GROWTH:.0f} times as much CPU time. One sweep from the last step to "
        "the first costs about 8 times as much: pass one carry back instead of starting again at each step."
    )
