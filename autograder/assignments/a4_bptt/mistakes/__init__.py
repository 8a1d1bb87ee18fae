"""Known mistakes of a4_bptt, in the order of the course."""

# ruff: noqa: I001  (in the order of the course)
from . import forward as forward
from . import backward as backward
from . import truncated as truncated
from . import credit as credit
from . import clipping as clipping
from . import residual as residual
from . import loss as loss
from . import training as training
