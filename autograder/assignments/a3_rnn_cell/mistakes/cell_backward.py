"""Known mistakes of a3_rnn_cell: cell backward, the gradient of z."""

from __future__ import annotations

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.shared import cell
from autograder.naming.bank import MistakesIn

in_rnn_cell_backward = MistakesIn("rnn_cell_backward")

SLOPE = "1.3, 'What tanh lets through': each entry of grad_h is multiplied by 1 − h², h being the output."


LINES = "1.2, the derivation"


in_rnn_cell_backward(
    "slope_missing",
    "the slope of tanh is missing",
    SLOPE,
    lambda own: cell(slope=lambda step: np.ones_like(step.h)),
    seen_in="iamtrask/Grokking-Deep-Learning #50 (its sigmoid twin)",
)
in_rnn_cell_backward(
    "slope_not_squared",
    "the slope of tanh is written 1 − h, without the square",
    SLOPE,
    lambda own: cell(slope=lambda step: 1 - step.h),
)
in_rnn_cell_backward(
    "slope_with_plus",
    "the slope of tanh is written 1 + h²",
    SLOPE,
    lambda own: cell(slope=lambda step: 1 + step.h**2),
    seen_in="Yiming-Wange/cs231n-solution #1",
)
in_rnn_cell_backward(
    "slope_of_z",
    "the slope of tanh is written 1 − z²: the formula for the output, used on the pre-activation",
    f"{SLOPE} And 1.5, the bug hunt.",
    lambda own: cell(slope=lambda step: 1 - step.z**2),
    seen_in="DLS 31965",
)
in_rnn_cell_backward(
    "slope_tanh_twice",
    "the slope of tanh is written 1 − tanh(h)²: h is the tanh already",
    SLOPE,
    lambda own: cell(slope=lambda step: 1 - np.tanh(step.h) ** 2),
    seen_in="PacktPublishing/Neural-Network-Projects-with-Python #4; DeepLearnToolbox #165",
)
in_rnn_cell_backward(
    "slope_applied_twice",
    "the slope of tanh is applied twice, (1 − h²)²",
    f"{SLOPE} One tanh, one slope.",
    lambda own: cell(slope=lambda step: (1 - step.h**2) ** 2),
)
in_rnn_cell_backward(
    "slope_of_sigmoid",
    "the slope is the sigmoid's, h(1 − h), and the cell is a tanh",
    SLOPE,
    lambda own: cell(slope=lambda step: step.h * (1 - step.h)),
)
in_rnn_cell_backward(
    "slope_inverted",
    "the gradient is divided by 1 − h², not multiplied by it",
    SLOPE,
    lambda own: cell(slope=lambda step: 1 / (1 - step.h**2)),
    seen_in="oreilly-japan/deep-learning-from-scratch-2 #26",
)
in_rnn_cell_backward(
    "slope_of_old_state",
    "the slope of tanh is read at the old state",
    f"{SLOPE} Which h is it?",
    lambda own: cell(slope=lambda step: 1 - step.h_prev**2),
)
in_rnn_cell_backward(
    "slope_without_one",
    "the slope of tanh is written −h²: the 1 is lost",
    SLOPE,
    lambda own: cell(slope=lambda step: -(step.h**2)),
)
in_rnn_cell_backward(
    "grad_h_ones",
    "grad_h is ignored, as if every entry of it were 1",
    "1.4: with grad_h all ones you could ignore it, and nobody would see.",
    lambda own: cell(upstream=lambda grad_h, step: np.ones_like(grad_h)),
    seen_in="torch.autograd.gradcheck has a check for it",
)
in_rnn_cell_backward(
    "grad_h_mean",
    "grad_h is replaced by its mean over the samples",
    "1.4, and 1.1: samples do not meet.",
    lambda own: cell(upstream=lambda grad_h, step: np.broadcast_to(grad_h.mean(axis=0), grad_h.shape)),
)
in_rnn_cell_backward(
    "grad_h_one_mean",
    "grad_h is replaced by one number, the mean of all its entries",
    "1.4, and 1.1: samples do not meet, and each unit has its own gradient.",
    lambda own: cell(upstream=lambda grad_h, step: np.full_like(grad_h, grad_h.mean())),
)
in_rnn_cell_backward(
    "grad_h_clipped",
    "grad_h is clipped to −0.5 … 0.5 before it is used",
    f"{LINES}: grad_h enters as it is.",
    lambda own: cell(upstream=lambda grad_h, step: np.clip(grad_h, -0.5, 0.5)),
)
in_rnn_cell_backward(
    "grad_h_for_target",
    "grad_h is taken for a target: the code uses h − grad_h instead of grad_h",
    "1, the words: you are handed one gradient, grad_h.",
    lambda own: cell(upstream=lambda grad_h, step: step.h - grad_h),
)
in_rnn_cell_backward(
    "cell_sign_turned",
    "all six gradients have the wrong sign",
    f"{LINES}: no line has a minus but 1 − h².",
    lambda own: cell(upstream=lambda grad_h, step: -grad_h),
)
