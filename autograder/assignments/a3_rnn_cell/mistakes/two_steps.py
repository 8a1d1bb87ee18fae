"""Known mistakes of a3_rnn_cell: two steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.cell_backward import cell
from autograder.assignments.a3_rnn_cell.mistakes.shared import REREAD, WORDS, Array, Grads
from autograder.assignments.recurrent import families, shares, walk
from autograder.assignments.recurrent.sweep import WEIGHTS, Run, Sweep
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import View

AT_TWO_SAME = ("carry_two_steps",)
TWO = "3 and 3.1: a value used twice gets the sum. H_1 is used by the loss and by step 2, W by both steps."


def two_steps(
    own: Own,
    injected: Callable[[Array, Array, Grads], Array] = lambda grad_h1, grad_h2, second: grad_h1 + second["h_prev"],
    shared: Callable[[Any, Any], Any] = lambda first, second: first + second,
    change: Callable[[Grads, Grads], Grads] = lambda first, second: {},
    swapped: bool = False,
) -> Functions:
    """two_step_backward over the cell, right by default. injected makes what goes into step 1."""

    def two_step_backward(grad_h1: Array, grad_h2: Array, cache_1: Any, cache_2: Any) -> Grads:
        if swapped:
            cache_1, cache_2 = cache_2, cache_1
        second = own["rnn_cell_backward"](grad_h2, cache_2)
        first = own["rnn_cell_backward"](injected(grad_h1, grad_h2, second), cache_1)
        right = {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"]}
        weights = {name: shared(np.asarray(first[name]), np.asarray(second[name])) for name in WEIGHTS}
        return {**right, **weights, **change(first, second)}

    return {"two_step_backward": two_step_backward}


in_two_step_backward = MistakesIn("two_step_backward", two_steps)
in_two_step_backward(
    "two_carry_dropped",
    "the carry is dropped: step 1 sees its own injected gradient alone",
    f"{TWO} And 3.2, 'Leave out the carry'.",
    injected=lambda grad_h1, grad_h2, second: grad_h1,
    seen_in="DLS 11690; qixianbiao/RNN #2",
)
in_two_step_backward(
    "grad_h1_forgotten",
    "grad_h1 is not injected: step 1 gets the carry alone",
    f"{TWO} The loss looks at H_1 too.",
    injected=lambda grad_h1, grad_h2, second: second["h_prev"],
    seen_in="DLS 11690",
)
in_two_step_backward(
    "grad_h2_carried",
    "grad_h2 itself is carried to step 1, not what the cell makes of it",
    f"{TWO} The carry is the gradient of h_prev of step 2.",
    injected=lambda grad_h1, grad_h2, second: grad_h1 + grad_h2,
)
in_two_step_backward(
    "second_step_only",
    "the parameters keep the share of step 2 alone",
    TWO,
    shared=lambda first, second: second,
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
in_two_step_backward(
    "first_step_only",
    "the parameters keep the share of step 1 alone: the later sum overwrites the earlier",
    TWO,
    shared=lambda first, second: first,
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
in_two_step_backward(
    "two_steps_averaged",
    "the parameters get the mean of the two steps, not the sum",
    TWO,
    shared=lambda first, second: (first + second) / 2,
)
in_two_step_backward(
    "steps_exchanged",
    "x_1 and x_2 are exchanged",
    "3.1: the sweep visits step 2 first.",
    change=lambda first, second: {"x_1": second["x"], "x_2": first["x"]},
)
in_two_step_backward(
    "h0_of_second_step",
    "h0 gets the carry that enters step 1, not the one that leaves it",
    "3.1: h0 is the h_prev of step 1.",
    change=lambda first, second: {"h0": second["h_prev"]},
)
in_two_step_backward(
    "caches_exchanged", "the two caches are exchanged", "3.1: cache_2 belongs to grad_h2.", swapped=True
)
in_two_step_backward(
    "carry_subtracted",
    "the carry is taken away, not added",
    TWO,
    injected=lambda grad_h1, grad_h2, second: grad_h1 - second["h_prev"],
)
in_two_step_backward(
    "biases_not_added",
    "the biases keep the share of step 1 alone, the weights have both",
    f"{TWO} A bias is used by both steps too.",
    change=lambda first, second: {name: first[name] for name in ("bias_ih", "bias_hh")},
)


@in_two_step_backward(
    "two_writes_into_grad_h1",
    "grad_h1 itself is written into, and the caller's array changes",
    "1.4: write a = a + b, not a += b.",
    seen_in="Burton2000/CS231n-2017 #7",
)
def two_writes_into_grad_h1(own: Own) -> Functions:
    def injected(grad_h1: Array, grad_h2: Array, second: Grads) -> Array:
        grad_h1 += second["h_prev"]
        return grad_h1

    return two_steps(own, injected=injected)


def written_out(own: Own, **slots: Any) -> Functions:
    """The cell, and a two_step_backward that does not call it: both steps in one sweep with these slots."""

    def two_step_backward(grad_h1: Array, grad_h2: Array, cache_1: Run, cache_2: Run) -> Grads:
        grads = Sweep(**slots)(np.stack([grad_h1, grad_h2]), joined(cache_1, cache_2))
        x = grads.pop("x")
        return {"x_1": x[0], "x_2": x[1], **grads}

    return {**cell(own), "two_step_backward": two_step_backward}


def joined(*runs: Run) -> Run:
    """Several steps as one run."""
    x, before, after, z, tanhs = (
        np.concatenate([getattr(run, name) for run in runs]) for name in ("x", "before", "after", "z", "tanhs")
    )
    return Run(x, before, after, z, tanhs, runs[0].params)


view = View(
    "two_step_backward",
    written_out,
    {
        **dict.fromkeys(("entering", "order", "counted"), TWO),
        **REREAD,
        "window": TWO,
        "bend": TWO,
        "beside": TWO,
        "start": TWO,
    },
    where="in the two steps: ",
    prefix="two_",
    words={
        **WORDS,
        "carry": "the carry",
        "rows_kept": "summed over the steps and not over the rows",
        "back": "back through",
        "injected": "each injected gradient",
        "x": "x_1 and x_2",
        "h0": "h0",
    },
)
view.show(
    (*walk.CARRY, *walk.SLOPE, *shares.X_AND_H0, *shares.WEIGHTS, *shares.BIASES),
    but=("carry_dropped", "x_in_sweep_order", "tanh_at_state_after"),
)
view.show((*walk.INJECTED, *walk.ORDER, *families.every()), but=AT_TWO_SAME, by_rule=True)

in_two_step_backward = MistakesIn("two_step_backward", two_steps, by_rule=True)
TWO_INJECTED: dict[str, Any] = {
    "grad_h2 is not injected: the second step gets nothing, and the first what is injected there": lambda g1, g2, second: (
        g1 + 0 * g2
    ),
    "grad_h1 is counted twice": lambda g1, g2, second: 2 * g1 + second["h_prev"],
    "the carry is counted twice": lambda g1, g2, second: g1 + 2 * second["h_prev"],
    "the mean of grad_h1 and the carry goes into step 1": lambda g1, g2, second: (g1 + second["h_prev"]) / 2,
    "grad_h1 and the carry are multiplied": lambda g1, g2, second: g1 * second["h_prev"],
    "grad_h1 is taken away from the carry": lambda g1, g2, second: second["h_prev"] - g1,
    "grad_h2 goes into step 1 as well": lambda g1, g2, second: g1 + g2 + second["h_prev"],
    "only grad_h2 goes into step 1": lambda g1, g2, second: g2,
    "grad_h2 and the carry go into step 1, and grad_h1 does not": lambda g1, g2, second: g2 + second["h_prev"],
}
for words, injected in TWO_INJECTED.items():
    if not words.startswith("grad_h2 is not injected"):
        in_two_step_backward(f"two_injected_{words}", words, TWO, injected=injected)
TWO_SHARED: dict[str, Any] = {
    "the shares of the two steps are multiplied": lambda first, second: first * second,
    "the share of step 1 is taken away from that of step 2": lambda first, second: second - first,
    "the share of step 2 is taken away from that of step 1": lambda first, second: first - second,
    "the share of step 2 counts twice": lambda first, second: first + 2 * second,
    "the share of step 1 counts twice": lambda first, second: 2 * first + second,
    "the shares of the two steps come one behind the other": lambda first, second: np.stack([first, second]),
    "the larger share of each entry is kept": np.maximum,
}
for words, shared in TWO_SHARED.items():
    in_two_step_backward(f"two_shared_{words}", words, TWO, shared=shared)
TWO_CHANGE: dict[str, Any] = {
    "weight_ih has the share of step 1 alone": lambda first, second: {"weight_ih": first["weight_ih"]},
    "weight_ih has the share of step 2 alone": lambda first, second: {"weight_ih": second["weight_ih"]},
    "weight_hh has the share of step 1 alone": lambda first, second: {"weight_hh": first["weight_hh"]},
    "weight_hh has the share of step 2 alone": lambda first, second: {"weight_hh": second["weight_hh"]},
    "the biases have the share of step 2 alone": lambda first, second: {
        name: second[name] for name in ("bias_ih", "bias_hh")
    },
    "the weights have the share of step 2 alone, the biases have both": lambda first, second: {
        name: second[name] for name in ("weight_ih", "weight_hh")
    },
    "the weights have the share of step 1 alone, the biases have both": lambda first, second: {
        name: first[name] for name in ("weight_ih", "weight_hh")
    },
    "h0 gets the sum of both carries": lambda first, second: {"h0": first["h_prev"] + second["h_prev"]},
    "x_1 gets the sum of both steps": lambda first, second: {"x_1": first["x"] + second["x"]},
    "x_1 is a copy of x_2": lambda first, second: {"x_1": second["x"]},
    "x_2 is a copy of x_1": lambda first, second: {"x_2": first["x"]},
}
for words, change in TWO_CHANGE.items():
    in_two_step_backward(f"two_change_{words}", words, TWO, change=change)
