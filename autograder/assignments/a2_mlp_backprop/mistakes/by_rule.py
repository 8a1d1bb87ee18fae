"""Known mistakes of a2_mlp_backprop made by rule: what people write in each place of each formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.assignments.a2_mlp_backprop.mistakes.backward import LINES, ROWS
from autograder.assignments.a2_mlp_backprop.mistakes.differences import NUDGE, differences
from autograder.assignments.a2_mlp_backprop.mistakes.forward import BEND, FORWARD, HALF, forward_with
from autograder.assignments.a2_mlp_backprop.mistakes.shared import Array, Grads, Params, mlp, right_sigmoid
from autograder.assignments.a2_mlp_backprop.mistakes.training import LOOP, STEP, moved
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

# ---- differences -----------------------------------------------------------------------------------------------------

known = MistakesIn("numerical_gradient", differences, by_rule=True)
QUOTIENT: dict[str, Any] = {
    "the differences look up only, and are divided by 2ε": lambda f, e: (f(e) - f(0.0)) / (2 * e),
    "the differences look down only": lambda f, e: (f(0.0) - f(-e)) / e,
    "the sign is wrong: below less above": lambda f, e: (f(-e) - f(e)) / (2 * e),
    "the two values are added": lambda f, e: (f(e) + f(-e)) / (2 * e),
    "the difference is halved and not divided by ε": lambda f, e: (f(e) - f(-e)) / 2,
    "the difference is divided by 2 and multiplied by ε": lambda f, e: (f(e) - f(-e)) / 2 * e,
    "the difference is divided by ε²": lambda f, e: (f(e) - f(-e)) / e**2,
    "the nudge is 2ε, and the distance is taken for 2ε": lambda f, e: (f(2 * e) - f(-2 * e)) / (2 * e),
    "the nudge is ε/2, and the distance is taken for 2ε": lambda f, e: (f(e / 2) - f(-e / 2)) / (2 * e),
    "the nudge is ε/2 up and down": lambda f, e: (f(e / 2) - f(-e / 2)) / e,
    "this is the second derivative": lambda f, e: (f(e) - 2 * f(0.0) + f(-e)) / e**2,
    "the slopes are taken without their signs": lambda f, e: abs(f(e) - f(-e)) / (2 * e),
    "the value of f is stored for each entry": lambda f, e: f(0.0),
    "only the second value is divided": lambda f, e: f(e) - f(-e) / (2 * e),
    **{
        f"the given ε is not used, but 1e-{n}": lambda f, e, h=10.0**-n: (f(h) - f(-h)) / (2 * h)
        for n in (1, 2, 3, 4, 5, 6, 7, 8)
    },
    **{
        f"the nudge goes up only, by 1e-{n} whatever ε is": lambda f, e, h=10.0**-n: (f(h) - f(0.0)) / h
        for n in (2, 3, 4, 5, 6, 7, 8)
    },
}
for words, quotient in QUOTIENT.items():
    known(f"quotient_{words}", words, NUDGE, quotient=quotient, rtol=1e-7)

# ---- one step, and many ----------------------------------------------------------------------------------------------

known = MistakesIn("sgd_step", moved, by_rule=True)
SGD: dict[str, Any] = {
    "the gradient is not used: the parameters are returned": lambda name, p, g, lr: p,
    "the gradient is returned": lambda name, p, g, lr: g,
    "lr times the gradient is returned": lambda name, p, g, lr: lr * g,
    "the step goes up, a whole gradient long": lambda name, p, g, lr: p + g,
    "the parameter is multiplied by lr too: lr (p − g)": lambda name, p, g, lr: lr * (p - g),
    "the gradient is divided by lr": lambda name, p, g, lr: p - g / lr,
    "lr is squared": lambda name, p, g, lr: p - lr**2 * g,
    "lr is taken away with the gradient: p − lr − g": lambda name, p, g, lr: p - lr - g,
    "the step is taken away the wrong way round": lambda name, p, g, lr: lr * g - p,
    "the step is multiplied with the parameter": lambda name, p, g, lr: p * lr * g,
    "the parameter is multiplied by 1 − lr g": lambda name, p, g, lr: p * (1 - lr * g),
    "the gradient is multiplied by the parameter": lambda name, p, g, lr: p - lr * g * p,
    "only the sign of the gradient counts": lambda name, p, g, lr: p - lr * np.sign(g),
    "each gradient is divided by its norm": lambda name, p, g, lr: p - lr * g / np.linalg.norm(g),
    "each gradient is divided by its length": lambda name, p, g, lr: p - lr * g / len(g),
    "each gradient is divided by its number of entries": lambda name, p, g, lr: p - lr * g / g.size,
    "each gradient is replaced by its mean": lambda name, p, g, lr: p - lr * g.mean(),
    "each gradient is squared": lambda name, p, g, lr: p - lr * g**2,
    "each gradient is taken without its sign": lambda name, p, g, lr: p - lr * np.abs(g),
    "each gradient is clipped to [−1, 1]": lambda name, p, g, lr: p - lr * np.clip(g, -1, 1),
    "the parameter shrinks by lr as well: a weight decay": lambda name, p, g, lr: (1 - lr) * p - lr * g,
    "the step is a mean of old and new": lambda name, p, g, lr: p - lr * g / 2,
    "the step is twice too long": lambda name, p, g, lr: p - 2 * lr * g,
    "the new parameters are those after two steps": lambda name, p, g, lr: p - lr * g - lr * g,
    "the weights do not move": lambda name, p, g, lr: p if "weight" in name else p - lr * g,
    "layer 1 does not move": lambda name, p, g, lr: p if name.endswith("1") else p - lr * g,
    "layer 2 does not move": lambda name, p, g, lr: p if name.endswith("2") else p - lr * g,
    "the biases move up": lambda name, p, g, lr: p + lr * g if "bias" in name else p - lr * g,
    "the biases do not use lr": lambda name, p, g, lr: p - g if "bias" in name else p - lr * g,
    "the weights do not use lr": lambda name, p, g, lr: p - lr * g if "bias" in name else p - g,
    "the new parameters are rounded to whole numbers": lambda name, p, g, lr: np.round(p - lr * g),
    **{f"lr is not used, but {c:g}": lambda name, p, g, lr, c=c: p - c * g for c in (0.1, 0.01, 0.001, 0.5)},
    **{
        f"a weight decay of {c:g} is added": lambda name, p, g, lr, c=c: p - lr * (g + c * p)
        for c in (0.1, 0.01, 0.001)
    },
    **{f"a momentum of {c:g} weakens the step": lambda name, p, g, lr, c=c: p - lr * (1 - c) * g for c in (0.9, 0.99)},
}
for words, step in SGD.items():
    if "two steps" not in words:
        known(f"sgd_{words}", words, STEP, step=step)


@dataclass(frozen=True)
class Training:
    """train_mlp, right by default. gradient: what is handed to the backward; grads: what its answer is made to."""

    own: Own
    gradient: Callable[[Array, Array], Array] = lambda prediction, target: prediction - target
    grads: Callable[[Grads, Params], Grads] = lambda grads, params: grads
    rate: Callable[[float, int, int, int], float] = lambda lr, t, steps, rows: lr
    momentum: float = 0.0
    averaged: bool = False
    shown: Callable[[Any, int, int], Any] = lambda loss, rows, entries: loss
    losses: Callable[[list[Any], Any], Any] = lambda losses, last: np.array(losses)
    ends: Callable[[list[Params]], Params] = lambda walked: walked[-1]
    reads: Callable[[Params, Params], Params] = lambda now, start: now

    def __call__(self, x: Array, target: Array, params: Params, lr: float, steps: int) -> tuple[Params, Any]:
        names = ("weight_1", "bias_1", "weight_2", "bias_2")
        walked, losses, speed = [params], [], {name: 0.0 * params[name] for name in names}
        for t in range(steps):
            prediction, cache = self.own["mlp_forward"](x, self.reads(walked[-1], params))
            losses.append(self.shown(self.own["half_squared_error"](prediction, target), len(x), target.size))
            found = self.own["mlp_backward"](self.gradient(prediction, target), cache)
            grads = self.grads({name: found[name] for name in names}, walked[-1])
            share = 1 - self.momentum if self.averaged else 1.0
            speed = {name: self.momentum * speed[name] + share * grads[name] for name in names}
            walked.append(self.own["sgd_step"](walked[-1], speed, self.rate(lr, t, steps, len(x))))
        last = self.shown(
            self.own["half_squared_error"](self.own["mlp_forward"](x, walked[-1])[0], target), len(x), target.size
        )
        return self.ends(walked), self.losses(losses, last)


def only(word: str) -> Callable[[Grads, Params], Grads]:
    """The gradients whose names hold this word, all others zero."""
    return lambda grads, params: {name: grad if word in name else 0 * grad for name, grad in grads.items()}


known = MistakesIn("train_mlp", lambda own, **slots: {"train_mlp": Training(own, **slots)}, by_rule=True)
TRAIN: dict[str, Any] = {
    "the target is handed to the backward": {"gradient": lambda p, t: t},
    "ones are handed to the backward": {"gradient": lambda p, t: 0 * p + 1},
    "prediction + target is handed to the backward": {"gradient": lambda p, t: p + t},
    "the gradient of the loss is halved": {"gradient": lambda p, t: (p - t) / 2},
    "the gradient of the loss is divided by the number of entries": {"gradient": lambda p, t: (p - t) / p.size},
    "the gradient of the loss is twice the error, divided by the number of rows": {
        "gradient": lambda p, t: 2 * (p - t) / len(p)
    },
    "the gradient of the loss is twice the error, divided by the number of entries": {
        "gradient": lambda p, t: 2 * (p - t) / p.size
    },
    "the gradient of the loss is divided by the number of outputs": {"gradient": lambda p, t: (p - t) / p.shape[1]},
    "the error is squared in the gradient of the loss": {"gradient": lambda p, t: (p - t) ** 2},
    "half the squared error is handed to the backward": {"gradient": lambda p, t: (p - t) ** 2 / 2},
    "only the sign of the error is handed to the backward": {"gradient": lambda p, t: np.sign(p - t)},
    "the absolute error is handed to the backward": {"gradient": lambda p, t: np.abs(p - t)},
    "the slope of the sigmoid is in what is handed to the backward already": {
        "gradient": lambda p, t: (p - t) * p * (1 - p)
    },
    "the upper slope is taken out before the backward, as for a cross-entropy": {
        "gradient": lambda p, t: (p - t) / (p * (1 - p))
    },
    "the error is averaged over the rows first": {"gradient": lambda p, t: 0 * p + (p - t).mean(axis=0)},
    "only the weights are trained": {"grads": only("weight")},
    "only the biases are trained": {"grads": only("bias")},
    "only layer 1 is trained": {"grads": only("_1")},
    "only layer 2 is trained": {"grads": only("_2")},
    "nothing is trained": {"grads": only("none")},
    "weight_1 is not trained": {"grads": lambda g, p: {**g, "weight_1": 0 * g["weight_1"]}},
    "weight_2 is not trained": {"grads": lambda g, p: {**g, "weight_2": 0 * g["weight_2"]}},
    "bias_1 is not trained": {"grads": lambda g, p: {**g, "bias_1": 0 * g["bias_1"]}},
    "bias_2 is not trained": {"grads": lambda g, p: {**g, "bias_2": 0 * g["bias_2"]}},
    "each gradient is divided by its norm": {"grads": lambda g, p: {k: v / np.linalg.norm(v) for k, v in g.items()}},
    "the gradients of the biases are divided by the number of their units": {
        "grads": lambda g, p: {k: v / len(v) if "bias" in k else v for k, v in g.items()}
    },
    **{
        f"a weight decay of {c:g} is added": {"grads": lambda g, p, c=c: {k: v + c * p[k] for k, v in g.items()}}
        for c in (0.1, 0.01, 0.001)
    },
    "lr is divided by the number of rows": {"rate": lambda lr, t, steps, n: lr / n},
    "lr is divided by the number of steps": {"rate": lambda lr, t, steps, n: lr / steps},
    "lr falls as 1/(t + 1)": {"rate": lambda lr, t, steps, n: lr / (t + 1)},
    "lr falls with the root of t + 1": {"rate": lambda lr, t, steps, n: lr / np.sqrt(t + 1)},
    "lr falls in a straight line to zero": {"rate": lambda lr, t, steps, n: lr * (1 - t / steps)},
    "lr is halved after each step": {"rate": lambda lr, t, steps, n: lr / 2**t},
    "lr is multiplied by t, so the first step has length zero": {"rate": lambda lr, t, steps, n: lr * t},
    "lr is used twice over": {"rate": lambda lr, t, steps, n: lr**2},
    "each step is twice as long": {"rate": lambda lr, t, steps, n: 2 * lr},
    "each step goes up the slope": {"rate": lambda lr, t, steps, n: -lr},
    **{
        f"lr is multiplied by {c:g} after each step": {"rate": lambda lr, t, steps, n, c=c: lr * c**t}
        for c in (0.9, 0.95, 0.99, 0.999)
    },
    **{f"lr is not used, but {c:g}": {"rate": lambda lr, t, steps, n, c=c: c} for c in (0.1, 0.01, 0.001, 0.5, 1)},
    **{f"the steps have a momentum of {c:g}": {"momentum": c} for c in (0.5, 0.8, 0.9, 0.95, 0.99)},
    "the gradients of all steps so far are added up": {"momentum": 1.0},
    **{
        f"each step is a running mean of the gradients, with {c:g} of the old one": {"momentum": c, "averaged": True}
        for c in (0.5, 0.9, 0.99)
    },
    "the losses are divided by the number of rows": {"shown": lambda loss, n, size: loss / n},
    "the losses are divided by the number of entries": {"shown": lambda loss, n, size: loss / size},
    "the losses are doubled: the half is missing": {"shown": lambda loss, n, size: 2 * loss},
    "the losses are means of squares, not half their sum": {"shown": lambda loss, n, size: 2 * loss / size},
    "the losses are twice the half squared error, divided by the number of rows": {
        "shown": lambda loss, n, size: 2 * loss / n
    },
    "each loss is the one after its update": {"losses": lambda losses, last: np.array([*losses[1:], last])},
    "losses has the final loss as well": {"losses": lambda losses, last: np.array([*losses, last])},
    "the first loss is missing": {"losses": lambda losses, last: np.array(losses[1:])},
    "the last loss is missing": {"losses": lambda losses, last: np.array(losses[:-1])},
    "only the final loss is returned": {"losses": lambda losses, last: last},
    "only the last loss before an update is returned": {"losses": lambda losses, last: losses[-1]},
    "only the first loss is returned": {"losses": lambda losses, last: losses[0]},
    "the losses are in reverse order": {"losses": lambda losses, last: np.array(losses[::-1])},
    "losses contains running sums": {"losses": lambda losses, last: np.cumsum(losses)},
    "losses contains running means": {"losses": lambda losses, last: np.cumsum(losses) / np.arange(1, len(losses) + 1)},
    "losses contains the first loss again and again": {"losses": lambda losses, last: np.full(len(losses), losses[0])},
    "losses contains the mean of all losses": {"losses": lambda losses, last: np.mean(losses)},
    "losses is left at zero": {"losses": lambda losses, last: np.zeros(len(losses))},
    "the parameters are those of the start": {"ends": lambda walked: walked[0]},
    "the parameters are one step short": {"ends": lambda walked: walked[-2]},
    "the parameters are those after the first step": {"ends": lambda walked: walked[1]},
    "the parameters are means over the whole training": {
        "ends": lambda walked: {k: np.mean([p[k] for p in walked], axis=0) for k in walked[1]}
    },
    "every gradient is taken at the first parameters": {"reads": lambda now, start: start},
    "layer 1 is never seen to move": {
        "reads": lambda now, start: {**now, "weight_1": start["weight_1"], "bias_1": start["bias_1"]}
    },
    "layer 2 is never seen to move": {
        "reads": lambda now, start: {**now, "weight_2": start["weight_2"], "bias_2": start["bias_2"]}
    },
    "the biases are never seen to move": {
        "reads": lambda now, start: {**now, "bias_1": start["bias_1"], "bias_2": start["bias_2"]}
    },
}
for words, slots in TRAIN.items():
    known(f"train_{words}", words, LOOP, **slots)
