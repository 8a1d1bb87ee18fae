"""The self-check of every assignment at once, as authors and the grader's own Python import it.

Students get one file an assignment: the build joins the shared modules of this package and the assignment's own,
which is named after it.
"""

import importlib
import pkgutil

from .public import check, install_check, laws, needs, summary

__all__ = ["check", "install_check", "laws", "needs", "summary"]

for found in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{found.name}")
