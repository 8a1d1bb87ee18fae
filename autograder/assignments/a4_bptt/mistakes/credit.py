"""Known mistakes of a4_bptt: credit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import Array
from autograder.assignments.a4_bptt.mistakes.sweep import Run, forward_of
from autograder.naming.bank import Functions, Own, mistake

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


@mistake(
    "credit_matrix",
    id="credit_turned",
    title="rows and columns of the credit matrix are exchanged",
    reread=f"{CREDIT}: entry [t, k], the step that injects first, the step that receives second.",
)
def credit_turned(own: Own) -> Functions:
    return credit(change=np.transpose)


@mistake(
    "credit_matrix",
    id="credit_behind_tanh",
    title="the norms are taken behind the slope of tanh, of the gradients of z",
    reread=f"{CREDIT}: before the slope of tanh at step k.",
)
def credit_behind_tanh(own: Own) -> Functions:
    return credit(share=lambda share, run, k: share * (1 - run.after[k] ** 2))


@mistake(
    "credit_matrix",
    id="credit_squared",
    title="the entries are squares of norms",
    reread=f"{CREDIT}: the Frobenius norm has a root. A law: twice the injected, twice the credit.",
)
def credit_squared(own: Own) -> Functions:
    return credit(norm=lambda share: np.sum(share**2))


@mistake(
    "credit_matrix",
    id="credit_without_tanh",
    title="the errors walk back through weight_hh but not through tanh",
    reread=f"{CREDIT}: the inner loop of nested_backward.",
)
def credit_without_tanh(own: Own) -> Functions:
    return credit(back=lambda share, run, k: share @ run.params["weight_hh"])


@mistake(
    "credit_matrix",
    id="credit_weight_turned",
    title="the errors walk back through weight_hh the wrong way round",
    reread="2.1, the line of the carry, by index: of the two axes of weight_hh, which is the later state?",
)
def credit_weight_turned(own: Own) -> Functions:
    return credit(back=lambda share, run, k: (share * (1 - run.after[k] ** 2)) @ run.params["weight_hh"].T)


@mistake(
    "credit_matrix",
    id="credit_mean_over_batch",
    title="the entries are means of the samples' norms, not one norm over batch and units",
    reread=f"{CREDIT}: np.linalg.norm of a matrix is one number.",
)
def credit_mean_over_batch(own: Own) -> Functions:
    return credit(norm=lambda share: np.linalg.norm(share, axis=1).mean())


@mistake(
    "credit_matrix",
    id="credit_one_step_early",
    title="each row is shifted: entry [t, k] is what arrives one step earlier",
    reread=f"{CREDIT}: the diagonal is the norm of grad_outputs[t] itself.",
)
def credit_one_step_early(own: Own) -> Functions:
    return credit(share=lambda share, run, k: (share * (1 - run.after[k] ** 2)) @ run.params["weight_hh"])


@mistake(
    "credit_matrix",
    id="credit_tanh_at_state_before",
    title="on the way back the slope of tanh is read at the state that enters the step",
    reread=f"{CREDIT} and 2.1, the line of δ: at which state is the slope read?",
)
def credit_tanh_at_state_before(own: Own) -> Functions:
    return credit(back=lambda share, run, k: (share * (1 - run.before[k] ** 2)) @ run.params["weight_hh"])


@mistake(
    "credit_matrix",
    id="credit_summed",
    title="each entry is a sum down its column: the rows of earlier steps are added to row t",
    reread=f"{CREDIT}: row t is what grad_outputs[t] does alone.",
)
def credit_summed(own: Own) -> Functions:
    return credit(change=lambda matrix: matrix.cumsum(axis=0))


@mistake(
    "credit_matrix",
    id="credit_writes_into_grad_outputs",
    title="credit_matrix writes into grad_outputs, and the caller's array changes",
    reread="No function changes its arguments: share = share * slope makes a new array, share *= slope writes into the old one.",
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


@mistake(
    "state_gradient_norms",
    id="norms_last_first",
    title="the norms are in reverse order, last state first",
    reread=f"{NORMS}: the order is h0, outputs[0], …, outputs[T − 1].",
)
def norms_last_first(own: Own) -> Functions:
    return norms(change=lambda values: values[::-1])


@mistake(
    "state_gradient_norms",
    id="norms_without_h0",
    title="the norm of h0 is missing, so there are T and not T + 1",
    reread=f"{NORMS}: h0 is a state too.",
)
def norms_without_h0(own: Own) -> Functions:
    return norms(change=lambda values: values[1:])


@mistake(
    "state_gradient_norms",
    id="norms_squared",
    title="the norms are squared",
    reread=f"{NORMS}: the Frobenius norm has a root.",
)
def norms_squared(own: Own) -> Functions:
    return norms(norm=lambda grad: np.sum(grad**2))


@mistake(
    "state_gradient_norms",
    id="norms_mean_over_batch",
    title="the norms are means of the samples' norms",
    reread=f"{NORMS}: one Frobenius norm over batch and units.",
)
def norms_mean_over_batch(own: Own) -> Functions:
    return norms(norm=lambda grad: np.linalg.norm(grad, axis=1).mean())


@mistake(
    "state_gradient_norms",
    id="norms_over_root_of_batch",
    title="the norms are divided by the square root of the batch size",
    reread=f"{NORMS}: one Frobenius norm over batch and units, with no mean in it.",
)
def norms_over_root_of_batch(own: Own) -> Functions:
    return norms(norm=lambda grad: np.linalg.norm(grad) / np.sqrt(len(grad)))


@mistake(
    "state_gradient_norms",
    id="norms_largest_entry",
    title="the largest entry of each gradient is returned, not its norm",
    reread=f"{NORMS}: the Frobenius norm is the root of the sum of all squares.",
)
def norms_largest_entry(own: Own) -> Functions:
    return norms(norm=np.max)


@mistake(
    "state_gradient_norms",
    id="norms_without_tanh",
    title="the gradient walks back through weight_hh but not through tanh",
    reread="2.1: c = δ W, and δ includes the slope of tanh.",
)
def norms_without_tanh(own: Own) -> Functions:
    return norms(back=lambda grad, run, t: grad @ run.params["weight_hh"])


@mistake(
    "state_gradient_norms",
    id="norms_weight_turned",
    title="the gradient walks back through weight_hh the wrong way round",
    reread="2.1, the line of the carry, by index.",
)
def norms_weight_turned(own: Own) -> Functions:
    return norms(back=lambda grad, run, t: (grad * (1 - run.after[t] ** 2)) @ run.params["weight_hh"].T)


@mistake(
    "state_gradient_norms",
    id="norms_at_state_before",
    title="on the walk back the slope of tanh is read at the state that enters the step",
    reread="2.1, the line of δ: at which state is the slope read?",
)
def norms_at_state_before(own: Own) -> Functions:
    return norms(back=lambda grad, run, t: (grad * (1 - run.before[t] ** 2)) @ run.params["weight_hh"])


@mistake(
    "state_gradient_norms",
    id="norms_relative",
    title="the norms are divided by that of the last state",
    reread=f"{NORMS}: return the norms themselves; a ratio is for the figure.",
)
def norms_relative(own: Own) -> Functions:
    return norms(change=lambda values: values / values[-1])
