"""What a student's own functions give in a3_rnn_cell: differences of them, and what is composed of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.assignments.a3_rnn_cell.problems import CellProblem, ColumnProblem, LogitsProblem, ReadoutProblem
from autograder.assignments.a3_rnn_cell.references import column_prediction
from autograder.assignments.own_layers import Arrays, rnn_of
from autograder.assignments.sequences import RNN, RNNProblem
from autograder.checks.draw import Params
from autograder.checks.follow import are_sound, contracted, differences
from autograder.checks.ground import solved, sound
from autograder.kernels.student import CallFailed, Student

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


# ---- compositions of the student's own functions ---------------------------------------------------------------------


def gradients_of_own_state(student: Student, problem: CellProblem) -> Arrays | None:
    """What the source notebook's rnn_cell_backward makes of the state that the student's own cell gives."""
    h, _ = student.rnn_cell_forward(problem.x, problem.h_prev, problem.params)
    if not sound(h, problem.h_prev):
        return None
    cache = (problem.x, problem.h_prev, np.asarray(h, dtype=np.float64), problem.params)
    return solved().rnn_cell_backward(problem.grad_h, cache)  # type: ignore[no-any-return]


def cell_params(problem: ColumnProblem) -> list[Params]:
    """The row cell's parameters in each of the ways that the textbook's one bias can be shared between PyTorch's two."""
    ba, zero = problem.ba[:, 0], np.zeros(len(problem.ba))
    return [
        {"weight_ih": problem.Wax, "weight_hh": problem.Waa, "bias_ih": bias_ih, "bias_hh": bias_hh}
        for bias_ih, bias_hh in ((ba, zero), (zero, ba), (ba / 2, ba / 2))
    ]


def composed_column_outputs(student: Student, problem: ColumnProblem) -> list[Arrays] | None:
    """a_next by the student's own row cell on transposed arrays, and yt_pred from it."""

    found = [student.rnn_cell_forward(problem.xt.T, problem.a_prev.T, params)[0] for params in cell_params(problem)]
    if not all(sound(h, problem.a_prev.T) for h in found):
        return None
    states = [np.asarray(h, dtype=np.float64).T for h in found]
    return [{"a_next": a_next, "yt_pred": column_prediction(problem, a_next)} for a_next in states]


def composed_column_gradients(student: Student, problem: ColumnProblem) -> list[Arrays] | None:
    """The textbook's gradients by the student's own row cell, there and back; dba from either of the two biases."""

    def cell(params: Params) -> Arrays:
        _, cache = student.rnn_cell_forward(problem.xt.T, problem.a_prev.T, params)
        return student.rnn_cell_backward(problem.da_next.T, cache)  # type: ignore[no-any-return]

    found = [cell(params) for params in cell_params(problem)]
    like = {"x": problem.xt.T, "h_prev": problem.a_prev.T, **cell_params(problem)[0]}
    if not all(are_sound(grads, like) for grads in found):
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


def composed_two_steps(student: Student, problem: RNNProblem) -> Arrays | None:
    """two_step_backward by two calls of the student's own rnn_cell_backward, on caches of the own rnn_cell_forward.

    None where nothing is carried: a carry that is dropped would look right.
    """
    cache_1, cache_2 = two_caches(student, problem)[1]
    like = {"x": problem.x[0], "h_prev": problem.h0, **problem.params}
    second = student.rnn_cell_backward(problem.grad_outputs[1], cache_2)
    if not are_sound(second, like) or not np.any(second["h_prev"]):
        return None
    first = student.rnn_cell_backward(problem.grad_outputs[0] + second["h_prev"], cache_1)
    if not are_sound(first, like):
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
