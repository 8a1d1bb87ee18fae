"""The functions that students write in a3_rnn_cell: one row each."""

from autograder.kernels.contract import Function, arrays

RNN = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
READOUT = ("weight_ho", "bias_ho")
FORWARD = ("array", "keep")
COLUMNS = ("Wax", "Waa", "Wya", "ba", "by")

FUNCTIONS = (
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
        composed=True,
    ),
    Function("readout_forward", ("outputs", "params"), FORWARD),
    Function("readout_backward", ("grad_logits", "cache"), arrays("outputs", *READOUT), ("readout_forward",)),
    Function("sequence_loss", ("logits", "target"), ("array", "array")),
)
