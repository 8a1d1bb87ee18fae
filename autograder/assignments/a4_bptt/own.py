"""What a student's own functions give in a4_bptt: differences of them, and what is composed of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.problems import SequenceProblem, TrainingProblem
from autograder.assignments.a4_bptt.trainings import clip
from autograder.assignments.layers import layer_outputs, readout_and_loss
from autograder.assignments.own_layers import Arrays, Layer, own_layer_gradients, rnn_of
from autograder.assignments.sequences import RNNProblem
from autograder.checks.compare import same
from autograder.checks.draw import Params
from autograder.checks.follow import are_sound, contracted, differences, tried
from autograder.checks.ground import Own, solved, sound
from autograder.kernels.student import Student


def own_caches(student: Student, problem: RNNProblem, layer: str) -> list[tuple[Any, ...]]:
    """What the source notebook would have kept of the student's own states: they begin with h0 or, for all they tell, with 0.

    The residual layer keeps what was added as well: the steps between the states, the states, or the tanh of a right cell.
    """
    outputs, _ = getattr(student, f"{layer}_forward")(problem.x, problem.h0, problem.params)
    if not sound(outputs, problem.grad_outputs):
        return []
    after = np.asarray(outputs, dtype=np.float64)
    found: list[tuple[Any, ...]] = []
    for start in (problem.h0, np.zeros_like(problem.h0)):
        states = np.concatenate([start[None], after])
        if layer == "rnn":
            found.append((problem.x, states, problem.params))
            continue
        for added in (
            np.diff(states, axis=0),
            after,
            solved().rnn_cell_forward(problem.x, states[:-1], problem.params)[0],
        ):
            found.append((problem.x, states, added, problem.params))
    return found


def own_truncated_gradients(forward: Layer, problem: RNNProblem, k: int) -> Arrays | None:
    """Each step's error through the last k + 1 steps of the student's own layer, which start from its own state."""
    if k >= len(problem.x):
        return own_layer_gradients(forward, problem)
    states = own_states(forward, problem)
    if states is None:
        return None
    total = {name: np.zeros_like(v) for name, v in {"x": problem.x, "h0": problem.h0, **problem.params}.items()}
    for s, injected in enumerate(problem.grad_outputs):
        start = max(0, s - k)
        inputs = {"x": problem.x[start : s + 1], **problem.params, **({"h0": problem.h0} if s < k else {})}

        def f(inputs: Params, start: int = start, injected: np.ndarray = injected) -> float:
            outputs, _ = forward(inputs["x"], inputs.get("h0", states[start]), rnn_of(inputs))
            return contracted(
                outputs, np.concatenate([np.zeros((len(inputs["x"]) - 1, *injected.shape)), injected[None]])
            )

        slopes = differences(f, inputs)
        total["x"][start : s + 1] += slopes.pop("x")
        for name, slope in slopes.items():
            total[name] += slope
    return total


def own_credit(forward: Layer, problem: RNNProblem) -> Arrays | None:
    """credit_matrix for the student's own layer, started again from each of its own states."""
    shares = own_shares(forward, problem)
    return None if shares is None else {"credit_matrix": shares[1:].T}


def own_state_norms(forward: Layer, problem: RNNProblem) -> Arrays | None:
    """state_gradient_norms for the student's own layer, started again from each of its own states."""
    shares = own_shares(forward, problem)
    return None if shares is None else {"norms": shares[:, -1]}


def own_shares(forward: Layer, problem: RNNProblem) -> np.ndarray | None:
    """(T + 1, T): entry [k, t] is the norm of what grad_outputs[t] puts on the k-th of h0 and the outputs."""
    states = own_states(forward, problem)
    if states is None:
        return None
    steps = len(problem.x)
    shares = np.zeros((steps + 1, steps))
    for k, state in enumerate(states):
        if k > 0:
            shares[k, k - 1] = np.linalg.norm(problem.grad_outputs[k - 1])
        if k == steps:
            break
        later = problem.grad_outputs[k:]

        def f(inputs: Params, k: int = k, later: np.ndarray = later) -> np.ndarray:
            outputs, _ = forward(problem.x[k:], inputs["state"], problem.params)
            return np.asarray([contracted(o, g) for o, g in zip(outputs, later, strict=True)])

        slopes = differences(f, {"state": state})["state"]
        shares[k, k:] = np.linalg.norm(slopes.reshape(-1, steps - k), axis=0)
    return shares


def own_states(forward: Layer, problem: RNNProblem) -> list[np.ndarray] | None:
    """h0 and the outputs of the student's own layer; None where it does not go on from a state as it went through it."""
    outputs, _ = forward(problem.x, problem.h0, problem.params)
    if not sound(outputs, problem.grad_outputs):
        return None
    states = [problem.h0, *np.asarray(outputs, dtype=np.float64)]
    for start in range(1, len(problem.x)):
        again, _ = forward(problem.x[start:], states[start], problem.params)
        if not same(again, np.stack(states[start + 1 :])):
            return None
    return states


def composed_loss_and_gradients(student: Student, problem: SequenceProblem) -> Arrays | None:
    """The loss and the six gradients by the student's own layer and the given readout and loss."""
    found = layer_with_readout(student, problem.x, problem.h0, problem.target, problem.params)
    return None if found is None else {"loss": found[0], **found[1]}


def layer_with_readout(
    student: Student, x: np.ndarray, h0: np.ndarray, target: np.ndarray, params: Params
) -> tuple[float, Arrays] | None:
    """The loss and the six gradients: the student's own rnn_forward and rnn_backward, PyTorch's readout and loss.

    A target (N,) is one of the last step alone.
    """
    outputs, cache = student.rnn_forward(x, h0, params)
    if not sound(outputs, np.zeros((len(x), *h0.shape))):
        return None
    loss, readout = readout_and_loss(np.asarray(outputs, dtype=np.float64), target, params)
    grads = student.rnn_backward(readout["outputs"], cache)
    if not are_sound(grads, rnn_of(params)):
        return None
    return loss, {name: readout[name] if name in readout else np.asarray(grads[name]) for name in params}


def composed_adders(student: Own, problem: TrainingProblem) -> Iterator[Arrays]:
    """train_adder by the student's own loss_and_gradients, and by the own layer. Raises CallFailed if neither can be."""

    def by_loss(x: np.ndarray, h0: np.ndarray, target: np.ndarray, params: Params) -> tuple[float, Arrays] | None:
        loss, grads = student.loss_and_gradients(x, h0, target, params)
        if not sound(loss, 0.0) or not are_sound(grads, params):
            return None
        outputs, _ = student.rnn_forward(x, h0, params)
        if same(outputs, layer_outputs(x, h0, params)):  # then the loss itself is PyTorch's
            loss, _ = readout_and_loss(np.asarray(outputs, dtype=np.float64), target, params)
        return float(loss), grads

    def by_layer(x: np.ndarray, h0: np.ndarray, target: np.ndarray, params: Params) -> tuple[float, Arrays] | None:
        return layer_with_readout(student, x, h0, target, params)

    return tried(
        student,
        lambda: composed_training(problem, by_loss),
        lambda: composed_training(problem, by_layer),
    )


def composed_first_xor_last(student: Own, problem: TrainingProblem) -> Iterator[Arrays]:
    """train_first_xor_last by the student's own layer, clipped by the own clip_grad_norm or in either right form."""

    def clipped_by(clipping: Callable[[Arrays], Arrays]) -> Arrays | None:
        def step(x: np.ndarray, h0: np.ndarray, target: np.ndarray, params: Params) -> tuple[float, Arrays] | None:
            found = layer_with_readout(student, x, h0, target, params)
            if found is None:
                return None
            grads = clipping({name: np.asarray(grad, dtype=np.float64) for name, grad in found[1].items()})
            return (found[0], grads) if are_sound(grads, params) else None

        return composed_training(problem, step)

    def own_clipping(grads: Arrays) -> Arrays:
        return student.clip_grad_norm(grads, problem.max_norm)[0]  # type: ignore[no-any-return]

    return tried(
        student,
        lambda: clipped_by(own_clipping),
        lambda: clipped_by(lambda grads: clip(grads, problem.max_norm, with_epsilon=True)),
        lambda: clipped_by(lambda grads: clip(grads, problem.max_norm, with_epsilon=False)),
    )


def composed_training(
    problem: TrainingProblem,
    step: Callable[[np.ndarray, np.ndarray, np.ndarray, Params], tuple[float, Arrays] | None],
) -> Arrays | None:
    """Plain SGD over the batches with the gradients of step; None where one of these is not what can be subtracted.

    What follows two updates that went well and one that did not is NaN: without tanh the states grow beyond all numbers.
    """
    params = dict(problem.params)
    losses: list[float] = []
    for x, target in problem.batches:
        with np.errstate(all="ignore"):
            found = step(x, np.zeros((x.shape[1], len(params["bias_hh"]))), target, params)
        if found is None and len(losses) > 1:
            lost = np.full(len(problem.batches) - len(losses), np.nan)
            return {**{name: np.nan * value for name, value in params.items()}, "losses": np.append(losses, lost)}
        if found is None:
            return None
        losses.append(found[0])
        params = {name: value - problem.lr * np.asarray(found[1][name]) for name, value in params.items()}
    return {**params, "losses": np.array(losses)}
