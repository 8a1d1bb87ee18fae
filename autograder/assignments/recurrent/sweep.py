"""The skeleton of every backward through a recurrent layer: right by default, with a slot wherever a mistake can sit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray
Grads = dict[str, Any]
Params = dict[str, Array]
WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@dataclass(frozen=True, eq=False)
class Run:
    """What a forward keeps: arrays with a row a step. ``tanhs`` differ from ``after`` in the residual layer only."""

    x: Array
    before: Array
    after: Array
    z: Array
    tanhs: Array
    params: Params
    earlier: list[tuple[str, Array]] = field(default_factory=list)  # for those who keep what they should not


def run_forward(
    x: Array, h0: Array, params: Params, residual: bool = False, bend: Callable[[Any], Any] = np.tanh
) -> Run:
    """Both layers, forward."""
    states, nets, tanhs = [h0], [], []
    for x_t in x:
        nets.append(
            x_t @ params["weight_ih"].T + params["bias_ih"] + states[-1] @ params["weight_hh"].T + params["bias_hh"]
        )
        tanhs.append(bend(nets[-1]))
        states.append(states[-1] + tanhs[-1] if residual else tanhs[-1])
    return Run(x, np.stack(states[:-1]), np.stack(states[1:]), np.stack(nets), np.stack(tanhs), params)


@dataclass(frozen=True, eq=False)
class At:
    """One step of a sweep: (N, H) each, or (T, N, H) where each step's error walks on its own."""

    injected: Array
    carry: Array
    slope: Array
    grad_h: Array
    grad_z: Array


@dataclass(frozen=True, eq=False)
class Way:
    """What a sweep leaves behind: the gradients of all states and nets, (T, N, H), and the carry that leaves step 0."""

    run: Run
    injected: Array
    grad_h: Array
    grad_z: Array
    carry: Array

    def seen(self, kept: Array | None) -> Way:
        """The sum over the errors. kept (T + 1, T): whether that of step s counts at step t; row -1 is for h0."""
        if self.grad_z.ndim == 3:
            return self
        kept = np.ones((len(self.grad_z) + 1, len(self.grad_z))) if kept is None else kept
        injected, grad_h, grad_z = (
            np.einsum("ts,tsnh->tnh", kept[:-1], part) for part in (self.injected, self.grad_h, self.grad_z)
        )
        return Way(self.run, injected, grad_h, grad_z, np.einsum("s,snh->nh", kept[-1], self.carry))


Window = Callable[[Array, Array, int, int], Any]  # steps s and t, k and T: does the error of s count at t? h0 is -1
Share = Callable[[Array, Way], Any]


def last_first(steps: int) -> Iterable[int]:
    """T − 1, …, 0."""
    return range(steps - 1, -1, -1)


def as_it_is(array: Array, *_: Any) -> Array:
    """What is right needs no change."""
    return array


@dataclass(frozen=True)
class Sweep:
    """The backward sweep. Slots in the order in which they are used: the walk, then what each array gets of it."""

    order: Callable[[int], Iterable[int]] = last_first
    injected: Callable[[Array, int], Array] = lambda grad_outputs, t: grad_outputs[t]
    start: Callable[[Array, Array], Array] = as_it_is  # the carry before the first step; what is injected
    entering: Callable[[Array], Array] = as_it_is  # the carry, as it joins
    slope: Callable[[Run, int], Array] = lambda run, t: 1 - run.tanhs[t] ** 2
    bend: Callable[[At], Array] = lambda at: at.grad_h * at.slope
    crossing: Callable[[At, Array], Array] = lambda at, weight_hh: at.grad_z @ weight_hh
    beside: Callable[[At], Any] = lambda at: 0  # what goes on without crossing weight_hh
    window: Window | None = None  # where an error is cut off; for some arrays otherwise
    window_x: Window | None = None
    window_parameters: Window | None = None
    window_hh: Window | None = None
    window_h0: Window | None = None
    delta_x: Callable[[Way], Array] = lambda way: way.grad_z
    delta_ih: Callable[[Way], Array] = lambda way: way.grad_z
    delta_hh: Callable[[Way], Array] = lambda way: way.grad_z
    delta_bias: Callable[[Way], Array] = lambda way: way.grad_z
    reads_ih: Callable[[Run], Array] = lambda run: run.x
    reads_hh: Callable[[Run], Array] = lambda run: run.before
    counted: Callable[[Array], Array] = as_it_is  # whose steps count for the parameters; for some otherwise
    counted_ih: Callable[[Array], Array] = as_it_is
    counted_hh: Callable[[Array], Array] = as_it_is
    counted_bias: Callable[[Array], Array] = as_it_is
    added: Callable[[Array], Array] = lambda delta: delta.sum(axis=(0, 1))  # a bias: over which axes
    x: Share = as_it_is
    h0: Share = as_it_is
    weight_ih: Share = as_it_is
    weight_hh: Share = as_it_is
    biases: Share = as_it_is
    bias_ih: Share = as_it_is
    bias_hh: Share = as_it_is
    parameters: Callable[[Array, Run, str], Array] = as_it_is
    every: Callable[[Array], Any] = as_it_is

    def __call__(self, grad_outputs: Array, run: Run, k: int = 0) -> Grads:
        """All gradients. k is for a window."""
        windows = (self.window_x, self.window_parameters, self.window_hh, self.window_h0)
        way = self.walk(grad_outputs, run, alone=self.window is not None or any(windows))

        def part(window: Window | None) -> Way:
            return way.seen(cut(window or self.window, len(run.x), k))

        found = self.share_out(
            part(self.window_x),
            part(self.window_parameters),
            part(self.window_hh or self.window_parameters),
            part(self.window_h0),
        )
        return {name: self.every(value) for name, value in found.items()}

    def walk(self, grad_outputs: Array, run: Run, alone: bool = False) -> Way:
        """The sweep itself. alone: each step's error walks on its own, so arrays have a further axis T, whose error it is."""
        steps, (n, units) = len(run.x), run.before[0].shape
        size = (steps, n, units) if alone else (n, units)
        injecteds, grad_h, grad_z = np.zeros((3, steps, *size))
        carry = self.start(np.zeros(size), grad_outputs)
        for t in self.order(steps):
            injected: Array = self.injected(grad_outputs, t)
            if alone:
                injected = np.where(np.arange(steps)[:, None, None] == t, injected, 0.0)
            carry, slope = self.entering(carry), self.slope(run, t)
            grad_h[t] = injected + carry
            at = At(injected, carry, slope, grad_h[t], grad_z[t])
            injecteds[t], grad_z[t] = injected, self.bend(at)
            carry = self.beside(at) + self.crossing(at, run.params["weight_hh"])
        return Way(run, injecteds, grad_h, grad_z, carry)

    def share_out(self, for_x: Way, for_parameters: Way, for_hh: Way, for_h0: Way) -> Grads:
        """What every array gets of it."""
        run, way = for_x.run, for_parameters
        ih, hh = self.counted_ih(self.counted(self.delta_ih(way))), self.counted_hh(self.counted(self.delta_hh(for_hh)))
        bias = self.added(self.counted_bias(self.counted(self.delta_bias(way))))
        found = {
            "weight_ih": product(ih, self.counted_ih(self.counted(self.reads_ih(run)))),
            "weight_hh": product(hh, self.counted_hh(self.counted(self.reads_hh(run)))),
            "bias_ih": self.biases(bias, way),
            "bias_hh": self.biases(bias.copy(), way),
        }
        return {
            "x": self.x(self.delta_x(for_x) @ run.params["weight_ih"], for_x),
            "h0": self.h0(for_h0.carry, for_h0),
            **{name: self.parameters(getattr(self, name)(value, way), run, name) for name, value in found.items()},
        }


def cut(window: Window | None, steps: int, k: int) -> Array | None:
    """Whether the error of step s counts at step t: (T + 1, T), the last row for h0."""
    if window is None:
        return None
    s, t = np.arange(steps)[None], np.append(np.arange(steps), -1)[:, None]
    return np.asarray(window(s, t, k, steps) & (s >= t), dtype=np.float64)


def product(delta: Array, reads: Array) -> Array:
    """Σ over steps and rows of δᵀ times what the weight reads."""
    summed: Array = delta.reshape(-1, delta.shape[-1]).T @ reads.reshape(-1, reads.shape[-1])
    return summed


def forward_of(residual: bool = False) -> Callable[[Array, Array, Params], tuple[Array, Run]]:
    """A right forward whose cache is a Run."""

    def forward(x: Array, h0: Array, params: Params) -> tuple[Array, Run]:
        run = run_forward(x, h0, params, residual)
        return run.after.copy(), run

    return forward
