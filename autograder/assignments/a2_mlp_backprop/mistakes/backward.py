"""Known mistakes of a2_mlp_backprop: backward."""

from __future__ import annotations

import numpy as np

from autograder.assignments.a2_mlp_backprop.mistakes.shared import (
    Array,
    Net,
    mlp,
    right_sigmoid,
)
from autograder.naming.bank import Functions, MistakesIn, Own

in_mlp_backward = MistakesIn("mlp_backward", mlp)

ROWS = "3.1: one bias or weight is used in every row, so the rows add. And the box in Notation: who divides?"

LINES = "3.2, the forward in lines, from the bottom up"

in_mlp_backward(
    "top_slope_missing",
    "the slope of the upper sigmoid is missing",
    f"{LINES}: what does the prediction do to a nudge of net_2?",
    top=lambda g, net: g,
    seen_in="rasbt/python-machine-learning-book-2nd-edition #54",
)
in_mlp_backward(
    "hidden_slope_missing",
    "the slope of the hidden sigmoid is missing",
    f"{LINES}: what is between net_1 and hidden?",
    bend=lambda grad_hidden, net: grad_hidden,
    seen_in="iamtrask/Grokking-Deep-Learning #50",
)
in_mlp_backward(
    "both_slopes_missing",
    "the slopes of both sigmoids are missing",
    f"{LINES}: a sigmoid multiplies by σ(1 − σ) on the way back.",
    top=lambda g, net: g,
    bend=lambda grad_hidden, net: grad_hidden,
)
in_mlp_backward(
    "top_slope_twice",
    "the slope of the upper sigmoid is applied twice",
    f"{LINES}: one sigmoid, one slope. grad_prediction is the gradient of the prediction, not of net_2.",
    top=lambda g, net: g * (net.prediction * (1 - net.prediction)) ** 2,
    seen_in="hunkim/DeepLearningZeroToAll PR #113",
)
in_mlp_backward(
    "article_slopes",
    "the slope of the sigmoids is written 1 − σ·σ",
    "1.2: σ(1 − σ). And 1.6, line (d).",
    top=lambda g, net: g * (1 - net.prediction**2),
    bend=lambda grad_hidden, net: grad_hidden * (1 - net.hidden**2),
    seen_in="the article of part 1",
)
in_mlp_backward(
    "slopes_of_nets",
    "the slope formula, made for a sigmoid's output, is used on the nets",
    "1.2: with σ itself, never with z.",
    top=lambda g, net: g * net.net_2 * (1 - net.net_2),
    bend=lambda grad_hidden, net: grad_hidden * net.net_1 * (1 - net.net_1),
    seen_in="DLS 31965",
)


@in_mlp_backward(
    "sigmoid_twice",
    "the slopes are those of a sigmoid of a sigmoid: σ is applied to what is σ already",
    "1.2: backward needs σ itself, and the cache has it.",
    seen_in="DeepLearnToolbox #165",
)
def sigmoid_twice(own: Own) -> Functions:
    def slope(s: Array) -> Array:
        twice = right_sigmoid(s)
        result: Array = twice - twice**2
        return result

    return mlp(
        own,
        top=lambda g, net: g * slope(net.prediction),
        bend=lambda grad_hidden, net: grad_hidden * slope(net.hidden),
    )


@in_mlp_backward(
    "hidden_slope_elsewhere",
    "the hidden slope is taken at the prediction's mean, not at the hidden layer",
    f"{LINES}: whose sigmoid is it?",
    seen_in="iamtrask/Grokking-Deep-Learning #56 (a mask on the wrong layer)",
)
def hidden_slope_elsewhere(own: Own) -> Functions:
    def bend(grad_hidden: Array, net: Net) -> Array:
        mean: Array = net.prediction.mean(axis=1, keepdims=True)
        result: Array = grad_hidden * mean * (1 - mean)
        return result

    return mlp(own, bend=bend)


in_mlp_backward(
    "upstream_ones",
    "grad_prediction is ignored, as if every entry of it were 1",
    "3.1: all we know of the loss is grad_prediction. Where does your code use it?",
    upstream=lambda g, net: np.ones_like(g),
    seen_in="torch.autograd.gradcheck has a check for it",
)
in_mlp_backward(
    "upstream_mean",
    "grad_prediction is replaced by its mean over the rows",
    "3.1: every row has its own g. Rows do not know each other.",
    upstream=lambda g, net: np.broadcast_to(g.mean(axis=0), g.shape),
)
in_mlp_backward(
    "upstream_for_target",
    "grad_prediction is taken for the target: the code uses prediction − grad_prediction instead of grad_prediction",
    "3.1: the loss may be any. Its gradient has been taken already.",
    upstream=lambda g, net: net.prediction - g,
)
in_mlp_backward(
    "sign_turned",
    "every gradient has the wrong sign",
    "1.4: mind the order, prediction minus target. grad_prediction has its sign already.",
    upstream=lambda g, net: -g,
)
in_mlp_backward(
    "doubled",
    "every gradient is twice what it should be: a factor 2 that does not belong here",
    "1.4: the half is there for that derivative. And grad_prediction already contains the loss's part.",
    upstream=lambda g, net: 2 * g,
    seen_in="bighuang624/Andrew-Ng-Deep-Learning-notes #10",
)
in_mlp_backward(
    "bias_by_mean",
    "the bias gradients are means over the rows, not sums",
    ROWS,
    biases=lambda right, net: right / len(net.x),
    seen_in="kvfrans/notes #5",
)
in_mlp_backward(
    "mean_again",
    "the gradients of the parameters are divided by the number of rows",
    ROWS,
    parameters=lambda right, net: right / len(net.x),
    seen_in="DLS 63071",
)
in_mlp_backward(
    "divided_by_rows",
    "every gradient is divided by the number of rows, that of x too",
    "The box in Notation: who divides? grad_prediction already contains the loss's part.",
    upstream=lambda g, net: g / len(net.x),
    seen_in="DLS 63071",
)
in_mlp_backward(
    "mean_again_below",
    "what goes down to the hidden layer is divided by the number of rows",
    ROWS,
    down=lambda delta_2, net: delta_2 @ net.params["weight_2"] / len(net.x),
    seen_in="DLS 63071",
)
in_mlp_backward(
    "bias_total",
    "the bias gradients are summed over the units too: every entry is the same total",
    "3.1: one bias a unit. Which axis is added, which stays?",
    biases=lambda right, net: np.full_like(right, right.sum()),
    seen_in="DLS 241052",
)
in_mlp_backward(
    "bias_not_added",
    "the bias gradients still have their rows: nothing is added up",
    ROWS,
    added=lambda delta: delta,
    seen_in="DLS 241052",
)
in_mlp_backward(
    "bias_keeps_axis",
    "the bias gradients keep an axis of length 1",
    "Notation: a bias is (units,), and its gradient has its shape.",
    biases=lambda right, net: right[None],
)
in_mlp_backward(
    "bias_1_before_slope",
    "bias_1 adds up what arrives at the hidden layer, before its slope",
    f"{LINES}: bias_1 is added before the sigmoid. Which gradient arrives there?",
    bias_1=lambda right, net, d1, d2: (d2 @ net.params["weight_2"]).sum(axis=0),
    seen_in="arthurdouillard/deepcourse PR #9",
)
in_mlp_backward(
    "bias_1_times_x",
    "the gradient of bias_1 is multiplied by the rows' mean input",
    "1.5: a weight's slope is the shared factor times what the weight multiplies. What does a bias multiply?",
    bias_1=lambda right, net, d1, d2: (d1 * net.x.mean(axis=1, keepdims=True)).sum(axis=0),
    seen_in="rust0258/Deeplearning.ai-Natural-Language-Processing-Specialization #64",
)
in_mlp_backward(
    "weights_turned",
    "the gradients of both weights are transposed",
    "Notation: a weight is (out, in), and its gradient has its shape.",
    weights=lambda right, weight: right.T,
    seen_in="DLS 119220, 674897 nearby",
)
in_mlp_backward(
    "weight_2_meets_net",
    "weight_2 is paired with net_1, not with what comes out of the hidden layer",
    f"{LINES}: what does weight_2 multiply?",
    reads_2=lambda net: net.net_1,
)
in_mlp_backward(
    "x_averaged_first",
    "the input is averaged over the rows before the product, so weight_1 gets a matrix of rank one",
    "3.1: the sum over rows runs over the product, not over each factor.",
    weight_1=lambda right, net, d1, d2: np.outer(d1.sum(axis=0), net.x.mean(axis=0)),
    seen_in="FesianXu/AI_Blog #1",
)


# The upper layer's own gradients are right: only what goes down has not passed the slope.
in_mlp_backward(
    "stops_at_net_2",
    "the error that goes down is the one of the prediction: the upper sigmoid is skipped on the way to layer 1",
    f"{LINES}: hidden is reached through net_2.",
    down=lambda d2, net: d2 / (net.prediction * (1 - net.prediction)) @ net.params["weight_2"],
)
in_mlp_backward(
    "x_before_slope",
    "the gradient of x is taken before the slope of the hidden sigmoid",
    f"{LINES}: x comes before net_1.",
    x=lambda right, net, d1, d2: d2 @ net.params["weight_2"] @ net.params["weight_1"],
)
in_mlp_backward(
    "x_zero", "the gradient of x is left at zero", "3.1, its last line.", x=lambda right, net, d1, d2: 0 * right
)
in_mlp_backward(
    "decay_added",
    "a part of each weight is added to its gradient, an unwanted weight decay",
    "3.1: the loss is what grad_prediction says, and nothing else.",
    weights=lambda right, weight: right + weight,
)
