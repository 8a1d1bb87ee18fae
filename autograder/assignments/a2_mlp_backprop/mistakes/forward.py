"""Known mistakes of a2_mlp_backprop: forward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a2_mlp_backprop.mistakes.shared import Array, Params, right_sigmoid
from autograder.assignments.classification import Classes
from autograder.naming.bank import Functions, MistakesIn, Own

in_sigmoid = MistakesIn("sigmoid")
in_half_squared_error = MistakesIn("half_squared_error")

BEND = "1.2, 'The sigmoid'"

in_sigmoid(
    "sigmoid_overflows",
    "exp overflows for large negative z: a positive number enters it",
    f"{BEND}: let no positive number into np.exp.",
    lambda own: {"sigmoid": lambda z: 1 / (1 + np.exp(-np.asarray(z, dtype=float)))},
)
in_sigmoid(
    "sigmoid_mirrored",
    "the sigmoid falls where it should rise: the minus in the exponent is missing",
    f"{BEND}: near 1 for large z.",
    lambda own: {"sigmoid": lambda z: right_sigmoid(-np.asarray(z))},
)
in_sigmoid(
    "tanh_for_sigmoid",
    "this is tanh, which runs from −1 to 1",
    f"{BEND}: it runs from 0 to 1.",
    lambda own: {"sigmoid": np.tanh},
)
in_sigmoid(
    "slope_for_sigmoid",
    "this is the slope of the sigmoid, not the sigmoid",
    f"{BEND}, its first line against its last.",
    lambda own: {"sigmoid": lambda z: (s := right_sigmoid(z)) * (1 - s)},
)
in_sigmoid(
    "sigmoid_of_infinities",
    "exp overflows for large positive z, and infinity over infinity is not a number",
    f"{BEND}: let no positive number into np.exp.",
    lambda own: {"sigmoid": lambda z: np.exp(z) / (1 + np.exp(z))},
)


@in_sigmoid(
    "sigmoid_writes_z",
    "z itself is written into, and the caller's array changes",
    f"{BEND}: z *= … writes into the caller's array, -z makes a new one.",
)
def sigmoid_writes_z(own: Own) -> Functions:
    def sigmoid(z: Array) -> Array:
        values = right_sigmoid(z)
        z *= -1
        return values

    return {"sigmoid": sigmoid}


def forward_with(
    own: Own,
    change: Callable[[Array, Params], tuple[Array, Params]] = lambda x, params: (x, params),
    hidden: Callable[[Array], Array] = right_sigmoid,
    top: Callable[[Array], Array] = right_sigmoid,
) -> Functions:
    """An mlp_forward with other inputs or other functions between its layers."""

    def mlp_forward(x: Array, params: Params) -> tuple[Array, None]:
        seen, used = change(x, params)
        between = hidden(seen @ used["weight_1"].T + used["bias_1"])
        return top(between @ used["weight_2"].T + used["bias_2"]), None

    return {"mlp_forward": mlp_forward}


in_mlp_forward = MistakesIn("mlp_forward", forward_with)

FORWARD = "1.4, 'Forward, and a loss': x @ weight.T + bias, a sigmoid, and the same again."


def zeroed(params: Params, *names: str) -> Params:
    """The same parameters with some at zero."""
    return {name: 0 * value if name in names else value for name, value in params.items()}


in_mlp_forward(
    "forward_without_biases",
    "both biases are missing",
    FORWARD,
    change=lambda x, params: (x, zeroed(params, "bias_1", "bias_2")),
)
in_mlp_forward(
    "forward_without_bias_1", "bias_1 is missing", FORWARD, change=lambda x, params: (x, zeroed(params, "bias_1"))
)
in_mlp_forward(
    "forward_without_bias_2", "bias_2 is missing", FORWARD, change=lambda x, params: (x, zeroed(params, "bias_2"))
)
in_mlp_forward(
    "output_not_bent",
    "the prediction is net_2: the sigmoid after the second layer is missing",
    FORWARD,
    top=lambda net: net,
)
in_mlp_forward(
    "hidden_not_bent",
    "the sigmoid between the layers is missing, so the two layers are one",
    "1.3: why bend at all?",
    hidden=lambda net: net,
)
in_mlp_forward("hidden_tanh", "the hidden layer bends with tanh, not with the sigmoid", FORWARD, hidden=np.tanh)
in_mlp_forward(
    "output_softmax",
    "the second layer ends in a softmax, not in a sigmoid",
    FORWARD,
    top=lambda net: Classes().probabilities(net),
)

HALF = "1.4: L = ½ Σ (prediction − target)², added over all entries."

in_half_squared_error(
    "half_forgotten",
    "the half is missing",
    HALF,
    lambda own: {"half_squared_error": lambda prediction, target: float(np.sum((prediction - target) ** 2))},
)
in_half_squared_error(
    "mean_for_sum",
    "the squares are averaged over all entries, not added",
    f"{HALF} A law: every row twice doubles it.",
    lambda own: {"half_squared_error": lambda prediction, target: float(0.5 * np.mean((prediction - target) ** 2))},
)
in_half_squared_error(
    "mean_over_rows",
    "the squares are averaged over the rows, not added",
    f"{HALF} A law: every row twice doubles it.",
    lambda own: {
        "half_squared_error": lambda prediction, target: float(
            0.5 * np.sum((prediction - target) ** 2) / len(prediction)
        )
    },
)
in_half_squared_error(
    "square_forgotten",
    "the square is missing",
    f"{HALF} And 1.6, line (c), where an article forgets it.",
    lambda own: {"half_squared_error": lambda prediction, target: float(0.5 * np.sum(target - prediction))},
    seen_in="the article of part 1",
)
in_half_squared_error(
    "loss_of_each_row",
    "there is one loss for each row, not one for all",
    f"{HALF} It is a single number.",
    lambda own: {"half_squared_error": lambda prediction, target: 0.5 * np.sum((prediction - target) ** 2, axis=-1)},
)
