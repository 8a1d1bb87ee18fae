"""`make hub` in a real browser: a student's way from the Assignment List to the feedback, and the teacher's in between.

A screenshot of each step is left in pytest's temporary folder (`--basetemp` names another).
"""

from __future__ import annotations

import json
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, Page, expect, sync_playwright

from autograder.commands.hub import prepare
from autograder.course.cells import nbgrader_of
from autograder.course.settings import ROOT
from autograder.sample.recipes import Recipe
from tests.not_run import chromium
from tests.test_browser import FLAGS

pytestmark = [pytest.mark.browser, pytest.mark.hub]

A = "a1_linear_fit"
SIZE = {"width": 1200, "height": 800}
LONG = 240_000  # milliseconds; on two busy cores a server takes a while to start


@dataclass(frozen=True)
class Hub:
    """A running hub."""

    folder: pathlib.Path
    address: str
    passwords: dict[str, str]
    pictures: pathlib.Path

    def log_in(self, browser: Browser, user: str) -> Page:
        """A page of a browser of their own, in their JupyterLab."""
        page = browser.new_context(viewport=SIZE).new_page()
        page.set_default_timeout(LONG)
        page.goto(f"{self.address}/hub/login")
        page.fill("#username_input", user)
        page.fill("#password_input", self.passwords.get(user, self.passwords["student"]))
        if user == "ann":
            self.picture(page, "log-in")
        page.click("#login_submit")
        page.wait_for_url(f"**/user/{user}/lab**")
        page.wait_for_selector("#jp-top-panel")
        return page

    def picture(self, page: Page, name: str) -> None:
        """Keep what the page shows."""
        self.pictures.mkdir(exist_ok=True)
        page.wait_for_timeout(500)
        page.screenshot(path=self.pictures / f"{len(list(self.pictures.iterdir())) + 1:02}-{name}.png")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """`make hub`, in a folder and at ports of its own."""
    folder = tmp_path_factory.mktemp("hub")
    port = three_free_ports()
    config = prepare(folder, port).read_text()
    words = {name: config.split(f'{name}_password = "')[1].split('"')[0] for name in ("user", "admin")}
    command = [sys.executable, "-m", "autograder.commands.cli", "hub", str(folder), f"--port={port}"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log) as process,
    ):
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until(lambda: answers(f"{address}/hub/login"), 120)
            yield Hub(folder, address, {"student": words["user"], "teacher": words["admin"]}, folder / "pictures")
        finally:
            process.terminate()


def three_free_ports() -> int:
    """The first of three ports in a row that nobody listens at."""
    for port in range(20000, 60000, 7):
        free = []
        for number in (port, port + 1, port + 2):
            with socket.socket() as one:
                free.append(one.connect_ex(("127.0.0.1", number)) != 0)
        if all(free):
            return port
    raise OSError("no three free ports in a row")


def answers(address: str) -> bool:
    """Whether somebody serves this address."""
    try:
        with urllib.request.urlopen(address, timeout=10):
            return True
    except OSError:
        return False


def wait_until(ready: Callable[[], bool], seconds: float) -> None:
    """Ask again until it is so."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, as it is installed here."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium(), args=FLAGS)


def formgrader(hub: Hub, page: Page, part: str) -> None:
    """Go to a page of the formgrader and wait for its table."""
    page.goto(f"{hub.address}/user/teacher/formgrader/{part}")
    page.wait_for_selector("tbody tr td a")
    page.wait_for_timeout(1500)


def pressed(page: Page, row: str, sign: str) -> str:
    """Press the button of a row with this sign; return what the formgrader then says, and close it."""
    page.locator("tbody tr", has_text=row).locator(f".glyphicon-{sign}").first.click()
    page.wait_for_selector(".modal-body:visible")
    page.wait_for_timeout(1000)
    text = page.locator(".modal:visible").inner_text()
    page.locator(".modal:visible button", has_text="OK").last.click()
    page.wait_for_timeout(1500)
    return text


def assignment_list(page: Page) -> None:
    """Open nbgrader's Assignment List by its menu."""
    page.goto(page.url.split("/lab")[0] + "/lab?reset")
    page.wait_for_selector("#jp-top-panel")
    page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").click()
    page.locator(".lm-Menu-itemLabel", has_text="Assignment List").first.click()
    page.wait_for_selector("#released_assignments_list")
    page.wait_for_timeout(2000)


def run_notebook(hub: Hub, page: Page, then: str) -> None:
    """Open the student's notebook, run all cells, and wait until a check says this."""
    page.goto(f"{hub.address}/user/ann/lab/tree/{A}/{A}.ipynb?reset")
    page.wait_for_selector(".jp-NotebookPanel-notebook")
    page.wait_for_timeout(3000)
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
    said = page.locator(".jp-OutputArea-output", has_text=then).first
    said.wait_for(state="attached")
    said.scroll_into_view_if_needed()


def solved() -> str:
    """The notebook with right functions and two written answers."""
    data = Recipe(A, "right").make()
    assert data is not None
    notebook = json.loads(data)
    for cell in notebook["cells"]:
        if nbgrader_of(cell).get("grade") and nbgrader_of(cell).get("solution"):
            cell["source"] = "The chain rule, twice: the square and the line."
        lines = "".join(cell["source"]).splitlines(keepends=True)  # a student has no marks around an answer
        cell["source"] = "".join(
            line for line in lines if line.strip() not in ("### BEGIN SOLUTION", "### END SOLUTION")
        )
    return json.dumps(notebook)


def test_from_the_assignment_list_to_the_feedback(hub: Hub, browser: Browser) -> None:
    """Fetch, a check that fails and passes, validate, submit; collect, autograde, mark, release; read the feedback."""
    teacher = hub.log_in(browser, "teacher")
    formgrader(hub, teacher, "")
    assert "Successfully released" in pressed(teacher, A, "cloud-upload")
    hub.picture(teacher, "formgrader")

    ann = hub.log_in(browser, "ann")
    assignment_list(ann)
    hub.picture(ann, "assignment-list")
    ann.locator("#released_assignments_list button", has_text="Fetch").click()
    expect(ann.locator("#fetched_assignments_list")).to_contain_text(A, timeout=LONG)

    path = hub.folder / "home" / "ann" / A / f"{A}.ipynb"
    path.write_text(solved().replace("w * x + b", "w * x - b"))
    run_notebook(hub, ann, "predict: 0 of 1 points")
    hub.picture(ann, "check-fails")
    path.write_text(solved())
    run_notebook(hub, ann, "predict: 1 of 1 points")
    hub.picture(ann, "check-passes")
    ann.locator("button:has-text('Validate'), jp-button:has-text('Validate')").first.click()
    expect(ann.locator(".jp-Dialog")).to_contain_text("Success", timeout=LONG)
    hub.picture(ann, "validated")
    ann.locator(".jp-Dialog button").last.click()
    assignment_list(ann)
    ann.locator("#fetched_assignments_list button", has_text="Submit").click()
    expect(ann.locator("#submitted_assignments_list")).to_contain_text(A, timeout=LONG)
    hub.picture(ann, "submitted")

    formgrader(hub, teacher, "")
    assert "Successfully collected" in pressed(teacher, A, "cloud-download")
    formgrader(hub, teacher, f"manage_submissions/{A}")
    assert "ann: 17 of 17 points" in pressed(teacher, "ann", "flash")
    hub.picture(teacher, "autograded")
    formgrader(hub, teacher, f"gradebook/{A}/{A}")
    teacher.locator("tbody a").first.click()
    score = teacher.locator("input#derive_loss_gradient")
    score.scroll_into_view_if_needed()
    score.fill("1.5")
    score.blur()
    hub.picture(teacher, "derivation")
    formgrader(hub, teacher, "")
    assert "Successfully generated feedback" in pressed(teacher, A, "comment")
    assert "feedback of 1 released (ann)" in pressed(teacher, A, "envelope")
    with closing(Gradebook(f"sqlite:///{hub.folder}/course/gradebook.db")) as gradebook:
        assert gradebook.find_grade("derive_loss_gradient", A, A, "ann").manual_score == 1.5

    assignment_list(ann)
    ann.locator("#submitted_assignments_list button", has_text="Fetch Feedback").click()
    ann.locator("#submitted_assignments_list", has_text="view feedback").wait_for()
    hub.picture(ann, "feedback-fetched")
    (page,) = path.parent.glob(f"feedback/*/{A}.html")
    ann.goto(f"{hub.address}/user/ann/files/{A}/feedback/{page.parent.name}/{page.name}")
    hub.picture(ann, "feedback")
    assert "18.5" in ann.inner_text("body")
