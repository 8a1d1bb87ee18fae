"""The functions that students write in a1_linear_fit: one row each."""

from autograder.kernels.contract import Function, array, arrays

LINE = arrays(w="", b="")
DATA = arrays(x="N", target="N")

FUNCTIONS = (
    Function("predict", {**arrays(x="N"), **LINE}, array("prediction", "N")),
    Function("mse_loss", arrays(prediction="N", target="N"), array("loss", "")),
    Function("numerical_derivative", {"f": "function", **arrays(at="")}, array("slope", "")),
    Function("mse_gradients", {**DATA, **LINE}, (array("dw", ""), array("db", "")), needs=("predict", "mse_loss")),
    Function(
        "gradient_descent",
        {**DATA, **LINE, **arrays(lr="", steps="")},
        (array("w", ""), array("b", ""), array("losses", "updates")),
        needs=("predict", "mse_loss", "mse_gradients"),
        composed=True,
    ),
    Function("largest_stable_lr", arrays(x="N"), array("learning rate", "")),
    Function("online_fit", {**DATA, **arrays(w="", lr="", passes="")}, array("weights", "updates"), needs=("predict",)),
    Function("counterexample", {}, (array("x", "N"), array("target", "N"), array("w", ""), array("lr", ""))),
)
