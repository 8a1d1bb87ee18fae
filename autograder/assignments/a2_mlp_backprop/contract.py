"""The functions that students write in a2_mlp_backprop: one row each."""

from autograder.kernels.contract import Function, arrays

MLP = ("weight_1", "bias_1", "weight_2", "bias_2")
FORWARD = ("array", "keep")
LETTERS = dict.fromkeys("ABCDEF", "text")

FUNCTIONS = (
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
        composed=True,
    ),
    Function("name_the_mistake", (), LETTERS),
)
