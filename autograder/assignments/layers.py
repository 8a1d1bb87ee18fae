"""The recurrent cell, the layer and its readout in PyTorch: what two assignments are compared with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from autograder.assignments.sequences import RNN, RNNProblem
from autograder.assignments.tensors import gradients, leaf, leaves, once, plain

Arrays = dict[str, np.ndarray]


Tensors = dict[str, torch.Tensor]


# ---- one step --------------------------------------------------------------------------------------------------------


def run_cell(x: torch.Tensor, h_prev: torch.Tensor, params: Tensors) -> torch.Tensor:
    """torch.nn.RNNCell (tanh) as a function of its parameters: (N, hidden_size)."""
    return torch.rnn_tanh_cell(x, h_prev, *(params[name] for name in RNN))


def mean_cross_entropy(logits: torch.Tensor, target: np.ndarray) -> torch.Tensor:
    """F.cross_entropy over all leading axes: (…, classes) with (…)."""
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), torch.as_tensor(target).reshape(-1))


def readout_and_loss(outputs: np.ndarray, target: np.ndarray, params: Arrays) -> tuple[float, Arrays]:
    """The loss of a readout of any outputs, and its gradients by outputs, weight_ho and bias_ho.

    target has the leading axes of outputs, or that of the last step alone, (N,): then the loss is of that step.
    """
    inputs: Tensors = {
        "outputs": leaf(outputs),
        "weight_ho": leaf(params["weight_ho"]),
        "bias_ho": leaf(params["bias_ho"]),
    }
    seen = inputs["outputs"] if target.ndim == 2 else inputs["outputs"][-1]
    loss = mean_cross_entropy(F.linear(seen, inputs["weight_ho"], inputs["bias_ho"]), target)
    return loss.item(), gradients(loss, 1.0, inputs)


# ---- a layer over time -----------------------------------------------------------------------------------------------


def run_rnn(x: torch.Tensor, h0: torch.Tensor, params: Tensors) -> torch.Tensor:
    """torch.nn.RNN (tanh, one layer) as a function of its parameters: (T, N, hidden_size)."""
    outputs, _ = torch.rnn_tanh(x, h0[None], [params[name] for name in RNN], True, 1, 0.0, False, False, False)
    return outputs


def layer_gradients(run: Callable[[torch.Tensor, torch.Tensor, Tensors], torch.Tensor], problem: RNNProblem) -> Arrays:
    """Gradients of Σ outputs·grad_outputs by x, h0 and the four parameters."""
    inputs: Tensors = {"x": leaf(problem.x), "h0": leaf(problem.h0), **leaves(problem.params)}
    return gradients(run(inputs["x"], inputs["h0"], inputs), problem.grad_outputs, inputs)


def layer_outputs(x: np.ndarray, h0: np.ndarray, params: Arrays) -> np.ndarray:
    """outputs of torch.nn.RNN for any arrays, (T, N, hidden_size)."""
    return plain(run_rnn(leaf(x), leaf(h0), leaves(params)))


@once
def rnn_outputs(problem: RNNProblem) -> np.ndarray:
    """outputs of torch.nn.RNN, (T, N, hidden_size)."""
    return layer_outputs(problem.x, problem.h0, problem.params)
