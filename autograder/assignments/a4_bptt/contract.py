"""The functions that students write in a4_bptt: one row each."""

from autograder.kernels.contract import Function, arrays

RNN = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
READOUT = ("weight_ho", "bias_ho")
FORWARD = ("array", "keep")
LETTERS = dict.fromkeys("ABCDEF", "text")
FULL = arrays("x", "h0", *RNN)

FUNCTIONS = (
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
        composed=True,
    ),
    Function(
        "train_adder",
        ("batches", "params", "lr"),
        (arrays(*RNN, *READOUT), "array"),
        ("rnn_forward", "rnn_backward", "loss_and_gradients"),
        composed=True,
    ),
    Function(
        "train_first_xor_last",
        ("batches", "params", "lr", "max_norm"),
        (arrays(*RNN, *READOUT), "array"),
        ("rnn_forward", "rnn_backward", "clip_grad_norm"),
        composed=True,
    ),
    Function("name_the_mistake", (), LETTERS),
)
