"""What the known mistakes of a3_rnn_cell are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.naming.bank import Functions

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
