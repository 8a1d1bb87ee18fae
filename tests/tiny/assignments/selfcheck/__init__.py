"""The self-check of this repository, with the calls of its one assignment."""

from . import gates
from .public import check

__all__ = ["check", "gates"]
