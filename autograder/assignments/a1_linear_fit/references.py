"""PyTorch's answers for a1_linear_fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from autograder.assignments.a1_linear_fit.problems import CurveProblem, LineProblem
from autograder.assignments.tensors import gradients, leaf, once, plain

# The families of functions that numerical_derivative is asked about, as in the student's process.
CURVES: Mapping[str, Callable[..., torch.Tensor]] = {
    "cubic": lambda c, at: c[0] + c[1] * at + c[2] * at**2 + c[3] * at**3,
    "wave": lambda c, at: c[0] * torch.sin(c[1] * at + c[2]),
}


def run_line(x: Any, w: Any, b: Any) -> torch.Tensor:
    """The prediction w x + b."""
    prediction: torch.Tensor = torch.as_tensor(x) * w + b
    return prediction


def line(x: np.ndarray, w: float, b: float) -> np.ndarray:
    """The prediction as NumPy, (N,)."""
    return plain(run_line(x, w, b))


def loss(prediction: np.ndarray, target: np.ndarray) -> float:
    """F.mse_loss."""
    return float(functional.mse_loss(torch.as_tensor(prediction), torch.as_tensor(target)))


def slopes(x: np.ndarray, target: np.ndarray, w: float, b: float) -> dict[str, np.ndarray]:
    """dw and db of F.mse_loss of the line."""
    inputs = {"dw": leaf(w), "db": leaf(b)}
    return gradients(functional.mse_loss(run_line(x, *inputs.values()), torch.as_tensor(target)), 1.0, inputs)


@once
def line_prediction(problem: LineProblem) -> np.ndarray:
    """The prediction for a problem."""
    return line(problem.x, problem.w, problem.b)


@once
def line_loss(problem: LineProblem) -> np.ndarray:
    """The loss of a problem at its start."""
    return np.array(loss(line_prediction(problem), problem.target))


@once
def line_slopes(problem: LineProblem) -> dict[str, np.ndarray]:
    """dw and db of a problem at its start."""
    return slopes(problem.x, problem.target, problem.w, problem.b)


@once
def line_descent(problem: LineProblem, steps: int) -> dict[str, np.ndarray]:
    """w, b and the losses (steps,) of torch.optim.SGD on the full batch."""
    w, b = leaf(problem.w), leaf(problem.b)
    optimizer, losses = torch.optim.SGD([w, b], lr=problem.lr), []
    for _ in range(steps):
        optimizer.zero_grad()
        value = functional.mse_loss(run_line(problem.x, w, b), torch.as_tensor(problem.target))
        value.backward()  # type: ignore[no-untyped-call]
        losses.append(value.item())
        optimizer.step()
    return {"w": plain(w), "b": plain(b), "losses": np.array(losses)}


@once
def online_weights(problem: LineProblem, passes: int, b: float) -> np.ndarray:
    """w before and after every update of torch.optim.SGD, a sample at a time on half the squared error, b fixed."""
    w = leaf(problem.w)
    optimizer, weights = torch.optim.SGD([w], lr=problem.lr), [w.item()]
    for _ in range(passes):
        for x_n, y_n in zip(problem.x.tolist(), problem.target.tolist(), strict=True):
            optimizer.zero_grad()
            (0.5 * (run_line(x_n, w, b) - y_n) ** 2).backward()
            optimizer.step()
            weights.append(w.item())
    return np.array(weights)


@once
def stable_lr(problem: LineProblem) -> np.ndarray:
    """2 over the largest eigenvalue of the loss's Hessian."""
    x, target = torch.as_tensor(problem.x), torch.as_tensor(problem.target)
    hessian = torch.func.hessian(lambda p: functional.mse_loss(run_line(x, p[0], p[1]), target))
    return plain(2 / torch.linalg.eigvalsh(hessian(torch.tensor([problem.w, problem.b], dtype=torch.float64)))[-1])


@once
def curve_slope(problem: CurveProblem) -> np.ndarray:
    """The derivative of a curve."""
    at = leaf(problem.at)
    return gradients(CURVES[problem.family](*map(torch.as_tensor, problem.coefficients), at), 1.0, {"at": at})["at"]


@once
def curve_difference(problem: CurveProblem) -> np.ndarray:
    """The central difference of a curve with the problem's own eps, wide enough to differ from the derivative."""
    curve = CURVES[problem.family]
    up, down = (
        curve(*map(torch.as_tensor, problem.coefficients), torch.tensor(at, dtype=torch.float64))
        for at in (problem.at + problem.eps, problem.at - problem.eps)
    )
    return plain((up - down) / (2 * problem.eps))
