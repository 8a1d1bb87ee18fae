"""Known mistakes of a3_rnn_cell, in the order of the course."""

# ruff: noqa: I001  (in the order of the course)
from . import cell_forward as cell_forward
from . import cell_backward as cell_backward
from . import columns as columns
from . import two_steps as two_steps
from . import readout as readout
from . import loss as loss
from . import rules_readout as rules_readout
