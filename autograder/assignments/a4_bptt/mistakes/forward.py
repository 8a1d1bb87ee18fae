"""Known mistakes of a4_bptt: forward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import Array, Params
from autograder.assignments.recurrent.sweep import Run, forward_of, run_forward
from autograder.naming.bank import Functions, MistakesIn, Own

START = "1, 'Forward'. What is the state before step 0, and which state does step t read?"


def forward_with(own: Own, change: Callable[[Array, Array, Params], tuple[Array, Array, Params]]) -> Functions:
    """An rnn_forward that is right for other inputs than those it was given."""
    right = forward_of()
    return {"rnn_forward": lambda x, h0, params: right(*change(x, h0, params))}


in_rnn_forward = MistakesIn("rnn_forward", forward_with)


in_rnn_forward(
    "h0_not_used",
    "the first state is all zero, whatever h0 is",
    START,
    change=lambda x, h0, params: (x, 0 * h0, params),
    seen_in="DLS 555049, 620405",
)


@in_rnn_forward("state_not_passed_on", "every step starts from h0: the state is not passed on", START)
def state_not_passed_on(own: Own) -> Functions:
    def rnn_forward(x: Array, h0: Array, params: Params) -> tuple[Array, None]:
        return np.stack([run_forward(x_t[None], h0, params).after[0] for x_t in x]), None

    return {"rnn_forward": rnn_forward}


@in_rnn_forward(
    "outputs_one_early",
    "the outputs begin with h0 and lack the last state",
    "1, 'Forward'. outputs[t] is the state that leaves step t, not the one that enters it.",
)
def outputs_one_early(own: Own) -> Functions:
    def rnn_forward(x: Array, h0: Array, params: Params) -> tuple[Array, Run]:
        run = run_forward(x, h0, params)
        return run.before.copy(), run

    return {"rnn_forward": rnn_forward}


@in_rnn_forward(
    "last_state_only",
    "only the last state is returned, not the states of all steps",
    "1, 'Forward'. outputs is (T, N, hidden_size): one state for each step.",
)
def last_state_only(own: Own) -> Functions:
    def rnn_forward(x: Array, h0: Array, params: Params) -> tuple[Array, Run]:
        run = run_forward(x, h0, params)
        return run.after[-1], run

    return {"rnn_forward": rnn_forward}


in_rnn_forward(
    "forward_weight_hh_turned",
    "the state meets weight_hh the wrong way round, and no shape complains",
    "Names for the whole notebook: y = x @ weight.T + bias. weight_hh is square, so only the index tells.",
    change=lambda x, h0, params: (x, h0, {**params, "weight_hh": params["weight_hh"].T}),
)


@in_rnn_forward(
    "time_reversed",
    "the steps are taken from the last to the first",
    "Names for the whole notebook: time comes first, and forward walks from step 0 on.",
)
def time_reversed(own: Own) -> Functions:
    def rnn_forward(x: Array, h0: Array, params: Params) -> tuple[Array, Run]:
        run = run_forward(x[::-1], h0, params)
        return run.after[::-1].copy(), run

    return {"rnn_forward": rnn_forward}


in_rnn_forward(
    "forward_without_bias_hh",
    "bias_hh is missing from every step",
    "The forward of the cell: two biases are added to the same sum.",
    change=lambda x, h0, params: (x, h0, {**params, "bias_hh": 0 * params["bias_hh"]}),
)
