"""The notebooks in JupyterLab, in a real browser without a window: formulas, tables and widths as a student sees them.

Screenshots of each notebook from top to bottom are left in pytest's temporary folder (`--basetemp` names another).
"""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from autograder.course.cells import nbgrader_of
from autograder.course.settings import load_course
from tests.course import NAMES
from tests.not_run import chromium
from tests.notebooks import cells, hand_out

pytestmark = pytest.mark.browser

FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync".split()
SERVER = """lab --no-browser --allow-root --ip=127.0.0.1 --ServerApp.token= --ServerApp.password= --ServerApp.port_retries=0
    --LabApp.expose_app_in_browser=True --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"""
SIZE = {"width": 1200, "height": 1600}
WIDE = """() => [...document.querySelectorAll('.jp-OutputArea-output, .jp-MarkdownOutput')]
    .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
    .map(e => `${e.scrollWidth - e.clientWidth} px too wide: ${e.innerText.slice(0, 80)}`)"""
RED = """() => [...document.querySelectorAll('mjx-merror, .MathJax_Error, [data-mjx-error], mjx-container [style*="color: red"]')]
    .map(e => e.closest('.jp-Cell').innerText.slice(0, 80))"""
RUN_ALL = """() => window.jupyterapp.shell.currentWidget.sessionContext.ready.then(
    () => { window.jupyterapp.commands.execute('notebook:run-all-cells') })"""
RAN = """() => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].every(e => /[0-9]/.test(e.innerText))"""
UNSET = (
    """() => [...document.querySelectorAll('.jp-MarkdownOutput')].map(e => e.innerText).filter(t => t.includes('$'))"""
)


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that serves folder at address."""

    folder: pathlib.Path
    address: str
    settings: pathlib.Path


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The students' JupyterLab on the loopback address, without a token and with a home of its own."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("lab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    own |= {"HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    command = [load_course().python.with_name("jupyter"), *SERVER.split(), f"--ServerApp.port={port}"]
    command.append(f"--ServerApp.root_dir={folder}")
    address = f"http://127.0.0.1:{port}"
    with (
        (home / "log").open("w") as log,
        subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log) as server,
    ):
        try:
            wait_for(f"{address}/api/status", server)
            yield Lab(folder, address, home / "settings")
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, as it is installed here."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium(), args=FLAGS)


@pytest.mark.parametrize("assignment", NAMES)
def test_a_solved_notebook_looks_right(lab: Lab, browser: Browser, assignment: str) -> None:
    """Every formula is set, nothing is wider than its cell, and every table says full points."""
    hand_out(assignment, lab.folder / assignment, "all")
    page = opened(lab, browser, assignment, "JupyterLab Light")
    text = page.inner_text(".jp-NotebookPanel-notebook")
    screenshots(page, lab.folder / "pictures" / assignment)
    assert page.locator("mjx-container").count() > 20
    assert page.evaluate(RED) == []
    assert page.evaluate(UNSET) == []
    assert page.evaluate(WIDE) == []
    for cell in cells("release", assignment):
        about = nbgrader_of(cell)
        if about.get("grade") and not about["solution"]:
            assert f"{about['grade_id'].removeprefix('test_')}: {about['points']} of {about['points']} points" in text


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_failing_table_is_seen_on_light_and_dark(lab: Lab, browser: Browser, theme: str) -> None:
    """A backward that divides by N again: the table names the arrays, on either background."""
    path = hand_out("a3_rnn_cell", lab.folder / theme.replace(" ", "_"), "all")
    notebook = json.loads(path.read_text().replace("grad_h * (1 - h**2)", "grad_h * (1 - h**2) / len(h)", 1))
    checks = [nbgrader_of(cell).get("grade_id") for cell in notebook["cells"]]
    del notebook["cells"][checks.index("test_rnn_cell_backward") + 1 :]
    path.write_text(json.dumps(notebook))
    page = opened(lab, browser, path.parent.name, theme, path.name)
    table = page.locator("table", has_text="weight_hh").filter(has_text="WRONG").first
    table.scroll_into_view_if_needed()
    assert table.is_visible()
    page.screenshot(path=lab.folder / "pictures" / f"{path.parent.name}.png")
    assert page.evaluate(WIDE) == []
    assert "0 of 6 points" in page.inner_text(".jp-NotebookPanel-notebook")


def opened(lab: Lab, browser: Browser, folder: str, theme: str, name: str = "") -> Page:
    """The notebook in a page of its own, after Run All; cells out of sight are there as well."""
    settings(lab, "notebook-extension/tracker", windowingMode="none")
    settings(lab, "apputils-extension/themes", theme=theme)
    settings(lab, "apputils-extension/notification", fetchNews="false")
    page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
    page.goto(f"{lab.address}/doc/tree/{folder}/{name or f'{folder}.ipynb'}?reset")
    page.wait_for_selector(".jp-NotebookPanel-notebook .jp-CodeCell")
    page.wait_for_function("!!window.jupyterapp?.shell.currentWidget?.sessionContext")
    page.evaluate(RUN_ALL)
    page.wait_for_function(RAN, timeout=200_000, polling=500)
    page.wait_for_timeout(1500)  # the last formulas are set a moment after their text
    return page


def settings(lab: Lab, plugin: str, **values: str) -> None:
    """Write one file of JupyterLab's settings."""
    path = lab.settings / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))


def screenshots(page: Page, folder: pathlib.Path) -> None:
    """Take pictures from the top of the notebook to its bottom."""
    folder.mkdir(parents=True)
    panel = page.locator(".jp-NotebookPanel-notebook .jp-WindowedPanel-outer, .jp-NotebookPanel-notebook").last
    bottom = "e => [...e.querySelectorAll('.jp-Cell')].at(-1).getBoundingClientRect().bottom + e.scrollTop"
    height, step = panel.evaluate(bottom), panel.evaluate("e => e.clientHeight - 60")
    for number, top in enumerate(range(0, int(height), int(step))):
        panel.evaluate("(e, top) => e.scrollTo(0, top)", top)
        page.wait_for_timeout(150)
        page.screenshot(path=folder / f"{number:02}.png")


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Return as soon as the server answers. Raises AssertionError where it does not within a minute."""
    for _ in range(120):
        assert server.poll() is None, "jupyter lab stopped"
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"{address} does not answer")
