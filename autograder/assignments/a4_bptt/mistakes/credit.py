"""Known mistakes of a4_bptt: credit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import Array
from autograder.assignments.a4_bptt.mistakes.sweep import Run, forward_of
from autograder.naming.bank import Functions, MistakesIn, Own

in_credit_matrix = MistakesIn("credit_matrix")
in_state_gradient_norms = MistakesIn("state_gradient_norms")

CREDIT = "3.1, 'The credit matrix'"


NORMS = "7.1, 'How large is the carry?'"


def credit(
    norm: Callable[[Array], Any] = np.linalg.norm,
    share: Callable[[Array, Run, int], Array] = lambda share, run, k: share,
    back: Callable[[Array, Run, int], Array] = lambda share, run, k: (
        (share * (1 - run.after[k] ** 2)) @ run.params["weight_hh"]
    ),
    change: Callable[[Array], Array] = lambda matrix: matrix,
) -> Functions:
    """rnn_forward and a credit_matrix, right by default."""

    def credit_matrix(grad_outputs: Array, run: Run) -> Array:
        matrix = np.zeros((len(grad_outputs), len(grad_outputs)))
        for t, injected in enumerate(grad_outputs):
            walking = injected
            for k in range(t, -1, -1):
                matrix[t, k] = norm(share(walking, run, k))
                walking = back(walking, run, k)
        return change(matrix)

    return {"rnn_forward": forward_of(residual=False), "credit_matrix": credit_matrix}


in_credit_matrix(
    "credit_turned",
    "rows and columns of the credit matrix are exchanged",
    f"{CREDIT}: entry [t, k], the step that injects first, the step that receives second.",
    lambda own: credit(change=np.transpose),
)
in_credit_matrix(
    "credit_behind_tanh",
    "the norms are taken behind the slope of tanh, of the gradients of z",
    f"{CREDIT}: before the slope of tanh at step k.",
    lambda own: credit(share=lambda share, run, k: share * (1 - run.after[k] ** 2)),
)
in_credit_matrix(
    "credit_squared",
    "the entries are squares of norms",
    f"{CREDIT}: the Frobenius norm has a root. A law: twice the injected, twice the credit.",
    lambda own: credit(norm=lambda share: np.sum(share**2)),
)
in_credit_matrix(
    "credit_without_tanh",
    "the errors walk back through weight_hh but not through tanh",
    f"{CREDIT}: the inner loop of nested_backward.",
    lambda own: credit(back=lambda share, run, k: share @ run.params["weight_hh"]),
)
in_credit_matrix(
    "credit_weight_turned",
    "the errors walk back through weight_hh the wrong way round",
    "2.1, the line of the carry, by index: of the two axes of weight_hh, which is the later state?",
    lambda own: credit(back=lambda share, run, k: (share * (1 - run.after[k] ** 2)) @ run.params["weight_hh"].T),
)
in_credit_matrix(
    "credit_mean_over_batch",
    "the entries are means of the samples' norms, not one norm over batch and units",
    f"{CREDIT}: np.linalg.norm of a matrix is one number.",
    lambda own: credit(norm=lambda share: np.linalg.norm(share, axis=1).mean()),
)
in_credit_matrix(
    "credit_one_step_early",
    "each row is shifted: entry [t, k] is what arrives one step earlier",
    f"{CREDIT}: the diagonal is the norm of grad_outputs[t] itself.",
    lambda own: credit(share=lambda share, run, k: (share * (1 - run.after[k] ** 2)) @ run.params["weight_hh"]),
)
in_credit_matrix(
    "credit_tanh_at_state_before",
    "on the way back the slope of tanh is read at the state that enters the step",
    f"{CREDIT} and 2.1, the line of δ: at which state is the slope read?",
    lambda own: credit(back=lambda share, run, k: (share * (1 - run.before[k] ** 2)) @ run.params["weight_hh"]),
)
in_credit_matrix(
    "credit_summed",
    "each entry is a sum down its column: the rows of earlier steps are added to row t",
    f"{CREDIT}: row t is what grad_outputs[t] does alone.",
    lambda own: credit(change=lambda matrix: matrix.cumsum(axis=0)),
)


@in_credit_matrix(
    "credit_writes_into_grad_outputs",
    "credit_matrix writes into grad_outputs, and the caller's array changes",
    "No function changes its arguments: share = share * slope makes a new array, share *= slope writes into the old one.",
)
def credit_writes_into_grad_outputs(own: Own) -> Functions:
    def back(share: Array, run: Run, k: int) -> Array:
        share *= 1 - run.after[k] ** 2
        return share @ run.params["weight_hh"]

    return credit(back=back)


def norms(
    norm: Callable[[Array], Any] = np.linalg.norm,
    back: Callable[[Array, Run, int], Array] = lambda grad, run, t: (
        (grad * (1 - run.after[t] ** 2)) @ run.params["weight_hh"]
    ),
    change: Callable[[Array], Array] = lambda values: values,
) -> Functions:
    """rnn_forward and a state_gradient_norms, right by default."""

    def state_gradient_norms(grad_last: Array, run: Run) -> Array:
        grad, found = grad_last, [norm(grad_last)]
        for t in reversed(range(len(run.x))):
            grad = back(grad, run, t)
            found.append(norm(grad))
        return change(np.array(found[::-1]))

    return {"rnn_forward": forward_of(residual=False), "state_gradient_norms": state_gradient_norms}


in_state_gradient_norms(
    "norms_last_first",
    "the norms are in reverse order, last state first",
    f"{NORMS}: the order is h0, outputs[0], …, outputs[T − 1].",
    lambda own: norms(change=lambda values: values[::-1]),
)
in_state_gradient_norms(
    "norms_without_h0",
    "the norm of h0 is missing, so there are T and not T + 1",
    f"{NORMS}: h0 is a state too.",
    lambda own: norms(change=lambda values: values[1:]),
)
in_state_gradient_norms(
    "norms_squared",
    "the norms are squared",
    f"{NORMS}: the Frobenius norm has a root.",
    lambda own: norms(norm=lambda grad: np.sum(grad**2)),
)
in_state_gradient_norms(
    "norms_mean_over_batch",
    "the norms are means of the samples' norms",
    f"{NORMS}: one Frobenius norm over batch and units.",
    lambda own: norms(norm=lambda grad: np.linalg.norm(grad, axis=1).mean()),
)
in_state_gradient_norms(
    "norms_over_root_of_batch",
    "the norms are divided by the square root of the batch size",
    f"{NORMS}: one Frobenius norm over batch and units, with no mean in it.",
    lambda own: norms(norm=lambda grad: np.linalg.norm(grad) / np.sqrt(len(grad))),
)
in_state_gradient_norms(
    "norms_largest_entry",
    "the largest entry of each gradient is returned, not its norm",
    f"{NORMS}: the Frobenius norm is the root of the sum of all squares.",
    lambda own: norms(norm=np.max),
)
in_state_gradient_norms(
    "norms_without_tanh",
    "the gradient walks back through weight_hh but not through tanh",
    "2.1: c = δ W, and δ includes the slope of tanh.",
    lambda own: norms(back=lambda grad, run, t: grad @ run.params["weight_hh"]),
)
in_state_gradient_norms(
    "norms_weight_turned",
    "the gradient walks back through weight_hh the wrong way round",
    "2.1, the line of the carry, by index.",
    lambda own: norms(back=lambda grad, run, t: (grad * (1 - run.after[t] ** 2)) @ run.params["weight_hh"].T),
)
in_state_gradient_norms(
    "norms_at_state_before",
    "on the walk back the slope of tanh is read at the state that enters the step",
    "2.1, the line of δ: at which state is the slope read?",
    lambda own: norms(back=lambda grad, run, t: (grad * (1 - run.before[t] ** 2)) @ run.params["weight_hh"]),
)
in_state_gradient_norms(
    "norms_relative",
    "the norms are divided by that of the last state",
    f"{NORMS}: return the norms themselves; a ratio is for the figure.",
    lambda own: norms(change=lambda values: values / values[-1]),
)
