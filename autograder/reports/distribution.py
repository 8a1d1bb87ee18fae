"""How the marks of a class are distributed: mean, median, quartiles, and counts by range."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

MOST_BINS = 12
STEPS = (1, 2, 2.5, 5, 10)  # widths of a bin, times a power of ten


@dataclass(frozen=True)
class Distribution:
    """A summary of n marks, n at least 1. The quartiles interpolate between marks (statistics' "inclusive" method)."""

    n: int
    mean: float
    low: float
    first_quartile: float
    median: float
    third_quartile: float
    high: float


@dataclass(frozen=True)
class Bin:
    """How many marks are at least low and below high; the last bin includes its upper end."""

    low: float
    high: float
    count: int


def distribution(values: Sequence[float]) -> Distribution:
    """Summarise marks. Raises statistics.StatisticsError for none."""
    first, median, third = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [*values] * 3
    return Distribution(len(values), statistics.fmean(values), min(values), first, median, third, max(values))


def bins(values: Sequence[float], top: float) -> list[Bin]:
    """Count marks from 0 to top in at most MOST_BINS ranges of one round width."""
    if top <= 0:
        return []
    width = round_width(top)
    number = math.ceil(top / width)
    counts = [0] * number
    for value in values:
        counts[max(0, min(int(value / width), number - 1))] += 1
    return [Bin(i * width, min((i + 1) * width, top), count) for i, count in enumerate(counts)]


def round_width(top: float) -> float:
    """The smallest round width that needs no more than MOST_BINS bins."""
    power = 10.0 ** math.floor(math.log10(top / MOST_BINS))
    return next(width for step in STEPS if top / (width := step * power) <= MOST_BINS)
