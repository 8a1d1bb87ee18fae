"""The class's submissions of gates."""

from __future__ import annotations

from autograder.sample.accidents import cut_file
from autograder.sample.recipes import Recipe, seated, written

A = "gates"
PACKAGE = __name__.rpartition(".")[0]

TANH = """
def gates(x, h, params):
    return np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"])
"""
NO_BIAS = """
def gates(x, h, params):
    net = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T
    return 1 / (1 + np.exp(-net))
"""
EXCHANGED = """
def new_state(x, h, c, candidate, params):
    both = gates(x, h, params)
    half = both.shape[1] // 2
    return both[:, half:] * c + both[:, :half] * candidate
"""

CLASS = seated(
    1,
    [
        Recipe(A, "right"),
        Recipe(A, "one mistake: bias_hh", answers=written(PACKAGE, NO_BIAS), loses={"gates": 1}),
        Recipe(A, "one mistake: tanh", answers=written(PACKAGE, TANH), loses={"gates": 1}),
        Recipe(A, "one mistake: the gates exchanged", answers=written(PACKAGE, EXCHANGED), loses={"new_state": 1}),
        Recipe(A, "untouched", stubs=("gates", "new_state")),
        Recipe(A, "the upload broke off", accident=cut_file, loses_all=True, needs_look=True),
    ],
)
