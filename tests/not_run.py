"""What this machine could not run, said in capitals at the end of a run: neither failed nor silently left out."""

import pathlib
import shutil

import pytest

ROOT = pathlib.Path(__file__).parents[1]
KATEX = ROOT / "node_modules" / "katex"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
LEFT_OUT = pytest.StashKey[list[str]]()


def chromium() -> str | None:
    """The path of a Chromium on this machine, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out the tests whose tool is missing, and remember them."""
    missing = {}
    if chromium() is None:
        missing["browser"] = "no Chromium on this machine; install one, say with `apt-get install chromium`"
    if not KATEX.is_dir():
        missing["katex"] = "KaTeX is not installed; run `make node_modules/installed` where npm's registry is reached"
    out = {item: reason for item in items for mark, reason in missing.items() if item.get_closest_marker(mark)}
    items[:] = [item for item in items if item not in out]
    config.hook.pytest_deselected(items=list(out))
    config.stash[LEFT_OUT] = [f"NOT RUN: {item.nodeid}: {reason}." for item, reason in out.items()]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name each test that was left out."""
    lines = config.stash.get(LEFT_OUT, [])
    if lines:
        terminalreporter.section("NOT RUN", yellow=True, bold=True)
        for line in lines:
            terminalreporter.line(line, yellow=True)
