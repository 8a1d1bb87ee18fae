"""What the known mistakes of a2_mlp_backprop are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.naming.bank import Functions, Own

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


Share = Callable[[Array, Net, Array, Array], Any]  # the right gradient, the net, delta_1 and delta_2


def right_one(right: Array, *_: Any) -> Any:
    """What is right needs no change."""
    return right


@dataclass(frozen=True)
class Backward:
    """mlp_backward, right by default, with a slot at every place where a mistake can sit."""

    upstream: Callable[[Array, Net], Array] = right_one
    top: Callable[[Array, Net], Array] = lambda g, net: g * net.prediction * (1 - net.prediction)
    down: Callable[[Array, Net], Array] = lambda delta_2, net: delta_2 @ net.params["weight_2"]
    bend: Callable[[Array, Net], Array] = lambda grad_hidden, net: grad_hidden * net.hidden * (1 - net.hidden)
    reads_1: Callable[[Net], Array] = lambda net: net.x
    reads_2: Callable[[Net], Array] = lambda net: net.hidden
    below: Callable[[Array, Net], Array] = lambda delta_1, net: delta_1 @ net.params["weight_1"]
    added: Callable[[Array], Array] = lambda delta: delta.sum(axis=0)
    x: Share = right_one
    weight_1: Share = right_one
    weight_2: Share = right_one
    bias_1: Share = right_one
    bias_2: Share = right_one
    weights: Callable[[Array, Array], Array] = right_one  # the right gradient, the weight
    biases: Callable[[Array, Net], Array] = right_one
    parameters: Callable[[Array, Net], Array] = right_one

    def __call__(self, grad_prediction: Array, net: Net) -> Grads:
        delta_2 = self.top(self.upstream(grad_prediction, net), net)
        delta_1 = self.bend(self.down(delta_2, net), net)
        weight_1 = self.weight_1(delta_1.T @ self.reads_1(net), net, delta_1, delta_2)
        weight_2 = self.weight_2(delta_2.T @ self.reads_2(net), net, delta_1, delta_2)
        found = {
            "weight_1": self.weights(weight_1, net.params["weight_1"]),
            "bias_1": self.biases(self.bias_1(self.added(delta_1), net, delta_1, delta_2), net),
            "weight_2": self.weights(weight_2, net.params["weight_2"]),
            "bias_2": self.biases(self.bias_2(self.added(delta_2), net, delta_1, delta_2), net),
        }
        grads = {name: self.parameters(value, net) for name, value in found.items()}
        return {"x": self.x(self.below(delta_1, net), net, delta_1, delta_2), **grads}


def mlp(own: Own, **slots: Any) -> Functions:
    """mlp_forward and an mlp_backward with these slots."""
    return {"mlp_forward": forward, "mlp_backward": Backward(**slots)}
