"""What is special to the hidden suite of a2_mlp_backprop: what follows from a mistake, the worked example.

What every suite promises is in test_suites.py, test_right_answers.py and test_mistakes.py.
"""

from __future__ import annotations

import pytest

from autograder.grading.results import Outcome
from autograder.naming.bank import Mistake, bank
from tests.course import named
from tests.harness import SEEDS, edited, grade, judge_in_process, lost, sentences, with_mistake, written, wrong_arrays

A2 = "a2_mlp_backprop"
TOP = 'hidden @ params["weight_2"].T + params["bias_2"]'  # in the reference forward, inside a sigmoid


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ("mlp_forward", "mlp_backward"),
        ("mlp_backward", "train_mlp"),
        ("sigmoid", "mlp_forward"),
        ("softmax", "cross_entropy_backward"),
    ],
)
def test_a_stub_below_is_named(lower: str, upper: str) -> None:
    namespace = written(A2, f"def {lower}(*args): raise NotImplementedError()")
    result = grade(A2, namespace, only=(lower, upper))[upper]
    assert (result.blocked_by, result.points) == (lower, 0)


@pytest.mark.parametrize(
    "value",
    [
        "{'weight_1': None, 'loss': 'x', 'grads': 3}",
        "{f'key {n}': n for n in range(10**6)}",
        "np.array([None])",
        "(np.zeros((5, 2)) * 1j, 2)",
        "(x for x in 'ab')",
    ],
)
def test_nonsense_of_this_assignment_earns_nothing(value: str) -> None:
    names = named(A2).functions
    namespace = written(A2, f"value = {value}", *(f"def {name}(*args): return value" for name in names))
    assert lost(A2, namespace) == dict.fromkeys(names, 0.0)


def test_float32_is_told() -> None:
    namespace = written(A2, *named(A2).right["float32"].values())
    assert "float32" in sentences(grade(A2, namespace, only="mlp_forward")["mlp_forward"])


def test_titles_hold_no_hidden_number() -> None:
    titles = "".join(test.title for test in judge_in_process(A2).tests[A2])
    assert not set(titles) & set("0123456789=[]")


# ---- wrong answers that are not in the bank --------------------------------------------------------------------------

BACKWARDS = {
    "1 - square on top": ("prediction * (1 - prediction)", "(1 - prediction**2)", "x weight_1 bias_1 weight_2 bias_2"),
    "upstream by its mean": ("= grad_prediction", "= grad_prediction.mean()", "x weight_1 bias_1 weight_2 bias_2"),
    "hidden slope twice": ("hidden * (1 - hidden)", "(hidden * (1 - hidden)) ** 2", "x weight_1 bias_1"),
    "bias over everything": ("delta_2.sum(axis=0)", "np.full(delta_2.shape[1], delta_2.sum())", "bias_2"),
    "one weight transposed": ("delta_1.T @ x", "x.T @ delta_1", "weight_1"),
    "weight of the wrong layer": ("delta_2.T @ hidden", "delta_2.T @ (hidden * (1 - hidden))", "weight_2"),
    "x from the mean of rows": ("delta_1 @ weight_1", "np.tile(delta_1.mean(axis=0) @ weight_1, (len(x), 1))", "x"),
    "x missing": ("delta_1 @ weight_1", "None", "x"),
    "clipped": ("delta_2.T @ hidden", "np.clip(delta_2.T @ hidden, -0.1, 0.1)", "weight_2"),
    "rounded": ("delta_1.T @ x", "np.round(delta_1.T @ x, 4)", "weight_1"),
}


@pytest.mark.parametrize("title", BACKWARDS)
@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_wrong_backward_loses_its_arrays(title: str, seed: str) -> None:
    old, new, arrays = BACKWARDS[title]
    namespace = written(A2, edited(A2, "mlp_backward", (old, new)))
    result = grade(A2, namespace, seed, only=("mlp_backward", "train_mlp"))
    main = result["mlp_backward"].checks[0]
    assert {array.name for array in main.off} == set(arrays.split())
    assert main.share == pytest.approx(1 - len(arrays.split()) / 5)
    assert result["mlp_backward"].points < 6
    full = 1 if title == "upstream by its mean" else 2  # which is far from right
    assert result["train_mlp"].points == full or "transposed" in title  # it calls mlp_backward correctly


STEP = "{name: value - lr * grads[name] for name, value in params.items()}"
WRONG = {
    "z is cut off at 1": ("sigmoid", "-np.abs(z)", "-np.minimum(np.abs(z), 1)", {"sigmoid": 0}),
    "axis 1, not the last": ("softmax", "axis=-1", "axis=1", {"softmax": 0.875}),
    "two axes only": (
        "numerical_gradient",
        "(nudged.shape):",
        "(len(nudged), len(nudged[0])):",
        {"numerical_gradient": 0.917},
    ),
    "the same dict": ("sgd_step", STEP, f"params.update({STEP}) or params", {"sgd_step": 0.833, "train_mlp": 0.857}),
}


@pytest.mark.parametrize("title", WRONG)
@pytest.mark.parametrize("seed", [SEEDS[0], SEEDS[3]])
def test_a_wrong_answer_loses_its_share(title: str, seed: str) -> None:
    name, old, new, shares = WRONG[title]
    assert lost(A2, written(A2, edited(A2, name, (old, new))), seed) == pytest.approx(shares, abs=0.03)


def test_gradients_that_add_up_from_call_to_call_lose_points() -> None:
    text = """
        right, total = mlp_backward, {}
        def mlp_backward(g, cache):
            for name, grad in right(g, cache).items():
                total[name] = total[name] + grad if np.shape(total.get(name)) == grad.shape else grad
            return dict(total)
        """
    assert "mlp_backward" in lost(A2, written(A2, text))


# ---- the worked example ----------------------------------------------------------------------------------------------

WORKED = {
    "one sum of the article, all else typed from a calculator": (
        named(A2).right["loops"]["worked_example"].replace("0.52,", "0.42,"),
        "net_1",
    ),
    "the article's loss and sign, its own layout": (
        edited(
            A2,
            "worked_example",
            ("half_squared_error(prediction, label)", "0.5 * (label - prediction.item())"),
            ("(prediction - label) *", "(label - prediction) *"),
            ("delta_1.T @ x", "-x.T @ delta_1"),
        ),
        "loss weight_1 bias_1 weight_2 bias_2",
    ),
    "no gradients": (
        edited(A2, "worked_example", ('"grads": grads', '"grads": None')),
        "weight_1 bias_1 weight_2 bias_2",
    ),
    "flat": (edited(A2, "worked_example", ('"hidden": hidden,', '"hidden": hidden[0],')), "hidden"),
}


@pytest.mark.parametrize("title", WORKED)
def test_a_wrong_worked_example_loses_its_arrays(title: str) -> None:
    text, arrays = WORKED[title]
    result = grade(A2, written(A2, text), only="worked_example")["worked_example"]
    assert wrong_arrays(result) == set(arrays.split())
    assert result.points < 2


# ---- a mistake costs its points once ---------------------------------------------------------------------------------

FOLLOWS = {  # what else loses points
    "sigmoid_writes_z": {"worked_example"},
    "loss_of_each_row": {"worked_example", "train_mlp"},
    "bias_not_added": {"train_mlp"},
    "bias_keeps_axis": {"train_mlp"},
    "weights_turned": {"train_mlp"},
    "params_moved_in_place": {"train_mlp"},
    "step_walks_grads": {"train_mlp"},
}


@pytest.mark.parametrize("mistake", [m for m in bank(named(A2)) if m.function != "mlp_forward"], ids=lambda m: m.id)
def test_a_mistake_costs_its_points_once(mistake: Mistake) -> None:
    """The bank's wrong forwards keep no cache, so no backward can use it: see the next test."""
    follows: set[str] = FOLLOWS.get(mistake.id, set())
    assert set(lost(A2, with_mistake(A2, mistake.id))) == {mistake.function} | follows


@pytest.mark.parametrize(
    ("old", "new"),
    [(f"sigmoid({TOP})", TOP), (' + params["bias_1"]', ""), (' + params["bias_1"]', ' - params["bias_1"]')],
    ids=["no sigmoid at the end", "a bias forgotten", "a bias subtracted"],
)
def test_a_wrong_forward_costs_its_points_once(old: str, new: str) -> None:
    assert set(lost(A2, written(A2, edited(A2, "mlp_forward", (old, new))))) == {"mlp_forward"}


def test_three_mistakes_cost_their_points_once() -> None:
    namespace = with_mistake(A2, "half_forgotten", "step_uphill", "hidden_slope_missing")
    assert set(lost(A2, namespace)) == {"half_squared_error", "sgd_step", "mlp_backward"}


def test_a_right_backward_of_a_wrong_forward_earns_half() -> None:
    forward = edited(A2, "mlp_forward", (f"sigmoid({TOP})", TOP))
    backward = edited(A2, "mlp_backward", ("grad_prediction * prediction * (1 - prediction)", "grad_prediction"))
    found = lost(A2, written(A2, forward, backward))
    assert set(found) == {"mlp_forward", "mlp_backward"}
    assert found["mlp_forward"] == 0
    assert 0.45 < found["mlp_backward"] <= 0.5


def test_a_right_gradient_of_a_wrong_cross_entropy_earns_half() -> None:
    found = lost(A2, with_mistake(A2, "ce_summed", "ce_not_divided"))
    assert set(found) == {"cross_entropy", "cross_entropy_backward"}
    assert 0.3 < found["cross_entropy_backward"] <= 0.5


def test_what_has_nothing_to_compare_is_undecided_and_has_no_weight() -> None:
    """Where the forward is wrong for every net, the gradients of small nets are neither passed nor wrong."""
    always = written(A2, edited(A2, "mlp_forward", ("return prediction,", "return prediction + 1,")))
    result = grade(A2, always, only="mlp_backward")["mlp_backward"]
    (small,) = (check for check in result.checks if check.outcome is Outcome.UNDECIDED)
    assert "single row" in small.title
    assert (small.weight, small.share, small.lost) == (0.0, 0.0, False)
    assert result.points == result.max_points  # the gradients of y + 1 are those of y
    assert not result.first_lost
    one_row = written(A2, edited(A2, "mlp_forward", ("return prediction,", "return prediction + (len(x) == 1),")))
    result = grade(A2, one_row, only="mlp_backward")["mlp_backward"]
    assert {check.outcome for check in result.checks} == {Outcome.RIGHT}


HALVES = "def mlp_forward(x, p): return np.full((len(x), len(p['bias_2'])), 0.5), (x, p)\n"
ZEROS = "def mlp_backward(g, cache): return {'x': 0 * cache[0], **{k: 0 * v for k, v in cache[1].items()}}\n"
KEEP = "right = mlp_forward\ndef mlp_forward(x, p): return right(x, p)[0], (x, p)\n"
NO_LOSS = "def cross_entropy(s, t): return 0.0\ndef cross_entropy_backward(s, t): return np.zeros(s.shape)"


@pytest.mark.parametrize(
    ("constant", "upper"),
    [
        ("def sigmoid(z): return np.full(np.shape(z), 0.5)", "mlp_forward"),
        ("def sigmoid(z): return np.full(np.shape(z), 0.5)", "mlp_backward"),
        (KEEP + ZEROS, "train_mlp"),
        (HALVES + ZEROS, "mlp_backward"),
        (HALVES + ZEROS, "train_mlp"),
        ("def half_squared_error(p, t): return 1.0", "train_mlp"),
        ("def sgd_step(p, g, lr): return {k: np.ones_like(v) for k, v in p.items()}", "train_mlp"),
        ("def softmax(z): return np.full(z.shape, 1 / z.shape[-1])", "cross_entropy_backward"),
        (NO_LOSS, "cross_entropy_backward"),
    ],
)
def test_a_constant_below_carries_nothing(constant: str, upper: str) -> None:
    assert upper in lost(A2, written(A2, constant), only=upper)


def test_a_forward_that_looks_at_little_earns_no_gradients_of_zero() -> None:
    little = "def mlp_forward(x, p): return sigmoid(np.tile(x[:, :1], len(p['bias_2']))), (x, p)"
    assert lost(A2, written(A2, little, ZEROS), only="mlp_backward") == {"mlp_backward": 0.0}


# ---- names -----------------------------------------------------------------------------------------------------------


def test_each_letter_is_a_share_of_name_the_mistake() -> None:
    letters = ('"bias_by_mean"', "'nothing'"), ('"top_slope_missing"', "None"), ('"bias_1_before_slope"', "3")
    result = grade(A2, written(A2, edited(A2, "name_the_mistake", *letters)), only="name_the_mistake")
    assert wrong_arrays(result["name_the_mistake"]) == {"A", "B", "C"}
    assert result["name_the_mistake"].points == 0.5
    nothing = written(A2, "def name_the_mistake(): return {}")
    assert lost(A2, nothing, only="name_the_mistake") == {"name_the_mistake": 0.0}
