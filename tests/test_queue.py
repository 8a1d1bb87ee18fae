"""The queue "needs a look": one list in the command line, the report and the formgrader."""

from __future__ import annotations

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.grading.results import Flag, FlagKind
from autograder.plugins.queue import Item
from autograder.plugins.queue_page import templates
from autograder.reports.class_report import class_report
from autograder.reports.show import write_page
from tests.test_reports import A, Handed, run, words, write_class

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")  # nbgrader under SQLAlchemy 2
FAULT = {"kind": "grader fault", "reason": "predict: an error.", "about": "predict"}
DISAGREES = {"kind": "check disagrees", "reason": "predict: 0 of 4 points.", "about": "predict"}


def flags(*found: dict[str, str]) -> dict[str, Any]:
    """What grading says of a submission with these flags."""
    return {"flags": list(found), "submission": "work-source-grader"}


@pytest.fixture
def course(tmp_path: pathlib.Path) -> pathlib.Path:
    """Two submissions to look at, and one that is not."""
    students = [Handed("ada", said=flags(FAULT)), Handed("ben", said=flags(DISAGREES)), Handed("cem")]
    return write_class(tmp_path, students)


def graded_again(root: pathlib.Path, student: str, **said: Any) -> None:
    """Grading leaves something else of a submission."""
    path = root / "autograded" / student / A / f"{A}.ipynb"
    notebook = json.loads(path.read_text())
    notebook["metadata"]["autograder"].update(said)
    path.write_text(json.dumps(notebook))


def queue(root: pathlib.Path, *options: str) -> str:
    """What the command says."""
    done = run("queue", A, "--course", str(root), *options)
    assert done.exit_code == 0, done.output
    return words(done)


def test_the_list_is_the_same_in_the_command_and_the_report(course: pathlib.Path) -> None:
    assert queue(course).startswith(
        f"{A}: 2 to look at, 0 looked at. To look at ada: grader fault: predict: an error. ben:"
    )
    assert list(class_report(course, A).looks) == ["ada", "ben"]
    assert queue(course, "--done", "ada").startswith(f"{A}: 1 to look at, 1 looked at. To look at ben:")
    report = class_report(course, A)
    assert (list(report.looks), report.looked_at) == (["ben"], ("ada",))
    assert "Looked at" in write_page(report, course / "page.html").read_text()
    assert queue(course, "--undo", "ada").startswith(f"{A}: 2 to look at, 0 looked at.")


def test_the_flag_of_the_formgrader_follows(course: pathlib.Path) -> None:
    for option, flagged in (("--undo", True), ("--done", False)):
        queue(course, option, "ada")
        with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
            assert gradebook.find_submission_notebook(A, A, "ada").flagged is flagged


def test_a_flag_of_a_person_is_in_the_queue_until_it_is_looked_at(course: pathlib.Path) -> None:
    queue(course, "--done", "ada", "--done", "ben")
    for _ in range(2):
        with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
            gradebook.find_submission_notebook(A, A, "cem").flagged = True
            gradebook.db.commit()
        assert "cem: flagged by a person in the formgrader" in queue(course)
        assert "0 to look at, 3 looked at" in queue(course, "--done", "cem")


@pytest.mark.parametrize(
    ("said", "again"),
    [
        ({}, False),
        ({"submission": "work-source-another grader"}, False),
        ({"flags": [{**FAULT, "reason": "predict: in other words."}]}, False),
        ({"flags": [FAULT, DISAGREES]}, True),
        ({"flags": [{**FAULT, "about": "mse_loss"}]}, True),
        ({"submission": "other work-source-grader"}, True),
    ],
)
def test_what_was_looked_at_comes_back_for_another_reason(course: pathlib.Path, said: Any, again: bool) -> None:
    queue(course, "--done", "ada")
    graded_again(course, "ada", **said)
    assert ("ada" in class_report(course, A).looks) is again


def test_who_is_not_in_the_queue_is_named_with_those_who_are(course: pathlib.Path) -> None:
    done = run("queue", A, "--course", str(course), "--done", "cem")
    assert (done.exit_code, words(done)) == (1, "cem is not in the queue; known names: ada, ben.")
    assert "There is no assignment a9" in words(run("queue", "a9", "--course", str(course)))


def test_nothing_of_a_student_is_html_in_the_formgrader() -> None:
    flag = Flag(FlagKind.TWO_NOTEBOOKS, "<script>x()</script>")
    item = Item('"><b>', A, (flag,), False, "work", "1")
    page = templates().get_template("queue.tpl").render(assignment_id=A, base_url="", items=[item], token="t")
    assert "<script>x" not in page
    assert "<b>" not in page


@contextmanager
def formgrader(root: pathlib.Path, home: pathlib.Path) -> Iterator[str]:
    """nbgrader's formgrader on a course directory; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"--no-browser --allow-root --ip=127.0.0.1 --IdentityProvider.token= --ServerApp.password= --port={port}"
    command = [sys.executable, "-m", "jupyter", "server", *options.split(), f"--ServerApp.root_dir={root}"]
    command += ["--ServerApp.jpserver_extensions=nbgrader.server_extensions.formgrader=True"]
    own = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    with subprocess.Popen(
        command, cwd=root, env=os.environ | own | {"HOME": str(home)}, stderr=subprocess.PIPE
    ) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(120):
                try:
                    urllib.request.urlopen(f"{address}/api/status").close()
                    break
                except urllib.error.URLError:
                    time.sleep(0.5)
            yield address
        finally:
            server.terminate()


@pytest.mark.thorough
def test_in_the_formgrader_a_click_marks_a_submission(
    course: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The table of submissions leads to the queue; a form without the page's own token changes nothing."""
    config = "from autograder.plugins import configure\nc = get_config()\nconfigure(c)\n"
    (course / "nbgrader_config.py").write_text(config)
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with formgrader(course, tmp_path_factory.mktemp("home")) as address:

        def get(page: str, **form: str) -> str:
            data = urllib.parse.urlencode(form).encode() if form else None
            with browser.open(f"{address}/formgrader/{page}", data, 60) as answer:
                return str(answer.read().decode())

        assert f"/formgrader/queue/{A}" in get(f"manage_submissions/{A}")
        page = get(f"queue/{A}")
        assert "2 to look at, 0 looked at" in page
        with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
            notebook = gradebook.find_submission_notebook(A, A, "ada").id
        assert f'/formgrader/submissions/{notebook}/">ada<' in page
        with pytest.raises(urllib.error.HTTPError, match="403"):
            get(f"queue/{A}", student="ada", done="yes")
        token = re.search(r'name="_xsrf" value="([^"]+)"', page)
        assert token is not None
        assert "1 to look at, 1 looked at" in get(f"queue/{A}", student="ada", done="yes", _xsrf=token[1])
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get("queue/a9")
    assert "1 to look at, 1 looked at" in queue(course)
