"""PyTorch's trainings for a4_bptt, and its clipping in both forms that count as right."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.assignments.a4_bptt.problems import ClipProblem, TrainingProblem
from autograder.assignments.layers import mean_cross_entropy, run_rnn
from autograder.assignments.tensors import leaves, once, plain

Arrays = dict[str, np.ndarray]


def clip_in_place(params: list[torch.Tensor], max_norm: float, with_epsilon: bool) -> float:
    """torch.nn.utils.clip_grad_norm_, or the same without the 1e-6 that PyTorch adds to the norm. Returns the norm."""
    if with_epsilon:
        return torch.nn.utils.clip_grad_norm_(params, max_norm).item()
    grads = [param.grad for param in params if param.grad is not None]
    total = torch.nn.utils.get_total_norm(grads).item()
    if total > max_norm:
        for grad in grads:
            grad.mul_(max_norm / total)
    return total


def clip(grads: Arrays, max_norm: float, with_epsilon: bool) -> Arrays:
    """The gradients after clipping, for any arrays."""
    return {name: value for name, value in clip_with_norm(grads, max_norm, with_epsilon).items() if name in grads}


@once
def clipped(problem: ClipProblem, with_epsilon: bool) -> Arrays:
    """The gradients after clipping, and total_norm, the norm before it."""
    return clip_with_norm(problem.grads, problem.max_norm, with_epsilon)


def clip_with_norm(grads: Arrays, max_norm: float, with_epsilon: bool) -> Arrays:
    """As clipped for any arrays."""
    params = leaves(grads)
    for name, param in params.items():
        param.grad = torch.tensor(grads[name])
    total = clip_in_place(list(params.values()), max_norm, with_epsilon)
    return {
        **{name: plain(param.grad) for name, param in params.items() if param.grad is not None},
        "total_norm": np.array(total),
    }


@once
def adder_training(problem: TrainingProblem) -> Arrays:
    """The six parameters after plain SGD over the batches, and losses, each before its update."""
    return train(problem, clip=False)


@once
def first_xor_last_training(problem: TrainingProblem, with_epsilon: bool) -> Arrays:
    """The same for the loss of the last step alone, the six gradients clipped together."""
    return train(problem, clip=True, with_epsilon=with_epsilon)


def train(problem: TrainingProblem, clip: bool, with_epsilon: bool = True) -> Arrays:
    """torch.optim.SGD over the batches; h0 is 0. A target (N,) is one of the last step."""
    params = leaves(problem.params)
    optimizer = torch.optim.SGD(list(params.values()), lr=problem.lr)
    losses = []
    for x, target in problem.batches:
        h0 = torch.zeros(x.shape[1], len(params["bias_hh"]), dtype=torch.float64)
        outputs = run_rnn(torch.as_tensor(x), h0, params)
        seen = outputs if target.ndim == 2 else outputs[-1]
        loss = mean_cross_entropy(F.linear(seen, params["weight_ho"], params["bias_ho"]), target)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if clip:
            clip_in_place(list(params.values()), problem.max_norm, with_epsilon)
        optimizer.step()
        losses.append(loss.item())
    return {**{name: plain(param) for name, param in params.items()}, "losses": np.array(losses)}
