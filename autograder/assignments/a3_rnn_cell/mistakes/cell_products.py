"""Known mistakes of a3_rnn_cell: cell backward, what is made of the gradient of z."""

from __future__ import annotations

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.cell_backward import LINES
from autograder.assignments.a3_rnn_cell.mistakes.shared import WEIGHTS, Array, Backward, Grads, Step, cell, forward
from autograder.naming.bank import Functions, Own, mistake

DIVIDES = "1.2, why line G does not belong: backward adds over samples and never divides."


@mistake(
    "rnn_cell_backward",
    id="h_prev_not_transposed",
    title="the gradient of h_prev goes through weight_hh the wrong way round",
    reread=f"{LINES}, by index: Δ W_hh. weight_hh is square, so no shape can tell.",
    seen_in="DLS exercise 5 thread",
)
def h_prev_not_transposed(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: {"h_prev": grad_z @ step.params["weight_hh"].T})


@mistake(
    "rnn_cell_backward",
    id="h_prev_without_weight",
    title="the gradient of h_prev lacks weight_hh",
    reread=f"{LINES}, part 3.",
)
def h_prev_without_weight(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: {"h_prev": grad_z})


@mistake(
    "rnn_cell_backward",
    id="h_prev_without_slope",
    title="the gradient of h_prev goes through weight_hh but not through tanh",
    reread=f"{LINES}: h_prev is inside tanh.",
)
def h_prev_without_slope(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: {"h_prev": g @ step.params["weight_hh"]})


@mistake(
    "rnn_cell_backward",
    id="x_without_slope",
    title="the gradient of x does not go through tanh",
    reread=f"{LINES}: x is inside tanh.",
)
def x_without_slope(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: {"x": g @ step.params["weight_ih"]})


@mistake(
    "rnn_cell_backward",
    id="h_prev_zero",
    title="the gradient of h_prev is left at zero",
    reread=f"{LINES}, part 3: six arrays go in.",
)
def h_prev_zero(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: {"h_prev": 0 * right["h_prev"]})


@mistake(
    "rnn_cell_backward",
    id="h_prev_missing",
    title="the gradient of h_prev is None",
    reread=f"{LINES}, part 3: six arrays go in.",
)
def h_prev_missing(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: {"h_prev": None})


@mistake(
    "rnn_cell_backward",
    id="new_state_for_old",
    title="weight_hh is paired with the new state, not with the old one",
    reread=f"{LINES}, part 3: Δᵀ H_prev.",
    seen_in="VikParuchuri/zero_to_gpt #9",
)
def new_state_for_old(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: {"weight_hh": grad_z.T @ step.h})


@mistake(
    "rnn_cell_backward",
    id="cell_weight_hh_turned",
    title="the gradient of weight_hh is transposed: h_prevᵀ Δ",
    reread="1.4: weight_hh is square, so its shape cannot tell. Trust the index form.",
)
def cell_weight_hh_turned(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: {"weight_hh": right["weight_hh"].T})


@mistake(
    "rnn_cell_backward",
    id="cell_weight_ih_turned",
    title="the gradient of weight_ih is transposed: xᵀ Δ",
    reread="Words and shapes: grads has the shape of its namesake.",
)
def cell_weight_ih_turned(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: {"weight_ih": right["weight_ih"].T})


@mistake(
    "rnn_cell_backward",
    id="cell_weight_ih_mean",
    title="the gradient of weight_ih is divided by the number of samples",
    reread=DIVIDES,
)
def cell_weight_ih_mean(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: {"weight_ih": right["weight_ih"] / len(step.x)})


@mistake(
    "rnn_cell_backward",
    id="cell_bias_mean",
    title="the bias gradients are means over the samples, not sums",
    reread=DIVIDES,
    seen_in="kvfrans/notes #5",
)
def cell_bias_mean(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: dict.fromkeys(("bias_ih", "bias_hh"), grad_z.mean(axis=0)))


@mistake(
    "rnn_cell_backward",
    id="cell_bias_without_slope",
    title="the bias gradients are sums of grad_h, before the slope of tanh",
    reread=f"{LINES}: the biases are inside tanh.",
    seen_in="arthurdouillard/deepcourse PR #9",
)
def cell_bias_without_slope(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: dict.fromkeys(("bias_ih", "bias_hh"), g.sum(axis=0)))


@mistake(
    "rnn_cell_backward",
    id="cell_bias_total",
    title="the bias gradients are summed over the units too: every entry is the same total",
    reread=f"{LINES}, part 3: one bias a unit, so only the samples add.",
    seen_in="DLS 241052",
)
def cell_bias_total(own: Own) -> Functions:
    return cell(
        change=lambda step, g, grad_z, right: dict.fromkeys(
            ("bias_ih", "bias_hh"), np.full_like(right["bias_ih"], grad_z.sum())
        )
    )


@mistake(
    "rnn_cell_backward",
    id="cell_bias_rows",
    title="the bias gradients still have a row a sample: nothing is added up",
    reread=f"{LINES}, part 3.",
)
def cell_bias_rows(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: dict.fromkeys(("bias_ih", "bias_hh"), grad_z))


@mistake(
    "rnn_cell_backward",
    id="cell_bias_column",
    title="the bias gradients are (hidden_size, 1), and the biases are (hidden_size,)",
    reread="Words and shapes: grads has the shape of its namesake.",
)
def cell_bias_column(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: dict.fromkeys(("bias_ih", "bias_hh"), right["bias_ih"][:, None]))


@mistake(
    "rnn_cell_backward",
    id="cell_bias_hh_zero",
    title="the gradient of bias_hh is left at zero",
    reread=f"{LINES}, part 3: why are the two bias gradients equal?",
)
def cell_bias_hh_zero(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: {"bias_hh": 0 * right["bias_hh"]})


@mistake(
    "rnn_cell_backward",
    id="cell_mean",
    title="the gradients of the parameters are divided by the number of samples",
    reread=DIVIDES,
    seen_in="the CMU cell, and DLS 63071",
)
def cell_mean(own: Own) -> Functions:
    return cell(change=lambda step, g, grad_z, right: {name: right[name] / len(step.x) for name in WEIGHTS})


@mistake(
    "rnn_cell_backward",
    id="cell_writes_into_grad_h",
    title="grad_h itself is written into, and the caller's array changes",
    reread="1.4: write a = a * b, not a *= b.",
    seen_in="Burton2000/CS231n-2017 #7",
)
def cell_writes_into_grad_h(own: Own) -> Functions:
    def rnn_cell_backward(grad_h: Array, step: Step) -> Grads:
        grad_h *= 1 - step.h**2
        return Backward(slope=lambda step: np.ones_like(step.h))(grad_h, step)

    return {"rnn_cell_forward": forward, "rnn_cell_backward": rnn_cell_backward}


@mistake(
    "rnn_cell_backward",
    id="cell_writes_into_h",
    title="the slope of tanh is written over h in the cache, and the next call finds it there",
    reread="1.4: no function changes what was handed to it. A cache can be used again.",
    seen_in="the article of a4's 5.1",
)
def cell_writes_into_h(own: Own) -> Functions:
    def slope(step: Step) -> Array:
        step.h[...] = 1 - step.h**2
        return step.h

    copy = lambda x, h_prev, params: ((step := forward(x, h_prev, params)[1]).h.copy(), step)
    return {"rnn_cell_forward": copy, "rnn_cell_backward": Backward(slope=slope)}


@mistake(
    "rnn_cell_backward",
    id="cell_sums_never_cleared",
    title="the sums are never cleared: a second call adds to the first",
    reread="3.3, the bug hunt 'called twice': begin each call afresh.",
    seen_in="the article's class of exercise 6-2P",
)
def cell_sums_never_cleared(own: Own) -> Functions:
    def change(step: Step, g: Array, grad_z: Array, right: Grads) -> Grads:
        step.earlier.append(right)
        return {name: sum(grads[name] for grads in step.earlier) for name in WEIGHTS}

    return cell(change=change)
