"""The functions that students write in a2_mlp_backprop: one row each."""

from autograder.kernels.contract import CACHE, Array, Function, array, arrays, texts

MLP = arrays(weight_1="H I", bias_1="H", weight_2="O H", bias_2="O")
PARAMS = {"params": MLP}
CLASSES = arrays(logits="N C", target="N")

FUNCTIONS = (
    Function("sigmoid", {"z": Array("z")}, Array("sigmoid")),
    Function("mlp_forward", {**arrays(x="N I"), **PARAMS}, (array("prediction", "N O"), CACHE), needs=("sigmoid",)),
    Function("half_squared_error", arrays(prediction="N O", target="N O"), array("loss", "")),
    Function(
        "worked_example",
        {},
        {**arrays(net_1="N H", hidden="N H", net_2="N O", prediction="N O", loss=""), "grads": MLP},
        needs=("sigmoid", "half_squared_error"),
    ),
    Function("numerical_gradient", {"f": "function", "array": Array("array")}, Array("gradient")),
    Function(
        "mlp_backward",
        {**arrays(grad_prediction="N O"), "cache": "cache"},
        {**arrays(x="N I"), **MLP},
        needs=("sigmoid", "mlp_forward"),
        upstream=("grad_prediction",),
    ),
    Function("softmax", arrays(logits="N C"), array("probabilities", "N C")),
    Function("cross_entropy", CLASSES, array("loss", ""), needs=("softmax",)),
    Function("cross_entropy_backward", CLASSES, array("logits", "N C"), needs=("softmax", "cross_entropy")),
    Function("sgd_step", {**PARAMS, "grads": MLP, **arrays(lr="")}, MLP),
    Function(
        "train_mlp",
        {**arrays(x="N I", target="N O"), **PARAMS, **arrays(lr="", steps="")},
        (MLP, array("losses", "updates")),
        needs=("sigmoid", "mlp_forward", "mlp_backward", "half_squared_error", "sgd_step"),
        composed=True,
    ),
    Function("name_the_mistake", {}, texts(*"ABCDEF")),
)
