"""Known mistakes of gates."""

from __future__ import annotations

import numpy as np

from autograder.naming.bank import Functions, MistakesIn, Own

in_gates = MistakesIn("gates")
in_new_state = MistakesIn("new_state")

BOTH = "1, 'Both gates at once'."


in_gates(
    "bias_hh_forgotten",
    "bias_hh is not added",
    BOTH,
    lambda own: {"gates": lambda x, h, p: own["gates"](x, h, {**p, "bias_hh": np.zeros_like(p["bias_hh"])})},
)


@in_gates(
    "tanh_gate",
    "the gates go through tanh, not through the sigmoid",
    BOTH,
)
def tanh_gate(own: Own) -> Functions:
    def gates(x: np.ndarray, h: np.ndarray, p: dict[str, np.ndarray]) -> np.ndarray:
        return np.tanh(x @ p["weight_ih"].T + p["bias_ih"] + h @ p["weight_hh"].T + p["bias_hh"])

    return {"gates": gates}


@in_new_state(
    "gates_exchanged",
    "the two gates are exchanged",
    "2, 'The new state'.",
)
def gates_exchanged(own: Own) -> Functions:
    def new_state(
        x: np.ndarray, h: np.ndarray, c: np.ndarray, candidate: np.ndarray, p: dict[str, np.ndarray]
    ) -> np.ndarray:
        enter, forget = np.split(own["gates"](x, h, p), 2, axis=1)
        return np.asarray(forget * c + enter * candidate)

    return {"new_state": new_state}
