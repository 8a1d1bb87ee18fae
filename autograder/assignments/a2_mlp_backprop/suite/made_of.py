"""What the tests of a2_mlp_backprop are made of. Hidden: nothing of this file leaves the grader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from autograder.assignments.a2_mlp_backprop.problems import (
    ClassesProblem,
    MLPProblem,
    RidgeProblem,
    draw_array,
    draw_classes,
    draw_mlp,
)
from autograder.assignments.a2_mlp_backprop.references import MLP, class_loss, half_squared, mlp_prediction
from autograder.checks.compare import assert_same, fail, same
from autograder.checks.draw import Draw
from autograder.checks.follow import Arrays, differences, varies
from autograder.kernels.student import Answer, Made, Student

STEPS = 5
FOUR_DIGITS = 5e-4  # of a calculator


def made(ridge: RidgeProblem) -> Made:
    """The function of an array, in the student's process."""
    return Made("ridge", ridge.coefficients)


def assert_same_without_overflow(answer: Answer, expected: Any, name: str) -> None:
    """One array is the expected one, and NumPy did not overflow on the way. Raises Wrong."""
    assert_same(answer.value, expected, name)
    if answer.overflow:
        fail("exp overflowed: never call it with a large positive number.")


def forwards_of_own_sigmoid(student: Student, nets: Mapping[str, MLPProblem], draw: Draw) -> Arrays | None:
    """For each net the prediction that the student's own sigmoid gives, put together rightly; None where it cannot be used."""
    z, again = draw(draw_array), draw(draw_array, "again")
    value = student.sigmoid(z)
    if np.shape(value) != z.shape or not varies(value, student.sigmoid(again)):
        return None
    found = {}
    for name, p in nets.items():
        hidden = student.sigmoid(p.x @ p.params["weight_1"].T + p.params["bias_1"])
        found[name] = student.sigmoid(hidden @ p.params["weight_2"].T + p.params["bias_2"])
    return found


def own_prediction(student: Student, x: np.ndarray, params: Arrays) -> Any:
    """What the student's forward predicts."""
    return student.mlp_forward(x, {name: params[name] for name in MLP})[0]


def differences_of_own_forward(student: Student, problem: MLPProblem, prediction: Any, draw: Draw) -> Arrays | None:
    """Slopes of the student's own forward under the same upstream; None where it cannot be used."""
    second = draw(draw_mlp, "second")
    if np.shape(prediction) != problem.target.shape:
        return None
    if not varies(prediction, own_prediction(student, second.x, second.params)):
        return None
    f = lambda at: float(np.sum(own_prediction(student, at["x"], at) * problem.grad_prediction))
    return differences(f, {"x": problem.x, **problem.params})


def own_probabilities(student: Student, classes: ClassesProblem, draw: Draw) -> Any:
    """The student's own softmax; None where it cannot be used."""
    p = student.softmax(classes.logits)
    usable = np.shape(p) == classes.logits.shape and varies(p, student.softmax(draw(draw_classes, "second").logits))
    return p if usable else None


def loss_of_own_softmax(student: Student, classes: ClassesProblem, draw: Draw) -> Arrays | None:
    """The cross-entropy of the student's own softmax, put together rightly."""
    p = own_probabilities(student, classes, draw)
    if p is None:
        return None
    with np.errstate(all="ignore"):
        return {"loss": -np.mean(np.log(p[np.arange(len(p)), classes.target]))}


def gradient_of_own_softmax(student: Student, classes: ClassesProblem, draw: Draw) -> Arrays | None:
    """The gradient of the cross-entropy with the student's own softmax, put together rightly."""
    p = own_probabilities(student, classes, draw)
    if p is None:
        return None
    gradient = p.copy()
    gradient[np.arange(len(p)), classes.target] -= 1
    return {"logits": gradient / len(p)}


def differences_of_own_loss(student: Student, classes: ClassesProblem, draw: Draw) -> Arrays | None:
    """Slopes of the student's own cross_entropy; None where that is PyTorch's, or none."""
    second = draw(draw_classes, "second")
    value = student.cross_entropy(classes.logits, classes.target)
    if same(value, class_loss(classes)) or np.shape(value):
        return None
    if not varies(value, student.cross_entropy(second.logits, second.target)):
        return None
    return differences(
        lambda at: float(student.cross_entropy(at["logits"], classes.target)), {"logits": classes.logits}
    )


def own_trainings(student: Student, problem: MLPProblem, second: MLPProblem) -> Iterator[Arrays]:
    """The trainings that the student's own lower functions give, each called or, for all it can tell, done in place."""
    form = {"prediction": mlp_prediction(problem), **problem.params}
    if not stands(own_layers(student, problem), own_layers(student, second), form):
        return
    for own_loss, own_step in product((False, True), (False, True)):
        if own_loss and not own_loss_stands(student, problem, second):
            continue
        if own_step and not own_step_stands(student, problem, second):
            continue
        params: Arrays = problem.params
        losses = []
        for _ in range(STEPS):
            prediction, cache = student.mlp_forward(problem.x, {name: params[name] for name in MLP})
            cost = student.half_squared_error if own_loss else half_squared
            losses.append(float(cost(prediction, problem.target)))
            grads = student.mlp_backward(prediction - problem.target, cache)
            grads = {name: grads[name] for name in MLP}
            params = (
                student.sgd_step(params, grads, problem.lr)
                if own_step
                else {name: params[name] - problem.lr * grads[name] for name in MLP}
            )
        yield {**params, "losses": np.array(losses)}


def own_layers(student: Student, problem: MLPProblem) -> Arrays:
    """What the student's forward and backward give: the prediction and the gradients of the four parameters."""
    prediction, cache = student.mlp_forward(problem.x, problem.params)
    grads = student.mlp_backward(problem.grad_prediction, cache)
    return {"prediction": prediction, **{name: grads[name] for name in MLP}}


def own_loss_stands(student: Student, problem: MLPProblem, second: MLPProblem) -> bool:
    """Whether half_squared_error gives numbers that are no constant."""
    first, again = (student.half_squared_error(mlp_prediction(p), p.target) for p in (problem, second))
    return np.shape(first) == () and varies(first, again)


def own_step_stands(student: Student, problem: MLPProblem, second: MLPProblem) -> bool:
    """Whether sgd_step gives parameters that are no constant."""
    first = student.sgd_step(problem.params, second.params, problem.lr)
    return stands(first, student.sgd_step(second.params, problem.params, problem.lr), problem.params)


def stands(first: Arrays, again: Arrays, form: Arrays) -> bool:
    """Whether results for two draws are numbers of the right shapes and no constants."""
    return all(varies(value, again[name]) and np.shape(value) == np.shape(form[name]) for name, value in first.items())
