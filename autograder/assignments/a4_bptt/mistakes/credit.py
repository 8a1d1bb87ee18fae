"""Known mistakes of a4_bptt: credit_matrix and state_gradient_norms, which look at a walk back and add nothing up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import REREAD, WORDS, Array
from autograder.assignments.recurrent import families, walk
from autograder.assignments.recurrent.sweep import Run, Sweep, Way, forward_of
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import Edit, View

CREDIT = "3.1, 'The credit matrix'"
NORMS = "7.1, 'How large is the carry?'"


def frobenius(grad: Array) -> Any:
    """The root of the sum of all squares."""
    return np.linalg.norm(grad)


SIZES: dict[str, Callable[[Array], Any]] = {
    "sums of absolute entries": lambda g: np.abs(g).sum(),
    "means of absolute entries": lambda g: np.abs(g).mean(),
    "largest absolute entries": lambda g: np.abs(g).max(),
    "largest entries": np.max,
    "roots of means of squares": lambda g: np.sqrt(np.mean(g**2)),
    "means of squares": lambda g: np.mean(g**2),
    "sums of squares": lambda g: np.sum(g**2),
    "half the sums of squares": lambda g: np.sum(g**2) / 2,
    "sums of the entries": np.sum,
    "absolute sums of the entries": lambda g: abs(np.sum(g)),
    "means of the entries": np.mean,
    "standard deviations": np.std,
    "spectral norms": lambda g: np.linalg.norm(g, 2),
    "nuclear norms": lambda g: np.linalg.norm(g, "nuc"),
    "largest column sums, np.linalg.norm(…, 1),": lambda g: np.linalg.norm(g, 1),
    "largest row sums, np.linalg.norm(…, np.inf),": lambda g: np.linalg.norm(g, np.inf),
    "sums of the samples' norms": lambda g: np.linalg.norm(g, axis=1).sum(),
    "means of the samples' norms": lambda g: np.linalg.norm(g, axis=1).mean(),
    "largest of the samples' norms": lambda g: np.linalg.norm(g, axis=1).max(),
    "norms of the first sample": lambda g: np.linalg.norm(g[0]),
    "norms of the last sample": lambda g: np.linalg.norm(g[-1]),
    "sums of the units' norms": lambda g: np.linalg.norm(g, axis=0).sum(),
    "means of the units' norms": lambda g: np.linalg.norm(g, axis=0).mean(),
    "norms of means over the batch": lambda g: np.linalg.norm(g.mean(axis=0)),
    "norms of sums over the batch": lambda g: np.linalg.norm(g.sum(axis=0)),
    "norms divided by the batch size": lambda g: np.linalg.norm(g) / len(g),
    "norms divided by the root of the batch size": lambda g: np.linalg.norm(g) / np.sqrt(len(g)),
    "norms divided by the number of units": lambda g: np.linalg.norm(g) / g.shape[1],
    "norms divided by the number of entries": lambda g: np.linalg.norm(g) / g.size,
    "norms divided by the root of the number of entries": lambda g: np.linalg.norm(g) / np.sqrt(g.size),
    "third roots of sums of third powers": lambda g: np.sum(np.abs(g) ** 3) ** (1 / 3),
}
WALK_SAME = (
    "carry_dropped_h0_zero",
    "carry_starts_with_last",
    "carry_subtracted",
    "carry_two_steps",
    "slope_turned_of_h",
)


def norms_by_rule() -> Iterator[Edit]:
    """Every size that people take of a gradient."""
    for place, (words, size) in enumerate(SIZES.items()):
        yield Edit(f"size_{place}", f"these are {words} of the gradients, not their norms", {"norm": size})


def later(way: Way) -> Array:
    """What arrives one step earlier: the crossed gradients."""
    return way.grad_z @ way.run.params["weight_hh"]


def credit(
    own: Own,
    norm: Callable[[Array], Any] = frobenius,
    share: Callable[[Way], Array] = lambda way: way.grad_h,
    matrix: Callable[[Array], Array] = lambda matrix: matrix,
    **slots: Any,
) -> Functions:
    """rnn_forward and a credit_matrix: the norm of what each step's error, walking on its own, is at each step."""

    def credit_matrix(grad_outputs: Array, run: Run) -> Array:
        found = share(Sweep(**slots).walk(grad_outputs, run, alone=True))
        steps = range(len(found))
        return matrix(np.array([[norm(found[k, t]) if k <= t else 0.0 for k in steps] for t in steps]))

    return {"rnn_forward": forward_of(), "credit_matrix": credit_matrix}


known = MistakesIn("credit_matrix", credit)
known(
    "credit_turned",
    "rows and columns of the credit matrix are exchanged",
    f"{CREDIT}: entry [t, s], the step that injects first, the step that receives second.",
    matrix=np.transpose,
)
known(
    "credit_behind_tanh",
    "the norms are taken behind the slope of tanh, of the gradients of z",
    f"{CREDIT}: before the slope of tanh at step s.",
    share=lambda way: way.grad_z,
)
known(
    "credit_squared",
    "the entries are squares of norms",
    f"{CREDIT}: the Frobenius norm has a root. A law: twice the injected, twice the credit.",
    norm=lambda share: np.sum(share**2),
)
known(
    "credit_mean_over_batch",
    "the entries are means of the samples' norms, not one norm over batch and units",
    f"{CREDIT}: np.linalg.norm of a matrix is one number.",
    norm=lambda share: np.linalg.norm(share, axis=1).mean(),
)
known(
    "credit_one_step_early",
    "each row is shifted: entry [t, s] is what arrives one step earlier",
    f"{CREDIT}: the diagonal is the norm of grad_outputs[t] itself.",
    share=later,
)
known(
    "credit_summed",
    "each entry is a sum down its column: the rows of earlier steps are added to row t",
    f"{CREDIT}: row t is what grad_outputs[t] does alone.",
    matrix=lambda matrix: matrix.cumsum(axis=0),
)
view = View(
    "credit_matrix",
    credit,
    {**REREAD, "norm": CREDIT, "injected": f"{CREDIT}: row t is what grad_outputs[t] does alone."},
    where="in the credit matrix: ",
    prefix="credit_",
    words={**WORDS, "carry": "the error"},
    ids={"tanh_missing": "credit_without_tanh", "carry_not_transposed": "credit_weight_turned"},
)
view.show(
    (*walk.CARRY, *walk.INJECTED, *walk.SLOPE),
    but=("carry_without_tanh", "carry_one_step", "sign_turned_through_time"),
)
view.show((*families.slopes(), *families.injected(), *families.carries()), but=WALK_SAME, by_rule=True)
view.show(norms_by_rule(), by_rule=True)
CREDIT_SHARE: dict[str, Any] = {
    "the entries are norms of what is injected alone": lambda way: way.injected,
    "the entries are norms of the gradients of x": lambda way: way.grad_z @ way.run.params["weight_ih"],
    "the entries are norms of the states, not of gradients": lambda way: way.grad_h * 0 + way.run.after[:, None],
    "the entries are norms behind both the slope of tanh and weight_hh": later,
}
for words, share in CREDIT_SHARE.items():
    MistakesIn("credit_matrix", credit, by_rule=True)(f"credit_share_{words}", words, CREDIT, share=share)
CREDIT_MATRIX: dict[str, Any] = {
    "the diagonal is left at zero": lambda m: m - np.diag(np.diag(m)),
    "the diagonal is one": lambda m: m - np.diag(np.diag(m)) + np.eye(len(m)),
    "only the diagonal is there": lambda m: np.diag(np.diag(m)),
    "each row is divided by its largest entry": lambda m: m / m.max(axis=1, keepdims=True),
    "each row is divided by its sum": lambda m: m / m.sum(axis=1, keepdims=True),
    "each column is divided by its largest entry": lambda m: m / m.max(axis=0, keepdims=True),
    "each row is divided by its entry on the diagonal": lambda m: m / np.diag(m)[:, None],
    "the matrix is divided by its largest entry": lambda m: m / m.max(),
    "each row is in reverse order": lambda m: m[:, ::-1],
    "the rows are in reverse order": lambda m: m[::-1],
    "rows and columns are in reverse order": lambda m: m[::-1, ::-1],
    "rows and columns are in reverse order, and exchanged": lambda m: m[::-1, ::-1].T,
    "entry [t, s] is at [t, t − s]: each row begins with its diagonal": lambda m: np.array(
        [[m[t, t - k] if k <= t else 0 for k in range(len(m))] for t in range(len(m))]
    ),
    "the matrix is symmetric: both triangles are filled": lambda m: m + m.T - np.diag(np.diag(m)),
    "each row is added up from the right": lambda m: np.cumsum(m[:, ::-1], axis=1)[:, ::-1],
    "each row is added up from the left": lambda m: np.cumsum(m, axis=1),
    "the last row is left at zero": lambda m: np.concatenate([m[:-1], 0 * m[-1:]]),
    "the first row is left at zero": lambda m: np.concatenate([0 * m[:1], m[1:]]),
    "the last row alone is there": lambda m: np.concatenate([0 * m[:-1], m[-1:]]),
    "only the last row is returned": lambda m: m[-1],
    "each row stops one step before the first": lambda m: (
        np.concatenate([0 * m[:, :1], m[:, 1:]], axis=1) + np.diag(np.eye(len(m))[0] * m[0, 0])
    ),
    "the entries are roots of the norms": np.sqrt,
    "log10 is taken of the entries": lambda m: np.log10(m, out=np.zeros_like(m), where=m > 0),
}
for words, matrix in CREDIT_MATRIX.items():
    MistakesIn("credit_matrix", credit, by_rule=True)(
        f"credit_matrix_{words}", words, f"{CREDIT}: entry [t, s], t injects.", matrix=matrix
    )


@MistakesIn("credit_matrix")(
    "credit_writes_into_grad_outputs",
    "credit_matrix writes into grad_outputs, and the caller's array changes",
    "No function changes its arguments: share = share * slope makes a new array, share *= slope writes into the old one.",
)
def credit_writes_into_grad_outputs(own: Own) -> Functions:
    right = credit(own)

    def credit_matrix(grad_outputs: Array, run: Run) -> Array:
        matrix: Array = right["credit_matrix"](grad_outputs, run)
        grad_outputs *= 1 - run.after**2
        return matrix

    return {**right, "credit_matrix": credit_matrix}


def norms(
    own: Own,
    norm: Callable[[Array], Any] = frobenius,
    values: Callable[[Array], Array] = lambda values: values,
    **slots: Any,
) -> Functions:
    """rnn_forward and a state_gradient_norms: a walk of what is injected into the last state."""

    def state_gradient_norms(grad_last: Array, run: Run) -> Array:
        grad_outputs = np.zeros_like(run.after)
        grad_outputs[-1] = grad_last
        way = Sweep(**slots).walk(grad_outputs, run)
        return values(np.array([norm(way.carry), *map(norm, way.grad_h)]))

    return {"rnn_forward": forward_of(), "state_gradient_norms": state_gradient_norms}


def other_norms(own: Own, share: Callable[[Way], Array]) -> Functions:
    """rnn_forward and a state_gradient_norms that shows something else of the walk."""

    def state_gradient_norms(grad_last: Array, run: Run) -> Array:
        return share(Sweep().walk(np.concatenate([0 * run.after[:-1], grad_last[None]]), run))

    return {"rnn_forward": forward_of(), "state_gradient_norms": state_gradient_norms}


known = MistakesIn("state_gradient_norms", norms)
known(
    "norms_last_first",
    "the norms are in reverse order, last state first",
    f"{NORMS}: the order is h0, outputs[0], …, outputs[T − 1].",
    values=lambda values: values[::-1],
)
known(
    "norms_without_h0",
    "the norm of h0 is missing, so there are T and not T + 1",
    f"{NORMS}: h0 is a state too.",
    values=lambda values: values[1:],
)
known(
    "norms_squared",
    "the norms are squared",
    f"{NORMS}: the Frobenius norm has a root.",
    norm=lambda grad: np.sum(grad**2),
)
known(
    "norms_mean_over_batch",
    "the norms are means of the samples' norms",
    f"{NORMS}: one Frobenius norm over batch and units.",
    norm=lambda grad: np.linalg.norm(grad, axis=1).mean(),
)
known(
    "norms_over_root_of_batch",
    "the norms are divided by the square root of the batch size",
    f"{NORMS}: one Frobenius norm over batch and units, with no mean in it.",
    norm=lambda grad: np.linalg.norm(grad) / np.sqrt(len(grad)),
)
known(
    "norms_largest_entry",
    "the largest entry of each gradient is returned, not its norm",
    f"{NORMS}: the Frobenius norm is the root of the sum of all squares.",
    norm=np.max,
)
known(
    "norms_relative",
    "the norms are divided by that of the last state",
    f"{NORMS}: return the norms themselves; a ratio is for the figure.",
    values=lambda values: values / values[-1],
)
view = View(
    "state_gradient_norms",
    norms,
    {**REREAD, "norm": NORMS},
    where="in the walk of the norms: ",
    prefix="norms_",
    words={**WORDS, "carry": "the gradient", "g": "grad_last"},
    ids={
        "tanh_missing": "norms_without_tanh",
        "carry_not_transposed": "norms_weight_turned",
        "tanh_at_state_before": "norms_at_state_before",
    },
)
view.show(
    (*walk.CARRY, *walk.SLOPE),
    but=("carry_without_tanh", "carry_one_step"),
)
view.show((*families.slopes(), *families.carries()), but=WALK_SAME, by_rule=True)
view.show(norms_by_rule(), by_rule=True)
NORMS_VALUES: dict[str, Any] = {
    "the norm of the last state is missing": lambda v: v[:-1],
    "the norm of the last state comes twice, and that of h0 is missing": lambda v: np.append(v[1:], v[-1]),
    "the norm of h0 is left at zero": lambda v: np.append(0, v[1:]),
    "the norm of the last state is left at zero": lambda v: np.append(v[:-1], 0),
    "the norms are divided by the largest": lambda v: v / v.max(),
    "the norms are divided by that of h0": lambda v: v / v[0],
    "the norms are divided by their sum": lambda v: v / v.sum(),
    "the norms are ratios of neighbours": lambda v: v[:-1] / v[1:],
    "log10 is taken of the norms": np.log10,
    "log is taken of the norms": np.log,
    "the norms are running sums": np.cumsum,
    "the norms are running sums from the last state on": lambda v: np.cumsum(v[::-1])[::-1],
    "only the norm of h0 is returned": lambda v: v[0],
    "T norms are returned, last state first": lambda v: v[:0:-1],
    "the norms without h0's are in reverse order": lambda v: np.append(v[0], v[:0:-1]),
}
for words, values in NORMS_VALUES.items():
    MistakesIn("state_gradient_norms", norms, by_rule=True)(
        f"norms_{words}", words, f"{NORMS}: the order is h0, outputs[0], …, outputs[T − 1].", values=values
    )
NORMS_OF: dict[str, Any] = {
    "the norms are those of the gradients of z": lambda way: np.array(
        [np.linalg.norm(way.carry), *map(np.linalg.norm, way.grad_z)]
    ),
    "the norms are those of the states": lambda way: np.array(
        [np.linalg.norm(h) for h in (way.run.before[0], *way.run.after)]
    ),
    "the norms are those of the gradients of x": lambda way: np.array(
        [np.linalg.norm(way.carry), *map(np.linalg.norm, way.grad_z @ way.run.params["weight_ih"])]
    ),
}
for words, share in NORMS_OF.items():
    MistakesIn("state_gradient_norms", other_norms, by_rule=True)(f"norms_of_{words}", words, NORMS, share=share)
