"""Collects hidden suites with pytest and keeps the session open, so that a judge can run their tests again and again."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable
from typing import Any

import pytest
from _pytest.config import _prepareconfig

from autograder.grading.judge import MARKERS, Judge

SUITES = pathlib.Path(__file__).parents[1] / "suites"
# Per test and submission, pytest's logging plugin alone costs more than half; the terminal would keep every report.
WITHOUT = ("cacheprovider", "logging", "capture", "warnings", "terminal")


def open_suites(judge: Judge, assignments: Iterable[str], plugins: Iterable[Any] = ()) -> Judge:
    """Collect these assignments' suites into the judge. Raises SuiteError for a suite that is not well made.

    pytest.main would close its session before it returns, so the session is opened by hand and stays open.
    """
    paths = [str(path) for name in assignments if (path := SUITES / f"test_{name}.py").exists()]
    arguments = [*paths, f"--rootdir={SUITES}", f"--confcutdir={SUITES}", "-c", os.devnull]
    arguments += [part for name in WITHOUT for part in ("-p", f"no:{name}")] + [
        "--import-mode=importlib",
        "--assert=plain",
    ]
    config = _prepareconfig(arguments, plugins=[judge, *plugins])
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config._do_configure()
    session = pytest.Session.from_config(config)
    config.hook.pytest_sessionstart(session=session)
    config.hook.pytest_collection(session=session)
    judge.collect(session.items)
    return judge
