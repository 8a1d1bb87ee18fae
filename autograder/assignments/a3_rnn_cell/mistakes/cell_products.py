"""Known mistakes of a3_rnn_cell: cell backward, what is made of the gradient of z."""

from __future__ import annotations

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.cell_backward import LINES
from autograder.assignments.a3_rnn_cell.mistakes.shared import WEIGHTS, Array, Backward, Grads, Step, cell, forward
from autograder.naming.bank import Functions, MistakesIn, Own

in_rnn_cell_backward = MistakesIn("rnn_cell_backward")

DIVIDES = "1.2, why line G does not belong: backward adds over samples and never divides."


in_rnn_cell_backward(
    "h_prev_not_transposed",
    "the gradient of h_prev goes through weight_hh the wrong way round",
    f"{LINES}, by index: Δ W_hh. weight_hh is square, so no shape can tell.",
    lambda own: cell(change=lambda step, g, grad_z, right: {"h_prev": grad_z @ step.params["weight_hh"].T}),
    seen_in="DLS exercise 5 thread",
)
in_rnn_cell_backward(
    "h_prev_without_weight",
    "the gradient of h_prev lacks weight_hh",
    f"{LINES}, part 3.",
    lambda own: cell(change=lambda step, g, grad_z, right: {"h_prev": grad_z}),
)
in_rnn_cell_backward(
    "h_prev_without_slope",
    "the gradient of h_prev goes through weight_hh but not through tanh",
    f"{LINES}: h_prev is inside tanh.",
    lambda own: cell(change=lambda step, g, grad_z, right: {"h_prev": g @ step.params["weight_hh"]}),
)
in_rnn_cell_backward(
    "x_without_slope",
    "the gradient of x does not go through tanh",
    f"{LINES}: x is inside tanh.",
    lambda own: cell(change=lambda step, g, grad_z, right: {"x": g @ step.params["weight_ih"]}),
)
in_rnn_cell_backward(
    "h_prev_zero",
    "the gradient of h_prev is left at zero",
    f"{LINES}, part 3: six arrays go in.",
    lambda own: cell(change=lambda step, g, grad_z, right: {"h_prev": 0 * right["h_prev"]}),
)
in_rnn_cell_backward(
    "h_prev_missing",
    "the gradient of h_prev is None",
    f"{LINES}, part 3: six arrays go in.",
    lambda own: cell(change=lambda step, g, grad_z, right: {"h_prev": None}),
)
in_rnn_cell_backward(
    "new_state_for_old",
    "weight_hh is paired with the new state, not with the old one",
    f"{LINES}, part 3: Δᵀ H_prev.",
    lambda own: cell(change=lambda step, g, grad_z, right: {"weight_hh": grad_z.T @ step.h}),
    seen_in="VikParuchuri/zero_to_gpt #9",
)
in_rnn_cell_backward(
    "cell_weight_hh_turned",
    "the gradient of weight_hh is transposed: h_prevᵀ Δ",
    "1.4: weight_hh is square, so its shape cannot tell. Trust the index form.",
    lambda own: cell(change=lambda step, g, grad_z, right: {"weight_hh": right["weight_hh"].T}),
)
in_rnn_cell_backward(
    "cell_weight_ih_turned",
    "the gradient of weight_ih is transposed: xᵀ Δ",
    "Words and shapes: grads has the shape of its namesake.",
    lambda own: cell(change=lambda step, g, grad_z, right: {"weight_ih": right["weight_ih"].T}),
)
in_rnn_cell_backward(
    "cell_weight_ih_mean",
    "the gradient of weight_ih is divided by the number of samples",
    DIVIDES,
    lambda own: cell(change=lambda step, g, grad_z, right: {"weight_ih": right["weight_ih"] / len(step.x)}),
)
in_rnn_cell_backward(
    "cell_bias_mean",
    "the bias gradients are means over the samples, not sums",
    DIVIDES,
    lambda own: cell(change=lambda step, g, grad_z, right: dict.fromkeys(("bias_ih", "bias_hh"), grad_z.mean(axis=0))),
    seen_in="kvfrans/notes #5",
)
in_rnn_cell_backward(
    "cell_bias_without_slope",
    "the bias gradients are sums of grad_h, before the slope of tanh",
    f"{LINES}: the biases are inside tanh.",
    lambda own: cell(change=lambda step, g, grad_z, right: dict.fromkeys(("bias_ih", "bias_hh"), g.sum(axis=0))),
    seen_in="arthurdouillard/deepcourse PR #9",
)
in_rnn_cell_backward(
    "cell_bias_total",
    "the bias gradients are summed over the units too: every entry is the same total",
    f"{LINES}, part 3: one bias a unit, so only the samples add.",
    lambda own: cell(
        change=lambda step, g, grad_z, right: dict.fromkeys(
            ("bias_ih", "bias_hh"), np.full_like(right["bias_ih"], grad_z.sum())
        )
    ),
    seen_in="DLS 241052",
)
in_rnn_cell_backward(
    "cell_bias_rows",
    "the bias gradients still have a row a sample: nothing is added up",
    f"{LINES}, part 3.",
    lambda own: cell(change=lambda step, g, grad_z, right: dict.fromkeys(("bias_ih", "bias_hh"), grad_z)),
)
in_rnn_cell_backward(
    "cell_bias_column",
    "the bias gradients are (hidden_size, 1), and the biases are (hidden_size,)",
    "Words and shapes: grads has the shape of its namesake.",
    lambda own: cell(
        change=lambda step, g, grad_z, right: dict.fromkeys(("bias_ih", "bias_hh"), right["bias_ih"][:, None])
    ),
)
in_rnn_cell_backward(
    "cell_bias_hh_zero",
    "the gradient of bias_hh is left at zero",
    f"{LINES}, part 3: why are the two bias gradients equal?",
    lambda own: cell(change=lambda step, g, grad_z, right: {"bias_hh": 0 * right["bias_hh"]}),
)
in_rnn_cell_backward(
    "cell_mean",
    "the gradients of the parameters are divided by the number of samples",
    DIVIDES,
    lambda own: cell(change=lambda step, g, grad_z, right: {name: right[name] / len(step.x) for name in WEIGHTS}),
    seen_in="the CMU cell, and DLS 63071",
)


@in_rnn_cell_backward(
    "cell_writes_into_grad_h",
    "grad_h itself is written into, and the caller's array changes",
    "1.4: write a = a * b, not a *= b.",
    seen_in="Burton2000/CS231n-2017 #7",
)
def cell_writes_into_grad_h(own: Own) -> Functions:
    def rnn_cell_backward(grad_h: Array, step: Step) -> Grads:
        grad_h *= 1 - step.h**2
        return Backward(slope=lambda step: np.ones_like(step.h))(grad_h, step)

    return {"rnn_cell_forward": forward, "rnn_cell_backward": rnn_cell_backward}


@in_rnn_cell_backward(
    "cell_writes_into_h",
    "the slope of tanh is written over h in the cache, and the next call finds it there",
    "1.4: no function changes what was handed to it. A cache can be used again.",
    seen_in="the article of a4's 5.1",
)
def cell_writes_into_h(own: Own) -> Functions:
    def slope(step: Step) -> Array:
        step.h[...] = 1 - step.h**2
        return step.h

    copy = lambda x, h_prev, params: ((step := forward(x, h_prev, params)[1]).h.copy(), step)
    return {"rnn_cell_forward": copy, "rnn_cell_backward": Backward(slope=slope)}


@in_rnn_cell_backward(
    "cell_sums_never_cleared",
    "the sums are never cleared: a second call adds to the first",
    "3.3, the bug hunt 'called twice': begin each call afresh.",
    seen_in="the article's class of exercise 6-2P",
)
def cell_sums_never_cleared(own: Own) -> Functions:
    def change(step: Step, g: Array, grad_z: Array, right: Grads) -> Grads:
        step.earlier.append(right)
        return {name: sum(grads[name] for grads in step.earlier) for name in WEIGHTS}

    return cell(change=change)
