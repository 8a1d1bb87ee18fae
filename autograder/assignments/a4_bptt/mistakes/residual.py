"""Known mistakes of a4_bptt: residual_rnn_backward."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes.forward import IDENTITY
from autograder.assignments.a4_bptt.mistakes.shared import REREAD, WORDS
from autograder.assignments.recurrent import families, shares, walk
from autograder.assignments.recurrent.sweep import Sweep, forward_of
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import View


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
    but=("carry_piles_up", "h0_without_weight", "writes_into_states"),
)
view.show(families.every(), but=("beside_grad_h", "beside_grad_z", "beside_injected", *families.OF_H0), by_rule=True)
