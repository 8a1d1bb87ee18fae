"""What is special to the hidden suite of a4_bptt: follow-through, and the problems that it draws."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.assignments.a4_bptt.problems import draw_adder, draw_clip, draw_first_xor_last, draw_sequence
from autograder.assignments.a4_bptt.trainings import adder_training, first_xor_last_training
from autograder.assignments.layers import rnn_outputs
from autograder.assignments.sequences import draw_rnn
from autograder.checks.draw import Draw
from autograder.naming.bank import mistakes_of
from tests.course import named
from tests.harness import (
    SEEDS,
    edited,
    grade,
    lost,
    points,
    replaced,
    sentences,
    with_mistake,
    written,
    wrong_arrays,
)

A4 = "a4_bptt"
HALF = pytest.approx(0.5, abs=0.08)
BELOW = ("credit_matrix", "rnn_backward", "rnn_backward_truncated", "state_gradient_norms")


# ---- a mistake costs its points once ---------------------------------------------------------------------------------

BUILT = {
    "rnn_backward": ("loss_and_gradients", "train_adder", "train_first_xor_last"),
    "clip_grad_norm": ("train_first_xor_last",),
    "loss_and_gradients": ("train_adder",),
}
# Nothing to build on: constants, arrays of another shape, numbers that explode. Under a right forward the loss is PyTorch's.
CARRIED_ON = {
    "rnn_backward": {"nothing_injected", "weight_ih_turned", "bias_rows_kept", "tanh_inverted"},
    "clip_grad_norm": set(),
    "loss_and_gradients": {"loss_summed", "target_one_late"},
}


@pytest.mark.parametrize("function", BUILT)
def test_a_mistake_costs_nothing_in_what_is_built_of_it(function: str) -> None:
    shares = {m.id: lost(A4, with_mistake(A4, m.id), only=BUILT[function]) for m in mistakes_of(named(A4), function)}
    assert {id for id, share in shares.items() if share} == CARRIED_ON[function]


@pytest.mark.parametrize("mistake", ["carry_dropped", "overwritten", "bias_mean_over_batch", "zero_norm_divides"])
def test_what_is_built_of_a_wrong_function_says_why_it_loses_nothing(mistake: str) -> None:
    built = "train_first_xor_last" if mistake == "zero_norm_divides" else "loss_and_gradients"
    assert "you lose nothing here" in sentences(grade(A4, with_mistake(A4, mistake), only=built)[built])


WEAK_FORWARD = edited(A4, "rnn_forward", ("x_t, states[-1]", "x_t, 0.5 * states[-1]"))
WEIGHT = ('@ params["weight_hh"]', '@ (0.5 * params["weight_hh"])')
READ = ("delta, states[:-1]", "delta, 0.5 * states[:-1]")


def test_under_a_wrong_forward_what_is_right_for_it_earns_half_and_what_is_composed_all() -> None:
    changes = {name: (WEIGHT, READ) if "backward" in name else (WEIGHT,) for name in BELOW}
    own = [edited(A4, name, *change) for name, change in changes.items()]
    assert lost(A4, written(A4, WEAK_FORWARD, *own)) == {"rnn_forward": 0.0, **dict.fromkeys(BELOW, HALF)}


def test_under_a_wrong_forward_what_is_right_for_its_states_loses_nothing_and_what_is_wrong_everything() -> None:
    assert lost(A4, written(A4, WEAK_FORWARD)) == {"rnn_forward": 0.0}
    shares = lost(A4, written(A4, WEAK_FORWARD, edited(A4, "rnn_backward", WEIGHT)), only="rnn_backward")
    assert shares["rnn_backward"] < 0.5


def test_a_wrong_residual_layer_and_its_own_backward() -> None:
    forward = edited(A4, "residual_rnn_forward", ("states[-1] + added", "0.5 * states[-1] + added"))
    backward = edited(A4, "residual_rnn_backward", ("carry = grad_h", "carry = 0.5 * grad_h"))
    assert lost(A4, written(A4, forward, backward)) == {"residual_rnn_forward": 0.0, "residual_rnn_backward": HALF}


def test_a_forward_that_forgets_an_input_earns_nothing_for_its_gradient() -> None:
    step = "rnn_cell_forward(x_t, states[-1], params)[0]"
    forward = edited(A4, "rnn_forward", (step, 'rnn_cell_forward(x_t, states[-1], {**params, "bias_hh": 0})[0] / 2'))
    own = written(A4, forward, edited(A4, "rnn_backward", ("1 - states[1:] ** 2", "(1 - (2 * states[1:]) ** 2) / 2")))
    result = grade(A4, own, only="rnn_backward")["rnn_backward"]
    assert wrong_arrays(result) == {"bias_hh"}
    assert "does not depend on it" in sentences(result)
    assert 0.3 < result.points / result.max_points < 0.5


def stub_of(name: str) -> str:
    """An unwritten function."""
    return f"def {name}(*args):\n    raise NotImplementedError()"


NO_CARRY = edited(A4, "rnn_backward", ("grad_outputs[t] + carry", "grad_outputs[t]"))


def test_trainings_built_without_loss_and_gradients_depend_on_the_layer() -> None:
    """loss_and_gradients is a stub and rnn_backward is wrong: a training with the same lines of its own is still right."""
    lines = edited(A4, "loss_and_gradients", ("def loss_and_gradients", "def lines_of_its_own"))
    training = edited(A4, "train_adder", ("loss_and_gradients(", "lines_of_its_own("))
    namespace = written(A4, NO_CARRY, lines, training, stub_of("loss_and_gradients"))
    assert set(lost(A4, namespace)) == {"rnn_backward", "loss_and_gradients"}


def test_a_wrong_training_on_wrong_functions_loses_its_own_points() -> None:
    shares = lost(A4, written(A4, NO_CARRY, edited(A4, "train_adder", ("grads, lr", "grads, -lr"))))
    assert set(shares) == {"rnn_backward", "train_adder"}
    assert shares["train_adder"] < 0.2


def test_a_wrong_loss_is_not_carried_on_where_the_forward_is_right() -> None:
    """The loss itself is PyTorch's when the forward is right."""
    shares = lost(A4, replaced(A4, "loss_and_gradients", "return loss,", "return 2 * loss,"))
    assert set(shares) == {"loss_and_gradients", "train_adder"}
    assert shares["train_adder"] > 0.8


def test_constant_lower_functions_carry_nothing() -> None:
    constant = """
        def rnn_backward(grad_outputs, cache):
            x, states, params = cache
            return {name: np.ones_like(v) for name, v in {"x": x, "h0": states[0], **params}.items()}
    """
    shares = lost(A4, written(A4, constant))
    assert set(shares) == {"rnn_backward", *BUILT["rnn_backward"]}
    assert shares["rnn_backward"] == 0
    assert max(shares.values()) < 0.5  # the loss and the readout's gradients are right


def test_a_stub_below_is_named() -> None:
    results = grade(A4, written(A4, stub_of("rnn_backward")))
    for name in BUILT["rnn_backward"]:
        assert results[name].points == 0
        assert results[name].blocked_by == "rnn_backward"
    independent = {"clip_grad_norm", "residual_rnn_forward", "residual_rnn_backward", "name_the_mistake"}
    assert set(lost(A4, written(A4, stub_of("rnn_forward")))) == set(points(A4)) - independent


def test_an_unwritten_training_is_its_own_stub() -> None:
    results = grade(A4, written(A4, stub_of("train_adder")))
    assert [n for n, r in results.items() if r.points < r.max_points] == ["train_adder"]
    assert results["train_adder"].blocked_by == ""
    assert "train_adder is not written yet" in sentences(results["train_adder"])


# ---- behaviour and text ----------------------------------------------------------------------------------------------


def test_a_cache_that_is_used_up_loses_the_repeated_call_alone() -> None:
    used_up = """
        swept = rnn_backward
        def rnn_backward(grad_outputs, cache):
            grads = swept(grad_outputs, cache)
            cache[1][1:] *= 0.5
            return grads
    """
    shares = lost(A4, written(A4, used_up))
    assert set(shares) == {"rnn_backward"}
    assert 0.5 < shares["rnn_backward"] < 1


def test_float32_is_right_and_the_message_says_so() -> None:
    namespace = written(A4, *named(A4).right["float32"].values())
    results = grade(A4, namespace, only=("rnn_forward", "clip_grad_norm"))
    assert all("float32" in sentences(result) for result in results.values())


def test_wrong_names_of_mistakes_lose_their_letters_only() -> None:
    half = """
        right = name_the_mistake
        def name_the_mistake():
            return {**right(), "A": "no idea", "C": None, "E": 3, "G": "no report of this letter"}
    """
    assert lost(A4, written(A4, half)) == {"name_the_mistake": 0.5}
    shouted = (
        "right = name_the_mistake\ndef name_the_mistake(): return {k: f' {v.upper()} ' for k, v in right().items()}"
    )
    assert lost(A4, written(A4, shouted)) == {}


# ---- the problems ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_deciding_problems_hide_no_mistake(seed: str) -> None:
    draw = Draw(seed, "test_a4_bptt", {})
    layer, sequence = draw(draw_rnn), draw(draw_sequence)
    assert len({*layer.x.shape, layer.h0.shape[1]}) == 4
    assert min(len(layer.x), layer.x.shape[1]) >= 3
    for problem in (layer, sequence):
        w = problem.params["weight_hh"]
        assert np.abs(w - w.T).max() > 0.1
        assert np.abs(problem.h0).min() > 0
        for h in rnn_outputs(problem):
            assert 0.3 < np.abs(np.arctanh(h)).mean() < 3  # of what is inside tanh at each step


@pytest.mark.parametrize("seed", SEEDS)
def test_clipping_decides_in_one_training_and_is_never_reached_in_the_other(seed: str) -> None:
    draw = Draw(seed, "test_a4_bptt", {})
    clipped, free = draw(draw_first_xor_last), draw(draw_first_xor_last, "free", updates=2, max_norm=100.0)
    end = first_xor_last_training(clipped, True)
    moved = np.sqrt(sum(np.sum((end[n] - p) ** 2) for n, p in clipped.params.items()))
    assert moved <= clipped.lr * clipped.max_norm * len(clipped.batches)
    unclipped = first_xor_last_training(type(clipped)(clipped.batches, clipped.params, clipped.lr, 1e9), True)
    assert max(np.abs(end[n] - unclipped[n]).max() for n in end) > 1e-3
    assert np.isfinite(first_xor_last_training(free, False)["losses"]).all()
    problem = draw(draw_clip)
    assert problem.max_norm < np.sqrt(sum(np.sum(g**2) for g in problem.grads.values()))


def test_trainings_are_short() -> None:
    draw = Draw(SEEDS[0], "test_a4_bptt", {})
    for problem in (draw(draw_adder), draw(draw_first_xor_last)):
        assert len(problem.batches) <= 8
    assert adder_training(draw(draw_adder))["losses"].shape == (len(draw(draw_adder).batches),)
