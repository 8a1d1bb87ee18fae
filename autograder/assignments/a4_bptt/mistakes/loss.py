"""Known mistakes of a4_bptt: loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a4_bptt.mistakes.shared import REREAD, SIX, WORDS, Array, Grads, Params
from autograder.assignments.classification import GRADIENT, LOSS, SIZE, SOFTMAX, Classes
from autograder.assignments.classification_rules import NO_LOG
from autograder.assignments.classification_rules import by_rule as classes_by_rule
from autograder.assignments.recurrent import families, shares, walk
from autograder.assignments.recurrent.forward import EDITS, GROWING, TIME, Forward
from autograder.assignments.recurrent.forward import by_rule as forwards_by_rule
from autograder.assignments.recurrent.sweep import Sweep, forward_of
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import View

TOGETHER = "8.1, 'All of it together'"


def network(
    own: Own,
    *,
    h0: Callable[[Array], Array] = lambda h0: h0,
    seen: Callable[[Array], Array] = lambda outputs: outputs,
    target: Callable[[Array], Array] = lambda target: target,
    logits: Callable[[Array], Array] = lambda grad: grad,
    outputs: Callable[[Array], Array] = lambda grad: grad,
    after: Callable[[Any, Grads, Array], tuple[Any, Grads]] = lambda loss, grads, target: (loss, grads),
) -> Callable[[Array, Array, Array, Params], tuple[Any, Grads]]:
    """loss_and_gradients of the functions below it, right by default; each switch changes what goes by."""

    def loss_and_gradients(x: Array, start: Array, wanted: Array, params: Params) -> tuple[Any, Grads]:
        states, rnn_cache = own["rnn_forward"](x, h0(start), params)
        scores, readout_cache = own["readout_forward"](seen(np.asarray(states)), params)
        loss, grad_logits = own["sequence_loss"](scores, target(wanted))
        readout = own["readout_backward"](logits(grad_logits), readout_cache)
        rnn = own["rnn_backward"](outputs(readout["outputs"]), rnn_cache)
        grads = {name: readout[name] if "ho" in name else rnn[name] for name in SIX}
        return after(loss, grads, wanted)

    return loss_and_gradients


def together(own: Own, **switches: Any) -> Functions:
    """loss_and_gradients with these switches of network."""
    return {"loss_and_gradients": network(own, **switches)}


in_loss_and_gradients = MistakesIn("loss_and_gradients", together)


def last_only(grad: Array) -> Array:
    """The last step's entries, all others zero."""
    return np.concatenate([0 * grad[:-1], grad[-1:]])


in_loss_and_gradients(
    "loss_summed",
    "the loss is a sum over steps and samples, the gradients belong to the mean",
    f"{TOGETHER}: sequence_loss is a mean over T·N.",
    after=lambda loss, grads, target: (loss * target.size, grads),
)
in_loss_and_gradients(
    "gradients_summed",
    "the gradients belong to a sum over steps and samples, the loss is a mean",
    f"{TOGETHER}: the 1/(T·N) of the loss is in grad_logits.",
    logits=lambda grad: grad * np.prod(grad.shape[:2]),
    seen_in="hunkim/DeepLearningZeroToAll #173; danijar/layered #1",
)
in_loss_and_gradients(
    "divided_again",
    "the gradients are divided by T·N a second time",
    "The loss divides, backward never does.",
    logits=lambda grad: grad / np.prod(grad.shape[:2]),
    seen_in="DLS 63071",
)
in_loss_and_gradients(
    "layer_divided_again",
    "what goes back into the layer is divided by T·N a second time; the readout's gradients are right",
    "The loss divides, backward never does.",
    outputs=lambda grad: grad / np.prod(grad.shape[:2]),
)
in_loss_and_gradients(
    "readout_error_at_last_step",
    "only the last step's error goes back into the layer",
    f"{TOGETHER}: the readout gives an injected gradient for every step.",
    outputs=last_only,
    seen_in="DLS 11690",
)
in_loss_and_gradients(
    "h0_replaced_by_zero", "h0 is replaced by zero", f"{TOGETHER}: h0 is an argument here.", h0=lambda h0: 0 * h0
)
in_loss_and_gradients(
    "readout_gradients_zero",
    "the readout's own gradients are left at zero",
    f"{TOGETHER}: six parameters, two of them in the readout.",
    after=lambda loss, grads, target: (loss, {k: 0 * v if "ho" in k else v for k, v in grads.items()}),
)
in_loss_and_gradients(
    "signs_turned",
    "all six gradients have the wrong sign",
    f"{TOGETHER}: sgd_step subtracts, so pass it the gradient unchanged.",
    logits=lambda grad: -grad,
)
in_loss_and_gradients(
    "target_one_late",
    "the targets are one step off",
    f"{TOGETHER}: target[t] belongs to outputs[t].",
    target=lambda target: np.roll(target, 1, axis=0),
)


# ---- by rule: all of it written in one piece -------------------------------------------------------------------------


def one_piece(own: Own, **slots: Any) -> Functions:
    """loss_and_gradients with a layer of its own: these slots of Sweep."""
    return {"loss_and_gradients": network({**own, "rnn_forward": forward_of(), "rnn_backward": Sweep(**slots)})}


def one_forward(own: Own, **slots: Any) -> Functions:
    """loss_and_gradients with a forward of its own: these slots of Forward."""
    return {"loss_and_gradients": network({**own, "rnn_forward": Forward(**slots), "rnn_backward": Sweep()})}


def one_loss(own: Own, **slots: Any) -> Functions:
    """loss_and_gradients with a loss of its own: these slots of Classes."""
    right = Classes(**slots)
    loss = lambda logits, target: (right.loss(logits, target), right.slope(logits, target))
    return {"loss_and_gradients": network({**own, "sequence_loss": loss})}


NOT_SEEN = {"x", "h0", "delta_x", "window_x", "window_h0"}  # what is not returned here
view = View(
    "loss_and_gradients",
    one_piece,
    REREAD,
    where="inside it: ",
    prefix="piece_",
    words={**WORDS, "g": "the readout's gradient", "injected": "what the readout injects at each step"},
)
view.show(
    (
        one
        for one in (
            *walk.CARRY,
            *walk.INJECTED,
            *walk.SLOPE,
            *walk.ORDER,
            *shares.STEPS,
            *shares.WEIGHTS,
            *shares.BIASES,
            *families.every(),
        )
        if one.place not in NOT_SEEN
    ),
    but=("writes_into_states", "h0_taken_for_zero", "carry_dropped_h0_zero", "injected_clipped_1", *families.OF_H0),
    by_rule=True,
)
View(
    "loss_and_gradients",
    one_forward,
    dict.fromkeys(("bend", "behind", "joins", "reads", "weights", "start", "inputs", "outputs"), TOGETHER),
    where="in its forward: ",
    prefix="piece_",
    words={"not_added": "not added", "state": "the state", "weight_hh_turned": "weight_hh is used transposed"},
).show(
    (*EDITS, *TIME, *forwards_by_rule("behind", "joins", "reads")),
    but=(*GROWING, "last_state_only", "h0_kept"),
    by_rule=True,
)
View(
    "loss_and_gradients",
    one_loss,
    dict.fromkeys(("given", "axis", "p", "shift", "rows", "reduce", "gradient", "divide", "log_p"), TOGETHER),
    where="in its loss: ",
    prefix="piece_",
    words={
        "inside": "",
        "matrix": "array",
        "together": "",
        "first_axis": "steps",
        "one_maximum": "one maximum is taken away from all rows",
        "before": "",
        "with_it": "",
        "what_is": "loss and gradient are",
        "what_is_divided": "loss and gradient are",
        "a_sum": "sums",
        "a_mean": "means",
        "all_rows": "steps and samples",
        "in_gradient": "",
        "gradient_of": "the gradient of the logits",
    },
).show(
    (*SOFTMAX, *LOSS, *SIZE, *GRADIENT, *classes_by_rule("given", "p", "rows", "reduce", "gradient", "divide")),
    but=(*NO_LOG, "shifted_by_all", "overflows", "log_overflows", "log_of_softmax", "epsilon"),
    by_rule=True,
)
in_loss_and_gradients = MistakesIn("loss_and_gradients", together, by_rule=True)
TOGETHER_2: dict[str, Any] = {
    "tanh is taken of the outputs once more before the readout": {"seen": np.tanh},
    "the readout reads the outputs one step late": {
        "seen": lambda outputs: np.concatenate([0 * outputs[:1], outputs[:-1]])
    },
    "the readout reads the outputs in reverse order": {"seen": lambda outputs: outputs[::-1]},
    "the readout reads the last state at every step": {
        "seen": lambda outputs: np.broadcast_to(outputs[-1], outputs.shape)
    },
    "the targets are in reverse order": {"target": lambda target: target[::-1]},
    "the targets are one step early": {"target": lambda target: np.roll(target, -1, axis=0)},
    "all targets are those of the last step": {"target": lambda target: np.broadcast_to(target[-1], target.shape)},
    "all targets are those of the first step": {"target": lambda target: np.broadcast_to(target[0], target.shape)},
    "the readout's gradient goes back through tanh once more": {"outputs": lambda grad: grad * 0.5},
    "the gradient of the outputs is divided by the number of samples": {"outputs": lambda grad: grad / grad.shape[1]},
    "the gradient of the outputs is divided by the number of steps": {"outputs": lambda grad: grad / len(grad)},
    "the gradient of the outputs is multiplied by the number of steps and samples": {
        "outputs": lambda grad: grad * grad.shape[0] * grad.shape[1]
    },
    "the gradient of the outputs has the other sign": {"outputs": lambda grad: -grad},
    "the gradient of the outputs is in reverse order": {"outputs": lambda grad: grad[::-1]},
    "the gradient of the outputs reaches the first step alone": {
        "outputs": lambda grad: np.concatenate([grad[:1], 0 * grad[1:]])
    },
    "nothing goes back into the layer": {"outputs": lambda grad: 0 * grad},
    "the gradient of the logits is divided by the number of samples once more": {
        "logits": lambda grad: grad / grad.shape[1]
    },
    "the gradient of the logits is divided by the number of steps once more": {"logits": lambda grad: grad / len(grad)},
    "the gradient of the logits is multiplied by the number of steps": {"logits": lambda grad: grad * len(grad)},
    "the gradient of the logits is multiplied by the number of samples": {"logits": lambda grad: grad * grad.shape[1]},
    "only the last step's gradient of the logits counts": {"logits": last_only},
    "h0 is all ones": {"h0": lambda h0: 0 * h0 + 1},
}
for words, switch in TOGETHER_2.items():
    if "tanh once more" not in words:
        in_loss_and_gradients(f"together_{words}", words, TOGETHER, **switch)
