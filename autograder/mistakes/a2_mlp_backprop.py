"""Known mistakes of a2_mlp_backprop: two sigmoid layers, differences, softmax with cross-entropy, descent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.mistakes.bank import Functions, Own, mistake

Array = np.ndarray
Grads = dict[str, Any]
Params = dict[str, Array]


def right_sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)) without overflow."""
    shrunk = np.exp(-np.abs(z))
    result: Array = np.where(np.greater_equal(z, 0), 1, shrunk) / (1 + shrunk)
    return result


@dataclass(frozen=True, eq=False)
class Net:
    """What a forward keeps."""

    x: Array
    net_1: Array
    hidden: Array
    net_2: Array
    prediction: Array
    params: Params


def forward(x: Array, params: Params) -> tuple[Array, Net]:
    """The right forward."""
    net_1 = x @ params["weight_1"].T + params["bias_1"]
    hidden = right_sigmoid(net_1)
    net_2 = hidden @ params["weight_2"].T + params["bias_2"]
    prediction = right_sigmoid(net_2)
    return prediction, Net(x, net_1, hidden, net_2, prediction, params)


@dataclass(frozen=True)
class Backward:
    """mlp_backward, right by default, with a switch at every place where a mistake can sit."""

    upstream: Callable[[Array, Net], Array] = lambda g, net: g
    top: Callable[[Array, Net], Array] = lambda g, net: g * net.prediction * (1 - net.prediction)
    down: Callable[[Array, Net], Array] = lambda delta_2, net: delta_2 @ net.params["weight_2"]
    bend: Callable[[Array, Net], Array] = lambda grad_hidden, net: grad_hidden * net.hidden * (1 - net.hidden)
    change: Callable[[Net, Array, Array, Grads], Grads] = lambda net, delta_1, delta_2, right: {}

    def __call__(self, grad_prediction: Array, net: Net) -> Grads:
        delta_2 = self.top(self.upstream(grad_prediction, net), net)
        delta_1 = self.bend(self.down(delta_2, net), net)
        right = {
            "x": delta_1 @ net.params["weight_1"],
            "weight_1": delta_1.T @ net.x,
            "bias_1": delta_1.sum(axis=0),
            "weight_2": delta_2.T @ net.hidden,
            "bias_2": delta_2.sum(axis=0),
        }
        return {**right, **self.change(net, delta_1, delta_2, right)}


def mlp(**switches: Any) -> Functions:
    """mlp_forward and an mlp_backward with these switches."""
    return {"mlp_forward": forward, "mlp_backward": Backward(**switches)}


@mistake(
    "mlp_backward",
    id="bias_by_mean",
    title="the bias gradients are means over the rows, not sums",
    reread="3.1: one bias is used in every row. And the box in Notation: who divides?",
    seen_in="kvfrans/notes #5",
)
def bias_by_mean(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"bias_1": d1.mean(axis=0), "bias_2": d2.mean(axis=0)})


@mistake(
    "mlp_backward",
    id="hidden_slope_missing",
    title="the slope of the hidden sigmoid is missing",
    reread="3.2, from the bottom up: which line stands between weighted_2 and net_1?",
    seen_in="iamtrask/Grokking-Deep-Learning #50",
)
def hidden_slope_missing(own: Own) -> Functions:
    return mlp(bend=lambda grad_hidden, net: grad_hidden)


@mistake(
    "mlp_backward",
    id="top_slope_missing",
    title="the slope of the upper sigmoid is missing",
    reread="3.1, its first line. What does the prediction do to a nudge of net_2?",
    seen_in="rasbt/python-machine-learning-book-2nd-edition #54",
)
def top_slope_missing(own: Own) -> Functions:
    return mlp(top=lambda g, net: g)


@mistake(
    "mlp_backward",
    id="sign_turned",
    title="every gradient has the wrong sign",
    reread="1.4: mind the order, prediction minus target. Who handed you grad_prediction, and does it need a minus?",
)
def sign_turned(own: Own) -> Functions:
    return mlp(upstream=lambda g, net: -g)


@mistake(
    "mlp_backward",
    id="bias_1_before_slope",
    title="bias_1 adds up what arrives at the hidden layer, before its slope",
    reread="3.2: bias_1 is added before the sigmoid. Which gradient arrives there?",
    seen_in="arthurdouillard/deepcourse PR #9",
)
def bias_1_before_slope(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"bias_1": (d2 @ net.params["weight_2"]).sum(axis=0)})


@mistake(
    "mlp_backward",
    id="mean_twice",
    title="the gradients of the parameters are divided by the number of rows",
    reread="The box in Notation: the loss divides, backward never does.",
    seen_in="DLS 63071",
)
def mean_twice(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {k: v / len(net.x) for k, v in right.items() if k != "x"})


@mistake(
    "mlp_backward",
    id="upstream_ignored",
    title="grad_prediction is ignored, as if every entry of it were 1",
    reread="3.1: all we are told of the loss is grad_prediction. Where does it stand in your code?",
    seen_in="torch.autograd.gradcheck has a check for it",
)
def upstream_ignored(own: Own) -> Functions:
    return mlp(upstream=lambda g, net: np.ones_like(g))
