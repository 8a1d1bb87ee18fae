"""PyTorch's answers for a2_mlp_backprop."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from autograder.assignments.a2_mlp_backprop.problems import ClassesProblem, MLPProblem, RidgeProblem
from autograder.assignments.tensors import gradients, leaf, leaves, once, plain
from autograder.checks.draw import Params

MLP = ("weight_1", "bias_1", "weight_2", "bias_2")


def run_mlp(x: torch.Tensor, params: dict[str, torch.Tensor]) -> torch.Tensor:
    """Two linear layers, a sigmoid after each."""
    hidden = torch.sigmoid(functional.linear(x, params["weight_1"], params["bias_1"]))
    return torch.sigmoid(functional.linear(hidden, params["weight_2"], params["bias_2"]))


def half_squared(prediction: Any, target: Any) -> torch.Tensor:
    """Half the sum of squares."""
    return 0.5 * functional.mse_loss(torch.as_tensor(prediction), torch.as_tensor(target), reduction="sum")


@once
def sigmoids(z: np.ndarray) -> np.ndarray:
    """torch.sigmoid."""
    return plain(torch.sigmoid(torch.as_tensor(z)))


@once
def mlp_prediction(problem: MLPProblem) -> np.ndarray:
    """The prediction, (N, out)."""
    return plain(run_mlp(leaf(problem.x), leaves(problem.params)))


@once
def mlp_loss(problem: MLPProblem) -> np.ndarray:
    """Half the squared error of the prediction."""
    return plain(half_squared(mlp_prediction(problem), problem.target))


@once
def mlp_gradients(problem: MLPProblem) -> dict[str, np.ndarray]:
    """Gradients of Σ prediction·grad_prediction by x and the four parameters."""
    inputs = {"x": leaf(problem.x), **leaves(problem.params)}
    return gradients(run_mlp(inputs["x"], inputs), problem.grad_prediction, inputs)


@once
def mlp_training(problem: MLPProblem, steps: int) -> dict[str, np.ndarray]:
    """The four parameters and the losses (steps,) after torch.optim.SGD on half the squared error, full batch."""
    x, params = torch.as_tensor(problem.x), leaves(problem.params)
    optimizer, losses = torch.optim.SGD(params.values(), lr=problem.lr), []
    for _ in range(steps):
        optimizer.zero_grad()
        value = half_squared(run_mlp(x, params), problem.target)
        value.backward()  # type: ignore[no-untyped-call]
        losses.append(value.item())
        optimizer.step()
    return {**{name: plain(value) for name, value in params.items()}, "losses": np.array(losses)}


@once
def sgd_update(problem: MLPProblem, slopes: MLPProblem) -> Params:
    """One step of torch.optim.SGD along the given slopes (the parameters of another problem)."""
    params = leaves(problem.params)
    for name, value in params.items():
        value.grad = torch.as_tensor(slopes.params[name])
    torch.optim.SGD(params.values(), lr=problem.lr).step()
    return {name: plain(value) for name, value in params.items()}


@cache
def article_net() -> dict[str, np.ndarray]:
    """The article's 2-3-1 net, put right: every stage, the loss and the gradients of the four parameters."""
    x, label = torch.tensor([[0.4, 0.5]], dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    params = leaves(
        {
            "weight_1": np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]).T,
            "bias_1": np.array([0.1, 0.2, 0.3]),
            "weight_2": np.array([[0.1], [0.2], [0.3]]).T,
            "bias_2": np.array([0.1]),
        }
    )
    net_1 = functional.linear(x, params["weight_1"], params["bias_1"])
    hidden = torch.sigmoid(net_1)
    net_2 = functional.linear(hidden, params["weight_2"], params["bias_2"])
    prediction = torch.sigmoid(net_2)
    loss = half_squared(prediction, label)
    stages = {"net_1": net_1, "hidden": hidden, "net_2": net_2, "prediction": prediction, "loss": loss}
    return {**{name: plain(value) for name, value in stages.items()}, **gradients(loss, 1.0, params)}


def run_ridge(problem: RidgeProblem, array: torch.Tensor) -> torch.Tensor:
    """The function that numerical_gradient is asked about, as in the student's process."""
    waves, valley = map(torch.as_tensor, problem.coefficients)
    return torch.sum(torch.sin(waves * array)) + 0.5 * torch.sum(valley * array) ** 2


@once
def ridge_slopes(problem: RidgeProblem) -> np.ndarray:
    """Its gradient, like the array."""
    array = leaf(problem.array)
    return gradients(run_ridge(problem, array), 1.0, {"array": array})["array"]


@once
def ridge_differences(problem: RidgeProblem) -> np.ndarray:
    """Its central differences with the problem's own eps, wide enough to differ from the gradient."""
    slopes = np.zeros_like(problem.array)
    for index in np.ndindex(slopes.shape):
        nudge = np.zeros_like(slopes)
        nudge[index] = problem.eps
        up, down = (run_ridge(problem, torch.as_tensor(problem.array + side * nudge)) for side in (1, -1))
        slopes[index] = float(up - down) / (2 * problem.eps)
    return slopes


@once
def probabilities(logits: np.ndarray) -> np.ndarray:
    """torch.softmax along the last axis."""
    return plain(torch.softmax(torch.as_tensor(logits), dim=-1))


@once
def class_loss(problem: ClassesProblem) -> np.ndarray:
    """F.cross_entropy, the mean over rows."""
    return plain(functional.cross_entropy(torch.as_tensor(problem.logits), torch.as_tensor(problem.target)))


@once
def class_gradients(problem: ClassesProblem) -> np.ndarray:
    """The gradient of F.cross_entropy at the logits, (N, classes)."""
    logits = leaf(problem.logits)
    loss = functional.cross_entropy(logits, torch.as_tensor(problem.target))
    return gradients(loss, 1.0, {"logits": logits})["logits"]
