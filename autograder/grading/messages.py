"""JSON messages between the front and a worker, over a pipe: not pickle, which runs code when it is read."""

from __future__ import annotations

import json
from multiprocessing.connection import Connection
from typing import Any


def send(pipe: Connection[Any, Any], value: Any) -> None:
    """Write one message. Raises OSError when the other side is gone."""
    pipe.send_bytes(json.dumps(value).encode())


def receive(pipe: Connection[Any, Any], seconds: float | None = None) -> Any:
    """Read one message. Raises EOFError or OSError when the other side is gone, TimeoutError when it says nothing."""
    if not pipe.poll(seconds):
        raise TimeoutError("no message in time")
    return json.loads(pipe.recv_bytes())
