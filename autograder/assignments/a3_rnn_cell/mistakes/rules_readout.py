"""Known mistakes of a3_rnn_cell made by rule: what people write in each place of the readout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.readout import READOUT, readout_back
from autograder.assignments.errors import BENDS
from autograder.naming.bank import MistakesIn

FORWARD = "4.1, the line of the readout."


def read_out(logits: Callable[..., np.ndarray]) -> Callable[..., Any]:
    """A readout_forward that makes its logits so of outputs and params."""
    return lambda outputs, params: (logits(outputs, params), None)


known = MistakesIn("readout_forward", lambda own, whole: {"readout_forward": whole}, by_rule=True)
for id, (words, bend) in BENDS.items():
    if id != "nothing":
        known(
            f"readout_bend_{id}",
            f"{words} is taken of the logits",
            FORWARD,
            whole=read_out(lambda o, p, bend=bend: bend(o @ p["weight_ho"].T + p["bias_ho"])),
        )
LOGITS: dict[str, Any] = {
    "tanh is taken of outputs once more": lambda o, p: np.tanh(o) @ p["weight_ho"].T + p["bias_ho"],
    "outputs is averaged over its first axis": lambda o, p: (o.mean(axis=0) + 0 * o) @ p["weight_ho"].T + p["bias_ho"],
    "logits is averaged over its first axis": lambda o, p: (o @ p["weight_ho"].T + p["bias_ho"]).mean(axis=0),
    "logits is summed over its first axis": lambda o, p: (o @ p["weight_ho"].T + p["bias_ho"]).sum(axis=0),
    "only the first step is read out": lambda o, p: o[0] @ p["weight_ho"].T + p["bias_ho"],
    "logits is in reverse order": lambda o, p: (o @ p["weight_ho"].T + p["bias_ho"])[::-1],
    "logits has one long list of rows": lambda o, p: (o @ p["weight_ho"].T + p["bias_ho"]).reshape(
        -1, len(p["bias_ho"])
    ),
    "the first two axes of logits are exchanged": lambda o, p: np.swapaxes(o @ p["weight_ho"].T + p["bias_ho"], 0, 1),
    "bias_ho is taken away": lambda o, p: o @ p["weight_ho"].T - p["bias_ho"],
    "bias_ho is multiplied with, not added": lambda o, p: o @ p["weight_ho"].T * p["bias_ho"],
    "the largest logit becomes 1, all else 0": lambda o, p: (
        (z := o @ p["weight_ho"].T + p["bias_ho"]) == z.max(axis=-1, keepdims=True)
    ),
    "the largest of each row is taken away": lambda o, p: (
        (z := o @ p["weight_ho"].T + p["bias_ho"]) - z.max(axis=-1, keepdims=True)
    ),
    "the log of a softmax is taken": lambda o, p: (
        (z := o @ p["weight_ho"].T + p["bias_ho"]) - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    ),
    "the states so far are added up": lambda o, p: np.cumsum(o, axis=0) @ p["weight_ho"].T + p["bias_ho"],
}
for words, make in LOGITS.items():
    known(f"readout_{words}", words, FORWARD, whole=read_out(make))

known = MistakesIn("readout_backward", readout_back, by_rule=True)
READOUT_BACK: dict[str, Any] = {
    "grad_logits is ignored, as if every entry were 1": lambda g, o, p, right: gradients(0 * g + 1, o, p),
    "grad_logits is used with the other sign": lambda g, o, p, right: gradients(-g, o, p),
    "grad_logits is divided by the number of rows": lambda g, o, p, right: gradients(g * g.shape[-1] / g.size, o, p),
    "grad_logits is averaged over its first axis": lambda g, o, p, right: gradients(0 * g + g.mean(axis=0), o, p),
    "grad_logits is clipped to [−1, 1]": lambda g, o, p, right: gradients(np.clip(g, -1, 1), o, p),
    "every gradient passes the slope of tanh": lambda g, o, p, right: {
        **right,
        "outputs": right["outputs"] * (1 - o**2),
        "weight_ho": rows(g).T @ (rows(o) * (1 - rows(o) ** 2)),
    },
    "bias_ho is summed over the classes, not over the rows": lambda g, o, p, right: {"bias_ho": g.sum(axis=-1)},
    "bias_ho is the sum over everything in every entry": lambda g, o, p, right: {
        "bias_ho": 0 * right["bias_ho"] + g.sum()
    },
    "bias_ho is one number, the sum over everything": lambda g, o, p, right: {"bias_ho": g.sum()},
    "bias_ho is summed over the steps and averaged over the samples": lambda g, o, p, right: {
        "bias_ho": g.sum(axis=0).mean(axis=0)
    },
    "bias_ho is averaged over the steps and summed over the samples": lambda g, o, p, right: {
        "bias_ho": g.mean(axis=0).sum(axis=0)
    },
    "bias_ho is summed over the samples and not over the steps": lambda g, o, p, right: {"bias_ho": g.sum(axis=-2)},
    "bias_ho has the first step's share alone": lambda g, o, p, right: {"bias_ho": g[0].sum(axis=0)},
    "bias_ho has the last step's share alone": lambda g, o, p, right: {"bias_ho": g[-1].sum(axis=0)},
    "bias_ho is multiplied by the mean of outputs": lambda g, o, p, right: {
        "bias_ho": (rows(g) * rows(o).mean(axis=1, keepdims=True)).sum(axis=0)
    },
    "bias_ho is left at zero": lambda g, o, p, right: {"bias_ho": 0 * right["bias_ho"]},
    "weight_ho is averaged over the rows": lambda g, o, p, right: {"weight_ho": right["weight_ho"] / len(rows(g))},
    "weight_ho is averaged over the steps": lambda g, o, p, right: {"weight_ho": right["weight_ho"] / len(g)},
    "weight_ho is averaged over the samples": lambda g, o, p, right: {"weight_ho": right["weight_ho"] / g.shape[-2]},
    "weight_ho and bias_ho are averaged over the steps": lambda g, o, p, right: {
        k: right[k] / len(g) for k in ("weight_ho", "bias_ho")
    },
    "weight_ho and bias_ho are averaged over the samples": lambda g, o, p, right: {
        k: right[k] / g.shape[-2] for k in ("weight_ho", "bias_ho")
    },
    "weight_ho and bias_ho have the first step's share alone": lambda g, o, p, right: {
        "weight_ho": rows(g[0]).T @ rows(o[0]),
        "bias_ho": rows(g[0]).sum(axis=0),
    },
    "weight_ho has the first step's share alone": lambda g, o, p, right: {"weight_ho": g[0].T @ o[0]},
    "weight_ho is the product of sums over the rows": lambda g, o, p, right: {
        "weight_ho": np.outer(rows(g).sum(axis=0), rows(o).sum(axis=0))
    },
    "weight_ho is the product of means over the rows": lambda g, o, p, right: {
        "weight_ho": np.outer(rows(g).mean(axis=0), rows(o).mean(axis=0))
    },
    "weight_ho is paired with tanh of outputs": lambda g, o, p, right: {"weight_ho": rows(g).T @ np.tanh(rows(o))},
    "weight_ho is paired with the slope of tanh": lambda g, o, p, right: {"weight_ho": rows(g).T @ (1 - rows(o) ** 2)},
    "weight_ho is paired with the state of the step before": lambda g, o, p, right: {
        "weight_ho": rows(g[1:]).T @ rows(o[:-1])
    },
    "weight_ho is paired with the state of the step after": lambda g, o, p, right: {
        "weight_ho": rows(g[:-1]).T @ rows(o[1:])
    },
    "weight_ho is paired with the outputs in reverse order": lambda g, o, p, right: {
        "weight_ho": rows(g).T @ rows(o[::-1])
    },
    "the gradient of outputs is divided by the number of rows": lambda g, o, p, right: {
        "outputs": right["outputs"] / len(rows(g))
    },
    "the gradient of outputs reaches the last step alone": lambda g, o, p, right: {
        "outputs": np.concatenate([0 * right["outputs"][:-1], right["outputs"][-1:]])
    },
    "the gradient of outputs is added up over the steps": lambda g, o, p, right: {
        "outputs": np.cumsum(right["outputs"][::-1], axis=0)[::-1]
    },
    "the gradient of outputs is multiplied by outputs": lambda g, o, p, right: {"outputs": right["outputs"] * o},
    "bias_ho is added to grad_logits on the way to outputs": lambda g, o, p, right: {
        "outputs": (g + p["bias_ho"]) @ p["weight_ho"]
    },
}
for words, change in READOUT_BACK.items():
    known(f"readout_back_{words}", words, READOUT, change=change)


def rows(array: np.ndarray) -> np.ndarray:
    """One long list of rows."""
    return array.reshape(-1, array.shape[-1])


def gradients(g: np.ndarray, outputs: np.ndarray, params: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The three right gradients for some grad_logits."""
    return {"outputs": g @ params["weight_ho"], "weight_ho": rows(g).T @ rows(outputs), "bias_ho": rows(g).sum(axis=0)}
