"""Differences of a student's own recurrent layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.assignments.sequences import RNN, RNNProblem
from autograder.checks.draw import Params
from autograder.checks.follow import contracted, differences

Arrays = dict[str, Any]


Layer = Callable[..., Any]  # student.rnn_forward or student.residual_rnn_forward


def own_layer_gradients(forward: Layer, problem: RNNProblem) -> Arrays:
    """Gradients of Σ outputs·grad_outputs for the student's own layer."""

    def f(inputs: Params) -> float:
        return contracted(forward(inputs["x"], inputs["h0"], rnn_of(inputs))[0], problem.grad_outputs)

    return differences(f, {"x": problem.x, "h0": problem.h0, **problem.params})


def rnn_of(inputs: Mapping[str, np.ndarray]) -> Params:
    """The four parameters of a layer out of more arrays."""
    return {name: inputs[name] for name in RNN}
