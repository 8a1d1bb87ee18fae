"""Whether a question separates those who know from those who do not: its correlation with the rest of the points."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from autograder.plugins.graded import Graded

ENOUGH = 20  # submissions; with fewer, chance alone gives correlations that look like something

FEW = f"Discrimination (the correlation of a question with the rest of the points) needs at least {ENOUGH} submissions."


def discriminations(graded: Sequence[Graded]) -> dict[str, float]:
    """By function, the correlation of its points with the points of all others (point-biserial where it is all or nothing).

    Over the readable submissions that have every function. Empty with fewer than ENOUGH of them; a function that all have
    alike has none.
    """
    names = {name for g in graded for name in g.result.functions}
    whole = [g.result for g in graded if not g.result.unreadable and g.result.functions.keys() == names]
    if len(whole) < ENOUGH:
        return {}
    found = {}
    for name in names:
        own = [result.functions[name].points for result in whole]
        rest = [result.points - points for result, points in zip(whole, own, strict=True)]
        value = correlation(own, rest)
        if value is not None:
            found[name] = value
    return found


def correlation(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Pearson's correlation; None where one of the two is the same for everybody."""
    mean_a, mean_b = statistics.fmean(a), statistics.fmean(b)
    spread = math.sqrt(sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b))
    if spread < 1e-9:
        return None
    return sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True)) / spread


def in_words(value: float) -> str:
    """What a discrimination says of a question."""
    if value >= 0.3:
        return "separates well"
    if value >= 0.1:
        return "separates a little"
    return "does not separate" if value >= 0 else "those with more points lose it: look at the question"
