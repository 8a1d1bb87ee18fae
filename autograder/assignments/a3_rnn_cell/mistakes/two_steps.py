"""Known mistakes of a3_rnn_cell: two steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.shared import WEIGHTS, Array, Grads
from autograder.naming.bank import Functions, Own, mistake

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


@mistake(
    "two_step_backward",
    id="two_carry_dropped",
    title="the carry is dropped: step 1 sees its own injected gradient alone",
    reread=f"{TWO} And 3.2, 'Leave out the carry'.",
    seen_in="DLS 11690; qixianbiao/RNN #2",
)
def two_carry_dropped(own: Own) -> Functions:
    return two_steps(own, injected=lambda grad_h1, grad_h2, second: grad_h1)


@mistake(
    "two_step_backward",
    id="grad_h1_forgotten",
    title="grad_h1 is not injected: step 1 gets the carry alone",
    reread=f"{TWO} The loss looks at H_1 too.",
    seen_in="DLS 11690",
)
def grad_h1_forgotten(own: Own) -> Functions:
    return two_steps(own, injected=lambda grad_h1, grad_h2, second: second["h_prev"])


@mistake(
    "two_step_backward",
    id="grad_h2_carried",
    title="grad_h2 itself is carried to step 1, not what the cell makes of it",
    reread=f"{TWO} The carry is the gradient of h_prev of step 2.",
)
def grad_h2_carried(own: Own) -> Functions:
    return two_steps(own, injected=lambda grad_h1, grad_h2, second: grad_h1 + grad_h2)


@mistake(
    "two_step_backward",
    id="second_step_only",
    title="the parameters keep the share of step 2 alone",
    reread=TWO,
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
def second_step_only(own: Own) -> Functions:
    return two_steps(own, shared=lambda first, second: second)


@mistake(
    "two_step_backward",
    id="first_step_only",
    title="the parameters keep the share of step 1 alone: the later sum overwrites the earlier",
    reread=TWO,
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
def first_step_only(own: Own) -> Functions:
    return two_steps(own, shared=lambda first, second: first)


@mistake(
    "two_step_backward",
    id="two_steps_averaged",
    title="the parameters get the mean of the two steps, not the sum",
    reread=TWO,
)
def two_steps_averaged(own: Own) -> Functions:
    return two_steps(own, shared=lambda first, second: (first + second) / 2)


@mistake(
    "two_step_backward",
    id="steps_exchanged",
    title="x_1 and x_2 are exchanged",
    reread="3.1: the sweep visits step 2 first.",
)
def steps_exchanged(own: Own) -> Functions:
    return two_steps(own, change=lambda first, second: {"x_1": second["x"], "x_2": first["x"]})


@mistake(
    "two_step_backward",
    id="h0_of_second_step",
    title="h0 gets the carry that enters step 1, not the one that leaves it",
    reread="3.1: h0 is the h_prev of step 1.",
)
def h0_of_second_step(own: Own) -> Functions:
    return two_steps(own, change=lambda first, second: {"h0": second["h_prev"]})


@mistake(
    "two_step_backward",
    id="caches_exchanged",
    title="the two caches are exchanged",
    reread="3.1: cache_2 belongs to grad_h2.",
)
def caches_exchanged(own: Own) -> Functions:
    return two_steps(own, swapped=True)


@mistake("two_step_backward", id="carry_subtracted", title="the carry is taken away, not added", reread=TWO)
def carry_subtracted(own: Own) -> Functions:
    return two_steps(own, injected=lambda grad_h1, grad_h2, second: grad_h1 - second["h_prev"])


@mistake(
    "two_step_backward",
    id="biases_not_added",
    title="the biases keep the share of step 1 alone, the weights have both",
    reread=f"{TWO} A bias is used by both steps too.",
)
def biases_not_added(own: Own) -> Functions:
    return two_steps(own, change=lambda first, second: {name: first[name] for name in ("bias_ih", "bias_hh")})


@mistake(
    "two_step_backward",
    id="two_writes_into_grad_h1",
    title="grad_h1 itself is written into, and the caller's array changes",
    reread="1.4: write a = a + b, not a += b.",
    seen_in="Burton2000/CS231n-2017 #7",
)
def two_writes_into_grad_h1(own: Own) -> Functions:
    def injected(grad_h1: Array, grad_h2: Array, second: Grads) -> Array:
        grad_h1 += second["h_prev"]
        return grad_h1

    return two_steps(own, injected=injected)
