"""Known mistakes of a4_bptt: clipping."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import Array, Grads
from autograder.naming.bank import Functions, MistakesIn, Own

CLIPPING = "7.3, 'Clipping': one norm over every array, and nothing changes where it is small enough."


def norm_of(grads: Grads) -> float:
    """One norm over all arrays."""
    return float(np.sqrt(sum(np.sum(np.square(grad)) for grad in grads.values())))


def clip(clipped: Callable[[Grads, float, float], Grads]) -> Functions:
    """A clip_grad_norm that returns the right total norm, and clipped(grads, max_norm, total norm)."""
    return {"clip_grad_norm": lambda grads, max_norm: (clipped(grads, max_norm, norm_of(grads)), norm_of(grads))}


def clip_by(own: Own, factor: Callable[[float, float], float]) -> Functions:
    """A clip_grad_norm that scales by factor(max_norm, total norm)."""
    return clip(lambda grads, most, total: {name: factor(most, total) * grad for name, grad in grads.items()})


in_clip_grad_norm = MistakesIn("clip_grad_norm", clip_by)


@in_clip_grad_norm(
    "clipped_array_by_array",
    "each array is clipped by its own norm",
    f"{CLIPPING} Otherwise the direction of the step changes.",
)
def clipped_array_by_array(own: Own) -> Functions:
    def one(grad: Array, most: float) -> Array:
        return grad * min(1.0, most / max(float(np.linalg.norm(grad)), 1e-300))

    return clip(lambda grads, most, total: {name: one(grad, most) for name, grad in grads.items()})


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
    lambda own: clip(lambda grads, most, total: {name: np.clip(grad, -most, most) for name, grad in grads.items()}),
)


@in_clip_grad_norm(
    "clipped_norm_returned",
    "the norm after clipping is returned, not the one before",
    "7.3: total_norm is that of the gradients before clipping, so a plot can show how often it is too large.",
)
def clipped_norm_returned(own: Own) -> Functions:
    def clip_grad_norm(grads: Grads, max_norm: float) -> tuple[Grads, float]:
        factor = min(1.0, max_norm / max(norm_of(grads), 1e-300))
        return {name: factor * grad for name, grad in grads.items()}, factor * norm_of(grads)

    return {"clip_grad_norm": clip_grad_norm}


@in_clip_grad_norm(
    "clipped_norm_squared",
    "total_norm is returned without its root; the clipping itself is right",
    "7.3: total_norm is the norm itself, the root of the sum of all squares.",
)
def clipped_norm_squared(own: Own) -> Functions:
    clipped = clip_by(own, lambda most, total: most / total if total > most else 1.0)["clip_grad_norm"]
    return {"clip_grad_norm": lambda grads, most: (clipped(grads, most)[0], norm_of(grads) ** 2)}


@in_clip_grad_norm(
    "norms_added", "the total norm is the sum of the arrays' norms", f"{CLIPPING} Squares add, norms do not."
)
def norms_added(own: Own) -> Functions:
    def clip_grad_norm(grads: Grads, max_norm: float) -> tuple[Grads, float]:
        total = float(sum(np.linalg.norm(grad) for grad in grads.values()))
        factor = max_norm / total if total > max_norm else 1.0
        return {name: factor * grad for name, grad in grads.items()}, total

    return {"clip_grad_norm": clip_grad_norm}


@in_clip_grad_norm("root_forgotten", "the root is missing: the total norm is the sum of all squares", CLIPPING)
def root_forgotten(own: Own) -> Functions:
    def clip_grad_norm(grads: Grads, max_norm: float) -> tuple[Grads, float]:
        total = norm_of(grads) ** 2
        factor = max_norm / total if total > max_norm else 1.0
        return {name: factor * grad for name, grad in grads.items()}, total

    return {"clip_grad_norm": clip_grad_norm}


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
