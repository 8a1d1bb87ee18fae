"""Known mistakes of a3_rnn_cell: two steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.shared import WEIGHTS, Array, Grads
from autograder.naming.bank import Functions, MistakesIn, Own

in_two_step_backward = MistakesIn("two_step_backward")

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


in_two_step_backward(
    "two_carry_dropped",
    "the carry is dropped: step 1 sees its own injected gradient alone",
    f"{TWO} And 3.2, 'Leave out the carry'.",
    lambda own: two_steps(own, injected=lambda grad_h1, grad_h2, second: grad_h1),
    seen_in="DLS 11690; qixianbiao/RNN #2",
)
in_two_step_backward(
    "grad_h1_forgotten",
    "grad_h1 is not injected: step 1 gets the carry alone",
    f"{TWO} The loss looks at H_1 too.",
    lambda own: two_steps(own, injected=lambda grad_h1, grad_h2, second: second["h_prev"]),
    seen_in="DLS 11690",
)
in_two_step_backward(
    "grad_h2_carried",
    "grad_h2 itself is carried to step 1, not what the cell makes of it",
    f"{TWO} The carry is the gradient of h_prev of step 2.",
    lambda own: two_steps(own, injected=lambda grad_h1, grad_h2, second: grad_h1 + grad_h2),
)
in_two_step_backward(
    "second_step_only",
    "the parameters keep the share of step 2 alone",
    TWO,
    lambda own: two_steps(own, shared=lambda first, second: second),
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
in_two_step_backward(
    "first_step_only",
    "the parameters keep the share of step 1 alone: the later sum overwrites the earlier",
    TWO,
    lambda own: two_steps(own, shared=lambda first, second: first),
    seen_in="javaidnabi31/RNN-from-scratch #2",
)
in_two_step_backward(
    "two_steps_averaged",
    "the parameters get the mean of the two steps, not the sum",
    TWO,
    lambda own: two_steps(own, shared=lambda first, second: (first + second) / 2),
)
in_two_step_backward(
    "steps_exchanged",
    "x_1 and x_2 are exchanged",
    "3.1: the sweep visits step 2 first.",
    lambda own: two_steps(own, change=lambda first, second: {"x_1": second["x"], "x_2": first["x"]}),
)
in_two_step_backward(
    "h0_of_second_step",
    "h0 gets the carry that enters step 1, not the one that leaves it",
    "3.1: h0 is the h_prev of step 1.",
    lambda own: two_steps(own, change=lambda first, second: {"h0": second["h_prev"]}),
)
in_two_step_backward(
    "caches_exchanged",
    "the two caches are exchanged",
    "3.1: cache_2 belongs to grad_h2.",
    lambda own: two_steps(own, swapped=True),
)
in_two_step_backward(
    "carry_subtracted",
    "the carry is taken away, not added",
    TWO,
    lambda own: two_steps(own, injected=lambda grad_h1, grad_h2, second: grad_h1 - second["h_prev"]),
)
in_two_step_backward(
    "biases_not_added",
    "the biases keep the share of step 1 alone, the weights have both",
    f"{TWO} A bias is used by both steps too.",
    lambda own: two_steps(own, change=lambda first, second: {name: first[name] for name in ("bias_ih", "bias_hh")}),
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
