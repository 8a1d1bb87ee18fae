"""What a4_bptt asks of the student's code. Hidden: nothing of this file leaves the grader."""

import pytest

from autograder.compare import assert_gradients, assert_same, fail
from autograder.cost import assert_cheap, assert_linear_in_time
from autograder.kernels.student import Student
from autograder.problems import Draw, RNNProblem, draw_rnn
from autograder.references.recurrent import rnn_gradients, rnn_outputs


@pytest.fixture
def problem(draw: Draw) -> RNNProblem:
    """T = 5, N = 3, input_size = 2, hidden_size = 4: the problem that decides points."""
    return draw(draw_rnn)


@pytest.fixture
def other(draw: Draw) -> RNNProblem:
    """A second draw of other sizes: what runs in between, and what no code can have been fitted to."""
    return draw(draw_rnn, "other", steps=4, n=2, input_size=5, hidden_size=3)


@pytest.mark.weight(2)
def test_rnn_forward_agrees_with_torch(student: Student, problem: RNNProblem) -> None:
    """The states of every step are those of torch.nn.RNN."""
    outputs, _ = student.rnn_forward(problem.x, problem.h0, problem.params)
    assert_same(outputs, rnn_outputs(problem), "outputs")


@pytest.mark.weight(6)
def test_rnn_backward_agrees_with_autograd(student: Student, problem: RNNProblem) -> None:
    """Every gradient is PyTorch's, with an injected gradient at every step."""
    _, cache = student.rnn_forward(problem.x, problem.h0, problem.params)
    grads = student.rnn_backward(problem.grad_outputs, cache)
    assert_gradients(grads, rnn_gradients(problem))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_can_be_called_again(student: Student, problem: RNNProblem, other: RNNProblem) -> None:
    """The same cache gives the same gradients again, also after another forward, and no argument is changed."""
    _, cache = student.rnn_forward(problem.x, problem.h0, problem.params)
    first = student.ask("rnn_backward", problem.grad_outputs, cache)
    student.rnn_forward(other.x, other.h0, other.params)
    again = student.rnn_backward(problem.grad_outputs, cache)
    if first.changed:
        fail(f"rnn_backward changed its argument {first.changed[0]}. Work on a copy.")
    assert_gradients(again, first.value)


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_rnn_backward_costs_one_sweep(student: Student, draw: Draw) -> None:
    """The backward costs about two forwards, and eight times as many steps cost about eight times as much."""
    short, long = (draw(draw_rnn, "cost", steps=t, n=2, input_size=3, hidden_size=64, gain=0.5) for t in (50, 400))
    _, cache = student.rnn_forward(short.x, short.h0, short.params)
    _, long_cache = student.rnn_forward(long.x, long.h0, long.params)
    assert_cheap(
        lambda: student.ask("rnn_forward", short.x, short.h0, short.params),
        lambda: student.ask("rnn_backward", short.grad_outputs, cache),
    )
    assert_linear_in_time(
        lambda: student.ask("rnn_backward", short.grad_outputs, cache),
        lambda: student.ask("rnn_backward", long.grad_outputs, long_cache),
    )
