"""PyTorch's answers for a3_rnn_cell and a4_bptt."""

from __future__ import annotations

import numpy as np
import torch

from autograder.problems import RNNProblem
from autograder.references.tensors import gradients, leaf, leaves, once, plain


def run_rnn(x: torch.Tensor, h0: torch.Tensor, params: dict[str, torch.Tensor]) -> torch.Tensor:
    """torch.nn.RNN (tanh, one layer) as a function of its parameters: (T, N, hidden_size)."""
    weights = [params[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    outputs, _ = torch.rnn_tanh(x, h0[None], weights, True, 1, 0.0, False, False, False)
    return outputs


@once
def rnn_outputs(problem: RNNProblem) -> np.ndarray:
    """outputs of torch.nn.RNN, (T, N, hidden_size)."""
    return plain(run_rnn(leaf(problem.x), leaf(problem.h0), leaves(problem.params)))


@once
def rnn_gradients(problem: RNNProblem) -> dict[str, np.ndarray]:
    """Gradients of Σ outputs·grad_outputs by x, h0 and the four parameters, through torch.nn.RNN."""
    return rnn_vjp(problem, problem.grad_outputs)


def rnn_vjp(problem: RNNProblem, grad_outputs: np.ndarray) -> dict[str, np.ndarray]:
    """As rnn_gradients for any upstream."""
    inputs: dict[str, torch.Tensor] = {"x": leaf(problem.x), "h0": leaf(problem.h0), **leaves(problem.params)}
    outputs = run_rnn(inputs["x"], inputs["h0"], inputs)
    return gradients(outputs, grad_outputs, inputs)


