"""The functions that students write in a3_rnn_cell: one row each."""

from autograder.assignments.sequences import READOUT, RNN
from autograder.kernels.contract import CACHE, Function, array, arrays

COLUMN_WEIGHTS = arrays(Wax="H I", Waa="H H", Wya="C H", ba="H 1", by="C 1")

FUNCTIONS = (
    Function("rnn_cell_forward", {**arrays(x="N I", h_prev="N H"), "params": RNN}, (array("h", "N H"), CACHE)),
    Function(
        "rnn_cell_backward",
        {**arrays(grad_h="N H"), "cache": "cache"},
        {**arrays(x="N I", h_prev="N H"), **RNN},
        needs=("rnn_cell_forward",),
        upstream=("grad_h",),
    ),
    Function(
        "column_cell_forward",
        {**arrays(xt="I N", a_prev="H N"), **COLUMN_WEIGHTS},
        (array("a_next", "H N"), array("yt_pred", "C N")),
        needs=("rnn_cell_forward",),
    ),
    Function(
        "column_cell_backward",
        arrays(da_next="H N", xt="I N", a_prev="H N", Wax="H I", Waa="H H", ba="H 1"),
        arrays(dxt="I N", da_prev="H N", dWax="H I", dWaa="H H", dba="H 1"),
        needs=("rnn_cell_forward", "rnn_cell_backward"),
        upstream=("da_next",),
    ),
    Function(
        "two_step_backward",
        {**arrays(grad_h1="N H", grad_h2="N H"), "cache_1": "cache", "cache_2": "cache"},
        {**arrays(x_1="N I", x_2="N I", h0="N H"), **RNN},
        needs=("rnn_cell_forward", "rnn_cell_backward"),
        upstream=("grad_h1", "grad_h2"),
        composed=True,
    ),
    Function("readout_forward", {**arrays(outputs="T N H"), "params": READOUT}, (array("logits", "T N C"), CACHE)),
    Function(
        "readout_backward",
        {**arrays(grad_logits="T N C"), "cache": "cache"},
        {**arrays(outputs="T N H"), **READOUT},
        needs=("readout_forward",),
        upstream=("grad_logits",),
    ),
    Function("sequence_loss", arrays(logits="T N C", target="T N"), (array("loss", ""), array("grad_logits", "T N C"))),
)
