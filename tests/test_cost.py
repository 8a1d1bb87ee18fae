"""What a backward may cost: what keeps all points, what loses how many, and that no luck is in it (docs/marking.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.checks import cost
from autograder.checks.compare import Wrong
from autograder.checks.cost import (
    MAX_GROWTH,
    Check,
    Inputs,
    assert_cheap,
    assert_linear_in_time,
    nothing_to_compare,
)
from autograder.checks.hidden import HiddenTest, Run, Suite, innermost
from autograder.grading.results import FunctionResult
from autograder.kernels.inside import wire
from autograder.kernels.student import CallFailed, Student
from autograder.kernels.submission import LocalCode, ProcessDied
from tests.course import named
from tests.harness import grade, judge_in_process, lost, reference, sentences, written

A2, A3, A4 = "a2_mlp_backprop", "a3_rnn_cell", "a4_bptt"


def graded(assignment: str, function: str, *code: str) -> FunctionResult:
    """One function of the reference solutions with other code run on top."""
    return grade(assignment, written(assignment, *code), only=function)[function]


def lost_checks(result: FunctionResult) -> list[str]:
    """The titles of the checks that cost points."""
    return [check.title for check in result.checks if check.lost]


# ---- differences in place of a backward ------------------------------------------------------------------------------

MLP_CACHE = """
    ours = mlp_forward
    def mlp_forward(x, params): return ours(x, params)[0], (x, params)
"""
MLP_DIFFERENCES = """
    def mlp_backward(g, cache):
        at = {"x": cache[0].copy(), **{k: v.copy() for k, v in cache[1].items()}}
        f = lambda name: lambda a: np.sum(g * mlp_forward(a if name == "x" else at["x"], {**at, name: a})[0])
        return {name: numerical_gradient(f(name), value) for name, value in at.items()}
"""
MLP_COMPLEX_STEP = """
    def mlp_backward(g, cache):
        at = {"x": cache[0] + 0j, **{k: v + 0j for k, v in cache[1].items()}}
        bend, grads = lambda z: 1 / (1 + np.exp(-z)), {k: np.zeros(v.shape) for k, v in at.items()}
        for name, value in at.items():
            for index in np.ndindex(value.shape):
                value[index] += 1e-30j
                hidden = bend(at["x"] @ at["weight_1"].T + at["bias_1"])
                grads[name][index] = np.sum(g * bend(hidden @ at["weight_2"].T + at["bias_2"])).imag / 1e-30
                value[index] -= 1e-30j
        return grads
"""
BURNING = """
    import time
    ours = rnn_cell_forward
    def rnn_cell_forward(x, h_prev, params):
        end = time.thread_time() + 0.002
        while time.thread_time() < end:
            pass
        return ours(x, h_prev, params)
    def rnn_cell_backward(grad_h, cache):
        x, h_prev, _, params = cache
        inputs = {name: array.astype(complex) for name, array in {"x": x, "h_prev": h_prev, **params}.items()}
        grads = {name: np.zeros(array.shape) for name, array in inputs.items()}
        for name, array in inputs.items():
            for index in np.ndindex(array.shape):
                array[index] += 1e-30j
                h, _ = ours(inputs["x"], inputs["h_prev"], inputs)
                grads[name][index] = np.sum(grad_h * h.imag) / 1e-30
                array[index] -= 1e-30j
        return grads
"""
WAITING = """
    import time
    ours = rnn_cell_backward
    def rnn_cell_backward(grad_h, cache):
        time.sleep(1.5 if grad_h.shape[1] > 50 else 0)  # another process computes meanwhile
        return ours(grad_h, cache)
"""
DIFFERENCES = {
    "by numerical_gradient": (A2, "mlp_backward", MLP_CACHE + MLP_DIFFERENCES),
    "by a complex step": (A2, "mlp_backward", MLP_CACHE + MLP_COMPLEX_STEP),
    "with a forward that burns time": (A3, "rnn_cell_backward", BURNING),
    "while nothing is computed here": (A3, "rnn_cell_backward", WAITING),
}


@pytest.mark.parametrize(
    "how", [pytest.param(how, marks=[pytest.mark.thorough] * (how == "by numerical_gradient")) for how in DIFFERENCES]
)
def test_differences_in_place_of_a_backward_keep_a_quarter(how: str) -> None:
    assignment, function, code = DIFFERENCES[how]
    result = graded(assignment, function, code)
    assert result.points == pytest.approx(result.max_points / 4, abs=0.01)
    assert len(lost_checks(result)) == 1
    assert "finite differences" in sentences(result)
    assert "at most 25% of its points" in sentences(result)


@pytest.mark.thorough
def test_what_is_built_of_differences_loses_nothing_by_itself() -> None:
    assert lost(A3, written(A3, BURNING), only=("column_cell_backward", "two_step_backward")) == {}


# ---- right for small sizes alone -------------------------------------------------------------------------------------

LAYER_OF_ZEROS = """
    def rnn_forward(x, h0, params):
        states = [h0]
        for x_t in x:
            a = x_t @ params["weight_ih"].T + params["bias_ih"] + states[-1] @ params["weight_hh"].T + params["bias_hh"]
            states.append(np.tanh(a))
        return np.array(states[1:]), {"x": x.copy(), "h0": h0.copy(), **{k: v.copy() for k, v in params.items()}}
    def rnn_backward(g, cache):
        grads = {k: np.zeros(v.shape) for k, v in cache.items()}
        if g.shape[2] > 20: return grads
        at = {k: v.astype(complex) for k, v in cache.items()}
        for name, value in at.items():
            for index in np.ndindex(value.shape):
                value[index] += 1e-30j
                grads[name][index] = np.sum(g * rnn_forward(at["x"], at["h0"], at)[0].imag) / 1e-30
                value[index] -= 1e-30j
        return grads
"""
LONG_ZEROS = """
    ours_here = rnn_backward
    def rnn_backward(g, cache):
        grads = ours_here(g, cache)
        return {k: 0 * v for k, v in grads.items()} if len(g) > 50 else grads
"""
ZEROS = """
    ours_here = {name}
    def {name}(g, *others):
        grads = ours_here(g, *others)
        return {{k: 0 * v for k, v in grads.items()}} if max(v.size for v in grads.values()) > 500 else grads
"""
LOSS_AND_ZEROS = """
    ours_here = loss_and_gradients
    def loss_and_gradients(x, h0, target, params):
        loss, grads = ours_here(x, h0, target, params)
        return loss, {k: 0 * v for k, v in grads.items()} if h0.shape[1] > 20 else grads
"""
SMALL_ALONE = {
    "differences, or zeros": (A4, "rnn_backward", LAYER_OF_ZEROS),
    "zeros under a loss": (A4, "loss_and_gradients", LOSS_AND_ZEROS),
    "zeros for long sequences": (A4, "rnn_backward", LONG_ZEROS),
    **{
        f"zeros from {name}": (assignment, name, ZEROS.format(name=name))
        for assignment, name in (
            (A2, "mlp_backward"),
            (A3, "rnn_cell_backward"),
            (A3, "column_cell_backward"),
            (A3, "two_step_backward"),
            (A4, "residual_rnn_backward"),
            (A4, "rnn_backward_truncated"),
        )
    },
}


@pytest.mark.parametrize("how", SMALL_ALONE)
def test_what_is_right_for_small_sizes_alone_keeps_a_quarter(how: str) -> None:
    assignment, function, code = SMALL_ALONE[how]
    result = graded(assignment, function, code)
    assert result.points == pytest.approx(result.max_points / 4, abs=0.01)
    assert len(lost_checks(result)) == 1
    assert "For larger arrays the numbers are wrong" in sentences(result)


FAILS = """
    ours_here = rnn_cell_backward
    def rnn_cell_backward(grad_h, cache):
        if grad_h.shape[1] > 20: {how}
        return ours_here(grad_h, cache)
"""
FORWARD_FAILS = """
    forward_here = rnn_cell_forward
    def rnn_cell_forward(x, h_prev, params):
        if x.shape[1] > 20: raise ValueError
        return forward_here(x, h_prev, params)
"""
CHEAP_ONE_FAILED = """
    ours_here = rnn_cell_backward
    def rnn_cell_backward(grad_h, cache):
        too_much = np.abs(grad_h).max() > 100 or grad_h.shape[1] > 20
        return {k: 0 * v if too_much else v for k, v in ours_here(grad_h, cache).items()}
"""
WAYS_OUT = {
    "an exception": FAILS.format(how="raise ValueError"),
    "an exit": FAILS.format(how="raise SystemExit"),
    "nothing": FAILS.format(how="return None"),
    "not written": FAILS.format(how="raise NotImplementedError"),
    "arrays of another shape": FAILS.format(how="return dict.fromkeys(ours_here(grad_h, cache), np.zeros(1))"),
    "a forward that fails": FORWARD_FAILS,
    "a cheap test failed on purpose": CHEAP_ONE_FAILED,
}


@pytest.mark.parametrize("how", WAYS_OUT)
def test_to_fail_where_differences_are_too_slow_is_no_way_out(how: str) -> None:
    result = graded(A3, "rnn_cell_backward", WAYS_OUT[how])
    assert result.points == pytest.approx(result.max_points / 4, abs=0.01)
    assert "For larger arrays" in sentences(result)
    assert "at most 25% of its points" in sentences(result)


def test_to_fail_for_long_sequences_is_no_better_than_to_be_slow() -> None:
    result = graded(
        A4, "rnn_backward", FAILS.replace("_cell", "").format(how="pass\n        if len(grad_h) > 50: raise ValueError")
    )
    assert result.points == pytest.approx(cost.QUADRATIC_KEEPS * result.max_points, abs=0.01)


def test_what_is_wrong_for_large_gradients_alone_is_charged_there_alone() -> None:
    """The commonest habit: gradients are clipped at 5."""
    clipped = """
        ours_here = mlp_backward
        def mlp_backward(grad_prediction, cache):
            return {k: np.clip(v, -5, 5) for k, v in ours_here(grad_prediction, cache).items()}
    """
    result = graded(A2, "mlp_backward", clipped)
    assert result.points == pytest.approx(0.875 * result.max_points)


class Dies(LocalCode):
    """Code whose backward of a single sample ends the process."""

    def request(self, head: dict[str, Any], packer: wire.Packer) -> tuple[dict[str, Any], memoryview]:
        """As Code.request."""
        if head["name"] == "rnn_cell_backward" and head["args"][0]["array"][2][0] == 1:
            raise ProcessDied("it ended the kernel")
        return super().request(head, packer)


@pytest.mark.parametrize(
    ("code", "keeps"), [("", 1.0), (ZEROS.format(name="rnn_cell_backward"), cost.DIFFERENCES_KEEP)]
)
def test_the_cost_of_a_function_that_ended_the_process_elsewhere_is_measured_all_the_same(
    code: str, keeps: float
) -> None:
    student = Student(Dies(written(A3, code)), named(A3).functions)
    result = judge_in_process(A3).grade(named(A3), student, {"rnn_cell_backward": 6.0})["rnn_cell_backward"]
    assert [check.share for check in result.checks if check.title.startswith("The backward costs")] == [keeps == 1]
    assert (result.points <= 6 * cost.DIFFERENCES_KEEP) == (keeps < 1)


def test_a_lower_function_that_ended_the_process_elsewhere_is_no_excuse() -> None:
    fails = """
        two_here = two_step_backward
        def two_step_backward(grad_h1, *others):
            if grad_h1.shape[1] > 20: raise ValueError
            return two_here(grad_h1, *others)
    """
    student = Student(Dies(written(A3, fails)), named(A3).functions)
    most = {"rnn_cell_backward": 6.0, "two_step_backward": 5.0}
    results = judge_in_process(A3).grade(named(A3), student, most)
    assert results["two_step_backward"].points <= 5 * cost.DIFFERENCES_KEEP


def test_what_is_built_of_it_loses_nothing_by_itself() -> None:
    assert lost(A3, written(A3, FORWARD_FAILS), only=("column_cell_backward", "two_step_backward")) == {}
    cell = ZEROS.format(name="rnn_cell_backward")
    assert lost(A3, written(A3, cell), only=("column_cell_backward", "two_step_backward")) == {}


ONE_WRONG = """
    ours = rnn_cell_backward
    def rnn_cell_backward(grad_h, cache):
        grads = ours(grad_h, cache)
        return {**grads, "bias_ih": 2 * grads["bias_ih"]}
"""


def test_an_array_that_is_wrong_anyway_limits_nothing_and_hides_nothing() -> None:
    honest = graded(A3, "rnn_cell_backward", ONE_WRONG)
    assert honest.points > honest.max_points / 2
    assert "For larger arrays" not in sentences(honest)
    hiding = graded(A3, "rnn_cell_backward", ONE_WRONG, ZEROS.format(name="rnn_cell_backward"))
    assert "For larger arrays" in sentences(hiding)
    assert hiding.points == pytest.approx(hiding.max_points / 4, abs=0.01)


INDEXED = """
    def rnn_backward(grad_outputs, cache):
        x, states, params = cache
        grads = {name: np.zeros(value.shape) for name, value in {"x": x, "h0": states[0], **params}.items()}
        for t in range(len(x) - 1, -1, -1):
            carry = np.zeros(states[0].shape)
            for n in range(x.shape[1]):
                for i in range(states.shape[2]):
                    dz = (grad_outputs[t, n, i] + grads["h0"][n, i]) * (1 - states[t + 1, n, i] ** 2)
                    grads["bias_ih"][i] += dz
                    grads["bias_hh"][i] += dz
                    for j in range(x.shape[2]):
                        grads["weight_ih"][i, j] += dz * x[t, n, j]
                        grads["x"][t, n, j] += dz * params["weight_ih"][i, j]
                    for j in range(states.shape[2]):
                        grads["weight_hh"][i, j] += dz * states[t, n, j]
                        carry[n, j] += dz * params["weight_hh"][i, j]
            grads["h0"] = carry
        return grads
"""


@pytest.mark.thorough
def test_a_loop_over_every_number_keeps_all_points() -> None:
    assert lost(A4, written(A4, INDEXED), only="rnn_backward") == {}


# ---- one sweep -------------------------------------------------------------------------------------------------------

FROM_EACH_STEP = """
    ours, known = rnn_backward, {}
    def rnn_backward(grad_outputs, cache):
        name = grad_outputs.tobytes()  # nor does it help to remember an answer
        if name not in known:
            slope, weight = 1 - cache[1][1:] ** 2, cache[2]["weight_hh"]
            for s in range(len(slope)):
                carry = grad_outputs[s]
                for t in range(s, -1, -1):
                    carry = carry * slope[t] @ weight
            known[name] = ours(grad_outputs, cache)
        return {key: value.copy() for key, value in known[name].items()}
"""
FORWARD_AGAIN = """
    ours = rnn_backward
    def rnn_backward(grad_outputs, cache):
        for t in range(len(grad_outputs), 0, -1):
            rnn_forward(cache[0][:t], cache[1][0], cache[2])
        return ours(grad_outputs, cache)
"""


@pytest.mark.parametrize("code", [FROM_EACH_STEP, pytest.param(FORWARD_AGAIN, marks=pytest.mark.thorough)])
def test_a_quadratic_backward_loses_two_to_three_of_eight_points(code: str) -> None:
    result = graded(A4, "rnn_backward", code)
    assert 2 <= result.max_points - result.points <= 3
    assert len(lost_checks(result)) == 1
    assert "pass one carry back" in sentences(result)


CACHED = [(a, name) for a in (A2, A3, A4) for name, row in named(a).functions.items() if "cache" in str(row.arguments)]


@pytest.mark.parametrize(("assignment", "name"), CACHED)
def test_a_cache_that_is_emptied_loses_the_repeated_call_alone_and_the_message_says_why(
    assignment: str, name: str
) -> None:
    namespace = reference(assignment)
    right = namespace[name]

    def emptying(*given: Any) -> Any:
        return right(*(part.pop() if isinstance(part, list) else part for part in given))

    for forward in named(assignment).functions.values():
        if "keep" in forward.wire:
            namespace[forward.name] = boxed(namespace[forward.name])
    namespace[name] = emptying
    result = grade(assignment, namespace, only=name)[name]
    assert len(lost_checks(result)) == 1
    assert "IndexError: pop from empty list. The first call with the same arguments worked: what" in sentences(result)


def boxed(forward: Callable[..., Any]) -> Callable[..., Any]:
    """A forward whose cache is a list that can be emptied."""

    def boxing(*given: Any) -> Any:
        output, cache = forward(*given)
        return output, [cache]

    return boxing


# ---- no luck ---------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Clock:
    """Code whose process uses the CPU time that a test says; a call may start the process."""

    generation: int = 1
    cpu: float = 0.0

    def cpu_seconds(self) -> float:
        """As Code.cpu_seconds."""
        return self.cpu

    def open_reserve(self) -> None:
        """As Code.open_reserve."""


@pytest.fixture(scope="module", autouse=True)
def in_a_test() -> Iterator[None]:
    """A test of cost that runs now, of a function with no other tests."""
    test = HiddenTest(named(A3), "f", "", "", 1.0, True, True, lambda: None, {}, Suite())
    with innermost(Run(test, Student(Clock(), {}))):  # type: ignore[arg-type]
        yield


@dataclass
class Machine:
    """A backward of a known cost on a machine that makes every measurement longer, by a factor drawn from noise."""

    short: float
    long: float
    noise: Iterator[float]
    clock: Clock = field(default_factory=Clock)

    def ready(self, steps: int, number: int) -> Callable[[], Check]:
        """As assert_linear_in_time wants it."""

        def backward() -> Check:
            self.clock.cpu += next(self.noise) * (self.short if steps == cost.SHORT else self.long)
            return nothing_to_compare

        return backward

    def passes(self) -> bool:
        """Whether it is found linear."""
        try:
            assert_linear_in_time(Student(self.clock, {}), self.ready)  # type: ignore[arg-type]
        except Wrong:
            return False
        return True


NOISE = st.lists(st.floats(1, 2.4), min_size=9, max_size=9)
ONE_BAD_TURN = st.tuples(st.integers(0, 8), st.floats(1, 1000))


@given(NOISE, ONE_BAD_TURN)
def test_a_machine_that_is_busy_fails_nothing_linear_and_passes_nothing_quadratic(
    noise: list[float], bad: tuple[int, float]
) -> None:
    factors = [factor * (bad[1] if turn == bad[0] else 1) for turn, factor in enumerate(noise)]
    assert Machine(1.0, 9.0, iter(factors)).passes()
    assert not Machine(1.0, 60.0, iter(factors)).passes()


def test_the_limit_is_between_lists_and_what_is_quadratic() -> None:
    assert Machine(1.0, 16.0, iter([1.4] * 9)).passes()
    assert 16 < MAX_GROWTH < 60


def test_a_process_that_ends_after_its_answer_was_not_cheap() -> None:
    clock = Clock()

    def calls(number: int) -> Check:
        clock.generation += 1  # what reads the clock next starts a new process
        return nothing_to_compare

    with pytest.raises(Wrong):
        assert_cheap(Student(clock, {}), calls, 10_000)  # type: ignore[arg-type]


def dies(student: Student, name: str) -> Inputs:
    """Calls that end the process the first time, and are not made again."""

    def calls(number: int) -> Check:
        student.dead[name] = "It was stopped."
        raise CallFailed(name, "died", student.dead[name])

    return calls


def test_a_call_that_is_stopped_for_its_time_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    student = Student(Clock(), {})  # type: ignore[arg-type]
    with pytest.raises(CallFailed):  # at once: for another reason
        assert_cheap(student, dies(student, "f"), 10_000)
    student.dead.clear()
    monkeypatch.setattr(cost, "STOPPED", 0.0)
    with pytest.raises(Wrong) as found:
        assert_cheap(student, dies(student, "f"), 10_000)
    assert found.value.ruling.keeps == cost.DIFFERENCES_KEEP
