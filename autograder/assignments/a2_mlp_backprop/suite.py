"""What a2_mlp_backprop asks of the student's code. Hidden: nothing of this file leaves the grader.

Walls. Rows, inputs, hidden units and outputs all differ in number, so a transposed or mis-summed array has another
shape or other numbers; the upstream gradient is random, so one that ignores it fails; nets are around 1, so every
sigmoid bends. A second forward between two backwards finds a cache in a global, a second backward finds what was
changed in place, a zero upstream finds what is added to it. There are also one row and equal sizes, since shapes that
collapse break right-looking code. Rows near 1000, near -1000 and both find exp without a shift, and a shift by the
largest number of the whole matrix. A wide nudge finds every difference but the central one; an array with holes and an
array without axes find copies that were nudged instead of the array. A net of some thousand weights finds gradients
that are differences: numbers cannot tell them, only cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from autograder.assignments.a2_mlp_backprop.problems import (
    ClassesProblem,
    MLPProblem,
    RidgeProblem,
    draw_array,
    draw_classes,
    draw_extreme_classes,
    draw_mlp,
    draw_ridge,
    draw_thousands,
)
from autograder.assignments.a2_mlp_backprop.references import (
    MLP,
    article_net,
    class_gradients,
    class_loss,
    half_squared,
    mlp_gradients,
    mlp_loss,
    mlp_prediction,
    mlp_training,
    probabilities,
    ridge_differences,
    ridge_slopes,
    sgd_update,
    sigmoids,
)
from autograder.checks.compare import (
    Wrong,
    assert_arrays,
    assert_gradients,
    assert_names,
    assert_same,
    coarse,
    fail,
    same,
)
from autograder.checks.cost import assert_cheap
from autograder.checks.draw import Draw
from autograder.checks.follow import Arrays, assert_backward, assert_right_or_composed, differences, varies
from autograder.checks.repeatable import assert_repeatable, assert_untouched
from autograder.kernels.student import Made, Odd, Strided, Student

STEPS = 5
FOUR_DIGITS = 5e-4
NO_OVERFLOW = "exp overflowed: never call it with a large positive number."


@pytest.fixture
def problem(draw: Draw) -> MLPProblem:
    """Five rows, three inputs, four hidden units, two outputs: the problem that decides points."""
    return draw(draw_mlp)


@pytest.fixture
def classes(draw: Draw) -> ClassesProblem:
    """Scores of five rows for four classes."""
    return draw(draw_classes)


# ---- sigmoid ---------------------------------------------------------------------------------------------------------


@pytest.mark.weight(4)
def test_sigmoid_agrees_with_torch(student: Student, draw: Draw) -> None:
    """Every entry is torch.sigmoid's."""
    z = draw(draw_array)
    assert_same(student.sigmoid(z), sigmoids(z), "sigmoid")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_sigmoid_of_large_numbers(student: Student, draw: Draw) -> None:
    """It is also right for very large and very small z, and nothing overflows."""
    z = draw(draw_thousands)
    answer = student.ask("sigmoid", z)
    assert_same(answer.value, sigmoids(z), "sigmoid")
    if answer.overflow:
        fail(NO_OVERFLOW)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_sigmoid_of_any_shape(student: Student, draw: Draw) -> None:
    """The result has the shape of z, also for an array without axes and for three axes."""
    arrays = {"0 axes": draw(draw_array, shape=()), "3 axes": draw(draw_array, shape=(2, 4, 3))}
    assert_arrays({k: student.sigmoid(z) for k, z in arrays.items()}, {k: sigmoids(z) for k, z in arrays.items()})


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_sigmoid_can_be_called_again(student: Student, draw: Draw) -> None:
    """The same z gives the same result again, and is not changed."""
    assert_repeatable(student, "sigmoid", draw(draw_array), parts="sigmoid")


# ---- the net and its loss --------------------------------------------------------------------------------------------


@pytest.mark.weight(6)
def test_mlp_forward_agrees_with_torch(student: Student, problem: MLPProblem, draw: Draw) -> None:
    """The prediction is that of two linear layers of PyTorch with a sigmoid after each."""
    prediction, _ = student.mlp_forward(problem.x, problem.params)
    assert_right_or_composed(
        {"prediction": prediction},
        {"prediction": mlp_prediction(problem)},
        lambda: forward_of_own_sigmoid(student, problem, draw),
        lower="sigmoid",
    )


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_mlp_forward_of_one_row(student: Student, draw: Draw) -> None:
    """The prediction is also right for a single row, and for as many rows as inputs, hidden units and outputs."""
    nets = {"one row": draw(draw_mlp, "one", n=1), "equal sizes": draw(draw_mlp, "square", n=3, hidden=3, outputs=3)}
    assert_right_or_composed(
        {name: student.mlp_forward(p.x, p.params)[0] for name, p in nets.items()},
        {name: mlp_prediction(p) for name, p in nets.items()},
        lambda: forwards_of_own_sigmoid(student, nets, draw),
        lower="sigmoid",
    )


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_mlp_forward_can_be_called_again(student: Student, problem: MLPProblem) -> None:
    """The same call gives the same prediction again, and neither x nor a parameter is changed."""
    assert_repeatable(student, "mlp_forward", problem.x, problem.params, parts=("prediction", "cache"))


@pytest.mark.weight(4)
def test_half_squared_error_is_half_the_sum(student: Student, problem: MLPProblem) -> None:
    """The loss is half the sum of the squared differences, over every row and output."""
    assert_same(student.half_squared_error(mlp_prediction(problem), problem.target), mlp_loss(problem), "loss")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_half_squared_error_can_be_called_again(student: Student, problem: MLPProblem) -> None:
    """The same call gives the same loss again, and no argument is changed."""
    assert_repeatable(student, "half_squared_error", mlp_prediction(problem), problem.target, parts="loss")


@pytest.mark.weight(7)
def test_worked_example_is_the_net_put_right(student: Student) -> None:
    """Every stage, the loss and every gradient of the article's net are right to four digits."""
    example = student.worked_example()
    grads = example["grads"]
    stages = {**example, **(dict.fromkeys(MLP, grads) if isinstance(grads, Odd) else grads)}
    assert_arrays(stages, article_net(), rtol=FOUR_DIGITS)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_worked_example_can_be_called_again(student: Student) -> None:
    """A second call gives the same numbers."""
    assert_repeatable(student, "worked_example")


# ---- differences -----------------------------------------------------------------------------------------------------


@pytest.mark.weight(6)
def test_numerical_gradient_is_the_gradient(student: Student, draw: Draw) -> None:
    """Central differences give the gradient at every entry."""
    ridge = draw(draw_ridge)
    assert_same(student.numerical_gradient(made(ridge), ridge.array), ridge_slopes(ridge), "gradient")


@pytest.mark.weight(2)
def test_numerical_gradient_nudges_by_eps(student: Student, draw: Draw) -> None:
    """It nudges one entry at a time, in both directions, by the given eps."""
    ridge = draw(draw_ridge, "wide", shape=(2, 3))
    actual = student.numerical_gradient(made(ridge), ridge.array, ridge.eps)
    assert_same(actual, ridge_differences(ridge), "gradient")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_numerical_gradient_of_a_single_number(student: Student, draw: Draw) -> None:
    """An array without axes has a gradient without axes."""
    ridge = draw(draw_ridge, shape=())
    assert_same(student.numerical_gradient(made(ridge), ridge.array), ridge_slopes(ridge), "gradient")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_numerical_gradient_of_an_array_with_holes(student: Student, draw: Draw) -> None:
    """The gradient is also right for an array that is not contiguous in memory."""
    ridge = draw(draw_ridge, "holes", shape=(3, 2))
    assert_same(student.numerical_gradient(made(ridge), Strided(ridge.array)), ridge_slopes(ridge), "gradient")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_numerical_gradient_puts_the_array_back(student: Student, draw: Draw) -> None:
    """Afterwards the array is unchanged, to the last bit, and a second call gives the same."""
    ridge = draw(draw_ridge)
    first = student.ask("numerical_gradient", made(ridge), ridge.array)
    again = student.ask("numerical_gradient", made(ridge), ridge.array)
    if first.changed or again.changed:
        fail("The array was not restored: save each entry before you nudge it, and write that number back.")
    assert_same(again.value, first.value, "gradient")


# ---- backward --------------------------------------------------------------------------------------------------------


@pytest.mark.weight(14)
def test_mlp_backward_agrees_with_autograd(student: Student, problem: MLPProblem, draw: Draw) -> None:
    """Every gradient is PyTorch's, for any upstream gradient."""
    prediction, cache = student.mlp_forward(problem.x, problem.params)
    grads = student.mlp_backward(problem.grad_prediction, cache)
    assert_backward(
        grads,
        mlp_gradients(problem),
        forward_is_right=same(prediction, mlp_prediction(problem)),
        own=lambda: differences_of_own_forward(student, problem, prediction, draw),
        forward="mlp_forward",
        upstream=problem.grad_prediction,
        rtol=coarse(prediction),
    )


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_mlp_backward_of_nothing_is_nothing(student: Student, problem: MLPProblem) -> None:
    """An upstream gradient of zero gives gradients of zero."""
    _, cache = student.mlp_forward(problem.x, problem.params)
    grads = student.mlp_backward(np.zeros_like(problem.grad_prediction), cache)
    expected = {name: np.zeros_like(value) for name, value in {"x": problem.x, **problem.params}.items()}
    assert_gradients(grads, expected, upstream=problem.grad_prediction)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_mlp_backward_can_be_called_again(student: Student, problem: MLPProblem, draw: Draw) -> None:
    """The same cache gives the same gradients again, also after another forward, and no argument is changed."""
    other = draw(draw_mlp, "other", n=4, inputs=2, hidden=5, outputs=3)
    _, cache = student.mlp_forward(problem.x, problem.params)
    between = lambda: student.mlp_forward(other.x, other.params)
    assert_repeatable(student, "mlp_backward", problem.grad_prediction, cache, between=between)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_mlp_backward_of_one_row(student: Student, draw: Draw) -> None:
    """The gradients are also right for a single row, and when all sizes are equal."""
    actual: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    rtol = None
    nets = {"one row": draw(draw_mlp, "one", n=1), "equal sizes": draw(draw_mlp, "square", n=3, hidden=3, outputs=3)}
    for title, p in nets.items():
        prediction, cache = student.mlp_forward(p.x, p.params)
        grads = student.mlp_backward(p.grad_prediction, cache)
        if same(prediction, mlp_prediction(p)):  # what is wrong is charged to mlp_forward
            actual |= {f"{title}: {name}": value for name, value in grads.items()}
            expected |= {f"{title}: {name}": value for name, value in mlp_gradients(p).items()}
            rtol = rtol or coarse(prediction)
    assert_arrays(actual, expected, rtol=rtol)


@pytest.mark.weight(2)
@pytest.mark.behaviour
@pytest.mark.cost
def test_mlp_backward_costs_a_few_forwards(student: Student, draw: Draw) -> None:
    """The backward of a larger net costs about two forwards."""
    large = draw(draw_mlp, "cost", n=2, inputs=50, hidden=300, outputs=4)
    _, cache = student.mlp_forward(large.x, large.params)
    assert_cheap(
        lambda: student.ask("mlp_forward", large.x, large.params),
        lambda: student.ask("mlp_backward", large.grad_prediction, cache),
    )


# ---- classes ---------------------------------------------------------------------------------------------------------


@pytest.mark.weight(4)
def test_softmax_agrees_with_torch(student: Student, classes: ClassesProblem) -> None:
    """Every row is torch.softmax's."""
    assert_same(student.softmax(classes.logits), probabilities(classes.logits), "probabilities")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_softmax_of_large_numbers(student: Student, draw: Draw) -> None:
    """Rows of very large and very small scores are also right, and nothing overflows."""
    extreme = draw(draw_extreme_classes)
    answer = student.ask("softmax", extreme.logits)
    assert_same(answer.value, probabilities(extreme.logits), "probabilities")
    if answer.overflow:
        fail(NO_OVERFLOW)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_softmax_runs_along_the_last_axis(student: Student, draw: Draw) -> None:
    """With any number of axes the probabilities run along the last one."""
    arrays = {"1 axis": draw(draw_array, shape=(4,)), "3 axes": draw(draw_array, shape=(2, 4, 3))}
    actual = {name: student.softmax(logits) for name, logits in arrays.items()}
    assert_arrays(actual, {name: probabilities(logits) for name, logits in arrays.items()})


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_softmax_can_be_called_again(student: Student, classes: ClassesProblem) -> None:
    """The same logits give the same probabilities again, and are not changed."""
    assert_repeatable(student, "softmax", classes.logits, parts="probabilities")


@pytest.mark.weight(5)
def test_cross_entropy_agrees_with_torch(student: Student, classes: ClassesProblem, draw: Draw) -> None:
    """The loss is PyTorch's cross-entropy, the mean over rows."""
    loss = student.cross_entropy(classes.logits, classes.target)
    compose = lambda: loss_of_own_softmax(student, classes, draw)
    assert_right_or_composed({"loss": loss}, {"loss": class_loss(classes)}, compose, lower="softmax")


@pytest.mark.weight(3)
@pytest.mark.behaviour
def test_cross_entropy_of_large_numbers(student: Student, draw: Draw) -> None:
    """For very large and very small scores the loss is also PyTorch's, and nothing overflows."""
    extreme = draw(draw_extreme_classes)
    answer = student.ask("cross_entropy", extreme.logits, extreme.target)
    assert_same(answer.value, class_loss(extreme), "loss")
    if answer.overflow:
        fail(NO_OVERFLOW)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_cross_entropy_can_be_called_again(student: Student, classes: ClassesProblem) -> None:
    """The same call gives the same loss again, and no argument is changed."""
    assert_repeatable(student, "cross_entropy", classes.logits, classes.target, parts="loss")


@pytest.mark.weight(8)
def test_cross_entropy_backward_agrees_with_autograd(student: Student, classes: ClassesProblem, draw: Draw) -> None:
    """The gradient at every logit is PyTorch's."""
    actual = {"logits": student.cross_entropy_backward(classes.logits, classes.target)}
    expected = {"logits": class_gradients(classes)}
    try:
        compose = lambda: gradient_of_own_softmax(student, classes, draw)
        assert_right_or_composed(actual, expected, compose, lower="softmax")
    except Wrong as wrong:
        ground = differences_of_own_loss(student, classes, draw)
        if ground is None:
            raise
        own = lambda: ground
        assert_backward(actual, expected, forward_is_right=False, own=own, forward="cross_entropy")
        raise AssertionError from wrong


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_cross_entropy_backward_of_large_numbers(student: Student, draw: Draw) -> None:
    """For very large and very small scores the gradient is also right, and nothing overflows."""
    extreme = draw(draw_extreme_classes)
    answer = student.ask("cross_entropy_backward", extreme.logits, extreme.target)
    assert_same(answer.value, class_gradients(extreme), "logits")
    if answer.overflow:
        fail(NO_OVERFLOW)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_cross_entropy_backward_of_one_row(student: Student, draw: Draw) -> None:
    """The gradients are also right for a single row, and for as many rows as classes."""
    drawn = {"one row": draw(draw_classes, n=1), "equal sizes": draw(draw_classes, n=4)}
    actual = {name: student.cross_entropy_backward(p.logits, p.target) for name, p in drawn.items()}
    assert_arrays(actual, {name: class_gradients(p) for name, p in drawn.items()})


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_cross_entropy_backward_can_be_called_again(student: Student, classes: ClassesProblem) -> None:
    """The same call gives the same gradient again, and neither logits nor target is changed."""
    assert_repeatable(student, "cross_entropy_backward", classes.logits, classes.target, parts="logits")


# ---- training --------------------------------------------------------------------------------------------------------


@pytest.mark.weight(4)
def test_sgd_step_agrees_with_torch(student: Student, problem: MLPProblem, draw: Draw) -> None:
    """Every parameter moves as PyTorch's SGD moves it."""
    slopes = draw(draw_mlp, "slopes")
    assert_arrays(student.sgd_step(problem.params, slopes.params, problem.lr), sgd_update(problem, slopes))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_sgd_step_passes_over_other_gradients(student: Student, problem: MLPProblem, draw: Draw) -> None:
    """Gradients may hold more than the parameters, such as that of x."""
    slopes = draw(draw_mlp, "slopes")
    params = student.sgd_step(problem.params, {"x": slopes.x, **slopes.params}, problem.lr)
    assert_arrays(params, sgd_update(problem, slopes))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_sgd_step_returns_new_parameters(student: Student, problem: MLPProblem, draw: Draw) -> None:
    """The given parameters are not changed, and a second call gives the same."""
    assert_repeatable(student, "sgd_step", problem.params, draw(draw_mlp, "slopes").params, problem.lr)


@pytest.mark.weight(6)
def test_train_mlp_walks_as_sgd(student: Student, problem: MLPProblem, draw: Draw) -> None:
    """After some steps every parameter is that of PyTorch's SGD, and every loss is the one before its step."""
    p = problem
    params, losses = student.train_mlp(p.x, p.target, p.params, p.lr, STEPS)
    assert_right_or_composed(
        {**(dict.fromkeys(MLP, params) if isinstance(params, Odd) else params), "losses": losses},
        mlp_training(problem, STEPS),
        lambda: own_trainings(student, problem, draw(draw_mlp, "second")),
        lower="mlp_forward, mlp_backward, half_squared_error or sgd_step",
        training=True,
    )


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_train_mlp_can_be_called_again(student: Student, problem: MLPProblem) -> None:
    """The same training gives the same losses again, and the given parameters are not changed."""
    p = problem
    first = student.ask("train_mlp", p.x, p.target, p.params, p.lr, 2)
    again = student.ask("train_mlp", p.x, p.target, p.params, p.lr, 2)
    assert_untouched("train_mlp", first, again)
    assert_same(again.value[1], first.value[1], "losses")


@pytest.mark.weight(1)
def test_name_the_mistake_names_all_six(student: Student) -> None:
    """Each report is matched with the mistake that produced it."""
    from autograder.assignments.a2_mlp_backprop.printed import PRINTED

    assert_names(student.name_the_mistake(), PRINTED.key)


# ---- what the tests are made of --------------------------------------------------------------------------------------


def made(ridge: RidgeProblem) -> Made:
    """The function of an array, in the student's process."""
    return Made("ridge", ridge.coefficients)


def forward_of_own_sigmoid(student: Student, problem: MLPProblem, draw: Draw) -> Arrays | None:
    """The prediction that the student's own sigmoid gives, put together rightly."""
    z, again = draw(draw_array), draw(draw_array, "again")
    value = student.sigmoid(z)
    if np.shape(value) != z.shape or not varies(value, student.sigmoid(again)):
        return None
    hidden = student.sigmoid(problem.x @ problem.params["weight_1"].T + problem.params["bias_1"])
    return {"prediction": student.sigmoid(hidden @ problem.params["weight_2"].T + problem.params["bias_2"])}


def forwards_of_own_sigmoid(student: Student, nets: dict[str, MLPProblem], draw: Draw) -> Arrays | None:
    """As forward_of_own_sigmoid for several nets."""
    found = {name: forward_of_own_sigmoid(student, problem, draw) for name, problem in nets.items()}
    predictions = {name: value["prediction"] for name, value in found.items() if value is not None}
    return predictions if len(predictions) == len(nets) else None


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
