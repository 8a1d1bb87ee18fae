"""What the tests of a4_bptt are made of. Hidden: nothing of this file leaves the grader."""

from collections.abc import Callable
from typing import Any

from autograder.assignments.a4_bptt import references as torch_rnn
from autograder.assignments.layers import rnn_outputs
from autograder.assignments.own_layers import own_layer_gradients
from autograder.assignments.sequences import RNNProblem
from autograder.checks.compare import coarse, same
from autograder.checks.follow import assert_backward
from autograder.kernels.student import Kept, Student

K = 2  # of rnn_backward_truncated where T = 5: neither its own step alone nor all of them


Call = Callable[[RNNProblem, Kept], Any]


def run(student: Student, problem: RNNProblem, layer: str = "rnn") -> Any:
    """(outputs, cache) of one of the two layers."""
    return getattr(student, f"{layer}_forward")(problem.x, problem.h0, problem.params)


def assert_layer_backward(
    student: Student,
    problem: RNNProblem,
    small: RNNProblem,
    call: Call,
    expected: Any,
    own: Callable[..., Any] = own_layer_gradients,
    layer: str = "rnn",
) -> None:
    """What call makes of the cache is PyTorch's, or that of the student's own wrong layer on the small problem."""
    outputs, cache = run(student, problem, layer)
    reference = rnn_outputs if layer == "rnn" else torch_rnn.residual_outputs
    assert_backward(
        call(problem, cache),
        expected,
        forward_is_right=same(outputs, reference(problem)),
        own=lambda: own(getattr(student, f"{layer}_forward"), small),
        answered=lambda: call(small, run(student, small, layer)[1]),
        forward=f"{layer}_forward",
        rtol=coarse(outputs),
    )
