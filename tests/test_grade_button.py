"""The formgrader's button that grades, in a real server: the same marks, and others are answered meanwhile."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.sample.recipes import Recipe
from tests.commands import SCRIPTS, code_scores, expected, made

A = "a1_linear_fit"
CLASS = (Recipe(A, "right", student="ada"), Recipe(A, "right", student="ben"))
SLOW = "import time\ntime.sleep(5)"
OPTIONS = "--no-browser --allow-root --ip=127.0.0.1 --IdentityProvider.token= --ServerApp.disable_check_xsrf=True"


@pytest.fixture
def server(tmp_path: pathlib.Path) -> Iterator[tuple[pathlib.Path, str]]:
    """A course directory, where ben's notebook sleeps, and the address of its formgrader."""
    root = made(tmp_path / "course", CLASS, release=True)
    slow = root / "submitted" / "ben" / A / f"{A}.ipynb"
    notebook = json.loads(slow.read_text())
    notebook["cells"].append(
        {"cell_type": "code", "metadata": {}, "source": SLOW, "outputs": [], "execution_count": None}
    )
    slow.write_text(json.dumps(notebook))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = [
        sys.executable,
        "-m",
        "jupyter",
        "server",
        *OPTIONS.split(),
        f"--ServerApp.port={address.rpartition(':')[2]}",
    ]
    command += ["--ServerApp.jpserver_extensions=nbgrader.server_extensions.formgrader=True"]
    own = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    variables = os.environ | own | {"COURSE_SEED": "button", "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, cwd=root, env=variables, stdout=log, stderr=log) as process,
    ):
        try:
            while not answers(address):
                assert process.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.2)
            yield root, address
        finally:
            process.terminate()


def answers(address: str) -> bool:
    """Whether the server is up."""
    try:
        urllib.request.urlopen(f"{address}/formgrader/api/status", timeout=5).close()
        return True
    except OSError:
        return False


def press(address: str, student: str) -> dict[str, Any]:
    """What the button gets as its answer."""
    request = urllib.request.Request(f"{address}/formgrader/api/submission/{A}/{student}/autograde", method="POST")
    with urllib.request.urlopen(request, timeout=200) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


@pytest.mark.thorough
def test_the_server_answers_others_while_the_button_grades(server: tuple[pathlib.Path, str]) -> None:
    root, address = server
    first = press(address, "ada")
    assert first["success"], first
    slow: list[dict[str, Any]] = []
    button = threading.Thread(target=lambda: slow.append(press(address, "ben")))
    button.start()
    waited = []
    while button.is_alive():
        began = time.monotonic()
        assert answers(address)
        waited.append(time.monotonic() - began)
        time.sleep(0.05)
    assert slow[0]["success"], slow
    assert len(waited) > 20
    assert max(waited) < 1
    assert code_scores(root, A) == expected(CLASS)
    assert not press(address, "nobody")["success"]
