"""Known mistakes of a2_mlp_backprop: two sigmoid layers, differences, softmax with cross-entropy, descent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.naming.bank import Functions, Own, mistake

Array = np.ndarray
Grads = dict[str, Any]
Params = dict[str, Array]


def right_sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)) without overflow."""
    shrunk = np.exp(-np.abs(z))
    result: Array = np.where(np.greater_equal(z, 0), 1, shrunk) / (1 + shrunk)
    return result


@dataclass(frozen=True, eq=False)
class Net:
    """What a forward keeps."""

    x: Array
    net_1: Array
    hidden: Array
    net_2: Array
    prediction: Array
    params: Params


def forward(x: Array, params: Params) -> tuple[Array, Net]:
    """The right forward."""
    net_1 = x @ params["weight_1"].T + params["bias_1"]
    hidden = right_sigmoid(net_1)
    net_2 = hidden @ params["weight_2"].T + params["bias_2"]
    prediction = right_sigmoid(net_2)
    return prediction, Net(x, net_1, hidden, net_2, prediction, params)


@dataclass(frozen=True)
class Backward:
    """mlp_backward, right by default, with a switch at every place where a mistake can sit."""

    upstream: Callable[[Array, Net], Array] = lambda g, net: g
    top: Callable[[Array, Net], Array] = lambda g, net: g * net.prediction * (1 - net.prediction)
    down: Callable[[Array, Net], Array] = lambda delta_2, net: delta_2 @ net.params["weight_2"]
    bend: Callable[[Array, Net], Array] = lambda grad_hidden, net: grad_hidden * net.hidden * (1 - net.hidden)
    change: Callable[[Net, Array, Array, Grads], Grads] = lambda net, delta_1, delta_2, right: {}

    def __call__(self, grad_prediction: Array, net: Net) -> Grads:
        delta_2 = self.top(self.upstream(grad_prediction, net), net)
        delta_1 = self.bend(self.down(delta_2, net), net)
        right = {
            "x": delta_1 @ net.params["weight_1"],
            "weight_1": delta_1.T @ net.x,
            "bias_1": delta_1.sum(axis=0),
            "weight_2": delta_2.T @ net.hidden,
            "bias_2": delta_2.sum(axis=0),
        }
        return {**right, **self.change(net, delta_1, delta_2, right)}


def mlp(**switches: Any) -> Functions:
    """mlp_forward and an mlp_backward with these switches."""
    return {"mlp_forward": forward, "mlp_backward": Backward(**switches)}


# ---------------------------------------------------------------------------------------------------------------------
# sigmoid, mlp_forward, half_squared_error
# ---------------------------------------------------------------------------------------------------------------------

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


# ---------------------------------------------------------------------------------------------------------------------
# worked_example
# ---------------------------------------------------------------------------------------------------------------------

X, LABEL = np.array([[0.4, 0.5]]), 1.0
ARTICLE = {
    "weight_1": np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]),
    "bias_1": np.array([0.1, 0.2, 0.3]),
    "weight_2": np.array([[0.1, 0.2, 0.3]]),
    "bias_2": np.array([0.1]),
}


def worked(net_1: Array | None = None, slope: Callable[[Array], Array] | None = None, **more: Any) -> Functions:
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


@mistake(
    "worked_example",
    id="article_sum",
    title="0.4 · 0.3 + 0.5 · 0.4 is taken for 0.22, as in the article",
    reread="1.6, line (a): do that sum on the calculator.",
    seen_in="the article of part 1",
)
def article_sum(own: Own) -> Functions:
    return worked(net_1=np.array([[0.24, 0.42, 0.8]]))


@mistake(
    "worked_example",
    id="article_slope",
    title="the slope of the upper sigmoid is written 1 − σ·σ, as in the article",
    reread="1.2, and 1.6, line (d): σ(1 − σ).",
    seen_in="the article of part 1",
)
def article_slope(own: Own) -> Functions:
    return worked(slope=lambda p: 1 - p**2)


@mistake(
    "worked_example",
    id="article_sign",
    title="all slopes have the wrong sign: label − prediction, as in the article",
    reread="1.4: mind the order, prediction minus target. And 1.6, line (e).",
    seen_in="the article of part 1",
)
def article_sign(own: Own) -> Functions:
    return worked(slope=lambda p: -p * (1 - p))


@mistake(
    "worked_example",
    id="article_loss",
    title="the loss lacks its square, as in the article",
    reread="1.6, line (c).",
    seen_in="the article of part 1",
)
def article_loss(own: Own) -> Functions:
    return worked(loss=lambda p, grads: 0.5 * float((LABEL - p)[0, 0]))


@mistake(
    "worked_example",
    id="article_layout",
    title="weight_1 and weight_2 are handed in as the article writes them, (in, out)",
    reread="1.5: mind the layout, weight_1 is W transposed.",
)
def article_layout(own: Own) -> Functions:
    return worked(grads=lambda p, grads: {k: v.T for k, v in grads.items()})


@mistake(
    "worked_example",
    id="article_biases",
    title="the slopes of the biases are left at zero, as if they were not trained",
    reread="1.5: the shared factor of a unit is the slope of its bias.",
    seen_in="the article of part 1",
)
def article_biases(own: Own) -> Functions:
    return worked(grads=lambda p, grads: {k: 0 * v if "bias" in k else v for k, v in grads.items()})


# ---------------------------------------------------------------------------------------------------------------------
# numerical_gradient
# ---------------------------------------------------------------------------------------------------------------------

NUDGE = "2.1, 'Nudge one number at a time'"


def differences(quotient: Callable[[Callable[[float], float], float], float]) -> Functions:
    """A numerical_gradient that makes each entry by quotient(f of the nudge, eps)."""

    def numerical_gradient(f: Callable[[Array], float], array: Array, eps: float = 1e-6) -> Array:
        nudged = np.array(array, dtype=float)
        gradient = np.zeros(nudged.shape)
        for index in np.ndindex(nudged.shape):
            at = nudged[index]

            def moved(by: float, index: tuple[int, ...] = index, at: Any = at) -> float:
                nudged[index] = at + by
                return f(nudged)

            gradient[index] = quotient(moved, eps)
            nudged[index] = at
        return gradient

    return {"numerical_gradient": numerical_gradient}


@mistake(
    "numerical_gradient",
    id="forward_differences",
    title="the differences look to one side only: f(a + ε) − f(a)",
    reread=f"{NUDGE}: up, then down. 2.3 shows how much that wins.",
    rtol=1e-7,
)
def forward_differences(own: Own) -> Functions:
    return differences(lambda f, eps: (f(eps) - f(0.0)) / eps)


@mistake(
    "numerical_gradient",
    id="divided_by_eps",
    title="the difference of the two sides is divided by ε, not by 2ε",
    reread=f"{NUDGE}: divide by the whole distance.",
    rtol=1e-7,
)
def divided_by_eps(own: Own) -> Functions:
    return differences(lambda f, eps: (f(eps) - f(-eps)) / eps)


@mistake(
    "numerical_gradient",
    id="not_divided",
    title="the difference is not divided by anything",
    reread=f"{NUDGE}: a slope is a change over a distance.",
    rtol=1e-7,
)
def not_divided(own: Own) -> Functions:
    return differences(lambda f, eps: f(eps) - f(-eps))


@mistake(
    "numerical_gradient",
    id="all_entries_at_once",
    title="all entries are nudged at once, so every slope is the same sum",
    reread=f"{NUDGE}: one entry, and the others do not change.",
    rtol=1e-7,
)
def all_entries_at_once(own: Own) -> Functions:
    def numerical_gradient(f: Callable[[Array], float], array: Array, eps: float = 1e-6) -> Array:
        return np.full(np.shape(array), (f(array + eps) - f(array - eps)) / (2 * eps))

    return {"numerical_gradient": numerical_gradient}


@mistake(
    "numerical_gradient",
    id="entry_not_restored",
    title="a nudged entry is not restored, so the later slopes and the caller's array are wrong",
    reread=f"{NUDGE}: keep the old number and write it back.",
    seen_in="chainer #488",
    rtol=1e-7,
)
def entry_not_restored(own: Own) -> Functions:
    def numerical_gradient(f: Callable[[Array], float], array: Array, eps: float = 1e-6) -> Array:
        gradient = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            array[index] += eps
            above = f(array)
            array[index] -= 2 * eps
            gradient[index] = (above - f(array)) / (2 * eps)
        return gradient

    return {"numerical_gradient": numerical_gradient}


# ---------------------------------------------------------------------------------------------------------------------
# mlp_backward
# ---------------------------------------------------------------------------------------------------------------------

ROWS = "3.1: one bias or weight is used in every row, so the rows add. And the box in Notation: who divides?"
LINES = "3.2, the forward in lines, from the bottom up"
PARAMETERS = ("weight_1", "bias_1", "weight_2", "bias_2")


@mistake(
    "mlp_backward",
    id="top_slope_missing",
    title="the slope of the upper sigmoid is missing",
    reread=f"{LINES}: what does the prediction do to a nudge of net_2?",
    seen_in="rasbt/python-machine-learning-book-2nd-edition #54",
)
def top_slope_missing(own: Own) -> Functions:
    return mlp(top=lambda g, net: g)


@mistake(
    "mlp_backward",
    id="hidden_slope_missing",
    title="the slope of the hidden sigmoid is missing",
    reread=f"{LINES}: what is between net_1 and hidden?",
    seen_in="iamtrask/Grokking-Deep-Learning #50",
)
def hidden_slope_missing(own: Own) -> Functions:
    return mlp(bend=lambda grad_hidden, net: grad_hidden)


@mistake(
    "mlp_backward",
    id="both_slopes_missing",
    title="the slopes of both sigmoids are missing",
    reread=f"{LINES}: a sigmoid multiplies by σ(1 − σ) on the way back.",
)
def both_slopes_missing(own: Own) -> Functions:
    return mlp(top=lambda g, net: g, bend=lambda grad_hidden, net: grad_hidden)


@mistake(
    "mlp_backward",
    id="top_slope_twice",
    title="the slope of the upper sigmoid is applied twice",
    reread=f"{LINES}: one sigmoid, one slope. grad_prediction is the gradient of the prediction, not of net_2.",
    seen_in="hunkim/DeepLearningZeroToAll PR #113",
)
def top_slope_twice(own: Own) -> Functions:
    return mlp(top=lambda g, net: g * (net.prediction * (1 - net.prediction)) ** 2)


@mistake(
    "mlp_backward",
    id="article_slopes",
    title="the slope of the sigmoids is written 1 − σ·σ",
    reread="1.2: σ(1 − σ). And 1.6, line (d).",
    seen_in="the article of part 1",
)
def article_slopes(own: Own) -> Functions:
    return mlp(
        top=lambda g, net: g * (1 - net.prediction**2), bend=lambda grad_hidden, net: grad_hidden * (1 - net.hidden**2)
    )


@mistake(
    "mlp_backward",
    id="slopes_of_nets",
    title="the slope formula, made for a sigmoid's output, is used on the nets",
    reread="1.2: with σ itself, never with z.",
    seen_in="DLS 31965",
)
def slopes_of_nets(own: Own) -> Functions:
    return mlp(
        top=lambda g, net: g * net.net_2 * (1 - net.net_2),
        bend=lambda grad_hidden, net: grad_hidden * net.net_1 * (1 - net.net_1),
    )


@mistake(
    "mlp_backward",
    id="sigmoid_twice",
    title="the slopes are those of a sigmoid of a sigmoid: σ is applied to what is σ already",
    reread="1.2: backward needs σ itself, and the cache has it.",
    seen_in="DeepLearnToolbox #165",
)
def sigmoid_twice(own: Own) -> Functions:
    def slope(s: Array) -> Array:
        twice = right_sigmoid(s)
        result: Array = twice - twice**2
        return result

    return mlp(
        top=lambda g, net: g * slope(net.prediction),
        bend=lambda grad_hidden, net: grad_hidden * slope(net.hidden),
    )


@mistake(
    "mlp_backward",
    id="hidden_slope_elsewhere",
    title="the hidden slope is taken at the prediction's mean, not at the hidden layer",
    reread=f"{LINES}: whose sigmoid is it?",
    seen_in="iamtrask/Grokking-Deep-Learning #56 (a mask on the wrong layer)",
)
def hidden_slope_elsewhere(own: Own) -> Functions:
    def bend(grad_hidden: Array, net: Net) -> Array:
        mean: Array = net.prediction.mean(axis=1, keepdims=True)
        result: Array = grad_hidden * mean * (1 - mean)
        return result

    return mlp(bend=bend)


@mistake(
    "mlp_backward",
    id="upstream_ones",
    title="grad_prediction is ignored, as if every entry of it were 1",
    reread="3.1: all we know of the loss is grad_prediction. Where does your code use it?",
    seen_in="torch.autograd.gradcheck has a check for it",
)
def upstream_ones(own: Own) -> Functions:
    return mlp(upstream=lambda g, net: np.ones_like(g))


@mistake(
    "mlp_backward",
    id="upstream_mean",
    title="grad_prediction is replaced by its mean over the rows",
    reread="3.1: every row has its own g. Rows do not know each other.",
)
def upstream_mean(own: Own) -> Functions:
    return mlp(upstream=lambda g, net: np.broadcast_to(g.mean(axis=0), g.shape))


@mistake(
    "mlp_backward",
    id="upstream_for_target",
    title="grad_prediction is taken for the target: the code uses prediction − grad_prediction instead of grad_prediction",
    reread="3.1: the loss may be any. Its gradient has been taken already.",
)
def upstream_for_target(own: Own) -> Functions:
    return mlp(upstream=lambda g, net: net.prediction - g)


@mistake(
    "mlp_backward",
    id="sign_turned",
    title="every gradient has the wrong sign",
    reread="1.4: mind the order, prediction minus target. grad_prediction has its sign already.",
)
def sign_turned(own: Own) -> Functions:
    return mlp(upstream=lambda g, net: -g)


@mistake(
    "mlp_backward",
    id="doubled",
    title="every gradient is twice too large: a 2 of a square that is not here",
    reread="1.4: the half is there for that derivative. And grad_prediction already contains the loss's part.",
    seen_in="bighuang624/Andrew-Ng-Deep-Learning-notes #10",
)
def doubled(own: Own) -> Functions:
    return mlp(upstream=lambda g, net: 2 * g)


@mistake(
    "mlp_backward",
    id="bias_by_mean",
    title="the bias gradients are means over the rows, not sums",
    reread=ROWS,
    seen_in="kvfrans/notes #5",
)
def bias_by_mean(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"bias_1": d1.mean(axis=0), "bias_2": d2.mean(axis=0)})


@mistake(
    "mlp_backward",
    id="mean_again",
    title="the gradients of the parameters are divided by the number of rows",
    reread=ROWS,
    seen_in="DLS 63071",
)
def mean_again(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {name: right[name] / len(net.x) for name in PARAMETERS})


@mistake(
    "mlp_backward",
    id="mean_again_below",
    title="what goes down to the hidden layer is divided by the number of rows",
    reread=ROWS,
    seen_in="DLS 63071",
)
def mean_again_below(own: Own) -> Functions:
    return mlp(down=lambda delta_2, net: delta_2 @ net.params["weight_2"] / len(net.x))


@mistake(
    "mlp_backward",
    id="bias_total",
    title="the bias gradients are summed over the units too: every entry is the same total",
    reread="3.1: one bias a unit. Which axis is added, which stays?",
    seen_in="DLS 241052",
)
def bias_total(own: Own) -> Functions:
    return mlp(
        change=lambda net, d1, d2, right: {k: np.full_like(right[k], right[k].sum()) for k in ("bias_1", "bias_2")}
    )


@mistake(
    "mlp_backward",
    id="bias_not_added",
    title="the bias gradients still have their rows: nothing is added up",
    reread=ROWS,
    seen_in="DLS 241052",
)
def bias_not_added(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"bias_1": d1, "bias_2": d2})


@mistake(
    "mlp_backward",
    id="bias_1_before_slope",
    title="bias_1 adds up what arrives at the hidden layer, before its slope",
    reread=f"{LINES}: bias_1 is added before the sigmoid. Which gradient arrives there?",
    seen_in="arthurdouillard/deepcourse PR #9",
)
def bias_1_before_slope(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"bias_1": (d2 @ net.params["weight_2"]).sum(axis=0)})


@mistake(
    "mlp_backward",
    id="bias_1_times_x",
    title="the gradient of bias_1 is multiplied by the rows' mean input",
    reread="1.5: a weight's slope is the shared factor times what the weight multiplies. What does a bias multiply?",
    seen_in="rust0258/Deeplearning.ai-Natural-Language-Processing-Specialization #64",
)
def bias_1_times_x(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"bias_1": (d1 * net.x.mean(axis=1, keepdims=True)).sum(axis=0)})


@mistake(
    "mlp_backward",
    id="weights_turned",
    title="the gradients of both weights are transposed",
    reread="Notation: a weight is (out, in), and its gradient has its shape.",
    seen_in="DLS 119220, 674897 nearby",
)
def weights_turned(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {k: right[k].T for k in ("weight_1", "weight_2")})


@mistake(
    "mlp_backward",
    id="weight_2_meets_net",
    title="weight_2 is paired with net_1, not with what comes out of the hidden layer",
    reread=f"{LINES}: what does weight_2 multiply?",
)
def weight_2_meets_net(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"weight_2": d2.T @ net.net_1})


@mistake(
    "mlp_backward",
    id="x_averaged_first",
    title="the input is averaged over the rows before the product, so weight_1 gets a matrix of rank one",
    reread="3.1: the sum over rows runs over the product, not over each factor.",
    seen_in="FesianXu/AI_Blog #1",
)
def x_averaged_first(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"weight_1": np.outer(d1.sum(axis=0), net.x.mean(axis=0))})


@mistake(
    "mlp_backward",
    id="stops_at_net_2",
    title="the error that goes down is the one of the prediction: the upper sigmoid is skipped on the way to layer 1",
    reread=f"{LINES}: hidden is reached through net_2.",
)
def stops_at_net_2(own: Own) -> Functions:
    # The upper layer's own gradients are right: only what goes down has not passed the slope.
    return mlp(down=lambda d2, net: d2 / (net.prediction * (1 - net.prediction)) @ net.params["weight_2"])


@mistake(
    "mlp_backward",
    id="x_before_slope",
    title="the gradient of x is taken before the slope of the hidden sigmoid",
    reread=f"{LINES}: x comes before net_1.",
)
def x_before_slope(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"x": d2 @ net.params["weight_2"] @ net.params["weight_1"]})


@mistake(
    "mlp_backward",
    id="x_zero",
    title="the gradient of x is left at zero",
    reread="3.1, its last line.",
)
def x_zero(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {"x": 0 * right["x"]})


@mistake(
    "mlp_backward",
    id="decay_added",
    title="a part of each weight is added to its gradient, an unwanted weight decay",
    reread="3.1: the loss is what grad_prediction says, and nothing else.",
)
def decay_added(own: Own) -> Functions:
    return mlp(change=lambda net, d1, d2, right: {k: right[k] + net.params[k] for k in ("weight_1", "weight_2")})


@mistake(
    "mlp_backward",
    id="writes_into_upstream",
    title="grad_prediction itself is written into, and the caller's array changes",
    reread="3.3: grad_prediction *= … writes into the caller's array.",
    seen_in="Burton2000/CS231n-2017 #7",
)
def writes_into_upstream(own: Own) -> Functions:
    def top(g: Array, net: Net) -> Array:
        g *= net.prediction * (1 - net.prediction)
        return g

    return mlp(top=top)


@mistake(
    "mlp_backward",
    id="writes_into_cache",
    title="the slope is written over the hidden layer in the cache, and the next call finds it there",
    reread="3.3: change nothing in cache.",
)
def writes_into_cache(own: Own) -> Functions:
    def change(net: Net, d1: Array, d2: Array, right: Grads) -> Grads:
        net.hidden[...] = net.hidden * (1 - net.hidden)
        return {}

    return mlp(change=change)


# ---------------------------------------------------------------------------------------------------------------------
# softmax, cross_entropy, cross_entropy_backward
# ---------------------------------------------------------------------------------------------------------------------

SOFTMAX = "4.1, 'Softmax': per row, axis=-1 and keepdims=True."


def probabilities(logits: Array, axis: int | None = -1) -> Array:
    """Softmax along an axis, or over everything."""
    powers = np.exp(logits - np.max(logits, axis=axis, keepdims=True))
    result: Array = powers / powers.sum(axis=axis, keepdims=True)
    return result


@mistake(
    "softmax",
    id="softmax_of_everything",
    title="the softmax runs over the whole array: all rows together add up to 1, not each",
    reread=SOFTMAX,
    seen_in="the article of a3's exercise 6-2P",
)
def softmax_of_everything(own: Own) -> Functions:
    return {"softmax": lambda logits: probabilities(logits, axis=None)}


@mistake(
    "softmax",
    id="softmax_of_columns",
    title="the softmax runs along the first axis, over the samples",
    reread=SOFTMAX,
)
def softmax_of_columns(own: Own) -> Functions:
    return {"softmax": lambda logits: probabilities(logits, axis=0)}


@mistake(
    "softmax",
    id="softmax_overflows",
    title="exp overflows at large logits: the largest of each row is not taken away first",
    reread="4.1: take away the largest score of each row first.",
)
def softmax_overflows(own: Own) -> Functions:
    return {"softmax": lambda logits: np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)}


@mistake("softmax", id="not_normalised", title="the powers are not divided by their sum", reread=SOFTMAX)
def not_normalised(own: Own) -> Functions:
    return {"softmax": lambda logits: np.exp(logits - np.max(logits, axis=-1, keepdims=True))}


CE = "4.2, 'The loss of a probability': the mean over rows of −log of the true class's probability."


def log_probabilities(logits: Array, axis: int | None = -1) -> Array:
    """log softmax along an axis, or over everything."""
    shifted = logits - np.max(logits, axis=axis, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return result


def picked(table: Array, target: Array) -> Array:
    """The true class's entry of each row."""
    result: Array = table[np.arange(len(target)), target]
    return result


@mistake(
    "cross_entropy",
    id="ce_summed",
    title="the rows' losses are added, not averaged",
    reread=f"{CE} A net that knows nothing has log C, whatever N.",
    seen_in="hunkim/DeepLearningZeroToAll #173; d2l-ai/d2l-en PR #1000",
)
def ce_summed(own: Own) -> Functions:
    return {"cross_entropy": lambda logits, target: float(-np.sum(picked(log_probabilities(logits), target)))}


@mistake("cross_entropy", id="ce_sign", title="the minus in front of the log is missing", reread=CE)
def ce_sign(own: Own) -> Functions:
    return {"cross_entropy": lambda logits, target: float(np.mean(picked(log_probabilities(logits), target)))}


@mistake(
    "cross_entropy",
    id="ce_over_everything",
    title="the softmax inside runs over the whole matrix, not over each row",
    reread=f"{CE} The sum runs over the classes of one row.",
)
def ce_over_everything(own: Own) -> Functions:
    return {"cross_entropy": lambda logits, target: float(-np.mean(picked(log_probabilities(logits, None), target)))}


@mistake(
    "cross_entropy",
    id="ce_softmax_twice",
    title="softmax is applied twice: what goes into the log is a softmax of probabilities",
    reread=f"{CE} The input is logits, and softmax is applied once.",
    seen_in="zhuozhiyongde/Fundamentals-of-Artificial-Intelligence #1",
)
def ce_softmax_twice(own: Own) -> Functions:
    return {
        "cross_entropy": lambda logits, target: float(
            -np.mean(picked(log_probabilities(probabilities(logits)), target))
        )
    }


@mistake(
    "cross_entropy",
    id="ce_mean_over_entries",
    title="the loss is divided by all entries, rows times classes",
    reread=f"{CE} One loss a row.",
)
def ce_mean_over_entries(own: Own) -> Functions:
    return {
        "cross_entropy": lambda logits, target: float(-np.sum(picked(log_probabilities(logits), target)) / logits.size)
    }


@mistake(
    "cross_entropy",
    id="ce_log_of_softmax",
    title="the log is taken of a probability that has become 0 at large logits",
    reread="4.3: np.log(softmax(logits)) is not enough.",
)
def ce_log_of_softmax(own: Own) -> Functions:
    return {"cross_entropy": lambda logits, target: float(-np.mean(np.log(picked(probabilities(logits), target))))}


@mistake(
    "cross_entropy",
    id="ce_overflows",
    title="exp overflows at large logits, and with it the loss: the largest of each row is not taken away first",
    reread="4.3: with the largest score taken away, no positive number enters exp.",
)
def ce_overflows(own: Own) -> Functions:
    def cross_entropy(logits: Array, target: Array) -> float:
        return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - picked(logits, target)))

    return {"cross_entropy": cross_entropy}


@mistake(
    "cross_entropy",
    id="ce_binary",
    title="this is the binary cross-entropy of the probabilities: the other classes' log(1 − p) are added",
    reread=f"{CE} One term a row.",
    seen_in="the article of a4's 5.2",
)
def ce_binary(own: Own) -> Functions:
    def cross_entropy(logits: Array, target: Array) -> float:
        p, hot = probabilities(logits), np.eye(logits.shape[1])[target]
        return float(-np.sum(hot * np.log(p) + (1 - hot) * np.log(1 - p)) / len(target))

    return {"cross_entropy": cross_entropy}


LAST = "4.2, the last line of the derivation: (p − [c = y]) / N."


def ce_back(gradient: Callable[[Array, Array], Array]) -> Functions:
    """A cross_entropy_backward of probabilities and one-hot rows."""
    return {
        "cross_entropy_backward": lambda logits, target: gradient(
            probabilities(logits), np.eye(logits.shape[-1])[target]
        )
    }


@mistake(
    "cross_entropy_backward",
    id="one_hot_not_subtracted",
    title="the 1 of the true class is not taken off: no entry is negative",
    reread=f"{LAST} Each row sums to 0.",
    seen_in="mantasu/cs231n #10",
)
def one_hot_not_subtracted(own: Own) -> Functions:
    return ce_back(lambda p, y: p / len(p))


@mistake(
    "cross_entropy_backward",
    id="ce_not_divided",
    title="the gradient is not divided by the number of rows",
    reread=f"{LAST} This is the loss that divides.",
    seen_in="hunkim/DeepLearningZeroToAll #173",
)
def ce_not_divided(own: Own) -> Functions:
    return ce_back(lambda p, y: p - y)


@mistake(
    "cross_entropy_backward",
    id="ce_divided_by_entries",
    title="the gradient is divided by rows times classes",
    reread=LAST,
)
def ce_divided_by_entries(own: Own) -> Functions:
    return ce_back(lambda p, y: (p - y) / p.size)


@mistake(
    "cross_entropy_backward", id="ce_sign_turned", title="the gradient of the logits has the wrong sign", reread=LAST
)
def ce_sign_turned(own: Own) -> Functions:
    return ce_back(lambda p, y: (y - p) / len(p))


@mistake(
    "cross_entropy_backward",
    id="ce_extra_slope",
    title="the gradient of the logits has an extra factor p(1 − p)",
    reread=f"{LAST} The slope of softmax is in it already.",
    seen_in="deeplearning4j/libnd4j #440; jorgenkg/python-neural-network PR #6",
)
def ce_extra_slope(own: Own) -> Functions:
    return ce_back(lambda p, y: (p - y) * p * (1 - p) / len(p))


@mistake(
    "cross_entropy_backward",
    id="ce_diagonal_only",
    title="only the diagonal of softmax's slopes is used: the wrong classes get nothing",
    reread="4.2: the log of the sum contains every class.",
    seen_in="zhuozhiyongde/Fundamentals-of-Artificial-Intelligence #1",
)
def ce_diagonal_only(own: Own) -> Functions:
    return ce_back(lambda p, y: y * (p - 1) / len(p))


@mistake(
    "cross_entropy_backward",
    id="ce_back_over_everything",
    title="the softmax inside the gradient runs over the whole matrix",
    reread=f"{LAST} p is a softmax per row.",
)
def ce_back_over_everything(own: Own) -> Functions:
    return {
        "cross_entropy_backward": lambda logits, target: (
            (probabilities(logits, axis=None) - np.eye(logits.shape[-1])[target]) / len(target)
        )
    }


@mistake(
    "cross_entropy_backward",
    id="ce_back_overflows",
    title="exp overflows at large logits, and with it the gradient: the largest of each row is not taken away first",
    reread="4.1: take away the largest score of each row first.",
)
def ce_back_overflows(own: Own) -> Functions:
    def cross_entropy_backward(logits: Array, target: Array) -> Array:
        powers = np.exp(logits)
        gradient: Array = powers / powers.sum(axis=-1, keepdims=True) - np.eye(logits.shape[-1])[target]
        return gradient / len(target)

    return {"cross_entropy_backward": cross_entropy_backward}


@mistake(
    "cross_entropy_backward",
    id="ce_back_softmax_twice",
    title="softmax is applied twice before the 1 is taken off",
    reread=LAST,
)
def ce_back_softmax_twice(own: Own) -> Functions:
    return ce_back(lambda p, y: (probabilities(p) - y) / len(p))


# ---------------------------------------------------------------------------------------------------------------------
# sgd_step, train_mlp
# ---------------------------------------------------------------------------------------------------------------------

STEP = "5.1, 'One step': new = old − lr · slope, and params is not changed."


def moved(step: Callable[[str, Array, Array, float], Array]) -> Functions:
    """An sgd_step of step(name, value, gradient, lr)."""
    return {"sgd_step": lambda params, grads, lr: {k: step(k, v, grads[k], lr) for k, v in params.items()}}


@mistake("sgd_step", id="step_uphill", title="the step goes up the slope: plus instead of minus", reread=STEP)
def step_uphill(own: Own) -> Functions:
    return moved(lambda name, value, grad, lr: value + lr * grad)


@mistake("sgd_step", id="lr_forgotten", title="lr is not used", reread=STEP)
def lr_forgotten(own: Own) -> Functions:
    return moved(lambda name, value, grad, lr: value - grad)


@mistake("sgd_step", id="biases_stay", title="the biases do not move", reread=f"{STEP} It walks over all names.")
def biases_stay(own: Own) -> Functions:
    return moved(lambda name, value, grad, lr: value if "bias" in name else value - lr * grad)


@mistake("sgd_step", id="step_returned", title="the step itself is returned, not where it leads", reread=STEP)
def step_returned(own: Own) -> Functions:
    return moved(lambda name, value, grad, lr: -lr * grad)


@mistake(
    "sgd_step",
    id="params_moved_in_place",
    title="the caller's params are changed in place",
    reread=f"{STEP} -= writes into the old array.",
)
def params_moved_in_place(own: Own) -> Functions:
    def sgd_step(params: Params, grads: Grads, lr: float) -> Params:
        for name in params:
            params[name] -= lr * grads[name]
        return params

    return {"sgd_step": sgd_step}


LOOP = "5.2, 'Many steps': forward, loss, backward, step, and again."


def train(
    own: Own,
    upstream: Callable[[Array, Array], Array] = lambda prediction, target: prediction - target,
    step: Callable[[Params, Grads, float, Array, Array], Params] | None = None,
    after: bool = False,
    frozen: bool = False,
    losses_of: Callable[[list[Any]], Any] = np.array,
) -> Functions:
    """train_mlp over the functions below it, right by default."""

    def train_mlp(x: Array, target: Array, params: Params, lr: float, steps: int) -> tuple[Params, Any]:
        losses: list[Any] = []
        first = params
        for _ in range(steps):
            prediction, cache = own["mlp_forward"](x, first if frozen else params)
            losses.append(own["half_squared_error"](prediction, target))
            grads = own["mlp_backward"](upstream(np.asarray(prediction), target), cache)
            params = step(params, grads, lr, x, target) if step else own["sgd_step"](params, grads, lr)
            if after:
                losses[-1] = own["half_squared_error"](own["mlp_forward"](x, params)[0], target)
        return params, losses_of(losses)

    return {"train_mlp": train_mlp}


@mistake(
    "train_mlp",
    id="train_losses_after",
    title="the losses are taken after their updates",
    reread="5.2: each loss before its update.",
)
def train_losses_after(own: Own) -> Functions:
    return train(own, after=True)


@mistake(
    "train_mlp",
    id="train_sign",
    title="the training climbs: target − prediction is handed to the backward",
    reread="1.4: the gradient of the half squared error is prediction − target.",
    seen_in="the article of part 1",
)
def train_sign(own: Own) -> Functions:
    return train(own, upstream=lambda prediction, target: target - prediction)


@mistake(
    "train_mlp",
    id="train_mean",
    title="the gradient of the loss is divided by the number of rows, the loss is a sum",
    reread="1.4: half squared error is a plain ½Σ.",
)
def train_mean(own: Own) -> Functions:
    return train(own, upstream=lambda prediction, target: (prediction - target) / len(target))


@mistake(
    "train_mlp",
    id="train_doubled",
    title="the gradient of the loss is 2 (prediction − target): the half is forgotten",
    reread="1.4: the half is there for that derivative.",
    seen_in="bighuang624/Andrew-Ng-Deep-Learning-notes #10",
)
def train_doubled(own: Own) -> Functions:
    return train(own, upstream=lambda prediction, target: 2 * (prediction - target))


@mistake(
    "train_mlp",
    id="train_prediction_upstream",
    title="the prediction itself is handed to the backward, not the gradient of the loss",
    reread=f"{LOOP} What is the gradient of the half squared error at the prediction?",
)
def train_prediction_upstream(own: Own) -> Functions:
    return train(own, upstream=lambda prediction, target: prediction)


@mistake(
    "train_mlp",
    id="train_layer_by_layer",
    title="layer 2 is moved before the gradients of layer 1 are taken",
    reread="5.1: all gradients come first, then all updates.",
    seen_in="kim-marcel/basic_neural_network #7; joelgrus/data-science-from-scratch #31",
)
def train_layer_by_layer(own: Own) -> Functions:
    def step(params: Params, grads: Grads, lr: float, x: Array, target: Array) -> Params:
        prediction, net = forward(x, params)
        moved = own["sgd_step"](params, grads, lr)
        late = replace(net, params={**params, "weight_2": moved["weight_2"]})
        return {**moved, **own["sgd_step"](zeroed(params, "weight_2"), Backward()(prediction - target, late), lr)} | {
            "weight_2": moved["weight_2"],
            "bias_2": moved["bias_2"],
        }

    return train(own, step=step)


@mistake(
    "train_mlp",
    id="train_at_start",
    title="every gradient is taken at the first parameters, so all steps are the same",
    reread=f"{LOOP} The next forward gets the new params.",
)
def train_at_start(own: Own) -> Functions:
    return train(own, frozen=True)


@mistake(
    "train_mlp",
    id="train_biases_stay",
    title="the training never moves the biases",
    reread=f"{LOOP} And 5.3, line (h).",
    seen_in="the article of part 1",
)
def train_biases_stay(own: Own) -> Functions:
    def step(params: Params, grads: Grads, lr: float, x: Array, target: Array) -> Params:
        return {k: params[k] if "bias" in k else v for k, v in own["sgd_step"](params, grads, lr).items()}

    return train(own, step=step)


@mistake(
    "train_mlp",
    id="train_losses_averaged",
    title="the losses are divided by the number of rows",
    reread="1.4: half squared error is a plain ½Σ.",
)
def train_losses_averaged(own: Own) -> Functions:
    right = train(own)["train_mlp"]

    def train_mlp(x: Array, target: Array, params: Params, lr: float, steps: int) -> tuple[Params, Any]:
        found, losses = right(x, target, params, lr, steps)
        return found, losses / len(x)

    return {"train_mlp": train_mlp}
