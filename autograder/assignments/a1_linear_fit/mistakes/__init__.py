"""Known mistakes of a1_linear_fit, in the order of the course."""

# ruff: noqa: I001  (in the order of the course)
from . import line as line
from . import gradients as gradients
from . import descent as descent
from . import online as online
from . import rules_line as rules_line
from . import rules_walks as rules_walks
