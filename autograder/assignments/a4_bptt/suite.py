"""What a4_bptt asks of the student's code. Hidden: nothing of this file leaves the grader.

The walls, and what each catches:
* agrees with PyTorch: T = 5, N = 3, sizes that all differ, h0 that is not zero, an injected gradient at every step:
  all that T = 1, h0 = 0, an upstream of ones or a symmetric weight_hh would hide;
* one step, one sample, equal sizes, strided arrays: code that depends on the deciding problem's shape;
* can be called again: caches that are used up, globals, lists that are never cleared, arguments changed in place;
* nothing in, nothing out: an upstream that is ignored or replaced;
* cost: differences instead of a gradient, a sweep that starts again for each step.
Under a wrong forward a backward is compared with differences of that forward; what is built of other functions may
use the student's own (autograder/checks/follow.py).
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from autograder.assignments.a4_bptt import references as torch_rnn
from autograder.assignments.a4_bptt import trainings as torch_training
from autograder.assignments.a4_bptt.own import (
    composed_adders,
    composed_first_xor_last,
    composed_loss_and_gradients,
    own_credit,
    own_state_norms,
    own_truncated_gradients,
)
from autograder.assignments.a4_bptt.problems import (
    ClipProblem,
    SequenceProblem,
    TrainingProblem,
    draw_adder,
    draw_clip,
    draw_first_xor_last,
    draw_sequence,
)
from autograder.assignments.layers import rnn_outputs
from autograder.assignments.own_layers import own_layer_gradients
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.checks.compare import assert_arrays, assert_gradients, assert_names, assert_same, coarse, same
from autograder.checks.cost import assert_cheap, assert_linear_in_time
from autograder.checks.draw import Draw
from autograder.checks.follow import assert_backward, assert_one_of, assert_right_or_composed
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Kept, Strided, Student

K = 2  # of rnn_backward_truncated where T = 5: neither its own step alone nor all of them

Call = Callable[[RNNProblem, Kept], Any]


@pytest.fixture
def problem(draw: Draw) -> RNNProblem:
    """T = 5, N = 3, input_size = 2, hidden_size = 4: the problem that decides points."""
    return draw(draw_rnn)


@pytest.fixture
def small(draw: Draw) -> RNNProblem:
    """Where a forward is wrong: few enough entries for differences of it."""
    return draw(draw_rnn, "small", steps=4, n=2, input_size=1, hidden_size=3)


@pytest.fixture
def other(draw: Draw) -> RNNProblem:
    """A second draw of other sizes: what runs in between, and what no code can have been fitted to."""
    return draw(draw_rnn, "other", steps=4, n=2, input_size=5, hidden_size=3)


@pytest.fixture
def one_step(draw: Draw) -> RNNProblem:
    """T = 1: no carry."""
    return draw(draw_rnn, "one step", steps=1, n=2, input_size=1, hidden_size=3)


@pytest.fixture
def one_sample(draw: Draw) -> RNNProblem:
    """N = 1: what squeezes or broadcasts goes wrong."""
    return draw(draw_rnn, "one sample", steps=3, n=1, input_size=2, hidden_size=2)


@pytest.fixture
def equal_sizes(draw: Draw) -> RNNProblem:
    """All sizes equal: code that tells axes apart by their length goes wrong."""
    return draw(draw_rnn, "equal sizes", steps=2, n=2, input_size=2, hidden_size=2)


@pytest.fixture
def short(draw: Draw) -> RNNProblem:
    """T = 50, N = 2, hidden_size = 64: where cost is measured."""
    return draw(draw_rnn, "cost", steps=50, n=2, input_size=3, hidden_size=64, gain=0.5)


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


# ---- rnn_forward -----------------------------------------------------------------------------------------------------


@pytest.mark.weight(8)
def test_rnn_forward_agrees_with_torch(student: Student, problem: RNNProblem) -> None:
    """The states of every step are those of torch.nn.RNN."""
    assert_same(run(student, problem)[0], rnn_outputs(problem), "outputs")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_forward_of_one_step(student: Student, one_step: RNNProblem) -> None:
    """A sequence of a single step works like any other."""
    assert_same(run(student, one_step)[0], rnn_outputs(one_step), "outputs")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_forward_of_one_sample(student: Student, one_sample: RNNProblem) -> None:
    """A batch of a single sample works like any other."""
    assert_same(run(student, one_sample)[0], rnn_outputs(one_sample), "outputs")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_forward_of_equal_sizes(student: Student, equal_sizes: RNNProblem) -> None:
    """Sizes that happen to be equal change nothing."""
    assert_same(run(student, equal_sizes)[0], rnn_outputs(equal_sizes), "outputs")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_forward_of_strided_arrays(student: Student, problem: RNNProblem) -> None:
    """Arrays that are not contiguous in memory work like any other."""
    outputs, _ = student.rnn_forward(Strided(problem.x), Strided(problem.h0), problem.params)
    assert_same(outputs, rnn_outputs(problem), "outputs")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_rnn_forward_can_be_called_again(student: Student, problem: RNNProblem, other: RNNProblem) -> None:
    """Two calls give the same, also with another call in between, and no argument is changed."""
    arguments = problem.x, problem.h0, problem.params
    assert_repeatable(
        student, "rnn_forward", *arguments, between=lambda: run(student, other), parts=("outputs", "cache")
    )


# ---- credit_matrix ---------------------------------------------------------------------------------------------------


def assert_credit(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """credit_matrix is PyTorch's, or that of the student's own layer."""
    assert_layer_backward(
        student,
        problem,
        small,
        lambda p, cache: {"credit_matrix": student.credit_matrix(p.grad_outputs, cache)},
        {"credit_matrix": torch_rnn.credit(problem)},
        own_credit,
    )


@pytest.mark.weight(8)
def test_credit_matrix_agrees_with_autograd(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """Every entry is the norm that torch.autograd.grad gives for one step's injected gradient alone."""
    assert_credit(student, problem, small)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_credit_matrix_of_one_step(student: Student, one_step: RNNProblem) -> None:
    """A sequence of a single step works like any other."""
    assert_credit(student, one_step, one_step)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_credit_matrix_of_one_sample(student: Student, one_sample: RNNProblem) -> None:
    """A batch of a single sample works like any other."""
    assert_credit(student, one_sample, one_sample)


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


# ---- rnn_backward ----------------------------------------------------------------------------------------------------


def assert_rnn_gradients(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """rnn_backward is PyTorch's, or that of the student's own layer."""
    assert_layer_backward(
        student,
        problem,
        small,
        lambda p, cache: student.rnn_backward(p.grad_outputs, cache),
        torch_rnn.rnn_gradients(problem),
    )


@pytest.mark.weight(12)
def test_rnn_backward_agrees_with_autograd(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """Every gradient is PyTorch's, with an injected gradient at every step."""
    assert_rnn_gradients(student, problem, small)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_of_one_step(student: Student, one_step: RNNProblem) -> None:
    """A sequence of a single step works like any other."""
    assert_rnn_gradients(student, one_step, one_step)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_of_one_sample(student: Student, one_sample: RNNProblem) -> None:
    """A batch of a single sample works like any other."""
    assert_rnn_gradients(student, one_sample, one_sample)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_of_equal_sizes(student: Student, equal_sizes: RNNProblem) -> None:
    """Sizes that happen to be equal change nothing."""
    assert_rnn_gradients(student, equal_sizes, equal_sizes)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_of_strided_arrays(student: Student, problem: RNNProblem, equal_sizes: RNNProblem) -> None:
    """An injected gradient that is not contiguous in memory works like any other."""
    assert_layer_backward(
        student,
        problem,
        equal_sizes,
        lambda p, cache: student.rnn_backward(Strided(p.grad_outputs), cache),
        torch_rnn.rnn_gradients(problem),
    )


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_of_zeros(student: Student, problem: RNNProblem) -> None:
    """Where nothing is injected, every gradient is zero."""
    _, cache = run(student, problem)
    assert_gradients(student.rnn_backward(np.zeros_like(problem.grad_outputs), cache), zeros_of(problem))


@pytest.mark.weight(3)
@pytest.mark.behaviour
def test_rnn_backward_can_be_called_again(student: Student, problem: RNNProblem, other: RNNProblem) -> None:
    """The same cache gives the same gradients again, also after another forward, and no argument is changed."""
    _, cache = run(student, problem)
    assert_repeatable(student, "rnn_backward", problem.grad_outputs, cache, between=lambda: run(student, other))


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_rnn_backward_costs_one_sweep(student: Student, draw: Draw, short: RNNProblem) -> None:
    """The backward costs about two forwards, and eight times as many steps cost about eight times as much."""
    long = draw(draw_rnn, "cost", steps=400, n=2, input_size=3, hidden_size=64, gain=0.5)
    _, cache = run(student, short)
    _, long_cache = run(student, long)
    assert_cheap(
        lambda: student.ask("rnn_forward", short.x, short.h0, short.params),
        lambda: student.ask("rnn_backward", short.grad_outputs, cache),
    )
    assert_linear_in_time(
        lambda: student.ask("rnn_backward", short.grad_outputs, cache),
        lambda: student.ask("rnn_backward", long.grad_outputs, long_cache),
    )


def zeros_of(problem: RNNProblem) -> dict[str, np.ndarray]:
    """A zero gradient for every input and parameter."""
    return {name: np.zeros_like(v) for name, v in {"x": problem.x, "h0": problem.h0, **problem.params}.items()}


# ---- rnn_backward_truncated ------------------------------------------------------------------------------------------


def assert_truncated(student: Student, problem: RNNProblem, small: RNNProblem, k: int, small_k: int) -> None:
    """rnn_backward_truncated is PyTorch's, or that of the student's own layer."""

    def call(p: RNNProblem, cache: Kept) -> Any:
        return student.rnn_backward_truncated(p.grad_outputs, cache, k if p is problem else small_k)

    expected = torch_rnn.truncated_gradients(problem, k)
    own = lambda forward, p: own_truncated_gradients(forward, p, small_k)
    assert_layer_backward(student, problem, small, call, expected, own)


@pytest.mark.weight(8)
def test_rnn_backward_truncated_agrees_with_autograd(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """Every gradient is PyTorch's, with one graph per step, cut k steps back."""
    assert_truncated(student, problem, small, K, 1)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_truncated_with_k_zero(student: Student, problem: RNNProblem, equal_sizes: RNNProblem) -> None:
    """Where no recurrent connection may be crossed, every step contributes only its own term."""
    assert_truncated(student, problem, equal_sizes, 0, 0)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_truncated_short_of_h0(student: Student, problem: RNNProblem, equal_sizes: RNNProblem) -> None:
    """With k one less than the number of steps, only the gradient of the initial state is incomplete."""
    assert_truncated(student, problem, equal_sizes, problem.steps - 1, equal_sizes.steps - 1)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_truncated_nowhere(student: Student, problem: RNNProblem, equal_sizes: RNNProblem) -> None:
    """With k as large as the number of steps, or larger, nothing is cut off."""
    assert_truncated(student, problem, equal_sizes, problem.steps, equal_sizes.steps)
    assert_truncated(student, problem, equal_sizes, problem.steps + 3, equal_sizes.steps + 3)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_backward_truncated_of_one_step(student: Student, one_step: RNNProblem) -> None:
    """A sequence of a single step works like any other."""
    assert_truncated(student, one_step, one_step, 1, 1)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_rnn_backward_truncated_can_be_called_again(student: Student, problem: RNNProblem, other: RNNProblem) -> None:
    """The same cache gives the same gradients again, also after another forward, and no argument is changed."""
    _, cache = run(student, problem)
    between = lambda: run(student, other)
    assert_repeatable(student, "rnn_backward_truncated", problem.grad_outputs, cache, K, between=between)


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_rnn_backward_truncated_is_no_difference(student: Student, short: RNNProblem) -> None:
    """A short window costs no more than a few forwards."""
    _, cache = run(student, short)
    assert_cheap(
        lambda: student.ask("rnn_forward", short.x, short.h0, short.params),
        lambda: student.ask("rnn_backward_truncated", short.grad_outputs, cache, 1),
    )


# ---- state_gradient_norms --------------------------------------------------------------------------------------------


def assert_norms(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """state_gradient_norms is PyTorch's, or that of the student's own layer."""
    assert_layer_backward(
        student,
        problem,
        small,
        lambda p, cache: {"norms": student.state_gradient_norms(p.grad_outputs[-1], cache)},
        {"norms": torch_rnn.state_norms(problem)},
        own_state_norms,
    )


@pytest.mark.weight(8)
def test_state_gradient_norms_agree_with_retain_grad(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """Every norm is that of the gradient that PyTorch's retain_grad gives for the state."""
    assert_norms(student, problem, small)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_state_gradient_norms_of_one_step(student: Student, one_step: RNNProblem) -> None:
    """A sequence of a single step works like any other."""
    assert_norms(student, one_step, one_step)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_state_gradient_norms_of_one_sample(student: Student, one_sample: RNNProblem) -> None:
    """A batch of a single sample works like any other."""
    assert_norms(student, one_sample, one_sample)


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


# ---- clip_grad_norm --------------------------------------------------------------------------------------------------


def assert_clipped(student: Student, problem: ClipProblem) -> None:
    """The gradients and total_norm are PyTorch's, with or without its 1e-6."""
    grads, total_norm = student.clip_grad_norm(problem.grads, problem.max_norm)
    answer = {**under(problem.grads, grads), "total_norm": total_norm}
    forms = [torch_training.clipped(problem, with_epsilon) for with_epsilon in (False, True)]
    assert_one_of(*(lambda form=form: assert_arrays(answer, form) for form in forms))


@pytest.mark.weight(6)
def test_clip_grad_norm_scales_all_arrays_together(student: Student, draw: Draw) -> None:
    """Gradients with a large norm are PyTorch's after clipping, and total_norm is the norm before it."""
    assert_clipped(student, draw(draw_clip))


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_clip_grad_norm_leaves_small_gradients(student: Student, draw: Draw) -> None:
    """Gradients whose norm is below max_norm are unchanged."""
    assert_clipped(student, draw(draw_clip, "small", share=1.7, size=0.3))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_clip_grad_norm_at_the_bound(student: Student, draw: Draw) -> None:
    """Gradients whose norm is exactly max_norm are unchanged."""
    assert_clipped(student, draw(draw_clip, "bound", share=1.0))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_clip_grad_norm_of_zeros(student: Student, draw: Draw) -> None:
    """Gradients that are all zero stay zero: nothing is divided by their norm."""
    assert_clipped(student, draw(draw_clip, "zeros", size=0.0))


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_clip_grad_norm_can_be_called_again(student: Student, draw: Draw) -> None:
    """Two calls give the same, and the given gradients are not changed."""
    problem = draw(draw_clip)
    assert_repeatable(student, "clip_grad_norm", problem.grads, problem.max_norm, parts=("grads", "total_norm"))


# ---- residual_rnn_forward, residual_rnn_backward ---------------------------------------------------------------------


@pytest.mark.weight(8)
def test_residual_rnn_forward_agrees_with_torch(student: Student, problem: RNNProblem) -> None:
    """Every state is the previous one plus the output of torch.nn.RNNCell."""
    assert_same(run(student, problem, "residual_rnn")[0], torch_rnn.residual_outputs(problem), "outputs")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_residual_rnn_forward_of_one_step(student: Student, one_step: RNNProblem) -> None:
    """A sequence of a single step works like any other."""
    assert_same(run(student, one_step, "residual_rnn")[0], torch_rnn.residual_outputs(one_step), "outputs")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_residual_rnn_forward_can_be_called_again(student: Student, problem: RNNProblem, other: RNNProblem) -> None:
    """Two calls give the same, also with another call in between, and no argument is changed."""
    assert_repeatable(
        student,
        "residual_rnn_forward",
        problem.x,
        problem.h0,
        problem.params,
        between=lambda: run(student, other, "residual_rnn"),
        parts=("outputs", "cache"),
    )


def assert_residual_gradients(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """residual_rnn_backward is PyTorch's, or that of the student's own residual layer."""
    assert_layer_backward(
        student,
        problem,
        small,
        lambda p, cache: student.residual_rnn_backward(p.grad_outputs, cache),
        torch_rnn.residual_gradients(problem),
        layer="residual_rnn",
    )


@pytest.mark.weight(8)
def test_residual_rnn_backward_agrees_with_autograd(student: Student, problem: RNNProblem, small: RNNProblem) -> None:
    """Every gradient is PyTorch's, with an injected gradient at every step."""
    assert_residual_gradients(student, problem, small)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_residual_rnn_backward_of_one_step(student: Student, one_step: RNNProblem) -> None:
    """A sequence of a single step works like any other."""
    assert_residual_gradients(student, one_step, one_step)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_residual_rnn_backward_of_one_sample(student: Student, one_sample: RNNProblem) -> None:
    """A batch of a single sample works like any other."""
    assert_residual_gradients(student, one_sample, one_sample)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_residual_rnn_backward_of_zeros(student: Student, problem: RNNProblem) -> None:
    """Where nothing is injected, every gradient is zero."""
    _, cache = run(student, problem, "residual_rnn")
    assert_gradients(student.residual_rnn_backward(np.zeros_like(problem.grad_outputs), cache), zeros_of(problem))


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_residual_rnn_backward_can_be_called_again(student: Student, problem: RNNProblem, other: RNNProblem) -> None:
    """The same cache gives the same gradients again, also after another forward, and no argument is changed."""
    _, cache = run(student, problem, "residual_rnn")
    between = lambda: run(student, other, "residual_rnn")
    assert_repeatable(student, "residual_rnn_backward", problem.grad_outputs, cache, between=between)


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_residual_rnn_backward_is_no_difference(student: Student, short: RNNProblem) -> None:
    """The backward costs about two forwards."""
    _, cache = run(student, short, "residual_rnn")
    assert_cheap(
        lambda: student.ask("residual_rnn_forward", short.x, short.h0, short.params),
        lambda: student.ask("residual_rnn_backward", short.grad_outputs, cache),
    )


# ---- loss_and_gradients ----------------------------------------------------------------------------------------------


Layers = tuple[RNNProblem, RNNProblem]


@pytest.fixture
def layers(draw: Draw) -> Layers:
    """Two draws of the same sizes: a layer that gives the same for both cannot be used."""
    return draw(draw_rnn), draw(draw_rnn, "twin")


def under(names: Iterable[str], part: Any) -> dict[str, Any]:
    """A dict of arrays; what was returned instead of one, under every name."""
    return part if isinstance(part, dict) else dict.fromkeys(names, part)


def assert_loss_and_gradients(student: Student, problem: SequenceProblem, layers: Layers) -> None:
    """The loss and six gradients are PyTorch's, or those of the student's own layer under the given readout and loss."""
    loss, grads = student.loss_and_gradients(problem.x, problem.h0, problem.target, problem.params)
    expected_loss, expected = torch_rnn.sequence_gradients(problem)
    assert_right_or_composed(
        {"loss": loss, **under(expected, grads)},
        {"loss": expected_loss, **expected},
        lambda: composed_loss_and_gradients(student, problem, layers),
        lower="rnn_forward or rnn_backward",
    )


@pytest.mark.weight(8)
def test_loss_and_gradients_agree_with_autograd(student: Student, draw: Draw, layers: Layers) -> None:
    """The loss and the gradients of all six parameters are PyTorch's."""
    assert_loss_and_gradients(student, draw(draw_sequence), layers)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_loss_and_gradients_of_one_step_and_sample(student: Student, draw: Draw, layers: Layers) -> None:
    """One step of one sample works like any other sequence."""
    assert_loss_and_gradients(student, draw(draw_sequence, "single", steps=1, n=1), layers)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_loss_and_gradients_can_be_called_again(student: Student, draw: Draw, other: RNNProblem) -> None:
    """Two calls give the same, also after another forward, and no argument is changed."""
    p = draw(draw_sequence)
    between = lambda: run(student, other)
    assert_repeatable(
        student, "loss_and_gradients", p.x, p.h0, p.target, p.params, between=between, parts=("loss", "grads")
    )


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_loss_and_gradients_are_no_differences(student: Student, draw: Draw, short: RNNProblem) -> None:
    """All of it together costs about three forwards."""
    p = draw(draw_sequence, "cost", steps=50, n=2, input_size=3, hidden_size=64, classes=5)
    assert_cheap(
        lambda: student.ask("rnn_forward", p.x, p.h0, p.params),
        lambda: student.ask("loss_and_gradients", p.x, p.h0, p.target, p.params),
        "loss_and_gradients",
        lower=lambda: student.ask("rnn_backward", short.grad_outputs, run(student, short)[1]),
    )


# ---- train_adder, train_first_xor_last -------------------------------------------------------------------------------


def named(trained: tuple[Any, Any], problem: TrainingProblem) -> dict[str, Any]:
    """A training's answer as one dict of arrays."""
    params, losses = trained
    return {**under(problem.params, params), "losses": losses}


@pytest.mark.weight(6)
def test_train_adder_agrees_with_torch(student: Student, draw: Draw, layers: Layers) -> None:
    """After a few updates the six parameters and all losses are those of torch.optim.SGD."""
    problem = draw(draw_adder)
    losses = draw(draw_sequence), draw(draw_sequence, "twin")
    assert_right_or_composed(
        named(student.train_adder(problem.batches, problem.params, problem.lr), problem),
        torch_training.adder_training(problem),
        lambda: composed_adders(student, problem, layers, losses),
        lower="loss_and_gradients, rnn_forward or rnn_backward",
        training=True,
    )


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_train_adder_can_be_called_again(student: Student, draw: Draw) -> None:
    """Two trainings from the same start give the same result, and neither batches nor parameters are changed."""
    p = draw(draw_adder, "again", updates=2, steps=3)
    assert_repeatable(student, "train_adder", p.batches, p.params, p.lr, parts=("params", "losses"))


def assert_first_xor_last(student: Student, draw: Draw, problem: TrainingProblem, layers: Layers) -> None:
    """The training is PyTorch's with either form of clipping, or that of the student's own layer and clipping."""
    trained = student.train_first_xor_last(problem.batches, problem.params, problem.lr, problem.max_norm)
    answer = named(trained, problem)
    clips = draw(draw_clip), draw(draw_clip, "twin")
    with_epsilon, without = (torch_training.first_xor_last_training(problem, form) for form in (True, False))
    assert_one_of(
        lambda: assert_arrays(answer, without, training=True),
        lambda: assert_right_or_composed(
            answer,
            with_epsilon,
            lambda: composed_first_xor_last(student, problem, layers, clips),
            lower="rnn_forward, rnn_backward or clip_grad_norm",
            training=True,
        ),
    )


@pytest.mark.weight(6)
def test_train_first_xor_last_agrees_with_torch(student: Student, draw: Draw, layers: Layers) -> None:
    """After a few clipped updates the six parameters and all losses are those of the same loop in PyTorch."""
    assert_first_xor_last(student, draw, draw(draw_first_xor_last), layers)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_train_first_xor_last_without_clipping(student: Student, draw: Draw, layers: Layers) -> None:
    """Where max_norm is never reached the updates are those of plain SGD."""
    free = draw(draw_first_xor_last, "free", updates=2, max_norm=100.0)
    assert_first_xor_last(student, draw, free, layers)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_train_first_xor_last_can_be_called_again(student: Student, draw: Draw) -> None:
    """Two trainings from the same start give the same result, and neither batches nor parameters are changed."""
    p = draw(draw_first_xor_last, "again", updates=2, steps=3)
    assert_repeatable(
        student, "train_first_xor_last", p.batches, p.params, p.lr, p.max_norm, parts=("params", "losses")
    )


# ---- name_the_mistake ------------------------------------------------------------------------------------------------


@pytest.mark.weight(1)
def test_name_the_mistake_reads_the_reports(student: Student) -> None:
    """Each report is matched with the mistake that produced it."""
    from autograder.assignments.a4_bptt.printed import PRINTED

    assert_names(student.name_the_mistake(), PRINTED.key)
