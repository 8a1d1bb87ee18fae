"""The six reports that a2_mlp_backprop prints, and what made them."""

from autograder.naming.printed import Printed

PRINTED = Printed(
    function="mlp_backward",
    chosen=(
        "bias_by_mean",
        "top_slope_missing",
        "bias_1_before_slope",
        "upstream_ones",
        "hidden_slope_missing",
        "sign_turned",
    ),
    others=("mean_again", "doubled", "weights_turned"),
    seed=2024,
)
