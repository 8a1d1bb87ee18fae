"""A name is given for what a function itself does wrong: never for what an earlier mistake caused, never for a mixture."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from autograder.assignments.a2_mlp_backprop.mistakes.shared import mlp
from autograder.assignments.a4_bptt.mistakes.backward import bptt
from autograder.authoring.audit.mutants import mutants
from autograder.authoring.audit.validity import grade, judge_of
from autograder.authoring.mistake_reports import mistake_key, mistake_reports
from autograder.checks.compare import Verdict, compare
from autograder.grading.judge import Judge
from autograder.grading.results import FunctionResult
from autograder.kernels.contract import Function, array
from autograder.naming.bank import bank, find, mistakes_of
from autograder.naming.pairs import pairs_of
from autograder.naming.patterns import describe, sizes_of
from autograder.naming.replay import below, reference, wrong
from tests.course import NAMES, named
from tests.harness import replaced, written

ASSIGNMENTS = NAMES
SMALL_FIRST = [*NAMES[:-1], pytest.param(NAMES[-1], marks=pytest.mark.thorough)]  # the last takes as long as all others
Namespace = dict[str, Any]


def names(assignment: str, namespace: Mapping[str, Any], *functions: str, seed: str = "naming") -> dict[str, list[str]]:
    """The names that each of these functions gets."""
    found = grade(judges(assignment, seed), named(assignment), namespace, *functions)
    return {name: [m.id for m in result.mistakes] for name, result in found.items()}


@cache
def judges(assignment: str, seed: str) -> Judge:
    """One judge an assignment and seed for this whole file."""
    return judge_of(named(assignment), seed)


def over(assignment: str, *parts: Mapping[str, Any]) -> Namespace:
    """The reference solutions, these put over them, so that the others call them."""
    namespace = named(assignment).namespace()
    for part in parts:
        namespace.update(part)
    return namespace


# ---- what an earlier mistake caused ----------------------------------------------------------------------------------

WRONG_FORWARDS = [
    (
        "a2_mlp_backprop",
        "mlp_forward",
        'params["weight_1"].T + params["bias_1"]',
        'params["weight_1"].T',
        "mlp_backward",
    ),
    ("a3_rnn_cell", "rnn_cell_forward", "np.tanh(z)", "np.tanh(z / 2)", "rnn_cell_backward"),
    ("a3_rnn_cell", "rnn_cell_forward", ' + params["bias_ih"]', "", "rnn_cell_backward"),
    ("a4_bptt", "rnn_forward", "states = [h0]", "states = [0 * h0]", "rnn_backward"),
    ("a4_bptt", "rnn_forward", "states = [h0]", "x = x[::-1]\n    states = [h0]", "rnn_backward"),
]


@pytest.mark.parametrize(("assignment", "forward", "old", "new", "backward"), WRONG_FORWARDS)
def test_a_right_backward_under_a_wrong_forward_has_no_name(
    assignment: str, forward: str, old: str, new: str, backward: str
) -> None:
    namespace = replaced(assignment, forward, old, new)
    result = grade(judges(assignment, "naming"), named(assignment), namespace, backward)[backward]
    assert not result.mistakes


def test_a_forward_that_forgets_h0_is_named_and_its_backward_is_not() -> None:
    namespace = replaced("a4_bptt", "rnn_forward", "states = [h0]", "states = [0 * h0]")
    found = names("a4_bptt", namespace, "rnn_forward", "rnn_backward", "credit_matrix", "state_gradient_norms")
    assert found == {
        "rnn_forward": ["h0_not_used"],
        "rnn_backward": [],
        "credit_matrix": [],
        "state_gradient_norms": [],
    }


@pytest.mark.sampled(3)
@pytest.mark.parametrize("assignment", SMALL_FIRST)
def test_no_lower_mistake_names_a_right_function_above(assignment: str) -> None:
    """Each of the bank's mistakes below right functions; and a few machine-made ones, which keep the usual caches."""
    for mistake in bank(named(assignment)):
        above = [name for name in named(assignment).functions if mistake.function in below(named(assignment), name)]
        above = [name for name in above if name not in wrong(named(assignment), mistake)]
        found = names(assignment, over(assignment, wrong(named(assignment), mistake)), *above)
        assert not any(found.values()), f"{mistake.id} below: {found}"


def check_mutants(assignment: str, every: int) -> None:
    """No function is named for a mutant below it, and a mutant that is named is so on another seed too."""
    for number, mutant in enumerate(mutants(named(assignment))):
        if number % every:
            continue
        namespace = named(assignment).namespace()
        exec(compile(mutant.code, "<mutant>", "exec"), namespace)
        above = [name for name in named(assignment).functions if mutant.function in below(named(assignment), name)]
        found = names(assignment, namespace, mutant.function, *above)
        assert not any(found[name] for name in above), f"{mutant.name}: {found}"
        if found[mutant.function]:
            again = names(assignment, namespace, mutant.function, seed="another")
            assert set(found[mutant.function]) & set(again[mutant.function]), f"{mutant.name}: {found}, {again}"


@pytest.mark.sampled(3)
@pytest.mark.parametrize("assignment", SMALL_FIRST)
def test_machine_made_mistakes_are_never_named_falsely(assignment: str) -> None:
    check_mutants(assignment, every=9)


@pytest.mark.thorough
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_machine_made_mistake_at_all_is_named_falsely(assignment: str) -> None:
    check_mutants(assignment, every=1)


# ---- a mistake upon a mistake ----------------------------------------------------------------------------------------

GROUNDS = {
    "gradient_descent": ("a1_linear_fit", ["gradients_of_sum", "two_forgotten", "x_forgotten", "db_zero"]),
    "train_mlp": ("a2_mlp_backprop", ["bias_by_mean", "hidden_slope_missing", "doubled"]),
    "two_step_backward": ("a3_rnn_cell", ["slope_missing", "cell_bias_mean", "h_prev_not_transposed"]),
    "loss_and_gradients": ("a4_bptt", ["carry_dropped", "tanh_missing", "bias_total"]),
    "train_adder": ("a4_bptt", ["carry_dropped", "tanh_missing"]),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("function", GROUNDS)
def test_upon_wrong_lower_functions_a_name_is_the_right_one_or_none(function: str) -> None:
    assignment, lower_ids = GROUNDS[function]
    assert named(assignment).functions[function].composed
    told = tried = 0
    for lower in lower_ids:
        ground = over(assignment, wrong(named(assignment), find(named(assignment), lower)))
        for mistake in mistakes_of(named(assignment), function):
            found = names(assignment, {**ground, **mistake.make(ground)}, function)[function]
            assert found in ([], [mistake.id]), f"{mistake.id} upon {lower}: {found}"
            tried += 1
            told += bool(found)
    assert told > 0.6 * tried, f"{told} of {tried} named"


def test_a_wrong_sign_below_is_not_called_a_walk_upwards() -> None:
    """gradient_descent with its losses after the step, over slopes of the wrong sign: w and b are as if it walked up."""
    lower = wrong(named("a1_linear_fit"), find(named("a1_linear_fit"), "target_minus_prediction"))
    ground = over("a1_linear_fit", lower)
    upper = find(named("a1_linear_fit"), "losses_after").make(ground)
    found = names("a1_linear_fit", {**ground, **upper}, "gradient_descent", "mse_gradients")
    assert found["mse_gradients"] == ["target_minus_prediction"]
    assert found["gradient_descent"] in ([], ["losses_after"])


def test_a_wrong_loss_with_its_own_gradient_names_the_loss_alone() -> None:
    """Both add up where the mean is asked for: the gradient is right for its loss, for half of the points."""
    summed = [
        wrong(named("a2_mlp_backprop"), find(named("a2_mlp_backprop"), id)) for id in ("ce_summed", "ce_not_divided")
    ]
    found = names("a2_mlp_backprop", over("a2_mlp_backprop", *summed), "cross_entropy", "cross_entropy_backward")
    assert found == {"cross_entropy": ["ce_summed"], "cross_entropy_backward": []}


def test_a_stub_below_hides_no_name() -> None:
    """gradient_descent that does all itself is named, though mse_gradients is not written."""
    code = """
    def mse_gradients(x, target, w, b):
        raise NotImplementedError()

    def gradient_descent(x, target, w, b, lr, steps):
        losses = []
        for _ in range(steps):
            error = w * x + b - target
            losses.append(np.mean(error ** 2))
            w, b = w + lr * 2 * np.mean(error * x), b + lr * 2 * np.mean(error)
        return w, b, losses
    """
    found = names("a1_linear_fit", written("a1_linear_fit", code), "gradient_descent", "mse_gradients")
    assert found == {"gradient_descent": ["walks_up"], "mse_gradients": []}


# ---- two at once -----------------------------------------------------------------------------------------------------


def merged(first: Mapping[str, Any], second: Mapping[str, Any], right: Mapping[str, Any], backward: str) -> Namespace:
    """A backward with two mistakes: the arrays that the first gets wrong from it, all others from the second."""

    def both(grad: np.ndarray, cache: Any) -> dict[str, Any]:
        a, b, truth = (part[backward](grad, cache) for part in (first, second, right))
        off = {
            name
            for name in truth
            if np.shape(a[name]) != np.shape(truth[name]) or not np.allclose(a[name], truth[name])
        }
        return {name: a[name] if name in off else b[name] for name in truth}

    return {**right, backward: both}


# Mistakes of one function that touch different arrays.
PAIRS = {
    "rnn_backward": ("a4_bptt", bptt, ["bias_total", "h0_zero", "state_after", "x_one_early", "x_before_tanh"]),
    "mlp_backward": ("a2_mlp_backprop", mlp, ["bias_by_mean", "x_zero", "weight_2_meets_net", "x_averaged_first"]),
}


@pytest.mark.parametrize("function", PAIRS)
def test_two_mistakes_at_once_are_named_together(function: str) -> None:
    assignment, right, ids = PAIRS[function]
    for one, other in combinations(ids, 2):
        pair = [find(named(assignment), id).make(reference(named(assignment))) for id in (one, other)]
        first, second = (names(assignment, over(assignment, part), function)[function] for part in pair)
        assert (first, second) == ([one], [other])
        both = merged(*pair, right({}), function)
        found = names(assignment, over(assignment, both), function)[function]
        assert [set(id.split("+")) for id in found] == [{one, other}]


def two_at_once(function: str, seed: int, count: int) -> None:
    """Of every two that compose some, drawn: each gets a name, and the same on another seed."""
    assignment = next(one for one in ASSIGNMENTS if function in named(one).functions)
    pairs = pairs_of(named(assignment), function)
    own = 0
    for pair in random.Random(seed).sample(pairs, min(count, len(pairs))):
        namespace = over(assignment, wrong(named(assignment), pair))
        found = names(assignment, namespace, function)[function]
        again = names(assignment, namespace, function, seed=f"pairs-{seed}")[function]
        empty = "missing" in pair.id  # None where an array should be
        assert set(found) & set(again) or empty, f"{pair.id}: {found}, {again}"
        own += pair.id in found
    assert own >= 0.8 * min(count, len(pairs)), "most of two differ from each other and from each alone"


def test_two_at_once_get_their_names() -> None:
    two_at_once("rnn_cell_backward", seed=0, count=10)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "function", ["rnn_backward", "rnn_backward_truncated", "residual_rnn_backward", "mlp_backward"]
)
def test_two_at_once_get_their_names_everywhere(function: str, seed: int) -> None:
    two_at_once(function, seed, count=80)


def test_a_constant_has_no_name_but_what_is_seen() -> None:
    """Zeros are what a sweep gives into which nothing is injected, whoever wrote them; other constants are nothing."""
    code = """
    def rnn_backward(grad_outputs, cache):
        x, states, params = cache
        arrays = {{"x": x, "h0": states[0], **{{k: v for k, v in params.items() if k[-2:] in ("ih", "hh")}}}}
        return {{k: np.full_like(v, {value}) for k, v in arrays.items()}}
    """
    for value, expected in ((0.0, [["nothing_injected"], []]), (1.0, [[]])):
        found = names("a4_bptt", written("a4_bptt", code.format(value=value)), "rnn_backward")
        assert found["rnn_backward"] in expected


def test_float32_answers_are_named_too() -> None:
    mistake = find(named("a4_bptt"), "state_after")
    made = mistake.make(reference(named("a4_bptt")))

    def coarse(grad_outputs: np.ndarray, cache: Any) -> dict[str, np.ndarray]:
        return {name: grad.astype(np.float32) for name, grad in made["rnn_backward"](grad_outputs, cache).items()}

    found = names("a4_bptt", over("a4_bptt", made, {"rnn_backward": coarse}), "rnn_backward")
    assert found == {"rnn_backward": ["state_after"]}


# ---- reports and patterns --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assignment", ["a2_mlp_backprop", "a4_bptt"])
def test_six_reports_are_the_same_each_time_and_have_a_key(assignment: str) -> None:
    reports = mistake_reports(named(assignment))
    assert reports == mistake_reports(named(assignment))
    key = named(assignment).part("printed").PRINTED.key
    assert sorted(key) == list("ABCDEF")
    assert len(set(key.values())) == 6
    names_told = [line.split("`")[1] for line in reports.splitlines() if line.startswith("* `")]
    assert names_told == sorted(names_told)
    assert set(key.values()) < set(names_told)
    table = [line.strip("| ").split(" | ") for line in reports.splitlines() if line.startswith("| ")]
    columns = list(zip(*(row[-6:] for row in table), strict=True))
    assert [column[0] for column in columns] == [f"Report {letter}" for letter in "ABCDEF"]
    assert len({column[1:] for column in columns}) == 6, "two reports say the same"
    namespace: Namespace = {}
    exec(f"def name():\n    {mistake_key(named(assignment))}\n    return answers", namespace)
    assert namespace["name"]() == key


def wrong_verdict(actual: Any, expected: Any, name: str = "x") -> Verdict:
    """What compare says."""
    verdict = compare(name, np.asarray(actual), np.asarray(expected))
    assert not verdict.ok
    return verdict


RNG = np.random.default_rng(0)
RIGHT = RNG.standard_normal((5, 3, 2))
SQUARE = RNG.standard_normal((3, 3))
ROW = Function("f", {}, array("x", "T N I"))
SEEN = [
    (-RIGHT, RIGHT, "the sign is flipped"),
    (RIGHT / 3, RIGHT, "the right one times 1/N"),
    (RIGHT * 15, RIGHT, "the right one times N·T"),
    (RIGHT * 1.234e-50, RIGHT, "the right one times one and the same number"),
    (RIGHT * 0.4321, RIGHT, "the right one times 0.43"),
    (0 * RIGHT, RIGHT, "all entries are zero"),
    (SQUARE.T, SQUARE, "the right numbers, transposed"),
    (RIGHT[::-1], RIGHT, "in reverse order"),
    (RIGHT + np.arange(5)[::-1, None, None], RIGHT, "the last step is right; the error enters one step before the end"),
    (
        RIGHT + (np.arange(5) < 3)[:, None, None] * RIGHT**2,
        RIGHT,
        "the last two steps are right; the error enters two steps before",
    ),
    (RIGHT + (np.arange(5) == 0)[:, None, None], RIGHT, "only the first step is wrong"),
    (RIGHT * np.nan, RIGHT, "30 of 30 entries are NaN or infinite"),
    (RIGHT[:, :, 0].T, RIGHT[:, :, 0], "the right numbers, transposed"),
    (SQUARE, SQUARE.sum(axis=0), "summed over its first axes, it would be right"),
    (np.full(3, 2.0), SQUARE[0], "all entries are the same number"),
    (SQUARE[0] + 1, SQUARE[0], "off by the same amount"),
    (2.0, 1.0, "the right one times 2"),
    (SQUARE + np.eye(3)[:1] * [[1.0], [0], [0]], SQUARE, "it is entry [0, 0]"),
    (RIGHT[:4], RIGHT, "one is missing at the end"),
]


@pytest.mark.parametrize(("actual", "expected", "said"), SEEN, ids=[said for *_, said in SEEN])
def test_patterns_say_what_is_seen(actual: Any, expected: Any, said: str) -> None:
    verdict = wrong_verdict(actual, expected)
    sizes = sizes_of([verdict], ROW) if np.ndim(expected) == 3 else {}
    assert said.lower() in describe(verdict, np.ndim(expected) == 3, sizes).lower()


@pytest.mark.parametrize("seed", range(20))
def test_patterns_never_say_a_hidden_number(seed: int) -> None:
    """Neither an expected number nor its difference to the student's is in the text, to any number of digits."""
    rng = np.random.default_rng(seed)
    expected = rng.standard_normal([(5, 3, 2), (4,), (3, 3), (2,)][seed % 4])
    odd = [np.inf, np.nan, 0.0, 1e300, -1e-300, 1.0][seed % 6]
    for actual in (expected * odd, expected + odd, np.full_like(expected, odd), expected.astype(np.float32) + 1):
        told = describe(compare("x", actual, expected), expected.ndim == 3, {"N": 3, "T": 5})
        hidden = {f"{abs(value):.{digits}g}" for value in expected.ravel() for digits in range(3, 8)}
        assert not {word.strip(".,[]()-") for word in told.split()} & hidden, told


def test_feedback_holds_the_name_and_what_to_reread() -> None:
    result: FunctionResult = grade(
        judges("a4_bptt", "naming"),
        named("a4_bptt"),
        over("a4_bptt", wrong(named("a4_bptt"), find(named("a4_bptt"), "carry_dropped"))),
        "rnn_backward",
    )["rnn_backward"]
    assert [m.id for m in result.mistakes] == ["carry_dropped"]
    assert result.mistakes[0].reread
    arrays = {array.name: array.sentence for array in result.checks[0].arrays}
    assert "the error enters one step before the end" in arrays["x"]
