"""What the tests of a2_mlp_backprop are made of. Hidden: nothing of this file leaves the grader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import product
from typing import Any

import numpy as np

from autograder.assignments.a2_mlp_backprop.problems import ClassesProblem, MLPProblem, RidgeProblem
from autograder.assignments.a2_mlp_backprop.references import MLP, half_squared
from autograder.checks.compare import assert_same, fail, same
from autograder.checks.follow import Arrays, are_sound, contracted, differences, tried
from autograder.checks.ground import Own, solved, sound
from autograder.kernels.student import Answer, CallFailed, Made, Odd, Student

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


def forwards_of_own_sigmoid(student: Student, nets: Mapping[str, MLPProblem]) -> Arrays:
    """For each net the prediction that the student's own sigmoid gives, put together rightly."""
    found = {}
    for name, p in nets.items():
        hidden = student.sigmoid(p.x @ p.params["weight_1"].T + p.params["bias_1"])
        found[name] = student.sigmoid(hidden @ p.params["weight_2"].T + p.params["bias_2"])
    return found


def stages_of(example: Mapping[str, Any]) -> Arrays:
    """What worked_example returns, with its gradients beside its other arrays."""
    grads = example["grads"]
    return {**example, **(dict.fromkeys(MLP, grads) if isinstance(grads, Odd) else grads)}


def own_examples(student: Own) -> Iterator[Arrays]:
    """The worked example of the student's own sigmoid or own loss, or of both; or with the prediction of the own forward."""
    own = {"sigmoid": student.sigmoid, "half_squared_error": student.half_squared_error}
    for names in (("sigmoid", "half_squared_error"), ("sigmoid",), ("half_squared_error",)):
        yield stages_of(solved(**{name: own[name] for name in names}).worked_example())
    if not (student.is_right("mlp_forward") and student.is_right("mlp_backward")):
        with suppress(CallFailed):  # it need not be made of these two
            yield from tried(student, lambda: example_of_own_net(student), lambda: example_of_own_net(student, False))


def example_of_own_net(student: Own, by_hand: bool = True) -> dict[str, Any] | None:
    """The worked example with the own forward's prediction; its gradients by hand, or by the student's own mlp_backward."""
    x, label, params = np.array([[0.4, 0.5]]), np.ones((1, 1)), solved().article_params()
    prediction, cache = student.mlp_forward(x, params)
    if not sound(prediction, label):
        return None
    net_1 = x @ params["weight_1"].T + params["bias_1"]
    hidden = student.sigmoid(net_1)
    if by_hand:
        kept = (x, hidden, np.asarray(prediction), params["weight_1"], params["weight_2"])
        grads = solved().mlp_backward(prediction - label, kept)
    else:
        grads = student.mlp_backward(prediction - label, cache)
    return {
        "net_1": net_1,
        "hidden": hidden,
        "net_2": hidden @ params["weight_2"].T + params["bias_2"],
        "prediction": prediction,
        "loss": student.half_squared_error(prediction, label),
        **{name: grads[name] for name in MLP},
    }


def own_prediction(student: Student, x: np.ndarray, params: Arrays) -> Any:
    """What the student's forward predicts."""
    return student.mlp_forward(x, {name: params[name] for name in MLP})[0]


def differences_of_own_forward(student: Student, problem: MLPProblem) -> Arrays:
    """Slopes of the student's own forward under the same upstream."""
    f = lambda at: contracted(own_prediction(student, at["x"], at), problem.grad_prediction)
    return differences(f, {"x": problem.x, **problem.params})


def gradients_of_own_layers(student: Student, problem: MLPProblem) -> list[Arrays]:
    """What the source notebook's mlp_backward makes of the student's own prediction, for each hidden layer it may be of."""
    p = {name: np.asarray(value) for name, value in problem.params.items()}
    prediction = own_prediction(student, problem.x, problem.params)
    if not sound(prediction, problem.grad_prediction):
        return []
    bends: list[Any] = [student.sigmoid, np.tanh, lambda net: net]
    hidden = [bend(problem.x @ p["weight_1"].T + bias) for bend in bends for bias in (p["bias_1"], 0, -p["bias_1"])]
    tops = [
        (layer, bend(layer @ p["weight_2"].T + bias))
        for layer in hidden
        for bend in bends
        for bias in (p["bias_2"], 0, -p["bias_2"])
    ]
    fitting = [layer for layer, top in tops if same(top, prediction)] or hidden[:1]
    kept = ((problem.x, layer, np.asarray(prediction), p["weight_1"], p["weight_2"]) for layer in fitting)
    return [solved().mlp_backward(problem.grad_prediction, cache) for cache in kept]


def loss_of_own_softmax(student: Student, classes: ClassesProblem) -> Arrays | None:
    """The cross-entropy of the student's own softmax, put together rightly."""
    p = student.softmax(classes.logits)
    if not sound(p, classes.logits):
        return None
    with np.errstate(all="ignore"):
        return {"loss": -np.mean(np.log(p[np.arange(len(p)), classes.target]))}


def gradients_of_own_softmax(student: Student, drawn: Mapping[str, ClassesProblem]) -> Arrays | None:
    """For each problem the gradient of the cross-entropy with the student's own softmax, put together rightly."""
    found = {}
    for name, classes in drawn.items():
        p = student.softmax(classes.logits)
        if not sound(p, classes.logits):
            return None
        gradient = np.array(p, dtype=np.float64)
        gradient[np.arange(len(p)), classes.target] -= 1
        found[name] = gradient / len(p)
    return found


def differences_of_own_loss(student: Student, classes: ClassesProblem) -> np.ndarray:
    """Slopes of the student's own cross_entropy."""
    f = lambda at: contracted(student.cross_entropy(at["logits"], classes.target), np.ones(()))
    return differences(f, {"logits": classes.logits})["logits"]


def own_trainings(student: Own, problem: MLPProblem) -> Iterator[Arrays]:
    """The trainings that the student's own lower functions give, each called or, for all it can tell, done in place."""
    for own_loss, own_step in product((False, True), (False, True)):
        if (own_loss and student.is_right("half_squared_error")) or (own_step and student.is_right("sgd_step")):
            continue
        params: Arrays = problem.params
        losses = []
        for _ in range(STEPS):
            prediction, cache = student.mlp_forward(problem.x, {name: params[name] for name in MLP})
            cost = student.half_squared_error if own_loss else half_squared
            losses.append(float(cost(prediction, problem.target)))
            grads = student.mlp_backward(prediction - problem.target, cache)
            if not are_sound(grads, problem.params):
                return
            params = (
                student.sgd_step(params, grads, problem.lr)
                if own_step
                else {name: params[name] - problem.lr * grads[name] for name in MLP}
            )
        yield {**params, "losses": np.array(losses)}
