"""Broken notebooks: each ends in a mark and a page, or in a reason."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from typing import Any

from autograder.sample.accidents import cut_file, empty_file, login_page, merge_conflict
from tests.hostile.attack import Attack
from tests.hostile.controls import lost

Notebook = dict[str, Any]


def broken(name: str, accident: Callable[[Notebook], Any]) -> Attack:
    """A right notebook to which this has happened."""
    return Attack(name, "nbformat and nbconvert", lost, lambda at: accident, solved=True, earned=math.inf)


def every(key: str, value: Any, kinds: tuple[str, ...] = ("code", "markdown")) -> Callable[[Notebook], bytes]:
    """This value in each cell of these kinds."""

    def accident(notebook: Notebook) -> bytes:
        for cell in notebook["cells"]:
            if cell["cell_type"] in kinds:
                cell[key] = value
        return json.dumps(notebook).encode()

    return accident


def whole(**values: Any) -> Callable[[Notebook], bytes]:
    """These values in the notebook."""
    return lambda notebook: json.dumps({**notebook, **values}).encode()


def encoded(change: Callable[[bytes], bytes]) -> Callable[[Notebook], bytes]:
    """The file in other bytes."""
    return lambda notebook: change(json.dumps(notebook).encode())


PICTURE = [{"cell_type": "markdown", "metadata": {}, "source": "![x](attachment:lost.png)", "id": "x"}]

ATTACKS = (
    broken("cut in the middle", cut_file),
    broken("empty", empty_file),
    broken("a page that asks for a password", login_page),
    broken("the marks of a conflict", merge_conflict),
    broken("a list", encoded(lambda data: b"[" + data + b"]")),
    broken("nested ten thousand deep", encoded(lambda data: b"[" * 10_000 + b"]" * 10_000)),
    broken("a number of many digits", encoded(lambda data: data.replace(b"{", b'{"n": 1' + b"0" * 9000 + b",", 1))),
    broken("UTF-16", encoded(lambda data: data.decode().encode("utf-16"))),
    broken("compressed", encoded(gzip.compress)),
    broken(
        "bytes turned over", encoded(lambda data: bytes(b ^ 0x80 if i % 997 == 0 else b for i, b in enumerate(data)))
    ),
    broken("cells that are a word", whole(cells="cells")),
    broken("cells that are numbers", whole(cells=[1, None, "x", [], True])),
    broken("metadata that are a list", whole(metadata=[1])),
    broken("a later format", whole(nbformat=99)),
    broken("no format", whole(nbformat=None, nbformat_minor="x")),
    broken("cells without metadata", every("metadata", None)),
    broken("text that is a number", every("source", 7, ("markdown",))),
    broken("half a letter", every("source", "\ud800", ("markdown",))),
    broken("outputs that are a word", every("outputs", "none", ("code",))),
    broken("outputs of no kind", every("outputs", [{"output_type": "x"}], ("code",))),
    broken("cells of no kind", every("cell_type", "heading", ("markdown",))),
    broken("ids that are lists", every("id", [1])),
    broken("attachments that are a list", every("attachments", [1], ("markdown",))),
    broken("a lost picture", lambda notebook: {**notebook, "cells": PICTURE + notebook["cells"]}),
)
