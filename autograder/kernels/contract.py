"""The contract of the course: every function that students write, its arguments and what it returns.

``returns`` tells the student's process what to send back: ``"array"`` (whatever np.asarray makes of it), ``"keep"``
(stays there, behind a number: a cache), ``"text"``, a dict of these by key, a tuple of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Spec = Any  # "array" | "keep" | "text" | dict[str, Spec] | tuple[Spec, ...]


@dataclass(frozen=True)
class Function:
    """One function of the contract. ``needs`` names those that its inputs come from or that it is built of."""

    name: str
    arguments: tuple[str, ...]
    returns: Spec
    needs: tuple[str, ...] = ()


def arrays(*names: str) -> dict[str, Spec]:
    """A dict of arrays under these keys."""
    return dict.fromkeys(names, "array")


MLP = ("weight_1", "bias_1", "weight_2", "bias_2")
RNN = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
READOUT = ("weight_ho", "bias_ho")
FORWARD = ("array", "keep")
LETTERS = dict.fromkeys("ABCDEF", "text")
FULL = arrays("x", "h0", *RNN)
COLUMNS = ("Wax", "Waa", "Wya", "ba", "by")

A1_LINEAR_FIT = (
    Function("predict", ("x", "w", "b"), "array"),
    Function("mse_loss", ("prediction", "target"), "array"),
    Function("numerical_derivative", ("f", "at"), "array"),
    Function("mse_gradients", ("x", "target", "w", "b"), ("array", "array"), ("predict", "mse_loss")),
    Function(
        "gradient_descent",
        ("x", "target", "w", "b", "lr", "steps"),
        ("array", "array", "array"),
        ("predict", "mse_loss", "mse_gradients"),
    ),
    Function("largest_stable_lr", ("x",), "array"),
    Function("online_fit", ("x", "target", "w", "lr", "passes"), "array", ("predict",)),
    Function("counterexample", (), ("array", "array", "array", "array")),
)

A2_MLP_BACKPROP = (
    Function("sigmoid", ("z",), "array"),
    Function("mlp_forward", ("x", "params"), FORWARD, ("sigmoid",)),
    Function("half_squared_error", ("prediction", "target"), "array"),
    Function(
        "worked_example",
        (),
        {**arrays("net_1", "hidden", "net_2", "prediction", "loss"), "grads": arrays(*MLP)},
        ("sigmoid", "half_squared_error"),
    ),
    Function("numerical_gradient", ("f", "array"), "array"),
    Function("mlp_backward", ("grad_prediction", "cache"), arrays("x", *MLP), ("sigmoid", "mlp_forward")),
    Function("softmax", ("logits",), "array"),
    Function("cross_entropy", ("logits", "target"), "array", ("softmax",)),
    Function("cross_entropy_backward", ("logits", "target"), "array", ("softmax", "cross_entropy")),
    Function("sgd_step", ("params", "grads", "lr"), arrays(*MLP)),
    Function(
        "train_mlp",
        ("x", "target", "params", "lr", "steps"),
        (arrays(*MLP), "array"),
        ("sigmoid", "mlp_forward", "mlp_backward", "half_squared_error", "sgd_step"),
    ),
    Function("name_the_mistake", (), LETTERS),
)

A3_RNN_CELL = (
    Function("rnn_cell_forward", ("x", "h_prev", "params"), FORWARD),
    Function("rnn_cell_backward", ("grad_h", "cache"), arrays("x", "h_prev", *RNN), ("rnn_cell_forward",)),
    Function("column_cell_forward", ("xt", "a_prev", *COLUMNS), ("array", "array"), ("rnn_cell_forward",)),
    Function(
        "column_cell_backward",
        ("da_next", "xt", "a_prev", "Wax", "Waa", "ba"),
        arrays("dxt", "da_prev", "dWax", "dWaa", "dba"),
        ("rnn_cell_forward", "rnn_cell_backward"),
    ),
    Function(
        "two_step_backward",
        ("grad_h1", "grad_h2", "cache_1", "cache_2"),
        arrays("x_1", "x_2", "h0", *RNN),
        ("rnn_cell_forward", "rnn_cell_backward"),
    ),
    Function("readout_forward", ("outputs", "params"), FORWARD),
    Function("readout_backward", ("grad_logits", "cache"), arrays("outputs", *READOUT), ("readout_forward",)),
    Function("sequence_loss", ("logits", "target"), ("array", "array")),
)

A4_BPTT = (
    Function("rnn_forward", ("x", "h0", "params"), FORWARD),
    Function("credit_matrix", ("grad_outputs", "cache"), "array", ("rnn_forward",)),
    Function("rnn_backward", ("grad_outputs", "cache"), FULL, ("rnn_forward",)),
    Function("rnn_backward_truncated", ("grad_outputs", "cache", "k"), FULL, ("rnn_forward",)),
    Function("state_gradient_norms", ("grad_last", "cache"), "array", ("rnn_forward",)),
    Function("clip_grad_norm", ("grads", "max_norm"), (arrays(*RNN, *READOUT), "array")),
    Function("residual_rnn_forward", ("x", "h0", "params"), FORWARD),
    Function("residual_rnn_backward", ("grad_outputs", "cache"), FULL, ("residual_rnn_forward",)),
    Function(
        "loss_and_gradients",
        ("x", "h0", "target", "params"),
        ("array", arrays(*RNN, *READOUT)),
        ("rnn_forward", "rnn_backward"),
    ),
    Function(
        "train_adder",
        ("batches", "params", "lr"),
        (arrays(*RNN, *READOUT), "array"),
        ("rnn_forward", "rnn_backward", "loss_and_gradients"),
    ),
    Function(
        "train_first_xor_last",
        ("batches", "params", "lr", "max_norm"),
        (arrays(*RNN, *READOUT), "array"),
        ("rnn_forward", "rnn_backward", "clip_grad_norm"),
    ),
    Function("name_the_mistake", (), LETTERS),
)

CONTRACT: Mapping[str, tuple[Function, ...]] = {
    "a1_linear_fit": A1_LINEAR_FIT,
    "a2_mlp_backprop": A2_MLP_BACKPROP,
    "a3_rnn_cell": A3_RNN_CELL,
    "a4_bptt": A4_BPTT,
}


def functions(assignment: str) -> dict[str, Function]:
    """The functions of one assignment by name, in the order of the course."""
    return {function.name: function for function in CONTRACT[assignment]}
