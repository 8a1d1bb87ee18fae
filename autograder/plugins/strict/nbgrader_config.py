"""Installed into the environment's etc/jupyter/: makes an error in a course's nbgrader_config.py end every command.

nbgrader would otherwise print the error and go on without the file, and so run students' code in its own kernel.
"""

from nbgrader.apps.baseapp import NbGrader

NbGrader.raise_config_file_errors = True
