"""What this machine could not run, said in capitals at the end of a run: neither failed nor silently left out."""

import os
import pathlib
import shutil
from collections import Counter
from importlib.util import find_spec

import pytest

ROOT = pathlib.Path(__file__).parents[1]
KATEX = ROOT / "node_modules" / "katex"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def chromium() -> str | None:
    """The path of a Chromium on this machine, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def postgres() -> pathlib.Path | None:
    """The folder with the programs of a PostgreSQL server on this machine, or None."""
    places = [pathlib.Path(place) for place in os.environ.get("PATH", "").split(os.pathsep)]
    places += sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)  # Debian's, which is not on PATH
    programs = ("initdb", "postgres", "createdb")
    return next((place for place in places if all((place / one).exists() for one in programs)), None)


def missing(config: pytest.Config) -> dict[str, str]:
    """The markers whose tests cannot run here or were not asked for, with the reason and the cure."""
    found = {}
    if chromium() is None:
        found["browser"] = "no Chromium on this machine; install one, say with `apt-get install chromium`"
    if not KATEX.is_dir():
        found["katex"] = "KaTeX is not installed; run `make node_modules/installed` where npm's registry is reached"
    if find_spec("jupyterhub") is None or not (ROOT / ".venv-hub").is_dir():
        found["hub"] = "no JupyterHub; `make .venv-hub/installed` installs one"
    if postgres() is None:
        found["postgres"] = "no PostgreSQL server on this machine; install one, say with `apt-get install postgresql`"
    if not config.getoption("--thorough"):
        found["thorough"] = "full counts are for `make test-all`, and all cases of what is sampled here"
        found.setdefault("browser", "a browser takes minutes; `make test-all` opens every notebook in JupyterLab")
    return found


LONG = (
    *("test_tiny_assignment", "test_nbgrader", "test_grading_again", "test_first_hour", "test_hostile", "test_class"),
    *("test_demo", "test_naming", "test_mistakes", "test_reports", "test_feedback_page", "test_new", "test_check"),
    *("test_cage", "test_kernels", "test_doctor", "test_attacks", "test_follow", "test_selfcheck", "test_suites_a4"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """--thorough: the full counts, for `make test-all`."""
    parser.addoption("--thorough", action="store_true", help="run the tests with full counts too")


def named_one_by_one(config: pytest.Config) -> bool:
    """Whether the command line names single cases: then they run, sampled or not."""
    return any("::" in argument for argument in config.args) or bool(config.getoption("keyword"))


def left_out_of_samples(items: list[pytest.Item]) -> list[pytest.Item]:
    """The cases of tests marked sampled(n) but the first, the (n + 1)th and so on, of each test function."""
    seen, left_out = Counter[str](), []
    for item in items:
        if mark := item.get_closest_marker("sampled"):
            function = item.nodeid.partition("[")[0]
            if seen[function] % mark.args[0]:
                left_out.append(item)
            seen[function] += 1
    return left_out


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out the tests that cannot run here; files that take a minute come first, so that none is alone at the end."""
    items.sort(key=lambda item: item.path.stem not in LONG)
    out = [item for item in items if any(item.get_closest_marker(mark) for mark in missing(config))]
    if not config.getoption("--thorough") and not named_one_by_one(config):
        out += left_out_of_samples(items)
    gone = set(out)
    items[:] = [item for item in items if item not in gone]
    config.hook.pytest_deselected(items=out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out and why; in the process that reports, whichever processes ran the tests."""
    terminalreporter.section("NOT RUN", yellow=True, bold=True)
    for mark, reason in missing(config).items():
        terminalreporter.line(f"NOT RUN: tests marked {mark}: {reason}.", yellow=True)
