"""Known mistakes of a2_mlp_backprop made by rule: what people write in each place of each formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a2_mlp_backprop.mistakes.backward import LINES, ROWS
from autograder.assignments.a2_mlp_backprop.mistakes.forward import BEND, FORWARD, HALF, forward_with
from autograder.assignments.a2_mlp_backprop.mistakes.shared import Array, Params, mlp, right_sigmoid
from autograder.assignments.errors import BENDS, losses, of_difference
from autograder.naming.bank import Functions, MistakesIn, Own

# ---- forward ---------------------------------------------------------------------------------------------------------

known = MistakesIn("sigmoid", lambda own, whole: {"sigmoid": whole}, by_rule=True)
for id, (words, bend) in BENDS.items():
    if id not in ("sigmoid", "nothing"):
        known(f"sigmoid_is_{id}", f"this is {words}, not the sigmoid of z", BEND, whole=bend)
known("sigmoid_is_nothing", "z is returned as it is", BEND, whole=lambda z: z)
SIGMOID: dict[str, Any] = {
    "the sigmoid is rounded to whole numbers": lambda z: np.round(right_sigmoid(z)),
    "z is divided by its norm first": lambda z: right_sigmoid(z / np.linalg.norm(z)),
    "the mean of z is taken away first": lambda z: right_sigmoid(z - np.mean(z)),
    "the largest z is taken away first, as in a softmax": lambda z: right_sigmoid(z - np.max(z)),
    "the sigmoid is multiplied by 1 − z": lambda z: right_sigmoid(z) * (1 - z),
    "this is 1 / (1 + z): exp is missing": lambda z: 1 / (1 + z),
    "this is exp(z) / (1 + exp(−z))": lambda z: np.exp(z) / (1 + np.exp(-z)),
    "this is exp(−z) / (1 + exp(−z)), the sigmoid of −z": lambda z: right_sigmoid(-z),
    "this is 1 / 1 + exp(−z): a bracket is missing": lambda z: 1 + np.exp(-z),
    "exp(−z²) stands for exp(−z)": lambda z: 1 / (1 + np.exp(-(z**2))),
    "2 to the power −z stands for exp(−z)": lambda z: 1 / (1 + 2.0**-z),
    **{f"z is clipped to [−{c}, {c}] first": lambda z, c=c: right_sigmoid(np.clip(z, -c, c)) for c in (1, 2)},
}
for words, bend in SIGMOID.items():
    known(f"sigmoid_{words}", words, BEND, whole=bend)

known = MistakesIn("mlp_forward", forward_with, by_rule=True)
for id, (words, bend) in BENDS.items():
    if id != "sigmoid":
        said = "is missing" if id == "nothing" else f"is {words}"
        known(f"bends_hidden_{id}", f"the bend of the hidden layer {said}", FORWARD, hidden=bend)
        known(f"bends_top_{id}", f"the bend of the second layer {said}", FORWARD, top=bend)
        known(f"bends_both_{id}", f"the bend of both layers {said}", FORWARD, hidden=bend, top=bend)


def net(
    own: Own, between: Callable[[Array, Array, Params], Array], after: Callable[[Array, Array, Params], Array]
) -> Functions:
    """An mlp_forward of two layers that are given in full: between makes hidden of x, after the prediction of hidden and x."""
    return {"mlp_forward": lambda x, params: (after(between(x, x, params), x, params), None)}


RIGHT_1: Callable[[Array, Array, Params], Array] = lambda x, _, p: right_sigmoid(x @ p["weight_1"].T + p["bias_1"])
RIGHT_2: Callable[[Array, Array, Params], Array] = lambda h, x, p: right_sigmoid(h @ p["weight_2"].T + p["bias_2"])
known = MistakesIn("mlp_forward", net, by_rule=True)
BETWEEN_BETWEEN: dict[str, Any] = {
    "bias_1 is added behind the sigmoid": lambda x, _, p: right_sigmoid(x @ p["weight_1"].T) + p["bias_1"],
    "bias_1 is taken away": lambda x, _, p: right_sigmoid(x @ p["weight_1"].T - p["bias_1"]),
    "bias_1 is multiplied with, not added": lambda x, _, p: right_sigmoid(x @ p["weight_1"].T * p["bias_1"]),
    "the sum over the hidden units is bent: net_1 is divided by its size": lambda x, _, p: right_sigmoid(
        (x @ p["weight_1"].T + p["bias_1"]) / x.shape[1]
    ),
    "hidden is what comes before the bend of layer 1, less its mean": lambda x, _, p: (
        (z := x @ p["weight_1"].T + p["bias_1"]) - z.mean()
    ),
    "hidden is multiplied by net_1": lambda x, _, p: (z := x @ p["weight_1"].T + p["bias_1"]) * right_sigmoid(z),
    "hidden is averaged over the rows": lambda x, _, p: 0 * RIGHT_1(x, x, p) + RIGHT_1(x, x, p).mean(axis=0),
    "the inputs are averaged over the rows": lambda x, _, p: RIGHT_1(0 * x + x.mean(axis=0), x, p),
    "the rows of x are divided by their norm": lambda x, _, p: RIGHT_1(
        x / np.linalg.norm(x, axis=1, keepdims=True), x, p
    ),
}
for words, value in BETWEEN_BETWEEN.items():
    known(f"between_{words}", words, FORWARD, between=value, after=RIGHT_2)
AFTER_AFTER: dict[str, Any] = {
    "bias_2 is added behind the sigmoid": lambda h, x, p: right_sigmoid(h @ p["weight_2"].T) + p["bias_2"],
    "bias_2 is taken away": lambda h, x, p: right_sigmoid(h @ p["weight_2"].T - p["bias_2"]),
    "bias_2 is multiplied with, not added": lambda h, x, p: right_sigmoid(h @ p["weight_2"].T * p["bias_2"]),
    "layer 2 reads net_1, not what comes out of the sigmoid": lambda h, x, p: right_sigmoid(
        (x @ p["weight_1"].T + p["bias_1"]) @ p["weight_2"].T + p["bias_2"]
    ),
    "the hidden layer is bent twice on its way into layer 2": lambda h, x, p: RIGHT_2(right_sigmoid(h), x, p),
    "the prediction is hidden: the second layer is missing": lambda h, x, p: h,
    "the prediction is rounded to 0 or 1": lambda h, x, p: np.round(RIGHT_2(h, x, p)),
    "the prediction is averaged over the rows": lambda h, x, p: RIGHT_2(h, x, p).mean(axis=0),
    "the prediction is the sum over the outputs": lambda h, x, p: RIGHT_2(h, x, p).sum(axis=1),
    "the prediction is transposed": lambda h, x, p: RIGHT_2(h, x, p).T,
    "the prediction is one long row": lambda h, x, p: RIGHT_2(h, x, p).ravel(),
    "the largest of each row becomes 1, all else 0": lambda h, x, p: (
        (RIGHT_2(h, x, p) == RIGHT_2(h, x, p).max(axis=1, keepdims=True)) * 1.0
    ),
}
for words, value in AFTER_AFTER.items():
    known(f"after_{words}", words, FORWARD, between=RIGHT_1, after=value)

known = MistakesIn("half_squared_error", lambda own, whole: {"half_squared_error": whole}, by_rule=True)
for id, words, value in losses("half_sum_squared", "half_sum_clipped"):
    known(
        f"half_{id}",
        words,
        HALF,
        whole=of_difference(value),
    )
HALF_OF: dict[str, Any] = {
    "the target is missing": lambda p, t: np.sum(p**2) / 2,
    "prediction and target are added": lambda p, t: np.sum((p + t) ** 2) / 2,
    "the squares of prediction and target are compared, not the error squared": lambda p, t: np.sum(p**2 - t**2) / 2,
    "the error is halved before it is squared": lambda p, t: np.sum(((p - t) / 2) ** 2),
    "the gradient is returned, not the loss": lambda p, t: p - t,
    "the sum is divided by the number of outputs": lambda p, t: np.sum((p - t) ** 2) / 2 / p.shape[1],
    "the first output alone counts": lambda p, t: np.sum((p - t)[:, 0] ** 2) / 2,
    "the last output alone counts": lambda p, t: np.sum((p - t)[:, -1] ** 2) / 2,
    "the first row alone counts": lambda p, t: np.sum((p - t)[0] ** 2) / 2,
    "the last row alone counts": lambda p, t: np.sum((p - t)[-1] ** 2) / 2,
    "prediction times target enters": lambda p, t: np.sum(p * t) / 2,
}
for words, value in HALF_OF.items():
    known(f"half_{words}", words, HALF, whole=value)

# ---- backward --------------------------------------------------------------------------------------------------------

SIGMOIDS: dict[str, Callable[[Array], Array]] = {
    "v (1 + v)": lambda v: v * (1 + v),
    "1 − v": lambda v: 1 - v,
    "v": lambda v: v,
    "v²": lambda v: v**2,
    "1 − v²": lambda v: 1 - v**2,
    "1 + v²": lambda v: 1 + v**2,
    "v − 1": lambda v: v - 1,
    "v (v − 1)": lambda v: v * (v - 1),
    "v (1 − v²)": lambda v: v * (1 - v**2),
    "v² (1 − v)": lambda v: v**2 * (1 - v),
    "v (1 − v)²": lambda v: v * (1 - v) ** 2,
    "(1 − v)²": lambda v: (1 - v) ** 2,
    "(v (1 − v))²": lambda v: (v * (1 - v)) ** 2,
    "2 v (1 − v)": lambda v: 2 * v * (1 - v),
    "v (1 − v) / 2": lambda v: v * (1 - v) / 2,
    "1 − 2 v": lambda v: 1 - 2 * v,
    "v (1 − 2 v)": lambda v: v * (1 - 2 * v),
    "1 − v (1 − v)": lambda v: 1 - v * (1 - v),
    "1 / (v (1 − v))": lambda v: 1 / (v * (1 - v)),
    "v / (1 − v)": lambda v: v / (1 - v),
    "1 / (1 − v)": lambda v: 1 / (1 - v),
    "1 / v": lambda v: 1 / v,
    "σ(v) (1 − σ(v))": lambda v: right_sigmoid(v) * (1 - right_sigmoid(v)),
    "σ(v)": right_sigmoid,
    "1 − σ(v)": lambda v: 1 - right_sigmoid(v),
    "1 − tanh(v)²": lambda v: 1 - np.tanh(v) ** 2,
    "exp(−v)": lambda v: np.exp(-v),
    "exp(−v) / (1 + exp(−v))": lambda v: right_sigmoid(-v),
    "1 where v is above 0, as for ReLU": lambda v: (v > 0) * 1.0,
    "1 where v is above ½": lambda v: (v > 0.5) * 1.0,
    "¼, its largest value": lambda v: 0 * v + 0.25,
    "1": lambda v: 0 * v + 1,
    "v (1 − v), averaged over the rows": lambda v: 0 * v + (v * (1 - v)).mean(axis=0),
    "v (1 − v), averaged over the units": lambda v: 0 * v + (v * (1 - v)).mean(axis=1, keepdims=True),
    "v (1 − v), of the mean over the rows": lambda v: 0 * v + v.mean(axis=0) * (1 - v.mean(axis=0)),
}
TOP = {"the prediction": lambda net: net.prediction, "net_2": lambda net: net.net_2}
MIDDLE = {"hidden": lambda net: net.hidden, "net_1": lambda net: net.net_1}
known = MistakesIn("mlp_backward", mlp, by_rule=True)
for form, f in SIGMOIDS.items():
    for (top, read_top), (middle, read) in zip(TOP.items(), MIDDLE.items(), strict=True):
        right = (form, middle) == ("σ(v) (1 − σ(v))", "net_1")
        tops = lambda g, net, f=f, read=read_top: g * f(read(net))
        bends = lambda g, net, f=f, read=read: g * f(read(net))
        if not right:
            known(
                f"top_{form}_{top}",
                f"the slope of the upper sigmoid is written {form}, where v is {top}",
                f"{LINES}.",
                top=tops,
            )
            known(
                f"bend_{form}_{middle}",
                f"the slope of the hidden sigmoid is written {form}, where v is {middle}",
                f"{LINES}.",
                bend=bends,
            )
            known(
                f"slopes_{form}_{top}",
                f"both slopes are written {form}, where v is {top} and {middle}",
                f"{LINES}.",
                top=tops,
                bend=bends,
            )
BACK: dict[str, Any] = {
    "the slope of the hidden sigmoid multiplies δ of layer 2 before it goes down: it is applied to the wrong layer": {
        "down": lambda d, net: (d * net.prediction * (1 - net.prediction)) @ net.params["weight_2"]
    },
    "the upper slope is added, not multiplied with": {"top": lambda g, net: g + net.prediction * (1 - net.prediction)},
    "the hidden slope is added, not multiplied with": {"bend": lambda g, net: g + net.hidden * (1 - net.hidden)},
    "the upper slope alone goes down: grad_prediction is missing": {
        "top": lambda g, net: net.prediction * (1 - net.prediction)
    },
    "the hidden slope alone counts: what comes from above is missing": {
        "bend": lambda g, net: net.hidden * (1 - net.hidden)
    },
    "the error is divided by the upper slope": {"top": lambda g, net: g / (net.prediction * (1 - net.prediction))},
    "prediction stands for grad_prediction": {"upstream": lambda g, net: net.prediction},
    "grad_prediction is multiplied by the prediction first": {"upstream": lambda g, net: g * net.prediction},
    "the prediction is taken away from grad_prediction": {"upstream": lambda g, net: g - net.prediction},
    "grad_prediction is taken without its sign": {"upstream": lambda g, net: np.abs(g)},
    "grad_prediction is squared": {"upstream": lambda g, net: g**2},
    "grad_prediction is halved": {"upstream": lambda g, net: g / 2},
    "grad_prediction is summed over the rows": {"upstream": lambda g, net: np.broadcast_to(g.sum(axis=0), g.shape)},
    "grad_prediction is averaged over the outputs": {"upstream": lambda g, net: 0 * g + g.mean(axis=1, keepdims=True)},
    "grad_prediction is summed over the outputs": {"upstream": lambda g, net: 0 * g + g.sum(axis=1, keepdims=True)},
    "grad_prediction is divided by the number of entries": {"upstream": lambda g, net: g / g.size},
    "grad_prediction is divided by the number of outputs": {"upstream": lambda g, net: g / g.shape[1]},
    "grad_prediction is clipped to [−1, 1]": {"upstream": lambda g, net: np.clip(g, -1, 1)},
    "only the sign of grad_prediction counts": {"upstream": lambda g, net: np.sign(g)},
    "grad_prediction is not used: it is taken for zero": {"upstream": lambda g, net: 0 * g},
    "what goes down to layer 1 skips weight_2: each unit gets the sum of δ": {
        "down": lambda d, net: 0 * net.hidden + d.sum(axis=1, keepdims=True)
    },
    "what goes down is multiplied by the absolute weights": {"down": lambda d, net: d @ np.abs(net.params["weight_2"])},
    "what goes down has the other sign": {"down": lambda d, net: -(d @ net.params["weight_2"])},
    "what goes down is doubled": {"down": lambda d, net: 2 * (d @ net.params["weight_2"])},
    "what goes down is multiplied by hidden as well": {
        "down": lambda d, net: (d @ net.params["weight_2"]) * net.hidden
    },
    "what goes down is averaged over the outputs, not summed": {
        "down": lambda d, net: d @ net.params["weight_2"] / d.shape[1]
    },
    "what goes down is averaged over the rows": {
        "down": lambda d, net: 0 * net.hidden + (d @ net.params["weight_2"]).mean(axis=0)
    },
    "nothing goes down to layer 1": {"down": lambda d, net: 0 * net.hidden},
    "bias_2 is added to what goes down": {"down": lambda d, net: (d + net.params["bias_2"]) @ net.params["weight_2"]},
    "weight_2 is paired with the slope of hidden": {"reads_2": lambda net: net.hidden * (1 - net.hidden)},
    "weight_2 is paired with the sigmoid of hidden": {"reads_2": lambda net: right_sigmoid(net.hidden)},
    "weight_2 is paired with the mean of hidden over the rows": {
        "reads_2": lambda net: 0 * net.hidden + net.hidden.mean(axis=0)
    },
    "weight_2 is paired with ones": {"reads_2": lambda net: 0 * net.hidden + 1},
    "weight_1 is paired with ones": {"reads_1": lambda net: 0 * net.x + 1},
    "weight_1 is paired with x without its sign": {"reads_1": lambda net: np.abs(net.x)},
    "weight_1 is paired with x squared": {"reads_1": lambda net: net.x**2},
    "weight_1 is paired with the mean of x over the rows": {"reads_1": lambda net: 0 * net.x + net.x.mean(axis=0)},
    "weight_1 is paired with x in reverse order": {"reads_1": lambda net: net.x[::-1]},
    "weight_1 is paired with a sigmoid of x": {"reads_1": lambda net: right_sigmoid(net.x)},
    "the biases get the mean over everything": {"added": lambda d: np.full(d.shape[1], d.mean())},
    "the biases are summed over the units, not over the rows": {"added": lambda d: d.sum(axis=1)},
    "the biases are means over the units": {"added": lambda d: d.mean(axis=1)},
    "the biases are one number: the sum over everything": {"added": lambda d: d.sum()},
    "the biases are one number: the mean over everything": {"added": lambda d: d.mean()},
    "the biases get the first row's δ alone": {"added": lambda d: d[0]},
    "the biases get the last row's δ alone": {"added": lambda d: d[-1]},
    "the biases are columns": {"added": lambda d: d.sum(axis=0)[:, None]},
    "the biases keep an axis of length 1 in front": {"added": lambda d: d.sum(axis=0, keepdims=True)},
    "the biases add the absolute δ": {"added": lambda d: np.abs(d).sum(axis=0)},
    "the biases get ones": {"added": lambda d: 0 * d[0] + 1},
    "bias_2 is that of the errors before the upper slope": {
        "bias_2": lambda right, net, d1, d2: (d2 / (net.prediction * (1 - net.prediction))).sum(axis=0)
    },
    "bias_2 is multiplied by the mean of hidden": {
        "bias_2": lambda right, net, d1, d2: (d2 * net.hidden.mean(axis=1, keepdims=True)).sum(axis=0)
    },
    "bias_1 gets the sum of bias_2": {"bias_1": lambda right, net, d1, d2: 0 * right + d2.sum()},
    "weight_2 is that of the errors before the upper slope": {
        "weight_2": lambda right, net, d1, d2: (d2 / (net.prediction * (1 - net.prediction))).T @ net.hidden
    },
    "weight_1 is that of the errors before the hidden slope": {
        "weight_1": lambda right, net, d1, d2: (d2 @ net.params["weight_2"]).T @ net.x
    },
    "weight_2 is the product of sums over the rows": {
        "weight_2": lambda right, net, d1, d2: np.outer(d2.sum(axis=0), net.hidden.sum(axis=0))
    },
    "weight_1 is the product of sums over the rows": {
        "weight_1": lambda right, net, d1, d2: np.outer(d1.sum(axis=0), net.x.sum(axis=0))
    },
    "weight_2 is the product of means over the rows": {
        "weight_2": lambda right, net, d1, d2: np.outer(d2.mean(axis=0), net.hidden.mean(axis=0))
    },
    "weight_1 gets the first row's share alone": {"weight_1": lambda right, net, d1, d2: np.outer(d1[0], net.x[0])},
    "weight_1 gets the last row's share alone": {"weight_1": lambda right, net, d1, d2: np.outer(d1[-1], net.x[-1])},
    "weight_2 gets the last row's share alone": {
        "weight_2": lambda right, net, d1, d2: np.outer(d2[-1], net.hidden[-1])
    },
    "x is multiplied by its gradient": {"x": lambda right, net, d1, d2: right * net.x},
    "the gradient of x is summed over the rows": {"x": lambda right, net, d1, d2: right.sum(axis=0)},
    "the gradient of x is averaged over the rows": {"x": lambda right, net, d1, d2: 0 * right + right.mean(axis=0)},
    "the gradient of x stops at layer 1: it is what arrives at net_1": {"x": lambda right, net, d1, d2: d1},
    "the gradient of x goes through the slope of x as well": {
        "x": lambda right, net, d1, d2: right * net.x * (1 - net.x)
    },
    "all gradients of parameters are multiplied by the number of rows": {
        "parameters": lambda right, net: right * len(net.x)
    },
    "the weights are divided by the number of rows, the biases are not": {
        "weight_1": lambda right, net, d1, d2: right / len(net.x),
        "weight_2": lambda right, net, d1, d2: right / len(net.x),
    },
    "the gradients of the parameters are clipped to [−1, 1]": {"parameters": lambda right, net: np.clip(right, -1, 1)},
    "the gradients of the parameters have the other sign": {"parameters": lambda right, net: -right},
    **{
        f"a weight decay of {c:g} is added to the gradients of the weights": {
            "weights": lambda right, weight, c=c: right + c * weight
        }
        for c in (0.1, 0.01, 0.001, 2, 0.5)
    },
}
for words, slots in BACK.items():
    known(f"back_{words}", words, f"{LINES}. {ROWS}", **slots)
SHARES: dict[str, Any] = {
    "divided by the number of rows": lambda right, net, d1, d2: right / len(net.x),
    "of the wrong sign": lambda right, net, d1, d2: -right,
    "twice too large": lambda right, net, d1, d2: 2 * right,
    "halved": lambda right, net, d1, d2: right / 2,
    "left at zero": lambda right, net, d1, d2: 0 * right,
}
for name in ("x", "weight_1", "weight_2", "bias_1", "bias_2"):
    for words, size in SHARES.items():
        slot: dict[str, Any] = {name: size}
        known(f"{name}_{words}", f"the gradient of {name} is {words}", ROWS, **slot)
