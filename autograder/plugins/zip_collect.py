"""`nbgrader zip_collect`: refuses what nbgrader would pass over, with exit code 0, as an empty folder."""

from __future__ import annotations

import os
from typing import Any

from nbgrader.plugins.zipcollect import ExtractorPlugin, FileNameCollectorPlugin

from autograder.plugins.names import unknown_assignment

NO_PATTERN = (
    "nbgrader cannot tell whose files these are. A zip of Canvas, Moodle or Gradescope: `autograder collect-zip`, see "
    "docs/lms.md. Of another platform: set c.FileNameCollectorPlugin.named_regexp in nbgrader_config.py to how their names begin."
)


class Extractor(ExtractorPlugin):  # type: ignore[misc]
    """nbgrader makes it before it looks at any folder."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        app = self.parent
        if unknown := unknown_assignment(app.coursedir):
            app.fail(unknown)
        archive, extracted = map(app._format_collect_path, (app.archive_directory, app.extracted_directory))
        if not os.path.isdir(archive) and not os.path.isdir(extracted):
            app.fail(f"There is no folder {archive}. Make it, and put the zip of your learning platform into it.")
        collector = app.collector_plugin
        if collector is FileNameCollectorPlugin and not collector(parent=app).named_regexp:
            app.fail(NO_PATTERN)
