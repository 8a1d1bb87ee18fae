"""What a2_mlp_backprop asks of the student's code: training. Hidden: nothing of this file leaves the grader."""

from __future__ import annotations

import pytest

from autograder.assignments.a2_mlp_backprop.problems import MLPProblem, draw_mlp
from autograder.assignments.a2_mlp_backprop.references import MLP, mlp_training, sgd_update
from autograder.assignments.a2_mlp_backprop.suite.made_of import STEPS, own_trainings
from autograder.checks.compare import assert_arrays, assert_names
from autograder.checks.draw import Draw, mixed
from autograder.checks.follow import assert_right_or_composed
from autograder.checks.repeatable import assert_agree, assert_repeatable, assert_untouched
from autograder.kernels.student import Odd, Student


@pytest.mark.weight(4)
def test_sgd_step_agrees_with_torch(student: Student, problem: MLPProblem, draw: Draw) -> None:
    """Every parameter moves as PyTorch's SGD moves it, along the gradient of its own name."""
    slopes = draw(draw_mlp, "slopes")
    assert_arrays(student.sgd_step(mixed(problem.params), slopes.params, problem.lr), sgd_update(problem, slopes))


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
def test_train_mlp_walks_as_sgd(student: Student, problem: MLPProblem) -> None:
    """After some steps every parameter is that of PyTorch's SGD, and every loss is the one before its step."""
    p = problem
    params, losses = student.train_mlp(p.x, p.target, mixed(p.params), p.lr, STEPS)
    assert_right_or_composed(
        {**(dict.fromkeys(MLP, params) if isinstance(params, Odd) else params), "losses": losses},
        mlp_training(problem, STEPS),
        lambda own: own_trainings(own, problem),
        lower=("mlp_forward", "mlp_backward", "half_squared_error", "sgd_step"),
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
    assert_agree({"losses": again.value[1]}, {"losses": first.value[1]})


@pytest.mark.weight(1)
def test_name_the_mistake_names_all_six(student: Student) -> None:
    """Each report is matched with the mistake that produced it."""
    from autograder.assignments.a2_mlp_backprop.printed import PRINTED

    assert_names(student.name_the_mistake(), PRINTED.key)
