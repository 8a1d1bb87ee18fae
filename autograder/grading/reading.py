"""Reads a handed-in file as a notebook, whatever nbformat it claims, or says why it cannot be read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.grading.files import MAX_FILE

# How some editors save a notebook; json.detect_encoding tells them from UTF-8.
ENCODINGS = {
    "utf-8-sig": "UTF-8 with a byte order mark",
    **dict.fromkeys(("utf-16", "utf-16-le", "utf-16-be"), "UTF-16"),
    **dict.fromkeys(("utf-32", "utf-32-le", "utf-32-be"), "UTF-32"),
}
MAX_WRITTEN = 8 << 20  # bytes of a notebook not counting its outputs
MAX_PARTS = 500_000  # lists and objects; a byte of the file takes fifty of memory where it is nothing else
STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)  # always ends: linear


class UnreadableError(ValueError):
    """The file is not a notebook; the message says why, for teacher and student."""


def read_notebook(data: bytes) -> dict[str, Any]:
    """A handed-in file as JSON with cells, whatever nbformat it claims. Raises UnreadableError."""
    if len(data) > MAX_FILE:
        raise UnreadableError(f"the file is larger than {MAX_FILE >> 20} MiB")
    if not data.strip():
        raise UnreadableError("the file is empty")
    if parts_of(data) > MAX_PARTS and parts_of(STRING.sub(b"", data)) > MAX_PARTS:
        raise UnreadableError("the file has too many parts to be a notebook")
    encoding = json.detect_encoding(data)
    try:
        raw = json.loads(data.decode(encoding))
    except UnicodeDecodeError as error:
        raise UnreadableError(f"the file is not {encoding.removesuffix('-sig').upper()} text") from error
    except RecursionError as error:
        raise UnreadableError("the file is nested too deeply to be a notebook") from error
    except json.JSONDecodeError as error:
        raise UnreadableError(f"the notebook is not JSON, line {error.lineno}") from error
    except ValueError as error:  # Python reads no number of thousands of digits
        raise UnreadableError("the file contains a number with too many digits") from error
    if not isinstance(raw, dict):
        raise UnreadableError("the file is JSON but not a notebook")
    if isinstance(raw.get("worksheets"), list):  # nbformat 3 and older
        sheets = [sheet.get("cells") for sheet in raw["worksheets"] if isinstance(sheet, dict)]
        raw["cells"] = [cell for cells in sheets if isinstance(cells, list) for cell in cells]
    if not isinstance(raw.get("cells"), list):
        raise UnreadableError("the file is JSON but has no cells")
    if written_bytes(raw["cells"]) > MAX_WRITTEN:
        raise UnreadableError(f"the notebook is larger than {MAX_WRITTEN >> 20} MiB, not counting its outputs")
    return raw


def parts_of(data: bytes) -> int:
    """How many lists and objects some JSON has at most: what is in a string counts, too."""
    return data.count(b"[") + data.count(b"{")


def other_encoding(data: bytes) -> str:
    """What a notebook is saved as, where that is not plain UTF-8; otherwise ""."""
    return ENCODINGS.get(json.detect_encoding(data), "")


def written_bytes(cells: Sequence[Any]) -> int:
    """How much text and how many attached pictures the cells hold."""
    size = 0
    for cell in cells:
        if isinstance(cell, dict):
            size += len(text(cell).encode())
            bundles = cell["attachments"].values() if isinstance(cell.get("attachments"), dict) else ()
            size += sum(len(part) for b in bundles if is_bundle(b) for part in b.values())
    return size


def is_bundle(value: Any) -> bool:
    """Whether an attachment is one as nbformat has them: text by MIME type."""
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def text(cell: Mapping[str, Any]) -> str:
    """A cell's text, from a string or a list of lines, with plain line ends."""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    source = source.encode("utf-8", "replace").decode()  # half a surrogate pair has no place in a file
    return source.replace("\r\n", "\n").replace("\r", "\n")
