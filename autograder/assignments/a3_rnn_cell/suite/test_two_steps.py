"""What a3_rnn_cell asks of the student's code: two steps. Hidden: nothing of this file leaves the grader."""

import numpy as np
import pytest

from autograder.assignments.a3_rnn_cell import references as torch_rnn
from autograder.assignments.a3_rnn_cell.own import composed_two_steps, own_two_step_gradients, two_caches
from autograder.assignments.a3_rnn_cell.problems import CellProblem
from autograder.assignments.a3_rnn_cell.suite.made_of import run
from autograder.assignments.a3_rnn_cell.suite.test_columns import ask_cell_backward
from autograder.assignments.layers import rnn_outputs
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.checks.compare import assert_gradients, coarse, same
from autograder.checks.cost import assert_cheap
from autograder.checks.draw import Draw
from autograder.checks.edges import Edge, edges, equal_sizes, one_sample
from autograder.checks.follow import assert_backward, assert_one_of, assert_right_or_composed
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Answer, Student


def ask_two_steps(student: Student, problem: RNNProblem) -> Answer:
    """One call of two_step_backward on the caches of the student's own two cells."""
    return student.ask("two_step_backward", *problem.grad_outputs, *two_caches(student, problem)[1])


def assert_two_steps(student: Student, problem: RNNProblem, twin: RNNProblem, small: RNNProblem) -> None:
    """two_step_backward is PyTorch's, two calls of the own rnn_cell_backward, or that of the own wrong cell."""
    states, caches = two_caches(student, problem)
    grads = student.two_step_backward(*problem.grad_outputs, *caches)
    expected = torch_rnn.two_step_gradients(problem)
    rtol = coarse(*states)
    assert_one_of(
        lambda: assert_right_or_composed(
            grads,
            expected,
            lambda: composed_two_steps(student, problem, twin),
            lower="rnn_cell_forward or rnn_cell_backward",
            rtol=rtol,
        ),
        lambda: assert_backward(
            grads,
            expected,
            forward_is_right=all(map(same, states, rnn_outputs(problem))),
            own=lambda: own_two_step_gradients(student, small),
            answered=lambda: ask_two_steps(student, small).value,
            forward="rnn_cell_forward",
            rtol=rtol,
        ),
    )


@pytest.mark.weight(8)
def test_two_step_backward_agrees_with_autograd(
    student: Student, draw: Draw, steps: RNNProblem, small_steps: RNNProblem
) -> None:
    """All seven gradients are PyTorch's, with an injected gradient at both steps."""
    assert_two_steps(student, steps, draw(draw_rnn, "twin", steps=2), small_steps)


@edges(one_sample("single", n=1), equal_sizes("square", n=2, input_size=2, hidden_size=2))
def test_two_step_backward_of_other_sizes(student: Student, draw: Draw, edge: Edge, small_steps: RNNProblem) -> None:
    """Batches of unusual sizes work like any other."""
    problem, twin = (draw(draw_rnn, name, steps=2, **edge.sizes) for name in (edge.name, "twin"))
    assert_two_steps(student, problem, twin, small_steps)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_two_step_backward_of_zeros(student: Student, steps: RNNProblem) -> None:
    """Where nothing is injected, every gradient is zero."""
    _, caches = two_caches(student, steps)
    grads = student.two_step_backward(*np.zeros_like(steps.grad_outputs), *caches)
    inputs = {"x_1": steps.x[0], "x_2": steps.x[1], "h0": steps.h0, **steps.params}
    assert_gradients(grads, {name: np.zeros_like(value) for name, value in inputs.items()})


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_two_step_backward_can_be_called_again(student: Student, steps: RNNProblem, other_cell: CellProblem) -> None:
    """The same caches give the same gradients again, also after another forward, and no argument is changed."""
    _, caches = two_caches(student, steps)
    between = lambda: run(student, other_cell)
    assert_repeatable(student, "two_step_backward", *steps.grad_outputs, *caches, between=between)


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_two_step_backward_is_no_difference(student: Student, draw: Draw, large_cell: CellProblem) -> None:
    """Two steps back cost about four forwards."""
    problem = draw(draw_rnn, "cost", steps=2, n=2, input_size=64, hidden_size=96, gain=0.5)
    _, caches = two_caches(student, problem)
    assert_cheap(
        lambda: student.ask("rnn_cell_forward", large_cell.x, large_cell.h_prev, large_cell.params),
        lambda: student.ask("two_step_backward", *problem.grad_outputs, *caches),
        lower=lambda: ask_cell_backward(student, large_cell),
    )
