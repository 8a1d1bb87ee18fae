"""The graded notebook in a form that nbgrader's formgrader can show: its page has the teacher's rights and trusts every cell.

The formgrader renders text with nbconvert and runs whatever HTML is in it. So each text is rendered here in the same way,
and kept as it was written where the result is harmless beyond doubt. Any other text becomes the HTML that the feedback
page shows, and what the student wrote is kept in the cell's metadata, where no page shows it.
"""

from __future__ import annotations

import base64
import pathlib
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape, unescape
from typing import Any

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.course.cells import is_test, nbgrader_of
from autograder.grading.outputs import PICTURES
from autograder.plugins.markdown import IN_TEXT, PYTHON, markdown_html, takes_long, too_long_to_colour
from autograder.plugins.safe_html import LINK, MAX_DEPTH, PICTURE, TAGS, VOID, Pictures, output_html, picture, styles_of

Cell = dict[str, Any]
WRITTEN = (
    "as_written"  # in the metadata of a cell or an output: what the student wrote, or what the student's code displayed
)
# Exactly what a browser, Beautiful Soup and we read in the same way: anything else in angle brackets is not harmless.
TOKEN = re.compile(r'[^<]+|</[a-z][a-z0-9]*>|<[a-z][a-z0-9]*(?: [a-z-]+="[^"<>]*")* ?/?>')
ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
OWN_PICTURE = re.compile(r"(?:[\w-](?:[\w.-]|%20)*/)*[\w-](?:[\w.-]|%20)*\.(?:png|jpe?g|gif|webp)", re.IGNORECASE)
# TeX that makes HTML. MathJax's Safe mode forbids the worst of it, as long as nobody turns that off.
TEX = re.compile(r"\\(?:href|style|class|cssId|mmlToken|require|data|includegraphics|unicode)(?![A-Za-z])")
UNTOUCHED = '<div class="tex2jax_ignore">{}</div>'  # MathJax leaves it as it is
MARKED = re.compile(r"[\\$\n`]")
MAX_SHOWN = 20_000  # characters of a cell that is shown as comments
MAX_ALL = 600_000  # characters of text, code and HTML in a notebook: the formgrader has one thread for everybody
TOO_LONG = "This cell is too long for this page, or takes too long to colour. The file in submitted/ has all of it."


class Trial(IPythonRenderer):  # type: ignore[misc]
    """nbconvert's renderer, as the formgrader uses it, with code set aside: of that, only the colouring can do harm."""

    hard = False

    def block_code(self, code: str, info: str | None = None) -> str:
        """Code in a text."""
        words = (info or "").strip().lower().split()
        self.hard = self.hard or too_long_to_colour(code) or bool(words and words[0] not in (*PYTHON, "text"))
        return "<pre></pre>"


def harmless(notebook: dict[str, Any], folder: pathlib.Path) -> dict[str, Any]:
    """The notebook with every cell and output harmless in the formgrader. Pictures of a text are read from the folder."""
    fields = {name for cell in notebook["cells"] if (name := nbgrader_of(cell).get("grade_id"))}
    taken = frozenset(f"{name}{end}" for name in fields for end in ("", "-comment", "_extra_credit"))
    left, room = MAX_ALL, Pictures(folder)
    for cell in notebook["cells"]:
        source = cell["source"]
        left -= len(IN_TEXT.sub("", source))
        if cell["cell_type"] == "code":
            if too_long_to_colour(source) or left < 0:
                begun = source[: MAX_SHOWN if left > 0 else 0]
                change(cell, "\n".join(f"# {line}" for line in [TOO_LONG, *begun.split("\n")]))
            if not is_test(cell):  # the output of a test is our own
                cell["outputs"] = [made for output in cell["outputs"] if (made := safe_output(output, left > 0))]
                left -= sum(len(output.get("data", {}).get("text/html", "")) for output in cell["outputs"])
        elif left < 0:
            cell.pop("attachments", None)
            change(cell, TOO_LONG)
        elif cell["cell_type"] == "markdown":
            pictures = pictures_of(cell.get("attachments", {}))
            if "attachments" in cell:
                cell["attachments"] = pictures
            size = source.count("attachment:") * sum(
                len(data) for kinds in pictures.values() for data in kinds.values()
            )
            if not (size <= room.left and is_harmless(source, frozenset(pictures), taken)):
                change(cell, in_one_line(markdown_html(source, pictures, room)))
            else:
                room.left -= size
        elif not only_harmless(source, taken):
            change(cell, in_one_line(f"<pre>{escape(source)}</pre>"))
    return notebook


def change(cell: Cell, source: str) -> None:
    """Give a cell another text, and keep the one that was written."""
    cell["metadata"] = {**cell["metadata"], WRITTEN: cell["source"]}
    cell["source"] = source


def written(cell: Mapping[str, Any]) -> str:
    """What the student wrote in a cell of a graded notebook."""
    kept = cell["metadata"].get(WRITTEN)
    return kept if isinstance(kept, str) else str(cell["source"])


def pictures_of(attachments: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The attachments that are pictures."""
    found = {}
    for name, bundle in attachments.items():
        kept = {k: v for k, v in bundle.items() if PICTURE.match(f"data:{k};base64,{v}")}
        found.update({name: kept} if kept else {})
    return found


# ---- text ------------------------------------------------------------------------------------------------------------


def is_harmless(source: str, attachments: frozenset[str], taken: frozenset[str]) -> bool:
    """Whether the formgrader shows this text and does nothing else."""
    text = IN_TEXT.sub("picture.png", source)
    return not takes_long(text) and renders_harmless(text, attachments, taken)


@lru_cache(maxsize=4096)
def renders_harmless(text: str, attachments: frozenset[str], taken: frozenset[str]) -> bool:
    """The same of a text that is not too long; most texts of a class are the same."""
    trial = Trial(escape=False, attachments={name: {"image/png": ""} for name in attachments})
    try:
        html = MarkdownWithMath(renderer=trial).render(text)
    except Exception:  # such as a picture that is attached no more: the formgrader would show an error and no notebook
        return False
    return not trial.hard and only_harmless(html, taken)


def only_harmless(html: str, taken: frozenset[str]) -> bool:
    """Whether HTML is nothing but known tags in order, with attributes that do nothing, and text that MathJax may read."""
    opened: list[str] = []
    words: list[str] = []
    at = 0
    while at < len(html):
        token = TOKEN.match(html, at)
        if token is None:
            return False
        at = token.end()
        piece = token[0]
        if not piece.startswith("<"):
            words.append(piece)
        elif piece.startswith("</"):
            if not opened or opened.pop() != piece[2:-1]:
                return False
        else:
            name = re.split(r"[ />]", piece[1:], maxsplit=1)[0]
            opened += [] if name in VOID else [name]
            named = ATTRIBUTE.findall(piece)
            if (
                name not in TAGS
                or len(opened) > MAX_DEPTH
                or not all(does_nothing(name, a, value, taken) for a, value in named)
            ):
                return False
    return not opened and TEX.search(unescape("".join(words))) is None


def does_nothing(tag: str, attribute: str, value: str, taken: frozenset[str]) -> bool:
    """Whether an attribute neither runs nor loads anything, nor takes a name that the formgrader looks for."""
    value = unescape(value)
    if (tag, attribute) == ("a", "href"):
        return LINK.match(value) is not None
    if (tag, attribute) == ("img", "src"):
        return PICTURE.match(value) is not None or OWN_PICTURE.fullmatch(value) is not None
    if attribute == "id":
        return re.fullmatch(r"h[1-6]", tag) is not None and value not in taken
    if attribute == "style":
        return styles_of(value) == [style.strip() for style in value.split(";") if style.strip()]
    if attribute in ("colspan", "rowspan"):
        return re.fullmatch(r"[1-9]\d?", value) is not None
    return attribute in ("alt", "title") or (tag, attribute, value) == ("a", "class", "anchor-link")


def in_one_line(html: str) -> str:
    """Safe HTML as Markdown that renders to just this: one line, in which a parser finds nothing to begin with."""
    return MARKED.sub(lambda sign: f"&#{ord(sign[0])};", UNTOUCHED.format(html.strip()))


# ---- outputs ---------------------------------------------------------------------------------------------------------


def safe_output(output: dict[str, Any], as_html: bool) -> dict[str, Any] | None:
    """An output as text, as a PNG or JPEG, or as HTML that does nothing; None where nothing of it is left."""
    if output["output_type"] in ("stream", "error"):
        return output
    data = output["data"]
    shown = {kind: data[kind] for kind in ("text/plain", *PICTURES) if kind in data}
    metadata = {kind: output["metadata"][kind] for kind in PICTURES if kind in output["metadata"]}
    for kind, make in AS_HTML.items():
        wanted = as_html and kind in data and (kind == "text/html" or not any(p in shown for p in PICTURES))
        html = make(data[kind]) if wanted else None
        if html is not None:
            metadata |= {} if kind == "text/html" else {WRITTEN: {kind: data[kind]}}
            shown["text/html"] = UNTOUCHED.format(html) if TEX.search(unescape(html)) else html
            break
    return {**output, "data": shown, "metadata": metadata} if shown else None


def shown_data(output: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the student's code displayed, in an output of a graded notebook."""
    kept = output.get("metadata", {}).get(WRITTEN)
    return kept if isinstance(kept, dict) else output.get("data", {})


def drawing(svg: str) -> str:
    """An SVG as a picture: as such it runs nothing and loads nothing."""
    return picture(f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}", "")


def animation(gif: str) -> str:
    """A GIF as a picture."""
    return picture(f"data:image/gif;base64,{gif}", "")


AS_HTML: dict[str, Callable[[str], str | None]] = {
    "text/html": output_html,
    "text/markdown": markdown_html,
    "text/latex": markdown_html,
    "image/svg+xml": drawing,
    "image/gif": animation,
}
