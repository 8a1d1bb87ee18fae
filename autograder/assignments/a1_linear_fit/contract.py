"""The functions that students write in a1_linear_fit: one row each."""

from autograder.kernels.contract import Function

FUNCTIONS = (
    Function("predict", ("x", "w", "b"), "array"),
    Function("mse_loss", ("prediction", "target"), "array"),
    Function("numerical_derivative", ("f", "at"), "array"),
    Function("mse_gradients", ("x", "target", "w", "b"), ("array", "array"), ("predict", "mse_loss")),
    Function(
        "gradient_descent",
        ("x", "target", "w", "b", "lr", "steps"),
        ("array", "array", "array"),
        ("predict", "mse_loss", "mse_gradients"),
        composed=True,
    ),
    Function("largest_stable_lr", ("x",), "array"),
    Function("online_fit", ("x", "target", "w", "lr", "passes"), "array", ("predict",)),
    Function("counterexample", (), ("array", "array", "array", "array")),
)
