"""The functions that students write in gates: one row each."""

from autograder.kernels.contract import Function, array, arrays

PARAMS = arrays(weight_ih="2H I", weight_hh="2H H", bias_ih="2H", bias_hh="2H")
STATES = arrays(x="N I", h="N H")

FUNCTIONS = (
    Function("gates", {**STATES, "params": PARAMS}, array("gates", "N 2H")),
    Function(
        "new_state",
        {**STATES, **arrays(c="N H", candidate="N H"), "params": PARAMS},
        array("new_state", "N H"),
        needs=("gates",),
        composed=True,
    ),
)
