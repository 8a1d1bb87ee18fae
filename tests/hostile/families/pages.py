"""Pages: what would run in a teacher's or a student's browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.hostile.attack import Attack
from tests.hostile.controls import shown
from tests.test_hostile import DOES, TEXTS

Notebook = dict[str, Any]
SCRIPT = f"<script>{DOES}</script>"


def text(source: str, kind: str = "markdown", **more: Any) -> Callable[[Notebook], None]:
    """A cell of its own with this text."""
    return lambda notebook: notebook["cells"].insert(
        0, {"cell_type": kind, "metadata": {"mine": True}, "source": source, **more}
    )


def answer(source: str) -> Callable[[Notebook], None]:
    """The answer that a person marks."""

    def change(notebook: Notebook) -> None:
        for cell in notebook["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == "derive_loss_gradient":
                cell["source"], cell["metadata"]["mine"] = source, True

    return change


def output(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> Callable[[Notebook], None]:
    """A cell that displays this, with the output saved as it was."""
    source = f"from IPython.display import publish_display_data\npublish_display_data({data!r}, {metadata or {}!r})"
    saved = {"output_type": "display_data", "data": data, "metadata": metadata or {}}
    return text(source, "code", outputs=[saved], execution_count=None)


def named(number: int) -> str:
    """A short name of one of the texts."""
    return f"text {number + 1}: {TEXTS[number][:24]}"


WORST = (0, 1, 2, 3, 4, 5, 7, 8, 11, 12)  # of the texts: those that nbconvert's own page lets through
ATTACKS: tuple[Attack, ...] = (
    shown("a script in the answer", answer(SCRIPT)),
    shown("a picture in the answer", answer(f"<img src=x onerror={DOES}>")),
    *(shown(named(number), text(TEXTS[number])) for number in WORST),
    shown("HTML that is displayed", output({"text/html": SCRIPT})),
    shown("JavaScript that is displayed", output({"application/javascript": DOES})),
    shown("Markdown that is displayed", output({"text/markdown": f"<img src=x onerror={DOES}>"})),
    shown("a widget", output({"text/html": f"<iframe srcdoc='{SCRIPT}'></iframe>"})),
)
