"""What a3_rnn_cell asks of the student's code. Hidden: nothing of this file leaves the grader.

The walls, and what each catches:
* agrees with PyTorch: N = 3, sizes that all differ, an old state that is not zero, a random gradient from above: all
  that a single sample, a zero state, an upstream of ones or a symmetric weight_hh would hide;
* one sample, equal sizes, strided arrays, other leading axes: code that depends on the deciding problem's shape;
* can be called again: lists that are never cleared, caches that are used up, arguments changed in place;
* zeros: an upstream that is ignored or replaced;
* huge logits: a softmax that overflows;
* cost: differences instead of a gradient.
What is built of other functions may use the student's own; under a wrong forward a backward is compared with
differences of that forward (autograder/checks/follow.py).
"""

import numpy as np
import pytest

from autograder.assignments.a3_rnn_cell import references as torch_rnn
from autograder.assignments.a3_rnn_cell.own import (
    composed_column_gradients,
    composed_column_outputs,
    composed_two_steps,
    own_cell_gradients,
    own_column_gradients,
    own_logits_gradient,
    own_readout_gradients,
    own_two_step_gradients,
    two_caches,
)
from autograder.assignments.a3_rnn_cell.problems import (
    CellProblem,
    ColumnProblem,
    LogitsProblem,
    ReadoutProblem,
    draw_cell,
    draw_columns,
    draw_huge_logits,
    draw_logits,
    draw_readout_problem,
)
from autograder.assignments.layers import rnn_outputs
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.checks.compare import assert_arrays, assert_gradients, assert_same, coarse, fail, same
from autograder.checks.cost import assert_cheap
from autograder.checks.draw import Draw
from autograder.checks.follow import assert_backward, assert_one_of, assert_right_or_composed
from autograder.checks.repeatable import assert_repeatable
from autograder.kernels.student import Answer, CallFailed, Kept, Strided, Student


@pytest.fixture
def cell(draw: Draw) -> CellProblem:
    """N = 3, input_size = 2, hidden_size = 4: the problem that decides points."""
    return draw(draw_cell)


@pytest.fixture
def other_cell(draw: Draw) -> CellProblem:
    """A second draw of other sizes: what runs in between, and what no code can have been fitted to."""
    return draw(draw_cell, "other", n=2, input_size=5, hidden_size=3)


@pytest.fixture
def small_cell(draw: Draw) -> CellProblem:
    """Where a forward is wrong: few enough entries for differences of it."""
    return draw(draw_cell, "small", n=2, input_size=1, hidden_size=3)


def run(student: Student, problem: CellProblem) -> tuple[np.ndarray, Kept]:
    """(h, cache) of the cell."""
    return student.rnn_cell_forward(problem.x, problem.h_prev, problem.params)  # type: ignore[no-any-return]


# ---- rnn_cell_forward ------------------------------------------------------------------------------------------------


@pytest.mark.weight(8)
def test_rnn_cell_forward_agrees_with_torch(student: Student, cell: CellProblem) -> None:
    """The new state is that of torch.nn.RNNCell."""
    assert_same(run(student, cell)[0], torch_rnn.cell_output(cell), "h")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_cell_forward_of_one_sample(student: Student, draw: Draw) -> None:
    """A batch of a single sample works like any other."""
    single = draw(draw_cell, "single", n=1)
    assert_same(run(student, single)[0], torch_rnn.cell_output(single), "h")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_cell_forward_of_equal_sizes(student: Student, draw: Draw) -> None:
    """Sizes that happen to be equal change nothing."""
    square = draw(draw_cell, "square", n=3, input_size=3, hidden_size=3)
    assert_same(run(student, square)[0], torch_rnn.cell_output(square), "h")


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_cell_forward_of_strided_arrays(student: Student, cell: CellProblem) -> None:
    """Arrays that are not contiguous in memory work like any other."""
    h, _ = student.rnn_cell_forward(Strided(cell.x), Strided(cell.h_prev), cell.params)
    assert_same(h, torch_rnn.cell_output(cell), "h")


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_rnn_cell_forward_can_be_called_again(student: Student, cell: CellProblem, other_cell: CellProblem) -> None:
    """Two calls give the same, also with another call in between, and no argument is changed."""
    between = lambda: run(student, other_cell)
    assert_repeatable(
        student, "rnn_cell_forward", cell.x, cell.h_prev, cell.params, between=between, parts=("h", "cache")
    )


# ---- rnn_cell_backward -----------------------------------------------------------------------------------------------


def assert_cell_gradients(student: Student, problem: CellProblem, small: CellProblem) -> None:
    """rnn_cell_backward is PyTorch's, or that of the student's own wrong cell on the small problem."""
    h, cache = run(student, problem)
    assert_backward(
        student.rnn_cell_backward(problem.grad_h, cache),
        torch_rnn.cell_gradients(problem),
        forward_is_right=same(h, torch_rnn.cell_output(problem)),
        own=lambda: own_cell_gradients(student, small),
        answered=lambda: student.rnn_cell_backward(small.grad_h, run(student, small)[1]),
        forward="rnn_cell_forward",
        rtol=coarse(h),
    )


@pytest.mark.weight(10)
def test_rnn_cell_backward_agrees_with_autograd(student: Student, cell: CellProblem, small_cell: CellProblem) -> None:
    """The gradients of both inputs and of all four parameters are PyTorch's."""
    assert_cell_gradients(student, cell, small_cell)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_cell_backward_of_one_sample(student: Student, draw: Draw, small_cell: CellProblem) -> None:
    """A batch of a single sample works like any other."""
    assert_cell_gradients(student, draw(draw_cell, "single", n=1), small_cell)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_cell_backward_of_equal_sizes(student: Student, draw: Draw, small_cell: CellProblem) -> None:
    """Sizes that happen to be equal change nothing."""
    assert_cell_gradients(student, draw(draw_cell, "square", n=3, input_size=3, hidden_size=3), small_cell)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_cell_backward_of_strided_arrays(student: Student, cell: CellProblem) -> None:
    """A gradient that is not contiguous in memory works like any other."""
    _, cache = run(student, cell)
    plain = student.rnn_cell_backward(cell.grad_h, cache)
    assert_gradients(student.rnn_cell_backward(Strided(cell.grad_h), cache), plain)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_rnn_cell_backward_of_zeros(student: Student, cell: CellProblem) -> None:
    """Where the gradient from above is zero, every gradient is zero."""
    _, cache = run(student, cell)
    inputs = {"x": cell.x, "h_prev": cell.h_prev, **cell.params}
    grads = student.rnn_cell_backward(np.zeros_like(cell.grad_h), cache)
    assert_gradients(grads, {name: np.zeros_like(value) for name, value in inputs.items()})


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_rnn_cell_backward_can_be_called_again(student: Student, cell: CellProblem, other_cell: CellProblem) -> None:
    """The same cache gives the same gradients again, also after another forward, and no argument is changed."""
    _, cache = run(student, cell)
    assert_repeatable(student, "rnn_cell_backward", cell.grad_h, cache, between=lambda: run(student, other_cell))


@pytest.fixture
def large_cell(draw: Draw) -> CellProblem:
    """A cell of over ten thousand weights: where cost is measured."""
    return draw(draw_cell, "cost", n=2, input_size=64, hidden_size=96, gain=0.5)


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_rnn_cell_backward_is_no_difference(student: Student, large_cell: CellProblem) -> None:
    """The backward costs about two forwards."""
    _, cache = run(student, large_cell)
    assert_cheap(
        lambda: student.ask("rnn_cell_forward", large_cell.x, large_cell.h_prev, large_cell.params),
        lambda: student.ask("rnn_cell_backward", large_cell.grad_h, cache),
    )


# ---- column_cell_forward, column_cell_backward -----------------------------------------------------------------------


def assert_column_outputs(student: Student, problem: ColumnProblem, twin: ColumnProblem) -> None:
    """column_cell_forward is PyTorch's, or what the student's own row cell gives."""
    a_next, yt_pred = student.column_cell_forward(*problem.forward_arguments)
    assert_right_or_composed(
        {"a_next": a_next, "yt_pred": yt_pred},
        torch_rnn.column_outputs(problem),
        lambda: composed_column_outputs(student, problem, twin),
        lower="rnn_cell_forward",
    )


@pytest.mark.weight(8)
def test_column_cell_forward_agrees_with_torch(student: Student, draw: Draw) -> None:
    """The new state and the prediction are PyTorch's, transposed."""
    assert_column_outputs(student, draw(draw_columns), draw(draw_columns, "twin"))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_forward_of_one_column(student: Student, draw: Draw) -> None:
    """A single column works like any number of columns."""
    assert_column_outputs(student, draw(draw_columns, "single", n=1), draw(draw_columns, "twin", n=1))


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_forward_of_equal_sizes(student: Student, draw: Draw) -> None:
    """Sizes that happen to be equal change nothing."""
    square, twin = (
        draw(draw_columns, name, n=3, input_size=3, hidden_size=3, classes=3) for name in ("square", "twin")
    )
    assert_column_outputs(student, square, twin)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_column_cell_forward_can_be_called_again(student: Student, draw: Draw) -> None:
    """Two calls give the same, also with another call in between, and no argument is changed."""
    other = draw(draw_columns, "other", n=2, input_size=5, hidden_size=3, classes=4)
    between = lambda: student.column_cell_forward(*other.forward_arguments)
    arguments = draw(draw_columns).forward_arguments
    assert_repeatable(student, "column_cell_forward", *arguments, between=between, parts=("a_next", "yt_pred"))


def assert_column_gradients(
    student: Student, problem: ColumnProblem, twin: ColumnProblem, small: ColumnProblem
) -> None:
    """column_cell_backward is PyTorch's, what the own row cell gives, or that of the own wrong column_cell_forward."""
    grads = student.column_cell_backward(*problem.backward_arguments)
    expected = torch_rnn.column_gradients(problem)

    def forward_is_right() -> bool:
        try:
            return same(
                student.column_cell_forward(*problem.forward_arguments)[0], torch_rnn.column_outputs(problem)["a_next"]
            )
        except CallFailed:
            return True  # there is none to be wrong with

    assert_one_of(
        lambda: assert_right_or_composed(
            grads,
            expected,
            lambda: composed_column_gradients(student, problem, twin),
            lower="rnn_cell_forward or rnn_cell_backward",
        ),
        lambda: assert_backward(
            grads,
            expected,
            forward_is_right=forward_is_right(),
            own=lambda: own_column_gradients(student, small),
            answered=lambda: student.column_cell_backward(*small.backward_arguments),
            forward="column_cell_forward",
        ),
    )


@pytest.fixture
def small_columns(draw: Draw) -> ColumnProblem:
    """Where a forward is wrong: few enough entries for differences of it."""
    return draw(draw_columns, "small", n=2, input_size=1, hidden_size=3)


@pytest.mark.weight(8)
def test_column_cell_backward_agrees_with_autograd(student: Student, draw: Draw, small_columns: ColumnProblem) -> None:
    """All five gradients are PyTorch's, in the textbook's layout."""
    assert_column_gradients(student, draw(draw_columns), draw(draw_columns, "twin"), small_columns)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_backward_of_one_column(student: Student, draw: Draw, small_columns: ColumnProblem) -> None:
    """A single column works like any number of columns."""
    single, twin = (draw(draw_columns, name, n=1) for name in ("single", "twin"))
    assert_column_gradients(student, single, twin, small_columns)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_backward_of_equal_sizes(student: Student, draw: Draw, small_columns: ColumnProblem) -> None:
    """Sizes that happen to be equal change nothing."""
    square, twin = (draw(draw_columns, name, n=3, input_size=3, hidden_size=3) for name in ("square", "twin"))
    assert_column_gradients(student, square, twin, small_columns)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_column_cell_backward_of_zeros(student: Student, draw: Draw) -> None:
    """Where the gradient from above is zero, every gradient is zero."""
    problem = draw(draw_columns)
    da_next, *inputs = problem.backward_arguments
    grads = student.column_cell_backward(np.zeros_like(da_next), *inputs)
    names = ("dxt", "da_prev", "dWax", "dWaa", "dba")
    assert_gradients(grads, {name: np.zeros_like(value) for name, value in zip(names, inputs, strict=True)})


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_column_cell_backward_can_be_called_again(student: Student, draw: Draw) -> None:
    """Two calls give the same, also with another call in between: nothing is carried over from one sequence to the next."""
    other = draw(draw_columns, "other", n=2, input_size=5, hidden_size=3, classes=4)
    between = lambda: student.column_cell_backward(*other.backward_arguments)
    assert_repeatable(student, "column_cell_backward", *draw(draw_columns).backward_arguments, between=between)


@pytest.mark.weight(1)
@pytest.mark.behaviour
@pytest.mark.cost
def test_column_cell_backward_is_no_difference(student: Student, draw: Draw, large_cell: CellProblem) -> None:
    """The backward costs about two forwards."""
    problem = draw(draw_columns, "cost", n=2, input_size=64, hidden_size=96, gain=0.5)
    assert_cheap(
        lambda: student.ask("column_cell_forward", *problem.forward_arguments),
        lambda: student.ask("column_cell_backward", *problem.backward_arguments),
        lower=lambda: ask_cell_backward(student, large_cell),
    )


def ask_cell_backward(student: Student, problem: CellProblem) -> Answer:
    """One call of rnn_cell_backward."""
    return student.ask("rnn_cell_backward", problem.grad_h, run(student, problem)[1])


# ---- two_step_backward -----------------------------------------------------------------------------------------------


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


@pytest.fixture
def steps(draw: Draw) -> RNNProblem:
    """Two steps, N = 3, input_size = 2, hidden_size = 4, an injected gradient at both."""
    return draw(draw_rnn, steps=2)


@pytest.fixture
def small_steps(draw: Draw) -> RNNProblem:
    """Where a forward is wrong: few enough entries for differences of it."""
    return draw(draw_rnn, "small", steps=2, n=2, input_size=1, hidden_size=3)


@pytest.mark.weight(8)
def test_two_step_backward_agrees_with_autograd(
    student: Student, draw: Draw, steps: RNNProblem, small_steps: RNNProblem
) -> None:
    """All seven gradients are PyTorch's, with an injected gradient at both steps."""
    assert_two_steps(student, steps, draw(draw_rnn, "twin", steps=2), small_steps)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_two_step_backward_of_one_sample(student: Student, draw: Draw, small_steps: RNNProblem) -> None:
    """A batch of a single sample works like any other."""
    single, twin = (draw(draw_rnn, name, steps=2, n=1) for name in ("single", "twin"))
    assert_two_steps(student, single, twin, small_steps)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_two_step_backward_of_equal_sizes(student: Student, draw: Draw, small_steps: RNNProblem) -> None:
    """Sizes that happen to be equal change nothing."""
    square, twin = (draw(draw_rnn, name, steps=2, n=2, input_size=2, hidden_size=2) for name in ("square", "twin"))
    assert_two_steps(student, square, twin, small_steps)


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


# ---- readout_forward, readout_backward -------------------------------------------------------------------------------


@pytest.fixture
def readout(draw: Draw) -> ReadoutProblem:
    """T = 5, N = 3, hidden_size = 4, classes = 6: the problem that decides points."""
    return draw(draw_readout_problem)


@pytest.fixture
def rows(draw: Draw) -> ReadoutProblem:
    """One leading axis."""
    return draw(draw_readout_problem, "rows", leading=(2,), hidden_size=3, classes=4)


@pytest.fixture
def three_axes(draw: Draw) -> ReadoutProblem:
    """Three leading axes."""
    return draw(draw_readout_problem, "three axes", leading=(2, 3, 1), hidden_size=2, classes=3)


def assert_logits(student: Student, problem: ReadoutProblem) -> None:
    """readout_forward is PyTorch's."""
    assert_same(
        student.readout_forward(problem.outputs, problem.params)[0], torch_rnn.readout_logits(problem), "logits"
    )


@pytest.mark.weight(8)
def test_readout_forward_agrees_with_torch(student: Student, readout: ReadoutProblem) -> None:
    """The logits of all steps and samples are those of torch.nn.Linear."""
    assert_logits(student, readout)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_readout_forward_of_one_leading_axis(student: Student, rows: ReadoutProblem) -> None:
    """One leading axis works like two."""
    assert_logits(student, rows)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_readout_forward_of_three_leading_axes(student: Student, three_axes: ReadoutProblem) -> None:
    """More leading axes work like two."""
    assert_logits(student, three_axes)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_readout_forward_can_be_called_again(student: Student, readout: ReadoutProblem, rows: ReadoutProblem) -> None:
    """Two calls give the same, also with another call in between, and no argument is changed."""
    between = lambda: student.readout_forward(rows.outputs, rows.params)
    assert_repeatable(
        student, "readout_forward", readout.outputs, readout.params, between=between, parts=("logits", "cache")
    )


def assert_readout_gradients(student: Student, problem: ReadoutProblem, small: ReadoutProblem) -> None:
    """readout_backward is PyTorch's, or that of the student's own wrong readout on the small problem."""
    logits, cache = student.readout_forward(problem.outputs, problem.params)

    def answered() -> dict[str, np.ndarray]:
        _, small_cache = student.readout_forward(small.outputs, small.params)
        return student.readout_backward(small.grad_logits, small_cache)  # type: ignore[no-any-return]

    assert_backward(
        student.readout_backward(problem.grad_logits, cache),
        torch_rnn.readout_gradients(problem),
        forward_is_right=same(logits, torch_rnn.readout_logits(problem)),
        own=lambda: own_readout_gradients(student, small),
        answered=answered,
        forward="readout_forward",
        rtol=coarse(logits),
    )


@pytest.mark.weight(8)
def test_readout_backward_agrees_with_autograd(student: Student, draw: Draw, readout: ReadoutProblem) -> None:
    """The gradients of the states and of both parameters are PyTorch's, summed over steps and samples."""
    small = draw(draw_readout_problem, "small", leading=(3, 2), hidden_size=2, classes=3)
    assert_readout_gradients(student, readout, small)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_readout_backward_of_one_leading_axis(student: Student, rows: ReadoutProblem) -> None:
    """One leading axis works like two."""
    assert_readout_gradients(student, rows, rows)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_readout_backward_of_three_leading_axes(student: Student, three_axes: ReadoutProblem) -> None:
    """More leading axes work like two."""
    assert_readout_gradients(student, three_axes, three_axes)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_readout_backward_of_strided_arrays(student: Student, readout: ReadoutProblem) -> None:
    """States and gradients that are not contiguous in memory work like any other."""
    _, cache = student.readout_forward(readout.outputs, readout.params)
    plain = student.readout_backward(readout.grad_logits, cache)
    _, cache = student.readout_forward(Strided(readout.outputs), readout.params)
    assert_gradients(student.readout_backward(Strided(readout.grad_logits), cache), plain)


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_readout_backward_of_zeros(student: Student, readout: ReadoutProblem) -> None:
    """Where the gradient from above is zero, every gradient is zero."""
    _, cache = student.readout_forward(readout.outputs, readout.params)
    grads = student.readout_backward(np.zeros_like(readout.grad_logits), cache)
    inputs = {"outputs": readout.outputs, **readout.params}
    assert_gradients(grads, {name: np.zeros_like(value) for name, value in inputs.items()})


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_readout_backward_can_be_called_again(student: Student, readout: ReadoutProblem, rows: ReadoutProblem) -> None:
    """The same cache gives the same gradients again, also after another forward, and no argument is changed."""
    _, cache = student.readout_forward(readout.outputs, readout.params)
    between = lambda: student.readout_forward(rows.outputs, rows.params)
    assert_repeatable(student, "readout_backward", readout.grad_logits, cache, between=between)


# ---- sequence_loss ---------------------------------------------------------------------------------------------------


@pytest.fixture
def logits(draw: Draw) -> LogitsProblem:
    """T = 5, N = 3, classes = 4: the problem that decides points."""
    return draw(draw_logits)


@pytest.mark.weight(4)
def test_sequence_loss_agrees_with_torch(student: Student, logits: LogitsProblem) -> None:
    """The loss is the mean of F.cross_entropy over all steps and samples."""
    loss, _ = student.sequence_loss(logits.logits, logits.target)
    assert_same(loss, torch_rnn.loss_of_logits(logits), "loss")


@pytest.mark.weight(8)
def test_sequence_loss_gradient_agrees_with_autograd(student: Student, draw: Draw, logits: LogitsProblem) -> None:
    """The gradient of the loss is PyTorch's."""
    small = draw(draw_logits, "small", steps=3, n=2, classes=4)
    loss, grad_logits = student.sequence_loss(logits.logits, logits.target)
    assert_backward(
        {"grad_logits": grad_logits},
        {"grad_logits": torch_rnn.gradient_of_logits(logits)},
        forward_is_right=same(loss, torch_rnn.loss_of_logits(logits)),
        own=lambda: own_logits_gradient(student, small),
        answered=lambda: {"grad_logits": student.sequence_loss(small.logits, small.target)[1]},
        forward="loss",
    )


@pytest.mark.weight(4)
@pytest.mark.behaviour
def test_sequence_loss_of_huge_logits(student: Student, draw: Draw) -> None:
    """Logits that are huge, or very negative, give PyTorch's numbers, and nothing overflows."""
    huge = draw(draw_huge_logits)
    answer = student.ask("sequence_loss", huge.logits, huge.target)
    loss, grad_logits = answer.value
    expected = {"loss": torch_rnn.loss_of_logits(huge), "grad_logits": torch_rnn.gradient_of_logits(huge)}
    assert_arrays({"loss": loss, "grad_logits": grad_logits}, expected)
    if answer.overflow:
        fail(
            "The numbers are right, but NumPy warned of an overflow. Subtract the largest logit of each row before exp."
        )


@pytest.mark.weight(1)
@pytest.mark.behaviour
def test_sequence_loss_of_one_step_and_sample(student: Student, draw: Draw) -> None:
    """One step of one sample works like any other sequence."""
    single = draw(draw_logits, "single", steps=1, n=1)
    loss, grad_logits = student.sequence_loss(single.logits, single.target)
    expected = {"loss": torch_rnn.loss_of_logits(single), "grad_logits": torch_rnn.gradient_of_logits(single)}
    assert_arrays({"loss": loss, "grad_logits": grad_logits}, expected)


@pytest.mark.weight(2)
@pytest.mark.behaviour
def test_sequence_loss_can_be_called_again(student: Student, draw: Draw, logits: LogitsProblem) -> None:
    """Two calls give the same, also with another call in between, and no argument is changed."""
    other = draw(draw_logits, "other", steps=3, n=2, classes=5)
    between = lambda: student.sequence_loss(other.logits, other.target)
    assert_repeatable(
        student, "sequence_loss", logits.logits, logits.target, between=between, parts=("loss", "grad_logits")
    )
