"""Known mistakes of a4_bptt: the residual layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import REREAD, WORDS, Array, Params
from autograder.assignments.recurrent import families, shares, walk
from autograder.assignments.recurrent.sweep import Sweep, forward_of, run_forward
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import View

IDENTITY = "7.2, 'A net that adds instead of replacing': a state has two ways into the next one."


def residual_forward(
    own: Own,
    start: Callable[[Array], Array] = lambda h0: h0,
    step: Callable[[Array, Array, Array], Array] = lambda h, tanh, h0: h + tanh,
) -> Functions:
    """A residual_rnn_forward whose next state is step(h_prev, tanh, h0)."""

    def residual_rnn_forward(x: Array, h0: Array, params: Params) -> tuple[Array, None]:
        states = [start(h0)]
        for x_t in x:
            run = run_forward(x_t[None], states[-1], params)
            states.append(step(states[-1], run.tanhs[0], h0))
        return np.stack(states[1:]), None

    return {"residual_rnn_forward": residual_rnn_forward}


forward = MistakesIn("residual_rnn_forward", residual_forward)
forward(
    "identity_forgotten_forward",
    "the old state is not added: this is the plain layer",
    IDENTITY,
    step=lambda h, tanh, h0: tanh,
)
forward(
    "h0_added_at_every_step",
    "h0 is added at every step, instead of the previous state",
    f"{IDENTITY} The state before step t is that of step t − 1.",
    step=lambda h, tanh, h0: h0 + tanh,
)
forward(
    "tanh_over_the_sum",
    "the old state is added inside another tanh",
    f"{IDENTITY} It is added outside, so that it passes unchanged.",
    step=lambda h, tanh, h0: np.tanh(h + tanh),
)
forward(
    "residual_h0_not_used",
    "the residual layer starts from zero, whatever h0 is",
    "7.2: the state before step 0 is h0, for both ways.",
    start=lambda h0: 0 * h0,
)


def residual(own: Own, **slots: Any) -> Functions:
    """The residual pair with these slots of Sweep."""
    sweep = Sweep(**{"beside": lambda at: at.grad_h, **slots})
    return {"residual_rnn_forward": forward_of(residual=True), "residual_rnn_backward": sweep}


known = MistakesIn("residual_rnn_backward", residual)
known(
    "identity_forgotten",
    "the carry comes back through tanh alone: the identity path is forgotten",
    f"{IDENTITY} So its gradient has two terms.",
    beside=lambda at: 0,
)
known(
    "identity_alone",
    "the carry comes back by the identity alone: the path through weight_hh is forgotten",
    f"{IDENTITY} So its gradient has two terms.",
    crossing=lambda at, w: 0,
)
known(
    "identity_behind_tanh",
    "the identity path is multiplied by the slope of tanh",
    f"{IDENTITY} One of them meets no tanh.",
    beside=lambda at: at.grad_z,
)
known(
    "identity_twice",
    "the identity path is counted twice",
    f"{IDENTITY} Each of them once.",
    beside=lambda at: 2 * at.grad_h,
)
known(
    "identity_without_injected",
    "the identity path hands on the old carry alone, without what is injected at the step",
    f"{IDENTITY} What goes on is the whole gradient of the state.",
    beside=lambda at: at.carry,
)
known(
    "slope_from_state",
    "the slope of tanh is read from the state, which here is no tanh",
    f"{IDENTITY} 1 − tanh² needs the tanh: keep it in the cache, or take the difference of two states.",
    slope=lambda run, t: 1 - run.after[t] ** 2,
)
known(
    "residual_weight_hh_meets_tanh",
    "weight_hh is paired with the tanh of the step before, not with the state",
    "7.2: what does weight_hh multiply in the residual layer?",
    reads_hh=lambda run: np.concatenate([run.before[:1], run.tanhs[:-1]]),
)
known(
    "residual_h0_without_identity",
    "h0 gets its gradient through weight_hh only, not by the identity",
    f"{IDENTITY} h0 has them too.",
    h0=lambda right, way: way.grad_z[0] @ way.run.params["weight_hh"],
)
view = View(
    "residual_rnn_backward",
    residual,
    {**REREAD, "entering": f"{IDENTITY} Both of them carry.", "beside": IDENTITY},
    where="residual layer: ",
    prefix="residual_",
    words={**WORDS, "carry": "the path beside the identity", "h": "tanh(z)", "what_h": "", "state": "tanh"},
)
view.show(
    (
        *walk.CARRY,
        *walk.INJECTED,
        *walk.SLOPE,
        *shares.STEPS,
        *walk.ORDER,
        *shares.X_AND_H0,
        *shares.WEIGHTS,
        *shares.BIASES,
        *shares.ALL,
    ),
    but=("carry_piles_up", "writes_into_states"),
)
view.show(families.every(), but=("beside_grad_h", "beside_grad_z", "beside_injected"), by_rule=True)
