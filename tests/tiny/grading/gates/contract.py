"""The functions that students write in gates: one row each."""

from autograder.kernels.contract import Function

FUNCTIONS = (
    Function("gates", ("x", "h", "params"), "array"),
    Function("new_state", ("x", "h", "c", "candidate", "params"), "array", ("gates",), composed=True),
)
