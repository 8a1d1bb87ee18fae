"""Known mistakes of gates."""

from __future__ import annotations

import numpy as np

from autograder.naming.bank import Functions, Own, mistake

BOTH = "1, 'Both gates at once'."


@mistake("gates", id="bias_hh_forgotten", title="bias_hh is not added", reread=BOTH)
def bias_hh_forgotten(own: Own) -> Functions:
    return {"gates": lambda x, h, p: own["gates"](x, h, {**p, "bias_hh": np.zeros_like(p["bias_hh"])})}


@mistake("gates", id="tanh_gate", title="the gates go through tanh, not through the sigmoid", reread=BOTH)
def tanh_gate(own: Own) -> Functions:
    def gates(x: np.ndarray, h: np.ndarray, p: dict[str, np.ndarray]) -> np.ndarray:
        return np.tanh(x @ p["weight_ih"].T + p["bias_ih"] + h @ p["weight_hh"].T + p["bias_hh"])

    return {"gates": gates}


@mistake("new_state", id="gates_exchanged", title="the two gates are exchanged", reread="2, 'The new state'.")
def gates_exchanged(own: Own) -> Functions:
    def new_state(
        x: np.ndarray, h: np.ndarray, c: np.ndarray, candidate: np.ndarray, p: dict[str, np.ndarray]
    ) -> np.ndarray:
        enter, forget = np.split(own["gates"](x, h, p), 2, axis=1)
        return np.asarray(forget * c + enter * candidate)

    return {"new_state": new_state}
