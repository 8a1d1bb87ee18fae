"""What a4_bptt asks of the student's code: credit. Hidden: nothing of this file leaves the grader."""

import numpy as np
import pytest

from autograder.assignments.a4_bptt import references as torch_rnn
from autograder.assignments.a4_bptt.own import own_credit, own_state_norms
from autograder.assignments.a4_bptt.problems import ONE_SAMPLE, ONE_STEP, draw_steep_rnn
from autograder.assignments.a4_bptt.suite.made_of import assert_layer_backward, run
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.checks.compare import assert_same
from autograder.checks.draw import Draw
from autograder.checks.edges import Edge, edges
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Student


def assert_credit(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """credit_matrix is PyTorch's, or that of the student's own layer."""
    assert_layer_backward(
        student,
        problem,
        small,
        lambda who, p, cache: {"credit_matrix": who.credit_matrix(p.grad_outputs, cache)},
        {"credit_matrix": torch_rnn.credit(problem)},
        own_credit,
    )


@pytest.mark.weight(8)
def test_credit_matrix_agrees_with_autograd(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """Every entry is the norm that torch.autograd.grad gives for one step's injected gradient alone."""
    assert_credit(student, problem, small)


@pytest.mark.weight(2)
def test_credit_matrix_is_linear(student: Student, draw: Draw, small: RNNProblem) -> None:
    """Injected gradients that are ten thousand times as large have credits that are as much larger."""
    assert_credit(student, draw(draw_steep_rnn), small)


@edges(ONE_STEP, ONE_SAMPLE)
def test_credit_matrix_of_other_sizes(student: Student, draw: Draw, edge: Edge) -> None:
    """Sequences of unusual sizes work like any other."""
    problem = draw(draw_rnn, edge.name, **edge.sizes)
    assert_credit(student, problem, problem)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_credit_matrix_of_zeros(student: Student, problem: RNNProblem) -> None:
    """Where nothing is injected, every credit is zero."""
    _, cache = run(student, problem)
    zeros = np.zeros_like(problem.grad_outputs)
    assert_same(student.credit_matrix(zeros, cache), np.zeros((problem.steps, problem.steps)), "credit_matrix")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_credit_matrix_can_be_called_again(student: Student, problem: RNNProblem, other: RNNProblem) -> None:
    """The same cache gives the same again, also after another forward, and no argument is changed."""
    _, cache = run(student, problem)
    assert_repeatable(student, "credit_matrix", problem.grad_outputs, cache, between=lambda: run(student, other))


def assert_norms(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """state_gradient_norms is PyTorch's, or that of the student's own layer."""
    assert_layer_backward(
        student,
        problem,
        small,
        lambda who, p, cache: {"norms": who.state_gradient_norms(p.grad_outputs[-1], cache)},
        {"norms": torch_rnn.state_norms(problem)},
        own_state_norms,
    )


@pytest.mark.weight(8)
def test_state_gradient_norms_agree_with_retain_grad(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """Every norm is that of the gradient that PyTorch's retain_grad gives for the state."""
    assert_norms(student, problem, small)


@pytest.mark.weight(2)
def test_state_gradient_norms_are_linear(student: Student, draw: Draw, small: RNNProblem) -> None:
    """An injected gradient that is ten thousand times as large gives norms that are as much larger."""
    assert_norms(student, draw(draw_steep_rnn), small)


@edges(ONE_STEP, ONE_SAMPLE)
def test_state_gradient_norms_of_other_sizes(student: Student, draw: Draw, edge: Edge) -> None:
    """Sequences of unusual sizes work like any other."""
    problem = draw(draw_rnn, edge.name, **edge.sizes)
    assert_norms(student, problem, problem)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_state_gradient_norms_of_zeros(student: Student, problem: RNNProblem) -> None:
    """Where nothing is injected, every norm is zero."""
    _, cache = run(student, problem)
    norms = student.state_gradient_norms(np.zeros_like(problem.grad_outputs[-1]), cache)
    assert_same(norms, np.zeros(problem.steps + 1), "norms")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_state_gradient_norms_can_be_called_again(student: Student, problem: RNNProblem, other: RNNProblem) -> None:
    """The same cache gives the same again, also after another forward, and no argument is changed."""
    _, cache = run(student, problem)
    between = lambda: run(student, other)
    assert_repeatable(student, "state_gradient_norms", problem.grad_outputs[-1], cache, between=between)
