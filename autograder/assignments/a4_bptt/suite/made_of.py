"""What the tests of a4_bptt are made of. Hidden: nothing of this file leaves the grader."""

from collections.abc import Callable
from typing import Any

from autograder.assignments.a4_bptt.own import own_caches
from autograder.assignments.a4_bptt.references import rnn_gradients
from autograder.assignments.own_layers import own_layer_gradients
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.checks.compare import assert_arrays, coarse
from autograder.checks.cost import GENTLE, Check
from autograder.checks.draw import Draw
from autograder.checks.follow import assert_backward, assert_one_of, assert_right_or_composed
from autograder.checks.ground import solved
from autograder.kernels.student import Student

K = 2  # of rnn_backward_truncated where T = 5: neither its own step alone nor all of them

# Where cost is measured: few steps and many weights tell differences, which run a forward for each weight, from loops.
# All sizes differ, and k = 1 is a real window: what goes wrong where sizes are equal is charged elsewhere.
WIDE = {"steps": 3, "n": 2, "input_size": 4, "hidden_size": 256}
WIDE_MULTIPLICATIONS = 3 * 2 * 256 * (4 + 256)


Call = Callable[[Any, RNNProblem, Any], Any]  # a backward of a student, or of the source notebook, on a cache


def run(student: Student, problem: RNNProblem, layer: str = "rnn") -> Any:
    """(outputs, cache) of one of the two layers."""
    return getattr(student, f"{layer}_forward")(problem.x, problem.h0, problem.params)


def wide_rnn(student: Student, draw: Draw, number: int, upstream: float = GENTLE) -> Check:
    """A forward and a backward of a layer of over sixty thousand weights."""
    p = draw(draw_rnn, f"cost {number}", **WIDE, upstream=upstream)
    outputs, cache = run(student, p)
    grads = student.rnn_backward(p.grad_outputs, cache)
    return lambda: assert_arrays(grads, rnn_gradients(p), rtol=coarse(outputs))


def assert_layer_backward(
    student: Student,
    problem: RNNProblem,
    small: RNNProblem,
    call: Call,
    expected: Any,
    own: Callable[..., Any] = own_layer_gradients,
    layer: str = "rnn",
) -> None:
    """What call makes of the cache is PyTorch's.

    Under a wrong forward it is what the source notebook's function makes of that forward's states, or the gradient of the
    student's own layer on the small problem.
    """
    outputs, cache = run(student, problem, layer)
    grads, forward = call(student, problem, cache), (f"{layer}_forward",)
    assert_one_of(
        lambda: assert_right_or_composed(
            grads,
            expected,
            lambda mine: [call(solved(), problem, kept) for kept in own_caches(mine, problem, layer)],
            lower=forward,
            rtol=coarse(outputs),
        ),
        lambda: assert_backward(
            grads,
            expected,
            own=lambda mine: own(getattr(mine, f"{layer}_forward"), small),
            answered=lambda: call(student, small, run(student, small, layer)[1]),
            forward=forward,
            rtol=coarse(outputs),
        ),
    )
