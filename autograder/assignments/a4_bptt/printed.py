"""The six reports that a4_bptt prints, and what made them."""

from autograder.naming.printed import Printed

PRINTED = Printed(
    function="rnn_backward",
    chosen=("overwritten", "carry_not_transposed", "state_after", "tanh_missing", "bias_before_tanh", "carry_dropped"),
    others=("mean_over_batch", "h0_zero", "sign_turned_through_time"),
    seed=6,
)
