"""PyTorch's answers to a3_rnn_cell: one cell in both layouts, two steps, readout and loss."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.assignments.a3_rnn_cell.problems import CellProblem, ColumnProblem, LogitsProblem, ReadoutProblem
from autograder.assignments.layers import Arrays, Tensors, mean_cross_entropy, run_cell
from autograder.assignments.sequences import RNNProblem
from autograder.assignments.tensors import gradients, leaf, leaves, once, plain


@once
def cell_output(problem: CellProblem) -> np.ndarray:
    """h of torch.nn.RNNCell."""
    return plain(run_cell(leaf(problem.x), leaf(problem.h_prev), leaves(problem.params)))


@once
def cell_gradients(problem: CellProblem) -> Arrays:
    """Gradients of Σ h·grad_h by x, h_prev and the four parameters."""
    inputs: Tensors = {"x": leaf(problem.x), "h_prev": leaf(problem.h_prev), **leaves(problem.params)}
    return gradients(run_cell(inputs["x"], inputs["h_prev"], inputs), problem.grad_h, inputs)


@once
def two_step_gradients(problem: RNNProblem) -> Arrays:
    """Gradients through two cells, one after the other, by x_1, x_2, h0 and the four parameters."""
    inputs: Tensors = {
        "x_1": leaf(problem.x[0]),
        "x_2": leaf(problem.x[1]),
        "h0": leaf(problem.h0),
        **leaves(problem.params),
    }
    first = run_cell(inputs["x_1"], inputs["h0"], inputs)
    second = run_cell(inputs["x_2"], first, inputs)
    return gradients(torch.stack([first, second]), problem.grad_outputs, inputs)


def run_columns(
    xt: torch.Tensor, a_prev: torch.Tensor, Wax: torch.Tensor, Waa: torch.Tensor, ba: torch.Tensor
) -> torch.Tensor:
    """torch.nn.RNNCell on transposed inputs: (hidden_size, N). The textbook has one bias, PyTorch's second is 0."""
    return torch.rnn_tanh_cell(xt.T, a_prev.T, Wax, Waa, ba[:, 0], torch.zeros_like(ba[:, 0])).T


@once
def column_outputs(problem: ColumnProblem) -> Arrays:
    """a_next (hidden_size, N) and yt_pred (classes, N), a softmax for each column."""
    xt, a_prev, Wax, Waa, Wya, ba, by = map(leaf, problem.forward_arguments)
    a_next = run_columns(xt, a_prev, Wax, Waa, ba)
    return {"a_next": plain(a_next), "yt_pred": plain(torch.softmax(F.linear(a_next.T, Wya, by[:, 0]), dim=1).T)}


def column_prediction(problem: ColumnProblem, a_next: np.ndarray) -> np.ndarray:
    """yt_pred from any a_next: what the given softmax makes of it."""
    logits = F.linear(torch.as_tensor(a_next).T, torch.as_tensor(problem.Wya), torch.as_tensor(problem.by[:, 0]))
    return plain(torch.softmax(logits, dim=1).T)


@once
def column_gradients(problem: ColumnProblem) -> Arrays:
    """Gradients of Σ a_next·da_next under the textbook's names."""
    names = ("xt", "a_prev", "Wax", "Waa", "ba")
    inputs = {f"d{name}" if name != "a_prev" else "da_prev": leaf(getattr(problem, name)) for name in names}
    return gradients(run_columns(*inputs.values()), problem.da_next, inputs)


# ---- readout and loss ------------------------------------------------------------------------------------------------


@once
def readout_logits(problem: ReadoutProblem) -> np.ndarray:
    """torch.nn.Linear on any leading axes."""
    return plain(F.linear(leaf(problem.outputs), *leaves(problem.params).values()))


@once
def readout_gradients(problem: ReadoutProblem) -> Arrays:
    """Gradients of Σ logits·grad_logits by outputs, weight_ho and bias_ho."""
    inputs: Tensors = {"outputs": leaf(problem.outputs), **leaves(problem.params)}
    return gradients(F.linear(*inputs.values()), problem.grad_logits, inputs)


@once
def loss_of_logits(problem: LogitsProblem) -> np.ndarray:
    """The mean cross-entropy, a number."""
    return plain(mean_cross_entropy(leaf(problem.logits), problem.target))


@once
def gradient_of_logits(problem: LogitsProblem) -> np.ndarray:
    """Its gradient, (T, N, classes)."""
    logits = leaf(problem.logits)
    return gradients(mean_cross_entropy(logits, problem.target), 1.0, {"logits": logits})["logits"]
