"""Known mistakes of a2_mlp_backprop: worked example."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a2_mlp_backprop.mistakes.shared import Array, Backward, Grads, Net, right_sigmoid
from autograder.naming.bank import Functions, MistakesIn, Own

X, LABEL = np.array([[0.4, 0.5]]), 1.0

ARTICLE = {
    "weight_1": np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]),
    "bias_1": np.array([0.1, 0.2, 0.3]),
    "weight_2": np.array([[0.1, 0.2, 0.3]]),
    "bias_2": np.array([0.1]),
}


def worked(
    own: Own, net_1: Array | None = None, slope: Callable[[Array], Array] | None = None, **more: Any
) -> Functions:
    """A worked_example from other sums, another slope on top, or with other entries."""

    def worked_example() -> Grads:
        hidden_in = X @ ARTICLE["weight_1"].T + ARTICLE["bias_1"] if net_1 is None else net_1
        hidden = right_sigmoid(hidden_in)
        net_2 = hidden @ ARTICLE["weight_2"].T + ARTICLE["bias_2"]
        prediction = right_sigmoid(net_2)
        net = Net(X, hidden_in, hidden, net_2, prediction, ARTICLE)
        back = Backward(top=lambda g, net: g * slope(net.prediction)) if slope else Backward()
        grads = back(prediction - LABEL, net)
        right = {"net_1": hidden_in, "hidden": hidden, "net_2": net_2, "prediction": prediction}
        loss = 0.5 * float((prediction - LABEL)[0, 0] ** 2)
        return {**right, "loss": loss, "grads": grads, **{k: v(prediction, grads) for k, v in more.items()}}

    return {"worked_example": worked_example}


in_worked_example = MistakesIn("worked_example", worked)

in_worked_example(
    "article_sum",
    "0.4 · 0.3 + 0.5 · 0.4 is taken for 0.22, as in the article",
    "1.6, line (a): do that sum on the calculator.",
    net_1=np.array([[0.24, 0.42, 0.8]]),
    seen_in="the article of part 1",
)
in_worked_example(
    "article_slope",
    "the slope of the upper sigmoid is written 1 − σ·σ, as in the article",
    "1.2, and 1.6, line (d): σ(1 − σ).",
    slope=lambda p: 1 - p**2,
    seen_in="the article of part 1",
)
in_worked_example(
    "article_sign",
    "all slopes have the wrong sign: label − prediction, as in the article",
    "1.4: mind the order, prediction minus target. And 1.6, line (e).",
    slope=lambda p: -p * (1 - p),
    seen_in="the article of part 1",
)
in_worked_example(
    "article_loss",
    "the loss lacks its square, as in the article",
    "1.6, line (c).",
    loss=lambda p, grads: 0.5 * float((LABEL - p)[0, 0]),
    seen_in="the article of part 1",
)
in_worked_example(
    "article_layout",
    "weight_1 and weight_2 are handed in as the article writes them, (in, out)",
    "1.5: mind the layout, weight_1 is W transposed.",
    grads=lambda p, grads: {k: v.T for k, v in grads.items()},
)
in_worked_example(
    "article_biases",
    "the slopes of the biases are left at zero, as if they were not trained",
    "1.5: the shared factor of a unit is the slope of its bias.",
    grads=lambda p, grads: {k: 0 * v if "bias" in k else v for k, v in grads.items()},
    seen_in="the article of part 1",
)
