r"""TeX as MathML, made while the page is made: a reader's browser shows it without a script and without a server.

math-core was chosen over latex2mathml, which writes the rows of ``aligned`` in one line and keeps the backslash of ``\_``.
"""

from __future__ import annotations

import atexit
import contextlib
import re
import resource
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import lru_cache
from html import escape, unescape
from multiprocessing.connection import Connection, Pipe
from typing import Any
from xml.etree import ElementTree

from math_core import LatexToMathML

from autograder.course.settings import ROOT
from autograder.grading.messages import receive, send

MAX_TEX = 4000  # characters; the longest formula of the course has 878
MAX_MATHML = 200_000
SECONDS = 1.0  # for one formula; the longest of the course takes a millisecond
START_SECONDS = 60.0
MEMORY = 1 << 30  # bytes
NAMED = re.compile(r"&(?!(?:lt|gt|amp|quot);)\w+;")  # HTML knows these entities, XML does not
# math-core is recursive: nested braces exhaust a small stack, and that ends the process. This is 16 KiB a character.
STACK = 64 << 20
CONVERTER = LatexToMathML(
    fancy_error=False,
    max_expansions=200,
    id_prefix="formula-",
    macros={"mbox": r"\text{#1}", "hbox": r"\text{#1}", "hfill": r"\qquad"},
)
# MathJax in a notebook numbers nothing: an environment of the page becomes the one that stands in a line.
UNNUMBERED = (
    (re.compile(r"\\(begin|end)\{align\*?\}"), r"\\\1{aligned}"),
    (re.compile(r"\\(begin|end)\{(?:gather|multline)\*?\}"), r"\\\1{gathered}"),
    (re.compile(r"\\(?:begin|end)\{equation\*?\}"), ""),
)
# What students write and math-core does not know, and what says nearly the same.
INSTEAD = (
    (re.compile(r"\\(begin|end)\{split\}"), r"\\\1{aligned}"),
    (re.compile(r"\\begin\{eqnarray\*?\}"), r"\\begin{array}{rcl}"),
    (re.compile(r"\\end\{eqnarray\*?\}"), r"\\end{array}"),
    (re.compile(r"\\tag\*?\{([^{}]*)\}"), r"\\qquad(\\text{\1})"),
    (re.compile(r"\\label\{[^{}]*\}|\\nonumber|\\notag"), ""),
)


@lru_cache(maxsize=4096)
def formula_html(tex: str, display: bool) -> str:
    """A formula as MathML, or as its TeX in ``<code>`` where it cannot be converted. Never raises."""
    mathml = converted(tex, display)
    if mathml is None:
        return f"<code>{escape(tex.strip())}</code>"
    return f'<span class="formula">{mathml}</span>' if display else mathml


def converted(tex: str, display: bool) -> str | None:
    """A formula as MathML that is well-formed XML; None for TeX that cannot be converted."""
    return CHILD.convert(tex, display) if len(tex) <= MAX_TEX else None


class Child:
    """math-core in a process of its own.

    A formula with brackets left open can take it for ever, and it lets no other thread run meanwhile: such a process is ended.
    Then the next formula has half the time, and every one that works wins a little of it back.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection[Any, Any] | None = None
        self._seconds = SECONDS
        self._lock = threading.Lock()

    def convert(self, tex: str, display: bool) -> str | None:
        """A formula as MathML; None for one that cannot be converted, or not in time."""
        with self._lock:
            pipe = self._pipe or self._start()
            try:
                send(pipe, [tex, display])
                found: str | None = receive(pipe, self._seconds)
            except (EOFError, OSError):  # not in time, or nested so deep that its stack was not enough
                self._seconds = max(SECONDS / 50, self._seconds / 2)
                self.close()
                return None
            self._seconds = min(SECONDS, self._seconds + SECONDS / 50)
            return found

    def _start(self) -> Connection[Any, Any]:
        ours, theirs = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())], pass_fds=[theirs.fileno()], cwd=ROOT
        )
        theirs.close()
        self._pipe = ours
        receive(ours, START_SECONDS)
        return ours

    def close(self) -> None:
        """End the process, if there is one."""
        if self._pipe is not None and self._process is not None:
            self._pipe.close()
            self._process.kill()
            self._process.wait()
            self._pipe = self._process = None


CHILD = Child()
atexit.register(CHILD.close)


def serve(pipe: Connection[Any, Any]) -> None:
    """In the child: convert one formula after another until the other side is gone."""
    with contextlib.suppress(EOFError, OSError):
        send(pipe, "ready")
        while True:
            send(pipe, mathml(*receive(pipe)))


def mathml(tex: str, display: bool) -> str | None:
    """A formula as it is, else in words that math-core knows."""
    tex = replaced(tex, UNNUMBERED)
    for text in dict.fromkeys((tex, replaced(tex, INSTEAD))):
        try:
            found = CONVERTER.convert_with_local_state(text, displaystyle=display)
            found = NAMED.sub(lambda entity: unescape(entity[0]), found)
            # MathML Core has no menclose: browsers that do not know it draw nothing, the others draw a second box.
            found = found.replace('<menclose notation="box">', '<mrow class="boxed">')
            found = found.replace("</menclose>", "</mrow>")
            ElementTree.fromstring(found)
        except BaseException:  # a panic in Rust is no Exception; nothing of it may end the page
            continue
        if len(found) <= MAX_MATHML:
            return found
    return None


def replaced(tex: str, table: Sequence[tuple[re.Pattern[str], str]]) -> str:
    """The TeX with each pattern of a table replaced."""
    for pattern, instead in table:
        tex = pattern.sub(instead, tex)
    return tex


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    threading.stack_size(STACK)
    threading.Thread(target=serve, args=(Connection(int(sys.argv[1])),)).start()
