"""Edits by rule: for each slot the values that people write there, put together from a few words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.assignments.recurrent.shares import one_early
from autograder.assignments.recurrent.sweep import Array, Run
from autograder.naming.edits import Edit, edit

# ---- the slope: which formula, of which numbers ----------------------------------------------------------------------

FORMS: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "one_less": ("1 − v", lambda v: 1 - v),
    "square": ("v²", lambda v: v**2),
    "turned": ("v² − 1", lambda v: v**2 - 1),
    "itself": ("v", lambda v: v),
    "sigmoid": ("v(1 − v)", lambda v: v * (1 - v)),
    "absolute": ("1 − |v|", lambda v: 1 - np.abs(v)),
    "difference_squared": ("(1 − v)²", lambda v: (1 - v) ** 2),
    "root": ("√(1 − v²)", lambda v: np.sqrt(np.abs(1 - v**2))),
    "half": ("½(1 − v²)", lambda v: (1 - v**2) / 2),
    "double": ("2(1 − v²)", lambda v: 2 * (1 - v**2)),
    "two_squares": ("1 − 2v²", lambda v: 1 - 2 * v**2),
    "cube": ("1 − v³", lambda v: 1 - v**3),
    "arctan": ("1 / (1 + v²)", lambda v: 1 / (1 + v**2)),
    "tanh": ("tanh(v)", lambda v: np.tanh(v)),
    "one_less_tanh": ("1 − tanh(v)", lambda v: 1 - np.tanh(v)),
    "tanh_squared": ("tanh(v)²", lambda v: np.tanh(v) ** 2),
    "sigmoid_of": ("σ(v)(1 − σ(v))", lambda v: (s := 1 / (1 + np.exp(-v))) * (1 - s)),
    "relu": ("v > 0, as for ReLU", lambda v: np.where(v > 0, 1.0, 0.0)),
    "cosh": ("1 / cosh(v)", lambda v: 1 / np.cosh(v)),
}
OF: dict[str, tuple[str, Callable[[Run, int], Array]]] = {
    "h": ("{h}{what_h}", lambda run, t: run.tanhs[t]),
    "z": ("z, the sum inside tanh", lambda run, t: run.z[t]),
    "h_before": ("{h_before}", lambda run, t: run.before[t]),
}


def slopes() -> Iterator[Edit]:
    """The slope of tanh is written as some formula of some numbers."""
    for name, (of, read) in OF.items():
        for kind, (form, formula) in FORMS.items():
            yield edit(
                f"slope_{kind}_of_{name}",
                f"the slope of tanh is written {form}, where v is {of}",
                slope=lambda run, t, read=read, formula=formula: formula(read(run, t)),
            )


# ---- what is injected ------------------------------------------------------------------------------------------------

INJECTED: dict[str, tuple[str, Callable[[Array, int], Array]]] = {
    "next": (
        "that of the step after it, and nothing at the last",
        lambda g, t: g[t + 1] if t + 1 < len(g) else 0 * g[t],
    ),
    "next_or_last": ("that of the step after it, and its own at the last", lambda g, t: g[min(t + 1, len(g) - 1)]),
    "next_wrapped": ("that of the step after it, and the first at the last", lambda g, t: g[(t + 1) % len(g)]),
    "before_or_first": ("that of the step before it, and its own at the first", lambda g, t: g[max(t - 1, 0)]),
    "before_wrapped": ("that of the step before it: at step 0 the index t − 1 wraps round", lambda g, t: g[t - 1]),
    "reversed": ("in reverse order", lambda g, t: g[len(g) - 1 - t]),
    "last": ("the last step's at every step", lambda g, t: g[-1]),
    "first": ("the first step's at every step", lambda g, t: g[0]),
    "sum": ("the sum of all steps' at every step", lambda g, t: g.sum(axis=0)),
    "mean": ("the mean of all steps' at every step", lambda g, t: g.mean(axis=0)),
    "later": ("the sum of its own and all later ones, which the carry brings already", lambda g, t: g[t:].sum(axis=0)),
    "earlier": ("the sum of its own and all earlier ones", lambda g, t: g[: t + 1].sum(axis=0)),
    "twice": ("counted twice", lambda g, t: 2 * g[t]),
    "half": ("halved", lambda g, t: g[t] / 2),
    "by_batch": ("divided by the batch size", lambda g, t: g[t] / len(g[t])),
    "by_steps": ("divided by the number of steps", lambda g, t: g[t] / len(g)),
    "by_both": ("divided by the number of steps and the batch size", lambda g, t: g[t] / len(g) / len(g[t])),
    "times_batch": ("multiplied by the batch size", lambda g, t: g[t] * len(g[t])),
    "times_steps": ("multiplied by the number of steps", lambda g, t: g[t] * len(g)),
    "summed_over_batch": (
        "replaced by its sum over the batch",
        lambda g, t: np.broadcast_to(g[t].sum(axis=0), g[t].shape),
    ),
    "mean_over_units": (
        "replaced by its mean over the units",
        lambda g, t: np.broadcast_to(g[t].mean(axis=1, keepdims=True), g[t].shape),
    ),
    "absolute": ("taken without its sign", lambda g, t: np.abs(g[t])),
    "squared": ("squared", lambda g, t: g[t] ** 2),
    "at_first_only": ("used at the first step only", lambda g, t: g[t] if t == 0 else 0 * g[t]),
    "not_at_last": ("left out at the last step", lambda g, t: g[t] if t < len(g) - 1 else 0 * g[t]),
    "not_at_first": ("left out at the first step", lambda g, t: g[t] if t else 0 * g[t]),
    "clipped_1": ("clipped to [−1, 1]", lambda g, t: np.clip(g[t], -1, 1)),
}


def injected() -> Iterator[Edit]:
    """What joins at a step is another step's, a sum of several, or some multiple."""
    for name, (words, value) in INJECTED.items():
        yield edit(f"injected_{name}", f"{{injected}} is {words}", injected=value)


# ---- the carry -------------------------------------------------------------------------------------------------------


def carries() -> Iterator[Edit]:
    """Where the carry starts, what of it joins, what crosses, and what goes on beside."""
    yield edit("carry_starts_with_ones", "the carry starts with ones, not with zeros", start=lambda zero, g: zero + 1)
    yield edit(
        "carry_starts_with_last",
        "the carry starts as the last step's injected gradient, which then joins once more",
        start=lambda zero, g: zero + g[-1] if zero.ndim == 2 else zero,
    )
    for name, words, value in (
        ("doubled", "twice what it should be", lambda carry: 2 * carry),
        ("halved", "half of what it should be", lambda carry: carry / 2),
        ("subtracted", "taken away, not added", lambda carry: -carry),
        ("mean", "replaced by its mean over the batch", lambda carry: 0 * carry + carry.mean(axis=-2, keepdims=True)),
    ):
        yield edit(f"carry_{name}", f"the carry, as it joins a step, is {words}", entering=value)
    for name, words, crossing in (
        (
            "neither",
            "{carry} goes {back} {weight_hh} the wrong way round, and not through tanh",
            lambda at, w: at.grad_h @ w.T,
        ),
        (
            "injected",
            "only the injected gradient goes on to the step before, not the carry with it",
            lambda at, w: at.injected * at.slope @ w,
        ),
        (
            "alone",
            "only the carry goes on to the step before, not what is injected",
            lambda at, w: at.carry * at.slope @ w,
        ),
        (
            "slope_again",
            "{carry} is multiplied by the slope of tanh once more behind {weight_hh}",
            lambda at, w: at.grad_z @ w * at.slope,
        ),
        (
            "untouched",
            "{carry} is the gradient of the state as it is: no {weight_hh} and no tanh",
            lambda at, w: at.grad_h,
        ),
        ("weighted_twice", "{carry} goes through {weight_hh} twice", lambda at, w: at.grad_z @ w @ w),
    ):
        yield edit(f"crossing_{name}", words, crossing=crossing)
    for name, words, bend in (
        (
            "carry_only",
            "the slope of tanh multiplies the carry alone, and what is injected is added behind it",
            lambda at: at.injected + at.carry * at.slope,
        ),
        (
            "without_carry",
            "the carry goes back but never joins: δ is made of the injected gradient alone",
            lambda at: at.injected * at.slope,
        ),
        ("divided", "the gradient of the state is divided by the slope of tanh", lambda at: at.grad_h / at.slope),
        (
            "added",
            "the slope of tanh is added to the gradient of the state, not multiplied with it",
            lambda at: at.grad_h + at.slope,
        ),
    ):
        yield edit(f"bend_{name}", words, bend=bend)
    for name, words, beside in (
        ("grad_h", "the gradient of the state also goes on as it is, as in a residual layer", lambda at: at.grad_h),
        ("grad_z", "δ itself is added to {carry}, beside δ {weight_hh}", lambda at: at.grad_z),
        ("injected", "the injected gradient also goes on to the step before as it is", lambda at: at.injected),
    ):
        yield edit(f"beside_{name}", words, beside=beside)
    yield edit(
        "carry_dropped_h0_zero", "the carry is dropped, and {h0} gets nothing", window=lambda s, t, k, steps: s == t
    )
    yield edit(
        "carry_two_steps",
        "each error goes back two steps and is then forgotten",
        window=lambda s, t, k, steps: s - t <= 2,
    )


# ---- h0 and x --------------------------------------------------------------------------------------------------------

H0: dict[str, tuple[str, Callable[..., Any]]] = {
    "through_tanh": (
        "multiplied by the slope of tanh at {h0}",
        lambda right, way: right * (1 - way.run.before[0] ** 2),
    ),
    "injected": ("what is injected at step 0", lambda right, way: way.injected[0]),
    "crossed_twice": ("taken through {weight_hh} once more", lambda right, way: right @ way.run.params["weight_hh"]),
    "turned": (
        "taken through {weight_hh} the wrong way round",
        lambda right, way: way.grad_z[0] @ way.run.params["weight_hh"].T,
    ),
    "by_batch": ("divided by the batch size", lambda right, way: right / len(right)),
    "negative": ("of the wrong sign", lambda right, way: -right),
    "every_step": (
        "the sum of every step's, as if each step read {h0}",
        lambda right, way: way.grad_z.sum(axis=0) @ way.run.params["weight_hh"],
    ),
    "of_last": ("that of the last step's carry", lambda right, way: way.grad_z[-1] @ way.run.params["weight_hh"]),
    "summed": ("summed over the batch", lambda right, way: right.sum(axis=0)),
}
OF_H0 = ("grad_h0_turned", "grad_h0_every_step", "grad_h0_of_last")  # said of a plain layer that is not cut off
X: dict[str, tuple[str, Callable[..., Any]]] = {
    "without_carry": (
        "made of the injected gradients alone",
        lambda right, way: way.injected * (1 - way.run.tanhs**2) @ way.run.params["weight_ih"],
    ),
    "by_batch": ("divided by the batch size", lambda right, way: right / right.shape[1]),
    "negative": ("of the wrong sign", lambda right, way: -right),
    "one_early": ("one step off", lambda right, way: one_early(right)),
    "zero": ("left at zero", lambda right, way: 0 * right),
    "summed": ("summed over the steps", lambda right, way: right.sum(axis=0)),
}


def inputs() -> Iterator[Edit]:
    """The gradients of h0 and x."""
    for name, (words, value) in H0.items():
        yield edit(f"grad_h0_{name}", f"the gradient of {{h0}} is {words}", h0=value)
    for name, (words, value) in X.items():
        yield edit(f"grad_x_{name}", f"the gradient of {{x}} is {words}", x=value)


# ---- the parameters --------------------------------------------------------------------------------------------------

STEPS: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "first": ("the first step's share alone", lambda steps: steps[:1]),
    "last": ("the last step's share alone", lambda steps: steps[-1:]),
    "without_first": ("no share of step 0", lambda steps: steps[1:]),
    "without_last": ("no share of the last step", lambda steps: steps[:-1]),
}
WHOSE = {
    "ih": "the gradient of {weight_ih} contains",
    "hh": "the gradient of {weight_hh} contains",
    "bias": "the bias gradients contain",
}
SIZES: dict[str, tuple[str, Callable[[Array, Run], Any]]] = {
    "by_batch": ("divided by the batch size", lambda right, run: right / run.x.shape[1]),
    "by_steps": ("divided by the number of steps", lambda right, run: right / len(run.x)),
    "by_both": (
        "divided by the number of steps and the batch size",
        lambda right, run: right / len(run.x) / run.x.shape[1],
    ),
    "twice": ("twice too large", lambda right, run: 2 * right),
    "negative": ("of the wrong sign", lambda right, run: -right),
    "zero": ("left at zero", lambda right, run: 0 * right),
}
ARRAYS = {
    "weight_ih": "the gradient of {weight_ih} is",
    "weight_hh": "the gradient of {weight_hh} is",
    "biases": "the bias gradients are",
    "bias_ih": "the gradient of bias_ih alone is",
    "bias_hh": "the gradient of bias_hh alone is",
}
READS: dict[str, tuple[str, str, Callable[[Run], Array]]] = {
    "x_one_late": (
        "reads_ih",
        "{weight_ih} is paired with the input of the step after",
        lambda run: one_early(run.x[::-1])[::-1],
    ),
    "x_reversed": ("reads_ih", "{weight_ih} is paired with the inputs in reverse order", lambda run: run.x[::-1]),
    "x_mean": (
        "reads_ih",
        "{weight_ih} is paired with each input's mean over the batch",
        lambda run: 0 * run.x + run.x.mean(axis=1, keepdims=True),
    ),
    "hh_z": ("reads_hh", "{weight_hh} is paired with z, not with the state before", lambda run: run.z),
    "hh_clamped": (
        "reads_hh",
        "at step 0 the index t − 1 is held at 0, in the gradient of {weight_hh}",
        lambda run: np.concatenate([run.after[:1], run.after[:-1]]),
    ),
    "hh_h0": ("reads_hh", "{weight_hh} is paired with h0 at every step", lambda run: 0 * run.before + run.before[0]),
    "hh_two_early": (
        "reads_hh",
        "{weight_hh} is paired with the state before the one that enters the step",
        lambda run: one_early(run.before),
    ),
    "hh_reversed": ("reads_hh", "{weight_hh} is paired with the states in reverse order", lambda run: run.before[::-1]),
}
DELTAS = {
    "grad_h": ("are taken before the slope of tanh", lambda way: way.grad_h),
    "injected": (
        "are made of the injected gradients alone, without the carry",
        lambda way: way.injected * (1 - way.run.tanhs**2),
    ),
    "raw": ("are made of the injected gradients as they come in", lambda way: way.injected),
}
ADDED: dict[str, tuple[str, Callable[[Array], Any]]] = {
    "rows_only": ("summed over the rows and not over the steps", lambda delta: delta.sum(axis=1)),
    "number": ("summed over everything: a number", lambda delta: delta.sum()),
    "mean": ("means over steps and rows", lambda delta: delta.mean(axis=(0, 1))),
    "mean_of_steps": ("means over the steps, summed over the rows", lambda delta: delta.mean(axis=0).sum(axis=0)),
    "row_kept": ("(1, hidden_size): an axis is kept", lambda delta: delta.sum(axis=(0, 1))[None]),
    "column": ("(hidden_size, 1)", lambda delta: delta.sum(axis=(0, 1))[:, None]),
}


def parameters() -> Iterator[Edit]:
    """Whose share counts, what is read, of which gradient, added over what, and by which factor."""
    for array, whose in WHOSE.items():
        for name, (words, value) in STEPS.items():
            yield Edit(f"{array}_{name}", f"{whose} {words}", {f"counted_{array}": value})
    for array, verb in ARRAYS.items():
        for name, (words, size) in SIZES.items():
            share = lambda right, way, size=size: size(right, way.run)
            yield Edit(f"{array}_{name}", f"{verb} {words}", {array: share})
    for name, (slot, words, read) in READS.items():
        yield Edit(f"reads_{name}", words, {slot: read})
    for slot, whose in (
        ("delta_ih", "{weight_ih}"),
        ("delta_hh", "{weight_hh}"),
        ("delta_bias", "the biases"),
        ("delta_x", "{x}"),
    ):
        for name, (words, delta) in DELTAS.items():
            yield Edit(f"{slot}_{name}", f"the gradients of {whose} {words}", {slot: delta})
    for name, (words, added) in ADDED.items():
        yield edit(f"biases_{name}", f"the bias gradients are {words}", added=added)
    for name, (words, size) in SIZES.items():
        every = lambda right, run, array, size=size: size(right, run)
        yield edit(f"parameters_{name}", f"the gradients of the parameters are {words}", parameters=every)


# What another entry is, listed or by rule: the same numbers by other words.
SAME = {
    *(
        "slope_one_less_of_h",
        "slope_sigmoid_of_h",
        "slope_tanh_of_z",
        "slope_one_less_tanh_of_z",
        "slope_tanh_squared_of_z",
    ),
    *("slope_cosh_of_z", "slope_relu_of_z", "injected_not_at_last", "crossing_injected", "crossing_alone"),
    *("bend_without_carry", "bend_divided", "hh_without_first", "biases_by_batch", "biases_twice", "biases_mean"),
    *("biases_mean_of_steps", "bias_hh_zero", "delta_bias_grad_h", "delta_x_grad_h", "grad_x_without_carry"),
    *("parameters_by_batch", "parameters_by_steps"),
}


def every() -> Iterator[Edit]:
    """All of them, each once."""
    for family in (slopes, injected, carries, inputs, parameters):
        yield from (one for one in family() if one.id not in SAME)


# What needs more than one step, and what is the same as another where there is one step alone.
OF_TIME = ("_by_steps", "_by_both", "_first", "_last", "_wrapped", "_reversed", "_raw", "_early", "_late", "_injected")
ONE_STEP_SAME = {
    *("slope_turned_of_h", "slope_half_of_h", "slope_double_of_h", "injected_next", "injected_sum", "injected_mean"),
    *(
        "injected_later",
        "injected_earlier",
        "injected_at_first_only",
        "carry_starts_with_ones",
        "carry_doubled",
        "carry_halved",
        "carry_subtracted",
    ),
    *("carry_mean", "carry_two_steps", "carry_dropped_h0_zero", "bend_carry_only", "beside_grad_h"),
    *("grad_h0_by_batch", "grad_h0_crossed_twice", "grad_h0_turned", "grad_h0_every_step", "weight_ih_by_batch"),
    *("injected_times_steps", "reads_hh_clamped", "reads_hh_h0", "biases_rows_only", "biases_column"),
}


def at_one_step() -> Iterator[Edit]:
    """Those that one step alone can show."""
    yield from (one for one in every() if one.id not in ONE_STEP_SAME and not one.id.endswith(OF_TIME))
