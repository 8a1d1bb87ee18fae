"""What nbgrader_config.py plugs into nbgrader: our reading of submissions, our grading, our feedback."""

from __future__ import annotations

import pathlib
import warnings
from typing import Any

from autograder.course.settings import scripts_on_path


def configure(config: Any) -> None:
    """Set nbgrader up for this course. Everything else stays as nbgrader has it, and may be set in the same file."""
    from autograder.course.sharing import share_with_group
    from autograder.plugins.converters import install
    from autograder.plugins.saving import SaveGrades
    from autograder.plugins.seams import add_to_formgrader, autograde_preprocessors, formgrader_starts

    scripts_on_path()
    share_with_group(pathlib.Path.cwd())
    install()
    # nbgrader 0.9.6 under SQLAlchemy 2 warns of an order of inserts that does no harm, three times a submission.
    warnings.filterwarnings("ignore", message="Object of type <Submitted", module="nbgrader")
    config.Autograde.exporter_class = "autograder.plugins.grading.SubmissionExporter"
    config.Autograde.autograde_preprocessors = autograde_preprocessors(SaveGrades)
    config.ExchangeFactory.release_assignment = "autograder.plugins.exchange.ReleaseAssignment"
    config.ExchangeFactory.collect = "autograder.plugins.exchange.Collect"
    config.ExchangeFactory.release_feedback = "autograder.plugins.exchange.ReleaseFeedback"
    config.ExportApp.plugin_class = "autograder.plugins.export.CourseCsv"
    config.ZipCollectApp.extractor_plugin = "autograder.plugins.zip_collect.Extractor"
    config.ZipCollectApp.collector_plugin = "autograder.plugins.zip_collect.Collector"
    config.GenerateFeedback.exporter_class = "autograder.plugins.feedback.FeedbackExporter"
    config.GenerateFeedback.preprocessors = []
    config.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
    if formgrader_starts():
        from autograder.plugins import grade_button, marking, queue_page

        add_to_formgrader([*grade_button.HANDLERS, *queue_page.HANDLERS, *marking.HANDLERS])
