"""Known mistakes of a4_bptt: credit_matrix and state_gradient_norms, which look at a walk back and add nothing up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import REREAD, WORDS, Array
from autograder.assignments.recurrent import walk
from autograder.assignments.recurrent.sweep import Run, Sweep, Way, forward_of
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import View

CREDIT = "3.1, 'The credit matrix'"
NORMS = "7.1, 'How large is the carry?'"


def frobenius(grad: Array) -> Any:
    """The root of the sum of all squares."""
    return np.linalg.norm(grad)


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
    f"{CREDIT}: entry [t, k], the step that injects first, the step that receives second.",
    matrix=np.transpose,
)
known(
    "credit_behind_tanh",
    "the norms are taken behind the slope of tanh, of the gradients of z",
    f"{CREDIT}: before the slope of tanh at step k.",
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
    "each row is shifted: entry [t, k] is what arrives one step earlier",
    f"{CREDIT}: the diagonal is the norm of grad_outputs[t] itself.",
    share=later,
)
known(
    "credit_summed",
    "each entry is a sum down its column: the rows of earlier steps are added to row t",
    f"{CREDIT}: row t is what grad_outputs[t] does alone.",
    matrix=lambda matrix: matrix.cumsum(axis=0),
)
View(
    "credit_matrix",
    credit,
    {**REREAD, "injected": f"{CREDIT}: row t is what grad_outputs[t] does alone."},
    where="in the credit matrix: ",
    prefix="credit_",
    words={**WORDS, "carry": "the error"},
    ids={"tanh_missing": "credit_without_tanh", "carry_not_transposed": "credit_weight_turned"},
).show(
    (*walk.CARRY, *walk.INJECTED, *walk.SLOPE),
    but=("carry_without_tanh", "carry_one_step", "sign_turned_through_time"),
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
View(
    "state_gradient_norms",
    norms,
    REREAD,
    where="in the walk of the norms: ",
    prefix="norms_",
    words={**WORDS, "carry": "the gradient", "g": "grad_last"},
    ids={
        "tanh_missing": "norms_without_tanh",
        "carry_not_transposed": "norms_weight_turned",
        "tanh_at_state_before": "norms_at_state_before",
    },
).show(
    (*walk.CARRY, *walk.SLOPE),
    but=("carry_without_tanh", "carry_one_step"),
)
