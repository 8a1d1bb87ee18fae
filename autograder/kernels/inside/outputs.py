"""What a cell of the student's notebook prints, shows and returns: collected in order, and cut where it is too much."""

from __future__ import annotations

import base64
import collections.abc
import contextlib
import io
import sys
from typing import Any

MAX_OUTPUT = 1 << 20
MAX_TEXT = 200
MAX_LINE = 2000  # characters of a line of a traceback
MAX_SIDE = 10_000  # pixels of a picture
OUTPUT_BYTES = 100  # that an output takes beside its text
CUT = "\n… output cut: this cell printed too much\n"


class OutputList:
    """What a cell prints, shows and returns, in order, as nbformat outputs of at most max_output bytes."""

    def __init__(self, max_output: int) -> None:
        self.items: list[dict[str, Any]] = []  # a stream's text is a list of pieces
        self.left = max_output

    def finished(self) -> list[dict[str, Any]]:
        """The outputs so far, as nbformat has them."""
        return [{**i, "text": "".join(i["text"])} if i["output_type"] == "stream" else i for i in self.items]

    def stream(self, name: str, text: str) -> None:
        """Add printed text; neighbours of one stream are one output. What is too much is cut, and says so."""
        last = self.items[-1] if self.items else {}
        joins = last.get("output_type") == "stream" and last.get("name") == name
        if self.left <= 0 or not text:
            return
        self.left -= 0 if joins else OUTPUT_BYTES
        data = text.encode(errors="replace")
        if len(data) >= self.left:
            text = data[: max(0, self.left)].decode(errors="ignore") + CUT
        self.left -= len(data)
        if joins:
            last["text"].append(text)
        else:
            self.items.append({"output_type": "stream", "name": name, "text": [text]})

    def show(self, kind: str, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Add a display or a result; bytes (pictures) travel as base64 text, as nbformat wants them."""
        data = {k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in data.items()}
        data = {k: v for k, v in data.items() if isinstance(v, str)}
        sides = {k: metadata[k] for k in data if isinstance(metadata.get(k), dict)}
        sides = {k: {s: n for s, n in v.items() if type(n) is int and 0 < n < MAX_SIDE} for k, v in sides.items()}
        item: dict[str, Any] = {"output_type": kind, "data": data, "metadata": sides}
        if kind == "execute_result":
            item["execution_count"] = None
        self.whole(item, sum(len(v.encode(errors="replace")) for v in data.values()))

    def error(self, name: str, value: str, lines: list[str]) -> None:
        """Add an exception with the beginning of its traceback."""
        lines = [line[:MAX_LINE] for line in lines[:200]]
        item = {"output_type": "error", "ename": name[:MAX_TEXT], "evalue": value[:MAX_TEXT], "traceback": lines}
        if any(other["output_type"] == "error" for other in self.items):
            self.whole(item, sum(len(line.encode(errors="replace")) for line in lines))
        else:  # the first is always shown, whatever was printed before
            self.items.append(item)

    def whole(self, item: dict[str, Any], size: int) -> None:
        """Add an output of so many bytes, or say that there is no room for it."""
        if size + OUTPUT_BYTES <= self.left:
            self.left -= size + OUTPUT_BYTES
            self.items.append(item)
        elif self.left > 0:
            self.left -= OUTPUT_BYTES + len(CUT)
            self.items.append({"output_type": "stream", "name": "stderr", "text": [CUT]})

    @contextlib.contextmanager
    def capture(self, shell: Any) -> collections.abc.Iterator[None]:
        """Send the shell's output here for the time of one cell."""
        shell.outputs = self
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = Stream(self, "stdout"), Stream(self, "stderr")
        try:
            yield
        finally:
            sys.stdout, sys.stderr = streams


class Stream(io.TextIOBase):
    """A text stream that writes into an OutputList."""

    def __init__(self, outputs: OutputList, name: str) -> None:
        self.outputs, self.label = outputs, name

    def write(self, text: str) -> int:
        self.outputs.stream(self.label, str(text))
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False


class Sink(io.TextIOBase):
    """A text stream that forgets: what a function prints while it is graded does not matter."""

    def write(self, text: str) -> int:
        return len(text)

    def writable(self) -> bool:
        return True


@contextlib.contextmanager
def silence() -> collections.abc.Iterator[None]:
    """Forget what is printed inside."""
    streams = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = Sink()
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
