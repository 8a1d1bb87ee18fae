"""Known mistakes of a4_bptt: through time, truncated, clipped, residual, and in the two trainings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograder.naming.bank import Functions, Own, mistake

Array = np.ndarray
Grads = dict[str, Any]
Params = dict[str, Array]

WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
SIX = (*WEIGHTS, "weight_ho", "bias_ho")


# ---------------------------------------------------------------------------------------------------------------------
# rnn_forward and rnn_backward: right by default, with a switch at every place where a mistake can sit
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Run:
    """What a forward keeps: arrays with a row a step. ``tanhs`` differ from ``after`` in the residual layer only."""

    x: Array
    before: Array
    after: Array
    z: Array
    tanhs: Array
    params: Params
    earlier: list[Grads] = field(default_factory=list)  # for those who keep what they should not


def run_forward(x: Array, h0: Array, params: Params, residual: bool = False) -> Run:
    """Both layers, forward."""
    states, nets, tanhs = [h0], [], []
    for x_t in x:
        nets.append(
            x_t @ params["weight_ih"].T + params["bias_ih"] + states[-1] @ params["weight_hh"].T + params["bias_hh"]
        )
        tanhs.append(np.tanh(nets[-1]))
        states.append(states[-1] + tanhs[-1] if residual else tanhs[-1])
    return Run(x, np.stack(states[:-1]), np.stack(states[1:]), np.stack(nets), np.stack(tanhs), params)


def step_back(injected: Array, carry: Array, slope: Array, weight_hh: Array) -> tuple[Array, Array]:
    """One step of the plain layer: the gradient of z, and the carry for the step before."""
    grad_z = (injected + carry) * slope
    return grad_z, grad_z @ weight_hh


def residual_step_back(injected: Array, carry: Array, slope: Array, weight_hh: Array) -> tuple[Array, Array]:
    """The same where h is h_prev + tanh(z)."""
    grad_h = injected + carry
    grad_z = grad_h * slope
    return grad_z, grad_h + grad_z @ weight_hh


def products(run: Run, grad_z: Array, grad_h0: Array) -> Grads:
    """All gradients from those of z."""
    bias = grad_z.sum(axis=(0, 1))
    return {
        "x": grad_z @ run.params["weight_ih"],
        "h0": grad_h0,
        "weight_ih": np.einsum("tnh,tni->hi", grad_z, run.x),
        "weight_hh": np.einsum("tnh,tnk->hk", grad_z, run.before),
        "bias_ih": bias,
        "bias_hh": bias.copy(),
    }


@dataclass(frozen=True)
class Sweep:
    """The backward sweep, right by default."""

    order: Callable[[int], Iterable[int]] = lambda steps: range(steps - 1, -1, -1)
    slope: Callable[[Run, int], Array] = lambda run, t: 1 - run.tanhs[t] ** 2
    injected: Callable[[Array, int], Array] = lambda grad_outputs, t: grad_outputs[t]
    step: Callable[[Array, Array, Array, Array], tuple[Array, Array]] = step_back
    finish: Callable[[Run, Array, Array], Grads] = products

    def __call__(self, grad_outputs: Array, run: Run) -> Grads:
        grad_z = np.zeros_like(run.z)
        carry = np.zeros_like(run.before[0])
        for t in self.order(len(run.x)):
            grad_z[t], carry = self.step(
                self.injected(grad_outputs, t), carry, self.slope(run, t), run.params["weight_hh"]
            )
        return self.finish(run, grad_z, carry)


def bptt(**switches: Any) -> Functions:
    """rnn_forward and an rnn_backward with these switches of Sweep."""
    return {"rnn_forward": forward_of(residual=False), "rnn_backward": Sweep(**switches)}


def residual_bptt(**switches: Any) -> Functions:
    """The residual pair with these switches of Sweep."""
    sweep = replace(Sweep(step=residual_step_back), **switches)
    return {"residual_rnn_forward": forward_of(residual=True), "residual_rnn_backward": sweep}


def forward_of(residual: bool) -> Callable[[Array, Array, Params], tuple[Array, Run]]:
    """A right forward whose cache is a Run."""

    def forward(x: Array, h0: Array, params: Params) -> tuple[Array, Run]:
        run = run_forward(x, h0, params, residual)
        return run.after.copy(), run

    return forward


def but(change: Callable[[Run, Array, Grads], Grads]) -> dict[str, Any]:
    """The switch after which some gradients are others: change(run, gradients of z, right gradients) gives those."""

    def finish(run: Run, grad_z: Array, grad_h0: Array) -> Grads:
        right = products(run, grad_z, grad_h0)
        return {**right, **change(run, grad_z, right)}

    return {"finish": finish}


def parameters(run: Run, grad_z: Array, steps: slice) -> Grads:
    """What some of the steps alone give the parameters."""
    part = replace(run, x=run.x[steps], before=run.before[steps])
    return {k: v for k, v in products(part, grad_z[steps], run.before[0]).items() if k not in ("x", "h0")}


def per_weight(change: Callable[[Run, Array, str], Array]) -> Callable[[Run, Array, Grads], Grads]:
    """A change that treats the four parameters alike: change(run, right gradient, its name)."""
    return lambda run, grad_z, right: {k: change(run, right[k], k) for k in WEIGHTS}


# ---------------------------------------------------------------------------------------------------------------------
# rnn_forward
# ---------------------------------------------------------------------------------------------------------------------

START = "1, 'Forward'. What is the state before step 0, and which state does step t read?"


def forward_with(change: Callable[[Array, Array, Params], tuple[Array, Array, Params]]) -> Functions:
    """An rnn_forward that is right for other inputs than those it was given."""
    right = forward_of(residual=False)
    return {"rnn_forward": lambda x, h0, params: right(*change(x, h0, params))}


@mistake(
    "rnn_forward",
    id="h0_not_used",
    title="the first state is all zero, whatever h0 is",
    reread=START,
    seen_in="DLS 555049, 620405",
)
def h0_not_used(own: Own) -> Functions:
    return forward_with(lambda x, h0, params: (x, 0 * h0, params))


@mistake(
    "rnn_forward",
    id="state_not_passed_on",
    title="every step starts from h0: the state is not passed on",
    reread=START,
)
def state_not_passed_on(own: Own) -> Functions:
    def rnn_forward(x: Array, h0: Array, params: Params) -> tuple[Array, None]:
        return np.stack([run_forward(x_t[None], h0, params).after[0] for x_t in x]), None

    return {"rnn_forward": rnn_forward}


@mistake(
    "rnn_forward",
    id="outputs_one_early",
    title="the outputs begin with h0 and lack the last state",
    reread="1, 'Forward'. outputs[t] is the state that leaves step t, not the one that enters it.",
)
def outputs_one_early(own: Own) -> Functions:
    def rnn_forward(x: Array, h0: Array, params: Params) -> tuple[Array, Run]:
        run = run_forward(x, h0, params)
        return run.before.copy(), run

    return {"rnn_forward": rnn_forward}


@mistake(
    "rnn_forward",
    id="forward_weight_hh_turned",
    title="the state meets weight_hh the wrong way round, and no shape complains",
    reread="Names for the whole notebook: y = x @ weight.T + bias. weight_hh is square, so only the index tells.",
)
def forward_weight_hh_turned(own: Own) -> Functions:
    return forward_with(lambda x, h0, params: (x, h0, {**params, "weight_hh": params["weight_hh"].T}))


@mistake(
    "rnn_forward",
    id="time_reversed",
    title="the steps are taken from the last to the first",
    reread="Names for the whole notebook: time comes first, and forward walks from step 0 on.",
)
def time_reversed(own: Own) -> Functions:
    def rnn_forward(x: Array, h0: Array, params: Params) -> tuple[Array, Run]:
        run = run_forward(x[::-1], h0, params)
        return run.after[::-1].copy(), run

    return {"rnn_forward": rnn_forward}


@mistake(
    "rnn_forward",
    id="forward_without_bias_hh",
    title="bias_hh is missing from every step",
    reread="The forward of the cell: two biases are added to the same sum.",
)
def forward_without_bias_hh(own: Own) -> Functions:
    return forward_with(lambda x, h0, params: (x, h0, {**params, "bias_hh": 0 * params["bias_hh"]}))


# ---------------------------------------------------------------------------------------------------------------------
# rnn_backward
# ---------------------------------------------------------------------------------------------------------------------

MEET = "4, 'One sweep': at each step the injected gradient joins the carry, and only their sum goes on."
FACTOR = "2.1, the line of δ: what does tanh let through, and at which state is it read?"
ADD = "2.1: each step has its own copy of the weight; set the copies equal and add."
DIVIDES = "'The loss divides, backward never does': if the loss is a mean, its 1/N is inside grad_outputs already."


@mistake(
    "rnn_backward",
    id="carry_dropped",
    title="the carry is dropped: every step sees only its own injected gradient",
    reread=f"{MEET} What does step t + 1 hand to step t?",
    seen_in="DLS 11690; qixianbiao/RNN #2",
)
def carry_dropped(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: step_back(injected, 0 * carry, slope, w))


@mistake(
    "rnn_backward",
    id="carry_not_transposed",
    title="the carry goes back through weight_hh the wrong way round",
    reread="2.1, the line of the carry, by index. Of the two axes of weight_hh, which is the later state?",
    seen_in="DLS exercise 5 thread",
)
def carry_not_transposed(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: step_back(injected, carry, slope, w.T))


@mistake(
    "rnn_backward",
    id="carry_without_weight",
    title="the carry is the gradient behind tanh unchanged: weight_hh is missing",
    reread="2.1, the line of the carry: what does z of the later step do to the state before it?",
)
def carry_without_weight(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: 2 * (step_back(injected, carry, slope, w)[0],))


@mistake(
    "rnn_backward",
    id="carry_without_tanh",
    title="the carry goes through weight_hh but not through tanh",
    reread=f"{FACTOR} The carry passes the same tanh as everything else.",
)
def carry_without_tanh(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: ((injected + carry) * slope, (injected + carry) @ w))


@mistake(
    "rnn_backward",
    id="tanh_on_injected_only",
    title="the slope of tanh multiplies the injected gradient alone, and the carry is added behind it",
    reread=f"{MEET} In which order do the sum and the slope come?",
)
def tanh_on_injected_only(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: ((z := injected * slope + carry), z @ w))


@mistake(
    "rnn_backward",
    id="carry_piles_up",
    title="the carry is added to the older carries at each step instead of replacing them",
    reread="4, 'One sweep': the sum at step t already contains everything from later steps. What is left of the old carry?",
)
def carry_piles_up(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: ((z := (injected + carry) * slope), carry + z @ w))


@mistake(
    "rnn_backward",
    id="carry_one_step",
    title="each error goes back one step and is then forgotten",
    reread=f"{MEET} Does the carry include the carry of the step after it?",
    seen_in="rsokl/MyGrad PR #7 (a limit that was off)",
)
def carry_one_step(own: Own) -> Functions:
    return {"rnn_forward": forward_of(residual=False), "rnn_backward": lambda g, run: window(g, run, 1)}


@mistake(
    "rnn_backward",
    id="injected_at_last_step_only",
    title="only the last step's injected gradient is used, as if the loss touched the last state alone",
    reread=f"{MEET} Here every step has an injected gradient.",
    seen_in="DLS 11690",
)
def injected_at_last_step_only(own: Own) -> Functions:
    return bptt(injected=lambda g, t: g[t] if t == len(g) - 1 else 0 * g[t])


@mistake(
    "rnn_backward",
    id="nothing_injected",
    title="the injected gradients never join the carry, so every gradient is zero",
    reread=f"{MEET}",
    seen_in="DLS 555129",
)
def nothing_injected(own: Own) -> Functions:
    return bptt(injected=lambda g, t: 0 * g[t])


@mistake(
    "rnn_backward",
    id="injected_ones",
    title="grad_outputs is ignored, as if every entry of it were 1",
    reread="4, 'One sweep': where does your code use grad_outputs? A law: zero injected gives zero.",
    seen_in="torch.autograd.gradcheck has a check for it",
)
def injected_ones(own: Own) -> Functions:
    return bptt(injected=lambda g, t: np.ones_like(g[t]))


@mistake(
    "rnn_backward",
    id="injected_mean_over_batch",
    title="the injected gradient of each step is its mean over the batch",
    reread=f"{DIVIDES} Rows do not know each other.",
)
def injected_mean_over_batch(own: Own) -> Functions:
    return bptt(injected=lambda g, t: np.broadcast_to(g[t].mean(axis=0), g[t].shape))


@mistake(
    "rnn_backward",
    id="injected_one_early",
    title="the injected gradients are one step off: step t gets that of outputs[t - 1]",
    reread="4, 'One sweep': outputs[t] is the state that leaves step t. Which entry of grad_outputs belongs to it?",
    seen_in="DLS 157244",
)
def injected_one_early(own: Own) -> Functions:
    return bptt(injected=lambda g, t: g[t - 1] if t else 0 * g[t])


@mistake(
    "rnn_backward",
    id="tanh_missing",
    title="the slope of tanh is missing at every step",
    reread=f"{FACTOR} What is between the state and the sum inside tanh?",
    seen_in="iamtrask/Grokking-Deep-Learning #50 (its sigmoid twin)",
)
def tanh_missing(own: Own) -> Functions:
    return bptt(slope=lambda run, t: np.ones_like(run.z[t]))


@mistake(
    "rnn_backward",
    id="tanh_not_squared",
    title="the slope of tanh is written 1 − h, without the square",
    reread=FACTOR,
)
def tanh_not_squared(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 - run.after[t])


@mistake(
    "rnn_backward",
    id="tanh_with_plus",
    title="the slope of tanh is written 1 + h²",
    reread=FACTOR,
    seen_in="Yiming-Wange/cs231n-solution #1",
)
def tanh_with_plus(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 + run.after[t] ** 2)


@mistake(
    "rnn_backward",
    id="tanh_of_net",
    title="the slope of tanh is written 1 − z²: the formula for the output, used on the sum inside",
    reread=f"{FACTOR} And a3, the bug hunt 'A cell that passes its test'.",
    seen_in="DLS 31965",
)
def tanh_of_net(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 - run.z[t] ** 2)


@mistake(
    "rnn_backward",
    id="tanh_twice",
    title="the slope of tanh is written 1 − tanh(h)²: h is the tanh already",
    reread=FACTOR,
    seen_in="PacktPublishing/Neural-Network-Projects-with-Python #4; DeepLearnToolbox #165",
)
def tanh_twice(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 - np.tanh(run.after[t]) ** 2)


@mistake(
    "rnn_backward",
    id="tanh_slope_squared",
    title="the slope of tanh is applied twice, (1 − h²)², at every step",
    reread=f"{FACTOR} One tanh, one slope: grad_outputs is the gradient of the state, not of z.",
)
def tanh_slope_squared(own: Own) -> Functions:
    return bptt(slope=lambda run, t: (1 - run.after[t] ** 2) ** 2)


@mistake(
    "rnn_backward",
    id="sigmoid_for_tanh",
    title="the slope is the sigmoid's, h(1 − h), and the layer is a tanh",
    reread=FACTOR,
)
def sigmoid_for_tanh(own: Own) -> Functions:
    return bptt(slope=lambda run, t: run.after[t] * (1 - run.after[t]))


@mistake(
    "rnn_backward",
    id="tanh_at_state_before",
    title="the slope of tanh is read at the state that enters the step, not at the one that leaves it",
    reread=FACTOR,
)
def tanh_at_state_before(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 - run.before[t] ** 2)


@mistake(
    "rnn_backward",
    id="tanh_at_state_after",
    title="the slope of tanh is read one step too late, at the state that follows",
    reread=f"{FACTOR} And 5.1, where an article does this.",
    seen_in="the article of 5.1",
)
def tanh_at_state_after(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 - run.after[min(t + 1, len(run.after) - 1)] ** 2)


@mistake(
    "rnn_backward",
    id="tanh_at_last_state",
    title="the slope of tanh is read at the last state for every step",
    reread=f"{FACTOR} Is a name from the forward loop still in use?",
)
def tanh_at_last_state(own: Own) -> Functions:
    return bptt(slope=lambda run, t: 1 - run.after[-1] ** 2)


@mistake(
    "rnn_backward",
    id="overwritten",
    title="the gradients of the parameters are overwritten at each step, not added up: the first step's share is left",
    reread=ADD,
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
def overwritten(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: parameters(run, grad_z, slice(0, 1))))


@mistake(
    "rnn_backward",
    id="last_step_only",
    title="the gradients of the parameters contain the last step's share alone",
    reread=ADD,
)
def last_step_only(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: parameters(run, grad_z, slice(-1, None))))


@mistake(
    "rnn_backward",
    id="first_step_skipped",
    title="the sweep stops one step early: step 0 is never visited",
    reread="4, 'One sweep': the loop runs over t = T − 1, …, 0. What does your range stop at?",
)
def first_step_skipped(own: Own) -> Functions:
    return bptt(order=lambda steps: range(steps - 1, 0, -1))


@mistake(
    "rnn_backward",
    id="last_step_skipped",
    title="the sweep starts one step late: the last step is never visited",
    reread="4, 'One sweep': the loop runs over t = T − 1, …, 0. Where does your range start?",
)
def last_step_skipped(own: Own) -> Functions:
    return bptt(order=lambda steps: range(steps - 2, -1, -1))


@mistake(
    "rnn_backward",
    id="swept_forward",
    title="the sweep runs from the first step to the last, so the carry goes the wrong way in time",
    reread="4, 'One sweep': a later step hands its carry to an earlier one.",
)
def swept_forward(own: Own) -> Functions:
    return bptt(order=lambda steps: range(steps))


@mistake(
    "rnn_backward",
    id="x_in_sweep_order",
    title="the gradient of x is in the order of the sweep, last step first",
    reread="4, 'One sweep': what was appended first belongs to the last step.",
)
def x_in_sweep_order(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"x": right["x"][::-1]}))


@mistake(
    "rnn_backward",
    id="state_after",
    title="weight_hh is paired with the state that leaves a step, not with the one that enters it",
    reread="2.1: δ_tᵀ h_{t−1}. Which state does weight_hh multiply at step t?",
    seen_in="VikParuchuri/zero_to_gpt #9",
)
def state_after(own: Own) -> Functions:
    return bptt(**but(lambda run, dz, right: {"weight_hh": np.einsum("tnh,tnk->hk", dz, run.after)}))


@mistake(
    "rnn_backward",
    id="x_one_early",
    title="weight_ih is paired with the input of the step before",
    reread="2.1: δ_tᵀ x_t. Which input does weight_ih multiply at step t?",
)
def x_one_early(own: Own) -> Functions:
    return bptt(**but(lambda run, dz, right: {"weight_ih": np.einsum("tnh,tni->hi", dz[1:], run.x[:-1])}))


@mistake(
    "rnn_backward",
    id="h0_taken_for_zero",
    title="in the gradient of weight_hh the state before step 0 is taken for zero",
    reread="2.1: δ_0ᵀ times the state before step 0, which is h0.",
    seen_in="DLS 555049, 620405",
)
def h0_taken_for_zero(own: Own) -> Functions:
    return bptt(**but(lambda run, dz, right: {"weight_hh": np.einsum("tnh,tnk->hk", dz[1:], run.before[1:])}))


@mistake(
    "rnn_backward",
    id="index_wraps_round",
    title="at step 0 the index t − 1 wraps round to the last state, in the gradient of weight_hh",
    reread="2.1: the state before step 0 is h0. In Python outputs[-1] is the last one.",
    seen_in="DLS 555049",
)
def index_wraps_round(own: Own) -> Functions:
    return bptt(
        **but(lambda run, dz, right: {"weight_hh": np.einsum("tnh,tnk->hk", dz, np.roll(run.after, 1, axis=0))})
    )


@mistake(
    "rnn_backward",
    id="weight_hh_turned",
    title="the gradient of weight_hh is transposed",
    reread="2.1, by index: entry (i, j) of weight_hh ties unit i of the later state to unit j of the earlier.",
)
def weight_hh_turned(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"weight_hh": right["weight_hh"].T}))


@mistake(
    "rnn_backward",
    id="weight_ih_turned",
    title="the gradient of weight_ih is transposed",
    reread="Names for the whole notebook: a gradient has the shape of its array, (hidden_size, input_size).",
)
def weight_ih_turned(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"weight_ih": right["weight_ih"].T}))


@mistake(
    "rnn_backward",
    id="h0_zero",
    title="the gradient of h0 is left at zero",
    reread="2.1: h0 has one reader, step 0. What is left in the carry after the loop?",
)
def h0_zero(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"h0": 0 * right["h0"]}))


@mistake(
    "rnn_backward",
    id="h0_one_late",
    title="the gradient of h0 is that of outputs[0]: one crossing of weight_hh and one tanh are missing",
    reread="2.1: the gradient of h0 is the carry that leaves step 0, not the sum that enters it.",
)
def h0_one_late(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"h0": grad_z[0] / (1 - run.after[0] ** 2)}))


@mistake(
    "rnn_backward",
    id="h0_without_weight",
    title="the gradient of h0 lacks its way through weight_hh",
    reread="2.1: h0 goes through weight_hh as every other state does.",
)
def h0_without_weight(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"h0": grad_z[0]}))


@mistake(
    "rnn_backward",
    id="x_before_tanh",
    title="the gradient of x is taken from the state's, before the slope of tanh",
    reread="2.1: x_t is inside tanh. Which gradient arrives there?",
)
def x_before_tanh(own: Own) -> Functions:
    return bptt(
        **but(lambda run, grad_z, right: {"x": grad_z / (1 - run.after**2) @ run.params["weight_ih"]}),
    )


@mistake(
    "rnn_backward",
    id="bias_before_tanh",
    title="the bias gradients add up the gradients of the states, before the slope of tanh",
    reread="2.1: a bias is added inside tanh. Which gradient arrives there?",
    seen_in="arthurdouillard/deepcourse PR #9",
)
def bias_before_tanh(own: Own) -> Functions:
    return bptt(
        **but(lambda run, dz, right: dict.fromkeys(("bias_ih", "bias_hh"), (dz / (1 - run.after**2)).sum(axis=(0, 1))))
    )


@mistake(
    "rnn_backward",
    id="bias_mean_over_batch",
    title="the bias gradients are means over the batch, not sums",
    reread=DIVIDES,
    seen_in="kvfrans/notes #5",
)
def bias_mean_over_batch(own: Own) -> Functions:
    return bptt(**but(per_weight(lambda run, grad, name: grad / run.x.shape[1] if "bias" in name else grad)))


@mistake(
    "rnn_backward",
    id="bias_total",
    title="the bias gradients are summed over the units too: every entry is the same total",
    reread="2.1: one bias a unit, so units stay separate while steps and rows are summed. Which axes are those?",
    seen_in="DLS 241052",
)
def bias_total(own: Own) -> Functions:
    return bptt(**but(per_weight(lambda run, grad, name: np.full_like(grad, grad.sum()) if "bias" in name else grad)))


@mistake(
    "rnn_backward",
    id="bias_rows_kept",
    title="the bias gradients are summed over the steps and not over the rows",
    reread="2.1: one bias, used in every row of every step.",
)
def bias_rows_kept(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: dict.fromkeys(("bias_ih", "bias_hh"), grad_z.sum(axis=0))))


@mistake(
    "rnn_backward",
    id="bias_hh_left_out",
    title="the gradient of bias_hh is left at zero",
    reread="2.1: both biases are added to the same sum, so a nudge of one does what a nudge of the other does.",
)
def bias_hh_left_out(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {"bias_hh": 0 * right["bias_hh"]}))


@mistake(
    "rnn_backward",
    id="bias_counted_twice",
    title="each bias gets the gradient of both: twice too large",
    reread="2.1: there are two biases, and each gets the sum once.",
)
def bias_counted_twice(own: Own) -> Functions:
    return bptt(**but(per_weight(lambda run, grad, name: 2 * grad if "bias" in name else grad)))


@mistake(
    "rnn_backward",
    id="bias_times_x",
    title="the bias gradients are multiplied by the inputs' mean",
    reread="2.1: the factor of a bias is 1, not x.",
    seen_in="rust0258/Deeplearning.ai-Natural-Language-Processing-Specialization #64",
)
def bias_times_x(own: Own) -> Functions:
    return bptt(
        **but(
            lambda run, dz, right: dict.fromkeys(
                ("bias_ih", "bias_hh"), (dz * run.x.mean(axis=2, keepdims=True)).sum(axis=(0, 1))
            )
        )
    )


@mistake(
    "rnn_backward",
    id="mean_over_batch",
    title="the gradients of the parameters are divided by the batch size",
    reread=DIVIDES,
    seen_in="DLS 63071",
)
def mean_over_batch(own: Own) -> Functions:
    return bptt(**but(per_weight(lambda run, grad, name: grad / run.x.shape[1])))


@mistake(
    "rnn_backward",
    id="mean_over_steps",
    title="the gradients of the parameters are divided by the number of steps",
    reread=DIVIDES,
)
def mean_over_steps(own: Own) -> Functions:
    return bptt(**but(per_weight(lambda run, grad, name: grad / len(run.x))))


@mistake(
    "rnn_backward",
    id="carry_divided_by_batch",
    title="the carry is divided by the batch size again at every step",
    reread=DIVIDES,
    seen_in="DLS 63071",
)
def carry_divided_by_batch(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: ((z := (injected + carry) * slope), z @ w / len(z)))


@mistake(
    "rnn_backward",
    id="sign_turned_through_time",
    title="every gradient through time has the wrong sign",
    reread="2.1: nothing in it has a minus but 1 − h². Is one sign turned where grad_outputs comes in?",
)
def sign_turned_through_time(own: Own) -> Functions:
    return bptt(injected=lambda g, t: -g[t])


@mistake(
    "rnn_backward",
    id="clipped_inside",
    title="the gradients are clipped to [−1, 1], entry by entry, inside the backward",
    reread="7.3: clipping is its own function, and by one norm. A law: twice the injected, twice every array.",
)
def clipped_inside(own: Own) -> Functions:
    return bptt(**but(lambda run, grad_z, right: {k: np.clip(v, -1, 1) for k, v in right.items()}))


@mistake(
    "rnn_backward",
    id="whole_numbers",
    title="the sums of the parameters are whole numbers: they are stored in an array of integers",
    reread="np.zeros and np.zeros_like take the dtype that you give them. A gradient is float64.",
)
def whole_numbers(own: Own) -> Functions:
    return bptt(**but(per_weight(lambda run, grad, name: grad.astype(int))))


@mistake(
    "rnn_backward",
    id="writes_into_grad_outputs",
    title="grad_outputs itself is written into, and the caller's array changes",
    reread="No function changes its arguments: a = a + b makes a new array, a += b writes into the old one.",
    seen_in="Burton2000/CS231n-2017 #7",
)
def writes_into_grad_outputs(own: Own) -> Functions:
    def rnn_backward(grad_outputs: Array, run: Run) -> Grads:
        grad_z = np.zeros_like(run.z)
        for t in reversed(range(len(run.x))):
            grad_z[t] = grad_outputs[t] * (1 - run.after[t] ** 2)
            if t:
                grad_outputs[t - 1] += grad_z[t] @ run.params["weight_hh"]
        return products(run, grad_z, grad_z[0] @ run.params["weight_hh"])

    return {"rnn_forward": forward_of(residual=False), "rnn_backward": rnn_backward}


@mistake(
    "rnn_backward",
    id="writes_into_states",
    title="the slope of tanh is written over the stored states, which weight_hh and the next call still need",
    reread="5.1, 'A layer that overwrites its states'.",
    seen_in="the article of 5.1",
)
def writes_into_states(own: Own) -> Functions:
    def rnn_backward(grad_outputs: Array, run: Run) -> Grads:
        grad_z, carry = np.zeros_like(run.z), np.zeros_like(run.before[0])
        for t in reversed(range(len(run.x))):
            run.after[t] = 1 - run.after[t] ** 2
            grad_z[t], carry = step_back(grad_outputs[t], carry, run.after[t], run.params["weight_hh"])
        return products(replace(run, before=np.concatenate([run.before[:1], run.after[:-1]])), grad_z, carry)

    return {"rnn_forward": forward_of(residual=False), "rnn_backward": rnn_backward}


@mistake(
    "rnn_backward",
    id="sums_never_cleared",
    title="the sums of the parameters are never cleared: a second call adds to the first",
    reread="A cache can be used again: begin each call with fresh zeros.",
    seen_in="the article of a3's exercise 6-2P, whose stacks are never cleared",
)
def sums_never_cleared(own: Own) -> Functions:
    def change(run: Run, grad_z: Array, right: Grads) -> Grads:
        run.earlier.append(right)
        return {name: sum(grads[name] for grads in run.earlier) for name in WEIGHTS}

    return bptt(**but(change))


@mistake(
    "rnn_backward",
    id="latest_forward_used",
    title="backward reads what the latest forward left behind, not its own cache",
    reread="A cache can be used again, also when another forward has run in between: read your argument.",
    seen_in="nbgrader's own advice for autograding (a global instead of an argument)",
)
def latest_forward_used(own: Own) -> Functions:
    latest: list[Run] = []

    def rnn_forward(x: Array, h0: Array, params: Params) -> tuple[Array, Run]:
        latest[:] = [run_forward(x, h0, params)]
        return latest[0].after.copy(), latest[0]

    def rnn_backward(grad_outputs: Array, run: Run) -> Grads:
        steps = min(len(grad_outputs), len(latest[0].x))
        return Sweep()(grad_outputs[:steps], latest[0])

    return {"rnn_forward": rnn_forward, "rnn_backward": rnn_backward}


# ---------------------------------------------------------------------------------------------------------------------
# rnn_backward_truncated
# ---------------------------------------------------------------------------------------------------------------------

WINDOW = "6, 'Cutting the past off'"


def walks(grad_outputs: Array, run: Run, k: int) -> tuple[list[Array], Array]:
    """For each number of crossings up to k the gradients of z (T, N, H) that have crossed so often; the one of h0."""
    slope = 1 - run.after**2
    parts = [grad_outputs * slope]
    grad_h0 = np.zeros_like(run.before[0])
    for _ in range(min(k, len(run.x))):
        crossed = parts[-1] @ run.params["weight_hh"]
        grad_h0 = grad_h0 + crossed[0]
        parts.append(np.concatenate([crossed[1:], 0 * crossed[:1]]) * slope)
    return parts, grad_h0


def window(grad_outputs: Array, run: Run, k: int) -> Grads:
    """Right: each step's error crosses at most k recurrent connections."""
    parts, grad_h0 = walks(grad_outputs, run, k)
    return products(run, np.sum(parts, axis=0), grad_h0)


def truncated(backward: Callable[[Array, Run, int], Grads]) -> Functions:
    """rnn_forward and this rnn_backward_truncated."""
    return {"rnn_forward": forward_of(residual=False), "rnn_backward_truncated": backward}


@mistake(
    "rnn_backward_truncated",
    id="window_one_short",
    title="the window is one step short: an error crosses k − 1 recurrent connections",
    reread=f"{WINDOW}: with k = 0 an error stays at its own step, with k = 1 it crosses once.",
    seen_in="rsokl/MyGrad PR #7",
)
def window_one_short(own: Own) -> Functions:
    return truncated(lambda g, run, k: window(g, run, max(k - 1, 0)))


@mistake(
    "rnn_backward_truncated",
    id="window_one_long",
    title="the window is one step long: an error crosses k + 1 recurrent connections",
    reread=f"{WINDOW}: with k = 0 an error stays at its own step, with k = 1 it crosses once.",
    seen_in="rsokl/MyGrad PR #7",
)
def window_one_long(own: Own) -> Functions:
    return truncated(lambda g, run, k: window(g, run, k + 1))


@mistake(
    "rnn_backward_truncated",
    id="chunks",
    title="the sequence is cut into chunks of k + 1 steps, instead of a sliding window",
    reread=f"{WINDOW}, its last paragraph and the figure below it: a band, not blocks.",
)
def chunks(own: Own) -> Functions:
    def backward(grad_outputs: Array, run: Run, k: int) -> Grads:
        grad_z, carry = np.zeros_like(run.z), np.zeros_like(run.before[0])
        for t in reversed(range(len(run.x))):
            carry = 0 * carry if (t + 1) % (k + 1) == 0 else carry
            grad_z[t], carry = step_back(grad_outputs[t], carry, 1 - run.after[t] ** 2, run.params["weight_hh"])
        return products(run, grad_z, carry if k else 0 * carry)

    return truncated(backward)


@mistake(
    "rnn_backward_truncated",
    id="last_steps_only",
    title="the sweep stops after k + 1 steps: the errors of earlier steps are skipped",
    reread=f"{WINDOW}: every step's error walks, each k crossings far, not the last one's alone.",
)
def last_steps_only(own: Own) -> Functions:
    def backward(grad_outputs: Array, run: Run, k: int) -> Grads:
        first = max(len(run.x) - 1 - k, 0)
        grad_z, carry = np.zeros_like(run.z), np.zeros_like(run.before[0])
        for t in range(len(run.x) - 1, first - 1, -1):
            grad_z[t], carry = step_back(grad_outputs[t], carry, 1 - run.after[t] ** 2, run.params["weight_hh"])
        return products(run, grad_z, carry if k >= len(run.x) else 0 * carry)

    return truncated(backward)


@mistake(
    "rnn_backward_truncated",
    id="weights_not_truncated",
    title="x and h0 are truncated, the parameters are not",
    reread=f"{WINDOW}: an error that stops at z stops for every array that z reads.",
)
def weights_not_truncated(own: Own) -> Functions:
    return truncated(
        lambda g, run, k: {
            **window(g, run, len(g)),
            **{name: grad for name, grad in window(g, run, k).items() if name not in WEIGHTS},
        }
    )


@mistake(
    "rnn_backward_truncated",
    id="x_not_truncated",
    title="the parameters are truncated, x and h0 are not",
    reread=f"{WINDOW}: an error that stops at z stops for every array that z reads.",
)
def x_not_truncated(own: Own) -> Functions:
    return truncated(
        lambda g, run, k: {
            **window(g, run, len(g)),
            **{name: grad for name, grad in window(g, run, k).items() if name in WEIGHTS},
        }
    )


@mistake(
    "rnn_backward_truncated",
    id="not_truncated",
    title="k is not used: these are the full gradients",
    reread=f"{WINDOW}. Where does your code use k?",
)
def not_truncated(own: Own) -> Functions:
    return truncated(lambda g, run, k: window(g, run, len(g)))


@mistake(
    "rnn_backward_truncated",
    id="truncated_h0_always_full",
    title="h0 gets its full gradient, although the errors of later steps stop before it",
    reread=f"{WINDOW}: h0 is t + 1 crossings from step t.",
)
def truncated_h0_always_full(own: Own) -> Functions:
    return truncated(lambda g, run, k: {**window(g, run, k), "h0": window(g, run, len(g))["h0"]})


@mistake(
    "rnn_backward_truncated",
    id="truncated_h0_zero",
    title="h0 gets nothing, although the first steps are within k crossings of it",
    reread=f"{WINDOW}: step s reaches h0 if s + 1 ≤ k.",
)
def truncated_h0_zero(own: Own) -> Functions:
    return truncated(lambda g, run, k: {**(right := window(g, run, k)), "h0": 0 * right["h0"]})


@mistake(
    "rnn_backward_truncated",
    id="own_step_without_weight_hh",
    title="weight_hh gets no share from an error's own step, as if reading the state before it were a crossing",
    reread=f"{WINDOW}, k = 0: the state before the step is read, not crossed.",
)
def own_step_without_weight_hh(own: Own) -> Functions:
    def backward(g: Array, run: Run, k: int) -> Grads:
        parts, _ = walks(g, run, k)
        later = np.sum(parts[1:], axis=0) if len(parts) > 1 else 0 * run.z
        return {**window(g, run, k), "weight_hh": np.einsum("tnh,tnk->hk", later, run.before)}

    return truncated(backward)


@mistake(
    "rnn_backward_truncated",
    id="last_crossing_only",
    title="only what has crossed exactly k times is counted, not what has crossed less often",
    reread=f"{WINDOW}: at most k crossings. Add up 0, 1, …, k.",
)
def last_crossing_only(own: Own) -> Functions:
    def backward(g: Array, run: Run, k: int) -> Grads:
        parts, grad_h0 = walks(g, run, k)
        return products(run, parts[-1], grad_h0)

    return truncated(backward)


@mistake(
    "rnn_backward_truncated",
    id="walk_without_tanh",
    title="on its way back an error passes weight_hh but no tanh of the steps that it reaches",
    reread=f"{WINDOW} and 2.2: how does δ go from k to k − 1?",
)
def walk_without_tanh(own: Own) -> Functions:
    def backward(g: Array, run: Run, k: int) -> Grads:
        walking = g * (1 - run.after**2)
        grad_z, grad_h0 = walking.copy(), np.zeros_like(run.before[0])
        for _ in range(min(k, len(run.x))):
            crossed = walking @ run.params["weight_hh"]
            grad_h0 = grad_h0 + crossed[0]
            walking = crossed[1:]
            grad_z[: len(walking)] += walking
        return products(run, grad_z, grad_h0)

    return truncated(backward)


# ---------------------------------------------------------------------------------------------------------------------
# credit_matrix and state_gradient_norms
# ---------------------------------------------------------------------------------------------------------------------

CREDIT = "3.1, 'The credit matrix'"
NORMS = "7.1, 'How large is the carry?'"


def credit(
    norm: Callable[[Array], Any] = np.linalg.norm,
    share: Callable[[Array, Run, int], Array] = lambda share, run, k: share,
    back: Callable[[Array, Run, int], Array] = lambda share, run, k: (
        (share * (1 - run.after[k] ** 2)) @ run.params["weight_hh"]
    ),
    change: Callable[[Array], Array] = lambda matrix: matrix,
) -> Functions:
    """rnn_forward and a credit_matrix, right by default."""

    def credit_matrix(grad_outputs: Array, run: Run) -> Array:
        matrix = np.zeros((len(grad_outputs), len(grad_outputs)))
        for t, injected in enumerate(grad_outputs):
            walking = injected
            for k in range(t, -1, -1):
                matrix[t, k] = norm(share(walking, run, k))
                walking = back(walking, run, k)
        return change(matrix)

    return {"rnn_forward": forward_of(residual=False), "credit_matrix": credit_matrix}


@mistake(
    "credit_matrix",
    id="credit_turned",
    title="rows and columns of the credit matrix are exchanged",
    reread=f"{CREDIT}: entry [t, k], the step that injects first, the step that receives second.",
)
def credit_turned(own: Own) -> Functions:
    return credit(change=np.transpose)


@mistake(
    "credit_matrix",
    id="credit_behind_tanh",
    title="the norms are taken behind the slope of tanh, of the gradients of z",
    reread=f"{CREDIT}: before the slope of tanh at step k.",
)
def credit_behind_tanh(own: Own) -> Functions:
    return credit(share=lambda share, run, k: share * (1 - run.after[k] ** 2))


@mistake(
    "credit_matrix",
    id="credit_squared",
    title="the entries are squares of norms",
    reread=f"{CREDIT}: the Frobenius norm has a root. A law: twice the injected, twice the credit.",
)
def credit_squared(own: Own) -> Functions:
    return credit(norm=lambda share: np.sum(share**2))


@mistake(
    "credit_matrix",
    id="credit_without_tanh",
    title="the errors walk back through weight_hh but not through tanh",
    reread=f"{CREDIT}: the inner loop of nested_backward.",
)
def credit_without_tanh(own: Own) -> Functions:
    return credit(back=lambda share, run, k: share @ run.params["weight_hh"])


@mistake(
    "credit_matrix",
    id="credit_weight_turned",
    title="the errors walk back through weight_hh the wrong way round",
    reread="2.1, the line of the carry, by index: of the two axes of weight_hh, which is the later state?",
)
def credit_weight_turned(own: Own) -> Functions:
    return credit(back=lambda share, run, k: (share * (1 - run.after[k] ** 2)) @ run.params["weight_hh"].T)


@mistake(
    "credit_matrix",
    id="credit_mean_over_batch",
    title="the entries are means of the samples' norms, not one norm over batch and units",
    reread=f"{CREDIT}: np.linalg.norm of a matrix is one number.",
)
def credit_mean_over_batch(own: Own) -> Functions:
    return credit(norm=lambda share: np.linalg.norm(share, axis=1).mean())


@mistake(
    "credit_matrix",
    id="credit_one_step_early",
    title="each row is shifted: entry [t, k] is what arrives one step earlier",
    reread=f"{CREDIT}: the diagonal is the norm of grad_outputs[t] itself.",
)
def credit_one_step_early(own: Own) -> Functions:
    return credit(share=lambda share, run, k: (share * (1 - run.after[k] ** 2)) @ run.params["weight_hh"])


@mistake(
    "credit_matrix",
    id="credit_tanh_at_state_before",
    title="on the way back the slope of tanh is read at the state that enters the step",
    reread=f"{CREDIT} and 2.1, the line of δ: at which state is the slope read?",
)
def credit_tanh_at_state_before(own: Own) -> Functions:
    return credit(back=lambda share, run, k: (share * (1 - run.before[k] ** 2)) @ run.params["weight_hh"])


def norms(
    norm: Callable[[Array], Any] = np.linalg.norm,
    back: Callable[[Array, Run, int], Array] = lambda grad, run, t: (
        (grad * (1 - run.after[t] ** 2)) @ run.params["weight_hh"]
    ),
    change: Callable[[Array], Array] = lambda values: values,
) -> Functions:
    """rnn_forward and a state_gradient_norms, right by default."""

    def state_gradient_norms(grad_last: Array, run: Run) -> Array:
        grad, found = grad_last, [norm(grad_last)]
        for t in reversed(range(len(run.x))):
            grad = back(grad, run, t)
            found.append(norm(grad))
        return change(np.array(found[::-1]))

    return {"rnn_forward": forward_of(residual=False), "state_gradient_norms": state_gradient_norms}


@mistake(
    "state_gradient_norms",
    id="norms_last_first",
    title="the norms are in reverse order, last state first",
    reread=f"{NORMS}: the order is h0, outputs[0], …, outputs[T − 1].",
)
def norms_last_first(own: Own) -> Functions:
    return norms(change=lambda values: values[::-1])


@mistake(
    "state_gradient_norms",
    id="norms_without_h0",
    title="the norm of h0 is missing, so there are T and not T + 1",
    reread=f"{NORMS}: h0 is a state too.",
)
def norms_without_h0(own: Own) -> Functions:
    return norms(change=lambda values: values[1:])


@mistake(
    "state_gradient_norms",
    id="norms_squared",
    title="the norms are squared",
    reread=f"{NORMS}: the Frobenius norm has a root.",
)
def norms_squared(own: Own) -> Functions:
    return norms(norm=lambda grad: np.sum(grad**2))


@mistake(
    "state_gradient_norms",
    id="norms_mean_over_batch",
    title="the norms are means of the samples' norms",
    reread=f"{NORMS}: one Frobenius norm over batch and units.",
)
def norms_mean_over_batch(own: Own) -> Functions:
    return norms(norm=lambda grad: np.linalg.norm(grad, axis=1).mean())


@mistake(
    "state_gradient_norms",
    id="norms_without_tanh",
    title="the gradient walks back through weight_hh but not through tanh",
    reread="2.1: c = δ W, and δ includes the slope of tanh.",
)
def norms_without_tanh(own: Own) -> Functions:
    return norms(back=lambda grad, run, t: grad @ run.params["weight_hh"])


@mistake(
    "state_gradient_norms",
    id="norms_weight_turned",
    title="the gradient walks back through weight_hh the wrong way round",
    reread="2.1, the line of the carry, by index.",
)
def norms_weight_turned(own: Own) -> Functions:
    return norms(back=lambda grad, run, t: (grad * (1 - run.after[t] ** 2)) @ run.params["weight_hh"].T)


@mistake(
    "state_gradient_norms",
    id="norms_at_state_before",
    title="on the walk back the slope of tanh is read at the state that enters the step",
    reread="2.1, the line of δ: at which state is the slope read?",
)
def norms_at_state_before(own: Own) -> Functions:
    return norms(back=lambda grad, run, t: (grad * (1 - run.before[t] ** 2)) @ run.params["weight_hh"])


@mistake(
    "state_gradient_norms",
    id="norms_relative",
    title="the norms are divided by that of the last state",
    reread=f"{NORMS}: return the norms themselves; a ratio is for the figure.",
)
def norms_relative(own: Own) -> Functions:
    return norms(change=lambda values: values / values[-1])


# ---------------------------------------------------------------------------------------------------------------------
# clip_grad_norm
# ---------------------------------------------------------------------------------------------------------------------

CLIPPING = "7.3, 'Clipping': one norm over every array, and nothing changes where it is small enough."


def norm_of(grads: Grads) -> float:
    """One norm over all arrays."""
    return float(np.sqrt(sum(np.sum(np.square(grad)) for grad in grads.values())))


def clip(clipped: Callable[[Grads, float, float], Grads]) -> Functions:
    """A clip_grad_norm that returns the right total norm, and clipped(grads, max_norm, total norm)."""
    return {"clip_grad_norm": lambda grads, max_norm: (clipped(grads, max_norm, norm_of(grads)), norm_of(grads))}


def clip_by(factor: Callable[[float, float], float]) -> Functions:
    """A clip_grad_norm that scales by factor(max_norm, total norm)."""
    return clip(lambda grads, most, total: {name: factor(most, total) * grad for name, grad in grads.items()})


@mistake(
    "clip_grad_norm",
    id="clipped_array_by_array",
    title="each array is clipped by its own norm",
    reread=f"{CLIPPING} Otherwise the direction of the step changes.",
)
def clipped_array_by_array(own: Own) -> Functions:
    def one(grad: Array, most: float) -> Array:
        return grad * min(1.0, most / max(float(np.linalg.norm(grad)), 1e-300))

    return clip(lambda grads, most, total: {name: one(grad, most) for name, grad in grads.items()})


@mistake(
    "clip_grad_norm",
    id="clipped_although_small",
    title="the gradients are scaled to max_norm although their norm is smaller",
    reread=CLIPPING,
)
def clipped_although_small(own: Own) -> Functions:
    return clip_by(lambda most, total: most / total if total else 1.0)


@mistake(
    "clip_grad_norm",
    id="clipped_entry_by_entry",
    title="the entries are cut off at max_norm, one by one",
    reread=f"{CLIPPING} By value is another function.",
)
def clipped_entry_by_entry(own: Own) -> Functions:
    return clip(lambda grads, most, total: {name: np.clip(grad, -most, most) for name, grad in grads.items()})


@mistake(
    "clip_grad_norm",
    id="clipped_norm_returned",
    title="the norm after clipping is returned, not the one before",
    reread="7.3: total_norm is that of the gradients before clipping, so a plot can show how often it is too large.",
)
def clipped_norm_returned(own: Own) -> Functions:
    def clip_grad_norm(grads: Grads, max_norm: float) -> tuple[Grads, float]:
        factor = min(1.0, max_norm / max(norm_of(grads), 1e-300))
        return {name: factor * grad for name, grad in grads.items()}, factor * norm_of(grads)

    return {"clip_grad_norm": clip_grad_norm}


@mistake(
    "clip_grad_norm",
    id="norms_added",
    title="the total norm is the sum of the arrays' norms",
    reread=f"{CLIPPING} Squares add, norms do not.",
)
def norms_added(own: Own) -> Functions:
    def clip_grad_norm(grads: Grads, max_norm: float) -> tuple[Grads, float]:
        total = float(sum(np.linalg.norm(grad) for grad in grads.values()))
        factor = max_norm / total if total > max_norm else 1.0
        return {name: factor * grad for name, grad in grads.items()}, total

    return {"clip_grad_norm": clip_grad_norm}


@mistake(
    "clip_grad_norm",
    id="root_forgotten",
    title="the root is missing: the total norm is the sum of all squares",
    reread=CLIPPING,
)
def root_forgotten(own: Own) -> Functions:
    def clip_grad_norm(grads: Grads, max_norm: float) -> tuple[Grads, float]:
        total = norm_of(grads) ** 2
        factor = max_norm / total if total > max_norm else 1.0
        return {name: factor * grad for name, grad in grads.items()}, total

    return {"clip_grad_norm": clip_grad_norm}


@mistake("clip_grad_norm", id="never_clipped", title="the gradients are returned unclipped, too long", reread=CLIPPING)
def never_clipped(own: Own) -> Functions:
    return clip_by(lambda most, total: 1.0)


@mistake(
    "clip_grad_norm",
    id="writes_into_grads",
    title="the arrays of the caller are changed in place",
    reread="No function changes its arguments: write scale * grad, not grad *= scale.",
)
def writes_into_grads(own: Own) -> Functions:
    def clip_grad_norm(grads: Grads, max_norm: float) -> tuple[Grads, float]:
        total = norm_of(grads)
        for grad in grads.values():
            grad *= max_norm / total if total > max_norm else 1.0
        return grads, total

    return {"clip_grad_norm": clip_grad_norm}


# ---------------------------------------------------------------------------------------------------------------------
# residual_rnn_forward and residual_rnn_backward
# ---------------------------------------------------------------------------------------------------------------------

IDENTITY = "7.2, 'A net that adds instead of replacing': a state has two ways into the next one."


def residual_states(step: Callable[[Array, Array, Array], Array]) -> Functions:
    """A residual_rnn_forward whose next state is step(h_prev, tanh, h0)."""

    def residual_rnn_forward(x: Array, h0: Array, params: Params) -> tuple[Array, None]:
        states = [h0]
        for x_t in x:
            run = run_forward(x_t[None], states[-1], params)
            states.append(step(states[-1], run.tanhs[0], h0))
        return np.stack(states[1:]), None

    return {"residual_rnn_forward": residual_rnn_forward}


@mistake(
    "residual_rnn_forward",
    id="identity_forgotten_forward",
    title="the old state is not added: this is the plain layer",
    reread=IDENTITY,
)
def identity_forgotten_forward(own: Own) -> Functions:
    return residual_states(lambda h, tanh, h0: tanh)


@mistake(
    "residual_rnn_forward",
    id="h0_added_at_every_step",
    title="h0 is added at every step, instead of the previous state",
    reread=f"{IDENTITY} The state before step t is that of step t − 1.",
)
def h0_added_at_every_step(own: Own) -> Functions:
    return residual_states(lambda h, tanh, h0: h0 + tanh)


@mistake(
    "residual_rnn_forward",
    id="tanh_over_the_sum",
    title="the old state is added inside another tanh",
    reread=f"{IDENTITY} It is added outside, so that it passes unchanged.",
)
def tanh_over_the_sum(own: Own) -> Functions:
    return residual_states(lambda h, tanh, h0: np.tanh(h + tanh))


@mistake(
    "residual_rnn_forward",
    id="residual_h0_not_used",
    title="the residual layer starts from zero, whatever h0 is",
    reread="7.2: the state before step 0 is h0, for both ways.",
)
def residual_h0_not_used(own: Own) -> Functions:
    return {"residual_rnn_forward": lambda x, h0, params: (run_forward(x, 0 * h0, params, residual=True).after, None)}


def residual_step(
    z: Callable[[Array, Array], Array] = lambda grad_h, slope: grad_h * slope,
    carry: Callable[[Array, Array, Array], Array] = lambda grad_h, grad_z, w: grad_h + grad_z @ w,
) -> Callable[[Array, Array, Array, Array], tuple[Array, Array]]:
    """One step back of the residual layer, right by default."""

    def step(injected: Array, old: Array, slope: Array, w: Array) -> tuple[Array, Array]:
        grad_h = injected + old
        grad_z = z(grad_h, slope)
        return grad_z, carry(grad_h, grad_z, w)

    return step


@mistake(
    "residual_rnn_backward",
    id="identity_forgotten",
    title="the carry comes back through tanh alone: the identity path is forgotten",
    reread=f"{IDENTITY} So its gradient has two terms.",
)
def identity_forgotten(own: Own) -> Functions:
    return residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: grad_z @ w))


@mistake(
    "residual_rnn_backward",
    id="identity_alone",
    title="the carry comes back by the identity alone: the path through weight_hh is forgotten",
    reread=f"{IDENTITY} So its gradient has two terms.",
)
def identity_alone(own: Own) -> Functions:
    return residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: grad_h))


@mistake(
    "residual_rnn_backward",
    id="identity_behind_tanh",
    title="the identity path is multiplied by the slope of tanh",
    reread=f"{IDENTITY} One of them meets no tanh.",
)
def identity_behind_tanh(own: Own) -> Functions:
    return residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: grad_z + grad_z @ w))


@mistake(
    "residual_rnn_backward",
    id="identity_twice",
    title="the identity path is counted twice",
    reread=f"{IDENTITY} Each of them once.",
)
def identity_twice(own: Own) -> Functions:
    return residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: 2 * grad_h + grad_z @ w))


@mistake(
    "residual_rnn_backward",
    id="identity_without_injected",
    title="the identity path hands on the old carry alone, without what is injected at the step",
    reread=f"{IDENTITY} What goes on is the whole gradient of the state.",
)
def identity_without_injected(own: Own) -> Functions:
    def step(injected: Array, carry: Array, slope: Array, w: Array) -> tuple[Array, Array]:
        grad_z = (injected + carry) * slope
        return grad_z, carry + grad_z @ w

    return residual_bptt(step=step)


@mistake(
    "residual_rnn_backward",
    id="slope_from_state",
    title="the slope of tanh is read from the state, which here is no tanh",
    reread=f"{IDENTITY} 1 − tanh² needs the tanh: keep it in the cache, or take the difference of two states.",
)
def slope_from_state(own: Own) -> Functions:
    return residual_bptt(slope=lambda run, t: 1 - run.after[t] ** 2)


@mistake(
    "residual_rnn_backward",
    id="residual_tanh_missing",
    title="the slope of tanh is missing in the residual layer",
    reread="7.2 and 2.1, the line of δ.",
)
def residual_tanh_missing(own: Own) -> Functions:
    return residual_bptt(slope=lambda run, t: np.ones_like(run.z[t]))


@mistake(
    "residual_rnn_backward",
    id="residual_carry_not_transposed",
    title="in the residual layer the carry goes back through weight_hh the wrong way round",
    reread="2.1, the line of the carry, by index.",
)
def residual_carry_not_transposed(own: Own) -> Functions:
    return residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: grad_h + grad_z @ w.T))


@mistake(
    "residual_rnn_backward",
    id="residual_carry_dropped",
    title="in the residual layer no carry is passed on at all",
    reread=f"{IDENTITY} Both of them carry.",
)
def residual_carry_dropped(own: Own) -> Functions:
    right = residual_step()
    return residual_bptt(step=lambda injected, carry, slope, w: right(injected, 0 * carry, slope, w))


@mistake(
    "residual_rnn_backward",
    id="residual_weight_hh_meets_tanh",
    title="weight_hh is paired with the tanh of the step before, not with the state",
    reread="7.2: what does weight_hh multiply in the residual layer?",
)
def residual_weight_hh_meets_tanh(own: Own) -> Functions:
    def change(run: Run, grad_z: Array, right: Grads) -> Grads:
        return {"weight_hh": np.einsum("tnh,tnk->hk", grad_z, np.concatenate([run.before[:1], run.tanhs[:-1]]))}

    return residual_bptt(**but(change))


@mistake(
    "residual_rnn_backward",
    id="residual_state_after",
    title="in the residual layer weight_hh is paired with the state that leaves the step",
    reread="2.1: δ_tᵀ h_{t−1}.",
)
def residual_state_after(own: Own) -> Functions:
    return residual_bptt(**but(lambda run, dz, right: {"weight_hh": np.einsum("tnh,tnk->hk", dz, run.after)}))


@mistake(
    "residual_rnn_backward",
    id="residual_h0_without_identity",
    title="h0 gets its gradient through weight_hh only, not by the identity",
    reread=f"{IDENTITY} h0 has them too.",
)
def residual_h0_without_identity(own: Own) -> Functions:
    return residual_bptt(**but(lambda run, grad_z, right: {"h0": grad_z[0] @ run.params["weight_hh"]}))


@mistake(
    "residual_rnn_backward",
    id="residual_overwritten",
    title="in the residual layer the parameters keep the first step's share alone",
    reread=ADD,
)
def residual_overwritten(own: Own) -> Functions:
    return residual_bptt(**but(lambda run, grad_z, right: parameters(run, grad_z, slice(0, 1))))


@mistake(
    "residual_rnn_backward",
    id="residual_mean_over_batch",
    title="in the residual layer the parameters' gradients are divided by the batch size",
    reread=DIVIDES,
)
def residual_mean_over_batch(own: Own) -> Functions:
    return residual_bptt(**but(per_weight(lambda run, grad, name: grad / run.x.shape[1])))


# ---------------------------------------------------------------------------------------------------------------------
# loss_and_gradients
# ---------------------------------------------------------------------------------------------------------------------

TOGETHER = "8.1, 'All of it together'"


def network(
    own: Own,
    *,
    h0: Callable[[Array], Array] = lambda h0: h0,
    seen: Callable[[Array], Array] = lambda outputs: outputs,
    target: Callable[[Array], Array] = lambda target: target,
    logits: Callable[[Array], Array] = lambda grad: grad,
    outputs: Callable[[Array], Array] = lambda grad: grad,
    after: Callable[[Any, Grads, Array], tuple[Any, Grads]] = lambda loss, grads, target: (loss, grads),
) -> Callable[[Array, Array, Array, Params], tuple[Any, Grads]]:
    """loss_and_gradients of the functions below it, right by default; each switch changes what goes by."""

    def loss_and_gradients(x: Array, start: Array, wanted: Array, params: Params) -> tuple[Any, Grads]:
        states, rnn_cache = own["rnn_forward"](x, h0(start), params)
        scores, readout_cache = own["readout_forward"](seen(np.asarray(states)), params)
        loss, grad_logits = own["sequence_loss"](scores, target(wanted))
        readout = own["readout_backward"](logits(grad_logits), readout_cache)
        rnn = own["rnn_backward"](outputs(readout["outputs"]), rnn_cache)
        grads = {name: readout[name] if "ho" in name else rnn[name] for name in SIX}
        return after(loss, grads, wanted)

    return loss_and_gradients


def together(own: Own, **switches: Any) -> Functions:
    """loss_and_gradients with these switches of network."""
    return {"loss_and_gradients": network(own, **switches)}


def last_only(grad: Array) -> Array:
    """The last step's entries, all others zero."""
    return np.concatenate([0 * grad[:-1], grad[-1:]])


@mistake(
    "loss_and_gradients",
    id="loss_summed",
    title="the loss is a sum over steps and samples, the gradients belong to the mean",
    reread=f"{TOGETHER}: sequence_loss is a mean over T·N.",
)
def loss_summed(own: Own) -> Functions:
    return together(own, after=lambda loss, grads, target: (loss * target.size, grads))


@mistake(
    "loss_and_gradients",
    id="gradients_summed",
    title="the gradients belong to a sum over steps and samples, the loss is a mean",
    reread=f"{TOGETHER}: the 1/(T·N) of the loss is in grad_logits.",
    seen_in="hunkim/DeepLearningZeroToAll #173; danijar/layered #1",
)
def gradients_summed(own: Own) -> Functions:
    return together(own, logits=lambda grad: grad * np.prod(grad.shape[:2]))


@mistake(
    "loss_and_gradients",
    id="divided_again",
    title="the gradients are divided by T·N a second time",
    reread="The loss divides, backward never does.",
    seen_in="DLS 63071",
)
def divided_again(own: Own) -> Functions:
    return together(own, logits=lambda grad: grad / np.prod(grad.shape[:2]))


@mistake(
    "loss_and_gradients",
    id="readout_error_at_last_step",
    title="only the last step's error goes back into the layer",
    reread=f"{TOGETHER}: the readout gives an injected gradient for every step.",
    seen_in="DLS 11690",
)
def readout_error_at_last_step(own: Own) -> Functions:
    return together(own, outputs=last_only)


@mistake(
    "loss_and_gradients",
    id="h0_replaced_by_zero",
    title="h0 is replaced by zero",
    reread=f"{TOGETHER}: h0 is an argument here.",
)
def h0_replaced_by_zero(own: Own) -> Functions:
    return together(own, h0=lambda h0: 0 * h0)


@mistake(
    "loss_and_gradients",
    id="readout_gradients_zero",
    title="the readout's own gradients are left at zero",
    reread=f"{TOGETHER}: six parameters, two of them in the readout.",
)
def readout_gradients_zero(own: Own) -> Functions:
    return together(
        own, after=lambda loss, grads, target: (loss, {k: 0 * v if "ho" in k else v for k, v in grads.items()})
    )


@mistake(
    "loss_and_gradients",
    id="signs_turned",
    title="all six gradients have the wrong sign",
    reread=f"{TOGETHER}: sgd_step subtracts, so pass it the gradient unchanged.",
)
def signs_turned(own: Own) -> Functions:
    return together(own, logits=lambda grad: -grad)


@mistake(
    "loss_and_gradients",
    id="target_one_late",
    title="the targets are one step off",
    reread=f"{TOGETHER}: target[t] belongs to outputs[t].",
)
def target_one_late(own: Own) -> Functions:
    return together(own, target=lambda target: np.roll(target, 1, axis=0))


# ---------------------------------------------------------------------------------------------------------------------
# train_adder and train_first_xor_last
# ---------------------------------------------------------------------------------------------------------------------

LOOP = "8.2: the loss and all gradients of a batch first, then one step with all of them."

Batch = tuple[Array, Array]
Lesson = Callable[[Batch, Params, Array], tuple[Any, Grads]]


@dataclass(frozen=True)
class Training:
    """A loop over batches, right by default. ``lesson`` gives a batch's loss and gradients at these parameters."""

    own: Own
    lesson: Lesson
    step: Callable[[Own, Params, Grads, float], Params] = lambda own, params, grads, lr: own["sgd_step"](
        params, grads, lr
    )
    losses: Callable[[list[Any]], Any] = np.array
    after: bool = False  # losses after their update
    carried: bool = False  # h0 is what the last batch ended in
    frozen: bool = False  # gradients always at the first parameters

    def __call__(self, batches: list[Batch], params: Params, lr: float) -> tuple[Params, Any]:
        first, losses, h0 = params, [], None
        for batch in batches:
            zero = np.zeros((batch[0].shape[1], len(params["bias_hh"])))
            h0 = zero if h0 is None or not self.carried else h0
            loss, grads = self.lesson(batch, first if self.frozen else params, h0)
            h0 = self.own["rnn_forward"](batch[0], h0, params)[0][-1] if self.carried else None
            params = self.step(self.own, params, grads, lr)
            losses.append(self.lesson(batch, params, zero)[0] if self.after else loss)
        return params, self.losses(losses)


def adder(own: Own, **switches: Any) -> Functions:
    """train_adder with these switches of Training."""
    lesson: Lesson = lambda batch, params, h0: own["loss_and_gradients"](batch[0], h0, batch[1], params)
    return {"train_adder": Training(own, lesson, **switches)}


def only(*words: str) -> Callable[[Own, Params, Grads, float], Params]:
    """A step that moves the parameters whose names hold one of these words."""
    return lambda own, params, grads, lr: {
        name: own["sgd_step"]({name: value}, grads, lr)[name] if any(word in name for word in words) else value
        for name, value in params.items()
    }


@mistake(
    "train_adder",
    id="adder_losses_after",
    title="each loss is taken after its update",
    reread="8.2: losses contains each loss before its update.",
)
def adder_losses_after(own: Own) -> Functions:
    return adder(own, after=True)


@mistake(
    "train_adder",
    id="adder_climbs",
    title="the parameters are moved up the slope: plus instead of minus",
    reread="8.2: new = old − lr · slope.",
)
def adder_climbs(own: Own) -> Functions:
    return adder(own, step=lambda own, params, grads, lr: own["sgd_step"](params, grads, -lr))


@mistake(
    "train_adder",
    id="adder_readout_frozen",
    title="the readout is never trained: only the layer's four parameters move",
    reread=LOOP,
)
def adder_readout_frozen(own: Own) -> Functions:
    return adder(own, step=only("ih", "hh"))


@mistake(
    "train_adder",
    id="adder_biases_frozen",
    title="the biases are never moved",
    reread=f"{LOOP} sgd_step walks over all names.",
)
def adder_biases_frozen(own: Own) -> Functions:
    return adder(own, step=only("weight"))


@mistake(
    "train_adder",
    id="adder_gradients_at_start",
    title="every gradient is taken at the first parameters",
    reread=f"{LOOP} The next batch meets the new parameters.",
)
def adder_gradients_at_start(own: Own) -> Functions:
    return adder(own, frozen=True)


@mistake(
    "train_adder",
    id="adder_state_kept",
    title="a batch starts from the state in which the last one ended",
    reread="8.2: every batch starts from h0 = 0.",
)
def adder_state_kept(own: Own) -> Functions:
    return adder(own, carried=True)


@mistake(
    "train_adder",
    id="adder_lr_shared",
    title="the learning rate is divided by the number of batches",
    reread=f"{LOOP} Each step is a whole one.",
)
def adder_lr_shared(own: Own) -> Functions:
    right = adder(own)["train_adder"]
    return {"train_adder": lambda batches, params, lr: right(batches, params, lr / len(batches))}


@mistake(
    "train_adder",
    id="adder_losses_averaged",
    title="losses contains running means, not the losses",
    reread="8.2: losses contains each loss before its update.",
)
def adder_losses_averaged(own: Own) -> Functions:
    return adder(own, losses=lambda losses: np.cumsum(losses) / np.arange(1, len(losses) + 1))


XOR = "8.4, 'A task that needs the past'"


def xor(
    own: Own,
    clip: Callable[[Grads, float], Grads] | None = None,
    lesson: Callable[[float], Lesson] | None = None,
    **switches: Any,
) -> Functions:
    """train_first_xor_last with another clipping, another lesson, or these switches of Training."""

    def step(max_norm: float) -> Callable[[Own, Params, Grads, float], Params]:
        clipped = clip or (lambda grads, most: own["clip_grad_norm"](grads, most)[0])
        return lambda own, params, grads, lr: own["sgd_step"](params, clipped(grads, max_norm), lr)

    def train(batches: list[Batch], params: Params, lr: float, max_norm: float) -> tuple[Params, Any]:
        chosen = lesson(max_norm) if lesson else last_step_lesson(own)
        return Training(own, chosen, **{"step": step(max_norm), **switches})(batches, params, lr)

    return {"train_first_xor_last": train}


def last_step_lesson(own: Own, rnn: Callable[[Grads], Grads] = lambda grads: grads) -> Lesson:
    """Cross-entropy of the last step alone."""

    def lesson(batch: Batch, params: Params, h0: Array) -> tuple[Any, Grads]:
        outputs, rnn_cache = own["rnn_forward"](batch[0], h0, params)
        logits, readout_cache = own["readout_forward"](np.asarray(outputs)[-1:], params)
        loss, grad_logits = own["sequence_loss"](logits, batch[1][None])
        readout = own["readout_backward"](grad_logits, readout_cache)
        grad_outputs = np.zeros_like(outputs)
        grad_outputs[-1:] = readout["outputs"]
        back = own["rnn_backward"](grad_outputs, rnn_cache)
        return loss, rnn({name: readout[name] if "ho" in name else back[name] for name in SIX})

    return lesson


@mistake(
    "train_first_xor_last",
    id="xor_every_step",
    title="the loss looks at every step, not at the last one alone",
    reread=f"{XOR}: the answer is needed at the last step.",
)
def xor_every_step(own: Own) -> Functions:
    lesson: Lesson = lambda batch, params, h0: network(own)(
        batch[0], h0, np.broadcast_to(batch[1], batch[0].shape[:2]), params
    )
    return xor(own, lesson=lambda max_norm: lesson)


@mistake(
    "train_first_xor_last", id="xor_not_clipped", title="nothing is clipped", reread="7.3, and where it is called."
)
def xor_not_clipped(own: Own) -> Functions:
    return xor(own, clip=lambda grads, most: grads)


@mistake(
    "train_first_xor_last",
    id="xor_clipped_one_by_one",
    title="each gradient is clipped by itself, not the six together",
    reread="7.3: one norm over every array of the dict.",
)
def xor_clipped_one_by_one(own: Own) -> Functions:
    clip = own["clip_grad_norm"]
    return xor(own, clip=lambda grads, most: {k: clip({k: grad}, most)[0][k] for k, grad in grads.items()})


@mistake(
    "train_first_xor_last",
    id="xor_readout_not_clipped",
    title="only the layer's four gradients are clipped, and the readout's two are missing from the norm",
    reread="7.3 and 8.4: the six gradients are clipped together.",
)
def xor_readout_not_clipped(own: Own) -> Functions:
    def clip(grads: Grads, most: float) -> Grads:
        return {**grads, **own["clip_grad_norm"]({name: grads[name] for name in WEIGHTS}, most)[0]}

    return xor(own, clip=clip)


@mistake(
    "train_first_xor_last",
    id="xor_losses_after",
    title="each loss of the task is taken after its update",
    reread="8.2: losses contains each loss before its update.",
)
def xor_losses_after(own: Own) -> Functions:
    return xor(own, after=True)


@mistake(
    "train_first_xor_last",
    id="xor_layer_frozen",
    title="only the readout is trained: nothing goes back into the layer",
    reread=f"{XOR}: without going back, the net cannot learn to keep the first bit.",
)
def xor_layer_frozen(own: Own) -> Functions:
    stopped = lambda grads: {name: grad if "ho" in name else 0 * grad for name, grad in grads.items()}
    return xor(own, lesson=lambda max_norm: last_step_lesson(own, stopped))
