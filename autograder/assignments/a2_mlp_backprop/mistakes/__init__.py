"""Known mistakes of a2_mlp_backprop, in the order of the course."""

# ruff: noqa: I001  (in the order of the course)
from . import forward as forward
from . import worked_example as worked_example
from . import differences as differences
from . import backward as backward
from . import calls as calls
from . import classes as classes
from . import training as training
from . import rules_net as rules_net
from . import rules_training as rules_training
