"""Known mistakes of a4_bptt: through time, truncated, clipped, residual, and in the two trainings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograder.mistakes.bank import Functions, Own, mistake

Array = np.ndarray
Grads = dict[str, Any]
Params = dict[str, Array]


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
    called: list[Grads] = field(default_factory=list)  # for those who keep what they should not


def run_forward(x: Array, h0: Array, params: Params, residual: bool = False) -> Run:
    """Both layers, forward."""
    states, nets, tanhs = [h0], [], []
    for x_t in x:
        nets.append(x_t @ params["weight_ih"].T + params["bias_ih"] + states[-1] @ params["weight_hh"].T + params["bias_hh"])
        tanhs.append(np.tanh(nets[-1]))
        states.append(states[-1] + tanhs[-1] if residual else tanhs[-1])
    return Run(x, np.stack(states[:-1]), np.stack(states[1:]), np.stack(nets), np.stack(tanhs), params)


def step_back(injected: Array, carry: Array, slope: Array, weight_hh: Array) -> tuple[Array, Array]:
    """One step: the gradient of z, and the carry for the step before."""
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
    """The backward sweep, right by default. ``finish`` gets (run, grad_outputs, grad_z, grad_h0)."""

    order: Callable[[int], Iterable[int]] = lambda steps: range(steps - 1, -1, -1)
    slope: Callable[[Run, int], Array] = lambda run, t: 1 - run.tanhs[t] ** 2
    injected: Callable[[Array, int], Array] = lambda grad_outputs, t: grad_outputs[t]
    step: Callable[[Array, Array, Array, Array], tuple[Array, Array]] = step_back
    finish: Callable[[Run, Array, Array, Array], Grads] = lambda run, grad_outputs, grad_z, grad_h0: products(
        run, grad_z, grad_h0
    )

    def __call__(self, grad_outputs: Array, run: Run) -> Grads:
        grad_z = np.zeros_like(run.z)
        carry = np.zeros_like(run.before[0])
        for t in self.order(len(run.x)):
            grad_z[t], carry = self.step(self.injected(grad_outputs, t), carry, self.slope(run, t), run.params["weight_hh"])
        return self.finish(run, grad_outputs, grad_z, carry)


def bptt(**switches: Any) -> Functions:
    """rnn_forward and an rnn_backward with these switches of Sweep."""
    return {"rnn_forward": forward_of(residual=False), "rnn_backward": Sweep(**switches)}


def residual(**switches: Any) -> Functions:
    """The residual pair with these switches of Sweep."""
    sweep = replace(Sweep(step=residual_step_back), **switches)
    return {"residual_rnn_forward": forward_of(residual=True), "residual_rnn_backward": sweep}


def forward_of(residual: bool) -> Callable[[Array, Array, Params], tuple[Array, Run]]:
    """A right forward whose cache is a Run."""

    def forward(x: Array, h0: Array, params: Params) -> tuple[Array, Run]:
        run = run_forward(x, h0, params, residual)
        return run.after.copy(), run

    return forward


def finish(change: Callable[[Run, Array, Array, Grads], Grads]) -> Callable[[Run, Array, Array, Array], Grads]:
    """A finish that replaces some gradients: change(run, grad_outputs, grad_z, right gradients) gives those."""
    return lambda run, g, grad_z, grad_h0: {
        **(right := products(run, grad_z, grad_h0)),
        **change(run, g, grad_z, right),
    }


# ---------------------------------------------------------------------------------------------------------------------
# rnn_backward
# ---------------------------------------------------------------------------------------------------------------------

SWEEP = "'rnn_backward', where the injected gradient meets the carry"
FACTOR = "1.3 of a3 on what tanh lets through, and the line of the derivation in which it enters"


@mistake(
    "rnn_backward",
    id="carry_dropped",
    title="the carry is dropped: every step sees only its own injected gradient",
    reread=f"{SWEEP}. What does step t + 1 hand to step t?",
    seen_in="DLS 11690; qixianbiao/RNN #2",
)
def carry_dropped(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: step_back(injected, 0 * carry, slope, w))


@mistake(
    "rnn_backward",
    id="carry_not_transposed",
    title="the carry goes back through weight_hh the wrong way round",
    reread="The derivation of the carry, by index. Of the two axes of weight_hh, which is the later state?",
    seen_in="DLS exercise 5 thread",
)
def carry_not_transposed(own: Own) -> Functions:
    return bptt(step=lambda injected, carry, slope, w: step_back(injected, carry, slope, w.T))


@mistake(
    "rnn_backward",
    id="tanh_missing",
    title="the derivative of tanh is missing at every step",
    reread=f"{FACTOR}. What stands between outputs[t] and the sum inside tanh?",
    seen_in="iamtrask/Grokking-Deep-Learning #50 (its sigmoid twin)",
)
def tanh_missing(own: Own) -> Functions:
    return bptt(slope=lambda run, t: np.ones_like(run.z[t]))


@mistake(
    "rnn_backward",
    id="overwritten",
    title="the gradients of the parameters are overwritten at each step, not added up: one step's share is left",
    reread="The derivation of the weight gradients. A weight is used at every step: what does a value used twice get?",
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
def overwritten(own: Own) -> Functions:
    return bptt(finish=finish(lambda run, g, dz, right: parameters(run, dz, slice(0, 1))))


@mistake(
    "rnn_backward",
    id="state_after",
    title="weight_hh is paired with the state that leaves a step, not with the one that enters it",
    reread="The derivation of the weight gradients. Which state does weight_hh multiply at step t?",
    seen_in="VikParuchuri/zero_to_gpt #9",
)
def state_after(own: Own) -> Functions:
    return bptt(finish=finish(lambda run, g, dz, right: {"weight_hh": np.einsum("tnh,tnk->hk", dz, run.after)}))


@mistake(
    "rnn_backward",
    id="bias_from_state",
    title="the bias gradients add up the gradients of the state, not those behind tanh",
    reread="The derivation of the cell in a3. A bias is added inside tanh: which gradient arrives there?",
    seen_in="arthurdouillard/deepcourse PR #9",
)
def bias_from_state(own: Own) -> Functions:
    def change(run: Run, g: Array, grad_z: Array, right: Grads) -> Grads:
        bias = (grad_z / (1 - run.tanhs**2)).sum(axis=(0, 1))
        return {"bias_ih": bias, "bias_hh": bias}

    return bptt(finish=finish(change))


@mistake(
    "rnn_backward",
    id="mean_over_batch",
    title="the gradients of the parameters are divided by the batch size",
    reread="The box in a2: the loss divides, backward never does.",
    seen_in="DLS 63071",
)
def mean_over_batch(own: Own) -> Functions:
    return bptt(
        finish=finish(lambda run, g, dz, right: {k: v / run.x.shape[1] for k, v in right.items() if k not in ("x", "h0")})
    )


def parameters(run: Run, grad_z: Array, steps: slice) -> Grads:
    """What some of the steps alone give the parameters."""
    bias = grad_z[steps].sum(axis=(0, 1))
    return {
        "weight_ih": np.einsum("tnh,tni->hi", grad_z[steps], run.x[steps]),
        "weight_hh": np.einsum("tnh,tnk->hk", grad_z[steps], run.before[steps]),
        "bias_ih": bias,
        "bias_hh": bias.copy(),
    }
