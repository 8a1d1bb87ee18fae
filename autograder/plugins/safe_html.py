"""HTML that somebody else wrote, rewritten: only known tags, closed in order, that run nothing and load nothing."""

from __future__ import annotations

import base64
import os
import pathlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import unquote

from autograder.grading.files import read_file

TAG = re.compile(r"(<[^<>]+>)")
ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'=]+))?")
TAGS = frozenset(
    "a b blockquote br caption code del dd div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li mark ol p pre s small span "
    "strong sub summary details sup table tbody td tfoot th thead tr u ul".split()
)
VOID = frozenset({"br", "hr", "img"})
HIDDEN = frozenset({"script", "style", "title", "template", "iframe", "noscript", "textarea", "select", "object"})
# HTML that is left out without a word. Anything else in angle brackets is no HTML but text, such as "a <x and y> b".
SILENT = frozenset(
    "article aside audio base big body button canvas center col colgroup embed figcaption figure font footer form g head "
    "header html input label link main math meta nav nobr param path section source svg tt video wbr".split()
)
STYLES = re.compile(
    r"(?:background|background-color|border(?:-[a-z]+)*|caption-side|color|font-(?:family|size|style|weight)|opacity"
    r"|padding(?:-[a-z]+)?|margin(?:-[a-z]+)?|text-align|vertical-align|white-space)$"
)
# No minus sign: nothing is moved out of its place. No address: nothing is loaded.
VALUE = re.compile(r"(?!.*(?:url|image|src))(?:[\w\s.,#%()]|(?<=[a-z])-(?=[a-z]))+$", re.IGNORECASE | re.DOTALL)
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*$")
LINK = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)
TYPES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".webp": "webp"}
MAX_PICTURE = 8 << 20  # bytes of one
MAX_PICTURES = 32 << 20  # of all on a page
MAX_OUTPUT = 100_000  # characters of HTML, not counting pictures
DATA = re.compile(r"base64,[A-Za-z0-9+/=]+")
MAX_DEPTH = 100
HTML = TAGS | HIDDEN | SILENT
PLACE = re.compile("\ue000(\\d{1,6})\ue001")  # where a part that is safe already is put in, by its number


class Rewriter:
    """Reads HTML tag by tag, in time that grows with its length alone, and writes what of it is allowed."""

    def __init__(self, parts: Sequence[str], show: Callable[[str, str], str]) -> None:
        self.parts, self.show = dict(enumerate(parts)), show  # each is put in once: a text can name a place, too
        self.written: list[str] = []
        self.open: list[str] = []
        self.hidden = ""

    def read(self, html: str) -> str:
        """HTML with nothing but known tags, closed in order."""
        for number, piece in enumerate(TAG.split(without_comments(html))):
            if number % 2 == 0:
                self.text(piece)
            elif (tag := re.match(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>])", piece)) is None:
                self.text("" if piece[1] in "!?" else piece)
            elif tag[2].lower() not in HTML:
                self.text(piece)
            elif tag[1]:
                self.end(tag[2].lower())
            else:
                named = {n.lower(): unescape(v.strip("\"'")) for n, v in ATTRIBUTE.findall(piece[tag.end() : -1])}
                self.start(tag[2].lower(), named)
        return "".join(self.written) + "".join(f"</{tag}>" for tag in reversed(self.open))

    def start(self, tag: str, named: Mapping[str, str]) -> None:
        """Write a known tag with the attributes that do no harm."""
        if tag in HIDDEN and not self.hidden:
            self.hidden = tag
        if self.hidden:
            return
        if tag == "input" and named.get("type") == "checkbox":
            self.written.append("☑ " if "checked" in named else "☐ ")
        elif tag == "img":
            self.written.append(self.show(named.get("src", ""), named.get("alt", "")))
        elif tag in TAGS and len(self.open) < MAX_DEPTH:
            self.written.append(f"<{tag}{attributes(tag, named)}>")
            self.open += [] if tag in VOID else [tag]

    def end(self, tag: str) -> None:
        """Close a tag that is open, and what was opened in it."""
        if self.hidden:
            self.hidden = "" if tag == self.hidden else self.hidden
        elif tag in self.open:
            while (last := self.open.pop()) != tag:
                self.written.append(f"</{last}>")
            self.written.append(f"</{tag}>")

    def text(self, piece: str) -> None:
        """Write text as text, and the parts in their places."""
        if not self.hidden:
            for number, words in enumerate(PLACE.split(unescape(piece))):
                at = int(words) if number % 2 else -1
                self.written.append(escape(words, quote=False) if at < 0 else self.parts.pop(at, ""))


def picture(source: str, alt: str) -> str:
    """A picture that is part of the page; of any other its text, and where it is to be found."""
    if PICTURE.match(source):
        return f'<img src="{"".join(source.split())}" alt="{escape(alt or "a picture")}">'
    link = f'<a href="{escape(source)}" rel="noopener noreferrer">{escape(source[:200])}</a>'
    name = link if source.lower().startswith(("http://", "https://")) else f"<code>{escape(source[:200])}</code>"
    return f"<span>[{escape(f'picture {alt}'.strip())}, not part of this page: {name}]</span>"


def rewritten(html: str, parts: Sequence[str] = (), show: Callable[[str, str], str] = picture) -> str:
    """HTML with nothing but known tags, closed in order.

    ``parts`` are safe HTML already: they are put in as they are, at their places in the text. ``show`` makes safe HTML of a
    picture's source and text.
    """
    return Rewriter(parts, show).read(html)


def without_comments(html: str) -> str:
    """HTML without what stands between ``<!--`` and ``-->``."""
    first, *rest = html.split("<!--")
    return first + "".join(after if closed else before for before, closed, after in (r.partition("-->") for r in rest))


def attributes(tag: str, named: Mapping[str, str]) -> str:
    """The attributes of a tag that stay, each with a space before it."""
    kept = []
    if tag == "a" and LINK.match(named.get("href", "")):
        kept += [("href", named["href"]), ("rel", "noopener noreferrer")]
    kept += [(n, named[n]) for n in ("colspan", "rowspan") if re.fullmatch(r"[1-9]\d?", named.get(n, ""))]
    harmless = styles_of(named.get("style", ""))
    kept += [("style", ";".join(harmless))] if harmless else []
    return "".join(f' {name}="{escape(value)}"' for name, value in kept)


def styles_of(style: str) -> list[str]:
    """The parts of a style that change colours, borders, letters and distances, and nothing else."""
    styles = [part.partition(":") for part in style.split(";")]
    return [f"{n.strip()}:{v.strip()}" for n, _, v in styles if STYLES.match(n.strip()) and VALUE.match(v)]


def output_html(html: str) -> str | None:
    """What a student's code displayed as HTML; None where it is too long."""
    return rewritten(html) if len(DATA.sub("", html)) <= MAX_OUTPUT else None


@dataclass
class Pictures:
    """The pictures of a page: those of a folder, of attachments and of texts. One name can stand in a text a thousand times."""

    folder: pathlib.Path | None = None
    left: int = MAX_PICTURES  # bytes that the page still has room for

    def embedded(self, name: str) -> str:
        """A picture in the folder as a data URL; the name as it is where there is no such picture."""
        kind = TYPES.get(pathlib.PurePosixPath(unquote(name)).suffix.lower())
        if kind is None or self.folder is None:
            return name
        try:
            data = read_file(self.folder, os.path.normpath(unquote(name)), min(MAX_PICTURE, self.left))
        except (OSError, ValueError):
            return name
        return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"

    def has_room(self, url: str) -> bool:
        """Whether this picture is shown; its room is taken then."""
        if len(url) > self.left:
            return False
        self.left -= len(url)
        return True
