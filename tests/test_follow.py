"""Follow-through believes only what was found out: nonsense below carries nothing, an honest mistake costs its points once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from tests.course import NAMES, named
from tests.forms import each
from tests.harness import edited, grade, lost, reference, sentences, written

A1, A2, A3, A4 = NAMES
# ---- functions that are none -----------------------------------------------------------------------------------------

Fill = Callable[[np.ndarray, Any], Any]


def total(value: Any) -> float:
    """All numbers of an argument added up, a cache's too."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, (list, tuple)):
        return sum(map(total, value))
    return float(np.sum(value)) if isinstance(value, (np.ndarray, float, int)) else 0.0


NONSENSE: dict[str, Fill] = {
    "ones": lambda array, given: np.ones(np.shape(array)),
    "ones that tremble": lambda array, given: np.ones(np.shape(array)) + 1e-9 * np.sin(1e6 * total(given)),
    "all that is given, added up": lambda array, given: np.full(np.shape(array), total(given)),
    "NaN": lambda array, given: np.full(np.shape(array), np.nan),
}
CARRIED = {  # what is nonsense, and the right functions above it that may not earn by it
    A1: (("predict", "mse_loss", "mse_gradients"), ("gradient_descent", "online_fit")),
    A2: (
        ("sigmoid", "mlp_forward", "mlp_backward", "softmax", "cross_entropy"),
        ("cross_entropy_backward", "train_mlp"),
    ),
    A3: (("rnn_cell_forward", "rnn_cell_backward"), ("two_step_backward",)),
    A4: (("rnn_forward", "rnn_backward"), ("loss_and_gradients", "train_adder", "train_first_xor_last")),
}


def filled(assignment: str, fill: Fill, names: Any) -> dict[str, Any]:
    """The reference solutions, with nonsense in the right shapes from these functions."""
    namespace = reference(assignment)
    for name in names:
        cached = (
            isinstance(named(assignment).functions[name].wire, tuple)
            and "keep" in named(assignment).functions[name].wire
        )

        def nonsense(*given: Any, right: Callable[..., Any] = namespace[name], cached: bool = cached) -> Any:
            found = right(*given)
            change = lambda array: fill(array, given)
            return (each(found[0], change), found[1]) if cached else each(found, change)

        namespace[name] = nonsense
    return namespace


@pytest.mark.sampled(2)
@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("assignment", NAMES)
def test_nonsense_everywhere_earns_nothing(assignment: str, nonsense: str) -> None:
    names = [name for name, function in named(assignment).functions.items() if not function.in_words]
    results = grade(assignment, filled(assignment, NONSENSE[nonsense], names), only=tuple(names))
    assert {name: result.points for name, result in results.items() if result.points} == {}


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("assignment", CARRIED)
def test_nonsense_below_carries_nothing(assignment: str, nonsense: str) -> None:
    below, above = CARRIED[assignment]
    results = grade(assignment, filled(assignment, NONSENSE[nonsense], below), only=(*below, *above))
    assert {name: result.points for name, result in results.items() if result.points} == {}


ADDING_CELL = """
    def added(value):
        parts = value.values() if isinstance(value, dict) else value
        return float(np.sum(value)) if isinstance(value, np.ndarray) else sum(map(added, parts))

    def rnn_cell_forward(x, h_prev, params):
        return np.full(h_prev.shape, added((x, h_prev, params))), {"x": x, "h_prev": h_prev, **params}

    def rnn_cell_backward(grad_h, cache):
        return {name: np.full(value.shape, grad_h.sum()) for name, value in cache.items()}
"""


def test_a_cell_that_adds_everything_up_carries_nothing_although_its_gradient_is_right() -> None:
    columns = [named(A3).right["closures"][name] for name in ("column_cell_forward", "column_cell_backward")]
    shares = lost(A3, written(A3, ADDING_CELL, *columns))
    cell = ("rnn_cell_forward", "rnn_cell_backward", "column_cell_forward", "column_cell_backward", "two_step_backward")
    assert shares == dict.fromkeys(cell, 0.0)


def scaled(assignment: str, name: str, factor: float) -> dict[str, Any]:
    """The reference solutions with all numbers that one function without a cache returns multiplied."""
    namespace = reference(assignment)
    right = namespace[name]
    namespace[name] = lambda *given: each(right(*given), lambda array: factor * np.asarray(array))
    return namespace


WRONG = [(A1, "mse_gradients"), (A2, "mlp_backward"), (A2, "softmax"), (A3, "rnn_cell_backward"), (A4, "rnn_backward")]


@pytest.mark.parametrize(("assignment", "name"), WRONG)
def test_an_honest_mistake_below_costs_its_points_once(assignment: str, name: str) -> None:
    """Unlisted, and off by less than its own size: what is built of it rightly loses nothing."""
    above = [upper for upper in CARRIED[assignment][1] if name in named(assignment).functions[upper].needs]
    assert set(lost(assignment, scaled(assignment, name, 0.7), only=(name, *above))) - {"cross_entropy_backward"} == {
        name
    }


STEP = "rnn_cell_forward(x_t, states[-1], params)"
NO_TANH = """
    def rnn_forward(x, h0, params):
        states = [h0]
        for x_t in x:
            entered = states[-1] @ params["weight_hh"].T + params["bias_hh"]
            states.append(x_t @ params["weight_ih"].T + params["bias_ih"] + entered)
        return np.stack(states[1:]), (x, np.stack(states), params)
"""
HONEST = {  # one wrong function, as a student writes it, with right ones above that use what it returned and kept
    "h0 is not used": (A4, "rnn_forward", ("[h0]", "[np.zeros_like(h0)]")),
    "h0 is not used, but kept": (
        A4,
        "rnn_forward",
        ("[h0]", "[0 * h0]"),
        ("np.stack(states),", "np.stack([h0, *states[1:]]),"),
    ),
    "no bias_hh": (A4, "rnn_forward", (STEP, STEP.replace("params", "{**params, 'bias_hh': 0}"))),
    "weight_hh turned": (
        A4,
        "rnn_forward",
        (STEP, STEP.replace("params", "{**params, 'weight_hh': params['weight_hh'].T}")),
    ),
    "every step from h0": (A4, "rnn_forward", (STEP, STEP.replace("states[-1]", "h0"))),
    "unlisted, bias_hh twice": (
        A4,
        "rnn_forward",
        (STEP, STEP.replace("params", "{**params, 'bias_hh': 2 * params['bias_hh']}")),
    ),
    "no bias_ih in the residual layer": (
        A4,
        "residual_rnn_forward",
        (STEP, STEP.replace("params", "{**params, 'bias_ih': 0}")),
    ),
    "the cell ignores its state": (A3, "rnn_cell_forward", (' + h_prev @ params["weight_hh"].T', "")),
    "the cell has no tanh": (A3, "rnn_cell_forward", ("np.tanh(z)", "z")),
    "no bias_1": (A2, "mlp_forward", (' + params["bias_1"]', "")),
    "the output is not bent": (A2, "mlp_forward", ("prediction = sigmoid", "prediction = ")),
    "the hidden layer is tanh": (A2, "mlp_forward", ("hidden = sigmoid", "hidden = np.tanh")),
    "sigmoid mirrored": (A2, "sigmoid", ("return ", "return 1 - ")),
    "softmax along the batch": (A2, "softmax", ("axis=-1", "axis=0")),
    "softmax overflows": (A2, "softmax", (" - np.max(logits, axis=-1, keepdims=True)", "")),
    "the loss without its half": (A2, "half_squared_error", ("0.5 * ", "")),
    "no b": (A1, "predict", (" + b", "")),
}


@pytest.mark.parametrize("mistake", HONEST)
def test_an_honest_mistake_below_costs_no_other_function_a_point(mistake: str) -> None:
    assignment, name, *changes = HONEST[mistake]
    assert set(lost(assignment, written(assignment, edited(assignment, name, *changes)))) == {name}


EXAMPLE = """
    def worked_example():
        x, label, params = np.array([[0.4, 0.5]]), np.ones((1, 1)), article_params()
        net_1 = x @ params["weight_1"].T + params["bias_1"]
        hidden = sigmoid(net_1)
        net_2 = hidden @ params["weight_2"].T + params["bias_2"]
        prediction, cache = mlp_forward(x, params)
        {grads}
        loss = half_squared_error(prediction, label)
        return dict(net_1=net_1, hidden=hidden, net_2=net_2, prediction=prediction, loss=loss, grads=grads)
"""
BY_HAND = """delta_2 = (prediction - label) * prediction * (1 - prediction)
        delta_1 = delta_2 * params["weight_2"] * hidden * (1 - hidden)
        grads = dict(weight_1=delta_1.T @ x, bias_1=delta_1[0], weight_2=delta_2 * hidden, bias_2=delta_2[0])"""
BY_CALL = "grads = mlp_backward(prediction - label, cache)"
BACKWARD_HALVED = edited(A2, "mlp_backward", ("delta_2 = grad", "delta_2 = 0.7 * grad"))


@pytest.mark.parametrize("grads", [BY_HAND, BY_CALL])
@pytest.mark.parametrize("mistake", [name for name, (of, *_) in HONEST.items() if of == A2])
def test_an_example_of_a_wrong_net_loses_nothing(mistake: str, grads: str) -> None:
    _, name, *changes = HONEST[mistake]
    assert set(lost(A2, written(A2, edited(A2, name, *changes), EXAMPLE.format(grads=grads)))) == {name}


def test_a_wrong_example_of_a_wrong_net_loses_what_is_wrong() -> None:
    """Nor is an unwritten function blamed that it may not be made of."""
    assert set(lost(A2, written(A2, BACKWARD_HALVED, EXAMPLE.format(grads=BY_CALL)))) == {"mlp_backward"}
    wrong = EXAMPLE.format(grads=BY_HAND).replace("* hidden * (1", "* (1")
    forward = edited(A2, "mlp_forward", (' + params["bias_1"]', ""))
    shares = lost(A2, written(A2, forward, wrong), only=("mlp_forward", "worked_example"))
    assert 0 < shares["worked_example"] < 0.9
    unwritten = written(A2, wrong.replace("mlp_forward(x, params)", "sigmoid(net_2), None"), mlp_forward=unfinished)
    assert "mlp_forward" not in sentences(grade(A2, unwritten, only="worked_example")["worked_example"])


def unfinished(*_: Any) -> None:
    """A stub."""
    raise NotImplementedError


def test_a_training_that_diverges_by_a_known_mistake_below_is_compared_as_far_as_its_numbers_go() -> None:
    assert set(lost(A4, written(A4, NO_TANH))) == {"rnn_forward"}
    trains_otherwise = edited(A4, "train_adder", ("grads, lr)", "grads, 2 * lr)"))
    assert lost(A4, written(A4, NO_TANH, trains_otherwise), only="train_adder") == {"train_adder": 0.0}


NO_CARRY = edited(A4, "rnn_backward", ("grad_outputs[t] + carry", "grad_outputs[t]"))
SATURATED = """
    honest = rnn_forward

    def rnn_forward(x, h0, params):
        outputs = np.sign(honest(x, h0, params)[0]) * (1 - 1e-10)
        return outputs, (x, np.concatenate([h0[None], outputs]), params)
"""
EASIER = {  # a forward for which a gradient without a carry is the right one, or next to it
    "states that are saturated": SATURATED,
    "a known mistake": edited(A4, "rnn_forward", (STEP, STEP.replace("states[-1]", "h0"))),
}


@pytest.mark.parametrize("forward", EASIER)
def test_a_forward_that_makes_the_gradient_easy_carries_half_at_most(forward: str) -> None:
    """On a seed where 30 % of an argument turn a sign and 3 % none, so that the saturated states seem to depend on it."""
    attack, both = written(A4, EASIER[forward], NO_CARRY), ("rnn_forward", "rnn_backward")
    shares = lost(A4, attack, "seed-1", only=both)
    assert shares["rnn_forward"] == 0
    assert shares["rnn_backward"] <= 0.5


def test_what_is_built_of_a_function_that_is_far_from_right_earns_half_at_most() -> None:
    shares = lost(A4, scaled(A4, "rnn_backward", -3.0))
    assert set(shares) == {"rnn_backward", *CARRIED[A4][1]}
    assert 0.3 < shares["loss_and_gradients"] <= 0.65  # the loss and the readout's gradients are right anyway
    assert shares["train_adder"] == pytest.approx(0.5, abs=0.05)
    assert "far from right" in sentences(grade(A4, scaled(A4, "rnn_backward", -3.0))["train_adder"])


# ---- functions that are others later ---------------------------------------------------------------------------------

LIAR = """
    honest, trained, lying = rnn_backward, train_adder, False

    def rnn_backward(grad_outputs, cache):
        return {name: 0.5 * grad if lying else grad for name, grad in honest(grad_outputs, cache).items()}

    def train_adder(*given):
        global lying
        lying = True
        return trained(*given)
"""
WRONG_FIRST = edited(
    A4, "rnn_backward", ('"h0": carry', '"h0": 0.9 * carry'), ("grad_outputs[t] + carry", "grad_outputs[t]")
)


def test_a_right_function_that_lies_once_its_own_tests_are_over_carries_nothing() -> None:
    shares = lost(A4, written(A4, LIAR))
    assert shares.pop("rnn_backward") == 0.25  # its test of cost runs last, and meets the lie
    assert set(shares) == {"train_adder", "train_first_xor_last"}
    assert max(shares.values()) < 0.2


def test_a_wrong_function_that_answers_otherwise_later_carries_nothing_and_the_message_says_so() -> None:
    result = grade(A4, written(A4, WRONG_FIRST, LIAR), only=("rnn_backward", "train_adder"))["train_adder"]
    assert result.points < 0.2 * result.max_points
    assert "rnn_backward gave other numbers when its own check was run again" in sentences(result)


NAN = """
    def residual_rnn_forward(x, h0, params):
        return np.full((len(x), *h0.shape), np.nan), {"x": x, "h0": h0, **params}

    def residual_rnn_backward(grad_outputs, cache):
        return {name: np.full(value.shape, np.nan) for name, value in cache.items()}
"""


def test_a_forward_of_nan_is_nothing_to_compare_gradients_with() -> None:
    assert lost(A4, written(A4, NAN), only="residual_rnn_backward") == {"residual_rnn_backward": 0.0}


# ---- arguments, and gradients that are clipped -----------------------------------------------------------------------


def test_an_argument_changed_only_at_the_extremes_is_charged() -> None:
    writes = "right = sigmoid\ndef sigmoid(z):\n    if np.abs(z).max() > 100: z[z > 100] = 100\n    return right(z)"
    result = grade(A2, written(A2, writes), only="sigmoid")["sigmoid"]
    assert [check.title[:38] for check in result.checks if check.lost] == ["It is also right for very large and ve"]
    assert "sigmoid changed its argument z" in sentences(result)


BACKWARDS = [(a, name) for a in NAMES for name, function in named(a).functions.items() if function.upstream]


@pytest.mark.parametrize(("assignment", "name"), BACKWARDS)
def test_a_backward_that_clips_loses_points(assignment: str, name: str) -> None:
    """Clipped to what no ordinary gradient reaches, as in min-char-rnn."""
    namespace = reference(assignment)
    right = namespace[name]
    namespace[name] = lambda *given: each(right(*given), lambda array: np.clip(array, -100, 100))
    assert lost(assignment, namespace, only=name)[name] < 0.95


@pytest.mark.parametrize(
    ("assignment", "name", "place"),
    [
        (A2, "mlp_forward", 1),
        (A2, "sgd_step", 0),
        (A2, "train_mlp", 2),
        (A3, "rnn_cell_forward", 2),
        (A3, "readout_forward", 1),
        (A4, "rnn_forward", 2),
        (A4, "residual_rnn_forward", 2),
        (A4, "loss_and_gradients", 3),
        (A4, "train_adder", 1),
        (A4, "train_first_xor_last", 1),
    ],
)
def test_parameters_are_found_by_name(assignment: str, name: str, place: int) -> None:
    """Who counts on the order of the parameters loses the points."""
    namespace = reference(assignment)
    right, usual = namespace[name], list(named(assignment).functions[name].arguments["params"])

    def by_order(*given: Any) -> Any:
        params = dict(zip(usual, given[place].values(), strict=False))
        return right(*given[:place], params, *given[place + 1 :])

    namespace[name] = by_order
    assert lost(assignment, namespace, only=name)[name] < 0.6


# ---- extra keys ------------------------------------------------------------------------------------------------------


WRONG_BELOW = {
    A2: ("mlp_backward", ("delta_2 = grad", "delta_2 = 0.7 * grad")),
    A3: ("rnn_cell_backward", ("grad_z = grad_h", "grad_z = 0.7 * grad_h")),
    A4: ("rnn_backward", ("grad_outputs[t] + carry", "grad_outputs[t]")),
}


@pytest.mark.parametrize("assignment", WRONG_BELOW)
def test_extra_keys_in_gradients_cost_nothing(assignment: str) -> None:
    """Nor do they where the function that returns them is wrong as well."""
    name, change = WRONG_BELOW[assignment]
    extra = f"""
        honest = {name}
        def {name}(upstream, cache):
            return {{"first": np.zeros(2), **honest(upstream, cache), "weight_ho": np.zeros((6, 4)), "bias_ho": np.zeros(6)}}
    """
    assert lost(assignment, written(assignment, extra)) == {}
    assert set(lost(assignment, written(assignment, edited(assignment, name, change), extra))) == {name}
