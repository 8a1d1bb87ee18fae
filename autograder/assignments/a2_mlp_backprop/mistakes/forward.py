"""Known mistakes of a2_mlp_backprop: forward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a2_mlp_backprop.mistakes.classes import probabilities
from autograder.assignments.a2_mlp_backprop.mistakes.shared import Array, Params, right_sigmoid
from autograder.naming.bank import Functions, Own, mistake

BEND = "1.2, 'The sigmoid'"


@mistake(
    "sigmoid",
    id="sigmoid_overflows",
    title="exp overflows for large negative z: a positive number enters it",
    reread=f"{BEND}: let no positive number into np.exp.",
)
def sigmoid_overflows(own: Own) -> Functions:
    return {"sigmoid": lambda z: 1 / (1 + np.exp(-np.asarray(z, dtype=float)))}


@mistake(
    "sigmoid",
    id="sigmoid_mirrored",
    title="the sigmoid falls where it should rise: the minus in the exponent is missing",
    reread=f"{BEND}: near 1 for large z.",
)
def sigmoid_mirrored(own: Own) -> Functions:
    return {"sigmoid": lambda z: right_sigmoid(-np.asarray(z))}


@mistake(
    "sigmoid",
    id="tanh_for_sigmoid",
    title="this is tanh, which runs from −1 to 1",
    reread=f"{BEND}: it runs from 0 to 1.",
)
def tanh_for_sigmoid(own: Own) -> Functions:
    return {"sigmoid": np.tanh}


@mistake(
    "sigmoid",
    id="slope_for_sigmoid",
    title="this is the slope of the sigmoid, not the sigmoid",
    reread=f"{BEND}, its first line against its last.",
)
def slope_for_sigmoid(own: Own) -> Functions:
    return {"sigmoid": lambda z: (s := right_sigmoid(z)) * (1 - s)}


@mistake(
    "sigmoid",
    id="sigmoid_of_infinities",
    title="exp overflows for large positive z, and infinity over infinity is not a number",
    reread=f"{BEND}: let no positive number into np.exp.",
)
def sigmoid_of_infinities(own: Own) -> Functions:
    return {"sigmoid": lambda z: np.exp(z) / (1 + np.exp(z))}


@mistake(
    "sigmoid",
    id="sigmoid_writes_z",
    title="z itself is written into, and the caller's array changes",
    reread=f"{BEND}: z *= … writes into the caller's array, -z makes a new one.",
)
def sigmoid_writes_z(own: Own) -> Functions:
    def sigmoid(z: Array) -> Array:
        values = right_sigmoid(z)
        z *= -1
        return values

    return {"sigmoid": sigmoid}


def forward_with(
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


FORWARD = "1.4, 'Forward, and a loss': x @ weight.T + bias, a sigmoid, and the same again."


def zeroed(params: Params, *names: str) -> Params:
    """The same parameters with some at zero."""
    return {name: 0 * value if name in names else value for name, value in params.items()}


@mistake("mlp_forward", id="forward_without_biases", title="both biases are missing", reread=FORWARD)
def forward_without_biases(own: Own) -> Functions:
    return forward_with(lambda x, params: (x, zeroed(params, "bias_1", "bias_2")))


@mistake("mlp_forward", id="forward_without_bias_1", title="bias_1 is missing", reread=FORWARD)
def forward_without_bias_1(own: Own) -> Functions:
    return forward_with(lambda x, params: (x, zeroed(params, "bias_1")))


@mistake("mlp_forward", id="forward_without_bias_2", title="bias_2 is missing", reread=FORWARD)
def forward_without_bias_2(own: Own) -> Functions:
    return forward_with(lambda x, params: (x, zeroed(params, "bias_2")))


@mistake(
    "mlp_forward",
    id="output_not_bent",
    title="the prediction is net_2: the sigmoid after the second layer is missing",
    reread=FORWARD,
)
def output_not_bent(own: Own) -> Functions:
    return forward_with(top=lambda net: net)


@mistake(
    "mlp_forward",
    id="hidden_not_bent",
    title="the sigmoid between the layers is missing, so the two layers are one",
    reread="1.3: why bend at all?",
)
def hidden_not_bent(own: Own) -> Functions:
    return forward_with(hidden=lambda net: net)


@mistake(
    "mlp_forward", id="hidden_tanh", title="the hidden layer bends with tanh, not with the sigmoid", reread=FORWARD
)
def hidden_tanh(own: Own) -> Functions:
    return forward_with(hidden=np.tanh)


@mistake(
    "mlp_forward",
    id="output_softmax",
    title="the second layer ends in a softmax, not in a sigmoid",
    reread=FORWARD,
)
def output_softmax(own: Own) -> Functions:
    return forward_with(top=lambda net: probabilities(net))


HALF = "1.4: L = ½ Σ (prediction − target)², added over all entries."


@mistake("half_squared_error", id="half_forgotten", title="the half is missing", reread=HALF)
def half_forgotten(own: Own) -> Functions:
    return {"half_squared_error": lambda prediction, target: float(np.sum((prediction - target) ** 2))}


@mistake(
    "half_squared_error",
    id="mean_for_sum",
    title="the squares are averaged over all entries, not added",
    reread=f"{HALF} A law: every row twice doubles it.",
)
def mean_for_sum(own: Own) -> Functions:
    return {"half_squared_error": lambda prediction, target: float(0.5 * np.mean((prediction - target) ** 2))}


@mistake(
    "half_squared_error",
    id="mean_over_rows",
    title="the squares are averaged over the rows, not added",
    reread=f"{HALF} A law: every row twice doubles it.",
)
def mean_over_rows(own: Own) -> Functions:
    return {
        "half_squared_error": lambda prediction, target: float(
            0.5 * np.sum((prediction - target) ** 2) / len(prediction)
        )
    }


@mistake(
    "half_squared_error",
    id="square_forgotten",
    title="the square is missing",
    reread=f"{HALF} And 1.6, line (c), where an article forgets it.",
    seen_in="the article of part 1",
)
def square_forgotten(own: Own) -> Functions:
    return {"half_squared_error": lambda prediction, target: float(0.5 * np.sum(target - prediction))}


@mistake(
    "half_squared_error",
    id="loss_of_each_row",
    title="there is one loss for each row, not one for all",
    reread=f"{HALF} It is a single number.",
)
def loss_of_each_row(own: Own) -> Functions:
    return {"half_squared_error": lambda prediction, target: 0.5 * np.sum((prediction - target) ** 2, axis=-1)}
