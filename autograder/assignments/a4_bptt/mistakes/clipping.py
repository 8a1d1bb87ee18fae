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


# ---- by rule ---------------------------------------------------------------------------------------------------------

TOTALS: dict[str, Callable[[Grads], float]] = {
    "the sum of all absolute entries": lambda grads: float(sum(np.abs(g).sum() for g in grads.values())),
    "the largest absolute entry": lambda grads: float(max(np.abs(g).max() for g in grads.values())),
    "the sum of the arrays' largest absolute entries": lambda grads: float(
        sum(np.abs(g).max() for g in grads.values())
    ),
    "the mean of the arrays' norms": lambda grads: float(np.mean([np.linalg.norm(g) for g in grads.values()])),
    "the smallest of the arrays' norms": lambda grads: float(min(np.linalg.norm(g) for g in grads.values())),
    "the norm of the last array": lambda grads: float(np.linalg.norm([*grads.values()][-1])),
    "the norm of the first array": lambda grads: float(np.linalg.norm(next(iter(grads.values())))),
    "the sum of the squared norms": lambda grads: float(sum(np.linalg.norm(g) ** 2 for g in grads.values())),
    "the root of the sum of the norms": lambda grads: float(np.sqrt(sum(np.linalg.norm(g) for g in grads.values()))),
    "the root of the sum of the absolute entries": lambda grads: float(
        np.sqrt(sum(np.abs(g).sum() for g in grads.values()))
    ),
    "the root of the mean of all squares": lambda grads: (
        norm_of(grads) / float(np.sqrt(sum(g.size for g in grads.values())))
    ),
    "the root of the sum of the arrays' mean squares": lambda grads: float(
        np.sqrt(sum(np.mean(g**2) for g in grads.values()))
    ),
    "the root of the mean of the arrays' sums of squares": lambda grads: norm_of(grads) / float(np.sqrt(len(grads))),
    "the norm divided by the number of arrays": lambda grads: norm_of(grads) / len(grads),
    "half the norm": lambda grads: norm_of(grads) / 2,
    "twice the norm": lambda grads: 2 * norm_of(grads),
    "the norm of the weights alone": lambda grads: norm_of({k: g for k, g in grads.items() if "weight" in k}),
    "the norm of the biases alone": lambda grads: norm_of({k: g for k, g in grads.items() if "bias" in k}),
    "the norm of the layer's four arrays alone": lambda grads: norm_of(
        {k: g for k, g in grads.items() if "ho" not in k}
    ),
    "the norm of the readout's two arrays alone": lambda grads: norm_of({k: g for k, g in grads.items() if "ho" in k}),
    "the sum of all entries": lambda grads: float(sum(g.sum() for g in grads.values())),
    "the absolute sum of all entries": lambda grads: abs(float(sum(g.sum() for g in grads.values()))),
    "the sum of spectral norms": lambda grads: float(sum(np.linalg.norm(g, 2) for g in grads.values())),
    "the root of the sum of squared spectral norms": lambda grads: float(
        np.sqrt(sum(np.linalg.norm(g, 2) ** 2 for g in grads.values()))
    ),
    "the norm plus 1e-3": lambda grads: norm_of(grads) + 1e-3,
}
FACTORS: dict[str, Callable[[float, float], float]] = {
    "total / max_norm, the wrong way round": lambda most, total: total / most if total > most else 1.0,
    "max_norm, and is not divided by the norm": lambda most, total: most if total > most else 1.0,
    "1 / total, so that the norm becomes 1": lambda most, total: 1 / total if total > most else 1.0,
    "max_norm / total²": lambda most, total: most / total**2 if total > most else 1.0,
    "the root of max_norm / total": lambda most, total: float(np.sqrt(most / total)) if total > most else 1.0,
    "the square of max_norm / total": lambda most, total: (most / total) ** 2 if total > most else 1.0,
    "max_norm / (total + 1)": lambda most, total: most / (total + 1) if total > most else 1.0,
    "max_norm / (total + 1e-3)": lambda most, total: most / (total + 1e-3) if total > most else 1.0,
    "max_norm / (total + 1e-4)": lambda most, total: most / (total + 1e-4) if total > most else 1.0,
    "half of max_norm / total": lambda most, total: most / total / 2 if total > most else 1.0,
    "twice max_norm / total": lambda most, total: 2 * most / total if total > most else 1.0,
    "1 − max_norm / total": lambda most, total: 1 - most / total if total > most else 1.0,
    "max_norm − total": lambda most, total: most - total if total > most else 1.0,
    "max(1, max_norm / total): nothing ever gets smaller": lambda most, total: max(1.0, most / total),
    "zero: gradients that are too long are thrown away": lambda most, total: 0.0 if total > most else 1.0,
    "max_norm / total with the other sign": lambda most, total: -most / total if total > most else 1.0,
    "max_norm / total where the norm is small, and 1 where it is too large": lambda most, total: (
        most / total if total < most else 1.0
    ),
}
SCALED: dict[str, Callable[[Array, float, float], Array]] = {
    "each array is divided by its own norm": lambda grad, factor, most: grad / np.linalg.norm(grad),
    "each array is scaled to max_norm by its own norm, long or short": lambda grad, factor, most: (
        most * grad / np.linalg.norm(grad)
    ),
    "each array is scaled by its largest absolute entry": lambda grad, factor, most: (
        grad * min(1.0, most / np.abs(grad).max())
    ),
    "the entries are cut off at max_norm above alone": lambda grad, factor, most: np.minimum(grad, most),
    "the entries are clipped to [−1, 1]": lambda grad, factor, most: np.clip(grad, -1, 1),
    "the entries are clipped to [−5, 5]": lambda grad, factor, most: np.clip(grad, -5, 5),
    "only the signs are kept, times max_norm": lambda grad, factor, most: most * np.sign(grad),
    "each row is scaled by its own norm": lambda grad, factor, most: (
        grad * np.minimum(1, most / np.linalg.norm(grad, axis=-1, keepdims=True))
    ),
    "the scaling is done twice": lambda grad, factor, most: factor**2 * grad,
    "max_norm is taken away from each entry": lambda grad, factor, most: grad - most,
}
RETURNED: dict[str, Callable[[float, float], float]] = {
    "the factor is returned, not the norm": lambda total, factor: factor,
    "half the norm is returned": lambda total, factor: total / 2,
    "the root of the norm is returned": lambda total, factor: float(np.sqrt(total)),
    "1 is returned": lambda total, factor: 1.0,
    "zero is returned": lambda total, factor: 0.0,
    "whether it was clipped is returned, not the norm": lambda total, factor: float(factor < 1),
    "total_norm plus 1e-6 is returned": lambda total, factor: total + 1e-6,
    "total_norm plus 1e-3 is returned": lambda total, factor: total + 1e-3,
}
known = MistakesIn("clip_grad_norm", clip, by_rule=True)
for words, total in TOTALS.items():
    known(f"clip_total_{words}", f"the total norm is {words}", CLIPPING, total=total)
for words, factor in FACTORS.items():
    known(f"clip_factor_{words}", f"the factor is {words}", CLIPPING, factor=factor)
for words, scaled in SCALED.items():
    known(f"clip_scaled_{words}", words, CLIPPING, scaled=scaled)
for words, returned in RETURNED.items():
    known(f"clip_returned_{words}", words, CLIPPING, returned=returned)
for some in ("weight", "bias", "hh", "ih", "ho"):

    def clip_some(own: Own, some: str = some, **slots: object) -> Functions:
        """A clip_grad_norm that scales these arrays alone."""
        right = clip(own)["clip_grad_norm"]
        return {
            "clip_grad_norm": lambda grads, most: (
                {k: right(grads, most)[0][k] if some in k else g for k, g in grads.items()},
                right(grads, most)[1],
            )
        }

    MistakesIn("clip_grad_norm", clip_some, by_rule=True)(
        f"clip_some_{some}", f"only the arrays with {some} in their names are scaled", CLIPPING, some=some
    )
