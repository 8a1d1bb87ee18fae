r"""TeX as MathML, made while the page is made: a reader's browser shows it without a script and without a server.

math-core was chosen over latex2mathml, which writes the rows of ``aligned`` in one line and keeps the backslash of ``\_``.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from functools import lru_cache
from html import escape, unescape
from xml.etree import ElementTree

from math_core import LatexToMathML

MAX_TEX = 4000  # characters; the longest formula of the course has 878
MAX_MATHML = 200_000
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
    if len(tex) > MAX_TEX:
        return None
    found: list[str] = []
    before = threading.stack_size(STACK)
    try:
        thread = threading.Thread(target=attempts, args=(replaced(tex, UNNUMBERED), display, found))
        thread.start()
        thread.join()
    except RuntimeError:  # no memory for one more thread
        return None
    finally:
        threading.stack_size(before)
    return found[0] if found else None


def attempts(tex: str, display: bool, found: list[str]) -> None:
    """Convert a formula as it is, else in words that math-core knows; put the first that works into found."""
    for text in dict.fromkeys((tex, replaced(tex, INSTEAD))):
        try:
            mathml = CONVERTER.convert_with_local_state(text, displaystyle=display)
            mathml = NAMED.sub(lambda entity: unescape(entity[0]), mathml)
            # MathML Core has no menclose: browsers that do not know it draw nothing, the others draw a second box.
            mathml = mathml.replace('<menclose notation="box">', '<mrow class="boxed">')
            mathml = mathml.replace("</menclose>", "</mrow>")
            ElementTree.fromstring(mathml)
        except BaseException:  # a panic in Rust is no Exception; nothing of it may end the page
            continue
        if len(mathml) <= MAX_MATHML:
            found.append(mathml)
            return


def replaced(tex: str, table: Sequence[tuple[re.Pattern[str], str]]) -> str:
    """The TeX with each pattern of a table replaced."""
    for pattern, instead in table:
        tex = pattern.sub(instead, tex)
    return tex
