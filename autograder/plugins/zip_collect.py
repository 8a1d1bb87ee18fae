"""`nbgrader zip_collect`: refuses what nbgrader would pass over, with exit code 0, as an empty folder."""

from __future__ import annotations

import os
from typing import Any

from nbgrader.plugins.zipcollect import ExtractorPlugin

from autograder.plugins.names import unknown_assignment


class Extractor(ExtractorPlugin):  # type: ignore[misc]
    """nbgrader makes it before it looks at any folder."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        app = self.parent
        if unknown := unknown_assignment(app.coursedir):
            app.fail(unknown)
        archive, extracted = map(app._format_collect_path, (app.archive_directory, app.extracted_directory))
        if not os.path.isdir(archive) and not os.path.isdir(extracted):
            app.fail(
                f"There is no folder {archive}. Make it, put the zip of your learning platform into it, and run this again."
            )
