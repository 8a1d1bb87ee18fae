"""Known mistakes of a3_rnn_cell: one step back, the same in columns, two steps, and from states to a loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.naming.bank import Functions, Own, mistake

Array = np.ndarray
Grads = dict[str, Any]
Params = dict[str, Array]
WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@dataclass(frozen=True, eq=False)
class Step:
    """What a forward keeps."""

    x: Array
    h_prev: Array
    z: Array
    h: Array
    params: Params
    earlier: list[Grads] = field(default_factory=list)  # for those who keep what they should not


def forward(x: Array, h_prev: Array, params: Params, bend: Callable[[Array], Array] = np.tanh) -> tuple[Array, Step]:
    """The cell, right by default."""
    z = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]
    h = bend(z)
    return h, Step(x, h_prev, z, h, params)


@dataclass(frozen=True)
class Backward:
    """rnn_cell_backward, right by default, with a switch at every place where a mistake can sit."""

    upstream: Callable[[Array, Step], Array] = lambda grad_h, step: grad_h
    slope: Callable[[Step], Array] = lambda step: 1 - step.h**2
    change: Callable[[Step, Array, Array, Grads], Grads] = lambda step, grad_h, grad_z, right: {}

    def __call__(self, grad_h: Array, step: Step) -> Grads:
        given = self.upstream(grad_h, step)
        grad_z = given * self.slope(step)
        right = {
            "x": grad_z @ step.params["weight_ih"],
            "h_prev": grad_z @ step.params["weight_hh"],
            "weight_ih": grad_z.T @ step.x,
            "weight_hh": grad_z.T @ step.h_prev,
            "bias_ih": grad_z.sum(axis=0),
            "bias_hh": grad_z.sum(axis=0),
        }
        return {**right, **self.change(step, given, grad_z, right)}


def cell(**switches: Any) -> Functions:
    """rnn_cell_forward and an rnn_cell_backward with these switches."""
    return {"rnn_cell_forward": forward, "rnn_cell_backward": Backward(**switches)}


# ---------------------------------------------------------------------------------------------------------------------
# rnn_cell_forward
# ---------------------------------------------------------------------------------------------------------------------

CELL = "1.1, 'Forward': z is a sum of two products and two biases, h is its tanh."


def forward_with(
    change: Callable[[Array, Array, Params], tuple[Array, Array, Params]] = lambda x, h_prev, params: (
        x,
        h_prev,
        params,
    ),
    bend: Callable[[Array], Array] = np.tanh,
) -> Functions:
    """An rnn_cell_forward of other inputs, or with another function for tanh."""
    return {"rnn_cell_forward": lambda x, h_prev, params: forward(*change(x, h_prev, params), bend)}


@mistake(
    "rnn_cell_forward",
    id="state_ignored",
    title="the old state does not enter: this is a layer, not a cell",
    reread=CELL,
)
def state_ignored(own: Own) -> Functions:
    return forward_with(lambda x, h_prev, params: (x, 0 * h_prev, params))


@mistake("rnn_cell_forward", id="bias_hh_forgotten", title="bias_hh is not added", reread=CELL)
def bias_hh_forgotten(own: Own) -> Functions:
    return forward_with(lambda x, h_prev, params: (x, h_prev, {**params, "bias_hh": 0 * params["bias_hh"]}))


@mistake("rnn_cell_forward", id="bias_ih_forgotten", title="bias_ih is not added", reread=CELL)
def bias_ih_forgotten(own: Own) -> Functions:
    return forward_with(lambda x, h_prev, params: (x, h_prev, {**params, "bias_ih": 0 * params["bias_ih"]}))


@mistake(
    "rnn_cell_forward",
    id="forward_weight_hh_turned",
    title="weight_hh is used without its transpose, and no shape complains",
    reread="1.1, the sum by index: h_prev's unit k meets entry (j, k) of weight_hh.",
)
def forward_weight_hh_turned(own: Own) -> Functions:
    return forward_with(lambda x, h_prev, params: (x, h_prev, {**params, "weight_hh": params["weight_hh"].T}))


@mistake("rnn_cell_forward", id="tanh_forgotten", title="h is the sum itself: the tanh is missing", reread=CELL)
def tanh_forgotten(own: Own) -> Functions:
    return forward_with(bend=lambda z: z)


@mistake("rnn_cell_forward", id="cell_sigmoid", title="h is a sigmoid of the sum, not its tanh", reread=CELL)
def cell_sigmoid(own: Own) -> Functions:
    return forward_with(bend=lambda z: 1 / (1 + np.exp(-z)))


# ---------------------------------------------------------------------------------------------------------------------
# rnn_cell_backward
# ---------------------------------------------------------------------------------------------------------------------

SLOPE = "1.3, 'What tanh lets through': each entry of grad_h is multiplied by 1 − h², h being the output."
LINES = "1.2, the derivation"
DIVIDES = "1.2, why line G does not belong: backward adds over samples and never divides."


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


# ---------------------------------------------------------------------------------------------------------------------
# column_cell_forward and column_cell_backward
# ---------------------------------------------------------------------------------------------------------------------

COLUMNS = "2, 'The same cell in columns'"


def softmax(logits: Array, axis: int | None) -> Array:
    """Along an axis, or over everything."""
    powers = np.exp(logits - np.max(logits, axis=axis, keepdims=True))
    result: Array = powers / powers.sum(axis=axis, keepdims=True)
    return result


def columns(
    change: Callable[[dict[str, Array]], dict[str, Array]] = lambda given: given,
    axis: int | None = 0,
    answer: Callable[[Array, dict[str, Array]], Array] = lambda a_next, given: given["Wya"] @ a_next + given["by"],
) -> Functions:
    """A column_cell_forward of other arrays, with its softmax along another axis, or of other logits."""

    def column_cell_forward(
        xt: Array, a_prev: Array, Wax: Array, Waa: Array, Wya: Array, ba: Array, by: Array
    ) -> tuple[Array, Array]:
        given = change({"xt": xt, "a_prev": a_prev, "Wax": Wax, "Waa": Waa, "Wya": Wya, "ba": ba, "by": by})
        a_next = np.tanh(given["Wax"] @ given["xt"] + given["Waa"] @ given["a_prev"] + given["ba"])
        return a_next, softmax(answer(a_next, given), axis)

    return {"column_cell_forward": column_cell_forward}


@mistake(
    "column_cell_forward",
    id="softmax_over_all",
    title="the softmax runs over the whole matrix: all columns together add up to 1, not each",
    reread="2.1 and its bug hunt: a sample is a column. Mind the axis.",
    seen_in="the article's exercise 6-2P",
)
def softmax_over_all(own: Own) -> Functions:
    return columns(axis=None)


@mistake(
    "column_cell_forward",
    id="softmax_over_rows",
    title="the softmax runs along the rows, over the samples",
    reread="2: a sample is a column, so its probabilities are below each other.",
)
def softmax_over_rows(own: Own) -> Functions:
    return columns(axis=1)


@mistake(
    "column_cell_forward", id="column_bias_forgotten", title="ba is not added", reread=f"{COLUMNS}, the line of A_next."
)
def column_bias_forgotten(own: Own) -> Functions:
    return columns(lambda given: {**given, "ba": 0 * given["ba"]})


@mistake(
    "column_cell_forward", id="by_forgotten", title="by is not added", reread=f"{COLUMNS}, the row of the prediction."
)
def by_forgotten(own: Own) -> Functions:
    return columns(lambda given: {**given, "by": 0 * given["by"]})


@mistake(
    "column_cell_forward",
    id="column_bias_twice",
    title="ba is added twice, once for each bias of the row cell",
    reread=f"{COLUMNS}: ours has two biases, theirs has one.",
)
def column_bias_twice(own: Own) -> Functions:
    return columns(lambda given: {**given, "ba": 2 * given["ba"]})


@mistake(
    "column_cell_forward",
    id="Waa_turned",
    title="Waa is transposed, and no shape complains",
    reread=f"{COLUMNS}: the weights are the same arrays, not turned over.",
)
def waa_turned(own: Own) -> Functions:
    return columns(lambda given: {**given, "Waa": given["Waa"].T})


@mistake(
    "column_cell_forward",
    id="column_state_ignored",
    title="a_prev does not enter",
    reread=f"{COLUMNS}, the line of A_next.",
)
def column_state_ignored(own: Own) -> Functions:
    return columns(lambda given: {**given, "a_prev": 0 * given["a_prev"]})


@mistake(
    "column_cell_forward",
    id="prediction_of_old_state",
    title="the prediction is made from the old state",
    reread=f"{COLUMNS}: Wya @ a_next + by.",
)
def prediction_of_old_state(own: Own) -> Functions:
    return columns(answer=lambda a_next, given: given["Wya"] @ given["a_prev"] + given["by"])


BACK = "2.2, 'Backward in columns'"


@dataclass(frozen=True)
class ColumnBackward:
    """column_cell_backward, right by default."""

    slope: Callable[[Array], Array] = lambda a_next: 1 - a_next**2
    bias: Callable[[Array], Array] = lambda ba: ba
    change: Callable[[dict[str, Array]], Grads] = lambda given: {}

    def __call__(self, da_next: Array, xt: Array, a_prev: Array, Wax: Array, Waa: Array, ba: Array) -> Grads:
        a_next = np.tanh(Wax @ xt + Waa @ a_prev + self.bias(ba))
        dz = da_next * self.slope(a_next)
        right = {
            "dxt": Wax.T @ dz,
            "da_prev": Waa.T @ dz,
            "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True),
        }
        given = {"da_next": da_next, "xt": xt, "a_prev": a_prev, "Wax": Wax, "Waa": Waa, "a_next": a_next, "dz": dz}
        return {**right, **self.change({**given, **right})}


def column_back(**switches: Any) -> Functions:
    """A column_cell_backward with these switches."""
    return {"column_cell_backward": ColumnBackward(**switches)}


@mistake(
    "column_cell_backward",
    id="column_slope_missing",
    title="the slope of tanh is missing in the columns",
    reread=f"{BACK}: Δ_c = Δᵀ, and Δ includes the slope.",
)
def column_slope_missing(own: Own) -> Functions:
    return column_back(slope=np.ones_like)


@mistake(
    "column_cell_backward",
    id="column_slope_not_squared",
    title="in the columns the slope of tanh is written 1 − a, without the square",
    reread="1.3.",
)
def column_slope_not_squared(own: Own) -> Functions:
    return column_back(slope=lambda a_next: 1 - a_next)


@mistake(
    "column_cell_backward",
    id="leftover_bias",
    title="a_next is computed again without ba",
    reread="2.3: the article's numbers come from a ba that is not the argument.",
    seen_in="the article's exercise 6-2P (a global instead of an argument)",
)
def leftover_bias(own: Own) -> Functions:
    return column_back(bias=lambda ba: 0 * ba)


@mistake(
    "column_cell_backward",
    id="dba_flat",
    title="dba is (hidden_size,), and ba is (hidden_size, 1)",
    reread=f"{BACK}: dba is (hidden_size, 1), like ba. keepdims=True keeps the axis.",
    seen_in="DLS 119220 nearby",
)
def dba_flat(own: Own) -> Functions:
    return column_back(change=lambda g: {"dba": g["dba"][:, 0]})


@mistake(
    "column_cell_backward",
    id="dba_over_units",
    title="dba is summed over the units, and the samples stay",
    reread=f"{BACK}: a sample is a column, so samples add along axis 1.",
    seen_in="DLS 241052",
)
def dba_over_units(own: Own) -> Functions:
    return column_back(change=lambda g: {"dba": g["dz"].sum(axis=0, keepdims=True)})


@mistake(
    "column_cell_backward",
    id="dba_total",
    title="every entry of dba is the sum of everything",
    reread=f"{BACK}: one bias a unit.",
    seen_in="DLS 241052",
)
def dba_total(own: Own) -> Functions:
    return column_back(change=lambda g: {"dba": np.full_like(g["dba"], g["dz"].sum())})


@mistake(
    "column_cell_backward",
    id="dba_mean",
    title="dba is a mean over the samples, not a sum",
    reread=DIVIDES,
    seen_in="kvfrans/notes #5",
)
def dba_mean(own: Own) -> Functions:
    return column_back(change=lambda g: {"dba": g["dz"].mean(axis=1, keepdims=True)})


@mistake(
    "column_cell_backward",
    id="column_mean",
    title="dWax, dWaa and dba are divided by the number of samples",
    reread=DIVIDES,
    seen_in="DLS 63071",
)
def column_mean(own: Own) -> Functions:
    return column_back(change=lambda g: {name: g[name] / g["xt"].shape[1] for name in ("dWax", "dWaa", "dba")})


@mistake(
    "column_cell_backward",
    id="da_prev_not_transposed",
    title="da_prev goes through Waa without its transpose, and no shape complains",
    reread=f"{BACK}: turn (Δ W_hh)ᵀ over with care.",
    seen_in="DLS exercise 5 thread",
)
def da_prev_not_transposed(own: Own) -> Functions:
    return column_back(change=lambda g: {"da_prev": g["Waa"] @ g["dz"]})


@mistake(
    "column_cell_backward",
    id="dWaa_turned",
    title="dWaa is transposed",
    reread=f"{BACK}: Δ_c times a_prevᵀ, in that order.",
)
def dwaa_turned(own: Own) -> Functions:
    return column_back(change=lambda g: {"dWaa": g["dWaa"].T})


@mistake(
    "column_cell_backward",
    id="dWaa_of_new_state",
    title="Waa is paired with a_next, not with a_prev",
    reread=f"{BACK}: what does Waa multiply?",
    seen_in="VikParuchuri/zero_to_gpt #9",
)
def dwaa_of_new_state(own: Own) -> Functions:
    return column_back(change=lambda g: {"dWaa": g["dz"] @ g["a_next"].T})


@mistake(
    "column_cell_backward",
    id="column_rows_returned",
    title="the gradients of xt and a_prev are handed back a sample a row",
    reread=f"{BACK}: each of the shape of its namesake.",
)
def column_rows_returned(own: Own) -> Functions:
    return column_back(change=lambda g: {"dxt": g["dxt"].T, "da_prev": g["da_prev"].T})


# ---------------------------------------------------------------------------------------------------------------------
# two_step_backward
# ---------------------------------------------------------------------------------------------------------------------

TWO = "3 and 3.1: a value used twice gets the sum. H_1 is used by the loss and by step 2, W by both steps."


def two_steps(
    own: Own,
    injected: Callable[[Array, Array, Grads], Array] = lambda grad_h1, grad_h2, second: grad_h1 + second["h_prev"],
    shared: Callable[[Any, Any], Any] = lambda first, second: first + second,
    change: Callable[[Grads, Grads], Grads] = lambda first, second: {},
    swapped: bool = False,
) -> Functions:
    """two_step_backward over the cell, right by default. injected makes what goes into step 1."""

    def two_step_backward(grad_h1: Array, grad_h2: Array, cache_1: Any, cache_2: Any) -> Grads:
        if swapped:
            cache_1, cache_2 = cache_2, cache_1
        second = own["rnn_cell_backward"](grad_h2, cache_2)
        first = own["rnn_cell_backward"](injected(grad_h1, grad_h2, second), cache_1)
        right = {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"]}
        weights = {name: shared(np.asarray(first[name]), np.asarray(second[name])) for name in WEIGHTS}
        return {**right, **weights, **change(first, second)}

    return {"two_step_backward": two_step_backward}


@mistake(
    "two_step_backward",
    id="two_carry_dropped",
    title="the carry is dropped: step 1 sees its own injected gradient alone",
    reread=f"{TWO} And 3.2, 'Leave out the carry'.",
    seen_in="DLS 11690; qixianbiao/RNN #2",
)
def two_carry_dropped(own: Own) -> Functions:
    return two_steps(own, injected=lambda grad_h1, grad_h2, second: grad_h1)


@mistake(
    "two_step_backward",
    id="grad_h1_forgotten",
    title="grad_h1 is not injected: step 1 gets the carry alone",
    reread=f"{TWO} The loss looks at H_1 too.",
    seen_in="DLS 11690",
)
def grad_h1_forgotten(own: Own) -> Functions:
    return two_steps(own, injected=lambda grad_h1, grad_h2, second: second["h_prev"])


@mistake(
    "two_step_backward",
    id="grad_h2_carried",
    title="grad_h2 itself is carried to step 1, not what the cell makes of it",
    reread=f"{TWO} The carry is the gradient of h_prev of step 2.",
)
def grad_h2_carried(own: Own) -> Functions:
    return two_steps(own, injected=lambda grad_h1, grad_h2, second: grad_h1 + grad_h2)


@mistake(
    "two_step_backward",
    id="second_step_only",
    title="the parameters keep the share of step 2 alone",
    reread=TWO,
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
def second_step_only(own: Own) -> Functions:
    return two_steps(own, shared=lambda first, second: second)


@mistake(
    "two_step_backward",
    id="first_step_only",
    title="the parameters keep the share of step 1 alone: the later sum overwrites the earlier",
    reread=TWO,
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
def first_step_only(own: Own) -> Functions:
    return two_steps(own, shared=lambda first, second: first)


@mistake(
    "two_step_backward",
    id="two_steps_averaged",
    title="the parameters get the mean of the two steps, not the sum",
    reread=TWO,
)
def two_steps_averaged(own: Own) -> Functions:
    return two_steps(own, shared=lambda first, second: (first + second) / 2)


@mistake(
    "two_step_backward",
    id="steps_exchanged",
    title="x_1 and x_2 are exchanged",
    reread="3.1: the sweep visits step 2 first.",
)
def steps_exchanged(own: Own) -> Functions:
    return two_steps(own, change=lambda first, second: {"x_1": second["x"], "x_2": first["x"]})


@mistake(
    "two_step_backward",
    id="h0_of_second_step",
    title="h0 gets the carry that enters step 1, not the one that leaves it",
    reread="3.1: h0 is the h_prev of step 1.",
)
def h0_of_second_step(own: Own) -> Functions:
    return two_steps(own, change=lambda first, second: {"h0": second["h_prev"]})


@mistake(
    "two_step_backward",
    id="caches_exchanged",
    title="the two caches are exchanged",
    reread="3.1: cache_2 belongs to grad_h2.",
)
def caches_exchanged(own: Own) -> Functions:
    return two_steps(own, swapped=True)


@mistake("two_step_backward", id="carry_subtracted", title="the carry is taken away, not added", reread=TWO)
def carry_subtracted(own: Own) -> Functions:
    return two_steps(own, injected=lambda grad_h1, grad_h2, second: grad_h1 - second["h_prev"])


@mistake(
    "two_step_backward",
    id="biases_not_added",
    title="the biases keep the share of step 1 alone, the weights have both",
    reread=f"{TWO} A bias is used by both steps too.",
)
def biases_not_added(own: Own) -> Functions:
    return two_steps(own, change=lambda first, second: {name: first[name] for name in ("bias_ih", "bias_hh")})


@mistake(
    "two_step_backward",
    id="two_writes_into_grad_h1",
    title="grad_h1 itself is written into, and the caller's array changes",
    reread="1.4: write a = a + b, not a += b.",
    seen_in="Burton2000/CS231n-2017 #7",
)
def two_writes_into_grad_h1(own: Own) -> Functions:
    def injected(grad_h1: Array, grad_h2: Array, second: Grads) -> Array:
        grad_h1 += second["h_prev"]
        return grad_h1

    return two_steps(own, injected=injected)


# ---------------------------------------------------------------------------------------------------------------------
# readout_forward, readout_backward, sequence_loss
# ---------------------------------------------------------------------------------------------------------------------


def readout(outputs: Array, params: Params) -> tuple[Array, tuple[Array, Params]]:
    """The right readout."""
    return outputs @ params["weight_ho"].T + params["bias_ho"], (outputs, params)


@mistake(
    "readout_forward", id="readout_bias_forgotten", title="bias_ho is not added", reread="4.1, the line of the readout."
)
def readout_bias_forgotten(own: Own) -> Functions:
    return {"readout_forward": lambda outputs, params: (outputs @ params["weight_ho"].T, None)}


@mistake(
    "readout_forward",
    id="readout_softmax",
    title="the readout ends in a softmax: these are probabilities, not logits",
    reread="4: the softmax belongs to the loss.",
)
def readout_softmax(own: Own) -> Functions:
    return {"readout_forward": lambda outputs, params: (softmax(readout(outputs, params)[0], -1), None)}


@mistake(
    "readout_forward",
    id="readout_last_step",
    title="only the last step is read out",
    reread="4: logits have the leading axes of outputs.",
)
def readout_last_step(own: Own) -> Functions:
    return {"readout_forward": lambda outputs, params: (readout(outputs, params)[0][-1], None)}


READOUT = "4.2, 'Readout, backwards': W_ho serves every step and every sample, so both add up."


def readout_back(change: Callable[[Array, Array, Params, Grads], Grads]) -> Functions:
    """readout_forward, and a readout_backward with some other gradients: change(grad_logits, outputs, params, right)."""

    def readout_backward(grad_logits: Array, cache: tuple[Array, Params]) -> Grads:
        outputs, params = cache
        rows, states = grad_logits.reshape(-1, grad_logits.shape[-1]), outputs.reshape(-1, outputs.shape[-1])
        right = {
            "outputs": grad_logits @ params["weight_ho"],
            "weight_ho": rows.T @ states,
            "bias_ho": rows.sum(axis=0),
        }
        return {**right, **change(grad_logits, outputs, params, right)}

    return {"readout_forward": readout, "readout_backward": readout_backward}


@mistake(
    "readout_backward",
    id="readout_bias_first_axis",
    title="bias_ho is summed over the first axis only",
    reread=f"{READOUT} Make one long list of rows first.",
    seen_in="DLS 241052",
)
def readout_bias_first_axis(own: Own) -> Functions:
    return readout_back(lambda g, outputs, params, right: {"bias_ho": g.sum(axis=0)})


@mistake(
    "readout_backward",
    id="readout_bias_mean",
    title="bias_ho is a mean over steps and samples, not a sum",
    reread=f"{READOUT} Backward never divides.",
    seen_in="kvfrans/notes #5",
)
def readout_bias_mean(own: Own) -> Functions:
    return readout_back(lambda g, outputs, params, right: {"bias_ho": g.reshape(-1, g.shape[-1]).mean(axis=0)})


@mistake(
    "readout_backward",
    id="readout_last_step_only",
    title="weight_ho and bias_ho get the last step's share alone",
    reread=READOUT,
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
def readout_last_step_only(own: Own) -> Functions:
    def change(g: Array, outputs: Array, params: Params, right: Grads) -> Grads:
        if g.ndim < 3:
            return {}
        rows, states = g[-1].reshape(-1, g.shape[-1]), outputs[-1].reshape(-1, outputs.shape[-1])
        return {"weight_ho": rows.T @ states, "bias_ho": rows.sum(axis=0)}

    return readout_back(change)


@mistake(
    "readout_backward",
    id="readout_mean",
    title="weight_ho and bias_ho are divided by the number of rows",
    reread=f"{READOUT} Backward never divides.",
    seen_in="DLS 63071",
)
def readout_mean(own: Own) -> Functions:
    return readout_back(
        lambda g, outputs, params, right: {k: right[k] * g.shape[-1] / g.size for k in ("weight_ho", "bias_ho")}
    )


@mistake(
    "readout_backward",
    id="readout_weight_turned",
    title="the gradient of weight_ho is transposed",
    reread="4.2: (classes, hidden_size), as weight_ho.",
)
def readout_weight_turned(own: Own) -> Functions:
    return readout_back(lambda g, outputs, params, right: {"weight_ho": right["weight_ho"].T})


@mistake(
    "readout_backward",
    id="readout_with_tanh",
    title="the gradient of outputs has a factor for tanh, but the readout has no tanh",
    reread="4.1: the readout is a plain layer; tanh belongs to the cell.",
)
def readout_with_tanh(own: Own) -> Functions:
    return readout_back(lambda g, outputs, params, right: {"outputs": right["outputs"] * (1 - outputs**2)})


LOSS = "4.3, 'The loss of a sequence': the mean over T·N, and (p − one-hot) / (T·N)."


def loss_of(
    loss: Callable[[Array, Array], Any] | None = None, gradient: Callable[[Array, Array], Array] | None = None
) -> Functions:
    """A sequence_loss with another loss(log p, one-hot) or another gradient(p, one-hot)."""

    def sequence_loss(logits: Array, target: Array) -> tuple[Any, Array]:
        shifted = logits - logits.max(axis=-1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        y = np.eye(logits.shape[-1])[target]
        value = loss(log_p, y) if loss else -np.sum(y * log_p) / target.size
        return float(value), gradient(np.exp(log_p), y) if gradient else (np.exp(log_p) - y) / target.size

    return {"sequence_loss": sequence_loss}


@mistake(
    "sequence_loss",
    id="sequence_summed",
    title="loss and gradient are sums over steps and samples, not means",
    reread=f"{LOSS} An expected size shows it: equal logits give log C.",
    seen_in="hunkim/DeepLearningZeroToAll #173; d2l-ai/d2l-en PR #1000",
)
def sequence_summed(own: Own) -> Functions:
    return loss_of(lambda log_p, y: -np.sum(y * log_p), lambda p, y: p - y)


@mistake(
    "sequence_loss",
    id="sequence_divided_by_samples",
    title="loss and gradient are divided by N alone: the steps are added up",
    reread=LOSS,
    seen_in="danijar/layered #1",
)
def sequence_divided_by_samples(own: Own) -> Functions:
    return loss_of(lambda log_p, y: -np.sum(y * log_p) / y.shape[1], lambda p, y: (p - y) / y.shape[1])


@mistake(
    "sequence_loss",
    id="sequence_divided_by_steps",
    title="loss and gradient are divided by T alone: the samples are added up",
    reread=LOSS,
)
def sequence_divided_by_steps(own: Own) -> Functions:
    return loss_of(lambda log_p, y: -np.sum(y * log_p) / len(y), lambda p, y: (p - y) / len(y))


@mistake(
    "sequence_loss",
    id="sequence_gradient_summed",
    title="the loss is a mean, its gradient belongs to the sum",
    reread=LOSS,
)
def sequence_gradient_summed(own: Own) -> Functions:
    return loss_of(gradient=lambda p, y: p - y)


@mistake(
    "sequence_loss", id="sequence_loss_summed", title="the loss is a sum, its gradient belongs to the mean", reread=LOSS
)
def sequence_loss_summed(own: Own) -> Functions:
    return loss_of(lambda log_p, y: -np.sum(y * log_p))


@mistake("sequence_loss", id="sequence_over_entries", title="loss and gradient are divided by T·N·classes", reread=LOSS)
def sequence_over_entries(own: Own) -> Functions:
    return loss_of(lambda log_p, y: -np.sum(y * log_p) / y.size, lambda p, y: (p - y) / y.size)


@mistake(
    "sequence_loss",
    id="sequence_one_hot_missing",
    title="the 1 of the right class is not taken off in grad_logits",
    reread=f"{LOSS} Each row sums to 0.",
    seen_in="mantasu/cs231n #10",
)
def sequence_one_hot_missing(own: Own) -> Functions:
    return loss_of(gradient=lambda p, y: p * y.shape[-1] / y.size)


@mistake("sequence_loss", id="sequence_sign", title="grad_logits has the wrong sign", reread=LOSS)
def sequence_sign(own: Own) -> Functions:
    return loss_of(gradient=lambda p, y: (y - p) * y.shape[-1] / y.size)


@mistake(
    "sequence_loss",
    id="sequence_extra_slope",
    title="grad_logits has an extra factor p(1 − p)",
    reread=f"{LOSS} The slope of softmax is in p − one-hot already.",
    seen_in="deeplearning4j/libnd4j #440; jorgenkg/python-neural-network PR #6",
)
def sequence_extra_slope(own: Own) -> Functions:
    return loss_of(gradient=lambda p, y: (p - y) * p * (1 - p) * y.shape[-1] / y.size)


@mistake(
    "sequence_loss",
    id="sequence_last_step",
    title="only the last step is counted",
    reread="4.3: every step of every sample.",
    seen_in="DLS 11690",
)
def sequence_last_step(own: Own) -> Functions:
    def last(array: Array) -> Array:
        return np.concatenate([0 * array[:-1], array[-1:]])

    return loss_of(lambda log_p, y: -np.sum((y * log_p)[-1]) / y.shape[1], lambda p, y: last(p - y) / y.shape[1])


@mistake(
    "sequence_loss",
    id="sequence_binary",
    title="the loss is the sum of binary cross-entropies, the gradient that of the categorical one",
    reread="4.3: −log of the right class's probability, and nothing of the others.",
    seen_in="the article of a4's 5.2",
)
def sequence_binary(own: Own) -> Functions:
    return loss_of(
        lambda log_p, y: -np.sum(y * log_p + (1 - y) * np.log1p(-np.exp(log_p))) * y.shape[-1] / y.size,
    )


@mistake(
    "sequence_loss",
    id="sequence_softmax_over_steps",
    title="the softmax runs along the first axis, over the steps",
    reread="4.3: the classes are the last axis.",
)
def sequence_softmax_over_steps(own: Own) -> Functions:
    def sequence_loss(logits: Array, target: Array) -> tuple[float, Array]:
        p, y = softmax(logits, 0), np.eye(logits.shape[-1])[target]
        return float(-np.sum(y * np.log(p)) / target.size), (p - y) / target.size

    return {"sequence_loss": sequence_loss}


@mistake(
    "sequence_loss",
    id="sequence_overflows",
    title="exp overflows at large logits: the largest of each row is not taken away first",
    reread="4.3: take away the largest score of each row first, and the log before the exp.",
)
def sequence_overflows(own: Own) -> Functions:
    def sequence_loss(logits: Array, target: Array) -> tuple[float, Array]:
        p, y = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True), np.eye(logits.shape[-1])[target]
        return float(-np.sum(y * np.log(p)) / target.size), (p - y) / target.size

    return {"sequence_loss": sequence_loss}
