"""Known mistakes of a2_mlp_backprop: backward."""

from __future__ import annotations

import numpy as np

from autograder.assignments.a2_mlp_backprop.mistakes.shared import (
    Array,
    Net,
    mlp,
    right_sigmoid,
)
from autograder.naming.bank import Functions, Own, mistake

ROWS = "3.1: one bias or weight is used in every row, so the rows add. And the box in Notation: who divides?"


LINES = "3.2, the forward in lines, from the bottom up"


PARAMETERS = ("weight_1", "bias_1", "weight_2", "bias_2")


@mistake(
    "mlp_backward",
    id="top_slope_missing",
    title="the slope of the upper sigmoid is missing",
    reread=f"{LINES}: what does the prediction do to a nudge of net_2?",
    seen_in="rasbt/python-machine-learning-book-2nd-edition #54",
)
def top_slope_missing(own: Own) -> Functions:
    return mlp(top=lambda g, net: g)


@mistake(
    "mlp_backward",
    id="hidden_slope_missing",
    title="the slope of the hidden sigmoid is missing",
    reread=f"{LINES}: what is between net_1 and hidden?",
    seen_in="iamtrask/Grokking-Deep-Learning #50",
)
def hidden_slope_missing(own: Own) -> Functions:
    return mlp(bend=lambda grad_hidden, net: grad_hidden)


@mistake(
    "mlp_backward",
    id="both_slopes_missing",
    title="the slopes of both sigmoids are missing",
    reread=f"{LINES}: a sigmoid multiplies by σ(1 − σ) on the way back.",
)
def both_slopes_missing(own: Own) -> Functions:
    return mlp(top=lambda g, net: g, bend=lambda grad_hidden, net: grad_hidden)


@mistake(
    "mlp_backward",
    id="top_slope_twice",
    title="the slope of the upper sigmoid is applied twice",
    reread=f"{LINES}: one sigmoid, one slope. grad_prediction is the gradient of the prediction, not of net_2.",
    seen_in="hunkim/DeepLearningZeroToAll PR #113",
)
def top_slope_twice(own: Own) -> Functions:
    return mlp(top=lambda g, net: g * (net.prediction * (1 - net.prediction)) ** 2)


@mistake(
    "mlp_backward",
    id="article_slopes",
    title="the slope of the sigmoids is written 1 − σ·σ",
    reread="1.2: σ(1 − σ). And 1.6, line (d).",
    seen_in="the article of part 1",
)
def article_slopes(own: Own) -> Functions:
    return mlp(
        top=lambda g, net: g * (1 - net.prediction**2), bend=lambda grad_hidden, net: grad_hidden * (1 - net.hidden**2)
    )


@mistake(
    "mlp_backward",
    id="slopes_of_nets",
    title="the slope formula, made for a sigmoid's output, is used on the nets",
    reread="1.2: with σ itself, never with z.",
    seen_in="DLS 31965",
)
def slopes_of_nets(own: Own) -> Functions:
    return mlp(
        top=lambda g, net: g * net.net_2 * (1 - net.net_2),
        bend=lambda grad_hidden, net: grad_hidden * net.net_1 * (1 - net.net_1),
    )


@mistake(
    "mlp_backward",
    id="sigmoid_twice",
    title="the slopes are those of a sigmoid of a sigmoid: σ is applied to what is σ already",
    reread="1.2: backward needs σ itself, and the cache has it.",
    seen_in="DeepLearnToolbox #165",
)
def sigmoid_twice(own: Own) -> Functions:
    def slope(s: Array) -> Array:
        twice = right_sigmoid(s)
        result: Array = twice - twice**2
        return result

    return mlp(
        top=lambda g, net: g * slope(net.prediction),
        bend=lambda grad_hidden, net: grad_hidden * slope(net.hidden),
    )


@mistake(
    "mlp_backward",
    id="hidden_slope_elsewhere",
    title="the hidden slope is taken at the prediction's mean, not at the hidden layer",
    reread=f"{LINES}: whose sigmoid is it?",
    seen_in="iamtrask/Grokking-Deep-Learning #56 (a mask on the wrong layer)",
)
def hidden_slope_elsewhere(own: Own) -> Functions:
    def bend(grad_hidden: Array, net: Net) -> Array:
        mean: Array = net.prediction.mean(axis=1, keepdims=True)
        result: Array = grad_hidden * mean * (1 - mean)
        return result

    return mlp(bend=bend)


@mistake(
    "mlp_backward",
    id="upstream_ones",
    title="grad_prediction is ignored, as if every entry of it were 1",
    reread="3.1: all we know of the loss is grad_prediction. Where does your code use it?",
    seen_in="torch.autograd.gradcheck has a check for it",
)
def upstream_ones(own: Own) -> Functions:
    return mlp(upstream=lambda g, net: np.ones_like(g))


@mistake(
    "mlp_backward",
    id="upstream_mean",
    title="grad_prediction is replaced by its mean over the rows",
    reread="3.1: every row has its own g. Rows do not know each other.",
)
def upstream_mean(own: Own) -> Functions:
    return mlp(upstream=lambda g, net: np.broadcast_to(g.mean(axis=0), g.shape))


@mistake(
    "mlp_backward",
    id="upstream_for_target",
    title="grad_prediction is taken for the target: the code uses prediction − grad_prediction instead of grad_prediction",
    reread="3.1: the loss may be any. Its gradient has been taken already.",
)
def upstream_for_target(own: Own) -> Functions:
    return mlp(upstream=lambda g, net: net.prediction - g)


@mistake(
    "mlp_backward",
    id="sign_turned",
    title="every gradient has the wrong sign",
    reread="1.4: mind the order, prediction minus target. grad_prediction has its sign already.",
)
def sign_turned(own: Own) -> Functions:
    return mlp(upstream=lambda g, net: -g)


@mistake(
    "mlp_backward",
    id="doubled",
    title="every gradient is twice too large: a 2 of a square that is not here",
    reread="1.4: the half is there for that derivative. And grad_prediction already contains the loss's part.",
    seen_in="bighuang624/Andrew-Ng-Deep-Learning-notes #10",
)
def doubled(own: Own) -> Functions:
    return mlp(upstream=lambda g, net: 2 * g)


@mistake(
    "mlp_backward",
    id="bias_by_mean",
    title="the bias gradients are means over the rows, not sums",
    reread=ROWS,
    seen_in="kvfrans/notes #5",
)
def bias_by_mean(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"bias_1": d1.mean(axis=0), "bias_2": d2.mean(axis=0)})


@mistake(
    "mlp_backward",
    id="mean_again",
    title="the gradients of the parameters are divided by the number of rows",
    reread=ROWS,
    seen_in="DLS 63071",
)
def mean_again(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {name: right[name] / len(net.x) for name in PARAMETERS})


@mistake(
    "mlp_backward",
    id="divided_by_rows",
    title="every gradient is divided by the number of rows, that of x too",
    reread="The box in Notation: who divides? grad_prediction already contains the loss's part.",
    seen_in="DLS 63071",
)
def divided_by_rows(own: Own) -> Functions:
    return mlp(upstream=lambda g, net: g / len(net.x))


@mistake(
    "mlp_backward",
    id="mean_again_below",
    title="what goes down to the hidden layer is divided by the number of rows",
    reread=ROWS,
    seen_in="DLS 63071",
)
def mean_again_below(own: Own) -> Functions:
    return mlp(down=lambda delta_2, net: delta_2 @ net.params["weight_2"] / len(net.x))


@mistake(
    "mlp_backward",
    id="bias_total",
    title="the bias gradients are summed over the units too: every entry is the same total",
    reread="3.1: one bias a unit. Which axis is added, which stays?",
    seen_in="DLS 241052",
)
def bias_total(own: Own) -> Functions:
    return mlp(
        change=lambda net, d1, d2, right: {k: np.full_like(right[k], right[k].sum()) for k in ("bias_1", "bias_2")}
    )


@mistake(
    "mlp_backward",
    id="bias_not_added",
    title="the bias gradients still have their rows: nothing is added up",
    reread=ROWS,
    seen_in="DLS 241052",
)
def bias_not_added(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"bias_1": d1, "bias_2": d2})


@mistake(
    "mlp_backward",
    id="bias_keeps_axis",
    title="the bias gradients keep an axis of length 1",
    reread="Notation: a bias is (units,), and its gradient has its shape.",
)
def bias_keeps_axis(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {k: right[k][None] for k in ("bias_1", "bias_2")})


@mistake(
    "mlp_backward",
    id="bias_1_before_slope",
    title="bias_1 adds up what arrives at the hidden layer, before its slope",
    reread=f"{LINES}: bias_1 is added before the sigmoid. Which gradient arrives there?",
    seen_in="arthurdouillard/deepcourse PR #9",
)
def bias_1_before_slope(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"bias_1": (d2 @ net.params["weight_2"]).sum(axis=0)})


@mistake(
    "mlp_backward",
    id="bias_1_times_x",
    title="the gradient of bias_1 is multiplied by the rows' mean input",
    reread="1.5: a weight's slope is the shared factor times what the weight multiplies. What does a bias multiply?",
    seen_in="rust0258/Deeplearning.ai-Natural-Language-Processing-Specialization #64",
)
def bias_1_times_x(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"bias_1": (d1 * net.x.mean(axis=1, keepdims=True)).sum(axis=0)})


@mistake(
    "mlp_backward",
    id="weights_turned",
    title="the gradients of both weights are transposed",
    reread="Notation: a weight is (out, in), and its gradient has its shape.",
    seen_in="DLS 119220, 674897 nearby",
)
def weights_turned(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {k: right[k].T for k in ("weight_1", "weight_2")})


@mistake(
    "mlp_backward",
    id="weight_2_meets_net",
    title="weight_2 is paired with net_1, not with what comes out of the hidden layer",
    reread=f"{LINES}: what does weight_2 multiply?",
)
def weight_2_meets_net(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"weight_2": d2.T @ net.net_1})


@mistake(
    "mlp_backward",
    id="x_averaged_first",
    title="the input is averaged over the rows before the product, so weight_1 gets a matrix of rank one",
    reread="3.1: the sum over rows runs over the product, not over each factor.",
    seen_in="FesianXu/AI_Blog #1",
)
def x_averaged_first(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"weight_1": np.outer(d1.sum(axis=0), net.x.mean(axis=0))})


@mistake(
    "mlp_backward",
    id="stops_at_net_2",
    title="the error that goes down is the one of the prediction: the upper sigmoid is skipped on the way to layer 1",
    reread=f"{LINES}: hidden is reached through net_2.",
)
def stops_at_net_2(own: Own) -> Functions:
    # The upper layer's own gradients are right: only what goes down has not passed the slope.
    return mlp(down=lambda d2, net: d2 / (net.prediction * (1 - net.prediction)) @ net.params["weight_2"])


@mistake(
    "mlp_backward",
    id="x_before_slope",
    title="the gradient of x is taken before the slope of the hidden sigmoid",
    reread=f"{LINES}: x comes before net_1.",
)
def x_before_slope(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"x": d2 @ net.params["weight_2"] @ net.params["weight_1"]})


@mistake(
    "mlp_backward",
    id="x_zero",
    title="the gradient of x is left at zero",
    reread="3.1, its last line.",
)
def x_zero(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"x": 0 * right["x"]})


@mistake(
    "mlp_backward",
    id="decay_added",
    title="a part of each weight is added to its gradient, an unwanted weight decay",
    reread="3.1: the loss is what grad_prediction says, and nothing else.",
)
def decay_added(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {k: right[k] + net.params[k] for k in ("weight_1", "weight_2")})
