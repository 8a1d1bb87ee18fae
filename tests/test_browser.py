"""The notebooks in JupyterLab and in the formgrader, in a real browser without a window: as students and teachers see them.

Screenshots of each notebook from top to bottom are left in pytest's temporary folder (`--basetemp` names another).
"""

from __future__ import annotations

import base64
import json
import os
import pathlib
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, Dialog, Page, Route, sync_playwright

from autograder.commands.demo import course_api, in_folder
from autograder.course.cells import nbgrader_of
from autograder.course.settings import load_course
from autograder.plugins.by_question import Answer, Stored, mark
from autograder.plugins.by_question import answers as by_question
from autograder.plugins.formgrader import written
from autograder.plugins.grading import close_executor
from autograder.sample.recipes import Notebook, Recipe
from tests import answers
from tests.answers import wait_for
from tests.commands import made
from tests.course import NAMES
from tests.not_run import chromium
from tests.notebooks import cells, hand_out

pytestmark = pytest.mark.browser

FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync".split()
SERVER = """lab --no-browser --allow-root --ip=127.0.0.1 --ServerApp.token= --ServerApp.password= --ServerApp.port_retries=0
    --LabApp.expose_app_in_browser=True --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"""
HANDLERS = "all => all.flatMap(e => [...e.attributes]).map(a => a.name).filter(name => name.startsWith('on'))"
SIZE = {"width": 1200, "height": 1600}
WIDE = """() => [...document.querySelectorAll('.jp-OutputArea-output, .jp-MarkdownOutput')]
    .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
    .map(e => `${e.scrollWidth - e.clientWidth} px too wide: ${e.innerText.slice(0, 80)}`)"""
RED = """() => [...document.querySelectorAll('mjx-merror, .MathJax_Error, [data-mjx-error], mjx-container [style*="color: red"]')]
    .map(e => e.closest('.jp-Cell').innerText.slice(0, 80))"""
RUN_ALL = """() => window.jupyterapp.shell.currentWidget.sessionContext.ready.then(
    () => { window.jupyterapp.commands.execute('notebook:run-all-cells') })"""
RAN = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .every(cell => cell.model.type !== 'code' || cell.model.executionCount)"""  # a folded cell shows no prompt
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
            name, points = about["grade_id"].removeprefix("test_"), f"{about['points']} of {about['points']} points"
            assert f"{name}: {'graded later' if name == 'name_the_mistake' else points}" in text


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


# ---- nbgrader's formgrader -----------------------------------------------------------------------------------------------

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DOES = "fetch('/canary?'+document.cookie);alert('canary')"
TEXTS = (  # in an answer, or in any text
    f"<script>{DOES}</script>",
    f'<img src=x onerror="{DOES}">',
    f'<svg/onload="{DOES}">',
    f"[link](javascript:{DOES})",
    f'<a href="java&#9;script:{DOES}">link</a>',
    f'<iframe srcdoc="<script>parent.{DOES.replace("alert", "parent.alert")}</script>"></iframe>',
    "<img src=/canary>",
    "![picture](http://127.0.0.1/canary.png)",
    "<form action=/canary><button autofocus onfocus=this.form.submit()>x</button></form>",
    "<meta http-equiv=refresh content='0;url=/canary'>",
    "<base href=/canary/>",
    "[page](..%2f..%2fcanary.html)",
    "<div class=nbgrader_cell style='position:fixed;inset:0'>over everything</div>",
    "</div></div></div><h1 id=derive_loss_gradient>",
    f'<details open ontoggle="{DOES}">',
    f'<math><mtext><table><mglyph><style><img src=x onerror="{DOES}">',
    f'<!--><img src=x onerror="{DOES}">-->',
    f'```html\n</code></pre><img src=x onerror="{DOES}">\n```',
    f'```mermaid\n</pre><img src=x onerror="{DOES}">\n```',
    f"$\\href{{javascript:{DOES}}}{{x}}$",
    "![lost](attachment:lost.png)",
)
DATA = (  # displayed by a student's code: data and metadata
    ({"text/html": f'<script>{DOES}</script><img src=x onerror="{DOES}">'}, {}),
    ({"application/javascript": DOES}, {}),
    ({"text/markdown": f"<script>{DOES}</script>"}, {}),
    ({"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{DOES}\"/>"}, {}),
    ({"text/latex": f'<img src=x onerror="{DOES}">'}, {}),
    ({"image/png": PIXEL}, {"image/png": {"width": f"1 onload={DOES}"}}),
    ({"image/png": PIXEL}, {"filenames": {"image/png": "/canary"}}),
    ({"text/vnd.mermaid": f'</pre><img src=x onerror="{DOES}">'}, {}),
    ({"application/vnd.jupyter.widget-view+json": {"model_id": f"</script><script>{DOES}</script>"}}, {}),
    ({"text/html": "x"}, {"text/html": {"isolated": True}}),
)
HONEST = f"Seen: $x^2$, **bold**.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n![here](data:image/png;base64,{PIXEL}) ![own](own.png)"


def hostile(notebook: Notebook) -> Notebook:
    """Every attack in a cell of its own, the first of them in an answer; and code that displays the others."""
    for cell in notebook["cells"]:
        if nbgrader_of(cell).get("grade_id") == "derive_loss_gradient":
            cell["source"] = "\n\n".join([HONEST, *TEXTS])
    notebook["cells"] += [
        {"cell_type": kind, "metadata": {}, "source": t} for t in TEXTS for kind in ("markdown", "raw")
    ]
    notebook["cells"].append({"cell_type": "markdown", "metadata": {}, "source": HONEST})
    shows = "from IPython.display import publish_display_data\n"
    shows += f"for data, metadata in {DATA!r}:\n    publish_display_data(data, metadata)\n"
    shows += "publish_display_data({'text/html': '<table><tr><td>seen table'})\nprint('<script>{}</script>')"
    code = {"cell_type": "code", "metadata": {}, "source": shows, "outputs": [], "execution_count": None}
    notebook["cells"].insert(0, code)
    return notebook


@pytest.fixture(scope="module")
def formgrader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[pathlib.Path, str]]:
    """A graded course with two hostile notebooks, and the address of nbgrader's formgrader on it.

    The one of "open" stands in autograded/ as nbgrader would leave it.
    """
    name = "a1_linear_fit"
    recipes = [Recipe(name, "hostile", student=student, accident=hostile) for student in ("ada", "open")]
    root = made(tmp_path_factory.mktemp("course"), recipes)
    for recipe in recipes:
        (root / "submitted" / recipe.student / name / "own.png").write_bytes(base64.b64decode(PIXEL))
    with in_folder(root):
        for recipe in recipes:
            answer = course_api(root).autograde(name, recipe.student)
            assert answer["success"], answer
        close_executor(root)
    path = root / "autograded" / "open" / name / f"{name}.ipynb"
    graded = json.loads(path.read_text())
    for cell in graded["cells"]:
        cell["source"] = written({**cell, "source": "".join(cell["source"])})
    graded["cells"] = [c for c in graded["cells"] if "attachment:" not in c["source"]]  # nbconvert would show an error
    outputs = [{"output_type": "display_data", "data": d, "metadata": m} for d, m in DATA]
    graded["cells"][0]["outputs"] = [o for o in outputs if "filenames" not in o["metadata"]]
    path.chmod(0o644)
    path.write_text(json.dumps(graded))
    with answers.formgrader(root, tmp_path_factory.mktemp("teacher")) as address:
        yield root, address


def shown(formgrader: tuple[pathlib.Path, str], browser: Browser, student: str) -> tuple[Page, list[str]]:
    """A submission in the formgrader, and every sign of a script of the student's."""
    root, address = formgrader
    with closing(Gradebook(f"sqlite:///{root}/gradebook.db")) as gradebook:
        submission = gradebook.find_submission_notebook("a1_linear_fit", "a1_linear_fit", student).id
    return watched(browser, address, f"/formgrader/submissions/{submission}/")


def watched(browser: Browser, address: str, path: str) -> tuple[Page, list[str]]:
    """A page of the formgrader's server, and every sign of a script of a student's."""
    signs: list[str] = []
    page = browser.new_page()

    def local(route: Route) -> None:
        if "canary" in route.request.url:
            signs.append(f"{route.request.resource_type}: {route.request.url}")
        if route.request.url.startswith(address) and "canary" not in route.request.url:
            route.continue_()
        else:
            route.abort()

    def asked(dialog: Dialog) -> None:
        signs.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.route("**/*", local)
    page.on("dialog", asked)
    page.goto(f"{address}{path}", wait_until="load")
    page.wait_for_timeout(1000)
    return page, signs


def test_the_formgrader_runs_nothing_of_a_student(formgrader: tuple[pathlib.Path, str], browser: Browser) -> None:
    """No dialog, no request and no navigation; links lead to the web only; what is honest is shown, and can be marked."""
    page, signs = shown(formgrader, browser, "ada")
    assert signs == []
    assert page.url.endswith("/")
    links = page.eval_on_selector_all("#notebook a", "all => all.map(e => e.getAttribute('href') || '#')")
    assert [link for link in links if not link.startswith(("http://", "https://", "mailto:", "#"))] == []
    assert (
        page.locator("#notebook script, #notebook iframe, #notebook form, #notebook svg, #notebook base").count() == 0
    )
    assert page.eval_on_selector_all("#notebook *", HANDLERS) == []
    text = page.inner_text("#notebook")
    assert "Seen: $x^2$, bold." in text  # for MathJax, which is on another server
    assert page.locator("#notebook math msup").count() == 1  # the same in the answer, beside the attacks
    assert page.locator("#notebook td", has_text="seen table").is_visible()
    pictures = page.locator("#notebook img[alt='here'], #notebook img[alt='own']")
    assert pictures.count() == 4
    assert all(pictures.nth(n).evaluate("e => e.naturalWidth") == 1 for n in range(4))
    assert "<script>" in text
    score = page.locator("input#derive_loss_gradient")
    assert score.count() == 1
    score.fill("1")
    score.blur()
    page.wait_for_timeout(500)
    with closing(Gradebook(f"sqlite:///{formgrader[0]}/gradebook.db")) as gradebook:
        assert gradebook.find_grade("derive_loss_gradient", "a1_linear_fit", "a1_linear_fit", "ada").manual_score == 1


def test_without_our_form_scripts_would_run(formgrader: tuple[pathlib.Path, str], browser: Browser) -> None:
    """The control: the same cells as nbgrader would leave them."""
    _, signs = shown(formgrader, browser, "open")
    assert any(sign.startswith("dialog") for sign in signs)
    assert any(sign.startswith("fetch") for sign in signs)


# ---- marking by question -----------------------------------------------------------------------------------------------

MANY, QUESTION = 300, "derive_loss_gradient"
# What a marker types for every fifth answer, and the points that it gives.
TYPED = (
    (("a",), 2.0),
    (("1", "2", "2"), 0.75),
    (("0",), 0.0),
    (("1", "3", "Shift+Digit2"), 1.0),
    (("4", "s", "1", ".", "2", "5"), 1.25),
)
WORDS = "n and a, u: a word"  # each letter is a key of the page


def test_the_marking_page_runs_nothing_of_a_student(formgrader: tuple[pathlib.Path, str], browser: Browser) -> None:
    """Neither of the two hostile notebooks; what is honest is shown."""
    seen = 0
    page, signs = watched(browser, formgrader[1], f"/formgrader/marking/a1_linear_fit/{QUESTION}")
    for number in (1, 2):
        page.get_by_text(f"Submission #{number}", exact=True).wait_for()
        page.wait_for_timeout(500)
        seen += page.locator("#text math msup").count()
        assert page.locator("#text script, #text iframe, #text form, #text svg, #text base, #text button").count() == 0
        assert page.eval_on_selector_all("#text *", HANDLERS) == []
        page.keyboard.press("ArrowRight")
    assert signs == []
    assert seen == 1


@pytest.fixture(scope="module")
def three_hundred(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[pathlib.Path, str]]:
    """A class of 300 who answered a question, ten of them with nothing; and the formgrader's address."""
    texts = ["" if n % 30 == 7 else f"Answer {n}: $\\sum_n x_n^{{{n}}}$\n\n" + "And so on. " * n for n in range(MANY)]
    root = answers.handed_in(tmp_path_factory.mktemp("class"), "a1_linear_fit", QUESTION, texts)
    with answers.formgrader(root, tmp_path_factory.mktemp("marker")) as address:
        yield root, address


def marks(root: pathlib.Path) -> list[Answer]:
    """What nbgrader's tables have, in the order of the page."""
    with closing(Gradebook(f"sqlite:///{root}/gradebook.db")) as gradebook:
        return by_question(gradebook, "a1_linear_fit", QUESTION)


def marking(browser: Browser, address: str) -> Page:
    """The page, with its first answer."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/formgrader/marking/a1_linear_fit/{QUESTION}")
    page.locator("#name:not(:empty)").wait_for()
    return page


@pytest.mark.filterwarnings("ignore:Object of type <Submitted")
def test_a_class_is_marked_by_keyboard_alone(three_hundred: tuple[pathlib.Path, str], browser: Browser) -> None:
    """At full speed, with a second marker in between: no mark is lost, none of the other's is overwritten, and all are
    there after a reload."""
    root, address = three_hundred
    before = marks(root)
    page = marking(browser, address)
    assert page.inner_text("#progress") == "0 of 290 marked, 10 left blank"
    waiting = [n for n, answer in enumerate(before) if answer.state == "open"]
    taken, later = waiting[0], waiting[100]  # the second marker marks the answer on the page, and one further on
    theirs = Stored(1.5, "Theirs.", waits=False)
    with closing(Gradebook(f"sqlite:///{root}/gradebook.db")) as gradebook:
        assert mark(gradebook, before[taken], theirs)
        assert mark(gradebook, before[later], theirs)
    press(page, "1", "Enter", "a", "c", "x", "Control+Enter")  # typed ahead: none of it marks the answer of the other
    page.get_by_text("Another person marked this answer, 1.5 of 2. Your mark (0.5 of 2) was not saved;").wait_for()
    page.keyboard.press("n")
    ours = [n for n in waiting if n not in (taken, later)]
    for n in ours:
        press(page, *TYPED[n % 5][0])
        if n % 50 == 0:
            page.keyboard.press("c")
            page.keyboard.type(WORDS)
        page.keyboard.press("Control+Enter")
    page.get_by_text("Every answer is marked.").wait_for(timeout=120_000)
    found = marks(root)
    assert [found[taken].stored, found[later].stored] == [theirs, theirs]
    assert [found[n].stored.score for n in ours] == [TYPED[n % 5][1] for n in ours]
    assert [WORDS in (found[n].stored.comment or "") for n in ours] == [n % 50 == 0 for n in ours]
    assert not any(answer.stored.waits for answer in found)
    page = marking(browser, address)
    assert page.inner_text("#progress") == "290 of 290 marked, 10 left blank"
    for n in range(12):
        assert page.inner_text("#name") == f"Submission #{n + 1}"
        if n in ours:
            assert page.input_value("#score") == f"{TYPED[n % 5][1]:g}"
            assert page.locator(".step[aria-pressed=mixed]").count() == (n % 5 == 1)
            assert page.locator(".turn[aria-pressed=true]").count() == (n % 5 == 3)
        page.keyboard.press("ArrowRight")
        page.get_by_text(f"Submission #{n + 2}", exact=True).wait_for()


def press(page: Page, *keys: str) -> None:
    """Press keys as fast as the browser takes them."""
    for key in keys:
        page.keyboard.press(key)
