"""A forward function and its backward, checked together: against finite differences, and by laws."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .differences import slopes
from .tolerance import Array, Inputs
from .trial import Trial, forward
from .values import Uncopied, with_gaps

LOOPS = (
    10.0  # a right backward takes 0.01 of a plain loop, one that is itself made of loops up to 4, differences over 20
)

SAME_CACHE = "called twice with one cache, the same"
SAME_CALL = "called twice, the same"
BY_MEMORY = "the order in memory: x.shape = …, or an array that is read byte by byte"

Backward = Callable[[Array], Any]  # upstream gradient → whatever your backward returns


@dataclass(frozen=True)
class Layer:
    """Your forward and your backward as one thing: it can be differenced, and laws can be checked on it."""

    name: str  # the backward
    inputs: Inputs
    forward: Callable[[Inputs], Array]
    run: Callable[[Inputs], Backward]  # one forward; its result is the backward with that forward's cache
    rows: dict[str, int]  # axis of the samples, for each input that has one and for "output"
    keys: dict[str, str] = field(default_factory=dict)  # names of the gradients where they are not the inputs'
    steps: tuple[str, ...] = ()  # inputs whose first axis is time
    cached: bool = True  # the backward gets a cache, and not the inputs again

    def key(self, name: str) -> str:
        return self.keys.get(name, name)

    def grads(self, trial: Trial, upstream: Array) -> Inputs:
        """All gradients of one forward and one backward."""
        return self.read(trial, self.run(self.inputs)(upstream))

    def read(self, trial: Trial, actual: Any) -> Inputs:
        found = trial.mapping(actual, [self.key(name) for name in self.inputs], self.name)
        return {
            name: trial.as_array(found[self.key(name)], array.shape, self.key(name))
            for name, array in self.inputs.items()
        }

    def slopes(self, trial: Trial, upstream: Array, share: float = 1.0, most: int = 10**6) -> Inputs:
        """Differences of your own forward, contracted with the upstream gradient."""
        loss = lambda at: float(np.sum(upstream * self.forward(at)))
        return slopes(trial, loss, self.inputs, share, most)

    def draw_upstream(self, trial: Trial) -> Array:
        return trial.normal(*self.forward(self.inputs).shape)


def layer_with_cache(
    trial: Trial,
    forward_name: str,
    backward_name: str,
    inputs: Inputs,
    rows: dict[str, int],
    more_params: Inputs | None = None,
) -> Layer:
    """The layer of `forward(…, params)` and `backward(upstream, cache)`; inputs without rows are the params."""
    first = [key for key in inputs if key in rows]
    order = [key for key in inputs if key not in rows]
    trial.rng.shuffle(order)  # params are found by name, in whatever order

    def run_forward(at: Inputs) -> tuple[Array, Uncopied]:
        params = {**{key: at[key] for key in order}, **(more_params or {})}
        return forward(trial, forward_name, *(at[key] for key in first), params)

    def run(at: Inputs) -> Backward:
        cache = run_forward(at)[1]
        return lambda upstream: trial.call(backward_name, upstream, cache)

    return Layer(backward_name, inputs, lambda at: run_forward(at)[0], run, rows)


def check_gradients(trial: Trial, layer: Layer) -> bool:
    """Compare every array with differences, then check the laws of any backward; False if an array cannot be read."""
    upstream = layer.draw_upstream(trial)
    actual = layer.run(layer.inputs)(upstream)
    actual = trial.mapping(actual, [layer.key(key) for key in layer.inputs], layer.name)
    expected, size = layer.slopes(trial, upstream), float(np.max(np.abs(upstream)))
    for key in layer.inputs:
        label = layer.key(key)
        trial.array(label, actual[label], expected[key], upstream=size, steps=key in layer.steps)
    wrong = [row.name for row in trial.rows if not row.ok and isinstance(actual.get(row.name), np.ndarray)]
    for one, other in itertools.combinations(wrong, 2):
        if np.shares_memory(actual[one], actual[other]):
            trial.note(f"{one} and {other} are one array under two names: += on one of them changes both.")
    if not trial.readable():
        trial.note("The laws are checked when every array can be read.")
        return False
    check_linear(trial, layer)
    check_cache(trial, layer)
    check_batch(trial, layer)
    return True


def check_linear(trial: Trial, layer: Layer) -> None:
    """A backward is a linear map of the upstream gradient."""
    one, two = layer.draw_upstream(trial), layer.draw_upstream(trial)
    ones, a, b = layer.grads(trial, one), 1.7, -0.6
    with trial.law("zero upstream gives zero", "an upstream that is ignored or replaced") as same:
        same(layer.grads(trial, 0 * one), {key: 0 * grad for key, grad in ones.items()})
    with trial.law("linear in the upstream", "a square, or an upstream that is changed") as same:
        twos, both = (layer.grads(trial, upstream) for upstream in (two, a * one + b * two))
        same(both, {key: a * ones[key] + b * twos[key] for key in ones})
    with trial.law("also for 10000 times and a 10000th of the upstream", "clipping, or rounding") as same:
        for factor in (1e4, 1e-4):
            same(layer.grads(trial, factor * one), {key: factor * ones[key] for key in ones}, upstream=factor)
    with trial.law("an upstream that is a slice gives the same", BY_MEMORY) as same:
        same(layer.grads(trial, with_gaps(one)), ones)
    if "bias_hh" in ones:
        with trial.law("both biases get the same", "one of the two: they only enter as a sum") as same:
            same(ones["bias_ih"], ones["bias_hh"])


def check_cache(trial: Trial, layer: Layer) -> None:
    """A cache serves twice, and also after another forward; so does a backward without one."""
    backward, upstream = layer.run(layer.inputs), layer.draw_upstream(trial)
    first = layer.read(trial, backward(upstream))
    again, changed = (SAME_CACHE, "a cache") if layer.cached else (SAME_CALL, "an argument")
    with trial.law(again, f"{changed} changed in place, or lists that are never cleared") as same:
        same(layer.read(trial, backward(upstream)), first)
    what, where = ("the cache still works", "cache") if layer.cached else ("the same", "function")
    with trial.law(f"{what} after another forward", f"values kept outside the {where}, in a global name") as same:
        layer.run({key: trial.spread(1.0, *array.shape) for key, array in layer.inputs.items()})
        same(layer.read(trial, backward(upstream)), first)


def check_batch(trial: Trial, layer: Layer) -> None:
    """Samples do not see each other: gradients of inputs join, gradients of parameters add."""
    upstream, rows = layer.draw_upstream(trial), layer.rows
    hint = "a mean, a wrong axis, or samples that are mixed"
    with trial.law("one sample and the others give the whole", hint) as same:
        whole, halves = layer.grads(trial, upstream), []
        for piece in (slice(0, 1), slice(1, None)):
            part = {key: along(v, rows[key], piece) if key in rows else v for key, v in layer.inputs.items()}
            halves.append(replace(layer, inputs=part).grads(trial, along(upstream, rows["output"], piece)))
        for key, grad in whole.items():
            one, others = (half[key] for half in halves)
            joined = np.concatenate([one, others], rows[key]) if key in rows else one + others
            same(grad, joined, layer.key(key))


def check_cost(trial: Trial, layer: Layer) -> bool:
    """A backward costs a few forwards, not one for every weight. `layer` has many weights and a single sample.

    False also where a cache serves only once: then no call can be repeated.
    """
    trial.named = False
    if any(row.name in (SAME_CACHE, SAME_CALL) and not row.ok for row in trial.rows):
        return False
    run_backward, upstream = layer.run(layer.inputs), layer.draw_upstream(trial)
    steps = len(upstream) if upstream.ndim == 3 else 1
    weights = sum(each.size for key, each in layer.inputs.items() if key not in layer.rows and each.ndim == 2)
    return check_seconds(trial, lambda: run_backward(upstream), steps * weights)


def check_seconds(trial: Trial, backward: Callable[[], Any], multiplications: int) -> bool:
    """The backward takes no longer than a few plain loops over the multiplications of one forward, timed beside it."""
    if trial.large:
        return True
    for _ in range(4):  # a busy machine is measured again
        ok = seconds(backward) < LOOPS * multiplications * seconds(plain_loop) / PLAIN
        if ok:
            break
    words = "it takes as long as hundreds of forwards: differences instead of a derivation?"
    return trial.rule("costs a few forwards", ok, words)


PLAIN = 3600  # multiplications


def plain_loop() -> None:
    """Multiply a matrix and a vector by index."""
    size = math.isqrt(PLAIN)
    weights, total = np.ones((size, size)), np.zeros(size)
    for i in range(size):
        for j in range(size):
            total[i] += weights[i, j] * total[j]


def check_rows(trial: Trial, name: str, params: Inputs, *rows: Array) -> None:
    """Row i of the output depends on row i of the inputs alone; and the same call gives the same."""
    whole = forward(trial, name, *rows, params)[0]
    with trial.law("a row alone gives the same row", "a sum, mean or maximum over the batch") as same:
        same(forward(trial, name, *(each[:1] for each in rows), params)[0], whole[:1])
    with trial.law(SAME_CALL, "something remembered between the calls") as same:
        same(forward(trial, name, *rows, params)[0], whole)
    with trial.law("rows that are slices give the same", BY_MEMORY) as same:
        same(forward(trial, name, *(with_gaps(each) for each in rows), params)[0], whole)


def along(array: Array, axis: int, piece: slice) -> Array:
    """A piece of an array along one axis."""
    return array[(slice(None),) * axis + (piece,)].copy()


def seconds(run: Callable[[], Any]) -> float:
    """CPU time of a call, the best of three; a long one is measured once."""
    best = math.inf
    for _ in range(3):
        started = time.process_time()
        run()
        best = min(best, time.process_time() - started)
        if best > 0.05:
            break
    return max(best, 1e-6)
