"""Known mistakes of a4_bptt: the forward of both layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.assignments.recurrent.forward import EDITS, GROWING, TIME, Forward, by_rule
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import View

WORDS = {
    "not_added": "missing from every step",
    "state": "the state",
    "weight_hh_turned": "the state meets weight_hh the wrong way round, and no shape complains",
}
READ = "1, 'Forward'. What is the state before step 0, and which state does step t read?"
CELL = "The forward of the cell: z is a sum of two products and two biases, h is its tanh."
INDEX = "Names for the whole notebook: y = x @ weight.T + bias. weight_hh is square, so only the index tells."
REREAD = {
    "start": READ,
    "reads": READ,
    "outputs": "1, 'Forward'.",
    "inputs": "Names for the whole notebook.",
    "weights": CELL,
    "bend": CELL,
    "behind": CELL,
    "joins": CELL,
    "forward_weight_hh_turned": INDEX,
}
IDENTITY = "7.2, 'A net that adds instead of replacing': a state has two ways into the next one."


def rnn_forward(own: Own, **slots: Any) -> Functions:
    """rnn_forward with these slots of Forward."""
    return {"rnn_forward": Forward(**slots)}


view = View("rnn_forward", rnn_forward, REREAD, words=WORDS)
view.show((*TIME, *EDITS))
view.show(by_rule("behind", "joins", "reads"), but=GROWING, by_rule=True)


def residual_forward(own: Own, **slots: Any) -> Functions:
    """residual_rnn_forward with these slots of Forward."""
    return {"residual_rnn_forward": Forward(**{"joins": lambda h, tanh, h0: h + tanh, **slots})}


known = MistakesIn("residual_rnn_forward", residual_forward)
known(
    "identity_forgotten_forward",
    "the old state is not added: this is the plain layer",
    IDENTITY,
    joins=lambda h, tanh, h0: tanh,
)
known(
    "h0_added_at_every_step",
    "h0 is added at every step, instead of the previous state",
    f"{IDENTITY} The state before step t is that of step t − 1.",
    joins=lambda h, tanh, h0: h0 + tanh,
)
known(
    "tanh_over_the_sum",
    "the old state is added inside another tanh",
    f"{IDENTITY} It is added outside, so that it passes unchanged.",
    joins=lambda h, tanh, h0: np.tanh(h + tanh),
)
view = View(
    "residual_rnn_forward",
    residual_forward,
    {**REREAD, "joins": IDENTITY, "start": "7.2: the state before step 0 is h0, for both ways."},
    where="residual layer: ",
    prefix="residual_",
    words={**WORDS, "state": "what is added"},
)
view.show((*TIME, *EDITS), but=("state_not_passed_on", "state_ignored"))
view.show(by_rule("behind", "joins", "reads"), but=(*GROWING, "forward_joins_0"), by_rule=True)
