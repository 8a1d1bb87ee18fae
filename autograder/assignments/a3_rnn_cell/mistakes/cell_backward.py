"""Known mistakes of a3_rnn_cell: cell backward, the gradient of z."""

from __future__ import annotations

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.shared import cell
from autograder.naming.bank import Functions, Own, mistake

SLOPE = "1.3, 'What tanh lets through': each entry of grad_h is multiplied by 1 − h², h being the output."


LINES = "1.2, the derivation"


@mistake(
    "rnn_cell_backward",
    id="slope_missing",
    title="the slope of tanh is missing",
    reread=SLOPE,
    seen_in="iamtrask/Grokking-Deep-Learning #50 (its sigmoid twin)",
)
def slope_missing(own: Own) -> Functions:
    return cell(slope=lambda step: np.ones_like(step.h))


@mistake(
    "rnn_cell_backward",
    id="slope_not_squared",
    title="the slope of tanh is written 1 − h, without the square",
    reread=SLOPE,
)
def slope_not_squared(own: Own) -> Functions:
    return cell(slope=lambda step: 1 - step.h)


@mistake(
    "rnn_cell_backward",
    id="slope_with_plus",
    title="the slope of tanh is written 1 + h²",
    reread=SLOPE,
    seen_in="Yiming-Wange/cs231n-solution #1",
)
def slope_with_plus(own: Own) -> Functions:
    return cell(slope=lambda step: 1 + step.h**2)


@mistake(
    "rnn_cell_backward",
    id="slope_of_z",
    title="the slope of tanh is written 1 − z²: the formula for the output, used on the pre-activation",
    reread=f"{SLOPE} And 1.5, the bug hunt.",
    seen_in="DLS 31965",
)
def slope_of_z(own: Own) -> Functions:
    return cell(slope=lambda step: 1 - step.z**2)


@mistake(
    "rnn_cell_backward",
    id="slope_tanh_twice",
    title="the slope of tanh is written 1 − tanh(h)²: h is the tanh already",
    reread=SLOPE,
    seen_in="PacktPublishing/Neural-Network-Projects-with-Python #4; DeepLearnToolbox #165",
)
def slope_tanh_twice(own: Own) -> Functions:
    return cell(slope=lambda step: 1 - np.tanh(step.h) ** 2)


@mistake(
    "rnn_cell_backward",
    id="slope_applied_twice",
    title="the slope of tanh is applied twice, (1 − h²)²",
    reread=f"{SLOPE} One tanh, one slope.",
)
def slope_applied_twice(own: Own) -> Functions:
    return cell(slope=lambda step: (1 - step.h**2) ** 2)


@mistake(
    "rnn_cell_backward",
    id="slope_of_sigmoid",
    title="the slope is the sigmoid's, h(1 − h), and the cell is a tanh",
    reread=SLOPE,
)
def slope_of_sigmoid(own: Own) -> Functions:
    return cell(slope=lambda step: step.h * (1 - step.h))


@mistake(
    "rnn_cell_backward",
    id="slope_inverted",
    title="the gradient is divided by 1 − h², not multiplied by it",
    reread=SLOPE,
    seen_in="oreilly-japan/deep-learning-from-scratch-2 #26",
)
def slope_inverted(own: Own) -> Functions:
    return cell(slope=lambda step: 1 / (1 - step.h**2))


@mistake(
    "rnn_cell_backward",
    id="slope_of_old_state",
    title="the slope of tanh is read at the old state",
    reread=f"{SLOPE} Which h is it?",
)
def slope_of_old_state(own: Own) -> Functions:
    return cell(slope=lambda step: 1 - step.h_prev**2)


@mistake(
    "rnn_cell_backward", id="slope_without_one", title="the slope of tanh is written −h²: the 1 is lost", reread=SLOPE
)
def slope_without_one(own: Own) -> Functions:
    return cell(slope=lambda step: -(step.h**2))


@mistake(
    "rnn_cell_backward",
    id="grad_h_ones",
    title="grad_h is ignored, as if every entry of it were 1",
    reread="1.4: with grad_h all ones you could ignore it, and nobody would see.",
    seen_in="torch.autograd.gradcheck has a check for it",
)
def grad_h_ones(own: Own) -> Functions:
    return cell(upstream=lambda grad_h, step: np.ones_like(grad_h))


@mistake(
    "rnn_cell_backward",
    id="grad_h_mean",
    title="grad_h is replaced by its mean over the samples",
    reread="1.4, and 1.1: samples do not meet.",
)
def grad_h_mean(own: Own) -> Functions:
    return cell(upstream=lambda grad_h, step: np.broadcast_to(grad_h.mean(axis=0), grad_h.shape))


@mistake(
    "rnn_cell_backward",
    id="grad_h_one_mean",
    title="grad_h is replaced by one number, the mean of all its entries",
    reread="1.4, and 1.1: samples do not meet, and each unit has its own gradient.",
)
def grad_h_one_mean(own: Own) -> Functions:
    return cell(upstream=lambda grad_h, step: np.full_like(grad_h, grad_h.mean()))


@mistake(
    "rnn_cell_backward",
    id="grad_h_clipped",
    title="grad_h is clipped to −0.5 … 0.5 before it is used",
    reread=f"{LINES}: grad_h enters as it is.",
)
def grad_h_clipped(own: Own) -> Functions:
    return cell(upstream=lambda grad_h, step: np.clip(grad_h, -0.5, 0.5))


@mistake(
    "rnn_cell_backward",
    id="grad_h_for_target",
    title="grad_h is taken for a target: the code uses h − grad_h instead of grad_h",
    reread="1, the words: you are handed one gradient, grad_h.",
)
def grad_h_for_target(own: Own) -> Functions:
    return cell(upstream=lambda grad_h, step: step.h - grad_h)


@mistake(
    "rnn_cell_backward",
    id="cell_sign_turned",
    title="all six gradients have the wrong sign",
    reread=f"{LINES}: no line has a minus but 1 − h².",
)
def cell_sign_turned(own: Own) -> Functions:
    return cell(upstream=lambda grad_h, step: -grad_h)
