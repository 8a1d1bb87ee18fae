"""Known mistakes of a4_bptt: sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import WEIGHTS, Array, Grads, Params
from autograder.naming.bank import Functions


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
