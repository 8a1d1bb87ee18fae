"""Markdown as HTML for a page that needs nothing else: formulas as MathML, pictures in the page, no HTML but harmless tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Any

from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.plugins.formulas import formula_html
from autograder.plugins.safe_html import PICTURE, TYPES, Pictures, picture, rewritten

MAX_TEXT = 20_000  # characters, not counting pictures; longer text is shown as it was written
# mistune searches the rest of the text at each of these: a text full of them would take seconds.
OPENERS = ("\\\\[", "\\\\(", "\\begin{", "<", "|\n")
MAX_WORK = 2_000_000  # characters times openers
IN_TEXT = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]{200,}")
MAX_SHOWN = 200_000
MAX_CODE = 20_000  # characters; longer code is shown without colours, and so is a very long name:
LONG_NAME = re.compile(r"[\w.*]{400}|\W{300}")  # pygments takes minutes for "a.a.a.", "a*a" or blank lines without end
OTHER_LANGUAGE = re.compile(r"%%[a-z]")  # its lexers of Perl or JavaScript take as long for much that is shorter
MAX_OTHER = 2000
MAX_FORMULAS = 400  # of one text; what comes later is shown as TeX
PYTHON = ("python", "py", "python3", "ipython", "ipython3")


class PageRenderer(IPythonRenderer):  # type: ignore[misc]
    """mistune's renderer, with formulas, code and pictures set aside until the rest has been made safe."""

    def __init__(self, attachments: Mapping[str, Mapping[str, str]], room: Pictures) -> None:
        super().__init__(escape=False, allow_harmful_protocols=False, exclude_anchor_links=True)
        self.files, self.room = attachments, room
        self.parts: list[str] = []
        self.pictures: list[str] = []
        self.formulas = 0

    def formula(self, tex: str, display: bool) -> str:
        """A formula as MathML, or as TeX where there are too many."""
        self.formulas += 1
        return self.part(formula_html(tex, display) if self.formulas <= MAX_FORMULAS else f"<code>{escape(tex)}</code>")

    def part(self, html: str) -> str:
        """Set safe HTML aside; what stands in its place is exchanged for it at the end."""
        self.parts.append(html)
        return f"\ue000{len(self.parts) - 1}\ue001"

    def block_math(self, body: str) -> str:
        """A formula on lines of its own."""
        return self.formula(body, True)

    def inline_math(self, body: str) -> str:
        """A formula in a line."""
        return self.formula(body, False)

    def latex_environment(self, name: str, body: str) -> str:
        """A formula such as align, which needs no dollars."""
        return self.formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", True)

    def heading(self, text: str, level: int, **_: Any) -> str:
        """A heading without an id: the page's own anchors stay unique."""
        return f"<h{level}>{text}</h{level}>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        """Code: Python in colours, anything else as it is."""
        known = (info or "").strip().lower() in PYTHON
        return self.part(highlighted(code) if known else f"<pre><code>{escape(code)}</code></pre>")

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A picture in Markdown."""
        return self.part(self.show(url, re.sub(r"<[^>]*>|\ue000\d+\ue001", "", text)))

    def show(self, url: str, alt: str) -> str:
        """A picture from the text, the cell's attachments or the notebook's folder, put into the page."""
        kind, _, name = url.partition(":")
        if kind == "attachment":
            url = attached(self.files.get(name, {})) or url
        elif kind == "picture" and name.isdecimal():
            url = "".join(self.pictures[int(name) :][:1]) or url
        elif not PICTURE.match(url):
            url = self.room.embedded(url)
        return picture(url if self.room.has_room(url) else "too large", alt)

    def aside(self, data: re.Match[str]) -> str:
        """Set a picture that the text itself holds aside: a parser would read all of it."""
        self.pictures.append(data[0])
        return f"picture:{len(self.pictures) - 1}"


def markdown_html(
    source: str, attachments: Mapping[str, Mapping[str, str]] | None = None, room: Pictures | None = None
) -> str:
    """Markdown as safe HTML; as plain text where it is very long or cannot be read. Never raises.

    What the whole class has in its notebooks is made once.
    """
    pictures = "![" in source or "<img" in source
    if pictures or len(source) > MAX_TEXT:
        return rendered(source, attachments or {}, room or Pictures())
    return known_text(source)


@lru_cache(maxsize=1024)
def known_text(source: str) -> str:
    """Markdown without pictures, so that the text alone decides."""
    return rendered(source, {}, Pictures())


def rendered(source: str, attachments: Mapping[str, Mapping[str, str]], room: Pictures) -> str:
    """Markdown as safe HTML."""
    renderer = PageRenderer(attachments, room)
    text = IN_TEXT.sub(renderer.aside, re.sub("[\ue000\ue001]", "", source))
    if not takes_long(text):
        try:
            html = MarkdownWithMath(renderer=renderer).render(text)
            return rewritten(html, renderer.parts, renderer.show)
        except Exception:  # whatever a student's text does to the parser, there is a page
            pass
    return f"<pre>{escape(source[:MAX_SHOWN])}{' …' if len(source) > MAX_SHOWN else ''}</pre>"


def takes_long(text: str) -> bool:
    """Whether a parser of Markdown may need more than a moment for this."""
    return len(text) > MAX_TEXT or len(text) * sum(map(text.count, OPENERS)) > MAX_WORK


def attached(bundle: Mapping[str, str]) -> str:
    """A cell's attachment as a data URL; nothing where it is no picture."""
    for kind in (*dict.fromkeys(TYPES.values()), "svg+xml"):
        if f"image/{kind}" in bundle:
            return f"data:image/{kind};base64,{bundle[f'image/{kind}']}"
    return ""


def too_long_to_colour(source: str) -> bool:
    """Whether pygments may need more than a moment for this code."""
    most = MAX_OTHER if OTHER_LANGUAGE.search(source) else MAX_CODE
    return len(source) > most or LONG_NAME.search(source) is not None


def highlighted(source: str) -> str:
    """Python code in colours, or as it is where that takes long."""
    return f"<pre>{escape(source)}</pre>" if too_long_to_colour(source) else coloured(source)


@lru_cache(maxsize=4096)
def coloured(source: str) -> str:
    """Python code in colours; most cells of a class are the same."""
    return str(Highlight2HTML(pygments_lexer="ipython3")(source))
