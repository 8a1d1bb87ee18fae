"""A digest of a function's wrong numbers: equal where two students' code gives the same ones. For the teacher alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograder.checks.hidden import Finding, HiddenTest

DIGITS = 1e6  # of the largest entry: two orders of adding up give the same digest


def wrong_numbers(found: Iterable[tuple[HiddenTest, Finding]]) -> str:
    """The digest of every wrong array of a function, in the order of its checks; empty where there is none."""
    result, some = hashlib.sha256(), False
    for test, finding in found:
        for verdict in finding.ruling.verdicts if finding.ruling is not None else ():
            rounded = None if verdict.ok else in_digits(verdict.actual)
            if rounded is not None:
                some = True
                result.update(f"{test.name} {verdict.name} ".encode() + rounded)
    return result.hexdigest()[:16] if some else ""


def in_digits(value: Any) -> bytes | None:
    """An array's shape and its entries to six digits of the largest; None for anything else, and for nothing but zeros."""
    if not isinstance(value, (int, float, np.ndarray, np.generic)):
        return None
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        return None
    array = array.astype(np.float64)
    scale = float(np.max(np.abs(array[np.isfinite(array)]), initial=0.0))
    if scale == 0.0:
        return None
    with np.errstate(all="ignore"):
        entries = np.nan_to_num(np.rint(array / scale * DIGITS), nan=-1e9, posinf=1e9, neginf=-2e9).astype(np.int64)
    return f"{array.shape} {scale:.5e} ".encode() + entries.tobytes()
