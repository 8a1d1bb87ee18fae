"""PyTorch's answers for a3_rnn_cell and a4_bptt: the cell, the layer, the readout, their losses and gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from autograder.problems import (
    CellProblem,
    ColumnProblem,
    LogitsProblem,
    ReadoutProblem,
    RNNProblem,
    SequenceProblem,
)
from autograder.references.tensors import gradients, leaf, leaves, once, plain

Arrays = dict[str, np.ndarray]
Tensors = dict[str, torch.Tensor]
RNN = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


# ---- one step --------------------------------------------------------------------------------------------------------


def run_cell(x: torch.Tensor, h_prev: torch.Tensor, params: Tensors) -> torch.Tensor:
    """torch.nn.RNNCell (tanh) as a function of its parameters: (N, hidden_size)."""
    return torch.rnn_tanh_cell(x, h_prev, *(params[name] for name in RNN))


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


def mean_cross_entropy(logits: torch.Tensor, target: np.ndarray) -> torch.Tensor:
    """F.cross_entropy over all leading axes: (…, classes) with (…)."""
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), torch.as_tensor(target).reshape(-1))


@once
def loss_of_logits(problem: LogitsProblem) -> np.ndarray:
    """The mean cross-entropy, a number."""
    return plain(mean_cross_entropy(leaf(problem.logits), problem.target))


@once
def gradient_of_logits(problem: LogitsProblem) -> np.ndarray:
    """Its gradient, (T, N, classes)."""
    logits = leaf(problem.logits)
    return gradients(mean_cross_entropy(logits, problem.target), 1.0, {"logits": logits})["logits"]


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


def run_residual(x: torch.Tensor, h0: torch.Tensor, params: Tensors) -> torch.Tensor:
    """The same with h_t = h_{t-1} + tanh(…), a torch.nn.RNNCell a step."""
    states = [h0]
    for x_t in x:
        states.append(states[-1] + run_cell(x_t, states[-1], params))
    return torch.stack(states[1:])


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


@once
def rnn_gradients(problem: RNNProblem) -> Arrays:
    """Gradients of Σ outputs·grad_outputs by x, h0 and the four parameters, through torch.nn.RNN."""
    return layer_gradients(run_rnn, problem)


@once
def residual_outputs(problem: RNNProblem) -> np.ndarray:
    """outputs of the residual layer."""
    return plain(run_residual(leaf(problem.x), leaf(problem.h0), leaves(problem.params)))


@once
def residual_gradients(problem: RNNProblem) -> Arrays:
    """As rnn_gradients through the residual layer."""
    return layer_gradients(run_residual, problem)


def states_of(problem: RNNProblem) -> list[torch.Tensor]:
    """h0 and the state after each step, in one graph, so that a gradient can be asked for at each."""
    params, states = leaves(problem.params), [leaf(problem.h0)]
    for x_t in leaf(problem.x):
        states.append(run_cell(x_t, states[-1], params))
    return states


@once
def credit(problem: RNNProblem) -> np.ndarray:
    """(T, T): the norm of what grad_outputs[t] alone puts on outputs[k], one torch.autograd.grad a step t."""
    _, *outputs = states_of(problem)
    matrix = np.zeros((len(outputs), len(outputs)))
    for t, injected in enumerate(torch.as_tensor(problem.grad_outputs)):
        shares = torch.autograd.grad(outputs[t], outputs[: t + 1], injected, retain_graph=True)
        matrix[t, : t + 1] = [share.norm().item() for share in shares]
    return matrix


@once
def state_norms(problem: RNNProblem) -> np.ndarray:
    """(T + 1,): the norms of the gradients that h0 and every output retain when the loss touches the last alone."""
    states = states_of(problem)
    for state in states:
        state.retain_grad()
    states[-1].backward(torch.as_tensor(problem.grad_outputs[-1]))  # type: ignore[no-untyped-call]
    return np.array([state.grad.norm().item() for state in states if state.grad is not None])


@once
def truncated_gradients(problem: RNNProblem, k: int) -> Arrays:
    """Gradients where each step's error crosses at most k recurrent connections: one graph a step, cut k back."""
    inputs: Tensors = {"x": leaf(problem.x), "h0": leaf(problem.h0), **leaves(problem.params)}
    total = {name: np.zeros(tuple(tensor.shape)) for name, tensor in inputs.items()}
    for s, injected in enumerate(problem.grad_outputs):
        h = inputs["h0"]
        for t in range(s + 1):
            if t == s - k:
                h = h.detach()
            h = run_cell(inputs["x"][t], h, inputs)
        for name, grad in gradients(h, injected, inputs).items():
            total[name] += grad
    return total


@once
def sequence_gradients(problem: SequenceProblem) -> tuple[np.ndarray, Arrays]:
    """The loss of the layer with its readout, and its gradients by the six parameters."""
    params = leaves(problem.params)
    outputs = run_rnn(leaf(problem.x), leaf(problem.h0), params)
    loss = mean_cross_entropy(F.linear(outputs, params["weight_ho"], params["bias_ho"]), problem.target)
    return plain(loss), gradients(loss, 1.0, params)
