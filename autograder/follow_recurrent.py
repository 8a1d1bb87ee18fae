"""Grounds for follow-through in a3 and a4: what the student's own recurrent functions give, by differences or composed.

Everything here calls the student's functions with drawn inputs and with what the student's own functions gave before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.compare import same
from autograder.follow import differences, sound, varies
from autograder.kernels.student import CallFailed, Student
from autograder.problems import (
    CellProblem,
    ClipProblem,
    ColumnProblem,
    LogitsProblem,
    Params,
    ReadoutProblem,
    RNNProblem,
    SequenceProblem,
    TrainingProblem,
)
from autograder.references.recurrent import column_prediction, layer_outputs, readout_and_loss
from autograder.references.trainings import clip

Arrays = dict[str, Any]
Layer = Callable[..., Any]  # student.rnn_forward or student.residual_rnn_forward
RNN = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


# ---- differences of the student's own forward ------------------------------------------------------------------------


def own_cell_gradients(student: Student, problem: CellProblem) -> Arrays:
    """Gradients of Σ h·grad_h for the student's own cell."""

    def f(inputs: Params) -> float:
        h, _ = student.rnn_cell_forward(inputs["x"], inputs["h_prev"], rnn_of(inputs))
        return contracted(h, problem.grad_h)

    return differences(f, {"x": problem.x, "h_prev": problem.h_prev, **problem.params})


def own_two_step_gradients(student: Student, problem: RNNProblem) -> Arrays:
    """Gradients through two of the student's own cells, one after the other."""

    def f(inputs: Params) -> float:
        first, _ = student.rnn_cell_forward(inputs["x_1"], inputs["h0"], rnn_of(inputs))
        if not sound(first, inputs["h0"]):
            return np.nan
        second, _ = student.rnn_cell_forward(inputs["x_2"], first, rnn_of(inputs))
        return contracted(first, problem.grad_outputs[0]) + contracted(second, problem.grad_outputs[1])

    return differences(f, {"x_1": problem.x[0], "x_2": problem.x[1], "h0": problem.h0, **problem.params})


def own_column_gradients(student: Student, problem: ColumnProblem) -> Arrays:
    """Gradients of Σ a_next·da_next for the student's own column cell, under the textbook's names."""

    def f(inputs: Params) -> float:
        a_next, _ = student.column_cell_forward(
            inputs["dxt"], inputs["da_prev"], inputs["dWax"], inputs["dWaa"], problem.Wya, inputs["dba"], problem.by
        )
        return contracted(a_next, problem.da_next)

    names = ("dxt", "da_prev", "dWax", "dWaa", "dba")
    return differences(f, dict(zip(names, problem.backward_arguments[1:], strict=True)))


def own_readout_gradients(student: Student, problem: ReadoutProblem) -> Arrays:
    """Gradients of Σ logits·grad_logits for the student's own readout."""

    def f(inputs: Params) -> float:
        params = {name: inputs[name] for name in problem.params}
        return contracted(student.readout_forward(inputs["outputs"], params)[0], problem.grad_logits)

    return differences(f, {"outputs": problem.outputs, **problem.params})


def own_logits_gradient(student: Student, problem: LogitsProblem) -> Arrays:
    """The gradient of the loss that the student's own sequence_loss returns."""

    def f(inputs: Params) -> float:
        return contracted(student.sequence_loss(inputs["logits"], problem.target)[0], np.ones(()))

    return {"grad_logits": differences(f, {"logits": problem.logits})["logits"]}


def own_layer_gradients(forward: Layer, problem: RNNProblem) -> Arrays:
    """Gradients of Σ outputs·grad_outputs for the student's own layer."""

    def f(inputs: Params) -> float:
        return contracted(forward(inputs["x"], inputs["h0"], rnn_of(inputs))[0], problem.grad_outputs)

    return differences(f, {"x": problem.x, "h0": problem.h0, **problem.params})


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


def contracted(output: Any, upstream: np.ndarray) -> float:
    """Σ output·upstream; NaN, which agrees with nothing, where the output is not an array of that shape."""
    return float(np.sum(np.asarray(output) * upstream)) if sound(output, upstream) else np.nan


def rnn_of(inputs: Mapping[str, np.ndarray]) -> Params:
    """The four parameters of a layer out of more arrays."""
    return {name: inputs[name] for name in RNN}


# ---- compositions of the student's own functions ---------------------------------------------------------------------


def cell_params(problem: ColumnProblem) -> list[Params]:
    """The row cell's parameters in each of the ways that the textbook's one bias can be shared between PyTorch's two."""
    ba, zero = problem.ba[:, 0], np.zeros(len(problem.ba))
    return [
        {"weight_ih": problem.Wax, "weight_hh": problem.Waa, "bias_ih": bias_ih, "bias_hh": bias_hh}
        for bias_ih, bias_hh in ((ba, zero), (zero, ba), (ba / 2, ba / 2))
    ]


def composed_column_outputs(student: Student, problem: ColumnProblem, twin: ColumnProblem) -> list[Arrays] | None:
    """a_next by the student's own row cell on transposed arrays, and yt_pred from it."""

    def cell(p: ColumnProblem, params: Params) -> Any:
        return student.rnn_cell_forward(p.xt.T, p.a_prev.T, params)[0]

    found = [cell(problem, params) for params in cell_params(problem)]
    if not all(sound(h, problem.a_prev.T) for h in found) or not varies(found[0], cell(twin, cell_params(twin)[0])):
        return None
    states = [np.asarray(h, dtype=np.float64).T for h in found]
    return [{"a_next": a_next, "yt_pred": column_prediction(problem, a_next)} for a_next in states]


def composed_column_gradients(student: Student, problem: ColumnProblem, twin: ColumnProblem) -> list[Arrays] | None:
    """The textbook's gradients by the student's own row cell, there and back; dba from either of the two biases."""

    def cell(p: ColumnProblem, params: Params) -> Arrays:
        _, cache = student.rnn_cell_forward(p.xt.T, p.a_prev.T, params)
        return student.rnn_cell_backward(p.da_next.T, cache)  # type: ignore[no-any-return]

    found = [cell(problem, params) for params in cell_params(problem)]
    like = {"x": problem.xt.T, "h_prev": problem.a_prev.T, **cell_params(problem)[0]}
    if not all(are_sound(grads, like) for grads in found) or not all_vary(found[0], cell(twin, cell_params(twin)[0])):
        return None
    return [
        {
            "dxt": np.transpose(grads["x"]),
            "da_prev": np.transpose(grads["h_prev"]),
            "dWax": grads["weight_ih"],
            "dWaa": grads["weight_hh"],
            "dba": np.reshape(grads[bias], (-1, 1)),
        }
        for grads in found
        for bias in ("bias_ih", "bias_hh")
    ]


def composed_two_steps(student: Student, problem: RNNProblem, twin: RNNProblem) -> Arrays | None:
    """two_step_backward by two calls of the student's own rnn_cell_backward, on caches of the own rnn_cell_forward."""

    def steps(p: RNNProblem) -> tuple[Arrays, Arrays] | None:
        cache_1, cache_2 = two_caches(student, p)[1]
        second = student.rnn_cell_backward(p.grad_outputs[1], cache_2)
        if not are_sound(second, {"x": p.x[1], "h_prev": p.h0, **p.params}):
            return None
        return student.rnn_cell_backward(p.grad_outputs[0] + second["h_prev"], cache_1), second

    found, others = steps(problem), steps(twin)
    if found is None or others is None or not all(map(all_vary, found, others)):
        return None
    first, second = found
    if not are_sound(first, {"x": problem.x[0], "h_prev": problem.h0, **problem.params}):
        return None
    shared = {name: np.asarray(first[name]) + np.asarray(second[name]) for name in RNN}
    return {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"], **shared}


def two_caches(student: Student, problem: RNNProblem) -> tuple[list[Any], list[Any]]:
    """The states of two of the student's own cells and their caches. Raises CallFailed where no second step can follow."""
    first, cache_1 = student.rnn_cell_forward(problem.x[0], problem.h0, problem.params)
    if not sound(first, problem.h0):
        raise CallFailed("rnn_cell_forward", "returned", "its state cannot be handed to a second step.")
    second, cache_2 = student.rnn_cell_forward(problem.x[1], first, problem.params)
    return [first, second], [cache_1, cache_2]


def layer_stands(student: Student, draws: tuple[RNNProblem, RNNProblem]) -> bool:
    """Whether the student's own layer, there and back, is ground to build on: no constants."""
    found = []
    for problem in draws:
        outputs, cache = student.rnn_forward(problem.x, problem.h0, problem.params)
        found.append({"outputs": outputs, **rnn_of(student.rnn_backward(problem.grad_outputs, cache))})
    return all_vary(*found)


def loss_stands(student: Student, draws: tuple[SequenceProblem, SequenceProblem]) -> bool:
    """Whether the student's own loss_and_gradients is ground to build on: no constants."""
    found = []
    for problem in draws:
        loss, grads = student.loss_and_gradients(problem.x, problem.h0, problem.target, problem.params)
        if not isinstance(grads, dict):
            return False
        found.append({"loss": loss, **grads})
    return all_vary(*found)


def clipping_stands(student: Student, draws: tuple[ClipProblem, ClipProblem]) -> bool:
    """Whether the student's own clip_grad_norm is ground to build on: what is cut to a bound may well be the same twice."""
    first, second = (student.clip_grad_norm(problem.grads, problem.max_norm)[0] for problem in draws)
    return isinstance(first, dict) and isinstance(second, dict) and any(varies(first[n], second[n]) for n in first)


def composed_loss_and_gradients(
    student: Student, problem: SequenceProblem, draws: tuple[RNNProblem, RNNProblem]
) -> Arrays | None:
    """The loss and the six gradients by the student's own layer and the given readout and loss."""
    if not layer_stands(student, draws):
        return None
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


def composed_adders(
    student: Student,
    problem: TrainingProblem,
    layers: tuple[RNNProblem, RNNProblem],
    losses: tuple[SequenceProblem, SequenceProblem],
) -> list[Arrays]:
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
        lambda: composed_training(problem, by_loss) if loss_stands(student, losses) else None,
        lambda: composed_training(problem, by_layer) if layer_stands(student, layers) else None,
    )


def composed_first_xor_last(
    student: Student,
    problem: TrainingProblem,
    layers: tuple[RNNProblem, RNNProblem],
    clips: tuple[ClipProblem, ClipProblem],
) -> list[Arrays]:
    """train_first_xor_last by the student's own layer, clipped by the own clip_grad_norm or in either right form."""
    if not layer_stands(student, layers):
        return []

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
        lambda: clipped_by(own_clipping) if clipping_stands(student, clips) else None,
        lambda: clipped_by(lambda grads: clip(grads, problem.max_norm, with_epsilon=True)),
        lambda: clipped_by(lambda grads: clip(grads, problem.max_norm, with_epsilon=False)),
    )


def composed_training(
    problem: TrainingProblem,
    step: Callable[[np.ndarray, np.ndarray, np.ndarray, Params], tuple[float, Arrays] | None],
) -> Arrays | None:
    """Plain SGD over the batches with the gradients of step; None where one of these is not what can be subtracted."""
    params, losses = dict(problem.params), []
    for x, target in problem.batches:
        found = step(x, np.zeros((x.shape[1], len(params["bias_hh"]))), target, params)
        if found is None:
            return None
        losses.append(found[0])
        params = {name: value - problem.lr * np.asarray(found[1][name]) for name, value in params.items()}
    return {**params, "losses": np.array(losses)}


def tried(*ways: Callable[[], Arrays | None]) -> list[Arrays]:
    """What these ways of composing give, where they give anything. Raises CallFailed where every one of them failed."""
    found, failures = [], []
    for way in ways:
        try:
            found.append(way())
        except CallFailed as failure:
            failures.append(failure)
    if len(failures) == len(ways):
        raise failures[0]
    return [ground for ground in found if ground is not None]


def are_sound(found: Any, like: Mapping[str, Any]) -> bool:
    """Whether each of these arrays is there, numbers, and of the shape that is wanted."""
    return isinstance(found, dict) and all(sound(found[name], value) for name, value in like.items())


def all_vary(found: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether no array is the same for two draws."""
    return all(varies(found[name], other[name]) for name in found)
