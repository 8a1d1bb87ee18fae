"""The functions that students write in a4_bptt: one row each."""

from autograder.assignments.sequences import READOUT, RNN
from autograder.kernels.contract import CACHE, Function, array, arrays, texts

ALL = {**RNN, **READOUT}
LAYER = {**arrays(x="T N I", h0="N H"), "params": RNN}
GRADS = {**arrays(x="T N I", h0="N H"), **RNN}
UPSTREAM = {**arrays(grad_outputs="T N H"), "cache": "cache"}
OUTPUTS = (array("outputs", "T N H"), CACHE)
TRAINED = (ALL, array("losses", "updates"))

FUNCTIONS = (
    Function("rnn_forward", LAYER, OUTPUTS),
    Function(
        "credit_matrix", UPSTREAM, array("credit_matrix", "T T"), needs=("rnn_forward",), upstream=("grad_outputs",)
    ),
    Function("rnn_backward", UPSTREAM, GRADS, needs=("rnn_forward",), upstream=("grad_outputs",)),
    Function(
        "rnn_backward_truncated",
        {**UPSTREAM, **arrays(k="")},
        GRADS,
        needs=("rnn_forward",),
        upstream=("grad_outputs",),
    ),
    Function(
        "state_gradient_norms",
        {**arrays(grad_last="N H"), "cache": "cache"},
        array("norms", "T+1"),
        needs=("rnn_forward",),
        upstream=("grad_last",),
    ),
    Function("clip_grad_norm", {"grads": ALL, **arrays(max_norm="")}, (ALL, array("total_norm", ""))),
    Function("residual_rnn_forward", LAYER, OUTPUTS),
    Function("residual_rnn_backward", UPSTREAM, GRADS, needs=("residual_rnn_forward",), upstream=("grad_outputs",)),
    Function(
        "loss_and_gradients",
        {**arrays(x="T N I", h0="N H", target="T N"), "params": ALL},
        (array("loss", ""), ALL),
        needs=("rnn_forward", "rnn_backward"),
        composed=True,
    ),
    Function(
        "train_adder",
        {"batches": "batches", "params": ALL, **arrays(lr="")},
        TRAINED,
        needs=("rnn_forward", "rnn_backward", "loss_and_gradients"),
        composed=True,
    ),
    Function(
        "train_first_xor_last",
        {"batches": "batches", "params": ALL, **arrays(lr="", max_norm="")},
        TRAINED,
        needs=("rnn_forward", "rnn_backward", "clip_grad_norm"),
        composed=True,
    ),
    Function("name_the_mistake", {}, texts(*"ABCDEF")),
)
