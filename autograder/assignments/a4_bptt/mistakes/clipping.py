"""Known mistakes of a4_bptt: clip_grad_norm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import Array, Grads
from autograder.naming.bank import Functions, MistakesIn, Own

CLIPPING = "7.3, 'Clipping': one norm over every array, and nothing changes where it is small enough."


def norm_of(grads: Grads) -> float:
    """One norm over all arrays."""
    return float(np.sqrt(sum(np.sum(np.square(grad)) for grad in grads.values())))


def if_too_long(most: float, total: float) -> float:
    """The factor that makes a total norm that is too long as long as it may be."""
    return most / total if total > most else 1.0


def clip(
    own: Own,
    total: Callable[[Grads], float] = norm_of,
    factor: Callable[[float, float], float] = if_too_long,
    scaled: Callable[[Array, float, float], Array] = lambda grad, factor, most: factor * grad,
    returned: Callable[[float, float], float] = lambda total, factor: total,
) -> Functions:
    """A clip_grad_norm, right by default."""

    def clip_grad_norm(grads: Grads, max_norm: float) -> tuple[Grads, float]:
        found = total(grads)
        by = factor(max_norm, found)
        return {name: scaled(grad, by, max_norm) for name, grad in grads.items()}, returned(found, by)

    return {"clip_grad_norm": clip_grad_norm}


in_clip_grad_norm = MistakesIn("clip_grad_norm", clip)
in_clip_grad_norm(
    "clipped_array_by_array",
    "each array is clipped by its own norm",
    f"{CLIPPING} Otherwise the direction of the step changes.",
    scaled=lambda grad, factor, most: grad * if_too_long(most, float(np.linalg.norm(grad))),
)
in_clip_grad_norm(
    "clipped_although_small",
    "the gradients are scaled to max_norm although their norm is smaller",
    CLIPPING,
    factor=lambda most, total: most / total if total else 1.0,
)
in_clip_grad_norm(
    "zero_norm_divides",
    "the gradients are always scaled to max_norm, and a norm of zero gives NaN",
    f"{CLIPPING} What does a norm of 0 divide?",
    factor=lambda most, total: most / total if total else np.nan,
)
in_clip_grad_norm(
    "clipped_entry_by_entry",
    "the entries are cut off at max_norm, one by one",
    f"{CLIPPING} By value is another function.",
    scaled=lambda grad, factor, most: np.clip(grad, -most, most),
)
in_clip_grad_norm(
    "clipped_norm_returned",
    "the norm after clipping is returned, not the one before",
    "7.3: total_norm is that of the gradients before clipping, so a plot can show how often it is too large.",
    returned=lambda total, factor: factor * total,
)
in_clip_grad_norm(
    "clipped_norm_squared",
    "total_norm is returned without its root; the clipping itself is right",
    "7.3: total_norm is the norm itself, the root of the sum of all squares.",
    returned=lambda total, factor: total**2,
)
in_clip_grad_norm(
    "norms_added",
    "the total norm is the sum of the arrays' norms",
    f"{CLIPPING} Squares add, norms do not.",
    total=lambda grads: float(sum(np.linalg.norm(grad) for grad in grads.values())),
)
in_clip_grad_norm(
    "root_forgotten",
    "the root is missing: the total norm is the sum of all squares",
    CLIPPING,
    total=lambda grads: norm_of(grads) ** 2,
)
in_clip_grad_norm(
    "largest_norm_for_total",
    "the total norm is the largest of the arrays' norms",
    CLIPPING,
    total=lambda grads: max(float(np.linalg.norm(grad)) for grad in grads.values()),
)
in_clip_grad_norm(
    "never_clipped", "the gradients are returned unclipped, too long", CLIPPING, factor=lambda most, total: 1.0
)


@in_clip_grad_norm(
    "writes_into_grads",
    "the arrays of the caller are changed in place",
    "No function changes its arguments: write scale * grad, not grad *= scale.",
)
def writes_into_grads(own: Own) -> Functions:
    def clip_grad_norm(grads: Grads, max_norm: float) -> tuple[Grads, float]:
        total = norm_of(grads)
        for grad in grads.values():
            grad *= max_norm / total if total > max_norm else 1.0
        return grads, total

    return {"clip_grad_norm": clip_grad_norm}
