"""What a backward pass may cost (docs/marking.md).

CPU time is measured, by the kernel's clock and for all threads. Counts of calls would be exact, but only the student's
process can count them, and only for functions that it does not copy. Two scales make time a safe witness: plain Python
loops that the worker runs at the same moment, and the student's own code on a shorter sequence. A student's own forward is
no scale, because it can waste time. Every measurement has inputs and a cache of its own, so no answer can be remembered,
and what was fast enough is compared with PyTorch's numbers, so no other answer is given for these sizes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from statistics import median_low

import numpy as np

from autograder.checks.compare import Ruling, Undecided, Verdict, Wrong
from autograder.checks.hidden import Finding, own_tests, running
from autograder.kernels.student import CallFailed, Student

MAX_LOOPS = 10.0  # honest: NumPy 0.1, an index at every number 4; differences one by one or in batches 20 and more
MAX_GROWTH = 24.0  # from T = 50 to T = 400: linear 7 to 9, lists and recursion up to 16, quadratic 60
MAX_LOWER = 4.0  # times the cost of the own lower functions, where those cost too much already
DIFFERENCES_KEEP = 0.25  # of the function's points
QUADRATIC_KEEPS = 0.7
SHORT, LONG = 50, 400
TRIES = 3
HOPELESS = 3.0  # so many times too slow is no accident: it is not measured again
AT_ONCE = 0.02  # seconds: no differences of as many weights are as fast, so nothing else is measured
WAITING = 4.0  # a second on the clock counts as a quarter: of a process that waits for something else that computes
GENTLE = 1e-3  # the size of upstream gradients where cost is measured: whoever clips large ones loses points elsewhere
STOPPED = 0.9  # seconds: a call that was stopped after fewer had met another limit, such as memory

Check = Callable[[], None]  # compares what was answered with PyTorch's numbers: raises Wrong
Inputs = Callable[[int], Check]  # calls the student's functions on the inputs with this number


def assert_cheap(
    student: Student, calls: Inputs, multiplications: int, what: str = "backward", lower: Inputs | None = None
) -> None:
    """A forward and a backward together cost at most MAX_LOOPS plain loops over as many multiplications. Raises Wrong.

    Their numbers have to be right as well. lower calls the student's own functions of which this one may be built: what
    they cost, and get wrong, is charged there, not here. One that passed its own tests is no excuse: it could be slow or
    wrong here on purpose.
    """
    name = running().test.function
    with answering(student, DIFFERENCES_KEEP, lower):
        seconds, check = quickest(student, calls, multiplications)
        slow = lower if lower and is_charged_below(student, name) else None
        if not seconds or (slow and cost_is_lower(seconds, seconds_of(student, slow, TRIES)[0])):
            assert_right_too([check], lower if slow or is_charged_below(student, name, cost=False) else None)
            return
    raise limited(
        f"This {what} takes as much CPU time as finite differences do, far more than two forward passes. Go back once "
        "through what the forward saved, and run no forward for single weights.",
        DIFFERENCES_KEEP,
    )


def cost_is_lower(seconds: float, lower: float) -> bool:
    """Whether a function's cost is that of the lower functions that it calls; of one that was stopped little is known."""
    return (STOPPED if math.isinf(seconds) else seconds) <= MAX_LOWER * lower


@contextmanager
def answering(student: Student, keeps: float, lower: Inputs | None = None) -> Iterator[None]:
    """No call fails for these sizes where a small one was answered rightly: to fail is no way around a rule. Raises Wrong.

    Undecided where a lower function is charged for it. A function that a call of another test has ended is tried again.
    """
    student.code.open_reserve()
    name = running().test.function
    death = student.dead.pop(name, "") if is_right_somewhere() else ""
    try:
        yield
    except CallFailed as failure:
        if lower is not None and is_charged_below(student, name):
            raise Undecided from None
        if not is_right_somewhere():
            raise
        raise limited(
            f"For larger arrays it fails, although it is right for small ones. {failure.sentence}", keeps
        ) from None
    finally:
        if death:
            student.dead.setdefault(name, death)


def assert_right_too(checks: Iterable[Check], lower: Inputs | None = None) -> None:
    """An array that is right in a test that decides the points is right here too, unless a lower function is wrong."""
    try:
        for check in checks:
            check()
    except Wrong as wrong:
        alone = [verdict for verdict in wrong.ruling.verdicts if not verdict.ok and is_right_somewhere(verdict.name)]
        if not alone or (lower is not None and is_wrong(lower)):
            return
        raise limited(
            "For larger arrays the numbers are wrong, although they are right for small ones: go back once through what "
            "the forward saved, whatever the sizes.",
            DIFFERENCES_KEEP,
        ) from None


def is_charged_below(student: Student, name: str, cost: bool = True) -> bool:
    """Whether a function that this one needs does not pass its own tests of cost; or its others, with cost=False.

    They came first, in time of their own.
    """
    needs = student.functions[name].needs
    return any(found.share < 1 for needed in needs for _, found in own_tests(needed, cost))


def is_right_somewhere(name: str = "") -> bool:
    """Whether a test that decides the points found this array, or any, to be PyTorch's."""
    return any(is_right(found, name) for test, found in own_tests(running().test.function) if not test.behaviour)


def is_right(finding: Finding, name: str) -> bool:
    """As is_right_somewhere; what was compared with the student's own functions says so in a sentence."""
    if finding.failure is not None or finding.error is not None or finding.undecided or finding.followed:
        return False
    ruling = finding.ruling
    return ruling is None or (not ruling.sentence and any(v.ok and name in ("", v.name) for v in ruling.verdicts))


def is_wrong(lower: Inputs) -> bool:
    """Whether the student's lower functions give nothing, or wrong numbers, for these sizes."""
    try:
        lower(0)()
    except (Wrong, CallFailed):
        return True
    return False


def quickest(student: Student, calls: Inputs, multiplications: int) -> tuple[float, Check]:
    """0 where one of a few measurements is cheap enough; otherwise the seconds of the last one. And its check."""
    for number in range(TRIES):
        seconds, check = seconds_of(student, calls, number)
        allowed = 0.0 if seconds <= AT_ONCE else MAX_LOOPS * multiplications * loop_seconds()
        if seconds <= max(allowed, AT_ONCE):
            return 0.0, check
        if seconds > HOPELESS * allowed:
            break
    return seconds, check


def assert_linear_in_time(student: Student, ready: Callable[[int, int], Callable[[], Check]]) -> None:
    """CPU time at T = 400 over that at T = 50 stays under MAX_GROWTH, and the numbers are right. Raises Wrong.

    ready(steps, number) runs a forward and returns the call of its backward, which alone is measured.
    """
    checks: list[Check] = []
    with answering(student, QUADRATIC_KEEPS):
        too_fast = grows_too_fast(student, ready, checks)
    if too_fast:
        raise limited(
            f"{LONG // SHORT} times as many steps cost more than {MAX_GROWTH:.0f} times as much CPU time. Walk once from the "
            "last step to the first and pass one carry back, instead of starting again, or running the forward again, at "
            "each step.",
            QUADRATIC_KEEPS,
        )
    assert_right_too(checks)


def grows_too_fast(student: Student, ready: Callable[[int, int], Callable[[], Check]], checks: list[Check]) -> bool:
    """Whether each round of measurements says so. Short and long sequences take turns. Adds to checks.

    A busy machine only ever adds time, so the least long time over the median short one counts.
    """
    short: list[float] = []
    long: list[float] = []
    for number in range(TRIES):
        for times, steps, inputs in ((short, SHORT, 2 * number), (long, LONG, number), (short, SHORT, 2 * number + 1)):
            seconds, _, check = measured(student, ready(steps, inputs))
            times.append(seconds)
            checks.append(check)
            if math.isinf(times[-1]):
                return True
        if min(long) <= MAX_GROWTH * median_low(short):
            return False
    return True


def limited(sentence: str, keeps: float) -> Wrong:
    """The failure of a check on cost, which leaves at most a part of the function's points."""
    told = f"{sentence} Until then the function keeps at most {keeps:.0%} of its points."
    return Wrong(Ruling((Verdict("", False, told),), arrays=False, keeps=keeps))


def seconds_of(student: Student, calls: Inputs, number: int) -> tuple[float, Check]:
    """What these calls cost: CPU seconds, or a quarter of the seconds on the clock where that is more. And their check."""
    cpu, clock, check = measured(student, lambda: calls(number))
    return max(cpu, clock / WAITING), check


def measured(student: Student, call: Callable[[], Check]) -> tuple[float, float, Check]:
    """CPU seconds of the student's process, seconds on the clock, and the check of what it answered. Raises CallFailed.

    Both times are infinite where it was stopped, or ended after its answer: then there is nothing to compare. No inputs are
    sent twice, so what was remembered of the first time is of no use.
    """
    dead = set(student.dead)
    cpu = student.code.cpu_seconds()  # starts a process where there is none: its cells are no cost of the call
    generation, clock = student.code.generation, time.perf_counter()
    try:
        check = call()
    except CallFailed as failure:
        stopped = failure.kind == "died" and failure.function not in dead
        if stopped and time.perf_counter() - clock > STOPPED:
            return math.inf, math.inf, nothing_to_compare
        raise
    waited, used = time.perf_counter() - clock, student.code.cpu_seconds() - cpu
    if student.code.generation != generation:
        return math.inf, math.inf, nothing_to_compare
    return used, waited, check


def nothing_to_compare() -> None:
    """The check of a call that was stopped."""


def loop_seconds(size: int = 60) -> float:
    """CPU seconds of one multiplication in a plain Python loop over arrays, by the worker, now."""
    weights, total = np.ones((size, size)), np.zeros(size)
    start = time.thread_time()
    for i in range(size):
        for j in range(size):
            total[i] += weights[i, j] * total[j]
    return (time.thread_time() - start) / size**2
