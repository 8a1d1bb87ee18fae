"""JSON messages between the front and the worker: a length, then the text."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

LENGTH = struct.Struct("<Q")


def send_json(sock: socket.socket, value: Any) -> None:
    """Write one JSON message."""
    data = json.dumps(value).encode()
    sock.sendall(LENGTH.pack(len(data)) + data)


def receive_json(sock: socket.socket) -> Any:
    """Read one JSON message. Raises EOFError when the other side is gone."""
    (size,) = LENGTH.unpack(exactly(sock, LENGTH.size))
    return json.loads(exactly(sock, size))


def exactly(sock: socket.socket, size: int) -> bytes:
    """Read size bytes. Raises EOFError."""
    data = bytearray()
    while len(data) < size:
        chunk = sock.recv(min(size - len(data), 1 << 20))
        if not chunk:
            raise EOFError("the other side closed the connection")
        data += chunk
    return bytes(data)
