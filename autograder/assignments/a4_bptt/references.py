"""PyTorch's answers to a4_bptt: back-propagation through time, truncated, residual, and its credit."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.assignments.a4_bptt.problems import SequenceProblem
from autograder.assignments.layers import Arrays, Tensors, layer_gradients, mean_cross_entropy, run_cell, run_rnn
from autograder.assignments.sequences import RNNProblem
from autograder.assignments.tensors import gradients, leaf, leaves, once, plain


def run_residual(x: torch.Tensor, h0: torch.Tensor, params: Tensors) -> torch.Tensor:
    """The same with h_t = h_{t-1} + tanh(…), a torch.nn.RNNCell a step."""
    states = [h0]
    for x_t in x:
        states.append(states[-1] + run_cell(x_t, states[-1], params))
    return torch.stack(states[1:])


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
