"""The skeleton of every recurrent forward, right by default, and its edits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.assignments.errors import BENDS
from autograder.assignments.recurrent.sweep import Array, Params, Run, run_forward
from autograder.naming.edits import Edit, edit


@dataclass(frozen=True)
class Forward:
    """A forward through time. joins makes the next state of the last one, of the tanh and of h0."""

    start: Callable[[Array], Array] = lambda h0: h0
    inputs: Callable[[Array], Array] = lambda x: x
    weights: Callable[[Params], Params] = lambda params: params
    reads: Callable[[list[Array], Array], Array] = lambda states, h0: states[-1]
    bend: Callable[[Array], Array] = np.tanh
    behind: Callable[[Array, Params], Array] = lambda tanh, params: tanh
    joins: Callable[[Array, Array, Array], Array] = lambda h, tanh, h0: tanh
    outputs: Callable[[Array], Array] = lambda states: states[1:]  # h0 and the state after each step

    def __call__(self, x: Array, h0: Array, params: Params) -> tuple[Array, Run]:
        """outputs, and a right cache for these inputs."""
        states = [self.start(h0)]
        for x_t in self.inputs(x):
            step = run_forward(x_t[None], self.reads(states, h0), self.weights(params), bend=self.bend)
            states.append(self.joins(states[-1], self.behind(step.tanhs[0], params), h0))
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


# ---- edits by rule ---------------------------------------------------------------------------------------------------

VALUES: dict[str, dict[str, Any]] = {
    "behind": {
        "bias_ih is added behind tanh, once more": lambda tanh, params: tanh + params["bias_ih"],
        "bias_hh is added behind tanh, once more": lambda tanh, params: tanh + params["bias_hh"],
        "{state} is halved": lambda tanh, params: tanh / 2,
        "{state} is clipped to [0, 1]": lambda tanh, params: np.clip(tanh, 0, 1),
        "{state} is rounded to whole numbers": lambda tanh, params: np.round(tanh),
        "{state} is divided by its norm in each row": lambda tanh, params: (
            tanh / np.linalg.norm(tanh, axis=-1, keepdims=True)
        ),
        "{state} goes through weight_hh once more": lambda tanh, params: tanh @ params["weight_hh"].T,
        "{state} is averaged over the batch": lambda tanh, params: 0 * tanh + tanh.mean(axis=0),
    },
    "joins": {
        "the old state is added to the tanh": lambda h, tanh, h0: h + tanh,
        "the mean of the old state and the tanh is kept": lambda h, tanh, h0: (h + tanh) / 2,
        "the old state is multiplied with the tanh": lambda h, tanh, h0: h * tanh,
        "the tanh is taken away from the old state": lambda h, tanh, h0: h - tanh,
        "the old state is taken away from the tanh": lambda h, tanh, h0: tanh - h,
        "h0 is added to each new state": lambda h, tanh, h0: h0 + tanh,
        "half of the tanh is added to the old state": lambda h, tanh, h0: h + tanh / 2,
        "the tanh is added twice to the old state": lambda h, tanh, h0: h + 2 * tanh,
        "the old state is added twice": lambda h, tanh, h0: 2 * h + tanh,
        "half of the old state is added": lambda h, tanh, h0: h / 2 + tanh,
        "tanh is taken again, of the sum": lambda h, tanh, h0: np.tanh(h + tanh),
        "the state never changes": lambda h, tanh, h0: h,
        **{
            f"the state keeps {c:g} of itself at each step": lambda h, tanh, h0, c=c: c * h + (1 - c) * tanh
            for c in (0.1, 0.9, 0.99)
        },
    },
    "reads": {
        "tanh is taken of the old state as well": lambda states, h0: np.tanh(states[-1]),
        "the state before the last one is read": lambda states, h0: states[max(len(states) - 2, 0)],
        "the sum of all states so far is read": lambda states, h0: np.sum(states, axis=0),
        "the mean of all states so far is read": lambda states, h0: np.mean(states, axis=0),
        "h0 is added to the old state": lambda states, h0: states[-1] + h0,
        "the old state enters with the other sign": lambda states, h0: -states[-1],
        "the old state enters twice": lambda states, h0: 2 * states[-1],
        "the old state is replaced by its mean over the batch": lambda states, h0: 0 * h0 + states[-1].mean(axis=0),
        "h0 enters the first two steps": lambda states, h0: h0 if len(states) < 3 else states[-1],
    },
}


GROWING = tuple(
    f"forward_bend_{id}" for id in ("sinh", "cosh", "exp", "exp_of_minus", "one_plus_exp", "exp_over")
)  # they overflow within a few steps


def by_rule(*slots: str) -> Iterator[Edit]:
    """Every bend, and what people make of the states in these slots."""
    for id, (words, bend) in BENDS.items():
        if id != "tanh":
            yield edit(
                f"forward_bend_{id}",
                f"the tanh is {words}" if id == "nothing" else f"{words} stands for the tanh",
                bend=bend,
            )
    for slot in slots:
        for place, (words, value) in enumerate(VALUES[slot].items()):
            yield Edit(f"forward_{slot}_{place}", words, {slot: value})
