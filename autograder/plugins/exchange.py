"""nbgrader's release_feedback, for a class in which some work was handed in and some was put in place by hand."""

from __future__ import annotations

import glob
import os

from nbgrader.exchange.default import ExchangeReleaseFeedback
from nbgrader.utils import temp_attrs

from autograder.plugins.converters import RELEASING
from autograder.plugins.names import listed


class ReleaseFeedback(ExchangeReleaseFeedback):  # type: ignore[misc]
    """Skips students whose work did not come through the exchange, which could not show them a page anyway."""

    def copy_files(self) -> None:
        """Copy the pages of everybody who handed in through the exchange; name the others."""
        folders = [os.path.dirname(page) for page in glob.glob(os.path.join(self.src_path, "*.html"))]
        by_hand = sorted(
            {
                os.path.basename(os.path.dirname(folder))
                for folder in folders
                if not all(os.path.isfile(os.path.join(folder, name)) for name in RELEASING)
            }
        )
        if by_hand:
            self.log.warning(
                "Not released through the exchange, because the work was not handed in through it: %s. Give these students "
                "their pages from %s yourself.",
                listed(by_hand),
                self.coursedir.feedback_directory,
            )
        exclude = ",".join(filter(None, [self.coursedir.student_id_exclude, *by_hand]))
        with temp_attrs(self.coursedir, student_id_exclude=exclude):
            super().copy_files()
        for page in glob.glob(os.path.join(self.dest_path, "*.html")):
            if os.stat(page).st_uid == os.getuid():
                os.chmod(page, 0o644)  # students read it, whatever the course directory's own rights are
