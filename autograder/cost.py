"""What a backward pass may cost, by the CPU time of the student's process (course.md, Conventions)."""

from __future__ import annotations

from collections.abc import Callable

from autograder.compare import fail
from autograder.kernels.student import Answer

MAX_FORWARDS = 2000  # honest: about 2, honest Python loops up to 800, one-by-one differences 25,000
MAX_GROWTH = 24.0  # from T = 50 to T = 400: linear 7 to 9, quadratic 60
FLOOR = 50e-6  # seconds; a shorter time is the call itself, not the student's arithmetic


def assert_cheap(forward: Callable[[], Answer], backward: Callable[[], Answer], what: str = "backward") -> None:
    """The backward costs at most MAX_FORWARDS of its own forwards. Raises Wrong."""
    forward_seconds = max(forward().cpu for _ in range(3))
    seconds = backward().cpu
    if seconds > MAX_FORWARDS * max(forward_seconds, FLOOR):
        fail(
            f"One {what} costs more CPU time than {MAX_FORWARDS:,} of your own forward passes. "
            "About 2 are enough: one sweep back that reuses what the forward kept, no differences."
        )


def assert_linear_in_time(short: Callable[[], Answer], long: Callable[[], Answer]) -> None:
    """CPU time at T = 400 over that at T = 50 stays under MAX_GROWTH. Raises Wrong."""
    short_seconds = min(short().cpu for _ in range(3))
    long_seconds = min(long().cpu for _ in range(2))
    growth = long_seconds / max(short_seconds, FLOOR)
    if growth > MAX_GROWTH:
        fail(
            f"Eight times as many steps cost more than {MAX_GROWTH:.0f} times as much CPU time. "
            "One sweep from the last step to the "
            "first costs about 8 times: pass one carry back and do not start again for each step."
        )
