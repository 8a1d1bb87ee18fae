"""The sample class: every student hands in every assignment, and what each should get is known beforehand."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.sample import a1_linear_fit, a2_mlp_backprop, a3_rnn_cell, a4_bptt
from autograder.sample.recipes import Recipe

CLASSES: Mapping[str, tuple[Recipe, ...]] = {
    "a1_linear_fit": a1_linear_fit.CLASS,
    "a2_mlp_backprop": a2_mlp_backprop.CLASS,
    "a3_rnn_cell": a3_rnn_cell.CLASS,
    "a4_bptt": a4_bptt.CLASS,
}
