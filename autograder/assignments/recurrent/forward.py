"""The skeleton of every recurrent forward, right by default, and its edits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autograder.assignments.recurrent.sweep import Array, Params, Run, run_forward
from autograder.naming.edits import edit


@dataclass(frozen=True)
class Forward:
    """A forward through time. joins makes the next state of the last one, of the tanh and of h0."""

    start: Callable[[Array], Array] = lambda h0: h0
    inputs: Callable[[Array], Array] = lambda x: x
    weights: Callable[[Params], Params] = lambda params: params
    reads: Callable[[list[Array], Array], Array] = lambda states, h0: states[-1]
    bend: Callable[[Array], Array] = np.tanh
    joins: Callable[[Array, Array, Array], Array] = lambda h, tanh, h0: tanh
    outputs: Callable[[Array], Array] = lambda states: states[1:]  # h0 and the state after each step

    def __call__(self, x: Array, h0: Array, params: Params) -> tuple[Array, Run]:
        """outputs, and a right cache for these inputs."""
        states = [self.start(h0)]
        for x_t in self.inputs(x):
            step = run_forward(x_t[None], self.reads(states, h0), self.weights(params), bend=self.bend)
            states.append(self.joins(states[-1], step.tanhs[0], h0))
        return self.outputs(np.stack(states)).copy(), run_forward(x, h0, params)


def without(*names: str) -> Callable[[Params], Params]:
    """The same parameters with some at zero."""
    return lambda params: {name: 0 * value if name in names else value for name, value in params.items()}


EDITS = (
    edit("forward_without_bias_ih", "bias_ih is {not_added}", weights=without("bias_ih")),
    edit("forward_without_bias_hh", "bias_hh is {not_added}", weights=without("bias_hh")),
    edit("forward_without_biases", "neither bias is added", weights=without("bias_ih", "bias_hh")),
    edit(
        "forward_weight_hh_turned",
        "{weight_hh_turned}",
        weights=lambda params: {**params, "weight_hh": params["weight_hh"].T},
    ),
    edit("forward_without_tanh", "{state} is the sum itself: the tanh is missing", bend=lambda z: z),
    edit("forward_sigmoid", "{state} is a sigmoid of the sum, not its tanh", bend=lambda z: 1 / (1 + np.exp(-z))),
    edit("forward_relu", "{state} is a ReLU of the sum, not its tanh", bend=lambda z: np.maximum(z, 0)),
    edit("forward_tanh_twice", "tanh is applied twice", bend=lambda z: np.tanh(np.tanh(z))),
    edit("state_ignored", "the old state does not enter: this is a layer, not a cell", reads=lambda states, h0: 0 * h0),
)
TIME = (
    edit(
        "h0_not_used",
        "the first state is all zero, whatever h0 is",
        seen_in="DLS 555049, 620405",
        start=lambda h0: 0 * h0,
    ),
    edit("state_not_passed_on", "every step starts from h0: the state is not passed on", reads=lambda states, h0: h0),
    edit(
        "outputs_one_early",
        "the outputs begin with h0 and lack the last state",
        "outputs[t] is the state that leaves step t, not the one that enters it.",
        outputs=lambda states: states[:-1],
    ),
    edit(
        "last_state_only",
        "only the last state is returned, not the states of all steps",
        "outputs is (T, N, hidden_size): one state for each step.",
        outputs=lambda states: states[-1],
    ),
    edit("h0_kept", "h0 is returned with the outputs: there is one state too many", outputs=lambda states: states),
    edit(
        "time_reversed",
        "the steps are taken from the last to the first",
        "Time comes first, and forward walks from step 0 on.",
        inputs=lambda x: x[::-1],
        outputs=lambda states: states[:0:-1],
    ),
    edit(
        "outputs_reversed",
        "the outputs are in reverse order, the last state first",
        "Time comes first.",
        outputs=lambda states: states[:0:-1],
    ),
)
