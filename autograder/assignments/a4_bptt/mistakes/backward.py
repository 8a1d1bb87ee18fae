"""Known mistakes of a4_bptt: rnn_backward."""

from __future__ import annotations

from typing import Any

from autograder.assignments.a4_bptt.mistakes.shared import REREAD, WORDS, Array, Grads, Params
from autograder.assignments.recurrent import families, shares, walk
from autograder.assignments.recurrent.sweep import Run, Sweep, forward_of, run_forward
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import View


def bptt(own: Own, **slots: Any) -> Functions:
    """rnn_forward and an rnn_backward with these slots of Sweep."""
    return {"rnn_forward": forward_of(), "rnn_backward": Sweep(**slots)}


view = View("rnn_backward", bptt, REREAD, words=WORDS)
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
    )
)

view.show(families.every(), by_rule=True)

in_rnn_backward = MistakesIn("rnn_backward")


@in_rnn_backward(
    "writes_into_grad_outputs",
    "grad_outputs itself is written into, and the caller's array changes",
    "No function changes its arguments: a = a + b makes a new array, a += b writes into the old one.",
    seen_in="Burton2000/CS231n-2017 #7",
)
def writes_into_grad_outputs(own: Own) -> Functions:
    def rnn_backward(grad_outputs: Array, run: Run) -> Grads:
        way = Sweep().walk(grad_outputs, run)
        grad_outputs[:-1] += way.grad_h[:-1] - grad_outputs[:-1]
        return Sweep().share_out(way, way, way, way)

    return {"rnn_forward": forward_of(), "rnn_backward": rnn_backward}


@in_rnn_backward(
    "latest_forward_used",
    "backward reads what the latest forward left behind, not its own cache",
    "A cache can be used again, also when another forward has run in between: read your argument.",
    seen_in="nbgrader's own advice for autograding (a global instead of an argument)",
)
def latest_forward_used(own: Own) -> Functions:
    latest: list[Run] = []

    def rnn_forward(x: Array, h0: Array, params: Params) -> tuple[Array, Run]:
        latest[:] = [run_forward(x, h0, params)]
        return latest[0].after.copy(), latest[0]

    def rnn_backward(grad_outputs: Array, run: Run) -> Grads:
        steps = min(len(grad_outputs), len(latest[0].x))
        return Sweep()(grad_outputs[:steps], latest[0])

    return {"rnn_forward": rnn_forward, "rnn_backward": rnn_backward}
