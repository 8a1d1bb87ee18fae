"""What the known mistakes of a2_mlp_backprop are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.naming.bank import Functions

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
