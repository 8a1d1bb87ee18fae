"""Notebooks as other programs save them: what VS Code, Colab and older Jupyters add, drop and write differently.

Taken from files of these programs: the order of keys, the indent, the notebook's metadata, what becomes of cell ids.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from autograder.sample.recipes import Accident, Notebook

Json = dict[str, Any]


def language_info(version: str) -> Json:
    """What a kernel says of its language, as every Jupyter writes it down."""
    return {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": version,
    }


def in_lines(source: str) -> list[str]:
    """A cell's text as nbformat stores it: a list of lines, each with its end."""
    return source.splitlines(keepends=True)


def by_vs_code(line_ends: str = "\n") -> Accident:
    """VS Code before its cells had ids: minor version 2, ``orig_nbformat``, keys sorted, on Windows CRLF in text and file."""

    def accident(notebook: Notebook) -> bytes:
        cells = [without(c, "id") for c in notebook["cells"]]
        for cell in cells:
            cell["source"] = in_lines(cell["source"].replace("\n", line_ends))
            if cell["cell_type"] == "markdown":
                cell["attachments"] = {}
        metadata = {
            "kernelspec": {"display_name": "Python 3.11.4 ('.venv': venv)", "language": "python", "name": "python3"},
            "language_info": language_info("3.11.4"),
            "orig_nbformat": 4,
            "vscode": {"interpreter": {"hash": hashlib.sha256(b"an interpreter").hexdigest()}},
        }
        whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 2}
        text = json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        return text.replace("\n", line_ends).encode()

    return accident


def by_colab(keeps_nbgrader: bool = True) -> Accident:
    """Colab: minor version 0, an id in each cell's metadata, ``colab`` and ``outputId``, two blanks of indent, no last newline.

    keeps_nbgrader False: the cells were pasted into a new Colab notebook, so that all of nbgrader's metadata is gone.
    """

    def accident(notebook: Notebook) -> bytes:
        cells = []
        for number, cell in enumerate(notebook["cells"]):
            kept = {k: v for k, v in cell["metadata"].items() if keeps_nbgrader}
            name = hashlib.sha256(f"{number} {cell['source']}".encode()).hexdigest()
            made: Json = {
                "cell_type": cell["cell_type"],
                "metadata": {**kept, "id": name[:12]},
                "source": in_lines(cell["source"]),
            }
            if cell["cell_type"] == "code":
                made["metadata"] |= {"colab": {"base_uri": "https://localhost:8080/"}, "outputId": uuid(name)}
                made |= {"execution_count": number, "outputs": [said("ready\n")]}
            cells.append(made)
        metadata = {
            "colab": {"provenance": [], "toc_visible": True, "authorship_tag": "ABX9TyN0aXJlc29tZWJvZHk="},
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python"},
        }
        whole = {"nbformat": 4, "nbformat_minor": 0, "metadata": metadata, "cells": cells}
        return json.dumps(whole, indent=2, ensure_ascii=False).encode()

    return accident


def by_old_jupyter(minor: int = 2, mark: bytes = b"") -> Accident:
    """Jupyter of Anaconda's first years: no cell ids, ``collapsed`` and ``scrolled``, other nbgrader keys, all in ASCII.

    mark: bytes in front of the file, such as the byte order mark that Windows editors write.
    """

    def accident(notebook: Notebook) -> bytes:
        cells = [without(c, "id") for c in notebook["cells"]]
        for cell in cells:
            cell["source"] = in_lines(cell["source"])
            cell["metadata"] = {"deletable": True, "editable": True, **cell["metadata"]}
            if "nbgrader" in cell["metadata"]:
                cell["metadata"]["nbgrader"] = {**cell["metadata"]["nbgrader"], "schema_version": 1}
            if cell["cell_type"] == "code":
                cell["metadata"] |= {"collapsed": True, "scrolled": False}
        metadata = {
            "anaconda-cloud": {},
            "celltoolbar": "Create Assignment",
            "kernelspec": {
                "display_name": "Python [conda env:root]",
                "language": "python",
                "name": "conda-env-root-py",
            },
            "language_info": language_info("3.5.2"),
        }
        whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}
        return mark + (json.dumps(whole, indent=1, sort_keys=True) + "\n").encode()

    return accident


def by_ipython_notebook(notebook: Notebook) -> bytes:
    """IPython Notebook: format 3, with worksheets, ``input`` for code and headings that are cells."""
    cells = []
    for cell in notebook["cells"]:
        made: Json = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        if cell["cell_type"] == "code":
            made |= {
                "collapsed": False,
                "input": in_lines(cell["source"]),
                "language": "python",
                "outputs": [],
                "prompt_number": 1,
            }
        elif cell["source"].startswith("# ") and "\n" not in cell["source"]:
            made |= {"cell_type": "heading", "level": 1, "source": in_lines(cell["source"][2:])}
        else:
            made["source"] = in_lines(cell["source"])
        cells.append(made)
    whole = {
        "metadata": {"name": "", "signature": "sha256:" + hashlib.sha256(b"a notebook").hexdigest()},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    return json.dumps(whole, indent=1, sort_keys=True).encode()


def without(cell: Json, *keys: str) -> Json:
    """A copy of the cell without some keys."""
    return {key: value for key, value in cell.items() if key not in keys}


def said(text: str) -> Json:
    """A printed line as an output."""
    return {"output_type": "stream", "name": "stdout", "text": in_lines(text)}


def uuid(digits: str) -> str:
    """Hexadecimal digits in the form of a UUID."""
    return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]])
