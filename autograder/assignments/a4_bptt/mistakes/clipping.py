"""Known mistakes of a4_bptt: clipping."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import Array, Grads
from autograder.naming.bank import Functions, Own, mistake

CLIPPING = "7.3, 'Clipping': one norm over every array, and nothing changes where it is small enough."


def norm_of(grads: Grads) -> float:
    """One norm over all arrays."""
    return float(np.sqrt(sum(np.sum(np.square(grad)) for grad in grads.values())))


def clip(clipped: Callable[[Grads, float, float], Grads]) -> Functions:
    """A clip_grad_norm that returns the right total norm, and clipped(grads, max_norm, total norm)."""
    return {"clip_grad_norm": lambda grads, max_norm: (clipped(grads, max_norm, norm_of(grads)), norm_of(grads))}


def clip_by(factor: Callable[[float, float], float]) -> Functions:
    """A clip_grad_norm that scales by factor(max_norm, total norm)."""
    return clip(lambda grads, most, total: {name: factor(most, total) * grad for name, grad in grads.items()})


@mistake(
    "clip_grad_norm",
    id="clipped_array_by_array",
    title="each array is clipped by its own norm",
    reread=f"{CLIPPING} Otherwise the direction of the step changes.",
)
def clipped_array_by_array(own: Own) -> Functions:
    def one(grad: Array, most: float) -> Array:
        return grad * min(1.0, most / max(float(np.linalg.norm(grad)), 1e-300))

    return clip(lambda grads, most, total: {name: one(grad, most) for name, grad in grads.items()})


@mistake(
    "clip_grad_norm",
    id="clipped_although_small",
    title="the gradients are scaled to max_norm although their norm is smaller",
    reread=CLIPPING,
)
def clipped_although_small(own: Own) -> Functions:
    return clip_by(lambda most, total: most / total if total else 1.0)


@mistake(
    "clip_grad_norm",
    id="zero_norm_divides",
    title="the gradients are always scaled to max_norm, and a norm of zero gives NaN",
    reread=f"{CLIPPING} What does a norm of 0 divide?",
)
def zero_norm_divides(own: Own) -> Functions:
    return clip_by(lambda most, total: most / total if total else np.nan)


@mistake(
    "clip_grad_norm",
    id="clipped_entry_by_entry",
    title="the entries are cut off at max_norm, one by one",
    reread=f"{CLIPPING} By value is another function.",
)
def clipped_entry_by_entry(own: Own) -> Functions:
    return clip(lambda grads, most, total: {name: np.clip(grad, -most, most) for name, grad in grads.items()})


@mistake(
    "clip_grad_norm",
    id="clipped_norm_returned",
    title="the norm after clipping is returned, not the one before",
    reread="7.3: total_norm is that of the gradients before clipping, so a plot can show how often it is too large.",
)
def clipped_norm_returned(own: Own) -> Functions:
    def clip_grad_norm(grads: Grads, max_norm: float) -> tuple[Grads, float]:
        factor = min(1.0, max_norm / max(norm_of(grads), 1e-300))
        return {name: factor * grad for name, grad in grads.items()}, factor * norm_of(grads)

    return {"clip_grad_norm": clip_grad_norm}


@mistake(
    "clip_grad_norm",
    id="clipped_norm_squared",
    title="total_norm is returned without its root; the clipping itself is right",
    reread="7.3: total_norm is the norm itself, the root of the sum of all squares.",
)
def clipped_norm_squared(own: Own) -> Functions:
    clipped = clip_by(lambda most, total: most / total if total > most else 1.0)["clip_grad_norm"]
    return {"clip_grad_norm": lambda grads, most: (clipped(grads, most)[0], norm_of(grads) ** 2)}


@mistake(
    "clip_grad_norm",
    id="norms_added",
    title="the total norm is the sum of the arrays' norms",
    reread=f"{CLIPPING} Squares add, norms do not.",
)
def norms_added(own: Own) -> Functions:
    def clip_grad_norm(grads: Grads, max_norm: float) -> tuple[Grads, float]:
        total = float(sum(np.linalg.norm(grad) for grad in grads.values()))
        factor = max_norm / total if total > max_norm else 1.0
        return {name: factor * grad for name, grad in grads.items()}, total

    return {"clip_grad_norm": clip_grad_norm}


@mistake(
    "clip_grad_norm",
    id="root_forgotten",
    title="the root is missing: the total norm is the sum of all squares",
    reread=CLIPPING,
)
def root_forgotten(own: Own) -> Functions:
    def clip_grad_norm(grads: Grads, max_norm: float) -> tuple[Grads, float]:
        total = norm_of(grads) ** 2
        factor = max_norm / total if total > max_norm else 1.0
        return {name: factor * grad for name, grad in grads.items()}, total

    return {"clip_grad_norm": clip_grad_norm}


@mistake("clip_grad_norm", id="never_clipped", title="the gradients are returned unclipped, too long", reread=CLIPPING)
def never_clipped(own: Own) -> Functions:
    return clip_by(lambda most, total: 1.0)


@mistake(
    "clip_grad_norm",
    id="writes_into_grads",
    title="the arrays of the caller are changed in place",
    reread="No function changes its arguments: write scale * grad, not grad *= scale.",
)
def writes_into_grads(own: Own) -> Functions:
    def clip_grad_norm(grads: Grads, max_norm: float) -> tuple[Grads, float]:
        total = norm_of(grads)
        for grad in grads.values():
            grad *= max_norm / total if total > max_norm else 1.0
        return grads, total

    return {"clip_grad_norm": clip_grad_norm}
